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
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/gateledger/gateledger/internal/clean"
)

// What can go wrong with a node, told apart by errors.Is.
var (
	ErrUnavailable = errors.New("the node could not be asked")     // down, slow, or it answers garbage
	ErrWrong       = errors.New("this is not the node to ask")     // of another chain, or the contract is not there
	errNone        = errors.New("the node knows of no such thing") // null
)

const (
	maxAnswer = 4 << 20 // bytes of one answer
	tries     = 3       // of one question that nobody answered
)

// A Node is a node of a chain, ready to be asked.
type Node struct {
	rpc     *rpc.Client
	host    string
	timeout time.Duration // of one try
	pause   time.Duration // before a second try
}

// A Dialling says how to get to a node. The zero value of all but URL is usual.
type Dialling struct {
	URL            string
	Base           http.RoundTripper // nil: http.DefaultTransport
	Timeout, Pause time.Duration     // of one try, and before the next; 0: 20 s and 300 ms
	Token          string            // sent as a bearer token; empty: none
}

// Dial sets a Node up. Nothing is sent before the first question.
func Dial(d Dialling) (*Node, error) {
	at, err := url.Parse(d.URL)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" {
		return nil, fmt.Errorf("%w: its address is not one of http or https", ErrWrong)
	}
	if d.Base == nil {
		d.Base = http.DefaultTransport
	}
	n := &Node{host: at.Host, timeout: d.Timeout, pause: d.Pause}
	if n.timeout == 0 {
		n.timeout = 20 * time.Second
	}
	if n.pause == 0 {
		n.pause = 300 * time.Millisecond
	}
	client := &http.Client{
		Transport:     &limited{base: d.Base, limit: maxAnswer, token: d.Token},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
	}
	n.rpc, err = rpc.DialOptions(context.Background(), d.URL, rpc.WithHTTPClient(client))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: its address is not understood", ErrWrong, n.host)
	}
	return n, nil
}

// Close lets go of connections.
func (n *Node) Close() { n.rpc.Close() }

var errRedirect = errors.New("it answers with a redirect, and those are not followed")

// limited bounds answers, and adds the token.
type limited struct {
	base  http.RoundTripper
	limit int64
	token string
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	if l.token != "" {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+l.token)
	}
	resp, err := l.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.ContentLength > l.limit {
		resp.Body.Close()
		return nil, errLarge
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: l.limit}
	return resp, nil
}

var errLarge = fmt.Errorf("its answer is over the limit of %d bytes", maxAnswer)

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLarge
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// A Said is an error that the node itself answered with.
type Said struct {
	Code int
	Text string // cleaned and cut
	Data []byte // of a revert: what the contract said
}

func (s *Said) Error() string { return fmt.Sprintf("it answered with error %d: %s", s.Code, s.Text) }

// call asks one question, again where nobody answered. Asking twice does no
// harm: a transaction that was signed once is the same one twice.
func (n *Node) call(ctx context.Context, answer any, method string, args ...any) error {
	wait := n.pause
	for try := 1; ; try++ {
		err := n.try(ctx, answer, method, args)
		if said := (*Said)(nil); err == nil || errors.As(err, &said) || errors.Is(err, errNone) || try == tries || ctx.Err() != nil {
			return err
		}
		if pause(ctx, wait) != nil {
			return err
		}
		wait *= 2
	}
}

func (n *Node) try(ctx context.Context, answer any, method string, args []any) error {
	ctx, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	err := n.rpc.CallContext(ctx, answer, method, args...)
	if err == nil {
		return nil
	}
	if coded := rpc.Error(nil); errors.As(err, &coded) {
		s := &Said{Code: coded.ErrorCode(), Text: cut(coded.Error())}
		if with := rpc.DataError(nil); errors.As(err, &with) {
			text, _ := with.ErrorData().(string)
			s.Data, _ = hexutil.Decode(text)
		}
		return fmt.Errorf("ask %s at %s: %w", method, n.host, s)
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // the address may hold a secret
	}
	return fmt.Errorf("ask %s at %s: %w: %s", method, n.host, ErrUnavailable, cut(err.Error()))
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

// Check makes sure that the node is of the chain, and that there is code at the
// contract's address.
func (n *Node) Check(ctx context.Context, chain uint64, contract common.Address) error {
	var id hexutil.Big
	if err := n.call(ctx, &id, "eth_chainId"); err != nil {
		return err
	}
	if got := id.ToInt(); !got.IsUint64() || got.Uint64() != chain {
		return fmt.Errorf("%w: %s is a node of chain %.30s, want %d", ErrWrong, n.host, got, chain)
	}
	var code hexutil.Bytes
	if err := n.call(ctx, &code, "eth_getCode", contract, "latest"); err != nil {
		return err
	}
	if len(code) == 0 {
		return fmt.Errorf("%w: %s has no contract at %s", ErrWrong, n.host, contract)
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
func (n *Node) blockAt(ctx context.Context, tag string) (block, error) {
	var b *block
	if err := n.call(ctx, &b, "eth_getBlockByNumber", tag, false); err != nil {
		return block{}, err
	}
	switch {
	case b == nil:
		return block{}, fmt.Errorf("read block %s at %s: %w", tag, n.host, errNone)
	case b.Number == nil || b.Hash == nil || b.Time == nil || uint64(*b.Time) > 1<<40:
		return block{}, fmt.Errorf("read block %s at %s: %w: no number, hash or time", tag, n.host, ErrUnavailable)
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
func (n *Node) receiptOf(ctx context.Context, tx common.Hash) (receipt, error) {
	var r *receipt
	if err := n.call(ctx, &r, "eth_getTransactionReceipt", tx); err != nil {
		return receipt{}, err
	}
	switch {
	case r == nil || r.Block == nil && r.Number == nil:
		return receipt{}, fmt.Errorf("read receipt of %s at %s: %w", tx, n.host, errNone)
	case r.Transaction == nil || *r.Transaction != tx || r.Block == nil || r.Number == nil || r.Status == nil:
		return receipt{}, fmt.Errorf("read receipt of %s at %s: %w: it is of another transaction, or not whole", tx, n.host, ErrUnavailable)
	}
	return *r, nil
}

// view calls a contract's view at a block.
func (n *Node) view(ctx context.Context, contract common.Address, data []byte, tag string) ([]byte, error) {
	var out hexutil.Bytes
	call := map[string]any{"to": contract, "input": hexutil.Bytes(data)}
	if err := n.call(ctx, &out, "eth_call", call, tag); err != nil {
		return nil, err
	}
	return out, nil
}
