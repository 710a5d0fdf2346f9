// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/gateledger/gateledger/internal/anchor"
)

// A payer sends transactions, one at a time: always with the account's next
// nonce, so that of several jobs, and of several tries of one, at most one
// transaction is ever paid for.
type payer struct {
	contract *contract
	node     *node
	key      signer
	paid     **anchor.Cost
}

func (p *payer) close() {
	if p.key != nil {
		p.key.close()
	}
}

// send sends one transaction, and waits until the account's nonce has moved on.
func (p *payer) send(ctx context.Context, to common.Address, data []byte, reverted func([]byte) error) error {
	if p.key == nil {
		key, err := openSigner(ctx, p.contract.world)
		if err != nil {
			return err
		}
		p.key = key
	}
	nonce, err := p.nonce(ctx)
	if err != nil {
		return err
	}
	tx := &types.DynamicFeeTx{ChainID: new(big.Int).SetUint64(p.contract.spec.Chain), Nonce: nonce, To: &to, Data: data}
	if tx.Gas, err = p.gas(ctx, tx, reverted); tx.Gas == 0 || err != nil {
		return err // without an error: it is there
	}
	if err := p.price(ctx, tx); err != nil {
		return err
	}
	var sent []common.Hash
	defer func() { p.account(context.WithoutCancel(ctx), sent) }()
	for {
		hash, over, err := p.submit(ctx, tx)
		if hash != (common.Hash{}) {
			sent = append(sent, hash)
		}
		if over || err != nil {
			return err
		}
		stuck, err := p.wait(ctx, nonce)
		if !stuck || err != nil {
			return err
		}
		p.raise(ctx, tx)
	}
}

// nonce is the number of the account's next transaction, after those that
// stand in blocks. What waits is replaced, not followed.
func (p *payer) nonce(ctx context.Context) (uint64, error) {
	var n hexutil.Uint64
	err := p.node.call(ctx, &n, "eth_getTransactionCount", p.key.address(), "latest")
	return uint64(n), err
}

const maxGas = 1 << 24 // of a transaction, EIP-7825

// gas estimates how much gas a transaction takes, with a fifth to spare. It is
// zero, without an error, where there is nothing to be done any more.
func (p *payer) gas(ctx context.Context, tx *types.DynamicFeeTx, reverted func([]byte) error) (uint64, error) {
	var gas hexutil.Uint64
	call := map[string]any{"from": p.key.address(), "to": tx.To, "input": hexutil.Bytes(tx.Data)}
	err := p.node.call(ctx, &gas, "eth_estimateGas", call)
	if answered := (*said)(nil); errors.As(err, &answered) && answered.reverts() {
		return 0, reverted(answered.data)
	}
	if isSaid(err) {
		return 0, fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
	}
	if err == nil && (gas == 0 || gas > maxGas) {
		err = fmt.Errorf("estimate gas at %s: %w: %d", p.node.host, anchor.ErrUnavailable, uint64(gas))
	}
	if err != nil {
		return 0, err
	}
	return min(uint64(gas)+uint64(gas)/5, maxGas), nil
}

// price sets the fees: twice the base fee of now and the usual tip, within the
// limits. Where even the base fee is over them, it waits for another run.
func (p *payer) price(ctx context.Context, tx *types.DynamicFeeTx) error {
	newest, err := p.node.blockAt(ctx, "latest")
	if err != nil {
		return err
	}
	if newest.Fee == nil {
		return fmt.Errorf("%w: the chain has no fees as of EIP-1559", anchor.ErrSetup)
	}
	var suggested hexutil.Big
	if err := p.node.call(ctx, &suggested, "eth_maxPriorityFeePerGas"); isSaid(err) {
		suggested = hexutil.Big(*big.NewInt(1e9))
	} else if err != nil {
		return err
	}
	most := p.most(tx.Gas)
	base := newest.Fee.ToInt()
	if most.Cmp(base) < 0 {
		return fmt.Errorf("%w: a unit of gas costs %s gwei now, and the limits allow %s", anchor.ErrUnavailable, gwei(base), gwei(most))
	}
	fee := new(big.Int).Add(new(big.Int).Lsh(base, 1), suggested.ToInt())
	tx.GasFeeCap = least(fee, most)
	tx.GasTipCap = least(suggested.ToInt(), new(big.Int).Sub(tx.GasFeeCap, base))
	return nil
}

// most is the highest fee that the limits allow.
func (p *payer) most(gas uint64) *big.Int {
	l := p.contract.limits
	return least(l.fee, new(big.Int).Div(l.spend, new(big.Int).SetUint64(gas)))
}

// raise offers an eighth more, which nodes want of a transaction that replaces
// another, if the limits allow that; else it leaves the offer as it is.
func (p *payer) raise(ctx context.Context, tx *types.DynamicFeeTx) {
	more := func(n *big.Int) *big.Int {
		return new(big.Int).Add(new(big.Int).Add(n, new(big.Int).Rsh(n, 3)), big.NewInt(1))
	}
	fee, tip := more(tx.GasFeeCap), more(tx.GasTipCap)
	fresh := *tx
	if p.price(ctx, &fresh) == nil && fresh.GasFeeCap.Cmp(fee) > 0 {
		fee = fresh.GasFeeCap
	}
	if fee.Cmp(p.most(tx.Gas)) <= 0 {
		tx.GasFeeCap, tx.GasTipCap = fee, least(tip, fee)
	}
}

// submit signs and sends a transaction. It is over where the account has moved
// on already. What the node has, or will not have yet, is waited for.
func (p *payer) submit(ctx context.Context, tx *types.DynamicFeeTx) (hash common.Hash, over bool, err error) {
	signed, err := p.key.sign(ctx, tx)
	if err != nil {
		return hash, true, err
	}
	raw, err := signed.MarshalBinary()
	if err != nil {
		return hash, true, fmt.Errorf("write transaction: %w", err)
	}
	var answer hexutil.Bytes
	err = p.node.call(ctx, &answer, "eth_sendRawTransaction", hexutil.Bytes(raw))
	answered := (*said)(nil)
	if !errors.As(err, &answered) {
		return signed.Hash(), false, nil // taken, or the answer was lost, and it may be
	}
	text := strings.ToLower(answered.text)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("nonce too low", "oldnonce"):
		return signed.Hash(), true, nil
	case has("known", "already imported", "underpriced", "replacement"):
		return signed.Hash(), false, nil
	case has("insufficient funds"):
		return hash, true, fmt.Errorf("%w: account %s has too little to pay with", anchor.ErrUnavailable, p.key.address())
	}
	return hash, true, fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
}

// wait waits until the account's nonce has moved on. It is stuck if that takes
// longer than a transaction may wait.
func (p *payer) wait(ctx context.Context, nonce uint64) (stuck bool, err error) {
	since := p.contract.world.Now()
	for poll := firstPoll; ; poll = min(poll*3/2, lastPoll) {
		if err := pause(ctx, poll); err != nil {
			return false, fmt.Errorf("%w: a transaction with nonce %d of account %s waits; another run goes on from there", anchor.ErrUnavailable, nonce, p.key.address())
		}
		now, err := p.nonce(ctx)
		if err != nil {
			return false, err
		}
		if now > nonce {
			return false, nil
		}
		if p.contract.world.Now().Sub(since) >= p.contract.limits.replace {
			return true, nil
		}
	}
}

// accountTimeout is how long it may take to find out what was paid.
const accountTimeout = 5 * time.Second

// account adds what was paid for the transactions that went through. What can't
// be found out is left out: it changes no receipt.
func (p *payer) account(ctx context.Context, sent []common.Hash) {
	ctx, cancel := context.WithTimeout(ctx, accountTimeout)
	defer cancel()
	for _, hash := range sent {
		r, err := p.node.receiptOf(ctx, hash)
		if err != nil || r.Price == nil {
			continue
		}
		total := new(big.Int).Mul(r.Price.ToInt(), new(big.Int).SetUint64(uint64(r.Gas)))
		cost := &anchor.Cost{Account: p.key.address().Hex()}
		if *p.paid != nil {
			cost = *p.paid
			before, _ := new(big.Int).SetString(cost.Wei, 10)
			total.Add(total, before)
		}
		cost.Transactions = append(cost.Transactions, hash.Hex())
		cost.Gas += uint64(r.Gas)
		cost.Wei = total.String()
		*p.paid = cost
	}
}

// reverted is what it means that the contract would not take a checkpoint; nil
// where it has it already, or a newer one, since this was looked at.
func (c *contract) reverted(data []byte) error {
	if len(data) < 4 {
		return fmt.Errorf("%w: the contract takes nothing, and does not say why", anchor.ErrRefused)
	}
	known := c.abi.GetABI()
	found, err := known.ErrorByID([4]byte(data[:4]))
	if err != nil {
		return fmt.Errorf("%w: the contract answers with an unknown error %x", anchor.ErrRefused, data[:4])
	}
	switch found.Name {
	case "AlreadyAnchored", "Smaller", "NotProven": // somebody was faster; what it has is looked at again
		return nil
	case "Fork":
		return fmt.Errorf("%w: the contract has another log of this size", anchor.ErrForked)
	case "NotSubmitter":
		return fmt.Errorf("%w: the contract lets this account submit nothing for this log", anchor.ErrRefused)
	}
	return fmt.Errorf("%w: the contract answers with %s", anchor.ErrRefused, found.Name)
}

func least(a, b *big.Int) *big.Int {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

// gwei writes an amount of wei for people.
func gwei(wei *big.Int) string {
	return new(big.Rat).SetFrac(wei, big.NewInt(1e9)).FloatString(3)
}
