// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
	"github.com/gateledger/gateledger/internal/report"
)

// What receipts of anchors are worth to a verb.
//
// They lie beside the ledger, where anybody who can write there can drop them
// or put others. So each is checked by what the policies in force name, and
// against the log at hand. What is garbage proves nothing and stops nobody. But
// a checkpoint that the log's key signed and that this log does not follow from
// shows two logs, whoever brought it.

// policies are those that were in force over the log, the newest first.
func (w *workspace) policies() []*policy.Policy {
	all := []*policy.Policy{w.policy}
	add := func(p *policy.Policy) {
		if p != nil && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	if w.chain != nil {
		for _, s := range slices.Backward(w.chain.Steps) {
			add(w.chain.At(s.Index + 1))
		}
		add(w.chain.At(0))
	}
	return all
}

// anchorTrust is what receipts are checked against: the log keys, the anchors
// and the trusted roots of every policy that was in force.
func (w *workspace) anchorTrust(ctx context.Context) (anchored.Trust, error) {
	t := anchored.Trust{Now: w.env.Now().UTC()}
	var keys []string
	for _, p := range w.policies() {
		for _, s := range p.AnchorSpecs() {
			if !slices.Contains(t.Specs, s) {
				t.Specs = append(t.Specs, s)
			}
		}
		for _, key := range p.Ledger.Keys {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
		if root := w.rootOf(ctx, p.Sigstore.TrustedRoot); root != nil && !slices.Contains(t.Roots, root) {
			t.Roots = append(t.Roots, root)
		}
	}
	var err error
	if t.Keys, err = proof.NewKeys(w.policy.Ledger.Origin, keys); err != nil {
		return t, fmt.Errorf("read ledger.keys of %s: %w", w.source, err)
	}
	return t, nil
}

// treeAt is the log at head, as receipts are held against it.
func (w *workspace) treeAt(ctx context.Context, head proof.Checkpoint) anchored.Tree {
	return anchored.Tree{Head: head, Since: func(old uint64) (proof.Proof, error) {
		return w.ledger.Consistency(ctx, old, head.Size)
	}}
}

// receiptsAt checks what anchors gave for checkpoints of so many entries or
// more, against the log at head. Where no policy names an anchor, nothing is
// read.
func (w *workspace) receiptsAt(ctx context.Context, head proof.Checkpoint, from uint64) (anchored.Evidence, error) {
	keeper, ok := w.ledger.(ledger.ReceiptKeeper)
	if !ok || !slices.ContainsFunc(w.policies(), func(p *policy.Policy) bool { return len(p.AnchorSpecs()) > 0 }) {
		return anchored.Evidence{}, nil
	}
	trust, err := w.anchorTrust(ctx)
	if err != nil {
		return anchored.Evidence{}, err
	}
	kept, strays, more, err := readReceipts(keeper.Receipts(ctx), from)
	if err != nil {
		return anchored.Evidence{}, ledgerError(w.url, err)
	}
	if more {
		fmt.Fprintf(w.env.Stderr, "note: there are more receipts beside the ledger than the %d that are looked at\n", len(kept)+strays)
	}
	found, err := anchored.Examine(trust, w.treeAt(ctx, head), kept)
	if err != nil {
		return found, w.anchorError(err)
	}
	w.tellRefused(found, strays)
	return found, w.notBehind(ctx, found, head)
}

// maxReceiptBytes bounds the receipts that are held at once, so that who can
// write beside a ledger can't take all memory of its readers.
const maxReceiptBytes = 64 << 20

// readReceipts reads receipts for so many entries or more, those of the largest
// checkpoints first, until there are too many of them, or of what is none; then
// there are more. Some of those before prove nothing that is asked for, and are
// looked at all the same: they may show another log.
func readReceipts(all iter.Seq2[ledger.StoredReceipt, error], from uint64) (kept [][]byte, strays int, more bool, err error) {
	size, older := 0, 0
	for r, err := range all {
		if err == nil && r.Size < from {
			if older++; older > hintReceipts {
				break
			}
		}
		if len(kept) == anchored.MaxExamined || strays == anchored.MaxExamined || size+len(r.Data) > maxReceiptBytes {
			return kept, strays, true, nil
		}
		switch {
		case errors.Is(err, ledger.ErrStray):
			strays++
		case err != nil:
			return nil, strays, false, err
		default:
			kept, size = append(kept, r.Data), size+len(r.Data)
		}
	}
	return kept, strays, false, nil
}

// tellRefused says that some receipts prove nothing, and why the first does not.
func (w *workspace) tellRefused(e anchored.Evidence, strays int) {
	if n := len(e.Refused) + strays + e.Left; n > 0 {
		why := "it is no receipt"
		if len(e.Refused) > 0 {
			why = e.Refused[0].Error()
		}
		fmt.Fprintf(w.env.Stderr, "note: %s beside the ledger, which prove nothing; the first: %s\n", counted(n, "receipt"), clean.Text(why))
	}
}

// notBehind refuses a ledger that has lost what its own key signed. One that
// grew while it was read has lost nothing.
func (w *workspace) notBehind(ctx context.Context, e anchored.Evidence, head proof.Checkpoint) error {
	if e.Ahead <= head.Size {
		return nil
	}
	now, err := w.ledger.Head(ctx)
	if err != nil {
		return ledgerError(w.url, err)
	}
	if now.Size >= e.Ahead {
		return nil
	}
	return cli.Fail(cli.Integrity, "somebody put back an older log; find out who before going on",
		"an anchor has seen %d entries of the log, signed by its key, and this one has %d: %w", e.Ahead, now.Size, ledger.ErrRollback)
}

// anchorError says what it means that a receipt can't be held against the log.
func (w *workspace) anchorError(err error) error {
	if errors.Is(err, anchored.ErrFork) {
		return cli.Fail(cli.Integrity, "keep this copy and the receipt as evidence: whoever holds the log key has signed both", "%w", err)
	}
	return ledgerError(w.url, err)
}

// anchoringExit is how a verb ends that was asked about the whole ledger.
func anchoringExit(all []custody.Anchoring) error {
	for _, a := range all {
		if !a.OK {
			return cli.Fail(cli.Unknown, "anchor it: gateledger anchor --environment "+a.Environment, "%s: %s", a.Environment, a.Why)
		}
	}
	return nil
}

// tellAnchors prints how each anchored environment stands, and the age of each
// receipt that it goes by.
func (v *verifier) tellAnchors(all []custody.Anchoring) {
	for _, a := range all {
		mark := "ok"
		if !a.OK {
			mark = "not proven"
		}
		fmt.Fprintf(v.env.Stdout, "%s: %s: %s\n", mark, a.Environment, a.Why)
		io.WriteString(v.env.Stdout, report.Anchors(a.Anchors))
	}
}

// anchorLines says who sees the log, as trust shows a policy.
func anchorLines(p *policy.Policy) []string {
	var out []string
	if n := p.Ledger.Witnesses.Need; n > 0 {
		out = append(out, fmt.Sprintf("witnesses    of %s", counted(n, "different operator")))
	}
	for _, s := range p.AnchorSpecs() {
		switch s.Kind {
		case anchored.Witness:
			out = append(out, fmt.Sprintf("witness      %s of %s, at %s", s.Key, s.Operator, s.URL))
		case "evm":
			out = append(out, fmt.Sprintf("anchor       %s: contract %s on chain %d, by %s", s.Name, s.Contract, s.Chain, s.URL))
		default:
			out = append(out, fmt.Sprintf("anchor       %s: %s at %s", s.Name, s.Kind, s.URL))
		}
	}
	return out
}

// anchorRules says what an environment asks of anchors.
func anchorRules(e policy.Environment) []string {
	if e.Tier != policy.Anchored {
		return nil
	}
	rules := []string{"the log must be proven unique and dated by " + listOr(e.Anchors, "any anchors that prove it")}
	if e.Outage != nil {
		rules = append(rules, "goes on while anchors are down, and owes them for "+e.Outage.SettleWithin.String())
	}
	if e.MaxHeadAge > 0 {
		rules = append(rules, "witnesses must have seen the log within "+e.MaxHeadAge.String())
	}
	return rules
}
