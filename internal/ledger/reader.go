// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"sync"

	"github.com/gateledger/gateledger/internal/proof"
)

const checkpointPath = "checkpoint"

// A reader is the half of a ledger that writes nothing. It remembers the last
// head it saw, and refuses one that does not grow out of it.
type reader struct {
	url  string
	fsys fs.FS
	keys proof.Keys

	mu   sync.Mutex
	seen *view
}

// openReader checks that fsys is a ledger of this version and of these keys.
func openReader(ctx context.Context, url string, fsys fs.FS, keys proof.Keys) (*reader, error) {
	r := &reader{url: url, fsys: fsys, keys: keys}
	if err := r.checkMarker(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// checkMarker checks the marker together with the checkpoint, so that damage
// to a ledger of ours is told from a folder that is none.
func (r *reader) checkMarker(ctx context.Context) error {
	origin, err := readMarker(r.fsys)
	if err != nil && !errors.Is(err, ErrNotLedger) {
		return err
	}
	_, headErr := r.current(ctx)
	switch {
	case err != nil && headErr == nil:
		return fmt.Errorf("%s beside a signed checkpoint is lost or damaged: %w", markerPath, ErrTampered)
	case err != nil:
		return err
	case headErr != nil:
		return headErr
	case origin != r.keys.Origin:
		return fmt.Errorf("%s names %q, the signed checkpoint %q: %w", markerPath, origin, r.keys.Origin, ErrTampered)
	}
	return nil
}

// current returns the view of the head as it is now.
func (r *reader) current(ctx context.Context) (*view, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	raw, err := readFile(r.fsys, checkpointPath, maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", checkpointPath, ErrMissing)
	}
	if err != nil {
		return nil, err
	}
	if r.seen != nil && bytes.Equal(raw, r.seen.head.Raw) {
		return r.seen, nil
	}
	head, err := proof.ParseCheckpoint(raw, r.keys)
	if err != nil {
		return nil, checkpointError(err)
	}
	v := newView(r.fsys, head)
	if r.seen != nil {
		if err := v.growsFrom(r.seen.head); err != nil {
			return nil, err
		}
	}
	r.seen = v
	return v, nil
}

// advance makes a head that this process has just signed and read back the
// current one.
func (r *reader) advance(head proof.Checkpoint) *view {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = newView(r.fsys, head)
	return r.seen
}

// maxCheckpoint bounds the checkpoint file; package proof has its own bound.
const maxCheckpoint = 1 << 20

// checkpointError says which of the ledger's errors a bad checkpoint is.
func checkpointError(err error) error {
	if errors.Is(err, proof.ErrUnsigned) || errors.Is(err, proof.ErrOrigin) {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	return fmt.Errorf("%s: %w: %w", checkpointPath, ErrTampered, err)
}

func (r *reader) Head(ctx context.Context) (proof.Checkpoint, error) {
	v, err := r.current(ctx)
	if err != nil {
		return proof.Checkpoint{}, fmt.Errorf("read head of %s: %w", r.url, err)
	}
	return v.head, nil
}

func (r *reader) Read(ctx context.Context, from, to uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		v, err := r.current(ctx)
		if err != nil {
			yield(Entry{}, fmt.Errorf("read %s: %w", r.url, err))
			return
		}
		for e, err := range v.read(ctx, from, to) {
			if err != nil {
				yield(Entry{}, fmt.Errorf("read %s: %w", r.url, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (r *reader) Prove(ctx context.Context, index, size uint64) (proof.Proof, error) {
	v, err := r.current(ctx)
	if err != nil {
		return nil, fmt.Errorf("prove from %s: %w", r.url, err)
	}
	p, err := v.prove(index, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.url, err)
	}
	return p, nil
}

func (r *reader) Consistency(ctx context.Context, old, new uint64) (proof.Proof, error) {
	v, err := r.current(ctx)
	if err != nil {
		return nil, fmt.Errorf("prove from %s: %w", r.url, err)
	}
	p, err := v.consistency(old, new)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.url, err)
	}
	return p, nil
}

func (r *reader) Blob(ctx context.Context, sum [32]byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := readBlob(r.fsys, sum)
	if err != nil {
		return nil, fmt.Errorf("read document of %s: %w", r.url, err)
	}
	return data, nil
}
