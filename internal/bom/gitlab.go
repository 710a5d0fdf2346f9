// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/gateledger/gateledger/internal/arrange"
)

// GitLabLimit is how long a CycloneDX report for GitLab may be, in bytes: what
// a self-managed one takes unless somebody raised it.
const GitLabLimit = 1 << 20

// GitLabSpecs are the versions of CycloneDX that GitLab reads.
func GitLabSpecs() []string { return []string{"1.4", "1.5", "1.6"} }

// A GitLabReport is one file for GitLab's artifacts:reports:cyclonedx.
type GitLabReport struct {
	Path     string // where it stands: gl-sbom-TYPE-MANAGER.cdx.json in the folder of its lockfile
	Source   Source // the lockfile that it tells
	Part     int    // counted from 1
	Parts    int
	Document *Document
}

// GitLab makes the reports of an inventory and hands them to emit one after the
// other: one for each lockfile that names packages, more where one would be
// longer than limit bytes. They say what the property taxonomy of GitLab has
// names for. base is the folder of the repository that was scanned; edited
// returns which file people edit to change a lockfile, relative to the tree. It
// takes the inventory's components over, as New does.
func GitLab(inv Inventory, base string, limit int, edited func(Source) string, emit func(GitLabReport) error) error {
	named := map[string]int{}
	sources := slices.Clone(inv.Sources)
	arrange.Stably(sources, compareSources)
	for i, s := range sources {
		if len(s.Components) == 0 {
			continue
		}
		one := inv
		one.Subject, one.Excluded, one.Sources = Component{}, nil, []Source{s}
		one.Properties = append(slices.Clip(inv.Properties), gitLabProperties(s, plainFolder(base), edited(s))...)
		d, err := New(one)
		if err != nil {
			return err
		}
		sources[i].Components, s.Components = nil, nil // they are in the document
		d.categorize()
		err = d.Split(limit, func(p *Document, i, n int) error {
			return emit(GitLabReport{Path: gitLabName(named, s), Source: s, Part: i, Parts: n, Document: p})
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.Path, err)
		}
	}
	return nil
}

// gitLabName is the path of the next report about one kind of lockfile in one
// folder. The second and later ones have a number: a package manager can have
// several lockfiles in a folder, and one of them several parts.
func gitLabName(named map[string]int, s Source) string {
	m := managerOf(s.Ecosystem)
	name := path.Join(path.Dir(s.Path), "gl-sbom-"+m.kind+"-"+m.name)
	if named[name]++; named[name] > 1 {
		name += "-" + strconv.Itoa(named[name])
	}
	return name + ".cdx.json"
}

// gitLabProperties are what GitLab wants to know of a report as a whole
// (https://docs.gitlab.com/development/sec/cyclonedx_property_taxonomy). That a
// package is for production goes without saying.
func gitLabProperties(s Source, base, edited string) []Property {
	const scanning = "gitlab:dependency_scanning:"
	m := managerOf(s.Ecosystem)
	out := []Property{
		{Name: "gitlab:meta:schema_version", Value: "1"},
		{Name: scanning + "input_file:path", Value: base + s.Path},
		{Name: scanning + "source_file:path", Value: base + edited},
		{Name: scanning + "package_manager:name", Value: m.name},
	}
	if m.language != "" {
		out = append(out, Property{Name: scanning + "language:name", Value: m.language})
	}
	return out
}

// categorize says of what is only there to develop that it is.
func (d *Document) categorize() {
	for i := range d.components {
		if c := d.components[i].Component; c.Scope == Excluded {
			c.Properties = append(slices.Clip(c.Properties),
				Property{Name: "gitlab:dependency_scanning:category", Value: "development"})
		}
	}
}

// A manager is a package manager as GitLab calls it.
type manager struct {
	kind     string // of its packages
	name     string
	language string // empty: of none
	edited   []string
}

// managerOf returns the package manager whose lockfiles an ecosystem has. One
// that GitLab has no name for keeps its own.
func managerOf(ecosystem string) manager {
	if m, ok := managers()[ecosystem]; ok {
		return m
	}
	return manager{ecosystem, ecosystem, "", nil}
}

func managers() map[string]manager {
	const js = "JavaScript"
	manifest, project := []string{"package.json"}, []string{"pyproject.toml"}
	return map[string]manager{
		"bun":      {"npm", "bun", js, manifest},
		"cargo":    {"cargo", "cargo", "Rust", []string{"Cargo.toml"}},
		"composer": {"packagist", "composer", "PHP", []string{"composer.json"}},
		"deno":     {"npm", "deno", js, []string{"deno.json", "deno.jsonc", "package.json"}},
		"gem":      {"gem", "bundler", "Ruby", []string{"Gemfile", "gems.rb"}},
		"go":       {"go", "go", "Go", nil},
		"gradle":   {"maven", "gradle", "Java", []string{"build.gradle.kts", "build.gradle"}},
		"maven":    {"maven", "maven", "Java", nil},
		"npm":      {"npm", "npm", js, manifest},
		"nuget":    {"nuget", "nuget", "C#", nil},
		"pdm":      {"pypi", "pdm", "Python", project},
		"pip":      {"pypi", "pip", "Python", nil},
		"pipenv":   {"pypi", "pipenv", "Python", []string{"Pipfile"}},
		"pnpm":     {"npm", "pnpm", js, manifest},
		"poetry":   {"pypi", "poetry", "Python", project},
		"uv":       {"pypi", "uv", "Python", project},
		"yarn":     {"npm", "yarn", js, manifest},
	}
}

// Edited returns the file that people edit to change a lockfile: the first of
// those that its package manager reads that exists, else the lockfile itself.
func Edited(s Source, exists func(path string) bool) string {
	for _, name := range managerOf(s.Ecosystem).edited {
		if p := path.Join(path.Dir(s.Path), name); exists(p) {
			return p
		}
	}
	return s.Path
}
