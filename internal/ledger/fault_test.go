// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
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
	return layer.reached()
}

// bare returns leaves without documents, to have few files.
func bare(from, to int) []ledger.Leaf {
	leaves := ledgertest.Leaves(from, to)
	for i := range leaves {
		leaves[i].Blobs = nil
	}
	return leaves
}
