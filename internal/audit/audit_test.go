// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	text     = "pkg:golang/golang.org/x/text@v0.3.6" // nobody rates it
	log4j    = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"
	regex    = "pkg:cargo/regex@1.5.1"
	gogo     = "pkg:golang/github.com/gogo/protobuf@v1.3.1"
	malware  = "pkg:pypi/3-0@0.0.0.1"
	logback  = "pkg:maven/ch.qos.logback/logback-classic@1.4.5"
	dnsjava  = "pkg:maven/dnsjava/dnsjava@3.5.0" // CVE-2024-25638 high, GHSA-mmwx… medium by version 3 and high by 4
	spotless = "pkg:golang/golang.org/x/text@v0.14.0"
)

// The answer, by what is found and what the rules are.
func TestAnswer(t *testing.T) {
	bar := func(text string) func(*Input) {
		return func(in *Input) {
			b, err := ParseBar(text)
			if err != nil {
				panic(err)
			}
			in.Rules.FailOn = [3]Bar{b, b, b}
		}
	}
	for fact, c := range map[string]struct {
		things []thing
		change func(*Input)
		answer Answer
		want   string
	}{
		"nothing is found":                {[]thing{{spotless, ""}}, nil, Yes, ""},
		"unrated counts as high":          {[]thing{{text, ""}}, nil, No, "CVE-2021-38561 blocked"},
		"unrated counts as low":           {[]thing{{text, ""}}, func(in *Input) { in.Rules.UnknownAs = Low }, Yes, "CVE-2021-38561 passing"},
		"a vector is a rating":            {[]thing{{gogo, ""}}, nil, No, "CVE-2021-3121 blocked"},
		"critical is over high":           {[]thing{{log4j, ""}}, nil, No, "CVE-2021-44228 blocked"},
		"high is not critical":            {[]thing{{gogo, ""}}, bar("critical"), Yes, "CVE-2021-3121 passing"},
		"exploited, whatever it is rated": {[]thing{{"pkg:golang/stdlib@1.12.15", ""}}, func(in *Input) { bar("critical,kev")(in); in.Rules.UnknownAs = Low }, No, "CVE-2020-0601 blocked, CVE-2022-27664 passing"},
		"likely to be exploited":          {[]thing{{log4j, ""}}, bar("epss>=0.9"), No, "CVE-2021-44228 blocked"},
		"not likely enough":               {[]thing{{log4j, ""}}, bar("epss>=0.95"), Yes, "CVE-2021-44228 passing"},
		"no score is not a low score":     {[]thing{{gogo, ""}}, bar("epss>=0.9"), CouldNotTell, "CVE-2021-3121 undecided"},
		"no score beside a severity":      {[]thing{{gogo, ""}}, bar("critical,epss>=0.9"), Yes, "CVE-2021-3121 passing"},
		"malware, whatever the rules":     {[]thing{{malware, ""}}, bar("none"), No, "MAL-2025-2926 blocked"},
		"nothing stops a vulnerability":   {[]thing{{log4j, ""}}, bar("none"), Yes, "CVE-2021-44228 passing"},
		"two components":                  {[]thing{{text, ""}, {log4j, ""}}, nil, No, "CVE-2021-44228 blocked, CVE-2021-38561 blocked"},
		"no counts more than unknown":     {[]thing{{log4j, ""}}, func(in *Input) { in.Feeds = nil }, No, "CVE-2021-44228 blocked"},
		"no feed at all":                  {[]thing{{spotless, ""}}, func(in *Input) { in.Feeds = nil }, CouldNotTell, ""},
		"excluded ones have their own bar": {[]thing{{log4j, `,"scope":"excluded"`}, {gogo, ""}}, func(in *Input) { in.Rules.FailOn[Excluded] = Bar{} }, No,
			"CVE-2021-3121 blocked, CVE-2021-44228 passing"},
		"required somewhere is required": {[]thing{{log4j, `,"scope":"excluded"`}, {log4j, `,"scope":"required"`}}, func(in *Input) { in.Rules.FailOn[Excluded] = Bar{} }, No,
			"CVE-2021-44228 blocked"},
		"the graver of two vectors": {[]thing{{dnsjava, ""}}, nil, No, "CVE-2024-25638 blocked, GHSA-mmwx-rj87-vfgr blocked"},
	} {
		t.Run(fact, func(t *testing.T) {
			in := input(t, sbom(t, c.things...))
			if c.change != nil {
				c.change(&in)
			}
			r := Audit(in)
			if r.Answer != c.answer || verdict(r) != c.want {
				t.Errorf("%s: %s; want %s: %s; unknown %q", r.Answer, verdict(r), c.answer, c.want, r.Unknown)
			}
		})
	}
}

// Every case ends with "could not find out", and says why.
func TestUnknown(t *testing.T) {
	feed := func(change func(*Feed)) func(*Input) {
		return func(in *Input) {
			for i := range in.Feeds {
				if in.Feeds[i].Name == "osv:Go" {
					change(&in.Feeds[i])
				}
			}
		}
	}
	for fact, c := range map[string]struct {
		bom    string
		change func(*Input)
		want   string
	}{
		"a feed that can't be read":        {sbomText(thing{spotless, ""}), feed(func(f *Feed) { f.Problem = "cut short" }), "osv:Go: cut short"},
		"a feed that is old":               {sbomText(thing{spotless, ""}), feed(func(f *Feed) { f.Date = now.Add(-15 * 24 * time.Hour) }), "15 days ago, and may be 14 days old"},
		"a feed of no known age":           {sbomText(thing{spotless, ""}), feed(func(f *Feed) { f.Date = time.Time{} }), "does not say how old"},
		"a feed of tomorrow":               {sbomText(thing{spotless, ""}), feed(func(f *Feed) { f.Date = now.Add(48 * time.Hour) }), "still to come"},
		"a feed of nothing":                {sbomText(thing{spotless, ""}), feed(func(f *Feed) { f.Records = 0 }), "holds no record"},
		"another ecosystem's feed":         {sbomText(thing{"pkg:gem/rack@3.0", ""}), nil, "osv:RubyGems: nothing was read"},
		"kev is asked and missing":         {sbomText(thing{spotless, ""}), func(in *Input) { in.Feeds = in.Feeds[1:] }, "kev: nothing was read"},
		"epss is old":                      {sbomText(thing{spotless, ""}), func(in *Input) { in.Feeds[1].Date = now.Add(-8 * 24 * time.Hour) }, "epss: its newest word"},
		"nothing is listed":                {sbomText(), nil, "lists no component"},
		"nothing can be looked up":         {sbomText(thing{"pkg:docker/nginx@1", ""}), nil, "no component of the SBOM"},
		"a library without a name":         {strings.Replace(sbomText(thing{spotless, ""}, thing{text, ""}), `,"purl":"`+text+`"`, "", 1), nil, "components that can't be looked up in advisories (see 'unjudged'): 1"},
		"a package URL that is none":       {sbomText(thing{spotless, ""}, thing{"pkg:npm", ""}), nil, "components that can't be looked up in advisories (see 'unjudged'): 1"},
		"a type that is none, and no name": {strings.Replace(strings.Replace(sbomText(thing{spotless, ""}, thing{text, ""}), `,"purl":"`+text+`"`, "", 1), `"type":"library","bom-ref":"`+text, `"type":"Library","bom-ref":"`+text, 1), nil, "components that can't be looked up"},
		"a package of no release":          {sbomText(thing{spotless, ""}, thing{"pkg:deb/debian/bash@5", ""}), nil, "components that can't be looked up in advisories (see 'unjudged'): 1"},
		"a document with a gap": {strings.Replace(sbomText(thing{spotless, ""}), `"dependencies":`, `"compositions":[{"aggregate":"incomplete","assemblies":["app"]}],"dependencies":`, 1), nil,
			"says that it is incomplete"},
	} {
		t.Run(fact, func(t *testing.T) {
			b, err := ReadBOM([]byte(c.bom))
			check(t, err)
			in := input(t, b)
			if c.change != nil {
				c.change(&in)
			}
			r := Audit(in)
			if r.Answer != CouldNotTell || !strings.Contains(strings.Join(r.Unknown, "; "), c.want) {
				t.Errorf("%s, %q; want %q", r.Answer, r.Unknown, c.want)
			}
		})
	}
}

func TestAllowIncomplete(t *testing.T) {
	in := input(t, sbom(t, thing{"pkg:docker/nginx@1", ""}))
	in.Rules.AllowIncomplete = true
	if r := Audit(in); r.Answer != Yes || len(r.Notes) != 1 {
		t.Errorf("%s, notes %q", r.Answer, r.Notes)
	}
	in = input(t, sbom(t, thing{spotless, ""}))
	in.Rules.AllowIncomplete, in.Feeds = true, nil
	if r := Audit(in); r.Answer != CouldNotTell {
		t.Errorf("a missing feed is %s", r.Answer)
	}
}

// Records of one vulnerability are one finding, with all their names and both
// sources.
func TestAliasesAreOneFinding(t *testing.T) {
	r := Audit(input(t, sbom(t, thing{gogo, ""}, thing{regex, ""})))
	if len(r.Findings) != 2 {
		t.Fatalf("%s", verdict(r))
	}
	for _, f := range r.Findings {
		want := map[string]string{
			"CVE-2021-3121":  "CVE-2021-3121 GHSA-c3h9-896r-86jm GO-2021-0053",
			"CVE-2022-24713": "CVE-2022-24713 GHSA-m5pq-gvj9-9vr8 RUSTSEC-2022-0013",
		}[f.ID]
		if got := strings.Join(f.IDs, " "); got != want || len(f.Sources) != 2 {
			t.Errorf("%s: %q, sources %q; want %q", f.ID, got, f.Sources, want)
		}
	}
}

// A record's related ones are not the same vulnerability: GO-2022-0248 names
// GHSA-3jhm-87m6-x959 as one.
func TestRelatedIsNoAlias(t *testing.T) {
	in := input(t, sbom(t, thing{"pkg:golang/github.com/cloudflare/cfrpki@v1.4.0", ""}))
	other := records(t, "GO-2022-0248")[0]
	other.ID, other.Aliases = "GHSA-3jhm-87m6-x959", []string{"CVE-2021-3909"}
	in.Advisories = append(in.Advisories, other)
	if r := Audit(in); len(r.Findings) != 2 {
		t.Errorf("%s", verdict(r))
	}
}

// Three records that share names in a chain are one vulnerability, in whatever
// order they come.
func TestAliasesChain(t *testing.T) {
	in := input(t, sbom(t, thing{gogo, ""}))
	in.Advisories = nil
	affected := records(t, "GO-2021-0053")[0].Affected
	for _, a := range []Advisory{{ID: "A", Aliases: []string{"x"}}, {ID: "B", Aliases: []string{"y"}}, {ID: "C", Aliases: []string{"x", "y"}}} {
		a.Affected = affected
		in.Advisories = append(in.Advisories, a)
	}
	for range 3 {
		r := Audit(in)
		if len(r.Findings) != 1 || strings.Join(r.Findings[0].IDs, " ") != "A B C x y" {
			t.Errorf("%s", verdict(r))
		}
		in.Advisories = append(in.Advisories[1:], in.Advisories[0])
	}
}

func TestFindingIsTraceable(t *testing.T) {
	r := Audit(input(t, sbom(t, thing{logback, ""})))
	f := r.Findings[0]
	if f.Grade.Vector == "" || f.Grade.Source != "GHSA-vmq6-5m68-f53m" || f.Grade.Score != 71 || f.Grade.Severity != High {
		t.Errorf("grade %+v", f.Grade)
	}
	if got := strings.Join(f.Path, " > "); got != "app > "+logback || strings.Join(f.Fixed, " ") != "1.4.12" || f.Affected == "" {
		t.Errorf("path %q, fixed %q, affected %q", got, f.Fixed, f.Affected)
	}
	if f.EPSS != nil || f.KEV != nil {
		t.Error("a missing score is not a score")
	}
}

// What to do first: what is exploited, then what mends most.
func TestSteps(t *testing.T) {
	r := Audit(input(t, sbom(t, thing{text, ""}, thing{dnsjava, ""}, thing{log4j, ""}, thing{malware, ""}, thing{"pkg:maven/log4j/log4j@1.2.17", ""})))
	var got []string
	for _, s := range r.Steps {
		got = append(got, fmt.Sprintf("%s (%d)", s.Do, len(s.Settles)))
	}
	want := []string{
		"take out " + malware + ": it is malware; treat what it ran on as taken over (1)",
		"upgrade " + log4j + " to 2.15.0 (1)",
		"no version of pkg:maven/log4j/log4j@1.2.17 mends CVE-2022-23307: replace it, or say why it does not matter (--vex), or who answers for it until when (--waivers) (1)",
		"upgrade " + dnsjava + " to 3.6.0 (2)",
		"upgrade " + text + " to 0.3.7 (1)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Every point names its component and its source, and they add up.
func TestRisk(t *testing.T) {
	r := Audit(input(t, sbom(t, thing{log4j, `,"hashes":[{"alg":"SHA-256","content":"00"}]`}, thing{text, ""})))
	sum, lines := 0, []string{}
	for _, p := range r.Risk.Points {
		sum += p.Points
		lines = append(lines, fmt.Sprintf("%d %s %s %s", p.Points, p.Component, p.Why, p.Source))
		if p.Component == "" || p.Why == "" || p.Source == "" {
			t.Errorf("%+v", p)
		}
	}
	want := []string{
		"100 " + log4j + " known to be exploited (KEV) KEV CVE-2021-44228",
		"50 " + log4j + " used by ransomware (KEV), on top KEV CVE-2021-44228",
		"45 " + log4j + " EPSS, for each tenth of probability EPSS 0.94358 of CVE-2021-44228",
		"40 " + log4j + " critical vulnerability CVE-2021-44228",
		"10 " + text + " vulnerability of unknown severity CVE-2021-38561",
		"1 " + text + " component without a hash SBOM",
	}
	if sum != r.Risk.Score || !slices.Equal(lines, want) {
		t.Errorf("score %d, sum %d\n%s", r.Risk.Score, sum, strings.Join(lines, "\n"))
	}
}

func TestAuditIsAFunction(t *testing.T) {
	things := []thing{{text, ""}, {dnsjava, ""}, {log4j, ""}, {regex, ""}, {gogo, ""}, {logback, ""}}
	first := ""
	for range 20 {
		got := fmt.Sprintf("%+v", Audit(input(t, sbom(t, things...))).Steps) + verdict(Audit(input(t, sbom(t, things...))))
		if first == "" {
			first = got
		}
		if got != first {
			t.Fatalf("differs:\n%s\n%s", got, first)
		}
	}
}

func TestParseBar(t *testing.T) {
	for text, want := range map[string]Bar{
		"high": {Severity: High}, "moderate": {Severity: Medium}, "none": {}, "kev": {KEV: true},
		"critical, KEV, epss>=0.5": {Critical, true, 0.5}, "malware": {},
	} {
		if b, err := ParseBar(text); err != nil || b != want {
			t.Errorf("%q is %+v, %v", text, b, err)
		}
	}
	for _, text := range []string{"", "hihg", "high,low", "high,none", "epss", "epss>=0", "epss>=2", "epss>=NaN", "epss>=", "high;kev", "unknown"} {
		if b, err := ParseBar(text); err == nil {
			t.Errorf("%q is %+v", text, b)
		}
	}
}

func TestReadBOMRefuses(t *testing.T) {
	good := sbomText(thing{text, ""})
	for fact, bad := range map[string]string{
		"no JSON": "pom.xml", "nothing": "", "SPDX": `{"spdxVersion":"SPDX-2.3"}`, "cut short": good[:len(good)/2],
		"another version": strings.Replace(good, `"1.6"`, `"2.0"`, 1), "a member twice": strings.Replace(good, `"version":1`, `"version":1,"version":2`, 1),
		"a scope nobody has": strings.Replace(good, `"type":"library"`, `"type":"library","scope":"maybe"`, 1),
		"a long version":     strings.Replace(good, `"version":"v0.3.6"`, `"version":"`+strings.Repeat("1", 2000)+`"`, 1),
	} {
		if _, err := ReadBOM([]byte(bad)); err == nil || !strings.Contains(err.Error(), ErrBOM.Error()) {
			t.Errorf("%s: %v", fact, err)
		}
	}
	if b, err := ReadBOM([]byte("\xef\xbb\xbf" + good)); err != nil || len(b.Components) != 1 {
		t.Errorf("with a byte-order mark: %v", err)
	}
	if b, err := ReadBOM([]byte(strings.Replace(good, `"type":"library"`, `"type":"library","components":[{"type":"library","name":"inner"}]`, 1))); err != nil || len(b.Components) != 2 {
		t.Errorf("components inside components: %v", err)
	}
}

func FuzzReadBOM(f *testing.F) {
	f.Add([]byte(sbomText(thing{text, ""}, thing{log4j, `,"scope":"optional","licenses":[{"expression":"MIT OR GPL-2.0"}]`})))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"name":"a"}],"dependencies":[{"ref":"a","dependsOn":["a"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBOM(data)
		if err != nil {
			return
		}
		r := Audit(Input{BOM: b, Now: now, Rules: Rules{DenyLicences: []string{"GPL-*"}, DenyPackages: []string{"pkg:npm/*"}}})
		if r.Answer == Yes {
			t.Errorf("clean without a feed: %s", data)
		}
	})
}
