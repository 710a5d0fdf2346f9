// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/proof"
)

// An exported ledger is read where it lies in the file that Export wrote.
type exported struct{ *reader }

var (
	_ Ledger     = exported{}
	_ BlobReader = exported{}
	_ Auditor    = exported{}
)

func openTar(ctx context.Context, url, path string, o Options) (Ledger, error) {
	if len(o.Keys.Verifiers) == 0 {
		return nil, fmt.Errorf("no trusted log key given: %w", ErrKey)
	}
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("path %q is not absolute", path)
	}
	files, err := indexTar(path)
	if err != nil {
		return nil, err
	}
	r, err := openReader(ctx, url, files, o.Keys)
	if err != nil {
		return nil, err
	}
	return exported{r}, nil
}

// Append fails with ErrReadOnly: an export is a record of one head.
func (exported) Append(context.Context, proof.Checkpoint, []Leaf) ([]proof.Receipt, error) {
	return nil, fmt.Errorf("append to an export: %w", ErrReadOnly)
}

// maxExported is the largest file beside the ledger that ExportedFile reads.
const maxExported = 64 << 20

// ExportedFile returns a file that its writer put into an export beside the
// ledger. Nothing vouches for it. It fails with ErrMissing if there is none.
func ExportedFile(path, name string) ([]byte, error) {
	files, err := indexTar(path)
	if err != nil {
		return nil, fmt.Errorf("read %s in %s: %w", name, path, err)
	}
	data, err := readFile(files, name, maxExported)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("read %s in %s: %w", name, path, err)
	}
	return data, nil
}

// tarFS finds the files in a tar by their offset.
type tarFS struct {
	file  io.ReaderAt
	index map[string]tarEntry
}

type tarEntry struct{ offset, size int64 }

var _ fs.ReadDirFS = (*tarFS)(nil)

// maxTarFiles bounds the index: enough for 1.3 thousand million leaves.
const maxTarFiles = 1 << 24

// indexTar reads the headers of a tar. A name that stands there twice, or is
// not a plain file's, would let two readers see two ledgers, and is refused.
func indexTar(path string) (*tarFS, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	t := &tarFS{file: f, index: map[string]tarEntry{}}
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return t, nil
		}
		if err == nil {
			err = t.add(f, h)
		} else if len(t.index) == 0 {
			err = fmt.Errorf("%w: %w", ErrNotLedger, err)
		} else {
			err = fmt.Errorf("%w: %w", ErrTampered, err)
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
}

func (t *tarFS) add(f io.Seeker, h *tar.Header) error {
	if h.Typeflag == tar.TypeDir {
		return nil
	}
	if h.Typeflag != tar.TypeReg || !fs.ValidPath(h.Name) || sparse(h) {
		return fmt.Errorf("%q in the export is not a plain file: %w", h.Name, ErrTampered)
	}
	if _, twice := t.index[h.Name]; twice {
		return fmt.Errorf("%q is in the export twice: %w", h.Name, ErrTampered)
	}
	if len(t.index) == maxTarFiles {
		return fmt.Errorf("more than %d files in the export: %w", maxTarFiles, ErrTooLarge)
	}
	offset, err := f.Seek(0, io.SeekCurrent)
	t.index[h.Name] = tarEntry{offset, h.Size}
	return err
}

// sparse says whether the bytes that stand in the tar are not the file's: it
// is larger than what is there, by any number, and other readers see other
// bytes.
func sparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func (t *tarFS) Open(name string) (fs.File, error) {
	e, ok := t.index[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return tarFile{io.NewSectionReader(t.file, e.offset, e.size), tarInfo{path.Base(name), e.size}}, nil
}

// ReadDir lists the files, not the folders, directly in a folder.
func (t *tarFS) ReadDir(folder string) ([]fs.DirEntry, error) {
	var entries []fs.DirEntry
	for name, e := range t.index {
		if base, ok := strings.CutPrefix(name, folder+"/"); ok && !strings.Contains(base, "/") {
			entries = append(entries, fs.FileInfoToDirEntry(tarInfo{base, e.size}))
		}
	}
	return entries, nil
}

// under lists the files below a folder.
func (t *tarFS) under(folder string) []string {
	return pathsUnder(slices.Sorted(maps.Keys(t.index)), folder)
}

// pathsUnder are those of sorted paths that are below a folder.
func pathsUnder(paths []string, folder string) []string {
	first, _ := slices.BinarySearch(paths, folder+"/")
	last := first
	for last < len(paths) && strings.HasPrefix(paths[last], folder+"/") {
		last++
	}
	return paths[first:last]
}

type tarFile struct {
	*io.SectionReader
	info tarInfo
}

func (f tarFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (tarFile) Close() error                 { return nil }

type tarInfo struct {
	name string
	size int64
}

func (i tarInfo) Name() string     { return i.name }
func (i tarInfo) Size() int64      { return i.size }
func (tarInfo) Mode() fs.FileMode  { return 0o444 }
func (tarInfo) ModTime() time.Time { return time.Time{} }
func (tarInfo) IsDir() bool        { return false }
func (tarInfo) Sys() any           { return nil }
