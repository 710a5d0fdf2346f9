// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/event"
)

// What breaking the glass leaves behind.
//
// A request that was let through by fewer people and used up is a debt: until
// those whom the policy usually asks have approved it after the fact, nothing
// else is let into that environment of that repository, but in an emergency.
// Only votes that name the request settle it: signed ones on any seat, and what
// a gate saw in a source that binds the request on a seat that takes it. They
// do not age, since the deed was done when it was done; whoever is excluded
// for the change stays excluded. A debt that is past its time stays what it is.
//
// A debt is there because of an entry, so it must not get lost with a change of
// policy: whoever signed the consumption opens it, if the signature holds. What
// ends it for good is a usual deployment that a gate of now allowed after it,
// because that one had to ask the same.

// A Debt is a break-glass that was used up.
type Debt struct {
	Request      string   `json:"request"` // hex
	Environment  string   `json:"environment"`
	Gone         bool     `json:"gone,omitzero"` // the policy has no environment of that name any more, see debt_gone.go
	Host         string   `json:"host"`
	RepositoryID string   `json:"repository_id"`
	Index        uint64   `json:"index"` // of the consumption
	Run          string   `json:"run"`
	Used         string   `json:"used"` // RFC 3339
	Reason       string   `json:"reason"`
	Ticket       string   `json:"ticket,omitempty"`
	Due          string   `json:"due,omitempty"` // RFC 3339 UTC; empty: the policy says no more when
	Overdue      bool     `json:"overdue,omitzero"`
	Settled      bool     `json:"settled,omitzero"`
	Ended        *uint64  `json:"ended,omitempty"` // the consumption of the usual deployment that came after; nil: none did
	By           []string `json:"by,omitempty"`    // who has approved it so far, on a seat
	Votes        []Vote   `json:"votes"`

	Missing []Missing `json:"missing,omitempty"` // what would settle it
	Unknown []string  `json:"unknown,omitempty"` // what could not be found out

	inputs map[uint64]bool // entries that counted
	proof  string          // Proven or Observed
}

// Line says in one line how the debt stands.
func (d Debt) Line() string {
	name := "break-glass of " + short(d.Request)
	if d.Ticket != "" {
		name += fmt.Sprintf(" (%q)", d.Ticket)
	}
	if d.Gone {
		name += " in " + d.Environment + " (gone from the policy)"
	}
	if d.Settled {
		if d.Ended != nil {
			return fmt.Sprintf("%s is settled%s: a usual deployment was let through after it, at #%d", name, map[bool]string{true: " by " + strings.Join(d.By, ", ")}[len(d.By) > 0], *d.Ended)
		}
		if len(d.By) == 0 {
			return name + " is settled: the policy asks for nobody"
		}
		return name + " is settled by " + andList(d.By)
	}
	line := "unsettled " + name + ": " + d.needs()
	switch {
	case d.Overdue:
		line += "; OVERDUE since " + d.Due
	case d.Due != "":
		line += "; due " + d.Due
	}
	return line
}

func (d Debt) needs() string {
	if len(d.Unknown) > 0 {
		return "could not find out: " + strings.TrimPrefix(d.Unknown[0], "could not find out: ")
	}
	var what []string
	for _, m := range d.Missing {
		what = append(what, m.What)
	}
	if len(what) == 0 {
		return "nobody who may settle it is left"
	}
	return "needs " + strings.Join(what, ", ")
}

// Debts lists every break-glass that was used up in any environment, for any
// repository, in the ledger's order. Of in, Request and Run are not looked at.
func Debts(in Input) ([]Debt, error) {
	in.Request, in.Run = "", ""
	e, err := begin(in)
	if err != nil {
		return nil, err
	}
	var all []Debt
	seen := map[glassPlace]bool{}
	for _, g := range e.glasses() {
		at := placeOf(g.p)
		if seen[at] {
			continue
		}
		seen[at] = true
		env, _ := e.settling(g.p.Environment)
		here := e.aside("", g.en, g.p, env)
		all = append(all, here.debts(true)...)
	}
	arrange.By(all, func(a, b Debt) int { return cmp.Compare(a.Index, b.Index) })
	return all, nil
}

// A glassPlace is where a break-glass can leave a debt.
type glassPlace struct{ host, repository, environment string }

func placeOf(p event.RequestPredicate) glassPlace {
	return glassPlace{p.Host, p.RepositoryID, p.Environment}
}

// A glassRequest is a request to break the glass.
type glassRequest struct {
	id string
	en entry
	p  event.RequestPredicate
}

// glasses are the requests of this ledger to break the glass, each once, in
// order. Who made them does not matter: a consumption names one by its hash.
func (e *evaluation) glasses() []glassRequest {
	var all []glassRequest
	mark := []byte(`"break-glass":{`)
	for _, en := range e.journal.of("request") {
		if !bytes.Contains(en.predicate, mark) {
			continue
		}
		p, id, err := readRequest(en)
		if err != nil || p.BreakGlass == nil || p.Ledger != e.p.Ledger.Origin ||
			slices.ContainsFunc(all, func(g glassRequest) bool { return g.id == id }) {
			continue
		}
		all = append(all, glassRequest{id, en, p})
	}
	return all
}

// debts are those of the place of the request at hand. Those that a usual
// deployment came after are left out, or are said to be ended.
func (e *evaluation) debts(ended bool) []Debt {
	all := e.glasses()
	here := map[string]glassRequest{}
	for _, g := range all {
		if placeOf(g.p) == placeOf(e.request) {
			here[g.id] = g
		}
	}
	if len(here) == 0 {
		return nil
	}
	var out []Debt
	taken := map[string]bool{}
	settledUpTo, any := e.lastUsual(all)
	_, gone := e.settling(e.request.Environment)
	for _, en := range e.journal.of("consumption") {
		g, ok := here[en.raw("request")]
		over := any && en.Index < settledUpTo
		if !ok || taken[g.id] || over && !ended {
			continue
		}
		c, err := event.DecodePredicate[event.ConsumptionPredicate](en.Event)
		if err != nil || c.Request != g.id || c.Environment != g.p.Environment || en.Verify() != nil {
			continue
		}
		taken[g.id] = true
		d, end := e.reckon(g, use{en, c}), settledUpTo
		if gone && !over {
			end, over = e.askedElsewhere(g.id, en.Index, all)
		}
		if over && !ended {
			continue
		}
		if over {
			d.Settled, d.Overdue, d.Ended, d.Missing, d.Unknown = true, false, &end, nil, nil
		}
		out = append(out, d)
	}
	return out
}

// lastUsual is the entry by which a usual request of this place was used up
// last, right after the decision that allowed it, both by a gate.
func (e *evaluation) lastUsual(glasses []glassRequest) (index uint64, ok bool) {
	for _, en := range slices.Backward(e.journal.of("consumption")) {
		if en.raw("environment") != e.env.Name || en.Index == 0 {
			continue
		}
		c, err := event.DecodePredicate[event.ConsumptionPredicate](en.Event)
		if err != nil || c.Environment != e.env.Name || slices.ContainsFunc(glasses, func(g glassRequest) bool { return g.id == c.Request }) {
			continue
		}
		if _, ok := e.allowedBefore(en, c.Request); ok {
			return en.Index, true
		}
	}
	return 0, false
}

// allowedBefore is the decision that stands right before a consumption and
// allowed its request, for this place.
func (e *evaluation) allowedBefore(used entry, request string) (d Decision, ok bool) {
	decisions := e.journal.of("decision")
	i, ok := slices.BinarySearchFunc(decisions, used.Index-1, func(en entry, index uint64) int { return cmp.Compare(en.Index, index) })
	if !ok {
		return d, false
	}
	p, err := event.DecodePredicate[event.DecisionPredicate](decisions[i].Event)
	if err != nil || p.ResourceURI != ResourceURI(e.request, request) {
		return d, false
	}
	d, err = ParseDecision(p.Decision)
	if err != nil || d.Verdict != Allowed || d.Request != request || d.Environment != e.env.Name || d.Head.Size != decisions[i].Index {
		return d, false
	}
	for _, en := range []entry{decisions[i], used} {
		if _, no := e.gateSigned(en); no != nil {
			return d, false
		}
	}
	return d, true
}

// aside is an evaluation of another request of the same ledger, at the same
// time, which knows what this one has found out about signatures.
func (e *evaluation) aside(id string, asked entry, p event.RequestPredicate, env Environment) *evaluation {
	s := newEvaluation(e.in, e.journal)
	s.certificates, s.moments, s.signers, s.holders = e.certificates, e.moments, e.signers, e.holders
	s.in.Request, s.in.Run, s.env, s.asked, s.request = id, "", env, asked, p
	s.created, _ = time.Parse(time.RFC3339, p.Created) // Check has read it
	return s
}

// reckon says who has approved a break-glass after the fact, or before, and
// who has not.
func (e *evaluation) reckon(g glassRequest, used use) Debt {
	env, gone := e.settling(g.p.Environment)
	s := e.aside(g.id, g.en, g.p, afterwards(env))
	s.before = used.Index
	d := Debt{
		Request: g.id, Environment: g.p.Environment, Gone: gone, Host: g.p.Host, RepositoryID: g.p.RepositoryID,
		Index: used.Index, Run: used.Run, Used: cmp.Or(used.Time, g.p.Created), Reason: g.p.BreakGlass.Reason, Ticket: g.p.BreakGlass.Ticket,
	}
	if glass := env.BreakGlass; glass != nil {
		since, err := time.Parse(time.RFC3339, d.Used)
		if err != nil {
			since = s.created
		}
		due := since.Add(glass.SettleWithin)
		d.Due, d.Overdue = utc(due), !e.now.Before(due)
	}
	s.settleDebt()
	d.proof = Proven
	for _, r := range s.d.Rules {
		if r.Need > 0 {
			d.By = append(d.By, r.By...)
		}
		if r.Need > 0 && r.Proof == Observed {
			d.proof = Observed
		}
		if r.State == Undecidable {
			d.Unknown = append(d.Unknown, r.Why)
		}
	}
	slices.Sort(d.By)
	d.Settled = !slices.ContainsFunc(s.d.Rules, func(r Rule) bool { return r.State != Met && r.State != Skipped })
	if gone && len(env.Require) == 0 {
		d.nobodySettles()
	}
	d.Votes = append([]Vote{}, s.d.Votes...)
	arrange.Stably(d.Votes, func(a, b Vote) int { return cmp.Compare(a.Index, b.Index) })
	if !d.Settled && d.Missing == nil {
		d.Missing = s.d.Missing
	}
	for i := range d.Missing {
		d.Missing[i].Request = g.id
	}
	d.inputs = s.inputs
	d.inputs[g.en.Index], d.inputs[used.Index] = true, true
	return d
}

// settleDebt asks the rules about people, and nothing else.
func (e *evaluation) settleDebt() {
	e.riskSeats(false)
	e.readVotes()
	e.readSnapshots()
	for _, source := range sortedNames(e.newest) {
		e.fresh = append(e.fresh, e.newest[source])
		e.uses(e.newest[source].entry)
	}
	arrange.By(e.fresh, func(a, b *snapshot) int { return cmp.Compare(a.Index, b.Index) })
	e.readSights()
	for _, d := range e.forgeDenies {
		if d.row >= 0 {
			e.rejectRow(d.row, "a deny settles nothing")
		}
	}
	for _, who := range sortedNames(e.ballots) {
		for _, deny := range e.ballots[who].denies {
			e.reject(deny, "a deny settles nothing")
		}
	}
	e.linkToCommit()
	e.excludeAuthors()
	e.fillSeats()
	e.nothingInDoubt()
}

// afterwards are the rules of an environment by which a debt is settled: the
// usual seats, and those of its risk, for votes that name the request, at whatever
// age; and for the scans that were there when it was used up, at whatever age.
func afterwards(e Environment) Environment {
	e.MaxAge = math.MaxInt64
	e.Require = namingRequest(e.Require)
	if e.Risk != nil {
		risk := *e.Risk
		risk.Require, risk.MaxAge = namingRequest(risk.Require), 0
		e.Risk = &risk
	}
	return e
}

// namingRequest are seats that take only votes that name the request.
func namingRequest(seats []Seat) []Seat {
	seats = slices.Clone(seats)
	for i, s := range seats {
		sources := []string{SignedSource}
		for _, source := range s.Source {
			if source != SignedSource && bindsRequest(source) {
				sources = append(sources, source)
			}
		}
		seats[i].Source = sources
	}
	return seats
}

// debtsAreSettled holds a usual request back while a break-glass is not
// settled. A request to break the glass is not held back; what stands open is
// listed.
func (e *evaluation) debtsAreSettled() {
	e.d.Debts = append(e.debts(false), e.debtsLeftBehind()...)
	arrange.By(e.d.Debts, func(a, b Debt) int { return cmp.Compare(a.Index, b.Index) })
	for i := range e.d.Debts {
		d := &e.d.Debts[i]
		for index := range d.inputs {
			e.inputs[index] = true
		}
		r := Rule{Name: "the break-glass used up at #" + fmt.Sprint(d.Index) + " is settled", State: Unmet, Why: d.Line(), By: d.By, Proof: d.proof}
		switch {
		case e.request.BreakGlass != nil:
			r.State, r.By = Skipped, nil
			r.Why += "; a request to break the glass is not held back by it"
		case e.env.Name == ChangeEnvironment:
			r.State, r.By = Skipped, nil
			r.Why += "; a change of policy is not held back by it"
		case d.Settled:
			r.State = Met
		case len(d.Unknown) > 0:
			r.State = Undecidable
		default:
			e.owes(d)
		}
		e.rule(r)
	}
}

// owes lists what would settle a debt as missing here.
func (e *evaluation) owes(d *Debt) {
	who, count := []string{}, 0
	for _, m := range d.Missing {
		who, count = append(who, m.Who...), count+m.Count
	}
	slices.Sort(who)
	if who = slices.Compact(who); len(who) == 0 {
		who = nil
	}
	e.missing(Missing{What: d.Line(), Who: who, Count: count, Request: d.Request})
}
