// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
)

// nugetAssets is a project.assets.json: what the last restore came to. It has
// absolute paths and the addresses of package sources, which are not read.
type nugetAssets struct {
	targets   []nugetTarget
	libraries map[string]nugetLibrary // by NAME/VERSION
	groups    map[string][]string     // by framework: "NAME >= VERSION"
}

// A nugetTarget is one framework, or one framework on one platform.
type nugetTarget struct {
	framework string
	entries   []nugetTargetEntry
}

type nugetTargetEntry struct {
	key  string // NAME/VERSION
	line int

	Type         string `json:"type"` // package, project
	Dependencies wants  `json:"dependencies"`
}

type nugetLibrary struct {
	SHA512 string `json:"sha512"`
}

// readAssets reads a project.assets.json of version 3.
func (g *nugetGraph) readAssets(p string) error {
	a := nugetAssets{libraries: map[string]nugetLibrary{}}
	count := 0
	err := nugetJSON(g.t, p, []int{3, 4}, func(d *npmDecoder, name string) error {
		switch name {
		case "targets":
			return d.object(func(framework string) error {
				target := nugetTarget{framework: framework}
				err := d.object(func(key string) error {
					if count++; count > d.limit {
						return fmt.Errorf("more than %d packages", d.limit)
					}
					e := nugetTargetEntry{key: key, line: d.line()}
					if name, _, _ := strings.Cut(key, "/"); name == "" {
						return errors.New("a package without a name")
					}
					err := json.UnmarshalDecode(d.dec, &e)
					target.entries = append(target.entries, e)
					return err
				})
				a.targets = append(a.targets, target)
				return err
			})
		case "libraries":
			return d.object(func(key string) error {
				var l nugetLibrary
				if err := json.UnmarshalDecode(d.dec, &l); err != nil {
					return err
				}
				a.libraries[key] = l
				return nil
			})
		case "projectFileDependencyGroups":
			return json.UnmarshalDecode(d.dec, &a.groups)
		}
		return d.dec.SkipValue()
	})
	if err != nil {
		return err
	}
	g.assets(&a)
	return nil
}

// assets adds the packages of every framework, what they need, and what the
// project file asks for.
func (g *nugetGraph) assets(a *nugetAssets) {
	direct := map[string]bool{} // by "framework/name in lower case"
	for framework, list := range a.groups {
		for _, text := range list {
			name, _, _ := strings.Cut(strings.TrimSpace(text), " ")
			direct[framework+"/"+strings.ToLower(name)] = true
		}
	}
	for _, target := range a.targets {
		base, _, _ := strings.Cut(target.framework, "/")
		_, grouped := a.groups[base]
		at := map[string]int{}
		for i := range target.entries {
			at[target.entries[i].name()] = g.target(a, target.framework, &target.entries[i])
		}
		for i := range target.entries {
			e := &target.entries[i]
			from := at[e.name()]
			if direct[base+"/"+e.name()] || !grouped && isDirect(a.groups, e.name()) {
				g.edge(g.root, from, needed)
			}
			for _, dep := range e.Dependencies {
				if to, ok := at[strings.ToLower(dep.name)]; ok {
					g.edge(from, to, needed)
				} else {
					g.missing(dep.name, from)
				}
			}
		}
	}
}

// isDirect reports whether the project asks for a package in any framework.
// It is for files that write a framework in two ways.
func isDirect(groups map[string][]string, name string) bool {
	for _, list := range groups {
		for _, text := range list {
			if first, _, _ := strings.Cut(strings.TrimSpace(text), " "); strings.EqualFold(first, name) {
				return true
			}
		}
	}
	return false
}

func (e *nugetTargetEntry) name() string {
	name, _, _ := strings.Cut(e.key, "/")
	return strings.ToLower(name)
}

func (g *nugetGraph) target(a *nugetAssets, framework string, e *nugetTargetEntry) int {
	name, version, _ := strings.Cut(e.key, "/")
	if e.Type == "project" {
		return g.projectCalled(name, e.line)
	}
	if version == "" {
		g.because("packages without a version", name)
	}
	return g.pkg(nugetPackage{name: name, version: version, line: e.line, hash: a.libraries[e.key].SHA512, framework: framework})
}
