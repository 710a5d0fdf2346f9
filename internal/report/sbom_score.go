// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/bom/score"
)

// SBOMScore is how much of what standards ask for stands in a bill of
// materials. AtLeast is the percentage of each standard that the caller wants.
type SBOMScore struct {
	Name    string // of the document
	Scores  []score.Score
	AtLeast int
}

var _ Report = SBOMScore{}

func (s SBOMScore) document() any {
	return struct {
		Schema   string        `json:"schema"`
		Document string        `json:"document"`
		Scores   []score.Score `json:"scores"`
	}{schema("sbom-score"), s.Name, append([]score.Score{}, s.Scores...)}
}

// Enough reports whether every standard has the percentage that is wanted.
func (s SBOMScore) Enough() bool {
	for _, sc := range s.Scores {
		if sc.Percent() < s.AtLeast {
			return false
		}
	}
	return true
}

func (s SBOMScore) page() page {
	p := page{title: "SBOM " + s.Name, mark: markYes, word: "SCORED"}
	if !s.Enough() {
		p.mark, p.word = markNo, fmt.Sprintf("UNDER %d %%", s.AtLeast)
	}
	var why []string
	for _, sc := range s.Scores {
		why = append(why, fmt.Sprintf("%s: %d of %d points", sc.Standard, sc.Points, sc.Max))
		p.sections = append(p.sections, section{title: sc.Standard, lines: elements(sc)})
	}
	for _, sc := range s.Scores {
		p.sections = append(p.sections, section{title: "Fix first, for " + sc.Standard, lines: fixes(sc.First())})
	}
	p.why = strings.Join(why, "; ")
	return p
}

func elements(sc score.Score) []line {
	out := make([]line, len(sc.Elements))
	for i, e := range sc.Elements {
		m := markYes
		if e.Have < e.Of || e.Of == 0 {
			m = markNo
		}
		out[i] = line{mark: m, word: fmt.Sprintf("%2d of %d", e.Points, score.MaxPoints), name: e.Name, tail: fmt.Sprintf("%d of %d", e.Have, e.Of)}
	}
	return out
}

// maxFixes is how many things are proposed at once.
const maxFixes = 3

func fixes(first []score.Element) []line {
	var out []line
	for _, e := range first[:min(len(first), maxFixes)] {
		l := line{mark: markItem, word: fmt.Sprintf("+%d", e.Lost()), text: e.Fix}
		if len(e.Lacking) > 0 {
			l.tail = "lacking: " + strings.Join(e.Lacking, ", ")
		}
		out = append(out, l)
	}
	return out
}
