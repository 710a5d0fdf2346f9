// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/gateledger/gateledger/internal/ledger"
)

// Receipt returns receipt i of the checkpoint of size leaves.
func Receipt(size uint64, i int) ledger.StoredReceipt {
	return ledger.StoredReceipt{Size: size, Data: fmt.Appendf(nil, `{"receipt":%d,"size":%d}`, i, size)}
}

// Receipts returns what a ledger keeps, in the order of a slice, and how many
// files among it are none. Any other error fails the test.
func Receipts(t testing.TB, l ledger.Ledger) (kept []ledger.StoredReceipt, strays int) {
	t.Helper()
	for r, err := range l.(ledger.ReceiptKeeper).Receipts(context.Background()) {
		switch {
		case errors.Is(err, ledger.ErrStray):
			strays++
		case err != nil:
			t.Fatal(err)
		default:
			kept = append(kept, r)
		}
	}
	return kept, strays
}

// MustKeep fails the test unless a ledger keeps just these receipts, and an
// audit counts them.
func MustKeep(t testing.TB, l ledger.Ledger, want ...ledger.StoredReceipt) {
	t.Helper()
	kept, strays := Receipts(t, l)
	if len(kept) != len(want) || strays != 0 {
		t.Errorf("%d receipts and %d strays, want %d receipts", len(kept), strays, len(want))
	}
	for _, w := range want {
		if !slices.ContainsFunc(kept, func(r ledger.StoredReceipt) bool { return r.Size == w.Size && bytes.Equal(r.Data, w.Data) }) {
			t.Errorf("the receipt %s is not there", w.Data)
		}
	}
	report, err := l.(ledger.Auditor).Audit(context.Background(), nil)
	if err != nil || report.Receipts != uint64(len(want)) || report.Strays != 0 {
		t.Errorf("audit counts %d receipts and %d strays, want %d receipts: %v", report.Receipts, report.Strays, len(want), err)
	}
}

// noReceipts is of a ledger that keeps none.
func (p Place) noReceipts(t *testing.T) {
	ctx := context.Background()
	l := p.Fill(t, Options(t), Leaves(0, 3))
	MustKeep(t, l)
	if p.Writable {
		return
	}
	if err := l.(ledger.ReceiptKeeper).KeepReceipts(ctx, []ledger.StoredReceipt{Receipt(3, 0)}); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("keep: %v, want ErrReadOnly", err)
	}
}

// keep keeps receipts between appends, and finds all of them again.
func (p Place) keep(t *testing.T) {
	ctx := context.Background()
	o := Options(t)
	l := p.Fill(t, o, Leaves(0, 250))
	keeper := l.(ledger.ReceiptKeeper)
	before, err := l.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var kept []ledger.StoredReceipt
	for name, batch := range map[string][]ledger.StoredReceipt{
		"none":                       nil,
		"one":                        {Receipt(250, 0)},
		"several of several sizes":   {Receipt(250, 1), Receipt(7, 0), Receipt(0, 0)},
		"one as large as can be":     {{Size: 9, Data: bytes.Repeat([]byte("x"), ledger.MaxStoredReceipt)}},
		"one that is no JSON at all": {{Size: 9, Data: []byte{0, 1, 0xff}}},
		"twice in one batch":         {Receipt(8, 8), Receipt(8, 8)},
	} {
		if err := keeper.KeepReceipts(ctx, batch); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := keeper.KeepReceipts(ctx, batch); err != nil {
			t.Fatalf("%s, again: %v", name, err)
		}
		if name == "twice in one batch" {
			batch = batch[:1]
		}
		kept = append(kept, batch...)
	}
	MustKeep(t, l, kept...)
	if after, err := l.Head(ctx); err != nil || !bytes.Equal(after.Raw, before.Raw) {
		t.Errorf("a receipt changed the log: %v", err)
	}
	if _, err := l.Append(ctx, before, Leaves(250, 260)); err != nil {
		t.Errorf("append after the head before: %v", err)
	}
	mustAudit(t, l, 260)
	MustKeep(t, l, kept...)
	p.order(t, l)
}

// order checks that the receipts of the newest heads come first, in an order
// that stays.
func (p Place) order(t *testing.T, l ledger.Ledger) {
	first, _ := Receipts(t, l)
	again, _ := Receipts(t, l)
	for i, r := range first {
		if i > 0 && r.Size > first[i-1].Size {
			t.Errorf("a receipt of %d leaves after one of %d", r.Size, first[i-1].Size)
		}
		if !bytes.Equal(r.Data, again[i].Data) {
			t.Error("the order is another the second time")
		}
	}
	for range l.(ledger.ReceiptKeeper).Receipts(context.Background()) {
		break // who stops is asked no more
	}
}

func (p Place) receiptLimits(t *testing.T) {
	ctx := context.Background()
	l := p.Fill(t, Options(t), Leaves(0, 3))
	keeper := l.(ledger.ReceiptKeeper)
	for name, bad := range map[string]ledger.StoredReceipt{
		"empty":                {Size: 3},
		"too large":            {Size: 3, Data: make([]byte, ledger.MaxStoredReceipt+1)},
		"of an impossible log": {Size: 1 << 60, Data: []byte("x")},
	} {
		if err := keeper.KeepReceipts(ctx, []ledger.StoredReceipt{Receipt(3, 0), bad}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	MustKeep(t, l)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := keeper.KeepReceipts(cancelled, []ledger.StoredReceipt{Receipt(3, 0)}); !errors.Is(err, context.Canceled) {
		t.Errorf("keep: %v, want context.Canceled", err)
	}
	for _, err := range keeper.Receipts(cancelled) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("receipts: %v, want context.Canceled", err)
		}
	}
}
