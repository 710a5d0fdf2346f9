// SPDX-License-Identifier: Apache-2.0

package posture

import (
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

var forges = []string{"github", "gitlab"}

// good is a posture in which every finding of a forge is ok.
func good(t *testing.T, forge string) map[string]string {
	t.Helper()
	facts := map[string]string{}
	for _, r := range Rows(forge) {
		for _, term := range r.Reads {
			choice, _, _ := strings.Cut(term, "|")
			name, negated := strings.CutPrefix(choice, "!")
			want := event.Yes
			if negated {
				want = event.No
			}
			if facts[name] != "" && facts[name] != want {
				t.Fatalf("%s wants %s to be %s, and another row does not", r.Name, name, want)
			}
			facts[name] = want
		}
	}
	return facts
}

func judged(forge string, facts map[string]string) []Finding {
	p := event.PosturePredicate{Provider: forge, Environment: "production"}
	for name, state := range facts {
		p.Facts = append(p.Facts, event.PostureFact{Name: name, State: state, Why: name + " is " + state})
	}
	return Judge(p, nil)
}

func named(t *testing.T, all []Finding, name string) Finding {
	t.Helper()
	i := slices.IndexFunc(all, func(f Finding) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no finding %s", name)
	}
	return all[i]
}

func opposite(state string) string {
	if state == event.Yes {
		return event.No
	}
	return event.Yes
}

// Each row of the tables is ok, weak and unknown by its own facts, and by each
// term of them.
func TestEachFindingIsOKWeakAndUnknown(t *testing.T) {
	for _, forge := range forges {
		for _, r := range Rows(forge) {
			t.Run(forge+" "+r.Name, func(t *testing.T) {
				if f := named(t, judged(forge, good(t, forge)), r.Name); f.State != OK || f.Mend != "" || f.Seen == "" {
					t.Errorf("good: %+v", f)
				}
				for _, term := range r.Reads {
					first, second, _ := strings.Cut(term, "|!")
					neutral := first == second
					weak, unknown, absent := good(t, forge), good(t, forge), good(t, forge)
					for choice := range strings.SplitSeq(term, "|") {
						name, negated := strings.CutPrefix(choice, "!")
						want := event.Yes
						if negated {
							want = event.No
						}
						weak[name], unknown[name] = opposite(want), event.Unknown
						delete(absent, name)
					}
					if f := named(t, judged(forge, weak), r.Name); f.State != Weak && !neutral || f.Mend == "" && !neutral {
						t.Errorf("%s the other way: %+v", term, f)
					}
					if f := named(t, judged(forge, unknown), r.Name); f.State != Unknown || f.Mend == "" || f.Seen == "" {
						t.Errorf("%s unknown: %+v", term, f)
					}
					if f := named(t, judged(forge, absent), r.Name); f.State != Unknown || !strings.Contains(f.Seen, "nobody looked") {
						t.Errorf("%s not there: %+v", term, f)
					}
				}
			})
		}
	}
}

func TestTheTableIsWellFormed(t *testing.T) {
	for _, forge := range forges {
		seen := map[string]bool{}
		for _, r := range Rows(forge) {
			if seen[r.Name] || r.Doc == "" || r.Mend == "" || len(r.Reads) == 0 {
				t.Errorf("%s %+v", forge, r)
			}
			seen[r.Name] = true
			if strings.Contains(r.Mend, "://") || strings.Contains(r.Mend, "\n") || strings.HasSuffix(r.Mend, ".") || strings.HasSuffix(r.Doc, ".") {
				t.Errorf("%s: %q, %q", r.Name, r.Doc, r.Mend)
			}
			if !slices.Contains(Names(), r.Name) {
				t.Errorf("%s is not among the names", r.Name)
			}
		}
	}
	if Rows("gitea") != nil {
		t.Error("there are rows of a forge that nobody reads")
	}
}

func TestSum(t *testing.T) {
	ok, weak, unknown := Finding{State: OK, Matters: true}, Finding{State: Weak}, Finding{State: Unknown, Matters: true}
	accepted := func(f Finding) Finding { f.Accepted = true; return f }
	for name, c := range map[string]struct {
		all  []Finding
		want State
	}{
		"nothing":                           {nil, Unknown},
		"all is ok":                         {[]Finding{ok, ok}, OK},
		"one is weak":                       {[]Finding{ok, weak}, Weak},
		"one is unknown":                    {[]Finding{ok, unknown}, Unknown},
		"weak beats unknown":                {[]Finding{unknown, weak, ok}, Weak},
		"unknown that does not matter":      {[]Finding{ok, {State: Unknown}}, OK},
		"weak that was accepted":            {[]Finding{ok, accepted(weak)}, OK},
		"unknown that was accepted":         {[]Finding{ok, accepted(unknown)}, OK},
		"weak beside what was accepted":     {[]Finding{weak, accepted(unknown)}, Weak},
		"a state that there is not is none": {[]Finding{{State: 7, Matters: true}}, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			if v := Sum(c.all); v.State != c.want {
				t.Errorf("%+v, want %s", v, c.want)
			}
		})
	}
	if State(9).String() != "unknown" || State(-1).String() != "unknown" {
		t.Error("a state that there is not has a name")
	}
}

// What is accepted keeps its state.
func TestAcceptedIsShown(t *testing.T) {
	p := event.PosturePredicate{Provider: "github", Environment: "production", Facts: []event.PostureFact{{Name: "environment-admins-bypass", State: event.Yes, Why: "x"}}}
	f := named(t, Judge(p, []string{"environment-admins"}), "environment-admins")
	if !f.Accepted || f.State != Weak || f.Environment != "production" {
		t.Errorf("%+v", f)
	}
}

func TestLine(t *testing.T) {
	f := func(name string) Finding { return Finding{Name: name, Seen: "s"} }
	if got := Line([]Finding{f("a"), f("b"), f("c"), f("d"), f("e")}); got != "a (s); b (s); c (s); and 2 more" {
		t.Error(got)
	}
	if got := Line([]Finding{f("a")}); got != "a (s)" {
		t.Error(got)
	}
}
