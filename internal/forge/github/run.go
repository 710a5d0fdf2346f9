// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"errors"
	"fmt"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// A Run is one attempt of a run of a workflow.
type Run struct {
	ID         int64
	Attempt    int
	Event      string
	Head       string  // commit
	Actor      Account // whose run it is
	Triggering Account // who started this attempt
	Workflow   string  // path of its file; empty where GitHub does not say
	Branch     string  // or tag; empty where GitHub does not say
}

type runWire struct {
	ID         int64     `json:"id"`
	Attempt    int       `json:"run_attempt"`
	Event      string    `json:"event"`
	HeadSHA    string    `json:"head_sha"`
	Path       string    `json:"path"`
	Branch     string    `json:"head_branch"`
	Actor      *userWire `json:"actor"`
	Triggering *userWire `json:"triggering_actor"`
	Repository struct {
		ID int64 `json:"id"`
	} `json:"repository"`
}

// RunAttempt returns an attempt of a run
// (https://docs.github.com/rest/actions/workflow-runs#get-a-workflow-run-attempt).
func (c *Client) RunAttempt(ctx context.Context, run int64, attempt int) (Run, error) {
	var w runWire
	_, err := c.get(ctx, fmt.Sprintf("%s/actions/runs/%d/attempts/%d", c.path, run, attempt), &w)
	if err == nil && (w.ID != run || w.Attempt != attempt || w.Repository.ID != c.ID || !shaPattern.MatchString(w.HeadSHA)) {
		err = fmt.Errorf("%w: it is another one", ask.ErrUnavailable)
	}
	if err != nil {
		return Run{}, fmt.Errorf("read attempt %d of run %d: %w", attempt, run, err)
	}
	return w.run(), nil
}

func (w runWire) run() Run {
	return Run{w.ID, w.Attempt, w.Event, w.HeadSHA, w.Actor.account(), w.Triggering.account(), w.Path, w.Branch}
}

// The states of an approval.
const (
	RunApproved = "approved"
	RunRejected = "rejected"
	RunPending  = "pending"
)

// An Approval is what somebody answered when a run asked whether it may deploy.
// GitHub tells neither when nor in which attempt.
type Approval struct {
	Author       Account
	State        string
	Environments []string
	Comment      string
}

// approvalWire is an approval as GitHub has it
// (https://docs.github.com/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run).
type approvalWire struct {
	User         *userWire `json:"user"`
	State        string    `json:"state"`
	Comment      string    `json:"comment"`
	Environments []struct {
		Name string `json:"name"`
	} `json:"environments"`
}

func (a approvalWire) check() error {
	switch a.State {
	case RunApproved, RunRejected, RunPending:
	default:
		return fmt.Errorf("an approval in the state %.40q", a.State)
	}
	if len(a.Environments) == 0 {
		return errors.New("an approval of no environment")
	}
	for _, e := range a.Environments {
		if e.Name == "" {
			return errors.New("an environment without a name")
		}
	}
	return nil
}

// maxApprovals is how many approvals of one run are read. GitHub has no pages
// for them.
const maxApprovals = 10_000

// RunApprovals returns the history of a run's approvals, in GitHub's order.
func (c *Client) RunApprovals(ctx context.Context, run int64) ([]Approval, error) {
	list, err := c.runApprovals(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("read the approvals of run %d: %w", run, err)
	}
	return list, nil
}

func (c *Client) runApprovals(ctx context.Context, run int64) ([]Approval, error) {
	var wires []approvalWire
	h, err := c.get(ctx, fmt.Sprintf("%s/actions/runs/%d/approvals", c.path, run), &wires)
	switch {
	case err != nil:
		return nil, err
	case wires == nil || moreAfter(h):
		return nil, fmt.Errorf("%w: it is not the whole list", ask.ErrUnavailable)
	case len(wires) > maxApprovals:
		return nil, fmt.Errorf("%w: over the limit of %d approvals", ask.ErrUnavailable, maxApprovals)
	}
	var list []Approval
	for i, w := range wires {
		if err := w.check(); err != nil {
			return nil, fmt.Errorf("%w: entry %d: %w", ask.ErrUnavailable, i, err)
		}
		a := Approval{Author: w.User.account(), State: w.State, Comment: w.Comment}
		for _, e := range w.Environments {
			a.Environments = append(a.Environments, e.Name)
		}
		list = append(list, a)
	}
	return list, nil
}
