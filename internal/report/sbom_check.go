// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/bom/check"
)

// SBOMCheck is whether a bill of materials is true.
type SBOMCheck struct {
	check.Result
	Name string // of the document
}

var _ Report = SBOMCheck{}

func (c SBOMCheck) document() any {
	return struct {
		Schema   string `json:"schema"`
		Document string `json:"document"`
		True     bool   `json:"true"`
		check.Result
	}{schema("sbom-check"), c.Name, len(c.Findings) == 0 && len(c.Unreadable) == 0, c.Result}
}

func (c SBOMCheck) page() page {
	p := page{
		title: "SBOM " + c.Name, mark: markYes, word: "TRUE",
		why: "as far as it was looked at: " + strings.Join(c.Checked, "; "),
		facts: []fact{
			{"about", join(c.Subject, ", ", fmt.Sprintf("%d components", c.Components)), false},
			{"format", "CycloneDX " + c.Spec, false},
		},
		sections: []section{
			{title: "Not true", lines: untrue(c.Findings, markNo)},
			{title: "Not looked at", lines: plain(c.Unchecked)},
			{title: "Could not be compared", lines: plain(c.Unreadable)},
			{title: "Odd", lines: untrue(c.Doubts, markItem)},
		},
	}
	if c.Serial != "" {
		p.details = []fact{{"serial number", c.Serial, true}}
	}
	if c.Signed {
		p.facts = append(p.facts, fact{"signature", "inside the document, not checked here; nothing was rewritten", false})
	}
	if c.More > 0 {
		p.sections[0].lines = append(p.sections[0].lines, line{mark: markNo, word: "and", text: fmt.Sprintf("%d more of the same rules", c.More)})
	}
	switch {
	case c.Tampered():
		p.mark, p.word, p.why = markNo, "TAMPERED", "bytes here are not those that the document names"
	case len(c.Findings) > 0:
		p.mark, p.word, p.why = markNo, "NOT TRUE", plural(len(c.Findings)+c.More, "finding")
	case len(c.Unreadable) > 0:
		p.mark, p.word, p.why = markUnknown, "NOT KNOWN", fmt.Sprintf("%d lockfiles could not be compared with the document", len(c.Unreadable))
	}
	return p
}

func untrue(in []check.Finding, m mark) []line {
	out := make([]line, len(in))
	for i, f := range in {
		out[i] = line{mark: m, word: string(f.Rule), name: f.Where, text: f.Text}
	}
	return out
}

func plain(in []string) []line {
	out := make([]line, len(in))
	for i, s := range in {
		out[i] = line{mark: markUnknown, text: s}
	}
	return out
}
