// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// A mavenTree is every pom.xml of a tree, and the local repository.
type mavenTree struct {
	t       *tree
	poms    map[string]*mavenPom // of the tree, by path
	bad     map[string]error     // those that cannot be read, by path
	models  map[*mavenPom]*mavenModel
	byName  map[string][]*mavenPom // of the tree, by GROUP:ARTIFACT:VERSION
	sibling map[string]*mavenPom   // of the tree, by the path of the reactor and GROUP:ARTIFACT
	reactor map[*mavenPom]*mavenPom
	modules map[*mavenPom][]*mavenPom
	repo    mavenRepository
	steps   int
	gaveUp  bool
}

func newMavenTree(t *tree) *mavenTree {
	return &mavenTree{
		t: t, poms: map[string]*mavenPom{}, bad: map[string]error{}, models: map[*mavenPom]*mavenModel{},
		byName: map[string][]*mavenPom{}, sibling: map[string]*mavenPom{}, reactor: map[*mavenPom]*mavenPom{}, modules: map[*mavenPom][]*mavenPom{},
		repo: mavenRepository{fsys: t.maven, poms: map[string]repositoryPom{}},
	}
}

// maxSteps bounds the work on all poms of a tree together.
const maxSteps = 20_000_000

// spend counts a step of work, and reports whether there may be more.
func (m *mavenTree) spend(n int) bool {
	if m.steps += n; m.steps > maxSteps {
		m.gaveUp = true
	}
	if m.steps%4096 < n && m.t.ctx.Err() != nil {
		m.gaveUp = true
	}
	return !m.gaveUp
}

// findMaven reads the output of mvn dependency:tree, and every project that no
// such file tells about. Projects that are built together are one source.
func findMaven(t *tree, found []string) []bom.Source {
	m := newMavenTree(t)
	var trees, order []string
	for _, p := range found {
		if path.Base(p) == "pom.xml" {
			order = append(order, p)
			m.read(p)
		} else {
			trees = append(trees, p)
		}
	}
	members := m.reactors(order)
	m.nameAll(sortedKeys(m.poms))
	var sources []bom.Source
	told := map[*mavenPom]bool{}
	for _, p := range trees {
		s, err := m.readTree(p, told)
		if err != nil {
			s = unreadable(p, "maven", err)
		}
		sources = append(sources, s)
	}
	for _, p := range order {
		if err, ok := m.bad[p]; ok {
			sources = append(sources, unreadable(p, "maven", err))
		} else if pom := m.poms[p]; m.reactor[pom] == pom {
			sources = append(sources, m.reactorSource(members[pom], told)...)
		}
	}
	return sources
}

// treePom returns a pom of the tree, each read once, nil if there is none that
// can be read.
func (m *mavenTree) treePom(p string) *mavenPom {
	if pom, ok := m.poms[p]; ok {
		return pom
	}
	if m.bad[p] != nil || !m.t.exists(p) {
		return nil
	}
	return m.read(p)
}

// read reads a pom of the tree.
func (m *mavenTree) read(p string) *mavenPom {
	pom, err := readPom(m.t.root, p, m.t.limits.File)
	if err == nil && pom.artifact == "" {
		err = errors.New("the project has no artifactId")
	}
	if err == nil && (len(pom.deps) > m.t.limits.Packages || len(pom.modules) > m.t.limits.Files) {
		err = fmt.Errorf("more than %d dependencies or %d modules", m.t.limits.Packages, m.t.limits.Files)
	}
	if err != nil {
		m.bad[p] = err
		return nil
	}
	pom.inTree = true
	m.poms[p] = pom
	return pom
}

// reactors finds out which projects are built together: those that a pom names
// as its modules, theirs, and so on. The first to name one counts.
func (m *mavenTree) reactors(order []string) map[*mavenPom][]*mavenPom {
	named := map[*mavenPom]bool{}
	for _, p := range order {
		if pom := m.poms[p]; pom != nil {
			for _, member := range m.modulesOf(pom) {
				named[member] = named[member] || member != pom
			}
		}
	}
	members := map[*mavenPom][]*mavenPom{}
	add := func(root, pom *mavenPom) {
		m.reactor[pom] = root
		members[root] = append(members[root], pom)
	}
	for _, unnamed := range []bool{true, false} { // then those that name each other
		for _, p := range order {
			root := m.poms[p]
			if root == nil || m.reactor[root] != nil || unnamed && named[root] {
				continue
			}
			add(root, root)
			for i := 0; i < len(members[root]); i++ {
				for _, member := range m.modulesOf(members[root][i]) {
					if m.reactor[member] == nil {
						add(root, member)
					}
				}
			}
		}
	}
	return members
}

// modulesOf returns the modules of a pom that are in the tree. A module is a
// folder with a pom.xml, or a file.
func (m *mavenTree) modulesOf(pom *mavenPom) []*mavenPom {
	if out, ok := m.modules[pom]; ok {
		return out
	}
	var out []*mavenPom
	seen := map[*mavenPom]bool{}
	for _, name := range pom.modules {
		if member := m.at(pom, name); member != nil && !seen[member] {
			seen[member] = true
			out = append(out, member)
		}
	}
	m.modules[pom] = out
	return out
}

// at returns the pom that a path from another one leads to.
func (m *mavenTree) at(from *mavenPom, relative string) *mavenPom {
	relative = strings.ReplaceAll(relative, `\`, "/")
	if relative == "" || path.IsAbs(relative) {
		return nil
	}
	p := path.Join(path.Dir(from.path), relative)
	if path.Base(p) != "pom.xml" {
		if in := path.Join(p, "pom.xml"); m.poms[in] != nil || m.bad[in] != nil {
			return m.poms[in]
		}
	}
	if !validPath(p) {
		return nil
	}
	return m.treePom(p)
}

// nameAll makes the projects of the tree known by their coordinates.
func (m *mavenTree) nameAll(order []string) {
	for _, p := range order { // first as they stand, for the parents of others
		if pom := m.poms[p]; pom != nil {
			group, version := pom.group, pom.version
			if pom.parent != nil && group == "" {
				group = pom.parent.group
			}
			if pom.parent != nil && version == "" {
				version = pom.parent.version
			}
			m.name(pom, group+":"+pom.artifact+":"+version)
		}
	}
	for _, p := range order {
		if pom := m.poms[p]; pom != nil {
			model := m.model(pom)
			m.name(pom, model.group+":"+model.artifact+":"+model.version)
			m.sibling[siblingKey(m.reactor[pom], model.group, model.artifact)] = pom
		}
	}
}

func siblingKey(root *mavenPom, group, artifact string) string {
	if root == nil {
		return ""
	}
	return root.path + "\x00" + group + ":" + artifact
}

func (m *mavenTree) name(pom *mavenPom, name string) {
	if !slices.Contains(m.byName[name], pom) {
		m.byName[name] = append(m.byName[name], pom)
	}
}

// project returns the project of the tree that has some coordinates: one that
// is built together with from, else the only one there is. Without a version
// it is one that is built together with from (model 4.1.0).
func (m *mavenTree) project(from *mavenPom, group, artifact, version string) *mavenPom {
	if version == "" {
		return m.sibling[siblingKey(m.reactor[from], group, artifact)]
	}
	list := m.byName[group+":"+artifact+":"+version]
	if !m.spend(len(list)) {
		return nil
	}
	for _, pom := range list {
		if root := m.reactor[pom]; root != nil && root == m.reactor[from] {
			return pom
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	return nil
}

// find returns the pom with some coordinates: a project of the tree, else from
// the local repository.
func (m *mavenTree) find(from *mavenPom, group, artifact, version string) (*mavenPom, string) {
	if from.inTree {
		if pom := m.project(from, group, artifact, version); pom != nil {
			return pom, ""
		}
	}
	return m.repo.pom(group, artifact, version, m.t.limits.File)
}

// parentOf returns the pom that another one inherits from. In the tree it is
// where the relative path leads, if that is the pom that is meant.
func (m *mavenTree) parentOf(p *mavenPom) (*mavenPom, string) {
	if p.inTree && p.parent.relative != "" {
		if at := m.at(p, p.parent.relative); at != nil && at.isNamed(p.parent) {
			return at, ""
		}
	}
	pom, why := m.find(p, p.parent.group, p.parent.artifact, p.parent.version)
	if pom == nil {
		return nil, "parents that are " + why
	}
	return pom, ""
}

// isNamed reports whether a pom has the coordinates of a parent. What the
// parent element leaves out, it takes from the pom (model 4.1.0).
func (m *mavenPom) isNamed(p *mavenParent) bool {
	group, version := m.group, m.version
	if m.parent != nil && group == "" {
		group = m.parent.group
	}
	if m.parent != nil && version == "" {
		version = m.parent.version
	}
	same := func(want, have string) bool { return want == "" || want == have }
	return same(p.artifact, m.artifact) && same(p.group, group) && same(p.version, version)
}
