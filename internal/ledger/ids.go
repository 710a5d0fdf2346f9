// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path"

	"github.com/gateledger/gateledger/internal/durable"
)

// idsPath is a cache of the ids of all entries, so that an append need not
// read the log: the first half of each id, at 16 times its index. It is
// derived from the entries and made again from them when it is short,
// damaged, or of another tree, so nothing has to make it durable.
const idsPath = "cache/ids"

const idSize = 16

type shortID [idSize]byte

func shorten(id [32]byte) shortID { return shortID(id[:idSize]) }

// ids answers whether an id is in the log, and where.
type ids struct {
	list  []shortID // by index
	table []uint32  // index+1 by the id's first bits, linear probing
}

// add appends the id of the next entry.
func (x *ids) add(id [32]byte) {
	x.list = append(x.list, shorten(id))
	if 2*len(x.list) > len(x.table) {
		x.rehash(4 * len(x.list))
		return
	}
	x.insert(len(x.list) - 1)
}

func (x *ids) rehash(atLeast int) {
	x.table = make([]uint32, 1<<bits.Len(uint(max(atLeast, 512)-1)))
	for i := range x.list {
		x.insert(i)
	}
}

// insert puts entry i in the table; of two entries with one id the first
// stays the one that is found first.
func (x *ids) insert(i int) {
	at := x.slot(x.list[i])
	for x.table[at] != 0 {
		at = (at + 1) % len(x.table)
	}
	x.table[at] = uint32(i) + 1
}

func (x *ids) slot(id shortID) int {
	return int(binary.LittleEndian.Uint64(id[:]) % uint64(len(x.table)))
}

// find returns the index of the first entry with this id.
func (x *ids) find(id [32]byte) (index uint64, ok bool) {
	if len(x.table) == 0 {
		return 0, false
	}
	short := shorten(id)
	for at := x.slot(short); x.table[at] != 0; at = (at + 1) % len(x.table) {
		if i := x.table[at] - 1; x.list[i] == short {
			return uint64(i), true
		}
	}
	return 0, false
}

// newIDs indexes a list that was read.
func newIDs(list []shortID) *ids {
	x := &ids{list: list}
	x.rehash(4 * len(list))
	return x
}

// errStaleIDs is found out by looking up an id in the log.
var errStaleIDs = errors.New("the cache of ids is of another log")

// loadIDs brings the ids up to v: from the cache, as far as it goes and fits
// the entries of the right edge, and then from the entries.
func (s *writer) loadIDs(ctx context.Context, v *view) error {
	if v.head.Size > maxIDs/idSize {
		return fmt.Errorf("a log of %d leaves, at most %d: %w", v.head.Size, uint64(maxIDs/idSize), ErrTooLarge)
	}
	if s.ids == nil {
		list, err := readIDs(v.fsys, v.head.Size)
		if err != nil {
			return err
		}
		s.ids = newIDs(list)
		if !s.idsFit() {
			s.ids = newIDs(nil)
		}
	}
	return s.catchUp(ctx, v)
}

// idsFit compares the ids of the last, partial bundle with its entries, which
// are proven.
func (s *writer) idsFit() bool {
	width := int(s.edge.head.Size % tileWidth)
	var b bundle
	if err := b.parse(bytes.Clone(s.edge.bundle), width); err != nil {
		return false
	}
	first := int(s.edge.head.Size) - width
	for i, data := range b.entries {
		at := first + i
		if at < len(s.ids.list) && s.ids.list[at] != shorten(idOf(data, &b.hashes[i])) {
			return false
		}
	}
	return true
}

// catchUp adds the ids of the entries that the list lacks, and caches them.
func (s *writer) catchUp(ctx context.Context, v *view) error {
	from := uint64(len(s.ids.list))
	if from == v.head.Size {
		return nil
	}
	for n := from / tileWidth; n < tilesFor(v.head.Size); n++ {
		b, err := v.bundle(ctx, n)
		if err != nil {
			return fmt.Errorf("list the ids: %w", err)
		}
		known := len(s.ids.list) - int(n*tileWidth)
		for i, data := range b.entries[known:] {
			s.ids.add(idOf(data, &b.hashes[known+i]))
		}
	}
	if fsys, ok := v.fsys.(durable.FS); ok {
		_ = writeIDs(fsys, int(from), s.ids.list)
	}
	return nil
}

// readIDs returns the first size ids of the cache, fewer if it is shorter or
// has a hole that a power cut left. An id of zeroes does not occur. What it
// reads is bounded by the signed size, not by how large the file says it is.
func readIDs(fsys fs.FS, size uint64) ([]shortID, error) {
	data, err := readStart(fsys, idsPath, int64(min(size, maxIDs/idSize)*idSize))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list := make([]shortID, 0, min(size, uint64(len(data)/idSize)))
	for ; len(data) >= idSize && uint64(len(list)) < size; data = data[idSize:] {
		id := shortID(data)
		if id == (shortID{}) {
			break
		}
		list = append(list, id)
	}
	return list, nil
}

// maxIDs bounds the cache: the table counts entries in 32 bits.
const maxIDs = (1<<32 - 2) * idSize

// writeIDs writes list to the cache from index from on, and cuts off what is
// behind.
func writeIDs(fsys durable.FS, from int, list []shortID) (err error) {
	if err := fsys.Mkdir(path.Dir(idsPath), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := fsys.OpenFile(idsPath, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data := make([]byte, 0, (len(list)-from)*idSize)
	for _, id := range list[from:] {
		data = append(data, id[:]...)
	}
	if _, err := f.WriteAt(data, int64(from)*idSize); err != nil {
		return fmt.Errorf("write %s: %w", idsPath, err)
	}
	return f.Truncate(int64(len(list)) * idSize)
}
