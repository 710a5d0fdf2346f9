// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// Keep remembers a commit under a name of ours, so that what it holds is not
// fetched again. An empty commit forgets it. It fails with fs.ErrNotExist for
// what is not here, and ErrOddTree for what is no commit.
func (b *Bare) Keep(ctx context.Context, name, commit string) error {
	return b.KeepAll(ctx, map[string]string{name: commit})
}

// KeepAll does what Keep does, for many names by one process. Nothing is kept
// or forgotten if one of them is refused.
func (b *Bare) KeepAll(ctx context.Context, commits map[string]string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("keep commits: %w", err)
	}
	var ids []string
	for name, id := range commits {
		if err := checkName(name); err != nil {
			return err
		}
		if id != "" && !b.isID(id) {
			return fmt.Errorf("keep %s: %s is no %s commit id", name, quote(id), *b.format.Load())
		}
		if id != "" {
			ids = append(ids, id)
		}
	}
	if err := b.areCommits(ctx, ids); err != nil {
		return fmt.Errorf("keep commits: %w", err)
	}
	for name, id := range commits {
		if err := b.keep(name, id); err != nil {
			return fmt.Errorf("keep %s: %w", name, err)
		}
	}
	return nil
}

func (b *Bare) keep(name, commit string) error {
	file := filepath.Join(b.dir, filepath.FromSlash(keptRefs), filepath.FromSlash(name))
	if commit != "" {
		return b.replace(file, commit+"\n")
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// areCommits fails unless all ids are commits that are here.
func (b *Bare) areCommits(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	out, err := b.in(ctx, call{args: []string{"cat-file", "--batch-check=%(objecttype)", "--buffer"}, stdin: strings.Join(ids, "\n") + "\n", limit: maxRefs})
	if err != nil {
		return err
	}
	kinds := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	for i, id := range ids {
		switch {
		case i >= len(kinds):
			return fmt.Errorf("%w: git cat-file's answer is not whole", ErrDamaged)
		case kinds[i] == id+" missing":
			return fmt.Errorf("commit %s: %w", id, fs.ErrNotExist)
		case kinds[i] != "commit":
			return fmt.Errorf("%w: %s is no commit but a %s", ErrOddTree, id, clean(kinds[i], 20))
		}
	}
	return nil
}

// replace writes a ref's file as git does: readers see the old or the new.
func (b *Bare) replace(file, text string) error {
	temp, err := os.CreateTemp(filepath.Join(b.dir, stages), "ref-*") // 0600
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(text)
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}

// Kept returns what Keep remembers by that name, or nothing.
func (b *Bare) Kept(ctx context.Context, name string) (commit string, err error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("look for kept %s: %w", name, err)
	}
	commit, err = b.keptIn(filepath.Join(b.dir, filepath.FromSlash(keptRefs), filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for kept %s: %w", name, err)
	}
	return commit, nil
}

func (b *Bare) keptIn(file string) (string, error) {
	text, err := readShort(file, 128)
	if errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	id := strings.TrimSuffix(text, "\n")
	if err != nil || !b.isID(id) {
		return "", fmt.Errorf("%w: a kept name holds no commit id", ErrDamaged)
	}
	return id, nil
}

// KeptUnder returns everything that Keep remembers by names in a folder
// ("pending" for "pending/…"; empty: all), by whole name.
func (b *Bare) KeptUnder(ctx context.Context, folder string) (map[string]string, error) {
	top := filepath.Join(b.dir, filepath.FromSlash(keptRefs))
	at := top
	if folder != "" {
		if err := checkName(folder); err != nil {
			return nil, err
		}
		at = filepath.Join(top, filepath.FromSlash(folder))
	}
	kept := map[string]string{}
	err := filepath.WalkDir(at, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // never kept, or forgotten just now
		}
		if err = errors.Join(err, ctx.Err()); err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		id, err := b.keptIn(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		kept[filepath.ToSlash(name)] = id
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for what is kept: %w", err)
	}
	return kept, nil
}

// haves picks what a fetch tells the remote we have: names first that stand in
// no folder, and no more than limit. It returns refs for a stage, and the
// commits.
func haves(kept map[string]string, limit int) (refs map[string]string, ids []string) {
	names := make([]string, 0, len(kept))
	for name := range kept {
		names = append(names, name)
	}
	arrange.By(names, func(a, b string) int {
		if d := strings.Count(a, "/") - strings.Count(b, "/"); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	refs = map[string]string{}
	for _, name := range names[:min(limit, len(names))] {
		refs[keptRefs+"/"+name] = kept[name]
		ids = append(ids, kept[name])
	}
	slices.Sort(ids)
	return refs, slices.Compact(ids)
}

// checkName refuses what is no name for Keep: slash-separated parts of
// letters, digits, '.', '_' and '-'.
func checkName(name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"
	if name == "" || len(name) > 200 || strings.Trim(name, letters) != "" || strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune(letters, r) }) {
		return fmt.Errorf("%q is no name to keep a commit by", clean(name, 80))
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || part[0] == '-' || strings.HasSuffix(part, ".lock") || strings.HasSuffix(part, ".") || strings.Contains(part, "..") {
			return fmt.Errorf("%q is no name to keep a commit by", clean(name, 80))
		}
	}
	return nil
}
