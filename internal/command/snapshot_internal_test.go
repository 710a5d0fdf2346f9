// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

// shownVotes is what a source shows of a request.
func shownVotes(n int) event.ForgeVotesPredicate {
	p := event.ForgeVotesPredicate{
		Request: strings.Repeat("ab", 32), Source: "github-review", Host: "github.com", RepositoryID: "1296269", Commit: strings.Repeat("cd", 20),
		Read: event.ForgeRead{Time: "2026-03-02T09:00:00Z", Calls: 4}, Changes: []event.ForgeChange{},
		Votes: []event.ForgeVote{}, People: []event.ForgePerson{}, Parts: []event.ForgePart{}, Context: thisRun(),
	}
	for range n {
		p.Votes = append(p.Votes, event.ForgeVote{
			ID: "r", Account: event.ForgeAccount{ID: 7, Kind: event.AccountUser}, Decision: event.ForgeApprove,
			Commit: p.Commit, Time: "2026-03-02T08:00:00Z",
		})
	}
	return p
}

func snapshotEvent(t *testing.T, by machine, p event.ForgeVotesPredicate) *event.Event {
	t.Helper()
	payload, err := event.NewStatement(event.ForgeVotesType, []event.Subject{artifact("app", "x")}, p)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := event.Sign(payload, by)
	if err != nil {
		t.Fatal(err)
	}
	e, err := opened(signed)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Only what a gate of the environment logged keeps a gate from logging the
// same.
func TestWhoseSnapshotIsLogged(t *testing.T) {
	gatekeeper, ci, stranger := newMachine(t, false), newMachine(t, false), newMachine(t, false)
	g := &gate{
		workspace: &workspace{policy: &policy.Policy{Signers: map[string]policy.Signer{
			"gate": {Key: event.KeyID(gatekeeper.Verifier())}, "ci": {Key: event.KeyID(ci.Verifier())},
		}}},
		rules: policy.Environment{Name: "production", Gate: []string{"gate"}},
	}
	later := shownVotes(1)
	later.Read.Time, later.Context.Run = "2026-03-02T09:10:00Z", "78"
	other := shownVotes(1)
	other.Request = strings.Repeat("ef", 32)
	for name, c := range map[string]struct {
		logged []*event.Event
		want   bool
	}{
		"nothing":                           {nil, false},
		"the same by the gate":              {[]*event.Event{snapshotEvent(t, gatekeeper, shownVotes(1))}, true},
		"the same at another time":          {[]*event.Event{snapshotEvent(t, gatekeeper, later)}, true},
		"the same by another signer":        {[]*event.Event{snapshotEvent(t, ci, shownVotes(1))}, false},
		"the same by a stranger":            {[]*event.Event{snapshotEvent(t, stranger, shownVotes(1))}, false},
		"less by the gate":                  {[]*event.Event{snapshotEvent(t, gatekeeper, shownVotes(0))}, false},
		"the same, then less":               {[]*event.Event{snapshotEvent(t, gatekeeper, shownVotes(1)), snapshotEvent(t, gatekeeper, shownVotes(0))}, false},
		"the same, then less by a stranger": {[]*event.Event{snapshotEvent(t, gatekeeper, shownVotes(1)), snapshotEvent(t, stranger, shownVotes(0))}, true},
		"of another request":                {[]*event.Event{snapshotEvent(t, gatekeeper, other)}, false},
	} {
		if got := g.sameAsLogged(c.logged, shownVotes(1)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// A counting maker signs nothing, and counts how often it was asked to.
type countingMaker struct{ n int }

var errNotSigned = errors.New("not signed")

func (m *countingMaker) make(context.Context, []byte) (event.Signed, error) {
	m.n++
	return event.Signed{}, errNotSigned
}
func (*countingMaker) made(event.Signed) bool { return false }

// A gate signs what it saw only in order to log it: a signature may be a
// certificate and a timestamp of a public service, and a gate that waits looks
// every few seconds.
func TestASnapshotIsSignedOnlyToBeLogged(t *testing.T) {
	for name, c := range map[string]struct {
		seen  *look
		signs int
	}{
		"nothing was read":        {nil, 0},
		"what is there is logged": {&look{logged: true}, 0},
		"it settles nothing":      {&look{shown: []event.ForgeVotesPredicate{shownVotes(1)}}, 0},
		"it is news":              {&look{shown: []event.ForgeVotesPredicate{shownVotes(1)}, news: true}, 1},
	} {
		m := &countingMaker{}
		g := &gate{workspace: &workspace{policy: &policy.Policy{}}, maker: m, seen: c.seen}
		in := policy.Input{Policy: g.policy, Now: time.Unix(1, 0), Request: shownVotes(0).Request}
		_, waits, err := g.decideSeen(t.Context(), in, openRequest{id: in.Request, predicate: event.RequestPredicate{Subjects: []event.Subject{artifact("app", "x")}}})
		if m.n != c.signs || errors.Is(err, errNotSigned) != (c.signs > 0) || waits != (name == "it settles nothing") {
			t.Errorf("%s: signed %d times, waits %t, %v", name, m.n, waits, err)
		}
	}
}
