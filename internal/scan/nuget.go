// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// A nugetTree is what the project files of a tree say. Every lockfile belongs
// to one of them.
type nugetTree struct {
	t        *tree
	projects []*nugetProject            // by path
	byFile   map[string]*nugetProject   // the same
	byDir    map[string][]*nugetProject // by folder
	byName   map[string][]*nugetProject // by what they are called, in lower case
	central  map[string]bool            // the files of central versions that somebody uses
	builds   map[string]*msbuildFile
}

// A nugetProject is a .csproj, .fsproj, .vbproj or .proj.
type nugetProject struct {
	file    string
	names   []string // what others call it: its package, its assembly, its file
	version string
	build   *msbuildFile
	err     error
}

func (p *nugetProject) dir() string { return path.Dir(p.file) }

// findNuget reads every lockfile, every assets file and packages.config, and
// names the projects that have none of them. Of several in one folder the one
// that is most exact counts.
func findNuget(t *tree, found []string) []bom.Source {
	n := newNugetTree(t, found)
	var sources []bom.Source
	locked := map[string]bool{} // by project file, or folder if there is none
	add := func(p, dir, name string, read func(g *nugetGraph, p string) error) {
		project := n.projectIn(dir, name)
		key := dir
		if project != nil {
			key = project.file
		}
		if locked[key] {
			t.note("%s: the lockfile of the same project is read in its place", p)
			return
		}
		locked[key] = true
		g := n.graph(p, dir, project)
		if err := read(g, p); err != nil {
			sources = append(sources, unreadable(p, "nuget", err))
			return
		}
		sources = append(sources, g.source())
	}
	for _, p := range found {
		if name, ok := lockName(path.Base(p)); ok {
			add(p, path.Dir(p), name, (*nugetGraph).readLock)
		}
	}
	for _, p := range found {
		if path.Base(p) == "project.assets.json" {
			add(p, path.Dir(path.Dir(p)), "", (*nugetGraph).readAssets)
		}
	}
	for _, p := range found {
		if path.Base(p) == "packages.config" {
			add(p, path.Dir(p), "", (*nugetGraph).readConfig)
		}
	}
	for _, p := range n.projects {
		if !locked[p.file] {
			sources = append(sources, n.unlocked(p)...)
		}
	}
	n.leftOver(found)
	sameCase(sources)
	return sources
}

// sameCase gives every package one spelling: NuGet does not look at the case
// of a name, and files of one tree have it in several.
func sameCase(sources []bom.Source) {
	spelling := map[string]string{}
	for _, s := range sources {
		for i := range s.Components {
			name := s.Components[i].Name
			key := strings.ToLower(name)
			if known, ok := spelling[key]; !ok || name < known {
				spelling[key] = name
			}
		}
	}
	for _, s := range sources {
		for i := range s.Components {
			c := &s.Components[i]
			if name := spelling[strings.ToLower(c.Name)]; name != c.Name {
				c.Name, c.PURL = name, bom.NugetPURL(name, c.Version)
			}
		}
	}
}

func newNugetTree(t *tree, found []string) *nugetTree {
	n := &nugetTree{
		t: t, central: map[string]bool{}, builds: map[string]*msbuildFile{},
		byFile: map[string]*nugetProject{}, byDir: map[string][]*nugetProject{}, byName: map[string][]*nugetProject{},
	}
	for _, file := range found {
		if !isMSBuildProject(file) {
			continue
		}
		p := n.readProject(file)
		if path.Ext(file) == ".proj" && !p.asks() {
			continue // of any build system, or one that only calls others
		}
		n.projects = append(n.projects, p)
		n.byFile[file] = p
		n.byDir[p.dir()] = append(n.byDir[p.dir()], p)
		for _, name := range p.names {
			key := strings.ToLower(name)
			if !slices.Contains(n.byName[key], p) {
				n.byName[key] = append(n.byName[key], p)
			}
		}
	}
	return n
}

// lockName returns the project that a lockfile is for, if its name says so:
// packages.lock.json, or packages.NAME.lock.json where one folder has several.
func lockName(base string) (string, bool) {
	if base == "packages.lock.json" {
		return "", true
	}
	rest, ok := strings.CutPrefix(base, "packages.")
	name, lock := strings.CutSuffix(rest, ".lock.json")
	return name, ok && lock && name != ""
}

// leftOver notes the files of central versions that no project uses.
func (n *nugetTree) leftOver(found []string) {
	for _, p := range found {
		if path.Base(p) == centralFile && !n.central[p] {
			n.t.note("%s: no project that has no lockfile takes a version from it", p)
		}
	}
}

func isMSBuildProject(p string) bool {
	switch path.Ext(p) {
	case ".csproj", ".fsproj", ".vbproj", ".proj":
		return true
	}
	return false
}

// asks reports whether a project itself asks for packages.
func (p *nugetProject) asks() bool {
	return p.err == nil && slices.ContainsFunc(p.build.items, func(i msbuildItem) bool { return i.kind == "packagereference" && !i.update })
}

func (n *nugetTree) readProject(p string) *nugetProject {
	project := &nugetProject{file: p}
	base := strings.TrimSuffix(path.Base(p), path.Ext(p))
	project.build, project.err = n.msbuild(p)
	if project.err == nil {
		in := n.properties(project)
		for _, name := range []string{"PackageId", "AssemblyName"} {
			if text, whole := in.expand("$(" + name + ")"); whole && text != "" {
				project.names = append(project.names, text)
			}
		}
		if text, whole := in.expand("$(Version)"); whole && len(text) <= 256 {
			project.version = text
		}
	}
	project.names = append(project.names, base)
	return project
}

// projectIn returns the project of a folder: the one that is called name, or
// the only one.
func (n *nugetTree) projectIn(dir, name string) *nugetProject {
	var in []*nugetProject
	for _, p := range n.byDir[dir] {
		if name == "" || p.isCalled(name) {
			in = append(in, p)
		}
	}
	if len(in) != 1 {
		return nil
	}
	return in[0]
}

func (p *nugetProject) isCalled(name string) bool {
	return slices.ContainsFunc(p.names, func(n string) bool { return strings.EqualFold(n, name) })
}

// named returns the one project of the tree that goes by a name.
func (n *nugetTree) named(name string) *nugetProject {
	if found := n.byName[strings.ToLower(name)]; len(found) == 1 {
		return found[0]
	}
	return nil
}

// A nugetGraph builds the Source of one project.
type nugetGraph struct {
	*lockGraph
	n        *nugetTree
	root     int
	at       map[string]int // package by nugetKey and hash
	folderAt map[string]int // project by its file, or by its name if that is not in the tree
	noted    map[string]bool
}

// graph begins a source with its project.
func (n *nugetTree) graph(file, dir string, project *nugetProject) *nugetGraph {
	g := &nugetGraph{lockGraph: newLockGraph(n.t, file, "nuget"), n: n, at: map[string]int{}, folderAt: map[string]int{}, noted: map[string]bool{}}
	g.dir, g.mark = dir, product.Name+":nuget:development"
	if project != nil {
		g.root = g.project(project)
	} else {
		name := path.Base(dir)
		if name == "." {
			name = "project"
		}
		g.root = g.addProject(bom.Component{Name: printable(name), PURL: bom.NugetPURL(printable(name), "")}, dir, 0)
	}
	g.out.Projects = []int{g.root}
	return g
}

// project adds a project of the tree.
func (g *nugetGraph) project(p *nugetProject) int {
	if i, ok := g.folderAt[p.file]; ok {
		return i
	}
	name := printable(p.names[0])
	i := g.addProject(bom.Component{
		Name: name, Version: p.version, PURL: bom.NugetPURL(name, p.version),
		Occurrences: []bom.Occurrence{{Path: printable(p.file)}},
	}, p.dir(), 0)
	g.folderAt[p.file] = i
	return i
}

// projectCalled adds the project that a lockfile calls by a name.
func (g *nugetGraph) projectCalled(name string, line int) int {
	if p := g.n.named(name); p != nil {
		return g.project(p)
	}
	key := "?" + strings.ToLower(name)
	if i, ok := g.folderAt[key]; ok {
		return i
	}
	g.because("projects that are not in the tree, or are there twice", name)
	i := g.add(bom.Component{Type: bom.Library, Name: name, PURL: bom.NugetPURL(name, "")}, line)
	g.folderAt[key] = i
	return i
}

// A nugetPackage is a package as some file names it.
type nugetPackage struct {
	name, version string
	line          int
	hash          string // of its content, in base64, as NuGet computes it
	framework     string
	requested     string // in place of a version, if there is none
}

// pkg adds a package, once for each version and hash.
func (g *nugetGraph) pkg(p nugetPackage) int {
	if len(p.version) > bom.MaxVersion {
		g.because("versions that are too long", p.name)
		p.version = ""
	}
	key := strings.ToLower(p.name) + "/" + strings.ToLower(p.version) + "/" + p.hash
	i, ok := g.at[key]
	if !ok {
		c := bom.Component{Type: bom.Library, Name: p.name, Version: p.version, PURL: bom.NugetPURL(p.name, p.version)}
		if p.hash != "" {
			c.Hashes = []bom.Hash{{Alg: contentHash, Value: p.hash}}
		}
		i = g.add(c, p.line)
		g.at[key] = i
	}
	g.mention(i, "framework", p.framework)
	g.mention(i, "requested", p.requested)
	return i
}

// contentHash is the name of NuGet's digest of a package: SHA-512 over the
// package without its signature, which of a signed package is not the digest
// of the file.
const contentHash = "nuget-content-sha512"

// mention adds a property that a component can have several times.
func (g *nugetGraph) mention(i int, name, value string) {
	key := strconv.Itoa(i) + " " + name + " " + value
	if value == "" || g.noted[key] {
		return
	}
	g.noted[key] = true
	c := &g.out.Components[i]
	c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":nuget:" + name, Value: value})
}

var (
	nugetVersion = pattern.New(`^[0-9]+(\.[0-9]+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	nugetExact   = pattern.New(`^\[\s*([^,\[\]()*]+?)\s*\]$`)
)

// normalVersion returns a version as NuGet writes it, with three parts or four
// and without build metadata, and whether the text is one version and no
// range. A bare version is a minimum, and NuGet takes the lowest there is.
func normalVersion(text string) (string, bool) {
	if m := nugetExact.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	if !nugetVersion.MatchString(text) {
		return "", false
	}
	text, _, _ = strings.Cut(text, "+")
	numbers, label, _ := strings.Cut(text, "-")
	parts := strings.Split(numbers, ".")
	for i, part := range parts {
		if parts[i] = strings.TrimLeft(part, "0"); parts[i] == "" {
			parts[i] = "0"
		}
	}
	for len(parts) < 3 {
		parts = append(parts, "0")
	}
	if len(parts) == 4 && parts[3] == "0" {
		parts = parts[:3]
	}
	text = strings.Join(parts, ".")
	if label != "" {
		text += "-" + label
	}
	return text, true
}

// readConfig reads a packages.config, which lists every package of a project
// and not which one needs which.
func (g *nugetGraph) readConfig(p string) error {
	doc, err := readXMLFile(g.t.root, p, "packages", min(maxManifest, g.t.limits.File), func(name string) bool { return name == "package" })
	if err != nil {
		return err
	}
	if len(doc.kids) > g.t.limits.Packages {
		return fmt.Errorf("more than %d packages", g.t.limits.Packages)
	}
	for i := range doc.kids {
		e := &doc.kids[i]
		name := e.attribute("id")
		if name == "" {
			g.because("packages without a name", "")
			continue
		}
		version, ok := normalVersion(e.attribute("version"))
		if !ok {
			g.because("packages without an exact version", name)
		}
		kind := needed
		if strings.EqualFold(e.attribute("developmentDependency"), "true") {
			kind = development
		}
		to := g.pkg(nugetPackage{name: name, version: version, line: e.line, framework: e.attribute("targetFramework")})
		g.edge(g.root, to, kind)
	}
	g.because("packages.config does not say which package needs which", "")
	return nil
}
