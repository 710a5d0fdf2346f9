// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// A bunSource builds the Source of a bun.lock.
type bunSource struct {
	*bunLock
	*lockGraph
	at      map[string]int // component by key
	folders map[string]int // component by folder
	modules bool           // there is a node_modules folder
}

// source tells the lockfile as components and edges.
func (l *bunLock) source(t *tree, p string) bom.Source {
	s := &bunSource{
		bunLock: l, lockGraph: newLockGraph(t, p, "bun"),
		at: make(map[string]int, len(l.packages)), folders: map[string]int{},
	}
	s.modules = s.hasFolder("node_modules")
	s.expect(len(l.projects) + len(l.packages))
	s.addFolders()
	for i := range l.packages {
		s.at[l.packages[i].key] = s.addBun(&l.packages[i])
	}
	for i := range l.projects {
		m := &l.projects[i]
		s.asks(s.folders[m.folder], s.name(m.folder), m)
	}
	for i := range l.packages {
		if n := &l.packages[i]; !s.folder[s.at[n.key]] {
			s.asks(s.at[n.key], n.key, &n.info)
		}
	}
	return s.lockGraph.source()
}

func (s *bunSource) addFolders() {
	for _, m := range s.projects {
		folder := path.Join(s.dir, m.folder)
		manifest := s.readProject(folder)
		if manifest.Name == "" {
			manifest.Name = m.Name
		}
		if manifest.Version == "" {
			manifest.Version = m.Version
		}
		s.folders[m.folder] = s.folderProject(&manifest, folder, "", m.line)
	}
	root, ok := s.folders["."]
	for _, i := range s.lockGraph.folders {
		if ok && i != root {
			s.edge(root, i, needed)
		} else {
			s.out.Projects = append(s.out.Projects, i)
		}
	}
	if !ok {
		s.because("the lockfile has no entry for the project itself", "")
	}
}

// name is what the packages of a project are installed under, if not in the
// root: the name of the project.
func (s *bunSource) name(folder string) string {
	if folder == "." {
		return ""
	}
	i := slices.IndexFunc(s.projects, func(p bunProject) bool { return p.folder == folder })
	return s.projects[i].Name
}

// addBun adds a package. Those that are projects are there already.
func (s *bunSource) addBun(n *bunPackage) int {
	name, ref, _ := cutName(n.id)
	kind, rest, _ := strings.Cut(ref, ":")
	switch kind {
	case "workspace":
		if i, ok := s.folders[path.Clean(rest)]; ok {
			return i
		}
	case "root":
		if i, ok := s.folders["."]; ok {
			return i
		}
	}
	_, alias := cutKey(n.key)
	p := jsPackage{name: name, alias: alias, line: n.line, integrity: n.integrity}
	address, fragment, _ := strings.Cut(ref, "#")
	switch {
	case kind == "workspace" || kind == "link" || kind == "file" && !isTarball(rest):
		p.folder = path.Join(s.dir, rest)
	case kind == "file" || isTarball(ref) && !strings.Contains(ref, "://"):
		p.file = path.Join(s.dir, strings.TrimPrefix(ref, "file:"))
	case kind == "github" || strings.HasPrefix(kind, "git"):
		p.repository, p.commit = address, fragment
	case strings.Contains(ref, "://"):
		p.tarball, p.byURL = ref, true
	default:
		p.version, p.tarball = ref, n.registry
	}
	if where, _, _ := strings.Cut(p.tarball, "?"); !isTarball(where) && !p.byURL {
		p.tarball = "" // the address of a registry, not of the package
	}
	i := s.addPackage(&p)
	if s.modules {
		s.installedLicence(i, keyFolder(n.key))
	}
	return i
}

func isTarball(s string) bool {
	return strings.HasSuffix(s, ".tgz") || strings.HasSuffix(s, ".tar.gz") || strings.HasSuffix(s, ".tar")
}

// cutKey splits the last name off a key.
func cutKey(key string) (parent, name string) {
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return "", key
	}
	if j := strings.LastIndexByte(key[:i], '/'); key[j+1] == '@' {
		i = j
	}
	if i < 0 {
		return "", key
	}
	return key[:i], key[i+1:]
}

// keyFolder is where the package of a key is installed.
func keyFolder(key string) string {
	parent, name := cutKey(key)
	if parent == "" {
		return "node_modules/" + name
	}
	return keyFolder(parent) + "/node_modules/" + name
}

// asks adds the edges of a project or package.
func (s *bunSource) asks(from int, key string, p *bunProject) {
	add := func(list wants, kind edgeKind, must bool) {
		for _, w := range list {
			if kind == needed && p.isOptional(w.name) {
				continue
			}
			if to, ok := s.resolve(key, w.name); ok {
				s.edge(from, to, kind)
			} else if must {
				s.missing(w.name, from)
			}
		}
	}
	add(p.Dependencies, needed, true)
	add(p.OptionalDeps, optional, false)
	add(p.DevDependencies, development, true)
	for _, w := range p.Peers {
		kind := needed
		if slices.Contains(p.OptionalPeers, w.name) {
			kind = optional
		}
		if s.folder[from] && p.isDevelopment(w.name) {
			kind = development
		}
		add(wants{w}, kind, false)
	}
}

func (p *bunProject) isOptional(name string) bool {
	_, ok := p.OptionalDeps.spec(name)
	return ok
}

func (p *bunProject) isDevelopment(name string) bool {
	_, ok := p.DevDependencies.spec(name)
	return ok
}

// resolve finds the package that a name means to the one at a key: the nearest,
// going up.
func (s *bunSource) resolve(key, name string) (int, bool) {
	for key != "" {
		if i, ok := s.at[key+"/"+name]; ok {
			return i, true
		}
		key, _ = cutKey(key)
	}
	i, ok := s.at[name]
	return i, ok
}
