// SPDX-License-Identifier: Apache-2.0

// Package gitledger measures the ledger in a git branch. See README.md.
package gitledger

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/git/gittest"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/proof"
)

const origin = "bench.example"

// A world is a server with a ledger on it.
type world struct {
	*gittest.Server
	o   ledger.Options
	key *ecdsa.PrivateKey
	pub string
}

func newWorld(b *testing.B) *world {
	b.Helper()
	private, public, err := note.GenerateKey(rand.Reader, origin)
	check(b, err)
	w := &world{Server: gittest.Serve(b, gittest.Options{})}
	w.o.Signer, err = note.NewSigner(private)
	check(b, err)
	w.o.Keys, err = proof.NewKeys(origin, []string{public})
	check(b, err)
	w.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(b, err)
	der, err := x509.MarshalPKIXPublicKey(&w.key.PublicKey)
	check(b, err)
	w.pub = base64.StdEncoding.EncodeToString(der)
	_, err = ledger.Create(context.Background(), "git:"+w.Dir, w.cached(b))
	check(b, err)
	return w
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// cached returns the options with a new cache.
func (w *world) cached(b *testing.B) ledger.Options {
	o := w.o
	o.Git.Cache = b.TempDir()
	return o
}

func (w *world) open(b *testing.B, address string) ledger.Ledger {
	b.Helper()
	l, err := ledger.Open(context.Background(), "git:"+address, w.cached(b))
	check(b, err)
	return l
}

// leaf is an event as record writes it: a hashedrekord entry of 490 bytes, and
// a statement of about 900.
func (w *world) leaf(b *testing.B, i int) ledger.Leaf {
	b.Helper()
	hash := func(what string) string { return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s %d", what, i))) }
	body := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","predicate":{"buildDefinition":{"buildType":"https://gateledger.dev/build/v1",`+
		`"externalParameters":{"ref":"refs/heads/main","repository":"https://github.com/acme/shop","workflow":".github/workflows/build.yml"},`+
		`"resolvedDependencies":[{"digest":{"gitCommit":"%s"},"uri":"git+https://github.com/acme/shop@refs/heads/main"}]},`+
		`"runDetails":{"builder":{"id":"https://github.com/acme/shop/actions"},"metadata":{"finishedOn":"2026-05-%02dT%02d:%02d:%02dZ",`+
		`"invocationId":"https://github.com/acme/shop/actions/runs/%d/attempts/1"}}},"predicateType":"https://slsa.dev/provenance/v1",`+
		`"subject":[{"digest":{"sha256":"%s"},"name":"shop_linux_amd64.tar.gz"},{"digest":{"sha256":"%s"},"name":"shop_linux_arm64.tar.gz"}]}`,
		hash("commit")[:40], 1+i/3600%28, i/3600%24, i/60%60, i%60, 17_000_000_000+i*31, hash("amd"), hash("arm"))
	sum := sha256.Sum256([]byte(body))
	signature, err := ecdsa.SignASN1(rand.Reader, w.key, sum[:])
	check(b, err)
	data := `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"` +
		base64.StdEncoding.EncodeToString(sum[:]) + `"},"signature":{"content":"` + base64.StdEncoding.EncodeToString(signature) +
		`","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"` + w.pub + `"}}}}}}`
	return ledger.Leaf{Data: []byte(data), Body: []byte(body)}
}

// mustHold ends the benchmark unless the log holds each leaf once.
func (w *world) mustHold(b *testing.B, leaves []ledger.Leaf) {
	b.Helper()
	ctx := context.Background()
	l := w.open(b, w.Dir)
	head, err := l.Head(ctx)
	check(b, err)
	_, err = l.(ledger.Auditor).Audit(ctx, nil)
	check(b, err)
	seen := map[[32]byte]int{}
	for e, err := range l.Read(ctx, 0, head.Size) {
		check(b, err)
		seen[ledger.ID(e.Data)]++
	}
	lost, doubled := 0, 0
	for _, leaf := range leaves {
		switch n := seen[ledger.ID(leaf.Data)]; {
		case n == 0:
			lost++
		case n > 1:
			doubled++
		}
	}
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(doubled), "doubled")
	if lost+doubled > 0 || int(head.Size) != len(leaves) {
		b.Errorf("%d lost, %d doubled, and the log has %d leaves of %d", lost, doubled, head.Size, len(leaves))
	}
}

func BenchmarkGrowth(b *testing.B) {
	ctx := context.Background()
	const events = 1000
	for b.Loop() {
		w := newWorld(b)
		l := w.open(b, w.Dir)
		var worst time.Duration
		var entry, body int
		start := time.Now()
		for i := range events {
			leaf := w.leaf(b, i)
			entry, body = entry+len(leaf.Data), body+len(leaf.Body)
			one := time.Now()
			_, err := l.Append(ctx, proof.Checkpoint{}, []ledger.Leaf{leaf})
			check(b, err)
			worst = max(worst, time.Since(one))
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds())/events, "ms/append")
		b.ReportMetric(float64(worst.Milliseconds()), "ms-worst")
		w.Git("repack", "-adfq")
		var packed int64
		packs, err := filepath.Glob(filepath.Join(w.Dir, "objects", "pack", "*.pack"))
		check(b, err)
		for _, pack := range packs {
			info, err := os.Stat(pack)
			check(b, err)
			packed += info.Size()
		}
		b.ReportMetric(float64(packed)/events, "packed-B/event")
		before := w.Counts()
		w.open(b, w.URL)
		b.ReportMetric(float64(w.Counts().Sent-before.Sent)/1000, "fetched-kB")
		b.Logf("entry %d bytes, statement %d", entry/events, body/events)
	}
}

// race has writers run at the same time and returns the longest that any of
// their events took.
func race(b *testing.B, writers, each int, write func(writer, i int) error) (worst time.Duration) {
	b.Helper()
	var mu sync.Mutex
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for i := range each {
				start := time.Now()
				if err := write(w, i); err != nil {
					b.Error(err)
				}
				mu.Lock()
				worst = max(worst, time.Since(start))
				mu.Unlock()
			}
		})
	}
	work.Wait()
	return worst
}

// integrate takes everything that is pending.
func integrate(ctx context.Context, l ledger.Ledger) (count int, err error) {
	inbox := l.(ledger.Inbox)
	parcels, err := inbox.Pending(ctx)
	if err != nil || len(parcels) == 0 {
		return 0, err
	}
	var leaves []ledger.Leaf
	for _, p := range parcels {
		leaves = append(leaves, p.Leaves...)
	}
	_, err = inbox.Integrate(ctx, proof.Checkpoint{}, leaves, parcels, nil)
	return len(leaves), err
}

func BenchmarkInbox(b *testing.B) {
	const writers, each = 16, 5
	ctx := context.Background()
	for _, delay := range []time.Duration{0, 250 * time.Millisecond} {
		b.Run(fmt.Sprintf("%dx%d/%v", writers, each, delay), func(b *testing.B) {
			for b.Loop() {
				w := newWorld(b)
				var all []ledger.Leaf
				for i := range writers * each {
					all = append(all, w.leaf(b, i))
				}
				var opened []ledger.Inbox
				for range writers {
					opened = append(opened, w.open(b, w.URL).(ledger.Inbox))
				}
				holder := w.open(b, w.URL)
				w.SetOpeningDelay(delay)
				start := time.Now()
				done := make(chan struct{})
				pushes := 0
				go func() {
					defer close(done)
					for left := len(all); left > 0; pushes++ {
						n, err := integrate(ctx, holder)
						if err != nil {
							b.Error(err)
							return
						}
						left -= n
					}
				}()
				worst := race(b, writers, each, func(writer, i int) error {
					_, err := opened[writer].Submit(ctx, all[writer*each+i:writer*each+i+1])
					return err
				})
				submitted := time.Since(start)
				<-done
				b.ReportMetric(float64(submitted.Milliseconds()), "ms-submitted")
				b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-wall")
				b.ReportMetric(float64(worst.Milliseconds()), "ms-worst")
				b.ReportMetric(float64(pushes), "rounds")
				w.SetOpeningDelay(0)
				w.mustHold(b, all)
			}
		})
	}
}

func BenchmarkContention(b *testing.B) {
	const writers, each = 16, 50
	ctx := context.Background()
	for b.Loop() {
		w := newWorld(b)
		var all []ledger.Leaf
		for i := range writers * each {
			all = append(all, w.leaf(b, i))
		}
		var opened []ledger.Ledger
		for range writers {
			opened = append(opened, w.open(b, w.URL))
		}
		start := time.Now()
		worst := race(b, writers, each, func(writer, i int) error {
			l, leaf := opened[writer], all[writer*each+i:writer*each+i+1]
			if _, err := l.(ledger.Inbox).Submit(ctx, leaf); err != nil {
				return err
			}
			if _, err := integrate(ctx, l); err != nil {
				return err
			}
			r, err := l.Append(ctx, proof.Checkpoint{}, leaf)
			if err == nil && !r[0].Duplicate {
				err = fmt.Errorf("event %d of writer %d was not integrated", i, writer)
			}
			return err
		})
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-wall")
		b.ReportMetric(float64(worst.Milliseconds()), "ms-worst")
		b.ReportMetric(float64(w.Counts().Pushes), "pushes")
		w.mustHold(b, all)
	}
}

func BenchmarkFlood(b *testing.B) {
	const parcels = 5000
	ctx := context.Background()
	for b.Loop() {
		w := newWorld(b)
		var stream strings.Builder
		for i := range parcels {
			body := fmt.Sprintf("parcel %d", i)
			fmt.Fprintf(&stream, "commit refs/gateledger/pending/%064x\ncommitter D <d@e> 1800000000 +0000\ndata 0\nM 100644 inline 0/leaf\ndata %d\n%s\nM 100644 inline 0/body\ndata 0\n\n\n", i, len(body), body)
		}
		cmd := exec.Command("git", "fast-import", "--quiet")
		cmd.Dir, cmd.Stdin = w.Dir, strings.NewReader(stream.String())
		check(b, cmd.Run())
		l := w.open(b, w.URL)
		start, first := time.Now(), time.Duration(0)
		rounds := 0
		for left := parcels; left > 0; rounds++ {
			found, err := l.(ledger.Inbox).Pending(ctx)
			check(b, err)
			if first == 0 {
				first = time.Since(start)
			}
			left = found[len(found)-1].More
			_, err = l.(ledger.Inbox).Integrate(ctx, proof.Checkpoint{}, nil, nil, found)
			check(b, err)
		}
		b.ReportMetric(float64(first.Milliseconds()), "ms-first-pending")
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-all-refused")
		b.ReportMetric(float64(rounds), "rounds")
	}
}
