// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/report"
	"github.com/gateledger/gateledger/internal/vote"
)

// githubComments reads the comments of pull requests and the texts of their
// reviews: commands, which name their request, and signed votes. Of those
// commands that would count it asks whether somebody edited them.
func githubComments(ctx context.Context, q Query) (Found, error) {
	r, err := readGitHub("github-comment", q)
	if err != nil {
		return Found{}, err
	}
	if err := r.findPulls(ctx); err != nil {
		return Found{}, err
	}
	if err := r.issues(ctx); err != nil {
		return Found{}, err
	}
	for _, p := range r.pulls {
		comments, err := r.client.Comments(ctx, p.Number)
		if err != nil {
			return Found{}, err
		}
		reviews, err := r.client.Reviews(ctx, p.Number)
		if err != nil {
			return Found{}, err
		}
		r.found.Read = append(r.found.Read, fmt.Sprintf("pull request %d: %d comments, %d reviews", p.Number, len(comments), len(reviews)))
		for _, c := range comments {
			r.comment(fmt.Sprintf("pull request %d", p.Number), fmt.Sprintf("pulls/%d", p.Number), c)
		}
		for _, v := range reviews {
			r.reviewText(p, v)
		}
	}
	if err := r.edits(ctx); err != nil {
		return Found{}, err
	}
	return r.done(ctx)
}

// maxIssues is how many issues are read: there is one for each environment.
const maxIssues = 50

// issues reads the comments of the issues where requests are shown that no
// merged pull request can show: those with our label, that begin with the hidden
// marker of an environment. Only who works in the repository can set a label.
func (r *githubReading) issues(ctx context.Context) error {
	if r.merged {
		return nil
	}
	all, err := r.client.IssuesLabelled(ctx, product.Name)
	if err != nil {
		return err
	}
	read := 0
	for _, i := range all {
		first, _, _ := strings.Cut(i.Body, "\n")
		if !strings.HasPrefix(first, report.MarkerPrefix) || r.q.Environment != "" && strings.TrimSuffix(first, "\r") != report.Marker(r.q.Environment) {
			continue
		}
		if read++; read > maxIssues {
			return fmt.Errorf("%w: over the limit of %d issues that show requests", ErrUnavailable, maxIssues)
		}
		comments, err := r.client.Comments(ctx, i.Number)
		if err != nil {
			return err
		}
		r.found.Read = append(r.found.Read, fmt.Sprintf("issue %d: %d comments", i.Number, len(comments)))
		for _, c := range comments {
			r.comment(fmt.Sprintf("issue %d", i.Number), fmt.Sprintf("issues/%d", i.Number), c)
		}
	}
	return nil
}

// A said is a text that somebody left.
type said struct {
	place, id, url string
	by             github.Account
	posted         time.Time
	since          time.Time // the text may be as young as this
	edited         bool
	reject         string // why no unsigned vote in it counts
	body           string
	text           github.Text // to ask about
}

func (r *githubReading) comment(place, path string, c github.Comment) {
	s := said{
		place: fmt.Sprintf("%s, comment %d", place, c.ID),
		id:    fmt.Sprintf("%s/%d/%s/comments/%d", r.client.Host, r.client.ID, path, c.ID),
		url:   c.URL, by: c.Author, posted: c.Created, since: c.Updated, edited: !c.Updated.Equal(c.Created), body: c.Body,
		text: github.Text{Node: c.Node, ID: c.ID, Author: c.Author.ID, Posted: c.Created, Body: c.Body},
	}
	if s.edited {
		s.reject = "edited after it was posted, and GitHub does not say by whom; post it anew"
	}
	r.text(s)
}

// reviewText reads the text of a review. Whoever may write to the repository
// may edit it, and only edits tells that it was. In one that was dismissed only
// a veto counts.
func (r *githubReading) reviewText(p github.PullRequest, v github.Review) {
	s := said{
		place: fmt.Sprintf("pull request %d, review %d", p.Number, v.ID),
		id:    fmt.Sprintf("%s/%d/pulls/%d/reviews/%d", r.client.Host, r.client.ID, p.Number, v.ID),
		url:   v.URL, by: v.Author, posted: v.Submitted, since: v.Submitted, body: v.Body,
		text: github.Text{Node: v.Node, ID: v.ID, Review: true, Author: v.Author.ID, Posted: v.Submitted, Body: v.Body},
	}
	if v.State == github.Dismissed {
		s.reject = "in a review that was dismissed"
	}
	r.text(s)
}

// text adds the votes in a text.
func (r *githubReading) text(s said) {
	account := forgeAccount(s.by)
	blocks, problems := vote.FindArmoured(s.body)
	for _, b := range blocks {
		r.found.Sightings = append(r.found.Sightings, vote.Sighting{
			Source: r.name, Place: s.place, ID: s.id, Posted: s.posted, Edited: s.edited, Block: b.String(),
			Account: vote.Account{Host: r.client.Host, ID: account.ID, Login: account.Login, Bot: account.Kind != event.AccountUser},
		})
	}
	who := cmp.Or(account.Login, "nobody")
	for _, p := range problems {
		r.bad.add(s.place, fmt.Sprintf("%s by %s, line %d: %v", s.place, who, p.Line, p.Err))
	}
	c, err := vote.ParseCommand(s.body)
	if errors.Is(err, vote.ErrNoCommand) {
		return
	}
	if err != nil {
		r.bad.add(s.place, fmt.Sprintf("%s by %s: %v", s.place, who, err))
		s.reject = err.Error()
	}
	if c.Choice == "" {
		return
	}
	r.add(githubVote{at: s.posted, text: s.text, ForgeVote: event.ForgeVote{
		ID: s.id, Decision: string(c.Choice), Request: c.Request, URL: s.url, Reason: c.Reason, Reject: s.reject,
	}}.until(s), s.by)
}

// until makes a revocation that can't count take earlier approvals with it, up
// to the time that its text may have been written, and a veto as young as that:
// an approval from in between does not lift it.
func (v githubVote) until(s said) githubVote {
	switch {
	case v.Decision == event.ForgeRevoke && v.Reject != "":
		v.shadow, v.at = true, s.since
	case v.Decision == event.ForgeDeny:
		v.at = s.since
	}
	return v
}
