// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

// let has a gate decide on a request and log what it answered, as it would: a
// decision, and where it allowed the request its consumption.
func let(name string) step { return letIn(name, "production") }

// letIn is let for an environment.
func letIn(name, environment string) step {
	return func(w *world) {
		w.Helper()
		in := Input{
			Policy: w.p, Request: w.ids[name], Events: w.events, Now: w.now, Run: "run-1",
			Head: event.Checkpoint{Size: uint64(len(w.events)), Root: strings.Repeat("0", 64)},
		}
		d, err := Evaluate(in)
		if err != nil || d.Verdict != Allowed {
			w.Fatalf("%s is %s: %s, %v", name, d.Verdict, d.Why, err)
		}
		s, err := Summary(in, w.asked[name], d)
		if err != nil {
			w.Fatal(err)
		}
		w.log("gate", event.DecisionType, w.asked[name].Subjects, s)
		consume(of(name), into(environment), about(w.asked[name].Subjects...))(w)
	}
}

func play(steps ...[]step) []step { return slices.Concat(steps...) }

// broke is a break-glass that dave let through and a run used up: #2 to #5.
func broke() []step {
	return []step{commitBy("otto@x.org"), build(), glass("b1"), approve("dave", of("b1")), let("b1")}
}

// next is the usual request after it, with all the votes it takes.
func next(more ...step) []step {
	return append([]step{request("r1"), approve("dave"), approve("alice"), approve("bob")}, more...)
}

// settledBy are votes on the break-glass.
func settledBy(who ...string) []step {
	var all []step
	for _, name := range who {
		all = append(all, approve(name, of("b1")))
	}
	return all
}

func TestDebtHoldsTheNextOneBack(t *testing.T) {
	const open = "missing: unsettled break-glass of "
	authors := strings.Replace(glassRules, "gate: gate", "gate: gate\n    exclude: [author]", 1)
	check(t, map[string]fact{
		"I5: the next usual one waits":                {glassRules, play(broke(), next()), Pending, open},
		"for the seats that are not filled":           {glassRules, play(broke(), next()), Pending, "needs 2 approvals by lead; due 2026-03-04T10:"},
		"who let it through counts, in another role":  {glassRules, play(broke(), next()), Pending, "from alice,bob,carol"},
		"until those who usually approve have":        {glassRules, play(broke(), settledBy("bob", "carol"), next()), Allowed, "is settled by bob, carol and dave"},
		"and it is late when they do":                 {glassRules, play(broke(), next(), settledBy("bob", "carol")), Allowed, "every rule is met"},
		"one is not enough":                           {glassRules, play(broke(), settledBy("bob"), next()), Pending, "needs 1 more approval by lead"},
		"the same person twice is one":                {glassRules, play(broke(), settledBy("bob", "bob"), next()), Pending, "needs 1 more approval by lead"},
		"the same person with two keys is one":        {glassRules, play(broke(), settledBy("alice"), []step{approve("alice", of("b1"), withKey("alice2"))}, next()), Pending, "needs 1 more approval by lead"},
		"a stranger settles nothing":                  {glassRules, play(broke(), settledBy("bob", "mallory"), next()), Pending, "needs 1 more approval by lead"},
		"a role that is not asked settles nothing":    {glassRules, play(broke(), settledBy("bob", "guest"), next()), Pending, "needs 1 more approval by lead"},
		"a deny never settles":                        {glassRules, play(broke(), settledBy("bob"), []step{deny("carol", of("b1"), about())}, []step{request("r1", about(artifact("new"))), approve("dave"), approve("alice"), approve("bob")}), Pending, "needs 1 more approval by lead"},
		"nor an approval taken back":                  {glassRules, play(broke(), settledBy("bob", "carol"), []step{revoke("carol", of("b1"))}, next()), Pending, "needs 1 more approval by lead"},
		"votes for the usual request settle nothing":  {glassRules, play(broke(), next(approve("carol"))), Pending, open},
		"votes for an earlier usual request neither":  {glassRules, play([]step{commitBy("otto@x.org"), build(), request("u1"), approve("bob", of("u1")), approve("carol", of("u1")), glass("b1"), approve("dave", of("b1")), let("b1")}, next()), Pending, "needs 2 approvals by lead"},
		"nor a vote that names other bytes":           {glassRules, play(broke(), settledBy("bob"), []step{glass("b2", about(artifact("x"))), approve("carol", of("b2"))}, next()), Pending, "needs 1 more approval by lead"},
		"whoever wrote it does not settle it":         {authors, play([]step{commitBy("bob@x.org"), build(), glass("b1"), approve("dave", of("b1")), let("b1")}, settledBy("bob", "carol"), []step{request("r1"), approve("dave"), approve("alice"), approve("carol")}), Pending, "needs 1 more approval by lead"},
		"somebody else does":                          {authors, play([]step{commitBy("bob@x.org"), build(), glass("b1"), approve("dave", of("b1")), let("b1")}, settledBy("bob", "carol", "alice"), []step{request("r1"), approve("dave"), approve("alice"), approve("carol")}), Allowed, "every rule"},
		"a key that ended does not settle":            {glassRules, play(broke(), settledBy("bob", "gina"), next()), Pending, "needs 1 more approval by lead"},
		"votes do not age":                            {glassRules, play(broke(), settledBy("bob", "carol"), []step{at("2026-03-03T12:00:00Z"), request("r1"), approve("dave", made("2026-03-03T11:00:00Z")), approve("alice", made("2026-03-03T11:00:00Z")), approve("bob", made("2026-03-03T11:00:00Z"))}), Allowed, "every rule"},
		"past its time it stays, and is overdue":      {glassRules, play(broke(), next(at("2026-03-04T10:05:00Z"))), Pending, "OVERDUE since 2026-03-04T10:04:00Z"},
		"and is settled late":                         {glassRules, play(broke(), settledBy("bob", "carol"), []step{at("2026-03-06T12:00:00Z"), request("r1", made("2026-03-06T11:00:00Z"), asking(func(p *event.RequestPredicate) { p.Expires = "2026-03-07T00:00:00Z" })), approve("dave", made("2026-03-06T11:30:00Z")), approve("alice", made("2026-03-06T11:30:00Z")), approve("bob", made("2026-03-06T11:30:00Z"))}), Allowed, "every rule"},
		"one that was not used up is none":            {glassRules, play([]step{commitBy("otto@x.org"), build(), glass("b1"), approve("dave", of("b1"))}, next()), Allowed, "every rule"},
		"another emergency is let through":            {glassRules, play(broke(), []step{glass("r1", breaking("again", "INC-8")), approve("guest")}), Allowed, "a request to break the glass is not held back by it"},
		"and the first debt is listed":                {glassRules, play(broke(), []step{glass("r1", breaking("again", "INC-8")), approve("guest")}), Allowed, `skipped: the break-glass used up at #5 is settled: unsettled break-glass of `},
		"a debt beside a veto is a veto":              {glassRules, play(broke(), next(deny("carol"))), Denied, "denied by carol"},
		"a debt beside a missing vote":                {glassRules, play(broke(), []step{request("r1"), approve("dave"), approve("alice")}), Pending, "1 more approval by lead; unsettled break-glass"},
		"a rollback does not settle":                  {glassRules, play(broke(), []step{deploy(of("b1")), deploy(of("b1"), ended(event.RolledBack))}, next()), Pending, open},
		"a run of the usual request resumes after it": {glassRules, play(usual(approve("dave"), approve("alice"), approve("bob"), let("r1"), glass("b1"), approve("guest", of("b1")), let("b1"))), Pending, open},
		"the policy dropped break-glass meanwhile":    {glassRules, play(broke(), []step{policyBecomes(rulesOfTests)}, next()), Pending, "needs 2 approvals by lead"},
		"the policy asks for fewer meanwhile":         {glassRules, play(broke(), []step{policyBecomes(strings.Replace(glassRules, "role: lead, count: 2", "role: lead, count: 1", 1))}, settledBy("bob"), next()), Allowed, "every rule"},
		"the policy asks for nobody meanwhile":        {glassRules, play(broke(), []step{policyBecomes("\n    auto: true\n    gate: gate\n"), request("r1")}), Allowed, "the policy asks for nobody"},
		"the gate's key is another's meanwhile":       {glassRules, play(broke(), []step{policyBecomes(strings.Replace(glassRules, "gate: gate", "gate: ci", 1)), request("r1", by("ci")), approve("dave"), approve("alice"), approve("bob")}), Pending, open},
	})
}

func TestDebtsAddUp(t *testing.T) {
	two := play(broke(), []step{glass("b2", breaking("again", "INC-8")), approve("guest", of("b2")), let("b2")})
	second := []step{approve("alice", of("b2")), approve("bob", of("b2")), approve("carol", of("b2"))}
	check(t, map[string]fact{
		"two are open":                    {glassRules, play(two, next()), Pending, `("INC-8"): needs 1 approval by security, 2 approvals by lead`},
		"the first alone is settled":      {glassRules, play(two, settledBy("bob", "carol"), next()), Pending, `("INC-8")`},
		"the second alone is settled":     {glassRules, play(two, second, next()), Pending, `("INC-7")`},
		"both are settled":                {glassRules, play(two, settledBy("bob", "carol"), second, next()), Allowed, "every rule"},
		"votes for one do not settle two": {glassRules, play(two, settledBy("alice", "bob", "carol"), next()), Pending, `("INC-8"): needs 1 approval by security, 2 approvals by lead`},
	})
	d := newWorld(t, glassRules).play(play(two, settledBy("bob", "carol"), next())...).evaluate()
	if len(d.Debts) != 2 || !d.Debts[0].Settled || d.Debts[1].Settled || d.Debts[0].Index >= d.Debts[1].Index || d.Missing[0].Request != d.Debts[1].Request {
		t.Errorf("%+v", d.Debts)
	}
}

// After a usual deployment that a gate let through, what was settled before it
// is settled for good: people may come and go.
func TestUsualDeploymentEndsDebts(t *testing.T) {
	settled := play(broke(), settledBy("bob", "carol"), []step{request("u1"), approve("dave", of("u1")), approve("alice", of("u1")), approve("bob", of("u1")), let("u1")})
	without := strings.Replace(glassRules, "role: lead, count: 2", "role: lead, count: 1", 1)
	check(t, map[string]fact{
		"and a vote is taken back":                    {glassRules, play(settled, []step{revoke("carol", of("b1"))}, next()), Allowed, "every rule"},
		"a new one opens a new debt":                  {glassRules, play(settled, []step{glass("b2"), approve("guest", of("b2")), let("b2")}, next()), Pending, "needs 1 approval by security, 2 approvals by lead"},
		"one that no decision let through ends none":  {glassRules, play(broke(), []step{request("u1"), consume(of("u1"))}, next()), Pending, "unsettled break-glass"},
		"nor one by a machine that is no gate":        {glassRules, play(broke(), []step{request("u1"), consume(of("u1"), by("ci"))}, next()), Pending, "unsettled break-glass"},
		"nor one before it":                           {glassRules, play(usual(approve("dave"), approve("alice"), approve("bob"), let("r1")), []step{glass("b1"), approve("guest", of("b1")), let("b1")}, next(asRun("run-2"))), Pending, "unsettled break-glass"},
		"by fewer people, and a policy that let them": {without, play(broke(), settledBy("bob"), []step{request("u1"), approve("dave", of("u1")), approve("alice", of("u1")), let("u1"), policyBecomes(glassRules)}, next()), Allowed, "every rule"},
	})
}

func TestDebtOfElsewhere(t *testing.T) {
	other := func(f func(*event.RequestPredicate)) []step {
		return []step{commitBy("otto@x.org"), build(), glass("b1", asking(f)), approve("dave", of("b1"))}
	}
	stranger := func(name string) step { return consume(of("b1"), by(name)) }
	check(t, map[string]fact{
		"of another repository": {glassRules, play(other(func(p *event.RequestPredicate) { p.RepositoryID = "8" }), []step{let("b1")}, next()), Allowed, "every rule"},
		"of another host":       {glassRules, play(other(func(p *event.RequestPredicate) { p.Host = "github.com" }), []step{let("b1")}, next()), Allowed, "every rule"},
		"of another ledger":     {glassRules, play(other(func(p *event.RequestPredicate) { p.Ledger = "other" }), []step{consume(of("b1"))}, next()), Allowed, "every rule"},
		"a usual deployment of another repository ends none": {glassRules, play(broke(), []step{
			request("u1", asking(func(p *event.RequestPredicate) { p.RepositoryID = "8" })),
			approve("dave", of("u1")), approve("alice", of("u1")), approve("bob", of("u1")), let("u1"),
		}, next()), Pending, "unsettled break-glass"},
		"replayed in another environment": {glassRules, play(other(func(*event.RequestPredicate) {}), []step{consume(of("b1"), into("staging"))}, next()), Allowed, "every rule"},
		"asked for another environment":   {glassRules, play(other(func(p *event.RequestPredicate) { p.Environment = "staging" }), []step{consume(of("b1"), into("staging"))}, next()), Allowed, "every rule"},
		"used up by whoever it was":       {glassRules, play(broke()[:4], []step{stranger("stranger")}, next()), Pending, "unsettled break-glass"},
		"by a signature that is broken":   {glassRules, play(broke()[:4], []step{stranger("stranger"), breakLast}, next()), Allowed, "every rule"},
	})
}

func TestDebts(t *testing.T) {
	list := func(w *world) []Debt {
		t.Helper()
		all, err := Debts(Input{Policy: w.p, Events: w.events, Now: w.now, Head: event.Checkpoint{Size: uint64(len(w.events)), Root: strings.Repeat("0", 64)}})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if all := list(newWorld(t, glassRules).play(quorum()...)); all != nil {
		t.Errorf("debts of nothing: %+v", all)
	}
	w := newWorld(t, glassRules).play(play(broke(), []step{
		glass("b2", asking(func(p *event.RequestPredicate) { p.RepositoryID = "8" })), approve("guest", of("b2")), let("b2"),
	}, settledBy("bob"))...)
	all := list(w)
	if len(all) != 2 || all[0].RepositoryID != "7" || all[1].RepositoryID != "8" || all[0].Request != w.ids["b1"] {
		t.Fatalf("%+v", all)
	}
	d := all[0]
	if d.Settled || d.Overdue || d.Run != "run-1" || d.Reason != "checkout is down" || d.Ticket != "INC-7" || !slices.Equal(d.By, []string{"bob", "dave"}) || len(d.Votes) != 2 || len(d.Missing) != 1 {
		t.Errorf("%+v", d)
	}
	used, err := time.Parse(time.RFC3339, d.Used)
	if err != nil || d.Due != used.Add(72*time.Hour).Format(time.RFC3339) {
		t.Errorf("used %s, due %s, %v", d.Used, d.Due, err)
	}
	w.now = used.Add(72*time.Hour - time.Second)
	if list(w)[0].Overdue {
		t.Error("overdue a second before it is")
	}
	w.now = used.Add(72 * time.Hour)
	if d := list(w)[0]; !d.Overdue || !strings.Contains(d.Line(), "; OVERDUE since "+d.Due) {
		t.Errorf("not overdue when it is: %s", d.Line())
	}
	if _, err := Debts(Input{Policy: w.p, Events: w.events}); err == nil {
		t.Error("debts of half a ledger")
	}
}

// A vote that nobody can check could be one that is missed, or a revoke.
func TestDebtInDoubt(t *testing.T) {
	rules := strings.Replace(certifiedRules, "gate: gate", "gate: gate", 1) + glassKey
	checkCertified(t, map[string]fact{
		"settled by certificate":        {rules, play(broke(), settledBy("bob", "kim"), next()), Allowed, "is settled by bob, dave and kim"},
		"by one nobody can check":       {rules, play(broke(), settledBy("bob"), []step{approve("kim", of("b1"), undated)}, next()), Pending, "unknown: unsettled break-glass of "},
		"revoked, nobody knows by whom": {rules, play(broke(), settledBy("bob", "carol"), []step{revoke("kim", of("b1"), undated)}, next()), Pending, "could not find out"},
	})
}
