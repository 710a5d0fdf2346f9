// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestAddBSI(t *testing.T) {
	digest := Hash{Alg: "SHA-512", Value: strings.Repeat("ab", 64)}
	content := Hash{Alg: "h1", Value: "notafile"}
	file := func(urls ...string) Component {
		c := Component{Type: Library, Name: "a", Hashes: []Hash{digest, content}}
		for _, u := range urls {
			c.References = append(c.References, Reference{Type: "distribution", URL: u})
		}
		return c
	}
	for _, test := range []struct {
		what       string
		component  Component
		properties []string
		hashes     []Hash
	}{
		{"a tarball", file("https://registry.example/a/-/a-1.0.0.tgz"),
			[]string{"filename=a-1.0.0.tgz", "executable=non-executable", "archive=archive", "structured=structured"}, []Hash{digest}},
		{"upper case, and a query that may hold a token", file("https://u:p@host.example/A-1.0.0.TAR.GZ?token=x#y"),
			[]string{"filename=A-1.0.0.TAR.GZ", "executable=non-executable", "archive=archive", "structured=structured"}, []Hash{digest}},
		{"a Java archive may be executable", file("https://host.example/a-1.0.0.jar"),
			[]string{"filename=a-1.0.0.jar", "archive=archive", "structured=structured"}, []Hash{digest}},
		{"an address that names no file", file("https://api.host.example/zipball/0123abc"), nil, nil},
		{"nothing but an ending", file("https://host.example/.tgz"), nil, nil},
		{"several files", file("https://host.example/a.whl", "https://host.example/a.tar.gz"), nil, nil},
		{"no file", Component{Type: Library, Name: "a", Hashes: []Hash{digest}, References: []Reference{{Type: "vcs", URL: "https://host.example/a.zip"}}}, nil, nil},
		{"not an address", file("%zz.tgz"), nil, nil},
	} {
		inv := Inventory{Sources: []Source{{Path: "lock", Components: []Component{test.component}}}}
		AddBSI(&inv)
		got := inv.Sources[0].Components[0]
		var properties []string
		for _, p := range got.Properties {
			properties = append(properties, strings.TrimPrefix(p.Name, "bsi:component:")+"="+p.Value)
		}
		if !slices.Equal(properties, test.properties) {
			t.Errorf("%s: properties %q, want %q", test.what, properties, test.properties)
		}
		var hashes []Hash
		if len(got.References) > 0 {
			hashes = got.References[0].Hashes
		}
		if !slices.Equal(hashes, test.hashes) {
			t.Errorf("%s: hashes %v, want %v", test.what, hashes, test.hashes)
		}
		if len(test.component.References) > 0 && test.component.References[0].Hashes != nil {
			t.Errorf("%s: what others may share was changed", test.what)
		}
		again := slices.Clone(inv.Sources[0].Components)
		AddBSI(&inv)
		if !reflect.DeepEqual(again, inv.Sources[0].Components) {
			t.Errorf("%s: a second time changes it", test.what)
		}
	}
}

// What is added stands in the document, valid and the same each time.
func TestBSIDocument(t *testing.T) {
	make := func() []byte {
		inv := Inventory{Sources: []Source{{Path: "package-lock.json", Ecosystem: "npm", State: Complete, Projects: []int{0}, Edges: [][]int{{1}},
			Components: []Component{
				{Type: Application, Name: "app", PURL: "pkg:npm/app"},
				{Type: Library, Name: "a", Version: "1.0.0", PURL: "pkg:npm/a@1.0.0",
					Hashes:     []Hash{{Alg: "SHA-512", Value: strings.Repeat("ab", 64)}},
					References: []Reference{{Type: "distribution", URL: "https://registry.example/a/-/a-1.0.0.tgz"}}},
			}}}}
		AddBSI(&inv)
		out, err := Marshal(inv)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := string(make())
	if first != string(make()) {
		t.Error("two runs differ")
	}
	for _, want := range []string{
		`{"name":"bsi:component:filename","value":"a-1.0.0.tgz"}`,
		`"url":"https://registry.example/a/-/a-1.0.0.tgz","hashes":[{"alg":"SHA-512"`,
	} {
		if !strings.Contains(first, want) {
			t.Errorf("no %s in %s", want, first)
		}
	}
}
