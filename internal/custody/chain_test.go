// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/vote"
)

// followed has ana of security approve the next policy.
const followed = policyText + `
policy-change: {require: [{role: security, count: 1}]}
`

// newChained is a world whose verifier follows the chain of policies.
func newChained(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.policy = w.parse(followed)
	w.began = w.policy
	return w
}

// follow gives in the chain as it stands.
func (w *world) follow(in *custody.Input) {
	w.t.Helper()
	chain, err := policy.Follow(w.began, 0, in.Events, in.Root, func(sum string) ([]byte, error) {
		raw, err := hex.DecodeString(sum)
		if err != nil || len(raw) != sha256.Size {
			return nil, errors.New("no digest")
		}
		return in.Blob([sha256.Size]byte(raw))
	})
	if err != nil && !errors.Is(err, policy.ErrUnfollowed) {
		w.t.Fatal(err)
	}
	in.Chain, in.Policy = &chain, nil
}

// edit is the policy with a text in the place of another.
func (w *world) edit(pairs ...string) *policy.Policy {
	w.t.Helper()
	p, err := policy.Parse([]byte(strings.NewReplacer(pairs...).Replace(string(w.policy.Source))))
	w.must(err)
	return p
}

// approve has a policy approved by these people, and logs that it is in force.
func (w *world) approve(next *policy.Policy, people ...string) uint64 {
	w.t.Helper()
	at := w.propose(next, people...)
	w.policy = next
	return at
}

// propose is approve, whatever comes of it.
func (w *world) propose(next *policy.Policy, people ...string) uint64 {
	w.t.Helper()
	subjects := []event.Subject{event.PolicySubject(next.Digest)}
	r := w.requestFor(policy.ChangeEnvironment)
	r.Subjects = subjects
	id := w.askAs("gate", r)
	for _, who := range people {
		w.vote(who, id, vote.Approve)
	}
	p, d := w.decided(id)
	w.log("gate", "decision", subjects, p)
	if d.Verdict == policy.Allowed {
		w.consume(id, "9")
	}
	return w.announce(next, id)
}

// decided is the gate's answer, pending ones taken for a lie.
func (w *world) decided(id string) (event.DecisionPredicate, policy.Decision) {
	w.t.Helper()
	w.tick()
	in := policy.Input{Policy: w.policy, Request: id, Events: w.events, Head: w.head(), Now: w.clock, Run: "9"}
	d, err := policy.Evaluate(in)
	w.must(err)
	said := d
	said.Verdict = policy.Allowed
	p, err := policy.Summary(in, w.asked(id), said)
	w.must(err)
	return p, d
}

func (w *world) announce(next *policy.Policy, id string) uint64 {
	w.t.Helper()
	w.blobs[sha256.Sum256(next.Source)] = next.Source
	return w.log("gate", "policy", []event.Subject{event.PolicySubject(next.Digest)}, event.PolicyPredicate{
		Ledger: "q7d4", Previous: w.policy.Digest, Policy: next.Digest, Request: id, Context: w.context(),
	})
}

func TestWithAChainThatNeverChanged(t *testing.T) {
	w := newChained(t)
	w.deploy("production", event.Healthy, w.allowed())
	c := w.trace()
	if c.Verdict != custody.Holds || len(c.Findings) > 0 || c.Policy != w.policy.Digest {
		t.Errorf("%s: %s\n%s", c.Verdict, c.Why, found(c))
	}
}

// TestDecisionsAreMadeAgainUnderThePolicyOfTheirTime: cy approves, then loses
// the role by a change of policy.
func TestDecisionsAreMadeAgainUnderThePolicyOfTheirTime(t *testing.T) {
	w := newChained(t)
	w.evidence()
	first := w.ask("production")
	w.vote("ana", first, vote.Approve)
	w.vote("cy", first, vote.Approve)
	before := w.gate(first, "7")
	changed := w.approve(w.edit("max-age: 24h", "max-age: 23h", "roles: [lead]}\nenvironments", "roles: [guest]}\nenvironments"), "ana")
	second := w.ask("production")
	w.vote("ana", second, vote.Approve)
	w.vote("bob", second, vote.Approve)
	after := w.gate(second, "8")

	c := w.trace()
	if c.Verdict != custody.Holds || c.Policy != w.policy.Digest {
		t.Fatalf("%s: %s\n%s\n%s", c.Verdict, c.Why, story(c), found(c))
	}
	for _, at := range []uint64{before, after} {
		if s := stepAt(t, c, at); s.State != custody.Proven || !strings.HasPrefix(s.Why, "made again") {
			t.Errorf("decision #%d is %s: %s", at, s.State, s.Why)
		}
	}
	s := stepAt(t, c, changed)
	if s.Kind != "policy" || s.Who != "gate" || s.State != custody.Proven || s.Why != "approved by ana" {
		t.Errorf("%+v", s)
	}
	want := fmt.Sprintf("note: policy changed at #%d, approved by ana: sha256:%.12s after sha256:%.12s", changed, w.policy.Digest, w.began.Digest)
	if found(c) != want {
		t.Errorf("findings:\n%s\nwant\n%s", found(c), want)
	}
	order := story(c)
	if a, b, d := strings.Index(order, fmt.Sprintf("decision #%d", before)), strings.Index(order, "policy #"), strings.Index(order, fmt.Sprintf("decision #%d", after)); a > b || b > d {
		t.Errorf("the change does not stand between the decisions:\n%s", order)
	}
	if s := standing(t, c, "production"); *s.Decision != after {
		t.Errorf("%+v", s)
	}
}

// TestUnderOnePolicyTheOtherDecisionIsAnothers: without a chain a verifier
// knows one policy only, as ever.
func TestUnderOnePolicyTheOtherDecisionIsAnothers(t *testing.T) {
	w := newChained(t)
	w.allowed()
	w.approve(w.edit("max-age: 24h", "max-age: 23h"), "ana")
	w.began = nil
	c := w.trace()
	if c.Verdict != custody.No || !strings.Contains(found(c), "untrusted: entry #7 (decision): it was made under another policy for production: ") {
		t.Errorf("%s: %s\n%s", c.Verdict, c.Why, found(c))
	}
}

// A change is a story about a policy that may or may not come into force.
type change struct {
	story   func(w *world)
	verdict custody.Verdict
	why     string // part of the findings
}

func TestPoliciesThatWereNeverInForce(t *testing.T) {
	lax := func(w *world) *policy.Policy {
		return w.edit("{role: security, count: 1}, {role: lead, count: 1}", "{role: lead, count: 1}")
	}
	for fact, c := range map[string]change{
		"a decision under a policy that nobody approved": {func(w *world) {
			w.evidence()
			w.policy = lax(w)
			id := w.ask("production")
			w.vote("bob", id, vote.Approve)
			w.gate(id, "7")
		}, custody.No, "which was never in force in this ledger"},
		"a policy event that nobody approved": {func(w *world) {
			w.evidence()
			w.propose(lax(w))
			w.policy = lax(w)
			id := w.ask("production")
			w.vote("bob", id, vote.Approve)
			w.gate(id, "7")
		}, custody.No, "changed nothing: "},
		"one that a person without the role approved": {func(w *world) {
			w.allowed()
			w.propose(lax(w), "bob")
		}, custody.Holds, "changed nothing: "},
		"one that a stranger logged": {func(w *world) {
			w.allowed()
			next := lax(w)
			w.log("mallory", "policy", []event.Subject{event.PolicySubject(next.Digest)}, event.PolicyPredicate{
				Ledger: "q7d4", Previous: w.policy.Digest, Policy: next.Digest, Request: strings.Repeat("ab", 32), Context: w.context(),
			})
		}, custody.Holds, "untrusted: the policy event #9 changed nothing: "},
		"a decision under the policy before the change": {func(w *world) {
			w.evidence()
			id := w.ask("production")
			w.vote("ana", id, vote.Approve)
			w.vote("bob", id, vote.Approve)
			old := w.policy
			w.approve(w.edit("max-age: 24h", "max-age: 23h"), "ana")
			w.policy = old
			w.gate(id, "7")
		}, custody.No, "and that one ended at #"},
		"a decision under a policy that was still to come": {func(w *world) {
			w.evidence()
			old, next := w.policy, lax(w)
			w.policy = next
			id := w.ask("production")
			w.vote("bob", id, vote.Approve)
			w.gate(id, "7")
			w.policy = old
			w.approve(next, "ana")
		}, custody.No, "and that one came into force at #"},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newChained(t)
			c.story(w)
			got := w.trace()
			if got.Verdict != c.verdict || !strings.Contains(found(got), c.why) {
				t.Errorf("%s: %s\n%s\n%s", got.Verdict, got.Why, story(got), found(got))
			}
		})
	}
}

// TestAChangeThatNobodyCanCheck: the text of an approved policy is gone.
func TestAChangeThatNobodyCanCheck(t *testing.T) {
	w := newChained(t)
	w.allowed()
	at := w.approve(w.edit("max-age: 24h", "max-age: 23h"), "ana")
	second := w.ask("production")
	w.vote("ana", second, vote.Approve)
	w.vote("bob", second, vote.Approve)
	w.gate(second, "8")
	delete(w.blobs, sha256.Sum256(w.policy.Source))
	for question, ask := range questions {
		c, err := ask(w.input())
		w.must(err)
		if c.Verdict != custody.Incomplete || !strings.Contains(found(c), fmt.Sprintf("missing: nobody could find out which policy is in force after #%d", at)) {
			t.Errorf("%s: %s: %s\n%s", question, c.Verdict, c.Why, found(c))
		}
	}
}

func TestAnEmptyChain(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	in := w.input()
	in.Chain = &policy.Chain{}
	if _, err := custody.Trace(in); err == nil {
		t.Error("an empty chain, and no error")
	}
}

// TestSignersOfTheirTime: who signed is a question to the policy in force when
// the entry was logged, or to a later one, and never to an earlier one.
func TestSignersOfTheirTime(t *testing.T) {
	w := newChained(t)
	key := event.KeyID(w.signers["mallory"].Verifier())
	early := w.build("mallory", app())
	w.evidence()
	w.approve(w.edit("signers:", fmt.Sprintf("signers:\n  mallory: {key: %q}", key)), "ana")
	named := w.build("mallory", app())
	w.approve(w.edit(fmt.Sprintf("\n  mallory: {key: %q}", key), ""), "ana")
	late := w.build("mallory", app())
	c := w.trace()
	for at, want := range map[uint64]custody.State{early: custody.Proven, named: custody.Proven, late: custody.Rejected} {
		if s := stepAt(t, c, at); s.State != want {
			t.Errorf("#%d is %s by %q, want %s", at, s.State, s.Who, want)
		}
	}
}

// TestVetoesOfTheirTime: a deny stands though its author has left since, and
// counts by whoever may veto by now.
func TestVetoesOfTheirTime(t *testing.T) {
	for fact, c := range map[string]change{
		"its author left": {func(w *world) {
			w.vote("bob", w.allowed(), vote.Deny)
			w.approve(w.edit("roles: [lead]}\n  cy", "roles: [guest]}\n  cy"), "ana")
		}, custody.No, ""},
		"its author joined before": {func(w *world) {
			id := w.allowed()
			w.approve(w.join("eve"), "ana")
			w.vote("eve", id, vote.Deny)
		}, custody.No, ""},
		"its author joined since": {func(w *world) {
			w.vote("eve", w.allowed(), vote.Deny)
			w.approve(w.join("eve"), "ana")
		}, custody.No, ""},
		"its author had left before": {func(w *world) {
			id := w.allowed()
			w.approve(w.edit("roles: [lead]}\n  cy", "roles: [guest]}\n  cy"), "ana")
			w.vote("bob", id, vote.Deny)
		}, custody.Holds, ""},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newChained(t)
			c.story(w)
			if got := w.permission("production"); got.Verdict != c.verdict {
				t.Errorf("%s: %s\n%s", got.Verdict, got.Why, found(got))
			}
		})
	}
}

// join is the policy with somebody more who leads.
func (w *world) join(who string) *policy.Policy {
	return w.edit("principals:", "principals:\n  "+who+": {keys: [{ssh: \""+sshLine(w.people[who].PublicKey())+"\"}], roles: [lead]}")
}

// TestEnvironmentsOfTheirTime: whether a deployment needed a decision is a
// question to the policy of its time.
func TestEnvironmentsOfTheirTime(t *testing.T) {
	strict := func(w *world) *policy.Policy {
		return w.edit("    auto: true", "    require: [{role: lead, count: 1}]")
	}
	for fact, c := range map[string]change{
		"before it asked for anything": {func(w *world) {
			id := w.allowed()
			w.deploy("staging", event.Healthy, "")
			w.approve(strict(w), "ana")
			w.deploy("production", event.Healthy, id)
		}, custody.Holds, ""},
		"since": {func(w *world) {
			id := w.allowed()
			w.approve(strict(w), "ana")
			w.deploy("staging", event.Healthy, "")
			w.deploy("production", event.Healthy, id)
		}, custody.No, "without a decision that allowed it"},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newChained(t)
			c.story(w)
			if got := w.trace(); got.Verdict != c.verdict || !strings.Contains(found(got), c.why) {
				t.Errorf("%s: %s\n%s", got.Verdict, got.Why, found(got))
			}
		})
	}
}

// TestTheStoryOfAPolicy: a policy's file is an artifact like any other.
func TestTheStoryOfAPolicy(t *testing.T) {
	w := newChained(t)
	w.evidence()
	at := w.approve(w.edit("max-age: 24h", "max-age: 23h"), "ana")
	in := w.input()
	in.Digest, in.Name = event.Digest{Alg: "sha256", Hex: w.policy.Digest}, ""
	c, err := custody.Trace(in)
	w.must(err)
	if s := stepAt(t, c, at); s.Kind != "policy" || s.Why != "approved by ana" {
		t.Errorf("%+v", s)
	}
	if !slices.ContainsFunc(c.Steps, func(s custody.Step) bool { return s.Kind == "vote" && s.Who == "ana" && s.State == custody.Proven }) {
		t.Errorf("ana's vote is missing:\n%s", story(c))
	}
	if c.Verdict != custody.Holds {
		t.Errorf("%s: %s\n%s", c.Verdict, c.Why, found(c))
	}
}

// TestTheFirstPolicyIsNoChange: the event by which a ledger began changes
// nothing for who trusts it.
func TestTheFirstPolicyIsNoChange(t *testing.T) {
	w := newChained(t)
	w.log("gate", "policy", []event.Subject{event.PolicySubject(w.policy.Digest)}, event.PolicyPredicate{
		Ledger: "q7d4", Previous: event.NoPrevious, Policy: w.policy.Digest, Context: w.context(),
	})
	w.allowed()
	if c := w.trace(); c.Verdict != custody.Holds || len(c.Findings) > 0 || strings.Contains(story(c), "policy") {
		t.Errorf("%s: %s\n%s\n%s", c.Verdict, c.Why, story(c), found(c))
	}
}
