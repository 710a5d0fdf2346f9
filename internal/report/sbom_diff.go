// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/bom/diff"
)

// SBOMDiff is what changed between two bills of materials. Fails are the
// kinds of change that the caller is stopped by; the alarm always is one.
type SBOMDiff struct {
	diff.Diff
	Fails []diff.Kind
}

var _ Report = SBOMDiff{}

func (d SBOMDiff) document() any {
	counts := map[diff.Kind]int{}
	for _, k := range diff.Kinds() {
		counts[k] = len(d.Of(k))
	}
	changes := append([]diff.Change{}, d.Changes...)
	return struct {
		Schema  string            `json:"schema"`
		Old     diff.Side         `json:"old"`
		New     diff.Side         `json:"new"`
		Alarm   bool              `json:"alarm"`
		Failed  bool              `json:"failed"`
		Counts  map[diff.Kind]int `json:"counts"`
		Changes []diff.Change     `json:"changes"`
	}{schema("sbom-diff"), d.Old, d.New, counts[diff.Hash] > 0, len(d.Failing(d.Fails)) > 0, counts, changes}
}

// Summary counts the changes in one line.
func (d SBOMDiff) Summary() string {
	var parts []string
	for _, k := range diff.Kinds() {
		if n := len(d.Of(k)); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, diffWord(k)))
		}
	}
	if parts == nil {
		return "no component differs"
	}
	return strings.Join(parts, ", ")
}

// diffWord is how a kind of change is called in a line.
func diffWord(k diff.Kind) string {
	switch k {
	case diff.Hash:
		return "OTHER BYTES"
	case diff.Lost:
		return "digest lost"
	}
	return string(k)
}

func (d SBOMDiff) page() page {
	p := page{
		title: "SBOM: " + clip(join(d.Old.Subject, " to ", d.New.Subject), 120),
		mark:  markYes, word: "NO ALARM", why: d.Summary(),
		facts: []fact{
			{"before", fmt.Sprintf("%d components", d.Old.Components), false},
			{"after", fmt.Sprintf("%d components", d.New.Components), false},
		},
	}
	switch {
	case len(d.Of(diff.Hash)) > 0:
		p.mark, p.word = markNo, "ALARM"
		p.why = "a version that was known has other bytes now; " + d.Summary()
	case len(d.Failing(d.Fails)) > 0:
		p.mark, p.word = markNo, "NOT ALLOWED"
	case len(d.Changes) == 0:
		p.word = "THE SAME"
	}
	head := []string{"", "component", "before → after", "pulled in by"}
	p.sections = []section{
		{title: "Same version, other bytes", head: head, lines: d.lines(diff.Hash)},
		{title: "To look at", head: head, lines: d.lines(diff.Lost, diff.Down, diff.Changed, diff.Added, diff.Origin, diff.Licence, diff.Scope)},
		{title: "Newer and gone", head: head, lines: d.lines(diff.Up, diff.Removed), folded: true,
			short: fmt.Sprintf("%d newer, %d gone", len(d.Of(diff.Up)), len(d.Of(diff.Removed)))},
	}
	return p
}

func (d SBOMDiff) lines(kinds ...diff.Kind) []line {
	stops := d.Failing(d.Fails)
	var out []line
	for _, c := range d.Of(kinds...) {
		l := line{mark: markItem, word: diffWord(c.Kind), name: strings.TrimPrefix(c.Name, "pkg:")}
		if slices.ContainsFunc(stops, func(s diff.Change) bool { return s.Kind == c.Kind }) {
			l.mark = markNo
		}
		if c.Version != "" {
			l.name += "@" + c.Version
		}
		l.text = join(strings.TrimSpace(sides(c)), "; ", c.Note)
		l.tail = strings.Join(shortPath(c.Path), " > ")
		out = append(out, l)
	}
	return out
}

// sides says from what to what something changed.
func sides(c diff.Change) string {
	before, after := strings.Join(c.Before, ", "), strings.Join(c.After, ", ")
	switch c.Kind {
	case diff.Added:
		return after
	case diff.Removed:
		return before
	}
	none := func(s string) string {
		if s == "" {
			return "none"
		}
		return s
	}
	return none(before) + " → " + none(after)
}

// shortPath keeps both ends of a long path: who asked, and what came.
func shortPath(path []string) []string {
	const most = 6
	if len(path) <= most {
		return path
	}
	out := append([]string{}, path[:3]...)
	return append(append(out, fmt.Sprintf("(%d more)", len(path)-5)), path[len(path)-2:]...)
}
