// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/forgetest"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

const (
	shaA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	shaB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	shaC = "cccccccccccccccccccccccccccccccccccccccc"
)

// described opens a client of a GitHub that is held to its description.
func described(t *testing.T, s *githubtest.Server) (*forgetest.Validator, *Client) {
	t.Helper()
	v := forgetest.Validate(t, s)
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	c, err := New(Options{
		API: server.URL + "/api/v3", Repository: githubtest.Owner + "/" + githubtest.Name, ID: githubtest.RepositoryID,
		Token: githubtest.JobToken, Base: http.DefaultTransport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return v, c
}

func fill(s *githubtest.Server) {
	for id, login := range map[int64]string{1: "ada", 2: "bob", 3: "cyd", 4: "dependabot[bot]", 5: "gone"} {
		kind := "User"
		if strings.HasSuffix(login, "[bot]") {
			kind = "Bot"
		}
		s.User(id, login, kind)
	}
	s.Commit(shaA, shaB, 1, 2, "A change\n\nCo-authored-by: Bob <2+bob@users.noreply.github.com>\n")
	s.Commit(shaB, shaB, 0, 0, "Nobody's")
	s.Pull(7, 1, shaA)
	s.Pull(8, 5, shaA, shaB)
	s.Assign(7, 2, 3)
	s.Merge(8, shaC)
	for _, state := range []string{Approved, ChangesRequested, Commented, pending} {
		s.Review(7, 2, state, shaA, "words")
	}
	s.Dismiss(s.Review(7, 5, Approved, "", ""))
	s.DismissBy(s.Review(7, 2, ChangesRequested, shaA, "no"), 1)
	for i := range 120 {
		s.Comment(7, int64(i%5)+1, "/approve")
	}
	s.Edit(s.Comment(7, 3, "a"), "b")
	s.Forget(5)
	s.Run(9, 1, "push", shaA)
	s.Rerun(9, 2)
	s.Run(10, 5, "push", shaA)
	s.Approve(9, 2, RunApproved, "production", "fine")
	s.Approve(9, 3, RunRejected, "production", "")
	s.Approve(9, 3, RunPending, "production", "")
	s.Approve(10, 5, RunApproved, "production", "")
	s.Permit(1, "admin")
	s.Permit(2, "maintain")
	s.Permit(3, "triage")
	s.Permit(4, "none")
	s.Team("acme", "leads", 1, "active")
	s.Team("acme", "leads", 2, "pending")
}

// askAll makes every request that the client can. What it makes of the answers
// is for other tests.
func askAll(ctx context.Context, c *Client) {
	nothing := strings.Repeat("d", 40)
	_ = c.CheckRepository(ctx)
	for _, sha := range []string{shaA, shaB, nothing} {
		_, _, _ = c.PullRequestsOf(ctx, sha)
		_, _ = c.Commit(ctx, sha)
	}
	for _, n := range []int64{7, 8, 99} {
		_, _ = c.PullRequest(ctx, n)
		_, _ = c.Reviews(ctx, n)
		_, _ = c.Comments(ctx, n)
		_, _ = c.Dismissals(ctx, n)
		_, _ = c.Commits(ctx, n)
	}
	for _, run := range []int64{9, 10, 11} {
		_, _ = c.RunAttempt(ctx, run, 1)
		_, _ = c.RunAttempt(ctx, run, 2)
		_, _ = c.RunApprovals(ctx, run)
	}
	for id, login := range map[int64]string{1: "ada", 2: "bob", 3: "cyd", 6: "nobody"} {
		a := Account{ID: id, Login: login, Type: "User"}
		_, _ = c.Permission(ctx, a)
		_, _ = c.TeamMembership(ctx, "acme", "leads", a)
		_, _ = c.TeamMembership(ctx, "acme", "hidden", a)
	}
}

// What the fake answers, and what the client asks for, is as GitHub describes it.
func TestAllIsAsGitHubDescribesIt(t *testing.T) {
	s := githubtest.New()
	defer s.Close()
	fill(s)
	v, c := described(t, s)
	askAll(t.Context(), c)
	for _, operation := range []string{
		"repos/get", "repos/list-pull-requests-associated-with-commit", "pulls/get", "pulls/list-reviews", "issues/list-comments", "issues/list-events", "pulls/list-commits",
		"repos/get-commit", "actions/get-workflow-run-attempt", "actions/get-reviews-for-run", "repos/get-collaborator-permission-level",
		"teams/get-by-name", "teams/get-membership-for-user-in-org",
	} {
		if v.Counts(operation) == (forgetest.Counts{}) {
			t.Errorf("%s was not asked for", operation)
		}
	}
}
