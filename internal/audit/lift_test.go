// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
)

func waiversOf(t *testing.T, lines ...string) []Waiver {
	t.Helper()
	all, err := ParseWaivers([]byte("version: 1\nwaivers:\n  - {"+strings.Join(lines, "}\n  - {")+"}\n"), "waivers.yml")
	check(t, err)
	return all
}

// What becomes of CVE-2021-44228 in log4j-core 2.14.1.
func TestWaivers(t *testing.T) {
	const good = `id: CVE-2021-44228, package: "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", reason: lookups are off, owner: ana, expires: 2026-03-03`
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for fact, c := range map[string]struct {
		waiver string
		want   Verdict
		why    string
	}{
		"good":                      {good, Waived, ""},
		"of every version":          {replace("@2.14.1", ""), Waived, ""},
		"by another name":           {replace("CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"), Waived, ""},
		"a quoted day":              {replace("2026-03-03", `"2026-03-03"`), Waived, ""},
		"it ends today":             {replace("2026-03-03", "2026-03-02"), Blocked, "expired on 2026-03-02"},
		"nobody's":                  {replace(", owner: ana", ""), Blocked, "no owner"},
		"somebody's with no name":   {replace("owner: ana", `owner: " "`), Blocked, "no owner"},
		"for no reason":             {replace(", reason: lookups are off", ""), Blocked, "no reason"},
		"for ever":                  {replace(", expires: 2026-03-03", ""), Blocked, "never ends"},
		"for another version":       {replace("2.14.1", "2.14.0"), Blocked, "nothing was found"},
		"for another vulnerability": {replace("44228", "45046"), Blocked, "nothing was found"},
	} {
		t.Run(fact, func(t *testing.T) {
			in := input(t, sbom(t, thing{log4j, ""}))
			in.Waivers = waiversOf(t, c.waiver)
			r := Audit(in)
			if r.Findings[0].Verdict != c.want || !strings.Contains(fmt.Sprint(r.Waivers), c.why) || c.why == "" && len(r.Waivers) > 0 {
				t.Errorf("%s, want %s; unused %v", r.Findings[0].Verdict, c.want, r.Waivers)
			}
		})
	}
}

func TestParseWaiversRefuses(t *testing.T) {
	good := "version: 1\nwaivers:\n  - {id: X, package: \"pkg:npm/a\", reason: r, owner: o, expires: 2026-12-31}\n"
	if _, err := ParseWaivers([]byte(good), "w"); err != nil {
		t.Fatal(err)
	}
	for fact, bad := range map[string]string{
		"nothing": "", "no version": strings.Replace(good, "version: 1\n", "", 1), "another version": strings.Replace(good, "1", "2", 1),
		"no list": "version: 1\n", "a text": "version: 1\nwaivers: none\n", "two documents": good + "---\n" + good,
		"an unknown key":     strings.Replace(good, "owner", "onwer", 1),
		"a key twice":        strings.Replace(good, "owner: o", "owner: o, owner: p", 1),
		"no package":         strings.Replace(good, `, package: "pkg:npm/a"`, "", 1),
		"no package URL":     strings.Replace(good, "pkg:npm/a", "a", 1),
		"a pattern":          strings.Replace(good, "pkg:npm/a", "pkg:npm/", 1),
		"no id":              strings.Replace(good, "id: X, ", "", 1),
		"a day that is none": strings.Replace(good, "2026-12-31", "2026-02-30", 1),
		"a time":             strings.Replace(good, "2026-12-31", "2026-12-31T00:00:00Z", 1),
		"an anchor":          strings.Replace(good, "reason: r", "reason: &a r", 1),
		"an alias bomb":      "version: 1\nwaivers: &a [*a]\n",
		"a tag":              strings.Replace(good, "reason: r", "reason: !!binary cg==", 1),
		"null":               strings.Replace(good, "reason: r", "reason: null", 1),
		"nested too deep":    "version: 1\nwaivers: " + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "\n",
		"too large":          good + "#" + strings.Repeat("x", MaxWaivers),
		"no YAML":            "version: 1\n\twaivers: []\n",
	} {
		if all, err := ParseWaivers([]byte(bad), "w"); err == nil {
			t.Errorf("%s: %+v", fact, all)
		}
	}
}

// Nothing lifts malware.
func TestMalwareStays(t *testing.T) {
	in := input(t, sbom(t, thing{malware, ""}))
	in.Waivers = waiversOf(t, `id: MAL-2025-2926, package: "pkg:pypi/3-0", reason: r, owner: ana, expires: 2026-12-31`)
	in.VEX = []Statement{{IDs: []string{"MAL-2025-2926"}, Products: []Product{{ID: "pkg:pypi/3-0"}}, Status: vexNotAffected, Why: "x", Time: now}}
	in.Baseline = NewBaseline(Audit(input(t, sbom(t, thing{malware, ""}))), "before")
	if r := Audit(in); r.Answer != No || r.Findings[0].Verdict != Blocked || len(r.VEX) != 1 || len(r.Waivers) != 1 {
		t.Errorf("%s: %s; unused %v %v", r.Answer, verdict(r), r.VEX, r.Waivers)
	}
}

func TestBaseline(t *testing.T) {
	older := func(things ...thing) *Baseline { return NewBaseline(Audit(input(t, sbom(t, things...))), "old.json") }
	const newer = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.0"
	for fact, c := range map[string]struct {
		baseline *Baseline
		things   []thing
		want     string
	}{
		"none":                    {nil, []thing{{log4j, ""}}, "CVE-2021-44228 blocked"},
		"the same":                {older(thing{log4j, ""}), []thing{{log4j, ""}}, "CVE-2021-44228 known"},
		"in another version":      {older(thing{log4j, ""}), []thing{{newer, ""}}, "CVE-2021-44228 known"},
		"in another package":      {older(thing{text, ""}), []thing{{log4j, ""}}, "CVE-2021-44228 blocked"},
		"one is new":              {older(thing{log4j, ""}), []thing{{log4j, ""}, {text, ""}}, "CVE-2021-38561 blocked, CVE-2021-44228 known"},
		"it is exploited by now":  {&Baseline{findings: []before{{Kind: Vulnerability, IDs: []string{"CVE-2021-44228"}, Package: "org.apache.logging.log4j:log4j-core", Eco: "Maven", Grade: Grade{Severity: Critical}}}}, []thing{{log4j, ""}}, "CVE-2021-44228 blocked"},
		"it was not so grave":     {&Baseline{findings: []before{{Kind: Vulnerability, IDs: []string{"CVE-2021-44228"}, Package: "org.apache.logging.log4j:log4j-core", Eco: "Maven", Grade: Grade{Severity: High}, KEV: &Exploited{}}}}, []thing{{log4j, ""}}, "CVE-2021-44228 blocked"},
		"it has got another name": {&Baseline{findings: []before{{Kind: Vulnerability, IDs: []string{"GHSA-jfh8-c2jp-5v3q"}, Package: "org.apache.logging.log4j:log4j-core", Eco: "Maven", Grade: Grade{Severity: Critical}, KEV: &Exploited{}}}}, []thing{{log4j, ""}}, "CVE-2021-44228 known"},
	} {
		t.Run(fact, func(t *testing.T) {
			in := input(t, sbom(t, c.things...))
			in.Baseline = c.baseline
			if got := verdict(Audit(in)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// An audit's JSON is a baseline that says what the audit said.
func TestBaselineFromJSON(t *testing.T) {
	in := input(t, sbom(t, thing{log4j, ""}, thing{text, ""}))
	data, err := canon.Marshal(Audit(in))
	check(t, err)
	if in.Baseline, err = ReadBaseline(data, "old.json"); err != nil {
		t.Fatal(err)
	}
	if r := Audit(in); r.Answer != Yes || verdict(r) != "CVE-2021-44228 known, CVE-2021-38561 known" {
		t.Errorf("%s: %s", r.Answer, verdict(r))
	}
	for fact, bad := range map[string]string{"nothing": "", "another document": `{"schema":"x"}`, "cut short": string(data[:len(data)/2]), "a severity nobody has": strings.Replace(string(data), `"critical"`, `"worst"`, 1)} {
		if _, err := ReadBaseline([]byte(bad), "b"); err == nil {
			t.Errorf("%s is a baseline", fact)
		}
	}
}

func TestDenied(t *testing.T) {
	licence := func(expression string) string { return `,"licenses":[{"expression":"` + expression + `"}]` }
	for fact, c := range map[string]struct {
		more, licence, pack string
		want                string
	}{
		"a licence":                      {licence("GPL-3.0-only"), "GPL-3.0-only", "", "denied-licence blocked"},
		"without case":                   {licence("gpl-3.0-ONLY"), "GPL-3.0-only", "", "denied-licence blocked"},
		"by its old name":                {licence("GPL-3.0"), "GPL-3.0-only", "", "denied-licence blocked"},
		"an old name denies the new":     {licence("GPL-3.0-or-later"), "GPL-3.0+", "", "denied-licence blocked"},
		"by a pattern":                   {licence("AGPL-3.0-only"), "AGPL-*", "", "denied-licence blocked"},
		"another licence":                {licence("LGPL-3.0-only"), "GPL-*", "", ""},
		"there is a choice":              {licence("MIT OR GPL-3.0-only"), "GPL-*", "", ""},
		"there is none":                  {licence("GPL-2.0-only OR GPL-3.0-only"), "GPL-*", "", "denied-licence blocked"},
		"both apply":                     {licence("MIT AND GPL-3.0-only"), "GPL-*", "", "denied-licence blocked"},
		"AND binds tighter":              {licence("MIT OR Apache-2.0 AND GPL-3.0-only"), "GPL-*", "", ""},
		"parentheses":                    {licence("(MIT OR Apache-2.0) AND GPL-3.0-only"), "GPL-*", "", "denied-licence blocked"},
		"with an exception":              {licence("GPL-2.0-only WITH Classpath-exception-2.0"), "GPL-2.0-only", "", "denied-licence blocked"},
		"the exception alone":            {licence("GPL-2.0-only WITH Classpath-exception-2.0"), "GPL-2.0-only WITH *", "", "denied-licence blocked"},
		"an expression that is none":     {licence("MIT OR (GPL-3.0-only"), "GPL-*", "", "denied-licence blocked"},
		"a licence by name":              {`,"licenses":[{"license":{"name":"Commons Clause"}}]`, "Commons *", "", "denied-licence blocked"},
		"one of several":                 {`,"licenses":[{"license":{"id":"MIT"}},{"license":{"id":"SSPL-1.0"}}]`, "SSPL-*", "", "denied-licence blocked"},
		"no licence":                     {"", "unknown", "", "denied-licence blocked"},
		"no licence, and none is denied": {"", "GPL-*", "", ""},
		"a package":                      {"", "", "pkg:golang/golang.org/x/text", "denied-package blocked"},
		"in this version":                {"", "", "pkg:golang/golang.org/x/text@v0.14.0", "denied-package blocked"},
		"in another version":             {"", "", "pkg:golang/golang.org/x/text@v0.13.0", ""},
		"packages by a pattern":          {"", "", "pkg:golang/golang.org/x/*", "denied-package blocked"},
		"a star stops at a slash":        {"", "", "pkg:golang/*", ""},
	} {
		t.Run(fact, func(t *testing.T) {
			in := input(t, sbom(t, thing{spotless, c.more}))
			if c.licence != "" {
				in.Rules.DenyLicences = []string{c.licence}
			}
			if c.pack != "" {
				in.Rules.DenyPackages = []string{c.pack}
			}
			if got := verdict(Audit(in)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestScopedNameIsDenied(t *testing.T) {
	if !deniesPackage("pkg:npm/@evil/*", "pkg:npm/%40evil/x@1.0.0?a=b") || deniesPackage("pkg:npm/@evil/*", "pkg:npm/evil@1.0.0") || deniesPackage("pkg:npm/*", "") {
		t.Error("npm scopes are compared as people write them")
	}
	for _, bad := range []string{"", "left-pad", "pkg:npm", "pkg:npm/["} {
		if CheckPackagePattern(bad) == nil {
			t.Errorf("%q is a pattern", bad)
		}
	}
	if CheckPattern("GPL-*") != nil || CheckPattern("[") == nil || CheckPattern(" ") == nil {
		t.Error("patterns")
	}
}

func FuzzWaivers(f *testing.F) {
	f.Add([]byte("version: 1\nwaivers:\n  - {id: X, package: \"pkg:npm/a\", reason: r, owner: o, expires: 2026-12-31}\n"))
	f.Add([]byte("version: 1\nwaivers: &a [*a]\n"))
	f.Add([]byte("version: 1\nwaivers:\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := ParseWaivers(data, "w")
		for _, w := range all {
			if err != nil || w.ID == "" || w.Package == "" {
				t.Errorf("%+v, %v", w, err)
			}
		}
	})
}

func FuzzExpression(f *testing.F) {
	f.Add("GPL-*", "(MIT OR Apache-2.0) AND GPL-3.0-only WITH x")
	f.Add("*", "((((")
	f.Fuzz(func(t *testing.T, pattern, expression string) {
		if CheckPattern(pattern) == nil && deniesExpression(pattern, expression) && !strings.Contains(pattern, "*") && !strings.Contains(pattern, "?") && !strings.Contains(pattern, "[") && !strings.Contains(pattern, "\\") &&
			!strings.Contains(strings.ToLower(expression), strings.ToLower(strings.NewReplacer("-only", "", "-or-later", "", "+", "").Replace(pattern))) {
			t.Errorf("%q denies %q", pattern, expression)
		}
	})
}
