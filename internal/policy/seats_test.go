// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// people of a test: who holds which roles.
type cast2roles = map[string][]string

func seatingOf(seats []Seat, roles cast2roles, people ...string) *seating {
	return fill(seats, people, func(person string, seat Seat) bool { return slices.Contains(roles[person], seat.Role) })
}

func TestFill(t *testing.T) {
	roles := cast2roles{
		"alice": {"security", "lead"}, "bob": {"lead"}, "carol": {"lead"},
		"dave": {"security"}, "erin": {"a", "b", "c"}, "frank": {"a", "b"}, "grace": {"a"},
	}
	securityAndLeads := []Seat{{Role: "security", Count: 1}, {Role: "lead", Count: 2}}
	leadsAndSecurity := []Seat{{Role: "lead", Count: 2}, {Role: "security", Count: 1}}
	for fact, test := range map[string]struct {
		seats  []Seat
		people []string
		filled int
	}{
		"nobody fills nothing":                            {securityAndLeads, nil, 0},
		"two people fill two of three seats":              {securityAndLeads, []string{"alice", "bob"}, 2},
		"a greedy choice for alice would strand carol":    {leadsAndSecurity, []string{"alice", "bob", "carol"}, 3},
		"whoever comes first":                             {leadsAndSecurity, []string{"carol", "alice", "bob"}, 3},
		"one person is one person":                        {securityAndLeads, []string{"alice"}, 1},
		"a stranger fills nothing":                        {securityAndLeads, []string{"mallory"}, 0},
		"more people than seats":                          {securityAndLeads, []string{"alice", "bob", "carol", "dave"}, 3},
		"a chain of moves":                                {[]Seat{{Role: "a", Count: 1}, {Role: "b", Count: 1}, {Role: "c", Count: 1}}, []string{"erin", "frank", "grace"}, 3},
		"a chain of moves, the other way":                 {[]Seat{{Role: "c", Count: 1}, {Role: "b", Count: 1}, {Role: "a", Count: 1}}, []string{"grace", "frank", "erin"}, 3},
		"nobody for a role":                               {[]Seat{{Role: "c", Count: 2}, {Role: "a", Count: 1}}, []string{"erin", "grace"}, 2},
		"holding two roles does not fill two seats":       {[]Seat{{Role: "security", Count: 1}, {Role: "lead", Count: 1}}, []string{"alice"}, 1},
		"no seats are filled by nobody, and full already": {nil, nil, 0},
	} {
		if got := seatingOf(test.seats, roles, test.people...).filled(); got != test.filled {
			t.Errorf("%s: %d seats filled, want %d", fact, got, test.filled)
		}
	}
}

// bestSeating is the reference: every way to seat people is tried.
func bestSeating(seats []Seat, roles cast2roles, people []string) int {
	if len(people) == 0 {
		return 0
	}
	best := bestSeating(seats, roles, people[1:])
	for i, s := range seats {
		if s.Count > 0 && slices.Contains(roles[people[0]], s.Role) {
			left := slices.Clone(seats)
			left[i].Count--
			best = max(best, 1+bestSeating(left, roles, people[1:]))
		}
	}
	return best
}

func randomCase(r *rand.Rand) ([]Seat, cast2roles, []string) {
	names := []string{"a", "b", "c", "d"}[:1+r.IntN(4)]
	var seats []Seat
	for _, role := range names {
		if r.IntN(3) > 0 {
			seats = append(seats, Seat{Role: role, Count: 1 + r.IntN(2)})
		}
	}
	roles, people := cast2roles{}, []string{}
	for i := range r.IntN(6) {
		who := fmt.Sprintf("p%d", i)
		people = append(people, who)
		for _, role := range names {
			if r.IntN(2) == 0 {
				roles[who] = append(roles[who], role)
			}
		}
	}
	return seats, roles, people
}

func TestFillIsTheBestThereIs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		seats, roles, people := randomCase(r)
		s := seatingOf(seats, roles, people...)
		if want := bestSeating(seats, roles, people); s.filled() != want {
			t.Fatalf("%v %v %v: %d filled, want %d", seats, roles, people, s.filled(), want)
		}
		checkSeating(t, s, roles)
	}
}

// checkSeating holds a seating to its promises: the role is held, nobody sits
// twice, no seat holds more than it has place for.
func checkSeating(t *testing.T, s *seating, roles cast2roles) {
	t.Helper()
	seen := map[string]bool{}
	for i, on := range s.on {
		if len(on) > s.seats[i].Count {
			t.Fatalf("%d people on %v", len(on), s.seats[i])
		}
		for _, who := range on {
			if seen[who] || !slices.Contains(roles[who], s.seats[i].Role) {
				t.Fatalf("%s sits on %s: %v", who, s.seats[i].Role, s.on)
			}
			seen[who] = true
		}
	}
}

// could says the same as trying, and leaves the seating alone.
func TestCould(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		seats, roles, people := randomCase(r)
		if len(people) < 2 || len(seats) == 0 {
			continue
		}
		s := seatingOf(seats, roles, people[1:]...)
		before := fmt.Sprint(s.on)
		helps := false
		for i := range seats {
			helps = s.could(people[0], i) || helps
		}
		if fmt.Sprint(s.on) != before {
			t.Fatalf("could moved people: %v, was %s", s.on, before)
		}
		if want := bestSeating(seats, roles, people) > s.filled(); helps != want {
			t.Fatalf("%v %v %v: could help is %v, want %v", seats, roles, people, helps, want)
		}
	}
}
