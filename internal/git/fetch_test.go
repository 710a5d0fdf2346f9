// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/git/gittest"
)

// pendings makes n parcels at the server, of some 1.5 KB that compress to half.
// Their refs are packed, as after a server's housekeeping.
func (s *shore) pendings(n int) {
	s.Helper()
	var in, refs strings.Builder
	for i := range n {
		body := make([]byte, 750)
		x := uint32(i + 1)
		for j := range body {
			x = x*1664525 + 1013904223
			body[j] = byte(x >> 24)
		}
		fmt.Fprintf(&in, "commit refs/x\nmark :%d\ncommitter a <a@b> 1 +0000\ndata 0\ndeleteall\n", i+1)
		fmt.Fprintf(&in, "M 644 inline 0/leaf\ndata 9\n%09d\nM 644 inline 0/body\ndata 1500\n%x\n", i, body)
		fmt.Fprintf(&in, "get-mark :%d\nreset refs/x\nfrom %040d\n\n", i+1, 0)
	}
	cmd := exec.Command("git", "fast-import", "--quiet")
	cmd.Dir, cmd.Stdin = s.Dir, strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		s.Fatal(err)
	}
	for i, id := range strings.Fields(string(out)) {
		fmt.Fprintf(&refs, "%s refs/gateledger/pending/%064x\n", id, i)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "packed-refs"), []byte(refs.String()), 0o600); err != nil {
		s.Fatal(err)
	}
}

// What is kept is not brought again, and a fetch is one run of requests.
func TestFetchBringsLittle(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	b := newBare(t)
	var old, tip string
	many := map[string]string{}
	for i := range 200 {
		many[fmt.Sprintf("tile/%03d", i)] = strings.Repeat(fmt.Sprint(i*i), 50)
	}
	tip = draft(t, s.b, many, s.first)
	push(t, s.b, s.r, Update{logRef, s.first, tip})
	last := s.Counts()
	spent := func() (requests int, bytes int64) {
		now := s.Counts()
		requests, bytes = now.Requests-last.Requests, now.Sent-last.Sent
		last = now
		return requests, bytes
	}
	fetch(t, b, s.r, logRef, "refs/gateledger/pending/*")
	requests, whole := spent()
	if requests != 3 {
		t.Errorf("the first fetch: %d requests", requests)
	}
	if err := b.Keep(t.Context(), "head", tip); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		fact  string
		files map[string]string
		most  int64
	}{
		{"nothing new", nil, 600},
		{"one file more", map[string]string{"tail/0/0": "event"}, 1500},
		{"another", map[string]string{"tail/0/1": "event"}, 1500},
	} {
		if c.files != nil {
			old, tip = tip, draft(t, s.b, c.files, tip)
			push(t, s.b, s.r, Update{logRef, old, tip})
		}
		spent()
		refs := fetch(t, b, s.r, logRef, "refs/gateledger/pending/*")
		if requests, bytes := spent(); requests != 3 || bytes > c.most || refs[logRef] != tip {
			t.Errorf("%s: %d requests, %d bytes of %d; at %s", c.fact, requests, bytes, whole, refs[logRef])
		}
		if got := files(t, b, tip); len(got) < 202 {
			t.Errorf("%s: %d files", c.fact, len(got))
		}
		if err := b.Keep(t.Context(), "head", tip); err != nil {
			t.Fatal(err)
		}
	}
	fetch(t, b, s.r, "refs/heads/none", logRef)
	if requests, _ := spent(); requests > 5 {
		t.Errorf("a full name that is not there: %d requests", requests)
	}
}

// Five thousand parcels come by one fetch and are listed by a handful of
// processes.
func TestFetchOfManyRefs(t *testing.T) {
	t.Parallel()
	const n = 5000
	s := newShore(t, gittest.Options{})
	s.pendings(n)
	refs := fetch(t, s.b, s.r, logRef, "refs/gateledger/pending/*")
	if len(refs) != n+1 {
		t.Fatalf("%d refs", len(refs))
	}
	count := 0
	err := s.b.FilesOf(t.Context(), slices.Collect(maps.Values(refs)), func(_ int, files []Object, err error) error {
		if len(files) == 2 && files[0].Size == 1500 && err == nil {
			count++
		}
		return err
	})
	if err != nil || count != n {
		t.Errorf("%d listed, %v", count, err)
	}
	var updates []Update
	for ref, id := range refs {
		if len(updates) < 100 && ref != logRef {
			updates = append(updates, Update{Ref: ref, Old: id}, Update{Ref: strings.Replace(ref, "pending", "quarantine", 1), New: id})
		}
	}
	push(t, s.b, s.r, updates...)
	if got := strings.Count(s.Git("for-each-ref", "refs/gateledger/pending"), "\n") + 1; got != n-50 {
		t.Errorf("%d are left", got)
	}
}

// Processes that share a cache do not get in each other's way.
func TestOneCacheForMany(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	s.pendings(20)
	dir := filepath.Join(t.TempDir(), "shared")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			cmd := exec.Command(exe, "-test.run=^TestCacheChild$", "-test.count=1")
			cmd.Env = append(os.Environ(), "GITTEST_CHILD="+dir, "GITTEST_URL="+s.URL, fmt.Sprint("GITTEST_NUMBER=", i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
			}
		})
	}
	all.Wait()
	b := openBare(t, dir)
	kept, err := b.KeptUnder(t.Context(), "")
	if err != nil || len(kept) != 4+20 {
		t.Errorf("%d kept, %v", len(kept), err)
	}
	left, err := os.ReadDir(filepath.Join(dir, stages))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestCacheChild is one of the processes of TestOneCacheForMany.
func TestCacheChild(t *testing.T) {
	dir := os.Getenv("GITTEST_CHILD")
	if dir == "" {
		return
	}
	b, r := openBare(t, dir), Remote{URL: os.Getenv("GITTEST_URL")}
	for range 3 {
		refs := fetch(t, b, r, logRef, "refs/gateledger/pending/*")
		if len(refs) != 21 {
			t.Errorf("%d refs", len(refs))
		}
		ids := slices.Collect(maps.Values(refs))
		if err := b.FilesOf(t.Context(), ids, func(_ int, _ []Object, err error) error { return err }); err != nil {
			t.Error(err)
		}
		kept := map[string]string{}
		for ref, id := range refs {
			name := strings.TrimPrefix(ref, "refs/gateledger/")
			if ref == logRef {
				name = "head" + os.Getenv("GITTEST_NUMBER")
			}
			kept[name] = id
		}
		if err := b.KeepAll(t.Context(), kept); err != nil {
			t.Error(err)
		}
		draft(t, b, map[string]string{"n": os.Getenv("GITTEST_NUMBER")}, refs[logRef])
	}
}

// A remote that names objects by SHA-256 makes an empty cache do so, too.
func TestOtherHash(t *testing.T) {
	t.Parallel()
	s := gittest.Serve(t, gittest.Options{Format: "sha256"})
	for way, r := range map[string]Remote{"over HTTP": {URL: s.URL}, "in a folder": {URL: s.Dir}} {
		b := newBare(t)
		if got := fetch(t, b, r, "refs/none/*", logRef); len(got) != 0 {
			t.Fatal(got)
		}
		ref := "refs/x/" + strings.ReplaceAll(way, " ", "-")
		s.Git("update-ref", ref, s.Git("commit-tree", "-m", way, s.Git("hash-object", "-w", "-t", "tree", os.DevNull)))
		got := fetch(t, b, r, "refs/x/*", logRef)
		if len(got[ref]) != 64 || *b.format.Load() != "sha256" {
			t.Fatalf("%s: %v", way, got)
		}
		id := draft(t, b, map[string]string{"a": "1"}, got[ref])
		push(t, b, r, Update{ref, got[ref], id}, Update{Ref: ref + "-two", New: id})
		if err := b.Keep(t.Context(), "head", id); err != nil {
			t.Error(err)
		}
		again := openBare(t, b.dir)
		if got := files(t, again, fetch(t, again, r, ref)[ref]); got["a"] != "1" {
			t.Errorf("%s: %v", way, got)
		}
		if err := again.FilesOf(t.Context(), []string{id}, func(_ int, files []Object, err error) error {
			if len(files) != 1 {
				t.Errorf("%v", files)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	}
	full := newShore(t, gittest.Options{})
	if err := full.b.Keep(t.Context(), "head", full.first); err != nil {
		t.Fatal(err)
	}
	if _, err := full.b.Fetch(t.Context(), Remote{URL: s.URL}, "refs/x/*"); !errors.Is(err, ErrFormat) || errors.Is(err, ErrRemote) {
		t.Errorf("a full cache of the other hash: %v, want ErrFormat", err)
	}
}

// Whoever waits can stop waiting, and nothing stays behind.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	s.SetDelay(time.Minute)
	defer s.SetDelay(0)
	for fact, do := range map[string]func(context.Context) error{
		"fetch": func(ctx context.Context) error { _, err := s.b.Fetch(ctx, s.r, logRef); return err },
		"list":  func(ctx context.Context) error { _, err := s.b.List(ctx, s.r, logRef); return err },
		"push":  func(ctx context.Context) error { return s.b.Push(ctx, s.r, Update{logRef, s.first, s.second}) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := do(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", fact, err)
		}
		cancel()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for fact, err := range map[string]error{
		"open":   second(OpenBare(ctx, s.b.dir, nil)),
		"commit": second(s.b.Commit(ctx, Draft{When: time.Unix(1, 0)})),
		"files":  second(s.b.Files(ctx, s.first)),
		"keep":   s.b.Keep(ctx, "x", s.first),
		"kept":   second(s.b.Kept(ctx, "x")),
		"all":    second(s.b.KeptUnder(ctx, "")),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", fact, err)
		}
	}
	left, err := os.ReadDir(filepath.Join(s.b.dir, stages))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestPatterns(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	for _, p := range []string{"", "main", "HEAD", "refs/heads/a b", "refs/*/x", "refs/heads/**", "refs/heads/a:b", "+refs/heads/a", "^refs/heads/a", "refs/heads/a\nrefs/heads/b", "--all", "refs//x", "refs/heads/", strings.Repeat("1", 40)} {
		if _, err := s.b.Fetch(t.Context(), s.r, p); err == nil || errors.Is(err, ErrRemote) {
			t.Errorf("fetch %q: %v", p, err)
		}
		if _, err := s.b.List(t.Context(), s.r, p); err == nil || errors.Is(err, ErrRemote) {
			t.Errorf("list %q: %v", p, err)
		}
	}
	s.Git("update-ref", "refs/heads/gateledger/log2", s.first)
	s.Git("update-ref", "refs/heads/refs/heads/gateledger/log", s.first)
	for pattern, want := range map[string]int{
		logRef: 1, logRef + "*": 2, "refs/heads/gateledger/*": 2, "refs/*": 3, "refs/heads/none": 0, "refs/none/*": 0, "refs/heads/gate*": 2,
	} {
		got := fetch(t, s.b, s.r, pattern)
		listed, err := s.b.List(t.Context(), s.r, pattern)
		if len(got) != want || len(listed) != want || err != nil {
			t.Errorf("%s: fetched %v, listed %v, %v; want %d", pattern, got, listed, err, want)
		}
	}
	got := fetch(t, s.b, s.r, logRef, logRef, "refs/heads/*")
	if len(got) != 3 {
		t.Errorf("patterns that overlap: %v", got)
	}
	if got := fetch(t, s.b, s.r); len(got) != 0 {
		t.Errorf("no pattern: %v", got)
	}
}

func TestHistoryGoesBackAsFarAsAsked(t *testing.T) {
	t.Parallel()
	s := gittest.Serve(t, gittest.Options{})
	dir := gittest.Clone(t, s)
	var ids []string
	for range 5 {
		s.In(dir, "commit", "--quiet", "--allow-empty", "--message", "one")
		ids = append([]string{strings.TrimSpace(s.In(dir, "rev-parse", "HEAD"))}, ids...)
	}
	s.In(dir, "push", "--quiet", "origin", "HEAD:refs/heads/log")
	b := newBare(t)
	r := Remote{URL: s.URL}
	if err := b.Keep(t.Context(), "tip", fetchOne(t, b, r, "refs/heads/log")); err != nil {
		t.Fatal(err)
	}
	for depth, want := range map[int][]string{1: ids[:1], 3: ids[:3], 100: ids} {
		if got, err := b.History(t.Context(), r, "refs/heads/log", depth); err != nil || !slices.Equal(got, want) {
			t.Errorf("depth %d: %v, %v, want %v", depth, got, err, want)
		}
	}
	if got, err := b.History(t.Context(), r, "refs/heads/nothing", 3); err != nil || len(got) != 0 {
		t.Errorf("a branch that is not there: %v, %v", got, err)
	}
	for _, bad := range []string{"HEAD", "--all", "refs/heads/*"} {
		if got, err := b.History(t.Context(), r, bad, 3); err == nil {
			t.Errorf("%s: %v", bad, got)
		}
	}
	s.Down(true)
	if got, err := b.History(t.Context(), r, "refs/heads/log", 3); !errors.Is(err, ErrRemote) {
		t.Errorf("the server is down: %v, %v", got, err)
	}
}

func fetchOne(t *testing.T, b *Bare, r Remote, ref string) string {
	t.Helper()
	refs, err := b.Fetch(t.Context(), r, ref)
	if err != nil || refs[ref] == "" {
		t.Fatalf("%v, %v", refs, err)
	}
	return refs[ref]
}
