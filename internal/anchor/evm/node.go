// SPDX-License-Identifier: Apache-2.0

// Package evm anchors a ledger on an Ethereum chain, and reads there what
// contracts of this product hold. It speaks JSON-RPC with one node and believes
// it nothing more than it says: answers have a limit in time and size, a node of
// another chain or without the contract is refused, and of every event the
// contract, the block and the status of its transaction are checked.
//
// Whoever has to be sure asks a node of their own.
package evm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/clean"
)

var (
	errWrong = fmt.Errorf("%w: this is not the node to ask", anchor.ErrSetup) // of another chain, or the contract is not there
	errNone  = errors.New("the node knows of no such thing")                  // null
)

// maxAnswer bounds one answer of a node, in bytes.
const maxAnswer = 4 << 20

// A node is a node of a chain, ready to be asked.
type node struct {
	rpc  *rpc.Client
	host string
}

// dial sets a node up. Nothing is sent before the first question. A token is
// sent along as a bearer token.
func dial(ctx context.Context, address, token string, w anchor.World) (*node, error) {
	at, err := anchor.Address(address, false)
	if err != nil {
		return nil, err
	}
	options := []rpc.ClientOption{rpc.WithHTTPClient(&http.Client{
		Transport:     w.Ask(ctx, "the node", maxAnswer),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})}
	if token != "" {
		options = append(options, rpc.WithHeader("Authorization", "Bearer "+token))
	}
	client, err := rpc.DialOptions(ctx, at.String(), options...)
	if err != nil {
		return nil, fmt.Errorf("%w: address of node %s is not understood", anchor.ErrSetup, at.Host)
	}
	return &node{client, at.Host}, nil
}

// close lets go of connections.
func (n *node) close() { n.rpc.Close() }

// A said is an error that the node itself answered with.
type said struct {
	code int
	text string // cleaned and cut
	data []byte // of a revert: what the contract said
}

func (s *said) Error() string { return fmt.Sprintf("it answered with error %d: %s", s.code, s.text) }

// reverts says whether it is about a contract that would not do it.
func (s *said) reverts() bool {
	return s.code == 3 || len(s.data) >= 4 || strings.Contains(strings.ToLower(s.text), "revert")
}

// call asks one question. What nobody heard is asked again: a transaction that
// was signed once is the same one twice.
func (n *node) call(ctx context.Context, answer any, method string, args ...any) error {
	err := n.rpc.CallContext(ctx, answer, method, args...)
	if err == nil {
		return nil
	}
	if coded := rpc.Error(nil); errors.As(err, &coded) {
		s := &said{code: coded.ErrorCode(), text: cut(coded.Error())}
		if with := rpc.DataError(nil); errors.As(err, &with) {
			text, _ := with.ErrorData().(string)
			s.data, _ = hexutil.Decode(text)
		}
		return fmt.Errorf("ask %s at %s: %w", method, n.host, s)
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // the address may hold a key
	}
	return fmt.Errorf("ask %s at %s: %w: %s", method, n.host, anchor.ErrUnavailable, cut(err.Error()))
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// cut is what a node said, as it is shown: one line, at most 200 characters.
func cut(s string) string {
	if runes := []rune(clean.Field(s)); len(runes) > 200 {
		return string(runes[:199]) + "…"
	}
	return clean.Field(s)
}

// check makes sure that the node is of the chain, and that there is code at the
// contract's address.
func (n *node) check(ctx context.Context, chain uint64, contract common.Address) error {
	var id hexutil.Big
	if err := n.call(ctx, &id, "eth_chainId"); err != nil {
		return err
	}
	if got := id.ToInt(); !got.IsUint64() || got.Uint64() != chain {
		return fmt.Errorf("%w: %s is a node of chain %s, want %d", errWrong, n.host, cut(got.String()), chain)
	}
	var code hexutil.Bytes
	if err := n.call(ctx, &code, "eth_getCode", contract, "latest"); err != nil {
		return err
	}
	if len(code) == 0 {
		return fmt.Errorf("%w: %s has no contract at %s", errWrong, n.host, contract)
	}
	return nil
}

// A block as far as it matters here. Its hash is the node's word: chains differ
// in what is hashed.
type block struct {
	Number *hexutil.Uint64 `json:"number"`
	Hash   *common.Hash    `json:"hash"`
	Time   *hexutil.Uint64 `json:"timestamp"`
	Fee    *hexutil.Big    `json:"baseFeePerGas"`
}

// blockAt reads the block of a tag, such as "latest" or "finalized", or of a
// number in hex.
func (n *node) blockAt(ctx context.Context, tag string) (block, error) {
	var b *block
	if err := n.call(ctx, &b, "eth_getBlockByNumber", tag, false); err != nil {
		return block{}, err
	}
	switch {
	case b == nil:
		return block{}, fmt.Errorf("read block %s at %s: %w", tag, n.host, errNone)
	case b.Number == nil || b.Hash == nil || b.Time == nil || uint64(*b.Time) > 1<<40:
		return block{}, fmt.Errorf("read block %s at %s: %w: no number, hash or time", tag, n.host, anchor.ErrUnavailable)
	}
	return *b, nil
}

// A receipt of a transaction as far as it matters here.
type receipt struct {
	Transaction *common.Hash    `json:"transactionHash"`
	Block       *common.Hash    `json:"blockHash"`
	Number      *hexutil.Uint64 `json:"blockNumber"`
	Status      *hexutil.Uint64 `json:"status"`
	Gas         hexutil.Uint64  `json:"gasUsed"`
	Price       *hexutil.Big    `json:"effectiveGasPrice"`
	Logs        []*types.Log    `json:"logs"`
}

// receiptOf reads a receipt; errNone if the transaction stands in no block.
func (n *node) receiptOf(ctx context.Context, tx common.Hash) (receipt, error) {
	var r *receipt
	if err := n.call(ctx, &r, "eth_getTransactionReceipt", tx); err != nil {
		return receipt{}, err
	}
	switch {
	case r == nil || r.Block == nil && r.Number == nil:
		return receipt{}, fmt.Errorf("read receipt of %s at %s: %w", tx, n.host, errNone)
	case r.Transaction == nil || *r.Transaction != tx || r.Block == nil || r.Number == nil || r.Status == nil:
		return receipt{}, fmt.Errorf("read receipt of %s at %s: %w: it is of another transaction, or not whole", tx, n.host, anchor.ErrUnavailable)
	}
	return *r, nil
}

// view calls a contract's view at a block.
func (n *node) view(ctx context.Context, contract common.Address, data []byte, tag string) ([]byte, error) {
	var out hexutil.Bytes
	call := map[string]any{"to": contract, "input": hexutil.Bytes(data)}
	if err := n.call(ctx, &out, "eth_call", call, tag); err != nil {
		return nil, err
	}
	return out, nil
}
