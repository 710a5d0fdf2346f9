// SPDX-License-Identifier: Apache-2.0

package bom_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/check"
	"github.com/gateledger/gateledger/internal/bom/raw"
)

// full is an inventory that uses every field there is.
func full() bom.Inventory {
	return bom.Inventory{
		Tool: bom.Tool{Name: "gateledger", Version: "v1.2.3"}, Time: time.Unix(1700000000, 0),
		Excluded: []string{"testdata"},
		Sources: []bom.Source{
			{Path: "package-lock.json", Ecosystem: "npm", Projects: []int{0}, State: bom.Complete,
				Components: []bom.Component{
					{Type: bom.Application, Name: "shop & sons <>", Version: "1.0.0", PURL: bom.NpmPURL("", "shop", "1.0.0", "", "")},
					{Type: bom.Library, Group: "@acme", Name: "a", Version: "1.0.0", PURL: bom.NpmPURL("@acme", "a", "1.0.0", "", ""), Scope: bom.Excluded,
						Supplier: "Acme", Origin: "elsewhere",
						Hashes:      []bom.Hash{{Alg: "SHA-1", Value: "5b8a3a7765dfe001261dde915589e782f8c94d1e"}, {Alg: "h1", Value: "bGli"}},
						Licences:    []bom.Licence{bom.ParseLicence("MIT"), bom.ParseLicence("BSD"), {ID: "ISC", File: "LICENSE"}},
						References:  []bom.Reference{{Type: "distribution", URL: "https://h.example/a.tgz", Comment: "from there", Hashes: []bom.Hash{{Alg: "SHA-256", Value: strings.Repeat("0f", 32)}}}},
						Properties:  []bom.Property{{Name: "cdx:npm:package:development", Value: "true"}},
						Occurrences: []bom.Occurrence{{Path: "package-lock.json", Line: 3}, {Path: "package.json"}}},
					{Type: bom.Library, Name: "b", Version: "2.0.0", PURL: bom.NpmPURL("", "b", "2.0.0", "", ""), Scope: bom.Optional, Licences: []bom.Licence{bom.ParseLicence("MIT OR ISC")}},
				}, Edges: [][]int{{1, 2}, {2}, {1}}},
			{Path: "go.mod", Ecosystem: "go", State: bom.Incomplete, Reasons: []string{"no cache"}, Lost: true},
		},
	}
}

func write(t testing.TB, inv bom.Inventory, f bom.Form) []byte {
	t.Helper()
	d, err := bom.New(inv)
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.Write(f)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// forms are all that can be written.
func forms() []bom.Form {
	var all []bom.Form
	for _, spec := range bom.Specs() {
		for _, isXML := range []bool{false, true} {
			all = append(all, bom.Form{Spec: spec, XML: isXML}, bom.Form{Spec: spec, XML: isXML, Pretty: true})
		}
	}
	return all
}

func TestEveryFormIsTrue(t *testing.T) {
	empty := bom.Inventory{Tool: bom.Tool{Name: "gateledger"}, Sources: []bom.Source{{Path: "go.mod", Ecosystem: "go", State: bom.Incomplete, Lost: true}}}
	for name, inventory := range map[string]func() bom.Inventory{"full": full, "empty": func() bom.Inventory { return empty }} {
		for _, f := range forms() {
			out := write(t, inventory(), f)
			r := check.Document(out, check.Options{})
			if len(r.Findings)+len(r.Doubts) > 0 || r.Spec != f.Spec {
				t.Errorf("%s, %+v: %s %v %v\n%s", name, f, r.Spec, r.Findings, r.Doubts, out)
			}
			if again := write(t, inventory(), f); !bytes.Equal(out, again) {
				t.Errorf("%s, %+v: another time other bytes", name, f)
			}
		}
	}
}

func TestEveryFormHoldsTheSame(t *testing.T) {
	for _, f := range forms() {
		d, err := raw.Read(write(t, full(), f))
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.JSON)) // of XML, too
		if err != nil {
			t.Fatal(err)
		}
		if findings, err := check.Schema(f.Spec, tree); err != nil || len(findings) > 0 {
			t.Errorf("%+v: %v %v", f, findings, err)
		}
		if d.Metadata.Timestamp != "2023-11-14T22:13:20Z" || d.Root == nil || d.Root.Name != "shop & sons <>" || len(d.Components) != 2 || len(d.Dependencies) != 3 || len(d.Compositions) != 2 {
			t.Fatalf("%+v: %+v", f, d)
		}
		a := d.Components[0]
		if a.Name != "a" || a.Scope != "excluded" || len(a.Hashes) != 1 || len(a.Licences) != 3 || len(a.References) != 1 || len(a.References[0].Hashes) != 1 || a.Supplier == nil || len(a.Properties) < 2 {
			t.Errorf("%+v: %+v", f, a)
		}
		if got := d.Dependencies[1]; got.Ref != a.Ref || len(got.DependsOn) != 1 {
			t.Errorf("%+v: %+v", f, d.Dependencies)
		}
	}
}

func TestPrettyIsOnlyWhiteSpace(t *testing.T) {
	gaps := regexp.MustCompile(`>\s+<`)
	for _, f := range forms() {
		if f.Pretty {
			continue
		}
		compact := write(t, full(), f)
		f.Pretty = true
		pretty := write(t, full(), f)
		if bytes.Equal(compact, pretty) {
			t.Errorf("%+v: pretty is compact", f)
		}
		if f.XML {
			compact, pretty = gaps.ReplaceAll(compact, []byte("><")), gaps.ReplaceAll(pretty, []byte("><"))
		} else {
			var b bytes.Buffer
			if err := json.Compact(&b, pretty); err != nil {
				t.Fatal(err)
			}
			compact, pretty = bytes.TrimSpace(compact), bytes.TrimSpace(b.Bytes())
		}
		if diff := cmp.Diff(string(compact), string(pretty)); diff != "" {
			t.Errorf("%+v: %s", f, diff)
		}
	}
}

// The default is what Marshal writes, and that is what it has always been.
func TestTheDefaultStays(t *testing.T) {
	d, err := bom.New(full())
	if err != nil {
		t.Fatal(err)
	}
	want, err := d.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if got := write(t, full(), bom.Form{}); !bytes.Equal(got, want) {
		t.Error("the zero form is not what Marshal writes")
	}
}

func TestEachFormHasItsOwnSerialNumber(t *testing.T) {
	seen := map[string]bom.Form{}
	for _, f := range forms() {
		d, err := raw.Read(write(t, full(), f))
		if err != nil {
			t.Fatal(err)
		}
		other, taken := seen[d.Serial]
		f.Pretty, other.Pretty = false, false
		if strings.Contains(d.Serial, "00000000-0000") || taken && other != f {
			t.Errorf("%+v: %s, which is that of %+v", f, d.Serial, other)
		}
		seen[d.Serial] = f
	}
}

// The XML schema has a line as an element of its own, after the location.
func TestLinesInXMLAreElements(t *testing.T) {
	for _, f := range forms() {
		if !f.XML {
			continue
		}
		out := string(write(t, full(), f))
		hasLine := strings.Contains(out, "<line>3</line>")
		if strings.Contains(out, "<occurrence line") || hasLine != (f.Spec >= "1.6") {
			t.Errorf("%+v:\n%s", f, out)
		}
	}
}

func TestAnUnknownVersionIsNamed(t *testing.T) {
	d, err := bom.New(full())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(bom.Form{Spec: "1.3"}); err == nil || !strings.Contains(err.Error(), "have 1.4, 1.5, 1.6, 1.7") {
		t.Error(err)
	}
}

func TestNoFormLetsACredentialOut(t *testing.T) {
	for _, f := range forms() {
		inv := full()
		inv.Secrets = []string{`s3cret&"<token`}
		inv.Sources[0].Components[1].Properties = []bom.Property{{Name: "x", Value: `see s3cret&"<token`}}
		d, err := bom.New(inv)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := d.Write(f); f.XML && !errors.Is(err, bom.ErrCredential) {
			t.Errorf("%+v: %v\n%s", f, err, out)
		}
		inv = full()
		inv.Secrets = []string{"open-sesame"}
		inv.Sources[0].Components[1].Properties = []bom.Property{{Name: "x", Value: "open-sesame"}}
		if d, err = bom.New(inv); err != nil {
			t.Fatal(err)
		}
		if out, err := d.Write(f); !errors.Is(err, bom.ErrCredential) {
			t.Errorf("%+v: %v\n%s", f, err, out)
		}
	}
}
