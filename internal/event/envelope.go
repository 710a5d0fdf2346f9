// SPDX-License-Identifier: Apache-2.0

package event

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
)

// KeyDetails is the one kind of key this version knows, as sigstore's
// PublicKeyDetails names it.
const KeyDetails = "PKIX_ECDSA_P256_SHA_256"

// What can be wrong with an event, told apart by errors.Is.
var (
	ErrMismatch  = errors.New("leaf and body disagree")
	ErrSignature = errors.New("signature does not verify")
)

// A Signer signs with the key whose public half Verifier returns: ECDSA P-256
// over SHA-256 of message, in ASN.1 DER.
type Signer interface {
	Sign(message []byte) (signature []byte, err error)
	Verifier() Verifier
}

// A Verifier is what a leaf says of the key that signed.
type Verifier struct {
	KeyDetails  string // PKIX_ECDSA_P256_SHA_256
	PublicKey   []byte // PKIX, ASN.1 DER
	Certificate []byte // X.509, ASN.1 DER, of an event signed keyless; its key is PublicKey
}

// Keyless reports whether a certificate stands beside the signature, and not
// a bare key. Whose certificate it is, and whether it held when the signature
// was made, package keyless says.
func (v Verifier) Keyless() bool { return len(v.Certificate) != 0 }

// A Signed is a signed payload: what a DSSE envelope with exactly one
// signature says, with the key that made it, and what others say of when.
// Nothing in this package reads Timestamps and Entries: until package keyless
// has verified them, they are anybody's word.
type Signed struct {
	Payload   []byte // the Statement's canonical bytes
	Signature []byte // over PAE(PayloadType, Payload): ASN.1 ECDSA
	Verifier  Verifier

	Timestamps [][]byte // RFC 3161 tokens over Signature: each a whole TimeStampResp, as Sigstore has it, ASN.1 DER
	Entries    [][]byte // entries of other transparency logs: protobuf JSON of a Sigstore TransparencyLogEntry, canonical
}

// PAE returns DSSE's pre-authentication encoding: what is signed.
func PAE(payloadType string, payload []byte) []byte {
	b := appendPAEHead(make([]byte, 0, len(payload)+len(payloadType)+48), payloadType, len(payload))
	return append(b, payload...)
}

func appendPAEHead(b []byte, payloadType string, size int) []byte {
	b = append(b, "DSSEv1 "...)
	b = strconv.AppendInt(b, int64(len(payloadType)), 10)
	b = append(append(append(b, ' '), payloadType...), ' ')
	b = strconv.AppendInt(b, int64(size), 10)
	return append(b, ' ')
}

// hashPAE writes SHA-256(PAE(PayloadType, payload)) to sum without building
// the encoding: a gate does this for every entry of the log.
func hashPAE(h hash.Hash, payload []byte, sum *[32]byte) {
	var head [64]byte
	h.Reset()
	h.Write(appendPAEHead(head[:0], PayloadType, len(payload)))
	h.Write(payload)
	h.Sum(sum[:0])
}

// Sign signs a canonical statement. It refuses a payload that ParseStatement
// refuses, and a signature that its own key does not verify.
func Sign(payload []byte, s Signer) (Signed, error) {
	if _, err := ParseStatement(payload); err != nil {
		return Signed{}, fmt.Errorf("sign %w", err)
	}
	sig, err := s.Sign(PAE(PayloadType, payload))
	if err != nil {
		return Signed{}, fmt.Errorf("sign statement: %w", err)
	}
	signed := Signed{Payload: payload, Signature: sig, Verifier: s.Verifier()}
	if err := signed.Verify(); err != nil {
		return Signed{}, fmt.Errorf("sign statement: check what the signer returned: %w", err)
	}
	return signed, nil
}

// ID names the event for good: SHA-256 of SHA-256(PAE) and SHA-256 of the
// public key. The signature is no part of it, because an ECDSA signature can
// be rewritten into another valid one, and a retry must keep its name. A
// certificate counts by its key alone, because the signature on it can be
// rewritten just so.
func (s Signed) ID() [32]byte {
	var digest [32]byte
	hashPAE(sha256.New(), s.Payload, &digest)
	return eventID(digest, sha256.Sum256(s.Verifier.PublicKey))
}

func eventID(digest, key [32]byte) [32]byte {
	var pair [64]byte
	copy(pair[:], digest[:])
	copy(pair[32:], key[:])
	return sha256.Sum256(pair[:])
}

// KeyID names the key that signed: KeyID of its Verifier.
func (s Signed) KeyID() string { return KeyID(s.Verifier) }

// KeyID names a key: "sha256:" and the hex SHA-256 of its PKIX form.
func KeyID(v Verifier) string {
	sum := sha256.Sum256(v.PublicKey)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Verify checks the signature against the key or certificate that stands
// beside it. Whether that key means anything, the policy says; of a
// certificate nothing is checked but that it is one, and of this key.
func (s Signed) Verify() error {
	key, err := s.Verifier.key()
	if err != nil {
		return err
	}
	var sum [32]byte
	hashPAE(sha256.New(), s.Payload, &sum)
	if !ecdsa.VerifyASN1(key, sum[:], s.Signature) {
		return fmt.Errorf("%w under %s", ErrSignature, s.KeyID())
	}
	return nil
}

// key reads the public key. A second encoding of the same key is refused,
// because a key is known by the digest of its encoding; and so is a
// certificate of another key.
func (v Verifier) key() (*ecdsa.PublicKey, error) {
	if v.KeyDetails != KeyDetails {
		return nil, fmt.Errorf("key is a %.60q, want %s", v.KeyDetails, KeyDetails)
	}
	if v.Keyless() {
		if err := checkCertificate(v.Certificate, v.PublicKey); err != nil {
			return nil, err
		}
	}
	parsed, err := x509.ParsePKIXPublicKey(v.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("public key is not ECDSA P-256")
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil || string(der) != string(v.PublicKey) {
		return nil, errors.New("public key is not in its one DER form")
	}
	return key, nil
}
