// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// In these stories the environment shop is renamed to production, or goes, with a
// break-glass that nobody has settled.
const (
	leadsChange = "policy-change: {require: [{role: lead, count: 2}]}\n"
	withShop    = glassRules + "  shop:" + glassRules + leadsChange
	withoutShop = glassRules + leadsChange
	withLab     = glassRules + "  lab: {auto: true}\n" + leadsChange
)

// askIn is a request for an environment.
func askIn(name, environment string, edits ...editor) step {
	return func(w *world) {
		w.Helper()
		digest, err := w.p.EnvironmentDigest(environment)
		if err != nil {
			w.Fatal(err)
		}
		request(name, append([]editor{into(environment), asking(func(p *event.RequestPredicate) { p.Policy = digest })}, edits...)...)(w)
	}
}

// brokeShop is a break-glass that dave let through in shop, with the rules that
// come after it.
func brokeShop(rules string) []step {
	return []step{commitBy("otto@x.org"), build(), askIn("b1", "shop", breaking("checkout is down", "INC-7")), approve("dave", of("b1")), letIn("b1", "shop"), policyBecomes(rules)}
}

// madeUp is a usual deployment that somebody says was allowed, with b1 settled.
func madeUp(who, environment string) []step {
	return []step{func(w *world) {
		w.Helper()
		asked := w.asked["b1"]
		asked.BreakGlass, asked.Commit, asked.Environment = nil, strings.Repeat("e", 40), environment
		w.log(who, event.RequestType, asked.Subjects, asked)
		id, err := event.RequestID(asked)
		if err != nil {
			w.Fatal(err)
		}
		head := event.Checkpoint{Size: uint64(len(w.events)), Root: strings.Repeat("0", 64)}
		d := Decision{Verdict: Allowed, Request: id, Environment: environment, Head: head, Now: "2026-03-01T12:00:00Z", Rules: []Rule{}, Votes: []Vote{}, Inputs: []uint64{}}
		d.Debts = []Debt{{Request: w.ids["b1"], Environment: "shop", Settled: true, Votes: []Vote{}}}
		s, err := Summary(Input{Events: w.events}, asked, d)
		if err != nil {
			w.Fatal(err)
		}
		w.log(who, event.DecisionType, asked.Subjects, s)
		w.log(who, event.ConsumptionType, asked.Subjects, event.ConsumptionPredicate{Request: id, Environment: environment, Run: "run-2", Time: "2026-03-01T12:00:00Z"})
	}}
}

func TestDebtOfAnEnvironmentThatIsGone(t *testing.T) {
	usualIn := func(name, environment string) []step {
		return []step{askIn(name, environment), approve("dave", of(name)), approve("alice", of(name)), approve("bob", of(name)), letIn(name, environment)}
	}
	start, rename := brokeShop(withShop)[:5], policyBecomes(withoutShop)
	check(t, map[string]fact{
		"it holds back what comes in its place":        {withShop, play(brokeShop(withoutShop), next()), Pending, `("INC-7") in shop (gone from the policy): needs 2 approvals by lead`},
		"and names who may settle it":                  {withShop, play(brokeShop(withoutShop), next()), Pending, "from alice,bob,carol"},
		"an environment that asks nobody, too":         {withShop, play(brokeShop(withoutShop), []step{askIn("r1", "staging")}), Pending, "in shop (gone from the policy)"},
		"until those who may change the policy have":   {withShop, play(brokeShop(withoutShop), settledBy("bob", "carol"), next()), Allowed, "is settled by bob and carol"},
		"one of them is not enough":                    {withShop, play(brokeShop(withoutShop), settledBy("bob"), next()), Pending, "needs 1 more approval by lead"},
		"another role is not enough":                   {withShop, play(brokeShop(withoutShop), settledBy("bob", "guest"), next()), Pending, "needs 1 more approval by lead"},
		"a deny settles nothing":                       {withShop, play(brokeShop(withoutShop), settledBy("bob"), []step{deny("carol", of("b1"), about())}, []step{request("r1", about(artifact("new"))), approve("dave"), approve("alice"), approve("bob")}), Pending, "needs 1 more approval by lead"},
		"another emergency is let through":             {withShop, play(brokeShop(withoutShop), []step{glass("r1", breaking("again", "INC-8")), approve("guest")}), Allowed, "a request to break the glass is not held back by it"},
		"nobody is named who changes the policy":       {withShop, play(brokeShop(glassRules), settledBy("alice", "bob", "carol"), next()), Pending, "environment shop in the policy again, or a policy-change that names who settles it"},
		"under its old name it is settled as ever":     {withShop, play(brokeShop(glassRules), []step{policyBecomes(withShop)}, settledBy("bob", "carol"), []step{rename}, next()), Allowed, "is settled by bob and carol"},
		"as long as shop is there, production goes on": {withShop, play(start, next()), Allowed, "every rule is met"},
		"and once it is there again":                   {withShop, play(brokeShop(withoutShop), []step{policyBecomes(withShop)}, next()), Allowed, "every rule is met"},
		"a usual one in between did not ask":           {withShop, play(start, usualIn("u1", "production"), []step{rename}, next()), Pending, "in shop (gone from the policy)"},
		"one under the old name ended it":              {withShop, play(start, settledBy("bob", "carol"), usualIn("u1", "shop"), []step{revoke("carol", of("b1")), rename}, next()), Allowed, "every rule is met"},
		"one that had asked ended it for good":         {withShop, play(brokeShop(withoutShop), settledBy("bob", "carol"), usualIn("u1", "production"), []step{revoke("carol", of("b1"))}, next()), Allowed, "every rule is met"},
		"also one for another environment":             {withShop, play(brokeShop(withoutShop), settledBy("bob", "carol"), []step{askIn("u1", "staging"), letIn("u1", "staging"), revoke("carol", of("b1"))}, next()), Allowed, "every rule is met"},
		"taken back before that, it is open again":     {withShop, play(brokeShop(withoutShop), settledBy("bob", "carol"), []step{revoke("carol", of("b1"))}, next()), Pending, "needs 1 more approval by lead"},
		"no emergency ended it":                        {withShop, play(brokeShop(withoutShop), settledBy("bob", "carol"), []step{glass("b2"), approve("guest", of("b2")), let("b2"), approve("alice", of("b2")), approve("bob", of("b2")), approve("carol", of("b2")), approve("dave", of("b2")), revoke("carol", of("b1"))}, next()), Pending, "in shop"},
		"a signer that is no gate did not end it":      {withShop, play(brokeShop(withoutShop), madeUp("ci", "shop"), next()), Pending, "in shop (gone from the policy)"},
		"nor by saying that another policy was let in": {withShop, play(brokeShop(withoutShop), madeUp("ci", ChangeEnvironment), next()), Pending, "in shop (gone from the policy)"},
		"nor where everybody is a gate":                {withShop, play(brokeShop(withLab), madeUp("ci", "lab"), next()), Pending, "in shop (gone from the policy)"},
		"a gate may do that there":                     {withShop, play(brokeShop(withLab), madeUp("gate", "lab"), next()), Allowed, "every rule is met"},
		"a gate, which was one there, has ended it":    {withShop, play(brokeShop(withShop)[:5], madeUp("gate", "shop"), []step{rename}, next()), Allowed, "every rule is met"},
		"of another repository":                        {withShop, play([]step{commitBy("otto@x.org"), build(), askIn("b1", "shop", breaking("x", "INC-7"), asking(func(p *event.RequestPredicate) { p.RepositoryID = "8" })), approve("dave", of("b1")), letIn("b1", "shop"), rename}, next()), Allowed, "every rule is met"},
		"a change of policy is not held back":          {withShop, play(brokeShop(withoutShop), []step{askIn("r1", ChangeEnvironment), approve("alice"), approve("bob")}), Allowed, "a change of policy is not held back by it"},
	})
}

// They are listed as what they are.
func TestDebtsOfEnvironmentsThatAreGone(t *testing.T) {
	list := func(w *world) []Debt {
		t.Helper()
		all, err := Debts(Input{Policy: w.p, Events: w.events, Now: w.now, Head: event.Checkpoint{Size: uint64(len(w.events)), Root: strings.Repeat("0", 64)}})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	w := newWorld(t, withShop).play(brokeShop(withoutShop)...)
	all := list(w)
	if len(all) != 1 || !all[0].Gone || all[0].Settled || all[0].Environment != "shop" || all[0].Due != "" || !strings.Contains(all[0].Line(), "in shop (gone from the policy)") {
		t.Fatalf("%+v", all)
	}
	w.play(policyBecomes(glassRules))
	if all := list(w); len(all) != 1 || all[0].Settled || !strings.Contains(all[0].Line(), "environment shop in the policy again") {
		t.Errorf("%+v", all)
	}
	w.play(policyBecomes(withoutShop)).play(settledBy("bob", "carol")...)
	if all := list(w); !all[0].Settled || !all[0].Gone || all[0].Ended != nil {
		t.Errorf("%+v", all)
	}
	w.play(append(next(), let("r1"), revoke("carol", of("b1")))...)
	if all := list(w); !all[0].Settled || all[0].Ended == nil {
		t.Errorf("%+v", all)
	}
	w.play(policyBecomes(withShop))
	if all := list(w); all[0].Gone || all[0].Due == "" {
		t.Errorf("%+v", all)
	}
}
