// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"fmt"
	"slices"
	"time"

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
		dismissed, err := r.dismissals(ctx, p, reviews)
		if err != nil {
			return Found{}, err
		}
		for _, review := range reviews {
			if at := approvedSince(review, reviews, dismissed); !at.IsZero() {
				r.liftedReview(p, review, at)
				continue
			}
			if review.State == github.Dismissed {
				r.dismissedReview(p, review, dismissed[review.ID])
				continue
			}
			r.review(p, review)
		}
	}
	return r.done(ctx)
}

// dismissals are those of the reviews that were dismissed, by the review's
// number. GitHub is asked only where there is one.
func (r *githubReading) dismissals(ctx context.Context, p github.PullRequest, reviews []github.Review) (map[int64]github.Dismissal, error) {
	if !slices.ContainsFunc(reviews, func(v github.Review) bool { return v.State == github.Dismissed }) {
		return nil, nil
	}
	list, err := r.client.Dismissals(ctx, p.Number)
	if err != nil {
		return nil, err
	}
	found := map[int64]github.Dismissal{}
	for _, d := range list {
		found[d.Review] = d
	}
	return found, nil
}

// review adds what a review says that nobody dismissed.
func (r *githubReading) review(p github.PullRequest, review github.Review) {
	v := r.reviewVote(p, review)
	switch review.State {
	case github.Approved:
		v.Decision = event.ForgeApprove
	case github.ChangesRequested:
		v.Decision, v.Reason = event.ForgeDeny, review.Body
	default:
		return
	}
	r.add(v, review.Author)
}

// dismissedReview adds what is left of a review that was dismissed. An approval
// counts as nothing, and takes its author's earlier ones with it, as GitHub has
// it. A veto stays one until its author takes it back: by dismissing it too, or
// by another review, also one that was dismissed later (approvedSince). So does a review of which GitHub does not say what it was.
func (r *githubReading) dismissedReview(p github.PullRequest, review github.Review, d github.Dismissal) {
	v := r.reviewVote(p, review)
	switch {
	case d.Review != 0 && d.State != github.ChangesRequested:
		v.Decision, v.Reject, v.shadow = event.ForgeApprove, "dismissed", true
	case d.Review == 0:
		v.Decision, v.Reject = event.ForgeDeny, "dismissed, and GitHub does not say what it said before"
	case d.By.ID == review.Author.ID:
		v.Decision, v.Reject, v.at = event.ForgeRevoke, "", d.At
	default:
		v.Decision, v.Reason, v.Reject = event.ForgeDeny, review.Body, "dismissed by somebody else, which takes no veto back"
	}
	r.add(v, review.Author)
}

// approvedSince is when the author of a veto approved after it by a review that
// was dismissed since, such as by a push; zero: never, or nobody can tell. What
// may have been a veto is one. A review that was not dismissed speaks for itself.
func approvedSince(veto github.Review, reviews []github.Review, dismissed map[int64]github.Dismissal) time.Time {
	was := dismissed[veto.ID]
	mayVeto := veto.State == github.ChangesRequested || veto.State == github.Dismissed && (was.Review == 0 || was.State == github.ChangesRequested)
	if !mayVeto || veto.Author.ID <= 0 || veto.Submitted.IsZero() {
		return time.Time{}
	}
	for _, v := range reviews {
		d := dismissed[v.ID]
		approved := v.State == github.Dismissed && d.Review == v.ID && d.State == github.Approved
		if approved && v.Author.ID == veto.Author.ID && v.Commit != "" && v.Submitted.After(veto.Submitted) {
			return v.Submitted
		}
	}
	return time.Time{}
}

// liftedReview adds a veto that its author took back by an approval, though
// nothing is left of the approval.
func (r *githubReading) liftedReview(p github.PullRequest, review github.Review, at time.Time) {
	v := r.reviewVote(p, review)
	v.Decision, v.Reject, v.at = event.ForgeRevoke, "", at
	r.add(v, review.Author)
}

// reviewVote is a review without what it says.
func (r *githubReading) reviewVote(p github.PullRequest, review github.Review) githubVote {
	v := githubVote{at: review.Submitted, ForgeVote: event.ForgeVote{
		ID:     fmt.Sprintf("%s/%d/pulls/%d/reviews/%d", r.client.Host, r.client.ID, p.Number, review.ID),
		Commit: review.Commit, URL: review.URL,
	}}
	if v.Commit == "" {
		v.Commit, v.Reject = p.Head, "GitHub does not say which commit was looked at"
	}
	return v
}
