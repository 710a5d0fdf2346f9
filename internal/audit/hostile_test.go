// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A package URL without a version stands for every version that is listed under
// it: none hides another.
func TestVersionBesideThePackageURL(t *testing.T) {
	component := func(kind, version string) string {
		return fmt.Sprintf(`{"type":%q,"name":"text","version":%q,"purl":"pkg:golang/golang.org/x/text"}`, kind, version)
	}
	doc := func(components ...string) *BOM {
		b, err := ReadBOM([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[` + strings.Join(components, ",") + `]}`))
		check(t, err)
		return b
	}
	for fact, c := range map[string]struct {
		bom  *BOM
		want string
	}{
		"the mended one first":                 {doc(component("library", "v0.14.0"), component("library", "v0.3.6")), "CVE-2021-38561 blocked"},
		"the mended one last":                  {doc(component("library", "v0.3.6"), component("library", "v0.14.0")), "CVE-2021-38561 blocked"},
		"behind an application of no version":  {doc(component("application", ""), component("library", "v0.3.6")), "CVE-2021-38561 blocked"},
		"behind an application, and none here": {doc(component("application", ""), component("library", "")), "CVE-2021-38561 undecided"},
		"twice the same":                       {doc(component("library", "v0.3.6"), component("library", "v0.3.6")), "CVE-2021-38561 blocked"},
	} {
		if r := Audit(input(t, c.bom)); verdict(r) != c.want {
			t.Errorf("%s: %s, want %s", fact, verdict(r), c.want)
		}
	}
}

// A component with two versions is both: a person reads the one, a program the
// other.
func TestTwoVersionsOfOneComponent(t *testing.T) {
	for _, c := range []struct{ purl, version, want string }{
		{"pkg:golang/golang.org/x/text@v0.14.0", "v0.3.6", "CVE-2021-38561 blocked"},
		{"pkg:golang/golang.org/x/text@v0.3.6", "v0.14.0", "CVE-2021-38561 blocked"},
		{"pkg:golang/golang.org/x/text@v0.3.6", "0.3.6", "CVE-2021-38561 blocked"},
		{"pkg:golang/golang.org/x/text@v0.14.0", "0.14.0", ""},
		{"pkg:golang/golang.org/x/text@v0.14.0", "UNKNOWN", ""},
		{"pkg:golang/stdlib@1.20.0", "go1.20", ""},
		{"pkg:cargo/regex@1.5.5", "1.5.5-0", "CVE-2022-24713 blocked"},
		{"pkg:maven/log4j/log4j@1.2.18", "1.2.18.0", ""},
	} {
		b, err := ReadBOM([]byte(fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"x","version":%q,"purl":%q}]}`, c.version, c.purl)))
		check(t, err)
		if r := Audit(input(t, b)); verdict(r) != c.want {
			t.Errorf("%s and %s: %s, want %s", c.purl, c.version, verdict(r), c.want)
		}
	}
}

// What is said of one version of it lifts nothing from the other.
func TestStatementsAboutOneOfTwoVersions(t *testing.T) {
	b, err := ReadBOM([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","bom-ref":"c","name":"x","version":"2.14.0","purl":"` + log4j + `"}]}`))
	check(t, err)
	const other = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.0"
	for fact, c := range map[string]struct {
		product Product
		want    string
	}{
		"nothing":           {Product{ID: "pkg:npm/x"}, log4j + " blocked, " + other + " blocked"},
		"the package":       {Product{ID: "pkg:maven/org.apache.logging.log4j/log4j-core"}, log4j + " not-affected, " + other + " not-affected"},
		"the first":         {Product{ID: log4j}, other + " blocked, " + log4j + " not-affected"},
		"the second":        {Product{ID: other}, log4j + " blocked, " + other + " not-affected"},
		"the second's name": {Product{ID: "c", Versions: []string{"2.14.0"}}, log4j + " blocked, " + other + " not-affected"},
	} {
		in := input(t, b)
		in.VEX = []Statement{{IDs: []string{"CVE-2021-44228"}, Products: []Product{c.product}, Status: vexNotAffected, Why: "x", Time: now}}
		var got []string
		for _, f := range Audit(in).Findings {
			got = append(got, f.Component+" "+f.Verdict.String())
		}
		slices.Sort(got)
		want := strings.Split(c.want, ", ")
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", fact, got, want)
		}
	}
}

// What the SBOM is about is looked up too, where a feed is read of its kind. It
// is not enough to have looked at, and no deny list is about it.
func TestTheSubjectIsLookedUp(t *testing.T) {
	of := func(subject string, things ...thing) *BOM {
		b := sbom(t, things...)
		b.Subject.PURL = subject
		return b
	}
	for fact, c := range map[string]struct {
		bom    *BOM
		want   string
		answer Answer
	}{
		"malware":                       {of(malware, thing{"pkg:pypi/six@1.16.0", ""}), "MAL-2025-2926 blocked", No},
		"flawed":                        {of(text, thing{spotless, ""}), "CVE-2021-38561 blocked", No},
		"of a kind nothing else is":     {of(malware, thing{spotless, ""}), "", Yes},
		"of no version":                 {of("pkg:golang/golang.org/x/text", thing{spotless, ""}), "", Yes},
		"listed, too":                   {of(text, thing{text, ""}), "CVE-2021-38561 blocked", No},
		"and nothing else in it":        {of(text), "", CouldNotTell},
		"and nothing that is looked up": {of(text, thing{"pkg:docker/nginx@1", ""}), "", CouldNotTell},
		"something that has no name":    {of("", thing{spotless, ""}), "", Yes},
	} {
		c.bom.Subject.Version = ""
		if got := c.bom.Wanted()[Package{"PyPI", "3-0"}]; got != (fact == "malware") {
			t.Errorf("%s: wanted %v", fact, c.bom.Wanted())
		}
		if r := Audit(input(t, c.bom)); verdict(r) != c.want || r.Answer != c.answer {
			t.Errorf("%s: %s, %s; want %s", fact, r.Answer, verdict(r), c.want)
		}
	}
	in := input(t, of("pkg:golang/acme.example/app@v1.0.0", thing{spotless, `,"licenses":[{"expression":"MIT"}]`}))
	in.Rules.DenyLicences, in.Rules.DenyPackages = []string{"unknown"}, []string{"pkg:golang/acme.example/*"}
	if r := Audit(in); r.Answer != Yes {
		t.Errorf("our own: %s", verdict(r))
	}
}

// What is said of a part of one thing is not said of the same part of another.
func TestPartOfSeveralThings(t *testing.T) {
	const bare = "pkg:maven/org.apache.logging.log4j/log4j-core"
	vex := openvexOf("not_affected", because, `{"@id":"pkg:npm/whole","subcomponents":[{"@id":"`+bare+`"}]}`)
	for fact, c := range map[string]struct {
		edges map[string][]string
		want  Verdict
	}{
		"of that one only":         {map[string][]string{"app": {"whole"}, "whole": {"log4j"}}, NotAffected},
		"through something in it":  {map[string][]string{"app": {"whole"}, "whole": {"mid"}, "mid": {"log4j"}}, NotAffected},
		"of the product itself":    {map[string][]string{"app": {"whole", "log4j"}, "whole": {"log4j"}}, Blocked},
		"of another part of it":    {map[string][]string{"app": {"whole", "other"}, "whole": {"log4j"}, "other": {"log4j"}}, Blocked},
		"of a part of both":        {map[string][]string{"app": {"whole", "mid"}, "whole": {"mid"}, "mid": {"log4j"}}, Blocked},
		"of a circle that is none": {map[string][]string{"app": {"whole"}, "whole": {"log4j"}, "x": {"y"}, "y": {"x", "log4j"}}, Blocked},
		"of nothing":               {map[string][]string{"app": {"whole", "log4j"}}, Blocked},
		"nobody says of what":      {map[string][]string{}, Blocked},
	} {
		in := input(t, sbom(t, thing{log4j, ""}, thing{"pkg:npm/whole@1.0.0", ""}))
		in.BOM.Components[0].Ref, in.BOM.Components[1].Ref, in.BOM.edges = "log4j", "whole", c.edges
		var err error
		in.VEX, err = ParseVEX([]byte(vex), "vex.json", now)
		check(t, err)
		if r := Audit(in); r.Findings[0].Verdict != c.want {
			t.Errorf("%s: %s, want %s", fact, r.Findings[0].Verdict, c.want)
		}
	}
}

// Two components of one package URL are judged as one, and a statement about a
// reference is about one of them.
func TestStatementAboutOneOfTwoReferences(t *testing.T) {
	in := input(t, sbom(t, thing{log4j, ""}, thing{log4j, ""}))
	in.BOM.Components[0].Ref, in.BOM.Components[1].Ref = "c1", "c2"
	say := func(refs ...string) Verdict {
		in.VEX = nil
		for _, ref := range refs {
			in.VEX = append(in.VEX, Statement{IDs: []string{"CVE-2021-44228"}, Products: []Product{{ID: ref}}, Status: vexNotAffected, Why: "x", Time: now})
		}
		return Audit(in).Findings[0].Verdict
	}
	if got := say("c1"); got != Blocked {
		t.Errorf("about the first: %s", got)
	}
	if got := say("c2"); got != Blocked {
		t.Errorf("about the second: %s", got)
	}
	if got := say(log4j); got != NotAffected {
		t.Errorf("about the package: %s", got)
	}
}

// What a CycloneDX entry says of versions, and of references of its own document.
func TestCycloneDXVEXIsAboutWhatItSays(t *testing.T) {
	const why = `,"justification":"code_not_reachable"`
	of := func(state, versions string) string {
		return strings.Replace(cyclonevex(state, why, log4j), `{"ref":"`+log4j+`"}`, `{"ref":"`+log4j+`","versions":[`+versions+`]}`, 1)
	}
	own := func(component string) string {
		return strings.Replace(cyclonevex("not_affected", why, "c1"), `"vulnerabilities"`, `"components":[{"type":"library","name":"x","bom-ref":"c1"`+component+`}],"vulnerabilities"`, 1)
	}
	for fact, c := range map[string]struct {
		doc  string
		want Verdict
		why  string
	}{
		"this version":                         {of("not_affected", `{"version":"2.14.1"}`), NotAffected, ""},
		"this version, unaffected":             {of("resolved", `{"version":"2.14.1","status":"unaffected"}`), NotAffected, ""},
		"another version":                      {of("not_affected", `{"version":"2.14.0"}`), Blocked, "nothing in the SBOM"},
		"resolved in a later one":              {of("resolved", `{"version":"2.14.1","status":"affected"},{"version":"2.15.0","status":"unaffected"}`), Blocked, "nothing in the SBOM"},
		"resolved, and this version has it":    {of("resolved", `{"version":"2.14.1","status":"affected"}`), Blocked, "of every version that it names"},
		"not known of this version":            {of("not_affected", `{"version":"2.14.1","status":"unknown"}`), Blocked, "of every version that it names"},
		"a range":                              {of("not_affected", `{"range":"vers:maven/*"}`), Blocked, "a range of versions"},
		"a reference to what has another name": {own(`,"purl":"pkg:npm/x@1"`), Blocked, "nothing in the SBOM"},
		"a reference to what has no name":      {own(""), Blocked, "nothing in the SBOM"},
	} {
		in := input(t, sbom(t, thing{log4j, ""}))
		in.BOM.Components[0].Ref = "c1" // as many tools number them
		var err error
		in.VEX, err = ParseVEX([]byte(c.doc), "vex.json", now)
		check(t, err)
		r := Audit(in)
		if got := fmt.Sprint(r.VEX); r.Findings[0].Verdict != c.want || !strings.Contains(got, c.why) || c.why == "" && len(r.VEX) > 0 {
			t.Errorf("%s: %s, want %s; unused %s", fact, r.Findings[0].Verdict, c.want, got)
		}
	}
}

// A statement that is not understood lifts nothing, and where it may say that the
// product is affected it lets none lift it.
func TestRejectedStatementThatMaySpeakAgainst(t *testing.T) {
	const bare = "pkg:maven/org.apache.logging.log4j/log4j-core"
	good := openvexOf("not_affected", because, productID(bare))
	for fact, c := range map[string]struct {
		doc  string
		want Verdict
	}{
		"affected, at a time that is none": {strings.Replace(openvexOf("affected", "", productID(bare)), "2026-03-01T00:00:00Z", "today", 1), Blocked},
		"affected, in a year":              {strings.Replace(openvexOf("affected", "", productID(bare)), "2026-", "2027-", 1), Blocked},
		"a word nobody knows":              {openvexOf("known_affected", "", productID(bare)), Blocked},
		"exploitable, in a range": {strings.Replace(cyclonevex("exploitable", "", log4j), `{"ref":"`+log4j+`"}`,
			`{"ref":"`+log4j+`","versions":[{"range":"vers:maven/*"}]}`, 1), Blocked},
		"affected, of another package":      {strings.Replace(openvexOf("known_affected", "", productID("pkg:npm/x")), "2026-", "2027-", 1), NotAffected},
		"not affected, and nobody says why": {openvexOf("not_affected", "", productID(bare)), NotAffected},
	} {
		in := input(t, sbom(t, thing{log4j, ""}))
		for i, doc := range []string{good, c.doc} {
			all, err := ParseVEX([]byte(doc), fmt.Sprint("vex", i), now)
			check(t, err)
			in.VEX = append(in.VEX, all...)
		}
		if r := Audit(in); r.Findings[0].Verdict != c.want {
			t.Errorf("%s: %s, want %s: %q", fact, r.Findings[0].Verdict, c.want, r.Findings[0].Notes)
		}
	}
}

// A vendor's statements are about vulnerabilities, not about what we deny.
func TestStatementsLiftNoDenyList(t *testing.T) {
	in := input(t, sbom(t, thing{spotless, `,"licenses":[{"license":{"id":"SSPL-1.0"}}]`}))
	in.Rules.DenyLicences, in.Rules.DenyPackages = []string{"SSPL-*"}, []string{"pkg:golang/golang.org/x/*"}
	in.Registry = &Registry{Statuses: []RegistryStatus{{Component: &in.BOM.Components[0], Affected: 1}}}
	in.VEX = []Statement{{IDs: []string{"denied-licence", "denied-package", "registry-affected"}, Products: []Product{{ID: spotless}}, Status: vexNotAffected, Why: "x", Time: now}}
	if r := Audit(in); r.Answer != No || r.Counts.Verdicts["blocked"] != 3 || len(r.VEX) != 1 {
		t.Errorf("%s: %s; unused %v", r.Answer, verdict(r), r.VEX)
	}
}

// What a baseline does not make known: it was not so bad then.
func TestBaselineIsNoWorse(t *testing.T) {
	likely, unlikely := 0.9, 0.1
	known := before{
		Kind: Vulnerability, IDs: []string{"CVE-2021-44228"}, Package: "org.apache.logging.log4j:log4j-core", Eco: "Maven",
		Grade: Grade{Severity: Critical}, KEV: &Exploited{}, EPSS: &likely,
	}
	for fact, c := range map[string]struct {
		change func(*before)
		scope  string
		want   string
	}{
		"the same":                       {func(*before) {}, "", "CVE-2021-44228 known"},
		"it was for development":         {func(b *before) { b.Scope = Excluded }, "", "CVE-2021-44228 blocked"},
		"it is for development by now":   {func(*before) {}, `,"scope":"excluded"`, "CVE-2021-44228 known"},
		"it was waived for a time":       {func(b *before) { b.Decision = Waived.String() }, "", "CVE-2021-44228 blocked"},
		"a statement lifted it":          {func(b *before) { b.Decision = NotAffected.String() }, "", "CVE-2021-44228 blocked"},
		"it was unlikely":                {func(b *before) { b.EPSS = &unlikely }, "", "CVE-2021-44228 blocked"},
		"nobody knew how likely":         {func(b *before) { b.EPSS = nil }, "", "CVE-2021-44228 blocked"},
		"nobody had rated it":            {func(b *before) { b.Grade = Grade{} }, "", "CVE-2021-44228 blocked"},
		"it was there, and nobody asked": {func(b *before) { b.Decision = Passing.String() }, "", "CVE-2021-44228 known"},
	} {
		in := input(t, sbom(t, thing{log4j, c.scope}))
		bar := Bar{Severity: High, KEV: true, EPSS: 0.5}
		in.Rules.FailOn = [3]Bar{bar, bar, bar}
		b := known
		c.change(&b)
		in.Baseline = &Baseline{Source: "old", findings: []before{b}}
		if got := verdict(Audit(in)); got != c.want {
			t.Errorf("%s: %s, want %s", fact, got, c.want)
		}
	}
	// What nobody rates any more counts as it counts.
	in := input(t, sbom(t, thing{text, ""}))
	in.Baseline = &Baseline{findings: []before{{Kind: Vulnerability, IDs: []string{"CVE-2021-38561"}, Package: "golang.org/x/text", Eco: "Go", Grade: Grade{Severity: Low}}}}
	if got := verdict(Audit(in)); got != "CVE-2021-38561 blocked" {
		t.Errorf("it was low, and is unrated: %s", got)
	}
}

// However a package URL is written, what it names is denied.
func TestDeniedHoweverItIsWritten(t *testing.T) {
	for _, c := range []struct{ pattern, purl string }{
		{"pkg:npm/left-pad", "pkg:npm/left%2Dpad@1.3.0"},
		{"pkg:npm/left-pad", "pkg:npm/%6ceft-pad@1.3.0"},
		{"pkg:npm/left-pad", "pkg://npm/left-pad@1.3.0"},
		{"pkg:npm/left-pad", "pkg:NPM/left-pad@1.3.0?arch=x#sub/path"},
		{"pkg:npm/left-pad@1.3.0", "pkg:npm/left-pad@1%2E3.0"},
		{"pkg:npm/%40evil/*", "pkg:npm/@evil/x@1"},
		{"pkg:npm/@evil/*", "pkg:npm/%40evil/x@1"},
		{"pkg:pypi/zope.interface", "pkg:pypi/zope-interface@5"},
		{"pkg:pypi/zope_*", "pkg:pypi/Zope.Interface@5"},
		{"pkg:maven/org.evil/*@1.*", "pkg:maven/org.evil/a@1.5?type=jar"},
	} {
		if !deniesPackage(c.pattern, c.purl) {
			t.Errorf("%s does not deny %s", c.pattern, c.purl)
		}
	}
	for _, c := range []struct{ pattern, purl string }{
		{"pkg:npm/left-pad", "pkg:npm/left-pad2@1"}, {"pkg:npm/left-pad@1.3.0", "pkg:npm/left-pad@1.3.1"},
		{"pkg:npm/evil", "pkg:npm/@evil/evil@1"}, {"pkg:npm/a", "pkg:pypi/a@1"}, {"pkg:npm/*", "pkg:npm/@s/x@1"},
	} {
		if deniesPackage(c.pattern, c.purl) {
			t.Errorf("%s denies %s", c.pattern, c.purl)
		}
	}
}

// Licences as tools write them that are no SPDX.
func TestDeniedLicenceHoweverItIsWritten(t *testing.T) {
	for _, c := range []struct {
		pattern string
		all     []Licence
		want    bool
	}{
		{"unknown", nil, true},
		{"unknown", []Licence{{}}, true},
		{"unknown", []Licence{{Name: "NOASSERTION"}}, true},
		{"unknown", []Licence{{Expression: "NONE"}, {Name: " "}}, true},
		{"unknown", []Licence{{Name: "NOASSERTION"}, {Expression: "MIT"}}, false},
		{"unknown", []Licence{{Name: "Unknown"}}, true},
		{"GPL-*", []Licence{{Name: "GPL-3.0 (https://example.com/gpl)"}}, true},
		{"AGPL-3.0", []Licence{{Expression: "GPL-2.0, AGPL-3.0"}}, true},
		{"AGPL-*", []Licence{{Expression: "MIT/AGPL-3.0"}}, false}, // Cargo's old way to write OR
		{"*GPL-*", []Licence{{Expression: "AGPL-3.0/GPL-3.0"}}, true},
		{"AGPL-*", []Licence{{Expression: "MIT/Apache-2.0"}}, false},
	} {
		if _, got := deniesLicences(c.pattern, c.all); got != c.want {
			t.Errorf("%s denies %v: %v, want %v", c.pattern, c.all, got, c.want)
		}
	}
}

// A range of one version holds that version and no other.
func TestRangeOfOneVersion(t *testing.T) {
	one := Range{Type: "SEMVER", Events: []Event{{Introduced: "1.0.0"}, {LastAffected: "1.0.0"}}}
	two := Range{Type: "SEMVER", Events: []Event{{Introduced: "1.0.0"}, {LastAffected: "2.0.0"}, {Introduced: "2.0.0"}, {Fixed: "3.0.0"}}}
	for _, c := range []struct {
		r       Range
		version string
		want    bool
	}{
		{one, "0.9.0", false}, {one, "1.0.0", true}, {one, "1.0.1", false},
		{two, "1.5.0", true}, {two, "2.0.0", true}, {two, "2.5.0", true}, {two, "3.0.0", false},
	} {
		if in, _, err := c.r.holds(order{"npm"}, c.version); in != c.want || err != nil {
			t.Errorf("%s in %s: %v, %v", c.version, c.r, in, err)
		}
	}
}

// The way to a component is found once for all, and of a long one the middle is
// left out.
func TestWays(t *testing.T) {
	b := sbom(t)
	const n = 20_000
	for i := range n {
		purl := fmt.Sprintf("pkg:npm/p%d@1.0.0", i)
		b.Components = append(b.Components, Component{Ref: purl, PURL: purl, Version: "1.0.0"})
		b.edges[fmt.Sprintf("pkg:npm/p%d@1.0.0", i-1)] = []string{purl}
	}
	b.edges["app"] = []string{"pkg:npm/p0@1.0.0"}
	in := input(t, b)
	in.Rules.DenyLicences = []string{"unknown"}
	r := Audit(in)
	ways := map[string][]string{}
	for _, f := range r.Findings {
		ways[f.Component] = f.Path
	}
	if got := strings.Join(ways["pkg:npm/p1@1.0.0"], " > "); got != "app > pkg:npm/p0@1.0.0 > pkg:npm/p1@1.0.0" {
		t.Errorf("a short way: %s", got)
	}
	last := ways[fmt.Sprintf("pkg:npm/p%d@1.0.0", n-1)]
	if len(r.Findings) != n || len(last) != maxPath || last[0] != "app" || last[1] != "…" {
		t.Errorf("%d findings, a long way of %d: %q", len(r.Findings), len(last), last[:min(len(last), 3)])
	}
	if whole := ways["pkg:npm/p62@1.0.0"]; len(whole) != maxPath || whole[1] != "pkg:npm/p0@1.0.0" {
		t.Errorf("a way of %d: %q", len(whole), whole)
	}
}

// A waiver ends as the day begins, UTC, whatever the clock's zone is.
func TestWaiverEndsAtUTC(t *testing.T) {
	w := Waiver{Owner: "ana", Reason: "r", Expires: time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)}
	zone := time.FixedZone("far west", -12*3600)
	if why := w.invalid(time.Date(2026, 3, 2, 11, 59, 59, 0, zone)); why != "" {
		t.Errorf("a second before: %s", why)
	}
	if w.invalid(time.Date(2026, 3, 2, 12, 0, 0, 0, zone)) == "" {
		t.Error("it counts at its end")
	}
}

// Thousands of records of one package, and thousands of statements about
// thousands of others, are no reason to wait: what takes the square of their
// number takes minutes here.
func TestManyRecordsAndStatements(t *testing.T) {
	b := sbom(t, thing{"pkg:deb/debian/linux@6.1.0-1?distro=debian-12", ""})
	in := input(t, b)
	in.Advisories = nil
	const n = 5000
	for i := range n {
		purl := fmt.Sprintf("pkg:npm/p%d@1.0.0", i)
		b.Components = append(b.Components, Component{Ref: purl, PURL: purl, Version: "1.0.0"})
		in.VEX = append(in.VEX, Statement{IDs: []string{fmt.Sprint("CVE-", i)}, Products: []Product{{ID: fmt.Sprintf("pkg:npm/q%d@1", i)}}, Status: vexNotAffected, Why: "x", Time: now})
		in.Advisories = append(in.Advisories, Advisory{ID: fmt.Sprint("DEBIAN-", i), Aliases: []string{fmt.Sprint("CVE-x-", i)},
			Affected: []Affected{{Package: Package{"Debian:12", "linux"}, Ranges: []Range{{"ECOSYSTEM", []Event{{Introduced: "0"}, {Fixed: "6.1.9-1"}}}}}}})
	}
	in.VEX[0].Products = []Product{{ID: "pkg:npm/p0"}}
	r := Audit(in)
	if len(r.Findings) != n || len(r.VEX) != n || r.VEX[0].Why != "no such vulnerability was found in what it names" || r.VEX[1].Why != "nothing in the SBOM is what it names" {
		t.Errorf("%d findings, %d statements, %q %q", len(r.Findings), len(r.VEX), r.VEX[0].Why, r.VEX[1].Why)
	}
}
