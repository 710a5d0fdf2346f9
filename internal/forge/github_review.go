// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"fmt"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/github"
)

// githubReviews reads the reviews of pull requests. Each is about the commit
// that its author looked at, and knows no request.
func githubReviews(ctx context.Context, q Query) (Found, error) {
	r, err := readGitHub("github-review", q)
	if err != nil {
		return Found{}, err
	}
	if err := r.findPulls(ctx); err != nil {
		return Found{}, err
	}
	for _, p := range r.pulls {
		reviews, err := r.client.Reviews(ctx, p.Number)
		if err != nil {
			return Found{}, err
		}
		r.found.Read = append(r.found.Read, fmt.Sprintf("pull request %d: %d reviews", p.Number, len(reviews)))
		for _, review := range reviews {
			r.review(p, review)
		}
	}
	return r.done(ctx)
}

// review adds what a review says. One that was dismissed no longer says what it
// was: it counts as nothing, and takes its author's earlier approvals with it,
// as GitHub has it. A veto that was seen before somebody dismissed it stands in
// an earlier snapshot.
func (r *githubReading) review(p github.PullRequest, review github.Review) {
	v := githubVote{at: review.Submitted, ForgeVote: event.ForgeVote{
		ID:     fmt.Sprintf("%s/%d/pulls/%d/reviews/%d", r.client.Host, r.client.ID, p.Number, review.ID),
		Commit: review.Commit, URL: review.URL,
	}}
	switch review.State {
	case github.Approved:
		v.Decision = event.ForgeApprove
	case github.ChangesRequested:
		v.Decision, v.Reason = event.ForgeDeny, review.Body
	case github.Dismissed:
		v.Decision, v.Reject, v.shadow = event.ForgeApprove, "dismissed", true
	default:
		return
	}
	if v.Commit == "" {
		v.Commit = p.Head
		if v.Reject == "" {
			v.Reject = "GitHub does not say which commit was looked at"
		}
	}
	r.add(v, review.Author)
}
