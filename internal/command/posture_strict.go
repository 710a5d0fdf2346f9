// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/posture"
	"github.com/gateledger/gateledger/internal/proof"
)

// A gate whose policy asks for posture reads it itself, and logs what it saw
// before an answer uses it. What is logged, young enough and good is not read
// again; what was weak or unknown is, because somebody may have mended it. What
// shows nothing new is logged no second time while the first still counts.

// lookAround sees to it that the log has a posture that tells how things are
// now. errSeenLogged says that it has a new one.
func (g *gate) lookAround(ctx context.Context, in policy.Input) error {
	if g.rules.Posture == nil || g.around {
		return nil
	}
	last, young := policy.LastPosture(in, g.rules)
	if young && posture.Sum(posture.Judge(last, g.rules.Posture.Accept)).State == posture.OK {
		return nil
	}
	seen, err := g.readPosture(ctx, []string{g.rules.Name}, "")
	if err != nil {
		return g.unlessLoggedDeny(in, err)
	}
	g.around = true
	v := posture.Sum(posture.Judge(seen[0], g.rules.Posture.Accept))
	fmt.Fprintf(g.env.Stderr, "read the posture of %s: %s, in %s\n", clean.Field(g.rules.Name), v.State, counted(seen[0].Read.Calls, "call"))
	if young && policy.SamePosture(last, seen[0]) {
		return nil
	}
	signed, err := g.signPosture(ctx, seen[0])
	if err != nil {
		return err
	}
	if _, err := g.append(ctx, proof.Checkpoint{}, signed); err != nil {
		return err
	}
	return errSeenLogged
}
