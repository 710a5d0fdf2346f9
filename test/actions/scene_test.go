// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A runner is a machine that a job runs on: its folders, with spaces in their
// names, and its variables. Nothing of this process's environment is on it but
// the place of programs.
type runner struct {
	t         *testing.T
	root      string // what the actions are part of
	actions   string // a copy of actions/
	temp      string // RUNNER_TEMP
	workspace string // where a step starts
	home      string
	cache     string // RUNNER_TOOL_CACHE
	path      string // PATH
	env       map[string]string
}

// top is the repository.
func top(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// newRunner makes one, with the scripts and no other file of actions/.
func newRunner(t *testing.T) *runner {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{
		t: t, root: filepath.Join(base, "the actions"), temp: filepath.Join(base, "run temp"), workspace: filepath.Join(base, "work space"),
		home: filepath.Join(base, "ho me"), cache: filepath.Join(base, "tool cache"), path: os.Getenv("PATH"),
		env: map[string]string{"RUNNER_OS": "Linux", "RUNNER_ARCH": "X64"},
	}
	r.actions = filepath.Join(r.root, "actions")
	for _, dir := range []string{r.actions, r.temp, r.workspace, r.home} {
		r.mkdir(dir)
	}
	for _, name := range []string{"bootstrap.sh", "run.sh"} {
		r.write(filepath.Join(r.actions, name), read(t, "actions", name), 0o755)
	}
	for name, file := range map[string]string{"GITHUB_OUTPUT": "output", "GITHUB_PATH": "path", "GITHUB_STEP_SUMMARY": "summary"} {
		r.env[name] = filepath.Join(base, file)
		r.write(r.env[name], "", 0o600)
	}
	r.env["GITHUB_SERVER_URL"], r.env["GITHUB_REPOSITORY"], r.env["GITHUB_WORKSPACE"] = "https://git.example.org", "acme/app", r.workspace
	return r
}

// read returns a file of the repository.
func read(t testing.TB, elements ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{top(t)}, elements...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (r *runner) mkdir(dir string) {
	r.t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		r.t.Fatal(err)
	}
}

func (r *runner) write(file, text string, mode fs.FileMode) string {
	r.t.Helper()
	r.mkdir(filepath.Dir(file))
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		r.t.Fatal(err)
	}
	return file
}

// tools makes PATH a folder with these programs and no others.
func (r *runner) tools(names ...string) {
	r.t.Helper()
	r.path = filepath.Join(r.t.TempDir(), "some bin")
	r.mkdir(r.path)
	for _, name := range names {
		from, err := exec.LookPath(name)
		if err != nil {
			r.t.Fatal(err)
		}
		if err := os.Symlink(from, filepath.Join(r.path, name)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// shadow puts a script before all others in PATH.
func (r *runner) shadow(name, script string) {
	r.t.Helper()
	dir := r.t.TempDir()
	r.write(filepath.Join(dir, name), "#!/bin/sh\n"+script, 0o755)
	r.path = dir + string(os.PathListSeparator) + r.path
}

// An outcome is how a script ended.
type outcome struct {
	code      int
	out, talk string
	outputs   map[string]string // GITHUB_OUTPUT, of one line each
}

// command is a script of actions/, to be started in the workspace.
func (r *runner) command(script string, args ...string) *exec.Cmd {
	bash, err := exec.LookPath("bash")
	if err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.Command(bash, append([]string{"--noprofile", "--norc", filepath.Join(r.actions, script)}, args...)...)
	cmd.Dir = r.workspace
	cmd.Env = []string{"PATH=" + r.path, "HOME=" + r.home, "RUNNER_TEMP=" + r.temp, "LC_ALL=C.UTF-8"}
	if r.cache != "" {
		cmd.Env = append(cmd.Env, "RUNNER_TOOL_CACHE="+r.cache)
	}
	for name, value := range r.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// run runs a script to its end.
func (r *runner) run(script string, args ...string) outcome {
	r.t.Helper()
	var out, talk bytes.Buffer
	cmd := r.command(script, args...)
	cmd.Stdout, cmd.Stderr = &out, &talk
	return r.ended(cmd.Run(), &out, &talk)
}

func (r *runner) ended(err error, out, talk *bytes.Buffer) outcome {
	r.t.Helper()
	o := outcome{out: out.String(), talk: talk.String(), outputs: map[string]string{}}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		o.code = exit.ExitCode()
	} else if err != nil {
		r.t.Fatal(err)
	}
	data, err := os.ReadFile(r.env["GITHUB_OUTPUT"])
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		o.outputs[name] = value
	}
	return o
}

// cancel starts a script, waits for a file to appear, and sends a signal to the
// script alone, as a runner does when a job is cancelled.
func (r *runner) cancel(signal syscall.Signal, when, script string, args ...string) outcome {
	r.t.Helper()
	var out, talk bytes.Buffer
	cmd := r.command(script, args...)
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(when); err == nil {
			break
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			r.t.Fatalf("%s did not appear: %s", when, &talk)
		}
	}
	if err := cmd.Process.Signal(signal); err != nil {
		r.t.Fatal(err)
	}
	return r.ended(cmd.Wait(), &out, &talk)
}

// recorder is a program that writes down how it was called, and ends as
// FAKE_CODE says.
const recorder = `#!/usr/bin/env bash
set -eu
printf '%s\0' "$@" >"$FAKE/args"
cat >"$FAKE/stdin"
env >"$FAKE/env"
pwd >"$FAKE/pwd"
for arg; do
	case $arg in
	--key=*) cp "${arg#*=}" "$FAKE/key"; stat -c %a "${arg#*=}" >"$FAKE/mode" ;;
	esac
done
[ -z "${GATELEDGER_PASSWORD_FILE:-}" ] || cp "$GATELEDGER_PASSWORD_FILE" "$FAKE/password"
cp "$HOME/.netrc" "$FAKE/netrc" 2>/dev/null || true
if [ -n "${FAKE_WAIT:-}" ]; then
	sleep 60 >/dev/null 2>&1 &
	trap 'kill "$!"; echo told >"$FAKE/told"; exit 3' TERM
	: >"$FAKE/started"
	wait
fi
exit "${FAKE_CODE:-0}"
`

// fakes gives the runner programs that write down how they were called, and
// returns the folder they write to.
func (r *runner) fakes() string {
	r.t.Helper()
	bin, notes := filepath.Join(r.home, "my programs"), filepath.Join(r.home, "notes")
	r.mkdir(notes)
	for _, name := range programs() {
		r.write(filepath.Join(bin, name), recorder, 0o755)
	}
	r.env["INPUT_BINARY_PATH"], r.env["FAKE"] = bin, notes
	return notes
}

func programs() []string {
	return []string{"gateledger", "gateledger-sbom", "gateledger-record", "gateledger-gate", "gateledger-verify", "gateledger-remote"}
}

// arguments are those that a fake program was called with.
func (r *runner) arguments(notes string) []string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(notes, "args"))
	if err != nil {
		r.t.Fatalf("the program was not run: %v", err)
	}
	return slices.DeleteFunc(strings.Split(string(data), "\x00"), func(s string) bool { return s == "" })
}

func text(t *testing.T, elements ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// left lists files below dirs that hold any of the words.
func left(t *testing.T, words []string, dirs ...string) []string {
	t.Helper()
	var found []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if err == nil && slices.ContainsFunc(words, func(w string) bool { return bytes.Contains(data, []byte(w)) }) {
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}
