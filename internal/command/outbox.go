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
	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
)

// The spool holds signed events from before the first attempt to append them
// until their receipt: spool/ORIGIN/EVENT-ID.json in the user's folder. An
// append that ends without an answer may have worked or not. The next run of
// the same command finds its event here and appends these bytes again, which
// the ledger knows by their id.

// maxSpooled bounds one file of the spool, and maxWaiting how many are looked
// at.
const (
	maxSpooled = event.MaxPayload*2 + 1<<16
	maxWaiting = 100
)

// A spooled is a signed event as it lies in the spool. Its name is its id, and
// it is checked against that before it is used.
type spooled struct {
	Payload   []byte `json:"payload"`
	Signature []byte `json:"signature"`
	PublicKey []byte `json:"public_key"`
}

// A box is one place in the spool.
type box struct {
	file string
}

// done empties the box: the ledger has given its receipt.
func (b box) done() error {
	if err := os.Remove(b.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("empty the spool: %w", err)
	}
	return nil
}

// spool returns the event that says payload, signed and on disk: the one that
// waits there from an earlier attempt, which differs at most in when it was
// made, else a new one.
func (r *recording) spool(payload []byte) (event.Signed, box, error) {
	dir, err := r.spoolDir()
	if err != nil {
		return event.Signed{}, box{}, err
	}
	waiting, old, err := r.waiting(dir, payload)
	if err != nil || waiting.file != "" {
		return old, waiting, err
	}
	signed, err := event.Sign(payload, r.key)
	if err != nil {
		return event.Signed{}, box{}, fmt.Errorf("sign %s: %w", r.recorder.kind.Name, err)
	}
	data, err := canon.Marshal(spooled{signed.Payload, signed.Signature, signed.Verifier.PublicKey})
	if err != nil {
		return event.Signed{}, box{}, err
	}
	files, err := durable.Dir(dir)
	if err != nil {
		return event.Signed{}, box{}, fmt.Errorf("open the spool: %w", err)
	}
	name := spoolName(signed)
	if err := durable.WriteFile(files, name, data); err != nil {
		return event.Signed{}, box{}, fmt.Errorf("spool the signed event: %w", err)
	}
	return signed, box{filepath.Join(dir, name)}, nil
}

// spoolDir makes the spool of this ledger. The origin has been checked to be
// a name when the key was looked up; a second look costs nothing.
func (r *recording) spoolDir() (string, error) {
	base, err := keyring.Dir(r.env.Getenv)
	if err != nil {
		return "", err
	}
	origin := r.policy.Ledger.Origin
	if !filepath.IsLocal(origin) || strings.ContainsAny(origin, `/\`) {
		return "", fmt.Errorf("open the spool: the origin %q is no name for a folder", origin)
	}
	dir := filepath.Join(base, "spool", origin)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("open the spool: %w", err)
	}
	return dir, nil
}

func spoolName(s event.Signed) string {
	id := s.ID()
	return hex.EncodeToString(id[:]) + ".json"
}

// waiting looks for an event of this key in the spool that says what payload
// says. Others that wait are counted in a note: their own command, run again,
// logs them.
func (r *recording) waiting(dir string, payload []byte) (box, event.Signed, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return box{}, event.Signed{}, fmt.Errorf("look through the spool: %w", err)
	}
	if len(entries) == 0 {
		return box{}, event.Signed{}, nil
	}
	want, err := timeless(payload)
	if err != nil {
		return box{}, event.Signed{}, err
	}
	others := 0
	for _, e := range entries[:min(len(entries), maxWaiting)] {
		file := filepath.Join(dir, e.Name())
		s, err := readSpooled(file)
		if err != nil {
			continue // half-written by a crash: it was never tried
		}
		got, err := timeless(s.Payload)
		if err == nil && bytes.Equal(got, want) && s.KeyID() == event.KeyID(r.key.Verifier()) {
			return box{file}, s, nil
		}
		others++
	}
	if others > 0 {
		r.note("signed events that still wait for their answer in %s: %d; run their commands again", dir, others)
	}
	return box{}, event.Signed{}, nil
}

// readSpooled reads a file of the spool and believes nothing in it that its
// own signature and name do not hold.
func readSpooled(file string) (event.Signed, error) {
	data, err := readLimited(file, maxSpooled)
	if err != nil {
		return event.Signed{}, err
	}
	var raw spooled
	if err := canon.Decode(data, &raw); err != nil {
		return event.Signed{}, err
	}
	s := event.Signed{
		Payload: raw.Payload, Signature: raw.Signature,
		Verifier: event.Verifier{KeyDetails: event.KeyDetails, PublicKey: raw.PublicKey},
	}
	if err := s.Verify(); err != nil {
		return event.Signed{}, err
	}
	if spoolName(s) != filepath.Base(file) {
		return event.Signed{}, fmt.Errorf("%s holds another event", file)
	}
	return s, nil
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
