// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// table4 is the score of the gravest vector of each macro vector, in tenths,
// as the specification gives them
// (https://www.first.org/cvss/v4.0/specification-document, 8.2 and 8.3;
// FIRST's cvss_lookup.js, BSD-2-Clause). A line is EQ1, EQ2 and EQ3; along it
// count EQ4, EQ5 and EQ6. A dash is a macro vector that no vector has.
const table4 = `
100 99 98 95 95 92 100 96 93 87 91 81 93 90 89 80 81 68
98 95 95 92 90 84 93 92 89 81 81 65 88 80 78 70 69 48
- 92 - 82 - 72 - 79 - 69 - 50 - 69 - 55 - 27
99 97 95 92 92 85 95 91 90 83 84 71 92 81 82 71 72 53
95 93 92 85 85 73 92 82 80 72 70 59 84 70 71 52 50 30
- 86 - 75 - 52 - 71 - 52 - 29 - 63 - 29 - 17
98 95 94 87 91 81 94 89 86 74 77 64 87 75 74 63 63 49
94 89 88 77 76 67 86 76 74 58 59 50 72 57 57 52 52 25
- 83 - 70 - 54 - 65 - 58 - 26 - 53 - 21 - 13
95 90 88 76 76 70 90 77 75 62 61 53 77 66 68 59 52 30
89 78 76 67 62 58 74 59 57 57 47 23 61 52 57 29 24 16
- 71 - 59 - 30 - 58 - 26 - 15 - 23 - 13 - 6
93 87 86 72 75 58 86 74 74 61 56 34 70 54 52 40 40 22
85 75 74 55 62 51 72 57 55 41 46 19 53 36 34 19 19 8
- 64 - 51 - 20 - 47 - 21 - 11 - 24 - 9 - 4
88 75 73 53 60 50 73 55 59 40 41 20 54 43 45 22 20 11
75 55 58 45 40 21 61 51 48 18 20 9 46 18 17 7 8 2
- 53 - 24 - 14 - 24 - 12 - 5 - 10 - 3 - 1`

// A macro is a macro vector: EQ1 to EQ6.
type macro [6]int

// scores4 is table4 by macro vector.
func scores4() map[macro]float64 {
	all := map[macro]float64{}
	for line, row := range strings.Split(strings.TrimSpace(table4), "\n") {
		for column, cell := range strings.Fields(row) {
			if n, err := strconv.Atoi(cell); err == nil {
				all[macro{line / 6, line / 3 % 2, line % 3, column / 6, column / 2 % 3, column % 2}] = float64(n)
			}
		}
	}
	return all
}

func metrics4() map[string]metric {
	m := map[string]metric{
		"AV": {"N A L P", true}, "AC": {"L H", true}, "AT": {"N P", true}, "PR": {"N L H", true}, "UI": {"N P A", true},
		"VC": {"H L N", true}, "VI": {"H L N", true}, "VA": {"H L N", true},
		"SC": {"H L N", true}, "SI": {"H L N", true}, "SA": {"H L N", true},
	}
	for _, name := range []string{"AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"} {
		m["M"+name] = metric{"X " + m[name].values, false}
	}
	m["MSI"], m["MSA"] = metric{"X S H L N", false}, metric{"X S H L N", false}
	for name, values := range map[string]string{
		"E": "X A P U", "CR": "X H M L", "IR": "X H M L", "AR": "X H M L",
		"S": "X N P", "AU": "X N Y", "R": "X A U I", "V": "X D C", "RE": "X L M H", "U": "X Clear Green Amber Red",
	} {
		m[name] = metric{values, false}
	}
	return m
}

// of is a metric as it counts: modified if it is, at its worst if it is not
// defined.
func (v vector) of(name string) string {
	if m := v["M"+name]; m != "" && m != "X" {
		return m
	}
	if value := v[name]; value != "" && value != "X" {
		return value
	}
	return map[string]string{"E": "A", "CR": "H", "IR": "H", "AR": "H"}[name]
}

// is says whether every pair name:value holds.
func (v vector) is(pairs string) bool {
	for pair := range strings.FieldsSeq(pairs) {
		name, value, _ := strings.Cut(pair, ":")
		if v.of(name) != value {
			return false
		}
	}
	return true
}

// any says whether one of the pairs holds.
func (v vector) any(pairs string) bool {
	for pair := range strings.FieldsSeq(pairs) {
		if v.is(pair) {
			return true
		}
	}
	return false
}

// choose is the place of the first case that holds, or how many there are.
func choose(cases ...bool) int {
	for i, holds := range cases {
		if holds {
			return i
		}
	}
	return len(cases)
}

// macro sorts a vector by the specification's tables 24 to 29.
func (v vector) macro() macro {
	return macro{
		choose(v.is("AV:N PR:N UI:N"), v.any("AV:N PR:N UI:N") && !v.is("AV:P")),
		choose(v.is("AC:L AT:N")),
		choose(v.is("VC:H VI:H"), v.any("VC:H VI:H VA:H")),
		choose(v.any("SI:S SA:S"), v.any("SC:H SI:H SA:H")),
		choose(v.is("E:A"), v.is("E:P")),
		choose(v.is("CR:H VC:H") || v.is("IR:H VI:H") || v.is("AR:H VA:H")),
	}
}

// levels4 orders the values of a metric, gravest first.
func levels4() map[string]string {
	return map[string]string{
		"AV": "NALP", "PR": "NLH", "UI": "NPA", "AC": "LH", "AT": "NP",
		"VC": "HLN", "VI": "HLN", "VA": "HLN", "SC": "SHLN", "SI": "SHLN", "SA": "SHLN",
		"CR": "HML", "IR": "HML", "AR": "HML",
	}
}

// A step is one equivalence set of a macro vector: its gravest vectors, how
// deep it is, and the macro vectors right below.
type step struct {
	gravest []string
	depth   float64
	below   []macro
}

// steps are the sets along which a vector's distance is measured; EQ3 and EQ6
// are one. Along EQ5 there is no distance.
func (m macro) steps() []step {
	down := func(sets ...int) macro {
		below := m
		for _, i := range sets {
			below[i]++
		}
		return below
	}
	impact := map[[2]int]step{
		{0, 0}: {[]string{"VC:H VI:H VA:H CR:H IR:H AR:H"}, 7, []macro{down(5), down(2)}},
		{0, 1}: {[]string{"VC:H VI:H VA:L CR:M IR:M AR:H", "VC:H VI:H VA:H CR:M IR:M AR:M"}, 6, []macro{down(2)}},
		{1, 0}: {[]string{"VC:L VI:H VA:H CR:H IR:H AR:H", "VC:H VI:L VA:H CR:H IR:H AR:H"}, 8, []macro{down(5)}},
		{1, 1}: {[]string{
			"VC:L VI:H VA:L CR:H IR:M AR:H", "VC:L VI:H VA:H CR:H IR:M AR:M", "VC:H VI:L VA:H CR:M IR:H AR:M",
			"VC:H VI:L VA:L CR:M IR:H AR:H", "VC:L VI:L VA:H CR:H IR:H AR:M"}, 8, []macro{down(2)}},
		{2, 1}: {[]string{"VC:L VI:L VA:L CR:H IR:H AR:H"}, 10, []macro{down(2, 5)}},
	}
	return []step{
		[]step{
			{[]string{"AV:N PR:N UI:N"}, 1, nil},
			{[]string{"AV:A PR:N UI:N", "AV:N PR:L UI:N", "AV:N PR:N UI:P"}, 4, nil},
			{[]string{"AV:P PR:N UI:N", "AV:A PR:L UI:P"}, 5, nil},
		}[m[0]].above(down(0)),
		[]step{
			{[]string{"AC:L AT:N"}, 1, nil},
			{[]string{"AC:H AT:N", "AC:L AT:P"}, 2, nil},
		}[m[1]].above(down(1)),
		impact[[2]int{m[2], m[5]}],
		[]step{
			{[]string{"SC:H SI:S SA:S"}, 6, nil},
			{[]string{"SC:H SI:H SA:H"}, 5, nil},
			{[]string{"SC:L SI:L SA:L"}, 4, nil},
		}[m[3]].above(down(3)),
		{nil, 1, []macro{down(4)}},
	}
}

func (s step) above(m macro) step {
	s.below = []macro{m}
	return s
}

// distance is how many levels v lies below the first of the gravest vectors
// that no metric of it is above.
func (s step) distance(v vector) (levels float64, ok bool) {
	order := levels4()
	for _, gravest := range s.gravest {
		sum, fits := 0, true
		for pair := range strings.FieldsSeq(gravest) {
			name, top, _ := strings.Cut(pair, ":")
			d := strings.Index(order[name], v.of(name)) - strings.Index(order[name], top)
			sum, fits = sum+d, fits && d >= 0
		}
		if fits {
			return float64(sum), true
		}
	}
	return 0, len(s.gravest) == 0
}

// score4 is the score of specification section 8.2: that of the macro vector,
// less the mean of how far down the vector is along each set.
func (v vector) score4() (Score, error) {
	if v.is("VC:N VI:N VA:N SC:N SI:N SA:N") {
		return 0, nil
	}
	scores := scores4()
	m := v.macro()
	value, ok := scores[m]
	if !ok {
		return 0, errors.New("no macro vector")
	}
	sum, n := 0.0, 0.0
	for _, s := range m.steps() {
		lower := -1.0
		for _, b := range s.below {
			if score, ok := scores[b]; ok {
				lower = max(lower, score)
			}
		}
		levels, ok := s.distance(v)
		if !ok {
			return 0, errors.New("no vector of its macro vector is above it")
		}
		if lower >= 0 {
			sum += (value - lower) * levels / s.depth
			n++
		}
	}
	if n > 0 {
		value -= sum / n
	}
	return Score(math.Round(min(max(value, 0), 100))), nil
}
