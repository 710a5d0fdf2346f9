// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"fmt"
	"path"
	"strings"

	"github.com/go-json-experiment/json"
)

// Lockfiles of npm 6 and before (version 1, or none in an npm-shrinkwrap.json)
// have "dependencies" in place of "packages": a tree of the folders under
// node_modules. They are read as what npm 7 would have written, except for the
// project itself, which only package.json tells.

// oldPackages reads one "dependencies" object, that of the folder at a place.
func (d *npmDecoder) oldPackages(lock *npmLock, at string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("packages nested more than %d deep", maxDepth)
	}
	return d.object(func(name string) error {
		place := path.Join(at, "node_modules", name)
		if strings.Contains(name, `\`) || place != strings.TrimPrefix(at+"/node_modules/"+name, "/") {
			return fmt.Errorf("package %q: not a relative path in its plain form", name)
		}
		return d.oldPackage(lock, place, depth)
	})
}

// oldPackage reads one package and those in its own node_modules.
func (d *npmDecoder) oldPackage(lock *npmLock, at string, depth int) error {
	if len(lock.packages) >= d.limit {
		return fmt.Errorf("more than %d packages", d.limit)
	}
	i := len(lock.packages)
	lock.packages = append(lock.packages, npmPackage{at: at, line: d.line()})
	err := d.object(func(name string) error {
		p := &lock.packages[i]
		switch name {
		case "version":
			return json.UnmarshalDecode(d.dec, &p.Version)
		case "resolved":
			return d.text(&p.Resolved)
		case "integrity":
			return json.UnmarshalDecode(d.dec, &p.Integrity)
		case "dev":
			return json.UnmarshalDecode(d.dec, &p.Dev)
		case "optional":
			return json.UnmarshalDecode(d.dec, &p.Optional)
		case "bundled":
			return json.UnmarshalDecode(d.dec, &p.InBundle)
		case "requires":
			if d.dec.PeekKind() != '{' {
				return d.dec.SkipValue() // "requires": true
			}
			return json.UnmarshalDecode(d.dec, &p.Dependencies)
		case "dependencies":
			return d.oldPackages(lock, at, depth+1)
		}
		return d.dec.SkipValue()
	})
	if err != nil {
		return fmt.Errorf("package %q: %w", at, err)
	}
	return lock.packages[i].tidyOld()
}

// text reads a text, and takes anything else for none: npm 5 wrote false.
func (d *npmDecoder) text(to *string) error {
	if d.dec.PeekKind() != '"' {
		return d.dec.SkipValue()
	}
	return json.UnmarshalDecode(d.dec, to)
}

// tidyOld splits what npm 6 has as the version of a package that is an alias
// or not from a registry.
func (p *npmPackage) tidyOld() error {
	v := p.Version
	switch {
	case strings.HasPrefix(v, "npm:"):
		p.Name, p.Version, _ = cutName(strings.TrimPrefix(v, "npm:"))
	case strings.HasPrefix(v, "git"), strings.HasPrefix(v, "bitbucket:"):
		where, commit, _ := strings.Cut(v, "#")
		if where = gitURL(where); !strings.HasPrefix(where, "git") {
			where = "git+" + where
		}
		p.Version, p.Resolved = "", where+"#"+commit
	case strings.HasPrefix(v, "file:"), strings.HasPrefix(v, "http://"), strings.HasPrefix(v, "https://"):
		p.Version, p.Resolved = "", v
	}
	return p.checkVersion()
}

// addOldRoot adds the project of an old lockfile, from its package.json.
func (l *npmLock) addOldRoot(t *tree) {
	g := newLockGraph(t, l.path, "npm")
	m := g.readProject(g.dir)
	if !m.there {
		l.rootless = true
		m.Name, m.Version = l.name, l.version
	}
	l.packages = append(l.packages, oldProject("", &m))
	l.addOldFolders(g)
}

// addOldFolders makes of each package that is a folder of the tree a link and
// the folder, as npm 7 has it, so that what lies in its node_modules is found.
func (l *npmLock) addOldFolders(g *lockGraph) {
	folders := map[string]string{}
	for i := range l.packages {
		p := &l.packages[i]
		folder, ok := strings.CutPrefix(p.Resolved, "file:")
		folder = path.Clean(folder)
		if !ok || folder == "." || strings.LastIndex(p.at, "node_modules/") != 0 || !validPath(path.Join(g.dir, folder)) {
			continue
		}
		m := g.readProject(path.Join(g.dir, folder))
		if !m.there {
			continue
		}
		folders[p.at] = folder
		member := oldProject(folder, &m)
		member.line = p.line
		l.packages[i] = npmPackage{at: p.at, line: p.line, Resolved: folder, Link: true}
		l.packages = append(l.packages, member)
	}
	for i := range l.packages {
		p := &l.packages[i]
		if n := strings.Index(strings.TrimPrefix(p.at, "node_modules/"), "/node_modules/"); n >= 0 {
			n += len(p.at) - len(strings.TrimPrefix(p.at, "node_modules/"))
			if folder, ok := folders[p.at[:n]]; ok {
				p.at = folder + p.at[n:]
			}
		}
	}
}

// oldProject is the entry of a folder of the tree.
func oldProject(at string, m *jsProject) npmPackage {
	p := npmPackage{
		at: at, Name: m.Name, Version: m.Version, License: m.License, Workspaces: m.Workspaces,
		Dependencies: m.Dependencies.requirements(), DevDependencies: m.Development.requirements(),
		OptionalDeps: m.Optional.requirements(),
	}
	if p.checkVersion() != nil {
		p.Version = ""
	}
	return p
}

func (w wants) requirements() requirements {
	var out requirements
	for _, x := range w {
		out = append(out, requirement{x.name, strings.Contains(x.spec, "://")})
	}
	return out
}
