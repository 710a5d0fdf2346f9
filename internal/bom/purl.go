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
	return packageURL("npm", group, name, version, key, value)
}

// PyPIURL returns the package URL of a Python package, whose name counts
// without case and with every run of dots, dashes and underscores as one dash
// (https://packaging.python.org/specifications/name-normalization). key is
// empty for a package of an index.
func PyPIURL(name, version, key, value string) string {
	return packageURL("pypi", "", NormalPyPI(name), version, key, value)
}

// NormalPyPI returns the name of a Python package in the form that names are
// compared in.
func NormalPyPI(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		if r == '-' || r == '_' || r == '.' {
			dash = true
			continue
		}
		if dash {
			b.WriteByte('-')
		}
		dash = false
		b.WriteRune(r)
	}
	if dash {
		b.WriteByte('-')
	}
	return b.String()
}

// GemURL returns the package URL of a Ruby gem. key is "platform" for one that
// was built for one, "vcs_url" for one from git, or empty.
func GemURL(name, version, key, value string) string {
	return packageURL("gem", "", name, version, key, value)
}

// ComposerURL returns the package URL of a PHP package, whose name counts
// without case.
func ComposerURL(group, name, version, key, value string) string {
	return packageURL("composer", strings.ToLower(group), strings.ToLower(name), version, key, value)
}

// GitHubURL returns the package URL of a repository on GitHub, whose name
// counts without case. subpath is the folder in it that is meant.
func GitHubURL(owner, name, version, subpath string) string {
	return packageurl.NewPackageURL("github", strings.ToLower(owner), strings.ToLower(name), version, nil, subpath).ToString()
}

// DockerURL returns the package URL of a container image. registry is empty
// for the one that container tools take if none is named.
func DockerURL(registry, namespace, name, version string) string {
	key := ""
	if registry != "" {
		key = "repository_url"
	}
	return packageURL("docker", namespace, name, version, key, registry)
}

// GenericURL returns the package URL of something that has no type of its own.
func GenericURL(group, name, version, key, value string) string {
	return packageURL("generic", group, name, version, key, value)
}

func packageURL(kind, group, name, version, key, value string) string {
	var q packageurl.Qualifiers
	if key != "" {
		q = packageurl.Qualifiers{{Key: key, Value: value}}
	}
	return packageurl.NewPackageURL(kind, group, name, version, q, "").ToString()
}
