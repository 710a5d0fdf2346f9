// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

func postureSeen() event.PosturePredicate {
	return event.PosturePredicate{
		Provider: "github", Host: "github.com", RepositoryID: "7", Environment: "production", Branch: "main", Read: event.ForgeRead{Time: "2026-03-01T10:00:00Z", Calls: 3},
		Facts: []event.PostureFact{{Name: "branch-protected", State: event.Yes, Why: "by ruleset 42"}},
	}
}

func TestPosture(t *testing.T) {
	want := postureSeen()
	r, home, _ := cast(t, role{Stdout: marshal(t, PostureAnswer{Schema: PostureSchema, Postures: []event.PosturePredicate{want}})})
	question := PostureQuestion{Forge: "github", Environments: []string{"production"}, Policy: strings.Repeat("a", 64), LedgerBranch: "gateledger/log", Token: "a token"}
	got, err := r.Posture(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]event.PosturePredicate{want}, got); diff != "" {
		t.Error(diff)
	}
	s := saw(t, home)
	if !slices.Equal(s.Args, []string{"posture"}) {
		t.Errorf("arguments %q: a token must not be among them", s.Args)
	}
	var asked PostureQuestion
	if err := canon.Decode([]byte(s.Stdin), &asked); err != nil || !cmp.Equal(question, asked) {
		t.Errorf("asked %s: %v", s.Stdin, err)
	}
}

func TestPostureOfSomethingElseIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*PostureAnswer)
		want string
	}{
		"another version":     {func(a *PostureAnswer) { a.Schema = "x" }, "schema"},
		"none":                {func(a *PostureAnswer) { a.Postures = nil }, "0 postures of 1"},
		"one too many":        {func(a *PostureAnswer) { a.Postures = append(a.Postures, postureSeen()) }, "2 postures of 1"},
		"another environment": {func(a *PostureAnswer) { a.Postures[0].Environment = "staging" }, "of something else"},
		"another forge":       {func(a *PostureAnswer) { a.Postures[0].Provider = "gitlab" }, "of something else"},
		"no facts":            {func(a *PostureAnswer) { a.Postures[0].Facts = nil }, "no facts"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := PostureAnswer{Schema: PostureSchema, Postures: []event.PosturePredicate{postureSeen()}}
			c.edit(&answer)
			r, _, _ := cast(t, role{Stdout: marshal(t, answer)})
			_, err := r.Posture(t.Context(), PostureQuestion{Forge: "github", Environments: []string{"production"}})
			if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	r, _, _ := cast(t, role{})
	if _, err := r.Posture(t.Context(), PostureQuestion{Forge: "gitea"}); !errors.Is(err, ErrUsage) {
		t.Error(err)
	}
}

// A reader sees the tokens of its own forge, and nobody else's.
func TestAPostureSeesOnlyItsOwnVariables(t *testing.T) {
	for _, forge := range []string{"github", "gitlab"} {
		r, home, _ := cast(t, role{Code: 3})
		seen := []string{"GITHUB_TOKEN", "GATELEDGER_GITHUB_TOKEN", "GATELEDGER_GITLAB_TOKEN", PostureToken, "CI_JOB_TOKEN", "GATELEDGER_LOG_KEY", DefaultVariable, "CI_API_V4_URL"}
		old := r.Getenv
		r.Getenv = func(name string) string {
			if slices.Contains(seen, name) {
				return "x"
			}
			return old(name)
		}
		if _, err := r.Posture(t.Context(), PostureQuestion{Forge: forge, Environments: []string{"p"}}); !errors.Is(err, ErrUnavailable) {
			t.Error(err)
		}
		env := saw(t, home).Env
		for _, name := range seen {
			has := slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
			if has != slices.Contains(postureVariables[forge], name) {
				t.Errorf("%s: sees %s: %t", forge, name, has)
			}
		}
	}
}
