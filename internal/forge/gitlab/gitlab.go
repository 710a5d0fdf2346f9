// SPDX-License-Identifier: Apache-2.0

// Package gitlab reads what people said on a GitLab, and says nothing itself.
// It is the only package that imports GitLab's client, which is frozen: to
// change to another one is to change this package.
//
// What it returns is whole: all pages of a list, each of them as the forge
// shows it, or an error.
package gitlab

//lint:file-ignore SA1019 the client is frozen and says so; this package is where another one takes its place

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	api "github.com/xanzy/go-gitlab"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// Options say which GitLab, and as whom. One of the tokens must be there; a
// token that somebody made goes before that of the job.
type Options struct {
	API      string // address of the API, as CI_API_V4_URL has it
	JobToken string // CI_JOB_TOKEN
	Token    string // of a person, a project or a group, with read_api

	Base           http.RoundTripper // required
	Timeout, Pause time.Duration     // see ask.Transport
	Cache          *ask.Cache        // nil: one of the client's own
}

// What New says of options that it can't use.
var (
	ErrAddress = errors.New("the address of GitLab's API is https://HOST/api/v4")
	ErrToken   = errors.New("there is no token for GitLab's API")
)

// A Client asks one GitLab.
type Client struct {
	api *api.Client

	// Host is the GitLab's, with its port if it has one.
	Host string

	first time.Time
	calls int
}

// tokenPattern is what may stand in a header, and maxToken how many bytes of it.
var tokenPattern = pattern.New(`^[!-~]+$`)

const maxToken = 32 << 10

// New returns a client. It asks nothing yet.
func New(o Options) (*Client, error) {
	base, err := ask.Address(o.API)
	if err != nil || !strings.HasSuffix(strings.TrimSuffix(base.Path, "/"), "/api/v4") {
		return nil, ErrAddress
	}
	token, client := o.Token, api.NewClient
	if token == "" {
		token, client = o.JobToken, api.NewJobClient
	}
	if len(token) > maxToken || !tokenPattern.MatchString(token) {
		return nil, ErrToken
	}
	cache := o.Cache
	if cache == nil {
		cache = new(ask.Cache)
	}
	c := &http.Client{Transport: &ask.Transport{
		Base: o.Base, Host: base.Host, Secrets: []string{token}, Timeout: o.Timeout, Pause: o.Pause, Cache: cache,
	}}
	made, err := client(token, api.WithBaseURL(base.String()), api.WithHTTPClient(c), api.WithoutRetries(), api.WithCustomRetryMax(0))
	if err != nil {
		return nil, ErrAddress
	}
	made.UserAgent = product.Name
	return &Client{api: made, Host: base.Host}, nil
}

// A Note is what somebody wrote under a merge request, or GitLab itself.
type Note struct {
	ID       int64
	Body     string
	AuthorID int64  // 0: nobody's
	Login    string // free to change
	Bot      bool   // GitLab itself, or by its name the bot of a project or group
	System   bool   // written by GitLab, about what the author did
	Imported bool   // came with a project from elsewhere: by the word of who imported it
	Created  time.Time
	Updated  time.Time
}

// botPattern is what GitLab calls the users that it makes for tokens.
var botPattern = pattern.New(`^(project|group)_[0-9]+_bot`)

// noteWire is a note as GitLab's Notes API has it
// (https://docs.gitlab.com/api/notes/).
type noteWire struct {
	ID           int64     `json:"id"`
	Body         *string   `json:"body"`
	System       bool      `json:"system"`
	Imported     bool      `json:"imported"`
	NoteableType string    `json:"noteable_type"`
	NoteableIID  int64     `json:"noteable_iid"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
	Author       struct {
		ID       int64  `json:"id"`
		Username string `json:"username"`
	} `json:"author"`
}

func (n noteWire) Version() string { return fmt.Sprint(n.ID, " ", n.UpdatedAt.UnixNano()) }

// Notes returns every note under a merge request, the oldest first.
func (c *Client) Notes(ctx context.Context, project, mergeRequest int64) ([]Note, error) {
	path := fmt.Sprintf("projects/%d/merge_requests/%d/notes", project, mergeRequest)
	wires, err := all[noteWire](ctx, c, path, "sort=asc&order_by=created_at")
	if err != nil {
		return nil, fmt.Errorf("read the notes of merge request %d of project %d: %w", mergeRequest, project, err)
	}
	notes := make([]Note, 0, len(wires))
	for _, n := range wires {
		if n.ID <= 0 || n.Body == nil || n.NoteableType != "MergeRequest" || n.NoteableIID != mergeRequest {
			return nil, fmt.Errorf("read the notes of merge request %d of project %d: %w: what should be one of its notes is none", mergeRequest, project, ask.ErrUnavailable)
		}
		notes = append(notes, Note{
			ID: n.ID, Body: *n.Body, AuthorID: n.Author.ID, Login: n.Author.Username,
			Bot:    n.System || botPattern.MatchString(n.Author.Username),
			System: n.System, Imported: n.Imported,
			Created: n.CreatedAt.UTC(), Updated: n.UpdatedAt.UTC(),
		})
	}
	return notes, nil
}

// A MergeRequest is one of a project, and the commits that it has been.
type MergeRequest struct {
	IID    int64
	URL    string
	Head   string // commit at its tip
	Merged string // the commit it was merged as; empty: none
	Author User
	Stray  bool // somebody named it, and GitLab does not say that it has the commit
}

// mergeRequestWire is the part of a merge request that is looked at
// (https://docs.gitlab.com/api/commits/#list-merge-requests-associated-with-a-commit,
// https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request).
type mergeRequestWire struct {
	IID             int64    `json:"iid"`
	ProjectID       int64    `json:"project_id"`
	SHA             string   `json:"sha"`
	MergeCommitSHA  string   `json:"merge_commit_sha"`
	SquashCommitSHA string   `json:"squash_commit_sha"`
	WebURL          string   `json:"web_url"`
	Author          userWire `json:"author"`
}

func (m mergeRequestWire) Version() string { return fmt.Sprint(m.ProjectID, " ", m.IID) }

func (m mergeRequestWire) mergeRequest() MergeRequest {
	return MergeRequest{
		IID: m.IID, URL: m.WebURL, Head: m.SHA, Merged: cmp.Or(m.MergeCommitSHA, m.SquashCommitSHA), Author: m.Author.user(),
	}
}

// MergeRequestsOf returns the project's merge requests that have the commit, or
// that it is the merge or squash of.
func (c *Client) MergeRequestsOf(ctx context.Context, project int64, commit string) ([]MergeRequest, error) {
	path := fmt.Sprintf("projects/%d/repository/commits/%s/merge_requests", project, url.PathEscape(commit))
	wires, err := all[mergeRequestWire](ctx, c, path, "")
	if err != nil {
		return nil, fmt.Errorf("find the merge requests of commit %.12s: %w", commit, err)
	}
	var found []MergeRequest
	for _, m := range wires {
		if m.IID <= 0 || m.ProjectID != project {
			return nil, fmt.Errorf("find the merge requests of commit %.12s: %w: what should be one of project %d is none", commit, ask.ErrUnavailable, project)
		}
		found = append(found, m.mergeRequest())
	}
	return found, nil
}

// MergeRequest returns one merge request.
func (c *Client) MergeRequest(ctx context.Context, project, iid int64) (MergeRequest, error) {
	var m mergeRequestWire
	if err := one(ctx, c, fmt.Sprintf("projects/%d/merge_requests/%d", project, iid), &m); err != nil {
		return MergeRequest{}, fmt.Errorf("read merge request %d of project %d: %w", iid, project, err)
	}
	if m.IID != iid || m.ProjectID != project {
		return MergeRequest{}, fmt.Errorf("read merge request %d of project %d: %w: its answer is another one", iid, project, ask.ErrUnavailable)
	}
	return m.mergeRequest(), nil
}

// all reads a list, whole.
func all[T ask.Item](ctx context.Context, c *Client, path, query string) ([]T, error) {
	return ask.List(ctx, func(ctx context.Context) ([]T, int, error) {
		return ask.Pages(ctx, func(ctx context.Context, n int) ([]T, bool, error) {
			return get[T](ctx, c, path, fmt.Sprintf("%s&page=%d&per_page=%d", query, n, ask.PerPage), n)
		})
	})
}

// get reads one page, and says whether there are more.
func get[T ask.Item](ctx context.Context, c *Client, path, query string, page int) (list []T, more bool, err error) {
	req, err := c.api.NewRequest(http.MethodGet, path, nil, []api.RequestOptionFunc{api.WithContext(ctx)})
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ask.ErrUnavailable, err)
	}
	req.URL.RawQuery = strings.TrimPrefix(query, "&")
	var body bytes.Buffer
	c.calls++
	resp, err := c.api.Do(req, &body)
	if err != nil {
		return nil, false, ask.Plain(err)
	}
	c.note(resp.Header)
	if err := canon.DecodeOpen(body.Bytes(), &list); err != nil || list == nil {
		return nil, false, fmt.Errorf("%w: its answer is no list of what was asked for: %w", ask.ErrUnavailable, err)
	}
	more, err = moreAfter(resp.Header, page)
	return list, more, err
}

// moreAfter reads from an answer's headers whether pages follow
// (https://docs.gitlab.com/api/rest/#pagination). A page that is short, or
// empty, says nothing: GitLab leaves out of a page what the reader may not see.
// The client reads a header that it does not understand as "no more", so it is
// not asked.
func moreAfter(h http.Header, page int) (bool, error) {
	if h.Values("Link") != nil && strings.Contains(strings.Join(h.Values("Link"), ","), `rel="next"`) {
		return true, nil
	}
	next, told := h["X-Next-Page"]
	if told && len(next) == 1 && next[0] == "" {
		return false, nil
	}
	if told && len(next) == 1 && next[0] == strconv.Itoa(page+1) {
		return true, nil
	}
	if total, err := strconv.Atoi(h.Get("X-Total-Pages")); !told && err == nil {
		return page < total, nil
	}
	return false, fmt.Errorf("%w: it does not say whether pages follow", ask.ErrUnavailable)
}
