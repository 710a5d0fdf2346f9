// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/vote"
)

var update = flag.Bool("update", false, "write the expected errors anew")

func fixtures(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures %s: %v", pattern, err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[f] = data
	}
	return all
}

// golden compares got with the file beside a fixture.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("run with -update if this is meant (-want +got):\n%s", diff)
	}
}

// Every ok fixture is read; its .out, if any, is what keeps it from being used.
func TestParseReads(t *testing.T) {
	for file, data := range fixtures(t, "ok/*.yml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			p, err := Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			out := strings.TrimSuffix(file, ".yml") + ".out"
			if err := p.Lint(); err != nil {
				golden(t, out, err.Error()+"\n")
			} else if _, err := os.Stat(out); err == nil {
				t.Errorf("%s is there, and Lint finds nothing", out)
			}
		})
	}
}

// Every err fixture is refused, with a place for each thing wrong.
func TestParseRefuses(t *testing.T) {
	place := regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*: \S`)
	for file, data := range fixtures(t, "err/*.yml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			p, err := Parse(data)
			if err == nil || p != nil {
				t.Fatalf("Parse = %v, %v; want no policy and an error", p, err)
			}
			var one *Error
			if !errors.As(err, &one) {
				t.Errorf("no *Error in %T", err)
			}
			for line := range strings.Lines(err.Error()) {
				if !place.MatchString(line) {
					t.Errorf("no line and column in %q", line)
				}
			}
			golden(t, strings.TrimSuffix(file, ".yml")+".out", withoutSources(err.Error())+"\n")
		})
	}
}

// withoutSources takes the list of sources out of a message, so that a new one
// changes no expected error.
func withoutSources(text string) string {
	return strings.NewReplacer(
		"have "+strings.Join(SeatSources(), ", "), "have SOURCES",
		"have "+strings.Join(vote.SourceNames(), ", "), "have SOURCES",
	).Replace(text)
}

func TestParseRefusesAHugeFile(t *testing.T) {
	data := append(bytes.Clone(fixtures(t, "ok/smallest.yml")["testdata/ok/smallest.yml"]), bytes.Repeat([]byte("#\n"), MaxSize/2)...)
	if _, err := Parse(data); err == nil || !strings.Contains(err.Error(), "at most 1048576") {
		t.Errorf("Parse of %d bytes: %v", len(data), err)
	}
}

func TestParseHasLimits(t *testing.T) {
	head := "version: 1\nledger: {origin: q7d4example, keys: [\"" + logKey(t) + "\"]}\n"
	entries := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for what, test := range map[string]struct{ text, want string }{
		"principals":   {"principals:\n" + entries(maxPrincipals+1, "  p%d: {}\n"), "principals: has 4097 entries; at most 4096"},
		"signers":      {"signers:\n" + entries(maxSigners+1, "  s%d: {key: x}\n"), "signers: has 257 entries; at most 256"},
		"environments": {"environments:\n" + entries(maxEnvironments+1, "  e%d: {auto: true}\n"), "environments: has 65 entries; at most 64"},
		"a list":       {"outsiders: [" + entries(maxList+1, "a%d@x.org, ") + "]\n", "outsiders: has 257 entries; at most 256"},
		"a text":       {"principals: {a: {github: {id: 1, login: " + strings.Repeat("x", maxText+1) + "}}}\n", "login: has 16385 bytes; at most 16384"},
		"a name":       {"principals: {" + strings.Repeat("x", 65) + ": {}}\n", "at most 64 of them"},
	} {
		if p, err := Parse([]byte(head + test.text)); err == nil || p != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", what, err, test.want)
		}
	}
}

func TestParseStopsListingErrors(t *testing.T) {
	var b strings.Builder
	for range 500 {
		b.WriteString("x" + strings.Repeat("y", b.Len()%7) + strings.Repeat("z", b.Len()%11) + ": 1\n")
	}
	_, err := Parse([]byte(b.String()))
	if n := strings.Count(err.Error(), "\n"); err == nil || n > maxErrors {
		t.Errorf("%d lines of errors", n+1)
	}
}

func full(t testing.TB) *Policy {
	t.Helper()
	p, err := Parse(fixtures(t, "ok/full.yml")["testdata/ok/full.yml"])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParseFillsIn(t *testing.T) {
	p, err := Parse(fixtures(t, "ok/defaults.yml")["testdata/ok/defaults.yml"])
	if err != nil {
		t.Fatal(err)
	}
	want := Environment{
		Name: "production", Tier: Fast, Require: []Seat{{Role: "lead", Count: 1}},
		Veto: []string{"lead"}, MaxAge: 24 * time.Hour, Gate: []string{"ci"},
	}
	if diff := cmp.Diff(want, p.Environments["production"]); diff != "" {
		t.Error(diff)
	}
	if tier := p.Signers["ci"].Tier; tier != Fast {
		t.Errorf("a signer without a tier is of tier %q", tier)
	}
}

func TestParseTakesWhatIsWritten(t *testing.T) {
	p := full(t)
	ana := p.Principals["ana"]
	if diff := cmp.Diff([]string{"ana@example.org", "ana@work.example"}, ana.Emails); diff != "" {
		t.Error(diff)
	}
	if !cmp.Equal(ana.GitHub, []Account{{583231, "ana", "github.com"}}) || !cmp.Equal(ana.GitLab, []Account{{42, "", "gitlab.com"}}) {
		t.Errorf("accounts %+v %+v", ana.GitHub, ana.GitLab)
	}
	if want := time.Date(2027, 1, 1, 10, 0, 0, 0, time.UTC); !ana.Keys[0].Until.Equal(want) {
		t.Errorf("until %s, want %s", ana.Keys[0].Until, want)
	}
	e := p.Environments["production"]
	want := []Evidence{
		{Event: "test", Result: "passed", By: []string{"ci"}, MaxAge: 90 * time.Minute},
		{Event: "sbom", By: []string{"ci", "dev"}},
		{Event: "build", By: []string{"ci"}},
		{Event: "commit", By: []string{"ci"}},
		{Event: "deployment", Environment: "staging", Result: "healthy", By: []string{"dev"}},
	}
	if diff := cmp.Diff(want, e.Evidence); diff != "" {
		t.Error(diff)
	}
	if e.MaxAge != 7*24*time.Hour || !cmp.Equal(e.Gate, []string{"dev"}) {
		t.Errorf("max-age %s, gate %v", e.MaxAge, e.Gate)
	}
	if !cmp.Equal(p.PolicyChange, []Seat{{Role: "lead", Count: 2}}) {
		t.Errorf("policy-change %v", p.PolicyChange)
	}
}

func TestEvidenceWithoutAResultStillAsksForTheGoodOne(t *testing.T) {
	src := fixtures(t, "ok/full.yml")["testdata/ok/full.yml"]
	src = bytes.ReplaceAll(bytes.ReplaceAll(src, []byte("result: passed, "), nil), []byte("result: healthy, "), nil)
	p, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range p.Environments["production"].Evidence {
		if want := results[e.Event]; e.Result != want {
			t.Errorf("%s asks for result %q, want %q", e.Event, e.Result, want)
		}
	}
}

func TestReady(t *testing.T) {
	for name, test := range map[string]struct{ file, environment, want string }{
		"enough people":               {"full", "production", ""},
		"an automatic environment":    {"full", "staging", ""},
		"another name":                {"full", "prodution", `did you mean "production"`},
		"nobody yet":                  {"nobody-yet", "production", "no principal holds a role yet"},
		"too few":                     {"too-few-people", "production", "only ana, bo can fill it"},
		"one person for two seats":    {"one-person-two-seats", "production", "one person fills one seat"},
		"a veto that nobody can cast": {"veto-nobody-holds", "production", `did you mean "security"`},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(fixtures(t, "ok/*.yml")["testdata/ok/"+test.file+".yml"])
			if err != nil {
				t.Fatal(err)
			}
			err = p.Ready(test.environment)
			if got := ""; err != nil {
				got = err.Error()
				if test.want == "" || !strings.Contains(got, test.want) {
					t.Errorf("Ready: %s; want %q in it", got, test.want)
				}
			} else if test.want != "" {
				t.Errorf("Ready: nothing; want %q", test.want)
			}
		})
	}
}

func TestPrincipalOf(t *testing.T) {
	p := full(t)
	key := p.Principals["ana"].Keys[0]
	day := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for at, want := range map[string]error{
		"2025-12-31T23:59:59Z": ErrKeyOutside,
		"2026-01-01T00:00:00Z": nil,
		"2027-01-01T09:59:59Z": nil,
		"2027-01-01T10:00:00Z": ErrKeyOutside,
	} {
		if name, err := p.PrincipalOf(key.SSH, day(at)); name != "ana" || !errors.Is(err, want) {
			t.Errorf("at %s: %q, %v; want ana, %v", at, name, err, want)
		}
	}
	delete(p.Principals, "ana")
	if name, err := p.PrincipalOf(key.SSH, day("2026-06-01T00:00:00Z")); name != "" || !errors.Is(err, ErrStranger) {
		t.Errorf("a stranger: %q, %v", name, err)
	}
}

func TestSignerOf(t *testing.T) {
	p := full(t)
	if name, ok := p.SignerOf(p.Signers["dev"].Key); name != "dev" || !ok {
		t.Errorf("SignerOf = %q, %v", name, ok)
	}
	if name, ok := p.SignerOf(""); name != "" || ok {
		t.Errorf("SignerOf(nothing) = %q, %v", name, ok)
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"ok/*.yml", "err/*.yml"} {
		for _, data := range fixtures(f, pattern) {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			var one *Error
			if p != nil || !errors.As(err, &one) || one.Line < 1 || one.Column < 1 {
				t.Fatalf("Parse = %v, %#v", p, err)
			}
			return
		}
		for name, e := range p.Environments {
			if len(e.Gate) == 0 || len(e.Require) == 0 && !e.Auto {
				t.Fatalf("environment %s opens by itself: %+v", name, e)
			}
			if _, err := p.EnvironmentDigest(name); err != nil {
				t.Fatal(err)
			}
		}
		_ = p.Lint()
		again, err := Parse(p.Source)
		if err != nil || again.Digest != p.Digest {
			t.Fatalf("read again: %v", err)
		}
	})
}
