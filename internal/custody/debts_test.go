// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

// glassPolicy lets cy, who leads, let something through in an emergency.
var glassPolicy = strings.NewReplacer(
	"cy: {keys: [{ssh: \"CY\"}], roles: [lead]}", "cy: {keys: [{ssh: \"CY\"}], roles: [lead, incident]}",
	"    max-age: 24h\n", "    max-age: 24h\n    evidence: [{event: test, result: passed, by: ci}]\n    break-glass: {role: incident, count: 1, require: [reason, ticket], settle-within: 72h}\n",
).Replace(policyText)

func (w *world) urgent() event.RequestPredicate {
	p := w.requestFor("production")
	p.BreakGlass = &event.BreakGlass{Reason: "checkout is down", Ticket: "INC-7"}
	return p
}

// broke lets the app through in an emergency, without a test.
func (w *world) broke() (id string, decision uint64) {
	w.policy = w.parse(glassPolicy)
	w.commit()
	w.build("ci", app())
	id = w.askAs("gate", w.urgent())
	w.vote("cy", id, vote.Approve)
	decision = w.gate(id, "7")
	w.deploy("production", event.Healthy, id)
	return id, decision
}

func (w *world) ask3(environment string) (decision, current, trace custody.Chain) {
	w.t.Helper()
	in := w.input()
	in.Now = w.clock
	decision, err := custody.Decision(in, environment)
	w.must(err)
	current, err = custody.Current(in, environment)
	w.must(err)
	trace, err = custody.Trace(in)
	w.must(err)
	return decision, current, trace
}

func TestBreakGlassIsToldWithItsDebt(t *testing.T) {
	w := newWorld(t)
	id, decision := w.broke()
	tell := func(settled bool, line string) {
		t.Helper()
		d, e, a := w.ask3("production")
		for name, c := range map[string]custody.Chain{"decision": d, "environment": e, "artifact": a} {
			if c.Verdict != custody.Holds || len(c.Debts) != 1 || c.Debts[0].Request != id || c.Debts[0].Settled != settled || !strings.Contains(c.Debts[0].Line(), line) {
				t.Errorf("%s: %s: %s: %+v\n%s", name, c.Verdict, c.Why, c.Debts, found(c))
			}
			if s := stepAt(t, c, decision); s.State != custody.Proven || !strings.Contains(s.Summary, `BY BREAK-GLASS ("checkout is down", ticket "INC-7"), with 1 rules waived`) {
				t.Errorf("%s: step %s: %s", name, s.State, s.Summary)
			}
			if noted := strings.Contains(found(c), "note: production: unsettled break-glass"); noted == settled {
				t.Errorf("%s: %s", name, found(c))
			}
		}
	}
	tell(false, "needs 1 approval by security; due ")
	w.vote("bob", id, vote.Approve)
	tell(false, "needs 1 approval by security")
	w.vote("ana", id, vote.Deny)
	if d, _, _ := w.ask3("production"); d.Verdict != custody.No || len(d.Debts) != 1 || d.Debts[0].Settled {
		t.Errorf("after a deny: %s: %s: %+v", d.Verdict, d.Why, d.Debts)
	}
	w.vote("ana", id, vote.Revoke)
	w.vote("ana", id, vote.Approve)
	tell(true, "is settled by ana and ")

	// and of another environment nothing is owed
	in := w.input()
	in.Now = w.clock
	if c, err := custody.Decision(in, "staging"); err != nil || len(c.Debts) != 0 {
		t.Errorf("staging owes %+v, %v", c.Debts, err)
	}
}

// Where policies do not follow each other in the ledger, nobody can tell whether an
// environment that is gone was there: a decision of then is not tampered with.
func TestDecisionsBeforeAnEnvironmentIsGone(t *testing.T) {
	w := newWorld(t)
	w.broke()
	at := w.gate(w.ask("staging"), "8")
	if d, _, _ := w.ask3("staging"); d.Verdict != custody.Holds {
		t.Fatalf("%s: %s\n%s", d.Verdict, d.Why, found(d))
	}
	w.policy = w.parse(strings.Replace(glassPolicy, "  production:", "  live:", 1))
	d, _, _ := w.ask3("staging")
	if s := stepAt(t, d, at); d.Verdict != custody.Incomplete || !strings.Contains(s.Why, "production") || !strings.Contains(s.Why, "can't be made again") {
		t.Errorf("%s: %s: %s\n%s", d.Verdict, d.Why, s.Why, found(d))
	}
}

// A usual deployment that waited for the debt is made again with it.
func TestDecisionsAfterADebtAreMadeAgain(t *testing.T) {
	w := newWorld(t)
	id, _ := w.broke()
	w.vote("bob", id, vote.Approve)
	w.vote("ana", id, vote.Approve)
	w.test(app())
	next := w.requestFor("production")
	next.Previous = digestOf(appSum).String()
	usual := w.askAs("gate", next)
	w.vote("bob", usual, vote.Approve)
	w.vote("ana", usual, vote.Approve)
	at := w.gate(usual, "8")
	d, _, _ := w.ask3("production")
	if s := stepAt(t, d, at); s.State != custody.Proven || strings.Contains(s.Summary, "BREAK-GLASS") || d.Verdict != custody.Holds {
		t.Errorf("%s: %s\n%s", d.Verdict, d.Why, found(d))
	}
	if len(d.Debts) != 1 || !strings.Contains(d.Debts[0].Line(), "a usual deployment was let through after it") {
		t.Errorf("%+v", d.Debts)
	}

	// one that says nothing of what was owed does not follow from the ledger
	w = newWorld(t)
	id, _ = w.broke()
	w.vote("bob", id, vote.Approve)
	w.vote("ana", id, vote.Approve)
	w.test(app())
	usual = w.askAs("gate", w.requestFor("production"))
	w.vote("bob", usual, vote.Approve)
	w.vote("ana", usual, vote.Approve)
	p, full := w.decision(usual, "8")
	full.Debts = nil
	raw, err := canon.Marshal(full)
	w.must(err)
	p.Decision = raw
	at = w.log("gate", "decision", w.asked(usual).Subjects, p)
	w.consume(usual, "8")
	d, _, _ = w.ask3("production")
	if s := stepAt(t, d, at); s.State != custody.Rejected || !strings.Contains(s.Why, "recorded with another debts") {
		t.Errorf("%s: %s", s.State, s.Why)
	}
}
