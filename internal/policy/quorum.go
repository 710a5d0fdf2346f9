// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/vote"
)

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// notDenied applies the vetoes. A veto beats any number of approvals.
func (e *evaluation) notDenied() {
	r := Rule{Name: "nobody with " + roleList(e.env.Veto) + " denies", State: Met}
	if len(e.env.Veto) == 0 {
		r.Name, r.State = "nobody denies", Skipped
	}
	for _, who := range sortedNames(e.ballots) {
		role := e.mayVeto(who)
		for _, deny := range e.ballots[who].denies {
			if role == "" {
				e.reject(deny, "%s has no role that may deny%s", who, orNone(e.env.Veto))
				continue
			}
			e.count(deny, "counted: veto as %s", role)
			if r.State, r.By = Broken, append(r.By, who); r.Why == "" {
				r.Why = vetoLine(deny, e.in.Request)
			}
		}
	}
	r.By = slices.Compact(r.By)
	if r.Why == "" {
		r.Why = fmt.Sprintf("nobody has, in %s", plural(len(e.in.Events), "entry", "entries"))
	}
	e.rule(r)
}

func vetoLine(deny *cast, request string) string {
	line := fmt.Sprintf("denied by %s at #%d", deny.who, deny.en.Index)
	if deny.Predicate.Request != request {
		line += fmt.Sprintf(", on request %s for the same artifact", short(deny.Predicate.Request))
	}
	return line
}

func (e *evaluation) mayVeto(who string) (role string) {
	for _, role := range e.env.Veto {
		if e.p.holds(who, role) {
			return role
		}
	}
	return ""
}

func roleList(roles []string) string {
	if len(roles) == 1 {
		return "role " + roles[0]
	}
	return "one of the roles " + strings.Join(roles, ", ")
}

func orNone(roles []string) string {
	if len(roles) == 0 {
		return ""
	}
	return " (" + strings.Join(roles, ", ") + ")"
}

// fillSeats counts the approvals: each person once, on one seat.
func (e *evaluation) fillSeats() {
	if len(e.env.Require) == 0 {
		e.rule(Rule{Name: "people approve", State: Skipped, Why: "the policy asks for nobody (auto: true)"})
		e.notAskedFor()
		return
	}
	approvals := e.approvals()
	var people []string
	for _, c := range approvals {
		people = append(people, c.who)
	}
	seats := fill(e.env.Require, people, e.p.holds)
	for _, c := range approvals {
		if role, ok := seats.of(c.who); ok {
			e.count(c, "counted as %s", role)
			continue
		}
		e.count(c, "counted, and not needed: every seat they could take is taken")
	}
	if !seats.full() {
		e.doubtVotes(true)
	}
	possible := fill(e.env.Require, e.eligible(false), e.p.holds).full()
	for i := range e.env.Require {
		e.seatRule(seats, i, possible)
	}
}

// notAskedFor lists approvals where nobody was asked.
func (e *evaluation) notAskedFor() {
	for _, v := range e.ballots {
		if c := v.word; c != nil && c.Predicate.Choice == vote.Approve {
			e.reject(c, "nobody's approval is asked for")
		}
	}
}

// approvals are those that count, in the ledger's order.
func (e *evaluation) approvals() []*cast {
	var all []*cast
	for _, who := range sortedNames(e.ballots) {
		v := e.ballots[who]
		if v.word == nil || v.word.Predicate.Choice != vote.Approve {
			continue
		}
		if why := e.whyNot(v); why != "" {
			e.reject(v.word, "%s", why)
			continue
		}
		all = append(all, v.word)
	}
	slices.SortFunc(all, func(a, b *cast) int { return cmp.Compare(a.en.Index, b.en.Index) })
	return all
}

// whyNot says why a person's approval does not count.
func (e *evaluation) whyNot(v *voter) string {
	c := v.word
	since, no := e.castAt(v)
	switch {
	case c.en.Index <= e.asked.Index:
		return fmt.Sprintf("it stands before the request, which is #%d", e.asked.Index)
	case len(v.denies) > 0:
		return fmt.Sprintf("%s denied the same artifact at #%d", c.who, v.denies[0].en.Index)
	case c.issued.Before(e.created.Add(-skew)):
		return "signed at " + c.Predicate.Issued + ", before the request was made"
	case c.issued.After(e.now.Add(skew)):
		return "signed at " + c.Predicate.Issued + ", which is still to come"
	case !e.now.Before(since.Add(e.env.MaxAge)):
		return fmt.Sprintf("expired: signed at %s, and a vote counts for %s", c.Predicate.Issued, span(e.env.MaxAge))
	}
	if err := c.key.counts(c.issued); err != nil {
		return fmt.Sprintf("%v, when it was signed", err)
	}
	if err := c.key.counts(e.now); err != nil {
		return fmt.Sprintf("%v, now", err)
	}
	if what, ok := e.excluded[c.who]; ok {
		return fmt.Sprintf("%s is %s", c.who, what)
	}
	if !e.asks(c.who) {
		return c.who + " has no role that is asked for" + orNone(rolesOf(e.env.Require))
	}
	if no == nil {
		return ""
	}
	if no.doubt {
		e.unread = append(e.unread, &unread{c.en, no, vote.Approve})
	}
	return no.why
}

// asks says whether a person could sit on any seat.
func (e *evaluation) asks(who string) bool {
	return slices.ContainsFunc(e.env.Require, func(s Seat) bool { return e.p.holds(who, s.Role) })
}

// eligible are the people whose approval could count now, or, unless only now
// is asked for, some day.
func (e *evaluation) eligible(onlyNow bool) []string {
	var who []string
	for _, name := range sortedNames(e.p.Principals) {
		if _, out := e.excluded[name]; out || !e.asks(name) {
			continue
		}
		usable := slices.ContainsFunc(e.p.Principals[name].Keys, func(k Key) bool {
			return k.counts(e.now) == nil || !onlyNow && e.now.Before(k.From)
		})
		if usable || e.p.Principals[name].Keyless != nil {
			who = append(who, name)
		}
	}
	return who
}

func (e *evaluation) seatRule(seats *seating, i int, possible bool) {
	seat, on := e.env.Require[i], seats.on[i]
	r := Rule{
		Name: plural(seat.Count, "person of role "+seat.Role+" approves", "people of role "+seat.Role+" approve"),
		Need: seat.Count, Have: len(on), By: sorted(on), State: Met,
	}
	r.Why = fmt.Sprintf("%d of %d%s", r.Have, r.Need, colon(r.By))
	if r.Have < r.Need {
		r.State = Unmet
		who := e.couldFill(seats, i)
		if !possible {
			r.State = Broken
			r.Why += fmt.Sprintf("; the %s who may approve are too few to fill every seat", plural(len(e.eligible(false)), "person", "people")) + e.without()
		}
		e.missing(Missing{What: stillNeeded(seat, r.Have), Who: who, Count: r.Need - r.Have})
	}
	if len(r.By) == 0 {
		r.By = nil
	}
	e.rule(r)
}

// couldFill are the people whose approval would fill seat i, now.
func (e *evaluation) couldFill(seats *seating, i int) []string {
	var who []string
	for _, name := range e.eligible(true) {
		if v := e.ballots[name]; v != nil && e.approved(v) {
			continue
		}
		if seats.could(name, i) {
			who = append(who, name)
		}
	}
	return who
}

// approved says whether a person's approval counted.
func (e *evaluation) approved(v *voter) bool {
	return v.word != nil && v.word.Predicate.Choice == vote.Approve && e.d.Votes[v.word.row].Counted
}

// without names who is kept from approving.
func (e *evaluation) without() string {
	var out []string
	for _, name := range sortedNames(e.excluded) {
		if e.asks(name) {
			out = append(out, name+" is "+e.excluded[name])
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}

func stillNeeded(s Seat, have int) string {
	n := s.Count - have
	if have == 0 {
		return plural(n, "approval", "approvals") + " by " + s.Role
	}
	return fmt.Sprintf("%d more %s by %s", n, map[bool]string{true: "approval", false: "approvals"}[n == 1], s.Role)
}

func colon(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}
