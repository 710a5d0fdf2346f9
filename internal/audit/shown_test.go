// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
)

func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "pkg:npm/a@1.0.0": "pkg:npm/a@1.0.0", "a: b@c": "a: b@c", "https://": "https://",
		"https://h.example/a@1":                                              "https://h.example/a@1",
		"https://bot:open-sesame@h.example/a":                                "https://…@h.example/a",
		"pkg:npm/a@1?vcs_url=git%2Bhttps://ghp_x@h.example/a.git":            "pkg:npm/a@1?vcs_url=git%2Bhttps://…@h.example/a.git",
		"pkg:npm/a@1?vcs_url=git%2Bhttps:%2F%2Fu:p%40h.example%2Fa.git%4001": "pkg:npm/a@1?vcs_url=git%2Bhttps:%2F%2F…%40h.example%2Fa.git%4001",
		"pkg:npm/a@1?download_url=HTTPS%3a%2f%2fu%3ap%40h%2Fa":               "pkg:npm/a@1?download_url=HTTPS%3a%2f%2f…%40h%2Fa",
		"git+https://h.example/a.git@deadbeef":                               "git+https://h.example/a.git@deadbeef",
		"git+ssh://git@h.example/a.git":                                      "git+ssh://git@h.example/a.git",
		"two https://a:b@c/ and https://d:e@f":                               "two https://…@c/ and https://…@f",
		"https://a@b:c@d/e":                                                  "https://…@d/e",
		"https://a\"b@c":                                                     "https://a\"b@c",
	} {
		if got := shown(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// A password that somebody left in an SBOM stands in no report about it.
func TestReportsHoldNoCredentials(t *testing.T) {
	const secret = "open-sesame"
	for _, purl := range []string{
		log4j + "?vcs_url=git%2Bhttps:%2F%2Fbot:" + secret + "%40h.example%2Fa.git", // found
		"pkg:docker/nginx@1?repository_url=https://bot:" + secret + "@h.example",    // not looked up
		"pkg:npm?vcs_url=https://bot:" + secret + "@h.example",                      // none
		"pkg:%zz/https://bot:" + secret + "@h.example/%zz",                          // can't be read
		"pkg:npm/p?vcs_url=https://bot:" + secret + "@h.example",                    // of no version
	} {
		b, err := ReadBOM([]byte(fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"application","name":"app","bom-ref":"app"}},
			"components":[{"type":"library","bom-ref":%q,"name":"x","purl":%q}],"dependencies":[{"ref":"app","dependsOn":[%q]}]}`, purl, purl, purl)))
		check(t, err)
		in := input(t, b)
		in.Rules.DenyLicences = []string{"unknown"}
		in.VEX = []Statement{{IDs: []string{"X"}, Products: []Product{{ID: "x"}}, Status: vexNotAffected, Why: "x", Time: now}}
		data, err := canon.Marshal(Audit(in))
		check(t, err)
		if strings.Contains(string(data), secret) {
			t.Errorf("%s", data)
		}
	}
}

func FuzzShown(f *testing.F) {
	f.Add("https://u:p@h/")
	f.Add("%3A%2f/%40@")
	f.Fuzz(func(t *testing.T, text string) {
		if once := shown(text); shown(once) != once {
			t.Errorf("%q: %q, then %q", text, once, shown(once))
		}
	})
}
