// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

func keep(t testing.TB, l ledger.Ledger, receipts ...ledger.StoredReceipt) {
	t.Helper()
	if err := l.(ledger.ReceiptKeeper).KeepReceipts(context.Background(), receipts); err != nil {
		t.Fatal(err)
	}
}

// A writer of receipts that dies at any change, or finds the disk full there,
// leaves each receipt whole or not at all; the next one completes it, and
// nothing half-written stays.
func TestReceiptsAreKeptWhole(t *testing.T) {
	t.Parallel()
	o := ledgertest.Options(t)
	for name, f := range map[string]fault{
		"killed":                     {torn: true, err: errors.New("killed")},
		"disk full, then room again": {once: true, torn: true, err: syscall.ENOSPC},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for ; keepFailing(t, o, f); f.at++ {
			}
			if f.at < 10 {
				t.Errorf("to keep receipts makes only %d changes: is the layer in use?", f.at)
			}
		})
	}
}

// keepFailing fails change number at, and says whether there was one.
func keepFailing(t *testing.T, o ledger.Options, f fault) bool {
	folder := t.TempDir()
	layer := &faulty{fault: f}
	l := fillAt(t, folder, o, bare(0, 3))
	before := ledgertest.Receipt(2, 0)
	keep(t, l, before)
	broken := o
	broken.Layer = func(fsys durable.FS) durable.FS { layer.FS = fsys; return layer }
	added := []ledger.StoredReceipt{ledgertest.Receipt(3, 1), ledgertest.Receipt(3, 2), before}
	failed := open(t, "dir:"+folder, broken).(ledger.ReceiptKeeper).KeepReceipts(context.Background(), added)
	if failed != nil && !errors.Is(failed, f.err) {
		t.Fatalf("change %d: %v", f.at, failed)
	}
	l = open(t, "dir:"+folder, o)
	kept, strays := ledgertest.Receipts(t, l)
	if strays != 0 || len(kept) < 1 || failed == nil && len(kept) != 3 {
		t.Fatalf("change %d: it said %v, and there are %d receipts and %d strays", f.at, failed, len(kept), strays)
	}
	keep(t, l, added...)
	ledgertest.MustKeep(t, l, added...)
	left, err := filepath.Glob(filepath.Join(folder, "anchor", "*", "*tmp"))
	if err != nil || len(left) > 0 && failed == nil {
		t.Errorf("change %d: half-written files stay: %q, %v", f.at, left, err)
	}
	return layer.reached()
}

// The power goes at every change while receipts are kept, and what was not synced
// is lost in whole, in part, or not at all. What was acknowledged is there
// afterwards, also where an earlier writer had died over it.
func TestPowerCutOverReceipts(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	base := newMemory()
	o.Layer = func(durable.FS) durable.FS { return base }
	folder := t.TempDir()
	fillAt(t, folder, o, bare(0, 3))
	dice := rand.New(rand.NewPCG(1, 2))
	one, two := ledgertest.Receipt(3, 1), ledgertest.Receipt(3, 2)
	for name, survives := range map[string]func() bool{
		"all unsynced is lost":  func() bool { return false },
		"all unsynced survives": func() bool { return true },
		"some of it survives":   func() bool { return dice.IntN(2) == 0 },
	} {
		cut := 0
		for reached := true; reached; cut++ {
			m := base.copy()
			o.Layer = func(durable.FS) durable.FS { return m }
			keeper := open(t, "dir:"+folder, o).(ledger.ReceiptKeeper)
			m.budget = cut
			err := keeper.KeepReceipts(ctx, []ledger.StoredReceipt{one})
			if err == nil {
				err = keeper.KeepReceipts(ctx, []ledger.StoredReceipt{one, two})
			}
			reached = m.budget == 0
			died := &memory{now: clone(m.now), safe: clone(m.safe), budget: -1} // the process alone; another one comes; then the power goes
			m.restore(survives)
			l := open(t, "dir:"+folder, o)
			kept, strays := ledgertest.Receipts(t, l)
			if strays > 0 || err == nil && len(kept) != 2 {
				t.Fatalf("%s, cut %d: it said %v, and there are %d receipts, %d strays", name, cut, err, len(kept), strays)
			}
			m = died
			keep(t, open(t, "dir:"+folder, o), one, two)
			m.restore(func() bool { return false })
			ledgertest.MustKeep(t, open(t, "dir:"+folder, o), one, two)
		}
		if cut < 10 {
			t.Errorf("%s: only %d changes: is the layer in use?", name, cut)
		}
	}
}

// What somebody puts among the receipts is counted, and stops nobody.
func TestStraysAmongReceipts(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	folder := t.TempDir()
	l := fillAt(t, folder, o, ledgertest.Leaves(0, 3))
	good := ledgertest.Receipt(3, 0)
	keep(t, l, good)
	name := func(size, text string) string {
		return filepath.Join(folder, "anchor", size, fmt.Sprintf("%x.json", sha256.Sum256([]byte(text))))
	}
	large := strings.Repeat("x", ledger.MaxStoredReceipt+1)
	for file, text := range map[string]string{
		name("3", "one thing"):                         "another",
		name("3", large):                               large,
		name("03", "x"):                                "x",
		name("-1", "x"):                                "x",
		name("99999999999999999999999", "x"):           "x",
		filepath.Join(folder, "anchor", "README"):      "x",
		filepath.Join(folder, "anchor", "3", "README"): "x",
		filepath.Join(folder, "anchor", "3", strings.Repeat("AB", 32)+".json"):     "x",
		filepath.Join(folder, "anchor", "3", "half.json.gateledger-tmp"):           "passed over",
		filepath.Join(folder, "anchor", "3", strings.Repeat("ab", 32)+".json.bak"): "x",
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, file, text)
	}
	if err := os.Mkdir(name("3", "a folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	strays := 10
	if err := os.Symlink(filepath.Join(folder, "checkpoint"), name("3", "a link")); err == nil {
		strays++
	}
	strays += addPipe(t, name("3", "a pipe"))
	kept, got := ledgertest.Receipts(t, l)
	if len(kept) != 1 || got != strays {
		t.Errorf("%d receipts and %d strays, want 1 and %d", len(kept), got, strays)
	}
	report, err := l.(ledger.Auditor).Audit(ctx, ledgertest.Check)
	if err != nil || report.Receipts != 1 || report.Strays != uint64(strays) {
		t.Errorf("audit: %+v, %v", report, err)
	}
	if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(3, 4)); err != nil {
		t.Error(err)
	}
	keep(t, l, ledgertest.Receipt(4, 0), ledger.StoredReceipt{Size: 3, Data: []byte("one thing")})
	if kept, got = ledgertest.Receipts(t, l); len(kept) != 3 || got != strays-1 {
		t.Errorf("after more were kept: %d receipts and %d strays; a name that was taken by other bytes is made right", len(kept), got)
	}
	file := filepath.Join(t.TempDir(), "audit.tar")
	export(t, l, file)
	ledgertest.MustKeep(t, open(t, file, ledger.Options{Keys: o.Keys}), kept...)
}

// A folder of receipts that can't be read at all is one stray.
func TestReceiptsAreNoFolder(t *testing.T) {
	t.Parallel()
	o := ledgertest.Options(t)
	folder := t.TempDir()
	l := fillAt(t, folder, o, ledgertest.Leaves(0, 3))
	write(t, filepath.Join(folder, "anchor"), "x")
	if kept, strays := ledgertest.Receipts(t, l); len(kept) != 0 || strays != 1 {
		t.Errorf("%d receipts, %d strays", len(kept), strays)
	}
	if err := l.(ledger.ReceiptKeeper).KeepReceipts(context.Background(), []ledger.StoredReceipt{ledgertest.Receipt(3, 0)}); err == nil {
		t.Error("a receipt was kept where there is no room for it")
	}
	if _, err := l.(ledger.Auditor).Audit(context.Background(), ledgertest.Check); err != nil {
		t.Error(err)
	}
}

// An export carries the receipts, and an export of it is the same.
func TestExportCarriesReceipts(t *testing.T) {
	t.Parallel()
	o := ledgertest.Options(t)
	receipts := []ledger.StoredReceipt{ledgertest.Receipt(3, 0), ledgertest.Receipt(200, 1), ledgertest.Receipt(290, 2), ledgertest.Receipt(290, 3)}
	l := fillDir(t, o, ledgertest.Leaves(0, 290))
	keep(t, l, receipts...)
	data := exported(t, l)
	file := filepath.Join(t.TempDir(), "audit.tar")
	write(t, file, string(data))
	from := open(t, file, ledger.Options{Keys: o.Keys})
	ledgertest.MustKeep(t, from, receipts...)
	if string(exported(t, from)) != string(data) {
		t.Error("the export of an export is another")
	}
	other := fillDir(t, o, ledgertest.Leaves(0, 290))
	for i := len(receipts) - 1; i >= 0; i-- {
		keep(t, other, receipts[i])
	}
	if string(exported(t, other)) != string(data) {
		t.Error("the order in which receipts came is in the export")
	}
}

// Many keep receipts while others append, each through a ledger of its own.
func TestManyKeepReceipts(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	folder := t.TempDir()
	fillAt(t, folder, o, ledgertest.Leaves(0, 3))
	var all sync.WaitGroup
	var want []ledger.StoredReceipt
	for i := range 8 {
		mine := []ledger.StoredReceipt{ledgertest.Receipt(3, 0), ledgertest.Receipt(3, i+1), ledgertest.Receipt(uint64(i), 0)}
		if i == 0 {
			want = append(want, mine...)
		} else if i == 3 {
			want = append(want, mine[1])
		} else {
			want = append(want, mine[1:]...)
		}
		l := open(t, "dir:"+folder, ledger.Options{Keys: o.Keys, Layer: o.Layer})
		writer := open(t, "dir:"+folder, o)
		all.Go(func() {
			if err := l.(ledger.ReceiptKeeper).KeepReceipts(ctx, mine); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := writer.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(3+i, 4+i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	ledgertest.MustKeep(t, open(t, "dir:"+folder, o), want...)
}
