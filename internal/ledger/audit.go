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

	mu    sync.Mutex
	blobs map[[32]byte]bool // found right
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
	report := Report{Head: v.head}
	a := &audit{view: v, blobs: map[[32]byte]bool{}}
	if err := a.prove(); err != nil {
		return report, a.diagnose(ctx, err)
	}
	if a.ids, err = readIDs(v.fsys, v.head.Size); err != nil {
		return report, err
	}
	for _, hashes := range a.levels {
		report.Tiles += tilesFor(uint64(len(hashes)))
	}
	segments := tilesFor(v.head.Size)
	for entries, err := range inOrder(ctx, segments, a.segment) {
		if err != nil {
			return report, err
		}
		report.Tiles++
		for _, e := range entries {
			if check != nil {
				if err := check(e); err != nil {
					return report, fmt.Errorf("entry %d: %w", e.Index, err)
				}
			}
			report.Entries++
			report.Bodies++
		}
	}
	report.Blobs = uint64(len(a.blobs))
	return report, nil
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
			data, err := readHashes(a.fsys, tile{level: level, n: n}.in(a.head.Size))
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

// segment checks everything about 256 leaves and returns their entries.
func (a *audit) segment(n uint64) ([]Entry, error) {
	t := tile{level: entryLevel, n: n}.in(a.head.Size)
	b, err := readBundle(a.fsys, t)
	if err != nil {
		return nil, err
	}
	if err := a.checkHashes(t, b); err != nil {
		return nil, err
	}
	records, err := readRecords(a.fsys, n, t.width)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, t.width)
	for i, data := range b.entries {
		index := n*tileWidth + uint64(i)
		if index < uint64(len(a.ids)) && a.ids[index] != shorten(idOf(data, &b.hashes[i])) {
			return nil, fmt.Errorf("%s has another id for entry %d (a cache: once removed it is made again): %w", idsPath, index, ErrTampered)
		}
		if err := a.checkRecord(index, records[i]); err != nil {
			return nil, err
		}
		entries[i] = Entry{Index: index, Data: data, Body: records[i].body}
	}
	return entries, nil
}

// checkHashes compares entries with their hash tile, and both with what is
// proven about them.
func (a *audit) checkHashes(t tile, b bundle) error {
	t.level = 0
	data, err := readHashes(a.fsys, t)
	if err != nil {
		return err
	}
	stored := toHashes(data)
	proven := a.edge.levels[0]
	if t.width == tileWidth {
		want := a.levels[0][t.n]
		switch {
		case subtree(b.hashes) == want:
			proven = b.hashes
		case subtree(stored) == want:
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
	return nil
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
