// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/event"
)

const (
	bomBefore = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
 "metadata":{"component":{"type":"application","name":"shop","bom-ref":"subject"}},
 "components":[
  {"type":"library","name":"left-pad","version":"1.0.0","purl":"pkg:npm/left-pad@1.0.0","bom-ref":"a","hashes":[{"alg":"SHA-256","content":"11"}],"licenses":[{"license":{"id":"MIT"}}]},
  {"type":"library","name":"old","version":"3.0.0","purl":"pkg:npm/old@3.0.0","bom-ref":"o"}]}`
	bomAfter = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
 "metadata":{"component":{"type":"application","name":"shop","bom-ref":"subject"}},
 "components":[
  {"type":"application","name":"web","purl":"pkg:npm/web","bom-ref":"web"},
  {"type":"library","name":"left-pad","version":"1.1.0","purl":"pkg:npm/left-pad@1.1.0","bom-ref":"a","hashes":[{"alg":"SHA-256","content":"22"}],"licenses":[{"license":{"id":"MIT"}}]},
  {"type":"library","name":"deep","version":"2.0.0","purl":"pkg:npm/deep@2.0.0","bom-ref":"d","externalReferences":[{"type":"distribution","url":"https://example.org/d","hashes":[{"alg":"SHA-1","content":"33"}]}]},
  {"type":"library","name":"serde","version":"1.0.2","purl":"pkg:cargo/serde@1.0.2","bom-ref":"s"},
  {"type":"file","name":"blob","bom-ref":"b"}],
 "dependencies":[{"ref":"subject","dependsOn":["web","s"]},{"ref":"web","dependsOn":["a"]},{"ref":"a","dependsOn":["d"]}]}`
	bomAlarm = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[
  {"type":"library","name":"left-pad","version":"1.0.0","purl":"pkg:npm/left-pad@1.0.0","bom-ref":"a","hashes":[{"alg":"SHA-256","content":"99"}]}]}`
)

func listed(t testing.TB, text string) *raw.Document {
	t.Helper()
	d, err := raw.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func recorded(pending bool) Recording {
	r := Recording{
		Kind: "build", Event: fileSHA, Pending: pending, Subjects: asked().Subjects, Signer: "ci", Ledger: "q7d4hk2m",
		Notes: []string{"the checkout is not what commit 0d1e2f holds, and the event says so"}, Because: "no report is given, and the job declares no environment",
	}
	if !pending {
		r.Index, r.Checkpoint, r.Bundle = 12, event.Checkpoint{Size: 13, Root: rootHex}, "app.sigstore.json"
	}
	return r
}

func summaries(t testing.TB) map[string]Report {
	whole := NewSBOM(listed(t, bomAfter), listed(t, bomBefore))
	whole.File, whole.Digest = "sbom.cdx.json", fileSHA
	partly := NewSBOM(listed(t, bomAfter), nil)
	partly.Lost = []string{"web/package-lock.json: not JSON"}
	nasty := recorded(false)
	nasty.Kind, nasty.Signer, nasty.Bundle = nastyText, nastyText, nastyText
	nasty.Notes, nasty.Subjects = []string{nastyText}, []event.Subject{{Name: nastyText, Digest: map[string]string{"sha256": appHex}}}
	return map[string]Report{
		"decision-pending":   pending(),
		"decision-allowed":   allowed(),
		"decision-denied":    denied(),
		"decision-undecided": undecided(),
		"decision-hostile":   hostile(nastyText),
		"chain-holds":        chain(),
		"chain-tampered":     tampered(),
		"chain-unpinned":     unpinned(),
		"record":             recorded(false),
		"record-pending":     recorded(true),
		"record-hostile":     nasty,
		"sbom":               whole,
		"sbom-partly":        partly,
		"sbom-alarm":         NewSBOM(listed(t, bomAlarm), listed(t, bomBefore)),
		"failure":            Failure{Verb: "gate", Code: 3, Word: "COULD NOT FIND OUT", Why: "ledger git:origin: the remote can't be reached", Hint: "check the network"},
		"failure-hostile":    Failure{Verb: "gate", Code: 4, Word: "TAMPERED WITH", Why: nastyText, Hint: nastyText},
		"ledger":             LedgerCheck{Origin: "q7d4hk2m", Entries: 14, Bodies: 14, Tiles: 2, Head: event.Checkpoint{Size: 14, Root: rootHex}, Strangers: 1, Trusted: true},
		"bundle":             BundleCheck{File: "app.json", Lines: []string{"build #3 signed by ci, logged under q7d4hk2m"}},
	}
}

const nastyText = "x\n| <b>`@ana #1 \x1b[31m\u202e\u200b![a](http://b) \"'; rm -rf /\n::set-output name=verdict::allowed\n##[set-output name=verdict;]allowed\n```\n</details><!-- "

func TestSummaries(t *testing.T) {
	for name, r := range summaries(t) {
		t.Run(name, func(t *testing.T) {
			got := Summary(r, SummaryOptions{})
			file := filepath.Join("testdata", "summary-"+name+".md")
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
		})
	}
}

func TestASummarysFirstLineIsTheVerdictAndWhatToDo(t *testing.T) {
	for name, want := range map[string]struct{ first, paste string }{
		"decision-pending":   {"## … PENDING: ask dee or eli to approve dist/app for production; still missing: test passed, by ci", "gateledger approve 4f1c2ab39d4f"},
		"decision-allowed":   {"## ✓ ALLOWED: deploy dist/app to production in this run", "gateledger record deployment --environment production"},
		"decision-denied":    {"## ✗ DENIED: dist/app may not be deployed to production", "gateledger "},
		"decision-undecided": {"## ? COULD NOT FIND OUT: dist/app may not be deployed to production until this is known", "gateledger doctor"},
		"chain-holds":        {"## ✓ HOLDS: ", "gateledger export -o audit.tar"},
		"chain-tampered":     {"## ✗ TAMPERED: ", "gateledger verify ledger"},
		"chain-unpinned":     {"## ? NOT TRUSTED: ", "gateledger trust"},
		"record":             {"## ✓ RECORDED: build of dist/app is entry &#35;<!-- -->12 of the log", ""},
		"record-pending":     {"## … NOT YET RECORDED: build of dist/app waits at the ledger", "gateledger integrate"},
		"sbom":               {"## ✓ SBOM: 5 components, 4 of unknown licence in shop; since the base&#58; ", ""},
		"sbom-partly":        {"## ? SBOM NOT WHOLE: could not be read: 1; ", ""},
		"sbom-alarm":         {"## ✗ SBOM ALARM: ", ""},
		"failure":            {"## ? COULD NOT FIND OUT: ledger git&#58;origin", ""},
		"failure-hostile":    {"## ✗ TAMPERED WITH: ", ""},
		"bundle":             {"## ? NOT TRUSTED: ", ""},
	} {
		got := strings.Split(Summary(summaries(t)[name], SummaryOptions{}), "\n")
		if !strings.HasPrefix(strings.ReplaceAll(got[0], "base: ", "base&#58; "), want.first) {
			t.Errorf("%s begins with %q, want %q", name, got[0], want.first)
		}
		if want.paste != "" && !strings.HasPrefix(got[2], "<pre><code>"+want.paste) {
			t.Errorf("%s has %q to paste, want %q", name, got[2], want.paste)
		}
	}
}

// Whatever outside text says, a summary has the lines it would have without.
func TestSummariesEscapeWhatIsInThem(t *testing.T) {
	for name, r := range summaries(t) {
		out := Summary(r, SummaryOptions{First: nastyText})
		if clean.Text(strings.ReplaceAll(out, "\n", "")) != strings.ReplaceAll(out, "\n", "") {
			t.Errorf("%s shows hidden characters", name)
		}
		for line := range strings.Lines(out) {
			if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "::") || strings.Contains(line, "##[") {
				t.Errorf("%s has a line that a runner obeys: %q", name, line)
			}
		}
		for _, bad := range []string{"<b>", "](http", "@ana"} {
			if strings.Contains(out, bad) {
				t.Errorf("%s: %q got through", name, bad)
			}
		}
		if n := strings.Count(out, "</details>"); n != strings.Count(out, "<details>") {
			t.Errorf("%s: %d ends of folded parts", name, n)
		}
	}
}

func TestEveryNewReportHasOneJSONObject(t *testing.T) {
	for name, r := range summaries(t) {
		var b strings.Builder
		var got map[string]any
		if err := JSON(&b, r); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(b.String()), &got); err != nil || !strings.HasPrefix(got["schema"].(string), "https://") {
			t.Errorf("%s: %v %v", name, got["schema"], err)
		}
	}
}

func TestSBOMByEcosystem(t *testing.T) {
	s := NewSBOM(listed(t, bomAfter), listed(t, bomBefore))
	want := []Ecosystem{
		{Name: "npm", Components: 3, Direct: 1, Unlicensed: 2, Hashed: 2},
		{Name: "cargo", Components: 1, Direct: 1, Unlicensed: 1},
		{Name: "other", Components: 1, Unlicensed: 1},
	}
	if diff := cmp.Diff(want, s.Ecosystems); diff != "" {
		t.Error(diff)
	}
	if got := s.Since.Summary(); !strings.Contains(got, "added") || !strings.Contains(got, "removed") {
		t.Errorf("since the base: %s", got)
	}
	if empty := NewSBOM(listed(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1}`), nil); len(empty.Ecosystems) != 0 || empty.Since != nil {
		t.Errorf("%+v", empty)
	}
}

func TestASummaryKeepsBelowItsLimit(t *testing.T) {
	for _, n := range []int{10, 1_000, 100_000} {
		out := Summary(many(n), SummaryOptions{Limit: 64 << 10, Link: "https://ci.example.org/run/7"})
		if len(out) > 64<<10 || !strings.HasPrefix(out, "## ") {
			t.Errorf("%d rules: %d bytes", n, len(out))
		}
	}
	if out := Summary(many(1_000), SummaryOptions{Limit: 1000, Link: "https://ci.example.org/run/7"}); len(out) > 1000 || !strings.Contains(out, "[The whole](https://ci.example.org/run/7)") {
		t.Errorf("%d bytes: %s", len(out), out)
	}
}

func TestCut(t *testing.T) {
	const note = "_Cut here: it was too long for this page._\n"
	long := strings.Repeat("a line of text\n", 40)
	for name, c := range map[string]struct {
		in    string
		limit int
		link  string
		want  string
	}{
		"short enough":            {"a\n", 2, "", "a\n"},
		"between lines":           {"one\n" + long, 60, "", "one\n\n" + note},
		"in the middle of a line": {"one\ntwo", 5, "", ""},
		"no room at all":          {long, 10, "", ""},
		"no line fits":            {strings.Repeat("x", 100) + "\n", 60, "", note},
		"a link":                  {"one\n" + long, 120, "https://ci.example.org/run/7", "one\na line of text\n\n_Cut here: it was too long for this page. [The whole](https://ci.example.org/run/7)._\n"},
		"a link with no room":     {"one\n" + long, 60, "https://ci.example.org/" + strings.Repeat("7", 200), "one\n\n" + note},
		"a link of another kind":  {"one\n" + long, 60, "javascript:alert(1)", "one\n\n" + note},
		"a link with a secret":    {"one\n" + long, 60, "https://ana:secret@ci.example.org", "one\n\n" + note},
		"a link that breaks out":  {"one\n" + long, 60, "https://ci.example.org/)![x](http://b", "one\n\n" + note},
		"a code fence":            {"```go\n" + long, 80, "", "```go\na line of text\n```\n\n" + note},
		"a long code fence":       {"````\n```\n" + long, 80, "", "````\n```\na line of text\n````\n\n" + note},
		"a closed code fence":     {"```\nx\n```\n" + long, 70, "", "```\nx\n```\na line of text\n\n" + note},
		"a fold":                  {"<details><summary>x</summary>\n" + long, 120, "", "<details><summary>x</summary>\na line of text\na line of text\n\n</details>\n\n" + note},
		"a closed fold":           {"<details>\n</details>\n" + long, 85, "", "<details>\n</details>\na line of text\n\n" + note},
		"preformatted":            {"<pre><code>a\n" + long, 90, "", "<pre><code>a\na line of text\n</code></pre>\n\n" + note},
		"a comment":               {"<!-- a\n" + long, 80, "", "<!-- a\na line of text\n-->\n\n" + note},
		"a fence in a comment":    {"<!--\n```\n-->\n" + long, 80, "", "<!--\n```\n-->\na line of text\n\n" + note},
		"a fold named in a fence": {"```\n<details>\n```\n" + long, 80, "", "```\n<details>\n```\na line of text\n\n" + note},
	} {
		if got := Cut(c.in, c.limit, c.link); got != c.want || len(got) > c.limit {
			t.Errorf("%s: %d bytes of %d\n%q\nwant\n%q", name, len(got), c.limit, got, c.want)
		}
	}
}

func FuzzCut(f *testing.F) {
	for _, s := range []string{"", "a\nb\n", "```\nx\n", "<details>\n<pre>\n", "<!-- \n", "~~~~\n```\n", "é漢字\n", "<pre", "-->\n<!--"} {
		f.Add(s, 60, "https://example.org/x")
	}
	f.Fuzz(func(t *testing.T, s string, limit int, link string) {
		limit = max(0, min(limit, 4096))
		out := Cut(s, limit, link)
		if len(out) > limit {
			t.Fatalf("%d bytes, limit %d", len(out), limit)
		}
		if len(s) <= limit && out != s {
			t.Fatal("cut without need")
		}
		if utf8.ValidString(s) && utf8.ValidString(link) && !utf8.ValidString(out) {
			t.Fatalf("a character is torn: %q", out)
		}
		if len(s) <= limit || out == "" {
			return
		}
		var open blocks
		for line := range strings.Lines(out) {
			open.line(strings.TrimSuffix(line, "\n"))
		}
		if open.closing() != "" {
			t.Fatalf("left open: %q", out)
		}
	})
}
