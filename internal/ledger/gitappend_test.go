// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/git/gittest"
	"github.com/gateledger/gateledger/internal/proof"
)

// newWriters makes a ledger on a server and returns two who hold its key, who
// wait for nobody.
func newWriters(t *testing.T, s *gittest.Server) (a, b *gitLedger) {
	t.Helper()
	ctx := context.Background()
	m := newMemory(t)
	o := Options{Keys: m.keys, Signer: m.signer, Git: GitOptions{Cache: t.TempDir()}}
	l, err := Create(ctx, "git:"+s.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Git.Cache, o.Git.Remote = t.TempDir(), git.Remote{URL: s.Dir} // by file: the server's hooks are not asked
	other, err := Open(ctx, "git:x", o)
	if err != nil {
		t.Fatal(err)
	}
	a, b = l.(*gitLedger), other.(*gitLedger)
	a.patience, b.patience = patience{4, time.Millisecond}, patience{4, time.Millisecond}
	return a, b
}

// A writer that always loses gives up, by its own name for that.
func TestContended(t *testing.T) {
	t.Parallel()
	s := gittest.Serve(t, gittest.Options{})
	l, other := newWriters(t, s)
	pushes := 0
	s.BeforePush(func() {
		if _, err := other.Append(context.Background(), proof.Checkpoint{}, []Leaf{{Data: fmt.Appendf(nil, "%d", pushes)}}); err != nil {
			t.Error(err)
		}
		pushes++
	})
	_, err := l.Append(context.Background(), proof.Checkpoint{}, numbered(3, 4))
	if !errors.Is(err, ErrContended) || pushes != l.tries {
		t.Errorf("append after %d pushes: %v, want ErrContended after %d", pushes, err, l.tries)
	}
	s.BeforePush(nil)
	if head, err := l.Head(context.Background()); err != nil || head.Size != uint64(pushes) {
		t.Errorf("head %+v, %v: want %d leaves", head, err, pushes)
	}
}

// A mirror that lags behind for ever is no endless loop.
func TestContendedByAStaleMirror(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := gittest.Serve(t, gittest.Options{})
	l, other := newWriters(t, s)
	mirror := t.TempDir()
	s.In(mirror, "clone", "--quiet", "--mirror", s.Dir, "mirror.git")
	if _, err := other.Append(ctx, proof.Checkpoint{}, numbered(0, 1)); err != nil {
		t.Fatal(err)
	}
	l.store.remote = git.Remote{URL: mirror + "/mirror.git", PushURL: s.URL}
	if _, err := l.Append(ctx, proof.Checkpoint{}, numbered(1, 2)); !errors.Is(err, ErrContended) {
		t.Errorf("append: %v, want ErrContended", err)
	}
	if n := s.Counts().Openings; n > 3*l.tries {
		t.Errorf("%d requests", n)
	}
}

// An append ends with its context, wherever it is.
func TestAppendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := gittest.Serve(t, gittest.Options{})
	l, _ := newWriters(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	s.BeforePush(cancel)
	if _, err := l.Append(ctx, proof.Checkpoint{}, numbered(0, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v, want context.Canceled", err)
	}
	s.BeforePush(nil)
	held, err := l.lock(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, proof.Checkpoint{}, numbered(0, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("append while another one is at it: %v, want context.Canceled", err)
	}
	held()
}

// An inbox of very many is reported a bounded number at a time, always the
// same ones, and says that there are more; each can be dealt with.
func TestPendingIsBounded(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := gittest.Serve(t, gittest.Options{})
	l, other := newWriters(t, s)
	l.maxPending = 3
	var all []Leaf
	for i := range 7 {
		all = append(all, numbered(i, i+1)...)
		if _, err := other.Submit(ctx, numbered(i, i+1)); err != nil {
			t.Fatal(err)
		}
	}
	for round, want := range []struct{ parcels, more int }{{3, 4}, {3, 1}, {1, 0}, {0, 0}} {
		parcels, err := l.Pending(ctx)
		again, errAgain := l.Pending(ctx)
		if err != nil || errAgain != nil || len(parcels) != want.parcels || len(again) != want.parcels {
			t.Fatalf("round %d: %d and %d parcels, %v, %v", round, len(parcels), len(again), err, errAgain)
		}
		if len(parcels) == 0 {
			break
		}
		if more := parcels[len(parcels)-1].More; more != want.more {
			t.Errorf("round %d: %d more, want %d", round, more, want.more)
		}
		var leaves []Leaf
		for i, p := range parcels {
			leaves = append(leaves, p.Leaves...)
			if p.Name != again[i].Name || p.Kept || p.Err != nil {
				t.Errorf("round %d: parcel %d is %+v, and then %+v", round, i, p, again[i])
			}
		}
		if _, err := l.Integrate(ctx, proof.Checkpoint{}, leaves, parcels, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range must(l.Append(ctx, proof.Checkpoint{}, all)) {
		if !r.Duplicate {
			t.Errorf("leaf %d is not in the log", i)
		}
	}
}

// However little may be held at once, nothing that was seen is forgotten.
func TestPendingHoldsLittleAndForgetsNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := gittest.Serve(t, gittest.Options{})
	l, other := newWriters(t, s)
	const count = 4
	for i := range count {
		if _, err := other.Submit(ctx, numbered(i, i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if parcels, err := l.Pending(ctx); err != nil || len(parcels) != count {
		t.Fatalf("%d parcels, %v", len(parcels), err)
	}
	for ref := range strings.SplitSeq(s.Git("for-each-ref", "--format=%(refname)", pendingRefs), "\n") {
		s.Git("update-ref", "-d", ref)
	}
	l.inbox.read, l.maxHeld = nil, 1
	for left := count; left > 0; {
		parcels, err := l.Pending(ctx)
		n := len(parcels)
		if err != nil || n == 0 || n == count || parcels[n-1].More != left-n {
			t.Fatalf("%d left: %+v, %v", left, parcels, err)
		}
		left -= n
		var leaves []Leaf
		for _, p := range parcels {
			if leaves = append(leaves, p.Leaves...); !p.Kept || p.Err != nil || len(p.Leaves) != 1 {
				t.Errorf("%+v", p)
			}
		}
		if _, err := l.Integrate(ctx, proof.Checkpoint{}, leaves, parcels, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range must(l.Append(ctx, proof.Checkpoint{}, numbered(0, count))) {
		if !r.Duplicate {
			t.Errorf("leaf %d is not in the log", i)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
