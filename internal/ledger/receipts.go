// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"iter"
)

// MaxStoredReceipt bounds a receipt of an anchor, in bytes.
const MaxStoredReceipt = 256 << 10

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
	// already stay as they are. No log key is needed.
	KeepReceipts(ctx context.Context, receipts []StoredReceipt) error
	// Receipts yields the receipts, by size and then in an order that is the
	// same each time. What can't be one (garbage in a name, a file that is too
	// large, no regular file) is yielded as an error that names it, and the
	// next one follows. ErrTampered marks one whose bytes are not those that
	// were kept.
	Receipts(ctx context.Context) iter.Seq2[StoredReceipt, error]
}
