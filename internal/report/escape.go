// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
)

// prose escapes outside text for a line of GitHub or GitLab Markdown, table
// cells and HTML blocks included. What comes out shows s and does nothing: no
// markup, no link, no HTML, no end of a cell. Entities alone would not stop
// mentions and references, which hosts look for after they rendered the page,
// so an empty comment stands after each sigil.
func prose(s string) string {
	var b strings.Builder
	runes := []rune(clean.Field(s))
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	for i, r := range runes {
		switch {
		case r >= 0x80, isAlnum(r), strings.ContainsRune(` ,;?()'"=-/`, r):
			b.WriteRune(r)
		case r == '.' && at(i-1)|0x20 != 'w', r == ':' && (at(i+1) == ' ' || isDigit(at(i-1)) && isDigit(at(i+1))):
			b.WriteRune(r) // neither www. nor https:
		case strings.ContainsRune("@#!~%&$", r), r == ':' && at(i+1) == '/':
			fmt.Fprintf(&b, "&#%d;<!-- -->", r)
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// code is s in one piece, in the font of ids.
func code(s string) string {
	s = clean.Field(s)
	if s == "" {
		return ""
	}
	if strings.IndexFunc(s, func(r rune) bool { return !isAlnum(r) && !strings.ContainsRune("._/:+-", r) }) < 0 {
		return "`" + s + "`"
	}
	return "<code>" + prose(s) + "</code>"
}

// pre escapes a line inside an HTML pre element, where Markdown does not
// reach.
func pre(s string) string {
	return preEscapes.Replace(clean.Field(s))
}

var preEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "|", "&#124;", "`", "&#96;")

// label escapes text inside a quoted Mermaid label. Everything but letters,
// digits and harmless punctuation becomes one of Mermaid's own entities, so
// that a label can't end, start a directive or close the fence around it.
func label(s string) string {
	var b strings.Builder
	for _, r := range clip(clean.Field(s), maxLabel) {
		if r >= 0x80 || isAlnum(r) || strings.ContainsRune(" .,-/()+", r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "#%d;", r)
	}
	return b.String()
}

// maxLabel is the most runes of a line in a picture.
const maxLabel = 60

// clip shortens s to n runes, the last of them an ellipsis.
func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}
