// SPDX-License-Identifier: Apache-2.0

// Package report renders an answer for whoever reads it: text for a terminal,
// JSON for a program, Markdown with Mermaid for a job summary or a comment. It
// writes to the writer it is given and to nothing else.
//
// Everything that came from outside (names, reasons, commit subjects) is
// escaped for the form it is shown in. Colour is never the only signal: each
// line starts with a symbol and a word.
package report

import (
	"io"
)

// A Report is something that can be shown: Decision, Chain, Request,
// Integration or Anchoring.
type Report interface {
	page() page
	document() any // the JSON object, its schema member included
}

var (
	_ Report = Decision{}
	_ Report = Chain{}
	_ Report = Request{}
	_ Report = Integration{}
	_ Report = Anchoring{}
)

// Options say how to render. The zero Options are plain text, 80 columns
// wide, and Markdown that fits a job summary.
type Options struct {
	Color bool // ANSI colours, in Text only
	Width int  // columns of Text; 0 is 80
	Limit int  // most bytes of Markdown; 0 is MarkdownLimit
}

// Formats are the names of the renderings, for flags and help.
func Formats() []string { return []string{"text", "json", "markdown", "mermaid"} }

// A page is a report before it has a form: what is said, in the order it is
// said in, with outside text still raw.
type page struct {
	title    string
	mark     mark
	word     string // the verdict, in capitals
	why      string
	facts    []fact
	details  []fact // what few readers need; last
	sections []section
	next     []string // shell commands, complete
	flow     flow
}

// A fact is a label and what it is. Code is shown as is, in one piece.
type fact struct {
	label string
	text  string
	code  bool
}

// A section is a list of lines of one sort.
type section struct {
	title  string
	short  string   // one line that stands for the list where it is folded
	head   []string // titles of a table's columns; nil: a list
	lines  []line
	folded bool // long: shown on demand where the form can
}

// A line is one thing with how it stands. In a table, name, text and tail
// are columns; in a list they follow each other.
type line struct {
	mark  mark
	word  string
	name  string
	text  string
	tail  string
	inset []string // commands or ids that belong to the line
}

// mark is how a line stands. The zero mark claims nothing.
type mark int

const (
	markNone mark = iota
	markYes
	markNo
	markWait
	markUnknown
	markItem // one of a list
)

// symbol is one column wide everywhere.
func (m mark) symbol() string {
	return [...]string{"-", "✓", "✗", "…", "?", "·"}[m]
}

// flow is a picture of what led to what.
type flow struct {
	nodes []node
	edges [][2]int // indexes into nodes
}

type node struct {
	mark mark
	text []string // lines
}

// printer writes and remembers the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) print(parts ...string) {
	for _, s := range parts {
		if p.err == nil {
			_, p.err = io.WriteString(p.w, s)
		}
	}
}
