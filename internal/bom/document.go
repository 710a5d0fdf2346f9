// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/arrange"
)

// A Document is an inventory merged into one graph: every component once,
// everything in order, every reference resolved.
type Document struct {
	inventory  Inventory
	components []node // sorted by ref; without the subject
	root       node
	sources    []source
}

// A node is a merged component, the reference it goes by, and what it depends
// on, sorted and each once.
type node struct {
	*Component
	ref      string
	requires []string
}

// A source is a Source with the references its components ended up with.
type source struct {
	*Source
	refs []string // sorted, each once
}

// New merges an inventory into a document. It takes the components over: a
// large lockfile fits into memory once, not twice. It fails if a source names
// a component that it does not have: that is a fault in a finder.
func New(inv Inventory) (*Document, error) {
	inv.Sources = slices.Clone(inv.Sources)
	arrange.Stably(inv.Sources, compareSources)
	for i := range inv.Sources {
		if err := inv.Sources[i].check(); err != nil {
			return nil, err
		}
	}
	if inv.Version != "" {
		setVersion(inv.Sources, inv.Version)
	}
	m := merge(inv.Sources)
	d := &Document{inventory: inv}
	if err := d.place(m); err != nil {
		return nil, err
	}
	for i := range inv.Sources {
		s := &inv.Sources[i]
		s.Components, s.Edges = nil, nil // they are in the graph now
		d.sources = append(d.sources, source{s, m.refsOf(i)})
	}
	return d, nil
}

func compareSources(a, b Source) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Ecosystem, b.Ecosystem))
}

// MaxVersion is the longest version of a component, in characters: CycloneDX
// 1.6 allows no more.
const MaxVersion = 1024

// check reports the first thing that is missing: a path, a name, or a component
// that an edge leads to.
func (s *Source) check() error {
	if s.Path == "" {
		return errors.New("a source without a path")
	}
	for i := range s.Components {
		c := &s.Components[i]
		if c.Name == "" {
			return fmt.Errorf("%s: component %d has no name", s.Path, i)
		}
		if utf8.RuneCountInString(c.Version) > MaxVersion {
			return fmt.Errorf("%s: the version of %s is over %d characters", s.Path, c.Name, MaxVersion)
		}
		if slices.ContainsFunc(c.Occurrences, func(o Occurrence) bool { return o.Path == "" }) {
			return fmt.Errorf("%s: %s occurs without a path", s.Path, c.Name)
		}
	}
	named := func(i int) bool { return i >= 0 && i < len(s.Components) }
	for _, i := range s.Attached {
		if !named(i) {
			return fmt.Errorf("%s: attached component %d of %d", s.Path, i, len(s.Components))
		}
	}
	for _, i := range slices.Concat(s.Projects, s.Folders) {
		if !named(i) {
			return fmt.Errorf("%s: project %d of %d components", s.Path, i, len(s.Components))
		}
	}
	for from, targets := range s.Edges {
		for _, to := range targets {
			if !named(from) || !named(to) {
				return fmt.Errorf("%s: edge %d to %d of %d components", s.Path, from, to, len(s.Components))
			}
		}
	}
	return nil
}

// setVersion gives the projects in the tree that state no version the one of the
// tree. A project can be recorded by several sources, of which only one knows
// that it is in the tree.
func setVersion(sources []Source, version string) {
	own := map[string]bool{}
	for i := range sources {
		s := &sources[i]
		for _, list := range [][]int{s.Projects, s.Folders} {
			for _, j := range list {
				if c := &s.Components[j]; c.Version == "" {
					own[identity(c)] = true
				}
			}
		}
	}
	for i := range sources {
		for j := range sources[i].Components {
			c := &sources[i].Components[j]
			if c.Version != "" || !own[identity(c)] {
				continue
			}
			c.Version = version
			if c.PURL != "" {
				at := strings.IndexAny(c.PURL+"?", "?#")
				c.PURL = c.PURL[:at] + "@" + strings.ReplaceAll(url.QueryEscape(version), "+", "%20") + c.PURL[at:]
			}
		}
	}
}

// place chooses what the document is about. A tree with one project is about
// that project. A tree with several, or an artifact that the caller names, is
// a component of its own that depends on the projects.
func (d *Document) place(m *merged) error {
	projects := m.projects()
	own := d.inventory.Subject.Name != ""
	if !own && len(projects) == 1 {
		d.root, d.components = split(m.nodes, projects[0])
		d.root.requires = joined(d.root.requires, m.attached(), d.root.ref)
		return nil
	}
	subject := d.inventory.Subject
	if !own {
		subject = Component{Type: Application, Name: treeName(d.inventory.Sources)}
	}
	if subject.Version == "" {
		subject.Version = d.inventory.Version
	}
	ref := "subject"
	for _, taken := slices.BinarySearchFunc(m.nodes, ref, byRef); taken; _, taken = slices.BinarySearchFunc(m.nodes, ref, byRef) {
		ref += "#"
	}
	d.root = node{Component: &subject, ref: ref, requires: joined(projects, m.attached(), "")}
	d.components = m.nodes
	return nil
}

func byRef(n node, ref string) int { return strings.Compare(n.ref, ref) }

// split takes the node with a reference out of a sorted list.
func split(nodes []node, ref string) (node, []node) {
	i, _ := slices.BinarySearchFunc(nodes, ref, byRef)
	n := nodes[i]
	return n, slices.Delete(nodes, i, i+1)
}

// treeName names a tree of several projects after the one nearest to its root.
// The folder's own name is not used: it differs from machine to machine.
func treeName(sources []Source) string {
	name, best := "workspace", -1
	for i := range sources {
		depth := strings.Count(sources[i].Path, "/")
		for _, p := range sources[i].Projects {
			if best < 0 || depth < best {
				name, best = sources[i].Components[p].displayName(), depth
			}
		}
	}
	return name
}

func (c *Component) displayName() string {
	if c.Group == "" {
		return c.Name
	}
	return c.Group + "/" + c.Name
}

// merged is every source's components as one graph.
type merged struct {
	sources []Source
	nodes   []node     // sorted by ref
	ref     [][]string // per source and component
}

// refsOf returns the references of one source's components, sorted, each once.
func (m *merged) refsOf(source int) []string {
	refs := slices.Clone(m.ref[source])
	slices.Sort(refs)
	return slices.Compact(refs)
}

// projects returns the references of all projects, sorted, each once.
func (m *merged) projects() []string {
	var refs []string
	for i, s := range m.sources {
		for _, p := range s.Projects {
			refs = append(refs, m.ref[i][p])
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// attached returns the references of what the tree as a whole uses.
func (m *merged) attached() []string {
	var refs []string
	for i, s := range m.sources {
		for _, p := range s.Attached {
			refs = append(refs, m.ref[i][p])
		}
	}
	return refs
}

// joined returns two lists of references as one, sorted, each once, without
// the one of whom they are.
func joined(a, b []string, self string) []string {
	refs := slices.Concat(a, b)
	slices.Sort(refs)
	return slices.DeleteFunc(slices.Compact(refs), func(ref string) bool { return ref == self })
}

// refName returns the reference of the n-th component with one package URL.
// References are package URLs, so that two documents can be compared line by
// line; a number is added only where one package URL has two origins.
func refName(c *Component, n int) string {
	ref := c.PURL
	if ref == "" {
		ref = c.Type + ":" + c.displayName()
		if c.Version != "" {
			ref += "@" + c.Version
		}
	}
	if n > 1 {
		ref += "#" + strconv.Itoa(n)
	}
	return ref
}
