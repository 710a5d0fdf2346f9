// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/bom"
)

// An npmLock is a package-lock.json or npm-shrinkwrap.json of version 1 to 3
// (npm help package-lock-json).
type npmLock struct {
	path     string
	name     string
	version  string
	packages []npmPackage
	old      bool // of version 1, or of none
	rootless bool // old, and there is no package.json beside it
}

// An npmPackage is one entry of "packages": a package in the place where npm
// puts it.
type npmPackage struct {
	at   string // "" the root, "node_modules/a", "packages/w"
	line int

	Name             string         `json:"name"` // only if it is not the last part of at
	Version          string         `json:"version"`
	Resolved         string         `json:"resolved"`
	Integrity        string         `json:"integrity"`
	Link             bool           `json:"link"`
	Dev              bool           `json:"dev"`
	Optional         bool           `json:"optional"`
	DevOptional      bool           `json:"devOptional"`
	Extraneous       bool           `json:"extraneous"`
	InBundle         bool           `json:"inBundle"`
	HasInstallScript bool           `json:"hasInstallScript"`
	Deprecated       jsontext.Value `json:"deprecated"`
	License          jsontext.Value `json:"license"`
	Dependencies     requirements   `json:"dependencies"`
	DevDependencies  requirements   `json:"devDependencies"`
	OptionalDeps     requirements   `json:"optionalDependencies"`
	PeerDependencies requirements   `json:"peerDependencies"`
	Workspaces       jsontext.Value `json:"workspaces"`
}

// A requirement is one line of a dependency list: the name it goes by, and
// whether a URL and not a version says which package it is.
type requirement struct {
	name string
	url  bool
}

// requirements are a dependency list in the order of the file.
type requirements []requirement

// UnmarshalJSONFrom reads {"name": "specification", …}. It keeps no
// specification: the lockfile already says what each one came to.
func (r *requirements) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind() != '{' {
		return skipOld(dec, tok.Kind())
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		req := requirement{name: name.String()}
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		req.url = bytes.Contains(value, []byte("://"))
		*r = append(*r, req)
	}
	_, err = dec.ReadToken()
	return err
}

// skipOld reads past what is not a dependency list: some published packages
// have an empty list in its place, which npm takes for none.
func skipOld(dec *jsontext.Decoder, kind jsontext.Kind) error {
	if kind != '[' {
		return nil
	}
	for dec.PeekKind() != ']' {
		if err := dec.SkipValue(); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// readNpmLock reads a lockfile, package by package, so that one of 200 000
// packages needs little more memory than the file itself.
func readNpmLock(t *tree, p string) (*npmLock, error) {
	data, err := t.read(p)
	if err != nil {
		return nil, err
	}
	if err := checkDepth(data); err != nil {
		return nil, err
	}
	d := npmDecoder{data: data, dec: jsontext.NewDecoder(bytes.NewBuffer(data)), limit: t.limits.Packages}
	lock := &npmLock{path: p}
	version, err := d.document(lock)
	if err != nil {
		return nil, located(data, err)
	}
	switch {
	case version == 1 || lock.old && version == 0:
		lock.addOldRoot(t)
	case version < 1 || version > 3:
		return nil, fmt.Errorf("lockfileVersion %d; have 1 to 3", version)
	case lock.packages == nil:
		return nil, errors.New(`no "packages"`)
	}
	return lock, nil
}

// An npmDecoder walks through a lockfile.
type npmDecoder struct {
	data  []byte
	dec   *jsontext.Decoder
	limit int

	again   *rereading // in place of data, of a long file
	counted int64      // how far lines are counted
	lines   int
}

// document reads the whole file and returns its lockfileVersion.
func (d *npmDecoder) document(lock *npmLock) (version int, err error) {
	err = d.object(func(name string) error {
		switch name {
		case "lockfileVersion":
			return json.UnmarshalDecode(d.dec, &version)
		case "name":
			return json.UnmarshalDecode(d.dec, &lock.name)
		case "version":
			return json.UnmarshalDecode(d.dec, &lock.version)
		case "dependencies":
			if version > 1 || lock.packages != nil {
				return d.dec.SkipValue() // a copy for npm 6
			}
			lock.old = true
			return d.oldPackages(lock, "", 1)
		case "packages":
			if lock.old {
				return errors.New(`both "dependencies" and "packages", and no lockfileVersion before them`)
			}
			lock.packages = make([]npmPackage, 0, d.estimate())
			return d.object(func(at string) error { return d.pkg(lock, at) })
		default:
			return d.dec.SkipValue()
		}
	})
	if err != nil {
		return 0, err
	}
	if _, err := d.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return 0, errors.New("something follows the end of the JSON")
	}
	return version, nil
}

// estimate is about how many packages there are, so that the list need not
// grow, which would hold it twice for a moment.
func (d *npmDecoder) estimate() int {
	return min(d.limit, 1+bytes.Count(d.data, []byte(`"node_modules/`)))
}

// array calls element for every element of a list.
func (d *npmDecoder) array(element func() error) error {
	tok, err := d.dec.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind() != '[' {
		return errors.New("a list is something else")
	}
	for d.dec.PeekKind() != ']' {
		if err := element(); err != nil {
			return err
		}
	}
	_, err = d.dec.ReadToken()
	return err
}

// object reads an object and calls member after each name; member must read
// the value.
func (d *npmDecoder) object(member func(name string) error) error {
	tok, err := d.dec.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind() != '{' {
		return fmt.Errorf("%s where an object should be", tok.Kind())
	}
	for d.dec.PeekKind() != '}' {
		name, err := d.dec.ReadToken()
		if err != nil {
			return err
		}
		if err := member(name.String()); err != nil {
			return err
		}
	}
	_, err = d.dec.ReadToken()
	return err
}

func (d *npmDecoder) pkg(lock *npmLock, at string) error {
	if len(lock.packages) >= d.limit {
		return fmt.Errorf("more than %d packages", d.limit)
	}
	pkg := npmPackage{at: at, line: d.line()}
	if err := json.UnmarshalDecode(d.dec, &pkg); err != nil {
		return fmt.Errorf("package %q: %w", at, err)
	}
	pkg.Deprecated, pkg.License, pkg.Workspaces = bytes.Clone(pkg.Deprecated), bytes.Clone(pkg.License), bytes.Clone(pkg.Workspaces)
	if at != path.Clean(at) && at != "" || strings.HasPrefix(at, "/") || strings.Contains(at, `\`) {
		return fmt.Errorf("package %q: not a relative path in its plain form", at)
	}
	if err := pkg.checkVersion(); err != nil {
		return err
	}
	lock.packages = append(lock.packages, pkg)
	return nil
}

func (p *npmPackage) checkVersion() error {
	if utf8.RuneCountInString(p.Version) > bom.MaxVersion {
		return fmt.Errorf("package %q: a version of over %d characters", p.at, bom.MaxVersion)
	}
	return nil
}

// line returns the line the decoder has come to.
func (d *npmDecoder) line() int {
	offset := d.dec.InputOffset()
	if d.again != nil {
		d.lines += d.again.lines(offset)
		return d.lines + 1
	}
	d.lines += bytes.Count(d.data[d.counted:offset], []byte("\n"))
	d.counted = offset
	return d.lines + 1
}

// nextLine returns the line on which the next element of a list begins.
func (d *npmDecoder) nextLine() int {
	line := d.line()
	d.dec.PeekKind() // so that it is in the buffer
	between := d.dec.UnreadBuffer()
	between = between[:len(between)-len(bytes.TrimLeft(between, " \t\r\n,"))]
	return line + bytes.Count(between, []byte("\n"))
}
