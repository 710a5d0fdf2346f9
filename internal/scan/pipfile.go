// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/bom"
)

// findPipfile reads every Pipfile.lock.
func findPipfile(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readPipfile(t, p)
		if err != nil {
			s = unreadable(p, "pipenv", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// A pipPackage is one package of one category of a Pipfile.lock.
type pipPackage struct {
	Version  string         `json:"version"` // "==1.0"
	Hashes   []string       `json:"hashes"`
	Index    string         `json:"index"`
	Markers  string         `json:"markers"`
	Git      string         `json:"git"`
	Ref      string         `json:"ref"`
	File     string         `json:"file"`
	Path     string         `json:"path"`
	Extras   []string       `json:"extras"`
	Editable jsontext.Value `json:"editable"`
}

// A pipMeta is what a Pipfile.lock says of itself.
type pipMeta struct {
	Spec    int `json:"pipfile-spec"`
	Sources []struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	} `json:"sources"`
}

func readPipfile(t *tree, p string) (bom.Source, error) {
	data, err := t.read(p)
	if err != nil {
		return bom.Source{}, err
	}
	if err := checkDepth(data); err != nil {
		return bom.Source{}, err
	}
	s := &pipSource{pyGraph: newPyGraph(t, p, "pipenv"), indexes: map[string]string{}, at: map[string]int{}}
	meta := &npmDecoder{data: data, dec: jsontext.NewDecoder(bytes.NewBuffer(data))}
	if err := s.readMeta(meta); err != nil {
		return bom.Source{}, located(data, err)
	}
	s.expect(min(t.limits.Packages, bytes.Count(data, []byte(`"version"`))))
	d := t.jsonDecoder(p, data)
	defer d.again.Close()
	err = d.object(func(category string) error {
		if category == "_meta" {
			return d.dec.SkipValue()
		}
		return d.object(func(name string) error {
			if len(s.scopes) >= d.limit {
				return fmt.Errorf("more than %d packages", d.limit)
			}
			var p pipPackage
			line := d.line()
			if err := json.UnmarshalDecode(d.dec, &p); err != nil {
				return fmt.Errorf("%s: %w", shown(category), err)
			}
			s.addPip(category, name, line, p)
			return nil
		})
	})
	if err == nil {
		err = d.end()
	}
	if err != nil {
		return bom.Source{}, t.located(p, err)
	}
	return s.source(), nil
}

// errRead says that what was looked for is read.
var errRead = errors.New("it is read")

// readMeta reads what the file says of itself, which stands at its beginning,
// and which the rest needs.
func (s *pipSource) readMeta(d *npmDecoder) error {
	var meta pipMeta
	err := d.object(func(name string) error {
		if name != "_meta" {
			return d.dec.SkipValue()
		}
		if err := json.UnmarshalDecode(d.dec, &meta); err != nil {
			return fmt.Errorf("_meta: %w", err)
		}
		return errRead
	})
	switch {
	case err == nil:
		return errors.New(`no "_meta"`)
	case !errors.Is(err, errRead):
		return err
	case meta.Spec != 6:
		return fmt.Errorf("pipfile-spec %d; have 6", meta.Spec)
	}
	for _, source := range meta.Sources {
		s.indexes[source.Name] = source.URL
	}
	return nil
}

// A pipSource builds the Source of a Pipfile.lock.
type pipSource struct {
	*pyGraph
	indexes map[string]string // URL by the name that packages refer to it by
	at      map[string]int    // component by what one is
	scopes  []bom.Scope
}

// addPip adds one package of one category. One that is in two is one.
func (s *pipSource) addPip(category, name string, line int, p pipPackage) {
	version := strings.TrimLeft(p.Version, "=")
	key := name + " " + version + " " + p.Git + p.Ref + p.File + p.Path
	i, seen := s.at[key]
	if !seen {
		out := &pyPackage{name: name, version: version, marker: p.Markers, line: line, source: p.origin()}
		if out.source.kind == fromIndex {
			out.source.url = s.indexes[p.Index]
		}
		for _, h := range p.Hashes {
			out.files = append(out.files, pyFile{hash: h})
		}
		i = s.addPython(out)
		s.at[key] = i
		s.scopes = append(s.scopes, bom.Unstated)
	}
	s.out.Components[i].Properties = append(s.out.Components[i].Properties, bom.Property{Name: "cdx:pipenv:category", Value: category})
	scope := bom.Excluded
	if category == "default" {
		scope = bom.Required
	}
	s.scopes[i] = max(s.scopes[i], scope)
}

func (p *pipPackage) origin() pySource {
	switch {
	case p.Git != "":
		return pySource{kind: fromGit, url: p.Git, commit: p.Ref}
	case strings.Contains(p.File, "://") && !strings.HasPrefix(p.File, "file:"):
		return pySource{kind: fromURL, url: p.File}
	case p.File != "":
		return pySource{kind: fromFile, url: p.File}
	case p.Path != "" && isArchive(p.Path):
		return pySource{kind: fromFile, url: p.Path}
	case p.Path != "":
		return pySource{kind: fromFolder, url: p.Path}
	}
	return pySource{}
}

// source tells the lockfile. It does not say which package needs which: what a
// Pipfile beside it does not ask for is needed by something that it asks for.
func (s *pipSource) source() bom.Source {
	s.because("the lockfile does not say which package needs which", "")
	direct := s.direct()
	for i := range s.out.Components {
		if direct == nil || direct[bom.NormalPyPI(s.out.Components[i].Name)] {
			s.out.Attached = append(s.out.Attached, i)
		}
	}
	return s.stated(s.scopes)
}

// direct returns the names that the Pipfile asks for, nil if there is none.
func (s *pipSource) direct() map[string]bool {
	file := path.Join(s.dir, "Pipfile")
	if !s.t.exists(file) {
		return nil
	}
	var lists map[string]any
	data, err := readFile(s.t.root, file, min(maxManifest, s.t.limits.File))
	if err == nil {
		data, err = plainText(data)
	}
	if err == nil {
		err = readTOML(data, &lists)
	}
	if err != nil {
		s.because("manifests that could not be read", file+" ("+oneLine(err)+")")
		return nil
	}
	out := map[string]bool{}
	for _, section := range sortedKeys(lists) {
		table, ok := lists[section].(map[string]any)
		if !ok || slices.Contains([]string{"requires", "scripts", "pipenv"}, section) {
			continue
		}
		for name := range table {
			out[bom.NormalPyPI(name)] = true
		}
	}
	return out
}
