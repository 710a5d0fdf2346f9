// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/bom"
)

// A treeNode is one line of what mvn dependency:tree writes: a project, or a
// dependency that a project ends up with.
type treeNode struct {
	dep      mavenDep
	parent   int // -1: a project
	omitted  bool
	instead  string // the version that counts in place of this one
	optional bool
}

// readTree reads the output of mvn dependency:tree, as text or JSON, and marks
// the projects that it tells about.
func (m *mavenTree) readTree(p string, told map[*mavenPom]bool) (bom.Source, error) {
	data, err := m.t.read(p)
	if err != nil {
		return bom.Source{}, err
	}
	var nodes []treeNode
	if path.Ext(p) == ".json" {
		nodes, err = parseTreeJSON(data, m.t.limits.Packages)
	} else {
		nodes, err = parseTreeText(data, m.t.limits.Packages)
	}
	if err != nil {
		return bom.Source{}, err
	}
	t := treeSource{mavenGraph: m.graph(p), nodes: nodes, places: make([]int, len(nodes)), poms: make([]*mavenPom, len(nodes))}
	t.tell(told)
	return t.source(), nil
}

// parseTreeText reads a tree that is drawn with characters. Each level is
// three of them wide: "+- ", "|  ", "\- " or, as Unicode, "├─ ", "│  ", "└─ ".
// In the log of a whole build every line has "[INFO] " before it, and there
// are lines of other plugins.
func parseTreeText(data []byte, limit int) ([]treeNode, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	var nodes []treeNode
	var last []int // the last node of each level
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line, isLog := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "[INFO] ")
		depth, text := treeDepth(line)
		if strings.TrimSpace(text) == "" {
			continue
		}
		node, ok := parseTreeNode(text, depth == 0)
		if !ok || depth > len(last) {
			if isLog || strings.HasPrefix(line, "[") {
				continue
			}
			return nil, fmt.Errorf("line %d: not a line of dependency:tree", n)
		}
		if len(nodes) >= limit {
			return nil, fmt.Errorf("more than %d packages", limit)
		}
		node.dep.line, node.parent = n, -1
		if depth > 0 {
			node.parent = last[depth-1]
		}
		last = append(last[:depth], len(nodes))
		nodes = append(nodes, node)
	}
	if len(nodes) == 0 {
		return nil, errors.New("holds no dependency tree")
	}
	return nodes, nil
}

// treeDepth returns the level of a line, and the line without its drawing.
func treeDepth(line string) (int, string) {
	depth := 0
	for {
		found := false
		for _, mark := range []string{"|  ", "   ", "+- ", `\- `, "│  ", "├─ ", "└─ "} {
			if rest, ok := strings.CutPrefix(line, mark); ok {
				line, found = rest, true
				depth++
				break
			}
		}
		if !found {
			return depth, line
		}
	}
}

// parseTreeNode reads GROUP:ARTIFACT:TYPE[:CLASSIFIER]:VERSION, behind which a
// dependency has :SCOPE, and what the plugin remarks on it.
func parseTreeNode(text string, root bool) (treeNode, bool) {
	var n treeNode
	if inner, ok := strings.CutPrefix(text, "("); ok {
		text, n.omitted = strings.TrimSuffix(inner, ")"), true
	}
	text, remarks, _ := strings.Cut(text, " ")
	parts := strings.Split(text, ":")
	if !root {
		if len(parts) < 5 || !slices.Contains(widths, parts[len(parts)-1]) {
			return n, false
		}
		n.dep.scope, parts = parts[len(parts)-1], parts[:len(parts)-1]
	}
	if len(parts) != 4 && len(parts) != 5 || slices.Contains(parts, "") {
		return n, false
	}
	n.dep.group, n.dep.artifact, n.dep.kind, n.dep.version = parts[0], parts[1], parts[2], parts[len(parts)-1]
	if len(parts) == 5 {
		n.dep.classifier = parts[3]
	}
	n.optional = strings.Contains(remarks, "(optional")
	n.omitted = n.omitted && strings.Contains(remarks, "omitted for")
	if _, version, ok := strings.Cut(remarks, "omitted for conflict with "); ok {
		n.instead, _, _ = strings.Cut(strings.TrimRight(version, ")"), ";")
	}
	return n, true
}

// A treeJSON is a node of what -DoutputType=json writes.
type treeJSON struct {
	Group      string     `json:"groupId"`
	Artifact   string     `json:"artifactId"`
	Version    string     `json:"version"`
	Type       string     `json:"type"`
	Scope      string     `json:"scope"`
	Classifier string     `json:"classifier"`
	Optional   string     `json:"optional"`
	Children   []treeJSON `json:"children"`
}

func parseTreeJSON(data []byte, limit int) ([]treeNode, error) {
	var root treeJSON
	if err := decodeJSON(data, &root); err != nil {
		return nil, err
	}
	var nodes []treeNode
	var add func(j *treeJSON, parent int) error
	add = func(j *treeJSON, parent int) error {
		if j.Group == "" || j.Artifact == "" || j.Version == "" || parent >= 0 && !slices.Contains(widths, j.Scope) {
			return fmt.Errorf("a node without its name, version or scope: %.100q", j.Group+":"+j.Artifact+":"+j.Version)
		}
		if len(nodes) >= limit {
			return fmt.Errorf("more than %d packages", limit)
		}
		i := len(nodes)
		nodes = append(nodes, treeNode{parent: parent, optional: j.Optional == "true", dep: mavenDep{
			group: j.Group, artifact: j.Artifact, version: j.Version, kind: j.Type, classifier: j.Classifier, scope: j.Scope,
		}})
		for k := range j.Children {
			if err := add(&j.Children[k], i); err != nil {
				return err
			}
		}
		return nil
	}
	return nodes, add(&root, -1)
}

// A treeSource builds the Source of a tree.
type treeSource struct {
	*mavenGraph
	nodes  []treeNode
	places []int               // component by node
	poms   []*mavenPom         // of the tree, by node
	roots  map[string]int      // project by GROUP:ARTIFACT:VERSION
	direct map[string]bool     // what a project has, by its node and mavenDep.conflict
	named  map[string][]string // paths of poms by GROUP:ARTIFACT
}

func (t *treeSource) tell(told map[*mavenPom]bool) {
	t.index()
	for i := range t.nodes {
		if t.nodes[i].parent < 0 {
			t.root(i, told)
			t.roots[t.nodes[i].dep.title()] = t.places[i]
		}
	}
	var root int
	shown := map[string]int{} // component by what only one version of can be in the project
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.parent < 0 {
			root = i
			clear(shown)
			for j := i + 1; j < len(t.nodes) && t.nodes[j].parent >= 0; j++ {
				if !t.nodes[j].omitted {
					t.places[j] = t.dependency(root, &t.nodes[j])
					shown[t.nodes[j].dep.conflict()] = t.places[j]
				}
			}
			continue
		}
		if n.omitted {
			place, ok := shown[n.dep.conflict()]
			if !ok {
				t.lost("dependencies that are said to be elsewhere in the tree and are not", n.dep.group+":"+n.dep.artifact)
				continue
			}
			t.places[i] = place
		}
		t.edge(t.places[n.parent], t.places[i], needed)
	}
}

func (t *treeSource) index() {
	t.roots, t.direct, t.named = map[string]int{}, map[string]bool{}, map[string][]string{}
	for i := range t.nodes {
		if n := &t.nodes[i]; n.parent >= 0 && t.nodes[n.parent].parent < 0 {
			t.direct[strconv.Itoa(n.parent)+" "+n.dep.conflict()] = true
		}
	}
	for _, p := range sortedKeys(t.m.poms) {
		if isWithin(p, t.dir) {
			model := t.m.model(t.m.poms[p])
			name := model.group + ":" + model.artifact
			t.named[name] = append(t.named[name], p)
		}
	}
}

// title names a version of an artifact.
func (d *mavenDep) title() string { return d.group + ":" + d.artifact + ":" + d.version }

// root adds a project. If a pom of the tree has its name, that is the project;
// one with other versions or dependencies was changed after the file was made.
func (t *treeSource) root(i int, told map[*mavenPom]bool) {
	n := &t.nodes[i]
	pom := t.pomOf(n)
	if pom == nil || told[pom] {
		if pom != nil {
			t.m.t.note("%s: another file tells about %s as well", t.out.Path, pom.path)
		}
		t.places[i] = t.addProject(bom.Component{
			Group: n.dep.group, Name: n.dep.artifact, Version: t.version(n.dep.artifact, n.dep.version),
			PURL: bom.MavenPURL(n.dep.group, n.dep.artifact, t.version(n.dep.artifact, n.dep.version), "", ""),
		}, t.dir, n.dep.line)
	} else {
		told[pom], t.poms[i] = true, pom
		t.places[i] = t.project(pom)
		t.compare(i, pom)
	}
	t.out.Projects = append(t.out.Projects, t.places[i])
}

// pomOf returns the pom of the tree that a project is made from: one in the
// folder of the file or below it.
func (t *treeSource) pomOf(n *treeNode) *mavenPom {
	var found *mavenPom
	for _, p := range t.named[n.dep.group+":"+n.dep.artifact] {
		pom := t.m.poms[p]
		if !t.m.spend(1) {
			break
		}
		if found == nil || t.m.model(pom).version == n.dep.version && t.m.model(found).version != n.dep.version {
			found = pom
		}
	}
	return found
}

// compare records what a pom asks for and the tree does not have.
func (t *treeSource) compare(i int, pom *mavenPom) {
	model := t.m.model(pom)
	if model.version != t.nodes[i].dep.version {
		t.lost("the pom has another version than the tree", pom.path)
	}
	for _, d := range model.dependencies() {
		if !t.direct[strconv.Itoa(i)+" "+d.conflict()] {
			t.lost("the pom asks for dependencies that the tree does not have", d.group+":"+d.artifact)
		}
	}
}

// dependency adds one line of a tree.
func (t *treeSource) dependency(root int, n *treeNode) int {
	d := n.dep
	from := t.poms[root]
	if from == nil {
		from = &mavenPom{}
	}
	if i, ok := t.roots[d.title()]; ok && i != t.places[root] {
		return i
	}
	pom, _ := t.m.find(from, d.group, d.artifact, d.version)
	if pom != nil && pom.inTree {
		return t.project(pom)
	}
	var model *mavenModel
	if pom != nil {
		model = t.m.model(pom)
	}
	i := t.artifact(&d, model)
	t.scope(i, d.scope, n.optional)
	o := bom.Occurrence{Path: t.out.Path, Line: d.line}
	if c := &t.out.Components[i]; !slices.Contains(c.Occurrences, o) && len(c.Occurrences) < maxOccurrences {
		c.Occurrences = append(c.Occurrences, o)
	}
	return i
}

// maxOccurrences is how many lines of one tree are recorded for a component.
const maxOccurrences = 100
