// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every attack of docs/attacks.md is played by the test that it names.
func TestEveryAttackIsPlayed(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "attacks.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("^\\| ([A-L][0-9]+) \\| [^|]+ \\| [^|]+ \\| `([^`]+)`: (.+) \\|$")
	seen := 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSuffix(line, "\n")
		if !regexp.MustCompile(`^\| [A-Z][0-9]`).MatchString(line) {
			continue
		}
		m := row.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no row of the table: %s", line)
			continue
		}
		seen++
		test, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m[2])))
		if err != nil || !strings.Contains(string(test), m[3]) {
			t.Errorf("%s: %s has no %q (%v)", m[1], m[2], m[3], err)
		}
	}
	if seen < 70 {
		t.Errorf("%d attacks", seen)
	}
}
