// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"testing"

	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

// Readers of any head go on undisturbed while a writer supersedes tiles and
// joins bodies under them.
func TestReadWhileWriting(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	folder := t.TempDir()
	writer := fillAt(t, folder, o, ledgertest.Leaves(0, 240))
	done := make(chan error, 1)
	go func() {
		for i := 240; i < 300; i++ {
			if _, err := writer.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(i, i+1)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	reader := open(t, "dir:"+folder, ledger.Options{Keys: o.Keys})
	for rounds := 0; ; rounds++ {
		at := head(t, reader)
		for e, err := range reader.Read(ctx, 0, at.Size) {
			if err != nil || e.Body == nil {
				t.Fatalf("round %d: entry %d: body %v, %v", rounds, e.Index, e.Body, err)
			}
		}
		if _, err := reader.(ledger.Auditor).Audit(ctx, ledgertest.Check); err != nil {
			t.Fatalf("round %d: %v", rounds, err)
		}
		if p, err := reader.Prove(ctx, at.Size-1, at.Size); err != nil {
			t.Fatalf("round %d: %v, %v", rounds, p, err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	ctx := context.Background()
	o := ledgertest.Options(b)
	o.Layer = nil
	l, err := ledger.Create(ctx, "dir:"+b.TempDir(), o)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(i, i+1)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead10000(b *testing.B) {
	ctx := context.Background()
	o := ledgertest.Options(b)
	url := "dir:" + b.TempDir()
	l, err := ledger.Create(ctx, url, o)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(0, 10_000)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l, err := ledger.Open(ctx, url, o)
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range l.Read(ctx, 0, 10_000) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
