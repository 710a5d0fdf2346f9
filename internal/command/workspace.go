// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// A workspace is one policy with its ledger open, as one verb uses them.
type workspace struct {
	env     *cli.Env
	place   place
	policy  *policy.Policy
	source  string // where the policy came from, for people
	pinned  bool   // this user trusted the policy before, or gave it
	claimed bool   // only what is being verified names the policy
	ring    keyring.Ring
	keys    proof.Keys
	url     string // the ledger's, resolved
	ledger  ledger.Ledger
}

// where are the flags that say which policy and ledger are meant.
type where struct {
	policy string
	ledger string
}

func (f *where) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.policy, "policy", "", "policy `FILE` to go by")
	cmd.Flags().StringVar(&f.ledger, "ledger", "", "ledger `URL`, instead of the policy's")
}

// A found policy is its bytes and where they came from.
type found struct {
	data   []byte
	source string
	pinned bool // this user trusted it before, or gave it

	// claimed says that only what is being verified names it. Nothing that is
	// seen under it may be remembered.
	claimed bool
}

// A policyReader finds the policy a verb may go by. Verbs differ in what they
// may believe, so each names its reader.
type policyReader func(ctx context.Context, p place, ring keyring.Ring, f where) (found, error)

// openWorkspace reads the policy and opens its ledger; for writing, too, if
// write is set and the log key at hand.
func openWorkspace(ctx context.Context, env *cli.Env, f where, read policyReader, write bool) (*workspace, error) {
	w, err := openPolicy(ctx, env, f, read)
	if err != nil {
		return nil, err
	}
	return w, w.openLedger(ctx, f.ledger, write)
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
	w := &workspace{env: env, place: here, ring: ring}
	text, err := read(ctx, here, w.ring, f)
	if err != nil {
		return nil, err
	}
	if w.policy, err = policy.Parse(text.data); err != nil {
		return nil, cli.Fail(cli.Usage, "run 'gateledger policy lint' to see every finding", "read policy %s: %w", text.source, firstFinding(err))
	}
	w.source, w.pinned, w.claimed = text.source, text.pinned, text.claimed
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

func (w *workspace) openLedger(ctx context.Context, url string, write bool) (err error) {
	l := w.policy.Ledger
	if url == "" {
		url = l.URL
	}
	w.url = ledgerURL(w.place.root, w.place.common, url)
	o := ledger.Options{Keys: w.keys}
	if write {
		o.Signer, err = w.ring.LogSigner(l.Origin)
		if errors.Is(err, keyring.ErrNoKey) {
			return cli.Fail(cli.Usage, "only whoever holds the log key can append; it was made by 'gateledger init'", "%w", err)
		}
		if err != nil {
			return err
		}
	}
	w.ledger, err = ledger.Open(ctx, w.url, o)
	if errors.Is(err, fs.ErrNotExist) && codeOf(err) == cli.OK {
		return cli.Fail(cli.Usage, "name a ledger that is there with --ledger", "%w", err)
	}
	if err != nil {
		return ledgerError(w.url, err)
	}
	return w.remember(ctx)
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
	seen, err := w.ring.Head(w.policy.Ledger.Origin)
	if err != nil {
		return err
	}
	if len(seen) > 0 {
		old, err := proof.ParseCheckpoint(seen, w.keys)
		if err != nil {
			return fmt.Errorf("read the head remembered for %s: %w", w.policy.Ledger.Origin, err)
		}
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
		{ledger.ErrBusy, "somebody else is writing; run the same command again"},
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

// append logs entries after head (the zero head: after whatever is there) by
// one commit, and checks the receipts it got.
func (w *workspace) append(ctx context.Context, head proof.Checkpoint, entries ...entry) ([]proof.Receipt, error) {
	leaves := make([]ledger.Leaf, len(entries))
	for i, e := range entries {
		data, err := e.signed.Leaf()
		if err != nil {
			return nil, err
		}
		leaves[i] = ledger.Leaf{ID: e.signed.ID(), Data: data, Body: e.signed.Payload, Blobs: e.blobs}
	}
	receipts, err := w.ledger.Append(ctx, head, leaves)
	if errors.Is(err, ledger.ErrHeadMoved) {
		return nil, err
	}
	if err != nil {
		return nil, ledgerError(w.url, err)
	}
	for i, r := range receipts {
		if err := r.Verify(leaves[i].Data, w.keys); err != nil {
			return nil, cli.Fail(cli.Integrity, "", "check the receipt of entry %d: %w", r.Index, err)
		}
	}
	last := receipts[len(receipts)-1].Checkpoint
	return receipts, w.ring.SetHead(w.policy.Ledger.Origin, last.Raw)
}

// events reads every entry up to head. A body that is missing or altered
// stops it: a decision that skips an entry could miss a veto. Bodies are
// hashed on the other cores while the ledger is read on.
func (w *workspace) events(ctx context.Context, head proof.Checkpoint) ([]*event.Event, error) {
	out := make([]*event.Event, head.Size)
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
	for e, err := range w.ledger.Read(ctx, 0, head.Size) {
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
	if errors.Is(err, event.ErrKeyless) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ledger.ErrTampered, err)
	}
	return ev, nil
}
