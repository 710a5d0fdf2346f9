// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/package-url/packageurl-go"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// A denoSource builds the Source of a deno.lock.
type denoSource struct {
	*denoLock
	*lockGraph
	at     map[string]int   // component by kind, colon and key
	byName map[string][]int // components by kind, colon and name
	came   map[string]int   // component by specifier
	only   map[string]int   // component by a specifier's kind and name, -1 if there are two
	member map[string]int   // component of a project by its name
	store  bool             // there is a node_modules/.deno folder
}

// source tells the lockfile as components and edges.
func (l *denoLock) source(t *tree, p string) bom.Source {
	s := &denoSource{
		denoLock: l, lockGraph: newLockGraph(t, p, "deno"), at: make(map[string]int, len(l.packages)),
		byName: make(map[string][]int, len(l.packages)), came: map[string]int{}, only: map[string]int{}, member: map[string]int{},
	}
	s.store = s.hasFolder("node_modules/.deno")
	s.expect(1 + len(l.packages) + len(l.remote))
	root, manifest := s.addFolder(s.dir, 1)
	s.out.Projects = []int{root}
	for i := range l.packages {
		s.addDeno(&l.packages[i])
	}
	s.resolveSpecifiers()
	s.projectEdges(root, manifest)
	for i := range l.packages {
		n := &l.packages[i]
		s.asks(s.at[n.kind()+n.key], n, n.Dependencies, needed)
		s.asks(s.at[n.kind()+n.key], n, n.Optional, optional)
	}
	for i := range l.remote {
		s.addFile(&l.remote[i])
	}
	if len(l.remote) > 0 {
		s.because("the lockfile does not say which of the files that are fetched by address imports which", "")
	}
	return s.lockGraph.source()
}

// addFolder adds a project by its package.json, or else by its deno.json, whose
// name is one of JSR.
func (s *denoSource) addFolder(folder string, line int) (int, *jsProject) {
	var manifest jsProject
	if !validPath(folder) {
		return s.folderProject(&manifest, folder, "", line), &manifest
	}
	manifest = s.readProject(folder)
	config := s.readConfig(folder)
	if manifest.Name != "" || config.Name == "" || utf8.RuneCountInString(config.Version) > bom.MaxVersion {
		i := s.folderProject(&manifest, folder, config.Name, line)
		s.member[config.Name], s.member[manifest.Name] = i, i
		return i, &manifest
	}
	i := s.folderProject(&jsProject{Name: config.Name, Version: config.Version}, folder, "", line)
	s.member[config.Name] = i
	c := &s.out.Components[i]
	c.PURL = packageurl.NewPackageURL("jsr", c.Group, c.Name, c.Version, nil, "").ToString()
	return i, &manifest
}

// A denoConfig is a deno.json, as far as it is read.
type denoConfig struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func (s *denoSource) readConfig(folder string) denoConfig {
	for _, name := range []string{"deno.json", "deno.jsonc"} {
		file := path.Join(folder, name)
		if !s.t.exists(file) {
			continue
		}
		var config denoConfig
		data, err := readFile(s.t.root, file, min(maxManifest, s.t.limits.File))
		if err == nil {
			data, err = plainText(data)
		}
		if err == nil {
			err = decodeJSON(plainJSON(data), &config)
		}
		if err != nil {
			s.t.note("%s: %v", file, err)
		}
		return config
	}
	return denoConfig{}
}

func (p *denoPackage) kind() string {
	if p.jsr {
		return "jsr:"
	}
	return "npm:"
}

func (s *denoSource) addDeno(n *denoPackage) {
	name, version, _ := cutName(n.key)
	var i int
	if n.jsr {
		i = s.addJSR(name, version, n)
	} else {
		version, _, _ = strings.Cut(version, "_")
		p := jsPackage{name: name, version: version, line: n.line, integrity: n.Integrity, tarball: n.Tarball}
		if n.Deprecated.Kind() == '"' {
			_ = decodeJSON(n.Deprecated, &p.deprecated)
		} else if n.Deprecated.Kind() == 't' {
			p.deprecated = "yes"
		}
		i = s.addPackage(&p)
		if n.Scripts {
			c := &s.out.Components[i]
			c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":npm:install-script", Value: "true"})
		}
		if s.store {
			s.installedLicence(i, path.Join("node_modules/.deno", strings.ReplaceAll(name, "/", "+")+"@"+version, "node_modules", name))
		}
	}
	s.at[n.kind()+n.key] = i
	s.byName[n.kind()+name] = append(s.byName[n.kind()+name], i)
}

// addJSR adds a package of the JSR registry. What the lockfile has is the
// digest of the version's manifest there, which names each file with a digest
// of its own; there is no file that is the package.
func (s *denoSource) addJSR(name, version string, n *denoPackage) int {
	group, short := splitScope(name)
	if len(version) > bom.MaxVersion {
		s.because("versions that are too long", name)
		version = ""
	}
	c := bom.Component{
		Type: bom.Library, Group: group, Name: short, Version: version,
		PURL: packageurl.NewPackageURL("jsr", group, short, version, nil, "").ToString(),
	}
	if n.Integrity != "" {
		c.Hashes = []bom.Hash{{Alg: "jsr-manifest", Value: printable(n.Integrity)}}
	}
	return s.add(c, n.line)
}

// addFile adds a module that is fetched by its address.
func (s *denoSource) addFile(f *denoFile) {
	clean := s.t.scrub(f.url)
	if clean == "" {
		s.because("sources that are not understood", "a file of \"remote\"")
		return
	}
	c := bom.Component{Type: bom.File, Name: clean, References: []bom.Reference{{Type: "distribution", URL: clean}}}
	if sum, ok := hexDigest(f.digest, 32); ok {
		c.Hashes = []bom.Hash{{Alg: "SHA-256", Value: sum}}
	} else {
		s.because("hashes that could not be read", clean)
	}
	s.add(c, f.line)
}

// resolveSpecifiers finds what each specifier came to.
func (s *denoSource) resolveSpecifiers() {
	for _, w := range s.specifiers {
		spec, ok := parseSpecifier(w.name)
		if !ok {
			continue
		}
		key := spec.kind + ":" + spec.name + "@" + w.spec // since version 4
		if s.version == 3 {
			key = w.spec // "npm:chalk@5.0.1"
		}
		i, ok := s.at[key]
		if !ok {
			s.because("packages that others need are not in the lockfile", w.name)
			continue
		}
		s.came[w.name] = i
		short := spec.kind + ":" + spec.name
		if _, two := s.only[short]; two {
			s.only[short] = -1
		} else {
			s.only[short] = i
		}
	}
}

// specified returns what a specifier came to. One whose name no other one has
// may be written without its constraint.
func (s *denoSource) specified(text string) (int, bool) {
	if i, ok := s.came[text]; ok {
		return i, true
	}
	i, ok := s.only[text]
	return i, ok && i >= 0
}

// projectEdges adds what the projects ask for. Where the lockfile does not
// tell, which is so for single files, that is every specifier that no package
// asks for.
func (s *denoSource) projectEdges(root int, manifest *jsProject) {
	tell := func(from int, m *denoMember, manifest *jsProject) {
		for _, text := range m.Dependencies {
			s.project(from, text, needed)
		}
		for _, text := range m.PackageJSON.Dependencies {
			s.project(from, text, manifest.denoKind(text))
		}
	}
	w := &s.workspace
	type member struct {
		denoMember
		comp     int
		manifest *jsProject
	}
	members := []member{{w.denoMember, root, manifest}}
	for _, folder := range sortedKeys(w.Members) {
		i, manifest := s.addFolder(path.Join(s.dir, folder), 0)
		s.edge(root, i, needed)
		members = append(members, member{w.Members[folder], i, manifest})
	}
	for _, m := range members {
		tell(m.comp, &m.denoMember, m.manifest)
	}
	if len(w.Dependencies)+len(w.PackageJSON.Dependencies)+len(w.Members) > 0 {
		return
	}
	asked := map[int]bool{}
	for i := range s.packages {
		if s.packages[i].jsr {
			for _, text := range s.packages[i].Dependencies {
				if to, ok := s.specified(text); ok {
					asked[to] = true
				}
			}
		}
	}
	for _, w := range s.specifiers {
		if i, ok := s.came[w.name]; ok && !asked[i] {
			s.edge(root, i, needed)
		}
	}
}

// denoKind says under which heading a project asks for a specifier: by the
// range, or if Deno wrote that in another way, by the name.
func (p *jsProject) denoKind(text string) edgeKind {
	for _, list := range []struct {
		wants
		kind edgeKind
	}{{p.Optional, optional}, {p.Dependencies, needed}, {p.Development, development}} {
		for _, w := range list.wants {
			if text == "npm:"+w.name+"@"+w.spec || text == w.spec {
				return list.kind
			}
		}
	}
	spec, _ := parseSpecifier(text)
	return p.kind(spec.name)
}

func (s *denoSource) project(from int, text string, kind edgeKind) {
	if to, ok := s.specified(text); ok {
		s.edge(from, to, kind)
		return
	}
	spec, known := parseSpecifier(text)
	if to, ok := s.member[spec.name]; ok && known {
		s.edge(from, to, kind)
	} else if known && kind != optional {
		s.missing(text, from)
	}
}

// asks adds the edges of a package. A package of JSR asks by specifier; one of
// npm by key, or by name if there is only one of that name.
func (s *denoSource) asks(from int, n *denoPackage, deps denoDeps, kind edgeKind) {
	for _, text := range deps {
		var to int
		var ok bool
		if n.jsr {
			to, ok = s.specified(text)
		} else {
			to, ok = s.npmDep(text)
		}
		if ok {
			s.edge(from, to, kind)
		} else if kind != optional {
			s.missing(text, from)
		}
	}
}

func (s *denoSource) npmDep(text string) (int, bool) {
	if _, ref, ok := cutName(text); ok && strings.HasPrefix(ref, "npm:") {
		text = strings.TrimPrefix(ref, "npm:")
	}
	if i, ok := s.at["npm:"+text]; ok {
		return i, true
	}
	list := s.byName["npm:"+text]
	if len(list) != 1 {
		return 0, false
	}
	return list[0], true
}
