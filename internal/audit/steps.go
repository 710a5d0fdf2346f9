// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// A Step is one thing to do, and what it settles.
type Step struct {
	Do        string   `json:"do"`
	Component string   `json:"component,omitzero"`
	To        string   `json:"to,omitzero"` // the version to go to
	Settles   []string `json:"settles"`     // names of findings
	Path      []string `json:"path,omitempty"`
	KEV       bool     `json:"kev,omitzero"`
	weight    int
}

// steps says what to do about what stands against a release, what matters
// most first: one step a component where one version mends several things.
func (r *Report) steps() []Step {
	var all []Step
	byUpgrade := map[string]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Verdict > Undecided {
			continue
		}
		to := ""
		if f.Kind == Vulnerability && len(f.Fixed) > 0 {
			to = f.Fixed[len(f.Fixed)-1] // the lowest that every record is content with
		}
		key := f.Kind + "\x00" + f.Component
		if to == "" {
			key += "\x00" + f.ID
		}
		at, ok := byUpgrade[key]
		if !ok {
			at = len(all)
			byUpgrade[key] = at
			all = append(all, Step{Component: f.Component, Path: f.Path, Do: f.Kind})
		}
		s := &all[at]
		s.Settles = append(s.Settles, f.ID)
		s.KEV = s.KEV || f.KEV != nil
		s.weight = max(s.weight, f.weight())
		if to != "" {
			s.To = orderOf(f.Ecosystem).higher(s.To, to)
		}
	}
	arrange.Stably(all, func(a, b Step) int {
		return cmp.Or(-cmp.Compare(a.weight, b.weight), -cmp.Compare(len(a.Settles), len(b.Settles)), strings.Compare(a.Component, b.Component))
	})
	for i := range all {
		all[i].words()
	}
	return append(append([]Step{}, all...), r.unknownSteps()...)
}

func (o order) higher(a, b string) string {
	if sign, err := o.compare(a, b); a != "" && (err != nil || sign > 0) {
		return a
	}
	return b
}

func (s *Step) words() {
	switch {
	case s.Do == Malware:
		s.Do = "take out " + s.Component + ": it is malware; treat what it ran on as taken over"
	case s.Do == DeniedPackage:
		s.Do = "take out " + s.Component + ": the package is denied"
	case s.Do == DeniedLicence:
		s.Do = "replace " + s.Component + ": its licence is denied"
	case s.Do == Checksum:
		s.Do = "find out where " + s.Component + " comes from: its publisher has another checksum"
	case s.Do == Advised:
		s.Do = "replace " + s.Component + ", or say who answers for it until when (--waivers): somebody whom the policy believes warns of it"
	case s.To != "":
		s.Do = fmt.Sprintf("upgrade %s to %s", s.Component, s.To)
	default:
		s.Do = fmt.Sprintf("no version of %s mends %s: replace it, or say why it does not matter (--vex), or who answers for it until when (--waivers)", s.Component, s.Settles[0])
	}
}

// unknownSteps say how to find out what is not known.
func (r *Report) unknownSteps() []Step {
	var all []Step
	for _, f := range r.Feeds {
		if f.Problem == "" {
			continue
		}
		all = append(all, Step{Do: fmt.Sprintf("get a fresh copy of feed %s: %s", f.Name, f.Problem), Settles: []string{f.Name}})
	}
	return all
}
