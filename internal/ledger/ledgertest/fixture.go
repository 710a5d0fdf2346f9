// SPDX-License-Identifier: Apache-2.0

// Package ledgertest is the suite that every kind of ledger passes, and what
// tests of ledgers share.
package ledgertest

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/proof"
)

// Origin is the origin of every log here.
const Origin = "log.example"

// Options returns new keys for a log of Origin.
func Options(t testing.TB) ledger.Options {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, Origin)
	if err != nil {
		t.Fatal(err)
	}
	return OptionsOf(t, private, public)
}

// OptionsOf returns options for a signer and a verifier key. Nothing written
// with them is synced.
func OptionsOf(t testing.TB, private, public string) ledger.Options {
	t.Helper()
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := proof.NewKeys(signer.Name(), []string{public})
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Options{Keys: keys, Signer: signer, Layer: Unsynced}
}

// Unsynced is a layer that calls everything durable at once. It keeps tests
// fast; those of durability have layers of their own.
func Unsynced(fsys durable.FS) durable.FS { return unsynced{fsys} }

type unsynced struct{ durable.FS }

func (u unsynced) SyncDir(string) error { return nil }

func (u unsynced) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	f, err := u.FS.OpenFile(name, flag, perm)
	return unsyncedFile{f}, err
}

type unsyncedFile struct{ durable.File }

func (unsyncedFile) Sync() error { return nil }

// Leaf returns leaf i: its data is the SHA-256 of its body, and every tenth
// leaf names a document.
func Leaf(i int) ledger.Leaf {
	body := fmt.Appendf(nil, "body of leaf %d", i)
	sum := sha256.Sum256(body)
	l := ledger.Leaf{Data: sum[:], Body: body}
	if i%10 == 0 {
		l.Blobs = [][]byte{fmt.Appendf(nil, "document of leaf %d", i)}
	}
	return l
}

// Leaves returns the leaves from..to-1.
func Leaves(from, to int) []ledger.Leaf {
	var leaves []ledger.Leaf
	for i := from; i < to; i++ {
		leaves = append(leaves, Leaf(i))
	}
	return leaves
}

// Check is the check of an audit over such leaves: the entry says which body
// it is of.
func Check(e ledger.Entry) error {
	if sum := sha256.Sum256(e.Body); string(sum[:]) != string(e.Data) {
		return fmt.Errorf("body of entry %d is another: %w", e.Index, ledger.ErrTampered)
	}
	return nil
}
