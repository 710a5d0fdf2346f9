// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"slices"

	"github.com/gateledger/gateledger/internal/event"
)

// setCurrent sets the bytes in question to those that environment runs: of
// the newest healthy deployment that the same bytes were not rolled back
// from. It reports whether there is one.
func (t *tracer) setCurrent(environment string) bool {
	type state struct {
		subjects []event.Subject
		event    *event.Event
	}
	var running []state // oldest first
	var last event.DeploymentPredicate
	for _, e := range t.in.Events {
		if e.Kind() != "deployment" {
			continue
		}
		p, err := event.DecodePredicate[event.DeploymentPredicate](e)
		st, stErr := e.Statement()
		if err != nil || stErr != nil || p.Environment != environment || !t.deployed(e) {
			continue
		}
		last = p
		if p.Result != event.Broken {
			running = slices.DeleteFunc(running, func(s state) bool { return overlap(s.subjects, st.Subject) })
		}
		if p.Result == event.Healthy {
			running = append(running, state{st.Subject, e})
		}
	}
	if len(running) == 0 {
		return false
	}
	now := running[len(running)-1]
	t.setBytes(now.subjects[0])
	t.aside(now.event, now.subjects[1:], last)
	return true
}

// deployed reports whether the deployment e counts. One that nobody can check
// could be the newest.
func (t *tracer) deployed(e *event.Event) bool {
	by := t.signer(e)
	if couldNotTell(by.err) {
		t.find(SeverityMissing, e, "entry #%d (deployment): nobody could find out who signed it: %v", e.Index, by.err)
	}
	return by.err == nil
}

// nothingRuns judges an environment without a deployment that counts.
func (t *tracer) nothingRuns(environment string) (Verdict, string) {
	if f, ok := t.found(SeverityMissing); ok {
		return Incomplete, f.What
	}
	return No, "nothing is recorded as deployed to " + environment
}

// aside notes what one chain can't show.
func (t *tracer) aside(e *event.Event, others []event.Subject, last event.DeploymentPredicate) {
	for _, s := range others {
		t.find(SeverityNote, e, "deployed together with %s", describe(s))
	}
	if last.Result != event.Healthy {
		t.find(SeverityNote, nil, "the newest deployment to %s is recorded as %s", last.Environment, last.Result)
	}
}

func (t *tracer) setBytes(s event.Subject) {
	t.in.Digest, t.in.Name = s.Digests()[0], s.Name
	t.chain.Digest, t.chain.Name = t.in.Digest.String(), t.in.Name
}

func overlap(a, b []event.Subject) bool {
	return slices.ContainsFunc(a, func(x event.Subject) bool {
		return slices.ContainsFunc(b, func(y event.Subject) bool {
			return slices.ContainsFunc(x.Digests(), y.Has)
		})
	})
}

func describe(s event.Subject) string {
	digests := s.Digests()
	if len(digests) == 0 {
		return s.Name
	}
	return s.Name + " " + digests[0].String()
}
