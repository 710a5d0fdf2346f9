// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

// An approval is one that counts, signed or not.
type approval struct {
	who    string
	source string
	index  uint64
	n      int // among those of the same entry
	row    int
}

// forgeApprovals are the approvals that the newest snapshots show and that
// count.
func (e *evaluation) forgeApprovals() []approval {
	var all []approval
	for _, s := range e.sights {
		if s.vote.Decision != event.ForgeApprove || s.who == "" {
			continue
		}
		if why := e.whyNotOnForge(s); why != "" {
			e.rejectRow(s.row, "%s", why)
			continue
		}
		if !bindsRequest(s.snap.Source) {
			for _, l := range e.links {
				e.uses(l.entry)
			}
		}
		all = append(all, approval{s.who, s.snap.Source, s.snap.Index, s.n, s.row})
	}
	return all
}

// whyNotOnForge says why an approval on a forge does not count.
func (e *evaluation) whyNotOnForge(s *sight) string {
	if !slices.Contains(e.fresh, s.snap) {
		return "no seat takes votes by " + s.snap.Source + ", or it was not read just now"
	}
	if s.vote.Reject != "" {
		return s.vote.Reject
	}
	if why := cmp.Or(unbound(s), e.wrongTime(s)); why != "" {
		return why
	}
	if o := e.takenBack(s); o != nil {
		return fmt.Sprintf("the same account said %s after it, as #%d shows", o.vote.Decision, o.snap.Index)
	}
	if i := slices.IndexFunc(e.forgeDenies, func(d *sight) bool { return d.who == s.who }); i >= 0 {
		return fmt.Sprintf("%s denied the same artifact, as #%d shows", s.who, e.forgeDenies[i].snap.Index)
	}
	if v := e.ballots[s.who]; v != nil && len(v.denies) > 0 {
		return fmt.Sprintf("%s denied the same artifact at #%d", s.who, v.denies[0].en.Index)
	}
	if what, ok := e.excluded[s.who]; ok {
		return fmt.Sprintf("%s is %s", s.who, what)
	}
	if what, ok := e.excluded[s.key]; ok {
		return fmt.Sprintf("%s is %s", s.who, what)
	}
	return cmp.Or(e.notLinked(s), e.notAsked(s.who, s.snap.Source), e.nameless(s))
}

// wrongTime says what is wrong with when an approval was cast. A vote that
// names a commit may be older than the request.
func (e *evaluation) wrongTime(s *sight) string {
	switch source := s.snap.Source; {
	case s.at.IsZero() && !weak(source):
		return source + " does not say when it was cast"
	case s.at.IsZero() && (e.in.Run == "" || s.snap.Run != e.in.Run):
		return "it has no time, so it counts only in the run it was cast for"
	case s.at.IsZero():
		return ""
	case bindsRequest(source) && s.at.Before(e.created.Add(-skew)):
		return "cast at " + s.vote.Time + ", before the request was made"
	case s.at.After(e.now.Add(skew)):
		return "cast at " + s.vote.Time + ", which is still to come"
	case !e.now.Before(s.at.Add(e.env.MaxAge)):
		return fmt.Sprintf("expired: cast at %s, and a vote counts for %s", s.vote.Time, span(e.env.MaxAge))
	}
	return ""
}

// takenBack returns a deny or revoke of the same account that came after an
// approval: by its time, or by its place in the same list. Of one without a
// time nobody knows what came first.
func (e *evaluation) takenBack(s *sight) *sight {
	for _, o := range e.sights {
		if o.key != s.key || o.vote.Decision == event.ForgeApprove || o.vote.Request != "" && o.vote.Request != e.in.Request {
			continue
		}
		later := o.at.After(s.at) || o.at.IsZero() || s.at.IsZero()
		if o.snap == s.snap && o.n > s.n || later {
			return o
		}
	}
	return nil
}

// notLinked says that a vote for a commit is none for an artifact that nothing
// ties to it.
func (e *evaluation) notLinked(s *sight) string {
	if bindsRequest(s.snap.Source) {
		return ""
	}
	for i, subject := range e.request.Subjects {
		if e.linked[i] {
			continue
		}
		for _, d := range e.unlinked[i] {
			e.doubt(d.entry, d.refusal)
		}
		return "it is for a commit, and no build event says that " + nameOf(subject) + " was made of it"
	}
	return ""
}

// notAsked says that no seat is there for somebody's vote by a source.
func (e *evaluation) notAsked(who, source string) string {
	role := false
	for _, seat := range e.env.Require {
		yes, unknown := e.holdsNow(who, seat.Role)
		if yes && seat.takes(source) {
			return ""
		}
		role = role || yes
		if unknown != "" && seat.takes(source) {
			line := fmt.Sprintf("could not find out whether %s holds role %s (%s)", who, seat.Role, unknown)
			e.unsure = append(e.unsure, line)
			return line
		}
	}
	if role {
		return fmt.Sprintf("no seat of %s takes votes by %s", who, source)
	}
	return who + " has no role that is asked for" + orNone(rolesOf(e.env.Require))
}

// nameless refuses the vote of an account that is no principal's where nobody
// tells whether it is the account of who wrote or pushed the commit. A forge
// that names the accounts of committers names those of co-authors too, if there
// are any.
func (e *evaluation) nameless(s *sight) string {
	if _, known := e.p.Principals[s.who]; known {
		return ""
	}
	for _, what := range []string{event.PartAuthor, event.PartCommitter, event.PartCoAuthor, event.PartPusher} {
		by := what
		if what == event.PartCoAuthor {
			by = event.PartCommitter
		}
		told := slices.ContainsFunc(e.fresh, func(f *snapshot) bool {
			return f.Host == s.snap.Host && slices.ContainsFunc(f.Parts, func(p event.ForgePart) bool { return p.Part == by })
		})
		if slices.Contains(e.env.Exclude, what) && !told {
			return fmt.Sprintf("nothing tells whether %s is the %s", s.who, what)
		}
	}
	return ""
}

// forgeParts are those who had a hand in the commit, as the newest snapshots
// tell it, as far as they are excluded.
func (e *evaluation) forgeParts() []part {
	var all []part
	named := map[string]bool{}
	for _, s := range e.fresh {
		for _, p := range s.Parts {
			what := p.Part
			switch {
			case p.Part == event.PartRequester && e.env.Agents == RequesterIsAuthor:
				what = "author, by an agent"
			case !slices.Contains(e.env.Exclude, p.Part):
				continue
			}
			named[p.Part] = true
			all = append(all, e.forgePart(s, p, what))
		}
	}
	if len(e.fresh) == 0 {
		return nil // that nothing was read is said already
	}
	if slices.Contains(e.env.Exclude, event.PartPusher) && !named[event.PartPusher] {
		all = append(all, part{what: "pusher", unknown: "no source says who pushed the commit", never: true})
	}
	if e.env.Agents == RequesterIsAuthor && e.byAgent() && !named[event.PartRequester] {
		all = append(all, part{what: "author, by an agent", unknown: "an agent wrote it, and no source says on whose request", never: true})
	}
	return all
}

// byAgent says whether a snapshot names an agent.
func (e *evaluation) byAgent() bool {
	return slices.ContainsFunc(e.fresh, func(s *snapshot) bool {
		return slices.ContainsFunc(s.Parts, func(p event.ForgePart) bool { return p.Part == event.PartAgent })
	})
}

func (e *evaluation) forgePart(s *snapshot, p event.ForgePart, what string) part {
	if p.Unknown != "" {
		why := fmt.Sprintf("could not find out who the %s is: %s", what, p.Unknown)
		return part{what: what, unknown: why, never: true}
	}
	key := accountAt(s.Host, p.Account.ID)
	e.exclude(key, "the "+what)
	out := part{what: what}
	if name, ok := e.p.OwnerOf(s.Host, p.Account.ID); ok {
		out.people = []string{name}
	} else {
		out.also = key
	}
	return out
}

// reruns names who started the run again. It is noted, and excludes nobody.
func (e *evaluation) reruns() string {
	var who []string
	for _, s := range e.fresh {
		for _, p := range s.Parts {
			if p.Part == event.PartRerunner && p.Unknown == "" {
				who = append(who, accountAt(s.Host, p.Account.ID))
			}
		}
	}
	slices.Sort(who)
	if who = slices.Compact(who); len(who) == 0 {
		return ""
	}
	return "run again by " + strings.Join(who, ", ") + ", which excludes nobody"
}

// signedApprovals are those in the ledger that count.
func (e *evaluation) signedApprovals() []approval {
	var all []approval
	for _, who := range sortedNames(e.ballots) {
		v := e.ballots[who]
		if v.word == nil || v.word.Predicate.Choice != vote.Approve {
			continue
		}
		if why := e.whyNot(v); why != "" {
			e.reject(v.word, "%s", why)
			continue
		}
		all = append(all, approval{who: who, source: SignedSource, index: v.word.en.Index, row: v.word.row})
	}
	return all
}

// approvals are all that count, in the ledger's order.
func (e *evaluation) approvals() []approval {
	all := append(e.signedApprovals(), e.forgeApprovals()...)
	arrange.By(all, func(a, b approval) int {
		return cmp.Or(cmp.Compare(a.index, b.index), cmp.Compare(a.n, b.n))
	})
	return all
}

// counted says on each approval what it was good for. One human counts once,
// however often they said it.
func (e *evaluation) countApprovals(all []approval, seats *seating) {
	first := map[string]approval{}
	for _, a := range all {
		if seat, on := seats.of(a.who); on && !seat.takes(a.source) {
			continue
		}
		if _, ok := first[a.who]; !ok {
			first[a.who] = a
		}
	}
	for _, a := range all {
		seat, on := seats.of(a.who)
		switch by := first[a.who]; {
		case by != a:
			e.rejectRow(a.row, "%s counts once, by #%d", a.who, by.index)
		case !on:
			e.countRow(a.row, "counted, and not needed: every seat they could take is taken")
		default:
			e.countRow(a.row, "counted as %s%s", seat.Role, weakness(e.d.Votes[a.row]))
		}
	}
}

func weakness(v Vote) string {
	if v.Source == "" || !weak(v.Source) {
		return ""
	}
	return " (weak: the forge does not say when)"
}

// proofOf is what a seat rests on.
func (e *evaluation) proofOf(seat Seat, on []string) string {
	if _, told := e.p.ForgeRoles[seat.Role]; told {
		return Observed
	}
	for _, v := range e.d.Votes {
		if v.Counted && v.Source != "" && v.Choice == event.ForgeApprove && slices.ContainsFunc(on, func(who string) bool { return who == v.Principal }) {
			return Observed
		}
	}
	return Proven
}
