// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gateOf is a job whose gate is a fake: what it is given is in the notes.
func (p *place) gateOf(t *testing.T, in inputs) (r *runner, notes string) {
	t.Helper()
	r = p.job("99")
	r.t = t
	notes = r.fakes()
	r.give(inputs{"log-key": p.logKey, "github-token": "FORGE-WORD"})
	r.give(in)
	return r, notes
}

// What the gate gets to speak with GitHub: a token in its environment and
// nobody else's, and whether to tell of the answer.
func TestGateAndTheForge(t *testing.T) {
	p := newPlace(t)
	for fact, c := range map[string]struct {
		in   inputs
		want string
	}{
		"nothing is told":            {inputs{}, ""},
		"not wanted":                 {inputs{"report": "none"}, ""},
		"as it stands in a block":    {inputs{"report": "none\n"}, ""},
		"required":                   {inputs{"report": "required"}, "--report=required"},
		"best effort":                {inputs{"report": "best-effort"}, "--report=best-effort"},
		"all that a front door sets": {inputs{"report": "", "remote": "auto"}, ""},
	} {
		t.Run(fact, func(t *testing.T) {
			r, notes := p.gateOf(t, c.in)
			seen := filepath.Join(r.home, "what git sees")
			r.shadow("git", "env >>'"+seen+"'\nexec "+realGit(t)+" \"$@\"\n")
			if o := r.run("run.sh", "gate"); o.code != 0 {
				t.Fatalf("exit %d: %s", o.code, o.talk)
			}
			told := slices.DeleteFunc(r.arguments(notes), func(a string) bool { return !strings.HasPrefix(a, "--report") })
			if strings.Join(told, " ") != c.want {
				t.Errorf("told %q, want %q", told, c.want)
			}
			if env := text(t, notes, "env"); !strings.Contains(env, "\nGITHUB_TOKEN=FORGE-WORD\n") || strings.Count(env, "FORGE-WORD") != 1 {
				t.Errorf("the gate's environment:\n%s", env)
			}
			for where, talk := range map[string]string{"an argument": text(t, notes, "args"), "git's environment": text(t, seen)} {
				if strings.Contains(talk, "FORGE-WORD") {
					t.Errorf("the token is in %s", where)
				}
			}
			r.leavesNothing(t)
		})
	}
	r, notes := p.gateOf(t, inputs{"github-token": ""})
	r.env["GITHUB_TOKEN"] = "OF-THE-STEP"
	if o := r.run("run.sh", "gate"); o.code != 0 || !strings.Contains(text(t, notes, "env"), "\nGITHUB_TOKEN=OF-THE-STEP\n") {
		t.Errorf("without the input, the step's own variable is gone: exit %d: %s", o.code, o.talk)
	}
}

func realGit(t *testing.T) string {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		file := filepath.Join(dir, "git")
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	t.Fatal("there is no git")
	return ""
}

// How a gate waits and breaks the glass.
func TestGateInputsBecomeFlags(t *testing.T) {
	p := newPlace(t)
	for fact, c := range map[string]struct {
		in   inputs
		want []string
	}{
		"as it is":     {inputs{"break-glass": "false", "wait-for": "", "reason": "", "ticket": ""}, []string{"--break-glass=false"}},
		"it waits":     {inputs{"wait-for": "1h30m"}, []string{"wait", "--for=1h30m"}},
		"an emergency": {inputs{"break-glass": "true", "reason": "the site is $(down)", "ticket": "INC-7"}, []string{"--break-glass=true", "--reason=the site is $(down)", "--ticket=INC-7"}},
	} {
		t.Run(fact, func(t *testing.T) {
			r, notes := p.gateOf(t, c.in)
			if o := r.run("run.sh", "gate"); o.code != 0 {
				t.Fatalf("exit %d: %s", o.code, o.talk)
			}
			args := r.arguments(notes)
			for _, want := range c.want {
				if !slices.Contains(args, want) || want == "wait" && args[0] != want {
					t.Errorf("called with %q, want %q", args, want)
				}
			}
			if slices.Contains(args, "wait") && c.in["wait-for"] == "" {
				t.Errorf("it waits: %q", args)
			}
		})
	}
}

// A gate that downloads brings gateledger-remote, unless it is told not to; one
// whose programs are there already makes do with them.
func TestGateBringsTheRemote(t *testing.T) {
	const remote = "gateledger-remote_linux_amd64"
	p := newPlace(t)
	for fact, c := range map[string]struct {
		action string
		in     inputs
		want   bool
	}{
		"the gate, left to us":         {"gate", inputs{"remote": "auto"}, true},
		"the gate, not wanted":         {"gate", inputs{"remote": "false"}, false},
		"a record, left to us":         {"record", inputs{"remote": "auto"}, false},
		"a record, wanted":             {"record", inputs{"remote": "true"}, true},
		"a verifier, left to us":       {"verify", inputs{"remote": "false"}, false},
		"a verifier, wanted":           {"verify", inputs{"remote": "true"}, true},
		"a record that signs by an id": {"record", inputs{"remote": "auto", "keyless": "true"}, true},
	} {
		t.Run(fact, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, recorder) })
			pins := ""
			for _, name := range []string{"gateledger-gate_linux_amd64", "gateledger-record_linux_amd64", "gateledger-verify_linux_amd64", remote} {
				pins += sum(recorder) + "  " + name + "\n"
			}
			r := released(t, s, pins)
			for name, value := range p.job("99").env {
				if strings.HasPrefix(name, "GITHUB_SERVER") || strings.HasPrefix(name, "GITHUB_SHA") || strings.HasPrefix(name, "INPUT_TOKEN") {
					r.env[name] = value
				}
			}
			r.env["FAKE"] = t.TempDir()
			r.env["ACTIONS_ID_TOKEN_REQUEST_URL"] = "https://token.example.org"
			r.give(inputs{"keyless": "false"})
			r.give(c.in)
			o := r.run("run.sh", c.action)
			if got := strings.Contains(o.talk, remote); o.code != 0 || got != c.want {
				t.Errorf("exit %d, brought %t, want %t: %s", o.code, got, c.want, o.talk)
			}
		})
	}
	r, notes := p.gateOf(t, inputs{"remote": "auto", "binary-path": "alone"})
	r.write(filepath.Join(r.workspace, "alone", "gateledger-gate"), recorder, 0o755)
	if o := r.run("run.sh", "gate"); o.code != 0 || len(r.arguments(notes)) == 0 {
		t.Errorf("without a gateledger-remote beside it: exit %d: %s", o.code, o.talk)
	}
}

// What stops a step of ours stands on the first page of the run, in one line.
func TestErrorsAreAnnotated(t *testing.T) {
	for action, in := range map[string]inputs{
		"record": {"kind": "build\n::error::x"}, "gate": {"report": "::warning::x"}, "sbom": {"pretty": "maybe"}, "setup": {"programs": "sh"},
	} {
		r := newRunner(t)
		r.fakes()
		r.env["GITHUB_ACTIONS"] = "true"
		r.give(in)
		o := r.run("run.sh", action)
		var commands []string
		for line := range strings.Lines(o.out + o.talk) {
			if strings.HasPrefix(line, "::") {
				commands = append(commands, line)
			}
		}
		if o.code != 2 || len(commands) != 1 || !strings.HasPrefix(commands[0], "::error title=Gateledger::") {
			t.Errorf("%s: exit %d, commands %q: %s", action, o.code, commands, o.talk)
		}
	}
}
