// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/event"
)

// identifier is the trusted root, or whoever takes its place in a test.
func (in Input) identifier() identifier {
	if in.identify != nil {
		return in.identify
	}
	return in.Policy.believes(in.Root)
}

// skew is how far two clocks may disagree.
const skew = 2 * time.Minute

// Evaluate decides whether a request may go ahead. It is a function of its
// input and nothing else: the same input gives the same Decision to the byte.
//
// The error is for an input that is not a whole ledger. Everything else is an
// answer: what stands against the request for good is Denied, what could not
// be found out is Pending with Unknown, what is not there yet is Pending with
// Missing, and only a request that meets every rule is Allowed. That is also
// the order in which they win.
func Evaluate(in Input) (Decision, error) {
	e, err := begin(in)
	if err != nil {
		return Decision{}, err
	}
	return e.decide(), nil
}

// decide asks every rule.
func (e *evaluation) decide() Decision {
	if e.findRequest() {
		e.supposePolicy()
		e.underThisPolicy()
		e.glassIsBroken()
		e.requestIsDated()
		e.nowIsProven()
		e.clockIsRight()
		e.notExpired()
		e.notUsedUp()
		e.notOvertaken()
		e.riskSeats(e.request.BreakGlass != nil)
		e.readVotes()
		e.readSnapshots()
		e.sourcesAreRead()
		e.readSights()
		e.notDenied()
		e.linkToCommit()
		e.excludeAuthors()
		e.fillSeats()
		for _, want := range e.env.Evidence {
			e.waivable(func() { e.haveEvidence(want) })
		}
		e.waivable(e.notFrozen)
		e.debtsAreSettled()
		e.notDecorative()
		e.nothingInDoubt()
		e.conditionHolds()
	}
	return e.conclude()
}

// An evaluation is one run of Evaluate.
type evaluation struct {
	in      Input
	p       *Policy
	now     time.Time
	root    identifier
	journal *journal
	d       Decision

	env     Environment
	reads   []string // sources, where they are not those that the seats of env name
	asked   entry    // the request's event
	request event.RequestPredicate
	created time.Time

	certificates map[uint64]certified // by index, of events signed with one
	moments      map[uint64]moment    // by index
	doubts       map[uint64]string    // by index: what could not be found out and could matter
	clocked      bool                 // now is proven
	supposed     bool                 // the policy is one that is only thought of, see Replayed
	supposition  *Supposition         // nil: nothing is, see Suppose

	before uint64 // only evidence before this entry counts; 0: all

	shown []event.ForgeVotesPredicate // snapshots that nobody signed, see Foresee

	signers  map[string]string  // by key id
	holders  map[string]holder  // by ssh wire bytes
	links    []link             // build events that tie a subject to the commit
	linked   map[int]bool       // subjects, by position, that are tied
	unlinked map[int][]doubtful // build events by position that would tie one, if anybody could tell
	commits  map[string]*told   // by id, once somebody asked
	excluded map[string]string  // principal to what they are: "the author of …"
	ballots  map[string]*voter  // by principal
	inputs   map[uint64]bool
	unread   []*unread // votes signed with a certificate, which nobody can check

	related     map[string]event.RequestPredicate // by id: this request, and others for its bytes
	snapshots   []*snapshot                       // of any of them, in the ledger's order
	newest      map[string]*snapshot              // by source, of this request
	fresh       []*snapshot                       // the newest of each source that a seat takes, if it is fresh
	sights      []*sight                          // in the newest
	forgeDenies []*sight                          // that stand
	unsure      []string                          // whose role nobody could find out
	seated      map[string][]string               // people to the sources of their approvals
}

// A holder is whose a key is.
type holder struct {
	name string
	key  Key
}

func begin(in Input) (*evaluation, error) {
	switch {
	case in.Policy == nil:
		return nil, errors.New("evaluate: no policy")
	case in.Now.IsZero():
		return nil, errors.New("evaluate: no time")
	case uint64(len(in.Events)) != in.Head.Size:
		return nil, fmt.Errorf("evaluate: %d entries, and the head says %d", len(in.Events), in.Head.Size)
	}
	j, err := openJournal(in.Events)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	return newEvaluation(in, j), nil
}

// newEvaluation is one of a whole ledger, in which nothing was asked yet.
func newEvaluation(in Input, j *journal) *evaluation {
	e := &evaluation{
		in: in, p: in.Policy, now: in.Now.UTC(), root: in.identifier(), journal: j,
		certificates: map[uint64]certified{}, moments: map[uint64]moment{}, doubts: map[uint64]string{},
		signers: map[string]string{}, holders: map[string]holder{}, linked: map[int]bool{},
		unlinked: map[int][]doubtful{}, commits: map[string]*told{},
		excluded: map[string]string{}, ballots: map[string]*voter{}, inputs: map[uint64]bool{},
		newest: map[string]*snapshot{}, seated: map[string][]string{},
	}
	e.d = Decision{
		Request: in.Request, Head: in.Head, Now: e.now.Format(time.RFC3339Nano),
		Clock: ClockSelf, Rules: []Rule{}, Votes: []Vote{}, Inputs: []uint64{},
	}
	for name, s := range e.p.Signers {
		if s.Key != "" {
			e.signers[s.Key] = name
		}
	}
	for name, who := range e.p.Principals {
		for _, k := range who.Keys {
			e.holders[string(k.SSH.Marshal())] = holder{name, k}
		}
	}
	return e
}

// rule adds a line to the explanation.
func (e *evaluation) rule(r Rule) {
	if r.Proof == "" {
		r.Proof = Proven
	}
	e.d.Rules = append(e.d.Rules, r)
}

func (e *evaluation) missing(m Missing) {
	if !slices.ContainsFunc(e.d.Missing, func(o Missing) bool { return o.What == m.What }) {
		e.d.Missing = append(e.d.Missing, m)
	}
}

// uses notes that an event counted.
func (e *evaluation) uses(entries ...entry) {
	for _, en := range entries {
		e.inputs[en.Index] = true
	}
}

// conclude turns the rules into the answer. Allowed takes every rule met or
// skipped, and at least one met.
func (e *evaluation) conclude() Decision {
	d := &e.d
	met, first := 0, map[State]string{}
	for _, r := range d.Rules {
		if r.State == Met {
			met++
		}
		if _, ok := first[r.State]; !ok {
			first[r.State] = r.Why
		}
		if r.State == Undecidable {
			d.Unknown = append(d.Unknown, r.Why)
		}
	}
	broken, isBroken := first[Broken]
	unmet, isUnmet := first[Unmet]
	switch {
	case isBroken:
		d.Verdict, d.Why = Denied, broken
	case len(d.Unknown) > 0:
		d.Why = "could not find out: " + strings.TrimPrefix(d.Unknown[0], "could not find out ")
	case isUnmet:
		d.Why = e.missingLine(unmet)
	case met == 0:
		d.Why = "no rule was met"
	default:
		d.Verdict, d.Why = Allowed, "every rule is met"
	}
	if d.Verdict != Pending {
		d.Missing = nil
	}
	for i := range e.inputs {
		d.Inputs = append(d.Inputs, i)
	}
	slices.Sort(d.Inputs)
	arrange.Stably(d.Votes, func(a, b Vote) int { return cmp.Compare(a.Index, b.Index) })
	return *d
}

// missingLine says in one line what a pending request waits for.
func (e *evaluation) missingLine(otherwise string) string {
	var what []string
	for _, m := range e.d.Missing {
		what = append(what, m.What)
	}
	switch n := len(what); {
	case n == 0:
		return otherwise
	case n > 3:
		return "missing: " + strings.Join(what[:3], "; ") + fmt.Sprintf("; and %d more", n-3)
	}
	return "missing: " + strings.Join(what, "; ")
}

// short is enough of a hex id to tell it from others.
func short(hex string) string { return hex[:min(len(hex), 12)] }
