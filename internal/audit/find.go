// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
)

// sift goes through the components and finds what is said about each. A
// component that stands there several times is judged once, in its strictest
// scope.
func (a *auditor) sift() {
	a.needs = map[string]bool{}
	seen := map[string]*Component{}
	var order []*Component
	for i := range a.in.BOM.Components {
		c := &a.in.BOM.Components[i]
		first := seen[c.same()]
		if first == nil {
			own := *c
			first = &own
			seen[c.same()] = first
			order = append(order, first)
		} else {
			first.Scope = min(first.Scope, c.Scope)
			first.Licences = append(slices.Clip(first.Licences), c.Licences...)
			first.Hashed = first.Hashed && c.Hashed
		}
		first.refs = append(first.refs, c.Ref)
	}
	for _, c := range order {
		a.component(c)
	}
	a.subject(seen)
	a.enough(len(order))
}

// subject looks up what the SBOM is about, unless it lists that among its
// components: the SBOM of malware need not list it. It is one thing more to know,
// so no feed is needed for its sake, and deny lists are about what it is made of.
func (a *auditor) subject(listed map[string]*Component) {
	c := &a.in.BOM.Subject
	ids, err := c.identities()
	if err != nil || listed[c.same()] != nil {
		return
	}
	known := slices.DeleteFunc(ids, func(id identity) bool { return !a.needs[id.Ecosystem] })
	if len(known) > 0 && known[0].version != "" {
		a.lookUp(c, known)
	}
}

// same is what two components share that are judged as one. A package URL
// without a version is not enough: it stands for each of its versions.
func (c *Component) same() string {
	if c.PURL != "" && c.RegistryName() != "" {
		return c.PURL
	}
	return strings.Join([]string{c.PURL, c.Name, c.Version, c.Type}, "\x00")
}

func (a *auditor) component(c *Component) {
	a.denied(c)
	if c.PURL == "" {
		a.unjudged(c, "it has no package URL", !whole(c.Type))
		return
	}
	ids, err := c.identities()
	if none := (errNoAdvisories{}); errors.As(err, &none) {
		a.unjudged(c, none.Error(), none.matters)
		return
	}
	if err != nil {
		a.unjudged(c, err.Error(), true)
		return
	}
	if ids[0].version == "" && c.Type == "application" {
		return // a project of the tree itself: it has no version yet
	}
	a.report.Counts.Judged++
	for _, one := range c.versions() {
		if ids, err := one.identities(); err == nil {
			a.lookUp(one, ids)
		}
	}
}

// lookUp finds what advisories say of a component by each of its identities.
func (a *auditor) lookUp(c *Component, ids []identity) {
	told := map[string]bool{} // what was found by the name before: true if it is certain
	for i, id := range ids {
		a.needs[id.Ecosystem] = true
		for _, g := range a.said(id.Package, id.version) {
			if i > 0 && g.told(told) {
				continue
			}
			a.report.Findings = append(a.report.Findings, g.finding(a, c, id.Package, id.version))
			for name := range g.ids {
				told[name] = told[name] || g.affected()
			}
		}
	}
}

// told says whether a vulnerability was found already, and no less certain.
func (g *group) told(before map[string]bool) bool {
	for name := range g.ids {
		if certain, found := before[name]; found && (certain || !g.affected()) {
			return true
		}
	}
	return false
}

// whole says whether a type of component is one that advisories about packages
// are not about.
func whole(kind string) bool {
	switch kind {
	case "application", "container", "cryptographic-asset", "data", "device", "device-driver", "file", "firmware",
		"machine-learning-model", "operating-system", "platform":
		return true
	}
	return false
}

func (a *auditor) unjudged(c *Component, why string, matters bool) {
	a.report.Unjudged = append(a.report.Unjudged, Unjudged{c.Label(), clean.Users(why), matters})
}

// enough refuses to call an SBOM clean of which nothing, or not everything
// that matters, was looked at.
func (a *auditor) enough(components int) {
	var unknown []string
	switch {
	case components == 0:
		unknown = append(unknown, "the SBOM lists no component")
	case a.report.Counts.Judged == 0:
		unknown = append(unknown, "no component of the SBOM is one that advisories could be about")
	}
	if gaps := a.in.BOM.Gaps; len(gaps) > 0 {
		unknown = append(unknown, "the SBOM says that it is incomplete: "+strings.Join(gaps[:min(len(gaps), 3)], "; "))
	}
	matter := 0
	for _, u := range a.report.Unjudged {
		if u.Matters {
			matter++
		}
	}
	if matter > 0 {
		unknown = append(unknown, fmt.Sprintf("components that can't be looked up in advisories (see 'unjudged'): %d", matter))
	}
	if a.in.Rules.AllowIncomplete {
		a.report.Notes = append(a.report.Notes, unknown...)
		return
	}
	a.report.Unknown = append(a.report.Unknown, unknown...)
}

// A group is the records about one vulnerability of one package.
type group struct {
	records []verdictOf
	ids     map[string]bool
}

// A verdictOf is what one record says about one version.
type verdictOf struct {
	*Advisory
	place
	err error
}

// said are the vulnerabilities of a package at a version. Records that share a
// name or an alias are about one; records that are merely related are not.
func (a *auditor) said(p Package, version string) []*group {
	var groups []*group
	of := map[string]*group{} // by name
	for _, record := range a.records[p.Key()] {
		if !slices.ContainsFunc(record.Affected, func(f Affected) bool { return f.Package.covers(p) }) {
			continue
		}
		at, err := record.about(p, version)
		g := &group{records: []verdictOf{{record, at, err}}, ids: map[string]bool{}}
		for _, id := range append([]string{record.ID}, record.Aliases...) {
			if other := of[id]; other != nil && other != g {
				g = other.join(g, of)
			}
			g.ids[id], of[id] = true, g
		}
		groups = append(groups, g)
	}
	told := map[*group]bool{}
	return slices.DeleteFunc(groups, func(g *group) bool {
		twice := told[g]
		told[g] = true
		return twice || !g.affected() && g.doubt() == nil
	})
}

// join makes one of two groups, the larger, and leaves nothing in the other: a
// package may have thousands of records.
func (g *group) join(o *group, of map[string]*group) *group {
	if len(o.records) > len(g.records) {
		g, o = o, g
	}
	g.records = append(g.records, o.records...)
	for id := range o.ids {
		g.ids[id], of[id] = true, g
	}
	o.records = nil
	return g
}

func (g *group) affected() bool {
	return slices.ContainsFunc(g.records, func(r verdictOf) bool { return r.affected })
}

// doubt is the first record that can't be held against the version.
func (g *group) doubt() error {
	for _, r := range g.records {
		if r.err != nil {
			return fmt.Errorf("%s: %w", r.ID, r.err)
		}
	}
	return nil
}

// finding puts together what the records of a group say.
func (g *group) finding(a *auditor, c *Component, p Package, version string) Finding {
	f := Finding{
		Kind: Vulnerability, IDs: sortedSet(g.ids), Component: c.Label(), Ref: clean.Users(c.Ref),
		Package: p.Name, Ecosystem: p.Ecosystem, Version: version, Scope: c.Scope, component: c,
		Path: a.path(c.Ref),
	}
	certain := g.affected()
	for _, r := range g.records {
		if certain && !r.affected {
			f.Notes = append(f.Notes, r.ID+" does not count this version as affected")
			continue
		}
		g.tell(&f, a, r, p)
	}
	f.ID = known(f.IDs)
	f.Fixed = orderOf(p.Ecosystem).sorted(f.Fixed)
	if !certain {
		f.Why = append(f.Why, "can't tell whether it is affected: "+g.doubt().Error())
		f.Verdict = Undecided
	} else {
		f.Verdict = Passing
	}
	if c.Assumed != "" {
		f.Notes = append(f.Notes, c.Assumed)
	}
	if p.Ecosystem == "Go" && pseudoVersion.MatchString(c.PURL) {
		f.Notes = append(f.Notes, "a pseudo-version: its commit may hold the fix already")
	}
	slices.Sort(f.Sources)
	f.Sources = slices.Compact(f.Sources)
	return f
}

// tell adds what one record says.
func (g *group) tell(f *Finding, a *auditor, r verdictOf, p Package) {
	f.Sources = append(f.Sources, r.ID+" ("+r.Source+")")
	f.Fixed = append(f.Fixed, r.fixed...)
	if r.Malware() {
		f.Kind = Malware
	}
	if f.Summary == "" {
		f.Summary = r.Summary
	}
	if f.Affected == "" {
		f.Affected = r.by
	}
	if grade := r.Grade(p); grade.graver(f.Grade) {
		f.Grade = grade
	}
	for _, id := range r.names() {
		if e, ok := a.in.KEV[id]; ok && f.KEV == nil {
			f.KEV = &e
		}
		if score, ok := a.in.EPSS[id]; ok && (f.EPSS == nil || score > *f.EPSS) {
			f.EPSS = &score
		}
	}
}

// known is the name that most people know a vulnerability by.
func known(ids []string) string {
	for _, prefix := range []string{"MAL-", "CVE-", "GHSA-"} {
		for _, id := range ids {
			if strings.HasPrefix(id, prefix) {
				return id
			}
		}
	}
	return ids[0]
}

func sortedSet(set map[string]bool) []string {
	all := make([]string, 0, len(set))
	for id := range set {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}
