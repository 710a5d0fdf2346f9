// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Split cuts a document into documents that are each at most limit bytes long
// as Marshal writes them: itself if it is. Every component stands in full in
// one of them and every edge in one of them; where an edge leads to a
// component of another part, that stands there a second time with nothing but
// its name, so that no reference leads nowhere. Each part says that it is one.
// The cuts depend on nothing but the content.
func (d *Document) Split(limit int) ([]*Document, error) {
	whole, err := d.length()
	if err != nil {
		return nil, err
	}
	if whole <= limit {
		return []*Document{d}, nil
	}
	s := splitter{whole: d, limit: limit, at: make(map[string]int, len(d.components))}
	for i := range d.components {
		s.at[d.components[i].ref] = i
	}
	if s.base, err = s.document(part{}, maxParts, maxParts).length(); err != nil {
		return nil, err
	}
	if err := s.cut(); err != nil {
		return nil, err
	}
	var out []*Document
	for i, p := range s.parts {
		out = append(out, s.document(p, i+1, len(s.parts)))
	}
	return out, nil
}

// maxParts is how many documents one is split into at most.
const maxParts = 99_999

// length is how many bytes the document has.
func (d *Document) length() (int, error) {
	var n counter
	err := d.encode(&n, blank)
	return int(n), err
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// A splitter fills one part after the other.
type splitter struct {
	whole *Document
	limit int
	base  int            // bytes of a part that holds nothing
	at    map[string]int // component by reference
	parts []part
}

// A part is what one document is to hold.
type part struct {
	size  int
	full  map[int]bool
	stubs map[int]bool     // components that stand here by name only
	edges map[int][]string // by component, -1 for the subject
}

func (s *splitter) open() *part {
	s.parts = append(s.parts, part{size: s.base, full: map[int]bool{}, stubs: map[int]bool{}, edges: map[int][]string{}})
	return &s.parts[len(s.parts)-1]
}

// cut places every component and, behind it, the edge of the subject to it and
// its own.
func (s *splitter) cut() error {
	direct := map[string]bool{}
	for _, ref := range s.whole.root.requires {
		direct[ref] = true
	}
	s.open()
	for i := range s.whole.components {
		n := &s.whole.components[i]
		if err := s.place(n.title(), i, -1, "", false); err != nil {
			return err
		}
		if direct[n.ref] {
			if err := s.place(n.title(), -1, i, n.ref, true); err != nil {
				return err
			}
		}
		for _, ref := range n.requires {
			if err := s.place(n.title(), i, s.at[ref], ref, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// place puts a component, or an edge from it, into the part that is open, or
// into a new one if it does not fit.
func (s *splitter) place(title string, from, to int, ref string, edge bool) error {
	for _, fresh := range []bool{false, true} {
		p := &s.parts[len(s.parts)-1]
		if fresh {
			if len(s.parts) == maxParts {
				return fmt.Errorf("split the SBOM: more than %d parts", maxParts)
			}
			p = s.open()
		}
		cost := 0
		if edge {
			cost = s.stubCost(p, from) + s.stubCost(p, to) + edgeCost(ref)
		} else {
			cost = s.cost(s.whole.components[from]) // with the stub that it may replace counted twice
		}
		if p.size+cost > s.limit {
			continue
		}
		p.size += cost
		if !edge {
			p.full[from] = true
			return nil
		}
		p.stub(from)
		p.stub(to)
		p.edges[from] = append(p.edges[from], ref)
		return nil
	}
	return fmt.Errorf("split the SBOM: %s alone is over the limit of %d bytes", title, s.limit)
}

func (p *part) stub(i int) {
	if i >= 0 && !p.full[i] {
		p.stubs[i] = true
	}
}

func (s *splitter) stubCost(p *part, i int) int {
	if i < 0 || p.full[i] || p.stubs[i] {
		return 0
	}
	return s.cost(stubOf(s.whole.components[i]))
}

// cost is how many bytes a component adds: itself, its place among the
// dependencies, and in the composition.
func (s *splitter) cost(n node) int {
	n.requires = nil
	return encodedLength(n.component()) + encodedLength(n.dependency()) + encodedLength(n.ref) + 3 + len(`,"dependsOn":[]`)
}

func edgeCost(ref string) int { return encodedLength(ref) + 1 }

func encodedLength(v any) int {
	var n counter
	e := json.NewEncoder(&n)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return 0 // the document itself could not be encoded either, and said so
	}
	return int(n) - 1
}

// stubOf is a component by its name alone.
func stubOf(n node) node {
	return node{ref: n.ref, Component: &Component{
		Type: n.Type, PURL: n.PURL, Group: n.Group, Name: n.Name, Version: n.Version, Scope: n.Scope}}
}

// document makes the i-th of n documents.
func (s *splitter) document(p part, i, n int) *Document {
	d := &Document{inventory: s.whole.inventory, root: s.whole.root}
	d.root.requires = p.edges[-1]
	held := map[string]bool{s.whole.root.ref: true}
	for _, j := range slices.Sorted(maps.Keys(union(p.full, p.stubs))) {
		c := s.whole.components[j]
		if !p.full[j] {
			c = stubOf(c)
		}
		c.requires = p.edges[j]
		slices.Sort(c.requires)
		d.components = append(d.components, c)
		held[c.ref] = true
	}
	slices.Sort(d.root.requires)
	for _, src := range s.whole.sources {
		told := *src.Source
		told.State = min(told.State, Incomplete)
		told.Reasons = append(slices.Clip(told.Reasons), fmt.Sprintf("part %d of %d", i, n))
		refs := slices.DeleteFunc(slices.Clone(src.refs), func(ref string) bool { return !held[ref] })
		d.sources = append(d.sources, source{&told, refs})
	}
	return d
}

func union(a, b map[int]bool) map[int]bool {
	out := maps.Clone(a)
	if out == nil {
		out = map[int]bool{}
	}
	maps.Copy(out, b)
	return out
}

// plainFolder is a folder as it stands before a path: empty for the tree's own.
func plainFolder(folder string) string {
	folder = strings.Trim(folder, "/")
	if folder == "" || folder == "." {
		return ""
	}
	return folder + "/"
}
