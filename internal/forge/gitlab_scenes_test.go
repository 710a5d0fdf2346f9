// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// gitlabScenes are the sources whose votes GitLab alone vouches for. What they
// show is a snapshot, so the stories are others than those of signed votes.
func gitlabScenes() map[string]func(*testing.T) *gitlabScene {
	return map[string]func(*testing.T) *gitlabScene{
		"gitlab-approval":   func(t *testing.T) *gitlabScene { return newGitLabScene(t, "gitlab-approval") },
		"gitlab-deployment": func(t *testing.T) *gitlabScene { return newGitLabScene(t, "gitlab-deployment") },
		"gitlab-note":       func(t *testing.T) *gitlabScene { return newGitLabScene(t, "gitlab-note") },
	}
}

const (
	next  = "1111111111111111111111111111111111111111"
	asked = "00000000000000000000000000000000000000000000000000000000000000aa"
)

// A gitlabScene is a GitLab with a merge request and a deployment of the
// commit, and a pipeline that its push started.
type gitlabScene struct {
	*gitlabtest.Server
	t          *testing.T
	source     string
	deployment int64
	env        map[string]string
	q          Query
}

func newGitLabScene(t *testing.T, source string) *gitlabScene {
	t.Helper()
	s := gitlabtest.New()
	t.Cleanup(s.Close)
	s.MergeRequest(project, number, commit)
	s.Pipeline(project, 9, commit, "push", 600, "pusher")
	g := &gitlabScene{Server: s, t: t, source: source, deployment: s.Deployment(project, "production", commit), env: map[string]string{
		"CI_API_V4_URL": s.API, "CI_PROJECT_ID": fmt.Sprint(project), "GATELEDGER_GITLAB_TOKEN": gitlabtest.Token,
	}}
	g.q = Query{
		Commit: commit, Request: asked, Environment: "production", Accounts: []int64{ana.id, bot.id, 42}, Run: "9",
		Getenv: func(name string) string { return g.env[name] }, Base: http.DefaultTransport, Pause: short,
	}
	return g
}

// approve has an account approve in the way of the source.
func (s *gitlabScene) approve(by account) {
	switch s.source {
	case "gitlab-approval":
		s.Approve(project, number, by.id, by.login)
	case "gitlab-deployment":
		s.Judge(s.deployment, by.id, by.login, "approved", "fine")
	default:
		s.say(by, "/approve "+asked)
	}
}

func (s *gitlabScene) say(by account, body string) int64 {
	return s.Note(project, number, by.id, by.login, body)
}

func (s *gitlabScene) read() (*event.ForgeVotesPredicate, error) {
	found, err := Read(s.t.Context(), s.source, s.q)
	if err != nil && (found.Snapshot != nil || found.Sightings != nil) {
		s.t.Error("something was found in spite of an error")
	}
	return found.Snapshot, err
}

// saw is a snapshot's votes in short: who, what, bound to what, and why not.
func saw(p *event.ForgeVotesPredicate) string {
	var lines []string
	for _, v := range p.Votes {
		line := fmt.Sprintf("%d %s", v.Account.ID, v.Decision)
		if v.Commit != "" {
			line += " commit " + v.Commit[:4]
		}
		if v.Request != "" {
			line += " request " + v.Request[62:]
		}
		if v.Account.Kind != event.AccountUser {
			line += " " + v.Account.Kind
		}
		if v.Reject != "" {
			line += ": " + v.Reject
		}
		lines = append(lines, line)
	}
	if p.Strangers > 0 {
		lines = append(lines, fmt.Sprint(p.Strangers, " strangers"))
	}
	return strings.Join(lines, "\n")
}

// play reads a scene after its story, and compares what was seen.
func (s *gitlabScene) play(story func(*gitlabScene), want string) *event.ForgeVotesPredicate {
	s.t.Helper()
	if story != nil {
		story(s)
	}
	p, err := s.read()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := p.Check(); err != nil || p.Source != s.source || p.Request != s.q.Request || p.RepositoryID != fmt.Sprint(project) || p.Read.Calls != len(s.Asked()) {
		s.t.Errorf("%+v, %v, %d calls", p, err, len(s.Asked()))
	}
	if got := saw(p); got != want {
		s.t.Errorf("saw\n%s\nwant\n%s", got, want)
	}
	return p
}

// TestApprovalsBindVersions: an approval counts for what its giver saw.
func TestApprovalsBindVersions(t *testing.T) {
	deleteNotes := func(s *gitlabScene, ids ...int64) {
		for _, id := range ids {
			s.Delete(id)
		}
	}
	for name, c := range map[string]struct {
		old   bool
		story func(*gitlabScene)
		want  string
	}{
		"nobody":                      {false, nil, ""},
		"one":                         {false, func(s *gitlabScene) { s.approve(ana) }, "583231 approve commit 3b18"},
		"taken back":                  {false, func(s *gitlabScene) { s.approve(ana); s.Unapprove(project, number, ana.id) }, ""},
		"pushed after it":             {false, func(s *gitlabScene) { s.approve(ana); s.Push(project, number, next); s.q.Commit = next }, "583231 approve commit 3b18"},
		"pushed before it":            {false, func(s *gitlabScene) { s.Push(project, number, next); s.approve(ana); s.q.Commit = next }, "583231 approve commit 1111"},
		"pushed away and back":        {false, func(s *gitlabScene) { s.Push(project, number, next); s.approve(ana); s.Push(project, number, commit) }, "583231 approve commit 1111"},
		"a bot's":                     {false, func(s *gitlabScene) { s.approve(bot) }, "77 approve commit 3b18 bot"},
		"the ghost's":                 {false, func(s *gitlabScene) { s.approve(account{42, "ghost"}) }, "42 approve commit 3b18 ghost"},
		"a stranger's":                {false, func(s *gitlabScene) { s.approve(mallory) }, "1 strangers"},
		"a login that was taken over": {false, func(s *gitlabScene) { s.approve(account{99, "ana"}) }, "1 strangers"},
		"two merge requests": {false, func(s *gitlabScene) {
			s.MergeRequest(project, 9, commit)
			s.Approve(project, 9, ana.id, "ana")
			s.approve(ana)
		}, "583231 approve commit 3b18\n583231 approve commit 3b18"},
		"requested changes":       {false, func(s *gitlabScene) { s.Review(project, number, ana.id, "ana", "requested_changes") }, "583231 deny commit 3b18"},
		"requested by a stranger": {false, func(s *gitlabScene) { s.Review(project, number, mallory.id, "mallory", "requested_changes") }, "1 strangers"},
		"requested, and another approved": {false, func(s *gitlabScene) {
			s.approve(account{42, "bob"})
			s.Review(project, number, ana.id, "ana", "requested_changes")
		}, "42 approve commit 3b18\n583231 deny commit 3b18"},
		"reviewed in other words": {false, func(s *gitlabScene) {
			for i, state := range []string{"unreviewed", "review_started", "reviewed", "approved", "unapproved"} {
				s.Review(project, number, int64(42+i), "x", state)
			}
		}, ""},
		"old: one":             {true, func(s *gitlabScene) { s.approve(ana) }, "583231 approve commit 3b18"},
		"old: pushed after it": {true, func(s *gitlabScene) { s.approve(ana); s.Push(project, number, next); s.q.Commit = next }, "583231 approve commit 3b18"},
		"old: given anew after a push": {true, func(s *gitlabScene) {
			s.approve(ana)
			s.Push(project, number, next)
			s.Unapprove(project, number, ana.id)
			s.approve(ana)
			s.q.Commit = next
		}, "583231 approve commit 1111"},
		"old: its note is gone":        {true, func(s *gitlabScene) { s.approve(ana); deleteNotes(s, 302) }, "583231 approve commit 0000: " + noVersion},
		"old: its note is imported":    {true, func(s *gitlabScene) { s.approve(ana); s.Import(302) }, "583231 approve commit 0000: " + noVersion},
		"old: somebody wrote such one": {true, func(s *gitlabScene) { s.approve(ana); deleteNotes(s, 302); s.say(ana, noteApproved) }, "583231 approve commit 0000: " + noVersion},
		"old: another's note":          {true, func(s *gitlabScene) { s.approve(ana); deleteNotes(s, 302); s.approve(account{42, "bob"}) }, "583231 approve commit 0000: " + noVersion + "\n42 approve commit 3b18"},
		"old: the list is older or not": {true, func(s *gitlabScene) {
			s.approve(ana)
			s.approve(ana)
			s.Unapprove(project, number, ana.id)
			s.approve(ana)
		}, "583231 approve commit 3b18"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newGitLabScene(t, "gitlab-approval")
			s.OldApprovals = c.old
			s.play(c.story, c.want)
		})
	}
}

// TestNotesHoldCommands says what of a note GitLab vouches for.
func TestNotesHoldCommands(t *testing.T) {
	const yes, no = "/approve " + asked, "/deny " + asked
	other := strings.Repeat("e", 64)
	for name, c := range map[string]struct {
		story   func(*gitlabScene)
		want    string
		remarks int
	}{
		"nobody":             {nil, "", 0},
		"talk":               {func(s *gitlabScene) { s.say(ana, "LGTM, /approve it") }, "", 0},
		"half a command":     {func(s *gitlabScene) { s.say(ana, "/approve") }, "", 1},
		"approve":            {func(s *gitlabScene) { s.say(ana, "Looked at it.\n\n"+yes+"\n") }, "583231 approve request aa", 0},
		"deny and revoke":    {func(s *gitlabScene) { s.say(ana, no+" it leaks"); s.say(ana, "/revoke "+asked) }, "583231 deny request aa\n583231 revoke request aa", 0},
		"another request's":  {func(s *gitlabScene) { s.say(ana, "/approve "+other) }, "583231 approve request ee", 0},
		"past GitLab's own":  {func(s *gitlabScene) { s.say(ana, "gateledger: "+yes) }, "583231 approve request aa", 0},
		"GitLab took it":     {func(s *gitlabScene) { s.say(ana, quickActions("Fine.\n"+yes)) }, "", 0},
		"GitLab takes no":    {func(s *gitlabScene) { s.say(ana, quickActions(no)) }, "583231 deny request aa", 0},
		"GitLab leaves ours": {func(s *gitlabScene) { s.say(ana, quickActions("Fine.\ngateledger: "+yes)) }, "583231 approve request aa", 0},
		"quoted":             {func(s *gitlabScene) { s.say(ana, "> "+yes) }, "", 0},
		"fenced":             {func(s *gitlabScene) { s.say(ana, "```\n"+yes+"\n```") }, "", 0},
		"edited":             {func(s *gitlabScene) { s.Edit(s.say(ana, yes), yes) }, "583231 approve request aa: edited", 0},
		"edited into a veto": {func(s *gitlabScene) { s.Edit(s.say(ana, yes), no) }, "583231 deny request aa: edited", 0},
		"edited away":        {func(s *gitlabScene) { s.Edit(s.say(ana, yes), "never mind") }, "", 0},
		"deleted":            {func(s *gitlabScene) { s.Delete(s.say(ana, yes)) }, "", 0},
		"GitLab's own": {func(s *gitlabScene) {
			s.Rename(1, "root")
			s.q.Accounts = []int64{1}
			s.SystemNote(project, number, yes)
		}, "1 approve request aa bot: GitLab itself wrote it", 0},
		"imported":         {func(s *gitlabScene) { s.Import(s.say(ana, yes)) }, "583231 approve request aa: imported from elsewhere, by the word of who imported it", 0},
		"a bot's":          {func(s *gitlabScene) { s.say(bot, yes) }, "77 approve request aa bot", 0},
		"a stranger's":     {func(s *gitlabScene) { s.say(mallory, no) }, "1 strangers", 0},
		"two approvals":    {func(s *gitlabScene) { s.say(ana, yes+"\n"+yes) }, "", 1},
		"on the last page": {func(s *gitlabScene) { s.fillNotes(250); s.say(ana, no) }, "583231 deny request aa", 0},
		"beside a signed one": {func(s *gitlabScene) {
			s.say(ana, "/approve "+asked+"\n\n"+armoured(s.t, ana, ballot{choice: "approve"}))
		},
			"583231 approve request aa", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newGitLabScene(t, "gitlab-note")
			if c.story != nil {
				c.story(s)
			}
			found, err := Read(t.Context(), s.source, s.q)
			if err != nil {
				t.Fatal(err)
			}
			if got := saw(found.Snapshot); got != c.want || len(found.Remarks) != c.remarks {
				t.Errorf("saw\n%s\n%q\nwant\n%s", got, found.Remarks, c.want)
			}
			for _, v := range found.Snapshot.Votes {
				if v.Time == "" || !strings.Contains(v.URL, "/merge_requests/7#note_") {
					t.Errorf("%+v", v)
				}
			}
		})
	}
}

// quickActions is what GitLab keeps of a note in which it finds a command of its
// own at the beginning of a line; /deny and /revoke are none of them.
func quickActions(body string) string {
	var kept []string
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "/approve") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func (s *gitlabScene) fillNotes(n int) {
	for range n {
		s.say(mallory, "talk")
	}
}

// A veto stays one beside something that is none.
func TestAVetoBesideAnApprovalStays(t *testing.T) {
	s := newGitLabScene(t, "gitlab-note")
	s.say(ana, "/approve "+asked+"\n/deny "+asked)
	p, err := s.read()
	if err != nil || len(p.Votes) != 1 || p.Votes[0].Decision != event.ForgeDeny || p.Votes[0].Reject == "" {
		t.Errorf("%+v, %v", p, err)
	}
}

// without a request, notes are read as ever, and the other sources can't be.
func TestNoRequestNoSnapshot(t *testing.T) {
	for source, open := range gitlabScenes() {
		s := open(t)
		s.q.Request = ""
		p, err := s.read()
		if p != nil || (source == "gitlab-note") != (err == nil) || err != nil && !errors.Is(err, ErrSetup) {
			t.Errorf("%s: %+v, %v", source, p, err)
		}
	}
}

// TestDeploymentApprovals reads what was said of deployments.
func TestDeploymentApprovals(t *testing.T) {
	for name, c := range map[string]struct {
		story func(*gitlabScene)
		want  string
	}{
		"nobody":           {nil, ""},
		"approved":         {func(s *gitlabScene) { s.approve(ana) }, "583231 approve commit 3b18"},
		"rejected":         {func(s *gitlabScene) { s.Judge(s.deployment, ana.id, "ana", "rejected", "") }, "583231 deny commit 3b18"},
		"both":             {func(s *gitlabScene) { s.approve(ana); s.Judge(s.deployment, ana.id, "ana", "rejected", "") }, "583231 approve commit 3b18\n583231 deny commit 3b18"},
		"by a token":       {func(s *gitlabScene) { s.approve(bot) }, "77 approve commit 3b18 bot"},
		"to another place": {func(s *gitlabScene) { s.Judge(s.Deployment(project, "staging", commit), ana.id, "ana", "approved", "") }, ""},
		"of another commit": {func(s *gitlabScene) {
			s.Judge(s.Deployment(project, "production", next), ana.id, "ana", "approved", "")
		}, ""},
		"of another project": {func(s *gitlabScene) { s.Judge(s.Deployment(8, "production", commit), ana.id, "ana", "approved", "") }, ""},
		"of an earlier attempt": {func(s *gitlabScene) {
			s.Judge(s.deployment, ana.id, "ana", "rejected", "")
			s.Judge(s.Deployment(project, "production", commit), 42, "bob", "approved", "")
		}, "583231 deny commit 3b18\n42 approve commit 3b18"},
		"on the second page": {func(s *gitlabScene) {
			for range 120 {
				s.Deployment(project, "production", next)
			}
			s.Judge(s.Deployment(project, "production", commit), ana.id, "ana", "rejected", "")
		}, "583231 deny commit 3b18"},
	} {
		t.Run(name, func(t *testing.T) {
			newGitLabScene(t, "gitlab-deployment").play(c.story, c.want)
		})
	}
	s := newGitLabScene(t, "gitlab-deployment")
	s.q.Environment = ""
	if _, err := s.read(); !errors.Is(err, ErrSetup) {
		t.Error(err)
	}
	s.q.Environment = "production"
	for range maxDeployments {
		s.Deployment(project, "production", commit)
	}
	if _, err := s.read(); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "over the limit of 50") {
		t.Error(err)
	}
}

// Whatever part of a reading fails, nothing was seen.
func TestSnapshotsAreWholeOrErrors(t *testing.T) {
	parts := map[string][]string{
		"gitlab-approval":   {"/commits/", "/approvals", "/reviewers", "/notes", "/versions", "/members/all", "/groups/", "/users/", "/pipelines/", "/tree"},
		"gitlab-deployment": {"/commits/", "/deployments?", "/deployments/", "/members/all", "/groups/", "/users/", "/pipelines/"},
		"gitlab-note":       {"/commits/", "/notes", "/members/all", "/groups/", "/users/", "/pipelines/"},
	}
	for source, open := range gitlabScenes() {
		for _, in := range parts[source] {
			for name, answer := range map[string]func(http.ResponseWriter, *http.Request) bool{
				"502":      gitlabtest.Status(502, ""),
				"null":     gitlabtest.Status(200, "null", "X-Next-Page", ""),
				"of null":  gitlabtest.Status(200, "[null]", "X-Next-Page", ""),
				"cut":      gitlabtest.Status(200, `[{"id":`, "X-Next-Page", ""),
				"no pages": gitlabtest.Status(200, "{}"),
			} {
				s := open(t)
				s.OldApprovals = true
				s.q.Facts = []string{"permission:developer", "team:gitlab:acme/leads"}
				s.Member("6", mallory.id, 30, "active")
				s.Member("acme/leads", mallory.id, 30, "active")
				s.approve(mallory)
				if source == "gitlab-approval" {
					s.Merge(project, number, next)
					s.q.Commit = next
				}
				s.Fault(gitlabtest.Fault{In: in, Answer: answer})
				if p, err := s.read(); !errors.Is(err, ErrUnavailable) || p != nil {
					t.Errorf("%s, %s is %s: %+v, %v", source, in, name, p, err)
				}
			}
		}
	}
}

// What a token may not see at all is no empty answer.
func TestHiddenVotesAreErrors(t *testing.T) {
	for source, in := range map[string]string{"gitlab-approval": "/approvals", "gitlab-deployment": "/deployments", "gitlab-note": "/notes"} {
		s := newGitLabScene(t, source)
		s.Fault(gitlabtest.Fault{In: in, Answer: gitlabtest.Status(403, `{"message":"403 Forbidden"}`)})
		if p, err := s.read(); !errors.Is(err, ErrRefused) || p != nil {
			t.Errorf("%s: %+v, %v", source, p, err)
		}
	}
	s := newGitLabScene(t, "gitlab-approval") // a job's own token may not read approvals
	maps.Copy(s.env, map[string]string{"CI_JOB_TOKEN": gitlabtest.JobToken, "GATELEDGER_GITLAB_TOKEN": ""})
	if p, err := s.read(); !errors.Is(err, ErrRefused) || p != nil {
		t.Errorf("%+v, %v", p, err)
	}
	s = newGitLabScene(t, "gitlab-note") // it may read notes, and no pipelines
	maps.Copy(s.env, map[string]string{"CI_JOB_TOKEN": gitlabtest.JobToken, "GATELEDGER_GITLAB_TOKEN": ""})
	s.say(ana, "/deny "+asked)
	if p := s.play(nil, "583231 deny request aa"); p.Parts[len(p.Parts)-1].Unknown == "" {
		t.Errorf("%+v", p.Parts)
	}
}

// TestCallsOfOneSnapshot is the budget: at most six requests, with one merge
// request and a hundred votes, and one more for each list of members that roles
// ask for and each fifty voters.
func TestCallsOfOneSnapshot(t *testing.T) {
	for source, want := range map[string]int{"gitlab-approval": 5, "gitlab-deployment": 4, "gitlab-note": 3} {
		for roles := range 2 {
			s := newGitLabScene(t, source)
			if roles > 0 {
				s.q.Facts = []string{"permission:developer", "team:gitlab:acme/leads"}
				s.Member("6", ana.id, 30, "active")
				s.Member("acme/leads", ana.id, 30, "active")
			}
			for i := range int64(99 - 50*roles) {
				s.approve(account{1000 + i, fmt.Sprint("nobody", i)})
			}
			s.approve(ana)
			want := want + 2*roles
			if p, err := s.read(); err != nil || len(p.Votes) != 1 || len(s.Asked()) != want || p.Read.Calls != want || want > 6+roles {
				t.Errorf("%s: %d requests, want %d; %+v, %v", source, len(s.Asked()), want, p, err)
			}
		}
	}
}
