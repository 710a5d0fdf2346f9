// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/proof"
)

// A branch is the files of a branch in memory.
type branch map[string][]byte

// apply makes a change to the files.
func (b branch) apply(c change) {
	maps.DeleteFunc(b, func(name string, _ []byte) bool { return c.removes(name) })
	maps.Copy(b, c.put)
}

// fs presents the branch as a tile tree.
func (b branch) fs(t testing.TB) *branchFS {
	t.Helper()
	var objects []git.Object
	for name, data := range b {
		objects = append(objects, git.Object{Path: name, ID: name, Size: int64(len(data))})
	}
	now := maps.Clone(b)
	fsys, err := newBranchFS("commit", objects, func(objects []git.Object) ([][]byte, error) {
		var all [][]byte
		for _, o := range objects {
			all = append(all, now[o.ID])
		}
		return all, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

// A memory is a branch that is appended to without git.
type memory struct {
	branch branch
	keys   proof.Keys
	signer note.Signer
}

func newMemory(t testing.TB) *memory {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "log.example")
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{branch: branch{}}
	if m.signer, err = note.NewSigner(private); err != nil {
		t.Fatal(err)
	}
	if m.keys, err = proof.NewKeys("log.example", []string{public}); err != nil {
		t.Fatal(err)
	}
	head, err := proof.SignCheckpoint(m.keys.Origin, 0, proof.EmptyRoot(), m.signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := firstChange(m.keys.Origin, head.Raw)
	if err != nil {
		t.Fatal(err)
	}
	m.branch.apply(c)
	return m
}

func (m *memory) reader(t testing.TB) *reader {
	t.Helper()
	r, err := openReader(context.Background(), "git:memory", m.branch.fs(t), m.keys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// append adds leaves as a commit does.
func (m *memory) append(t testing.TB, leaves []Leaf) change {
	t.Helper()
	r := m.reader(t)
	v, err := r.current(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	e, err := loadEdge(v.fsys, v.head)
	if err != nil {
		t.Fatal(err)
	}
	pend := make([]pending, len(leaves))
	for i, l := range leaves {
		pend[i] = pending{l, tlog.RecordHash(l.Data), newRecord(l)}
	}
	g, root := e.grow(pend)
	head, err := r.sign(m.signer, v.head, g, root)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := g.branchChange(v.fsys, head.Raw)
	if err != nil {
		t.Fatal(err)
	}
	m.branch.apply(c)
	return c
}

// numbered returns leaves that differ, some with documents.
func numbered(from, to int) []Leaf {
	var leaves []Leaf
	for i := from; i < to; i++ {
		body := fmt.Appendf(nil, "body of leaf %d", i)
		sum := sha256.Sum256(body)
		l := Leaf{Data: sum[:], Body: body}
		if i%10 == 0 {
			l.Blobs = [][]byte{fmt.Appendf(nil, "document of leaf %d", i)}
		}
		leaves = append(leaves, l)
	}
	return leaves
}

func exportOf(t testing.TB, r *reader) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.export(context.Background(), tar.NewWriter(&b)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A branch and a folder of the same log are one ledger: their exports are
// equal to the byte, and both pass the audit.
func TestABranchHoldsWhatAFolderHolds(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, steps := range [][]int{
		{0}, {1}, {1, 1, 1, 14, 1, 1}, {255}, {256}, {257}, {200, 56}, {200, 55, 1, 1}, {250, 10, 3, 1}, {3, 600, 1}, {512, 256}, {100, 700, 5},
	} {
		m := newMemory(t)
		l, err := Create(ctx, "dir:"+t.TempDir(), Options{Keys: m.keys, Signer: m.signer, Layer: lazy})
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, k := range steps {
			if k == 0 {
				continue
			}
			if _, err := l.Append(ctx, proof.Checkpoint{}, numbered(size, size+k)); err != nil {
				t.Fatal(err)
			}
			m.append(t, numbered(size, size+k))
			size += k
		}
		r := m.reader(t)
		if !bytes.Equal(exportOf(t, r), exportOf(t, l.(*dir).reader)) {
			t.Errorf("%v: the export of the branch is another", steps)
		}
		report, err := r.Audit(ctx, nil)
		if err != nil || report.Entries != uint64(size) {
			t.Errorf("%v: audit %+v, %v", steps, report, err)
		}
	}
}

// lazy is a layer that never syncs.
func lazy(fsys durable.FS) durable.FS { return lazyFS{fsys} }

type lazyFS struct{ durable.FS }

func (lazyFS) SyncDir(string) error { return nil }

// Every partial tile that any earlier tree had is served, with the bytes that
// package tlog says.
func TestABranchServesEveryPartialTile(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	var s stored
	leaves := numbered(0, 600)
	for _, l := range leaves {
		hashes, err := tlog.StoredHashes(int64(len(s.leaves())), l.Data, s)
		if err != nil {
			t.Fatal(err)
		}
		s = append(s, hashes...)
	}
	m.append(t, leaves[:300])
	m.append(t, leaves[300:])
	fsys := m.branch.fs(t)
	for size := int64(1); size <= 600; size++ {
		for _, x := range tlog.NewTiles(tileHeight, 0, size) {
			want, err := tlog.ReadTileData(x, s)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.Replace(x.Path(), "tile/8/", "tile/", 1)
			if got, err := fs.ReadFile(fsys, name); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s in a tree of %d: %d bytes, %v", name, size, len(got), err)
			}
		}
	}
	for _, name := range []string{
		"tile/0/002.p/89", "tile/1/000.p/3", "tile/0/003.p/1", "tile/0/002", "tile/2/000.p/1", "tile/0/000.p/0", "tile/0/000.p/256",
		"tile/0/0.p/1", "tile/entries/002.p/89", "body/002.p/1", "body/002", "tail/0/0", "edge/1", "README.md", "cache/ids",
	} {
		if _, err := fsys.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want that there is none", name, err)
		}
	}
	listed, err := fs.ReadDir(fsys, "body/002.p")
	if err != nil || len(listed) != 1 || listed[0].Name() != "0" {
		t.Errorf("body/002.p lists %v, %v", listed, err)
	}
	if listed, err = fs.ReadDir(fsys, "tile/0"); err != nil || len(listed) != 2 {
		t.Errorf("tile/0 lists %v, %v", listed, err)
	}
}

// leaves counts the leaves of a tree that package tlog stores.
func (s stored) leaves() []struct{} {
	n := int64(0)
	for tlog.StoredHashCount(n) < int64(len(s)) {
		n++
	}
	return make([]struct{}, n)
}

// A commit touches only what its events change.
func TestACommitIsSmall(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	m.append(t, numbered(0, 510))
	for i, c := range []struct{ put, remove []string }{
		{[]string{"checkpoint", "tail/f/e"}, nil},
		{[]string{"body/001", "checkpoint", "edge/1", "tile/0/001", "tile/entries/001"}, []string{"tail"}},
		{[]string{"checkpoint", "tail/0/0"}, nil},
		{[]string{"checkpoint", "tail/0/1"}, nil},
	} {
		got := m.append(t, numbered(511+i, 512+i)) // none of them has a document
		put := slices.Sorted(maps.Keys(got.put))
		if !slices.Equal(put, c.put) || !slices.Equal(got.remove, c.remove) {
			t.Errorf("leaf %d: puts %q and removes %q, want %q and %q", 510+i, put, got.remove, c.put, c.remove)
		}
	}
}

// Where a level's unfinished tile is full it becomes a file of its own.
func TestALevelIsCompleted(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	var leaves []Leaf
	for i := range 1<<16 - 1 {
		leaves = append(leaves, Leaf{Data: fmt.Appendf(nil, "%d", i)})
	}
	m.append(t, leaves)
	if m.branch["edge/1"] == nil || m.branch["tile/1/000"] != nil {
		t.Fatal("one leaf before level 1 is full")
	}
	c := m.append(t, []Leaf{{Data: []byte("last")}})
	if !slices.Equal(c.remove, []string{"edge/1", "tail"}) || m.branch["edge/1"] != nil || m.branch["tile/1/000"] == nil || len(m.branch["edge/2"]) != 32 {
		t.Errorf("once level 1 is full: removes %q", c.remove)
	}
	m.append(t, numbered(0, 1))
	r := m.reader(t)
	if p, err := r.Prove(context.Background(), 7, 1<<16-3); err != nil || len(p) == 0 {
		t.Errorf("prove in an earlier tree: %v", err)
	}
	if _, err := r.Audit(context.Background(), nil); err != nil {
		t.Error(err)
	}
}

func TestLargeBodiesOfASegment(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	l, err := Create(context.Background(), "dir:"+t.TempDir(), Options{Keys: m.keys, Signer: m.signer, Layer: lazy})
	if err != nil {
		t.Fatal(err)
	}
	leaves := numbered(0, 300)
	for _, i := range []int{3, 100, 101, 255, 256, 299} {
		leaves[i].Body = bytes.Repeat([]byte{byte(i)}, 5<<20)
	}
	for _, cut := range [][]Leaf{leaves[:102], leaves[102:256], leaves[256:]} {
		m.append(t, cut)
		if _, err := l.Append(context.Background(), proof.Checkpoint{}, cut); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(exportOf(t, m.reader(t)), exportOf(t, l.(*dir).reader)) {
			t.Error("the export of the branch is another")
		}
	}
}

func TestRandomGrowth(t *testing.T) {
	t.Parallel()
	r := mathrand.New(mathrand.NewPCG(3, 7))
	m, whole := newMemory(t), newMemory(t)
	whole.keys, whole.signer = m.keys, m.signer
	size := 0
	for size < 900 {
		k := 1 + r.IntN(1<<r.IntN(9))
		m.append(t, numbered(size, size+k))
		size += k
	}
	head, err := proof.SignCheckpoint(whole.keys.Origin, 0, proof.EmptyRoot(), whole.signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := firstChange(whole.keys.Origin, head.Raw)
	if err != nil {
		t.Fatal(err)
	}
	whole.branch.apply(c)
	whole.append(t, numbered(0, size))
	if !maps.EqualFunc(m.branch, whole.branch, bytes.Equal) {
		t.Error("the files of a branch depend on how it was written")
	}
}

func FuzzTail(f *testing.F) {
	f.Add(encodeTail([]byte("entry"), record{body: []byte("body"), blobs: [][32]byte{{1}}}))
	f.Add([]byte{0, 9, 'c', 'u', 't'})
	f.Fuzz(func(t *testing.T, data []byte) {
		entry, r, err := decodeTail(data, "tail/0/0")
		if err == nil && !bytes.Equal(encodeTail(entry, r), data) {
			t.Error("a leaf that is read and written again is another")
		}
	})
}

func FuzzTilePath(f *testing.F) {
	for _, name := range []string{"tile/0/x001/x234/067.p/8", "tile/entries/000", "tile/63/000.p/255", "tile/0/1"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if x, ok := parseTile(name); ok && x.path() != name {
			t.Errorf("%q is read as %q", name, x.path())
		}
	})
}
