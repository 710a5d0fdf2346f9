// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/bom/check"
	"github.com/gateledger/gateledger/internal/bom/diff"
	"github.com/gateledger/gateledger/internal/bom/score"
	"github.com/gateledger/gateledger/internal/report"
)

func inText(t testing.TB, r report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Text(&b, r, report.Options{Width: 200}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSBOMDiffSaysHowItStands(t *testing.T) {
	added := diff.Change{Kind: diff.Added, Name: "pkg:npm/b", Before: []string{}, After: []string{"1"}, Path: []string{"shop", "a", "b@1"}}
	alarm := diff.Change{Kind: diff.Hash, Name: "pkg:npm/a", Version: "1", Before: []string{"SHA-256 aa"}, After: []string{"SHA-256 bb"}}
	long := added
	long.Path = []string{"1", "2", "3", "4", "5", "6", "7", "8"}
	facts := map[string]struct {
		report report.SBOMDiff
		want   []string
	}{
		"the same":       {report.SBOMDiff{}, []string{"✓ THE SAME", "no component differs"}},
		"no alarm":       {report.SBOMDiff{Diff: diff.Diff{Changes: []diff.Change{added}}}, []string{"✓ NO ALARM", "· added  npm/b: 1 [shop > a > b@1]"}},
		"not allowed":    {report.SBOMDiff{Diff: diff.Diff{Changes: []diff.Change{added}}, Fails: []diff.Kind{diff.Added}}, []string{"✗ NOT ALLOWED", "✗ added  npm/b"}},
		"an alarm":       {report.SBOMDiff{Diff: diff.Diff{Changes: []diff.Change{alarm, added}}}, []string{"✗ ALARM", "✗ OTHER BYTES  npm/a@1: SHA-256 aa → SHA-256 bb"}},
		"a long path":    {report.SBOMDiff{Diff: diff.Diff{Changes: []diff.Change{long}}}, []string{"[1 > 2 > 3 > (3 more) > 7 > 8]"}},
		"nothing before": {report.SBOMDiff{Diff: diff.Diff{Changes: []diff.Change{{Kind: diff.Licence, Name: "x", After: []string{"MIT"}}}}}, []string{"none → MIT"}},
	}
	for fact, f := range facts {
		got := inText(t, f.report)
		for _, want := range f.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", fact, want, got)
			}
		}
	}
}

func TestSBOMCheckSaysHowItStands(t *testing.T) {
	digest := check.Finding{Rule: check.RuleDigest, Where: "a@1", Text: "differs"}
	schema := check.Finding{Rule: check.RuleSchema, Where: "/", Text: "is wrong"}
	facts := map[string]struct {
		result check.Result
		want   string
	}{
		"true":         {check.Result{}, "✓ TRUE"},
		"not true":     {check.Result{Findings: []check.Finding{schema}, More: 2}, "✗ NOT TRUE"},
		"tampered":     {check.Result{Findings: []check.Finding{schema, digest}}, "✗ TAMPERED"},
		"nobody knows": {check.Result{Unreadable: []string{"lock"}}, "? NOT KNOWN"},
		"both":         {check.Result{Findings: []check.Finding{schema}, Unreadable: []string{"lock"}}, "✗ NOT TRUE"},
	}
	for fact, f := range facts {
		if got := inText(t, report.SBOMCheck{Result: f.result, Name: "x.json"}); !strings.HasPrefix(got, f.want) {
			t.Errorf("%s: %s", fact, got)
		}
	}
}

func TestSBOMScoreSaysHowItStands(t *testing.T) {
	s := score.Score{Standard: "S", Points: 15, Max: 20, Elements: []score.Element{
		{Name: "name", Have: 2, Of: 2, Points: 10}, {Name: "version", Have: 1, Of: 2, Points: 5, Lacking: []string{"a"}, Fix: "say it"}}}
	got := inText(t, report.SBOMScore{Name: "x.json", Scores: []score.Score{s}, AtLeast: 75})
	for _, want := range []string{"✓ SCORED", "S: 15 of 20 points", "✗ 5 of 10   version [1 of 2]", "· +5  say it [lacking: a]"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if got := inText(t, report.SBOMScore{Scores: []score.Score{s}, AtLeast: 76}); !strings.HasPrefix(got, "✗ UNDER 76 %") {
		t.Errorf("%s", got)
	}
}

// What a document says is shown, and does nothing.
func TestSBOMReportsEscapeWhatIsInThem(t *testing.T) {
	const evil = "<img src=x onerror=alert(1)> [x](https://evil.example) @acme/all | \x1b[2J\n# head"
	for _, r := range []report.Report{
		report.SBOMDiff{Diff: diff.Diff{New: diff.Side{Subject: evil}, Changes: []diff.Change{{Kind: diff.Added, Name: evil, After: []string{evil}, Path: []string{evil}, Note: evil}}}},
		report.SBOMCheck{Name: evil, Result: check.Result{Subject: evil, Serial: evil, Findings: []check.Finding{{Rule: "x", Where: evil, Text: evil}}, Unreadable: []string{evil}, Doubts: []check.Finding{{Text: evil}}}},
		report.SBOMScore{Name: evil, Scores: []score.Score{{Standard: "S", Max: 10, Elements: []score.Element{{Name: "n", Of: 1, Lacking: []string{evil}, Fix: "f"}}}}},
	} {
		var md, js, txt bytes.Buffer
		if err := report.Markdown(&md, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<img", "](http", "@acme", "\x1b", "\n# head"} {
			if strings.Contains(md.String(), bad) {
				t.Errorf("%T: %q in\n%s", r, bad, md.String())
			}
		}
		if err := report.Text(&txt, r, report.Options{}); err != nil || strings.ContainsRune(txt.String(), 0x1b) {
			t.Errorf("%T: %v, or an escape sequence", r, err)
		}
		if err := report.JSON(&js, r); err != nil || !json.Valid(js.Bytes()) || !strings.Contains(js.String(), `"schema": "https://gateledger.dev/sbom-`) {
			t.Errorf("%T: %v\n%s", r, err, js.String())
		}
	}
}
