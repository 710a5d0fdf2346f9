// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// Waking a run that waits for anchors.
//
// Its decision is logged and used up by itself. What is missing are receipts,
// and somebody else may have had them kept since: the gate of another run, or
// a schedule. Nothing is shown to an anchor here. A contract's node is asked
// whether its receipt stands, as whoever verifies it asks.

// awaited is what a run waited for, and is there now.
type awaited struct {
	found anchored.Evidence
	need  anchored.Need
	size  uint64    // of the log, with the consumption
	owed  time.Time // since then a debt stands for it; zero: it is proven
}

// awaitAnchors looks whether a decision that its own run has used up is
// anchored. While it is not, it is pending, as its gate has it.
func (g *gate) awaitAnchors(ctx context.Context, head proof.Checkpoint, events []*event.Event, l *looked) error {
	need := g.policy.AnchorNeed(l.d.Environment)
	if !need.Unique || l.d.Verdict != policy.Allowed || l.d.UsedBy == "" {
		return nil
	}
	used, _, ok := g.usedAt(events, l.d)
	if !ok {
		return cli.Fail(cli.Unknown, "run it again", "the consumption of request %.12s is not in the log at %d entries", l.d.Request, head.Size)
	}
	a := &awaited{need: need, size: used + 1}
	var err error
	if a.found, err = g.receiptsAt(ctx, head, a.size); err != nil {
		return err
	}
	j := a.found.Judge(need, a.size, l.in.Now)
	if !j.OK && len(j.Hearsay) > 0 {
		if _, err := g.askNodes(ctx, head, &a.found); err != nil {
			return err
		}
		j = a.found.Judge(need, a.size, l.in.Now)
	}
	if !j.OK {
		a.owed = g.owedSince(events, l.d)
	}
	if !j.OK && a.owed.IsZero() {
		l.d = waitsFor(l.d, j)
		return nil
	}
	l.awaited = a
	return nil
}

// owedSince is when a debt was logged by which the gate goes on; zero: there is
// none, or it is overdue.
func (g *gate) owedSince(events []*event.Event, d policy.Decision) time.Time {
	rules, _ := g.policy.Environment(d.Environment)
	if rules.Outage == nil {
		return time.Time{}
	}
	for _, o := range g.policy.Owed(events, d.Environment, g.believes) {
		if o.Request != d.Request {
			continue
		}
		debt, err := event.DecodePredicate[event.DebtPredicate](events[o.Index])
		if err != nil || !g.decidedAt(d).Before(o.Due) {
			return time.Time{} // the first one counts, as at the gate
		}
		at, _ := time.Parse(time.RFC3339, debt.Time) // Check has read it
		return at
	}
	return time.Time{}
}

// heardBy reports whether the job had what it waited for. One that failed may
// have asked as soon as it began. One that ended well may have been allowed, and
// what it let through would be deployed again: it is left alone unless what it
// needs came later, by any clock. What tells no time is taken for old.
func (a *awaited) heardBy(job child.WakeAnswer) bool {
	by := job.Ended.Add(clockSkew)
	switch {
	case job.Began.IsZero():
		return false
	case job.Failed:
		by = job.Began
	case job.Ended.IsZero():
		return true
	}
	if !a.owed.IsZero() {
		return !a.owed.After(by)
	}
	had := anchored.Evidence{Proven: slices.DeleteFunc(slices.Clone(a.found.Proven), func(p anchored.Proven) bool { return p.At.After(by) })}
	return had.Judge(a.need, a.size, by).OK
}
