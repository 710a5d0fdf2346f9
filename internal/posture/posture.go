// SPDX-License-Identifier: Apache-2.0

// Package posture judges whether a gate is decorative: whether somebody can go
// past it by the settings of the forge around it. It is pure: the facts are
// what a reader saw, each of them yes, no or unknown, and the judgement is a
// table over them. What nobody could see is unknown, never fine.
package posture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/event"
)

// State is how a finding stands. The zero State is the safe one.
type State int

// The states.
const (
	Unknown State = iota // nobody can tell
	Weak                 // somebody can go past the gate
	OK
)

var states = [...]string{Unknown: "unknown", Weak: "weak", OK: "ok"}

// String is the state as a lower-case word.
func (s State) String() string {
	if s < 0 || int(s) >= len(states) {
		return states[Unknown]
	}
	return states[s]
}

// MarshalText is String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Finding is one question about a gate, and its answer.
type Finding struct {
	Name        string `json:"name"`
	Environment string `json:"environment,omitempty"` // empty: of the whole repository
	State       State  `json:"state"`                 // ok, weak or unknown
	Seen        string `json:"seen"`                  // what the answer rests on
	Mend        string `json:"mend,omitempty"`        // what to do, unless it is ok
	Doc         string `json:"doc"`
	Matters     bool   `json:"matters"`            // unknown is not good enough where posture is strict
	Accepted    bool   `json:"accepted,omitempty"` // by the policy: shown, and no hindrance
}

// A Row is one line of the table of findings.
type Row struct {
	Name    string
	Forge   string // github or gitlab
	Local   bool   // of one environment, not of the whole repository
	Matters bool   // unknown is not good enough where posture is strict
	Doc     string // what is good, as a sentence
	Mend    string // what to do where it is not

	// Reads are what must hold, all of them. A term is names of facts with |
	// between them, of which one must be yes, or with ! before it no.
	Reads []string
}

// Rows returns the table of a forge: github or gitlab; none for another.
func Rows(forge string) []Row {
	var rows []Row
	for _, r := range slices.Concat(githubRows(), githubEnvironmentRows(), gitlabRows()) {
		if r.Forge == forge {
			rows = append(rows, r)
		}
	}
	return rows
}

// Names returns the name of every finding, sorted, each once.
func Names() []string {
	var names []string
	for _, r := range slices.Concat(githubRows(), githubEnvironmentRows(), gitlabRows()) {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Facts returns the names of the facts that the findings of a forge read,
// sorted, each once; local says which of them are of one environment.
func Facts(forge string, local bool) []string {
	var names []string
	for _, r := range Rows(forge) {
		if r.Local != local {
			continue
		}
		for _, term := range r.Reads {
			for choice := range strings.SplitSeq(term, "|") {
				names = append(names, strings.TrimPrefix(choice, "!"))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Judge answers every question of the forge's table from the facts. Findings
// whose names are accepted are marked so, and keep their state.
func Judge(p event.PosturePredicate, accepted []string) []Finding {
	facts := map[string]event.PostureFact{}
	for _, f := range p.Facts {
		facts[f.Name] = f
	}
	var all []Finding
	for _, r := range Rows(p.Provider) {
		f := r.judge(facts)
		f.Accepted = slices.Contains(accepted, r.Name)
		if r.Local {
			f.Environment = p.Environment
		}
		all = append(all, f)
	}
	return all
}

// judge answers one question. Weak beats unknown: it will not get better by
// reading more.
func (r Row) judge(facts map[string]event.PostureFact) Finding {
	f := Finding{Name: r.Name, Doc: r.Doc, Matters: r.Matters, State: OK}
	seen := map[State][]string{}
	for _, term := range r.Reads {
		state, why := settle(term, facts)
		f.State = worse(f.State, state)
		for _, w := range why {
			if !slices.Contains(seen[state], w) {
				seen[state] = append(seen[state], w)
			}
		}
	}
	f.Seen = strings.Join(seen[f.State], "; ")
	if f.State != OK {
		f.Mend = r.Mend
	}
	return f
}

func worse(a, b State) State {
	if a == Weak || b == Weak {
		return Weak
	}
	return min(a, b)
}

// settle answers one term, and says what that rests on.
func settle(term string, facts map[string]event.PostureFact) (State, []string) {
	var against, unknown []string
	for choice := range strings.SplitSeq(term, "|") {
		name, negated := strings.CutPrefix(choice, "!")
		want := event.Yes
		if negated {
			want = event.No
		}
		f, there := facts[name]
		switch {
		case !there:
			unknown = append(unknown, fmt.Sprintf("nobody looked for %s", name))
		case f.State == want:
			return OK, []string{f.Why}
		case f.State == event.Yes || f.State == event.No:
			against = append(against, f.Why)
		default:
			unknown = append(unknown, f.Why)
		}
	}
	if len(unknown) > 0 {
		return Unknown, unknown
	}
	return Weak, against
}

// A Verdict is the answer about all findings together.
type Verdict struct {
	State   State // Weak if one is weak; else Unknown if one that matters is
	Weak    []Finding
	Unknown []Finding // those that matter
	OK      int
}

// Sum settles the verdict of findings. Without any, nobody looked.
func Sum(all []Finding) Verdict {
	v := Verdict{State: OK}
	for _, f := range all {
		switch {
		case f.Accepted:
		case f.State == Weak:
			v.Weak = append(v.Weak, f)
		case f.State == OK:
			v.OK++
		case f.Matters:
			v.Unknown = append(v.Unknown, f)
		}
	}
	switch {
	case len(v.Weak) > 0:
		v.State = Weak
	case len(v.Unknown) > 0 || len(all) == 0:
		v.State = Unknown
	}
	return v
}

// Line lists findings in one line: their names, and what was seen.
func Line(all []Finding) string {
	var parts []string
	for _, f := range all {
		parts = append(parts, f.Name+" ("+f.Seen+")")
	}
	if n := len(parts); n > 3 {
		parts = append(parts[:3], fmt.Sprintf("and %d more", n-3))
	}
	return strings.Join(parts, "; ")
}
