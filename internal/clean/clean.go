// SPDX-License-Identifier: Apache-2.0

// Package clean makes text from outside fit to be shown. Whatever can't be
// seen, or would move the cursor or turn the reading direction (control
// characters, ANSI escapes, bidi overrides, zero-width characters, broken
// UTF-8), is shown as an escape instead of being obeyed or dropped, so that a
// reader sees that it was there.
package clean

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxField is the most runes that Field keeps.
const MaxField = 1000

// Text shows every character as it is or as its escape, line breaks too. Text
// without anything hidden comes back as it is.
func Text(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		b.WriteString(visible(r, s[:size]))
		s = s[size:]
	}
	return b.String()
}

// Field is Text for one field of a page: whitespace of any kind is one space,
// and what goes on for too long is cut.
func Field(s string) string {
	var b strings.Builder
	space, n := false, 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		raw := s[:size]
		s = s[size:]
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
			n++
		}
		if n++; n > MaxField {
			b.WriteRune('…')
			break
		}
		b.WriteString(visible(r, raw))
	}
	return b.String()
}

// visible is the character that is spelled raw, or its escape.
func visible(r rune, raw string) string {
	if r == utf8.RuneError && len(raw) == 1 {
		return fmt.Sprintf(`\x%02x`, raw[0])
	}
	if !Hidden(r) {
		return raw
	}
	quoted := strconv.QuoteRuneToASCII(r)
	return quoted[1 : len(quoted)-1]
}

// Hidden reports whether r takes no ink or changes how its neighbours are
// shown. unicode.IsPrint leaves out control and format characters; the other
// tables hold letters and marks that are blank all the same.
func Hidden(r rune) bool {
	const brailleBlank = '\u2800'
	return !unicode.IsPrint(r) || r == brailleBlank ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
