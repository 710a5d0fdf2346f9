// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchored"
)

// A LookupQuestion asks what an EvidenceRegistry says by those who are
// believed. What anybody else wrote there is not read.
type LookupQuestion struct {
	Spec       anchored.Spec // of the contract: URL, Chain, Contract, Confirmations
	Publishers []string      // of documents
	Reporters  []string      // of vulnerabilities
	Documents  []Document
	Packages   []string // SHA-256 of package URLs with their version, hex
}

// What a publisher's entry says of a document.
const (
	Match    = "match"
	Mismatch = "mismatch" // it is another document
	Revoked  = "revoked"  // it was this one, and the publisher took it back
	Unknown  = "unknown"  // there is none, or another one that was taken back
)

// reasons are why an entry was taken back, by the contract's numbers.
var reasons = [...]string{"", "superseded", "wrong", "compromised", "malicious", "withdrawn"}

// An Entry is what one publisher says of one document.
type Entry struct {
	Document  int    // which of the question
	Publisher string // as the question has it
	Status    string // Match, Mismatch, Revoked, Unknown
	Has       string // SHA-256 of the publisher's document, hex; empty: none
	Reason    string // why it was revoked
}

// A Tally is how many advisories of a package a reporter has in which status of
// VEX. All zero: this reporter said nothing.
type Tally struct {
	Package  int    // which of the question
	Reporter string // as the question has it

	Investigated, Affected, NotAffected, Fixed uint64
}

// A Lookup is the answer: an entry for each document and publisher, and a tally
// for each package and reporter, in the question's order.
type Lookup struct {
	Entries []Entry
	Tallies []Tally
	Block   uint64 // that was read
}

// maxLookups bounds how many entries and tallies one question reads.
const maxLookups = 20_000

// LookUp reads a registry in the newest block that is final, whole or not at
// all. An error says that it could not be found out.
func LookUp(ctx context.Context, q LookupQuestion, w anchor.World) (Lookup, error) {
	l, err := lookUp(ctx, q, w)
	if err != nil {
		return Lookup{}, fmt.Errorf("look up in registry %s: %w", q.Spec.Contract, err)
	}
	return l, nil
}

func lookUp(ctx context.Context, q LookupQuestion, w anchor.World) (Lookup, error) {
	if n := len(q.Documents)*len(q.Publishers) + len(q.Packages)*len(q.Reporters); n > maxLookups {
		return Lookup{}, fmt.Errorf("%w: %d entries and statuses, over the limit of %d", anchor.ErrSetup, n, maxLookups)
	}
	asked, err := askedOf(q)
	if err != nil {
		return Lookup{}, err
	}
	heard := &hearing{base: w.Base}
	w.Base = heard
	r, err := dialRegistry(ctx, q.Spec, w)
	if err != nil {
		return Lookup{}, err
	}
	defer r.node.close()
	at, err := r.pin(ctx, heard)
	if err != nil {
		return Lookup{}, err
	}
	out := Lookup{Entries: make([]Entry, len(asked.entries)), Tallies: make([]Tally, len(asked.packages)*len(asked.reporters)), Block: uint64(*at.Number)}
	tag := hexNumber(out.Block)
	err = limited(ctx, len(asked.entries), func(ctx context.Context, i int) error {
		has, err := r.entry(ctx, asked.entries[i], tag)
		if err != nil {
			return err
		}
		e := Entry{Document: i / len(q.Publishers), Publisher: q.Publishers[i%len(q.Publishers)], Status: Unknown}
		same := slices.Contains(asked.entries[i].digests, common.Hash(has.Document))
		switch {
		case has.State == entryPublished && same:
			e.Status = Match
		case has.State == entryPublished:
			e.Status = Mismatch
		case has.State == entryRevoked && same:
			e.Status, e.Reason = Revoked, reasons[has.Reason]
		}
		if has.State != entryNone {
			e.Has = hex.EncodeToString(has.Document[:])
		}
		out.Entries[i] = e
		return nil
	})
	if err != nil {
		return Lookup{}, err
	}
	err = limited(ctx, len(out.Tallies), func(ctx context.Context, i int) error {
		t, err := r.tally(ctx, asked.reporters[i%len(asked.reporters)], asked.packages[i/len(asked.reporters)], tag)
		t.Package, t.Reporter = i/len(q.Reporters), q.Reporters[i%len(q.Reporters)]
		out.Tallies[i] = t
		return err
	})
	if err != nil {
		return Lookup{}, err
	}
	again, err := r.node.blockAt(ctx, tag)
	if err == nil && *again.Hash != *at.Hash {
		err = fmt.Errorf("%w: the chain was reorganised while it was read", anchor.ErrUnavailable)
	}
	return out, err
}

// An asking is a question, understood.
type asking struct {
	entries   []entry // of each document, one for each publisher
	packages  []common.Hash
	reporters []common.Address
}

func askedOf(q LookupQuestion) (asking, error) {
	var a asking
	publishers, err := addresses(q.Publishers)
	if err != nil {
		return a, err
	}
	if a.reporters, err = addresses(q.Reporters); err != nil {
		return a, err
	}
	for _, d := range q.Documents {
		e, err := entryOf(d)
		if err != nil {
			return a, err
		}
		for _, p := range publishers {
			e.publisher = p
			a.entries = append(a.entries, e)
		}
	}
	for _, text := range q.Packages {
		h, err := hash32(text)
		if err != nil {
			return a, fmt.Errorf("%w: %w", anchor.ErrSetup, err)
		}
		a.packages = append(a.packages, h)
	}
	return a, nil
}

// pin settles which block is read. A node that is behind on a chain that
// finalises does not know what was taken back.
func (r *registry) pin(ctx context.Context, heard *hearing) (block, error) {
	if r.spec.Confirmations == 0 {
		newest, err := r.node.blockAt(ctx, "latest")
		if err != nil {
			return block{}, err
		}
		if heard.first.IsZero() {
			return block{}, fmt.Errorf("%w: its answers have no Date", anchor.ErrUnavailable)
		}
		if behind := heard.first.Sub(newest.at()); behind > maxBehind {
			return block{}, fmt.Errorf("%w: the node is behind: its newest block is %s old", anchor.ErrUnavailable, behind)
		}
	}
	at, err := r.finalBlock(ctx)
	if errors.Is(err, errNone) {
		err = fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
	}
	return at, err
}

// tally reads what a reporter says of a package in a block.
func (r *registry) tally(ctx context.Context, reporter common.Address, pkg common.Hash, tag string) (Tally, error) {
	data, err := r.read(ctx, r.abi.PackTallyOf(reporter, pkg), tag, 4)
	if err != nil {
		return Tally{}, err
	}
	has, err := r.abi.UnpackTallyOf(data)
	if err != nil {
		return Tally{}, fmt.Errorf("%w: the contract at %s is no EvidenceRegistry", errWrong, r.address)
	}
	return Tally{Investigated: has.Investigated.Uint64(), Affected: has.Affected.Uint64(), NotAffected: has.NotAffected.Uint64(), Fixed: has.Fixed.Uint64()}, nil
}
