// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Split cuts a document into documents that are each at most limit bytes long
// as Marshal writes them, and hands them to emit one after the other; one that
// is short enough is handed on as it is. Every component stands in full in one
// of them and every edge in one of them; where an edge leads to a component of
// another part, that stands there a second time with nothing but its name, so
// that no reference leads nowhere. Each part says that it is the i-th of n. The
// cuts depend on nothing but the content.
func (d *Document) Split(limit int, emit func(part *Document, i, n int) error) error {
	whole, err := d.length()
	if err != nil {
		return fmt.Errorf("split the SBOM: %w", err)
	}
	if whole <= limit {
		return emit(d, 1, 1)
	}
	s := newSplitter(d, limit)
	if s.base, err = s.document(&part{}, maxParts, maxParts).length(); err != nil {
		return fmt.Errorf("split the SBOM: %w", err)
	}
	// Once to count the parts, which each of them names, and once to make them:
	// they are not all in memory together.
	n := 0
	if err := s.cut(func(*part) error { n++; return nil }); err != nil {
		return err
	}
	i := 0
	return s.cut(func(p *part) error {
		i++
		return emit(s.document(p, i, n), i, n)
	})
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
	at    map[string]int // component by reference, -1 for the subject
	costs []cost         // by component
	open  *part
	emit  func(*part) error
	n     int // parts that were begun
}

// A cost is how many bytes a component adds, in full and as a stub.
type cost struct{ full, stub int }

// A part is what one document is to hold.
type part struct {
	size  int
	full  map[int]bool
	stubs map[int]bool     // components that stand here by name only
	edges map[int][]string // by component, -1 for the subject
}

func newSplitter(d *Document, limit int) *splitter {
	s := &splitter{whole: d, limit: limit, at: make(map[string]int, len(d.components)), costs: make([]cost, len(d.components))}
	s.at[d.root.ref] = -1
	for i := range d.components {
		n := d.components[i]
		s.at[n.ref] = i
		n.requires = nil
		// It also stands among the dependencies and in the composition, each
		// time with a comma.
		more := encodedLength(n.dependency()) + encodedLength(n.ref) + 3
		stub := stubOf(n)
		s.costs[i] = cost{encodedLength(n.component()) + more, encodedLength(stub.component()) + more}
	}
	return s
}

// cut places every component and, behind it, the edge of the subject to it and
// its own.
func (s *splitter) cut(emit func(*part) error) error {
	s.emit, s.open, s.n = emit, nil, 0
	if err := s.next(); err != nil {
		return err
	}
	direct := map[string]bool{}
	for _, ref := range s.whole.root.requires {
		direct[ref] = true
	}
	for i := range s.whole.components {
		n := &s.whole.components[i]
		if err := s.place(i, func(p *part) int { return s.add(p, i) }); err != nil {
			return err
		}
		if direct[n.ref] {
			if err := s.place(i, func(p *part) int { return s.edge(p, -1, i) }); err != nil {
				return err
			}
		}
		for _, ref := range n.requires {
			if err := s.place(i, func(p *part) int { return s.edge(p, i, s.at[ref]) }); err != nil {
				return err
			}
		}
	}
	return emit(s.open)
}

// next hands on the part that is open, and begins another.
func (s *splitter) next() error {
	if s.open != nil {
		if err := s.emit(s.open); err != nil {
			return err
		}
	}
	if s.n++; s.n > maxParts {
		return fmt.Errorf("split the SBOM: more than %d parts", maxParts)
	}
	s.open = &part{size: s.base, full: map[int]bool{}, stubs: map[int]bool{}, edges: map[int][]string{}}
	return nil
}

// place puts something of a component into the part that is open, or into a
// new one if it does not fit. put returns how many bytes it adds, and adds it
// where they fit.
func (s *splitter) place(i int, put func(*part) int) error {
	for range 2 {
		if cost := put(s.open); s.open.size+cost <= s.limit {
			s.open.size += cost
			return nil
		}
		if err := s.next(); err != nil {
			return err
		}
	}
	return fmt.Errorf("split the SBOM: %s alone is over the limit of %d bytes", s.whole.components[i].title(), s.limit)
}

// add puts a component into a part in full, if it fits, and returns what that
// adds.
func (s *splitter) add(p *part, i int) int {
	c := s.costs[i].full
	if p.stubs[i] {
		c -= s.costs[i].stub
	}
	if p.size+c <= s.limit {
		p.full[i], p.stubs[i] = true, false
	}
	return c
}

// edge puts an edge into a part, with what it leads from and to, if all of it
// fits, and returns what that adds.
func (s *splitter) edge(p *part, from, to int) int {
	target := s.whole.root.ref
	if to >= 0 {
		target = s.whole.components[to].ref
	}
	c := encodedLength(target) + 1 + len(`,"dependsOn":[]`)
	for _, i := range []int{from, to} {
		if i >= 0 && !p.full[i] && !p.stubs[i] {
			c += s.costs[i].stub
		}
	}
	if p.size+c <= s.limit {
		for _, i := range []int{from, to} {
			if i >= 0 && !p.full[i] {
				p.stubs[i] = true
			}
		}
		if len(p.edges[from]) > 0 {
			c -= len(`,"dependsOn":[]`)
		}
		p.edges[from] = append(p.edges[from], target)
	}
	return c
}

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
func (s *splitter) document(p *part, i, n int) *Document {
	d := &Document{inventory: s.whole.inventory, root: s.whole.root}
	d.root.requires = p.edges[-1]
	slices.Sort(d.root.requires)
	held := map[string]bool{s.whole.root.ref: true}
	var here []int
	for _, in := range []map[int]bool{p.full, p.stubs} {
		for j, is := range in {
			if is {
				here = append(here, j)
			}
		}
	}
	slices.Sort(here)
	for _, j := range here {
		c := s.whole.components[j]
		if !p.full[j] {
			c = stubOf(c)
		}
		c.requires = p.edges[j]
		slices.Sort(c.requires)
		d.components = append(d.components, c)
		held[c.ref] = true
	}
	for _, src := range s.whole.sources {
		told := *src.Source
		told.State = min(told.State, Incomplete)
		told.Reasons = append(slices.Clip(told.Reasons), fmt.Sprintf("part %d of %d", i, n))
		refs := slices.DeleteFunc(slices.Clone(src.refs), func(ref string) bool { return !held[ref] })
		d.sources = append(d.sources, source{&told, refs})
	}
	return d
}

// plainFolder is a folder as it stands before a path: empty for the tree's own.
func plainFolder(folder string) string {
	folder = strings.Trim(folder, "/")
	if folder == "" || folder == "." {
		return ""
	}
	return folder + "/"
}
