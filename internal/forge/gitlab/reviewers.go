// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"context"
	"fmt"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// reviewerWire is a reviewer as
// https://docs.gitlab.com/api/merge_requests/#retrieve-merge-request-reviewers
// has it. Its created_at is when they were asked to review, not when they did.
type reviewerWire struct {
	User  userWire `json:"user"`
	State string   `json:"state"`
}

func (r reviewerWire) Version() string { return fmt.Sprint(r.User.ID, " ", r.State) }

// requestedChanges is what a reviewer wants who objects.
const requestedChanges = "requested_changes"

// Objections returns who requests changes of a merge request, as it stands now.
// Whoever reviews becomes a reviewer by that. Asking somebody for another review
// takes their objection off the list.
func (c *Client) Objections(ctx context.Context, project, mergeRequest int64) ([]User, error) {
	what := fmt.Sprintf("read the reviewers of merge request %d of project %d", mergeRequest, project)
	wires, err := all[reviewerWire](ctx, c, fmt.Sprintf("projects/%d/merge_requests/%d/reviewers", project, mergeRequest), "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	var users []User
	for _, w := range wires {
		if w.User.ID <= 0 {
			return nil, fmt.Errorf("%s: %w: one of them is nobody", what, ask.ErrUnavailable)
		}
		switch w.State {
		case requestedChanges:
			users = append(users, w.User.user())
		case "unreviewed", "review_started", "reviewed", "approved", "unapproved":
		default:
			return nil, fmt.Errorf("%s: %w: unknown state %.40q", what, ask.ErrUnavailable, w.State)
		}
	}
	return users, nil
}
