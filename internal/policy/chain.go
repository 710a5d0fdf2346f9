// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

// ErrUnfollowed means that nobody can tell which policy came into force: an
// approved text is not at hand, or what would show that it was approved. It is
// never a no.
var ErrUnfollowed = errors.New("could not find out which policy is in force")

// A Chain is the policies that were in force in a ledger, one after the
// other, from one that the caller trusts. The zero Chain has none.
type Chain struct {
	Steps []Step // every policy event from where the chain starts, in order

	periods []period
}

// A period is from where on a policy is in force. Without a policy nobody can
// tell.
type period struct {
	from uint64
	p    *Policy
}

// A Step is a policy event, and what became of it.
type Step struct {
	Index    uint64 // of the policy event
	Policy   string // hex digest of the policy it would put in force; empty if it cannot be read
	Previous string // hex digest of the policy before, or "none"
	Request  string // hex id of the request that was approved
	Taken    bool   // the policy is in force from the next entry on
	Unknown  bool   // nobody could find out: neither taken nor refused
	Why      string // one line
}

// Follow goes from a policy that the caller trusts, in force from entry from
// on, to the newest one that was approved under the one before it. The events
// are every entry of the ledger from 0, in order.
//
// A policy event puts a policy in force from the next entry on if it names the
// one in force as previous, a gate of that one signed it, and a gate's decision
// that stands right before it (with nothing but the request's consumption
// between) allowed the request for it: the decision is made again, under the
// policy in force, from the entries before it. Any other policy event is
// skipped, and its Step says why.
//
// It fails with ErrUnfollowed where nobody can tell. The Chain is then good up
// to that entry; At and Head have no policy after it. Document returns the
// text of a policy by its digest; root the trusted root of a digest, or nil.
func Follow(start *Policy, from uint64, events []*event.Event, root func(digest string) *keyless.Root, document func(sha256hex string) ([]byte, error)) (Chain, error) {
	return follow(start, from, events, func(p *Policy) identifier {
		if root == nil || p.Sigstore.TrustedRoot == "" {
			return p.believes(nil)
		}
		return p.believes(root(p.Sigstore.TrustedRoot))
	}, document)
}

func follow(start *Policy, from uint64, events []*event.Event, identify func(*Policy) identifier, document func(string) ([]byte, error)) (Chain, error) {
	if start == nil {
		return Chain{}, errors.New("follow the policies: none to start from")
	}
	f := follower{events: events, from: from, identify: identify, document: document}
	f.chain.periods = []period{{0, start}}
	for i := from; i < uint64(len(events)); i++ {
		e := events[i]
		if e == nil || len(e.Signed.Payload) == 0 {
			f.missing(i)
			continue
		}
		if e.Index != i {
			return Chain{}, fmt.Errorf("follow the policies: entry %d stands at index %d: the entries must be all, and in order", e.Index, i)
		}
		if e.Is("policy") {
			f.take(e)
		}
	}
	return f.chain, f.doubt
}

// At returns the policy in force when the entry at index was written, which
// for entries before the chain starts is the first. It is nil where nobody can
// tell: what is decided by no policy is not allowed.
func (c Chain) At(index uint64) *Policy {
	for _, p := range slices.Backward(c.periods) {
		if p.from <= index {
			return p.p
		}
	}
	return nil
}

// Head returns the policy in force after the last entry, or nil where nobody
// can tell.
func (c Chain) Head() *Policy {
	if len(c.periods) == 0 {
		return nil
	}
	return c.periods[len(c.periods)-1].p
}

// FirstPolicy finds the event that says which policy a ledger began with. That
// it was the ledger's, nobody but whoever wrote it says.
func FirstPolicy(events []*event.Event) (predicate event.PolicyPredicate, index uint64, ok bool) {
	for _, e := range events {
		if e == nil || !e.Is("policy") || e.Verify() != nil {
			continue
		}
		p, err := event.DecodePredicate[event.PolicyPredicate](e)
		if err == nil && p.Previous == event.NoPrevious {
			return p, e.Index, true
		}
	}
	return event.PolicyPredicate{}, 0, false
}

// A follower is one run of Follow.
type follower struct {
	chain    Chain
	events   []*event.Event
	from     uint64
	identify func(*Policy) identifier
	document func(string) ([]byte, error)
	doubt    error
}

// unsure is an answer that is none: it keeps its cause for errors.Is.
type unsure struct{ cause error }

func (u unsure) Error() string { return u.cause.Error() }
func (u unsure) Unwrap() error { return u.cause }

func unsuref(format string, args ...any) error { return unsure{fmt.Errorf(format, args...)} }

// maybe keeps doubt about a signature a doubt.
func maybe(err error) error {
	if CouldNotTell(err) {
		return unsure{err}
	}
	return err
}

// missing is an entry whose body is not there. Where nobody may change the
// policy, it was no change of it.
func (f *follower) missing(index uint64) {
	if cur := f.chain.Head(); cur == nil || len(cur.change.Require) == 0 {
		return
	}
	f.lose(Step{Index: index}, unsuref("the body of entry #%d is missing: it could be a change of policy", index))
}

// take makes a step of a policy event.
func (f *follower) take(e *event.Event) {
	s := Step{Index: e.Index}
	p, err := event.DecodePredicate[event.PolicyPredicate](e)
	if err != nil {
		s.Why = err.Error()
		f.chain.Steps = append(f.chain.Steps, s)
		return
	}
	s.Policy, s.Previous, s.Request = p.Policy, p.Previous, p.Request
	cur := f.chain.Head()
	if cur == nil {
		s.Unknown, s.Why = true, "nobody can tell which policy was in force: "+f.doubt.Error()
		f.chain.Steps = append(f.chain.Steps, s)
		return
	}
	if why, ok := f.begins(e, p, cur); ok {
		s.Taken, s.Why = true, why
		f.chain.Steps = append(f.chain.Steps, s)
		return
	}
	next, err := f.next(e, p, cur)
	switch {
	case errors.As(err, new(unsure)):
		f.lose(s, err)
		return
	case err != nil:
		s.Why = err.Error()
	default:
		s.Taken, s.Why = true, "approved by request "+short(p.Request)
		f.chain.periods = append(f.chain.periods, period{e.Index + 1, next})
	}
	f.chain.Steps = append(f.chain.Steps, s)
}

// lose notes from where on nobody can tell.
func (f *follower) lose(s Step, why error) {
	s.Unknown, s.Why = true, why.Error()
	f.chain.Steps = append(f.chain.Steps, s)
	f.chain.periods = append(f.chain.periods, period{s.Index + 1, nil})
	f.doubt = fmt.Errorf("%w: entry #%d: %w", ErrUnfollowed, s.Index, why)
}

// begins says whether the event is the one that put the policy in force which
// the caller trusts: the ledger's first, or the one that the chain starts at.
func (f *follower) begins(e *event.Event, p event.PolicyPredicate, cur *Policy) (why string, ok bool) {
	if p.Policy != cur.Digest || len(f.chain.periods) > 1 {
		return "", false
	}
	switch {
	case p.Previous == event.NoPrevious:
		return "the ledger began with it, and you trust it", true
	case e.Index == f.from:
		return "you trust it from here on", true
	}
	return "", false
}

// next is the policy that an event puts in force after cur, or why it does
// not: an unsure error where nobody can tell.
func (f *follower) next(e *event.Event, p event.PolicyPredicate, cur *Policy) (*Policy, error) {
	st, err := e.Statement()
	switch {
	case err != nil:
		return nil, err
	case p.Ledger != cur.Ledger.Origin:
		return nil, fmt.Errorf("it is of the ledger %q, and this is %q", p.Ledger, cur.Ledger.Origin)
	case p.Previous == event.NoPrevious:
		return nil, fmt.Errorf("a ledger begins once, and sha256:%s is in force", short(cur.Digest))
	case p.Previous != cur.Digest:
		return nil, fmt.Errorf("superseded: it follows sha256:%s, and sha256:%s is in force", short(p.Previous), short(cur.Digest))
	case len(cur.change.Require) == 0:
		return nil, errors.New("the policy in force has no policy-change: nobody may change it")
	case !isOnly(st.Subject, p.Policy):
		return nil, errors.New("it is about something else than the policy it names")
	}
	if _, err := f.gate(cur, e); err != nil {
		return nil, err
	}
	asked, err := f.request(e, p)
	if err == nil {
		err = f.approved(e, p, asked, cur)
	}
	if i := f.lost(e.Index); err != nil && i >= 0 {
		return nil, unsuref("%w; but the body of entry #%d is missing", err, i)
	}
	if err != nil {
		return nil, err
	}
	return f.text(p, cur)
}

// lost is the first entry before an index whose body is missing, or -1.
func (f *follower) lost(before uint64) int {
	return slices.IndexFunc(f.events[:before], func(e *event.Event) bool { return e == nil || len(e.Signed.Payload) == 0 })
}

func isOnly(subjects []event.Subject, policy string) bool {
	want := event.PolicySubject(policy)
	return len(subjects) == 1 && subjects[0].Name == want.Name && len(subjects[0].Digest) == 1 && subjects[0].Has(event.Digest{Alg: "sha256", Hex: policy})
}

// gate names the gate of policy-change that signed an event.
func (f *follower) gate(cur *Policy, e *event.Event) (string, error) {
	name, err := cur.gateBy(cur.change, e, f.identify(cur))
	if err != nil {
		return "", fmt.Errorf("entry #%d does not count: %w", e.Index, maybe(err))
	}
	return name, nil
}

// request finds what was asked for, and makes sure that it was this policy.
func (f *follower) request(e *event.Event, p event.PolicyPredicate) (event.RequestPredicate, error) {
	for _, r := range f.events[:e.Index] {
		if r == nil || !r.Mentions(p.Policy) || !r.Is("request") {
			continue
		}
		asked, id, err := readRequest(entry{Event: r})
		if err != nil || id != p.Request {
			continue
		}
		if asked.Environment != ChangeEnvironment || !isOnly(asked.Subjects, p.Policy) {
			return asked, fmt.Errorf("request %s asks for something else", short(id))
		}
		return asked, nil
	}
	return event.RequestPredicate{}, fmt.Errorf("no request %s for it stands before it", short(p.Request))
}

// approved makes the decision again that stands before a policy event.
func (f *follower) approved(e *event.Event, p event.PolicyPredicate, asked event.RequestPredicate, cur *Policy) error {
	none := fmt.Errorf("no decision that allows request %s stands right before it", short(p.Request))
	at := int(e.Index) - 1
	for ; at >= 0 && f.isUse(f.events[at], p.Request); at-- {
	}
	if at < 0 || f.events[at] == nil || !f.events[at].Is("decision") {
		return none
	}
	decision := f.events[at]
	summary, err := event.DecodePredicate[event.DecisionPredicate](decision)
	if err != nil {
		return err
	}
	said, err := ParseDecision(summary.Decision)
	if err != nil {
		return err
	}
	now, err := time.Parse(time.RFC3339, said.Now)
	if err != nil || said.Request != p.Request || said.Verdict != Allowed || said.Head.Size != uint64(at) {
		return none
	}
	if _, err := f.gate(cur, decision); err != nil {
		return err
	}
	d, err := Evaluate(Input{
		Policy: cur, Request: p.Request, Events: f.events[:at], Head: said.Head, Now: now,
		Stamp: summary.Stamp, identify: f.identify(cur),
	})
	switch {
	case err != nil:
		return unsure{err}
	case d.Verdict == Pending && len(d.Unknown) > 0:
		return unsuref("request %s: %s", short(p.Request), d.Why)
	case d.Verdict != Allowed || d.Environment != asked.Environment:
		return fmt.Errorf("the decision at #%d does not follow from the ledger: %s: %s", at, d.Verdict, d.Why)
	}
	return nil
}

// isUse says whether an entry is a consumption of the request.
func (f *follower) isUse(e *event.Event, request string) bool {
	if e == nil || !e.Is("consumption") {
		return false
	}
	p, err := event.DecodePredicate[event.ConsumptionPredicate](e)
	return err == nil && p.Request == request
}

// text fetches and reads an approved policy. It is in force, whatever is wrong
// with the text that is at hand: so nobody can tell by what to go on.
func (f *follower) text(p event.PolicyPredicate, cur *Policy) (*Policy, error) {
	if f.document == nil {
		return nil, unsuref("the text of sha256:%s is not at hand", p.Policy)
	}
	data, err := f.document(p.Policy)
	if err != nil {
		return nil, unsuref("the text of sha256:%s is not at hand: %w", p.Policy, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != p.Policy {
		return nil, unsuref("the text of sha256:%s was altered: what is at hand is sha256:%x", p.Policy, sum)
	}
	next, err := Parse(data)
	if err != nil {
		return nil, unsuref("sha256:%s is approved, and no policy that this version can read: %w", p.Policy, err)
	}
	if next.Ledger.Origin != cur.Ledger.Origin {
		return nil, fmt.Errorf("it is the policy of the ledger %q, and this is %q", next.Ledger.Origin, cur.Ledger.Origin)
	}
	return next, nil
}
