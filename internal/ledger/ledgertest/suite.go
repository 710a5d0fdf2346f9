// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/proof"
)

// A Place is where the suite's ledgers are made.
type Place struct {
	// Fill returns a new ledger that holds these batches of leaves.
	Fill func(t *testing.T, o ledger.Options, batches ...[]ledger.Leaf) ledger.Ledger

	// Writable says that the ledger can be appended to.
	Writable bool

	// Slow says that making a ledger takes more than some milliseconds: then
	// fewer are made.
	Slow bool
}

// Run checks what package ledger promises of a ledger.
func Run(t *testing.T, p Place) {
	t.Run("empty", p.empty)
	t.Run("read", p.read)
	t.Run("prove", p.prove)
	t.Run("audit", p.audit)
	t.Run("blob", p.blob)
	t.Run("cancelled", p.cancelled)
	t.Run("no receipts", p.noReceipts)
	if !p.Writable {
		t.Run("read only", p.readOnly)
		return
	}
	p.runWrites(t)
}

// sizes are around every edge that a tree of tiles has, short of 65536.
func (p Place) sizes() []int {
	if p.Slow {
		return []int{257}
	}
	return []int{1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 700}
}

func (p Place) empty(t *testing.T) {
	ctx := context.Background()
	l := p.Fill(t, Options(t))
	head, err := l.Head(ctx)
	if err != nil || head.Size != 0 || head.Root != proof.EmptyRoot() || head.Origin != Origin {
		t.Errorf("head = %+v, %v", head, err)
	}
	for e, err := range l.Read(ctx, 0, 0) {
		t.Errorf("read of nothing yields %v, %v", e, err)
	}
	if _, err := l.Prove(ctx, 0, 0); err == nil {
		t.Error("there is a proof of leaf 0 of no leaves")
	}
	report, err := l.(ledger.Auditor).Audit(ctx, nil)
	if err != nil || report.Entries != 0 {
		t.Errorf("audit = %+v, %v", report, err)
	}
}

func (p Place) read(t *testing.T) {
	ctx := context.Background()
	for _, size := range p.sizes() {
		l := p.Fill(t, Options(t), halves(Leaves(0, size))...)
		next := 0
		for e, err := range l.Read(ctx, 0, uint64(size)) {
			if err != nil {
				t.Fatalf("size %d: %v", size, err)
			}
			if want := Leaf(next); e.Index != uint64(next) || !bytes.Equal(e.Data, want.Data) || !bytes.Equal(e.Body, want.Body) {
				t.Fatalf("size %d: entry %d = %+v", size, next, e)
			}
			next++
		}
		if next != size {
			t.Errorf("size %d: %d entries", size, next)
		}
	}
	l := p.Fill(t, Options(t), Leaves(0, 600))
	for name, r := range map[string]struct{ from, to, count uint64 }{
		"inside one bundle":   {3, 5, 2},
		"across bundles":      {200, 515, 315},
		"the last entry":      {599, 600, 1},
		"nothing":             {300, 300, 0},
		"nothing, at the end": {600, 600, 0},
	} {
		var count uint64
		for e, err := range l.Read(ctx, r.from, r.to) {
			if err != nil || e.Index != r.from+count {
				t.Errorf("%s: entry %d, %v", name, e.Index, err)
			}
			count++
		}
		if count != r.count {
			t.Errorf("%s: %d entries, want %d", name, count, r.count)
		}
	}
	for name, r := range map[string]struct{ from, to uint64 }{
		"past the end": {0, 601},
		"backwards":    {5, 4},
	} {
		if err := firstError(l.Read(ctx, r.from, r.to)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func (p Place) prove(t *testing.T) {
	ctx := context.Background()
	for _, size := range p.sizes() {
		o := Options(t)
		l := p.Fill(t, o, halves(Leaves(0, size))...)
		head, err := l.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i := range size {
			p, err := l.Prove(ctx, uint64(i), uint64(size))
			if err != nil {
				t.Fatalf("leaf %d of %d: %v", i, size, err)
			}
			r := proof.Receipt{Index: uint64(i), Proof: p, Checkpoint: head}
			if err := r.Verify(Leaf(i).Data, o.Keys); err != nil {
				t.Fatalf("leaf %d of %d: %v", i, size, err)
			}
		}
		for old := 1; old <= size; old += 1 + size/40 {
			p, err := l.Consistency(ctx, uint64(old), uint64(size))
			if err != nil {
				t.Fatalf("growth from %d to %d: %v", old, size, err)
			}
			before := proof.Checkpoint{Origin: Origin, Size: uint64(old), Root: root(Leaves(0, old))}
			if err := proof.Consistency(p, before, head); err != nil {
				t.Fatalf("growth from %d to %d: %v", old, size, err)
			}
		}
	}
	p.proveEarlier(t)
}

// proveEarlier asks for proofs in trees that the log has grown past.
func (p Place) proveEarlier(t *testing.T) {
	ctx := context.Background()
	l := p.Fill(t, Options(t), Leaves(0, 600))
	for _, size := range []int{1, 200, 256, 300, 512} {
		hash := tlog.RecordHash(Leaf(size - 1).Data)
		p, err := l.Prove(ctx, uint64(size-1), uint64(size))
		if err != nil {
			t.Fatalf("in the tree of %d: %v", size, err)
		}
		if err := proof.Inclusion(p, hash, uint64(size-1), uint64(size), root(Leaves(0, size))); err != nil {
			t.Errorf("in the tree of %d: %v", size, err)
		}
	}
	for name, err := range map[string]error{
		"a leaf past the tree":  second(l.Prove(ctx, 5, 5)),
		"a tree past the log":   second(l.Prove(ctx, 5, 601)),
		"growth past the log":   second(l.Consistency(ctx, 5, 601)),
		"growth that is shrink": second(l.Consistency(ctx, 6, 5)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func (p Place) audit(t *testing.T) {
	ctx := context.Background()
	for _, size := range p.sizes() {
		l := p.Fill(t, Options(t), halves(Leaves(0, size))...)
		next := uint64(0)
		report, err := l.(ledger.Auditor).Audit(ctx, func(e ledger.Entry) error {
			if e.Index != next {
				return fmt.Errorf("entry %d after %d", e.Index, next)
			}
			next++
			return Check(e)
		})
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		n := uint64(size)
		if report.Entries != n || report.Bodies != n || next != n || report.Blobs != (n+9)/10 || report.Head.Size != n {
			t.Errorf("size %d: %+v", size, report)
		}
	}
	l := p.Fill(t, Options(t), Leaves(0, 600))
	stop := errors.New("stop")
	_, err := l.(ledger.Auditor).Audit(ctx, func(e ledger.Entry) error {
		if e.Index == 300 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Errorf("the check's error is lost: %v", err)
	}
}

func (p Place) blob(t *testing.T) {
	ctx := context.Background()
	leaf := Leaf(0)
	leaf.Blobs = [][]byte{[]byte("one"), {}, bytes.Repeat([]byte("three"), 100_000)}
	bare := ledger.Leaf{Data: []byte("a leaf without a body")}
	l := p.Fill(t, Options(t), []ledger.Leaf{leaf, bare})
	for _, b := range leaf.Blobs {
		got, err := l.(ledger.BlobReader).Blob(ctx, sha256.Sum256(b))
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("document of %d bytes: %d bytes, %v", len(b), len(got), err)
		}
	}
	if _, err := l.(ledger.BlobReader).Blob(ctx, sha256.Sum256([]byte("none"))); !errors.Is(err, ledger.ErrMissing) {
		t.Errorf("unknown document: %v, want ErrMissing", err)
	}
	for e, err := range l.Read(ctx, 1, 2) {
		if err != nil || e.Body == nil || len(e.Body) != 0 {
			t.Errorf("a leaf without a body has %v, %v: want one that is empty and there", e.Body, err)
		}
	}
}

func (p Place) cancelled(t *testing.T) {
	l := p.Fill(t, Options(t), Leaves(0, 600))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, head := l.Head(ctx)
	_, audit := l.(ledger.Auditor).Audit(ctx, nil)
	for name, err := range map[string]error{
		"head": head, "audit": audit, "read": firstError(l.Read(ctx, 0, 600)), "prove": second(l.Prove(ctx, 0, 600)),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
	}
}

func (p Place) readOnly(t *testing.T) {
	l := p.Fill(t, Options(t), Leaves(0, 3))
	if _, err := l.Append(context.Background(), proof.Checkpoint{}, Leaves(3, 4)); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("append: %v, want ErrReadOnly", err)
	}
}

// halves cuts leaves in two uneven batches.
func halves(leaves []ledger.Leaf) [][]ledger.Leaf {
	k := len(leaves) * 2 / 5
	return [][]ledger.Leaf{leaves[:k], leaves[k:]}
}

// root computes the root over leaves straight from RFC 6962.
func root(leaves []ledger.Leaf) tlog.Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return tlog.RecordHash(leaves[0].Data)
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return tlog.NodeHash(root(leaves[:k]), root(leaves[k:]))
}

func firstError(entries func(func(ledger.Entry, error) bool)) error {
	for _, err := range entries {
		if err != nil {
			return err
		}
	}
	return nil
}

func second[T any](_ T, err error) error { return err }
