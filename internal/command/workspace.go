// SPDX-License-Identifier: Apache-2.0

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sync/errgroup"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// A workspace is one policy with its ledger open, as one verb uses them.
type workspace struct {
	env        *cli.Env
	place      place
	policy     *policy.Policy
	source     string // where the policy came from, for people
	pinned     bool   // this user trusted the policy before, or gave it
	claimed    bool   // only what is being verified names the policy
	protected  bool   // it is the default branch's: the ledger says whether it is in force
	ring       keyring.Ring
	keys       proof.Keys
	url        string // the ledger's, resolved
	ledger     ledger.Ledger
	inbox      ledger.Inbox // where writers without the log key leave events; nil: there is none
	holds      bool         // the log key is at hand
	integrates bool         // it logs what waits in the inbox before it reads
	judges     bool         // its verb's answer opens something: nothing is taken from the job's environment
	roots      roots
	given      *policy.Policy // the policy that was read; policy is the one in force, once the log was read
	chain      *policy.Chain  // the policies in force over the log; nil: this one alone
	believes   *keyless.Root  // that the policy in force names; nil: none, or not at hand
	seen       []*event.Event // entries that were read before
	session    *child.Session // keeps the child that reads votes; nil: each question has a child of its own
}

// where are the flags that say which policy and ledger are meant, and which
// log key may write.
type where struct {
	policy string
	ledger string
	root   string
	logKey string
	online bool // a verifier may ask nodes of chains
}

func (f *where) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.policy, "policy", "", "policy `FILE` to go by")
	cmd.Flags().StringVar(&f.ledger, "ledger", "", "ledger `URL`, instead of the policy's")
	cmd.Flags().StringVar(&f.root, "trusted-root", "", "Sigstore trusted root `FILE` that the policy names by digest")
}

// keyFlag is for verbs that append.
func (f *where) keyFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.logKey, "log-key", "", "log key `FILE`, or - for standard input, instead of the one init made")
	// Jobs call the secret itself by the name that the twin would have.
	must(cmd.Flags().SetAnnotation("log-key", cli.NoTwins, []string{"true"}))
}

// An access is what a verb wants of a ledger.
type access int

// The kinds of access.
const (
	reading  access = iota
	leaving         // to append, or where the log key is elsewhere to leave events for whoever holds it
	deciding        // to append; the log key is needed
)

// A found policy is its bytes and where they came from.
type found struct {
	data   []byte
	source string
	pinned bool // this user trusted it before, or gave it

	// claimed says that only what is being verified names it. Nothing that is
	// seen under it may be remembered.
	claimed bool

	// log, if set, is the policy that this user trusts for the same log. Where
	// the log is and who signs it is taken from there.
	log []byte

	// protected says that it is the one that the code under test can't write,
	// and no more: the ledger tells whether it is in force yet.
	protected bool
}

// A policyReader finds the policy a verb may go by. Verbs differ in what they
// may believe, so each names its reader.
type policyReader func(ctx context.Context, p place, ring keyring.Ring, f where) (found, error)

// openWorkspace reads the policy and opens its ledger.
func openWorkspace(ctx context.Context, env *cli.Env, f where, read policyReader, want access) (*workspace, error) {
	w, err := openPolicy(ctx, env, f, read)
	if err != nil {
		return nil, err
	}
	return w, w.openLedger(ctx, f, want)
}

// openPolicy reads the policy, and the keys that may sign its log.
func openPolicy(ctx context.Context, env *cli.Env, f where, read policyReader) (*workspace, error) {
	ring, _, err := openRing(env)
	if err != nil {
		return nil, err
	}
	here, err := findPlace(ctx, env)
	if err != nil {
		return nil, err
	}
	w := &workspace{env: env, place: here, ring: ring, roots: roots{file: f.root}}
	text, err := read(ctx, here, w.ring, f)
	if err != nil {
		return nil, err
	}
	if w.policy, err = policy.Parse(text.data); err != nil {
		return nil, cli.Fail(cli.Usage, "run 'gateledger policy lint' to see every finding", "read policy %s: %w", text.source, firstFinding(err))
	}
	if text.log != nil {
		pinned, err := policy.Parse(text.log)
		if err != nil {
			return nil, cli.Fail(cli.Usage, "look at it: gateledger trust --list", "read the policy you trust for %s: %w", w.policy.Ledger.Origin, firstFinding(err))
		}
		witnesses := w.policy.Ledger.Witnesses // part of what this policy asks for
		w.policy.Ledger = pinned.Ledger
		w.policy.Ledger.Witnesses = witnesses
	}
	if err := w.checkRootFile(); err != nil {
		return nil, err
	}
	w.given = w.policy
	w.source, w.pinned, w.claimed, w.protected = text.source, text.pinned, text.claimed, text.protected
	if w.keys, err = proof.NewKeys(w.policy.Ledger.Origin, w.policy.Ledger.Keys); err != nil {
		return nil, fmt.Errorf("read ledger.keys of %s: %w", w.source, err)
	}
	return w, nil
}

// firstFinding is one line of a policy's errors: the first, and how many more
// there are.
func firstFinding(err error) error {
	all := policy.Errors{}
	if !errors.As(err, &all) || len(all) < 2 {
		return err
	}
	return fmt.Errorf("%w (and %d more)", all[0], len(all)-1)
}

func (w *workspace) openLedger(ctx context.Context, f where, want access) (err error) {
	o, err := w.ledgerOptions(ctx, f)
	if err != nil {
		return err
	}
	if err := w.checkMoved(f); err != nil {
		return err
	}
	if want != reading {
		o.Signer, err = w.logSigner(f.logKey)
		elsewhere := errors.Is(err, keyring.ErrNoKey) && f.logKey == ""
		switch {
		case elsewhere && want == leaving && isGit(w.url):
		case elsewhere:
			return cli.Fail(cli.Usage, "only whoever holds the log key can append; it was made by 'gateledger init'", "%w", err)
		case err != nil:
			return err
		}
	}
	w.ledger, err = ledger.Open(ctx, w.url, o)
	if errors.Is(err, fs.ErrNotExist) && codeOf(err) == cli.OK {
		return cli.Fail(cli.Usage, "name a ledger that is there with --ledger", "%w", err)
	}
	if err != nil {
		return w.notOpened(err)
	}
	w.inbox, _ = w.ledger.(ledger.Inbox)
	w.holds = o.Signer != nil
	return w.remember(ctx)
}

// ledgerOptions settles where the ledger is, and what it takes to read it.
func (w *workspace) ledgerOptions(ctx context.Context, f where) (o ledger.Options, err error) {
	w.url = ledgerURL(w.place.root, w.place.common, cmp.Or(f.ledger, w.policy.Ledger.URL))
	o.Keys = w.keys
	o.Git, err = w.gitOptions(ctx)
	return o, err
}

// checkMoved refuses to go where only a policy that may not be in force says
// that the ledger is. Whoever can write the default branch could name another
// branch or folder, with an old copy of the same log in it, from before the
// rules that stop them; the log key would then go on from there. Where nobody
// has to say more, the ledger is under git's folder, or on its own branch of
// the remote that the policy is read from; and a machine that has seen the log
// knows an old copy.
func (w *workspace) checkMoved(f where) error {
	own := []string{"", defaultLedger, "git:" + remote, "git:" + remote + "?branch=" + ledger.DefaultBranch}
	if !w.protected || f.ledger != "" || slices.Contains(own, w.given.Ledger.URL) {
		return nil
	}
	seen, err := w.newestSeen()
	if err != nil || len(seen.Raw) > 0 {
		return err
	}
	return cli.Fail(cli.Usage, "say where it is: --ledger "+clean.Text(w.given.Ledger.URL),
		"only the policy of the default branch says that the ledger is at %s, and it may not be in force", w.given.Ledger.URL)
}

// checkSigned holds the head against the keys of the policy in force: those of
// one that is only proposed count for nothing.
func (w *workspace) checkSigned(head proof.Checkpoint) error {
	if w.policy == w.given || !w.protected {
		return nil
	}
	keys, err := proof.NewKeys(w.policy.Ledger.Origin, w.policy.Ledger.Keys)
	if err != nil {
		return fmt.Errorf("read ledger.keys of the policy in force: %w", err)
	}
	if _, err := proof.ParseCheckpoint(head.Raw, keys); err != nil {
		return cli.Fail(cli.Integrity, "the policy of the default branch names a key that nobody approved", "the log is not signed under the policy in force: %w", err)
	}
	return nil
}

// notOpened says what it means that there is no ledger where this user has
// seen one: nobody takes a log away by accident.
func (w *workspace) notOpened(err error) error {
	seen, memory := w.ring.Head(w.policy.Ledger.Origin)
	if errors.Is(err, ledger.ErrNotLedger) && isGit(w.url) && memory == nil && len(seen) > 0 && !w.claimed {
		return cli.Fail(cli.Integrity, "whoever has seen the log can publish it again: gateledger repair",
			"the log %s is gone from %s, and you have seen it there: %w: %w", w.policy.Ledger.Origin, w.url, ledger.ErrRollback, err)
	}
	return ledgerError(w.url, err)
}

// logSigner is the log key from a file, from standard input, or from the
// user's ring.
func (w *workspace) logSigner(file string) (note.Signer, error) {
	origin := w.policy.Ledger.Origin
	switch file {
	case "":
		return w.ring.LogSigner(origin)
	case "-":
		return keyring.ReadLogKey(w.env.Stdin, origin)
	}
	return keyring.ReadLogKeyFile(file, origin)
}

// remember compares the ledger's head with the one this user saw last: a
// log that lost entries since then was rolled back. A policy that nobody
// trusts could name any origin, and remembers nothing.
func (w *workspace) remember(ctx context.Context) error {
	head, err := w.ledger.Head(ctx)
	if err != nil {
		return ledgerError(w.url, err)
	}
	if w.claimed {
		return nil
	}
	old, err := w.newestSeen()
	if err != nil {
		return err
	}
	if len(old.Raw) > 0 {
		if err := ledger.CheckGrowth(ctx, w.ledger, old); err != nil {
			return ledgerError(w.url, err)
		}
		if old.Size == head.Size {
			return nil
		}
	}
	return w.ring.SetHead(w.policy.Ledger.Origin, head.Raw)
}

// ledgerError says which ledger an error is of, and what to do about it. Its
// exit code is classify's.
func ledgerError(url string, err error) error {
	if !strings.Contains(err.Error(), url) {
		err = fmt.Errorf("ledger %s: %w", url, err)
	}
	for _, c := range []struct {
		is   error
		hint string
	}{
		{ledger.ErrTampered, "keep this copy as evidence; compare with another one, or with an export"},
		{ledger.ErrRollback, "somebody put back an older log; find out who before going on"},
		{ledger.ErrKey, "the log is signed by a key that the policy does not name"},
		{ledger.ErrMissing, "restore the file from a copy; what is missing can't be judged"},
		{ledger.ErrVersion, "use the version of gateledger that made it"},
		{ledger.ErrNotLedger, "run 'gateledger init' to make one"},
		{ledger.ErrReadOnly, "only whoever holds the log key can append"},
		{ledger.ErrAddress, "a ledger is dir:PATH, tar:PATH or git:REMOTE, with ?branch=NAME after it where it is not the usual one"},
		{ledger.ErrBusy, "somebody else is writing; run the same command again"},
		{ledger.ErrContended, "many others are writing; nothing was lost: run the same command again"},
		{ledger.ErrRefused, "a rule or a missing permission at the remote keeps it from being written; nothing was lost"},
		{ledger.ErrUnreachable, "check the network and the address; nothing was lost: run the same command again"},
	} {
		if errors.Is(err, c.is) {
			return &cli.Exit{Code: codeOf(err), Hint: c.hint, Err: err}
		}
	}
	if code := codeOf(err); code != cli.OK {
		return &cli.Exit{Code: code, Err: err}
	}
	return &cli.Exit{Code: cli.Unknown, Hint: "nothing was lost: mend the disk, the folder or its permissions, then run the same command again", Err: err}
}

// entry is a signed event and the documents it names by digest.
type entry struct {
	signed event.Signed
	blobs  [][]byte
}

// leaves are entries as a ledger takes them.
func leaves(entries []entry) ([]ledger.Leaf, error) {
	out := make([]ledger.Leaf, len(entries))
	for i, e := range entries {
		data, err := e.signed.Leaf()
		if err != nil {
			return nil, err
		}
		body, err := e.signed.Body()
		if err != nil {
			return nil, err
		}
		out[i] = ledger.Leaf{ID: e.signed.ID(), Data: data, Body: body, Blobs: e.blobs}
	}
	return out, nil
}

// append logs entries after head (the zero head: after whatever is there) by
// one commit, and checks the receipts it got.
func (w *workspace) append(ctx context.Context, head proof.Checkpoint, entries ...entry) ([]proof.Receipt, error) {
	added, err := leaves(entries)
	if err != nil {
		return nil, err
	}
	receipts, err := w.ledger.Append(ctx, head, added)
	return w.checked(receipts, added, err)
}

// checked checks the receipts of what was appended, and remembers the head.
func (w *workspace) checked(receipts []proof.Receipt, added []ledger.Leaf, err error) ([]proof.Receipt, error) {
	if errors.Is(err, ledger.ErrHeadMoved) {
		return nil, err
	}
	if err != nil {
		return nil, ledgerError(w.url, err)
	}
	for i, r := range receipts {
		if err := r.Verify(added[i].Data, w.keys); err != nil {
			return nil, cli.Fail(cli.Integrity, "", "check the receipt of entry %d: %w", r.Index, err)
		}
	}
	if len(receipts) == 0 {
		return nil, nil
	}
	if w.claimed {
		return receipts, nil
	}
	last := receipts[len(receipts)-1].Checkpoint
	return receipts, w.ring.SetHead(w.policy.Ledger.Origin, last.Raw)
}

// events reads every entry up to head. A body that is missing or altered
// stops it: a decision that skips an entry could miss a veto. Bodies are
// hashed on the other cores while the ledger is read on.
//
// What this process has read before it does not read again: the ledger refuses
// a head that does not grow out of the one before.
func (w *workspace) events(ctx context.Context, head proof.Checkpoint) ([]*event.Event, error) {
	before := w.seen
	if uint64(len(before)) > head.Size {
		before = nil
	}
	out := make([]*event.Event, head.Size)
	from := uint64(copy(out, before))
	opening, ctx := errgroup.WithContext(ctx)
	opening.SetLimit(runtime.GOMAXPROCS(0))
	open := func(batch []ledger.Entry) func() error {
		return func() (err error) {
			for _, e := range batch {
				if out[e.Index], err = openEntry(e); err != nil {
					return err
				}
			}
			return nil
		}
	}
	batch := make([]ledger.Entry, 0, readBatch)
	for e, err := range w.ledger.Read(ctx, from, head.Size) {
		if err != nil {
			return nil, ledgerError(w.url, errors.Join(opening.Wait(), err))
		}
		if batch = append(batch, e); len(batch) == readBatch {
			opening.Go(open(batch))
			batch = make([]ledger.Entry, 0, readBatch)
		}
	}
	opening.Go(open(batch))
	if err := opening.Wait(); err != nil {
		return nil, ledgerError(w.url, err)
	}
	if i := slices.Index(out, nil); i >= 0 {
		return nil, ledgerError(w.url, fmt.Errorf("entry %d: %w", i, ledger.ErrMissing))
	}
	w.seen = out
	return out, nil
}

// readBatch is how many entries one goroutine opens.
const readBatch = 512

// openEntry turns a ledger's entry into the event it holds.
func openEntry(e ledger.Entry) (*event.Event, error) {
	if e.Body == nil {
		return nil, fmt.Errorf("body of entry %d: %w", e.Index, ledger.ErrMissing)
	}
	ev, err := event.Open(e.Index, e.Data, e.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ledger.ErrTampered, err)
	}
	return ev, nil
}
