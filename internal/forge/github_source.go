// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/vote"
)

// What the sources on GitHub have in common: where to look, whose votes are
// kept, and the snapshot around them. Each of them reads the same pull
// requests: all that have the commit, and those that somebody named.

// maxPullRequests is how many pull requests of one commit are read.
const maxPullRequests = 50

// A githubReading is one reading of one source.
type githubReading struct {
	name    string
	q       Query
	client  *github.Client
	named   []int64    // pull requests
	run     int64      // 0: it is not known
	first   github.Run // its attempt 1, once that was read
	facts   []string
	pulls   []github.PullRequest
	merged  bool            // one of them was merged, and not only named
	commits []github.Commit // of the pull requests, and the one that is deployed
	votes   []githubVote
	sizes   map[int64]int // how many commits each of the pull requests has
	strays  []int64       // pull requests that were named, and do not have the commit
	owners  githubOwned
	parts   partList
	found   Found
	bad     damaged
	strange int
}

// A githubVote is a vote, and when it became what it is. After shadow is set, it
// takes earlier approvals of its account with it, though it does not count.
type githubVote struct {
	event.ForgeVote
	at     time.Time
	shadow bool
	text   github.Text // whose words it is, of one that is written in a text
}

// readGitHub sets a reading up, from the variables of a job.
func readGitHub(name string, q Query) (*githubReading, error) {
	r := &githubReading{name: name, q: q}
	options := github.Options{
		API: q.Getenv("GITHUB_API_URL"), Repository: q.Getenv("GITHUB_REPOSITORY"), Token: q.Getenv("GATELEDGER_GITHUB_TOKEN"),
		Base: q.Base, Timeout: q.Timeout, Pause: q.Pause, Cache: q.Cache,
	}
	if options.Token == "" {
		options.Token = q.Getenv("GITHUB_TOKEN")
	}
	var err error
	if options.ID, err = variable("GITHUB_REPOSITORY_ID", q.Getenv("GITHUB_REPOSITORY_ID")); err != nil {
		return nil, err
	}
	if err := r.readRun(); err != nil {
		return nil, err
	}
	for part := range strings.SplitSeq(q.Getenv("GATELEDGER_PULL_REQUEST"), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := variable("GATELEDGER_PULL_REQUEST", strings.TrimPrefix(part, "#"))
		if err != nil {
			return nil, err
		}
		r.named = append(r.named, n)
	}
	for _, f := range q.Facts {
		if strings.HasPrefix(f, "team:github:") || strings.HasPrefix(f, "permission:") || f == "codeowner" {
			r.facts = append(r.facts, f)
		}
	}
	slices.Sort(r.facts)
	r.facts = slices.Compact(r.facts)
	r.client, err = github.New(options)
	switch {
	case errors.Is(err, github.ErrToken):
		return nil, fmt.Errorf("%w: neither GITHUB_TOKEN nor GATELEDGER_GITHUB_TOKEN holds a token", ErrSetup)
	case errors.Is(err, github.ErrRepository):
		return nil, fmt.Errorf("%w: GITHUB_REPOSITORY: %w", ErrSetup, err)
	case err != nil:
		return nil, fmt.Errorf("%w: GITHUB_API_URL: %w", ErrSetup, err)
	}
	return r, nil
}

// readRun reads which run looks. What the query says goes first, and the
// variable may not say otherwise.
func (r *githubReading) readRun() (err error) {
	told := r.q.Getenv("GITHUB_RUN_ID")
	switch {
	case r.q.Run == "" && told == "":
		return nil
	case r.q.Run != "" && told != "" && told != r.q.Run:
		return fmt.Errorf("%w: GITHUB_RUN_ID is %.40q, but the run is %.40q", ErrSetup, told, r.q.Run)
	case r.q.Run != "":
		r.run, err = variable("the run", r.q.Run)
		return err
	}
	r.run, err = variable("GITHUB_RUN_ID", told)
	return err
}

// findPulls finds the pull requests.
func (r *githubReading) findPulls(ctx context.Context) error {
	pulls, foreign, err := r.client.PullRequestsOf(ctx, r.q.Commit)
	if err != nil {
		return err
	}
	if foreign > 0 {
		r.found.Remarks = append(r.found.Remarks, fmt.Sprintf("%d pull requests in other repositories have commit %.12s, and were not read", foreign, r.q.Commit))
	}
	r.merged = slices.ContainsFunc(pulls, func(p github.PullRequest) bool { return p.Merged != "" })
	for _, n := range r.named {
		if slices.ContainsFunc(pulls, func(p github.PullRequest) bool { return p.Number == n }) {
			continue
		}
		p, err := r.client.PullRequest(ctx, n)
		if err != nil {
			return err
		}
		pulls, r.strays = append(pulls, p), append(r.strays, n)
	}
	if len(pulls) > maxPullRequests {
		return fmt.Errorf("%w: %d pull requests have commit %.12s, over the limit of %d", ErrUnavailable, len(pulls), r.q.Commit, maxPullRequests)
	}
	if len(pulls) == 0 {
		r.found.Read = append(r.found.Read, "no pull request")
		r.found.Remarks = append(r.found.Remarks, fmt.Sprintf("no pull request has commit %.12s; GATELEDGER_PULL_REQUEST names one", r.q.Commit))
		return r.client.CheckRepository(ctx) // nothing else told whether its id is right
	}
	r.pulls = pulls
	return nil
}

// add adds a vote, unless nothing in the policy could count its account.
func (r *githubReading) add(v githubVote, by github.Account) {
	if len(r.facts) == 0 && !slices.Contains(r.q.Accounts, by.ID) || by.ID <= 0 {
		r.strange++
		return
	}
	v.Account = forgeAccount(by)
	v.Reason = cut(v.Reason)
	v.Reject = cut(v.Reject)
	if !v.at.IsZero() && (v.Reject == "" || v.Decision == event.ForgeDeny) {
		v.Time = rfc3339(v.at) // nothing that can't count is ever the later word
	}
	r.votes = append(r.votes, v)
}

// taken rejects approvals that their account took back in a way that can't
// count, such as by an edited comment: it may be the account's word, and it
// may not lift a veto.
func (r *githubReading) taken() {
	type whose struct {
		account int64
		request string
	}
	last := map[whose]time.Time{}
	for _, v := range r.votes {
		if k := (whose{v.Account.ID, v.Request}); v.shadow && v.at.After(last[k]) {
			last[k] = v.at
		}
	}
	for i, v := range r.votes {
		at, ok := last[whose{v.Account.ID, v.Request}]
		if ok && v.Decision == event.ForgeApprove && v.Reject == "" && !v.at.After(at) {
			r.votes[i].Reject, r.votes[i].Time = "taken back later, by what does not count itself", ""
		}
	}
}

// done makes what was found of what was read. The first thing that is not seen
// whole makes it an error.
func (r *githubReading) done(ctx context.Context) (Found, error) {
	r.found.Remarks = append(r.found.Remarks, r.bad.remarks()...)
	if r.q.Request == "" {
		return r.found, nil
	}
	r.taken()
	if err := r.history(ctx); err != nil {
		return Found{}, err
	}
	if err := r.runParts(ctx); err != nil {
		return Found{}, err
	}
	if err := r.owned(ctx); err != nil {
		return Found{}, err
	}
	people, err := r.people(ctx)
	if err != nil {
		return Found{}, err
	}
	snapshot := event.ForgeVotesPredicate{
		Request: r.q.Request, Source: r.name, Host: r.client.Host, RepositoryID: strconv.FormatInt(r.client.ID, 10), Commit: r.q.Commit,
		Changes: []event.ForgeChange{}, Votes: []event.ForgeVote{}, People: people, Parts: r.parts.list, Strangers: r.strange, Trees: r.trees(), Owned: r.owners.list,
	}
	if s, ok := vote.SourceNamed(r.name); ok && s.Weak {
		snapshot.Run = strconv.FormatInt(r.run, 10)
	}
	for _, p := range r.pulls {
		snapshot.Changes = append(snapshot.Changes, event.ForgeChange{Number: p.Number, URL: p.URL, Head: p.Head, Merged: p.Merged})
	}
	for _, v := range r.votes {
		snapshot.Votes = append(snapshot.Votes, v.ForgeVote)
	}
	first, calls := r.client.Asked()
	if first.IsZero() {
		return Found{}, fmt.Errorf("%w: GitHub does not say what time it is", ErrUnavailable)
	}
	snapshot.Read = event.ForgeRead{Time: rfc3339(first), Calls: calls}
	if err := snapshot.Check(); err != nil {
		return Found{}, fmt.Errorf("%w: a snapshot that is none: %w", ErrUnavailable, err)
	}
	r.found.Snapshot = &snapshot
	return r.found, nil
}

// trees are those of the deployed commit and of every commit with a vote, as
// far as they are known: of one that was forced away, nobody needs to know.
func (r *githubReading) trees() map[string]string {
	known, trees := map[string]string{}, map[string]string{}
	for _, c := range r.commits {
		known[c.SHA] = c.Tree
	}
	wanted := []string{r.q.Commit}
	for _, v := range r.votes {
		wanted = append(wanted, v.Commit)
	}
	for _, sha := range wanted {
		if known[sha] != "" {
			trees[sha] = known[sha]
		}
	}
	return trees
}

// forgeAccount is an account as snapshots have it. What GitHub calls neither a
// user nor a bot is a service: no human.
func forgeAccount(a github.Account) event.ForgeAccount {
	kind := event.AccountService
	switch {
	case a.ID <= 0 || a.Login == "ghost":
		kind = event.AccountGhost
	case a.Type == "User":
		kind = event.AccountUser
	case a.Type == "Bot":
		kind = event.AccountBot
	}
	return event.ForgeAccount{ID: a.ID, Login: clean.Field(a.Login), Kind: kind}
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// cut is a text as it is kept: one line, at most 200 characters.
func cut(s string) string {
	s = clean.Field(s)
	if runes := []rune(s); len(runes) > 200 {
		return string(runes[:199]) + "…"
	}
	return s
}
