// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/ledger/ledgertest"
	"github.com/gateledger/gateledger/internal/proof"
)

func head(t *testing.T, l ledger.Ledger) proof.Checkpoint {
	t.Helper()
	c, err := l.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCheckGrowth(t *testing.T) {
	t.Parallel()
	o := ledgertest.Options(t)
	short := fillDir(t, o, ledgertest.Leaves(0, 5))
	long := fillDir(t, o, ledgertest.Leaves(0, 5), ledgertest.Leaves(5, 300))
	fork := fillDir(t, o, ledgertest.Leaves(0, 4), ledgertest.Leaves(100, 400))
	foreign := head(t, short)
	foreign.Origin = "other.example"
	for name, c := range map[string]struct {
		l          ledger.Ledger
		remembered proof.Checkpoint
		want       error
	}{
		"nothing remembered":           {long, proof.Checkpoint{}, nil},
		"the same head":                {long, head(t, long), nil},
		"grown since":                  {long, head(t, short), nil},
		"rolled back":                  {short, head(t, long), ledger.ErrRollback},
		"forked and longer":            {fork, head(t, short), ledger.ErrTampered},
		"forked, of another length":    {fork, head(t, long), ledger.ErrTampered},
		"rolled back to before a fork": {short, head(t, fork), ledger.ErrRollback},
		"another log":                  {long, foreign, ledger.ErrKey},
	} {
		err := ledger.CheckGrowth(context.Background(), c.l, c.remembered)
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// replace puts the files of one folder in place of another's.
func replace(t *testing.T, folder, by string) {
	t.Helper()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(folder, os.DirFS(by)); err != nil {
		t.Fatal(err)
	}
}

func TestAnOpenLedgerSeesWhatHappensToIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	for name, c := range map[string]struct {
		by   []ledger.Leaf
		want error
	}{
		"rollback":                {ledgertest.Leaves(0, 3), ledger.ErrRollback},
		"fork":                    {ledgertest.Leaves(10, 20), ledger.ErrTampered},
		"fork of the same length": {ledgertest.Leaves(10, 15), ledger.ErrTampered},
	} {
		folder, other := t.TempDir(), t.TempDir()
		l := fillAt(t, folder, o, ledgertest.Leaves(0, 5))
		head(t, l)
		fillAt(t, other, o, c.by)
		// The root of an open folder stays open, so its files are replaced.
		for _, name := range []string{"tile", "body", "blob", "cache"} {
			replace(t, filepath.Join(folder, name), filepath.Join(other, name))
		}
		data, err := os.ReadFile(filepath.Join(other, "checkpoint"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "checkpoint"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Head(ctx); !errors.Is(err, c.want) {
			t.Errorf("%s: head: %v, want %v", name, err, c.want)
		}
		if _, err := l.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(50, 51)); !errors.Is(err, c.want) {
			t.Errorf("%s: append: %v, want %v", name, err, c.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	folder := t.TempDir()
	fillAt(t, folder, o, ledgertest.Leaves(0, 5))
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "a file")
	newer := t.TempDir()
	replace(t, newer, folder)
	write(t, filepath.Join(newer, "gateledger-ledger"), `{"format":"gateledger-ledger","new":1,"origin":"log.example","version":2}`)
	bare := t.TempDir()
	replace(t, bare, folder)
	if err := os.Remove(filepath.Join(bare, "gateledger-ledger")); err != nil {
		t.Fatal(err)
	}
	otherKey := ledgertest.Options(t)
	otherOrigin := optionsNamed(t, "other.example")
	mixed := ledger.Options{Keys: o.Keys, Signer: otherKey.Signer}
	mixedOrigin := ledger.Options{Keys: o.Keys, Signer: otherOrigin.Signer}
	for name, c := range map[string]struct {
		url  string
		o    ledger.Options
		want error
		says string
	}{
		"no such folder":               {"dir:" + filepath.Join(folder, "none"), o, ledger.ErrNotLedger, "none"},
		"an empty folder":              {"dir:" + t.TempDir(), o, ledger.ErrNotLedger, ""},
		"a file":                       {"dir:" + file, o, ledger.ErrNotLedger, ""},
		"a tar that is none":           {"tar:" + file, o, ledger.ErrNotLedger, ""},
		"a ledger of a later version":  {"dir:" + newer, o, ledger.ErrVersion, "version 2"},
		"a ledger without its marker":  {"dir:" + bare, o, ledger.ErrTampered, "gateledger-ledger"},
		"no keys":                      {"dir:" + folder, ledger.Options{}, ledger.ErrKey, ""},
		"the wrong key":                {"dir:" + folder, otherKey, ledger.ErrKey, "log.example"},
		"the wrong origin":             {"dir:" + folder, otherOrigin, ledger.ErrKey, `"log.example"`},
		"a signer that is not trusted": {"dir:" + folder, mixed, ledger.ErrKey, "signing key"},
		"a signer of another log":      {"dir:" + folder, mixedOrigin, ledger.ErrKey, "other.example"},
		"a relative path":              {"dir:here", o, nil, "not absolute"},
		"an unknown scheme":            {"ftp:host", o, nil, `unknown ledger "ftp:"; have dir:, tar:`},
		"https":                        {"https://log.example", o, nil, "not in this version"},
	} {
		_, err := ledger.Open(ctx, c.url, c.o)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v saying %q", name, err, c.want, c.says)
		}
	}
	if _, err := ledger.Open(ctx, folder, o); err != nil {
		t.Errorf("a path without a scheme: %v", err)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := ledgertest.Options(t)
	folder := filepath.Join(t.TempDir(), "deep", "down")
	if _, err := ledger.Create(ctx, "dir:"+folder, o); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Create(ctx, "dir:"+folder, o); !errors.Is(err, ledger.ErrExists) {
		t.Errorf("again: %v, want ErrExists", err)
	}
	half := t.TempDir()
	write(t, filepath.Join(half, "gateledger-ledger"), "what a crash")
	write(t, filepath.Join(half, "checkpoint.gateledger-tmp"), "left")
	if _, err := ledger.Create(ctx, "dir:"+half, o); err != nil {
		t.Errorf("after an interrupted Create: %v", err)
	}
	busy := t.TempDir()
	write(t, filepath.Join(busy, "thesis.txt"), "years of work")
	if _, err := ledger.Create(ctx, "dir:"+busy, o); err == nil || !strings.Contains(err.Error(), "thesis.txt") {
		t.Errorf("in a folder with something in it: %v", err)
	}
	if _, err := ledger.Create(ctx, "dir:"+t.TempDir(), ledger.Options{Keys: o.Keys}); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("without a signer: %v, want ErrReadOnly", err)
	}
	if _, err := ledger.Create(ctx, "tar:"+filepath.Join(t.TempDir(), "x.tar"), o); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("as a tar: %v, want ErrReadOnly", err)
	}
	reader := open(t, "dir:"+folder, ledger.Options{Keys: o.Keys})
	if _, err := reader.Append(ctx, proof.Checkpoint{}, ledgertest.Leaves(0, 1)); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("append without a signer: %v, want ErrReadOnly", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
