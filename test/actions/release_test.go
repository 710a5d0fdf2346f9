// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// One source gives one program, wherever it lies. All of them on all systems,
// with nothing compiled before, are for release/check in the release workflow.
func TestProgramsAreReproducible(t *testing.T) {
	t.Parallel()
	var sums []string
	for _, place := range []string{"one", "another place/below"} {
		dir := filepath.Join(t.TempDir(), place)
		for _, part := range []string{"cmd", "internal", "docs", "release"} {
			if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join(top(t), part))); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range []string{"go.mod", "go.sum"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(read(t, file)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("bash", "release/build", "v1.2.3", "my dist", "gateledger-verify_linux_amd64")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-race", "GOAMD64=v3")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		sums = append(sums, text(t, dir, "my dist", "checksums.txt"))
		program := text(t, dir, "my dist", "gateledger-verify_linux_amd64")
		if strings.Contains(program, dir) {
			t.Error("the program names the folder it was built in")
		}
		if want := sum(program) + "  gateledger-verify_linux_amd64\n"; sums[0] != want {
			t.Errorf("checksums.txt has %q, want %q", sums[0], want)
		}
	}
	if sums[0] != sums[1] {
		t.Errorf("%s and %s", sums[0], sums[1])
	}
}

func TestReleaseScriptsRefuse(t *testing.T) {
	for fact, c := range map[string][]string{
		"no version":            {"release/build"},
		"a version of two":      {"release/build", "v1.2", "x"},
		"a version like a flag": {"release/build", "--help", "x"},
		"a command":             {"release/build", "v1.2.3$(touch x)", "x"},
		"a name of no program":  {"release/build", "v1.2.3", t.TempDir(), "nothing"},
		"no folder":             {"release/image", "v1.2.3"},
		"nothing to publish":    {"release/publish"},
	} {
		cmd := exec.Command("bash", c...)
		cmd.Dir = top(t)
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("%s: %s", fact, out)
		}
	}
}

// What release/build makes is what the bootstrap asks for.
func TestNamesOfTheRelease(t *testing.T) {
	build := read(t, "release/build")
	list := regexp.MustCompile(`for platform in ([^;]+);`).FindStringSubmatch(build)
	if list == nil {
		t.Fatal("no platforms in release/build")
	}
	runners := map[string][2]string{
		"linux/amd64": {"Linux", "X64"}, "linux/arm64": {"Linux", "ARM64"}, "darwin/amd64": {"macOS", "X64"},
		"darwin/arm64": {"macOS", "ARM64"}, "windows/amd64": {"Windows", "X64"}, "windows/arm64": {"Windows", "ARM64"},
	}
	platforms := strings.Fields(list[1])
	if len(platforms) != len(runners) {
		t.Errorf("release/build makes %q", platforms)
	}
	for _, p := range platforms {
		on, ok := runners[p]
		if !ok {
			t.Errorf("no runner is %s", p)
			continue
		}
		name := "gateledger-gate_" + strings.ReplaceAll(p, "/", "_")
		if strings.HasPrefix(p, "windows/") {
			name += ".exe"
		}
		r := released(t, serve(t, nil), sum(good)+"  "+name+"\n")
		r.env["RUNNER_OS"], r.env["RUNNER_ARCH"] = on[0], on[1]
		if o, _ := r.bootstrap("gateledger-gate"); o.code != 0 {
			t.Errorf("%s: exit %d: %s", p, o.code, o.talk)
		}
	}
	for _, program := range programs() {
		if _, err := os.Stat(filepath.Join(top(t), "cmd", program, "main.go")); err != nil {
			t.Error(err)
		}
	}
}

// A tree is a release, which pins every program, or it builds from itself and
// pins none.
func TestPinsAreWholeOrNone(t *testing.T) {
	pins, err := os.ReadFile(filepath.Join(top(t), "actions/checksums.txt"))
	release := read(t, "actions/release.env")
	if os.IsNotExist(err) {
		if !strings.Contains(release, "\nVERSION=v0.0.0\nREPOSITORY=https://github.com/gateledger/gateledger\n") {
			t.Errorf("release.env: %s", release)
		}
		return
	}
	if want := 6 * len(programs()); strings.Count(string(pins), "\n") != want || strings.Contains(release, "VERSION=v0.0.0") {
		t.Errorf("checksums.txt pins no %d programs (%v), or release.env names no version", want, err)
	}
}
