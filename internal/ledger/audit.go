// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// An audit re-checks one tree. It first proves the upper tiles against the
// signed root, which fixes the hash of every full bundle; then each segment,
// entries, hashes, bodies and documents, is checked against that by itself,
// several at once.
type audit struct {
	*view
	edge   *edge
	levels [][]tlog.Hash // from level 1 on, proven
	ids    []shortID
	check  func(Entry) error
	spare  sync.Pool // of *piece

	mu    sync.Mutex
	blobs map[[32]byte]bool // found right
}

// A piece is what an audit reads of 256 leaves. Its memory is used again,
// unless entries in it are handed out.
type piece struct {
	bundle  bundle
	hashes  []byte
	segment segment
}

func (r *reader) Audit(ctx context.Context, check func(Entry) error) (Report, error) {
	report, err := r.audit(ctx, check)
	if err != nil {
		return report, fmt.Errorf("audit %s: %w", r.url, err)
	}
	return report, nil
}

func (r *reader) audit(ctx context.Context, check func(Entry) error) (Report, error) {
	if err := r.checkMarker(ctx); err != nil {
		return Report{}, err
	}
	v, err := r.current(ctx)
	if err != nil {
		return Report{}, err
	}
	a := &audit{view: v, check: check, blobs: map[[32]byte]bool{}}
	if err := a.prove(); err != nil {
		return Report{Head: v.head}, a.diagnose(ctx, err)
	}
	if a.ids, err = readIDs(v.fsys, v.head.Size); err != nil {
		return Report{Head: v.head}, err
	}
	return a.segments(ctx)
}

// segments checks all segments, and calls check for their entries in order.
func (a *audit) segments(ctx context.Context) (Report, error) {
	report := Report{Head: a.head}
	for _, hashes := range a.levels {
		report.Tiles += tilesFor(uint64(len(hashes)))
	}
	for entries, err := range inOrder(ctx, tilesFor(a.head.Size), a.segment) {
		if err != nil {
			return report, err
		}
		for _, e := range entries {
			if err := a.check(e); err != nil {
				return report, fmt.Errorf("entry %d: %w", e.Index, err)
			}
		}
		report.Tiles++
	}
	report.Entries, report.Bodies, report.Blobs = a.head.Size, a.head.Size, uint64(len(a.blobs))
	var err error
	report.Receipts, report.Strays, err = countReceipts(ctx, a.fsys)
	return report, err
}

// tilesFor is how many tiles, the last perhaps partial, hold count hashes.
func tilesFor(count uint64) uint64 { return (count + tileWidth - 1) / tileWidth }

// prove reads all tiles from level 1 up and proves them: the right edge by
// the root, every full tile by its hash one level up.
func (a *audit) prove() (err error) {
	if a.edge, err = loadLevels(a.fsys, a.head); err != nil {
		return err
	}
	for level := 1; a.head.Size>>(tileHeight*level) > 0; level++ {
		count := a.head.Size >> (tileHeight * level)
		hashes := make([]tlog.Hash, 0, count)
		for n := range tilesFor(count) {
			data, err := readHashes(nil, a.fsys, tile{level: level, n: n}.in(a.head.Size))
			if err != nil {
				return err
			}
			hashes = append(hashes, toHashes(data)...)
		}
		a.levels = append(a.levels, hashes)
	}
	for i := 1; i < len(a.levels); i++ {
		for n, want := range a.levels[i] {
			if subtree(a.levels[i-1][n*tileWidth:(n+1)*tileWidth]) != want {
				return fmt.Errorf("%s does not hash to the tile above it: %w", tile{i, uint64(n), tileWidth}.path(), ErrTampered)
			}
		}
	}
	return nil
}

// segment checks everything about 256 leaves, and returns their entries if
// there is a check to call.
func (a *audit) segment(n uint64) ([]Entry, error) {
	p, _ := a.spare.Get().(*piece)
	if p == nil {
		p = &piece{}
	}
	if err := a.checkPiece(n, p); err != nil {
		return nil, err
	}
	if a.check == nil {
		a.spare.Put(p)
		return nil, nil
	}
	return toEntries(n, p.bundle, p.segment), nil
}

func (a *audit) checkPiece(n uint64, p *piece) error {
	t := tile{level: entryLevel, n: n}.in(a.head.Size)
	if err := p.bundle.read(a.fsys, t); err != nil {
		return err
	}
	if err := a.checkHashes(t, p); err != nil {
		return err
	}
	if err := p.segment.read(a.fsys, n, t.width); err != nil {
		return err
	}
	for i, data := range p.bundle.entries {
		index := n*tileWidth + uint64(i)
		if index < uint64(len(a.ids)) && a.ids[index] != shorten(idOf(data, &p.bundle.hashes[i])) {
			return fmt.Errorf("%s has another id for entry %d (a cache: once removed it is made again): %w", idsPath, index, ErrTampered)
		}
		if err := a.checkRecord(index, p.segment.records[i]); err != nil {
			return err
		}
	}
	return nil
}

// checkHashes compares entries with their hash tile, and both with what is
// proven about them.
func (a *audit) checkHashes(t tile, p *piece) (err error) {
	b := p.bundle
	t.level = 0
	if p.hashes, err = readHashes(p.hashes, a.fsys, t); err != nil {
		return err
	}
	same := sameHashes(b.hashes, p.hashes)
	if t.width < tileWidth && same && sameHashes(a.edge.levels[0], p.hashes) {
		return nil
	}
	if t.width == tileWidth && same && subtree(b.hashes) == a.levels[0][t.n] {
		return nil
	}
	return a.blame(t, b, toHashes(p.hashes))
}

// sameHashes compares hashes with a tile.
func sameHashes(hashes []tlog.Hash, data []byte) bool {
	for i, h := range hashes {
		if h != tlog.Hash(data[i*tlog.HashSize:]) {
			return false
		}
	}
	return true
}

// blame says which of a bundle and its hash tile is not what is proven.
func (a *audit) blame(t tile, b bundle, stored []tlog.Hash) error {
	proven := a.edge.levels[0]
	if t.width == tileWidth {
		switch a.levels[0][t.n] {
		case subtree(b.hashes):
			proven = b.hashes
		case subtree(stored):
			proven = stored
		default:
			return fmt.Errorf("%s and %s both do not hash to the tree: %w", b.path, t.path(), ErrTampered)
		}
	}
	for i, h := range proven {
		if b.hashes[i] != h {
			return fmt.Errorf("entry %d in %s is not what the tree holds: %w", t.n*tileWidth+uint64(i), b.path, ErrTampered)
		}
		if stored[i] != h {
			return fmt.Errorf("%s has another hash for entry %d: %w", t.path(), t.n*tileWidth+uint64(i), ErrTampered)
		}
	}
	return fmt.Errorf("%s changed while it was read: %w", t.path(), ErrTampered)
}

// checkRecord looks for the body and the documents of a leaf.
func (a *audit) checkRecord(index uint64, r record) error {
	if r.body == nil {
		return fmt.Errorf("body of entry %d, %s: %w", index, r.path, ErrMissing)
	}
	for _, sum := range r.blobs {
		a.mu.Lock()
		done := a.blobs[sum]
		a.mu.Unlock()
		if done {
			continue
		}
		if _, err := readBlob(a.fsys, sum); err != nil {
			return fmt.Errorf("document of entry %d: %w", index, err)
		}
		a.mu.Lock()
		a.blobs[sum] = true
		a.mu.Unlock()
	}
	return nil
}

// inOrder runs work for 0 to count-1 on all processors and yields the results
// in order, up to the first error. A few results wait in memory at a time.
func inOrder[T any](ctx context.Context, count uint64, work func(uint64) (T, error)) func(yield func(T, error) bool) {
	type result struct {
		value T
		err   error
	}
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		workers := min(runtime.GOMAXPROCS(0), 8)
		queue := make(chan chan result, 2*workers)
		var done sync.WaitGroup
		defer done.Wait()
		defer cancel()
		done.Go(func() {
			defer close(queue)
			running := make(chan struct{}, workers)
			for i := range count {
				slot := make(chan result, 1)
				select {
				case queue <- slot:
				case <-ctx.Done():
					return
				}
				running <- struct{}{}
				done.Go(func() {
					value, err := work(i)
					slot <- result{value, err}
					<-running
				})
			}
		})
		for slot := range queue {
			r := <-slot
			if r.err == nil {
				r.err = ctx.Err()
			}
			if !yield(r.value, r.err) || r.err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			var none T
			yield(none, err)
		}
	}
}
