// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// forgeVotes is a snapshot with every member.
func forgeVotes() event.ForgeVotesPredicate {
	ana := event.ForgeAccount{ID: 583231, Login: "ana", Kind: event.AccountUser}
	bot := event.ForgeAccount{ID: 41898282, Login: "builder[bot]", Kind: event.AccountBot}
	return event.ForgeVotesPredicate{
		Request: digestB, Source: "github-review", Host: "github.com", RepositoryID: "1296269", Commit: commitA, Run: "7",
		Read:    event.ForgeRead{Time: "2026-03-01T10:30:00Z", Calls: 4},
		Changes: []event.ForgeChange{{Number: 7, URL: "https://github.com/acme/app/pull/7", Head: commitA, Merged: commitA}},
		Trees:   map[string]string{commitA: commitA},
		Votes: []event.ForgeVote{
			{ID: "review 80", Account: ana, Decision: event.ForgeApprove, Commit: commitA, Time: "2026-03-01T10:10:00Z", URL: "https://github.com/acme/app/pull/7#r80", Reason: "fine", Reject: "dismissed"},
			{ID: "review 81", Account: ana, Decision: event.ForgeDeny, Commit: commitA},
			{ID: "comment 82", Account: bot, Decision: event.ForgeRevoke, Request: digestB},
		},
		People: []event.ForgePerson{{Account: ana, Facts: []string{"codeowner:1", "team:github:acme/leads"}, Unknown: []string{"permission:write"}}},
		Parts: []event.ForgePart{
			{Part: event.PartPusher, Account: ana}, {Part: event.PartTriggerer, Unknown: "the run is not shown to this token"},
		},
		Owned: []event.ForgeOwned{{
			File: ".github/CODEOWNERS", Commit: commitA, Line: 3, Section: "docs", Owners: []string{"@acme/leads"}, Need: 1, Paths: 2, Example: "docs/a.md",
		}},
		Strangers: 2,
		Context: event.Context{
			Host: "github.com", Provider: "github", Repository: "acme/app", RepositoryID: "1296269", Run: "7", Attempt: "1",
			Workflow: ".github/workflows/deploy.yml", Trigger: "push", Actor: &event.Identity{ID: "583231", Login: "ana"},
			Commit: commitA, Ref: "refs/heads/main", Dirty: true, Time: "2026-03-01T10:31:00Z",
		},
	}
}

func TestForgeVotesRoundTrip(t *testing.T) {
	want := forgeVotes()
	check(t, want.Check())
	payload, err := event.NewStatement(event.ForgeVotesType, []event.Subject{subjectA()}, want)
	check(t, err)
	st, err := event.ParseStatement(payload)
	check(t, err)
	var got event.ForgeVotesPredicate
	check(t, canon.Decode(st.Predicate, &got))
	again, err := canon.Marshal(got)
	check(t, err)
	if string(again) != string(st.Predicate) {
		t.Errorf("read %s\nwrote %s", again, st.Predicate)
	}
	if k, ok := event.KindOf(st); !ok || k.Name != "forge-votes" || !k.Control {
		t.Errorf("kind %+v, %v", k, ok)
	}
}

// One thing is wrong at a time.
func TestForgeVotesCheck(t *testing.T) {
	for fact, c := range map[string]struct {
		edit func(*event.ForgeVotesPredicate)
		want string
	}{
		"half a request":               {func(p *event.ForgeVotesPredicate) { p.Request = digestB[:12] }, "is not a hex SHA-256"},
		"no source":                    {func(p *event.ForgeVotesPredicate) { p.Source = "" }, "no source"},
		"no host":                      {func(p *event.ForgeVotesPredicate) { p.Host = "" }, "no host"},
		"no repository":                {func(p *event.ForgeVotesPredicate) { p.RepositoryID = "" }, "no repository-id"},
		"a null list of changes":       {func(p *event.ForgeVotesPredicate) { p.Changes = nil }, "want a list"},
		"a null list of votes":         {func(p *event.ForgeVotesPredicate) { p.Votes = nil }, "want a list"},
		"a null list of people":        {func(p *event.ForgeVotesPredicate) { p.People = nil }, "want a list"},
		"a null list of parts":         {func(p *event.ForgeVotesPredicate) { p.Parts = nil }, "want a list"},
		"fewer calls than none":        {func(p *event.ForgeVotesPredicate) { p.Read.Calls = -1 }, "below zero"},
		"fewer strangers than none":    {func(p *event.ForgeVotesPredicate) { p.Strangers = -1 }, "below zero"},
		"no time of reading":           {func(p *event.ForgeVotesPredicate) { p.Read.Time = "" }, "read:"},
		"half a commit":                {func(p *event.ForgeVotesPredicate) { p.Commit = commitA[:12] }, "commit:"},
		"a vote without an id":         {func(p *event.ForgeVotesPredicate) { p.Votes[1].ID = "" }, "vote 1: no id"},
		"a vote of account -1":         {func(p *event.ForgeVotesPredicate) { p.Votes[1].Account.ID = -1 }, "vote 1: account -1"},
		"a vote that abstains":         {func(p *event.ForgeVotesPredicate) { p.Votes[0].Decision = "abstain" }, `vote 0: unknown decision "abstain"`},
		"a vote that says nothing":     {func(p *event.ForgeVotesPredicate) { p.Votes[0].Decision = "" }, "vote 0: unknown decision"},
		"a vote bound to nothing":      {func(p *event.ForgeVotesPredicate) { p.Votes[0].Commit = "" }, "bound to neither"},
		"a vote for half a request":    {func(p *event.ForgeVotesPredicate) { p.Votes[2].Request = "b2" }, "vote 2: request"},
		"a vote for a branch":          {func(p *event.ForgeVotesPredicate) { p.Votes[0].Commit = "main" }, "vote 0:"},
		"a vote of the robot kind":     {func(p *event.ForgeVotesPredicate) { p.Votes[0].Account.Kind = "robot" }, "vote 0: unknown kind of account"},
		"a vote at noon":               {func(p *event.ForgeVotesPredicate) { p.Votes[0].Time = "noon" }, "vote 0: time:"},
		"a person of no kind":          {func(p *event.ForgeVotesPredicate) { p.People[0].Account.Kind = "" }, "person 0:"},
		"an owner of what nobody owns": {func(p *event.ForgeVotesPredicate) { p.Owned = nil }, "fact \"codeowner:1\", and 0 are owned"},
		"an owner of line zero":        {func(p *event.ForgeVotesPredicate) { p.People[0].Unknown = []string{"codeowner:0"} }, "and 1 are owned"},
		"owned by nobody":              {func(p *event.ForgeVotesPredicate) { p.Owned[0].Owners = nil }, "owned 1: no owners"},
		"owned in no file":             {func(p *event.ForgeVotesPredicate) { p.Owned[0].File = "" }, "no file"},
		"owned on no line":             {func(p *event.ForgeVotesPredicate) { p.Owned[0].Line = 0 }, "too low"},
		"owned at no commit":           {func(p *event.ForgeVotesPredicate) { p.Owned[0].Commit = "main" }, "owned 1:"},
		"a person twice":               {func(p *event.ForgeVotesPredicate) { p.People = append(p.People, p.People[0]) }, "stands twice"},
		"a part nobody has":            {func(p *event.ForgeVotesPredicate) { p.Parts[0].Part = "bystander" }, `part 0: unknown part "bystander"`},
		"a part of nobody":             {func(p *event.ForgeVotesPredicate) { p.Parts[0].Account = event.ForgeAccount{} }, "part 0: names nobody"},
		"a part of two minds":          {func(p *event.ForgeVotesPredicate) { p.Parts[0].Unknown = "hidden" }, "part 0: names somebody"},
		"a tree of a branch":           {func(p *event.ForgeVotesPredicate) { p.Trees = map[string]string{"main": commitA} }, "trees:"},
		"half a tree":                  {func(p *event.ForgeVotesPredicate) { p.Trees = map[string]string{commitA: "c3"} }, "trees:"},
		"a change without a head":      {func(p *event.ForgeVotesPredicate) { p.Changes[0].Head = "" }, "change 0:"},
		"a change merged as half":      {func(p *event.ForgeVotesPredicate) { p.Changes[0].Merged = "c3" }, "change 0:"},
		"too many votes": {func(p *event.ForgeVotesPredicate) {
			for len(p.Votes) <= event.MaxForgeVotes {
				p.Votes = append(p.Votes, p.Votes...)
			}
		}, "at most"},
	} {
		t.Run(fact, func(t *testing.T) {
			p := forgeVotes()
			c.edit(&p)
			err := p.Check()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Check = %v, want %q", err, c.want)
			}
		})
	}
}
