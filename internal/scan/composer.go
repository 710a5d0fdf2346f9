// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/bom"
)

// findComposer reads every composer.lock.
func findComposer(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readComposer(t, p)
		if err != nil {
			s = unreadable(p, "composer", err)
		}
		sources = append(sources, s)
	}
	return sources
}

type composerPackage struct {
	Name      string         `json:"name"`
	Version   string         `json:"version"`
	Type      string         `json:"type"`
	Require   wants          `json:"require"`
	Provide   wants          `json:"provide"`
	Replace   wants          `json:"replace"`
	License   jsontext.Value `json:"license"`
	Abandoned jsontext.Value `json:"abandoned"`
	Source    composerOrigin `json:"source"`
	Dist      composerOrigin `json:"dist"`
	Authors   jsontext.Value `json:"authors"`
}

type composerOrigin struct {
	Type      string `json:"type"`
	URL       string `json:"url"`
	Reference string `json:"reference"`
	Shasum    string `json:"shasum"`
}

// readComposer reads a lockfile, package by package, so that one of 200 000
// packages needs little more memory than the file itself.
func readComposer(t *tree, p string) (bom.Source, error) {
	data, err := t.read(p)
	if err != nil {
		return bom.Source{}, err
	}
	if err := checkDepth(data); err != nil {
		return bom.Source{}, err
	}
	s := &composerSource{lockGraph: newLockGraph(t, p, "composer"), named: map[string]int{}, instead: map[string][]int{}}
	s.mark = "cdx:composer:package:isDevRequirement"
	s.expect(1 + min(t.limits.Packages, bytes.Count(data, []byte(`"require"`))))
	d := t.jsonDecoder(p, data)
	defer d.again.Close()
	if err := s.document(d); err != nil {
		return bom.Source{}, t.located(p, err)
	}
	return s.source(), nil
}

// A composerSource builds the Source of a composer.lock.
type composerSource struct {
	*lockGraph
	scopes  []bom.Scope
	needs   [][]string // by package: the names that it asks for
	named   map[string]int
	instead map[string][]int // packages that stand in for one of a name
}

func (s *composerSource) document(d *npmDecoder) error {
	hash, packages := "", false
	err := d.object(func(name string) error {
		switch name {
		case "content-hash", "hash":
			var text string
			err := json.UnmarshalDecode(d.dec, &text)
			hash += text
			return err
		case "packages":
			packages = d.dec.PeekKind() == '['
			return s.list(d, bom.Required)
		case "packages-dev":
			return s.list(d, bom.Excluded)
		}
		return d.dec.SkipValue()
	})
	if err == nil {
		err = d.end()
	}
	if err == nil && (hash == "" || !packages) {
		err = errors.New(`no "content-hash" and "packages"`)
	}
	return err
}

// list reads a list of packages, null included.
func (s *composerSource) list(d *npmDecoder, scope bom.Scope) error {
	if d.dec.PeekKind() == 'n' {
		return d.dec.SkipValue()
	}
	return d.array(func() error {
		if len(s.scopes) >= d.limit {
			return fmt.Errorf("more than %d packages", d.limit)
		}
		var p composerPackage
		line := d.nextLine()
		if err := json.UnmarshalDecode(d.dec, &p); err != nil {
			return err
		}
		if p.Name == "" {
			return errors.New("a package without a name")
		}
		i := s.addComposer(&p, line)
		s.scopes = append(s.scopes, scope)
		s.named[strings.ToLower(p.Name)] = i
		for _, list := range []wants{p.Provide, p.Replace} {
			for _, w := range list {
				name := strings.ToLower(w.name)
				s.instead[name] = append(s.instead[name], i)
			}
		}
		s.needs = append(s.needs, p.Require.packages())
		return nil
	})
}

// packages lists the names in a list that are packages. PHP itself, its
// extensions and Composer have no vendor, and stand in no lockfile.
func (w wants) packages() []string {
	var names []string
	for _, want := range w {
		if strings.Contains(want.name, "/") {
			names = append(names, want.name)
		}
	}
	return names
}

func (s *composerSource) source() bom.Source {
	for i, names := range s.needs {
		s.ask(i, names, needed)
	}
	s.needs = nil
	s.project()
	return s.stated(s.scopes)
}

// ask adds what a package asks for.
func (s *composerSource) ask(from int, names []string, kind edgeKind) {
	for _, asked := range names {
		name := strings.ToLower(asked)
		if to, ok := s.named[name]; ok {
			s.edge(from, to, kind)
			continue
		}
		for _, to := range s.instead[name] {
			s.edge(from, to, kind)
		}
		if len(s.instead[name]) == 0 {
			s.missing(asked, from)
		}
	}
}

// project adds the project that the lockfile is of, with what it asks for.
func (s *composerSource) project() {
	var manifest struct {
		Name        string         `json:"name"`
		Version     string         `json:"version"`
		License     jsontext.Value `json:"license"`
		Require     wants          `json:"require"`
		Development wants          `json:"require-dev"`
	}
	file := path.Join(s.dir, "composer.json")
	data, err := readFile(s.t.root, file, min(maxManifest, s.t.limits.File))
	if err == nil {
		data, err = plainText(data)
	}
	if err == nil {
		err = decodeJSON(data, &manifest)
	}
	if err != nil {
		s.because("what the project itself asks for is not known", file+" ("+oneLine(err)+")")
		return
	}
	if manifest.Name == "" || utf8.RuneCountInString(manifest.Version) > bom.MaxVersion {
		manifest.Name, manifest.Version = "project", ""
	}
	group, name := splitVendor(manifest.Name)
	i := s.addProject(bom.Component{
		Group: group, Name: name, Version: manifest.Version, PURL: bom.ComposerURL(group, name, manifest.Version, "", ""),
		Licences:    readIn(composerLicences(manifest.License), file),
		Occurrences: []bom.Occurrence{{Path: printable(file)}},
	}, s.dir, 0)
	s.out.Projects = []int{i}
	s.ask(i, manifest.Require.packages(), needed)
	s.ask(i, manifest.Development.packages(), development)
}

// readIn names the file that licences were read in.
func readIn(list []bom.Licence, file string) []bom.Licence {
	for i := range list {
		list[i].File = printable(file)
	}
	return list
}

func splitVendor(full string) (group, name string) {
	if g, n, ok := strings.Cut(full, "/"); ok && g != "" && n != "" {
		return g, n
	}
	return "", full
}

// composerLicences reads a licence: one, or a list of which any may be chosen
// (https://getcomposer.org/doc/04-schema.md#license).
func composerLicences(v jsontext.Value) []bom.Licence {
	list := licenceNames(v)
	if len(list) < 2 {
		return list
	}
	var ids []string
	for _, l := range list {
		if l.Name != "" {
			return list
		}
		ids = append(ids, l.ID+l.Expression)
	}
	if choice := bom.ParseLicence(strings.Join(ids, " OR ")); choice.Expression != "" {
		return []bom.Licence{choice}
	}
	return list
}

// addComposer adds a package as a component.
func (s *composerSource) addComposer(p *composerPackage, line int) int {
	group, name := splitVendor(p.Name)
	c := bom.Component{Type: bom.Library, Group: group, Name: name, Version: p.Version, Licences: composerLicences(p.License)}
	c.Supplier, c.Authors = p.supplier()
	if utf8.RuneCountInString(c.Version) > bom.MaxVersion {
		s.because("versions that are too long", p.Name)
		c.Version = ""
	}
	if p.Type != "" && p.Type != "library" {
		c.Properties = []bom.Property{{Name: "cdx:composer:package:type", Value: p.Type}}
	}
	if kind := p.Abandoned.Kind(); kind == 't' || kind == '"' {
		addNote(&c, "composer:abandoned", strings.Trim(string(p.Abandoned), `"`))
	}
	c.PURL = bom.ComposerURL(group, name, c.Version, "", "")
	s.sourceOf(&c, p)
	s.distOf(&c, p)
	return s.add(c, line)
}

// sourceOf adds the repository and the commit.
func (s *composerSource) sourceOf(c *bom.Component, p *composerPackage) {
	clean := s.t.scrub(gitURL(p.Source.URL))
	if !strings.Contains(clean, "://") {
		return
	}
	ref := bom.Reference{Type: "vcs", URL: clean}
	if commitID.MatchString(p.Source.Reference) {
		ref.Comment = "commit " + p.Source.Reference
	}
	c.References = append(c.References, ref)
}

// distOf adds the archive. Its digest is a SHA-1, and mostly not there: the
// hosts of repositories make the archive anew each time.
func (s *composerSource) distOf(c *bom.Component, p *composerPackage) {
	if p.Dist.Type == "path" {
		where := strings.ReplaceAll(p.Dist.URL, `\`, "/")
		if path.IsAbs(where) || strings.Contains(where, ":") {
			where = path.Base(where)
		} else {
			where = path.Join(s.dir, where)
		}
		c.Origin = "dir:" + printable(where)
		addNote(c, "composer:path", printable(where))
		return
	}
	var hashes []bom.Hash
	if p.Dist.Shasum != "" {
		h, ok := parseHash("sha1:" + p.Dist.Shasum)
		if !ok {
			s.because("hashes that could not be read", p.Name)
		} else {
			hashes = []bom.Hash{h}
		}
	}
	c.Hashes = hashes
	if clean := s.t.scrub(p.Dist.URL); strings.Contains(clean, "://") {
		ref := bom.Reference{Type: "distribution", URL: clean, Hashes: slices.Clone(hashes)}
		if p.Dist.Type == "zip" || p.Dist.Type == "tar" {
			ref.Format = "." + p.Dist.Type
		}
		c.References = append(c.References, ref)
	}
}

// supplier names the authors that a package states, and tells the addresses of
// those that have one.
func (p *composerPackage) supplier() (string, []bom.Author) {
	var list []struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	}
	if p.Authors.Kind() != '[' || decodeJSON(p.Authors, &list) != nil {
		return "", nil
	}
	var names []string
	var reachable []bom.Author
	for _, stated := range list {
		a := bom.Author{Name: strings.TrimSpace(stated.Name), Email: strings.TrimSpace(stated.Email)}
		if a.Name != "" && !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
		if bom.IsMailbox(a.Email) && !slices.Contains(reachable, a) {
			reachable = append(reachable, a)
		}
	}
	return strings.Join(names, ", "), reachable
}
