// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Dir is a folder to scan: a file system that nothing leads out of, because
// os.Root holds every path, symbolic links included, inside. Unlike the one
// that os.Root gives, it also has the files whose names are not UTF-8.
func Dir(root *os.Root) fs.FS { return dir{root} }

type dir struct{ root *os.Root }

var (
	_ fs.ReadDirFS  = dir{}
	_ fs.ReadLinkFS = dir{}
)

// Open does not wait for the other end of a pipe that somebody put in place of
// a file after it was looked at.
func (d dir) Open(name string) (fs.File, error) {
	return d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

func (d dir) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

func (d dir) Lstat(name string) (fs.FileInfo, error) { return d.root.Lstat(name) }
func (d dir) ReadLink(name string) (string, error)   { return d.root.Readlink(name) }
func (d dir) Stat(name string) (fs.FileInfo, error)  { return d.root.Stat(name) }

// validPath reports whether a path stays inside, as fs.ValidPath does, of
// names in any encoding.
func validPath(p string) bool { return fs.ValidPath(strings.ToValidUTF8(p, "_")) }
