// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

// An Owed is a checkpoint that a gate went on without having anchored, because
// the policy lets it in an outage.
type Owed struct {
	Index   uint64 // of the debt in the ledger
	Request string // hex
	Size    uint64 // a receipt of this size or more settles it
	Missing []string
	Due     time.Time
}

// Owed lists what gates of an environment said they owe, in the ledger's
// order, whether or not it was anchored since. Who signs a debt sets no time of
// their own: it is due when the rules of now say so, and no later than when it
// says itself. Without an outage in the rules it was due at once.
func (p *Policy) Owed(events []*event.Event, environment string, root *keyless.Root) []Owed {
	rules, ok := p.Environment(environment)
	if !ok {
		return nil
	}
	var all []Owed
	for _, e := range events {
		if d, err := p.owed(rules, e, root); d != nil && err == nil {
			all = append(all, *d)
		}
	}
	return all
}

// MayOwe lists what holds the next gate of an environment back until it is
// anchored: what gates of any of the policies that were in force, the newest
// first, said they owe, as the first of them has it, and what may be theirs. So
// neither a change of policy nor a token that is dropped from beside an entry pays
// a debt; nor does another name: what is owed in an environment that the newest
// policy does not have is owed in each of them. It lets nobody go on.
func MayOwe(inForce []*Policy, events []*event.Event, environment string, root func(digest string) *keyless.Root) []Owed {
	var all []Owed
	for _, e := range events {
		name := owedIn(inForce, e, environment)
		for _, p := range inForce {
			rules, ok := p.Environment(name)
			if !ok {
				continue
			}
			if d, err := p.owed(rules, e, root(p.Sigstore.TrustedRoot)); d != nil && (err == nil || CouldNotTell(err)) {
				all = append(all, *d)
				break
			}
		}
	}
	return all
}

// owedIn is the environment in which an entry's debt would have to be to count for
// the given one: that, or the debt's own where the newest policy has it no more.
func owedIn(inForce []*Policy, e *event.Event, environment string) string {
	if len(inForce) == 0 || !e.Is("debt") {
		return environment
	}
	said, err := event.DecodePredicate[event.DebtPredicate](e)
	if err != nil {
		return environment
	}
	if _, there := inForce[0].Environment(said.Environment); there {
		return environment
	}
	return said.Environment
}

// owed reads a debt, nil where that is none, and says whether a gate signed it.
func (p *Policy) owed(rules Environment, e *event.Event, root *keyless.Root) (*Owed, error) {
	if !e.Is("debt") {
		return nil, nil
	}
	said, err := event.DecodePredicate[event.DebtPredicate](e)
	if err != nil || said.Environment != rules.Name || e.Verify() != nil {
		return nil, nil
	}
	_, gate := p.GateOf(rules, e, root)
	since, _ := time.Parse(time.RFC3339, said.Time) // Check has read both
	until, _ := time.Parse(time.RFC3339, said.Until)
	due := since.Add(rules.settleWithin())
	if until.Before(due) {
		due = until
	}
	return &Owed{Index: e.Index, Request: said.Request, Size: min(said.Size, e.Index), Missing: said.Missing, Due: due.UTC()}, gate
}
