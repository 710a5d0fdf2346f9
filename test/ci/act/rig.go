// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

// A rig is what all cases share.
type rig struct {
	top   string // our sources
	work  string
	tool  string // act
	bin   string // our programs, by their plain names
	shims string // what steps find first on their PATH
	suite string // the published actions
	host  string // address of the git host

	writes, reads   string // tokens
	logKey, key     string // the log key and the event key of the first project, and so of its copies
	gopath, gocache string

	runs, checks atomic.Int64
	stop         func()
	hubs         *front
}

// accountIDs are the accounts of the git host.
var accountIDs = map[string]string{"ana": "101", "bo": "102", "dana": "103", "mallory": "666"}

func newRig(ctx context.Context, top, work, tool string) (*rig, error) {
	r := &rig{
		top: top, work: work, tool: tool, bin: filepath.Join(work, "bin"), shims: filepath.Join(work, "shims"),
		suite: filepath.Join(work, "suite"), stop: func() {},
		writes: "ghs_writes" + random(), reads: "ghs_reads" + random(),
	}
	for _, step := range []func(context.Context) error{r.build, r.publish, r.shim, r.serve, r.fronted, r.found} {
		if err := step(ctx); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

func (r *rig) close() { r.stop() }

func random() string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// command runs a program in a folder and returns what it printed.
func command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// build makes our programs as a release does.
func (r *rig) build(ctx context.Context) error {
	for to, name := range map[*string]string{&r.gopath: "GOPATH", &r.gocache: "GOCACHE"} {
		out, err := command(ctx, r.top, os.Environ(), "go", "env", name)
		if err != nil {
			return err
		}
		*to = out
	}
	_, err := command(ctx, r.top, append(os.Environ(), "CGO_ENABLED=0"), "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w", "-o", r.bin+"/", "./cmd/...", "./test/ci/githost")
	return err
}

// publish makes the repository of the actions as a user gets it, without the
// sources: act copies it whole, for each step.
func (r *rig) publish(ctx context.Context) error {
	for _, path := range []string{"action.yml", "actions", ".github/workflows/release-gate.yml"} {
		to := filepath.Join(r.suite, path)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if _, err := command(ctx, r.top, os.Environ(), "cp", "-R", path, to); err != nil {
			return err
		}
	}
	return nil
}

// shim gives every job a home of its own and no terminal, as a real runner
// does: act in host mode gives all jobs the home and the terminal it has.
func (r *rig) shim(context.Context) error {
	if err := os.Mkdir(r.shims, 0o755); err != nil {
		return err
	}
	text := fmt.Sprintf(`#!/bin/bash
export PATH="${PATH#%[1]s:}"
home=$(dirname "$RUNNER_TEMP")/home
mkdir -p "$home"
unset XDG_CONFIG_HOME XDG_CACHE_HOME
export HOME=$home
set -o pipefail
/bin/bash "$@" </dev/null 2>&1 | cat
`, r.shims)
	return os.WriteFile(filepath.Join(r.shims, "bash"), []byte(text), 0o755)
}

// serve starts the git host. It ends with us.
func (r *rig) serve(ctx context.Context) error {
	accounts := filepath.Join(r.work, "accounts")
	text := fmt.Sprintf("%s people write\n%s runner read\n%s jobs write\n", r.writes, r.reads, githubtest.JobToken)
	if err := os.WriteFile(accounts, []byte(text), 0o600); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(r.work, "githost.log"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(r.bin, "githost"), r.repositories(), accounts)
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r.stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
		_ = log.Close()
	}
	first, err := bufio.NewReader(out).ReadString('\n')
	if err != nil && err != io.EOF {
		return fmt.Errorf("start the git host: %w", err)
	}
	r.host = strings.TrimSpace(first)
	if !strings.HasPrefix(r.host, "http://127.0.0.1:") {
		return fmt.Errorf("the git host says %q", first)
	}
	return nil
}

func (r *rig) repositories() string { return filepath.Join(r.work, "repositories") }
