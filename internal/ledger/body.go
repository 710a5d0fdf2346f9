// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
)

// Bodies stand beside the tree, in runs. A run is the bodies of consecutive
// leaves of one segment of 256, written by one commit. A segment's runs are
// body/<N>.p/<offset>, each saying how many leaves it holds and so where the
// next one starts; once the segment is complete they are joined into body/<N>.
//
// A run is, after its magic, two bytes with the number of records, and then
// each record: four bytes with the body's length, two with the number of
// documents, their SHA-256 sums, the body. Numbers are big-endian.
const (
	runMagic = "gateledger-body-1\n"

	// maxRun is the size in bytes past which a run is cut in two, so that
	// large bodies never make a large file.
	maxRun = 8 << 20

	// maxRunFile is the most a run can then be.
	maxRunFile = maxRun + len(runMagic) + 2 + 6 + MaxBlobs*sha256.Size + MaxBody

	// MaxBody and MaxBlob are the largest body and document, in bytes.
	MaxBody = 16 << 20
	MaxBlob = 256 << 20

	// MaxBlobs is how many documents one leaf may name.
	MaxBlobs = 1024
)

// A record is what a run holds of one leaf. The body is nil when its run is
// missing.
type record struct {
	body  []byte
	blobs [][32]byte
	path  string // of its run
}

func (r record) size() int { return 6 + len(r.blobs)*sha256.Size + len(r.body) }

// segmentPath is a complete segment's file, runPath that of a run in it.
func segmentPath(n uint64) string { return "body/" + groups(n) }

func runPath(n uint64, offset int) string { return segmentPath(n) + ".p/" + strconv.Itoa(offset) }

// blobPath is where the document with this SHA-256 is.
func blobPath(sum [32]byte) string {
	h := hex.EncodeToString(sum[:])
	return "blob/" + h[:2] + "/" + h
}

// newRecord makes the record of a leaf.
func newRecord(l Leaf) record {
	r := record{body: l.Body}
	for _, b := range l.Blobs {
		r.blobs = append(r.blobs, sha256.Sum256(b))
	}
	return r
}

// cutRun is how many of records go into one run: at least one.
func cutRun(records []record) int {
	total := 0
	for i, r := range records {
		total += r.size()
		if total > maxRun && i > 0 {
			return i
		}
	}
	return len(records)
}

// A file is a name and what is to be in it.
type file struct {
	name  string
	data  []byte
	level int // of a tile
}

// runFiles lays out the records of leaves from offset on in segment n.
func runFiles(n uint64, offset int, records []record) []file {
	if offset == 0 && len(records) == tileWidth && cutRun(records) == tileWidth {
		return []file{{name: segmentPath(n), data: encodeRun(records)}}
	}
	var files []file
	for len(records) > 0 {
		k := cutRun(records)
		files = append(files, file{name: runPath(n, offset), data: encodeRun(records[:k])})
		offset, records = offset+k, records[k:]
	}
	return files
}

// bodyFiles lays out the bodies of leaves that start at index first.
func bodyFiles(first uint64, leaves []pending) []file {
	var files []file
	for len(leaves) > 0 {
		offset := int(first % tileWidth)
		k := min(len(leaves), tileWidth-offset)
		records := make([]record, k)
		for i, l := range leaves[:k] {
			records[i] = l.record
		}
		files = append(files, runFiles(first/tileWidth, offset, records)...)
		first, leaves = first+uint64(k), leaves[k:]
	}
	return files
}

func encodeRun(records []record) []byte {
	total := len(runMagic) + 2
	for _, r := range records {
		total += r.size()
	}
	b := append(make([]byte, 0, total), runMagic...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(records)))
	for _, r := range records {
		b = appendRecord(b, r)
	}
	return b
}

func appendRecord(b []byte, r record) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(r.body)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.blobs)))
	for _, sum := range r.blobs {
		b = append(b, sum[:]...)
	}
	return append(b, r.body...)
}

// decodeRun adds the records of a run, all of it, to records. They share
// data's memory.
func decodeRun(records []record, data []byte, name string) ([]record, error) {
	if len(data) < len(runMagic)+2 || string(data[:len(runMagic)]) != runMagic {
		return nil, fmt.Errorf("%s does not start as a run of bodies: %w", name, ErrTampered)
	}
	data = data[len(runMagic):]
	count := int(binary.BigEndian.Uint16(data))
	if count == 0 || count > tileWidth {
		return nil, fmt.Errorf("%s claims %d bodies: %w", name, count, ErrTampered)
	}
	data = data[2:]
	for i := range count {
		r, rest, ok := decodeRecord(data)
		if !ok {
			return nil, fmt.Errorf("%s is cut off at body %d of %d: %w", name, i, count, ErrTampered)
		}
		r.path = name
		records, data = append(records, r), rest
	}
	if len(data) != 0 {
		return nil, fmt.Errorf("%s has %d bytes after its last body: %w", name, len(data), ErrTampered)
	}
	return records, nil
}

func decodeRecord(data []byte) (r record, rest []byte, ok bool) {
	if len(data) < 6 {
		return record{}, nil, false
	}
	length, blobs := uint64(binary.BigEndian.Uint32(data)), int(binary.BigEndian.Uint16(data[4:]))
	data = data[6:]
	if uint64(len(data)) < uint64(blobs)*sha256.Size+length {
		return record{}, nil, false
	}
	for range blobs {
		r.blobs = append(r.blobs, [32]byte(data))
		data = data[sha256.Size:]
	}
	r.body = data[:length:length]
	return r, data[length:], true
}

// A segment is what was read of the bodies of 256 leaves.
type segment struct {
	records []record
	data    []byte   // of the one file of a complete segment
	spare   []record // memory of an earlier read
}

// read reads the records of the first width leaves of segment n. It uses the
// memory of an earlier read again.
func (s *segment) read(fsys fs.FS, n uint64, width int) error {
	if width == tileWidth {
		err := s.readWhole(fsys, n)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	s.records = s.records[:0]
	for len(s.records) < width {
		offset := len(s.records)
		name := runPath(n, offset)
		data, err := readFile(fsys, name, maxRunFile)
		if errors.Is(err, fs.ErrNotExist) {
			if s.readWhole(fsys, n) == nil { // joined meanwhile
				break
			}
			s.records = append(s.records[:offset], lost(fsys, n, offset, width)...)
			continue
		}
		if err != nil {
			return err
		}
		if s.records, err = decodeRun(s.records, data, name); err != nil {
			return err
		}
	}
	s.records = s.records[:width]
	return nil
}

// readWhole reads the one file of a complete segment.
func (s *segment) readWhole(fsys fs.FS, n uint64) (err error) {
	name := segmentPath(n)
	data, err := readInto(s.data, fsys, name, maxRunFile)
	if err != nil {
		return err
	}
	records, err := decodeRun(s.spare[:0], data, name)
	if err == nil && len(records) != tileWidth {
		err = fmt.Errorf("%s holds %d bodies, want %d: %w", name, len(records), tileWidth, ErrTampered)
	}
	if err == nil {
		s.data, s.records, s.spare = data, records, s.records
	}
	return err
}

// lost stands in for a missing run at offset: it reaches to the next run that
// is there, so that one loss does not hide the others.
func lost(fsys fs.FS, n uint64, offset, width int) []record {
	next := width
	name := runPath(n, offset)
	entries, _ := fs.ReadDir(fsys, path.Dir(name))
	for _, e := range entries {
		if at, err := strconv.Atoi(e.Name()); err == nil && at > offset {
			next = min(next, at)
		}
	}
	records := make([]record, next-offset)
	for i := range records {
		records[i].path = name
	}
	return records
}

// readBlob returns the document with this SHA-256.
func readBlob(fsys fs.FS, sum [32]byte) ([]byte, error) {
	name := blobPath(sum)
	data, err := readFile(fsys, name, MaxBlob)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", name, ErrMissing)
	case err != nil:
		return nil, err
	case sha256.Sum256(data) != sum:
		return nil, fmt.Errorf("%s is another document: %w", name, ErrTampered)
	}
	return data, nil
}
