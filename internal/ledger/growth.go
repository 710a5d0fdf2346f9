// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/gateledger/gateledger/internal/proof"
)

// CheckGrowth proves that l still holds all that it held at a head the caller
// remembers: from a receipt, or from the last time. It fails with ErrRollback
// if l has fewer leaves now, with ErrTampered if it has others, which is a
// fork, and with ErrKey if remembered is of another log. The zero Checkpoint
// remembers nothing.
func CheckGrowth(ctx context.Context, l Ledger, remembered proof.Checkpoint) error {
	head, err := l.Head(ctx)
	if err != nil {
		return fmt.Errorf("compare with the remembered head of %d leaves: %w", remembered.Size, err)
	}
	return checkGrowth(remembered, head, func(old, new uint64) (proof.Proof, error) {
		return l.Consistency(ctx, old, new)
	})
}

// growsFrom is CheckGrowth of a view with a head seen before.
func (v *view) growsFrom(old proof.Checkpoint) error {
	return checkGrowth(old, v.head, v.consistency)
}

func checkGrowth(old, head proof.Checkpoint, prove func(old, new uint64) (proof.Proof, error)) error {
	var p proof.Proof
	if old.Size > 0 && old.Size < head.Size {
		var err error
		if p, err = prove(old.Size, head.Size); err != nil {
			return fmt.Errorf("compare with the remembered head of %d leaves: %w", old.Size, err)
		}
	}
	switch err := proof.Consistency(p, old, head); {
	case errors.Is(err, proof.ErrShrunk):
		return fmt.Errorf("the log has %d leaves and had %d: %w", head.Size, old.Size, ErrRollback)
	case errors.Is(err, proof.ErrOrigin):
		return fmt.Errorf("%w: %w", ErrKey, err)
	case err != nil:
		return forked{fmt.Errorf("the log of %d leaves does not contain the remembered tree of %d, it was forked: %w", head.Size, old.Size, ErrTampered)}
	}
	return nil
}

// ErrForked is in an ErrTampered that is a fork: the log's key signed two
// histories.
var ErrForked = errors.New("forked")

type forked struct{ error }

func (f forked) Unwrap() error      { return f.error }
func (forked) Is(target error) bool { return target == ErrForked }
