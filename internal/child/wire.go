// SPDX-License-Identifier: Apache-2.0

package child

import (
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/product"
)

// Both ends of the pipe speak these words: one JSON object goes in, one comes
// out. Bytes are base64, times RFC 3339.

// Limits of what goes through the pipe, in bytes.
const (
	MaxQuestion = 8 << 20
	MaxAnswer   = 16 << 20
	MaxMessage  = 1 << 20 // of what a timestamp is asked for
)

// SignSchema and TimestampSchema name the answers, so that one of another
// version is not taken for ours.
const (
	SignSchema      = product.PredicateBase + "remote-sign/v1"
	TimestampSchema = product.PredicateBase + "remote-timestamp/v1"
)

// A SignQuestion is what 'sign' reads.
type SignQuestion struct {
	Payload []byte `json:"payload"`         // a canonical in-toto statement
	Token   string `json:"token,omitempty"` // an identity token, instead of one that is fetched
}

// A SignAnswer is what 'sign' writes, after it checked all of it against the
// trusted root.
type SignAnswer struct {
	Schema      string      `json:"schema"`
	Signature   []byte      `json:"signature"`            // over the DSSE encoding of the payload, ASN.1 DER
	Certificate []byte      `json:"certificate"`          // X.509, ASN.1 DER
	Timestamps  [][]byte    `json:"timestamps,omitempty"` // RFC 3161 responses over Signature, ASN.1 DER, as a Sigstore bundle carries them
	Entries     []canon.Raw `json:"entries,omitempty"`    // of transparency logs: protobuf JSON of a Sigstore TransparencyLogEntry, canonical
	Bundle      canon.Raw   `json:"bundle,omitempty"`     // the stock Sigstore bundle, where a log was used
}

// A TimestampQuestion is what 'timestamp' reads.
type TimestampQuestion struct {
	Message []byte `json:"message"`
}

// A TimestampAnswer is what 'timestamp' writes.
type TimestampAnswer struct {
	Schema   string    `json:"schema"`
	Token    []byte    `json:"token"`    // RFC 3161 response over the message, ASN.1 DER
	Time     time.Time `json:"time"`     // what the token says
	Verified bool      `json:"verified"` // it was checked against a trusted root
}
