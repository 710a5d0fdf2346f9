// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// scan logs a scan of the artifact by ci, in the JSON that vulns v0.2 has.
func scan(result string, edits ...editor) step { return scanned(result, "", "", edits...) }

// scanned is scan with a summary, and with when it ended.
func scanned(result, summary, ended string, edits ...editor) step {
	return func(w *world) {
		d := w.draft("ci", edits)
		text := `"scanner":{"uri":"pkg:github/aquasecurity/trivy","db":{}`
		if result != "" {
			text += `,"result":` + result
		}
		text += `},"metadata":{"scanStartedOn":"` + ended + `","scanFinishedOn":"` + ended + `"}`
		if summary != "" {
			text += `,"gateledger_summary":` + summary
		}
		context := fmt.Sprintf(`,"gateledger_context":{"provider":"local","time":%q}`, d.context.Time)
		w.log(d.by, event.ScanType, d.subjects, raw("{"+text+context+"}"))
	}
}

// raw is JSON as it is.
type raw string

func (r raw) MarshalJSON() ([]byte, error) { return []byte(r), nil }

func flaw(id, severity, more string) string {
	return fmt.Sprintf(`{"id":%q,"severity":[{"method":"nvd","score":%q}]%s}`, id, severity, more)
}

func annotated(text string) string {
	return `,"annotations":[{"package":"pkg:npm/left-pad@1.3.0",` + text + `}]`
}

func TestScanEvidence(t *testing.T) {
	with := func(deny string) string {
		rule := "event: scan, by: ci"
		if deny != "" {
			rule += ", deny: {" + deny + "}"
		}
		return "\n    auto: true\n    gate: gate\n    evidence:\n      - {" + rule + "}\n"
	}
	high, kev, epss, any := with("severity: high"), with("kev: true"), with("epss: 0.5"), with("")
	all := with("severity: high, kev: true, epss: 0.5")
	fresh := strings.Replace(high, "by: ci", "by: ci, max-age: 90m", 1)
	const none, known = `[]`, `{"total":1,"severities":{"low":1},"kev":0,"malware":0,"unscored":0,"knows_kev":true,"knows_epss":true,"suppressed":0}`
	low := "[" + flaw("CVE-2", "low", annotated(`"epss":0.1`)) + "]"
	check(t, map[string]fact{
		"nothing found":                         {all, usual(scan(none)), Allowed, "#3"},
		"no scan":                               {all, usual(), Pending, "missing: scan with nothing high or graver, known to be exploited or of EPSS 0.5 and over, by ci from ci"},
		"a scan without a result":               {all, usual(scan("")), Pending, "#3, has no result"},
		"a result that is null":                 {all, usual(scan("null")), Pending, "#3, has no result"},
		"a result that is a text":               {all, usual(scan(`"none"`)), Pending, "can't be read"},
		"somebody looked":                       {any, usual(scan("[" + flaw("CVE-1", "critical", "") + "]")), Allowed, "#3"},
		"a critical one":                        {high, usual(scan("[" + flaw("CVE-1", "CRITICAL", "") + "]")), Pending, "the newest, #3, lists CVE-1 (critical)"},
		"a high one":                            {high, usual(scan("[" + flaw("CVE-1", "high", annotated(`"fixed":"2"`)) + "]")), Pending, "lists CVE-1 in pkg:npm/left-pad@1.3.0 (high)"},
		"a medium one":                          {high, usual(scan("[" + flaw("CVE-1", "moderate", "") + "]")), Allowed, "#3"},
		"a score of 7":                          {high, usual(scan("[" + flaw("CVE-1", "7.0", "") + "]")), Pending, "lists CVE-1 (high)"},
		"a score of 6.9":                        {high, usual(scan("[" + flaw("CVE-1", "6.9", "") + "]")), Allowed, "#3"},
		"one that nobody rates":                 {high, usual(scan("[" + flaw("CVE-1", "unknown", "") + "]")), Pending, "lists CVE-1 (unknown)"},
		"one of no severity at all":             {high, usual(scan(`[{"id":"CVE-1"}]`)), Pending, "lists CVE-1 (unknown)"},
		"one that nobody rates is not critical": {with("severity: critical"), usual(scan("[" + flaw("CVE-1", "?", "") + "]")), Allowed, "#3"},
		"the graver of two methods":             {high, usual(scan(`[{"id":"CVE-1","severity":[{"method":"a","score":"low"},{"method":"b","score":"9.8"}]}]`)), Pending, "CVE-1 (critical)"},
		"malware, whatever it is rated":         {with("epss: 1.0"), usual(scan("[" + flaw("MAL-1", "none", "") + "]")), Pending, "MAL-1 (malware)"},
		"malware by another name":               {with("severity: critical"), usual(scan("[" + flaw("GHSA-1", "low", annotated(`"aliases":["MAL-1"]`)) + "]")), Pending, "GHSA-1 in pkg:npm/left-pad@1.3.0 (malware)"},
		"known to be exploited":                 {kev, usual(scanned("["+flaw("CVE-1", "low", annotated(`"kev":true`))+"]", known, "")), Pending, "CVE-1 in pkg:npm/left-pad@1.3.0 (known to be exploited)"},
		"nobody looked who is exploited":        {kev, usual(scan(low)), Pending, "does not say which findings are known to be exploited; record it with --kev"},
		"nobody looked, and nothing was found":  {kev, usual(scan(none)), Allowed, "#3"},
		"some were left out":                    {kev, usual(scanned(low, strings.Replace(known, `"suppressed":0`, `"suppressed":2`, 1), "")), Allowed, "#3 (without 2 that the scanner was told to leave out)"},
		"looked, and none is":                   {kev, usual(scanned(low, known, "")), Allowed, "#3"},
		"likely to be exploited":                {epss, usual(scan("[" + flaw("CVE-1", "low", annotated(`"epss":0.5`)) + "]")), Pending, "(EPSS 0.5)"},
		"unlikely":                              {epss, usual(scan(low)), Allowed, "#3"},
		"of unknown probability":                {epss, usual(scan("[" + flaw("CVE-1", "low", "") + "]")), Pending, "nobody has computed the EPSS"},
		"of unknown probability, and rated":     {with("severity: high, epss: 0.5"), usual(scanned(low, strings.Replace(known, `"unscored":0`, `"unscored":1`, 1), "")), Allowed, "#3"},
		"more than is listed":                   {high, usual(scanned(low, strings.Replace(known, `{"low":1}`, `{"low":1,"critical":2}`, 1), "")), Pending, "counts 2 of severity high or graver"},
		"unrated ones that are not listed":      {high, usual(scanned(low, strings.Replace(known, `{"low":1}`, `{"unknown":3}`, 1), "")), Pending, "counts 3 of severity high or graver"},
		"exploited ones that are not listed":    {kev, usual(scanned(low, strings.Replace(known, `"kev":0`, `"kev":1`, 1), "")), Pending, "counts 1 known to be exploited"},
		"malware that is not listed":            {kev, usual(scanned(low, strings.Replace(known, `"malware":0`, `"malware":1`, 1), "")), Pending, "counts 1 of malware"},
		"a likely one that is not listed":       {epss, usual(scanned(low, strings.Replace(known, `"unscored":0`, `"unscored":0,"epss":0.9`, 1), "")), Pending, "has one of EPSS 0.9"},
		"a word beside a mild one":              {high, usual(scan(`[{"id":"CVE-1","severity":[{"method":"a","score":"low"},{"method":"b","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}]}]`)), Pending, "CVE-1 (unknown)"},
		"Red Hat's words":                       {high, usual(scan("[" + flaw("CVE-1", "Important", "") + "]")), Pending, "CVE-1 (high)"},
		"a word with white space":               {with("severity: critical"), usual(scan("[" + flaw("CVE-1", " CRITICAL\n", "") + "]")), Pending, "CVE-1 (critical)"},
		"counted by a word nobody knows":        {high, usual(scanned(low, strings.Replace(known, `{"low":1}`, `{"low":1,"Critical":2}`, 1), "")), Pending, "counts 2 of severity high or graver"},
		"counts that take each other away":      {high, usual(scanned(low, strings.Replace(known, `{"low":1}`, `{"critical":1,"high":-1}`, 1), "")), Pending, "counts -1 of severity high"},
		"fewer than nothing exploited":          {kev, usual(scanned(low, strings.Replace(known, `"kev":0`, `"kev":-1`, 1), "")), Pending, "counts less than nothing"},
		"none in all, and nobody looked":        {kev, usual(scanned(low, `{"total":0,"severities":{},"kev":0,"malware":0,"unscored":0,"knows_kev":false,"knows_epss":false,"suppressed":0}`, "")), Pending, "does not say which findings are known"},
		"several are named, and counted":        {high, usual(scan("[" + strings.Repeat(flaw("CVE-1", "high", "")+",", 4) + flaw("CVE-5", "high", "") + "]")), Pending, "CVE-1 (high), CVE-1 (high), CVE-1 (high), and 2 more"},
		"a clean one after a bad one":           {high, usual(scan("["+flaw("CVE-1", "high", "")+"]"), scan(none)), Allowed, "#4"},
		"a bad one after a clean one":           {high, usual(scan(none), scan("["+flaw("CVE-1", "high", "")+"]")), Pending, "#4, lists CVE-1"},
		"a stranger's bad one stops nobody":     {high, usual(scan(none), scan("["+flaw("CVE-1", "high", "")+"]", by("stranger"))), Allowed, "#3"},
		"a stranger's clean one":                {high, usual(scan(none, by("stranger"))), Pending, "signed by a key that the policy does not name"},
		"of other bytes":                        {high, usual(scan(none, about(artifact("x")))), Pending, "no scan event is about it"},
		"of the commit":                         {high, usual(scan(none, about(theCommit()))), Pending, "no scan event is about it"},
		"fresh enough":                          {fresh, usual(scanned(none, "", "2026-03-01T10:31:00Z", made("2026-03-01T11:00:00Z"))), Allowed, "#3"},
		"recorded today, and of yesterday":      {fresh, usual(scanned(none, "", "2026-02-28T11:00:00Z", made("2026-03-01T11:00:00Z"))), Pending, "is too old: of 2026-02-28T11:00:00Z"},
		"ended after it was recorded":           {fresh, usual(scanned(none, "", "2026-03-01T11:59:00Z", made("2026-03-01T10:00:00Z"))), Pending, "is too old: of 2026-03-01T10:00:00Z"},
		"ended at no time":                      {fresh, usual(scanned(none, "", "yesterday", made("2026-03-01T11:00:00Z"))), Pending, "does not say when it was made"},
		"an sbom is no scan":                    {high, usual(sbom()), Pending, "no scan event"},
	})
}

// A rule's digest changes with what it denies, and a policy without any has
// the digest it had before there was deny.
func TestDenyIsInTheDigest(t *testing.T) {
	seen := map[string]string{}
	for _, deny := range []string{"", ", deny: {kev: true}", ", deny: {severity: high}", ", deny: {severity: low}", ", deny: {epss: 0.5}", ", deny: {epss: 0.25}", ", deny: {kev: true, severity: high}"} {
		p := policyOf(t, "\n    auto: true\n    gate: gate\n    evidence:\n      - {event: scan, by: ci"+deny+"}\n")
		digest, err := p.EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[digest]; twice {
			t.Errorf("%q and %q have one digest", deny, other)
		}
		seen[digest] = deny
	}
	one := policyOf(t, "\n    auto: true\n    gate: gate\n    evidence:\n      - {event: scan, by: ci, deny: {kev: true}}\n      - {event: scan, by: ci, deny: {severity: high}}\n")
	other := policyOf(t, "\n    auto: true\n    gate: gate\n    evidence:\n      - {event: scan, by: ci, deny: {severity: high}}\n      - {event: scan, by: ci, deny: {kev: true}}\n")
	a, _ := one.EnvironmentDigest("production")
	b, _ := other.EnvironmentDigest("production")
	if a == "" || a != b {
		t.Errorf("the order of rules changes the digest: %s, %s", a, b)
	}
}

// Whatever a scan says, a finding that is denied never meets the rule.
func FuzzScanned(f *testing.F) {
	f.Add(`{"scanner":{"result":[]}}`, "high")
	f.Add(`{"scanner":{"result":[{"id":"CVE-1","severity":[{"method":"nvd","score":"HIGH"}],"annotations":[{"kev":true,"epss":0.9}]}]},"gateledger_summary":{"total":1,"severities":{"high":1}}}`, "low")
	f.Add(`{"scanner":{"result":[{"id":"MAL-1"}]}}`, "critical")
	f.Fuzz(func(t *testing.T, predicate, severity string) {
		y := Deny{KEV: true, Severity: severity}
		st := event.Statement{PredicateType: event.ScanType, Predicate: []byte(predicate)}
		p, err := decodeScan(st)
		why := y.scanned(st)
		if err != nil && why == "" {
			t.Errorf("met by what can't be read: %s", predicate)
		}
		if err == nil && why == "" && (len(p.Scanner.Result) > 0 && p.Summary == nil || p.Summary != nil && p.Summary.KEV > 0) {
			t.Errorf("met: %s", predicate)
		}
	})
}
