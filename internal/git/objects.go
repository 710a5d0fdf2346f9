// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// An Object is one file of a commit.
type Object struct {
	Path string
	ID   string
	Size int64
}

// MaxListing bounds the listing of one commit's files, in bytes: a quarter of
// a million files.
const MaxListing = 32 << 20

// Files lists the regular files of a commit, sorted by path. Links,
// submodules and paths that no checkout should have are ErrOddTree, a commit
// that is not here fs.ErrNotExist, and too many files ErrTooLarge.
func (b *Bare) Files(ctx context.Context, commit string) ([]Object, error) {
	if !b.isID(commit) {
		return nil, fmt.Errorf("list files: %s is no %s commit id", quote(commit), *b.format.Load())
	}
	out, err := b.in(ctx, call{args: []string{"ls-tree", "-r", "-l", "-z", "--full-tree", commit + "^{commit}"}, limit: MaxListing})
	if err != nil {
		if strings.Contains(message(err), "Not a valid object name") {
			err = b.whyNot(ctx, commit)
		}
		return nil, fmt.Errorf("list files of %s: %w", commit, err)
	}
	files, err := b.parseTree(string(out))
	if err != nil {
		return nil, fmt.Errorf("list files of %s: %w", commit, err)
	}
	return files, nil
}

// whyNot says why an id is no commit here.
func (b *Bare) whyNot(ctx context.Context, id string) error {
	out, err := b.in(ctx, call{args: []string{"cat-file", "--batch-check=%(objecttype)"}, stdin: id + "\n"})
	if err != nil {
		return err
	}
	kind := strings.TrimSpace(string(out))
	if strings.HasSuffix(kind, "missing") {
		return fs.ErrNotExist
	}
	return fmt.Errorf("%w: it is no commit but a %s", ErrOddTree, clean(kind, 20))
}

// parseTree reads "MODE TYPE ID SIZE\tPATH" of git ls-tree -l -z.
func (b *Bare) parseTree(out string) ([]Object, error) {
	var files []Object
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		if line == "" {
			continue
		}
		facts, path, ok := strings.Cut(line, "\t")
		f := strings.Fields(facts)
		if !ok || len(f) != 4 {
			return nil, fmt.Errorf("git ls-tree: odd line %s", quote(line))
		}
		if f[0] != "100644" && f[0] != "100755" {
			return nil, fmt.Errorf("%w: %s has mode %s", ErrOddTree, quote(path), clean(f[0], 8))
		}
		if err := checkPath(path); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrOddTree, err)
		}
		size, err := strconv.ParseInt(f[3], 10, 64)
		if f[3] == "BAD" {
			return nil, fmt.Errorf("%w: the content of %s is missing", ErrDamaged, quote(path))
		}
		if f[1] != "blob" || !b.isID(f[2]) || err != nil || size < 0 {
			return nil, fmt.Errorf("git ls-tree: odd line %s", quote(line))
		}
		files = append(files, Object{Path: path, ID: f[2], Size: size})
	}
	arrange.By(files, func(x, y Object) int { return strings.Compare(x.Path, y.Path) })
	for i := range files {
		if i > 0 && files[i].Path == files[i-1].Path {
			return nil, fmt.Errorf("%w: %s is there twice", ErrOddTree, quote(files[i].Path))
		}
	}
	return files, nil
}

// checkPath refuses what is no plain path: empty or dotted parts, a .git, and
// characters that some system or format of git takes for more than a name.
func checkPath(path string) error {
	bad := !fs.ValidPath(path) || path == "." || len(path) > 4096 ||
		strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '"' || r == '\\' || r == ':' })
	for part := range strings.SplitSeq(path, "/") {
		bad = bad || strings.EqualFold(part, ".git")
	}
	if bad {
		return fmt.Errorf("%s is no path for a file", quote(path))
	}
	return nil
}

// Read calls each with the content of every blob of ids, in their order. All
// of them together may have limit bytes, else it fails with ErrTooLarge. The
// bytes belong to each. It fails with fs.ErrNotExist for a blob that is not
// here, and stops with the first error of each.
func (b *Bare) Read(ctx context.Context, ids []string, limit int64, each func(i int, data []byte) error) error {
	var asked strings.Builder
	for _, id := range ids {
		if !b.isID(id) {
			return fmt.Errorf("read blobs: %s is no %s object id", quote(id), *b.format.Load())
		}
		asked.WriteString(id + "\n")
	}
	if len(ids) == 0 {
		return nil
	}
	left := limit
	err := b.batch(ctx, asked.String(), func(answers *bufio.Reader) error {
		for i, id := range ids {
			data, err := nextBlob(answers, id, left)
			if err != nil {
				return fmt.Errorf("blob %s: %w", id, err)
			}
			left -= int64(len(data))
			if err := each(i, data); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, ErrTooLarge) {
		err = fmt.Errorf("%w (limit %d bytes)", err, limit)
	}
	if err != nil {
		return fmt.Errorf("read blobs: %w", err)
	}
	return nil
}

// batch runs git cat-file --batch and has its answers read while they come.
func (b *Bare) batch(ctx context.Context, asked string, read func(*bufio.Reader) error) error {
	s, err := b.stage(nil, nil)
	if err != nil {
		return err
	}
	defer s.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	answers, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, _, err := s.run(ctx, nil, call{args: []string{"cat-file", "--batch", "--buffer"}, stdin: asked, out: out})
		out.CloseWithError(err)
		ended <- err
	}()
	err = read(bufio.NewReaderSize(answers, 64<<10))
	stopped := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
	if err != nil && !stopped {
		stop()
	}
	answers.CloseWithError(io.ErrClosedPipe)
	ran := <-ended
	switch {
	case err == nil || stopped && ran != nil:
		return ran
	case stopped:
		return fmt.Errorf("%w: git cat-file's answer is not whole", ErrDamaged)
	}
	return err
}

// nextBlob is nextObject where that is a file's content.
func nextBlob(answers *bufio.Reader, id string, limit int64) ([]byte, error) {
	kind, data, err := nextObject(answers, id, limit)
	if err == nil && kind != "blob" {
		return nil, fmt.Errorf("%w: it is no file but a %s", ErrOddTree, clean(kind, 20))
	}
	return data, err
}

// nextObject reads "ID KIND SIZE\nCONTENT\n", or "ID missing\n".
func nextObject(answers *bufio.Reader, id string, limit int64) (kind string, data []byte, err error) {
	kind, size, err := nextHeader(answers, id)
	if err != nil {
		return "", nil, err
	}
	if size > limit {
		return "", nil, ErrTooLarge
	}
	data = make([]byte, size+1)
	if _, err := io.ReadFull(answers, data); err != nil {
		return "", nil, err
	}
	return kind, data[:size], nil
}

func nextHeader(answers *bufio.Reader, id string) (kind string, size int64, err error) {
	line, err := answers.ReadSlice('\n')
	if err != nil {
		return "", 0, err
	}
	f := strings.Fields(string(line))
	if len(f) == 2 && f[1] == "missing" {
		return "", 0, fs.ErrNotExist
	}
	if len(f) == 3 {
		size, err = strconv.ParseInt(f[2], 10, 64)
	}
	if len(f) != 3 || f[0] != id || err != nil || size < 0 {
		return "", 0, fmt.Errorf("git cat-file: odd line %s", quote(string(line)))
	}
	return f[1], size, nil
}
