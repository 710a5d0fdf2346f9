// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/admit"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/policy"
)

func TestIntegrationsAreInTheOrderOneReads(t *testing.T) {
	forms := render(t, integrated())
	inOrder(t, forms["txt"], "PARTLY INTEGRATED", "2 parcels taken, 1 already there, 2 deferred", "By signer", "256 taken  ci: 12 more wait",
		"Refused", "stranger", "unreadable", "Could not be judged", "no trusted root", "Next", "gateledger integrate")
	inOrder(t, forms["md"], "## What others left", "PARTLY INTEGRATED", "**By signer**", "**Refused**", "**Next**")
}

func TestIntegrationWords(t *testing.T) {
	for fact, c := range map[string]struct {
		plan admit.Plan
		want string
	}{
		"nothing":              {admit.Plan{}, "✓ NOTHING TO DO"},
		"all taken":            {admit.Plan{Take: []int{0}}, "✓ INTEGRATED"},
		"all there already":    {admit.Plan{Done: []int{0}}, "✓ INTEGRATED"},
		"garbage put aside":    {admit.Plan{Refuse: make([]admit.Refusal, 1)}, "✓ INTEGRATED"},
		"some wait":            {admit.Plan{Take: []int{0}, Defer: []int{1}}, "… PARTLY INTEGRATED"},
		"nobody could say":     {admit.Plan{Defer: []int{0}, Unjudged: make([]admit.Refusal, 1)}, "? PARTLY INTEGRATED"},
		"both of the last two": {admit.Plan{Defer: []int{0, 1}, Unjudged: make([]admit.Refusal, 1)}, "? PARTLY INTEGRATED"},
	} {
		if got := render(t, Integration{Plan: c.plan})["txt"]; !strings.HasPrefix(got, c.want+"  ") {
			t.Errorf("%s: %.40q, want %q", fact, got, c.want)
		}
	}
}

func TestIntegrationJSONNamesParcels(t *testing.T) {
	var doc struct {
		Taken, Done, Deferred []string
		Refused, Unjudged     []struct{ Parcel, Reason, Why string }
	}
	g := integrated()
	if err := json.Unmarshal([]byte(render(t, g)["json"]), &doc); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"p2", "p0"}, {"p1"}, {"p3", "p6"}}, [][]string{doc.Taken, doc.Done, doc.Deferred}); diff != "" {
		t.Error(diff)
	}
	if len(doc.Refused) != 2 || doc.Refused[0].Reason != "stranger" || doc.Refused[0].Parcel != strings.Repeat("ab", 32) || len(doc.Unjudged) != 1 {
		t.Errorf("%+v", doc)
	}
	g.Names = nil
	if got := g.names(g.Take); got[0] != "parcel 2" {
		t.Errorf("without names: %q", got)
	}
}

// TestGarbageIsCutEachSortFirst: a thousand strangers hide no forgery.
func TestGarbageIsCutEachSortFirst(t *testing.T) {
	g := integrated()
	for i := range 1000 {
		g.Refuse = append(g.Refuse, admit.Refusal{Parcel: i, Name: fmt.Sprint(i), Reason: admit.Stranger, Why: "nobody"})
	}
	g.Refuse = append(g.Refuse, admit.Refusal{Name: "last", Reason: admit.Forged, Why: "the signature does not hold"})
	lines := refused(g.Refuse, markNo)
	if len(lines) != maxRefused+1 || lines[2].word != "forged" || lines[maxRefused].text != "953 more, which the JSON form lists" {
		t.Errorf("%d lines: %+v … %+v", len(lines), lines[:3], lines[len(lines)-1])
	}
}

func TestClocks(t *testing.T) {
	for fact, c := range map[string]struct {
		step custody.Step
		want string
	}{
		"nobody says":           {custody.Step{}, ""},
		"as before":             {custody.Step{Time: "T"}, "T"},
		"the maker's own":       {custody.Step{Time: "T", Clock: policy.ClockSelf}, "T (self-asserted)"},
		"a timestamp authority": {custody.Step{Time: "T", Clock: policy.ClockStamped}, "T (proven)"},
		"a clock without time":  {custody.Step{Clock: policy.ClockStamped}, ""},
	} {
		if got := when(c.step); got != c.want {
			t.Errorf("%s: %q, want %q", fact, got, c.want)
		}
	}
}

func TestWhoSigned(t *testing.T) {
	for want, s := range map[string]custody.Step{
		"ci":                              {Who: "ci", Key: signerKey},
		"unknown key sha256:515151515151": {Key: signerKey},
		"unknown certificate sha256:515151515151": {Key: "certificate " + signerKey},
	} {
		if got := who(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
