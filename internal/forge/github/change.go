// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// An Account is one at the client's host. The zero Account is nobody's: of a
// user that was deleted, or of a mail that no account has.
type Account struct {
	ID    int64
	Login string // free to change
	Type  string // as GitHub has it: User, Bot, Organization, Mannequin, …
}

type userWire struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"`
}

func (u *userWire) account() Account {
	if u == nil || u.ID <= 0 {
		return Account{}
	}
	return Account(*u)
}

// A PullRequest is one of the client's repository.
type PullRequest struct {
	Number    int64
	URL       string
	Author    Account
	Assignees []Account
	Head      string // commit at its tip
	Merged    string // the commit it was merged as; empty: it was not
	Base      string // the branch it is for
	Default   string // the default branch of the repository
}

// pullWire is a pull request as GitHub has it
// (https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit).
type pullWire struct {
	Number    int64       `json:"number"`
	HTMLURL   string      `json:"html_url"`
	User      *userWire   `json:"user"`
	Assignees []*userWire `json:"assignees"`
	MergedAt  *string     `json:"merged_at"`
	MergeSHA  *string     `json:"merge_commit_sha"`
	Head      struct {
		SHA string `json:"sha"`
	} `json:"head"`
	Base struct {
		Ref  string `json:"ref"`
		Repo *struct {
			ID            int64  `json:"id"`
			DefaultBranch string `json:"default_branch"`
		} `json:"repo"`
	} `json:"base"`
}

func (p pullWire) Version() string { return fmt.Sprint(p.Number, " ", p.Head.SHA) }

func (p pullWire) check() error {
	if p.Number <= 0 || p.Base.Repo == nil || p.Base.Repo.ID <= 0 || !shaPattern.MatchString(p.Head.SHA) {
		return errors.New("it is no pull request")
	}
	return nil
}

func (p pullWire) pullRequest() PullRequest {
	made := PullRequest{Number: p.Number, URL: p.HTMLURL, Author: p.User.account(), Head: p.Head.SHA, Base: p.Base.Ref, Default: p.Base.Repo.DefaultBranch}
	for _, u := range p.Assignees {
		made.Assignees = append(made.Assignees, u.account())
	}
	if p.MergedAt != nil && p.MergeSHA != nil && shaPattern.MatchString(*p.MergeSHA) {
		made.Merged = *p.MergeSHA
	}
	return made
}

// PullRequestsOf returns the repository's pull requests that have the commit:
// the one that brought it to the default branch, or else all open ones. There
// may be some in other repositories, of which foreign counts the others.
func (c *Client) PullRequestsOf(ctx context.Context, commit string) (list []PullRequest, foreign int, err error) {
	wires, err := all[pullWire](ctx, c, c.path+"/commits/"+commit+"/pulls", nil)
	if err != nil {
		return nil, 0, fmt.Errorf("find the pull requests of commit %.12s: %w", commit, noCommit(err))
	}
	for _, w := range wires {
		if w.Base.Repo.ID != c.ID {
			foreign++
			continue
		}
		list = append(list, w.pullRequest())
	}
	return list, foreign, nil
}

// PullRequest returns the one of a number.
func (c *Client) PullRequest(ctx context.Context, number int64) (PullRequest, error) {
	var w pullWire
	_, err := c.get(ctx, fmt.Sprintf("%s/pulls/%d", c.path, number), &w)
	if err == nil && (w.check() != nil || w.Number != number || w.Base.Repo.ID != c.ID) {
		err = fmt.Errorf("%w: it is not that of repository %d", ask.ErrUnavailable, c.ID)
	}
	if err != nil {
		return PullRequest{}, fmt.Errorf("read pull request %d: %w", number, err)
	}
	return w.pullRequest(), nil
}

// CheckRepository asks whether the repository's name still leads to its id.
func (c *Client) CheckRepository(ctx context.Context) error {
	var w struct {
		ID int64 `json:"id"`
	}
	_, err := c.get(ctx, c.path, &w)
	if err == nil && w.ID != c.ID {
		err = fmt.Errorf("%w: its id is %d, not %d", ask.ErrUnavailable, w.ID, c.ID)
	}
	if err != nil {
		return fmt.Errorf("read the repository: %w", err)
	}
	return nil
}

// The states of a review.
const (
	Approved         = "APPROVED"
	ChangesRequested = "CHANGES_REQUESTED"
	Commented        = "COMMENTED"
	Dismissed        = "DISMISSED" // whatever it was before
)

// A Review is one that was submitted.
type Review struct {
	ID        int64
	Author    Account
	State     string
	Commit    string // that was looked at; empty: GitHub does not say
	Submitted time.Time
	Body      string
	URL       string
	Node      string // its name in GraphQL; empty: GitHub does not say
}

// reviewWire is a review as GitHub has it
// (https://docs.github.com/rest/pulls/reviews#list-reviews-for-a-pull-request).
type reviewWire struct {
	ID        int64     `json:"id"`
	User      *userWire `json:"user"`
	State     string    `json:"state"`
	CommitID  *string   `json:"commit_id"`
	Submitted time.Time `json:"submitted_at"`
	Body      *string   `json:"body"`
	HTMLURL   string    `json:"html_url"`
	NodeID    string    `json:"node_id"`
}

// pending is a review that its author has not submitted. Nobody else is shown
// it, but a token is shown its owner's.
const pending = "PENDING"

func (r reviewWire) Version() string {
	return fmt.Sprint(r.ID, " ", r.State, " ", text(r.CommitID), " ", len(text(r.Body)))
}

func (r reviewWire) check() error {
	switch r.State {
	case pending:
		return nil
	case Approved, ChangesRequested, Commented, Dismissed:
	default:
		return fmt.Errorf("a review in the state %.40q", r.State)
	}
	if r.ID <= 0 || r.Submitted.IsZero() || text(r.CommitID) != "" && !shaPattern.MatchString(text(r.CommitID)) {
		return errors.New("it is no review")
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Reviews returns every review of a pull request that was submitted, the oldest
// first.
func (c *Client) Reviews(ctx context.Context, number int64) ([]Review, error) {
	wires, err := all[reviewWire](ctx, c, fmt.Sprintf("%s/pulls/%d/reviews", c.path, number), nil)
	if err != nil {
		return nil, fmt.Errorf("read the reviews of pull request %d: %w", number, err)
	}
	var list []Review
	for _, w := range wires {
		if w.State == pending {
			continue
		}
		list = append(list, Review{
			ID: w.ID, Author: w.User.account(), State: w.State, Commit: text(w.CommitID),
			Submitted: w.Submitted.UTC(), Body: text(w.Body), URL: w.HTMLURL, Node: w.NodeID,
		})
	}
	return list, nil
}

// A Comment is what somebody wrote under a pull request or an issue.
type Comment struct {
	ID      int64
	Author  Account
	Body    string
	URL     string
	Created time.Time
	Updated time.Time // if not Created: it was edited, by its author or by anybody who may; if it is, ask Edits
	Node    string    // its name in GraphQL; empty: GitHub does not say
}

// commentWire is a comment as GitHub has it
// (https://docs.github.com/rest/issues/comments#list-issue-comments).
type commentWire struct {
	ID      int64     `json:"id"`
	User    *userWire `json:"user"`
	Body    *string   `json:"body"`
	HTMLURL string    `json:"html_url"`
	Created time.Time `json:"created_at"`
	Updated time.Time `json:"updated_at"`
	NodeID  string    `json:"node_id"`
}

func (w commentWire) Version() string { return fmt.Sprint(w.ID, " ", w.Updated.UnixNano()) }

func (w commentWire) check() error {
	if w.ID <= 0 || w.Body == nil || w.Created.IsZero() || w.Updated.IsZero() {
		return errors.New("it is no comment")
	}
	return nil
}

// Comments returns every comment under a pull request or an issue, the oldest
// first; those on lines of files are not among them.
func (c *Client) Comments(ctx context.Context, number int64) ([]Comment, error) {
	wires, err := all[commentWire](ctx, c, fmt.Sprintf("%s/issues/%d/comments", c.path, number), nil)
	if err != nil {
		return nil, fmt.Errorf("read the comments of number %d: %w", number, err)
	}
	var list []Comment
	for _, w := range wires {
		list = append(list, Comment{
			ID: w.ID, Author: w.User.account(), Body: *w.Body, URL: w.HTMLURL,
			Created: w.Created.UTC(), Updated: w.Updated.UTC(), Node: w.NodeID,
		})
	}
	return list, nil
}
