// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"path"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/proof"
)

// An edge is what a tree needs to grow: at each level the hashes of the last
// tile if it is partial, and the entries of the last bundle likewise.
type edge struct {
	head   proof.Checkpoint
	levels [][]tlog.Hash
	bundle []byte
}

// loadEdge reads the edge of head's tree and proves it: the hashes lead to
// the signed root, and the entries to the hashes.
func loadEdge(fsys fs.FS, head proof.Checkpoint) (*edge, error) {
	e, err := loadLevels(fsys, head)
	if err != nil {
		return nil, err
	}
	return e, e.loadBundle(fsys)
}

// loadLevels is loadEdge without the entries.
func loadLevels(fsys fs.FS, head proof.Checkpoint) (*edge, error) {
	e := &edge{head: head}
	for level := 0; head.Size>>(tileHeight*level) > 0; level++ {
		var hashes []tlog.Hash
		if t, _ := rightmost(level, head.Size); t.width < tileWidth {
			data, err := readHashes(nil, fsys, t)
			if err != nil {
				return nil, fmt.Errorf("right edge: %w", err)
			}
			hashes = toHashes(data)
		}
		e.levels = append(e.levels, hashes)
	}
	if root := e.root(); root != head.Root {
		return nil, fmt.Errorf("right edge: tiles of %d leaves hash to %s, the signed root is %s: %w", head.Size, root, head.Root, ErrTampered)
	}
	return e, nil
}

func (e *edge) loadBundle(fsys fs.FS) error {
	t, ok := rightmost(entryLevel, e.head.Size)
	if !ok || t.width == tileWidth {
		return nil
	}
	var b bundle
	if err := b.read(fsys, t); err != nil {
		return fmt.Errorf("right edge: %w", err)
	}
	for i, h := range b.hashes {
		if h != e.levels[0][i] {
			return fmt.Errorf("right edge: entry %d in %s is not what the tree holds: %w", t.n*tileWidth+uint64(i), b.path, ErrTampered)
		}
		e.bundle = appendEntry(e.bundle, b.entries[i])
	}
	return nil
}

// files is what the partial files of the edge hold.
func (e *edge) files() []file {
	var files []file
	for level, hashes := range e.levels {
		if t, _ := rightmost(level, e.head.Size); len(hashes) > 0 {
			files = append(files, t.file(toBytes(hashes)))
		}
	}
	if t, _ := rightmost(entryLevel, e.head.Size); len(e.bundle) > 0 {
		files = append(files, t.file(e.bundle))
	}
	return files
}

// check compares the files of an edge that was proven before with it.
func (e *edge) check(fsys fs.FS) error {
	for _, f := range e.files() {
		if err := compare(fsys, f); err != nil {
			return fmt.Errorf("right edge: %w", err)
		}
	}
	return nil
}

// folders are those that the files of the edge's tree are in. An earlier
// commit has made them durable.
func (e *edge) folders() []string {
	t, ok := rightmost(entryLevel, e.head.Size)
	if !ok {
		return nil
	}
	bodies := path.Dir(segmentPath(t.n))
	if t.width < tileWidth {
		bodies = path.Dir(runPath(t.n, 0))
	}
	folders := []string{path.Dir(t.path()), bodies}
	for level := range e.levels {
		t, _ := rightmost(level, e.head.Size)
		folders = append(folders, path.Dir(t.path()))
	}
	return folders
}

// removeStray removes partial tiles wider than the edge's own, which a crashed
// commit may have left, so that a reader who looks for a wider tile than one
// that is gone finds only what was committed.
func (e *edge) removeStray(fsys durable.FS) error {
	for level := entryLevel; level <= len(e.levels); level++ {
		t := tile{level: level, n: e.head.Size >> (tileHeight * (max(level, 0) + 1))}.in(e.head.Size)
		for _, wide := range t.widerPartials(fsys) {
			if err := fsys.Remove(wide.path()); err != nil {
				return fmt.Errorf("remove what an unfinished append left: %w", err)
			}
		}
	}
	return nil
}

// compare fails unless a file is on the disk as it should be.
func compare(fsys fs.FS, f file) error {
	data, err := readFile(fsys, f.name, len(f.data))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", f.name, ErrMissing)
	case errors.Is(err, ErrTooLarge):
		return fmt.Errorf("%s is not what was written: %w", f.name, ErrTampered)
	case err != nil:
		return err
	}
	if !bytes.Equal(data, f.data) {
		return fmt.Errorf("%s is not what was written: %w", f.name, ErrTampered)
	}
	return nil
}

// root computes the tree's root from the edge.
func (e *edge) root() tlog.Hash {
	if e.head.Size == 0 {
		return proof.EmptyRoot()
	}
	g := growth{old: e, size: e.head.Size}
	return g.hash(0, e.head.Size)
}

// peak is the hash of the leaves lo..hi-1, one of the full subtrees that the
// tree is made of.
func (e *edge) peak(lo, hi uint64) tlog.Hash {
	height := bits.TrailingZeros64(hi - lo)
	level := height / tileHeight
	first := (lo >> (tileHeight * level)) % tileWidth
	return subtree(e.levels[level][first : first+1<<(height%tileHeight)])
}

// A growth is a tree of an edge and new leaves. Hashing it gathers the proof
// of every new leaf and of consistency on the way, so that a batch costs each
// hash once.
type growth struct {
	old    *edge
	size   uint64
	leaves []pending

	fresh       [][]tlog.Hash // complete subtrees of 256^level leaves, new
	proofs      []proof.Proof // of each new leaf
	consistency proof.Proof   // of the old tree with this one
}

// grow returns the tree that leaves make after the edge, and its root.
func (e *edge) grow(leaves []pending) (*growth, tlog.Hash) {
	size := e.head.Size + uint64(len(leaves))
	g := &growth{old: e, size: size, leaves: leaves, proofs: make([]proof.Proof, len(leaves))}
	depth := bits.Len64(size)
	store := make(proof.Proof, len(leaves)*depth)
	for i := range g.proofs {
		g.proofs[i] = store[i*depth : i*depth : (i+1)*depth]
	}
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		g.fresh = append(g.fresh, nil)
	}
	return g, g.hash(0, size)
}

// hash returns the hash of the leaves lo..hi-1, by RFC 6962 section 2.1.
func (g *growth) hash(lo, hi uint64) tlog.Hash {
	old := g.old.head.Size
	var h tlog.Hash
	switch {
	case hi <= old && bits.OnesCount64(hi-lo) == 1:
		h = g.old.peak(lo, hi)
		if hi == old && lo > 0 {
			g.consistency = append(g.consistency, h)
		}
		return h
	case hi-lo == 1:
		h = g.leaves[lo-old].hash
	default:
		mid := lo + 1<<(bits.Len64(hi-lo-1)-1)
		left := g.hash(lo, mid)
		right := g.hash(mid, hi)
		g.gather(lo, mid, hi, left, right)
		h = tlog.NodeHash(left, right)
	}
	g.complete(lo, hi, h)
	return h
}

// gather adds the two halves of a subtree to the proofs that need them.
func (g *growth) gather(lo, mid, hi uint64, left, right tlog.Hash) {
	old := g.old.head.Size
	for i := max(lo, old); i < mid; i++ {
		g.proofs[i-old] = append(g.proofs[i-old], right)
	}
	for i := max(mid, old); i < hi; i++ {
		g.proofs[i-old] = append(g.proofs[i-old], left)
	}
	switch {
	case old <= lo || old >= hi: // the old tree does not end in here
	case old <= mid:
		g.consistency = append(g.consistency, right)
	default:
		g.consistency = append(g.consistency, left)
	}
}

// complete notes a subtree that is one hash of a tile.
func (g *growth) complete(lo, hi uint64, h tlog.Hash) {
	height := bits.Len64(hi-lo) - 1
	if hi-lo == 1<<height && height%tileHeight == 0 && hi > g.old.head.Size {
		g.fresh[height/tileHeight] = append(g.fresh[height/tileHeight], h)
	}
}

// next returns the edge of the grown tree, still without a head, and the tile
// files that a commit has to write.
func (g *growth) next(leaves []pending) (*edge, []file) {
	old := g.old.head.Size
	next := &edge{head: proof.Checkpoint{Size: g.size}}
	var files []file
	for level, fresh := range g.fresh {
		var hashes []tlog.Hash
		if level < len(g.old.levels) {
			hashes = append(hashes, g.old.levels[level]...)
		}
		hashes = append(hashes, fresh...)
		n := old >> (tileHeight * (level + 1))
		for ; len(hashes) >= tileWidth; n++ {
			files = append(files, tile{level, n, tileWidth}.file(toBytes(hashes[:tileWidth])))
			hashes = hashes[tileWidth:]
		}
		if len(hashes) > 0 && len(fresh) > 0 {
			files = append(files, tile{level, n, len(hashes)}.file(toBytes(hashes)))
		}
		next.levels = append(next.levels, hashes)
	}
	bundles, last := bundleFiles(old, g.old.bundle, leaves)
	next.bundle = last
	return next, append(files, bundles...)
}

// bundleFiles lays out the entries of leaves that start at index first, after
// those of the partial bundle, and returns the partial one at the end.
func bundleFiles(first uint64, partial []byte, leaves []pending) (files []file, last []byte) {
	for len(leaves) > 0 {
		k := min(len(leaves), tileWidth-int(first%tileWidth))
		size := len(partial)
		for _, l := range leaves[:k] {
			size += 2 + len(l.Data)
		}
		bundle := append(make([]byte, 0, size), partial...)
		for _, l := range leaves[:k] {
			bundle = appendEntry(bundle, l.Data)
		}
		first, leaves, partial = first+uint64(k), leaves[k:], nil
		t, _ := rightmost(entryLevel, first)
		files = append(files, t.file(bundle))
		if t.width < tileWidth {
			last = bundle
		}
	}
	return files, last
}
