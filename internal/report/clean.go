// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxField is the most runes of one outside text that a page shows. JSON
// keeps all of it.
const maxField = 1000

// Clean makes text from outside fit to be shown on one line. Whitespace of any
// kind becomes one space. Whatever can't be seen, or would move the cursor or
// turn the reading direction (control characters, ANSI escapes, bidi
// overrides, zero-width characters, broken UTF-8), is shown as an escape
// instead of being obeyed or dropped, so that a reader sees that it was there.
func Clean(s string) string {
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
		if n++; n > maxField {
			b.WriteRune('…')
			break
		}
		b.WriteString(visible(r, raw))
	}
	return b.String()
}

// visible is r, or its escape where r can't be seen.
func visible(r rune, raw string) string {
	if r == utf8.RuneError && len(raw) == 1 {
		return fmt.Sprintf(`\x%02x`, raw[0])
	}
	if !hidden(r) {
		return raw
	}
	quoted := strconv.QuoteRuneToASCII(r)
	return quoted[1 : len(quoted)-1]
}

// hidden reports whether r takes no ink or changes how its neighbours are
// shown. unicode.IsPrint leaves out format characters (bidi, zero-width);
// the other tables hold letters and marks that are blank all the same.
func hidden(r rune) bool {
	const brailleBlank = '\u2800'
	return !unicode.IsPrint(r) || r == brailleBlank ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// quote is s as one word of a POSIX shell, so that a command we propose does
// what it looks like whatever a file is called.
func quote(s string) string {
	s = Clean(s)
	plain := s != "" && strings.IndexFunc(s, func(r rune) bool { return !isWordRune(r) }) < 0
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func isWordRune(r rune) bool {
	return isAlnum(r) || strings.ContainsRune("._/@:+-", r)
}

func isAlnum(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// short is the start of a long hex id, enough to find it by. A digest keeps
// its algorithm.
func short(id string) string {
	alg, hex, found := strings.Cut(id, ":")
	if !found {
		alg, hex = "", id
	}
	if strings.IndexFunc(hex, func(r rune) bool { return !isAlnum(r) }) >= 0 || len(hex) <= 12 {
		return id
	}
	if found {
		return alg + ":" + hex[:12]
	}
	return hex[:12]
}
