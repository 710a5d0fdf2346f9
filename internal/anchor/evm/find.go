// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/proof"
)

// A smaller is the error of a contract that has less, and could still take it.
type smaller struct {
	size uint64 // 0: it has nothing of this log
	root [27]byte
}

func (s *smaller) Error() string { return fmt.Sprintf("the contract has %d entries", s.size) }

// follows makes sure that a checkpoint follows from what the contract has, which
// compares sizes only unless the log is strict there, and returns that one's
// root. It fails with a Behind where the submission does not prove it, and with
// ErrForked where it does not follow.
func (c *contract) follows(ctx context.Context, n *node, s anchor.Submission, want wanted, has *smaller) (root common.Hash, err error) {
	if has.size == 0 {
		return root, nil
	}
	if s.Old != has.size {
		return root, &anchor.Behind{Size: has.size}
	}
	log, err := c.event(ctx, n, wanted{origin: want.origin, size: has.size})
	if err != nil {
		return root, fmt.Errorf("%w: %s does not show the event of its head", anchor.ErrUnavailable, n.host)
	}
	root = common.BytesToHash(log.Data)
	if [27]byte(root[:27]) != has.root {
		return root, fmt.Errorf("%w: %s shows another event than its head's", anchor.ErrUnavailable, n.host)
	}
	old := proof.Checkpoint{Origin: s.Checkpoint.Origin, Size: has.size, Root: tlog.Hash(root)}
	if err := proof.Consistency(s.Since, old, s.Checkpoint); err != nil {
		return root, fmt.Errorf("%w: the contract has %d entries that these %d do not begin with", anchor.ErrForked, has.size, want.size)
	}
	return root, nil
}

// taking is the call that has the contract take a checkpoint: with the proof, if
// the log is strict there.
func (c *contract) taking(ctx context.Context, n *node, s anchor.Submission, want wanted, last common.Hash) ([]byte, error) {
	data, err := n.view(ctx, c.address, c.abi.PackStrict(want.origin), "latest")
	answered := (*said)(nil)
	if err != nil && !(errors.As(err, &answered) && answered.reverts()) {
		return nil, err
	}
	if strict, odd := c.abi.UnpackStrict(data); err == nil && odd == nil && strict {
		path := make([][32]byte, len(s.Since))
		for i, h := range s.Since {
			path[i] = h
		}
		return c.abi.PackExtend(want.origin, want.size, want.root, last, path), nil
	}
	return c.abi.PackAnchor(want.origin, want.size, want.root), nil
}

// find finds a checkpoint on the chain. It fails with a smaller if the contract
// could still take it, with ErrForked or ErrRefused if it never will.
func (c *contract) find(ctx context.Context, n *node, want wanted) (*place, error) {
	size, root, err := c.head(ctx, n, want.origin)
	if err != nil {
		return nil, err
	}
	switch {
	case size < want.size:
		return nil, &smaller{size, root}
	case size == want.size && root != [27]byte(want.root[:27]):
		return nil, fmt.Errorf("%w: the contract has another log of %d entries", anchor.ErrForked, size)
	}
	log, err := c.event(ctx, n, want)
	if errors.Is(err, errNone) && size > want.size {
		return nil, fmt.Errorf("%w: the contract has %d entries already and never had %d: anchor a newer checkpoint, or find out who rolled this one back", anchor.ErrRefused, size, want.size)
	}
	if errors.Is(err, errNone) {
		return nil, fmt.Errorf("%w: %s does not show the event of its head", anchor.ErrUnavailable, n.host)
	}
	if err != nil {
		return nil, err
	}
	if root := common.BytesToHash(log.Data); root != want.root {
		return nil, fmt.Errorf("%w: the contract had another log of %d entries", anchor.ErrForked, want.size)
	}
	return &place{transaction: log.TxHash, block: log.BlockHash, number: log.BlockNumber}, nil
}

// head reads the newest checkpoint of an origin; size 0 where there is none.
func (c *contract) head(ctx context.Context, n *node, origin common.Hash) (uint64, [27]byte, error) {
	data, err := n.view(ctx, c.address, c.abi.PackHead(origin), "latest")
	if answered := (*said)(nil); errors.As(err, &answered) && answered.reverts() {
		return 0, [27]byte{}, fmt.Errorf("%w: the contract at %s is no LogAnchor: %w", errWrong, c.address, err)
	}
	if err != nil {
		return 0, [27]byte{}, err
	}
	head, err := c.abi.UnpackHead(data)
	if err != nil || len(data) != 64 {
		return 0, [27]byte{}, fmt.Errorf("%w: the contract at %s is no LogAnchor", errWrong, c.address)
	}
	return head.Size, head.Root, nil
}

// Providers bound how many blocks one question may span. The event is looked
// for in all of the chain at once, then backwards in ever smaller spans.
const (
	smallestSpan = 1000
	maxSpans     = 500 // questions
)

// event reads the event of an origin and size, of which there is at most one on
// a chain. Its root is for the caller to compare.
func (c *contract) event(ctx context.Context, n *node, want wanted) (*types.Log, error) {
	newest, err := n.blockAt(ctx, "latest")
	if err != nil {
		return nil, err
	}
	to := uint64(*newest.Number)
	span := to + 1
	for range maxSpans {
		from := uint64(0)
		if to >= span {
			from = to - span + 1
		}
		found, err := c.eventIn(ctx, n, want, from, to)
		switch {
		case isSaid(err) && span > smallestSpan:
			span = max(span/10, smallestSpan)
			continue
		case err == nil || !errors.Is(err, errNone):
			return found, err
		case from == 0:
			return nil, err
		}
		to = from - 1
	}
	return nil, fmt.Errorf("look for the event at %s: %w: it is not in the last blocks, and the node gives too few at once", n.host, anchor.ErrUnavailable)
}

func (c *contract) eventIn(ctx context.Context, n *node, want wanted, from, to uint64) (*types.Log, error) {
	logs, err := n.logs(ctx, c.address, from, to, []any{anchoredTopic, want.origin, sizeTopic(want.size)})
	if err != nil {
		return nil, err
	}
	switch len(logs) {
	case 0:
		return nil, fmt.Errorf("look for the event at %s: %w", n.host, errNone)
	case 1:
	default:
		return nil, fmt.Errorf("look for the event at %s: %w: it shows %d where there can be one", n.host, anchor.ErrUnavailable, len(logs))
	}
	if !isAnchored(logs[0], c.address, want) {
		return nil, fmt.Errorf("look for the event at %s: %w: it shows another one", n.host, anchor.ErrUnavailable)
	}
	return logs[0], nil
}

// logs reads the events of a contract that have these topics: hashes, lists of
// them, of which any will do, and nil for anything.
func (n *node) logs(ctx context.Context, from common.Address, first, last uint64, topics []any) ([]*types.Log, error) {
	var answer *[]*types.Log
	filter := map[string]any{"address": from, "fromBlock": hexNumber(first), "toBlock": hexNumber(last), "topics": topics}
	if err := n.call(ctx, &answer, "eth_getLogs", filter); err != nil {
		return nil, err
	}
	if answer == nil {
		return nil, fmt.Errorf("ask eth_getLogs at %s: %w: it answers with nothing", n.host, anchor.ErrUnavailable)
	}
	logs := *answer
	for _, l := range logs {
		if l == nil || l.Removed || l.Address != from || l.BlockNumber < first || l.BlockNumber > last || !hasTopics(l, topics) {
			return nil, fmt.Errorf("ask eth_getLogs at %s: %w: it shows events that were not asked for", n.host, anchor.ErrUnavailable)
		}
	}
	return logs, nil
}

// allLogs reads all events with these topics up to a block, in the chain's
// order, until done says of a block that nothing before it matters. Providers
// bound how many blocks one question may span, so it asks for less where it has
// to.
func (n *node) allLogs(ctx context.Context, from common.Address, to uint64, topics []any, done func(uint64) (bool, error)) ([]*types.Log, error) {
	span := to + 1
	var all []*types.Log
	for range maxSpans {
		first := uint64(0)
		if to >= span {
			first = to - span + 1
		}
		found, err := n.logs(ctx, from, first, to, topics)
		if isSaid(err) && span > smallestSpan {
			span = max(span/10, smallestSpan)
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if len(all) > maxLogs {
			return nil, fmt.Errorf("%w: over the limit of %d events", anchor.ErrUnavailable, maxLogs)
		}
		over, err := done(first)
		if err != nil {
			return nil, err
		}
		if over {
			slices.SortFunc(all, func(a, b *types.Log) int {
				return cmp.Or(cmp.Compare(a.BlockNumber, b.BlockNumber), cmp.Compare(a.Index, b.Index))
			})
			return all, nil
		}
		to = first - 1
	}
	return nil, fmt.Errorf("%w: the node gives too few blocks at once", anchor.ErrUnavailable)
}

// maxLogs bounds how many events of one log or request are read.
const maxLogs = 10_000

func hasTopics(l *types.Log, topics []any) bool {
	if len(l.Topics) < len(topics) {
		return false
	}
	for i, want := range topics {
		switch want := want.(type) {
		case common.Hash:
			if l.Topics[i] != want {
				return false
			}
		case []common.Hash:
			if !slices.Contains(want, l.Topics[i]) {
				return false
			}
		}
	}
	return true
}

// isAnchored says whether a log is the event of this origin and size, by this
// contract.
func isAnchored(l *types.Log, contract common.Address, want wanted) bool {
	return l.Address == contract && len(l.Data) == 32 &&
		slices.Equal(l.Topics, []common.Hash{anchoredTopic, want.origin, sizeTopic(want.size)})
}

func sizeTopic(size uint64) common.Hash { return common.BigToHash(new(big.Int).SetUint64(size)) }

func hexNumber(n uint64) string { return hexutil.EncodeUint64(n) }

func isSaid(err error) bool {
	said := (*said)(nil)
	return errors.As(err, &said)
}
