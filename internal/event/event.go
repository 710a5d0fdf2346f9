// SPDX-License-Identifier: Apache-2.0

// Package event is what happened, in the field's standard forms: an in-toto
// Statement v1 about subject digests, in a DSSE envelope, logged as the
// canonical Rekor v2 entry hashedrekord 0.0.2, carried in a Sigstore bundle
// v0.3.
//
// The package is pure: it reads and builds bytes and checks signatures. It
// opens no file, asks no network and knows no clock.
package event

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/canon"
)

// Media and type names fixed by the specifications.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	PayloadType   = "application/vnd.in-toto+json"
	BundleType    = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

// An Event is one logged entry whose leaf and body agree. Its statement and
// its signature are looked at only when asked for, because a gate reads ten
// thousand entries and needs ten of them. What was found is kept, so an Event
// is not safe for concurrent use.
type Event struct {
	Index  uint64
	Signed Signed
	Leaf   []byte // canonical hashedrekord bytes, as logged

	digest    [32]byte // SHA-256(PAE)
	statement *Statement
	unread    error // why there is no statement
	verified  error
	checked   bool
}

// Open joins a leaf and the body beside it, as Signed.Body wrote it. It fails
// with ErrMismatch when the leaf does not commit to exactly that statement, is
// no canonical hashedrekord 0.0.2, or holds what is no certificate of an ECDSA
// P-256 key; and when the body is framed in any other way than Body does. It
// reads neither the statement nor the signature, nor more of a certificate
// than its key. The Event keeps leaf and body, which must not change
// afterwards.
func Open(index uint64, leaf, body []byte) (*Event, error) {
	var s Signed
	if err := s.parseBody(body); err != nil {
		return nil, fmt.Errorf("open entry %d: %w: %w", index, ErrMismatch, err)
	}
	return open(index, leaf, s)
}

// open is Open for a body that was read.
func open(index uint64, leaf []byte, s Signed) (*Event, error) {
	digest, signature, verifier, err := parseLeaf(leaf)
	if err != nil {
		return nil, fmt.Errorf("open entry %d: %w", index, err)
	}
	s.Signature, s.Verifier = signature, verifier
	e := &Event{Index: index, Leaf: leaf, Signed: s}
	hashPAE(sha256.New(), s.Payload, &e.digest)
	if e.digest != digest {
		return nil, fmt.Errorf("open entry %d: %w: the body's SHA-256 is not the leaf's", index, ErrMismatch)
	}
	return e, nil
}

// Statement reads the payload as ParseStatement does. Its answer is kept.
func (e *Event) Statement() (Statement, error) {
	if e.statement == nil && e.unread == nil {
		s, err := ParseStatement(e.Signed.Payload)
		if err != nil {
			e.unread = fmt.Errorf("entry %d: %w", e.Index, err)
		} else {
			e.statement = &s
		}
	}
	if e.unread != nil {
		return Statement{}, e.unread
	}
	return *e.statement, nil
}

// Kind returns the name of the event's kind. It is empty for a payload that
// is no statement, or a statement of no kind we know.
func (e *Event) Kind() string {
	s, err := e.Statement()
	if err != nil {
		return ""
	}
	k, _ := KindOf(s)
	return k.Name
}

// Is reports whether the event is of the kind of that name, as Kind does. It
// reads the statement only where the answer may be yes, so it is the way to
// look for one kind among ten thousand events.
func (e *Event) Is(kind string) bool {
	may := func(mark []byte) bool { return bytes.Contains(e.Signed.Payload, mark) }
	return slices.ContainsFunc(marks[kind], may) && e.Kind() == kind
}

// Verify checks the signature, as Signed.Verify does. Its answer is kept.
func (e *Event) Verify() error {
	if !e.checked {
		e.checked = true
		if err := e.Signed.Verify(); err != nil {
			e.verified = fmt.Errorf("entry %d: %w", e.Index, err)
		}
	}
	return e.verified
}

// KeyID names the key that the leaf says signed the event. The key of a
// certificate signs one event or a few, so its name tells nobody who that was.
func (e *Event) KeyID() string { return e.Signed.KeyID() }

// ID is Signed.ID.
func (e *Event) ID() [32]byte {
	return eventID(e.digest, sha256.Sum256(e.Signed.Verifier.PublicKey))
}

// Mentions reports whether the payload holds hex, anywhere. It is a quick
// sieve, not an answer: canonical JSON escapes no hex digit, so a statement
// about that digest or request is never passed over, but a mention may be in
// a comment. What a vote says inside its base64 is not seen.
func (e *Event) Mentions(hex string) bool {
	return bytes.Contains(e.Signed.Payload, []byte(hex))
}

// DecodePredicate reads the event's predicate as a T. Members of our own
// types are read strictly; readers of the standard types pass over members
// they do not know, as those specifications ask. A predicate that has a Check
// method must pass it.
func DecodePredicate[T any](e *Event) (T, error) {
	var p T
	s, err := e.Statement()
	if err != nil {
		return p, err
	}
	decode := canon.DecodeOpen
	if own(s.PredicateType) {
		decode = canon.Decode
	}
	err = decode(s.Predicate, &p)
	if c, ok := any(p).(checker); ok && err == nil {
		err = c.Check()
	}
	if err != nil {
		var none T
		return none, fmt.Errorf("entry %d: read predicate %s: %w", e.Index, s.PredicateType, err)
	}
	return p, nil
}
