// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// openvexOf is an OpenVEX document about log4j, with what differs from it.
func openvexOf(status, more, product string) string {
	return fmt.Sprintf(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"ana","timestamp":"2026-03-01T00:00:00Z","version":1,
		"statements":[{"vulnerability":{"name":"CVE-2021-44228"},"products":[%s],"status":%q%s}]}`, product, status, more)
}

const because = `,"justification":"vulnerable_code_not_present"`

func productID(id string) string { return fmt.Sprintf(`{"@id":%q}`, id) }

// What becomes of CVE-2021-44228 in log4j-core 2.14.1, a part of app.
func TestOpenVEX(t *testing.T) {
	part := func(product, part string) string {
		return fmt.Sprintf(`{"@id":%q,"subcomponents":[{"@id":%q}]}`, product, part)
	}
	const bare = "pkg:maven/org.apache.logging.log4j/log4j-core"
	const app = "pkg:golang/acme.example/app@v1.0.0"
	for fact, c := range map[string]struct {
		docs []string
		want Verdict
		why  string // in VEX, for a statement that changed nothing
	}{
		"about this version":             {[]string{openvexOf("not_affected", because, productID(bare+"@2.14.1"))}, NotAffected, ""},
		"no version is every version":    {[]string{openvexOf("not_affected", because, productID(bare))}, NotAffected, ""},
		"another version":                {[]string{openvexOf("not_affected", because, productID(bare+"@2.14.0"))}, Blocked, "nothing in the SBOM is what it names"},
		"a qualifier that is not stated": {[]string{openvexOf("not_affected", because, productID(bare+"@2.14.1?classifier=tests"))}, Blocked, "nothing in the SBOM is what it names"},
		"an identifier":                  {[]string{openvexOf("not_affected", because, `{"identifiers":{"purl":"`+bare+`"}}`)}, NotAffected, ""},
		"fixed":                          {[]string{openvexOf("fixed", "", productID(bare+"@2.14.1"))}, NotAffected, ""},
		"affected":                       {[]string{openvexOf("affected", "", productID(bare))}, Blocked, ""},
		"not known yet":                  {[]string{openvexOf("under_investigation", "", productID(bare))}, Blocked, ""},
		"no reason given":                {[]string{openvexOf("not_affected", "", productID(bare))}, Blocked, "rejected: it says not affected, and not why"},
		"an impact statement will do":    {[]string{openvexOf("not_affected", `,"impact_statement":"lookups are off"`, productID(bare))}, NotAffected, ""},
		"a status nobody knows":          {[]string{openvexOf("fine", because, productID(bare))}, Blocked, "rejected: unknown status"},
		"another vulnerability":          {[]string{strings.Replace(openvexOf("not_affected", because, productID(bare)), "44228", "45046", 1)}, Blocked, "no such vulnerability was found in what it names"},
		"by an alias":                    {[]string{strings.Replace(openvexOf("not_affected", because, productID(bare)), `{"name":"CVE-2021-44228"}`, `{"name":"X","aliases":["GHSA-jfh8-c2jp-5v3q"]}`, 1)}, NotAffected, ""},
		"of the whole product":           {[]string{openvexOf("not_affected", because, productID(app))}, NotAffected, ""},
		"of another product":             {[]string{openvexOf("not_affected", because, productID("pkg:golang/acme.example/other"))}, Blocked, "nothing in the SBOM"},
		"of a part of the product":       {[]string{openvexOf("not_affected", because, part(app, bare))}, NotAffected, ""},
		"of a part, in another product":  {[]string{openvexOf("not_affected", because, part("pkg:golang/acme.example/other", bare))}, Blocked, "nothing in the SBOM"},
		"of a part that depends on it":   {[]string{openvexOf("not_affected", because, part("pkg:npm/whole", bare))}, Blocked, "not only what it names needs"}, // app does too
		"of another part":                {[]string{openvexOf("not_affected", because, part(app, "pkg:npm/left-pad"))}, Blocked, "nothing in the SBOM"},
		"the newest counts": {[]string{openvexOf("not_affected", because, productID(bare)),
			strings.Replace(openvexOf("affected", "", productID(bare)), "2026-03-01", "2026-03-02", 1)}, Blocked, ""},
		"the newest counts, either way": {[]string{strings.Replace(openvexOf("not_affected", because, productID(bare)), "2026-03-01", "2026-03-02", 1),
			openvexOf("affected", "", productID(bare))}, NotAffected, ""},
		"two of one time, and no": {[]string{openvexOf("not_affected", because, productID(bare)), openvexOf("affected", "", productID(bare))}, Blocked, ""},
		"one from the future":     {[]string{strings.Replace(openvexOf("not_affected", because, productID(bare)), "2026-03-01", "2027-03-01", 1)}, Blocked, "still to come"},
		"one of no time":          {[]string{strings.Replace(openvexOf("not_affected", because, productID(bare)), `"timestamp":"2026-03-01T00:00:00Z",`, "", 1)}, Blocked, "does not say when"},
		"of the first version of OpenVEX": {[]string{`{"@context":"https://openvex.dev/ns/v0.0.1","timestamp":"2026-03-01T00:00:00Z","statements":[
			{"vulnerability":"CVE-2021-44228","products":["` + app + `"],"subcomponents":["` + bare + `"],"status":"not_affected","justification":"x"}]}`}, NotAffected, ""},
	} {
		t.Run(fact, func(t *testing.T) {
			b := sbom(t, thing{log4j, ""}, thing{"pkg:npm/whole@1.0.0", ""})
			b.edges["pkg:npm/whole@1.0.0"] = []string{log4j}
			in := input(t, b)
			for i, doc := range c.docs {
				all, err := ParseVEX([]byte(doc), fmt.Sprintf("vex%d.json", i), now)
				check(t, err)
				in.VEX = append(in.VEX, all...)
			}
			r := Audit(in)
			if r.Findings[0].Verdict != c.want {
				t.Errorf("%s, want %s: %q", r.Findings[0].Verdict, c.want, r.Findings[0].Why)
			}
			got := ""
			for _, u := range r.VEX {
				got += u.Why
			}
			if !strings.Contains(got, c.why) || c.why == "" && got != "" {
				t.Errorf("unused %q, want %q", got, c.why)
			}
		})
	}
}

func cyclonevex(state, more, ref string) string {
	return fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"timestamp":"2026-03-01T00:00:00Z"},
		"vulnerabilities":[{"id":"GHSA-jfh8-c2jp-5v3q","references":[{"id":"CVE-2021-44228"}],"analysis":{"state":%q%s},"affects":[{"ref":%q}]}]}`, state, more, ref)
}

func TestCycloneDXVEX(t *testing.T) {
	const why = `,"justification":"code_not_reachable"`
	const serial = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#"
	for fact, c := range map[string]struct {
		doc  string
		want Verdict
		why  string
	}{
		"by reference":           {cyclonevex("not_affected", why, log4j), NotAffected, ""},
		"a false positive":       {cyclonevex("false_positive", `,"detail":"shaded"`, log4j), NotAffected, ""},
		"resolved":               {cyclonevex("resolved", "", log4j), NotAffected, ""},
		"not why":                {cyclonevex("not_affected", "", log4j), Blocked, "not why"},
		"exploitable":            {cyclonevex("exploitable", why, log4j), Blocked, ""},
		"in triage":              {cyclonevex("in_triage", why, log4j), Blocked, ""},
		"a state nobody knows":   {cyclonevex("harmless", why, log4j), Blocked, "unknown status"},
		"a link to this SBOM":    {cyclonevex("not_affected", why, serial+log4j), NotAffected, ""},
		"a link to another SBOM": {cyclonevex("not_affected", why, strings.Replace(serial, "3e", "4e", 1)+log4j), Blocked, "nothing in the SBOM"},
		"a link to the subject":  {cyclonevex("not_affected", why, serial+"app"), NotAffected, ""},
		"a reference of its own": {strings.Replace(cyclonevex("not_affected", why, "c1"), `"vulnerabilities"`, `"components":[{"type":"library","name":"x","bom-ref":"c1","purl":"`+log4j+`"}],"vulnerabilities"`, 1), NotAffected, ""},
		"a reference to nothing": {cyclonevex("not_affected", why, "c1"), Blocked, "nothing in the SBOM"},
		"of this version":        {strings.Replace(cyclonevex("not_affected", why, log4j), `"affects":[{`, `"affects":[{"versions":[{"version":"2.14.1"}],`, 1), NotAffected, ""},
		"of another version":     {strings.Replace(cyclonevex("not_affected", why, log4j), `"affects":[{`, `"affects":[{"versions":[{"version":"2.14.0"}],`, 1), Blocked, "nothing in the SBOM"},
		"of a range":             {strings.Replace(cyclonevex("not_affected", why, log4j), `"affects":[{`, `"affects":[{"versions":[{"range":"vers:maven/<3"}],`, 1), Blocked, "range of versions"},
		"without an analysis":    {strings.Replace(cyclonevex("x", "", log4j), `"analysis":{"state":"x"},`, "", 1), Blocked, "no analysis"},
		"affects nothing":        {strings.Replace(cyclonevex("not_affected", why, log4j), `,"affects":[{"ref":"`+log4j+`"}]`, "", 1), Blocked, "no product"},
		"a time that is none":    {strings.Replace(cyclonevex("not_affected", why, log4j), "2026-03-01T00:00:00Z", "yesterday", 1), Blocked, "is none"},
	} {
		t.Run(fact, func(t *testing.T) {
			in := input(t, sbom(t, thing{log4j, ""}))
			var err error
			in.VEX, err = ParseVEX([]byte(c.doc), "vex.json", now)
			check(t, err)
			r := Audit(in)
			got := fmt.Sprint(r.VEX)
			if r.Findings[0].Verdict != c.want || !strings.Contains(got, c.why) || c.why == "" && len(r.VEX) > 0 {
				t.Errorf("%s, want %s; unused %s", r.Findings[0].Verdict, c.want, got)
			}
		})
	}
}

// Nobody vouches for what an SBOM says about itself.
func TestClaimsOfTheSBOMAreNotBelieved(t *testing.T) {
	b, err := ReadBOM([]byte(strings.Replace(sbomText(thing{log4j, ""}), `"dependencies":`,
		`"vulnerabilities":[{"id":"CVE-2021-44228","analysis":{"state":"not_affected","justification":"x"},"affects":[{"ref":"`+log4j+`"}]}],"dependencies":`, 1)))
	check(t, err)
	r := Audit(input(t, b))
	if r.Answer != No || !strings.Contains(strings.Join(r.Notes, ""), "not believed") {
		t.Errorf("%s, notes %q", r.Answer, r.Notes)
	}
}

func TestPublishedOpenVEX(t *testing.T) {
	data, err := os.ReadFile("testdata/openvex.json")
	check(t, err)
	all, err := ParseVEX(data, "openvex.json", now)
	check(t, err)
	if len(all) != 1 || all[0].Rejected != "" || all[0].Status != vexOpen || all[0].IDs[0] != "CVE-9876-54321" || all[0].Time.Year() != 2022 {
		t.Errorf("%+v", all)
	}
}

func TestParseVEXRefuses(t *testing.T) {
	for fact, doc := range map[string]string{
		"nothing": "", "no JSON": "<x/>", "SPDX": `{"spdxVersion":"2.3"}`, "CSAF": `{"document":{"category":"csaf_vex"}}`,
		"another schema": `{"@context":"https://evil.example/openvex.dev/ns"}`, "cut short": openvexOf("fixed", "", productID("x"))[:80],
		"products that are a text": `{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"products":"pkg:npm/x"}]}`,
		"a product that is a list": `{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"products":[[]]}]}`,
		"a name that is a number":  `{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":7}]}`,
	} {
		if all, err := ParseVEX([]byte(doc), "vex.json", now); err == nil {
			t.Errorf("%s: %+v", fact, all)
		}
	}
}

func TestSamePackage(t *testing.T) {
	for _, c := range []struct {
		named, purl string
		want        bool
	}{
		{"pkg:npm/a@1", "pkg:npm/a@1", true},
		{"pkg:npm/a", "pkg:npm/a@1?vcs_url=x", true},
		{"pkg:npm/a@1", "pkg:npm/a@2", false},
		{"pkg:npm/JSONStream", "pkg:npm/jsonstream@1", false},
		{"pkg:pypi/Zope_Interface", "pkg:pypi/zope-interface@5", true},
		{"pkg:golang/github.com/A/b@1.0.0", "pkg:golang/github.com/a/b@v1.0.0", true},
		{"pkg:golang/a.example/b", "pkg:golang/a.example/b/v2@v2.0.0", false},
		{"pkg:apk/wolfi/git@2.39.0-r1?arch=x86_64", "pkg:apk/wolfi/git@2.39.0-r1?arch=x86_64&distro=wolfi", true},
		{"pkg:apk/wolfi/git?arch=armv7", "pkg:apk/wolfi/git@2.39.0-r1?arch=x86_64", false},
		{"pkg:npm/a", "", false}, {"", "", false}, {"a", "a", false}, {"pkg:npm/", "pkg:npm/a", false},
	} {
		if got := samePackage(c.named, c.purl); got != c.want {
			t.Errorf("%q covers %q: %v", c.named, c.purl, got)
		}
	}
}

func FuzzVEX(f *testing.F) {
	f.Add([]byte(openvexOf("not_affected", because, productID("pkg:npm/a"))))
	f.Add([]byte(cyclonevex("not_affected", "", "urn:cdx:x/1#y")))
	f.Add([]byte(`{"@context":"https://openvex.dev/ns/v0.0.1","statements":[{"vulnerability":"C","products":["p"],"subcomponents":["q"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := ParseVEX(data, "vex.json", now)
		if err != nil {
			return
		}
		for _, s := range all {
			if s.Rejected == "" && s.Status == vexNotAffected && s.Why == "" {
				t.Errorf("counts without a reason: %s", data)
			}
		}
	})
}
