// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/pattern"
)

// More people where more is at stake.
//
// An environment's risk names who scans, a number, and seats. Where the newest
// scan of an artifact by one of them scores over the number, those seats have to
// be filled too, by people of their own. Where there is no such scan, or it is too
// old, can't be read or can't be checked, they have to be filled as well: nobody
// knows better, and a scan that is kept away must not make it easier. So a scan
// never opens anything; it can only spare people work.

// A Risk says when more people have to approve, and which.
type Risk struct {
	By      []string      // signers whose scan counts
	Over    int           // a score that needs nobody else
	MaxAge  time.Duration // of the scan; zero: any age
	Require []Seat
}

// What a finding weighs. The words of the policy's documentation (docs/policy.md)
// name the same numbers, which a test holds.
const (
	weightCritical  = 10
	weightHigh      = 5 // also of what nobody rates
	weightMedium    = 2
	weightLow       = 1
	weightExploited = 10 // more, where it is known to be exploited
	weightMalware   = 100
	maxRisk         = 100_000 // what is over weighs no more
)

var riskPattern = pattern.New(`^(0|[1-9][0-9]{0,4})$`)

// risk reads when more people have to approve.
func (d *decoder) risk(n *yaml.Node, path string) *Risk {
	r := &Risk{}
	d.object(n, path, "risk", func(key string, v *yaml.Node, path string) {
		switch key {
		case "from":
			if text, ok := d.text(v, path); ok && text != "scan" {
				d.fail(v, path, "must be scan, not %s", what(v))
			}
		case "by":
			r.By = d.names(v, path)
			if v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
				d.fail(v, path, "is empty: nobody could supply a scan")
			}
		case "over":
			over, _ := d.number(v, path, riskPattern, "a whole number from 0 to 99999")
			r.Over = int(over)
		case "max-age":
			r.MaxAge = d.duration(v, path)
		case "require":
			r.Require = d.seats(v, path)
			if v.Kind == yaml.SequenceNode && len(v.Content) == 0 {
				d.fail(v, path, "is empty: nobody more would have to approve")
			}
		}
	})
	return r
}

// checkRisk holds a risk against the rest of its environment.
func (d *decoder) checkRisk(path string, e *Environment) {
	if e.Risk == nil {
		return
	}
	e.Risk.By = d.knownSigners(path+".by", e.Risk.By, e.Tier)
	pinned := len(e.Require) > 0
	for i, s := range e.Risk.Require {
		at := path + ".require[" + strconv.Itoa(i) + "]"
		d.roleCanBeSeen(at+".role", s.Role, s.Sources())
		pinned = pinned || !slices.ContainsFunc(s.Sources(), func(source string) bool { return !bindsRequest(source) })
	}
	if !pinned && len(e.Risk.Require) > 0 {
		d.failAt(path+".require", "votes that name a commit could fill every seat, and a commit can be built more than once; give one seat only sources that name the request")
	}
}

// riskCanBeFilled collects seats for which there are too few, all taken together.
func (d *decoder) riskCanBeFilled(e Environment, path string) {
	if e.Risk == nil {
		return
	}
	filled, total := 0, 0
	var seats []Seat
	for _, s := range e.Seats() {
		if _, told := d.p.ForgeRoles[s.Role]; !told {
			seats, total = append(seats, s), total+s.Count
		}
	}
	if filled = d.p.mostFilled(seats); filled < total {
		d.notReady(e.Name, path, "where the risk is high, %d different people have to approve, and the policy's people can fill %d of the seats: one person fills one seat, whatever roles they hold", total, filled)
	}
}

// Seats are all that an environment can ask for: its own, and those where the
// risk is high. Two of one role that take the same votes are one with more
// people.
func (e Environment) Seats() []Seat {
	all := slices.Clone(e.Require)
	if e.Risk == nil {
		return all
	}
	for _, more := range e.Risk.Require {
		same := func(s Seat) bool {
			return s.Role == more.Role && slices.Equal(sorted(s.Sources()), sorted(more.Sources()))
		}
		if i := slices.IndexFunc(all, same); i >= 0 {
			all[i].Count += more.Count
			continue
		}
		all = append(all, more)
	}
	return all
}

// resolvedRisk is a risk as the digest of an environment has it. Of an
// environment without, the digest is what it was before there was any.
type resolvedRisk struct {
	By      []string            `json:"by"`
	Over    int                 `json:"over"`
	MaxAge  int64               `json:"max_age"` // seconds
	Require map[string]int      `json:"require"` // by role and sources
	Sources map[string][]string `json:"sources,omitempty"`
}

func (r *Risk) resolved() *resolvedRisk {
	if r == nil {
		return nil
	}
	out := &resolvedRisk{By: sorted(r.By), Over: r.Over, MaxAge: int64(r.MaxAge / time.Second), Require: map[string]int{}}
	names := Environment{Require: r.Require}
	for _, s := range r.Require {
		name := names.seatName(s)
		out.Require[name] = s.Count
		if sources := s.resolvedSources(); sources != nil {
			if out.Sources == nil {
				out.Sources = map[string][]string{}
			}
			out.Sources[name] = sources
		}
	}
	return out
}

// riskSeats adds the seats of those who have to approve where the risk is high,
// or where nobody can tell. A request to break the glass goes without them, and
// that is listed; what it leaves behind asks for them.
func (e *evaluation) riskSeats(glass bool) {
	risk := e.env.Risk
	if risk == nil {
		return
	}
	r := Rule{Name: fmt.Sprintf("the risk of each artifact is at most %d, by the scan of %s, or more people approve", risk.Over, strings.Join(risk.By, " or ")), State: Met}
	high, calm := e.risky(*risk)
	r.Why = strings.Join(calm, ", ")
	if len(high) > 0 {
		r.State, r.Why = Skipped, strings.Join(high, "; ")+"; so besides "+seatWords(risk.Require)
	}
	switch {
	case glass && len(high) > 0:
		r.Why = "waived by break-glass, and not met: " + r.Why
		e.d.Waived = append(e.d.Waived, r.Name)
	case len(high) > 0:
		e.env.Require = e.env.Seats()
	}
	e.rule(r)
}

// risky says of each artifact why more people are needed for it, or that they
// are not.
func (e *evaluation) risky(risk Risk) (high, calm []string) {
	want := Evidence{Event: "scan", By: risk.By, MaxAge: risk.MaxAge}
	for i, s := range e.request.Subjects {
		f := e.newestUnless(want, i, func(en entry) bool {
			st, err := en.Statement()
			if err != nil {
				return false
			}
			score, err := riskOf(st)
			return err == nil && score <= risk.Over
		})
		switch {
		case f.no != "":
			high = append(high, "the risk of "+nameOf(s)+" is not known ("+f.no+")")
			continue
		case len(f.doubts) > 0:
			high = append(high, fmt.Sprintf("the risk of %s is not known (#%d can't be checked: %s)", nameOf(s), f.doubts[0].Index, f.doubts[0].why))
			continue
		}
		e.uses(f.entries...)
		st, err := f.entries[0].Statement()
		score := maxRisk
		if err == nil {
			score, err = riskOf(st)
		}
		switch {
		case err != nil:
			high = append(high, fmt.Sprintf("the risk of %s is not known (#%d %v)", nameOf(s), f.entries[0].Index, err))
		case score > risk.Over:
			high = append(high, fmt.Sprintf("the risk of %s is %d by %s, over %d", nameOf(s), score, f.line, risk.Over))
		default:
			calm = append(calm, fmt.Sprintf("%d by %s", score, f.line))
		}
	}
	return high, slices.Compact(calm)
}

// seatWords says who has to approve: "1 of security and 2 of lead".
func seatWords(seats []Seat) string {
	var words []string
	for _, s := range seats {
		words = append(words, fmt.Sprintf("%d of %s", s.Count, s.Role))
	}
	return andList(words)
}

// riskOf is what the findings of a scan weigh together. A scan that lists less
// than it counts is weighed by its count, and what it counts without a severity
// as what nobody rates.
func riskOf(st event.Statement) (int, error) {
	p, err := decodeScan(st)
	if err != nil {
		return 0, err
	}
	listed := 0
	for _, f := range p.Scanner.Result {
		listed = heavier(listed, weightOf(f))
	}
	if p.Summary == nil {
		return listed, nil
	}
	counted, rated, s := 0, 0, *p.Summary
	for severity, n := range s.Severities {
		if n < 0 {
			return 0, fmt.Errorf("counts %d of severity %.20s", n, severity)
		}
		counted, rated = heavier(counted, times(n, weighs(severity))), heavier(rated, n)
	}
	counted = heavier(counted, times(s.Total-rated, weightHigh))
	counted = heavier(heavier(counted, times(s.KEV, weightExploited)), times(s.Malware, weightMalware))
	return max(listed, counted), nil
}

// times multiplies without running over; less than none is none.
func times(n, weight int) int {
	if n > math.MaxInt32/weightMalware {
		return maxRisk
	}
	return max(n, 0) * weight
}

// heavier adds up to maxRisk.
func heavier(a, b int) int { return min(a+min(b, maxRisk), maxRisk) }

// weightOf is what one finding weighs.
func weightOf(f event.ScanFinding) int {
	w := weighs(severityOf(f))
	if slices.ContainsFunc(f.Annotations, func(a event.ScanAnnotation) bool { return a.KEV }) {
		w += weightExploited
	}
	if isMalware(f) {
		w += weightMalware
	}
	return w
}

// weighs is what a severity weighs. A word that nobody knows is one that nobody
// rates.
func weighs(severity string) int {
	switch severity {
	case event.SeverityCritical:
		return weightCritical
	case event.SeverityMedium:
		return weightMedium
	case event.SeverityLow:
		return weightLow
	case event.SeverityNone:
		return 0
	}
	return weightHigh
}
