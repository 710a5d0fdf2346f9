// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

// The test binary, run again with these set, is a process that appends
// leaves one by one and prints the index of each once it has its receipt.
const (
	childFolder  = "LEDGER_TEST_FOLDER"
	childPrivate = "LEDGER_TEST_PRIVATE"
	childPublic  = "LEDGER_TEST_PUBLIC"
	childFrom    = "LEDGER_TEST_FROM"
	childTo      = "LEDGER_TEST_TO"
	childCache   = "LEDGER_TEST_CACHE" // the folder is the URL of a git: ledger then
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		if err := appendAll(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func appendAll(folder string) error {
	signer, err := note.NewSigner(os.Getenv(childPrivate))
	if err != nil {
		return err
	}
	keys, err := proof.NewKeys(signer.Name(), []string{os.Getenv(childPublic)})
	if err != nil {
		return err
	}
	from, _ := strconv.Atoi(os.Getenv(childFrom))
	to, _ := strconv.Atoi(os.Getenv(childTo))
	o, url := ledger.Options{Keys: keys, Signer: signer}, "dir:"+folder
	if o.Git.Cache = os.Getenv(childCache); o.Git.Cache != "" {
		url = folder
	}
	l, err := ledger.Open(context.Background(), url, o)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		r, err := l.Append(context.Background(), proof.Checkpoint{}, []ledger.Leaf{ledgertest.Leaf(i)})
		if err != nil {
			return err
		}
		fmt.Println(i, r[0].Index)
	}
	return nil
}

// A shared is a ledger that several processes write.
type shared struct {
	folder, private, public string
	o                       ledger.Options
}

func newShared(t *testing.T) shared {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, ledgertest.Origin)
	if err != nil {
		t.Fatal(err)
	}
	s := shared{t.TempDir(), private, public, ledgertest.OptionsOf(t, private, public)}
	fillAt(t, s.folder, s.o)
	return s
}

// child makes a process that appends the leaves from..to-1.
func (s shared) child(t *testing.T, from, to int) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), childFolder+"="+s.folder, childPrivate+"="+s.private, childPublic+"="+s.public,
		fmt.Sprintf("%s=%d", childFrom, from), fmt.Sprintf("%s=%d", childTo, to))
	c.Stderr = os.Stderr
	return c
}

// A writer killed at any moment loses nothing it has acknowledged, leaves a
// whole log, and the next one goes on.
func TestKill(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShared(t)
	next := 0
	for round := range 30 {
		c := s.child(t, next, next+10_000)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range round % 4 {
			lines.Scan()
		}
		delay, err := rand.Int(rand.Reader, big.NewInt(int64(8*time.Millisecond)))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(delay.Int64()))
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		acknowledged := next
		for lines.Scan() {
			var leaf int
			if n, _ := fmt.Sscan(lines.Text(), &leaf); n == 1 {
				acknowledged = leaf + 1
			}
		}
		_ = c.Wait()
		l := open(t, "dir:"+s.folder, s.o)
		if next = int(head(t, l).Size); next < acknowledged {
			t.Fatalf("round %d: %d leaves were acknowledged, %d are there", round, acknowledged, next)
		}
		if _, err := l.(ledger.Auditor).Audit(ctx, ledgertest.Check); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for e, err := range l.Read(ctx, 0, uint64(next)) {
			if err != nil || string(e.Body) != string(ledgertest.Leaf(int(e.Index)).Body) {
				t.Fatalf("round %d: entry %d is %q, %v", round, e.Index, e.Body, err)
			}
		}
	}
	if next == 0 {
		t.Error("no round appended anything")
	}
}

func TestProcessesWriteOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	const writers, each = 4, 20
	var running []*exec.Cmd
	for w := range writers {
		c := s.child(t, w*each, (w+1)*each)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, c)
	}
	for _, c := range running {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	l := open(t, "dir:"+s.folder, s.o)
	seen := map[string]bool{}
	for e, err := range l.Read(context.Background(), 0, head(t, l).Size) {
		if err != nil {
			t.Fatal(err)
		}
		seen[string(e.Body)] = true
	}
	if len(seen) != writers*each || head(t, l).Size != writers*each {
		t.Errorf("%d leaves, %d of them different, want %d", head(t, l).Size, len(seen), writers*each)
	}
	if _, err := l.(ledger.Auditor).Audit(context.Background(), ledgertest.Check); err != nil {
		t.Error(err)
	}
}

// Two ledgers opened on one folder in one process are two writers too.
func TestOpenTwice(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShared(t)
	a, b := open(t, "dir:"+s.folder, s.o), open(t, "dir:"+s.folder, s.o)
	for i := range 20 {
		l := a
		if i%3 == 0 {
			l = b
		}
		if _, err := l.Append(ctx, proof.Checkpoint{}, []ledger.Leaf{ledgertest.Leaf(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		r, err := b.Append(ctx, proof.Checkpoint{}, []ledger.Leaf{ledgertest.Leaf(i)})
		if err != nil || !r[0].Duplicate || r[0].Index != uint64(i) {
			t.Fatalf("leaf %d again: %+v, %v", i, r, err)
		}
	}
}

// A gate that appends after a head loses to whoever was first.
func TestOnlyOneAppendFollowsAHead(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShared(t)
	at := head(t, open(t, "dir:"+s.folder, s.o))
	results := make(chan error)
	for i := range 8 {
		go func() {
			l, err := ledger.Open(ctx, "dir:"+s.folder, s.o)
			if err == nil {
				_, err = l.Append(ctx, at, []ledger.Leaf{ledgertest.Leaf(i)})
			}
			results <- err
		}()
	}
	won := 0
	for range 8 {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, ledger.ErrHeadMoved):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d appends followed one head", won)
	}
}

func TestLockWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	other := flock.New(filepath.Join(s.folder, "lock"))
	if ok, err := other.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer other.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	l := open(t, "dir:"+s.folder, s.o)
	if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(0, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("append while another holds the lock: %v", err)
	}
	if _, err := l.Head(context.Background()); err != nil {
		t.Errorf("readers do not wait: %v", err)
	}
}
