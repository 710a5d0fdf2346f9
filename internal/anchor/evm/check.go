// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/proof"
)

// A Standing is what a node says about a receipt.
type Standing struct {
	Stands bool      // the transaction took this very checkpoint, in a block of the chain
	Final  bool      // and that block is final, by the node's or the policy's rule
	Why    string    // why it does not stand, or is not final
	Block  uint64    // that it stands in
	Time   time.Time // of the block

	// Heads is every checkpoint of this log that the contract has taken. It takes
	// whatever is larger, so whoever wants to know that there is one log holds
	// each of them against it.
	Heads []Head
}

// A Head is a checkpoint as a contract took it.
type Head struct {
	Size uint64
	Root [32]byte
}

// Check asks the node of spec whether a receipt stands: whether its transaction
// went through, in the block that it names, and made that contract take this
// the checkpoint in it, whose signature the caller has checked. An error says
// that it could not be found out.
func Check(ctx context.Context, spec anchored.Spec, r anchored.Receipt, w anchor.World) (Standing, error) {
	c, err := openContract(spec, w)
	if err != nil {
		return Standing{}, fmt.Errorf("check anchor %s: %w", spec.Name, err)
	}
	s, err := c.standing(ctx, r)
	if err != nil {
		return Standing{}, fmt.Errorf("check anchor %s: %w", spec.Name, err)
	}
	return s, nil
}

func (c *contract) standing(ctx context.Context, r anchored.Receipt) (Standing, error) {
	at, why := c.claimed(r)
	if why != "" {
		return Standing{Why: why}, nil
	}
	want, why := claimedHead(r)
	if why != "" {
		return Standing{Why: why}, nil
	}
	n, err := dial(ctx, c.spec.URL, c.token, c.world)
	if err != nil {
		return Standing{}, err
	}
	defer n.close()
	if err := n.check(ctx, c.spec.Chain, c.address); err != nil {
		return Standing{}, err
	}
	found, err := n.receiptOf(ctx, at.transaction)
	if errors.Is(err, errNone) {
		return Standing{Why: "its transaction stands in no block of the chain"}, nil
	}
	if err != nil {
		return Standing{}, err
	}
	took := func(l *types.Log) bool {
		return l != nil && isAnchored(l, c.address, want) && common.BytesToHash(l.Data) == want.root
	}
	switch {
	case *found.Block != at.block || uint64(*found.Number) != at.number:
		return Standing{Why: fmt.Sprintf("its transaction stands in block %d, which is another one than it says", uint64(*found.Number))}, nil
	case *found.Status != 1:
		return Standing{Why: "its transaction failed"}, nil
	case !slices.ContainsFunc(found.Logs, took):
		return Standing{Why: "its transaction did not make the contract take this checkpoint"}, nil
	}
	final, err := c.final(ctx, n, &at)
	if errors.Is(err, errNone) {
		return Standing{Why: fmt.Sprintf("block %d is no longer the one that it says", at.number)}, nil
	}
	if err != nil {
		return Standing{}, err
	}
	heads, err := c.heads(ctx, n, want.origin)
	if err != nil {
		return Standing{}, err
	}
	s := Standing{Stands: true, Final: final, Block: at.number, Time: at.time, Heads: heads}
	if !final {
		s.Why = fmt.Sprintf("block %d is not final yet", at.number)
	}
	return s, nil
}

// claimed is the place that a receipt claims, or why it claims none of this
// contract.
func (c *contract) claimed(r anchored.Receipt) (place, string) {
	var p anchored.EVMProof
	if r.Kind != "evm" {
		return place{}, "it is no receipt of a chain"
	}
	if err := canon.Decode(r.Proof, &p); err != nil {
		return place{}, "its proof is not understood"
	}
	var at place
	tx, err1 := json.Marshal(p.Transaction)
	block, err2 := json.Marshal(p.BlockHash)
	if err := errors.Join(err1, err2, at.transaction.UnmarshalJSON(tx), at.block.UnmarshalJSON(block)); err != nil {
		return place{}, "its transaction or block is no hash"
	}
	if p.Chain != c.spec.Chain || !common.IsHexAddress(p.Contract) || common.HexToAddress(p.Contract) != c.address {
		return place{}, fmt.Sprintf("it is of chain %d, contract %.60q, and the policy names chain %d, contract %s", p.Chain, p.Contract, c.spec.Chain, c.address)
	}
	at.number = p.Block
	return at, ""
}

// claimedHead is the checkpoint in a receipt, or why there is none.
func claimedHead(r anchored.Receipt) (wanted, string) {
	text, err := anchor.Text(proof.Checkpoint{Raw: r.Checkpoint})
	if err != nil {
		return wanted{}, "its checkpoint is not understood"
	}
	head, err := proof.ParseText(string(text))
	if err != nil {
		return wanted{}, "its checkpoint is not understood"
	}
	want, err := wantedOf(anchor.Submission{Checkpoint: head})
	if err != nil {
		return wanted{}, "its checkpoint is of a size that no contract takes"
	}
	return want, ""
}

// heads lists every checkpoint of a log that the contract has taken.
func (c *contract) heads(ctx context.Context, n *node, origin common.Hash) ([]Head, error) {
	newest, err := n.blockAt(ctx, "latest")
	if err != nil {
		return nil, err
	}
	logs, err := n.allLogs(ctx, c.address, uint64(*newest.Number), []any{anchoredTopic, origin}, func(from uint64) (bool, error) { return from == 0, nil })
	if err != nil {
		return nil, err
	}
	var all []Head
	for _, l := range logs {
		size := l.Topics[len(l.Topics)-1].Big()
		if len(l.Topics) != 3 || len(l.Data) != 32 || !size.IsUint64() {
			return nil, fmt.Errorf("%w: %s shows an event that is none", anchor.ErrUnavailable, n.host)
		}
		all = append(all, Head{size.Uint64(), [32]byte(l.Data)})
	}
	return all, nil
}
