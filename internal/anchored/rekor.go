// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/proof"
)

// checkRekor checks that a log of the trusted root holds the checkpoint's text.
// Version 1 signs a time with it; version 2 proves that the text exists, and no
// more.
func checkRekor(t Trust, r Receipt, c proof.Checkpoint) (Proven, error) {
	specs := t.specs(r)
	if len(specs) == 0 {
		return Proven{}, ErrStranger
	}
	var body RekorProof
	if err := canon.Decode(r.Proof, &body); err != nil {
		return Proven{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	p := Proven{Spec: specs[0]}
	err := anyRoot(t.Roots, func(root *keyless.Root) error {
		at, where, err := root.LoggedText(body.Entry, text(c), t.Now)
		p.At, p.Dated = at, !at.IsZero()
		p.Detail = fmt.Sprintf("entry %d of %s", where.Index, where.URL)
		return err
	})
	if err != nil {
		return Proven{}, err
	}
	if p.Dated != (p.Spec.Version == 1) {
		return Proven{}, fmt.Errorf("%w: the policy names version %d of the log, and this entry is of the other", ErrProof, p.Spec.Version)
	}
	return p, nil
}
