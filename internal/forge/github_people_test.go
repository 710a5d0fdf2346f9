// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

// TestParts says who had a hand in a commit.
func TestParts(t *testing.T) {
	const copilot = 198982749
	trailer := func(mail string) string { return "Change\n\nCo-authored-by: Somebody <" + mail + ">\n" }
	for name, c := range map[string]struct {
		set  func(*hub)
		want string
	}{
		"another author":    {func(h *hub) { h.Commit(older, oldTree, ana.id, olga.id, "") }, "author 583231, author 8001, committer 8001, pusher 8001, triggerer 8001"},
		"another committer": {func(h *hub) { h.Commit(commit, tree, olga.id, ana.id, "") }, "author 8001, committer 583231, committer 8001, pusher 8001, triggerer 8001"},
		"a co-author":       {func(h *hub) { h.Commit(commit, tree, olga.id, olga.id, trailer("583231+ana@users.noreply.127.0.0.1")) }, "author 8001, co-author 583231, committer 8001, pusher 8001, triggerer 8001"},
		"one of the authors": {func(h *hub) {
			h.Commit(older, oldTree, ana.id, ana.id, "")
			h.Commit(commit, tree, olga.id, olga.id, trailer("583231@Example.com"))
		}, "author 583231, author 8001, co-author 583231, committer 583231, committer 8001, pusher 8001, triggerer 8001"},
		"a co-author's own mail": {func(h *hub) { h.Commit(commit, tree, olga.id, olga.id, trailer("me@home.example")) }, "author 8001, co-author ?, committer 8001, pusher 8001, triggerer 8001"},
		"an agent helped":        {func(h *hub) { h.Commit(commit, tree, olga.id, olga.id, trailer("noreply@anthropic.example")) }, "author 8001, committer 8001, pusher 8001, triggerer 8001"},
		"agents' other addresses": {func(h *hub) {
			h.Commit(commit, tree, olga.id, olga.id, trailer("No-Reply+x@a.example")+trailer("do-not-reply@b.example"))
		}, "author 8001, committer 8001, pusher 8001, triggerer 8001"},
		"a human's, nearly such":  {func(h *hub) { h.Commit(commit, tree, olga.id, olga.id, trailer("ana.noreply@home.example")) }, "author 8001, co-author ?, committer 8001, pusher 8001, triggerer 8001"},
		"an address of a server":  {func(h *hub) { h.Commit(commit, tree, olga.id, olga.id, trailer("ana@users.noreply.github.example")) }, "author 8001, co-author ?, committer 8001, pusher 8001, triggerer 8001"},
		"the ghost wrote it":      {func(h *hub) { h.User(10137, "ghost", "User"); h.Commit(commit, tree, 10137, 10137, "") }, "author 8001, author ?, committer 8001, committer ?, pusher 8001, triggerer 8001"},
		"an author nobody knows":  {func(h *hub) { h.Commit(older, oldTree, 0, 0, "") }, "author 8001, author ?, committer 8001, committer ?, pusher 8001, triggerer 8001"},
		"somebody gone opened it": {func(h *hub) { h.Pull(9, 5, commit) }, "agent ?, agent-requester ?, author 8001, author ?, committer 8001, pusher 8001, triggerer 8001"},
		"not pushed":              {func(h *hub) { h.Run(run, ana.id, "workflow_dispatch", commit) }, "author 8001, committer 8001, pusher ?, triggerer 583231"},
		"pushed another commit":   {func(h *hub) { h.Run(run, ana.id, "push", older) }, "author 8001, committer 8001, pusher ?, triggerer 583231"},
		"no run":                  {func(h *hub) { h.env["GITHUB_RUN_ID"] = "" }, "author 8001, committer 8001, pusher ?, triggerer ?"},
		"a hidden run": {func(h *hub) {
			h.Fault(githubtest.Fault{In: "/attempts/", Answer: githubtest.Status(http.StatusForbidden, `{"message":"Resource not accessible by integration"}`)})
		}, "author 8001, committer 8001, pusher ?, triggerer ?"},
		"started again": {func(h *hub) { h.Rerun(run, mallory.id); h.q.Attempt = 2 }, "author 8001, committer 8001, pusher 8001, rerunner 666, triggerer 8001"},
		"an agent, assigned": {func(h *hub) {
			h.User(copilot, "Copilot", "Bot")
			h.Pull(9, copilot, commit)
			h.Assign(9, copilot, ana.id)
		},
			"agent 198982749, agent-requester 583231, author 198982749, author 8001, committer 8001, pusher 8001, triggerer 8001"},
		"an agent, of nobody": {func(h *hub) { h.User(copilot, "Copilot", "Bot"); h.Pull(9, copilot, commit) },
			"agent 198982749, agent-requester ?, author 198982749, author 8001, committer 8001, pusher 8001, triggerer 8001"},
		"more commits than are shown": {func(h *hub) {
			for i := range 250 {
				h.Push(number, fmt.Sprintf("%040x", i+1))
			}
		}, "author 8001, author ?, co-author ?, committer 8001, committer ?, pusher 8001, triggerer 8001"},
		"after a merge": {func(h *hub) {
			h.q.Commit = strings.Repeat("4", 40)
			h.Merge(number, h.q.Commit)
			h.Commit(h.q.Commit, tree, mallory.id, ana.id, "")
		}, "author 666, author 8001, committer 583231, committer 8001, pusher ?, triggerer 8001"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			c.set(h)
			s := h.snapshot("github-review")
			if got := parts(s); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
			for _, p := range s.Parts {
				if strings.Contains(p.Unknown, "@") {
					t.Errorf("a mail in %q", p.Unknown)
				}
			}
		})
	}
}

// TestPeople says what is found out of who voted.
func TestPeople(t *testing.T) {
	const leads, write = "team:github:acme/leads", "permission:write"
	forbidden := githubtest.Status(http.StatusForbidden, `{"message":"Resource not accessible by integration"}`)
	for name, c := range map[string]struct {
		set   func(*hub)
		facts []string
		want  string
	}{
		"a member":     {func(h *hub) { h.Team("acme", "leads", ana.id, "active") }, []string{leads}, "facts [team:github:acme/leads], unknown []"},
		"invited":      {func(h *hub) { h.Team("acme", "leads", ana.id, "pending") }, []string{leads}, "facts [], unknown []"},
		"no member":    {func(h *hub) { h.Team("acme", "leads", mallory.id, "active") }, []string{leads}, "facts [], unknown []"},
		"no such team": {func(*hub) {}, []string{leads}, "facts [], unknown [team:github:acme/leads]"},
		"a hidden team": {func(h *hub) {
			h.Team("acme", "leads", ana.id, "active")
			h.Fault(githubtest.Fault{In: "/teams/", Answer: forbidden})
		}, []string{leads}, "facts [], unknown [team:github:acme/leads]"},
		"a hidden membership": {func(h *hub) {
			h.Team("acme", "leads", ana.id, "active")
			h.Fault(githubtest.Fault{In: "/memberships/", Answer: forbidden})
		}, []string{leads}, "facts [], unknown [team:github:acme/leads]"},
		"a writer":           {func(h *hub) { h.Permit(ana.id, "write") }, []string{write}, "facts [permission:read permission:triage permission:write], unknown []"},
		"a maintainer":       {func(h *hub) { h.Permit(ana.id, "maintain") }, []string{write, "permission:admin"}, "facts [permission:maintain permission:read permission:triage permission:write], unknown []"},
		"a triager":          {func(h *hub) { h.Permit(ana.id, "triage") }, []string{write}, "facts [permission:read permission:triage], unknown []"},
		"nobody":             {func(h *hub) { h.Permit(ana.id, "none") }, []string{write}, "facts [], unknown []"},
		"hidden permissions": {func(h *hub) { h.Fault(githubtest.Fault{In: "/collaborators/", Answer: forbidden}) }, []string{write}, "facts [], unknown [permission:write]"},
		"code owners":        {func(*hub) {}, []string{"codeowner"}, "facts [], unknown [codeowner]"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			h.q.Facts = c.facts
			h.Review(number, ana.id, "APPROVED", commit, "")
			h.Review(number, bot.id, "APPROVED", commit, "")
			c.set(h)
			s := h.snapshot("github-review")
			if len(s.People) != 1 || s.People[0].Account.ID != ana.id {
				t.Fatalf("%+v", s.People)
			}
			if got := fmt.Sprintf("facts %v, unknown %v", s.People[0].Facts, s.People[0].Unknown); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// That GitHub does not answer makes nobody a stranger.
func TestPeopleFailure(t *testing.T) {
	for _, in := range []string{"/memberships/", "/collaborators/"} {
		h := newHub(t)
		h.q.Facts = []string{"permission:write", "team:github:acme/leads"}
		h.Review(number, ana.id, "APPROVED", commit, "")
		h.Fault(githubtest.Fault{In: in, Answer: githubtest.Status(http.StatusBadGateway, "")})
		if _, err := Read(t.Context(), "github-review", h.q); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", in, err)
		}
	}
	h := newHub(t)
	h.q.Facts = []string{"permission:write"}
	h.Review(number, ana.id, "APPROVED", commit, "")
	h.Fault(githubtest.Fault{In: "/collaborators/", Answer: githubtest.Status(200, `{"permission":"admin","role_name":"admin","user":{"id":666,"login":"ana","type":"User"}}`)})
	if _, err := Read(t.Context(), "github-review", h.q); !errors.Is(err, ErrUnavailable) {
		t.Errorf("somebody else's: %v", err)
	}
}
