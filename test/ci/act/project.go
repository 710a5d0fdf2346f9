// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

// A project is one repository acme/NAME at the git host, with a shared log, and
// the checkout of its owner, Dana, who made log and policy.
type project struct {
	rig  *rig
	name string
	dir  string // Dana's checkout
	home string // Dana's home; it holds the keys
	head string // commit of main

	logKey, key string // its log key, and the event key that its jobs have

	wrong []string
	last  *result
}

// found makes the first project, which all others are copies of: keys, log and
// policy by the real program, over HTTP.
func (r *rig) found(ctx context.Context) error {
	p, err := r.plant(ctx)
	if err != nil {
		return err
	}
	if _, err := p.gateledger(ctx, "init", "--ledger", "git:origin"); err != nil {
		return err
	}
	for _, who := range people {
		key := filepath.Join(r.work, who)
		if _, err := command(ctx, r.work, os.Environ(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", key); err != nil {
			return err
		}
	}
	if err := p.appoint(ctx); err != nil {
		return err
	}
	if err := p.readKeys("log/*.key", "event/*.pem"); err != nil {
		return err
	}
	r.logKey, r.key = p.logKey, p.key
	return nil
}

// people are the leads of every project.
var people = []string{"ana", "bo", "dana"}

// appoint adds the people to the policy, and commits it.
func (p *project) appoint(ctx context.Context) error {
	for _, who := range people {
		key := filepath.Join(p.rig.work, who+".pub")
		if _, err := p.gateledger(ctx, "policy", "add", who, "--ssh", key, "--email", who+"@example.org", "--role", "lead", "--github-id", accountIDs[who]); err != nil {
			return err
		}
	}
	return p.commit(ctx, "Who may approve")
}

// readKeys reads the keys that init made, at patterns below Dana's
// configuration.
func (p *project) readKeys(logKey, key string) error {
	for pattern, to := range map[string]*string{logKey: &p.logKey, key: &p.key} {
		files, err := filepath.Glob(filepath.Join(p.home, ".config/gateledger", pattern))
		if err != nil || len(files) != 1 {
			return fmt.Errorf("not one key at %s: %v %v", pattern, files, err)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			return err
		}
		*to = string(text)
	}
	return nil
}

// plant makes the empty repository, and a checkout with the files of
// test/ci/project and our workflows.
func (r *rig) plant(ctx context.Context) (*project, error) {
	p := &project{rig: r, name: "first", dir: filepath.Join(r.work, "first"), home: filepath.Join(r.work, "first-home")}
	if err := os.Mkdir(p.home, 0o700); err != nil {
		return nil, err
	}
	if err := p.login(p.home); err != nil {
		return nil, err
	}
	bare := filepath.Join(r.repositories(), "acme/first.git")
	if _, err := p.git(ctx, "init", "--quiet", "--bare", "--initial-branch=main", bare); err != nil {
		return nil, err
	}
	if _, err := command(ctx, r.top, os.Environ(), "cp", "-R", "test/ci/project", p.dir); err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(p.dir, ".github"), 0o755); err != nil {
		return nil, err
	}
	if _, err := command(ctx, r.top, os.Environ(), "cp", "-R", "test/ci/workflows", filepath.Join(p.dir, ".github/workflows")); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"config", "user.name", "Dana"},
		{"config", "user.email", "dana@example.org"},
		{"remote", "add", "origin", r.host + "/acme/first"},
	} {
		if _, err := p.git(ctx, args...); err != nil {
			return nil, err
		}
	}
	return p, p.commit(ctx, "An app")
}

// project is a copy of the first one under a name of its own.
func (r *rig) project(ctx context.Context, name string) (*project, error) {
	p := &project{
		rig: r, name: name, dir: filepath.Join(r.work, "of-"+name), home: filepath.Join(r.work, "home-"+name),
		logKey: r.logKey, key: r.key,
	}
	for from, to := range map[string]string{
		filepath.Join(r.repositories(), "acme/first.git"): filepath.Join(r.repositories(), "acme", name+".git"),
		filepath.Join(r.work, "first"):                    p.dir,
		filepath.Join(r.work, "first-home"):               p.home,
	} {
		if _, err := command(ctx, r.work, os.Environ(), "cp", "-R", "--preserve=mode", from, to); err != nil {
			return p, err
		}
	}
	if _, err := p.git(ctx, "remote", "set-url", "origin", p.url()); err != nil {
		return p, err
	}
	var err error
	p.head, err = p.git(ctx, "rev-parse", "HEAD")
	return p, err
}

func (p *project) url() string { return p.rig.host + "/acme/" + p.name }

// login lets git in at the host as a person who may write.
func (p *project) login(home string) error {
	text := "machine 127.0.0.1 login x password " + p.rig.writes + "\n"
	return os.WriteFile(filepath.Join(home, ".netrc"), []byte(text), 0o600)
}

func (p *project) env(home string) []string {
	return []string{
		"PATH=" + p.rig.bin + ":" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C.UTF-8",
	}
}

func (p *project) git(ctx context.Context, args ...string) (string, error) {
	dir := p.dir
	if _, err := os.Stat(dir); err != nil {
		dir = p.rig.work
	}
	return command(ctx, dir, p.env(p.home), "git", args...)
}

// gateledger runs the real program as Dana, in her checkout.
func (p *project) gateledger(ctx context.Context, args ...string) (string, error) {
	return command(ctx, p.dir, p.env(p.home), filepath.Join(p.rig.bin, "gateledger"), args...)
}

// commit commits what is in the checkout to main, and pushes it.
func (p *project) commit(ctx context.Context, message string) error {
	for _, args := range [][]string{
		{"add", "--all"}, {"commit", "--quiet", "--message", message}, {"push", "--quiet", "origin", "HEAD:refs/heads/main"},
	} {
		if _, err := p.git(ctx, args...); err != nil {
			return err
		}
	}
	head, err := p.git(ctx, "rev-parse", "HEAD")
	p.head = head
	return err
}

// votes has a person vote with an SSH key, in a clone and a home of their own.
// They have no log key: their vote is left at the ledger.
func (p *project) votes(ctx context.Context, who, request string, flags ...string) error {
	home := filepath.Join(p.rig.work, who+"-of-"+p.name)
	dir := filepath.Join(home, "clone")
	if _, err := os.Stat(home); err != nil {
		if err := os.Mkdir(home, 0o700); err != nil {
			return err
		}
		if err := p.login(home); err != nil {
			return err
		}
		if _, err := command(ctx, home, p.env(home), "git", "clone", "--quiet", p.url(), dir); err != nil {
			return err
		}
		if _, err := command(ctx, dir, p.env(home), filepath.Join(p.rig.bin, "gateledger"), "trust", "--yes"); err != nil {
			return err
		}
	}
	args := append([]string{"approve", request, "--yes", "--ssh", filepath.Join(p.rig.work, who)}, flags...)
	cmd := exec.CommandContext(ctx, filepath.Join(p.rig.bin, "gateledger"), args...)
	cmd.Dir, cmd.Env = dir, p.env(home)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 8 || !strings.Contains(string(out), "not yet cast") {
		return fmt.Errorf("%s votes: %v\n%s", who, err, out)
	}
	return nil
}

// pending counts what is left at the ledger and not in the log.
func (p *project) pending(ctx context.Context) (int, error) {
	out, err := p.git(ctx, "ls-remote", "origin", "refs/gateledger/pending/*")
	return len(strings.Fields(out)) / 2, err
}

// secrets are what the project has given its jobs.
func (p *project) secrets() map[string]string {
	return map[string]string{"GATELEDGER_EVENT_KEY": p.key, "GATELEDGER_LOG_KEY": p.logKey}
}

// noSecrets is an error if a run shows a secret. act hides whole secrets; a real
// runner, too, hides each line, so lines are what is looked for.
func (p *project) noSecrets(r *result) error {
	for _, secret := range []string{p.rig.writes, p.rig.reads, githubtest.JobToken, p.key, p.logKey} {
		for part := range strings.Lines(secret) {
			part = strings.TrimSpace(part)
			if len(part) > 12 && !strings.HasPrefix(part, "-----") && strings.Contains(r.all, part) {
				return fmt.Errorf("the run shows a secret: %.6s…", part)
			}
		}
	}
	return nil
}
