// SPDX-License-Identifier: Apache-2.0

package score_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/bom/score"
)

func parse(t testing.TB, text string) *raw.Document {
	t.Helper()
	d, err := raw.Read([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return d
}

// all is a document that has everything that both standards ask for.
const all = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
"metadata":{"timestamp":"2026-03-02T09:00:00Z","authors":[{"name":"Ana","email":"ana@acme.example"}],"component":COMPONENT},
"components":[],
"dependencies":[{"ref":"a"}],"compositions":[{"aggregate":"complete","dependencies":["a"]}]}`

const component = `{"type":"library","name":"a","version":"1.0.0","bom-ref":"a","purl":"pkg:npm/a@1.0.0","supplier":{"name":"Acme","url":["https://acme.example"]},
"licenses":[{"expression":"MIT OR ISC"}],"hashes":[{"alg":"SHA-512","content":"00"}],
"properties":[{"name":"bsi:component:filename","value":"a.tgz"},{"name":"bsi:component:executable","value":"non-executable"},{"name":"bsi:component:archive","value":"archive"},{"name":"bsi:component:structured","value":"structured"}]}`

func whole() string { return strings.Replace(all, "COMPONENT", component, 1) }

func points(s score.Score, name string) int {
	for _, e := range s.Elements {
		if e.Name == name {
			return e.Points
		}
	}
	return -1
}

func TestEverythingThere(t *testing.T) {
	for _, s := range score.Document(parse(t, whole())) {
		if s.Points != s.Max || s.Percent() != 100 || len(s.First()) != 0 {
			t.Errorf("%s: %d of %d, %+v", s.Standard, s.Points, s.Max, s.First())
		}
	}
}

// TestEachPointHasAReason takes one thing away at a time: the element that
// asks for it loses its points, and nothing else of that standard does.
func TestEachPointHasAReason(t *testing.T) {
	facts := map[string]struct {
		old, new  string
		ntia, bsi string // which element loses; empty: none
	}{
		"the supplier":                         {`"supplier":{"name":"Acme","url":["https://acme.example"]},`, ``, "supplier name", "component creator"},
		"the supplier's address":               {`,"url":["https://acme.example"]`, ``, "", "component creator"},
		"a publisher is a supplier":            {`"supplier":{"name":"Acme","url":["https://acme.example"]}`, `"publisher":"Acme"`, "", "component creator"},
		"an author can be reached":             {`"supplier":{"name":"Acme","url":["https://acme.example"]}`, `"authors":[{"name":"A","email":"a@b.example"}]`, "", ""},
		"the version":                          {`"version":"1.0.0",`, ``, "version", "component version"},
		"the package URL":                      {`"purl":"pkg:npm/a@1.0.0",`, ``, "other unique identifiers", ""},
		"a CPE will do":                        {`"purl":"pkg:npm/a@1.0.0"`, `"cpe":"cpe:2.3:a:a:a:1.0.0:*:*:*:*:*:*:*"`, "", ""},
		"dependencies":                         {`{"ref":"a"}`, ``, "dependency relationship", "dependencies"},
		"how complete":                         {`"aggregate":"complete"`, `"aggregate":"unknown"`, "", "completeness of dependencies"},
		"incomplete is said":                   {`"aggregate":"complete"`, `"aggregate":"incomplete"`, "", ""},
		"the author":                           {`"authors":[{"name":"Ana","email":"ana@acme.example"}],`, ``, "author of SBOM data", "creator of the SBOM"},
		"a tool is an author, not to be asked": {`"authors":[{"name":"Ana","email":"ana@acme.example"}]`, `"tools":{"components":[{"type":"application","name":"t"}]}`, "", "creator of the SBOM"},
		"the time":                             {`"timestamp":"2026-03-02T09:00:00Z",`, ``, "timestamp", "timestamp"},
		"a licence in words":                   {`{"expression":"MIT OR ISC"}`, `{"license":{"name":"BSD"}}`, "", "distribution licences"},
		"the licence":                          {`{"expression":"MIT OR ISC"}`, ``, "", "distribution licences"},
		"a shorter hash":                       {`"alg":"SHA-512"`, `"alg":"SHA-256"`, "", "hash (SHA-512)"},
		"the hash of what is distributed":      {`"hashes":[{"alg":"SHA-512","content":"00"}]`, `"externalReferences":[{"type":"distribution","url":"x","hashes":[{"alg":"SHA-512","content":"00"}]}]`, "", ""},
		"the filename":                         {`bsi:component:filename`, `x`, "", "filename"},
		"executable":                           {`bsi:component:executable`, `x`, "", "executable"},
		"archive":                              {`bsi:component:archive`, `x`, "", "archive"},
		"structured":                           {`bsi:component:structured`, `x`, "", "structured"},
		"an older format":                      {`"specVersion":"1.6"`, `"specVersion":"1.5"`, "", "format"},
	}
	for fact, f := range facts {
		text := strings.Replace(whole(), f.old, f.new, 1)
		if text == whole() {
			t.Fatalf("%s: changes nothing", fact)
		}
		scores := score.Document(parse(t, text))
		for i, want := range []string{f.ntia, f.bsi} {
			s, lost := scores[i], 0
			if want != "" {
				lost = score.MaxPoints
			}
			if s.Max-s.Points != lost || want != "" && points(s, want) != 0 {
				t.Errorf("%s, %s: lost %d, want %d of %q: %+v", fact, s.Standard, s.Max-s.Points, lost, want, s.First())
			}
		}
	}
}

func TestPointsArePartsOfTen(t *testing.T) {
	var more []string
	for _, name := range []string{"b", "c"} {
		more = append(more, `{"type":"library","name":"`+name+`","bom-ref":"`+name+`"}`)
	}
	text := strings.Replace(whole(), `"components":[]`, `"components":[`+strings.Join(more, ",")+`]`, 1)
	s := score.Document(parse(t, text))[0]
	for _, e := range s.Elements {
		if e.Name == "version" && (e.Have != 1 || e.Of != 3 || e.Points != 3 || strings.Join(e.Lacking, " ") != "b c") {
			t.Errorf("%+v", e)
		}
	}
	if first := s.First(); first[0].Lost() < first[len(first)-1].Lost() {
		t.Errorf("what to fix first: %+v", first)
	}
}

func TestADocumentOfNothingHasNoPointsForComponents(t *testing.T) {
	for _, s := range score.Document(parse(t, `{"bomFormat":"CycloneDX","specVersion":"1.4"}`)) {
		if s.Points != 0 || s.Percent() != 0 {
			t.Errorf("%+v", s)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(whole()))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"name":"a"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := raw.Read(data)
		if err != nil {
			return
		}
		first := score.Document(d)
		for _, s := range first {
			sum := 0
			for _, e := range s.Elements {
				if e.Points < 0 || e.Points > score.MaxPoints || e.Have > e.Of || len(e.Lacking) > 5 {
					t.Fatalf("%+v", e)
				}
				sum += e.Points
			}
			if sum != s.Points || s.Max != score.MaxPoints*len(s.Elements) {
				t.Fatalf("%+v", s)
			}
		}
		if !reflect.DeepEqual(first, score.Document(d)) {
			t.Fatal("scored again, another score")
		}
	})
}
