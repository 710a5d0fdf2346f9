// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/tsa"
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
	query, err := tsa.NewQuery(sha256.Sum256(message), random)
	if err != nil {
		return nil, time.Time{}, err
	}
	body, err := query.Request(false)
	if err != nil {
		return nil, time.Time{}, err
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
	at, err = query.Read(response)
	if err != nil {
		return nil, time.Time{}, whyNotStamped(fmt.Errorf("ask %s at %s: %w", ask.who, u.Host, err))
	}
	return response, at, nil
}

// whyNotStamped gives an answer that was none its exit code.
func whyNotStamped(err error) error {
	switch {
	case errors.Is(err, anchor.ErrUnverified):
		return cli.Fail(cli.Integrity, "", "%w", err)
	case errors.Is(err, anchor.ErrRefused):
		return cli.Fail(cli.No, "", "%w", err)
	}
	return cli.Fail(cli.Unknown, "check that the address is a timestamp authority's", "%w", err)
}
