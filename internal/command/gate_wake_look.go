// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/admit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/vote"
)

// looked is how a request stands, and what it takes to tell how it stood.
type looked struct {
	d     policy.Decision
	in    policy.Input
	shown []event.ForgeVotesPredicate
	since time.Time // of the newest thing that is known of it
	dated bool
	weigh func(*policy.Input) // has the condition evaluated

	awaited *awaited // it is used by its own run, whose anchors are there
}

// lookAt decides as a gate would, from what is there and from what a gate would
// find, and logs nothing.
func (k *waking) lookAt(ctx context.Context, r openRequest) (l looked, err error) {
	rules, ok := k.policy.Environment(r.predicate.Environment)
	if !ok {
		return l, fmt.Errorf("the policy has no environment %q any more", r.predicate.Environment)
	}
	g := &gate{workspace: k.workspace, rules: rules, at: k.contextOf(r)}
	events, err := g.withPasted(ctx, k.events)
	if err != nil {
		return l, err
	}
	l.dated = rules.Dated
	l.in = policy.Input{
		Policy: k.policy, Root: k.believes, Request: r.id, Events: events, Head: k.head,
		Now: k.env.Now().UTC().Truncate(time.Second), Run: g.at.Run,
	}
	l.in.Head.Size = uint64(len(events))
	if err := g.date(ctx, &l.in); err != nil {
		return l, err
	}
	l.weigh = func(in *policy.Input) { k.weigh(ctx, in) }
	l.weigh(&l.in)
	seen, err := g.look(ctx, events, r)
	if err != nil {
		if err := g.unlessLoggedDeny(l.in, err); err != nil {
			return l, err
		}
	} else {
		l.shown = seen.shown
	}
	if l.d, err = policy.Foresee(l.in, l.shown); err != nil {
		return l, cli.Fail(cli.Integrity, "", "evaluate request %.12s: %w", r.id, err)
	}
	l.since = k.newestWord(r, l)
	return l, g.awaitAnchors(ctx, k.log, k.events[:k.logged], &l)
}

// contextOf is where the request's gate ran.
func (k *waking) contextOf(r openRequest) event.Context {
	at := event.Context{
		Host: k.at.Host, Provider: k.at.Provider, Repository: k.at.Repository, RepositoryID: k.at.RepositoryID,
		Run: r.predicate.Run.ID, Commit: r.predicate.Commit,
	}
	if at.Provider == "github" {
		at.Attempt = r.predicate.Run.Attempt
	}
	return at
}

// question asks for the job that made a request.
func (k *waking) question(r openRequest) child.WakeQuestion {
	run := r.predicate.Run
	asked, _ := time.Parse(time.RFC3339, r.predicate.Created) // Check has read it
	return child.WakeQuestion{
		Waker: k.waker, Run: run.ID, Attempt: run.Attempt, Job: run.Job, Runner: run.Runner, Commit: r.predicate.Commit, Asked: asked,
	}
}

// withPasted adds the signed votes that people pasted where the policy has
// gates look for them, each in an envelope that is as good as a gate's: a vote
// goes by its own signature.
func (g *gate) withPasted(ctx context.Context, events []*event.Event) ([]*event.Event, error) {
	if len(g.policy.Collect) == 0 {
		return events, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), g.env.Rand)
	if err != nil {
		return nil, fmt.Errorf("make a key for envelopes: %w", err)
	}
	_, voted := admit.Held(events)
	events = slices.Clone(events)
	for _, source := range g.policy.Collect {
		answer, err := g.readSource(ctx, child.CollectQuestion{Source: source, Commit: g.at.Commit, Keys: g.voterKeys()})
		if err != nil {
			return nil, collectError(err)
		}
		for _, v := range g.sighted(answer.Sightings) {
			if voted(v.armoured.Ballot().ID()) {
				continue
			}
			e, err := enveloped(v.armoured, passingKey{key, g})
			if err != nil {
				return nil, err
			}
			e.Index = uint64(len(events))
			events = append(events, e)
		}
	}
	return events, nil
}

// enveloped is a pasted vote as an event.
func enveloped(a vote.Armoured, key event.Signer) (*event.Event, error) {
	payload, err := vote.Wrap(a.Statement, vote.ArmorSSHSIG(a.Signature))
	if err != nil {
		return nil, err
	}
	signed, err := event.Sign(payload, key)
	if err != nil {
		return nil, fmt.Errorf("sign the envelope of a vote: %w", err)
	}
	return opened(signed)
}

// A passingKey signs what is never logged.
type passingKey struct {
	key *ecdsa.PrivateKey
	g   *gate
}

func (k passingKey) Sign(message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return ecdsa.SignASN1(k.g.env.Rand, k.key, sum[:])
}

func (k passingKey) Verifier() event.Verifier {
	public, err := x509.MarshalPKIXPublicKey(&k.key.PublicKey)
	must(err)
	return event.Verifier{KeyDetails: event.KeyDetails, PublicKey: public}
}

// newestWord is the time of the newest thing that was said of a request or its
// artifacts after it was made: a vote, or an event with a time of its own. What
// claims to be of later than now says nothing, nor does a vote of nobody's: or
// every stranger's comment would run a job again that has failed.
func (k *waking) newestWord(r openRequest, l looked) time.Time {
	var newest time.Time
	word := func(text string) {
		t, err := time.Parse(time.RFC3339, text)
		if err == nil && t.After(newest) && !t.After(l.in.Now.Add(clockSkew)) {
			newest = t
		}
	}
	for _, v := range l.d.Votes {
		if v.Counted || v.Principal != "" {
			word(v.Issued)
		}
	}
	for _, e := range l.in.Events[r.index+1:] {
		about := e.Mentions(r.id) || slices.ContainsFunc(r.predicate.Subjects, func(s event.Subject) bool { return mentionsAny(e, s) })
		if !about || e.Is("forge-votes") || e.Is("decision") || e.Is("request") {
			continue
		}
		st, err := e.Statement()
		if err != nil {
			continue
		}
		var p struct {
			Context struct {
				Time string `json:"time"`
			} `json:"gateledger_context"`
			Metadata struct {
				Timestamp string `json:"timestamp"`
			} `json:"metadata"`
		}
		if canon.DecodeOpen(st.Predicate, &p) == nil {
			word(p.Context.Time)
			word(p.Metadata.Timestamp)
		}
	}
	return newest
}

// clockSkew is how far two clocks may disagree, as policies have it.
const clockSkew = 2 * time.Minute

// knownAt reports whether a gate that began then had the same answer before it:
// nothing was said since, and it is not only the time that has come. Of a job
// that never began nobody can say that.
func (l looked) knownAt(began time.Time) bool {
	if began.IsZero() || !l.since.Before(began) {
		return false
	}
	if l.dated {
		return true // nobody stamped that time
	}
	then := l.in
	then.Now = began.UTC()
	l.weigh(&then)
	var shown []event.ForgeVotesPredicate
	for _, p := range l.shown {
		p.Read.Time = then.Now.Format(time.RFC3339)
		shown = append(shown, p)
	}
	d, err := policy.Foresee(then, shown)
	return err == nil && d.Verdict == l.d.Verdict
}
