// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"testing"

	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/report"
)

// TestIssues says which issues are read for votes.
func TestIssues(t *testing.T) {
	mark := report.Marker(production) + "\n"
	for name, c := range map[string]struct {
		body   string
		label  string
		merged bool
		want   int
	}{
		"the environment's":                 {mark + "Deploy?", product.Name, false, 1},
		"edited in a browser":               {report.Marker(production) + "\r\nDeploy?", product.Name, false, 1},
		"a merged pull request shows it":    {mark, product.Name, true, 0},
		"another environment's":             {report.Marker("staging") + "\n", product.Name, false, 0},
		"without the label":                 {mark, "bug", false, 0},
		"without the marker":                {"Deploy?", product.Name, false, 0},
		"the marker is not the first line":  {"Hm.\n" + mark, product.Name, false, 0},
		"more than the marker in that line": {report.Marker(production) + " x\n", product.Name, false, 0},
	} {
		h := newHub(t)
		if c.merged {
			h.Merge(number, commit)
		}
		h.Comment(h.Issue(bot.id, "Deploy", c.body, c.label), ana.id, "/approve "+request)
		if got := len(h.snapshot("github-comment").Votes); got != c.want {
			t.Errorf("%s: %d votes, want %d", name, got, c.want)
		}
	}
}
