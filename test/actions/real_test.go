// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/git/gittest"
)

const (
	rightToken = "RIGHT-TOKEN-SECRET"
	repository = "acme/app"
)

// A place is a repository at a git host that asks for a token, with a policy and
// a shared log, and the keys that its owner has stored as secrets.
type place struct {
	t                *testing.T
	git              *gittest.Server
	url              string // of the host
	bin              string // our programs
	owner            string // the owner's home; their checkout is in it
	commit           string
	eventKey, logKey string
	policy           string // its digest
	approvers        []string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:"+rightToken))
	p := &place{t: t, git: gittest.Serve(t, gittest.Options{Authorization: want}), owner: t.TempDir(), approvers: []string{"ana", "bo"}}
	p.git.Git("config", "uploadpack.allowFilter", "true")
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, "/"+repository)
		if !ok {
			http.NotFound(w, r)
			return
		}
		r.URL.Path = "/remote.git" + rest
		p.git.ServeHTTP(w, r)
	}))
	t.Cleanup(host.Close)
	p.url = host.URL
	p.programs()
	p.found()
	return p
}

// programs makes a folder with our programs, each of which is this test.
func (p *place) programs() {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	p.bin = p.t.TempDir()
	for name := range verbs() {
		script := "#!/bin/sh\nexport " + beOurs + "=" + name + "\nexec '" + self + "' \"$@\"\n"
		if err := os.WriteFile(filepath.Join(p.bin, name), []byte(script), 0o755); err != nil {
			p.t.Fatal(err)
		}
	}
}

// found is what the owner does once.
func (p *place) found() {
	p.t.Helper()
	p.asOwner("git", "init", "--quiet", "--initial-branch=main")
	p.asOwner("git", "remote", "add", "origin", p.git.Dir)
	p.asOwner("git", "config", "user.name", "Dana")
	p.asOwner("git", "config", "user.email", "dana@example.org")
	p.asOwner("gateledger", "init", "--ledger", "git:origin")
	for _, who := range p.approvers {
		p.keyOf(who)
		p.asOwner("gateledger", "policy", "add", who, "--ssh", who+".pub", "--email", who+"@example.org", "--role", "lead")
	}
	p.keyOf("dana")
	p.asOwner("gateledger", "policy", "add", "dana", "--ssh", "dana.pub", "--email", "dana@example.org", "--github-id", "1")
	for name, text := range map[string]string{
		"go.mod": "module example.org/app\n\ngo 1.21\n", "main.go": "package main\n",
		".github/workflows/release.yml": "name: release\non: push\njobs: {gate: {environment: production, runs-on: x, steps: []}}\n",
	} {
		file := filepath.Join(p.owner, "checkout", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	p.asOwner("git", "add", "go.mod", "main.go", ".github", ".gateledger.yml")
	p.asOwner("git", "commit", "--quiet", "--message", "first")
	p.asOwner("git", "push", "--quiet", "origin", "HEAD:refs/heads/main")
	p.commit = strings.TrimSpace(p.asOwner("git", "rev-parse", "HEAD"))
	ring := filepath.Join(p.owner, ".config", "gateledger")
	p.logKey, p.eventKey = p.only(ring, "log/*.key"), p.only(ring, "event/*.pem")
	p.policy = "sha256:" + sum(text(p.t, p.owner, "checkout", ".gateledger.yml"))
}

func (p *place) only(dir, pattern string) string {
	p.t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		p.t.Fatal(found, err)
	}
	return text(p.t, found[0])
}

func (p *place) keyOf(who string) {
	p.t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, who)
	if err != nil {
		p.t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		p.t.Fatal(err)
	}
	for name, data := range map[string][]byte{who: pem.EncodeToMemory(block), who + ".pub": ssh.MarshalAuthorizedKey(key)} {
		if err := os.WriteFile(filepath.Join(p.owner, "checkout", name), data, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
}

// asOwner runs a program on the owner's own machine.
func (p *place) asOwner(name string, args ...string) string {
	p.t.Helper()
	dir := filepath.Join(p.owner, "checkout")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if name == "gateledger" {
		name = filepath.Join(p.bin, name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.owner}
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil && !strings.Contains(talk.String(), "not yet cast") {
		p.t.Fatalf("%s %q: %v\n%s", name, args, err, &talk)
	}
	return out.String()
}

// job is a runner of a new run, with the secrets of the repository.
func (p *place) job(run string) *runner {
	p.t.Helper()
	r := newRunner(p.t)
	for name, value := range map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": p.url, "GITHUB_REPOSITORY": repository, "GITHUB_REPOSITORY_ID": "7",
		"GITHUB_RUN_ID": run, "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "gate", "GITHUB_EVENT_NAME": "push",
		"GITHUB_WORKFLOW_REF": repository + "/.github/workflows/release.yml@refs/heads/main", "GITHUB_REF": "refs/heads/main",
		"GITHUB_ACTOR": "dana", "GITHUB_ACTOR_ID": "1", "GITHUB_TRIGGERING_ACTOR": "dana", "GITHUB_SHA": p.commit,
		"INPUT_BINARY_PATH": p.bin, "INPUT_KEY": p.eventKey, "INPUT_TOKEN": rightToken,
	} {
		r.env[name] = value
	}
	return r
}

// checkout is what a job begins with that works on the project's files.
func (p *place) checkout(r *runner, keepToken bool) {
	p.t.Helper()
	header := "http." + p.url + "/.extraheader"
	token := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:"+rightToken))
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"remote", "add", "origin", p.url + "/" + repository},
		{"config", header, token},
		{"fetch", "--quiet", "--depth=1", "origin", p.commit},
		{"checkout", "--quiet", "--detach", "FETCH_HEAD"},
	} {
		r.git(args...)
	}
	if !keepToken {
		r.git("config", "--unset", header)
	}
	r.write(filepath.Join(r.workspace, "dist", "app"), "the artifact\n", 0o755)
}

func (r *runner) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.workspace}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.home}
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// output reads GITHUB_OUTPUT as the runner does: name=value, or name<<end. The
// last of each name holds.
func (r *runner) output(name string) string {
	r.t.Helper()
	value, end, in := "", "", ""
	var lines []string
	for line := range strings.Lines(text(r.t, r.env["GITHUB_OUTPUT"])) {
		line = strings.TrimSuffix(line, "\n")
		switch at, rest, ok := strings.Cut(line, "<<"); {
		case end != "" && line == end:
			if in == name {
				value = strings.Join(lines, "\n")
			}
			end, lines = "", nil
		case end != "":
			lines = append(lines, line)
		case ok && !strings.Contains(at, "="):
			in, end = at, rest
		default:
			if at, rest, _ := strings.Cut(line, "="); at == name {
				value = rest
			}
		}
	}
	return value
}

func (p *place) pending() int {
	return strings.Count(p.git.Git("for-each-ref", "refs/gateledger/pending"), "refs/gateledger/pending/")
}

// The whole of it, with our own programs: a build job without the log key, the
// gate without a checkout, two people, the gate again, and the target's check.
func TestRelease(t *testing.T) {
	p := newPlace(t)
	build := p.job("4711")
	p.checkout(build, false)
	config := text(t, build.workspace, ".git", "config")
	for _, in := range []inputs{
		{"kind": "build", "subject": "dist/app"},
		{"kind": "sbom", "subject": "dist/app", "report": build.write(filepath.Join(build.home, "sbom.json"), `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[]}`, 0o644)},
		{"kind": "", "subject": "dist/app", "report": build.write(filepath.Join(build.home, "tests.json"), goTests, 0o644)},
	} {
		build.give(in)
		o := build.run("run.sh", "record")
		if o.code != 0 || build.output("verdict") != "pending" && build.output("log-index") != "" {
			t.Fatalf("%q: exit %d, verdict %q: %s", in, o.code, build.output("verdict"), o.talk)
		}
	}
	if p.pending() != 3 || text(t, build.workspace, ".git", "config") != config {
		t.Fatalf("%d events wait, and the checkout's settings are\n%s", p.pending(), text(t, build.workspace, ".git", "config"))
	}
	build.leavesNothing(t)

	gate := p.job("4711")
	gate.give(inputs{"log-key": p.logKey})
	o := gate.run("run.sh", "gate")
	if o.code != 0 || gate.output("verdict") != "pending" || len(gate.output("request")) < 12 || strings.Contains(o.out+o.talk, "::warning title=Gateledger gate") {
		t.Fatalf("exit %d, verdict %q of %q: %s%s", o.code, gate.output("verdict"), gate.output("request"), o.out, o.talk)
	}
	if summary := text(t, gate.env["GITHUB_STEP_SUMMARY"]); !strings.Contains(summary, gate.output("request")[:12]) {
		t.Errorf("the summary does not name the request:\n%s", summary)
	}
	if p.pending() != 0 {
		t.Errorf("%d events still wait", p.pending())
	}
	gate.give(inputs{"strict": "true"})
	if o := gate.run("run.sh", "gate"); o.code != 8 || gate.output("verdict") != "pending" {
		t.Errorf("strict: exit %d, verdict %q: %s", o.code, gate.output("verdict"), o.talk)
	}
	for _, who := range p.approvers {
		p.asOwner("gateledger", "approve", gate.output("request"), "--ssh", who, "--yes")
	}
	again := p.job("4711")
	again.give(inputs{"log-key": p.logKey})
	if o := again.run("run.sh", "gate"); o.code != 0 || again.output("verdict") != "allowed" || again.output("request") != gate.output("request") {
		t.Fatalf("exit %d, verdict %q: %s%s", o.code, again.output("verdict"), o.out, o.talk)
	}
	again.leavesNothing(t)
	if found := left(t, []string{rightToken, p.logKey, p.eventKey}, again.temp, again.workspace, again.home); len(found) > 0 {
		t.Errorf("left behind: %q", found)
	}
	p.targetChecks()
}

// targetChecks is the last step of TestRelease: what is allowed is so for these
// bytes and no others, under a policy that is trusted.
func (p *place) targetChecks() {
	for fact, c := range map[string]struct {
		in   inputs
		code int
	}{
		"these bytes":             {inputs{"for": "dist/app", "environment": "production", "policy": p.policy}, 0},
		"other bytes":             {inputs{"for": "main.go", "environment": "production", "policy": p.policy}, 1},
		"nobody trusts anything":  {inputs{"for": "dist/app", "environment": "production"}, 2},
		"the whole ledger":        {inputs{"policy": p.policy}, 0},
		"a policy that is no one": {inputs{"policy": "sha256:" + sum("no policy")}, 2},
	} {
		r := p.job("4712")
		p.checkout(r, false)
		r.give(c.in)
		delete(r.env, "INPUT_KEY")
		if o := r.run("run.sh", "verify"); o.code != c.code {
			p.t.Errorf("%s: exit %d, want %d: %s%s", fact, o.code, c.code, o.out, o.talk)
		}
	}
}

const goTests = `{"Action":"run","Package":"example.org/app","Test":"TestApp"}
{"Action":"pass","Package":"example.org/app","Test":"TestApp","Elapsed":0.01}
{"Action":"pass","Package":"example.org/app","Elapsed":0.02}
`

// How git gets in, from a checkout and without one.
func TestTokens(t *testing.T) {
	p := newPlace(t)
	for fact, c := range map[string]struct {
		action string
		set    func(*runner)
		code   int
		says   string
	}{
		"the token of the action":           {"record", func(r *runner) { p.checkout(r, false) }, 0, ""},
		"the checkout has kept one as well": {"record", func(r *runner) { p.checkout(r, true) }, 0, ""},
		"only the checkout has one":         {"record", func(r *runner) { p.checkout(r, true); r.env["INPUT_TOKEN"] = "" }, 0, ""},
		"a wrong token":                     {"record", func(r *runner) { p.checkout(r, false); r.env["INPUT_TOKEN"] = "wrong" }, 3, ""},
		"no token":                          {"record", func(r *runner) { p.checkout(r, false); r.env["INPUT_TOKEN"] = "" }, 3, ""},
		"the gate with a wrong token":       {"gate", func(r *runner) { r.env["INPUT_TOKEN"] = "wrong" }, 3, "git fetch failed"},
		"the gate without the log key":      {"gate", func(r *runner) { r.env["INPUT_LOG_KEY"] = "" }, 2, "log-key is empty"},
		"the gate after another header": {"gate", func(r *runner) {
			r.write(filepath.Join(r.home, ".gitconfig"), "[http \""+p.url+"/\"]\n\textraheader = AUTHORIZATION: basic bm9ib2R5Om5vdGhpbmc=\n", 0o600)
			r.give(inputs{"subject": "x@sha256:" + sum("x")})
		}, 0, ""},
		"the gate of a commit that is not there": {"gate", func(r *runner) { r.env["GITHUB_SHA"] = strings.Repeat("1", 40) }, 3, "git fetch failed"},
		"the gate in a job that did more":        {"gate", func(r *runner) { p.checkout(r, true); r.give(inputs{"subject": "dist/app"}) }, 0, "The workspace is not empty"},
	} {
		t.Run(fact, func(t *testing.T) {
			r := p.job("99")
			r.t = t
			r.give(inputs{"kind": "build", "subject": "dist/app"})
			if c.action == "gate" {
				r.give(inputs{"log-key": p.logKey, "subject": "", "kind": ""})
			}
			c.set(r)
			o := r.run("run.sh", c.action)
			if o.code != c.code || !strings.Contains(o.out+o.talk, c.says) {
				t.Errorf("exit %d, want %d with %q: %s%s", o.code, c.code, c.says, o.out, o.talk)
			}
			if strings.Contains(o.out+o.talk, rightToken) || len(left(t, []string{rightToken}, r.temp)) > 0 {
				t.Error("the token is in the log, or left behind")
			}
		})
	}
}

// A name that an input has is a flag's or an argument's, so that who knows the
// one knows the other.
func TestInputsAreCalledAsFlags(t *testing.T) {
	arguments := map[string][]string{
		"sbom": {"path"}, "record": {"kind", "report"}, "gate": nil, "verify": {"artifact", "bundle", "commit"},
	}
	ours := []string{"binary-path", "key-password", "remote", "strict", "token", "github-token", "wait-for"}
	for verb, words := range arguments {
		flags := map[string]bool{}
		var look func(*cobra.Command)
		look = func(c *cobra.Command) {
			c.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
			for _, below := range c.Commands() {
				look(below)
			}
		}
		look(verbs()["gateledger-"+verb](cli.System()))
		for _, in := range load(t, doors()[verb]).Inputs {
			if !flags[in.name] && !slices.Contains(words, in.name) && !slices.Contains(ours, in.name) {
				t.Errorf("%s: no flag is called %s", verb, in.name)
			}
		}
	}
}

// What outputs an action promises, the program writes by that name.
func TestOutputsAreThePrograms(t *testing.T) {
	known := regexp.MustCompile(`^(verdict|request|approvals|missing|bundle|log-index|checkpoint|sbom|sbom-sha256|components)$`)
	for door, file := range doors() {
		for _, out := range load(t, file).Outputs {
			if door != "setup" && !known.MatchString(out.name) {
				t.Errorf("%s: nothing writes %s", file, out.name)
			}
		}
	}
}
