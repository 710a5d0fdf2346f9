// SPDX-License-Identifier: Apache-2.0

// Package rekor anchors checkpoints in a Sigstore transparency log, version 1
// or 2: as a hashedrekord over SHA-256 of the checkpoint's text. Its receipt
// says that the checkpoint existed, and in version 1 when. Nobody looks whether
// one checkpoint follows from another, so it does not make a log unique.
package rekor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
)

// maxAnswer bounds an answer, in bytes: the largest is a bundle of 256 entries
// of others.
const maxAnswer = 17 << 20

// waits is how often a log is asked whether it has published an entry that it
// took, a rest apart.
const waits = 15

// Kind is the row of the table.
func Kind() anchor.Kind {
	return anchor.Kind{Name: "rekor", Open: open}
}

// A log is where to ask.
type log struct {
	spec  anchored.Spec
	url   *url.URL
	world anchor.World
}

var _ anchor.Anchor = (*log)(nil)

func open(spec anchored.Spec, w anchor.World) (anchor.Anchor, error) {
	u, err := anchor.Address(spec.URL, false)
	if err != nil {
		return nil, err
	}
	if spec.Version != 1 && spec.Version != 2 {
		return nil, fmt.Errorf("read anchor %s: %w: Rekor has no version %d; have 1, 2", spec.Name, anchor.ErrSetup, spec.Version)
	}
	return &log{spec, u, w}, nil
}

// Submit logs the text of the checkpoint, or finds where it is logged already.
func (l *log) Submit(ctx context.Context, s anchor.Submission) (anchored.Receipt, error) {
	text, err := anchor.Text(s.Checkpoint)
	if err != nil {
		return anchored.Receipt{}, err
	}
	e, err := entryOf(text)
	if err != nil {
		return anchored.Receipt{}, err
	}
	add := l.add2
	if l.spec.Version == 1 {
		add = l.add1
	}
	logged, err := add(ctx, e)
	if err == nil {
		if err = e.check(logged, l.spec.Version); err != nil {
			err = fmt.Errorf("ask %s: %w: %w", l, anchor.ErrUnverified, err)
		}
	}
	if err != nil {
		return anchored.Receipt{}, err
	}
	raw, err := canonical(logged)
	if err != nil {
		return anchored.Receipt{}, err
	}
	return anchor.Receipt(l.spec, s.Checkpoint, anchored.RekorProof{Entry: raw})
}

// String is the log in errors.
func (l *log) String() string {
	return fmt.Sprintf("transparency log %s at %s", l.spec.Name, l.url.Host)
}

func canonical(logged *protorekor.TransparencyLogEntry) (canon.Raw, error) {
	data, err := protojson.Marshal(logged)
	if err == nil {
		data, err = canon.Transform(data)
	}
	if err != nil {
		return nil, fmt.Errorf("write log entry: %w", err)
	}
	return data, nil
}

// An answer is what the log said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends one question to a path of the log: a POST with a body, a GET
// without.
func (l *log) ask(ctx context.Context, path string, body []byte) (answer, error) {
	method, from := http.MethodGet, io.Reader(nil)
	if body != nil {
		method, from = http.MethodPost, bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, l.url.JoinPath(path).String(), from)
	if err != nil {
		return answer{}, fmt.Errorf("ask %s: %w", l, anchor.ErrSetup)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json, */*;q=0.5")
	resp, err := l.world.Ask(ctx, "transparency log "+l.spec.Name, maxAnswer).RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, l.garbled("%w", err)
	}
	return answer{resp.StatusCode, resp.Header, data}, nil
}

// rest is five pauses.
func (l *log) rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return l.garbled("%w", context.Cause(ctx))
	case <-time.After(5 * l.world.Pause):
		return nil
	}
}

// refused is the error about an answer that is no success.
func (l *log) refused(a answer) error {
	return fmt.Errorf("ask %s: %w: %s", l, anchor.ErrRefused, anchor.Said(a.status, a.body))
}

// garbled is the error about an answer that is not understood.
func (l *log) garbled(format string, args ...any) error {
	return fmt.Errorf("ask %s: %w: %w", l, anchor.ErrUnavailable, fmt.Errorf(format, args...))
}
