// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
)

// snapshot logs what a source showed about a request.
func (w *world) snapshot(signer, id string, votes ...event.ForgeVote) uint64 {
	w.t.Helper()
	return w.logAs(signer, event.ForgeVotesType, w.asked(id).Subjects, event.ForgeVotesPredicate{
		Request: id, Source: "gitlab-note", Host: "gitlab.com", RepositoryID: "7", Commit: w.asked(id).Commit,
		Read: event.ForgeRead{Time: w.tick(), Calls: 1}, Votes: append([]event.ForgeVote{}, votes...),
		Changes: []event.ForgeChange{}, People: []event.ForgePerson{}, Parts: []event.ForgePart{}, Context: w.context(),
	})
}

func TestForgeVotesAreToldAsTheGatesWord(t *testing.T) {
	w := newWorld(t)
	w.evidence()
	id := w.ask("production")
	user := event.ForgeAccount{ID: 7, Login: "ana", Kind: event.AccountUser}
	good := w.snapshot("gate", id,
		event.ForgeVote{ID: "note 1", Account: user, Decision: event.ForgeDeny, Request: id},
		event.ForgeVote{ID: "note 2", Account: user, Decision: event.ForgeApprove, Request: id},
		event.ForgeVote{ID: "note 3", Account: user, Decision: event.ForgeApprove, Request: id})
	empty := w.snapshot("gate", id)
	strange := w.snapshot("mallory", id)
	ci := w.snapshot("ci", id)
	c := w.trace()
	for index, want := range map[uint64]struct {
		state        custody.State
		summary, why string
	}{
		good:    {custody.Observed, "gitlab-note at gitlab.com was read: 2 approve, 1 deny", ""},
		empty:   {custody.Observed, "gitlab-note at gitlab.com was read: no votes", ""},
		strange: {custody.Rejected, "no votes", ""},
		ci:      {custody.Rejected, "no votes", "no gate of"},
	} {
		s := stepAt(t, c, index)
		if s.State != want.state || !strings.Contains(s.Summary, want.summary) || !strings.Contains(s.Why, want.why) {
			t.Errorf("#%d: %s %q %q, want %+v", index, s.State, s.Summary, s.Why, want)
		}
	}
}
