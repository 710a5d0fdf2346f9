// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/canon"
)

// Limits of what is read. Each is named in the error that it causes.
const (
	MaxPayload  = 4 << 20 // bytes of a statement
	MaxSubjects = 10_000  // subjects of a statement
)

// A Subject is an in-toto ResourceDescriptor, as far as we use it.
type Subject struct {
	Name             string            `json:"name,omitempty"`
	URI              string            `json:"uri,omitempty"`
	Digest           map[string]string `json:"digest,omitempty"`
	MediaType        string            `json:"mediaType,omitempty"`
	DownloadLocation string            `json:"downloadLocation,omitempty"`
	Annotations      map[string]string `json:"annotations,omitempty"`
}

// A Statement is an in-toto Statement v1. Its Predicate is kept as raw JSON;
// the kind's own type reads it.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     canon.Raw `json:"predicate"`
}

// A checker is a predicate that knows what it must hold. What is not so is
// neither written nor read.
type checker interface{ Check() error }

// NewStatement returns the canonical bytes of a Statement v1, its subjects
// sorted. What it returns ParseStatement reads.
func NewStatement(predicateType string, subjects []Subject, predicate any) ([]byte, error) {
	if c, ok := predicate.(checker); ok {
		if err := c.Check(); err != nil {
			return nil, fmt.Errorf("write predicate %s: %w", predicateType, err)
		}
	}
	raw, err := canon.Marshal(predicate)
	if err != nil {
		return nil, fmt.Errorf("write predicate %s: %w", predicateType, err)
	}
	s := Statement{Type: StatementType, Subject: slices.Clone(subjects), PredicateType: predicateType, Predicate: raw}
	SortSubjects(s.Subject)
	payload, err := canon.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write statement: %w", err)
	}
	if _, err := ParseStatement(payload); err != nil {
		return nil, fmt.Errorf("write %w", err)
	}
	return payload, nil
}

// ParseStatement reads a payload that is an in-toto Statement v1 in canonical
// form (RFC 8785), about at least one subject, each with a digest we accept.
// It refuses members the specification does not have, because a signer must
// not have signed what a verifier passes over.
func ParseStatement(payload []byte) (Statement, error) {
	var s Statement
	if len(payload) > MaxPayload {
		return s, fmt.Errorf("statement: %d bytes, over the limit of %d", len(payload), MaxPayload)
	}
	canonical, err := canon.Transform(payload)
	if err != nil {
		return s, fmt.Errorf("statement: %w", err)
	}
	if !bytes.Equal(canonical, payload) {
		return s, errors.New("statement: not in canonical form (RFC 8785)")
	}
	if err := canon.Decode(payload, &s); err != nil {
		return s, fmt.Errorf("statement: %w", err)
	}
	if err := s.check(); err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	return s, nil
}

func (s Statement) check() error {
	switch {
	case s.Type != StatementType:
		return fmt.Errorf("_type is %.80q, want %q", s.Type, StatementType)
	case s.PredicateType == "":
		return errors.New("no predicateType")
	case len(s.Subject) == 0:
		return errors.New("no subject")
	case len(s.Subject) > MaxSubjects:
		return fmt.Errorf("%d subjects, over the limit of %d", len(s.Subject), MaxSubjects)
	case s.Predicate.Kind() != '{':
		return errors.New("predicate is not a JSON object")
	}
	for i, sub := range s.Subject {
		if err := sub.check(); err != nil {
			return fmt.Errorf("subject %d %.80q: %w", i, sub.Name, err)
		}
	}
	return nil
}
