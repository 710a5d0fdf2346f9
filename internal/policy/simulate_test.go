// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// A decision that was logged is asked of another policy at its own entry and
// time, whatever was logged since.
func TestReplayed(t *testing.T) {
	w := newWorld(t, rulesOfTests).play(quorum()...)
	d := w.evaluate()
	in := Input{Events: w.events, Head: d.Head}
	p, err := Summary(in, w.asked["r1"], d)
	if err != nil {
		t.Fatal(err)
	}
	w.log("gate", event.DecisionType, w.asked["r1"].Subjects, p)
	decision := w.events[len(w.events)-1]
	w.play(deny("carol"))
	for name, c := range map[string]struct {
		rules string
		would Verdict
		why   string
	}{
		"the same policy":      {rulesOfTests, Allowed, "every rule is met"},
		"more people":          {strings.Replace(rulesOfTests, "count: 2", "count: 3", 1), Pending, "missing: 1 more approval by lead"},
		"evidence that is not": {rulesOfTests + "    evidence: [{event: test, by: ci}]\n", Pending, "missing: test passed"},
		"closed then":          {frozenRules(closedNow), Pending, "missing: opens at 2026-03-02T07:00:00Z"},
		"votes age sooner":     {rulesOfTests + "    max-age: 1h\n", Pending, "missing: "},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Replayed(Input{Policy: policyOf(t, c.rules), Events: w.events}, decision)
			if err != nil {
				t.Fatal(err)
			}
			if r.Was != Allowed || r.Would != c.would || !strings.Contains(r.Why, c.why) || r.Differs() != (c.would != Allowed) {
				t.Errorf("%+v", r)
			}
			if r.Index != decision.Index || r.Request != d.Request || r.Now != d.Now || r.Env != "production" {
				t.Errorf("%+v", r)
			}
		})
	}
	if _, err := Replayed(Input{Policy: w.p, Events: w.events[:2]}, decision); err == nil {
		t.Error("a decision that stands behind the entries")
	}
	if _, err := Replayed(Input{Policy: w.p, Events: w.events}, w.events[0]); err == nil {
		t.Error("a commit for a decision")
	}
	other := Input{Policy: policyOf(t, strings.Replace(rulesOfTests, "count: 2", "count: 1", 1)), Request: w.ids["r1"], Events: w.events[:decision.Index], Head: d.Head, Now: w.now}
	if d, err := Evaluate(other); err != nil || d.Verdict == Allowed {
		t.Errorf("the gate passes over another policy: %s, %v", d.Why, err)
	}
}
