// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/condition"
)

func TestWhen(t *testing.T) {
	const engine = "a reader 1"
	want := WhenAnswer{
		Schema: WhenSchema, Engine: engine,
		Checks:  []condition.Check{{Problems: []condition.Problem{{Column: 3, Text: "odd"}}}, {Always: "true"}},
		Answers: []condition.Answer{{Outcome: condition.Holds, By: engine}, {Why: "too long", By: engine}},
	}
	question := WhenQuestion{
		Check:     []string{"a +", "true"},
		Questions: []condition.Question{{Expression: "true", Now: "2026-03-01T10:00:00Z"}, {Expression: "false", Subject: condition.Subject{Name: "app", Digests: []string{"sha256:ab"}}}},
	}
	r, home, _ := cast(t, role{Stdout: marshal(t, want)})
	got, err := r.When(t.Context(), question)
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	s := saw(t, home)
	if !slices.Equal(s.Args, []string{"when"}) {
		t.Errorf("arguments %q", s.Args)
	}
	var asked WhenQuestion
	if err := canon.Decode([]byte(s.Stdin), &asked); err != nil || asked.Questions[1].ID() != question.Questions[1].ID() {
		t.Errorf("asked %s: %v", s.Stdin, err)
	}
}

func TestAnOddAnswerAboutAConditionIsNoYes(t *testing.T) {
	yes := condition.Answer{Outcome: condition.Holds, By: "e"}
	for name, r := range map[string]role{
		"another version":           {Stdout: marshal(t, WhenAnswer{Schema: "x", Engine: "e", Answers: []condition.Answer{yes}})},
		"by nobody":                 {Stdout: marshal(t, WhenAnswer{Schema: WhenSchema, Answers: []condition.Answer{{Outcome: condition.Holds}}})},
		"an answer less":            {Stdout: marshal(t, WhenAnswer{Schema: WhenSchema, Engine: "e"})},
		"an answer more":            {Stdout: marshal(t, WhenAnswer{Schema: WhenSchema, Engine: "e", Answers: []condition.Answer{yes, yes}})},
		"by two":                    {Stdout: marshal(t, WhenAnswer{Schema: WhenSchema, Engine: "e", Answers: []condition.Answer{{Outcome: condition.Holds, By: "f"}}})},
		"a check that nobody asked": {Stdout: marshal(t, WhenAnswer{Schema: WhenSchema, Engine: "e", Answers: []condition.Answer{yes}, Checks: []condition.Check{{}}})},
		"no JSON":                   {Stdout: "true"},
		"an answer, and a failure":  {Stdout: marshal(t, WhenAnswer{Schema: WhenSchema, Engine: "e", Answers: []condition.Answer{yes}}), Code: 3},
	} {
		remote, _, _ := cast(t, r)
		got, err := remote.When(t.Context(), WhenQuestion{Questions: []condition.Question{{Expression: "true"}}})
		if !errors.Is(err, ErrUnavailable) || len(got.Answers) > 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	remote, _, _ := cast(t, role{Stdout: "{}"})
	if _, err := remote.When(t.Context(), WhenQuestion{Check: make([]string, MaxConditions+1)}); !errors.Is(err, ErrUsage) {
		t.Errorf("too many: %v", err)
	}
}
