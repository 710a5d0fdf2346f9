// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/proof"
)

func TestCosignsWhatGrows(t *testing.T) {
	h := newHistory(t, origin, 300)
	r := newRig(t, h)
	last := uint64(0)
	for _, size := range []uint64{0, 1, 2, 3, 7, 8, 255, 256, 257, 300} {
		r.clock.pass(time.Second)
		if at := r.cosigned(t, r.add(h.request(t, last, size)), h.sizes[size]); !at.Equal(r.clock.Now()) {
			t.Errorf("%d: as of %s", size, at)
		}
		last = size
	}
	// Once more, as of later: a fresh cosignature; within a second, the same.
	first := r.add(h.request(t, 300, 300))
	r.clock.pass(999 * time.Millisecond)
	if again := r.add(h.request(t, 300, 300)); again != first {
		t.Errorf("within a second: %v, then %v", first, again)
	}
	r.clock.pass(time.Second)
	if at := r.cosigned(t, r.add(h.request(t, 300, 300)), h.sizes[300]); !at.Equal(r.clock.Now().Truncate(time.Second)) {
		t.Errorf("as of %s", at)
	}
}

func TestEveryStatus(t *testing.T) {
	h, stranger := newHistory(t, origin, 12), newHistory(t, "other.example", 3)
	fork := h.fork(t, 5)
	imposter := newHistory(t, origin, 12)
	r := newRig(t, h)
	r.cosigned(t, r.add(h.request(t, 0, 7)), h.sizes[7])
	with := func(old uint64, p proof.Proof, c []byte) []byte {
		return Request{Old: old, Proof: p, Checkpoint: c}.Bytes()
	}
	text, signature, _ := strings.Cut(string(h.sizes[8].Raw), "\n\n")
	altered := strings.Replace(string(h.sizes[8].Raw), "\n8\n", "\n9\n", 1)
	odd, err := note.Sign(&note.Note{Text: origin + "\n08\n" + h.sizes[8].Root.String() + "\n"}, h.signer)
	if err != nil {
		t.Fatal(err)
	}
	bad := h.since(t, 7, 8)
	bad[0][0] ^= 1
	for fact, c := range map[string]struct {
		body   []byte
		status int
	}{
		"nothing":                      {nil, 400},
		"no checkpoint":                {[]byte("old 7\n\n"), 404},
		"no empty line":                {[]byte("old 7\n"), 400},
		"not a size":                   {[]byte("old x\n\n" + string(h.sizes[8].Raw)), 400},
		"a leading zero":               {[]byte("old 07\n\n" + string(h.sizes[8].Raw)), 400},
		"a hash that is none":          {[]byte("old 7\nAAAA\n\n" + string(h.sizes[8].Raw)), 400},
		"too many hashes":              {with(7, make(proof.Proof, 64), h.sizes[8].Raw), 400},
		"no signatures":                {with(7, nil, []byte(text+"\n")), 400},
		"a text that is no checkpoint": {with(7, nil, odd), 400},
		"old over new":                 {with(9, nil, h.sizes[8].Raw), 400},
		"another log":                  {stranger.request(t, 0, 3), 404},
		"another key":                  {imposter.request(t, 7, 8), 403},
		"altered":                      {with(7, h.since(t, 7, 8), []byte(altered)), 403},
		"a bad signature":              {with(7, h.since(t, 7, 8), []byte(text+"\n\n"+strings.Replace(signature, signature[len(signature)-8:len(signature)-6], "zz", 1))), 403},
		"from zero":                    {h.request(t, 0, 8), 409},
		"from six":                     {h.request(t, 6, 8), 409},
		"back to five":                 {h.request(t, 5, 5), 409},
		"back to five, from zero":      {h.request(t, 0, 5), 409},
		"without proof":                {with(7, nil, h.sizes[8].Raw), 422},
		"by a bad proof":               {with(7, bad, h.sizes[8].Raw), 422},
		"by another's proof":           {with(7, h.since(t, 7, 9), h.sizes[8].Raw), 422},
		"the same size with a proof":   {with(7, h.since(t, 7, 8), h.sizes[7].Raw), 422},
		"another tree of that size":    {fork.request(t, 7, 7), 422},
		"another tree, grown":          {fork.request(t, 7, 9), 422},
		"another tree, from zero":      {fork.request(t, 0, 7), 409},
	} {
		a := r.add(c.body)
		if a.status != c.status {
			t.Errorf("%s: %d %s, want %d", fact, a.status, a.body, c.status)
		}
		if a.status == 409 && (a.kind != "text/x.tlog.size" || a.body != "7\n") || a.status == 200 {
			t.Errorf("%s: %v", fact, a)
		}
	}
	r.cosigned(t, r.add(h.request(t, 7, 8)), h.sizes[8])
}

func TestEmptyTree(t *testing.T) {
	h := newHistory(t, origin, 3)
	r := newRig(t, h)
	wrong, err := note.Sign(&note.Note{Text: origin + "\n0\n" + h.sizes[3].Root.String() + "\n"}, h.signer)
	if err != nil {
		t.Fatal(err)
	}
	if a := r.add(Request{Checkpoint: wrong}.Bytes()); a.status != 422 {
		t.Errorf("the empty tree with another root: %v", a)
	}
	if a := r.add(Request{Proof: proof.Proof{tlog.Hash{}}, Checkpoint: h.sizes[2].Raw}.Bytes()); a.status != 422 {
		t.Errorf("a proof from nothing: %v", a)
	}
	r.cosigned(t, r.add(h.request(t, 0, 0)), h.sizes[0])
	r.cosigned(t, r.add(h.request(t, 0, 3)), h.sizes[3])
}

// A log may have several keys, of either type, extension lines, and signatures
// of strangers.
func TestAnyLog(t *testing.T) {
	h := newHistory(t, origin, 3)
	second, err := proof.NewCosignerKey(origin, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, h, func(o *Options) { o.Logs = append(o.Logs, second.String()) })
	text := fmt.Sprintf("%s\n3\n%s\nan extension\n", origin, h.sizes[3].Root)
	sig, err := second.Cosign([]byte(text), r.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	stranger := "— stranger.example " + base64.StdEncoding.EncodeToString(make([]byte, 2424))
	raw := []byte(text + "\n" + stranger + "\n" + sig + "\n")
	a := r.add(Request{Checkpoint: raw}.Bytes())
	r.cosigned(t, a, proof.Checkpoint{Size: 3, Raw: raw})
	served, ok := r.Checkpoint(OriginHash(origin))
	if want := text + "\n" + sig + "\n" + a.body; !ok || string(served) != want {
		t.Errorf("it serves %q, want %q", served, want)
	}
	r.reopen(t, h, r.options.Key)
	r.cosigned(t, r.add(h.request(t, 3, 3)), h.sizes[3])
}

// What was cosigned outlives the process, and a log that is witnessed no more
// is not forgotten.
func TestStateOutlivesTheProcess(t *testing.T) {
	h, other := newHistory(t, origin, 9), newHistory(t, "other.example", 2)
	r := newRig(t, h)
	key := r.options.Key
	r.cosigned(t, r.add(h.request(t, 0, 7)), h.sizes[7])
	r.reopen(t, other, key)
	if a := r.add(h.request(t, 7, 8)); a.status != 404 {
		t.Errorf("a log that is not witnessed: %v", a)
	}
	r.reopen(t, h, key)
	if a := r.add(h.request(t, 0, 8)); a.status != 409 || a.body != "7\n" {
		t.Errorf("after a restart: %v", a)
	}
	r.cosigned(t, r.add(h.request(t, 7, 8)), h.sizes[8])
}

func TestStateThatIsNotItsOwn(t *testing.T) {
	h := newHistory(t, origin, 9)
	state := OriginHash(origin)
	for fact, c := range map[string]struct {
		change func(t *testing.T, folder string)
		want   error
	}{
		"another key's":   {func(t *testing.T, f string) { put(t, f, ownerPath, newKey(t).String()+"\n") }, ErrState},
		"nobody's":        {func(t *testing.T, f string) { remove(t, f, ownerPath) }, ErrState},
		"empty":           {func(t *testing.T, f string) { put(t, f, state, "") }, ErrState},
		"cut":             {func(t *testing.T, f string) { put(t, f, state, get(t, f, state)[:100]) }, ErrState},
		"rolled forward":  {func(t *testing.T, f string) { put(t, f, state, strings.Replace(get(t, f, state), "\n7\n", "\n8\n", 1)) }, ErrState},
		"without ours":    {func(t *testing.T, f string) { put(t, f, state, string(h.sizes[7].Raw)) }, ErrState},
		"of another log":  {func(t *testing.T, f string) { rename(t, f, state, OriginHash("other.example")) }, ErrState},
		"far too large":   {func(t *testing.T, f string) { put(t, f, state, strings.Repeat("x", maxState+1)) }, ErrState},
		"the owner empty": {func(t *testing.T, f string) { put(t, f, ownerPath, "") }, ErrState},
	} {
		r := newRig(t, h)
		key := r.options.Key
		r.cosigned(t, r.add(h.request(t, 0, 7)), h.sizes[7])
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		c.change(t, r.folder)
		logs := []string{h.vkey, newHistory(t, "other.example", 1).vkey}
		if _, err := Open(r.folder, Options{Key: key, Logs: logs, Now: r.clock.Now}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", fact, err)
		}
	}
}

func put(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, folder, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func remove(t *testing.T, folder, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(folder, name)); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, folder, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(folder, from), filepath.Join(folder, to)); err != nil {
		t.Fatal(err)
	}
}

// A key that has begun does not begin anew.
func TestStateThatIsGone(t *testing.T) {
	h := newHistory(t, origin, 1)
	folder := filepath.Join(t.TempDir(), "one", "two")
	o := Options{Key: newKey(t), Logs: []string{h.vkey}, Now: time.Now, Begun: true}
	if _, err := Open(folder, o); !errors.Is(err, ErrLost) {
		t.Errorf("nothing is there: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(folder)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it made something: %v", err)
	}
	o.Begun = false
	w, err := Open(folder, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	o.Begun = true
	if w, err = Open(folder, o); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	h := newHistory(t, origin, 1)
	r := newRig(t, h)
	if _, err := Open(r.folder, Options{Key: r.options.Key, Logs: []string{h.vkey}, Now: r.clock.Now}); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	r.reopen(t, h, r.options.Key)
}

func TestOpenRefuses(t *testing.T) {
	h := newHistory(t, origin, 1)
	for fact, logs := range map[string][]string{
		"no logs":      nil,
		"no key":       {"x"},
		"twice":        {h.vkey, h.vkey},
		"too many":     make([]string, MaxLogs+1),
		"an ECDSA key": {"x+00000000+AjBZ"},
	} {
		if _, err := Open(t.TempDir(), Options{Key: newKey(t), Logs: logs, Now: time.Now}); err == nil {
			t.Errorf("%s: no error", fact)
		}
	}
	folder := t.TempDir()
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Symlink(filepath.Join(t.TempDir(), "x"), filepath.Join(folder, lockPath)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(folder, Options{Key: newKey(t), Logs: []string{h.vkey}, Now: time.Now}); !errors.Is(err, ErrState) {
		t.Errorf("a lock that is a link: %v", err)
	}
}

// Two trees of one size are kept as evidence, once, however they come in.
func TestForkIsKept(t *testing.T) {
	h := newHistory(t, origin, 9)
	fork := h.fork(t, 5)
	r := newRig(t, h)
	r.cosigned(t, r.add(h.request(t, 0, 7)), h.sizes[7])
	if len(r.Forked()) > 0 {
		t.Error("forked before it was")
	}
	for _, old := range []uint64{7, 0, 7} {
		r.add(fork.request(t, old, 7))
	}
	if got := r.Forked(); len(got) != 1 || got[0] != origin {
		t.Errorf("forked: %v", got)
	}
	if n := strings.Count(r.lines(), "FORK"); n != 1 {
		t.Errorf("told %d times: %s", n, r.lines())
	}
	names, err := filepath.Glob(filepath.Join(r.folder, "fork-*.json"))
	if err != nil || len(names) != 1 {
		t.Fatalf("evidence: %v, %v", names, err)
	}
	var f Fork
	if err := canon.Decode([]byte(get(t, r.folder, filepath.Base(names[0]))), &f); err != nil {
		t.Fatal(err)
	}
	keys, err := proof.NewKeys(origin, []string{h.vkey})
	if err != nil {
		t.Fatal(err)
	}
	held, err := proof.ParseCheckpoint([]byte(f.Held), keys)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := proof.ParseCheckpoint([]byte(f.Shown), keys)
	if err != nil || held.Size != 7 || shown.Size != 7 || held.Root == shown.Root || f.Schema != ForkSchema {
		t.Errorf("the evidence is %+v, %v", f, err)
	}
	if !strings.Contains(string(r.Metrics()), `gateledger_witness_forks{origin="log.example/one"} 1`) {
		t.Errorf("metrics:\n%s", r.Metrics())
	}
	// It goes on with the history that it has, and remembers.
	r.cosigned(t, r.add(h.request(t, 7, 8)), h.sizes[8])
	r.reopen(t, h, r.options.Key)
	if len(r.Forked()) > 0 || !strings.Contains(r.lines(), "there is evidence of a fork") {
		t.Errorf("after a restart: %v, %s", r.Forked(), r.lines())
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	h := newHistory(t, origin, 3)
	r := newRig(t, h)
	r.cosigned(t, r.add(h.request(t, 0, 3)), h.sizes[3])
	for i := range maxForks + 5 {
		c, err := proof.SignCheckpoint(origin, 3, tlog.Hash{byte(i)}, h.signer)
		if err != nil {
			t.Fatal(err)
		}
		if a := r.add(Request{Old: 3, Checkpoint: c.Raw}.Bytes()); a.status != 422 {
			t.Errorf("%d: %v", i, a)
		}
	}
	if names, err := filepath.Glob(filepath.Join(r.folder, "fork-*.json")); err != nil || len(names) != maxForks {
		t.Errorf("%d pieces of evidence, %v", len(names), err)
	}
}

func TestClockGoesBackwards(t *testing.T) {
	h := newHistory(t, origin, 9)
	r := newRig(t, h)
	at := r.cosigned(t, r.add(h.request(t, 0, 7)), h.sizes[7])
	r.clock.pass(-30 * time.Second)
	if again := r.cosigned(t, r.add(h.request(t, 7, 8)), h.sizes[8]); !again.Equal(at) {
		t.Errorf("a little: as of %s, after %s", again, at)
	}
	r.clock.pass(-time.Hour)
	if a := r.add(h.request(t, 8, 9)); a.status != 503 {
		t.Errorf("an hour: %v", a)
	}
	r.clock.pass(2 * time.Hour)
	r.cosigned(t, r.add(h.request(t, 8, 9)), h.sizes[9])
}

// A log that grows too fast waits; asking once more for what is there does not.
func TestRate(t *testing.T) {
	h := newHistory(t, origin, 9)
	r := newRig(t, h, func(o *Options) { o.Rate = 2 })
	r.cosigned(t, r.add(h.request(t, 0, 1)), h.sizes[1])
	r.cosigned(t, r.add(h.request(t, 1, 2)), h.sizes[2])
	if a := r.add(h.request(t, 2, 3)); a.status != 429 {
		t.Errorf("the third: %v", a)
	}
	for range 5 {
		r.cosigned(t, r.add(h.request(t, 2, 2)), h.sizes[2])
	}
	r.clock.pass(time.Second)
	r.cosigned(t, r.add(h.request(t, 2, 3)), h.sizes[3])
}

// Of many that race with two histories, the answers tell one history.
func TestRaceSignsOneHistory(t *testing.T) {
	h := newHistory(t, origin, 40)
	fork := h.fork(t, 3)
	r := newRig(t, h)
	r.cosigned(t, r.add(h.request(t, 0, 3)), h.sizes[3])
	var mu sync.Mutex
	roots := map[uint64]map[tlog.Hash]bool{}
	var all sync.WaitGroup
	for _, from := range []*history{h, fork, h, fork} {
		all.Go(func() {
			old := uint64(3)
			for size := uint64(4); size <= 40; size++ {
				a := r.add(from.request(t, old, size))
				switch a.status {
				case 200:
					mu.Lock()
					if roots[size] == nil {
						roots[size] = map[tlog.Hash]bool{}
					}
					roots[size][from.sizes[size].Root] = true
					mu.Unlock()
					old = size
				case 409:
					if _, err := fmt.Sscanf(a.body, "%d", &old); err != nil || old > size {
						size = old
					}
				}
			}
		})
	}
	all.Wait()
	sides := map[bool]bool{}
	for size, of := range roots {
		if len(of) != 1 {
			t.Errorf("two trees of %d leaves are cosigned", size)
		}
		sides[of[h.sizes[size].Root]] = true
	}
	if len(sides) != 1 {
		t.Errorf("cosigned of both histories: %v", roots)
	}
}
