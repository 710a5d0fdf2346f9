// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// An edgeKind says when what an edge leads to is needed.
type edgeKind uint8

const (
	needed      edgeKind = iota
	optional             // the other side does without it
	development          // only to develop or build a project
)

type lockEdge struct {
	to   int
	kind edgeKind
}

// A lockGraph is a lockfile that says who asks for whom, but not, or not for
// everything, when it is needed: that follows from the way there.
type lockGraph struct {
	t       *tree
	dir     string // of the lockfile
	mark    string // the property of what is only for development
	edges   [][]lockEdge
	folders []int  // the projects of the tree
	folder  []bool // by component: it is one of them
	scoped  bool   // the file itself says when each component is needed
	build   []bool // by component: it is only there to build; nil if nothing is
	reasons map[string][]string
	out     bom.Source
}

func newLockGraph(t *tree, file, ecosystem string) *lockGraph {
	return &lockGraph{
		t: t, dir: path.Dir(file), reasons: map[string][]string{},
		mark: "cdx:npm:package:development",
		out:  bom.Source{Path: printable(file), Ecosystem: ecosystem, State: bom.Complete},
	}
}

// expect makes room for n more components: of many, growing as they come would
// keep two copies.
func (g *lockGraph) expect(n int) {
	g.out.Components = slices.Grow(g.out.Components, n)
	g.edges, g.folder = slices.Grow(g.edges, n), slices.Grow(g.folder, n)
}

// add adds a component, found on a line of the lockfile, and returns its place.
// What many readers call is not inlined: it would be in the program that often.
//
//go:noinline
func (g *lockGraph) add(c bom.Component, line int) int {
	if line > 0 || len(c.Occurrences) == 0 {
		c.Occurrences = append(c.Occurrences, bom.Occurrence{Path: g.out.Path, Line: line})
	}
	g.out.Components = append(g.out.Components, c)
	g.edges, g.folder = append(g.edges, nil), append(g.folder, false)
	return len(g.edges) - 1
}

// addProject adds a folder of the tree whose dependencies the lockfile pins.
func (g *lockGraph) addProject(c bom.Component, folder string, line int) int {
	c.Type, c.Origin = bom.Library, "dir:"+printable(folder)
	if folder == g.dir {
		c.Type = bom.Application
	}
	i := g.add(c, line)
	g.folder[i], g.folders = true, append(g.folders, i)
	return i
}

// edge says that one component needs another.
//
//go:noinline
func (g *lockGraph) edge(from, to int, kind edgeKind) {
	g.edges[from] = append(g.edges[from], lockEdge{to, kind})
}

// because records something that the lockfile should say and does not.
//
//go:noinline
func (g *lockGraph) because(what, which string) {
	g.reasons[what] = append(g.reasons[what], shown(which))
}

// shown returns a text as a reason may have it: of an address no more than
// that there is one, because a credential may stand anywhere in it.
func shown(text string) string {
	if before, _, ok := strings.Cut(text, "://"); ok {
		text = before + "://…"
	}
	return printable(text)
}

// missing records a package that is asked for and not there.
func (g *lockGraph) missing(name string, from int) {
	c := &g.out.Components[from]
	by := c.Name
	if c.Group != "" {
		by = c.Group + "/" + c.Name
	}
	g.because("packages that others need are not in the lockfile", shown(name)+" (for "+by+")")
}

// source works out the scopes and tells the graph.
func (g *lockGraph) source() bom.Source {
	if !g.scoped {
		g.scopes()
	}
	g.out.Edges = make([][]int, len(g.edges))
	for from, list := range g.edges {
		if len(list) == 0 {
			continue
		}
		targets := make([]int, 0, len(list))
		for _, e := range list {
			targets = append(targets, e.to)
		}
		slices.Sort(targets)
		g.out.Edges[from] = slices.Compact(targets)
	}
	g.edges = nil
	g.out.Folders = g.folders
	for _, what := range sortedKeys(g.reasons) {
		names := g.reasons[what]
		slices.Sort(names)
		g.out.State = bom.Incomplete
		g.out.Reasons = append(g.out.Reasons, strings.TrimSuffix(what+": "+some(slices.Compact(names), 3), ": "))
	}
	return g.out
}

// scopes marks each package with the strongest need that some way from a
// project to it has. What no way leads to keeps no scope: the lockfile does
// not tell. Of what a project that is itself only used to develop another one
// needs, all is needed: it is a project of the tree all the same.
func (g *lockGraph) scopes() {
	required, optionally, developing, any := g.walks()
	for i := range g.out.Components {
		c := &g.out.Components[i]
		if g.folder[i] {
			continue
		}
		dev := false
		switch {
		case required[i]:
			c.Scope = bom.Required
		case optionally[i]:
			c.Scope, dev = bom.Optional, developing[i]
		case any[i]:
			c.Scope, dev = bom.Excluded, true
		}
		mark := g.mark
		if g.build != nil && g.build[i] {
			mark, dev = product.Name+":cargo:build", true
		}
		if dev {
			c.Properties = append(c.Properties, bom.Property{Name: mark, Value: "true", Unanimous: true})
		}
	}
}

// walks follows the edges from the projects four times: those that are needed;
// those that are not for development; from each development edge those that
// are needed; and all.
func (g *lockGraph) walks() (required, optionally, developing, all []bool) {
	var tools []int
	for _, i := range g.folders {
		for _, e := range g.edges[i] {
			if e.kind == development && !g.folder[e.to] {
				tools = append(tools, e.to)
			}
		}
	}
	required = g.walk(g.folders, func(k edgeKind) bool { return k == needed })
	optionally = g.walk(g.folders, func(k edgeKind) bool { return k != development })
	developing = g.walk(tools, func(k edgeKind) bool { return k == needed })
	all = g.walk(g.folders, func(edgeKind) bool { return true })
	return required, optionally, developing, all
}

// walk returns what can be reached over the edges of some kinds.
func (g *lockGraph) walk(from []int, follow func(edgeKind) bool) []bool {
	seen := make([]bool, len(g.edges))
	stack := slices.Clone(from)
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[i] {
			continue
		}
		seen[i] = true
		for _, e := range g.edges[i] {
			if follow(e.kind) && !seen[e.to] {
				stack = append(stack, e.to)
			}
		}
	}
	return seen
}
