// SPDX-License-Identifier: Apache-2.0

// Package anchortest is the suite that every kind of anchor passes.
package anchortest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/proof"
)

// A Service is an anchor as a test plays it: new, and knowing no checkpoint.
type Service struct {
	Kind    anchor.Kind
	Spec    anchored.Spec // without its URL
	Path    string        // of its address, below the server's
	Handler http.Handler
	LogIDs  [][]byte
	Getenv  func(string) string

	// Taken says how many checkpoints it has anchored. Nil: it remembers
	// nothing, as a timestamp authority.
	Taken func() int

	// Unique says that it takes one checkpoint of a size, and only larger ones.
	Unique bool

	// Blind says that it sees size and root alone, as a contract does: not
	// whether a larger checkpoint follows from what it has, nor who signed it.
	Blind bool

	// Check says whether a receipt of it holds.
	Check func(anchored.Receipt) error
}

// A Maker makes a new service for a log.
type Maker func(t *testing.T, l *Log) Service

// Run checks what package anchor promises of an anchor.
func Run(t *testing.T, make Maker) {
	t.Run("first, again, growth", make.growth)
	t.Run("older", make.older)
	t.Run("fork", make.fork)
	t.Run("several at once", make.several)
	t.Run("answer lost", make.lost)
	t.Run("bad days", make.badDays)
	t.Run("cancelled", make.cancelled)
	t.Run("addresses", make.addresses)
	t.Run("unsigned", make.unsigned)
}

// A rig is a service behind real HTTP on this machine, and the faults that are
// put between.
type rig struct {
	Service
	log    *Log
	anchor anchor.Anchor

	mu    sync.Mutex
	fault func(http.Handler) http.HandlerFunc // nil: none
	asked int
}

func (m Maker) rig(t *testing.T) *rig {
	t.Helper()
	l := NewLog(t)
	r := &rig{Service: m(t, l), log: l}
	server := httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(server.Close)
	r.Spec.URL = server.URL + r.Path
	r.anchor = r.open(t, World(t, r.Service))
	return r
}

// World is one in which a service can be reached, with little patience.
func World(t testing.TB, s Service) anchor.World {
	t.Helper()
	base := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(base.CloseIdleConnections)
	getenv := s.Getenv
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	return anchor.World{
		Base: base, Timeout: 20 * time.Second, Pause: time.Millisecond, Now: time.Now, Getenv: getenv, Random: rand.Reader, LogIDs: s.LogIDs,
	}
}

func (r *rig) open(t *testing.T, w anchor.World) anchor.Anchor {
	t.Helper()
	a, err := r.Kind.Open(r.Spec, w)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (r *rig) serve(rw http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.asked++
	fault := r.fault
	r.mu.Unlock()
	if fault == nil {
		r.Handler.ServeHTTP(rw, req)
		return
	}
	fault(r.Handler)(rw, req)
}

func (r *rig) set(fault func(http.Handler) http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = fault
}

// submit shows the anchor a checkpoint, with the proofs that it asks for.
func (r *rig) submit(t *testing.T, l *Log, c proof.Checkpoint) (anchored.Receipt, error) {
	t.Helper()
	s := l.Since(t, 0, c)
	for range 4 {
		receipt, err := r.anchor.Submit(t.Context(), s)
		behind := (*anchor.Behind)(nil)
		if !errors.As(err, &behind) || behind.Size > c.Size {
			return receipt, err
		}
		s = l.Since(t, behind.Size, c)
	}
	t.Error("the anchor asks for another proof each time")
	return anchored.Receipt{}, errors.New("no end")
}

// must submits a checkpoint that is to be anchored.
func (r *rig) must(t *testing.T, c proof.Checkpoint) {
	t.Helper()
	receipt, err := r.submit(t, r.log, c)
	if err != nil {
		t.Fatalf("%d leaves: %v", c.Size, err)
	}
	r.holds(t, receipt, c)
}

func (r *rig) holds(t *testing.T, receipt anchored.Receipt, c proof.Checkpoint) {
	t.Helper()
	data, err := receipt.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	back, err := anchored.ParseReceipt(data)
	if err != nil || back.Kind != r.Kind.Name || back.Name != r.Spec.Name || !bytes.Equal(back.Checkpoint, c.Raw) {
		t.Fatalf("receipt %s: %v", data, err)
	}
	if err := r.Check(back); err != nil {
		t.Fatalf("receipt of %d leaves: %v", c.Size, err)
	}
}

// taken fails the test unless so many checkpoints are anchored.
func (r *rig) taken(t *testing.T, want int, after string) {
	t.Helper()
	if r.Taken == nil {
		return
	}
	if got := r.Taken(); got != want {
		t.Errorf("%s: %d checkpoints are anchored, want %d", after, got, want)
	}
}

func (m Maker) growth(t *testing.T) {
	r := m.rig(t)
	first := r.log.Grow(t, 5)
	r.must(t, first)
	r.taken(t, 1, "the first")
	r.must(t, first)
	r.taken(t, 1, "the same again")
	r.must(t, r.log.Grow(t, 4))
	r.taken(t, 2, "growth")
	r.must(t, r.log.Grow(t, 300))
	r.taken(t, 3, "more growth")
}

// older shows a checkpoint that the anchor has gone past.
func (m Maker) older(t *testing.T) {
	r := m.rig(t)
	old := r.log.Grow(t, 5)
	r.must(t, r.log.Grow(t, 4))
	receipt, err := r.submit(t, r.log, old)
	if err == nil {
		r.holds(t, receipt, old)
		if r.Unique {
			t.Error("an anchor that takes only what is larger gave a receipt for less")
		}
		return
	}
	behind := (*anchor.Behind)(nil)
	if !errors.Is(err, anchor.ErrRefused) && !errors.As(err, &behind) {
		t.Errorf("an older checkpoint: %v, want ErrRefused or Behind", err)
	}
	r.taken(t, 1, "an older one")
}

// fork shows another log of the same key.
func (m Maker) fork(t *testing.T) {
	r := m.rig(t)
	r.log.Grow(t, 5)
	r.must(t, r.log.Head(t, 5))
	fork := r.log.Fork(t)
	if r.Blind {
		r.blindFork(t, fork)
		return
	}
	for _, more := range []uint64{0, 4} {
		head := fork.Grow(t, more)
		receipt, err := r.submit(t, fork, head)
		switch {
		case !r.Unique && err == nil:
			r.holds(t, receipt, head)
		case !r.Unique:
			t.Errorf("fork of %d leaves: %v", head.Size, err)
		case !errors.Is(err, anchor.ErrForked) && !errors.Is(err, anchor.ErrRefused):
			t.Errorf("fork of %d leaves: %v, want ErrForked or ErrRefused", head.Size, err)
		}
	}
	if r.Unique {
		r.taken(t, 1, "forks")
		r.must(t, r.log.Grow(t, 3))
	}
}

// blindFork shows a fork to an anchor that sees no proofs: one of a size that it
// has is refused, and after a larger one the log itself is, so that somebody
// notices.
func (r *rig) blindFork(t *testing.T, fork *Log) {
	if _, err := r.submit(t, fork, fork.Head(t, 5)); !errors.Is(err, anchor.ErrForked) && !errors.Is(err, anchor.ErrRefused) {
		t.Errorf("fork of 5 leaves: %v, want ErrForked or ErrRefused", err)
	}
	r.taken(t, 1, "a fork of the same size")
	if _, err := r.submit(t, fork, fork.Grow(t, 4)); err != nil {
		return // it sees more than it has to
	}
	if _, err := r.submit(t, r.log, r.log.Grow(t, 4)); !errors.Is(err, anchor.ErrForked) {
		t.Errorf("the log after a fork was taken: %v, want ErrForked", err)
	}
}

// several processes submit one checkpoint at once.
func (m Maker) several(t *testing.T) {
	r := m.rig(t)
	c := r.log.Grow(t, 5)
	var all sync.WaitGroup
	for range 4 {
		a := r.open(t, World(t, r.Service))
		all.Go(func() {
			receipt, err := a.Submit(t.Context(), anchor.Submission{Checkpoint: c})
			behind := (*anchor.Behind)(nil)
			switch {
			case err == nil && r.Check(receipt) == nil:
			case errors.As(err, &behind) && behind.Size == c.Size: // somebody was first
			default:
				t.Errorf("one of several: %v", err)
			}
		})
	}
	all.Wait()
	r.must(t, c)
	r.taken(t, 1, "several at once")
}

// lost has the anchor take a checkpoint and its answer vanish: for a while, and
// then for good, until somebody comes again.
func (m Maker) lost(t *testing.T) {
	r := m.rig(t)
	times := 1
	vanish := func(next http.Handler) http.HandlerFunc {
		return func(rw http.ResponseWriter, req *http.Request) {
			r.mu.Lock()
			times--
			left := times
			r.mu.Unlock()
			if left < 0 {
				next.ServeHTTP(rw, req)
				return
			}
			next.ServeHTTP(httptest.NewRecorder(), req)
			panic(http.ErrAbortHandler)
		}
	}
	r.set(vanish)
	c := r.log.Grow(t, 5)
	if _, err := r.submit(t, r.log, c); err != nil && !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("an answer lost once: %v", err)
	}
	r.must(t, c)
	r.taken(t, 1, "an answer lost once")
	times = 1000
	c = r.log.Grow(t, 5)
	if _, err := r.submit(t, r.log, c); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("every answer lost: %v, want ErrUnavailable", err)
	}
	r.set(nil)
	r.must(t, c)
	r.taken(t, 2, "answers lost, then submitted again")
}

// badDays has the anchor answer with anything but what it should. Nothing of
// that is a receipt, and the anchor is well again afterwards.
func (m Maker) badDays(t *testing.T) {
	r := m.rig(t)
	w := World(t, r.Service)
	w.Timeout = 100 * time.Millisecond
	hurried := r.open(t, w)
	patient := r.anchor
	c := r.log.Grow(t, 5)
	for name, fault := range faults() {
		r.anchor = patient
		if name == "slow" || name == "drip" {
			r.anchor = hurried
		}
		r.set(fault)
		receipt, err := r.submit(t, r.log, c)
		if err == nil || len(receipt.Proof) > 0 || !isOf(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.anchor = patient
	gone := httptest.NewServer(nil)
	gone.Close()
	there := r.Spec.URL
	r.Spec.URL = gone.URL
	r.anchor = r.open(t, World(t, r.Service))
	if _, err := r.submit(t, r.log, c); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("nobody there: %v, want ErrUnavailable", err)
	}
	r.Spec.URL = there
	r.set(nil)
	r.anchor = patient
	r.must(t, c)
}

// isOf says whether an error is one that package anchor names.
func isOf(err error) bool {
	for _, want := range []error{anchor.ErrUnavailable, anchor.ErrUnverified, anchor.ErrRefused} {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}

// faults are what can stand in an anchor's place.
func faults() map[string]func(http.Handler) http.HandlerFunc {
	says := func(status int, body []byte) func(http.Handler) http.HandlerFunc {
		return func(http.Handler) http.HandlerFunc {
			return func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Location", "/elsewhere")
				rw.WriteHeader(status)
				_, _ = rw.Write(body)
			}
		}
	}
	hang := func(begin bool) func(http.Handler) http.HandlerFunc {
		return func(http.Handler) http.HandlerFunc {
			return func(rw http.ResponseWriter, req *http.Request) {
				_, _ = io.Copy(io.Discard, req.Body) // else nobody notices that the client went
				if begin {
					_, _ = rw.Write([]byte("{"))
					_ = http.NewResponseController(rw).Flush()
				}
				<-req.Context().Done()
			}
		}
	}
	return map[string]func(http.Handler) http.HandlerFunc{
		"garbage":          says(200, []byte("\x00\xff<html>")),
		"nothing":          says(200, nil),
		"an empty object":  says(200, []byte("{}")),
		"created, nothing": says(201, nil),
		"null":             says(200, []byte("null")),
		"a redirect":       says(302, nil),
		"broken":           says(500, []byte("{}")),
		"busy":             says(429, nil),
		"forbidden":        says(403, []byte("go away")),
		"conflict":         says(409, []byte("{}")),
		"flood":            says(200, make([]byte, 20<<20)),
		"slow":             hang(false),
		"drip":             hang(true),
		"cut off": func(http.Handler) http.HandlerFunc {
			return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		},
	}
}

func (m Maker) cancelled(t *testing.T) {
	r := m.rig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.anchor.Submit(ctx, r.log.Since(t, 0, r.log.Grow(t, 5))); err == nil {
		t.Error("nobody waits, and there is an answer")
	}
}

// addresses are refused before anybody is asked, and not repeated.
func (m Maker) addresses(t *testing.T) {
	r := m.rig(t)
	for _, bad := range []string{"", "anchor.example", "file:///etc/passwd", "https://me:s3cret@anchor.example", "https://anchor.example#x", "\x00"} {
		r.Spec.URL = bad
		_, err := r.Kind.Open(r.Spec, World(t, r.Service))
		if !errors.Is(err, anchor.ErrSetup) || bytes.Contains([]byte(err.Error()), []byte("s3cret")) {
			t.Errorf("%q: %v, want ErrSetup", bad, err)
		}
	}
	if r.asked > 0 {
		t.Error("somebody was asked")
	}
}

// unsigned is a checkpoint that is none.
func (m Maker) unsigned(t *testing.T) {
	r := m.rig(t)
	if r.Blind {
		return
	}
	c := r.log.Grow(t, 5)
	c.Raw = []byte("not a note\n")
	if _, err := r.anchor.Submit(t.Context(), anchor.Submission{Checkpoint: c}); err == nil {
		t.Error("something was anchored that is no checkpoint")
	}
	r.taken(t, 0, "what is no checkpoint")
}
