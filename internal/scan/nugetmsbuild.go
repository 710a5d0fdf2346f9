// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// The files that MSBuild reads beside a project, each the nearest one going
// up from it.
const (
	centralFile  = "Directory.Packages.props"
	buildFile    = "Directory.Build.props"
	buildTargets = "Directory.Build.targets"
)

// An msbuildFile is what is read of a project file or of a .props file. No
// condition is evaluated: what stands under one is taken all the same.
type msbuildFile struct {
	path       string
	properties map[string]string // by name in lower case; the last one without a condition
	items      []msbuildItem
	imports    []string
	versions   map[string]string // by package in lower case; see version
}

// An msbuildItem is a reference to a package or project, or a central version.
type msbuildItem struct {
	kind        string // "packagereference", "packageversion", …
	name        string
	version     string
	line        int
	conditional bool
	update      bool // says more of a reference that is made elsewhere
}

// msbuild reads a project file or .props file, each once.
func (n *nugetTree) msbuild(p string) (*msbuildFile, error) {
	if f, ok := n.builds[p]; ok {
		return f, nil
	}
	doc, err := readXMLFile(n.t.root, p, "Project", min(maxManifest, n.t.limits.File), func(name string) bool { return name != "Target" })
	if err != nil {
		return nil, err
	}
	f := &msbuildFile{path: p, properties: map[string]string{}}
	f.take(&doc, false)
	n.builds[p] = f
	return f, nil
}

// take reads the elements of a project, and those in its groups and choices.
func (f *msbuildFile) take(e *xmlElement, conditional bool) {
	for i := range e.kids {
		kid := &e.kids[i]
		under := conditional || kid.attribute("Condition") != "" || kid.name == "When" || kid.name == "Otherwise"
		switch kid.name {
		case "PropertyGroup":
			for j := range kid.kids {
				if property := &kid.kids[j]; !under && property.attribute("Condition") == "" {
					f.properties[strings.ToLower(property.name)] = property.text
				}
			}
		case "ItemGroup":
			for j := range kid.kids {
				f.item(&kid.kids[j], under)
			}
		case "Import":
			f.imports = append(f.imports, kid.attribute("Project"))
		case "ImportGroup", "Choose", "When", "Otherwise":
			f.take(kid, under)
		}
	}
}

func (f *msbuildFile) item(e *xmlElement, conditional bool) {
	kind := strings.ToLower(e.name)
	if !slices.Contains([]string{"packagereference", "packageversion", "globalpackagereference", "projectreference"}, kind) {
		return
	}
	// What is said of an item is an attribute or an element.
	metadata := func(name string) string {
		if text := e.attribute(name); text != "" {
			return text
		}
		return e.str(name)
	}
	version := metadata("VersionOverride")
	if version == "" {
		version = metadata("Version")
	}
	name, update := e.attribute("Include"), false
	if name == "" {
		name, update = e.attribute("Update"), true
	}
	for name := range strings.SplitSeq(name, ";") {
		if name = strings.TrimSpace(name); name != "" {
			f.items = append(f.items, msbuildItem{kind: kind, name: name, version: version, line: e.line,
				conditional: conditional || e.attribute("Condition") != "", update: update})
		}
	}
}

// above returns the files of a name that MSBuild reads for a folder: the
// nearest one and, if that imports another of its name, the next.
func (n *nugetTree) above(dir, name string) []*msbuildFile {
	var out []*msbuildFile
	for ; ; dir = path.Dir(dir) {
		if p := path.Join(dir, name); n.t.exists(p) {
			f, err := n.msbuild(p)
			if err != nil {
				n.t.note("%s: %v", p, err)
				return out
			}
			out = append(out, f)
			if !slices.ContainsFunc(f.imports, func(s string) bool { return strings.Contains(s, name) }) {
				return out
			}
		}
		if dir == "." {
			return out
		}
	}
}

// files returns what MSBuild reads for a project, the nearest first.
func (n *nugetTree) files(p *nugetProject) []*msbuildFile {
	files := []*msbuildFile{p.build}
	for _, name := range []string{buildTargets, centralFile, buildFile} {
		files = append(files, n.above(p.dir(), name)...)
	}
	return files
}

// properties returns the properties of a project. The project's own count
// before those of the files above it.
func (n *nugetTree) properties(p *nugetProject) *interpolator {
	files := n.files(p)
	return newInterpolator("$(", ")", func(name string) (string, bool) {
		for _, f := range files {
			if value, ok := f.properties[strings.ToLower(name)]; ok {
				return value, true
			}
		}
		return "", false
	})
}

// unlocked tells what a project without a lockfile asks for itself. What that
// needs in turn, nobody has written down.
func (n *nugetTree) unlocked(p *nugetProject) []bom.Source {
	if p.err != nil {
		return []bom.Source{unreadable(p.file, "nuget", p.err)}
	}
	u := nugetUnlocked{graph: n.graph(p.file, p.dir(), p), project: p, files: n.files(p), in: n.properties(p), seen: map[string]bool{}}
	for _, f := range u.files {
		for i := range f.items {
			u.reference(f, &f.items[i])
		}
	}
	if u.packages == 0 {
		return nil
	}
	u.graph.because("has package references and no packages.lock.json, so that only what it names itself is known: set RestorePackagesWithLockFile", "")
	s := u.graph.source()
	s.Lost = true
	return []bom.Source{s}
}

// nugetUnlocked builds the Source of a project without a lockfile.
type nugetUnlocked struct {
	graph    *nugetGraph
	project  *nugetProject
	files    []*msbuildFile // the nearest first
	in       *interpolator
	seen     map[string]bool
	packages int
}

func (u *nugetUnlocked) reference(f *msbuildFile, item *msbuildItem) {
	g := u.graph
	switch {
	case item.update:
		return
	case item.kind == "projectreference":
		file := path.Join(path.Dir(f.path), strings.ReplaceAll(item.name, `\`, "/"))
		if p := g.n.byFile[file]; p != nil && p != u.project {
			g.edge(g.root, g.project(p), needed)
		}
		return
	case item.kind == "packageversion", u.packages >= g.t.limits.Packages:
		return
	}
	name, whole := u.in.expand(item.name)
	if !whole {
		g.because("packages whose name is a property", item.name)
		return
	}
	if item.conditional {
		g.because("packages under a condition, which is not evaluated", name)
	}
	if u.seen[strings.ToLower(name)] {
		return
	}
	u.seen[strings.ToLower(name)] = true
	u.packages++
	text := u.version(name, item.version)
	version, ok := normalVersion(text)
	pkg := nugetPackage{name: name, version: version, line: item.line}
	if !ok {
		pkg.requested = strings.TrimPrefix(text, ambiguous)
		g.because("packages without an exact version", name)
	}
	to := g.pkg(pkg)
	if f != u.project.build {
		c := &g.out.Components[to]
		c.Occurrences = []bom.Occurrence{{Path: printable(f.path), Line: item.line}}
	}
	g.edge(g.root, to, needed)
}

// version returns the version that a reference asks for: its own, else the
// central one.
func (u *nugetUnlocked) version(name, own string) string {
	if own == "" {
		for _, f := range u.files {
			if own = f.version(name); own != "" {
				u.graph.n.central[f.path] = true
				break
			}
		}
	}
	text, _ := u.in.expand(own)
	return text
}

// ambiguous stands for a version that depends on a condition.
const ambiguous = "several"

// version returns what a file says is the version of a package: the last line
// that says so counts. Lines that disagree under conditions say nothing.
func (f *msbuildFile) version(name string) string {
	if f.versions == nil {
		f.versions = map[string]string{}
		conditional := map[string]bool{}
		for _, item := range f.items {
			if item.version == "" || item.kind == "packagereference" && !item.update {
				continue
			}
			key := strings.ToLower(item.name)
			conditional[key] = conditional[key] || item.conditional
			if old := f.versions[key]; old != "" && old != item.version && conditional[key] {
				f.versions[key] = ambiguous
			} else {
				f.versions[key] = item.version
			}
		}
	}
	return f.versions[strings.ToLower(name)]
}
