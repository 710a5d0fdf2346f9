// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/event"
)

var update = flag.Bool("update", false, "write the goldens anew")

func samples() map[string]Report {
	return map[string]Report{
		"decision-pending":   pending(),
		"decision-allowed":   allowed(),
		"decision-denied":    denied(),
		"decision-undecided": undecided(),
		"decision-bare":      Decision{Decision: pending().Decision},
		"decision-hostile":   hostile("x\n| <b>`@ana #1 \x1b[31m\u202e\u200b![a](http://b) \"'; rm -rf /"),
		"chain-holds":        chain(),
		"chain-tampered":     tampered(),
		"chain-unpinned":     unpinned(),
		"chain-certified":    certified(),
		"decision-proven":    proven(),
		"integration":        integrated(),
		"integration-empty":  Integration{Head: event.Checkpoint{Size: 3, Root: rootHex}},
		"integration-attack": littered("x\n| <b>`@ana #1 \x1b[31m\u202e\u200b![a](http://b) \"'; rm -rf /"),
		"request-approve":    asking(),
		"request-shown":      shown(),
	}
}

// render gives every form of r, by the golden's extension.
func render(t *testing.T, r Report) map[string]string {
	t.Helper()
	forms := map[string]func(io.Writer) error{
		"txt":  func(w io.Writer) error { return Text(w, r, Options{}) },
		"json": func(w io.Writer) error { return JSON(w, r) },
		"md":   func(w io.Writer) error { return Markdown(w, r, Options{}) },
	}
	out := map[string]string{}
	for ext, form := range forms {
		var b bytes.Buffer
		if err := form(&b); err != nil {
			t.Fatal(err)
		}
		out[ext] = b.String()
	}
	return out
}

func TestGoldens(t *testing.T) {
	for name, r := range samples() {
		for ext, got := range render(t, r) {
			t.Run(name+"."+ext, func(t *testing.T) {
				file := filepath.Join("testdata", name+"."+ext)
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
}

func TestTheSameReportHasTheSameBytes(t *testing.T) {
	for name, r := range samples() {
		if diff := cmp.Diff(render(t, r), render(t, r)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTextFitsTheTerminal(t *testing.T) {
	for name, r := range samples() {
		for _, width := range []int{40, 80, 120} {
			var b bytes.Buffer
			if err := Text(&b, r, Options{Width: width}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				words := strings.Fields(line)
				if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > width && !mayOverflow(line, words, width) {
					t.Errorf("%s at %d columns: %q", name, width, line)
				}
			}
		}
	}
}

// mayOverflow allows what must be copied in one piece, and headings.
func mayOverflow(line string, words []string, width int) bool {
	for _, w := range words {
		if utf8.RuneCountInString(w) > width/3 {
			return true
		}
	}
	return strings.HasPrefix(strings.TrimSpace(line), "gateledger ") || !strings.HasPrefix(line, " ")
}

func TestColourIsNeverTheOnlySignal(t *testing.T) {
	strip := strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "", "\x1b[1;31m", "", "\x1b[1;32m", "", "\x1b[1;33m", "", "\x1b[1;35m", "")
	for name, r := range samples() {
		var plain, coloured bytes.Buffer
		if err := errors.Join(Text(&plain, r, Options{}), Text(&coloured, r, Options{Color: true})); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(plain.String(), "\x1b") {
			t.Errorf("%s: escape sequences without Color", name)
		}
		if !strings.Contains(coloured.String(), "\x1b[1;3") {
			t.Errorf("%s: no colour with Color", name)
		}
		if diff := cmp.Diff(plain.String(), strip.Replace(coloured.String())); diff != "" {
			t.Errorf("%s: colour changed the text:\n%s", name, diff)
		}
	}
}

func TestVerdictLineComesFirst(t *testing.T) {
	for name, want := range map[string]string{
		"decision-pending":   "… PENDING  ",
		"decision-allowed":   "✓ ALLOWED  ",
		"decision-denied":    "✗ DENIED  ",
		"decision-undecided": "? COULD NOT FIND OUT  ",
		"chain-holds":        "✓ HOLDS  ",
		"chain-tampered":     "✗ TAMPERED  ",
		"chain-unpinned":     "? NOT TRUSTED  ",
		"chain-certified":    "✓ HOLDS  ",
		"integration":        "? PARTLY INTEGRATED  ",
		"integration-empty":  "✓ NOTHING TO DO  ",
		"request-approve":    "… YOU ARE ABOUT TO APPROVE  ",
	} {
		forms := render(t, samples()[name])
		if !strings.HasPrefix(forms["txt"], want) {
			t.Errorf("%s starts with %.60q, want %q", name, forms["txt"], want)
		}
		status := strings.Split(forms["md"], "\n")[2]
		if !strings.HasPrefix(status, "**"+strings.TrimSpace(want)+"**") {
			t.Errorf("%s has status line %q, want %q", name, status, want)
		}
	}
}

func TestExplanationIsInTheOrderOneReads(t *testing.T) {
	forms := render(t, pending())
	inOrder(t, forms["txt"],
		"PENDING", "1 of 2 approvals by lead", // the answer
		"Allowed if", "2 leads approve", "1 security approves", "promoted from staging", // worst first
		"Votes", "bob approved: counted as lead", "cy approved: rejected: author of the commit", "unknown key",
		"Missing", "1 more approval by lead: ask dee or eli",
		"Next", "gateledger approve 4f1c2ab39d4f")
	inOrder(t, forms["md"], "## Deploy", "PENDING", "| Allowed if |", "**Missing**", "**Next**", "<details><summary>Details", "<details><summary>Votes", "```mermaid")
}

func inOrder(t *testing.T, s string, parts ...string) {
	t.Helper()
	rest := s
	for _, p := range parts {
		_, after, ok := strings.Cut(rest, p)
		if !ok {
			t.Fatalf("%q is missing or out of order in:\n%s", p, s)
		}
		rest = after
	}
}

func TestJSONIsOneObjectWithASchema(t *testing.T) {
	for name, r := range samples() {
		var doc map[string]any
		if err := json.Unmarshal([]byte(render(t, r)["json"]), &doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		kind, _, _ := strings.Cut(name, "-")
		kind = map[string]string{"decision": "decision", "chain": "custody", "request": "request-shown", "integration": "integration"}[kind]
		if want := "https://gateledger.dev/" + kind + "/v1"; doc["schema"] != want {
			t.Errorf("%s: schema is %v, want %s", name, doc["schema"], want)
		}
	}
}

func TestJSONKeepsOutsideTextWholeButShowsNoneOfIt(t *testing.T) {
	const nasty = "a\x1b[31m\u202eb\u200bc\U000e0001d\x7fe<f>"
	out := render(t, hostile(nasty))["json"]
	if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && clean.Hidden(r) }); i >= 0 {
		t.Errorf("a hidden character stands at byte %d: %q", i, out[i:i+4])
	}
	var doc struct{ Why string }
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Why != nasty {
		t.Errorf("why came back as %q", doc.Why)
	}
}

func TestPlansAreReplacedByTheCallers(t *testing.T) {
	d := pending()
	d.Next = []string{"gateledger try again"}
	for ext, out := range render(t, d) {
		if !strings.Contains(out, "try again") || strings.Contains(out, "gateledger approve") {
			t.Errorf("%s proposes other commands:\n%s", ext, out)
		}
	}
}

func TestNextMovesTheDecisionOn(t *testing.T) {
	for name, want := range map[string][]string{
		"decision-pending":   {"gateledger approve 4f1c2ab39d4f", "gateledger record test --subject dist/app@" + fileSHA},
		"decision-allowed":   {"gateledger record deployment --environment production --result healthy --subject dist/app@" + fileSHA},
		"decision-denied":    {"gateledger gate --environment production --new-request --subject dist/app@" + fileSHA},
		"decision-undecided": {"gateledger doctor"},
		"decision-bare":      {"gateledger approve 4f1c2ab39d4f"},
		"chain-holds":        {"gateledger export -o audit.tar"},
		"chain-tampered":     {"gateledger verify ledger"},
		"chain-unpinned":     {"gateledger trust"},
		"integration":        {"gateledger integrate", "gateledger doctor"},
		"integration-empty":  {},
		"request-shown":      {"gateledger approve 4f1c2ab39d4f"},
		"request-approve":    nil,
	} {
		if diff := cmp.Diff(want, samples()[name].page().next); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestExpiry(t *testing.T) {
	r := asking()
	for expires, want := range map[string]string{
		"2026-03-03T09:00:00Z": "2026-03-03T09:00:00Z, in 22h30m",
		"2026-03-02T10:30:00Z": "2026-03-02T10:30:00Z, it has EXPIRED",
		"2026-03-01T09:00:00Z": "2026-03-01T09:00:00Z, it has EXPIRED",
		"soon":                 "soon",
	} {
		r.Asked.Expires = expires
		if got := r.expiry(); got != want {
			t.Errorf("expiry of %s is %q, want %q", expires, got, want)
		}
	}
}

type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestAWriterThatFailsIsReported(t *testing.T) {
	for form, write := range map[string]func(io.Writer) error{
		"text":     func(w io.Writer) error { return Text(w, pending(), Options{}) },
		"json":     func(w io.Writer) error { return JSON(w, pending()) },
		"markdown": func(w io.Writer) error { return Markdown(w, pending(), Options{}) },
		"mermaid":  func(w io.Writer) error { return Mermaid(w, pending()) },
	} {
		if err := write(&failing{}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s: %v", form, err)
		}
	}
	if err := Text(&failing{left: 3}, pending(), Options{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("later write: %v", err)
	}
}
