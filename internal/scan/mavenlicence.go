// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"strings"

	"github.com/gateledger/gateledger/internal/bom"
)

// mavenLicenceOf returns what an entry of <licenses> says: its name if that is
// an SPDX identifier or expression, else the licence whose text is at its URL,
// else its name as it stands.
func mavenLicenceOf(name, address string) bom.Licence {
	name = strings.Join(strings.Fields(name), " ")
	licence := bom.ParseLicence(name)
	if licence.ID != "" || licence.Expression != "" {
		return licence
	}
	if id, ok := licenceURLs[licenceURL(address)]; ok {
		return bom.Licence{ID: id}
	}
	if id, ok := mavenLicenceNames[strings.ToLower(name)]; ok {
		return bom.Licence{ID: id}
	}
	return licence
}

// licenceURL returns an address without what may differ and mean the same:
// scheme, "www.", the ending and a slash behind it.
func licenceURL(address string) string {
	clean, _ := bom.ScrubURL(strings.ToLower(address))
	_, rest, ok := strings.Cut(clean, "://")
	if !ok {
		return ""
	}
	rest = strings.TrimPrefix(rest, "www.")
	rest = strings.TrimSuffix(rest, "/")
	for _, ending := range []string{".txt", ".html", ".htm", ".php", ".md"} {
		rest = strings.TrimSuffix(rest, ending)
	}
	return rest
}

// licenceURLs are addresses at which there is the text of one licence, of one
// version.
var licenceURLs = map[string]string{
	"apache.org/licenses/license-1.1":                     "Apache-1.1",
	"apache.org/licenses/license-2.0":                     "Apache-2.0",
	"opensource.org/licenses/apache-2.0":                  "Apache-2.0",
	"opensource.org/licenses/apache2.0":                   "Apache-2.0",
	"opensource.org/license/apache-2-0":                   "Apache-2.0",
	"opensource.org/licenses/mit":                         "MIT",
	"opensource.org/licenses/mit-license":                 "MIT",
	"opensource.org/license/mit":                          "MIT",
	"opensource.org/licenses/bsd-2-clause":                "BSD-2-Clause",
	"opensource.org/licenses/bsd-3-clause":                "BSD-3-Clause",
	"opensource.org/licenses/isc":                         "ISC",
	"opensource.org/licenses/cddl1":                       "CDDL-1.0",
	"opensource.org/licenses/cddl-1.0":                    "CDDL-1.0",
	"opensource.org/licenses/cpl1.0":                      "CPL-1.0",
	"opensource.org/licenses/epl-1.0":                     "EPL-1.0",
	"opensource.org/licenses/epl-2.0":                     "EPL-2.0",
	"opensource.org/licenses/eclipse-1.0":                 "EPL-1.0",
	"opensource.org/licenses/upl":                         "UPL-1.0",
	"eclipse.org/legal/epl-v10":                           "EPL-1.0",
	"eclipse.org/legal/epl-v20":                           "EPL-2.0",
	"eclipse.org/legal/epl-2.0":                           "EPL-2.0",
	"eclipse.org/org/documents/epl-v10":                   "EPL-1.0",
	"eclipse.org/org/documents/epl-2.0/epl-2.0":           "EPL-2.0",
	"eclipse.org/org/documents/edl-v10":                   "BSD-3-Clause",
	"mozilla.org/mpl/1.1":                                 "MPL-1.1",
	"mozilla.org/mpl/mpl-1.1":                             "MPL-1.1",
	"mozilla.org/mpl/2.0":                                 "MPL-2.0",
	"mozilla.org/en-us/mpl/2.0":                           "MPL-2.0",
	"creativecommons.org/publicdomain/zero/1.0":           "CC0-1.0",
	"creativecommons.org/publicdomain/zero/1.0/legalcode": "CC0-1.0",
	"unlicense.org":                                       "Unlicense",
	"spdx.org/licenses/apache-2.0":                        "Apache-2.0",
	"spdx.org/licenses/mit":                               "MIT",
}

// mavenLicenceNames are names in lower case that say which licence it is and
// which version.
var mavenLicenceNames = map[string]string{
	"apache license 2.0":                       "Apache-2.0",
	"apache license version 2.0":               "Apache-2.0",
	"apache license, version 2.0":              "Apache-2.0",
	"the apache license, version 2.0":          "Apache-2.0",
	"apache software license, version 2.0":     "Apache-2.0",
	"the apache software license, version 2.0": "Apache-2.0",
	"mit license":                              "MIT",
	"the mit license":                          "MIT",
	"eclipse public license 1.0":               "EPL-1.0",
	"eclipse public license - v 1.0":           "EPL-1.0",
	"eclipse public license 2.0":               "EPL-2.0",
	"eclipse public license v2.0":              "EPL-2.0",
	"eclipse public license - v 2.0":           "EPL-2.0",
	"mozilla public license 2.0":               "MPL-2.0",
	"mozilla public license, version 2.0":      "MPL-2.0",
	"bsd 2-clause license":                     "BSD-2-Clause",
	"bsd 3-clause license":                     "BSD-3-Clause",
}
