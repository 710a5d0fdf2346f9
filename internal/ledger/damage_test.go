// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

// damaged is a ledger whose files a test changes and puts back.
type damaged struct {
	folder string
	keys   ledger.Options // without the signer
	write  ledger.Options
	size   uint64
}

// newDamaged makes a ledger with every kind of file: full and partial tiles,
// joined and single runs of bodies, documents.
func newDamaged(t *testing.T) damaged {
	t.Helper()
	o := ledgertest.Options(t)
	folder := t.TempDir()
	fillAt(t, folder, o, ledgertest.Leaves(0, 250), ledgertest.Leaves(250, 260), ledgertest.Leaves(260, 263), ledgertest.Leaves(263, 264))
	return damaged{folder, ledger.Options{Keys: o.Keys}, o, 264}
}

// audit opens the ledger and audits it.
func (d damaged) audit() error {
	l, err := ledger.Open(context.Background(), "dir:"+d.folder, d.keys)
	if err != nil {
		return err
	}
	_, err = l.(ledger.Auditor).Audit(context.Background(), ledgertest.Check)
	return err
}

// files lists the names of all files, with slashes.
func (d damaged) files(t *testing.T) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(d.folder), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// with changes a file, calls f, and puts the file back.
func (d damaged) with(t *testing.T, name string, change func([]byte) []byte, f func()) {
	t.Helper()
	path := filepath.Join(d.folder, filepath.FromSlash(name))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if changed := change(append([]byte(nil), data...)); changed == nil {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, changed, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	f()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func flip(bit int) func([]byte) []byte {
	return func(data []byte) []byte {
		data[bit/8] ^= 1 << (bit % 8)
		return data
	}
}

func TestAuditNamesEveryFlippedBit(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	if err := d.audit(); err != nil {
		t.Fatal(err)
	}
	for _, name := range d.files(t) {
		if name == "lock" {
			continue
		}
		info, err := os.Stat(filepath.Join(d.folder, name))
		if err != nil {
			t.Fatal(err)
		}
		bits := int(info.Size()) * 8
		step := max(1, bits/13)
		if name == "checkpoint" || name == "gateledger-ledger" {
			step = 1
		}
		for bit := 0; bit < bits; bit += step {
			d.with(t, name, flip(bit), func() { checkNamed(t, d.audit(), name, bit) })
		}
	}
	if err := d.audit(); err != nil {
		t.Errorf("after all was put back: %v", err)
	}
}

// checkNamed checks that err is one of damage and says where: by the file's
// name, or for a body by its entry.
func checkNamed(t *testing.T, err error, name string, bit int) {
	t.Helper()
	known := errors.Is(err, ledger.ErrTampered) || errors.Is(err, ledger.ErrMissing) && !strings.HasPrefix(name, "tile") ||
		errors.Is(err, ledger.ErrVersion) && name == "gateledger-ledger" ||
		errors.Is(err, ledger.ErrKey) && name == "checkpoint" // the flipped character was half key hash, half signature
	if !known {
		t.Errorf("%s, bit %d: %v", name, bit, err)
		return
	}
	if s := err.Error(); !strings.Contains(s, name) && !(strings.HasPrefix(name, "body/") || strings.HasPrefix(name, "blob/")) {
		t.Errorf("%s, bit %d: not named by %q", name, bit, s)
	}
}

func TestAuditNamesEveryLostAndCutFile(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	for _, name := range d.files(t) {
		if name == "lock" || name == "cache/ids" {
			continue
		}
		d.with(t, name, func([]byte) []byte { return nil }, func() {
			err := d.audit()
			if !errors.Is(err, ledger.ErrMissing) && !errors.Is(err, ledger.ErrTampered) {
				t.Errorf("%s lost: %v", name, err)
			} else if !strings.Contains(err.Error(), name) {
				t.Errorf("%s lost: not named by %q", name, err)
			}
		})
		d.with(t, name, func(b []byte) []byte { return b[:len(b)-1] }, func() {
			if err := d.audit(); !errors.Is(err, ledger.ErrTampered) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s cut short: %v", name, err)
			}
		})
		d.with(t, name, func(b []byte) []byte { return append(b, 0) }, func() {
			if err := d.audit(); !errors.Is(err, ledger.ErrTampered) && !errors.Is(err, ledger.ErrTooLarge) {
				t.Errorf("%s made longer: %v", name, err)
			}
		})
	}
}

func TestLostBodyIsMissingAndNamesTheEntry(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	d.with(t, "body/001.p/4", func([]byte) []byte { return nil }, func() {
		err := d.audit()
		if !errors.Is(err, ledger.ErrMissing) || errors.Is(err, ledger.ErrTampered) || !strings.Contains(err.Error(), "entry 260, body/001.p/4") {
			t.Errorf("audit: %v", err)
		}
		l := open(t, "dir:"+d.folder, d.keys)
		for e, err := range l.Read(context.Background(), 0, d.size) {
			if err != nil {
				t.Fatal(err)
			}
			if lost := e.Index >= 260 && e.Index < 263; lost != (e.Body == nil) {
				t.Errorf("entry %d: body %q", e.Index, e.Body)
			}
		}
	})
}

func TestAppendRefusesADamagedEdge(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	ctx := context.Background()
	warm := open(t, "dir:"+d.folder, d.write)
	if _, err := warm.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(3, 4)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tile/0/001.p/8", "tile/1/000.p/1", "tile/entries/001.p/8"} {
		for what, change := range map[string]func([]byte) []byte{
			"one bit":   flip(77),
			"cut short": func(b []byte) []byte { return b[:len(b)-1] },
			"lost":      func([]byte) []byte { return nil },
		} {
			d.with(t, name, change, func() {
				for who, l := range map[string]ledger.Ledger{"warm": warm, "cold": open(t, "dir:"+d.folder, d.write)} {
					_, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(900, 901))
					if !errors.Is(err, ledger.ErrTampered) && !errors.Is(err, ledger.ErrMissing) {
						t.Errorf("%s, %s, %s writer: %v", name, what, who, err)
					}
				}
			})
		}
	}
	if err := d.audit(); err != nil {
		t.Error(err)
	}
	if _, err := warm.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(264, 265)); err != nil {
		t.Errorf("once the edge is whole again: %v", err)
	}
}

func TestStrayFilesChangeNothing(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	for _, name := range []string{
		"checkpoint.gateledger-tmp", "tile/0/001.p/200", "tile/0/001", "tile/entries/001.p/9", "tile/entries/001",
		"tile/1/000.p/7", "tile/2/000.p/1", "body/001.p/8", "body/001.p/9", "body/002.p/0", "body/junk",
		"tile/0/001.p/junk", "notes.txt",
	} {
		path := filepath.Join(d.folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("what a crash left"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.audit(); err != nil {
		t.Fatalf("audit: %v", err)
	}
	reader := open(t, "dir:"+d.folder, d.keys)
	if _, err := reader.Head(context.Background()); err != nil {
		t.Fatal(err)
	}
	l := open(t, "dir:"+d.folder, d.write)
	for i := 264; i < 520; i++ {
		if _, err := l.Append(context.Background(), proof.Checkpoint{}, ledgertest.Leaves(i, i+1)); err != nil {
			t.Fatalf("append %d: %v", i, err)
		}
	}
	if err := d.audit(); err != nil {
		t.Fatalf("audit after appends: %v", err)
	}
}

// Somebody who rewrites an entry and every hash over it is stopped by the
// signature, wherever on the way up he stops himself.
func TestAuditRefusesRewrittenHistory(t *testing.T) {
	t.Parallel()
	o := ledgertest.Options(t)
	leaves := ledgertest.Leaves(0, 800)
	rewritten := append([]ledger.Leaf(nil), leaves...)
	rewritten[300] = ledgertest.Leaf(5000)
	other := t.TempDir()
	fillAt(t, other, o, rewritten)
	for name, files := range map[string][]string{
		"entry":                         {"tile/entries/001"},
		"entry, body and id":            {"tile/entries/001", "body/001", "cache/ids"},
		"entry and leaf hash":           {"tile/entries/001", "tile/0/001", "body/001", "cache/ids"},
		"entry and every hash":          {"tile/entries/001", "tile/0/001", "tile/1/000.p/3", "body/001", "cache/ids"},
		"leaf hash":                     {"tile/0/001"},
		"leaf hash and the ones above":  {"tile/0/001", "tile/1/000.p/3"},
		"the hash above the leaf hash":  {"tile/1/000.p/3"},
		"entry and the hash at the top": {"tile/entries/001", "tile/1/000.p/3", "body/001", "cache/ids"},
	} {
		d := damaged{folder: t.TempDir(), keys: ledger.Options{Keys: o.Keys}}
		fillAt(t, d.folder, o, leaves)
		for _, file := range files {
			data, err := os.ReadFile(filepath.Join(other, filepath.FromSlash(file)))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(d.folder, filepath.FromSlash(file)), string(data))
		}
		if err := d.audit(); !errors.Is(err, ledger.ErrTampered) {
			t.Errorf("%s rewritten: audit: %v", name, err)
		}
		if !strings.HasPrefix(name, "entry") {
			continue
		}
		l := open(t, "dir:"+d.folder, d.keys)
		var failed error
		for _, err := range l.Read(context.Background(), 0, 800) {
			failed = err
		}
		if !errors.Is(failed, ledger.ErrTampered) {
			t.Errorf("%s rewritten: read: %v", name, failed)
		}
	}
}
