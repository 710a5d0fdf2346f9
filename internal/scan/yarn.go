// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// findYarn reads every Yarn lockfile, of Yarn 1 and of its successors.
func findYarn(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readYarn(t, p)
		if err != nil {
			s = unreadable(p, "yarn", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// A yarnEntry is one package of a yarn.lock, and all the descriptors
// (NAME@RANGE) that came to it.
type yarnEntry struct {
	descriptors []string
	line        int
	version     string
	deps        []yarnDep

	resolved, integrity             string // Yarn 1
	resolution, checksum, languages string // Yarn 2 and later
}

// A yarnDep is what a package asks for.
type yarnDep struct {
	name, spec string
	kind       edgeKind
}

func readYarn(t *tree, p string) (bom.Source, error) {
	data, err := t.read(p)
	if err != nil {
		return bom.Source{}, err
	}
	if bytes.HasPrefix(data, []byte("__metadata:")) || bytes.Contains(data, []byte("\n__metadata:")) {
		return readBerry(t, p, data)
	}
	entries, err := parseYarnV1(data, t.limits.Packages)
	if err != nil {
		return bom.Source{}, err
	}
	s, err := newYarnSource(t, p, entries)
	if err != nil {
		return bom.Source{}, err
	}
	return s.classic(), nil
}

// A yarnSource builds the Source of a yarn.lock.
type yarnSource struct {
	*lockGraph
	entries []yarnEntry
	comp    []int            // component by entry
	at      map[string]int   // entry by descriptor
	byName  map[string][]int // entries, if the project overrides any
	root    jsProject
	members map[string]int // component of a project by its name
	modules bool           // there is a node_modules folder
}

func newYarnSource(t *tree, p string, entries []yarnEntry) (*yarnSource, error) {
	s := &yarnSource{
		lockGraph: newLockGraph(t, p, "yarn"), entries: entries, comp: make([]int, len(entries)),
		at: make(map[string]int, len(entries)), byName: map[string][]int{}, members: map[string]int{},
	}
	s.modules = s.hasFolder("node_modules")
	s.expect(1 + len(entries))
	s.root = s.readProject(s.dir)
	for i := range entries {
		for _, d := range entries[i].descriptors {
			if _, ok := s.at[d]; ok {
				return nil, twice(d, entries[i].line)
			}
			s.at[d] = i
			if len(s.root.Resolutions) > 0 {
				name, _, _ := cutName(d)
				s.byName[name] = append(s.byName[name], i)
			}
		}
	}
	return s, nil
}

// classic tells a lockfile of Yarn 1, which knows nothing of the projects:
// those are found by their package.json files.
func (s *yarnSource) classic() bom.Source {
	type project struct {
		jsProject
		comp   int
		folder string
	}
	var projects []project
	if s.root.there {
		i := s.folderProject(&s.root, s.dir, "", 0)
		s.at1(i, s.dir)
		s.out.Projects = []int{i}
		projects = append(projects, project{s.root, i, s.dir})
		for _, folder := range s.memberFolders() {
			m := s.readProject(folder)
			if !m.there {
				continue
			}
			j := s.folderProject(&m, folder, "", 0)
			s.at1(j, folder)
			s.edge(i, j, needed)
			s.members[m.Name] = j
			projects = append(projects, project{m, j, folder})
		}
	} else {
		s.because("there is no package.json beside it that says what the project asks for", "")
	}
	for i := range s.entries {
		s.comp[i] = s.addClassic(&s.entries[i])
	}
	for i := range projects {
		p := &projects[i]
		for _, list := range []struct {
			wants
			kind edgeKind
		}{{p.Dependencies, needed}, {p.Optional, optional}, {p.Development, development}} {
			for _, w := range list.wants {
				if list.kind == needed && p.kind(w.name) == optional {
					continue
				}
				s.classicEdge(p.comp, p.folder, yarnDep{w.name, w.spec, list.kind})
			}
		}
	}
	for i := range s.entries {
		for _, d := range s.entries[i].deps {
			s.classicEdge(s.comp[i], "", d)
		}
	}
	return s.lockGraph.source()
}

// at1 says that a project stands in its package.json, not in the lockfile.
func (s *yarnSource) at1(i int, folder string) {
	s.out.Components[i].Occurrences = []bom.Occurrence{{Path: printable(path.Join(folder, "package.json"))}}
}

// memberFolders returns the folders of the tree that the project's workspace
// patterns name.
func (s *yarnSource) memberFolders() []string {
	globs := workspaceGlobs(s.root.Workspaces)
	if len(globs) == 0 {
		return nil
	}
	var out []string
	for _, file := range s.t.named([]string{"package.json"}) {
		folder := path.Dir(file)
		if s.dir != "." && !strings.HasPrefix(folder, s.dir+"/") || folder == s.dir {
			continue
		}
		if isWorkspace(globs, relative(s.dir, folder)) {
			out = append(out, folder)
		}
	}
	return out
}

// isWorkspace reports whether patterns name a folder. Those that begin with an
// exclamation mark take folders out again.
func isWorkspace(globs []string, folder string) bool {
	in := false
	for _, glob := range globs {
		if not, ok := strings.CutPrefix(glob, "!"); ok {
			in = in && !isMember(not, folder)
		} else if isMember(glob, folder) {
			in = true
		}
	}
	return in
}

// addClassic adds a package of a Yarn 1 lockfile. A descriptor of another name
// than the package's own (alias@npm:name@range) says both.
func (s *yarnSource) addClassic(e *yarnEntry) int {
	name, spec, _ := cutName(e.descriptors[0])
	p := jsPackage{name: name, version: e.version, line: e.line, integrity: e.integrity}
	if real, ok := strings.CutPrefix(spec, "npm:"); ok {
		if n, _, found := cutName(real); found || strings.HasPrefix(real, "@") {
			p.name, p.alias = n, name
		}
	}
	address, fragment, _ := strings.Cut(e.resolved, "#")
	switch {
	case e.resolved == "":
		if file, ok := strings.CutPrefix(spec, "file:"); ok {
			p.folder = path.Join(s.dir, file)
		}
	case strings.HasPrefix(address, "git") || strings.HasSuffix(address, ".git"):
		p.repository, p.commit = address, fragment
	case strings.HasPrefix(address, "file:"):
		p.file = path.Join(s.dir, strings.TrimPrefix(address, "file:"))
		p.integrity = withSHA1(p.integrity, fragment)
	default:
		p.tarball, p.integrity = address, withSHA1(p.integrity, fragment)
		p.byURL = strings.ContainsAny(spec, "/") && !strings.HasPrefix(spec, "npm:") && !strings.Contains(address, "/-/")
	}
	i := s.addPackage(&p)
	if s.modules {
		s.installedLicence(i, path.Join("node_modules", name))
	}
	return i
}

// withSHA1 adds the digest that Yarn 1 writes behind the address of a tarball.
func withSHA1(integrity, fragment string) string {
	if len(fragment) != 40 || !commitID.MatchString(fragment) {
		return integrity
	}
	sri := hexSRI("sha1", fragment)
	if slices.Contains(strings.Fields(integrity), sri) {
		return integrity
	}
	return strings.TrimSpace(integrity + " " + sri)
}

// classicEdge adds the edge of what a project or a package asks for.
func (s *yarnSource) classicEdge(from int, folder string, d yarnDep) {
	i, ok := s.classicEntry(d)
	if file, local := strings.CutPrefix(d.spec, "file:"); local && !ok && folder != "" {
		// Of a member's folders the lockfile has the path from the root.
		i, ok = s.at[d.name+"@file:./"+relative(s.dir, path.Join(folder, file))]
	}
	if ok {
		s.edge(from, s.comp[i], d.kind)
		return
	}
	if to, ok := s.members[d.name]; ok {
		s.edge(from, to, d.kind)
		return
	}
	if target, ok := strings.CutPrefix(d.spec, "link:"); ok && folder != "" {
		where := path.Join(folder, target)
		var m jsProject
		if validPath(where) {
			m = s.readProject(where)
		}
		to := s.folderProject(&m, where, d.name, 0)
		s.members[d.name] = to
		s.edge(from, to, d.kind)
		return
	}
	if d.kind != optional {
		s.missing(d.name+"@"+d.spec, from)
	}
}

// classicEntry finds the entry of a descriptor. Where the project overrides a
// version the lockfile may only have the one that it asks for instead.
func (s *yarnSource) classicEntry(d yarnDep) (int, bool) {
	if i, ok := s.at[d.name+"@"+d.spec]; ok {
		return i, true
	}
	for _, r := range s.root.Resolutions {
		if r.name != d.name && !strings.HasSuffix(r.name, "/"+d.name) {
			continue
		}
		if i, ok := s.at[d.name+"@"+r.spec]; ok {
			return i, true
		}
		if list := slices.Compact(slices.Clone(s.byName[d.name])); len(list) == 1 {
			return list[0], true
		}
	}
	return 0, false
}

// parseYarnV1 reads the format of Yarn 1: entries of descriptors, fields
// indented by two spaces, and lists by four.
func parseYarnV1(data []byte, limit int) ([]yarnEntry, error) {
	p := yarnParser{limit: limit}
	for line := range strings.SplitSeq(string(data), "\n") {
		p.line++
		text := strings.TrimRight(line, " \r")
		rest := strings.TrimLeft(text, " ")
		if rest == "" || rest[0] == '#' {
			continue
		}
		if err := p.take(len(text)-len(rest), rest); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	if p.line < 2 && len(p.entries) == 0 {
		return nil, fmt.Errorf("not a Yarn lockfile")
	}
	return p.entries, p.complete()
}
