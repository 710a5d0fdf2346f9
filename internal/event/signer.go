// SPDX-License-Identifier: Apache-2.0

package event

import (
	"crypto/sha256"
	"encoding/binary"
)

// ChainSource is the source of votes that a contract on a chain holds.
const ChainSource = "evm"

// ChainAccount is the number by which a snapshot of a chain names a signer, of
// 20 bytes or more, in lower-case hex: 52 bits of its SHA-256, with the one
// above them set, so that it fits a JSON number and is no account of a forge.
// Who makes the snapshot compares whole signers with those of the policy; no
// two of one policy may have one number.
func ChainAccount(signer string) int64 {
	sum := sha256.Sum256([]byte(signer))
	return int64(binary.BigEndian.Uint64(sum[:8])>>12 | 1<<52)
}
