// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/condition"
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
	supposing
}

func policySimulate(env *cli.Env) *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Ask what if: another policy, or another vote",
		Long: `Simulate evaluates the newest logged decisions again under another policy
(--next), each from the entries that stood before it and at its own time, and
prints what was said and what would have been.

With --approve and --deny it asks what the gate would say of an open request if
these people voted: signed, or by another --source. It takes for granted that a
forge still shows what a gate last logged of it, and with --next that the
request was made under that policy. It lists every vote, whether it would count
and why, and who could still approve.

Nothing is logged, and nothing is opened by it. It exits 0 where every answer is
the same, and 1 where any differs, also from pending to allowed.`,
		Example: `  gateledger policy simulate --next next.yml
  gateledger policy simulate --next next.yml --last 200 --json
  gateledger policy simulate --approve ana,bo --environment production
  gateledger policy simulate --request 4f1c --deny cy --source github-review`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return simulate(cmd.Context(), env, f)
		},
	}
	f.flags(cmd)
	f.votingFlags(cmd)
	cmd.Flags().StringVar(&f.next, "next", "", "policy `FILE` to try")
	cmd.Flags().IntVar(&f.last, "last", 50, "how many of the newest decisions; at most 1000")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON object")
	return cmd
}

// A simulation is what simulate found, and its JSON form.
type simulation struct {
	Schema    string          `json:"schema"`
	Differ    int             `json:"differ"`
	Decisions []policy.Replay `json:"decisions"`
	Supposed  *supposed       `json:"supposed,omitempty"`
}

func simulate(ctx context.Context, env *cli.Env, f simulateFlags) error {
	if f.next == "" && !f.asks() {
		return cli.Fail(cli.Usage, "give --next FILE, or --approve NAME for an open request", "what if what?")
	}
	if f.last < 1 || f.last > mostReplays {
		return cli.Fail(cli.Usage, "give --last a number", "--last is from 1 to %d, not %d", mostReplays, f.last)
	}
	next, err := nextPolicy(f.next)
	if err != nil {
		return err
	}
	w, err := openWorkspace(ctx, env, f.where, trustedPolicy, reading)
	if err != nil {
		return err
	}
	head, events, err := w.read(ctx)
	if err != nil {
		return err
	}
	in := policy.Input{Policy: w.policy, Root: w.believes, Events: events, Head: checkpointOf(head), Now: env.Now().UTC()}
	after := in
	out := simulation{Schema: product.PredicateBase + "policy-simulate/v1", Decisions: []policy.Replay{}}
	if next != nil {
		if after.Policy = next; next.Sigstore.TrustedRoot != w.policy.Sigstore.TrustedRoot {
			after.Root = nil
		}
		if out.Decisions, err = w.replays(ctx, after, f.last); err != nil {
			return err
		}
	}
	if f.asks() {
		if out.Supposed, err = w.suppose(ctx, f.supposing, in, after); err != nil {
			return err
		}
	}
	return out.answer(env, f.asJSON)
}

// nextPolicy is the policy to try; nil: the one in force.
func nextPolicy(file string) (*policy.Policy, error) {
	if file == "" {
		return nil, nil
	}
	data, err := readPolicyFile(file)
	if err != nil {
		return nil, err
	}
	next, err := policy.Parse(data)
	if err != nil {
		return nil, cli.Fail(cli.Usage, "run 'gateledger policy lint' to see every finding", "read policy %s: %w", file, firstFinding(err))
	}
	return next, nil
}

// replays are the newest decisions that a gate of the policy made, in the
// ledger's order. Decisions about policies are left out: they are about one
// text alone.
func (w *workspace) replays(ctx context.Context, in policy.Input, last int) ([]policy.Replay, error) {
	all, err := w.replaysOf(in, last)
	var asks []condition.Question
	for _, r := range all {
		asks = append(asks, r.Asks...)
	}
	if err != nil || len(asks) == 0 {
		return all, err
	}
	in.Conditions = w.conditions(ctx, asks)
	if err := wrongCondition(in.Conditions, "environments.….when of the policy to try"); err != nil {
		return nil, err
	}
	return w.replaysOf(in, last)
}

func (w *workspace) replaysOf(in policy.Input, last int) ([]policy.Replay, error) {
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

func (s *simulation) answer(env *cli.Env, asJSON bool) error {
	asked := len(s.Decisions)
	for _, r := range s.Decisions {
		if r.Differs() {
			s.Differ++
		}
	}
	if s.Supposed != nil {
		if asked++; s.Supposed.differs() {
			s.Differ++
		}
	}
	if asJSON {
		if err := printJSON(env.Stdout, s); err != nil {
			return err
		}
	} else {
		s.print(env)
	}
	if s.Differ > 0 {
		return cli.Fail(cli.No, "each line above says what would be answered and why", "%d of %d decisions differ", s.Differ, asked)
	}
	return nil
}

func (s *simulation) print(env *cli.Env) {
	if s.Supposed != nil {
		s.Supposed.print(env)
		if len(s.Decisions) == 0 {
			return
		}
	}
	for _, r := range s.Decisions {
		mark := "same   "
		if r.Differs() {
			mark = "differs"
		}
		fmt.Fprintf(env.Stdout, "%s  #%d  %s  %.12s  %s  %s -> %s: %s\n",
			mark, r.Index, r.Now, r.Request, clean.Text(r.Env), r.Was, r.Would, clean.Text(r.Why))
	}
	fmt.Fprintf(env.Stdout, "%d decisions, %d differ\n", len(s.Decisions), s.Differ)
}
