// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"fmt"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/proof"
)

var hashPattern = pattern.New(`^0x[0-9a-f]{64}$`)

// checkEVM checks the form of what a node said: the chain and the contract are
// those of the policy, and the block is final. Whether it is true only a node
// tells, so it is hearsay.
func checkEVM(t Trust, r Receipt, _ proof.Checkpoint) (Proven, error) {
	var body EVMProof
	if err := canon.Decode(r.Proof, &body); err != nil {
		return Proven{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	at, err := time.Parse(time.RFC3339, body.Time)
	switch {
	case !hashPattern.MatchString(body.Transaction) || !hashPattern.MatchString(body.BlockHash):
		return Proven{}, fmt.Errorf("%w: a transaction or block is no hash", ErrMalformed)
	case err != nil || !strings.HasSuffix(body.Time, "Z"):
		return Proven{}, fmt.Errorf("%w: time %.40q", ErrMalformed, body.Time)
	case !body.Finalized:
		return Proven{}, fmt.Errorf("%w: the block is not final", ErrProof)
	}
	for _, s := range t.specs(r) {
		if s.Chain == body.Chain && s.Contract == body.Contract {
			return Proven{
				Spec: s, At: at.UTC(), Unique: true, Dated: true, Hearsay: true,
				Detail: fmt.Sprintf("block %d of chain %d, transaction %s", body.Block, body.Chain, body.Transaction),
			}, nil
		}
	}
	return Proven{}, fmt.Errorf("%w: contract %.60s on chain %d", ErrStranger, body.Contract, body.Chain)
}
