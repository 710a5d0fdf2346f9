// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/proof"
)

// MaxExamined is how many receipts are checked. Those of the largest
// checkpoints come first, and cover the most.
const MaxExamined = 1 << 14

// ErrFork says that the log's key signed a checkpoint that is not of this log:
// two logs were shown. No rule and no outage helps against it.
var ErrFork = errors.New("two logs were shown")

// Evidence is what the receipts beside a ledger prove. The zero Evidence
// proves nothing.
type Evidence struct {
	Proven  []Proven
	Refused []error // why others prove nothing, in the order they came
	Ahead   uint64  // the largest size that the log signed beyond the head; zero: none
	Left    int     // receipts that were not looked at, because there are too many
}

// A Tree is the ledger at hand.
type Tree struct {
	Head proof.Checkpoint
	// Since proves that the head follows from the tree of its first old entries,
	// for an old up to the head's size. An error is one of reading.
	Since func(old uint64) (proof.Proof, error)
}

// follows reports whether the head follows from c.
func (t Tree) follows(c proof.Checkpoint) (bool, error) {
	if c.Size == t.Head.Size {
		return c.Root == t.Head.Root, nil
	}
	p, err := t.Since(c.Size)
	if err != nil {
		return false, err
	}
	return proof.Consistency(p, c, t.Head) == nil, nil
}

// A seen remembers what was found out about checkpoints: many receipts are of
// one.
type seen struct {
	opened  map[string]proof.Checkpoint // by the bytes of the note
	follows map[node]bool
}

type node struct {
	size uint64
	root tlog.Hash
}

func newSeen() *seen {
	return &seen{map[string]proof.Checkpoint{}, map[node]bool{}}
}

func (s *seen) open(keys proof.Keys, r Receipt) (proof.Checkpoint, error) {
	if c, ok := s.opened[string(r.Checkpoint)]; ok {
		return c, nil
	}
	c, err := Open(keys, r)
	if err == nil {
		s.opened[string(r.Checkpoint)] = c
	}
	return c, err
}

// Examine checks receipts, given as the bytes that were kept, against the tree
// that they should be of. Garbage is refused one by one. It fails with ErrFork
// if the log's key signed another tree than this one, and with errors of Tree.
func Examine(t Trust, tree Tree, receipts [][]byte) (Evidence, error) {
	var out Evidence
	if len(receipts) > MaxExamined {
		out.Left = len(receipts) - MaxExamined
		receipts = receipts[:MaxExamined]
	}
	known := newSeen()
	for _, data := range receipts {
		r, err := ParseReceipt(data)
		if err != nil {
			out.Refused = append(out.Refused, fmt.Errorf("%w: %w", ErrMalformed, err))
			continue
		}
		if err := out.add(t, tree, known, r); err != nil {
			return out, err
		}
	}
	return out, nil
}

// Add checks one more receipt. What proves nothing by itself still does not.
func (e *Evidence) Add(t Trust, tree Tree, r Receipt) error {
	return e.add(t, tree, newSeen(), r)
}

func (e *Evidence) add(t Trust, tree Tree, known *seen, r Receipt) error {
	c, err := known.open(t.Keys, r)
	if err != nil {
		e.Refused = append(e.Refused, err)
		return nil
	}
	if c.Size > tree.Head.Size {
		e.Ahead = max(e.Ahead, c.Size)
		return nil
	}
	if at := (node{c.Size, c.Root}); !known.follows[at] {
		follows, err := tree.follows(c)
		if err != nil {
			return fmt.Errorf("check receipt of %s: %w", r.title(), err)
		}
		if !follows {
			return fmt.Errorf("receipt of %s: the log signed %s for its first %d entries, and this one does not follow from that: %w", r.title(), c.Root, c.Size, ErrFork)
		}
		known.follows[at] = true
	}
	p, err := checkProof(t, r, c)
	if err != nil {
		e.Refused = append(e.Refused, fmt.Errorf("receipt of %s: %w", r.title(), err))
		return nil
	}
	e.Proven = append(e.Proven, p)
	return nil
}

// of are the proofs by one anchor, the earliest first; those without a time
// last.
func (e Evidence) of(s Spec) []Proven {
	mine := slices.DeleteFunc(slices.Clone(e.Proven), func(p Proven) bool { return !same(p.Spec, s) })
	arrange.Stably(mine, func(a, b Proven) int {
		if a.At.IsZero() != b.At.IsZero() {
			return cmp.Compare(btoi(a.At.IsZero()), btoi(b.At.IsZero()))
		}
		return a.At.Compare(b.At)
	})
	return mine
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// same says whether two specs are one anchor, wherever it is asked.
func same(a, b Spec) bool {
	a.URL, b.URL = "", ""
	return a == b
}
