// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"golang.org/x/sync/errgroup"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm/evidenceregistry"
	"github.com/gateledger/gateledger/internal/anchored"
)

// A Document is what an EvidenceRegistry may hold under a publisher.
type Document struct {
	Kind    string   // sbom, package: short ASCII
	Subject string   // SHA-256 of what it is about, hex
	Digests []string // any of which is the document's SHA-256, hex; one where it is published
}

// A Published is a document that stands in a block that is final.
type Published struct {
	Publisher string       // EIP-55
	Time      time.Time    // of the block
	Cost      *anchor.Cost // nil: it was there
}

// The states of an entry in the contract.
const (
	entryNone = iota
	entryPublished
	entryRevoked
)

// A registry is an EvidenceRegistry on a chain, and the node that is asked.
type registry struct {
	*contract
	node *node
	abi  *evidenceregistry.EvidenceRegistry
}

func dialRegistry(ctx context.Context, spec anchored.Spec, w anchor.World) (*registry, error) {
	c, err := openContract(spec, w)
	if err != nil {
		return nil, err
	}
	n, err := dial(ctx, spec.URL, c.token, w)
	if err != nil {
		return nil, err
	}
	if err := n.check(ctx, spec.Chain, c.address); err != nil {
		n.close()
		return nil, err
	}
	return &registry{contract: c, node: n, abi: evidenceregistry.NewEvidenceRegistry()}, nil
}

// Publish has the account that pays publish a document, and returns once that
// stands in a block that is final. What it published before costs nothing. It
// fails with ErrRefused where the account published another document for the
// subject, or took this one back: an entry is written once; and with ErrSetup,
// before anything is paid, where the account is none of publishers. What was
// paid is returned with an error too.
func Publish(ctx context.Context, spec anchored.Spec, publishers []string, d Document, w anchor.World) (Published, error) {
	p, err := publish(ctx, spec, publishers, d, w)
	if err != nil {
		return p, fmt.Errorf("publish in registry %s: %w", spec.Contract, err)
	}
	return p, nil
}

func publish(ctx context.Context, spec anchored.Spec, publishers []string, d Document, w anchor.World) (Published, error) {
	e, err := entryOf(d)
	if err != nil || len(e.digests) != 1 {
		return Published{}, errors.Join(fmt.Errorf("%w: one document is published at a time", anchor.ErrSetup), err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := dialRegistry(ctx, spec, w)
	if err != nil {
		return Published{}, err
	}
	defer r.node.close()
	p := &payer{contract: r.contract, node: r.node, paid: &r.cost}
	defer p.close()
	if p.key, err = openSigner(ctx, w); err != nil {
		return Published{}, err
	}
	e.publisher = p.key.address()
	if known, err := addresses(publishers); err != nil || !slices.Contains(known, e.publisher) {
		return Published{}, errors.Join(fmt.Errorf("%w: account %s is no publisher of the policy, and nobody would believe it", anchor.ErrSetup, e.publisher), err)
	}
	at, err := r.place(ctx, p, e)
	return Published{e.publisher.Hex(), at, r.cost}, err
}

// place makes sure that an entry is there, and final, and says since when.
func (r *registry) place(ctx context.Context, p *payer, e entry) (time.Time, error) {
	for range attempts {
		has, err := r.entry(ctx, e, "latest")
		switch {
		case err != nil:
			return time.Time{}, err
		case has.State == entryNone:
			if err := p.send(ctx, r.address, r.abi.PackPublish(e.kind, e.subject, e.digests[0]), r.unpublished); err != nil {
				return time.Time{}, err
			}
			continue
		case has.State == entryRevoked:
			return time.Time{}, fmt.Errorf("%w: account %s took back what it published for this subject, for ever", anchor.ErrRefused, e.publisher)
		case has.Document != e.digests[0]:
			return time.Time{}, fmt.Errorf("%w: account %s published another document for this subject, sha256:%x, and an entry is written once", anchor.ErrRefused, e.publisher, has.Document)
		}
		at, err := r.settled(ctx, e)
		if !errors.Is(err, errNone) {
			return at, err
		}
	}
	return time.Time{}, fmt.Errorf("%w: it was not taken in %d attempts", anchor.ErrUnavailable, attempts)
}

// settled waits until an entry is final. It fails with errNone once the entry
// is no longer there.
func (r *registry) settled(ctx context.Context, e entry) (time.Time, error) {
	for wait := firstPoll; ; wait = min(wait*3/2, lastPoll) {
		final, err := r.finalBlock(ctx)
		if err == nil {
			has, err := r.entry(ctx, e, hexNumber(uint64(*final.Number)))
			if err == nil && has.State != entryNone && has.Document == e.digests[0] {
				return time.Unix(has.PublishedAt.Int64(), 0).UTC(), nil
			}
			if err != nil && ctx.Err() == nil {
				return time.Time{}, err
			}
		} else if !errors.Is(err, errNone) && ctx.Err() == nil {
			return time.Time{}, err
		}
		if pause(ctx, wait) != nil {
			return time.Time{}, fmt.Errorf("%w: it stands in a block that is not final yet", anchor.ErrUnavailable)
		}
		if has, err := r.entry(ctx, e, "latest"); err == nil && has.State == entryNone {
			return time.Time{}, fmt.Errorf("its block is gone: %w", errNone)
		}
	}
}

// unpublished is what it means that the contract would not publish a document;
// nil where it has the document since this was looked at.
func (r *registry) unpublished(data []byte) error {
	if len(data) < 4 {
		return fmt.Errorf("%w: the contract publishes nothing, and does not say why", anchor.ErrRefused)
	}
	known := r.abi.GetABI()
	found, err := known.ErrorByID([4]byte(data[:4]))
	switch {
	case err != nil:
		return fmt.Errorf("%w: the contract answers with an unknown error %x", anchor.ErrRefused, data[:4])
	case found.Name == "AlreadyPublished" || found.Name == "Conflict": // another job was faster; what is there is looked at again
		return nil
	}
	return fmt.Errorf("%w: the contract answers with %s", anchor.ErrRefused, found.Name)
}

// finalBlock is the newest block that is final: the node's finalized one, or
// the one that the policy's number of blocks is on. It fails with errNone where
// nothing is final yet.
func (r *registry) finalBlock(ctx context.Context) (block, error) {
	deep := r.spec.Confirmations
	if deep == 0 {
		b, err := r.node.blockAt(ctx, "finalized")
		if isSaid(err) {
			return b, fmt.Errorf("nothing is final: %w", errNone)
		}
		return b, err
	}
	newest, err := r.node.blockAt(ctx, "latest")
	if err != nil {
		return block{}, err
	}
	number := uint64(*newest.Number)
	if number < deep-1 {
		return block{}, fmt.Errorf("the chain has %d blocks: %w", number+1, errNone)
	}
	b, err := r.node.blockAt(ctx, hexNumber(number-(deep-1)))
	if err == nil && uint64(*b.Number) != number-(deep-1) {
		err = fmt.Errorf("%w: it answers with another block", anchor.ErrUnavailable)
	}
	return b, err
}

// An entry is a place in the contract, and what may stand there.
type entry struct {
	publisher common.Address
	kind      [32]byte
	subject   common.Hash
	digests   []common.Hash
}

func entryOf(d Document) (entry, error) {
	var e entry
	if d.Kind == "" || copy(e.kind[:], d.Kind) != len(d.Kind) {
		return e, fmt.Errorf("%w: kind %.40q", anchor.ErrSetup, d.Kind)
	}
	for i, text := range append([]string{d.Subject}, d.Digests...) {
		h, err := hash32(text)
		if err != nil || h == (common.Hash{}) {
			return e, fmt.Errorf("%w: %.80q is no SHA-256", anchor.ErrSetup, text)
		}
		if i == 0 {
			e.subject = h
		} else {
			e.digests = append(e.digests, h)
		}
	}
	return e, nil
}

func addresses(texts []string) ([]common.Address, error) {
	var all []common.Address
	for _, text := range texts {
		if !common.IsHexAddress(text) {
			return nil, fmt.Errorf("%w: %.60q is no address", anchor.ErrSetup, text)
		}
		all = append(all, common.HexToAddress(text))
	}
	return all, nil
}

// entry reads what stands at a place in a block.
func (r *registry) entry(ctx context.Context, e entry, tag string) (evidenceregistry.EntryOfOutput, error) {
	data, err := r.read(ctx, r.abi.PackEntryOf(e.publisher, e.kind, e.subject), tag, 5)
	if err != nil {
		return evidenceregistry.EntryOfOutput{}, err
	}
	has, err := r.abi.UnpackEntryOf(data)
	if err != nil || has.State > entryRevoked || int(has.Reason) >= len(reasons) || (has.State == entryNone) != (has.Document == [32]byte{}) || !has.PublishedAt.IsInt64() {
		return has, fmt.Errorf("%w: the contract at %s is no EvidenceRegistry", errWrong, r.address)
	}
	return has, nil
}

// read calls a view that answers with so many words.
func (r *registry) read(ctx context.Context, call []byte, tag string, words int) ([]byte, error) {
	data, err := r.node.view(ctx, r.address, call, tag)
	answered := (*said)(nil)
	switch {
	case errors.As(err, &answered) && answered.reverts() || err == nil && len(data) != 32*words:
		return nil, fmt.Errorf("%w: the contract at %s is no EvidenceRegistry", errWrong, r.address)
	case err != nil:
		return nil, err
	}
	return data, nil
}

// limited runs a question for each of n, some at a time.
func limited(ctx context.Context, n int, ask func(ctx context.Context, i int) error) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(atOnce)
	for i := range n {
		work.Go(func() error { return ask(ctx, i) })
	}
	return work.Wait()
}

// atOnce is how many questions a node is asked at a time.
const atOnce = 8
