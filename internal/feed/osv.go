// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/audit"
)

// layouts are the places where an ecosystem's archive is looked for below the
// database's folder: where osv-scanner keeps it since 2.5, where it kept it
// before, and as OSV publishes it.
func layouts() []string { return []string{"osv-scalibr", "osv-scanner", ""} }

// archive is the file that holds an ecosystem's records.
const archive = "all.zip"

// Advisories reads what a database says about the wanted packages (by
// audit.Package.Key). A database is a folder with ECOSYSTEM/all.zip in it, as
// OSV publishes them and as osv-scanner keeps them; or a folder with records
// as JSON files in it, however deep; or one archive of records.
//
// There is one feed for each ecosystem that is wanted.
func Advisories(ctx context.Context, db string, wanted map[audit.Package]bool) ([]audit.Advisory, []audit.Feed, error) {
	l := &library{ctx: ctx, db: db, names: folded(wanted), feeds: map[string]*audit.Feed{}}
	for p := range wanted {
		l.feeds[p.Ecosystem] = &audit.Feed{Name: "osv:" + p.Ecosystem, Releases: map[string]bool{}}
	}
	if err := l.read(); err != nil {
		return nil, nil, err
	}
	var feeds []audit.Feed
	for _, f := range l.feeds {
		if f.Records == 0 && f.Problem == "" {
			f.Path, f.Problem = db, "it has no record of this ecosystem"
		}
		feeds = append(feeds, *f)
	}
	arrange.By(feeds, func(a, b audit.Feed) int { return cmp.Compare(a.Name, b.Name) })
	return newest(l.found), feeds, nil
}

// A library is one database while it is read.
type library struct {
	ctx   context.Context
	db    string
	names map[string]bool // wanted, folded
	feeds map[string]*audit.Feed
	found []audit.Advisory
}

// read fails only if it is interrupted. Anything else is a feed's problem.
func (l *library) read() error {
	info, err := os.Stat(l.db)
	if err == nil && info.Mode().IsRegular() {
		l.all(l.single)
		return l.ctx.Err()
	}
	root, err := os.OpenRoot(l.db)
	if err != nil {
		l.all(func() error { return plainly(err) })
		return nil
	}
	defer root.Close()
	left := map[string]*audit.Feed{}
	for ecosystem, f := range l.feeds {
		if at, ok := archiveOf(root, ecosystem); ok {
			f.Path = filepath.Join(l.db, filepath.FromSlash(at))
			if err := l.archive(root, at, map[string]*audit.Feed{ecosystem: f}); err != nil {
				f.Problem = err.Error()
			}
		} else {
			f.Path = l.db
			left[ecosystem] = f
		}
	}
	if len(left) > 0 {
		if err := l.folder(root, left); err != nil {
			for _, f := range left {
				f.Problem = err.Error()
			}
		}
	}
	return l.ctx.Err()
}

// all makes what went wrong the problem of every feed.
func (l *library) all(read func() error) {
	for _, f := range l.feeds {
		f.Path = l.db
	}
	if err := read(); err != nil {
		for _, f := range l.feeds {
			f.Problem = err.Error()
		}
	}
}

// single reads a database that is one archive.
func (l *library) single() error {
	root, err := os.OpenRoot(filepath.Dir(l.db))
	if err != nil {
		return plainly(err)
	}
	defer root.Close()
	return l.archive(root, filepath.Base(l.db), l.feeds)
}

// archiveOf looks for an ecosystem's archive.
func archiveOf(root *os.Root, ecosystem string) (string, bool) {
	if ecosystem == "" || ecosystem == "." || ecosystem == ".." || strings.ContainsAny(ecosystem, `/\`) {
		return "", false
	}
	for _, layout := range layouts() {
		at := path.Join(layout, ecosystem, archive)
		if _, err := root.Lstat(filepath.FromSlash(at)); err == nil {
			return at, true
		}
	}
	return "", false
}

// regular opens a file below root, which may not lead out of it.
func regular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	info, err := root.Stat(filepath.FromSlash(name))
	if err != nil {
		return nil, nil, plainly(err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New("it is no file")
	}
	f, err := root.Open(filepath.FromSlash(name))
	return f, info, plainly(err)
}

// archive reads the records of an archive.
func (l *library) archive(root *os.Root, name string, feeds map[string]*audit.Feed) error {
	f, info, err := regular(root, name)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	if len(z.File) > MaxRecords {
		return fmt.Errorf("it has over %d records", MaxRecords)
	}
	var entries []*zip.File
	for _, e := range z.File {
		if err := entryName(e); err != nil {
			return err
		}
		if strings.HasSuffix(e.Name, ".json") {
			entries = append(entries, e)
		}
	}
	return l.shelf(len(entries), feeds, func(i int, to *buffer) (string, error) {
		e := entries[i]
		r, err := e.Open()
		if err != nil {
			return e.Name, err
		}
		defer r.Close()
		return e.Name, to.fill(r)
	})
}

// entryName refuses what no archive of records holds: a name that would lead
// out of the folder it is unpacked to, or something that is no file.
func entryName(e *zip.File) error {
	name := strings.TrimSuffix(e.Name, "/")
	if !fs.ValidPath(name) || strings.Contains(name, `\`) {
		return fmt.Errorf("entry %.80q: no archive of records has such a name", e.Name)
	}
	if mode := e.Mode(); !mode.IsRegular() && !mode.IsDir() {
		return fmt.Errorf("entry %.80q is no file", e.Name)
	}
	return nil
}

// folder reads the records below a folder.
func (l *library) folder(root *os.Root, feeds map[string]*audit.Feed) error {
	var names []string
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return plainly(err)
		case l.ctx.Err() != nil:
			return l.ctx.Err()
		case d.IsDir() && strings.Count(name, "/") >= maxDepth:
			return fmt.Errorf("folder %.80q: records lie at most %d folders deep", name, maxDepth)
		case d.Type()&fs.ModeSymlink != 0 && path.Ext(name) != ".json":
			return noFolder(root, name)
		case d.IsDir() || path.Ext(name) != ".json":
			return nil
		case len(names) == MaxRecords:
			return fmt.Errorf("it has over %d records", MaxRecords)
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		return err
	}
	return l.shelf(len(names), feeds, func(i int, to *buffer) (string, error) {
		f, _, err := regular(root, names[i])
		if err != nil {
			return names[i], err
		}
		defer f.Close()
		return names[i], to.fill(f)
	})
}

// noFolder refuses a link to a folder: what is in it is not read, and a part of
// the records is no feed.
func noFolder(root *os.Root, name string) error {
	info, err := root.Stat(filepath.FromSlash(name))
	switch {
	case err != nil:
		return fmt.Errorf("link %.80q: %w", name, plainly(err))
	case info.IsDir():
		return fmt.Errorf("%.80q is a link to a folder, which is not followed", name)
	}
	return nil
}

// newest keeps of records with one name the one that was changed last, and of
// those all: an archive and a folder can hold the same record.
func newest(records []audit.Advisory) []audit.Advisory {
	arrange.Stably(records, func(a, b audit.Advisory) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), b.Modified.Compare(a.Modified), strings.Compare(a.Source, b.Source))
	})
	var out []audit.Advisory
	for _, r := range records {
		if n := len(out); n == 0 || out[n-1].ID != r.ID || !out[n-1].Modified.After(r.Modified) {
			out = append(out, r)
		}
	}
	return out
}

// A buffer holds one record at a time.
type buffer struct{ data []byte }

// fill reads one record of at most audit.MaxRecord bytes, whatever its size is
// said to be.
func (b *buffer) fill(r io.Reader) error {
	b.data = b.data[:0]
	for {
		if len(b.data) == cap(b.data) {
			b.data = append(b.data, 0)[:len(b.data)]
		}
		n, err := r.Read(b.data[len(b.data):cap(b.data)])
		b.data = b.data[:len(b.data)+n]
		switch {
		case len(b.data) > audit.MaxRecord:
			return fmt.Errorf("the record has over %d bytes", audit.MaxRecord)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}
