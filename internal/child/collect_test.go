// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/vote"
)

func TestCollect(t *testing.T) {
	want := CollectAnswer{
		Schema: CollectSchema, Strangers: 2, Read: []string{"merge request 7: 1 notes"}, Remarks: []string{"x"},
		Sightings: []vote.Sighting{{Source: "gitlab-note", Place: "merge request 7, note 1", Block: "…"}},
	}
	r, home, _ := cast(t, role{Stdout: marshal(t, want)})
	question := CollectQuestion{Source: "gitlab-note", Commit: "abc", Keys: [][]byte{[]byte("key")}}
	got, err := r.Collect(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s := saw(t, home)
	if !slices.Equal(s.Args, []string{"collect"}) {
		t.Errorf("arguments %q", s.Args)
	}
	var asked CollectQuestion
	if err := canon.Decode([]byte(s.Stdin), &asked); err != nil || !cmp.Equal(question, asked) {
		t.Errorf("asked %s: %v", s.Stdin, err)
	}
}

// TestACollectorSeesOnlyItsOwnVariables: no way to an identity, and nobody
// else's token.
func TestACollectorSeesOnlyItsOwnVariables(t *testing.T) {
	r, home, _ := cast(t, role{Code: 3})
	if _, err := r.Collect(t.Context(), CollectQuestion{Source: "gitlab-note"}); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	env := saw(t, home).Env
	has := func(name string) bool {
		return slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	}
	source, _ := vote.SourceNamed("gitlab-note")
	for _, name := range source.Variables {
		if !has(name) {
			t.Errorf("%s is kept from it", name)
		}
	}
	for _, name := range []string{GitHubToken, DependencyTrackKey, DefaultVariable, "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GATELEDGER_LOG_KEY", "CI_REPOSITORY_URL"} {
		if has(name) {
			t.Errorf("it sees %s", name)
		}
	}
}

func TestWhatIsNoCollection(t *testing.T) {
	right := CollectAnswer{Schema: CollectSchema, Read: []string{"merge request 7: 0 notes"}}
	spoilt := func(spoil func(*CollectAnswer)) role {
		a := right
		spoil(&a)
		return role{Stdout: marshal(t, a)}
	}
	for name, c := range map[string]struct {
		role role
		want error
	}{
		"another version":      {spoilt(func(a *CollectAnswer) { a.Schema += "0" }), ErrUnavailable},
		"read nowhere":         {spoilt(func(a *CollectAnswer) { a.Read = nil }), ErrUnavailable},
		"of another source":    {spoilt(func(a *CollectAnswer) { a.Sightings = []vote.Sighting{{Source: "github-comments"}} }), ErrUnavailable},
		"nothing":              {role{}, ErrUnavailable},
		"an empty object":      {role{Stdout: "{}"}, ErrUnavailable},
		"null":                 {role{Stdout: "null"}, ErrUnavailable},
		"it fails after it":    {role{Stdout: marshal(t, right), Code: 3}, ErrUnavailable},
		"it was not told":      {role{Code: 2}, ErrUsage},
		"more than we take":    {role{Flood: MaxAnswer + 1<<17}, ErrUnavailable},
		"a verdict of its own": {role{Stdout: strings.Replace(marshal(t, right), "{", `{"allowed":true,`, 1)}, ErrUnavailable},
	} {
		r, _, _ := cast(t, c.role)
		got, err := r.Collect(t.Context(), CollectQuestion{Source: "gitlab-note"})
		if !errors.Is(err, c.want) || got.Schema != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	r, _, _ := cast(t, role{Stdout: marshal(t, right)})
	if _, err := r.Collect(t.Context(), CollectQuestion{Source: "gitlab-nots"}); !errors.Is(err, ErrUsage) {
		t.Error(err)
	}
}
