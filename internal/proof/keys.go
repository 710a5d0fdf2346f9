// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// NewKeys returns the keys of the log called origin. Each verifier key is in
// the form of the signed-note specification, name+hash+key, and its name must
// be origin. No keys at all is an error: it would trust nothing.
func NewKeys(origin string, verifierKeys []string) (Keys, error) {
	if len(verifierKeys) == 0 {
		return Keys{}, fmt.Errorf("log keys of %q: none given", origin)
	}
	k := Keys{Origin: origin}
	for _, s := range verifierKeys {
		v, err := note.NewVerifier(s)
		if err != nil {
			return Keys{}, fmt.Errorf("log key %q: %w", s, err)
		}
		if v.Name() != origin {
			return Keys{}, fmt.Errorf("log key %q: its name is not %q: %w", s, origin, ErrOrigin)
		}
		if k.Has(v.KeyHash()) {
			return Keys{}, fmt.Errorf("log key %q: given twice, or two keys with one hash", s)
		}
		k.Verifiers = append(k.Verifiers, v)
	}
	return k, nil
}

// Has reports whether a key with this note key hash is trusted.
func (k Keys) Has(hash uint32) bool {
	return slices.ContainsFunc(k.Verifiers, func(v note.Verifier) bool { return v.KeyHash() == hash })
}

// LogID returns the log's full C2SP key id, the 32-byte SHA-256 whose first
// four bytes are the key hash in verifierKey. Sigstore bundles name a log by
// it.
func LogID(verifierKey string) ([]byte, error) {
	if _, err := note.NewVerifier(verifierKey); err != nil {
		return nil, fmt.Errorf("log id of key %q: %w", verifierKey, err)
	}
	name, rest, _ := strings.Cut(verifierKey, "+")
	_, key64, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(key64)
	if err != nil {
		return nil, fmt.Errorf("log id of key %q: %w", verifierKey, err)
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return sum[:], nil
}
