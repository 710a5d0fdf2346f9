// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// A testCase is a story of one project.
type testCase struct {
	name string
	run  func(context.Context, *project) error
}

func cases() []testCase {
	return []testCase{
		// The longest first, so that they don't come last.
		{"pending then allowed", pendingThenAllowed},
		{"matrix", matrix},
		{"reusable workflow", reusable},
		{"what init writes", whatInitWrites},
		{"reusable workflow of a folder", reusableFolder},
		{"votes at GitHub", votesAtGitHub},
		{"lost record", lostRecord},
		{"veto", veto},
		{"strict", strict},
		{"front door", frontDoor},
		{"gate not first", gateNotFirst},
		{"no inputs", noInputs},
		{"no inputs and no policy", noPolicy},
		{"nothing declared", nothingDeclared},
		{"read-only token", readOnlyToken},
		{"no secrets", noSecrets},
		{"pull request of a fork", forkPull},
		{"hostile pull request", hostilePull},
		{"hostile branch", hostileBranch},
		{"keyless without permission", keylessWithoutPermission},
		{"release", released},
		{"unreleased", unreleased},
		{"tampered tool cache", tamperedCache},
		{"tampered release", tamperedRelease},
		{"wrong checksum", wrongChecksum},
		{"release that is gone", goneRelease},
		{"plain", plain},
	}
}

// release starts release.yml with all secrets, as run id.
func (p *project) release(ctx context.Context, id string) (*result, error) {
	return p.act(ctx, start{workflow: "release.yml", secrets: p.secrets(), run: id})
}

// asked is the request that the gate of a run made. It is an error if there is
// none: a story can't go on.
func (p *project) asked(r *result) string {
	request, _ := r.output("gate", "gate", "request")
	p.check(len(request) == 64, "the request is %q", request)
	return request
}

// approved has ana and bo approve.
func (p *project) approved(ctx context.Context, request string) error {
	for _, who := range []string{"ana", "bo"} {
		if err := p.votes(ctx, who, request); err != nil {
			return err
		}
	}
	return nil
}

// The main story: nobody has voted, so the gate says so and nothing is
// deployed, though all is green; two people vote; the next run deploys just
// these bytes; another one may not use the same votes; and the log tells it all.
func pendingThenAllowed(ctx context.Context, p *project) error {
	r, err := p.release(ctx, "1001")
	if err != nil {
		return err
	}
	p.check(r.exit == 0, "exit %d of a pending run", r.exit)
	p.ended(r, map[string]string{"build": "success", "gate": "success", "deploy": "skipped"})
	count, _ := r.output("build", "sbom", "components")
	p.check(count != "" && count != "0", "%q components", count)
	for _, step := range []string{"build", "test", "list"} {
		p.gives(r, "build", step, "log-index", "")
		p.gives(r, "build", step, "bundle", "")
	}
	p.shows(r, "build", "npm")
	p.gives(r, "gate", "gate", "verdict", "pending")
	p.gives(r, "gate", "gate", "approvals", "0")
	p.shows(r, "gate", "PENDING", "ana", "bo", "gateledger approve")
	p.notes(r, "gate", "notice", "approv")
	p.keepsQuiet(r, "gate", "ALLOWED")
	if err := p.approved(ctx, p.asked(r)); err != nil {
		return err
	}
	return usedUp(ctx, p, p.asked(r))
}

// usedUp: the run that is allowed may resume until it has deployed, and no other
// run may meanwhile; then new votes are needed; and the log tells who let these
// bytes pass.
func usedUp(ctx context.Context, p *project, request string) error {
	for attempt, want := range []struct {
		run, deploys, verdict, gate, deploy string
	}{
		{"1002", "broken", "allowed", "success", "failure"},
		{"1003", "", "denied", "failure", "skipped"},
		{"1002", "", "allowed", "success", "success"},
		{"1002", "", "pending", "success", "skipped"},
	} {
		r, err := p.act(ctx, start{
			workflow: "release.yml", secrets: p.secrets(), run: want.run,
			env: map[string]string{"GITHUB_RUN_ATTEMPT": fmt.Sprint(attempt + 1), "RIG_DEPLOY": want.deploys},
		})
		if err != nil {
			return err
		}
		p.ended(r, map[string]string{"build": "success", "gate": want.gate, "deploy": want.deploy})
		p.gives(r, "gate", "gate", "verdict", want.verdict)
		p.check(r.left("deployed") == (want.deploy == "success"), "attempt %d: deployed: %v", attempt+1, r.left("deployed"))
		if want.verdict == "allowed" {
			p.gives(r, "gate", "gate", "request", request)
			p.gives(r, "gate", "gate", "approvals", "2")
			p.gives(r, "gate", "gate", "missing", "")
			p.shows(r, "gate", "ALLOWED")
		}
		if want.deploy == "success" {
			p.gives(r, "deploy", "deployed", "log-index", "")
		}
	}
	return verified(ctx, p)
}

// verified: the target's own check lets these bytes pass, no others, and none
// without a policy it trusts; a token that reads is enough.
func verified(ctx context.Context, p *project) error {
	r, err := p.act(ctx, start{workflow: "verify.yml", token: p.rig.reads})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"trusted": "success", "untrusted": "failure", "other": "failure"})
	p.gives(r, "trusted", "it", "verdict", "allowed")
	p.says(r, "untrusted", "NOT trusted")
	p.check(r.ends("untrusted", 2), "without a policy it doesn't end with exit code 2")
	for _, job := range []string{"untrusted", "other"} {
		verdict, _ := r.output(job, "it", "verdict")
		p.check(verdict != "allowed", "%s: allowed", job)
	}
	return nil
}

// Three jobs build; the gate asks about all three at once.
func matrix(ctx context.Context, p *project) error {
	go1 := start{workflow: "matrix.yml", secrets: p.secrets(), run: "2001"}
	r, err := p.act(ctx, go1)
	if err != nil {
		return err
	}
	p.check(r.jobs("build") == 3, "%d build jobs", r.jobs("build"))
	p.ended(r, map[string]string{"build": "success", "gate": "success", "deploy": "skipped"})
	p.shows(r, "gate", "app-linux", "app-macos", "app-windows")
	if err := p.approved(ctx, p.asked(r)); err != nil {
		return err
	}
	if r, err = p.act(ctx, go1); err != nil {
		return err
	}
	p.gives(r, "gate", "gate", "verdict", "allowed")
	p.ended(r, map[string]string{"deploy": "success"})
	p.check(r.left("deployed"), "nothing was deployed")
	return nil
}

// Where the artifact's name is an expression nothing is guessed.
func nothingDeclared(ctx context.Context, p *project) error {
	r, err := p.act(ctx, start{workflow: "undeclared.yml", secrets: p.secrets()})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "failure"})
	p.says(r, "build", "subject", "dist/app")
	return p.nothingLeft(ctx)
}

// nothingLeft: no event waits, and none was logged.
func (p *project) nothingLeft(ctx context.Context) error {
	waiting, err := p.pending(ctx)
	p.check(waiting == 0, "%d events wait", waiting)
	return err
}

// startOver takes log, policy and keys away.
func (p *project) startOver(ctx context.Context) error {
	for _, path := range []string{filepath.Join(p.dir, ".gateledger.yml"), filepath.Join(p.home, ".config"), filepath.Join(p.home, ".cache")} {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	_, err := p.git(ctx, "push", "--quiet", "origin", ":refs/heads/gateledger/log")
	return err
}

// One veto is red, whatever else was said.
func veto(ctx context.Context, p *project) error {
	r, err := p.release(ctx, "4001")
	if err != nil {
		return err
	}
	if err := p.votes(ctx, "ana", p.asked(r)); err != nil {
		return err
	}
	if err := p.votes(ctx, "bo", p.asked(r), "--deny", "--reason", "not on a Friday"); err != nil {
		return err
	}
	if r, err = p.release(ctx, "4002"); err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "success", "gate": "failure", "deploy": "skipped"})
	p.gives(r, "gate", "gate", "verdict", "denied")
	p.shows(r, "gate", "DENIED", "bo", "not on a Friday")
	p.notes(r, "gate", "error", "")
	p.check(!r.left("deployed"), "something was deployed")
	return nil
}

// With strict, what is not yet allowed fails; without, it is green all the same.
func strict(ctx context.Context, p *project) error {
	r, err := p.act(ctx, start{workflow: "strict.yml", secrets: p.secrets()})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "success", "advice": "success", "gate": "failure", "deploy": "skipped"})
	p.gives(r, "advice", "gate", "verdict", "pending")
	p.gives(r, "gate", "gate", "verdict", "pending")
	p.check(r.ends("gate", 8), "the gate doesn't end with exit code 8")
	p.check(!r.left("deployed"), "something was deployed")
	return nil
}

// SBOM, build, tests and the gate's answer by one step.
func frontDoor(ctx context.Context, p *project) error {
	r, err := p.act(ctx, start{workflow: "front.yml", secrets: p.secrets()})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"all": "success"})
	p.gives(r, "all", "it", "verdict", "pending")
	sum, _ := r.output("all", "it", "sbom-sha256")
	p.check(len(sum) == 64, "sbom-sha256 is %q", sum)
	// Build, tests and SBOM are there; only the people are missing.
	missing, _ := r.output("all", "it", "missing")
	p.check(missing != "", "nothing is missing")
	p.keepsQuiet(r, "all", "sbom: none", "test: none")
	p.notes(r, "all", "warning", "advice")
	return nil
}

func gateNotFirst(ctx context.Context, p *project) error {
	r, err := p.act(ctx, start{workflow: "late.yml", secrets: p.secrets()})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"release": "success"})
	p.gives(r, "release", "gate", "verdict", "pending")
	p.notes(r, "release", "warning", "The workspace is not empty")
	return nil
}
