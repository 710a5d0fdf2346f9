// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/command"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/scan"
	"github.com/gateledger/gateledger/internal/subject"
	"github.com/gateledger/gateledger/internal/testreport"
)

// TestReferenceMatchesTheTables holds docs/reference.md to the tables in the
// code. GATELEDGER_UPDATE=1 rewrites it.
func TestReferenceMatchesTheTables(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "reference.md")
	want := reference()
	if os.Getenv("GATELEDGER_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the tables say; run 'make update'", file)
	}
}

func reference() string {
	var b strings.Builder
	b.WriteString("# Reference\n\nMade from the tables in the code by `make update`; a test holds them together.\n")
	verbs := [][]string{{"verb", "what it does"}}
	for _, c := range command.Root(cli.System()).Commands() {
		if c.Name() != "help" && c.Name() != "completion" {
			verbs = append(verbs, []string{"`" + c.Name() + "`", c.Short})
		}
	}
	table(&b, "Verbs", "`gateledger VERB --help` shows each with examples.", verbs)

	kinds := [][]string{{"kind", "predicate type", "standard", "made by", "what it says"}}
	for _, k := range event.Kinds() {
		by := "the verbs that need it"
		if k.Recordable {
			by = "`record " + k.Name + "`"
		}
		standard := k.Standard
		if standard == "" {
			standard = "ours"
		}
		kinds = append(kinds, []string{k.Name, "`" + k.PredicateType + "`", standard, by, k.Doc})
	}
	table(&b, "Event kinds", "Each is the predicate of an in-toto Statement v1. Ours have a JSON Schema in [schema/](schema/).", kinds)

	ledgers := [][]string{{"URL", "what it is", "writable"}}
	for _, s := range ledger.Schemes() {
		ledgers = append(ledgers, []string{"`" + s.Name + ":`", s.Doc, map[bool]string{true: "yes", false: "no"}[s.Writable]})
	}
	table(&b, "Ledgers", "", ledgers)
	pairs(&b, "Subjects", "`--subject`", subject.Forms())
	pairs(&b, "Test reports", "format", testreport.Formats())
	pairs(&b, "Where we run", "provider", ci.Providers())

	found := [][]string{{"ecosystem", "lockfiles"}}
	ecosystems := scan.Ecosystems()
	for _, name := range slices.Sorted(maps.Keys(ecosystems)) {
		found = append(found, []string{name, "`" + strings.Join(ecosystems[name], "`, `") + "`"})
	}
	table(&b, "Ecosystems", "`sbom` reads these.", found)
	return b.String()
}

func pairs(b *strings.Builder, title, head string, list [][2]string) {
	rows := [][]string{{head, "what it is"}}
	for _, p := range list {
		rows = append(rows, []string{p[0], p[1]})
	}
	table(b, title, "", rows)
}

func table(b *strings.Builder, title, intro string, rows [][]string) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if intro != "" {
		fmt.Fprintf(b, "%s\n\n", intro)
	}
	for i, r := range rows {
		cells := make([]string, len(r))
		for j, c := range r {
			cells[j] = strings.ReplaceAll(c, "|", `\|`)
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			fmt.Fprintf(b, "|%s\n", strings.Repeat("---|", len(r)))
		}
	}
}
