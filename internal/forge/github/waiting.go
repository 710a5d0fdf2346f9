// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// Runs that wait for an environment's protection rules.

// WorkflowRun returns a run at its newest attempt
// (https://docs.github.com/rest/actions/workflow-runs#get-a-workflow-run).
func (c *Client) WorkflowRun(ctx context.Context, run int64) (Run, error) {
	var w runWire
	_, err := c.get(ctx, fmt.Sprintf("%s/actions/runs/%d", c.path, run), &w)
	if err == nil && w.ID != run {
		err = fmt.Errorf("%w: it is another one", ask.ErrUnavailable)
	}
	if err == nil {
		err = c.checkRun(w)
	}
	if err != nil {
		return Run{}, fmt.Errorf("read run %d: %w", run, err)
	}
	return w.run(), nil
}

func (c *Client) checkRun(w runWire) error {
	if w.ID <= 0 || w.Attempt <= 0 || w.Repository.ID != c.ID || !shaPattern.MatchString(w.HeadSHA) {
		return fmt.Errorf("%w: a run of another repository, or without attempt or commit", ask.ErrUnavailable)
	}
	return nil
}

// maxWaiting is how many runs may wait at a time: a page, as GitHub cuts them.
const maxWaiting = 100

// WaitingRuns returns the runs that wait for protection rules, as
// https://docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
// lists them: the newest hundred. More reports whether there are others.
func (c *Client) WaitingRuns(ctx context.Context) (runs []Run, more bool, err error) {
	var page struct {
		Total int       `json:"total_count"`
		Runs  []runWire `json:"workflow_runs"`
	}
	h, err := c.get(ctx, fmt.Sprintf("%s/actions/runs?per_page=%d&status=waiting", c.path, maxWaiting), &page)
	if err == nil && (page.Runs == nil || len(page.Runs) > maxWaiting) {
		err = fmt.Errorf("%w: it is no page of a list", ask.ErrUnavailable)
	}
	for _, w := range page.Runs {
		if err == nil {
			err = c.checkRun(w)
		}
		runs = append(runs, w.run())
	}
	if err != nil {
		return nil, false, fmt.Errorf("list the runs that wait: %w", err)
	}
	return runs, page.Total > len(runs) || moreAfter(h), nil
}

// PendingEnvironments returns the names of the environments whose rules a run
// waits for (https://docs.github.com/rest/actions/workflow-runs#get-pending-deployments-for-a-workflow-run).
func (c *Client) PendingEnvironments(ctx context.Context, run int64) ([]string, error) {
	var list []struct {
		Environment struct {
			Name string `json:"name"`
		} `json:"environment"`
	}
	_, err := c.get(ctx, fmt.Sprintf("%s/actions/runs/%d/pending_deployments", c.path, run), &list)
	if err == nil && list == nil {
		err = fmt.Errorf("%w: it is no list", ask.ErrUnavailable)
	}
	names := []string{}
	for _, d := range list {
		if d.Environment.Name == "" && err == nil {
			err = fmt.Errorf("%w: %w", ask.ErrUnavailable, errors.New("an environment without a name"))
		}
		names = append(names, d.Environment.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("read what run %d waits for: %w", run, err)
	}
	return names, nil
}

// Installation returns the number of an app's installation in the repository,
// asked with the app's own token
// (https://docs.github.com/rest/apps/apps#get-a-repository-installation-for-the-authenticated-app).
func (c *Client) Installation(ctx context.Context) (int64, error) {
	var w struct {
		ID int64 `json:"id"`
	}
	_, err := c.get(ctx, c.path+"/installation", &w)
	if err == nil && w.ID <= 0 {
		err = fmt.Errorf("%w: it has no number", ask.ErrUnavailable)
	}
	if err != nil {
		return 0, fmt.Errorf("find the app's installation: %w", err)
	}
	return w.ID, nil
}

// FindRepository returns the number of the repository that a name leads to.
func FindRepository(ctx context.Context, o Options) (int64, error) {
	o.ID = 1 // any: it is what is asked for
	c, err := New(o)
	if err != nil {
		return 0, err
	}
	var w struct {
		ID       int64  `json:"id"`
		FullName string `json:"full_name"`
	}
	_, err = c.get(ctx, c.path, &w)
	if err == nil && (w.ID <= 0 || !strings.EqualFold(w.FullName, o.Repository)) {
		err = fmt.Errorf("%w: the name leads to another one", ask.ErrUnavailable)
	}
	if err != nil {
		return 0, fmt.Errorf("find the repository %s: %w", o.Repository, err)
	}
	return w.ID, nil
}
