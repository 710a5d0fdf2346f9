// SPDX-License-Identifier: Apache-2.0

package scanreport_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/scanreport"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	check(t, err)
	return string(data)
}

func read(t *testing.T, name string) scanreport.Report {
	t.Helper()
	r, err := scanreport.Read(strings.NewReader(text(t, name)), name)
	check(t, err)
	return r
}

func lines(p event.ScanPredicate) string {
	var all []string
	for _, f := range p.Scanner.Result {
		a := f.Annotations[0]
		line := fmt.Sprintf("%s %s %s", f.ID, f.Severity[0].Score, a.Package)
		if a.KEV {
			line += " kev"
		}
		if a.EPSS != nil {
			line += fmt.Sprintf(" %v", *a.EPSS)
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

// What the scanners' own reports say.
func TestReports(t *testing.T) {
	for name, want := range map[string]string{
		"trivy.json": `CVE-2021-38561 unknown pkg:golang/golang.org/x/text@v0.3.6
GMS-2022-20 unknown pkg:golang/github.com/docker/distribution@v2.7.1%2Bincompatible
CVE-2022-23628 medium pkg:golang/github.com/open-policy-agent/opa@v0.35.0`,
		"trivy.sarif": "CVE-2019-1549 medium \nCVE-2019-1551 medium ",
		"grype.json":  "CVE-1999-0002 critical pkg:deb/package-2@2.2.2 kev 0.08\nCVE-1999-0001 low package-1@1.1.1 0.03",
		"grype.sarif": "CVE-1999-0001 high \nCVE-1999-0002 high pkg:deb/package-2@2.2.2",
		"osv-scanner.json": `CVE-2021-3121 high Go github.com/gogo/protobuf@1.3.1
CVE-2022-24713 high crates.io regex@1.5.1`,
		"grype-empty.json": "", "osv-scanner-empty.json": "",
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, name)
			p, err := scanreport.Predicate(scanreport.Known{}, now, r)
			check(t, err)
			if got := lines(p); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if p.Summary.Total != len(p.Scanner.Result) || p.Scanner.URI == "" || p.Scanner.Result == nil || r.Source.Digest["sha256"] == "" {
				t.Errorf("%+v", p)
			}
			for _, at := range []string{p.Metadata.Started, p.Metadata.Finished} {
				if _, err := time.Parse(time.RFC3339, at); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestTimes(t *testing.T) {
	p, err := scanreport.Predicate(scanreport.Known{}, now, read(t, "trivy.json"))
	check(t, err)
	if p.Metadata.Finished != "2021-08-25T12:20:30Z" {
		t.Errorf("of Trivy's report: %s", p.Metadata.Finished)
	}
	if p, err = scanreport.Predicate(scanreport.Known{}, now, read(t, "osv-scanner.json")); err != nil || p.Metadata.Finished != "2026-03-02T09:00:00Z" {
		t.Errorf("of a report without one: %s, %v", p.Metadata.Finished, err)
	}
	old := strings.Replace(text(t, "grype.json"), `"timestamp": ""`, `"timestamp": "2026-03-01T08:00:00Z", "db": {"status": {"built": "2026-02-28T00:00:00Z"}}`, 1)
	r, err := scanreport.Read(strings.NewReader(old), "grype.json")
	check(t, err)
	if !r.Finished.Equal(now.Add(-25*time.Hour)) || r.DB.LastUpdate != "2026-02-28T00:00:00Z" {
		t.Errorf("%s, %+v", r.Finished, r.DB)
	}
}

// What is known besides is added by any name of a finding, and it is said that
// somebody looked.
func TestKnown(t *testing.T) {
	r := read(t, "osv-scanner.json")
	if got := scanreport.CVEs(r); len(got) != 2 || !got["CVE-2021-3121"] {
		t.Errorf("%v", got)
	}
	p, err := scanreport.Predicate(scanreport.Known{}, now, r)
	check(t, err)
	if p.Summary.KnowsKEV || p.Summary.KnowsEPSS || p.Summary.Unscored != 2 || p.Summary.EPSS != nil {
		t.Errorf("nobody looked: %+v", p.Summary)
	}
	p, err = scanreport.Predicate(scanreport.Known{KEV: map[string]audit.Exploited{"CVE-2022-24713": {}}, EPSS: map[string]float64{"CVE-2022-24713": 0.5}}, now, r)
	check(t, err)
	if !p.Summary.KnowsKEV || !p.Summary.KnowsEPSS || p.Summary.KEV != 1 || p.Summary.Unscored != 1 || *p.Summary.EPSS != 0.5 || p.Scanner.Result[0].ID != "CVE-2022-24713" {
		t.Errorf("%+v", p.Summary)
	}
	if p, err = scanreport.Predicate(scanreport.Known{}, now, read(t, "grype.json")); err != nil || !p.Summary.KnowsKEV || p.Summary.KEV != 1 {
		t.Errorf("grype knows: %+v, %v", p.Summary, err)
	}
}

// What does not fit is counted, and the gravest are listed.
func TestManyFindings(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"matches":[`)
	for i := range 5000 {
		severity := "Low"
		if i%1000 == 0 {
			severity = "Critical"
		}
		fmt.Fprintf(&b, `{"vulnerability":{"id":"CVE-2024-%05d","severity":%q},"artifact":{"name":"a","version":"1"}},`, i, severity)
	}
	b.WriteString(`{"vulnerability":{"id":"CVE-2024-99999","severity":"Unknown"},"artifact":{"name":"a","version":"1"}}],"descriptor":{"name":"grype"}}`)
	r, err := scanreport.Read(strings.NewReader(b.String()), "x")
	check(t, err)
	p, err := scanreport.Predicate(scanreport.Known{}, now, r)
	check(t, err)
	data, err := canon.Marshal(p)
	check(t, err)
	if len(data) > event.MaxInline || p.Summary.Total != 5001 || p.Summary.Severities["critical"] != 5 || p.Summary.Severities["unknown"] != 1 || len(p.Scanner.Result) < 50 {
		t.Errorf("%d bytes, %d listed, %+v", len(data), len(p.Scanner.Result), p.Summary)
	}
	for _, f := range p.Scanner.Result[:5] {
		if f.Severity[0].Score != "critical" {
			t.Errorf("%+v", f)
		}
	}
	if p.Scanner.Result[5].ID != "CVE-2024-99999" {
		t.Errorf("what nobody rates comes before what is low: %+v", p.Scanner.Result[5])
	}
}

func TestSeveralReports(t *testing.T) {
	trivy := read(t, "trivy.json")
	if _, err := scanreport.Predicate(scanreport.Known{}, now, trivy, trivy); !errors.Is(err, scanreport.ErrReport) {
		t.Errorf("one twice: %v", err)
	}
	if _, err := scanreport.Predicate(scanreport.Known{}, now, trivy, read(t, "grype.json")); !errors.Is(err, scanreport.ErrReport) || !strings.Contains(err.Error(), "one scan for each scanner") {
		t.Errorf("two scanners: %v", err)
	}
	if _, err := scanreport.Predicate(scanreport.Known{}, now); !errors.Is(err, scanreport.ErrReport) {
		t.Errorf("none: %v", err)
	}
	later, err := scanreport.Read(strings.NewReader(strings.Replace(text(t, "trivy.json"), "2021-08-25", "2026-08-25", 1)), "later.json")
	check(t, err)
	p, err := scanreport.Predicate(scanreport.Known{}, now, later, trivy)
	check(t, err)
	if p.Metadata.Finished != "2021-08-25T12:20:30Z" || p.Summary.Total != 3 || len(p.Summary.Reports) != 2 {
		t.Errorf("the oldest report says how old the scan is: %+v", p.Metadata)
	}
}

func TestRefused(t *testing.T) {
	trivy, grype, osv, sarif := text(t, "trivy.json"), text(t, "grype.json"), text(t, "osv-scanner.json"), text(t, "trivy.sarif")
	for fact, bad := range map[string]string{
		"nothing": "", "white space": " \n", "no JSON": "<html>", "a list": "[]", "another document": `{"a":1}`, "a member twice": `{"matches":[],"matches":[]}`,
		"Trivy, cut short":        trivy[:len(trivy)/2],
		"Trivy, another schema":   strings.Replace(trivy, `"SchemaVersion": 2`, `"SchemaVersion": 1`, 1),
		"Trivy, no targets":       `{"SchemaVersion":2,"Results":[]}`,
		"Trivy, no results":       `{"SchemaVersion":2}`,
		"Trivy, only secrets":     `{"SchemaVersion":2,"Results":[{"Target":"x","Class":"secret"}]}`,
		"Trivy, without a name":   strings.Replace(trivy, `"VulnerabilityID": "GMS-2022-20"`, `"VulnerabilityID": ""`, 1),
		"grype, cut short":        grype[:len(grype)/2],
		"grype, no matches":       `{"matches":null,"descriptor":{"name":"grype"}}`,
		"grype, by somebody else": strings.Replace(grype, `"name": "grype"`, `"name": "grip"`, 1),
		"osv, cut short":          osv[:len(osv)/2],
		"osv, no results":         `{"results":null}`,
		"osv, a broken record":    strings.Replace(osv, `"id": "GO-2021-0053"`, `"id": ""`, 1),
		"SARIF, cut short":        sarif[:len(sarif)/2],
		"SARIF, another version":  strings.Replace(sarif, `"version": "2.1.0"`, `"version": "2.0.0"`, 1),
		"SARIF, no run":           `{"version":"2.1.0","runs":[]}`,
		"SARIF, no results":       `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}}}]}`,
		"SARIF, results null":     `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":null}]}`,
		"SARIF, it failed":        `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"invocations":[{"executionSuccessful":false}],"results":[]}]}`,
		"SARIF, of two scanners":  `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[]},{"tool":{"driver":{"name":"y"}},"results":[]}]}`,
		"UTF-16":                  "\xff\xfe{\x00}\x00",
	} {
		if r, err := scanreport.Read(strings.NewReader(bad), "report"); !errors.Is(err, scanreport.ErrReport) {
			t.Errorf("%s: %+v, %v", fact, r, err)
		}
	}
	if _, err := scanreport.Read(strings.NewReader(strings.Repeat(" ", scanreport.MaxSize+1)), "report"); !errors.Is(err, scanreport.ErrReport) || !strings.Contains(err.Error(), "over") {
		t.Errorf("over the limit: %v", err)
	}
	if r, err := scanreport.Read(strings.NewReader("\xef\xbb\xbf"+trivy), "report"); err != nil || len(r.Findings) != 3 {
		t.Errorf("with a byte-order mark: %v", err)
	}
}

// Trivy leaves Vulnerabilities out of a target that has none.
func TestTrivyCleanTarget(t *testing.T) {
	r, err := scanreport.Read(strings.NewReader(`{"SchemaVersion":2,"Results":[{"Target":"go.mod","Class":"lang-pkgs","Type":"gomod"}]}`), "trivy.json")
	if err != nil || len(r.Findings) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSARIFResults(t *testing.T) {
	sarif := func(rule, result string) string {
		return `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x","rules":[{"id":"R","properties":{` + rule + `}}]}},"results":[{"ruleId":"R"` + result + `}]}]}`
	}
	for fact, c := range map[string]struct{ doc, want string }{
		"no severity":               {sarif("", ""), "R unknown "},
		"a level is no severity":    {sarif("", `,"level":"note"`), "R unknown "},
		"a score as text":           {sarif(`"security-severity":"9.8"`, ""), "R critical "},
		"a score as number":         {sarif(`"security-severity":7.5`, ""), "R high "},
		"a score of zero":           {sarif(`"security-severity":"0.0"`, ""), "R unknown "},
		"a tag":                     {sarif(`"tags":["security","HIGH"]`, ""), "R high "},
		"a place":                   {sarif("", `,"locations":[{"logicalLocations":[{"fullyQualifiedName":"pkg:npm/a@1"}]}]`), "R unknown pkg:npm/a@1"},
		"passed":                    {sarif("", `,"kind":"pass"`), ""},
		"open":                      {sarif("", `,"kind":"open"`), "R unknown "},
		"suppressed":                {sarif("", `,"suppressions":[{"kind":"external"}]`), ""},
		"a suppression was refused": {sarif("", `,"suppressions":[{"kind":"external","status":"rejected"}]`), "R unknown "},
		"a suppression is asked":    {sarif("", `,"suppressions":[{"kind":"external","status":"underReview"}]`), "R unknown "},
		"control characters":        {sarif("", `,"locations":[{"logicalLocations":[{"fullyQualifiedName":"a\u001b[31mb"}]}]`), `R unknown a\x1b[31mb`},
	} {
		r, err := scanreport.Read(strings.NewReader(c.doc), "x.sarif")
		check(t, err)
		p, err := scanreport.Predicate(scanreport.Known{}, now, r)
		check(t, err)
		if got := lines(p); got != c.want {
			t.Errorf("%s: %q, want %q", fact, got, c.want)
		}
	}
}

func TestFormats(t *testing.T) {
	if len(scanreport.Formats()) != 4 {
		t.Errorf("%v", scanreport.Formats())
	}
}

func fuzz(f *testing.F, files ...string) {
	for _, file := range files {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := scanreport.Read(strings.NewReader(string(data)), "report")
		if err != nil {
			return
		}
		p, err := scanreport.Predicate(scanreport.Known{}, now, r)
		if err != nil {
			return
		}
		sum := 0
		for _, n := range p.Summary.Severities {
			sum += n
		}
		if sum != p.Summary.Total || p.Summary.Total != len(r.Findings) || p.Scanner.Result == nil {
			t.Errorf("%+v", p.Summary)
		}
		if _, err := canon.Marshal(p); err != nil {
			t.Error(err)
		}
	})
}

func FuzzTrivy(f *testing.F)      { fuzz(f, "trivy.json") }
func FuzzGrype(f *testing.F)      { fuzz(f, "grype.json", "grype-empty.json") }
func FuzzOSVScanner(f *testing.F) { fuzz(f, "osv-scanner.json", "osv-scanner-empty.json") }
func FuzzSARIF(f *testing.F)      { fuzz(f, "trivy.sarif", "grype.sarif") }
