// SPDX-License-Identifier: Apache-2.0

// Package policy says who may log, sign, vote and decide, and decides. It is
// pure: Evaluate is a function of policy, request, ledger and time, so that
// anyone can run a decision again from the ledger alone.
package policy

import (
	"time"

	"golang.org/x/crypto/ssh"
)

// A Policy is a .gateledger.yml that was read whole and found sound.
type Policy struct {
	Digest       string // hex SHA-256 of the file's bytes: what a verifier pins
	Source       []byte // the file's bytes
	Ledger       Ledger
	Signers      map[string]Signer
	Principals   map[string]Principal
	Environments map[string]Environment
	Outsiders    []string // e-mail addresses known to be no principal's; "*" is everyone else
}

// Ledger names the log and the keys that may sign its checkpoints.
type Ledger struct {
	URL    string
	Origin string
	Keys   []string // note verifier keys, origin+hash+base64
}

// A Signer is a machine.
type Signer struct {
	Key  string // "sha256:" and the hex SHA-256 of the PKIX public key
	Tier Tier   // what the signer is good enough for
}

// A Principal is a human, not an account.
type Principal struct {
	Keys   []Key
	Emails []string // lower case
	GitHub Account
	GitLab Account
	Roles  []string
}

// An Account is a numeric id at a host; the login is shown, never compared.
type Account struct {
	ID    int64
	Login string
}

// A Key is an SSH public key and when it counts. A zero time is no bound.
type Key struct {
	SSH         ssh.PublicKey
	From, Until time.Time
}

// Tier is how strong an environment's evidence must be.
type Tier string

// The tiers. Anchored is refused by this version.
const (
	Fast     Tier = "fast" // the makers' own clocks, printed as self-asserted
	Anchored Tier = "anchored"
)

// An Environment is what must be true before something is deployed there.
type Environment struct {
	Name     string
	Tier     Tier
	Require  []Seat
	Exclude  []string // author, committer, co-author, triggerer
	Veto     []string // roles
	MaxAge   time.Duration
	Evidence []Evidence
	Gate     []string // signers whose requests, decisions and consumptions count
}

// A Seat asks for Count distinct humans of Role.
type Seat struct {
	Role  string
	Count int
}

// Evidence asks for an event about every subject of the request.
type Evidence struct {
	Event       string
	Result      string
	Environment string // of a deployment
	By          []string
	MaxAge      time.Duration
}
