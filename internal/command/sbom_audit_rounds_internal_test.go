// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/cli"
)

func zeroNow() time.Time { return time.Unix(1_772_442_000, 0).UTC() }

// played runs rounds over states, one each time it looks, and the minutes
// between looks. It tells how many audits were made.
func played(states string, minutes int, answers ...error) (audits int, said []string, err error) {
	look, now := 0, zeroNow()
	r := rounds{
		once: func(context.Context) error {
			audits++
			return answers[min(audits, len(answers))-1]
		},
		wait:  func() bool { look++; now = now.Add(time.Duration(minutes) * time.Minute); return look < len(states) },
		state: func() string { return states[look : look+1] },
		now:   func() time.Time { return now },
		say:   func(err error) { said = append(said, err.Error()) },
	}
	err = r.run(context.Background())
	return audits, said, err
}

func TestRoundsAuditWhenSomethingChanged(t *testing.T) {
	for _, c := range []struct {
		states  string
		minutes int
		audits  int
	}{
		{"a", 1, 1},
		{"aaaa", 1, 1},
		{"aabb", 1, 2},
		{"abab", 1, 4},
		{"aaaa", 60, 4},       // all is quiet, but feeds age
		{"aaaaaaaaa", 20, 3},  // at 60 and 120 minutes
		{"aabaaaaaaa", 20, 5}, // at 40 and 60 it changed; then at 120 and 180
	} {
		if audits, _, err := played(c.states, c.minutes, nil); audits != c.audits || err != nil {
			t.Errorf("%s, every %d min: %d audits, %v; want %d", c.states, c.minutes, audits, err, c.audits)
		}
	}
}

func TestRoundsEndWithTheLastAnswer(t *testing.T) {
	no, usage := cli.Fail(cli.No, "", "new"), cli.Fail(cli.Usage, "", "no such folder")
	if audits, said, err := played("abc", 1, no, nil); audits != 3 || err != nil || strings.Join(said, ",") != "new" {
		t.Errorf("%d, %q, %v", audits, said, err)
	}
	if _, said, err := played("abc", 1, nil, nil, no); !errors.Is(err, no) || len(said) != 1 {
		t.Errorf("%q, %v", said, err)
	}
	// What is wrong from the start ends it; what goes wrong later may be mended.
	if audits, _, err := played("abc", 1, usage); audits != 1 || !errors.Is(err, usage) {
		t.Errorf("%d, %v", audits, err)
	}
	if audits, _, err := played("abc", 1, nil, usage, nil); audits != 3 || err != nil {
		t.Errorf("%d, %v", audits, err)
	}
}

// The state is another when any file that decides is, and when one can't be
// looked at; what the audit writes does not matter.
func TestTheStateOfTheFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"osv/npm/all.zip", "kev.json", "epss.csv", "waivers.yml", "vex.json", "boms/a.json", "boms/.state.json", "boms/m.prom"} {
		write(name, "x")
	}
	in := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	f := auditFlags{db: in("osv"), kev: in("kev.json"), epss: in("epss.csv"), waivers: in("waivers.yml"), vex: []string{in("vex.json")},
		watch: in("boms"), state: in("boms/.state.json"), metricsFile: in("boms/m.prom")}
	seen := map[string]string{f.filesState(): "the first"}
	for i, name := range []string{"osv/npm/all.zip", "osv/Go/all.zip", "kev.json", "epss.csv", "waivers.yml", "vex.json", "boms/a.json", "boms/b.xml"} {
		write(name, strings.Repeat("y", i+2))
		s := f.filesState()
		if seen[s] != "" {
			t.Errorf("%s changed, and the state is that of %s", name, seen[s])
		}
		seen[s] = name
	}
	before := f.filesState()
	write("boms/.state.json", "what was remembered")
	write("boms/m.prom", "what was measured")
	if f.filesState() != before {
		t.Error("what an audit writes begins another")
	}
	if err := os.Remove(in("kev.json")); err != nil {
		t.Fatal(err)
	}
	if f.filesState() == before {
		t.Error("a feed is gone, and the state is the same")
	}
}

func TestFirstLine(t *testing.T) {
	for text, want := range map[string]string{"": "", "a": "a", "a\nb": "a", "\n": ""} {
		if got := firstLine(fmt.Errorf("%s", text)); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := firstLine(errors.New(strings.Repeat("x", 1000))); len(got) > 510 {
		t.Errorf("%d bytes", len(got))
	}
}
