// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/gateledger/gateledger/internal/clean"
)

// CheckPattern says why a pattern of a deny list could match nothing.
func CheckPattern(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil || strings.TrimSpace(pattern) == "" {
		return fmt.Errorf("%.80q is no pattern; * stands for anything but a slash, ? for one character", pattern)
	}
	return nil
}

// CheckPackagePattern is CheckPattern for a package URL.
func CheckPackagePattern(pattern string) error {
	if rest, ok := strings.CutPrefix(pattern, "pkg:"); !ok || !strings.Contains(rest, "/") {
		return fmt.Errorf("%.80q is no package URL; write pkg:npm/name, pkg:npm/@scope/* or pkg:pypi/name@1.0", pattern)
	}
	return CheckPattern(pattern)
}

// denied adds what the deny lists say of a component.
func (a *auditor) denied(c *Component) {
	for _, pattern := range a.in.Rules.DenyPackages {
		if deniesPackage(pattern, c.PURL) {
			a.deny(c, DeniedPackage, "denied-package", "the package is denied: "+pattern, "")
			break
		}
	}
	for _, pattern := range a.in.Rules.DenyLicences {
		if licence, ok := deniesLicences(pattern, c.Licences); ok {
			a.deny(c, DeniedLicence, "denied-licence", "licence "+licence+" is denied: "+pattern, licence)
			break
		}
	}
}

func (a *auditor) deny(c *Component, kind, id, why, licence string) {
	f := Finding{
		Kind: kind, ID: id, IDs: []string{id}, Component: c.Label(), Ref: clean.Users(c.Ref), Package: c.Name, Version: c.Version,
		Scope: c.Scope, Path: a.path(c.Ref), Summary: why, Why: []string{why}, Sources: []string{"deny list"},
		component: c, licence: licence,
	}
	if p, version, err := Identify(c.PURL); err == nil {
		f.Package, f.Ecosystem, f.Version = p.Name, p.Ecosystem, version
	}
	a.report.Findings = append(a.report.Findings, f)
}

// deniesPackage compares a pattern with a package URL: without its version
// where the pattern has none, and never with its qualifiers. Both are compared
// as they are meant, not as they are written: escapes, case, and the separators
// of Python's names make no difference.
func deniesPackage(pattern, purl string) bool {
	u, err := packageurl.FromString(purl)
	if err != nil {
		return false // that it can't be read is reported
	}
	bare := plainPackage("pkg:" + u.Type + "/" + slashed(u))
	pattern, version := splitVersion(pattern)
	if ok, err := path.Match(plainPackage(pattern), bare); err != nil || !ok {
		return false
	}
	if version == "" {
		return true
	}
	ok, err := path.Match(strings.ToLower(version), strings.ToLower(u.Version))
	return err == nil && ok
}

// splitVersion cuts a pattern where its version begins, and takes out escapes.
func splitVersion(pattern string) (name, version string) {
	if plain, err := url.PathUnescape(pattern); err == nil {
		pattern = plain
	}
	if at := strings.LastIndexByte(pattern, '@'); at > strings.LastIndexByte(pattern, '/')+1 {
		return pattern[:at], pattern[at+1:]
	}
	return pattern, ""
}

// plainPackage folds what two spellings of one package may differ in.
func plainPackage(name string) string {
	name = strings.ToLower(name)
	if rest, ok := strings.CutPrefix(name, "pkg:pypi/"); ok {
		return "pkg:pypi/" + pythonName(rest)
	}
	return name
}

// deniesLicences says which licence of a component a pattern denies. An
// expression is denied if no way of choosing among its ORs avoids the pattern.
func deniesLicences(pattern string, all []Licence) (licence string, denied bool) {
	stated := slices.ContainsFunc(all, Licence.stated)
	if !stated && strings.EqualFold(pattern, "unknown") {
		return "unknown", true
	}
	for _, l := range all {
		if l.Name != "" && matchesLicence(pattern, l.Name) {
			return l.Name, true
		}
		if l.Expression != "" && deniesExpression(pattern, l.Expression) {
			return l.Expression, true
		}
	}
	return "", false
}

// stated says whether a licence is one: SPDX has two words for having found none.
func (l Licence) stated() bool {
	return !slices.ContainsFunc([]string{"", "NOASSERTION", "NONE"}, func(nothing string) bool {
		return strings.EqualFold(nothing, strings.TrimSpace(l.Expression+l.Name))
	})
}

// matchesLicence compares one identifier, without case. GPL-3.0 and
// GPL-3.0-only are one licence, as GPL-3.0+ and GPL-3.0-or-later are.
func matchesLicence(pattern, id string) bool {
	spellings := []string{strings.ToLower(id)}
	switch lower := spellings[0]; {
	case strings.HasSuffix(lower, "-only"):
		spellings = append(spellings, strings.TrimSuffix(lower, "-only"))
	case strings.HasSuffix(lower, "-or-later"):
		spellings = append(spellings, strings.TrimSuffix(lower, "-or-later")+"+")
	case strings.HasSuffix(lower, "+"):
		spellings = append(spellings, strings.TrimSuffix(lower, "+")+"-or-later")
	default:
		spellings = append(spellings, lower+"-only")
	}
	whole := strings.NewReplacer("/", "\x00") // no folders: * stands for slashes too
	for _, s := range spellings {
		if ok, err := path.Match(whole.Replace(strings.ToLower(pattern)), whole.Replace(s)); err == nil && ok {
			return true
		}
	}
	return false
}

// maxWords bounds an SPDX expression.
const maxWords = 1000

// A chooser walks an SPDX licence expression
// (https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/).
type chooser struct {
	pattern string
	words   []string
	broken  bool
}

// deniesExpression says whether every choice that an expression leaves is
// denied. One that can't be read is denied if any word of it is.
func deniesExpression(pattern, expression string) bool {
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(expression))
	c := &chooser{pattern: pattern, words: words[:min(len(words), maxWords)]}
	denied := c.or(0)
	if !c.broken && len(c.words) == 0 && len(words) <= maxWords {
		return denied
	}
	for _, w := range strings.FieldsFunc(expression, func(r rune) bool { return strings.ContainsRune(" \t\r\n(),;/|&", r) }) {
		if matchesLicence(pattern, w) {
			return true
		}
	}
	return matchesLicence(pattern, expression)
}

func (c *chooser) next(word string) bool {
	if len(c.words) == 0 || !strings.EqualFold(c.words[0], word) {
		return false
	}
	c.words = c.words[1:]
	return true
}

// or is denied if all its sides are: AND binds tighter.
func (c *chooser) or(depth int) bool {
	denied := c.and(depth)
	for c.next("OR") {
		side := c.and(depth)
		denied = denied && side
	}
	return denied
}

// and is denied if one of its sides is.
func (c *chooser) and(depth int) bool {
	denied := c.term(depth)
	for c.next("AND") {
		side := c.term(depth)
		denied = denied || side
	}
	return denied
}

// maxParentheses bounds how deep an expression nests.
const maxParentheses = 32

func (c *chooser) term(depth int) bool {
	if len(c.words) == 0 || depth > maxParentheses {
		c.broken = true
		return false
	}
	if c.next("(") {
		denied := c.or(depth + 1)
		c.broken = c.broken || !c.next(")")
		return denied
	}
	id := c.words[0]
	c.words = c.words[1:]
	denied := matchesLicence(c.pattern, id)
	if c.next("WITH") && len(c.words) > 0 {
		denied = denied || matchesLicence(c.pattern, id+" WITH "+c.words[0])
		c.words = c.words[1:]
	}
	return denied
}
