// SPDX-License-Identifier: Apache-2.0

package announce

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/report"
)

// GitLab's commit statuses and notes of merge requests:
// https://docs.gitlab.com/api/commits/#commit-status and
// https://docs.gitlab.com/api/notes/#merge-requests. A job's own token may
// write neither, so these take one with the scope api.

// A lab is one project at GitLab.
type lab struct {
	*service
	project int64
	path    string // of the project's API
}

func newLab(q Query) (*lab, error) {
	token := q.Getenv("GATELEDGER_GITLAB_TOKEN")
	if token == "" {
		return nil, fmt.Errorf("%w: GATELEDGER_GITLAB_TOKEN holds no token, and a job's own may write neither statuses nor notes", ErrSetup)
	}
	project, err := number(q, "CI_PROJECT_ID")
	if err != nil {
		return nil, err
	}
	s, err := newService(q, "CI_API_V4_URL", token, map[string]string{"PRIVATE-TOKEN": token})
	if err != nil {
		return nil, err
	}
	return &lab{s, project, fmt.Sprintf("/projects/%d", project)}, nil
}

// number reads a number that a variable holds.
func number(q Query, name string) (int64, error) {
	value := q.Getenv(name)
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || !numberPattern.MatchString(value) {
		return 0, fmt.Errorf("%w: %s is %.40q, not a number", ErrSetup, name, value)
	}
	return n, nil
}

type labStatus struct {
	ID     int64   `json:"id"`
	Name   string  `json:"name"`
	State  string  `json:"status"`
	Commit string  `json:"sha"`
	Author labUser `json:"author"`
}

// A labUser is an account where GitLab names it by its login.
type labUser struct {
	ID    int64  `json:"id"`
	Login string `json:"username"`
}

// gitlabStatus sets the commit status of the environment. GitLab refuses to set
// one of ours that waits to waiting; whether that is why is looked up.
func gitlabStatus(ctx context.Context, q Query) (Placed, error) {
	n := q.Notice
	state, err := word(map[string]string{
		report.NoticePending: "pending", report.NoticeAllowed: "success", report.NoticeDenied: "failed", report.NoticeUnknown: "failed",
		report.NoticeCancelled: "canceled",
	}, n.State)
	if err != nil {
		return Placed{}, err
	}
	l, err := newLab(q)
	if err != nil {
		return Placed{}, err
	}
	in := map[string]string{"state": state, "name": title(n), "description": n.Description}
	if to := cmp.Or(n.Shown, n.Details); to != "" {
		in["target_url"] = to
	}
	var out labStatus
	err = l.write(ctx, "POST", l.path+"/statuses/"+n.Commit, in, &out)
	if said := (*refusal)(nil); errors.As(err, &said) && said.status == 400 && strings.Contains(said.text, "Cannot transition status") {
		if out, err = l.status(ctx, n); err != nil {
			return Placed{}, err
		}
	}
	if err != nil {
		return Placed{}, err
	}
	if out.State != state {
		return Placed{}, fmt.Errorf("%w: %s says that the status is %.40q, not %q", ErrUnavailable, l.api.Host, out.State, state)
	}
	return Placed{
		Place: fmt.Sprintf("status %s of commit %.12s: %s", title(n), n.Commit, state), Address: cmp.Or(n.Shown, n.Details), Remarks: l.forged(ctx, n, out.Author),
	}, nil
}

// status is the newest status of the environment that our own account has set.
func (l *lab) status(ctx context.Context, n report.Notice) (labStatus, error) {
	var own labUser
	if _, err := l.get(ctx, "/user", nil, &own); err != nil {
		return labStatus{}, fmt.Errorf("whose token it is: %w", err)
	}
	all, err := l.statuses(ctx, n)
	var newest labStatus
	for _, s := range all {
		if s.ID > newest.ID && s.Author.ID == own.ID && own.ID > 0 {
			newest = s
		}
	}
	return newest, err
}

// statuses are those of the environment, and the jobs of that name, also where
// something else took their place.
func (l *lab) statuses(ctx context.Context, n report.Notice) ([]labStatus, error) {
	all, err := pages[labStatus](ctx, l.service, l.path+"/repository/commits/"+n.Commit+"/statuses", url.Values{"name": {title(n)}, "all": {"true"}})
	return slices.DeleteFunc(all, func(s labStatus) bool { return s.Name != title(n) || s.Commit != n.Commit }), err
}

// forged tells who else said that the gate lets the commit through: GitLab takes
// a status of any name from everybody who may write, and merges by it.
func (l *lab) forged(ctx context.Context, n report.Notice, own labUser) (remarks []string) {
	all, err := l.statuses(ctx, n)
	if err != nil {
		return []string{fmt.Sprintf("could not find out whether somebody else has set the status %s: %s", title(n), err)}
	}
	for _, s := range all {
		if s.State != "success" || s.Author.ID == own.ID && own.ID > 0 {
			continue
		}
		who := "nobody GitLab names"
		if s.Author.Login != "" {
			who = "@" + s.Author.Login
		}
		said := fmt.Sprintf("the status %s of commit %.12s was set to success by %s, not by this gate: GitLab merges by it all the same", title(n), n.Commit, who)
		if !slices.Contains(remarks, said) {
			remarks = append(remarks, said)
		}
	}
	return remarks
}

type mergeRequest struct {
	Number  int64  `json:"iid"`
	Project int64  `json:"project_id"`
	State   string `json:"state"`
	Merge   string `json:"merge_commit_sha"`
	Squash  string `json:"squash_commit_sha"`
	Head    string `json:"sha"`
	Address string `json:"web_url"`
}

type labNote struct {
	ID     int64   `json:"id"`
	Body   string  `json:"body"`
	System bool    `json:"system"`
	Author account `json:"author"`
}

// gitlabNote brings the one note about the environment up to date, on the
// merged merge request of the commit.
func gitlabNote(ctx context.Context, q Query) (Placed, error) {
	n := q.Notice
	if _, err := word(map[string]string{
		report.NoticePending: "-", report.NoticeAllowed: "-", report.NoticeDenied: "-", report.NoticeUnknown: "-", report.NoticeCancelled: "-",
	}, n.State); err != nil {
		return Placed{}, err
	}
	l, err := newLab(q)
	if err != nil {
		return Placed{}, err
	}
	all, err := l.mergeRequests(ctx, n.Commit)
	if err != nil {
		return Placed{}, err
	}
	mr := bestMerge(all, n.Commit, true)
	if mr.Number == 0 {
		return Placed{
			Place:   "nowhere",
			Remarks: []string{fmt.Sprintf("no merged merge request has commit %.12s, so no note says what is asked", n.Commit)},
		}, nil
	}
	var own account
	if _, err := l.get(ctx, "/user", nil, &own); err != nil {
		return Placed{}, fmt.Errorf("whose token it is: %w", err)
	}
	return l.note(ctx, n, mr, own)
}

// note is where a browser finds a note; empty where GitLab does not say.
func (m mergeRequest) note(id int64) string {
	if m.Address == "" {
		return ""
	}
	return fmt.Sprintf("%s#note_%d", m.Address, id)
}

// mergeRequests are those of this project that have the commit.
func (l *lab) mergeRequests(ctx context.Context, commit string) ([]mergeRequest, error) {
	all, err := pages[mergeRequest](ctx, l.service, l.path+"/repository/commits/"+commit+"/merge_requests", nil)
	return slices.DeleteFunc(all, func(m mergeRequest) bool { return m.Number <= 0 || m.Project != l.project }), err
}

// bestMerge is the merge request by which the commit was merged, or of the others if
// merged is false; its number is 0 where there is none.
func bestMerge(all []mergeRequest, commit string, merged bool) mergeRequest {
	var best mergeRequest
	exact := false
	for _, m := range all {
		if (m.State == "merged") != merged {
			continue
		}
		if is := m.Merge == commit || m.Squash == commit || m.Head == commit; is && !exact || is == exact && m.Number > best.Number {
			best, exact = m, is
		}
	}
	return best
}

// note changes our note on a merge request, or makes one.
func (l *lab) note(ctx context.Context, n report.Notice, mr mergeRequest, own account) (Placed, error) {
	path := fmt.Sprintf("%s/merge_requests/%d/notes", l.path, mr.Number)
	all, err := pages[labNote](ctx, l.service, path, url.Values{"sort": {"asc"}, "order_by": {"created_at"}})
	if err != nil {
		return Placed{}, err
	}
	ours := slices.DeleteFunc(all, func(c labNote) bool { return c.System || !marked(c.Body, n.Marker, c.Author.ID, own.ID) })
	arrange.By(ours, func(a, b labNote) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	var out labNote
	in := map[string]string{"body": n.Comment}
	switch {
	case len(ours) == 0:
		err = l.write(ctx, "POST", path, in, &out)
	case same(ours[0].Body, n.Comment):
		out = ours[0]
	default:
		err = l.write(ctx, "PUT", fmt.Sprintf("%s/%d", path, ours[0].ID), in, &out)
	}
	if err != nil {
		return Placed{}, err
	}
	if out.ID <= 0 {
		return Placed{}, fmt.Errorf("%w: %s names no note", ErrUnavailable, l.api.Host)
	}
	p := Placed{Place: fmt.Sprintf("note %d on merge request %d", out.ID, mr.Number), Address: mr.note(out.ID)}
	if len(ours) > 1 {
		p.Remarks = append(p.Remarks, fmt.Sprintf("merge request %d has %d notes with this marker; only the oldest is kept up to date", mr.Number, len(ours)))
	}
	return p, nil
}
