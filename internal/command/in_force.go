// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// Which policy is in force.
//
// The first gate logs the policy it goes by. From then on another one comes
// into force only by a policy event, and that only once the people whom the
// old policy names under policy-change have approved just these bytes. So
// whoever can write the default branch can propose who may release, and cannot
// decide it. Verifiers start from the policy they pinned and follow the same
// events, offline.

// follow settles which policy is in force at the end of the log, and whom it
// believes about certificates and times.
func (w *workspace) follow(ctx context.Context, events []*event.Event) error {
	start, from, err := w.start(ctx, events)
	if err != nil {
		return err
	}
	if start == nil {
		w.believes = w.root(ctx)
		return nil
	}
	chain, err := policy.Follow(start, from, events,
		func(digest string) *keyless.Root { return w.rootOf(ctx, digest) },
		func(hex string) ([]byte, error) { return w.documentOf(ctx, hex) })
	if err != nil {
		return ledgerError(w.url, fmt.Errorf("follow the policies of %s: %w", w.policy.Ledger.Origin, err))
	}
	w.chain, w.policy = &chain, chain.Head()
	if w.protected && w.policy.Digest != w.given.Digest && len(w.policy.PolicyChange) == 0 {
		w.policy = w.given // nobody was named to approve a change: who guards the branch decides
	}
	w.believes = w.root(ctx)
	return nil
}

// start is the policy that the chain begins with, and from which entry on: a
// verifier's own, or the first that a gate logged. It is nil where no gate has
// logged any.
func (w *workspace) start(ctx context.Context, events []*event.Event) (*policy.Policy, uint64, error) {
	if !w.protected {
		return w.given, inForceFrom(events, w.given.Digest), nil
	}
	first, index, ok := policy.FirstPolicy(events)
	if !ok {
		return nil, 0, nil
	}
	if first.Policy == w.given.Digest {
		return w.given, index + 1, w.namesItsSigner(ctx, w.given, events[index])
	}
	text, err := w.documentOf(ctx, first.Policy)
	if err != nil {
		return nil, 0, ledgerError(w.url, fmt.Errorf("read the first policy, sha256:%s: %w", first.Policy, err))
	}
	p, err := policy.Parse(text)
	if err != nil || p.Digest != first.Policy || p.Ledger.Origin != w.given.Ledger.Origin {
		return nil, 0, ledgerError(w.url, fmt.Errorf("the first policy, sha256:%s, can't be gone by: %w", first.Policy, errors.Join(err, ledger.ErrTampered)))
	}
	return p, index + 1, w.namesItsSigner(ctx, p, events[index])
}

// namesItsSigner checks that the first policy was logged by a signer of its
// own, as a gate does: whoever holds the log key alone can't begin with another.
func (w *workspace) namesItsSigner(ctx context.Context, p *policy.Policy, e *event.Event) error {
	_, _, err := p.Signer(e, w.rootOf(ctx, p.Sigstore.TrustedRoot))
	if errors.Is(err, policy.ErrStranger) {
		return ledgerError(w.url, fmt.Errorf("the first policy, at #%d, was logged by nobody it names: %w: %w", e.Index, ledger.ErrTampered, err))
	}
	return err
}

// inForceFrom is the entry to follow a pinned policy from: the one after the
// first policy event that names it, else the first of all. It only has to be no
// later than where the policy came into force; a later event that names it
// again, which anybody with the log key could write, must not move it.
func inForceFrom(events []*event.Event, digest string) uint64 {
	for _, e := range events {
		if !e.Mentions(digest) || !e.Is("policy") {
			continue
		}
		p, err := event.DecodePredicate[event.PolicyPredicate](e)
		if err == nil && p.Policy == digest {
			return e.Index + 1
		}
	}
	return 0
}

// enforce makes sure that the policy the gate was given is in force. Where it
// is not, the gate asks those who may change it; until they agree it decides
// nothing else.
func (g *gate) enforce(ctx context.Context) (*standing, error) {
	if !g.protected {
		return nil, nil
	}
	for range moves {
		head, events, err := g.read(ctx)
		if err != nil {
			return nil, err
		}
		g.first = g.chain == nil && len(g.policy.PolicyChange) > 0
		if g.policy.Digest == g.given.Digest {
			return nil, nil
		}
		if g.patient && !g.asks {
			return nil, errOtherPolicy
		}
		change, err := g.change()
		if err != nil {
			return nil, err
		}
		left, err := g.leftBehind(head, events, g.given)
		if err != nil {
			return nil, err
		}
		for _, d := range left {
			fmt.Fprintf(g.env.Stderr, "warning: %s\n", clean.Field(staysOwed(d)))
		}
		d, err := change.decide(ctx)
		if errors.Is(err, ledger.ErrHeadMoved) && change.moved(ctx) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if d.UsedBy != "" && !change.flags.fresh {
			if d, err = change.again(ctx); errors.Is(err, ledger.ErrHeadMoved) {
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		if d.Verdict != policy.Allowed || change.advice {
			return change.notInForce(d), nil
		}
		fmt.Fprintf(g.env.Stderr, "note: the policy sha256:%.12s… is in force now, in place of sha256:%.12s…\n", g.given.Digest, g.policy.Digest)
	}
	return nil, errGrew()
}

// change is a gate that asks, under the policy in force, for the one given.
func (g *gate) change() (*gate, error) {
	rules, ok := g.policy.Environment(policy.ChangeEnvironment)
	if !ok {
		return nil, cli.Fail(cli.No, "put back the policy in force, or begin another log", "the policy in force, sha256:%s, lets nobody change it", g.policy.Digest)
	}
	c := &gate{workspace: g.workspace, flags: g.flags, maker: g.maker, at: g.at, rules: rules, next: g.given}
	c.flags.fresh = false
	c.subjects = []event.Subject{{Name: product.PolicyFile, Digest: map[string]string{"sha256": g.given.Digest}}}
	return c, nil
}

// again asks anew for a change that was made before and taken back since: what
// was approved then is used up.
func (g *gate) again(ctx context.Context) (policy.Decision, error) {
	g.flags.fresh = true
	return g.decide(ctx)
}

// notInForce is how a gate stands whose policy still needs approval.
func (g *gate) notInForce(d policy.Decision) *standing {
	return &standing{g, d, func(err error) error {
		if err == nil {
			return cli.Fail(cli.Pending, "run the gate without --consume=false", "the change of policy is approved, and not in force yet")
		}
		exit := (*cli.Exit)(nil)
		if errors.As(err, &exit) && exit.Hint == "" {
			exit.Hint = fmt.Sprintf("the policy of %s is not in force; who may change it approves it first: gateledger approve %.12s", g.source, d.Request)
		}
		return err
	}}
}

// policyEvent says that a policy comes into force, and brings its text and the
// trusted root it names, so that whoever has the log has them too.
func (g *gate) policyEvent(ctx context.Context, p *policy.Policy, previous, request string) (entry, error) {
	e, err := g.sign(ctx, "policy", []event.Subject{{Name: product.PolicyFile, Digest: map[string]string{"sha256": p.Digest}}}, event.PolicyPredicate{
		Ledger: p.Ledger.Origin, Previous: previous, Policy: p.Digest, Request: request, Context: g.at,
	})
	if err != nil {
		return entry{}, err
	}
	e.blobs = [][]byte{slices.Clone(p.Source)}
	if digest := p.Sigstore.TrustedRoot; digest != "" {
		root, err := g.rootBytes(ctx, digest)
		if err != nil {
			return entry{}, cli.Fail(cli.Usage, "give it with --trusted-root FILE", "find the trusted root %s that the policy names: %w", digest, err)
		}
		e.blobs = append(e.blobs, root)
	}
	return e, nil
}
