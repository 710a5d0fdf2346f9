// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// maxExact is where integers end that the canonical form of JSON, whose
// numbers are doubles, writes as they are.
const maxExact = 1 << 53

// A logEntry is a Sigstore TransparencyLogEntry as protobuf's JSON mapping
// writes it.
type logEntry struct {
	Index uint64 `json:"logIndex,string"`
	LogID struct {
		KeyID octets `json:"keyId"`
	} `json:"logId"`
	Kind       kindVersion `json:"kindVersion"`
	Integrated int64       `json:"integratedTime,string"`
	Promise    *struct {
		SET octets `json:"signedEntryTimestamp"`
	} `json:"inclusionPromise"`
	Proof *inclusionProof `json:"inclusionProof"`
	Body  octets          `json:"canonicalizedBody"`
}

type kindVersion struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

// kinds are the entries we read, and whether they are of Rekor v2.
var kinds = map[kindVersion]struct {
	second bool
	about  func(body []byte, s event.Signed) error
}{
	{"hashedrekord", "0.0.1"}: {false, aboutHashedrekord},
	{"dsse", "0.0.1"}:         {false, aboutDSSE},
	{"hashedrekord", "0.0.2"}: {true, aboutHashedrekord2},
}

// parseEntries reads what a ledger keeps of other logs.
func parseEntries(raw [][]byte) ([]logEntry, error) {
	if len(raw) > maxEntries {
		return nil, fmt.Errorf("%w: %w: %d entries, over the limit of %d", ErrTimestamp, ErrEntry, len(raw), maxEntries)
	}
	entries := make([]logEntry, len(raw))
	for i, data := range raw {
		if len(data) > maxEntry {
			return nil, fmt.Errorf("%w: %w: entry %d has %d bytes, over the limit of %d", ErrTimestamp, ErrEntry, i, len(data), maxEntry)
		}
		if err := canon.Decode(data, &entries[i]); err != nil {
			return nil, fmt.Errorf("%w: %w: entry %d: %w", ErrTimestamp, ErrEntry, i, err)
		}
	}
	return entries, nil
}

// A Logged is one place where a signature was logged.
type Logged struct {
	URL   string // of the log, as the trusted root names it
	Index uint64
}

// prove returns the earliest proven time of s, and where s was logged, once
// every token in s and every one of the entries holds. The window of a log
// whose entry promises no time of its own must hold the earliest time.
func (r *Root) prove(s event.Signed, entries []logEntry) (time.Time, []Logged, error) {
	if r == nil {
		return time.Time{}, nil, ErrRoot
	}
	var earliest time.Time
	proves := func(at time.Time) {
		if earliest.IsZero() || at.Before(earliest) {
			earliest = at
		}
	}
	if len(s.Timestamps) > maxTokens {
		return time.Time{}, nil, fmt.Errorf("%w: %d tokens, over the limit of %d", ErrTimestamp, len(s.Timestamps), maxTokens)
	}
	for i, token := range s.Timestamps {
		at, err := r.Stamped(token, s.Signature)
		if err != nil {
			return time.Time{}, nil, fmt.Errorf("token %d: %w", i, err)
		}
		proves(at)
	}
	var logged []Logged
	for i := range entries {
		at, log, err := r.promised(&entries[i], s)
		if err != nil {
			return time.Time{}, nil, fmt.Errorf("entry %d: %w", i, err)
		}
		if !at.IsZero() {
			proves(at)
		}
		same := func(e logEntry) bool { return e.Index == entries[i].Index && bytes.Equal(e.LogID.KeyID, log.id) }
		if slices.ContainsFunc(entries[:i], same) {
			return time.Time{}, nil, fmt.Errorf("%w: %w: entry %d is there twice", ErrTimestamp, ErrEntry, i)
		}
		logged = append(logged, Logged{URL: log.url, Index: entries[i].Index})
	}
	if earliest.IsZero() {
		return time.Time{}, nil, ErrUndated
	}
	for i := range entries {
		if err := r.included(&entries[i], earliest); err != nil {
			return time.Time{}, nil, fmt.Errorf("entry %d: %w", i, err)
		}
	}
	return earliest, logged, nil
}

// promised finds the log of an entry, checks that the entry is about s, and
// returns the time that its signed entry timestamp proves, or zero where it
// has none.
func (r *Root) promised(e *logEntry, s event.Signed) (time.Time, *logKey, error) {
	log, err := r.logOf(e, time.Unix(e.Integrated, 0))
	if err != nil {
		return time.Time{}, nil, err
	}
	at, err := e.check(log, s)
	if err != nil {
		return time.Time{}, nil, fmt.Errorf("%w: %w: %s: %w", ErrTimestamp, ErrEntry, log.url, err)
	}
	return at, log, nil
}

// included checks the inclusion of an entry that was proven at that time.
func (r *Root) included(e *logEntry, at time.Time) error {
	if e.Promise != nil {
		at = time.Unix(e.Integrated, 0)
	}
	log, err := r.logOf(e, at)
	if err != nil {
		return err
	}
	if err := e.included(log, at); err != nil {
		return fmt.Errorf("%w: %w: %s: %w", ErrTimestamp, ErrEntry, log.url, err)
	}
	return nil
}

// logOf returns the log that an entry names. A log may stand in the root more
// than once, with one window after the other: the one that holds the time is
// preferred.
func (r *Root) logOf(e *logEntry, at time.Time) (*logKey, error) {
	var found *logKey
	for i := range r.logs {
		l := &r.logs[i]
		if bytes.Equal(l.id, e.LogID.KeyID) && (found == nil || l.valid.holds(at)) {
			found = l
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%w: it is of no transparency log that the trusted root names", ErrUndated)
	}
	if found.key == nil {
		return nil, fmt.Errorf("%w: %s has a key of kind %.60q, which this version does not verify", ErrUndated, found.url, found.kind)
	}
	return found, nil
}

// check checks everything of an entry but its inclusion.
func (e *logEntry) check(log *logKey, s event.Signed) (time.Time, error) {
	kind, ok := kinds[e.Kind]
	if !ok {
		return time.Time{}, fmt.Errorf("an entry of kind %.40q %.40q, which this version does not read", e.Kind.Kind, e.Kind.Version)
	}
	if err := kind.about(e.Body, s); err != nil {
		return time.Time{}, err
	}
	switch {
	case kind.second && (e.Promise != nil || e.Integrated != 0):
		return time.Time{}, errors.New("a Rekor v2 entry with a time, which that log does not sign")
	case e.Promise == nil && e.Proof == nil:
		return time.Time{}, errors.New("neither inclusion promise nor inclusion proof")
	case e.Promise == nil:
		return time.Time{}, nil
	}
	return e.checkPromise(log)
}

// checkPromise checks a Rekor v1 signed entry timestamp: the log's signature
// over the canonical JSON of body, time, index and log id.
func (e *logEntry) checkPromise(log *logKey) (time.Time, error) {
	if e.Integrated <= 0 || e.Integrated >= maxExact || e.Index >= maxExact {
		return time.Time{}, fmt.Errorf("integratedTime %d, logIndex %d: out of range", e.Integrated, e.Index)
	}
	at := time.Unix(e.Integrated, 0).UTC()
	if !log.valid.holds(at) {
		return time.Time{}, fmt.Errorf("its key is believed from %s, not at %s", log.valid, stamp(at))
	}
	message := fmt.Appendf(nil, `{"body":"%s","integratedTime":%d,"logID":"%x","logIndex":%d}`,
		base64.StdEncoding.EncodeToString(e.Body), e.Integrated, []byte(e.LogID.KeyID), e.Index)
	if !log.verify(message, e.Promise.SET) {
		return time.Time{}, errors.New("the signed entry timestamp does not verify")
	}
	return at, nil
}

// aboutHashedrekord2 checks that a Rekor v2 body is the one canonical entry
// of s.
func aboutHashedrekord2(body []byte, s event.Signed) error {
	leaf, err := s.Leaf()
	if err != nil {
		return err
	}
	if !bytes.Equal(leaf, body) {
		return errors.New("canonicalizedBody is not the entry of this signature")
	}
	return nil
}

type hashValue struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

// is reports whether h is the SHA-256 of data.
func (h hashValue) is(data []byte) bool {
	sum := sha256.Sum256(data)
	return h.Algorithm == "sha256" && h.Value == hex.EncodeToString(sum[:])
}

// A rekorBody is the body of a Rekor v1 entry of kind and version.
type rekorBody[Spec any] struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       Spec   `json:"spec"`
}

func readBody[Spec any](body []byte, kind string) (spec Spec, err error) {
	var b rekorBody[Spec]
	if err := canon.Decode(body, &b); err != nil {
		return spec, fmt.Errorf("canonicalizedBody: %w", err)
	}
	if b.Kind != kind || b.APIVersion != "0.0.1" {
		return spec, fmt.Errorf("canonicalizedBody is a %.40q %.40q, want %s 0.0.1", b.Kind, b.APIVersion, kind)
	}
	return b.Spec, nil
}

// aboutHashedrekord checks a body of hashedrekord 0.0.1: it is over the
// pre-authentication encoding, as that is what was signed.
func aboutHashedrekord(body []byte, s event.Signed) error {
	type spec struct {
		Data struct {
			Hash hashValue `json:"hash"`
		} `json:"data"`
		Signature struct {
			Content   octets `json:"content"`
			PublicKey struct {
				Content octets `json:"content"`
			} `json:"publicKey"`
		} `json:"signature"`
	}
	b, err := readBody[spec](body, "hashedrekord")
	if err != nil {
		return err
	}
	if !b.Data.Hash.is(event.PAE(event.PayloadType, s.Payload)) {
		return errors.New("canonicalizedBody is of another payload")
	}
	return sameSigner(b.Signature.Content, b.Signature.PublicKey.Content, s)
}

// aboutDSSE checks a body of dsse 0.0.1. The hash of the envelope is over the
// JSON that was sent to the log, which nobody keeps.
func aboutDSSE(body []byte, s event.Signed) error {
	type spec struct {
		EnvelopeHash hashValue `json:"envelopeHash"`
		PayloadHash  hashValue `json:"payloadHash"`
		Signatures   []struct {
			Signature octets `json:"signature"`
			Verifier  octets `json:"verifier"`
		} `json:"signatures"`
	}
	b, err := readBody[spec](body, "dsse")
	if err != nil {
		return err
	}
	if !b.PayloadHash.is(s.Payload) {
		return errors.New("canonicalizedBody is of another payload")
	}
	if len(b.Signatures) != 1 {
		return fmt.Errorf("canonicalizedBody has %d signatures, want exactly one", len(b.Signatures))
	}
	return sameSigner(b.Signatures[0].Signature, b.Signatures[0].Verifier, s)
}

// sameSigner checks that a Rekor v1 body has the signature of s, and in PEM
// its certificate or key.
func sameSigner(signature, verifier []byte, s event.Signed) error {
	if !bytes.Equal(signature, s.Signature) {
		return errors.New("canonicalizedBody is of another signature")
	}
	kind, der := "PUBLIC KEY", s.Verifier.PublicKey
	if len(s.Verifier.Certificate) > 0 {
		kind, der = "CERTIFICATE", s.Verifier.Certificate
	}
	block, rest := pem.Decode(verifier)
	if block == nil || len(rest) != 0 || block.Type != kind || len(block.Headers) != 0 || !bytes.Equal(block.Bytes, der) {
		return errors.New("canonicalizedBody is of another signer")
	}
	return nil
}
