// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/event"
)

// What code owners have to approve.
//
// Somebody who owns any path that changed holds the role, and can sit on its
// seat: count says how many of them, and each person still sits on one seat
// only. That alone would let the owner of one path wave through everybody
// else's. So besides, each line of the CODEOWNERS file that gives a changed path
// to owners needs the approval of one of these owners, or of as many as a
// section of GitLab's asks for. An approval covers every line whose owner its
// author is, on whatever seat they sit, or on none: that is how both forges
// count, and the other way round the policy would have to know beforehand how
// many owners a change will have.
//
// A path that no line gives to anybody needs no owner. Where that is so of all
// of them nobody holds the role, and the seat stays empty: the file's first line
// is the place for who owns the rest (*).

// A ward is one line of a CODEOWNERS file, and who of its owners approved.
type ward struct {
	event.ForgeOwned
	people []string
	unsure []string // who approved, and nobody could find out whether they own it
}

// key tells a line from all others, in whichever snapshot it stands.
func wardKey(o event.ForgeOwned) string {
	return fmt.Sprintf("%s\x00%s\x00%d\x00%s", o.Commit, o.File, o.Line, o.Section)
}

// ownersApprove asks for the owners of everything that changed, where a seat is
// for owners. It says whether nothing is missing.
func (e *evaluation) ownersApprove(approvals []approval) bool {
	whole := true
	for _, seat := range e.env.Require {
		if e.p.ForgeRoles[seat.Role].Codeowners {
			whole = e.ownersOf(seat, approvals) && whole
		}
	}
	return whole
}

func (e *evaluation) ownersOf(seat Seat, approvals []approval) bool {
	wards, order := e.wards(seat)
	for _, a := range approvals {
		if seat.takes(a.source) {
			e.cover(wards, a.who)
		}
	}
	r := Rule{Name: "the owners of what changed approve, as " + seat.Role, State: Met, Proof: Observed}
	var open, by []string
	for _, key := range order {
		w := wards[key]
		if by = append(by, w.people...); len(w.people) >= w.Need {
			continue
		}
		r.Need, r.Have = r.Need+w.Need, r.Have+len(w.people)
		open = append(open, w.line())
		if len(w.unsure) > 0 {
			e.unsure = append(e.unsure, fmt.Sprintf("could not find out whether %s owns %s", strings.Join(w.unsure, " or "), w.line()))
		}
		e.missing(Missing{What: plural(w.Need-len(w.people), "approval", "approvals") + " by an owner of " + w.line(), Count: w.Need - len(w.people)})
	}
	slices.Sort(by)
	r.By = slices.Compact(by)
	switch {
	case len(order) == 0:
		r.State, r.By, r.Why = Skipped, nil, "no path that changed has an owner that anybody has told of"
	case len(open) > 0:
		r.State, r.By, r.Why = Unmet, nil, "nobody has, of "+strings.Join(open[:min(len(open), 3)], "; of ")
		if n := len(open); n > 3 {
			r.Why += fmt.Sprintf("; and of %d more", n-3)
		}
	default:
		r.Why = fmt.Sprintf("of %s", plural(len(order), "line of the CODEOWNERS file", "lines of the CODEOWNERS file"))
	}
	e.rule(r)
	return len(open) == 0
}

// wards are the lines that the newest snapshots tell of, in their order.
func (e *evaluation) wards(seat Seat) (all map[string]*ward, order []string) {
	all = map[string]*ward{}
	for _, s := range e.fresh {
		if !seat.takes(s.Source) {
			continue
		}
		for _, o := range s.Owned {
			key := wardKey(o)
			if all[key] == nil {
				all[key] = &ward{ForgeOwned: o}
				order = append(order, key)
			}
		}
	}
	return all, order
}

// cover adds somebody's approval to what they own.
func (e *evaluation) cover(wards map[string]*ward, who string) {
	for _, s := range e.fresh {
		for _, person := range s.People {
			if e.humanOf(s.ForgeVotesPredicate, person.Account) != who {
				continue
			}
			for n, o := range s.Owned {
				w := wards[wardKey(o)]
				if w == nil {
					continue
				}
				fact := event.FactOwned(n + 1)
				owns := slices.Contains(person.Facts, fact) || slices.Contains(person.Facts, codeownerFact)
				doubt := slices.Contains(person.Unknown, fact) || slices.Contains(person.Unknown, codeownerFact)
				switch {
				case owns && !slices.Contains(w.people, who):
					w.people = append(w.people, who)
				case doubt && !owns && !slices.Contains(w.unsure, who):
					w.unsure = append(w.unsure, who)
				}
			}
		}
	}
}

// line names what is owned: an example, and by whom.
func (w *ward) line() string {
	more := ""
	if w.Paths > 1 {
		more = fmt.Sprintf(" and %d more", w.Paths-1)
	}
	return fmt.Sprintf("%s%s (%s, %s line %d)", w.Example, more, strings.Join(w.Owners, " or "), w.File, w.Line)
}
