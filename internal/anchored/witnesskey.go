// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The signature types of C2SP tlog-cosignature.
const (
	cosignatureEd25519 = 0x04
	cosignatureMLDSA   = 0x06
)

// maxKeyText bounds a verifier key, in bytes.
const maxKeyText = 4 << 10

// A WitnessKey is what a witness's cosignatures are checked with: the verifier
// key of C2SP tlog-cosignature v1, whose signatures are Ed25519 with a time.
type WitnessKey struct {
	Name   string
	Hash   uint32
	Public ed25519.PublicKey
}

// ErrPostQuantum says that a witness signs with ML-DSA-44, which nothing here
// verifies.
var ErrPostQuantum = errors.New("it is an ML-DSA-44 key, which this version does not verify; name the witness's Ed25519 key")

// ParseWitnessKey reads NAME+HASH+BASE64. The key must be of the type that
// cosigns, not of the one that signs a log's own checkpoints.
func ParseWitnessKey(text string) (WitnessKey, error) {
	k, err := parseWitnessKey(text)
	if err != nil {
		return WitnessKey{}, fmt.Errorf("read witness key %.120q: %w", text, err)
	}
	return k, nil
}

func parseWitnessKey(text string) (k WitnessKey, err error) {
	name, rest, _ := strings.Cut(text, "+")
	hash16, key64, ok := strings.Cut(rest, "+")
	hash, hashErr := strconv.ParseUint(hash16, 16, 32)
	key, keyErr := base64.StdEncoding.Strict().DecodeString(key64)
	switch {
	case len(text) > maxKeyText:
		return k, fmt.Errorf("%d bytes, over the limit of %d", len(text), maxKeyText)
	case !ok || !isKeyName(name) || len(hash16) != 8 || hashErr != nil || keyErr != nil || len(key) == 0:
		return k, errors.New("it is not NAME+HASH+BASE64")
	case uint32(hash) != keyHash(name, key):
		return k, fmt.Errorf("its hash is %08x by its key", keyHash(name, key))
	case key[0] == cosignatureMLDSA:
		return k, ErrPostQuantum
	case key[0] != cosignatureEd25519:
		return k, fmt.Errorf("its type is 0x%02x, and a witness cosigns with a key of type 0x%02x", key[0], cosignatureEd25519)
	case len(key) != 1+ed25519.PublicKeySize:
		return k, fmt.Errorf("its key has %d bytes, want %d", len(key)-1, ed25519.PublicKeySize)
	}
	return WitnessKey{name, uint32(hash), key[1:]}, nil
}

// keyHash is the short id of a key, by the signed-note specification: of its
// type and bytes under its name.
func keyHash(name string, key []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return binary.BigEndian.Uint32(sum[:4])
}

// isKeyName says whether a signed note can have a key of that name.
func isKeyName(name string) bool {
	return name != "" && len(name) <= 255 && utf8.ValidString(name) && !strings.Contains(name, "+") &&
		!strings.ContainsFunc(name, unicode.IsSpace)
}
