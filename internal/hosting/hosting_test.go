// SPDX-License-Identifier: Apache-2.0

package hosting

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryRowIsWhole(t *testing.T) {
	for _, p := range Plans() {
		t.Run(p.Name, func(t *testing.T) {
			for what, text := range map[string]string{
				"title": p.Title, "rewrite": p.Rewrite, "notice": p.Notice, "advice": p.Advice, "sources": p.Sources,
			} {
				if text == "" || strings.ContainsAny(text, "\n|") {
					t.Errorf("%s: %q", what, text)
				}
			}
			if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(p.Name) {
				t.Errorf("%q is no name for a policy", p.Name)
			}
			if !strings.HasPrefix(p.Name, p.Provider) {
				t.Errorf("%s is of %s", p.Name, p.Provider)
			}
			if len(p.Remains) == 0 {
				t.Error("nothing is perfect, and this row says so of nothing")
			}
			for _, r := range p.Remains {
				if !strings.HasSuffix(r, ".") {
					t.Errorf("%q is no sentence", r)
				}
			}
			if !p.Public && !p.Private {
				t.Error("it is the plan of no repository")
			}
		})
	}
}

func TestNamesAreUnique(t *testing.T) {
	names := Names()
	slices.Sort(names)
	if got := slices.Compact(slices.Clone(names)); len(got) != len(names) {
		t.Errorf("%v", names)
	}
}

func TestWhatThePlansProtect(t *testing.T) {
	type able struct {
		key    KeyProtection
		branch BranchProtection
		gate   Enforcement
	}
	for name, want := range map[string]able{
		"github-free-public":  {EnvironmentSecret, Ruleset, ByReview},
		"github-free-private": {NoProtection, NoBranchProtection, Advisory},
		"github-pro-private":  {EnvironmentSecret, Ruleset, ByReview},
		"github-team":         {EnvironmentSecret, Ruleset, ByReview},
		"github-enterprise":   {EnvironmentSecret, Ruleset, ByReview},
		"github-server":       {EnvironmentSecret, Ruleset, ByReview},
		"gitlab-free":         {ProtectedVariable, ProtectedBranch, ByMerge},
		"gitlab-premium":      {ProtectedVariable, ProtectedBranch, ByReview},
		"gitlab-ultimate":     {ProtectedVariable, ProtectedBranch, ByReview},
		"gitlab-self-managed": {ProtectedVariable, ProtectedBranch, ByMerge},
		"git":                 {KeyFile, ServerHook, Advisory},
		"dir":                 {KeyFile, NoBranchProtection, Advisory},
	} {
		p, err := Find(name)
		if got := (able{p.Key, p.Branch, p.Gate}); err != nil || got != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if n := len(Plans()); n != 12 {
		t.Errorf("%d plans, and this test knows 12", n)
	}
}

func TestNoPlanClaimsProtectionItHasNoWordFor(t *testing.T) {
	for _, p := range Plans() {
		if (p.Key == NoProtection) != (p.Key.String() == "none") || (p.Branch == NoBranchProtection) != (p.Branch.String() == "none") {
			t.Errorf("%s: %s, %s", p.Name, p.Key, p.Branch)
		}
		if p.Key == NoProtection && !strings.Contains(p.Rewrite, "everybody who may push") {
			t.Errorf("%s does not say plainly who can rewrite its log: %s", p.Name, p.Rewrite)
		}
	}
	for e := range Enforcement(100) {
		if (e == ByMerge || e == ByReview) != strings.HasPrefix(e.String(), "binds ") {
			t.Errorf("enforcement %d: %s", e, e)
		}
	}
	if KeyProtection(99).String() != "none" || BranchProtection(99).String() != "none" {
		t.Error("an unknown protection is not called none")
	}
}

func TestFindNamesWhatThereIs(t *testing.T) {
	for _, name := range []string{"", "github", "GITHUB-TEAM", "github-team ", strings.Repeat("x", 200)} {
		p, err := Find(name)
		if err == nil || p.Key != NoProtection || !strings.Contains(err.Error(), "have github-free-public, ") {
			t.Errorf("%q: %+v, %v", name, p, err)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%q: the error has %d bytes", name, len(err.Error()))
		}
	}
}

func TestNamesOf(t *testing.T) {
	for provider, want := range map[string]int{GitHub: 6, GitLab: 4, Git: 1, Dir: 1, "": 0, "bitbucket": 0} {
		if got := len(NamesOf(provider)); got != want {
			t.Errorf("%s: %d plans, want %d", provider, got, want)
		}
	}
}

func TestFits(t *testing.T) {
	for name, c := range map[string]struct {
		private bool
		fits    bool
	}{
		"github-free-public":  {true, false},
		"github-free-private": {false, false},
		"github-team":         {true, true},
		"github-enterprise":   {true, true},
		"gitlab-free":         {false, true},
	} {
		p, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if why := p.Fits(c.private); (why == "") != c.fits {
			t.Errorf("%s, private %v: %q", name, c.private, why)
		}
		if c.fits != (p.Fits(!c.private) != "") && p.Public != p.Private {
			t.Errorf("%s fits both or neither", name)
		}
	}
}

// A caller that changes a row must not change the table.
func TestTheTableIsFreshEachTime(t *testing.T) {
	rows := Plans()
	for i := range rows {
		rows[i].Remains[0] = "changed"
	}
	for _, p := range Plans() {
		if p.Remains[0] == "changed" {
			t.Errorf("%s: the table was changed", p.Name)
		}
	}
}

// Where jobs on every branch can have the log key, they can have the credentials
// of a deployment as well.
func TestAPlanThatKeepsNoSecretEnforcesNothing(t *testing.T) {
	for _, p := range Plans() {
		if p.Gate != Advisory && (p.Key == NoProtection || p.Key == KeyFile) {
			t.Errorf("%s: %s, and a secret is kept by: %s", p.Name, p.Gate, p.Key)
		}
	}
	if (Plan{}).Gate != Advisory {
		t.Error("an unknown plan enforces something")
	}
}
