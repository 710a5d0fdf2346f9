// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// A jsPackage is a package of a JavaScript lockfile, as far as pnpm, Yarn, Bun
// and Deno agree on what one is.
type jsPackage struct {
	name       string // its own, with the scope
	alias      string // what it is installed as, if that is another name
	version    string
	line       int
	integrity  string // Subresource Integrity
	tarball    string // where it is downloaded
	byURL      bool   // that address, and no registry, says which package it is
	repository string // of a package from git
	commit     string
	file       string // in the tree: a tarball
	folder     string // in the tree: a folder that is copied
	deprecated string
}

// addPackage adds a package as a component.
func (g *lockGraph) addPackage(p *jsPackage) int {
	group, name := splitScope(p.name)
	// Clones, because a part of the file's text keeps all of it in memory.
	c := bom.Component{Type: bom.Library, Group: strings.Clone(group), Name: strings.Clone(name), Version: strings.Clone(p.version)}
	if utf8.RuneCountInString(c.Version) > bom.MaxVersion {
		g.because("versions that are too long", p.name)
		c.Version = ""
	}
	hashes, problems := integrityHashes(p.integrity)
	for _, why := range problems {
		g.because("hashes that could not be read", p.name+" ("+why+")")
	}
	c.Hashes = hashes
	key, value := g.jsOrigin(&c, p)
	c.PURL = bom.NpmPURL(group, name, c.Version, key, value)
	note := func(name, value string) {
		if value != "" {
			c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":npm:" + name, Value: value})
		}
	}
	if p.alias != p.name {
		note("alias", p.alias)
	}
	note("deprecated", p.deprecated)
	return g.add(c, p.line)
}

// jsOrigin adds where a package comes from, and returns the qualifier of its
// package URL if that is not a registry.
func (g *lockGraph) jsOrigin(c *bom.Component, p *jsPackage) (key, value string) {
	switch {
	case p.repository != "":
		return g.gitSource(c, p.repository, p.commit, p.name)
	case p.folder != "":
		c.Origin = "dir:" + printable(p.folder)
		c.Properties = append(c.Properties, bom.Property{Name: "cdx:npm:package:path", Value: printable(relative(g.dir, p.folder))})
	case p.file != "":
		c.Origin = "file:" + printable(p.file)
		c.Properties = append(c.Properties, bom.Property{Name: product.Name + ":npm:file", Value: printable(p.file)})
	case p.tarball != "":
		clean := g.t.scrub(p.tarball)
		if !strings.HasPrefix(clean, "http://") && !strings.HasPrefix(clean, "https://") {
			g.because("sources that are not understood", p.name)
			return "", ""
		}
		c.References = []bom.Reference{{Type: "distribution", URL: clean}}
		if p.byURL {
			return "download_url", clean
		}
	}
	return "", ""
}

// gitSource adds a repository and a commit, and returns them as a qualifier.
func (g *lockGraph) gitSource(c *bom.Component, repository, commit, name string) (key, value string) {
	clean := g.t.scrub(gitURL(repository))
	if clean == "" || !strings.Contains(clean, "://") {
		g.because("sources that are not understood", name)
		return "", ""
	}
	ref := bom.Reference{Type: "vcs", URL: clean}
	if !strings.HasPrefix(clean, "git") {
		clean = "git+" + clean
	}
	if !commitID.MatchString(commit) {
		g.because("git sources without a commit", name)
		c.References = []bom.Reference{ref}
		return "vcs_url", clean
	}
	ref.Comment = "commit " + commit
	c.References = []bom.Reference{ref}
	return "vcs_url", clean + "@" + commit
}

// gitURL writes the short forms of a repository as a URL: git@host:path and
// host shorthands (github:user/repo).
func gitURL(s string) string {
	for _, h := range []struct{ short, host string }{
		{"github:", "https://github.com/"}, {"gitlab:", "https://gitlab.com/"}, {"bitbucket:", "https://bitbucket.org/"},
	} {
		if rest, ok := strings.CutPrefix(s, h.short); ok {
			return h.host + strings.TrimSuffix(rest, ".git") + ".git"
		}
	}
	if user, rest, ok := strings.Cut(s, "@"); ok && !strings.ContainsAny(user, "/:") {
		if host, repo, ok := strings.Cut(rest, ":"); ok && !strings.Contains(host, "/") {
			return "git+ssh://" + user + "@" + host + "/" + repo
		}
	}
	return s
}

// splitScope splits a package's name into its scope and the rest.
func splitScope(full string) (group, name string) {
	if full == "" {
		return "", "unnamed"
	}
	if g, n, ok := strings.Cut(full, "/"); ok && strings.HasPrefix(g, "@") && n != "" {
		return g, n
	}
	return "", full
}

// cutName splits NAME@REST, where a name may begin with a scope's at sign.
func cutName(s string) (name, rest string, ok bool) {
	if s == "" {
		return "", "", false
	}
	i := strings.IndexByte(s[1:], '@')
	if i < 0 {
		return s, "", false
	}
	return s[:i+1], s[i+2:], true
}

// integrityHashes reads a Subresource Integrity text.
func integrityHashes(text string) (hashes []bom.Hash, problems []string) {
	for _, part := range strings.Fields(text) {
		part, _, _ = strings.Cut(part, "?")
		h, err := parseSRI(part)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		hashes = append(hashes, h)
	}
	return hashes, problems
}

// A want is one line of a dependency list.
type want struct{ name, spec string }

// wants are a dependency list in the order of the file.
type wants []want

// UnmarshalJSONFrom reads {"name": "specification", …}, and passes over what
// is not of that form, as the package managers do.
func (w *wants) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '{' {
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		item := want{name: name.String()}
		if dec.PeekKind() == '"' {
			value, err := dec.ReadToken()
			if err != nil {
				return err
			}
			item.spec = value.String()
			*w = append(*w, item)
		} else if err := dec.SkipValue(); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func (w wants) spec(name string) (string, bool) {
	i := slices.IndexFunc(w, func(x want) bool { return x.name == name })
	if i < 0 {
		return "", false
	}
	return w[i].spec, true
}

// A jsProject is the package.json of a folder whose dependencies some lockfile
// pins.
type jsProject struct {
	Name         string         `json:"name"`
	Version      string         `json:"version"`
	License      jsontext.Value `json:"license"`
	Licenses     jsontext.Value `json:"licenses"`
	Dependencies wants          `json:"dependencies"`
	Development  wants          `json:"devDependencies"`
	Optional     wants          `json:"optionalDependencies"`
	Workspaces   jsontext.Value `json:"workspaces"`
	Resolutions  wants          `json:"resolutions"`

	there bool // the file is
}

// readProject reads the package.json of a folder. If there is none, or none
// that can be read, the zero project comes back.
func (g *lockGraph) readProject(dir string) jsProject {
	var p jsProject
	file := path.Join(dir, "package.json")
	if !g.t.exists(file) {
		return p
	}
	data, err := readFile(g.t.root, file, min(maxManifest, g.t.limits.File))
	if err == nil {
		data, err = plainText(data)
	}
	if err == nil {
		err = decodeJSON(data, &p)
	}
	if err != nil {
		g.because("manifests that could not be read", file+" ("+oneLine(err)+")")
		return jsProject{}
	}
	p.there = true
	return p
}

// kind says under which heading a project asks for a package.
func (p *jsProject) kind(name string) edgeKind {
	if _, ok := p.Optional.spec(name); ok {
		return optional
	}
	if _, ok := p.Dependencies.spec(name); ok {
		return needed
	}
	if _, ok := p.Development.spec(name); ok {
		return development
	}
	return needed
}

// folderProject adds the folder of a project, under the name that its
// package.json gives it. name is what it is called if there is none.
func (g *lockGraph) folderProject(p *jsProject, folder, name string, line int) int {
	full := p.Name
	if full == "" {
		full = name
	}
	if full == "" {
		full = path.Base(folder)
	}
	if full == "." || full == "/" {
		full = "project"
	}
	group, name := splitScope(full)
	c := bom.Component{Group: group, Name: name, Version: p.Version, PURL: ""}
	if utf8.RuneCountInString(c.Version) > bom.MaxVersion {
		c.Version = ""
	}
	c.PURL = bom.NpmPURL(group, name, c.Version, "", "")
	if p.there {
		m := manifest{License: p.License, Licenses: p.Licenses}
		c.Licences = m.licences()
		for i := range c.Licences {
			c.Licences[i].File = printable(path.Join(folder, "package.json"))
		}
	}
	if folder != g.dir {
		c.Properties = []bom.Property{{Name: "cdx:npm:package:path", Value: printable(relative(g.dir, folder))}}
	}
	return g.addProject(c, folder, line)
}

// relative returns a path below dir relative to it.
func relative(dir, p string) string {
	if dir == "." {
		return p
	}
	return strings.TrimPrefix(p, dir+"/")
}

// licences reads the licence of an installed package, if one of the places
// where it may lie has that version of it. dir is the node_modules folder.
func (g *lockGraph) installedLicence(i int, places ...string) {
	c := &g.out.Components[i]
	for _, place := range places {
		file := path.Join(g.dir, place, "package.json")
		if !validPath(file) || !g.t.exists(file) {
			continue
		}
		p := g.readProject(path.Join(g.dir, place))
		if p.Version != c.Version {
			continue
		}
		m := manifest{License: p.License, Licenses: p.Licenses}
		c.Licences = m.licences()
		for i := range c.Licences {
			c.Licences[i].File = printable(file)
		}
		return
	}
}

// hasFolder reports whether there is a folder of a name beside the lockfile.
func (g *lockGraph) hasFolder(name string) bool {
	p := path.Join(g.dir, name)
	info, err := fs.Lstat(g.t.root, p)
	return validPath(p) && err == nil && info.IsDir()
}
