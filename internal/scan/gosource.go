// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// A goSource builds the Source of one build list. Components are the modules
// of the tree, the standard library if its version is known, then the build
// list by path.
type goSource struct {
	*goGraph
	list []module.Version
	at   map[string]int // component by module path
	out  bom.Source
}

// source tells the build list as components and edges.
func (b *goBuild) source() bom.Source {
	g := b.graph()
	s := &goSource{goGraph: g, list: g.modules(), at: map[string]int{}}
	s.out = bom.Source{Path: printable(b.file), Ecosystem: "go"}
	for _, main := range b.mains {
		s.addMain(main)
	}
	stdlib := s.addStdlib()
	for _, m := range s.list {
		s.at[m.Path] = len(s.out.Components)
		s.out.Components = append(s.out.Components, s.component(m))
	}
	s.out.Edges = make([][]int, len(s.out.Components))
	for i := range b.mains {
		if stdlib > 0 {
			s.edge(i, stdlib)
		}
	}
	s.directEdges()
	s.reachAll()
	s.tools()
	s.checkVendor()
	g.explain(s.list)
	s.out.State, s.out.Reasons, s.out.Lost = bom.Complete, b.reasons, b.lost
	if len(b.reasons) > 0 {
		s.out.State = bom.Incomplete
	}
	return s.out
}

func (s *goSource) addMain(m goMain) {
	s.at[m.name()] = len(s.out.Components)
	s.out.Projects = append(s.out.Projects, len(s.out.Components))
	s.out.Components = append(s.out.Components, bom.Component{
		Type: bom.Application, PURL: bom.GoPURL(m.name(), ""), Name: m.name(),
		Origin:      "dir:" + path.Dir(m.path),
		Licences:    s.t.licencesIn(s.t.root, path.Dir(m.path), ""),
		Occurrences: []bom.Occurrence{{Path: printable(m.path), Line: m.mod.Module.Syntax.Start.Line}},
	})
}

// addStdlib adds the standard library and returns its place, 0 if no line of
// go.mod names a version.
func (s *goSource) addStdlib() int {
	version, directive := strings.TrimPrefix(s.toolchain, "go"), "toolchain"
	if version == "" {
		version, directive = s.goVersion, "go"
	}
	if version == "" {
		return 0
	}
	s.out.Components = append(s.out.Components, bom.Component{
		Type: bom.Library, PURL: bom.GoPURL("stdlib", version), Name: "stdlib", Version: version,
		Properties:  []bom.Property{{Name: product.Name + ":go:directive", Value: directive}},
		Occurrences: []bom.Occurrence{{Path: printable(s.file), Line: s.goLine}},
	})
	return len(s.out.Components) - 1
}

// component describes a module as it is built: a module that is replaced by
// another one is that other one.
func (s *goSource) component(m module.Version) bom.Component {
	with, replaced := s.replaced(m)
	if replaced && isLocal(with) {
		return s.localComponent(m, with)
	}
	c := bom.Component{
		Type: bom.Library, PURL: bom.GoPURL(with.Path, with.Version), Name: with.Path, Version: with.Version,
		Licences: s.licences(m, with), Occurrences: s.occurrences(m),
	}
	if h, ok := s.sums.zip(with); ok {
		c.Hashes = []bom.Hash{{Alg: "h1", Value: strings.TrimPrefix(h, "h1:")}}
	}
	if replaced {
		c.Properties = []bom.Property{{Name: product.Name + ":go:replaces", Value: m.Path + "@" + m.Version}}
	}
	return c
}

// localComponent describes a module whose files are a folder. It keeps the
// version that go.mod asks for, as the go command does, and has no hash: what
// is built is whatever lies in the folder.
func (s *goSource) localComponent(m, with module.Version) bom.Component {
	dir, inside := s.localDir(with)
	if !inside {
		dir = "outside the tree"
	}
	c := bom.Component{
		Type: bom.Library, PURL: bom.GoPURL(m.Path, m.Version), Name: m.Path, Version: m.Version,
		Origin: "dir:" + printable(dir), Occurrences: s.occurrences(m),
		Properties: []bom.Property{{Name: product.Name + ":go:replaced-by", Value: printable(dir)}},
	}
	if inside {
		c.Licences = s.t.licencesIn(s.t.root, dir, "")
	}
	return c
}

func (s *goSource) occurrences(m module.Version) []bom.Occurrence {
	out := slices.Clone(s.where[m.Path])
	if v, ok := s.vendor[m.Path]; ok {
		out = append(out, bom.Occurrence{Path: printable(path.Join(s.dir, "vendor/modules.txt")), Line: v.line})
	}
	if len(out) == 0 {
		out = append(out, bom.Occurrence{Path: printable(path.Join(s.dir, "go.sum"))})
	}
	return out
}

// licences reads the licence files of a module: the vendored copy if there is
// one, else the module cache's. A file of the cache is named by module and
// version, because where the cache lies is nobody's business.
func (s *goSource) licences(m, with module.Version) []bom.Licence {
	if _, ok := s.vendor[m.Path]; ok {
		return s.t.licencesIn(s.t.root, path.Join(s.dir, "vendor", m.Path), "")
	}
	dir, ok := cacheDir(with)
	if !ok || s.t.cache == nil {
		return nil
	}
	return s.t.licencesIn(s.t.cache, dir, with.Path+"@"+with.Version)
}

func (s *goSource) edge(from, to int) {
	s.out.Edges[from] = append(s.out.Edges[from], to)
}

// directEdges adds what each module requires for packages of its own. Lines
// marked "// indirect" repeat what the modules above require, or stand in for
// one that has no go.mod; those are only used by reachAll.
func (s *goSource) directEdges() {
	s.eachRequire(func(from, to int, indirect bool) {
		if !indirect {
			s.edge(from, to)
		}
	})
}

// eachRequire calls f for every requirement between two components.
func (s *goSource) eachRequire(f func(from, to int, indirect bool)) {
	tell := func(from int, requires []*modfile.Require) {
		for _, r := range requires {
			if to, ok := s.at[r.Mod.Path]; ok {
				f(from, to, r.Indirect)
			}
		}
	}
	for i, main := range s.mains {
		tell(i, main.mod.Require)
	}
	for _, m := range s.list {
		if mod := s.mods[m]; mod != nil {
			tell(s.at[m.Path], mod.Require)
		}
	}
}

// reachAll makes sure that every component can be reached from a module of the
// tree. One that cannot hangs under the modules that require it indirectly.
// The modules of the tree are asked last, because their go.mod repeats
// everything, and then first for what nothing else leads to.
func (s *goSource) reachAll() {
	r := s.reach()
	weak := make([][]int, len(s.out.Components))
	hasParent := make([]bool, len(s.out.Components))
	s.eachRequire(func(from, to int, indirect bool) {
		if indirect && from >= len(s.mains) {
			weak[to] = append(weak[to], from)
		}
		hasParent[to] = hasParent[to] || !indirect
	})
	for again := true; again; {
		again = false
		for to := range s.out.Components {
			if !r.seen[to] && slices.ContainsFunc(weak[to], func(from int) bool { return r.seen[from] }) {
				for _, from := range weak[to] {
					s.edge(from, to)
				}
				r.visit(to)
				again = true
			}
		}
	}
	for _, cycles := range []bool{false, true} {
		for to := range s.out.Components {
			if !r.seen[to] && (cycles || !hasParent[to]) {
				s.hang(to)
				r.visit(to)
			}
		}
	}
}

// hang puts a component under the modules of the tree that name it, or under
// the first if go.mod leaves it to the go command to find (before Go 1.17).
func (s *goSource) hang(to int) {
	named := false
	for i, main := range s.mains {
		for _, r := range s.where[s.list[to-len(s.out.Components)+len(s.list)].Path] {
			if r.Path == printable(main.path) {
				s.edge(i, to)
				named = true
			}
		}
	}
	if !named {
		s.edge(0, to)
	}
}

// A reach is what the modules of the tree lead to.
type reach struct {
	edges [][]int
	seen  []bool
}

func (s *goSource) reach() *reach {
	r := &reach{edges: s.out.Edges, seen: make([]bool, len(s.out.Components))}
	for i := range s.mains {
		r.visit(i)
	}
	return r
}

// visit marks a component and all that it leads to.
func (r *reach) visit(from int) {
	stack := []int{from}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !r.seen[i] {
			r.seen[i] = true
			stack = append(stack, r.edges[i]...)
		}
	}
}

// tools marks the modules that the tool lines of go.mod take programs from.
func (s *goSource) tools() {
	for _, main := range s.mains {
		for _, tool := range main.mod.Tool {
			if i, ok := s.provider(tool.Path); ok && i >= len(s.mains) {
				c := &s.out.Components[i]
				c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":go:tool", Value: tool.Path})
			}
		}
	}
}

// provider returns the module with the longest path that a package's path
// begins with.
func (s *goSource) provider(pkg string) (int, bool) {
	for p := pkg; p != "." && p != "/"; p = path.Dir(p) {
		if i, ok := s.at[p]; ok {
			return i, true
		}
	}
	return 0, false
}

// checkVendor compares the vendor folder's own list with the build list.
func (s *goSource) checkVendor() {
	var wrong []string
	for _, p := range sortedKeys(s.vendor) {
		v := s.vendor[p]
		if want, ok := s.selected[p]; !ok || want != v.version {
			wrong = append(wrong, p+"@"+v.version+" (go.mod: "+cmp.Or(want, "none")+")")
		}
	}
	if len(wrong) > 0 {
		s.because("vendor/modules.txt does not agree with go.mod: %s", some(wrong, 3))
	}
}
