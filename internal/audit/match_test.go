// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"slices"
	"strings"
	"testing"
)

// What the records of testdata say about a version, by their own ranges.
func TestMatch(t *testing.T) {
	for fact, c := range map[string]struct{ purl, want string }{
		"below the fix":                      {"pkg:golang/golang.org/x/text@v0.3.6", "CVE-2021-38561"},
		"the fix":                            {"pkg:golang/golang.org/x/text@v0.3.7", ""},
		"above it":                           {"pkg:golang/golang.org/x/text@v0.14.0", ""},
		"a pre-release of the fix":           {"pkg:golang/golang.org/x/text@v0.3.7-rc.1", "CVE-2021-38561"},
		"the first fix of two":               {"pkg:golang/stdlib@1.18.6", ""},
		"between two ranges":                 {"pkg:golang/stdlib@1.18.10", ""},
		"in the second range":                {"pkg:golang/stdlib@1.19", "CVE-2022-27664"},
		"as a toolchain spells it":           {"pkg:golang/std@go1.19", "CVE-2022-27664"},
		"a release candidate":                {"pkg:golang/stdlib@go1.19rc2", "CVE-2022-27664"},
		"before there were ranges":           {"pkg:golang/stdlib@1.12.15", "CVE-2020-0601, CVE-2022-27664"},
		"a pseudo-version before":            {"pkg:golang/golang.org/x/net@v0.0.0-20220826154423-83b083e8dc8b", "CVE-2022-27664"},
		"the pseudo-version of the fix":      {"pkg:golang/golang.org/x/net@v0.0.0-20220906165146-f3363e06e74c", ""},
		"a version after pseudo-versions":    {"pkg:golang/golang.org/x/net@v0.1.0", ""},
		"+incompatible, in the range":        {"pkg:golang/github.com/wazuh/wazuh@v4.8.0+incompatible", "CVE-2025-24016"},
		"+incompatible, the fix":             {"pkg:golang/github.com/wazuh/wazuh@v4.9.1%2Bincompatible", ""},
		"+incompatible, before":              {"pkg:golang/github.com/wazuh/wazuh@v4.3.9+incompatible", ""},
		"a path in another case":             {"pkg:golang/github.com/Gogo/Protobuf@v1.3.1", "CVE-2021-3121"},
		"a longer path":                      {"pkg:golang/golang.org/x/text/v2@v0.3.6", ""},
		"a record that was taken back":       {"pkg:golang/github.com/gravitational/teleport@v1.0.0", ""},
		"three ranges, none of them":         {"pkg:maven/org.apache.logging.log4j/log4j-core@2.12.3", ""},
		"three ranges, the oldest":           {"pkg:maven/org.apache.logging.log4j/log4j-core@2.3", "CVE-2021-44228"},
		"three ranges, the middle":           {"pkg:maven/org.apache.logging.log4j/log4j-core@2.12.1", "CVE-2021-44228"},
		"three ranges, the newest":           {"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar", "CVE-2021-44228"},
		"a beta, by Maven's order":           {"pkg:maven/org.apache.logging.log4j/log4j-core@2.0-beta9", "CVE-2021-44228"},
		"the last one affected":              {"pkg:maven/log4j/log4j@1.2.17", "CVE-2022-23307"},
		"past the last one affected":         {"pkg:maven/log4j/log4j@1.2.18", ""},
		"listed and in a range":              {"pkg:maven/ch.qos.logback/logback-classic@1.4.5", "CVE-2023-6378"},
		"in the range, not listed":           {"pkg:maven/ch.qos.logback/logback-classic@1.4.5.1", "CVE-2023-6378"},
		"another artifact of the group":      {"pkg:maven/org.apache.logging.log4j/log4j-api@2.14.1", ""},
		"only listed":                        {"pkg:pypi/3-0@0.0.0.1", "MAL-2025-2926"},
		"only listed, another one":           {"pkg:pypi/3-0@0.0.0.2", ""},
		"only listed, by Python's spelling":  {"pkg:pypi/3_0@0.0.0.1", "MAL-2025-2926"},
		"only listed, the same by PEP 440":   {"pkg:pypi/3-0@0.0.0.1.0", "MAL-2025-2926"},
		"two databases, one vulnerability":   {"pkg:cargo/regex@1.5.1", "CVE-2022-24713"},
		"the same name in another ecosystem": {"pkg:npm/regex@1.5.1", ""},
	} {
		t.Run(fact, func(t *testing.T) {
			r := Audit(input(t, sbom(t, thing{purl: c.purl})))
			var ids []string
			for _, f := range r.Findings {
				ids = append(ids, f.ID)
			}
			slices.Sort(ids)
			if got := strings.Join(ids, ", "); got != c.want {
				t.Errorf("found %q, want %q; unknown %q, unjudged %v", got, c.want, r.Unknown, r.Unjudged)
			}
		})
	}
}

// The evaluation of https://ossf.github.io/osv-schema/, on ranges that show one
// thing each.
func TestRanges(t *testing.T) {
	events := func(text string) (out []Event) {
		for _, word := range strings.Fields(text) {
			kind, version, _ := strings.Cut(word, ":")
			out = append(out, map[string]Event{"i": {Introduced: version}, "f": {Fixed: version}, "l": {LastAffected: version}, "x": {Limit: version}}[kind])
		}
		return out
	}
	for fact, c := range map[string]struct {
		events, version string
		want            bool
		fixed           string
	}{
		"from the beginning":                 {"i:0", "0.0.0-0", true, ""},
		"below the first event":              {"i:1.0.0", "0.9.0", false, ""},
		"events out of order":                {"f:2.0.0 i:3.0.0 i:0 f:4.0.0", "3.5.0", true, "4.0.0"},
		"events out of order, in the gap":    {"f:2.0.0 i:3.0.0 i:0 f:4.0.0", "2.5.0", false, ""},
		"fixed and introduced again at once": {"i:0 f:2.0.0 i:2.0.0", "2.0.0", true, ""},
		"the last affected":                  {"i:1.0.0 l:1.5.0", "1.5.0", true, ""},
		"past the last affected":             {"i:1.0.0 l:1.5.0", "1.5.1", false, ""},
		"below the limit":                    {"i:0 x:2.0.0", "1.9.9", true, ""},
		"at the limit":                       {"i:0 x:2.0.0", "2.0.0", false, ""},
		"below one of two limits":            {"i:0 x:1.0.0 x:3.0.0", "2.0.0", true, ""},
		"no limit at all":                    {"i:0 x:*", "99.0.0", true, ""},
		"the next fix is named, not a later": {"i:0 f:1.1.0 i:2.0.0 f:2.1.0", "1.0.0", true, "1.1.0"},
		"a range that has only an end":       {"f:1.0.0", "0.1.0", false, ""},
		"an event of a schema still to come": {"i:0 z:1", "5.0.0", true, ""},
	} {
		in, fixed, err := Range{Type: "SEMVER", Events: events(c.events)}.holds(order{"npm"}, c.version)
		if err != nil || in != c.want || strings.Join(fixed, " ") != c.fixed {
			t.Errorf("%s: %v %q %v, want %v %q", fact, in, fixed, err, c.want, c.fixed)
		}
	}
}

// A record of every version is about one that has no place in the order, too.
func TestEveryVersion(t *testing.T) {
	in := input(t, sbom(t, thing{purl: "pkg:npm/p@workspace"}))
	in.Advisories = []Advisory{{ID: "X", Affected: []Affected{{Package: Package{"npm", "p"}, Ranges: []Range{{"SEMVER", []Event{{Introduced: "0"}}}}}}}}
	if r := Audit(in); verdict(r) != "X blocked" {
		t.Errorf("%s, unknown %q", verdict(r), r.Unknown)
	}
	in.BOM = sbom(t, thing{purl: "pkg:npm/p"})
	in.BOM.Components[0].Version = ""
	if r := Audit(in); verdict(r) != "X blocked" {
		t.Errorf("without a version: %s, unknown %q", verdict(r), r.Unknown)
	}
}

// What can't be told is no "not affected".
func TestCannotTell(t *testing.T) {
	for fact, c := range map[string]struct {
		record Advisory
		purl   string
		want   string
	}{
		"no version": {Advisory{}, "pkg:golang/golang.org/x/text", "names no version"},
		"a version without order": {
			Advisory{ID: "X-1", Affected: []Affected{{Package: Package{"Hackage", "p"}, Ranges: []Range{{"ECOSYSTEM", []Event{{Introduced: "0"}, {Fixed: "1.2"}}}}}}},
			"pkg:hackage/p@one.two", "no place in the order"},
		"a commit":   {Advisory{}, "pkg:golang/golang.org/x/text@383b2e75a7a4198c42f8f87833eefb772868a56f", "no place in the order"},
		"a range":    {Advisory{}, "pkg:cargo/regex@^1.5", "no place in the order"},
		"a variable": {Advisory{}, "pkg:maven/log4j/log4j@%24%7Blog4j.version%7D", "no place in the order"},
		"a name":     {Advisory{}, "pkg:maven/log4j/log4j@LATEST", "no place in the order"},
		"a branch of Composer": {Advisory{ID: "X-5", Affected: []Affected{{Package: Package{"Packagist", "a/p"}, Ranges: []Range{{"ECOSYSTEM", []Event{{Introduced: "0"}, {Fixed: "5.4.9"}}}}}}},
			"pkg:composer/a/p@5.4.x-dev", "no place in the order"},
		"a capital v": {Advisory{ID: "X-4", Affected: []Affected{{Package: Package{"npm", "p"}, Ranges: []Range{{"SEMVER", []Event{{Introduced: "4.0.0"}, {Fixed: "4.17.21"}}}}}}},
			"pkg:npm/p@V4.17.20", "no place in the order"},
		"an equals sign": {Advisory{ID: "X-4", Affected: []Affected{{Package: Package{"npm", "p"}, Ranges: []Range{{"SEMVER", []Event{{Introduced: "4.0.0"}, {Fixed: "4.17.21"}}}}}}},
			"pkg:npm/p@%3D4.17.20", "no place in the order"},
		"a wildcard":           {Advisory{}, "pkg:cargo/regex@1.x", "no place in the order"},
		"two versions":         {Advisory{}, "pkg:cargo/regex@1.0.0%20||%201.5.0", "no place in the order"},
		"a short commit":       {Advisory{}, "pkg:golang/golang.org/x/text@383b2e7", "no place in the order"},
		"a range of Python":    {Advisory{ID: "X-3", Affected: []Affected{{Package: Package{"PyPI", "p"}, Ranges: []Range{{"ECOSYSTEM", []Event{{Introduced: "0"}, {Fixed: "1.2"}}}}}}}, "pkg:pypi/p@2.*", "no place in the order"},
		"a branch of a module": {Advisory{}, "pkg:golang/golang.org/x/text@master", "no place in the order"},
		"only commits": {
			Advisory{ID: "X-2", Affected: []Affected{{Package: Package{"npm", "p"}, Ranges: []Range{{"GIT", []Event{{Introduced: "0"}}}}}}},
			"pkg:npm/p@1.0.0", "only ranges of commits"},
	} {
		t.Run(fact, func(t *testing.T) {
			in := input(t, sbom(t, thing{purl: c.purl}))
			if !strings.Contains(c.purl, "@") {
				in.BOM.Components[0].Version = ""
			}
			in.Feeds = append(in.Feeds, Feed{Name: "osv:Hackage", Date: now, Records: 1})
			if c.record.ID != "" {
				in.Advisories = append(in.Advisories, c.record)
			}
			r := Audit(in)
			if r.Answer != CouldNotTell || !strings.Contains(strings.Join(r.Unknown, "; "), c.want) {
				t.Errorf("%s: %q", r.Answer, r.Unknown)
			}
		})
	}
}

func TestIdentify(t *testing.T) {
	for purl, want := range map[string]string{
		"pkg:golang/stdlib@1.20":                                                    "Go stdlib 1.20.0",
		"pkg:golang/cmd@go1.22.1":                                                   "Go toolchain 1.22.1",
		"pkg:golang/github.com/a/b/v2@v2.0.1#sub/pkg":                               "Go github.com/a/b/v2 2.0.1",
		"pkg:npm/%40scope/name@1.0.0":                                               "npm @scope/name 1.0.0",
		"pkg:maven/g.h/a@1":                                                         "Maven g.h:a 1",
		"pkg:composer/monolog/monolog@v1.0":                                         "Packagist monolog/monolog v1.0",
		"pkg:githubactions/github/codeql-action/init@v3.1.0":                        "GitHub Actions github/codeql-action 3.1.0",
		"pkg:githubactions/actions/checkout@v4.1.0":                                 "GitHub Actions actions/checkout 4.1.0",
		"pkg:deb/debian/libssl3@3.0.11-1~deb12u1?distro=debian-12&upstream=openssl": "Debian:12 openssl 3.0.11-1~deb12u1",
		"pkg:apk/alpine/zlib@1.2.11-r1?distro=alpine-3.10.2":                        "Alpine:v3.10 zlib 1.2.11-r1",
		"pkg:deb/ubuntu/bash@5.1?distro=ubuntu-22.04":                               "Ubuntu:22.04 bash 5.1",
		"pkg:rpm/almalinux/bash@5.1?distro=almalinux-9.2&epoch=1":                   "AlmaLinux:9 bash 1:5.1",
		"pkg:deb/debian/bash@5.1":                                                   "error: does not name the release",
		"pkg:rpm/opensuse/bash@5.1":                                                 "error: no advisories",
		"pkg:docker/nginx@1":                                                        "error: no advisories for packages of type docker",
		"pkg:npm":                                                                   "error: package URL",
		"not a purl":                                                                "error: package URL",
	} {
		p, version, err := Identify(purl)
		got := p.Ecosystem + " " + p.Name + " " + version
		if err != nil {
			got = "error: " + err.Error()
		}
		text, isError := strings.CutPrefix(want, "error: ")
		if got != want && !(isError && err != nil && strings.Contains(got, text)) {
			t.Errorf("%s is %q, want %q", purl, got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, pair := range [][2]Package{
		{{"Go", "github.com/BurntSushi/toml"}, {"Go", "github.com/burntsushi/toml"}},
		{{"PyPI", "Zope.Interface"}, {"PyPI", "zope--interface"}},
		{{"crates.io", "Foo_Bar"}, {"crates.io", "foo-bar"}},
		{{"NuGet", "Newtonsoft.Json"}, {"NuGet", "newtonsoft.json"}},
		{{"Debian:12", "openssl"}, {"Debian", "openssl"}},
	} {
		if pair[0].Key() != pair[1].Key() {
			t.Errorf("%v and %v differ", pair[0], pair[1])
		}
	}
	if (Package{"npm", "JSONStream"}).Key() == (Package{"npm", "jsonstream"}).Key() {
		t.Error("npm tells JSONStream and jsonstream apart")
	}
	for _, c := range []struct {
		record, ours Package
		want         bool
	}{
		{Package{"Ubuntu:22.04:LTS", "bash"}, Package{"Ubuntu:22.04", "bash"}, true},
		{Package{"Ubuntu:20.04:LTS", "bash"}, Package{"Ubuntu:22.04", "bash"}, false},
		{Package{"Debian:11", "bash"}, Package{"Debian:12", "bash"}, false},
		{Package{"Debian", "bash"}, Package{"Debian:12", "bash"}, true},
	} {
		if got := c.record.covers(c.ours); got != c.want {
			t.Errorf("%v covers %v: %v", c.record, c.ours, got)
		}
	}
}

func FuzzAdvisory(f *testing.F) {
	for _, seed := range []string{
		`{"id":"X","affected":[{"package":{"ecosystem":"Go","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0"}]}],"versions":["1"]}]}`,
		`{"id":"X","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],"database_specific":{"severity":"HIGH"},"withdrawn":"x"}`,
		`{"id":"MAL-1","affected":[{"package":{"ecosystem":"PyPI","name":"a"}}]}`, `{}`, `[]`, "",
	} {
		f.Add([]byte(seed), "1.0")
	}
	f.Fuzz(func(t *testing.T, data []byte, version string) {
		a, err := ParseAdvisory(data)
		if err != nil || len(version) > 200 {
			return
		}
		for _, p := range a.Affected {
			at, err := a.about(p.Package, version)
			if at.affected && err != nil {
				t.Errorf("affected, and %v", err)
			}
			a.Grade(p.Package)
		}
	})
}
