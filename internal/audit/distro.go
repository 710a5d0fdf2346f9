// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A source is the source package that an operating system's package was built
// from. Advisories of most distributions name sources.
type source struct{ name, version, release, epoch string }

// distributed are the packages that a distribution's advisories can know one of
// its packages by. Debian, Ubuntu and Alpine name sources; AlmaLinux names what
// is built from them and Rocky Linux either, so that both are looked up.
func distributed(u packageurl.PackageURL, from source) ([]identity, error) {
	ecosystem, err := distribution(u)
	if err != nil {
		return nil, errNoAdvisories{u.Name + ": " + err.Error(), true}
	}
	qualifiers := u.Qualifiers.Map()
	own := withEpoch(u.Type, qualifiers["epoch"], u.Version)
	name, version := sourceOf(u.Type, qualifiers["upstream"])
	if name == "" {
		name, version = from.name, from.full(u.Type)
	}
	if name == "" {
		return []identity{{Package{ecosystem, u.Name}, own}}, nil
	}
	built := identity{Package{ecosystem, name}, cmp.Or(version, own)}
	if u.Type == "rpm" && name != u.Name {
		return []identity{{Package{ecosystem, u.Name}, own}, built}, nil
	}
	return []identity{built}, nil
}

// withEpoch writes an epoch that stands beside a version into it.
func withEpoch(kind, epoch, version string) string {
	if epoch == "" || epoch == "0" || version == "" || kind == "apk" || strings.Contains(version, ":") {
		return version
	}
	return epoch + ":" + version
}

// full is a source's version as its package manager writes it; empty if it is
// not known.
func (s source) full(kind string) string {
	version := s.version
	if version != "" && s.release != "" {
		version += "-" + s.release
	}
	return withEpoch(kind, s.epoch, version)
}

// sourceOf reads the qualifier "upstream": name@version, a name, or of RPM the
// file of the source, name-version-release.src.rpm.
func sourceOf(kind, upstream string) (name, version string) {
	if kind == "rpm" {
		if nvr, ok := strings.CutSuffix(upstream, ".src.rpm"); ok {
			upstream = nvr
			for range 2 {
				if at := strings.LastIndexByte(upstream, '-'); at > 0 {
					upstream = upstream[:at]
				}
			}
			return upstream, "" // without its epoch
		}
	}
	name, version, _ = strings.Cut(upstream, "@")
	if strings.Contains(name, "/") {
		return "", ""
	}
	return name, version
}

var (
	wholeRelease = pattern.New(`^[0-9]+$`)
	halfRelease  = pattern.New(`^[0-9]+\.[0-9]+$`)
)

// distribution is the ecosystem of an operating system's package: OSV has one
// for each release. A release that OSV can't have is an error, because no
// record would be about it.
func distribution(p packageurl.PackageURL) (string, error) {
	name := distributor(p.Namespace)
	distro := p.Qualifiers.Map()["distro"]
	release := strings.ToLower(distro[strings.LastIndexByte(distro, '-')+1:])
	switch name {
	case "":
		return "", fmt.Errorf("the distribution %.80q has no advisories that are known here", p.Namespace)
	case "Wolfi", "Chainguard":
		return name, nil
	case "Red Hat":
		return "", errors.New("advisories of Red Hat are about products, which its package URL does not name")
	}
	if release == "" {
		return "", fmt.Errorf("its package URL does not name the release of %s (qualifier distro)", name)
	}
	shape, parts := wholeRelease, 1
	switch name {
	case "Alpine":
		release, shape, parts = strings.TrimPrefix(release, "v"), halfRelease, 2
	case "Ubuntu":
		release, shape, parts = cmp.Or(codename(name, release), release), halfRelease, 2
	case "Debian":
		release = cmp.Or(codename(name, release), release)
	}
	words := strings.SplitN(release, ".", parts+1)
	release = strings.Join(words[:min(len(words), parts)], ".")
	if !shape.MatchString(release) {
		return "", fmt.Errorf("OSV knows no release of %s that is called %.80q (qualifier distro)", name, distro)
	}
	if name == "Alpine" {
		return "Alpine:v" + release, nil
	}
	return name + ":" + release, nil
}

// distributor is OSV's name of a distribution that has advisories by release;
// empty: none is known.
func distributor(namespace string) string {
	switch namespace {
	case "alpine":
		return "Alpine"
	case "debian":
		return "Debian"
	case "ubuntu":
		return "Ubuntu"
	case "wolfi":
		return "Wolfi"
	case "chainguard":
		return "Chainguard"
	case "almalinux", "alma":
		return "AlmaLinux"
	case "rocky", "rocky-linux", "rockylinux":
		return "Rocky Linux"
	case "redhat", "rhel":
		return "Red Hat"
	}
	return ""
}

// codename is the number of a release that goes by a name; empty: none is known.
func codename(distribution, name string) string {
	names := "wheezy 7 jessie 8 stretch 9 buster 10 bullseye 11 bookworm 12 trixie 13 forky 14"
	if distribution == "Ubuntu" {
		names = "trusty 14.04 xenial 16.04 bionic 18.04 focal 20.04 jammy 22.04 kinetic 22.10 lunar 23.04 mantic 23.10 noble 24.04 oracular 24.10 plucky 25.04 questing 25.10"
	}
	words := strings.Fields(names)
	for i := 0; i < len(words); i += 2 {
		if words[i] == name {
			return words[i+1]
		}
	}
	return ""
}
