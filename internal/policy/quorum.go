// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/event"
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
	e.deniedOnForge(&r)
	slices.Sort(r.By)
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
	for _, a := range approvals {
		if e.seated[a.who] = append(e.seated[a.who], a.source); len(e.seated[a.who]) == 1 {
			people = append(people, a.who)
		}
	}
	seats := fill(e.env.Require, people, func(who string, seat Seat) bool { return e.maySit(who, seat, true) })
	e.countApprovals(approvals, seats)
	if owned := e.ownersApprove(approvals); !seats.full() || !owned {
		e.doubtVotes(true)
		e.doubtRoles()
	}
	possible := e.possible()
	for i := range e.env.Require {
		e.seatRule(seats, i, possible)
	}
}

// maySit says whether a person may sit on a seat: with an approval of theirs
// that the seat takes, or, of somebody who has not approved, with one that
// they could give.
func (e *evaluation) maySit(who string, seat Seat, onlyNow bool) bool {
	if yes, _ := e.holdsNow(who, seat.Role); !yes {
		return false
	}
	if sources := e.seated[who]; len(sources) > 0 {
		return slices.ContainsFunc(sources, seat.takes)
	}
	return slices.ContainsFunc(seat.Sources(), func(source string) bool { return e.canVote(who, source, onlyNow) })
}

// canVote says whether a person has what it takes to vote by a source, now or,
// unless only now is asked for, some day.
func (e *evaluation) canVote(who, source string, onlyNow bool) bool {
	if source != SignedSource {
		return e.p.Principals[who].hasAccountAt(source, e.request.Host)
	}
	usable := slices.ContainsFunc(e.p.Principals[who].Keys, func(k Key) bool {
		return k.counts(e.now) == nil || !onlyNow && e.now.Before(k.From)
	})
	return usable || e.p.Principals[who].Keyless != nil
}

// possible says whether those who may approve could fill every seat some day.
// Of a role whose holders a forge tells nobody knows how many there are.
func (e *evaluation) possible() bool {
	var seats []Seat
	for _, s := range e.env.Require {
		if _, told := e.p.ForgeRoles[s.Role]; !told {
			seats = append(seats, s)
		}
	}
	could := func(who string, seat Seat) bool {
		return e.p.holds(who, seat.Role) &&
			slices.ContainsFunc(seat.Sources(), func(source string) bool { return e.canVote(who, source, false) })
	}
	return fill(seats, e.eligible(false), could).full()
}

// doubtRoles holds the request where somebody's approval is missed because
// nobody could find out their role.
func (e *evaluation) doubtRoles() {
	if len(e.unsure) == 0 {
		return
	}
	e.rule(Rule{Name: "the roles of those who approve are known", State: Undecidable, Proof: Observed, Why: strings.Join(slices.Compact(e.unsure), "; ")})
}

// notAskedFor lists approvals where nobody was asked.
func (e *evaluation) notAskedFor() {
	for _, v := range e.ballots {
		if c := v.word; c != nil && c.Predicate.Choice == vote.Approve {
			e.reject(c, "nobody's approval is asked for")
		}
	}
	for _, s := range e.sights {
		if s.vote.Decision == event.ForgeApprove && s.who != "" {
			e.rejectRow(s.row, "nobody's approval is asked for")
		}
	}
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
	if i := slices.IndexFunc(e.forgeDenies, func(d *sight) bool { return d.who == c.who }); i >= 0 {
		return fmt.Sprintf("%s denied the same artifact, as #%d shows", c.who, e.forgeDenies[i].snap.Index)
	}
	if why := e.notAsked(c.who, SignedSource); why != "" {
		return why
	}
	if no == nil {
		return ""
	}
	if no.doubt {
		e.unread = append(e.unread, &unread{c.en, no, vote.Approve})
	}
	return no.why
}

// mostFilled is how many of the seats the people of the policy can fill at
// most. A repository is at one host, so accounts at two hosts are of no use
// together.
func (p *Policy) mostFilled(seats []Seat) int {
	people, most := sortedNames(p.Principals), 0
	hosts := map[string]bool{"": true}
	for _, who := range p.Principals {
		for _, a := range who.accounts() {
			hosts[a.Host] = true
		}
	}
	for host := range hosts {
		could := func(name string, s Seat) bool {
			who := p.Principals[name]
			return p.holds(name, s.Role) && slices.ContainsFunc(s.Sources(), func(source string) bool {
				return source == SignedSource && who.canSign() || source != SignedSource && who.hasAccountAt(source, host)
			})
		}
		most = max(most, fill(seats, people, could).filled())
	}
	return most
}

// asks says whether a person could sit on any seat.
func (e *evaluation) asks(who string) bool {
	return slices.ContainsFunc(e.env.Require, func(s Seat) bool {
		yes, _ := e.holdsNow(who, s.Role)
		return yes
	})
}

// eligible are the people whose approval could count now, or, unless only now
// is asked for, some day.
func (e *evaluation) eligible(onlyNow bool) []string {
	var who []string
	for _, name := range sortedNames(e.p.Principals) {
		if _, out := e.excluded[name]; out || !e.asks(name) {
			continue
		}
		if e.canVote(name, SignedSource, onlyNow) || len(e.sources()) > 0 && e.canVote(name, "", onlyNow) {
			who = append(who, name)
		}
	}
	return who
}

func (e *evaluation) seatRule(seats *seating, i int, possible bool) {
	seat, on := e.env.Require[i], seats.on[i]
	r := Rule{
		Name: plural(seat.Count, "person of role "+e.env.seatName(seat)+" approves", "people of role "+e.env.seatName(seat)+" approve"),
		Need: seat.Count, Have: len(on), By: sorted(on), State: Met,
	}
	r.Why, r.Proof = fmt.Sprintf("%d of %d%s", r.Have, r.Need, colon(r.By)), e.proofOf(seat, on)
	if r.Have < r.Need {
		r.State = Unmet
		who := e.couldFill(seats, i)
		if !possible {
			r.State = Broken
			r.Why += fmt.Sprintf("; the %s who may approve are too few to fill every seat", plural(len(e.eligible(false)), "person", "people")) + e.without()
		}
		e.missing(Missing{What: stillNeeded(e.env.seatName(seat), seat.Count, r.Have), Who: who, Count: r.Need - r.Have})
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
		if len(e.seated[name]) > 0 {
			continue
		}
		if seats.could(name, i) {
			who = append(who, name)
		}
	}
	return who
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

func stillNeeded(seat string, count, have int) string {
	n := count - have
	if have == 0 {
		return plural(n, "approval", "approvals") + " by " + seat
	}
	return fmt.Sprintf("%d more %s by %s", n, map[bool]string{true: "approval", false: "approvals"}[n == 1], seat)
}

func colon(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}
