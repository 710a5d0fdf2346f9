// SPDX-License-Identifier: Apache-2.0

// Package event is what happened, in the field's standard forms: an in-toto
// Statement v1 about subject digests, in a DSSE envelope, logged as the
// canonical Rekor v2 entry hashedrekord 0.0.2, carried in a Sigstore bundle
// v0.3.
//
// The package is pure: it reads and builds bytes and checks signatures. It
// opens no file, asks no network and knows no clock.
package event

import (
	"github.com/gateledger/gateledger/internal/canon"
)

// Media and type names fixed by the specifications.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	PayloadType   = "application/vnd.in-toto+json"
	BundleType    = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

// A Digest names bytes: an algorithm of the in-toto digest set and lower-case
// hex. The zero Digest names nothing.
type Digest struct {
	Alg string // sha256, sha512, gitCommit, dirHash1
	Hex string
}

// A Subject is an in-toto ResourceDescriptor, as far as we use it.
type Subject struct {
	Name             string            `json:"name,omitempty"`
	URI              string            `json:"uri,omitempty"`
	Digest           map[string]string `json:"digest,omitempty"`
	MediaType        string            `json:"mediaType,omitempty"`
	DownloadLocation string            `json:"downloadLocation,omitempty"`
	Annotations      map[string]string `json:"annotations,omitempty"`
}

// A Statement is an in-toto Statement v1. Its Predicate is kept as raw JSON;
// the kind's own type reads it.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     canon.Raw `json:"predicate"`
}

// A Signed is a signed payload: what a DSSE envelope with exactly one
// signature says, with the key or certificate that made it.
type Signed struct {
	Payload   []byte // the Statement's canonical bytes
	Signature []byte // over PAE(PayloadType, Payload): ASN.1 ECDSA
	Verifier  Verifier
}

// A Verifier is what a leaf says of the key that signed.
type Verifier struct {
	KeyDetails  string // PKIX_ECDSA_P256_SHA_256
	PublicKey   []byte // PKIX, ASN.1 DER; or
	Certificate []byte // X.509, ASN.1 DER (keyless)
}

// An Event is one logged entry whose leaf and body agree. Its signature is
// checked only when Verify is called, because a gate reads ten thousand
// entries and needs ten of them.
type Event struct {
	Index  uint64
	Signed Signed
	Leaf   []byte // canonical hashedrekord bytes, as logged

	statement *Statement
	verified  error
	checked   bool
}
