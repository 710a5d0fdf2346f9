// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/proof"
)

// How long a push is tried again. Each try that finds the branch moved means
// that somebody else got through, so there is progress; these say when to
// give the turn back to whoever waits.
const (
	// maxTries is how often a commit is made because the branch moved. Sixteen
	// writers who all push at once need this many at worst.
	maxTries = 20

	// maxRefusals is how often a push is tried that the remote refuses, or
	// does not answer: a rule will not change its mind, a busy server may.
	maxRefusals = 4

	// maxAppendTime is how long an append goes on when its context allows
	// longer: about as long as a person waits before looking.
	maxAppendTime = 90 * time.Second

	// firstPause bounds the random pause before the second try, maxPause that
	// before any.
	firstPause = 100 * time.Millisecond
	maxPause   = 3 * time.Second

	// maxMoves is how many other refs one push moves. git has each of them as
	// an argument, and Windows bounds those to 32 KB.
	maxMoves        = 1500
	maxMovesWindows = 150
)

// A patience is how often a lost race is run again, and how long the pauses
// before get.
type patience struct {
	tries   int
	longest time.Duration
}

// An order is what an append is asked for.
type order struct {
	head   proof.Checkpoint
	leaves []Leaf
	moves  []git.Update // of parcels, by the same push

	settles []Leaf // must be in the log then, since their parcels go
}

// conditional says whether the order is for just one head.
func (o order) conditional() bool {
	return o.head.Size > 0 || o.head.Origin != "" || len(o.head.Raw) > 0
}

// An attempt is one commit on the way to the branch.
type attempt struct {
	base   *snapshot
	plan   *plan
	growth *growth
	edge   *edge     // after the growth
	next   *snapshot // the commit; base where no leaf is new
}

func (g *gitLedger) Append(ctx context.Context, head proof.Checkpoint, leaves []Leaf) ([]proof.Receipt, error) {
	receipts, err := g.append(ctx, order{head: head, leaves: leaves})
	if err != nil {
		return nil, fmt.Errorf("append to %s: %w", g.url, err)
	}
	return receipts, nil
}

func (g *gitLedger) append(ctx context.Context, o order) ([]proof.Receipt, error) {
	if g.signer == nil {
		return nil, ErrReadOnly
	}
	if err := checkLeaves(o.leaves); err != nil {
		return nil, err
	}
	unlock, err := g.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	wait, cancel := context.WithTimeout(ctx, maxAppendTime)
	defer cancel()
	p := pushing{gitLedger: g, order: o}
	receipts, err := p.run(wait)
	if err != nil && wait.Err() != nil && ctx.Err() == nil {
		why := ErrUnreachable
		if p.lost > 0 {
			why = ErrContended
		}
		err = fmt.Errorf("gave up after %v: %w: %w", maxAppendTime, why, err)
	}
	return receipts, err
}

// lock waits until no other goroutine writes. Other processes are no matter:
// the lease on the branch keeps them apart.
func (g *gitLedger) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case g.turn <- struct{}{}:
		return func() { <-g.turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another writer: %w", context.Cause(ctx))
	}
}

// A pushing is an append on its way. It starts from what was fetched last,
// without asking whether that is still so: the push will say. What looks wrong
// is fetched before it is believed.
type pushing struct {
	*gitLedger
	order
	fresh         bool              // the snapshot was fetched by this append
	refs          map[string]string // where parcels stood then
	lost, refused int               // tries that somebody else won, and that the remote did not take
}

func (p *pushing) run(ctx context.Context) ([]proof.Receipt, error) {
	for {
		a, err := p.attempt(ctx)
		idle := err == nil && a.next == a.base && len(p.moves) == 0
		if !p.fresh && (err != nil && ctx.Err() == nil || idle && p.conditional()) {
			if err := p.refetch(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if idle {
			return a.plan.receipts(a.base.view, nil)
		}
		err = p.push(ctx, a)
		if err == nil {
			return p.settle(ctx, a)
		}
		landed, err := p.reconsider(ctx, a, err)
		if err != nil {
			return nil, err
		}
		if landed {
			return p.settle(ctx, a)
		}
	}
}

// refetch brings the branch, and if parcels are to be moved, them too.
func (p *pushing) refetch(ctx context.Context) (err error) {
	p.fresh = true
	if len(p.moves) == 0 {
		return p.refresh(ctx)
	}
	if p.refs, _, err = p.fetchPending(ctx); err != nil {
		return err
	}
	return p.take(ctx, p.refs[p.branch])
}

// attempt makes the commit that fills the order.
func (p *pushing) attempt(ctx context.Context) (*attempt, error) {
	s := p.now()
	w, err := p.follow(ctx, s)
	if err != nil {
		return nil, err
	}
	plan, err := w.plan(ctx, s.view, p.leaves)
	if err != nil {
		return nil, err
	}
	if err := plan.follows(p.head, s.view.head); err != nil {
		return nil, err
	}
	added := map[[32]byte]bool{}
	for _, l := range plan.fresh {
		added[l.ID] = true
	}
	for _, l := range p.settles {
		if id := ID(l.Data); !added[id] && !w.holds([]Leaf{l}) {
			return nil, fmt.Errorf("a parcel is to be taken away whose leaf %x is not in the log", id)
		}
	}
	a := &attempt{base: s, plan: plan, next: s}
	if len(plan.fresh) == 0 {
		return a, nil
	}
	return a, p.commit(ctx, a)
}

// follow brings what the writer knows up to a snapshot.
func (g *gitLedger) follow(ctx context.Context, s *snapshot) (*writer, error) {
	w := g.state
	if w == nil {
		w = &writer{}
	}
	g.state = nil
	if err := w.follow(ctx, s.view); err != nil {
		return nil, err
	}
	g.state = w
	return w, nil
}

// commit makes the commit: it computes the new tree and checks that it extends
// the old one, signs its checkpoint and checks the signature, lets git make
// the objects, and reads them back. Nobody else sees any of it yet.
func (g *gitLedger) commit(ctx context.Context, a *attempt) error {
	s := a.base
	grown, root := g.state.edge.grow(a.plan.fresh)
	head, err := s.sign(g.signer, s.view.head, grown, root)
	if err != nil {
		return err
	}
	c, next, err := grown.branchChange(s.fsys, head.Raw)
	if err != nil {
		return err
	}
	next.head = head
	id, err := g.store.commit(ctx, git.Draft{
		Base: s.commit, Parents: []string{s.commit}, Put: c.put, Delete: c.remove, When: time.Now(),
		Message: fmt.Sprintf("Add %d to %d entries", len(a.plan.fresh), s.view.head.Size) + skipCI,
	})
	if err != nil {
		return err
	}
	tree, err := g.store.tree(ctx, id)
	if err != nil {
		return err
	}
	if err := tree.checkChange(s.fsys.(*branchFS), c); err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	v := newView(tree, head)
	r := &reader{url: g.url, fsys: tree, keys: g.keys, seen: v}
	a.growth, a.edge, a.next = grown, next, &snapshot{r, id, v}
	return nil
}

// checkChange compares a commit with what it was to be: the files of old, and
// a change.
func (b *branchFS) checkChange(old *branchFS, c change) error {
	var put []git.Object
	for name, data := range c.put {
		o, ok := b.files[name]
		if !ok || o.Size != int64(len(data)) {
			return fmt.Errorf("%s is not what was written: %w", name, ErrTampered)
		}
		put = append(put, o)
	}
	for name, o := range old.files {
		_, changed := c.put[name]
		if !changed && !c.removes(name) && b.files[name] != o {
			return fmt.Errorf("%s is not what it was: %w", name, ErrTampered)
		}
	}
	blobs, err := b.load(put)
	if err != nil {
		return err
	}
	for i, o := range put {
		if !bytes.Equal(blobs[i], c.put[o.Path]) {
			return fmt.Errorf("%s is not what was written: %w", o.Path, ErrTampered)
		}
	}
	return nil
}

// push moves the branch to the attempt's commit, and the parcels' refs with
// it.
func (p *pushing) push(ctx context.Context, a *attempt) error {
	updates := []git.Update{{Ref: p.branch, Old: a.base.commit, New: a.next.commit}}
	return p.store.push(ctx, append(updates, p.nextMoves()...)...)
}

// nextMoves are as many of the moves as one push takes.
func (p *pushing) nextMoves() []git.Update {
	most := maxMoves
	if runtime.GOOS == "windows" {
		most = maxMovesWindows
	}
	return p.moves[:min(most, len(p.moves))]
}

// reconsider finds out what a push that failed has left, waits, and makes
// ready for the next one, if there is to be one. It may have landed all the
// same.
func (p *pushing) reconsider(ctx context.Context, a *attempt, cause error) (landed bool, err error) {
	switch {
	case ctx.Err() != nil:
		return false, cause
	case errors.Is(cause, git.ErrMoved):
		if p.lost++; p.lost >= p.tries {
			return false, fmt.Errorf("%d tries: %w: %w", p.lost, ErrContended, cause)
		}
	case errors.Is(cause, git.ErrRefused), errors.Is(cause, git.ErrRemote):
		p.refused++
	default:
		return false, cause
	}
	if err := p.pause(ctx, p.lost+p.refused); err != nil {
		return false, err
	}
	if err := p.refetch(ctx); err != nil {
		if errors.Is(err, ErrUnreachable) && p.refused > 0 && p.refused < maxRefusals {
			return false, nil
		}
		return false, err
	}
	if a.next != a.base && p.now().commit == a.next.commit {
		return true, nil
	}
	if p.refused >= maxRefusals {
		return false, fmt.Errorf("%d tries: %w", p.refused, remoteError(cause))
	}
	pruned, err := p.prune(ctx)
	if err == nil && errors.Is(cause, git.ErrMoved) && !pruned && p.conditional() && p.now().commit == a.base.commit {
		err = fmt.Errorf("where the ledger is written, %s stands elsewhere than where it is read: %w", p.branchName(), ErrHeadMoved)
	}
	return false, err
}

// prune leaves out the moves of refs that stand elsewhere by now, or there
// already.
func (p *pushing) prune(ctx context.Context) (pruned bool, err error) {
	if len(p.moves) == 0 {
		return false, nil
	}
	at := p.refs
	creates := slices.ContainsFunc(p.moves, func(m git.Update) bool { return m.Old == "" })
	if creates || p.store.remote.PushURL != "" {
		if at, err = p.store.list(ctx, pendingRefs+"*", quarantineRefs+"*"); err != nil {
			return false, err
		}
	}
	moves := p.moves
	p.moves = nil
	for _, m := range moves {
		if there := at[m.Ref]; m.Old == "" && there != "" && there != m.New {
			m.Ref, pruned = oddRef(m.New), true // the name is another's
		}
		if at[m.Ref] == m.Old {
			p.add(m)
		}
	}
	return pruned || len(p.moves) < len(moves), nil
}

// settle makes what was pushed the current snapshot, and hands out the
// receipts. Moves that one push did not take follow; the log does not depend
// on them.
func (p *pushing) settle(ctx context.Context, a *attempt) ([]proof.Receipt, error) {
	if a.next != a.base {
		p.state.edge = a.edge
		for _, l := range a.plan.fresh {
			p.state.ids.add(l.ID)
		}
		p.mu.Lock()
		p.accept(ctx, a.next)
		p.mu.Unlock()
	}
	for {
		p.moves = p.moves[len(p.nextMoves()):]
		if len(p.moves) == 0 {
			break
		}
		still := git.Update{Ref: p.branch, Old: a.next.commit, New: a.next.commit}
		if p.store.push(ctx, append([]git.Update{still}, p.nextMoves()...)...) != nil {
			break
		}
	}
	return a.plan.receipts(a.next.view, a.growth)
}

// pause waits before try number n+1, for a random time, so that writers who
// lost together do not come back together.
func (g *gitLedger) pause(ctx context.Context, n int) error {
	t := time.NewTimer(rand.N(min(g.longest, firstPause<<min(n, 10))))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
