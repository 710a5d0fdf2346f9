// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// What people said on a forge.
//
// Where a seat takes votes that nobody signed (source:), the gate has them read
// for the request at hand, and logs what it saw as an event before a final
// answer uses it: a decision can be made again from the ledger alone. A gate
// that waits is run often, and sees the same each time. So that the log does
// not fill with that, what differs in nothing but its time from what is logged
// already, and settles nothing, is left out.

// A look is what a gate saw on the forges about a request. It is signed when it
// is logged, and only then: a gate that waits looks often, and each signature
// may be a certificate and a timestamp of somebody's public service.
type look struct {
	request string
	shown   []event.ForgeVotesPredicate
	news    bool // it is not what is logged already
	logged  bool
}

// look reads every source that a seat of the environment names.
func (g *gate) look(ctx context.Context, events []*event.Event, r openRequest) (*look, error) {
	seen := &look{request: r.id}
	for _, source := range g.rules.Sources() {
		p, err := g.snapshot(ctx, source, r)
		if err != nil {
			return nil, err
		}
		seen.shown = append(seen.shown, p)
		seen.news = seen.news || !g.sameAsLogged(events, p)
	}
	return seen, nil
}

// logSeen signs what was seen, and logs it.
func (g *gate) logSeen(ctx context.Context, r openRequest) error {
	var entries []entry
	for _, p := range g.seen.shown {
		signed, err := g.sign(ctx, "forge-votes", r.predicate.Subjects, p)
		if err != nil {
			return err
		}
		entries = append(entries, signed)
	}
	if _, err := g.append(ctx, proof.Checkpoint{}, entries...); err != nil {
		return err
	}
	g.seen.logged = true
	return nil
}

// snapshot has one source read.
func (g *gate) snapshot(ctx context.Context, source string, r openRequest) (event.ForgeVotesPredicate, error) {
	var none event.ForgeVotesPredicate
	answer, err := g.readSource(ctx, child.CollectQuestion{
		Source: source, Commit: g.at.Commit, Keys: [][]byte{}, Request: r.id, Environment: g.rules.Name, Run: g.at.Run, Attempt: g.at.Attempt,
		Accounts: g.policy.AccountsBy(source, g.at.Host), Facts: g.policy.FactsFor(g.rules, source), Chain: g.onChain(source, r),
	})
	if err != nil {
		return none, collectError(err)
	}
	p := *answer.Snapshot
	if p.Host != cmp.Or(g.at.Host, "local") || p.RepositoryID != g.at.RepositoryID {
		return none, cli.Fail(cli.Unknown, "", "%s told of repository %.80s at %.80s, not of this one", source, clean.Field(p.RepositoryID), clean.Field(p.Host))
	}
	for _, remark := range answer.Remarks {
		g.remark(source, remark)
	}
	fmt.Fprintf(g.env.Stderr, "read %s: %s in %s\n", source, counted(len(p.Votes), "vote"), counted(p.Read.Calls, "call"))
	p.Context = g.at
	return p, nil
}

// onChain says where a chain has votes of a request; nil for any other source.
func (g *gate) onChain(source string, r openRequest) *child.CollectChain {
	if source != event.ChainSource || g.rules.DeploymentGate == nil {
		return nil
	}
	c := &child.CollectChain{
		Spec: *g.rules.DeploymentGate, Since: r.predicate.Created, Artifacts: []string{}, Signers: g.policy.ChainSigners(),
		Host: cmp.Or(g.at.Host, "local"), RepositoryID: g.at.RepositoryID,
	}
	for _, s := range r.predicate.Subjects {
		c.Artifacts = append(c.Artifacts, s.Digest["sha256"])
	}
	return c
}

// sameAsLogged says whether the newest snapshot of this source and request in
// the ledger shows what p shows. Only one that a gate's signer of the policy
// made is one: what anybody else logged decides nothing, so it may not keep a
// gate from saying what it saw.
func (g *gate) sameAsLogged(events []*event.Event, p event.ForgeVotesPredicate) bool {
	want, err := lasting(p)
	if err != nil {
		return false
	}
	for _, e := range slices.Backward(events) {
		if !e.Mentions(p.Request) || !e.Is("forge-votes") {
			continue
		}
		old, err := event.DecodePredicate[event.ForgeVotesPredicate](e)
		if err != nil || old.Request != p.Request || old.Source != p.Source || !g.gates(g.rules, e) {
			continue
		}
		have, err := lasting(old)
		return err == nil && have == want
	}
	return false
}

// lasting is the digest of a snapshot without when and how it was taken.
func lasting(p event.ForgeVotesPredicate) (string, error) {
	p.Read, p.Context, p.Run = event.ForgeRead{}, event.Context{}, ""
	return canon.Digest(p)
}

// lookFor looks, unless this gate has looked for the request already.
func (g *gate) lookFor(ctx context.Context, events []*event.Event, r openRequest) error {
	if len(g.rules.Sources()) == 0 || g.seen != nil && g.seen.request == r.id {
		return nil
	}
	g.seen = nil
	seen, err := g.look(ctx, events, r)
	if err == nil {
		g.seen = seen
	}
	return err
}

// decideSeen foresees what is decided once what was seen on the forges is logged. If that
// would settle the answer, or is news, it is logged, and the decision is made
// again from the log; else the answer is that it waits. Where there is nothing
// to foresee, waits is false, and the log alone decides.
func (g *gate) decideSeen(ctx context.Context, in policy.Input, r openRequest) (d policy.Decision, waits bool, err error) {
	if g.seen == nil || g.seen.logged {
		return d, false, nil
	}
	d, err = policy.Foresee(in, g.seen.shown)
	if err != nil {
		return d, false, cli.Fail(cli.Integrity, "", "evaluate request %.12s: %w", r.id, err)
	}
	if !g.seen.news && d.Verdict == policy.Pending {
		return d, true, nil
	}
	if err := g.logSeen(ctx, r); err != nil {
		return d, false, err
	}
	return d, false, errSeenLogged
}

// errSeenLogged says that the gate itself made the log grow.
var errSeenLogged = errors.New("what was seen is logged now")

// unlessLoggedDeny is failed, or nothing where the log denies whatever else
// there is to be read: then a decision from the log alone is the answer.
func (g *gate) unlessLoggedDeny(in policy.Input, failed error) error {
	d, err := policy.Evaluate(in)
	if err != nil || d.Verdict != policy.Denied {
		return failed
	}
	fmt.Fprintf(g.env.Stderr, "warning: not all votes could be read: %s\n", clean.Text(failed.Error()))
	return nil
}
