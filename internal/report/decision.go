// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// A Decision is what a gate answered. Request, where it is known, adds what
// was asked for; Next replaces the commands proposed by default.
type Decision struct {
	policy.Decision
	Request *event.RequestPredicate
	Next    []string
}

func (d Decision) document() any {
	return struct {
		Schema string `json:"schema"`
		policy.Decision
		Asked *event.RequestPredicate `json:"asked,omitempty"`
		Next  []string                `json:"next"`
	}{schema("decision"), d.Decision, d.Request, d.next()}
}

func (d Decision) page() page {
	m, word := verdict(d.Decision)
	if d.BreakGlass != nil && m == markYes {
		word += " BY BREAK-GLASS"
	}
	return page{
		title: glassTitle(d.BreakGlass, "Deploy "+d.what()+"to "+d.Environment),
		mark:  m, word: word, why: d.Why,
		facts:   glassFacts(d.BreakGlass),
		details: d.facts(),
		sections: []section{
			{title: "Allowed if", head: []string{"", "Allowed if", "Why", ""}, lines: rules(d.Rules)},
			{title: "Votes", short: tally(d.Votes), lines: votes(d.Votes), folded: true},
			{title: "Missing", lines: missing(d.Missing)},
			{title: "Could not find out", lines: unknown(d.Unknown)},
			{title: "Anchors", lines: anchors(d.Anchors)},
			{title: "Break-glasses since the last usual deployment", lines: debts(d.Debts)},
		},
		next: d.next(),
		flow: d.flow(m, word),
	}
}

// verdict is the decision's symbol and word. What could not be found out
// beats pending, never denied.
func verdict(d policy.Decision) (mark, string) {
	switch {
	case d.Verdict == policy.Denied:
		return markNo, "DENIED"
	case len(d.Unknown) > 0:
		return markUnknown, "COULD NOT FIND OUT"
	case d.Verdict == policy.Allowed:
		return markYes, "ALLOWED"
	}
	return markWait, "PENDING"
}

func (d Decision) what() string {
	if d.Request == nil {
		return ""
	}
	return names(d.Request.Subjects) + " "
}

// names is the subjects' names, three at most.
func names(subjects []event.Subject) string {
	var out []string
	for i, s := range subjects {
		if i == 3 {
			out = append(out, fmt.Sprintf("%d more", len(subjects)-i))
			break
		}
		out = append(out, clip(subjectName(s), 60))
	}
	return list(out, "and")
}

func (d Decision) facts() []fact {
	out := []fact{{"request", d.Decision.Request, true}}
	if d.Request != nil {
		out = append(out, subjects(d.Request.Subjects)...)
		out = append(out, fact{"commit", d.Request.Commit, true}, fact{"expires", d.Request.Expires, true})
	}
	out = append(out,
		fact{"policy", "sha256:" + d.Policy, true},
		fact{"tier", string(d.Tier), false},
		fact{"ledger", head(d.Head), false},
		fact{"decided", d.Now, true},
		fact{"clock", clock(d.Clock), false})
	if d.UsedBy != "" {
		out = append(out, fact{"used by", "run " + d.UsedBy, false})
	}
	return known(out)
}

// known leaves out facts that say nothing.
func known(facts []fact) []fact {
	var out []fact
	for _, f := range facts {
		if f.text != "" {
			out = append(out, f)
		}
	}
	return out
}

func subjects(list []event.Subject) []fact {
	var out []fact
	for _, s := range list {
		for _, d := range s.Digests() {
			out = append(out, fact{"artifact", clip(clean.Field(s.Name), 100) + " " + d.String(), true})
		}
	}
	return out
}

func head(c event.Checkpoint) string {
	return fmt.Sprintf("%d entries, root %s", c.Size, short(c.Root))
}

// rules puts what holds the request up first, and what does not apply last.
func rules(in []policy.Rule) []line {
	rank := map[policy.State]int{policy.Broken: 0, policy.Undecidable: 1, policy.Unmet: 2, policy.Met: 3, policy.Skipped: 4}
	in = slices.Clone(in)
	arrange.Stably(in, func(a, b policy.Rule) int { return cmp.Compare(rank[a.State], rank[b.State]) })
	out := make([]line, len(in))
	for i, r := range in {
		m, word := state(r.State)
		out[i] = line{mark: m, word: word, name: r.Name, text: r.Why, tail: r.Proof}
	}
	return out
}

func state(s policy.State) (mark, string) {
	switch s {
	case policy.Met:
		return markYes, "met"
	case policy.Unmet:
		return markWait, "not yet"
	case policy.Broken:
		return markNo, "no"
	case policy.Undecidable:
		return markUnknown, "unknown"
	}
	return markNone, "skipped"
}

// votes shows each vote with whether it counted, and its reason last and in
// quotation marks, because the voter wrote it.
func votes(in []policy.Vote) []line {
	out := make([]line, len(in))
	for i, v := range in {
		m := markNo
		if v.Counted {
			m = markYes
		}
		who := v.Principal
		if who == "" {
			who = "unknown key " + short(v.Key)
			if v.Key == "" {
				who = "somebody unknown"
			}
		}
		text := v.Why + before(", signed as ", v.Identity) + before(", proven to be there at ", v.Proven)
		if v.Reason != "" {
			text += ", saying " + said(v.Reason)
		}
		out[i] = line{mark: m, word: fmt.Sprintf("#%d", v.Index), name: who + " " + past(v.Choice), text: text}
	}
	return out
}

// said quotes what somebody wrote.
func said(s string) string {
	return `"` + strings.ReplaceAll(clip(clean.Field(s), 200), `"`, "'") + `"`
}

// past says what somebody did with a vote.
func past(choice string) string {
	switch choice {
	case "approve":
		return "approved"
	case "deny":
		return "denied"
	case "revoke":
		return "revoked"
	}
	return "said " + said(choice)
}

func tally(in []policy.Vote) string {
	counted := 0
	for _, v := range in {
		if v.Counted {
			counted++
		}
	}
	return fmt.Sprintf("%d counted, %d rejected", counted, len(in)-counted)
}

func missing(in []policy.Missing) []line {
	out := make([]line, len(in))
	for i, m := range in {
		out[i] = line{mark: markWait, name: m.What}
		if who := list(m.Who, "or"); who != "" && !strings.Contains(m.What, "by "+who) {
			out[i].text = supplier(m) + who
		}
	}
	return out
}

// supplier is how one asks: people are asked, machines record.
func supplier(m policy.Missing) string {
	if isApproval(m) {
		return "ask "
	}
	return "signed by "
}

func isApproval(m policy.Missing) bool { return strings.Contains(m.What, "approval") }

func unknown(in []string) []line {
	out := make([]line, len(in))
	for i, s := range in {
		out[i] = line{mark: markUnknown, text: s}
	}
	return out
}

// list joins words as a sentence does.
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}

// next proposes what moves this decision on.
func (d Decision) next() []string {
	if d.Next != nil {
		return d.Next
	}
	switch m, _ := verdict(d.Decision); m {
	case markYes:
		return d.onSubjects("record deployment", "--result", "healthy")
	case markWait:
		return d.supply()
	case markUnknown:
		return []string{product.Name + " doctor"}
	}
	if d.UsedBy != "" {
		return d.onSubjects("gate", "--new-request")
	}
	return []string{product.Name + " request show " + short(d.Decision.Request)}
}

// supply is one command for each kind of thing that is missing.
func (d Decision) supply() []string {
	out := []string{}
	seen := map[string]bool{}
	for _, m := range d.Missing {
		command := product.Name + " approve " + short(cmp.Or(m.Request, d.Decision.Request))
		if !isApproval(m) {
			command = d.recordCommand(m)
		}
		if command != "" && !seen[command] {
			seen[command] = true
			out = append(out, command)
		}
	}
	return out
}

// recordCommand records the kind of evidence that m starts with.
func (d Decision) recordCommand(m policy.Missing) string {
	kind, _, _ := strings.Cut(m.What, " ")
	if kind == "anchor" {
		return product.Name + " anchor --environment " + quote(d.Decision.Environment)
	}
	if _, err := event.KindNamed(kind); err != nil || d.Request == nil {
		return ""
	}
	if kind == "posture" { // the gate reads it itself, once it is mended
		return product.Name + " gate posture --environment " + quote(d.Decision.Environment)
	}
	out := product.Name + " record " + kind
	for _, s := range d.Request.Subjects {
		out += " --subject " + quote(subjectArgument(s))
	}
	return out
}

// onSubjects is a command about what was asked for.
func (d Decision) onSubjects(verb string, flags ...string) []string {
	if d.Request == nil {
		return []string{}
	}
	out := product.Name + " " + verb + " --environment " + quote(d.Environment)
	for _, f := range flags {
		out += " " + quote(f)
	}
	for _, s := range d.Request.Subjects {
		out += " --subject " + quote(subjectArgument(s))
	}
	return []string{out}
}

// subjectArgument names a subject for a command by its bytes, not by a file
// that may be another one by now.
func subjectArgument(s event.Subject) string {
	for _, d := range s.Digests() {
		return subjectName(s) + "@" + d.String()
	}
	return subjectName(s)
}

func subjectName(s event.Subject) string {
	if s.Name != "" {
		return s.Name
	}
	if s.URI != "" {
		return s.URI
	}
	return "artifact"
}

// flow draws each rule, and by whom it was met, into the verdict.
func (d Decision) flow(m mark, word string) flow {
	f := flow{nodes: []node{{m, []string{word, "deploy " + d.what() + "to " + d.Environment}}}}
	for _, r := range d.Rules {
		if r.State == policy.Skipped {
			continue
		}
		m, word := state(r.State)
		text := []string{word + ", " + r.Name}
		if len(r.By) > 0 {
			text = append(text, "by "+list(r.By, "and"))
		}
		f.nodes = append(f.nodes, node{m, text})
		f.edges = append(f.edges, [2]int{len(f.nodes) - 1, 0})
	}
	return f
}
