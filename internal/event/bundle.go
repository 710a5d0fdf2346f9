// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/proof"
)

// MaxBundle is the largest bundle that is read, in bytes.
const MaxBundle = 64 << 20

// The kind and version of our log entries, as a bundle names them.
const (
	entryKind    = "hashedrekord"
	entryVersion = "0.0.2"
)

// ErrBundle means that the parts of a bundle do not say the same thing, or
// that it is not of the one shape we write.
var ErrBundle = errors.New("malformed bundle")

// A Bundle is a Sigstore bundle v0.3 of the one shape we write: a DSSE
// envelope with one signature by a public key, and one transparency log entry
// with its inclusion proof and signed checkpoint. It is laid out as protobuf's
// JSON mapping has it, which leaves out zeros.
type Bundle struct {
	MediaType    string       `json:"mediaType"`
	Verification verification `json:"verificationMaterial"`
	Envelope     envelope     `json:"dsseEnvelope"`
}

type verification struct {
	PublicKey keyHint    `json:"publicKey"`
	Entries   []logEntry `json:"tlogEntries"`
}

type keyHint struct {
	Hint string `json:"hint"`
}

type logEntry struct {
	LogIndex      uint64         `json:"logIndex,string,omitzero"`
	LogID         logID          `json:"logId"`
	KindVersion   kindVersion    `json:"kindVersion"`
	Inclusion     inclusionProof `json:"inclusionProof"`
	CanonicalBody []byte         `json:"canonicalizedBody"`
}

type logID struct {
	KeyID []byte `json:"keyId"`
}

type kindVersion struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

type inclusionProof struct {
	LogIndex   uint64         `json:"logIndex,string,omitzero"`
	RootHash   []byte         `json:"rootHash"`
	TreeSize   uint64         `json:"treeSize,string"`
	Hashes     [][]byte       `json:"hashes,omitempty"`
	Checkpoint checkpointNote `json:"checkpoint"`
}

type checkpointNote struct {
	Envelope string `json:"envelope"`
}

type envelope struct {
	Payload     []byte          `json:"payload"`
	PayloadType string          `json:"payloadType"`
	Signatures  []dsseSignature `json:"signatures"`
}

type dsseSignature struct {
	Sig []byte `json:"sig"`
}

// NewBundle joins a signed payload, its leaf and the leaf's receipt. logID is
// the log's full key id, as proof.LogID gives it.
func NewBundle(s Signed, leaf []byte, r proof.Receipt, id []byte) Bundle {
	hashes := make([][]byte, len(r.Proof))
	for i, h := range r.Proof {
		hashes[i] = slices.Clone(h[:])
	}
	root := r.Checkpoint.Root
	return Bundle{
		MediaType: BundleType,
		Verification: verification{
			PublicKey: keyHint{Hint: s.KeyID()},
			Entries: []logEntry{{
				LogIndex:    r.Index,
				LogID:       logID{KeyID: id},
				KindVersion: kindVersion{Kind: entryKind, Version: entryVersion},
				Inclusion: inclusionProof{
					LogIndex:   r.Index,
					RootHash:   root[:],
					TreeSize:   r.Checkpoint.Size,
					Hashes:     hashes,
					Checkpoint: checkpointNote{Envelope: string(r.Checkpoint.Raw)},
				},
				CanonicalBody: leaf,
			}},
		},
		Envelope: envelope{
			Payload:     s.Payload,
			PayloadType: PayloadType,
			Signatures:  []dsseSignature{{Sig: s.Signature}},
		},
	}
}

// Marshal returns the bundle's canonical JSON.
func (b Bundle) Marshal() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("write bundle: %w", err)
	}
	data, err := canon.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("write bundle: %w", err)
	}
	if len(data) > MaxBundle {
		return nil, fmt.Errorf("write bundle: %d bytes, over the limit of %d", len(data), MaxBundle)
	}
	return data, nil
}

// ParseBundle reads a bundle whose canonical form is the one Marshal writes:
// any spacing and order of members, but none that is unknown, doubled or
// spelled in a second way. Every part must agree with every other. It checks
// no signature; Verify does.
func ParseBundle(data []byte) (Bundle, error) {
	if len(data) > MaxBundle {
		return Bundle{}, fmt.Errorf("%w: %d bytes, over the limit of %d", ErrBundle, len(data), MaxBundle)
	}
	given, err := canon.Transform(data)
	if err != nil {
		return Bundle{}, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if err := refuseCertificate(given); err != nil {
		return Bundle{}, err
	}
	var b Bundle
	if err := canon.Decode(given, &b); err != nil {
		return Bundle{}, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if err := b.check(); err != nil {
		return Bundle{}, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	again, err := canon.Marshal(b)
	if err != nil {
		return Bundle{}, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if !bytes.Equal(given, again) {
		return Bundle{}, fmt.Errorf("%w: a member is missing, or a number or base64 is spelled in a second way", ErrBundle)
	}
	return b, nil
}

// refuseCertificate tells a keyless bundle from a broken one.
func refuseCertificate(data []byte) error {
	var b struct {
		Verification struct {
			Certificate canon.Raw `json:"certificate"`
			Chain       canon.Raw `json:"x509CertificateChain"`
		} `json:"verificationMaterial"`
	}
	// What can't be read here, the strict reading names.
	if canon.DecodeOpen(data, &b) == nil && (b.Verification.Certificate != nil || b.Verification.Chain != nil) {
		return fmt.Errorf("bundle %w", ErrKeyless)
	}
	return nil
}

// check holds the bundle's parts against each other.
func (b Bundle) check() error {
	switch {
	case b.MediaType != BundleType:
		return fmt.Errorf("mediaType is %.80q, want %q", b.MediaType, BundleType)
	case b.Envelope.PayloadType != PayloadType:
		return fmt.Errorf("payloadType is %.80q, want %q", b.Envelope.PayloadType, PayloadType)
	case len(b.Envelope.Payload) > MaxPayload:
		return fmt.Errorf("payload of %d bytes, over the limit of %d", len(b.Envelope.Payload), MaxPayload)
	case len(b.Envelope.Signatures) != 1:
		return fmt.Errorf("%d signatures, want exactly one", len(b.Envelope.Signatures))
	case len(b.Verification.Entries) != 1:
		return fmt.Errorf("%d tlogEntries, want exactly one", len(b.Verification.Entries))
	}
	e := b.Verification.Entries[0]
	if e.KindVersion != (kindVersion{Kind: entryKind, Version: entryVersion}) {
		return fmt.Errorf("kindVersion is %.40q %.40q, want %s %s", e.KindVersion.Kind, e.KindVersion.Version, entryKind, entryVersion)
	}
	if len(e.LogID.KeyID) != 32 {
		return fmt.Errorf("logId has %d bytes, want 32", len(e.LogID.KeyID))
	}
	s, err := b.Signed()
	if err != nil {
		return err
	}
	if b.Verification.PublicKey.Hint != s.KeyID() {
		return fmt.Errorf("publicKey hint is %.80q, but the entry's key is %s", b.Verification.PublicKey.Hint, s.KeyID())
	}
	_, err = b.Receipt()
	return err
}

// Signed returns what the envelope says, with the key that the log entry
// names. It fails unless the entry commits to exactly this payload and
// signature.
func (b Bundle) Signed() (Signed, error) {
	e, err := b.open()
	if err != nil {
		return Signed{}, err
	}
	return e.Signed, nil
}

// Leaf returns the log entry.
func (b Bundle) Leaf() []byte {
	if len(b.Verification.Entries) != 1 {
		return nil
	}
	return b.Verification.Entries[0].CanonicalBody
}

// open joins the entry with the envelope, as Open joins a leaf with a body.
func (b Bundle) open() (*Event, error) {
	if len(b.Verification.Entries) != 1 || len(b.Envelope.Signatures) != 1 {
		return nil, errors.New("no single entry and signature")
	}
	e, err := Open(b.Verification.Entries[0].LogIndex, b.Leaf(), b.Envelope.Payload)
	if err != nil {
		return nil, fmt.Errorf("canonicalizedBody: %w", err)
	}
	if !bytes.Equal(e.Signed.Signature, b.Envelope.Signatures[0].Sig) {
		return nil, fmt.Errorf("canonicalizedBody: %w: it has another signature than the envelope", ErrMismatch)
	}
	return e, nil
}

// Receipt returns the entry's receipt. Its checkpoint is as the bundle claims
// it: what the fields say is what the note says, but only Receipt.Verify or
// proof.ParseCheckpoint tells who signed that.
func (b Bundle) Receipt() (proof.Receipt, error) {
	if len(b.Verification.Entries) != 1 {
		return proof.Receipt{}, errors.New("no single entry")
	}
	e := b.Verification.Entries[0]
	p := e.Inclusion
	if e.LogIndex != p.LogIndex {
		return proof.Receipt{}, fmt.Errorf("logIndex is %d in the entry and %d in its proof", e.LogIndex, p.LogIndex)
	}
	r := proof.Receipt{Index: e.LogIndex}
	if len(p.Hashes) > proof.MaxProof {
		return proof.Receipt{}, fmt.Errorf("inclusion proof of %d hashes, over the limit of %d", len(p.Hashes), proof.MaxProof)
	}
	for i, h := range p.Hashes {
		if len(h) != tlog.HashSize {
			return proof.Receipt{}, fmt.Errorf("inclusion proof: hash %d has %d bytes", i, len(h))
		}
		r.Proof = append(r.Proof, tlog.Hash(h))
	}
	if len(p.RootHash) != tlog.HashSize {
		return proof.Receipt{}, fmt.Errorf("rootHash has %d bytes", len(p.RootHash))
	}
	r.Checkpoint = proof.Checkpoint{Size: p.TreeSize, Root: tlog.Hash(p.RootHash), Raw: []byte(p.Checkpoint.Envelope)}
	origin, rest, _ := strings.Cut(p.Checkpoint.Envelope, "\n")
	if !strings.HasPrefix(rest, fmt.Sprintf("%d\n%s\n\n", r.Checkpoint.Size, r.Checkpoint.Root)) {
		return proof.Receipt{}, errors.New("treeSize and rootHash are not those of the checkpoint")
	}
	r.Checkpoint.Origin = origin
	return r, nil
}

// Verify checks a bundle completely against the log keys a verifier trusts:
// the entry is the envelope's, its receipt leads to a checkpoint that one of
// keys signed, the log id is that key's, the signature verifies, and the
// payload is a statement. Whether the key that signed means anything, the
// policy says.
//
// Stock Sigstore verifiers pass over canonicalizedBody, rootHash, treeSize
// and kindVersion where they disagree with the rest; this one does not.
func (b Bundle) Verify(keys proof.Keys) (*Event, error) {
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	e, err := b.open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	receipt, err := b.Receipt()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	if err := receipt.Verify(e.Leaf, keys); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	id := b.Verification.Entries[0].LogID.KeyID
	if !keys.Has(binary.BigEndian.Uint32(id)) {
		return nil, fmt.Errorf("%w: logId %x is of no log key that we trust", ErrBundle, id)
	}
	if err := e.Verify(); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	if _, err := e.Statement(); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	return e, nil
}
