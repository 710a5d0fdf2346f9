// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
)

func question() Question {
	return Question{
		Expression: "true", Subject: Subject{Name: "app", Digests: []string{"sha1:ab", "sha256:cd"}}, Environment: "production",
		Commit: "c0ffee", Host: "github.com", RepositoryID: "7", Previous: "none", BreakGlass: true,
		Created: "2026-03-01T10:00:00Z", Expires: "2026-03-04T10:00:00Z", Now: "2026-03-01T12:00:00Z",
	}
}

// An answer is to one question only: whatever differs makes another.
func TestAnyOtherFactIsAnotherQuestion(t *testing.T) {
	first := question()
	seen := map[string]string{first.ID(): "the first"}
	changed := func(name string, q Question) {
		if other := seen[q.ID()]; other != "" || q.ID() == "" {
			t.Errorf("%s: the same question as %s", name, other)
		}
		seen[q.ID()] = name
	}
	for i := range reflect.TypeFor[Question]().NumField() {
		q := question()
		field := reflect.ValueOf(&q).Elem().Field(i)
		name := reflect.TypeFor[Question]().Field(i).Name
		switch field.Kind() {
		case reflect.String:
			field.SetString(field.String() + "x")
		case reflect.Bool:
			field.SetBool(!field.Bool())
		default:
			continue
		}
		changed(name, q)
	}
	q := question()
	q.Subject.Name = "other"
	changed("the subject's name", q)
	q = question()
	q.Subject.Digests = q.Subject.Digests[:1]
	changed("a digest less", q)
	if question().ID() != first.ID() {
		t.Error("the same question has two names")
	}
}

func TestOnlyAnAnswerToTheQuestionCounts(t *testing.T) {
	q := question()
	for name, c := range map[string]struct {
		answers Answers
		want    Outcome
	}{
		"nobody asked":         {nil, Unknown},
		"to it":                {Answers{q.ID(): {Outcome: Holds}}, Holds},
		"to nothing":           {Answers{"": {Outcome: Holds}}, Unknown},
		"to another one":       {Answers{question().Subject.Name: {Outcome: Holds}}, Unknown},
		"an outcome of nobody": {Answers{q.ID(): {Outcome: 99}}, 99},
	} {
		if got := c.answers.To(q).Outcome; got != c.want || c.want != Holds && got == Holds {
			t.Errorf("%s: %d", name, got)
		}
	}
	odd := q
	odd.Subject.Name = "\xff"
	if id := odd.ID(); id == q.ID() || id != "" && (Answers{"": {Outcome: Holds}}).To(odd).Outcome == Holds {
		t.Errorf("a text that is none is question %q", id)
	}
}

func TestOutcomesAreWords(t *testing.T) {
	for o, word := range map[Outcome]string{Unknown: "unknown", Holds: "holds", Fails: "fails", Wrong: "wrong", -1: "unknown", 7: "unknown"} {
		data, err := canon.Marshal(Answer{Outcome: o})
		if err != nil || string(data) != `{"outcome":"`+word+`"}` {
			t.Errorf("%d: %s, %v", o, data, err)
		}
	}
	for text, want := range map[string]Outcome{`"holds"`: Holds, `"Holds"`: Unknown, `"true"`: Unknown, `""`: Unknown, `"fails"`: Fails} {
		var a Answer
		if err := canon.Decode([]byte(`{"outcome":`+text+`}`), &a); err != nil || a.Outcome != want {
			t.Errorf("%s: %d, %v", text, a.Outcome, err)
		}
	}
	var a Answer
	if err := canon.Decode([]byte(`{}`), &a); err != nil || a.Outcome != Unknown {
		t.Errorf("no outcome: %d, %v", a.Outcome, err)
	}
}

func TestVariables(t *testing.T) {
	q := question()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	want := map[string]any{
		"subject.name": "app", "subject.digest": "sha256:cd", "subject.digests": []string{"sha1:ab", "sha256:cd"},
		"environment": "production", "commit": "c0ffee", "repository.host": "github.com", "repository.id": "7",
		"request.previous": "none", "request.break_glass": true,
		"request.created": at.Add(-2 * time.Hour), "request.expires": at.Add(70 * time.Hour), "now": at,
	}
	var names []string
	for _, v := range Variables() {
		got, err := v.Value(q)
		if err != nil || !reflect.DeepEqual(got, want[v.Name]) {
			t.Errorf("%s: %v, %v", v.Name, got, err)
		}
		if v.What == "" || slices.Contains(names, v.Name) {
			t.Errorf("%s: %q", v.Name, v.What)
		}
		names = append(names, v.Name)
	}
	if len(names) != len(want) {
		t.Errorf("variables %v", names)
	}
	q.Now = "soon"
	for _, v := range Variables() {
		if _, err := v.Value(q); (err != nil) != (v.Name == "now") {
			t.Errorf("%s of a question of no time: %v", v.Name, err)
		}
	}
}

func TestDigest(t *testing.T) {
	for want, digests := range map[string][]string{
		"sha256:a": {"gitCommit:b", "sha256:a"}, "sha512:c": {"sha512:c"}, "": nil,
	} {
		if got := (Subject{Digests: digests}).Digest(); got != want {
			t.Errorf("%v: %s", strings.Join(digests, " "), got)
		}
	}
}
