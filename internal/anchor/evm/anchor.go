// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm/loganchor"
	"github.com/gateledger/gateledger/internal/anchored"
)

// anchoredTopic is the signature of the event, as its first topic.
var anchoredTopic = crypto.Keccak256Hash([]byte("Anchored(bytes32,uint64,bytes32)"))

// Kind is the row of the table of anchors. What stands in its variables:
//
//	GATELEDGER_EVM_KEYSTORE       file with the key that pays and submits, as geth keeps it (V3)
//	GATELEDGER_EVM_PASSWORD_FILE  file with its password
//	GATELEDGER_EVM_SIGNER         instead of both: an external signer such as clef, http:// on this machine or the path of its socket
//	GATELEDGER_EVM_ACCOUNT        which of the signer's accounts; needed where it shows several
//	GATELEDGER_EVM_MAX_FEE        the most to pay for a unit of gas, in gwei; 100 by default
//	GATELEDGER_EVM_MAX_SPEND      the most that one transaction may cost, in ether; 0.01 by default
//	GATELEDGER_EVM_REPLACE_AFTER  how long a transaction may wait before it is sent again with a higher fee; 45s by default
//	GATELEDGER_EVM_TOKEN_FILE     file with a token for the node, sent as a bearer token
func Kind() anchor.Kind {
	return anchor.Kind{
		Name: "evm",
		Variables: []string{
			"GATELEDGER_EVM_ACCOUNT", "GATELEDGER_EVM_KEYSTORE", "GATELEDGER_EVM_MAX_FEE", "GATELEDGER_EVM_MAX_SPEND",
			"GATELEDGER_EVM_PASSWORD_FILE", "GATELEDGER_EVM_REPLACE_AFTER", "GATELEDGER_EVM_SIGNER", "GATELEDGER_EVM_TOKEN_FILE",
		},
		Open: open,
	}
}

// A contract is a LogAnchor on a chain. It is an anchor.Anchor.
type contract struct {
	spec    anchored.Spec
	address common.Address
	token   string
	world   anchor.World
	limits  limits
	abi     *loganchor.LogAnchor
	cost    *anchor.Cost // of the last Submit, where it paid
}

var _ anchor.Paying = (*contract)(nil)

func open(spec anchored.Spec, w anchor.World) (anchor.Anchor, error) { return openContract(spec, w) }

func openContract(spec anchored.Spec, w anchor.World) (*contract, error) {
	if spec.Chain == 0 || !common.IsHexAddress(spec.Contract) {
		return nil, fmt.Errorf("%w: it needs a chain and the address of a contract", anchor.ErrSetup)
	}
	if _, err := anchor.Address(spec.URL, false); err != nil {
		return nil, err
	}
	c := &contract{spec: spec, address: common.HexToAddress(spec.Contract), world: w, abi: loganchor.NewLogAnchor()}
	var err error
	if c.limits, err = readLimits(w.Getenv); err != nil {
		return nil, err
	}
	if name := w.Getenv("GATELEDGER_EVM_TOKEN_FILE"); name != "" {
		token, err := readSecret("GATELEDGER_EVM_TOKEN_FILE", name)
		if err != nil {
			return nil, err
		}
		c.token = string(token)
	}
	return c, nil
}

// A checkpoint as the contract knows it.
type wanted struct {
	origin common.Hash // SHA-256 of the origin line
	size   uint64
	root   common.Hash
}

// maxSize is the largest size that the contract takes.
const maxSize = 1<<40 - 1

func wantedOf(s anchor.Submission) (wanted, error) {
	want := wanted{sha256.Sum256([]byte(s.Checkpoint.Origin)), s.Checkpoint.Size, common.Hash(s.Checkpoint.Root)}
	if want.size == 0 || want.size > maxSize {
		return want, fmt.Errorf("%w: it takes logs of 1 to %d entries, and this one has %d", anchor.ErrRefused, uint64(maxSize), want.size)
	}
	return want, nil
}

// patience is how long one Submit waits: less than its caller does, so that it
// can say what it waited for. A later one goes on from there.
const patience = 150 * time.Second

// attempts is how often one Submit looks at the contract and sends: other jobs
// can be faster, and chains can be reorganised.
const attempts = 8

// Submit returns once the checkpoint stands in a block that is final. What
// stands there already costs nothing.
func (c *contract) Submit(ctx context.Context, s anchor.Submission) (anchored.Receipt, error) {
	c.cost = nil
	if _, err := anchor.Text(s.Checkpoint); err != nil {
		return anchored.Receipt{}, err
	}
	want, err := wantedOf(s)
	if err != nil {
		return anchored.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	n, err := dial(ctx, c.spec.URL, c.token, c.world)
	if err != nil {
		return anchored.Receipt{}, err
	}
	defer n.close()
	if err := n.check(ctx, c.spec.Chain, c.address); err != nil {
		return anchored.Receipt{}, err
	}
	payer := &payer{contract: c, node: n, paid: &c.cost}
	defer payer.close()
	for range attempts {
		at, err := c.find(ctx, n, want)
		if has := (*smaller)(nil); errors.As(err, &has) {
			if err := c.take(ctx, payer, s, want, has); err != nil {
				return anchored.Receipt{}, err
			}
			continue
		}
		if err != nil {
			return anchored.Receipt{}, err
		}
		if err := c.settle(ctx, n, at); errors.Is(err, errNone) {
			continue // the block is gone: another one took its place
		} else if err != nil {
			return anchored.Receipt{}, err
		}
		return c.receipt(s, at)
	}
	return anchored.Receipt{}, fmt.Errorf("anchor %d entries at %s: %w: it was not taken in %d attempts", want.size, n.host, anchor.ErrUnavailable, attempts)
}

// take has the contract take what follows from what it has.
func (c *contract) take(ctx context.Context, p *payer, s anchor.Submission, want wanted, has *smaller) error {
	last, err := c.follows(ctx, p.node, s, want, has)
	if err != nil {
		return err
	}
	data, err := c.taking(ctx, p.node, s, want, last)
	if err != nil {
		return err
	}
	return p.send(ctx, c.address, data, c.reverted)
}

// Cost is what the last Submit paid; nil where it found the checkpoint there.
func (c *contract) Cost() *anchor.Cost { return c.cost }

// A place is where a checkpoint stands on the chain.
type place struct {
	transaction common.Hash
	block       common.Hash
	number      uint64
	time        time.Time
}

// settle waits until the block of a place is final. It fails with errNone once
// the block is no longer there.
func (c *contract) settle(ctx context.Context, n *node, at *place) error {
	wait := firstPoll
	for {
		final, err := c.final(ctx, n, at)
		if final || err != nil && ctx.Err() == nil {
			return err
		}
		if pause(ctx, wait) != nil {
			return fmt.Errorf("anchor at %s: %w: it stands in block %d, which is not final yet", n.host, anchor.ErrUnavailable, at.number)
		}
		wait = min(wait*3/2, lastPoll)
	}
}

// Waiting for a block: on a development chain it is there at once, on others it
// takes seconds.
const (
	firstPoll = 10 * time.Millisecond
	lastPoll  = 2 * time.Second
)

// final says whether the block of a place is final, by the node's word: it is
// not above the finalized block, or the policy's number of blocks is on it. It
// sets the block's time.
func (c *contract) final(ctx context.Context, n *node, at *place) (bool, error) {
	tag, deep := "finalized", uint64(0)
	if c.spec.Confirmations > 0 {
		tag, deep = "latest", c.spec.Confirmations-1
	}
	newest, err := n.blockAt(ctx, tag)
	if errors.Is(err, errNone) || isSaid(err) && tag == "finalized" {
		return false, nil // nothing is final yet
	}
	if err != nil {
		return false, err
	}
	own, err := n.blockAt(ctx, hexNumber(at.number))
	switch {
	case err != nil && !errors.Is(err, errNone):
		return false, err
	case err != nil || *own.Hash != at.block:
		return false, fmt.Errorf("block %d at %s: %w: another one is in its place", at.number, n.host, errNone)
	case uint64(*own.Number) != at.number:
		return false, fmt.Errorf("block %d at %s: %w: it answers with block %d", at.number, n.host, anchor.ErrUnavailable, uint64(*own.Number))
	}
	at.time = time.Unix(int64(*own.Time), 0).UTC()
	return uint64(*newest.Number) >= at.number && uint64(*newest.Number)-at.number >= deep, nil
}

func (c *contract) receipt(s anchor.Submission, at *place) (anchored.Receipt, error) {
	return anchor.Receipt(c.spec, s.Checkpoint, anchored.EVMProof{
		Chain: c.spec.Chain, Contract: c.address.Hex(), Transaction: at.transaction.Hex(),
		Block: at.number, BlockHash: at.block.Hex(), Time: at.time.Format(time.RFC3339), Finalized: true,
	})
}
