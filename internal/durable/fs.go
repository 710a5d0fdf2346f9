// SPDX-License-Identifier: Apache-2.0

// Package durable writes files so that they outlive a crash or a power cut:
// whole and at a known moment, or not at all.
//
// There are two ways. WriteFile replaces one file at once; it is how
// something is published. A Stage writes many files that nobody refers to
// yet, in place and side by side; what a crash leaves of them is garbage that
// the next writer overwrites.
package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// FS is what durable writing needs of a file system. Names are
// slash-separated and relative to one root folder, as in io/fs. A test puts
// a failing one in its place.
type FS interface {
	fs.ReadDirFS
	// OpenFile is os.OpenFile.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	Mkdir(name string, perm fs.FileMode) error
	// SyncDir makes the names in a folder durable.
	SyncDir(name string) error
}

// File is an open file that can be made durable.
type File interface {
	io.Writer
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// root is a folder of the operating system. No name leads out of it, through
// a symbolic link or otherwise.
type root struct {
	fs.FS
	dir *os.Root
}

var _ FS = root{}

// Dir returns the file system below the folder at path, which must exist.
func Dir(path string) (FS, error) {
	dir, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return root{dir.FS(), dir}, nil
}

// Open is os.Open for files and folders. Anything else is refused before it is
// opened: to open a pipe could wait for ever.
func (r root) Open(name string) (fs.File, error) {
	if info, err := r.dir.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("neither a file nor a folder")}
	}
	return r.FS.Open(name)
}

func (r root) Rename(from, to string) error               { return r.dir.Rename(from, to) }
func (r root) Remove(name string) error                   { return r.dir.Remove(name) }
func (r root) Mkdir(name string, perm fs.FileMode) error  { return r.dir.Mkdir(name, perm) }
func (r root) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(r.FS, name) }
func (r root) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	return r.dir.OpenFile(name, flag, perm)
}

// SyncDir does nothing on Windows, which cannot sync a folder; NTFS keeps
// names in its own journal.
func (r root) SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := r.dir.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
