// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

// A ruling is a decision that was made again and came out the same.
type ruling struct {
	event    *event.Event
	request  request
	decision policy.Decision
	used     *event.Event // the consumption that came with it; nil unless it allowed
	run      string
}

func (t *tracer) followDecisions(about []*event.Event) {
	for _, e := range about {
		if e.Kind() == "decision" {
			t.decision(e)
		}
	}
}

func (t *tracer) decision(e *event.Event) {
	p, ok := decode[event.DecisionPredicate](t, e)
	if !ok {
		return
	}
	s := t.step(e)
	s.Time = p.TimeVerified
	recorded, err := policy.ParseDecision(p.Decision)
	if err != nil {
		t.reject(s, SeverityUntrusted, "can't be read: %v", err)
		return
	}
	s.Summary = fmt.Sprintf("%s for %s: %s", recorded.Verdict, recorded.Environment, recorded.Why)
	s.request = recorded.Request
	r, asked := t.requests[recorded.Request]
	if !asked && t.elsewhere(recorded.Request) {
		delete(t.steps, e.Index)
		return
	}
	if !t.gate(e, recorded.Environment) || !t.samePolicy(s, recorded) {
		return
	}
	if why := t.doubts[recorded.Environment]; !asked && why != "" {
		t.reject(s, SeverityMissing, "it can't be made again: of its request, %s", why)
		return
	}
	if !asked {
		t.reject(s, SeverityTampered, "%s: no request %s that counts stands before it", doesNotFollow, recorded.Request)
		return
	}
	s.Links = append(s.Links, r.event.Index)
	t.again(e, r, p, recorded)
}

const doesNotFollow = "the decision does not follow from the ledger"

// samePolicy reports whether the decision was made under the rules that were
// in force. Under other rules it can't be made again.
func (t *tracer) samePolicy(s *Step, recorded policy.Decision) bool {
	current, err := t.at(s.Index).EnvironmentDigest(recorded.Environment)
	if err == nil && current == recorded.Policy {
		return true
	}
	why := fmt.Sprintf("it was made under another policy for %s: sha256:%s, not sha256:%s", recorded.Environment, recorded.Policy, current)
	if t.in.Chain != nil {
		why += ", " + t.whenInForce(recorded)
	}
	t.reject(s, SeverityUntrusted, "%s", why)
	return false
}

// whenInForce says when the rules that a decision was made under were those
// of the ledger.
func (t *tracer) whenInForce(recorded policy.Decision) string {
	for i, p := range t.periods {
		if p.policy == nil {
			continue
		}
		if digest, err := p.policy.EnvironmentDigest(recorded.Environment); err != nil || digest != recorded.Policy {
			continue
		}
		if i+1 < len(t.periods) && i < t.periodOf(recorded.Head.Size) {
			return fmt.Sprintf("and that one ended at #%d", t.periods[i+1].from-1)
		}
		return fmt.Sprintf("and that one came into force at #%d only", p.from-1)
	}
	return "which was never in force in this ledger"
}

// elsewhere reports whether a request is one of another environment, which
// was left out on purpose.
func (t *tracer) elsewhere(id string) bool {
	return slices.ContainsFunc(t.in.Events, func(e *event.Event) bool {
		if e.Kind() != "request" || t.steps[e.Index] != nil {
			return false
		}
		p, err := event.DecodePredicate[event.RequestPredicate](e)
		if err != nil {
			return false
		}
		got, err := event.RequestID(p)
		return err == nil && got == id
	})
}

// again makes the decision once more, from the entries before it alone, and
// compares.
func (t *tracer) again(e *event.Event, r request, p event.DecisionPredicate, recorded policy.Decision) {
	s := t.step(e)
	now, err := time.Parse(time.RFC3339, p.TimeVerified)
	if err != nil || recorded.Head.Size != e.Index || !t.roots.match(recorded.Head) || r.event.Index >= recorded.Head.Size {
		t.reject(s, SeverityTampered, "%s: it was not made from the entries that stand before it", doesNotFollow)
		return
	}
	rules := t.at(e.Index)
	used, run := t.consumptionAfter(e, r)
	in := policy.Input{
		Policy: rules, Request: r.id, Events: t.in.Events[:recorded.Head.Size],
		Head: recorded.Head, Now: now, Run: run, Root: t.root(rules), Stamp: p.Stamp, Conditions: t.in.Conditions,
	}
	d, wrong := t.evaluate(e, in, r, p, recorded)
	if len(wrong) > 0 && used == nil {
		in.Run = recorded.UsedBy // the run that had used the request up before may have asked
		d, wrong = t.evaluate(e, in, r, p, recorded)
	}
	for _, run := range policy.RunsThatLooked(in.Events, r.id) {
		if len(wrong) == 0 || used != nil {
			break
		}
		in.Run = run // votes without a time count in the run that looked
		if again, differ := t.evaluate(e, in, r, p, recorded); len(differ) == 0 {
			d, wrong = again, nil
		}
	}
	if !t.stamped(s, in) {
		return
	}
	if len(wrong) > 0 {
		t.differs(s, rules, d, wrong)
		return
	}
	s.Why = "made again from the ledger, with the same answer"
	s.Summary = fmt.Sprintf("%s for %s: %s%s", d.Verdict, d.Environment, d.Why, byGlass(d))
	s.Links = append(s.Links, t.present(d.Inputs)...)
	t.count(s, d)
	if d.Verdict != policy.Allowed {
		used, run = nil, "" // whatever was logged after a no, it opens nothing
	}
	t.rulings = append(t.rulings, ruling{event: e, request: r, decision: d, used: used, run: run})
}

// goneUnsettled is a debt that would not have held a decision back while its
// environment was there.
func goneUnsettled(d policy.Debt) bool { return d.Gone && !d.Settled }

// differs rejects a decision that came out another way when it was made again
// as d. Without the trusted root, or a token that stood beside the log, nobody
// can say that it was wrong.
func (t *tracer) differs(s *Step, rules *policy.Policy, d policy.Decision, wrong []string) {
	digest, missing := t.rootless(rules)
	env, _ := rules.Environment(d.Environment)
	switch lost := digest != "" && len(d.Unknown) > 0; {
	case missing:
		t.reject(s, SeverityMissing, "it can't be made again without the trusted root %s that its policy names", digest)
	case len(d.Asks) > 0 && len(d.Unknown) > 0:
		t.reject(s, SeverityMissing, "it can't be made again: %s", d.Why)
	case t.in.Chain == nil && slices.ContainsFunc(d.Debts, goneUnsettled):
		gone := d.Debts[slices.IndexFunc(d.Debts, goneUnsettled)]
		t.reject(s, SeverityMissing, "it can't be made again: the policy has no environment %s, where break-glass %.12s is not settled, and nobody can tell whether the one of then had; verify with that one", gone.Environment, gone.Request)
	case lost && (!env.Dated || d.Clock == policy.ClockStamped):
		t.reject(s, SeverityMissing, "it can't be made again: could not find out: %s", d.Unknown[0])
	default:
		t.reject(s, SeverityTampered, "%s: recorded with another %s", doesNotFollow, strings.Join(wrong, ", "))
		return
	}
	t.doubts[d.Environment] = s.Why
}

// stamped checks the token that proves when the decision was made, if it has
// one and there is somebody to believe.
func (t *tracer) stamped(s *Step, in policy.Input) bool {
	if _, missing := t.rootless(in.Policy); len(in.Stamp) == 0 || in.Root == nil || missing {
		return true
	}
	at, err := in.Root.Stamped(in.Stamp, policy.NowMessage(in.Request, in.Head))
	if err != nil {
		t.reject(s, SeverityTampered, "%s: its timestamp does not hold: %v", doesNotFollow, err)
		return false
	}
	s.Time, s.Clock = at.UTC().Format(time.RFC3339), policy.ClockStamped
	return true
}

// present are the indexes that have a step.
func (t *tracer) present(indexes []uint64) []uint64 {
	var out []uint64
	for _, i := range indexes {
		if t.steps[i] != nil {
			out = append(out, i)
		}
	}
	return out
}

// evaluate decides once more and names every field in which the recorded
// summary differs. Wording alone may differ between versions of this program.
func (t *tracer) evaluate(e *event.Event, in policy.Input, r request, p event.DecisionPredicate, recorded policy.Decision) (policy.Decision, []string) {
	d, err := policy.Evaluate(in)
	if err != nil {
		return d, []string{"input: " + err.Error()}
	}
	t.asks(d.Asks)
	want, err := policy.Summary(in, r.predicate, d)
	if err != nil {
		return d, []string{"verdict: " + err.Error()}
	}
	want.Stamp = p.Stamp
	wrong := differences(p, want, recorded, d)
	st, err := e.Statement()
	if err != nil || !same(st.Subject, r.predicate.Subjects) {
		wrong = append(wrong, "subjects")
	}
	if len(wrong) == 0 && !same(p, want) {
		t.find(SeverityNote, e, "entry #%d (decision): the recorded explanation is worded differently; the one shown was made now", e.Index)
	}
	return d, wrong
}

// asks keeps the questions that a decision would have needed answers to.
func (t *tracer) asks(questions []condition.Question) {
	for _, q := range questions {
		id := q.ID()
		if !slices.ContainsFunc(t.chain.Asks, func(o condition.Question) bool { return o.ID() == id }) {
			t.chain.Asks = append(t.chain.Asks, q)
		}
	}
}

func differences(p, want event.DecisionPredicate, recorded, d policy.Decision) []string {
	var wrong []string
	for _, c := range []struct {
		name string
		same bool
	}{
		{"verdict", recorded.Verdict == d.Verdict && p.VerificationResult == want.VerificationResult},
		{"request", recorded.Request == d.Request},
		{"environment", recorded.Environment == d.Environment},
		{"tier", recorded.Tier == d.Tier},
		{"policy digest", recorded.Policy == d.Policy && same(p.Policy, want.Policy)},
		{"time", recorded.Now == d.Now && recorded.Clock == d.Clock && p.TimeVerified == want.TimeVerified},
		{"resourceUri", p.ResourceURI == want.ResourceURI},
		{"verifier", p.Verifier == want.Verifier},
		{"levels", slices.Equal(p.VerifiedLevels, want.VerifiedLevels)},
		{"counted events", slices.Equal(recorded.Inputs, d.Inputs) && same(p.InputAttestations, want.InputAttestations)},
		{"counted votes", slices.EqualFunc(recorded.Votes, d.Votes, sameVote)},
		{"rules", slices.EqualFunc(recorded.Rules, d.Rules, sameRule)},
		{"consumption", recorded.UsedBy == d.UsedBy},
		{"break-glass", same(recorded.BreakGlass, d.BreakGlass) && slices.Equal(recorded.Waived, d.Waived)},
		{"debts", slices.EqualFunc(recorded.Debts, d.Debts, sameDebt)},
	} {
		if !c.same {
			wrong = append(wrong, c.name)
		}
	}
	return wrong
}

// sameVote compares all of a vote but the words for why, and its proven time,
// which stands beside the log and may be lost. Where the time matters, the
// rules have it.
func sameVote(a, b policy.Vote) bool {
	a.Why, b.Why = "", ""
	a.Proven, b.Proven = "", ""
	return a == b
}

// sameRule compares how two rules stand.
func sameRule(a, b policy.Rule) bool {
	return a.State == b.State && a.Need == b.Need && a.Have == b.Have && a.Proof == b.Proof && slices.Equal(a.By, b.By)
}

func same(a, b any) bool {
	x, err := canon.Marshal(a)
	if err != nil {
		return false
	}
	y, err := canon.Marshal(b)
	return err == nil && bytes.Equal(x, y)
}

// count writes on each vote's step what the decision made of it.
func (t *tracer) count(decision *Step, d policy.Decision) {
	for _, v := range d.Votes {
		s := t.steps[v.Index]
		if s == nil || s.Kind != "vote" || s.State == Rejected {
			continue
		}
		s.Why = v.Why
		if !v.Counted {
			s.State = Rejected
			continue
		}
		s.State = Proven
		decision.Links = append(decision.Links, v.Index)
	}
}
