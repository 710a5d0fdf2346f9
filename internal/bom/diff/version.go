// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"strings"

	"github.com/google/osv-scalibr/semantic"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/pattern"
)

// maxOrdered is the longest version, in bytes, that is given a place in an
// order.
const maxOrdered = 256

// What a version must look like to have a place in an order. The orders
// themselves give everything some place, a branch or a commit too.
var (
	semver = pattern.New(`^v?\d+(\.\d+){0,2}([-+][0-9A-Za-z.+-]*)?$`)
	loose  = pattern.New(`^[vV]?\d+(:\d+)?([.!:_~^+-]?[0-9A-Za-z]+)*$`)
)

// ecosystem is the order of versions that a type of package URL has, by the
// name that semantic knows it by, and what a version of it looks like.
func ecosystem(purl string) (name string, shape pattern.Pattern, known bool) {
	switch purl {
	case "cargo":
		return "crates.io", semver, true
	case "conan":
		return "ConanCenter", semver, true
	case "golang":
		return "Go", semver, true
	case "hex":
		return "Hex", semver, true
	case "npm":
		return "npm", semver, true
	case "pub":
		return "Pub", semver, true
	case "swift":
		return "SwiftURL", semver, true
	case "apk":
		return "Alpine", loose, true
	case "composer":
		return "Packagist", loose, true
	case "cran":
		return "CRAN", loose, true
	case "deb":
		return "Debian", loose, true
	case "gem":
		return "RubyGems", loose, true
	case "hackage":
		return "Hackage", loose, true
	case "maven":
		return "Maven", loose, true
	case "nuget":
		return "NuGet", loose, true
	case "pypi":
		return "PyPI", loose, true
	case "rpm":
		return "Red Hat", loose, true
	}
	return "", loose, false
}

// direction says where a component went from one version to another. What has
// no order, or is the same by it and yet written otherwise, is Changed.
func direction(purl, from, to string) Kind {
	order, ok := compare(purl, from, to)
	switch {
	case !ok || order == 0:
		return Changed
	case order < 0:
		return Up
	default:
		return Down
	}
}

// compare orders two versions of one type of package URL. It does not guess:
// ok is false unless both are versions of an order that is known.
func compare(purl, a, b string) (order int, ok bool) {
	name, shape, known := ecosystem(purl)
	if !known || !versionLike(shape, a) || !versionLike(shape, b) {
		return 0, false
	}
	x, err := semantic.Parse(a, name)
	if err != nil {
		return 0, false
	}
	order, err = x.CompareStr(b)
	return order, err == nil
}

func versionLike(shape pattern.Pattern, v string) bool {
	return len(v) <= maxOrdered && shape.MatchString(v)
}

// sorted puts versions in their order and reports whether they all have one.
// If not, they are left alone.
func sorted(purl string, versions []string) bool {
	for _, v := range versions {
		if _, ok := compare(purl, v, v); !ok {
			return false
		}
	}
	sortVersions(purl, versions)
	return true
}

func sortVersions(purl string, versions []string) {
	arrange.By(versions, func(a, b string) int {
		order, _ := compare(purl, a, b)
		return cmp.Or(order, strings.Compare(a, b))
	})
}
