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

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/subject"
)

// An openRequest is the request a gate decides on.
type openRequest struct {
	id        string
	index     uint64
	predicate event.RequestPredicate
}

// request returns the ledger as it stands and the open request for these
// subjects, which it makes where there is none.
func (g *gate) request(ctx context.Context) (proof.Checkpoint, []*event.Event, openRequest, error) {
	for range moves {
		head, events, err := g.read(ctx)
		if err != nil {
			return head, nil, openRequest{}, err
		}
		want, err := g.wanted(head, events)
		if err != nil {
			return head, nil, openRequest{}, err
		}
		if !g.flags.fresh || g.made {
			if found, ok := g.find(events, want); ok {
				return head, events, found, nil
			}
		}
		err = g.ask(ctx, head, events, want)
		if err != nil && !errors.Is(err, ledger.ErrHeadMoved) {
			return head, nil, openRequest{}, err
		}
		g.made = g.made || err == nil
	}
	return proof.Checkpoint{}, nil, openRequest{}, ledger.ErrHeadMoved
}

func (w *workspace) read(ctx context.Context) (proof.Checkpoint, []*event.Event, error) {
	head, err := w.ledger.Head(ctx)
	if err != nil {
		return head, nil, ledgerError(w.url, err)
	}
	events, err := w.events(ctx, head)
	return head, events, err
}

// wanted is the request as it would be made now.
func (g *gate) wanted(head proof.Checkpoint, events []*event.Event) (event.RequestPredicate, error) {
	digest, err := g.policy.EnvironmentDigest(g.rules.Name)
	if err != nil {
		return event.RequestPredicate{}, err
	}
	now := g.env.Now().UTC()
	return event.RequestPredicate{
		Ledger:       g.policy.Ledger.Origin,
		Checkpoint:   checkpointOf(head),
		Host:         cmp.Or(g.at.Host, "local"),
		RepositoryID: g.at.RepositoryID,
		Environment:  g.rules.Name,
		Subjects:     g.subjects,
		Commit:       g.at.Commit,
		Policy:       digest,
		Documents:    documents(g.policy, events, g.subjects),
		Previous:     previous(g.policy, events, g.rules),
		Created:      stamp(now),
		Expires:      stamp(now.Add(g.rules.MaxAge)),
	}, nil
}

// find returns the newest request by a gate signer that differs from want
// only in times and checkpoint and has not expired.
func (g *gate) find(events []*event.Event, want event.RequestPredicate) (openRequest, bool) {
	same, err := requestCore(want)
	if err != nil {
		return openRequest{}, false
	}
	for _, e := range slices.Backward(events) {
		if !mentionsAny(e, want.Subjects[0]) || !e.Is("request") || !policy.MayGate(g.policy, g.rules, e) {
			continue
		}
		p, err := event.DecodePredicate[event.RequestPredicate](e)
		if err != nil {
			continue
		}
		core, err := requestCore(p)
		if err != nil || core != same || expired(p.Expires, g.env.Now()) {
			continue
		}
		id, err := event.RequestID(p)
		if err != nil {
			continue
		}
		return openRequest{id: id, predicate: p, index: e.Index}, true
	}
	return openRequest{}, false
}

// requestCore is the id of a request without its times and checkpoint.
func requestCore(p event.RequestPredicate) (string, error) {
	p.Created, p.Expires, p.Checkpoint = "", "", event.Checkpoint{}
	return event.RequestID(p)
}

// expired reports whether the time has come, or can't be read.
func expired(at string, now time.Time) bool {
	t, err := time.Parse(time.RFC3339, at)
	return err != nil || !now.Before(t)
}

// ask logs the request, and with it who wrote the commit where the policy
// excludes by that and nobody has said it yet.
func (g *gate) ask(ctx context.Context, head proof.Checkpoint, events []*event.Event, want event.RequestPredicate) error {
	var entries []entry
	if len(g.rules.Exclude) > 0 && !g.knowsCommit(events, want.Commit) {
		p, err := g.commitPredicate(ctx, want.Commit, g.at)
		if err != nil {
			return err
		}
		commit, err := g.sign("commit", []event.Subject{commitSubject(want.Commit)}, p)
		if err != nil {
			return err
		}
		entries = append(entries, commit)
	}
	request, err := g.sign("request", want.Subjects, want)
	if err != nil {
		return err
	}
	_, err = g.append(ctx, head, append(entries, request)...)
	return err
}

func (g *gate) knowsCommit(events []*event.Event, commit string) bool {
	return slices.ContainsFunc(events, func(e *event.Event) bool {
		if !e.Mentions(commit) || !e.Is("commit") || e.Verify() != nil {
			return false
		}
		_, ok := g.policy.SignerOf(e.KeyID())
		p, err := event.DecodePredicate[event.CommitPredicate](e)
		return ok && err == nil && p.Commit == commit
	})
}

// documents are the digests of what approvers are shown of each subject: its
// newest SBOM by a signer of the policy.
func documents(p *policy.Policy, events []*event.Event, subjects []event.Subject) []string {
	out := []string{}
	for _, s := range subjects {
		if e := newest(p, events, s, "sbom"); e != nil {
			if d, err := event.Document(e); err == nil {
				out = append(out, d.String())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// newest returns the last event of kind about s that a signer of the policy
// signed, or nil.
func newest(p *policy.Policy, events []*event.Event, s event.Subject, kind string) *event.Event {
	for _, e := range slices.Backward(events) {
		if !mentionsAny(e, s) || !e.Is(kind) || e.Verify() != nil {
			continue
		}
		if _, ok := p.SignerOf(e.KeyID()); !ok {
			continue
		}
		st, err := e.Statement()
		if err == nil && slices.ContainsFunc(st.Subject, func(o event.Subject) bool { return sharesDigest(o, s) }) {
			return e
		}
	}
	return nil
}

func mentionsAny(e *event.Event, s event.Subject) bool {
	return slices.ContainsFunc(s.Digests(), func(d event.Digest) bool { return e.Mentions(d.Hex) })
}

func sharesDigest(a, b event.Subject) bool {
	return slices.ContainsFunc(a.Digests(), b.Has)
}

// previous is the digest last deployed to the environment by a request that
// was used up, or "none".
func previous(p *policy.Policy, events []*event.Event, rules policy.Environment) string {
	for _, e := range slices.Backward(events) {
		if !e.Mentions(rules.Name) || !e.Is("deployment") || e.Verify() != nil {
			continue
		}
		if _, ok := p.SignerOf(e.KeyID()); !ok {
			continue
		}
		d, err := event.DecodePredicate[event.DeploymentPredicate](e)
		if err != nil || d.Environment != rules.Name || d.Result != event.Healthy {
			continue
		}
		st, err := e.Statement()
		if err != nil || len(st.Subject) == 0 || !consumed(p, events, rules, st.Subject[0]) {
			continue
		}
		return st.Subject[0].Digests()[0].String()
	}
	return "none"
}

// consumed reports whether a request for s was used up in this environment.
func consumed(p *policy.Policy, events []*event.Event, rules policy.Environment, s event.Subject) bool {
	return slices.ContainsFunc(events, func(e *event.Event) bool {
		if !mentionsAny(e, s) || !e.Is("consumption") || !policy.MayGate(p, rules, e) {
			return false
		}
		c, err := event.DecodePredicate[event.ConsumptionPredicate](e)
		return err == nil && c.Environment == rules.Name
	})
}

// commitSubject names a commit as a statement's subject.
func commitSubject(id string) event.Subject {
	return event.Subject{Name: "git:" + id, Digest: map[string]string{"gitCommit": id}}
}

// resolve hashes what --subject names. With none given it lists what could be
// meant, and never picks one.
func (g *gate) resolve(ctx context.Context, args []string) ([]event.Subject, error) {
	if len(args) == 0 {
		return nil, g.noSubject(ctx)
	}
	var out []event.Subject
	for _, a := range args {
		s, err := subject.Resolve(ctx, a, g.place.root)
		if err != nil {
			return nil, err
		}
		out = append(out, event.Subject{Name: s.Name, Digest: s.Digest})
	}
	event.SortSubjects(out)
	for i := 1; i < len(out); i++ {
		if sharesDigest(out[i-1], out[i]) {
			return nil, cli.Fail(cli.Usage, "give each subject once", "%s and %s are the same bytes", out[i-1].Name, out[i].Name)
		}
	}
	return out, nil
}

func (g *gate) noSubject(ctx context.Context) error {
	var names []string
	if _, events, err := g.read(ctx); err == nil {
		names = built(g.policy, events)
	}
	names = append(names, subject.Candidates(g.place.root)...)
	if len(names) == 0 {
		return cli.Fail(cli.Usage, "give --subject FILE or --subject NAME@sha256:HEX", "which bytes? no build is recorded and no artifact was found")
	}
	return cli.Fail(cli.Usage, "one of: "+strings.Join(names, ", "), "which bytes? give --subject")
}

// built names the subjects of the last builds by signers of the policy.
func built(p *policy.Policy, events []*event.Event) []string {
	var out []string
	for _, e := range slices.Backward(events) {
		if len(out) >= 5 || !e.Is("build") || e.Verify() != nil {
			continue
		}
		st, err := e.Statement()
		if _, ok := p.SignerOf(e.KeyID()); !ok || err != nil {
			continue
		}
		for _, s := range st.Subject {
			name := fmt.Sprintf("%s@%s", s.Name, s.Digests()[0])
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}
