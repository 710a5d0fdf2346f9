// SPDX-License-Identifier: Apache-2.0

package durable_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gateledger/gateledger/internal/durable"
)

// traced notes each change to a file system, in order, and can fail one.
type traced struct {
	durable.FS
	mu    sync.Mutex
	calls []string
	fail  int // the call that fails, from 0; negative is none
}

var errDisk = errors.New("disk error")

func newTraced(t *testing.T, fail int) (*traced, string) {
	t.Helper()
	folder := t.TempDir()
	fsys, err := durable.Dir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return &traced{FS: fsys, fail: fail}, folder
}

func (x *traced) call(format string, args ...any) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls = append(x.calls, fmt.Sprintf(format, args...))
	if len(x.calls)-1 == x.fail {
		return errDisk
	}
	return nil
}

func (x *traced) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	if err := x.call("open %s", name); err != nil {
		return nil, err
	}
	f, err := x.FS.OpenFile(name, flag, perm)
	return &tracedFile{f, x, name}, err
}

func (x *traced) Rename(from, to string) error {
	if err := x.call("rename %s %s", from, to); err != nil {
		return err
	}
	return x.FS.Rename(from, to)
}

func (x *traced) Remove(name string) error {
	if err := x.call("remove %s", name); err != nil {
		return err
	}
	return x.FS.Remove(name)
}

func (x *traced) Mkdir(name string, perm fs.FileMode) error {
	if err := x.call("mkdir %s", name); err != nil {
		return err
	}
	return x.FS.Mkdir(name, perm)
}

func (x *traced) SyncDir(name string) error {
	if err := x.call("sync %s/", name); err != nil {
		return err
	}
	return x.FS.SyncDir(name)
}

type tracedFile struct {
	durable.File
	x    *traced
	name string
}

func (f *tracedFile) Write(b []byte) (int, error) {
	if err := f.x.call("write %s", f.name); err != nil {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, err
	}
	return f.File.Write(b)
}

func (f *tracedFile) Sync() error {
	if err := f.x.call("sync %s", f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

func put(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWriteFileInItsOrder(t *testing.T) {
	x, folder := newTraced(t, -1)
	put(t, folder, "name", "old")
	put(t, folder, "name.gateledger-tmp", "what a crash left, and longer than the new text")
	if err := durable.WriteFile(x, "name", []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, folder, "name"); got != "new" {
		t.Errorf("name holds %q", got)
	}
	want := []string{
		"open name.gateledger-tmp", "write name.gateledger-tmp", "sync name.gateledger-tmp",
		"rename name.gateledger-tmp name", "sync ./",
	}
	if !slices.Equal(x.calls, want) {
		t.Errorf("calls %q\nwant  %q", x.calls, want)
	}
}

func TestWriteFileFailsWhole(t *testing.T) {
	for fail, want := range []string{"old", "old", "old", "old", "new"} {
		x, folder := newTraced(t, fail)
		put(t, folder, "name", "old")
		if err := durable.WriteFile(x, "name", []byte("new")); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "write name") {
			t.Errorf("call %d fails: %v", fail, err)
		}
		if got := read(t, folder, "name"); got != want {
			t.Errorf("call %d (%s) fails: name holds %q, want %q", fail, x.calls[fail], got, want)
		}
		if left := read(t, folder, "name.gateledger-tmp"); left != "" {
			t.Errorf("call %d fails: %q is left", fail, left)
		}
	}
}

// index returns where in the calls one is, and fails the test without it.
func (x *traced) index(t *testing.T, call string) int {
	t.Helper()
	i := slices.Index(x.calls, call)
	if i < 0 {
		t.Errorf("no %q in %q", call, x.calls)
	}
	return i
}

func TestStageSyncsFilesAndEveryNewName(t *testing.T) {
	x, folder := newTraced(t, -1)
	s := durable.NewStage(x)
	for name, text := range map[string]string{"a/b/one": "1", "a/b/two": "2", "three": "3"} {
		if err := s.Write(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if slices.ContainsFunc(x.calls, func(c string) bool { return strings.HasPrefix(c, "sync") }) {
		t.Errorf("synced before Sync: %q", x.calls)
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	for _, call := range []string{"sync a/b/one", "sync a/b/two", "sync three", "sync a/b/", "sync a/", "sync ./"} {
		x.index(t, call)
	}
	for name, want := range map[string]string{"a/b/one": "1", "a/b/two": "2", "three": "3"} {
		if got := read(t, folder, name); got != want {
			t.Errorf("%s holds %q", name, got)
		}
	}
}

// A folder that is there may have been made by a writer that crashed before
// it was synced; only the caller knows which are durable.
func TestStageSyncsAboveFoldersItDoesNotKnow(t *testing.T) {
	for name, c := range map[string]struct {
		known  []string
		synced bool
	}{
		"unknown":               {nil, true},
		"known":                 {[]string{"a/b"}, false},
		"a folder in it known":  {[]string{"a/b/c"}, false},
		"the one above it only": {[]string{"a"}, true},
	} {
		x, folder := newTraced(t, -1)
		if err := os.MkdirAll(filepath.Join(folder, "a", "b", "c"), 0o755); err != nil {
			t.Fatal(err)
		}
		s := durable.NewStage(x, c.known...)
		if err := errors.Join(s.Write("a/b/file", nil), s.Sync()); err != nil {
			t.Fatal(err)
		}
		if synced := slices.Contains(x.calls, "sync a/"); synced != c.synced {
			t.Errorf("%s: the folder above is synced: %v, want %v", name, synced, c.synced)
		}
	}
}

func TestStageOverwritesWhatACrashLeft(t *testing.T) {
	x, folder := newTraced(t, -1)
	put(t, folder, "one", "torn and far longer")
	put(t, folder, "gone", "in the way")
	put(t, folder, "kept", "already right")
	s := durable.NewStage(x)
	if err := errors.Join(s.Write("one", []byte("1")), s.Remove("gone"), s.Remove("never was"), s.Keep("kept"), s.Sync()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"one": "1", "gone": "", "kept": "already right"} {
		if got := read(t, folder, name); got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	x.index(t, "sync kept")
	if err := s.Keep("never was"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("keep what is not there: %v", err)
	}
}

func TestStageTakesManyFiles(t *testing.T) {
	x, folder := newTraced(t, -1)
	s := durable.NewStage(x)
	for i := range 500 {
		if err := s.Write(fmt.Sprintf("many/%d", i), []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		x.index(t, fmt.Sprintf("sync many/%d", i))
	}
	x.index(t, "sync many/")
	if got := read(t, folder, "many/499"); got != string([]byte{499 & 255}) {
		t.Errorf("the last file holds %q", got)
	}
}

func TestStageReportsEveryFailure(t *testing.T) {
	for fail := 0; ; fail++ {
		x, _ := newTraced(t, fail)
		s := durable.NewStage(x)
		err := s.Write("a/one", []byte("1"))
		if err == nil {
			err = s.Sync()
		}
		s.Discard()
		if len(x.calls) <= fail {
			if err != nil || fail < 6 {
				t.Errorf("%d calls, none failing: %v", len(x.calls), err)
			}
			return
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("call %d (%s) fails: %v", fail, x.calls[fail], err)
		}
	}
}

func TestDirKeepsInside(t *testing.T) {
	fsys, err := durable.Dir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(fsys, "../outside", []byte("x")); err == nil {
		t.Error("a name led out of the folder")
	}
	if _, err := durable.Dir(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such folder: %v", err)
	}
}

func TestDirFollowsNoLinkOut(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // links need a privilege there
	}
	outside, folder := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	fsys, err := durable.Dir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := durable.NewStage(fsys).Write("link/file", []byte("x")); err == nil {
		t.Error("a link led out of the folder")
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("outside there is %v, %v", left, err)
	}
}

func TestStagePublishes(t *testing.T) {
	for fail, want := range map[int]string{-1: "new", 0: "old", 1: "old", 2: "old", 3: "old", 4: "old", 5: "old", 6: "new"} {
		x, folder := newTraced(t, fail)
		put(t, folder, "head", "old")
		s := durable.NewStage(x)
		err := s.Write("file", []byte("1"))
		if err == nil {
			err = s.Replace("head", []byte("new"))
		}
		if err == nil {
			if got := read(t, folder, "head"); got != "old" {
				t.Errorf("before Publish head holds %q", got)
			}
			err = s.Sync()
		}
		if err == nil {
			err = s.Publish("head")
		}
		s.Discard()
		if failed := errors.Is(err, errDisk); failed != (fail >= 0 && fail < len(x.calls)) {
			t.Errorf("call %d of %q fails: %v", fail, x.calls, err)
		}
		if got := read(t, folder, "head"); got != want && fail < len(x.calls)-1 {
			t.Errorf("call %d of %q fails: head holds %q, want %q", fail, x.calls, got, want)
		}
		if fail >= 0 {
			continue
		}
		if renamed := x.index(t, "rename head.gateledger-tmp head"); renamed < x.index(t, "sync file") || renamed < x.index(t, "sync head.gateledger-tmp") || x.calls[len(x.calls)-1] != "sync ./" {
			t.Errorf("calls %q", x.calls)
		}
	}
}
