// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/gitlab"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// newOwnedLab is a GitLab whose merge request was merged into a branch with a
// CODEOWNERS file, and deployed; ana is a developer, and has approved it.
func newOwnedLab(t *testing.T, file string, changes ...string) *gitlabScene {
	t.Helper()
	s := newGitLabScene(t, "gitlab-approval")
	s.Set(project, "", gitlabtest.Project(project, nil))
	s.PutAt(project, base, "CODEOWNERS", file)
	for _, theirs := range []string{commit, merged} {
		s.PutAt(project, theirs, "CODEOWNERS", "* @mallory\n")
	}
	s.Merge(project, number, merged)
	s.Parents(merged, base, commit)
	s.Changes(project, number, "main", base, changes...)
	s.Member(fmt.Sprint(project), ana.id, gitlab.Developer, "active")
	s.approve(ana)
	s.q.Commit, s.q.Facts = merged, []string{"codeowner"}
	return s
}

// owned is what a snapshot tells of owners.
func (s *gitlabScene) owned() string {
	s.t.Helper()
	p, err := s.read()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := p.Check(); err != nil {
		s.t.Error(err)
	}
	var lines []string
	for i, o := range p.Owned {
		line := fmt.Sprintf("%d: %s line %d %s %d %s", i+1, o.File, o.Line, strings.Join(o.Owners, " "), o.Paths, o.Example)
		if o.Section != "" || o.Need != 1 {
			line += fmt.Sprintf(" [%s] %d", o.Section, o.Need)
		}
		lines = append(lines, line)
		if o.Commit != base {
			s.t.Errorf("%+v", o)
		}
	}
	for _, p := range p.People {
		lines = append(lines, fmt.Sprintf("%s %v %v", p.Account.Login, p.Facts, p.Unknown))
	}
	return strings.Join(lines, "\n")
}

func TestGitLabOwners(t *testing.T) {
	const nobody = "ana [] [codeowner]"
	refuse := func(in string) func(*gitlabScene) {
		return func(s *gitlabScene) {
			s.Fault(gitlabtest.Fault{In: in, Answer: gitlabtest.Status(http.StatusForbidden, `{"message":"403 Forbidden"}`)})
		}
	}
	leads := func(level int, state string) func(*gitlabScene) {
		return func(s *gitlabScene) { s.Member("acme/leads", ana.id, level, state); invite(s, "acme/leads") }
	}
	large := strings.Repeat("# nobody reads this far\n", 50_000) + "* @ana\n"
	for name, c := range map[string]struct {
		file    string
		changes []string
		set     func(*gitlabScene)
		want    string
	}{
		"an owner":                                {"* @ana\n", []string{"a", "b/c"}, nil, "1: CODEOWNERS line 1 @ana 2 a\nana [codeowner:1] []"},
		"in other letters":                        {"* @ANA\n", []string{"a"}, nil, "1: CODEOWNERS line 1 @ANA 1 a\nana [codeowner:1] []"},
		"of some of it":                           {"* @author\n/docs/ @ana\n", []string{"src/x", "docs/y"}, nil, "1: CODEOWNERS line 1 @author 1 src/x\n2: CODEOWNERS line 2 @ana 1 docs/y\nana [codeowner:2] []"},
		"of nothing":                              {"* @author\n", []string{"a"}, nil, "1: CODEOWNERS line 1 @author 1 a\nana [] []"},
		"what nobody owns":                        {"/docs/ @ana\n", []string{"a"}, nil, "ana [] []"},
		"both names of a move":                    {"/old/ @ana\n/new/ @author\n", []string{"old/a>new/a"}, nil, "1: CODEOWNERS line 2 @author 1 new/a\n2: CODEOWNERS line 1 @ana 1 old/a\nana [codeowner:2] []"},
		"each section has its own":                {"* @author\n[Docs] @ana\n*.md\n", []string{"x.md"}, nil, "1: CODEOWNERS line 1 @author 1 x.md\n2: CODEOWNERS line 3 @ana 1 x.md [docs] 1\nana [codeowner:2] []"},
		"a section's count":                       {"[Docs][2] @ana @author\n*\n", []string{"a"}, nil, "1: CODEOWNERS line 2 @ana @author 1 a [docs] 2\nana [codeowner:1] []"},
		"an optional section":                     {"^[Docs] @ana\n*\n", []string{"a"}, nil, "1: CODEOWNERS line 2 @ana 1 a [docs] 0\nana [codeowner:1] []"},
		"an optional section of two words is not": {"^[Docs] @ana\n*\n[DOCS]\n/x @author\n", []string{"a"}, nil, "1: CODEOWNERS line 2 @ana 1 a [docs] 1\nana [codeowner:1] []"},
		"a group that was invited":                {"* @acme/leads\n", []string{"a"}, leads(gitlab.Guest, "active"), "1: CODEOWNERS line 1 @acme/leads 1 a\nana [codeowner:1] []"},
		"a group above":                           {"* @acme\n", []string{"a"}, func(s *gitlabScene) { s.Member("acme", ana.id, gitlab.Owner, "active") }, "1: CODEOWNERS line 1 @acme 1 a\nana [codeowner:1] []"},
		"not of the group":                        {"* @acme/leads\n", []string{"a"}, func(s *gitlabScene) { s.Member("acme/leads", 500, gitlab.Owner, "active"); invite(s, "acme/leads") }, "1: CODEOWNERS line 1 @acme/leads 1 a\nana [] []"},
		"blocked in the group":                    {"* @acme/leads\n", []string{"a"}, leads(gitlab.Owner, "blocked"), "1: CODEOWNERS line 1 @acme/leads 1 a\nana [] []"},
		"a group of anybody's":                    {"* @other/leads\n", []string{"a"}, func(s *gitlabScene) { s.Member("other/leads", ana.id, gitlab.Owner, "active") }, "1: CODEOWNERS line 1 @other/leads 1 a\nana [] [codeowner:1]"},
		"a hidden group":                          {"* @acme/leads\n", []string{"a"}, func(s *gitlabScene) { invite(s, "acme/leads") }, "1: CODEOWNERS line 1 @acme/leads 1 a\nana [] [codeowner:1]"},
		"a hidden group, or she":                  {"* @acme/leads @ana\n", []string{"a"}, func(s *gitlabScene) { invite(s, "acme/leads") }, "1: CODEOWNERS line 1 @acme/leads @ana 1 a\nana [codeowner:1] []"},
		"a name of nobody":                        {"* @leads\n", []string{"a"}, nil, "1: CODEOWNERS line 1 @leads 1 a\nana [] [codeowner:1]"},
		"names may not be asked":                  {"* @author\n", []string{"a"}, refuse("/users?"), "1: CODEOWNERS line 1 @author 1 a\nana [] [codeowner:1]"},
		"an address":                              {"* ana@example.org\n", []string{"a"}, nil, "1: CODEOWNERS line 1 ana@example.org 1 a\nana [] [codeowner:1]"},
		"a reporter":                              {"* @ana\n", []string{"a"}, func(s *gitlabScene) { s.Member(fmt.Sprint(project), ana.id, gitlab.Reporter, "active") }, "1: CODEOWNERS line 1 @ana 1 a\nana [] []"},
		"blocked":                                 {"* @ana\n", []string{"a"}, func(s *gitlabScene) { s.Member(fmt.Sprint(project), ana.id, gitlab.Owner, "blocked") }, "1: CODEOWNERS line 1 @ana 1 a\nana [] []"},
		"hidden levels":                           {"* @ana\n", []string{"a"}, refuse("/members/all"), "1: CODEOWNERS line 1 @ana 1 a\nana [] [codeowner:1]"},
		"a role as owner":                         {"* @@maintainers\n", []string{"a"}, nil, nobody},
		"a line of nonsense":                      {"* @ana\n!x y\n", []string{"a"}, nil, nobody},
		"a malformed owner":                       {"* @ana bo\n", []string{"a"}, nil, nobody},
		"no file":                                 {"", []string{"a"}, nil, nobody},
		"a hidden project":                        {"* @ana\n", []string{"a"}, func(s *gitlabScene) { s.Set(project, "", nil) }, nobody},
		"hidden files":                            {"* @ana\n", []string{"a"}, refuse("/repository/files/"), nobody},
		"hidden changes":                          {"* @ana\n", []string{"a"}, refuse("/diffs"), nobody},
		"more than is shown":                      {"* @ana\n", []string{"a"}, func(s *gitlabScene) { s.TooMany = true }, nobody},
		"another branch":                          {"* @ana\n", []string{"a"}, func(s *gitlabScene) { s.Changes(project, number, "mallorys", base, "a") }, nobody},
		"a root commit":                           {"* @ana\n", []string{"a"}, func(s *gitlabScene) { s.Parents(merged) }, nobody},
		"squashed":                                {"* @ana\n", []string{"a"}, func(s *gitlabScene) { s.Parents(merged, base) }, "1: CODEOWNERS line 1 @ana 1 a\nana [codeowner:1] []"},
		"fast forward":                            {"* @ana\n", []string{"a"}, func(s *gitlabScene) { s.Merge(project, number, ""); s.q.Commit = commit }, "1: CODEOWNERS line 1 @ana 1 a\nana [codeowner:1] []"},
		"a large file":                            {large, []string{"a"}, nil, "1: CODEOWNERS line 50001 @ana 1 a\nana [codeowner:1] []"},
		"too large a file":                        {large + large + large, []string{"a"}, nil, nobody},
	} {
		t.Run(name, func(t *testing.T) {
			s := newOwnedLab(t, c.file, c.changes...)
			if c.set != nil {
				c.set(s)
			}
			if got := s.owned(); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// invite invites a group to the project.
func invite(s *gitlabScene, group string) {
	s.Set(project, "", gitlabtest.Project(project, func(p map[string]any) {
		p["shared_with_groups"] = []any{map[string]any{"group_id": 4, "group_name": group, "group_full_path": group, "group_access_level": 30, "expires_at": nil}}
	}))
}

// The file is where GitLab looks first, and each place is another file.
func TestGitLabOwnersPlaces(t *testing.T) {
	s := newOwnedLab(t, "", "a")
	s.PutAt(project, base, ".gitlab/CODEOWNERS", "* @ana\n")
	if got := s.owned(); got != "1: .gitlab/CODEOWNERS line 1 @ana 1 a\nana [codeowner:1] []" {
		t.Error(got)
	}
	s.PutAt(project, base, "docs/CODEOWNERS", "* @author\n")
	if got := s.owned(); got != "1: docs/CODEOWNERS line 1 @author 1 a\nana [] []" {
		t.Error(got)
	}
}

// A merge request that was only named brings nothing, and neither does one that
// is open.
func TestGitLabOwnersOfStrays(t *testing.T) {
	s := newOwnedLab(t, "* @ana\n", "a")
	s.MergeRequest(project, 99, next)
	s.Changes(project, 99, "main", base, "b")
	s.MergeRequest(project, 98, merged) // open
	s.env["GATELEDGER_MERGE_REQUEST"] = "99"
	if got := s.owned(); got != "1: CODEOWNERS line 1 @ana 1 a\nana [codeowner:1] []" {
		t.Error(got)
	}
	s.Fault(gitlabtest.Fault{In: "/merge_requests?", Answer: gitlabtest.Status(403, "{}")})
	s.env["GATELEDGER_MERGE_REQUEST"] = "7,99"
	if got := s.owned(); got != "ana [] [codeowner]" {
		t.Error(got)
	}
}

// Who owns what costs what it costs, and nothing where nobody asks. That GitLab
// does not answer is no answer.
func TestGitLabOwnersCalls(t *testing.T) {
	calls := func(s *gitlabScene) int {
		p, err := s.read()
		if err != nil {
			t.Fatal(err)
		}
		return p.Read.Calls
	}
	s := newOwnedLab(t, "* @ana\n", "a")
	withOwners := calls(s)
	s.q.Facts = nil
	if plain := calls(s); withOwners-plain != 6 { // project, merge request, commit, file, changes, levels
		t.Errorf("%d calls, and %d without owners", withOwners, plain)
	}
	for _, in := range []string{"/repository/files/", "/diffs", "/members/all", "/users?"} {
		s := newOwnedLab(t, "* @author\n", "a")
		s.Fault(gitlabtest.Fault{In: in, Answer: gitlabtest.Status(http.StatusBadGateway, "")})
		if _, err := s.read(); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", in, err)
		}
	}
}
