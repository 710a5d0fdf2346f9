// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/bom"
)

// findCargo reads every Cargo.lock, and names the manifests that have
// dependencies and no lockfile.
func findCargo(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	manifests := readCrates(t, found)
	for _, p := range found {
		if path.Base(p) != "Cargo.lock" {
			continue
		}
		lock, err := readCargoLock(t, p)
		if err != nil {
			sources = append(sources, unreadable(p, "cargo", err))
			for _, m := range manifests { // no lockfile to judge them by
				m.covered = m.covered || below(path.Dir(p), path.Dir(m.path))
			}
			continue
		}
		sources = append(sources, lock.source(t, p, manifests))
	}
	for _, m := range manifests {
		switch {
		case m.err != nil:
			sources = append(sources, unreadable(m.path, "cargo", m.err))
		case !m.covered && m.asks():
			sources = append(sources, unreadable(m.path, "cargo",
				errors.New("has dependencies and no lockfile: run cargo generate-lockfile")))
		}
	}
	return sources
}

// below reports whether a folder is dir or inside of it.
func below(dir, folder string) bool {
	return dir == "." || folder == dir || strings.HasPrefix(folder, dir+"/")
}

// A cargoLock is a Cargo.lock of version 1 to 4, as
// https://doc.rust-lang.org/cargo/reference/resolver.html and Cargo's own
// encoder have it.
type cargoLock struct {
	Version  int               `toml:"version"`
	Root     *cargoPackage     `toml:"root"` // of old versions: the project
	Packages []cargoPackage    `toml:"package"`
	Metadata map[string]string `toml:"metadata"` // of version 1: digests
}

// A cargoPackage is one entry. Its dependencies are "NAME", "NAME VERSION" or
// "NAME VERSION (SOURCE)", as much as is needed to tell them apart.
type cargoPackage struct {
	Name         string   `toml:"name"`
	Version      string   `toml:"version"`
	Source       string   `toml:"source"`
	Checksum     string   `toml:"checksum"`
	Dependencies []string `toml:"dependencies"`
	Replace      string   `toml:"replace"`

	line int
}

func readCargoLock(t *tree, p string) (*cargoLock, error) {
	data, err := t.read(p)
	if err != nil {
		return nil, err
	}
	if n := bytes.Count(data, []byte("[[package]]")); n > t.limits.Packages {
		return nil, fmt.Errorf("more than %d packages", t.limits.Packages)
	}
	var lock cargoLock
	if err := readTOML(data, &lock); err != nil {
		return nil, err
	}
	if lock.Version < 0 || lock.Version > 4 {
		return nil, fmt.Errorf("version %d; have 1 to 4", lock.Version)
	}
	lock.number(data)
	if lock.Root != nil {
		lock.Packages = append(lock.Packages, *lock.Root)
	}
	if len(lock.Packages) > t.limits.Packages {
		return nil, fmt.Errorf("more than %d packages", t.limits.Packages)
	}
	for _, pkg := range lock.Packages {
		if pkg.Name == "" || pkg.Version == "" || len(pkg.Version) > bom.MaxVersion {
			return nil, fmt.Errorf("line %d: a package without a name or a version", pkg.line)
		}
	}
	return &lock, nil
}

// number tells each package its line. Cargo writes the heading of each on a
// line of its own; if there are more or fewer of those, no line is told.
func (l *cargoLock) number(data []byte) {
	var lines []int
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if bytes.HasPrefix(line, []byte("[[package]]")) {
			lines = append(lines, n)
		}
	}
	if len(lines) != len(l.Packages) {
		return
	}
	for i, n := range lines {
		l.Packages[i].line = n
	}
}

// A crate is a Cargo.toml, as far as it is read.
type crate struct {
	path    string
	err     error
	covered bool // by a lockfile

	Package struct {
		Name    string `toml:"name"`
		Version any    `toml:"version"` // a text, or {workspace = true}
		License any    `toml:"license"`
	} `toml:"package"`
	Workspace *struct {
		Dependencies map[string]any `toml:"dependencies"`
		Package      struct {
			Version string `toml:"version"`
			License string `toml:"license"`
		} `toml:"package"`
	} `toml:"workspace"`
	crateLists
	Target map[string]crateLists `toml:"target"`
}

// crateLists are the headings of dependencies. The underscore is an old
// spelling that Cargo still reads.
type crateLists struct {
	Dependencies map[string]any `toml:"dependencies"`
	Development  map[string]any `toml:"dev-dependencies"`
	Development2 map[string]any `toml:"dev_dependencies"`
	Build        map[string]any `toml:"build-dependencies"`
	Build2       map[string]any `toml:"build_dependencies"`
}

func (l *crateLists) count() int {
	return len(l.Dependencies) + len(l.Development) + len(l.Development2) + len(l.Build) + len(l.Build2)
}

// asks reports whether a manifest has dependencies of its own.
func (c *crate) asks() bool {
	n := c.count()
	for _, l := range c.Target {
		n += l.count()
	}
	return n > 0
}

// readCrates reads every Cargo.toml.
func readCrates(t *tree, found []string) []*crate {
	var out []*crate
	for _, p := range found {
		if path.Base(p) == "Cargo.toml" {
			out = append(out, readCrate(t, p))
		}
	}
	return out
}

func readCrate(t *tree, p string) *crate {
	c := &crate{path: p}
	data, err := readFile(t.root, p, min(maxManifest, t.limits.File))
	if err == nil {
		data, err = plainText(data)
	}
	if err == nil {
		err = readTOML(data, c)
	}
	c.err = err
	return c
}

// version returns the version of a crate, which the workspace may have given
// it.
func (c *crate) version(workspace *crate) string {
	if v, ok := c.Package.Version.(string); ok {
		return v
	}
	if workspace != nil && workspace.Workspace != nil {
		return workspace.Workspace.Package.Version
	}
	return ""
}

// licence returns what a crate says of its licence.
func (c *crate) licence(workspace *crate) string {
	if v, ok := c.Package.License.(string); ok {
		return v
	}
	if _, inherited := c.Package.License.(map[string]any); inherited && workspace != nil && workspace.Workspace != nil {
		return workspace.Workspace.Package.License
	}
	return ""
}

// A crateNeed says when a crate needs another one.
type crateNeed struct {
	kind  edgeKind
	build bool // only to build it
}

// needs returns what the manifest says of each crate that it names, by that
// one's own name. Of two headings the stronger counts.
func (c *crate) needs(workspace *crate) map[string]crateNeed {
	out := map[string]crateNeed{}
	add := func(list map[string]any, need crateNeed) {
		for key, value := range list {
			name, isOptional := realCrate(key, value, workspace)
			n := need
			if isOptional && n.kind == needed {
				n.kind = optional
			}
			if old, ok := out[name]; !ok || n.weight() < old.weight() {
				out[name] = n
			}
		}
	}
	lists := []crateLists{c.crateLists}
	for _, name := range sortedKeys(c.Target) {
		lists = append(lists, c.Target[name])
	}
	for _, l := range lists {
		add(l.Dependencies, crateNeed{needed, false})
		add(l.Build, crateNeed{development, true})
		add(l.Build2, crateNeed{development, true})
		add(l.Development, crateNeed{development, false})
		add(l.Development2, crateNeed{development, false})
	}
	return out
}

// weight orders needs, the strongest first: to run, perhaps, to build, to
// develop.
func (n crateNeed) weight() int {
	if n.build {
		return int(n.kind)
	}
	return int(n.kind) + int(n.kind)/2
}

// realCrate returns a dependency's own name, which {package = "…"} says here
// or in the workspace, and whether it is optional.
func realCrate(key string, value any, workspace *crate) (name string, isOptional bool) {
	table, ok := value.(map[string]any)
	if !ok {
		return key, false
	}
	isOptional, _ = table["optional"].(bool)
	if real, ok := table["package"].(string); ok {
		return real, isOptional
	}
	if inherit, _ := table["workspace"].(bool); inherit && workspace != nil && workspace.Workspace != nil {
		if theirs, ok := workspace.Workspace.Dependencies[key].(map[string]any); ok {
			if real, ok := theirs["package"].(string); ok {
				return real, isOptional
			}
		}
	}
	return key, isOptional
}

// workspaceOf returns the manifest with a workspace that is nearest above a
// folder.
func workspaceOf(manifests []*crate, folder string) *crate {
	var best *crate
	for _, m := range manifests {
		dir := path.Dir(m.path)
		if m.err == nil && m.Workspace != nil && below(dir, folder) && (best == nil || below(path.Dir(best.path), dir)) {
			best = m
		}
	}
	return best
}

// sortCrates puts the manifest nearest to a folder first.
func sortCrates(list []*crate) {
	arrange.Stably(list, func(a, b *crate) int {
		if d := strings.Count(a.path, "/") - strings.Count(b.path, "/"); d != 0 {
			return d
		}
		return strings.Compare(a.path, b.path)
	})
}
