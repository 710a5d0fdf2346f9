// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/proof"
)

// A view reads one tree, that of head, out of the files of a ledger. Nothing
// it returns is unproven: every hash is authenticated against head's root.
type view struct {
	fsys fs.FS
	head proof.Checkpoint

	mu    sync.Mutex
	tiles map[tile][]byte // read and not refused
}

func newView(fsys fs.FS, head proof.Checkpoint) *view {
	return &view{fsys: fsys, head: head, tiles: map[tile][]byte{}}
}

// maxTiles bounds how many tiles a view keeps, at 8 KiB each.
const maxTiles = 1024

// hashes reads authenticated hashes of the view's tree.
func (v *view) hashes() tlog.HashReader {
	tree := tlog.Tree{N: int64(v.head.Size), Hash: v.head.Root}
	inner := tlog.TileHashReader(tree, tileReader{v})
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes, err := inner.ReadHashes(indexes)
		if err == nil || isNamed(err) {
			return hashes, err
		}
		return nil, fmt.Errorf("tiles do not hash to the signed root of %d leaves: %w", v.head.Size, ErrTampered)
	})
}

// isNamed reports whether err already says what is wrong with which file.
func isNamed(err error) bool {
	var path *fs.PathError
	return errors.Is(err, ErrTampered) || errors.Is(err, ErrMissing) || errors.Is(err, ErrTooLarge) || errors.As(err, &path)
}

// tileReader gives package tlog the tiles of a view.
type tileReader struct{ v *view }

var _ tlog.TileReader = tileReader{}

func (r tileReader) Height() int { return tileHeight }

// SaveTiles keeps tiles that package tlog has authenticated.
func (r tileReader) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	r.v.mu.Lock()
	defer r.v.mu.Unlock()
	if len(r.v.tiles) > maxTiles {
		clear(r.v.tiles)
	}
	for i, t := range tiles {
		r.v.tiles[tile{t.L, uint64(t.N), t.W}] = data[i]
	}
}

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, x := range tiles {
		t := tile{x.L, uint64(x.N), x.W}
		r.v.mu.Lock()
		out[i] = r.v.tiles[t]
		r.v.mu.Unlock()
		if out[i] != nil {
			continue
		}
		var err error
		if out[i], err = readHashes(nil, r.v.fsys, t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// prove returns the inclusion proof of a leaf in the tree of size leaves,
// which is the view's or an earlier one.
func (v *view) prove(index, size uint64) (proof.Proof, error) {
	if size > v.head.Size || index >= size {
		return nil, fmt.Errorf("prove leaf %d in a tree of %d, of a log of %d: no such leaf", index, size, v.head.Size)
	}
	p, err := tlog.ProveRecord(int64(size), int64(index), v.hashes())
	if err != nil {
		return nil, fmt.Errorf("prove leaf %d in a tree of %d: %w", index, size, err)
	}
	return proof.Proof(p), nil
}

// consistency returns the proof that the tree of old leaves is a prefix of
// the tree of new leaves, which is the view's or an earlier one.
func (v *view) consistency(old, new uint64) (proof.Proof, error) {
	if old > new || new > v.head.Size {
		return nil, fmt.Errorf("prove growth from %d to %d leaves of a log of %d: no such trees", old, new, v.head.Size)
	}
	if old == 0 || old == new {
		return nil, nil
	}
	p, err := tlog.ProveTree(int64(new), int64(old), v.hashes())
	if err != nil {
		return nil, fmt.Errorf("prove growth from %d to %d leaves: %w", old, new, err)
	}
	return proof.Proof(p), nil
}

// read yields entries from..to-1, a bundle at a time.
func (v *view) read(ctx context.Context, from, to uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if from > to || to > v.head.Size {
			yield(Entry{}, fmt.Errorf("read entries %d to %d of a log of %d: no such entries", from, to, v.head.Size))
			return
		}
		for n := from / tileWidth; from < to && n*tileWidth < to; n++ {
			entries, err := v.segment(ctx, n)
			if err != nil {
				yield(Entry{}, fmt.Errorf("read entries from %d: %w", n*tileWidth, err))
				return
			}
			for _, e := range entries {
				if e.Index >= from && e.Index < to && !yield(e, nil) {
					return
				}
			}
		}
	}
}

// segment returns the entries of bundle n, proven, with their bodies.
func (v *view) segment(ctx context.Context, n uint64) ([]Entry, error) {
	b, err := v.bundle(ctx, n)
	if err != nil {
		return nil, err
	}
	var s segment
	if err := s.read(v.fsys, n, len(b.entries)); err != nil {
		return nil, err
	}
	return toEntries(n, b, s), nil
}

// toEntries puts the halves of the entries of bundle n together.
func toEntries(n uint64, b bundle, s segment) []Entry {
	entries := make([]Entry, len(b.entries))
	for i := range entries {
		entries[i] = Entry{Index: n*tileWidth + uint64(i), Data: b.entries[i], Body: s.records[i].body}
	}
	return entries
}

// bundle returns bundle n, proven.
func (v *view) bundle(ctx context.Context, n uint64) (bundle, error) {
	if err := ctx.Err(); err != nil {
		return bundle{}, err
	}
	t := tile{level: entryLevel, n: n}.in(v.head.Size)
	var b bundle
	if err := b.read(v.fsys, t); err != nil {
		return bundle{}, err
	}
	return b, v.checkBundle(t, b)
}

// checkBundle compares a bundle with the tree: a full one by the one hash
// over it all, and otherwise hash by hash.
func (v *view) checkBundle(t tile, b bundle) error {
	if t.width == tileWidth {
		want, err := v.bundleHash(t.n)
		if err != nil {
			return err
		}
		if subtree(b.hashes) == want {
			return nil
		}
	}
	indexes := make([]int64, t.width)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, int64(t.n*tileWidth)+int64(i))
	}
	want, err := v.hashes().ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i, h := range want {
		if b.hashes[i] != h {
			return fmt.Errorf("entry %d in %s is not what the tree holds: %w", t.n*tileWidth+uint64(i), b.path, ErrTampered)
		}
	}
	if t.width == tileWidth {
		return fmt.Errorf("%s does not hash to the tree: %w", b.path, ErrTampered)
	}
	return nil
}

// bundleHash is the tree's hash over full bundle n. A tile that is kept has
// been authenticated, so its hashes need no second look.
func (v *view) bundleHash(n uint64) (tlog.Hash, error) {
	t := tile{level: 1, n: n / tileWidth}.in(v.head.Size)
	v.mu.Lock()
	data := v.tiles[t]
	v.mu.Unlock()
	if data != nil {
		return tlog.Hash(data[n%tileWidth*tlog.HashSize:]), nil
	}
	hashes, err := v.hashes().ReadHashes([]int64{tlog.StoredHashIndex(tileHeight, int64(n))})
	if err != nil {
		return tlog.Hash{}, err
	}
	return hashes[0], nil
}

// readFile reads a whole file of at most limit bytes.
func readFile(fsys fs.FS, name string, limit int) ([]byte, error) {
	return readInto(nil, fsys, name, limit)
}

// readInto is readFile into the memory of buf, if that is enough.
func readInto(buf []byte, fsys fs.FS, name string, limit int) ([]byte, error) {
	return readBytes(buf, fsys, name, func(size int64) (int64, error) {
		if size > int64(limit) {
			return 0, fmt.Errorf("%s is %d bytes, at most %d: %w", name, size, limit, ErrTooLarge)
		}
		return size, nil
	})
}

// readStart reads a file's first bytes: most of them, or all it has.
func readStart(fsys fs.FS, name string, most int64) ([]byte, error) {
	return readBytes(nil, fsys, name, func(size int64) (int64, error) { return min(size, most), nil })
}

// readBytes reads as many of a file's bytes as much says for its size.
func readBytes(buf []byte, fsys fs.FS, name string, much func(size int64) (int64, error)) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: %w", name, ErrTampered)
	}
	n, err := much(info.Size())
	if err != nil {
		return nil, err
	}
	data := slices.Grow(buf[:0], int(n))[:n]
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}
