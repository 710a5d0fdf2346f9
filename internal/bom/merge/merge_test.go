// SPDX-License-Identifier: Apache-2.0

package merge_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/check"
	"github.com/gateledger/gateledger/internal/bom/merge"
	"github.com/gateledger/gateledger/internal/bom/raw"
)

var tool = bom.Tool{Name: "gateledger", Version: "v1.0.0"}

func fixture(t testing.TB, name string) *raw.Document {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(data))
}

func parse(t testing.TB, text string) *raw.Document {
	t.Helper()
	d, err := raw.Read([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return d
}

// merged merges documents, and fails the test unless the result is true.
func merged(t testing.TB, o merge.Options, documents ...*raw.Document) (merge.Result, *raw.Document) {
	t.Helper()
	o.Tool = tool
	r, err := merge.Documents(documents, o)
	if err != nil {
		t.Fatal(err)
	}
	if c := check.Document(text(t, r), check.Options{}); len(c.Findings) > 0 {
		t.Fatalf("the result is not true: %v\n%s", c.Findings, text(t, r))
	}
	return r, parse(t, string(text(t, r)))
}

// text is the document that a merge made; nothing if it made none.
func text(t testing.TB, r merge.Result) []byte {
	t.Helper()
	var out bytes.Buffer
	if r.Stream(&out) != nil {
		return nil
	}
	return out.Bytes()
}

func find(t testing.TB, d *raw.Document, purl string) *raw.Component {
	t.Helper()
	i := slices.IndexFunc(d.Components, func(c raw.Component) bool { return c.PURL == purl })
	if i < 0 {
		t.Fatalf("%s is not there", purl)
	}
	return &d.Components[i]
}

func values(c *raw.Component, name string) []string {
	var out []string
	for _, p := range c.Properties {
		if p.Name == name {
			out = append(out, p.Value)
		}
	}
	return out
}

func TestFourTools(t *testing.T) {
	r, d := merged(t, merge.Options{}, fixture(t, "ours"), fixture(t, "syft"), fixture(t, "trivy"), fixture(t, "cdxgen"))
	if d.Spec != "1.6" || d.Root.Name != "merged" || r.Components != len(d.Components) {
		t.Errorf("%s %s, %d of %d", d.Spec, d.Root.Name, r.Components, len(d.Components))
	}
	c := find(t, d, "pkg:npm/left-pad@1.3.0")
	if len(values(c, "gateledger:merge:source")) != 4 || r.Merged != 4 {
		t.Errorf("left-pad is from %v; %d joined", values(c, "gateledger:merge:source"), r.Merged)
	}
	if c.Scope != "" || len(c.Hashes) != 1 || len(c.Licences) != 1 || c.CPE == "" || c.Author != "azer" || len(values(c, "aquasecurity:trivy:PkgType")) != 1 || len(values(c, "SrcFile")) != 1 {
		t.Errorf("%s", c.Raw)
	}
	if c.References[0].URL != "https://npm.acme.example/left-pad/-/left-pad-1.3.0.tgz" {
		t.Errorf("%v", c.References)
	}
	find(t, d, "pkg:deb/debian/openssl@3.0.15-1~deb12u1?arch=amd64&distro=debian-12")
	for _, want := range []string{"isExternal of", "a dependency on \"pkg:npm/gone@1.0.0\"", "annotations", "libssl3"} {
		if !slices.ContainsFunc(r.Dropped, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("nothing is said of %s: %q", want, r.Dropped)
		}
	}
	for _, name := range []string{"syft", "trivy", "cdxgen", "gateledger"} {
		if !bytes.Contains(d.Metadata.Tools, []byte(`"name":"`+name+`"`)) {
			t.Errorf("%s is not among the tools: %s", name, d.Metadata.Tools)
		}
	}
	if !strings.Contains(string(d.Members["vulnerabilities"]), "CVE-2024-0001") {
		t.Error("the vulnerability is lost")
	}
}

func TestTheOrderOfDocumentsMakesNoDifference(t *testing.T) {
	names := []string{"ours", "syft", "trivy", "cdxgen"}
	var want []byte
	for i := range names {
		order := append(slices.Clone(names[i:]), names[:i]...)
		var documents []*raw.Document
		for _, n := range order {
			documents = append(documents, fixture(t, n))
		}
		r, _ := merged(t, merge.Options{}, documents...)
		if want == nil {
			want = text(t, r)
		}
		if !bytes.Equal(text(t, r), want) {
			t.Errorf("%v gives another document", order)
		}
	}
}

func TestOneSubjectStays(t *testing.T) {
	_, d := merged(t, merge.Options{}, fixture(t, "ours"), fixture(t, "cdxgen"))
	if d.Root.PURL != "pkg:npm/shop@1.0.0" || len(d.Components) != 1 {
		t.Errorf("about %s, %d components", d.Root.Title(), len(d.Components))
	}
}

func TestADocumentTwiceIsOnce(t *testing.T) {
	once, _ := merged(t, merge.Options{}, fixture(t, "ours"))
	twice, _ := merged(t, merge.Options{}, fixture(t, "ours"), fixture(t, "ours"))
	if !bytes.Equal(text(t, once), text(t, twice)) {
		t.Error("the same document again changes the result")
	}
}

func TestTheCallersSubject(t *testing.T) {
	subject := bom.Component{Type: bom.Application, Name: "image", Hashes: []bom.Hash{{Alg: "SHA-256", Value: strings.Repeat("0f", 32)}, {Alg: "dirHash1", Value: "h1:x"}}}
	_, d := merged(t, merge.Options{Subject: &subject, Time: time.Unix(1700000000, 0)}, fixture(t, "ours"), fixture(t, "trivy"))
	if d.Root.Name != "image" || len(d.Root.Hashes) != 1 || d.Metadata.Timestamp != "2023-11-14T22:13:20Z" {
		t.Errorf("%+v", d.Root)
	}
	i := slices.IndexFunc(d.Dependencies, func(x raw.Dependency) bool { return x.Ref == d.Root.Ref })
	if i < 0 || len(d.Dependencies[i].DependsOn) != 2 {
		t.Errorf("%+v", d.Dependencies)
	}
}

// doc makes a document of one npm package a@1.0.0 with more members, and more
// of the document.
func doc(member, rest string) string {
	return `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"library","name":"a","version":"1.0.0","bom-ref":"x","purl":"pkg:npm/a@1.0.0"` + member + `}]` + rest + `}`
}

func TestOtherBytesAreKeptApart(t *testing.T) {
	hash := func(h string) string {
		return `,"hashes":[{"alg":"SHA-256","content":"` + strings.Repeat(h, 64) + `"}]`
	}
	r, d := merged(t, merge.Options{}, parse(t, doc(hash("a"), "")), parse(t, doc(hash("b"), "")), parse(t, doc(hash("A"), `,"dependencies":[]`)))
	if len(d.Components) != 2 || len(r.Conflicts) != 1 || r.Conflicts[0] != "pkg:npm/a@1.0.0" {
		t.Errorf("%d components, conflicts %q", len(d.Components), r.Conflicts)
	}
	if d.Components[0].Ref != "pkg:npm/a@1.0.0" || d.Components[1].Ref != "pkg:npm/a@1.0.0#2" {
		t.Errorf("%s, %s", d.Components[0].Ref, d.Components[1].Ref)
	}
}

func TestAnotherOriginIsAnotherComponent(t *testing.T) {
	elsewhere := strings.Replace(doc("", ""), "pkg:npm/a@1.0.0", "pkg:npm/a@1.0.0?repository_url=https://npm.acme.example", 1)
	_, d := merged(t, merge.Options{}, parse(t, doc("", "")), parse(t, elsewhere))
	if len(d.Components) != 2 {
		t.Errorf("%d components", len(d.Components))
	}
}

func TestTheWeakestCompositionWins(t *testing.T) {
	say := func(aggregate string) string {
		if aggregate == "" {
			return ""
		}
		return `,"compositions":[{"aggregate":"` + aggregate + `","dependencies":["x"]}]`
	}
	for _, f := range [][3]string{
		{"complete", "complete", "complete"},
		{"complete", "incomplete", "incomplete"},
		{"incomplete", "unknown", "unknown"},
		{"complete", "", "unknown"},
		{"complete", "incomplete_third_party_only", "incomplete_third_party_only"},
		{"incomplete_first_party_only", "incomplete_third_party_only", "incomplete"},
		{"not_specified", "incomplete", "not_specified"},
		{"", "", ""},
	} {
		for _, pair := range [][2]string{{f[0], f[1]}, {f[1], f[0]}} {
			_, d := merged(t, merge.Options{}, parse(t, doc("", say(pair[0]))), parse(t, doc(`,"author":"n"`, say(pair[1]))))
			got := ""
			for _, c := range d.Compositions {
				if len(c.Dependencies) == 1 {
					got += c.Aggregate
				}
			}
			if got != f[2] {
				t.Errorf("%q: %q, want %q", pair, got, f[2])
			}
		}
	}
}

func TestWhatHasNoPlaceIsSaid(t *testing.T) {
	r, d := merged(t, merge.Options{}, parse(t, doc(`,"components":[{"type":"file","name":"inner","bom-ref":"in"}],"signature":{"algorithm":"ES256","value":"AA=="}`,
		`,"formulation":[],"signature":{"algorithm":"ES256","value":"AA=="},"dependencies":[{"ref":"x","dependsOn":["in","x"]},{"ref":"gone"}]`)))
	if len(d.Components) != 2 || d.Signed {
		t.Errorf("%d components, signed %v", len(d.Components), d.Signed)
	}
	for _, want := range []string{"formulation", ": signature", "the signature of", `dependencies of "gone"`} {
		if !slices.ContainsFunc(r.Dropped, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("nothing is said of %s: %q", want, r.Dropped)
		}
	}
}

func TestVersion17KeepsWhatItHas(t *testing.T) {
	r, d := merged(t, merge.Options{Spec: "1.7"}, fixture(t, "syft"))
	if d.Spec != "1.7" || !bytes.Contains(text(t, r), []byte(`"isExternal":false`)) {
		t.Errorf("%s", text(t, r))
	}
}

func TestWhatCannotBeMerged(t *testing.T) {
	secret := parse(t, doc(`,"description":"from https://bot:open-sesame@h.example/"`, ""))
	token := parse(t, strings.Replace(doc("", ""), "pkg:npm/a@1.0.0", "pkg:npm/a@1.0.0?vcs_url=git%2Bhttps:%2F%2Fghp_token%40h.example%2Fa.git", 1))
	plain := parse(t, strings.Replace(doc("", ""), "pkg:npm/a@1.0.0", "pkg:npm/a@1.0.0?vcs_url=git%2Bssh:%2F%2Fgit%40h.example%2Fa.git", 1))
	facts := map[string]struct {
		documents []*raw.Document
		spec      string
		want      error
		text      string
	}{
		"nothing":                {nil, "", nil, "no document"},
		"an unknown version":     {[]*raw.Document{plain}, "1.5", nil, "have 1.6, 1.7"},
		"a password in a text":   {[]*raw.Document{secret}, "", bom.ErrCredential, ""},
		"a token in a purl":      {[]*raw.Document{token}, "", bom.ErrCredential, ""},
		"a document not as such": {[]*raw.Document{parse(t, doc(`,"scope":"never"`, ""))}, "", nil, "the result is no CycloneDX 1.6"},
	}
	for fact, f := range facts {
		_, err := merge.Documents(f.documents, merge.Options{Spec: f.spec, Tool: tool})
		if err == nil || f.want != nil && !errors.Is(err, f.want) || !strings.Contains(err.Error(), f.text) {
			t.Errorf("%s: %v", fact, err)
		}
		if err != nil && (strings.Contains(err.Error(), "sesame") || strings.Contains(err.Error(), "ghp_")) {
			t.Errorf("%s: the error tells it: %v", fact, err)
		}
	}
	if _, err := merge.Documents([]*raw.Document{plain}, merge.Options{Tool: tool}); err != nil {
		t.Errorf("the user git is no credential: %v", err)
	}
}

// No scope is required: what one document ships, another's lockfile can't make a
// thing for development only.
func TestScopes(t *testing.T) {
	scoped := func(scope, more string) *raw.Document {
		if scope != "" {
			scope = fmt.Sprintf(`,"scope":%q`, scope)
		}
		return parse(t, doc(scope+more, ""))
	}
	for _, c := range [][3]string{
		{"excluded", "excluded", "excluded"}, {"excluded", "optional", "optional"}, {"optional", "required", "required"},
		{"excluded", "", ""}, {"", "excluded", ""}, {"", "optional", ""}, {"", "required", ""},
	} {
		_, d := merged(t, merge.Options{}, scoped(c[0], `,"author":"a"`), scoped(c[1], `,"author":"b"`))
		if got := find(t, d, "pkg:npm/a@1.0.0").Scope; got != c[2] {
			t.Errorf("%q and %q are %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestACycleIsKept(t *testing.T) {
	text := strings.Replace(doc("", `,"dependencies":[{"ref":"x","dependsOn":["y"]},{"ref":"y","dependsOn":["x"]}]`), `"components":[`, `"components":[{"type":"library","name":"b","bom-ref":"y"},`, 1)
	_, d := merged(t, merge.Options{}, parse(t, text))
	edges := 0
	for _, dep := range d.Dependencies {
		edges += len(dep.DependsOn)
	}
	if edges != 2 {
		t.Errorf("%+v", d.Dependencies)
	}
}

func FuzzDocuments(f *testing.F) {
	for _, name := range []string{"ours", "syft", "trivy", "cdxgen"} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, []byte(doc("", "")))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, err := raw.Read(a)
		if err != nil {
			return
		}
		y, err := raw.Read(b)
		if err != nil {
			return
		}
		there, err := merge.Documents([]*raw.Document{x, y}, merge.Options{Tool: tool})
		back, again := merge.Documents([]*raw.Document{y, x}, merge.Options{Tool: tool})
		if (err == nil) != (again == nil) || !bytes.Equal(text(t, there), text(t, back)) {
			t.Fatalf("another order, another answer: %v, %v\n%s\n%s", err, again, text(t, there), text(t, back))
		}
		if err != nil {
			return
		}
		for _, finding := range check.Document(text(t, there), check.Options{}).Findings {
			if finding.Rule == check.RuleReference || finding.Rule == check.RuleSchema {
				t.Fatalf("%s\n%s", finding, text(t, there))
			}
		}
	})
}

func TestHowMuchIsMerged(t *testing.T) {
	large := &raw.Document{JSON: make([]byte, raw.MaxBytes)}
	if _, err := merge.Documents([]*raw.Document{large, large, large, large, large}, merge.Options{}); !errors.Is(err, merge.ErrTooLarge) || !strings.Contains(err.Error(), "the limit of 1073741824") {
		t.Error(err)
	}
}

// TestManyComponents: what is written is one document, however many pieces it
// was made and looked at in.
func TestManyComponents(t *testing.T) {
	var components, dependencies []string
	for i := range 1234 {
		components = append(components, fmt.Sprintf(`{"type":"library","bom-ref":"c%d","name":"c%d","purl":"pkg:npm/c%d@1"}`, i, i, i))
		dependencies = append(dependencies, fmt.Sprintf(`{"ref":"c%d","dependsOn":["c%d"]}`, i, (i+1)%1234))
	}
	one := parse(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`+strings.Join(components, ",")+`],"dependencies":[`+strings.Join(dependencies, ",")+`]}`)
	r, d := merged(t, merge.Options{}, one)
	if r.Components != 1234 || len(d.Components) != 1234 || len(d.Dependencies) != 1235 || !strings.HasSuffix(string(text(t, r)), "}\n") {
		t.Errorf("%d, %d components, %d dependencies", r.Components, len(d.Components), len(d.Dependencies))
	}
	if err := (merge.Result{}).Stream(io.Discard); err == nil {
		t.Error("nothing is written as something")
	}
	full := errors.New("the disk is full")
	if err := r.Stream(broken{full}); !errors.Is(err, full) {
		t.Error(err)
	}
}

type broken struct{ error }

func (b broken) Write([]byte) (int, error) { return 0, b.error }
