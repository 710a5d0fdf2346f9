// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/proof"
)

// checkWitness checks a cosignature by C2SP tlog-cosignature v1, Ed25519. A
// witness's other lines, such as ML-DSA-44 ones, are passed over: a receipt
// holds one line, and one that no key of the policy made is of a stranger.
func checkWitness(t Trust, r Receipt, c proof.Checkpoint) (Proven, error) {
	var body WitnessProof
	if err := canon.Decode(r.Proof, &body); err != nil {
		return Proven{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	why := fmt.Errorf("%w: no witness %.80q", ErrStranger, r.Name)
	for _, s := range t.specs(r) {
		key, err := ParseWitnessKey(s.Key)
		if err != nil {
			why = fmt.Errorf("%w: %w", ErrUnchecked, err)
			continue
		}
		at, err := key.Cosignature(text(c), body.Cosignature)
		if err == nil {
			return Proven{Spec: s, At: at, Unique: true, Dated: true, Detail: "cosigned by " + key.Name()}, nil
		}
		why = fmt.Errorf("%w: %w", ErrProof, err)
	}
	return Proven{}, why
}
