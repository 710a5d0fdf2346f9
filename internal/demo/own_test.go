// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain builds the binary once, as a user would.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "demo-test-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "gateledger")
	build := exec.Command("go", "build", "-o", binary, "./cmd/gateledger")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var binary string // written by TestMain before any test

// newStage is a stage of the real binary; what it shows is printed when the
// test fails.
func newStage(t *testing.T) *Stage {
	t.Helper()
	var out bytes.Buffer
	s, err := NewStage(binary, t.TempDir(), os.Getenv, rand.Reader, &out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(out.String())
		}
	})
	return s
}

// The main job on this very repository: its tracked files, its binary, its
// tests, its dependencies.
func TestMainJobOnThisRepository(t *testing.T) {
	s := newStage(t)
	copyTracked(t, filepath.Join("..", ".."), s.Dir)
	notarize(t, s, job{
		build: []string{"go", "build", "-o", "dist/gateledger", "./cmd/gateledger"},
		test:  []string{"go", "test", "-json", "./internal/pattern"},
		into:  "dist/gateledger",
	})
	sbom, err := os.ReadFile(s.Path("dist/sbom.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pkg:golang/golang.org/x/mod@", "pkg:golang/github.com/spf13/cobra@"} {
		if !bytes.Contains(sbom, []byte(want)) {
			t.Errorf("the SBOM of this repository does not name %s", want)
		}
	}
}

// copyTracked copies what git tracks, as a fresh clone would have it.
func copyTracked(t *testing.T, from, to string) {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--", "cmd", "internal", "go.mod", "go.sum", "LICENSE")
	list.Dir = from
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(from, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A job is what to build and how to test it.
type job struct {
	build, test []string
	into        string
}

// notarize takes a repository from init to a verified deployment.
func notarize(t *testing.T, s *Stage, j job) {
	t.Helper()
	ctx := context.Background()
	p := &play{Stage: s}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tool := func(args []string) string {
		t.Helper()
		out, err := s.Silent(ctx, args[0], args[1:]...)
		must(err)
		return out
	}
	must(s.Repository(ctx))
	must(s.Gateledger(ctx, 0, "init"))
	var keys []string
	for _, name := range []string{"ana", "bo", "dana"} {
		key, err := s.Voter(name)
		must(err)
		keys = append(keys, key)
		must(s.Gateledger(ctx, 0, "policy", "add", name, "--ssh", key+".pub", "--email", name+"@example.org", "--role", "lead"))
	}
	tool([]string{"git", "add", "--all"})
	tool([]string{"git", "commit", "--quiet", "--message", "all of it"})
	must(os.MkdirAll(s.Path("dist"), 0o755))
	tool(j.build)
	must(os.WriteFile(s.Path("dist/report"), []byte(tool(j.test)), 0o644))
	must(s.Gateledger(ctx, 0, "sbom", ".", "-o", "dist/sbom.json"))
	must(s.Gateledger(ctx, 0, "record", "build", "--subject", j.into))
	must(s.Gateledger(ctx, 0, "record", "test", "--subject", j.into, "dist/report"))
	must(s.Gateledger(ctx, 0, "record", "sbom", "--subject", j.into, "dist/sbom.json"))
	gate := []string{"gate", "--subject", j.into, "--run", "1"}
	must(s.Gateledger(ctx, 8, gate...))
	request, err := p.openRequest(ctx)
	must(err)
	for _, key := range keys[:2] {
		must(s.Gateledger(ctx, 0, "approve", request, "--ssh", key, "--yes"))
	}
	must(s.Gateledger(ctx, 0, gate...))
	must(s.Gateledger(ctx, 0, "record", "deployment", "--subject", j.into, "--environment", "production", "--result", "healthy"))
	must(s.Gateledger(ctx, 0, "verify", "artifact", j.into))
	must(s.Gateledger(ctx, 0, "verify", "decision", "--for", j.into, "--environment", "production"))
}

// The npm application of testdata, as a folder with its tests' report.
func TestMainJobOnAnNpmApplication(t *testing.T) {
	s := newStage(t)
	app := filepath.Join("..", "..", "testdata", "apps", "npm")
	if err := os.CopyFS(s.Dir, os.DirFS(app)); err != nil {
		t.Fatal(err)
	}
	report := `<testsuites><testsuite name="app" tests="1"><testcase name="serves" classname="app"/></testsuite></testsuites>`
	if err := os.WriteFile(s.Path("report.xml"), []byte(report), 0o644); err != nil {
		t.Fatal(err)
	}
	notarize(t, s, job{
		build: []string{"git", "archive", "--format=tar", "-o", "dist/app.tar", "HEAD"},
		test:  []string{"git", "show", "HEAD:report.xml"},
		into:  "dist/app.tar",
	})
	sbom, err := os.ReadFile(s.Path("dist/sbom.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(sbom, []byte("pkg:npm/")) {
		t.Error("the SBOM names no npm package")
	}
}

func TestAStepThatComesOutOtherwiseStopsThePlay(t *testing.T) {
	s := newStage(t)
	if err := s.Gateledger(context.Background(), 0, "gate"); err == nil {
		t.Error("a gate without a policy passed for success")
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"plain":   "plain",
		"a b":     "'a b'",
		"it's":    `'it'\''s'`,
		"$(true)": "'$(true)'",
		"":        "''",
	} {
		if got := quote([]string{in}); got != want {
			t.Errorf("%q is quoted %s, want %s", in, got, want)
		}
	}
}
