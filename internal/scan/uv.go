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

// findUv reads every uv.lock.
func findUv(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readUv(t, p)
		if err != nil {
			s = unreadable(p, "uv", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// A uvLock is a uv.lock of version 1, which any revision of it extends.
type uvLock struct {
	Version  int         `toml:"version"`
	Packages []uvPackage `toml:"package"`
	Manifest struct {
		Members []string `toml:"members"`
	} `toml:"manifest"`
}

type uvPackage struct {
	Name         string             `toml:"name"`
	Version      string             `toml:"version"`
	Source       uvSource           `toml:"source"`
	Markers      []string           `toml:"resolution-markers"`
	Dependencies []uvDep            `toml:"dependencies"`
	Optional     map[string][]uvDep `toml:"optional-dependencies"`
	Development  map[string][]uvDep `toml:"dev-dependencies"`
	Sdist        uvFile             `toml:"sdist"`
	Wheels       []uvFile           `toml:"wheels"`
}

// A uvSource has one member, which says what kind it is.
type uvSource struct {
	Registry  string `toml:"registry"`
	Git       string `toml:"git"`
	URL       string `toml:"url"`
	Path      string `toml:"path"`
	Directory string `toml:"directory"`
	Editable  string `toml:"editable"`
	Virtual   string `toml:"virtual"`
}

// A uvDep says which package it means by as much as is needed to tell.
type uvDep struct {
	Name    string    `toml:"name"`
	Version string    `toml:"version"`
	Source  *uvSource `toml:"source"`
	Extra   []string  `toml:"extra"`
	Marker  string    `toml:"marker"`
}

type uvFile struct {
	URL      string `toml:"url"`
	Path     string `toml:"path"`
	Filename string `toml:"filename"`
	Hash     string `toml:"hash"`
}

// fit gives back the room that its lists do not need.
func (p *uvPackage) fit() {
	p.Dependencies, p.Wheels, p.Markers = slices.Clone(p.Dependencies), slices.Clone(p.Wheels), slices.Clone(p.Markers)
}

func readUv(t *tree, p string) (bom.Source, error) {
	var lock uvLock
	s := &uvGraph{lock: &lock, pyGraph: newPyGraph(t, p, "uv"), extras: map[string]bool{}}
	err := readTables(t, p, "package", func(some tomlPart) error {
		var part uvLock
		if err := some.decode(&part); err != nil {
			return err
		}
		if some.rest {
			lock = part
			s.begin(some, len(part.Packages))
		}
		return joinTables(&lock.Packages, some, part.Packages, t.limits.Packages, (*uvPackage).fit, s.addUv)
	})
	if err != nil {
		return bom.Source{}, err
	}
	switch {
	case lock.Version != 1:
		return bom.Source{}, fmt.Errorf("version %d; have 1", lock.Version)
	case len(lock.Packages) == 0:
		return bom.Source{}, errors.New("no packages")
	case slices.ContainsFunc(lock.Packages, func(p uvPackage) bool { return p.Name == "" }):
		return bom.Source{}, errors.New("a package without a name")
	}
	return s.build(), nil
}

// A uvGraph builds the Source of a uv.lock.
type uvGraph struct {
	*pyGraph
	lock   *uvLock
	extras map[string]bool // NAME[EXTRA] that somebody asks for
}

func (s *uvGraph) build() bom.Source {
	s.chooseProjects()
	s.eachDep(func(_ *uvPackage, _ int, d *uvDep, _ edgeKind, _ string) {
		for _, extra := range d.Extra {
			s.extras[bom.NormalPyPI(d.Name)+"["+bom.NormalPyPI(extra)+"]"] = true
		}
	})
	s.eachDep(s.link)
	return s.lockGraph.source()
}

// folder returns the folder of a package that is a project in the tree.
func (s *uvSource) folder() (string, bool) {
	for _, dir := range []string{s.Editable, s.Virtual, s.Directory} {
		if dir != "" {
			return strings.ReplaceAll(dir, `\`, "/"), true
		}
	}
	return "", false
}

func (s *uvSource) origin() pySource {
	switch {
	case s.Git != "":
		return uvGit(s.Git)
	case s.URL != "":
		return pySource{kind: fromURL, url: s.URL}
	case s.Path != "":
		return pySource{kind: fromFile, url: s.Path}
	}
	return pySource{url: s.Registry}
}

// uvGit reads the address of a repository: the commit is the fragment, and
// what was asked for stands in the query.
func uvGit(text string) pySource {
	where, commit, _ := strings.Cut(text, "#")
	where, _, _ = strings.Cut(where, "?")
	return pySource{kind: fromGit, url: where, commit: commit}
}

// addUv adds a package, or the project that is one.
func (s *uvGraph) addUv(i int) {
	p := &s.lock.Packages[i]
	if dir, ok := p.Source.folder(); ok {
		folder := path.Join(s.dir, dir)
		if path.IsAbs(dir) || strings.Contains(dir, ":") {
			folder = path.Base(dir)
		}
		manifest := &pyProject{}
		if validPath(folder) {
			manifest = s.readPyProject(folder)
		}
		version := p.Version
		if version == "" {
			version = manifest.version()
		}
		s.addFolder(manifest, folder, p.Name, version, lineAt(s.headings, i))
		return
	}
	out := &pyPackage{name: p.Name, version: p.Version, line: lineAt(s.headings, i), source: p.Source.origin(), marker: strings.Join(p.Markers, " or ")}
	for _, f := range append([]uvFile{p.Sdist}, p.Wheels...) {
		file := pyFile{url: f.URL, name: f.Filename, hash: f.Hash}
		if where := f.Path + p.Source.Path; file.name == "" && where != "" {
			file.name = path.Base(strings.ReplaceAll(where, `\`, "/"))
		}
		if file.url == "" && p.Source.URL != "" {
			file.url = p.Source.URL
		}
		if file.url+file.name+file.hash != "" && f != (uvFile{}) {
			out.files = append(out.files, file)
		}
	}
	s.addPython(out)
	p.Sdist, p.Wheels = uvFile{}, nil // they are in the component now
}

// chooseProjects says which folders are the tree's own: the one beside the
// lockfile, of which the other members of its workspace are part, or all.
func (s *uvGraph) chooseProjects() {
	root := slices.IndexFunc(s.lock.Packages, func(p uvPackage) bool {
		dir, ok := p.Source.folder()
		return ok && path.Clean(dir) == "."
	})
	for _, i := range s.folders {
		if root < 0 {
			s.out.Projects = append(s.out.Projects, i)
		} else if i != root && slices.Contains(s.lock.Manifest.Members, s.lock.Packages[i].Name) {
			s.edge(root, i, needed)
		}
	}
	if root >= 0 {
		s.out.Projects = []int{root}
	}
	if len(s.out.Projects) == 0 {
		s.because("the lockfile has no entry for the project itself", "")
	}
}

// eachDep calls f for every line of every dependency list.
func (s *uvGraph) eachDep(f func(p *uvPackage, from int, d *uvDep, kind edgeKind, extra string)) {
	for i := range s.lock.Packages {
		p := &s.lock.Packages[i]
		for j := range p.Dependencies {
			f(p, i, &p.Dependencies[j], needed, "")
		}
		for _, extra := range sortedKeys(p.Optional) {
			for j := range p.Optional[extra] {
				f(p, i, &p.Optional[extra][j], optional, extra)
			}
		}
		for _, group := range sortedKeys(p.Development) {
			for j := range p.Development[group] {
				f(p, i, &p.Development[group][j], development, "")
			}
		}
	}
}

// link adds an edge. What an extra needs is needed if somebody asks for the
// extra.
func (s *uvGraph) link(p *uvPackage, from int, d *uvDep, kind edgeKind, extra string) {
	if kind == optional && s.extras[bom.NormalPyPI(p.Name)+"["+bom.NormalPyPI(extra)+"]"] {
		kind = needed
	}
	if kind == development && !s.folder[from] {
		kind = optional
	}
	found := false
	for _, to := range s.named[bom.NormalPyPI(d.Name)] {
		q := &s.lock.Packages[to]
		if d.Version != "" && d.Version != q.Version || d.Source != nil && *d.Source != q.Source {
			continue
		}
		found = true
		s.edge(from, to, kind)
	}
	if !found {
		s.missing(d.Name, from)
	}
}
