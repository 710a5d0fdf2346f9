// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A program that is given is taken or refused. It is never replaced by another
// one, so the server and the compiler are never asked.
func TestBootstrapBinaryPath(t *testing.T) {
	for fact, c := range map[string]struct {
		files map[string]os.FileMode // in the workspace
		path  string                 // DIR is the workspace
		ask   string
		want  string // in the workspace; empty: refused
		says  string
	}{
		"a folder":                             {files{"my bin/gateledger-gate": 0o755}, "DIR/my bin", "gateledger-gate", "my bin/gateledger-gate", ""},
		"a folder from the workspace":          {files{"my bin/gateledger-gate": 0o755}, "my bin", "gateledger-gate", "my bin/gateledger-gate", ""},
		"a folder with the one for everything": {files{"bin/gateledger": 0o755}, "DIR/bin", "gateledger-gate", "bin/gateledger", ""},
		"its own goes first":                   {files{"bin/gateledger": 0o755, "bin/gateledger-gate": 0o755}, "bin", "gateledger-gate", "bin/gateledger-gate", ""},
		"a file":                               {files{"any name": 0o755}, "DIR/any name", "gateledger-gate", "any name", ""},
		"a name like a flag":                   {files{"-rf": 0o755}, "-rf", "gateledger-gate", "-rf", ""},
		"a name like a command":                {files{"$(touch x)": 0o755}, "$(touch x)", "gateledger-gate", "$(touch x)", ""},
		"beside a file, for the child":         {files{"bin/gateledger": 0o755, "bin/gateledger-remote": 0o755}, "bin/gateledger", "gateledger-remote", "bin/gateledger-remote", ""},
		"missing":                              {nil, "DIR/nowhere", "gateledger-gate", "", "binary-path has no gateledger-gate"},
		"a folder without it":                  {files{"bin/gateledger-sbom": 0o755}, "bin", "gateledger-gate", "", "binary-path has no gateledger-gate"},
		"no child beside it":                   {files{"bin/gateledger": 0o755}, "bin", "gateledger-remote", "", "binary-path has no gateledger-remote"},
		"not executable":                       {files{"bin/gateledger-gate": 0o644}, "bin", "gateledger-gate", "", "not executable"},
		"a folder of its name":                 {files{"bin/gateledger-gate/x": 0o755}, "bin", "gateledger-gate", "", "binary-path has no gateledger-gate"},
		"no program of ours":                   {files{"bin/sh": 0o755}, "bin", "sh", "", "unknown program"},
		"no program at all":                    {files{"bin/sh": 0o755}, "bin", "../bin/sh", "", "unknown program"},
	} {
		for _, name := range []string{"INPUT_BINARY_PATH", "GATELEDGER_BINARY_PATH"} {
			t.Run(fact+" by "+name, func(t *testing.T) {
				t.Parallel()
				s := serve(t, nil)
				r := released(t, s, sum(good)+"  "+asset+"\n")
				for file, mode := range c.files {
					r.write(filepath.Join(r.workspace, file), bad, mode)
				}
				r.env[name] = strings.ReplaceAll(c.path, "DIR", r.workspace)
				o, into := r.bootstrap(c.ask)
				left, _ := os.ReadDir(into)
				if s.asked.Load() != 0 || strings.Contains(o.talk, "go was asked") || len(left) != 0 {
					t.Errorf("something else was looked for: %s", o.talk)
				}
				if c.want == "" {
					if o.code != 2 || o.out != "" || !strings.Contains(o.talk, c.says) {
						t.Errorf("exit %d, %q, %s", o.code, o.out, o.talk)
					}
					return
				}
				if want := filepath.Join(r.workspace, c.want); o.code != 0 || o.out != want+"\n" {
					t.Errorf("exit %d, %q, want %q: %s", o.code, o.out, want, o.talk)
				}
				if _, err := os.Stat(filepath.Join(r.workspace, "x")); err == nil {
					t.Error("a name was run")
				}
			})
		}
	}
}

type files = map[string]os.FileMode

func TestBootstrapBinaryPathOnWindows(t *testing.T) {
	r := released(t, serve(t, nil), "")
	// What Git's bash has: D:\bin is /d/bin there.
	r.shadow("cygpath", `case $1 in
-u) printf '%s\n' "$3" | sed -e 's|\\|/|g' -e "s|^D:|$DRIVE|" ;;
-m) printf '%s\n' "$3" | sed -e "s|^$DRIVE|D:|" ;;
esac
`)
	r.env["RUNNER_OS"], r.env["DRIVE"] = "Windows", r.workspace
	r.write(filepath.Join(r.workspace, "my bin", "gateledger-gate.exe"), bad, 0o755)
	for _, path := range []string{`D:\my bin`, `D:/my bin`, `D:\my bin\gateledger-gate.exe`, `my bin`} {
		r.env["INPUT_BINARY_PATH"] = path
		if o, _ := r.bootstrap("gateledger-gate"); o.code != 0 || o.out != filepath.Join(r.workspace, "my bin", "gateledger-gate.exe")+"\n" {
			t.Errorf("%s: exit %d, %q: %s", path, o.code, o.out, o.talk)
		}
	}
}

// Where there is no checksums.txt this is a checkout, and the program is built
// from it: from it alone, however the job has set up its own builds.
func TestBootstrapBuildsFromItsOwnCheckout(t *testing.T) {
	t.Parallel()
	r := newRunner(t)
	r.write(filepath.Join(r.root, "go.mod"), "module example.org/tool\n\ngo 1.21\n", 0o644)
	r.write(filepath.Join(r.root, "cmd", "gateledger-gate", "main.go"), "package main\n\nfunc main() { println(\"built\") }\n", 0o644)
	r.write(filepath.Join(r.workspace, "go.mod"), "not a module\n", 0o644)
	r.write(filepath.Join(r.workspace, "go.work"), "not a workspace\n", 0o644)
	r.env["GOFLAGS"], r.env["GOOS"], r.env["GOWORK"] = "-mod=vendor", "plan9", filepath.Join(r.workspace, "go.work")
	r.env["GOCACHE"], r.env["GOTOOLCHAIN"] = goCache(t), "local"
	o, into := r.bootstrap("gateledger-gate")
	if o.code != 0 || o.out != filepath.Join(into, "gateledger-gate")+"\n" || !strings.Contains(o.talk, "building gateledger-gate") {
		t.Fatalf("exit %d, %q: %s", o.code, o.out, o.talk)
	}
	r.write(filepath.Join(r.root, "cmd", "gateledger-gate", "main.go"), "package main\n\nfunc main() { nothing() }\n", 0o644)
	if o, _ := r.bootstrap("gateledger-gate"); o.code != 3 || o.out != "" || !strings.Contains(o.talk, "go build failed") {
		t.Errorf("what does not compile: exit %d, %q: %s", o.code, o.out, o.talk)
	}
	r.tools("bash", "dirname", "uname", "rm")
	if o, _ := r.bootstrap("gateledger-gate"); o.code != 2 || !strings.Contains(o.talk, "go is not installed") {
		t.Errorf("without go: exit %d: %s", o.code, o.talk)
	}
}

// goCache is where this process's go command keeps what it compiled.
func goCache(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("GOCACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "go-build")
}

func TestBootstrapUsage(t *testing.T) {
	r := newRunner(t)
	for _, args := range [][]string{nil, {r.temp}, {filepath.Join(r.temp, "nowhere"), "gateledger"}, {"", "gateledger"}} {
		if o := r.run("bootstrap.sh", args...); o.code != 2 || o.out != "" {
			t.Errorf("%q: exit %d, %q", args, o.code, o.out)
		}
	}
}
