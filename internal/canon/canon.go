// SPDX-License-Identifier: Apache-2.0

// Package canon reads JSON strictly and writes it canonically (RFC 8785).
//
// Everything that is hashed or signed goes through here: two documents that
// mean the same have the same bytes, and a document that could be read in two
// ways (a name twice, trailing data, broken UTF-8) is no document at all.
package canon

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Raw is JSON kept as it came.
type Raw = jsontext.Value

// Marshal returns v in the canonical form of RFC 8785.
func Marshal(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return Transform(raw)
}

// Transform returns a JSON document in the canonical form of RFC 8785. It
// refuses duplicate names, trailing data, invalid UTF-8, nesting over
// MaxDepth, and integers that the form, whose numbers are doubles, would
// change.
func Transform(data []byte) ([]byte, error) {
	if err := check(data, exact); err != nil {
		return nil, err
	}
	v := jsontext.Value(append([]byte(nil), data...))
	if err := v.Canonicalize(); err != nil {
		return nil, err
	}
	return v, nil
}

// Decode reads one JSON document into v. It refuses unknown members,
// duplicate names, trailing data, invalid UTF-8 and nesting over MaxDepth.
func Decode(data []byte, v any) error {
	if err := check(data, anyNumber); err != nil {
		return err
	}
	return json.Unmarshal(data, v, json.RejectUnknownMembers(true))
}

// DecodeOpen is Decode for formats whose specification tells readers to
// ignore members they do not know.
func DecodeOpen(data []byte, v any) error {
	if err := check(data, anyNumber); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// Digest returns the lower-case hex SHA-256 of the canonical form of v.
func Digest(v any) (string, error) {
	data, err := Marshal(v)
	if err != nil {
		return "", fmt.Errorf("canonicalize: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
