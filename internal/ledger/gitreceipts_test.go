// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

// Receipts are pushed without the log key, by several at once and while others
// append; none is lost, and no leaf is added by them.
func TestGitReceiptsRace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newLocal(t, ledgertest.Leaves(0, 3))
	var all sync.WaitGroup
	var want []ledger.StoredReceipt
	for i := range 4 {
		mine := ledgertest.Receipt(3, i)
		want = append(want, mine)
		l, writer := h.open(t, cached(t, h.keys)), h.open(t, cached(t, h.o))
		all.Go(func() {
			if err := l.Ledger.(ledger.ReceiptKeeper).KeepReceipts(ctx, []ledger.StoredReceipt{mine}); err != nil {
				t.Error(err)
			}
		})
		if i == 0 {
			all.Go(func() {
				if _, err := writer.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(3, 260)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	l := h.open(t, cached(t, h.keys))
	ledgertest.MustKeep(t, l.Ledger, want...)
	mustHold(t, l, ledgertest.Leaves(0, 260)...)
}

// What a remote does to a push of receipts loses none and keeps none twice.
func TestGitReceiptsAtABadRemote(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	l := h.open(t, h.o)
	keeper := l.Ledger.(ledger.ReceiptKeeper)
	h.DropAnswer(1)
	keep(t, l.Ledger, ledgertest.Receipt(3, 0))
	commit := h.at(logRef)
	keep(t, l.Ledger, ledgertest.Receipt(3, 0))
	if h.at(logRef) != commit {
		t.Error("what is kept already was committed again")
	}
	h.RefusePushes(200)
	if err := keeper.KeepReceipts(ctx, []ledger.StoredReceipt{ledgertest.Receipt(3, 1)}); !errors.Is(err, ledger.ErrRefused) {
		t.Errorf("refused: %v, want ErrRefused", err)
	}
	h.RefusePushes(0)
	h.Down(true)
	if err := keeper.KeepReceipts(ctx, []ledger.StoredReceipt{ledgertest.Receipt(3, 1)}); !errors.Is(err, ledger.ErrUnreachable) {
		t.Errorf("down: %v, want ErrUnreachable", err)
	}
	h.Down(false)
	ledgertest.MustKeep(t, l.Ledger, ledgertest.Receipt(3, 0))
	other := h.open(t, cached(t, h.o))
	h.BeforePush(func() {
		h.BeforePush(nil)
		h.append(t, other.Ledger, ledgertest.Leaves(3, 5))
	})
	keep(t, l.Ledger, ledgertest.Receipt(3, 2))
	h.append(t, l.Ledger, ledgertest.Leaves(5, 300))
	ledgertest.MustKeep(t, h.open(t, cached(t, h.keys)).Ledger, ledgertest.Receipt(3, 0), ledgertest.Receipt(3, 2))
	mustHold(t, l, ledgertest.Leaves(0, 300)...)
}

// An append after a head goes through though a receipt was kept since: the log
// is the same.
func TestAReceiptIsNoMoveOfTheHead(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newLocal(t, ledgertest.Leaves(0, 3))
	l := h.open(t, h.o)
	now := head(t, l)
	keep(t, h.open(t, cached(t, h.keys)).Ledger, ledgertest.Receipt(3, 0))
	if _, err := l.Append(ctx, now, ledgertest.Leaves(3, 5)); err != nil {
		t.Error(err)
	}
	ledgertest.MustKeep(t, l.Ledger, ledgertest.Receipt(3, 0))
}

// What lies among the receipts of a branch and is none stops nobody, and a
// copy that a log is mended from brings its receipts along.
func TestGitReceiptStraysAndRepair(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newLocal(t, ledgertest.Leaves(0, 3))
	l := h.open(t, h.o)
	keep(t, l.Ledger, ledgertest.Receipt(3, 0))
	file := filepath.Join(t.TempDir(), "audit.tar")
	export(t, l.Ledger, file)
	tip := h.at(logRef)
	h.forgeDraft(t, logRef, git.Draft{Base: tip, Parents: []string{tip}, Put: map[string][]byte{
		"anchor/README": []byte("x"), "anchor/3/ab.json": []byte("x"), "anchor/4/" + "00/x": make([]byte, ledger.MaxStoredReceipt+1),
	}})
	if _, err := l.Head(ctx); err != nil {
		t.Fatal(err)
	}
	if kept, strays := ledgertest.Receipts(t, l.Ledger); len(kept) != 1 || strays != 3 {
		t.Errorf("%d receipts, %d strays", len(kept), strays)
	}
	report, err := l.Audit(ctx, ledgertest.Check)
	if err != nil || report.Receipts != 1 || report.Strays != 3 {
		t.Errorf("audit: %+v, %v", report, err)
	}
	h.append(t, l.Ledger, ledgertest.Leaves(3, 4))
	h.Git("update-ref", "-d", logRef)
	copied := open(t, file, h.keys)
	if _, err := ledger.Repair(ctx, "git:"+h.URL, cached(t, h.keys), proof.Checkpoint{}, copied); err != nil {
		t.Fatal(err)
	}
	ledgertest.MustKeep(t, h.open(t, cached(t, h.keys)).Ledger, ledgertest.Receipt(3, 0))
}
