// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/audit"
)

// audited is a report with a finding of every verdict.
func audited() Audit {
	epss := 0.94358
	finding := func(id string, v audit.Verdict, why string) audit.Finding {
		return audit.Finding{
			Kind: audit.Vulnerability, ID: id, IDs: []string{id, "X-" + id}, Component: "pkg:npm/" + strings.ToLower(id) + "@1.0.0", Package: id,
			Ecosystem: "npm", Version: "1.0.0", Path: []string{"app", "middle", "pkg:npm/x"}, Summary: "Summary of " + id, Verdict: v, Why: []string{why},
			Grade: audit.Grade{Severity: audit.High, Score: 75}, Fixed: []string{"1.0.1", "2.0.0"}, Sources: []string{"osv"},
		}
	}
	exploited := finding("CVE-1", audit.Blocked, "severity high")
	exploited.KEV, exploited.EPSS = &audit.Exploited{CVE: "CVE-1"}, &epss
	malware := finding("MAL-1", audit.Blocked, "malware always blocks")
	malware.Kind = audit.Malware
	denied := audit.Finding{Kind: audit.DeniedLicence, ID: "denied-licence", IDs: []string{"denied-licence"}, Component: "pkg:npm/d@1", Package: "d", Verdict: audit.Blocked, Why: []string{"licence GPL-3.0-only is denied"}}
	return Audit{audit.Report{
		Schema: audit.ReportSchema, Subject: "app@1.0.0", Serial: "urn:uuid:1", Time: "2026-03-02T09:00:00Z", Answer: audit.No,
		Unknown: []string{"osv:Go: nothing was read"},
		Steps: []audit.Step{
			{Do: "take out pkg:npm/mal-1@1.0.0: it is malware", Component: "pkg:npm/mal-1@1.0.0", Settles: []string{"MAL-1"}},
			{Do: "upgrade pkg:npm/cve-1@1.0.0 to 2.0.0", Component: "pkg:npm/cve-1@1.0.0", Settles: []string{"CVE-1", "2", "3", "4", "5", "6"}, KEV: true, Path: []string{"app", "middle", "pkg:npm/x"}},
		},
		Counts: audit.Counts{Components: 7, Judged: 6, Findings: 7, Verdicts: map[string]int{"blocked": 3, "undecided": 1, "passing": 1, "waived": 1, "not-affected": 1}},
		Risk:   audit.Risk{Score: 1100, Points: []audit.Point{{Points: 1000, Component: "pkg:npm/mal-1@1.0.0", Why: "malware", Source: "MAL-1"}}},
		Findings: []audit.Finding{
			malware, exploited, denied, finding("CVE-2", audit.Undecided, "can't tell"), finding("CVE-3", audit.Passing, ""),
			finding("CVE-4", audit.Waived, "waived by ana"), finding("CVE-5", audit.NotAffected, "VEX says not affected"),
		},
		Feeds:    []audit.Feed{{Name: "osv:npm", Path: "osv/npm/all.zip", Date: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Records: 4291}, {Name: "osv:Go", Problem: "nothing was read"}},
		VEX:      []audit.Unused{{Source: "vex.json", What: "CVE-9: not_affected", Why: "nothing in the SBOM is what it names"}},
		Waivers:  []audit.Unused{{Source: "waivers.yml, line 3", What: "CVE-8 in pkg:npm/a", Why: "it has no owner"}},
		Unjudged: []audit.Unjudged{{Component: "libfoo", Why: "it has no package URL", Matters: true}},
		Notes:    []string{"a note"}, Rules: []string{"a release is stopped by: malware"},
	}}
}

func TestAuditSaysFirstWhatToDo(t *testing.T) {
	forms := render(t, audited())
	inOrder(t, forms["txt"], "✗ NO", "3 of 7 findings", "1 thing could not be found", "Do this first", "take out pkg:npm/mal-1", "upgrade pkg:npm/cve-1@1.0.0 to 2.0.0",
		"and 2 more", "comes through middle", "[known to be exploited]", "Could not find out", "osv:Go: nothing was read", "What stops it", "malware", "high 7.5 KEV EPSS 0.94",
		"denied", "What may stop it", "CVE-2", "Statements (VEX) that changed nothing", "CVE-9", "Waivers that changed nothing", "CVE-8", "Below the bar", "CVE-3",
		"There before, waived, or not affected", "CVE-4", "CVE-5", "Not looked up", "libfoo", "Risk", "+1000", "feed osv:npm", "4291 records of 2026-03-01", "a note")
	inOrder(t, forms["md"], "## May it ship", "✗ NO", "**Do this first**", "| Severity | Finding | Where | Why |")
}

func TestAuditAnswers(t *testing.T) {
	for answer, want := range map[audit.Answer]string{audit.CouldNotTell: "? COULD NOT FIND OUT", audit.No: "✗ NO", audit.Yes: "✓ YES"} {
		if got := render(t, Audit{audit.Report{Answer: answer}})["txt"]; !strings.HasPrefix(got, want+"  ") {
			t.Errorf("%s: %.40q", answer, got)
		}
	}
}

// A page of thousands of findings ends.
func TestAuditIsCut(t *testing.T) {
	a := audited()
	for i := range 5000 {
		f := a.Findings[1]
		f.ID = fmt.Sprint("CVE-", i)
		a.Findings = append(a.Findings, f)
		a.Risk.Points = append(a.Risk.Points, a.Risk.Points[0])
	}
	text := render(t, a)["txt"]
	if n := strings.Count(text, "\n"); n > 700 || !strings.Contains(text, "more, which the JSON form lists") {
		t.Errorf("%d lines", n)
	}
}

func TestSARIF(t *testing.T) {
	var b bytes.Buffer
	if err := SARIF(&b, audited(), Origin{File: "sbom.cdx.json", Version: "1.2.3"}); err != nil {
		t.Fatal(err)
	}
	var d struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Invocations []struct{ ExecutionSuccessful bool }
			Results     []struct {
				RuleID, Level string
				RuleIndex     int
				Suppressions  []struct{ Justification string }
				Locations     []struct {
					PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
				}
				PartialFingerprints map[string]string
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	run := d.Runs[0]
	if d.Version != "2.1.0" || len(run.Results) != 7 || run.Invocations[0].ExecutionSuccessful {
		t.Errorf("%+v", d)
	}
	levels, prints := "", map[string]bool{}
	for _, r := range run.Results {
		levels += r.Level + " "
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Locations[0].PhysicalLocation.ArtifactLocation.URI != "sbom.cdx.json" {
			t.Errorf("%+v", r)
		}
		if suppressed := r.RuleID == "CVE-4" || r.RuleID == "CVE-5"; suppressed != (len(r.Suppressions) > 0) {
			t.Errorf("%s is suppressed: %v", r.RuleID, !suppressed)
		}
		prints[r.PartialFingerprints["gateledgerAudit/v1"]] = true
	}
	if levels != "error error error error warning note note " || len(prints) != 7 {
		t.Errorf("%s, %d fingerprints", levels, len(prints))
	}
	a, later := audited().Findings[1], audited().Findings[1]
	later.Version, later.Component = "1.0.1", "pkg:npm/cve-1@1.0.1"
	if fingerprint(&a) != fingerprint(&later) {
		t.Error("a finding in another version has another fingerprint")
	}
}

func TestJUnit(t *testing.T) {
	var b bytes.Buffer
	if err := JUnit(&b, audited()); err != nil {
		t.Fatal(err)
	}
	var d struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suites   []struct {
			Skipped int `xml:"skipped,attr"`
			Cases   []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Tests != 8 || d.Failures != 3 || d.Errors != 2 || d.Suites[0].Skipped != 2 || len(d.Suites[0].Cases) != 8 {
		t.Errorf("%+v", d)
	}
	b.Reset()
	if err := JUnit(&b, Audit{audit.Report{Answer: audit.Yes}}); err != nil || !strings.Contains(b.String(), `tests="1" failures="0" errors="0"`) {
		t.Errorf("a clean audit: %s", b.String())
	}
}

func TestGitLab(t *testing.T) {
	var b bytes.Buffer
	if err := GitLab(&b, audited(), Origin{}); err != nil {
		t.Fatal(err)
	}
	var d struct {
		Version string
		Scan    struct {
			Type, Status string
			Start        string `json:"start_time"`
		}
		Vulnerabilities []struct {
			ID, Severity, Solution string
			Identifiers            []struct{ Type, Value string }
			Location               struct {
				Dependency struct{ Package struct{ Name string } }
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Version != "15.0.7" || d.Scan.Type != "dependency_scanning" || d.Scan.Status != "failure" || d.Scan.Start != "2026-03-02T09:00:00" || len(d.Vulnerabilities) != 5 {
		t.Errorf("%+v", d)
	}
	v := d.Vulnerabilities[1]
	if v.Severity != "High" || v.Solution != "Upgrade CVE-1 to 2.0.0" || len(v.Identifiers) != 2 || v.Identifiers[0].Type != "cve" || v.Location.Dependency.Package.Name != "CVE-1" {
		t.Errorf("%+v", v)
	}
	if d.Vulnerabilities[0].Severity != "Critical" {
		t.Errorf("malware is %s", d.Vulnerabilities[0].Severity)
	}
}

// One package in two versions is two vulnerabilities of a report.
func TestGitLabTellsVersionsApart(t *testing.T) {
	a := audited()
	again := a.Findings[1]
	again.Component, again.Version = again.Component+"2", again.Version+"2"
	a.Findings = append(a.Findings, again)
	var b bytes.Buffer
	if err := GitLab(&b, a, Origin{}); err != nil {
		t.Fatal(err)
	}
	var d struct{ Vulnerabilities []struct{ ID string } }
	if err := json.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, v := range d.Vulnerabilities {
		if seen[v.ID] {
			t.Errorf("%s stands twice", v.ID)
		}
		seen[v.ID] = true
	}
}

// Outside text obeys nobody, in any form.
func TestAuditEscapes(t *testing.T) {
	a := audited()
	const evil = "a\x1b[31m\u202e<script>@all]](http://evil.example)|`x`\nSecond: line"
	a.Subject, a.Unknown[0], a.Findings[0].Summary, a.Findings[0].Component, a.VEX[0].Why = evil, evil, evil, evil, evil
	a.Findings[0].Why, a.Steps[0].Do, a.Findings[1].ID = []string{evil}, evil, "CVE-1"+evil
	forms := render(t, a)
	for _, write := range []func(*bytes.Buffer) error{
		func(b *bytes.Buffer) error { return SARIF(b, a, Origin{File: evil}) },
		func(b *bytes.Buffer) error { return JUnit(b, a) },
		func(b *bytes.Buffer) error { return GitLab(b, a, Origin{File: evil}) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		forms[fmt.Sprint(len(forms))] = b.String()
	}
	for form, text := range forms {
		for _, bad := range []string{"\x1b", "\u202e"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s holds %q", form, bad)
			}
		}
	}
	for _, bad := range []string{"<script>", "@all", "](http"} {
		if strings.Contains(forms["md"], bad) {
			t.Errorf("Markdown holds %q", bad)
		}
	}
	if strings.Contains(forms["txt"], "\nSecond") {
		t.Error("text from outside begins a line")
	}
}
