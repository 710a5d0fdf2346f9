// SPDX-License-Identifier: Apache-2.0

package subject

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gateledger/gateledger/internal/product"
)

// The most that Folder takes.
const (
	maxFiles = 200_000
	maxDepth = 128
)

// Folder returns the in-toto digest dirHash1 of a folder, in hex: the SHA-256
// over one line for each file below it, sorted by name,
//
//	hex SHA-256 of the content, two spaces, the slash path from the folder, newline
//
// which is what this prints where no file is a link:
//
//	find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum
//
// It covers names and contents of files and nothing else: no modes, owners or
// times, no empty folders, and a link counts as the file it leads to. So that
// nothing hides behind that, Folder refuses a folder without files, a link to
// a folder, a link that leads out of the folder or is absolute, whatever is
// neither file nor folder, names that are not UTF-8 or can't be printed, and a
// folder that holds a repository or a ledger, whose bytes are never still. It
// fails with ErrChanged when a file came, went or changed meanwhile.
func Folder(ctx context.Context, dir string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSubject, err)
	}
	defer root.Close()
	before, err := list(ctx, root)
	if err != nil {
		return "", err
	}
	names := make([]string, 0, len(before))
	for name := range before {
		names = append(names, name)
	}
	h1, err := dirhash.Hash1(names, func(name string) (io.ReadCloser, error) { return openIn(ctx, root, name) })
	if err != nil {
		return "", err
	}
	after, err := list(ctx, root)
	if err != nil {
		return "", err
	}
	if err := compare(before, after); err != nil {
		return "", err
	}
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h1, "h1:"))
	return hex.EncodeToString(sum), err
}

func openIn(ctx context.Context, root *os.Root, name string) (io.ReadCloser, error) {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{stoppable{ctx, f}, f}, nil
}

// compare fails with ErrChanged unless both lists are of the same files.
func compare(before, after map[string]fs.FileInfo) error {
	for name, was := range before {
		if is, ok := after[name]; !ok || !same(was, is) {
			return fmt.Errorf("%s: %w", name, ErrChanged)
		}
	}
	for name := range after {
		if _, ok := before[name]; !ok {
			return fmt.Errorf("%s: %w", name, ErrChanged)
		}
	}
	return nil
}

// list returns every file below root by its slash path.
func list(ctx context.Context, root *os.Root) (map[string]fs.FileInfo, error) {
	files := map[string]fs.FileInfo{}
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if name == "." {
			return nil
		}
		if err := checkEntry(name); err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		info, err := fileInfo(root, name)
		if err != nil {
			return err
		}
		if files[name] = info; len(files) > maxFiles {
			return fmt.Errorf("%w: more than %d files", ErrSubject, maxFiles)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%w: no file in it", ErrSubject)
	}
	return files, err
}

func checkEntry(name string) error {
	if name == ".git" || name == "."+product.Name {
		return fmt.Errorf("%w: it holds %s, which changes with every use; name what is deployed, or the commit by git:HEAD", ErrSubject, name)
	}
	if strings.Count(name, "/") >= maxDepth {
		return fmt.Errorf("%w: deeper than %d folders: %s", ErrSubject, maxDepth, path.Dir(name))
	}
	return checkName(name)
}

// fileInfo is of the file itself, or of the one a link inside root leads to.
func fileInfo(root *os.Root, name string) (fs.FileInfo, error) {
	info, err := root.Stat(filepath.FromSlash(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s leads nowhere", ErrSubject, name)
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrSubject, name, err)
	case info.IsDir():
		return nil, fmt.Errorf("%w: %s is a link to a folder", ErrSubject, name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s is neither a file nor a folder (%s)", ErrSubject, name, info.Mode().Type())
	}
	return info, nil
}
