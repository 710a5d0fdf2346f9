// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/proof"
)

func opts(t testing.TB) Options {
	sk, vk, err := note.GenerateKey(rand.Reader, "log.example")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := note.NewSigner(sk)
	k, err := proof.NewKeys("log.example", []string{vk})
	if err != nil {
		t.Fatal(err)
	}
	return Options{Keys: k, Signer: s}
}

func leaf(i int) Leaf {
	body := fmt.Appendf(nil, "body %d", i)
	sum := sha256.Sum256(body)
	return Leaf{Data: fmt.Appendf(nil, "%x%0236d", sum, i), Body: body}
}

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	o := opts(t)
	dir := t.TempDir()
	l, err := Create(ctx, "dir:"+dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 600 {
		r, err := l.Append(ctx, proof.Checkpoint{}, []Leaf{leaf(i)})
		if err != nil {
			t.Fatal(i, err)
		}
		if err := r[0].Verify(leaf(i).Data, o.Keys); err != nil {
			t.Fatal(i, err)
		}
	}
	start := time.Now()
	n := 0
	for e, err := range l.Read(ctx, 0, 600) {
		if err != nil {
			t.Fatal(err)
		}
		if string(e.Body) != string(leaf(n).Body) {
			t.Fatal(n)
		}
		n++
	}
	t.Log(n, time.Since(start))
	var batch []Leaf
	for i := 500; i < 2000; i++ {
		batch = append(batch, leaf(i))
	}
	rs, err := l.Append(ctx, proof.Checkpoint{}, batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rs {
		if err := r.Verify(batch[i].Data, o.Keys); err != nil {
			t.Fatal(i, err)
		}
		if r.Duplicate != (i < 100) || r.Index != uint64(500+i) {
			t.Fatal(i, r.Duplicate, r.Index)
		}
	}
}
func BenchmarkAppendOne(b *testing.B) {
	ctx := context.Background()
	l, err := Create(ctx, "dir:"+b.TempDir(), opts(b))
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		if _, err := l.Append(ctx, proof.Checkpoint{}, []Leaf{leaf(i)}); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
func BenchmarkAppend256(b *testing.B) {
	ctx := context.Background()
	l, err := Create(ctx, "dir:"+b.TempDir(), opts(b))
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		b.StopTimer()
		batch := make([]Leaf, 256)
		for j := range batch {
			batch[j] = leaf(i)
			batch[j].Body = nil
			i++
		}
		b.StartTimer()
		if _, err := l.Append(ctx, proof.Checkpoint{}, batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "leaves/s")
}
