// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
)

// The outbox holds signed events from before the first attempt to log them
// until their receipt: spool/ORIGIN/EVENT-ID.json in the user's folder. An
// attempt that ends without an answer may have worked or not, and an event
// that was left for whoever holds the log key may be taken away before it is
// logged. The next run of the same command finds its event here and sends
// these bytes again, which the ledger knows by their id.

// maxSpooled bounds one file of the outbox, and maxWaiting how many there may
// be: each is looked at, so that none is made twice.
const (
	maxSpooled = event.MaxPayload*2 + 1<<20
	maxWaiting = 10_000
)

// A spooled is a signed event as it lies in the outbox. Its name is its id,
// and it is checked against that before it is used.
type spooled struct {
	Payload     []byte   `json:"payload"`
	Signature   []byte   `json:"signature"`
	PublicKey   []byte   `json:"public_key"`
	Certificate []byte   `json:"certificate,omitempty"`
	Timestamps  [][]byte `json:"timestamps,omitempty"`
	Entries     [][]byte `json:"entries,omitempty"`
	Left        bool     `json:"left,omitzero"` // it was left for whoever holds the log key
}

// A box is one place in the outbox. The zero box is none.
type box struct {
	file   string
	signed event.Signed
	left   bool
}

// done empties the box: the ledger has given its receipt.
func (b box) done() error {
	if err := os.Remove(b.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("empty the outbox: %w", err)
	}
	return nil
}

// keep puts a signed event into the outbox.
func (w *workspace) keep(s event.Signed) (box, error) {
	dir, err := w.outbox()
	if err != nil {
		return box{}, err
	}
	b := box{file: filepath.Join(dir, spoolName(s)), signed: s}
	return b, b.write()
}

// wasLeft notes that the event is at the ledger, for whoever holds the key.
func (b *box) wasLeft() error {
	if b.left {
		return nil
	}
	b.left = true
	return b.write()
}

func (b *box) write() error {
	s := b.signed
	data, err := canon.Marshal(spooled{s.Payload, s.Signature, s.Verifier.PublicKey, s.Verifier.Certificate, s.Timestamps, s.Entries, b.left})
	if err != nil {
		return err
	}
	files, err := durable.Dir(filepath.Dir(b.file))
	if err != nil {
		return fmt.Errorf("open the outbox: %w", err)
	}
	if err := durable.WriteFile(files, filepath.Base(b.file), data); err != nil {
		return fmt.Errorf("put the signed event into the outbox: %w", err)
	}
	return nil
}

// outbox makes the folder of this ledger. The origin has been checked to be a
// name when the key was looked up; a second look costs nothing.
func (w *workspace) outbox() (string, error) {
	base, err := keyring.Dir(w.env.Getenv)
	if err != nil {
		return "", err
	}
	origin := w.policy.Ledger.Origin
	if !filepath.IsLocal(origin) || strings.ContainsAny(origin, `/\`) {
		return "", fmt.Errorf("open the outbox: the origin %q is no name for a folder", origin)
	}
	dir := filepath.Join(base, "spool", origin)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", cli.Fail(cli.Unknown, "mend the folder or its permissions, then run the same command again", "open the outbox: %w", err)
	}
	return dir, nil
}

func spoolName(s event.Signed) string {
	id := s.ID()
	return hex.EncodeToString(id[:]) + ".json"
}

// waiting returns what waits in the outbox and is whole, at most maxWaiting.
func (w *workspace) waiting() ([]box, error) {
	dir, err := w.outbox()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, cli.Fail(cli.Unknown, "mend the folder or its permissions, then run the same command again", "look through the outbox: %w", err)
	}
	if len(entries) > maxWaiting {
		return nil, cli.Fail(cli.Unknown, "let 'gateledger integrate' log them, then run their commands again", "%d events wait in the outbox %s, at most %d", len(entries), dir, maxWaiting)
	}
	var all []box
	for _, e := range entries {
		b, err := readBox(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // half-written by a crash: it was never tried
		}
		all = append(all, b)
	}
	return all, nil
}

// again returns the event in the outbox that says what same looks for, and
// how many others wait.
func (w *workspace) again(same func(event.Signed) bool) (found box, others int, err error) {
	all, err := w.waiting()
	for _, b := range all {
		if found.file == "" && same(b.signed) {
			found = b
			continue
		}
		others++
	}
	return found, others, err
}

// readBox reads a file of the outbox and believes nothing in it that its own
// signature and name do not hold.
func readBox(file string) (box, error) {
	data, err := readLimited(file, maxSpooled)
	if err != nil {
		return box{}, err
	}
	var raw spooled
	if err := canon.Decode(data, &raw); err != nil {
		return box{}, err
	}
	s := event.Signed{
		Payload: raw.Payload, Signature: raw.Signature, Timestamps: raw.Timestamps, Entries: raw.Entries,
		Verifier: event.Verifier{KeyDetails: event.KeyDetails, PublicKey: raw.PublicKey, Certificate: raw.Certificate},
	}
	if err := s.Verify(); err != nil {
		return box{}, err
	}
	if spoolName(s) != filepath.Base(file) {
		return box{}, fmt.Errorf("%s holds another event", file)
	}
	return box{file: file, signed: s, left: raw.Left}, nil
}

// sameButTime returns a test for events that say what payload says, whenever
// it was made.
func sameButTime(payload []byte) (func(event.Signed) bool, error) {
	want, err := timeless(payload)
	if err != nil {
		return nil, err
	}
	return func(s event.Signed) bool {
		got, err := timeless(s.Payload)
		return err == nil && bytes.Equal(got, want)
	}, nil
}

// timeless is a statement without the time at which it was made.
func timeless(payload []byte) ([]byte, error) {
	s, err := event.ParseStatement(payload)
	if err != nil {
		return nil, err
	}
	var predicate map[string]canon.Raw
	if err := canon.DecodeOpen(s.Predicate, &predicate); err != nil {
		return nil, err
	}
	const member = "gateledger_context"
	if raw, ok := predicate[member]; ok {
		var at map[string]canon.Raw
		if err := canon.DecodeOpen(raw, &at); err != nil {
			return nil, err
		}
		delete(at, "time")
		if predicate[member], err = canon.Marshal(at); err != nil {
			return nil, err
		}
	}
	if s.Predicate, err = canon.Marshal(predicate); err != nil {
		return nil, err
	}
	return canon.Marshal(s)
}
