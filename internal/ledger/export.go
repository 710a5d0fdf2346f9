// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/arrange"
)

// Export writes the whole ledger, as it is at its head now, to w: checkpoint
// first, then the marker, and then segment by segment what the checkpoint
// refers to, and at the end the receipts of anchors. The bytes depend only on the
// log and its receipts: not on how it was written, and not on the time. It does not close w; the caller may add files of other
// names. A ledger with something lost is not exported: it fails with
// ErrMissing.
func Export(ctx context.Context, l Ledger, w *tar.Writer) error {
	x, ok := l.(interface {
		export(ctx context.Context, w *tar.Writer) error
	})
	if !ok {
		return fmt.Errorf("export a %T: it has no files", l)
	}
	return x.export(ctx, w)
}

func (r *reader) export(ctx context.Context, w *tar.Writer) error {
	if err := r.exportAll(ctx, w); err != nil {
		return fmt.Errorf("export %s: %w", r.url, err)
	}
	return nil
}

func (r *reader) exportAll(ctx context.Context, w *tar.Writer) error {
	v, err := r.current(ctx)
	if err != nil {
		return err
	}
	m, err := markerOf(v.head.Origin)
	if err != nil {
		return err
	}
	for _, f := range []file{{name: checkpointPath, data: v.head.Raw}, {name: markerPath, data: m}} {
		if err := writeTar(w, f); err != nil {
			return err
		}
	}
	if err := v.exportTiles(w); err != nil {
		return err
	}
	var blobs [][32]byte
	for n := range tilesFor(v.head.Size) {
		sums, err := v.exportSegment(ctx, w, n)
		if err != nil {
			return err
		}
		blobs = append(blobs, sums...)
	}
	arrange.By(blobs, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	for _, sum := range slices.Compact(blobs) {
		data, err := readBlob(v.fsys, sum)
		if err != nil {
			return err
		}
		if err := writeTar(w, file{name: blobPath(sum), data: data}); err != nil {
			return err
		}
	}
	return v.exportReceipts(ctx, w)
}

// exportTiles writes the hash tiles of every level.
func (v *view) exportTiles(w *tar.Writer) error {
	for level := 0; v.head.Size>>(tileHeight*level) > 0; level++ {
		for n := range tilesFor(v.head.Size >> (tileHeight * level)) {
			t := tile{level: level, n: n}.in(v.head.Size)
			data, err := readHashes(nil, v.fsys, t)
			if err != nil {
				return err
			}
			if err := writeTar(w, t.file(data)); err != nil {
				return err
			}
		}
	}
	return nil
}

// exportSegment writes the entries and bodies of 256 leaves, and returns the
// sums of their documents.
func (v *view) exportSegment(ctx context.Context, w *tar.Writer, n uint64) (blobs [][32]byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := tile{level: entryLevel, n: n}.in(v.head.Size)
	var b bundle
	if err := b.read(v.fsys, t); err != nil {
		return nil, err
	}
	var data []byte
	for _, e := range b.entries {
		data = appendEntry(data, e)
	}
	var s segment
	if err := s.read(v.fsys, n, t.width); err != nil {
		return nil, err
	}
	for i, r := range s.records {
		if r.body == nil {
			return nil, fmt.Errorf("body of entry %d, %s: %w", n*tileWidth+uint64(i), r.path, ErrMissing)
		}
		blobs = append(blobs, r.blobs...)
	}
	for _, f := range append([]file{t.file(data)}, runFiles(n, 0, s.records)...) {
		if err := writeTar(w, f); err != nil {
			return nil, err
		}
	}
	return blobs, nil
}

// writeTar adds one file, with nothing in its header that is not of the log.
func writeTar(w *tar.Writer, f file) error {
	h := &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data)), Format: tar.FormatUSTAR}
	if err := w.WriteHeader(h); err != nil {
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	if _, err := w.Write(f.data); err != nil {
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	return nil
}
