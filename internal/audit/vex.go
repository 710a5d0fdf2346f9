// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/package-url/packageurl-go"
)

// The statuses of a VEX statement, as OpenVEX names them.
const (
	vexNotAffected = "not_affected"
	vexAffected    = "affected"
	vexFixed       = "fixed"
	vexOpen        = "under_investigation"
)

// A Statement is what somebody says about vulnerabilities in products.
type Statement struct {
	Source   string // file and place in it
	IDs      []string
	Products []Product
	Status   string
	Why      string // justification, or impact
	Time     time.Time
	Rejected string // why it lifts nothing, whatever it fits
}

// A Product is what a statement is about: a package URL, or a reference of the
// SBOM. With Parts it is about those, where they are parts of it.
type Product struct {
	ID     string
	Parts  []string
	Serial string // of the SBOM that ID is a reference of; empty: any
	// Versions limits ID to these; empty: every version.
	Versions []string
}

// decides says whether a statement takes a finding away.
func (s *Statement) decides() bool { return s.Status == vexNotAffected || s.Status == vexFixed }

// vex applies the newest statement that fits a finding. Two of one time that
// disagree take nothing away, and neither does one that is not understood where
// another says that the product is affected, or may be. Statements are about
// vulnerabilities: what a deny list or a registry says they do not lift.
func (a *auditor) vex(f *Finding) bool {
	if f.Kind != Vulnerability {
		return false
	}
	newest, against := -1, -1
	for i := range a.in.VEX {
		s := &a.in.VEX[i]
		if !a.fits(s, f) {
			continue
		}
		if s.Rejected != "" {
			if s.Status != "" && !s.decides() {
				against = i
			}
			continue
		}
		a.used[i] = true
		if newest < 0 {
			newest = i
			continue
		}
		switch sign := s.Time.Compare(a.in.VEX[newest].Time); {
		case sign > 0, sign == 0 && !s.decides():
			newest = i
		}
	}
	if newest < 0 {
		return false
	}
	s := &a.in.VEX[newest]
	line := "VEX says " + strings.ReplaceAll(s.Status, "_", " ")
	if s.Why != "" {
		line += " (" + s.Why + ")"
	}
	f.Sources = append(f.Sources, s.Source)
	if s.decides() && against >= 0 {
		line += fmt.Sprintf("; but %s may say otherwise (%.40q), and was rejected: %s", a.in.VEX[against].Source, a.in.VEX[against].Status, a.in.VEX[against].Rejected)
	}
	if !s.decides() || against >= 0 {
		f.Notes = append(f.Notes, line)
		return false
	}
	f.Verdict = NotAffected
	f.Why = []string{line + ", " + s.Source}
	return true
}

// fits says whether a statement is about a finding's vulnerability in its
// component.
func (a *auditor) fits(s *Statement, f *Finding) bool {
	if !slices.ContainsFunc(s.IDs, func(id string) bool { return slices.Contains(f.IDs, id) }) {
		return false
	}
	return slices.ContainsFunc(s.Products, func(p Product) bool { return a.about(p, f.component) })
}

// about says whether a product is a component, or a whole that it is part of.
// What is said of the SBOM's subject is said of all that it is made of. What is
// said of a part of something else holds where nothing but that needs it.
func (a *auditor) about(p Product, c *Component) bool {
	b := a.in.BOM
	if p.Serial != "" && p.Serial != b.Serial {
		return false
	}
	if len(p.Parts) == 0 {
		return p.names(c) || p.is(&b.Subject)
	}
	if !slices.ContainsFunc(p.Parts, func(part string) bool { return Product{ID: part}.names(c) }) {
		return false
	}
	if p.is(&b.Subject) {
		return true
	}
	wholes := map[string]bool{}
	for i := range b.Components {
		if whole := &b.Components[i]; whole.Ref != "" && p.is(whole) {
			wholes[whole.Ref] = true
		}
	}
	return len(wholes) > 0 && b.onlyThrough(c.all(), wholes)
}

// all are the references of all components that are this one.
func (c *Component) all() []string {
	if len(c.refs) == 0 {
		return []string{c.Ref}
	}
	return c.refs
}

// names says whether a product is a component under each of its references.
func (p Product) names(c *Component) bool {
	for _, ref := range c.all() {
		at := *c
		at.Ref = ref
		if !p.is(&at) {
			return false
		}
	}
	return true
}

// is says whether a product names a component: by its reference, or by a
// package URL.
func (p Product) is(c *Component) bool {
	if p.ID == "" || len(p.Versions) > 0 && !slices.Contains(p.Versions, c.Version) {
		return false
	}
	return p.ID == c.Ref || p.ID == c.PURL || samePackage(p.ID, c.PURL)
}

// samePackage says whether a package URL that names a package, or versions of
// it, covers another. No version is all of them, and no qualifier is any; one
// that is stated must be there.
func samePackage(named, purl string) bool {
	if !strings.HasPrefix(named, "pkg:") || !strings.HasPrefix(purl, "pkg:") {
		return false
	}
	kind, _, _ := strings.Cut(named[len("pkg:"):], "/")
	if rest := purl[len("pkg:"):]; kind != "" && (len(rest) < len(kind) || !strings.EqualFold(rest[:len(kind)], kind)) && !strings.HasPrefix(rest, "/") {
		return false // of another type, and there is no need to read it
	}
	n, err := packageurl.FromString(named)
	if err != nil {
		return false
	}
	p, err := packageurl.FromString(purl)
	if err != nil || n.Type != p.Type || slashed(n) != slashed(p) && !sameName(named, purl) {
		return false
	}
	if n.Version != "" && n.Version != p.Version && (n.Type != "golang" || goVersion(n.Version) != goVersion(p.Version)) {
		return false
	}
	stated := p.Qualifiers.Map()
	for key, value := range n.Qualifiers.Map() {
		if stated[key] != value {
			return false
		}
	}
	return n.Subpath == "" || n.Subpath == p.Subpath
}

// sameName compares names by their ecosystem's own rules.
func sameName(a, b string) bool {
	p, _, err := Identify(a)
	q, _, err2 := Identify(b)
	return err == nil && err2 == nil && p.Key() == q.Key()
}

// unused lists the statements and waivers that changed nothing, and why.
func (a *auditor) unused() {
	for i := range a.in.VEX {
		s := &a.in.VEX[i]
		if why := a.whyUnused(s, a.used[i]); why != "" {
			a.report.VEX = append(a.report.VEX, Unused{s.Source, strings.Join(s.IDs, ", ") + ": " + s.Status, why})
		}
	}
	for i := range a.in.Waivers {
		w := &a.in.Waivers[i]
		why := w.invalid(a.in.Now)
		if why == "" && !a.waivers[i] {
			why = "nothing was found that it is for"
		}
		if why != "" {
			a.report.Waivers = append(a.report.Waivers, Unused{w.Source, w.ID + " in " + w.Package, why})
		}
	}
	if n := a.in.BOM.Claims; n > 0 {
		a.report.Notes = append(a.report.Notes, fmt.Sprintf("the SBOM itself makes %d statements about vulnerabilities; they are not believed, give them with --vex if you do", n))
	}
}

func (a *auditor) whyUnused(s *Statement, used bool) string {
	switch {
	case s.Rejected != "":
		return "rejected: " + s.Rejected
	case used:
		return ""
	}
	if slices.ContainsFunc(s.Products, a.inside) {
		return "no such vulnerability was found in what it names"
	}
	if slices.ContainsFunc(s.Products, a.elsewhere) {
		return "not only what it names needs the part that it names"
	}
	return "nothing in the SBOM is what it names"
}

// inside says whether something in the SBOM is what a product names.
func (a *auditor) inside(p Product) bool {
	if len(p.Parts) == 0 && p.is(&a.in.BOM.Subject) {
		return len(a.in.BOM.Components) > 0
	}
	parts := p.Parts
	if len(parts) == 0 {
		parts = []string{p.ID}
	}
	return slices.ContainsFunc(parts, func(id string) bool {
		return slices.ContainsFunc(a.like(id), func(c *Component) bool { return a.about(p, c) })
	})
}

// elsewhere says whether a product and a part of it are both in the SBOM.
func (a *auditor) elsewhere(p Product) bool {
	named := func(id string) bool {
		return slices.ContainsFunc(a.like(id), Product{ID: id}.is)
	}
	return (p.Serial == "" || p.Serial == a.in.BOM.Serial) && named(p.ID) && slices.ContainsFunc(p.Parts, named)
}

// like are the components that an identifier may name: to hold each statement
// against each component would take minutes.
func (a *auditor) like(id string) []*Component {
	if a.named == nil {
		a.named = map[string][]*Component{}
		for i := range a.in.BOM.Components {
			c := &a.in.BOM.Components[i]
			for _, name := range uniqueIDs([]string{c.Ref, c.PURL, alike(c.PURL)}) {
				a.named[name] = append(a.named[name], c)
			}
		}
	}
	return slices.Concat(a.named[id], a.named[alike(id)])
}

// alike is the same for all package URLs that can be of one package.
func alike(purl string) string {
	p, err := packageurl.FromString(purl)
	if err != nil {
		return ""
	}
	return "alike:" + p.Type + "/" + pythonName(slashed(p))
}

// reject says why a statement counts for nothing.
func (s *Statement) reject(now time.Time) {
	switch {
	case s.Rejected != "":
	case len(s.IDs) == 0:
		s.Rejected = "it names no vulnerability"
	case len(s.Products) == 0:
		s.Rejected = "it names no product"
	case !slices.Contains([]string{vexNotAffected, vexAffected, vexFixed, vexOpen}, s.Status):
		s.Rejected = fmt.Sprintf("unknown status %.40q", s.Status)
	case s.Status == vexNotAffected && s.Why == "":
		s.Rejected = "it says not affected, and not why: a justification or an impact statement is needed"
	case s.Time.Sub(now) > future:
		s.Rejected = "it is of " + s.Time.Format(time.RFC3339) + ", which is still to come"
	}
}

// uniqueIDs are names without the empty one, each once.
func uniqueIDs(lists ...[]string) []string {
	set := map[string]bool{}
	for _, id := range slices.Concat(lists...) {
		set[strings.TrimSpace(id)] = true
	}
	delete(set, "")
	return slices.Sorted(maps.Keys(set))
}
