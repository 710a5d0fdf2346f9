// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// cratesIO are the names that Cargo has for the registry that is meant where
// none is named.
var cratesIO = []string{
	"registry+https://github.com/rust-lang/crates.io-index",
	"sparse+https://index.crates.io/",
	"registry+sparse+https://index.crates.io/",
}

// A cargoSource builds the Source of a Cargo.lock.
type cargoSource struct {
	*cargoLock
	*lockGraph
	manifests []*crate
	byName    map[string][]int // components, which are the packages, by name
	needs     map[int]map[string]crateNeed
	vendored  bool
}

// source tells the lockfile as components and edges.
func (l *cargoLock) source(t *tree, p string, manifests []*crate) bom.Source {
	s := &cargoSource{
		cargoLock: l, lockGraph: newLockGraph(t, p, "cargo"), manifests: manifests,
		byName: make(map[string][]int, len(l.Packages)), needs: map[int]map[string]crateNeed{},
	}
	s.expect(len(l.Packages))
	s.mark = product.Name + ":cargo:development"
	s.vendored = s.hasFolder("vendor")
	for i := range l.Packages {
		pkg := &l.Packages[i]
		s.byName[pkg.Name] = append(s.byName[pkg.Name], i)
		if pkg.Source == "" {
			s.addLocal(i, pkg)
		} else {
			s.addCrate(pkg)
		}
	}
	s.place()
	for i := range l.Packages {
		s.requirements(i)
	}
	s.buildOnly()
	return s.lockGraph.source()
}

// addLocal adds a crate of the tree: a member of the workspace, or a folder
// that one of them names.
func (s *cargoSource) addLocal(i int, pkg *cargoPackage) {
	c := bom.Component{Name: pkg.Name, Version: pkg.Version, PURL: cargoPURL(pkg.Name, pkg.Version, "", "")}
	m := s.manifest(pkg)
	if m == nil {
		// It lies where no manifest of the tree is: outside, or left out.
		s.because("crates of the tree without a manifest in it", pkg.Name)
		c.Type, c.Origin = bom.Library, "dir:outside the tree"
		s.add(c, pkg.line)
		s.folder[i], s.folders = true, append(s.folders, i)
		return
	}
	m.covered = true
	folder := path.Dir(m.path)
	workspace := workspaceOf(s.manifests, folder)
	if text := m.licence(workspace); text != "" {
		licence := bom.ParseLicence(strings.ReplaceAll(text, "/", " OR "))
		licence.File = printable(m.path)
		c.Licences = []bom.Licence{licence}
	}
	if folder != s.dir {
		c.Properties = []bom.Property{{Name: product.Name + ":cargo:path", Value: printable(relative(s.dir, folder))}}
	}
	s.addProject(c, folder, pkg.line)
	s.needs[i] = m.needs(workspace)
}

// manifest finds the Cargo.toml of a crate of the tree: the one of its name
// and version that is nearest to the lockfile.
func (s *cargoSource) manifest(pkg *cargoPackage) *crate {
	var named []*crate
	for _, m := range s.manifests {
		if m.err == nil && m.Package.Name == pkg.Name && below(s.dir, path.Dir(m.path)) {
			named = append(named, m)
		}
	}
	sortCrates(named)
	for _, m := range named {
		if m.version(workspaceOf(s.manifests, path.Dir(m.path))) == pkg.Version {
			return m
		}
	}
	if len(named) > 0 {
		return named[0]
	}
	return nil
}

// place tells which crates are the projects: the one beside the lockfile, and
// the others as what it is made of; without that one, all.
func (s *cargoSource) place() {
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
	if len(s.folders) == 0 {
		s.because("the lockfile has no entry for the project itself", "")
	}
}

// addCrate adds a crate from a registry or from git. What the lockfile has as
// its checksum is the SHA-256 of the .crate file.
func (s *cargoSource) addCrate(pkg *cargoPackage) {
	c := bom.Component{Type: bom.Library, Name: pkg.Name, Version: pkg.Version}
	checksum := pkg.Checksum
	if checksum == "" {
		checksum = s.Metadata["checksum "+pkg.Name+" "+pkg.Version+" ("+pkg.Source+")"]
	}
	if sum, ok := hexDigest(checksum, 32); ok {
		c.Hashes = []bom.Hash{{Alg: "SHA-256", Value: sum}}
	} else if checksum != "" && checksum != "<none>" {
		s.because("hashes that could not be read", pkg.Name)
	}
	key, value := "", ""
	kind, address, _ := strings.Cut(pkg.Source, "+")
	switch {
	case slices.Contains(cratesIO, pkg.Source):
	case kind == "git":
		where, commit, _ := strings.Cut(address, "#")
		key, value = s.gitSource(&c, where, commit, pkg.Name)
	case kind == "registry" || kind == "sparse":
		clean := s.t.scrub(strings.TrimPrefix(address, "sparse+"))
		if clean == "" {
			s.because("sources that are not understood", pkg.Name)
			break
		}
		key, value = "repository_url", clean
	default:
		s.because("sources that are not understood", pkg.Name)
	}
	c.PURL = cargoPURL(pkg.Name, pkg.Version, key, value)
	if s.vendored {
		c.Licences = s.vendorLicence(pkg)
	}
	s.add(c, pkg.line)
}

// cargoPURL returns the package URL of a crate. One that is not from the
// default registry says so in a qualifier.
func cargoPURL(name, version, key, value string) string {
	var q packageurl.Qualifiers
	if key != "" {
		q = packageurl.Qualifiers{{Key: key, Value: value}}
	}
	return packageurl.NewPackageURL("cargo", "", name, version, q, "").ToString()
}

// vendorLicence reads the licence of a crate that "cargo vendor" put beside
// the lockfile.
func (s *cargoSource) vendorLicence(pkg *cargoPackage) []bom.Licence {
	for _, folder := range []string{pkg.Name, pkg.Name + "-" + pkg.Version} {
		file := path.Join(s.dir, "vendor", folder, "Cargo.toml")
		if !validPath(file) || !s.t.exists(file) {
			continue
		}
		m := readCrate(s.t, file)
		if m.err != nil || m.version(nil) != pkg.Version || m.licence(nil) == "" {
			continue
		}
		licence := bom.ParseLicence(strings.ReplaceAll(m.licence(nil), "/", " OR "))
		licence.File = printable(file)
		return []bom.Licence{licence}
	}
	return nil
}

// requirements adds the edges of a package.
func (s *cargoSource) requirements(i int) {
	pkg := &s.Packages[i]
	for _, text := range pkg.Dependencies {
		to, ok := s.find(text)
		if !ok {
			what, _, _ := strings.Cut(text, " (")
			s.missing(what, i)
			continue
		}
		kind := needed
		if need, ok := s.needs[i][s.Packages[to].Name]; ok {
			kind = need.kind
		}
		s.edge(i, to, kind)
	}
	if pkg.Replace != "" {
		if to, ok := s.find(pkg.Replace); ok && to != i {
			s.edge(i, to, needed)
		}
	}
}

// find returns the package that "NAME [VERSION [(SOURCE)]]" means. A lockfile
// names a source without the commit, and the package with it.
func (s *cargoSource) find(text string) (int, bool) {
	name, rest, _ := strings.Cut(text, " ")
	version, source, _ := strings.Cut(rest, " ")
	source = strings.TrimSuffix(strings.TrimPrefix(source, "("), ")")
	found := -1
	for _, i := range s.byName[name] {
		p := &s.Packages[i]
		if version != "" && p.Version != version || source != "" && !sameSource(p.Source, source) {
			continue
		}
		if found >= 0 {
			return 0, false
		}
		found = i
	}
	return found, found >= 0
}

func sameSource(a, b string) bool {
	a, _, _ = strings.Cut(a, "#")
	b, _, _ = strings.Cut(b, "#")
	return a == b
}

// buildOnly marks what is needed to build and never to run or develop.
func (s *cargoSource) buildOnly() {
	var build, develop []int
	for _, i := range s.folders {
		for _, e := range s.edges[i] {
			need, ok := s.needs[i][s.out.Components[e.to].Name]
			switch {
			case !ok || e.kind != development || s.folder[e.to]:
			case need.build:
				build = append(build, e.to)
			default:
				develop = append(develop, e.to)
			}
		}
	}
	all := func(edgeKind) bool { return true }
	run := s.walk(s.folders, func(k edgeKind) bool { return k != development })
	builds, develops := s.walk(build, all), s.walk(develop, all)
	s.build = make([]bool, len(s.out.Components))
	for i := range s.build {
		s.build[i] = builds[i] && !run[i] && !develops[i] && !s.folder[i]
	}
}
