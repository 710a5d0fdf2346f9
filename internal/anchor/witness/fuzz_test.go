// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/proof"
)

func FuzzRequest(f *testing.F) {
	h := newHistory(f, origin, 9)
	f.Add(h.request(f, 0, 7))
	f.Add(h.request(f, 3, 8))
	f.Add([]byte("old 0\n\n"))
	f.Add([]byte("old 1\nAuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=\n\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := ParseRequest(body)
		if err != nil {
			if !errors.Is(err, ErrRequest) {
				t.Errorf("%v", err)
			}
			return
		}
		if !bytes.Equal(r.Bytes(), body) {
			t.Errorf("%q is spelled %q too", body, r.Bytes())
		}
	})
}

// Whatever is posted, only what the log signed and what follows is cosigned.
func FuzzAdd(f *testing.F) {
	h := newHistory(f, origin, 9)
	fork := h.fork(f, 5)
	r := newRig(f, h)
	r.cosigned(f, r.add(h.request(f, 0, 7)), h.sizes[7])
	f.Add(h.request(f, 7, 7))
	f.Add(fork.request(f, 7, 9))
	f.Add(bytes.Replace(h.request(f, 7, 8), []byte("\n8\n"), []byte("\n9\n"), 1))
	f.Fuzz(func(t *testing.T, body []byte) {
		if a := r.add(body); a.status == 200 && !bytes.Contains(body, h.sizes[7].Raw[:40]) && !bytes.Contains(body, h.sizes[8].Raw[:40]) {
			t.Errorf("cosigned %q", body)
		}
	})
}

func FuzzState(f *testing.F) {
	h := newHistory(f, origin, 9)
	r := newRig(f, h)
	r.cosigned(f, r.add(h.request(f, 0, 7)), h.sizes[7])
	key := r.options.Key.Cosigner
	f.Add(r.logs[origin].last.head.Raw)
	f.Add(h.sizes[7].Raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSeen(data, origin, key)
		if err != nil {
			if !errors.Is(err, ErrState) {
				t.Errorf("%v", err)
			}
			return
		}
		if s.head.Size != 7 || s.head.Root != h.sizes[7].Root {
			t.Errorf("it reads %+v", s)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	h := newHistory(f, origin, 9)
	r := newRig(f, h)
	good := r.add(h.request(f, 0, 7))
	c := &client{key: r.options.Key.Cosigner, world: anchor.World{Now: r.clock.Now}}
	f.Add(good.body)
	f.Add("— witness.example/w1 AAAA\n")
	f.Add("7\n")
	f.Fuzz(func(t *testing.T, body string) {
		if receipt, err := c.receipt(h.sizes[7], body); err == nil && !bytes.Contains([]byte(good.body), receipt.Proof[16:60]) {
			t.Errorf("%q is a receipt", body)
		}
		err := c.behind(anchor.Submission{Checkpoint: proof.Checkpoint{Size: 8}, Old: 5}, body)
		if b := (*anchor.Behind)(nil); errors.As(err, &b) && (b.Size == 5 || b.Size > 8) {
			t.Errorf("%q: %v", body, err)
		}
	})
}

// BenchmarkRoundTrip is one cosignature over HTTP on this machine, with the
// state on disk before the answer.
func BenchmarkRoundTrip(b *testing.B) {
	const leaves = 4096
	h := newHistory(b, origin, leaves)
	r := newRig(b, h, func(o *Options) { o.Now = time.Now })
	a := ask(b, r.options.Key.String(), serve(b, r.Handler()), &clock{now: time.Now().Add(time.Hour)})
	old := uint64(0)
	var all []time.Duration
	for b.Loop() {
		b.StopTimer()
		if old == leaves {
			b.Fatal("too many rounds for this log: use -benchtime=4000x")
		}
		s := h.submission(b, old, old+1)
		b.StartTimer()
		began := time.Now()
		if _, err := a.Submit(b.Context(), s); err != nil {
			b.Fatal(err)
		}
		all = append(all, time.Since(began))
		old++
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}
