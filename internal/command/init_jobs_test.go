// SPDX-License-Identifier: Apache-2.0

package command

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/policy"
)

// startedFor runs init once for a plan.
func startedFor(t *testing.T, env *cli.Env, plan string) *setup {
	t.Helper()
	s, err := newSetup(t.Context(), env, defaultGitLedger)
	if err != nil {
		t.Fatal(err)
	}
	p := mustPlan(t, plan)
	s.host = host{provider: p.Provider, plan: p}
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func policyAt(t *testing.T, s *setup) *policy.Policy {
	t.Helper()
	data, err := os.ReadFile(s.place.policyFile())
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Evidence at a host is the jobs', by a key of their own.
func TestPolicyOfAHostNamesTheJobsKey(t *testing.T) {
	for plan, want := range map[string]struct{ outsiders, collect []string }{
		"github-team":         {[]string{"noreply@github.com"}, nil},
		"github-free-private": {[]string{"noreply@github.com"}, nil},
		"gitlab-free":         {nil, []string{"gitlab-note"}},
	} {
		t.Run(plan, func(t *testing.T) {
			s := startedFor(t, newSharedHome(t), plan)
			p := policyAt(t, s)
			if p.Signers[jobSigner].Key != s.jobs || p.Signers[firstSigner].Key != s.event || s.jobs == s.event {
				t.Errorf("%+v", p.Signers)
			}
			for _, e := range p.Environments["production"].Evidence {
				if !slices.Equal(e.By, []string{jobSigner}) {
					t.Errorf("evidence counts by %v", e.By)
				}
			}
			if len(p.Environments["production"].Evidence) == 0 {
				t.Error("no evidence is asked for")
			}
			if !slices.Equal(p.Outsiders, want.outsiders) || !slices.Equal(p.Collect, want.collect) {
				t.Errorf("outsiders %v, collect %v", p.Outsiders, p.Collect)
			}
		})
	}
}

// A policy from before jobs had a key of their own is kept, and init says what
// to put into it.
func TestOlderPolicyIsToldOfTheJobsKey(t *testing.T) {
	env := newSharedHome(t)
	first, err := newSetup(t.Context(), env, defaultGitLedger)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.run(t.Context()); err != nil { // as without a host
		t.Fatal(err)
	}
	before := policyAt(t, first)
	s, err := newSetup(t.Context(), env, defaultGitLedger)
	if err != nil {
		t.Fatal(err)
	}
	s.host = host{provider: hosting.GitHub}
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := policyAt(t, s); after.Digest != before.Digest {
		t.Error("the policy was changed")
	}
	if !strings.Contains(printed(s.result), `Put it under signers:  ci: {key: "`+s.jobs+`", tier: fast}`) || s.jobs == "" {
		t.Errorf("%s", printed(s.result))
	}
	if s.result.Next == "gateledger trust" {
		t.Error("the policy that init wrote is not trusted any more")
	}
}

func TestJobsKeyOfThePolicyIsNotReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, s *setup)
		says  string
	}{
		"gone":    {func(t *testing.T, s *setup) { remove(t, s.jobKeyFile()) }, "no such key here"},
		"another": {func(t *testing.T, s *setup) { edit(t, s.place.policyFile(), s.jobs, "sha256:"+strings.Repeat("0", 64)) }, "names another key for ci than yours"},
	} {
		t.Run(name, func(t *testing.T) {
			env := newSharedHome(t)
			first := startedFor(t, env, "github-team")
			c.spoil(t, first)
			again, err := newSetup(t.Context(), env, defaultGitLedger)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.run(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
			if _, err := os.Stat(first.jobKeyFile()); name == "gone" && err == nil {
				t.Error("a key was made that nobody would believe")
			}
		})
	}
}

// Jobs that sign with a certificate have no key to store.
func TestKeylessJobsNeedNoKey(t *testing.T) {
	env := newSharedHome(t)
	first := startedFor(t, env, "github-team")
	file := first.place.policyFile()
	edit(t, file, `{key: "`+first.jobs+`", tier: fast}`, `{issuer: "https://token.actions.githubusercontent.com", repository-id: 7, workflow: ".github/workflows/gateledger-release.yml", ref: refs/heads/main, triggers: [push]}`)
	edit(t, file, "signers:\n", "sigstore: {trusted-root: \"sha256:"+strings.Repeat("3", 64)+"\"}\nsigners:\n")
	again, err := newSetup(t.Context(), env, defaultGitLedger)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := printed(again.result); again.jobs != "" || strings.Contains(text, "GATELEDGER_EVENT_KEY") || !strings.Contains(text, "GATELEDGER_LOG_KEY") {
		t.Errorf("key %q\n%s", again.jobs, text)
	}
}

// Without a host, or with a ledger that jobs can't reach, there is no such key.
func TestNoJobsNoKey(t *testing.T) {
	env := newSharedHome(t)
	s, err := newSetup(t.Context(), env, defaultLedger)
	if err != nil {
		t.Fatal(err)
	}
	s.host = host{provider: hosting.GitHub}
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.jobs != "" || len(s.result.Do) > 0 {
		t.Errorf("%+v", s.result)
	}
	if _, err := os.Stat(githubReleaseFile); err == nil {
		t.Error("a release was written for a ledger of one machine")
	}
}

// A remote that was empty gets its default branch back.
func TestAnEmptyRemoteIsToldWhichBranchIsTheDefault(t *testing.T) {
	for plan, want := range map[string]string{
		"github-team": "gh repo edit --default-branch main\n",
		"gitlab-free": "glab api --method PUT 'projects/:fullpath' -f default_branch=main\n",
	} {
		text := printed(startedFor(t, newSharedHome(t), plan).result)
		if !strings.Contains(text, want) || !strings.Contains(text, "git push -u origin main\n") {
			t.Errorf("%s: it does not say %q\n%s", plan, want, text)
		}
	}
	for _, plan := range []string{"github-team", "gitlab-free"} {
		s := preparedFor(t, plan, "")
		if err := s.advise(t.Context(), jobFile(s.host.provider)); err != nil {
			t.Fatal(err)
		}
		if text := printed(s.result); strings.Contains(text, "default-branch") || strings.Contains(text, "default_branch=") {
			t.Errorf("%s: it speaks of a default branch that nobody took\n%s", plan, text)
		}
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

// edit puts one text in the place of another, which must be there.
func edit(t *testing.T, file, this, that string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), this) {
		t.Fatalf("%s has no %q", file, this)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(data), this, that)), 0o644); err != nil {
		t.Fatal(err)
	}
}
