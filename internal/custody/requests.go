// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

// A request is one that counts: signed by a gate of its environment, about
// the bytes in question, and made when the log was what it says.
type request struct {
	id        string
	event     *event.Event
	predicate event.RequestPredicate
}

func (t *tracer) findRequests(environment string, about []*event.Event) {
	for _, e := range about {
		if e.Kind() != "request" {
			continue
		}
		p, ok := decode[event.RequestPredicate](t, e)
		if !ok {
			continue
		}
		if environment != "" && p.Environment != environment {
			delete(t.steps, e.Index)
			continue
		}
		t.request(e, p)
	}
}

func (t *tracer) request(e *event.Event, p event.RequestPredicate) {
	s := t.step(e)
	s.Time = p.Created
	id, err := event.RequestID(p)
	if err != nil {
		t.reject(s, SeverityUntrusted, "can't be read: %v", err)
		return
	}
	s.Summary = fmt.Sprintf("asked to deploy to %s, request %.12s", p.Environment, id)
	if g := p.BreakGlass; g != nil {
		s.Summary = fmt.Sprintf("asked to BREAK THE GLASS for %s, request %.12s: %q, ticket %q", p.Environment, id, g.Reason, g.Ticket)
	}
	s.request = id
	if !t.gate(e, p.Environment) {
		return
	}
	if !t.has(p.Subjects) {
		t.reject(s, SeverityUntrusted, "the request inside is not about these bytes")
		return
	}
	if p.Checkpoint.Size > e.Index || !t.roots.match(p.Checkpoint) {
		t.reject(s, SeverityTampered, "it names a head this log never had")
		return
	}
	if _, twice := t.requests[id]; !twice {
		t.requests[id] = request{id: id, event: e, predicate: p}
	}
	s.Links = append(s.Links, t.ends(e.Index)...)
}

// sorted returns the requests in the order they were made.
func (t *tracer) sorted() []request {
	out := make([]request, 0, len(t.requests))
	for _, r := range t.requests {
		out = append(out, r)
	}
	arrange.By(out, func(a, b request) int { return int(a.event.Index) - int(b.event.Index) })
	return out
}

func (t *tracer) followVotes() {
	for _, r := range t.sorted() {
		for _, e := range t.in.Events[r.event.Index+1:] {
			if e.Mentions(r.id) && e.Kind() == "vote" {
				t.vote(r, e)
			}
		}
	}
}

// vote adds a person's vote. Whether it counted is for the decision to say;
// here it must hold as a signature by somebody the policy knows.
func (t *tracer) vote(r request, e *event.Event) {
	b, err := vote.Open(e)
	if err == nil && b.Predicate.Request != r.id {
		return
	}
	s := t.step(e)
	s.request = r.id
	s.Links = append(s.Links, r.event.Index)
	if err == nil {
		err = b.Predicate.Agrees(r.id, r.predicate)
	}
	if err != nil {
		t.reject(s, SeverityUntrusted, "it is no vote on this request: %v", err)
		return
	}
	s.Time, s.Key = b.Predicate.Issued, keyOf(e)
	if !b.Keyless() {
		s.Key = b.Fingerprint()
	}
	s.Summary = pastTense(b.Predicate.Choice)
	if b.Predicate.Reason != "" {
		s.Summary += fmt.Sprintf(", saying %q", b.Predicate.Reason)
	}
	t.authority(s, b)
}

func (t *tracer) authority(s *Step, b *vote.Ballot) {
	if s.Why != "" {
		return // the envelope's signature does not hold
	}
	by := t.voter(b, t.in.Events[s.Index])
	switch {
	case by.err == nil:
		s.Who, s.Identity = by.name, identity(by.id)
		s.State, s.Why = Proven, "no decision has looked at it"
	case couldNotTell(by.err):
		t.doubt(s, by.err)
	default:
		t.reject(s, SeverityUntrusted, "%v", by.err)
	}
}

func pastTense(c vote.Choice) string {
	switch c {
	case vote.Approve:
		return "approved"
	case vote.Deny:
		return "denied"
	case vote.Revoke:
		return "took back an earlier vote"
	}
	return fmt.Sprintf("said %q", string(c))
}
