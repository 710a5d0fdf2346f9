// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/event"
)

// A condition of an environment.
//
// The expression of when: must hold for every artifact of a request. What it can
// see is what the request says and the time of the decision, and neither gets
// another by waiting: where it does not hold, the answer is no. It says what may
// be let in here at all, so no emergency passes it over.
//
// The expression is evaluated elsewhere, and what it came to is part of the
// input. So the answer to a question that nobody asked is not known, and
// whoever makes a decision again has to ask again.

// when reads a condition, as far as that can be done without a reader of CEL.
func (d *decoder) when(n *yaml.Node, path string) string {
	text, ok := d.text(n, path)
	if ok && len(text) > maxWhen {
		d.fail(n, path, "has %d bytes; a condition has at most %d", len(text), maxWhen)
		return ""
	}
	return text
}

// Questions lists what has to be answered about the condition of the
// environment that in.Request is for: one question for each artifact. It is
// empty where there is no condition, or no such request.
func Questions(in Input) []condition.Question {
	if in.Policy == nil || !in.Policy.hasConditions() {
		return nil
	}
	e, err := begin(in)
	if err != nil || !e.findRequest() || e.env.When == "" {
		return nil
	}
	return e.questions()
}

// hasConditions spares those who have none the reading of a ledger.
func (p *Policy) hasConditions() bool {
	for _, e := range p.Environments {
		if e.When != "" {
			return true
		}
	}
	return false
}

// questions are those of the request at hand, in the order of its artifacts.
func (e *evaluation) questions() []condition.Question {
	var all []condition.Question
	for _, s := range e.request.Subjects {
		q := condition.Question{
			Expression: e.env.When, Subject: condition.Subject{Name: s.Name, Digests: []string{}},
			Environment: e.env.Name, Commit: e.request.Commit, Host: e.request.Host, RepositoryID: e.request.RepositoryID,
			Previous: e.request.Previous, BreakGlass: e.request.BreakGlass != nil,
			Created: e.request.Created, Expires: e.request.Expires, Now: e.now.Format(time.RFC3339Nano),
		}
		for _, d := range s.Digests() {
			q.Subject.Digests = append(q.Subject.Digests, d.String())
		}
		all = append(all, q)
	}
	return all
}

// conditionHolds asks whether the environment's condition holds for every
// artifact. It comes last: what is denied in any case is not asked about, so
// that a denial does not depend on who could evaluate it.
func (e *evaluation) conditionHolds() {
	if e.env.When == "" {
		return
	}
	r := Rule{Name: "the condition of " + e.env.Name + " holds for every artifact", State: Met}
	if strings.Contains(e.env.When, "now") {
		r.Proof = e.clockProof()
	}
	what := expressionText(e.env.When)
	if slices.ContainsFunc(e.d.Rules, func(r Rule) bool { return r.State == Broken }) {
		r.State, r.Why = Skipped, "not asked, because the request is denied anyway: "+what
		e.rule(r)
		return
	}
	var fails, unknown []string
	by, why := "", ""
	for i, q := range e.questions() {
		a := e.in.Conditions.To(q)
		name := artifactText(e.request.Subjects[i], q.Subject)
		switch a.Outcome {
		case condition.Holds:
			by = a.By
		case condition.Fails:
			fails = append(fails, name)
		default:
			if unknown = append(unknown, name); why == "" {
				why = whyUnknown(a)
			}
			e.d.Asks = append(e.d.Asks, q)
		}
	}
	switch n := len(e.request.Subjects); {
	case len(fails) > 0:
		r.State, r.Why = Broken, fmt.Sprintf("when: %s does not hold for %s", what, fewOf(fails))
	case len(unknown) > 0:
		r.State, r.Why = Undecidable, fmt.Sprintf("could not find out whether when: %s holds for %s: %s", what, fewOf(unknown), why)
	case n == 0:
		r.State, r.Why = Undecidable, "could not find out whether when: "+what+" holds: the request names no artifact"
	default:
		r.Why = fmt.Sprintf("%s, for %s, by %s", what, plural(n, "artifact", "artifacts"), cmp.Or(by, "nobody says what"))
	}
	e.rule(r)
}

// whyUnknown says why an answer is none.
func whyUnknown(a condition.Answer) string {
	if a.Outcome == condition.Wrong {
		return "it is no condition: " + cmp.Or(a.Why, "it can't be read")
	}
	return cmp.Or(a.Why, "nobody has evaluated it")
}

// expressionText is a condition as people are told of it, of bounded length.
func expressionText(expression string) string {
	const most = 200 // characters
	if utf8.RuneCountInString(expression) > most {
		expression = string([]rune(expression)[:most]) + "…"
	}
	return "`" + expression + "`"
}

func artifactText(s event.Subject, q condition.Subject) string {
	digest := q.Digest()
	if alg, hex, ok := strings.Cut(digest, ":"); ok {
		digest = alg + ":" + short(hex)
	}
	if s.Name == "" || digest == "" {
		return nameOf(s)
	}
	return s.Name + " (" + digest + ")"
}

// fewOf names some things, three at most.
func fewOf(names []string) string {
	if n := len(names); n > 3 {
		names = append(slices.Clone(names[:3]), fmt.Sprintf("%d more", n-3))
	}
	return andList(names)
}

// WhereInText says where in the policy's file a character of a text is, counted
// from 0. Where the text is not spelled there as it reads, it is the start of it.
func (p *Policy) WhereInText(key, text string, character int, format string, args ...any) *Error {
	e := p.Where(key, format, args...)
	lines := strings.Split(string(p.Source), "\n")
	if e.Line > len(lines) {
		return e
	}
	line := []rune(strings.TrimSuffix(lines[e.Line-1], "\r"))
	for _, quote := range []int{0, 1} {
		from := e.Column - 1 + quote
		if from <= len(line) && strings.HasPrefix(string(line[from:]), text) && (quote == 1) == strings.ContainsRune(`"'`, line[e.Column-1]) {
			e.Column += quote + min(character, utf8.RuneCountInString(text))
			return e
		}
	}
	if character > 0 {
		e.Text = fmt.Sprintf("character %d: %s", character+1, e.Text)
	}
	return e
}
