// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/bom"
)

// findDeno reads every deno.lock.
func findDeno(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	for _, p := range found {
		s, err := readDeno(t, p)
		if err != nil {
			s = unreadable(p, "deno", err)
		}
		sources = append(sources, s)
	}
	return sources
}

// A denoLock is a deno.lock of version 3, 4 or 5
// (https://docs.deno.com/runtime/fundamentals/modules/#integrity-checking-and-lock-files).
type denoLock struct {
	version    int
	specifiers []want // "npm:chalk@5" → "5.0.1"
	packages   []denoPackage
	remote     []denoFile
	workspace  denoWorkspace
}

// A denoPackage is one entry of "npm" or "jsr".
type denoPackage struct {
	jsr  bool
	key  string // NAME@VERSION, with _ and the peers of an npm package
	line int

	Integrity    string         `json:"integrity"`
	Tarball      string         `json:"tarball"`
	Deprecated   jsontext.Value `json:"deprecated"`
	Scripts      bool           `json:"scripts"`
	Dependencies denoDeps       `json:"dependencies"`
	Optional     denoDeps       `json:"optionalDependencies"`
	Peers        denoDeps       `json:"optionalPeers"`
}

// A denoFile is a module that is fetched by its address.
type denoFile struct {
	url, digest string
	line        int
}

// A denoWorkspace is what the projects ask for, each one as a specifier.
type denoWorkspace struct {
	denoMember
	Members map[string]denoMember `json:"members"`
}

type denoMember struct {
	Dependencies []string `json:"dependencies"`
	PackageJSON  struct {
		Dependencies []string `json:"dependencies"`
	} `json:"packageJson"`
}

// denoDeps is a list of what a package depends on: ["b", "c@1.0.0"] or, before
// version 4, {"b": "b@1.0.0"}.
type denoDeps []string

// UnmarshalJSONFrom reads either form as the second one's values.
func (d *denoDeps) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '{' {
		return json.UnmarshalDecode(dec, (*[]string)(d))
	}
	var list wants
	if err := json.UnmarshalDecode(dec, &list); err != nil {
		return err
	}
	for _, w := range list {
		ref := w.spec
		if name, _, _ := cutName(w.spec); name != w.name {
			ref = w.name + "@npm:" + w.spec // an alias, as version 4 writes it
		}
		*d = append(*d, ref)
	}
	return nil
}

func readDeno(t *tree, p string) (bom.Source, error) {
	data, err := t.read(p)
	if err != nil {
		return bom.Source{}, err
	}
	if err := checkDepth(data); err != nil {
		return bom.Source{}, err
	}
	d := &npmDecoder{data: data, dec: jsontext.NewDecoder(bytes.NewBuffer(data)), limit: t.limits.Packages}
	lock := &denoLock{}
	if err := lock.document(d); err != nil {
		// Where in the JSON it was, the error would tell by names; here they are
		// addresses.
		why, _, _ := strings.Cut(located(data, err).Error(), " within ")
		return bom.Source{}, errors.New(shown(why))
	}
	return lock.source(t, p), nil
}

func (l *denoLock) document(d *npmDecoder) error {
	err := d.object(func(name string) error {
		if name == "version" {
			return l.readVersion(d)
		}
		if name == "packages" { // version 3 has its packages in here
			return d.object(func(name string) error { return l.section(d, name) })
		}
		return l.section(d, name)
	})
	if err != nil {
		return err
	}
	if err := l.checkVersion(); err != nil {
		return err
	}
	if len(bytes.TrimSpace(d.data[d.dec.InputOffset():])) > 0 {
		return errors.New("something follows the end of the JSON")
	}
	return nil
}

func (l *denoLock) readVersion(d *npmDecoder) error {
	var text string
	if err := json.UnmarshalDecode(d.dec, &text); err != nil {
		return err
	}
	version, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("version %.20q; have 3 to 5", text)
	}
	l.version = version
	return l.checkVersion()
}

func (l *denoLock) checkVersion() error {
	if l.version < 3 || l.version > 5 {
		return fmt.Errorf("version %d; have 3 to 5", l.version)
	}
	return nil
}

func (l *denoLock) section(d *npmDecoder, name string) error {
	switch name {
	case "specifiers":
		return json.UnmarshalDecode(d.dec, (*wants)(&l.specifiers))
	case "npm", "jsr":
		return d.object(func(key string) error { return l.pkg(d, key, name == "jsr") })
	case "remote":
		return d.object(func(url string) error { return l.file(d, url) })
	case "workspace":
		return json.UnmarshalDecode(d.dec, &l.workspace)
	}
	return d.dec.SkipValue()
}

func (l *denoLock) pkg(d *npmDecoder, key string, jsr bool) error {
	if len(l.packages) >= d.limit {
		return fmt.Errorf("more than %d packages", d.limit)
	}
	p := denoPackage{key: key, jsr: jsr, line: d.line()}
	if err := json.UnmarshalDecode(d.dec, &p); err != nil {
		return fmt.Errorf("package %q: %w", shown(key), err)
	}
	p.Deprecated = bytes.Clone(p.Deprecated)
	if _, version, ok := cutName(key); !ok || version == "" {
		return fmt.Errorf("package %q: not of the form NAME@VERSION", shown(key))
	}
	l.packages = append(l.packages, p)
	return nil
}

func (l *denoLock) file(d *npmDecoder, url string) error {
	if len(l.remote) >= d.limit {
		return fmt.Errorf("more than %d files", d.limit)
	}
	f := denoFile{url: url, line: d.line()}
	if err := json.UnmarshalDecode(d.dec, &f.digest); err != nil {
		return fmt.Errorf("file %q: %w", shown(url), err)
	}
	l.remote = append(l.remote, f)
	return nil
}

// specifier is a text such as npm:@a/b@^1.0.0 in its parts.
type specifier struct{ kind, name, constraint string }

func parseSpecifier(s string) (specifier, bool) {
	kind, rest, ok := strings.Cut(s, ":")
	if !ok || kind != "npm" && kind != "jsr" {
		return specifier{}, false
	}
	name, constraint, _ := cutName(strings.TrimPrefix(rest, "/"))
	return specifier{kind, name, constraint}, true
}
