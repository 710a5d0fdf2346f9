// SPDX-License-Identifier: Apache-2.0

package github_test

import (
	"errors"
	"testing"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/forge/github"
	"github.com/gateledger/gateledger/internal/forge/github/githubtest"
)

// What GitHub has against CODEOWNERS is a list, or it is not known.
func TestOwnerErrors(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want int
		err  error
	}{
		"nothing":             {`{"errors":[]}`, 0, nil},
		"one":                 {`{"errors":[{"line":2,"column":3,"kind":"Unknown owner","source":"* @a","path":"CODEOWNERS"}]}`, 1, nil},
		"no list":             {`{}`, 0, ask.ErrUnavailable},
		"null":                {`null`, 0, ask.ErrUnavailable},
		"a list":              {`[]`, 0, ask.ErrUnavailable},
		"an error of nothing": {`{"errors":[{}]}`, 0, ask.ErrUnavailable},
		"one of no file":      {`{"errors":[{"line":2,"column":3,"kind":"Unknown owner","source":"* @a"}]}`, 0, ask.ErrUnavailable},
	} {
		s, client := server(t)
		s.Fault(githubtest.Fault{In: "/codeowners/errors", Answer: githubtest.Status(200, c.body)})
		got, err := client.OwnerErrors(t.Context(), "main")
		if len(got) != c.want || (c.err == nil) != (err == nil) || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	s, client := server(t)
	s.Fault(githubtest.Fault{In: "/codeowners/errors", Answer: githubtest.Status(404, `{"message":"Not Found"}`)})
	if _, err := client.OwnerErrors(t.Context(), "main"); !errors.Is(err, ask.ErrRefused) {
		t.Error(err)
	}
}

// The word that an error is about begins at its column.
func TestOwnerOfAnError(t *testing.T) {
	for _, c := range []struct {
		source string
		column int
		want   string
	}{
		{"* @a @b", 3, "@a"}, {"* @a @b", 6, "@b"}, {"* @a\r\n", 3, "@a"}, {"*\t@a\t@b", 3, "@a"}, {"*\t@a\t@b", 6, "@b"}, {"@a", 1, "@a"},
		{"* @a", 0, ""}, {"* @a", -1, ""}, {"* @a", 5, ""}, {"* @a", 4, ""}, {"", 1, ""}, {"", 0, ""},
	} {
		if got := (github.OwnerError{Source: c.source, Column: c.column}).Owner(); got != c.want {
			t.Errorf("%q, %d: %q, want %q", c.source, c.column, got, c.want)
		}
	}
}
