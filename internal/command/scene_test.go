// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// The programs and files that stories about the gate start with.
const (
	goTests = `{"Action":"run","Package":"example.org/app","Test":"TestApp"}
{"Action":"pass","Package":"example.org/app","Test":"TestApp","Elapsed":0.01}
{"Action":"pass","Package":"example.org/app","Elapsed":0.02}
`
	failedTests = `{"Action":"run","Package":"example.org/app","Test":"TestApp"}
{"Action":"fail","Package":"example.org/app","Test":"TestApp","Elapsed":0.01}
{"Action":"fail","Package":"example.org/app","Elapsed":0.02}
`
	emptySBOM = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[]}`
)

// scene starts a story: a repository by Dana with a ledger and a policy that
// asks two of the leads ana, bo and cy; their keys in $WORK; an artifact app,
// and logged evidence that it was built, tested and listed. "scene bare" stops
// before the evidence; "scene git" has the ledger on a branch of remote.git, the
// remote called origin.
func scene(ts *testscript.TestScript, neg bool, args []string) {
	kind := strings.Join(args, " ")
	if neg || kind != "" && kind != "bare" && kind != "git" {
		ts.Fatalf("usage: scene [bare|git]")
	}
	for _, name := range []string{"ana", "bo", "cy", "dana", "eve"} {
		ts.Check(writeSSHKey(ts.MkAbs(name), name))
	}
	for name, text := range map[string]string{
		"app": "the artifact\n", "tests.json": goTests, "failed.json": failedTests, "sbom.json": emptySBOM,
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
	}
	run(ts, "git init --quiet")
	if kind == "git" {
		run(ts, "git init --quiet --bare --initial-branch=main remote.git",
			"git remote add origin "+ts.MkAbs("remote.git"), "gateledger init --ledger git:origin")
	} else {
		run(ts, "gateledger init")
	}
	for _, name := range []string{"ana", "bo", "cy", "dana"} {
		run(ts, "gateledger policy add "+name+" --ssh "+name+".pub --email "+name+"@example.org --role lead")
	}
	run(ts, "git add .gateledger.yml", "git commit --quiet --message first")
	if kind == "git" {
		run(ts, "git push --quiet origin HEAD:refs/heads/main")
	}
	if kind == "bare" {
		return
	}
	run(ts, "gateledger record build --subject app",
		"gateledger record test --subject app tests.json",
		"gateledger record sbom --subject app sbom.json")
}

// run runs commands that must succeed, each word an argument.
func run(ts *testscript.TestScript, lines ...string) {
	for _, line := range lines {
		words := strings.Fields(line)
		if err := ts.Exec(words[0], words[1:]...); err != nil {
			ts.Fatalf("%s: %v", line, err)
		}
	}
}

// asked sets $REQ to the id of the only open request.
func asked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: asked")
	}
	ts.Check(ts.Exec("gateledger", "request", "list"))
	out := ts.ReadFile("stdout")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 1 || len(lines[0]) < 12 {
		ts.Fatalf("not one open request:\n%s", out)
	}
	ts.Setenv("REQ", lines[0][:12])
}
