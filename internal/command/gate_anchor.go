// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// A gate of an anchored environment.
//
// The decision and its consumption are logged first, because it is their
// checkpoint that is anchored. Until enough anchors have it, the answer is
// pending: somebody who holds the log key could still show another log. The
// same run comes again and finds its decision; nothing is decided twice, and
// what an anchor has already it is not given again.
//
// While anchors are down a policy may let the gate go on: then a debt is
// logged, and the next gate of the environment waits once that is overdue. No
// outage helps against an anchor that shows a fork, or says no.

// anchor has an allowed decision of this run anchored, where the environment
// asks for that, and says so in it.
func (g *gate) anchor(ctx context.Context, d policy.Decision) (policy.Decision, error) {
	need := g.policy.AnchorNeed(d.Environment)
	if !need.Unique || d.Verdict != policy.Allowed {
		return d, nil
	}
	head, err := g.ledger.Head(ctx)
	if err != nil {
		return d, ledgerError(g.url, err)
	}
	events, err := g.events(ctx, head)
	if err != nil {
		return d, err
	}
	used, decided, ok := g.usedAt(events, d)
	if !ok {
		return d, cli.Fail(cli.Unknown, "run the gate again", "the consumption of request %.12s is not in the log at %d entries", d.Request, head.Size)
	}
	found, failed, err := g.anchorUpTo(ctx, head, need, used+1)
	if err != nil {
		return d, err
	}
	j := found.Judge(need, used+1, g.env.Now().UTC())
	d.Anchors = &j
	switch code := exitOf(failed).Code; {
	case j.OK:
		return d, nil
	case failed != nil && code != cli.Pending && code != cli.Unknown && code != cli.No:
		return d, failed
	case failed == nil || code == cli.No:
		return waitsFor(d, j), nil // nobody is down: no outage helps
	}
	return g.goOn(ctx, d, j, used, decided)
}

// usedAt is where this run has used the request up, and when that was decided.
func (g *gate) usedAt(events []*event.Event, d policy.Decision) (index uint64, decided time.Time, ok bool) {
	for _, e := range events {
		if !e.Mentions(d.Request) || !e.Is("consumption") || !g.gates(g.rules, e) {
			continue
		}
		p, err := event.DecodePredicate[event.ConsumptionPredicate](e)
		if err == nil && p.Request == d.Request && p.Environment == d.Environment {
			decided, _ = time.Parse(time.RFC3339, p.Time) // Check has read it
			return e.Index, decided, p.Run == g.at.Run    // the first wins
		}
	}
	return 0, decided, false
}

// anchorUpTo has the entries before size anchored, if they are not yet, by a
// checkpoint of all that there is. What kept anchors from taking it is failed;
// an anchor that shows two logs, or gives what does not verify, is an error.
func (g *gate) anchorUpTo(ctx context.Context, head proof.Checkpoint, need anchored.Need, size uint64) (found anchored.Evidence, failed, err error) {
	for range moves {
		if found, err = g.receiptsAt(ctx, head, size); err != nil {
			return found, nil, err
		}
		if g.advice || found.Judge(need, size, g.env.Now().UTC()).OK {
			return found, nil, nil
		}
		given, failed := g.anchorHead(ctx, head, need.Specs)
		if exitOf(failed).Code == cli.Integrity {
			return found, nil, failed
		}
		if err := g.take(ctx, &found, head, given); err != nil {
			return found, nil, err
		}
		if failed == nil {
			return found, nil, nil
		}
		newer, err := g.ledger.Head(ctx)
		if err != nil {
			return found, nil, ledgerError(g.url, err)
		}
		if exitOf(failed).Code != cli.No || newer.Size <= head.Size {
			fmt.Fprintf(g.env.Stderr, "warning: not every anchor took the checkpoint: %s\n", clean.Text(failed.Error()))
			return found, failed, nil
		}
		head = newer // an anchor has seen what another job logged since
	}
	return found, nil, errGrew()
}

// take checks what anchors gave for a head just now. Of a contract the node was
// asked what else it took: what its receipt says alone is hearsay.
func (g *gate) take(ctx context.Context, found *anchored.Evidence, head proof.Checkpoint, given []anchored.Receipt) error {
	trust, err := g.anchorTrust(ctx)
	if err != nil {
		return err
	}
	tree, kept := g.treeAt(ctx, head), len(found.Proven)
	for _, r := range given {
		if err := found.Add(trust, tree, r); err != nil {
			return g.anchorError(err)
		}
	}
	for i := kept; i < len(found.Proven); i++ {
		found.Proven[i].Asked = true
	}
	return g.notBehind(ctx, *found, head)
}

// decidedAt is the time of a decision, which is proven where its environment
// is anchored.
func (g *gate) decidedAt(d policy.Decision) time.Time {
	at, err := time.Parse(time.RFC3339, d.Now)
	if err != nil {
		return g.env.Now().UTC()
	}
	return at.UTC()
}

// waitsFor is a decision that is logged, and not anchored yet.
func waitsFor(d policy.Decision, j anchored.Judgement) policy.Decision {
	d.Verdict = policy.Pending
	d.Why = "decision logged, waiting for anchors: " + strings.Join(j.Missing, ", ")
	for _, name := range j.Missing {
		d.Missing = append(d.Missing, policy.Missing{What: "anchor " + name})
	}
	return d
}

// goOn lets the gate go on while anchors are down, if the policy does, with a
// debt that is logged before anything else happens. As verifiers have it, that is
// due so long after the decision, however late it is logged.
func (g *gate) goOn(ctx context.Context, d policy.Decision, j anchored.Judgement, used uint64, decided time.Time) (policy.Decision, error) {
	rules, _ := g.policy.Environment(d.Environment)
	now := g.decidedAt(d).Truncate(time.Second)
	if rules.Outage == nil || !now.Before(decided.Add(rules.Outage.SettleWithin)) {
		return waitsFor(d, j), nil
	}
	due := decided.Add(rules.Outage.SettleWithin)
	for range moves {
		head, err := g.ledger.Head(ctx)
		if err != nil {
			return d, ledgerError(g.url, err)
		}
		events, err := g.events(ctx, head)
		if err != nil {
			return d, err
		}
		for _, o := range g.policy.Owed(events, rules.Name, g.believes) {
			switch {
			case o.Request != d.Request:
			case now.Before(o.Due):
				return owing(d, j, o.Due), nil
			default:
				return waitsFor(d, j), nil
			}
		}
		debt, err := g.sign(ctx, "debt", g.subjects, event.DebtPredicate{
			Request: d.Request, Environment: rules.Name, Size: used + 1, Missing: j.Missing, Time: stamp(now), Until: stamp(due),
		})
		if err != nil {
			return d, err
		}
		switch _, err := g.append(ctx, head, debt); {
		case err == nil:
			return owing(d, j, due), nil
		case !errors.Is(err, ledger.ErrHeadMoved):
			return d, err
		}
	}
	return d, errGrew()
}

// owing is an allowed decision whose anchors are owed.
func owing(d policy.Decision, j anchored.Judgement, due time.Time) policy.Decision {
	d.Why += fmt.Sprintf("; anchors are down, and owed a checkpoint until %s: %s", stamp(due), strings.Join(j.Missing, ", "))
	return d
}

// paysDebts anchors what gates before this one went on without, and holds the
// next decision back while anything of that is overdue. The answer that it
// gives then is not logged.
func (g *gate) paysDebts(ctx context.Context, head proof.Checkpoint, events []*event.Event, d policy.Decision) (policy.Decision, bool, error) {
	need := g.policy.AnchorNeed(d.Environment)
	if !need.Unique {
		return d, false, nil
	}
	owed := policy.MayOwe(g.policies(), events, d.Environment, func(digest string) *keyless.Root { return g.rootOf(ctx, digest) })
	if len(owed) == 0 {
		return d, false, nil
	}
	size := slices.MaxFunc(owed, func(a, b policy.Owed) int { return cmp.Compare(a.Size, b.Size) }).Size
	found, _, err := g.anchorUpTo(ctx, head, need, size)
	if err != nil {
		return d, false, err
	}
	for _, o := range owed {
		j := found.Judge(need, o.Size, g.env.Now().UTC())
		if j.OK || g.decidedAt(d).Before(o.Due) {
			continue
		}
		d.Anchors = &j
		d = waitsFor(d, j)
		d.Why = fmt.Sprintf("the anchors of request %.12s are owed since #%d, and were due at %s: %s", o.Request, o.Index, stamp(o.Due), strings.Join(j.Missing, ", "))
		return d, true, nil
	}
	return d, false, nil
}
