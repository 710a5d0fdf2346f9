// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// MaxLeaf is the largest leaf a tlog-tiles entry bundle can hold, in bytes.
const MaxLeaf = 65535

// A leaf is Rekor v2's hashedrekord 0.0.2 in canonical form (RFC 8785). With
// one kind of key, the form is a skeleton with three base64 holes. The third
// holds a public key, or the certificate of one:
const (
	leafDigest      = `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"`
	leafSignature   = `"},"signature":{"content":"`
	leafVerifier    = `","verifier":{"keyDetails":"` + KeyDetails + `","`
	leafKey         = `publicKey":{"rawBytes":"`
	leafCertificate = `x509Certificate":{"rawBytes":"`
	leafEnd         = `"}}}}}}`
)

var b64 = base64.StdEncoding.Strict()

// Leaf returns the canonical hashedrekord 0.0.2 entry of the signed payload.
func (s Signed) Leaf() ([]byte, error) {
	if _, err := s.Verifier.key(); err != nil {
		return nil, fmt.Errorf("write leaf: %w", err)
	}
	var sum [32]byte
	hashPAE(sha256.New(), s.Payload, &sum)
	leaf := appendLeaf(nil, sum[:], s.Signature, s.Verifier)
	if len(leaf) > MaxLeaf {
		return nil, fmt.Errorf("write leaf: %d bytes, over the limit of %d", len(leaf), MaxLeaf)
	}
	return leaf, nil
}

func appendLeaf(b, digest, signature []byte, v Verifier) []byte {
	b = b64.AppendEncode(append(b, leafDigest...), digest)
	b = b64.AppendEncode(append(b, leafSignature...), signature)
	b = append(b, leafVerifier...)
	if v.Keyless() {
		b = b64.AppendEncode(append(b, leafCertificate...), v.Certificate)
	} else {
		b = b64.AppendEncode(append(b, leafKey...), v.PublicKey)
	}
	return append(b, leafEnd...)
}

// holes are what differs between one leaf and another, in base64.
type holes struct {
	digest, signature, verifier []byte
	keyless                     bool // verifier is a certificate
}

// cutLeaf finds the holes of a leaf. What is in them it does not look at.
func cutLeaf(leaf []byte) (h holes, ok bool) {
	rest, ok := bytes.CutPrefix(leaf, []byte(leafDigest))
	if !ok {
		return h, false
	}
	if h.digest, rest, ok = bytes.Cut(rest, []byte(leafSignature)); !ok {
		return h, false
	}
	if h.signature, rest, ok = bytes.Cut(rest, []byte(leafVerifier)); !ok {
		return h, false
	}
	if rest, ok = bytes.CutSuffix(rest, []byte(leafEnd)); !ok {
		return h, false
	}
	if h.verifier, ok = bytes.CutPrefix(rest, []byte(leafKey)); ok {
		return h, true
	}
	h.verifier, h.keyless = bytes.CutPrefix(rest, []byte(leafCertificate))
	return h, h.keyless
}

// decodeHole reads base64 that has one spelling: padded, its spare bits zero,
// and no line end within, which the decoder would pass over.
func decodeHole(buf, hole []byte) ([]byte, error) {
	before := len(buf)
	buf, err := b64.AppendDecode(buf, hole)
	if err != nil {
		return nil, err
	}
	if b64.EncodedLen(len(buf)-before) != len(hole) {
		return nil, fmt.Errorf("base64 with a line end")
	}
	return buf, nil
}

// parseLeaf reads a leaf back. It accepts exactly what appendLeaf writes: the
// skeleton is compared byte by byte, and each hole has one spelling.
func parseLeaf(leaf []byte) (digest [32]byte, signature []byte, v Verifier, err error) {
	if len(leaf) > MaxLeaf {
		return digest, nil, v, fmt.Errorf("%w: leaf of %d bytes, over the limit of %d", ErrMismatch, len(leaf), MaxLeaf)
	}
	h, ok := cutLeaf(leaf)
	if !ok {
		return digest, nil, v, fmt.Errorf("%w: leaf is not a canonical hashedrekord 0.0.2 with a %s key", ErrMismatch, KeyDetails)
	}
	// One allocation for all three; the leaf itself is longer than they are.
	buf := make([]byte, 0, len(h.digest)+len(h.signature)+len(h.verifier))
	var ends [3]int
	for i, hole := range [...][]byte{h.digest, h.signature, h.verifier} {
		if buf, err = decodeHole(buf, hole); err != nil {
			return digest, nil, v, fmt.Errorf("%w: leaf: %w", ErrMismatch, err)
		}
		ends[i] = len(buf)
	}
	if ends[0] != len(digest) {
		return digest, nil, v, fmt.Errorf("%w: leaf holds a digest of %d bytes, want %d", ErrMismatch, ends[0], len(digest))
	}
	copy(digest[:], buf)
	signature = buf[ends[0]:ends[1]:ends[1]]
	v = Verifier{KeyDetails: KeyDetails, PublicKey: buf[ends[1]:ends[2]:ends[2]]}
	if h.keyless {
		v.Certificate = v.PublicKey
		if v.PublicKey, err = certificateKey(v.Certificate); err != nil {
			return digest, nil, Verifier{}, err
		}
	}
	return digest, signature, v, nil
}

// LeafID returns the id of the event whose leaf it is: Signed.ID, read from
// the leaf alone. It is false for what is no leaf of ours. It reads no more
// than it needs, so that a leaf has an id does not mean that Open takes it.
func LeafID(leaf []byte) (id [32]byte, ok bool) {
	h, ok := cutLeaf(leaf)
	if !ok {
		return id, false
	}
	var digest [32]byte
	var scratch [512]byte // an append does this for every leaf of a batch
	if n := decodeInto(scratch[:], h.digest); n != len(digest) {
		return id, false
	}
	copy(digest[:], scratch[:])
	if !h.keyless {
		n := decodeInto(scratch[:], h.verifier)
		if n == 0 {
			return id, false
		}
		return eventID(digest, sha256.Sum256(scratch[:n])), true
	}
	certificate, err := decodeHole(nil, h.verifier)
	if err != nil {
		return id, false
	}
	spki, err := certificateKey(certificate)
	if err != nil {
		return id, false
	}
	return eventID(digest, sha256.Sum256(spki)), true
}

// decodeInto is decodeHole into a buffer there is. It returns zero for what
// is too long for it, or no base64 in its one spelling.
func decodeInto(buf, hole []byte) int {
	if b64.DecodedLen(len(hole)) > len(buf) {
		return 0
	}
	n, err := b64.Decode(buf, hole)
	if err != nil || b64.EncodedLen(n) != len(hole) {
		return 0
	}
	return n
}
