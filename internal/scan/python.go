// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// A pyPackage is a package of a Python lockfile, as far as the tools agree on
// what one is.
type pyPackage struct {
	name, version string
	line          int
	file          string // where it was read, if that is not the lockfile itself
	files         []pyFile
	source        pySource
	marker        string // on which interpreters and systems it is installed
	properties    []bom.Property
}

// A pyFile is one wheel or source archive of a package. It has a URL, or the
// name of a file in an index, or neither.
type pyFile struct {
	url, name string
	hash      string // "sha256:…", and others after a space
}

// A pySource is where a package comes from.
type pySource struct {
	kind   pyKind
	url    string // or a path in the tree
	commit string
}

type pyKind uint8

const (
	fromIndex pyKind = iota // url is empty where the lockfile does not say which
	fromGit
	fromURL
	fromFile   // an archive in the tree
	fromFolder // a project in the tree
)

// A pyGraph is the graph of a Python lockfile.
type pyGraph struct {
	*lockGraph
	named     map[string][]int // components by the normal form of their name
	installed map[string]string
	headings  []int // the lines of the packages, as far as they are known
}

func newPyGraph(t *tree, file, ecosystem string) *pyGraph {
	g := &pyGraph{lockGraph: newLockGraph(t, file, ecosystem), named: map[string][]int{}}
	g.mark = product.Name + ":python:development"
	g.installed = g.findInstalled()
	return g
}

// begin makes room for the packages of a TOML lockfile, and notes their lines,
// unless some are written in another way.
func (g *pyGraph) begin(rest tomlPart, others int) {
	g.expect(1 + min(rest.tables, g.t.limits.Packages))
	if others == 0 {
		g.headings = rest.lines
	}
}

// addPython adds a package as a component.
func (g *pyGraph) addPython(p *pyPackage) int {
	c := bom.Component{Type: bom.Library, Name: p.name, Version: p.version, Properties: p.properties}
	if c.Name == "" {
		c.Name = "unnamed"
	}
	if utf8.RuneCountInString(c.Version) > bom.MaxVersion {
		g.because("versions that are too long", c.Name)
		c.Version = ""
	}
	key, value := g.pyOrigin(&c, p)
	c.PURL = bom.PyPIURL(c.Name, c.Version, key, value)
	if p.marker != "" {
		addNote(&c, "python:marker", p.marker)
	}
	g.addFiles(&c, p.files)
	if p.source.kind == fromIndex {
		c.Licences = g.licenceOf(c.Name, c.Version)
	}
	if p.file != "" {
		c.Occurrences = []bom.Occurrence{{Path: printable(p.file), Line: p.line}}
		p.line = 0
	}
	i := g.add(c, p.line)
	g.index(c.Name, i)
	return i
}

// index makes a component findable by its name.
func (g *pyGraph) index(name string, i int) {
	name = bom.NormalPyPI(name)
	g.named[name] = append(g.named[name], i)
}

// pyOrigin adds where a package comes from, and returns the qualifier of its
// package URL if that is not an index.
func (g *pyGraph) pyOrigin(c *bom.Component, p *pyPackage) (key, value string) {
	switch p.source.kind {
	case fromGit:
		return g.gitSource(c, p.source.url, p.source.commit, p.name)
	case fromURL:
		clean := g.t.scrub(p.source.url)
		if clean == "" || !strings.Contains(clean, "://") {
			g.because("sources that are not understood", p.name)
			return "", ""
		}
		if !slices.ContainsFunc(p.files, func(f pyFile) bool { return f.url == p.source.url }) {
			c.References = []bom.Reference{{Type: "distribution", URL: clean}}
		}
		return "download_url", clean
	case fromFile, fromFolder:
		where := g.inTree(p.source.url)
		kind := "file:"
		if p.source.kind == fromFolder {
			kind = "dir:"
		}
		c.Origin = kind + where
		addNote(c, "python:path", where)
	default:
		if clean := g.t.scrub(p.source.url); clean != "" {
			addNote(c, "python:index", clean)
		}
	}
	return "", ""
}

// inTree returns a path that stands in a lockfile, relative to the root of the
// tree. Of an absolute one only the last part is told.
func (g *pyGraph) inTree(p string) string {
	p = strings.TrimPrefix(p, "file://")
	if u, err := url.PathUnescape(p); err == nil && path.IsAbs(p) {
		p = u
	}
	p = strings.ReplaceAll(p, `\`, "/")
	if path.IsAbs(p) || strings.Contains(p, ":") {
		return printable(path.Base(p))
	}
	return printable(path.Join(g.dir, p))
}

// anyFile says of a reference that it stands for a file whose name is not
// known: only its digest is.
const anyFile = "a file of this version; the lockfile does not say which"

// addFiles adds the files of a package with their digests. A digest is one of
// the whole package only if there is no other file.
func (g *pyGraph) addFiles(c *bom.Component, files []pyFile) {
	for _, f := range files {
		ref := bom.Reference{Type: "distribution"}
		switch {
		case f.url != "":
			ref.URL = g.t.scrub(f.url)
		case f.name != "":
			ref.URL = strings.ReplaceAll(url.PathEscape(f.name), ":", "%3A")
		default:
			ref.URL, _, _ = strings.Cut(c.PURL, "?")
			ref.Comment = anyFile
		}
		for text := range strings.FieldsSeq(f.hash) {
			if h, ok := parseHash(text); ok {
				ref.Hashes = append(ref.Hashes, h)
			} else {
				g.because("hashes that could not be read", c.Name)
			}
		}
		if len(files) == 1 {
			c.Hashes = slices.Clone(ref.Hashes)
		}
		switch {
		case ref.URL == "":
			g.because("sources that are not understood", c.Name)
		case ref.Comment == "" || len(ref.Hashes) > 0:
			c.References = append(c.References, ref)
		}
	}
}

// parseHash reads ALGORITHM:HEX, a digest of a file.
func parseHash(text string) (bom.Hash, bool) {
	alg, value, _ := strings.Cut(text, ":")
	sizes := map[string]int{"sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
	value = strings.ToLower(value)
	if sizes[alg] == 0 || len(value) != sizes[alg] || strings.Trim(value, "0123456789abcdef") != "" {
		return bom.Hash{}, false
	}
	return bom.Hash{Alg: "SHA-" + alg[3:], Value: value}, true
}

// addNote adds a property of our own to a component.
//
//go:noinline
func addNote(c *bom.Component, name, value string) {
	c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":" + name, Value: value})
}

// addFolder adds the project of a folder.
func (g *pyGraph) addFolder(p *pyProject, folder, name, version string, line int) int {
	if utf8.RuneCountInString(version) > bom.MaxVersion {
		version = ""
	}
	c := bom.Component{Name: name, Version: version, PURL: bom.PyPIURL(name, version, "", ""), Licences: p.licences(path.Join(folder, "pyproject.toml"))}
	if p.there {
		c.Occurrences = []bom.Occurrence{{Path: printable(path.Join(folder, "pyproject.toml"))}}
	}
	i := g.addProject(c, folder, line)
	g.index(name, i)
	return i
}

// addOwner adds the project that a lockfile is of, which only its
// pyproject.toml names.
func (g *pyGraph) addOwner(p *pyProject) int {
	name := p.name()
	if name == "" {
		name = "project"
	}
	i := g.addFolder(p, g.dir, name, p.version(), 0)
	g.out.Projects = []int{i}
	return i
}

// stated tells a graph whose lockfile says itself when each package is needed.
func (g *lockGraph) stated(scopes []bom.Scope) bom.Source {
	out := g.source()
	for i := range out.Components {
		c := &out.Components[i]
		c.Properties = slices.DeleteFunc(c.Properties, func(p bom.Property) bool { return p.Name == g.mark })
		c.Scope = bom.Unstated
		if i < len(scopes) {
			c.Scope = scopes[i]
		}
		if c.Scope == bom.Excluded && g.mark != "" {
			c.Properties = append(c.Properties, bom.Property{Name: g.mark, Value: "true", Unanimous: true})
		}
	}
	return out
}
