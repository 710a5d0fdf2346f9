// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/condition/evaluator"
)

// weighed runs the verb on what a caller would write.
func weighed(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	out, talk := new(bytes.Buffer), new(bytes.Buffer)
	env := cli.System()
	env.Args, env.Stdin, env.Stdout, env.Stderr = append([]string{child.Name, "when"}, args...), strings.NewReader(stdin), out, talk
	env.Getenv = func(string) string { return "" }
	code = cli.Run(t.Context(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, network()) })
	return code, out.String(), talk.String()
}

func TestWhenVerb(t *testing.T) {
	ask := func(expression string) condition.Question {
		return condition.Question{
			Expression: expression, Subject: condition.Subject{Name: "ghcr.io/acme/app", Digests: []string{"sha256:ab"}},
			Created: "2026-03-01T10:00:00Z", Expires: "2026-03-04T10:00:00Z", Now: "2026-03-01T12:00:00Z",
		}
	}
	data, err := canon.Marshal(child.WhenQuestion{
		Check: []string{`subject.name == 7`, `true || subject.name == ""`, `subject.name != ""`},
		Questions: []condition.Question{
			ask(`subject.name.startsWith("ghcr.io/acme/")`), ask(`subject.name.startsWith("ghcr.io/evil/")`), ask(`subject.nme == ""`), ask(`1 / int(subject.name) == 1`),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := weighed(t, string(data))
	var a child.WhenAnswer
	if err := canon.Decode([]byte(strings.TrimSpace(stdout)), &a); err != nil || code != cli.OK {
		t.Fatalf("exit %d: %s%s, %v", code, stdout, stderr, err)
	}
	if a.Schema != child.WhenSchema || a.Engine != evaluator.Engine || len(a.Checks) != 3 || len(a.Answers) != 4 {
		t.Fatalf("%+v", a)
	}
	if len(a.Checks[0].Problems) == 0 || a.Checks[1].Always != "true" || a.Checks[2].Always != "" || len(a.Checks[2].Problems) > 0 {
		t.Errorf("checks %+v", a.Checks)
	}
	for i, want := range []condition.Outcome{condition.Holds, condition.Fails, condition.Wrong, condition.Unknown} {
		if a.Answers[i].Outcome != want || a.Answers[i].By != evaluator.Engine {
			t.Errorf("answer %d: %+v, want %s", i, a.Answers[i], want)
		}
	}
}

func TestWhenVerbRefuses(t *testing.T) {
	many, err := canon.Marshal(child.WhenQuestion{Check: make([]string, child.MaxConditions+1)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		stdin, says string
		args        []string
	}{
		"nothing":                   {"", "standard input", nil},
		"an unknown member":         {`{"expressions":[]}`, "standard input", nil},
		"too many":                  {string(many), "over the limit of 500", nil},
		"no time":                   {"{}", "--timeout", []string{"--timeout=0s"}},
		"an expression as argument": {"{}", "", []string{"true"}},
	} {
		code, stdout, stderr := weighed(t, c.stdin, c.args...)
		if code != cli.Usage || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d: %s%s", name, code, stdout, stderr)
		}
	}
	if code, stdout, _ := weighed(t, "{}"); code != cli.OK || !strings.Contains(stdout, child.WhenSchema) {
		t.Errorf("an empty question: exit %d: %s", code, stdout)
	}
}

// Nobody waits longer than they said, and what is not done by then is no answer.
func TestWhenVerbEndsInTime(t *testing.T) {
	long := "[" + strings.Repeat("1,", 80) + "1]"
	q := condition.Question{
		Expression: long + ".all(a, " + long + ".all(b, " + long + ".all(c, a + b + c == 3)))",
		Created:    "2026-03-01T10:00:00Z", Expires: "2026-03-04T10:00:00Z", Now: "2026-03-01T12:00:00Z",
	}
	data, err := canon.Marshal(child.WhenQuestion{Questions: []condition.Question{q, q}})
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := weighed(t, string(data), "--timeout=1ns")
	if code != cli.OK || strings.Contains(stdout, `"holds"`) || strings.Count(stdout, `"unknown"`) != 2 {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
}
