// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
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

// deniedOnForgeSince says which deny on a forge stands against what r allowed,
// of those that a gate saw only after it: by the policy in force when r was
// made or one since, as for votes that are signed.
func (t *tracer) deniedOnForgeSince(r *ruling) string {
	if !slices.ContainsFunc(t.in.Events[r.event.Index:], func(e *event.Event) bool { return e.Is("forge-votes") }) {
		return ""
	}
	now := t.in.Now
	if now.IsZero() {
		now = endOfTime
	}
	for _, p := range t.since(r.event.Index) {
		denies, doubts, err := policy.ForgeDenies(policy.Input{
			Policy: p, Events: t.in.Events, Head: t.in.Head, Now: now, Root: t.root(p),
		}, r.request.event.Index)
		if err != nil {
			doubts = append(doubts, err.Error())
		}
		for _, d := range denies {
			switch {
			case d.Index <= r.event.Index:
			case d.Unsure != "":
				doubts = append(doubts, fmt.Sprintf("#%d shows a deny by %s on %s, and nobody could find out whether they may (%s)", d.Index, d.Who, d.Source, d.Unsure))
			default:
				return fmt.Sprintf("denied by %s on %s, as #%d shows, after decision #%d had allowed it", d.Who, d.Source, d.Index, r.event.Index)
			}
		}
		for _, why := range doubts {
			t.find(SeverityMissing, nil, "nobody could find out whether these bytes are denied: %s", why)
		}
	}
	return ""
}

// endOfTime stands for now where nobody says when that is: what was said was
// said before.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
