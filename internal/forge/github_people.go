// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/pattern"
)

// A partList is who had which part, each once, and each part's first reason not
// to know.
type partList struct{ list []event.ForgePart }

func (l *partList) add(part string, a github.Account, unknown string) {
	p := event.ForgePart{Part: part}
	if p.Account = forgeAccount(a); p.Account.Kind == event.AccountGhost {
		p.Account, p.Unknown = event.ForgeAccount{}, unknown
	}
	if !slices.ContainsFunc(l.list, func(o event.ForgePart) bool {
		return o.Part == part && o.Account.ID == p.Account.ID && (o.Unknown == "") == (p.Unknown == "")
	}) {
		l.list = append(l.list, p)
	}
}

// history reads the commits of the pull requests, and says who made them.
func (r *githubReading) history(ctx context.Context) error {
	r.parts.list, r.sizes = []event.ForgePart{}, map[int64]int{}
	seen := false
	for _, p := range r.pulls {
		commits, err := r.client.Commits(ctx, p.Number)
		if err != nil {
			return err
		}
		r.parts.add(event.PartAuthor, p.Author, fmt.Sprintf("the account that opened pull request %d is gone", p.Number))
		if len(commits) >= github.MaxCommits {
			for _, part := range []string{event.PartAuthor, event.PartCommitter, event.PartCoAuthor} {
				r.parts.add(part, github.Account{}, fmt.Sprintf("pull request %d may have more than the %d commits that GitHub shows", p.Number, github.MaxCommits))
			}
		}
		r.agent(p, commits)
		r.sizes[p.Number] = len(commits)
		r.commits = append(r.commits, commits...)
		seen = seen || slices.ContainsFunc(commits, func(c github.Commit) bool { return c.SHA == r.q.Commit })
	}
	if !seen {
		c, err := r.client.Commit(ctx, r.q.Commit)
		if err != nil {
			return err
		}
		r.commits = append(r.commits, c)
	}
	mails := map[string]github.Account{}
	for _, c := range r.commits {
		for mail, a := range map[string]github.Account{c.AuthorMail: c.Author, c.CommitterMail: c.Committer} {
			if a.ID > 0 {
				mails[strings.ToLower(mail)] = a
			}
		}
	}
	for _, c := range r.commits {
		r.parts.add(event.PartAuthor, c.Author, fmt.Sprintf("no account has the mail of the author of commit %.12s", c.SHA))
		r.parts.add(event.PartCommitter, c.Committer, fmt.Sprintf("no account has the mail of the committer of commit %.12s", c.SHA))
		for _, co := range c.CoAuthors {
			a := co.Account
			if known, ok := mails[co.Mail]; ok && a.ID == 0 {
				a = known
			}
			if a.ID == 0 && nobodysMail.MatchString(co.Mail) {
				continue // a program's, which no human reads: it can fill no seat
			}
			r.parts.add(event.PartCoAuthor, a, fmt.Sprintf("GitHub does not say whose the mail of a co-author of commit %.12s is", c.SHA))
		}
	}
	return nil
}

// nobodysMail is an address that says that nobody reads it, as agents sign the
// commits they help with. Those that GitHub gives to accounts are others.
var nobodysMail = pattern.New(`^(no-?reply|do-?not-?reply)(\+[^@]*)?@`)

// agent says who had a pull request written that no human opened: the humans
// that it is assigned to, and those that its commits name as co-authors.
func (r *githubReading) agent(p github.PullRequest, commits []github.Commit) {
	if forgeAccount(p.Author).Kind == event.AccountUser {
		return
	}
	r.parts.add(event.PartAgent, p.Author, fmt.Sprintf("the account that opened pull request %d is gone", p.Number))
	asked := slices.Clone(p.Assignees)
	for _, c := range commits {
		for _, co := range c.CoAuthors {
			asked = append(asked, co.Account)
		}
	}
	found := false
	for _, a := range asked {
		if forgeAccount(a).Kind == event.AccountUser {
			r.parts.add(event.PartRequester, a, "")
			found = true
		}
	}
	if !found {
		r.parts.add(event.PartRequester, github.Account{}, fmt.Sprintf("no human opened pull request %d, and neither its assignees nor its commits name one who asked for it", p.Number))
	}
}

// runParts says who triggered the run, who started it again, and who pushed.
func (r *githubReading) runParts(ctx context.Context) error {
	const nobody = "it is not said which run looks"
	if r.run == 0 {
		r.parts.add(event.PartTriggerer, github.Account{}, nobody)
		r.parts.add(event.PartPusher, github.Account{}, "GitHub does not say who pushed the commit")
		return nil
	}
	first := r.first
	if first.ID == 0 {
		var err error
		if first, err = r.client.RunAttempt(ctx, r.run, 1); err != nil && !errors.Is(err, ErrRefused) {
			return err
		}
	}
	const hidden = "the token may not see who triggered the run; give the job actions: read"
	r.parts.add(event.PartTriggerer, first.Actor, hidden)
	if first.Triggering.ID > 0 {
		r.parts.add(event.PartTriggerer, first.Triggering, hidden)
	}
	var pusher github.Account
	if first.Event == "push" && first.Head == r.q.Commit {
		pusher = first.Actor
	}
	r.parts.add(event.PartPusher, pusher, "GitHub does not say who pushed the commit")
	if r.q.Attempt < 2 {
		return nil
	}
	again, err := r.client.RunAttempt(ctx, r.run, r.q.Attempt)
	if err != nil && !errors.Is(err, ErrRefused) {
		return err
	}
	r.parts.add(event.PartRerunner, again.Triggering, hidden)
	return nil
}

// maxPeople is how many accounts are asked about; those that the policy knows
// by id come first. Of the others, nothing is known.
const maxPeople = 100

// people finds out what was asked about everybody who voted.
func (r *githubReading) people(ctx context.Context) ([]event.ForgePerson, error) {
	people := []event.ForgePerson{}
	if len(r.facts) == 0 {
		return people, nil
	}
	for _, v := range r.votes {
		if v.Account.Kind == event.AccountUser && !slices.ContainsFunc(people, func(p event.ForgePerson) bool { return p.Account.ID == v.Account.ID }) {
			people = append(people, event.ForgePerson{Account: v.Account})
		}
	}
	arrange.Stably(people, func(a, b event.ForgePerson) int {
		return cmp.Compare(r.stranger(a), r.stranger(b))
	})
	for i := range people {
		if i >= maxPeople {
			people[i].Unknown = r.facts
			continue
		}
		if err := r.person(ctx, &people[i]); err != nil {
			return nil, err
		}
	}
	arrange.By(people, func(a, b event.ForgePerson) int { return cmp.Compare(a.Account.ID, b.Account.ID) })
	return people, nil
}

func (r *githubReading) stranger(p event.ForgePerson) int {
	if slices.Contains(r.q.Accounts, p.Account.ID) {
		return 0
	}
	return 1
}

// person finds out about one account. What GitHub does not let us see is
// unknown; that it does not answer is an error.
func (r *githubReading) person(ctx context.Context, p *event.ForgePerson) error {
	account := github.Account{ID: p.Account.ID, Login: p.Account.Login, Type: "User"}
	asked := false
	for _, fact := range r.facts {
		var facts []string
		var err error
		switch team, isTeam := strings.CutPrefix(fact, "team:github:"); {
		case isTeam:
			org, slug, _ := strings.Cut(team, "/")
			var in bool
			if in, err = r.client.TeamMembership(ctx, org, slug, account); in {
				facts = []string{fact}
			}
		case strings.HasPrefix(fact, "permission:") && asked:
			continue
		case strings.HasPrefix(fact, "permission:"):
			facts, err = r.permissions(ctx, account)
			asked = err == nil
		default: // codeowner
			var unknown []string
			facts, unknown, err = r.ownerFacts(ctx, account)
			p.Unknown = append(p.Unknown, unknown...)
		}
		switch {
		case errors.Is(err, ErrRefused) || errors.Is(err, github.ErrNobody):
			p.Unknown = append(p.Unknown, fact)
		case err != nil:
			return err
		}
		p.Facts = append(p.Facts, facts...)
	}
	slices.Sort(p.Facts)
	slices.Sort(p.Unknown)
	return nil
}

// permissions are the facts about an account's permission.
func (r *githubReading) permissions(ctx context.Context, a github.Account) ([]string, error) {
	levels, err := r.client.Permission(ctx, a)
	var facts []string
	for _, l := range levels {
		facts = append(facts, "permission:"+l)
	}
	return facts, err
}
