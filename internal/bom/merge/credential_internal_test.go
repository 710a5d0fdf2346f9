// SPDX-License-Identifier: Apache-2.0

package merge

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/bom"
)

// slow says the same as hasUser in one expression.
var slow = regexp.MustCompile(`(?i)(?::|%3A)(?://|%2F%2F)([^/?#\s"'<>\\@%]*(?:%3A[^/?#\s"'<>\\@%]*)?)(?:@|%40)`)

func slowly(text string) bool {
	for i := range text { // a match may begin within another one
		if m := slow.FindStringSubmatchIndex(text[i:]); m != nil && m[0] == 0 {
			if user := text[i:][m[2]:m[3]]; user != "git" && user != "hg" {
				return true
			}
		}
	}
	return false
}

var addresses = map[string]bool{
	"https://user:word@h.example/a":                true,
	"https://user@h.example":                       true,
	"HTTPS://@h.example":                           true,
	"pkg:npm/a?vcs_url=git%2Bssh%3a%2f%2Fu%3Aw%40": true,
	"https%3A//token%40h":                          true,
	"://a://b@c":                                   true,
	"git+ssh://git@h.example/a":                    false,
	"ssh://hg@h.example/a":                         false,
	"https://h.example/a@b":                        false,
	"https://h.example?a@b":                        false,
	"pkg:npm/%40a/b@1":                             false,
	"a//b@c":                                       false,
	"\"https://h\",\"a@b\"":                        false,
	"https://a%20b@c":                              false,
	"https://git%3Aword%40h":                       true,
	"%3A%2F%2F":                                    false,
	":/":                                           false,
	"":                                             false,
}

func TestHasUser(t *testing.T) {
	for text, want := range addresses {
		if got := hasUser([]byte(text)); got != want || slowly(text) != want {
			t.Errorf("%q: %v, the expression says %v, want %v", text, got, slowly(text), want)
		}
		if got := hasUser([]byte(strings.Repeat("x/%", 1000) + text + strings.Repeat("/%", 1000))); got != want && text != "%3A%2F%2F" && text != ":/" {
			t.Errorf("%q in much else: %v", text, got)
		}
	}
}

func FuzzHasUser(f *testing.F) {
	for text := range addresses {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := hasUser([]byte(text)), slowly(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	})
}

func TestInspector(t *testing.T) {
	var out bytes.Buffer
	o := inspector{&out, 10}
	if _, err := o.Write([]byte("0123456789")); err != nil || out.String() != "0123456789" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if _, err := o.Write([]byte("0")); !errors.Is(err, ErrTooLarge) || out.Len() != 10 {
		t.Errorf("%q, %v", out.String(), err)
	}
	if _, err := (&inspector{io.Discard, 100}).Write([]byte(`"https://user@h.example"`)); !errors.Is(err, bom.ErrCredential) {
		t.Error(err)
	}
}
