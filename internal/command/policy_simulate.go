// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// mostReplays bounds --last.
const mostReplays = 1000

type simulateFlags struct {
	where
	next   string
	last   int
	asJSON bool
}

func policySimulate(env *cli.Env) *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Ask another policy about the last decisions",
		Long: `Simulate evaluates the newest logged decisions again under another policy, each
from the entries that stood before it and at its own time, and prints what was
said and what would have been. Nothing is logged, and nothing is opened by it.

It exits 0 where every answer is the same, and 1 where any differs.`,
		Example: "  gateledger policy simulate --next next.yml\n  gateledger policy simulate --next next.yml --last 200 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return simulate(cmd.Context(), env, f)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.next, "next", "", "policy `FILE` to try")
	cmd.Flags().IntVar(&f.last, "last", 50, "how many of the newest decisions; at most 1000")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON object")
	must(cmd.MarkFlagRequired("next"))
	return cmd
}

func simulate(ctx context.Context, env *cli.Env, f simulateFlags) error {
	if f.last < 1 || f.last > mostReplays {
		return cli.Fail(cli.Usage, "give --last a number", "--last is from 1 to %d, not %d", mostReplays, f.last)
	}
	data, err := readPolicyFile(f.next)
	if err != nil {
		return err
	}
	next, err := policy.Parse(data)
	if err != nil {
		return cli.Fail(cli.Usage, "run 'gateledger policy lint' to see every finding", "read policy %s: %w", f.next, firstFinding(err))
	}
	w, err := openWorkspace(ctx, env, f.where, trustedPolicy, reading)
	if err != nil {
		return err
	}
	_, events, err := w.read(ctx)
	if err != nil {
		return err
	}
	in := policy.Input{Policy: next, Events: events}
	if next.Sigstore.TrustedRoot == w.policy.Sigstore.TrustedRoot {
		in.Root = w.believes
	}
	all, err := w.replays(in, f.last)
	if err != nil {
		return err
	}
	return answerReplays(env, all, f.asJSON)
}

// replays are the newest decisions that a gate of the policy made, in the
// ledger's order. Decisions about policies are left out: they are about one
// text alone.
func (w *workspace) replays(in policy.Input, last int) ([]policy.Replay, error) {
	all := []policy.Replay{}
	for _, e := range slices.Backward(in.Events) {
		if len(all) == last {
			break
		}
		if !e.Is("decision") {
			continue
		}
		p, err := event.DecodePredicate[event.DecisionPredicate](e)
		if err != nil {
			continue
		}
		d, err := policy.ParseDecision(p.Decision)
		if err != nil || d.Environment == policy.ChangeEnvironment {
			continue
		}
		if rules, ok := w.policy.Environment(d.Environment); !ok || !w.gates(rules, e) {
			continue
		}
		r, err := policy.Replayed(in, e)
		if err != nil {
			return nil, cli.Fail(cli.Integrity, "see 'gateledger verify'", "%w", err)
		}
		all = append(all, r)
	}
	slices.Reverse(all)
	return all, nil
}

func answerReplays(env *cli.Env, all []policy.Replay, asJSON bool) error {
	differ := 0
	for _, r := range all {
		if r.Differs() {
			differ++
		}
	}
	if asJSON {
		if err := printJSON(env.Stdout, struct {
			Schema    string          `json:"schema"`
			Differ    int             `json:"differ"`
			Decisions []policy.Replay `json:"decisions"`
		}{product.PredicateBase + "policy-simulate/v1", differ, all}); err != nil {
			return err
		}
	} else {
		for _, r := range all {
			mark := "same   "
			if r.Differs() {
				mark = "differs"
			}
			fmt.Fprintf(env.Stdout, "%s  #%d  %s  %.12s  %s  %s -> %s: %s\n",
				mark, r.Index, r.Now, r.Request, clean.Text(r.Env), r.Was, r.Would, clean.Text(r.Why))
		}
		fmt.Fprintf(env.Stdout, "%d decisions, %d differ\n", len(all), differ)
	}
	if differ > 0 {
		return cli.Fail(cli.No, "each line above says what the other policy answers and why", "%d of %d decisions differ", differ, len(all))
	}
	return nil
}
