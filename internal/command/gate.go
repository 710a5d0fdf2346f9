// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// moves is how often a gate evaluates again because the ledger grew while it
// was deciding.
const moves = 16

// gateGC lets the heap of a gate grow further before it is collected: a gate
// reads a ledger, answers and exits, and half of its time would be collection.
const gateGC = 400

type gateFlags struct {
	where
	environment string
	subjects    []string
	signing
	run     string
	consume bool
	fresh   bool
	only    bool // it makes no request: one must be there
	output  output
	publish publishing
	report  reporting
	glass   breaking
	told    *told
}

// Gate is the verb that lets a production job start, or not.
func Gate(env *cli.Env) *cobra.Command {
	var f gateFlags
	cmd := &cobra.Command{
		Use:   "gate",
		Short: "Say whether exactly these bytes may be deployed, and why",
		Long: `Gate finds or makes the request for these subjects, counts the signed votes
and the evidence in the ledger against the protected policy, and answers:
allowed (exit 0), denied (1), pending (8), could not find out (3), tampered (4).

An allowed answer is logged together with its consumption by one conditional
append, so that it holds for one run and for nothing that was logged since.
With --consume=false the answer is advice: nothing is used up, nothing is
recorded but the request, what people said on the forge, and its posture.

Without --subject it asks about what this run has built: the subjects of the
build events of this repository and run by signers of the policy. Without
--environment it takes the one that this job declares in its own file, else the
policy's only one.

The policy is read from the remote's default branch, without a remote from
HEAD, never from the working tree; --policy gives your own copy. Where nothing
is checked out, --ledger git:ADDRESS says where policy and ledger are.

With --break-glass, a reason and a ticket it asks those whom the policy names
for an emergency. Evidence and freeze windows are then waived, and what is let
through is owed: the next usual deployment waits until those who usually approve
have approved this one too.

With --report the forge is told: a commit status, a check run, and one comment
where the request is approved. An allowed gate that can't tell ends with 3.

With --publish the CI host is told: outputs verdict (allowed, denied, pending,
unknown), request, approvals, missing, log-index and checkpoint, a summary, and
a note. --green-when-pending then makes a pending gate end with 0; nothing else
changes its exit code.`,
		Example: `  gateledger gate --environment production --subject dist/app
  gateledger gate --environment production --subject dist/app --consume=false
  gateledger gate --subject ghcr.io/acme/app@sha256:9f86d0… --format markdown
  gateledger gate --publish --green-when-pending
  gateledger gate --subject dist/app --break-glass --reason 'checkout is down' --ticket INC-7`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := gateTold(f)
			return f.publish.run(cmd.Context(), env, t, func(env *cli.Env) error { return runGate(cmd.Context(), env, f, t) })
		},
	}
	f.flags(cmd)
	cmd.AddCommand(gateWait(env), gateWake(env), gateServe(env), gatePosture(env))
	return withoutTwins(cmd)
}

// flags are those of every verb that asks and answers as gate does.
func (f *gateFlags) flags(cmd *cobra.Command) {
	f.where.flags(cmd)
	f.output.flags(cmd)
	cmd.Flags().StringVar(&f.environment, "environment", "", "`ENVIRONMENT` to deploy to; default: the one this job declares, or the policy's only one")
	cmd.Flags().StringArrayVar(&f.subjects, "subject", nil, "`FILE`, folder or NAME@sha256:HEX to deploy; repeatable; default: what this run has built")
	f.keyFlag(cmd)
	f.signing.flags(cmd)
	cmd.Flags().StringVar(&f.run, "run", "", "`ID` of this run, where no CI gives one; the same run may resume")
	cmd.Flags().BoolVar(&f.consume, "consume", true, "use an allowed request up, for this run only")
	cmd.Flags().BoolVar(&f.fresh, "new-request", false, "ask anew, with no votes, even where a request is open")
	f.glass.flags(cmd)
	f.publish.flags(cmd)
	f.publish.greenFlag(cmd)
	f.report.flags(cmd)
}

func runGate(ctx context.Context, env *cli.Env, f gateFlags, t *told) error {
	g, err := openGate(ctx, env, f, t)
	if err != nil {
		return err
	}
	defer g.forget()
	s, err := g.reach(ctx)
	if err != nil {
		return err
	}
	return s.give()
}

// openGate finds out what is asked, by whom, and for which bytes. The caller
// has it forget what was borrowed.
func openGate(ctx context.Context, env *cli.Env, f gateFlags, t *told) (*gate, error) {
	debug.SetGCPercent(gateGC)
	w, err := openWorkspace(ctx, env, f.where, gatePolicy, deciding)
	if err != nil {
		return nil, err
	}
	w.judges, w.integrates = true, true
	f.told = t
	g := &gate{workspace: w, flags: f}
	for _, step := range []func(context.Context) error{g.prepare, g.bring, g.settle} {
		if err := step(ctx); err != nil {
			g.forget()
			return nil, err
		}
	}
	return g, nil
}

// A standing is how things stand: an answer that was reached, and not given.
type standing struct {
	gate     *gate // that reached it: this one, or that of a change of policy
	decision policy.Decision
	then     func(error) error // what becomes of the exit; nil: nothing
}

// give prints the answer, tells of it, and returns what the verb ends with.
func (s *standing) give() error { return s.after(s.gate.answer(s.decision)) }

// exit is what the verb would end with, if all that is left to do goes well.
func (s *standing) exit() error { return s.after(verdictExit(s.decision)) }

func (s *standing) after(exit error) error {
	if s.then == nil {
		return exit
	}
	return s.then(exit)
}

// reach reads all that there is, decides, and logs what is final.
func (g *gate) reach(ctx context.Context) (*standing, error) {
	// Once the policy is in force, another one may say whose votes are read.
	for _, step := range []func(context.Context) (*standing, error){g.collect, g.enforce, g.collect} {
		if s, err := step(ctx); s != nil || err != nil {
			return s, err
		}
	}
	for range moves {
		decision, err := g.decide(ctx)
		if errors.Is(err, errSeenLogged) || errors.Is(err, ledger.ErrHeadMoved) && g.moved(ctx) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &standing{gate: g, decision: decision}, nil
	}
	return nil, errGrew()
}

func errGrew() error {
	return cli.Fail(cli.Unknown, "run the gate again", "the ledger grew %d times while the gate was deciding", moves)
}

// A gate is one run of the verb: what is asked, by whom, for which bytes.
type gate struct {
	*workspace
	flags    gateFlags
	maker    maker
	at       event.Context // where and when this runs
	rules    policy.Environment
	subjects []event.Subject
	glass    *event.BreakGlass      // nil: nobody breaks it
	asked    event.RequestPredicate // the request that was decided
	history  []*event.Event         // that it was decided by
	logged   *uint64                // index of the decision that this run logged
	made     bool                   // the request is of this run
	advice   bool                   // the verdict used nothing up

	borrowed  string // folder of the project's commits, see bring
	collected string // digest of the policy by which votes were collected, see collect
	seen      *look  // what people said on the forge, see decideSeen
	patient   bool   // it waits, and asks often
	asks      bool   // it waits, and has just read the policy that it may ask for, see enforce
	around    bool   // the posture was read, see lookAround
	waited    *waited

	stuckAt proof.Checkpoint // see moved
	stuck   int

	first bool           // no policy is in the ledger yet, so that this one is the first
	next  *policy.Policy // of a gate that asks for a change of policy: what is to come into force
}

func (g *gate) prepare(ctx context.Context) (err error) {
	if g.flags.environment == policy.ChangeEnvironment {
		return cli.Fail(cli.Usage, "commit the policy to the default branch and run the gate for an environment", "the gate asks for a change of policy by itself, where the default branch has another one")
	}
	if g.rules, err = g.environment(g.declared(ctx)); err != nil {
		return err
	}
	if err := g.policy.Ready(g.rules.Name); err != nil {
		return cli.Fail(cli.Usage, "add people with 'gateledger policy add NAME --ssh KEY --role ROLE'", "nobody could ever open %s by %s: %w", g.rules.Name, g.source, err)
	}
	if g.glass, err = g.flags.glass.ask(g.rules); err != nil {
		return err
	}
	if g.maker, err = g.workspace.maker(g.flags.signing, false); err != nil {
		return err
	}
	if g.at, err = g.context(ctx); err != nil {
		return err
	}
	if g.at.Run, err = g.runID(); err != nil {
		return err
	}
	if len(g.flags.subjects) > 0 {
		g.subjects, err = g.resolve(ctx, g.flags.subjects)
	}
	return err
}

// environment returns the one named, or the policy's only one.
func (w *workspace) environment(name string) (policy.Environment, error) {
	names := sortedKeys(w.policy.Environments)
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	if e, ok := w.policy.Environment(name); ok {
		return e, nil
	}
	hint := "have " + strings.Join(names, ", ")
	if len(names) == 0 {
		hint = "add a principal with 'gateledger policy add NAME --ssh KEY', then an environment to the policy"
	}
	if name == "" {
		return policy.Environment{}, cli.Fail(cli.Usage, hint, "which environment? give --environment")
	}
	return policy.Environment{}, cli.Fail(cli.Usage, hint, "unknown environment %q in %s", name, w.source)
}

// runID is the CI's run; else the one given; else one that nothing else has,
// so that a laptop's answer can't be used twice by accident.
func (g *gate) runID() (string, error) {
	if g.at.Provider != "local" {
		if g.flags.run != "" && g.flags.run != g.at.Run {
			return "", cli.Fail(cli.Usage, "", "--run %s is not this run, which is %s", g.flags.run, g.at.Run)
		}
		return g.at.Run, nil
	}
	if g.flags.run != "" {
		return "local-" + g.flags.run, nil
	}
	var id [6]byte
	if _, err := io.ReadFull(g.env.Rand, id[:]); err != nil {
		return "", fmt.Errorf("make a run id: %w", err)
	}
	return "local-" + hex.EncodeToString(id[:]), nil
}

// decide evaluates at the present head and, where the answer is final, logs
// it on the condition that the head is still the same.
func (g *gate) decide(ctx context.Context) (policy.Decision, error) {
	head, events, request, err := g.request(ctx)
	if err != nil {
		return policy.Decision{}, err
	}
	g.asked, g.history = request.predicate, events
	if err := g.grewFrom(ctx, request.predicate.Checkpoint, head); err != nil {
		return policy.Decision{}, err
	}
	in := policy.Input{
		Policy: g.policy, Root: g.believes, Request: request.id, Events: events,
		Head: checkpointOf(head), Now: g.env.Now().UTC().Truncate(time.Second), Run: g.at.Run,
	}
	d, err := g.evaluate(ctx, &in, request)
	if err != nil {
		return d, err
	}
	d.Head = checkpointOf(head)
	g.advice = !g.flags.consume
	if d.UsedBy != "" && d.Verdict == policy.Allowed {
		if err := g.confirm(ctx, head); err != nil {
			return d, err
		}
		return g.anchor(ctx, d)
	}
	if g.advice || d.Verdict == policy.Pending || len(d.Unknown) > 0 && d.Verdict != policy.Denied {
		return d, nil
	}
	if d.Verdict == policy.Allowed {
		waiting, held, err := g.paysDebts(ctx, head, events, d)
		if held || err != nil {
			return waiting, err
		}
	}
	if err := g.log(ctx, head, in, request, d); err != nil {
		return d, err
	}
	return g.anchor(ctx, d)
}

// evaluate decides from the log and from what people said on the forges. Where
// that settles nothing, they are not logged. It dates the input, by which the
// decision can be made again.
func (g *gate) evaluate(ctx context.Context, in *policy.Input, r openRequest) (policy.Decision, error) {
	unread := g.lookFor(ctx, in.Events, r)
	if d, ok := g.stillWaits(*in, r, unread); ok {
		return d, nil
	}
	if err := g.date(ctx, in); err != nil {
		return policy.Decision{}, err
	}
	if err := g.weigh(ctx, in); err != nil {
		return policy.Decision{}, err
	}
	if unread != nil {
		if err := g.unlessLoggedDeny(*in, unread); err != nil {
			return policy.Decision{}, err
		}
	}
	if err := g.lookAround(ctx, *in); err != nil {
		return policy.Decision{}, err
	}
	d, waits, err := g.decideSeen(ctx, *in, r)
	if err == nil && !waits {
		if d, err = policy.Evaluate(*in); err != nil {
			err = cli.Fail(cli.Integrity, "", "evaluate request %.12s: %w", r.id, err)
		}
	}
	if err == nil {
		g.noteWaiting(*in, r, d)
	}
	return d, err
}

// moved reports whether the log that is read has grown since the last time it
// was said to have. If it has not, again and again, what is read is a mirror of
// what is written, and no new try helps.
func (g *gate) moved(ctx context.Context) bool {
	head, err := g.ledger.Head(ctx)
	if err != nil {
		return false
	}
	if head.Size != g.stuckAt.Size || head.Root != g.stuckAt.Root {
		g.stuckAt, g.stuck = head, 0
	}
	g.stuck++
	return g.stuck <= mirrored
}

// mirrored is how often a log may be said to have moved that stands still.
const mirrored = 3

// grewFrom checks that the log a request names is the beginning of this one:
// else the votes were cast over another history.
func (g *gate) grewFrom(ctx context.Context, then event.Checkpoint, head proof.Checkpoint) error {
	old := proof.Checkpoint{Origin: head.Origin, Size: then.Size}
	if n, err := hex.Decode(old.Root[:], []byte(then.Root)); err != nil || n != len(old.Root) {
		return cli.Fail(cli.Integrity, "", "the request's checkpoint names no root: %q", then.Root)
	}
	p, err := g.ledger.Consistency(ctx, old.Size, head.Size)
	if err != nil {
		return ledgerError(g.url, err)
	}
	if err := proof.Consistency(p, old, head); err != nil {
		return cli.Fail(cli.Integrity, "somebody shows two logs: compare with another copy", "the request was made over another log: %w", err)
	}
	return nil
}

// log appends the decision and, for an allowed one, its consumption. A run
// that resumes, and a denial said before, add nothing.
func (g *gate) log(ctx context.Context, head proof.Checkpoint, in policy.Input, r openRequest, d policy.Decision) error {
	if d.UsedBy != "" || saidBefore(in.Events, r.id, d) {
		return nil
	}
	if at := stamp(in.Now); d.Now != at {
		return cli.Fail(cli.Integrity, "", "the decision was made at %s, and would be logged as of %s: nobody could make it again", d.Now, at)
	}
	summary, err := policy.Summary(in, r.predicate, d)
	if err != nil {
		return err
	}
	decision, err := g.sign(ctx, "decision", r.predicate.Subjects, summary)
	if err != nil {
		return err
	}
	entries := []entry{decision}
	if d.Verdict == policy.Allowed {
		used, err := g.sign(ctx, "consumption", r.predicate.Subjects, event.ConsumptionPredicate{
			Request: r.id, Environment: d.Environment, Run: g.at.Run, Time: d.Now,
		})
		if err != nil {
			return err
		}
		entries = append(entries, used)
	}
	if d.Verdict == policy.Allowed && g.next != nil {
		next, err := g.policyEvent(ctx, g.next, g.policy.Digest, r.id)
		if err != nil {
			return err
		}
		entries = append(entries, next)
	}
	receipts, err := g.append(ctx, head, entries...)
	if err == nil && len(receipts) > 0 {
		g.logged = &receipts[0].Index
	}
	return err
}
