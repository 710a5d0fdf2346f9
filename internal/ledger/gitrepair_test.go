// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

// A repair publishes the last good head as one more commit after whatever the
// branch holds, without the log key, and then the log goes on.
func TestRepair(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range map[string]struct {
		do     func(h *hosted, first string)
		before string
	}{
		"nothing was wrong": {func(*hosted, string) {}, ""},
		"deleted":           {func(h *hosted, _ string) { h.Git("update-ref", "-d", logRef) }, "gone"},
		"reset to before":   {func(h *hosted, first string) { h.Git("update-ref", logRef, first) }, "rolled back"},
		"emptied":           {func(h *hosted, _ string) { h.forge(t, logRef, map[string][]byte{"x": nil}) }, "emptied"},
		"emptied, on top": {func(h *hosted, _ string) {
			tip := h.at(logRef)
			h.forgeDraft(t, logRef, git.Draft{Base: tip, Parents: []string{tip}, Delete: []string{"tail", "checkpoint", "gateledger-ledger"}})
		}, "emptied"},
		"an entry rewritten": {func(h *hosted, _ string) {
			tip := h.at(logRef)
			h.forgeDraft(t, logRef, git.Draft{Base: tip, Parents: []string{tip}, Put: map[string][]byte{"tail/0/1": []byte("x")}})
		}, "tail/0/1"},
		"a document lost": {func(h *hosted, _ string) {
			tip := h.at(logRef)
			h.forgeDraft(t, logRef, git.Draft{Base: tip, Parents: []string{tip}, Delete: []string{"blob"}})
		}, "missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newLocal(t, ledgertest.Leaves(0, 3))
			first := h.at(logRef)
			l := h.open(t, h.o)
			h.append(t, l.Ledger, ledgertest.Leaves(3, 5))
			good := head(t, l)
			c.do(h, first)
			tip := h.at(logRef)
			keyless := h.keys
			keyless.Git.Cache = h.o.Git.Cache
			r, err := ledger.Repair(ctx, "git:"+h.URL, keyless, good, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Head.Size != 5 || r.Commit != h.at(logRef) || (r.Before == "") != (c.before == "") || !strings.Contains(r.Before, c.before) {
				t.Errorf("%+v", r)
			}
			if tip != "" && tip != r.Commit && h.Git("rev-parse", r.Commit+"^") != tip {
				t.Errorf("the repair does not follow on what the branch held")
			}
			if c.before == "" && r.Commit != tip {
				t.Error("a repair of nothing made a commit")
			}
			if _, err := h.open(t, cached(t, h.keys)).Blob(ctx, sumOf(ledgertest.Leaf(0).Blobs[0])); err != nil {
				t.Error(err)
			}
			h.append(t, l.Ledger, ledgertest.Leaves(5, 7))
			mustHold(t, h.open(t, cached(t, h.keys)), ledgertest.Leaves(0, 7)...)
		})
	}
}

// Nothing that does not grow out of the head that the caller remembers is ever
// published, and nothing at all where two signed logs contradict each other.
func TestRepairRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newLocal(t, ledgertest.Leaves(0, 3))
	first := h.at(logRef)
	l := h.open(t, h.o)
	h.append(t, l.Ledger, ledgertest.Leaves(3, 5))
	good := head(t, l)
	h.Git("update-ref", logRef, first)
	if _, err := ledger.Repair(ctx, "git:"+h.URL, cached(t, h.keys), good, nil); !errors.Is(err, ledger.ErrRollback) {
		t.Errorf("with nothing but a log that was rolled back: %v, want ErrRollback", err)
	}
	h.Git("update-ref", "-d", logRef)
	if _, err := ledger.Repair(ctx, "git:"+h.URL, cached(t, h.keys), good, nil); !errors.Is(err, ledger.ErrMissing) {
		t.Errorf("with nothing at all: %v, want ErrMissing", err)
	}
	h.Git("update-ref", logRef, first)
	fork := cached(t, h.o)
	h.append(t, h.open(t, fork).Ledger, ledgertest.Leaves(50, 60))
	if _, err := l.Repair(ctx, good); err == nil || h.at(logRef) == first {
		t.Errorf("of two forks the one in the cache was published: %v", err)
	}
	if _, err := ledger.Repair(ctx, "git:"+h.URL, h.o, proof.Checkpoint{}, nil); !errors.Is(err, ledger.ErrTampered) {
		t.Errorf("of two forks: %v, want ErrTampered", err)
	}
	forked := h.at(logRef)
	other := cached(t, ledgertest.Options(t))
	if _, err := ledger.Repair(ctx, "git:"+h.URL, other, proof.Checkpoint{}, nil); !errors.Is(err, ledger.ErrKey) {
		t.Errorf("with another key: %v, want ErrKey", err)
	}
	if h.at(logRef) != forked {
		t.Error("a repair that was refused moved the branch")
	}
	if _, err := ledger.Repair(ctx, "dir:"+t.TempDir(), h.o, good, nil); err == nil {
		t.Error("a folder was repaired")
	}
}

// An export, or any other copy of the log, can be published as the branch.
func TestRepairFromACopy(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newLocal(t)
	folder := t.TempDir()
	copied := fillAt(t, folder, h.o, ledgertest.Leaves(0, 250), ledgertest.Leaves(250, 300))
	file := filepath.Join(t.TempDir(), "audit.tar")
	export(t, copied, file)
	h.append(t, h.open(t, h.o).Ledger, ledgertest.Leaves(0, 3))
	for what, other := range map[string]ledger.Ledger{"dir": copied, "tar": open(t, "tar:"+file, h.keys)} {
		h.Git("update-ref", "-d", logRef)
		r, err := ledger.Repair(ctx, "git:"+h.URL, cached(t, h.keys), head(t, copied), other)
		if err != nil || r.Head.Size != 300 || r.Source != "the given copy" {
			t.Fatalf("from a %s: %+v, %v", what, r, err)
		}
		again := filepath.Join(t.TempDir(), "again.tar")
		export(t, h.open(t, cached(t, h.keys)).Ledger, again)
		if !equalFiles(t, file, again) {
			t.Errorf("from a %s: the export of the branch is another", what)
		}
	}
	mustHold(t, h.open(t, cached(t, h.keys)), ledgertest.Leaves(0, 300)...)
	foreign := fillAt(t, t.TempDir(), ledgertest.Options(t), ledgertest.Leaves(0, 400))
	if r, err := ledger.Repair(ctx, "git:"+h.URL, cached(t, h.keys), proof.Checkpoint{}, foreign); err != nil || r.Head.Size != 300 || r.Before != "" {
		t.Errorf("a copy that other keys signed: %+v, %v", r, err)
	}
}
