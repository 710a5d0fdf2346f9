// SPDX-License-Identifier: Apache-2.0

// Process times whole processes of the built binary, beside a Go process that
// does nothing, in one run and interleaved, so that both see the same machine.
//
//	go run ./bench/process -bin bin -n 60
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	bin := flag.String("bin", "bin", "folder with the built binaries")
	n := flag.Int("n", 60, "runs of each")
	flag.Parse()
	if err := run(*bin, *n); err != nil {
		fmt.Fprintln(os.Stderr, "bench/process:", err)
		os.Exit(1)
	}
}

// A world is a throw-away repository with a ledger in it.
type world struct {
	dir, home, self, nothing string
}

func run(bin string, n int) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := filepath.Abs(filepath.Join(bin, "gateledger"))
	if err != nil {
		return err
	}
	w := &world{dir: filepath.Join(dir, "repo"), home: filepath.Join(dir, "home"), self: self, nothing: filepath.Join(dir, "nothing")}
	if err := w.setUp(); err != nil {
		return err
	}
	return w.measure(n)
}

const nothing = "package main\n\nfunc main() {}\n"

func (w *world) setUp() error {
	for _, d := range []string{w.dir, w.home} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	source := w.nothing + ".go"
	if err := os.WriteFile(source, []byte(nothing), 0o644); err != nil {
		return err
	}
	for _, c := range [][]string{
		{"go", "build", "-ldflags=-s -w", "-o", w.nothing, source},
		{"git", "init", "--quiet", "--initial-branch=main"},
		{"git", "config", "user.name", "b"},
		{"git", "config", "user.email", "b@example.org"},
		{"git", "commit", "--quiet", "--allow-empty", "--message", "bench"},
		{w.self, "init"},
	} {
		if out, err := w.command(c[0], c[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w: %s", c, err, out)
		}
	}
	return nil
}

func (w *world) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = w.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "XDG_CONFIG_HOME=" + filepath.Join(w.home, ".config"),
		"GOCACHE=" + filepath.Join(w.home, "gocache"), "GIT_CONFIG_NOSYSTEM=1",
	}
	return cmd
}

// measure interleaves the things it compares, and writes the artifact anew
// each time, because the same event twice would be a duplicate.
func (w *world) measure(n int) error {
	var bare, version, record []time.Duration
	for i := range n {
		artifact := filepath.Join(w.dir, "app")
		if err := os.WriteFile(artifact, fmt.Appendf(nil, "build %d", i), 0o644); err != nil {
			return err
		}
		for _, x := range []struct {
			to  *[]time.Duration
			cmd *exec.Cmd
		}{
			{&bare, w.command(w.nothing)},
			{&version, w.command(w.self, "version")},
			{&record, w.command(w.self, "record", "build", "--subject", "app")},
		} {
			start := time.Now()
			if out, err := x.cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%v: %w: %s", x.cmd.Args, err, out)
			}
			*x.to = append(*x.to, time.Since(start))
		}
	}
	fmt.Printf("%-44s %8s %8s\n", "whole process, wall", "p50", "p90")
	for _, r := range []struct {
		name string
		d    []time.Duration
	}{{"a Go process that does nothing", bare}, {"gateledger version", version}, {"gateledger record build, to fsynced receipt", record}} {
		slices.Sort(r.d)
		fmt.Printf("%-44s %8s %8s\n", r.name, round(r.d[len(r.d)/2]), round(r.d[len(r.d)*9/10]))
	}
	return nil
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
