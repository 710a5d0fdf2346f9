// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
)

func TestWitnessHead(t *testing.T) {
	r, home, _ := cast(t, role{Stdout: marshal(t, WitnessHeadAnswer{Schema: WitnessHeadSchema, Checkpoint: []byte("log.example\n1\n")})})
	question := WitnessHeadQuestion{Spec: anchored.Spec{Kind: "witness", Name: "w1", URL: "https://w1.example/"}, Origin: "log.example"}
	got, err := r.WitnessHead(t.Context(), question)
	if err != nil || string(got) != "log.example\n1\n" {
		t.Errorf("%q, %v", got, err)
	}
	s := saw(t, home)
	var asked WitnessHeadQuestion
	if err := canon.Decode([]byte(s.Stdin), &asked); err != nil || !cmp.Equal(question, asked) || !slices.Equal(s.Args, []string{"witness-head"}) {
		t.Errorf("%q asked %s: %v", s.Args, s.Stdin, err)
	}
	r, _, _ = cast(t, role{Stdout: marshal(t, WitnessHeadAnswer{Schema: "x", Checkpoint: []byte("log.example\n1\n")})})
	if got, err := r.WitnessHead(t.Context(), question); !errors.Is(err, ErrUnavailable) || got != nil {
		t.Errorf("another version: %q, %v", got, err)
	}
}

// A witness tells what is to be logged, and asks nothing.
func TestWitnessOnlyLogs(t *testing.T) {
	var logs []string
	s := &serving{in: new(unclosed), log: func(l ServeLog) { logs = append(logs, l.Message) }}
	told := line(t, ServeLine{Log: &ServeLog{Level: "info", Message: "ready"}})
	if err := s.say(WitnessConfig{State: "w1"}); err != nil {
		t.Fatal(err)
	}
	if err := s.talk(t.Context(), strings.NewReader(told)); err != nil || !slices.Equal(logs, []string{"ready"}) {
		t.Errorf("%q, %v", logs, err)
	}
	if err := s.talk(t.Context(), strings.NewReader(line(t, ServeLine{Ask: &ServeAsk{ID: 1}}))); !errors.Is(err, ErrUnavailable) {
		t.Errorf("it asks: %v", err)
	}
}

// Once it is told to end, what it ends with is what it found.
func TestWitnessThatEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, home, _ := cast(t, role{Stdout: line(t, ServeLine{Log: &ServeLog{Level: "info", Message: "stopped"}}), Stderr: Name + ": two histories of a log were shown: x\n", Code: 4})
	err := r.Witness(ctx, WitnessConfig{State: "w1", Logs: []string{"k"}}, noLog)
	if !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), "witness: two histories") {
		t.Errorf("%v", err)
	}
	if s := saw(t, home); !slices.Equal(s.Args, []string{"witness"}) {
		t.Errorf("arguments %q", s.Args)
	}
	r, _, _ = cast(t, role{})
	if err := r.Witness(ctx, WitnessConfig{}, noLog); err != nil {
		t.Errorf("as it was told: %v", err)
	}
}
