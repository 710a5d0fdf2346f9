// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gateledger/gateledger/internal/bom/check"
	"github.com/gateledger/gateledger/internal/bom/draft7"
	"github.com/gateledger/gateledger/internal/bom/raw"
)

var update = flag.Bool("update", false, "make the schemas that are embedded anew")

// official returns the test documents of the CycloneDX project for one version,
// by name; testdata/README.md says where they are from.
func official(t testing.TB, spec string) map[string][]byte {
	t.Helper()
	archive := tar.NewReader(bytes.NewReader(unpacked(t, filepath.Join("testdata", "official", spec+".tar.gz"))))
	out := map[string][]byte{}
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err == nil {
			out[h.Name], err = io.ReadAll(archive)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func unpacked(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestOfficialDocuments: every valid one is true, and every invalid one is
// refused by its schema, not by luck.
func TestOfficialDocuments(t *testing.T) {
	type count struct{ valid, invalid int }
	got := map[string]count{}
	for _, spec := range raw.Specs() {
		for name, data := range official(t, spec) {
			before := bytes.Clone(data)
			r := check.Document(data, check.Options{})
			key := filepath.Ext(name) + " " + spec
			n := got[key]
			if strings.HasPrefix(name, "valid") {
				n.valid++
				if len(r.Findings) > 0 || len(r.Unchecked) > 0 || r.Spec != spec {
					t.Errorf("%s %s: %v, unchecked %q", spec, name, r.Findings, r.Unchecked)
				}
			} else {
				n.invalid++
				if !slices.ContainsFunc(r.Findings, func(f check.Finding) bool { return f.Rule == check.RuleSchema || f.Rule == check.RuleFormat }) {
					t.Errorf("%s %s is not refused: %v", spec, name, r.Findings)
				}
			}
			got[key] = n
			if !bytes.Equal(before, data) {
				t.Errorf("%s %s was written to", spec, name)
			}
		}
	}
	for key, want := range map[string]count{
		".json 1.4": {29, 22}, ".json 1.5": {36, 22}, ".json 1.6": {45, 25}, ".json 1.7": {61, 29},
		".xml 1.4": {31, 24}, ".xml 1.5": {38, 24}, ".xml 1.6": {47, 27}, ".xml 1.7": {63, 28},
	} {
		if got[key] != want {
			t.Errorf("%s: %v documents, want %v", key, got[key], want)
		}
	}
}

// TestOfficialDocumentsOfTheNextVersion: 1.7 holds everything that 1.6 does.
func TestOfficialDocumentsOfTheNextVersion(t *testing.T) {
	for name, data := range official(t, "1.6") {
		if !strings.HasPrefix(name, "valid") {
			continue
		}
		for _, change := range [][2]string{
			{`"specVersion": "1.6"`, `"specVersion": "1.7"`}, {"bom-1.6.schema", "bom-1.7.schema"},
			{"cyclonedx.org/schema/bom/1.6", "cyclonedx.org/schema/bom/1.7"},
		} {
			data = bytes.ReplaceAll(data, []byte(change[0]), []byte(change[1]))
		}
		if r := check.Document(data, check.Options{}); len(r.Findings) > 0 || r.Spec != "1.7" {
			t.Errorf("%s as 1.7: %s %v", name, r.Spec, r.Findings)
		}
	}
}

// TestXMLThatIsNotTrue changes one thing of an official document.
func TestXMLThatIsNotTrue(t *testing.T) {
	whole := string(official(t, "1.6")["valid-bom-1.6.xml"])
	for fact, f := range map[string]struct{ old, new, where, text string }{
		"an unknown type":      {`type="application"`, `type="app"`, "/bom/metadata/component", "attribute type"},
		"an unknown element":   {`<components>`, `<component/><components>`, "/bom", "<component> may not stand here"},
		"an element too early": {`<metadata>`, `<properties/><metadata>`, "/bom", "<metadata> may not stand here"},
		"text between":         {`<components>`, `<components>text`, "/bom/components", "text where only elements may stand"},
		"a moment of no day":   {`<timestamp>2020-04-13`, `<timestamp>2020-02-30`, "/bom/metadata/timestamp", "2020-02-30"},
		"an odd serial number": {`serialNumber="urn:uuid:`, `serialNumber="uuid:`, "/bom", "attribute serialNumber"},
	} {
		text := strings.Replace(whole, f.old, f.new, 1)
		if text == whole {
			t.Fatalf("%s: nothing changed", fact)
		}
		r := check.Document([]byte(text), check.Options{})
		if len(r.Findings) == 0 || r.Findings[0].Rule != check.RuleSchema || r.Findings[0].Where != f.where || !strings.Contains(r.Findings[0].Text, f.text) || !strings.HasPrefix(r.Findings[0].Text, "line ") {
			t.Errorf("%s: %v", fact, r.Findings)
		}
	}
	if _, err := check.SchemaXML("1.3", []byte(whole)); err == nil {
		t.Error("a schema of 1.3")
	}
	r := check.Document([]byte(whole+"<!-- a --><b/>"), check.Options{})
	if !slices.ContainsFunc(r.Findings, func(f check.Finding) bool { return f.Rule == check.RuleFormat }) {
		t.Errorf("two documents in one: %v", r.Findings)
	}
}

// forPeople are the keywords of a JSON Schema that ask for nothing.
var forPeople = []string{"$comment", "title", "description", "examples", "default", "deprecated", "meta:enum"}

// bare takes out of a JSON Schema what is only for people. Where names and not
// keywords stand, all stay.
func bare(v any, names bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			if names || !slices.Contains(forPeople, key) {
				out[key] = bare(value, !names && slices.Contains([]string{"properties", "patternProperties", "definitions"}, key))
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = bare(v[i], false)
		}
	}
	return v
}

var (
	comment    = regexp.MustCompile(`(?s)<!--.*?-->`)
	annotation = regexp.MustCompile(`(?s)<xs:annotation>.*?</xs:annotation>`)
	between    = regexp.MustCompile(`>\s+<`)
)

func bareXML(data []byte) []byte {
	data = annotation.ReplaceAll(comment.ReplaceAll(data, nil), nil)
	return append(bytes.TrimSpace(between.ReplaceAll(data, []byte("><"))), '\n')
}

// TestEmbeddedSchemasAreTheOfficialOnes makes them anew with -update.
func TestEmbeddedSchemasAreTheOfficialOnes(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "schema", "*.gz"))
	if err != nil || len(files) != 12 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		want := unpacked(t, file)
		if strings.Contains(file, ".json") {
			var tree any
			if err := json.Unmarshal(want, &tree); err != nil {
				t.Fatal(err)
			}
			if want, err = json.Marshal(bare(tree, false)); err != nil {
				t.Fatal(err)
			}
		} else {
			want = bareXML(want)
		}
		embedded := filepath.Join("schema", filepath.Base(file))
		if *update {
			pack(t, embedded, want)
		}
		if !bytes.Equal(unpacked(t, embedded), want) {
			t.Errorf("%s is not %s without what is for people; run with -update", embedded, file)
		}
	}
	if all, err := filepath.Glob(filepath.Join("schema", "*.gz")); err != nil || len(all) != len(files) {
		t.Errorf("%q, %v", all, err)
	}
}

func pack(t *testing.T, file string, data []byte) {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// libraryOf is the other side for JSON: a validator of all drafts, and the
// schemas as they come.
func libraryOf(t *testing.T, spec string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range []string{"bom-" + spec, "spdx", "jsf-0.82", "cryptography-defs"} {
		tree, err := draft7.Decode(unpacked(t, filepath.Join("testdata", "schema", name+".schema.json.gz")))
		if err == nil {
			err = c.AddResource("http://cyclonedx.org/schema/"+name+".schema.json", tree)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("http://cyclonedx.org/schema/bom-" + spec + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// odd are values that take the place of others.
var odd = []any{nil, true, "", "x", "MIT", "2020-02-30T00:00:00Z", "2020-04-13T20:20:39+00:00", "a b", "%zz", "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", json.Number("-1"), json.Number("1.0"), json.Number("0.5"), []any{}, map[string]any{}}

// mutated changes one thing somewhere in a document: a value, a name, or
// something twice.
func mutated(r *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 || r.IntN(8) == 0 {
			break
		}
		name := slices.Sorted(maps.Keys(v))[r.IntN(len(v))]
		switch r.IntN(6) {
		case 0:
			delete(v, name)
		case 1:
			v["x"+name] = v[name]
		default:
			v[name] = mutated(r, v[name])
		}
		return v
	case []any:
		if len(v) == 0 || r.IntN(8) == 0 {
			break
		}
		i := r.IntN(len(v))
		if r.IntN(6) == 0 {
			return append(v, v[i])
		}
		v[i] = mutated(r, v[i])
		return v
	}
	return odd[r.IntN(len(odd))]
}

// TestSchemaAgreesWithTheLibrary: about official documents in which something
// was changed, ours and the library say the same.
func TestSchemaAgreesWithTheLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	refused := 0
	for _, spec := range raw.Specs() {
		other, documents := libraryOf(t, spec), official(t, spec)
		for _, name := range slices.Sorted(maps.Keys(documents)) {
			for range 12 {
				document, err := draft7.Decode(documents[name])
				if filepath.Ext(name) != ".json" || err != nil {
					break
				}
				document = mutated(r, document)
				got, err := check.Schema(spec, document)
				if err != nil {
					t.Fatal(err)
				}
				want := other.Validate(document)
				if (len(got) == 0) != (want == nil) {
					text, _ := json.Marshal(document)
					t.Errorf("%s %s: %v; the library says %v\n%.2000s", spec, name, got, want, text)
				}
				if len(got) > 0 {
					refused++
				}
			}
		}
	}
	if refused < 1000 {
		t.Errorf("only %d documents are wrong", refused)
	}
}
