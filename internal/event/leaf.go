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
// one kind of key, the form is a skeleton with three base64 holes:
const (
	leafDigest    = `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"`
	leafSignature = `"},"signature":{"content":"`
	leafKey       = `","verifier":{"keyDetails":"` + KeyDetails + `","publicKey":{"rawBytes":"`
	leafEnd       = `"}}}}}}`
)

var (
	leafParts = [4][]byte{[]byte(leafDigest), []byte(leafSignature), []byte(leafKey), []byte(leafEnd)}
	b64       = base64.StdEncoding.Strict()
)

// Leaf returns the canonical hashedrekord 0.0.2 entry of the signed payload.
func (s Signed) Leaf() ([]byte, error) {
	if _, err := s.Verifier.key(); err != nil {
		return nil, fmt.Errorf("write leaf: %w", err)
	}
	var sum [32]byte
	hashPAE(sha256.New(), s.Payload, &sum)
	leaf := appendLeaf(nil, sum[:], s.Signature, s.Verifier.PublicKey)
	if len(leaf) > MaxLeaf {
		return nil, fmt.Errorf("write leaf: %d bytes, over the limit of %d", len(leaf), MaxLeaf)
	}
	return leaf, nil
}

func appendLeaf(b, digest, signature, key []byte) []byte {
	b = b64.AppendEncode(append(b, leafDigest...), digest)
	b = b64.AppendEncode(append(b, leafSignature...), signature)
	b = b64.AppendEncode(append(b, leafKey...), key)
	return append(b, leafEnd...)
}

// parseLeaf reads a leaf back. It accepts exactly what appendLeaf writes: it
// reads the holes, writes the leaf again and compares.
func parseLeaf(leaf []byte) (digest [32]byte, signature []byte, key []byte, err error) {
	if len(leaf) > MaxLeaf {
		return digest, nil, nil, fmt.Errorf("%w: leaf of %d bytes, over the limit of %d", ErrMismatch, len(leaf), MaxLeaf)
	}
	var holes [3][]byte
	rest, ok := bytes.CutPrefix(leaf, leafParts[0])
	for i := range holes {
		if !ok {
			break
		}
		holes[i], rest, ok = bytes.Cut(rest, leafParts[i+1])
	}
	if !ok || len(rest) != 0 {
		return digest, nil, nil, notOurs(leaf)
	}
	// One allocation for all three; the leaf itself is longer than they are.
	buf := make([]byte, 0, len(holes[0])+len(holes[1])+len(holes[2]))
	var ends [3]int
	for i, hole := range holes {
		if buf, err = b64.AppendDecode(buf, hole); err != nil {
			return digest, nil, nil, fmt.Errorf("%w: leaf: %w", ErrMismatch, err)
		}
		ends[i] = len(buf)
	}
	if ends[0] != len(digest) {
		return digest, nil, nil, fmt.Errorf("%w: leaf holds a digest of %d bytes, want %d", ErrMismatch, ends[0], len(digest))
	}
	copy(digest[:], buf)
	signature, key = buf[ends[0]:ends[1]:ends[1]], buf[ends[1]:ends[2]:ends[2]]
	var again [1024]byte
	if !bytes.Equal(appendLeaf(again[:0], digest[:], signature, key), leaf) {
		return digest, nil, nil, fmt.Errorf("%w: leaf is not in canonical form", ErrMismatch)
	}
	return digest, signature, key, nil
}

func notOurs(leaf []byte) error {
	if bytes.Contains(leaf, []byte(`"x509Certificate"`)) {
		return ErrKeyless
	}
	return fmt.Errorf("%w: leaf is not a canonical hashedrekord 0.0.2 with a %s key", ErrMismatch, KeyDetails)
}
