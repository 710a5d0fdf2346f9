// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/proof"
)

// maxAnswer bounds what a witness says, in bytes: signature lines.
const maxAnswer = 64 << 10

// Kind is the witness as an anchor.
func Kind() anchor.Kind { return anchor.Kind{Name: "witness", Open: openClient} }

// A client asks one witness.
type client struct {
	spec  anchored.Spec
	key   proof.Cosigner
	url   string
	world anchor.World
}

var _ anchor.Anchor = (*client)(nil)

func openClient(spec anchored.Spec, w anchor.World) (anchor.Anchor, error) {
	key, err := proof.ParseCosigner(spec.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", anchor.ErrSetup, err)
	}
	u, err := anchor.Address(spec.URL, true)
	if err != nil {
		return nil, err
	}
	if w.Now == nil {
		return nil, fmt.Errorf("%w: no clock", anchor.ErrSetup)
	}
	return &client{spec: spec, key: key, url: u.JoinPath("add-checkpoint").String(), world: w}, nil
}

// Submit asks for a cosignature. A witness cosigns the checkpoint that it has
// already once more, as of now.
func (c *client) Submit(ctx context.Context, s anchor.Submission) (anchored.Receipt, error) {
	status, kind, body, err := c.ask(ctx, Request{Old: s.Old, Proof: s.Since, Checkpoint: s.Checkpoint.Raw})
	if err != nil {
		return anchored.Receipt{}, err
	}
	fail := func(is error, format string, args ...any) (anchored.Receipt, error) {
		return anchored.Receipt{}, fmt.Errorf("ask witness %s: %w: %s", c.key.Name(), is, fmt.Sprintf(format, args...))
	}
	switch {
	case status == http.StatusOK:
		return c.receipt(s.Checkpoint, string(body))
	case status == http.StatusConflict && kind == sizeText:
		return anchored.Receipt{}, c.behind(s, string(body))
	case status == http.StatusUnprocessableEntity && s.Old > 0:
		return fail(anchor.ErrForked, "our log of %d entries does not follow from the %d that it has cosigned: %s", s.Checkpoint.Size, s.Old, anchor.Said(status, body))
	case status == http.StatusNotFound:
		return fail(anchor.ErrRefused, "it does not know the log %s; whoever runs it adds the log's key: %s", s.Checkpoint.Origin, anchor.Said(status, body))
	case status == http.StatusForbidden:
		return fail(anchor.ErrRefused, "it has another key of the log %s: %s", s.Checkpoint.Origin, anchor.Said(status, body))
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return fail(anchor.ErrRefused, "%s", anchor.Said(status, body))
	}
	return fail(anchor.ErrUnavailable, "%s", anchor.Said(status, body))
}

// ask sends a request, and returns an answer that anchor.World lets pass.
func (c *client) ask(ctx context.Context, r Request) (status int, kind string, body []byte, err error) {
	fail := func(err error) (int, string, []byte, error) {
		return 0, "", nil, fmt.Errorf("ask witness %s: %w: %w", c.key.Name(), anchor.ErrUnavailable, err)
	}
	data := r.Bytes()
	if len(data) > MaxRequest {
		return fail(fmt.Errorf("a request of %d bytes, over the limit of %d", len(data), MaxRequest))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(data))
	if err != nil {
		return fail(errors.New("its address is none"))
	}
	req.Header.Set("Content-Type", plainText)
	resp, err := c.world.Ask(ctx, "witness "+c.key.Name(), maxAnswer).RoundTrip(req)
	if err != nil {
		return 0, "", nil, err
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return fail(err)
	}
	kind, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return resp.StatusCode, kind, body, nil
}

// behind is what it means that a witness has another size. More than we have,
// and somebody showed it more of this log than there is here: either another
// job is ahead of us, or our ledger was rolled back.
func (c *client) behind(s anchor.Submission, body string) error {
	decimal := strings.TrimSuffix(body, "\n")
	size, err := strconv.ParseUint(decimal, 10, 64)
	switch {
	case err != nil || strconv.FormatUint(size, 10) != decimal || size == s.Old:
		return fmt.Errorf("ask witness %s: %w: it answered 409, and no other size with it", c.key.Name(), anchor.ErrUnavailable)
	case size > s.Checkpoint.Size:
		return fmt.Errorf("ask witness %s: %w: it has cosigned %d entries of the log %s, and we have %d: read the ledger again; if it has no more, it was rolled back",
			c.key.Name(), anchor.ErrRefused, size, s.Checkpoint.Origin, s.Checkpoint.Size)
	}
	return &anchor.Behind{Size: size}
}

// receipt finds the witness's cosignature in its answer. It is believed by its
// key alone, over just the checkpoint that was sent.
func (c *client) receipt(sent proof.Checkpoint, body string) (anchored.Receipt, error) {
	fail := func(format string, args ...any) (anchored.Receipt, error) {
		return anchored.Receipt{}, fmt.Errorf("check cosignature of witness %s: %w: %w", c.key.Name(), anchor.ErrUnverified, fmt.Errorf(format, args...))
	}
	text, _, ok := strings.Cut(string(sent.Raw), "\n\n")
	if !ok {
		return fail("the checkpoint is no signed note")
	}
	why := errors.New("there is none in its answer")
	for line := range strings.Lines(body) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		at, err := c.key.Cosignature([]byte(text+"\n"), line)
		switch {
		case err != nil && name == c.key.Name():
			why = err
			continue
		case err != nil:
			continue // of a key that nobody asked
		}
		if ahead := at.Sub(c.world.Now()); ahead > anchored.Skew {
			return fail("it says that it was made at %s, %s from now", at.Format(time.RFC3339), ahead.Round(time.Second))
		}
		made, err := canon.Marshal(anchored.WitnessProof{Cosignature: strings.TrimSuffix(line, "\n")})
		if err != nil {
			return fail("%w", err)
		}
		return anchored.Receipt{Schema: anchored.ReceiptSchema, Kind: "witness", Name: c.spec.Name, Checkpoint: sent.Raw, Proof: made}, nil
	}
	return fail("%w", why)
}
