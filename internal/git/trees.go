// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// Limits of FilesOf. A commit beyond the first three is told so alone; what
// all of them together may have is for the rest of the list, too.
const (
	maxTreeDepth   = 16
	maxTreeEntries = 4096      // files and folders of one commit
	maxTreeSize    = 256 << 10 // bytes of one folder, or of a commit
	maxAllEntries  = 1_000_000 // of all commits
)

// A walk is one commit on its way to a list of files.
type walk struct {
	files   []Object
	entries int
	err     error
}

// A folder is a tree still to read, of the commit with that number.
type folder struct {
	commit   int
	path, id string
}

// FilesOf lists the files of many small commits, as Files does for one, by a
// handful of processes. It calls each with every commit's number and files,
// or with why they can't be listed: fs.ErrNotExist, ErrOddTree or ErrTooLarge
// (over 4096 entries or 16 levels). Other errors end it.
func (b *Bare) FilesOf(ctx context.Context, commits []string, each func(i int, files []Object, err error) error) error {
	walks := make([]walk, len(commits))
	level, err := b.roots(ctx, commits, walks)
	for depth, all := 0, 0; err == nil && len(level) > 0; depth++ {
		for _, f := range level {
			if depth == maxTreeDepth && walks[f.commit].err == nil {
				walks[f.commit].err = fmt.Errorf("%w (over %d folders deep)", ErrTooLarge, maxTreeDepth)
			}
		}
		level, err = b.descend(ctx, level, walks, &all)
	}
	if err == nil {
		err = b.measure(ctx, walks)
	}
	for i, w := range walks {
		if err != nil {
			break
		}
		if w.err != nil {
			w.files = nil
		}
		arrange.By(w.files, func(x, y Object) int { return strings.Compare(x.Path, y.Path) })
		err = each(i, w.files, w.err)
	}
	if err != nil {
		return fmt.Errorf("list files of %d commits: %w", len(commits), err)
	}
	return nil
}

// roots returns the top folders of commits.
func (b *Bare) roots(ctx context.Context, commits []string, walks []walk) ([]folder, error) {
	var level []folder
	var asked []int
	for i, id := range commits {
		if b.isID(id) {
			asked = append(asked, i)
		} else {
			walks[i].err = fmt.Errorf("%s is no %s commit id", quote(id), *b.format.Load())
		}
	}
	err := b.objects(ctx, len(asked), func(n int) string { return commits[asked[n]] }, func(n int, kind string, data []byte, err error) error {
		tree := ""
		if kind == "commit" {
			line, _, _ := strings.Cut(string(data), "\n")
			tree = strings.TrimPrefix(line, "tree ")
		}
		switch w := &walks[asked[n]]; {
		case err != nil:
			w.err = err
		case !b.isID(tree):
			w.err = fmt.Errorf("%w: it is no commit but a %s", ErrOddTree, clean(kind, 20))
		default:
			level = append(level, folder{commit: asked[n], id: tree})
		}
		return nil
	})
	return level, err
}

// descend reads one level of folders and returns the next.
func (b *Bare) descend(ctx context.Context, level []folder, walks []walk, all *int) ([]folder, error) {
	level = slices.DeleteFunc(level, func(f folder) bool { return walks[f.commit].err != nil })
	var next []folder
	err := b.objects(ctx, len(level), func(n int) string { return level[n].id }, func(n int, kind string, data []byte, err error) error {
		f, w := level[n], &walks[level[n].commit]
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: a folder of a commit is missing", ErrDamaged)
		}
		if err != nil || w.err != nil {
			w.err = errors.Join(w.err, err)
			return nil
		}
		if kind != "tree" {
			w.err = fmt.Errorf("%w: a folder is a %s", ErrOddTree, clean(kind, 20))
			return nil
		}
		below, err := b.entries(f, data, w)
		if *all += len(below); err == nil && (w.entries > maxTreeEntries || *all > maxAllEntries) {
			err = fmt.Errorf("%w (over %d entries, or %d of all commits)", ErrTooLarge, maxTreeEntries, maxAllEntries)
		}
		if w.err = err; err == nil {
			next = append(next, below...)
		}
		return nil
	})
	return next, err
}

// entries takes a tree object apart: "MODE NAME\0" and the bytes of an id, for
// each. Files go to w, folders are returned.
func (b *Bare) entries(f folder, data []byte, w *walk) ([]folder, error) {
	var below []folder
	width := b.idLength() / 2
	for before := ""; len(data) > 0; w.entries++ {
		head, rest, ok := bytes.Cut(data, []byte{0})
		mode, name, _ := strings.Cut(string(head), " ")
		if !ok || len(rest) < width || strings.Contains(name, "/") || name == before {
			return nil, fmt.Errorf("%w: a folder that git did not write", ErrOddTree)
		}
		path := strings.TrimPrefix(f.path+"/"+name, "/")
		if err := checkPath(path); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrOddTree, err)
		}
		id := hex.EncodeToString(rest[:width])
		switch mode {
		case "40000":
			below = append(below, folder{f.commit, path, id})
		case "100644", "100755":
			w.files = append(w.files, Object{Path: path, ID: id})
		default:
			return nil, fmt.Errorf("%w: %s has mode %s", ErrOddTree, quote(path), clean(mode, 8))
		}
		data, before = rest[width:], name
	}
	return below, nil
}

// measure fills in the sizes of all files.
func (b *Bare) measure(ctx context.Context, walks []walk) error {
	type place struct{ commit, file int }
	var asked strings.Builder
	var places []place
	for i := range walks {
		for j := range walks[i].files {
			if walks[i].err == nil {
				asked.WriteString(walks[i].files[j].ID + "\n")
				places = append(places, place{i, j})
			}
		}
	}
	if len(places) == 0 {
		return nil
	}
	out, err := b.in(ctx, call{args: []string{"cat-file", "--batch-check=%(objecttype) %(objectsize)", "--buffer"}, stdin: asked.String(), limit: 128 * maxAllEntries})
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(places) {
		return fmt.Errorf("%w: git cat-file's answer is not whole", ErrDamaged)
	}
	for i, line := range lines {
		w, file := &walks[places[i].commit], places[i].file
		kind, size, _ := strings.Cut(line, " ")
		w.files[file].Size, err = strconv.ParseInt(size, 10, 64)
		if size == "missing" || err != nil {
			return fmt.Errorf("%w: the content of %s is missing", ErrDamaged, quote(w.files[file].Path))
		}
		if kind != "blob" {
			w.err = fmt.Errorf("%w: the content of %s is a %s", ErrOddTree, quote(w.files[file].Path), clean(kind, 20))
		}
	}
	return nil
}

// objects reads n objects of a bounded size, and says of each that can't be
// read why.
func (b *Bare) objects(ctx context.Context, n int, id func(int) string, each func(i int, kind string, data []byte, err error) error) error {
	if n == 0 {
		return nil
	}
	var asked strings.Builder
	for i := range n {
		asked.WriteString(id(i) + "\n")
	}
	return b.batch(ctx, asked.String(), func(answers *bufio.Reader) error {
		for i := range n {
			kind, size, err := nextHeader(answers, id(i))
			var data []byte
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				return fmt.Errorf("object %s: %w", id(i), err)
			case size > maxTreeSize:
				if _, err := io.CopyN(io.Discard, answers, size+1); err != nil {
					return err
				}
				err = fmt.Errorf("%w (a %s of over %d bytes)", ErrTooLarge, clean(kind, 20), maxTreeSize)
			default:
				data = make([]byte, size+1)
				if _, err := io.ReadFull(answers, data); err != nil {
					return err
				}
				data = data[:size]
			}
			if err := each(i, kind, data, err); err != nil {
				return err
			}
		}
		return nil
	})
}
