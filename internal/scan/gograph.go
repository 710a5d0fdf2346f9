// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/bom"
)

// A goGraph is the build list and what each module in it requires.
type goGraph struct {
	*goBuild
	selected map[string]string           // the version of each module, by path
	where    map[string][]bom.Occurrence // where the modules of the tree require it
	mods     map[module.Version]*modfile.File
	missing  map[module.Version]error
	isPruned bool
	used     int // go.mod files read, bounded by the limit on packages
}

// graph selects versions: for each module the highest that anything in the
// graph requires (minimal version selection, https://go.dev/ref/mod#mvs). In a
// pruned build, go.mod names every module itself, and the others' go.mod files
// only tell edges and raise versions that go.mod should have raised.
func (b *goBuild) graph() *goGraph {
	b.index()
	g := &goGraph{
		goBuild: b, isPruned: b.pruned(), selected: map[string]string{}, where: map[string][]bom.Occurrence{},
		mods: map[module.Version]*modfile.File{}, missing: map[module.Version]error{},
	}
	var queue []module.Version
	for _, main := range b.mains {
		for _, r := range main.mod.Require {
			at := bom.Occurrence{Path: printable(main.path), Line: r.Syntax.Start.Line}
			g.where[r.Mod.Path] = append(g.where[r.Mod.Path], at)
			queue = g.require(queue, r.Mod)
		}
	}
	for len(queue) > 0 {
		m := queue[0]
		queue = queue[1:]
		for _, r := range g.load(m) {
			if _, known := g.selected[r.Mod.Path]; known || !g.isPruned {
				queue = g.require(queue, r.Mod)
			}
		}
	}
	return g
}

// require raises a module's selected version if need be and queues what was
// not loaded yet.
func (g *goGraph) require(queue []module.Version, m module.Version) []module.Version {
	if g.isMain(m.Path) || g.exclude[m] || module.Check(m.Path, m.Version) != nil {
		return queue
	}
	old, known := g.selected[m.Path]
	raise := !known || semver.Compare(m.Version, old) > 0
	if raise {
		g.selected[m.Path] = m.Version
	} else if g.isPruned {
		return queue
	}
	if g.mods[m] != nil || g.missing[m] != nil {
		return queue
	}
	return append(queue, m)
}

// load reads the go.mod of a module, or of what replaces it, and returns what
// it requires.
func (g *goGraph) load(m module.Version) []*modfile.Require {
	if mod := g.mods[m]; mod != nil {
		return mod.Require
	}
	if g.missing[m] != nil {
		return nil
	}
	mod, err := g.readMod(m)
	if err != nil {
		g.missing[m] = err
		return nil
	}
	g.mods[m] = mod
	return mod.Require
}

func (g *goGraph) readMod(m module.Version) (*modfile.File, error) {
	if g.used++; g.used > g.t.limits.Packages {
		return nil, fmt.Errorf("more than %d modules", g.t.limits.Packages)
	}
	with, ok := g.replaced(m)
	if !ok || !isLocal(with) {
		return g.cachedMod(with)
	}
	dir, ok := g.localDir(with)
	if !ok {
		return nil, errors.New("its replacement lies outside the tree")
	}
	data, err := g.t.read(path.Join(dir, "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		return &modfile.File{}, nil // a folder without go.mod requires nothing
	} else if err != nil {
		return nil, fmt.Errorf("its replacement's go.mod: %w", err)
	}
	mod, err := modfile.ParseLax("go.mod", data, nil)
	if err != nil {
		return nil, fmt.Errorf("its replacement's go.mod: %w", modError("go.mod", err))
	}
	return mod, nil
}

// localDir returns the folder that replaces a module, relative to the root of
// the tree, if it is inside.
func (b *goBuild) localDir(with module.Version) (string, bool) {
	if path.IsAbs(with.Path) || strings.Contains(with.Path, `\`) || strings.Contains(with.Path, ":") {
		return "", false
	}
	dir := path.Join(b.dir, with.Path)
	return dir, validPath(dir)
}

// modules returns the build list, sorted by path. In a build that is not
// pruned it leaves out modules that go.sum has no files of: the go command
// refuses to load a package from such a module, so nothing comes from it.
func (g *goGraph) modules() []module.Version {
	var list []module.Version
	for p, v := range g.selected {
		m := module.Version{Path: p, Version: v}
		if g.where[p] == nil && !g.built(m) {
			continue
		}
		list = append(list, m)
	}
	arrange.By(list, func(a, b module.Version) int { return strings.Compare(a.Path, b.Path) })
	return list
}

func (g *goGraph) built(m module.Version) bool {
	with, ok := g.replaced(m)
	if ok && isLocal(with) {
		return true
	}
	_, ok = g.sums.zip(with)
	return ok || len(g.sums) == 0
}

// explain records which go.mod files the graph lacks. Without them a pruned
// build only lacks edges; an older one may lack modules too.
func (g *goGraph) explain(list []module.Version) {
	if g.isPruned {
		// What a module that is not in the build list requires says nothing.
		for m := range g.missing {
			if g.selected[m.Path] != m.Version {
				delete(g.missing, m)
			}
		}
	}
	byReason := map[string][]string{}
	for m, err := range g.missing {
		byReason[err.Error()] = append(byReason[err.Error()], m.Path+"@"+m.Version)
	}
	for _, why := range sortedKeys(byReason) {
		names := byReason[why]
		slices.Sort(names)
		g.because("the go.mod files of %d of %d modules could not be used (%s): %s",
			len(names), len(list), why, some(names, 3))
	}
	if len(g.missing) > 0 && !g.isPruned {
		g.lost = true
	}
}

// some names the first few of a list.
func some(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
