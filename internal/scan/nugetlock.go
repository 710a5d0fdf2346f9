// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A nugetEntry is a package of one framework of a packages.lock.json
// (https://github.com/NuGet/Home/wiki/Enable-repeatable-package-restore-using-lock-file).
type nugetEntry struct {
	name string
	line int

	Type         string `json:"type"` // Direct, Transitive, CentralTransitive, Project
	Requested    string `json:"requested"`
	Resolved     string `json:"resolved"`
	ContentHash  string `json:"contentHash"`
	Dependencies wants  `json:"dependencies"`
}

// A nugetSection is one framework, or one framework on one platform, of which
// only what differs is listed.
type nugetSection struct {
	framework string
	entries   []nugetEntry
}

// nugetJSON reads a JSON document of NuGet, which has a version that is one of
// some, member by member.
func nugetJSON(t *tree, p string, versions []int, member func(d *npmDecoder, name string) error) error {
	data, err := t.read(p)
	if err != nil {
		return err
	}
	if err := checkDepth(data); err != nil {
		return err
	}
	d := &npmDecoder{data: data, dec: jsontext.NewDecoder(bytes.NewBuffer(data)), limit: t.limits.Packages}
	version := 0
	err = d.object(func(name string) error {
		if name == "version" {
			return json.UnmarshalDecode(d.dec, &version)
		}
		return member(d, name)
	})
	if err != nil {
		return located(data, err)
	}
	if len(bytes.TrimSpace(data[d.dec.InputOffset():])) > 0 {
		return errors.New("something follows the end of the JSON")
	}
	for _, v := range versions {
		if v == version {
			return nil
		}
	}
	return fmt.Errorf("version %d; have %s", version, strings.Trim(fmt.Sprint(versions), "[]"))
}

// readLock reads a packages.lock.json of version 1, or 2, which has central
// versions too.
func (g *nugetGraph) readLock(p string) error {
	var sections []nugetSection
	count := 0
	err := nugetJSON(g.t, p, []int{1, 2}, func(d *npmDecoder, name string) error {
		if name != "dependencies" {
			return d.dec.SkipValue()
		}
		return d.object(func(framework string) error {
			s := nugetSection{framework: framework}
			err := d.object(func(name string) error {
				if count++; count > d.limit {
					return fmt.Errorf("more than %d packages", d.limit)
				}
				e := nugetEntry{name: name, line: d.line()}
				if name == "" {
					return errors.New("a package without a name")
				}
				err := json.UnmarshalDecode(d.dec, &e)
				s.entries = append(s.entries, e)
				return err
			})
			sections = append(sections, s)
			return err
		})
	})
	if err != nil {
		return err
	}
	g.sections(sections)
	return nil
}

// sections adds the packages of every framework, and then what they need.
func (g *nugetGraph) sections(sections []nugetSection) {
	longest := 0
	for _, s := range sections {
		longest = max(longest, len(s.entries))
	}
	g.expect(longest)
	at := map[string]map[string]int{} // by framework, by name in lower case
	for _, s := range sections {
		at[s.framework] = map[string]int{}
		for i := range s.entries {
			at[s.framework][strings.ToLower(s.entries[i].name)] = g.entry(s.framework, &s.entries[i])
		}
	}
	for _, s := range sections {
		base, _, _ := strings.Cut(s.framework, "/")
		used := map[string]bool{}
		for i := range s.entries {
			for _, dep := range s.entries[i].Dependencies {
				used[strings.ToLower(dep.name)] = true
			}
		}
		for i := range s.entries {
			e := &s.entries[i]
			from := at[s.framework][strings.ToLower(e.name)]
			// Of projects the file does not say which are asked for directly.
			if e.Type == "Direct" || e.Type == "Project" && !used[strings.ToLower(e.name)] {
				g.edge(g.root, from, needed)
			}
			for _, dep := range e.Dependencies {
				name := strings.ToLower(dep.name)
				to, ok := at[s.framework][name]
				if !ok {
					to, ok = at[base][name]
				}
				if ok {
					g.edge(from, to, needed)
				} else {
					g.missing(dep.name, from)
				}
			}
		}
	}
}

func (g *nugetGraph) entry(framework string, e *nugetEntry) int {
	if e.Type == "Project" {
		return g.projectCalled(e.name, e.line)
	}
	if e.Resolved == "" {
		g.because("packages without a version", e.name)
	}
	return g.pkg(nugetPackage{name: e.name, version: e.Resolved, line: e.line, hash: e.ContentHash, framework: framework})
}
