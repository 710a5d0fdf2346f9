// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"maps"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// noting is the artifact with annotations, whose names come after all that the
// journal sorts entries by.
func noting(notes map[string]string) editor {
	return func(d *draft) {
		s := d.subjects[0]
		s.Annotations = maps.Clone(notes)
		d.subjects = []event.Subject{s}
	}
}

// measuring is the artifact with digests of algorithms nobody knows.
func measuring(more map[string]string) editor {
	return func(d *draft) {
		s := d.subjects[0]
		s.Digest = maps.Clone(s.Digest)
		maps.Copy(s.Digest, more)
		d.subjects = []event.Subject{s}
	}
}

// What stands in a subject hides no entry from the rule it is for.
func TestNoEntryIsDisguised(t *testing.T) {
	const tested = `
    require: [{role: lead, count: 1}]
    gate: gate
    evidence: [{event: test, by: ci}]
`
	as := func(kind string) map[string]string { return map[string]string{"predicateType": kind} }
	deployed := func(e editor) []step {
		return []step{consume(), deploy(e)}
	}
	for fact, steps := range map[string][]step{
		"a failed test, as a build":          {test(event.Failed, noting(as(event.BuildType)))},
		"a failed test, by an odd digest":    {test(event.Failed, measuring(as("x")))},
		"a consumption, as nothing known":    {consume(inRun("run-0"), noting(as("x")))},
		"a consumption, of another request":  {consume(inRun("run-0"), noting(map[string]string{"request": strings.Repeat("0", 64)}))},
		"a deployment, to somewhere else":    deployed(noting(map[string]string{"environment": "staging"})),
		"a deployment, with another result":  deployed(noting(map[string]string{"result": event.Broken})),
		"a deployment, of another request":   deployed(noting(map[string]string{"request": strings.Repeat("0", 64)})),
		"a deployment, by an odd digest too": deployed(measuring(map[string]string{"environment": "staging"})),
	} {
		t.Run(fact, func(t *testing.T) {
			w := newWorld(t, tested).play(usual(test(event.Passed), approve("bob"))...)
			if d := w.evaluate(); d.Verdict != Allowed {
				t.Fatalf("before: %s: %s", d.Verdict, d.Why)
			}
			if d := w.play(steps...).evaluate(); d.Verdict == Allowed {
				t.Errorf("%s: %s", d.Verdict, d.Why)
			}
		})
	}
}
