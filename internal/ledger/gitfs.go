// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/git"
)

// A branch holds the log in segments. All full tiles, bodies and documents
// stand as a dir: has them. What grows with every event would make git keep
// each state of it, so it is cut small: leaf i of the last, unfinished
// segment is tail/<h>/<h>, named by the two hex digits of i%256, its entry as
// in a bundle and then its record as in a run; and the unfinished tile of
// hashes of level L, from level 1 on, is edge/<L>.
const (
	tailFolder = "tail"
	edgeFolder = "edge/"
	readmePath = "README.md"
)

// tailPath is the file of the leaf at index, in the unfinished segment.
func tailPath(index uint64) string {
	return fmt.Sprintf("%s/%x/%x", tailFolder, index>>4&15, index&15)
}

// edgePath is the file of the unfinished tile of a level.
func edgePath(level int) string { return edgeFolder + strconv.Itoa(level) }

// encodeTail is what the file of a leaf in the unfinished segment holds.
func encodeTail(data []byte, r record) []byte { return appendRecord(appendEntry(nil, data), r) }

func decodeTail(data []byte, name string) (entry []byte, r record, err error) {
	if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
		return nil, record{}, fmt.Errorf("%s is cut off: %w", name, ErrTampered)
	}
	end := 2 + int(binary.BigEndian.Uint16(data))
	r, rest, ok := decodeRecord(data[end:])
	if !ok || len(rest) != 0 {
		return nil, record{}, fmt.Errorf("%s is cut off, or has bytes after its record: %w", name, ErrTampered)
	}
	return data[2:end:end], r, nil
}

// A branchFS presents the files of one commit as the standard tile tree, with
// every partial tile that a smaller tree would have had. Nothing in it is
// proven: the view over it does that.
type branchFS struct {
	commit string
	files  map[string]git.Object
	paths  []string // of files, sorted
	load   func([]git.Object) ([][]byte, error)
	size   uint64 // what the checkpoint says, signed or not

	mu   sync.Mutex
	tail *tail
}

// A tail is what was read of the unfinished segment.
type tail struct {
	entries []byte // as a bundle
	ends    []int  // of each entry in it
	hashes  []byte
	runs    map[string][]byte
	records []record
}

var _ fs.ReadDirFS = (*branchFS)(nil)

func newBranchFS(commit string, objects []git.Object, load func([]git.Object) ([][]byte, error)) (*branchFS, error) {
	b := &branchFS{commit: commit, files: make(map[string]git.Object, len(objects)), load: load}
	for _, o := range objects {
		b.files[o.Path] = o
		b.paths = append(b.paths, o.Path)
	}
	slices.Sort(b.paths)
	if err := b.readEdge(); err != nil {
		return nil, err
	}
	raw, err := b.whole(checkpointPath, maxCheckpoint)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrTooLarge): // the reader will say so
	case err != nil:
		return nil, err
	}
	b.size = claimedSize(raw)
	return b, nil
}

// readEdge has what everybody needs read at once: the checkpoint, the marker,
// and what is unfinished.
func (b *branchFS) readEdge() error {
	var objects []git.Object
	left := int64(readAhead)
	for _, name := range b.paths {
		o := b.files[name]
		if name != checkpointPath && name != markerPath && !strings.HasPrefix(name, edgeFolder) && !strings.HasPrefix(name, tailFolder+"/") {
			continue
		}
		if left -= o.Size; left < 0 {
			return nil
		}
		objects = append(objects, o)
	}
	_, err := b.load(objects)
	return err
}

// claimedSize is the size that a checkpoint claims, whoever signed it.
func claimedSize(raw []byte) uint64 {
	lines := strings.SplitN(string(raw), "\n", 3)
	if len(lines) < 3 {
		return 0
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil {
		return 0
	}
	return size
}

// Open opens one file. Its size is known at once, its content is brought when
// it is first read.
func (b *branchFS) Open(name string) (fs.File, error) {
	f, err := b.open(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f, nil
}

func (b *branchFS) open(name string) (fs.File, error) {
	if t, ok := parseTile(name); ok && t.width < tileWidth {
		data, err := b.partial(t)
		return &branchFile{bytes.NewReader(data), tarInfo{path.Base(name), int64(len(data))}, nil}, err
	}
	if b.unfinished(name) {
		t, err := b.loadTail()
		if err != nil {
			return nil, err
		}
		data, ok := t.runs[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return &branchFile{bytes.NewReader(data), tarInfo{path.Base(name), int64(len(data))}, nil}, nil
	}
	o, ok := b.files[name]
	if !ok || !standard(name) {
		return nil, fs.ErrNotExist
	}
	return &branchFile{nil, tarInfo{path.Base(name), o.Size}, func() ([]byte, error) { return b.read(o) }}, nil
}

// standard says whether a file of the branch stands in a dir: by the same name.
func standard(name string) bool {
	return name == checkpointPath || name == markerPath ||
		strings.HasPrefix(name, "tile/") || strings.HasPrefix(name, "body/") || strings.HasPrefix(name, "blob/") || strings.HasPrefix(name, receiptFolder+"/")
}

// unfinished says whether a name is that of a run of the unfinished segment.
func (b *branchFS) unfinished(name string) bool {
	return strings.HasPrefix(name, segmentPath(b.size/tileWidth)+".p/")
}

// ReadDir lists the files, not the folders, directly in a folder.
func (b *branchFS) ReadDir(folder string) ([]fs.DirEntry, error) {
	var entries []fs.DirEntry
	if b.unfinished(folder + "/") {
		t, err := b.loadTail()
		if err != nil {
			return nil, err
		}
		for name, data := range t.runs {
			entries = append(entries, fs.FileInfoToDirEntry(tarInfo{path.Base(name), int64(len(data))}))
		}
		arrange.By(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		return entries, nil
	}
	first, _ := slices.BinarySearch(b.paths, folder+"/")
	for _, name := range b.paths[first:] {
		base, ok := strings.CutPrefix(name, folder+"/")
		if !ok {
			break
		}
		if standard(name) && !strings.Contains(base, "/") {
			entries = append(entries, fs.FileInfoToDirEntry(tarInfo{base, b.files[name].Size}))
		}
	}
	return entries, nil
}

// partial is a tile that is not full: the start of one that is, or of what
// the branch has of the unfinished one.
func (b *branchFS) partial(t tile) ([]byte, error) {
	count := b.size
	if t.level > 0 {
		count = b.size >> (tileHeight * t.level)
	}
	last, width := count/tileWidth, int(count%tileWidth)
	switch {
	case t.n < last:
		limit := tileWidth * tlog.HashSize
		if t.level == entryLevel {
			limit = tileWidth * (2 + maxEntry)
		}
		full := tile{t.level, t.n, tileWidth}.path()
		data, err := b.whole(full, limit)
		if err != nil {
			return nil, err
		}
		return cutTile(data, t, full)
	case t.n > last || t.width > width:
		return nil, fs.ErrNotExist
	case t.level > 0:
		name := edgePath(t.level)
		data, err := b.whole(name, tileWidth*tlog.HashSize)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: %w", name, ErrMissing)
		case err != nil:
			return nil, err
		case len(data) != width*tlog.HashSize:
			return nil, fmt.Errorf("%s is %d bytes, want %d: %w", name, len(data), width*tlog.HashSize, ErrTampered)
		}
		return data[:t.width*tlog.HashSize], nil
	}
	tail, err := b.loadTail()
	switch {
	case err != nil:
		return nil, err
	case t.level == 0:
		return tail.hashes[:t.width*tlog.HashSize], nil
	}
	return tail.entries[:tail.ends[t.width-1]], nil
}

// cutTile is the first t.width hashes or entries of a full tile.
func cutTile(data []byte, t tile, full string) ([]byte, error) {
	end := t.width * tlog.HashSize
	if t.level == entryLevel {
		end = 0
		for range t.width {
			if len(data) < end+2 {
				return nil, fmt.Errorf("%s is cut off: %w", full, ErrTampered)
			}
			end += 2 + int(binary.BigEndian.Uint16(data[end:]))
		}
	}
	if len(data) < end {
		return nil, fmt.Errorf("%s is cut off: %w", full, ErrTampered)
	}
	return data[:end], nil
}

// maxTail is the most that the file of one leaf can be, in bytes.
const maxTail = int64(2 + maxEntry + 6 + MaxBlobs*tlog.HashSize + MaxBody)

// loadTail reads the unfinished segment, once.
func (b *branchFS) loadTail() (*tail, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tail != nil {
		return b.tail, nil
	}
	n, width := b.size/tileWidth, b.size%tileWidth
	objects := make([]git.Object, width)
	for i := range width {
		o, ok := b.files[tailPath(i)]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s, entry %d: %w", tailPath(i), n*tileWidth+i, ErrMissing)
		case o.Size > maxTail:
			return nil, fmt.Errorf("%s is %d bytes, at most %d: %w", o.Path, o.Size, maxTail, ErrTampered)
		}
		objects[i] = o
	}
	blobs, err := b.load(objects)
	if err != nil {
		return nil, err
	}
	t := &tail{runs: map[string][]byte{}}
	for i, data := range blobs {
		entry, r, err := decodeTail(data, objects[i].Path)
		if err != nil {
			return nil, err
		}
		hash := tlog.RecordHash(entry)
		t.entries, t.hashes = appendEntry(t.entries, entry), append(t.hashes, hash[:]...)
		t.ends = append(t.ends, len(t.entries))
		t.records = append(t.records, r)
	}
	for _, f := range runFiles(n, 0, t.records) {
		t.runs[f.name] = f.data
	}
	b.tail = t
	return t, nil
}

// whole returns a file of the branch, of at most limit bytes.
func (b *branchFS) whole(name string, limit int) ([]byte, error) {
	o, ok := b.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	if o.Size > int64(limit) {
		return nil, fmt.Errorf("%s is %d bytes, at most %d: %w", name, o.Size, limit, ErrTooLarge)
	}
	return b.read(o)
}

// readAhead is how many bytes of the files after one that is read are brought
// with it: to ask git costs more than what it then says. Documents, which
// nobody reads in order, are only worth it while they are small.
const (
	readAhead     = 4 << 20
	readAheadBlob = 1 << 20
)

func (b *branchFS) read(o git.Object) ([]byte, error) {
	objects := []git.Object{o}
	folder, left := path.Dir(o.Path)+"/", readAhead-o.Size
	if strings.HasPrefix(folder, "blob/") {
		folder, left = "blob/", readAheadBlob-o.Size
	}
	at, _ := slices.BinarySearch(b.paths, o.Path)
	for _, name := range b.paths[at+1:] {
		next := b.files[name]
		if left -= next.Size; left < 0 || !strings.HasPrefix(name, folder) {
			break
		}
		objects = append(objects, next)
	}
	blobs, err := b.load(objects)
	if err != nil {
		return nil, err
	}
	return blobs[0], nil
}

// A branchFile is one open file.
type branchFile struct {
	*bytes.Reader
	info tarInfo
	load func() ([]byte, error) // nil: it is in the Reader
}

func (f *branchFile) Read(p []byte) (int, error) {
	if f.Reader == nil {
		data, err := f.load()
		if err != nil {
			return 0, err
		}
		f.Reader = bytes.NewReader(data)
	}
	return f.Reader.Read(p)
}

func (f *branchFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (*branchFile) Close() error                 { return nil }

// parseTile takes the name of a tile apart.
func parseTile(name string) (t tile, ok bool) {
	rest, ok := strings.CutPrefix(name, "tile/")
	if !ok {
		return t, false
	}
	level, rest, _ := strings.Cut(rest, "/")
	if t.level = entryLevel; level != "entries" {
		n, err := strconv.ParseUint(level, 10, 6)
		if err != nil {
			return t, false
		}
		t.level = int(n)
	}
	rest, width, partial := strings.Cut(rest, ".p/")
	if t.width = tileWidth; partial {
		n, err := strconv.ParseUint(width, 10, 8)
		if err != nil || n == 0 {
			return t, false
		}
		t.width = int(n)
	}
	digits := strings.NewReplacer("x", "", "/", "").Replace(rest)
	n, err := strconv.ParseUint(digits, 10, 56)
	t.n = n
	return t, err == nil && t.path() == name
}
