// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"maps"
	"slices"
)

// A seating gives each seat different people. One person sits on one seat,
// whatever roles they hold, so it is a maximum bipartite matching: giving
// seats away one by one would strand a person who could have moved.
type seating struct {
	seats []Seat
	may   func(person string, seat Seat) bool
	on    [][]string // the people on each seat
}

// fill seats as many of the people as can be seated. People are taken in the
// order given, so the same people always sit the same way.
func fill(seats []Seat, people []string, may func(person string, seat Seat) bool) *seating {
	s := &seating{seats: seats, may: may, on: make([][]string, len(seats))}
	for _, person := range people {
		s.seat(person, -1)
	}
	return s
}

// seat finds a seat for one more person, moving others if need be. With only
// not negative, the place that is filled in the end must be on that seat.
func (s *seating) seat(person string, only int) bool {
	return s.place(person, only, make([]bool, len(s.seats)))
}

func (s *seating) place(person string, only int, tried []bool) bool {
	for i, seat := range s.seats {
		if tried[i] || !s.may(person, seat) {
			continue
		}
		tried[i] = true
		if len(s.on[i]) < seat.Count {
			if only >= 0 && only != i {
				continue
			}
			s.on[i] = append(s.on[i], person)
			return true
		}
		for j, other := range s.on[i] {
			if s.place(other, only, tried) {
				s.on[i][j] = person
				return true
			}
		}
	}
	return false
}

// could says whether one more person would help to fill seat i.
func (s *seating) could(person string, i int) bool {
	trial := &seating{seats: s.seats, may: s.may, on: make([][]string, len(s.on))}
	for j := range s.on {
		trial.on[j] = slices.Clone(s.on[j])
	}
	return trial.seat(person, i)
}

// of returns the seat on which the person sits.
func (s *seating) of(person string) (seat Seat, ok bool) {
	for i, on := range s.on {
		if slices.Contains(on, person) {
			return s.seats[i], true
		}
	}
	return Seat{}, false
}

func (s *seating) filled() int {
	n := 0
	for _, on := range s.on {
		n += len(on)
	}
	return n
}

func (s *seating) full() bool {
	for i, seat := range s.seats {
		if len(s.on[i]) < seat.Count {
			return false
		}
	}
	return true
}

func (p *Policy) holds(person, role string) bool {
	return slices.Contains(p.Principals[person].Roles, role)
}

// canSign says whether a person has anything to vote with.
func (who Principal) canSign() bool { return len(who.Keys) > 0 || who.Keyless != nil }

// voters lists the people who hold the role and have something to vote with by
// one of the sources (none: signed), sorted: a key or a certificate, or an
// account.
func (p *Policy) voters(role string, sources ...string) []string {
	if len(sources) == 0 {
		sources = []string{SignedSource}
	}
	var who []string
	for _, name := range slices.Sorted(maps.Keys(p.Principals)) {
		can := func(source string) bool {
			if source == SignedSource {
				return p.Principals[name].canSign()
			}
			return p.Principals[name].votesBy(source)
		}
		if p.holds(name, role) && slices.ContainsFunc(sources, can) {
			who = append(who, name)
		}
	}
	return who
}

// vetoSources are the ways in which somebody may deny: signed, and whatever
// the gate reads.
func vetoSources(e Environment) []string { return append([]string{SignedSource}, e.Sources()...) }
