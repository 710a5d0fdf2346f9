// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A releaser is a checkout with the release scripts, whose build is a fake, and
// a gh that writes down what it was told.
type releaser struct {
	*runner
	dir, bin string
}

func newReleaser(t *testing.T) *releaser {
	t.Helper()
	r := &releaser{runner: newRunner(t), bin: t.TempDir()}
	r.dir = filepath.Join(r.workspace, "checkout")
	for _, file := range []string{"release/prepare", "release/publish", "release/stamp", "actions/release.env", ".github/workflows/release-gate.yml",
		"gitlab/templates/gate.yml", "gitlab/include/gateledger.yml", "circleci/orb.yml", "jenkins/vars/gateledgerRun.groovy"} {
		r.write(filepath.Join(r.dir, file), read(t, file), 0o755)
	}
	r.write(filepath.Join(r.dir, ".gitignore"), "/dist/\n", 0o644)
	r.write(filepath.Join(r.dir, "release/build"), `#!/bin/sh
mkdir -p "$2" && cd "$2" && printf 'a program of %s\n' "$1" >gateledger-gate_linux_amd64 && sha256sum gateledger-gate_linux_amd64 >checksums.txt
`, 0o755)
	r.write(filepath.Join(r.bin, "gh"), `#!/bin/sh
printf '%s\n' "$*" >>"$GH_LOG"
case "$1 $2" in
"release view") [ -n "$GH_DRAFT" ] && echo "$GH_DRAFT" || exit 1 ;;
"release upload") [ -z "$GH_BREAKS" ] || exit 1 ;;
esac
`, 0o755)
	r.must("git", "init", "--quiet", "--initial-branch=main")
	r.must("git", "config", "user.name", "Dana")
	r.must("git", "config", "user.email", "dana@example.org")
	r.must("git", "add", ".")
	r.must("git", "commit", "--quiet", "-m", "first")
	return r
}

func (r *releaser) try(env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = r.dir
	cmd.Env = append([]string{"PATH=" + r.bin + ":" + r.path, "HOME=" + r.home, "GOCACHE=" + r.temp, "GH_LOG=" + r.log()}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r *releaser) log() string { return filepath.Join(r.home, "gh") }

func (r *releaser) must(name string, args ...string) string {
	r.t.Helper()
	out, err := r.try(nil, name, args...)
	if err != nil {
		r.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return out
}

func TestPrepare(t *testing.T) {
	r := newReleaser(t)
	r.must("bash", "release/prepare", "v1.2.3")
	program := "a program of v1.2.3\n"
	if got := text(t, r.dir, "actions/checksums.txt"); got != sum(program)+"  gateledger-gate_linux_amd64\n" {
		t.Errorf("pinned is %q", got)
	}
	env := text(t, r.dir, "actions/release.env")
	for _, want := range []string{"\nVERSION=v1.2.3\n", "\nREPOSITORY=https://github.com/gateledger/gateledger\n", "\nGO=go1."} {
		if !strings.Contains(env, want) {
			t.Errorf("release.env lacks %q:\n%s", want, env)
		}
	}
	gate := text(t, r.dir, ".github/workflows/release-gate.yml")
	if strings.Contains(gate, "gateledger@v1\n") || strings.Count(gate, "gateledger/gateledger") != strings.Count(gate, "@v1.2.3\n") {
		t.Errorf("the reusable workflow does not use this version:\n%s", gate)
	}
	for _, file := range []string{"gitlab/templates/gate.yml", "gitlab/include/gateledger.yml", "circleci/orb.yml", "jenkins/vars/gateledgerRun.groovy"} {
		if got := text(t, r.dir, file); !strings.Contains(got, "version=v1.2.3\n") || !strings.Contains(got, sum(program)) {
			t.Errorf("%s is not stamped", file)
		}
	}
	if got := r.must("git", "describe", "--tags", "--exact-match"); got != "v1.2.3\n" {
		t.Errorf("the tag is %q", got)
	}
	if r.must("git", "status", "--porcelain") != "" || r.must("git", "rev-parse", "main") != r.must("git", "rev-parse", "v1.2.3~1") {
		t.Error("something is left, or the main line has moved")
	}
	if out, err := r.try(nil, "bash", "release/prepare", "v1.2.3"); err == nil {
		t.Errorf("a release was made twice: %s", out)
	}
	r.write(filepath.Join(r.dir, "more"), "", 0o644)
	if out, err := r.try(nil, "bash", "release/prepare", "v1.2.4"); err == nil {
		t.Errorf("with something not committed: %s", out)
	}
}

// A draft, everything into it, and published last; then the tag of the major
// version.
func TestPublish(t *testing.T) {
	prepared := func() *releaser {
		r := newReleaser(t)
		r.must("bash", "release/prepare", "v1.2.3")
		return r
	}
	steps := func(r *releaser) []string {
		data, err := os.ReadFile(r.log())
		if err != nil {
			return nil
		}
		var out []string
		for line := range strings.Lines(string(data)) {
			words := strings.Fields(line)
			out = append(out, strings.Join(words[:2], " "))
		}
		return out
	}
	join := func(s []string) string { return strings.Join(s, ", ") }

	r := prepared()
	r.must("bash", "release/publish", "v1.2.3")
	if got := join(steps(r)); got != "release view, release create, release upload, release edit, api --silent" {
		t.Errorf("gh was asked for %s", got)
	}
	log := text(t, r.log())
	for _, want := range []string{"create v1.2.3 --draft --verify-tag", "edit v1.2.3 --draft=false", "refs/tags/v1 -f sha=" + strings.TrimSpace(r.must("git", "rev-parse", "HEAD"))} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in\n%s", want, log)
		}
	}
	r = prepared()
	r.must("env", "GH_DRAFT=true", "bash", "release/publish", "v1.2.3")
	if got := join(steps(r)); !strings.HasPrefix(got, "release view, release delete, release create") {
		t.Errorf("after a run that broke off: %s", got)
	}
	r = prepared()
	if out, err := r.try([]string{"GH_BREAKS=1"}, "bash", "release/publish", "v1.2.3"); err == nil || strings.Contains(join(steps(r)), "edit") {
		t.Errorf("published without all files: %s", out)
	}
	r = prepared()
	r.write(filepath.Join(r.dir, "dist/gateledger-gate_linux_amd64"), "other bytes\n", 0o755)
	if out, err := r.try(nil, "bash", "release/publish", "v1.2.3"); err == nil || len(steps(r)) != 0 {
		t.Errorf("other bytes than those pinned: %s", out)
	}
	r = prepared()
	r.write(filepath.Join(r.dir, "dist/checksums.txt"), "", 0o644)
	if out, err := r.try(nil, "bash", "release/publish", "v1.2.3"); err == nil || len(steps(r)) != 0 {
		t.Errorf("other checksums than those pinned: %s", out)
	}
}
