// SPDX-License-Identifier: Apache-2.0

package bom

import "github.com/package-url/packageurl-go"

// MavenPURL returns the package URL of a Maven artifact. A jar without a
// classifier has no qualifiers; of anything else they say which file it is.
func MavenPURL(group, artifact, version, kind, classifier string) string {
	var q packageurl.Qualifiers
	if classifier != "" {
		q = append(q, packageurl.Qualifier{Key: "classifier", Value: classifier})
	}
	if kind != "" && kind != "jar" {
		q = append(q, packageurl.Qualifier{Key: "type", Value: kind})
	}
	return packageurl.NewPackageURL("maven", group, artifact, version, q, "").ToString()
}

// NugetPURL returns the package URL of a NuGet package. Its name keeps its
// case, which NuGet does not look at.
func NugetPURL(name, version string) string {
	return packageurl.NewPackageURL("nuget", "", name, version, nil, "").ToString()
}
