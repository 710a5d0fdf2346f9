// SPDX-License-Identifier: Apache-2.0

package child

import (
	"bytes"
	"context"
	"fmt"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
)

// AnchorSchema names the answer to 'anchor', so that one of another version is
// not taken for ours.
const AnchorSchema = product.PredicateBase + "remote-anchor/v1"

// AnchorVariables are those of the environment that an anchor of a kind may
// see: names of files with keys and passwords, and limits of what it may cost.
func AnchorVariables(kind string) []string {
	if kind != "evm" {
		return nil
	}
	return []string{
		"GATELEDGER_EVM_ACCOUNT", "GATELEDGER_EVM_KEYSTORE", "GATELEDGER_EVM_MAX_FEE", "GATELEDGER_EVM_MAX_SPEND",
		"GATELEDGER_EVM_PASSWORD_FILE", "GATELEDGER_EVM_REPLACE_AFTER", "GATELEDGER_EVM_SIGNER", "GATELEDGER_EVM_TOKEN_FILE",
	}
}

// An AnchorQuestion is what 'anchor' reads: show this checkpoint to that
// anchor.
type AnchorQuestion struct {
	Spec       anchored.Spec `json:"spec"`
	Checkpoint []byte        `json:"checkpoint"`     // the signed note
	Keys       []string      `json:"keys"`           // of the log, one of which signed it
	Old        uint64        `json:"old"`            // what the anchor has, as far as that is known
	Since      [][]byte      `json:"since"`          // proves that the checkpoint follows from there: hashes, RFC 6962
	Root       []byte        `json:"root,omitempty"` // the Sigstore TrustedRoot that the policy names
}

// An AnchorAnswer is what 'anchor' writes: a receipt, or the size from which
// the anchor wants a proof.
type AnchorAnswer struct {
	Schema  string      `json:"schema"`
	Receipt canon.Raw   `json:"receipt,omitempty"` // an anchored.Receipt
	Behind  *uint64     `json:"behind,omitempty"`
	Cost    *AnchorCost `json:"cost,omitempty"` // where it cost money
}

// An AnchorCost is what a chain was paid for a receipt.
type AnchorCost struct {
	Account      string   `json:"account"`      // who paid, EIP-55
	Transactions []string `json:"transactions"` // that were paid for
	Gas          uint64   `json:"gas"`          // units, of all of them
	Wei          string   `json:"wei"`          // in all, decimal
}

// A Behind is the error of an anchor that wants a proof from another size than
// the question's.
type Behind struct{ Size uint64 }

func (b *Behind) Error() string {
	return fmt.Sprintf("the anchor has seen %d entries: it wants a proof from there", b.Size)
}

// Anchor shows a checkpoint to an anchor and returns what it gave. The receipt
// names the anchor and holds the checkpoint that were asked about; whether its
// proof holds, the caller checks. It fails with a *Behind, and after
// ErrUnavailable the anchor may have taken the checkpoint all the same.
func (r Remote) Anchor(ctx context.Context, q AnchorQuestion) (anchored.Receipt, *AnchorCost, error) {
	fail := func(err error) (anchored.Receipt, *AnchorCost, error) {
		return anchored.Receipt{}, nil, err // whoever asked several says which
	}
	if q.Since == nil {
		q.Since = [][]byte{}
	}
	var a AnchorAnswer
	if err := r.call(ctx, []string{"anchor"}, AnchorVariables(q.Spec.Kind), q, &a); err != nil {
		return fail(err)
	}
	switch {
	case a.Schema != AnchorSchema:
		return fail(fmt.Errorf("%w: schema %.80q, want %s", errOdd, a.Schema, AnchorSchema))
	case a.Behind != nil && a.Receipt == nil:
		return fail(&Behind{*a.Behind})
	case a.Behind != nil || a.Receipt == nil:
		return fail(fmt.Errorf("%w: neither a receipt nor a size, or both", errOdd))
	}
	receipt, err := anchored.ParseReceipt(a.Receipt)
	switch {
	case err != nil:
		return fail(fmt.Errorf("%w: %w", errOdd, err))
	case receipt.Kind != q.Spec.Kind || receipt.Name != q.Spec.Name || !bytes.Equal(receipt.Checkpoint, q.Checkpoint):
		return fail(fmt.Errorf("%w: it is about something else", ErrUnverified))
	}
	return receipt, a.Cost, nil
}

// Hashes are the hashes of a proof as a question holds them.
func Hashes(p proof.Proof) [][]byte {
	out := make([][]byte, len(p))
	for i := range p {
		out[i] = p[i][:]
	}
	return out
}
