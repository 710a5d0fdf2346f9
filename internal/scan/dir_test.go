// SPDX-License-Identifier: Apache-2.0

//go:build unix

package scan

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// makeTree makes a folder with one file of every kind that matters.
func makeTree(t *testing.T) (string, *dir, *dir) {
	t.Helper()
	base := t.TempDir()
	outside := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(base, "a/b/c"), 0o755))
	must(os.WriteFile(filepath.Join(base, "a/b/c/file"), []byte("text"), 0o644))
	must(os.WriteFile(filepath.Join(base, "a/b/latin-\xe9"), []byte("name"), 0o600))
	must(os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o644))
	must(os.Symlink("b", filepath.Join(base, "a/inside")))
	must(os.Symlink(outside, filepath.Join(base, "a/out")))
	must(os.Symlink("c/file", filepath.Join(base, "a/b/link")))
	must(syscall.Mkfifo(filepath.Join(base, "a/pipe"), 0o644))
	open := func() *dir {
		root, err := os.OpenRoot(base)
		must(err)
		t.Cleanup(func() { root.Close() })
		return Dir(root).(*dir)
	}
	near, far := open(), open()
	far.near = nil
	return base, near, far
}

// On Linux there is a shorter way: whatever it answers, os.Root answers too.
func TestTheShorterWaySaysTheSame(t *testing.T) {
	_, near, far := makeTree(t)
	paths := []string{
		".", "a", "a/b", "a/b/c", "a/b/c/file", "a/b/latin-\xe9", "a/b/link", "a/inside", "a/inside/c/file", "a/inside/c",
		"a/out", "a/out/secret", "a/pipe", "a/none", "none/none", "a/b/c/file/x", "..", "../x", "a/../a", "/a", "", "a//b", "a/b/",
	}
	for range 2 { // the second time from folders that are open
		for _, p := range paths {
			if got, want := listing(near, p), listing(far, p); got != want {
				t.Errorf("list %q: %s, want %s", p, got, want)
			}
			if got, want := looking(near, p), looking(far, p); got != want {
				t.Errorf("look at %q: %s, want %s", p, got, want)
			}
			if got, want := content(near, p), content(far, p); got != want {
				t.Errorf("read %q: %s, want %s", p, got, want)
			}
		}
	}
}

func listing(d *dir, p string) string {
	entries, err := d.ReadDir(p)
	if err != nil {
		return "error"
	}
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.Name() + " " + e.Type().String() + "\n")
	}
	return b.String()
}

func looking(d *dir, p string) string {
	info, err := d.Lstat(p)
	if err != nil {
		return "error"
	}
	size := info.Size()
	if info.IsDir() {
		size = 0
	}
	return info.Name() + " " + info.Mode().String() + " " + info.ModTime().String() + " " + string(rune('0'+size%10))
}

func content(d *dir, p string) string {
	f, err := d.Open(p)
	if err != nil {
		return "error"
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return "error"
	}
	return string(data)
}

// A folder that is open stays the one it was, and one that is swapped for a
// link out of the tree is not followed.
func TestSwappedFolderIsNotFollowed(t *testing.T) {
	base, near, _ := makeTree(t)
	if _, err := near.ReadDir("a/b/c"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(filepath.Join(base, "a/b"), filepath.Join(base, "moved")), os.Symlink(t.TempDir(), filepath.Join(base, "a/b"))); err != nil {
		t.Fatal(err)
	}
	if _, err := near.ReadDir("a"); err != nil { // leaves a/b
		t.Fatal(err)
	}
	if got := listing(near, "a/b/c"); got != "error" {
		t.Errorf("followed a link out of the tree: %q", got)
	}
	if got := content(near, "a/b/secret"); got != "error" {
		t.Errorf("read outside of the tree: %q", got)
	}
}

// Folders deeper than are held open are read all the same.
func TestDeepFolders(t *testing.T) {
	base := t.TempDir()
	deep := strings.Repeat("d/", 200)
	if err := errors.Join(os.MkdirAll(filepath.Join(base, deep), 0o755), os.WriteFile(filepath.Join(base, deep, "go.mod"), []byte("module deep\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var found []string
	err = fs.WalkDir(Dir(root), ".", func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			found = append(found, p)
		}
		return err
	})
	if err != nil || !slices.Equal(found, []string{deep + "go.mod"}) {
		t.Errorf("found %d files, %v", len(found), err)
	}
}

// An archive is read from any place of it.
func TestReadAt(t *testing.T) {
	_, near, _ := makeTree(t)
	f, err := near.Open("a/b/c/file")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := make([]byte, 2)
	if n, err := f.(io.ReaderAt).ReadAt(p, 1); n != 2 || err != nil || string(p) != "ex" {
		t.Errorf("%d bytes %q, %v", n, p, err)
	}
	if n, err := f.(io.ReaderAt).ReadAt(p, 3); n != 1 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d bytes, %v", n, err)
	}
}
