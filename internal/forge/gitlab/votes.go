// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	api "github.com/xanzy/go-gitlab"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/pattern"
)

// A User is an account of this GitLab.
type User struct {
	ID    int64
	Login string // free to change
}

// userWire is an account as it stands in most answers.
type userWire struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	State    string `json:"state"`
}

func (u userWire) user() User { return User{ID: u.ID, Login: u.Username} }

// Bot reports whether a name is one that GitLab gives to the users that it
// makes for tokens.
func (u User) Bot() bool { return botPattern.MatchString(u.Login) }

// Service reports whether a name is one that GitLab gives to service accounts,
// which may be changed.
func (u User) Service() bool { return strings.HasPrefix(u.Login, "service_account_") }

// Ghost reports whether it is the user that takes over what deleted users left
// (https://docs.gitlab.com/user/profile/account/delete_account/#associated-records),
// or nobody.
func (u User) Ghost() bool { return u.ID == 0 || ghostPattern.MatchString(u.Login) }

var ghostPattern = pattern.New(`^ghost[0-9]*$`)

// objectPattern is a full object id, of SHA-1 or SHA-256.
var objectPattern = pattern.New(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// Approvals returns who has approved a merge request, as it stands now
// (https://docs.gitlab.com/api/merge_request_approvals/#retrieve-approval-state-for-a-merge-request).
// Who took the approval back is not in it. A job's own token may not ask.
func (c *Client) Approvals(ctx context.Context, project, mergeRequest int64) ([]Approval, error) {
	var wire struct {
		IID        *int64 `json:"iid"`        // Premium
		ProjectID  *int64 `json:"project_id"` // Premium
		ApprovedBy *[]struct {
			User       userWire   `json:"user"`
			ApprovedAt *time.Time `json:"approved_at"` // newer GitLab
		} `json:"approved_by"`
	}
	what := fmt.Sprintf("read the approvals of merge request %d of project %d", mergeRequest, project)
	if err := one(ctx, c, fmt.Sprintf("projects/%d/merge_requests/%d/approvals", project, mergeRequest), &wire); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if wire.ApprovedBy == nil || wire.IID != nil && *wire.IID != mergeRequest || wire.ProjectID != nil && *wire.ProjectID != project {
		return nil, fmt.Errorf("%s: %w: its answer is none", what, ask.ErrUnavailable)
	}
	approvals := make([]Approval, 0, len(*wire.ApprovedBy))
	for _, a := range *wire.ApprovedBy {
		if a.User.ID <= 0 {
			return nil, fmt.Errorf("%s: %w: an approval is nobody's", what, ask.ErrUnavailable)
		}
		approval := Approval{User: a.User.user()}
		if a.ApprovedAt != nil {
			approval.At = a.ApprovedAt.UTC()
		}
		approvals = append(approvals, approval)
	}
	return approvals, nil
}

// An Approval is one of a merge request.
type Approval struct {
	User User
	At   time.Time // by GitLab's clock; zero: it does not say
}

// A Version is what a merge request proposed from a time on, until the next.
type Version struct {
	ID      int64
	Head    string // commit
	Created time.Time
}

// versionWire is a version as
// https://docs.gitlab.com/api/merge_requests/#retrieve-merge-request-diff-versions has it.
type versionWire struct {
	ID            int64     `json:"id"`
	HeadCommitSHA string    `json:"head_commit_sha"`
	CreatedAt     time.Time `json:"created_at"`
}

func (v versionWire) Version() string { return fmt.Sprint(v.ID, " ", v.HeadCommitSHA) }

// Versions returns every version of a merge request, in GitLab's order. The
// time is GitLab's own: nobody who pushes can set it.
func (c *Client) Versions(ctx context.Context, project, mergeRequest int64) ([]Version, error) {
	what := fmt.Sprintf("read the versions of merge request %d of project %d", mergeRequest, project)
	wires, err := all[versionWire](ctx, c, fmt.Sprintf("projects/%d/merge_requests/%d/versions", project, mergeRequest), "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	versions := make([]Version, 0, len(wires))
	for _, v := range wires {
		if v.ID <= 0 || v.CreatedAt.IsZero() || !objectPattern.MatchString(v.HeadCommitSHA) {
			return nil, fmt.Errorf("%s: %w: what should be one of them is none", what, ask.ErrUnavailable)
		}
		versions = append(versions, Version{ID: v.ID, Head: v.HeadCommitSHA, Created: v.CreatedAt.UTC()})
	}
	return versions, nil
}

// The levels of access (https://docs.gitlab.com/api/access_requests/#valid-access-levels).
const (
	Guest      = 10
	Reporter   = 20
	Developer  = 30
	Maintainer = 40
	Owner      = 50
)

// memberWire is a member as https://docs.gitlab.com/api/project_members/ has
// it.
type memberWire struct {
	userWire
	AccessLevel     int    `json:"access_level"`
	MembershipState string `json:"membership_state"`
}

func (m memberWire) Version() string { return fmt.Sprint(m.ID, " ", m.AccessLevel, " ", m.State) }

// maxAsked is how many accounts one question names.
const maxAsked = 50

// ProjectMembers returns the level of access to a project of those of these
// accounts that have any: as its members, or as those of its group or of one
// that it was shared with. Blocked accounts have none.
func (c *Client) ProjectMembers(ctx context.Context, project int64, accounts []int64) (map[int64]int, error) {
	return c.members(ctx, fmt.Sprintf("projects/%d/members/all", project), accounts)
}

// GroupMembers returns the level of access of those of these accounts that are
// members of a group itself, by its full path. Those of the groups above it
// are not.
func (c *Client) GroupMembers(ctx context.Context, group string, accounts []int64) (map[int64]int, error) {
	if !groupPattern.MatchString(group) || len(group) > maxGroup {
		return nil, fmt.Errorf("read the members of group %.80q: %w: that is no path of a group", group, ask.ErrRefused)
	}
	return c.members(ctx, "groups/"+url.PathEscape(group)+"/members", accounts)
}

var groupPattern = pattern.New(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)

const maxGroup = 255 // bytes of a path

// members reads a list of members. One list for many accounts tells "is no
// member" from "may not be seen", which the answers about a single one do not.
func (c *Client) members(ctx context.Context, path string, accounts []int64) (map[int64]int, error) {
	levels := map[int64]int{}
	for len(accounts) > 0 {
		part := accounts[:min(len(accounts), maxAsked)]
		accounts = accounts[len(part):]
		query := make(url.Values)
		for _, id := range part {
			query.Add("user_ids[]", fmt.Sprint(id))
		}
		some, err := c.memberList(ctx, path, query.Encode())
		if err != nil {
			return nil, err
		}
		maps.Copy(levels, some)
	}
	return levels, nil
}

// memberList reads the levels of access of the active ones in a list of members.
func (c *Client) memberList(ctx context.Context, path, query string) (map[int64]int, error) {
	wires, err := all[memberWire](ctx, c, path, query)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	levels := map[int64]int{}
	for _, m := range wires {
		if m.ID <= 0 || m.State == "" || m.AccessLevel < 0 {
			return nil, fmt.Errorf("read %s: %w: what should be a member is none", path, ask.ErrUnavailable)
		}
		if m.State == "active" && (m.MembershipState == "" || m.MembershipState == "active") {
			levels[m.ID] = max(levels[m.ID], m.AccessLevel)
		}
	}
	return levels, nil
}

// IsBot asks whether an account is no human's: also a service account, which
// may have any name (https://docs.gitlab.com/api/users/#retrieve-a-user).
func (c *Client) IsBot(ctx context.Context, account int64) (bool, error) {
	var wire struct {
		ID  int64 `json:"id"`
		Bot *bool `json:"bot"`
	}
	if err := one(ctx, c, fmt.Sprintf("users/%d", account), &wire); err != nil {
		return false, fmt.Errorf("read account %d: %w", account, err)
	}
	if wire.ID != account || wire.Bot == nil {
		return false, fmt.Errorf("read account %d: %w: it does not say whether it is a bot", account, ask.ErrUnavailable)
	}
	return *wire.Bot, nil
}

// A Pipeline is a run of CI, and who is behind it.
type Pipeline struct {
	SHA    string
	Source string // what started it: push, web, schedule, …
	User   User   // who started it, and stays so when somebody runs parts of it again
}

// Pipeline returns a pipeline (https://docs.gitlab.com/api/pipelines/#retrieve-a-single-pipeline).
func (c *Client) Pipeline(ctx context.Context, project int64, id string) (Pipeline, error) {
	if !numberPattern.MatchString(id) {
		return Pipeline{}, fmt.Errorf("read pipeline %.40q: %w: that is no number", id, ask.ErrRefused)
	}
	var wire struct {
		ID     int64    `json:"id"`
		SHA    string   `json:"sha"`
		Source string   `json:"source"`
		User   userWire `json:"user"`
	}
	if err := one(ctx, c, fmt.Sprintf("projects/%d/pipelines/%s", project, id), &wire); err != nil {
		return Pipeline{}, fmt.Errorf("read pipeline %s: %w", id, err)
	}
	if fmt.Sprint(wire.ID) != id || !objectPattern.MatchString(wire.SHA) {
		return Pipeline{}, fmt.Errorf("read pipeline %s: %w: its answer is none", id, ask.ErrUnavailable)
	}
	return Pipeline{SHA: wire.SHA, Source: wire.Source, User: wire.User.user()}, nil
}

var numberPattern = pattern.New(`^[1-9][0-9]{0,17}$`)

// Seen is the Date of the first whole answer, by GitLab's clock, and how often
// it was asked. The time is zero where there was none.
func (c *Client) Seen() (first time.Time, calls int) { return c.first, c.calls }

// note keeps what Seen tells.
func (c *Client) note(h http.Header) {
	if at, err := http.ParseTime(h.Get("Date")); err == nil && c.first.IsZero() {
		c.first = at.UTC()
	}
}

// one reads a single thing.
func one(ctx context.Context, c *Client, path string, v any) error {
	return oneOf(ctx, c, path, nil, v)
}

// oneOf reads a single thing that a query names more closely.
func oneOf(ctx context.Context, c *Client, path string, query url.Values, v any) error {
	req, err := c.api.NewRequest(http.MethodGet, path, nil, []api.RequestOptionFunc{api.WithContext(ctx)})
	if err != nil {
		return fmt.Errorf("%w: %w", ask.ErrUnavailable, err)
	}
	req.URL.RawQuery = query.Encode()
	var body bytes.Buffer
	c.calls++
	resp, err := c.api.Do(req, &body)
	if err != nil {
		return ask.Plain(err)
	}
	c.note(resp.Header)
	if err := canon.DecodeOpen(body.Bytes(), v); err != nil {
		return fmt.Errorf("%w: its answer is not what was asked for: %w", ask.ErrUnavailable, err)
	}
	return nil
}
