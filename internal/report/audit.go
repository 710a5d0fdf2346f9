// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/audit"
)

// An Audit says whether what an SBOM lists may be shipped, and what to do
// first. Its JSON form is that of audit.Report.
type Audit struct {
	audit.Report
}

var _ Report = Audit{}

func (a Audit) document() any { return a.Report }

// maxAudited is the most lines of a section. The JSON form has all.
const maxAudited = 100

func (a Audit) page() page {
	p := page{
		title: "May it ship: " + a.Subject,
		why:   a.sum(),
		sections: []section{
			{title: "Do this first", lines: a.steps()},
			{title: "Could not find out", lines: bare(markUnknown, a.Unknown)},
			{title: "What stops it", head: []string{"Severity", "Finding", "Where", "Why"}, lines: a.found(audit.Blocked)},
			{title: "What may stop it", lines: a.found(audit.Undecided)},
			{title: "Statements (VEX) that changed nothing", lines: unusedLines(a.VEX)},
			{title: "Waivers that changed nothing", lines: unusedLines(a.Waivers)},
			{title: "Below the bar", short: plural(a.count(audit.Passing), "finding"), folded: true, lines: a.found(audit.Passing)},
			{title: "There before, waived, or not affected", short: plural(a.count(audit.Known)+a.count(audit.Waived)+a.count(audit.NotAffected), "finding"),
				folded: true, lines: append(append(a.found(audit.Known), a.found(audit.Waived)...), a.found(audit.NotAffected)...)},
			{title: "Not looked up", short: plural(len(a.Unjudged), "component"), folded: true, lines: a.unjudged()},
			{title: "Risk", short: plural(a.Risk.Score, "point"), folded: true, lines: a.risk()},
		},
		details: a.details(),
	}
	switch a.Answer {
	case audit.Yes:
		p.mark, p.word = markYes, "YES"
	case audit.No:
		p.mark, p.word = markNo, "NO"
	default:
		p.mark, p.word = markUnknown, "COULD NOT FIND OUT"
	}
	return p
}

func (a Audit) count(v audit.Verdict) int { return a.Counts.Verdicts[v.String()] }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sum is the answer in one line.
func (a Audit) sum() string {
	line := fmt.Sprintf("%d of %s in %s stop it", a.count(audit.Blocked),
		plural(a.Counts.Findings, "finding"), plural(a.Counts.Components, "component"))
	if n := len(a.Unknown); n > 0 {
		line += "; " + plural(n, "thing") + " could not be found out"
	}
	return line
}

func (a Audit) steps() []line {
	var out []line
	for _, s := range a.Steps {
		l := line{mark: markItem, name: s.Do}
		if s.Component != "" {
			l.text = "settles " + few(s.Settles, 4)
		}
		if s.KEV {
			l.tail = "known to be exploited"
		}
		if len(s.Path) > 2 {
			l.text += "; it comes through " + strings.Join(s.Path[1:len(s.Path)-1], " > ")
		}
		out = append(out, l)
	}
	return capped(out)
}

// few lists the first names and counts the others.
func few(names []string, n int) string {
	if len(names) <= n+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}

func capped(lines []line) []line {
	if len(lines) <= maxAudited {
		return lines
	}
	return append(lines[:maxAudited:maxAudited], line{mark: markItem, name: fmt.Sprintf("%d more, which the JSON form lists", len(lines)-maxAudited)})
}

func bare(m mark, texts []string) []line {
	var out []line
	for _, t := range texts {
		out = append(out, line{mark: m, name: t})
	}
	return capped(out)
}

func (a Audit) found(v audit.Verdict) []line {
	marks := map[audit.Verdict]mark{audit.Blocked: markNo, audit.Undecided: markUnknown}
	var out []line
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.Verdict != v {
			continue
		}
		l := line{mark: markItem, word: gravity(f), name: f.ID, text: f.Component, tail: strings.Join(f.Why, "; ")}
		if m, ok := marks[v]; ok {
			l.mark = m
		}
		if len(f.Fixed) > 0 {
			l.text += ", fixed in " + strings.Join(f.Fixed, ", ")
		}
		if v != audit.Blocked && v != audit.Undecided && v != audit.Passing {
			l.tail = join(v.String(), ": ", l.tail)
		}
		for _, n := range f.Notes {
			l.tail = join(l.tail, "; ", n)
		}
		out = append(out, l)
	}
	return capped(out)
}

// gravity is what is known about how bad a finding is, in few words.
func gravity(f *audit.Finding) string {
	switch f.Kind {
	case audit.Malware:
		return "malware"
	case audit.DeniedLicence, audit.DeniedPackage:
		return "denied"
	case audit.Checksum:
		return "checksum"
	case audit.Advised:
		return "warned of"
	}
	word := f.Grade.Severity.String()
	if f.Grade.Score > 0 {
		word += " " + f.Grade.Score.String()
	}
	if f.KEV != nil {
		word += " KEV"
	}
	if f.EPSS != nil {
		word += fmt.Sprintf(" EPSS %.2f", *f.EPSS)
	}
	return word
}

func unusedLines(unused []audit.Unused) []line {
	var out []line
	for _, u := range unused {
		out = append(out, line{mark: markWait, name: u.What, text: u.Why, tail: u.Source})
	}
	return capped(out)
}

func (a Audit) unjudged() []line {
	var out []line
	for _, u := range a.Unjudged {
		l := line{mark: markItem, name: u.Component, text: u.Why}
		if u.Matters {
			l.mark = markUnknown
		}
		out = append(out, l)
	}
	return capped(out)
}

// maxPoints is how many points a page shows; the largest come first.
const maxPoints = 10

func (a Audit) risk() []line {
	var out []line
	for i, p := range a.Risk.Points {
		if i == maxPoints {
			out = append(out, line{mark: markItem, name: fmt.Sprintf("%d more, which the JSON form lists", len(a.Risk.Points)-i)})
			break
		}
		out = append(out, line{mark: markItem, word: fmt.Sprintf("+%d", p.Points), name: p.Component, text: p.Why, tail: p.Source})
	}
	return out
}

func (a Audit) details() []fact {
	facts := []fact{{"risk", plural(a.Risk.Score, "point"), false}}
	if a.Serial != "" {
		facts = append(facts, fact{"SBOM", a.Serial, true})
	}
	for _, f := range a.Feeds {
		text := fmt.Sprintf("%s of %s, %s", plural(f.Records, "record"), f.Date.Format(time.DateOnly), f.Path)
		if f.Problem != "" {
			text = f.Problem
		}
		facts = append(facts, fact{"feed " + f.Name, text, false})
	}
	for _, r := range a.Rules {
		facts = append(facts, fact{"rule", r, false})
	}
	for _, n := range a.Notes {
		facts = append(facts, fact{"note", n, false})
	}
	return facts
}
