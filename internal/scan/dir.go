// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/gateledger/gateledger/internal/arrange"
)

// Dir is a folder to scan: a file system that nothing leads out of, because
// os.Root holds every path, symbolic links included, inside. Unlike the one
// that os.Root gives, it also has the files whose names are not UTF-8. Where
// the system allows, it lists and opens without asking twice (openFolders).
func Dir(root *os.Root) fs.FS { return &dir{root: root, near: openFolders(root)} }

// errFar says that os.Root is to be asked.
var errFar = errors.New("only os.Root can tell")

type dir struct {
	root *os.Root
	near *folders // nil: there is no shorter way on this system
}

var (
	_ fs.ReadDirFS  = (*dir)(nil)
	_ fs.ReadLinkFS = (*dir)(nil)
)

// Open does not wait for the other end of a pipe that somebody put in place of
// a file after it was looked at.
func (d *dir) Open(name string) (fs.File, error) {
	if f, err := d.near.open(name); !errors.Is(err, errFar) {
		return f, err
	}
	return d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

func (d *dir) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, ok := d.near.list(name)
	if !ok {
		f, err := d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if entries, err = f.ReadDir(-1); err != nil {
			return nil, err
		}
	}
	arrange.By(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func (d *dir) Lstat(name string) (fs.FileInfo, error) {
	if info, err := d.near.lstat(name); !errors.Is(err, errFar) {
		return info, err
	}
	return d.root.Lstat(name)
}

func (d *dir) ReadLink(name string) (string, error)  { return d.root.Readlink(name) }
func (d *dir) Stat(name string) (fs.FileInfo, error) { return d.root.Stat(name) }

// validPath reports whether a path stays inside, as fs.ValidPath does, of
// names in any encoding.
func validPath(p string) bool { return fs.ValidPath(strings.ToValidUTF8(p, "_")) }
