// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// newSharedHome is newHome in a checkout with a remote of its own.
func newSharedHome(t *testing.T) *cli.Env {
	t.Helper()
	env := newHome(t)
	runGit(t, "init", "--quiet", "--bare", filepath.Join("..", "hub.git"))
	runGit(t, "init", "--quiet", "--initial-branch=main", ".")
	runGit(t, "remote", "add", "origin", filepath.Join(env.Getenv("HOME"), "hub.git"))
	return env
}

func mustSharedSetup(t *testing.T, env *cli.Env) *setup {
	t.Helper()
	s, err := newSetup(t.Context(), env, defaultGitLedger)
	if err != nil {
		t.Fatal(err)
	}
	s.host = host{provider: hosting.GitHub, plan: mustPlan(t, "github-team")}
	return s
}

var sharedSteps = []string{"log key", "event key", "ci key", "ledger", "policy", "trust", "release", "wake", "review", "job"}

func TestSharedInitKilledAfterAnyStepIsFinishedByTheNextRun(t *testing.T) {
	for _, last := range sharedSteps {
		t.Run(last, func(t *testing.T) {
			env := newSharedHome(t)
			first := mustSharedSetup(t, env)
			first.step = func(done string) error {
				if done == last {
					return errKilled
				}
				return nil
			}
			if err := first.run(t.Context()); !errors.Is(err, errKilled) {
				t.Fatalf("first run: %v", err)
			}
			second := mustSharedSetup(t, env)
			if err := second.run(t.Context()); err != nil {
				t.Fatalf("second run: %v", err)
			}
			if slices.Index(sharedSteps, last) >= slices.Index(sharedSteps, "ledger") && second.origin != first.origin {
				t.Errorf("after the ledger was made, its origin went from %s to %s", first.origin, second.origin)
			}
			checkShared(t, second)
			again := mustSharedSetup(t, env)
			if err := again.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i, step := range again.result.Steps {
				if step.Made || step.What != sharedSteps[i] {
					t.Errorf("another run, step %d: %+v, want %s kept", i, step, sharedSteps[i])
				}
			}
		})
	}
}

// checkShared fails unless the policy names the plan and the ledger is at the
// remote, under its key, and the job is there.
func checkShared(t *testing.T, s *setup) {
	t.Helper()
	p, err := policy.Parse([]byte(read(t, s.place.root, ".gateledger.yml")))
	if err != nil {
		t.Fatal(err)
	}
	if p.Ledger.URL != "git:origin" || p.Ledger.Hosting != "github-team" {
		t.Errorf("%+v", p.Ledger)
	}
	keys, err := proof.NewKeys(p.Ledger.Origin, p.Ledger.Keys)
	if err != nil {
		t.Fatal(err)
	}
	at, err := s.gitOptions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	log, err := ledger.Open(t.Context(), s.at, ledger.Options{Keys: keys, Git: at})
	if err != nil {
		t.Fatal(err)
	}
	if head, err := log.Head(t.Context()); err != nil || head.Size != 0 {
		t.Errorf("%d entries, %v", head.Size, err)
	}
	if !strings.Contains(read(t, s.place.root, githubJob), "integrate") {
		t.Error("no job was written")
	}
	pinned, ok, err := s.ring.Pinned(p.Ledger.Origin)
	if err != nil || !ok || string(pinned) != string(p.Source) {
		t.Errorf("the policy is not trusted: %v, %v", ok, err)
	}
}

func TestSharedInitLeavesNoFolderBehind(t *testing.T) {
	env := newSharedHome(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	if err := mustSharedSetup(t, env).run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestPlanGoesIntoANewPolicyAndIsReadBack(t *testing.T) {
	start := policy.Start{
		URL: "git:origin", Origin: "aaaabbbbccccdddd", Signer: firstSigner, Key: "sha256:" + strings.Repeat("0", 64),
		LogKeys: []string{"aaaabbbbccccdddd+4aad5c67+Ac54IkjGYWEYVToaLU8RGmoBhSmHYSgx2RRiuMkohx+S"},
	}
	text, err := policy.Template(start)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(hosting.Names(), "") {
		h := host{}
		if name != "" {
			h.plan = mustPlan(t, name)
		}
		got, err := h.named(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.Parse(got)
		if err != nil || p.Ledger.Hosting != name || p.Ledger.URL != "git:origin" {
			t.Errorf("%s: %v, %+v", name, err, p)
		}
	}
	for _, odd := range []string{"", "version: 1\n", "ledger:\n  keys: [x]", "ledger:\n  keys: [x]\n"} {
		if _, err := (host{plan: mustPlan(t, "git")}).named([]byte(odd)); err == nil {
			t.Errorf("%q got a plan", odd)
		}
	}
}
