// SPDX-License-Identifier: Apache-2.0

package bom_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/bom"
)

// lock is a source of npm packages under one project.
func lock(path string, components ...bom.Component) bom.Source {
	root := bom.Component{Type: bom.Application, PURL: bom.NpmPURL("", "app-"+path, "1.0.0", "", ""), Name: "app-" + path, Version: "1.0.0", Origin: "dir:" + path}
	s := bom.Source{Path: path, Ecosystem: "npm", State: bom.Complete, Projects: []int{0}, Components: append([]bom.Component{root}, components...)}
	s.Edges = make([][]int, len(s.Components))
	for i := range components {
		s.Edges[0] = append(s.Edges[0], i+1)
	}
	return s
}

// lib is the package left-pad 1.3.0 with what a test changes of it.
func lib(change func(*bom.Component)) bom.Component {
	c := bom.Component{Type: bom.Library, PURL: bom.NpmPURL("", "left-pad", "1.3.0", "", ""), Name: "left-pad", Version: "1.3.0", Scope: bom.Required}
	if change != nil {
		change(&c)
	}
	return c
}

func hashed(alg, value string) func(*bom.Component) {
	if size := map[string]int{"SHA-1": 40, "SHA-512": 128}[alg]; size > 0 {
		value = strings.Repeat(value, size/len(value))
	}
	return func(c *bom.Component) { c.Hashes = []bom.Hash{{Alg: alg, Value: value}} }
}

// A document is what tests read back.
type document struct {
	Metadata struct {
		Component  component
		Properties []bom.Property
	}
	Components   []component
	Dependencies []struct {
		Ref       string
		DependsOn []string
	}
	Compositions []struct {
		Aggregate                string
		Assemblies, Dependencies []string
	}
}

type component struct {
	Ref        string `json:"bom-ref"`
	Name       string
	PURL       string
	Scope      string
	Hashes     []struct{ Alg, Content string }
	Licenses   json.RawMessage
	Properties []struct{ Name, Value string }
	Evidence   struct {
		Occurrences []struct {
			Location string
			Line     int
		}
	}
}

func read(t testing.TB, inv bom.Inventory) document {
	t.Helper()
	inv.Tool.Name = "gateledger"
	out := marshal(t, inv)
	valid(t, schema(t), out)
	var d document
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d document) refs(prefix string) []string {
	var refs []string
	for _, c := range d.Components {
		if strings.HasPrefix(c.Ref, prefix) {
			refs = append(refs, c.Ref)
		}
	}
	return refs
}

func TestOnePackageOfTwoLockfilesIsOneComponent(t *testing.T) {
	const ref, first, second = "pkg:npm/left-pad@1.3.0", "pkg:npm/left-pad@1.3.0", "pkg:npm/left-pad@1.3.0#2"
	facts := map[string]struct {
		a, b func(*bom.Component)
		want []string
	}{
		"nothing known of either":       {nil, nil, []string{ref}},
		"the same digest":               {hashed("SHA-512", "aa"), hashed("SHA-512", "aa"), []string{ref}},
		"a digest and none":             {hashed("SHA-512", "aa"), nil, []string{ref}},
		"digests of two kinds":          {hashed("SHA-512", "aa"), hashed("SHA-1", "bb"), []string{ref}},
		"two digests of one kind":       {hashed("SHA-512", "aa"), hashed("SHA-512", "bb"), []string{first, second}},
		"two digests that are no files": {hashed("h1", "aa"), hashed("h1", "bb"), []string{first, second}},
		"a registry and a folder":       {nil, func(c *bom.Component) { c.Origin = "dir:lib" }, []string{first, second}},
		"names that differ in case":     {nil, func(c *bom.Component) { c.Name = "Left-pad" }, []string{first, second}},
	}
	for fact, f := range facts {
		t.Run(fact, func(t *testing.T) {
			d := read(t, bom.Inventory{Sources: []bom.Source{lock("a", lib(f.a)), lock("b", lib(f.b))}})
			if got := d.refs("pkg:npm/left-pad"); !slices.Equal(got, f.want) {
				t.Errorf("%q, want %q", got, f.want)
			}
		})
	}
}

func TestMergingKeepsWhatEachSays(t *testing.T) {
	a := lib(func(c *bom.Component) {
		c.Scope = bom.Excluded
		c.Properties = []bom.Property{{Name: "cdx:npm:package:development", Value: "true", Unanimous: true}, {Name: "kept", Value: "a"}}
		c.Occurrences = []bom.Occurrence{{Path: "a", Line: 3}}
		c.Licences = []bom.Licence{{ID: "MIT"}}
	})
	b := lib(func(c *bom.Component) {
		c.Properties = []bom.Property{{Name: "kept", Value: "b"}}
		c.Occurrences = []bom.Occurrence{{Path: "b", Line: 4}}
		c.Licences = []bom.Licence{{ID: "MIT", File: "b/LICENSE"}}
	})
	d := read(t, bom.Inventory{Sources: []bom.Source{lock("a", a), lock("b", b)}})
	c := d.Components[slices.IndexFunc(d.Components, func(c component) bool { return c.Name == "left-pad" })]
	if c.Scope != "required" {
		t.Errorf("scope %q: what one project only develops with, the other ships", c.Scope)
	}
	var names []string
	for _, p := range c.Properties {
		names = append(names, p.Name+"="+p.Value)
	}
	if want := []string{"kept=a", "kept=b", "gateledger:license:file=b/LICENSE"}; !slices.Equal(names, want) {
		t.Errorf("properties %q, want %q", names, want)
	}
	if len(c.Evidence.Occurrences) != 2 {
		t.Errorf("occurrences %v", c.Evidence.Occurrences)
	}
	if got := string(c.Licenses); got != `[{"license":{"id":"MIT","acknowledgement":"declared"}}]` {
		t.Errorf("licences %s", got)
	}
}

func TestDevelopmentStaysIfEverybodySaysSo(t *testing.T) {
	dev := func(c *bom.Component) {
		c.Scope = bom.Excluded
		c.Properties = []bom.Property{{Name: "cdx:npm:package:development", Value: "true", Unanimous: true}}
	}
	d := read(t, bom.Inventory{Sources: []bom.Source{lock("a", lib(dev)), lock("b", lib(dev)), lock("c", lib(dev))}})
	c := d.Components[slices.IndexFunc(d.Components, func(c component) bool { return c.Name == "left-pad" })]
	if c.Scope != "excluded" || len(c.Properties) != 1 {
		t.Errorf("%+v", c)
	}
}

func TestScopesByStrength(t *testing.T) {
	facts := []struct {
		a, b bom.Scope
		want string
	}{
		{bom.Unstated, bom.Unstated, ""},
		{bom.Excluded, bom.Excluded, "excluded"},
		{bom.Excluded, bom.Optional, "optional"},
		{bom.Optional, bom.Required, "required"},
		{bom.Required, bom.Excluded, "required"},
	}
	for _, f := range facts {
		set := func(s bom.Scope) func(*bom.Component) { return func(c *bom.Component) { c.Scope = s } }
		d := read(t, bom.Inventory{Sources: []bom.Source{lock("a", lib(set(f.a)), lib(set(f.b)))}})
		if got := d.Components[0].Scope; got != f.want {
			t.Errorf("%v and %v: %q, want %q", f.a, f.b, got, f.want)
		}
	}
}

func TestEdges(t *testing.T) {
	pkg := func(name, version string) bom.Component {
		return bom.Component{Type: bom.Library, PURL: bom.NpmPURL("", name, version, "", ""), Name: name, Version: version}
	}
	s := lock("a", pkg("x", "1"), pkg("x", "1"), pkg("y", "1"), pkg("y", "2"))
	s.Edges = [][]int{{1, 2, 1}, {3, 2}, {4, 1}, nil, {4}}
	d := read(t, bom.Inventory{Sources: []bom.Source{s}})
	got := map[string][]string{}
	for _, dep := range d.Dependencies {
		got[dep.Ref] = dep.DependsOn
	}
	want := map[string][]string{
		"pkg:npm/app-a@1.0.0": {"pkg:npm/x@1"},                // once, though it is installed twice
		"pkg:npm/x@1":         {"pkg:npm/y@1", "pkg:npm/y@2"}, // what either copy depends on, never itself
		"pkg:npm/y@1":         nil,
		"pkg:npm/y@2":         nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatTheDocumentIsAbout(t *testing.T) {
	broken := bom.Source{Path: "z.lock", Ecosystem: "npm", State: bom.Incomplete, Lost: true, Reasons: []string{"cut off"}}
	artifact := bom.Component{Type: bom.Application, Name: "dist/app", Hashes: []bom.Hash{{Alg: "SHA-256", Value: strings.Repeat("0f", 32)}}}
	facts := map[string]struct {
		inv  bom.Inventory
		ref  string
		deps []string
	}{
		"one project is it": {
			bom.Inventory{Sources: []bom.Source{lock("a", lib(nil))}},
			"pkg:npm/app-a@1.0.0", []string{"pkg:npm/left-pad@1.3.0"},
		},
		"a broken lockfile beside it changes nothing": {
			bom.Inventory{Sources: []bom.Source{lock("a", lib(nil)), broken}},
			"pkg:npm/app-a@1.0.0", []string{"pkg:npm/left-pad@1.3.0"},
		},
		"several projects have the tree above them": {
			bom.Inventory{Sources: []bom.Source{lock("b/x"), lock("a")}},
			"subject", []string{"pkg:npm/app-a@1.0.0", "pkg:npm/app-b%2Fx@1.0.0"},
		},
		"an artifact is above its project": {
			bom.Inventory{Subject: artifact, Sources: []bom.Source{lock("a")}},
			"subject", []string{"pkg:npm/app-a@1.0.0"},
		},
		"nothing readable is still a document": {
			bom.Inventory{Sources: []bom.Source{broken}}, "subject", nil,
		},
	}
	for fact, f := range facts {
		t.Run(fact, func(t *testing.T) {
			d := read(t, f.inv)
			if d.Metadata.Component.Ref != f.ref {
				t.Errorf("about %q, want %q", d.Metadata.Component.Ref, f.ref)
			}
			for _, dep := range d.Dependencies {
				if dep.Ref == f.ref && !slices.Equal(dep.DependsOn, f.deps) {
					t.Errorf("it depends on %q, want %q", dep.DependsOn, f.deps)
				}
			}
		})
	}
}

func TestTheTreeIsNamedAfterTheProjectNearestToItsRoot(t *testing.T) {
	d := read(t, bom.Inventory{Sources: []bom.Source{lock("a/b/c"), lock("z/y")}})
	if d.Metadata.Component.Name != "app-z/y" {
		t.Errorf("named %q", d.Metadata.Component.Name)
	}
	d = read(t, bom.Inventory{Sources: []bom.Source{{Path: "x", Ecosystem: "npm", Lost: true}}})
	if d.Metadata.Component.Name != "workspace" {
		t.Errorf("named %q", d.Metadata.Component.Name)
	}
}

func TestCompositions(t *testing.T) {
	gaps := lock("b", lib(nil))
	gaps.State, gaps.Reasons = bom.Incomplete, []string{"one thing", "another"}
	unread := bom.Source{Path: "c", Ecosystem: "unread", Lost: true, Reasons: []string{"not supported yet: pnpm lockfile"}}
	d := read(t, bom.Inventory{Sources: []bom.Source{unread, gaps, lock("a", lib(nil))}})
	var got []string
	for _, c := range d.Compositions {
		got = append(got, c.Aggregate+" "+strings.Join(c.Assemblies, ",")+" "+strings.Join(c.Dependencies, ","))
	}
	want := []string{
		"complete  pkg:npm/app-a@1.0.0,pkg:npm/left-pad@1.3.0",
		"incomplete  pkg:npm/app-b@1.0.0,pkg:npm/left-pad@1.3.0",
		"unknown subject ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var why []string
	for _, p := range d.Metadata.Properties {
		if strings.HasPrefix(p.Name, "gateledger:scan:") {
			why = append(why, p.Name+" "+p.Value)
		}
	}
	if diff := cmp.Diff([]string{
		"gateledger:scan:incomplete b: one thing", "gateledger:scan:incomplete b: another",
		"gateledger:scan:unknown c: not supported yet: pnpm lockfile",
	}, why); diff != "" {
		t.Error(diff)
	}
}
