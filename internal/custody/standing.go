// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/vote"
)

// settle says how the bytes stand in each environment that the story
// mentions, or in the one asked about.
func (t *tracer) settle(environment string) {
	names := map[string]bool{}
	if environment != "" {
		names[environment] = true
	}
	for _, r := range t.requests {
		names[r.predicate.Environment] = true
	}
	for _, d := range t.deployments("") {
		names[d.predicate.Environment] = true
	}
	if environment == "" {
		for name := range t.doubts {
			names[name] = true
		}
	}
	for name := range names {
		t.chain.Environments = append(t.chain.Environments, t.standing(name))
	}
	arrange.By(t.chain.Environments, func(a, b Standing) int { return cmp.Compare(a.Environment, b.Environment) })
}

func (t *tracer) standing(environment string) Standing {
	s := Standing{Environment: environment, Why: "no decision that counts allowed it"}
	if why := t.doubts[environment]; why != "" {
		s.unknown, s.Why = true, "nobody could find out whether a decision allowed it: "+why
	}
	if r := t.newestPermission(environment); r != nil {
		s.Allowed, s.unknown = true, false
		s.Request, s.Run, s.Decided = r.request.id, r.run, r.decision.Now
		s.Decision, s.Consumption = &r.event.Index, &r.used.Index
		s.Why = fmt.Sprintf("allowed by decision #%d, used up by run %s%s", r.event.Index, r.run, byGlass(r.decision))
		if v, ok := t.deniedSince(environment, r); ok {
			s.Allowed, s.Why = false, fmt.Sprintf("denied by %s at #%d, after decision #%d had allowed it", v.who, v.index, r.event.Index)
		} else if why := t.deniedOnForgeSince(r); why != "" {
			s.Allowed, s.Why = false, why
		} else if why := t.ended(r); why != "" {
			s.Allowed, s.Why = false, why
		}
		t.anchor(&s, r)
	}
	for _, d := range t.deployments(environment) {
		s.Deployment, s.Deployed = &d.event.Index, d.predicate.Result
		if d.predicate.Result == event.RolledBack || !t.asksForSomething(environment, d.event.Index) || t.permitted(d.event, d.predicate) != nil {
			continue
		}
		s.Bypassed = &d.event.Index
		if s.unknown {
			continue
		}
		t.find(SeverityUntrusted, d.event, "%s got these bytes at #%d without a decision that allowed it", environment, d.event.Index)
	}
	return s
}

// bypassed says how the bytes got there last, if that was without a decision.
func (s Standing) bypassed() (why string, yes bool) {
	if s.Bypassed == nil || *s.Bypassed != *s.Deployment {
		return "", false
	}
	return fmt.Sprintf("%s: deployed at #%d without a decision that allowed it", s.Environment, *s.Bypassed), true
}

// newestPermission is the last ruling that let the bytes into environment.
func (t *tracer) newestPermission(environment string) *ruling {
	for i := len(t.rulings) - 1; i >= 0; i-- {
		if r := &t.rulings[i]; r.decision.Environment == environment && r.used != nil {
			return r
		}
	}
	return nil
}

// skew is how far two clocks may disagree, as package policy has it.
const skew = 2 * time.Minute

// ended says why what r allowed is over by now.
func (t *tracer) ended(r *ruling) string {
	if t.maxAge == 0 {
		return ""
	}
	decided, err := time.Parse(time.RFC3339, r.decision.Now)
	age := t.in.Now.Sub(decided)
	switch {
	case err != nil:
		return fmt.Sprintf("decision #%d does not say when it was made, and a permission ends after %s", r.event.Index, t.maxAge)
	case age < -skew:
		return fmt.Sprintf("decision #%d says it was made at %s, which is still to come", r.event.Index, r.decision.Now)
	case age >= t.maxAge:
		return fmt.Sprintf("the permission has ended: decision #%d is of %s (%s), and it is good for %s", r.event.Index, r.decision.Now, r.decision.Clock, t.maxAge)
	}
	return ""
}

// asksForSomething reports whether a deployment there needed a decision when
// the entry at index was logged.
func (t *tracer) asksForSomething(environment string, index uint64) bool {
	p := t.at(index)
	if p == nil {
		return false
	}
	rules, ok := p.Environment(environment)
	return ok && (len(rules.Require)+len(rules.Evidence) > 0 || rules.Risk != nil || rules.When != "")
}

// A veto is a deny that stands.
type veto struct {
	who, request string
	index        uint64
	issued       time.Time
}

// deniedSince returns the first veto of these bytes for this environment, by
// any request, that was cast after r had allowed them and not taken back. A
// vote that is logged a second time is not cast a second time, and a revoke
// that was signed before a deny does not take it back, as package policy has it.
func (t *tracer) deniedSince(environment string, r *ruling) (veto, bool) {
	var standing []veto
	cast := map[[32]byte]bool{}
	for _, e := range t.in.Events {
		b := ballot(e)
		if b == nil || cast[b.ID()] || b.Predicate.Environment != environment || !t.has(b.Predicate.Subjects) {
			continue
		}
		issued, _ := time.Parse(time.RFC3339, b.Predicate.Issued) // a ballot that opens is dated
		v := veto{t.vetoer(environment, b, e, r), b.Predicate.Request, e.Index, issued}
		if v.who == "" {
			continue
		}
		cast[b.ID()] = true
		switch {
		case b.Predicate.Choice == vote.Deny && e.Index > r.event.Index:
			standing = append(standing, v)
		case b.Predicate.Choice == vote.Revoke:
			standing = slices.DeleteFunc(standing, func(o veto) bool {
				return o.who == v.who && o.request == v.request && !issued.Before(o.issued)
			})
		}
	}
	if len(standing) == 0 {
		return veto{}, false
	}
	return standing[0], true
}

// ballot is the vote that e carries, or nil.
func ballot(e *event.Event) *vote.Ballot {
	if e.Kind() != "vote" {
		return nil
	}
	b, err := vote.Open(e)
	if err != nil {
		return nil
	}
	return b
}

// vetoer is who cast b, which stands in e, if that person may veto there by
// the policy in force then or one since. A key that ran out still vetoes, and
// a deny after r that nobody can check is missing: doubt never opens a gate.
func (t *tracer) vetoer(environment string, b *vote.Ballot, e *event.Event, r *ruling) string {
	if b.Verify() != nil {
		return ""
	}
	deny := b.Predicate.Choice == vote.Deny && e.Index > r.event.Index
	for _, p := range t.since(e.Index) {
		name, err := t.holder(p, b, e)
		if couldNotTell(err) && deny {
			t.find(SeverityMissing, e, "entry #%d (vote) denies these bytes, and nobody could find out who signed it: %v", e.Index, err)
		}
		rules, ok := p.Environment(environment)
		may := func(role string) bool { return slices.Contains(rules.Veto, role) }
		if err == nil && ok && slices.ContainsFunc(p.Principals[name].Roles, may) {
			return name
		}
	}
	return ""
}

// holder is whose vote it is, whatever the dates of a key.
func (t *tracer) holder(p *policy.Policy, b *vote.Ballot, e *event.Event) (string, error) {
	if b.Keyless() {
		name, _, err := p.Voter(e, t.root(p))
		return name, err
	}
	name, err := p.PrincipalOf(b.Key, time.Time{})
	if errors.Is(err, policy.ErrKeyOutside) {
		err = nil
	}
	return name, err
}

// has reports whether the bytes in question are among subjects.
func (t *tracer) has(subjects []event.Subject) bool {
	return slices.ContainsFunc(subjects, func(s event.Subject) bool { return s.Has(t.in.Digest) })
}

// A deployment is one by a signer of the policy.
type deployment struct {
	event     *event.Event
	predicate event.DeploymentPredicate
}

// deployments returns those of the bytes in question that count, in order;
// environment "" means all.
func (t *tracer) deployments(environment string) []deployment {
	var out []deployment
	for _, e := range t.in.Events {
		s := t.steps[e.Index]
		if s == nil || s.Kind != "deployment" || s.State == Rejected {
			continue
		}
		p, err := event.DecodePredicate[event.DeploymentPredicate](e)
		if err == nil && (environment == "" || p.Environment == environment) {
			out = append(out, deployment{e, p})
		}
	}
	return out
}
