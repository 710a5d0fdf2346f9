// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/gateledger/gateledger/internal/durable"
)

// tempSuffix ends the names of files that package durable is writing.
const tempSuffix = ".gateledger-tmp"

// KeepReceipts writes each receipt under its own name, whole or not at all.
// Writers wait for each other, as those of leaves do.
func (d *dir) KeepReceipts(ctx context.Context, receipts []StoredReceipt) error {
	if err := d.keepReceipts(ctx, receipts); err != nil {
		return fmt.Errorf("keep receipts in %s: %w", d.url, err)
	}
	return nil
}

func (d *dir) keepReceipts(ctx context.Context, receipts []StoredReceipt) error {
	if err := checkReceipts(receipts); err != nil {
		return err
	}
	if len(receipts) == 0 {
		return ctx.Err()
	}
	unlock, err := d.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	missing := map[string]bool{}
	for _, f := range missingReceipts(d.fsys, receipts) {
		missing[f.name] = true
	}
	st := durable.NewStage(d.fsys)
	defer st.Discard()
	for _, r := range receipts {
		name := receiptPath(r)
		if !missing[name] {
			if err := st.Keep(name); err != nil { // its writer may have been killed before it was durable
				return err
			}
			continue
		}
		if err := d.writeReceipt(file{name: name, data: r.Data}); err != nil {
			return err
		}
	}
	return st.Sync()
}

// writeReceipt writes one receipt, makes its folders, and takes away what a
// writer that was killed left half-written in them.
func (d *dir) writeReceipt(f file) error {
	folder := path.Dir(f.name)
	for _, name := range []string{receiptFolder, folder} {
		if err := d.fsys.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := d.fsys.SyncDir(path.Dir(name)); err != nil {
			return fmt.Errorf("sync folder %s: %w", path.Dir(name), err)
		}
	}
	entries, err := d.fsys.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := path.Join(folder, e.Name()); strings.HasSuffix(name, tempSuffix) {
			if err := d.fsys.Remove(name); err != nil {
				return fmt.Errorf("remove %s: %w", name, err)
			}
		}
	}
	return durable.WriteFile(d.fsys, f.name, f.data)
}
