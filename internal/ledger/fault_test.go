// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

// faulty is a file system that fails from one change on, or only at one.
type faulty struct {
	durable.FS
	fault
	mu    sync.Mutex
	count int // changes so far
}

type fault struct {
	at   int   // the change that fails
	once bool  // later ones succeed again
	torn bool  // half of a failing write is written
	err  error // how it fails
}

// change counts one change and says whether it fails.
func (f *faulty) change() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.count
	f.count++
	if n == f.at || n > f.at && !f.once {
		return f.err
	}
	return nil
}

func (f *faulty) reached() bool { return f.count > f.at }

func (f *faulty) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	if err := f.change(); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	file, err := f.FS.OpenFile(name, flag, perm)
	return faultyFile{file, f}, err
}

func (f *faulty) Rename(from, to string) error {
	if err := f.change(); err != nil {
		return err
	}
	return f.FS.Rename(from, to)
}

func (f *faulty) Remove(name string) error {
	if err := f.change(); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

func (f *faulty) Mkdir(name string, perm fs.FileMode) error {
	if err := f.change(); err != nil {
		return err
	}
	return f.FS.Mkdir(name, perm)
}

// SyncDir is for real only in what it may fail with: fsync is slow.
func (f *faulty) SyncDir(string) error { return f.change() }

type faultyFile struct {
	durable.File
	fs *faulty
}

func (f faultyFile) Write(b []byte) (int, error) {
	if err := f.fs.change(); err != nil {
		n := 0
		if f.fs.torn {
			n, _ = f.File.Write(b[:len(b)/2])
		}
		return n, err
	}
	return f.File.Write(b)
}

func (f faultyFile) WriteAt(b []byte, at int64) (int, error) {
	if err := f.fs.change(); err != nil {
		n := 0
		if f.fs.torn {
			n, _ = f.File.WriteAt(b[:len(b)/2], at)
		}
		return n, err
	}
	return f.File.WriteAt(b, at)
}

func (f faultyFile) Truncate(size int64) error {
	if err := f.fs.change(); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f faultyFile) Sync() error { return f.fs.change() }

// A failing change anywhere in an append loses nothing: the log is the old
// one or the new one, whole, and the same append sent again completes it.
func TestAppendFailsWhole(t *testing.T) {
	t.Parallel()
	o := ledgertest.Options(t)
	before := t.TempDir()
	fillAt(t, before, o, bare(0, 249), bare(249, 250))
	for name, f := range map[string]fault{
		"disk full, then room again": {once: true, torn: true, err: syscall.ENOSPC},
		"disk full for good":         {torn: true, err: syscall.ENOSPC},
		"a device error":             {once: true, err: syscall.EIO},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for ; failAt(t, before, o, f); f.at++ {
			}
			if f.at < 20 {
				t.Errorf("an append makes only %d changes: is the layer in use?", f.at)
			}
		})
	}
}

// failAt fails change number at of an append, and says whether there was one.
func failAt(t *testing.T, before string, o ledger.Options, f fault) bool {
	ctx := context.Background()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(before)); err != nil {
		t.Fatal(err)
	}
	layer := &faulty{fault: f}
	broken := o
	broken.Layer = func(fsys durable.FS) durable.FS {
		layer.FS = fsys
		return layer
	}
	leaves := append(bare(250, 260), ledgertest.Leaf(260))
	l := open(t, "dir:"+folder, broken)
	_, failed := l.Append(ctx, proof.Checkpoint{}, leaves)
	reached := layer.reached()
	layer.err = nil // whole again
	if failed != nil && !errors.Is(failed, f.err) {
		t.Fatalf("change %d: %v, want %v", f.at, failed, f.err)
	}
	again := open(t, "dir:"+folder, o)
	now := head(t, again)
	if now.Size != 261 && (now.Size != 250 || failed == nil) {
		t.Fatalf("change %d: append said %v, and the log has %d leaves", f.at, failed, now.Size)
	}
	if _, err := again.(ledger.Auditor).Audit(ctx, ledgertest.Check); err != nil {
		t.Fatalf("change %d: %v", f.at, err)
	}
	if f.once {
		again = l // the same process tries again
	}
	receipts, err := again.Append(ctx, proof.Checkpoint{}, leaves)
	if err != nil {
		t.Fatalf("change %d: again: %v", f.at, err)
	}
	for i, r := range receipts {
		if r.Index != uint64(250+i) || r.Duplicate != (now.Size == 261) || r.Verify(leaves[i].Data, o.Keys) != nil {
			t.Fatalf("change %d: again: receipt %d = %d, duplicate %v", f.at, i, r.Index, r.Duplicate)
		}
	}
	if _, err := again.(ledger.Auditor).Audit(ctx, ledgertest.Check); err != nil {
		t.Fatalf("change %d: after trying again: %v", f.at, err)
	}
	return reached
}

// bare returns leaves without documents, to have few files.
func bare(from, to int) []ledger.Leaf {
	leaves := ledgertest.Leaves(from, to)
	for i := range leaves {
		leaves[i].Blobs = nil
	}
	return leaves
}

// crashed is a ledger of size leaves whose last append, of other leaves,
// wrote everything but the checkpoint.
func crashed(t *testing.T, o ledger.Options, size int, lost []ledger.Leaf) (folder string) {
	t.Helper()
	folder = t.TempDir()
	fillAt(t, folder, o, ledgertest.Leaves(0, size))
	o.Layer = func(fsys durable.FS) durable.FS { return noRename{fsys} }
	l := open(t, "dir:"+folder, o)
	if _, err := l.Append(context.Background(), proof.Checkpoint{}, lost); !errors.Is(err, errNoRename) {
		t.Fatalf("append: %v", err)
	}
	return folder
}

var errNoRename = errors.New("no renames here")

type noRename struct{ durable.FS }

func (noRename) Rename(string, string) error { return errNoRename }

// What a crashed append left is well-formed, and of another log. It must not
// be taken for part of this one, neither when the log grows over it in other
// steps nor by a reader whose own tiles are superseded meanwhile.
func TestCrashedAppendsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	for name, c := range map[string]struct {
		size, lost int // leaves before, and in the crashed append
		steps      []int
	}{
		"inside a bundle":                 {266, 3, []int{268, 276, 277}},
		"a wider tile than is ever made":  {266, 100, []int{268, 520}},
		"past the end of a bundle":        {250, 10, []int{251, 256, 257, 300}},
		"a whole segment, then piecemeal": {256, 300, []int{300, 511, 512, 513, 600}},
		"two segments, then three":        {200, 400, []int{201, 800}},
	} {
		folder := crashed(t, o, c.size, ledgertest.Leaves(5000, 5000+c.lost))
		size := c.size
		reader := open(t, "dir:"+folder, ledger.Options{Keys: o.Keys})
		for _, end := range c.steps {
			next, stop := iter.Pull2(reader.Read(ctx, 0, uint64(size)))
			if _, err, _ := next(); err != nil {
				t.Fatalf("%s: at %d: %v", name, size, err)
			}
			l := open(t, "dir:"+folder, o)
			if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(size, end)); err != nil {
				t.Fatalf("%s: %d to %d: %v", name, size, end, err)
			}
			for e, err, ok := next(); ok; e, err, ok = next() {
				if err != nil || ledgertest.Check(e) != nil {
					t.Fatalf("%s: at %d, while it grew to %d: %v", name, size, end, err)
				}
			}
			stop()
			size = end
			if _, err := l.(ledger.Auditor).Audit(ctx, ledgertest.Check); err != nil {
				t.Fatalf("%s: at %d: %v", name, size, err)
			}
		}
	}
}

// A disk that stores other bytes than it was given is found out before the
// checkpoint says that they are there.
func TestAppendReadsBackWhatItWrote(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	for _, part := range []string{"tile/0/", "tile/entries/", "tile/1/", "body/"} {
		folder := t.TempDir()
		fillAt(t, folder, o, ledgertest.Leaves(0, 250))
		lying := o
		lying.Layer = func(fsys durable.FS) durable.FS { return lyingDisk{fsys, part} }
		l := open(t, "dir:"+folder, lying)
		if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(250, 260)); !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("%s: %v, want ErrTampered", part, err)
		}
		if size := head(t, open(t, "dir:"+folder, o)).Size; size != 250 {
			t.Errorf("%s: the log has %d leaves", part, size)
		}
	}
}

type lyingDisk struct {
	durable.FS
	about string
}

func (d lyingDisk) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	f, err := d.FS.OpenFile(name, flag, perm)
	if strings.HasPrefix(name, d.about) {
		f = lyingFile{f}
	}
	return f, err
}

type lyingFile struct{ durable.File }

func (f lyingFile) Write(b []byte) (int, error) {
	b = bytes.Clone(b)
	b[len(b)-1] ^= 1
	return f.File.Write(b)
}
