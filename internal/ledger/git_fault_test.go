// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

// A remote that refuses ends the append soon, and loses nothing.
func TestPushRefused200Times(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	l := h.open(t, h.o)
	h.RefusePushes(200)
	_, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(3, 5))
	if !errors.Is(err, ledger.ErrRefused) || errors.Is(err, ledger.ErrUnreachable) {
		t.Errorf("append: %v, want ErrRefused", err)
	}
	if _, err := l.Submit(ctx, ledgertest.Leaves(3, 5)); !errors.Is(err, ledger.ErrRefused) {
		t.Errorf("submit: %v, want ErrRefused", err)
	}
	if n := h.Counts().Pushes; n > 10 {
		t.Errorf("%d pushes for two refusals", n)
	}
	mustHold(t, l, ledgertest.Leaves(0, 3)...)
	h.RefusePushes(2) // a passing whim
	h.append(t, l.Ledger, ledgertest.Leaves(3, 5))
	mustHold(t, l, ledgertest.Leaves(0, 5)...)
}

// A push whose answer was lost is found out to have been done: the receipts
// are of the first time, and the same append sent again gives duplicates.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	l := h.open(t, h.o)
	before := head(t, l)
	h.DropAnswer(1)
	for i, r := range h.append(t, l.Ledger, ledgertest.Leaves(3, 5)) {
		if r.Duplicate || r.Index != uint64(3+i) {
			t.Errorf("receipt %d: %+v", i, r)
		}
	}
	again, err := h.open(t, cached(t, h.o)).Append(ctx, before, ledgertest.Leaves(3, 5))
	if err != nil || !again[0].Duplicate || again[1].Index != 4 {
		t.Errorf("after the old head again: %+v, %v", again, err)
	}
	h.DropAnswer(1)
	if _, err := l.Submit(ctx, ledgertest.Leaves(7, 8)); err != nil {
		t.Errorf("submit: %v", err)
	}
	mustHold(t, l, ledgertest.Leaves(0, 5)...)
}

func TestRemoteOutOfReach(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	l := h.open(t, h.o)
	now := head(t, l)
	_, pending := l.Pending(ctx)
	if pending != nil {
		t.Fatal(pending)
	}
	h.Down(true)
	_, append := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(3, 5))
	_, submit := l.Submit(ctx, ledgertest.Leaves(3, 5))
	_, headErr := l.Head(ctx)
	_, pending = l.Pending(ctx)
	_, opened := ledger.Open(ctx, "git:"+h.URL, cached(t, h.o))
	_, nobody := ledger.Open(ctx, "git:"+h.URL+"x", cached(t, h.o))
	_, created := ledger.Create(ctx, "git:"+h.URL+"?branch=other", cached(t, h.o))
	_, repaired := l.Repair(ctx, proof.Checkpoint{})
	for what, err := range map[string]error{
		"append": append, "submit": submit, "head": headErr, "pending": pending, "open": opened, "open nothing": nobody, "create": created,
		"confirm": l.Confirm(ctx, now), "repair": repaired,
	} {
		if !errors.Is(err, ledger.ErrUnreachable) {
			t.Errorf("%s: %v, want ErrUnreachable", what, err)
		}
	}
	for e, err := range l.Read(ctx, 0, 3) {
		if err != nil || e.Body == nil {
			t.Errorf("what was fetched can't be read: %v", err)
		}
	}
	h.Down(false)
	h.ReadOnly(true)
	if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(3, 5)); !errors.Is(err, ledger.ErrRefused) {
		t.Errorf("append where we may only read: %v, want ErrRefused", err)
	}
	if err := l.Confirm(ctx, now); !errors.Is(err, ledger.ErrUnreachable) {
		t.Errorf("confirm where we may only read: %v, want ErrUnreachable", err)
	}
	h.ReadOnly(false)
	mustHold(t, l, ledgertest.Leaves(0, 3)...)
}

// Whoever pushes between our fetch and our push wins, and nothing of ours is
// lost: an append after a head says that it moved, any other follows.
func TestSomebodyElsePushesFirst(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	l, other := h.open(t, h.o), h.open(t, cached(t, h.o))
	before := head(t, l)
	next := 100
	h.BeforePush(func() {
		h.BeforePush(nil)
		h.append(t, other.Ledger, ledgertest.Leaves(next, next+1))
		next++
	})
	if r := h.append(t, l.Ledger, ledgertest.Leaves(3, 5)); r[0].Index != 4 || r[0].Duplicate {
		t.Errorf("after any head: %+v", r[0])
	}
	if _, err := l.Append(ctx, before, ledgertest.Leaves(7, 8)); !errors.Is(err, ledger.ErrHeadMoved) {
		t.Errorf("after the head before: %v, want ErrHeadMoved", err)
	}
	now := head(t, l)
	h.BeforePush(func() {
		h.BeforePush(nil)
		h.append(t, other.Ledger, ledgertest.Leaves(next, next+1))
	})
	if _, err := l.Append(ctx, now, ledgertest.Leaves(7, 8)); !errors.Is(err, ledger.ErrHeadMoved) {
		t.Errorf("after the head that was the newest when we looked: %v, want ErrHeadMoved", err)
	}
	if err := l.Confirm(ctx, now); !errors.Is(err, ledger.ErrHeadMoved) {
		t.Errorf("confirm it: %v, want ErrHeadMoved", err)
	}
	if err := l.Confirm(ctx, head(t, l)); err != nil {
		t.Errorf("confirm the newest: %v", err)
	}
	mustHold(t, l, append(ledgertest.Leaves(0, 5), ledgertest.Leaves(100, 102)...)...)
}

// What is done to the branch is noticed by whoever saw it before: by this
// process, by the next one with the same cache, and by the caller who
// remembers a head.
func TestRewrittenBranchIsNoticed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range map[string]struct {
		do         func(h *hosted, first string)
		warm, cold error // of who has seen it, and of who has not
	}{
		"deleted":         {func(h *hosted, _ string) { h.Git("update-ref", "-d", logRef) }, ledger.ErrRollback, ledger.ErrNotLedger},
		"reset to before": {func(h *hosted, first string) { h.Git("update-ref", logRef, first) }, ledger.ErrRollback, nil},
		"emptied":         {func(h *hosted, _ string) { h.forge(t, logRef, map[string][]byte{"README.md": nil}) }, ledger.ErrTampered, ledger.ErrTampered},
		"another tree":    {func(h *hosted, _ string) { h.forge(t, logRef, map[string][]byte{"main.go": []byte("package main")}) }, ledger.ErrTampered, ledger.ErrTampered},
		"forked by the same key": {func(h *hosted, first string) {
			h.Git("update-ref", logRef, first)
			h.append(t, h.open(t, cached(t, h.o)).Ledger, ledgertest.Leaves(500, 600))
		}, ledger.ErrTampered, nil},
		"another log": {func(h *hosted, _ string) {
			h.Git("update-ref", "-d", logRef)
			if _, err := ledger.Create(ctx, "git:"+h.URL, cached(t, optionsNamed(t, "other.example"))); err != nil {
				t.Error(err)
			}
		}, ledger.ErrKey, ledger.ErrKey},
		"another key": {func(h *hosted, _ string) {
			h.Git("update-ref", "-d", logRef)
			if _, err := ledger.Create(ctx, "git:"+h.URL, cached(t, ledgertest.Options(t))); err != nil {
				t.Error(err)
			}
		}, ledger.ErrKey, ledger.ErrKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newLocal(t, ledgertest.Leaves(0, 3))
			first := h.at(logRef)
			l := h.open(t, h.o)
			h.append(t, l.Ledger, ledgertest.Leaves(3, 5))
			remembered := head(t, l)
			c.do(h, first)
			_, headErr := l.Head(ctx)
			_, appendErr := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(7, 8))
			_, pendingErr := l.Pending(ctx)
			_, openErr := ledger.Open(ctx, "git:"+h.URL, h.o)
			for what, err := range map[string]error{"head": headErr, "append": appendErr, "pending": pendingErr, "open with the same cache": openErr} {
				if !errors.Is(err, c.warm) {
					t.Errorf("%s: %v, want %v", what, err, c.warm)
				}
			}
			if err := l.Confirm(ctx, remembered); err == nil {
				t.Error("confirm: no error")
			}
			fresh, err := ledger.Open(ctx, "git:"+h.URL, cached(t, h.o))
			if !errors.Is(err, c.cold) || c.cold == nil && err != nil {
				t.Errorf("open with a new cache: %v, want %v", err, c.cold)
			}
			if err == nil {
				if err := ledger.CheckGrowth(ctx, fresh, remembered); !errors.Is(err, c.warm) {
					t.Errorf("check of growth: %v, want %v", err, c.warm)
				}
			}
			if _, err := ledger.Create(ctx, "git:"+h.URL, h.o); !errors.Is(err, ledger.ErrExists) && !errors.Is(err, ledger.ErrRollback) {
				t.Errorf("create: %v", err)
			}
		})
	}
}

// A force push between our fetch and our push is a lost lease, and then
// noticed.
func TestForcePushBetweenFetchAndPush(t *testing.T) {
	t.Parallel()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	first := h.at(logRef)
	l := h.open(t, h.o)
	h.append(t, l.Ledger, ledgertest.Leaves(3, 5))
	h.BeforePush(func() {
		h.BeforePush(nil)
		h.Git("update-ref", logRef, first)
	})
	if _, err := l.Append(context.Background(), proof.Checkpoint{}, ledgertest.Leaves(7, 8)); !errors.Is(err, ledger.ErrRollback) {
		t.Errorf("append: %v, want ErrRollback", err)
	}
	if now := h.at(logRef); now != first {
		t.Errorf("the branch was pushed over: %s", now)
	}
}

// A mirror that lags behind shows an old head. Nothing is ever appended after
// it, and nobody says that it is the newest.
func TestStaleMirror(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	mirror := filepath.Join(t.TempDir(), "mirror.git")
	h.In(h.Home, "clone", "--quiet", "--mirror", h.Dir, mirror)
	h.append(t, h.open(t, h.o).Ledger, ledgertest.Leaves(3, 5))
	mirrored := func(o ledger.Options) ledger.Ledger {
		o.Git.Remote = git.Remote{URL: mirror, PushURL: h.Dir}
		l, err := ledger.Open(ctx, "git:origin", o)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	// Who only reads sees what the mirror has, and can find out that it is old.
	reader := cached(t, h.o)
	reader.Signer = nil
	l := mirrored(reader)
	old := head(t, l)
	if old.Size != 3 {
		t.Fatalf("the mirror shows %d leaves", old.Size)
	}
	if err := l.(ledger.Confirmer).Confirm(ctx, old); !errors.Is(err, ledger.ErrHeadMoved) {
		t.Errorf("confirm: %v, want ErrHeadMoved", err)
	}
	// Who writes reads where it is written.
	l = mirrored(cached(t, h.o))
	if now := head(t, l); now.Size != 5 {
		t.Errorf("the holder of the key is shown %d leaves", now.Size)
	}
	if _, err := l.Append(ctx, old, ledgertest.Leaves(7, 8)); !errors.Is(err, ledger.ErrHeadMoved) {
		t.Errorf("append after the mirror's head: %v, want ErrHeadMoved", err)
	}
	if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(7, 8)); err != nil {
		t.Errorf("append: %v", err)
	}
	mustHold(t, h.open(t, cached(t, h.o)), append(ledgertest.Leaves(0, 5), ledgertest.Leaf(7))...)
}

// Two writers who hold the key, each with events of its own.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	var all []ledger.Leaf
	var work sync.WaitGroup
	for w := range 2 {
		l := h.open(t, cached(t, h.o))
		leaves := ledgertest.Leaves(10*w, 10*w+5)
		all = append(all, leaves...)
		work.Go(func() {
			for _, leaf := range leaves {
				if _, err := l.Append(context.Background(), proof.Checkpoint{}, []ledger.Leaf{leaf}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	mustHold(t, h.open(t, cached(t, h.keys)), all...)
}

// A writer that is killed when its push is done and its receipt is not: what
// it appended is there, and is found there by the next one.
func TestKillBetweenPushAndReceipt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShared(t)
	h := newHosted(t)
	h.Git("update-ref", "-d", logRef)
	if _, err := ledger.Create(ctx, "git:"+h.Dir, cached(t, s.o)); err != nil {
		t.Fatal(err)
	}
	pid := filepath.Join(h.Home, "child.pid")
	hook := "#!/bin/sh\nwhile ! [ -s '" + pid + "' ]; do sleep 0.01; done\nkill -9 \"$(cat '" + pid + "')\"\n"
	if err := os.WriteFile(filepath.Join(h.Dir, "hooks", "post-receive"), []byte(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	for round := range 2 {
		c := s.child(t, round, round+10)
		c.Env = append(c.Env, childFolder+"=git:"+h.Dir, childCache+"="+cache)
		write(t, pid, "")
		var out strings.Builder
		c.Stdout = &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		write(t, pid, fmt.Sprint(c.Process.Pid))
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.Exited() || out.Len() > 0 {
			t.Fatalf("the child was not killed before its receipt: %v, %q", err, out.String())
		}
		if err := os.Remove(pid); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(h.Dir, "hooks", "post-receive")); err != nil {
		t.Fatal(err)
	}
	o := s.o
	o.Git.Cache = cache
	l := h.open(t, o)
	mustHold(t, l, ledgertest.Leaves(0, 2)...)
	receipts := h.append(t, l.Ledger, ledgertest.Leaves(0, 3))
	for i, r := range receipts {
		if r.Index != uint64(i) || r.Duplicate != (i < 2) || r.Verify(ledgertest.Leaf(i).Data, o.Keys) != nil {
			t.Errorf("leaf %d again: %+v", i, r)
		}
	}
	mustHold(t, l, ledgertest.Leaves(0, 3)...)
}
