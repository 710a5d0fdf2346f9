// SPDX-License-Identifier: Apache-2.0

package git

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/git/gittest"
)

// hub is a server whose default branch has a policy and something large.
func hub(t *testing.T, o gittest.Options) *gittest.Server {
	t.Helper()
	s := gittest.Serve(t, o)
	dir := t.TempDir() // a clone of nothing does not take over the hash
	s.In(dir, "init", "--quiet", "--initial-branch=main", "--object-format="+cmp.Or(o.Format, "sha1"))
	s.In(dir, "remote", "add", "origin", s.Dir)
	large := make([]byte, 1<<20)
	if _, err := rand.Read(large); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"policy.yml": []byte("version: 1\n"), "large": large} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.In(dir, "add", "--all")
	s.In(dir, "commit", "--quiet", "--message", "one")
	s.In(dir, "push", "--quiet", "origin", "HEAD:refs/heads/main")
	s.Git("symbolic-ref", "HEAD", "refs/heads/main")
	return s
}

func TestDefaultFileBringsOneFile(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"", "sha256"} {
		s := hub(t, gittest.Options{Format: format})
		s.Git("config", "uploadpack.allowFilter", "true")
		before := s.Counts()
		f, err := DefaultFile(t.Context(), os.Getenv, Remote{URL: s.URL}, "policy.yml")
		if err != nil || string(f.Data) != "version: 1\n" || f.Commit == "" {
			t.Fatalf("%q: %+v, %v", format, f, err)
		}
		if down := s.Counts().Sent - before.Sent; down > 64<<10 {
			t.Errorf("%q: brought %d bytes of a repository with a file of 1 MiB", format, down)
		}
	}
}

func TestDefaultFileWhereTheRemoteSendsEverything(t *testing.T) {
	t.Parallel()
	s := hub(t, gittest.Options{})
	f, err := DefaultFile(t.Context(), os.Getenv, Remote{URL: s.URL}, "policy.yml")
	if err != nil || string(f.Data) != "version: 1\n" {
		t.Fatalf("%+v, %v", f, err)
	}
	if f, err := DefaultFile(t.Context(), os.Getenv, Remote{URL: s.Dir}, "policy.yml"); err != nil || string(f.Data) != "version: 1\n" {
		t.Errorf("from a folder: %+v, %v", f, err)
	}
}

func TestDefaultFileThatIsNot(t *testing.T) {
	t.Parallel()
	s := hub(t, gittest.Options{})
	empty := gittest.Serve(t, gittest.Options{})
	down := gittest.Serve(t, gittest.Options{})
	down.Down(true)
	closed := hub(t, gittest.Options{Authorization: "Bearer secret-token"})
	past, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	for fact, c := range map[string]struct {
		ctx    context.Context
		remote Remote
		path   string
		want   error
	}{
		"no such file":            {t.Context(), Remote{URL: s.URL}, "nothing.yml", fs.ErrNotExist},
		"no commit at all":        {t.Context(), Remote{URL: empty.URL}, "policy.yml", fs.ErrNotExist},
		"the server is down":      {t.Context(), Remote{URL: down.URL}, "policy.yml", ErrRemote},
		"there is no such folder": {t.Context(), Remote{URL: filepath.Join(t.TempDir(), "nowhere")}, "policy.yml", ErrRemote},
		"no credentials":          {t.Context(), Remote{URL: closed.URL}, "policy.yml", ErrRemote},
		"wrong credentials": {t.Context(), Remote{URL: closed.URL, Settings: []Setting{{"http." + closed.URL + ".extraHeader", "Authorization: Bearer another"}}},
			"policy.yml", ErrRemote},
		"out of the commit":    {t.Context(), Remote{URL: s.URL}, "../policy.yml", nil},
		"two lines":            {t.Context(), Remote{URL: s.URL}, "policy.yml\nlarge", nil},
		"no time left":         {past, Remote{URL: s.URL}, "policy.yml", context.DeadlineExceeded},
		"an option for a name": {t.Context(), Remote{URL: "--upload-pack=touch x"}, "policy.yml", nil},
	} {
		f, err := DefaultFile(c.ctx, os.Getenv, c.remote, c.path)
		if err == nil || f.Data != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v; want %v", fact, f.Data, err, c.want)
		}
	}
}
