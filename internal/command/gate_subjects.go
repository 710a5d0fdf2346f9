// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

// What a gate asks about that was not told.

// maxBuilt is how many subjects of a run's builds one request is about.
const maxBuilt = 256

// settle finds the subjects where none were given: what this run has built.
func (g *gate) settle(ctx context.Context) error {
	if len(g.subjects) > 0 {
		return nil
	}
	_, events, err := g.read(ctx)
	if err != nil {
		return err
	}
	built, err := g.builtHere(events)
	if err != nil {
		return err
	}
	if len(built) == 0 {
		return g.nothingBuilt(ctx)
	}
	if len(built) > maxBuilt {
		return cli.Fail(cli.Usage, "give those to deploy with --subject", "this run has built %d things, over the limit of %d", len(built), maxBuilt)
	}
	for _, s := range built {
		fmt.Fprintf(g.env.Stderr, "note: about %s %s, which this run has built\n", clean.Text(s.Name), s.Digests()[0])
	}
	g.subjects = built
	return nil
}

// builtHere are the subjects of the build events of this repository and run
// that signers of the policy signed, sorted, each of the same bytes once. Of a
// run on GitHub that was started again, a later attempt's build of a name
// stands for an earlier one's by the same signer; elsewhere nothing says which
// is later. An event of an attempt that has not begun is a lie.
//
// Which run an event is of is its signer's word, but where a certificate names
// the repository or run it must be this one. So this is a convenience: a job
// that deploys must get the very bytes that its gate was asked about.
func (g *gate) builtHere(events []*event.Event) ([]event.Subject, error) {
	if g.at.Provider == ci.Local || g.at.Run == "" {
		return nil, nil
	}
	type built struct {
		event.Subject
		by      string
		attempt int
	}
	var all []built
	latest := map[[2]string]int{} // by name and signer
	for _, e := range events {
		at, by, err := g.buildOfThisRun(e)
		if err != nil {
			return nil, err
		}
		st, err := e.Statement()
		if by == "" || err != nil {
			continue
		}
		attempt, err := g.attemptOf(e, at)
		if err != nil {
			return nil, err
		}
		for _, s := range st.Subject {
			if len(s.Digests()) == 0 {
				continue
			}
			key := [2]string{s.Name, by}
			latest[key] = max(latest[key], attempt)
			all = append(all, built{event.Subject{Name: s.Name, Digest: s.Digest}, by, attempt})
		}
	}
	var out []event.Subject
	for _, b := range all {
		same := func(o event.Subject) bool { return sharesDigest(o, b.Subject) }
		if b.attempt == latest[[2]string{b.Name, b.by}] && !slices.ContainsFunc(out, same) {
			out = append(out, b.Subject)
		}
	}
	event.SortSubjects(out)
	return out, nil
}

// attemptOf is the attempt of its run that a build was made in, zero where the
// host counts none.
func (g *gate) attemptOf(e *event.Event, at event.Context) (int, error) {
	if g.at.Provider != "github" {
		return 0, nil
	}
	attempt, _ := strconv.Atoi(at.Attempt) // one that is no number is the earliest
	if now, err := strconv.Atoi(g.at.Attempt); err != nil || attempt > now {
		return 0, cli.Fail(cli.Integrity, "somebody signed that with a key or identity of the policy; give --subject with what is to be deployed",
			"build #%d says that it was made in attempt %.20q of this run, and this is attempt %.20q", e.Index, at.Attempt, g.at.Attempt)
	}
	return attempt, nil
}

// buildOfThisRun returns where a build event says that it was made, and who of
// the policy signed it; nobody, if that is not this run. Where nobody here can tell who
// signed it, nobody can tell what this run has built.
func (g *gate) buildOfThisRun(e *event.Event) (at event.Context, by string, err error) {
	if !e.Mentions(g.at.Run) || !e.Is("build") {
		return event.Context{}, "", nil
	}
	p, err := event.DecodePredicate[event.BuildPredicate](e)
	if err != nil || !sameJob(p.Context, g.at) {
		return event.Context{}, "", nil
	}
	by, id, err := g.policy.Signer(e, g.believes)
	if policy.CouldNotTell(err) {
		return event.Context{}, "", cli.Fail(cli.Unknown, "give --subject, or what is missing to tell (--trusted-root)", "find what this run has built: nobody can tell who signed build #%d: %w", e.Index, err)
	}
	if err != nil {
		return event.Context{}, "", nil
	}
	elsewhere := id != nil && (id.RepositoryID != "" && id.RepositoryID != g.at.RepositoryID || id.RunURI != "" && !sameRun(id.RunURI, g.at))
	if elsewhere {
		by = ""
	}
	return p.Context, by, nil
}

func sameJob(a, b event.Context) bool {
	return a.Provider == b.Provider && a.Host == b.Host && a.RepositoryID == b.RepositoryID && a.Run == b.Run
}

// nothingBuilt says what could be meant. It never picks one.
func (g *gate) nothingBuilt(ctx context.Context) error {
	err := g.noSubject(ctx)
	exit := (*cli.Exit)(nil)
	if g.at.Provider == ci.Local || !errors.As(err, &exit) {
		return err
	}
	return cli.Fail(exit.Code, "record the build in this run before the gate: gateledger record; or give --subject, "+exit.Hint,
		"no build event of run %s by a signer of the policy is in the ledger: %w", g.at.Run, err)
}

// sameRun reports whether a certificate's run is this one, whichever attempt.
// GitLab's certificates name the job, which is another one in each pipeline
// and each time.
func sameRun(uri string, at event.Context) bool {
	if at.Provider != "github" {
		return strings.HasPrefix(uri, "https://"+at.Host+"/"+at.Repository+"/")
	}
	page, _, _ := strings.Cut(ci.Run(at), "/attempts/")
	return uri == page || strings.HasPrefix(uri, page+"/")
}

// declared is the environment that was asked for, else the one that this job's
// own file declares, if the policy has it.
func (g *gate) declared(ctx context.Context) string {
	if g.flags.environment != "" || len(g.policy.Environments) < 2 {
		return g.flags.environment
	}
	job, err := g.place.job(ctx, g.env)
	if err != nil {
		return ""
	}
	if _, ok := g.policy.Environments[job.Environment]; !ok {
		return ""
	}
	fmt.Fprintf(g.env.Stderr, "note: into %s, which job %s declares\n", clean.Text(job.Environment), clean.Text(job.Name))
	return job.Environment
}
