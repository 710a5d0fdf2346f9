// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/vote"
)

func TestASignerThatIsNoGateDecidesNothing(t *testing.T) {
	w := newWorld(t)
	w.evidence()
	id := w.ask("production")
	w.vote("ana", id, vote.Approve)
	w.vote("bob", id, vote.Approve)
	p, _ := w.decision(id, "7")
	at := w.log("ci", "decision", app(), p)
	w.log("ci", "consumption", app(), event.ConsumptionPredicate{Request: id, Environment: "production", Run: "7", Time: w.tick()})
	c := w.trace()
	for _, index := range []uint64{at, at + 1} {
		if s := stepAt(t, c, index); s.State != custody.Rejected || s.Why != "ci is no gate of production" {
			t.Errorf("#%d is %s: %s", index, s.State, s.Why)
		}
	}
	if c.Verdict != custody.No {
		t.Errorf("%s: %s", c.Verdict, c.Why)
	}
}

// TestADecisionMustFollowFromTheLedger lets a gate's key sign what the gate
// never decided.
func TestADecisionMustFollowFromTheLedger(t *testing.T) {
	type forge struct {
		p        event.DecisionPredicate
		d        policy.Decision
		subjects []event.Subject
	}
	for fact, c := range map[string]struct {
		change func(f *forge)
		part   string
	}{
		"another verdict": {func(f *forge) { f.d.Verdict, f.p.VerificationResult = policy.Denied, "FAILED" }, "verdict"},
		"another result":  {func(f *forge) { f.p.VerificationResult = "FAILED" }, "verdict"},
		"another tier":    {func(f *forge) { f.d.Tier = policy.Anchored }, "tier"},
		"another resource": {func(f *forge) {
			f.p.ResourceURI = strings.Replace(f.p.ResourceURI, "r1", "r2", 1)
		}, "resourceUri"},
		"another verifier": {func(f *forge) { f.p.Verifier.ID += "x" }, "verifier"},
		"a level":          {func(f *forge) { f.p.VerifiedLevels = []string{"SLSA_BUILD_LEVEL_3"} }, "levels"},
		"a policy digest": {func(f *forge) {
			f.p.Policy.Digest = map[string]string{"sha256": strings.Repeat("00", 32)}
		}, "policy digest"},
		"an input more":      {func(f *forge) { f.d.Inputs = append(f.d.Inputs, 0) }, "counted events"},
		"an attestation":     {func(f *forge) { f.p.InputAttestations = f.p.InputAttestations[:1] }, "counted events"},
		"a vote less":        {func(f *forge) { f.d.Votes = f.d.Votes[1:] }, "counted votes"},
		"a vote that counts": {func(f *forge) { f.d.Votes[0].Principal = "cy" }, "counted votes"},
		"another time":       {func(f *forge) { f.d.Now = "2026-03-02T08:00:00Z" }, "time"},
		"another clock":      {func(f *forge) { f.d.Clock = "witness" }, "time"},
		"a run":              {func(f *forge) { f.d.UsedBy = "6" }, "consumption"},
		"other subjects":     {func(f *forge) { f.subjects = append(f.subjects, file("more", otherSum)...) }, "subjects"},
		"a head of its own":  {func(f *forge) { f.d.Head.Root = strings.Repeat("00", 32) }, "not made from the entries"},
		"an older head":      {func(f *forge) { f.d.Head.Size-- }, "not made from the entries"},
		"a longer head":      {func(f *forge) { f.d.Head.Size += 2 }, "not made from the entries"},
		"no time":            {func(f *forge) { f.p.TimeVerified = "soon" }, "not made from the entries"},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newWorld(t)
			w.evidence()
			id := w.ask("production")
			w.vote("ana", id, vote.Approve)
			w.vote("bob", id, vote.Approve)
			p, d := w.decision(id, "7")
			f := &forge{p, d, app()}
			c.change(f)
			raw, err := canon.Marshal(f.d)
			w.must(err)
			f.p.Decision = raw
			at := w.log("gate", "decision", f.subjects, f.p)
			w.consume(id, "7")
			got := w.trace()
			s := stepAt(t, got, at)
			if got.Verdict != custody.Tampered || s.State != custody.Rejected ||
				!strings.Contains(s.Why, "the decision does not follow from the ledger") || !strings.Contains(s.Why, c.part) {
				t.Errorf("%s: %q, step %s: %q; want %q", got.Verdict, got.Why, s.State, s.Why, c.part)
			}
			if standing(t, got, "production").Allowed {
				t.Error("it is allowed all the same")
			}
		})
	}
}

func TestAllowedWithoutTheVotesIsTampering(t *testing.T) {
	w := newWorld(t)
	w.evidence()
	id := w.ask("production")
	w.vote("ana", id, vote.Approve)
	w.vote("bob", id, vote.Approve)
	p, d := w.decision(id, "7")
	// Another ledger: the same request, but bob never voted.
	w.events = w.events[:len(w.events)-1]
	d.Head = w.head()
	raw, err := canon.Marshal(d)
	w.must(err)
	p.Decision = raw
	w.log("gate", "decision", app(), p)
	w.consume(id, "7")
	if c := w.trace(); c.Verdict != custody.Tampered || !strings.Contains(c.Why, "does not follow from the ledger") {
		t.Errorf("%s: %s", c.Verdict, c.Why)
	}
}

func TestOtherWordsAreNoTampering(t *testing.T) {
	w := newWorld(t)
	w.evidence()
	id := w.ask("production")
	w.vote("ana", id, vote.Approve)
	w.vote("bob", id, vote.Approve)
	p, d := w.decision(id, "7")
	d.Why = "an older program said it like this"
	raw, err := canon.Marshal(d)
	w.must(err)
	p.Decision = raw
	at := w.log("gate", "decision", app(), p)
	w.consume(id, "7")
	c := w.trace()
	if c.Verdict != custody.Holds || !strings.Contains(found(c), "note: entry #7 (decision): the recorded explanation is worded differently") {
		t.Errorf("%s: %s\n%s", c.Verdict, c.Why, found(c))
	}
	if s := stepAt(t, c, at); strings.Contains(s.Summary, "older program") {
		t.Errorf("the recorded words are shown: %s", s.Summary)
	}
}

func TestADecisionOfAnotherRequest(t *testing.T) {
	w := newWorld(t)
	id := w.allowed()
	p, d := w.decision(id, "8")
	d.Request = strings.Repeat("ab", 32)
	d.Head = w.head()
	raw, err := canon.Marshal(d)
	w.must(err)
	p.Decision = raw
	w.log("gate", "decision", app(), p)
	if c := w.trace(); c.Verdict != custody.Tampered || !strings.Contains(c.Why, "no request "+d.Request) {
		t.Errorf("%s: %s", c.Verdict, c.Why)
	}
}

func TestAnotherPolicyIsNotTampering(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	w.policy = w.parse(strings.Replace(policyText, "max-age: 24h", "max-age: 12h", 1))
	c := w.trace()
	if c.Verdict != custody.No || !strings.Contains(stepAt(t, c, 7).Why, "made under another policy for production") {
		t.Errorf("%s: %s\n%s", c.Verdict, c.Why, found(c))
	}
}
