// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The page of anchors shows the jobs as they are in the examples, and each calls
// a verb and flags that there are.
func TestAnchorJobsOfTheDocs(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(docs(), "anchors.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gateledger-anchor.yml", "gitlab-anchor.yml"} {
		data, err := os.ReadFile(filepath.Join(docs(), "examples", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "```yaml\n"+string(data)+"```") {
			t.Errorf("docs/anchors.md shows another %s", name)
		}
		var n yaml.Node
		if err := yaml.Unmarshal(data, &n); err != nil {
			t.Fatal(err)
		}
		checkUses(t, &n)
		_, call, ok := strings.Cut(string(data), "gateledger anchor --ledger")
		if !ok {
			t.Fatalf("%s does not anchor", name)
		}
		call, _, _ = strings.Cut(call, "\n")
		checkCommand(t, strings.Fields("anchor --ledger"+call))
	}
}
