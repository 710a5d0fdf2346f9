// SPDX-License-Identifier: Apache-2.0

// Package vote is one person's approve, deny or revoke: the canonical
// statement that is signed, and the SSH signature over it (SSHSIG, OpenSSH
// PROTOCOL.sshsig). It is pure.
package vote

import (
	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/event"
)

// Choice is what a vote says. The zero Choice says nothing.
type Choice string

// The choices.
const (
	Approve Choice = "approve"
	Deny    Choice = "deny"
	Revoke  Choice = "revoke" // takes back the signer's own earlier vote on the request, deny or approve
)

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

// A Ballot is a vote event taken apart. Nothing in it is proven until Verify
// returns nil.
type Ballot struct {
	Predicate Predicate
	Statement []byte        // the exact bytes that were signed
	Key       ssh.PublicKey // from the signature; whose it is, the policy says
	Signature *Signature
}

// A Signature is one SSHSIG, parsed.
type Signature struct {
	Key           ssh.PublicKey
	Namespace     string
	HashAlgorithm string
	Blob          *ssh.Signature
}
