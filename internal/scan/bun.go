// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/bom"
)

// findBun reads every bun.lock. A bun.lockb is named: its format is Bun's own
// memory, which changes with Bun.
func findBun(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		if path.Base(p) == "bun.lockb" {
			if t.exists(path.Join(path.Dir(p), "bun.lock")) {
				t.note("%s: Bun reads bun.lock in its place", p)
				continue
			}
			sources = append(sources, bom.Source{Path: printable(p), Ecosystem: "bun", Lost: true,
				Reasons: []string{"a binary lockfile, which only Bun can read: run bun install --save-text-lockfile"}})
			continue
		}
		s, err := readBun(t, p)
		if err != nil {
			s = unreadable(p, "bun", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// A bunLock is a bun.lock (https://bun.com/docs/pm/lockfile), JSON with
// comments and trailing commas.
type bunLock struct {
	projects []bunProject
	packages []bunPackage
}

// A bunProject is a folder of the tree, relative to the lockfile.
type bunProject struct {
	folder string
	line   int

	Name            string   `json:"name"`
	Version         string   `json:"version"`
	Dependencies    wants    `json:"dependencies"`
	DevDependencies wants    `json:"devDependencies"`
	OptionalDeps    wants    `json:"optionalDependencies"`
	Peers           wants    `json:"peerDependencies"`
	OptionalPeers   []string `json:"optionalPeers"`
}

// A bunPackage is one entry of "packages": NAME@VERSION, then, by kind of
// package, its registry, what it depends on, and its digest.
type bunPackage struct {
	key  string // where it is installed: "a", "a/b" for the b of a
	line int

	id        string
	registry  string
	integrity string
	info      bunProject
}

// maxBunKey is how long a key may be, in bytes: it is looked for once for each
// of its parts.
const maxBunKey = 2048

func readBun(t *tree, p string) (bom.Source, error) {
	data, err := t.read(p)
	if err != nil {
		return bom.Source{}, err
	}
	data = plainJSON(data)
	if err := checkDepth(data); err != nil {
		return bom.Source{}, err
	}
	d := npmDecoder{data: data, dec: jsontext.NewDecoder(bytes.NewBuffer(data)), limit: t.limits.Packages}
	lock := &bunLock{}
	if err := lock.document(&d); err != nil {
		return bom.Source{}, errors.New(shown(oneLine(located(data, err))))
	}
	return lock.source(t, p), nil
}

func (l *bunLock) document(d *npmDecoder) error {
	version := -1
	err := d.object(func(name string) error {
		switch name {
		case "lockfileVersion":
			return json.UnmarshalDecode(d.dec, &version)
		case "workspaces":
			return d.object(func(folder string) error { return l.project(d, folder) })
		case "packages":
			return d.object(func(key string) error { return l.pkg(d, key) })
		}
		return d.dec.SkipValue()
	})
	if err != nil {
		return err
	}
	if version < 0 || version > 2 {
		return fmt.Errorf("lockfileVersion %d; have 0 to 2", version)
	}
	if len(bytes.TrimSpace(d.data[d.dec.InputOffset():])) > 0 {
		return errors.New("something follows the end of the JSON")
	}
	return nil
}

func (l *bunLock) project(d *npmDecoder, folder string) error {
	p := bunProject{folder: path.Clean(folder), line: d.line()}
	if path.IsAbs(p.folder) || strings.Contains(folder, `\`) {
		return fmt.Errorf("workspace %q: not a relative path", folder)
	}
	if len(l.projects) >= d.limit {
		return fmt.Errorf("more than %d workspaces", d.limit)
	}
	if err := json.UnmarshalDecode(d.dec, &p); err != nil {
		return fmt.Errorf("workspace %q: %w", folder, err)
	}
	l.projects = append(l.projects, p)
	return nil
}

// pkg reads one entry: the first text is what it is, the object what it
// depends on, a text of the form of a digest the digest, and any other one
// behind a package of a registry the registry.
func (l *bunLock) pkg(d *npmDecoder, key string) error {
	if len(l.packages) >= d.limit {
		return fmt.Errorf("more than %d packages", d.limit)
	}
	if len(key) > maxBunKey {
		return fmt.Errorf("a key of over %d characters", maxBunKey)
	}
	p := bunPackage{key: key, line: d.line()}
	if d.dec.PeekKind() != '[' {
		return fmt.Errorf("package %q: %s where a list should be", key, d.dec.PeekKind())
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	for i := 0; d.dec.PeekKind() != ']'; i++ {
		if err := p.part(d, i); err != nil {
			return fmt.Errorf("package %q: %w", key, err)
		}
	}
	if p.id == "" {
		return fmt.Errorf("package %q: an empty entry", key)
	}
	l.packages = append(l.packages, p)
	_, err := d.dec.ReadToken()
	return err
}

func (p *bunPackage) part(d *npmDecoder, i int) error {
	switch d.dec.PeekKind() {
	case '{':
		return json.UnmarshalDecode(d.dec, &p.info)
	case '"':
		tok, err := d.dec.ReadToken()
		if err != nil {
			return err
		}
		text := tok.String()
		switch _, err := parseSRI(strings.SplitN(text, " ", 2)[0]); {
		case i == 0:
			p.id = text
		case err == nil:
			p.integrity = text
		case i == 1:
			p.registry = text
		}
		return nil
	}
	return d.dec.SkipValue()
}

// plainJSON overwrites comments, and commas before a closing bracket, with
// spaces, so that every line and column stays where it was.
func plainJSON(data []byte) []byte {
	out := bytes.Clone(data)
	comma := -1 // the last one, if nothing but white space followed
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case c == '"':
			for i++; i < len(out) && out[i] != '"'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
			comma = -1
		case c == '/' && i+1 < len(out) && (out[i+1] == '/' || out[i+1] == '*'):
			i = blankComment(out, i)
		case c == ',':
			comma = i
		case (c == '}' || c == ']') && comma >= 0:
			out[comma] = ' '
			comma = -1
		case c != ' ' && c != '\t' && c != '\n' && c != '\r':
			comma = -1
		}
	}
	return out
}

// blankComment overwrites the comment that begins at i and returns its end.
func blankComment(out []byte, i int) int {
	end := bytes.IndexByte(out[i:], '\n')
	if out[i+1] == '*' {
		if end = bytes.Index(out[i+2:], []byte("*/")); end >= 0 {
			end += 4
		}
	}
	if end < 0 {
		end = len(out) - i
	}
	for j := i; j < i+end; j++ {
		if out[j] != '\n' {
			out[j] = ' '
		}
	}
	return i + end - 1
}
