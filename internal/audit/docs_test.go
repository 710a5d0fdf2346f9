// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The documented table is the one that is counted with.
func TestPricesAreDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/audit.md")
	check(t, err)
	_, table, _ := strings.Cut(string(data), "<!-- table: prices -->\n| what | points |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "<!-- end -->")
	want := ""
	for _, p := range Prices() {
		want += fmt.Sprintf("| %s | %d |\n", p.What, p.Points)
	}
	if table != want {
		t.Errorf("docs/audit.md has\n%s\nand the code\n%s", table, want)
	}
}
