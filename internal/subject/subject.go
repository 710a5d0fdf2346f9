// SPDX-License-Identifier: Apache-2.0

// Package subject turns what a person names on the command line into the
// digest that an event is about.
package subject

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/git"
)

// What can be wrong, told apart by errors.Is.
var (
	ErrNone    = errors.New("no subject given")
	ErrSubject = errors.New("no usable subject")
	ErrChanged = errors.New("changed while it was read")
)

// maxName is the longest name of a subject, in bytes.
const maxName = 1024

// Forms says how a subject is written, for help and docs.
func Forms() [][2]string {
	return [][2]string{
		{"FILE", "a file, by the SHA-256 of its bytes (sha256)"},
		{"FOLDER", "the files below a folder, by their names and bytes (dirHash1)"},
		{"NAME@sha256:HEX", "bytes that are elsewhere, such as an image; sha512 and the other digests likewise"},
		{"git:REV", "a commit (gitCommit)"},
	}
}

// Resolve returns the subject that arg names, in one of Forms. A file or
// folder inside root has its slash-separated path from there for a name, one
// outside its last element. A commit's name is git: and its id. What looks
// like NAME@ALGORITHM:HEX is never taken for a file.
func Resolve(ctx context.Context, arg, root string) (event.Subject, error) {
	s, err := resolve(ctx, arg, root)
	if err != nil {
		return event.Subject{}, fmt.Errorf("subject %q: %w", arg, err)
	}
	return s, nil
}

// ResolveAll is Resolve for several. None at all is ErrNone. Two of one name
// are refused: either is a slip, or nobody could tell them apart.
func ResolveAll(ctx context.Context, args []string, root string) ([]event.Subject, error) {
	if len(args) == 0 {
		return nil, ErrNone
	}
	var all []event.Subject
	for _, arg := range args {
		s, err := Resolve(ctx, arg, root)
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			if other.Name == s.Name {
				return nil, fmt.Errorf("%w: two are named %s", ErrSubject, s.Name)
			}
		}
		all = append(all, s)
	}
	return all, nil
}

func resolve(ctx context.Context, arg, root string) (event.Subject, error) {
	if rev, ok := strings.CutPrefix(arg, "git:"); ok {
		return commit(ctx, rev, root)
	}
	if i := strings.LastIndex(arg, "@"); i >= 0 && strings.Contains(arg[i:], ":") {
		d, err := event.ParseDigest(arg[i+1:])
		if err != nil {
			return event.Subject{}, fmt.Errorf("%w: %w", ErrSubject, err)
		}
		return named(arg[:i], d)
	}
	info, err := os.Stat(arg)
	if err != nil {
		return event.Subject{}, fmt.Errorf("%w: %w", ErrSubject, err)
	}
	name, err := nameOf(arg, root)
	if err != nil {
		return event.Subject{}, err
	}
	d := event.Digest{Alg: "sha256"}
	switch {
	case info.Mode().IsRegular():
		d.Hex, err = File(ctx, arg)
	case info.IsDir():
		d.Alg = "dirHash1"
		d.Hex, err = Folder(ctx, arg)
	default:
		err = fmt.Errorf("%w: neither a file nor a folder", ErrSubject)
	}
	if err != nil {
		return event.Subject{}, err
	}
	return named(name, d)
}

func named(name string, d event.Digest) (event.Subject, error) {
	if err := checkName(name); err != nil {
		return event.Subject{}, err
	}
	return event.Subject{Name: name, Digest: map[string]string{d.Alg: d.Hex}}, nil
}

// checkName refuses names that can't be shown as what they are.
func checkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: it has no name", ErrSubject)
	case len(name) > maxName:
		return fmt.Errorf("%w: its name is over %d bytes", ErrSubject, maxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: the name %q is not UTF-8", ErrSubject, name)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%w: the name %q holds characters that can't be printed", ErrSubject, name)
	}
	return nil
}

// nameOf returns the slash path from root, or the base name for what is not
// below it. Links in the folders on the way are resolved; the last element
// keeps the name it was given by.
func nameOf(path, root string) (string, error) {
	top, err := realPath(root)
	if err != nil {
		return "", err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(top, filepath.Join(dir, filepath.Base(abs)))
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return filepath.Base(abs), nil
	}
	return filepath.ToSlash(rel), nil
}

func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

func commit(ctx context.Context, rev, root string) (event.Subject, error) {
	repo, err := git.Open(root, nil)
	if err != nil {
		return event.Subject{}, err
	}
	id, err := repo.Resolve(ctx, rev)
	if err != nil {
		return event.Subject{}, fmt.Errorf("%w: %w", ErrSubject, err)
	}
	return named("git:"+id, event.Digest{Alg: "gitCommit", Hex: id})
}

// File returns the hex SHA-256 of a regular file. It fails with ErrChanged
// when the file's size or time changed while it was read.
func File(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSubject, err)
	}
	defer f.Close()
	return hashFile(ctx, f)
}

func hashFile(ctx context.Context, f *os.File) (string, error) {
	before, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !before.Mode().IsRegular() {
		return "", fmt.Errorf("%w: %s is no regular file", ErrSubject, f.Name())
	}
	h := sha256.New()
	n, err := io.Copy(h, stoppable{ctx, f})
	if err != nil {
		return "", fmt.Errorf("read %s: %w", f.Name(), err)
	}
	after, err := f.Stat()
	if err != nil {
		return "", err
	}
	if n != before.Size() || !same(before, after) {
		return "", fmt.Errorf("%s: %w", f.Name(), ErrChanged)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// same reports whether nothing says that the file was written to in between.
func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// stoppable is a reader that ends when its context does.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.r.Read(p)
}
