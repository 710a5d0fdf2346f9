// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/clean"
)

const defaultWidth = 80

// Text writes r for a terminal: the verdict first, then why, then what to do
// next. No line is wider than o.Width unless one word is: ids and commands are
// never broken, so that they can be copied.
func Text(w io.Writer, r Report, o Options) error {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	t := text{printer: printer{w: w}, o: o}
	p := r.page()
	t.status(p)
	t.facts(p.facts)
	for _, s := range p.sections {
		t.section(s)
	}
	t.commands(p.next)
	t.facts(p.details)
	return t.err
}

// text is a Text that is being written.
type text struct {
	printer
	o Options
}

func (t *text) status(p page) {
	head := p.mark.symbol() + " " + p.word
	t.print(t.paint(p.mark, head), "  ", clean.Field(p.title), "\n")
	if p.why != "" {
		t.wrap("  ", "  ", p.why)
	}
}

func (t *text) facts(facts []fact) {
	if len(facts) == 0 {
		return
	}
	t.print("\n")
	wide := 0
	for _, f := range facts {
		wide = max(wide, utf8.RuneCountInString(f.label))
	}
	for _, f := range facts {
		first := "  " + pad(f.label, wide) + "  "
		t.wrap(first, strings.Repeat(" ", wide+4), f.text)
	}
}

func (t *text) section(s section) {
	if len(s.lines) == 0 {
		return
	}
	t.print("\n", t.bold(s.title), "\n")
	wide := 0
	for _, l := range s.lines {
		wide = max(wide, utf8.RuneCountInString(l.word))
	}
	for _, l := range s.lines {
		t.line(l, wide)
	}
}

// line writes a line with its word in a column of its own.
func (t *text) line(l line, wide int) {
	lead := l.mark.symbol()
	indent := 4
	if wide > 0 {
		lead += " " + pad(clean.Field(l.word), wide)
		indent += wide + 2
	}
	said := l.name
	if l.text != "" {
		said = join(said, ": ", l.text)
	}
	said = join(said, " ", bracket(l.tail))
	first := "  " + t.paint(l.mark, lead) + strings.Repeat(" ", indent-2-utf8.RuneCountInString(lead))
	t.wrapAt(first, indent, said)
	for _, c := range l.inset {
		t.print(strings.Repeat(" ", indent), clean.Field(c), "\n")
	}
}

func (t *text) commands(next []string) {
	if len(next) == 0 {
		return
	}
	t.print("\n", t.bold("Next"), "\n")
	for _, c := range next {
		t.print("  ", clean.Field(c), "\n")
	}
}

// wrap writes words after first, breaking lines at spaces. Later lines start
// with rest.
func (t *text) wrap(first, rest, words string) {
	t.print(first)
	t.flowWords(utf8.RuneCountInString(first), rest, words)
}

// wrapAt is wrap for a first part that holds escape sequences, and is column
// columns wide.
func (t *text) wrapAt(first string, column int, words string) {
	t.print(first)
	t.flowWords(column, strings.Repeat(" ", column), words)
}

func (t *text) flowWords(column int, rest, words string) {
	for i, word := range strings.Fields(clean.Field(words)) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+n > t.o.Width:
			t.print("\n", rest)
			column = utf8.RuneCountInString(rest)
		default:
			t.print(" ")
			column++
		}
		t.print(word)
		column += n
	}
	t.print("\n")
}

// paint colours what a mark says in words already.
func (t *text) paint(m mark, s string) string {
	code := [...]string{"", "32", "31", "33", "35", ""}[m]
	if !t.o.Color || code == "" {
		return s
	}
	return "\x1b[1;" + code + "m" + s + "\x1b[0m"
}

func (t *text) bold(s string) string {
	if !t.o.Color {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}

func pad(s string, wide int) string {
	return s + strings.Repeat(" ", max(0, wide-utf8.RuneCountInString(s)))
}

func join(a, sep, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + sep + b
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return "[" + s + "]"
}
