// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestCodesAreDistinctAndInOrder(t *testing.T) {
	last := -1
	for _, c := range Codes() {
		if c.Code <= last || c.Answer == "" || c.Meaning == "" {
			t.Errorf("%+v after %d", c, last)
		}
		last = c.Code
	}
}

// TestExitCodesAreDocumented holds docs/exit-codes.md to the table.
// GATELEDGER_UPDATE=1 rewrites it.
func TestExitCodesAreDocumented(t *testing.T) {
	const file, start, end = "../../docs/exit-codes.md", "<!-- table: exit codes -->\n", "<!-- end -->"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(data), start)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no table between %q and %q", file, start, end)
	}
	want := before + start + codeTable() + end + after
	if os.Getenv("GATELEDGER_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(data) != want {
		t.Errorf("%s is not what the table says; run the tests with GATELEDGER_UPDATE=1", file)
	}
}

func codeTable() string {
	var b strings.Builder
	b.WriteString("| code | answer | meaning |\n|---|---|---|\n")
	for _, c := range Codes() {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", c.Code, c.Answer, c.Meaning)
	}
	return b.String()
}
