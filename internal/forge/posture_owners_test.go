// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/gitlab"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
)

// against is what GitHub has against a word of a line of CODEOWNERS.
func against(line int, source, word, kind string) map[string]any {
	return map[string]any{
		"line": line, "column": strings.Index(source, word) + 1, "kind": kind, "source": source, "suggestion": nil, "path": ".github/CODEOWNERS",
		"message": fmt.Sprintf("%s on line %d: make sure %s exists and has write access to the repository", kind, line, word),
	}
}

// ownerFacts are the facts about owners that are not yes, "name: state" each.
func ownerFacts(p event.PosturePredicate) string {
	var all []string
	for _, f := range p.Facts {
		if (strings.HasSuffix(f.Name, "-owned") || f.Name == "owners-exist") && f.State != event.Yes {
			all = append(all, f.Name+": "+f.State)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// An owner whom GitHub does not know, or who may not write, owns nothing; where
// it can't be told, that is unknown, file by file.
func TestOwnersThatAreNotThereOnGitHub(t *testing.T) {
	const (
		policyLine = "/.gateledger.yml @acme/leads"
		file       = "* @acme/all\n" + policyLine + "\n/.github/ @acme/leads\n"
		nobodys    = "owners-exist: unknown, policy-owned: unknown, workflows-owned: unknown"
	)
	errs := func(all ...any) map[string]any { return map[string]any{"errors": append([]any{}, all...)} }
	edited := func(e map[string]any, key string, value any) map[string]any { e[key] = value; return e }
	for name, c := range map[string]struct {
		file   string
		errors map[string]any
		want   string
	}{
		"all are there":                  {file, errs(), ""},
		"the policy's is not":            {file, errs(against(2, policyLine, "@acme/leads", "Unknown owner")), "owners-exist: no, policy-owned: no"},
		"one of two is not":              {"* @acme/all\n/.gateledger.yml @gone @acme/leads\n/.github/ @acme/leads\n", errs(against(2, "/.gateledger.yml @gone @acme/leads", "@gone", "Unknown owner")), "owners-exist: no"},
		"somebody else's is not":         {"* @gone\n" + policyLine + "\n/.github/ @acme/leads\n", errs(against(1, "* @gone", "@gone", "Unknown owner")), "owners-exist: no"},
		"the owner of all is not":        {"* @gone\n", errs(against(1, "* @gone", "@gone", "Unknown owner")), "owners-exist: no, policy-owned: no, workflows-owned: no"},
		"after a tab":                    {"*\t@gone\n", errs(against(1, "*\t@gone", "@gone", "Unknown owner")), "owners-exist: no, policy-owned: no, workflows-owned: no"},
		"which one it does not say":      {file, errs(edited(against(2, policyLine, "@acme/leads", "Unknown owner"), "column", 1000)), "owners-exist: unknown, policy-owned: unknown"},
		"in the middle of a word":        {file, errs(edited(against(2, policyLine, "@acme/leads", "Unknown owner"), "column", 20)), "owners-exist: unknown, policy-owned: unknown"},
		"a line it passes over":          {file, errs(against(1, "* @acme/all", "*", "Invalid pattern")), nobodys},
		"of another file":                {file, errs(edited(against(2, policyLine, "@acme/leads", "Unknown owner"), "path", "CODEOWNERS")), nobodys},
		"a later line of the same owner": {file, errs(against(3, "/.github/ @acme/leads", "@acme/leads", "Unknown owner")), "owners-exist: no, workflows-owned: no"},
		"of a line that is not there":    {file, errs(against(9, policyLine, "@acme/leads", "Unknown owner")), nobodys},
		"of a line that reads otherwise": {file, errs(against(2, "/.gateledger.yml @gone", "@gone", "Unknown owner")), nobodys},
		"the file was another meanwhile": {file, errs(against(3, policyLine, "@acme/leads", "Unknown owner")), nobodys},
		"a line we don't know":           {"* @acme/all\n!x @acme/all\n", errs(), nobodys},
		"no file":                        {"", errs(), "policy-owned: no, workflows-owned: no"},
	} {
		t.Run(name, func(t *testing.T) {
			s := guarded(t)
			s.Put(".github/CODEOWNERS", c.file)
			s.Set("codeowners/errors", c.errors)
			all, err := githubPostureOf(t, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkFacts(t, all[0])
			if got := ownerFacts(all[0]); got != c.want {
				t.Errorf("%s, want %s\n%+v", got, c.want, all[0].Facts)
			}
		})
	}
}

// An owner whom GitLab finds no developer of the project for owns nothing.
func TestOwnersThatAreNotThereOnGitLab(t *testing.T) {
	const (
		rest    = "/.gitlab-ci.yml @acme/leads\n"
		nobodys = "owners-exist: unknown, pipeline-owned: unknown, policy-owned: unknown"
		policys = "owners-exist: unknown, policy-owned: unknown"
	)
	bo := func(level int, state string) func(*gitlabtest.Server) {
		return func(s *gitlabtest.Server) {
			s.Rename(43, "bo")
			if state != "" {
				s.Member("6", 43, level, state)
			}
		}
	}
	many := "/.gateledger.yml"
	for i := range 60 {
		many += fmt.Sprintf(" @nobody%d", i)
	}
	for name, c := range map[string]struct {
		file string
		set  func(*gitlabtest.Server)
		want string
	}{
		"a developer":                        {"/.gateledger.yml @bo\n" + rest, bo(gitlab.Developer, "active"), ""},
		"in other letters":                   {"/.gateledger.yml @BO\n" + rest, bo(gitlab.Developer, "active"), ""},
		"a reporter":                         {"/.gateledger.yml @bo\n" + rest, bo(gitlab.Reporter, "active"), "owners-exist: no, policy-owned: no"},
		"a blocked one":                      {"/.gateledger.yml @bo\n" + rest, bo(gitlab.Owner, "blocked"), "owners-exist: no, policy-owned: no"},
		"no member":                          {"/.gateledger.yml @bo\n" + rest, bo(0, ""), "owners-exist: no, policy-owned: no"},
		"one of two":                         {"/.gateledger.yml @bo @ana\n" + rest, bo(0, ""), "owners-exist: no"},
		"somebody else's":                    {"* @bo\n/.gateledger.yml @ana\n" + rest, bo(0, ""), "owners-exist: no"},
		"of an optional section":             {"/.gateledger.yml @ana\n" + rest + "^[Docs] @bo\n/docs/\n", bo(0, ""), "owners-exist: no"},
		"of one section, and of another":     {"/.gateledger.yml @ana\n" + rest + "[Safe] @bo\n/.gateledger.yml\n", bo(0, ""), "owners-exist: no"},
		"a name of nobody":                   {"/.gateledger.yml @leads\n" + rest, nil, policys},
		"a name of nobody, and one who may":  {"/.gateledger.yml @leads @ana\n" + rest, nil, "owners-exist: unknown"},
		"one who may not, and nobody's name": {"/.gateledger.yml @bo @leads\n" + rest, bo(0, ""), "owners-exist: no, policy-owned: unknown"},
		"an address":                         {"/.gateledger.yml ana@example.org\n" + rest, nil, policys},
		"a group above":                      {"/.gateledger.yml @acme\n" + rest, func(s *gitlabtest.Server) { s.Member("acme", 42, gitlab.Owner, "active") }, ""},
		"a group of elsewhere":               {"/.gateledger.yml @other/leads\n" + rest, func(s *gitlabtest.Server) { s.Member("other/leads", 42, gitlab.Owner, "active") }, policys},
		"a group that nobody is in":          {"/.gateledger.yml @acme/all\n" + rest, func(s *gitlabtest.Server) { s.Member("acme/all", 42, gitlab.Owner, "blocked") }, "owners-exist: no, policy-owned: no"},
		"a group of those who may not": {"/.gateledger.yml @acme/all\n" + rest, func(s *gitlabtest.Server) {
			s.Member("acme/all", 42, 30, "blocked")
			s.Member("acme/all", 43, 30, "active")
		}, "owners-exist: no, policy-owned: no"},
		"a group that may not be seen": {"/.gateledger.yml @acme\n" + rest, nil, policys},
		"names may not be asked": {"/.gateledger.yml @ana\n" + rest, func(s *gitlabtest.Server) {
			s.Fault(gitlabtest.Fault{In: "/users?", Answer: gitlabtest.Status(403, "{}")})
		}, policys},
		"a role":                           {"/.gateledger.yml @@maintainers\n" + rest, nil, nobodys},
		"a line that nobody understands":   {"/.gateledger.yml @ana\n!x\n" + rest, nil, nobodys},
		"more names than are asked about":  {many + "\n" + rest, nil, nobodys},
		"all of the sections are optional": {"^[All] @ana\n*\n", nil, "pipeline-owned: no, policy-owned: no"},
		"a path that is given to nobody":   {"* @ana\n/.gateledger.yml\n", nil, "policy-owned: no"},
		"a section with its own count":     {"[All][2] @ana\n*\n", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := guardedGitLab(t)
			s.Put("6", "CODEOWNERS", c.file)
			if c.set != nil {
				c.set(s)
			}
			all, err := gitlabPostureOf(t, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkFacts(t, all[0])
			if got := ownerFacts(all[0]); got != c.want {
				t.Errorf("%s, want %s\n%+v", got, c.want, all[0].Facts)
			}
			if calls := all[0].Read.Calls; calls > 90 {
				t.Errorf("%d calls", calls)
			}
		})
	}
}
