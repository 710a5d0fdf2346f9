// SPDX-License-Identifier: Apache-2.0

// Package admit decides what an integrator takes from a ledger's inbox. The
// inbox may be written to by anyone who can push, so everything in it is
// garbage until somebody the policy names is found to have signed it. It is
// pure.
//
// A parcel is taken whole or not at all. What is taken is signed by a signer
// of the policy, or is a vote that a person of the policy signed, whoever
// carried it; requests, decisions, consumptions and policies never come in
// this way. Nobody can crowd out anybody else: quotas are by signer, whoever
// was served least goes next, and denies have a bound of their own.
package admit

import (
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/policy"
)

// Input is what an inbox is sorted by.
type Input struct {
	Policy  *policy.Policy
	Root    *keyless.Root // that the policy names; nil: what needs it waits
	Parcels []Parcel

	// Known reports whether the log holds an event, by event.Event.ID; Voted
	// whether it holds a vote by SSH key, by vote.Ballot.ID, so that one vote
	// in many envelopes is taken once. nil: it holds none. Held makes both.
	Known, Voted func(id [32]byte) bool

	// Now, unless zero, refuses approvals and revokes whose key has run out
	// by now, whatever time they claim.
	Now    time.Time
	Limits Limits
}

// A Parcel is what one writer left at one time.
type Parcel struct {
	Name   string
	Events []*event.Event // opened; their Index says nothing
	Err    error          // why it can't be read or opened
	Size   int            // bytes of all leaves, bodies and documents
}

// Limits bound one plan. A field that is not positive has its default.
//
// The first parcel of a signer may be over PerSigner, and the first of a plan
// over Total and Bytes, up to the bounds of a parcel: else it would wait for
// ever.
type Limits struct {
	PerSigner    int // events of one signer or person that are no denies: 256
	Total        int // events that are no denies: 2048
	Bytes        int // of parcels that are more than denies: 64 MiB
	Denies       int // of one person: 1024
	ParcelEvents int // 1024
	ParcelBytes  int // 16 MiB
}

var defaults = Limits{
	PerSigner: 256, Total: 2048, Bytes: 64 << 20, Denies: 1024,
	ParcelEvents: 1024, ParcelBytes: 16 << 20,
}

func (l Limits) orDefaults() Limits {
	for _, f := range []struct{ have, or *int }{
		{&l.PerSigner, &defaults.PerSigner}, {&l.Total, &defaults.Total}, {&l.Bytes, &defaults.Bytes},
		{&l.Denies, &defaults.Denies}, {&l.ParcelEvents, &defaults.ParcelEvents}, {&l.ParcelBytes, &defaults.ParcelBytes},
	} {
		if *f.have <= 0 {
			*f.have = *f.or
		}
	}
	return l
}

// A Plan says what to do with each parcel. Each index of Input.Parcels stands
// in exactly one of Take, Done, Refuse and Defer.
type Plan struct {
	// Take is in the order to log: parcels with a deny first, then the oldest
	// by its makers' own clocks, those without a time last; ties by name. What
	// holds a copy of an event without the proof of time that another parcel
	// has for it comes after all these.
	Take   []int     `json:"take"`
	Done   []int     `json:"done"` // the log has all of it, or will by Take
	Refuse []Refusal `json:"refuse"`
	Defer  []int     `json:"defer"` // another time: over a quota, or in Unjudged

	Unjudged []Refusal `json:"unjudged"` // those of Defer that nobody could judge
	Signers  []Count   `json:"signers"`  // sorted by name
}

// A Refusal is a parcel that is not taken, and why. Name and Why hold text
// from outside.
type Refusal struct {
	Parcel int    `json:"parcel"` // its index in Input.Parcels
	Name   string `json:"name"`
	Reason Reason `json:"reason"`
	Why    string `json:"why"`
}

// A Reason is a sort of refusal, for counting.
type Reason string

// The reasons.
const (
	Unreadable  Reason = "unreadable"      // no events, or none we can read
	Oversize    Reason = "too large"       // over a bound of a parcel
	Unsigned    Reason = "unsigned"        // a statement that nobody signed
	Forged      Reason = "forged"          // a signature or timestamp that does not hold
	Undated     Reason = "undated"         // by a certificate, and nothing proves that it was valid then
	Control     Reason = "reserved kind"   // of a kind that only a holder of the log key writes
	UnknownKind Reason = "unknown kind"    // of no kind we know
	Stranger    Reason = "stranger"        // signed by nobody the policy names
	NotAVote    Reason = "not a vote here" // a vote that can't be read, or for another ledger
	NeedsRoot   Reason = "no trusted root" // only in Unjudged
	NeedsPolicy Reason = "no policy"       // only in Unjudged
)

// A Count is how many events of one signer a plan takes and defers.
type Count struct {
	Name     string `json:"name"` // as the policy has it
	Person   bool   `json:"person,omitzero"`
	Taken    int    `json:"taken"`
	Deferred int    `json:"deferred"`
}

// Sort decides about every parcel. It is a function of its input: the same
// parcels in another order have the same fate.
func Sort(in Input) Plan {
	in.Limits = in.Limits.orDefaults()
	p := Plan{Take: []int{}, Done: []int{}, Refuse: []Refusal{}, Defer: []int{}, Unjudged: []Refusal{}, Signers: []Count{}}
	var candidates []*candidate
	for i := range in.Parcels {
		c, refusal := in.judge(i)
		switch {
		case refusal.Reason == NeedsRoot || refusal.Reason == NeedsPolicy:
			p.Defer, p.Unjudged = append(p.Defer, i), append(p.Unjudged, refusal)
		case refusal.Reason != "":
			p.Refuse = append(p.Refuse, refusal)
		case len(c.items) == 0:
			p.Done = append(p.Done, i)
		default:
			candidates = append(candidates, c)
		}
	}
	in.preferDated(candidates)
	share(in.Limits, candidates, &p)
	return p
}
