// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/report"
)

// date has the time authority that the policy names say what time it is,
// where the environment wants that proven.
func (g *gate) date(ctx context.Context, in *policy.Input) error {
	if !g.rules.Dated {
		return nil
	}
	tokens, err := g.stamp(ctx, policy.NowMessage(in.Request, in.Head))
	if err != nil || len(tokens) == 0 {
		return err
	}
	in.Stamp = tokens[0]
	if g.believes == nil {
		return nil
	}
	in.Now, err = g.believes.Stamped(in.Stamp, policy.NowMessage(in.Request, in.Head))
	in.Now = in.Now.UTC().Truncate(time.Second)
	return err
}

// confirm makes sure that the head a run resumes at is still the newest one
// where the ledger is written: nothing is appended that would prove it.
func (g *gate) confirm(ctx context.Context, head proof.Checkpoint) error {
	c, ok := g.ledger.(ledger.Confirmer)
	if !ok {
		return nil
	}
	err := c.Confirm(ctx, head)
	if err == nil || errors.Is(err, ledger.ErrHeadMoved) {
		return err
	}
	return ledgerError(g.url, err)
}

// sign makes a signed statement of kind about subjects.
func (g *gate) sign(ctx context.Context, kind string, subjects []event.Subject, predicate any) (entry, error) {
	k, err := event.KindNamed(kind)
	if err != nil {
		return entry{}, err
	}
	payload, err := event.NewStatement(k.PredicateType, subjects, predicate)
	if err != nil {
		return entry{}, fmt.Errorf("write %s: %w", kind, err)
	}
	signed, err := g.maker.make(ctx, payload)
	if err != nil {
		return entry{}, fmt.Errorf("sign %s: %w", kind, err)
	}
	return entry{signed: signed}, g.believed(ctx, signed)
}

// saidBefore reports whether the same denial of the same request is logged.
func saidBefore(events []*event.Event, request string, d policy.Decision) bool {
	if d.Verdict != policy.Denied {
		return false
	}
	for _, e := range slices.Backward(events) {
		if !e.Mentions(request) || !e.Is("decision") {
			continue
		}
		p, err := event.DecodePredicate[event.DecisionPredicate](e)
		if err != nil {
			continue
		}
		old, err := policy.ParseDecision(p.Decision)
		return err == nil && old.Request == request && old.Verdict == d.Verdict && old.Why == d.Why
	}
	return false
}

// answer prints the decision and turns it into an exit code. Allowed is the
// only way to 0.
func (g *gate) answer(d policy.Decision) error {
	g.tell(d)
	if err := g.flags.output.write(g.env, report.Decision{Decision: d, Request: &g.asked}); err != nil {
		return err
	}
	if g.advice && d.Verdict == policy.Allowed {
		fmt.Fprintln(g.env.Stderr, "note: nothing was used up (--consume=false): this is advice, not a permission")
	}
	return g.reported(d, verdictExit(d))
}

func verdictExit(d policy.Decision) error {
	switch {
	case d.Verdict == policy.Denied:
		return &cli.Exit{Code: cli.No, Quiet: true, Err: errors.New(d.Why)}
	case len(d.Unknown) > 0:
		return &cli.Exit{Code: cli.Unknown, Quiet: true, Err: errors.New(d.Why)}
	case d.Verdict == policy.Allowed:
		return nil
	case len(d.Weak) > 0:
		return &cli.Exit{Code: cli.Usage, Quiet: true, Err: errors.New(d.Why)}
	default:
		return &cli.Exit{Code: cli.Pending, Quiet: true, Err: errors.New(d.Why)}
	}
}

// checkpointOf is a head as events name it.
func checkpointOf(c proof.Checkpoint) event.Checkpoint {
	return event.Checkpoint{Size: c.Size, Root: hex.EncodeToString(c.Root[:])}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
