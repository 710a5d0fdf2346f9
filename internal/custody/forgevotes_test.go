// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
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

// forgePolicy lets bob vote by a note, or by the history of an environment.
func forgePolicy(source string) string {
	return strings.NewReplacer(
		"bob: {keys: [{ssh: \"BOB\"}], roles: [lead]}", "bob: {keys: [{ssh: \"BOB\"}], roles: [lead], github: {id: 7}, gitlab: {id: 7}}",
		"{role: lead, count: 1}", "{role: lead, count: 1, source: ["+source+"]}",
	).Replace(policyText)
}

// shown logs what a source at a host showed about a request that was made
// there, in a run.
func (w *world) shown(source, run, id string, votes ...event.ForgeVote) uint64 {
	w.t.Helper()
	r := w.asked(id)
	return w.logAs("gate", event.ForgeVotesType, r.Subjects, event.ForgeVotesPredicate{
		Request: id, Source: source, Host: r.Host, RepositoryID: r.RepositoryID, Commit: r.Commit, Run: run,
		Read: event.ForgeRead{Time: w.tick(), Calls: 1}, Votes: append([]event.ForgeVote{}, votes...),
		Changes: []event.ForgeChange{}, People: []event.ForgePerson{}, Parts: []event.ForgePart{}, Context: w.context(),
	})
}

func (w *world) askAt(host string) string {
	p := w.requestFor("production")
	p.Host, p.RepositoryID = host, "7"
	return w.askAs("gate", p)
}

var bobsAccount = event.ForgeAccount{ID: 7, Login: "bob", Kind: event.AccountUser}

// A deny on a forge that a gate saw after it had allowed the bytes takes that
// back, until the same account takes it back.
func TestForgeDenyTakesPermissionBack(t *testing.T) {
	w := newWorld(t)
	w.policy = w.parse(forgePolicy("signed, gitlab-note"))
	w.evidence()
	id := w.askAt("gitlab.com")
	said := func(name, decision string) event.ForgeVote {
		return event.ForgeVote{ID: name, Account: bobsAccount, Decision: decision, Request: id, Time: w.tick()}
	}
	w.vote("ana", id, vote.Approve)
	yes := said("note 1", event.ForgeApprove)
	w.shown("gitlab-note", "", id, yes)
	w.gate(id, "7")
	w.deploy("production", event.Healthy, id)
	expect := func(fact string, want custody.Verdict, why string) {
		t.Helper()
		current, err := custody.Current(w.input(), "production")
		w.must(err)
		for name, c := range map[string]custody.Chain{"decision": w.permission("production"), "environment": current} {
			if c.Verdict != want || !strings.Contains(c.Why, why) {
				t.Errorf("%s: %s: %s: %s\n%s", fact, name, c.Verdict, c.Why, found(c))
			}
		}
	}
	expect("allowed", custody.Holds, "")
	stranger := event.ForgeVote{ID: "note 2", Account: event.ForgeAccount{ID: 99, Kind: event.AccountUser}, Decision: event.ForgeDeny, Request: id, Time: w.tick()}
	w.shown("gitlab-note", "", id, yes, stranger)
	expect("a stranger's deny", custody.Holds, "")
	no := said("note 3", event.ForgeDeny)
	at := w.shown("gitlab-note", "", id, yes, no)
	expect("a lead's deny", custody.No, "denied by bob on gitlab-note, as #")
	w.shown("gitlab-note", "", id, yes)
	expect("deleted since", custody.No, "denied by bob on gitlab-note")
	w.shown("gitlab-note", "", id, yes, no, said("note 4", event.ForgeRevoke))
	expect("taken back", custody.Holds, "")
	if at == 0 {
		t.Error("the deny stands nowhere")
	}
}

// A denial that rests on votes without a time, which count only in the run
// that looked, is made again by that run.
func TestDenialByUntimedVotesIsMadeAgain(t *testing.T) {
	for _, run := range []string{"7", "8"} {
		w := newWorld(t)
		w.policy = w.parse(forgePolicy("github-environment"))
		w.log("ci", "build", app(), event.BuildPredicate{
			BuildDefinition: event.BuildDefinition{BuildType: "https://example.org/go", ExternalParameters: map[string]string{}, ResolvedDependencies: code()},
			RunDetails:      event.RunDetails{Builder: event.Builder{ID: "https://example.org/ci"}}, Context: w.context(),
		})
		id := w.askAt("github.com")
		yes := event.ForgeVote{ID: "1", Account: bobsAccount, Decision: event.ForgeApprove, Commit: commitSHA}
		w.vote("ana", id, vote.Deny)
		w.shown("github-environment", "7", id, yes)
		at := w.gate(id, run)
		if s := stepAt(t, w.trace(), at); s.State != custody.Proven || !strings.HasPrefix(s.Summary, "denied") {
			t.Errorf("in run %s: #%d is %s: %s", run, at, s.State, s.Why)
		}
	}
}
