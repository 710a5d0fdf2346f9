// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/report"
)

type anchorFlags struct {
	where       where
	out         output
	to          []string
	environment string
	timeout     time.Duration
}

// Anchor is the verb that shows the log to witnesses, timestamp authorities,
// Rekor and chains.
func Anchor(env *cli.Env) *cobra.Command {
	var f anchorFlags
	cmd := &cobra.Command{
		Use:   "anchor",
		Short: "Show the log's checkpoint to witnesses, timestamps, Rekor and chains",
		Long: `Anchor shows the newest checkpoint of the ledger to every anchor that the policy
names, all at once, checks what each gives for it, and keeps that beside the ledger
as it comes. One checkpoint covers every entry before it.

For each anchor it says what its receipt proves: unique (nobody can show another log),
dated (when the log was there), or existence alone. An anchor that is down stays
outstanding, exit 8; run it again, by a schedule for example: what an anchor has already
it is not given twice. It needs no log key, only permission to write where the ledger is.`,
		Example: `  gateledger anchor
  gateledger anchor --environment production   # those that production needs
  gateledger anchor --to witnesses --to stamp`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runAnchor(cmd.Context(), env, f)
		},
	}
	f.where.flags(cmd)
	f.out.flags(cmd)
	cmd.Flags().StringArrayVar(&f.to, "to", nil, "only the anchor of this `NAME`, or witnesses; may be given again")
	cmd.Flags().StringVar(&f.environment, "environment", "", "only the anchors that the environment `NAME` needs")
	cmd.Flags().DurationVar(&f.timeout, "timeout", child.DefaultTimeout, "longest wait for one anchor")
	cmd.MarkFlagsMutuallyExclusive("to", "environment")
	return withoutTwins(cmd)
}

func runAnchor(ctx context.Context, env *cli.Env, f anchorFlags) error {
	if f.timeout <= 0 {
		return cli.Fail(cli.Usage, "", "--timeout is %s; it must be over 0", f.timeout)
	}
	w, err := openWorkspace(ctx, env, f.where, protectedPolicy, reading)
	if err != nil {
		return err
	}
	w.judges = true
	head, err := w.standingHead(ctx)
	if err != nil {
		return err
	}
	specs, err := w.anchorsTo(f.to, f.environment)
	if err != nil {
		return err
	}
	if _, err := w.receiptsAt(ctx, head, 0); err != nil { // two logs that were shown, or more than there is now
		return err
	}
	var all []anchoring
	if head.Size > 0 {
		if all, head, err = w.anchorNewest(ctx, head, specs, f.timeout); err != nil {
			return err
		}
	}
	if err := f.out.write(env, w.anchoringReport(head, all)); err != nil {
		return err
	}
	return showingExit(all)
}

// standingHead is the newest head, signed under the policy that is in force,
// which is the workspace's from then on: whoever can write the default branch
// does not name where the log goes.
func (w *workspace) standingHead(ctx context.Context) (proof.Checkpoint, error) {
	head, err := w.ledger.Head(ctx)
	if err != nil {
		return head, ledgerError(w.url, err)
	}
	events, err := w.events(ctx, head)
	if err != nil {
		return head, err
	}
	if err := w.follow(ctx, events); err != nil {
		return head, err
	}
	return head, w.checkSigned(head)
}

// anchorNewest shows a head to anchors. Where another job was faster, and an
// anchor has more than this head, the ledger is read again, and those get the
// newer one.
func (w *workspace) anchorNewest(ctx context.Context, head proof.Checkpoint, specs []anchored.Spec, timeout time.Duration) ([]anchoring, proof.Checkpoint, error) {
	all, err := w.anchorAll(ctx, head, specs, timeout)
	if err != nil || !slices.ContainsFunc(all, func(a anchoring) bool { return a.status() == report.Refused }) {
		return all, head, err
	}
	newer, err := w.ledger.Head(ctx)
	if err != nil || newer.Size <= head.Size {
		return all, head, nil // what was refused stays refused
	}
	if err := w.checkSigned(newer); err != nil {
		return all, head, err
	}
	all, err = w.anchorAll(ctx, newer, specs, timeout)
	return all, newer, err
}

// anchorsTo are the anchors that flags name; none: all of the policy.
func (w *workspace) anchorsTo(to []string, environment string) ([]anchored.Spec, error) {
	all := w.policy.AnchorSpecs()
	if environment != "" {
		if _, ok := w.policy.Environment(environment); !ok {
			return nil, cli.Fail(cli.Usage, "", "the policy (%s) has no environment %q", w.source, environment)
		}
		if all = w.policy.AnchorsFor(environment); len(all) == 0 {
			return nil, cli.Fail(cli.Usage, "tier: anchored says that it needs them", "environment %s needs no anchors", environment)
		}
	}
	if len(all) == 0 {
		return nil, cli.Fail(cli.Usage, "name some under ledger.witnesses or anchors: docs/anchors.md", "the policy (%s) names no anchors", w.source)
	}
	if len(to) == 0 {
		return all, nil
	}
	var chosen []anchored.Spec
	for _, name := range to {
		n := len(chosen)
		for _, s := range all {
			if s.Name == name || s.Kind == anchored.Witness && name == anchored.WitnessGroup {
				chosen = append(chosen, s)
			}
		}
		if len(chosen) == n {
			var names []string
			for _, s := range all {
				names = append(names, s.Name)
			}
			return nil, cli.Fail(cli.Usage, "", "unknown anchor %q; the policy has %s", name, strings.Join(names, ", "))
		}
	}
	return distinct(chosen), nil
}

func distinct(specs []anchored.Spec) []anchored.Spec {
	var out []anchored.Spec
	for _, s := range specs {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (w *workspace) anchoringReport(head proof.Checkpoint, all []anchoring) report.Anchoring {
	r := report.Anchoring{Head: checkpointOf(head)}
	now := w.env.Now().UTC()
	for _, a := range all {
		unique, dated := a.spec.Proves()
		one := report.AnchorResult{Name: a.spec.Name, Kind: a.spec.Kind, Status: a.status(), Proves: report.Proves(unique, dated), Unique: unique, Dated: dated}
		if a.err != nil {
			one.Why = clean.Text(a.err.Error())
			r.Anchors = append(r.Anchors, one)
			continue
		}
		p := a.proven
		one.Size, one.Hearsay, one.Detail = p.Checkpoint.Size, p.Hearsay, p.Detail
		if !p.At.IsZero() {
			seconds := max(int64(now.Sub(p.At)/time.Second), 0)
			one.At, one.Age, one.Seconds = stamp(p.At), anchored.Age(p.At, now), &seconds
		}
		if a.cost != nil {
			amount := report.Amount(*a.cost)
			one.Cost = &amount
		}
		r.Anchors = append(r.Anchors, one)
	}
	if slices.ContainsFunc(all, func(a anchoring) bool { return a.status() == report.Outstanding }) {
		r.Next = []string{"gateledger anchor"}
	}
	return r
}

// showingExit is how anchoring ends: by the gravest of what went wrong.
func showingExit(all []anchoring) error {
	var failed []string
	var worst *cli.Exit
	for _, a := range all {
		if a.err == nil {
			continue
		}
		failed = append(failed, fmt.Sprintf("%s: %s", a.spec.Name, a.err))
		exit := exitOf(a.err)
		if worst == nil || gravity(exit.Code) > gravity(worst.Code) {
			worst = exit
		}
	}
	if worst == nil {
		return nil
	}
	hint := worst.Hint
	if hint == "" && worst.Code == cli.Pending {
		hint = "run it again: what an anchor has already it is not given twice"
	}
	return cli.Fail(worst.Code, hint, "%d of %d anchors have not taken the checkpoint: %s", len(failed), len(all), strings.Join(failed, "; "))
}

// gravity orders exit codes: what was tampered with outweighs what is missing
// here, that a no, and that what may be well the next time.
func gravity(code int) int {
	return slices.Index([]int{cli.Unknown, cli.Pending, cli.No, cli.Usage, cli.Integrity}, code)
}
