// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/gateledger/gateledger/internal/cli"
)

const maxTimestamp = 256 << 10 // bytes of a response

// stamp asks the timestamp authority at url when message existed, and returns
// its response (RFC 3161, DER). The response is about message, and new: it
// holds our nonce. Whether its signature is anybody's, a trusted root says.
func stamp(ask *asker, random io.Reader, url string, message []byte) (response []byte, at time.Time, err error) {
	u, err := address(ask.who, url, true)
	if err != nil {
		return nil, time.Time{}, err
	}
	digest := sha256.Sum256(message)
	nonce, err := newNonce(random)
	if err != nil {
		return nil, time.Time{}, err
	}
	query := timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Nonce: nonce}
	body, err := query.Marshal()
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("write timestamp request: %w", err)
	}
	req, err := http.NewRequest(http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("ask %s: %w", ask.who, err)
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	resp, err := ask.RoundTrip(req)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer resp.Body.Close()
	response, err = readBounded(resp.Body, ask.limit)
	if err != nil {
		return nil, time.Time{}, ask.silent(req, err)
	}
	at, err = readStamp(response, digest[:], nonce)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("ask %s at %s: %w", ask.who, u.Host, err)
	}
	return response, at, nil
}

// newNonce is 64 random bits, which is as many as every authority takes.
func newNonce(random io.Reader) (*big.Int, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return nil, fmt.Errorf("make nonce: %w", err)
	}
	b[0] |= 0x80 // never shorter, never zero
	return new(big.Int).SetBytes(b[:]), nil
}

// readStamp checks that response answers the question, and returns its time.
func readStamp(response, digest []byte, nonce *big.Int) (time.Time, error) {
	if err := granted(response); err != nil {
		return time.Time{}, err
	}
	ts, err := timestamp.ParseResponse(response)
	switch {
	case err != nil:
		return time.Time{}, cli.Fail(cli.Integrity, "", "the timestamp does not hold: %w", err)
	case ts.HashAlgorithm != crypto.SHA256 || !bytes.Equal(ts.HashedMessage, digest):
		return time.Time{}, cli.Fail(cli.Integrity, "", "the timestamp is about something else")
	case ts.Nonce == nil || ts.Nonce.Cmp(nonce) != 0:
		return time.Time{}, cli.Fail(cli.Integrity, "", "the timestamp does not hold our nonce: it may be an old one")
	}
	return ts.Time.UTC(), nil
}

// granted reads the status of a response (RFC 3161 section 2.4.2).
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
		return cli.Fail(cli.Unknown, "check that the address is a timestamp authority's", "its answer is no timestamp response: %w", err)
	}
	if status != 0 {
		return cli.Fail(cli.No, "", "it gave no timestamp: status %d", status)
	}
	return nil
}
