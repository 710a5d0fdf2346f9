// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/osv-scalibr/semantic"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/pattern"
)

// A place is where a version stands in what a record says about a package.
type place struct {
	affected bool
	fixed    []string // versions above it that hold a fix, lowest first
	by       string   // what says so, for people
}

// An order compares the versions of one ecosystem.
type order struct{ ecosystem string }

// orderOf is the order that an ecosystem's own tools have. GitHub's actions
// are tagged with semantic versions.
func orderOf(ecosystem string) order {
	if base := Base(ecosystem); base == "GitHub Actions" {
		return order{"npm"}
	}
	return order{ecosystem}
}

// errOrder says that a version has no place in its ecosystem's order.
var errOrder = errors.New("has no place in the order of versions")

// compare is -1, 0 or +1. It never panics: what a parser can't take is
// errOrder.
func (o order) compare(a, b string) (sign int, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%.60q or %.60q %w of %s", a, b, errOrder, o.ecosystem)
		}
	}()
	v, err := semantic.Parse(a, o.ecosystem)
	if err == nil {
		sign, err = v.CompareStr(b)
	}
	if err != nil {
		return 0, fmt.Errorf("%.60q or %.60q %w of %s: %w", a, b, errOrder, o.ecosystem, err)
	}
	return sign, nil
}

var (
	commitHash = pattern.New(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	numbered   = pattern.New(`^[0-9]`)
	semantical = pattern.New(`^v?[0-9]+(\.[0-9]+)*([-+][0-9A-Za-z.+-]*)?$`)
	ranged     = pattern.New(`[*<>|,()\[\]?&=# ]`)
)

// ordered says why a version has no place in an order, where its parser would
// make one up: a commit, a range, the name of a branch, a variable.
func (o order) ordered(version string) error {
	named := false
	switch Base(o.ecosystem) {
	case "Maven":
		named = strings.Contains(version, "${") || version == "LATEST" || version == "RELEASE" || strings.HasPrefix(version, "[") || strings.HasPrefix(version, "(")
	case "npm", "Go", "crates.io", "Hex", "Pub", "SwiftURL":
		named = !semantical.MatchString(version) // 383b2e7 is a commit, and 4.x a range
	case "PyPI", "NuGet", "Packagist", "ConanCenter", "Julia", "Bitnami":
		named = !numbered.MatchString(strings.TrimPrefix(version, "v"))
		named = named || Base(o.ecosystem) == "Packagist" && strings.HasSuffix(version, "-dev") // a branch: 5.4.x-dev
	case "RubyGems", "CRAN", "Hackage":
		named = !numbered.MatchString(version)
	}
	if named || ranged.MatchString(version) || commitHash.MatchString(version) {
		return fmt.Errorf("%.60q %w of %s", version, errOrder, o.ecosystem)
	}
	return nil
}

// about says what a record says of a package at a version. The error is for
// what can't be told: the version, or the record, has no place in the order,
// and a place in the record's list does not settle it.
func (a *Advisory) about(p Package, version string) (place, error) {
	var out place
	var unknown []error
	for i := range a.Affected {
		f := &a.Affected[i]
		if !f.Package.covers(p) {
			continue
		}
		hit, err := f.holds(orderOf(p.Ecosystem), version, a.Malware())
		unknown = append(unknown, err)
		out.affected = out.affected || hit.affected
		if hit.affected {
			out.fixed = append(out.fixed, hit.fixed...)
			out.by = hit.by
		}
	}
	if out.affected {
		out.fixed = orderOf(p.Ecosystem).sorted(out.fixed)
		return out, nil
	}
	return out, errors.Join(unknown...)
}

// covers says whether what is said of one package is said of another. A record
// for all releases of a distribution covers each of them.
func (p Package) covers(o Package) bool {
	if p.Key() != o.Key() {
		return false
	}
	// Ubuntu:Pro:16.04:LTS says what is mended for who pays, and so what is open
	// for everybody else.
	record := strings.Replace(p.Ecosystem, "Ubuntu:Pro:", "Ubuntu:", 1)
	return p.Ecosystem == o.Ecosystem || p.Ecosystem == Base(p.Ecosystem) ||
		record == o.Ecosystem || strings.HasPrefix(record, o.Ecosystem+":") // Ubuntu:22.04:LTS
}

// holds evaluates ranges and versions as the OSV schema says: in the list, or
// inside a range.
func (f *Affected) holds(o order, version string, malware bool) (place, error) {
	if len(f.Ranges) == 0 && len(f.Versions) == 0 && malware {
		return place{affected: true, by: "every version"}, nil
	}
	if version == "" && f.everything() {
		return place{affected: true, by: "every version"}, nil
	}
	if version == "" {
		return place{}, errors.New("the SBOM names no version")
	}
	listed := f.lists(o, version)
	out := place{affected: listed}
	if listed {
		out.by = "listed version " + version
	}
	var unknown []error
	if err := o.ordered(version); err != nil && !listed && len(f.Ranges) > 0 && !f.everything() {
		return out, err
	}
	readable := len(f.Versions) > 0
	for _, r := range f.Ranges {
		if r.Type == "GIT" {
			continue
		}
		readable = true
		in, fixed, err := r.holds(o, version)
		unknown = append(unknown, err)
		if in || listed {
			out.fixed = append(out.fixed, fixed...)
		}
		if in {
			out.affected, out.by = true, r.String()
		}
	}
	if !readable && len(f.Ranges) > 0 {
		return out, errors.New("the record has only ranges of commits")
	}
	if out.affected {
		return out, nil
	}
	return out, errors.Join(unknown...)
}

// everything says whether a range holds every version there is.
func (f *Affected) everything() bool {
	return slices.ContainsFunc(f.Ranges, func(r Range) bool {
		return r.Type != "GIT" && len(r.Events) == 1 && r.Events[0].Introduced == "0"
	})
}

// lists says whether the record names this very version.
func (f *Affected) lists(o order, version string) bool {
	if slices.Contains(f.Versions, version) {
		return true
	}
	return slices.ContainsFunc(f.Versions, func(listed string) bool {
		sign, err := o.compare(version, listed)
		return err == nil && sign == 0
	})
}

// holds walks the events of a range in the order of their versions. Where two
// events stand at one version the one that begins the range comes last, unless
// the range is this one version.
func (r Range) holds(o order, version string) (in bool, fixed []string, err error) {
	events, limits, err := r.sorted(o)
	if err != nil {
		return false, nil, err
	}
	if before, err := o.beforeAny(version, limits); err != nil || !before {
		return false, nil, err
	}
	for _, e := range events {
		sign := 1
		if e.Introduced != "0" {
			if sign, err = o.compare(version, e.version()); err != nil {
				return false, nil, err
			}
		}
		switch {
		case e.Introduced != "" && sign >= 0:
			in = true
		case e.Fixed != "" && sign >= 0, e.LastAffected != "" && sign > 0:
			in = false
		case e.Fixed != "":
			fixed = append(fixed, e.Fixed)
		}
	}
	if !in {
		return false, nil, nil
	}
	return true, fixed[:min(len(fixed), 1)], nil
}

// sorted puts the events in order, and the limits aside.
func (r Range) sorted(o order) (events []Event, limits []string, err error) {
	for _, e := range r.Events {
		switch {
		case e.Limit != "":
			limits = append(limits, e.Limit)
		case e.version() != "":
			events = append(events, e)
		}
	}
	arrange.Stably(events, func(a, b Event) int {
		switch {
		case a.Introduced == "0" || b.Introduced == "0":
			return rank(a) - rank(b)
		}
		sign, failed := o.compare(a.version(), b.version())
		if failed != nil {
			err = failed
		}
		if sign == 0 {
			return rank(a) - rank(b)
		}
		return sign
	})
	open := false
	for i := range events {
		if i+1 < len(events) && !open && events[i].LastAffected != "" && events[i+1].Introduced != "" && events[i+1].Introduced != "0" {
			if sign, failed := o.compare(events[i].LastAffected, events[i+1].Introduced); failed == nil && sign == 0 {
				events[i], events[i+1] = events[i+1], events[i] // from this version to this version
			}
		}
		open = events[i].Introduced != ""
	}
	return events, limits, err
}

// rank orders events at one version: the beginning of all versions, the ends,
// then what begins.
func rank(e Event) int {
	switch e.Introduced {
	case "0":
		return 0
	case "":
		return 1
	}
	return 2
}

// beforeAny says whether a version is below one of the limits; without limits
// every version is.
func (o order) beforeAny(version string, limits []string) (bool, error) {
	for _, l := range limits {
		if l == "*" {
			return true, nil
		}
		sign, err := o.compare(version, l)
		if err != nil || sign < 0 {
			return err == nil, err
		}
	}
	return len(limits) == 0, nil
}

// sorted puts versions in order, each once. Versions that have no order stay
// where they were.
func (o order) sorted(versions []string) []string {
	arrange.Stably(versions, func(a, b string) int {
		sign, _ := o.compare(a, b)
		return sign
	})
	return slices.Compact(versions)
}

// String is a range as people write one.
func (r Range) String() string {
	text := ""
	for i, e := range r.Events {
		if i > 0 {
			text += ", "
		}
		switch {
		case e.Introduced != "":
			text += ">= " + e.Introduced
		case e.Fixed != "":
			text += "< " + e.Fixed
		case e.LastAffected != "":
			text += "<= " + e.LastAffected
		case e.Limit != "":
			text += "before " + e.Limit
		}
	}
	return text
}
