// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/arrange"
)

// The tree is kept as C2SP tlog-tiles: 256 hashes, or 256 entries, to a file.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight

	// maxEntry is what the two length bytes of an entry bundle can say.
	maxEntry = 1<<16 - 1
)

// A tile names one file of hashes, or of entries when level is entryLevel.
type tile struct {
	level int
	n     uint64
	width int // 1 to tileWidth
}

const entryLevel = -1

// path is the tile's name by tlog-tiles: tile/<L>/<N>[.p/<W>].
func (t tile) path() string {
	level := "entries"
	if t.level != entryLevel {
		level = strconv.Itoa(t.level)
	}
	name := "tile/" + level + "/" + groups(t.n)
	if t.width < tileWidth {
		name += ".p/" + strconv.Itoa(t.width)
	}
	return name
}

// file is the tile with what is to be in it.
func (t tile) file(data []byte) file { return file{t.path(), data, t.level} }

// groups spells n in three-digit path elements, all but the last after an x.
func groups(n uint64) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	return s
}

// rightmost is the tile that holds the last hash of a level in a tree of size
// leaves; ok is false if the level has none.
func rightmost(level int, size uint64) (t tile, ok bool) {
	count := size
	if level > 0 {
		count = size >> (tileHeight * level)
	}
	if count == 0 {
		return tile{}, false
	}
	last := count - 1
	return tile{level, last / tileWidth, int(last%tileWidth) + 1}, true
}

// in gives the tile its width in a tree of size leaves.
func (t tile) in(size uint64) tile {
	count := size
	if t.level > 0 {
		count = size >> (tileHeight * t.level)
	}
	t.width = int(min(tileWidth, count-t.n*tileWidth))
	return t
}

// read returns the tile's file, in buf if it fits, and the name it has. A partial tile that a
// later commit has superseded is read from the wider one; the caller looks
// only at the first t.width hashes or entries.
func (t tile) read(buf []byte, fsys fs.FS) (data []byte, as tile, err error) {
	limit := tileWidth * tlog.HashSize
	if t.level == entryLevel {
		limit = tileWidth * (2 + maxEntry)
	}
	for range 3 { // a writer may remove what was just listed
		data, err = readInto(buf, fsys, t.path(), limit)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return data, t, err
		}
		for _, as := range t.wider(fsys) {
			data, err = readInto(buf, fsys, as.path(), limit)
			if err == nil || !errors.Is(err, fs.ErrNotExist) {
				return data, as, err
			}
		}
	}
	return nil, t, fmt.Errorf("%s: %w", t.path(), ErrMissing)
}

// wider lists what may stand in for a partial tile, narrowest first: that
// one a commit has certainly finished.
func (t tile) wider(fsys fs.FS) []tile {
	if t.width == tileWidth {
		return nil
	}
	return append(t.widerPartials(fsys), tile{t.level, t.n, tileWidth})
}

// widerPartials lists the partial tiles that are there and wider than t.
func (t tile) widerPartials(fsys fs.FS) []tile {
	var found []tile
	entries, _ := fs.ReadDir(fsys, path.Dir(tile{t.level, t.n, 1}.path()))
	for _, e := range entries {
		w, err := strconv.Atoi(e.Name())
		if err == nil && w > t.width && w < tileWidth && strconv.Itoa(w) == e.Name() {
			found = append(found, tile{t.level, t.n, w})
		}
	}
	arrange.By(found, func(a, b tile) int { return a.width - b.width })
	return found
}

// readHashes reads the hashes of a tile, into buf if they fit.
func readHashes(buf []byte, fsys fs.FS, t tile) ([]byte, error) {
	data, as, err := t.read(buf, fsys)
	if err != nil {
		return nil, err
	}
	if len(data) != as.width*tlog.HashSize {
		return nil, fmt.Errorf("%s is %d bytes, want %d: %w", as.path(), len(data), as.width*tlog.HashSize, ErrTampered)
	}
	return data[:t.width*tlog.HashSize], nil
}

// A bundle is an entry tile that was read: its entries and their leaf hashes.
type bundle struct {
	path    string
	data    []byte
	entries [][]byte
	hashes  []tlog.Hash
}

// read reads and hashes the entries of a tile at entryLevel. It uses the
// memory of an earlier read again.
func (b *bundle) read(fsys fs.FS, t tile) error {
	data, as, err := t.read(b.data, fsys)
	if err != nil {
		return err
	}
	b.path = as.path()
	if err := b.parse(data, as.width); err != nil {
		return fmt.Errorf("%s: %w", b.path, err)
	}
	b.entries, b.hashes = b.entries[:t.width], b.hashes[:t.width]
	return nil
}

// parse takes width length-prefixed entries from data, all of it, and hashes
// them. It takes data over.
func (b *bundle) parse(data []byte, width int) error {
	b.data, b.entries, b.hashes = data, b.entries[:0], b.hashes[:0]
	for i := range width {
		if len(data) < 2 {
			return fmt.Errorf("cut off at entry %d of %d: %w", i, width, ErrTampered)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		if len(data) < end {
			return fmt.Errorf("cut off at entry %d of %d: %w", i, width, ErrTampered)
		}
		// A leaf hash is over a zero byte and the entry. The length byte
		// before the entry has been read, so it can be that zero.
		data[1] = 0
		b.hashes = append(b.hashes, sha256.Sum256(data[1:end]))
		b.entries = append(b.entries, data[2:end:end])
		data = data[end:]
	}
	if len(data) != 0 {
		return fmt.Errorf("%d bytes after entry %d: %w", len(data), width-1, ErrTampered)
	}
	return nil
}

// appendEntry adds an entry to the bytes of a bundle.
func appendEntry(b, data []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

// subtree is the hash over a power-of-two run of hashes.
func subtree(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(subtree(hashes[:half]), subtree(hashes[half:]))
}

// toHashes and toBytes turn a tile file into hashes and back.
func toHashes(data []byte) []tlog.Hash {
	hashes := make([]tlog.Hash, len(data)/tlog.HashSize)
	for i := range hashes {
		hashes[i] = tlog.Hash(data[i*tlog.HashSize:])
	}
	return hashes
}

func toBytes(hashes []tlog.Hash) []byte {
	data := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		data = append(data, h[:]...)
	}
	return data
}
