// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"fmt"
	"path"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/bom"
)

// findNpm reads every npm lockfile, and names the manifests that have
// dependencies and no lockfile of any kind.
func findNpm(t *tree, found []string) []bom.Source {
	var sources []bom.Source
	locked := map[string]bool{} // folders whose package.json some lockfile covers
	for _, p := range found {
		dir, name := path.Split(p)
		dir = path.Clean(dir)
		switch name {
		case "package.json":
			continue
		case "package-lock.json":
			if slices.Contains(found, path.Join(dir, "npm-shrinkwrap.json")) {
				t.note("%s: npm reads npm-shrinkwrap.json in its place", p)
				continue
			}
		}
		locked[dir] = true
		lock, err := readNpmLock(t, p)
		if err != nil {
			sources = append(sources, unreadable(p, "npm", err))
			continue
		}
		for i := range lock.packages {
			locked[path.Join(dir, lock.packages[i].at)] = true
		}
		sources = append(sources, lock.source(t))
	}
	return append(sources, unlocked(t, found, locked)...)
}

// unlocked names each package.json that asks for packages no lockfile pins.
func unlocked(t *tree, found []string, locked map[string]bool) []bom.Source {
	var sources []bom.Source
	other := map[string]bool{}
	for _, p := range found {
		if path.Base(p) != "package.json" || locked[path.Dir(p)] || otherLock(t, path.Dir(p), other) {
			continue
		}
		m, err := readManifest(t, p)
		if err != nil {
			sources = append(sources, unreadable(p, "npm", err))
		} else if len(m.Dependencies)+len(m.OptionalDependencies)+len(m.DevDependencies) > 0 {
			sources = append(sources, unreadable(p, "npm",
				fmt.Errorf("has dependencies and no lockfile: run npm install --package-lock-only")))
		}
	}
	return sources
}

// otherLock reports whether another package manager's lockfile stands in the
// folder or above it; that one is named by itself. known holds the answers for
// the folders that were asked about.
func otherLock(t *tree, dir string, known map[string]bool) bool {
	if has, ok := known[dir]; ok {
		return has
	}
	has := slices.ContainsFunc([]string{"pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb", "deno.lock"},
		func(name string) bool { return t.seen[path.Join(dir, name)] })
	if !has && dir != "." {
		has = otherLock(t, path.Dir(dir), known)
	}
	known[dir] = has
	return has
}

// A manifest is a package.json, as far as it is read.
type manifest struct {
	Name                 string         `json:"name"`
	License              jsontext.Value `json:"license"`
	Licenses             jsontext.Value `json:"licenses"`
	Dependencies         requirements   `json:"dependencies"`
	DevDependencies      requirements   `json:"devDependencies"`
	OptionalDependencies requirements   `json:"optionalDependencies"`
}

// maxManifest is how long a package.json may be, in bytes.
const maxManifest = 8 << 20

func readManifest(t *tree, p string) (manifest, error) {
	var m manifest
	data, err := readFile(t.root, p, min(maxManifest, t.limits.File))
	if err == nil {
		data, err = plainText(data)
	}
	if err == nil {
		err = decodeJSON(data, &m)
	}
	return m, err
}

// licences returns what a manifest says of its licence: a string, or one of
// the forms npm has long warned about, {"type": …} and a list of those.
func (m *manifest) licences() []bom.Licence {
	if list := licenceNames(m.License); len(list) > 0 {
		return list
	}
	return licenceNames(m.Licenses)
}

func licenceNames(v jsontext.Value) []bom.Licence {
	var name string
	var object struct {
		Type string `json:"type"`
	}
	var list []jsontext.Value
	switch v.Kind() {
	case '"':
		_ = decodeJSON(v, &name)
	case '{':
		_ = decodeJSON(v, &object)
		name = object.Type
	case '[':
		_ = decodeJSON(v, &list)
		var out []bom.Licence
		for _, item := range list {
			if item.Kind() != '[' {
				out = append(out, licenceNames(item)...)
			}
		}
		return out
	}
	if name == "" {
		return nil
	}
	return []bom.Licence{bom.ParseLicence(name)}
}
