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

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/git"
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
		if g.flags.only {
			return head, nil, openRequest{}, errNoRequest
		}
		err = g.ask(ctx, head, events, want)
		if err != nil && (!errors.Is(err, ledger.ErrHeadMoved) || !g.moved(ctx)) {
			return head, nil, openRequest{}, err
		}
		g.made = g.made || err == nil
	}
	return proof.Checkpoint{}, nil, openRequest{}, ledger.ErrHeadMoved
}

// read returns the log as it stands, with everything in it that waited at the
// ledger where this verb logs that, and settles which policy is in force.
func (w *workspace) read(ctx context.Context) (proof.Checkpoint, []*event.Event, error) {
	if w.inbox != nil && w.integrates {
		_, found, err := w.integrate(ctx)
		if err == nil && w.judges && found.doubt != "" {
			err = cli.Fail(cli.Unknown, "it could be a veto: give what is missing, or see who pushes to refs/gateledger/pending", "%s", found.doubt)
		}
		if err != nil {
			return proof.Checkpoint{}, nil, err
		}
	}
	head, err := w.ledger.Head(ctx)
	if err != nil {
		return head, nil, ledgerError(w.url, err)
	}
	events, err := w.events(ctx, head)
	if err != nil {
		return head, nil, err
	}
	if err := w.follow(ctx, events); err != nil {
		return head, nil, err
	}
	return head, events, w.checkSigned(head)
}

// wanted is the request as it would be made now.
func (g *gate) wanted(head proof.Checkpoint, events []*event.Event) (event.RequestPredicate, error) {
	digest, err := g.policy.EnvironmentDigest(g.rules.Name)
	if err != nil {
		return event.RequestPredicate{}, err
	}
	now, glass := g.env.Now().UTC(), g.glass
	if g.next != nil {
		glass = nil // another policy is never an emergency
	}
	return event.RequestPredicate{
		BreakGlass:   glass,
		Ledger:       g.policy.Ledger.Origin,
		Checkpoint:   checkpointOf(head),
		Host:         cmp.Or(g.at.Host, "local"),
		RepositoryID: g.at.RepositoryID,
		Environment:  g.rules.Name,
		Subjects:     g.subjects,
		Commit:       g.at.Commit,
		Policy:       digest,
		Documents:    g.documents(events, g.subjects),
		Previous:     g.previous(events, g.rules),
		Created:      stamp(now),
		Expires:      stamp(now.Add(g.rules.MaxAge)),
		Run:          g.asking(),
	}, nil
}

// asking is this run and its job, where a run can be run again by its name.
func (g *gate) asking() event.AskingRun {
	if _, ok := child.WakerAt(g.at.Provider); !ok {
		return event.AskingRun{}
	}
	run := event.AskingRun{Provider: g.at.Provider, ID: g.at.Run, Attempt: g.at.Attempt}
	word := func(name string) string {
		if text := clean.Field(g.env.Getenv(name)); len(text) <= longestName {
			return text
		}
		return ""
	}
	switch g.at.Provider {
	case "github":
		run.Job, run.Runner = word("GITHUB_JOB"), word("RUNNER_NAME")
	case "gitlab":
		run.Job = word("CI_JOB_NAME")
	}
	return run
}

// longestName is how many bytes the name of a job or runner has, that is kept.
const longestName = 255

// find returns the newest request by a gate signer that differs from want
// only in times, checkpoint and run, and has not expired.
func (g *gate) find(events []*event.Event, want event.RequestPredicate) (openRequest, bool) {
	same, err := requestCore(want)
	if err != nil {
		return openRequest{}, false
	}
	for _, e := range slices.Backward(events) {
		if !mentionsAny(e, want.Subjects[0]) || !e.Is("request") || !g.gates(g.rules, e) {
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

// requestCore is the id of a request without its times, its checkpoint, and the
// run that asked first.
func requestCore(p event.RequestPredicate) (string, error) {
	p.Created, p.Expires, p.Checkpoint, p.Run = "", "", event.Checkpoint{}, event.AskingRun{}
	return event.RequestID(p)
}

// expired reports whether the time has come, or can't be read.
func expired(at string, now time.Time) bool {
	t, err := time.Parse(time.RFC3339, at)
	return err != nil || !now.Before(t)
}

// ask logs the request, and with it what a decision will need and nobody has
// said yet: the policy it is asked under, and who wrote the commits.
func (g *gate) ask(ctx context.Context, head proof.Checkpoint, events []*event.Event, want event.RequestPredicate) error {
	entries, err := g.authors(ctx, head, events, want)
	if err != nil {
		return err
	}
	if g.first {
		begin, err := g.policyEvent(ctx, g.policy, event.NoPrevious, "")
		if err != nil {
			return err
		}
		entries = append(entries, begin)
	}
	request, err := g.sign(ctx, "request", want.Subjects, want)
	if err != nil {
		return err
	}
	if g.next != nil {
		request.blobs = append(request.blobs, g.next.Source)
	}
	_, err = g.append(ctx, head, append(entries, request)...)
	return err
}

// maxAuthored is how many commits one request may be about that nobody has
// told the ledger of.
const maxAuthored = 2000

// authors says who wrote the commits since what was last deployed, where the
// policy excludes by that.
func (g *gate) authors(ctx context.Context, head proof.Checkpoint, events []*event.Event, want event.RequestPredicate) ([]entry, error) {
	if len(g.rules.Exclude) == 0 {
		return nil, nil
	}
	commits, err := g.commitsOf(ctx, head, events, want)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, id := range commits {
		if g.knowsCommit(events, id) {
			continue
		}
		if len(entries) == maxAuthored {
			return nil, cli.Fail(cli.Usage, "record them first, in parts: gateledger record commit --subject git:REV", "more than %d commits since the last deployment are not in the ledger", maxAuthored)
		}
		p, err := g.commitPredicate(ctx, id, g.at)
		if err != nil {
			return nil, err
		}
		commit, err := g.sign(ctx, "commit", []event.Subject{commitSubject(id)}, p)
		if err != nil {
			return nil, err
		}
		entries = append(entries, commit)
	}
	return entries, nil
}

// commitsOf are the commits that the request is about: its own, those under it
// that what was last deployed did not have, and where a branch left before that
// was made, those that show where it left.
func (g *gate) commitsOf(ctx context.Context, head proof.Checkpoint, events []*event.Event, want event.RequestPredicate) ([]string, error) {
	since, _, err := policy.Brings(policy.Input{
		Policy: g.policy, Root: g.believes, Events: events, Head: checkpointOf(head), Now: g.env.Now().UTC(),
	}, want)
	if err != nil {
		return nil, cli.Fail(cli.Integrity, "", "find what was last deployed: %w", err)
	}
	if since == "" || since == want.Commit || g.place.repo == nil {
		return []string{want.Commit}, nil
	}
	commits, err := g.between(ctx, since, want.Commit)
	if err != nil {
		return nil, err
	}
	ids, left := []string{want.Commit}, map[string]bool{}
	for _, c := range commits {
		ids = append(ids, c.ID)
		for _, p := range c.Parents {
			left[p] = p != since
		}
	}
	for _, id := range ids {
		delete(left, id)
	}
	for _, id := range sortedKeys(left) {
		if !left[id] {
			continue
		}
		old, err := g.between(ctx, id, since)
		if err != nil {
			return nil, err
		}
		for _, c := range old {
			ids = append(ids, c.ID)
		}
		ids = append(ids, since)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// between lists the commits of b that are not of a.
func (g *gate) between(ctx context.Context, a, b string) ([]git.Commit, error) {
	log, err := g.place.repo.Log(ctx, a, b)
	if err == nil && len(log) == git.MaxLog {
		err = fmt.Errorf("at least %d", git.MaxLog)
	}
	if err != nil {
		return nil, cli.Fail(cli.Unknown, "check out with full history (fetch-depth: 0)", "list the commits since %.12s, which was last deployed: %w", a, err)
	}
	return log, nil
}

func (g *gate) knowsCommit(events []*event.Event, commit string) bool {
	return slices.ContainsFunc(events, func(e *event.Event) bool {
		if !e.Mentions(commit) || !e.Is("commit") || !g.bySigner(e) {
			return false
		}
		p, err := event.DecodePredicate[event.CommitPredicate](e)
		return err == nil && p.Commit == commit
	})
}

// bySigner reports whether a signer of the policy in force signed e.
func (w *workspace) bySigner(e *event.Event) bool {
	_, _, err := w.policy.Signer(e, w.believes)
	return err == nil
}

// gates reports whether one signed e whose requests, decisions and
// consumptions count in an environment.
func (w *workspace) gates(rules policy.Environment, e *event.Event) bool {
	_, err := w.policy.GateOf(rules, e, w.believes)
	return err == nil
}

// documents are the digests of what approvers are shown of each subject: its
// newest SBOM by a signer of the policy; of a change of policy, its text.
func (g *gate) documents(events []*event.Event, subjects []event.Subject) []string {
	if g.next != nil {
		return []string{"sha256:" + g.next.Digest}
	}
	out := []string{}
	for _, s := range subjects {
		if e := g.newest(events, s, "sbom"); e != nil {
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
func (w *workspace) newest(events []*event.Event, s event.Subject, kind string) *event.Event {
	for _, e := range slices.Backward(events) {
		if !mentionsAny(e, s) || !e.Is(kind) || !w.bySigner(e) {
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
func (w *workspace) previous(events []*event.Event, rules policy.Environment) string {
	for _, e := range slices.Backward(events) {
		if !e.Mentions(rules.Name) || !e.Is("deployment") || !w.bySigner(e) {
			continue
		}
		d, err := event.DecodePredicate[event.DeploymentPredicate](e)
		if err != nil || d.Environment != rules.Name || d.Result != event.Healthy {
			continue
		}
		st, err := e.Statement()
		if err != nil || len(st.Subject) == 0 || !w.consumed(events, rules, st.Subject[0]) {
			continue
		}
		return st.Subject[0].Digests()[0].String()
	}
	return event.NoPrevious
}

// consumed reports whether a request for s was used up in this environment.
func (w *workspace) consumed(events []*event.Event, rules policy.Environment, s event.Subject) bool {
	return slices.ContainsFunc(events, func(e *event.Event) bool {
		if !mentionsAny(e, s) || !e.Is("consumption") || !w.gates(rules, e) {
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
		names = g.built(events)
	}
	names = append(names, subject.Candidates(g.place.root)...)
	if len(names) == 0 {
		return cli.Fail(cli.Usage, "give --subject FILE or --subject NAME@sha256:HEX", "which bytes? no build is recorded and no artifact was found")
	}
	return cli.Fail(cli.Usage, "one of: "+strings.Join(names, ", "), "which bytes? give --subject")
}

// built names the subjects of the last builds by signers of the policy.
func (w *workspace) built(events []*event.Event) []string {
	var out []string
	for _, e := range slices.Backward(events) {
		if len(out) >= 5 || !e.Is("build") || !w.bySigner(e) {
			continue
		}
		st, err := e.Statement()
		if err != nil {
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
