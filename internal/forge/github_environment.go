// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/github"
)

// githubEnvironment reads who let the run deploy to its environment. GitHub
// tells no time and no attempt, so these votes have none.
func githubEnvironment(ctx context.Context, q Query) (Found, error) {
	r, err := readGitHub("github-environment", q)
	if err != nil {
		return Found{}, err
	}
	if r.run == 0 {
		return Found{}, fmt.Errorf("%w: GITHUB_RUN_ID is not set", ErrSetup)
	}
	if r.first, err = r.client.RunAttempt(ctx, r.run, 1); err != nil {
		return Found{}, err
	}
	approvals, err := r.client.RunApprovals(ctx, r.run)
	if err != nil {
		return Found{}, err
	}
	r.found.Read = append(r.found.Read, fmt.Sprintf("run %d: %d approvals", r.run, len(approvals)))
	for i, a := range approvals {
		r.approval(i, a)
	}
	if err := r.findPulls(ctx); err != nil {
		return Found{}, err
	}
	return r.done(ctx)
}

// approval adds what somebody answered about our environment. A refusal for
// another one is none for ours. Names are compared as they are written.
func (r *githubReading) approval(i int, a github.Approval) {
	v := githubVote{ForgeVote: event.ForgeVote{
		ID:     fmt.Sprintf("%s/%d/runs/%d/approvals/%d/%d", r.client.Host, r.client.ID, r.run, a.Author.ID, i),
		Commit: r.first.Head, Reason: a.Comment,
	}}
	switch {
	case r.q.Environment == "":
		v.Reject = "it is not said which environment is meant"
	case !slices.Contains(a.Environments, r.q.Environment):
		return
	}
	switch a.State {
	case github.RunApproved:
		v.Decision = event.ForgeApprove
	case github.RunRejected:
		v.Decision = event.ForgeDeny
	default:
		return
	}
	r.add(v, a.Author)
}
