// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"fmt"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/product"
)

// WitnessHeadSchema names the answer to 'witness-head', so that one of another
// version is not taken for ours.
const WitnessHeadSchema = product.PredicateBase + "remote-witness-head/v1"

// A WitnessHeadQuestion is what 'witness-head' reads.
type WitnessHeadQuestion struct {
	Spec   anchored.Spec `json:"spec"`
	Origin string        `json:"origin"`
}

// A WitnessHeadAnswer is what 'witness-head' writes. Nothing in it is checked.
type WitnessHeadAnswer struct {
	Schema     string `json:"schema"`
	Checkpoint []byte `json:"checkpoint,omitempty"` // a signed note; empty: it cosigned none of that log
}

// WitnessHead asks a witness for the checkpoint of a log that it cosigned last,
// which is the caller's to check. It is empty where there is none.
func (r Remote) WitnessHead(ctx context.Context, q WitnessHeadQuestion) ([]byte, error) {
	var answer WitnessHeadAnswer
	if err := r.call(ctx, []string{"witness-head"}, nil, q, &answer); err != nil {
		return nil, fmt.Errorf("ask witness %s: %w", q.Spec.Name, err)
	}
	if answer.Schema != WitnessHeadSchema {
		return nil, fmt.Errorf("ask witness %s: %w: schema %.80q, want %s", q.Spec.Name, errOdd, answer.Schema, WitnessHeadSchema)
	}
	return answer.Checkpoint, nil
}
