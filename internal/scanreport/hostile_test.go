// SPDX-License-Identifier: Apache-2.0

package scanreport_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/scanreport"
)

// KEV and EPSS go by CVE. A report that names a vulnerability by another name
// only, and may well know its CVE, is one that nobody could look up there.
func TestWhatHidesItsCVE(t *testing.T) {
	const score = 0.94
	known := scanreport.Known{KEV: map[string]audit.Exploited{"CVE-2021-44228": {}}, EPSS: map[string]float64{"CVE-2021-44228": score}}
	sarif := func(ids ...string) string {
		var all []string
		for _, id := range ids {
			all = append(all, `{"ruleId":"`+id+`"}`)
		}
		return `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[` + strings.Join(all, ",") + `]}]}`
	}
	const osv = `{"results":[{"packages":[{"package":{"name":"a","version":"1","ecosystem":"npm"},"vulnerabilities":[{"id":"GHSA-jfh8-c2jp-5v3q"}],"groups":[{"ids":["GHSA-jfh8-c2jp-5v3q"]}]}]}]}`
	for fact, c := range map[string]struct {
		doc   string
		knows bool
		kev   int
	}{
		"Log4Shell by GitHub's name":         {sarif("GHSA-jfh8-c2jp-5v3q-log4j-core"), false, 0},
		"by a vendor's name":                 {sarif("SNYK-JAVA-ORGAPACHELOGGINGLOG4J-2314720"), false, 0},
		"one of two":                         {sarif("CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"), false, 1},
		"by its CVE":                         {sarif("CVE-2021-44228"), true, 1},
		"by its CVE, with a package":         {sarif("CVE-2021-44228-log4j-core"), true, 1},
		"nothing was found":                  {sarif(), true, 0},
		"a scanner that lists all its names": {osv, true, 0},
	} {
		r, err := scanreport.Read(strings.NewReader(c.doc), "report")
		check(t, err)
		p, err := scanreport.Predicate(known, now, r)
		check(t, err)
		if s := p.Summary; s.KnowsKEV != c.knows || s.KnowsEPSS != c.knows || s.KEV != c.kev {
			t.Errorf("%s: knows KEV %v and EPSS %v, %d exploited; want %v, %d", fact, s.KnowsKEV, s.KnowsEPSS, s.KEV, c.knows, c.kev)
		}
	}
}

// A number of a rule counts for the tool whose list it is of, and for no rule of
// another name.
func TestSARIFRuleByNumber(t *testing.T) {
	sarif := func(result string) string {
		return `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x","rules":[{"id":"MILD","properties":{"security-severity":"0.1"}}]},
			"extensions":[{"name":"y","rules":[{"id":"CVE-2021-44228","properties":{"security-severity":"10.0"}}]}]},"results":[{` + result + `}]}]}`
	}
	for result, want := range map[string]string{
		`"ruleIndex":0`:                                                        "MILD low ",
		`"ruleId":"MILD/part","ruleIndex":0`:                                   "MILD/part low ",
		`"ruleId":"CVE-2021-44228","ruleIndex":0`:                              "CVE-2021-44228 unknown ",
		`"rule":{"id":"CVE-2021-44228","index":0,"toolComponent":{"index":0}}`: "CVE-2021-44228 unknown ",
		`"ruleId":"MILDER","ruleIndex":0`:                                      "MILDER unknown ",
	} {
		r, err := scanreport.Read(strings.NewReader(sarif(result)), "x.sarif")
		check(t, err)
		p, err := scanreport.Predicate(scanreport.Known{}, now, r)
		check(t, err)
		if got := lines(p); got != want {
			t.Errorf("%s: %q, want %q", result, got, want)
		}
	}
	if _, err := scanreport.Read(strings.NewReader(sarif(`"rule":{"index":0,"toolComponent":{"index":0}}`)), "x.sarif"); !errors.Is(err, scanreport.ErrReport) {
		t.Errorf("a result whose rule is another tool's has no name: %v", err)
	}
}

// A report that says which images it is of, and not of the one it is recorded
// about, is told apart; one that does not say is not.
func TestOfAnotherImage(t *testing.T) {
	const a, b = "aa11", "bb22"
	for doc, want := range map[string]bool{
		`{"SchemaVersion":2,"Metadata":{"RepoDigests":["ghcr.io/acme/app@sha256:AA11"]},"Results":[{"Class":"os-pkgs"}]}`:                                false,
		`{"SchemaVersion":2,"Metadata":{"RepoDigests":["ghcr.io/acme/app@sha256:bb22","ghcr.io/acme/app@sha256:aa11"]},"Results":[{"Class":"os-pkgs"}]}`: false,
		`{"SchemaVersion":2,"Metadata":{"RepoDigests":["ghcr.io/acme/app@sha256:bb22"]},"Results":[{"Class":"os-pkgs"}]}`:                                true,
		`{"SchemaVersion":2,"Metadata":{"RepoDigests":null},"Results":[{"Class":"os-pkgs"}]}`:                                                            false,
		`{"matches":[],"descriptor":{"name":"grype"},"source":{"type":"image","target":{"repoDigests":["acme/app@sha256:bb22"]}}}`:                       true,
		`{"matches":[],"descriptor":{"name":"grype"},"source":{"type":"directory","target":"/src"}}`:                                                     false,
		`{"matches":[],"descriptor":{"name":"grype"},"source":null}`:                                                                                     false,
	} {
		r, err := scanreport.Read(strings.NewReader(doc), "report")
		check(t, err)
		if r.Elsewhere("", a) != want || want && r.Elsewhere(b) {
			t.Errorf("%s: %v", doc, r.Images)
		}
	}
}

// Results that are in other files are not none.
func TestSARIFElsewhere(t *testing.T) {
	const doc = `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[],"externalPropertyFileReferences":{"results":[{"location":{"uri":"r.json"}}]}}]}`
	if r, err := scanreport.Read(strings.NewReader(doc), "x.sarif"); !errors.Is(err, scanreport.ErrReport) || !strings.Contains(err.Error(), "in other files") {
		t.Errorf("%+v, %v", r, err)
	}
}
