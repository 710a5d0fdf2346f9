// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// readBerry reads a lockfile of Yarn 2 or later: YAML, with one entry for each
// package and each project (https://yarnpkg.com/advanced/lexicon#lockfile).
func readBerry(t *tree, p string, data []byte) (bom.Source, error) {
	var l *berryLock
	err := readYAML(data, "", func() yamlSink {
		l = &berryLock{limit: t.limits.Packages}
		return l.take
	})
	if err != nil {
		return bom.Source{}, err
	}
	s, err := newYarnSource(t, p, l.entries)
	if err != nil {
		return bom.Source{}, err
	}
	b := &berrySource{yarnSource: s, byResolution: make(map[string]int, len(l.entries)), bound: map[string]int{}}
	return b.source(), nil
}

// A berryLock is the lockfile as it is read.
type berryLock struct {
	limit   int
	entries []yarnEntry
}

func (l *berryLock) take(_ string, v *yamlValue) error {
	if v.key == "__metadata" {
		return nil
	}
	if len(l.entries) >= l.limit {
		return fmt.Errorf("more than %d packages", l.limit)
	}
	e := yarnEntry{
		descriptors: strings.Split(v.key, ", "), line: v.line, version: v.str("version"),
		resolution: v.str("resolution"), checksum: v.str("checksum"), languages: v.str("languageName"),
	}
	if e.resolution == "" {
		return fmt.Errorf("line %d: the entry has no resolution", v.line)
	}
	meta := v.get("dependenciesMeta")
	for _, d := range v.get("dependencies").pairs() {
		kind := needed
		if meta.get(d.key).str("optional") == "true" {
			kind = optional
		}
		e.deps = append(e.deps, yarnDep{d.key, d.text, kind})
	}
	l.entries = append(l.entries, e)
	return nil
}

// A berrySource builds the Source of such a lockfile.
type berrySource struct {
	*yarnSource
	byResolution map[string]int // entry
	bound        map[string]int // entry by a descriptor without what binds it to a project
	projects     map[int]*jsProject
	overrides    []berryOverride
	catalogs     map[string]wants
}

// source tells the lockfile as components and edges.
func (s *berrySource) source() bom.Source {
	s.projects = map[int]*jsProject{}
	s.readOverrides()
	s.readCatalogs()
	for i := range s.entries {
		e := &s.entries[i]
		s.byResolution[e.resolution] = i
		for _, d := range e.descriptors {
			if cut, _, ok := strings.Cut(d, "::"); ok {
				s.bound[cut] = i
			}
		}
		s.comp[i] = -1
	}
	for i := range s.entries {
		s.addBerry(i, 0)
	}
	s.place()
	for i := range s.entries {
		e := &s.entries[i]
		project := s.projects[i]
		for _, d := range e.deps {
			if project != nil && project.there && d.kind == needed {
				d.kind = project.kind(d.name)
			}
			s.berryEdge(i, d)
		}
	}
	return s.lockGraph.source()
}

// place tells which of the projects is the one beside the lockfile.
func (s *berrySource) place() {
	root := -1
	for _, i := range s.folders {
		if s.out.Components[i].Origin == "dir:"+printable(s.dir) {
			root = i
		}
	}
	for _, i := range s.folders {
		if root >= 0 && i != root {
			s.edge(root, i, needed)
		} else {
			s.out.Projects = append(s.out.Projects, i)
		}
	}
	if root < 0 {
		s.because("the lockfile has no entry for the project itself", "")
	}
}

// addBerry adds the component of an entry, once. A patched package is the
// package with a note of the patch: Yarn has both as entries, and everything
// that asks for the one gets the other.
func (s *berrySource) addBerry(i, depth int) int {
	if s.comp[i] >= 0 {
		return s.comp[i]
	}
	e := &s.entries[i]
	name, ref, _ := cutName(e.resolution)
	protocol, rest, _ := strings.Cut(ref, ":")
	if protocol == "workspace" {
		s.comp[i] = s.addWorkspace(i, name, rest)
		return s.comp[i]
	}
	if protocol == "patch" && depth < maxDepth {
		if base, ok := s.byResolution[patched(rest)]; ok && base != i {
			s.comp[i] = s.addBerry(base, depth+1)
			c := &s.out.Components[s.comp[i]]
			c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":yarn:patch", Value: patchName(rest)})
			c.Hashes = append(c.Hashes, berryHash(e)...)
			c.Occurrences = append(c.Occurrences, bom.Occurrence{Path: s.out.Path, Line: e.line})
			return s.comp[i]
		}
	}
	p := jsPackage{name: name, version: e.version, line: e.line}
	if alias, _, ok := cutName(e.descriptors[0]); ok {
		p.alias = alias
	}
	s.berryOrigin(&p, protocol, ref, rest)
	s.comp[i] = s.addPackage(&p)
	c := &s.out.Components[s.comp[i]]
	c.Hashes = berryHash(e)
	if protocol == "patch" {
		c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":yarn:patch", Value: patchName(rest)})
	}
	if s.modules {
		s.installedLicence(s.comp[i], path.Join("node_modules", p.alias))
	}
	return s.comp[i]
}

// berryHash is the digest of the archive that Yarn makes of a package. It is
// no digest of anything that is published.
func berryHash(e *yarnEntry) []bom.Hash {
	if e.checksum == "" {
		return nil
	}
	return []bom.Hash{{Alg: "yarn-archive", Value: printable(e.checksum)}}
}

// addWorkspace adds a project.
func (s *berrySource) addWorkspace(i int, name, folder string) int {
	folder = path.Join(s.dir, folder)
	var m jsProject
	if validPath(folder) {
		m = s.readProject(folder)
	}
	if m.Name == "" {
		m.Name = name
	}
	s.projects[i] = &m
	return s.folderProject(&m, folder, name, s.entries[i].line)
}

// patched returns the resolution of the package that a patch is for.
func patched(ref string) string {
	inner, _, _ := strings.Cut(ref, "#")
	if plain, err := url.PathUnescape(inner); err == nil {
		return plain
	}
	return inner
}

// patchName returns what a patch is called: its file, or the name of one that
// is built in.
func patchName(ref string) string {
	_, name, _ := strings.Cut(ref, "#")
	name, _, _ = strings.Cut(name, "::")
	return printable(strings.TrimPrefix(strings.TrimPrefix(name, "optional!"), "~"))
}

// berryOrigin reads the part of a resolution behind the name.
func (s *berrySource) berryOrigin(p *jsPackage, protocol, ref, rest string) {
	where, binding, _ := strings.Cut(rest, "::")
	switch protocol {
	case "npm":
		if q, err := url.ParseQuery(binding); err == nil {
			p.tarball = q.Get("__archiveUrl")
		}
	case "patch":
		if base, _, ok := cutName(patched(rest)); ok {
			p.name = base
		}
	case "file":
		where, _, _ = strings.Cut(where, "#")
		if file := path.Join(s.boundTo(binding), where); strings.HasSuffix(where, "gz") || strings.HasSuffix(where, ".tar") {
			p.file = file
		} else {
			p.folder = file
		}
	case "link", "portal":
		p.folder, p.version = path.Join(s.boundTo(binding), where), ""
	default:
		ref, _, _ = strings.Cut(ref, "::")
		address, fragment, _ := strings.Cut(ref, "#")
		if commit := gitCommit(fragment); commit != "" || strings.HasSuffix(address, ".git") {
			p.repository, p.commit = address, commit
		} else {
			p.tarball, p.byURL = address, true
		}
	}
}

// boundTo returns the folder of the project that a path is relative to.
func (s *berrySource) boundTo(binding string) string {
	q, err := url.ParseQuery(binding)
	if err != nil {
		return s.dir
	}
	_, ref, _ := cutName(q.Get("locator"))
	if folder, ok := strings.CutPrefix(ref, "workspace:"); ok {
		return path.Join(s.dir, folder)
	}
	return s.dir
}

// gitCommit returns the commit of a fragment such as "commit=0123…" or
// "workspace=a&commit=0123…".
func gitCommit(fragment string) string {
	for part := range strings.SplitSeq(fragment, "&") {
		if commit, ok := strings.CutPrefix(part, "commit="); ok {
			return commit
		}
	}
	return ""
}

// berryEdge adds the edge of what an entry asks for.
func (s *berrySource) berryEdge(i int, d yarnDep) {
	owner, _, _ := cutName(s.entries[i].resolution)
	spec := s.override(owner, d.name, s.fromCatalog(d.name, d.spec))
	to, ok := s.berryEntry(d.name, spec)
	if !ok && spec != d.spec {
		to, ok = s.berryEntry(d.name, d.spec)
	}
	switch {
	case ok:
		if s.comp[to] != s.comp[i] {
			s.edge(s.comp[i], s.comp[to], d.kind)
		}
	case d.kind != optional:
		s.missing(d.name+"@"+d.spec, s.comp[i])
	}
}

// berryEntry finds the entry of a descriptor, with the protocol that stands
// for none, and without what binds a path to the project it is relative to.
func (s *berrySource) berryEntry(name, spec string) (int, bool) {
	for _, d := range []string{name + "@" + spec, name + "@npm:" + spec} {
		if i, ok := s.at[d]; ok {
			return i, true
		}
		d, _, _ = strings.Cut(d, "::")
		if i, ok := s.bound[d]; ok {
			return i, true
		}
	}
	if inner, ok := strings.CutPrefix(spec, "patch:"); ok {
		i, ok := s.byResolution[patched(inner)]
		return i, ok
	}
	return 0, false
}

// A berryOverride is one line of the project's "resolutions".
type berryOverride struct {
	from, fromSpec, name, spec, to string
}

// overrideForm is [FROM[@RANGE]/]NAME[@RANGE].
var overrideForm = pattern.New(`^(?:(@[^/@]+/[^/@]+|[^/@]+)(?:@([^/]+))?/)?(@[^/@]+/[^/@]+|[^/@]+)(?:@(.+))?$`)

func (s *berrySource) readOverrides() {
	for _, r := range s.root.Resolutions {
		if m := overrideForm.FindStringSubmatch(strings.TrimPrefix(r.name, "**/")); m != nil {
			s.overrides = append(s.overrides, berryOverride{m[1], m[2], m[3], m[4], r.spec})
		}
	}
}

// override returns what a dependency asks for after the project had its say.
func (s *berrySource) override(from, name, spec string) string {
	for _, o := range s.overrides {
		if o.name == name && (o.from == "" || o.from == "**" || o.from == from) &&
			(o.spec == "" || strings.TrimPrefix(o.spec, "npm:") == strings.TrimPrefix(spec, "npm:")) {
			return o.to
		}
	}
	return spec
}

// readCatalogs reads the ranges that .yarnrc.yml gives names to.
func (s *berrySource) readCatalogs() {
	file := path.Join(s.dir, ".yarnrc.yml")
	if !s.t.exists(file) {
		return
	}
	s.catalogs = map[string]wants{}
	data, err := s.t.read(file)
	if err == nil && len(data) > maxManifest {
		err = errors.New("too long")
	}
	if err == nil {
		err = readYAML(data, " catalogs ", func() yamlSink { return s.takeCatalog })
	}
	if err != nil {
		s.t.note("%s: %v", file, err)
	}
}

func (s *berrySource) takeCatalog(section string, v *yamlValue) error {
	if section == "" && v.key != "catalog" {
		return nil
	}
	name := v.key
	if section == "" {
		name = ""
	}
	for _, p := range v.pairs() {
		s.catalogs[name] = append(s.catalogs[name], want{p.key, p.text})
	}
	return nil
}

// fromCatalog returns the range that "catalog:" or "catalog:NAME" stands for.
func (s *berrySource) fromCatalog(name, spec string) string {
	catalog, ok := strings.CutPrefix(strings.TrimPrefix(spec, "npm:"), "catalog:")
	if !ok {
		return spec
	}
	if found, ok := s.catalogs[catalog].spec(name); ok {
		return found
	}
	return spec
}
