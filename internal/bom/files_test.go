// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wheel is a package with one file.
func wheel(url, comment, alg, digest string) Component {
	c := Component{Type: Library, Name: "a", Version: "1", PURL: PyPIURL("a", "1", "", "")}
	ref := Reference{Type: "distribution", URL: url, Comment: comment}
	if digest != "" {
		ref.Hashes = []Hash{{alg, digest}}
	}
	c.References = []Reference{ref}
	return c
}

func TestOneFileHasOneDigest(t *testing.T) {
	facts := map[string]struct {
		a, b Component
		want string
	}{
		"the same":              {wheel("a.whl", "", "SHA-256", "00"), wheel("a.whl", "", "SHA-256", "00"), "pkg:pypi/a@1"},
		"another digest":        {wheel("a.whl", "", "SHA-256", "00"), wheel("a.whl", "", "SHA-256", "11"), "pkg:pypi/a@1 pkg:pypi/a@1#2"},
		"another file":          {wheel("a.whl", "", "SHA-256", "00"), wheel("a.tar.gz", "", "SHA-256", "11"), "pkg:pypi/a@1"},
		"another kind":          {wheel("a.whl", "", "SHA-256", "00"), wheel("a.whl", "", "SHA-512", "11"), "pkg:pypi/a@1"},
		"no digest":             {wheel("a.whl", "", "SHA-256", "00"), wheel("a.whl", "", "", ""), "pkg:pypi/a@1"},
		"files without a name":  {wheel("x", "any", "SHA-256", "00"), wheel("x", "any", "SHA-256", "11"), "pkg:pypi/a@1"},
		"one of them has none":  {wheel("x", "any", "SHA-256", "00"), wheel("x", "", "SHA-256", "11"), "pkg:pypi/a@1"},
		"one has no references": {Component{Type: Library, Name: "a", PURL: "pkg:pypi/a@1"}, wheel("x", "", "SHA-256", "11"), "pkg:pypi/a@1"},
	}
	for fact, f := range facts {
		d, err := New(Inventory{Sources: []Source{
			{Path: "x", Components: []Component{f.a}}, {Path: "y", Components: []Component{f.b}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		var refs []string
		for _, n := range d.components {
			refs = append(refs, n.ref)
		}
		if got := strings.Join(refs, " "); got != f.want {
			t.Errorf("%s: %s, want %s", fact, got, f.want)
		}
	}
}

func TestFilesAreWrittenWithTheirDigests(t *testing.T) {
	c := wheel("https://bot:secret-of-bot@h.example/a.whl?token=x#y", "", "SHA-256", strings.Repeat("0", 64))
	c.References[0].Hashes = append(c.References[0].Hashes, Hash{"h1", "x"})
	c.Supplier = "Ana https://ana:secret@h.example"
	d, err := New(Inventory{Sources: []Source{{Path: "x", Components: []Component{c}}}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"externalReferences":[{"url":"https://h.example/a.whl","hashes":[{"alg":"SHA-256","content":"` + strings.Repeat("0", 64) + `"}],"type":"distribution"}]`,
		`"supplier":{"name":"Ana https://h.example"}`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %s in %s", want, out)
		}
	}
	if d.Stats().Hashed != 1 {
		t.Errorf("%d with a digest", d.Stats().Hashed)
	}
}

func TestTheSubjectNeedsWhatIsAttached(t *testing.T) {
	tool := Component{Type: Application, Name: "tool", PURL: "pkg:github/a/tool@v1"}
	app := Component{Type: Application, Name: "app", PURL: "pkg:npm/app"}
	lib := Component{Type: Library, Name: "lib", PURL: "pkg:npm/lib@1"}
	workflow := Source{Path: "ci.yml", Components: []Component{tool}, Attached: []int{0}}
	project := Source{Path: "lock", Components: []Component{app, lib}, Projects: []int{0}, Edges: [][]int{{1}}}
	facts := map[string]struct {
		inventory Inventory
		root      string
		want      []string
	}{
		"one project": {Inventory{Sources: []Source{project, workflow}}, "pkg:npm/app", []string{"pkg:github/a/tool@v1", "pkg:npm/lib@1"}},
		"no project":  {Inventory{Sources: []Source{workflow}}, "subject", []string{"pkg:github/a/tool@v1"}},
		"a subject":   {Inventory{Subject: Component{Name: "x"}, Sources: []Source{project, workflow}}, "subject", []string{"pkg:github/a/tool@v1", "pkg:npm/app"}},
		"the project is attached itself": {Inventory{Sources: []Source{project, {Path: "other", Components: []Component{app}, Attached: []int{0}}}},
			"pkg:npm/app", []string{"pkg:npm/lib@1"}},
	}
	for fact, f := range facts {
		d, err := New(f.inventory)
		if err != nil {
			t.Fatal(err)
		}
		if d.root.ref != f.root || !cmp.Equal(d.root.requires, f.want) {
			t.Errorf("%s: %s needs %q, want %s %q", fact, d.root.ref, d.root.requires, f.root, f.want)
		}
	}
	if _, err := New(Inventory{Sources: []Source{{Path: "x", Attached: []int{0}}}}); err == nil {
		t.Error("an attached component that is not there")
	}
}

func TestTheSupplierDoesNotDependOnTheOrder(t *testing.T) {
	for _, names := range [][2]string{{"A", "B"}, {"B", "A"}, {"", "A"}, {"A", ""}} {
		a, b := Component{Supplier: names[0]}, Component{Supplier: names[1]}
		if a.absorb(&b); a.Supplier != "A" {
			t.Errorf("%q: %s", names, a.Supplier)
		}
	}
}

func TestPackageURLsOfEveryType(t *testing.T) {
	facts := map[string]string{
		PyPIURL("Foo__Bar.baz-", "1.0+local", "", ""):                "pkg:pypi/foo-bar-baz-@1.0%2Blocal",
		PyPIURL("a", "", "vcs_url", "git+https://h.example/a@0"):     "pkg:pypi/a?vcs_url=git%2Bhttps:%2F%2Fh.example%2Fa%400",
		GemURL("Nokogiri", "1.0", "platform", "java"):                "pkg:gem/Nokogiri@1.0?platform=java",
		ComposerURL("Acme", "App", "v1", "", ""):                     "pkg:composer/acme/app@v1",
		ComposerURL("", "App", "", "", ""):                           "pkg:composer/app",
		GitHubURL("Actions", "Checkout", "V4", ""):                   "pkg:github/actions/checkout@V4",
		GitHubURL("a", "b", "v1", ".github/workflows/x.yml"):         "pkg:github/a/b@v1#.github/workflows/x.yml",
		DockerURL("", "", "alpine", "3"):                             "pkg:docker/alpine@3",
		DockerURL("ghcr.io", "a/b", "c", "sha256:00"):                "pkg:docker/a/b/c@sha256:00?repository_url=ghcr.io",
		GenericURL("a/b", "c", "1", "download_url", "https://h/x.y"): "pkg:generic/a/b/c@1?download_url=https:%2F%2Fh%2Fx.y",
	}
	for got, want := range facts {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
