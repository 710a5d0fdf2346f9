// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// The rules of these stories: one security and two leads, and where a scan weighs
// over 20, or there is none, one guest more.
const (
	riskKey   = "    risk: {from: scan, by: ci, over: 20, max-age: 24h, require: [{role: guest, count: 1}]}\n"
	riskRules = rulesOfTests + riskKey
)

// flaws is a result with so many findings of a severity.
func flaws(n int, severity string) string {
	var all []string
	for i := range n {
		all = append(all, flaw(fmt.Sprint("CVE-", i), severity, ""))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// scannedBefore is the usual story, with a scan before its request.
func scannedBefore(s step, more ...step) []step {
	return slices.Concat([]step{commitBy("otto@x.org"), build(), s, request("r1"), approve("dave"), approve("alice"), approve("bob")}, more)
}

func TestRisk(t *testing.T) {
	const (
		more    = "; so besides 1 of guest"
		summary = `{"total":%d,"severities":{%s},"kev":%d,"malware":%d,"unscored":0,"knows_kev":true,"knows_epss":true,"suppressed":0}`
	)
	counted := func(total int, severities string, kev, malware int) step {
		return scanned("[]", fmt.Sprintf(summary, total, severities, kev, malware), "")
	}
	same := strings.Replace(riskRules, "role: guest, count: 1", "role: lead, count: 1", 1)
	auto := "\n    auto: true\n    gate: gate\n" + riskKey
	check(t, map[string]fact{
		"nothing found":                               {riskRules, scannedBefore(scan("[]")), Allowed, "met: the risk of each artifact is at most 20, by the scan of ci, or more people approve: 0 by #2"},
		"two critical ones are at the number":         {riskRules, scannedBefore(scan(flaws(2, "critical"))), Allowed, "20 by #2"},
		"and three over it":                           {riskRules, scannedBefore(scan(flaws(3, "critical"))), Pending, more},
		"who says so, and by what":                    {riskRules, scannedBefore(scan(flaws(3, "critical"))), Pending, "the risk of app is 30 by #2, over 20; so besides 1 of guest"},
		"one more person is enough":                   {riskRules, scannedBefore(scan(flaws(3, "critical")), approve("guest")), Allowed, "every rule is met"},
		"who sits on another seat is not one more":    {riskRules, scannedBefore(scan(flaws(3, "critical")), approve("dave")), Pending, more},
		"unless somebody else takes that one":         {riskRules, scannedBefore(scan(flaws(3, "critical")), approve("carol")), Allowed, "every rule is met"},
		"many small ones add up":                      {riskRules, scannedBefore(scan(flaws(21, "low"))), Pending, more},
		"medium ones":                                 {riskRules, scannedBefore(scan(flaws(10, "medium"))), Allowed, "20 by #2"},
		"high ones":                                   {riskRules, scannedBefore(scan(flaws(5, "high"))), Pending, more},
		"what nobody rates is high":                   {riskRules, scannedBefore(scan(flaws(5, "unknown"))), Pending, more},
		"a word that nobody knows is high":            {riskRules, scannedBefore(scan(flaws(5, "harmless"))), Pending, more},
		"harmless ones weigh nothing":                 {riskRules, scannedBefore(scan(flaws(300, "none"))), Allowed, "0 by #2"},
		"a CVSS score":                                {riskRules, scannedBefore(scan(flaws(3, "9.8"))), Pending, more},
		"exploited ones weigh more":                   {riskRules, scannedBefore(scan("[" + flaw("CVE-1", "critical", annotated(`"kev":true`)) + "," + flaw("CVE-2", "low", "") + "]")), Pending, "is 21 by #2"},
		"malware":                                     {riskRules, scannedBefore(scan("[" + flaw("MAL-1", "none", "") + "]")), Pending, "is 100 by #2"},
		"no scan":                                     {riskRules, quorum(), Pending, more},
		"no scan, and one more person":                {riskRules, quorum(approve("guest")), Allowed, "the risk of app is not known (no scan event is about it)"},
		"a scan by another machine":                   {riskRules, scannedBefore(scan("[]", by("gate"))), Pending, "is not known (#2 does not count: signed by gate, and ci is asked)"},
		"a scan of other bytes":                       {riskRules, scannedBefore(scan("[]", about(artifact("other")))), Pending, "no scan event is about it"},
		"a scan of one of two artifacts":              {riskRules, []step{commitBy("otto@x.org"), build(about(artifact("app"), artifact("lib"))), scan("[]"), request("r1", about(artifact("app"), artifact("lib"))), approve("dave"), approve("alice"), approve("bob")}, Pending, more},
		"a scan that is too old":                      {riskRules, scannedBefore(scan("[]", made("2026-02-28T11:00:00Z"))), Pending, "is too old"},
		"a scan of a time to come":                    {riskRules, scannedBefore(scan("[]", made("2026-03-03T11:00:00Z"))), Pending, more},
		"a scan without a result":                     {riskRules, scannedBefore(scan("")), Pending, "is not known (#2 has no result"},
		"a scan that can't be read":                   {riskRules, scannedBefore(scan(`"none"`)), Pending, "can't be read"},
		"a worse scan after a good one":               {riskRules, scannedBefore(scan("[]"), scan(flaws(3, "critical"))), Pending, "is 30 by #7"},
		"a better one after a bad one":                {riskRules, scannedBefore(scan(flaws(3, "critical")), scan("[]")), Allowed, "0 by #7"},
		"more is counted than is listed":              {riskRules, scannedBefore(counted(3, `"critical":3`, 0, 0)), Pending, "is 30"},
		"counted without a severity is high":          {riskRules, scannedBefore(counted(5, `"low":1`, 0, 0)), Pending, "is 21"},
		"counted as exploited":                        {riskRules, scannedBefore(counted(1, `"low":1`, 2, 0)), Pending, "is 21"},
		"counted as malware":                          {riskRules, scannedBefore(counted(1, `"none":1`, 0, 1)), Pending, "is 100"},
		"more is listed than is counted":              {riskRules, scannedBefore(scanned(flaws(3, "critical"), fmt.Sprintf(summary, 0, "", 0, 0), "")), Pending, "is 30"},
		"a count below nothing":                       {riskRules, scannedBefore(counted(3, `"critical":3,"low":-30`, 0, 0)), Pending, "is not known (#2 counts -30"},
		"a number that runs over":                     {riskRules, scannedBefore(counted(9007199254740991, `"critical":9007199254740991`, 0, 0)), Pending, "is 100000 by #2"},
		"the same role: one more of them":             {same, scannedBefore(scan(flaws(3, "critical"))), Pending, "missing: 1 more approval by lead from carol"},
		"the same role: three are enough":             {same, scannedBefore(scan(flaws(3, "critical")), approve("carol")), Allowed, "every rule is met"},
		"nobody usually, and nobody where it is calm": {auto, []step{commitBy("otto@x.org"), build(), scan("[]"), request("r1")}, Allowed, "every rule is met"},
		"nobody usually, and one where it is not":     {auto, []step{commitBy("otto@x.org"), build(), scan(flaws(3, "critical")), request("r1")}, Pending, more},
		"nobody usually, and one without a scan":      {auto, usual(approve("guest")), Allowed, "every rule is met"},
		"who may be asked may deny":                   {riskRules, scannedBefore(scan("[]"), deny("guest")), Denied, "denied by guest"},
		"who is not asked is told so":                 {riskRules, scannedBefore(scan("[]"), approve("guest")), Allowed, "rejected: guest has no role that is asked for"},
		"another number supersedes the request":       {riskRules, scannedBefore(scan("[]"), policyBecomes(strings.Replace(riskRules, "over: 20", "over: 21", 1))), Denied, "superseded"},
	})
}

// A request to break the glass goes without the seats of risk. It lists that, and
// the debt asks for them.
func TestRiskInAnEmergency(t *testing.T) {
	rules := rulesOfTests + strings.Replace(riskKey, "role: guest", "role: lead", 1) + glassKey
	emergency := func(s step) []step {
		return []step{commitBy("otto@x.org"), build(), s, glass("b1"), approve("dave", of("b1")), let("b1")}
	}
	bad, good := scan(flaws(3, "critical")), scan("[]")
	check(t, map[string]fact{
		"it is waived":                        {rules, []step{commitBy("otto@x.org"), build(), bad, glass("r1"), approve("guest")}, Allowed, "waived by break-glass, and not met: the risk of app is 30 by #2, over 20; so besides 1 of lead"},
		"the debt asks for one more":          {rules, play(emergency(bad), settledBy("bob", "carol"), next()), Pending, "needs 1 more approval by lead"},
		"and is settled by them":              {rules, play(emergency(bad), settledBy("bob", "carol", "alice"), []step{good}, next()), Allowed, "is settled by alice, bob, carol and dave"},
		"a calm one leaves the usual debt":    {rules, play(emergency(good), settledBy("bob", "carol"), next()), Allowed, "is settled by bob, carol and dave"},
		"one that nobody scanned is not calm": {rules, play([]step{commitBy("otto@x.org"), build(), glass("b1"), approve("dave", of("b1")), let("b1")}, settledBy("bob", "carol"), next()), Pending, "needs 1 more approval by lead"},
	})
	d := newWorld(t, rules).play(commitBy("otto@x.org"), build(), bad, glass("r1"), approve("guest")).evaluate()
	if len(d.Waived) != 1 || !strings.HasPrefix(d.Waived[0], "the risk of each artifact") {
		t.Errorf("%q", d.Waived)
	}
	if d = newWorld(t, rules).play(commitBy("otto@x.org"), build(), good, glass("r1"), approve("guest")).evaluate(); d.Waived != nil {
		t.Errorf("waived though it is met: %q", d.Waived)
	}
}

// A scan whose signature nobody can check does not make it easier.
func TestRiskInDoubt(t *testing.T) {
	rules := certifiedRules + "    risk: {from: scan, by: [ci, cloud], over: 20, require: [{role: guest, count: 1}]}\n"
	if d := newCertified(t, rules).play(scannedBefore(scan("[]"), scan("[]", by("cloud"), undated))...).evaluate(); d.Verdict != Allowed {
		t.Errorf("one that could not change anything: %s: %s", d.Verdict, d.Why)
	}
	d := newCertified(t, rules).play(scannedBefore(scan("[]"), scan(flaws(3, "critical"), by("cloud"), undated))...).evaluate()
	if d.Verdict != Pending || !slices.ContainsFunc(d.Rules, func(r Rule) bool {
		return strings.Contains(r.Why, "can't be checked") && strings.Contains(r.Why, "1 of guest")
	}) {
		t.Errorf("%s: %s\n%+v", d.Verdict, d.Why, d.Rules)
	}
}

func TestRiskInTheDigest(t *testing.T) {
	digest := func(rules string) string {
		d, err := policyOf(t, rules).EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	seen := map[string]string{digest(rulesOfTests): "none", digest(riskRules): "risk"}
	for _, change := range [][2]string{
		{"role: guest", "role: lead"}, {"count: 1}]}", "count: 2}]}"}, {"over: 20", "over: 0"}, {"24h", "23h"}, {", max-age: 24h", ""}, {"by: ci", "by: [ci, gate]"},
	} {
		rules := rulesOfTests + strings.Replace(riskKey, change[0], change[1], 1)
		d := digest(rules)
		if was, taken := seen[d]; taken {
			t.Errorf("%v has the digest of %s", change, was)
		}
		seen[d] = rules
	}
	if digest(strings.Replace(riskRules, "24h", "1d", 1)) != digest(riskRules) {
		t.Error("another spelling of the same time changes the digest")
	}
}

// What an environment can ask for is in its sources and seats from the start.
func TestSeatsOfRisk(t *testing.T) {
	p := policyOf(t, rulesOfTests+"    risk: {from: scan, by: ci, over: 1, require: [{role: lead, count: 1}, {role: lead, count: 1, source: [signed, github-review]}, {role: guest, count: 1}]}\n")
	e := p.Environments["production"]
	if got := fmt.Sprint(e.Seats()); got != "[{security 1 []} {lead 3 []} {lead 1 [signed github-review]} {guest 1 []}]" {
		t.Error(got)
	}
	if got := fmt.Sprint(e.Require, e.Sources(), e.Veto); got != "[{security 1 []} {lead 2 []}] [github-review] [security lead guest]" {
		t.Error(got)
	}
}

// The page for people has the numbers that are counted by.
func TestRiskIsAsInTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	for row, weight := range map[string]int{
		"critical": weightCritical, "high, or rated by nobody": weightHigh, "medium": weightMedium, "low": weightLow,
		"known to be exploited, besides": weightExploited, "malware, besides": weightMalware,
	} {
		if !strings.Contains(string(page), fmt.Sprintf("\n| %s | %d |\n", row, weight)) {
			t.Errorf("no row for %s: %d", row, weight)
		}
	}
	for severity, want := range map[string]int{event.SeverityCritical: weightCritical, event.SeverityHigh: weightHigh, event.SeverityUnknown: weightHigh, "": weightHigh, event.SeverityMedium: weightMedium, event.SeverityLow: weightLow, event.SeverityNone: 0} {
		if weighs(severity) != want {
			t.Errorf("%q weighs %d", severity, weighs(severity))
		}
	}
}
