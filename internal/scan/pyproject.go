// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// A pyProject is a pyproject.toml, as far as it says what the project asks for
// (https://packaging.python.org/specifications/pyproject-toml). Poetry and PDM
// have lists of their own.
type pyProject struct {
	Project struct {
		Name         string              `toml:"name"`
		Version      string              `toml:"version"`
		License      any                 `toml:"license"`
		Dependencies []string            `toml:"dependencies"`
		Optional     map[string][]string `toml:"optional-dependencies"`
	} `toml:"project"`
	Groups map[string][]any `toml:"dependency-groups"`
	Tool   struct {
		Poetry struct {
			Name         string                 `toml:"name"`
			Version      string                 `toml:"version"`
			License      string                 `toml:"license"`
			Dependencies map[string]any         `toml:"dependencies"`
			Development  map[string]any         `toml:"dev-dependencies"`
			Group        map[string]poetryGroup `toml:"group"`
		} `toml:"poetry"`
		PDM struct {
			Development map[string][]string `toml:"dev-dependencies"`
		} `toml:"pdm"`
	} `toml:"tool"`

	there bool // the file is
}

type poetryGroup struct {
	Dependencies map[string]any `toml:"dependencies"`
}

// readPyProject reads the pyproject.toml of a folder. If there is none, or none
// that can be read, the zero project comes back.
func (g *pyGraph) readPyProject(dir string) *pyProject {
	p := &pyProject{}
	file := path.Join(dir, "pyproject.toml")
	if !g.t.exists(file) {
		return p
	}
	data, err := readFile(g.t.root, file, min(maxManifest, g.t.limits.File))
	if err == nil {
		data, err = plainText(data)
	}
	if err == nil {
		err = readTOML(data, p)
	}
	if err != nil {
		g.because("manifests that could not be read", file+" ("+oneLine(err)+")")
		return &pyProject{}
	}
	p.there = true
	return p
}

func (p *pyProject) name() string {
	name := p.Project.Name
	if name == "" {
		name = p.Tool.Poetry.Name
	}
	if !pyName.MatchString(name) {
		return ""
	}
	return name
}

func (p *pyProject) version() string {
	if p.Project.Version != "" {
		return p.Project.Version
	}
	return p.Tool.Poetry.Version
}

// licences returns what the manifest says of the project's licence: an SPDX
// expression, or a text, which may be the licence itself and is then not told.
func (p *pyProject) licences(file string) []bom.Licence {
	text := p.Tool.Poetry.License
	switch v := p.Project.License.(type) {
	case string:
		text = v
	case map[string]any:
		text, _ = v["text"].(string)
	}
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxLicenceName || strings.Contains(text, "\n") {
		return nil
	}
	l := bom.ParseLicence(text)
	l.File = printable(file)
	return []bom.Licence{l}
}

// requirements lists what a project asks for, and under which heading.
func (p *pyProject) requirements() []pyRequirement {
	var out []pyRequirement
	add := func(list []string, kind edgeKind, group string) {
		for _, text := range list {
			if r, ok := parsePyRequirement(text); ok {
				r.kind, r.group = kind, group
				out = append(out, r)
			}
		}
	}
	add(p.Project.Dependencies, needed, "")
	for _, extra := range sortedKeys(p.Project.Optional) {
		add(p.Project.Optional[extra], optional, extra)
	}
	for _, group := range sortedKeys(p.Groups) {
		add(p.group(group, map[string]bool{}), development, group)
	}
	for _, group := range sortedKeys(p.Tool.PDM.Development) {
		add(p.Tool.PDM.Development[group], development, group)
	}
	poetry := &p.Tool.Poetry
	out = append(out, poetryRequirements(poetry.Dependencies, needed, "")...)
	out = append(out, poetryRequirements(poetry.Development, development, "dev")...)
	for _, group := range sortedKeys(poetry.Group) {
		kind := development
		if group == "main" {
			kind = needed
		}
		out = append(out, poetryRequirements(poetry.Group[group].Dependencies, kind, group)...)
	}
	return out
}

// group lists the requirements of a dependency group, with those of the groups
// that it includes. seen are the groups that are in the list already.
func (p *pyProject) group(name string, seen map[string]bool) []string {
	if seen[name] {
		return nil
	}
	seen[name] = true
	var out []string
	for _, item := range p.Groups[name] {
		switch v := item.(type) {
		case string:
			out = append(out, v)
		case map[string]any:
			if other, ok := v["include-group"].(string); ok {
				out = append(out, p.group(p.groupName(other), seen)...)
			}
		}
	}
	return out
}

// groupName returns a group's name as it is spelled where the group stands:
// names are compared in their normal form.
func (p *pyProject) groupName(name string) string {
	if _, ok := p.Groups[name]; ok {
		return name
	}
	for _, other := range sortedKeys(p.Groups) {
		if bom.NormalPyPI(other) == bom.NormalPyPI(name) {
			return other
		}
	}
	return name
}

// poetryRequirements reads a table of Poetry's: {name = "^1.0"}, or {name =
// {version = …, optional = …, extras = […]}}, or a list of those.
func poetryRequirements(table map[string]any, kind edgeKind, group string) []pyRequirement {
	var out []pyRequirement
	for _, name := range sortedKeys(table) {
		if name == "python" {
			continue
		}
		for _, c := range asList(table[name]) {
			r := pyRequirement{name: name, kind: kind, group: group}
			switch v := c.(type) {
			case string:
				r.spec = v
			case map[string]any:
				r.spec, _ = v["version"].(string)
				r.marker, _ = v["markers"].(string)
				r.extras = texts(v["extras"])
				if is, _ := v["optional"].(bool); is && kind == needed {
					r.kind = optional
				}
			}
			r.spec = strings.ReplaceAll(r.spec, " ", "")
			out = append(out, r)
		}
	}
	return out
}

// asList returns a value that may stand alone or in a list.
func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// texts returns the texts of a list.
func texts(v any) []string {
	var out []string
	if list, ok := v.([]any); ok {
		for _, item := range list {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// candidates returns the components that a requirement can mean: those of its
// name, and of several versions those that its specification allows.
func (g *pyGraph) candidates(r *pyRequirement) []int {
	all := g.named[bom.NormalPyPI(r.name)]
	if len(all) < 2 || r.spec == "" {
		return all
	}
	var fit []int
	for _, i := range all {
		ok, understood := satisfies(g.out.Components[i].Version, r.spec)
		if !understood {
			return all
		}
		if ok {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return all
	}
	return slices.Clip(fit)
}

// require adds what a project asks for as edges.
func (g *pyGraph) require(from int, list []pyRequirement) {
	for i := range list {
		r := &list[i]
		to := g.candidates(r)
		if len(to) == 0 && r.marker == "" && r.kind != optional {
			g.missing(r.name, from)
		}
		for _, j := range to {
			g.edge(from, j, r.kind)
		}
	}
}
