// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

func submit(t testing.TB, l *opened, leaves []ledger.Leaf) ledger.Parcel {
	t.Helper()
	p, err := l.Submit(context.Background(), leaves)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func inbox(t testing.TB, l *opened) []ledger.Parcel {
	t.Helper()
	parcels, err := l.Pending(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return parcels
}

// take integrates every parcel that can be read, as one who asks no questions
// would, and refuses the others.
func take(ctx context.Context, l *opened) ([]proof.Receipt, error) {
	parcels, err := l.Pending(ctx)
	if err != nil {
		return nil, err
	}
	var leaves []ledger.Leaf
	var done, refused []ledger.Parcel
	for _, p := range parcels {
		if p.Err != nil {
			refused = append(refused, p)
			continue
		}
		leaves, done = append(leaves, p.Leaves...), append(done, p)
	}
	return l.Integrate(ctx, proof.Checkpoint{}, leaves, done, refused)
}

func equalLeaves(a, b []ledger.Leaf) bool {
	return slices.EqualFunc(a, b, func(a, b ledger.Leaf) bool {
		return bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Body, b.Body) && slices.EqualFunc(a.Blobs, b.Blobs, bytes.Equal)
	})
}

// A writer without the key leaves a parcel; the holder of the key takes what
// is there by one push, and the inbox is empty.
func TestInbox(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	writer, holder := h.open(t, cached(t, h.keys)), h.open(t, h.o)
	one, two := submit(t, writer, ledgertest.Leaves(10, 13)), submit(t, writer, ledgertest.Leaves(20, 21))
	if again := submit(t, h.open(t, cached(t, h.keys)), ledgertest.Leaves(10, 13)); again.Name != one.Name || again.Commit != one.Commit {
		t.Errorf("the same leaves again make another parcel: %s %s", again.Name, again.Commit)
	}
	if _, err := writer.Integrate(ctx, proof.Checkpoint{}, ledgertest.Leaves(10, 13), nil, nil); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("integrate without the key: %v, want ErrReadOnly", err)
	}
	parcels := inbox(t, holder)
	if len(parcels) != 2 || !slices.IsSortedFunc(parcels, func(a, b ledger.Parcel) int { return strings.Compare(a.Name, b.Name) }) {
		t.Fatalf("pending: %+v", parcels)
	}
	for _, p := range parcels {
		want := map[string][]ledger.Leaf{one.Name: ledgertest.Leaves(10, 13), two.Name: ledgertest.Leaves(20, 21)}[p.Name]
		if p.Err != nil || p.Kept || p.More != 0 || !equalLeaves(p.Leaves, want) {
			t.Errorf("parcel %s: %v, %d leaves", p.Name, p.Err, len(p.Leaves))
		}
	}
	pushes := h.Counts().Pushes
	receipts, err := take(ctx, holder)
	if err != nil || len(receipts) != 4 {
		t.Fatalf("integrate: %d receipts, %v", len(receipts), err)
	}
	if n := h.Counts().Pushes - pushes; n != 1 {
		t.Errorf("integrating takes %d pushes", n)
	}
	if left := h.Git("for-each-ref", "refs/gateledger"); left != "" {
		t.Errorf("left in the inbox: %s", left)
	}
	if parcels := inbox(t, holder); len(parcels) != 0 {
		t.Errorf("still pending: %+v", parcels)
	}
	mustHold(t, h.open(t, cached(t, h.keys)), slices.Concat(ledgertest.Leaves(0, 3), ledgertest.Leaves(10, 13), ledgertest.Leaves(20, 21))...)
	if receipts, err := holder.Integrate(ctx, proof.Checkpoint{}, nil, nil, nil); len(receipts) != 0 || err != nil {
		t.Errorf("integrate nothing: %v, %v", receipts, err)
	}
}

// What is in the log already is taken away without a commit, and what is not
// is not taken away at all.
func TestAParcelGoesOnlyWhenItIsInTheLog(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	l := h.open(t, h.o)
	known, fresh := submit(t, l, ledgertest.Leaves(1, 3)), submit(t, l, ledgertest.Leaves(7, 8))
	before := h.at(logRef)
	if _, err := l.Integrate(ctx, proof.Checkpoint{}, nil, []ledger.Parcel{known, fresh}, nil); err == nil {
		t.Error("a parcel went whose leaf is nowhere")
	}
	garbage := fresh
	garbage.Err, garbage.Leaves = errors.New("garbage"), nil
	if _, err := l.Integrate(ctx, proof.Checkpoint{}, nil, []ledger.Parcel{garbage}, nil); err == nil {
		t.Error("a parcel that nobody could read is done")
	}
	if h.at(pending+known.Name) == "" || h.at(pending+fresh.Name) == "" {
		t.Fatal("a parcel is gone")
	}
	if _, err := l.Integrate(ctx, proof.Checkpoint{}, nil, []ledger.Parcel{known}, nil); err != nil {
		t.Error(err)
	}
	if h.at(pending+known.Name) != "" || h.at(pending+fresh.Name) == "" || h.at(logRef) != before {
		t.Error("the one that is in the log is still there, or the other gone, or the branch moved")
	}
}

// forgeries are what somebody might leave in the inbox, by name, and what the
// error says.
func forgeries(h *hosted, t *testing.T) map[string]string {
	leaf, body := string(ledgertest.Leaf(50).Data), string(ledgertest.Leaf(50).Body)
	name := func(i int) string { return fmt.Sprintf("%064x", i) }
	forged := map[string]string{}
	var stream strings.Builder
	leave := func(name string, files map[string]string, says string) {
		forged[name] = says
		fmt.Fprintf(&stream, "commit %s%s\ncommitter D <d@e> 1800000000 +0000\ndata 0\n", pending, name)
		for path, data := range files {
			fmt.Fprintf(&stream, "M 100644 inline %s\ndata %d\n%s\n", path, len(data), data)
		}
		stream.WriteString("\n")
	}
	for i, c := range []struct {
		files map[string]string
		says  string
	}{
		{map[string]string{"0/leaf": leaf, "0/body": body}, "not the hash"},
		{map[string]string{}, "no part"},
		{map[string]string{"README.md": "hello"}, "no part"},
		{map[string]string{"0/leaf": leaf}, "no part"},
		{map[string]string{"0/body": body}, "no part"},
		{map[string]string{"1/leaf": leaf, "1/body": body}, "no part"},
		{map[string]string{"0/leaf": leaf, "0/body": body, "0/blob/1": ""}, "no part"},
		{map[string]string{"0/leaf": leaf, "0/body": body, "2/leaf": leaf, "2/body": ""}, "no part"},
		{map[string]string{"00/leaf": leaf, "00/body": body}, "no part"},
		{map[string]string{"0/leaf": leaf, "0/body": body, ".gitmodules": ""}, "no part"},
		{map[string]string{"0/leaf": "", "0/body": body}, "0 bytes"},
		{map[string]string{"0/leaf": strings.Repeat("x", 65536), "0/body": body}, "65536 bytes"},
		{map[string]string{"0/leaf": leaf, "0/body": strings.Repeat("x", ledger.MaxBody+1)}, "too large"},
	} {
		leave(name(i), c.files, c.says)
	}
	many := map[string]string{}
	for i := range ledger.MaxParcelFiles + 1 {
		many[fmt.Sprintf("%d/leaf", i)] = leaf
	}
	leave(name(100), many, "files, at most")
	for _, odd := range []string{"x", "a/b/c", "a/b/d", strings.Repeat("0", 63), strings.Repeat("A", 64), "ümlaut", "-rf", strings.Repeat("long", 50)} {
		leave(odd, map[string]string{"0/leaf": leaf, "0/body": body}, "not the hash")
	}
	h.InStdin(t, stream.String(), "fast-import", "--quiet")
	// A link, a submodule, and refs that stand at no commit.
	blob := h.Git("hash-object", "-w", "hooks/pre-receive")
	for i, mode := range []string{"120000 blob " + blob, "160000 commit " + strings.Repeat("1", len(blob))} {
		tree := h.InStdin(t, mode+"\tleaf\n", "mktree", "--missing")
		h.Git("update-ref", pending+name(200+i), h.Git("commit-tree", "-m", "x", tree))
		forged[name(200+i)] = "mode"
		h.Git("update-ref", pending+name(300+i), []string{blob, tree}[i])
		forged[name(300+i)] = "no commit"
	}
	h.Git("tag", "-a", "-m", "x", "tagged", h.at(logRef))
	h.Git("update-ref", pending+name(400), h.Git("rev-parse", "refs/tags/tagged"))
	forged[name(400)] = "no commit"
	return forged
}

// Garbage in the inbox is told from parcels, hides none of them, and goes to
// quarantine, all of it by the push that integrates the others.
func TestGarbageInTheInbox(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	l := h.open(t, h.o)
	forged := forgeries(h, t)
	good := submit(t, l, ledgertest.Leaves(10, 13))
	parcels := inbox(t, l)
	if len(parcels) != len(forged)+1 {
		t.Errorf("%d parcels, want %d", len(parcels), len(forged)+1)
	}
	for _, p := range parcels {
		says, bad := forged[p.Name]
		switch {
		case !bad && (p.Name != good.Name || p.Err != nil || !equalLeaves(p.Leaves, good.Leaves)):
			t.Errorf("the good parcel: %s, %v", p.Name, p.Err)
		case bad && (p.Err == nil || len(p.Leaves) > 0 || !strings.Contains(p.Err.Error(), says)):
			t.Errorf("%.70s: %v, want one that says %q", p.Name, p.Err, says)
		}
	}
	if _, err := take(ctx, l); err != nil {
		t.Fatal(err)
	}
	if left := h.Git("for-each-ref", pending); left != "" {
		t.Errorf("left in the inbox: %s", left)
	}
	if n := strings.Count(h.Git("for-each-ref", quarantine)+"\n", "\n"); n != len(forged)-7 {
		t.Errorf("%d in quarantine, of %d", n, len(forged)) // those with odd names share one by their bytes
	}
	mustHold(t, l, slices.Concat(ledgertest.Leaves(0, 3), ledgertest.Leaves(10, 13))...)
}

// Who takes the name of a parcel with other bytes does not keep it out.
func TestTheNameOfAParcelIsTaken(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t)
	l := h.open(t, h.o)
	probe := submit(t, l, ledgertest.Leaves(10, 11))
	h.Git("update-ref", "-d", pending+probe.Name)
	forged := ledgertest.Leaf(10)
	forged.Body = []byte("another body")
	bad := h.forge(t, pending+probe.Name, map[string][]byte{"0/leaf": forged.Data, "0/body": forged.Body})
	good := submit(t, h.open(t, cached(t, h.keys)), ledgertest.Leaves(10, 11))
	if good.Name == probe.Name || good.Commit != probe.Commit {
		t.Errorf("the parcel is %s at %s", good.Name, good.Commit)
	}
	parcels := inbox(t, l)
	if len(parcels) != 2 || parcels[0].Err != nil || parcels[1].Err != nil || parcels[0].Commit != bad || parcels[1].Commit != good.Commit {
		t.Fatalf("pending: %+v", parcels)
	}
	if _, err := l.Integrate(ctx, proof.Checkpoint{}, parcels[1].Leaves, parcels[1:], parcels[:1]); err != nil {
		t.Fatal(err)
	}
	if left := h.Git("for-each-ref", pending); left != "" || h.at(quarantine+probe.Name) != bad {
		t.Errorf("left in the inbox: %q", left)
	}
}

// A parcel that was seen and is then deleted at the remote, a veto perhaps,
// is still there for whoever saw it, until it is in the log or in quarantine.
func TestADeletedParcelIsRemembered(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 3))
	veto := submit(t, h.open(t, cached(t, h.keys)), ledgertest.Leaves(10, 11))
	other := submit(t, h.open(t, cached(t, h.keys)), ledgertest.Leaves(20, 21))
	inbox(t, h.open(t, h.o))
	h.Git("update-ref", "-d", pending+veto.Name)
	h.Git("update-ref", "-d", pending+other.Name)
	for range 2 {
		l := h.open(t, h.o) // another process with the same cache
		parcels := inbox(t, l)
		if len(parcels) != 2 || !parcels[0].Kept || parcels[0].Err != nil || !parcels[1].Kept || len(parcels[1].Leaves) != 1 {
			t.Fatalf("pending: %+v", parcels)
		}
	}
	if parcels := inbox(t, h.open(t, cached(t, h.keys))); len(parcels) != 0 {
		t.Errorf("who never saw them has %+v", parcels)
	}
	l := h.open(t, h.o)
	if _, err := l.Integrate(ctx, proof.Checkpoint{}, veto.Leaves, inboxOf(inbox(t, l), veto.Name), inboxOf(inbox(t, l), other.Name)); err != nil {
		t.Fatal(err)
	}
	if h.at(quarantine+other.Name) != other.Commit {
		t.Error("the one that was refused is not in quarantine")
	}
	if parcels := inbox(t, l); len(parcels) != 0 {
		t.Errorf("still pending: %+v", parcels)
	}
	mustHold(t, l, slices.Concat(ledgertest.Leaves(0, 3), ledgertest.Leaves(10, 11))...)
}

func inboxOf(parcels []ledger.Parcel, name string) []ledger.Parcel {
	return slices.DeleteFunc(parcels, func(p ledger.Parcel) bool { return p.Name != name })
}

// What another integrator took, or put into quarantine, is not missed.
func TestAParcelThatAnotherTookIsNotMissed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t)
	l, other := h.open(t, h.o), h.open(t, cached(t, h.o))
	taken, refused, deleted := submit(t, l, ledgertest.Leaves(10, 11)), submit(t, l, ledgertest.Leaves(20, 21)), submit(t, l, ledgertest.Leaves(30, 31))
	inbox(t, l)
	inbox(t, other)
	if _, err := other.Integrate(ctx, proof.Checkpoint{}, taken.Leaves, []ledger.Parcel{taken}, []ledger.Parcel{refused}); err != nil {
		t.Fatal(err)
	}
	h.Git("update-ref", "-d", pending+deleted.Name)
	parcels := inbox(t, l)
	if len(parcels) != 1 || parcels[0].Name != deleted.Name || !parcels[0].Kept {
		t.Errorf("pending: %+v", parcels)
	}
	// Other bytes under its name do not replace it.
	forged := h.forge(t, pending+deleted.Name, map[string][]byte{"x": nil})
	parcels = inbox(t, l)
	if len(parcels) != 2 || parcels[0].Kept == parcels[1].Kept || parcels[0].Name != parcels[1].Name {
		t.Fatalf("pending: %+v", parcels)
	}
	if _, err := l.Integrate(ctx, proof.Checkpoint{}, nil, nil, parcels); err != nil {
		t.Fatal(err)
	}
	for _, commit := range []string{forged, deleted.Commit} {
		if !strings.Contains(h.Git("for-each-ref", quarantine), commit) {
			t.Errorf("%s is not in quarantine", commit)
		}
	}
	if parcels := inbox(t, l); len(parcels) != 0 {
		t.Errorf("still pending: %+v", parcels)
	}
}

// Refs that vanish or move while a push is on its way do not hold it up.
func TestParcelsMoveMeanwhile(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t)
	l := h.open(t, h.o)
	gone, moved, stays := submit(t, l, ledgertest.Leaves(10, 11)), submit(t, l, ledgertest.Leaves(20, 21)), submit(t, l, ledgertest.Leaves(30, 31))
	refused := submit(t, l, ledgertest.Leaves(40, 41))
	at := head(t, l)
	var other string
	h.BeforePush(func() {
		h.BeforePush(nil)
		h.Git("update-ref", "-d", pending+gone.Name)
		other = h.forge(t, pending+moved.Name, map[string][]byte{"x": nil})
		h.forge(t, quarantine+refused.Name, map[string][]byte{"y": nil})
	})
	leaves := slices.Concat(gone.Leaves, moved.Leaves, stays.Leaves)
	receipts, err := l.Integrate(ctx, at, leaves, []ledger.Parcel{gone, moved, stays}, []ledger.Parcel{refused})
	if err != nil || len(receipts) != 3 || receipts[2].Duplicate {
		t.Fatalf("integrate: %+v, %v", receipts, err)
	}
	if h.at(pending+stays.Name) != "" || h.at(pending+refused.Name) != "" || h.at(pending+moved.Name) != other {
		t.Errorf("left in the inbox: %s", h.Git("for-each-ref", pending))
	}
	if h.at(quarantine+"odd-"+refused.Commit) != refused.Commit {
		t.Errorf("in quarantine: %s", h.Git("for-each-ref", quarantine))
	}
	mustHold(t, l, leaves...)
}

// Two who hold the key integrate the same parcels: each event is there once.
func TestTwoIntegrators(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t)
	writer := h.open(t, cached(t, h.keys))
	var all []ledger.Leaf
	for i := range 6 {
		leaves := ledgertest.Leaves(10*i, 10*i+2)
		submit(t, writer, leaves)
		all = append(all, leaves...)
	}
	var work sync.WaitGroup
	for range 2 {
		l := h.open(t, cached(t, h.o))
		work.Go(func() {
			receipts, err := take(ctx, l)
			if err != nil {
				t.Error(err)
			}
			for _, r := range receipts {
				if r.Checkpoint.Size != uint64(len(all)) {
					t.Errorf("a receipt in a log of %d leaves", r.Checkpoint.Size)
				}
			}
		})
	}
	work.Wait()
	mustHold(t, h.open(t, cached(t, h.keys)), all...)
	if left := h.Git("for-each-ref", pending); left != "" {
		t.Errorf("left in the inbox: %s", left)
	}
}

// Several writers, each of whom holds the key: whoever loses the race finds
// his event integrated by whoever won.
func TestManyWritersIntegrateForEachOther(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const writers, each = 4, 2
	h := newHosted(t)
	var all []ledger.Leaf
	var work sync.WaitGroup
	for w := range writers {
		l := h.open(t, cached(t, h.o))
		leaves := ledgertest.Leaves(100*w, 100*w+each)
		all = append(all, leaves...)
		work.Go(func() {
			for _, leaf := range leaves {
				p, err := l.Submit(ctx, []ledger.Leaf{leaf})
				if err == nil {
					_, err = take(ctx, l)
				}
				var receipts []proof.Receipt
				if err == nil {
					receipts, err = l.Append(ctx, proof.Checkpoint{}, p.Leaves)
				}
				if err != nil || !receipts[0].Duplicate {
					t.Errorf("after it was integrated: %+v, %v", receipts, err)
				}
			}
		})
	}
	work.Wait()
	mustHold(t, h.open(t, cached(t, h.keys)), all...)
	if left := h.Git("for-each-ref", pending); left != "" {
		t.Errorf("left in the inbox: %s", left)
	}
}

func TestSubmitRefuses(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	l := h.open(t, cached(t, h.keys))
	wrongID := ledgertest.Leaf(1)
	wrongID.ID[3] = 9
	for what, leaves := range map[string][]ledger.Leaf{
		"no leaves":       nil,
		"too many leaves": ledgertest.Leaves(0, ledger.MaxParcelLeaves+1),
		"no data":         {{Body: []byte("x")}},
		"large data":      {{Data: make([]byte, 65536)}},
		"a large body":    {{Data: []byte("x"), Body: make([]byte, ledger.MaxBody+1)}},
		"too many files":  {{Data: []byte("x"), Blobs: make([][]byte, ledger.MaxBlobs)}},
		"large documents": {{Data: []byte("x"), Blobs: [][]byte{make([]byte, ledger.MaxParcel)}}},
		"another id":      {wrongID},
	} {
		if _, err := l.Submit(context.Background(), leaves); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if left := h.Git("for-each-ref", pending); left != "" {
		t.Errorf("in the inbox: %s", left)
	}
}
