// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// findPDM reads every pdm.lock.
func findPDM(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readPDM(t, p)
		if err != nil {
			s = unreadable(p, "pdm", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// A pdmLock is a pdm.lock of version 4. A package stands there once without
// extras and once more with each set of extras that somebody asks for, which
// then lists what they need.
type pdmLock struct {
	Packages []pdmPackage `toml:"package"`
	Metadata struct {
		Version string                  `toml:"lock_version"`
		Files   map[string][]poetryFile `toml:"files"` // until 4.2, by "NAME VERSION"
	} `toml:"metadata"`
}

type pdmPackage struct {
	Name         string       `toml:"name"`
	Version      string       `toml:"version"`
	Groups       []string     `toml:"groups"` // since 4.4
	Marker       string       `toml:"marker"`
	Extras       []string     `toml:"extras"`
	Dependencies []string     `toml:"dependencies"`
	Files        []poetryFile `toml:"files"`
	Git          string       `toml:"git"`
	Revision     string       `toml:"revision"`
	URL          string       `toml:"url"`
	Path         string       `toml:"path"`
	Editable     bool         `toml:"editable"`
}

// fit gives back the room that its lists do not need.
func (p *pdmPackage) fit() {
	p.Dependencies, p.Files, p.Groups = slices.Clone(p.Dependencies), slices.Clone(p.Files), slices.Clone(p.Groups)
}

func readPDM(t *tree, p string) (bom.Source, error) {
	var lock pdmLock
	s := &pdmSource{lock: &lock, pyGraph: newPyGraph(t, p, "pdm"), at: map[string]int{}, told: true}
	s.manifest = s.readPyProject(s.dir)
	err := readTables(t, p, "package", func(some tomlPart) error {
		var part pdmLock
		if err := some.decode(&part); err != nil {
			return err
		}
		if some.rest {
			lock = part
			s.begin(some, len(part.Packages))
		}
		return joinTables(&lock.Packages, some, part.Packages, t.limits.Packages, (*pdmPackage).fit, s.take)
	})
	if err != nil {
		return bom.Source{}, err
	}
	switch {
	case lock.Metadata.Version != "4" && !strings.HasPrefix(lock.Metadata.Version, "4."):
		return bom.Source{}, fmt.Errorf("lock_version %.20q; have 4", lock.Metadata.Version)
	case slices.ContainsFunc(lock.Packages, func(p pdmPackage) bool { return p.Name == "" }):
		return bom.Source{}, errors.New("a package without a name")
	}
	return s.source(), nil
}

// A pdmSource builds the Source of a pdm.lock.
type pdmSource struct {
	*pyGraph
	lock     *pdmLock
	manifest *pyProject
	at       map[string]int // component by what one is
	comp     []int          // component by package: several are one
	scopes   []bom.Scope
	told     bool // the lockfile says when each package is needed
}

// take adds the package in a place.
func (s *pdmSource) take(i int) {
	p := &s.lock.Packages[i]
	key := bom.NormalPyPI(p.Name) + "@" + p.Version + "@" + p.Git + p.URL + p.Path
	j, seen := s.at[key]
	if !seen {
		j = s.addPython(s.pkg(i))
		s.at[key] = j
		s.scopes = append(s.scopes, bom.Unstated)
	}
	p.Files = nil // they are in the component now
	s.comp = append(s.comp, j)
	scope := p.scope(s.manifest)
	s.scopes[j] = max(s.scopes[j], scope)
	s.told = s.told && scope != bom.Unstated
}

func (s *pdmSource) source() bom.Source {
	s.project(s.manifest)
	for i := range s.lock.Packages {
		s.require(s.comp[i], s.lock.Packages[i].requirements())
	}
	if s.told {
		return s.stated(s.scopes)
	}
	return s.lockGraph.source()
}

// pkg returns one package in the form that all Python lockfiles share.
func (s *pdmSource) pkg(i int) *pyPackage {
	p := &s.lock.Packages[i]
	out := &pyPackage{name: p.Name, version: p.Version, line: lineAt(s.headings, i), source: p.origin(), marker: p.Marker}
	files := p.Files
	if len(files) == 0 {
		files = s.lock.Metadata.Files[p.Name+" "+p.Version]
	}
	for _, f := range files {
		out.files = append(out.files, pyFile{url: f.URL, name: f.File, hash: f.Hash})
	}
	for _, group := range p.Groups {
		out.properties = append(out.properties, bom.Property{Name: product.Name + ":pdm:group", Value: group})
	}
	return out
}

func (p *pdmPackage) origin() pySource {
	switch {
	case p.Git != "":
		return pySource{kind: fromGit, url: p.Git, commit: p.Revision}
	case p.URL != "":
		return pySource{kind: fromURL, url: p.URL}
	case p.Path != "" && isArchive(p.Path):
		return pySource{kind: fromFile, url: p.Path}
	case p.Path != "":
		return pySource{kind: fromFolder, url: p.Path}
	}
	return pySource{}
}

// scope returns when a package is needed. A group is an extra of the project,
// which its users may ask for, or else one for development.
func (p *pdmPackage) scope(manifest *pyProject) bom.Scope {
	scope := bom.Unstated
	for _, group := range p.Groups {
		_, extra := manifest.Project.Optional[group]
		switch {
		case group == "default":
			return bom.Required
		case extra:
			scope = bom.Optional
		default:
			scope = max(scope, bom.Excluded)
		}
	}
	return scope
}

// requirements returns what a package asks for, without itself: an entry with
// extras asks for the one without.
func (p *pdmPackage) requirements() []pyRequirement {
	var out []pyRequirement
	for _, text := range p.Dependencies {
		r, ok := parsePyRequirement(text)
		if ok && bom.NormalPyPI(r.name) != bom.NormalPyPI(p.Name) {
			out = append(out, r)
		}
	}
	return out
}

// project adds the project that the lockfile is of. Its name stands only in
// pyproject.toml.
func (s *pdmSource) project(manifest *pyProject) {
	if !manifest.there {
		s.because("no pyproject.toml beside it: what the project itself asks for is not known", "")
		return
	}
	i := s.addOwner(manifest)
	s.scopes = append(s.scopes, bom.Unstated)
	s.require(i, manifest.requirements())
}
