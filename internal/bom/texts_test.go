// SPDX-License-Identifier: Apache-2.0

package bom_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/bom"
)

func TestParseLicence(t *testing.T) {
	facts := map[string]bom.Licence{
		"MIT":                            {ID: "MIT"},
		" mit\n":                         {ID: "MIT"},
		"gpl-2.0+":                       {ID: "GPL-2.0+"},
		"MIT OR Apache-2.0":              {Expression: "MIT OR Apache-2.0"},
		"(mit or apache-2.0)":            {Expression: "(MIT OR Apache-2.0)"},
		"(MIT AND (ISC OR 0BSD))":        {Expression: "(MIT AND (ISC OR 0BSD))"},
		"Apache-2.0 WITH LLVM-exception": {Expression: "Apache-2.0 WITH LLVM-exception"},
		"MPL-1.1+ OR MIT":                {Expression: "MPL-1.1+ OR MIT"},
		"Apache 2":                       {Name: "Apache 2"},
		"BSD":                            {Name: "BSD"},
		"UNLICENSED":                     {Name: "UNLICENSED"},
		"SEE LICENSE IN LICENSE.md":      {Name: "SEE LICENSE IN LICENSE.md"},
		"LLVM-exception":                 {Name: "LLVM-exception"},
		"MIT WITH MIT":                   {Name: "MIT WITH MIT"},
		"MIT OR":                         {Name: "MIT OR"},
		"(MIT OR ISC":                    {Name: "(MIT OR ISC"},
		"MIT)":                           {Name: "MIT)"},
		"":                               {},
		"see https://u:p@h.example/L":    {Name: "see https://h.example/L"},
	}
	for text, want := range facts {
		if got := bom.ParseLicence(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestOneExpressionAmongSeveralLicencesBecomesAName(t *testing.T) {
	d := read(t, bom.Inventory{Sources: []bom.Source{lock("a", lib(func(c *bom.Component) {
		c.Licences = []bom.Licence{bom.ParseLicence("MIT OR ISC"), bom.ParseLicence("0BSD")}
	}))}})
	want := `[{"license":{"name":"MIT OR ISC","acknowledgement":"declared"}},{"license":{"id":"0BSD","acknowledgement":"declared"}}]`
	if got := string(d.Components[0].Licenses); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzParseLicence(f *testing.F) {
	for _, seed := range []string{"MIT", "(MIT OR ISC) AND 0BSD", "((((", "Apache-2.0 WITH LLVM-exception", "GPL-2.0+", "a\x00b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := bom.ParseLicence(text)
		set := 0
		for _, s := range []string{l.ID, l.Expression, l.Name} {
			if s != "" {
				set++
			}
		}
		if set > 1 || set == 0 && strings.TrimSpace(text) != "" {
			t.Fatalf("%q: %+v", text, l)
		}
		if l.Name == "" && bom.ParseLicence(l.ID+l.Expression) != l {
			t.Fatalf("%q: read again it is another licence", text)
		}
	})
}

func TestScrubURL(t *testing.T) {
	facts := map[string]struct {
		clean   string
		secrets []string
	}{
		"https://registry.example/a/-/a-1.tgz":         {"https://registry.example/a/-/a-1.tgz", nil},
		"https://u:p%40ss@h.example/a":                 {"https://h.example/a", []string{"p%40ss", "p@ss"}},
		"https://npm_token@h.example/a":                {"https://h.example/a", []string{"npm_token"}},
		"https://h.example/a?token=t1&v=2#frag":        {"https://h.example/a", []string{"t1"}},
		"https://h.example/a?X-Amz-Signature=s":        {"https://h.example/a", []string{"s"}},
		"git+ssh://git@h.example/x.git#0123":           {"git+ssh://h.example/x.git", []string{"git"}},
		"git@h.example:x/y.git":                        {"", nil},
		"https://h.example/%zz":                        {"", nil},
		"https://u:p@h1.example@h2.example/":           {"https://h2.example/", []string{"p%40h1.example", "p@h1.example"}},
		"http://[::1]:4873/a":                          {"http://[::1]:4873/a", nil},
		"file:../a":                                    {"file:../a", nil},
		"\thttps://h.example/a\n":                      {"https://h.example/a", nil},
		"https://user:pass@host.example:8443/p?q=1#f ": {"https://host.example:8443/p", []string{"pass", "pass"}},
	}
	for raw, f := range facts {
		clean, secrets := bom.ScrubURL(raw)
		if clean != f.clean || !slices.Equal(secrets, f.secrets) {
			t.Errorf("%q: %q %q, want %q %q", raw, clean, secrets, f.clean, f.secrets)
		}
	}
}

func FuzzScrubURL(f *testing.F) {
	for _, seed := range []string{"https://u:p@h.example/a?token=b#c", "//u@h", "https://h/@scope/x", "git+ssh://git@h/x", "https://%40@h", "a@b:c", "/://0@0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		clean, _ := bom.ScrubURL(raw)
		_, after, found := strings.Cut(clean, "://")
		authority, _, _ := strings.Cut(after, "/")
		if found && strings.Contains(authority, "@") || strings.ContainsAny(clean, "?#") {
			t.Fatalf("%q came out as %q", raw, clean)
		}
		if again, _ := bom.ScrubURL(clean); again != clean {
			t.Fatalf("%q, scrubbed again %q", clean, again)
		}
	})
}

func TestPackageURLs(t *testing.T) {
	facts := map[string]string{
		bom.GoPURL("github.com/CycloneDX/cyclonedx-go", "v0.12.0"):                   "pkg:golang/github.com/cyclonedx/cyclonedx-go@v0.12.0",
		bom.GoPURL("stdlib", "1.26.0"):                                               "pkg:golang/stdlib@1.26.0",
		bom.GoPURL("a.example/x", "v2.0.0+incompatible"):                             "pkg:golang/a.example/x@v2.0.0%2Bincompatible",
		bom.GoPURL("a.example/x", ""):                                                "pkg:golang/a.example/x",
		bom.NpmPURL("@acme", "a", "1.0.0", "", ""):                                   "pkg:npm/%40acme/a@1.0.0",
		bom.NpmPURL("", "a", "1.0.0", "vcs_url", "git+https://h.example/a.git@0123"): "pkg:npm/a@1.0.0?vcs_url=git%2Bhttps:%2F%2Fh.example%2Fa.git%400123",
	}
	for got, want := range facts {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestCheckReferences(t *testing.T) {
	const head = `{"metadata":{"component":{"bom-ref":"r"}},"components":[{"bom-ref":"a","components":[{"bom-ref":"in"}]},{"bom-ref":"b"},{}],`
	facts := map[string]struct{ document, want string }{
		"every reference stands for something": {head + `"dependencies":[{"ref":"r","dependsOn":["a","in"]},{"ref":"a"}],"compositions":[{"assemblies":["r"],"dependencies":["b"]}]}`, ""},
		"dangling dependsOn":                   {head + `"dependencies":[{"ref":"r","dependsOn":["x"]}]}`, `dependsOn of r names "x", which no component has`},
		"dangling ref":                         {head + `"dependencies":[{"ref":"x"}]}`, `dependencies names "x"`},
		"an empty reference":                   {head + `"dependencies":[{"ref":""}]}`, `names ""`},
		"doubled dependsOn":                    {head + `"dependencies":[{"ref":"r","dependsOn":["a","a"]}]}`, `names "a" twice`},
		"two lists of one component":           {head + `"dependencies":[{"ref":"a"},{"ref":"a"}]}`, `"a" has two dependency lists`},
		"dangling composition":                 {head + `"compositions":[{"dependencies":["x"]}]}`, `compositions names "x"`},
		"dangling assembly":                    {head + `"compositions":[{"assemblies":["x"]}]}`, `assemblies names "x"`},
		"two components of one reference":      {`{"components":[{"bom-ref":"a"},{"bom-ref":"a"}]}`, `two components have the reference "a"`},
		"not JSON":                             {`{`, "read the SBOM"},
		"a name twice":                         {`{"components":[],"components":[]}`, "duplicate"},
	}
	for fact, f := range facts {
		err := bom.CheckReferences([]byte(f.document))
		if f.want == "" && err != nil || f.want != "" && (err == nil || !strings.Contains(err.Error(), f.want)) {
			t.Errorf("%s: %v, want %q", fact, err, f.want)
		}
	}
}

func TestManyProblemsAreCutShort(t *testing.T) {
	document := `{"dependencies":[{"ref":"r","dependsOn":[` + strings.Repeat(`"x",`, 5000) + `"x"]}]}`
	if err := bom.CheckReferences([]byte(document)); err == nil || len(err.Error()) > 4000 {
		t.Errorf("%d bytes of error", len(err.Error()))
	}
}
