// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/report"
)

// Why a run goes on waiting, though nothing failed. It is told to people as it
// stands.
var (
	errNoRequest   = errors.New("no open request of this run and its commit is in the ledger; a job before this one records what it built and runs gate")
	errManyAsked   = errors.New("this run has several open requests for this environment; it may have one")
	errNotInForce  = errors.New("the policy of the default branch is not in force yet; who may change it approves it first")
	errNoRules     = errors.New("the policy has no environment of this name")
	errUnread      = errors.New("not all votes could be read")
	errForgeAdvice = errors.New("votes on forges are not read without the log key")
)

// judge answers a run that waits.
func (s *server) judge(ctx context.Context, q child.ServeAsk) child.ServeAnswer {
	log := s.log.about(aboutAsk(q)...)
	g, d, err := s.decide(ctx, q)
	for _, waits := range []error{errNoRequest, errManyAsked, errNotInForce, errNoRules, errForgeAdvice} {
		if !errors.Is(err, waits) {
			continue
		}
		if waits == errNoRules && !q.Told && q.Provider == "github" {
			return child.ServeAnswer{} // some other rule's
		}
		log.info("waits", "why", waits.Error())
		return child.ServeAnswer{Comment: "gateledger: " + waits.Error()}
	}
	if err != nil {
		log.warn("could not find out", "error", err.Error())
		return child.ServeAnswer{Failed: true}
	}
	a := child.ServeAnswer{State: g.said(d), Comment: g.words(d)}
	log.info("decided", "verdict", fmt.Sprint(d.Verdict), "request", d.Request, "why", d.Why, "state", cmp.Or(a.State, "none"))
	return a
}

// aboutAsk are names and values of what waits.
func aboutAsk(q child.ServeAsk) []string {
	run := strconv.FormatInt(q.Run, 10)
	if q.Provider == "gitlab" {
		return []string{"pipeline", run, "merge-request", strconv.FormatInt(q.MergeRequest, 10), "environment", q.Environment}
	}
	return []string{"run", run, "attempt", strconv.Itoa(q.Attempt), "environment", q.Environment}
}

// said is what may be said of a decision. Only one that is logged for just this
// run is an approval.
func (g *gate) said(d policy.Decision) string {
	logged := g.logged != nil || d.UsedBy != "" && d.UsedBy == g.at.Run
	switch {
	case g.advice:
		return child.ServeWaiting
	case d.Verdict == policy.Denied:
		return child.ServeRejected
	case d.Verdict == policy.Allowed && len(d.Unknown) == 0 && logged:
		return child.ServeApproved
	}
	return child.ServeWaiting
}

// words tell people of a decision, at the run. They change only with it.
func (g *gate) words(d policy.Decision) string {
	told := report.Decision{Decision: d, Request: &g.asked}
	n := report.NewNotice(told, report.NoticeOptions{Advice: g.advice})
	text := "gateledger: `" + strings.ReplaceAll(n.Description, "`", "'") + "`\n\nrequest `" + d.Request + "`"
	if d.Verdict == policy.Pending && told.WantsPeople() {
		text += fmt.Sprintf("\n\nTo approve: `gateledger approve %.12s`", d.Request)
	}
	return text
}

// decide finds the request of a run and decides on it as gate does.
func (s *server) decide(ctx context.Context, q child.ServeAsk) (*gate, policy.Decision, error) {
	none := policy.Decision{}
	env := s.world(q)
	w, err := s.open(ctx, env)
	if err != nil {
		return nil, none, err
	}
	g := &gate{workspace: w, flags: gateFlags{environment: q.Environment, consume: s.flags.consume && w.holds, only: true, told: &told{}}}
	if err := g.prepareFor(q, s.flags.signing); err != nil {
		return g, none, err
	}
	if err := g.findOfRun(ctx); err != nil {
		return g, none, err
	}
	if !w.holds && len(g.policy.Collect)+len(g.rules.Sources()) > 0 {
		return g, none, errForgeAdvice
	}
	if early, err := g.collect(ctx); early != nil || err != nil {
		return g, none, cmp.Or(err, errUnread)
	}
	for range moves {
		if !g.inForce() {
			return g, none, errNotInForce
		}
		d, err := g.decide(ctx)
		if errors.Is(err, errSeenLogged) || errors.Is(err, ledger.ErrHeadMoved) && g.moved(ctx) {
			continue
		}
		return g, d, err
	}
	return g, none, cli.Fail(cli.Unknown, "", "the ledger grew %d times while the gate was deciding", moves)
}

// world is the environment that a gate in the run would see, as far as votes on
// the forge are read by it, with the token that came with the question. What it
// says is logged.
func (s *server) world(q child.ServeAsk) *cli.Env {
	env := *s.env
	run, repository := strconv.FormatInt(q.Run, 10), strconv.FormatInt(q.RepositoryID, 10)
	told := map[string]string{
		"GITHUB_API_URL": s.flags.child.API, "GITHUB_REPOSITORY": q.Repository, "GITHUB_REPOSITORY_ID": repository,
		"GITHUB_RUN_ID": run, "GITHUB_TOKEN": q.Token,
	}
	if q.Provider == "gitlab" {
		told = map[string]string{
			"CI_API_V4_URL": s.flags.child.API, "CI_PROJECT_ID": repository, "CI_PIPELINE_ID": run, "CI_JOB_TOKEN": "",
			"CI_MERGE_REQUEST_IID": strconv.FormatInt(q.MergeRequest, 10), "CI_MERGE_REQUEST_PROJECT_ID": repository,
			"GATELEDGER_GITLAB_TOKEN": q.Token,
		}
	}
	env.Getenv = func(name string) string {
		if value, ok := told[name]; ok {
			return value
		}
		return s.env.Getenv(name)
	}
	env.Stdin, env.Stdout = strings.NewReader(""), io.Discard
	env.Stderr = &logLines{to: s.log.about(aboutAsk(q)[:2]...)}
	return &env
}

// prepareFor settles what is asked, for a run elsewhere: all of it is the
// forge's word, as the child read it back.
func (g *gate) prepareFor(q child.ServeAsk, f signing) (err error) {
	rules, ok := g.policy.Environment(q.Environment)
	if !ok || q.Environment == policy.ChangeEnvironment {
		return errNoRules
	}
	g.rules = rules
	if err := g.policy.Ready(g.rules.Name); err != nil {
		return fmt.Errorf("nobody could ever open %s by %s: %w", g.rules.Name, g.source, err)
	}
	if q.Provider != "github" && q.Provider != "gitlab" || q.Host == "" || q.RepositoryID <= 0 || q.Run <= 0 || q.Attempt <= 0 || q.Commit == "" {
		return errors.New("the run has no forge, host, repository, number, attempt or commit")
	}
	g.at = event.Context{
		Provider: q.Provider, Host: q.Host, Repository: q.Repository, RepositoryID: strconv.FormatInt(q.RepositoryID, 10),
		Run: strconv.FormatInt(q.Run, 10), Attempt: strconv.Itoa(q.Attempt), Trigger: q.Event, Actor: q.Actor, Commit: q.Commit,
		Time: g.env.Now().UTC().Format(time.RFC3339),
	}
	if g.holds {
		g.maker, err = g.workspace.maker(f, false)
	}
	return err
}

// inForce reports whether the policy that was read is the one in force.
func (g *gate) inForce() bool { return !g.protected || g.policy.Digest == g.given.Digest }

// findOfRun finds the one open request that this run has for the environment,
// and settles the subjects by it.
func (g *gate) findOfRun(ctx context.Context) error {
	head, events, err := g.read(ctx)
	if err != nil {
		return err
	}
	if !g.inForce() {
		return errNotInForce
	}
	ids, subjects, err := g.askedByRun(head, events)
	switch {
	case err != nil:
		return err
	case len(ids) == 0:
		return errNoRequest
	case len(ids) > 1:
		return errManyAsked
	}
	g.subjects = subjects
	return nil
}

// askedByRun returns the open requests of this run, and the subjects of the
// last one.
func (g *gate) askedByRun(head proof.Checkpoint, events []*event.Event) (ids []string, subjects []event.Subject, err error) {
	built, err := g.builtHere(events)
	if err != nil {
		return nil, nil, err
	}
	looked := g.lookedAt(events)
	for _, e := range events {
		if !e.Mentions(g.at.Commit) || !e.Is("request") || !g.gates(g.rules, e) {
			continue
		}
		p, err := event.DecodePredicate[event.RequestPredicate](e)
		if err != nil || p.Host != g.at.Host || p.RepositoryID != g.at.RepositoryID || p.Environment != g.rules.Name || p.Commit != g.at.Commit {
			continue
		}
		id, err := event.RequestID(p)
		own := p.Run.Provider == g.at.Provider && p.Run.ID == g.at.Run
		if err != nil || !own && !looked[id] && !allAmong(p.Subjects, built) {
			continue
		}
		g.subjects = p.Subjects
		want, err := g.wanted(head, events)
		if err != nil {
			return nil, nil, err
		}
		if open, ok := g.find(events, want); ok && open.id == id {
			ids, subjects = append(ids, id), p.Subjects
		}
	}
	g.subjects = nil
	return ids, subjects, nil
}

// lookedAt are the requests of which a gate signed, running in this run, that it
// looked for votes.
func (g *gate) lookedAt(events []*event.Event) map[string]bool {
	looked := map[string]bool{}
	for _, e := range events {
		if !e.Mentions(g.at.Run) || !e.Is("forge-votes") || !g.gates(g.rules, e) {
			continue
		}
		p, err := event.DecodePredicate[event.ForgeVotesPredicate](e)
		if err == nil && sameJob(p.Context, g.at) {
			looked[p.Request] = true
		}
	}
	return looked
}

// allAmong reports whether all of some subjects are among others, by name and
// digest.
func allAmong(some, others []event.Subject) bool {
	for _, s := range some {
		if !slices.ContainsFunc(others, func(o event.Subject) bool { return o.Name == s.Name && sharesDigest(o, s) }) {
			return false
		}
	}
	return len(some) > 0
}
