// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/gateledger/gateledger/internal/bom"
)

// A goBuild is one build list: that of a module, or of the modules of a
// workspace (go.work), which the go command builds together.
type goBuild struct {
	t          *tree
	file       string // the go.mod or go.work
	dir        string
	mains      []goMain
	replace    []*modfile.Replace
	replacedBy map[module.Version]module.Version
	exclude    map[module.Version]bool // a version that some module of the tree excludes; others are not touched by that
	sums       goSums
	vendor     vendored
	goVersion  string // of the go line: "1.26.0"
	toolchain  string // of the toolchain line: "go1.26.8"
	goLine     int
	reasons    []string
	lost       bool
}

// A goMain is a module of the tree.
type goMain struct {
	path string // of its go.mod
	mod  *modfile.File
}

func (m goMain) name() string { return m.mod.Module.Mod.Path }

// findGo reads every go.mod and go.work. A module that a workspace uses is
// read with it and not again by itself.
func findGo(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	covered := map[string]bool{}
	for _, p := range found {
		if path.Base(p) != "go.work" {
			continue
		}
		b, err := readWork(t, p)
		if err != nil {
			sources = append(sources, unreadable(p, "go", err))
			continue
		}
		for _, m := range b.mains {
			covered[m.path] = true
		}
		sources = append(sources, b.source())
	}
	for _, p := range found {
		if path.Base(p) != "go.mod" || covered[p] {
			continue
		}
		b, err := readModule(t, p)
		if err != nil {
			sources = append(sources, unreadable(p, "go", err))
			continue
		}
		sources = append(sources, b.source())
	}
	return sources
}

func readModule(t *tree, p string) (*goBuild, error) {
	mod, err := readMain(t, p)
	if err != nil {
		return nil, err
	}
	b := &goBuild{t: t, file: p, dir: path.Dir(p), mains: []goMain{{p, mod}}, replace: mod.Replace}
	b.versions(mod.Go, mod.Toolchain)
	b.readSums("go.sum", len(mod.Require) > 0)
	b.readVendor()
	return b, nil
}

func readWork(t *tree, p string) (*goBuild, error) {
	data, err := t.read(p)
	if err != nil {
		return nil, err
	}
	work, err := modfile.ParseWork(p, data, nil)
	if err != nil {
		return nil, modError(p, err)
	}
	b := &goBuild{t: t, file: p, dir: path.Dir(p)}
	b.versions(work.Go, work.Toolchain)
	sums, needed := []string{"go.work.sum"}, false
	for _, use := range work.Use {
		member := path.Join(b.dir, use.Path, "go.mod")
		mod, err := readMain(t, member)
		if err != nil {
			return nil, fmt.Errorf("use %s: %w", use.Path, err)
		}
		b.mains = append(b.mains, goMain{member, mod})
		b.replace = append(b.replace, within(use.Path, mod.Replace)...)
		sums = append(sums, path.Join(use.Path, "go.sum"))
		needed = needed || len(mod.Require) > 0
	}
	// A replacement in go.work overrides those of its modules, so it is
	// looked at first.
	b.replace = append(slices.Clone(work.Replace), b.replace...)
	if len(b.mains) == 0 {
		return nil, errors.New("the workspace uses no module")
	}
	for i, name := range sums {
		b.readSums(name, i > 0 && needed && b.t.exists(path.Join(b.dir, name)))
	}
	if needed && len(b.sums) == 0 {
		b.because("no go.sum: no module can be told by its hash")
	}
	b.readVendor()
	return b, nil
}

// within returns replacements with the local ones relative to the workspace
// instead of to their module's folder.
func within(dir string, list []*modfile.Replace) []*modfile.Replace {
	var out []*modfile.Replace
	for _, r := range list {
		if c := *r; isLocal(c.New) {
			if !path.IsAbs(c.New.Path) {
				c.New.Path = "./" + path.Join(dir, c.New.Path)
			}
			out = append(out, &c)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// readMain reads the go.mod of a module of the tree.
func readMain(t *tree, p string) (*modfile.File, error) {
	data, err := t.read(p)
	if err != nil {
		return nil, err
	}
	if len(data) > maxGoMod {
		return nil, fmt.Errorf("%d bytes; the limit is %d", len(data), maxGoMod)
	}
	mod, err := modfile.Parse(p, data, nil)
	if err != nil {
		return nil, modError(p, err)
	}
	if mod.Module == nil || mod.Module.Mod.Path == "" {
		return nil, errors.New("no module line")
	}
	if len(mod.Require) > t.limits.Packages {
		return nil, fmt.Errorf("%d modules; the limit is %d", len(mod.Require), t.limits.Packages)
	}
	for _, r := range mod.Require {
		if err := module.Check(r.Mod.Path, r.Mod.Version); err != nil {
			return nil, fmt.Errorf("line %d: %w", r.Syntax.Start.Line, err)
		}
	}
	return mod, nil
}

// modError returns the first of modfile's errors as "line:column: what".
func modError(p string, err error) error {
	return errors.New("line " + strings.TrimPrefix(oneLine(err), p+":"))
}

// versions takes down which Go the build asks for. Both lines are minima: what
// is built with may be newer, and is never older.
func (b *goBuild) versions(goLine *modfile.Go, toolchain *modfile.Toolchain) {
	if goLine != nil {
		b.goVersion, b.goLine = goLine.Version, goLine.Syntax.Start.Line
	}
	if toolchain != nil && toolchain.Name != "default" {
		b.toolchain, b.goLine = toolchain.Name, toolchain.Syntax.Start.Line
	}
}

// readSums reads a go.sum beside the go.mod.
func (b *goBuild) readSums(name string, needed bool) {
	if b.sums == nil {
		b.sums = goSums{}
	}
	p := path.Join(b.dir, name)
	if !b.t.exists(p) {
		if needed {
			b.because("no go.sum: no module can be told by its hash")
		}
		return
	}
	data, err := b.t.read(p)
	if err == nil {
		err = b.sums.add(data)
	}
	if err != nil {
		b.because("%s: %v", name, err)
		b.lost = true
	}
}

func (b *goBuild) readVendor() {
	p := path.Join(b.dir, "vendor/modules.txt")
	if !b.t.exists(p) {
		return
	}
	data, err := b.t.read(p)
	if err != nil {
		b.because("vendor/modules.txt: %v", err)
		return
	}
	b.vendor = parseVendored(data)
}

// because records why the source is not complete.
func (b *goBuild) because(format string, args ...any) {
	b.reasons = append(b.reasons, fmt.Sprintf(format, args...))
}

// pruned reports whether go.mod names every module that a package comes from,
// as it does since Go 1.17 (https://go.dev/ref/mod#graph-pruning). A workspace
// is only as pruned as its oldest module.
func (b *goBuild) pruned() bool {
	for _, m := range b.mains {
		if m.mod.Go == nil || semver.Compare("v"+m.mod.Go.Version, "v1.17") < 0 {
			return false
		}
	}
	return true
}

// isLocal reports whether a replacement is a folder.
func isLocal(m module.Version) bool { return m.Version == "" }

// index makes replacements and exclusions quick to find. A replacement of one
// version goes before one of all versions, and of two alike the first counts.
func (b *goBuild) index() {
	b.replacedBy, b.exclude = map[module.Version]module.Version{}, map[module.Version]bool{}
	for _, r := range b.replace {
		if _, ok := b.replacedBy[r.Old]; !ok {
			b.replacedBy[r.Old] = r.New
		}
	}
	for _, main := range b.mains {
		for _, x := range main.mod.Exclude {
			b.exclude[x.Mod] = true
		}
	}
}

// replaced returns what is built in place of a module.
func (b *goBuild) replaced(m module.Version) (module.Version, bool) {
	if with, ok := b.replacedBy[m]; ok {
		return with, true
	}
	if with, ok := b.replacedBy[module.Version{Path: m.Path}]; ok {
		return with, true
	}
	return m, false
}

// isMain reports whether a path is a module of the tree.
func (b *goBuild) isMain(p string) bool {
	return slices.ContainsFunc(b.mains, func(m goMain) bool { return m.name() == p })
}
