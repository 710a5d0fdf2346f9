// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
)

// Waking the jobs that wait.
//
// A gate that is pending ends, and its runner is free. Once there is an answer
// somebody has to run its job again: a workflow of the default branch, set off
// by a comment, by the clock or by hand. What set it off decides nothing and is
// not read. It looks at each open request as a gate would, signs and logs
// nothing, and starts the job again that the signed request names. That job
// asks again, and decides.

type wakeFlags struct {
	where
	environments []string
	json         bool
	look         bool
}

func gateWake(env *cli.Env) *cobra.Command {
	var f wakeFlags
	cmd := &cobra.Command{
		Use:   "wake",
		Short: "Run the jobs again whose requests have an answer now",
		Long: `Wake is for a small workflow of the default branch that runs when somebody
comments, by the clock or by hand. It looks at every open request of this
repository in the ledger: what waits in the inbox, what people said on the forge,
and what is logged. For each that is allowed or denied now, and was not when its
job last asked, it runs that job again: the one that the signed request names,
whatever set this workflow off. So it does once a decision that is logged is
anchored as its environment asks, by the receipts beside the ledger.

It decides nothing, signs nothing and logs nothing, and needs no key: the job that
it wakes asks again. A job that runs is left alone. Exit 0: all was done that there
was to do; 3: something could not be found out or not be done, and the rest was.

On GitHub the job needs actions: write; on GitLab GATELEDGER_GITLAB_TOKEN with the
scope api.`,
		Example: `  gateledger gate wake
  gateledger gate wake --environment production --json
  gateledger gate wake --ledger git:https://git.example.org/acme/app`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runWake(cmd.Context(), env, f)
		},
	}
	f.where.flags(cmd)
	cmd.Flags().StringArrayVar(&f.environments, "environment", nil, "only requests for this `ENVIRONMENT`; repeatable; default: all")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&f.look, "dry-run", false, "say what would be run again, and run nothing")
	return cmd
}

// The outcomes of a wakeLine.
const (
	wokeStarted  = "started"  // its job was run again
	wokeWould    = "would"    // it would have been (--dry-run)
	wokeRunning  = "running"  // its job runs, and will see
	wokeSeen     = "seen"     // its job has asked since the answer is what it is
	wokeWaiting  = "waiting"  // there is no answer yet
	wokeNameless = "nameless" // it names no job: a person runs it again
	wokeUnknown  = "unknown"  // it could not be found out, or not be done
)

// A wakeLine is one open request, and what became of it.
type wakeLine struct {
	Request     string         `json:"request"`
	Environment string         `json:"environment"`
	Verdict     policy.Verdict `json:"verdict"`
	Why         string         `json:"why"`
	Outcome     string         `json:"outcome"`
	Detail      string         `json:"detail,omitempty"`
	Run         string         `json:"run,omitempty"`
	Job         int64          `json:"job,omitzero"`
	Attempt     int            `json:"attempt,omitzero"`
	Address     string         `json:"address,omitempty"`
}

func runWake(ctx context.Context, env *cli.Env, f wakeFlags) error {
	w, err := openWorkspace(ctx, env, f.where, gatePolicy, reading)
	if err != nil {
		return err
	}
	w.judges = true
	k := &waking{workspace: w, flags: f}
	if k.at, err = w.context(ctx); err != nil {
		return err
	}
	waker, ok := child.WakerAt(k.at.Provider)
	if !ok {
		return cli.Fail(cli.Usage, "run it in a workflow of the default branch on GitHub or GitLab; elsewhere run the job again by hand", "there is no way to run a job again from %s", k.at.Provider)
	}
	k.waker = waker.Name
	world := *env
	world.Getenv = withoutRun(env.Getenv)
	w.env = &world
	if err := k.readAll(ctx); err != nil {
		return err
	}
	if err := w.keepAsking(); err != nil {
		return err
	}
	if w.session != nil {
		defer w.session.Close()
	}
	lines := []wakeLine{}
	for _, r := range k.open() {
		lines = append(lines, k.wake(ctx, r))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return k.tell(lines)
}

// withoutRun hides which run this is from whoever reads votes: it is told which
// run's request is meant, and that is another one.
func withoutRun(getenv func(string) string) func(string) string {
	hidden := []string{"GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "CI_PIPELINE_ID", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_PROJECT_ID"}
	return func(name string) string {
		if slices.Contains(hidden, name) {
			return ""
		}
		return getenv(name)
	}
}

// waking is one run of the verb.
type waking struct {
	*workspace
	flags  wakeFlags
	at     event.Context // of this run
	waker  string
	log    proof.Checkpoint // what is logged
	head   event.Checkpoint // with what waits in the inbox
	events []*event.Event   // the same
	logged int              // how many of them are logged
	doubt  string           // why a veto may be somewhere that nobody has seen
}

// readAll reads the log, and puts after it what an integrator would log now.
func (k *waking) readAll(ctx context.Context) error {
	head, events, err := k.read(ctx)
	if err != nil {
		return err
	}
	if k.inbox != nil {
		at, found, err := k.pending(ctx)
		if err != nil {
			return err
		}
		if events, err = k.workspace.events(ctx, at); err != nil {
			return err
		}
		head, k.doubt = at, found.doubt
		k.logged = len(events)
		events = slices.Clone(events)
		for _, l := range found.leaves {
			e, err := openEntry(ledger.Entry{Index: uint64(len(events)), Data: l.Data, Body: l.Body})
			if err != nil {
				return err
			}
			events = append(events, e)
		}
	} else {
		k.logged = len(events)
	}
	k.events, k.log, k.head = events, head, checkpointOf(head)
	k.head.Size = uint64(len(events))
	return nil
}

// open lists the requests that could still get an answer.
func (k *waking) open() []openRequest {
	return slices.DeleteFunc(newestHere(k.requests(k.events), k.at), func(r openRequest) bool {
		p := r.predicate
		asked := len(k.flags.environments) == 0 || slices.Contains(k.flags.environments, p.Environment)
		notYet := k.policy.Digest != k.given.Digest && p.Environment != policy.ChangeEnvironment // until the policy is in force, a gate decides nothing else
		return !asked || notYet || expired(p.Expires, k.env.Now())
	})
}

// newestHere are a repository's requests, the newest for each environment and
// each set of artifacts, in the ledger's order. An emergency is asked for beside
// the usual request, and neither hides the other.
func newestHere(all []openRequest, at event.Context) []openRequest {
	var out []openRequest
	newest := map[string]bool{}
	for _, r := range slices.Backward(all) {
		p := r.predicate
		if p.Host != at.Host || p.RepositoryID != at.RepositoryID {
			continue
		}
		key := fmt.Sprint(p.Environment, "\n", p.BreakGlass != nil)
		for _, s := range p.Subjects {
			key += "\n" + s.Digests()[0].String()
		}
		if !newest[key] {
			newest[key] = true
			out = append(out, r)
		}
	}
	slices.Reverse(out)
	return out
}

// wake looks at one request, and runs its job again if that would hear
// something new.
func (k *waking) wake(ctx context.Context, r openRequest) wakeLine {
	line := wakeLine{Request: r.id, Environment: r.predicate.Environment, Outcome: wokeUnknown, Run: r.predicate.Run.ID}
	l, err := k.lookAt(ctx, r)
	line.Verdict, line.Why = l.d.Verdict, l.d.Why
	switch {
	case err != nil:
		line.Detail = err.Error()
	case l.d.Verdict == policy.Pending && len(l.d.Unknown) > 0:
	case l.d.Verdict == policy.Allowed && k.doubt != "":
		line.Detail = "a veto may be in the inbox: " + k.doubt
	case l.d.Verdict == policy.Pending:
		line.Outcome = wokeWaiting
	case l.d.UsedBy != "" && l.awaited == nil:
		line.Outcome, line.Detail = wokeSeen, "used up by run "+l.d.UsedBy
	case l.awaited == nil && saidBefore(k.events, r.id, l.d):
		line.Outcome, line.Detail = wokeSeen, "its denial is logged"
	case r.predicate.Run.ID == "" || r.predicate.Run.Provider != k.at.Provider:
		line.Outcome, line.Detail = wokeNameless, "its request names no job of this host"
	default:
		k.start(ctx, r, l, &line)
	}
	return line
}

// start has the job of a request run again, unless it runs or has asked since.
func (k *waking) start(ctx context.Context, r openRequest, l looked, line *wakeLine) {
	remote, err := k.remote()
	if err != nil {
		line.Detail = err.Error()
		return
	}
	q := k.question(r)
	answer, err := remote.Wake(ctx, q)
	switch {
	case err != nil:
	case answer.State == child.WakeRunning:
		line.Outcome = wokeRunning
	case l.awaited != nil && l.awaited.heardBy(answer):
		line.Outcome, line.Detail = wokeSeen, "used up by run "+l.d.UsedBy+", and its anchors gave nothing that it needs since; run it again by hand if it waits"
	case l.awaited == nil && l.knownAt(answer.Began):
		line.Outcome, line.Detail = wokeSeen, "its job has asked since; run it again by hand if it failed"
	case k.flags.look:
		line.Outcome = wokeWould
	default:
		q.Start = true
		if answer, err = remote.Wake(ctx, q); err == nil {
			line.Outcome = map[string]string{child.WakeStarted: wokeStarted, child.WakeRunning: wokeRunning}[answer.State]
		}
	}
	if err != nil {
		line.Detail = err.Error()
		if said := (*child.Error)(nil); errors.As(err, &said) && said.Hint != "" {
			line.Detail += " (" + said.Hint + ")"
		}
		return
	}
	line.Job, line.Attempt, line.Address = answer.Job, answer.Attempt, answer.Address
	if line.Outcome == "" {
		line.Outcome, line.Detail = wokeUnknown, "it is not known whether it was started"
	}
}

// tell prints what became of each request.
func (k *waking) tell(lines []wakeLine) error {
	unknown := 0
	for _, l := range lines {
		if l.Outcome == wokeUnknown {
			unknown++
		}
	}
	if k.flags.json {
		err := printJSON(k.env.Stdout, struct {
			Schema   string     `json:"schema"`
			Requests []wakeLine `json:"requests"`
		}{product.PredicateBase + "wake/v1", lines})
		if err != nil {
			return err
		}
	} else if err := wakeTable(k.env.Stdout, lines); err != nil {
		return err
	}
	if len(lines) == 0 {
		fmt.Fprintln(k.env.Stderr, "no open request")
	}
	if unknown > 0 {
		return cli.Fail(cli.Unknown, "the rest was done; run it again once that is mended", "%s could not be found out, or its job not be run again", counted(unknown, "request"))
	}
	return nil
}

func wakeTable(to io.Writer, lines []wakeLine) error {
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, l := range lines {
		run := l.Run
		if l.Attempt > 0 {
			run += fmt.Sprintf("#%d", l.Attempt)
		}
		text := l.Why
		if l.Detail != "" {
			text = strings.TrimPrefix(text+"; "+l.Detail, "; ")
		}
		fmt.Fprintf(t, "%.12s\t%s\t%s\t%s\t%s\t%s\n", l.Request, l.Environment, l.Verdict, l.Outcome, clean.Field(run), clean.Field(text))
	}
	return t.Flush()
}
