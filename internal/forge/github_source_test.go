// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
	"github.com/gateledger/gateledger/internal/vote"
)

func githubSources() []string {
	return []string{"github-comment", "github-environment", "github-review"}
}

// TestWhichPullRequests says where votes are looked for.
func TestWhichPullRequests(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*hub)
		env  map[string]string
		want string // the changes of the snapshot, or the error
	}{
		"the one that has the commit":   {nil, nil, "7"},
		"the one it was merged by":      {func(h *hub) { h.Pull(9, olga.id, older); h.Merge(9, commit) }, nil, "7 9"},
		"several that have it":          {func(h *hub) { h.Pull(9, olga.id, commit) }, nil, "7 9"},
		"not one of another commit":     {func(h *hub) { h.Pull(9, olga.id, older) }, nil, "7"},
		"those that somebody named":     {func(h *hub) { h.Pull(9, olga.id, older) }, map[string]string{"GATELEDGER_PULL_REQUEST": "#9, 7"}, "7 9"},
		"none":                          {func(h *hub) { h.q.Commit = strings.Repeat("2", 40); h.Commit(h.q.Commit, tree, ana.id, ana.id, "") }, nil, ""},
		"a token of one's own":          {nil, map[string]string{"GITHUB_TOKEN": "", "GATELEDGER_GITHUB_TOKEN": githubtest.Token}, "7"},
		"one's own token goes first":    {nil, map[string]string{"GITHUB_TOKEN": "expired", "GATELEDGER_GITHUB_TOKEN": githubtest.Token}, "7"},
		"a commit that there is not":    {func(h *hub) { h.q.Commit = strings.Repeat("3", 40) }, nil, "push it first"},
		"one that there is not":         {nil, map[string]string{"GATELEDGER_PULL_REQUEST": "70"}, "did not let us see it"},
		"a list with something else":    {nil, map[string]string{"GATELEDGER_PULL_REQUEST": "7,x"}, "not a number"},
		"no token":                      {nil, map[string]string{"GITHUB_TOKEN": ""}, "neither GITHUB_TOKEN nor GATELEDGER_GITHUB_TOKEN"},
		"a token with a line feed":      {nil, map[string]string{"GITHUB_TOKEN": "a\nb"}, "neither GITHUB_TOKEN nor"},
		"a wrong token":                 {nil, map[string]string{"GITHUB_TOKEN": "expired"}, "401"},
		"no address":                    {nil, map[string]string{"GITHUB_API_URL": ""}, "GITHUB_API_URL: the address"},
		"an address without encryption": {nil, map[string]string{"GITHUB_API_URL": "http://api.github.com"}, "GITHUB_API_URL: the address"},
		"an address of something else":  {nil, map[string]string{"GITHUB_API_URL": "https://github.com/"}, "GITHUB_API_URL: the address"},
		"an address with a password":    {nil, map[string]string{"GITHUB_API_URL": "https://me:s3cret@api.github.com"}, "GITHUB_API_URL: the address"},
		"no repository":                 {nil, map[string]string{"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY: a repository is"},
		"a repository that climbs":      {nil, map[string]string{"GITHUB_REPOSITORY": "acme/.."}, "GITHUB_REPOSITORY: a repository is"},
		"a repository with a query":     {nil, map[string]string{"GITHUB_REPOSITORY": "acme/app?x"}, "GITHUB_REPOSITORY: a repository is"},
		"no id":                         {nil, map[string]string{"GITHUB_REPOSITORY_ID": ""}, "GITHUB_REPOSITORY_ID is not set"},
		"a run with another number":     {func(h *hub) { h.q.Run = "12" }, nil, "but the run is"},
		"a run that is none":            {nil, map[string]string{"GITHUB_RUN_ID": "../1"}, "not a number"},
		"a name that leads elsewhere": {func(h *hub) { h.q.Commit = strings.Repeat("2", 40); h.Commit(h.q.Commit, tree, ana.id, ana.id, "") },
			map[string]string{"GITHUB_REPOSITORY_ID": "5"}, "its id is 1296269, not 5"},
		"the repository moved": {func(h *hub) {
			h.Fault(githubtest.Fault{Answer: githubtest.Status(301, "", "Location", "https://api.github.com/repositories/5")})
		}, nil, "redirects are not followed"},
		"the lookup fails": {func(h *hub) { h.Fault(githubtest.Fault{In: "/pulls", Answer: githubtest.Status(500, "")}) }, nil, "500"},
		"more than are read": {func(h *hub) {
			for i := range int64(maxPullRequests) {
				h.Pull(100+i, olga.id, commit)
			}
		}, nil, "over the limit of 50"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t).with(c.env)
			if c.set != nil {
				c.set(h)
			}
			found, err := Read(t.Context(), "github-review", h.q)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				var numbers []string
				for _, p := range found.Snapshot.Changes {
					numbers = append(numbers, fmt.Sprint(p.Number))
				}
				got = strings.Join(numbers, " ")
			}
			if err != nil && (c.want == "" || !strings.Contains(got, c.want)) || err == nil && got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if strings.Contains(got, "s3cret") || strings.Contains(got, githubtest.JobToken) {
				t.Errorf("a secret in %q", got)
			}
			if err != nil && !errors.Is(err, ErrSetup) && !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrRefused) {
				t.Errorf("%v is no error of ours", err)
			}
		})
	}
}

// A pull request of another repository is not ours to read.
func TestForeignPullRequest(t *testing.T) {
	h := newHub(t).with(map[string]string{"GITHUB_REPOSITORY_ID": "5"})
	h.Fault(githubtest.Fault{In: "/app?", Answer: githubtest.Status(200, `{"id":5}`)})
	if _, err := Read(t.Context(), "github-review", h.q); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}

// TestSnapshot reads every source whole.
func TestSnapshot(t *testing.T) {
	for _, source := range githubSources() {
		h := newHub(t)
		scenes()[source](t) // is one of them
		s := h.snapshot(source)
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", source, err)
		}
		want := event.ForgeChange{Number: number, URL: "https://github.com/acme/app/pull/7", Head: commit}
		if len(s.Changes) != 1 || s.Changes[0] != want || s.Trees[commit] != tree || len(s.Trees) != 1 {
			t.Errorf("%s: %+v, %v", source, s.Changes, s.Trees)
		}
		if s.Read.Time != "2026-03-02T08:30:00Z" || s.Read.Calls != len(h.Asked()) || s.RepositoryID != "1296269" || s.Host == "" || s.Source != source {
			t.Errorf("%s: %+v", source, s)
		}
		if (s.Run == fmt.Sprint(run)) != (source == "github-environment") {
			t.Errorf("%s: run %q", source, s.Run)
		}
		if got := parts(s); got != "author 8001, committer 8001, pusher 8001, triggerer 8001" {
			t.Errorf("%s: %s", source, got)
		}
		h.q.Request = ""
		if found, err := Read(t.Context(), source, h.q); err != nil || found.Snapshot != nil {
			t.Errorf("%s, no request: %+v, %v", source, found, err)
		}
	}
}

// TestReviews says what of a review is a vote.
func TestReviews(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*hub)
		want string
	}{
		"of an older commit":   {func(h *hub) { h.Review(number, ana.id, "APPROVED", older, "") }, "583231 approve 01"},
		"of no commit":         {func(h *hub) { h.Review(number, ana.id, "APPROVED", "", "") }, "583231 approve 00 GitHub"},
		"a veto of no commit":  {func(h *hub) { h.Review(number, ana.id, "CHANGES_REQUESTED", "", "") }, "583231 deny 00 GitHub"},
		"not yet submitted":    {func(h *hub) { h.Review(number, ana.id, "PENDING", commit, "") }, ""},
		"of a deleted account": {func(h *hub) { h.Review(number, 5, "APPROVED", commit, "") }, ""},
		"of a stranger":        {func(h *hub) { h.Review(number, olga.id, "APPROVED", commit, "") }, ""},
		"dismissed after another": {func(h *hub) {
			h.Review(number, ana.id, "APPROVED", commit, "")
			h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
		}, "583231 approve 00 taken\n583231 approve 00 dismissed"},
		"dismissed before another": {func(h *hub) {
			h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
			h.Review(number, ana.id, "APPROVED", commit, "")
		}, "583231 approve 00 dismissed\n583231 approve 00"},
		"another's was dismissed": {func(h *hub) {
			h.Review(number, ana.id, "APPROVED", commit, "")
			h.Dismiss(h.Review(number, mallory.id, "APPROVED", commit, ""))
		}, "583231 approve 00\n666 approve 00 dismissed"},
		"a veto, and an approval that a push dismissed": {func(h *hub) {
			h.Review(number, ana.id, "CHANGES_REQUESTED", older, "")
			h.Dismiss(h.Review(number, ana.id, "APPROVED", older, ""))
		}, "583231 revoke 01\n583231 approve 01 dismissed"},
		"of two commits, lifted at a third": {func(h *hub) {
			h.Review(number, ana.id, "CHANGES_REQUESTED", older, "")
			h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "")
			h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
		}, "583231 revoke 01\n583231 revoke 00\n583231 approve 00 dismissed"},
		"a dismissed veto, and an approval that a push dismissed": {func(h *hub) {
			h.Dismiss(h.Review(number, ana.id, "CHANGES_REQUESTED", commit, ""))
			h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
		}, "583231 revoke 00\n583231 approve 00 dismissed"},
		"a veto after an approval that was dismissed": {func(h *hub) {
			h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
			h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "")
		}, "583231 approve 00 dismissed\n583231 deny 00"},
		"a veto, an approval that was dismissed, a veto": {func(h *hub) {
			h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "")
			h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
			h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "")
		}, "583231 revoke 00\n583231 approve 00 dismissed\n583231 deny 00"},
		"a veto, and what nobody knows was dismissed": {func(h *hub) {
			h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "")
			h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
			h.ForgetEvents(number)
		}, "583231 deny 00\n583231 deny 00 dismissed,"},
		"a veto, and a remark that was dismissed": {func(h *hub) {
			h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "")
			h.Dismiss(h.Review(number, ana.id, "COMMENTED", commit, ""))
		}, "583231 deny 00\n583231 approve 00 dismissed"},
		"a veto, and another's approval that was dismissed": {func(h *hub) {
			h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "")
			h.Dismiss(h.Review(number, mallory.id, "APPROVED", commit, ""))
		}, "583231 deny 00\n666 approve 00 dismissed"},
		"a veto, and an approval of no commit that was dismissed": {func(h *hub) {
			h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "")
			h.Dismiss(h.Review(number, ana.id, "APPROVED", "", ""))
		}, "583231 deny 00\n583231 approve 00 dismissed"},
		"a dismissed veto": {func(h *hub) { h.Dismiss(h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "no")) }, "583231 deny 00 dismissed"},
		"dismissed by who cast it": {func(h *hub) {
			h.DismissBy(h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "no"), ana.id)
		}, "583231 revoke 00"},
		"dismissed, and nobody knows what": {func(h *hub) {
			h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
			h.ForgetEvents(number)
		}, "583231 deny 00 dismissed,"},
		"a veto, dismissed, and an approval": {func(h *hub) {
			h.Dismiss(h.Review(number, ana.id, "CHANGES_REQUESTED", commit, "no"))
			h.Review(number, ana.id, "APPROVED", commit, "")
		}, "583231 deny 00 dismissed\n583231 approve 00"},
		"commands are no review": {func(h *hub) { h.Review(number, ana.id, "COMMENTED", commit, "/approve "+request) }, ""},
		"of two pull requests": {func(h *hub) {
			h.Pull(9, olga.id, commit)
			h.Review(9, ana.id, "CHANGES_REQUESTED", commit, "no")
			h.Review(number, ana.id, "APPROVED", commit, "")
		}, "583231 approve 00\n583231 deny 00"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			c.set(h)
			s := h.snapshot("github-review")
			if got := told(t, Found{Snapshot: s}); got != c.want {
				t.Errorf("saw\n%s\nwant\n%s", got, c.want)
			}
			for _, v := range s.Votes {
				if (v.Time == "") != (v.Reject != "" && v.Decision != event.ForgeDeny) || v.URL == "" {
					t.Errorf("%+v", v)
				}
			}
		})
	}
}

// An answer that is not what GitHub gives is no answer.
func TestOddAnswers(t *testing.T) {
	for name, c := range map[string]struct{ source, in, body string }{
		"an unknown state":            {"github-review", "/reviews", `[{"id":1,"state":"MAYBE","submitted_at":"2026-03-02T08:00:00Z","user":null}]`},
		"a review without a time":     {"github-review", "/reviews", `[{"id":1,"state":"APPROVED","user":null}]`},
		"a commit that is none":       {"github-review", "/reviews", `[{"id":1,"state":"APPROVED","commit_id":"main","submitted_at":"2026-03-02T08:00:00Z"}]`},
		"no list":                     {"github-review", "/reviews", `{}`},
		"null":                        {"github-review", "/reviews", `null`},
		"nothing":                     {"github-review", "/reviews", ``},
		"a comment without a text":    {"github-comment", "/comments", `[{"id":1,"created_at":"2026-03-02T08:00:00Z","updated_at":"2026-03-02T08:00:00Z"}]`},
		"a comment without a time":    {"github-comment", "/comments", `[{"id":1,"body":""}]`},
		"dismissed, in what state":    {"dismissed", "/events", `[{"id":1,"event":"review_dismissed","created_at":"2026-03-02T08:00:00Z","dismissed_review":{"review_id":1,"state":"gone"}}]`},
		"dismissed, and not which":    {"dismissed", "/events", `[{"id":1,"event":"review_dismissed","created_at":"2026-03-02T08:00:00Z"}]`},
		"an event of nothing":         {"dismissed", "/events", `[{"id":1}]`},
		"an approval of nothing":      {"github-environment", "/approvals", `[{"state":"approved","environments":[]}]`},
		"an approval in what state":   {"github-environment", "/approvals", `[{"state":"Approved","environments":[{"name":"production"}]}]`},
		"another run":                 {"github-environment", "/attempts/", `{"id":5,"run_attempt":1,"head_sha":"` + commit + `","repository":{"id":1296269}}`},
		"another repository's run":    {"github-environment", "/attempts/", `{"id":4711,"run_attempt":1,"head_sha":"` + commit + `","repository":{"id":5}}`},
		"a pull request without base": {"github-review", "/commits/" + commit + "/pulls", `[{"number":7,"head":{"sha":"` + commit + `"},"base":{"repo":null}}]`},
		"a commit without a tree":     {"github-review", "/pulls/7/commits", `[{"sha":"` + commit + `"}]`},
	} {
		h := newHub(t)
		if c.source == "dismissed" {
			h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, ""))
			c.source = "github-review"
		}
		h.Fault(githubtest.Fault{In: c.in, Answer: githubtest.Status(200, c.body)})
		if found, err := Read(t.Context(), c.source, h.q); !errors.Is(err, ErrUnavailable) || found.Snapshot != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// timesOf are the times of a snapshot's votes, by what they say.
func timesOf(t *testing.T, source string, q Query) map[string]string {
	t.Helper()
	found, err := Read(t.Context(), source, q)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]string{}
	for _, v := range found.Snapshot.Votes {
		times[v.Decision] = v.Time
	}
	return times
}

// An old comment that becomes a veto is one from then on, and not from when it
// said something else: the approval in between does not lift it.
func TestAVetoIsAsYoungAsItsText(t *testing.T) {
	h := newHub(t)
	id := h.Comment(number, ana.id, "hm")
	h.Comment(number, ana.id, "/approve "+request)
	h.Edit(id, "/deny "+request)
	if at := timesOf(t, "github-comment", h.q); at[event.ForgeDeny] <= at[event.ForgeApprove] || at[event.ForgeApprove] == "" {
		t.Errorf("at GitHub %q", at)
	}
	h = newHub(t)
	id = h.Review(number, ana.id, "COMMENTED", commit, "hm")
	h.Comment(number, ana.id, "/approve "+request)
	h.EditReview(id, "/deny "+request)
	if at := timesOf(t, "github-comment", h.q); at[event.ForgeDeny] <= at[event.ForgeApprove] || at[event.ForgeApprove] == "" {
		t.Errorf("in a review at GitHub %q", at)
	}
	s := newGitLabScene(t, "gitlab-note")
	note := s.say(ana, "hm")
	s.say(ana, "gateledger: /approve "+asked)
	s.Edit(note, "gateledger: /deny "+asked)
	if at := timesOf(t, "gitlab-note", s.q); at[event.ForgeDeny] <= at[event.ForgeApprove] || at[event.ForgeApprove] == "" {
		t.Errorf("at GitLab %q", at)
	}
}

// TestComments says what of a comment is a vote, and when it counts.
func TestComments(t *testing.T) {
	yes, no, back := "/approve "+request, "/deny "+request+" not on Fridays", "/revoke "+request
	for name, c := range map[string]struct {
		set     func(*hub)
		want    string
		remarks int
	}{
		"a veto with a reason":      {func(h *hub) { h.Comment(number, ana.id, no) }, "583231 deny 00", 0},
		"edited without a change":   {func(h *hub) { h.Edit(h.Comment(number, ana.id, yes), yes) }, "583231 approve 00 edited", 0},
		"edited into a revocation":  {func(h *hub) { id := h.Comment(number, ana.id, "hm"); h.Comment(number, ana.id, yes); h.Edit(id, back) }, "583231 revoke 00 edited\n583231 approve 00 taken", 0},
		"approved anew after that":  {func(h *hub) { h.Edit(h.Comment(number, ana.id, "hm"), back); h.Comment(number, ana.id, yes) }, "583231 revoke 00 edited\n583231 approve 00", 0},
		"another's revocation":      {func(h *hub) { h.Comment(number, ana.id, yes); h.Edit(h.Comment(number, mallory.id, "hm"), back) }, "583231 approve 00\n666 revoke 00 edited", 0},
		"in a review's text":        {func(h *hub) { h.Review(number, ana.id, "COMMENTED", commit, yes) }, "583231 approve 00", 0},
		"a veto in a review's text": {func(h *hub) { h.Review(number, ana.id, "APPROVED", commit, no) }, "583231 deny 00", 0},
		"a revocation in one":       {func(h *hub) { h.Comment(number, ana.id, no); h.Review(number, ana.id, "COMMENTED", commit, back) }, "583231 deny 00\n583231 revoke 00", 0},
		"in an edited review":       {func(h *hub) { h.EditReviewBy(h.Review(number, ana.id, "APPROVED", commit, "fine"), mallory.id, yes) }, "583231 approve 00 edited", 0},
		"back in an edited review": {func(h *hub) {
			id := h.Review(number, ana.id, "APPROVED", commit, "")
			h.Comment(number, ana.id, yes)
			h.EditReviewBy(id, mallory.id, back)
		}, "583231 approve 00 taken\n583231 revoke 00 edited", 0},
		"in a dismissed review":     {func(h *hub) { h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, yes)) }, "583231 approve 00 in", 0},
		"no, in a dismissed review": {func(h *hub) { h.Dismiss(h.Review(number, ana.id, "APPROVED", commit, no)) }, "583231 deny 00 in", 0},
		"two commands":              {func(h *hub) { h.Comment(number, ana.id, yes+"\n"+yes) }, "", 1},
		"a veto beside an approval": {func(h *hub) { h.Comment(number, ana.id, yes+"\n"+no) }, "583231 deny 00 command:", 1},
		"a broken command":          {func(h *hub) { h.Comment(number, mallory.id, "/approve this") }, "", 1},
		"words":                     {func(h *hub) { h.Comment(number, ana.id, "LGTM, approved! disapproved, yesterday") }, "", 0},
		"a signed vote":             {func(h *hub) { h.Comment(number, olga.id, armoured(h.t, ana, ballot{choice: vote.Deny})) }, "8001 deny 00", 0},
		"a signed vote in a review": {func(h *hub) {
			h.Review(number, olga.id, "APPROVED", commit, armoured(h.t, ana, ballot{choice: vote.Deny}))
		}, "8001 deny 00", 0},
		"a signed vote, cut":             {func(h *hub) { h.Comment(number, olga.id, armoured(h.t, ana, ballot{choice: vote.Deny, garbled: true})) }, "", 1},
		"a signed vote of somebody gone": {func(h *hub) { h.Comment(number, 5, armoured(h.t, ana, ballot{choice: vote.Deny})) }, "0 deny 00 bot", 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			c.set(h)
			found, err := Read(t.Context(), "github-comment", h.q)
			if err != nil {
				t.Fatal(err)
			}
			if got := told(t, found); got != c.want || len(found.Remarks) != c.remarks {
				t.Errorf("saw\n%s\nand %q, want\n%s\nand %d", got, found.Remarks, c.want, c.remarks)
			}
		})
	}
}

// TestEnvironments says which approvals of a run are votes.
func TestEnvironments(t *testing.T) {
	h := newHub(t)
	h.Approve(run, ana.id, "approved", production, "fine")
	h.Approve(run, mallory.id, "rejected", "staging", "no")
	h.User(99, "carl", "User")
	h.Approve(run, 99, "approved", "Production", "")
	s := h.snapshot("github-environment")
	if len(s.Votes) != 1 || s.Votes[0].Commit != commit || s.Votes[0].Time != "" || s.Votes[0].Reason != "fine" || s.Votes[0].Reject != "" {
		t.Errorf("%+v", s.Votes)
	}
	h.q.Environment = ""
	if got := told(t, Found{Snapshot: h.snapshot("github-environment")}); got != "583231 approve 00 it\n666 deny 00 it\n99 approve 00 it" {
		t.Errorf("no environment: %s", got)
	}
	h.env["GITHUB_RUN_ID"] = ""
	if _, err := Read(t.Context(), "github-environment", h.q); !errors.Is(err, ErrSetup) {
		t.Error(err)
	}
	h.q.Run = "12"
	if _, err := Read(t.Context(), "github-environment", h.q); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

// What the policy can't count is left out and counted, unless a role could make
// anybody count.
func TestStrangers(t *testing.T) {
	h := newHub(t)
	h.q.Accounts = []int64{ana.id}
	h.Review(number, ana.id, "APPROVED", commit, "")
	h.Review(number, mallory.id, "CHANGES_REQUESTED", commit, "")
	if s := h.snapshot("github-review"); len(s.Votes) != 1 || s.Strangers != 1 || len(s.People) != 0 {
		t.Errorf("%+v", s)
	}
	h.q.Facts = []string{"permission:write"}
	if s := h.snapshot("github-review"); len(s.Votes) != 2 || s.Strangers != 0 || len(s.People) != 2 {
		t.Errorf("%+v", s)
	}
	h.q.Facts = []string{"group:gitlab:acme/leads"}
	if s := h.snapshot("github-review"); len(s.Votes) != 1 || s.Strangers != 1 || len(s.People) != 0 {
		t.Errorf("another forge's fact: %+v", s)
	}
}

// One evaluation of a pull request with a hundred reviews, in the second attempt
// of its run, and after a merge.
func TestCallsOfOneReading(t *testing.T) {
	h := newHub(t)
	h.q.Cache, h.q.Attempt = new(ask.Cache), 2
	h.Rerun(run, ana.id)
	for range 99 {
		h.Review(number, mallory.id, "COMMENTED", commit, "")
	}
	h.Review(number, ana.id, "APPROVED", commit, "")
	if s := h.snapshot("github-review"); s.Read.Calls > 6 || !strings.Contains(parts(s), "rerunner 583231") {
		t.Errorf("%d calls, %s", s.Read.Calls, parts(s))
	}
	before := len(h.Asked())
	h.snapshot("github-review")
	for _, r := range h.Asked()[before:] {
		if r.Header.Get("If-None-Match") == "" {
			t.Errorf("%s is asked as if for the first time", r.URL)
		}
	}
	for _, source := range githubSources() {
		h := newHub(t)
		h.Merge(number, strings.Repeat("4", 40))
		h.Commit(strings.Repeat("4", 40), tree, olga.id, bot.id, "")
		h.q.Commit = strings.Repeat("4", 40)
		if s := h.snapshot(source); s.Read.Calls > 6 {
			t.Errorf("%s: %d calls", source, s.Read.Calls)
		}
	}
}

// GitHub's limit is waited for or told, and never a shorter list.
func TestLimitIsNoAnswer(t *testing.T) {
	for _, source := range githubSources() {
		h := newHub(t)
		h.Fault(githubtest.Fault{Skip: 1, Answer: githubtest.Status(http.StatusForbidden, `{"message":"You have exceeded a secondary rate limit."}`)})
		if _, err := Read(t.Context(), source, h.q); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", source, err)
		}
	}
}
