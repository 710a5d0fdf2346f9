// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"context"
	"fmt"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// A Change is an open merge request as one that asks to be let through.
type Change struct {
	IID      int64
	Open     bool
	Head     string // commit at its tip
	Branch   string // that it comes from
	Pipeline *HeadPipeline
}

// A HeadPipeline is the newest pipeline of a merge request. It may be of an
// older tip, of the merge of tip and target, or of a fork.
type HeadPipeline struct {
	ID, Project int64
	SHA         string
	Source      string
	User        User // zero: it does not say
}

// changeWire is the part of a merge request that is looked at
// (https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request).
type changeWire struct {
	IID       int64  `json:"iid"`
	ProjectID int64  `json:"project_id"`
	State     string `json:"state"`
	SHA       string `json:"sha"`
	Branch    string `json:"source_branch"`
	Pipeline  *struct {
		ID        int64     `json:"id"`
		ProjectID int64     `json:"project_id"`
		SHA       string    `json:"sha"`
		Source    string    `json:"source"`
		User      *userWire `json:"user"`
	} `json:"head_pipeline"`
}

func (m changeWire) Version() string { return fmt.Sprint(m.IID, " ", m.SHA) }

// OpenChanges returns the numbers of the open merge requests of a project that
// were changed last, a hundred at most, and whether there are more.
func (c *Client) OpenChanges(ctx context.Context, project int64) (numbers []int64, more bool, err error) {
	what := fmt.Sprintf("list the open merge requests of project %d", project)
	query := fmt.Sprintf("state=opened&scope=all&order_by=updated_at&sort=desc&page=1&per_page=%d", ask.PerPage)
	wires, more, err := get[changeWire](ctx, c, fmt.Sprintf("projects/%d/merge_requests", project), query, 1)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", what, err)
	}
	for _, w := range wires {
		if w.IID <= 0 || w.ProjectID != project {
			return nil, false, fmt.Errorf("%s: %w: what should be one of them is none", what, ask.ErrUnavailable)
		}
		numbers = append(numbers, w.IID)
	}
	return numbers, more, nil
}

// Change reads one merge request.
func (c *Client) Change(ctx context.Context, project, iid int64) (Change, error) {
	what := fmt.Sprintf("read merge request %d of project %d", iid, project)
	var w changeWire
	if err := one(ctx, c, fmt.Sprintf("projects/%d/merge_requests/%d", project, iid), &w); err != nil {
		return Change{}, fmt.Errorf("%s: %w", what, err)
	}
	if w.IID != iid || w.ProjectID != project || w.State == "" {
		return Change{}, fmt.Errorf("%s: %w: its answer is another one", what, ask.ErrUnavailable)
	}
	m := Change{IID: iid, Open: w.State == "opened", Head: w.SHA, Branch: w.Branch}
	if m.Open && !objectPattern.MatchString(w.SHA) {
		return Change{}, fmt.Errorf("%s: %w: it has no commit", what, ask.ErrUnavailable)
	}
	if p := w.Pipeline; p != nil {
		if p.ID <= 0 || !objectPattern.MatchString(p.SHA) {
			return Change{}, fmt.Errorf("%s: %w: its pipeline is none", what, ask.ErrUnavailable)
		}
		m.Pipeline = &HeadPipeline{ID: p.ID, Project: p.ProjectID, SHA: p.SHA, Source: p.Source}
		if p.User != nil {
			m.Pipeline.User = p.User.user()
		}
	}
	return m, nil
}

// The states of an external status check of a merge request.
const (
	CheckPending = "pending"
	CheckPassed  = "passed"
	CheckFailed  = "failed"
)

// checkWire is an external status check of a merge request
// (https://docs.gitlab.com/api/status_checks/#list-all-status-checks-for-a-merge-request).
type checkWire struct {
	ID     int64  `json:"id"`
	Status string `json:"status"`
}

func (w checkWire) Version() string { return fmt.Sprint(w.ID, " ", w.Status) }

// StatusChecks returns the state of each external status check that applies to
// a merge request, by the check's number. Ultimate.
func (c *Client) StatusChecks(ctx context.Context, project, iid int64) (map[int64]string, error) {
	what := fmt.Sprintf("read the status checks of merge request %d of project %d", iid, project)
	wires, err := all[checkWire](ctx, c, fmt.Sprintf("projects/%d/merge_requests/%d/status_checks", project, iid), "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	states := map[int64]string{}
	for _, w := range wires {
		if w.ID <= 0 || w.Status != CheckPending && w.Status != CheckPassed && w.Status != CheckFailed {
			return nil, fmt.Errorf("%s: %w: what should be one of them is none: %.40q", what, ask.ErrUnavailable, w.Status)
		}
		states[w.ID] = w.Status
	}
	return states, nil
}
