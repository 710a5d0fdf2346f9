// SPDX-License-Identifier: Apache-2.0

// Package proof checks what a tile log claims: signed checkpoints (C2SP
// tlog-checkpoint), inclusion and consistency (RFC 6962), and receipts that
// carry both (C2SP tlog-proof). It is pure: bytes in, answer out.
package proof

import (
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
