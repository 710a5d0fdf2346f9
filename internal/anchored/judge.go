// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
)

// A Need is what has to be proven of a checkpoint. The zero Need asks for
// nothing.
type Need struct {
	Unique, Dated bool
	Witnesses     int    // how many different operators, where witnesses are among Specs
	Specs         []Spec // whose receipts count
	Every         bool   // each of Specs must have taken it, and of witnesses as many as are needed; else any that prove enough
}

// A Judgement says how an entry of the ledger is anchored.
type Judgement struct {
	OK     bool   `json:"ok"`     // all that is needed is proven
	Unique bool   `json:"unique"` // nobody can show another log that has no such entry
	Dated  bool   `json:"dated"`
	At     string `json:"at,omitempty"` // RFC 3339: the entry was there by then, by the earliest proof
	Why    string `json:"why"`          // one line

	Anchors []Standing `json:"anchors"` // the witnesses together, then the others
	// Missing names what would help, if OK is not set.
	Missing []string `json:"missing,omitempty"`
	// Newest is the latest receipt of those anchors, whatever it covers.
	Newest *Newest `json:"newest,omitempty"`
	// Hearsay names the anchors that say so and were not asked.
	Hearsay []string `json:"hearsay,omitempty"`
}

// A Standing is how one anchor stands to an entry.
type Standing struct {
	Name   string   `json:"name"` // that the policy gives it, "witnesses" for those together
	Kind   string   `json:"kind"`
	Unique bool     `json:"unique"` // it proves uniqueness of this entry
	Dated  bool     `json:"dated"`  // it proves a time
	Took   bool     `json:"took"`   // it saw a checkpoint that covers the entry
	Size   uint64   `json:"size,omitzero"`
	At     string   `json:"at,omitempty"`  // RFC 3339: the earliest time that it proves
	Age    string   `json:"age,omitempty"` // how long ago that was
	By     []string `json:"by,omitempty"`  // operators of witnesses, sorted
	Need   int      `json:"need,omitzero"` // how many operators are needed
	Detail string   `json:"detail"`

	at time.Time
}

// A Newest is the latest receipt that says when.
type Newest struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Size uint64 `json:"size"`
	At   string `json:"at"`
	Age  string `json:"age"`
}

// newest is the latest receipt of some anchors that says when, or nil.
func (e Evidence) newest(specs []Spec, now time.Time) *Newest {
	var last Proven
	for _, s := range specs {
		for _, p := range e.of(s) {
			if p.counts() && p.At.After(last.At) {
				last = p
			}
		}
	}
	if last.At.IsZero() {
		return nil
	}
	return &Newest{last.Spec.Kind, last.Spec.Name, last.Checkpoint.Size, utc(last.At), Age(last.At, now)}
}

// WitnessGroup is the name of the witnesses together.
const WitnessGroup = "witnesses"

// Judge says how the entries before size are anchored, by receipts that were
// examined, at the time now. A receipt covers every entry before its size.
func (e Evidence) Judge(need Need, size uint64, now time.Time) Judgement {
	j := Judgement{Anchors: []Standing{}}
	if group, ok := e.witnesses(need, size, now); ok {
		j.Anchors = append(j.Anchors, group)
	}
	for _, s := range need.Specs {
		if s.Kind != Witness {
			j.Anchors = append(j.Anchors, e.other(s, size, now, &j))
		}
	}
	var first time.Time
	var uniqueBy, datedBy []string
	for _, a := range j.Anchors {
		if !a.Took {
			continue
		}
		if a.Unique {
			j.Unique, uniqueBy = true, append(uniqueBy, a.Name)
		}
		if a.Dated {
			j.Dated, datedBy = true, append(datedBy, a.Name)
			if first.IsZero() || a.at.Before(first) {
				first = a.at
			}
		}
	}
	if !first.IsZero() {
		j.At = utc(first)
	}
	j.Newest = e.newest(need.Specs, now)
	j.Missing = need.missing(j)
	j.OK = len(j.Missing) == 0
	switch {
	case j.OK && !need.Unique && !need.Dated:
		j.Why = "no anchor is needed"
	case j.OK:
		j.Why = fmt.Sprintf("unique by %s, dated by %s", strings.Join(uniqueBy, ", "), strings.Join(datedBy, ", "))
	default:
		j.Why = "not anchored: " + strings.Join(j.Missing, ", ")
	}
	return j
}

// witnesses judges those of the policy together. Each operator counts once, by
// the earliest of their cosignatures that covers the entries; the time that so
// many prove is the latest of those.
func (e Evidence) witnesses(need Need, size uint64, now time.Time) (Standing, bool) {
	out := Standing{Name: WitnessGroup, Kind: Witness, Need: need.Witnesses}
	earliest, any := map[string]Proven{}, false
	for _, s := range need.Specs {
		if s.Kind != Witness {
			continue
		}
		any = true
		for _, p := range e.of(s) {
			if was, ok := earliest[s.Operator]; p.Checkpoint.Size >= size && (!ok || p.At.Before(was.At)) {
				earliest[s.Operator] = p
			}
		}
	}
	out.By = slices.Sorted(maps.Keys(earliest))
	out.Detail = fmt.Sprintf("%d of %d operators", len(out.By), need.Witnesses)
	if len(out.By) > 0 {
		out.Detail += ": " + strings.Join(out.By, ", ")
	}
	if !any || need.Witnesses < 1 || len(out.By) < need.Witnesses {
		return out, any
	}
	times := slices.Collect(maps.Values(earliest))
	arrange.By(times, func(a, b Proven) int { return a.At.Compare(b.At) })
	last := times[need.Witnesses-1]
	out.Took, out.Unique, out.Dated = true, true, true
	out.take(last, now)
	return out, true
}

// other judges one anchor that is no witness, by the earliest receipt that
// covers the entries and counts here.
func (e Evidence) other(s Spec, size uint64, now time.Time, j *Judgement) Standing {
	out := Standing{Name: s.Name, Kind: s.Kind, Detail: "no receipt covers it"}
	for _, p := range e.of(s) {
		if p.Checkpoint.Size < size {
			continue
		}
		if !p.counts() {
			out.Detail = p.Detail + ", by hearsay: nobody asked a node"
			if !slices.Contains(j.Hearsay, s.Name) {
				j.Hearsay = append(j.Hearsay, s.Name)
			}
			continue
		}
		out.Took, out.Unique, out.Dated, out.Detail = true, p.Unique, p.Dated, p.Detail
		out.take(p, now)
		j.Hearsay = slices.DeleteFunc(j.Hearsay, func(name string) bool { return name == s.Name })
		break
	}
	return out
}

func (s *Standing) take(p Proven, now time.Time) {
	s.Size, s.at = p.Checkpoint.Size, p.At
	if !p.At.IsZero() {
		s.At, s.Age = utc(p.At), Age(p.At, now)
	}
}

// Age says how long ago a time was, in words for people: 90s, 12m, 3h, 4d.
func Age(at, now time.Time) string {
	d := max(now.Sub(at), 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// missing names what is needed and not there.
func (n Need) missing(j Judgement) []string {
	var out []string
	name := func(a Standing) string {
		switch {
		case a.Kind == Witness:
			return fmt.Sprintf("%s (%s)", a.Name, a.Detail)
		case slices.Contains(j.Hearsay, a.Name):
			return a.Name + " (by hearsay: nobody asked a node)"
		}
		return a.Name
	}
	could := func(prove func(Spec) bool) (names []string) {
		for _, a := range j.Anchors {
			if a.Took || !slices.ContainsFunc(n.Specs, func(s Spec) bool { return (s.Name == a.Name || a.Kind == Witness) && s.Kind == a.Kind && prove(s) }) {
				continue
			}
			names = append(names, name(a))
		}
		return names
	}
	add := func(names []string, none string) {
		if len(names) == 0 {
			names = []string{none}
		}
		for _, one := range names {
			if !slices.Contains(out, one) {
				out = append(out, one)
			}
		}
	}
	if n.Every {
		for _, a := range j.Anchors {
			if !a.Took {
				add([]string{name(a)}, "")
			}
		}
	}
	if n.Unique && !j.Unique {
		add(could(func(s Spec) bool { u, _ := s.Proves(); return u }), "an anchor that proves uniqueness")
	}
	if n.Dated && !j.Dated {
		add(could(func(s Spec) bool { _, d := s.Proves(); return d }), "an anchor that proves a time")
	}
	return out
}

// Current says until when the tree at hand is known to be the newest: as many
// operators as are needed have each seen no more of the log than this, at that
// time or later. It is zero where they have not.
func (e Evidence) Current(need Need) time.Time {
	latest := map[string]time.Time{}
	for _, s := range need.Specs {
		for _, p := range e.of(s) {
			if s.Kind == Witness && p.At.After(latest[s.Operator]) {
				latest[s.Operator] = p.At
			}
		}
	}
	times := slices.Collect(maps.Values(latest))
	arrange.By(times, func(a, b time.Time) int { return b.Compare(a) })
	if need.Witnesses < 1 || len(times) < need.Witnesses {
		return time.Time{}
	}
	return times[need.Witnesses-1]
}
