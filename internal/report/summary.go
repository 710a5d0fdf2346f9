// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/policy"
)

// A SummaryOptions says how a summary is made. The zero value fits GitHub.
type SummaryOptions struct {
	Limit int    // most bytes; 0 is MarkdownLimit
	Link  string // to the whole, where the summary had to be cut
	Shown string // address of where people approve; may be empty
	First string // a line that stands before everything else, for what the report itself does not say; may be empty
}

// Summary is r as Markdown for the page of a job. Its first line is the
// verdict and what to do next, under it stands the one command to paste, and
// then everything that Markdown writes.
func Summary(r Report, o SummaryOptions) string {
	if o.Limit <= 0 {
		o.Limit = MarkdownLimit
	}
	p := r.page()
	m := markdown{limit: max(o.Limit, minLimit) - room}
	if o.First != "" {
		m.add("> " + prose(clip(o.First, 400)) + "\n\n")
	}
	m.headline(r, p)
	rest := m.paste(p)
	if link := detailsAddress(o.Shown); link != "" {
		m.add("It is shown, and approved, at [" + prose(link) + "](" + link + ").\n\n")
	}
	m.add("**" + prose(clip(p.title, 200)) + "**" + before(": ", prose(clip(p.why, 400))) + "\n\n")
	for _, s := range p.sections {
		if !s.folded {
			m.section(s)
		}
	}
	m.commands(rest)
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
	return Cut(m.b.String(), o.Limit, o.Link)
}

// Headline is the first line of r's summary as plain text: the verdict and
// what to do next.
func Headline(r Report) string {
	p := r.page()
	return p.word + before(": ", clip(say(r, p), 300))
}

// headline is a line that says all of it, for who reads no other.
func (m *markdown) headline(r Report, p page) {
	m.add("## " + p.mark.symbol() + " " + prose(p.word) + before(": ", prose(clip(say(r, p), 300))) + "\n\n")
}

// A sayer knows what its reader has to do.
type sayer interface{ say() string }

func say(r Report, p page) string {
	if s, ok := r.(sayer); ok {
		if said := s.say(); said != "" {
			return said
		}
	}
	return join(p.title, ", ", p.why)
}

// paste shows the command that most readers need, and returns the others. An
// approval is asked of many, and everything else of a few.
func (m *markdown) paste(p page) []string {
	if len(p.next) == 0 {
		return nil
	}
	best := 0
	for i, c := range p.next {
		if strings.Contains(c, " approve ") {
			best = i
			break
		}
	}
	m.add("<pre><code>" + pre(p.next[best]) + "</code></pre>\n\n")
	return append(append([]string{}, p.next[:best]...), p.next[best+1:]...)
}

// say is what a decision asks of people.
func (d Decision) say() string {
	what := "it"
	if d.Request != nil {
		what = names(d.Request.Subjects)
	}
	m, _ := verdict(d.Decision)
	switch m {
	case markYes:
		return "deploy " + what + " to " + d.Environment + " in this run, then record how it went"
	case markWait:
		return d.ask(what)
	case markUnknown:
		return join(what+" may not be deployed to "+d.Environment+" until this is known", ": ", strings.Join(d.Unknown[:1], ""))
	}
	return join(what+" may not be deployed to "+d.Environment, ": ", d.Why)
}

// ask is who has to do what before a pending decision can be another one.
func (d Decision) ask(what string) string {
	var people, others []policy.Missing
	for _, missing := range d.Missing {
		if isApproval(missing) && missing.Request == "" {
			people = append(people, missing)
		} else {
			others = append(others, missing)
		}
	}
	if len(people) == 0 {
		return join(what+" to "+d.Environment, " waits for ", whats(others))
	}
	who := "those with the right role"
	if len(people[0].Who) > 0 {
		who = list(people[0].Who, "or")
	}
	return "ask " + who + " to approve " + what + " for " + d.Environment + before("; still missing: ", whats(others))
}

// whats lists what is missing, two things at most.
func whats(in []policy.Missing) string {
	var out []string
	for i, m := range in {
		if i == 2 {
			out = append(out, fmt.Sprintf("%d more", len(in)-i))
			break
		}
		out = append(out, m.What)
	}
	return list(out, "and")
}
