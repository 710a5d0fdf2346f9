// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/event"
)

// followForgeVotes adds what gates saw of votes on forges. It is the gate's
// word: which of the votes counted is for the decision to say.
func (t *tracer) followForgeVotes(about []*event.Event) {
	for _, e := range about {
		if e.Kind() != "forge-votes" {
			continue
		}
		p, ok := decode[event.ForgeVotesPredicate](t, e)
		if !ok {
			continue
		}
		t.forgeVotes(e, p)
	}
}

func (t *tracer) forgeVotes(e *event.Event, p event.ForgeVotesPredicate) {
	r, asked := t.requests[p.Request]
	if !asked {
		delete(t.steps, e.Index) // of a request that does not count, or to elsewhere
		return
	}
	s := t.step(e)
	s.request = p.Request
	s.Links = append(s.Links, r.event.Index)
	s.Time = p.Read.Time
	s.Summary = fmt.Sprintf("%s at %s was read: %s", p.Source, p.Host, tally(p.Votes))
	if !t.gate(e, r.predicate.Environment) {
		return
	}
	if e.Index < r.event.Index {
		t.reject(s, SeverityUntrusted, "it stands before its request")
		return
	}
	s.State = Observed
}

// tally says in words how many votes of each sort there are.
func tally(votes []event.ForgeVote) string {
	if len(votes) == 0 {
		return "no votes"
	}
	n := map[string]int{}
	for _, v := range votes {
		n[v.Decision]++
	}
	line := ""
	for _, decision := range []string{event.ForgeApprove, event.ForgeDeny, event.ForgeRevoke} {
		if n[decision] == 0 {
			continue
		}
		if line != "" {
			line += ", "
		}
		line += fmt.Sprintf("%d %s", n[decision], decision)
	}
	return line
}
