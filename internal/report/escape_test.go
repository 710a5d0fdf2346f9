// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/clean"
)

func TestProse(t *testing.T) {
	for fact, c := range map[string]struct{ in, want string }{
		"words stay readable":       {"rejected: author, (2 of 3)", "rejected: author, (2 of 3)"},
		"no table cell ends":        {"a|b", "a&#124;b"},
		"no HTML starts":            {"<b>&amp;", "&#60;b&#62;&#38;<!-- -->amp;"},
		"no code starts":            {"`a`", "&#96;a&#96;"},
		"no emphasis starts":        {"*a* _b_", "&#42;a&#42; &#95;b&#95;"},
		"no link starts":            {"[a](b)", "&#91;a&#93;(b)"},
		"no image starts":           {"![a](b)", "&#33;<!-- -->&#91;a&#93;(b)"},
		"nobody is mentioned":       {"@ana", "&#64;<!-- -->ana"},
		"no issue is referred to":   {"fixes #1", "fixes &#35;<!-- -->1"},
		"no merge request either":   {"!1", "&#33;<!-- -->1"},
		"no address becomes a link": {"https://evil.example www.evil.example", "https&#58;<!-- -->//evil.example www&#46;evil.example"},
		"a time stays readable":     {"at 09:00:00Z", "at 09:00:00Z"},
		"no formula is set":         {"$x$", "&#36;<!-- -->x&#36;<!-- -->"},
		"no escape escapes":         {`\|`, "&#92;&#124;"},
		"no heading on a new line":  {"a\n# b", "a &#35;<!-- --> b"},
	} {
		if got := prose(c.in); got != c.want {
			t.Errorf("%s: prose(%q) is %q, want %q", fact, c.in, got, c.want)
		}
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{
		"sha256:ab-_./+": "`sha256:ab-_./+`",
		"a b":            "<code>a b</code>",
		"a`b":            "<code>a&#96;b</code>",
		"@ana":           "<code>&#64;<!-- -->ana</code>",
		"":               "",
	} {
		if got := code(in); got != want {
			t.Errorf("code(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestLabel(t *testing.T) {
	for fact, c := range map[string]struct{ in, want string }{
		"a label does not end":     {`a"]`, "a#34;#93;"},
		"no directive starts":      {"%%{init: {}}%%", "#37;#37;#123;init#58; #123;#125;#125;#37;#37;"},
		"no fence closes":          {"a\n```", "a #96;#96;#96;"},
		"no HTML starts":           {"<img>", "#60;img#62;"},
		"no entity is made":        {"#35;", "#35;35#59;"},
		"no markdown string":       {"`**a**`", "#96;#42;#42;a#42;#42;#96;"},
		"what is long is cut":      {strings.Repeat("a", 100), strings.Repeat("a", maxLabel-1) + "…"},
		"letters and marks remain": {"2 of 3 (ana, bö)", "2 of 3 (ana, bö)"},
	} {
		if got := label(c.in); got != c.want {
			t.Errorf("%s: label(%q) is %q, want %q", fact, c.in, got, c.want)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"dist/app@sha256:ab": "dist/app@sha256:ab",
		"a b":                "'a b'",
		"it's":               `'it'\''s'`,
		"$(rm -rf /)":        "'$(rm -rf /)'",
		"":                   "''",
		"a\nb":               "'a b'",
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) is %s, want %s", in, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[string]string{
		requestID:                  "4f1c2ab39d4f",
		fileSHA:                    "sha256:9f86d0819f86",
		"sha256:abc":               "sha256:abc",
		"abc":                      "abc",
		"not hex at all, but long": "not hex at all, but long",
		"":                         "",
	} {
		if got := short(in); got != want {
			t.Errorf("short(%q) is %q, want %q", in, got, want)
		}
	}
}

// attacks seed the fuzzers.
func attacks(f *testing.F) {
	for _, s := range []string{
		"", "ana", "a|b\n| x |", "<script>alert(1)</script>", "`code`", "```\n# h", "@ana #1 !2", "]: http://x",
		"\x1b[2J\x1b]8;;http://x\a", "\u202eevil\u2066", "\xff\xfe", "</details></code></pre>", "-->", "<!-- -->", "<br>",
		`"]; click n0 "javascript:x"`, "%%{init}%%", "end", "'; rm -rf ~ #", "a\r\n::set-output name=x::y", "&#124;", "#quot;",
	} {
		f.Add(s)
	}
}

var allowedEntities = regexp.MustCompile(`&#[0-9]+;(<!-- -->)?`)

// FuzzProse: nothing that Markdown, HTML or a host would act on is left.
func FuzzProse(f *testing.F) {
	attacks(f)
	f.Fuzz(func(t *testing.T, s string) {
		out := prose(s)
		inert(t, out)
		rest := allowedEntities.ReplaceAllString(out, "")
		if i := strings.IndexAny(rest, "<>&|`@#!~%$[]{}*_\\\n\r\t^"); i >= 0 {
			t.Errorf("prose(%q) = %q leaves %q", s, out, rest[i])
		}
		if strings.Contains(strings.ToLower(rest), "://") || strings.Contains(strings.ToLower(out), "www.") {
			t.Errorf("prose(%q) = %q is a link", s, out)
		}
	})
}

func FuzzLabel(f *testing.F) {
	attacks(f)
	entity := regexp.MustCompile(`#[0-9]+;`)
	f.Fuzz(func(t *testing.T, s string) {
		out := label(s)
		inert(t, out)
		if i := strings.IndexAny(entity.ReplaceAllString(out, ""), "\"#;<>&|`%:{}[]\\\n\r\t'=*_~@!$^?"); i >= 0 {
			t.Errorf("label(%q) = %q leaves something to act on", s, out)
		}
	})
}

// FuzzQuote: a POSIX shell reads back one word, and it is what we showed.
func FuzzQuote(f *testing.F) {
	attacks(f)
	f.Fuzz(func(t *testing.T, s string) {
		out := quote(s)
		inert(t, out)
		if got, ok := shellWord(out); !ok || got != clean.Field(s) {
			t.Errorf("quote(%q) = %s reads back as %q (one word: %v)", s, out, got, ok)
		}
	})
}

// shellWord reads a word made of plain characters, single quotes and \'.
func shellWord(s string) (word string, ok bool) {
	var b strings.Builder
	for s != "" {
		switch {
		case strings.HasPrefix(s, `\'`):
			b.WriteByte('\'')
			s = s[2:]
		case s[0] == '\'':
			inside, rest, closed := strings.Cut(s[1:], "'")
			if !closed {
				return "", false
			}
			b.WriteString(inside)
			s = rest
		case isWordRune(rune(s[0])):
			b.WriteByte(s[0])
			s = s[1:]
		default:
			return "", false
		}
	}
	return b.String(), true
}

func inert(t *testing.T, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%q is no UTF-8", out)
	}
	if i := strings.IndexFunc(out, clean.Hidden); i >= 0 {
		t.Errorf("%q holds a hidden character at %d", out, i)
	}
}

// FuzzPages: whatever a person or a commit writes, each form of a page keeps
// its own structure.
func FuzzPages(f *testing.F) {
	attacks(f)
	pages := []func(string) Report{
		func(s string) Report { return hostile(s) },
		func(s string) Report { return littered(s) },
		func(s string) Report { return impostor(s) },
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.TrimFunc(s, unicode.IsSpace) == "" {
			return // an empty field is left out, which is another page
		}
		for _, page := range pages {
			if got, want := structure(t, page(s)), structure(t, page("harmless")); got != want {
				t.Errorf("the page's structure changed for %q:\n%s\nwant\n%s", s, got, want)
			}
		}
	})
}

// impostor is a chain with a certificate that attacks.
func impostor(text string) Chain {
	c := certified()
	c.Steps[0].Identity, c.Steps[0].Key, c.Steps[0].Time, c.Steps[0].Clock = text, text, text, text
	c.Findings[0].What = text
	return c
}

var (
	tags  = regexp.MustCompile("<[^>]*>")
	ticks = regexp.MustCompile("`+")
)

// structure is what a page is made of besides words.
func structure(t testing.TB, r Report) string {
	t.Helper()
	var text, md bytes.Buffer
	if err := Text(&text, r, Options{Width: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&md, r, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{text.String(), md.String()} {
		if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && clean.Hidden(r) }); i >= 0 {
			t.Errorf("a hidden character stands at byte %d of %q", i, out)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "text lines %d\n", strings.Count(text.String(), "\n"))
	for line := range strings.Lines(md.String()) {
		line = strings.ReplaceAll(line, "<!-- -->", "")
		line = strings.NewReplacer("<code>", "`", "</code>", "`").Replace(line)
		start := strings.TrimRight(line, "\n")
		if runes := []rune(start); len(runes) > 2 {
			start = string(runes[:2])
		}
		fmt.Fprintln(&b, start, strings.Count(line, "|"), tags.FindAllString(line, -1), len(ticks.FindAllString(line, -1)))
	}
	return b.String()
}

// many is a decision with so many votes that no page holds them.
func many(n int) Decision {
	d := pending()
	for i := range n {
		v := d.Votes[i%4]
		v.Index = uint64(100 + i)
		d.Votes = append(d.Votes, v)
		d.Rules = append(d.Rules, d.Rules[0])
	}
	return d
}

func TestMarkdownIsCutBelowItsLimit(t *testing.T) {
	for fact, c := range map[string]struct {
		r     Report
		limit int
		most  int
		cut   bool
	}{
		"a summary":             {many(20_000), 0, 1 << 20, true},
		"a comment":             {many(20_000), 65_536, 65_536, true},
		"a limit that is silly": {many(20_000), 1, minLimit, true},
		"what fits is whole":    {many(10), 65_536, 65_536, false},
		"one endless word":      {hostile(strings.Repeat("@", 1<<20)), 65_536, 65_536, false},
		"a chain":               {long(5_000), 65_536, 65_536, true},
	} {
		t.Run(fact, func(t *testing.T) {
			var b bytes.Buffer
			if err := Markdown(&b, c.r, Options{Limit: c.limit}); err != nil {
				t.Fatal(err)
			}
			out := b.String()
			if len(out) >= c.most {
				t.Errorf("%d bytes, want under %d", len(out), c.most)
			}
			if got := strings.Contains(out, "did not fit here; `--json` has them all"); got != c.cut {
				t.Errorf("says that it was cut: %v, want %v", got, c.cut)
			}
			if open, closed := strings.Count(out, "<details>"), strings.Count(out, "</details>"); open != closed {
				t.Errorf("%d folds are opened, %d closed", open, closed)
			}
			if !strings.Contains(out, "<pre><code>gateledger ") {
				t.Error("the next command was cut")
			}
		})
	}
}

func long(n int) Chain {
	c := chain()
	for range n {
		c.Steps = append(c.Steps, c.Steps[5])
	}
	return c
}

func TestMermaidIsCutBelowItsLimits(t *testing.T) {
	wide := chain()
	for i := range 500 {
		s := wide.Steps[5]
		s.Index, s.Who, s.Links = uint64(100+i), strings.Repeat("#", 200), []uint64{9}
		wide.Steps = append(wide.Steps, s)
	}
	for fact, r := range map[string]Report{"many": long(5_000), "wide": wide} {
		var b bytes.Buffer
		if err := Mermaid(&b, r); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 50_000 || strings.Count(b.String(), "\"]\n") > maxNodes+1 {
			t.Errorf("%s: %d bytes, %d nodes", fact, b.Len(), strings.Count(b.String(), "\"]\n"))
		}
		if !strings.Contains(b.String(), "more are not drawn") {
			t.Errorf("%s: does not say that it was cut", fact)
		}
	}
}

// mermaidLine is the grammar of all we write: a quoted label or an arrow.
var mermaidLine = regexp.MustCompile(`^(flowchart TD|  n[0-9]+\["[^"]*"\]|  n[0-9]+ --> n[0-9]+|  rest\["[0-9]+ more are not drawn"\])$`)

func TestMermaidIsInOneSmallGrammar(t *testing.T) {
	for name, r := range samples() {
		var b bytes.Buffer
		if err := Mermaid(&b, r); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if !mermaidLine.MatchString(strings.TrimSuffix(line, "\n")) {
				t.Errorf("%s: %q", name, line)
			}
		}
	}
}
