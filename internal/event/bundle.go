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
// envelope with one signature, by a public key or a certificate, and our
// log's entry with its inclusion proof and signed checkpoint. RFC 3161 tokens
// and entries of other logs may stand beside it, which this package carries
// and does not read. It is laid out as protobuf's JSON mapping has it, which
// leaves out zeros.
type Bundle struct {
	MediaType    string       `json:"mediaType"`
	Verification verification `json:"verificationMaterial"`
	Envelope     envelope     `json:"dsseEnvelope"`
}

// Of PublicKey and Certificate a verification has one.
type verification struct {
	PublicKey   *keyHint     `json:"publicKey,omitzero"`
	Certificate *certificate `json:"certificate,omitzero"`
	Entries     logEntries   `json:"tlogEntries"`
	Timestamps  *timestamps  `json:"timestampVerificationData,omitzero"`
}

type keyHint struct {
	Hint string `json:"hint"`
}

type certificate struct {
	RawBytes []byte `json:"rawBytes"`
}

type timestamps struct {
	RFC3161 []timestamp `json:"rfc3161Timestamps"`
}

type timestamp struct {
	Token []byte `json:"signedTimestamp"`
}

// logEntries are ours, which comes first, and those of other logs.
type logEntries struct {
	own    *logEntry
	others []canon.Raw
}

// MarshalJSON writes the list of them all.
func (l logEntries) MarshalJSON() ([]byte, error) {
	list := []any{}
	if l.own != nil {
		list = append(list, l.own)
	}
	for _, o := range l.others {
		list = append(list, o)
	}
	return canon.Marshal(list)
}

// UnmarshalJSON reads the first one strictly, and the others not at all.
func (l *logEntries) UnmarshalJSON(data []byte) error {
	var list []canon.Raw
	if err := canon.Decode(data, &list); err != nil || len(list) == 0 {
		return err
	}
	l.own, l.others = new(logEntry), list[1:]
	return canon.Decode(list[0], l.own)
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

// NewBundle joins a signed payload, its leaf and the leaf's receipt. id is the
// log's full key id, as proof.LogID gives it.
func NewBundle(s Signed, leaf []byte, r proof.Receipt, id []byte) Bundle {
	hashes := make([][]byte, len(r.Proof))
	for i, h := range r.Proof {
		hashes[i] = slices.Clone(h[:])
	}
	root := r.Checkpoint.Root
	entry := &logEntry{
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
	}
	return Bundle{
		MediaType:    BundleType,
		Verification: verificationOf(s, entry),
		Envelope: envelope{
			Payload:     s.Payload,
			PayloadType: PayloadType,
			Signatures:  []dsseSignature{{Sig: s.Signature}},
		},
	}
}

// verificationOf is what a verifier needs beside the envelope of s.
func verificationOf(s Signed, entry *logEntry) verification {
	v := verification{Entries: logEntries{own: entry}}
	for _, e := range s.Entries {
		v.Entries.others = append(v.Entries.others, canon.Raw(e))
	}
	if s.Verifier.Keyless() {
		v.Certificate = &certificate{RawBytes: s.Verifier.Certificate}
	} else {
		v.PublicKey = &keyHint{Hint: s.KeyID()}
	}
	if len(s.Timestamps) > 0 {
		v.Timestamps = &timestamps{}
		for _, t := range s.Timestamps {
			v.Timestamps.RFC3161 = append(v.Timestamps.RFC3161, timestamp{Token: t})
		}
	}
	return v
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
	case b.Verification.Entries.own == nil:
		return errors.New("0 tlogEntries, want our own")
	case b.Verification.Timestamps != nil && len(b.Verification.Timestamps.RFC3161) == 0:
		return errors.New("timestampVerificationData without a timestamp")
	}
	e := b.Verification.Entries.own
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
	if err := b.Verification.checkVerifier(s); err != nil {
		return err
	}
	_, err = b.Receipt()
	return err
}

// checkVerifier wants the key or certificate of the entry, and not both.
func (v verification) checkVerifier(s Signed) error {
	switch key, c := v.PublicKey, v.Certificate; {
	case key != nil && c != nil:
		return errors.New("a publicKey and a certificate, want one")
	case s.Verifier.Keyless() && c == nil:
		return errors.New("the entry has a certificate, but the bundle none")
	case s.Verifier.Keyless() && !bytes.Equal(c.RawBytes, s.Verifier.Certificate):
		return errors.New("certificate is not the entry's")
	case s.Verifier.Keyless():
		return nil
	case key == nil:
		return errors.New("the entry has a key, but the bundle no hint of it")
	case key.Hint != s.KeyID():
		return fmt.Errorf("publicKey hint is %.80q, but the entry's key is %s", key.Hint, s.KeyID())
	}
	return nil
}

// Signed returns what the envelope says, with the key or certificate that the
// log entry names, and the tokens and entries beside it. It fails unless the
// entry commits to exactly this payload and signature.
func (b Bundle) Signed() (Signed, error) {
	e, err := b.open()
	if err != nil {
		return Signed{}, err
	}
	return e.Signed, nil
}

// Leaf returns the log entry.
func (b Bundle) Leaf() []byte {
	if b.Verification.Entries.own == nil {
		return nil
	}
	return b.Verification.Entries.own.CanonicalBody
}

// open joins the entry with the envelope, as Open joins a leaf with a body.
func (b Bundle) open() (*Event, error) {
	own := b.Verification.Entries.own
	if own == nil || len(b.Envelope.Signatures) != 1 {
		return nil, errors.New("no single entry and signature")
	}
	s := Signed{Payload: b.Envelope.Payload}
	if t := b.Verification.Timestamps; t != nil {
		for _, token := range t.RFC3161 {
			s.Timestamps = append(s.Timestamps, token.Token)
		}
	}
	for _, o := range b.Verification.Entries.others {
		s.Entries = append(s.Entries, o)
	}
	if err := s.checkBeside(); err != nil {
		return nil, err
	}
	e, err := open(own.LogIndex, own.CanonicalBody, s)
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
	e := b.Verification.Entries.own
	if e == nil {
		return proof.Receipt{}, errors.New("no entry of ours")
	}
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
// policy says. Of a certificate it is checked that its key signed, of tokens
// and entries of other logs nothing but their shape: who issued it, whether it
// held then, and when that was, package keyless says of the event returned.
//
// Nothing else of a bundle can be changed, but for spacing and order, the log
// id behind the hash that keys are known by, and signatures on the checkpoint
// by keys that are not in keys.
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
	id := b.Verification.Entries.own.LogID.KeyID
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
