// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/proof"
)

// A plan says for each leaf of an append where it stands or will stand.
type plan struct {
	size  uint64 // of the log before
	index []uint64
	again []bool    // the leaf is there already, or earlier in the batch
	fresh []pending // the others, in order
}

// plan finds out which leaves are new. An id that the cache knows is looked
// up in the log itself: if the entry there is another, the cache is wrong and
// is made again.
func (s *writer) plan(ctx context.Context, v *view, leaves []Leaf) (*plan, error) {
	p, err := s.tryPlan(ctx, v, leaves)
	if err != errStaleIDs {
		return p, err
	}
	s.ids = newIDs(nil)
	if err := s.catchUp(ctx, v); err != nil {
		return nil, err
	}
	return s.tryPlan(ctx, v, leaves)
}

func (s *writer) tryPlan(ctx context.Context, v *view, leaves []Leaf) (*plan, error) {
	p := &plan{size: v.head.Size, index: make([]uint64, len(leaves)), again: make([]bool, len(leaves))}
	batch := make(map[[32]byte]uint64, len(leaves))
	for i, l := range leaves {
		hash := tlog.RecordHash(l.Data)
		id := idOf(l.Data, &hash)
		if l.ID != id && l.ID != ([32]byte{}) {
			return nil, fmt.Errorf("leaf %d of the batch has id %x, its data say %x", i, l.ID, id)
		}
		if index, ok := s.ids.find(id); ok {
			if err := s.confirm(ctx, v, index, id); err != nil {
				return nil, err
			}
			p.index[i], p.again[i] = index, true
			continue
		}
		p.index[i], p.again[i] = batch[id]
		if !p.again[i] {
			p.index[i] = p.size + uint64(len(p.fresh))
			batch[id] = p.index[i]
			l.ID = id
			p.fresh = append(p.fresh, pending{l, hash, newRecord(l)})
		}
	}
	return p, nil
}

// confirm checks that the entry at index has this id. It keeps the bundle:
// leaves that are sent again often stand side by side.
func (s *writer) confirm(ctx context.Context, v *view, index uint64, id [32]byte) error {
	if s.seen == nil || s.seenView != v || s.seenBundle != index/tileWidth {
		b, err := v.bundle(ctx, index/tileWidth)
		if err != nil {
			return err
		}
		s.seen, s.seenView, s.seenBundle = b.entries, v, index/tileWidth
	}
	if ID(s.seen[index%tileWidth]) != id {
		return errStaleIDs
	}
	return nil
}

// follows checks the condition of an append: the log stands at head, or the
// leaves are just those that this append put after head before.
func (p *plan) follows(head, now proof.Checkpoint) error {
	if head.Size == 0 && head.Origin == "" && len(head.Raw) == 0 {
		return nil
	}
	switch {
	case head.Origin != now.Origin:
		return fmt.Errorf("the given head is of log %q: %w", head.Origin, ErrKey)
	case head.Size > now.Size:
		return fmt.Errorf("the given head has %d leaves, the log %d: %w", head.Size, now.Size, ErrRollback)
	case head.Size == now.Size && head.Root != now.Root:
		return fmt.Errorf("the given head of %d leaves has another root than the log: %w", head.Size, ErrTampered)
	case head.Size == now.Size || p.repeats(head.Size):
		return nil
	}
	return fmt.Errorf("from %d to %d leaves: %w", head.Size, now.Size, ErrHeadMoved)
}

// repeats reports whether all leaves are there already, one after the other
// from index first on.
func (p *plan) repeats(first uint64) bool {
	for i, index := range p.index {
		if !p.again[i] || index != first+uint64(i) {
			return false
		}
	}
	return len(p.index) > 0
}

// receipts makes the receipt of each leaf under the head of v. Those of new
// leaves come from g, which has hashed them; the others are proven from tiles.
func (p *plan) receipts(v *view, g *growth) ([]proof.Receipt, error) {
	receipts := make([]proof.Receipt, len(p.index))
	for i, index := range p.index {
		r := proof.Receipt{Index: index, Checkpoint: v.head, Duplicate: p.again[i]}
		if index >= p.size {
			r.Proof = g.proofs[index-p.size]
		} else {
			var err error
			if r.Proof, err = v.prove(index, v.head.Size); err != nil {
				return nil, err
			}
		}
		receipts[i] = r
	}
	return receipts, nil
}
