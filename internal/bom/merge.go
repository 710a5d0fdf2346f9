// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// A record is one component of one source.
type record struct {
	*Component
	source, index int
}

// merge makes one graph of all sources. Records of one package URL are one
// component unless they contradict each other.
func merge(sources []Source) *merged {
	m := &merged{sources: sources, ref: make([][]string, len(sources))}
	for i, s := range sources {
		m.ref[i] = make([]string, len(s.Components))
	}
	records := sortedRecords(sources)
	for len(records) > 0 {
		n := 1
		for n < len(records) && identity(records[n].Component) == identity(records[0].Component) {
			n++
		}
		m.addAll(records[:n])
		records = records[n:]
	}
	arrange.By(m.nodes, func(a, b node) int { return strings.Compare(a.ref, b.ref) })
	m.connect()
	return m
}

// identity is what two records must share to be one component.
func identity(c *Component) string { return refName(c, 1) }

// sortedRecords lists every component of every source in an order that does
// not depend on the order in which they were found.
func sortedRecords(sources []Source) []record {
	var total int
	for _, s := range sources {
		total += len(s.Components)
	}
	records := make([]record, 0, total)
	for i := range sources {
		for j := range sources[i].Components {
			c := &sources[i].Components[j]
			arrange.By(c.Hashes, compareHash)
			records = append(records, record{c, i, j})
		}
	}
	arrange.By(records, compareRecords)
	return records
}

// compareRecords orders records by identity first. It asks for the rest only
// of two that are alike in that: a large lockfile is sorted by many comparisons.
func compareRecords(a, b record) int {
	if c := strings.Compare(identity(a.Component), identity(b.Component)); c != 0 {
		return c
	}
	if c := strings.Compare(a.Group+"/"+a.Name, b.Group+"/"+b.Name); c != 0 {
		return c
	}
	return cmp.Or(
		strings.Compare(a.Origin, b.Origin),
		slices.CompareFunc(a.Hashes, b.Hashes, compareHash),
		cmp.Compare(a.source, b.source), cmp.Compare(a.index, b.index))
}

// addAll adds the records of one package URL: as one component, or as several
// that are numbered, if they disagree.
func (m *merged) addAll(records []record) {
	var groups []node
	for _, r := range records {
		i := slices.IndexFunc(groups, func(n node) bool { return n.agrees(r.Component) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, node{Component: r.Component, ref: refName(r.Component, i+1)})
		} else {
			groups[i].absorb(r.Component)
		}
		m.ref[r.source][r.index] = groups[i].ref
	}
	for i := range groups {
		groups[i].tidy()
	}
	m.nodes = append(m.nodes, groups...)
}

// agrees reports whether two records of one package URL can be the same
// bytes: the same name and origin, and no digest of one kind that differs.
func (c *Component) agrees(o *Component) bool {
	if c.Name != o.Name || c.Group != o.Group || c.Origin != o.Origin {
		return false
	}
	return !contradict(c.Hashes, o.Hashes) && !contradictFiles(c.References, o.References)
}

// contradict reports whether a digest of one list differs from that of the
// same kind in the other.
func contradict(a, b []Hash) bool {
	for _, h := range a {
		differs := func(x Hash) bool { return x.Alg == h.Alg && x.Value != h.Value }
		if slices.ContainsFunc(b, differs) && !slices.Contains(b, h) {
			return true
		}
	}
	return false
}

// contradictFiles reports whether two records disagree about the bytes of one
// file. A comment says that the file has no name of its own, so that two of
// them are not the same file.
func contradictFiles(a, b []Reference) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	at := make(map[string][]Hash, len(a))
	for _, r := range a {
		if r.Comment == "" && len(r.Hashes) > 0 {
			at[r.URL] = r.Hashes
		}
	}
	return slices.ContainsFunc(b, func(r Reference) bool {
		return r.Comment == "" && contradict(at[r.URL], r.Hashes)
	})
}

// absorb adds what another record of the same component says.
func (c *Component) absorb(o *Component) {
	c.Scope = max(c.Scope, o.Scope)
	if c.Supplier == "" || o.Supplier != "" && o.Supplier < c.Supplier {
		c.Supplier = o.Supplier
	}
	if len(c.Authors) == 0 {
		c.Authors = o.Authors
	}
	c.credited = c.credited || o.credited
	if c.Type != o.Type && o.Type == Application {
		c.Type = o.Type
	}
	c.Properties = append(agreed(c.Properties, o.Properties), agreed(o.Properties, c.Properties)...)
	c.Hashes = append(c.Hashes, o.Hashes...)
	c.Licences = append(c.Licences, o.Licences...)
	c.References = append(c.References, o.References...)
	c.Occurrences = append(c.Occurrences, o.Occurrences...)
}

// agreed returns the properties of a that stand when b is another record of
// the same component.
func agreed(a, b []Property) []Property {
	var out []Property
	for _, p := range a {
		if !p.Unanimous || slices.Contains(b, p) {
			out = append(out, p)
		}
	}
	return out
}

// tidy sorts a component's lists and drops what stands there twice.
func (c *Component) tidy() {
	c.Hashes = unique(c.Hashes, compareHash)
	c.Licences = unique(c.Licences, func(a, b Licence) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Expression, b.Expression),
			strings.Compare(a.Name, b.Name), strings.Compare(a.File, b.File))
	})
	c.References = unique(c.References, func(a, b Reference) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.URL, b.URL), strings.Compare(a.Comment, b.Comment),
			slices.CompareFunc(a.Hashes, b.Hashes, compareHash))
	})
	c.Properties = unique(c.Properties, func(a, b Property) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
	c.Occurrences = unique(c.Occurrences, func(a, b Occurrence) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
}

func compareHash(a, b Hash) int {
	return cmp.Or(strings.Compare(a.Alg, b.Alg), strings.Compare(a.Value, b.Value))
}

// unique sorts a list in place and drops elements equal to their neighbour.
func unique[T any](list []T, compare func(a, b T) int) []T {
	if len(list) < 2 {
		return list
	}
	arrange.By(list, compare)
	return slices.CompactFunc(list, func(a, b T) bool { return compare(a, b) == 0 })
}

// connect turns every source's edges into references. An edge of a component
// to itself (another copy of the same package) is dropped.
func (m *merged) connect() {
	at := make(map[string]int, len(m.nodes))
	for i := range m.nodes {
		at[m.nodes[i].ref] = i
	}
	for i, s := range m.sources {
		for from, targets := range s.Edges {
			n := &m.nodes[at[m.ref[i][from]]]
			for _, to := range targets {
				if ref := m.ref[i][to]; ref != n.ref {
					n.requires = append(n.requires, ref)
				}
			}
		}
	}
	for i := range m.nodes {
		n := &m.nodes[i]
		n.requires = unique(n.requires, strings.Compare)
	}
}
