// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/hosting"
)

// TestThreatModelHasOneRowPerPlan holds docs/threat-model.md to the table of
// hosting plans. GATELEDGER_UPDATE=1 rewrites it.
func TestThreatModelHasOneRowPerPlan(t *testing.T) {
	const start, end = "<!-- table: hosting plans -->\n", "<!-- end -->"
	file := filepath.Join("..", "..", "docs", "threat-model.md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(data), start)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no table between %q and %q", file, start, end)
	}
	want := before + start + hostingTable() + end + after
	if os.Getenv("GATELEDGER_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(data) != want {
		t.Errorf("%s is not what internal/hosting says; run 'make update'", file)
	}
}

func hostingTable() string {
	var b strings.Builder
	b.WriteString("| `ledger.hosting` | log key | log's branch | who could rewrite the log | who would notice | what we advise |\n|---|---|---|---|---|---|\n")
	for _, p := range hosting.Plans() {
		fmt.Fprintf(&b, "| `%s`<br>%s | %s | %s | %s | %s | %s |\n", p.Name, p.Title, p.Key, p.Branch, p.Rewrite, p.Notice, p.Advice)
	}
	b.WriteString("\nWhat stays unprotected, all the same:\n\n")
	for _, line := range remaining() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	b.WriteString("\nWhom the gate's answer stops, once the credentials of a deployment are kept as\n`init` advises. A target that asks for itself (`gateledger verify decision`) stops\neverybody, on every plan.\n\n")
	for _, p := range hosting.Plans() {
		fmt.Fprintf(&b, "- `%s`: %s.\n", p.Name, p.Gate)
	}
	b.WriteString("\nWhere this was read, and what was not confirmed. Vendors change their plans;\nwhere it matters, look before you rely on it.\n\n")
	for _, p := range hosting.Plans() {
		fmt.Fprintf(&b, "- `%s`: %s.\n", p.Name, p.Sources)
	}
	return b.String()
}

// remaining is each sentence once, with the plans it holds for.
func remaining() []string {
	var order []string
	plans := map[string][]string{}
	for _, p := range hosting.Plans() {
		for _, r := range p.Remains {
			if plans[r] == nil {
				order = append(order, r)
			}
			plans[r] = append(plans[r], "`"+p.Name+"`")
		}
	}
	for i, r := range order {
		who := strings.Join(plans[r], ", ")
		order[i] = fmt.Sprintf("%s (%s)", r, who)
	}
	return order
}
