// SPDX-License-Identifier: Apache-2.0

// Package ledger is the append-only tile log that events are written to, and
// the table of places one can live in.
package ledger

import (
	"context"
	"errors"
	"iter"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/proof"
)

// A Leaf is what is appended: the entry whose hash the tree holds, and what
// is stored beside it.
type Leaf struct {
	ID    [32]byte // ID(Data), the event id: a leaf with the same ID is appended once
	Data  []byte   // the entry, at most 65535 bytes
	Body  []byte   // stored beside the entry, not hashed into the tree; Data commits to it
	Blobs [][]byte // documents that Body names by SHA-256
}

// An Entry is a leaf as it was read back. Body is nil when the ledger has
// lost it; that is "could not find out", never "no such event". A leaf that
// was appended without a body has one that is empty and not nil.
type Entry struct {
	Index uint64
	Data  []byte
	Body  []byte
}

// A Ledger is an append-only tile log.
type Ledger interface {
	// Append adds leaves after head and returns once they are durable and
	// provable, one receipt a leaf, in order. It fails with ErrHeadMoved if
	// the log has grown past head; the zero head means any. A leaf that is
	// there already gives its first receipt, marked Duplicate: its Data may
	// differ from the leaf's where ID does not cover all of it, so read the
	// entry back. All leaves are added by one commit, or none.
	//
	// An append after head whose answer was lost may be sent again: if just
	// these leaves stand right after head, in order, it gives duplicates and
	// not ErrHeadMoved.
	Append(ctx context.Context, head proof.Checkpoint, leaves []Leaf) ([]proof.Receipt, error)
	// Head returns the checkpoint, its signature checked.
	Head(ctx context.Context) (proof.Checkpoint, error)
	// Read yields entries from..to-1 in order, each checked against the tree
	// of the current head. It stops at the first error.
	Read(ctx context.Context, from, to uint64) iter.Seq2[Entry, error]
	// Prove returns the inclusion proof of the leaf at index in the tree of
	// size leaves.
	Prove(ctx context.Context, index, size uint64) (proof.Proof, error)
	// Consistency returns the proof that the tree of old leaves is a prefix
	// of the tree of new leaves.
	Consistency(ctx context.Context, old, new uint64) (proof.Proof, error)
}

// A BlobReader reads documents by digest. Every ledger is one too.
type BlobReader interface {
	// Blob returns the document whose SHA-256 is sum. It fails with
	// ErrMissing when it is not there and ErrTampered when the bytes are
	// others.
	Blob(ctx context.Context, sum [32]byte) ([]byte, error)
}

// An Auditor re-checks everything a ledger holds. Every ledger is one too.
type Auditor interface {
	// Audit re-hashes every entry, tile, body and blob against the signed
	// checkpoint and fails with the first thing wrong, by name. check is
	// called once an entry, in order, after its hash is proven; nil is
	// allowed.
	Audit(ctx context.Context, check func(Entry) error) (Report, error)
}

// A Report says what an audit covered.
type Report struct {
	Head    proof.Checkpoint
	Entries uint64
	Bodies  uint64
	Blobs   uint64
	Tiles   uint64

	Receipts uint64 // of anchors, beside the log: their bytes are those that were kept, and nothing else is checked
	Strays   uint64 // files among the receipts that are none
}

// Options are what the caller trusts and may do. Keys come from the policy,
// never from the ledger.
type Options struct {
	Keys   proof.Keys
	Signer note.Signer // nil: read only
	Git    GitOptions

	// Layer, if set, is put between the ledger and its file system: for
	// tests that make it fail and measurements that make it free.
	Layer func(durable.FS) durable.FS
}

// What can be wrong, told apart by errors.Is.
var (
	ErrNotLedger = errors.New("not a ledger")
	ErrVersion   = errors.New("made by another version")
	ErrHeadMoved = errors.New("the log has grown past the given head")
	ErrMissing   = errors.New("missing")         // exit 3
	ErrTampered  = errors.New("tampered")        // exit 4: bytes are not what the tree or a signature says
	ErrRollback  = errors.New("rolled back")     // exit 4
	ErrKey       = errors.New("wrong log key")   // signer or checkpoint signature is not of a trusted key
	ErrReadOnly  = errors.New("no log key here") // Append without a Signer
	ErrScheme    = errors.New("unknown ledger")
	ErrNotYet    = errors.New("not in this version")
	ErrTooLarge  = errors.New("too large")
	ErrExists    = errors.New("a ledger is there already")
	ErrBusy      = errors.New("another process is writing") // exit 3: the lock was not free in time
)
