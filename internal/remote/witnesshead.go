// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/witness"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
)

// witnessHeadVerb is the verb that asks a witness what it was shown.
func witnessHeadVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "witness-head",
		Short: "Ask a witness for the newest checkpoint of a log that it cosigned",
		Long: `Witness-head reads {"spec", "origin"} from standard input, asks the witness at the
address in spec (C2SP tlog-witness, GET /HASH/checkpoint), and writes {"checkpoint"}: a
signed note, or nothing where the witness never cosigned one of that log. It checks
none of it.`,
		Example: `  gateledger-remote witness-head < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runWitnessHead(cmd.Context(), env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

func runWitnessHead(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.WitnessHeadQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	if q.Origin == "" {
		return cli.Fail(cli.Usage, "", "which log? the question names no origin")
	}
	raw, err := witness.Newest(ctx, q.Spec, anchor.World{Base: w.base, Timeout: timeout, Pause: w.pause, Now: env.Now}, q.Origin)
	switch {
	case errors.Is(err, anchor.ErrSetup):
		return cli.Fail(cli.Usage, "compare the witness's url in the policy", "%w", err)
	case err != nil:
		return cli.Fail(cli.Unknown, "run it again once the witness answers", "%w", err)
	}
	return writeAnswer(env, child.WitnessHeadAnswer{Schema: child.WitnessHeadSchema, Checkpoint: raw})
}
