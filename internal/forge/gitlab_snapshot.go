// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab"
)

// sighted is what a source on GitLab showed, before anybody asked who its
// people are.
type sighted struct {
	source   string
	project  int64 // whose members count
	requests []gitlab.MergeRequest
	votes    []event.ForgeVote
	trees    map[string]string
	owners   gitlabOwned
}

// snapshot asks about the people and makes the snapshot.
func (s *sighted) snapshot(ctx context.Context, client *gitlab.Client, at gitlabPlace, q Query, found *Found) (*event.ForgeVotesPredicate, error) {
	remarks, err := s.readOwned(ctx, client, q)
	if err != nil {
		return nil, err
	}
	found.Remarks = append(found.Remarks, remarks...)
	people, err := s.people(ctx, client, q)
	if err != nil {
		return nil, err
	}
	parts, err := s.parts(ctx, client, at, q)
	if err != nil {
		return nil, err
	}
	first, calls := client.Seen()
	if first.IsZero() {
		return nil, fmt.Errorf("%w: its answers have no Date", ErrUnavailable)
	}
	p := &event.ForgeVotesPredicate{
		Request: q.Request, Source: s.source, Host: client.Host, RepositoryID: fmt.Sprint(at.home), Commit: q.Commit,
		Run: at.run(q), Read: event.ForgeRead{Time: stamp(first), Calls: calls},
		Changes: []event.ForgeChange{}, Trees: s.trees, Votes: []event.ForgeVote{}, People: people.list(), Parts: parts,
		Owned: s.owners.list,
	}
	for _, m := range s.requests {
		p.Changes = append(p.Changes, event.ForgeChange{Number: m.IID, URL: m.URL, Head: m.Head, Merged: m.Merged})
	}
	for _, v := range s.votes {
		if !people.counts(v.Account.ID) {
			p.Strangers++
			continue
		}
		if known := people.of[v.Account.ID]; known != nil && v.Account.Kind == event.AccountUser {
			v.Account.Kind = known.Account.Kind
		}
		if t, err := time.Parse(time.RFC3339, v.Time); err == nil && t.After(first.Add(maxAhead)) && v.Reject == "" {
			v.Reject = "its time has not come yet"
		}
		p.Votes = append(p.Votes, v)
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("%w: odd answers: %w", ErrUnavailable, err)
	}
	return p, nil
}

// maxAhead is how much later than the answer that shows it a vote may be. Its
// time is by the same clocks.
const maxAhead = time.Minute

// maxReason is how many characters of somebody's words are kept.
const maxReason = 200

func short200(s string) string {
	runes := []rune(clean.Field(s))
	return string(runes[:min(len(runes), maxReason)])
}

// accountOf is an account of GitLab's as far as its name tells.
func accountOf(u gitlab.User) event.ForgeAccount {
	a := event.ForgeAccount{ID: u.ID, Login: u.Login, Kind: event.AccountUser}
	switch {
	case u.Ghost():
		a.Kind = event.AccountGhost
	case u.Bot():
		a.Kind = event.AccountBot
	case u.Service():
		a.Kind = event.AccountService
	}
	return a
}

// gitlabPeople is what GitLab says of those who voted.
type gitlabPeople struct {
	pinned map[int64]bool // that the policy names
	of     map[int64]*event.ForgePerson
}

// list is everybody whose votes are in the snapshot and of whom anything was
// asked, by account.
func (p gitlabPeople) list() []event.ForgePerson {
	list := []event.ForgePerson{}
	for id, person := range p.of {
		if p.counts(id) {
			slices.Sort(person.Facts)
			slices.Sort(person.Unknown)
			list = append(list, *person)
		}
	}
	arrange.By(list, func(a, b event.ForgePerson) int { return int(min(max(a.Account.ID-b.Account.ID, -1), 1)) })
	return list
}

// counts reports whether anything in the policy could count the account.
func (p gitlabPeople) counts(id int64) bool {
	if p.pinned[id] {
		return true
	}
	person := p.of[id]
	return person != nil && person.Account.Kind == event.AccountUser && len(person.Facts)+len(person.Unknown) > 0
}

// wantedFacts are the facts that a policy's roles ask for, as far as they are
// GitLab's to tell.
type wantedFacts struct {
	permission []string
	groups     []string // full paths
	owner      bool     // codeowner
}

func wantedOf(facts []string) (w wantedFacts) {
	for _, f := range facts {
		group, ok := strings.CutPrefix(f, "team:gitlab:")
		switch {
		case ok && !slices.Contains(w.groups, group):
			w.groups = append(w.groups, group)
		case strings.HasPrefix(f, "permission:"):
			w.permission = append(w.permission, f)
		case f == "codeowner":
			w.owner = true
		}
	}
	return w
}

// people asks who the voters are. What a token may not see is unknown; whatever
// else goes wrong is an error.
func (s *sighted) people(ctx context.Context, client *gitlab.Client, q Query) (gitlabPeople, error) {
	p := gitlabPeople{pinned: map[int64]bool{}, of: map[int64]*event.ForgePerson{}}
	for _, id := range q.Accounts {
		p.pinned[id] = true
	}
	want := wantedOf(q.Facts)
	if len(want.permission)+len(want.groups) == 0 && !want.owner {
		return p, nil
	}
	var ids []int64
	for _, v := range s.votes {
		if v.Account.Kind == event.AccountUser && p.of[v.Account.ID] == nil {
			p.of[v.Account.ID] = &event.ForgePerson{Account: v.Account}
			ids = append(ids, v.Account.ID)
		}
	}
	if len(ids) == 0 {
		return p, nil
	}
	if err := p.permissions(ctx, client, s.project, ids, want.permission); err != nil {
		return p, err
	}
	for _, group := range want.groups {
		if err := p.group(ctx, client, group, ids); err != nil {
			return p, err
		}
	}
	if want.owner {
		if err := p.owners(ctx, client, s, ids); err != nil {
			return p, err
		}
	}
	return p, p.humans(ctx, client, ids)
}

func (p gitlabPeople) unknown(ids []int64, facts ...string) {
	for _, id := range ids {
		p.of[id].Unknown = append(p.of[id].Unknown, facts...)
	}
}

// permissions adds the level of access to the project.
func (p gitlabPeople) permissions(ctx context.Context, client *gitlab.Client, project int64, ids []int64, wanted []string) error {
	if len(wanted) == 0 {
		return nil
	}
	levels, err := client.ProjectMembers(ctx, project, ids)
	switch {
	case errors.Is(err, ErrRefused):
		p.unknown(ids, wanted...)
		return nil
	case err != nil:
		return err
	}
	for _, id := range ids {
		if name := levelName(levels[id]); name != "" {
			p.of[id].Facts = append(p.of[id].Facts, "permission:"+name)
		}
	}
	return nil
}

// levelName is the highest level with a name of its own that is no higher.
func levelName(level int) string {
	switch {
	case level >= gitlab.Owner:
		return "owner"
	case level >= gitlab.Maintainer:
		return "maintainer"
	case level >= gitlab.Developer:
		return "developer"
	case level >= gitlab.Reporter:
		return "reporter"
	case level >= gitlab.Guest:
		return "guest"
	}
	return ""
}

// group adds the membership of one group.
func (p gitlabPeople) group(ctx context.Context, client *gitlab.Client, group string, ids []int64) error {
	fact := "team:gitlab:" + group
	levels, err := client.GroupMembers(ctx, group, ids)
	switch {
	case errors.Is(err, ErrRefused): // also a group that there is not, which looks the same
		p.unknown(ids, fact)
		return nil
	case err != nil:
		return err
	}
	for _, id := range ids {
		if levels[id] >= gitlab.Guest {
			p.of[id].Facts = append(p.of[id].Facts, fact)
		}
	}
	return nil
}

// maxHumans is how many accounts that no policy names are asked about one by
// one.
const maxHumans = 20

// humans finds out which of the accounts that hold anything, and that the policy
// does not name, are no humans: service accounts have any name.
func (p gitlabPeople) humans(ctx context.Context, client *gitlab.Client, ids []int64) error {
	asked := 0
	for _, id := range ids {
		person := p.of[id]
		if p.pinned[id] || len(person.Facts) == 0 {
			continue
		}
		bot, err := false, error(ErrRefused)
		if asked++; asked <= maxHumans {
			bot, err = client.IsBot(ctx, id)
		}
		switch {
		case errors.Is(err, ErrRefused):
			person.Facts, person.Unknown = nil, append(person.Unknown, person.Facts...)
		case err != nil:
			return err
		case bot:
			person.Account.Kind = event.AccountService
		}
	}
	return nil
}

// parts says who had a hand in the commit and its run, as far as GitLab tells:
// it knows accounts of merge requests and of pipelines, and of commits only
// what their authors wrote. Committers and co-authors are therefore left to
// what the commit event says, which has the addresses.
func (s *sighted) parts(ctx context.Context, client *gitlab.Client, at gitlabPlace, q Query) ([]event.ForgePart, error) {
	var parts []event.ForgePart
	known := map[int64]bool{}
	for _, m := range s.requests {
		if m.Author.ID > 0 && !known[m.Author.ID] {
			known[m.Author.ID] = true
			parts = append(parts, event.ForgePart{Part: event.PartAuthor, Account: accountOf(m.Author)})
		}
	}
	if len(parts) == 0 {
		parts = append(parts, event.ForgePart{Part: event.PartAuthor, Unknown: "no merge request has the commit, and GitLab names no account for a commit's author"})
	}
	run, why, err := pipelineOf(ctx, client, at.home, at.run(q))
	if err != nil {
		return nil, err
	}
	pusher := event.ForgePart{Part: event.PartPusher, Account: accountOf(run.User)}
	triggerer := event.ForgePart{Part: event.PartTriggerer, Account: accountOf(run.User)}
	switch {
	case why != "":
		pusher = event.ForgePart{Part: event.PartPusher, Unknown: why}
		triggerer = event.ForgePart{Part: event.PartTriggerer, Unknown: why}
	case run.Source != "push" || run.SHA != q.Commit:
		pusher = event.ForgePart{Part: event.PartPusher, Unknown: "the pipeline was not started by the push of the commit, and GitLab does not say who pushed it"}
	}
	return append(parts, pusher, triggerer), nil
}

// pipelineOf reads the run's pipeline, or says why nobody can tell.
func pipelineOf(ctx context.Context, client *gitlab.Client, project int64, run string) (p gitlab.Pipeline, why string, err error) {
	if run == "" {
		return p, "no pipeline is known", nil
	}
	p, err = client.Pipeline(ctx, project, run)
	switch {
	case errors.Is(err, ErrRefused):
		return p, "the token may not read the pipeline", nil
	case err != nil:
		return p, "", err
	case p.User.ID <= 0:
		return p, "the pipeline is nobody's", nil
	}
	return p, "", nil
}
