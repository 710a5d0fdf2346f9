// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"strings"

	"github.com/package-url/packageurl-go"
)

// GoPURL returns the package URL of a Go module. The specification has
// them in lower case; a component's Name keeps the case that Go compares.
func GoPURL(module, version string) string {
	namespace, name := "", strings.ToLower(module)
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		namespace, name = name[:i], name[i+1:]
	}
	return packageurl.NewPackageURL("golang", namespace, name, version, nil, "").ToString()
}

// NpmPURL returns the package URL of an npm package. A package that is not
// from a registry says so in a qualifier, "vcs_url" or "download_url"; key is
// empty for one that is.
func NpmPURL(group, name, version, key, value string) string {
	var q packageurl.Qualifiers
	if key != "" {
		q = packageurl.Qualifiers{{Key: key, Value: value}}
	}
	return packageurl.NewPackageURL("npm", group, name, version, q, "").ToString()
}
