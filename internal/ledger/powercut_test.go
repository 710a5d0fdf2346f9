// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

// memory is a file system that can lose its power. It promises what POSIX
// does and nothing more: bytes survive once their file is synced, names once
// their folder is.
type memory struct {
	mu     sync.Mutex
	now    map[string]*inode // by path; folders have a nil inode
	safe   map[string]*inode // what survives
	budget int               // changes until the power goes; negative is never
}

type inode struct{ data, safe []byte }

var errPower = errors.New("no power")

func newMemory() *memory {
	return &memory{now: map[string]*inode{".": nil}, safe: map[string]*inode{".": nil}, budget: -1}
}

// spend counts a change, and fails once the power is gone.
func (m *memory) spend() error {
	if m.budget == 0 {
		return errPower
	}
	m.budget--
	return nil
}

// restore brings the power back. Of what was not synced, each name and each
// file's bytes survive if keep says so.
func (m *memory) restore(keep func() bool) {
	after := map[string]*inode{".": nil}
	names := slices.Sorted(mapKeys(m.safe, m.now))
	for _, name := range names {
		n, ok := m.safe[name]
		if late, there := m.now[name]; keep() {
			n, ok = late, there
		}
		if _, above := after[path.Dir(name)]; !ok || !above {
			continue
		}
		if n != nil {
			data := n.safe
			if keep() {
				data = n.data
			}
			n = &inode{bytes.Clone(data), bytes.Clone(data)}
		}
		after[name] = n
	}
	m.now, m.safe, m.budget = after, clone(after), -1
}

func mapKeys(maps ...map[string]*inode) func(func(string) bool) {
	return func(yield func(string) bool) {
		seen := map[string]bool{}
		for _, m := range maps {
			for k := range m {
				if !seen[k] && !yield(k) {
					return
				}
				seen[k] = true
			}
		}
	}
}

func clone(m map[string]*inode) map[string]*inode {
	c := map[string]*inode{}
	for k, v := range m {
		c[k] = v
	}
	return c
}

func (m *memory) lookup(op, name string) (*inode, error) {
	n, ok := m.now[name]
	if !ok {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

func (m *memory) Open(name string) (fs.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("open", name)
	if err != nil || n == nil {
		return nil, errors.Join(err, fs.ErrInvalid)
	}
	return openFile{bytes.NewReader(bytes.Clone(n.data)), memoryInfo{path.Base(name), int64(len(n.data)), false}}, nil
}

func (m *memory) ReadDir(folder string) ([]fs.DirEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.lookup("readdir", folder); err != nil {
		return nil, err
	}
	var entries []fs.DirEntry
	for name, n := range m.now {
		if name != "." && path.Dir(name) == folder {
			entries = append(entries, fs.FileInfoToDirEntry(memoryInfo{path.Base(name), 0, n == nil}))
		}
	}
	return entries, nil
}

func (m *memory) OpenFile(name string, flag int, _ fs.FileMode) (durable.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.spend(); err != nil {
		return nil, err
	}
	n, err := m.lookup("open", name)
	if err != nil {
		if _, above := m.now[path.Dir(name)]; flag&os.O_CREATE == 0 || !above {
			return nil, err
		}
		n = &inode{}
		m.now[name] = n
	}
	if flag&os.O_TRUNC != 0 {
		n.data = nil
	}
	return &memoryFile{m, n}, nil
}

func (m *memory) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.spend(); err != nil {
		return err
	}
	m.now[to] = m.now[from]
	delete(m.now, from)
	return nil
}

func (m *memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.lookup("remove", name); err != nil {
		return err
	}
	for other := range m.now {
		if strings.HasPrefix(other, name+"/") {
			return errors.New("not empty")
		}
	}
	if err := m.spend(); err != nil {
		return err
	}
	delete(m.now, name)
	return nil
}

func (m *memory) Mkdir(name string, _ fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.now[name]; ok {
		return fs.ErrExist
	}
	if err := m.spend(); err != nil {
		return err
	}
	m.now[name] = nil
	return nil
}

func (m *memory) SyncDir(folder string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.spend(); err != nil {
		return err
	}
	for name := range m.safe {
		if _, ok := m.now[name]; !ok && path.Dir(name) == folder {
			delete(m.safe, name)
		}
	}
	for name, n := range m.now {
		if path.Dir(name) == folder {
			m.safe[name] = n
		}
	}
	return nil
}

type memoryFile struct {
	m *memory
	n *inode
}

func (f *memoryFile) Write(b []byte) (int, error) {
	return f.WriteAt(b, int64(len(f.n.data)))
}

func (f *memoryFile) WriteAt(b []byte, at int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	err := f.m.spend()
	if err != nil {
		b = b[:len(b)/2]
	}
	f.n.data = append(append(bytes.Clone(f.n.data), make([]byte, max(0, int(at)-len(f.n.data)))...)[:at], b...)
	return len(b), err
}

func (f *memoryFile) Truncate(size int64) error {
	f.n.data = bytes.Clone(f.n.data[:size])
	return nil
}

func (f *memoryFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.spend(); err != nil {
		return err
	}
	f.n.safe = bytes.Clone(f.n.data)
	return nil
}

func (f *memoryFile) Close() error { return nil }

type openFile struct {
	*bytes.Reader
	info memoryInfo
}

func (f openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (openFile) Close() error                 { return nil }

type memoryInfo struct {
	name   string
	size   int64
	folder bool
}

func (i memoryInfo) Name() string     { return i.name }
func (i memoryInfo) Size() int64      { return i.size }
func (memoryInfo) ModTime() time.Time { return time.Time{} }
func (i memoryInfo) IsDir() bool      { return i.folder }
func (memoryInfo) Sys() any           { return nil }
func (i memoryInfo) Mode() fs.FileMode {
	if i.folder {
		return fs.ModeDir
	}
	return 0
}

// batches are appended when the power goes: inside a segment, to its end, a
// whole one, past it. Few have documents, to keep the changes few.
func batches(from int) [][]ledger.Leaf {
	var batches [][]ledger.Leaf
	for _, end := range []int{252, 255, 256, 512, 513, 520} {
		if end <= from {
			continue
		}
		batch := append(ledgertest.Leaves(from, from+1), bare(from+1, end)...)
		batches, from = append(batches, batch), end
	}
	return batches
}

// The power goes at every change of a series of appends, and what was not
// synced is lost in whole, in part, or not at all. Whatever was acknowledged
// is there afterwards, the log is whole, and appending goes on.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	o := ledgertest.Options(t)
	m := newMemory()
	o.Layer = func(durable.FS) durable.FS { return m }
	fillAt(t, t.TempDir(), o, ledgertest.Leaves(0, 200), ledgertest.Leaves(200, 250))
	dice := rand.New(rand.NewPCG(1, 2))
	for name, keep := range map[string]func() bool{
		"all unsynced is lost":  func() bool { return false },
		"all unsynced survives": func() bool { return true },
		"some of it survives":   func() bool { return dice.IntN(2) == 0 },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			cut := 0
			for ; cutAt(t, o, folder, m.copy(), cut, keep); cut++ {
			}
			if cut < 60 {
				t.Errorf("only %d changes: is the layer in use?", cut)
			}
		})
	}
}

// copy is another file system with the same files, all of them durable.
func (m *memory) copy() *memory {
	c := &memory{now: m.now, safe: m.safe}
	c.restore(func() bool { return true })
	return c
}

// cutAt cuts the power at one change, and says whether it was reached.
func cutAt(t *testing.T, o ledger.Options, folder string, m *memory, cut int, keep func() bool) bool {
	ctx := context.Background()
	o.Layer = func(durable.FS) durable.FS { return m }
	l := open(t, "dir:"+folder, o)
	m.budget = cut
	acknowledged := 250
	for _, leaves := range batches(250) {
		if _, err := l.Append(ctx, proof.Checkpoint{}, leaves); err != nil {
			break
		}
		acknowledged += len(leaves)
	}
	reached := m.budget == 0
	m.restore(keep)
	l = open(t, "dir:"+folder, o)
	size := int(head(t, l).Size)
	if size < acknowledged {
		t.Fatalf("cut %d: %d leaves were acknowledged, %d are there", cut, acknowledged, size)
	}
	if _, err := l.(ledger.Auditor).Audit(ctx, ledgertest.Check); err != nil {
		t.Fatalf("cut %d: %v", cut, err)
	}
	for _, leaves := range batches(size) {
		if _, err := l.Append(ctx, proof.Checkpoint{}, leaves); err != nil {
			t.Fatalf("cut %d: again: %v", cut, err)
		}
	}
	if report, err := l.(ledger.Auditor).Audit(ctx, ledgertest.Check); err != nil || report.Entries != 520 {
		t.Fatalf("cut %d: after appending again: %d entries, %v", cut, report.Entries, err)
	}
	return reached
}

// A writer dies at any change, the next one completes the append, and then
// the power goes: what the first left unsynced is synced by the second.
func TestPowerCutAfterACrash(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	base := newMemory()
	o.Layer = func(durable.FS) durable.FS { return base }
	folder := t.TempDir()
	fillAt(t, folder, o, bare(0, 254))
	leaves := append(bare(254, 259), ledgertest.Leaf(260))
	for cut, reached := 0, true; reached; cut++ {
		m := base.copy()
		o.Layer = func(durable.FS) durable.FS { return m }
		l := open(t, "dir:"+folder, o)
		m.budget = cut
		_, _ = l.Append(ctx, proof.Checkpoint{}, leaves)
		reached = m.budget == 0
		m.budget = -1
		if _, err := open(t, "dir:"+folder, o).Append(ctx, proof.Checkpoint{}, leaves); err != nil {
			t.Fatalf("cut %d: again: %v", cut, err)
		}
		m.restore(func() bool { return false })
		l = open(t, "dir:"+folder, o)
		if report, err := l.(ledger.Auditor).Audit(ctx, ledgertest.Check); err != nil || report.Entries != 260 {
			t.Fatalf("cut %d: %d entries, %v", cut, report.Entries, err)
		}
	}
}
