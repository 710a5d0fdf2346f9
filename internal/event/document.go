// SPDX-License-Identifier: Apache-2.0

package event

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/gateledger/gateledger/internal/canon"
)

// CycloneDXMedia is the media type of a CycloneDX JSON document.
const CycloneDXMedia = "application/vnd.cyclonedx+json"

// Document returns the digest of the document an event brings: of the one it
// names where the statement refers to it, else of the predicate's canonical
// form.
func Document(e *Event) (Digest, error) {
	s, err := e.Statement()
	if err != nil {
		return Digest{}, err
	}
	if s.PredicateType != ReferenceType {
		data, err := canon.Transform(s.Predicate)
		if err != nil {
			return Digest{}, fmt.Errorf("read predicate of entry %d: %w", e.Index, err)
		}
		sum := sha256.Sum256(data)
		return Digest{Alg: "sha256", Hex: hex.EncodeToString(sum[:])}, nil
	}
	ref, err := DecodePredicate[ReferencePredicate](e)
	if err != nil {
		return Digest{}, err
	}
	if len(ref.References) != 1 || ref.References[0].Digest["sha256"] == "" {
		return Digest{}, fmt.Errorf("entry %d refers to %d documents, want one with a sha256", e.Index, len(ref.References))
	}
	return ParseDigest("sha256:" + ref.References[0].Digest["sha256"])
}
