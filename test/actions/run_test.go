// SPDX-License-Identifier: Apache-2.0

package actions

import (
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TEMP and WORK in an argument are the runner's folders, and * anything.
func (r *runner) matches(want, got []string) bool {
	if len(want) != len(got) {
		return false
	}
	for i, w := range want {
		w = strings.NewReplacer("TEMP", r.temp, "WORK", r.workspace).Replace(w)
		before, after, star := strings.Cut(w, "*")
		if !star && w != got[i] || star && (len(got[i]) < len(before)+len(after) || !strings.HasPrefix(got[i], before) || !strings.HasSuffix(got[i], after)) {
			return false
		}
	}
	return true
}

type inputs = map[string]string

func (r *runner) give(in inputs) {
	for name, value := range in {
		r.env["INPUT_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))] = value
	}
}

// How the inputs of each action become arguments.
func TestArguments(t *testing.T) {
	const out = "--output=TEMP/gateledger.*/bundle.sigstore.json"
	for fact, c := range map[string]struct {
		action string
		in     inputs
		want   []string
	}{
		"sbom, nothing given":     {"sbom", inputs{"path": ".", "format": "json", "spec": "1.6", "exclude": "testdata", "pretty": "false"}, []string{"--publish", "--output=TEMP/gateledger.*/sbom.cdx.json", "--format=json", "--spec=1.6", "--exclude=", "--exclude=testdata", "--pretty=false", "--", "."}},
		"sbom, excluding nothing": {"sbom", inputs{"path": "svc", "output": "out.json", "exclude": "", "allow-incomplete": "true"}, []string{"--publish", "--output=out.json", "--exclude=", "--allow-incomplete=true", "--", "svc"}},
		"sbom, of a subject":      {"sbom", inputs{"path": ".", "output": "o", "subject": "dist/a b", "exclude": "a*\nb\n"}, []string{"--publish", "--output=o", "--subject=dist/a b", "--exclude=", "--exclude=a*", "--exclude=b", "--", "."}},
		"record, nothing given":   {"record", nil, []string{"--publish", "--green-when-pending", out, "--"}},
		"record, of a kind":       {"record", inputs{"kind": "build", "subject": "dist/app\n"}, []string{"build", "--publish", "--green-when-pending", out, "--subject=dist/app", "--"}},
		"record, strict":          {"record", inputs{"strict": "true"}, []string{"--publish", out, "--"}},
		"record, reports":         {"record", inputs{"report": "a.xml\nb c.xml\n\n"}, []string{"--publish", "--green-when-pending", out, "--", "a.xml", "b c.xml"}},
		"record, line ends of Windows": {"record", inputs{"subject": "a\r\nb\r\n", "report": "c\r\n"},
			[]string{"--publish", "--green-when-pending", out, "--subject=a", "--subject=b", "--", "c"}},
		"record, a deployment": {"record", inputs{"kind": "deployment", "environment": "production", "result": "healthy", "request": "4f1c", "url": "https://x.example.org/?a=b&c=d"},
			[]string{"deployment", "--publish", "--green-when-pending", out, "--environment=production", "--result=healthy", "--request=4f1c", "--url=https://x.example.org/?a=b&c=d", "--"}},
		"record, with a policy of one's own": {"record", inputs{"policy": "p.yml", "ledger": "git:origin", "trusted-root": "r.json", "output": "b.json"},
			[]string{"--publish", "--green-when-pending", "--output=b.json", "--policy=p.yml", "--ledger=git:origin", "--trusted-root=r.json", "--"}},
		"record, a pipeline": {"record", inputs{"kind": "pipeline", "result": "succeeded", "duration": "7m30s"},
			[]string{"pipeline", "--publish", "--green-when-pending", out, "--result=succeeded", "--duration=7m30s", "--"}},
		"record, with a key":            {"record", inputs{"key": "PEM"}, []string{"--publish", "--green-when-pending", out, "--key=TEMP/gateledger-run.*/event.pem", "--"}},
		"record, with the log key":      {"record", inputs{"log-key": "L"}, []string{"--publish", "--green-when-pending", out, "--log-key=-", "--"}},
		"record, values like flags":     {"record", inputs{"subject": "--help\n-h", "environment": "--version", "report": "--help"}, []string{"--publish", "--green-when-pending", out, "--subject=--help", "--subject=-h", "--environment=--version", "--", "--help"}},
		"record, values like commands":  {"record", inputs{"subject": "$(touch x)\n`touch x`\n; touch x\n\"'", "url": "$(touch x)"}, []string{"--publish", "--green-when-pending", out, "--subject=$(touch x)", "--subject=`touch x`", "--subject=; touch x", "--subject=\"'", "--url=$(touch x)", "--"}},
		"record, patterns stay":         {"record", inputs{"subject": "*", "report": "*.go"}, []string{"--publish", "--green-when-pending", out, "--subject=*", "--", "*.go"}},
		"record, white space stays":     {"record", inputs{"subject": " a  b\t\\n"}, []string{"--publish", "--green-when-pending", out, "--subject= a  b\t\\n", "--"}},
		"verify, the ledger":            {"verify", nil, []string{"ledger", "--publish", "--ledger=git:https://git.example.org/acme/app"}},
		"verify, an artifact":           {"verify", inputs{"artifact": "dist/app", "policy": "sha256:77ab"}, []string{"artifact", "--publish", "--policy=sha256:77ab", "--ledger=git:https://git.example.org/acme/app", "--", "dist/app"}},
		"verify, a flag's name":         {"verify", inputs{"artifact": "--help"}, []string{"artifact", "--publish", "--ledger=git:https://git.example.org/acme/app", "--", "--help"}},
		"verify, a bundle":              {"verify", inputs{"bundle": "b.json"}, []string{"bundle", "--publish", "--ledger=git:https://git.example.org/acme/app", "--", "b.json"}},
		"verify, a commit":              {"verify", inputs{"commit": "6dcb", "ledger": "audit.tar"}, []string{"commit", "--publish", "--ledger=audit.tar", "--", "6dcb"}},
		"verify, an environment":        {"verify", inputs{"environment": "production"}, []string{"environment", "--publish", "--ledger=git:https://git.example.org/acme/app", "--", "production"}},
		"verify, a decision":            {"verify", inputs{"for": "sha256:9f", "environment": "production", "max-age": "24h"}, []string{"decision", "--publish", "--for=sha256:9f", "--environment=production", "--max-age=24h", "--ledger=git:https://git.example.org/acme/app"}},
		"verify, with a trusted root":   {"verify", inputs{"artifact": "a", "trusted-root": "r.json", "ledger": "x.tar"}, []string{"artifact", "--publish", "--trusted-root=r.json", "--ledger=x.tar", "--", "a"}},
		"the policy of the front door":  {"policy", nil, nil},
		"record, a signing config here": {"record", inputs{"key": "PEM", "signing-config": "sc.json"}, []string{"--publish", "--green-when-pending", out, "--key=*", "--signing-config=WORK/sc.json", "--"}},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t)
			notes := r.fakes()
			r.give(c.in)
			o := r.run("run.sh", c.action)
			if o.code != 0 {
				t.Fatalf("exit %d: %s", o.code, o.talk)
			}
			if c.want == nil {
				return
			}
			if got := r.arguments(notes); !r.matches(emptied(c.want), got) {
				t.Errorf("called with\n%q, want\n%q", got, c.want)
			}
			if _, err := os.Stat(filepath.Join(r.workspace, "x")); err == nil {
				t.Error("a value was run")
			}
		})
	}
}

// emptied is args without empty ones, which the list of a fake has not.
func emptied(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(s string) bool { return s == "" })
}

// What can't be right stops the step before the program is started.
func TestRefusedInputs(t *testing.T) {
	for fact, c := range map[string]struct {
		action string
		in     inputs
		says   string
	}{
		"a truth that is none":           {"sbom", inputs{"pretty": "yes"}, "input pretty is neither true nor false"},
		"another one":                    {"record", inputs{"strict": "1"}, "input strict is neither true nor false"},
		"two lines where one is meant":   {"record", inputs{"environment": "production\n::error::x"}, "input environment has more than one line"},
		"an environment of two lines":    {"gate", inputs{"environment": "a\rb"}, "input environment has more than one line"},
		"a kind like a flag":             {"record", inputs{"kind": "--version"}, "input kind is no kind of event"},
		"the kind help, which says yes":  {"record", inputs{"kind": "help"}, "input kind is no kind of event"},
		"a kind with an argument":        {"record", inputs{"kind": "build --help"}, "input kind is no kind of event"},
		"a kind of two lines":            {"record", inputs{"kind": "build\nx"}, "input kind has more than one line"},
		"keyless that is neither":        {"record", inputs{"keyless": "maybe"}, "neither true, false nor auto"},
		"keyless and a key":              {"record", inputs{"keyless": "true", "key": "PEM"}, "both key and keyless"},
		"keyless without the permission": {"record", inputs{"keyless": "true"}, "id-token: write"},
		"the same at the gate":           {"gate", inputs{"keyless": "true"}, "id-token: write"},
		"two questions":                  {"verify", inputs{"artifact": "a", "commit": "b"}, "one question at a time"},
		"a decision and a bundle":        {"verify", inputs{"for": "a", "environment": "e", "bundle": "b"}, "one question at a time"},
		"a token of two words":           {"record", inputs{"token": "a b"}, "input token is no token"},
		"a token of two lines":           {"gate", inputs{"token": "a\nmachine evil"}, "input token is no token"},
		"a report that is none":          {"gate", inputs{"report": "strict"}, "input report is neither none, required nor best-effort"},
		"a time that is none":            {"gate", inputs{"wait-for": "--help"}, "input wait-for is no time"},
		"a reason of two lines":          {"gate", inputs{"break-glass": "true", "reason": "a\nb"}, "input reason has more than one line"},
		"a remote that is none":          {"gate", inputs{"remote": "yes"}, "input remote is neither true, false nor auto"},
		"a forge's token of two lines":   {"gate", inputs{"github-token": "a\nb"}, "input github-token is no token"},
		"no program":                     {"setup", inputs{"programs": "\n"}, "names none"},
		"a program that is none of ours": {"setup", inputs{"programs": "gateledger\nsh"}, "unknown program"},
		"no action":                      {"", nil, "usage"},
		"another action":                 {"begin", nil, "usage"},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t)
			notes := r.fakes()
			r.env["GITHUB_SHA"] = strings.Repeat("a", 40)
			r.give(c.in)
			o := r.run("run.sh", c.action)
			if o.code != 2 || !strings.Contains(o.talk, c.says) {
				t.Errorf("exit %d, want 2 with %q: %s", o.code, c.says, o.talk)
			}
			if _, err := os.Stat(filepath.Join(notes, "args")); err == nil {
				t.Error("the program was run")
			}
			for line := range strings.Lines(o.out + o.talk) {
				if strings.HasPrefix(line, "::") {
					t.Errorf("a value became a command to the runner: %q", line)
				}
			}
		})
	}
}

func TestRunnerVariablesThatAreNone(t *testing.T) {
	for name, values := range map[string][]string{
		"GITHUB_SERVER_URL": {"", "git.example.org", "https://user:pw@git.example.org", "https://git.example.org\"]\n[core]", "file:///tmp", "https://git.example.org/a b"},
		"GITHUB_REPOSITORY": {"", "app", "a/b/c", "acme/app\nx", "-/../x y"},
	} {
		for _, value := range values {
			r := newRunner(t)
			r.fakes()
			r.env[name] = value
			if o := r.run("run.sh", "record"); o.code != 2 || !strings.Contains(o.talk, name) {
				t.Errorf("%s=%q: exit %d: %s", name, value, o.code, o.talk)
			}
		}
	}
}

// The exit code of an action is the program's.
func TestExitCodes(t *testing.T) {
	for _, action := range []string{"sbom", "record", "verify"} {
		for _, code := range []string{"0", "1", "2", "3", "4", "8"} {
			t.Run(action+" "+code, func(t *testing.T) {
				t.Parallel()
				r := newRunner(t)
				r.fakes()
				r.env["FAKE_CODE"] = code
				if o := r.run("run.sh", action); code != string(rune('0'+o.code)) {
					t.Errorf("exit %d", o.code)
				}
			})
		}
	}
}

var secrets = inputs{
	"key": "-----BEGIN EVENT-KEY-SECRET-----\nline two\n-----END-----", "key-password": "PASSWORD-SECRET",
	"log-key": "PRIVATE+KEY+LOG-SECRET", "token": "TOKEN-SECRET", "github-token": "FORGE-WORD",
}

var secretWords = []string{"EVENT-KEY-SECRET", "PASSWORD-SECRET", "LOG-SECRET", "TOKEN-SECRET", "FORGE-WORD", "eC1hY2Nlc3MtdG9rZW46VE9LRU4tU0VDUkVU"}

// Secrets reach the program, and nothing and nobody else.
func TestSecrets(t *testing.T) {
	const named = "the job exports variables of the names that run.sh has for them"
	for fact, code := range map[string]string{"it works": "0", "it fails": "3", named: "0"} {
		t.Run(fact, func(t *testing.T) {
			r := newRunner(t)
			notes := r.fakes()
			r.give(secrets)
			if fact == named {
				for _, name := range []string{"key", "password", "log_key", "token", "github_token", "header"} {
					r.env[name] = "of the job"
				}
			}
			r.env["FAKE_CODE"] = code
			o := r.run("run.sh", "record")
			if got := string(rune('0' + o.code)); got != code {
				t.Fatalf("exit %s: %s", got, o.talk)
			}
			if key := text(t, notes, "key"); key != secrets["key"]+"\n" || text(t, notes, "mode") != "600\n" {
				t.Errorf("the key file: %q, mode %s", key, text(t, notes, "mode"))
			}
			if text(t, notes, "stdin") != secrets["log-key"] || text(t, notes, "password") != secrets["key-password"] {
				t.Errorf("log key %q, password %q", text(t, notes, "stdin"), text(t, notes, "password"))
			}
			if got := text(t, notes, "netrc"); got != "machine git.example.org login x-access-token password TOKEN-SECRET\n" {
				t.Errorf(".netrc: %q", got)
			}
			for _, word := range secretWords {
				for where, talk := range map[string]string{"the log": o.out + o.talk, "an argument": text(t, notes, "args"), "the environment": text(t, notes, "env")} {
					if strings.Contains(talk, word) {
						t.Errorf("%s is in %s", word, where)
					}
				}
			}
			if found := left(t, secretWords, r.temp, r.workspace, r.actions); len(found) > 0 {
				t.Errorf("left behind: %q", found)
			}
			r.leavesNothing(t)
		})
	}
}

// leavesNothing checks that the folder of a run is gone, and that others could
// not look into what is left.
func (r *runner) leavesNothing(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(r.temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if strings.HasPrefix(e.Name(), "gateledger-run.") || err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("left: %s %v", e.Name(), info.Mode())
		}
	}
}

// A job that is cancelled leaves nothing either, and its program is told.
func TestCancelled(t *testing.T) {
	// A signal that is ignored here, as nohup has it, would be in a child too.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(caught) })
	for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sent.String(), func(t *testing.T) {
			t.Parallel()
			r := newRunner(t)
			notes := r.fakes()
			r.give(secrets)
			r.env["FAKE_WAIT"] = "1"
			o := r.cancel(sent, filepath.Join(notes, "started"), "run.sh", "record")
			if o.code == 0 || text(t, notes, "told") != "told\n" {
				t.Errorf("exit %d: %s", o.code, o.talk)
			}
			if found := left(t, secretWords, r.temp, r.workspace); len(found) > 0 {
				t.Errorf("left behind: %q", found)
			}
			r.leavesNothing(t)
		})
	}
}

// The user's own way to other servers, and what they have seen of the log, go
// on to hold; the home itself is not written to.
func TestHome(t *testing.T) {
	r := newRunner(t)
	notes := r.fakes()
	r.write(filepath.Join(r.home, ".netrc"), "machine other.example.org login me password mine\n", 0o600)
	r.write(filepath.Join(r.home, ".gitconfig"), "[http]\n\tproxy = http://proxy.example.org\n", 0o600)
	r.give(inputs{"token": "tok"})
	before := left(t, []string{""}, r.home)
	r.write(filepath.Join(r.home, "my programs", "gateledger-record"), recorder+"\n", 0o755)
	script := strings.Replace(recorder, `pwd >"$FAKE/pwd"`, `git config --includes --global --list >"$FAKE/settings"`, 1)
	r.write(filepath.Join(r.home, "my programs", "gateledger-record"), script, 0o755)
	if o := r.run("run.sh", "record"); o.code != 0 {
		t.Fatal(o.talk)
	}
	settings := text(t, notes, "settings")
	for _, want := range []string{"http.proxy=http://proxy.example.org", "safe.directory=" + r.workspace} {
		if !strings.Contains(settings, want) {
			t.Errorf("%s is not in\n%s", want, settings)
		}
	}
	if got := text(t, notes, "netrc"); got != "machine git.example.org login x-access-token password tok\nmachine other.example.org login me password mine\n" {
		t.Errorf(".netrc: %q", got)
	}
	if env := text(t, notes, "env"); !strings.Contains(env, "XDG_CONFIG_HOME="+filepath.Join(r.home, ".config")+"\n") {
		t.Errorf("the user's keyring is elsewhere:\n%s", env)
	}
	after := slices.DeleteFunc(left(t, []string{""}, r.home), func(f string) bool { return strings.HasPrefix(f, notes) })
	if !slices.Equal(before, after) {
		t.Errorf("the home had %q and has %q", before, after)
	}
}

// Keyless is chosen where the job may and no key is given; the child comes
// along.
func TestKeyless(t *testing.T) {
	for fact, c := range map[string]struct {
		in   inputs
		oidc bool
		want bool
	}{
		"the permission is enough":      {inputs{"keyless": "auto"}, true, true},
		"without it, no":                {inputs{"keyless": "auto"}, false, false},
		"a key goes first":              {inputs{"keyless": "auto", "key": "PEM"}, true, false},
		"not wanted":                    {inputs{"keyless": "false"}, true, false},
		"wanted":                        {inputs{"keyless": "true"}, true, true},
		"the default of an older file":  {inputs{}, true, true},
		"the child alone, for a stamp":  {inputs{"key": "PEM", "remote": "true"}, false, false},
		"the child is missing: refused": {inputs{"keyless": "true", "binary-path": "alone"}, true, true},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t)
			notes := r.fakes()
			r.write(filepath.Join(r.workspace, "alone", "gateledger-record"), recorder, 0o755)
			r.give(c.in)
			if c.oidc {
				r.env["ACTIONS_ID_TOKEN_REQUEST_URL"] = "https://token.example.org"
			}
			o := r.run("run.sh", "record")
			if strings.HasSuffix(fact, "refused") {
				if o.code != 2 {
					t.Errorf("exit %d: %s", o.code, o.talk)
				}
				return
			}
			if got := slices.Contains(r.arguments(notes), "--keyless"); o.code != 0 || got != c.want {
				t.Errorf("exit %d, keyless %t: %s", o.code, got, o.talk)
			}
		})
	}
}

func TestOneProgramForEverything(t *testing.T) {
	r := newRunner(t)
	notes := r.fakes()
	r.env["INPUT_BINARY_PATH"] += "/gateledger"
	if o := r.run("run.sh", "verify"); o.code != 0 {
		t.Fatal(o.talk)
	}
	if args := r.arguments(notes); args[0] != "verify" || args[1] != "ledger" {
		t.Errorf("called with %q", args)
	}
}

func TestSetup(t *testing.T) {
	r := newRunner(t)
	r.fakes()
	r.give(inputs{"programs": "gateledger\ngateledger-remote\n"})
	o := r.run("run.sh", "setup")
	bin := filepath.Join(r.home, "my programs")
	if o.code != 0 || o.outputs["path"] != bin || text(t, r.env["GITHUB_PATH"]) != bin+"\n" || o.outputs["version"] != "" {
		t.Errorf("exit %d, %q, %q: %s", o.code, o.outputs, text(t, r.env["GITHUB_PATH"]), o.talk)
	}
	s := serve(t, nil)
	r = released(t, s, sum(good)+"  "+asset+"\n")
	r.give(inputs{"programs": "gateledger-gate"})
	o = r.run("run.sh", "setup")
	if o.code != 0 || o.outputs["version"] != "v1.2.3" || text(t, o.outputs["path"], "gateledger-gate") != good {
		t.Errorf("exit %d, %q: %s", o.code, o.outputs, o.talk)
	}
	r.leavesNothing(t)
}

func TestPolicyOfTheFrontDoor(t *testing.T) {
	for want, set := range map[string]func(*runner){
		"false": func(*runner) {},
		"true":  func(r *runner) { r.write(filepath.Join(r.workspace, ".gateledger.yml"), "", 0o644) },
	} {
		r := newRunner(t)
		set(r)
		if o := r.run("run.sh", "policy"); o.code != 0 || o.outputs["found"] != want {
			t.Errorf("exit %d, %q, want %s", o.code, o.outputs, want)
		}
	}
	r := newRunner(t)
	r.give(inputs{"policy": "my.yml"})
	if o := r.run("run.sh", "policy"); o.outputs["found"] != "true" {
		t.Errorf("one that is given: %q", o.outputs)
	}
}
