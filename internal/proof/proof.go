// SPDX-License-Identifier: Apache-2.0

// Package proof checks what a tile log claims: signed checkpoints (C2SP
// tlog-checkpoint), inclusion and consistency (RFC 6962), and receipts that
// carry both (C2SP tlog-proof). It is pure: bytes in, answer out.
package proof

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint is a log's head as its key signed it. The zero Checkpoint is
// the empty log that nobody signed.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   tlog.Hash
	Raw    []byte // the signed note
}

// A Proof is a list of sibling hashes, leaf to root.
type Proof []tlog.Hash

// A Receipt shows that a leaf stands at Index in the log whose head is
// Checkpoint.
type Receipt struct {
	Index      uint64
	Proof      Proof
	Checkpoint Checkpoint
	Duplicate  bool // the leaf stood there before this append
}

// Keys are the log keys a verifier trusts, by its own configuration.
type Keys struct {
	Origin    string
	Verifiers []note.Verifier
}

// What can be wrong, told apart by errors.Is.
var (
	ErrMalformed = errors.New("malformed")                       // the bytes are not in the format
	ErrUnsigned  = errors.New("not signed by a trusted key")     // no signature of a key in Keys
	ErrSignature = errors.New("signature does not verify")       // a trusted key's signature is not over these bytes
	ErrOrigin    = errors.New("of another log")                  // the origin is not the one in Keys
	ErrProof     = errors.New("proof does not hold")             // hashes do not lead to the root
	ErrShrunk    = errors.New("the newer tree has fewer leaves") // Consistency was asked about a shorter log
)

const (
	// MaxSize is the largest tree that is accepted: past it, the index
	// arithmetic of package tlog would overflow.
	MaxSize = 1 << 48

	// MaxProof is the longest proof, in hashes, that a tree of MaxSize needs.
	MaxProof = 49
)

// Inclusion checks that leaf, a leaf hash of RFC 6962, stands at index in the
// tree of size leaves that hashes to root. It fails with ErrProof.
func Inclusion(p Proof, leaf tlog.Hash, index, size uint64, root tlog.Hash) error {
	if size > MaxSize || index >= size || len(p) > MaxProof {
		return fmt.Errorf("inclusion of leaf %d in a tree of %d by %d hashes: %w", index, size, len(p), ErrProof)
	}
	if err := tlog.CheckRecord(tlog.RecordProof(p), int64(size), root, int64(index), leaf); err != nil {
		return fmt.Errorf("inclusion of leaf %d in a tree of %d: %w", index, size, ErrProof)
	}
	return nil
}

// Consistency checks that the tree of old is a prefix of the tree of new. It
// fails with ErrOrigin if they are of two logs, ErrShrunk if new is the
// shorter one, and else with ErrProof. Every tree extends the empty one.
func Consistency(p Proof, old, new Checkpoint) error {
	switch {
	case old.Origin != new.Origin && old.Origin != "":
		return fmt.Errorf("consistency of %q with %q: %w", old.Origin, new.Origin, ErrOrigin)
	case old.Size > new.Size:
		return fmt.Errorf("consistency of %d leaves with %d: %w", old.Size, new.Size, ErrShrunk)
	case new.Size > MaxSize || len(p) > MaxProof:
		return fmt.Errorf("consistency with a tree of %d by %d hashes: %w", new.Size, len(p), ErrProof)
	}
	if !extends(p, old, new) {
		return fmt.Errorf("consistency of %d leaves with %d: %w", old.Size, new.Size, ErrProof)
	}
	return nil
}

func extends(p Proof, old, new Checkpoint) bool {
	if old.Size == 0 {
		return len(p) == 0
	}
	err := tlog.CheckTree(tlog.TreeProof(p), int64(new.Size), new.Root, int64(old.Size), old.Root)
	return err == nil
}
