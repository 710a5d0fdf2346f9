// SPDX-License-Identifier: Apache-2.0

package tsa

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/gateledger/gateledger/internal/anchor"
)

// A Query is a question to a timestamp authority: when did bytes of this
// SHA-256 exist.
type Query struct {
	digest []byte
	nonce  *big.Int
}

// NewQuery asks about a SHA-256, with 64 bits of random as its nonce, which is
// as many as every authority takes.
func NewQuery(digest [32]byte, random io.Reader) (Query, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return Query{}, fmt.Errorf("make nonce: %w", err)
	}
	b[0] |= 0x80 // never shorter, never zero
	return Query{digest[:], new(big.Int).SetBytes(b[:])}, nil
}

// Request is the question in DER (RFC 3161 section 2.4.1). With certificates,
// the token is to hold that of its signer.
func (q Query) Request(certificates bool) ([]byte, error) {
	request := timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: q.digest, Nonce: q.nonce, Certificates: certificates}
	body, err := request.Marshal()
	if err != nil {
		return nil, fmt.Errorf("write timestamp request: %w", err)
	}
	return body, nil
}

// A wrong is what is wrong with an answer: one of the errors of package anchor.
type wrong struct {
	kind error
	text string
}

func (w *wrong) Error() string { return w.text }
func (w *wrong) Unwrap() error { return w.kind }

func wrongly(kind error, format string, args ...any) error {
	return &wrong{kind, fmt.Sprintf(format, args...)}
}

// Read checks that a response (RFC 3161 section 2.4.2, DER) answers the
// question and is new, and returns its time. Whether its signature is anybody's,
// a trusted root says. It fails with anchor.ErrUnavailable for what is no
// response, ErrRefused for one without a token, and ErrUnverified for a token
// that is about something else.
func (q Query) Read(response []byte) (time.Time, error) {
	if err := granted(response); err != nil {
		return time.Time{}, err
	}
	ts, err := timestamp.ParseResponse(response)
	switch {
	case err != nil:
		return time.Time{}, wrongly(anchor.ErrUnverified, "the timestamp does not hold: %v", err)
	case ts.HashAlgorithm != crypto.SHA256 || !bytes.Equal(ts.HashedMessage, q.digest):
		return time.Time{}, wrongly(anchor.ErrUnverified, "the timestamp is about something else")
	case ts.Nonce == nil || ts.Nonce.Cmp(q.nonce) != 0:
		return time.Time{}, wrongly(anchor.ErrUnverified, "the timestamp does not hold our nonce: it may be an old one")
	}
	return ts.Time.UTC(), nil
}

// granted reads the status of a response.
func granted(response []byte) error {
	var r struct {
		Info  asn1.RawValue
		Token asn1.RawValue `asn1:"optional"`
	}
	status := 0
	rest, err := asn1.Unmarshal(response, &r)
	if err == nil && len(rest) > 0 {
		err = errors.New("more follows it")
	}
	if err == nil {
		_, err = asn1.Unmarshal(r.Info.Bytes, &status)
	}
	if err != nil {
		return wrongly(anchor.ErrUnavailable, "its answer is no timestamp response: %v", err)
	}
	if status != 0 {
		return wrongly(anchor.ErrRefused, "it gave no timestamp: status %d", status)
	}
	return nil
}
