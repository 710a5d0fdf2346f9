// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/proof"
)

// The inbox of a git: ledger is refs at its remote: a parcel is a commit
// without parents that a ref under pendingRefs names. What an integrator did
// not take stays, out of the way, under quarantineRefs.
const (
	pendingRefs    = "refs/gateledger/pending/"
	quarantineRefs = "refs/gateledger/quarantine/"
)

// MaxPending is how many parcels one Pending reports.
const MaxPending = 2048

// fewPending is how many parcels are fetched by name when they can't be
// fetched all at once.
const fewPending = 256

// An inbox is what a gitLedger knows of its parcels.
type inbox struct {
	read map[string]Parcel // by its key
}

// key names a parcel in the cache: another commit by the same name is another
// parcel.
func (p Parcel) key() string { return p.Name + "/" + p.Commit }

func inOrderOfNames(a, b Parcel) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Commit, b.Commit))
}

func (g *gitLedger) Submit(ctx context.Context, leaves []Leaf) (Parcel, error) {
	p, err := g.submit(ctx, leaves)
	if err != nil {
		return Parcel{}, fmt.Errorf("leave a parcel at %s: %w", g.url, err)
	}
	return p, nil
}

func (g *gitLedger) submit(ctx context.Context, leaves []Leaf) (Parcel, error) {
	p := Parcel{Leaves: leaves}
	files, err := parcelFiles(leaves)
	if err != nil {
		return p, err
	}
	p.Name = parcelName(leaves)
	if p.Commit, err = g.store.commit(ctx, git.Draft{Put: files, Message: "A parcel for the gateledger log" + skipCI, When: parcelTime}); err != nil {
		return p, err
	}
	for try := 1; ; try++ {
		err := g.store.push(ctx, git.Update{Ref: pendingRefs + p.Name, New: p.Commit})
		moved, silent := errors.Is(err, git.ErrMoved), errors.Is(err, git.ErrRemote)
		switch {
		case err == nil:
			return p, nil
		case ctx.Err() != nil, !moved && !silent && !errors.Is(err, git.ErrRefused):
			return p, err
		}
		if moved || silent { // perhaps it is there: by this push, or an earlier one
			at, err := g.store.list(ctx, pendingRefs+p.Name)
			there := at[pendingRefs+p.Name]
			if err == nil && there == p.Commit {
				return p, nil
			}
			if there != "" { // somebody else's, of the same events
				p.Name = p.secondName()
			}
		}
		if try >= maxRefusals {
			if moved {
				err = fmt.Errorf("%w: %w", ErrContended, err)
			}
			return p, fmt.Errorf("%d tries: %w", try, remoteError(err))
		}
		if err := g.pause(ctx, try); err != nil {
			return p, err
		}
	}
}

// Pending asks the remote once for the head and for all parcels, and again for
// the quarantine only if a parcel that was here is gone.
func (g *gitLedger) Pending(ctx context.Context) ([]Parcel, error) {
	parcels, err := g.pending(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for what is pending at %s: %w", g.url, err)
	}
	return parcels, nil
}

func (g *gitLedger) pending(ctx context.Context) ([]Parcel, error) {
	unlock, err := g.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	refs, more, err := g.fetchPending(ctx)
	if err != nil {
		return nil, err
	}
	if err := g.take(ctx, refs[g.branch]); err != nil {
		return nil, err
	}
	delete(refs, g.branch)
	var parcels []Parcel
	for ref, commit := range refs {
		parcels = append(parcels, Parcel{Name: strings.TrimPrefix(ref, pendingRefs), Commit: commit})
	}
	kept, err := g.store.git().KeptUnder(ctx, g.name("pending"))
	if err != nil {
		return nil, err
	}
	gone, err := g.gone(ctx, refs, kept)
	if err != nil {
		return nil, err
	}
	parcels = append(parcels, gone...)
	arrange.By(parcels, inOrderOfNames)
	read, err := g.readParcels(ctx, parcels[:min(len(parcels), g.maxPending)])
	if err != nil {
		return nil, err
	}
	more += len(parcels) - read
	if parcels = parcels[:read]; more > 0 && read > 0 {
		parcels[read-1].More = more
	} else if more > 0 {
		return nil, fmt.Errorf("%d parcels can't be fetched: %w", more, ErrMissing)
	}
	known, keep := make(map[string]Parcel, len(parcels)), map[string]string{}
	for _, p := range parcels {
		known[p.key()] = p
		if name := g.keptName(p); p.Err == nil && kept[name] == "" {
			keep[name] = p.Commit
		}
	}
	g.inbox.read = known
	return parcels, g.store.git().KeepAll(ctx, keep)
}

// keptName is what a parcel is called in the cache.
func (g *gitLedger) keptName(p Parcel) string { return g.name("pending") + "/" + p.key() }

// fetchPending brings the branch and the parcels. One that can't be brought,
// by whatever is wrong with it or its name, must not hide the others, and
// least of all the branch; it counts among the more.
func (g *gitLedger) fetchPending(ctx context.Context) (refs map[string]string, more int, err error) {
	refs, err = g.store.fetch(ctx, g.branch, pendingRefs+"*")
	if err == nil || ctx.Err() != nil {
		return refs, 0, err
	}
	if refs, err = g.store.fetch(ctx, g.branch); err != nil {
		return nil, 0, err
	}
	at, err := g.store.list(ctx, pendingRefs+"*")
	if err != nil {
		return nil, 0, err
	}
	for names := range slices.Chunk(slices.Sorted(maps.Keys(at)), fewPending) {
		brought, err := g.store.fetch(ctx, slices.DeleteFunc(slices.Clone(names), func(ref string) bool {
			return !wellNamed(strings.TrimPrefix(ref, pendingRefs))
		})...)
		if err != nil {
			return nil, 0, err
		}
		maps.Copy(refs, brought)
		more += len(names) - len(brought)
	}
	return refs, more, nil
}

// gone returns the parcels that this cache has seen and that have left the
// inbox without being in the log or in quarantine: somebody took them away,
// and for all we know to hide them.
func (g *gitLedger) gone(ctx context.Context, refs, kept map[string]string) ([]Parcel, error) {
	var gone []Parcel
	for key, commit := range kept {
		name, _, _ := strings.Cut(strings.TrimPrefix(key, g.name("pending")+"/"), "/")
		if refs[pendingRefs+name] != commit {
			gone = append(gone, Parcel{Name: name, Commit: commit, Kept: true})
		}
	}
	if len(gone) == 0 {
		return nil, nil
	}
	arrange.By(gone, inOrderOfNames)
	read, err := g.readParcels(ctx, gone)
	if err != nil {
		return nil, err
	}
	gone, unread := gone[:read], gone[read:]
	w, err := g.follow(ctx, g.now())
	if err != nil {
		return nil, err
	}
	settled := func(p Parcel) bool { return w.holds(p.Leaves) || p.Err != nil }
	if gone = g.unsettled(ctx, gone, settled); len(gone) == 0 {
		return unread, nil
	}
	at, err := g.store.list(ctx, quarantineRefs+"*")
	if err != nil {
		return nil, err
	}
	quarantined := map[string]bool{}
	for _, commit := range at {
		quarantined[commit] = true
	}
	return append(g.unsettled(ctx, gone, func(p Parcel) bool { return quarantined[p.Commit] }), unread...), nil
}

// holds says whether all leaves are in the log.
func (s *writer) holds(leaves []Leaf) bool {
	for _, l := range leaves {
		if _, ok := s.ids.find(ID(l.Data)); !ok {
			return false
		}
	}
	return true
}

// unsettled forgets the parcels that are settled, and returns the others.
func (g *gitLedger) unsettled(ctx context.Context, parcels []Parcel, settled func(Parcel) bool) []Parcel {
	left := slices.DeleteFunc(slices.Clone(parcels), settled)
	g.forget(ctx, slices.DeleteFunc(parcels, func(p Parcel) bool { return !settled(p) }))
	return left
}

// forget takes parcels out of the cache. It is fine if that fails: what is
// settled is found to be so again.
func (g *gitLedger) forget(ctx context.Context, parcels []Parcel) {
	names := map[string]string{}
	for _, p := range parcels {
		delete(g.inbox.read, p.key())
		if wellNamed(p.Name) {
			names[g.keptName(p)] = ""
		}
	}
	_ = g.store.git().KeepAll(ctx, names)
}

func (g *gitLedger) Integrate(ctx context.Context, head proof.Checkpoint, leaves []Leaf, done, refused []Parcel) ([]proof.Receipt, error) {
	receipts, err := g.integrate(ctx, head, leaves, done, refused)
	if err != nil {
		return nil, fmt.Errorf("integrate into %s: %w", g.url, err)
	}
	return receipts, nil
}

func (g *gitLedger) integrate(ctx context.Context, head proof.Checkpoint, leaves []Leaf, done, refused []Parcel) ([]proof.Receipt, error) {
	if len(leaves)+len(done)+len(refused) == 0 {
		return nil, nil
	}
	o := order{head: head, leaves: leaves}
	for _, p := range done {
		if p.Err != nil || len(p.Leaves) == 0 {
			return nil, fmt.Errorf("parcel %s is not done: nobody could read it", p.Name)
		}
		o.settles = append(o.settles, p.Leaves...)
	}
	for _, p := range refused {
		if !o.add(git.Update{Ref: p.quarantineRef(), New: p.Commit}) {
			o.add(git.Update{Ref: oddRef(p.Commit), New: p.Commit})
		}
	}
	for _, p := range slices.Concat(done, refused) {
		if !p.Kept {
			o.add(git.Update{Ref: pendingRefs + p.Name, Old: p.Commit})
		}
	}
	receipts, err := g.append(ctx, o)
	if err != nil {
		return nil, err
	}
	unlock, err := g.lock(ctx)
	if err != nil {
		return receipts, nil // it happened all the same
	}
	defer unlock()
	g.forget(ctx, slices.Concat(done, refused))
	return receipts, nil
}

// add adds a move, and says whether there is now no other one of that ref.
func (o *order) add(m git.Update) bool {
	if i := slices.IndexFunc(o.moves, func(x git.Update) bool { return x.Ref == m.Ref }); i >= 0 {
		return o.moves[i] == m
	}
	o.moves = append(o.moves, m)
	return true
}

// Confirm asks where the ledger is written by a push that changes nothing and
// that fails unless the branch stands at the commit of head.
func (g *gitLedger) Confirm(ctx context.Context, head proof.Checkpoint) error {
	if err := g.confirm(ctx, head); err != nil {
		return fmt.Errorf("confirm the head of %s: %w", g.url, err)
	}
	return nil
}

func (g *gitLedger) confirm(ctx context.Context, head proof.Checkpoint) error {
	fresh := false
	var err error
	for try := 1; try <= maxRefusals; try++ {
		s := g.now()
		if now := s.view.head; now.Size != head.Size || now.Root != head.Root || now.Origin != head.Origin {
			if fresh || now.Size > head.Size {
				return fmt.Errorf("it has %d leaves, not %d: %w", now.Size, head.Size, ErrHeadMoved)
			}
		} else if err = g.store.push(ctx, git.Update{Ref: g.branch, Old: s.commit, New: s.commit}); err == nil {
			return nil
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.Is(err, git.ErrMoved):
			if err := g.pause(ctx, try); err != nil {
				return err
			}
			continue
		}
		if refreshed := g.refresh(ctx); refreshed != nil {
			return refreshed
		}
		fresh = true
		if err != nil && g.now().commit == s.commit {
			return fmt.Errorf("%w: %w", ErrHeadMoved, err)
		}
	}
	return fmt.Errorf("%d tries: %w: %w", maxRefusals, ErrUnreachable, err)
}
