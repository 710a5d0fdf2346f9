// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"encoding/xml"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// verificationFile is Gradle's list of the digests that it accepts, in the
// folder "gradle" of a build
// (https://docs.gradle.org/current/userguide/dependency_verification.html).
const verificationFile = "verification-metadata.xml"

// gradleHashes are the digests of one build's files. The nil *gradleHashes
// knows none.
type gradleHashes struct {
	path, dir string
	modules   []gradleModule
	at        map[string]int // module by GROUP:NAME:VERSION
}

type gradleModule struct {
	group, name, version string
	line                 int
	files                []gradleFile
}

// A gradleFile is one file of a module: a jar, a pom, …
type gradleFile struct {
	name    string
	digests []bom.Hash
	origins []string // who said so
	also    []string // "sha256:…": what is accepted as well
}

// readHashes reads verification metadata, and answers with a source only if
// it cannot be read.
func (g *gradleTree) readHashes(p string) []bom.Source {
	h := &gradleHashes{path: p, dir: path.Dir(p), at: map[string]int{}}
	if path.Base(h.dir) == "gradle" {
		h.dir = path.Dir(h.dir)
	}
	data, err := readFile(g.t.root, p, g.t.limits.File)
	if err == nil {
		err = readXML(data, "verification-metadata", func(r *xmlReader) error {
			return r.children(func(start xml.StartElement) error {
				if start.Name.Local != "components" {
					return r.skip()
				}
				return r.children(func(start xml.StartElement) error { return h.module(r, start, g.t.limits.Packages) })
			})
		})
	}
	if err != nil {
		return []bom.Source{unreadable(p, "gradle", err)}
	}
	g.hashes[h.dir] = h
	return nil
}

func (h *gradleHashes) module(r *xmlReader, start xml.StartElement, limit int) error {
	if len(h.modules) >= limit {
		return fmt.Errorf("line %d: more than %d components", r.line(), limit)
	}
	r.count = 0
	e, err := r.element(start)
	if err != nil {
		return err
	}
	m := gradleModule{group: e.attribute("group"), name: e.attribute("name"), version: e.attribute("version"), line: e.line}
	if e.name != "component" || m.name == "" || utf8.RuneCountInString(m.version) > bom.MaxVersion {
		return fmt.Errorf("line %d: not a component with a name and a version", e.line)
	}
	for i := range e.kids {
		f, err := gradleFileOf(&e.kids[i])
		if err != nil {
			return err
		}
		m.files = append(m.files, f)
	}
	key := m.group + ":" + m.name + ":" + m.version
	if i, ok := h.at[key]; ok {
		h.modules[i].files = append(h.modules[i].files, m.files...)
		return nil
	}
	h.at[key] = len(h.modules)
	h.modules = append(h.modules, m)
	return nil
}

// gradleDigests are the algorithms that Gradle knows, and the length of each.
var gradleDigests = map[string]struct {
	alg  string
	size int
}{"md5": {"MD5", 16}, "sha1": {"SHA-1", 20}, "sha256": {"SHA-256", 32}, "sha512": {"SHA-512", 64}}

func gradleFileOf(e *xmlElement) (gradleFile, error) {
	f := gradleFile{name: e.attribute("name")}
	for i := range e.kids {
		kid := &e.kids[i]
		kind, ok := gradleDigests[kid.name]
		if !ok {
			continue // keys of signatures say nothing of the bytes
		}
		value, ok := hexDigest(kid.attribute("value"), kind.size)
		if !ok {
			return f, fmt.Errorf("line %d: not a %s digest", kid.line, kid.name)
		}
		f.digests = append(f.digests, bom.Hash{Alg: kind.alg, Value: value})
		if origin := kid.attribute("origin"); origin != "" && !slices.Contains(f.origins, origin) {
			f.origins = append(f.origins, origin)
		}
		for j := range kid.kids {
			if also, ok := hexDigest(kid.kids[j].attribute("value"), kind.size); ok && kid.kids[j].name == "also-trust" {
				f.also = append(f.also, kid.name+":"+also)
			}
		}
	}
	return f, nil
}

// hashesFor returns the digests of the build that a folder belongs to: those
// nearest to it, going up.
func (g *gradleTree) hashesFor(dir string) *gradleHashes {
	for ; ; dir = path.Dir(dir) {
		if h, ok := g.hashes[dir]; ok {
			return h
		}
		if dir == "." {
			return nil
		}
	}
}

// describe adds to a component the digests of its main file, and those of its
// other files as properties.
func (h *gradleHashes) describe(c *bom.Component) {
	if h == nil {
		return
	}
	i, ok := h.at[c.Group+":"+c.Name+":"+c.Version]
	if !ok {
		return
	}
	note := func(name, value string) {
		c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":" + name, Value: value})
	}
	m := &h.modules[i]
	main := m.main()
	for j := range m.files {
		f := &m.files[j]
		for _, also := range f.also {
			note("gradle:also-trusted", f.name+" "+also)
		}
		if j == main {
			c.Hashes = slices.Clone(f.digests)
			note("hash:source", printable(h.path))
			for _, origin := range f.origins {
				note("gradle:hash-origin", origin)
			}
			continue
		}
		for _, d := range f.digests {
			note("gradle:artifact", f.name+" "+strings.ToLower(strings.ReplaceAll(d.Alg, "-", ""))+":"+d.Value)
		}
	}
	c.Occurrences = append(c.Occurrences, bom.Occurrence{Path: printable(h.path), Line: m.line})
}

// main returns which file is the module itself: the one with its name and
// version and nothing else, a jar before any other kind, -1 if there is none.
func (m *gradleModule) main() int {
	best, rank := -1, 0
	for i, f := range m.files {
		kind, ok := strings.CutPrefix(f.name, m.name+"-"+m.version+".")
		if !ok || strings.Contains(kind, ".") || kind == "pom" || kind == "module" {
			continue
		}
		r := 1
		if kind == "aar" {
			r = 2
		} else if kind == "jar" {
			r = 3
		}
		if r > rank {
			best, rank = i, r
		}
	}
	return best
}

// isOnlyPom reports whether nothing of a module is used but its description: a
// parent, or a list of versions.
func (m *gradleModule) isOnlyPom() bool {
	return !slices.ContainsFunc(m.files, func(f gradleFile) bool {
		ext := path.Ext(f.name)
		return ext != ".pom" && ext != ".module"
	})
}

// source tells what a build without a lockfile has digests for. That is
// everything that some build of it ever used, of any configuration.
func (h *gradleHashes) source(g *gradleTree) bom.Source {
	graph, _ := g.graph(h.path, h.dir)
	poms := 0
	for i := range h.modules {
		m := &h.modules[i]
		if m.isOnlyPom() {
			poms++
			continue
		}
		c := bom.Component{
			Type: bom.Library, Group: m.group, Name: m.name, Version: m.version,
			PURL: bom.MavenPURL(m.group, m.name, m.version, "", ""),
		}
		h.describe(&c)
		graph.add(c, 0)
	}
	if poms > 0 {
		g.t.note("%s: %d modules of which only the pom is listed are left out", h.path, poms)
	}
	graph.because("digests that the build accepts and no lockfile, so that it does not say what is used, when, and by what: run gradle dependencies --write-locks", "")
	s := graph.source()
	s.Lost = true
	return s
}
