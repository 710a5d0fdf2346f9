// SPDX-License-Identifier: Apache-2.0

package anchortest

import (
	"crypto/rand"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/proof"
)

// Origin is the origin of every log here.
const Origin = "log.example/suite"

// A Log is a log in memory, whose checkpoints are anchored.
type Log struct {
	VerifierKey string // of its key, by the signed-note specification
	signer      note.Signer
	size        uint64
	hashes      []tlog.Hash
}

// NewLog makes an empty log of Origin with a key of its own.
func NewLog(t testing.TB) *Log {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, Origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return &Log{VerifierKey: public, signer: signer}
}

// Fork is another log of the same key, as long as this one, which has nothing
// in common with it.
func (l *Log) Fork(t testing.TB) *Log {
	t.Helper()
	f := &Log{VerifierKey: l.VerifierKey, signer: l.signer}
	f.add(t, "fork", l.size)
	return f
}

// Grow adds n leaves and returns the new head.
func (l *Log) Grow(t testing.TB, n uint64) proof.Checkpoint {
	t.Helper()
	l.add(t, "leaf", n)
	return l.Head(t, l.size)
}

func (l *Log) add(t testing.TB, name string, n uint64) {
	t.Helper()
	for range n {
		more, err := tlog.StoredHashes(int64(l.size), fmt.Appendf(nil, "%s %d", name, l.size), l)
		if err != nil {
			t.Fatal(err)
		}
		l.hashes = append(l.hashes, more...)
		l.size++
	}
}

// ReadHashes makes a Log a tlog.HashReader.
func (l *Log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, i := range indexes {
		all = append(all, l.hashes[i])
	}
	return all, nil
}

// Head is the signed checkpoint of the first size leaves.
func (l *Log) Head(t testing.TB, size uint64) proof.Checkpoint {
	t.Helper()
	root := proof.EmptyRoot()
	if size > 0 {
		var err error
		if root, err = tlog.TreeHash(int64(size), l); err != nil {
			t.Fatal(err)
		}
	}
	c, err := proof.SignCheckpoint(Origin, size, root, l.signer)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Since is the submission of a checkpoint to an anchor that has old leaves.
func (l *Log) Since(t testing.TB, old uint64, c proof.Checkpoint) anchor.Submission {
	t.Helper()
	s := anchor.Submission{Checkpoint: c, Old: old}
	if old > 0 && old < c.Size {
		p, err := tlog.ProveTree(int64(c.Size), int64(old), l)
		if err != nil {
			t.Fatal(err)
		}
		s.Since = proof.Proof(p)
	}
	return s
}
