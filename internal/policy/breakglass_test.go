// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// The rules of these stories: usually one security and two leads, and a test;
// in an emergency one guest, which dave (also security) and guest are.
const (
	glassKey   = "    break-glass: {role: guest, count: 1, require: [reason, ticket], settle-within: 72h}\n"
	glassRules = rulesOfTests + glassKey
	urgentRule = rulesOfTests + "    exclude: [author]\n    evidence: [{event: test, result: passed, by: ci}]\n" + glassKey
)

func breaking(reason, ticket string) editor {
	return asking(func(p *event.RequestPredicate) { p.BreakGlass = &event.BreakGlass{Reason: reason, Ticket: ticket} })
}

// glass is a request to break the glass.
func glass(name string, edits ...editor) step {
	return request(name, append([]editor{breaking("checkout is down", "INC-7")}, edits...)...)
}

// urgent is how a story of an emergency begins.
func urgent(more ...step) []step {
	return append([]step{commitBy("otto@x.org"), build(), glass("r1")}, more...)
}

func TestBreakGlass(t *testing.T) {
	like := strings.Replace(glassRules, "settle-within", `ticket: {pattern: "INC-[0-9]+"}, settle-within`, 1)
	reasonOnly := strings.Replace(glassRules, "[reason, ticket]", "[reason]", 1)
	check(t, map[string]fact{
		"one guest is enough":                       {glassRules, urgent(approve("guest")), Allowed, "every rule is met"},
		"nobody is not":                             {glassRules, urgent(), Pending, "missing: 1 approval by guest from dave,guest"},
		"who usually approves does not here":        {glassRules, urgent(approve("alice"), approve("bob"), approve("carol")), Pending, "rejected: alice has no role that is asked for (guest)"},
		"the same two people of one role once":      {strings.Replace(glassRules, "count: 1, require", "count: 2, require", 1), urgent(approve("guest"), approve("guest")), Pending, "1 more approval by guest"},
		"the reason is in the decision":             {glassRules, urgent(approve("guest")), Allowed, `met: the policy lets the glass be broken here: break-glass, for the reason "checkout is down", ticket "INC-7"`},
		"a policy without it":                       {rulesOfTests, urgent(approve("dave"), approve("alice"), approve("bob")), Denied, "the policy has no break-glass here"},
		"I4: no ticket, where one is asked for":     {glassRules, []step{commitBy("otto@x.org"), build(), glass("r1", breaking("x", "")), approve("guest")}, Denied, "gives no ticket"},
		"no ticket, where none is asked for":        {reasonOnly, []step{commitBy("otto@x.org"), build(), glass("r1", breaking("x", "")), approve("guest")}, Allowed, "every rule"},
		"a ticket that looks right":                 {like, urgent(approve("guest")), Allowed, "every rule"},
		"a ticket that looks wrong":                 {like, []step{commitBy("otto@x.org"), build(), glass("r1", breaking("x", "xINC-7")), approve("guest")}, Denied, "does not look as the policy asks"},
		"a veto holds":                              {glassRules, urgent(approve("guest"), deny("carol")), Denied, "denied by carol"},
		"a veto on the usual request holds":         {glassRules, append(usual(deny("carol", of("r1"))), glass("r1"), approve("guest")), Denied, "denied by carol"},
		"who has no veto has none":                  {glassRules, urgent(approve("dave"), deny("guest")), Allowed, "every rule"},
		"whoever wrote it does not let it through":  {urgentRule, []step{commitBy("dave@x.org"), build(), glass("r1"), approve("dave")}, Pending, "dave is the author"},
		"votes for the usual request":               {glassRules, append(usual(approve("guest"), approve("dave")), glass("r1")), Pending, "it is for request"},
		"votes for it are none for the usual one":   {rulesOfTests, append(urgent(approve("dave"), approve("alice"), approve("bob")), request("r1")), Pending, "2 approvals by lead"},
		"votes for another reason":                  {glassRules, urgent(approve("guest"), glass("r1", breaking("another", "INC-7"))), Pending, "it is for request"},
		"evidence is waived":                        {urgentRule, urgent(approve("guest")), Allowed, "skipped: test passed, by ci for each artifact: waived by break-glass, and not met: app: no test event is about it"},
		"evidence that is there is waived too":      {urgentRule, urgent(test(event.Passed), approve("guest")), Allowed, "waived by break-glass, and met: #3"},
		"a test that failed is waived":              {urgentRule, urgent(test(event.Failed), approve("guest")), Allowed, `waived by break-glass, and not met: app: the newest, #3, says "failed"`},
		"a freeze window is waived":                 {frozenRules(closedNow) + glassKey, urgent(approve("guest")), Allowed, "skipped: no freeze window closes production: waived by break-glass, and not met"},
		"without the request it is frozen as usual": {frozenRules(closedNow) + glassKey, quorum(), Pending, "opens at"},
		"it expires":                                {glassRules, urgent(approve("guest"), at("2026-03-04T10:03:00Z")), Denied, "expired at"},
		"a vote expires":                            {glassRules, urgent(approve("guest"), at("2026-03-02T10:03:00Z")), Pending, "a vote counts for 24h"},
		"it is used up once":                        {glassRules, urgent(approve("guest"), consume(), asRun("run-2")), Denied, "already used by run run-1"},
		"the same run may resume":                   {glassRules, urgent(approve("guest"), consume()), Allowed, "may go on"},
		"a change of the policy supersedes it":      {glassRules, urgent(approve("guest"), policyBecomes(strings.Replace(glassRules, "72h", "71h", 1))), Denied, "superseded: the policy for production is now"},
		"by a machine that is no gate":              {glassRules, []step{commitBy("otto@x.org"), build(), glass("r1", by("ci")), approve("guest")}, Denied, "signed by ci, which is no gate"},
	})
}

// What is waived is named, for programs as for people.
func TestWaivedIsListed(t *testing.T) {
	rules := strings.Replace(frozenRules(closedNow), "gate: gate", "gate: gate\n    evidence: [{event: test, result: passed, by: ci}, {event: sbom, by: ci}]", 1) + glassKey
	d := newWorld(t, rules).play(urgent(approve("guest"))...).evaluate()
	want := []string{"test passed, by ci for each artifact", "sbom, by ci for each artifact", "no freeze window closes production"}
	if !slices.Equal(d.Waived, want) || d.BreakGlass == nil || d.BreakGlass.Ticket != "INC-7" || len(d.Missing) != 0 {
		t.Errorf("%q, %+v, missing %v", d.Waived, d.BreakGlass, d.Missing)
	}
	if d = newWorld(t, rules).play(usual()...).evaluate(); d.Waived != nil || d.BreakGlass != nil || d.Debts != nil {
		t.Errorf("a usual request waives %q", d.Waived)
	}
}

// Evidence that nobody can check is waived with the rest, and keeps nothing
// from being allowed.
func TestWaivedEvidenceIsNoDoubt(t *testing.T) {
	rules := certifiedRules + "    evidence: [{event: test, by: cloud}]\n" + glassKey
	d := newCertified(t, rules).play(urgent(test(event.Passed, by("cloud"), undated), approve("guest"))...).evaluate()
	if d.Verdict != Allowed || len(d.Unknown) > 0 {
		t.Errorf("%s: %s", d.Verdict, d.Why)
	}
}

func TestBreakGlassInTheDigest(t *testing.T) {
	digest := func(rules string) string {
		d, err := policyOf(t, rules).EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	seen := map[string]string{digest(rulesOfTests): "none", digest(glassRules): "glass"}
	for _, change := range [][2]string{
		{"role: guest", "role: lead"}, {"count: 1, require", "count: 2, require"}, {"72h", "71h"}, {"[reason, ticket]", "[reason]"},
		{"settle-within", `ticket: {pattern: "INC-[0-9]+"}, settle-within`},
	} {
		rules := strings.Replace(glassRules, change[0], change[1], 1)
		d := digest(rules)
		if was, taken := seen[d]; taken {
			t.Errorf("%v has the digest of %s", change, was)
		}
		seen[d] = rules
	}
	if digest(strings.Replace(glassRules, "72h", "3d", 1)) != digest(glassRules) {
		t.Error("another spelling of the same time changes the digest")
	}
}

func TestAsk(t *testing.T) {
	var none *BreakGlass
	both := &BreakGlass{Require: []string{needsReason, needsTicket}, Ticket: "INC-[0-9]+"}
	for name, c := range map[string]struct {
		b              *BreakGlass
		reason, ticket string
		wrong          string
	}{
		"as asked":                      {both, "it burns", "INC-7", ""},
		"I4: an empty reason":           {both, "", "INC-7", "no reason"},
		"I4: a reason of spaces":        {both, "   ", "INC-7", "it is empty"},
		"I4: no ticket":                 {both, "it burns", "", "no ticket"},
		"another ticket":                {both, "it burns", "INC-", "does not look"},
		"a ticket with more behind":     {both, "it burns", "INC-7 x", "does not look"},
		"where there is no break-glass": {none, "it burns", "INC-7", "no break-glass here"},
	} {
		_, err := c.b.Ask(c.reason, c.ticket)
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
