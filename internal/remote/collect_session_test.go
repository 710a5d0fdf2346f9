// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/forge/gitlab/gitlabtest"
	"github.com/gateledger/gateledger/internal/vote"
)

// lines are questions of a session, numbered from 1.
func lines(t *testing.T, questions ...child.CollectQuestion) string {
	t.Helper()
	var b strings.Builder
	for i, q := range questions {
		data, err := canon.Marshal(child.SessionQuestion{N: i + 1, Question: q})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(data, '\n'))
	}
	return b.String()
}

func answersOf(t *testing.T, out string) (all []child.SessionAnswer) {
	t.Helper()
	for line := range strings.Lines(out) {
		var a child.SessionAnswer
		if err := canon.Decode([]byte(line), &a); err != nil || a.Schema != child.SessionSchema || a.N != len(all)+1 {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, a)
	}
	return all
}

// What was answered before is asked for by its tag only, and news is news.
func TestASessionAsksForNothingTwice(t *testing.T) {
	ana := voter(t, 1)
	n := newNotes(t)
	n.Note(6, 7, 42, "ana", pasted(t, ana, vote.Approve))
	q := child.CollectQuestion{Source: "gitlab-note", Commit: deployed, Keys: [][]byte{ana.PublicKey().Marshal()}}
	code, out, talk := n.run(lines(t, q, q, q), "--session")
	if code != cli.OK {
		t.Fatal(code, talk)
	}
	for i, a := range answersOf(t, out) {
		if a.Answer == nil || a.Failure != nil || len(a.Answer.Sightings) != 1 {
			t.Errorf("answer %d: %+v", i, a)
		}
	}
	asked := n.Asked()
	if len(asked)%3 != 0 {
		t.Fatalf("%d requests for three times the same", len(asked))
	}
	for i, r := range asked {
		if again := i >= len(asked)/3; again != (r.Header.Get("If-None-Match") != "") {
			t.Errorf("request %d, %s: conditional is %t", i, r.URL, !again)
		}
	}
}

// A question that fails ends nothing.
func TestASessionGoesOnAfterAFailure(t *testing.T) {
	n := newNotes(t)
	good := child.CollectQuestion{Source: "gitlab-note", Commit: deployed, Keys: [][]byte{}}
	bad := good
	bad.Commit = "HEAD"
	strange := good
	strange.Source = "gitlab-nots"
	n.Fault(gitlabtest.Fault{In: "/notes", Times: 1, Answer: gitlabtest.Status(429, "", "Retry-After", "600")})
	code, out, talk := n.run(lines(t, good, bad, strange, good), "--session")
	all := answersOf(t, out)
	if code != cli.OK || len(all) != 4 || all[3].Answer == nil {
		t.Fatal(code, talk, out)
	}
	for i, want := range []child.SessionFailure{{Code: cli.Unknown, Message: "429", After: 600}, {Code: cli.Usage, Message: "full object id"}, {Code: cli.Usage, Message: "did you mean"}} {
		f := all[i].Failure
		if f == nil || f.Code != want.Code || f.After != want.After || !strings.Contains(f.Message, want.Message) {
			t.Errorf("%d: %+v", i, f)
		}
	}
}

func TestWhatIsNoSession(t *testing.T) {
	for name, stdin := range map[string]string{
		"no JSON":          "x\n",
		"a cut line":       `{"n":1`,
		"another question": `{"n":1,"question":{"source":"gitlab-note","secret":"glcbt-64_jobs-own-token"}}` + "\n",
		"null":             "[]\n",
	} {
		code, out, talk := newNotes(t).run(stdin, "--session")
		if code != cli.Usage || out != "" || strings.Contains(talk, "secret") {
			t.Errorf("%s: exit %d, %q, %q", name, code, out, talk)
		}
	}
	if code, out, _ := newNotes(t).run("", "--session"); code != cli.OK || out != "" {
		t.Errorf("no question: exit %d, %q", code, out)
	}
}
