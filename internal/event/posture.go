// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/pattern"
)

// PosturePredicate is what a forge showed of the settings around one
// environment: what keeps people from going past the gate. It is the word of
// the signer who looked, and nothing in it is proven. It has facts, and no
// judgement: package posture makes that, from the same facts at any time.
//
// A fact that is not in it was not asked for, which is as good as unknown.
type PosturePredicate struct {
	Provider     string        `json:"provider"` // of the forge: github or gitlab
	Host         string        `json:"host"`
	RepositoryID string        `json:"repository-id"`
	Environment  string        `json:"environment"`
	Branch       string        `json:"branch"` // the default branch
	Read         ForgeRead     `json:"read"`   // when, and how much it took
	Facts        []PostureFact `json:"facts"`  // each name once
	Context      Context       `json:"gateledger_context"`
}

// A PostureFact is the answer to one question about a forge.
type PostureFact struct {
	Name  string `json:"name"`
	State string `json:"state"` // yes, no or unknown
	Why   string `json:"why"`   // what was seen, or why nobody can tell: one line
}

// The states of a fact.
const (
	Yes     = "yes"
	No      = "no"
	Unknown = "unknown" // the token may not see it, or the forge did not say
)

// Limits of a posture.
const (
	MaxPostureFacts = 200
	MaxPostureWhy   = 300 // bytes
)

var factPattern = pattern.New(`^[a-z][a-z0-9-]{0,63}$`)

// PostureSubject is what a posture is about: a place that is deployed to, by
// the SHA-256 of its name in canonical JSON.
func PostureSubject(host, repositoryID, environment string) (Subject, error) {
	digest, err := canon.Digest(map[string]string{"host": host, "repository-id": repositoryID, "environment": environment})
	if err != nil {
		return Subject{}, fmt.Errorf("name the place of a posture: %w", err)
	}
	return Subject{Name: "posture of " + environment, Digest: map[string]string{"sha256": digest}}, nil
}

// Fact returns the fact of that name. One that is not there is unknown.
func (p PosturePredicate) Fact(name string) PostureFact {
	for _, f := range p.Facts {
		if f.Name == name {
			return f
		}
	}
	return PostureFact{Name: name, State: Unknown, Why: "nobody looked"}
}

// Check refuses a posture of nowhere, and facts that are no answers.
func (p PosturePredicate) Check() error {
	switch {
	case p.Provider == "":
		return errors.New("no provider")
	case p.Host == "":
		return errors.New("no host")
	case p.RepositoryID == "":
		return errors.New("no repository-id")
	case p.Environment == "":
		return errors.New("no environment")
	case p.Branch == "":
		return errors.New("no branch")
	case p.Read.Calls < 0:
		return errors.New("a count is below zero")
	case len(p.Facts) == 0:
		return errors.New("no facts")
	case len(p.Facts) > MaxPostureFacts:
		return fmt.Errorf("%d facts, over the limit of %d", len(p.Facts), MaxPostureFacts)
	}
	if _, err := time.Parse(time.RFC3339, p.Read.Time); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	seen := map[string]bool{}
	for i, f := range p.Facts {
		if err := f.check(); err != nil {
			return fmt.Errorf("fact %d: %w", i, err)
		}
		if seen[f.Name] {
			return fmt.Errorf("fact %d: %s stands twice", i, f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

func (f PostureFact) check() error {
	switch {
	case !factPattern.MatchString(f.Name):
		return fmt.Errorf("%.80q is no name of a fact", f.Name)
	case f.State != Yes && f.State != No && f.State != Unknown:
		return fmt.Errorf("unknown state %.40q", f.State)
	case f.Why == "" || len(f.Why) > MaxPostureWhy || !utf8.ValidString(f.Why) || strings.ContainsAny(f.Why, "\n\r"):
		return fmt.Errorf("%s: its why is not one line of at most %d bytes", f.Name, MaxPostureWhy)
	}
	return nil
}
