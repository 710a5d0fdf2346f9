// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// now is a day on which the records of testdata are fresh enough.
var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// records reads testdata/osv, or the records named.
func records(t *testing.T, ids ...string) []Advisory {
	t.Helper()
	files, err := filepath.Glob("testdata/osv/*.json")
	check(t, err)
	var all []Advisory
	for _, file := range files {
		id := strings.TrimSuffix(filepath.Base(file), ".json")
		if len(ids) > 0 && !strings.Contains(" "+strings.Join(ids, " ")+" ", " "+id+" ") {
			continue
		}
		data, err := os.ReadFile(file)
		check(t, err)
		a, err := ParseAdvisory(data)
		check(t, err)
		if a.ID != id {
			t.Fatalf("%s holds %s", file, a.ID)
		}
		a.Source = "testdata/osv"
		all = append(all, a)
	}
	if len(ids) > 0 && len(all) != len(ids) {
		t.Fatalf("%d records, want %s", len(all), ids)
	}
	return all
}

// A thing is a component of a test's SBOM.
type thing struct{ purl, more string }

// sbom is a document about app that depends on things.
func sbom(t *testing.T, things ...thing) *BOM {
	t.Helper()
	b, err := ReadBOM([]byte(sbomText(things...)))
	check(t, err)
	return b
}

func sbomText(things ...thing) string {
	var components, refs []string
	for _, c := range things {
		version := c.purl[strings.LastIndex(c.purl, "@")+1:]
		components = append(components, fmt.Sprintf(`{"type":"library","bom-ref":%q,"name":%q,"version":%q,"purl":%q%s}`, c.purl, c.purl, version, c.purl, c.more))
		refs = append(refs, fmt.Sprintf("%q", c.purl))
	}
	return fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","version":1,
		"metadata":{"component":{"type":"application","bom-ref":"app","name":"app","version":"1.0.0","purl":"pkg:golang/acme.example/app@v1.0.0"}},
		"components":[%s],"dependencies":[{"ref":"app","dependsOn":[%s]}]}`, strings.Join(components, ","), strings.Join(refs, ","))
}

// input is an audit of an SBOM with every record of testdata, fresh feeds, and
// a bar at high and known exploited.
func input(t *testing.T, b *BOM) Input {
	t.Helper()
	bar := Bar{Severity: High, KEV: true}
	in := Input{
		BOM: b, Advisories: records(t), Now: now,
		KEV:   map[string]Exploited{"CVE-2021-44228": {CVE: "CVE-2021-44228", Ransomware: true}, "CVE-2020-0601": {CVE: "CVE-2020-0601"}},
		EPSS:  map[string]float64{"CVE-2021-44228": 0.94358},
		Rules: Rules{FailOn: [3]Bar{bar, bar, bar}, UnknownAs: High, MaxAge: DefaultAges()},
		Feeds: []Feed{{Name: "kev", Date: now, Records: 1404}, {Name: "epss", Date: now, Records: 300_000}},
	}
	for _, ecosystem := range []string{"Go", "Maven", "PyPI", "crates.io", "npm"} {
		in.Feeds = append(in.Feeds, Feed{Name: "osv:" + ecosystem, Date: now, Records: 1})
	}
	return in
}

// verdict is each finding's ID and verdict, in the report's order.
func verdict(r Report) string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.ID+" "+f.Verdict.String())
	}
	return strings.Join(all, ", ")
}
