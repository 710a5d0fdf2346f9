// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"slices"
	"strings"
)

// maxParents is how many poms one may inherit from, and how deep imports of
// managed versions may lie in each other.
const maxParents = 64

// A mavenModel is a pom with everything that it inherits.
type mavenModel struct {
	tree  *mavenTree
	pom   *mavenPom
	chain []*mavenPom // the pom, its parent, and so on
	in    *interpolator

	group, artifact, version string

	reasons   [][2]string         // what keeps it from being whole: what, and which
	dynamic   map[string]mavenDep // managed dependencies whose keys have properties
	direct    []*mavenModel       // what it imports itself
	all       []*mavenModel       // with what they import; see imports
	flattened bool
	list      []mavenDep // see dependencies
	listed    bool
}

// model returns a pom with what it inherits.
func (m *mavenTree) model(p *mavenPom) *mavenModel {
	if model, ok := m.models[p]; ok {
		return model
	}
	model := &mavenModel{tree: m, pom: p}
	m.models[p] = model
	for at := p; ; {
		model.chain = append(model.chain, at)
		if at.parent == nil {
			break
		}
		parent, why := m.parentOf(at)
		if parent == nil {
			model.because(why, at.parent.name())
			break
		}
		if slices.Contains(model.chain, parent) || len(model.chain) >= maxParents {
			model.because("parents that inherit from each other, or more than 64 deep", at.path)
			break
		}
		at = parent
	}
	model.in = newInterpolator("${", "}", model.property)
	model.group = model.own("project.groupId")
	model.artifact = model.own("project.artifactId")
	model.version = model.own("project.version")
	return model
}

func (p *mavenParent) name() string { return p.group + ":" + p.artifact + ":" + p.version }

func (m *mavenModel) because(what, which string) {
	m.reasons = append(m.reasons, [2]string{what, which})
}

// own returns one of the model's own coordinates, empty if it cannot be told.
func (m *mavenModel) own(name string) string {
	text, whole := m.in.expand("${" + name + "}")
	if !whole {
		return ""
	}
	return text
}

// property returns what a property of the model is: something that the pom
// says of itself, or an entry of <properties>. The properties of the machine
// and the environment are not looked at.
func (m *mavenModel) property(name string) (string, bool) {
	field, isProject := strings.CutPrefix(name, "project.")
	if !isProject {
		field, isProject = strings.CutPrefix(name, "pom.")
	}
	if isProject {
		if value, ok := m.field(field); ok {
			return value, true
		}
	}
	for _, p := range m.chain {
		if value, ok := p.properties[name]; ok {
			return value, true
		}
	}
	return m.field(name)
}

func (m *mavenModel) field(name string) (string, bool) {
	first := func(of func(p *mavenPom) string) (string, bool) {
		for _, p := range m.chain {
			if value := of(p); value != "" {
				return value, true
			}
		}
		return "", false
	}
	parent := m.pom.parent
	switch name {
	case "artifactId":
		return m.pom.artifact, m.pom.artifact != ""
	case "groupId":
		if value, ok := first(func(p *mavenPom) string { return p.group }); ok {
			return value, true
		}
		return m.ofParent(func(p *mavenParent) string { return p.group })
	case "version":
		if value, ok := first(func(p *mavenPom) string { return p.version }); ok {
			return value, true
		}
		return m.ofParent(func(p *mavenParent) string { return p.version })
	case "packaging":
		return m.kind(), true
	case "parent.groupId":
		return m.parentField(parent, parent != nil, "groupId", func(p *mavenParent) string { return p.group })
	case "parent.artifactId":
		return m.parentField(parent, parent != nil, "artifactId", func(p *mavenParent) string { return p.artifact })
	case "parent.version":
		return m.parentField(parent, parent != nil, "version", func(p *mavenParent) string { return p.version })
	}
	return "", false
}

// ofParent returns what the last pom of the chain says of a parent that was
// not found.
func (m *mavenModel) ofParent(of func(p *mavenParent) string) (string, bool) {
	last := m.chain[len(m.chain)-1]
	if last.parent == nil {
		return "", false
	}
	return of(last.parent), of(last.parent) != ""
}

func (m *mavenModel) parentField(p *mavenParent, ok bool, name string, of func(p *mavenParent) string) (string, bool) {
	if !ok {
		return "", false
	}
	if of(p) == "" && len(m.chain) > 1 {
		return m.tree.model(m.chain[1]).field(name)
	}
	return of(p), of(p) != ""
}

func (m *mavenModel) kind() string {
	if m.pom.kind == "" {
		return "jar"
	}
	return m.pom.kind
}

// filled returns a dependency with its properties replaced, and whether they
// all could be where it matters.
func (m *mavenModel) filled(d mavenDep) (mavenDep, bool) {
	whole := true
	for _, field := range []*string{&d.group, &d.artifact, &d.version, &d.kind, &d.classifier, &d.scope, &d.optional} {
		text, ok := m.in.expand(*field)
		*field = text
		if field != &d.version {
			whole = whole && ok
		} else if !ok {
			*field = ""
		}
	}
	for i, x := range d.exclusions {
		if !strings.Contains(x.group+x.artifact, "${") {
			continue
		}
		d.exclusions = slices.Clone(d.exclusions)
		d.exclusions[i].group, _ = m.in.expand(x.group)
		d.exclusions[i].artifact, _ = m.in.expand(x.artifact)
	}
	return d, whole
}

// dependencies returns the direct dependencies of a model: its own, then those
// that it inherits, each with what is managed for it.
func (m *mavenModel) dependencies() []mavenDep {
	if m.listed {
		return m.list
	}
	m.listed = true
	at := map[string]int{}
	for _, p := range m.chain {
		below := len(m.list)
		for _, raw := range p.deps {
			d, whole := m.filled(raw)
			if !whole || d.group == "" || d.artifact == "" {
				m.because("dependencies whose name is a property that nobody defines", raw.group+":"+raw.artifact)
				continue
			}
			i, known := at[d.key()]
			switch {
			case known && i < below: // overridden by the one below
			case known: // of two in one pom the last one counts
				m.list[i] = d
			default:
				at[d.key()] = len(m.list)
				m.list = append(m.list, d)
			}
		}
	}
	for i := range m.list {
		d := &m.list[i]
		managed, ok := m.managed(d.key())
		if !ok {
			continue
		}
		if d.version == "" {
			d.version = managed.version
		}
		if d.scope == "" {
			d.scope = managed.scope
		}
		if len(d.exclusions) == 0 {
			d.exclusions = managed.exclusions
		}
	}
	return m.list
}

// managed returns what the model manages for a dependency: what it says
// itself, what its parents say, then what it imports.
func (m *mavenModel) managed(key string) (mavenDep, bool) {
	if d, ok := m.managedHere(key); ok {
		return d, true
	}
	for _, imported := range m.imports() {
		if !m.tree.spend(1) {
			break
		}
		if d, ok := imported.managedHere(key); ok {
			return d, true
		}
	}
	return mavenDep{}, false
}

// managedHere is managed without imports.
func (m *mavenModel) managedHere(key string) (mavenDep, bool) {
	m.lookup()
	for _, p := range m.chain {
		if i, ok := p.index().plain[key]; ok {
			d, _ := m.filled(p.managed[i])
			return d, true
		}
		if d, ok := m.dynamic[key]; ok && d.pom == p {
			return d, true
		}
	}
	return mavenDep{}, false
}

// lookup finds the imports of a model and the managed dependencies whose names
// have properties.
func (m *mavenModel) lookup() {
	if m.dynamic != nil {
		return
	}
	m.dynamic = map[string]mavenDep{}
	seen := map[string]*mavenPom{}
	for _, p := range m.chain {
		x := p.index()
		for _, i := range x.dynamic {
			if !m.tree.spend(1) {
				return
			}
			d, _ := m.filled(p.managed[i])
			if d.isImport() {
				m.importFrom(d, seen)
			} else if _, ok := m.dynamic[d.key()]; !ok {
				m.dynamic[d.key()] = d
			}
		}
		for _, i := range x.imports {
			d, _ := m.filled(p.managed[i])
			m.importFrom(d, seen)
		}
	}
}

// importFrom adds a pom that versions are imported from, unless a pom that
// counts before this one imports another version of it.
func (m *mavenModel) importFrom(d mavenDep, seen map[string]*mavenPom) {
	if by := seen[d.key()]; by != nil && by != d.pom || !m.tree.spend(1) {
		return
	}
	seen[d.key()] = d.pom
	pom, why := m.tree.find(m.pom, d.group, d.artifact, d.version)
	if pom == nil {
		m.because("imported versions that are "+why, d.group+":"+d.artifact+":"+d.version)
		return
	}
	m.direct = append(m.direct, m.tree.model(pom))
}

// imports returns the models that this one imports versions from, and those
// that they import from, each once, in the order in which they count.
func (m *mavenModel) imports() []*mavenModel {
	if m.flattened {
		return m.all
	}
	m.flattened = true
	m.lookup()
	seen := map[*mavenModel]bool{m: true}
	stack := slices.Clone(m.direct)
	slices.Reverse(stack)
	for len(stack) > 0 && m.tree.spend(1) {
		next := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[next] {
			continue
		}
		seen[next] = true
		m.all = append(m.all, next)
		next.lookup()
		for _, d := range slices.Backward(next.direct) {
			stack = append(stack, d)
		}
	}
	return m.all
}

// licences returns what the nearest pom that names any says, and which it is.
func (m *mavenModel) licences() ([]mavenLicence, *mavenPom) {
	for _, p := range m.chain {
		if len(p.licences) > 0 {
			return p.licences, p
		}
	}
	return nil, nil
}

// organization returns who the nearest pom that says so is from.
func (m *mavenModel) organization() string {
	for _, p := range m.chain {
		if p.organization != "" {
			if text, whole := m.in.expand(p.organization); whole {
				return text
			}
			return ""
		}
	}
	return ""
}
