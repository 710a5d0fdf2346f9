// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// newHome makes an empty home and an empty working folder, and stands in it.
func newHome(t *testing.T) *cli.Env {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(work)
	vars := map[string]string{"HOME": dir, "XDG_CONFIG_HOME": filepath.Join(dir, "config"), "PATH": os.Getenv("PATH")}
	return &cli.Env{
		Args:   []string{"gateledger"},
		Getenv: func(k string) string { return vars[k] },
		Stdin:  strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{},
		Now: func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }, Rand: rand.Reader,
	}
}

func mustSetup(t *testing.T, env *cli.Env) *setup {
	t.Helper()
	s, err := newSetup(t.Context(), env, "dir:")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkSetUp fails unless policy, ledger, keys and pin are there and agree.
func checkSetUp(t *testing.T, s *setup) *policy.Policy {
	t.Helper()
	data, err := os.ReadFile(s.place.policyFile())
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := proof.NewKeys(p.Ledger.Origin, p.Ledger.Keys)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := s.ring.LogSigner(p.Ledger.Origin)
	if err != nil {
		t.Fatal(err)
	}
	url := ledgerURL(s.place.root, s.place.common, p.Ledger.URL)
	if _, err := ledger.Open(t.Context(), url, ledger.Options{Keys: keys, Signer: signer}); err != nil {
		t.Error(err)
	}
	d := &doctor{env: s.env, place: s.place, ring: s.ring, data: data, policy: p}
	for _, f := range []finding{d.ledger(t.Context()), d.logKey(t.Context()), d.eventKey(t.Context()), d.trusted(t.Context())} {
		if f.State != fine {
			t.Errorf("%s: %s", f.What, f.Text)
		}
	}
	return p
}

var errKilled = errors.New("killed")

// initSteps are what init does, in its order.
var initSteps = []string{"log key", "event key", "ledger", "policy", "trust"}

func TestInitKilledAfterAnyStepIsFinishedByTheNextRun(t *testing.T) {
	for _, last := range initSteps {
		t.Run(last, func(t *testing.T) {
			env := newHome(t)
			first := mustSetup(t, env)
			first.step = func(done string) error {
				if done == last {
					return errKilled
				}
				return nil
			}
			if err := first.run(t.Context()); !errors.Is(err, errKilled) {
				t.Fatalf("first run: %v", err)
			}
			second := mustSetup(t, env)
			if err := second.run(t.Context()); err != nil {
				t.Fatalf("second run: %v", err)
			}
			checkSetUp(t, second)
			if i := slices.Index(initSteps, last); i >= slices.Index(initSteps, "ledger") && second.origin != first.origin {
				t.Errorf("after the ledger was made, its origin went from %s to %s", first.origin, second.origin)
			}
			checkUnchanged(t, env)
		})
	}
}

// checkUnchanged runs init once more, which must make nothing.
func checkUnchanged(t *testing.T, env *cli.Env) {
	t.Helper()
	again := mustSetup(t, env)
	if err := again.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, step := range again.result.Steps {
		if step.Made || step.What != initSteps[i] {
			t.Errorf("another run, step %d: %+v, want %s kept", i, step, initSteps[i])
		}
	}
}

func TestInitFinishesALedgerThatWasHalfMade(t *testing.T) {
	env := newHome(t)
	first := mustSetup(t, env)
	if err := first.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder := strings.TrimPrefix(first.at, "dir:")
	for _, gone := range []string{first.place.policyFile(), filepath.Join(folder, "checkpoint")} {
		if err := os.Remove(gone); err != nil {
			t.Fatal(err)
		}
	}
	second := mustSetup(t, env)
	if err := second.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkSetUp(t, second)
}

func TestInitFailsWhereItCannotWriteAndLeavesNothingToTrust(t *testing.T) {
	if os.Getuid() == 0 {
		// Permissions stop nobody who is root: a file in the way does.
		env := newHome(t)
		if err := os.WriteFile(".gateledger", nil, 0o644); err != nil {
			t.Fatal(err)
		}
		checkRefused(t, env)
		return
	}
	env := newHome(t)
	if err := os.Chmod(".", 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(".", 0o755) })
	checkRefused(t, env)
}

func checkRefused(t *testing.T, env *cli.Env) {
	t.Helper()
	s := mustSetup(t, env)
	if err := s.run(t.Context()); err == nil {
		t.Fatal("init succeeded")
	}
	if _, err := os.Stat(s.place.policyFile()); err == nil {
		t.Error("a policy was written")
	}
	if pins, err := s.ring.Pins(); err != nil || len(pins) > 0 {
		t.Errorf("pins %v, %v", pins, err)
	}
}

func TestInitDoesNotTrustWhatItDidNotWrite(t *testing.T) {
	env := newHome(t)
	first := mustSetup(t, env)
	first.step = func(done string) error {
		if done == "policy" {
			return errKilled
		}
		return nil
	}
	if err := first.run(t.Context()); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	file := first.place.policyFile()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(data, "# and more\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	second := mustSetup(t, env)
	if err := second.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := second.ring.Pinned(second.origin); ok || err != nil {
		t.Errorf("pinned %v, %v", ok, err)
	}
	if second.result.Next != "gateledger trust" {
		t.Errorf("next: %s", second.result.Next)
	}
}

func TestInitRefusesAPolicyThatNamesAnotherLogKey(t *testing.T) {
	env := newHome(t)
	first := mustSetup(t, env)
	if err := first.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	elsewhere := keyring.Open(t.TempDir())
	other, err := elsewhere.NewLogKey(first.origin, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := first.place.policyFile()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(data, []byte(first.logKey), []byte(other)), 0o644); err != nil {
		t.Fatal(err)
	}
	err = mustSetup(t, env).run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "does not name your log key") {
		t.Errorf("%v", err)
	}
}

func TestInitStopsAtAFolderThatIsNoLedger(t *testing.T) {
	env := newHome(t)
	for name, data := range map[string]string{".gateledger/checkpoint": "\n", ".gateledger/something": "else"} {
		t.Run(name, func(t *testing.T) {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(name)
			if err := mustSetup(t, env).run(t.Context()); err == nil {
				t.Error("init took it over")
			}
			if kept, err := os.ReadFile(name); err != nil || string(kept) != data {
				t.Errorf("%s holds %q, %v", name, kept, err)
			}
		})
	}
}

func TestOriginIsAnOpaqueLabel(t *testing.T) {
	seen := map[string]bool{}
	for range 64 {
		origin, err := newOrigin(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^[a-z2-7]{16}$`).MatchString(origin) || seen[origin] {
			t.Fatalf("origin %q", origin)
		}
		seen[origin] = true
	}
	if _, err := newOrigin(strings.NewReader("short")); err == nil {
		t.Error("an origin was drawn from too little chance")
	}
}

func TestInCI(t *testing.T) {
	for name, c := range map[string]struct {
		vars map[string]string
		want bool
	}{
		"a laptop":          {nil, false},
		"CI says so":        {map[string]string{"CI": "true"}, true},
		"CI says 1":         {map[string]string{"CI": "1"}, true},
		"CI says otherwise": {map[string]string{"CI": "false"}, false},
		"GitHub":            {map[string]string{"GITHUB_ACTIONS": "true"}, true},
		"GitLab":            {map[string]string{"GITLAB_CI": "true"}, true},
	} {
		if got := inCI(func(k string) string { return c.vars[k] }); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDoctorReadsAndWritesNothing(t *testing.T) {
	env := newHome(t)
	err := runDoctor(context.Background(), env, false)
	if exit := (*cli.Exit)(nil); !errors.As(err, &exit) || exit.Code != cli.Usage {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
	if _, err := os.Stat(env.Getenv("XDG_CONFIG_HOME")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the configuration folder: %v", err)
	}
}
