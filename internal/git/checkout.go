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

// Open finds the checkout that dir is in. It starts no process: where a
// checkout begins is fixed by gitrepository-layout(5). It fails with
// ErrNoCheckout when there is none, and does not look at bare repositories.
// A nil getenv is the process's own environment.
func Open(dir string, getenv func(string) string) (*Repo, error) {
	if getenv == nil {
		getenv = os.Getenv
	}
	start, err := filepath.Abs(dir)
	if err == nil {
		start, err = filepath.EvalSymlinks(start)
	}
	if err != nil {
		return nil, fmt.Errorf("find the git checkout of %s: %w", dir, err)
	}
	for at := start; ; at = filepath.Dir(at) {
		common, err := commonDir(filepath.Join(at, ".git"))
		if err == nil {
			return &Repo{TopLevel: at, CommonDir: common, env: environment(getenv)}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("find the git checkout of %s: %w", dir, err)
		}
		if filepath.Dir(at) == at {
			return nil, fmt.Errorf("%w: %s", ErrNoCheckout, dir)
		}
	}
}

// commonDir follows a checkout's .git, which is a folder, or a file that names
// one (linked worktrees, submodules), to the folder that holds the refs.
func commonDir(dotGit string) (string, error) {
	info, err := os.Lstat(dotGit)
	if err != nil {
		return "", err
	}
	gitDir := dotGit
	if info.Mode().IsRegular() {
		if gitDir, err = pointer(dotGit, "gitdir: "); err != nil {
			return "", err
		}
	}
	if _, err := os.Lstat(filepath.Join(gitDir, "HEAD")); err != nil {
		return "", err
	}
	common, err := pointer(filepath.Join(gitDir, "commondir"), "")
	if errors.Is(err, fs.ErrNotExist) {
		common, err = gitDir, nil
	}
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(common)
}

// pointer reads a file that holds one path, relative to the file's own folder.
func pointer(file, prefix string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > 8<<10 {
		return "", fmt.Errorf("%s does not hold a path", file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	to, ok := strings.CutPrefix(strings.TrimRight(string(data), "\r\n"), prefix)
	if !ok || to == "" || strings.ContainsAny(to, "\n\x00") {
		return "", fmt.Errorf("%s does not hold a path", file)
	}
	if !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(file), to)
	}
	return to, nil
}

// Shallow reports whether the clone's history is cut off.
func (r *Repo) Shallow() bool {
	info, err := os.Stat(filepath.Join(r.CommonDir, "shallow"))
	return err == nil && info.Size() > 0
}

// A State is where a checkout stands.
type State struct {
	Head  string // full hex id of the commit
	Ref   string // refs/heads/…; empty when detached
	Dirty bool   // see Repo.State
}

// State returns where the checkout stands, by one process. Dirty means that a
// file git tracks differs from the commit, staged or not, or that a submodule
// stands at another commit. Untracked files and changes inside a submodule do
// not count, and files that the index was told to assume unchanged are taken
// to be so.
//
// A filter that the checkout's own configuration defines is not run, as it is
// a program of the project's: its files are compared as they are, and count as
// changed where the filter would have made them other ones. So it is with Git
// LFS after "git lfs install --local"; "git lfs install" defines the filter for
// the user, and those filters run.
func (r *Repo) State(ctx context.Context) (State, error) {
	out, err := r.git(ctx, "status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind",
		"--untracked-files=no", "--ignore-submodules=dirty", "--no-renames")
	if err != nil {
		return State{}, err
	}
	var s State
	for field := range strings.SplitSeq(string(out), "\x00") {
		name, value, _ := strings.Cut(strings.TrimPrefix(field, "# "), " ")
		switch {
		case field == "":
		case !strings.HasPrefix(field, "# "):
			s.Dirty = true
		case name == "branch.oid":
			s.Head = value
		case name == "branch.head" && value != "(detached)":
			s.Ref = "refs/heads/" + value
		}
	}
	if s.Head == "(initial)" {
		return State{}, ErrNoCommit
	}
	if !IsID(s.Head) {
		return State{}, fmt.Errorf("git status: %q is no commit id", clean(s.Head, 80))
	}
	return s, nil
}

// Head returns the full hex id of the checked out commit.
func (r *Repo) Head(ctx context.Context) (string, error) { return r.Resolve(ctx, "HEAD") }

// Ref returns the full name of the checked out branch, or "" when detached.
func (r *Repo) Ref(ctx context.Context) (string, error) {
	out, err := r.git(ctx, "symbolic-ref", "--quiet", "HEAD")
	if exitCode(err) == 1 {
		return "", nil
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

// Dirty reports whether the checkout differs from its commit, as State says.
func (r *Repo) Dirty(ctx context.Context) (bool, error) {
	s, err := r.State(ctx)
	return s.Dirty, err
}

// Config returns the last value of a configuration key, or "" when it has none.
func (r *Repo) Config(ctx context.Context, key string) (string, error) {
	out, err := r.git(ctx, "config", "-z", "--get", "--", key)
	if exitCode(err) == 1 {
		return "", nil
	}
	return strings.TrimSuffix(string(out), "\x00"), err
}

// RemoteURL returns the URL of a remote without user and password, after
// git's own rewriting (url.*.insteadOf). It is fs.ErrNotExist when there is
// no such remote.
func (r *Repo) RemoteURL(ctx context.Context, remote string) (string, error) {
	if err := checkRev(remote); err != nil {
		return "", err
	}
	out, err := r.git(ctx, "remote", "get-url", "--", remote)
	if exitCode(err) == 2 {
		return "", fmt.Errorf("git remote %s: %w", remote, fs.ErrNotExist)
	}
	return clean(Redact(strings.TrimSuffix(string(out), "\n")), 2048), err
}

// IsID reports whether s is a full object id: 40 (SHA-1) or 64 (SHA-256)
// lower-case hex digits.
func IsID(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}
