// SPDX-License-Identifier: Apache-2.0

// Package feed reads what is publicly known about vulnerabilities from disk:
// advisories in the OSV format, CISA's catalogue of known exploited
// vulnerabilities, and EPSS scores. It opens no network connection and writes
// nothing.
//
// What can't be read whole is no feed: each comes with the reason, in
// audit.Feed.Problem, and an audit that needs it is then undecided.
package feed

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The limits of feeds, named in the problem of one over them.
const (
	MaxFeed     = 512 << 20 // bytes of a KEV or EPSS file, once unpacked
	MaxRecords  = 2_000_000 // of one ecosystem, and of files below a folder
	MaxUnpacked = 8 << 30   // bytes of all records of one archive
	maxDepth    = 8         // folders inside each other
)

// open opens a regular file. A pipe or a device is refused: reading it could
// take for ever.
func open(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, plainly(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", filepath.Base(name))
	}
	f, err := os.Open(name)
	return f, plainly(err)
}

// plainly leaves the path out of an error, which stands beside it already.
func plainly(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// limited fails once more than left bytes were read.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p[:min(int64(len(p)), l.left+1)])
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("it is over the limit of %d bytes", int64(MaxFeed))
	}
	return n, err
}

// unpacked is a file's content, through gzip if it is packed.
func unpacked(f io.ReadSeeker) (io.Reader, error) {
	var magic [2]byte
	n, err := io.ReadFull(f, magic[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if n < 2 || magic != [2]byte{0x1f, 0x8b} {
		return &limited{f, MaxFeed}, nil
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return &limited{z, MaxFeed}, nil
}
