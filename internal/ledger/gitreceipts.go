// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/gateledger/gateledger/internal/git"
)

// KeepReceipts adds a commit to the branch that changes nothing else. It is
// pushed as entries are: only where the branch was when it was made, and again
// where somebody else was first.
func (g *gitLedger) KeepReceipts(ctx context.Context, receipts []StoredReceipt) error {
	if err := g.keepReceipts(ctx, receipts); err != nil {
		return fmt.Errorf("keep receipts in %s: %w", g.url, err)
	}
	return nil
}

// Receipts are those of what was fetched last.
func (g *gitLedger) Receipts(ctx context.Context) iter.Seq2[StoredReceipt, error] {
	return g.now().Receipts(ctx)
}

func (g *gitLedger) keepReceipts(ctx context.Context, receipts []StoredReceipt) error {
	if err := checkReceipts(receipts); err != nil {
		return err
	}
	unlock, err := g.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	wait, cancel := context.WithTimeout(ctx, maxAppendTime)
	defer cancel()
	lost, refused := 0, 0
	for {
		next, err := g.receiptCommit(wait, receipts)
		if err != nil || next == nil {
			return err
		}
		err = g.store.push(wait, git.Update{Ref: g.branch, Old: g.now().commit, New: next.commit})
		if err == nil {
			g.mu.Lock()
			g.accept(ctx, next)
			g.mu.Unlock()
			return nil
		}
		switch {
		case wait.Err() != nil:
			return fmt.Errorf("gave up after %v: %w: %w", maxAppendTime, ErrUnreachable, err)
		case errors.Is(err, git.ErrMoved):
			if lost++; lost >= g.tries {
				return fmt.Errorf("%d tries: %w: %w", lost, ErrContended, err)
			}
		case errors.Is(err, git.ErrRefused), errors.Is(err, git.ErrRemote):
			if refused++; refused >= maxRefusals {
				return fmt.Errorf("%d tries: %w", refused, remoteError(err))
			}
		default:
			return err
		}
		if err := g.afresh(wait, lost+refused, refused); err != nil {
			return err
		}
	}
}

// afresh waits, and brings the branch as it is by now. A push that failed may
// have landed all the same: then the receipts are in it.
func (g *gitLedger) afresh(ctx context.Context, tries, refused int) error {
	if err := g.pause(ctx, tries); err != nil {
		return err
	}
	err := g.refresh(ctx)
	if errors.Is(err, ErrUnreachable) && refused > 0 {
		return nil // the next push counts
	}
	return err
}

// receiptCommit makes the commit that adds what is missing of receipts to the
// branch as it was fetched last; nil: nothing is.
func (g *gitLedger) receiptCommit(ctx context.Context, receipts []StoredReceipt) (*snapshot, error) {
	s := g.now()
	files := missingReceipts(s.fsys, receipts)
	if len(files) == 0 {
		return nil, ctx.Err()
	}
	c := change{put: map[string][]byte{}}
	c.add(files...)
	id, err := g.store.commit(ctx, git.Draft{
		Base: s.commit, Parents: []string{s.commit}, Put: c.put, When: time.Now(),
		Message: fmt.Sprintf("Keep %d receipts of anchors at %d entries", len(files), s.view.head.Size) + skipCI,
	})
	if err != nil {
		return nil, err
	}
	tree, err := g.store.tree(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := tree.checkChange(s.fsys.(*branchFS), c); err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	v := newView(tree, s.view.head)
	r := &reader{url: g.url, fsys: tree, keys: g.keys, seen: v}
	return &snapshot{r, id, v}, nil
}

// under lists the files below a folder.
func (b *branchFS) under(folder string) []string { return pathsUnder(b.paths, folder) }
