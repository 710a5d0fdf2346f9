// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// diagnose finds out which file is to blame when the upper tiles do not lead
// to the signed root, by making every tile again from the entries: if those
// lead there, a tile is wrong, else an entry.
func (a *audit) diagnose(ctx context.Context, cause error) error {
	if !errors.Is(cause, ErrTampered) {
		return cause
	}
	e := &edge{}
	var tileWrong, entryWrong error
	last := tilesFor(a.head.Size) - 1
	for n := range last + 1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		var b bundle
		if err := b.read(a.fsys, tile{level: entryLevel, n: n}.in(a.head.Size)); err != nil {
			return err
		}
		var files []file
		if e, files = e.growBundle(b); n == last {
			files = append(files, e.files()...)
		}
		wrong, err := a.firstWrong(files)
		if err != nil {
			return err
		}
		if wrong != nil && tileWrong == nil {
			tileWrong = wrong
			entryWrong = fmt.Errorf("%s, or the hashes over it, are not what the tree holds: %w", b.path, ErrTampered)
		}
	}
	switch {
	case tileWrong == nil:
		return fmt.Errorf("entries and tiles agree with each other, but not with the signed checkpoint: %w", cause)
	case e.root() == a.head.Root:
		return tileWrong
	}
	return entryWrong
}

// growBundle is the edge after one more bundle, and the full tiles that this
// completes.
func (e *edge) growBundle(b bundle) (*edge, []file) {
	leaves := make([]pending, len(b.hashes))
	for i, h := range b.hashes {
		leaves[i] = pending{Leaf: Leaf{Data: b.entries[i]}, hash: h}
	}
	g, _ := e.grow(leaves)
	next, files := g.next(leaves)
	var full []file
	for _, f := range files {
		if !strings.Contains(f.name, ".p/") {
			full = append(full, f)
		}
	}
	return next, full
}

// firstWrong compares hash tiles with what they should be. Entries are what
// the tiles were made from, so those are passed over.
func (a *audit) firstWrong(files []file) (wrong, err error) {
	for _, f := range files {
		if strings.HasPrefix(f.name, "tile/entries/") {
			continue
		}
		switch err := compare(a.fsys, f); {
		case err == nil:
		case errors.Is(err, ErrTampered):
			return fmt.Errorf("%s is not what the entries hash to: %w", f.name, ErrTampered), nil
		default:
			return nil, err
		}
	}
	return nil, nil
}
