// SPDX-License-Identifier: Apache-2.0

package xsd

import (
	"slices"
	"strings"
	"testing"
)

// TestBuiltinTypes: what each type takes and what it does not. The answers are
// those of Xerces, which the CycloneDX project tests its documents with.
func TestBuiltinTypes(t *testing.T) {
	for local, facts := range map[string]struct{ yes, no []string }{
		"string":             {[]string{"", " a\n"}, nil},
		"normalizedString":   {[]string{"", " a\n"}, nil},
		"token":              {[]string{"", " a  b "}, nil},
		"boolean":            {[]string{"true", "false", "1", "0", " true\n"}, []string{"", "yes", "TRUE", "2", "tr ue"}},
		"decimal":            {[]string{"1", "-1", "+1", "1.", ".5", "-0.50", strings.Repeat("9", 400)}, []string{"", ".", "+", "1e3", "1,5", "0x1", "--1", "1.2.3", "INF", "٣"}},
		"integer":            {[]string{"0", "-7", "+7", "007"}, []string{"", "1.0", "1.", "a", "1 2"}},
		"nonNegativeInteger": {[]string{"0", "-0", "+1"}, []string{"-1", "0.5", ""}},
		"positiveInteger":    {[]string{"1", "+10", strings.Repeat("9", 400)}, []string{"0", "-0", "-1", "1.5"}},
		"date":               {[]string{"2026-03-02", "2024-02-29", "2000-02-29", "2026-03-02Z", "2026-03-02+14:00", "12026-12-31", "-0044-03-15"}, []string{"", "2026-3-2", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-04-31", "2026-01-00", "0000-01-01", "02026-01-01", "26-01-01", "2026-03-02+14:01", "2026-03-02+1:00", "2026-03-02T", "2026/03/02"}},
		"dateTime":           {[]string{"2026-03-02T09:00:00", "2026-03-02T09:00:00Z", "2026-03-02T09:00:00.123456789012Z", "2026-03-02T24:00:00", "2026-03-02T24:00:00.00Z", "2026-03-02T23:59:59-13:59"}, []string{"2026-03-02", "2026-03-02 09:00:00", "2026-03-02T9:00:00", "2026-03-02T09:00", "2026-03-02T24:00:01", "2026-03-02T24:00:00.1", "2026-03-02T25:00:00", "2026-03-02T09:60:00", "2026-03-02T09:00:60", "2026-03-02T09:00:00.Z", "2026-03-02T09:00:00z", "2026-03-02T09:00:00+99:00", "2026-03-02T09:00:00+0100", "20:20"}},
		"anyURI":             {[]string{"", "a", "a b", "é", "https://h.example/a?b[c]#d", "pkg:npm/%40a/b@1", "urn:a:b", "../a", "#a", "http://[::1]:80/", "http://u@[::1]/", "a/b:c", "mailto:a", "file:///a", "//h", "?", "x:y#", "1/a:b", "C:\\a"}, []string{"%zz", "a%2", "a#b#c", "1:a", ":a", ":", "a:", "a:#b", "git@github.com:a/b", "//", "http://", "[", "http://[::1", "a/[b]", "http://[x]/", "http://h/[a]"}},
	} {
		s := builtinTypes()[name{schemaSpace, local}].simple
		for _, text := range facts.yes {
			if err := s.check(text); err != nil {
				t.Errorf("%s: %v", local, err)
			}
		}
		for _, text := range facts.no {
			if s.check(text) == nil {
				t.Errorf("%s takes %q", local, text)
			}
		}
	}
}

func TestCompareDecimals(t *testing.T) {
	ordered := []string{"-10", "-9.5", "-1", "-0.5", "-0.05", "0", "0.05", "0.5", "00.50001", "1", "9.99", "10", "100"}
	for i, x := range ordered {
		for j, y := range ordered {
			if got, want := compareDecimals(x, y), sign(i-j); got != want {
				t.Errorf("%s and %s: %d, want %d", x, y, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"0", "-0"}, {"+1.0", "01"}, {".5", "0.500"}, {"1.", "1"}} {
		if got := compareDecimals(same[0], same[1]); got != 0 {
			t.Errorf("%s and %s: %d", same[0], same[1], got)
		}
	}
}

func sign(n int) int { return max(-1, min(1, n)) }

func TestTranslate(t *testing.T) {
	for expr, facts := range map[string]struct{ yes, no []string }{
		`a|b`:             {[]string{"a", "b"}, []string{"ab", "xa", ""}},
		`(a|b)*`:          {[]string{"", "abba"}, []string{"abc"}},
		`a.c`:             {[]string{"abc", "aäc"}, []string{"a\nc", "ac"}},
		`^a$`:             {[]string{"^a$"}, []string{"a"}},
		`[^a]`:            {[]string{"b", "^"}, []string{"a"}},
		`[a^$.]`:          {[]string{"a", "^", "$", "."}, []string{"b"}},
		`[-+a-z0-9.]+`:    {[]string{"text-1.+"}, []string{"A", ""}},
		`[\-\[\]\\\^~#"]`: {[]string{"-", "[", "]", `\`, "^", "~", "#", `"`}, []string{"a"}},
		`\{\}\(\)\.\?\*`:  {[]string{"{}().?*"}, nil},
		`\d{2,3}`:         {[]string{"12", "٣٣٣"}, []string{"1", "1234"}},
		`\n\t`:            {[]string{"\n\t"}, nil},
	} {
		p, err := translate(expr)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range facts.yes {
			if !p.MatchString(text) {
				t.Errorf("%s does not match %q", expr, text)
			}
		}
		for _, text := range facts.no {
			if p.MatchString(text) {
				t.Errorf("%s matches %q", expr, text)
			}
		}
	}
	for expr, want := range map[string]string{
		`[a-z-[aeiou]]`: "a class in a class",
		`\i\c*`:         `the escape \i is not known`,
		`\p{Lu}`:        `the escape \p is not known`,
		`\w`:            `the escape \w is not known`,
		`(?i)a`:         "a group of another kind",
		`a\`:            "ends with a backslash",
		`(`:             "missing closing )",
		`a{2000}`:       "invalid repeat count",
	} {
		if _, err := translate(expr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expr, err, want)
		}
	}
}

// model makes a content model of one-letter elements: "ab" after each other,
// "[ab]" instead of each other, then ? * + or {n,m} as single digits.
func model(t *testing.T, least, most int, choice bool, parts ...particle) particle {
	t.Helper()
	return particle{least: least, most: most, choice: choice, parts: parts}
}

func one(letter string, least, most int) particle {
	return particle{least: least, most: most, element: &element{name: name{"", letter}}}
}

func TestAutomaton(t *testing.T) {
	a, b, c := one("a", 1, 1), one("b", 0, 1), one("c", 0, -1)
	for fact, f := range map[string]struct {
		model   particle
		yes, no []string
	}{
		"after each other":    {model(t, 1, 1, false, a, b, c), []string{"a", "ab", "acc", "abccc"}, []string{"", "b", "aa", "aba", "acb"}},
		"instead":             {model(t, 1, 1, true, a, b, c), []string{"", "a", "b", "ccc"}, []string{"ab", "ca", "aa"}},
		"instead, any number": {model(t, 0, -1, true, a, b), []string{"", "abba", "bbbb"}, []string{"abc"}},
		"again":               {model(t, 1, -1, false, a, b), []string{"a", "ab", "aabab"}, []string{"", "b", "abb"}},
		"two or three":        {model(t, 2, 3, false, a), []string{"aa", "aaa"}, []string{"", "a", "aaaa"}},
		"up to two pairs":     {model(t, 0, 2, false, a, one("b", 1, 1)), []string{"", "ab", "abab"}, []string{"a", "aba", "ababab"}},
		"none":                {model(t, 0, 0, false, a), []string{""}, []string{"a"}},
		"nothing to choose":   {model(t, 1, 1, true), []string{""}, []string{"a"}},
		"in each other":       {model(t, 1, 1, false, model(t, 0, 1, true, a, model(t, 1, 1, false, one("b", 1, 1), c)), one("d", 1, 1)), []string{"d", "ad", "bd", "bccd"}, []string{"", "abd", "cd", "a"}},
	} {
		m, err := newAutomaton(f.model)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range f.yes {
			if !accepts(m, word) {
				t.Errorf("%s: %q is refused", fact, word)
			}
		}
		for _, word := range f.no {
			if accepts(m, word) {
				t.Errorf("%s: %q is accepted", fact, word)
			}
		}
	}
}

func accepts(a *automaton, word string) bool {
	p := place{of: a}
	for _, letter := range word {
		if _, _, ok := p.step(name{"", string(letter)}); !ok {
			return false
		}
	}
	return p.done()
}

func TestExpectedNames(t *testing.T) {
	m, err := newAutomaton(model(t, 1, 1, false, one("b", 0, 1), one("a", 0, -1), particle{least: 0, most: 1, wildcard: &wildcard{any: true}}))
	if err != nil {
		t.Fatal(err)
	}
	p := place{of: m}
	if got := p.expected(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q", got)
	}
	if e, w, ok := p.step(name{"x", "y"}); e != nil || w == nil || !ok || len(p.expected()) != 0 || !p.done() {
		t.Errorf("%v, %v, %v, %q", e, w, ok, p.expected())
	}
}
