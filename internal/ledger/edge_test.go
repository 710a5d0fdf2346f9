// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/proof"
)

// stored is the tree as package tlog keeps it: the judge of ours.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = s[x]
	}
	return out, nil
}

// add appends leaves to the tree, and returns them as a commit takes them.
func (s *stored) add(t testing.TB, first, count int) []pending {
	t.Helper()
	leaves := make([]pending, count)
	for i := range leaves {
		data := fmt.Appendf(nil, "leaf %d", first+i)
		leaves[i] = pending{Leaf: Leaf{Data: data}, hash: tlog.RecordHash(data)}
		hashes, err := tlog.StoredHashes(int64(first+i), data, *s)
		if err != nil {
			t.Fatal(err)
		}
		*s = append(*s, hashes...)
	}
	return leaves
}

// checkGrowthStep grows e by count leaves and compares everything that comes
// out with package tlog.
func checkGrowthStep(t *testing.T, s *stored, e *edge, count int) *edge {
	t.Helper()
	old := e.head.Size
	leaves := s.add(t, int(old), count)
	size := old + uint64(count)
	g, root := e.grow(leaves)
	want, err := tlog.TreeHash(int64(size), *s)
	if err != nil || root != want {
		t.Fatalf("%d to %d: root %v, want %v", old, size, root, want)
	}
	if old > 0 {
		before := proof.Checkpoint{Size: old, Root: e.root()}
		if err := proof.Consistency(g.consistency, before, proof.Checkpoint{Size: size, Root: root}); err != nil {
			t.Fatalf("%d to %d: %v", old, size, err)
		}
	}
	for i := range leaves {
		if i%7 != 0 && i != count-1 {
			continue
		}
		want, err := tlog.ProveRecord(int64(size), int64(old)+int64(i), *s)
		if err != nil || fmt.Sprint(want) != fmt.Sprint(tlog.RecordProof(g.proofs[i])) {
			t.Fatalf("%d to %d: proof of leaf %d is another than tlog's", old, size, i)
		}
	}
	next, files := g.next(leaves)
	next.head.Size = size
	checkTiles(t, *s, old, size, files)
	return next
}

// checkTiles compares the hash tiles of a commit with those that package tlog
// says must be published.
func checkTiles(t *testing.T, s stored, old, size uint64, files []file) {
	t.Helper()
	got := map[string][]byte{}
	for _, f := range files {
		if f.level != entryLevel {
			got[f.name] = f.data
		}
	}
	tiles := tlog.NewTiles(tileHeight, int64(old), int64(size))
	for _, x := range tiles {
		want, err := tlog.ReadTileData(x, s)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Replace(x.Path(), "tile/8/", "tile/", 1)
		if !bytes.Equal(got[name], want) {
			t.Fatalf("%d to %d: %s is %d bytes, want tlog's %d", old, size, name, len(got[name]), len(want))
		}
	}
	if len(got) != len(tiles) {
		t.Fatalf("%d to %d: %d tiles, want %d", old, size, len(got), len(tiles))
	}
}

func TestGrowthIsWhatTlogSays(t *testing.T) {
	t.Parallel()
	for _, steps := range [][]int{
		{1, 1, 1, 1, 1, 1, 1, 1},
		{255, 1, 1, 255, 256, 257, 3, 512},
		{256, 256, 65536 - 512, 1, 65535, 1, 300},
		{65537, 2},
	} {
		var s stored
		e := &edge{}
		for _, count := range steps {
			e = checkGrowthStep(t, &s, e, count)
		}
	}
}

func FuzzGrowth(f *testing.F) {
	f.Add(uint64(1))
	f.Add(uint64(2026))
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		var s stored
		e := &edge{}
		for range 1 + r.IntN(6) {
			e = checkGrowthStep(t, &s, e, 1+r.IntN(1<<r.IntN(11)))
		}
	})
}

func TestTilePaths(t *testing.T) {
	t.Parallel()
	// The examples of the tlog-tiles specification and one of each kind.
	for want, x := range map[string]tile{
		"tile/0/x001/x234/067":       {0, 1234067, 256},
		"tile/0/x001/x234/067.p/8":   {0, 1234067, 8},
		"tile/entries/000":           {entryLevel, 0, 256},
		"tile/entries/x273/999.p/17": {entryLevel, 273999, 17},
		"tile/5/000.p/1":             {5, 0, 1},
	} {
		if got := x.path(); got != want {
			t.Errorf("%+v is at %q, want %q", x, got, want)
		}
	}
	// "A tree of size 70,000 will be represented by 273 full level 0 tiles,
	// one partial level 0 tile of width 112, one full level 1 tile, one
	// partial level 1 tile of width 17, and one partial level 2 tile of
	// width 1."
	for level, want := range []tile{{0, 273, 112}, {1, 1, 17}, {2, 0, 1}} {
		if got, ok := rightmost(level, 70000); got != want || !ok {
			t.Errorf("the last tile of level %d is %+v, want %+v", level, got, want)
		}
	}
	if _, ok := rightmost(3, 70000); ok {
		t.Error("a tree of 70000 leaves has a level 3")
	}
}

func FuzzBundle(f *testing.F) {
	f.Add(appendEntry(appendEntry(nil, []byte("one")), []byte("two")), 2)
	f.Add([]byte{0, 5, 'c', 'u', 't'}, 1)
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		if width < 1 || width > tileWidth {
			return
		}
		var b bundle
		if b.parse(bytes.Clone(data), width) != nil {
			return
		}
		var again []byte
		for i, e := range b.entries {
			again = appendEntry(again, e)
			if b.hashes[i] != tlog.RecordHash(e) {
				t.Errorf("entry %d has another leaf hash", i)
			}
		}
		if !bytes.Equal(again, data) {
			t.Error("a bundle that is read and written again is another")
		}
	})
}

func FuzzRun(f *testing.F) {
	f.Add(encodeRun([]record{{body: []byte("body")}, {body: []byte{}, blobs: [][32]byte{{1}, {2}}}}))
	f.Add([]byte(runMagic + "\x00\x01\x00\x00\x00\x09\x00\x00cut"))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := decodeRun(nil, data, "run")
		if err == nil && !bytes.Equal(encodeRun(records), data) {
			t.Error("a run that is read and written again is another")
		}
	})
}
