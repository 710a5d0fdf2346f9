// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
)

// maxNodes keeps a picture readable; maxDrawing keeps it below the 50 000
// characters over which Mermaid draws nothing at all.
const (
	maxNodes   = 60
	maxDrawing = 40_000
)

// Mermaid writes what led to what as a Mermaid flowchart, without a fence.
// Of a long story it draws the first part and says how much is left out.
func Mermaid(w io.Writer, r Report) error {
	_, err := io.WriteString(w, mermaid(r.page().flow))
	return err
}

func mermaid(f flow) string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	shown := 0
	for shown < min(len(f.nodes), maxNodes) && b.Len() < maxDrawing {
		fmt.Fprintf(&b, "  n%d[\"%s\"]\n", shown, nodeLabel(f.nodes[shown]))
		shown++
	}
	for _, e := range f.edges {
		if e[0] < shown && e[1] < shown {
			fmt.Fprintf(&b, "  n%d --> n%d\n", e[0], e[1])
		}
	}
	if left := len(f.nodes) - shown; left > 0 {
		fmt.Fprintf(&b, "  rest[\"%d more are not drawn\"]\n", left)
	}
	return b.String()
}

// nodeLabel joins lines with the one tag that Mermaid's labels know. A mark
// that claims nothing is left out: Mermaid takes a dash for a list.
func nodeLabel(n node) string {
	lines := make([]string, len(n.text))
	for i, s := range n.text {
		lines[i] = label(s)
	}
	out := strings.Join(lines, "<br/>")
	if n.mark == markNone {
		return out
	}
	return n.mark.symbol() + " " + out
}
