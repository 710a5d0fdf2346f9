// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// The limits of a statement, in bytes.
const (
	MaxStatement = 64 << 10
	MaxReason    = 4 << 10
	maxWord      = 1 << 10 // a ledger, an environment, a subject's name
)

// NewStatement returns the canonical in-toto statement that a person signs:
// its one subject is the request, its predicate is p. It refuses a predicate
// that ParseStatement would refuse.
func NewStatement(p Predicate) ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("vote: %w", err)
	}
	data, err := p.statement()
	if err != nil {
		return nil, fmt.Errorf("vote: %w", err)
	}
	if len(data) > MaxStatement {
		return nil, fmt.Errorf("vote: the statement has %d bytes, over the limit of %d", len(data), MaxStatement)
	}
	return data, nil
}

// ParseStatement reads what a person signed. It accepts exactly the bytes
// that NewStatement makes, so a statement can be read in one way only: an
// unknown or repeated member, trailing data, a subject other than the
// request, or the same JSON written differently is an error.
func ParseStatement(data []byte) (Predicate, error) {
	if len(data) > MaxStatement {
		return Predicate{}, fmt.Errorf("vote statement: %d bytes, over the limit of %d", len(data), MaxStatement)
	}
	p, err := decodeStatement(data)
	if err != nil {
		return Predicate{}, fmt.Errorf("vote statement: %w", err)
	}
	return p, nil
}

// A statement is event.Statement with its predicate typed.
type statement struct {
	Type          string          `json:"_type"`
	Subject       []event.Subject `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     Predicate       `json:"predicate"`
}

func decodeStatement(data []byte) (Predicate, error) {
	var s statement
	if err := canon.Decode(data, &s); err != nil {
		return Predicate{}, err
	}
	p := s.Predicate
	if s.Type != event.StatementType {
		return Predicate{}, fmt.Errorf("_type is %.80q, not %q", s.Type, event.StatementType)
	}
	if s.PredicateType != StatementType {
		return Predicate{}, fmt.Errorf("predicateType is %.80q, not %q", s.PredicateType, StatementType)
	}
	if err := p.check(); err != nil {
		return Predicate{}, err
	}
	if !aboutRequest(s.Subject, p.Request) {
		return Predicate{}, fmt.Errorf("its subject is not the request %s that it votes on", p.Request)
	}
	// Whatever the checks above could miss shows as a difference here.
	if same, err := p.statement(); err != nil || !bytes.Equal(same, data) {
		return Predicate{}, fmt.Errorf("not in canonical form (RFC 8785)")
	}
	return p, nil
}

// statement returns the bytes without looking at what they say.
func (p Predicate) statement() ([]byte, error) {
	return canon.Marshal(statement{
		Type:          event.StatementType,
		Subject:       requestSubject(p.Request),
		PredicateType: StatementType,
		Predicate:     p,
	})
}

// requestSubject is the subject of both statements of a vote.
func requestSubject(id string) []event.Subject {
	return []event.Subject{{Name: "request", Digest: map[string]string{"sha256": id}}}
}

func aboutRequest(subjects []event.Subject, id string) bool {
	return slices.EqualFunc(subjects, requestSubject(id), sameSubject) && isBare(subjects[0])
}

// isBare reports whether s holds a name and digests only.
func isBare(s event.Subject) bool {
	return s.URI == "" && s.MediaType == "" && s.DownloadLocation == "" && s.Annotations == nil
}

// check refuses what no vote may say, whatever the request.
func (p Predicate) check() error {
	switch {
	case !isHex(p.Request, 64):
		return fmt.Errorf("request %.80q is not a SHA-256 in lower-case hex", p.Request)
	case !slices.Contains(Choices(), p.Choice):
		return fmt.Errorf("choice %.80q is none of %s", p.Choice, choices())
	case p.Commit != "" && !isHex(p.Commit, 40) && !isHex(p.Commit, 64):
		return fmt.Errorf("commit %.80q is not a full object id in lower-case hex", p.Commit)
	case p.Ledger == "" || p.Environment == "":
		return fmt.Errorf("it must name the ledger and the environment")
	case len(p.Subjects) == 0:
		return fmt.Errorf("it names no artifact")
	}
	if err := p.checkText(); err != nil {
		return err
	}
	for _, s := range p.Subjects {
		if err := checkSubject(s); err != nil {
			return err
		}
	}
	return checkTime(p.Issued)
}

func (p Predicate) checkText() error {
	if err := checkText("ledger", p.Ledger, maxWord); err != nil {
		return err
	}
	if err := checkText("environment", p.Environment, maxWord); err != nil {
		return err
	}
	return checkText("reason", p.Reason, MaxReason)
}

// checkText refuses text that could be shown to a person as something other
// than it is: control characters move a terminal's cursor, and bidirectional
// controls reorder what is read.
func checkText(what, s string, limit int) error {
	if len(s) > limit {
		return fmt.Errorf("%s has %d bytes, over the limit of %d", what, len(s), limit)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			return fmt.Errorf("%s holds the control character %U", what, r)
		}
	}
	return nil
}

// checkSubject allows what a request's subject may hold: a name and digests.
func checkSubject(s event.Subject) error {
	if !isBare(s) {
		return fmt.Errorf("artifact %.80q says more than a name and digests", s.Name)
	}
	if len(s.Digest) == 0 {
		return fmt.Errorf("artifact %.80q has no digest", s.Name)
	}
	for alg, value := range s.Digest {
		if _, err := event.ParseDigest(alg + ":" + value); err != nil {
			return fmt.Errorf("artifact %.80q: %w", s.Name, err)
		}
	}
	return checkText("the artifact's name", s.Name, maxWord)
}

// checkTime allows one spelling of each instant.
func checkTime(s string) error {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.UTC().Format(time.RFC3339Nano) != s {
		return fmt.Errorf("issued %.80q is not a time in UTC (RFC 3339, such as 2026-01-31T12:00:00Z)", s)
	}
	return nil
}

func isHex(s string, length int) bool {
	if len(s) != length || strings.ToLower(s) != s {
		return false
	}
	_, err := hex.DecodeString(s)
	return err == nil
}

func choices() string {
	names := make([]string, 0, len(Choices()))
	for _, c := range Choices() {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}
