// SPDX-License-Identifier: Apache-2.0

package xsd

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// translate compiles a regular expression of XML schemas
// (https://www.w3.org/TR/xmlschema-2/#regexs). It is one of the whole text; ^
// and $ are characters like others. What RE2 does not have in the same
// spelling and is not used, such as class subtraction, is refused.
func translate(expr string) (*regexp.Regexp, error) {
	var out strings.Builder
	out.WriteString(`\A(?:`)
	class := false
	for i := 0; i < len(expr); i++ {
		c := expr[i]
		switch {
		case c == '\\':
			escape, err := escapeOf(expr[i+1:])
			if err != nil {
				return nil, fmt.Errorf("pattern %.80q: %w", expr, err)
			}
			out.WriteString(escape)
			i++
			continue
		case class && c == '[':
			return nil, fmt.Errorf("pattern %.80q: a class in a class is not known", expr)
		case class && c == ']':
			class = false
		case !class && c == '[':
			class = true
			if strings.HasPrefix(expr[i+1:], "^") {
				out.WriteString("[^")
				i++
				continue
			}
		case !class && (c == '^' || c == '$'):
			out.WriteByte('\\')
		case !class && c == '.':
			out.WriteString(`[^\n\r]`)
			continue
		case !class && strings.HasPrefix(expr[i:], "(?"):
			return nil, fmt.Errorf("pattern %.80q: a group of another kind", expr)
		}
		out.WriteByte(c)
	}
	if class {
		return nil, fmt.Errorf("pattern %.80q: a class without an end", expr)
	}
	out.WriteString(`)\z`)
	compiled, err := regexp.Compile(out.String())
	if err != nil {
		return nil, fmt.Errorf("pattern %.80q: %w", expr, err)
	}
	return compiled, nil
}

// escapeOf returns the escape that begins after a backslash: of a character
// that means something else, or a white-space one.
func escapeOf(rest string) (string, error) {
	if rest == "" {
		return "", errors.New("it ends with a backslash")
	}
	switch c := rest[0]; {
	case c == 'd':
		return `\p{Nd}`, nil
	case strings.IndexByte(`\|.-^?*+{}()[]`, c) >= 0, strings.IndexByte("nrt", c) >= 0:
		return `\` + rest[:1], nil
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return "", fmt.Errorf(`the escape \%c is not known`, r)
}
