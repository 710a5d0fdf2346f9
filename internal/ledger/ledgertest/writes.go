// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/proof"
)

func (p Place) runWrites(t *testing.T) {
	t.Run("receipts", p.receipts)
	t.Run("duplicates", p.duplicates)
	t.Run("after a head", p.afterHead)
	t.Run("all or nothing", p.allOrNothing)
	t.Run("limits", p.limits)
	t.Run("large bodies", p.largeBodies)
	t.Run("keep receipts", p.keep)
	t.Run("limits of receipts", p.receiptLimits)
}

// anyHead is the head that an append may always follow.
var anyHead proof.Checkpoint

func (p Place) receipts(t *testing.T) {
	ctx := context.Background()
	o := Options(t)
	l := p.Fill(t, o)
	next := 0
	for _, size := range []int{1, 1, 5, 249, 1, 255, 256, 257, 600} {
		leaves := Leaves(next, next+size)
		receipts, err := l.Append(ctx, anyHead, leaves)
		if err != nil {
			t.Fatalf("batch of %d after %d: %v", size, next, err)
		}
		for i, r := range receipts {
			if r.Index != uint64(next+i) || r.Duplicate {
				t.Fatalf("receipt %d of a batch after %d: index %d, duplicate %v", i, next, r.Index, r.Duplicate)
			}
			if err := r.Verify(leaves[i].Data, o.Keys); err != nil {
				t.Fatalf("receipt %d of a batch after %d: %v", i, next, err)
			}
			if again, err := proof.ParseReceipt(r.Marshal(), o.Keys); err != nil || again.Verify(leaves[i].Data, o.Keys) != nil {
				t.Fatalf("receipt %d of a batch after %d does not survive its text form: %v", i, next, err)
			}
		}
		next += size
	}
	mustAudit(t, l, uint64(next))
	if receipts, err := l.Append(ctx, anyHead, nil); len(receipts) != 0 || err != nil {
		t.Errorf("append of nothing: %v, %v", receipts, err)
	}
}

func (p Place) duplicates(t *testing.T) {
	ctx := context.Background()
	o := Options(t)
	l := p.Fill(t, o, Leaves(0, 300))
	for name, c := range map[string]struct {
		leaves []ledger.Leaf
		index  []uint64
		fresh  []int
	}{
		"one again":               {[]ledger.Leaf{Leaf(7)}, []uint64{7}, nil},
		"all again, out of order": {[]ledger.Leaf{Leaf(299), Leaf(0)}, []uint64{299, 0}, nil},
		"new ones among old ones": {[]ledger.Leaf{Leaf(5), Leaf(1000), Leaf(6), Leaf(1001)}, []uint64{5, 300, 6, 301}, []int{1, 3}},
		"twice in one batch":      {[]ledger.Leaf{Leaf(2000), Leaf(2000)}, []uint64{300, 300}, []int{0}},
		"with its id":             {[]ledger.Leaf{{ID: ledger.ID(Leaf(9).Data), Data: Leaf(9).Data}}, []uint64{9}, nil},
	} {
		l := l
		if len(c.fresh) > 0 {
			l = p.Fill(t, o, Leaves(0, 300))
		}
		receipts, err := l.Append(ctx, anyHead, c.leaves)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, r := range receipts {
			fresh := false
			for _, f := range c.fresh {
				fresh = fresh || f == i
			}
			if r.Index != c.index[i] || r.Duplicate == fresh {
				t.Errorf("%s: receipt %d has index %d, duplicate %v", name, i, r.Index, r.Duplicate)
			}
			if err := r.Verify(c.leaves[i].Data, o.Keys); err != nil {
				t.Errorf("%s: receipt %d: %v", name, i, err)
			}
		}
		mustAudit(t, l, uint64(300+len(c.fresh)))
	}
}

func (p Place) afterHead(t *testing.T) {
	ctx := context.Background()
	o := Options(t)
	l := p.Fill(t, o, Leaves(0, 300))
	old, err := l.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, old, Leaves(300, 302)); err != nil {
		t.Fatalf("after the current head: %v", err)
	}
	fork, shrunk, foreign := old, old, old
	fork.Size, shrunk.Size, foreign.Origin = 302, 400, "other.example"
	for name, c := range map[string]struct {
		head   proof.Checkpoint
		leaves []ledger.Leaf
		want   error
	}{
		"a new leaf after an old head":                       {old, Leaves(302, 303), ledger.ErrHeadMoved},
		"no leaf after an old head":                          {old, nil, ledger.ErrHeadMoved},
		"a leaf from elsewhere after an old head":            {old, Leaves(3, 4), ledger.ErrHeadMoved},
		"the same and more after an old head":                {old, Leaves(300, 303), ledger.ErrHeadMoved},
		"the same out of order after an old head":            {old, []ledger.Leaf{Leaf(301), Leaf(300)}, ledger.ErrHeadMoved},
		"the same, retried after a lost answer":              {old, Leaves(300, 302), nil},
		"the first of the same, retried after a lost answer": {old, Leaves(300, 301), nil},
		"a head of as many leaves and another root":          {fork, Leaves(302, 303), ledger.ErrTampered},
		"a head of more leaves":                              {shrunk, Leaves(302, 303), ledger.ErrRollback},
		"a head of another log":                              {foreign, Leaves(302, 303), ledger.ErrKey},
	} {
		receipts, err := l.Append(ctx, c.head, c.leaves)
		if !errors.Is(err, c.want) || (c.want == nil && err != nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		for i, r := range receipts {
			if !r.Duplicate || r.Index != old.Size+uint64(i) || r.Verify(c.leaves[i].Data, o.Keys) != nil {
				t.Errorf("%s: receipt %d = %+v", name, i, r)
			}
		}
	}
	mustAudit(t, l, 302)
	p.afterEmpty(t)
}

// afterEmpty appends after the signed head of no leaves, which unlike the
// zero head is a condition.
func (p Place) afterEmpty(t *testing.T) {
	ctx := context.Background()
	l := p.Fill(t, Options(t))
	empty, err := l.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, empty, Leaves(0, 1)); err != nil {
		t.Errorf("after the empty head: %v", err)
	}
	if _, err := l.Append(ctx, empty, Leaves(1, 2)); !errors.Is(err, ledger.ErrHeadMoved) {
		t.Errorf("after the empty head, again: %v, want ErrHeadMoved", err)
	}
}

func (p Place) allOrNothing(t *testing.T) {
	ctx := context.Background()
	l := p.Fill(t, Options(t), Leaves(0, 3))
	wrongID := Leaf(11)
	wrongID.ID[0] = 1
	for name, bad := range map[string]ledger.Leaf{
		"no data":                  {},
		"data of 65536 bytes":      {Data: make([]byte, 65536)},
		"an id that is not its":    wrongID,
		"a body over the limit":    {Data: []byte("x"), Body: make([]byte, ledger.MaxBody+1)},
		"documents over the limit": {Data: []byte("x"), Blobs: make([][]byte, ledger.MaxBlobs+1)},
	} {
		if _, err := l.Append(ctx, anyHead, []ledger.Leaf{Leaf(10), bad, Leaf(12)}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	mustAudit(t, l, 3)
}

func (p Place) limits(t *testing.T) {
	ctx := context.Background()
	o := Options(t)
	l := p.Fill(t, o)
	largest := ledger.Leaf{Data: bytes.Repeat([]byte("x"), 65535)}
	receipts, err := l.Append(ctx, anyHead, []ledger.Leaf{largest})
	if err != nil || receipts[0].Verify(largest.Data, o.Keys) != nil {
		t.Errorf("an entry of 65535 bytes: %v", err)
	}
	if _, err := l.Append(ctx, anyHead, make([]ledger.Leaf, 1<<16+1)); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("a batch of 65537 leaves: %v, want ErrTooLarge", err)
	}
}

// largeBodies appends more than one run takes, in one batch and singly.
func (p Place) largeBodies(t *testing.T) {
	ctx := context.Background()
	l := p.Fill(t, Options(t), Leaves(0, 250))
	var leaves []ledger.Leaf
	for i := range 12 {
		leaves = append(leaves, ledger.Leaf{Data: []byte{byte(i)}, Body: bytes.Repeat([]byte{byte(i)}, 3<<20)})
	}
	for _, batch := range [][]ledger.Leaf{leaves[:8], leaves[8:9], leaves[9:]} {
		if _, err := l.Append(ctx, anyHead, batch); err != nil {
			t.Fatal(err)
		}
	}
	for e, err := range l.Read(ctx, 250, 262) {
		if err != nil {
			t.Fatal(err)
		}
		if want := leaves[e.Index-250].Body; !bytes.Equal(e.Body, want) {
			t.Errorf("body %d is another", e.Index)
		}
	}
	if _, err := l.(ledger.Auditor).Audit(ctx, nil); err != nil {
		t.Error(err)
	}
}

// mustAudit fails the test unless the ledger is whole and has size entries.
func mustAudit(t *testing.T, l ledger.Ledger, size uint64) {
	t.Helper()
	report, err := l.(ledger.Auditor).Audit(context.Background(), Check)
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	if report.Entries != size {
		t.Fatalf("audit: %d entries, want %d", report.Entries, size)
	}
}
