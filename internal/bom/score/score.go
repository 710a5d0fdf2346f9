// SPDX-License-Identifier: Apache-2.0

// Package score counts how much of what two standards ask for stands in a bill
// of materials: the NTIA's minimum elements of 2021, and TR-03183-2 of the
// German BSI, version 2.1.
//
// A score is a sum of points, each with a name. It says what a document tells,
// not whether that is true: package check does.
package score

import (
	"cmp"
	"slices"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/bom/raw"
)

// MaxPoints is what one element is worth.
const MaxPoints = 10

// An Element is one thing that a standard asks for.
type Element struct {
	Name    string   `json:"name"`
	Have    int      `json:"have"` // components that have it; of a document 0 or 1
	Of      int      `json:"of"`
	Points  int      `json:"points"`  // MaxPoints × Have ÷ Of, rounded down
	Lacking []string `json:"lacking"` // the first components that do not have it
	Fix     string   `json:"fix"`     // what to do about it
}

// Lost is how many points there are still to win.
func (e Element) Lost() int { return MaxPoints - e.Points }

// A Score is a document by one standard.
type Score struct {
	Standard string    `json:"standard"`
	Points   int       `json:"points"`
	Max      int       `json:"max"`
	Elements []Element `json:"elements"` // in the standard's order
}

// Percent is the points of a hundred, rounded down.
func (s Score) Percent() int { return 100 * s.Points / s.Max }

// First lists the elements that lack something, those with the most to win
// first.
func (s Score) First() []Element {
	out := slices.DeleteFunc(slices.Clone(s.Elements), func(e Element) bool { return e.Have == e.Of })
	arrange.Stably(out, func(a, b Element) int { return cmp.Compare(b.Lost(), a.Lost()) })
	return out
}

// maxLacking is how many components are named that lack one thing.
const maxLacking = 5

// Document scores a document by each standard.
func Document(d *raw.Document) []Score {
	f := gather(d)
	var out []Score
	for _, s := range standards() {
		score := Score{Standard: s.name, Max: MaxPoints * len(s.rows)}
		for _, r := range s.rows {
			e := r.count(f)
			score.Points += e.Points
			score.Elements = append(score.Elements, e)
		}
		out = append(out, score)
	}
	return out
}

// facts are a document, and what its parts say of each other.
type facts struct {
	*raw.Document
	components []*raw.Component // the subject first
	depends    map[string]bool  // references whose dependencies are listed
	complete   map[string]bool  // references of which it is said how complete they are
}

func gather(d *raw.Document) *facts {
	f := &facts{Document: d, depends: map[string]bool{}, complete: map[string]bool{}}
	if d.Root != nil {
		f.components = append(f.components, d.Root)
	}
	for i := range d.Components {
		f.components = append(f.components, &d.Components[i])
	}
	for _, dep := range d.Dependencies {
		f.depends[dep.Ref] = true
	}
	for _, c := range d.Compositions {
		if c.Aggregate == "not_specified" || c.Aggregate == "unknown" {
			continue
		}
		for _, ref := range c.Dependencies {
			f.complete[ref] = true
		}
	}
	return f
}

// A row is an element before it is counted: of the document, or of every
// component.
type row struct {
	name, fix string
	document  func(*facts) bool
	component func(*facts, *raw.Component) bool
}

func (r row) count(f *facts) Element {
	e := Element{Name: r.name, Fix: r.fix, Lacking: []string{}}
	if r.document != nil {
		e.Of = 1
		if r.document(f) {
			e.Have = 1
		}
	}
	if r.component != nil {
		e.Of = len(f.components)
		for _, c := range f.components {
			switch {
			case r.component(f, c):
				e.Have++
			case len(e.Lacking) < maxLacking:
				e.Lacking = append(e.Lacking, c.Title())
			}
		}
	}
	if e.Of > 0 { // of nothing, nothing is told
		e.Points = MaxPoints * e.Have / e.Of
	}
	return e
}
