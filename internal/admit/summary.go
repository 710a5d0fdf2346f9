// SPDX-License-Identifier: Apache-2.0

package admit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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
