// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/policy"
)

// A period is how long a policy was in force: from an index to the next
// period's.
type period struct {
	from   uint64
	policy *policy.Policy // nil: none that anybody here trusts
}

// periods are the policies of a ledger, in order, at least one of which is not
// nil. Without a chain the one policy was always in force.
func periods(in Input) ([]period, error) {
	if in.Chain == nil {
		if in.Policy == nil {
			return nil, fmt.Errorf("trace %s: no policy", in.Digest)
		}
		return []period{{0, in.Policy}}, nil
	}
	all := []period{{0, in.Chain.At(0)}}
	for _, s := range in.Chain.Steps {
		if p := in.Chain.At(s.Index + 1); p != all[len(all)-1].policy {
			all = append(all, period{s.Index + 1, p})
		}
	}
	if !slices.ContainsFunc(all, func(p period) bool { return p.policy != nil }) {
		return nil, fmt.Errorf("trace %s: the chain of policies is empty", in.Digest)
	}
	return all, nil
}

// now is the policy in force after the last entry, or the last of which that
// is certain.
func (t *tracer) now() *policy.Policy {
	for _, p := range slices.Backward(t.periods) {
		if p.policy != nil {
			return p.policy
		}
	}
	return nil
}

// at is the policy that was in force when the entry at index was logged. It
// is nil where nobody here trusts one.
func (t *tracer) at(index uint64) *policy.Policy {
	return t.periods[t.periodOf(index)].policy
}

func (t *tracer) periodOf(index uint64) int {
	after, _ := slices.BinarySearchFunc(t.periods, index, func(p period, index uint64) int {
		if p.from <= index {
			return -1
		}
		return 1
	})
	return max(after-1, 0)
}

// since are the policies in force from index on.
func (t *tracer) since(index uint64) []*policy.Policy {
	var out []*policy.Policy
	for _, p := range t.periods[t.periodOf(index):] {
		if p.policy != nil && !slices.Contains(out, p.policy) {
			out = append(out, p.policy)
		}
	}
	return out
}

// root is the trusted root that p names, or nil.
func (t *tracer) root(p *policy.Policy) *keyless.Root {
	if p == nil || p.Sigstore.TrustedRoot == "" || t.in.Root == nil {
		return nil
	}
	digest := p.Sigstore.TrustedRoot
	if _, ok := t.trusted[digest]; !ok {
		t.trusted[digest] = t.in.Root(digest)
	}
	return t.trusted[digest]
}

// rootless says which trusted root p names that is not here, if so.
func (t *tracer) rootless(p *policy.Policy) (digest string, missing bool) {
	digest = p.Sigstore.TrustedRoot
	r := t.root(p)
	return digest, digest != "" && (r == nil || r.Digest != digest)
}

// followPolicies shows each change of policy since the story began, and says
// what did not become one. Nobody knows which rules hold after a change that
// can't be checked.
func (t *tracer) followPolicies() {
	if t.in.Chain == nil {
		return
	}
	begin, ok := t.begin()
	for _, c := range t.in.Chain.Steps {
		if c.Index >= uint64(len(t.in.Events)) {
			continue
		}
		e := t.in.Events[c.Index]
		switch {
		case c.Unknown:
			t.find(SeverityMissing, e, "nobody could find out which policy is in force after #%d: %s", c.Index, c.Why)
		case !c.Taken:
			t.find(SeverityUntrusted, e, "the policy event #%d changed nothing: %s", c.Index, c.Why)
		case ok && c.Index > begin || t.mentions(e):
			t.policyStep(e, c)
		}
	}
}

func (t *tracer) policyStep(e *event.Event, c policy.Step) {
	s := t.step(e)
	s.Summary, s.Why = fmt.Sprintf("policy sha256:%.12s came into force", c.Policy), c.Why
	if p, ok := decode[event.PolicyPredicate](t, e); ok {
		s.Time = p.Context.Time
	}
	if t.at(c.Index) == t.at(c.Index+1) {
		return // the first one, or that where the chain starts
	}
	if who := t.approvers(c); len(who) > 0 {
		s.Why = "approved by " + strings.Join(who, " and ")
	}
	t.find(SeverityNote, e, "policy changed at #%d, %s: sha256:%.12s after sha256:%.12s", c.Index, s.Why, c.Policy, c.Previous)
}

// approvers are the people whose votes put a policy in force: those on the
// seats of the decision before it, made again.
func (t *tracer) approvers(c policy.Step) []string {
	var who []string
	for _, e := range slices.Backward(t.in.Events[:c.Index]) {
		p, err := event.DecodePredicate[event.DecisionPredicate](e)
		if err != nil || e.Kind() != "decision" {
			continue
		}
		said, err := policy.ParseDecision(p.Decision)
		now, timeErr := time.Parse(time.RFC3339, p.TimeVerified)
		if err != nil || timeErr != nil || said.Request != c.Request || said.Head.Size != e.Index {
			continue
		}
		rules := t.at(e.Index)
		d, err := policy.Evaluate(policy.Input{
			Policy: rules, Request: said.Request, Events: t.in.Events[:e.Index], Head: said.Head, Now: now,
			Root: t.root(rules), Stamp: p.Stamp,
		})
		if err != nil || d.Verdict != policy.Allowed {
			continue
		}
		for _, r := range d.Rules {
			if r.Need > 0 {
				who = append(who, r.By...)
			}
		}
		break
	}
	slices.Sort(who)
	return slices.Compact(who)
}

// begin is where the story begins.
func (t *tracer) begin() (index uint64, ok bool) {
	if len(t.steps) == 0 {
		return 0, false
	}
	var all []uint64
	for i := range t.steps {
		all = append(all, i)
	}
	return slices.MinFunc(all, cmp.Compare[uint64]), true
}

// mentions reports whether the bytes in question are a subject of e.
func (t *tracer) mentions(e *event.Event) bool {
	s, err := e.Statement()
	return err == nil && t.has(s.Subject)
}
