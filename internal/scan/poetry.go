// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// findPoetry reads every poetry.lock.
func findPoetry(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readPoetry(t, p)
		if err != nil {
			s = unreadable(p, "poetry", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// A poetryLock is a poetry.lock of version 1 or 2. Files stand with their
// package since version 2, before that in the metadata, and before 1.0 only
// their digests did.
type poetryLock struct {
	Packages []poetryPackage `toml:"package"`
	Metadata struct {
		Version string                  `toml:"lock-version"`
		Hash    string                  `toml:"content-hash"`
		Files   map[string][]poetryFile `toml:"files"`
		Hashes  map[string][]string     `toml:"hashes"`
	} `toml:"metadata"`
}

type poetryPackage struct {
	Name         string              `toml:"name"`
	Version      string              `toml:"version"`
	Optional     bool                `toml:"optional"`
	Category     string              `toml:"category"` // until 1.4: "main" or "dev"
	Groups       []string            `toml:"groups"`   // since 2.1
	Markers      any                 `toml:"markers"`
	Files        []poetryFile        `toml:"files"`
	Dependencies map[string]any      `toml:"dependencies"`
	Extras       map[string][]string `toml:"extras"`
	Source       struct {
		Type     string `toml:"type"`
		URL      string `toml:"url"`
		Resolved string `toml:"resolved_reference"`
		Old      string `toml:"reference"`
	} `toml:"source"`
}

type poetryFile struct {
	File string `toml:"file"`
	URL  string `toml:"url"`
	Hash string `toml:"hash"`
}

// fit gives back the room that its lists do not need.
func (p *poetryPackage) fit() {
	p.Files, p.Groups = slices.Clone(p.Files), slices.Clone(p.Groups)
}

func readPoetry(t *tree, p string) (bom.Source, error) {
	var lock poetryLock
	s := &poetrySource{lock: &lock, pyGraph: newPyGraph(t, p, "poetry"), told: true}
	err := readTables(t, p, "package", func(some tomlPart) error {
		var part poetryLock
		if err := some.decode(&part); err != nil {
			return err
		}
		if some.rest {
			lock = part
			s.begin(some, len(part.Packages))
		}
		return joinTables(&lock.Packages, some, part.Packages, t.limits.Packages, (*poetryPackage).fit, s.take)
	})
	if err != nil {
		return bom.Source{}, err
	}
	major, _, _ := strings.Cut(lock.Metadata.Version, ".")
	switch {
	case major != "1" && major != "2" && (major != "" || lock.Metadata.Hashes == nil):
		return bom.Source{}, fmt.Errorf("lock-version %.20q; have 1 and 2", lock.Metadata.Version)
	case lock.Metadata.Hash == "" && len(lock.Packages) == 0:
		return bom.Source{}, errors.New("no packages and no content-hash")
	case slices.ContainsFunc(lock.Packages, func(p poetryPackage) bool { return p.Name == "" }):
		return bom.Source{}, errors.New("a package without a name")
	}
	return s.source(), nil
}

// A poetrySource builds the Source of a poetry.lock.
type poetrySource struct {
	*pyGraph
	lock   *poetryLock
	scopes []bom.Scope
	told   bool // the lockfile says when each package is needed
}

// take adds the package in a place.
func (s *poetrySource) take(i int) {
	p := &s.lock.Packages[i]
	s.addPython(s.pkg(i))
	p.Files = nil // they are in the component now
	s.scopes = append(s.scopes, p.scope())
	s.told = s.told && s.scopes[i] != bom.Unstated
}

func (s *poetrySource) source() bom.Source {
	wanted := s.project()
	extras := s.asked(wanted)
	for i := range s.lock.Packages {
		p := &s.lock.Packages[i]
		s.require(i, p.requirements(extras[bom.NormalPyPI(p.Name)]))
	}
	if s.told {
		return s.stated(s.scopes)
	}
	return s.lockGraph.source()
}

// pkg returns one package in the form that all Python lockfiles share.
func (s *poetrySource) pkg(i int) *pyPackage {
	p := &s.lock.Packages[i]
	out := &pyPackage{name: p.Name, version: p.Version, line: lineAt(s.headings, i), source: p.origin(), marker: p.marker()}
	files := p.Files
	if len(files) == 0 {
		files = s.lock.Metadata.Files[p.Name]
	}
	for _, f := range files {
		if f.URL == "" && out.source.kind == fromURL {
			f.URL = out.source.url
		}
		out.files = append(out.files, pyFile{url: f.URL, name: f.File, hash: f.Hash})
	}
	if len(files) == 0 {
		for _, h := range s.lock.Metadata.Hashes[p.Name] {
			out.files = append(out.files, pyFile{hash: "sha256:" + h})
		}
	}
	for _, group := range p.Groups {
		out.properties = append(out.properties, bom.Property{Name: "cdx:poetry:group", Value: group})
	}
	return out
}

// marker returns the condition under which a package is installed: one, or a
// table of one for each group.
func (p *poetryPackage) marker() string {
	if s, ok := p.Markers.(string); ok {
		return s
	}
	table, _ := p.Markers.(map[string]any)
	var parts []string
	for _, group := range sortedKeys(table) {
		if s, ok := table[group].(string); ok {
			parts = append(parts, group+": "+s)
		}
	}
	return strings.Join(parts, "; ")
}

// origin returns where a package comes from. "legacy" is an index that is not
// the one Poetry takes if none is named.
func (p *poetryPackage) origin() pySource {
	s := pySource{url: p.Source.URL, commit: p.Source.Resolved}
	switch p.Source.Type {
	case "git":
		s.kind = fromGit
		if s.commit == "" {
			s.commit = p.Source.Old
		}
	case "url":
		s.kind = fromURL
	case "file":
		s.kind = fromFile
	case "directory":
		s.kind = fromFolder
	}
	return s
}

// scope returns when a package is needed. What no group of the project itself
// leads to is only for development.
func (p *poetryPackage) scope() bom.Scope {
	main := p.Category == "main" || slices.Contains(p.Groups, "main")
	switch {
	case p.Category == "" && p.Groups == nil:
		return bom.Unstated
	case !main:
		return bom.Excluded
	case p.Optional:
		return bom.Optional
	default:
		return bom.Required
	}
}

// requirements returns what a package asks for. What only one of its extras
// needs is optional, unless somebody asks for that extra.
func (p *poetryPackage) requirements(asked map[string]bool) []pyRequirement {
	list := poetryRequirements(p.Dependencies, needed, "")
	for i := range list {
		if list[i].kind == optional && p.inExtra(list[i].name, asked) {
			list[i].kind = needed
			list[i].marker = "extra"
		}
	}
	return list
}

// inExtra reports whether one of some extras of a package has a requirement.
func (p *poetryPackage) inExtra(name string, extras map[string]bool) bool {
	for extra, list := range p.Extras {
		if !extras[bom.NormalPyPI(extra)] {
			continue
		}
		for _, text := range list {
			if r, ok := parsePyRequirement(text); ok && bom.NormalPyPI(r.name) == bom.NormalPyPI(name) {
				return true
			}
		}
	}
	return false
}

// project adds the project that the lockfile is of, with what it asks for. Its
// name stands only in pyproject.toml.
func (s *poetrySource) project() []pyRequirement {
	manifest := s.readPyProject(s.dir)
	if !manifest.there {
		s.because("no pyproject.toml beside it: what the project itself asks for is not known", "")
		return nil
	}
	list := manifest.requirements()
	i := s.addOwner(manifest)
	s.scopes = append(s.scopes, bom.Unstated)
	s.require(i, list)
	return list
}

// asked lists the extras that somebody asks for, by the package they are of.
func (s *poetrySource) asked(wanted []pyRequirement) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	add := func(list []pyRequirement) {
		for _, r := range list {
			name := bom.NormalPyPI(r.name)
			for _, extra := range r.extras {
				if out[name] == nil {
					out[name] = map[string]bool{}
				}
				out[name][bom.NormalPyPI(extra)] = true
			}
		}
	}
	add(wanted)
	for i := range s.lock.Packages {
		add(poetryRequirements(s.lock.Packages[i].Dependencies, needed, ""))
	}
	return out
}
