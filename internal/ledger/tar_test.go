// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
)

func exported(t *testing.T, l ledger.Ledger) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := ledger.Export(context.Background(), l, w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// auditTar writes a tar to a file, opens and audits it.
func auditTar(t *testing.T, data []byte, o ledger.Options) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "audit.tar")
	write(t, file, string(data))
	l, err := ledger.Open(context.Background(), file, ledger.Options{Keys: o.Keys})
	if err != nil {
		return err
	}
	_, err = l.(ledger.Auditor).Audit(context.Background(), ledgertest.Check)
	return err
}

func TestExportDependsOnTheLogAlone(t *testing.T) {
	t.Parallel()
	o := ledgertest.Options(t)
	whole := exported(t, fillDir(t, o, ledgertest.Leaves(0, 290)))
	var singly [][]ledger.Leaf
	for i := range 290 {
		singly = append(singly, ledgertest.Leaves(i, i+1))
	}
	if !bytes.Equal(whole, exported(t, fillDir(t, o, singly...))) {
		t.Error("two ledgers of the same leaves and key export other bytes")
	}
	file := filepath.Join(t.TempDir(), "audit.tar")
	write(t, file, string(whole))
	if !bytes.Equal(whole, exported(t, open(t, file, ledger.Options{Keys: o.Keys}))) {
		t.Error("the export of an export is another")
	}
}

func TestExportRefusesALossyLedger(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	for _, name := range []string{"body/000", "body/001.p/4", "tile/0/000", "tile/entries/001.p/8"} {
		d.with(t, name, func([]byte) []byte { return nil }, func() {
			l := open(t, "dir:"+d.folder, d.keys)
			err := ledger.Export(context.Background(), l, tar.NewWriter(&bytes.Buffer{}))
			if !errors.Is(err, ledger.ErrMissing) {
				t.Errorf("without %s: %v, want ErrMissing", name, err)
			}
		})
	}
}

// Every bit of every file in an export counts; what tar puts around them is
// not the log's.
func TestAuditOfAnExportNamesFlippedBits(t *testing.T) {
	t.Parallel()
	o := ledgertest.Options(t)
	data := exported(t, fillDir(t, o, ledgertest.Leaves(0, 20)))
	if err := auditTar(t, data, o); err != nil {
		t.Fatal(err)
	}
	r := bytes.NewReader(data)
	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if err != nil {
			break
		}
		at := len(data) - r.Len()
		for _, offset := range []int{0, int(h.Size) / 2, int(h.Size) - 1} {
			bad := bytes.Clone(data)
			bad[at+offset] ^= 4
			if err := auditTar(t, bad, o); err == nil {
				t.Errorf("%s: byte %d changed and nobody noticed", h.Name, offset)
			}
		}
	}
}

func TestOpenTarRefuses(t *testing.T) {
	t.Parallel()
	o := ledgertest.Options(t)
	good := exported(t, fillDir(t, o, ledgertest.Leaves(0, 3)))
	with := func(h tar.Header, data string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		h.Size, h.Mode = int64(len(data)), 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		return append(b.Bytes(), good...)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"nothing in it":         {with(tar.Header{Name: "a"}, "b")[:1024], ledger.ErrNotLedger},
		"one name twice":        {with(tar.Header{Name: "checkpoint"}, "other"), ledger.ErrTampered},
		"a symbolic link":       {with(tar.Header{Name: "lock", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""), ledger.ErrTampered},
		"a name that climbs":    {with(tar.Header{Name: "../checkpoint"}, "x"), ledger.ErrTampered},
		"cut off in a header":   {good[:len(good)-1024-600], ledger.ErrTampered},
		"cut off after a while": {good[:2048], ledger.ErrMissing},
	} {
		if err := auditTar(t, c.data, o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := auditTar(t, with(tar.Header{Name: "AUDIT.md"}, "how to"), o); err != nil {
		t.Errorf("a file beside the ledger: %v", err)
	}
}

func TestExportedFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit.tar")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	if err := ledger.Export(context.Background(), fillDir(t, ledgertest.Options(t)), w); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteHeader(&tar.Header{Name: "policy.yml", Size: 4, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("text")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if data, err := ledger.ExportedFile(file, "policy.yml"); string(data) != "text" || err != nil {
		t.Errorf("policy.yml: %q, %v", data, err)
	}
	if _, err := ledger.ExportedFile(file, "none"); !errors.Is(err, ledger.ErrMissing) {
		t.Errorf("none: %v, want ErrMissing", err)
	}
}

func FuzzOpenTar(f *testing.F) {
	f.Add([]byte("not a tar"))
	f.Add(make([]byte, 1024))
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "gateledger-ledger", Size: 2, Mode: 0o644}); err != nil {
		f.Fatal(err)
	}
	if _, err := w.Write([]byte("{}")); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "audit.tar")
		write(t, file, string(data))
		if _, err := ledger.Open(context.Background(), file, ledgertest.Options(t)); err == nil {
			t.Error("bytes without a signed checkpoint open as a ledger")
		}
	})
}
