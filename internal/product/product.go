// SPDX-License-Identifier: Apache-2.0

// Package product holds what the product is called. Each name stands here
// once, so that a rename is one line.
package product

const (
	// Name is the command's name, the stem of its environment variables and
	// of its files.
	Name = "gateledger"

	// PredicateBase is the prefix of the predicate types that no standard
	// defines: PredicateBase + "vote/v1".
	PredicateBase = "https://gateledger.dev/"

	// PolicyFile is the policy's name at the root of a repository.
	PolicyFile = "." + Name + ".yml"

	// VoteNamespace is the SSHSIG namespace of a vote.
	VoteNamespace = Name + "-vote"

	// RequestDomain separates a request's digest from every other SHA-256.
	RequestDomain = Name + "-request-v1\x00"

	// BallotDomain separates the name of a keyless vote from every other
	// SHA-256.
	BallotDomain = Name + "-ballot-v1\x00"

	// BodyMagic begins the framed form of a body in a ledger.
	BodyMagic = Name + "-body-v1\x00"
)

// Version is what a release is called. The linker sets it in released
// programs; it is empty in any other.
var Version string
