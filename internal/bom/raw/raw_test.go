// SPDX-License-Identifier: Apache-2.0

package raw_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/bom/raw"
)

func read(t testing.TB, text string) *raw.Document {
	t.Helper()
	d, err := raw.Read([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return d
}

const document = `{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","version":3,
"metadata":{"timestamp":"2026-03-02T09:00:00Z","component":{"type":"application","name":"shop","group":"acme","version":"1","bom-ref":"root","components":[{"type":"file","name":"in the root"}]}},
"components":[{"type":"library","name":"a","x-unknown":{"kept":[1.0,2e3]},"components":[{"type":"file","name":"a1","components":[{"type":"file","name":"a2"}]}]},{"type":"library","name":"b"}],
"signature":{"algorithm":"ES256"},"x-more":true}`

func TestWhatIsRead(t *testing.T) {
	d := read(t, document)
	if d.Spec != "1.6" || d.Version != 3 || !d.Signed || d.XML || d.Marked || d.Metadata.Timestamp == "" || d.Root.Title() != "acme/shop@1" {
		t.Errorf("%+v", d)
	}
	var got []string
	for _, c := range d.Components {
		got = append(got, fmt.Sprint(c.Name, " in ", c.Parent))
	}
	if want := []string{"in the root in -1", "a in -1", "a1 in 1", "a2 in 2", "b in -1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if !strings.Contains(string(d.Components[1].Raw), `"x-unknown":{"kept":[1.0,2e3]}`) || string(d.Members["x-more"]) != "true" {
		t.Errorf("what is not known is lost: %s", d.Components[1].Raw)
	}
}

func TestTheBytesStay(t *testing.T) {
	data := []byte(document)
	before := bytes.Clone(data)
	d, err := raw.Read(data)
	if err != nil || !bytes.Equal(data, before) || !bytes.Equal(d.JSON, before) {
		t.Errorf("%v, or other bytes", err)
	}
}

func TestAByteOrderMarkIsPassedOver(t *testing.T) {
	if d := read(t, "\xef\xbb\xbf"+document); !d.Marked || d.Version != 3 {
		t.Errorf("%+v", d)
	}
}

func TestXML(t *testing.T) {
	d := read(t, "\n"+`<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="2"><metadata><component type="application" bom-ref="r"><name>shop</name></component></metadata>
<components><component type="library" bom-ref="a"><name>a</name><version>1</version><hashes><hash alg="SHA-1">5b8a3a7765dfe001261dde915589e782f8c94d1e</hash></hashes><purl>pkg:npm/a@1</purl></component></components>
<dependencies><dependency ref="r"><dependency ref="a"/></dependency></dependencies></bom>`)
	if !d.XML || d.Spec != "1.5" || d.Version != 2 || d.Root.Name != "shop" || len(d.Components) != 1 || d.Components[0].Hashes[0].Alg != "SHA-1" || d.Dependencies[0].DependsOn[0] != "a" {
		t.Errorf("%+v", d)
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	deep := strings.Repeat(`{"type":"file","name":"a","components":[`, 20) + strings.Repeat(`]}`, 20)
	facts := map[string]struct{ text, want string }{
		"nothing":                   {"", "empty"},
		"SPDX":                      {`{"spdxVersion":"SPDX-2.3"}`, "SPDX"},
		"another format":            {`{"bomFormat":"x"}`, `bomFormat is "x"`},
		"an old version":            {`{"bomFormat":"CycloneDX","specVersion":"1.3"}`, `specVersion is "1.3"`},
		"a version to come":         {`{"bomFormat":"CycloneDX","specVersion":"2.0"}`, `specVersion is "2.0"`},
		"a list":                    {`[]`, ""},
		"two documents":             {`{"bomFormat":"CycloneDX","specVersion":"1.6"}{}`, ""},
		"a name twice":              {`{"bomFormat":"CycloneDX","specVersion":"1.6","a":1,"a":2}`, "duplicate"},
		"a name twice, inside":      {`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a","name":"b"}]}`, "duplicate"},
		"a name that is none":       {`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":1}]}`, "a component"},
		"a list that is none":       {`{"bomFormat":"CycloneDX","specVersion":"1.6","dependencies":1}`, ""},
		"UTF-16":                    {"\xfe\xff\x00{", "UTF-16"},
		"not UTF-8":                 {"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"a\":\"\xff\"}", ""},
		"deep components":           {`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[` + deep + `]}`, "limit of 16"},
		"deep JSON":                 {strings.Repeat(`[`, 1<<20), "limit of 128"},
		"XML that is cut off":       {`<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>`, "XML"},
		"XML of 1.3":                {`<bom xmlns="http://cyclonedx.org/schema/bom/1.3"/>`, "bom/1.3"},
		"XML with two package URLs": {`<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component type="library"><name>a</name><purl>pkg:npm/a@1</purl><purl>pkg:npm/a@2</purl></component></components></bom>`, "<purl> stands twice in one <component>"},
		"XML with one of nobody's":  {`<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component type="library"><name>a</name><purl>pkg:npm/a@1</purl><x:purl xmlns:x="u">pkg:npm/a@2</x:purl></component></components></bom>`, "<purl> stands twice in one <component>"},
		"XML with two lists":        {`<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components/><components/></bom>`, "<components> stands twice in one <bom>"},
		"XML with two attributes":   {`<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component type="library" type="file"><name>a</name></component></components></bom>`, "attribute type stands twice"},
		"XML of nobody":             {`<bom/>`, "XML"},
		"deep XML":                  {`<bom xmlns="http://cyclonedx.org/schema/bom/1.6">` + strings.Repeat(`<components><component type="library"><name>a</name>`, 200) + strings.Repeat(`</component></components>`, 200) + `</bom>`, "limit of"},
	}
	for fact, f := range facts {
		if _, err := raw.Read([]byte(f.text)); !errors.Is(err, raw.ErrNotCycloneDX) || !strings.Contains(err.Error(), f.want) {
			t.Errorf("%s: %v, want %q", fact, err, f.want)
		}
	}
	if _, err := raw.Read(make([]byte, raw.MaxBytes+1)); !errors.Is(err, raw.ErrNotCycloneDX) {
		t.Errorf("too large: %v", err)
	}
}

func TestIdentity(t *testing.T) {
	facts := map[string]struct {
		component raw.Component
		want      raw.Identity
	}{
		"a package":                 {raw.Component{PURL: "pkg:npm/%40acme/a@1.0.0"}, raw.Identity{Name: "pkg:npm/%40acme/a", Version: "1.0.0", Type: "npm"}},
		"its own version last":      {raw.Component{PURL: "pkg:npm/a", Version: "2"}, raw.Identity{Name: "pkg:npm/a", Version: "2", Type: "npm"}},
		"Go without case":           {raw.Component{PURL: "pkg:golang/GitHub.com/A/B@v1.0.0"}, raw.Identity{Name: "pkg:golang/github.com/a/b", Version: "v1.0.0", Type: "golang"}},
		"a registry":                {raw.Component{PURL: "pkg:npm/a@1?repository_url=https://u:p@h.example/x?t=1"}, raw.Identity{Name: "pkg:npm/a", Origin: "https://h.example/x", Version: "1", Type: "npm"}},
		"a repository, any commit":  {raw.Component{PURL: "pkg:npm/a@1?vcs_url=git%2Bhttps://h.example/a.git%400123"}, raw.Identity{Name: "pkg:npm/a", Origin: "git+https://h.example/a.git", Version: "1", Type: "npm"}},
		"a file of a host":          {raw.Component{PURL: "pkg:npm/a@1?download_url=https://h.example/a-1.tgz"}, raw.Identity{Name: "pkg:npm/a", Origin: "h.example", Version: "1", Type: "npm"}},
		"an architecture is a name": {raw.Component{PURL: "pkg:deb/debian/a@1?arch=amd64&distro=debian-12"}, raw.Identity{Name: "pkg:deb/debian/a?arch=amd64", Version: "1", Type: "deb"}},
		"an epoch is a version":     {raw.Component{PURL: "pkg:rpm/fedora/a@1-1?epoch=2"}, raw.Identity{Name: "pkg:rpm/fedora/a", Version: "2:1-1", Type: "rpm"}},
		"a part of a repository":    {raw.Component{PURL: "pkg:golang/a.example/x@v1#sub"}, raw.Identity{Name: "pkg:golang/a.example/x#sub", Version: "v1", Type: "golang"}},
		"no package URL":            {raw.Component{Type: "library", Group: "g", Name: "a", Version: "1"}, raw.Identity{Name: "library:g/a", Version: "1"}},
		"none that can be read":     {raw.Component{Type: "library", Name: "a", PURL: "npm/a"}, raw.Identity{Name: "library:a"}},
	}
	for fact, f := range facts {
		if got := f.component.Identity(); got != f.want {
			t.Errorf("%s: %+v, want %+v", fact, got, f.want)
		}
	}
}

func TestTitles(t *testing.T) {
	if got := (raw.Identity{Name: "pkg:npm/a", Version: "1"}).Title(); got != "pkg:npm/a@1" {
		t.Error(got)
	}
	for want, l := range map[string]string{"MIT OR ISC": `{"expression":"MIT OR ISC"}`, "MIT": `{"license":{"id":"MIT"}}`, "mine": `{"license":{"name":"mine"}}`} {
		d := read(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"a","licenses":[`+l+`]}]}`)
		if got := d.Components[0].Licences[0].Text(); got != want {
			t.Errorf("%s: %q", l, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(document))
	f.Add([]byte(`<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components/></bom>`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := raw.Read(data)
		if err != nil {
			if !errors.Is(err, raw.ErrNotCycloneDX) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		for i := range d.Components {
			c := &d.Components[i]
			if id := c.Identity(); c.Parent >= i || id.Name == "" {
				t.Fatalf("component %d, %+v, is in %d", i, id, c.Parent)
			}
		}
	})
}

// TestComponentsAreWhereTheyStand: what a component came as is its own text,
// wherever it stands, and no copy of it.
func TestComponentsAreWhereTheyStand(t *testing.T) {
	inner := `{ "type":"library", "name":"c" }`
	middle := `{"type": "library","name":"b", "components" : [ ` + inner + ` ]}`
	outer := `{"type":"library","name":"ä"}`
	text := "\xef\xbb\xbf" + ` {"components" : [` + outer + " ,\n\t" + middle + `], "bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"application","name":"r","components":[ ` + inner + `]}}}`
	d := read(t, text)
	var got []string
	for _, c := range d.Components {
		got = append(got, string(c.Raw))
	}
	if want := []string{inner, outer, middle, inner}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if d.Components[3].Parent != 2 || d.Components[0].Parent != -1 {
		t.Errorf("parents %d and %d", d.Components[3].Parent, d.Components[0].Parent)
	}
	if &d.JSON[strings.Index(string(d.JSON), middle)] != &d.Components[2].Raw[0] {
		t.Error("a component is a copy")
	}
}
