// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/proof"
)

const logOrigin = "interop.example"

// A log is one of ours, and the key that others check it with.
type log struct {
	folder   string
	verifier note.Verifier
	keys     proof.Keys
	ledger   ledger.Ledger
}

func newLog(tb testing.TB, layer func(durable.FS) durable.FS) log {
	tb.Helper()
	private, public, err := note.GenerateKey(rand.Reader, logOrigin)
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := proof.NewKeys(logOrigin, []string{public})
	if err != nil {
		tb.Fatal(err)
	}
	l := log{folder: tb.TempDir(), verifier: keys.Verifiers[0], keys: keys}
	l.ledger, err = ledger.Create(context.Background(), "dir:"+l.folder, ledger.Options{Keys: keys, Signer: signer, Layer: layer})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func (l log) append(tb testing.TB, from, to int) {
	tb.Helper()
	var leaves []ledger.Leaf
	for i := from; i < to; i++ {
		data := make([]byte, 300)
		copy(data, fmt.Sprintf("leaf %d", i))
		leaves = append(leaves, ledger.Leaf{Data: data})
	}
	if _, err := l.ledger.Append(context.Background(), proof.Checkpoint{}, leaves); err != nil {
		tb.Fatal(err)
	}
}

// fsck is tessera's check of the log. On a damaged one its workers may wait
// for each other for good, whatever the context says, so it is given up after
// a while: no verdict is not a good one.
func (l log) fsck(workers uint) error {
	checked := make(chan error, 1)
	go func() {
		f := fsck.New(logOrigin, l.verifier, &client.FileFetcher{Root: l.folder}, hashBundle, fsck.Opts{N: workers})
		checked <- f.Check(context.Background())
	}()
	select {
	case err := <-checked:
		return err
	case <-time.After(10 * time.Second):
		return errNoVerdict
	}
}

var errNoVerdict = errors.New("fsck came to no end")

func hashBundle(data []byte) ([][]byte, error) {
	var bundle api.EntryBundle
	if err := bundle.UnmarshalText(data); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, e := range bundle.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(e))
	}
	return hashes, nil
}

// tessera's fsck accepts our log at every size, however it got there.
func TestTesseraFsckAcceptsOurLog(t *testing.T) {
	l := newLog(t, nil)
	if err := l.fsck(4); err != nil {
		t.Errorf("no leaves: %v", err)
	}
	size := 0
	for _, next := range []int{1, 2, 3, 100, 255, 256, 257, 511, 512, 513, 1000, 65535, 65536, 65537, 70000} {
		l.append(t, size, next)
		size = next
		if err := l.fsck(4); err != nil {
			t.Errorf("%d leaves: %v", size, err)
		}
	}
}

// A damaged log is refused by both, so that the check above is known to look.
func TestTesseraFsckRefusesADamagedLog(t *testing.T) {
	for _, name := range []string{"tile/entries/001", "tile/0/001", "tile/1/000.p/3", "checkpoint"} {
		l := newLog(t, nil)
		l.append(t, 0, 800)
		path := filepath.Join(l.folder, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := l.fsck(4); err == nil {
			t.Errorf("%s damaged: tessera accepts the log", name)
		}
		ours, err := ledger.Open(context.Background(), "dir:"+l.folder, ledger.Options{Keys: l.keys})
		if err == nil {
			_, err = ours.(ledger.Auditor).Audit(context.Background(), nil)
		}
		if !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("%s damaged: we say %v", name, err)
		}
	}
}

// BenchmarkAudit compares our audit with tessera's fsck, each on two workers
// over the same million leaves of 300 bytes.
func BenchmarkAudit(b *testing.B) {
	const size = 1_000_000
	l := newLog(b, nil)
	for from := 0; from < size; from += 4096 {
		l.append(b, from, min(from+4096, size))
	}
	b.Run("gateledger", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.ledger.(ledger.Auditor).Audit(context.Background(), nil); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "leaves/s")
	})
	b.Run("tessera", func(b *testing.B) {
		for b.Loop() {
			if err := l.fsck(2); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "leaves/s")
	})
}
