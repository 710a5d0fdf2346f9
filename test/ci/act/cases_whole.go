// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The whole of it by the published workflow. A deployment that fails is recorded
// as that, and the same run may try again.
func reusable(ctx context.Context, p *project) error {
	run := start{workflow: "reusable.yml", secrets: p.secrets(), run: "3001"}
	r, err := p.act(ctx, run)
	if err != nil {
		return err
	}
	p.check(r.exit == 0, "exit %d of a pending run", r.exit)
	p.ended(r, map[string]string{"build": "success", "record": "success", "gate": "success", "deploy": "skipped"})
	p.gives(r, "gate", "gate", "verdict", "pending")
	if err := p.approved(ctx, p.asked(r)); err != nil {
		return err
	}
	run.env = map[string]string{"RIG_DEPLOY": "broken"}
	if r, err = p.act(ctx, run); err != nil {
		return err
	}
	p.gives(r, "gate", "gate", "verdict", "allowed")
	p.ended(r, map[string]string{"deploy": "failure"})
	p.shows(r, "deployed", "NOT YET RECORDED: deployment of dist/app")
	run.env = nil
	if r, err = p.act(ctx, run); err != nil {
		return err
	}
	p.gives(r, "gate", "gate", "verdict", "allowed")
	p.ended(r, map[string]string{"deploy": "success"})
	p.check(r.left("deployed"), "nothing was deployed")
	if _, err := p.gateledger(ctx, "integrate"); err != nil {
		return err
	}
	out, err := p.gateledger(ctx, "verify", "environment", "production")
	p.check(err == nil && strings.Contains(out, "healthy"), "verify environment: %v\n%s", err, out)
	return nil
}

// What "gateledger init --github" writes is run as it stands, but for a
// deployment that can fail, with the secrets that it says to store.
func whatInitWrites(ctx context.Context, p *project) error {
	if err := p.startOver(ctx); err != nil {
		return err
	}
	if _, err := p.gateledger(ctx, "init", "--github", "--plan", "github-team"); err != nil {
		return err
	}
	if err := p.readKeys("log/*.key", "event/*-ci.pem"); err != nil {
		return err
	}
	if err := p.adapt("gateledger-release.yml", map[string]string{
		`run: echo "this is where`: `run: test "$RIG_DEPLOY" != broken && echo "this is where`,
		`gzip -n > dist`:           `{ gzip -n; printf "%s" "${RIG_BYTES-}"; } > dist`,
	}); err != nil {
		return err
	}
	if err := p.appoint(ctx); err != nil {
		return err
	}
	run := start{workflow: "gateledger-release.yml", secrets: p.secrets()}
	r, err := p.act(ctx, run)
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "success", "record": "success", "gate": "success", "deploy": "skipped"})
	p.gives(r, "gate", "gate", "verdict", "pending")
	if err := p.approved(ctx, p.asked(r)); err != nil {
		return err
	}
	if err := p.otherBytes(ctx, run); err != nil {
		return err
	}
	for _, deploys := range []string{"broken", "well"} {
		run.env = map[string]string{"RIG_DEPLOY": deploys}
		if r, err = p.act(ctx, run); err != nil {
			return err
		}
		p.gives(r, "gate", "gate", "verdict", "allowed")
		p.ended(r, map[string]string{"deploy": map[bool]string{true: "success", false: "failure"}[deploys == "well"]})
		p.shows(r, "deployed", "NOT YET RECORDED: deployment of dist/app.tar.gz")
	}
	return nil
}

// adapt puts other text in the place of what a workflow of the project has once.
func (p *project) adapt(name string, texts map[string]string) error {
	file := filepath.Join(p.dir, ".github/workflows", name)
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text := string(data)
	for old, with := range texts {
		if strings.Count(text, old) != 1 {
			return fmt.Errorf("%s has %d times %s", name, strings.Count(text, old), old)
		}
		text = strings.Replace(text, old, with, 1)
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// A folder is deployed by its digest, which is the one that 'gateledger' takes.
func reusableFolder(ctx context.Context, p *project) error {
	if err := p.adapt("reusable.yml", map[string]string{
		"build-command: ./build":  `build-command: ./build && rm dist/stale && mkdir "dist/a b" && cp dist/app "dist/a b/c  d" && cp dist/app "dist/a-b"`,
		"artifact: dist/app":      "artifact: dist",
		`cp dist/app "$RIG_RESUL`: `test -f "dist/a b/c  d" && test ! -e dist/stale && cp dist/app "$RIG_RESUL`,
	}); err != nil {
		return err
	}
	// What the checkout has in that place is not deployed.
	if err := os.MkdirAll(filepath.Join(p.dir, "dist"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.dir, "dist/stale"), nil, 0o644); err != nil {
		return err
	}
	if _, err := p.git(ctx, "add", "--force", "dist/stale"); err != nil {
		return err
	}
	if err := p.commit(ctx, "A folder"); err != nil {
		return err
	}
	run := start{workflow: "reusable.yml", secrets: p.secrets(), run: "3101"}
	r, err := p.act(ctx, run)
	if err != nil {
		return err
	}
	if err := p.approved(ctx, p.asked(r)); err != nil {
		return err
	}
	return p.deploys(ctx, run)
}

// The event that tells of the second attempt's build is lost, or was taken away.
// What the first attempt built was approved, and the second built other bytes:
// those are asked about, and are not deployed.
func lostRecord(ctx context.Context, p *project) error {
	run := start{workflow: "reusable.yml", secrets: p.secrets(), run: "3201"}
	r, err := p.act(ctx, run)
	if err != nil {
		return err
	}
	if err := p.approved(ctx, p.asked(r)); err != nil {
		return err
	}
	if err := p.otherBytes(ctx, run); err != nil {
		return err
	}
	return p.deploys(ctx, run)
}

// deploys: a run of bytes that were approved deploys them.
func (p *project) deploys(ctx context.Context, run start) error {
	r, err := p.act(ctx, run)
	if err != nil {
		return err
	}
	p.gives(r, "gate", "gate", "verdict", "allowed")
	p.ended(r, map[string]string{"deploy": "success", "deployed": "success"})
	p.check(r.left("deployed"), "what was approved is not deployed")
	return nil
}

// otherBytes is an attempt of a run, whose bytes were approved, that builds
// others and whose signed events are deleted as soon as they are pushed.
func (p *project) otherBytes(ctx context.Context, run start) error {
	if _, err := p.gateledger(ctx, "integrate"); err != nil { // so that the votes stay
		return err
	}
	hook := filepath.Join(p.rig.repositories(), "acme", p.name+".git", "hooks/post-receive")
	if err := os.MkdirAll(filepath.Dir(hook), 0o755); err != nil {
		return err
	}
	text := "#!/bin/sh\ngit for-each-ref --format='delete %(refname)' refs/gateledger/pending | git update-ref --stdin\n" +
		"echo lost >> hooks/lost\n"
	if err := os.WriteFile(hook, []byte(text), 0o755); err != nil {
		return err
	}
	run.env = map[string]string{"RIG_BYTES": "and more", "GITHUB_RUN_ATTEMPT": "2"}
	r, err := p.act(ctx, run)
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "success", "record": "success", "deploy": "skipped"})
	verdict, _ := r.output("gate", "gate", "verdict")
	p.check(verdict == "pending", "the gate says %q of bytes that nobody approved", verdict)
	p.check(!r.left("deployed"), "bytes that nobody approved were deployed")
	if _, err := os.Stat(filepath.Join(filepath.Dir(hook), "lost")); err != nil {
		return fmt.Errorf("no event was lost: %w", err)
	}
	waiting, err := p.pending(ctx)
	p.check(waiting == 0, "%d events wait", waiting)
	if err != nil {
		return err
	}
	return os.Remove(hook)
}
