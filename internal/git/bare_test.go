// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/git/gittest"
)

const logRef = "refs/heads/gateledger/log"

// newBare opens a fresh cache whose git has a home without configuration.
func newBare(t *testing.T) *Bare {
	t.Helper()
	return openBare(t, filepath.Join(t.TempDir(), "cache"))
}

func openBare(t *testing.T, dir string) *Bare {
	t.Helper()
	b, err := OpenBare(t.Context(), dir, homeless(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func homeless(home string) func(string) string {
	return func(name string) string {
		return map[string]string{"PATH": os.Getenv("PATH"), "HOME": home}[name]
	}
}

// draft makes a commit of some files after parents, over the first one.
func draft(t *testing.T, b *Bare, files map[string]string, parents ...string) string {
	t.Helper()
	d := Draft{Parents: parents, Put: map[string][]byte{}, Message: "a test\n", When: time.Unix(1_700_000_000, 0)}
	if len(parents) > 0 {
		d.Base = parents[0]
	}
	for path, text := range files {
		d.Put[path] = []byte(text)
	}
	id, err := b.Commit(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func push(t *testing.T, b *Bare, r Remote, updates ...Update) {
	t.Helper()
	if err := b.Push(t.Context(), r, updates...); err != nil {
		t.Fatal(err)
	}
}

func fetch(t *testing.T, b *Bare, r Remote, patterns ...string) map[string]string {
	t.Helper()
	refs, err := b.Fetch(t.Context(), r, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	return refs
}

// files returns a commit's files with their content.
func files(t *testing.T, b *Bare, commit string) map[string]string {
	t.Helper()
	list, err := b.Files(t.Context(), commit)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, o := range list {
		ids = append(ids, o.ID)
	}
	all := map[string]string{}
	err = b.Read(t.Context(), ids, 1<<30, func(i int, data []byte) error {
		all[list[i].Path] = string(data)
		if int64(len(data)) != list[i].Size {
			t.Errorf("%s: %d bytes, listed with %d", list[i].Path, len(data), list[i].Size)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// remotes are the ways to the same kind of server.
func remotes(t *testing.T, o gittest.Options) map[string]Remote {
	return map[string]Remote{
		"over HTTP":   {URL: gittest.Serve(t, o).URL},
		"in a folder": {URL: "file://" + gittest.Serve(t, o).Dir},
		"by its path": {URL: gittest.Serve(t, o).Dir},
	}
}

// What is pushed by one is fetched by another, whole.
func TestPushAndFetch(t *testing.T) {
	for way, r := range remotes(t, gittest.Options{}) {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			a, b := newBare(t), newBare(t)
			if got := fetch(t, a, r, logRef, "refs/gateledger/pending/*"); len(got) != 0 {
				t.Errorf("an empty remote has %v", got)
			}
			first := draft(t, a, map[string]string{"a": "1", "dir/b": "2", "dir/c d": ""})
			second := draft(t, a, map[string]string{"a": "3"}, first)
			parcel := draft(t, a, map[string]string{"0/leaf": "x"})
			push(t, a, r, Update{Ref: logRef, New: second}, Update{Ref: "refs/gateledger/pending/p1", New: parcel})

			got := fetch(t, b, r, logRef, "refs/heads/no-such", "refs/gateledger/pending/*", "refs/gateledger/quarantine/*")
			if len(got) != 2 || got[logRef] != second || got["refs/gateledger/pending/p1"] != parcel {
				t.Fatalf("Fetch = %v", got)
			}
			if got := files(t, b, second); len(got) != 3 || got["a"] != "3" || got["dir/b"] != "2" || got["dir/c d"] != "" {
				t.Errorf("files %v", got)
			}
			if _, err := b.Files(t.Context(), first); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the commit before: %v, want fs.ErrNotExist: one commit deep", err)
			}
			third := draft(t, b, map[string]string{"dir/b": "4"}, second)
			push(t, b, r, Update{Ref: logRef, Old: second, New: third}, Update{Ref: "refs/gateledger/pending/p1", Old: parcel})
			listed, err := a.List(t.Context(), r, logRef, "refs/gateledger/*")
			if err != nil || len(listed) != 1 || listed[logRef] != third {
				t.Errorf("List = %v, %v", listed, err)
			}
			fetch(t, a, r, logRef)
			if got := files(t, a, third); got["dir/b"] != "4" || got["a"] != "3" {
				t.Errorf("files %v", got)
			}
		})
	}
}

func TestOpenBareIsSafeForMany(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet", "there")
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if _, err := OpenBare(context.Background(), dir, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	beside, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(beside) != 1 {
		t.Errorf("left beside the cache: %v, %v", beside, err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if out, err := execGit(t, dir, "fsck"); err != nil {
		t.Errorf("git does not take it for a repository: %v\n%s", err, out)
	}
}

func execGit(t *testing.T, dir string, args ...string) (string, error) {
	out, said, err := execute(t.Context(), dir, environment(homeless(t.TempDir())), call{args: args})
	return strings.TrimSuffix(string(out), "\n") + said, err
}
