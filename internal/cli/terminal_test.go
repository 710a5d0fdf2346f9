// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
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
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[2J", "\u202e", "\xff", "a\nb", "\U000e0041", `\x1b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Errorf("Clean(%q) = %q is not UTF-8", s, got)
		}
		for _, r := range got {
			if hidden(r) {
				t.Errorf("Clean(%q) = %q holds %U", s, got, r)
			}
		}
		if again := Clean(got); again != got {
			t.Errorf("Clean(%q) = %q, but cleaned again %q", s, got, again)
		}
	})
}

func TestColourIsForTerminals(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	env := &Env{Getenv: func(string) string { return "" }}
	if Color(env, file) || Color(env, &bytes.Buffer{}) || Color(env, &output{w: file}) {
		t.Error("a file or buffer is coloured")
	}
	if IsTerminal(file) || IsTerminal(nil) {
		t.Error("a file or nothing is a terminal")
	}
}

func TestNearest(t *testing.T) {
	have := []string{"gate", "verify", "record", "request"}
	for word, want := range map[string]string{
		"gaet": "gate", "Verfiy": "verify", "recrod": "record", "requst": "request",
		"zebra": "", "": "", "g": "", "x": "",
	} {
		if got := Nearest(word, have); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"same", "same", 0}, {"ab", "ba", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
