// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

// consumptionAfter returns the entry right after e if it uses r up, and by
// which run. A gate logs both by one commit, so nothing can stand between.
func (t *tracer) consumptionAfter(e *event.Event, r request) (*event.Event, string) {
	if e.Index+1 >= uint64(len(t.in.Events)) {
		return nil, ""
	}
	next := t.in.Events[e.Index+1]
	if p, ok := t.uses(next, r); ok {
		return next, p.Run
	}
	return nil, ""
}

// uses reports whether e is a gate's word that r was used up.
func (t *tracer) uses(e *event.Event, r request) (event.ConsumptionPredicate, bool) {
	if e.Kind() != "consumption" || t.gateOf(e, r.predicate.Environment) != nil {
		return event.ConsumptionPredicate{}, false
	}
	p, err := event.DecodePredicate[event.ConsumptionPredicate](e)
	return p, err == nil && p.Request == r.id && p.Environment == r.predicate.Environment
}

func (t *tracer) followConsumptions(about []*event.Event) {
	first := map[string]uint64{}
	for _, e := range about {
		if e.Kind() != "consumption" {
			continue
		}
		p, ok := decode[event.ConsumptionPredicate](t, e)
		if !ok {
			continue
		}
		s := t.step(e)
		s.Time, s.request = p.Time, p.Request
		s.Summary = fmt.Sprintf("used up by run %s, for %s only", p.Run, p.Environment)
		r, asked := t.requests[p.Request]
		if !asked && t.elsewhere(p.Request) {
			delete(t.steps, e.Index)
			continue
		}
		if !t.gate(e, p.Environment) {
			continue
		}
		if !asked || r.predicate.Environment != p.Environment {
			t.reject(s, SeverityUntrusted, "it is about request %s, which does not count", p.Request)
			continue
		}
		if at, twice := first[r.id]; twice {
			t.reject(s, SeverityUntrusted, "the request was used up before, at #%d", at)
			continue
		}
		first[r.id] = e.Index
		t.afterDecision(s)
	}
	t.dropUnused(first)
}

// afterDecision rejects a consumption that no decision allowed.
func (t *tracer) afterDecision(s *Step) {
	for _, r := range t.rulings {
		if r.used != nil && r.used.Index == s.Index && r.decision.Verdict == policy.Allowed {
			s.Links = append(s.Links, r.event.Index)
			return
		}
	}
	t.reject(s, SeverityUntrusted, "no decision that counts allowed it")
}

// dropUnused takes the power from allowed decisions whose consumption is not
// the first of their request.
func (t *tracer) dropUnused(first map[string]uint64) {
	for i, r := range t.rulings {
		if r.decision.Verdict != policy.Allowed {
			continue
		}
		if at, ok := first[r.request.id]; r.used != nil && ok && at == r.used.Index {
			continue
		}
		t.rulings[i].used = nil
		t.reject(t.step(r.event), SeverityUntrusted, "it was not used up right after, so it allows nothing")
	}
}

func (t *tracer) followDeployments(environment string, about []*event.Event) {
	for _, e := range about {
		if e.Kind() != "deployment" {
			continue
		}
		p, ok := decode[event.DeploymentPredicate](t, e)
		if !ok {
			continue
		}
		if environment != "" && p.Environment != environment {
			delete(t.steps, e.Index)
			continue
		}
		s := t.step(e)
		s.Time = p.Context.Time
		s.Summary = fmt.Sprintf("deployed to %s: %s", p.Environment, p.Result)
		if r := t.permitted(e, p); r != nil {
			s.request = r.request.id
			s.Links = append(s.Links, r.used.Index)
		}
	}
}

// permitted returns the newest ruling that stood when e was logged and let
// these bytes into that environment.
func (t *tracer) permitted(e *event.Event, p event.DeploymentPredicate) *ruling {
	for i := len(t.rulings) - 1; i >= 0; i-- {
		r := &t.rulings[i]
		if r.used != nil && r.used.Index < e.Index && r.decision.Environment == p.Environment &&
			(p.Request == "" || p.Request == r.request.id) {
			return r
		}
	}
	return nil
}
