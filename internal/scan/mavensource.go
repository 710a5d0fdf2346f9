// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"path"
	"slices"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/product"
)

// A mavenGraph builds the Source of one reactor, or of one dependency:tree
// file.
type mavenGraph struct {
	*lockGraph
	m        *mavenTree
	at       map[string]int    // component by its coordinates and file
	projects map[*mavenPom]int // component by pom of the tree
	told     map[[2]string]bool
	asked    map[*mavenModel]bool // what keeps it from being whole is told
}

func (m *mavenTree) graph(file string) *mavenGraph {
	g := &mavenGraph{lockGraph: newLockGraph(m.t, file, "maven"), m: m, at: map[string]int{}, projects: map[*mavenPom]int{}, told: map[[2]string]bool{}, asked: map[*mavenModel]bool{}}
	g.scoped = true
	return g
}

// say is because, once for each pair.
func (g *mavenGraph) say(what, which string) {
	if key := [2]string{what, which}; !g.told[key] {
		g.told[key] = true
		g.because(what, which)
	}
}

// reactorSource tells about the projects that are built together, but for
// those that a dependency:tree file tells about. The first is the one that
// names the others.
func (m *mavenTree) reactorSource(members []*mavenPom, told map[*mavenPom]bool) []bom.Source {
	var left []*mavenPom
	for _, pom := range members {
		if told[pom] {
			m.t.note("%s: a dependency:tree file says what it comes to", pom.path)
		} else {
			left = append(left, pom)
		}
	}
	if len(left) == 0 {
		return nil
	}
	g := m.graph(left[0].path)
	for _, pom := range left {
		g.project(pom)
	}
	modules := map[int]bool{}
	for _, pom := range left {
		for _, member := range m.modulesOf(pom) {
			if m.reactor[member] == members[0] && !told[member] && member != pom {
				g.edge(g.projects[pom], g.projects[member], needed)
				modules[g.projects[member]] = member != left[0]
			}
		}
	}
	for _, pom := range left {
		if i := g.projects[pom]; !modules[i] {
			g.out.Projects = append(g.out.Projects, i)
		}
	}
	for _, pom := range left {
		g.resolved(pom)
	}
	if m.gaveUp {
		g.say("more work than the limit for all poms together", "")
		g.out.Lost = true
	}
	return []bom.Source{g.source()}
}

// project adds a project of the tree.
func (g *mavenGraph) project(pom *mavenPom) int {
	if i, ok := g.projects[pom]; ok {
		return i
	}
	model := g.m.model(pom)
	c := bom.Component{
		Group: model.group, Name: model.artifact, Version: g.version(model.artifact, model.version),
		Occurrences: []bom.Occurrence{{Path: printable(pom.path), Line: pom.line}},
	}
	if c.Name == "" {
		c.Name = pom.artifact
		g.say("names that are a property nobody defines", pom.path)
	}
	if c.Version == "" {
		g.say("projects without a version", pom.path)
	}
	c.PURL = bom.MavenPURL(c.Group, c.Name, c.Version, "", "")
	g.about(&c, model)
	i := g.addProject(c, path.Dir(pom.path), 0)
	g.projects[pom] = i
	return i
}

// version returns a version that is short enough to be written.
func (g *mavenGraph) version(name, version string) string {
	if utf8.RuneCountInString(version) > bom.MaxVersion {
		g.say("versions that are too long", name)
		return ""
	}
	return version
}

// about adds what a pom says of licence and organization, or its parents do.
func (g *mavenGraph) about(c *bom.Component, model *mavenModel) {
	list, from := model.licences()
	for _, l := range list {
		name, _ := model.in.expand(l.name)
		address, _ := model.in.expand(l.url)
		licence := mavenLicenceOf(name, address)
		if licence == (bom.Licence{}) {
			continue
		}
		licence.File = printable(from.path)
		c.Licences = append(c.Licences, licence)
	}
	c.Supplier = model.organization()
}

// resolved adds what one project's dependencies come to.
func (g *mavenGraph) resolved(pom *mavenPom) {
	model := g.m.model(pom)
	r := g.m.resolve(model)
	from := g.projects[pom]
	g.explain(model)
	places := make([]int, len(r.nodes))
	for i := range r.nodes {
		places[i] = g.node(&r.nodes[i])
	}
	for _, u := range r.uses {
		g.edge(from, places[u.to], needed)
	}
	for i := range r.nodes {
		for _, u := range r.nodes[i].uses {
			g.edge(places[i], places[u.to], needed)
		}
	}
}

// lost is say for what may hide components.
func (g *mavenGraph) lost(what, which string) {
	g.say(what, which)
	g.out.Lost = true
}

// node adds one dependency of a project.
func (g *mavenGraph) node(n *mavenNode) int {
	d := &n.dep
	if n.model != nil && n.model.pom.inTree {
		return g.project(n.model.pom)
	}
	name := d.group + ":" + d.artifact
	i := g.artifact(d, n.model)
	g.scope(i, n.scope, n.optional)
	g.occurs(i, n)
	switch {
	case d.version == "":
		g.lost("versions that no pom at hand states", name)
	case isOpenVersion(d.version):
		g.lost("ranges of versions, which only a remote repository can tell apart", name)
	case n.why != "":
		g.lost("what others need is not known, for their poms are "+n.why, name+":"+d.version)
	}
	if n.model != nil {
		g.explain(n.model)
	}
	return i
}

// explain tells what keeps a model from being whole.
func (g *mavenGraph) explain(model *mavenModel) {
	if g.asked[model] {
		return
	}
	g.asked[model] = true
	for _, m := range append([]*mavenModel{model}, model.imports()...) {
		for _, r := range m.reasons {
			g.lost(r[0], r[1])
		}
	}
	for _, p := range model.chain {
		for _, id := range p.profiles {
			g.lost("profiles with dependencies, none of which is activated", id+" in "+p.path)
		}
	}
}

// artifact adds a component once for each version and file.
func (g *mavenGraph) artifact(d *mavenDep, model *mavenModel) int {
	ext, classifier := fileKind(d.kind, d.classifier)
	version, requested := g.version(d.artifact, d.version), ""
	if isOpenVersion(version) {
		version, requested = "", version
	}
	key := d.group + ":" + d.artifact + ":" + version + ":" + ext + ":" + classifier
	i, ok := g.at[key]
	if !ok {
		c := bom.Component{
			Type: bom.Library, Group: d.group, Name: d.artifact, Version: version,
			PURL: bom.MavenPURL(d.group, d.artifact, version, ext, classifier),
		}
		g.m.repo.describe(&c, ext, classifier)
		if model != nil {
			g.about(&c, model)
		}
		c.Occurrences = []bom.Occurrence{{}} // until the first place is known
		i = g.add(c, 0)
		g.out.Components[i].Occurrences = nil
		g.at[key] = i
	}
	g.property(i, "version-range", requested)
	return i
}

// property adds one of our properties, once for each value.
func (g *mavenGraph) property(i int, name, value string) {
	c := &g.out.Components[i]
	property := bom.Property{Name: product.Name + ":maven:" + name, Value: value}
	if value != "" && !slices.Contains(c.Properties, property) {
		c.Properties = append(c.Properties, property)
	}
}

// scope records when some project needs a component.
func (g *mavenGraph) scope(i int, scope string, optional bool) {
	c := &g.out.Components[i]
	g.property(i, "scope", scope)
	switch {
	case scope == "test":
		c.Scope = max(c.Scope, bom.Excluded)
	case optional:
		c.Scope = max(c.Scope, bom.Optional)
	default:
		c.Scope = max(c.Scope, bom.Required)
	}
}

// occurs records where a component is named: the line of the pom that asks for
// it, if that is in the tree, else the pom whose dependency needs it.
func (g *mavenGraph) occurs(i int, n *mavenNode) {
	o := bom.Occurrence{Path: g.out.Path}
	if n.dep.pom != nil && n.dep.pom.inTree {
		o = bom.Occurrence{Path: printable(n.dep.pom.path), Line: n.dep.line}
	}
	c := &g.out.Components[i]
	if slices.Contains(c.Occurrences, o) {
		return
	}
	if o.Line == 0 && len(c.Occurrences) > 0 {
		return
	}
	if o.Line > 0 && len(c.Occurrences) == 1 && c.Occurrences[0].Line == 0 {
		c.Occurrences = nil
	}
	c.Occurrences = append(c.Occurrences, o)
}
