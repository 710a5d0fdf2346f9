// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

// anchor asks of a permission what tier: anchored asks: that its consumption is
// proven unique and dated. One that is not is no permission yet, but what an
// outage left behind, as long as that is not overdue. And where the rules want
// the ledger to be proven current, it must be.
func (t *tracer) anchor(s *Standing, r *ruling) {
	rules := t.at(r.event.Index)
	need := rules.AnchorNeed(s.Environment)
	if !need.Unique || !s.Allowed {
		return
	}
	if t.in.Anchors == nil || t.in.Now.IsZero() {
		s.Allowed, s.unknown, s.Why = false, true, fmt.Sprintf("decision #%d allowed it, and nobody looked whether it is anchored", r.event.Index)
		return
	}
	j := t.in.Anchors.Judge(need, *s.Consumption+1, t.in.Now)
	s.Anchors = &j
	if !j.OK {
		due, owed := t.owedUntil(rules, r)
		if !owed || !t.in.Now.Before(due) {
			s.Allowed, s.unknown = false, true
			s.Why = fmt.Sprintf("decision #%d allowed it, and is %s", r.event.Index, j.Why)
			if owed {
				s.Why += ", which was due at " + utc(due)
			}
			return
		}
		s.Why += fmt.Sprintf("; %s, owed until %s because anchors were down", j.Why, utc(due))
	} else {
		s.Why += "; anchored: " + j.Why
	}
	t.current(s)
}

// owedUntil says until when the anchors of a permission may be missing: so long
// after the decision as the rules it was made by say. The decision's time is
// proven, and the debt's own is not asked.
func (t *tracer) owedUntil(rules *policy.Policy, r *ruling) (time.Time, bool) {
	env, _ := rules.Environment(r.decision.Environment)
	decided, err := time.Parse(time.RFC3339, r.decision.Now)
	if env.Outage == nil || err != nil {
		return time.Time{}, false
	}
	for _, d := range rules.Owed(t.in.Events, env.Name, t.root(rules)) {
		if d.Request == r.request.id && d.Index > r.used.Index && d.Size > r.used.Index {
			return decided.Add(env.Outage.SettleWithin).UTC(), true
		}
	}
	return time.Time{}, false
}

// current asks that the ledger at hand was the newest not long ago, where the
// rules of now say how long.
func (t *tracer) current(s *Standing) {
	rules := t.now()
	env, ok := rules.Environment(s.Environment)
	if !ok || env.MaxHeadAge == 0 {
		return
	}
	if why := HeadTooOld(*t.in.Anchors, rules.AnchorNeed(s.Environment), env.MaxHeadAge, t.in.Now); why != "" {
		s.Allowed, s.unknown, s.Why = false, true, why
	}
}

// HeadTooOld says why a ledger may not be the newest one there is: enough
// witnesses must have seen no more of it not longer ago than maxAge. It is empty
// where they have.
func HeadTooOld(e anchored.Evidence, need anchored.Need, maxAge time.Duration, now time.Time) string {
	at := e.Current(need)
	switch {
	case at.IsZero():
		return "nobody proves that this ledger is the newest: not enough witnesses have seen it"
	case now.Sub(at) > maxAge:
		return fmt.Sprintf("nobody proves that this ledger is the newest: enough witnesses saw it last at %s (%s ago), and max-head-age is %s", utc(at), anchored.Age(at, now), maxAge)
	}
	return ""
}

// An Anchoring says how an anchored environment stands to a whole ledger.
type Anchoring struct {
	Environment string             `json:"environment"`
	OK          bool               `json:"ok"`
	Why         string             `json:"why"`                   // one line
	Consumption *uint64            `json:"consumption,omitempty"` // the newest of its gates; nil: there is none
	Anchors     anchored.Judgement `json:"anchors"`               // of that, or of the whole ledger
}

// Anchorings judges every environment that is anchored by the policy in force
// now: its newest consumption must be anchored, or owed and not overdue, and
// the ledger be proven current where the rules want that. in.Digest and
// in.Name are not looked at.
func Anchorings(in Input) ([]Anchoring, error) {
	in.Digest, in.Name = event.Digest{}, ""
	t, err := newTracer(in)
	if err != nil {
		return nil, err
	}
	var all []Anchoring
	rules := t.now()
	for _, name := range slices.Sorted(maps.Keys(rules.Environments)) {
		if need := rules.AnchorNeed(name); need.Unique {
			all = append(all, t.anchoring(rules, rules.Environments[name], need))
		}
	}
	return all, nil
}

func (t *tracer) anchoring(rules *policy.Policy, env policy.Environment, need anchored.Need) Anchoring {
	a := Anchoring{Environment: env.Name}
	if t.in.Anchors == nil || t.in.Now.IsZero() {
		a.Why = "nobody looked whether it is anchored"
		return a
	}
	size, request, now := t.in.Head.Size, "", t.in.Now
	for _, e := range slices.Backward(t.in.Events) {
		p, err := event.DecodePredicate[event.ConsumptionPredicate](e)
		if err == nil && e.Is("consumption") && p.Environment == env.Name && t.gateOf(e, env.Name) == nil {
			a.Consumption, size, request = &e.Index, e.Index+1, p.Request
			break
		}
	}
	a.Anchors = t.in.Anchors.Judge(need, size, now)
	switch {
	case a.Consumption == nil:
		a.OK, a.Why = true, "nothing was used up yet"
	case a.Anchors.OK:
		a.OK, a.Why = true, fmt.Sprintf("consumption #%d is anchored: %s", *a.Consumption, a.Anchors.Why)
	default:
		a.Why = fmt.Sprintf("consumption #%d is %s", *a.Consumption, a.Anchors.Why)
		if due, owed := t.owedFor(rules, env, *a.Consumption, request); owed {
			a.OK = now.Before(due)
			a.Why += ", owed until " + utc(due)
		}
	}
	if env.MaxHeadAge > 0 && a.OK {
		if why := HeadTooOld(*t.in.Anchors, need, env.MaxHeadAge, now); why != "" {
			a.OK, a.Why = false, why
		}
	}
	return a
}

// owedFor says until when the anchors of a consumption may be missing: so long
// after its decision as the rules say. When that was its timestamp proves, and no
// debt, however many there are.
func (t *tracer) owedFor(rules *policy.Policy, env policy.Environment, used uint64, request string) (time.Time, bool) {
	decided, ok := t.decidedAt(used, request)
	if env.Outage == nil || !ok {
		return time.Time{}, false
	}
	for _, d := range rules.Owed(t.in.Events, env.Name, t.root(rules)) {
		if d.Request == request && d.Index > used && d.Size > used {
			return decided.Add(env.Outage.SettleWithin).UTC(), true
		}
	}
	return time.Time{}, false
}

// decidedAt is the proven time of the decision that stands right before a
// consumption, where the gate has logged both.
func (t *tracer) decidedAt(used uint64, request string) (time.Time, bool) {
	if used == 0 {
		return time.Time{}, false
	}
	e := t.in.Events[used-1]
	rules := t.at(e.Index)
	if rules == nil || !e.Is("decision") {
		return time.Time{}, false
	}
	p, err := event.DecodePredicate[event.DecisionPredicate](e)
	if err != nil {
		return time.Time{}, false
	}
	d, err := policy.ParseDecision(p.Decision)
	root := t.root(rules)
	if err != nil || d.Request != request || t.gateOf(e, d.Environment) != nil || root == nil {
		return time.Time{}, false
	}
	at, err := root.Stamped(p.Stamp, policy.NowMessage(request, d.Head))
	return at, err == nil
}

// followOwed shows the debts of anchors among the steps.
func (t *tracer) followOwed(about []*event.Event) {
	for _, e := range about {
		if e.Kind() != "debt" {
			continue
		}
		p, ok := decode[event.DebtPredicate](t, e)
		if !ok {
			continue
		}
		if r, asked := t.requests[p.Request]; !asked && t.elsewhere(p.Request) {
			continue
		} else if asked {
			s := t.step(e)
			s.Links = append(s.Links, r.event.Index)
		}
		s := t.step(e)
		s.Time, s.request = p.Time, p.Request
		s.Summary = fmt.Sprintf("%s goes on while anchors are down; the first %d entries are owed to them until %s", p.Environment, p.Size, p.Until)
		t.gate(e, p.Environment)
	}
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }
