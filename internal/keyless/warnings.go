// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"fmt"
	"slices"
	"time"
)

// soon is how long before an end Warnings speaks up.
const soon = 30 * 24 * time.Hour

// A term is how long one part of a trusted root lasts.
type term struct {
	name string
	window
}

// Warnings says what in the root has ended, or ends within 30 days of now, a
// line each. What ended and has a successor that is valid now is not worth a
// warning: a root keeps it so that old signatures verify. A list of which
// nothing is valid is; so is one without which certificates mean nothing.
func (r *Root) Warnings(now time.Time) []string {
	if r == nil {
		return []string{ErrRoot.Error()}
	}
	var all []string
	for _, l := range r.lists() {
		all = append(all, warn(l.name, l.terms, l.needed, now, soon)...)
	}
	if len(r.stampers)+len(r.logs) == 0 {
		all = append(all, "trusted root: it names neither a timestamp authority nor a log, so it proves no times")
	}
	return all
}

// Ends says what in the root ends within so long of now, and of what nothing is
// valid any more, a line each. A line stays the same from day to day.
func (r *Root) Ends(now time.Time, before time.Duration) []string {
	if r == nil {
		return nil
	}
	var all []string
	for _, l := range r.lists() {
		if valid := slices.ContainsFunc(l.terms, func(t term) bool { return t.holds(now) }); valid || len(l.terms) == 0 {
			all = append(all, warn(l.name, l.terms, "", now, before)...)
			continue
		}
		all = append(all, fmt.Sprintf("no %s in it is valid any more", l.name))
	}
	return all
}

// A termList is one list of a root.
type termList struct {
	name   string
	terms  []term
	needed string // what cannot be verified without any
}

func (r *Root) lists() []termList {
	return []termList{
		{"certificate authority", terms(r.authorities, authority.term), "certificates"},
		{"timestamp authority", terms(r.stampers, authority.term), ""},
		{"transparency log", terms(r.logs, logKey.term), ""},
		{"certificate transparency log", terms(r.certLogs, logKey.term), ""},
	}
}

func terms[T any](list []T, of func(T) term) []term {
	var all []term
	for _, one := range list {
		all = append(all, of(one))
	}
	return all
}

// term returns when the authority's window and everything in its chain is
// valid.
func (a authority) term() term {
	t := term{a.name, a.valid}
	for _, c := range a.chain {
		if t.start.Before(c.NotBefore) {
			t.start = c.NotBefore
		}
		if t.end.IsZero() || t.end.After(c.NotAfter) {
			t.end = c.NotAfter
		}
	}
	return t
}

func (l logKey) term() term { return term{l.url, l.valid} }

// warn says what of a list ends soon, and, if nothing of it is valid, that and
// what has ended.
func warn(what string, list []term, needed string, now time.Time, before time.Duration) []string {
	var ending, ended []string
	valid := 0
	for _, t := range list {
		switch {
		case t.holds(now) && !t.end.IsZero() && t.end.Sub(now) <= before:
			valid++
			ending = append(ending, fmt.Sprintf("%s %s ends %s", what, t.name, stamp(t.end)))
		case t.holds(now):
			valid++
		case !t.end.IsZero() && now.After(t.end):
			ended = append(ended, fmt.Sprintf("%s %s ended %s", what, t.name, stamp(t.end)))
		}
	}
	switch {
	case len(list) == 0 && needed != "":
		return []string{fmt.Sprintf("trusted root: it names no %s, so it verifies no %s", what, needed)}
	case len(list) > 0 && valid == 0:
		return append([]string{fmt.Sprintf("trusted root: no %s in it is valid at %s", what, stamp(now))}, ended...)
	}
	return ending
}
