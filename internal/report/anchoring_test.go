// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

func anchoring(all ...AnchorResult) Anchoring {
	return Anchoring{Head: event.Checkpoint{Size: 121, Root: rootHex}, Anchors: all}
}

func TestAnchoringSaysWhatEachProves(t *testing.T) {
	forms := render(t, anchoring(
		AnchorResult{Name: "w1.example", Kind: "witness", Status: Taken, Proves: Proves(true, true), Unique: true, Dated: true, Size: 121, Age: "0s"},
		AnchorResult{Name: "stamp", Kind: "tsa", Status: TakenBefore, Proves: Proves(false, true), Dated: true, Size: 121, Age: "12m"},
		AnchorResult{Name: "public", Kind: "rekor", Status: Taken, Proves: Proves(false, false), Size: 121, Detail: "entry 7 of https://rekor.example"},
		AnchorResult{Name: "main", Kind: "evm", Status: Outstanding, Proves: Proves(true, true), Why: "down\x1b[31m"},
	))
	inOrder(t, forms["txt"], "… PARTLY ANCHORED", "2 anchored, 1 anchored already, 1 outstanding", "121 entries",
		"witness w1.example: proves unique and dated of 121 entries, 0s", "tsa stamp: proves dated of 121 entries, 12m old",
		"rekor public: proves existence of 121 entries, and does not say", "entry 7 of", "evm main: would prove unique and dated: down")
	inOrder(t, forms["json"], `"schema": "https://gateledger.dev/anchoring/v1"`, `"status": "anchored"`, `"status": "outstanding"`)
}

func TestAnchoringWords(t *testing.T) {
	of := func(status string) AnchorResult { return AnchorResult{Status: status, Why: "why"} }
	for fact, c := range map[string]struct {
		all  []AnchorResult
		want string
	}{
		"all":             {[]AnchorResult{{Status: Taken}, {Status: TakenBefore}}, "✓ ANCHORED"},
		"one is down":     {[]AnchorResult{{Status: Taken}, of(Outstanding)}, "… PARTLY ANCHORED"},
		"one lacks a key": {[]AnchorResult{of(Outstanding), of(NotSetUp)}, "? PARTLY ANCHORED"},
		"one says no":     {[]AnchorResult{{Status: Taken}, of(Refused), of(NotSetUp)}, "✗ NOT ANCHORED"},
		"one lies":        {[]AnchorResult{{Status: Taken}, of(Lied)}, "✗ NOT ANCHORED"},
		"an empty log":    {nil, "✓ NOTHING TO DO"},
	} {
		if got := render(t, anchoring(c.all...))["txt"]; !strings.HasPrefix(got, c.want+"  ") {
			t.Errorf("%s: %.40q, want %q", fact, got, c.want)
		}
	}
}
