// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// An npmSource builds the Source of one lockfile.
type npmSource struct {
	*npmLock
	t       *tree
	dir     string
	at      map[string]int // package by place
	linkTo  map[string]int // the first link to a folder
	comp    []int          // component by package, -1 for a link
	byURL   []bool         // by package: something asks for it by a URL
	reasons map[string][]string
	licence map[string][]bom.Licence // by what the lockfile says: there are few, and many packages
	out     bom.Source
}

// source tells the lockfile as components and edges.
func (l *npmLock) source(t *tree) bom.Source {
	s := &npmSource{
		npmLock: l, t: t, dir: path.Dir(l.path), at: make(map[string]int, len(l.packages)),
		linkTo: map[string]int{}, comp: make([]int, len(l.packages)), byURL: make([]bool, len(l.packages)), reasons: map[string][]string{},
		licence: map[string][]bom.Licence{},
	}
	s.out = bom.Source{Path: printable(l.path), Ecosystem: "npm", State: bom.Complete}
	count := s.index()
	s.out.Edges = make([][]int, count)
	for i := range l.packages {
		if s.comp[i] >= 0 {
			s.out.Edges[s.comp[i]] = s.edges(i)
		}
	}
	s.out.Components = make([]bom.Component, 0, count)
	for i := range l.packages {
		if s.comp[i] >= 0 {
			s.out.Components = append(s.out.Components, s.component(i))
			s.packages[i] = npmPackage{at: s.packages[i].at} // nothing asks for the rest again
		}
	}
	if root, ok := s.at[""]; ok && s.comp[root] >= 0 {
		s.out.Projects = []int{s.comp[root]}
	} else {
		s.because("the lockfile has no entry for the project itself", "")
	}
	if s.rootless {
		s.because("there is no package.json beside it that says what the project asks for", "")
	}
	for _, what := range sortedKeys(s.reasons) {
		names := s.reasons[what]
		slices.Sort(names)
		s.out.State = bom.Incomplete
		s.out.Reasons = append(s.out.Reasons, strings.TrimSuffix(what+": "+some(names, 3), ": "))
	}
	return s.out
}

// index makes packages quick to find and returns how many are not links.
func (s *npmSource) index() int {
	count := 0
	for i := range s.packages {
		p := &s.packages[i]
		s.at[p.at], s.comp[i] = i, -1
		if !p.Link {
			s.comp[i] = count
			count++
		} else if to := path.Clean(p.Resolved); strings.Contains(p.at, "node_modules/") {
			if _, ok := s.linkTo[to]; !ok {
				s.linkTo[to] = i
			}
		}
	}
	return count
}

// because records something that the lockfile should say and does not.
func (s *npmSource) because(what, which string) {
	s.reasons[what] = append(s.reasons[what], printable(which))
}

// edges returns the components that a package depends on, found the way Node
// finds them: in the nearest node_modules, going up.
func (s *npmSource) edges(i int) []int {
	p := &s.packages[i]
	var out []int
	var key []byte
	add := func(list requirements, needed bool) {
		for _, r := range list {
			to, ok := s.resolve(&key, p.at, r.name)
			if ok {
				s.byURL[to] = s.byURL[to] || r.url
				out = append(out, s.comp[to])
			} else if needed && !slices.ContainsFunc(p.OptionalDeps, func(o requirement) bool { return o.name == r.name }) {
				s.because("packages that others need are not in the lockfile", r.name+" (for "+s.place(p)+")")
			}
		}
	}
	add(p.Dependencies, true)
	add(p.OptionalDeps, false)
	add(p.PeerDependencies, false) // npm may be told to leave them out
	if p.isLocal() {
		add(p.DevDependencies, true)
	}
	if p.at == "" {
		out = append(out, s.members()...)
	}
	return out
}

// place names a package for people.
func (s *npmSource) place(p *npmPackage) string {
	if p.at == "" {
		return "the project"
	}
	return p.at
}

// isLocal reports whether a package is a folder of the tree and not one that
// npm put under node_modules.
func (p *npmPackage) isLocal() bool {
	return p.at == "" || !strings.HasPrefix(p.at, "node_modules/") && !strings.Contains(p.at, "/node_modules/")
}

// members returns the workspace packages of the project: the folders that its
// patterns name and that a link in node_modules leads to.
func (s *npmSource) members() []int {
	globs := workspaceGlobs(s.packages[s.at[""]].Workspaces)
	var out []int
	for folder, link := range s.linkTo {
		if !slices.ContainsFunc(globs, func(p string) bool { return isMember(p, folder) }) {
			continue
		}
		if to, ok := s.follow(link); ok {
			out = append(out, s.comp[to])
		}
	}
	slices.Sort(out)
	return out
}

// workspaceGlobs reads the two forms of "workspaces": a list of patterns,
// or an object that has one as "packages".
func workspaceGlobs(v jsontext.Value) []string {
	var list []string
	var object struct {
		Packages []string `json:"packages"`
	}
	switch v.Kind() {
	case '[':
		_ = decodeJSON(v, &list)
	case '{':
		_ = decodeJSON(v, &object)
		list = object.Packages
	}
	return list
}

// isMember reports whether a workspace pattern names a folder. "**" stands for
// any folders below.
func isMember(glob, folder string) bool {
	glob = strings.TrimSuffix(strings.TrimPrefix(glob, "./"), "/")
	if prefix, _, ok := strings.Cut(glob, "**"); ok {
		return strings.HasPrefix(folder, prefix)
	}
	matched, err := path.Match(glob, folder)
	return matched && err == nil
}

// resolve finds the package that a name means to the package at a place.
func (s *npmSource) resolve(key *[]byte, at, name string) (int, bool) {
	for dir := at; ; dir = path.Dir(dir) {
		if dir == "." {
			dir = ""
		}
		if base := path.Base(dir); base == ".." {
			return 0, false // outside of the project nothing is the lockfile's
		} else if base != "node_modules" {
			k := append((*key)[:0], dir...)
			if dir != "" {
				k = append(k, '/')
			}
			k = append(append(k, "node_modules/"...), name...)
			*key = k
			if i, ok := s.at[string(k)]; ok {
				return s.follow(i)
			}
		}
		if dir == "" {
			return 0, false
		}
	}
}

// follow returns the package that a link leads to, or the package itself.
func (s *npmSource) follow(i int) (int, bool) {
	p := &s.packages[i]
	if !p.Link {
		return i, true
	}
	to, ok := s.at[path.Clean(p.Resolved)]
	if path.Clean(p.Resolved) == "." {
		to, ok = s.at[""]
	}
	return to, ok && s.comp[to] >= 0
}

// component describes the package at one place.
func (s *npmSource) component(i int) bom.Component {
	p := &s.packages[i]
	group, name, alias := s.names(p)
	c := bom.Component{
		Type: bom.Library, Group: group, Name: name, Version: p.Version,
		Scope: p.scope(), Hashes: s.hashes(p), Licences: s.licences(p),
		Properties:  p.properties(),
		Occurrences: []bom.Occurrence{{Path: s.out.Path, Line: p.line}},
	}
	if alias != "" {
		c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":npm:alias", Value: alias})
	}
	key, value := "", ""
	if p.isLocal() {
		s.local(&c, p)
	} else {
		key, value = s.origin(&c, p, s.byURL[i])
	}
	c.PURL = bom.NpmPURL(group, name, p.Version, key, value)
	return c
}

// names returns a package's scope and name, and the name it is installed
// under if that is another one.
func (s *npmSource) names(p *npmPackage) (group, name, alias string) {
	var installed string
	if i := strings.LastIndex(p.at, "node_modules/"); i >= 0 {
		installed = p.at[i+len("node_modules/"):]
	} else if p.at == "" {
		installed = s.name
	} else {
		installed = s.linkName(p.at)
	}
	full := p.Name
	if full == "" {
		full = installed
	} else if installed != full && !p.isLocal() {
		alias = installed
	}
	if full == "" {
		full = "project"
	}
	if g, n, ok := strings.Cut(full, "/"); ok && strings.HasPrefix(g, "@") && n != "" {
		return g, n, alias
	}
	return "", full, alias
}

// linkName returns the name that a link in node_modules gives to a folder: npm
// leaves it out of the folder's own entry when it is the folder's name.
func (s *npmSource) linkName(at string) string {
	if i, ok := s.linkTo[at]; ok {
		link := s.packages[i].at
		return link[strings.LastIndex(link, "node_modules/")+len("node_modules/"):]
	}
	return path.Base(at)
}

// local describes a folder of the tree.
func (s *npmSource) local(c *bom.Component, p *npmPackage) {
	c.Type, c.Scope = bom.Application, bom.Unstated
	if p.at != "" {
		c.Type = bom.Library
		c.Properties = append(c.Properties, bom.Property{Name: "cdx:npm:package:path", Value: printable(p.at)})
	}
	c.Origin = "dir:" + printable(path.Join(s.dir, p.at))
}

// scope says when a package is installed. What only development or an optional
// package leads to is optional, because it may be left out in more than one way.
func (p *npmPackage) scope() bom.Scope {
	switch {
	case p.Dev:
		return bom.Excluded
	case p.Optional, p.DevOptional:
		return bom.Optional
	default:
		return bom.Required
	}
}

// properties are npm's own marks, by the CycloneDX property taxonomy where it
// has a name for them.
func (p *npmPackage) properties() []bom.Property {
	var out []bom.Property
	mark := func(set bool, name string, unanimous bool) {
		if set {
			out = append(out, bom.Property{Name: name, Value: "true", Unanimous: unanimous})
		}
	}
	mark(p.Dev || p.DevOptional, "cdx:npm:package:development", true)
	mark(p.InBundle, "cdx:npm:package:bundled", true)
	mark(p.Extraneous, "cdx:npm:package:extraneous", true)
	mark(p.HasInstallScript, product.Name+":npm:install-script", false)
	var why string
	if p.Deprecated.Kind() == '"' && decodeJSON(p.Deprecated, &why) == nil && why != "" {
		out = append(out, bom.Property{Name: product.Name + ":npm:deprecated", Value: why})
	}
	return out
}

// hashes reads a Subresource Integrity string: digests of the tarball in
// base64, each with the name of its algorithm, and options that say nothing of
// the bytes (https://www.w3.org/TR/SRI/).
func (s *npmSource) hashes(p *npmPackage) []bom.Hash {
	var out []bom.Hash
	for _, part := range strings.Fields(p.Integrity) {
		part, _, _ = strings.Cut(part, "?")
		h, err := parseSRI(part)
		if err != nil {
			s.because("hashes that could not be read", s.place(p)+" ("+err.Error()+")")
			continue
		}
		out = append(out, h)
	}
	return out
}

func parseSRI(part string) (bom.Hash, error) {
	alg, value, _ := strings.Cut(part, "-")
	sizes := map[string]int{"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
	size, ok := sizes[alg]
	if !ok {
		return bom.Hash{}, fmt.Errorf("unknown algorithm %q", alg)
	}
	sum, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(sum) != size {
		return bom.Hash{}, fmt.Errorf("not a %s digest", alg)
	}
	return bom.Hash{Alg: "SHA-" + alg[3:], Value: hex.EncodeToString(sum)}, nil
}

// licences returns what the lockfile says, else what the installed package's
// own manifest says.
func (s *npmSource) licences(p *npmPackage) []bom.Licence {
	if len(p.License) > 0 {
		list, ok := s.licence[string(p.License)]
		if !ok {
			list = slices.Clip(licenceNames(p.License))
			s.licence[string(p.License)] = list
		}
		if len(list) > 0 {
			return list
		}
	}
	file := path.Join(s.dir, p.at, "package.json")
	if !validPath(file) || !s.t.exists(file) {
		return nil
	}
	m, err := readManifest(s.t, file)
	if err != nil {
		s.t.note("%s: %v", file, err)
		return nil
	}
	list := m.licences()
	for i := range list {
		list[i].File = printable(file)
	}
	return list
}

// commitID matches what pins a git source to one tree.
var commitID = pattern.New(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// origin adds where a package comes from, and returns the qualifier of its
// package URL if that is not a registry. Tarballs of registries have the path
// NAME/-/NAME-VERSION.tgz; for one that does not, what is asked for decides.
func (s *npmSource) origin(c *bom.Component, p *npmPackage, byURL bool) (key, value string) {
	switch {
	case p.Resolved == "":
		return "", ""
	case strings.HasPrefix(p.Resolved, "git"):
		return s.gitOrigin(c, p)
	case strings.HasPrefix(p.Resolved, "file:"):
		file := strings.TrimPrefix(p.Resolved, "file:")
		if path.IsAbs(file) || strings.Contains(file, ":") {
			file = path.Base(file)
		}
		c.Origin = "file:" + printable(path.Join(s.dir, file))
		c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":npm:file", Value: printable(file)})
		return "", ""
	}
	clean := s.t.scrub(p.Resolved)
	if !strings.HasPrefix(clean, "http://") && !strings.HasPrefix(clean, "https://") {
		s.because("sources that are not understood", s.place(p))
		return "", ""
	}
	c.References = []bom.Reference{{Type: "distribution", URL: clean}}
	if byURL && !strings.Contains(clean, "/-/") {
		return "download_url", clean
	}
	return "", ""
}

// gitOrigin adds the repository and the commit.
func (s *npmSource) gitOrigin(c *bom.Component, p *npmPackage) (key, value string) {
	where, commit, _ := strings.Cut(p.Resolved, "#")
	clean := s.t.scrub(where)
	if clean == "" {
		s.because("sources that are not understood", s.place(p))
		return "", ""
	}
	ref := bom.Reference{Type: "vcs", URL: clean}
	if !commitID.MatchString(commit) {
		s.because("git sources without a commit", s.place(p))
		c.References = []bom.Reference{ref}
		return "vcs_url", clean
	}
	ref.Comment = "commit " + commit
	c.References = []bom.Reference{ref}
	return "vcs_url", clean + "@" + commit
}
