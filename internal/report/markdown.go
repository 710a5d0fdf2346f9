// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
)

// MarkdownLimit is the most bytes Markdown writes by default: GitHub drops a
// job summary over 1 MiB.
const MarkdownLimit = 1<<20 - 1

// minLimit leaves room for a heading, a status line and the note that the
// rest was cut; room is what is kept free for closing what is open.
const (
	minLimit = 16 << 10
	room     = 1 << 10
)

// Markdown writes r for a job summary or a comment: a heading, one status
// line, one table, the long part folded, and a picture. A list that is too
// long for o.Limit is cut at its end, line by line, and the page says so; the
// same report is cut at the same place every time.
func Markdown(w io.Writer, r Report, o Options) error {
	if o.Limit <= 0 {
		o.Limit = MarkdownLimit
	}
	m := markdown{limit: max(o.Limit, minLimit) - room}
	p := r.page()
	m.status(p)
	for _, s := range p.sections {
		if !s.folded {
			m.section(s)
		}
	}
	m.commands(p.next)
	m.facts(append(p.facts, p.details...))
	for _, s := range p.sections {
		if s.folded {
			m.section(s)
		}
	}
	m.picture(p.flow)
	if m.cut > 0 {
		fmt.Fprintf(&m.b, "_%d more lines did not fit here; `--json` has them all._\n", m.cut)
	}
	_, err := io.WriteString(w, m.b.String())
	return err
}

// markdown is a Markdown that is being written.
type markdown struct {
	b     strings.Builder
	limit int
	cut   int // lines left out
}

// add writes s whole, or counts it as cut.
func (m *markdown) add(s string) bool { return m.addBelow(m.limit, s) }

func (m *markdown) addBelow(limit int, s string) bool {
	if m.b.Len()+len(s) > limit {
		m.cut++
		return false
	}
	m.b.WriteString(s)
	return true
}

// share is where the next list has to end, so that what follows it has room.
func (m *markdown) share() int {
	used := m.b.Len()
	return used + (m.limit-used)*2/3
}

func (m *markdown) status(p page) {
	m.add("## " + prose(clip(p.title, 200)) + "\n\n")
	m.add("**" + p.mark.symbol() + " " + prose(p.word) + "**" + before(": ", prose(clip(p.why, 400))) + "\n\n")
}

func (m *markdown) section(s section) {
	if len(s.lines) == 0 {
		return
	}
	if s.folded {
		m.fold(join(s.title, ": ", s.short), func() { m.lines(s) })
		return
	}
	if s.head == nil {
		m.add("**" + prose(s.title) + "**\n\n")
	}
	m.lines(s)
}

// fold writes a part that opens on demand. Its end is written even where its
// lines were cut.
func (m *markdown) fold(summary string, inside func()) {
	if !m.add("<details><summary>" + prose(summary) + "</summary>\n\n") {
		return
	}
	inside()
	m.b.WriteString("</details>\n\n")
}

func (m *markdown) lines(s section) {
	if s.head != nil && !m.add(tableHead(s.head)) {
		return
	}
	form := listLine
	if s.head != nil {
		form = tableLine
	}
	end := m.share()
	for i, l := range s.lines {
		if !m.addBelow(end, form(l)) {
			m.cut += len(s.lines) - i - 1
			break
		}
	}
	m.b.WriteString("\n")
}

func tableHead(head []string) string {
	cells := make([]string, len(head))
	for i, h := range head {
		cells[i] = prose(h)
	}
	return "| " + strings.Join(cells, " | ") + " |\n|" + strings.Repeat(" --- |", len(head)) + "\n"
}

func tableLine(l line) string {
	text := field(l.text)
	for _, c := range l.inset {
		text = join(text, "<br>", code(c))
	}
	return "| " + l.mark.symbol() + " " + prose(l.word) + " | " + field(l.name) + " | " + text + " | " + field(l.tail) + " |\n"
}

func listLine(l line) string {
	said := join(join(field(l.name), ": ", field(l.text)), " ", prose(bracket(l.tail)))
	out := "- " + l.mark.symbol() + before(" ", prose(l.word)) + before(" ", said)
	for _, c := range l.inset {
		out += "<br>" + code(c)
	}
	return out + "\n"
}

// field is prose of a length that leaves room for its neighbours.
func field(s string) string { return prose(clip(clean.Field(s), 300)) }

func (m *markdown) commands(next []string) {
	if len(next) == 0 {
		return
	}
	lines := make([]string, len(next))
	for i, c := range next {
		lines[i] = pre(c)
	}
	m.add("**Next**\n\n<pre><code>" + strings.Join(lines, "\n") + "</code></pre>\n\n")
}

func (m *markdown) facts(facts []fact) {
	if len(facts) == 0 {
		return
	}
	m.fold("Details", func() {
		for _, f := range facts {
			shown := field(f.text)
			if f.code {
				shown = code(clip(f.text, 300))
			}
			m.add("- " + prose(f.label) + ": " + shown + "\n")
		}
		m.b.WriteString("\n")
	})
}

func (m *markdown) picture(f flow) {
	if len(f.nodes) == 0 {
		return
	}
	m.fold("Picture", func() { m.add("```mermaid\n" + mermaid(f) + "```\n\n") })
}

func before(sep, s string) string {
	if s == "" {
		return ""
	}
	return sep + s
}
