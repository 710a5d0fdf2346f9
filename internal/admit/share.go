// SPDX-License-Identifier: Apache-2.0

package admit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// preferDated marks the copies of an event that lack the proof of time which
// another copy has. The proof is no part of the event's id, so whoever logs
// the bare copy first would take the proof away for good.
func (in *Input) preferDated(all []*candidate) {
	if in.root() == nil {
		return
	}
	copies, dated := map[[32]byte]int{}, map[[32]byte]bool{}
	each := func(do func(*candidate, item)) {
		for _, c := range all {
			for _, it := range c.items {
				do(c, it)
			}
		}
	}
	proven := func(it item) bool {
		if !hasProof(it.event) {
			return false
		}
		_, err := in.Root.Time(it.event.Signed)
		return err == nil
	}
	each(func(_ *candidate, it item) { copies[it.what()]++ })
	each(func(_ *candidate, it item) {
		if copies[it.what()] > 1 && proven(it) {
			dated[it.what()] = true
		}
	})
	each(func(c *candidate, it item) {
		if dated[it.what()] && !proven(it) {
			c.worse = true
		}
	})
}

// what is the same for all copies of an event, and of a vote whatever envelope
// it came in.
func (it item) what() [32]byte {
	if it.ballot != ([32]byte{}) {
		return it.ballot
	}
	return it.id
}

// A sharing is a plan that is being filled.
type sharing struct {
	limits       Limits
	used, denies map[signer]int // events taken
	deferred     map[signer]int
	total, bytes int
	ids, ballots map[[32]byte]bool // taken
}

// share fills p with as many candidates as fit. Next is always the parcel
// whose signers were served least, so that nobody's number of parcels, nor the
// times they claim, keep anybody else waiting.
func share(limits Limits, all []*candidate, p *Plan) {
	s := &sharing{
		limits: limits, used: map[signer]int{}, denies: map[signer]int{}, deferred: map[signer]int{},
		ids: map[[32]byte]bool{}, ballots: map[[32]byte]bool{},
	}
	var taken []*candidate
	for q := s.queues(all); len(q.all) > 0; {
		c := q.next()
		switch s.shrink(c); {
		case len(c.items) == 0:
			p.Done = append(p.Done, c.index)
		case s.fits(c):
			s.take(c)
			taken = append(taken, c)
		default:
			p.Defer = append(p.Defer, c.index)
			for _, it := range c.items {
				s.deferred[it.by]++
			}
		}
	}
	arrange.By(taken, inLog)
	for _, c := range taken {
		p.Take = append(p.Take, c.index)
	}
	slices.Sort(p.Done)
	slices.Sort(p.Defer)
	p.Signers = s.counts()
}

// inLog is the order in which parcels are logged. A copy without the proof of
// time that another has stands behind all, denies too: the first copy that is
// logged is the one that stays.
func inLog(a, b *candidate) int {
	return cmp.Or(no(!a.worse)-no(!b.worse), no(a.deny)-no(b.deny), older(a, b))
}

func older(a, b *candidate) int {
	return cmp.Or(no(!a.time.IsZero())-no(!b.time.IsZero()), a.time.Compare(b.time),
		strings.Compare(a.name, b.name), cmp.Compare(a.index, b.index))
}

// no orders what is so before what is not.
func no(b bool) int {
	if b {
		return 0
	}
	return 1
}

// shrink leaves out what was taken with other parcels.
func (s *sharing) shrink(c *candidate) {
	c.items = slices.DeleteFunc(c.items, func(it item) bool {
		return s.ids[it.id] || it.ballot != ([32]byte{}) && s.ballots[it.ballot]
	})
}

// cost is what a parcel asks for.
func cost(c *candidate) (events, denies map[signer]int, total int) {
	events, denies = map[signer]int{}, map[signer]int{}
	for _, it := range c.items {
		if it.deny {
			denies[it.by]++
			continue
		}
		events[it.by]++
		total++
	}
	return events, denies, total
}

func (s *sharing) fits(c *candidate) bool {
	events, denies, total := cost(c)
	for by, n := range denies {
		if over(s.denies[by], n, s.limits.Denies) {
			return false
		}
	}
	for by, n := range events {
		if over(s.used[by], n, s.limits.PerSigner) {
			return false
		}
	}
	return total == 0 || !over(s.total, total, s.limits.Total) && !over(s.bytes, c.size, s.limits.Bytes)
}

// over reports whether n more are too many. The first always fit: what is too
// large for a parcel was refused before.
func over(used, n, limit int) bool { return used > 0 && used+n > limit }

func (s *sharing) take(c *candidate) {
	events, denies, total := cost(c)
	for by, n := range events {
		s.used[by] += n
	}
	for by, n := range denies {
		s.denies[by] += n
	}
	if total > 0 {
		s.total += total
		s.bytes += c.size
	}
	for _, it := range c.items {
		s.ids[it.id] = true
		if it.ballot != ([32]byte{}) {
			s.ballots[it.ballot] = true
		}
	}
}

func (s *sharing) counts() []Count {
	all := map[signer]Count{}
	for _, m := range []map[signer]int{s.used, s.denies, s.deferred} {
		for by := range m {
			all[by] = Count{Name: by.name, Person: by.person, Taken: s.used[by] + s.denies[by], Deferred: s.deferred[by]}
		}
	}
	out := make([]Count, 0, len(all))
	for _, c := range all {
		out = append(out, c)
	}
	arrange.By(out, func(a, b Count) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), no(a.Person)-no(b.Person))
	})
	return out
}
