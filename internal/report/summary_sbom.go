// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/bom/diff"
	"github.com/gateledger/gateledger/internal/bom/raw"
)

// An SBOM is a bill of materials as the page of a job shows it: by ecosystem,
// and what changed since another one.
type SBOM struct {
	Subject    string
	Spec       string // "1.6"
	Ecosystems []Ecosystem
	Since      *SBOMDiff // from the base to this one; nil: nothing to compare with
	File       string    // it was written to; may be empty
	Digest     string    // sha256: and the digest of the file
	Lost       []string  // what could not be read; not empty: components are missing
}

var _ Report = SBOM{}

// NewSBOM counts what a document lists, and compares it with base, which may
// be nil.
func NewSBOM(doc, base *raw.Document) SBOM {
	s := SBOM{Spec: doc.Spec, Ecosystems: ecosystems(doc)}
	if doc.Root != nil {
		s.Subject = doc.Root.Name + before("@", doc.Root.Version)
	}
	if base != nil {
		s.Since = &SBOMDiff{Diff: diff.Compare(base, doc)}
	}
	return s
}

// An Ecosystem is how many components are of one type of package, and what is
// known of them.
type Ecosystem struct {
	Name       string `json:"name"` // type of the package URLs; "other" where there are none
	Components int    `json:"components"`
	Direct     int    `json:"direct"`     // that the project itself asks for
	Unlicensed int    `json:"unlicensed"` // whose licence is not known
	Hashed     int    `json:"hashed"`     // with a digest of their own or of a file
}

func (s SBOM) document() any {
	out := struct {
		Schema     string        `json:"schema"`
		Subject    string        `json:"subject"`
		File       string        `json:"file,omitempty"`
		Digest     string        `json:"digest,omitempty"`
		Ecosystems []Ecosystem   `json:"ecosystems"`
		Lost       []string      `json:"lost"`
		Changes    []diff.Change `json:"changes,omitempty"`
	}{schema("sbom-summary"), s.Subject, s.File, s.Digest, append([]Ecosystem{}, s.Ecosystems...), append([]string{}, s.Lost...), nil}
	if s.Since != nil {
		out.Changes = s.Since.Changes
	}
	return out
}

// ecosystems counts the components, those of the most first.
func ecosystems(doc *raw.Document) []Ecosystem {
	direct := directOf(doc)
	found := map[string]*Ecosystem{}
	for i := range doc.Components {
		c := &doc.Components[i]
		name := c.Identity().Type
		if name == "" {
			name = "other"
		}
		if found[name] == nil {
			found[name] = &Ecosystem{Name: name}
		}
		e := found[name]
		e.Components++
		if direct[c.Ref] {
			e.Direct++
		}
		if !slices.ContainsFunc(c.Licences, func(l raw.Licence) bool { return l.Text() != "" }) {
			e.Unlicensed++
		}
		if len(c.Hashes) > 0 || slices.ContainsFunc(c.References, func(r raw.Reference) bool { return len(r.Hashes) > 0 }) {
			e.Hashed++
		}
	}
	out := []Ecosystem{}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, *found[name])
	}
	arrange.Stably(out, func(a, b Ecosystem) int { return b.Components - a.Components })
	return out
}

// directOf are the references of what the project asks for itself: what the
// document's subject depends on, and what the projects in it do.
func directOf(doc *raw.Document) map[string]bool {
	edges := map[string][]string{}
	for _, d := range doc.Dependencies {
		edges[d.Ref] = append(edges[d.Ref], d.DependsOn...)
	}
	projects := map[string]bool{}
	for i := range doc.Components {
		c := &doc.Components[i]
		projects[c.Ref] = c.Type == "application" && c.Version == ""
	}
	out := map[string]bool{}
	if doc.Root == nil {
		return out
	}
	for _, ref := range edges[doc.Root.Ref] {
		out[ref] = !projects[ref]
		if !projects[ref] {
			continue
		}
		for _, below := range edges[ref] {
			out[below] = out[below] || !projects[below]
		}
	}
	return out
}

func (s SBOM) page() page {
	p := page{
		title: "SBOM" + before(" of ", clip(s.Subject, 120)), mark: markYes, word: "SBOM", why: s.total(),
		facts: known([]fact{{"file", s.File, true}, {"sha256", s.Digest, true}, {"CycloneDX", s.Spec, false}}),
		sections: []section{
			{title: "By ecosystem", head: []string{"Ecosystem", "Components", "Known of them", ""}, lines: s.lines()},
			{title: "Could not be read", lines: unknown(s.Lost)},
		},
	}
	if len(s.Lost) > 0 {
		p.mark, p.word = markUnknown, "SBOM NOT WHOLE"
	}
	if s.Since == nil {
		return p
	}
	changed := s.Since.page()
	if changed.mark == markNo {
		p.mark, p.word = markNo, "SBOM "+changed.word
	}
	p.facts = append(p.facts, fact{"since the base", s.Since.Summary(), false})
	for _, c := range changed.sections {
		c.title = "Changed since the base: " + c.title
		c.folded = c.folded || len(c.lines) > manyChanges
		if c.short == "" {
			c.short = fmt.Sprint(len(c.lines))
		}
		p.sections = append(p.sections, c)
	}
	return p
}

// manyChanges is the longest list of changes that is not folded.
const manyChanges = 25

func (s SBOM) say() string {
	said := s.total() + before(" in ", s.Subject)
	if s.Since != nil {
		said += "; since the base: " + s.Since.Summary()
	}
	if len(s.Lost) > 0 {
		said = fmt.Sprintf("could not be read: %d; %s", len(s.Lost), said)
	}
	return said
}

func (s SBOM) total() string {
	all := Ecosystem{}
	for _, e := range s.Ecosystems {
		all.Components, all.Unlicensed = all.Components+e.Components, all.Unlicensed+e.Unlicensed
	}
	return fmt.Sprintf("%d components, %d of unknown licence", all.Components, all.Unlicensed)
}

func (s SBOM) lines() []line {
	var out []line
	for _, e := range s.Ecosystems {
		out = append(out, line{
			mark: markItem, name: fmt.Sprintf("%d, %d of them direct", e.Components, e.Direct), word: e.Name,
			text: fmt.Sprintf("%d with a hash, %d of unknown licence", e.Hashed, e.Unlicensed),
		})
	}
	return out
}
