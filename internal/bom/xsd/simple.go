// SPDX-License-Identifier: Apache-2.0

package xsd

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A simple type is what a text must be: what its base is, and what its own
// facets say beyond that.
type simple struct {
	base     *simple
	union    []*simple // or what one of these is; then there is no base
	white    white
	lexical  func(string) bool // of a built-in type; nil: anything
	values   map[string]bool   // one of these; nil: anything
	patterns []*regexp.Regexp  // as one of these; none: anything
	shortest int               // in characters
	longest  int               // -1: any
	smallest string            // a decimal number; empty: any
	largest  string
}

// white says what becomes of white space before a text is looked at.
type white int

const (
	preserve white = iota
	replace
	collapse
)

func (w white) of(s string) string {
	switch w {
	case preserve:
		return s
	case replace:
		return strings.Map(func(r rune) rune {
			if r == '\t' || r == '\n' || r == '\r' {
				return ' '
			}
			return r
		}, s)
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(spaceCharacters, r) }), " ")
}

// check returns why a text is not of the type, or nil.
func (t *simple) check(text string) error {
	if t.union != nil {
		for _, u := range t.union {
			if u.check(text) == nil {
				return nil
			}
		}
		return fmt.Errorf("%s is of none of the types that it may be of", shown(text))
	}
	if t.base != nil {
		if err := t.base.check(text); err != nil {
			return err
		}
	}
	return t.facets(t.white.of(text))
}

func (t *simple) facets(text string) error {
	switch {
	case t.lexical != nil && !t.lexical(text):
		return fmt.Errorf("%s is not written as it must be", shown(text))
	case t.values != nil && !t.values[text]:
		return fmt.Errorf("%s is none of the %d values that there are", shown(text), len(t.values))
	case t.longest >= 0 && utf8.RuneCountInString(text) > t.longest:
		return fmt.Errorf("%s is longer than %d characters", shown(text), t.longest)
	case t.shortest > 0 && utf8.RuneCountInString(text) < t.shortest:
		return fmt.Errorf("%s is shorter than %d characters", shown(text), t.shortest)
	case t.smallest != "" && compareDecimals(text, t.smallest) < 0:
		return fmt.Errorf("%s is less than %s", shown(text), t.smallest)
	case t.largest != "" && compareDecimals(text, t.largest) > 0:
		return fmt.Errorf("%s is more than %s", shown(text), t.largest)
	}
	for _, p := range t.patterns {
		if p.MatchString(text) {
			return nil
		}
	}
	if len(t.patterns) > 0 {
		return fmt.Errorf("%s does not have the form that it must have", shown(text))
	}
	return nil
}

// shown is a text for people, who need not see all of it.
func shown(text string) string { return fmt.Sprintf("%.60q", text) }

// simpleType makes a type.
func (c *compiler) simpleType(n *node) (*simple, error) {
	if err := n.only("name", "final"); err != nil {
		return nil, err
	}
	if len(n.children) != 1 {
		return nil, n.odd()
	}
	child := n.children[0]
	switch child.local {
	case "restriction":
		return c.restriction(child)
	case "union":
		t := &simple{longest: -1}
		for reference := range strings.FieldsSeq(child.attribute("memberTypes")) {
			member, err := c.simpleOf(reference, child)
			if err != nil {
				return nil, err
			}
			t.union = append(t.union, member)
		}
		for _, inner := range child.children {
			member, err := c.simpleType(inner)
			if err != nil {
				return nil, err
			}
			t.union = append(t.union, member)
		}
		if t.union == nil {
			return nil, child.odd()
		}
		return t, child.only("memberTypes")
	}
	return nil, child.odd()
}

func (c *compiler) restriction(n *node) (*simple, error) {
	if err := n.only("base"); err != nil {
		return nil, err
	}
	base, err := c.simpleOf(n.attribute("base"), n)
	if err != nil {
		return nil, err
	}
	t := &simple{base: base, white: base.white, longest: -1}
	for _, facet := range n.children {
		if err := facet.only("value"); err != nil {
			return nil, err
		}
		if len(facet.children) > 0 || base.union != nil {
			return nil, facet.odd()
		}
		if err := t.facet(facet); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *simple) facet(n *node) (err error) {
	value := n.attribute("value")
	switch n.local {
	case "enumeration":
		if t.values == nil {
			t.values = map[string]bool{}
		}
		t.values[t.white.of(value)] = true
	case "pattern":
		var p *regexp.Regexp
		p, err = translate(value)
		t.patterns = append(t.patterns, p)
	case "minLength":
		t.shortest, err = strconv.Atoi(value)
	case "maxLength":
		t.longest, err = strconv.Atoi(value)
	case "minInclusive":
		t.smallest = value
	case "maxInclusive":
		t.largest = value
	default:
		return n.odd()
	}
	if (n.local == "minInclusive" || n.local == "maxInclusive") && (!isDecimal(value) || !t.numeric()) {
		err = fmt.Errorf("%q is a bound of no number", value)
	}
	if err != nil {
		return fmt.Errorf("line %d: %w", n.line, err)
	}
	return nil
}

// numeric reports whether every text of the type is a decimal number.
func (t *simple) numeric() bool {
	for ; t != nil; t = t.base {
		if t.lexical != nil {
			return t.lexical("1") && !t.lexical("a")
		}
	}
	return false
}
