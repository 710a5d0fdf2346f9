// SPDX-License-Identifier: Apache-2.0

package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// A release of an anchored environment may wait so long for its anchors, from
// when a monitor saw it first.
func TestWatchWaitsForAnchors(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "policy", "testdata", "ok", "anchored-smallest.yml"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse([]byte(string(data) + "    max-head-age: 4h\n"))
	if err != nil {
		t.Fatal(err)
	}
	spec := p.Ledger.Witnesses.Of[0]
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	m := &monitor{flags: watchLedgerFlags{anchorWithin: time.Hour}}
	state := ledgerState{}.clone()
	for _, step := range []struct {
		fact    string
		after   time.Duration
		used    uint64 // entries up to the newest release
		covered uint64 // by a cosignature, as of now
		want    string
	}{
		{"no release", 0, 0, 0, ""},
		{"a release", 0, 7, 0, "head-age"},
		{"within the hour", 59 * time.Minute, 7, 0, "head-age"},
		{"an hour later", 60 * time.Minute, 7, 0, "not-anchored head-age"},
		{"another release makes it no younger", 61 * time.Minute, 9, 0, "not-anchored head-age"},
		{"the first is anchored, the second not yet", 62 * time.Minute, 9, 8, ""},
		{"for an hour", 123 * time.Minute, 9, 8, "not-anchored"},
		{"all is", 124 * time.Minute, 9, 12, ""},
		{"for long, and nobody asked since", 8 * time.Hour, 9, 0, "not-anchored head-age"},
	} {
		now := start.Add(step.after)
		l := &watching{workspace: &workspace{policy: p}, m: m, now: now, next: state}
		l.next.Used["production"] = step.used
		var e anchored.Evidence
		if step.covered > 0 {
			e.Proven = []anchored.Proven{{Spec: spec, Checkpoint: proof.Checkpoint{Size: step.covered}, At: now.Add(-time.Minute), Unique: true, Dated: true}}
		}
		if step.fact == "for long, and nobody asked since" {
			l.next.Waiting["production"] = unanchored{Size: 9, Since: stamp(start)}
		}
		l.anchors(e)
		var got []string
		for _, a := range l.found {
			name, _, _ := strings.Cut(a.Key, " ")
			got = append(got, name)
			if a.Kind != "not-anchored" || a.Severity != findingSeverity || !strings.Contains(a.Message, "production") {
				t.Errorf("%s: %+v", step.fact, a)
			}
		}
		if strings.Join(got, " ") != step.want {
			t.Errorf("%s: %q, want %q; waiting %+v", step.fact, got, step.want, l.next.Waiting)
		}
		state = l.next
	}
}

func TestEveryAlertHasItsMetric(t *testing.T) {
	files, err := filepath.Glob("verify_watch*.go")
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text += string(data)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "monitor.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range alertKinds() {
		if strings.Count(text, `"`+kind+`"`) < 2 {
			t.Errorf("nothing makes an alert of kind %s", kind)
		}
		if !strings.Contains(string(page), "| `"+kind+"` |") {
			t.Errorf("docs/monitor.md does not explain %s", kind)
		}
	}
}

func FuzzLedgerState(f *testing.F) {
	f.Add([]byte(`{"schema":"https://gateledger.dev/ledger-watch/v1","origin":"x","given":"","policy":"","head":"x\n1\n","audited":"","failures":0,"alerts":{},"used":{},"waiting":{},"apart":{}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "state.json")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := readLedgerState(file)
		if err == nil && s.Schema != ledgerStateSchema {
			t.Errorf("%q is read as %+v", data, s)
		}
		_ = s.size()
	})
}
