// SPDX-License-Identifier: Apache-2.0

package admit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// Summary is the plan in one line, for people: what is taken, what was there
// already, what waits and for whom, what is refused and why. It holds no text
// from outside.
func (p Plan) Summary() string {
	parts := []string{parcels(len(p.Take)) + " taken"}
	if n := len(p.Done); n > 0 {
		parts = append(parts, fmt.Sprintf("%d already there", n))
	}
	if n := len(p.Defer); n > 0 {
		parts = append(parts, fmt.Sprintf("%d deferred%s", n, p.waiting()))
	}
	if n := len(p.Refuse); n > 0 {
		parts = append(parts, fmt.Sprintf("%d refused (%s)", n, reasons(p.Refuse)))
	}
	return strings.Join(parts, ", ")
}

func parcels(n int) string {
	if n == 1 {
		return "1 parcel"
	}
	return fmt.Sprintf("%d parcels", n)
}

// waiting says for whom events wait.
func (p Plan) waiting() string {
	var out []string
	for _, c := range p.Signers {
		if c.Deferred > 0 {
			out = append(out, fmt.Sprintf("%s: %d over the quota of events", c.Name, c.Deferred))
		}
	}
	if len(p.Unjudged) > 0 {
		out = append(out, reasons(p.Unjudged))
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}

// Refused counts what was refused, by reason.
func (p Plan) Refused() map[Reason]int { return count(p.Refuse) }

func count(list []Refusal) map[Reason]int {
	n := map[Reason]int{}
	for _, r := range list {
		n[r.Reason]++
	}
	return n
}

func reasons(list []Refusal) string {
	n := count(list)
	var out []string
	for _, r := range slices.Sorted(maps.Keys(n)) {
		out = append(out, fmt.Sprintf("%s: %d", r, n[r]))
	}
	return strings.Join(out, ", ")
}

// Then is what this plan and the one of a later reading come to, whose parcels
// are counted from shift on. What this one deferred was read again.
func (p Plan) Then(later Plan, shift int) Plan {
	moved := func(list []int) []int {
		out := make([]int, len(list))
		for i, n := range list {
			out[i] = n + shift
		}
		return out
	}
	movedRefusals := func(list []Refusal) []Refusal {
		out := slices.Clone(list)
		for i := range out {
			out[i].Parcel += shift
		}
		return out
	}
	return Plan{
		Take:     join(p.Take, moved(later.Take)),
		Done:     join(p.Done, moved(later.Done)),
		Refuse:   join(p.Refuse, movedRefusals(later.Refuse)),
		Defer:    moved(later.Defer),
		Unjudged: join(movedRefusals(later.Unjudged), nil),
		Signers:  countsThen(p.Signers, later.Signers),
	}
}

func countsThen(before, later []Count) []Count {
	out := slices.Clone(later)
	for _, c := range before {
		i := slices.IndexFunc(out, func(o Count) bool { return o.Name == c.Name && o.Person == c.Person })
		if i < 0 {
			out = append(out, Count{Name: c.Name, Person: c.Person, Taken: c.Taken})
			continue
		}
		out[i].Taken += c.Taken
	}
	arrange.By(out, func(a, b Count) int { return strings.Compare(a.Name, b.Name) })
	return join(out, nil)
}

// join is both lists, and never null in JSON.
func join[T any](a, b []T) []T { return append(append([]T{}, a...), b...) }
