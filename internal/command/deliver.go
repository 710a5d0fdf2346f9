// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/admit"
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

// sameEvent returns a test for the event that s is. A vote is the same in
// anybody's envelope: who copies one that waits, and has the copy logged, has
// cast it for its author.
func sameEvent(s event.Signed) func(*event.Event) bool {
	id := s.ID()
	same := func(e *event.Event) bool { return e.ID() == id }
	own, err := opened(s)
	if err != nil {
		return same
	}
	ballot, err := vote.Open(own)
	if err != nil {
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
		return err == nil && other.ID() == ballot.ID() && other.Verify() == nil && e.Verify() == nil
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
	plan    admit.Plan
	names   []string        // of all parcels
	leaves  []ledger.Leaf   // of what is taken, in order
	done    []ledger.Parcel // taken, or logged already
	refused []ledger.Parcel
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
	return head, w.sort(ctx, events, parcels), nil
}

func (w *workspace) sort(ctx context.Context, events []*event.Event, parcels []ledger.Parcel) intake {
	in := admit.Input{Policy: w.policy, Root: w.root(ctx), Now: w.env.Now().UTC()}
	in.Known, in.Voted = admit.Held(events)
	var out intake
	for _, p := range parcels {
		in.Parcels, out.names = append(in.Parcels, openParcel(p)), append(out.names, p.Name)
	}
	plan := admit.Sort(in)
	out.plan = plan
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

// openParcel reads the events of a parcel. What can't be read is for admit to
// refuse.
func openParcel(p ledger.Parcel) admit.Parcel {
	out := admit.Parcel{Name: p.Name, Err: p.Err}
	for _, l := range p.Leaves {
		e, err := event.Open(0, l.Data, l.Body)
		if err != nil {
			return admit.Parcel{Name: p.Name, Err: err}
		}
		out.Events, out.Size = append(out.Events, e), out.Size+len(l.Data)+len(l.Body)
		for _, b := range l.Blobs {
			out.Size += len(b)
		}
	}
	return out
}

// integrate logs everything in the inbox that the policy admits, puts aside
// what it refuses, and returns what the log then is.
func (w *workspace) integrate(ctx context.Context) (proof.Checkpoint, intake, error) {
	for range moves {
		head, found, err := w.pending(ctx)
		if err != nil {
			return head, found, err
		}
		if len(found.done) == 0 && len(found.refused) == 0 {
			return head, found, nil
		}
		receipts, err := w.inbox.Integrate(ctx, head, found.leaves, found.done, found.refused)
		if errors.Is(err, ledger.ErrHeadMoved) {
			continue
		}
		if _, err := w.checked(receipts, found.leaves, err); err != nil {
			return head, found, err
		}
		if len(receipts) > 0 {
			head = receipts[0].Checkpoint
		}
		return head, found, nil
	}
	return proof.Checkpoint{}, intake{}, ledgerError(w.url, ledger.ErrContended)
}
