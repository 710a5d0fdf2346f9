// SPDX-License-Identifier: Apache-2.0

// Package vote is one person's approve, deny or revoke: the canonical
// statement that is signed, and the SSH signature over it (SSHSIG, OpenSSH
// PROTOCOL.sshsig). It is pure.
//
// A vote's authority is that inner signature alone. The DSSE envelope around
// it only makes the vote loggable, so nothing is ever read from the outside:
// Open takes every field from the bytes that the person signed.
//
// A vote may instead be signed keyless. Then there is no inner signature, and
// the envelope's own, by a short-lived certificate, is the person's.
package vote

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
)

// StatementType is the predicate type of what a person signs. It is not
// event.VoteType, that of the event around it, so that neither can be taken
// for the other.
const StatementType = product.PredicateBase + "vote-statement/v1"

// Choice is what a vote says. The zero Choice says nothing.
type Choice string

// The choices.
const (
	Approve Choice = "approve"
	Deny    Choice = "deny"
	Revoke  Choice = "revoke" // takes back the signer's own earlier vote on the request, deny or approve
)

// Choices returns every choice, in the order help shows them.
func Choices() []Choice { return []Choice{Approve, Deny, Revoke} }

// Predicate is what a person signs, as the predicate of an in-toto statement
// whose only subject is the request. Everything but Request, Choice, Reason
// and Issued repeats the request, so that the signer sees it and a vote for
// something else can be told apart.
type Predicate struct {
	Request     string          `json:"request"` // hex
	Choice      Choice          `json:"choice"`
	Ledger      string          `json:"ledger"`
	Environment string          `json:"environment"`
	Subjects    []event.Subject `json:"subjects"`
	Commit      string          `json:"commit"`
	Reason      string          `json:"reason,omitempty"`
	Issued      string          `json:"issued"` // RFC 3339 UTC, the signer's own clock
}

// About returns the part of a vote that repeats the request whose id is given
// in hex. Choice, Reason and Issued are left to the person who votes.
func About(id string, r event.RequestPredicate) Predicate {
	return Predicate{
		Request:     id,
		Ledger:      r.Ledger,
		Environment: r.Environment,
		Subjects:    slices.Clone(r.Subjects),
		Commit:      r.Commit,
	}
}

// Agrees reports whether p is about exactly the request whose id is given in
// hex. Its error names the first thing that p says of some other request.
func (p Predicate) Agrees(id string, r event.RequestPredicate) error {
	want := About(id, r)
	switch {
	case p.Request != want.Request:
		return disagree("request", p.Request, want.Request)
	case p.Ledger != want.Ledger:
		return disagree("ledger", p.Ledger, want.Ledger)
	case p.Environment != want.Environment:
		return disagree("environment", p.Environment, want.Environment)
	case p.Commit != want.Commit:
		return disagree("commit", p.Commit, want.Commit)
	case !slices.EqualFunc(p.Subjects, want.Subjects, sameSubject):
		return fmt.Errorf("the vote is for other artifacts than the request")
	}
	return nil
}

func disagree(what, vote, request string) error {
	return fmt.Errorf("the vote is for %s %q, the request for %q", what, vote, request)
}

func sameSubject(a, b event.Subject) bool {
	return a.Name == b.Name && maps.Equal(a.Digest, b.Digest)
}
