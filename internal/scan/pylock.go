// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// findPylock reads every pylock.toml.
func findPylock(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readPylock(t, p)
		if err != nil {
			s = unreadable(p, "pylock", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// A pylock is a pylock.toml of version 1
// (https://packaging.python.org/specifications/pylock-toml).
type pylock struct {
	Version  string          `toml:"lock-version"`
	Packages []pylockPackage `toml:"packages"`
}

type pylockPackage struct {
	Name         string           `toml:"name"`
	Version      string           `toml:"version"`
	Marker       string           `toml:"marker"`
	Index        string           `toml:"index"`
	Dependencies []pylockNeed     `toml:"dependencies"`
	Sdist        *pylockFile      `toml:"sdist"`
	Wheels       []pylockFile     `toml:"wheels"`
	Archive      *pylockFile      `toml:"archive"`
	VCS          *pylockVCS       `toml:"vcs"`
	Directory    *pylockDirectory `toml:"directory"`
}

// A pylockNeed says which package it means by as much as is needed to tell.
type pylockNeed struct {
	Name    string `toml:"name"`
	Version string `toml:"version"`
}

type pylockFile struct {
	Name   string            `toml:"name"`
	URL    string            `toml:"url"`
	Path   string            `toml:"path"`
	Hashes map[string]string `toml:"hashes"`
}

type pylockVCS struct {
	URL    string `toml:"url"`
	Path   string `toml:"path"`
	Commit string `toml:"commit-id"`
}

type pylockDirectory struct {
	Path string `toml:"path"`
}

// fit gives back the room that its lists do not need.
func (p *pylockPackage) fit() {
	p.Dependencies, p.Wheels = slices.Clone(p.Dependencies), slices.Clone(p.Wheels)
}

func readPylock(t *tree, p string) (bom.Source, error) {
	var lock pylock
	s := &pylockSource{pylock: &lock, pyGraph: newPyGraph(t, p, "pylock")}
	err := readTables(t, p, "packages", func(some tomlPart) error {
		var part pylock
		if err := some.decode(&part); err != nil {
			return err
		}
		if some.rest {
			lock = part
			s.begin(some, len(part.Packages))
		}
		return joinTables(&lock.Packages, some, part.Packages, t.limits.Packages, (*pylockPackage).fit, s.take)
	})
	if err != nil {
		return bom.Source{}, err
	}
	major, _, _ := strings.Cut(lock.Version, ".")
	switch {
	case major != "1":
		return bom.Source{}, fmt.Errorf("lock-version %.20q; have 1", lock.Version)
	case slices.ContainsFunc(lock.Packages, func(p pylockPackage) bool { return p.Name == "" }):
		return bom.Source{}, errors.New("a package without a name")
	}
	return lock.source(s.pyGraph, s.scopes), nil
}

// A pylockSource builds the Source of a pylock.toml.
type pylockSource struct {
	*pyGraph
	*pylock
	scopes []bom.Scope
}

// take adds the package in a place.
func (s *pylockSource) take(i int) {
	p := &s.Packages[i]
	s.addPython(p.pkg(lineAt(s.headings, i)))
	p.Sdist, p.Wheels, p.Archive = nil, nil, nil // they are in the component now
	s.scopes = append(s.scopes, p.scope())
}

// source tells the lockfile. It is a list of what to install, and need not say
// why.
func (l *pylock) source(g *pyGraph, scopes []bom.Scope) bom.Source {
	linked := false
	for i := range l.Packages {
		linked = linked || len(l.Packages[i].Dependencies) > 0
	}
	asked := make([]bool, len(l.Packages))
	for i := range l.Packages {
		for _, need := range l.Packages[i].Dependencies {
			l.link(g, asked, i, need)
		}
	}
	if manifest := g.readPyProject(g.dir); manifest.there && manifest.name() != "" {
		list := manifest.requirements()
		g.require(g.addOwner(manifest), slices.DeleteFunc(list, func(r pyRequirement) bool { return g.named[bom.NormalPyPI(r.name)] == nil }))
	} else {
		for i := range asked {
			if !asked[i] {
				g.out.Attached = append(g.out.Attached, i)
			}
		}
	}
	if !linked && len(l.Packages) > 0 {
		g.because("the lockfile does not say which package needs which", "")
	}
	return g.stated(scopes)
}

func (l *pylock) link(g *pyGraph, asked []bool, from int, need pylockNeed) {
	found := false
	for _, to := range g.named[bom.NormalPyPI(need.Name)] {
		if need.Version == "" || need.Version == l.Packages[to].Version {
			g.edge(from, to, needed)
			found, asked[to] = true, asked[to] || to != from
		}
	}
	if !found {
		g.missing(need.Name, from)
	}
}

// pkg returns one package in the form that all Python lockfiles share.
func (p *pylockPackage) pkg(line int) *pyPackage {
	out := &pyPackage{name: p.Name, version: p.Version, line: line, marker: p.Marker, source: pySource{url: p.Index}}
	switch {
	case p.VCS != nil:
		out.source = pySource{kind: fromGit, url: p.VCS.URL + p.VCS.Path, commit: p.VCS.Commit}
	case p.Directory != nil:
		out.source = pySource{kind: fromFolder, url: p.Directory.Path}
	case p.Archive != nil && p.Archive.URL != "":
		out.source = pySource{kind: fromURL, url: p.Archive.URL}
	case p.Archive != nil:
		out.source = pySource{kind: fromFile, url: p.Archive.Path}
	}
	for _, f := range append([]*pylockFile{p.Archive, p.Sdist}, pointers(p.Wheels)...) {
		if f == nil {
			continue
		}
		file := pyFile{url: f.URL, name: f.Name}
		if file.name == "" && f.Path != "" {
			file.name = path.Base(strings.ReplaceAll(f.Path, `\`, "/"))
		}
		for _, alg := range sortedKeys(f.Hashes) {
			file.hash += " " + alg + ":" + f.Hashes[alg]
		}
		out.files = append(out.files, file)
	}
	return out
}

func pointers[T any](list []T) []*T {
	var out []*T
	for i := range list {
		out = append(out, &list[i])
	}
	return out
}

// scope returns when a package is needed. What belongs to an extra or a group
// says so in its marker.
func (p *pylockPackage) scope() bom.Scope {
	switch {
	case strings.Contains(p.Marker, "dependency_groups"):
		return bom.Excluded
	case strings.Contains(p.Marker, "extras"):
		return bom.Optional
	}
	return bom.Required
}
