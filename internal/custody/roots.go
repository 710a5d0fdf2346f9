// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/event"
)

// roots holds the hashes of the log's tree (RFC 6962), so that a head an
// event names can be held against the entries that stood before it.
type roots struct {
	size   uint64
	hashes []tlog.Hash // in tlog's storage order
}

func hashTree(events []*event.Event) (roots, error) {
	r := roots{size: uint64(len(events)), hashes: make([]tlog.Hash, 0, 2*len(events))}
	for i, e := range events {
		hashes, err := tlog.StoredHashes(int64(i), e.Leaf, tlog.HashReaderFunc(r.read))
		if err != nil {
			return roots{}, fmt.Errorf("hash entry %d: %w", i, err)
		}
		r.hashes = append(r.hashes, hashes...)
	}
	return r, nil
}

func (r *roots) read(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(r.hashes)) {
			return nil, fmt.Errorf("no hash at %d", index)
		}
		out[i] = r.hashes[index]
	}
	return out, nil
}

// match reports whether c is the head this log had at that size.
func (r *roots) match(c event.Checkpoint) bool {
	if c.Size > r.size {
		return false
	}
	root, err := tlog.TreeHash(int64(c.Size), tlog.HashReaderFunc(r.read))
	return err == nil && hex.EncodeToString(root[:]) == c.Root
}
