// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A Package is what advisories speak about: a name in an ecosystem, as the
// OSV schema (https://ossf.github.io/osv-schema/) spells both.
type Package struct {
	Ecosystem string // "Go", "npm", "Debian:12"
	Name      string
}

// Key is what two spellings of one package share. It folds what the
// ecosystem's own tools fold: Go module paths too, because package URLs have
// them in lower case and OSV in the case of the import.
func (p Package) Key() Package {
	base := Base(p.Ecosystem)
	switch base {
	case "Go", "NuGet", "Packagist", "GitHub Actions", "SwiftURL", "Hex", "Pub":
		return Package{base, strings.ToLower(p.Name)}
	case "PyPI":
		return Package{base, pythonName(p.Name)}
	}
	return Package{base, p.Name}
}

// Base is an ecosystem without the release that follows its colon.
func Base(ecosystem string) string {
	base, _, _ := strings.Cut(ecosystem, ":")
	return base
}

var pythonSeparators = pattern.New(`[-_.]+`)

// pythonName is a name as PEP 503 normalizes it.
func pythonName(name string) string {
	return strings.ToLower(pythonSeparators.Regexp().ReplaceAllString(name, "-"))
}

// An origin says how the package URLs of one type become names and versions.
type origin struct {
	ecosystem string
	name      func(packageurl.PackageURL) string
	version   func(string) string
}

// origins maps the types of package URLs to ecosystems. What is not here has
// no advisories in OSV.
func origins() map[string]origin {
	return map[string]origin{
		"cargo":         {"crates.io", plain, same},
		"composer":      {"Packagist", slashed, same},
		"conan":         {"ConanCenter", plain, same},
		"cran":          {"CRAN", plain, same},
		"gem":           {"RubyGems", plain, same},
		"githubactions": {"GitHub Actions", slashed, trimV},
		"github":        {"GitHub Actions", slashed, trimV},
		"golang":        {"Go", goName, goVersion},
		"hackage":       {"Hackage", plain, same},
		"hex":           {"Hex", plain, same},
		"julia":         {"Julia", plain, same},
		"maven":         {"Maven", mavenName, same},
		"npm":           {"npm", slashed, trimV},
		"nuget":         {"NuGet", plain, same},
		"pub":           {"Pub", plain, same},
		"pypi":          {"PyPI", plain, same},
		"swift":         {"SwiftURL", slashed, trimV},
		"bitnami":       {"Bitnami", plain, same},
		"apk":           {"", sourceName, same},
		"deb":           {"", sourceName, same},
		"rpm":           {"", sourceName, same},
	}
}

func plain(p packageurl.PackageURL) string { return p.Name }

func slashed(p packageurl.PackageURL) string {
	if p.Namespace == "" {
		return p.Name
	}
	return p.Namespace + "/" + p.Name
}

func mavenName(p packageurl.PackageURL) string { return p.Namespace + ":" + p.Name }

func same(version string) string { return version }

func trimV(version string) string { return strings.TrimPrefix(version, "v") }

// goName gives the standard library and the tools the names that the Go
// vulnerability database has for them.
func goName(p packageurl.PackageURL) string {
	switch name := slashed(p); name {
	case "std":
		return "stdlib"
	case "cmd":
		return "toolchain"
	default:
		return name
	}
}

// pseudoVersion is a version that names a commit (https://go.dev/ref/mod#pseudo-versions).
var pseudoVersion = pattern.New(`[-.][0-9]{14}-[0-9a-f]{12}(\+incompatible)?$`)

var goRelease = pattern.New(`^(?:go)?([0-9]+)\.([0-9]+)(\.[0-9]+)?(?:(rc|beta|alpha)([0-9]+))?$`)

// goVersion reads v1.2.3 as 1.2.3, and go1.22rc1 as 1.22.0-rc.1, which is how
// the database orders it. A release without a patch level is its first one:
// the oldest that a "go 1.20" line allows.
func goVersion(version string) string {
	if strings.HasPrefix(version, "v") {
		return version[1:]
	}
	version, _, _ = strings.Cut(version, "-X:") // GOEXPERIMENT builds: go1.22.1-X:rangefunc
	m := goRelease.FindStringSubmatch(version)
	if m == nil {
		return strings.TrimPrefix(version, "go")
	}
	patch := m[3]
	if patch == "" {
		patch = ".0"
	}
	out := m[1] + "." + m[2] + patch
	if m[4] != "" {
		out += "-" + m[4] + "." + m[5]
	}
	return out
}

// sourceName is the source package of a distribution's package, which its
// advisories are about.
func sourceName(p packageurl.PackageURL) string {
	upstream := p.Qualifiers.Map()["upstream"]
	name, _, _ := strings.Cut(upstream, "@")
	if name != "" && !strings.Contains(name, "/") {
		return name
	}
	return p.Name
}

// distribution is the ecosystem of an operating system's package: OSV has one
// for each release.
func distribution(p packageurl.PackageURL) (string, error) {
	distro := p.Qualifiers.Map()["distro"]
	release := distro
	if i := strings.LastIndexByte(distro, '-'); i >= 0 {
		release = distro[i+1:]
	}
	names := map[string]string{
		"alpine": "Alpine", "debian": "Debian", "ubuntu": "Ubuntu", "wolfi": "Wolfi", "chainguard": "Chainguard",
		"almalinux": "AlmaLinux", "rocky": "Rocky Linux", "redhat": "Red Hat",
	}
	name, ok := names[p.Namespace]
	switch {
	case !ok:
		return "", fmt.Errorf("the distribution %q has no advisories that are known here", p.Namespace)
	case name == "Wolfi" || name == "Chainguard":
		return name, nil
	case release == "":
		return "", fmt.Errorf("its package URL does not name the release of %s (qualifier distro)", name)
	case name == "Alpine":
		parts := strings.SplitN(strings.TrimPrefix(release, "v"), ".", 3)
		return "Alpine:v" + strings.Join(parts[:min(len(parts), 2)], "."), nil
	case name == "AlmaLinux" || name == "Rocky Linux" || name == "Debian":
		release, _, _ = strings.Cut(release, ".")
	}
	return name + ":" + release, nil
}

// errNoAdvisories says that nobody keeps advisories for a kind of package.
type errNoAdvisories struct{ what string }

func (e errNoAdvisories) Error() string { return "OSV has no advisories for " + e.what }

// Identify says which package, and which version of it, a package URL names
// in OSV's words.
func Identify(purl string) (p Package, version string, err error) {
	u, err := packageurl.FromString(purl)
	if err != nil {
		return Package{}, "", fmt.Errorf("package URL %.200q: %w", purl, err)
	}
	o, ok := origins()[u.Type]
	if !ok {
		return Package{}, "", errNoAdvisories{"packages of type " + u.Type}
	}
	p = Package{o.ecosystem, o.name(u)}
	if p.Ecosystem == "" {
		if p.Ecosystem, err = distribution(u); err != nil {
			return Package{}, "", errNoAdvisories{p.Name + ": " + err.Error()}
		}
	}
	if v := u.Qualifiers.Map()["epoch"]; v != "" && u.Type == "rpm" {
		u.Version = v + ":" + u.Version
	}
	return p, o.version(u.Version), nil
}
