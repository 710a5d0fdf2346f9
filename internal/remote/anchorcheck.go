// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// anchorCheckVerb is the verb that asks an anchor about a receipt that it gave.
func anchorCheckVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "anchor-check",
		Short: "Ask a chain's node whether an anchor's receipt stands",
		Long: `Anchor-check reads {"spec", "receipt"} from standard input: an anchor of the
policy, of the kind evm, and a receipt that names it. It asks the node of that anchor
and writes {"schema", "stands", "final", "why", "time", "heads"}: whether the receipt's
transaction made that contract take that checkpoint, in the block that it names,
whether that block is final, and every checkpoint of this log that the contract took:
the contract takes whatever is larger, so the caller holds each of them against the log.

It believes the node, so name one of your own. The signature of the checkpoint is the
caller's to check. It pays nothing and needs no key.`,
		Example: `  gateledger-remote anchor-check < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runAnchorCheck(cmd.Context(), env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

func runAnchorCheck(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.AnchorCheckQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	if q.Spec.Kind != "evm" {
		return cli.Fail(cli.Usage, "", "anchor %.80q is of kind %.20q: only receipts of chains are asked about", q.Spec.Name, q.Spec.Kind)
	}
	s, err := evm.Check(ctx, q.Spec, q.Receipt, evmWorld(env, w, timeout))
	switch {
	case errors.Is(err, anchor.ErrSetup):
		return cli.Fail(cli.Usage, "compare the anchor in the policy with the node", "%w", err)
	case err != nil:
		return cli.Fail(cli.Unknown, "run it again once the node answers", "%w", err)
	}
	answer := child.AnchorCheckAnswer{Schema: child.AnchorCheckSchema, Stands: s.Stands, Final: s.Final, Why: s.Why}
	if s.Stands {
		answer.Time = s.Time.Format(time.RFC3339)
		for _, h := range s.Heads {
			answer.Heads = append(answer.Heads, child.AnchorHead{Size: h.Size, Root: h.Root[:]})
		}
	}
	return writeAnswer(env, answer)
}

// evmWorld is what may be touched to ask a node: its token, and no key.
func evmWorld(env *cli.Env, w wire, timeout time.Duration) anchor.World {
	allowed := []string{"GATELEDGER_EVM_TOKEN_FILE"}
	return anchor.World{
		Base: w.base, Timeout: timeout, Pause: w.pause, Now: env.Now, Random: rand.Reader,
		Getenv: func(name string) string {
			if !slices.Contains(allowed, name) {
				return ""
			}
			return env.Getenv(name)
		},
	}
}
