// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/subject"
	"github.com/gateledger/gateledger/internal/testreport"
)

// recordFlags are what `record` is told. A kind has those flags that mean
// something to it.
type recordFlags struct {
	where
	signing
	subjects []string
	bundle   string
	json     bool

	environment, result, request, url, from string

	registry bool // publish the digest too

	duration time.Duration

	publish publishing
}

// Record is the verb that logs what happened.
func Record(env *cli.Env) *cobra.Command {
	var f recordFlags
	cmd := &cobra.Command{
		Use:   "record [REPORT…]",
		Short: "Sign and log what happened: a build, a test run, an SBOM, a commit, a deployment",
		Long: `Record writes a statement about exactly these bytes, signs it with the event
key, appends it to the ledger, and checks the receipt before it says so.

` + autoLong + `

A subject is ` + joinForms(subject.Forms()) + `.

The signed event is on disk before the first attempt to append it. If the
attempt ends without an answer, run the same command again: it appends those
very bytes, so that nothing is lost and nothing is logged twice.`,
		Example: `  gateledger record
  gateledger record build --subject dist/app
  go test -json ./... | gateledger record test --subject dist/app -
  gateledger record sbom --subject dist/app sbom.cdx.json
  gateledger record deployment --subject dist/app --environment production --result healthy`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			t := recordTold(f)
			return f.publish.run(cmd.Context(), env, t, func(env *cli.Env) error {
				return recordExit(runAuto(cmd.Context(), env, f, args, t))
			})
		},
	}
	f.flags(cmd)
	autoFlags(cmd, &f)
	for i, r := range recorders() {
		c := recordKind(env, r)
		annotate(c, cli.Order, fmt.Sprintf("%02d", i))
		cmd.AddCommand(c)
	}
	return cmd
}

func joinForms(forms [][2]string) string {
	var lines []string
	for _, f := range forms {
		lines = append(lines, "\n  "+f[0]+": "+f[1])
	}
	return strings.Join(lines, "")
}

// recordKind is `record KIND`.
func recordKind(env *cli.Env, r recorder) *cobra.Command {
	var f recordFlags
	cmd := &cobra.Command{
		Use:     strings.TrimSpace(r.kind.Name + " " + r.usage),
		Short:   "Log " + r.kind.Doc,
		Long:    r.long,
		Example: r.example,
		Args:    r.args,
		RunE: func(cmd *cobra.Command, args []string) error {
			t := recordTold(f)
			return f.publish.run(cmd.Context(), env, t, func(env *cli.Env) error {
				return recordExit(runRecord(cmd.Context(), env, r, f, args, t))
			})
		},
	}
	f.flags(cmd)
	if r.flags != nil {
		r.flags(cmd, &f)
	}
	return cmd
}

// flags are those of every kind.
func (f *recordFlags) flags(cmd *cobra.Command) {
	f.where.flags(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.subjects, "subject", nil, "`SUBJECT` it is about: FILE, FOLDER, NAME@sha256:HEX or git:REV; repeatable; default in CI: what the job uploads")
	f.keyFlag(cmd)
	f.signing.flags(cmd)
	flags.StringVarP(&f.bundle, "output", "o", "", "write the Sigstore bundle to `FILE`")
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	f.publish.flags(cmd)
	f.publish.greenFlag(cmd)
}

// recordExit says what to do about the errors of the packages that read what
// is recorded. Their exit code is classify's.
func recordExit(err error) error {
	if exit := (*cli.Exit)(nil); err == nil || errors.As(err, &exit) {
		return err
	}
	for _, c := range []struct {
		is   error
		hint string
	}{
		{subject.ErrChanged, "let the build end first"},
		{testreport.ErrReport, "the report proves nothing as it is: run the tests again and record what they write"},
		{keyring.ErrPermissions, "treat a key that others could read as known to them: make a new one"},
		{keyring.ErrWrongKey, "name another key with --key FILE"},
	} {
		if errors.Is(err, c.is) {
			return &cli.Exit{Code: codeOf(err), Hint: c.hint, Err: err}
		}
	}
	return err
}

// A recording is one event on its way into the ledger.
type recording struct {
	*workspace
	recorder recorder
	flags    recordFlags
	args     []string // the reports
	maker    maker
	at       event.Context
	subjects []event.Subject
	notes    []string // talk
	told     *told
}

func runRecord(ctx context.Context, env *cli.Env, r recorder, f recordFlags, args []string, t *told) error {
	here, err := findPlace(ctx, env)
	if err != nil {
		return err
	}
	if len(f.subjects) == 0 {
		if f.subjects, err = defaultSubject(ctx, env, here, r.kind, f, args); err != nil {
			return err
		}
	}
	facts := gather(ctx, env, here, f.subjects)
	defer facts.stop()
	w, err := openPolicy(ctx, env, f.where, recordPolicy)
	if err != nil {
		return err
	}
	rec := &recording{workspace: w, recorder: r, flags: f, args: args, told: t}
	if rec.maker, err = w.maker(f.signing, false); err != nil {
		return err
	}
	if err := w.openLedger(ctx, f.where, leaving); err != nil {
		return err
	}
	if rec.at, rec.subjects, err = facts.wait(); err != nil {
		return err
	}
	w.believes = w.root(ctx)
	if err := rec.publishable(); err != nil {
		return err
	}
	d, err := r.draft(ctx, rec)
	if err != nil {
		return err
	}
	if err := rec.log(ctx, d); err != nil {
		return err
	}
	return rec.publishDigests(ctx, d)
}

// noSubjectOf lists what could be meant. It never picks one.
func noSubjectOf(k event.Kind, here place) error {
	hint := "give --subject FILE or --subject NAME@sha256:HEX"
	if names := subject.Candidates(here.root); len(names) > 0 {
		hint = "one of: --subject " + strings.Join(names, ", --subject ")
	}
	return cli.Fail(cli.Usage, hint, "what is this %s about? %w", k.Name, subject.ErrNone)
}

// facts are what every kind needs and what takes long: git's processes, and
// the subjects' bytes. They are gathered while policy and ledger are opened.
type facts struct {
	work     *errgroup.Group
	cancel   context.CancelFunc
	at       event.Context
	subjects []event.Subject
}

func gather(ctx context.Context, env *cli.Env, here place, subjects []string) *facts {
	ctx, cancel := context.WithCancel(ctx)
	work, ctx := errgroup.WithContext(ctx)
	f := &facts{work: work, cancel: cancel}
	work.Go(func() (err error) {
		f.at, err = ci.Context(ctx, ci.Options{Getenv: env.Getenv, Dir: here.root, Git: here.repo, Now: env.Now})
		return err
	})
	work.Go(func() (err error) {
		f.subjects, err = subject.ResolveAll(ctx, subjects, here.root)
		return err
	})
	return f
}

func (f *facts) wait() (event.Context, []event.Subject, error) {
	err := f.work.Wait()
	return f.at, f.subjects, err
}

// stop ends what nobody needs any more, and returns when it has ended.
func (f *facts) stop() {
	f.cancel()
	_ = f.work.Wait() // told by wait, or of no interest
}

// log signs, puts the event into the outbox, logs it, and reports, in this
// order.
func (r *recording) log(ctx context.Context, d draft) error {
	payload, err := event.NewStatement(d.predicateType, r.subjects, d.predicate)
	if err != nil {
		return err
	}
	b, err := r.boxed(ctx, payload)
	if err != nil {
		return err
	}
	receipt, pending, err := r.deliver(ctx, &b, entry{signed: b.signed, blobs: d.blobs})
	if errors.Is(err, ledger.ErrReadOnly) || errors.Is(err, ledger.ErrTooLarge) {
		return errors.Join(err, b.done()) // refused for good: there is nothing to try again
	}
	if err != nil {
		return err
	}
	if pending {
		r.tell(b.signed, nil)
		return notLogged("recorded")
	}
	if err := r.writeBundle(b.signed, receipt); err != nil {
		return err
	}
	r.tell(b.signed, &receipt)
	if err := r.report(b.signed, receipt); err != nil {
		return err
	}
	return b.done()
}

// boxed returns the event that says payload, signed and on disk: the one that
// waits in the outbox from an earlier attempt, which differs at most in when
// it was made, else a new one.
func (r *recording) boxed(ctx context.Context, payload []byte) (box, error) {
	same, err := sameButTime(payload)
	if err != nil {
		return box{}, err
	}
	b, others, err := r.again(func(s event.Signed) bool { return r.maker.made(s) && same(s) })
	if err != nil || b.file != "" {
		return b, err
	}
	if others > 0 {
		r.note("signed events that still wait for their answer in the outbox: %d; run their commands again", others)
	}
	signed, err := r.maker.make(ctx, payload)
	if err != nil {
		return box{}, fmt.Errorf("sign %s: %w", r.recorder.kind.Name, err)
	}
	if err := r.believed(ctx, signed); err != nil {
		return box{}, err
	}
	return r.keep(signed)
}

// writeBundle writes the Sigstore bundle where it was asked for.
func (r *recording) writeBundle(s event.Signed, receipt proof.Receipt) error {
	if r.flags.bundle == "" {
		return nil
	}
	leaf, err := s.Leaf()
	if err != nil {
		return err
	}
	logID, err := proof.LogID(r.policy.Ledger.Keys[0])
	if err != nil {
		return err
	}
	data, err := event.NewBundle(s, leaf, receipt, logID).Marshal()
	if err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	if err := os.WriteFile(r.flags.bundle, data, 0o644); err != nil {
		return cli.Fail(cli.Unknown, "the event is logged; run the same command again for the bundle", "write bundle: %w", err)
	}
	return nil
}

// A recorded is what `record --json` prints.
type recorded struct {
	Schema     string           `json:"schema"`
	Kind       string           `json:"kind"`
	Event      string           `json:"event"` // sha256: and the event's id
	Index      uint64           `json:"index"`
	Duplicate  bool             `json:"duplicate"` // it was logged before
	Subjects   []event.Subject  `json:"subjects"`
	Signer     string           `json:"signer"` // the policy's name for the key
	Key        string           `json:"key"`
	Ledger     string           `json:"ledger"` // its origin
	Checkpoint event.Checkpoint `json:"checkpoint"`
	Receipt    string           `json:"receipt"` // C2SP tlog-proof
	Bundle     string           `json:"bundle,omitempty"`
	Notes      []string         `json:"notes"`
}

// nameOf is the policy's name for whoever signed s.
func (w *workspace) nameOf(s event.Signed) string {
	if e, err := opened(s); err == nil {
		name, _, _ := w.policy.Signer(e, w.believes)
		return name
	}
	return ""
}

func (r *recording) report(s event.Signed, receipt proof.Receipt) error {
	id := s.ID()
	out := recorded{
		Schema: product.PredicateBase + "recorded/v1", Kind: r.recorder.kind.Name,
		Event: "sha256:" + hex.EncodeToString(id[:]), Index: receipt.Index, Duplicate: receipt.Duplicate,
		Subjects: r.subjects, Signer: r.nameOf(s), Key: s.KeyID(), Ledger: r.policy.Ledger.Origin,
		Checkpoint: checkpointOf(receipt.Checkpoint), Receipt: string(receipt.Marshal()),
		Bundle: r.flags.bundle, Notes: append([]string{}, r.notes...),
	}
	word := "recorded %s #%d %s (proof verified)\n"
	if out.Duplicate {
		word = "%s was recorded before, as #%d %s (proof verified)\n"
	}
	fmt.Fprintf(r.env.Stderr, word, out.Kind, out.Index, out.Event)
	for _, n := range r.notes {
		fmt.Fprintln(r.env.Stderr, "note: "+clean.Text(n))
	}
	if r.flags.json {
		return printJSON(r.env.Stdout, out)
	}
	return out.text(r.env.Stdout)
}

// text prints the same for a person, with what only machines compare cut
// short.
func (o recorded) text(w io.Writer) error {
	var b strings.Builder
	for _, s := range o.Subjects {
		fmt.Fprintf(&b, "subject  %s %s\n", clean.Text(s.Name), s.Digests()[0])
	}
	fmt.Fprintf(&b, "signer   %s %.19s…\n", clean.Text(o.Signer), o.Key)
	fmt.Fprintf(&b, "ledger   %s, size %d, root %.12s…\n", clean.Text(o.Ledger), o.Checkpoint.Size, o.Checkpoint.Root)
	if o.Bundle != "" {
		fmt.Fprintf(&b, "bundle   %s\n", clean.Text(o.Bundle))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
