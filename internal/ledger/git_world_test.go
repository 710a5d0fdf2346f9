// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/git/gittest"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

const (
	logRef     = "refs/heads/gateledger/log"
	pending    = "refs/gateledger/pending/"
	quarantine = "refs/gateledger/quarantine/"
)

// A hosted is a git: ledger on a server, and somebody else who can push
// there whatever he likes.
type hosted struct {
	*gittest.Server
	o    ledger.Options // of the one who holds the key; with a cache
	keys ledger.Options // of who does not
	bare *git.Bare
}

func newHosted(t testing.TB, batches ...[]ledger.Leaf) *hosted {
	t.Helper()
	h := &hosted{Server: gittest.Serve(t, gittest.Options{}), o: cached(t, ledgertest.Options(t))}
	h.keys = ledger.Options{Keys: h.o.Keys}
	l, err := ledger.Create(context.Background(), "git:"+h.Dir, h.o)
	if err != nil {
		t.Fatal(err)
	}
	for _, leaves := range batches {
		h.append(t, l, leaves)
	}
	if h.bare, err = git.OpenBare(context.Background(), t.TempDir(), os.Getenv); err != nil {
		t.Fatal(err)
	}
	return h
}

// newLocal is a hosted ledger that is reached by its folder, which is faster.
func newLocal(t testing.TB, batches ...[]ledger.Leaf) *hosted {
	t.Helper()
	h := newHosted(t, batches...)
	h.URL = h.Dir
	return h
}

func (h *hosted) append(t testing.TB, l ledger.Ledger, leaves []ledger.Leaf) []proof.Receipt {
	t.Helper()
	receipts, err := l.Append(context.Background(), proof.Checkpoint{}, leaves)
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

// open opens the ledger with the cache of o, which may be a new one.
func (h *hosted) open(t testing.TB, o ledger.Options) *opened {
	t.Helper()
	l, err := ledger.Open(context.Background(), "git:"+h.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	return &opened{Ledger: l, Inbox: l.(ledger.Inbox), Confirmer: l.(ledger.Confirmer), Repairer: l.(ledger.Repairer), Auditor: l.(ledger.Auditor), BlobReader: l.(ledger.BlobReader)}
}

// An opened is all that a git: ledger is.
type opened struct {
	ledger.Ledger
	ledger.Inbox
	ledger.Confirmer
	ledger.Repairer
	ledger.Auditor
	ledger.BlobReader
}

// at is where a ref stands, or nothing.
func (h *hosted) at(ref string) string {
	return h.Git("for-each-ref", "--format=%(objectname)", ref)
}

// forge puts a commit of these files on a ref, whatever is there.
func (h *hosted) forge(t testing.TB, ref string, files map[string][]byte) string {
	t.Helper()
	return h.forgeDraft(t, ref, git.Draft{Put: files})
}

func (h *hosted) forgeDraft(t testing.TB, ref string, d git.Draft) string {
	t.Helper()
	ctx := context.Background()
	remote := git.Remote{URL: h.Dir}
	if d.Base != "" {
		if _, err := h.bare.Fetch(ctx, remote, logRef); err != nil {
			t.Fatal(err)
		}
	}
	d.When = time.Unix(1_800_000_000, 0)
	commit, err := h.bare.Commit(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.bare.Push(ctx, remote, git.Update{Ref: ref, Old: h.at(ref), New: commit}); err != nil {
		t.Fatal(err)
	}
	return commit
}

// mustHold fails the test unless the log is whole and its leaves are just
// these, in any order, each once.
func mustHold(t testing.TB, l *opened, leaves ...ledger.Leaf) {
	t.Helper()
	ctx := context.Background()
	now, err := l.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Audit(ctx, nil); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for e, err := range l.Read(ctx, 0, now.Size) {
		if err != nil {
			t.Fatal(err)
		}
		got[string(e.Data)]++
	}
	for _, leaf := range leaves {
		if n := got[string(leaf.Data)]; n != 1 {
			t.Errorf("the leaf with body %q is there %d times", leaf.Body, n)
		}
	}
	if int(now.Size) != len(leaves) {
		t.Errorf("the log has %d leaves, want %d", now.Size, len(leaves))
	}
}

// InStdin runs git in the repository with something to read.
func (h *hosted) InStdin(t testing.TB, text string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = h.Dir, strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}
