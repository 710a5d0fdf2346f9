// SPDX-License-Identifier: Apache-2.0

// Package tsa anchors checkpoints at an RFC 3161 timestamp authority. Its
// receipt says that the checkpoint existed at a time. An authority remembers
// nothing: asked twice, it gives two tokens, and a log that was forked gets one
// for each side.
package tsa

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchored"
)

// maxResponse bounds an answer, in bytes; usual ones have one to six thousand.
const maxResponse = 64 << 10

// Kind is the row of the table.
func Kind() anchor.Kind {
	return anchor.Kind{Name: "tsa", Open: open}
}

// An authority is where to ask.
type authority struct {
	spec  anchored.Spec
	url   *url.URL
	world anchor.World
}

var _ anchor.Anchor = (*authority)(nil)

func open(spec anchored.Spec, w anchor.World) (anchor.Anchor, error) {
	// What is asked is no secret, and the answer is signed.
	u, err := anchor.Address(spec.URL, true)
	if err != nil {
		return nil, err
	}
	return &authority{spec, u, w}, nil
}

// Submit has the text of the checkpoint dated.
func (a *authority) Submit(ctx context.Context, s anchor.Submission) (anchored.Receipt, error) {
	text, err := anchor.Text(s.Checkpoint)
	if err != nil {
		return anchored.Receipt{}, err
	}
	q, err := NewQuery(sha256.Sum256(text), a.world.Random)
	if err != nil {
		return anchored.Receipt{}, err
	}
	who := "timestamp authority " + a.spec.Name
	response, err := a.ask(ctx, who, q)
	if err == nil {
		_, err = q.Read(response)
		if err != nil {
			err = fmt.Errorf("ask %s at %s: %w", who, a.url.Host, err)
		}
	}
	if err != nil {
		return anchored.Receipt{}, err
	}
	return anchor.Receipt(a.spec, s.Checkpoint, anchored.TSAProof{Token: response})
}

func (a *authority) ask(ctx context.Context, who string, q Query) ([]byte, error) {
	body, err := q.Request(true)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", who, anchor.ErrSetup)
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	resp, err := a.world.Ask(ctx, who, maxResponse).RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	response, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask %s at %s: %w: %w", who, a.url.Host, anchor.ErrUnavailable, err)
	case resp.StatusCode/100 != 2:
		return nil, fmt.Errorf("ask %s at %s: %w: %s", who, a.url.Host, anchor.ErrRefused, anchor.Said(resp.StatusCode, response))
	}
	return response, nil
}
