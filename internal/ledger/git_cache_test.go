// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/git"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

func sumOf(data []byte) [32]byte { return sha256.Sum256(data) }

func equalFiles(t *testing.T, a, b string) bool {
	t.Helper()
	x, errX := os.ReadFile(a)
	y, errY := os.ReadFile(b)
	if err := errors.Join(errX, errY); err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}

// spoil changes every file of git's in a cache that f picks.
func spoil(t *testing.T, cache string, change func(name string, data []byte) []byte) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(cache, "git"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		changed := change(filepath.ToSlash(path), bytes.Clone(data))
		if bytes.Equal(changed, data) {
			return nil
		}
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		return os.WriteFile(path, changed, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A cache that is damaged, in whatever way, is made again. Neither the newest
// head nor a parcel that was kept is forgotten for it, unless it was in what
// is damaged.
func TestDamagedCache(t *testing.T) {
	t.Parallel()
	isObject := func(name string) bool { return strings.Contains(name, "/objects/") }
	for name, change := range map[string]func(string, []byte) []byte{
		"objects cut short": func(name string, data []byte) []byte {
			if isObject(name) {
				return data[:len(data)/2]
			}
			return data
		},
		"objects emptied": func(name string, data []byte) []byte {
			if isObject(name) {
				return nil
			}
			return data
		},
		"objects with other bytes": func(name string, data []byte) []byte {
			if isObject(name) {
				for i := len(data) / 4; i < len(data); i += 7 {
					data[i] ^= 0x55
				}
			}
			return data
		},
		"another configuration": func(name string, data []byte) []byte {
			if strings.HasSuffix(name, "/config") {
				return []byte("[core]\n\tfsmonitor = touch /tmp/pwned\n")
			}
			return data
		},
		"kept names that are none": func(name string, data []byte) []byte {
			if strings.Contains(name, "/kept/") {
				return []byte("what?\n")
			}
			return data
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newLocal(t, ledgertest.Leaves(0, 3))
			first := h.at(logRef)
			h.append(t, h.open(t, h.o).Ledger, ledgertest.Leaves(3, 270))
			spoil(t, h.o.Git.Cache, change)
			l := h.open(t, h.o)
			mustHold(t, l, ledgertest.Leaves(0, 270)...)
			h.append(t, l.Ledger, ledgertest.Leaves(270, 272))
			spoil(t, h.o.Git.Cache, change)
			h.Git("update-ref", logRef, first)
			if _, err := ledger.Open(context.Background(), "git:"+h.URL, h.o); !errors.Is(err, ledger.ErrRollback) {
				t.Errorf("the newest head is forgotten: %v", err)
			}
		})
	}
}

// While a ledger is open its cache may vanish.
func TestCacheVanishes(t *testing.T) {
	t.Parallel()
	h := newLocal(t, ledgertest.Leaves(0, 300))
	o := cached(t, h.o)
	l := h.open(t, o)
	if err := os.RemoveAll(o.Git.Cache); err != nil {
		t.Fatal(err)
	}
	mustHold(t, l, ledgertest.Leaves(0, 300)...)
}

// What the branch has lost of documents, or has other bytes of, is said by
// name.
func TestDocumentsOfABranch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newLocal(t, ledgertest.Leaves(0, 3))
	tip := h.at(logRef)
	sum := sumOf(ledgertest.Leaf(0).Blobs[0])
	listed := strings.Fields(h.Git("ls-tree", "-r", "--name-only", tip, "blob"))
	if len(listed) != 1 {
		t.Fatalf("documents: %q", listed)
	}
	h.forgeDraft(t, logRef, git.Draft{Base: tip, Parents: []string{tip}, Delete: listed})
	l := h.open(t, cached(t, h.keys))
	_, auditErr := l.Audit(ctx, nil)
	_, blobErr := l.Blob(ctx, sum)
	for what, err := range map[string]error{"audit": auditErr, "blob": blobErr} {
		if !errors.Is(err, ledger.ErrMissing) || !strings.Contains(err.Error(), listed[0]) {
			t.Errorf("%s without the document: %v, want ErrMissing", what, err)
		}
	}
	h.Git("update-ref", logRef, tip)
	h.forgeDraft(t, logRef, git.Draft{Base: tip, Parents: []string{tip}, Put: map[string][]byte{listed[0]: []byte("another")}})
	if _, err := h.open(t, cached(t, h.keys)).Blob(ctx, sum); !errors.Is(err, ledger.ErrTampered) {
		t.Errorf("with another: %v, want ErrTampered", err)
	}
	// Whoever appends a leaf with that document puts it right.
	again := ledgertest.Leaf(99)
	again.Blobs = ledgertest.Leaf(0).Blobs
	h.append(t, h.open(t, cached(t, h.o)).Ledger, []ledger.Leaf{again})
	if data, err := h.open(t, cached(t, h.keys)).Blob(ctx, sum); err != nil || !bytes.Equal(data, again.Blobs[0]) {
		t.Errorf("once it was put right: %q, %v", data, err)
	}
}

func TestGitURLs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t)
	for name, c := range map[string]struct{ url, says string }{
		"a name, without a checkout":     {"git:origin", "only a checkout knows"},
		"nothing":                        {"git:", "no git remote"},
		"an option":                      {"git:--upload-pack=touch /tmp/pwned", "no git remote"},
		"a line":                         {"git:https://host/x\ny", "no git remote"},
		"another question":               {"git:" + h.URL + "?depth=1", "branch=NAME"},
		"two branches":                   {"git:" + h.URL + "?branch=a&branch=b", "branch=NAME"},
		"an empty branch":                {"git:" + h.URL + "?branch=", "no name of a branch"},
		"a pattern":                      {"git:" + h.URL + "?branch=a*", "no name of a branch"},
		"a refspec":                      {"git:" + h.URL + "?branch=a:b", "no name of a branch"},
		"a branch that goes up":          {"git:" + h.URL + "?branch=../../x", "no name of a branch"},
		"a branch that is locked":        {"git:" + h.URL + "?branch=a.lock", "no name of a branch"},
		"a branch like an option":        {"git:" + h.URL + "?branch=-f", "no name of a branch"},
		"a branch that is not there":     {"git:" + h.URL + "?branch=none", "there is no branch none"},
		"a repository that is not there": {"git:" + h.Dir + "x", "can't be reached"},
		"a program":                      {"git:ext::sh -c true", "can't be reached"},
	} {
		_, err := ledger.Open(ctx, c.url, cached(t, h.o))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want one that says %q", name, err, c.says)
		}
	}
	o := h.o
	o.Git.Cache = "here"
	if _, err := ledger.Open(ctx, "git:"+h.URL, o); err == nil || !strings.Contains(err.Error(), "not absolute") {
		t.Errorf("a relative cache: %v", err)
	}
	secret := strings.Replace(h.URL, "http://", "http://user:hunter2@", 1)
	h.Down(true)
	_, opened := ledger.Open(ctx, "git:"+secret, cached(t, h.o))
	_, created := ledger.Create(ctx, "git:"+secret, cached(t, h.o))
	_, repaired := ledger.Repair(ctx, "git:"+secret, cached(t, h.o), proof.Checkpoint{}, nil)
	for what, err := range map[string]error{"open": opened, "create": created, "repair": repaired} {
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestGitWithoutASigner(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t, ledgertest.Leaves(0, 1))
	l := h.open(t, cached(t, h.keys))
	if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(1, 2)); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("append: %v, want ErrReadOnly", err)
	}
	if _, err := ledger.Create(ctx, "git:"+h.URL+"?branch=new", cached(t, h.keys)); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("create: %v, want ErrReadOnly", err)
	}
	if err := l.Confirm(ctx, head(t, l)); err != nil {
		t.Errorf("confirm: %v", err)
	}
	if _, err := ledger.Open(ctx, "git:"+h.URL, cached(t, ledger.Options{})); !errors.Is(err, ledger.ErrKey) {
		t.Errorf("without keys: %v, want ErrKey", err)
	}
}

// A ledger is made only where there is none, and nothing else in the
// repository is touched.
func TestGitCreate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHosted(t)
	h.forge(t, "refs/heads/main", map[string][]byte{"main.go": nil})
	main, log := h.at("refs/heads/main"), h.at(logRef)
	if _, err := ledger.Create(ctx, "git:"+h.URL, cached(t, h.o)); !errors.Is(err, ledger.ErrExists) {
		t.Errorf("again: %v, want ErrExists", err)
	}
	if _, err := ledger.Create(ctx, "git:"+h.URL+"?branch=main", cached(t, h.o)); !errors.Is(err, ledger.ErrExists) {
		t.Errorf("where there is something else: %v, want ErrExists", err)
	}
	h.DropAnswer(1)
	if l, err := ledger.Create(ctx, "git:"+h.URL+"?branch=second", cached(t, h.o)); err != nil || head(t, l).Size != 0 {
		t.Errorf("with a lost answer: %v", err)
	}
	h.RefusePushes(-1)
	if _, err := ledger.Create(ctx, "git:"+h.URL+"?branch=third", cached(t, h.o)); !errors.Is(err, ledger.ErrRefused) {
		t.Errorf("where nobody may push: %v, want ErrRefused", err)
	}
	if h.at("refs/heads/main") != main || h.at(logRef) != log {
		t.Error("a branch moved")
	}
}

func FuzzGitURL(f *testing.F) {
	for _, seed := range []string{"https://host/repo.git", "/srv/repo.git?branch=log/2", "host:repo?branch=", "-x", "a?branch=..%2fx"} {
		f.Add(seed)
	}
	o := ledgertest.Options(f)
	f.Fuzz(func(t *testing.T, rest string) {
		if strings.HasPrefix(rest, "/") || strings.Contains(rest, ":") || strings.Contains(rest, `\\`) {
			return // an address, which would be asked
		}
		if _, err := ledger.Open(context.Background(), "git:"+rest, cached(t, o)); err == nil {
			t.Errorf("%q was opened", rest)
		}
	})
}
