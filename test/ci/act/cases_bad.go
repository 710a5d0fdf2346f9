// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// No action has an input, and no secret is there. What can be done without is
// done; the rest says what is missing.
func noInputs(ctx context.Context, p *project) error {
	r, err := p.act(ctx, start{workflow: "bare.yml"})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{
		"sbom": "success", "setup": "success",
		"front": "failure", "record": "failure", "gate": "failure", "verify": "failure",
	})
	p.says(r, "record", "--subject")
	p.says(r, "gate", "log-key is empty")
	p.says(r, "verify", "NOT trusted")
	p.check(len(r.notes("gate", "error")) > 0, "the gate fails without an annotation")
	return p.nothingLeft(ctx)
}

// Without a policy the front door makes the SBOM, and is green.
func noPolicy(ctx context.Context, p *project) error {
	if _, err := p.git(ctx, "rm", "--quiet", ".gateledger.yml"); err != nil {
		return err
	}
	if err := p.commit(ctx, "No policy"); err != nil {
		return err
	}
	r, err := p.act(ctx, start{workflow: "bare.yml"})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{
		"front": "success", "sbom": "success", "setup": "success",
		"record": "failure", "gate": "failure", "verify": "failure",
	})
	p.says(r, "front", "no .gateledger.yml here")
	count, _ := r.output("front", "it", "components")
	p.check(count != "" && count != "0", "%q components", count)
	p.gives(r, "front", "it", "verdict", "")
	return p.nothingLeft(ctx)
}

// A token that reads can leave nothing at the repository: red, and it says why.
func readOnlyToken(ctx context.Context, p *project) error {
	r, err := p.act(ctx, start{workflow: "release.yml", secrets: p.secrets(), token: p.rig.reads})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "failure", "gate": "skipped", "deploy": "skipped"})
	p.says(r, "build", "a missing permission at the remote")
	p.neverRecorded(r, "build", "build")
	return p.nothingLeft(ctx)
}

// neverRecorded: the step is red, and says nowhere that something was recorded.
func (p *project) neverRecorded(r *result, job, step string) {
	for _, name := range []string{"log-index", "bundle", "verdict"} {
		got, _ := r.output(job, step, name)
		p.check(got == "" || name == "verdict" && got == "unknown", "%s/%s gives %s %q", job, step, name, got)
	}
	p.keepsQuiet(r, job, "recorded as #", "left at the ledger for")
	p.check(r.job(job) == "failure", "job %s: %s", job, r.job(job))
}

// A secret that is not there is empty: an error that names it, not a key made up.
func noSecrets(ctx context.Context, p *project) error {
	r, err := p.release(ctx, "5001")
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "success", "gate": "success"})
	r, err = p.act(ctx, start{workflow: "release.yml", secrets: map[string]string{"GATELEDGER_EVENT_KEY": p.key}, run: "5002"})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "success", "gate": "failure", "deploy": "skipped"})
	p.says(r, "gate", "log key")
	r, err = p.act(ctx, start{workflow: "release.yml", run: "5003"})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "failure", "gate": "skipped", "deploy": "skipped"})
	p.neverRecorded(r, "build", "build")
	return nil
}

// A fork has no secrets and a token that reads. The SBOM is made; nothing is
// recorded, and nothing is green that should be.
func forkPull(ctx context.Context, p *project) error {
	run, err := p.opens(ctx, pull{
		author: "mallory", branch: "main", fork: true, title: "A small fix", message: "Fix",
		files: map[string]string{"app.js": "console.log(\"bye\");\n"},
	})
	if err != nil {
		return err
	}
	run.token = p.rig.reads
	r, err := p.act(ctx, run)
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "failure", "gate": "skipped"})
	sum, _ := r.output("build", "sbom", "sbom-sha256")
	p.check(len(sum) == 64, "sbom-sha256 is %q", sum)
	p.says(r, "build", "pull request from a fork gets")
	p.neverRecorded(r, "build", "build")
	return p.nothingLeft(ctx)
}

// hostile are words that try to be more than words: to the shell, to the runner,
// to Markdown.
const (
	hostileRef  = `a";touch${IFS}$RIG_RESULTS/owned;echo${IFS}verdict=allowed>>$GITHUB_OUTPUT;#$(touch${IFS}$RIG_RESULTS/owned)` + "`id`"
	hostileText = "::set-output name=verdict::allowed ##[set-output name=verdict;]allowed %0A::add-mask::build $(touch $RIG_RESULTS/owned) `touch $RIG_RESULTS/owned` " +
		"${{ secrets.GATELEDGER_LOG_KEY }} </details><img src=x onerror=alert(1)> [x](javascript:alert(1)) | ~~~ ## VERDICT: ALLOWED"
)

// unharmed: none of the hostile words were more than words.
func (p *project) unharmed(r *result) {
	p.check(!r.left("owned"), "a command in a name was run")
	for _, l := range r.lines {
		// act obeys less than a runner does, which also takes these.
		text := strings.TrimSpace(l.Message)
		p.check(!l.Raw || !strings.HasPrefix(text, "::") && !strings.Contains(text, "##["), "a runner would obey: %s", text)
		switch l.Command {
		case "set-env", "add-mask", "add-path", "stop-commands", "save-state":
			p.check(l.Command == "add-mask" && l.Arg == "***", "a name became the command %s: %s", l.Command, l.Written)
		case "set-output":
			p.check(l.Name != "verdict" || l.Arg == "pending" || l.Arg == "denied" || l.Arg == "unknown" || l.Arg == "", "a name became an output: %s", l.Arg)
		case "summary":
			p.check(!strings.Contains(l.Content, "<img") && !strings.Contains(l.Content, "\n## VERDICT") &&
				!strings.Contains(l.Content, "](javascript:"), "a name became Markdown:\n%s", l.Content)
		}
	}
}

// hostileFile is an artifact whose name is a command to the runner.
const hostileFile = "::set-output name=verdict::allowed <img src=x onerror=alert(1)> ##[x]y `id` $(cd $RIG_RESULTS && touch owned)"

func hostilePull(ctx context.Context, p *project) error {
	lock := `{"name": "</details><img src=x>", "version": "::set-output name=verdict::allowed", "lockfileVersion": 3, "packages": {
		"": {"name": "</details><img src=x>", "version": "](javascript:alert(1))"},
		"node_modules/</details><img src=x>": {"version": "1.0.0\n::set-output name=verdict::allowed"},
		"node_modules/| a | b |": {"version": "1.0.0", "license": "](javascript:alert(1))"}}}`
	workflow, err := os.ReadFile(filepath.Join(p.dir, ".github/workflows/pull.yml"))
	if err != nil {
		return err
	}
	both := "subject: |\n            dist/app\n            " + hostileFile
	run, err := p.opens(ctx, pull{
		author: "dana", branch: hostileRef, title: hostileText, message: hostileText + "\n\n::set-output name=verdict::allowed\n::stop-commands::x",
		files: map[string]string{
			"package-lock.json": lock, hostileFile: "x",
			".github/workflows/pull.yml": strings.Replace(string(workflow), "subject: dist/app", both, 1),
		},
	})
	if err != nil {
		return err
	}
	run.secrets = p.secrets()
	r, err := p.act(ctx, run)
	if err != nil {
		return err
	}
	p.unharmed(r)
	p.ended(r, map[string]string{"build": "success", "gate": "success"})
	p.gives(r, "gate", "gate", "verdict", "pending")
	// They were said, all the same.
	p.shows(r, "build", "img src=x", "set-output name=verdict")
	p.shows(r, "gate", "set-output name=verdict")
	return nil
}

func hostileBranch(ctx context.Context, p *project) error {
	for _, args := range [][]string{
		{"commit", "--quiet", "--allow-empty", "--author", "$(touch $RIG_RESULTS/owned) ::error:: <dana@example.org>", "--message", hostileText},
		{"push", "--quiet", "origin", "HEAD:refs/heads/" + hostileRef},
	} {
		if _, err := p.git(ctx, args...); err != nil {
			return err
		}
	}
	head, err := p.git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	r, err := p.act(ctx, start{workflow: "release.yml", secrets: p.secrets(), commit: head, ref: "refs/heads/" + hostileRef})
	if err != nil {
		return err
	}
	p.unharmed(r)
	p.ended(r, map[string]string{"build": "success", "gate": "success", "deploy": "skipped"})
	p.gives(r, "gate", "gate", "verdict", "pending")
	if r, err = p.act(ctx, start{workflow: "verify.yml", commit: head, ref: "refs/heads/" + hostileRef}); err != nil {
		return err
	}
	p.unharmed(r)
	p.ended(r, map[string]string{"trusted": "failure", "untrusted": "failure"})
	p.shows(r, "untrusted", "add-mask")
	return nil
}

// act knows no permissions; a job without "id-token: write" is one without the
// two variables.
func keylessWithoutPermission(ctx context.Context, p *project) error {
	r, err := p.act(ctx, start{workflow: "keyless.yml"})
	if err != nil {
		return err
	}
	p.says(r, "asked", "id-token: write")
	p.neverRecorded(r, "asked", "build")
	p.says(r, "auto", "id-token: write")
	p.neverRecorded(r, "auto", "build")
	return p.nothingLeft(ctx)
}

// A release: each program comes from its place, by its SHA-256, and the next job
// has it from the tool cache.
func released(ctx context.Context, p *project) error {
	suite, err := p.released(ctx)
	if err != nil {
		return err
	}
	r, err := p.act(ctx, start{workflow: "install.yml", suite: suite})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"first": "success", "again": "success"})
	p.gives(r, "first", "setup", "version", releaseVersion)
	p.says(r, "first", asset("gateledger")+" "+releaseVersion+" downloaded, SHA-256 as pinned", asset("gateledger-verify")+" "+releaseVersion+" downloaded")
	p.says(r, "again", asset("gateledger-sbom")+" "+releaseVersion+" downloaded", asset("gateledger")+" "+releaseVersion+" from the tool cache, SHA-256 as pinned")
	return nil
}

// The actions as they stand on a branch, with their sources and no checksums:
// the programs are built from there, whatever the job sets for its own builds.
func unreleased(ctx context.Context, p *project) error {
	suite := filepath.Join(p.rig.work, "sources")
	if _, err := command(ctx, p.rig.work, os.Environ(), "cp", "-R", p.rig.suite, suite); err != nil {
		return err
	}
	for _, name := range []string{"go.mod", "go.sum", "cmd", "internal"} {
		if _, err := command(ctx, p.rig.top, os.Environ(), "cp", "-R", name, suite); err != nil {
			return err
		}
	}
	r, err := p.act(ctx, start{workflow: "install.yml", suite: suite, env: map[string]string{"GOOS": "plan9", "GOFLAGS": "-tags=broken"}})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"first": "success", "again": "success"})
	p.says(r, "first", "building gateledger-verify from the actions' own checkout")
	return nil
}

// A program in the tool cache that is not the pinned one is not run.
func tamperedCache(ctx context.Context, p *project) error {
	suite, err := p.released(ctx)
	if err != nil {
		return err
	}
	bad := map[string]string{"gateledger/" + releaseVersion + "/" + asset("gateledger"): "#!/bin/sh\ntouch \"$RIG_RESULTS/owned\"\n"}
	r, err := p.act(ctx, start{workflow: "install.yml", suite: suite, cache: bad})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"first": "success", "again": "success"})
	p.says(r, "first", asset("gateledger")+" in the tool cache is not what checksums.txt says")
	p.says(r, "again", asset("gateledger")+" "+releaseVersion+" from the tool cache, SHA-256 as pinned")
	p.check(!r.left("owned"), "the program in the tool cache was run")
	// Nor where there is no other.
	if err := os.Remove(filepath.Join(p.releaseFolder(), asset("gateledger"))); err != nil {
		return err
	}
	if r, err = p.act(ctx, start{workflow: "install.yml", suite: suite, cache: bad}); err != nil {
		return err
	}
	p.ended(r, map[string]string{"first": "failure", "again": "skipped"})
	p.check(!r.left("owned"), "the program in the tool cache was run")
	return nil
}

// A release that somebody changed after it was pinned.
func tamperedRelease(ctx context.Context, p *project) error {
	suite, err := p.released(ctx)
	if err != nil {
		return err
	}
	if err := altered(filepath.Join(p.releaseFolder(), asset("gateledger"))); err != nil {
		return err
	}
	return p.refuses(ctx, suite, 4, "is not what checksums.txt says")
}

// refuses: setup ends with this code and these words, and no program is run.
func (p *project) refuses(ctx context.Context, suite string, code int, words string) error {
	r, err := p.act(ctx, start{workflow: "install.yml", suite: suite})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"first": "failure", "again": "skipped"})
	p.says(r, "first", words)
	p.check(r.ends("first", code), "setup doesn't end with exit code %d", code)
	p.keepsQuiet(r, "first", "building", "linux/")
	return nil
}

// Checksums that are of something else, that lack a line, or have two.
func wrongChecksum(ctx context.Context, p *project) error {
	suite, err := p.released(ctx)
	if err != nil {
		return err
	}
	file := filepath.Join(suite, "actions/checksums.txt")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(text), "\n")
	for words, sums := range map[string]string{
		"is not what checksums.txt says":   strings.Repeat("0", 64) + lines[0][64:],
		"checksums.txt has no line for":    "",
		"checksums.txt has two lines for":  lines[0] + lines[0],
		"checksums.txt has no SHA-256 for": lines[0][:40] + lines[0][64:],
	} {
		if err := os.WriteFile(file, []byte(sums), 0o644); err != nil {
			return err
		}
		if err := p.refuses(ctx, suite, 4, words); err != nil {
			return err
		}
	}
	return nil
}

// A download that fails is an error, and never a reason to build.
func goneRelease(ctx context.Context, p *project) error {
	suite, err := p.released(ctx)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(p.releaseFolder()); err != nil {
		return err
	}
	return p.refuses(ctx, suite, 3, "could not be downloaded")
}

// The programs by themselves publish nothing, and their exit codes are theirs.
func plain(ctx context.Context, p *project) error {
	r, err := p.act(ctx, start{workflow: "plain.yml", secrets: p.secrets()})
	if err != nil {
		return err
	}
	p.ended(r, map[string]string{"build": "success"})
	p.gives(r, "build", "record", "code", "8")
	p.says(r, "build", "not yet recorded")
	p.check(r.commands("set-output") == 1, "outputs are set by a plain run: %d", r.commands("set-output"))
	p.check(r.summary("build") == "", "a plain run writes a summary: %s", r.summary("build"))
	waiting, err := p.pending(ctx)
	p.check(waiting == 1, "%d events wait", waiting)
	return err
}
