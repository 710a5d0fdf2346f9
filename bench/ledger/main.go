// SPDX-License-Identifier: Apache-2.0

// The command ledger measures the embedded ledger: how long an append takes,
// how many leaves a second it takes in batches, and how fast a full audit is
// beside plain SHA-256 of the same bytes. See README.md.
package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/proof"
)

const origin = "bench.example"

func main() {
	singles := flag.Int("singles", 1000, "appends of one leaf")
	leaves := flag.Int("leaves", 1_000_000, "leaves of the ledger that is audited")
	batch := flag.Int("batch", 256, "leaves to a batch")
	size := flag.Int("size", 300, "bytes to a leaf")
	keep := flag.String("keep", "", "make the audited ledger here, write its verifier key to KEEP.pub, and leave both")
	audit := flag.String("audit", "", "only audit the ledger in this folder, whose verifier key is -key")
	key := flag.String("key", "", "see -audit")
	flag.Parse()
	b := bench{singles: *singles, leaves: *leaves, batch: *batch, size: *size, keep: *keep}
	ctx := context.Background()
	run := b.run
	if *audit != "" {
		run = func(ctx context.Context) error { return auditFolder(ctx, *audit, *key) }
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type bench struct {
	singles, leaves, batch, size int
	keep                         string
	temp, public                 string
	options                      ledger.Options
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.temp, err = os.MkdirTemp("", "gateledger-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.temp)
	var private string
	if private, b.public, err = note.GenerateKey(rand.Reader, origin); err != nil {
		return err
	}
	if b.options.Signer, err = note.NewSigner(private); err != nil {
		return err
	}
	if b.options.Keys, err = proof.NewKeys(origin, []string{b.public}); err != nil {
		return err
	}
	if b.keep == "" {
		b.keep = filepath.Join(b.temp, "audited")
	} else if err := os.WriteFile(b.keep+".pub", []byte(b.public), 0o644); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{b.one, b.batches, b.audit} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// one appends leaves singly, each durable before the next.
func (b *bench) one(ctx context.Context) error {
	l, err := ledger.Create(ctx, "dir:"+filepath.Join(b.temp, "one"), b.options)
	if err != nil {
		return err
	}
	times := make([]time.Duration, b.singles)
	for i := range times {
		start := time.Now()
		if _, err := l.Append(ctx, proof.Checkpoint{}, b.make(i, 1)); err != nil {
			return err
		}
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	fmt.Printf("append one, fsync              p50 %v  p90 %v\n",
		times[len(times)/2].Round(time.Microsecond), times[len(times)*9/10].Round(time.Microsecond))
	return nil
}

// batches fills the ledger that is audited, and another without fsync.
func (b *bench) batches(ctx context.Context) error {
	if err := b.fill(ctx, "fsync", b.keep, b.options); err != nil {
		return err
	}
	loose := b.options
	loose.Layer = func(fsys durable.FS) durable.FS { return unsynced{fsys} }
	return b.fill(ctx, "no fsync", filepath.Join(b.temp, "loose"), loose)
}

func (b *bench) fill(ctx context.Context, name, folder string, o ledger.Options) error {
	l, err := ledger.Create(ctx, "dir:"+folder, o)
	if err != nil {
		return err
	}
	var spent time.Duration
	for first := 0; first < b.leaves; first += b.batch {
		leaves := b.make(first, min(b.batch, b.leaves-first))
		start := time.Now()
		if _, err := l.Append(ctx, proof.Checkpoint{}, leaves); err != nil {
			return err
		}
		spent += time.Since(start)
	}
	fmt.Printf("append batches of %d, %-8s  %.0f leaves/s\n", b.batch, name, float64(b.leaves)/spent.Seconds())
	return nil
}

// audit runs the audit in a process of its own, so that its memory is only
// its own.
func (b *bench) audit(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, self, "-audit", b.keep, "-key", b.public)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c.Run()
}

// rounds is how often audit and plain hashing take turns; the best of each
// counts, since whatever else the machine does only adds.
const rounds = 5

// auditFolder audits a ledger, and hashes the same files.
func auditFolder(ctx context.Context, folder, key string) error {
	keys, err := proof.NewKeys(origin, []string{key})
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, "dir:"+folder, ledger.Options{Keys: keys})
	if err != nil {
		return err
	}
	var report ledger.Report
	var bytes int64
	var audit, plain cost
	for range rounds {
		audit.best(func() { report, err = l.(ledger.Auditor).Audit(ctx, nil) })
		if err != nil {
			return err
		}
		plain.best(func() { bytes, err = hashTree(folder) })
		if err != nil {
			return err
		}
	}
	fmt.Printf("audit of %d leaves        %v, %v of CPU, %.0f leaves/s, peak memory %d MB\n",
		report.Entries, audit.wall.Round(time.Millisecond), audit.cpu.Round(time.Millisecond),
		float64(report.Entries)/audit.wall.Seconds(), peakMemory()>>20)
	fmt.Printf("plain SHA-256 of its %d MB    %v, %v of CPU; the audit takes %.2f times that, %.2f times in CPU\n",
		bytes>>20, plain.wall.Round(time.Millisecond), plain.cpu.Round(time.Millisecond),
		audit.wall.Seconds()/plain.wall.Seconds(), audit.cpu.Seconds()/plain.cpu.Seconds())
	return nil
}

// A cost is the least time that something took.
type cost struct{ wall, cpu time.Duration }

func (c *cost) best(f func()) {
	start, cpu := time.Now(), cpuTime()
	f()
	wall, used := time.Since(start), cpuTime()-cpu
	if c.wall == 0 || wall < c.wall {
		c.wall = wall
	}
	if c.cpu == 0 || used < c.cpu {
		c.cpu = used
	}
}

// hashTree is what any integrity check must at least do: read every file and
// hash it.
func hashTree(root string) (total int64, err error) {
	h := sha256.New()
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := io.Copy(h, f)
		total += n
		return err
	})
	return total, err
}

// make returns leaves that no two calls share.
func (b *bench) make(first, count int) []ledger.Leaf {
	leaves := make([]ledger.Leaf, count)
	for i := range leaves {
		data := make([]byte, b.size)
		copy(data, fmt.Sprintf("leaf %d", first+i))
		leaves[i].Data = data
	}
	return leaves
}

// unsynced is a file system that calls everything durable at once.
type unsynced struct{ durable.FS }

func (u unsynced) SyncDir(string) error { return nil }

func (u unsynced) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	f, err := u.FS.OpenFile(name, flag, perm)
	return unsyncedFile{f}, err
}

type unsyncedFile struct{ durable.File }

func (unsyncedFile) Sync() error { return nil }
