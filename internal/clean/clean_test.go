// SPDX-License-Identifier: Apache-2.0

package clean_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/clean"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, ünïcode 漢字 ✓": "plain text, ünïcode 漢字 ✓",
		"":                         "",
		"a\nb\tc\rd":               `a\nb\tc\rd`,
		"\x1b[31mred\x1b[0m":       `\x1b[31mred\x1b[0m`,
		"\x1b]8;;http://evil\x07":  `\x1b]8;;http://evil\a`,
		"bell\a del\x7f nul\x00":   `bell\a del\x7f nul\x00`,
		"c1 \u009b31m":             `c1 \u009b31m`,
		"bidi \u202egnp.exe":       `bidi \u202egnp.exe`,
		"isolate \u2066x\u2069":    `isolate \u2066x\u2069`,
		"zero\u200bwidth\ufeff":    `zero\u200bwidth\ufeff`,
		"line\u2028sep":            `line\u2028sep`,
		"tag \U000e0041":           `tag \U000e0041`,
		"broken \xff\xc3(":         `broken \xff\xc3(`,
		"no-break\u00a0space":      `no-break\u00a0space`,
		"hangul filler \u3164":     `hangul filler \u3164`,
		"variation \ufe0f":         `variation \ufe0f`,
		"braille blank \u2800":     `braille blank \u2800`,
		"real \ufffd stays":        "real \ufffd stays",
	} {
		if got := clean.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[2J", "\u202e", "\xff", "a\nb", "\U000e0041", `\x1b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean.Text(s)
		if !utf8.ValidString(got) {
			t.Errorf("Text(%q) = %q is not UTF-8", s, got)
		}
		for _, r := range got {
			if clean.Hidden(r) {
				t.Errorf("Text(%q) = %q holds %U", s, got, r)
			}
		}
		if again := clean.Text(got); again != got {
			t.Errorf("Text(%q) = %q, but cleaned again %q", s, got, again)
		}
	})
}

func TestField(t *testing.T) {
	for fact, c := range map[string]struct{ in, want string }{
		"plain text is kept":                {"Ana Müller 李", "Ana Müller 李"},
		"a newline is a space":              {"a\r\nb\u2028c\td", "a b c d"},
		"space at the ends is dropped":      {"  a  ", "a"},
		"an escape sequence is shown":       {"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		"a bidi override is shown":          {"a\u202eb", `a\u202eb`},
		"an isolate is shown":               {"\u2066a\u2069", `\u2066a\u2069`},
		"a zero-width space is shown":       {"al\u200bice", `al\u200bice`},
		"a byte order mark is shown":        {"\ufeffa", `\ufeffa`},
		"a tag character is shown":          {"a\U000e0041", `a\U000e0041`},
		"a variation selector is shown":     {"a\ufe0f", `a\ufe0f`},
		"a hangul filler is shown":          {"\u3164", `\u3164`},
		"a blank braille cell is shown":     {"\u2800", `\u2800`},
		"a combining joiner is shown":       {"a\u034fb", `a\u034fb`},
		"a bell is shown":                   {"\a", `\a`},
		"a C1 control is shown":             {"\u009b31m", `\u009b31m`},
		"a non-breaking space is a space":   {"a\u00a0b", "a b"},
		"a private-use character is shown":  {"\ue000", `\ue000`},
		"broken UTF-8 is shown":             {"a\xff\xfe", `a\xff\xfe`},
		"a replacement character is itself": {"\ufffd", "\ufffd"},
		"what is too long is cut":           {strings.Repeat("a", clean.MaxField+1), strings.Repeat("a", clean.MaxField) + "…"},
	} {
		if got := clean.Field(c.in); got != c.want {
			t.Errorf("%s: Field(%q) is %q, want %q", fact, c.in, got, c.want)
		}
	}
}
