// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// folders is a shorter way to the files of a folder than os.Root, which opens
// every folder of a path for every call and looks at every file that it lists.
// It keeps the folders open that lead to the last one it was in, and takes each
// step from the folder before and never over a symbolic link. Whatever it
// cannot do so, it leaves to os.Root: it answers errFar or false.
type folders struct {
	mu    sync.Mutex
	chain *chain
	buf   []byte
}

// A chain is the folders that are open, from the root on.
type chain struct {
	top   *os.File
	steps []step
}

type step struct {
	name   string
	fd     int
	listed bool // it stands at the end of its list
}

// maxHeld is how many folders are held open at most. What lies deeper is left
// to os.Root.
const maxHeld = 48

// oPath opens a file only to look at it (O_PATH). It has this value on every
// architecture.
const oPath = 0x200000

func openFolders(root *os.Root) *folders {
	top, err := root.OpenFile(".", os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil
	}
	f := &folders{chain: &chain{top: top}}
	runtime.AddCleanup(f, func(c *chain) { c.cut(0) }, f.chain)
	return f
}

// cut closes all but the first n folders.
func (c *chain) cut(n int) {
	for _, s := range c.steps[n:] {
		_ = syscall.Close(s.fd) // it was only read from
	}
	c.steps = c.steps[:n]
}

// enter returns a folder, open.
func (f *folders) enter(name string) (int, bool) {
	c := f.chain
	depth, rest := 0, name
	if name == "." {
		rest = ""
	}
	for rest != "" && depth < len(c.steps) {
		first, after, _ := strings.Cut(rest, "/")
		if c.steps[depth].name != first {
			break
		}
		depth, rest = depth+1, after
	}
	c.cut(depth)
	fd := int(c.top.Fd())
	if depth > 0 {
		fd = c.steps[depth-1].fd
	}
	for rest != "" {
		first, after, _ := strings.Cut(rest, "/")
		if first == "" || first == "." || first == ".." || len(c.steps) >= maxHeld {
			return 0, false
		}
		next, err := openat(fd, first, syscall.O_RDONLY|syscall.O_DIRECTORY)
		if err != nil {
			return 0, false
		}
		c.steps = append(c.steps, step{name: strings.Clone(first), fd: next})
		fd, rest = next, after
	}
	return fd, true
}

// openat opens a file of a folder, and no symbolic link.
func openat(fd int, name string, flags int) (int, error) {
	for {
		got, err := syscall.Openat(fd, name, flags|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
		if !errors.Is(err, syscall.EINTR) {
			return got, err
		}
	}
}

// in opens a file in the folder that it lies in. It fails with errFar, or
// because there is no such file.
func (f *folders) in(name string, flags int) (int, error) {
	if f == nil || name == "." || !validPath(name) {
		return 0, errFar
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	parent, ok := f.enter(path.Dir(name))
	if !ok {
		return 0, errFar
	}
	fd, err := openat(parent, path.Base(name), flags)
	switch {
	case errors.Is(err, syscall.ENOENT):
		return 0, &fs.PathError{Op: "openat", Path: name, Err: err}
	case err != nil:
		return 0, errFar
	}
	return fd, nil
}

func (f *folders) open(name string) (fs.File, error) {
	fd, err := f.in(name, syscall.O_RDONLY|syscall.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	file := &plainFile{name: path.Base(name), fd: fd}
	if info, err := file.Stat(); err != nil || info.IsDir() {
		_ = file.Close() // os.Root opens it, and can list it
		return nil, errFar
	}
	return file, nil
}

func (f *folders) lstat(name string) (fs.FileInfo, error) {
	fd, err := f.in(name, oPath)
	if err != nil {
		return nil, err
	}
	file := plainFile{name: path.Base(name), fd: fd}
	info, err := file.Stat()
	if errors.Join(err, file.Close()) != nil {
		return nil, errFar
	}
	return info, nil
}

// list returns the entries of a folder, as the system has them.
func (f *folders) list(name string) ([]fs.DirEntry, bool) {
	if f == nil || !validPath(name) {
		return nil, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	fd, ok := f.enter(name)
	if !ok {
		return nil, false
	}
	if !f.rewind(fd) {
		return nil, false
	}
	if f.buf == nil {
		f.buf = make([]byte, 32<<10)
	}
	var entries []fs.DirEntry
	for {
		n, err := syscall.ReadDirent(fd, f.buf)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return nil, false
		}
		if n == 0 {
			return entries, true
		}
		if entries, ok = direntries(entries, f.buf[:n]); !ok {
			return nil, false
		}
	}
}

// rewind goes to the beginning of the list of the folder that was entered last.
func (f *folders) rewind(fd int) bool {
	if n := len(f.chain.steps); n > 0 {
		last := &f.chain.steps[n-1]
		if !last.listed {
			last.listed = true
			return true
		}
	}
	_, err := syscall.Seek(fd, 0, io.SeekStart)
	return err == nil
}

// direntries reads struct linux_dirent64 (getdents64(2)): 8 bytes of inode, 8
// of offset, 2 of length, one of type, and the name up to a zero byte. It
// answers false where the file system does not tell a type.
func direntries(entries []fs.DirEntry, data []byte) ([]fs.DirEntry, bool) {
	const head = 19
	for len(data) > 0 {
		if len(data) < head {
			return nil, false
		}
		size := int(binary.NativeEndian.Uint16(data[16:]))
		if size < head || size > len(data) {
			return nil, false
		}
		name, _, _ := strings.Cut(string(data[head:size]), "\x00")
		mode, ok := direntMode(data[18])
		if data = data[size:]; name == "." || name == ".." {
			continue
		}
		if !ok {
			return nil, false
		}
		entries = append(entries, listedEntry{name, mode})
	}
	return entries, true
}

func direntMode(kind byte) (fs.FileMode, bool) {
	switch kind {
	case syscall.DT_REG:
		return 0, true
	case syscall.DT_DIR:
		return fs.ModeDir, true
	case syscall.DT_LNK:
		return fs.ModeSymlink, true
	case syscall.DT_FIFO:
		return fs.ModeNamedPipe, true
	case syscall.DT_SOCK:
		return fs.ModeSocket, true
	case syscall.DT_CHR:
		return fs.ModeDevice | fs.ModeCharDevice, true
	case syscall.DT_BLK:
		return fs.ModeDevice, true
	}
	return 0, false
}

// A listedEntry is a file as its folder lists it. Whoever wants to know more
// than its type asks Lstat.
type listedEntry struct {
	name string
	mode fs.FileMode
}

func (e listedEntry) Name() string      { return e.name }
func (e listedEntry) IsDir() bool       { return e.mode.IsDir() }
func (e listedEntry) Type() fs.FileMode { return e.mode }
func (e listedEntry) Info() (fs.FileInfo, error) {
	return nil, &fs.PathError{Op: "lstat", Path: e.name, Err: errors.ErrUnsupported}
}

// A plainFile is an open file that is read from beginning to end.
type plainFile struct {
	name string
	fd   int
}

func (f *plainFile) Read(p []byte) (int, error) {
	for {
		n, err := syscall.Read(f.fd, p)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, &fs.PathError{Op: "read", Path: f.name, Err: err}
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// ReadAt is for those who read an archive.
func (f *plainFile) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		m, err := syscall.Pread(f.fd, p[n:], off+int64(n))
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return n, &fs.PathError{Op: "read", Path: f.name, Err: err}
		case m == 0:
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

func (f *plainFile) Close() error { return syscall.Close(f.fd) }

func (f *plainFile) Stat() (fs.FileInfo, error) {
	var st syscall.Stat_t
	if err := syscall.Fstat(f.fd, &st); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: f.name, Err: err}
	}
	return fileInfo{f.name, &st}, nil
}

// A fileInfo is what the system says of a file.
type fileInfo struct {
	name string
	st   *syscall.Stat_t
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.st.Size }
func (i fileInfo) ModTime() time.Time { return time.Unix(i.st.Mtim.Unix()) }
func (i fileInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i fileInfo) Sys() any           { return i.st }

func (i fileInfo) Mode() fs.FileMode {
	kind, ok := direntMode(byte(i.st.Mode & syscall.S_IFMT >> 12)) // the same numbers
	if !ok {
		kind = fs.ModeIrregular
	}
	return kind | fs.FileMode(i.st.Mode&0o777)
}
