// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/report"
)

// How a checkpoint gets to its anchors.
//
// There is no queue: what is still to be anchored follows from the ledger and
// the receipts beside it, so nothing is lost with a job. Each anchor is asked
// by a child process of its own. What it gives is checked here, by the policy,
// and kept as soon as it is there: one that is slow costs the others nothing.

const (
	// proofRounds is how often an anchor may want a proof from another size:
	// others may show it newer checkpoints meanwhile.
	proofRounds = 4

	// hintReceipts is how many kept receipts are read for what anchors have.
	hintReceipts = 64
)

// An anchoring is what became of a checkpoint at one anchor.
type anchoring struct {
	spec    anchored.Spec
	receipt anchored.Receipt
	proven  anchored.Proven
	cost    *child.AnchorCost
	already bool  // it was kept before
	err     error // a *cli.Exit: Pending for what may be well the next time
}

// status is the report's word for it.
func (a anchoring) status() string {
	switch exitOf(a.err).Code {
	case cli.OK:
		if a.already {
			return report.TakenBefore
		}
		return report.Taken
	case cli.No:
		return report.Refused
	case cli.Integrity:
		return report.Lied
	case cli.Usage:
		return report.NotSetUp
	}
	return report.Outstanding
}

// anchorHead shows a head of the ledger to anchors, and returns the receipts
// that they gave, also beside an error: it is a *cli.Exit by the gravest of what
// went wrong, Pending where that is only that anchors could not be asked. The
// receipts are checked, and kept beside the ledger.
func (w *workspace) anchorHead(ctx context.Context, head proof.Checkpoint, specs []anchored.Spec) ([]anchored.Receipt, error) {
	all, err := w.anchorAll(ctx, head, specs, child.DefaultTimeout)
	if err != nil {
		return nil, err
	}
	var receipts []anchored.Receipt
	for _, a := range all {
		if a.err == nil {
			receipts = append(receipts, a.receipt)
		}
	}
	return receipts, showingExit(all)
}

// anchorAll shows a head to all of specs at once, but those whose receipt for
// it is kept already. The answers are in the order of specs. Its error is one
// of this side; what goes wrong at an anchor is in its answer.
func (w *workspace) anchorAll(ctx context.Context, head proof.Checkpoint, specs []anchored.Spec, timeout time.Duration) ([]anchoring, error) {
	keeper, ok := w.ledger.(ledger.ReceiptKeeper)
	if !ok {
		return nil, ledgerError(w.url, ledger.ErrReadOnly)
	}
	trust, err := w.anchorTrust(ctx)
	if err != nil {
		return nil, err
	}
	s := &showing{workspace: w, head: head, trust: trust, all: make([]anchoring, len(specs)), old: map[anchored.Spec]uint64{}}
	for i, spec := range specs {
		s.all[i].spec = spec
	}
	if err := s.readKept(ctx, keeper); err != nil {
		return nil, err
	}
	if s.outstanding() == 0 {
		return s.all, nil
	}
	if s.remote, err = w.remote(); err != nil {
		return nil, err
	}
	s.remote.Timeout = timeout
	if digest := w.policy.Sigstore.TrustedRoot; digest != "" {
		s.root, _ = w.rootBytes(ctx, digest) // whoever needs it says so
	}
	s.run(ctx, keeper)
	return s.all, nil
}

// A showing is one head on its way to its anchors.
type showing struct {
	*workspace
	head   proof.Checkpoint
	trust  anchored.Trust
	remote child.Remote
	root   []byte
	all    []anchoring
	old    map[anchored.Spec]uint64 // what an anchor has, by the receipts that are kept

	mu sync.Mutex // of the ledger
}

func (s *showing) outstanding() int {
	n := 0
	for _, a := range s.all {
		if !a.already {
			n++
		}
	}
	return n
}

// readKept finds the receipts of this head that are kept already, and what the
// anchors have seen before. The newest receipts come first.
func (s *showing) readKept(ctx context.Context, keeper ledger.ReceiptKeeper) error {
	n := 0
	for kept, err := range keeper.Receipts(ctx) {
		if n++; n > hintReceipts && kept.Size < s.head.Size {
			return nil
		}
		if errors.Is(err, ledger.ErrStray) {
			continue
		}
		if err != nil {
			return ledgerError(s.url, err)
		}
		r, err := anchored.ParseReceipt(kept.Data)
		if err != nil {
			continue
		}
		p, err := anchored.Check(s.trust, r)
		if err != nil {
			continue
		}
		for i := range s.all {
			s.note(&s.all[i], r, p)
		}
	}
	return nil
}

// note holds a kept receipt against an anchor.
func (s *showing) note(a *anchoring, r anchored.Receipt, p anchored.Proven) {
	if a.spec != p.Spec {
		return
	}
	c := p.Checkpoint
	if c.Size <= s.head.Size {
		s.old[a.spec] = max(s.old[a.spec], c.Size)
	}
	if c.Size == s.head.Size && c.Root == s.head.Root && !a.already && !p.Hearsay { // of hearsay the anchor is asked again
		a.receipt, a.proven, a.already = r, p, true
	}
}

// run asks all anchors that are outstanding, and keeps what they give as it
// comes: while some receipts are being kept, the next ones gather.
func (s *showing) run(ctx context.Context, keeper ledger.ReceiptKeeper) {
	given := make(chan int, len(s.all))
	waiting := 0
	for i := range s.all {
		if s.all[i].already {
			continue
		}
		waiting++
		go func() {
			s.ask(ctx, &s.all[i])
			given <- i
		}()
	}
	for waiting > 0 {
		batch := []int{<-given}
		for len(given) > 0 {
			batch = append(batch, <-given)
		}
		waiting -= len(batch)
		s.keep(ctx, keeper, batch)
	}
}

// keep keeps what some anchors gave.
func (s *showing) keep(ctx context.Context, keeper ledger.ReceiptKeeper, batch []int) {
	var receipts []ledger.StoredReceipt
	for _, i := range batch {
		a := &s.all[i]
		if a.err != nil {
			continue
		}
		data, err := a.receipt.Bytes()
		if err != nil {
			a.err = cli.Fail(cli.Unknown, "", "write receipt: %w", err)
			continue
		}
		receipts = append(receipts, ledger.StoredReceipt{Size: s.head.Size, Data: data})
	}
	if len(receipts) == 0 {
		return
	}
	s.mu.Lock()
	err := keeper.KeepReceipts(ctx, receipts)
	s.mu.Unlock()
	if err == nil {
		return
	}
	for _, i := range batch {
		if a := &s.all[i]; a.err == nil {
			a.err = notKept(ledgerError(s.url, err))
		}
	}
}

// notKept is what it means that a receipt can't be kept: it is as good as not
// given, and an anchor gives it again. A ledger that was tampered with is graver.
func notKept(err error) error {
	exit := exitOf(err)
	if exit.Code == cli.Unknown {
		return cli.Fail(cli.Pending, exit.Hint, "its receipt could not be kept: %w", exit.Err)
	}
	return err
}

// ask shows the head to one anchor, with the proofs that it wants, and checks
// what it gives.
func (s *showing) ask(ctx context.Context, a *anchoring) {
	old := s.old[a.spec]
	for range proofRounds {
		since, err := s.since(ctx, old)
		if err != nil {
			a.err = err
			return
		}
		q := child.AnchorQuestion{Spec: a.spec, Checkpoint: s.head.Raw, Keys: s.policy.Ledger.Keys, Old: old, Since: child.Hashes(since)}
		if a.spec.Kind == "rekor" {
			q.Root = s.root
		}
		receipt, cost, err := s.remote.Anchor(ctx, q)
		behind := (*child.Behind)(nil)
		switch {
		case errors.As(err, &behind) && behind.Size > s.head.Size:
			a.err = cli.Fail(cli.No, "read the ledger again; if it has no more, it was rolled back", "it has seen %d entries of the log, and there are %d", behind.Size, s.head.Size)
			return
		case errors.As(err, &behind):
			old = behind.Size
			continue
		case err != nil:
			a.err = anchorFailed(err)
			return
		}
		a.cost = cost
		if a.receipt, a.proven, a.err = s.check(receipt); a.err == nil && a.proven.Hearsay {
			a.err = s.confirm(ctx, a)
		}
		return
	}
	a.err = cli.Fail(cli.Pending, "", "it wants a proof from another size each time")
}

// since proves that the head follows from the first old entries.
func (s *showing) since(ctx context.Context, old uint64) (proof.Proof, error) {
	if old == 0 || old >= s.head.Size {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.ledger.Consistency(ctx, old, s.head.Size)
	if err != nil {
		return nil, ledgerError(s.url, err)
	}
	return p, nil
}

// check says what a receipt proves. The child's word for it is not enough.
func (s *showing) check(r anchored.Receipt) (anchored.Receipt, anchored.Proven, error) {
	trust := s.trust
	trust.Now = s.env.Now().UTC()
	p, err := anchored.Check(trust, r)
	switch {
	case errors.Is(err, anchored.ErrUnchecked):
		return r, p, cli.Fail(cli.Usage, "the policy's sigstore.trusted-root must know the anchor; give the file with --trusted-root", "check its receipt: %w", err)
	case err != nil:
		return r, p, cli.Fail(cli.Integrity, "compare its address and key in the policy with what who runs it says", "check its receipt: %w", err)
	case p.Checkpoint.Size != s.head.Size || p.Checkpoint.Root != s.head.Root:
		return r, p, cli.Fail(cli.Integrity, "", "its receipt is of another checkpoint")
	}
	return r, p, nil
}

// confirm asks the node what a receipt of a contract is worth, and holds every
// checkpoint that the contract took against the log: it takes whatever is larger,
// also of another log.
func (s *showing) confirm(ctx context.Context, a *anchoring) error {
	answer, err := s.remote.AnchorCheck(ctx, child.AnchorCheckQuestion{Spec: a.spec, Receipt: a.receipt})
	if err != nil {
		return anchorFailed(err)
	}
	at, err := time.Parse(time.RFC3339, answer.Time)
	if !answer.Stands || !answer.Final || err != nil || at.After(s.env.Now().Add(anchored.Skew)) {
		return cli.Fail(cli.Pending, "", "its node does not confirm its receipt: %s", answer.Why)
	}
	a.proven.At = at.UTC()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.oneLog(ctx, s.head, a.spec, answer.Heads)
}

// anchorFailed is how an anchor failed. One that could not be asked is
// outstanding.
func anchorFailed(err error) error {
	exit := exitOf(remoteError(err))
	if exit.Code == cli.Unknown {
		return cli.Fail(cli.Pending, exit.Hint, "%w", exit.Err)
	}
	return exit
}
