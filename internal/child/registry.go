// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/product"
)

// RegistrySchema names the answer to 'registry', so that one of another version
// is not taken for ours.
const RegistrySchema = product.PredicateBase + "remote-registry/v1"

// A RegistryQuestion is what 'registry' reads: publish a document, or say what
// those who are believed say of documents and packages.
type RegistryQuestion struct {
	Spec       anchored.Spec      `json:"spec"`
	Publishers []string           `json:"publishers"` // accounts, EIP-55
	Reporters  []string           `json:"reporters"`
	Publish    *RegistryDocument  `json:"publish,omitempty"` // with one digest; then nothing is looked up
	Documents  []RegistryDocument `json:"documents"`
	Packages   []string           `json:"packages"` // SHA-256 of package URLs with their version, hex
}

// A RegistryDocument is what a registry may hold of a subject.
type RegistryDocument struct {
	Kind    string   `json:"kind"`    // sbom, package
	Subject string   `json:"subject"` // SHA-256, hex
	Digests []string `json:"digests"` // any of which is the document's SHA-256, hex
}

// A RegistryAnswer is what 'registry' writes, by the word of the policy's node.
type RegistryAnswer struct {
	Schema    string          `json:"schema"`
	Published *RegistryPlace  `json:"published,omitempty"`
	Entries   []RegistryEntry `json:"entries"` // of each document and publisher, in the question's order
	Tallies   []RegistryTally `json:"tallies"` // of each package and reporter
	Block     uint64          `json:"block"`   // that was read; it is final
}

// A RegistryPlace says that a document stands in a final block.
type RegistryPlace struct {
	Publisher string      `json:"publisher"`
	Time      string      `json:"time"`           // of the block, RFC 3339
	Cost      *AnchorCost `json:"cost,omitempty"` // absent: it stood there before
}

// What a publisher's entry says of a document.
const (
	RegistryMatch    = "match"
	RegistryMismatch = "mismatch"
	RegistryRevoked  = "revoked"
	RegistryUnknown  = "unknown"
)

// A RegistryEntry is what one publisher says of one document.
type RegistryEntry struct {
	Document  int    `json:"document"` // which of the question
	Publisher string `json:"publisher"`
	Status    string `json:"status"` // match, mismatch, revoked, unknown
	Has       string `json:"has"`    // SHA-256 of the publisher's document, hex
	Reason    string `json:"reason"` // why it was revoked
}

// A RegistryTally is how many advisories of a package a reporter has in which
// status. All zero: the reporter said nothing.
type RegistryTally struct {
	Package  int    `json:"package"` // which of the question
	Reporter string `json:"reporter"`

	Investigated uint64 `json:"investigated"`
	Affected     uint64 `json:"affected"`
	NotAffected  uint64 `json:"not_affected"`
	Fixed        uint64 `json:"fixed"`
}

// PublishDigest has the account that the environment names publish a document.
// The same again gives its place, and costs nothing. After ErrUnavailable it
// may have been published all the same.
func (r Remote) PublishDigest(ctx context.Context, q RegistryQuestion) (RegistryPlace, error) {
	a, err := r.registry(ctx, AnchorVariables("evm"), q)
	if err == nil && (a.Published == nil || !slices.Contains(q.Publishers, a.Published.Publisher)) {
		err = fmt.Errorf("%w: it was not published, or by somebody else", errOdd)
	}
	if err != nil {
		return RegistryPlace{}, fmt.Errorf("publish in registry: %w", err)
	}
	return *a.Published, nil
}

// LookUp asks what a registry says. The answer is about all that was asked; an
// error says that it could not be found out.
func (r Remote) LookUp(ctx context.Context, q RegistryQuestion) (RegistryAnswer, error) {
	q.Publish = nil
	a, err := r.registry(ctx, anchorCheckVariables, q)
	if err == nil {
		err = a.covers(q)
	}
	if err != nil {
		return RegistryAnswer{}, fmt.Errorf("look up in registry: %w", err)
	}
	return a, nil
}

func (r Remote) registry(ctx context.Context, variables []string, q RegistryQuestion) (RegistryAnswer, error) {
	var a RegistryAnswer
	if err := r.call(ctx, []string{"registry"}, variables, q, &a); err != nil {
		return a, err
	}
	if a.Schema != RegistrySchema {
		return a, fmt.Errorf("%w: schema %.80q, want %s", errOdd, a.Schema, RegistrySchema)
	}
	return a, nil
}

// covers makes sure that an answer is about each thing that was asked.
func (a RegistryAnswer) covers(q RegistryQuestion) error {
	if a.Published != nil || len(a.Entries) != len(q.Documents)*len(q.Publishers) || len(a.Tallies) != len(q.Packages)*len(q.Reporters) {
		return fmt.Errorf("%w: it is about something else, or not whole", errOdd)
	}
	known := []string{RegistryMatch, RegistryMismatch, RegistryRevoked, RegistryUnknown}
	for i, e := range a.Entries {
		n := len(q.Publishers)
		if e.Document != i/n || e.Publisher != q.Publishers[i%n] || !slices.Contains(known, e.Status) {
			return fmt.Errorf("%w: entry %d is about something else", errOdd, i)
		}
	}
	for i, t := range a.Tallies {
		n := len(q.Reporters)
		if t.Package != i/n || t.Reporter != q.Reporters[i%n] {
			return fmt.Errorf("%w: tally %d is about something else", errOdd, i)
		}
	}
	return nil
}
