// SPDX-License-Identifier: Apache-2.0

package bom

import "slices"

// Stats counts what a document holds.
type Stats struct {
	Subject    string         // its name and version
	Components map[string]int // by ecosystem, a component of two sources once
	Total      int            // components, without the subject
	Edges      int
	Hashed     int // components with a digest of any kind, of their own or of a file
	Licensed   int // components with a licence
}

// Stats counts what the document holds.
func (d *Document) Stats() Stats {
	s := Stats{Subject: d.root.title(), Components: map[string]int{}, Total: len(d.components), Edges: len(d.root.requires)}
	counted := map[string]map[string]bool{}
	for _, src := range d.sources {
		if counted[src.Ecosystem] == nil {
			counted[src.Ecosystem] = map[string]bool{d.root.ref: true}
		}
		for _, ref := range src.refs {
			if !counted[src.Ecosystem][ref] {
				counted[src.Ecosystem][ref] = true
				s.Components[src.Ecosystem]++
			}
		}
	}
	for i := range d.components {
		c := &d.components[i]
		s.Edges += len(c.requires)
		if len(c.Hashes) > 0 || slices.ContainsFunc(c.References, func(r Reference) bool { return len(r.Hashes) > 0 }) {
			s.Hashed++
		}
		if len(c.Licences) > 0 {
			s.Licensed++
		}
	}
	return s
}

// Sources returns what was read, in the order of the document.
func (d *Document) Sources() []Source { return d.inventory.Sources }

// title names a component for people.
func (c *Component) title() string {
	if c.Version == "" {
		return c.displayName()
	}
	return c.displayName() + "@" + c.Version
}
