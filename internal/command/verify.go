// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/report"
	"github.com/gateledger/gateledger/internal/subject"
)

// Verify is the verb that believes nothing.
func Verify(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check again, offline, what the ledger says",
		Long: `Verify re-hashes the ledger, re-checks every signature that matters and
evaluates every decision again, offline, under the policy you trusted before
('gateledger trust') or give now (--policy FILE or --policy sha256:HEX).
Nothing that verifies is taken from the checkout, the ledger or the bundle:
without a policy of yours the answer is "self-consistent, NOT trusted", exit 2.`,
		Example: `  gateledger verify artifact dist/app
  gateledger verify decision --for sha256:9f86d0… --environment production
  gateledger verify ledger
  gateledger verify artifact dist/app --ledger audit.tar --policy sha256:77ab…`,
	}
	cmd.AddCommand(verifyArtifact(env), verifyDecision(env), verifyEnvironment(env),
		verifyCommit(env), verifyBundle(env), verifyLedger(env))
	return withoutTwins(cmd)
}

// An ask is one question to an audited ledger.
type ask func(ctx context.Context, v *verifier, args []string) (custody.Chain, error)

// question is a verb that audits the whole ledger, then asks it.
func question(env *cli.Env, use, short string, args cobra.PositionalArgs, ask ask) *cobra.Command {
	var f where
	var out output
	var publish publishing
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			t := verifyTold(cmd.Name(), out.format == "json")
			return publish.run(cmd.Context(), env, t, func(env *cli.Env) error {
				v, err := openVerifier(cmd.Context(), env, f)
				if err != nil {
					return err
				}
				chain, err := v.retold(cmd.Context(), func() (custody.Chain, error) { return ask(cmd.Context(), v, args) })
				if err != nil {
					return err
				}
				t.chain(v, chain)
				return v.answer(chain, out)
			})
		},
	}
	f.flags(cmd)
	f.onlineFlag(cmd)
	out.flags(cmd)
	publish.flags(cmd)
	return cmd
}

func verifyArtifact(env *cli.Env) *cobra.Command {
	return question(env, "artifact FILE|DIGEST", "Show the chain of custody of exactly these bytes", cobra.ExactArgs(1),
		func(ctx context.Context, v *verifier, args []string) (custody.Chain, error) {
			in, err := v.about(ctx, args[0])
			if err != nil {
				return custody.Chain{}, err
			}
			return custody.Trace(in)
		})
}

func verifyDecision(env *cli.Env) *cobra.Command {
	var digest, environment string
	var maxAge time.Duration
	cmd := question(env, "decision --for DIGEST --environment ENVIRONMENT", "Check that a deployment of these bytes was allowed; for the target to run", cobra.NoArgs,
		func(ctx context.Context, v *verifier, _ []string) (custody.Chain, error) {
			if _, err := v.environment(environment); err != nil {
				return custody.Chain{}, err
			}
			in, err := v.about(ctx, digest)
			if err != nil {
				return custody.Chain{}, err
			}
			in.MaxAge = maxAge
			return custody.Decision(in, environment)
		})
	cmd.Flags().StringVar(&digest, "for", "", "`DIGEST` (sha256:HEX) or file that was allowed")
	cmd.Flags().StringVar(&environment, "environment", "", "`ENVIRONMENT` it was allowed into")
	cmd.Flags().DurationVar(&maxAge, "max-age", 0, "refuse a permission that was decided longer ago than `DURATION` (such as 24h)")
	must(cmd.MarkFlagRequired("for"))
	must(cmd.MarkFlagRequired("environment"))
	return cmd
}

func verifyEnvironment(env *cli.Env) *cobra.Command {
	return question(env, "environment ENVIRONMENT", "Show what the ledger says is deployed there, and how it got there", cobra.ExactArgs(1),
		func(_ context.Context, v *verifier, args []string) (custody.Chain, error) {
			if _, err := v.environment(args[0]); err != nil {
				return custody.Chain{}, err
			}
			return custody.Current(v.input(), args[0])
		})
}

func verifyCommit(env *cli.Env) *cobra.Command {
	return question(env, "commit SHA", "Show every event about a commit", cobra.ExactArgs(1),
		func(_ context.Context, v *verifier, args []string) (custody.Chain, error) {
			d, err := event.ParseDigest("gitCommit:" + args[0])
			if err != nil {
				return custody.Chain{}, cli.Fail(cli.Usage, "give the full object id: git rev-parse HEAD", "%w", err)
			}
			return custody.Commit(v.input(), d.Hex)
		})
}

// A verifier is a ledger that was audited whole, and what was in it.
type verifier struct {
	*workspace
	audited ledger.Report
	events  []*event.Event
	anchors anchored.Evidence
	silent  map[string]error  // why nodes could not be asked, by the anchor's name
	answers condition.Answers // about conditions, by the child beside this program
	ctx     context.Context   //nolint:containedctx // blobs are read from inside a pure function
}

// openVerifier opens the ledger under the trusted policy and audits it. It
// changes nothing on disk but the remembered head.
func openVerifier(ctx context.Context, env *cli.Env, f where) (*verifier, error) {
	w, err := openWorkspace(ctx, env, f, verifyPolicy, reading)
	if err != nil {
		return nil, err
	}
	v := &verifier{workspace: w, ctx: ctx}
	if err := v.audit(ctx); err != nil {
		return nil, err
	}
	if err := v.follow(ctx, v.events); err != nil {
		return nil, err
	}
	if v.anchors, err = v.receiptsAt(ctx, v.audited.Head, 0); err == nil && f.online {
		v.silent, err = v.askNodes(ctx, v.audited.Head, &v.anchors)
	}
	return v, err
}

// audit re-hashes everything and checks every signature, on all cores.
func (v *verifier) audit(ctx context.Context) error {
	auditor, ok := v.ledger.(ledger.Auditor)
	if !ok {
		return fmt.Errorf("ledger %s can't be audited", v.url)
	}
	checks, ctx := errgroup.WithContext(ctx)
	checks.SetLimit(runtime.GOMAXPROCS(0))
	audited, err := auditor.Audit(ctx, func(e ledger.Entry) error {
		ev, err := openEntry(e)
		if err != nil {
			return err
		}
		v.events = append(v.events, ev)
		checks.Go(func() error {
			if err := ev.Verify(); err != nil {
				return fmt.Errorf("entry %d: %w: %w", ev.Index, ledger.ErrTampered, err)
			}
			return nil
		})
		return nil
	})
	if signature := checks.Wait(); signature != nil {
		err = signature
	}
	if err != nil {
		return ledgerError(v.url, err)
	}
	v.audited = audited
	return nil
}

func (v *verifier) input() custody.Input {
	return custody.Input{
		Policy: v.policy, Chain: v.chain, Events: v.events, Head: checkpointOf(v.audited.Head), Now: v.env.Now().UTC(), Anchors: &v.anchors, Conditions: v.answers,
		Root: func(digest string) *keyless.Root { return v.rootOf(v.ctx, digest) },
		Blob: func(sum [32]byte) ([]byte, error) {
			data, err := v.blob(v.ctx, sum)
			if errors.Is(err, ledger.ErrTampered) {
				err = fmt.Errorf("%w: %w", custody.ErrAltered, err)
			}
			return data, err
		},
	}
}

func (w *workspace) blob(ctx context.Context, sum [32]byte) ([]byte, error) {
	blobs, ok := w.ledger.(ledger.BlobReader)
	if !ok {
		return nil, fmt.Errorf("ledger %s holds no documents: %w", w.url, ledger.ErrMissing)
	}
	return blobs.Blob(ctx, sum)
}

// about is the input of a question about a digest, file or folder.
func (v *verifier) about(ctx context.Context, arg string) (custody.Input, error) {
	in := v.input()
	var err error
	in.Digest, in.Name, err = v.digestOf(ctx, arg)
	return in, err
}

// digestOf takes alg:hex, or hashes the file or folder. What looks like a
// digest is never taken for a file: whoever can put a file here could have
// other bytes answer for those that were asked about.
func (v *verifier) digestOf(ctx context.Context, arg string) (event.Digest, string, error) {
	if d, err := event.ParseDigest(arg); err == nil {
		return d, "", nil
	}
	if _, err := os.Lstat(arg); err != nil {
		return event.Digest{}, "", cli.Fail(cli.Usage, "give a file, a folder or sha256:HEX", "%w", err)
	}
	s, err := subject.Resolve(ctx, arg, v.place.root)
	if err != nil {
		return event.Digest{}, "", err
	}
	return s.Digests()[0], s.Name, nil
}

// answer prints a chain of custody and turns it into an exit code.
func (v *verifier) answer(c custody.Chain, out output) error {
	c.Trusted, c.PolicySource = v.pinned, v.source
	if err := out.write(v.env, report.Chain{Chain: c}); err != nil {
		return err
	}
	return v.exit(chainExit(c))
}

// exit keeps what was found, but what was found under a policy that nobody
// trusts is neither a yes nor a no. What is tampered with is so under any.
func (v *verifier) exit(err error) error {
	exit := (*cli.Exit)(nil)
	if v.pinned || err != nil && (!errors.As(err, &exit) || exit.Code == cli.Integrity) {
		return err
	}
	return cli.Fail(cli.Usage, "read the policy, then trust it: gateledger trust; or give your own: --policy FILE",
		"self-consistent, NOT trusted: you have not pinned the policy of this ledger (%s)", v.source)
}

// chainExit maps a chain's verdict to the exit codes.
func chainExit(c custody.Chain) error {
	code := map[custody.Verdict]int{
		custody.Holds: cli.OK, custody.Incomplete: cli.Unknown, custody.No: cli.No, custody.Tampered: cli.Integrity,
	}
	n, ok := code[c.Verdict]
	if !ok {
		n = cli.Unknown
	}
	if n == cli.OK {
		return nil
	}
	return &cli.Exit{Code: n, Quiet: true, Err: errors.New(c.Why)}
}

func verifyLedger(env *cli.Env) *cobra.Command {
	var f where
	var asJSON bool
	var publish publishing
	var watch watchLedgerFlags
	cmd := &cobra.Command{
		Use:   "ledger [URL]",
		Short: "Re-hash the whole ledger, check every signature, and name the first thing wrong",
		Long: `Ledger audits the whole ledger once. With --watch it is a monitor: it audits, then
looks again every --every at what is new, and alerts on a fork, a rollback, anything
altered, an entry of a signer whom the policy does not name, keys and parts of the
trusted root that end soon, a release without the anchors that its tier asks for, and
a ledger that can't be read for --patience rounds.

An alert is one JSON line on standard output, and with --webhook-file a POST of it; it
is told once, by --state. Two readers who may be shown different logs give each other
their --state with --compare. The exit code at the end is 4 if the ledger's integrity
is in doubt, 1 for new findings, 3 for what could not be found out or told.`,
		Example: `  gateledger verify ledger
  gateledger verify ledger --watch --webhook-file hook.txt --metrics ledger.prom
  gateledger verify ledger --watch --rounds 1 --compare theirs.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				f.ledger = args[0]
			}
			if err := watch.check(cmd, asJSON); err != nil {
				return err
			}
			if watch.watch {
				return runWatchLedger(cmd.Context(), env, f, watch)
			}
			t := verifyTold("ledger", asJSON)
			return publish.run(cmd.Context(), env, t, func(env *cli.Env) error {
				v, err := openVerifier(cmd.Context(), env, f)
				if err != nil {
					return err
				}
				return v.summary(asJSON, t)
			})
		},
	}
	f.flags(cmd)
	f.onlineFlag(cmd)
	publish.flags(cmd)
	watch.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func (v *verifier) summary(asJSON bool, t *told) error {
	r := v.audited
	strangers := 0
	for _, e := range v.events {
		if _, _, err := v.policy.Signer(e, v.believes); errors.Is(err, policy.ErrStranger) {
			strangers++
		}
	}
	t.ledger(v, strangers)
	anchorings, err := custody.Anchorings(v.input())
	if err != nil {
		return err
	}
	exit := v.exit(cmp.Or(anchoringExit(anchorings), silentExit(v.silent)))
	if asJSON {
		err := printJSON(v.env.Stdout, struct {
			Schema    string `json:"schema"`
			Origin    string `json:"origin"`
			Size      uint64 `json:"size"`
			Root      string `json:"root"`
			Bodies    uint64 `json:"bodies"`
			Blobs     uint64 `json:"blobs"`
			Tiles     uint64 `json:"tiles"`
			Receipts  uint64 `json:"receipts"` // of anchors, beside the log
			Strays    uint64 `json:"strays"`   // files among them that are none
			Strangers int    `json:"strangers"`
			Trusted   bool   `json:"trusted"`

			Anchors []custody.Anchoring `json:"anchors,omitempty"` // of environments of tier anchored
		}{product.PredicateBase + "ledger/v1", r.Head.Origin, r.Head.Size, checkpointOf(r.Head).Root, r.Bodies, r.Blobs, r.Tiles, r.Receipts, r.Strays, strangers, v.pinned, anchorings})
		return errors.Join(err, exit)
	}
	fmt.Fprintf(v.env.Stdout, "ok: %d entries, %d bodies, %d documents and %d tiles of %s match the signed checkpoint\n",
		r.Entries, r.Bodies, r.Blobs, r.Tiles, r.Head.Origin)
	if r.Receipts+r.Strays > 0 {
		fmt.Fprintf(v.env.Stdout, "note: %s of anchors beside the log, and %s that can be none\n", counted(int(r.Receipts), "receipt"), counted(int(r.Strays), "file"))
	}
	if strangers > 0 {
		fmt.Fprintf(v.env.Stdout, "note: %d entries are signed by keys that the policy does not name; no rule counts them\n", strangers)
	}
	v.tellAnchors(anchorings)
	return exit
}

// must is for mistakes that a test of this package would show.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
