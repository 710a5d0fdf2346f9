// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

var glassID = strings.Repeat("ab12", 16)

func owed() policy.Debt {
	return policy.Debt{
		Request: glassID, Environment: "production", Index: 12, Run: "7", Used: "2026-03-02T09:00:00Z", Reason: "it \x1b[2J*burns*", Ticket: "INC-7",
		Due: "2026-03-05T09:00:00Z", Votes: []policy.Vote{}, By: []string{"ana"},
		Missing: []policy.Missing{{What: "1 more approval by lead", Who: []string{"bob"}, Count: 1, Request: glassID}},
	}
}

func broken() *event.RequestPredicate {
	r := asked()
	r.BreakGlass = &event.BreakGlass{Reason: "checkout is down", Ticket: "INC-7"}
	return r
}

// Whoever is asked to break the glass sees it before anything else, in every
// form.
func TestBreakGlassIsLoud(t *testing.T) {
	allowed := pending()
	allowed.Request, allowed.BreakGlass, allowed.Missing = broken(), broken().BreakGlass, nil
	allowed.Verdict, allowed.Rules = policy.Allowed, nil
	shown := Request{ID: requestID, Asked: *broken(), Choice: "approve"}
	for name, c := range map[string]struct {
		r    Report
		want []string
	}{
		"a decision": {allowed, []string{"ALLOWED BY BREAK-GLASS", "BREAK GLASS: Deploy dist/app to production", `"checkout is down"`, `"INC-7"`}},
		"a request":  {shown, []string{"YOU ARE ABOUT TO APPROVE A BREAK-GLASS", "BREAK GLASS: Deploy", `"checkout is down"`, `"INC-7"`}},
	} {
		var text, markdown strings.Builder
		must(t, Text(&text, c.r, Options{Width: 200}))
		must(t, Markdown(&markdown, c.r, Options{}))
		for _, want := range c.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, text.String())
			}
		}
		if !strings.Contains(markdown.String(), "BREAK GLASS") || !strings.Contains(markdown.String(), "checkout is down") {
			t.Errorf("%s: not said in\n%s", name, markdown.String())
		}
	}
	var usual strings.Builder
	must(t, Text(&usual, pending(), Options{}))
	if strings.Contains(usual.String(), "BREAK") {
		t.Errorf("a usual decision says\n%s", usual.String())
	}
}

// What is owed says who has to approve what, and never the request at hand.
func TestDebtsAreShown(t *testing.T) {
	d := pending()
	d.Debts = []policy.Debt{owed()}
	d.Missing = []policy.Missing{{What: owed().Line(), Who: []string{"bob"}, Count: 1, Request: glassID}}
	overdue, settled, unknown := owed(), owed(), owed()
	overdue.Overdue = true
	settled.Settled, settled.By = true, []string{"ana", "bob"}
	unknown.Unknown = []string{"#7 could matter"}
	chain := Chain{Chain: custody.Chain{Debts: []policy.Debt{owed(), overdue, settled, unknown}}}
	for name, c := range map[string]struct {
		r    Report
		want []string
	}{
		"a decision": {d, []string{"gateledger approve ab12ab12ab12\n", "needs 1 more approval by lead", `*burns*"`, "ask bob"}},
		"a chain":    {chain, []string{"open", "OVERDUE", "is settled by ana and bob", "could not find out: #7 could matter"}},
		"a request":  {Request{ID: glassID, Asked: *broken(), Debts: []policy.Debt{owed()}}, []string{"unsettled break-glass of ab12ab12ab12"}},
	} {
		var text strings.Builder
		must(t, Text(&text, c.r, Options{Width: 400}))
		for _, want := range c.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, text.String())
			}
		}
		if strings.Contains(text.String(), "\x1b[2J") || strings.Contains(text.String(), "approve "+requestID[:12]) {
			t.Errorf("%s says\n%s", name, text.String())
		}
	}
	n := NewNotice(d, NoticeOptions{Comments: true})
	if !strings.Contains(n.Comment, "gateledger approve "+glassID) || strings.Contains(n.Comment, "/approve") {
		t.Errorf("the comment asks for\n%s", n.Comment)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
