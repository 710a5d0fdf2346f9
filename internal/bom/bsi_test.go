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

// Of a file without an address a name is told only where it can have no other.
func TestUsualFiles(t *testing.T) {
	for _, test := range []struct {
		purl, name, version, ecosystem, want string
	}{
		{"pkg:cargo/serde@1.0.0", "serde", "1.0.0", "cargo", "serde-1.0.0.crate"},
		{"pkg:nuget/Newtonsoft.Json@13.0.3", "Newtonsoft.Json", "13.0.3", "nuget", "newtonsoft.json.13.0.3.nupkg"},
		{"pkg:golang/github.com/a/b@v1.2.3", "github.com/A/b", "v1.2.3", "go", "v1.2.3.zip"},
		{"pkg:golang/stdlib@1.26.0", "stdlib", "1.26.0", "go", ""},
		{"pkg:maven/g/a@1.0", "a", "1.0", "maven", "a-1.0.jar"},
		{"pkg:maven/g/a@1.0-SNAPSHOT", "a", "1.0-SNAPSHOT", "maven", ""},
		{"pkg:maven/g/a@1.0?type=pom", "a", "1.0", "maven", ""},
		{"pkg:maven/g/a@1.0", "a", "1.0", "gradle", ""}, // what it is packed as is not said
		{"pkg:npm/%40a/b@1.0.0", "b", "1.0.0", "pnpm", "b-1.0.0.tgz"},
		{"pkg:npm/b@1.0.0", "b", "1.0.0", "npm", ""},
		{"pkg:npm/b", "b", "", "pnpm", ""},
		{"pkg:npm/b@1.0.0?vcs_url=x", "b", "1.0.0", "bun", ""},
		{"pkg:pypi/b@1.0.0", "b", "1.0.0", "uv", ""},
	} {
		for _, change := range []func(*Inventory){
			nil,
			func(inv *Inventory) { inv.Built = true },
			func(inv *Inventory) { inv.Sources[0].Components[0].Origin = "dir:b" },
			func(inv *Inventory) { inv.Sources[0].Components[0].Type = Application },
		} {
			inv := Inventory{Sources: []Source{{Path: "lock", Ecosystem: test.ecosystem,
				Components: []Component{{Type: Library, PURL: test.purl, Name: test.name, Version: test.version}}}}}
			want := test.want
			if change != nil {
				change(&inv)
				want = ""
			}
			AddBSI(&inv)
			got := ""
			for _, p := range inv.Sources[0].Components[0].Properties {
				if p.Name == bsiFilename {
					got = p.Value
				}
			}
			if got != want {
				t.Errorf("%s of %s: %q, want %q", test.purl, test.ecosystem, got, want)
			}
		}
	}
}

// Where the lockfile says that a file is an archive and its address does not,
// it has no name; beside a wheel the archive is the source; a name can be that
// of a repository.
func TestBSIReferences(t *testing.T) {
	url := func(addresses ...string) (list []Reference) {
		for _, a := range addresses {
			list = append(list, Reference{Type: "distribution", URL: a})
		}
		return list
	}
	for _, test := range []struct {
		what       string
		component  Component
		properties string
		references string
	}{
		{"an archive without a name", Component{PURL: "pkg:composer/a/b@1", References: []Reference{{Type: "distribution", URL: "https://api.host.example/zipball/0123abc", Format: ".zip"}}},
			"executable archive structured", "distribution https://api.host.example/zipball/0123abc"},
		{"a wheel and its source", Component{PURL: "pkg:pypi/a@1", References: url("a-1.tar.gz", "a-1-py3-none-any.whl")},
			"filename executable archive structured", "source-distribution a-1.tar.gz, distribution a-1-py3-none-any.whl"},
		{"wheels for several machines", Component{PURL: "pkg:pypi/a@1", References: url("a-1-x.whl", "a-1-y.whl", "a-1.zip")},
			"", "distribution a-1-x.whl, distribution a-1-y.whl, source-distribution a-1.zip"},
		{"nothing but the source", Component{PURL: "pkg:pypi/a@1", References: url("a-1.tar.gz")},
			"filename executable archive structured", "distribution a-1.tar.gz"},
		{"a module of a repository", Component{PURL: "pkg:golang/github.com/a/b/v2@v2.0.0", Name: "github.com/A/b/v2"},
			"", "vcs https://github.com/A/b"},
		{"a module from a folder", Component{PURL: "pkg:golang/github.com/a/b", Name: "github.com/a/b", Origin: "dir:b"}, "", ""},
		{"a module of another host", Component{PURL: "pkg:golang/go.example/a/b", Name: "go.example/a/b"}, "", ""},
		{"an action in a folder", Component{PURL: "pkg:github/a/b@v1#c", Group: "a", Name: "b/c"}, "", "vcs https://github.com/a/b"},
		{"a source that is known", Component{PURL: "pkg:github/a/b@v1", Group: "a", Name: "b", References: []Reference{{Type: "vcs", URL: "https://forge.example/a/b"}}},
			"", "vcs https://forge.example/a/b"},
	} {
		inv := Inventory{Sources: []Source{{Path: "lock", Components: []Component{test.component}}}}
		AddBSI(&inv)
		got := inv.Sources[0].Components[0]
		var properties, references []string
		for _, p := range got.Properties {
			properties = append(properties, strings.TrimPrefix(p.Name, "bsi:component:"))
		}
		for _, r := range got.References {
			references = append(references, r.Type+" "+r.URL)
		}
		if p, r := strings.Join(properties, " "), strings.Join(references, ", "); p != test.properties || r != test.references {
			t.Errorf("%s: %q and %q", test.what, p, r)
		}
	}
}

// Mail addresses are told only where they are asked for, and by 1.6 on.
func TestAuthors(t *testing.T) {
	make := func(bsi bool, spec string) string {
		inv := Inventory{Sources: []Source{{Path: "composer.lock", Ecosystem: "composer", State: Complete,
			Components: []Component{{Type: Library, Name: "a", PURL: "pkg:composer/a/a", Authors: []Author{{Name: "Ana", Email: "ana@acme.example"}}}}}}}
		if bsi {
			AddBSI(&inv)
		}
		d, err := New(inv)
		if err != nil {
			t.Fatal(err)
		}
		out, err := d.Write(Form{Spec: spec})
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if text := make(true, "1.6"); !strings.Contains(text, `"authors":[{"name":"Ana","email":"ana@acme.example"}]`) {
		t.Error(text)
	}
	for _, text := range []string{make(false, "1.6"), make(true, "1.5")} {
		if strings.Contains(text, "ana@") {
			t.Error(text)
		}
	}
}

// The version of a tree is that of the projects in it that state none, wherever
// they are named, and of nothing else.
func TestVersionOfTheTree(t *testing.T) {
	inventory := func() Inventory {
		return Inventory{Version: "2.0+x y", Sources: []Source{
			{Path: "a/lock", Ecosystem: "npm", State: Complete, Projects: []int{0}, Folders: []int{0, 1},
				Components: []Component{
					{Type: Application, Name: "app", PURL: "pkg:npm/app"},
					{Type: Library, Name: "part", PURL: "pkg:npm/part", Origin: "dir:part"},
					{Type: Library, Name: "own", Version: "1", PURL: "pkg:npm/own@1", Origin: "dir:own"},
					{Type: Library, Name: "a", PURL: "pkg:npm/a?x=y"},
				}},
			{Path: "b/lock", Ecosystem: "npm", State: Complete, Projects: []int{0},
				Components: []Component{{Type: Application, Name: "nameless"}, {Type: Library, Name: "part", PURL: "pkg:npm/part", Origin: "dir:part"}}},
		}}
	}
	out, err := Marshal(inventory())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"component":{"bom-ref":"subject","type":"application","name":"app","version":"2.0+x y"}`,
		`{"bom-ref":"pkg:npm/app@2.0%2Bx%20y","type":"application","name":"app","version":"2.0+x y","purl":"pkg:npm/app@2.0%2Bx%20y"}`,
		`{"bom-ref":"pkg:npm/part@2.0%2Bx%20y","type":"library","name":"part","version":"2.0+x y","purl":"pkg:npm/part@2.0%2Bx%20y"}`,
		`{"bom-ref":"application:nameless@2.0+x y","type":"application","name":"nameless","version":"2.0+x y"}`,
		`{"bom-ref":"pkg:npm/a?x=y","type":"library","name":"a","purl":"pkg:npm/a?x=y"}`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if n := strings.Count(string(out), `"name":"part"`); n != 1 {
		t.Errorf("part is there %d times", n)
	}
	named := inventory()
	named.Subject = Component{Type: Application, Name: "app.tar"}
	if out, err = Marshal(named); err != nil || !strings.Contains(string(out), `"name":"app.tar","version":"2.0+x y"`) {
		t.Error(err, string(out))
	}
}

func TestIsMailbox(t *testing.T) {
	for address, want := range map[string]bool{
		"ana@acme.example": true, "a.b@c": true, "": false, "ana": false, "ana@": false, "@acme": false, "a..b@c": false,
		"a b@c": false, "a@b@c": false, "a@b\x00": false, "a\n@b": false, "<a@b>": false,
	} {
		if IsMailbox(address) != want {
			t.Errorf("%q: %t", address, !want)
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
