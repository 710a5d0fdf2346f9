// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/vote"
)

// answersTo gives every question the same answer.
func answersTo(asks []condition.Question, o condition.Outcome) condition.Answers {
	answers := condition.Answers{}
	for _, q := range asks {
		answers[q.ID()] = condition.Answer{Outcome: o, By: "a reader 1"}
	}
	return answers
}

// withCondition is a world whose production has a condition, which a gate was
// told came to so, and whose people have approved.
func withCondition(t *testing.T, says condition.Outcome) (w *world, decision uint64) {
	t.Helper()
	w = newWorld(t)
	w.policy = w.parse(strings.Replace(policyText, "    max-age: 24h\n", "    max-age: 24h\n    when: 'subject.name.startsWith(\"dist/\")'\n", 1))
	w.says = says
	w.evidence()
	id := w.ask("production")
	w.vote("ana", id, vote.Approve)
	w.vote("bob", id, vote.Approve)
	return w, w.gate(id, "7")
}

// TestConditionsAreEvaluatedAgain: a decision says that a condition held, or
// that it did not, and only the reader's own evaluator is believed.
func TestConditionsAreEvaluatedAgain(t *testing.T) {
	const unasked = condition.Outcome(-1)
	for name, c := range map[string]struct {
		gate, reader condition.Outcome
		want         custody.Verdict
		says         string
		asks         int
	}{
		"it held, and holds":                       {condition.Holds, condition.Holds, custody.Holds, "allowed in production", 0},
		"a forged yes":                             {condition.Holds, condition.Fails, custody.Tampered, "does not follow from the ledger: recorded with another verdict", 0},
		"a yes that nobody evaluates":              {condition.Holds, unasked, custody.Incomplete, "could not find out: whether when:", 1},
		"a yes that the reader can't evaluate":     {condition.Holds, condition.Unknown, custody.Incomplete, "can't be made again", 1},
		"a yes of what the reader says is no such": {condition.Holds, condition.Wrong, custody.Incomplete, "it is no condition", 1},
		"it did not hold":                          {condition.Fails, condition.Fails, custody.No, "no decision that counts allowed it", 0},
		"a no that hides a yes":                    {condition.Fails, condition.Holds, custody.Tampered, "does not follow from the ledger: recorded with another verdict", 0},
		"a no that nobody evaluates":               {condition.Fails, unasked, custody.Incomplete, "could not find out", 1},
	} {
		t.Run(name, func(t *testing.T) {
			w, at := withCondition(t, c.gate)
			in := w.input()
			first, err := custody.Trace(in)
			w.must(err)
			if len(first.Asks) != 1 || first.Verdict == custody.Holds {
				t.Fatalf("without an answer: %s: %s, asks %+v", first.Verdict, first.Why, first.Asks)
			}
			if c.reader != unasked {
				in.Conditions = answersTo(first.Asks, c.reader)
			}
			for _, ask := range []func() (custody.Chain, error){
				func() (custody.Chain, error) { return custody.Trace(in) },
				func() (custody.Chain, error) { return custody.Decision(in, "production") },
			} {
				got, err := ask()
				w.must(err)
				if got.Verdict != c.want || len(got.Asks) != c.asks || standing(t, got, "production").Allowed != (c.want == custody.Holds) {
					t.Errorf("%s: %s, asks %d; want %s", got.Verdict, got.Why, len(got.Asks), c.want)
				}
				if told := got.Why + "\n" + found(got) + "\n" + stepAt(t, got, at).Why; !strings.Contains(told, c.says) && c.says != "allowed in production" {
					t.Errorf("no %q in\n%s", c.says, told)
				}
			}
		})
	}
}

// What only has a condition asks for something: to get there without a decision
// is to get past it.
func TestWhatOnlyHasAConditionIsNotOpen(t *testing.T) {
	w := newWorld(t)
	w.policy = w.parse(strings.Replace(policyText, "    auto: true\n", "    auto: true\n    when: 'commit != \"\"'\n", 1))
	w.evidence()
	w.deploy("staging", "healthy", "")
	if c := w.trace(); c.Verdict != custody.No || standing(t, c, "staging").Bypassed == nil {
		t.Errorf("%s: %s", c.Verdict, c.Why)
	}
}
