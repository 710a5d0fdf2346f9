// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/admit"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/vote"
)

// How an event gets into the log.
//
// Whoever holds the log key appends it. Where others may be writing too, what
// they left is taken along by the same push, and one's own event is left for
// them first if a push was lost: so every push that wins takes everybody on,
// and nobody starves. Whoever does not hold the key leaves the event for
// those who do, and has it logged only once there is a receipt.

// deliver logs the event in a box, or leaves it at the ledger. pending says
// which: then there is no receipt yet.
func (w *workspace) deliver(ctx context.Context, b *box, e entry) (receipt proof.Receipt, pending bool, err error) {
	switch {
	case w.inbox == nil:
		receipts, err := w.append(ctx, proof.Checkpoint{}, e)
		return first(receipts), false, err
	case w.holds && !w.protected && !w.pinned:
		// The checkout's policy is no judge of what others left.
		receipts, err := w.append(ctx, proof.Checkpoint{}, e)
		return first(receipts), false, err
	case w.holds:
		receipts, err := w.appendShared(ctx, e)
		return first(receipts), false, err
	}
	if receipt, ok, err := w.receiptOf(ctx, e.signed); ok || err != nil {
		return receipt, false, err
	}
	return proof.Receipt{}, true, w.leave(ctx, b, e)
}

func first(receipts []proof.Receipt) proof.Receipt {
	if len(receipts) == 0 {
		return proof.Receipt{}
	}
	return receipts[0]
}

// receiptOf looks an event up in the log as it stands.
func (w *workspace) receiptOf(ctx context.Context, s event.Signed) (proof.Receipt, bool, error) {
	head, err := w.ledger.Head(ctx)
	if err != nil {
		return proof.Receipt{}, false, ledgerError(w.url, err)
	}
	events, err := w.events(ctx, head)
	if err != nil {
		return proof.Receipt{}, false, err
	}
	i := slices.IndexFunc(events, sameEvent(s))
	if i < 0 {
		return proof.Receipt{}, false, nil
	}
	if err := displaced(s, events[i]); err != nil {
		return proof.Receipt{}, false, err
	}
	return w.provedAt(ctx, head, events, i)
}

// provedAt is the receipt of entry i of the log up to head.
func (w *workspace) provedAt(ctx context.Context, head proof.Checkpoint, events []*event.Event, i int) (proof.Receipt, bool, error) {
	p, err := w.ledger.Prove(ctx, uint64(i), head.Size)
	if err != nil {
		return proof.Receipt{}, false, ledgerError(w.url, err)
	}
	r := proof.Receipt{Index: uint64(i), Proof: p, Checkpoint: head, Duplicate: true}
	if err := r.Verify(events[i].Leaf, w.keys); err != nil {
		return proof.Receipt{}, false, cli.Fail(cli.Integrity, "", "check the receipt of entry %d: %w", i, err)
	}
	return r, true, nil
}

// displaced says so where e has the id of what was signed, and is not that: the
// id is by payload and key alone, and a certificate anybody can write for a key
// that they saw. Such an entry keeps the real one out of the log for good.
func displaced(s event.Signed, e *event.Event) error {
	if e.ID() != s.ID() || e.Verify() == nil && bytes.Equal(e.Signed.Verifier.Certificate, s.Verifier.Certificate) {
		return nil
	}
	return cli.Fail(cli.Integrity, "whoever holds the log key put it there; keep your outbox as evidence",
		"entry %d stands in the place of what you signed, under another certificate or a signature that does not hold", e.Index)
}

// sameEvent returns a test for the event that s is. A vote with an SSH
// signature is the same in anybody's envelope: who copies one that waits, and
// has the copy logged, has cast it for its author.
func sameEvent(s event.Signed) func(*event.Event) bool {
	id := s.ID()
	same := func(e *event.Event) bool { return e.ID() == id }
	own, err := opened(s)
	if err != nil {
		return same
	}
	ballot, err := vote.Open(own)
	if err != nil || ballot.Keyless() {
		return same
	}
	return func(e *event.Event) bool {
		if same(e) {
			return true
		}
		if !e.Is("vote") {
			return false
		}
		other, err := vote.Open(e)
		return err == nil && !other.Keyless() && other.ID() == ballot.ID() && other.Verify() == nil && e.Verify() == nil
	}
}

// leave puts an event where whoever holds the log key finds it. One that was
// left before and is gone without being logged was taken away by somebody.
func (w *workspace) leave(ctx context.Context, b *box, e entry) error {
	parcel, err := leaves([]entry{e})
	if err != nil {
		return err
	}
	gone := false
	if b.left {
		if gone, err = w.isGone(ctx, e.signed); err != nil {
			return err
		}
	}
	if _, err := w.inbox.Submit(ctx, parcel); err != nil {
		return ledgerError(w.url, err)
	}
	if gone {
		fmt.Fprintln(w.env.Stderr, "warning: this event was left at the ledger before, and somebody took it away without logging it; it was left again")
	}
	return b.wasLeft()
}

// isGone reports whether no parcel at the ledger holds the event.
func (w *workspace) isGone(ctx context.Context, s event.Signed) (bool, error) {
	parcels, err := w.inbox.Pending(ctx)
	if err != nil {
		return false, ledgerError(w.url, err)
	}
	id := s.ID()
	return !slices.ContainsFunc(parcels, func(p ledger.Parcel) bool {
		return slices.ContainsFunc(p.Leaves, func(l ledger.Leaf) bool { return ledger.ID(l.Data) == id })
	}), nil
}

// notLogged is what a writer without the log key ends with.
func notLogged(what string) error {
	return cli.Fail(cli.Pending, "whoever holds the log key logs it; run the same command again to see whether it was",
		"not yet %s: it is signed and left at the ledger, and the log key is not here", what)
}

// appendShared logs entries together with what others left. It never refuses
// what others left: that is for the integrator, which goes by the protected
// policy.
func (w *workspace) appendShared(ctx context.Context, own ...entry) ([]proof.Receipt, error) {
	added, err := leaves(own)
	if err != nil {
		return nil, err
	}
	for try := range moves {
		head, plan, err := w.pending(ctx)
		if err != nil {
			return nil, err
		}
		all := append(slices.Clone(added), plan.leaves...)
		receipts, err := w.inbox.Integrate(ctx, head, all, plan.done, nil)
		if !errors.Is(err, ledger.ErrHeadMoved) {
			return w.checked(receipts[:min(len(receipts), len(added))], added, err)
		}
		if try > 0 {
			continue
		}
		if _, err := w.inbox.Submit(ctx, added); err != nil {
			return nil, ledgerError(w.url, err)
		}
	}
	return nil, ledgerError(w.url, ledger.ErrContended)
}

// An intake is what was found in the inbox, sorted.
type intake struct {
	plan     admit.Plan
	names    []string        // of all parcels
	more     int             // parcels that were left out of this reading
	doubt    string          // why a veto may be in the inbox that nobody has seen; empty: none can
	unjudged string          // the same, for what was read and could not be judged
	leaves   []ledger.Leaf   // of what is taken, in order
	done     []ledger.Parcel // taken, or logged already
	refused  []ledger.Parcel
}

// pending reads the log and the inbox as they stand, and decides what of the
// inbox may go into the log under the policy.
func (w *workspace) pending(ctx context.Context) (proof.Checkpoint, intake, error) {
	parcels, err := w.inbox.Pending(ctx)
	if err != nil {
		return proof.Checkpoint{}, intake{}, ledgerError(w.url, err)
	}
	head, err := w.ledger.Head(ctx)
	if err != nil {
		return head, intake{}, ledgerError(w.url, err)
	}
	events, err := w.events(ctx, head)
	if err != nil {
		return head, intake{}, err
	}
	if err := w.follow(ctx, events); err != nil {
		return head, intake{}, err
	}
	if err := w.checkSigned(head); err != nil {
		return head, intake{}, err
	}
	return head, w.sort(ctx, events, parcels), nil
}

func (w *workspace) sort(ctx context.Context, events []*event.Event, parcels []ledger.Parcel) intake {
	in := admit.Input{Policy: w.policy, Root: w.root(ctx), Now: w.env.Now().UTC()}
	in.Known, in.Voted = admit.Held(events)
	var out intake
	for _, p := range parcels {
		in.Parcels, out.names = append(in.Parcels, openParcel(p)), append(out.names, p.Name)
		out.more = max(out.more, p.More)
	}
	plan := admit.Sort(in)
	out.plan, out.unjudged = plan, unjudgedVote(in, plan)
	out.doubt = out.unjudged
	if out.more > 0 {
		out.doubt = fmt.Sprintf("%d parcels in the inbox could not be read", out.more)
	}
	for _, i := range plan.Take {
		out.leaves = append(out.leaves, parcels[i].Leaves...)
		out.done = append(out.done, parcels[i])
	}
	for _, i := range plan.Done {
		out.done = append(out.done, parcels[i])
	}
	for _, r := range plan.Refuse {
		out.refused = append(out.refused, parcels[r.Parcel])
	}
	return out
}

// unjudgedVote says which vote in the inbox nobody here can judge, if any.
func unjudgedVote(in admit.Input, plan admit.Plan) string {
	why := map[int]string{}
	for _, r := range plan.Unjudged {
		why[r.Parcel] = "can't be judged: " + clean.Text(r.Why)
	}
	for _, i := range plan.Defer {
		for _, e := range in.Parcels[i].Events {
			if e.Is("vote") {
				return "a vote in the inbox " + cmp.Or(why[i], "has to wait: its author is over a quota")
			}
		}
	}
	return ""
}

// openParcel reads the events of a parcel. What can't be read is for admit to
// refuse. An event brings the document it names and no other: a copy without
// it would else take the place of the whole one.
func openParcel(p ledger.Parcel) admit.Parcel {
	out := admit.Parcel{Name: p.Name, Err: p.Err}
	for _, l := range p.Leaves {
		e, err := event.Open(0, l.Data, l.Body)
		if err != nil {
			return admit.Parcel{Name: p.Name, Err: err}
		}
		out.Events, out.Size = append(out.Events, e), out.Size+len(l.Data)+len(l.Body)
		if err := bringsItsDocuments(e, l.Blobs); err != nil {
			return admit.Parcel{Name: p.Name, Err: err}
		}
		for _, b := range l.Blobs {
			out.Size += len(b)
		}
	}
	return out
}

// integrate logs everything in the inbox that the policy admits, puts aside
// what it refuses, and returns what the log then is. An inbox that holds more
// than is read at once is gone through to its end: a veto may be the last in
// it. What then still can't be seen or judged is said by the intake's doubt.
func (w *workspace) integrate(ctx context.Context) (proof.Checkpoint, intake, error) {
	var all intake
	lost := 0
	for range maxPasses {
		head, found, err := w.pending(ctx)
		if err != nil {
			return head, all, err
		}
		all.doubt = found.doubt
		if len(found.done) == 0 && len(found.refused) == 0 {
			all.add(found)
			return head, all, nil
		}
		receipts, err := w.inbox.Integrate(ctx, head, found.leaves, found.done, found.refused)
		if errors.Is(err, ledger.ErrRefused) && len(found.refused) > 0 {
			// Somebody can make a name that can't be moved. What is refused
			// stays where it is then; the rest must not wait for that.
			fmt.Fprintln(w.env.Stderr, "warning: what was refused could not be put aside, and stays in the inbox")
			if len(found.done) == 0 {
				all.add(found)
				return head, all, nil
			}
			receipts, err = w.inbox.Integrate(ctx, head, found.leaves, found.done, nil)
		}
		if errors.Is(err, ledger.ErrHeadMoved) {
			if lost++; lost == moves {
				return head, all, ledgerError(w.url, ledger.ErrContended)
			}
			continue
		}
		if _, err := w.checked(receipts, found.leaves, err); err != nil {
			return head, all, err
		}
		all.add(found)
		if found.more == 0 && (len(found.plan.Defer) == len(found.plan.Unjudged) || len(found.done) == 0) {
			all.doubt = found.unjudged
			if len(receipts) > 0 {
				head = receipts[0].Checkpoint
			}
			return head, all, nil
		}
	}
	return proof.Checkpoint{}, all, cli.Fail(cli.Unknown, "somebody fills the inbox: see who pushes to refs/gateledger/pending, and run it again",
		"the inbox of %s was not empty after %d passes", w.url, maxPasses)
}

// maxPasses is how often an inbox is read that is fuller than one reading.
const maxPasses = 64

// add puts the plans of several readings together, for people.
func (i *intake) add(more intake) {
	shift := len(i.names)
	i.names = append(i.names, more.names...)
	i.plan = i.plan.Then(more.plan, shift)
	i.unjudged = more.unjudged
}

// bringsItsDocuments checks that blobs are what the event names, all of it and
// nothing else.
func bringsItsDocuments(e *event.Event, blobs [][]byte) error {
	named := map[string]bool{}
	if st, err := e.Statement(); err == nil && st.PredicateType == event.ReferenceType {
		if d, err := event.Document(e); err == nil {
			named[d.String()] = true
		}
	}
	if p, err := event.DecodePredicate[event.UntrustedReportPredicate](e); err == nil && e.Is(untrusted) {
		named[p.Digest] = true
	}
	for _, b := range blobs {
		if d := digestText(b); !named[d] {
			return fmt.Errorf("it brings a document that its event does not name: %s", d)
		}
		delete(named, digestText(b))
	}
	for d := range named {
		return fmt.Errorf("the document %s that its event names is not with it", d)
	}
	return nil
}
