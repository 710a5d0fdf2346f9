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
)

// DefaultFile returns the file at path as the remote's default branch holds it
// now, for whoever has no checkout. It brings that commit alone, and of its
// files this one, where the remote can leave the others out. It fails with
// ErrRemote, and is fs.ErrNotExist when there is no such file or branch.
func DefaultFile(ctx context.Context, getenv func(string) string, r Remote, path string) (File, error) {
	if !fs.ValidPath(path) || strings.ContainsAny(path, "\n\x00") {
		return File{}, fmt.Errorf("%s is no path in a commit", quote(path))
	}
	// A folder of its own: what is left out of it must not be missed elsewhere.
	dir, err := os.MkdirTemp("", "file-*")
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", path, err)
	}
	defer os.RemoveAll(dir)
	b, err := OpenBare(ctx, filepath.Join(dir, "git"), getenv)
	if err != nil {
		return File{}, err
	}
	f, err := b.defaultFile(ctx, r, path)
	if there := formatThere(err); there != "" {
		if err = b.adopt(ctx, there); err == nil {
			f, err = b.defaultFile(ctx, r, path)
		}
	}
	if err != nil {
		return File{}, fmt.Errorf("read %s of %s: %w", path, r.shown(false), err)
	}
	return f, nil
}

func (b *Bare) defaultFile(ctx context.Context, r Remote, path string) (File, error) {
	a, err := r.access(false)
	if err != nil {
		return File{}, err
	}
	s, err := b.stage(nil, nil)
	if err != nil {
		return File{}, err
	}
	defer s.close()
	settings := append(a.settings,
		Setting{"remote." + a.name + ".promisor", "true"},
		Setting{"remote." + a.name + ".partialCloneFilter", "blob:none"})
	const ref = "refs/in/head"
	_, said, err := s.run(ctx, settings, call{
		args: []string{"fetch", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
			"--no-recurse-submodules", "--refmap=", "--quiet", "--", a.name, "+HEAD:" + ref},
		env: a.env, hide: a.secrets,
	})
	switch {
	case err == nil:
	case ctx.Err() != nil, errors.Is(err, ErrNoGit), formatThere(err) != "":
		return File{}, err
	case strings.Contains(said, "couldn't find remote ref HEAD"):
		return File{}, fmt.Errorf("no default branch: %w", fs.ErrNotExist)
	default:
		return File{}, fmt.Errorf("%w: %w", ErrRemote, err)
	}
	id, _, err := s.run(ctx, nil, call{args: []string{"rev-parse", "--verify", "--quiet", ref + "^{commit}"}})
	if err != nil {
		return File{}, fmt.Errorf("the default branch is no commit: %w", err)
	}
	f := File{Commit: strings.TrimSpace(string(id)), Ref: "HEAD"}
	out, _, err := s.run(ctx, settings, call{
		args: []string{"cat-file", "--batch"}, stdin: f.Commit + ":" + path + "\n", limit: MaxFile + 1024, env: a.env, hide: a.secrets,
	})
	if err != nil {
		return File{}, fmt.Errorf("%w: %w", ErrRemote, err)
	}
	f.Data, err = parseBatch(out)
	return f, err
}
