// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// elsewhere are commands of the README that other stories play.
var elsewhere = map[string]string{
	"gateledger approve 4f1c8a --ssh ~/.ssh/id_ed25519": "the id is of nobody's request",
}

// TestReadmeIsPlayed fails for a command of the README's five minutes that the
// story quickstart does not play.
func TestReadmeIsPlayed(t *testing.T) {
	top := filepath.Join("..", "..")
	readme, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	story, err := os.ReadFile(filepath.Join(top, "testdata", "script", "quickstart.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(readme), "## Five minutes\n")
	if !ok {
		t.Fatal("the README has no five minutes")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	played := 0
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "gateledger ") || elsewhere[line] != "" {
			continue
		}
		if strings.Contains(string(story), " "+line+"\n") {
			played++
		} else if strings.HasSuffix(line, "`") || strings.Contains(line, "says what") {
			continue // prose
		} else {
			t.Errorf("the README says %q, and no story plays it", line)
		}
	}
	if played < 10 {
		t.Errorf("only %d commands of the README are played", played)
	}
}
