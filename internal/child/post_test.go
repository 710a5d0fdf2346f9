// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
)

func TestPost(t *testing.T) {
	want := PostAnswer{Schema: PostSchema, Place: "comment 301 on pull request 7", Address: "https://github.com/acme/app/pull/7", Before: true}
	r, home, _ := cast(t, role{Stdout: marshal(t, want)})
	question := PostQuestion{Forge: "github", Token: "ghp_do-not-repeat", Text: "x"}
	got, err := r.Post(t.Context(), question)
	if err != nil || !cmp.Equal(want, got) {
		t.Fatalf("%+v, %v", got, err)
	}
	s := saw(t, home)
	if !slices.Equal(s.Args, []string{"post"}) {
		t.Errorf("arguments %q", s.Args)
	}
	var asked PostQuestion
	if err := canon.Decode([]byte(s.Stdin), &asked); err != nil || !cmp.Equal(question, asked) {
		t.Errorf("asked %s: %v", s.Stdin, err)
	}
	if slices.ContainsFunc(s.Env, func(e string) bool { return strings.Contains(e, "TOKEN") }) {
		t.Errorf("a token in the environment: %q", s.Env)
	}
}

func TestPostBelievesNoOddAnswer(t *testing.T) {
	good := PostAnswer{Schema: PostSchema, Place: "comment"}
	other, nowhere := good, good
	other.Schema, nowhere.Place = AnnounceSchema, ""
	for name, c := range map[string]struct {
		role role
		want error
	}{
		"another schema":     {role{Stdout: marshal(t, other)}, ErrUnavailable},
		"it says not where":  {role{Stdout: marshal(t, nowhere)}, ErrUnavailable},
		"nothing":            {role{}, ErrUnavailable},
		"not set up":         {role{Code: 2}, ErrUsage},
		"an answer and no 0": {role{Stdout: marshal(t, good), Code: 3}, ErrUnavailable},
	} {
		r, _, _ := cast(t, c.role)
		if a, err := r.Post(t.Context(), PostQuestion{Forge: "github", Token: "ghp_do-not-repeat"}); !errors.Is(err, c.want) || a.Place != "" || strings.Contains(err.Error(), "ghp_") {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}
