// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"

	"golang.org/x/mod/sumdb/tlog"
)

// The parts of a canonical Rekor v2 hashedrekord 0.0.2 entry around its three
// values. RFC 8785 leaves one spelling, so the entry need not be parsed.
const (
	recordDigest    = `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"`
	recordSignature = `"},"signature":{"content":"`
	recordKey       = `","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"`
	recordEnd       = `"}}}}}}`
)

// ID returns the id of an entry, by which an event is logged once. Of a
// hashedrekord entry with a public key it is the event id, SHA-256 over the
// signed digest and the SHA-256 of the key, so that signing the same event
// again does not make it another. Of anything else it is the leaf hash.
//
// Nothing here checks the signature: whoever appends must have, or a forged
// entry would take the place of the event it names.
func ID(data []byte) [32]byte {
	return idOf(data, nil)
}

// idOf is ID for an entry whose leaf hash may be known.
func idOf(data []byte, leaf *tlog.Hash) [32]byte {
	if id, ok := eventID(data); ok {
		return id
	}
	if leaf == nil {
		return tlog.RecordHash(data)
	}
	return *leaf
}

func eventID(data []byte) (id [32]byte, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte(recordDigest))
	if !ok {
		return id, false
	}
	digest, rest, ok := bytes.Cut(rest, []byte(recordSignature))
	if !ok {
		return id, false
	}
	_, rest, ok = bytes.Cut(rest, []byte(recordKey))
	if !ok {
		return id, false
	}
	key, ok := bytes.CutSuffix(rest, []byte(recordEnd))
	if !ok {
		return id, false
	}
	var scratch [512]byte
	if base64.StdEncoding.DecodedLen(len(digest)) > 64 || base64.StdEncoding.DecodedLen(len(key)) > len(scratch) {
		return id, false
	}
	strict := base64.StdEncoding.Strict()
	var both [2 * sha256.Size]byte
	if n, err := strict.Decode(scratch[:], digest); err != nil || n != sha256.Size {
		return id, false
	}
	copy(both[:], scratch[:sha256.Size])
	n, err := strict.Decode(scratch[:], key)
	if err != nil || n == 0 {
		return id, false
	}
	sum := sha256.Sum256(scratch[:n])
	copy(both[sha256.Size:], sum[:])
	return sha256.Sum256(both[:]), true
}
