// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/report"
)

// The comment that says what is asked: on the merged pull request of the
// commit, else an issue per environment.
// https://docs.github.com/en/rest/issues/comments,
// https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit

type account struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
}

type pullRequest struct {
	Number  int64      `json:"number"`
	Merged  *time.Time `json:"merged_at"`
	Commit  string     `json:"merge_commit_sha"`
	Address string     `json:"html_url"`
	Base    struct {
		Repository struct {
			Name string `json:"full_name"`
		} `json:"repo"`
	} `json:"base"`
}

type hubComment struct {
	ID      int64   `json:"id"`
	Body    *string `json:"body"`
	User    account `json:"user"`
	Address string  `json:"html_url"`
}

type hubIssue struct {
	Number  int64     `json:"number"`
	Title   string    `json:"title"`
	State   string    `json:"state"`
	Body    *string   `json:"body"`
	User    account   `json:"user"`
	Address string    `json:"html_url"`
	Pull    *struct{} `json:"pull_request"`
	Labels  []any     `json:"labels"` // each a name, or an object that has one
}

func (i hubIssue) labels() []string {
	names := []string{}
	for _, l := range i.Labels {
		if o, ok := l.(map[string]any); ok {
			l = o["name"]
		}
		if name, ok := l.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

// labelled reports whether the issue has our label, by which gates and people
// who vote find it.
func (i hubIssue) labelled() bool { return slices.Contains(i.labels(), product.Name) }

// githubComment brings the one comment about the environment up to date.
func githubComment(ctx context.Context, q Query) (Placed, error) {
	n := q.Notice
	if _, err := word(map[string]string{
		report.NoticePending: "open", report.NoticeAllowed: "closed", report.NoticeDenied: "open", report.NoticeUnknown: "open",
		report.NoticeCancelled: "open",
	}, n.State); err != nil {
		return Placed{}, err
	}
	h, err := newHub(q)
	if err != nil {
		return Placed{}, err
	}
	own, err := h.viewer(ctx)
	if err != nil {
		return Placed{}, fmt.Errorf("whose token it is: %w", err)
	}
	pulls, err := h.pulls(ctx, n.Commit)
	if err != nil {
		return Placed{}, err
	}
	if p := bestPull(pulls, n.Commit, true); p.Number > 0 {
		return h.comment(ctx, n, p.Number, own)
	}
	return h.issue(ctx, n, own)
}

// viewer is the account of the token. GitHub tells it to every kind of token
// only by GraphQL: https://docs.github.com/en/graphql/reference/queries#viewer.
func (h *hub) viewer(ctx context.Context) (account, error) {
	u := *h.api
	base := strings.TrimSuffix(u.Path, "/")
	if at, ok := strings.CutSuffix(base, "/api/v3"); ok { // an enterprise server
		base = at + "/api"
	}
	u.Path = base + "/graphql"
	var out struct {
		Data struct {
			Viewer struct {
				ID    int64  `json:"databaseId"`
				Login string `json:"login"`
			} `json:"viewer"`
		} `json:"data"`
	}
	in := map[string]string{"query": "query { viewer { login databaseId } }"}
	if err := h.writeTo(ctx, "POST", u.String(), in, &out); err != nil {
		return account{}, err
	}
	v := out.Data.Viewer
	if v.ID <= 0 || v.Login == "" {
		return account{}, fmt.Errorf("%w: %s does not say it", ErrUnavailable, h.api.Host)
	}
	return account{v.ID, v.Login}, nil
}

// pulls are the pull requests of this repository that have the commit.
func (h *hub) pulls(ctx context.Context, commit string) ([]pullRequest, error) {
	all, err := pages[pullRequest](ctx, h.service, h.path+"/commits/"+commit+"/pulls", nil)
	return slices.DeleteFunc(all, func(p pullRequest) bool {
		return p.Number <= 0 || !strings.EqualFold(p.Base.Repository.Name, h.repository)
	}), err
}

// bestPull is the pull request by which the commit was merged, or of the others
// if merged is false; its number is 0 where there is none. That of which it is
// the merge goes first, then the newest.
func bestPull(all []pullRequest, commit string, merged bool) pullRequest {
	var best pullRequest
	exact := false
	for _, p := range all {
		if (p.Merged != nil) != merged {
			continue
		}
		if is := p.Commit == commit; is && !exact || is == exact && p.Number > best.Number {
			best, exact = p, is
		}
	}
	return best
}

// comment changes our comment on an issue or pull request, or makes one.
func (h *hub) comment(ctx context.Context, n report.Notice, number int64, own account) (Placed, error) {
	path := fmt.Sprintf("%s/issues/%d/comments", h.path, number)
	all, err := pages[hubComment](ctx, h.service, path, nil)
	if err != nil {
		return Placed{}, err
	}
	var ours []hubComment
	for _, c := range all {
		if c.Body != nil && marked(*c.Body, n.Marker, c.User.ID, own.ID) {
			ours = append(ours, c)
		}
	}
	placed := func(c hubComment) Placed {
		p := Placed{Place: fmt.Sprintf("comment %d on pull request %d", c.ID, number), Address: c.Address}
		if len(ours) > 1 {
			p.Remarks = append(p.Remarks, fmt.Sprintf("pull request %d has %d comments with this marker; only the oldest is kept up to date", number, len(ours)))
		}
		return p
	}
	arrange.By(ours, func(a, b hubComment) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	if len(ours) > 0 && same(*ours[0].Body, n.Comment) {
		return placed(ours[0]), nil
	}
	var out hubComment
	in := map[string]string{"body": n.Comment}
	if len(ours) > 0 {
		err = h.write(ctx, "PATCH", fmt.Sprintf("%s/issues/comments/%d", h.path, ours[0].ID), in, &out)
	} else {
		err = h.write(ctx, "POST", path, in, &out)
	}
	if err != nil {
		return Placed{}, err
	}
	if out.ID <= 0 {
		return Placed{}, fmt.Errorf("%w: %s names no comment", ErrUnavailable, h.api.Host)
	}
	return placed(out), nil
}

// issue changes our issue about the environment, or makes one. What is decided
// closes it, and asks nobody for anything.
func (h *hub) issue(ctx context.Context, n report.Notice, own account) (Placed, error) {
	old, err := h.ownIssue(ctx, n, own)
	if err != nil {
		return Placed{}, err
	}
	state := "open"
	if n.State == report.NoticeAllowed || n.State == report.NoticeDenied {
		state = "closed"
	}
	if old == nil && state == "closed" {
		return Placed{Place: "nowhere: no merged pull request has the commit, and nothing is left to ask"}, nil
	}
	out := hubIssue{}
	in := map[string]any{"title": n.Issue, "body": n.Comment}
	switch {
	case old == nil:
		in["labels"] = []string{product.Name}
		err = h.write(ctx, "POST", h.path+"/issues", in, &out)
	case old.Title == n.Issue && old.State == state && old.labelled() && same(*old.Body, n.Comment):
		out = *old
	default:
		in["state"] = state
		if !old.labelled() {
			in["labels"] = append(old.labels(), product.Name)
		}
		err = h.write(ctx, "PATCH", fmt.Sprintf("%s/issues/%d", h.path, old.Number), in, &out)
	}
	if err != nil {
		return Placed{}, err
	}
	if out.Number <= 0 {
		return Placed{}, fmt.Errorf("%w: %s names no issue", ErrUnavailable, h.api.Host)
	}
	return Placed{Place: fmt.Sprintf("issue %d: %s", out.Number, n.Issue), Address: out.Address}, nil
}

// ownIssue is the oldest issue by our account that begins with the marker.
func (h *hub) ownIssue(ctx context.Context, n report.Notice, own account) (*hubIssue, error) {
	query := url.Values{"state": {"all"}, "creator": {own.Login}, "sort": {"created"}, "direction": {"asc"}}
	all, err := pages[hubIssue](ctx, h.service, h.path+"/issues", query)
	if err != nil {
		return nil, err
	}
	for _, i := range all {
		if i.Pull == nil && i.Number > 0 && i.Body != nil && marked(*i.Body, n.Marker, i.User.ID, own.ID) {
			return &i, nil
		}
	}
	return nil, nil
}
