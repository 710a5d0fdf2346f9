// SPDX-License-Identifier: Apache-2.0

package admit

import (
	"errors"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/vote"
)

// A candidate is a parcel in which everything may be logged.
type candidate struct {
	index int
	name  string
	size  int
	time  time.Time // of the oldest new event; zero: none says
	deny  bool      // one of the new events is a deny
	worse bool      // another parcel has a proof of time for an event of this one, which has none
	items []item    // the new events, each once
}

// An item is an event that the log does not hold.
type item struct {
	event  *event.Event
	id     [32]byte
	ballot [32]byte // of a vote, else zero
	by     signer
	deny   bool
	time   time.Time
}

// A signer is who answers for an event, and whose quota it uses.
type signer struct {
	name   string
	person bool
}

// A refused is why an event is not taken.
type refused struct {
	reason Reason
	why    string
}

func because(r Reason, format string, args ...any) *refused {
	return &refused{r, fmt.Sprintf(format, args...)}
}

// judge looks at one parcel. A refusal without a reason is none. What is bad
// outweighs what can't be judged.
func (in *Input) judge(index int) (*candidate, Refusal) {
	p := in.Parcels[index]
	no := func(r *refused) (*candidate, Refusal) {
		return nil, Refusal{Parcel: index, Name: p.Name, Reason: r.reason, Why: r.why}
	}
	if r := in.bounds(p); r != nil {
		return no(r)
	}
	c := &candidate{index: index, name: p.Name, size: p.Size}
	var unjudged *refused
	for i, e := range p.Events {
		if e == nil {
			return no(because(Unreadable, "event %d of %d is missing", i+1, len(p.Events)))
		}
		if in.Known != nil && in.Known(e.ID()) {
			continue
		}
		it, r := in.event(e)
		switch {
		case r == nil:
			in.add(c, it)
		case r.reason != NeedsRoot && r.reason != NeedsPolicy:
			r.why = fmt.Sprintf("event %d of %d: %s", i+1, len(p.Events), r.why)
			return no(r)
		case unjudged == nil:
			unjudged = r
		}
	}
	if unjudged != nil {
		return no(unjudged)
	}
	return c, Refusal{}
}

func (in *Input) bounds(p Parcel) *refused {
	switch {
	case p.Err != nil:
		return because(Unreadable, "it can't be read: %v", p.Err)
	case len(p.Events) == 0:
		return because(Unreadable, "there is nothing in it")
	case p.Size > in.Limits.ParcelBytes:
		return because(Oversize, "it has %d bytes, over the limit of %d", p.Size, in.Limits.ParcelBytes)
	case len(p.Events) > in.Limits.ParcelEvents:
		return because(Oversize, "it has %d events, over the limit of %d", len(p.Events), in.Limits.ParcelEvents)
	}
	return nil
}

// add keeps what is new, and once.
func (in *Input) add(c *candidate, it item) {
	if it.ballot != ([32]byte{}) && in.Voted != nil && in.Voted(it.ballot) {
		return
	}
	for _, o := range c.items {
		if o.id == it.id || it.ballot != ([32]byte{}) && o.ballot == it.ballot {
			return
		}
	}
	c.items = append(c.items, it)
	c.deny = c.deny || it.deny
	if !it.time.IsZero() && (c.time.IsZero() || it.time.Before(c.time)) {
		c.time = it.time
	}
}

// event says who answers for e, or why nobody does. What is cheap to find out
// comes first, because the inbox is anybody's to fill.
func (in *Input) event(e *event.Event) (item, *refused) {
	if len(e.Signed.Signature) == 0 {
		return item{}, because(Unsigned, "nobody signed it")
	}
	s, err := e.Statement()
	if err != nil {
		return item{}, because(Unreadable, "it can't be read: %v", err)
	}
	kind, ok := event.KindOf(s)
	switch {
	case !ok:
		return item{}, because(UnknownKind, "its predicate type %.80q is of no kind this version knows", s.PredicateType)
	case kind.Control:
		return item{}, because(Control, "a %s is written by a holder of the log key only", kind.Name)
	case in.Policy == nil:
		return item{}, because(NeedsPolicy, "no policy says who may log")
	case kind.PredicateType == event.VoteType:
		return in.vote(e)
	}
	name, _, err := in.Policy.Signer(e, in.Root)
	if err == nil {
		err = e.Verify()
	}
	if err != nil {
		return item{}, unsigned(err)
	}
	if r := in.timestamps(e); r != nil {
		return item{}, r
	}
	return item{event: e, id: e.ID(), by: signer{name: name}, time: madeAt(s)}, nil
}

// unsigned sorts what Policy.Signer says against an event.
func unsigned(err error) *refused {
	switch {
	case errors.Is(err, keyless.ErrRoot):
		return because(NeedsRoot, "%v", err)
	case errors.Is(err, event.ErrSignature), errors.Is(err, event.ErrMismatch), errors.Is(err, keyless.ErrTimestamp), errors.Is(err, keyless.ErrCertificate):
		return because(Forged, "%v", err)
	case errors.Is(err, keyless.ErrUndated):
		return because(Undated, "%v", err)
	}
	return because(Stranger, "%v", err)
}

// timestamps refuses a proof of time that does not hold. Such proofs are no
// part of what was signed, so anybody can hang one on somebody else's event,
// and once that is logged nobody could tell its time any more. Under a policy
// that names no trusted root nobody asks for proofs.
func (in *Input) timestamps(e *event.Event) *refused {
	if in.Policy.Sigstore.TrustedRoot == "" || !hasProof(e) {
		return nil
	}
	if in.root() == nil {
		return because(NeedsRoot, "its proof of time can't be checked: %v %s", keyless.ErrRoot, in.Policy.Sigstore.TrustedRoot)
	}
	if _, err := in.Root.Time(e.Signed); err != nil && !errors.Is(err, keyless.ErrUndated) {
		return unsigned(err)
	}
	return nil
}

// root is the trusted root, if it is the one that the policy names.
func (in *Input) root() *keyless.Root {
	if in.Policy == nil || in.Root == nil || in.Root.Digest != in.Policy.Sigstore.TrustedRoot {
		return nil
	}
	return in.Root
}

func hasProof(e *event.Event) bool { return len(e.Signed.Timestamps)+len(e.Signed.Entries) > 0 }

// vote is event for votes. Who carried one does not matter, who signed inside
// does.
func (in *Input) vote(e *event.Event) (item, *refused) {
	b, err := vote.Open(e)
	if err != nil {
		return item{}, because(NotAVote, "%v", err)
	}
	if b.Predicate.Ledger != in.Policy.Ledger.Origin {
		return item{}, because(NotAVote, "it is for the ledger %.80q", b.Predicate.Ledger)
	}
	issued, err := time.Parse(time.RFC3339, b.Predicate.Issued)
	if err != nil {
		return item{}, because(NotAVote, "it does not say when it was signed")
	}
	name, r := in.voter(b, e, issued)
	if r != nil {
		return item{}, r
	}
	it := item{event: e, id: e.ID(), by: signer{name, true}, deny: b.Predicate.Choice == vote.Deny, time: issued}
	if !b.Keyless() {
		it.ballot = b.ID() // a keyless vote has no other envelope
	}
	if r := in.timestamps(e); r != nil && !it.deny {
		return item{}, r
	}
	return it, nil
}

// voter names the person whose vote it is. A deny counts with a key outside
// its dates, and with a proof of time that does not hold: doubt never opens a
// gate.
func (in *Input) voter(b *vote.Ballot, e *event.Event, issued time.Time) (name string, r *refused) {
	if b.Keyless() {
		name, _, err := in.Policy.Voter(e, in.Root)
		if err == nil {
			err = b.Verify()
		}
		if err != nil {
			return "", unsigned(err)
		}
		return name, nil
	}
	name, err := in.Policy.PrincipalOf(b.Key, issued)
	if err == nil && !in.Now.IsZero() {
		name, err = in.Policy.PrincipalOf(b.Key, in.Now)
	}
	if err != nil && !(b.Predicate.Choice == vote.Deny && errors.Is(err, policy.ErrKeyOutside)) {
		return "", because(Stranger, "%v", err)
	}
	if err := errors.Join(e.Verify(), b.Verify()); err != nil {
		return "", because(Forged, "%v", err)
	}
	return name, nil
}

// madeAt is the maker's own time, or zero.
func madeAt(s event.Statement) time.Time {
	var p struct {
		Context  event.Context `json:"gateledger_context"`
		Metadata struct {
			Timestamp string `json:"timestamp"`
		} `json:"metadata"`
	}
	if canon.DecodeOpen(s.Predicate, &p) != nil {
		return time.Time{}
	}
	made := p.Context.Time
	if made == "" && s.PredicateType == event.CycloneDXType {
		made = p.Metadata.Timestamp
	}
	t, err := time.Parse(time.RFC3339, made)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Held tells what a log holds: its events, and its votes by SSH key whatever
// envelope they came in. Such a vote is held only if both signatures hold.
func Held(events []*event.Event) (known, voted func(id [32]byte) bool) {
	ids, ballots := map[[32]byte]bool{}, map[[32]byte]bool{}
	for _, e := range events {
		if e == nil {
			continue
		}
		ids[e.ID()] = true
		if !e.Is("vote") {
			continue
		}
		if b, err := vote.Open(e); err == nil && !b.Keyless() && e.Verify() == nil && b.Verify() == nil {
			ballots[b.ID()] = true
		}
	}
	return func(id [32]byte) bool { return ids[id] }, func(id [32]byte) bool { return ballots[id] }
}
