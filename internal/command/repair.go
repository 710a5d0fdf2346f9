// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/proof"
)

// Repair is the verb that puts a log back where everybody reads it.
func Repair(env *cli.Env) *cobra.Command {
	var f where
	var from string
	cmd := &cobra.Command{
		Use:   "repair",
		Short: "Publish the last good head of a git: ledger again",
		Long: `Repair is for a log branch that somebody rewrote, emptied or deleted. It looks
through the branch's history, what this machine fetched before, and --from, for
the longest log that the policy's keys signed, that holds together, and that
grows out of the newest head you have seen; and publishes it as a new commit on
top of whatever the branch holds now, so that nothing is force-pushed and the
damage stays on record. It needs no log key.`,
		Example: `  gateledger repair
  gateledger repair --from audit.tar`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runRepair(cmd.Context(), env, f, from)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&from, "from", "", "another copy: the `URL` of a dir: ledger or an export")
	return cmd
}

func runRepair(ctx context.Context, env *cli.Env, f where, from string) error {
	w, err := openPolicy(ctx, env, f, trustedPolicy)
	if err != nil {
		return err
	}
	if !w.pinned {
		return cli.Fail(cli.Usage, "read it, then trust it for yourself: gateledger trust", "you have not trusted the policy of this ledger (%s)", w.source)
	}
	least, err := w.newestSeen()
	if err != nil {
		return err
	}
	o, err := w.ledgerOptions(ctx, f)
	if err != nil {
		return err
	}
	var other ledger.Ledger
	if from != "" {
		at := ledgerURL(w.place.root, w.place.common, from)
		if other, err = ledger.Open(ctx, at, ledger.Options{Keys: w.keys}); err != nil {
			return ledgerError(at, err)
		}
	}
	done, err := ledger.Repair(ctx, w.url, o, least, other)
	if err != nil {
		return ledgerError(w.url, err)
	}
	if done.Before == "" {
		fmt.Fprintf(env.Stdout, "nothing to repair: %d entries, root %.12s…\n", done.Head.Size, checkpointOf(done.Head).Root)
		return nil
	}
	fmt.Fprintf(env.Stdout, "was        %s\n", clean.Text(done.Before))
	fmt.Fprintf(env.Stdout, "published  %d entries, root %.12s…, from %s\n", done.Head.Size, checkpointOf(done.Head).Root, clean.Text(done.Source))
	fmt.Fprintf(env.Stdout, "commit     %s\n", done.Commit)
	return w.ring.SetHead(w.policy.Ledger.Origin, done.Head.Raw)
}

// newestSeen is the newest head this user saw of the log, or the zero head.
func (w *workspace) newestSeen() (proof.Checkpoint, error) {
	seen, err := w.ring.Head(w.policy.Ledger.Origin)
	if err != nil || len(seen) == 0 {
		return proof.Checkpoint{}, err
	}
	head, err := proof.ParseCheckpoint(seen, w.keys)
	if err != nil {
		return head, fmt.Errorf("read the head remembered for %s: %w", w.policy.Ledger.Origin, err)
	}
	return head, nil
}
