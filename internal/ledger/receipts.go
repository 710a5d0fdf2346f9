// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"archive/tar"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/proof"
)

// MaxStoredReceipt bounds a receipt of an anchor, in bytes.
const MaxStoredReceipt = 256 << 10

// maxReceipts is how many files of receipts a reader looks at.
const maxReceipts = 1 << 20

// receiptFolder holds anchor/<size>/<sha256 of the receipt>.json.
const receiptFolder = "anchor"

// ErrStray is in the errors about what lies among the receipts of anchors and
// is none: garbage, a file that is too large or can't be read. It stops nobody.
var ErrStray = errors.New("no receipt")

// A StoredReceipt is what an anchor gave for the checkpoint of Size leaves. A
// ledger does not look into Data.
type StoredReceipt struct {
	Size uint64
	Data []byte // at most MaxStoredReceipt bytes
}

// A ReceiptKeeper keeps receipts of anchors beside the log. Every ledger is
// one; those that are never written keep none.
//
// Receipts are not in the tree: no leaf is added, and one that is lost or
// altered says nothing any more. Whoever reads one checks it as if a stranger
// had brought it.
type ReceiptKeeper interface {
	// KeepReceipts returns once the receipts are durable. Those that are there
	// already stay as they are. No log key is needed. It fails with ErrTooLarge
	// before it writes anything, with ErrReadOnly where nothing is ever
	// written, and else as an append does.
	KeepReceipts(ctx context.Context, receipts []StoredReceipt) error
	// Receipts yields the receipts, those of the largest size first, so that
	// who wants those that cover an entry can stop; among one size the order is
	// always the same. What lies there and is none is yielded as an ErrStray
	// that names it, and the next one follows. Other errors end it.
	Receipts(ctx context.Context) iter.Seq2[StoredReceipt, error]
}

var (
	_ ReceiptKeeper = (*dir)(nil)
	_ ReceiptKeeper = (*gitLedger)(nil)
	_ ReceiptKeeper = exported{}
)

func receiptPath(r StoredReceipt) string {
	return fmt.Sprintf("%s/%d/%x.json", receiptFolder, r.Size, sha256.Sum256(r.Data))
}

// A receiptFile is a file among the receipts.
type receiptFile struct {
	name  string
	size  uint64
	sum   [sha256.Size]byte
	wrong error // why it can't be one
}

// parseReceiptPath takes the name of a file among the receipts apart.
func parseReceiptPath(name string) receiptFile {
	f := receiptFile{name: name, wrong: fmt.Errorf("%s is not <size>/<sha256>.json: %w", name, ErrStray)}
	parts := strings.Split(name, "/")
	if len(parts) != 3 || parts[0] != receiptFolder {
		return f
	}
	size, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil || size > proof.MaxSize || strconv.FormatUint(size, 10) != parts[1] {
		return f
	}
	f.size = size
	digits, ok := strings.CutSuffix(parts[2], ".json")
	sum, err := hex.DecodeString(digits)
	if !ok || err != nil || len(sum) != sha256.Size || hex.EncodeToString(sum) != digits {
		return f
	}
	copy(f.sum[:], sum)
	f.wrong = nil
	return f
}

// read returns the receipt in f. Its error is an ErrStray.
func (f receiptFile) read(fsys fs.FS) (StoredReceipt, error) {
	if f.wrong != nil {
		return StoredReceipt{}, f.wrong
	}
	data, err := readFile(fsys, f.name, MaxStoredReceipt)
	if err != nil {
		return StoredReceipt{}, fmt.Errorf("read %s: %w: %w", f.name, ErrStray, err)
	}
	if sha256.Sum256(data) != f.sum {
		return StoredReceipt{}, fmt.Errorf("%s holds other bytes than were kept: %w", f.name, ErrStray)
	}
	return StoredReceipt{Size: f.size, Data: data}, nil
}

// listReceipts finds the files among the receipts, those of the largest size
// first. It reads none of them.
func listReceipts(fsys fs.FS) []receiptFile {
	var files []receiptFile
	if flat, ok := fsys.(interface{ under(folder string) []string }); ok {
		for _, name := range flat.under(receiptFolder) {
			files = append(files, parseReceiptPath(name))
		}
	} else {
		files = walkReceipts(fsys)
	}
	arrange.By(files, func(a, b receiptFile) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.name, b.name))
	})
	if len(files) > maxReceipts {
		many := fmt.Errorf("%s holds %d files, of which %d are looked at: %w", receiptFolder, len(files), maxReceipts, ErrStray)
		files = append(files[:maxReceipts], receiptFile{name: receiptFolder, wrong: many})
	}
	return files
}

// walkReceipts lists folders and their files. What a writer that was killed
// left half-written is passed over.
func walkReceipts(fsys fs.FS) []receiptFile {
	folders, err := fs.ReadDir(fsys, receiptFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []receiptFile{{name: receiptFolder, wrong: fmt.Errorf("list %s: %w: %w", receiptFolder, ErrStray, err)}}
	}
	var files []receiptFile
	for _, folder := range folders {
		name := path.Join(receiptFolder, folder.Name())
		if !folder.IsDir() {
			files = append(files, parseReceiptPath(name))
			continue
		}
		entries, err := fs.ReadDir(fsys, name)
		if err != nil {
			files = append(files, receiptFile{name: name, wrong: fmt.Errorf("list %s: %w: %w", name, ErrStray, err)})
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), tempSuffix) {
				continue
			}
			f := parseReceiptPath(path.Join(name, e.Name()))
			if !e.Type().IsRegular() {
				f.wrong = fmt.Errorf("%s is no regular file: %w", f.name, ErrStray)
			}
			files = append(files, f)
		}
	}
	return files
}

func (r *reader) Receipts(ctx context.Context) iter.Seq2[StoredReceipt, error] {
	return func(yield func(StoredReceipt, error) bool) {
		for got, err := range receiptsIn(ctx, r.fsys) {
			if err != nil {
				err = fmt.Errorf("read receipts of %s: %w", r.url, err)
			}
			if !yield(got, err) {
				return
			}
		}
	}
}

func receiptsIn(ctx context.Context, fsys fs.FS) iter.Seq2[StoredReceipt, error] {
	return func(yield func(StoredReceipt, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(StoredReceipt{}, err)
			return
		}
		for _, f := range listReceipts(fsys) {
			got, err := f.read(fsys)
			if ended := ctx.Err(); ended != nil {
				yield(StoredReceipt{}, ended)
				return
			}
			if !yield(got, err) {
				return
			}
		}
	}
}

// checkReceipts refuses what no ledger keeps.
func checkReceipts(receipts []StoredReceipt) error {
	for _, r := range receipts {
		switch {
		case len(r.Data) == 0:
			return errors.New("a receipt is empty")
		case len(r.Data) > MaxStoredReceipt:
			return fmt.Errorf("a receipt is %d bytes, at most %d: %w", len(r.Data), MaxStoredReceipt, ErrTooLarge)
		case r.Size > proof.MaxSize:
			return fmt.Errorf("a receipt is of %d leaves, at most %d: %w", r.Size, uint64(proof.MaxSize), ErrTooLarge)
		}
	}
	return nil
}

// missingReceipts are the files of those receipts that fsys does not have yet,
// or has with other bytes.
func missingReceipts(fsys fs.FS, receipts []StoredReceipt) []file {
	var files []file
	for _, r := range receipts {
		f := file{name: receiptPath(r), data: r.Data}
		if _, err := parseReceiptPath(f.name).read(fsys); err != nil && !slices.ContainsFunc(files, func(o file) bool { return o.name == f.name }) {
			files = append(files, f)
		}
	}
	return files
}

// KeepReceipts fails with ErrReadOnly: an export is a record of one moment.
func (exported) KeepReceipts(context.Context, []StoredReceipt) error {
	return fmt.Errorf("keep receipts in an export: %w", ErrReadOnly)
}

// exportReceipts writes the receipts, and nothing else that lies among them.
func (v *view) exportReceipts(ctx context.Context, w *tar.Writer) error {
	files := listReceipts(v.fsys)
	slices.Reverse(files)
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := f.read(v.fsys)
		if err != nil {
			continue
		}
		if err := writeTar(w, file{name: f.name, data: r.Data}); err != nil {
			return err
		}
	}
	return nil
}

// countReceipts says how many receipts there are, and how many files among
// them that are none.
func countReceipts(ctx context.Context, fsys fs.FS) (receipts, strays uint64, err error) {
	for _, err := range receiptsIn(ctx, fsys) {
		switch {
		case err == nil:
			receipts++
		case errors.Is(err, ErrStray):
			strays++
		default:
			return receipts, strays, err
		}
	}
	return receipts, strays, nil
}
