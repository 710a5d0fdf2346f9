// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/proof"
)

// checkTSA checks an RFC 3161 token over the checkpoint's text, by an authority
// of the trusted root. Which address it was got from proves nothing.
func checkTSA(t Trust, r Receipt, c proof.Checkpoint) (Proven, error) {
	specs := t.specs(r)
	if len(specs) == 0 {
		return Proven{}, ErrStranger
	}
	var body TSAProof
	if err := canon.Decode(r.Proof, &body); err != nil {
		return Proven{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var at time.Time
	err := anyRoot(t.Roots, func(root *keyless.Root) (err error) {
		at, err = root.Stamped(body.Token, text(c))
		return err
	})
	return Proven{Spec: specs[0], At: at, Dated: true, Detail: "RFC 3161 token"}, err
}
