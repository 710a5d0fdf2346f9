// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
)

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
