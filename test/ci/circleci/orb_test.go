// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const small = `
commands:
  greet:
    parameters:
      who: {type: string}
      loud: {type: boolean, default: false}
      tongue: {type: enum, enum: [en, de], default: en}
      key: {type: env_var_name, default: KEY}
    steps:
      - run:
          name: Greet
          environment: {WHO: "<< parameters.who >>", LOUD: "<<parameters.loud>>", TONGUE: "<< parameters.tongue >>", KEY: "<< parameters.key >>"}
          command: printf '%s %s %s %s' "$WHO" "$LOUD" "$TONGUE" "$KEY" >"$OUT"; exit 7
      - store_artifacts: {path: out}
  odd:
    parameters: {x: {type: steps, default: ""}}
    steps: []
  lost:
    steps:
      - run: {name: Lost, command: "<< parameters.nobody >>"}
`

func parse(t *testing.T, text string) orb {
	t.Helper()
	var o orb
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// What a value holds is never run: it reaches the step as a variable.
func TestRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	t.Setenv("OUT", out)
	bad := "$(touch " + out + ".pwned)`'\"; touch " + out + ".pwned"
	steps, err := parse(t, small).expand("greet", []string{"who=" + bad, "loud=true", "tongue=de", "key=OTHER"})
	if err != nil || len(steps) != 1 {
		t.Fatal(steps, err)
	}
	if err := steps[0].run(); err == nil || err.Error() != "exit status 7" {
		t.Errorf("the step's exit code: %v", err)
	}
	got, err := os.ReadFile(out)
	if diff := cmp.Diff(bad+" 1 de OTHER", string(got)); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := os.Stat(out + ".pwned"); err == nil {
		t.Error("a value was run")
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		command string
		args    []string
		want    string
	}{
		{"greet", []string{"who=ana"}, ""},
		{"greet", nil, "missing parameter who"},
		{"greet", []string{"who=ana", "whom=bo"}, `unexpected argument "whom=bo"`},
		{"greet", []string{"who"}, `unexpected argument "who"`},
		{"greet", []string{"who=", "loud=yes"}, "no boolean"},
		{"greet", []string{"who=", "tongue=fr"}, "none of"},
		{"greet", []string{"who=", "key=PATH;id"}, "no name of a variable"},
		{"odd", nil, "unknown type"},
		{"lost", nil, "unknown parameter nobody"},
		{"gone", nil, `unknown command "gone"`},
	} {
		_, err := parse(t, small).expand(c.command, c.args)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, want %q", c.command, c.args, err, c.want)
		}
	}
}

// Our orb is read, and each command has what a run needs.
func TestOurOrb(t *testing.T) {
	o, err := readOrb("../../../circleci/orb.yml")
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string][]string{"record": {"subject=a"}, "verify": {"subject=a", "policy=sha256:0"}}
	for _, name := range []string{"sbom", "record", "gate", "verify"} {
		steps, err := o.expand(name, needed[name])
		if err != nil || len(steps) != 1 || !strings.HasPrefix(steps[0].command, "command="+name+"\n") {
			t.Errorf("%s: %d steps, %v", name, len(steps), err)
		}
	}
	if err := check("nowhere.json", o); err == nil {
		t.Error("a schema that is not there holds")
	}
	for _, args := range [][]string{nil, {"check"}, {"run", "nowhere.yml", "gate"}, {"run", "../../../circleci/orb.yml", "gone"}, {"check", "nowhere.json", "nowhere.yml"}} {
		if err := run(args); err == nil {
			t.Errorf("%q went through", args)
		}
	}
}
