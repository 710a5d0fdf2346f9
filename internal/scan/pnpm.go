// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// findPnpm reads every pnpm lockfile.
func findPnpm(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readPnpm(t, p)
		if err != nil {
			s = unreadable(p, "pnpm", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// A pnpmLock is a pnpm-lock.yaml of version 6 or 9
// (https://github.com/pnpm/spec/tree/master/lockfile). Version 6 has one
// entry for a package with each set of peers; version 9 splits that into
// packages, which are what is downloaded, and snapshots of what they depend on.
type pnpmLock struct {
	version   string
	noLinks   bool // settings.excludeLinksFromLockfile
	importers []pnpmImporter
	packages  map[string]pnpmPackage
	snapshots []pnpmSnapshot
	limit     int
}

// A pnpmImporter is a folder of the tree, relative to the lockfile.
type pnpmImporter struct {
	folder string
	line   int
	deps   []pnpmDep
}

// A pnpmDep is a dependency: the name it goes by, and which package that is.
type pnpmDep struct {
	name, ref string
	kind      edgeKind
}

// A pnpmPackage is what is downloaded.
type pnpmPackage struct {
	name, version string // if the key does not tell
	integrity     string
	tarball       string
	kind          string // "", "git", "directory", …
	repo, commit  string
	directory     string
	deprecated    string
}

// A pnpmSnapshot is a package with one choice of peers.
type pnpmSnapshot struct {
	key  string
	line int
	deps []pnpmDep
}

func readPnpm(t *tree, p string) (bom.Source, error) {
	data, err := t.read(p)
	if err != nil {
		return bom.Source{}, err
	}
	var lock *pnpmLock
	err = readYAML(data, " importers packages snapshots ", func() yamlSink {
		lock = &pnpmLock{packages: map[string]pnpmPackage{}, limit: t.limits.Packages}
		return lock.take
	})
	if err != nil {
		return bom.Source{}, err
	}
	if !lock.is("6") && !lock.is("9") {
		return bom.Source{}, fmt.Errorf("lockfileVersion %.20q; have 6 and 9", lock.version)
	}
	return lock.source(t, p), nil
}

// is reports whether the lockfile is of a major version.
func (l *pnpmLock) is(major string) bool {
	return l.version == major || strings.HasPrefix(l.version, major+".")
}

// take reads one member of the document, or one entry of a section.
func (l *pnpmLock) take(section string, v *yamlValue) error {
	switch section + "/" + v.key {
	case "/lockfileVersion":
		l.version = v.text
		return nil
	case "/settings":
		l.noLinks = v.str("excludeLinksFromLockfile") == "true"
		return nil
	}
	if section != "" && l.version == "" {
		return fmt.Errorf("line %d: %q stands before lockfileVersion", v.line, section)
	}
	switch section {
	case "importers":
		return l.importer(v)
	case "packages":
		return l.pkg(v)
	case "snapshots":
		return l.snapshot(v)
	case "":
		// A lockfile of version 6 with one project has its lists at the top.
		if kind, ok := pnpmLists[v.key]; ok {
			if len(l.importers) == 0 {
				l.importers = append(l.importers, pnpmImporter{folder: ".", line: v.line})
			}
			l.importers[0].deps = append(l.importers[0].deps, pnpmDeps(v, kind)...)
		}
	}
	return nil
}

// pnpmLists are the headings of dependencies.
var pnpmLists = map[string]edgeKind{
	"dependencies":               needed,
	"optionalDependencies":       optional,
	"devDependencies":            development,
	"configDependencies":         development,
	"packageManagerDependencies": development,
}

// importer reads one project. A lockfile of two documents can name one twice.
func (l *pnpmLock) importer(v *yamlValue) error {
	folder := path.Clean(v.key)
	if path.IsAbs(folder) || strings.Contains(v.key, `\`) {
		return fmt.Errorf("line %d: %q is not a relative path", v.line, v.key)
	}
	i := slices.IndexFunc(l.importers, func(m pnpmImporter) bool { return m.folder == folder })
	if i < 0 {
		if len(l.importers) >= l.limit {
			return fmt.Errorf("more than %d projects", l.limit)
		}
		i = len(l.importers)
		l.importers = append(l.importers, pnpmImporter{folder: folder, line: v.line})
	}
	for _, list := range v.pairs() {
		if kind, ok := pnpmLists[list.key]; ok {
			l.importers[i].deps = append(l.importers[i].deps, pnpmDeps(&list, kind)...)
		}
	}
	return nil
}

// pnpmDeps reads a list of dependencies: {name: reference} or, in a project,
// {name: {specifier, version: reference}}.
func pnpmDeps(v *yamlValue, kind edgeKind) []pnpmDep {
	var out []pnpmDep
	for _, d := range v.pairs() {
		ref := d.text
		if len(d.list) > 0 {
			ref = d.str("version")
		}
		if ref != "" {
			out = append(out, pnpmDep{d.key, ref, kind})
		}
	}
	return out
}

func (l *pnpmLock) pkg(v *yamlValue) error {
	if len(l.packages) >= l.limit {
		return fmt.Errorf("more than %d packages", l.limit)
	}
	r := v.get("resolution")
	l.packages[v.key] = pnpmPackage{
		name: v.str("name"), version: v.str("version"), deprecated: v.str("deprecated"),
		integrity: r.str("integrity"), tarball: r.str("tarball"), kind: r.str("type"),
		repo: r.str("repo"), commit: r.str("commit"), directory: r.str("directory"),
	}
	if strings.HasPrefix(l.version, "6") {
		return l.snapshot(v)
	}
	return nil
}

func (l *pnpmLock) snapshot(v *yamlValue) error {
	if len(l.snapshots) >= l.limit {
		return fmt.Errorf("more than %d packages", l.limit)
	}
	s := pnpmSnapshot{key: v.key, line: v.line, deps: pnpmDeps(v.get("dependencies"), needed)}
	s.deps = append(s.deps, pnpmDeps(v.get("optionalDependencies"), optional)...)
	l.snapshots = append(l.snapshots, s)
	return nil
}

// A pnpmSource builds the Source of a lockfile.
type pnpmSource struct {
	*pnpmLock
	*lockGraph
	at      map[string]int // component by the key of its snapshot
	folders map[string]int // component by its folder, relative to the lockfile
	store   map[string]string
}

// source tells the lockfile as components and edges.
func (l *pnpmLock) source(t *tree, p string) bom.Source {
	s := &pnpmSource{
		pnpmLock: l, lockGraph: newLockGraph(t, p, "pnpm"),
		at: make(map[string]int, len(l.snapshots)), folders: map[string]int{},
	}
	s.expect(len(l.importers) + len(l.snapshots))
	s.addFolders()
	s.readStore()
	for i := range l.snapshots {
		s.at[l.snapshots[i].key] = s.addSnapshot(&l.snapshots[i])
	}
	for i := range l.importers {
		m := &l.importers[i]
		for _, d := range m.deps {
			s.link(s.folders[m.folder], m.folder, d)
		}
	}
	for i := range l.snapshots {
		for _, d := range l.snapshots[i].deps {
			s.link(s.at[l.snapshots[i].key], ".", d)
		}
	}
	if l.noLinks {
		s.because("settings.excludeLinksFromLockfile leaves out which projects depend on each other", "")
	}
	return s.lockGraph.source()
}

// addFolders adds the projects. The one beside the lockfile is the project,
// and the others are its members.
func (s *pnpmSource) addFolders() {
	for _, m := range s.importers {
		folder := path.Join(s.dir, m.folder)
		manifest := s.readProject(folder)
		s.folders[m.folder] = s.folderProject(&manifest, folder, "", m.line)
	}
	root, ok := s.folders["."]
	for _, m := range s.importers {
		i := s.folders[m.folder]
		if ok && i != root {
			s.edge(root, i, needed)
		} else {
			s.out.Projects = append(s.out.Projects, i)
		}
	}
	if len(s.importers) == 0 {
		s.because("the lockfile has no entry for the project itself", "")
	}
}

// addSnapshot adds a package. Packages that differ in their peers only become
// one component when sources are merged.
func (s *pnpmSource) addSnapshot(n *pnpmSnapshot) int {
	base := withoutPeers(n.key)
	info, ok := s.packages[n.key]
	if !ok {
		info, ok = s.packages[base]
	}
	if !ok {
		s.because("packages without their resolution", n.key)
	}
	name, version, _ := cutName(strings.TrimPrefix(base, "/"))
	p := jsPackage{
		name: name, version: version, line: n.line, integrity: info.integrity, tarball: info.tarball,
		repository: info.repo, commit: info.commit, deprecated: info.deprecated,
	}
	if s.namesURL(base, version) {
		p.version, p.byURL = "", true
	}
	if info.name != "" {
		p.name = info.name
	}
	if info.version != "" {
		p.version = info.version
	}
	file, isFile := strings.CutPrefix(version, "file:")
	switch {
	case info.kind == "directory":
		p.folder = path.Join(s.dir, info.directory)
	case isFile:
		p.file = path.Join(s.dir, file)
	}
	i := s.addPackage(&p)
	if _, patch, ok := strings.Cut(n.key[len(base):], "(patch_hash="); ok {
		patch, _, _ = strings.Cut(patch, ")")
		c := &s.out.Components[i]
		c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":pnpm:patch", Value: printable(patch)})
	}
	s.installedLicence(i, s.places(p.name, p.version)...)
	return i
}

// namesURL reports whether a key names its package by where it comes from
// instead of by a version.
func (s *pnpmSource) namesURL(key, version string) bool {
	return strings.ContainsAny(version, ":/") || s.is("6") && !strings.HasPrefix(key, "/")
}

// withoutPeers cuts the peers off a key: everything from the first of the
// brackets at its end.
func withoutPeers(key string) string {
	end := len(key)
	for end > 0 && key[end-1] == ')' {
		depth, i := 0, end
		for i > 0 {
			i--
			if key[i] == ')' {
				depth++
			} else if key[i] == '(' {
				if depth--; depth == 0 {
					break
				}
			}
		}
		if depth != 0 {
			break
		}
		end = i
	}
	return key[:end]
}

// link adds the edge of a dependency.
func (s *pnpmSource) link(from int, folder string, d pnpmDep) {
	if target, ok := strings.CutPrefix(d.ref, "link:"); ok {
		s.edge(from, s.folderAt(path.Join(folder, target), d.name), d.kind)
		return
	}
	to, ok := s.at[s.key(d)]
	switch {
	case ok:
		s.edge(from, to, d.kind)
	case d.kind != optional:
		s.missing(d.name, from)
	}
}

// key returns the key of the snapshot that a dependency means: the reference
// itself if it names a package, else a version of the package of that name.
func (s *pnpmSource) key(d pnpmDep) string {
	if s.is("6") {
		if strings.HasPrefix(d.ref, "file:") || strings.Contains(withoutPeers(d.ref), "/") {
			return d.ref
		}
		return "/" + d.name + "@" + d.ref
	}
	at := strings.IndexByte(d.ref, '@')
	before := func(c byte) bool {
		i := strings.IndexByte(d.ref, c)
		return i < 0 || at < i
	}
	if at == 0 || at > 0 && before(':') && before('(') {
		return d.ref
	}
	return d.name + "@" + d.ref
}

// folderAt returns the component of a folder that is linked to. One that is no
// project of the lockfile is named all the same, and never read if it lies
// outside of the tree.
func (s *pnpmSource) folderAt(folder, name string) int {
	if i, ok := s.folders[folder]; ok {
		return i
	}
	var manifest jsProject
	where := path.Join(s.dir, folder)
	if validPath(where) {
		manifest = s.readProject(where)
	}
	if !manifest.there {
		s.because("linked folders without a manifest in the tree", folder)
	}
	i := s.folderProject(&manifest, where, name, 0)
	s.folders[folder] = i
	return i
}

// readStore lists the packages that pnpm installed, by name and version.
func (s *pnpmSource) readStore() {
	dir := path.Join(s.dir, "node_modules/.pnpm")
	if !s.hasFolder("node_modules/.pnpm") {
		return
	}
	entries, err := fs.ReadDir(s.t.root, dir)
	if err != nil {
		return
	}
	s.store = make(map[string]string, len(entries))
	for _, e := range entries {
		name, version, ok := cutName(e.Name())
		version, _, _ = strings.Cut(version, "_")
		version, _, _ = strings.Cut(version, "(")
		if key := strings.ReplaceAll(name, "+", "/") + "@" + version; ok && s.store[key] == "" {
			s.store[key] = e.Name()
		}
	}
}

// places are the folders where a package may be installed.
func (s *pnpmSource) places(name, version string) []string {
	if s.store == nil {
		return nil
	}
	entry, ok := s.store[name+"@"+version]
	if !ok {
		return nil
	}
	return []string{path.Join("node_modules/.pnpm", entry, "node_modules", name)}
}
