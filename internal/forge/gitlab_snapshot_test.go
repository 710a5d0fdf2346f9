// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// people is what a snapshot says of who voted, in short.
func people(p *event.ForgeVotesPredicate) string {
	var lines []string
	for _, who := range p.People {
		line := fmt.Sprint(who.Account.ID, " ", strings.Join(who.Facts, " "))
		if len(who.Unknown) > 0 {
			line += " unknown " + strings.Join(who.Unknown, " ")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// TestGitLabPeople says what a policy's roles learn of voters, on each source.
func TestGitLabPeople(t *testing.T) {
	facts := []string{"permission:developer", "team:gitlab:acme/leads", "team:github:acme/leads"}
	refuse := func(in string) func(*gitlabScene) {
		return func(s *gitlabScene) {
			s.Fault(gitlabtest.Fault{In: in, Answer: gitlabtest.Status(403, `{"message":"403 Forbidden"}`)})
		}
	}
	for name, c := range map[string]struct {
		level int
		state string
		lead  bool
		by    account
		set   func(*gitlabScene)
		want  string // people
		none  bool   // the vote is left out
	}{
		"a developer":               {30, "active", false, mallory, nil, "666 permission:developer", false},
		"a level between two":       {15, "active", false, mallory, nil, "666 permission:guest", false},
		"an owner, and a lead":      {50, "active", true, mallory, nil, "666 permission:owner team:gitlab:acme/leads", false},
		"one that the policy names": {40, "active", false, ana, nil, "583231 permission:maintainer", false},
		"a blocked owner":           {50, "blocked", false, mallory, nil, "", true},
		"minimal access":            {5, "active", false, mallory, nil, "", true},
		"a service account":         {30, "active", false, mallory, func(s *gitlabScene) { s.Service(mallory.id) }, "", true},
		"a token's bot":             {30, "active", false, account{78, "project_6_bot_2"}, nil, "", true},
		"a lead, by a job's token":  {30, "active", true, mallory, refuse("/members"), "666  unknown permission:developer team:gitlab:acme/leads", false},
		"groups are hidden":         {30, "active", true, mallory, refuse("/groups/"), "666 permission:developer unknown team:gitlab:acme/leads", false},
		"accounts are hidden":       {30, "active", false, mallory, refuse("/users/"), "666  unknown permission:developer", false},
		"code owners":               {30, "active", false, mallory, func(s *gitlabScene) { s.q.Facts = []string{"codeowner"} }, "666  unknown codeowner", false},
		"no roles":                  {50, "active", true, mallory, func(s *gitlabScene) { s.q.Facts = nil }, "", true},
		"another forge's":           {50, "active", true, mallory, func(s *gitlabScene) { s.q.Facts = facts[2:] }, "", true},
	} {
		for source, open := range gitlabScenes() {
			t.Run(source+"/"+name, func(t *testing.T) {
				s := open(t)
				s.q.Facts = facts
				s.Member("6", c.by.id, c.level, c.state)
				s.Member("acme/leads", 0, 0, "")
				if c.lead {
					s.Member("acme/leads", c.by.id, 10, "active")
				}
				s.approve(c.by)
				if c.set != nil {
					c.set(s)
				}
				p, err := s.read()
				if err != nil {
					t.Fatal(err)
				}
				if got := people(p); got != c.want || c.none != (len(p.Votes) == 0) || c.none != (p.Strangers == 1) {
					t.Errorf("%q, %s; want %q", got, saw(p), c.want)
				}
			})
		}
	}
}

// A crowd that holds nothing costs nobody their facts.
func TestACrowdHidesNobody(t *testing.T) {
	s := newGitLabScene(t, "gitlab-note")
	s.q.Facts = []string{"permission:developer"}
	s.Member("6", 5000, 30, "active")
	for id := range int64(130) {
		s.say(account{1000 + id, fmt.Sprint("nobody", id)}, "/approve "+asked)
	}
	s.say(account{5000, "carol"}, "/deny "+asked)
	p := s.play(nil, "5000 deny request aa\n130 strangers")
	if got := people(p); got != "5000 permission:developer" {
		t.Error(got)
	}
	for id := range int64(30) { // more holders than are asked about
		s.Member("6", 1000+id, 30, "active")
	}
	p, err := s.read()
	if err != nil || strings.Count(people(p), "unknown permission:developer") != 31-maxHumans {
		t.Errorf("%s, %v", people(p), err)
	}
}

// TestGitLabParts says who had a hand in the commit. Of committers GitLab knows
// addresses alone, which the commit event has too.
func TestGitLabParts(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*gitlabScene)
		want string
	}{
		"a push":         {nil, "author 500, pusher 600, triggerer 600"},
		"a web pipeline": {func(s *gitlabScene) { s.Pipeline(project, 10, commit, "web", 601, "w"); s.q.Run = "10" }, "author 500, pusher ?, triggerer 601"},
		"a push of another commit": {func(s *gitlabScene) { s.Pipeline(project, 10, next, "push", 601, "w"); s.q.Run = "10" },
			"author 500, pusher ?, triggerer 601"},
		"no run":            {func(s *gitlabScene) { s.q.Run = "" }, "author 500, pusher ?, triggerer ?"},
		"the job's own run": {func(s *gitlabScene) { s.q.Run = ""; s.env["CI_PIPELINE_ID"] = "9" }, "author 500, pusher 600, triggerer 600"},
		"a run that climbs": {func(s *gitlabScene) { s.q.Run = "../9" }, "author 500, pusher ?, triggerer ?"},
		"a hidden run":      {func(s *gitlabScene) { s.q.Run = "99" }, "author 500, pusher ?, triggerer ?"},
		"two authors":       {func(s *gitlabScene) { s.MergeRequest(project, 9, commit); s.Author(project, 9, 501, "b") }, "author 500, author 501, pusher 600, triggerer 600"},
		"no merge request": {func(s *gitlabScene) {
			s.q.Commit = next
			s.Pipeline(project, 10, next, "push", 601, "w")
			s.q.Run = "10"
		}, "author ?, pusher 601, triggerer 601"},
	} {
		for source, open := range gitlabScenes() {
			t.Run(source+"/"+name, func(t *testing.T) {
				s := open(t)
				if c.set != nil {
					c.set(s)
				}
				p, err := s.read()
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, part := range p.Parts {
					who := fmt.Sprint(part.Account.ID)
					if part.Unknown != "" {
						who = "?"
					}
					got = append(got, part.Part+" "+who)
				}
				if s := strings.Join(got, ", "); s != c.want {
					t.Errorf("%s, want %s", s, c.want)
				}
			})
		}
	}
}

// TestGitLabTrees: what was approved can be the same files as another commit.
func TestGitLabTrees(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*gitlabScene)
		want int  // trees
		same bool // all of them
	}{
		"the commit itself":    {func(s *gitlabScene) { s.q.Commit = commit }, 0, false},
		"a merge that is it":   {func(s *gitlabScene) { s.Tree(commit, "a", "b"); s.Tree(next, "a", "b") }, 2, true},
		"a merge of more":      {func(s *gitlabScene) { s.Tree(commit, "a", "b"); s.Tree(next, "a", "c") }, 2, false},
		"a tree of many pages": {func(s *gitlabScene) { s.Tree(commit, many(250)...); s.Tree(next, many(250)...) }, 2, true},
		"files are hidden":     {func(*gitlabScene) {}, 0, false},
		"one is hidden":        {func(s *gitlabScene) { s.Tree(commit, "a") }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newGitLabScene(t, "gitlab-approval")
			s.approve(ana)
			s.Merge(project, number, next)
			s.q.Commit = next
			c.set(s)
			p := s.play(nil, "583231 approve commit 3b18")
			if len(p.Trees) != c.want || c.want > 0 && (p.Trees[commit] == "" || (p.Trees[commit] == p.Trees[next]) != c.same) {
				t.Errorf("%v", p.Trees)
			}
			if p.Changes[0].Merged != next || p.Changes[0].Head != commit {
				t.Errorf("%+v", p.Changes)
			}
		})
	}
}

func many(n int) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprint(i))
	}
	return texts
}
