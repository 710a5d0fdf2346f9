// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/event"
)

// ID returns the id of an entry, by which an event is logged once. Of a
// hashedrekord entry it is the event id, SHA-256 over the signed digest and
// the SHA-256 of the public key, its own or its certificate's, so that signing
// the same event again does not make it another. Of anything else it is the
// leaf hash.
//
// Nothing here checks the signature, nor who issued a certificate: whoever
// appends must have, or a forged entry would take the place of the event it
// names.
func ID(data []byte) [32]byte {
	return idOf(data, nil)
}

// idOf is ID for an entry whose leaf hash may be known.
func idOf(data []byte, leaf *tlog.Hash) [32]byte {
	if id, ok := event.LeafID(data); ok {
		return id
	}
	if leaf == nil {
		return tlog.RecordHash(data)
	}
	return *leaf
}
