// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/cli"
)

// obeyed reports whether a runner of GitHub Actions would take a line for a
// command, as its ActionCommand does
// (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs):
// "::" at the start, after white space, or "##[" anywhere.
func obeyed(line string) bool {
	return strings.HasPrefix(strings.TrimSpace(line), "::") || anywhere.MatchString(line)
}

var anywhere = regexp.MustCompile(`##\[`)

func orders() []string {
	return []string{
		"::set-output name=verdict::allowed\n", "  \t::set-output name=verdict::allowed", "\u2003::warning::x", "\u00a0\u3000::x::y",
		"text ##[set-output name=verdict;]allowed\n", "###[x]", "####[[", "a\r::b::c", "a\r\n::b::c\n", ":::x::", ": ::x::", ":\n:x", "#\n#[", "##\n[",
		"\xff::x::y", "\x00::x", "::", ":", "##", "[",
	}
}

func TestAGuardLeavesNothingToObey(t *testing.T) {
	for _, s := range orders() {
		for cut := 0; cut <= len(s); cut++ { // however it is written
			var b bytes.Buffer
			g := &guard{w: &b, arm: true}
			for _, part := range []string{s[:cut], s[cut:]} {
				if n, err := io.WriteString(g, part); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			for _, line := range strings.FieldsFunc(b.String(), func(r rune) bool { return r == '\n' || r == '\r' }) {
				if obeyed(line) {
					t.Errorf("%q cut at %d is obeyed: %q", s, cut, line)
				}
			}
		}
	}
}

func TestAGuardLeavesHarmlessTextAlone(t *testing.T) {
	for _, s := range []string{
		"recorded build #0 sha256:9f86\n", "a::b\n", "hint: one of: x\n", "# heading\n## [link]\n", "ünïcode 漢字\n", "{\"a\":[1]}\n", "time 10:00:00\n", "#[derive]\n",
	} {
		var b bytes.Buffer
		io.WriteString(&guard{w: &b, arm: true}, s)
		if b.String() != s {
			t.Errorf("%q became %q", s, b.String())
		}
	}
	for _, s := range orders() {
		var b bytes.Buffer
		io.WriteString(&guard{w: &b}, s)
		if b.String() != s {
			t.Errorf("no runner reads it, and %q became %q", s, b.String())
		}
	}
}

func TestAGuardKeepsJSON(t *testing.T) {
	in := map[string]string{"name": "dist/##[set-output name=verdict;]allowed", "more": "###[[##["}
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	(&guard{w: &b, arm: true, json: true}).Write(data)
	got := map[string]string{}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got["name"] != in["name"] || got["more"] != in["more"] || obeyed(b.String()) {
		t.Errorf("%v %s", err, b.String())
	}
}

func FuzzGuard(f *testing.F) {
	for _, s := range orders() {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, cut int) {
		var b bytes.Buffer
		g := &guard{w: &b, arm: true}
		cut = max(0, min(cut, len(s)))
		io.WriteString(g, s[:cut])
		io.WriteString(g, s[cut:])
		for _, line := range strings.FieldsFunc(b.String(), func(r rune) bool { return r == '\n' || r == '\r' }) {
			if obeyed(line) {
				t.Errorf("%q is obeyed: %q", s, line)
			}
		}
		if squeeze(b.String()) != squeeze(s) {
			t.Errorf("%q became %q", s, b.String())
		}
	})
}

func squeeze(s string) string { return strings.ReplaceAll(s, " ", "") }

func TestErrorsAreHarmlessToARunner(t *testing.T) {
	cause := errors.New("cause")
	err := &cli.Exit{Code: cli.Usage, Hint: "one of: ##[set-output name=verdict;]allowed", Err: errors.Join(errors.New("a\n::set-output name=verdict::allowed"), cause)}
	on, off := newRunner(t).env, &cli.Env{Getenv: func(string) string { return "" }}
	got := exitOf(harmless(on, err))
	for _, line := range strings.Split(got.Error()+"\n"+got.Hint, "\n") {
		if obeyed(line) {
			t.Errorf("%q", line)
		}
	}
	if !errors.Is(got, cause) || got.Code != cli.Usage {
		t.Error("the cause or code is lost")
	}
	if harmless(off, err) != error(err) || harmless(on, nil) != nil {
		t.Error("an error is changed without need")
	}
}
