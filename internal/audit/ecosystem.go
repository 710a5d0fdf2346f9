// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"slices"
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
	case "crates.io": // which has no two names that differ in this only
		return Package{base, strings.ReplaceAll(strings.ToLower(p.Name), "_", "-")}
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

// originOf is the origin of a type of package URL; false for one that OSV has no
// advisories of. An operating system's packages have no ecosystem yet, see
// distributed.
func originOf(kind string) (origin, bool) {
	switch kind {
	case "cargo":
		return origin{"crates.io", plain, same}, true
	case "composer":
		return origin{"Packagist", slashed, same}, true
	case "conan":
		return origin{"ConanCenter", plain, same}, true
	case "cran":
		return origin{"CRAN", plain, same}, true
	case "gem":
		return origin{"RubyGems", plain, same}, true
	case "githubactions", "github":
		return origin{"GitHub Actions", repository, trimV}, true
	case "golang":
		return origin{"Go", goName, goVersion}, true
	case "hackage":
		return origin{"Hackage", plain, same}, true
	case "hex":
		return origin{"Hex", plain, same}, true
	case "julia":
		return origin{"Julia", plain, same}, true
	case "maven":
		return origin{"Maven", mavenName, same}, true
	case "npm":
		return origin{"npm", slashed, trimV}, true
	case "nuget":
		return origin{"NuGet", plain, same}, true
	case "pub":
		return origin{"Pub", plain, same}, true
	case "pypi":
		return origin{"PyPI", plain, same}, true
	case "swift":
		return origin{"SwiftURL", slashed, trimV}, true
	case "bitnami":
		return origin{"Bitnami", plain, same}, true
	case "apk", "deb", "rpm":
		return origin{"", plain, same}, true
	}
	return origin{}, false
}

func plain(p packageurl.PackageURL) string { return p.Name }

func slashed(p packageurl.PackageURL) string {
	if p.Namespace == "" {
		return p.Name
	}
	return p.Namespace + "/" + p.Name
}

// repository is the owner and name of an action's repository, which advisories
// are about, without the folder in it that some tools append.
func repository(p packageurl.PackageURL) string {
	parts := strings.SplitN(slashed(p), "/", 3)
	return strings.Join(parts[:min(len(parts), 2)], "/")
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

// errNoAdvisories says why a package can't be looked up. Where it matters there
// may be advisories all the same, and nobody sees them.
type errNoAdvisories struct {
	what    string
	matters bool
}

func (e errNoAdvisories) Error() string {
	if e.matters {
		return e.what
	}
	return "OSV has no advisories for " + e.what
}

// unread are the types of package URLs that OSV has advisories of, and that
// are not read here.
func unread() []string { return []string{"bioconductor", "opam", "vscode-extension"} }

// An identity is a package and a version of it in OSV's words.
type identity struct {
	Package
	version string
}

// Identify says which package, and which version of it, a package URL names
// in OSV's words.
func Identify(purl string) (p Package, version string, err error) {
	all, err := identify(purl, "", source{})
	if err != nil {
		return Package{}, "", err
	}
	return all[0].Package, all[0].version, nil
}

// identities are the packages that advisories can know a component by. Its own
// version counts where the package URL has none.
func (c *Component) identities() ([]identity, error) { return identify(c.PURL, c.Version, c.source) }

// versions are the component, once for each version that it says it has: nobody
// knows whether the one in its package URL or the other is lying there. Each
// names its own in both places, so that what is said of the one lifts nothing
// from the other.
func (c *Component) versions() []*Component {
	u, err := packageurl.FromString(c.PURL)
	o, ok := originOf(u.Type)
	if err != nil || !ok || o.ecosystem == "" || u.Version == "" || c.Version == "" {
		return []*Component{c}
	}
	order, a, b := orderOf(o.ecosystem), o.version(u.Version), o.version(c.Version)
	if sign, err := order.compare(a, b); err == nil && sign == 0 || errors.Join(order.ordered(a), order.ordered(b)) != nil {
		return []*Component{c}
	}
	first, second := *c, *c
	first.Version, u.Version = u.Version, c.Version
	second.PURL = u.ToString()
	return []*Component{&first, &second}
}

func identify(purl, version string, from source) ([]identity, error) {
	u, err := packageurl.FromString(purl)
	if err != nil {
		return nil, fmt.Errorf("package URL %.200q: %w", purl, err)
	}
	if u.Version == "" {
		u.Version = version
	}
	o, ok := originOf(u.Type)
	switch {
	case ok && o.ecosystem == "":
		return distributed(u, from)
	case ok:
		return []identity{{Package{o.ecosystem, o.name(u)}, o.version(u.Version)}}, nil
	case slices.Contains(unread(), u.Type):
		return nil, errNoAdvisories{"advisories for packages of type " + u.Type + " are not read here", true}
	}
	return nil, errNoAdvisories{"packages of type " + u.Type, false}
}
