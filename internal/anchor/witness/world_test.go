// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/proof"
)

const origin = "log.example/one"

// A history is a log in memory: who wrote the leaves tells two histories apart.
type history struct {
	signer note.Signer
	vkey   string
	hashes map[int64]tlog.Hash
	sizes  []proof.Checkpoint
}

// newHistory makes a log with so many leaves, and a key of its own.
func newHistory(tb testing.TB, origin string, size int) *history {
	tb.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		tb.Fatal(err)
	}
	return grow(tb, signer, vkey, "a", size, 0)
}

// fork is another history by the same key, which differs from leaf at on.
func (h *history) fork(tb testing.TB, at int) *history {
	tb.Helper()
	return grow(tb, h.signer, h.vkey, "b", len(h.sizes)-1, at)
}

func grow(tb testing.TB, signer note.Signer, vkey, by string, size, from int) *history {
	tb.Helper()
	h := &history{signer: signer, vkey: vkey, hashes: map[int64]tlog.Hash{}}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = h.hashes[x]
		}
		return out, nil
	})
	for n := int64(0); ; n++ {
		root := proof.EmptyRoot()
		if n > 0 {
			var err error
			if root, err = tlog.TreeHash(n, reader); err != nil {
				tb.Fatal(err)
			}
		}
		c, err := proof.SignCheckpoint(signer.Name(), uint64(n), root, signer)
		if err != nil {
			tb.Fatal(err)
		}
		h.sizes = append(h.sizes, c)
		if n == int64(size) {
			return h
		}
		leaf := fmt.Sprintf("a%d", n)
		if n >= int64(from) {
			leaf = fmt.Sprintf("%s%d", by, n)
		}
		added, err := tlog.StoredHashes(n, []byte(leaf), reader)
		if err != nil {
			tb.Fatal(err)
		}
		at := tlog.StoredHashIndex(0, n)
		for i, x := range added {
			h.hashes[at+int64(i)] = x
		}
	}
}

// since proves that the tree of new leaves follows from that of old.
func (h *history) since(tb testing.TB, old, new uint64) proof.Proof {
	tb.Helper()
	if old == 0 || old == new {
		return nil
	}
	p, err := tlog.ProveTree(int64(new), int64(old), tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = h.hashes[x]
		}
		return out, nil
	}))
	if err != nil {
		tb.Fatal(err)
	}
	return proof.Proof(p)
}

// request asks for the checkpoint of new leaves after that of old.
func (h *history) request(tb testing.TB, old, new uint64) []byte {
	tb.Helper()
	return Request{Old: old, Proof: h.since(tb, old, new), Checkpoint: h.sizes[new].Raw}.Bytes()
}

// A clock is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newKey(tb testing.TB) proof.CosignerKey {
	tb.Helper()
	key, err := proof.NewCosignerKey("witness.example/w1", rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// A rig is a witness of one log, and what it has logged.
type rig struct {
	*Witness
	folder string
	clock  *clock
	mu     sync.Mutex
	logged []string
}

func (r *rig) log(level, message string, attributes ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logged = append(r.logged, level+" "+message+" "+strings.Join(attributes, " "))
}

func (r *rig) lines() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.logged, "\n")
}

func newRig(tb testing.TB, h *history, change ...func(*Options)) *rig {
	tb.Helper()
	r := &rig{folder: tb.TempDir(), clock: newClock()}
	r.reopen(tb, h, newKey(tb), change...)
	return r
}

// reopen is a new process on the same state.
func (r *rig) reopen(tb testing.TB, h *history, key proof.CosignerKey, change ...func(*Options)) {
	tb.Helper()
	if r.Witness != nil {
		if err := r.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	o := Options{Key: key, Logs: []string{h.vkey}, Now: r.clock.Now, Log: r.log}
	for _, c := range change {
		c(&o)
	}
	w, err := Open(r.folder, o)
	if err != nil {
		tb.Fatal(err)
	}
	r.Witness = w
	tb.Cleanup(func() { _ = w.Close() })
}

// cosigned checks that an answer is a cosignature of c by the rig's key.
func (r *rig) cosigned(tb testing.TB, a answer, c proof.Checkpoint) time.Time {
	tb.Helper()
	if a.status != 200 {
		tb.Fatalf("%d entries: %d %s", c.Size, a.status, a.body)
	}
	text, _, _ := strings.Cut(string(c.Raw), "\n\n")
	at, err := r.options.Key.Cosignature([]byte(text+"\n"), a.body)
	if err != nil || !strings.HasSuffix(a.body, "\n") {
		tb.Fatalf("%d entries: %q: %v", c.Size, a.body, err)
	}
	return at
}
