// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
)

// A DeploymentVote is what somebody said of a deployment that waits for
// approval.
type DeploymentVote struct {
	User     User
	Rejected bool // otherwise approved
	Comment  string
	At       time.Time // by GitLab's clock
}

// deploymentWire is the part of a deployment in a list that is looked at
// (https://docs.gitlab.com/api/deployments/#list-project-deployments). A list
// does not say who approved.
type deploymentWire struct {
	ID          int64           `json:"id"`
	SHA         string          `json:"sha"`
	Environment environmentWire `json:"environment"`
}

func (d deploymentWire) Version() string { return fmt.Sprint(d.ID, " ", d.SHA) }

type environmentWire struct {
	Name string `json:"name"`
}

// DeploymentsOf returns the numbers of every deployment of the commit to an
// environment, the oldest first. GitLab can't be asked for those of a commit,
// so all of the environment are read.
func (c *Client) DeploymentsOf(ctx context.Context, project int64, environment, commit string) ([]int64, error) {
	what := fmt.Sprintf("find the deployments of commit %.12s to %.80q", commit, environment)
	query := url.Values{"environment": {environment}, "order_by": {"id"}, "sort": {"asc"}}
	wires, err := all[deploymentWire](ctx, c, fmt.Sprintf("projects/%d/deployments", project), query.Encode())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	var ids []int64
	for _, d := range wires {
		if d.ID <= 0 || !objectPattern.MatchString(d.SHA) || d.Environment.Name != environment {
			return nil, fmt.Errorf("%s: %w: what should be one of them is none", what, ask.ErrUnavailable)
		}
		if d.SHA == commit {
			ids = append(ids, d.ID)
		}
	}
	return ids, nil
}

// approvalWire is one approval or rejection, as
// https://docs.gitlab.com/api/deployments/#retrieve-a-deployment has it.
type approvalWire struct {
	User      userWire  `json:"user"`
	Status    string    `json:"status"`
	CreatedAt time.Time `json:"created_at"`
	Comment   *string   `json:"comment"`
}

// singleWire is a deployment on its own. GitLab's client drops the fields that
// matter, so they are read from the answer.
type singleWire struct {
	deploymentWire
	Approvals []approvalWire `json:"approvals"` // Premium
	Summary   *struct {
		Rules []struct {
			Approvals []approvalWire `json:"deployment_approvals"`
		} `json:"rules"`
	} `json:"approval_summary"`
}

// DeploymentVotes returns what was said of one deployment of the commit. Where
// the deployment needs no approval, which is always so without GitLab Premium,
// nobody said anything.
func (c *Client) DeploymentVotes(ctx context.Context, project, id int64, environment, commit string) ([]DeploymentVote, error) {
	what := fmt.Sprintf("read deployment %d", id)
	var wire singleWire
	if err := one(ctx, c, fmt.Sprintf("projects/%d/deployments/%d", project, id), &wire); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if wire.ID != id || wire.SHA != commit || wire.Environment.Name != environment {
		return nil, fmt.Errorf("%s: %w: its answer is of another one", what, ask.ErrUnavailable)
	}
	said := wire.Approvals
	if wire.Summary != nil {
		for _, r := range wire.Summary.Rules {
			said = append(said, r.Approvals...)
		}
	}
	type word struct {
		account int64
		status  string
		at      int64
	}
	seen := map[word]bool{}
	var votes []DeploymentVote
	for _, a := range said {
		if a.User.ID <= 0 || a.CreatedAt.IsZero() || a.Status != "approved" && a.Status != "rejected" {
			return nil, fmt.Errorf("%s: %w: what should be an approval is none: %.40q", what, ask.ErrUnavailable, a.Status)
		}
		if w := (word{a.User.ID, a.Status, a.CreatedAt.UnixNano()}); !seen[w] { // the same one stands under each rule that it satisfies
			seen[w] = true
			v := DeploymentVote{User: a.User.user(), Rejected: a.Status == "rejected", At: a.CreatedAt.UTC()}
			if a.Comment != nil {
				v.Comment = *a.Comment
			}
			votes = append(votes, v)
		}
	}
	return votes, nil
}
