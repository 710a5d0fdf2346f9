// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/kinds"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/proof"
)

// anchorVerb is the verb that shows a checkpoint to an anchor.
func anchorVerb(env *cli.Env, w wire) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "anchor",
		Short: "Show a checkpoint of the log to a witness, timestamp authority, Rekor or contract",
		Long: `Anchor reads {"spec", "checkpoint": base64, "keys", "old", "since", "root"?: base64}
from standard input: an anchor of the policy, a checkpoint that one of the log's keys
signed, what the anchor has already as far as that is known, and the proof that the
checkpoint follows from there. It asks the anchor and writes {"receipt"}, or
{"behind": N} where the anchor has seen N entries and wants a proof from there.

What an anchor has already it is not given twice: it answers with what it has. Whether
the receipt is by who the policy says, the caller checks.`,
		Example: `  gateledger-remote anchor < question.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runAnchor(cmd.Context(), env, w, timeout)
		},
	}
	timeoutFlag(cmd, &timeout)
	return cmd
}

func runAnchor(ctx context.Context, env *cli.Env, w wire, timeout time.Duration) error {
	if err := checkTimeout(timeout); err != nil {
		return err
	}
	var q child.AnchorQuestion
	if err := readQuestion(env, &q); err != nil {
		return err
	}
	s, err := anchorSubmission(q)
	if err != nil {
		return err
	}
	world, err := anchorWorld(env, w, timeout, q)
	if err != nil {
		return err
	}
	a, err := kinds.Open(q.Spec, world)
	if err != nil {
		return anchorExit(err)
	}
	receipt, err := a.Submit(ctx, s)
	cost := costOf(a)
	behind := (*anchor.Behind)(nil)
	switch {
	case errors.As(err, &behind):
		return writeAnswer(env, child.AnchorAnswer{Schema: child.AnchorSchema, Behind: &behind.Size})
	case err != nil:
		if cost != nil {
			fmt.Fprintf(env.Stderr, "note: anchor %s cost %d gas, %s wei from %s, in %s\n", q.Spec.Name, cost.Gas, cost.Wei, cost.Account, strings.Join(cost.Transactions, ", "))
		}
		return anchorExit(err)
	}
	data, err := receipt.Bytes()
	if err != nil {
		return fmt.Errorf("write receipt: %w", err)
	}
	return writeAnswer(env, child.AnchorAnswer{Schema: child.AnchorSchema, Receipt: data, Cost: cost})
}

// anchorSubmission reads what is to be anchored. A checkpoint that no key of the log
// signed is not shown to anybody.
func anchorSubmission(q child.AnchorQuestion) (anchor.Submission, error) {
	var s anchor.Submission
	if _, err := anchored.KindNamed(q.Spec.Kind); err != nil {
		return s, cli.Fail(cli.Usage, "", "%w", err)
	}
	if len(q.Keys) == 0 || len(q.Since) > proof.MaxProof {
		return s, cli.Fail(cli.Usage, "", "a question with %d keys and a proof of %d hashes; it must have a key, and at most %d", len(q.Keys), len(q.Since), proof.MaxProof)
	}
	origin, _, _ := strings.Cut(q.Keys[0], "+")
	keys, err := proof.NewKeys(origin, q.Keys)
	if err != nil {
		return s, cli.Fail(cli.Usage, "", "keys: %w", err)
	}
	if s.Checkpoint, err = proof.ParseCheckpoint(q.Checkpoint, keys); err != nil {
		return s, cli.Fail(cli.Usage, "", "checkpoint: %w", err)
	}
	s.Old = q.Old
	for _, h := range q.Since {
		if len(h) != tlog.HashSize {
			return s, cli.Fail(cli.Usage, "", "since: a hash of %d bytes", len(h))
		}
		s.Since = append(s.Since, tlog.Hash(h))
	}
	return s, nil
}

// anchorWorld is what an anchor may touch: of the environment only the
// variables of its kind.
func anchorWorld(env *cli.Env, w wire, timeout time.Duration, q child.AnchorQuestion) (anchor.World, error) {
	world := anchor.World{Base: w.base, Timeout: timeout, Pause: w.pause, Now: env.Now, Random: env.Rand}
	world.Getenv = func(name string) string {
		if !slices.Contains(child.AnchorVariables(q.Spec.Kind), name) {
			return ""
		}
		return env.Getenv(name)
	}
	if len(q.Root) == 0 {
		return world, nil
	}
	trusted, err := root.NewTrustedRootFromJSON(q.Root)
	if err != nil {
		return world, cli.Fail(cli.Usage, "it is a Sigstore TrustedRoot in JSON", "root: %w", err)
	}
	for _, l := range trusted.RekorLogs() {
		world.LogIDs = append(world.LogIDs, l.ID)
	}
	return world, nil
}

func costOf(a anchor.Anchor) *child.AnchorCost {
	p, ok := a.(anchor.Paying)
	if !ok || p.Cost() == nil {
		return nil
	}
	c := child.AnchorCost(*p.Cost())
	return &c
}

// anchorExit gives what went wrong its exit code.
func anchorExit(err error) error {
	for _, c := range []struct {
		is   error
		code int
		hint string
	}{
		{anchor.ErrForked, cli.Integrity, "two logs were shown: find out who holds the log key, and keep both as evidence"},
		{anchor.ErrUnverified, cli.Integrity, "compare the anchor's address and key with what who runs it says"},
		{anchor.ErrSetup, cli.Usage, ""},
		{anchor.ErrRefused, cli.No, ""},
	} {
		if errors.Is(err, c.is) {
			return cli.Fail(c.code, c.hint, "%w", err)
		}
	}
	return cli.Fail(cli.Unknown, "run it again once the anchor answers: what it has is not anchored twice", "%w", err)
}
