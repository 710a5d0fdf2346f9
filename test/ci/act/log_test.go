// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"
)

// recorded are lines as act v0.2.89 wrote them, shortened: a composite action in
// a step "gate" whose step "run" sets the output; a matrix of which one job
// fails; a job that was skipped, of which nothing is said.
const recorded = `{"jobID":"gate","level":"info","matrix":{},"msg":"⭐ Run Set up job","step":"Set up job","stepid":["--setup-job"]}
{"jobID":"gate","level":"info","matrix":{},"msg":"boot\r\n","raw_output":true,"stage":"Main","stepID":["gate","run"]}
{"arg":"look","command":"warning","jobID":"gate","kvPairs":{"file":"a.go","line":"3","title":"Careful"},"level":"warning","matrix":{},"msg":"  🚧  ::warning title=Careful,file=a.go,line=3::look\n","raw":"::warning title=Careful,file=a.go,line=3::look\n","stage":"Main","stepID":["gate","run"]}
{"arg":"inner","command":"set-output","jobID":"gate","level":"info","matrix":{},"msg":"  ⚙  ::set-output:: verdict=inner","name":"verdict","stage":"Main","stepID":["gate","run"]}
{"command":"summary","content":"# Sum\n","jobID":"gate","level":"info","matrix":{},"msg":"  ⚙  Summary - # Sum\n","stage":"Main","stepID":["gate","run"]}
{"arg":"pending","command":"set-output","jobID":"gate","level":"info","matrix":{},"msg":"  ⚙  ::set-output:: verdict=pending","name":"verdict","stage":"Main","stepID":["gate"]}
{"command":"summary","content":"# Sum\n","jobID":"gate","level":"info","matrix":{},"msg":"  ⚙  Summary - # Sum\n","stage":"Main","stepID":["gate"]}
{"jobID":"gate","jobResult":"success","level":"info","matrix":{},"msg":"🏁  Job succeeded"}
{"jobID":"deploy","level":"error","matrix":{"a":1},"msg":"exit status 8","stage":"Main","stepID":["0"]}
{"jobID":"deploy","jobResult":"failure","level":"info","matrix":{"a":1},"msg":"🏁  Job failed"}
{"jobID":"deploy","jobResult":"success","level":"info","matrix":{"a":2},"msg":"🏁  Job succeeded"}{"level":"warning","msg":"joined"}
Error: Job 'deploy' failed
`

func TestParseLog(t *testing.T) {
	r, err := parseLog([]byte(recorded))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"gate": "success", "deploy": "failure", "skipped": "skipped"} {
		if got := r.job(name); got != want {
			t.Errorf("job %s: %s", name, got)
		}
	}
	if r.jobs("deploy") != 2 {
		t.Errorf("%d jobs", r.jobs("deploy"))
	}
	if got, ok := r.output("gate", "gate", "verdict"); got != "pending" || !ok {
		t.Errorf("output %q, %v", got, ok)
	}
	if got, ok := r.output("gate", "run", "verdict"); ok {
		t.Errorf("a step inside of an action gives %q", got)
	}
	if got := r.summary("gate"); got != "# Sum\n" {
		t.Errorf("summary %q", got)
	}
	if got := r.notes("gate", "warning"); !slices.Equal(got, []string{"Careful look"}) {
		t.Errorf("notes %q", got)
	}
	if got := r.text("gate"); !strings.HasPrefix(got, "boot\n") || strings.Contains(got, "Set up") {
		t.Errorf("text %q", got)
	}
	if !r.ends("deploy", 8) || r.ends("deploy", 1) || r.ends("gate", 8) {
		t.Error("exit codes are not told apart")
	}
	if r.commands("set-output") != 2 {
		t.Errorf("%d commands", r.commands("set-output"))
	}
	if text := r.readable(); !strings.Contains(text, "act: Error: Job 'deploy' failed") || !strings.Contains(text, "gate: boot") {
		t.Errorf("readable:\n%s", text)
	}
}

func TestParseLogBad(t *testing.T) {
	for _, text := range []string{"{\"jobID\": 5}\n", "{\"jobID\": \"a\"", "{} x"} {
		if r, err := parseLog([]byte(text)); err == nil {
			t.Errorf("%s: %v", text, r)
		}
	}
}

func TestDotenv(t *testing.T) {
	got := string(dotenv(map[string]string{"B": "two\nlines", "A": `q"u\o$te`}))
	if want := "A=\"q\\\"u\\\\o\\$te\"\nB=\"two\\nlines\"\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
