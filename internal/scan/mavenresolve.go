// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A mavenNode is a dependency that a project ends up with.
type mavenNode struct {
	dep      mavenDep
	model    *mavenModel // of its pom; nil if that is not at hand
	why      string      // it is not
	without  *excluding
	direct   bool
	scope    string // in this project
	optional bool
	uses     []mavenUse
}

// A mavenUse is an edge, with what the one who asks says of it.
type mavenUse struct {
	to       int
	scope    string
	fixed    bool // the project manages the scope, so that it is not derived
	optional bool
}

// excluding is what is left out on the way to a node.
type excluding struct {
	list []mavenExclusion
	up   *excluding
}

func (m *mavenTree) excludes(x *excluding, d *mavenDep) bool {
	for ; x != nil; x = x.up {
		if !m.spend(len(x.list)) {
			return true
		}
		for _, e := range x.list {
			if (e.group == "*" || e.group == d.group) && (e.artifact == "*" || e.artifact == d.artifact) {
				return true
			}
		}
	}
	return false
}

// conflict is what only one version of can be in a project.
func (d *mavenDep) conflict() string {
	ext, classifier := fileKind(d.kind, d.classifier)
	return d.group + ":" + d.artifact + ":" + ext + ":" + classifier
}

// A mavenResolution is what one project's dependencies come to.
type mavenResolution struct {
	tree  *mavenTree
	root  *mavenModel
	nodes []mavenNode
	uses  []mavenUse // of the project itself
	at    map[string]int
}

// resolve finds out which versions a project ends up with, as Maven does: the
// one that is nearest to the project counts, and of those equally near the one
// that is named first. What a version that lost would need is not looked at.
func (m *mavenTree) resolve(root *mavenModel) *mavenResolution {
	r := &mavenResolution{tree: m, root: root, at: map[string]int{}}
	for _, d := range root.dependencies() {
		if !m.spend(1) || len(r.nodes) >= m.t.limits.Packages {
			break
		}
		// What is managed to be excluded is, also where the project says itself
		// what to exclude.
		if managed, ok := root.managed(d.key()); ok {
			d.exclusions = slices.Concat(d.exclusions, managed.exclusions)
		}
		if to, ok := r.take(d, nil, true); ok {
			r.uses = append(r.uses, mavenUse{to: to, scope: scopeOf(&d), optional: d.optional == "true"})
		}
	}
	for i := 0; i < len(r.nodes); i++ {
		r.expand(i)
	}
	r.scopes()
	return r
}

// take returns the node of a dependency, and makes it if it is the first of
// its kind. The project itself is none.
func (r *mavenResolution) take(d mavenDep, without *excluding, direct bool) (int, bool) {
	key := d.conflict()
	if i, ok := r.at[key]; ok {
		return i, true
	}
	if d.group == r.root.group && d.artifact == r.root.artifact && d.classifier == "" && d.kind != "test-jar" {
		return 0, false
	}
	d.version = exactVersion(d.version)
	n := mavenNode{dep: d, direct: direct, without: without}
	if len(d.exclusions) > 0 {
		n.without = &excluding{d.exclusions, without}
	}
	r.find(&n)
	r.at[key] = len(r.nodes)
	r.nodes = append(r.nodes, n)
	return len(r.nodes) - 1, true
}

// find looks for the pom of a node. What is on the disk of whoever wrote the
// pom (scope system) has none.
func (r *mavenResolution) find(n *mavenNode) {
	d := &n.dep
	if d.scope == "system" {
		return
	}
	pom, why := r.tree.find(r.root.pom, d.group, d.artifact, d.version)
	switch {
	case pom != nil:
		n.model = r.tree.model(pom)
		if d.version == "" {
			d.version = n.model.version
		}
	case d.version == "" || isOpenVersion(d.version):
		n.why = "" // there are better words for it
	default:
		n.why = why
	}
}

// expand adds what a node needs. What is only needed to test it, is optional,
// or is provided by whatever runs it, does not come with it; nor does what
// somebody on the way excludes, or what is in the file itself.
func (r *mavenResolution) expand(i int) {
	n := r.nodes[i]
	if n.model == nil || slices.Contains([]string{"war", "ear", "rar", "par"}, n.dep.kind) {
		return
	}
	for _, d := range n.model.dependencies() {
		if !r.tree.spend(1) || len(r.nodes) >= r.tree.t.limits.Packages {
			return
		}
		if d.scope == "test" || d.scope == "provided" || d.optional == "true" || r.tree.excludes(n.without, &d) {
			continue
		}
		d, fixed := r.manage(d) // after that, because Maven chooses by what the pom says
		if to, ok := r.take(d, n.without, false); ok && to != i {
			r.nodes[i].uses = append(r.nodes[i].uses, mavenUse{to: to, scope: scopeOf(&d), fixed: fixed})
		}
	}
}

// manage applies what the project manages to a dependency that it does not
// name itself, and reports whether that is a scope too.
func (r *mavenResolution) manage(d mavenDep) (with mavenDep, scoped bool) {
	managed, ok := r.root.managed(d.key())
	if !ok {
		return d, false
	}
	if managed.version != "" {
		d.version = managed.version
	}
	if managed.scope != "" {
		d.scope = managed.scope
	}
	if managed.optional != "" {
		d.optional = managed.optional
	}
	if len(managed.exclusions) > 0 {
		d.exclusions = slices.Concat(d.exclusions, managed.exclusions)
	}
	return d, managed.scope != ""
}

func scopeOf(d *mavenDep) string {
	if d.scope == "" {
		return "compile"
	}
	return d.scope
}

// scopes works out in which scope each node is in the project. What the
// project names itself keeps the scope that it gives it; anything else has the
// widest one that some way leads to.
func (r *mavenResolution) scopes() {
	var work []int
	for _, u := range r.uses {
		n := &r.nodes[u.to]
		n.scope, n.optional = u.scope, u.optional
		work = append(work, u.to)
	}
	for len(work) > 0 {
		i := work[0]
		work = work[1:]
		from := &r.nodes[i]
		for _, u := range from.uses {
			to := &r.nodes[u.to]
			if to.direct {
				continue
			}
			scope := u.scope
			if !u.fixed {
				scope = derived(from.scope, u.scope)
			}
			optional := from.optional
			if to.scope != "" {
				scope = wider(scope, to.scope)
				optional = optional && to.optional
			}
			if scope != to.scope || optional != to.optional {
				to.scope, to.optional = scope, optional
				work = append(work, u.to)
			}
		}
	}
}

// derived is the scope of what a dependency of one scope needs in another
// (the table in "Introduction to the Dependency Mechanism").
func derived(parent, child string) string {
	switch {
	case child == "system" || child == "test":
		return child
	case child == "compile":
		return parent
	case parent == "test" || parent == "runtime":
		return parent
	case parent == "system" || parent == "provided":
		return "provided"
	}
	return "runtime"
}

var widths = []string{"compile", "runtime", "system", "provided", "test"}

// wider returns the scope of two that more classes are in.
func wider(a, b string) string {
	i, j := slices.Index(widths, a), slices.Index(widths, b)
	if i < 0 || j >= 0 && j < i {
		return b
	}
	return a
}

var singleVersion = pattern.New(`^\[\s*([^,\[\]()\s]+)\s*\]$`)

// exactVersion returns the only version that a range of one allows.
func exactVersion(version string) string {
	if m := singleVersion.FindStringSubmatch(version); m != nil {
		return m[1]
	}
	return version
}

// isOpenVersion reports whether a version is a range, or whatever is newest.
func isOpenVersion(version string) bool {
	return strings.ContainsAny(version, "[](),") || version == "LATEST" || version == "RELEASE"
}
