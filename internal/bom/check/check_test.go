// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/check"
	"github.com/gateledger/gateledger/internal/bom/raw"
)

const good = `{"bomFormat":"CycloneDX","specVersion":"SPEC","version":1,"serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
 "metadata":{"timestamp":"2020-04-13T20:20:39+00:00","component":{"type":"application","name":"shop","bom-ref":"root","hashes":[{"alg":"SHA-256","content":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"}]}},
 "components":[{"type":"library","name":"a","version":"1.0.0","bom-ref":"a","scope":"required","purl":"pkg:npm/a@1.0.0","licenses":[{"license":{"id":"MIT"}}],
   "hashes":[{"alg":"SHA-1","content":"5b8a3a7765dfe001261dde915589e782f8c94d1e"}],
   "externalReferences":[{"type":"distribution","url":"https://h.example/a.tgz","hashes":[{"alg":"SHA-256","content":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"}]}],"properties":[{"name":"n","value":"v"}],
   "pedigree":{"patches":[{"type":"backport","resolves":[{"type":"security"}]}]}}],
 "services":[{"name":"s","bom-ref":"s"}],
 "dependencies":[{"ref":"root","dependsOn":["a"]}],
 "compositions":[{"aggregate":"complete","assemblies":["root"],"dependencies":["a"]}],
 "vulnerabilities":[{"bom-ref":"v","id":"CVE-2024-1","affects":[{"ref":"a"},{"ref":"urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#a"},{"ref":"urn:cdx:11111111-395b-41f5-a30f-a58921a69b79/1#x"}]}]}`

// TestWhatIsNotTrue changes one thing of a document that is true, in every
// version: each is a kind of fault that the official invalid documents have,
// or one that no schema sees.
// A password in somebody else's document is not told on.
func TestFindingsHoldNoCredentials(t *testing.T) {
	const doc = `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[{"type":"library","name":"b","version":"1","bom-ref":"b","purl":"pkg:npm?x=https://bot:open-sesame@h/x"}],
		"dependencies":[{"ref":"b","dependsOn":["https://bot:open-sesame@h/z"]}]}`
	r := check.Document([]byte(doc), check.Options{})
	if text := fmt.Sprint(r); len(r.Findings) != 2 || strings.Contains(text, "sesame") {
		t.Errorf("%s", text)
	}
}

func TestWhatIsNotTrue(t *testing.T) {
	facts := map[string]struct {
		old, new string
		rule     check.Rule
		where    string
	}{
		"another format":                  {`"bomFormat":"CycloneDX"`, `"bomFormat":"AnotherFormat"`, check.RuleSchema, "/bomFormat"},
		"a serial number that is none":    {`urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",`, `urn:uuid:3e671687",`, check.RuleSchema, "/serialNumber"},
		"a timestamp that is none":        {`2020-04-13T20:20:39+00:00`, `2020-04-13 20:20`, check.RuleSchema, "/metadata/timestamp"},
		"an unknown component type":       {`"type":"library"`, `"type":"foo"`, check.RuleSchema, "/components/0/type"},
		"no component type":               {`"type":"library",`, ``, check.RuleSchema, "/components/0"},
		"a component without a name":      {`"name":"a",`, ``, check.RuleSchema, "/components/0"},
		"an unknown scope":                {`"scope":"required"`, `"scope":"foo"`, check.RuleSchema, "/components/0/scope"},
		"an unknown licence":              {`"id":"MIT"`, `"id":"Apache-3.0"`, check.RuleSchema, "/components/0/licenses"},
		"a licence of two names":          {`"id":"MIT"`, `"id":"MIT","name":"MIT"`, check.RuleSchema, "/components/0/licenses"},
		"a licence without a name":        {`"id":"MIT"`, ``, check.RuleSchema, "/components/0/licenses"},
		"an unknown algorithm":            {`"alg":"SHA-1"`, `"alg":"FOO"`, check.RuleSchema, "/components/0/hashes/0/alg"},
		"a digest that is not hex":        {`5b8a3a7765dfe001261dde915589e782f8c94d1e`, `zz8a3a7765dfe001261dde915589e782f8c94d1e`, check.RuleSchema, "/components/0/hashes/0/content"},
		"an unknown patch":                {`"type":"backport"`, `"type":"foo"`, check.RuleSchema, "/components/0/pedigree/patches/0/type"},
		"an unknown issue":                {`"type":"security"`, `"type":"foo"`, check.RuleSchema, "/components/0/pedigree/patches/0/resolves/0/type"},
		"an unknown member":               {`"name":"a",`, `"name":"a","foo":1,`, check.RuleSchema, "/components/0"},
		"a property that is a number":     {`"value":"v"`, `"value":1`, check.RuleSchema, "/components/0/properties/0/value"},
		"a service without a name":        {`"name":"s",`, ``, check.RuleSchema, "/services/0"},
		"an unknown aggregate":            {`"aggregate":"complete"`, `"aggregate":"all"`, check.RuleSchema, "/compositions/0/aggregate"},
		"an empty reference":              {`"bom-ref":"a"`, `"bom-ref":""`, check.RuleSchema, "/components/0/bom-ref"},
		"a digest of another length":      {`"alg":"SHA-1"`, `"alg":"SHA-512"`, check.RuleHash, "a@1.0.0"},
		"two digests of one algorithm":    {`"hashes":[{"alg":"SHA-1","content":"5b8a3a7765dfe001261dde915589e782f8c94d1e"}`, `"hashes":[{"alg":"SHA-1","content":"5b8a3a7765dfe001261dde915589e782f8c94d1e"},{"alg":"SHA-1","content":"6b8a3a7765dfe001261dde915589e782f8c94d1e"}`, check.RuleHash, "a@1.0.0"},
		"no package URL":                  {`pkg:npm/a@1.0.0`, `npm/a@1.0.0`, check.RulePURL, "a@1.0.0"},
		"a package URL without a name":    {`pkg:npm/a@1.0.0`, `pkg:npm/@1.0.0`, check.RulePURL, "a@1.0.0"},
		"two things of one reference":     {`"bom-ref":"a"`, `"bom-ref":"root"`, check.RuleReference, "/metadata/component/bom-ref"},
		"a service with it":               {`"bom-ref":"s"`, `"bom-ref":"a"`, check.RuleReference, "/services/0/bom-ref"},
		"a dependency on nothing":         {`"dependsOn":["a"]`, `"dependsOn":["x"]`, check.RuleReference, "/dependencies/0/dependsOn/0"},
		"a dependency of nothing":         {`"ref":"root","dep`, `"ref":"x","dep`, check.RuleReference, "/dependencies/0/ref"},
		"a dependency twice":              {`"dependsOn":["a"]`, `"dependsOn":["a","a"]`, check.RuleSchema, "/dependencies/0/dependsOn"},
		"two lists of one component":      {`"dependsOn":["a"]}`, `"dependsOn":["a"]},{"ref":"root"}`, check.RuleReference, "/dependencies/1/ref"},
		"a composition of nothing":        {`"assemblies":["root"]`, `"assemblies":["x"]`, check.RuleReference, "/compositions/0/assemblies/0"},
		"a vulnerability of nothing":      {`{"ref":"a"}`, `{"ref":"x"}`, check.RuleReference, "/vulnerabilities/0/affects/0/ref"},
		"a link into itself, to nothing":  {`/1#a"`, `/1#x"`, check.RuleReference, "/vulnerabilities/0/affects/1/ref"},
		"a member twice":                  {`"version":1`, `"version":1,"version":1`, check.RuleFormat, "/"},
		"an unknown version":              {`"specVersion":"SPEC"`, `"specVersion":"3.0"`, check.RuleFormat, "/specVersion"},
		"something after it":              {`"shop","bom-ref":"root"`, `"shop","bom-ref":"root"}}} x {`, check.RuleFormat, "/"},
		"a byte order mark":               {`{"bomFormat"`, "\xef\xbb\xbf" + `{"bomFormat"`, check.RuleFormat, "/"},
		"a component that is a text":      {`"services":[`, `"services":["text",`, check.RuleSchema, "/services/0"},
		"a text where a list should be":   {`"dependsOn":["a"]`, `"dependsOn":"a"`, check.RuleSchema, "/dependencies/0/dependsOn"},
		"a version of 1.4 and no version": {`"version":1,"serial`, `"serial`, check.RuleSchema, "/"},
	}
	for _, spec := range raw.Specs() {
		whole := strings.Replace(good, "SPEC", spec, 1)
		if r := check.Document([]byte(whole), check.Options{}); len(r.Findings)+len(r.Doubts) > 0 || r.Spec != spec || r.Components != 1 || r.Subject != "shop" {
			t.Fatalf("%s: the good document: %+v", spec, r)
		}
		for fact, f := range facts {
			text := strings.Replace(strings.Replace(good, f.old, f.new, 1), "SPEC", spec, 1)
			if strings.Contains(fact, "of 1.4") && spec != "1.4" {
				continue // optional since 1.5
			}
			if fact == "an empty reference" && spec == "1.4" {
				continue // allowed until 1.5
			}
			r := check.Document([]byte(text), check.Options{})
			if text == whole || !slices.ContainsFunc(r.Findings, func(g check.Finding) bool { return g.Rule == f.rule && strings.HasPrefix(g.Where, f.where) }) {
				t.Errorf("%s, %s: %v, want %s at %s", spec, fact, r.Findings, f.rule, f.where)
			}
		}
	}
}

func TestHostileDocuments(t *testing.T) {
	utf16 := []byte("\xff\xfe")
	for _, c := range []byte(good) {
		utf16 = append(utf16, c, 0)
	}
	nested := strings.Repeat(`{"type":"library","name":"a","components":[`, 40) + strings.Repeat(`]}`, 40)
	facts := map[string]struct {
		data []byte
		want string
	}{
		"nothing":                  {nil, "empty"},
		"spaces":                   {[]byte(" \n"), "empty"},
		"not JSON":                 {[]byte("SBOM"), "invalid character"},
		"cut off":                  {[]byte(good[:200]), "unexpected EOF"},
		"UTF-16":                   {utf16, "UTF-16"},
		"Latin-1":                  {[]byte("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"x\":\"caf\xe9\"}"), "UTF-8"},
		"a list":                   {[]byte(`[]`), "array"},
		"a number":                 {[]byte(`1`), "number"},
		"200 000 brackets":         {bytes.Repeat([]byte("["), 200_000), "limit of 128"},
		"200 000 objects":          {bytes.Repeat([]byte(`{"a":`), 200_000), "limit of 128"},
		"components in components": {[]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[` + nested + `]}`), "limit of 16"},
		"XML that is no SBOM":      {[]byte(`<html/>`), "XML"},
		"XML of an old version":    {[]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.2"/>`), "bom/1.2"},
		"XML with an entity":       {[]byte(`<!DOCTYPE bom [<!ENTITY a "b">]><bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component type="library"><name>&a;</name></component></components></bom>`), "entity"},
	}
	for fact, f := range facts {
		r := check.Document(f.data, check.Options{})
		if len(r.Findings) == 0 || !strings.Contains(r.Findings[0].Text, f.want) {
			t.Errorf("%s: %v, want %q", fact, r.Findings, f.want)
		}
	}
}

// A document of 100 MB of hostile text is refused or read, in either case
// without a stop.
func TestAHundredMegabytes(t *testing.T) {
	const head = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[],"x":"`
	data := append([]byte(head), bytes.Repeat([]byte("a"), 100<<20)...)
	if r := check.Document(data, check.Options{}); len(r.Findings) != 1 || r.Findings[0].Rule != check.RuleFormat {
		t.Errorf("%.200v", r.Findings)
	}
}

func TestTooMuchIsNamed(t *testing.T) {
	if r := check.Document(make([]byte, raw.MaxBytes+1), check.Options{}); len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Text, "over the limit") {
		t.Errorf("%v", r.Findings)
	}
}

func TestManyFaultsAreCutShort(t *testing.T) {
	var refs []string
	for i := range 5000 {
		refs = append(refs, fmt.Sprintf(`"%d%s"`, i, strings.Repeat("x", 500)))
	}
	text := `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"dependencies":[{"ref":"0x","dependsOn":[` + strings.Join(refs, ",") + `]}]}`
	r := check.Document([]byte(text), check.Options{})
	if len(r.Findings) != 20 || r.More != 4981 {
		t.Errorf("%d findings, %d more", len(r.Findings), r.More)
	}
	if len(r.Findings[3].Text) > 300 {
		t.Errorf("a reference of %d bytes", len(r.Findings[3].Text))
	}
}

func TestWhatIsOddIsNoReason(t *testing.T) {
	odd := strings.Replace(strings.Replace(good, "SPEC", "1.6", 1), "pkg:npm/a@1.0.0", "pkg:npm/a@2.0.0", 1)
	r := check.Document([]byte(odd), check.Options{})
	if len(r.Findings) != 0 || len(r.Doubts) != 1 || !strings.Contains(r.Doubts[0].Text, `"2.0.0"`) {
		t.Errorf("%+v", r)
	}
}

func TestSubject(t *testing.T) {
	is := strings.Repeat("0f", 32)
	doc := []byte(strings.Replace(good, "SPEC", "1.6", 1))
	facts := map[string]struct {
		want  map[string]string
		finds string
	}{
		"that one":                  {map[string]string{"sha256": is}, ""},
		"in capitals":               {map[string]string{"sha256": strings.ToUpper(is)}, ""},
		"another":                   {map[string]string{"sha256": strings.Repeat("1f", 32)}, "want 1f1f"},
		"one of two differs":        {map[string]string{"sha1": "aa", "sha256": strings.Repeat("1f", 32)}, "want 1f1f"},
		"one of two can't be found": {map[string]string{"sha512": "aa", "sha256": is}, ""},
		"of another kind":           {map[string]string{"sha512": "aa"}, "no digest of its subject"},
	}
	for fact, f := range facts {
		r := check.Document(doc, check.Options{Subject: f.want})
		got := ""
		if len(r.Findings) > 0 {
			got = r.Findings[0].String()
		}
		if (f.finds == "") != (got == "") || !strings.Contains(got, f.finds) {
			t.Errorf("%s: %q, want %q", fact, got, f.finds)
		}
	}
	r := check.Document([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","version":1}`), check.Options{Subject: map[string]string{"sha256": is}})
	if len(r.Findings) != 1 || r.Findings[0].Rule != check.RuleSubject {
		t.Errorf("no subject at all: %v", r.Findings)
	}
}

func TestCoverage(t *testing.T) {
	lib := func(name, version string, hashes ...bom.Hash) bom.Component {
		return bom.Component{Type: bom.Library, Name: name, Version: version, PURL: bom.NpmPURL("", name, version, "", ""), Hashes: hashes}
	}
	sha1 := bom.Hash{Alg: "SHA-1", Value: "5b8a3a7765dfe001261dde915589e782f8c94d1e"}
	facts := map[string]struct {
		source bom.Source
		want   string // rule and text
	}{
		"all of it":          {bom.Source{Components: []bom.Component{lib("a", "1.0.0", sha1)}}, ""},
		"the project is not": {bom.Source{Components: []bom.Component{lib("me", "1.0.0"), lib("a", "1.0.0")}, Projects: []int{0}}, ""},
		"none of it":         {bom.Source{Components: []bom.Component{lib("b", "1.0.0")}}, "coverage: lock: none of its 1 components"},
		"another version":    {bom.Source{Components: []bom.Component{lib("a", "1.0.1")}}, "coverage: lock: none of its 1"},
		"a part":             {bom.Source{Components: []bom.Component{lib("a", "1.0.0"), lib("b", "2.0.0")}}, "coverage: lock: 1 of 2 components are not in the document: b@2.0.0"},
		"other bytes":        {bom.Source{Components: []bom.Component{lib("a", "1.0.0", bom.Hash{Alg: "SHA-1", Value: "00"})}}, "digest: a@1.0.0: SHA-1 is 5b8a3a7765dfe001261dde915589e782f8c94d1e in the document, and 00 in lock"},
		"a wheel with other bytes": {bom.Source{Components: []bom.Component{{Type: bom.Library, Name: "a", Version: "1.0.0", PURL: bom.NpmPURL("", "a", "1.0.0", "", ""),
			References: []bom.Reference{{Type: "distribution", URL: "https://mirror.example/x/a.tgz", Hashes: []bom.Hash{{Alg: "SHA-256", Value: strings.Repeat("1f", 32)}}}}}}}, "digest: a@1.0.0: SHA-256 of a.tgz is"},
		"of another algorithm": {bom.Source{Components: []bom.Component{lib("a", "1.0.0", bom.Hash{Alg: "SHA-512", Value: "00"})}}, ""},
		"nothing in it":        {bom.Source{}, ""},
		"from elsewhere": {bom.Source{Components: []bom.Component{{Type: bom.Library, Name: "a", Version: "1.0.0",
			PURL: bom.NpmPURL("", "a", "1.0.0", "download_url", "https://h.example/a.tgz")}}}, ""},
	}
	for fact, f := range facts {
		f.source.Path = "lock"
		r := check.Document([]byte(strings.Replace(good, "SPEC", "1.6", 1)), check.Options{Tree: &bom.Inventory{Sources: []bom.Source{f.source}}})
		got := ""
		if len(r.Findings) > 0 {
			got = r.Findings[0].String()
		}
		if (f.want == "") != (got == "") || !strings.Contains(got, f.want) {
			t.Errorf("%s: %q, want %q", fact, got, f.want)
		}
		if r.Tampered() != strings.HasPrefix(f.want, "digest") {
			t.Errorf("%s: tampered %v", fact, r.Tampered())
		}
	}
}

func TestALockfileThatCannotBeReadIsNotCovered(t *testing.T) {
	r := check.Document([]byte(strings.Replace(good, "SPEC", "1.6", 1)), check.Options{Tree: &bom.Inventory{Sources: []bom.Source{
		{Path: "lock", Lost: true, Reasons: []string{"line 3: a merge conflict"}}}}})
	if len(r.Unreadable) != 1 || r.Unreadable[0] != "lock: line 3: a merge conflict" || len(r.Findings) > 0 {
		t.Errorf("%+v", r)
	}
}

func TestLocalCaches(t *testing.T) {
	const is = "5b8a3a7765dfe001261dde915589e782f8c94d1e"
	for fact, f := range map[string]struct {
		local []check.Local
		finds int
	}{
		"nothing here":         {nil, 0},
		"the same bytes":       {[]check.Local{{Alg: "SHA-1", Value: is, Where: "cache"}}, 0},
		"other bytes":          {[]check.Local{{Alg: "SHA-1", Value: "00", Where: "cache"}}, 1},
		"another kind of hash": {[]check.Local{{Alg: "SHA-512", Value: "00", Where: "cache"}}, 0},
	} {
		r := check.Document([]byte(strings.Replace(good, "SPEC", "1.6", 1)), check.Options{Local: func(c *raw.Component) []check.Local { return f.local }})
		if len(r.Findings) != f.finds || r.Tampered() != (f.finds > 0) {
			t.Errorf("%s: %v", fact, r.Findings)
		}
	}
}

// Cycles in dependencies are no fault: packages depend on each other.
func TestACycleIsTrue(t *testing.T) {
	text := strings.Replace(strings.Replace(good, "SPEC", "1.6", 1), `{"ref":"root","dependsOn":["a"]}`, `{"ref":"root","dependsOn":["a"]},{"ref":"a","dependsOn":["root","a"]}`, 1)
	if r := check.Document([]byte(text), check.Options{}); len(r.Findings) > 0 {
		t.Errorf("%v", r.Findings)
	}
}

func TestASignedDocumentIsSaidToBeSigned(t *testing.T) {
	text := strings.Replace(strings.Replace(good, "SPEC", "1.6", 1), `"version":1,`, `"version":1,"signature":{"algorithm":"ES256","value":"c2ln"},`, 1)
	if r := check.Document([]byte(text), check.Options{}); len(r.Findings) > 0 || !r.Signed {
		t.Errorf("%+v", r)
	}
}

func FuzzDocument(f *testing.F) {
	for _, spec := range raw.Specs() {
		f.Add([]byte(strings.Replace(good, "SPEC", spec, 1)))
	}
	f.Add([]byte(`<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components/></bom>`))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","dependencies":{"ref":1},"vulnerabilities":[[]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, _ := json.Marshal(check.Document(data, check.Options{}))
		second, err := json.Marshal(check.Document(data, check.Options{}))
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%v\n%s\n%s", err, first, second)
		}
	})
}
