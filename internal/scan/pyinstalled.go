// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"io/fs"
	"path"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// findInstalled lists what lies in a virtual environment beside the lockfile:
// the folder of each package's metadata, by NAME@VERSION.
func (g *pyGraph) findInstalled() map[string]string {
	found := map[string]string{}
	for _, env := range []string{".venv", "venv"} {
		for _, site := range g.sites(path.Join(g.dir, env)) {
			entries, err := fs.ReadDir(g.t.root, site)
			if err != nil {
				continue
			}
			for _, e := range entries {
				stem, ok := strings.CutSuffix(e.Name(), ".dist-info")
				name, version, split := strings.Cut(stem, "-")
				key := bom.NormalPyPI(name) + "@" + version
				if ok && split && e.IsDir() && found[key] == "" {
					found[key] = path.Join(site, e.Name())
				}
			}
		}
	}
	return found
}

// sites are the folders of a virtual environment that packages lie in.
func (g *pyGraph) sites(env string) []string {
	info, err := fs.Lstat(g.t.root, env)
	if !validPath(env) || err != nil || !info.IsDir() {
		return nil
	}
	sites := []string{path.Join(env, "Lib/site-packages")}
	entries, err := fs.ReadDir(g.t.root, path.Join(env, "lib"))
	if err != nil {
		return sites
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), "python3") {
			sites = append(sites, path.Join(env, "lib", e.Name(), "site-packages"))
		}
	}
	return sites
}

// licenceOf reads what an installed package says of its licence
// (https://packaging.python.org/specifications/core-metadata).
func (g *pyGraph) licenceOf(name, version string) []bom.Licence {
	dir, ok := g.installed[bom.NormalPyPI(name)+"@"+version]
	if !ok {
		return nil
	}
	file := path.Join(dir, "METADATA")
	data, err := readFile(g.t.root, file, maxLicence)
	if err != nil {
		return nil
	}
	expression, free := "", ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break // the description follows
		}
		if text, ok := strings.CutPrefix(line, "License-Expression: "); ok {
			expression = text
		} else if text, ok := strings.CutPrefix(line, "License: "); ok {
			free = text
		}
	}
	if expression == "" {
		expression = free
	}
	if expression = strings.TrimSpace(expression); expression == "" || expression == "UNKNOWN" || len(expression) > maxLicenceName {
		return nil
	}
	l := bom.ParseLicence(strings.ToValidUTF8(expression, "\uFFFD"))
	l.File = printable(file)
	return []bom.Licence{l}
}

// maxLicenceName is how long what a package calls its licence may be, in
// bytes: some put the whole text there.
const maxLicenceName = 200
