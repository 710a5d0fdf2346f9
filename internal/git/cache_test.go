// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/git/gittest"
)

func TestKeep(t *testing.T) {
	t.Parallel()
	b := newBare(t)
	one, two := draft(t, b, nil), draft(t, b, map[string]string{"a": "1"})
	ctx := t.Context()
	is := func(name, want string) {
		t.Helper()
		if got, err := b.Kept(ctx, name); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	keep := func(name, id string) {
		t.Helper()
		if err := b.Keep(ctx, name, id); err != nil {
			t.Error(err)
		}
	}
	is("head", "")
	keep("head", one)
	keep("pending/a", two)
	keep("pending/b", one)
	is("head", one)
	keep("head", two)
	is("head", two)
	is("pending/a", two)
	if got, err := b.KeptUnder(ctx, "pending"); err != nil || len(got) != 2 || got["pending/a"] != two {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := b.KeptUnder(ctx, "none"); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if out, err := execGit(t, b.dir, "rev-parse", "refs/kept/head"); err != nil || out != two {
		t.Errorf("git itself sees %s, %v", out, err)
	}
	keep("head", "")
	keep("head", "")
	is("head", "")
	for _, name := range []string{"", "/", "a/", "/a", "a//b", "../a", "a/../b", ".a", "a.lock", "-a", "a b", "a*", "a\n", "ä", strings.Repeat("a", 201)} {
		if err := b.Keep(ctx, name, one); err == nil {
			t.Errorf("name %q was taken", name)
		}
	}
	for _, id := range []string{"HEAD", one[:20], strings.Repeat("1", 64)} {
		if err := b.Keep(ctx, "x", id); err == nil {
			t.Errorf("id %q was taken", id)
		}
	}
	tree, err := b.in(ctx, call{args: []string{"rev-parse", one + "^{tree}"}})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]error{strings.Repeat("1", 40): fs.ErrNotExist, strings.TrimSpace(string(tree)): ErrOddTree} {
		if err := b.KeepAll(ctx, map[string]string{"y": one, "x": id}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
	}
	is("y", "")
	// What is kept survives when the rest is thrown away, and is not sent again.
	if err := b.Keep(ctx, "deep/er/x", one); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "refs", "kept", "bad"), []byte("garbage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Kept(ctx, "bad"); !errors.Is(err, ErrDamaged) {
		t.Errorf("garbage: %v", err)
	}
}

// draftAt makes a commit after another at the server.
func draftAt(s *shore, parent string) string {
	return s.Git("commit-tree", "-m", "side", "-p", parent, parent+"^{tree}")
}

// A cache with many files is packed, and keeps what is kept and what is young.
func TestTidy(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	fetch(t, s.b, s.r, logRef)
	tip := s.first
	for i := range 3 { // the parent of the first is cut off where it was fetched
		tip = draft(t, s.b, map[string]string{fmt.Sprint(i): "x"}, tip)
	}
	b := newBare(t)
	push(t, s.b, s.r, Update{logRef, s.first, tip})
	fetch(t, b, s.r, logRef)
	if err := b.Keep(t.Context(), "head", tip); err != nil {
		t.Fatal(err)
	}
	// What came in just now is not kept, and its history is not here.
	s.Git("update-ref", "refs/x/side", draftAt(s, s.first))
	side := fetch(t, b, s.r, "refs/x/side")["refs/x/side"]
	young := draft(t, b, map[string]string{"young": "x"}, tip)
	old := draft(t, b, map[string]string{"old": "unheard of"})
	for i := range maxPacks + 10 {
		pack := fmt.Sprintf("commit refs/heads/x\ncommitter a <a@b> %d +0000\ndata 0\nM 644 inline f\ndata 9\n%09d\n\nreset refs/heads/x\nfrom %040d\n\n", i, i, 0)
		if _, err := b.in(t.Context(), call{args: []string{"-c", "fastimport.unpackLimit=1", "fast-import", "--quiet"}, stdin: pack}); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-100 * time.Hour)
	objects, err := b.Files(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{old, objects[0].ID} {
		if err := os.Chtimes(filepath.Join(b.dir, "objects", id[:2], id[2:]), past, past); err != nil {
			t.Fatal(err)
		}
	}
	stale := []string{filepath.Join(b.dir, stages, "stale"), filepath.Join(b.dir, "objects", "pack", "tmp_pack_x")}
	for _, dir := range stale {
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chtimes(dir, past, past)); err != nil {
			t.Fatal(err)
		}
	}
	if !b.untidy() {
		t.Fatal("there are not enough packs")
	}
	fetch(t, b, s.r, logRef)
	if b.untidy() {
		t.Error("it is not tidied up")
	}
	if err := os.Chtimes(filepath.Join(b.dir, tidyLock), past, past); err != nil || b.untidy() {
		t.Errorf("it would be tidied up again, %v", err)
	}
	if got := files(t, b, side); len(got) != 2 {
		t.Errorf("just fetched: %v", got)
	}
	openBare(t, b.dir)
	for _, dir := range stale {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s of a process long gone is still there", filepath.Base(dir))
		}
	}
	if got := files(t, b, tip); len(got) != 5 {
		t.Errorf("kept: %v", got)
	}
	if got := files(t, b, young); len(got) != 6 {
		t.Errorf("young: %v", got)
	}
	if _, err := b.Files(t.Context(), old); err == nil {
		t.Error("what nobody has named for days is still there")
	}
	push(t, b, s.r, Update{logRef, tip, young})
}

// A damaged cache says so, and is as good as new when thrown away.
func TestDamage(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	wreck := func(path string, data []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			file := filepath.Join(dir, path)
			os.Remove(file)
			if data == nil {
				os.RemoveAll(file)
				return
			}
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	blob := "56a6051ca2b02b04ef92d5150c9ef600403cb1de" // "1"
	object := func(id string) string { return filepath.Join("objects", id[:2], id[2:]) }
	tree := s.Git("rev-parse", s.first+"^{tree}")
	for fact, c := range map[string]struct {
		do   func(*testing.T, string)
		open bool // it is noticed when opened
	}{
		"no configuration":        {wreck("config", nil), true},
		"another configuration":   {wreck("config", []byte("[core]\nsshCommand = false\n")), true},
		"no objects":              {wreck("objects", nil), true},
		"no refs":                 {wreck("refs", nil), true},
		"objects of others":       {wreck("objects/info/alternates", []byte("/tmp\n")), true},
		"an empty commit":         {wreck(object(s.first), []byte{}), false},
		"a tree of garbage":       {wreck(object(tree), []byte("garbage")), false},
		"a missing tree":          {wreck(object(tree), nil), false},
		"an empty blob":           {wreck(object(blob), []byte{}), false},
		"a missing blob":          {wreck(object(blob), nil), false},
		"an empty kept name":      {wreck("refs/kept/head", []byte{}), false},
		"a kept name of nonsense": {wreck("refs/kept/head", []byte("nonsense")), false},
	} {
		t.Run(fact, func(t *testing.T) {
			b := newBare(t)
			tip := fetch(t, b, s.r, logRef)[logRef]
			if err := b.Keep(t.Context(), "head", tip); err != nil {
				t.Fatal(err)
			}
			c.do(t, b.dir)
			again, err := OpenBare(t.Context(), b.dir, nil)
			if c.open != errors.Is(err, ErrDamaged) {
				t.Errorf("opened: %v", err)
			}
			if again != nil {
				_, err = use(t.Context(), again, s.r)
			}
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("used: %v, want ErrDamaged", err)
			}
			if err := Discard(b.dir); err != nil {
				t.Fatal(err)
			}
			b = openBare(t, b.dir)
			if got, err := use(t.Context(), b, s.r); err != nil || got != tip {
				t.Errorf("thrown away and opened: %s, %v", got, err)
			}
		})
	}
}

// use does what a ledger does: fetch, list, read, commit.
func use(ctx context.Context, b *Bare, r Remote) (string, error) {
	refs, err := b.Fetch(ctx, r, logRef)
	if err != nil {
		return "", err
	}
	list, err := b.Files(ctx, refs[logRef])
	if err != nil {
		return "", err
	}
	var ids []string
	for _, o := range list {
		ids = append(ids, o.ID)
	}
	if err := b.Read(ctx, ids, 1<<20, func(int, []byte) error { return nil }); err != nil {
		return "", err
	}
	_, err = b.Commit(ctx, Draft{Base: refs[logRef], Parents: []string{refs[logRef]}, When: time.Unix(1, 0)})
	return refs[logRef], err
}

func TestDiscardSparesWhatIsNoCache(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Discard(dir); err == nil {
		t.Error("it was thrown away")
	}
	if _, err := OpenBare(t.Context(), dir, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("opened as a cache: %v", err)
	}
	if err := Discard(filepath.Join(dir, "none")); err != nil {
		t.Error(err)
	}
}

// What one cache keeps another one can fetch from its folder, although the
// history is cut off: so much of a damaged one can be saved.
func TestCacheAsARemote(t *testing.T) {
	t.Parallel()
	s := newShore(t, gittest.Options{})
	push(t, s.b, s.r, Update{logRef, s.first, s.second})
	a, b := newBare(t), newBare(t)
	tip := fetch(t, a, s.r, logRef)[logRef]
	if err := a.Keep(t.Context(), "head", tip); err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, b, Remote{URL: a.dir}, "refs/kept/*"); got["refs/kept/head"] != tip || len(files(t, b, tip)) != 2 {
		t.Errorf("%v", got)
	}
}
