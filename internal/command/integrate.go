// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/report"
)

// Integrate is the verb of the one job that holds the log key.
func Integrate(env *cli.Env) *cobra.Command {
	var f where
	var out output
	cmd := &cobra.Command{
		Use:   "integrate",
		Short: "Log what writers without the log key left at the ledger",
		Long: `Integrate is for the one small job that holds the log key and runs no project
code. It takes every signed event that waits at the ledger and that a signer or
principal of the protected policy signed, vetoes first, and logs them by one
atomic push. What nobody of the policy signed is put aside, counted and never
logged; what is over a signer's quota waits for the next time. It signs no
event for anybody.

The policy is read from the remote's default branch; outside of a checkout from
that of the ledger's own address, given with --ledger git:ADDRESS.`,
		Example: `  gateledger integrate
  printf '%s' "$LOG_KEY" | gateledger integrate --log-key - --ledger git:https://git.example.org/acme/app`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runIntegrate(cmd.Context(), env, f, out)
		},
	}
	f.flags(cmd)
	f.keyFlag(cmd)
	out.flags(cmd)
	return withoutTwins(cmd)
}

func runIntegrate(ctx context.Context, env *cli.Env, f where, out output) error {
	w, err := openWorkspace(ctx, env, f, protectedPolicy, deciding)
	if err != nil {
		return err
	}
	if w.inbox == nil {
		return cli.Fail(cli.Usage, "writers of a dir: ledger append for themselves", "the ledger %s has no inbox", w.url)
	}
	w.judges = true
	head, found, err := w.integrate(ctx)
	if err != nil {
		return err
	}
	return out.write(env, report.Integration{Plan: found.plan, Names: found.names, Head: checkpointOf(head)})
}
