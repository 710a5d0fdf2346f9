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

const (
	base   = "ba5e000000000000000000000000000000000000"
	merged = "3e26ed0000000000000000000000000000000000"
	middle = "a1dd1e0000000000000000000000000000000000"
)

// newOwnedHub is a hub whose pull request was merged into a branch with a
// CODEOWNERS file, and deployed; ana may write, and has approved it.
func newOwnedHub(t *testing.T, file string, changes ...string) *hub {
	t.Helper()
	h := newHub(t)
	h.Server.Commit(base, tree, mallory.id, mallory.id, "Before")
	h.Server.Commit(merged, tree, olga.id, olga.id, "Merge")
	h.Parents(merged, base, commit)
	h.File(base, ".github/CODEOWNERS", file)
	h.File(commit, ".github/CODEOWNERS", "* @mallory\n")
	h.File(merged, ".github/CODEOWNERS", "* @mallory\n")
	h.Merge(number, merged)
	h.Changes(number, changes...)
	h.Permit(ana.id, "write")
	h.Review(number, ana.id, "APPROVED", commit, "")
	h.q.Commit, h.q.Facts = merged, []string{"codeowner"}
	return h
}

// ownership is what a snapshot tells of owners.
func (h *hub) ownership() string {
	h.t.Helper()
	s := h.snapshot("github-review")
	var lines []string
	for i, o := range s.Owned {
		lines = append(lines, fmt.Sprintf("%d: %s line %d %s %d %s", i+1, o.File, o.Line, strings.Join(o.Owners, " "), o.Paths, o.Example))
		if o.Commit != base || o.Need != 1 {
			h.t.Errorf("%+v", o)
		}
	}
	for _, p := range s.People {
		lines = append(lines, fmt.Sprintf("%s %v %v", p.Account.Login, p.Facts, p.Unknown))
	}
	return strings.Join(lines, "\n")
}

func TestGitHubOwners(t *testing.T) {
	forbidden := githubtest.Status(http.StatusForbidden, `{"message":"Resource not accessible by integration"}`)
	large := strings.Repeat("# nobody reads this far\n", 50_000) + "* @ana\n"
	for name, c := range map[string]struct {
		file    string
		changes []string
		set     func(*hub)
		want    string
	}{
		"an owner":               {"* @ana\n", []string{"a", "b/c"}, nil, "1: .github/CODEOWNERS line 1 @ana 2 a\nana [codeowner:1] []"},
		"in other letters":       {"* @ANA\n", []string{"a"}, nil, "1: .github/CODEOWNERS line 1 @ANA 1 a\nana [codeowner:1] []"},
		"of some of it":          {"* @olga\n/docs/ @ana\n", []string{"src/x", "docs/y"}, nil, "1: .github/CODEOWNERS line 1 @olga 1 src/x\n2: .github/CODEOWNERS line 2 @ana 1 docs/y\nana [codeowner:2] []"},
		"of nothing":             {"* @olga\n", []string{"a"}, nil, "1: .github/CODEOWNERS line 1 @olga 1 a\nana [] []"},
		"what nobody owns":       {"/docs/ @ana\n", []string{"a"}, nil, "ana [] []"},
		"both names of a move":   {"/old/ @ana\n/new/ @olga\n", []string{"old/a>new/a"}, nil, "1: .github/CODEOWNERS line 2 @olga 1 new/a\n2: .github/CODEOWNERS line 1 @ana 1 old/a\nana [codeowner:2] []"},
		"a team":                 {"* @acme/leads\n", []string{"a"}, func(h *hub) { h.Team("acme", "leads", ana.id, "active") }, "1: .github/CODEOWNERS line 1 @acme/leads 1 a\nana [codeowner:1] []"},
		"another team":           {"* @acme/leads\n", []string{"a"}, func(h *hub) { h.Team("acme", "leads", olga.id, "active") }, "1: .github/CODEOWNERS line 1 @acme/leads 1 a\nana [] []"},
		"a hidden team":          {"* @acme/leads\n", []string{"a"}, nil, "1: .github/CODEOWNERS line 1 @acme/leads 1 a\nana [] [codeowner:1]"},
		"a hidden team, or she":  {"* @acme/leads @ana\n", []string{"a"}, nil, "1: .github/CODEOWNERS line 1 @acme/leads @ana 1 a\nana [codeowner:1] []"},
		"an address of a commit": {fmt.Sprintf("* %d@example.com\n", olga.id), []string{"a"}, nil, fmt.Sprintf("1: .github/CODEOWNERS line 1 %d@example.com 1 a\nana [] []", olga.id)},
		"an address of anybody":  {"* x@example.org\n", []string{"a"}, nil, "1: .github/CODEOWNERS line 1 x@example.org 1 a\nana [] [codeowner:1]"},
		"who may not write":      {"* @ana\n", []string{"a"}, func(h *hub) { h.Permit(ana.id, "triage") }, "1: .github/CODEOWNERS line 1 @ana 1 a\nana [] []"},
		"hidden permissions":     {"* @ana\n", []string{"a"}, func(h *hub) { h.Fault(githubtest.Fault{In: "/collaborators/", Answer: forbidden}) }, "1: .github/CODEOWNERS line 1 @ana 1 a\nana [] [codeowner:1]"},
		"a line of nonsense":     {"* @ana\n!x @olga\n", []string{"a"}, nil, "ana [] [codeowner]"},
		"no file":                {"", []string{"a"}, func(h *hub) { h.Parents(merged, older, commit) }, "ana [] [codeowner]"},
		"hidden contents":        {"* @ana\n", []string{"a"}, func(h *hub) { h.Fault(githubtest.Fault{In: "/contents/", Answer: forbidden}) }, "ana [] [codeowner]"},
		"hidden files":           {"* @ana\n", []string{"a"}, func(h *hub) { h.Fault(githubtest.Fault{In: "/files", Answer: forbidden}) }, "ana [] [codeowner]"},
		"another branch":         {"* @ana\n", []string{"a"}, func(h *hub) { h.Into(number, "mallorys") }, "ana [] [codeowner]"},
		"a root commit":          {"* @ana\n", []string{"a"}, func(h *hub) { h.Parents(merged) }, "ana [] [codeowner]"},
		"a large file":           {large, []string{"a"}, nil, "1: .github/CODEOWNERS line 50001 @ana 1 a\nana [codeowner:1] []"},
		"too large a file":       {large + large + large, []string{"a"}, nil, "ana [] [codeowner]"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newOwnedHub(t, c.file, c.changes...)
			if c.set != nil {
				c.set(h)
			}
			if got := h.ownership(); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// The file is that of the default branch before the change, however it was
// merged.
func TestGitHubOwnersAreTheBases(t *testing.T) {
	owns := "1: .github/CODEOWNERS line 1 @ana 1 a\nana [codeowner:1] []"
	for name, c := range map[string]struct {
		set  func(*hub)
		want string
	}{
		"squashed": {func(h *hub) { h.Parents(merged, base) }, owns},
		"rebased": {func(h *hub) {
			h.Parents(merged, middle)
			h.Parents(middle, base)
			h.Push(number, middle) // by which GitHub knows whose it is
			h.q.Commit = merged
		}, "ana [] [codeowner]"},
		"rebased, both commits": {func(h *hub) {
			h.Server.Commit(middle, tree, olga.id, olga.id, "First")
			h.File(middle, ".github/CODEOWNERS", "* @mallory\n")
			h.Parents(merged, commit)
			h.Parents(commit, base)
		}, owns},
		"not merged": {func(h *hub) { h.Merge(number, ""); h.q.Commit = commit }, "ana [] [codeowner]"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newOwnedHub(t, "* @ana\n", "a")
			h.Server.Commit(middle, tree, olga.id, olga.id, "First")
			c.set(h)
			if got := h.ownership(); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// The file is where GitHub looks first.
func TestGitHubOwnersPlaces(t *testing.T) {
	h := newOwnedHub(t, "", "a")
	h.Server.Commit(base, tree, mallory.id, mallory.id, "Before")
	h.File(base, "docs/CODEOWNERS", "* @ana\n")
	if got := h.ownership(); got != "1: docs/CODEOWNERS line 1 @ana 1 a\nana [codeowner:1] []" {
		t.Error(got)
	}
	h.File(base, "CODEOWNERS", "* @olga\n")
	if got := h.ownership(); got != "1: CODEOWNERS line 1 @olga 1 a\nana [] []" {
		t.Error(got)
	}
}

// A pull request that was only named brings nothing, and 3000 files may be more.
func TestGitHubOwnersLimits(t *testing.T) {
	h := newOwnedHub(t, "* @ana\n", "a")
	h.Server.Commit(middle, tree, mallory.id, mallory.id, "Another")
	h.Pull(99, mallory.id, middle)
	h.Merge(99, middle)
	h.Changes(99, "b")
	h.with(map[string]string{"GATELEDGER_PULL_REQUEST": "99"})
	if got := h.ownership(); got != "1: .github/CODEOWNERS line 1 @ana 1 a\nana [codeowner:1] []" {
		t.Error(got)
	}
	many := make([]string, 3000)
	for i := range many {
		many[i] = fmt.Sprint("f", i)
	}
	h.Changes(number, many...)
	if got := h.ownership(); got != "ana [] [codeowner]" {
		t.Error(got)
	}
	h.Changes(number, many[:2999]...)
	if got := h.ownership(); got != "1: .github/CODEOWNERS line 1 @ana 2999 f0\nana [codeowner:1] []" {
		t.Error(got)
	}
}

// Who owns what costs what it costs, and nothing where nobody asks. That GitHub
// does not answer is no answer.
func TestGitHubOwnersCalls(t *testing.T) {
	h := newOwnedHub(t, "* @ana\n", "a")
	asked := h.snapshot("github-review").Read.Calls
	h.q.Facts = nil
	plain := h.snapshot("github-review").Read.Calls
	if asked-plain != 3 || plain > 6 { // the file, what changed, and her permission
		t.Errorf("%d calls, and %d without owners", asked, plain)
	}
	for _, in := range []string{"/contents/", "/files"} {
		h := newOwnedHub(t, "* @ana\n", "a")
		h.Fault(githubtest.Fault{In: in, Answer: githubtest.Status(http.StatusBadGateway, "")})
		if _, err := Read(t.Context(), "github-review", h.q); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", in, err)
		}
	}
}
