// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
)

// LoggedText checks an entry of a transparency log (a Sigstore
// TransparencyLogEntry in JSON) that is about a text: a hashedrekord over its
// SHA-256. Whose signature it carries is not looked at: what the log shows is
// that somebody knew the text. The inclusion proof must be there, and lead to a
// checkpoint that a log of the root signed.
//
// It returns where the text was logged, and the time that a Rekor v1 signed
// entry timestamp proves, or zero. The window of a log that promises no time
// must hold seen, the time at which the caller looks.
//
// It fails with ErrRoot, with ErrUndated where the root names no such log, and
// else with ErrEntry.
func (r *Root) LoggedText(entry, text []byte, seen time.Time) (time.Time, Logged, error) {
	if r == nil {
		return time.Time{}, Logged{}, ErrRoot
	}
	entries, err := parseEntries([][]byte{entry})
	if err != nil {
		return time.Time{}, Logged{}, err
	}
	e := &entries[0]
	at := time.Time{}
	if e.Promise != nil {
		at = time.Unix(e.Integrated, 0).UTC()
		seen = at
	}
	log, err := r.logOf(e, seen)
	if err != nil {
		return time.Time{}, Logged{}, err
	}
	if err := e.holdsText(log, text, seen); err != nil {
		return time.Time{}, Logged{}, fmt.Errorf("%w: %s: %w", ErrEntry, log.url, err)
	}
	return at, Logged{URL: log.url, Index: e.Index}, nil
}

func (e *logEntry) holdsText(log *logKey, text []byte, seen time.Time) error {
	second, about := false, error(nil)
	switch e.Kind {
	case kindVersion{"hashedrekord", "0.0.1"}:
		about = textOfHashedrekord(e.Body, text)
	case kindVersion{"hashedrekord", "0.0.2"}:
		second, about = true, textOfHashedrekord2(e.Body, text)
	default:
		about = fmt.Errorf("an entry of kind %.40q %.40q, want hashedrekord", e.Kind.Kind, e.Kind.Version)
	}
	switch {
	case about != nil:
		return about
	case second && (e.Promise != nil || e.Integrated != 0):
		return errors.New("a Rekor v2 entry with a time, which that log does not sign")
	case e.Proof == nil:
		return errors.New("no inclusion proof")
	case e.Promise != nil:
		if _, err := e.checkPromise(log); err != nil {
			return err
		}
	}
	return e.included(log, seen)
}

// textOfHashedrekord checks a body of hashedrekord 0.0.1.
func textOfHashedrekord(body, text []byte) error {
	type spec struct {
		Data struct {
			Hash hashValue `json:"hash"`
		} `json:"data"`
		Signature canon.Raw `json:"signature"`
	}
	b, err := readBody[spec](body, "hashedrekord")
	if err == nil && !b.Data.Hash.is(text) {
		err = errOtherText
	}
	return err
}

var errOtherText = errors.New("canonicalizedBody is of another text")

// textOfHashedrekord2 checks a body of hashedrekord 0.0.2.
func textOfHashedrekord2(body, text []byte) error {
	var b rekorBody[struct {
		V2 struct {
			Data struct {
				Algorithm string `json:"algorithm"`
				Digest    octets `json:"digest"`
			} `json:"data"`
			Signature canon.Raw `json:"signature"`
		} `json:"hashedRekordV002"`
	}]
	if err := canon.Decode(body, &b); err != nil {
		return fmt.Errorf("canonicalizedBody: %w", err)
	}
	if b.Kind != "hashedrekord" || b.APIVersion != "0.0.2" {
		return fmt.Errorf("canonicalizedBody is a %.40q %.40q, want hashedrekord 0.0.2", b.Kind, b.APIVersion)
	}
	sum := sha256.Sum256(text)
	if data := b.Spec.V2.Data; data.Algorithm != "SHA2_256" || !bytes.Equal(data.Digest, sum[:]) {
		return errOtherText
	}
	return nil
}
