// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"maps"
	"slices"

	"github.com/gateledger/gateledger/internal/bom/raw"
)

// A group is every version of one identity in one document.
type group struct {
	id       raw.Identity
	versions map[string][]*raw.Component
}

// of returns the components of one version; a nil group has none.
func (g *group) of(version string) []*raw.Component {
	if g == nil {
		return nil
	}
	return g.versions[version]
}

// without returns the versions that other lacks, sorted as texts.
func (g *group) without(other *group) []string {
	var out []string
	if g != nil {
		for v := range g.versions {
			if other.of(v) == nil {
				out = append(out, v)
			}
		}
	}
	slices.Sort(out)
	return out
}

// kept returns the versions that both have, sorted.
func kept(a, b *group) []string {
	var out []string
	if a != nil {
		for v := range a.versions {
			if b.of(v) != nil {
				out = append(out, v)
			}
		}
	}
	slices.Sort(out)
	return out
}

func first(a, b *group) *group {
	if a != nil {
		return a
	}
	return b
}

// indexed is a document that can be asked.
type indexed struct {
	groups  map[string]*group
	origins map[string][]string       // by name, sorted
	bytes   map[release]*digests      // by name and version, whatever the origin
	steps   map[string]step           // how a root reaches what a reference stands for
	byRef   map[string]*raw.Component // what a reference stands for
}

// A step is the last one of the shortest way from a root.
type step struct {
	from, root string // a root comes from itself
	length     int    // of the way, in components
}

// A release is one version of something, wherever it came from.
type release struct{ name, version string }

func index(d *raw.Document) *indexed {
	x := &indexed{groups: map[string]*group{}, origins: map[string][]string{}, bytes: map[release]*digests{}, byRef: map[string]*raw.Component{}}
	for i := range d.Components {
		c := &d.Components[i]
		id := c.Identity()
		g := x.groups[id.Key()]
		if g == nil {
			g = &group{id: id, versions: map[string][]*raw.Component{}}
			x.groups[id.Key()] = g
			x.origins[id.Name] = append(x.origins[id.Name], id.Origin)
		}
		g.versions[id.Version] = append(g.versions[id.Version], c)
		at := release{id.Name, id.Version}
		if x.bytes[at] == nil {
			x.bytes[at] = &digests{}
		}
		x.bytes[at].add(c)
		x.byRef[c.Ref] = c
	}
	for _, list := range x.origins {
		slices.Sort(list)
	}
	if d.Root != nil {
		x.byRef[d.Root.Ref] = d.Root
	}
	x.walk(d)
	return x
}

func keys[V any](a, b map[string]V) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}

// walk finds the shortest way from a root to every component. Roots are the
// document's subject and, for what it does not reach, components that nothing
// depends on. Of two ways of one length the one with the lower references
// counts, so that order does not matter.
func (x *indexed) walk(d *raw.Document) {
	edges, needed := map[string][]string{}, map[string]bool{}
	for _, dep := range d.Dependencies {
		edges[dep.Ref] = append(edges[dep.Ref], dep.DependsOn...)
		for _, to := range dep.DependsOn {
			needed[to] = needed[to] || to != dep.Ref
		}
	}
	for ref := range edges {
		slices.Sort(edges[ref])
	}
	x.steps = map[string]step{}
	if d.Root != nil {
		x.reach(edges, []string{d.Root.Ref})
	}
	var roots []string
	for ref := range edges {
		if _, reached := x.steps[ref]; !reached && !needed[ref] {
			roots = append(roots, ref)
		}
	}
	slices.Sort(roots)
	x.reach(edges, roots)
}

// reach walks breadth first from some references.
func (x *indexed) reach(edges map[string][]string, queue []string) {
	for _, ref := range queue {
		x.steps[ref] = step{ref, ref, 1}
	}
	for len(queue) > 0 {
		ref := queue[0]
		queue = queue[1:]
		for _, to := range edges[ref] {
			if _, seen := x.steps[to]; !seen {
				at := x.steps[ref]
				x.steps[to] = step{ref, at.root, at.length + 1}
				queue = append(queue, to)
			}
		}
	}
}

// maxPath is how many components of a way are named. A document whose graph is
// one long chain would otherwise cost the square of its length.
const maxPath = 64

// path names the components from a root to the nearest of some, both included.
// It is empty where nothing leads to any of them. Of a way that is longer than
// maxPath the middle is left out, with "…" in its place.
func (x *indexed) path(targets []*raw.Component) []string {
	var best []string
	shortest := 0
	for _, c := range targets {
		at, known := x.steps[c.Ref]
		if !known || c.Ref == "" || best != nil && at.length > shortest {
			continue
		}
		way := x.pathTo(c.Ref)
		if best == nil || at.length < shortest || slices.Compare(way, best) < 0 {
			best, shortest = way, at.length
		}
	}
	return best
}

// pathTo is the way to a reference that a root reaches.
func (x *indexed) pathTo(ref string) []string {
	last := x.steps[ref]
	cut := last.length > maxPath
	most := last.length
	if cut {
		most = maxPath - 2
	}
	var out []string
	for range most {
		out = append(out, x.title(ref))
		ref = x.steps[ref].from
	}
	if cut {
		out = append(out, "…", x.title(last.root))
	}
	slices.Reverse(out)
	return out
}

func (x *indexed) title(ref string) string {
	if c := x.byRef[ref]; c != nil {
		return c.Title()
	}
	return ref
}
