// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

func TestDirSuite(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, ledgertest.Place{Writable: true, Fill: fillDir})
}

func TestTarSuite(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, ledgertest.Place{Fill: func(t *testing.T, o ledger.Options, batches ...[]ledger.Leaf) ledger.Ledger {
		file := filepath.Join(t.TempDir(), "audit.tar")
		export(t, fillDir(t, o, batches...), file)
		return open(t, "tar:"+file, ledger.Options{Keys: o.Keys})
	}})
}

// fillDir makes a ledger in a new folder, and opens it anew after every batch.
func fillDir(t *testing.T, o ledger.Options, batches ...[]ledger.Leaf) ledger.Ledger {
	t.Helper()
	return fillAt(t, t.TempDir(), o, batches...)
}

func fillAt(t *testing.T, folder string, o ledger.Options, batches ...[]ledger.Leaf) ledger.Ledger {
	t.Helper()
	l, err := ledger.Create(context.Background(), "dir:"+folder, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, leaves := range batches {
		if _, err := l.Append(context.Background(), proof.Checkpoint{}, leaves); err != nil {
			t.Fatal(err)
		}
		l = open(t, "dir:"+folder, o)
	}
	return l
}

func open(t *testing.T, url string, o ledger.Options) ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func export(t *testing.T, l ledger.Ledger, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	if err := ledger.Export(context.Background(), l, w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// optionsNamed returns new keys for a log of another origin.
func optionsNamed(t *testing.T, origin string) ledger.Options {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	return ledgertest.OptionsOf(t, private, public)
}
