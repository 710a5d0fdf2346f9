// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"io/fs"
	"strings"
)

// maxPom is how long a pom may be, in bytes. The longest lists of managed
// versions that we know have 2 MB.
const maxPom = 8 << 20

// A mavenPom is a pom.xml as it stands, nothing inherited and no property
// replaced (https://maven.apache.org/pom.html).
type mavenPom struct {
	path     string // in the tree, or in the local repository
	inTree   bool
	line     int // of the artifactId
	group    string
	artifact string
	version  string
	kind     string // packaging

	parent       *mavenParent
	organization string
	licences     []mavenLicence
	properties   map[string]string
	deps         []mavenDep
	managed      []mavenDep
	modules      []string
	profiles     []string // those that have dependencies of their own

	own *mavenIndex // of managed
}

// A mavenParent is the pom that another one inherits from.
type mavenParent struct {
	group, artifact, version string
	relative                 string // the file or folder; "" if it is not to be looked for in the tree
}

// A mavenLicence is one entry of <licenses>.
type mavenLicence struct{ name, url string }

// A mavenDep is one entry of <dependencies>, managed or not.
type mavenDep struct {
	group, artifact, version string
	kind                     string // type
	classifier               string
	scope                    string
	optional                 string
	exclusions               []mavenExclusion
	line                     int
	pom                      *mavenPom // where it stands
}

// A mavenExclusion leaves out what a dependency needs; "*" is anything.
type mavenExclusion struct{ group, artifact string }

// key is what Maven compares dependencies by.
func (d *mavenDep) key() string {
	return d.group + ":" + d.artifact + ":" + d.kind + ":" + d.classifier
}

// isImport reports whether a managed dependency stands for all those that
// another pom manages.
func (d *mavenDep) isImport() bool { return d.scope == "import" && d.kind == "pom" }

func readPom(fsys fs.FS, p string, limit int64) (*mavenPom, error) {
	doc, err := readXMLFile(fsys, p, "project", min(maxPom, limit), isOfPom)
	if err != nil {
		return nil, err
	}
	return parsePom(&doc, p)
}

// isOfPom reports whether an element of a project is read. How the project is
// built is not.
func isOfPom(name string) bool {
	switch name {
	case "parent", "groupId", "artifactId", "version", "packaging", "organization", "licenses", "properties",
		"dependencies", "dependencyManagement", "modules", "subprojects", "profiles":
		return true
	}
	return false
}

func parsePom(doc *xmlElement, p string) (*mavenPom, error) {
	if err := doc.once(); err != nil {
		return nil, err
	}
	m := &mavenPom{
		path: p, line: doc.line, group: doc.str("groupId"), artifact: doc.str("artifactId"), version: doc.str("version"),
		kind: doc.str("packaging"), organization: doc.get("organization").str("name"), properties: map[string]string{},
	}
	if e := doc.get("artifactId"); e != nil {
		m.line = e.line
	}
	if e := doc.get("parent"); e != nil {
		if err := e.once(); err != nil {
			return nil, err
		}
		m.parent = &mavenParent{group: e.str("groupId"), artifact: e.str("artifactId"), version: e.str("version"), relative: "../pom.xml"}
		if relative := e.get("relativePath"); relative != nil {
			m.parent.relative = relative.text
		}
	}
	for _, e := range doc.list("licenses", "license") {
		m.licences = append(m.licences, mavenLicence{e.str("name"), e.str("url")})
	}
	if e := doc.get("properties"); e != nil {
		for i := range e.kids {
			m.properties[e.kids[i].name] = e.kids[i].text
		}
	}
	for _, list := range [][]*xmlElement{doc.list("modules", "module"), doc.list("subprojects", "subproject")} {
		for _, e := range list {
			m.modules = append(m.modules, e.text)
		}
	}
	var err error
	if m.deps, err = m.dependencies(doc); err != nil {
		return nil, err
	}
	if m.managed, err = m.dependencies(doc.get("dependencyManagement")); err != nil {
		return nil, err
	}
	for _, e := range doc.list("profiles", "profile") {
		if len(e.list("dependencies", "dependency"))+len(e.get("dependencyManagement").list("dependencies", "dependency")) > 0 {
			m.profiles = append(m.profiles, e.str("id"))
		}
	}
	return m, nil
}

func (m *mavenPom) dependencies(e *xmlElement) ([]mavenDep, error) {
	list := e.list("dependencies", "dependency")
	out := make([]mavenDep, 0, len(list))
	for _, e := range list {
		if err := e.once(); err != nil {
			return nil, err
		}
		d := mavenDep{
			group: e.str("groupId"), artifact: e.str("artifactId"), version: e.str("version"), kind: e.str("type"),
			classifier: e.str("classifier"), scope: e.str("scope"), optional: e.str("optional"), line: e.line, pom: m,
		}
		if d.kind == "" {
			d.kind = "jar"
		}
		for _, x := range e.list("exclusions", "exclusion") {
			d.exclusions = append(d.exclusions, mavenExclusion{x.str("groupId"), x.str("artifactId")})
		}
		out = append(out, d)
	}
	return out, nil
}

// A mavenIndex makes the managed dependencies of a pom quick to find. Those
// whose key has properties depend on who inherits them.
type mavenIndex struct {
	plain   map[string]int
	dynamic []int
	imports []int
}

func (m *mavenPom) index() *mavenIndex {
	if m.own != nil {
		return m.own
	}
	x := &mavenIndex{plain: make(map[string]int, len(m.managed))}
	for i := range m.managed {
		d := &m.managed[i]
		key := d.key()
		if d.isImport() {
			x.imports = append(x.imports, i)
		} else if strings.Contains(key, "${") || strings.Contains(d.scope, "${") {
			x.dynamic = append(x.dynamic, i)
		} else if _, ok := x.plain[key]; !ok {
			x.plain[key] = i
		}
	}
	m.own = x
	return x
}
