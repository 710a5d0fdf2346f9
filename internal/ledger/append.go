// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/proof"
)

// maxBatch is how many leaves one append may add.
const maxBatch = 1 << 16

// A writer is what one who appends knows about the log. A dir has it while it
// holds the lock, and throws it away when a commit fails, since the disk may
// then hold either head.
type writer struct {
	edge *edge
	ids  *ids
	tidy bool // no uncommitted files stand beside the edge

	seen       [][]byte // the bundle that a duplicate was last looked up in
	seenView   *view
	seenBundle uint64
}

func (d *dir) Append(ctx context.Context, head proof.Checkpoint, leaves []Leaf) ([]proof.Receipt, error) {
	receipts, err := d.append(ctx, head, leaves)
	if err != nil {
		return nil, fmt.Errorf("append to %s: %w", d.url, err)
	}
	return receipts, nil
}

func (d *dir) append(ctx context.Context, head proof.Checkpoint, leaves []Leaf) ([]proof.Receipt, error) {
	if d.signer == nil {
		return nil, ErrReadOnly
	}
	if err := checkLeaves(leaves); err != nil {
		return nil, err
	}
	unlock, err := d.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	v, err := d.prepare(ctx)
	if err != nil {
		return nil, err
	}
	p, err := d.state.plan(ctx, v, leaves)
	if err != nil {
		return nil, err
	}
	if err := p.follows(head, v.head); err != nil {
		return nil, err
	}
	if len(p.fresh) == 0 {
		// Whoever renamed the checkpoint may have crashed before its folder
		// was synced; a receipt must not be given for what could be lost.
		if err := d.fsys.SyncDir("."); err != nil {
			return nil, err
		}
		return p.receipts(v, nil)
	}
	v, g, err := d.commit(ctx, v, p.fresh)
	if err != nil {
		d.state = nil
		return nil, err
	}
	return p.receipts(v, g)
}

// checkLeaves refuses what no ledger takes, before anything is touched.
func checkLeaves(leaves []Leaf) error {
	if len(leaves) > maxBatch {
		return fmt.Errorf("%d leaves at once, at most %d: %w", len(leaves), maxBatch, ErrTooLarge)
	}
	for i, l := range leaves {
		switch {
		case len(l.Data) == 0:
			return fmt.Errorf("leaf %d of the batch has no data", i)
		case len(l.Data) > maxEntry:
			return fmt.Errorf("leaf %d of the batch is %d bytes, at most %d: %w", i, len(l.Data), maxEntry, ErrTooLarge)
		case len(l.Body) > MaxBody:
			return fmt.Errorf("body of leaf %d of the batch is %d bytes, at most %d: %w", i, len(l.Body), MaxBody, ErrTooLarge)
		case len(l.Blobs) > MaxBlobs:
			return fmt.Errorf("leaf %d of the batch has %d documents, at most %d: %w", i, len(l.Blobs), MaxBlobs, ErrTooLarge)
		}
		for _, b := range l.Blobs {
			if len(b) > MaxBlob {
				return fmt.Errorf("document of leaf %d of the batch is %d bytes, at most %d: %w", i, len(b), MaxBlob, ErrTooLarge)
			}
		}
	}
	return nil
}

// prepare reads the head and brings the writer's state up to it. The right
// edge is proven every time: in full against the signed root, or byte by byte
// against what this process has proven or written before.
func (d *dir) prepare(ctx context.Context) (*view, error) {
	v, err := d.current(ctx)
	if err != nil {
		return nil, err
	}
	s := d.state
	if s == nil {
		s = &writer{}
	}
	d.state = nil
	if err := s.follow(ctx, v); err != nil {
		return nil, err
	}
	d.state = s
	return v, nil
}

// follow brings the edge and the ids up to v.
func (s *writer) follow(ctx context.Context, v *view) (err error) {
	if s.edge != nil && s.edge.head.Size == v.head.Size && s.edge.head.Root == v.head.Root {
		err = s.edge.check(v.fsys)
	} else {
		s.tidy = false
		s.edge, err = loadEdge(v.fsys, v.head)
	}
	if err != nil {
		return err
	}
	return s.loadIDs(ctx, v)
}

// A pending leaf is one that a commit is about to add.
type pending struct {
	Leaf
	hash   tlog.Hash
	record record
}

// commit adds leaves to the log. Until the checkpoint is renamed into place
// nothing has happened; from then on everything has.
//
// The order is: compute the new tree and check that it extends the old one;
// sign its checkpoint and check the signature; write entries, tiles, bodies
// and documents under names that no checkpoint refers to yet, and the new
// checkpoint beside the old; fsync all of them and their folders, and read
// them back; then rename the checkpoint over the old one, fsync its folder,
// and read it back.
func (d *dir) commit(ctx context.Context, v *view, leaves []pending) (*view, *growth, error) {
	s := d.state
	g, root := s.edge.grow(leaves)
	head, err := d.sign(d.signer, v.head, g, root)
	if err != nil {
		return nil, nil, err
	}
	next, files := g.next(leaves)
	next.head = head
	files = append(files, bodyFiles(v.head.Size, leaves)...)
	st := durable.NewStage(d.fsys, s.edge.folders()...)
	defer st.Discard()
	if err := d.stage(ctx, st, head.Raw, files, leaves); err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if err := st.Publish(checkpointPath); err != nil {
		return nil, nil, err
	}
	if err := compare(d.fsys, file{name: checkpointPath, data: head.Raw}); err != nil {
		return nil, nil, fmt.Errorf("read back: %w", err)
	}
	d.settle(next, leaves)
	return d.advance(head), g, nil
}

// sign makes the checkpoint of the grown tree. It proves to itself what any
// verifier will: the signature, consistency, and the first and last receipt.
func (r *reader) sign(signer note.Signer, old proof.Checkpoint, g *growth, root tlog.Hash) (proof.Checkpoint, error) {
	head, err := proof.SignCheckpoint(r.keys.Origin, g.size, root, signer)
	if err != nil {
		return proof.Checkpoint{}, err
	}
	if head, err = proof.ParseCheckpoint(head.Raw, r.keys); err != nil {
		return proof.Checkpoint{}, checkpointError(err)
	}
	if err := proof.Consistency(g.consistency, old, head); err != nil {
		return proof.Checkpoint{}, fmt.Errorf("self-check: %w", err)
	}
	for _, i := range []int{0, len(g.leaves) - 1} {
		if err := proof.Inclusion(g.proofs[i], g.leaves[i].hash, old.Size+uint64(i), g.size, root); err != nil {
			return proof.Checkpoint{}, fmt.Errorf("self-check: %w", err)
		}
	}
	return head, nil
}
