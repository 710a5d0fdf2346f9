// SPDX-License-Identifier: Apache-2.0

package anchored

import (
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/sha3"
)

// CheckAddress checks that text is the address of an account as EIP-55 spells
// it: its upper-case digits are a checksum, which tells most typing errors.
func CheckAddress(text string) error {
	digits, ok := strings.CutPrefix(text, "0x")
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != 20 {
		return fmt.Errorf("%.60q is not an address: 0x and 40 hex digits", text)
	}
	if want := spelled(strings.ToLower(digits)); text != want {
		if digits == strings.ToLower(digits) {
			return fmt.Errorf("%s has no checksum; compare it with %s, which has", text, want)
		}
		return fmt.Errorf("%s: its checksum (EIP-55) is wrong, so a digit or its case is", text)
	}
	return nil
}

// spelled gives 40 lower-case hex digits the checksum of EIP-55.
func spelled(digits string) string {
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(digits))
	sum := hex.EncodeToString(h.Sum(nil))
	out := []byte(digits)
	for i, c := range out {
		if c >= 'a' && sum[i] >= '8' {
			out[i] = c - 'a' + 'A'
		}
	}
	return "0x" + string(out)
}
