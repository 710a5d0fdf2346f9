// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/proof"
)

// The signature types that a key of somebody else's log may have, by the
// signed-note specification.
const (
	algLog   = 0x01 // Ed25519, for a log's own checkpoints
	algMLDSA = 0x06 // ML-DSA-44 cosignatures
)

// ErrPostQuantum says that a witness signs with ML-DSA-44, which nothing here
// verifies.
var ErrPostQuantum = errors.New("it is an ML-DSA-44 key, which this version does not verify; name the witness's Ed25519 key")

// ParseWitnessKey reads the verifier key of a witness, NAME+HASH+BASE64. Of a
// key of another type it says what that is for.
func ParseWitnessKey(text string) (proof.Cosigner, error) {
	c, err := proof.ParseCosigner(text)
	if err == nil {
		return c, nil
	}
	switch algorithm(text) {
	case algLog:
		err = fmt.Errorf("%w: it is a key that signs a log's own checkpoints", err)
	case algMLDSA:
		err = fmt.Errorf("%w: %w", err, ErrPostQuantum)
	}
	return c, err
}

// algorithm is the signature type of a key, or 0.
func algorithm(verifierKey string) byte {
	_, rest, _ := strings.Cut(verifierKey, "+")
	_, key64, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(key64)
	if err != nil || len(key) == 0 {
		return 0
	}
	return key[0]
}
