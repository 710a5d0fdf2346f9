// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"errors"
	"fmt"

	"github.com/gateledger/gateledger/internal/event"
)

// Approvals and rejections of deployments on GitLab (Premium), of the commit to
// the environment of the request. Who deploys with the API can also approve with it, and
// a job's own token acts for the user who started the job: GitLab shows no
// difference.

// maxDeployments is how many deployments of one commit are read.
const maxDeployments = 50

// maxEnvironment is how many bytes the name of an environment may have, which is
// GitLab's own limit.
const maxEnvironment = 255

func gitlabDeployments(ctx context.Context, q Query) (Found, error) {
	at, err := newGitLabPlace(q)
	if err != nil {
		return Found{}, err
	}
	environment := q.Environment
	switch {
	case q.Request == "":
		return Found{}, fmt.Errorf("%w: no request", ErrSetup)
	case environment == "" || len(environment) > maxEnvironment:
		return Found{}, fmt.Errorf("%w: the environment is not said, or over the limit of %d bytes", ErrSetup, maxEnvironment)
	}
	client, err := at.open()
	if err != nil {
		return Found{}, err
	}
	ids, err := client.DeploymentsOf(ctx, at.home, environment, q.Commit)
	switch {
	case err != nil:
		return Found{}, err
	case len(ids) > maxDeployments:
		return Found{}, fmt.Errorf("%w: commit %.12s was deployed %d times to %.80q, over the limit of %d", ErrUnavailable, q.Commit, len(ids), environment, maxDeployments)
	}
	found := Found{}
	seen := sighted{source: "gitlab-deployment", project: at.home}
	for _, id := range ids {
		said, err := client.DeploymentVotes(ctx, at.home, id, environment, q.Commit)
		if err != nil {
			return Found{}, err
		}
		found.Read = append(found.Read, fmt.Sprintf("deployment %d: %d approvals and rejections", id, len(said)))
		for _, d := range said {
			v := event.ForgeVote{
				ID:      fmt.Sprintf("%s/%d/deployment/%d/%d/%d", client.Host, at.home, id, d.User.ID, d.At.UnixMilli()),
				Account: accountOf(d.User), Decision: event.ForgeApprove, Commit: q.Commit,
				Time: stamp(d.At), Reason: short200(d.Comment),
			}
			if d.Rejected {
				v.Decision = event.ForgeDeny
			}
			seen.votes = append(seen.votes, v)
		}
	}
	if len(ids) == 0 {
		found.Read = []string{"no deployment"}
		found.Remarks = []string{fmt.Sprintf("commit %.12s has no deployment to %.80q", q.Commit, environment)}
	}
	// For the parts alone. Deployments can be read by tokens that may see no
	// merge request.
	if seen.requests, err = client.MergeRequestsOf(ctx, at.home, q.Commit); err != nil && !errors.Is(err, ErrRefused) {
		return Found{}, err
	}
	found.Snapshot, err = seen.snapshot(ctx, client, at, q, &found)
	return found, err
}
