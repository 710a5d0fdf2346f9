// SPDX-License-Identifier: Apache-2.0

package command

import (
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

func TestADecisionOfAnotherTimeIsNotLogged(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, verdict := range []policy.Verdict{policy.Allowed, policy.Denied} {
		d := policy.Decision{Verdict: verdict, Now: stamp(now.Add(time.Second))}
		err := (&gate{}).log(t.Context(), proof.Checkpoint{}, policy.Input{Now: now}, openRequest{}, d)
		if err == nil || !strings.Contains(err.Error(), "nobody could make it again") {
			t.Errorf("%s: %v", verdict, err)
		}
	}
}
