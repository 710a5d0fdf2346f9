// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"encoding/base64"
	"errors"
)

// octets are bytes in JSON: base64 with padding, in its one spelling.
type octets []byte

// UnmarshalText reads base64. It refuses what the decoder lets pass: lines
// and stray bits at the end.
func (o *octets) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil {
		return err
	}
	if base64.StdEncoding.EncodedLen(len(b)) != len(text) {
		return errors.New("base64 broken into lines")
	}
	*o = b
	return nil
}
