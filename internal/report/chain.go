// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// A Chain is the chain of custody of some bytes. Next replaces the commands
// proposed by default.
type Chain struct {
	custody.Chain
	Next []string
}

func (c Chain) document() any {
	return struct {
		Schema string `json:"schema"`
		custody.Chain
		Next []string `json:"next"`
	}{schema("custody"), c.Chain, c.next()}
}

func (c Chain) page() page {
	m, word := c.verdict()
	return page{
		title: "Chain of custody" + before(" of ", clip(c.what(), 120)),
		mark:  m, word: word, why: c.why(),
		facts: c.facts(),
		sections: []section{
			{title: "Found", lines: findings(c.Findings, c.Why)},
			{title: "Where it may be", lines: standings(c.Environments)},
			{title: "Anchors", lines: chainAnchors(c.Environments)},
			{title: "Break-glass", lines: debts(c.Debts)},
			{title: "Steps", head: []string{"", "Step", "What", "Why"}, lines: steps(c.Steps)},
		},
		next: c.next(),
		flow: chainFlow(c.Steps),
	}
}

// verdict is the chain's symbol and word. Under a policy that nobody pinned
// no chain holds, whatever it says of itself.
func (c Chain) verdict() (mark, string) {
	switch {
	case c.Verdict == custody.Tampered:
		return markNo, "TAMPERED"
	case c.Verdict == custody.No:
		return markNo, "NO"
	case c.Verdict != custody.Holds:
		return markUnknown, "INCOMPLETE"
	case !c.Trusted:
		return markUnknown, "NOT TRUSTED"
	}
	return markYes, "HOLDS"
}

func (c Chain) why() string {
	if c.Trusted {
		return c.Why
	}
	return c.Why + ". The policy is not one you trusted before: at best this is consistent with itself"
}

func (c Chain) what() string {
	if c.Name != "" {
		return c.Name
	}
	return short(c.Digest)
}

func (c Chain) facts() []fact {
	return known([]fact{
		{"bytes", c.Digest, true},
		{"policy", join("sha256:"+c.Policy, " from ", c.PolicySource), true},
		{"ledger", head(c.Head), false},
	})
}

// findings leaves out the one that the status line has said already.
func findings(in []custody.Finding, saidAlready string) []line {
	out := []line{}
	for _, f := range in {
		if f.What == saidAlready {
			continue
		}
		m := map[custody.Severity]mark{
			custody.SeverityTampered: markNo, custody.SeverityUntrusted: markNo, custody.SeverityMissing: markUnknown,
		}[f.Severity]
		out = append(out, line{mark: m, word: f.Severity.String(), text: f.What})
	}
	return out
}

func standings(in []custody.Standing) []line {
	out := make([]line, len(in))
	for i, s := range in {
		out[i] = line{mark: markNo, word: "no", name: s.Environment, text: s.Why}
		if s.Allowed {
			out[i].mark, out[i].word = markYes, "allowed"
		}
		if s.Bypassed != nil {
			out[i].mark = markNo
			out[i].text += fmt.Sprintf("; deployed at #%d without a decision", *s.Bypassed)
		}
		if s.Deployed != "" {
			out[i].text += fmt.Sprintf("; deployment #%d %s", *s.Deployment, s.Deployed)
		}
	}
	return out
}

// steps shows who did what. The signer's own words come last.
func steps(in []custody.Step) []line {
	out := make([]line, len(in))
	for i, s := range in {
		out[i] = line{
			mark: stepMark(s), word: s.State.String(),
			name: fmt.Sprintf("%s #%d", s.Kind, s.Index),
			text: "by " + who(s) + before(" as ", s.Identity) + before(", ", when(s)) + before(": ", s.Summary),
			tail: s.Why,
		}
	}
	return out
}

func stepMark(s custody.Step) mark {
	switch s.State {
	case custody.Proven:
		return markYes
	case custody.Observed:
		return markNone
	}
	return markNo
}

func who(s custody.Step) string {
	if s.Who != "" {
		return s.Who
	}
	if name, certificate := strings.CutPrefix(s.Key, "certificate "); certificate {
		return "unknown certificate " + short(name)
	}
	return "unknown key " + short(s.Key)
}

// when is a step's time, and whose word that is.
func when(s custody.Step) string {
	if s.Time == "" || s.Clock == "" {
		return s.Time
	}
	return s.Time + " (" + clock(s.Clock) + ")"
}

// clock says whose word a time is.
func clock(s string) string {
	if s == policy.ClockStamped {
		return "proven"
	}
	return s
}

// next proposes what a reader does with this answer.
func (c Chain) next() []string {
	if c.Next != nil {
		return c.Next
	}
	switch {
	case c.Verdict == custody.Tampered, c.Verdict == custody.Incomplete:
		return []string{product.Name + " verify ledger"}
	case !c.Trusted:
		return []string{product.Name + " trust"}
	case c.Verdict == custody.Holds:
		return []string{product.Name + " export -o audit.tar"}
	}
	return []string{product.Name + " request list --all"}
}

// chainFlow draws each step below those it rests on.
func chainFlow(in []custody.Step) flow {
	f := flow{}
	place := map[uint64]int{}
	for i, s := range in {
		place[s.Index] = i
		text := []string{fmt.Sprintf("%s #%d", s.Kind, s.Index), s.State.String() + ", " + who(s)}
		if s.Time != "" {
			text = append(text, when(s))
		}
		f.nodes = append(f.nodes, node{stepMark(s), text})
	}
	for i, s := range in {
		for _, on := range s.Links {
			if j, ok := place[on]; ok && j != i {
				f.edges = append(f.edges, [2]int{j, i})
			}
		}
	}
	return f
}
