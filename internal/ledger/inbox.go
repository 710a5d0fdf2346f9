// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/proof"
)

// GitOptions are what a git: ledger needs besides.
type GitOptions struct {
	Remote git.Remote // where it is; the zero Remote is the URL's own address
	Cache  string     // absolute folder for what was fetched; may be deleted at any time
	Getenv func(string) string
}

// An Inbox is where writers without the log key leave what they signed, for
// whoever holds it. A git: ledger is one too.
type Inbox interface {
	// Submit leaves leaves as one parcel and returns once it is at the
	// remote. The same leaves make the same parcel, so it may be sent again.
	Submit(ctx context.Context, leaves []Leaf) (Parcel, error)
	// Pending brings the newest head and the parcels, in the order of their
	// names, at most MaxPending. One that can't be read has an Err, and no
	// leaves. While the last one says that there are More, nobody can say what
	// all of them are.
	Pending(ctx context.Context) ([]Parcel, error)
	// Integrate appends leaves after head, as Append does, and by the same
	// atomic push takes the parcels of done away, and puts those of refused
	// into quarantine. Of very many parcels the rest follows by more pushes, as
	// far as time allows: what stays is pending again. A parcel of done whose
	// leaves would not all be in the log then is an error. No leaves and no
	// parcels is fine: then nothing is done.
	Integrate(ctx context.Context, head proof.Checkpoint, leaves []Leaf, done, refused []Parcel) ([]proof.Receipt, error)
}

// A Parcel is what one writer left by one Submit.
type Parcel struct {
	Name   string // of its ref, after refs/gateledger/pending/
	Commit string
	Leaves []Leaf
	Err    error // why it can't be read: garbage, or too large
	Kept   bool  // it was here before, and somebody took it away
	More   int   // of the last one of many: how many were left out
}

// A Confirmer can tell whether a head is still the newest one where the
// ledger is written, not in a mirror of it.
type Confirmer interface {
	// Confirm fails with ErrHeadMoved if it is not, ErrUnreachable if nobody
	// can say.
	Confirm(ctx context.Context, head proof.Checkpoint) error
}

// A Repairer can publish its last good head again.
type Repairer interface {
	// Repair looks through what is at the remote and in the cache for the
	// longest log that the keys signed, that holds together, and that grows
	// out of least; and publishes it as a new commit after whatever the
	// branch holds now. It says what it did.
	Repair(ctx context.Context, least proof.Checkpoint) (Repaired, error)
}

// Repaired says what a repair did.
type Repaired struct {
	Head   proof.Checkpoint
	Source string // where the good log was found
	Before string // what was wrong with the branch; empty: nothing was, and nothing was done
	Commit string
}

// What else can be wrong with a ledger elsewhere, told apart by errors.Is.
var (
	ErrUnreachable = errors.New("the ledger's remote can't be reached") // exit 3
	ErrRefused     = errors.New("the remote refuses to be written")     // exit 3
	ErrContended   = errors.New("too many others are writing")          // exit 3: the tries are used up
	ErrAddress     = errors.New("not the address of a ledger")          // exit 2
)
