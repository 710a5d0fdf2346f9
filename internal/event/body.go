// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/product"
)

// The limits of what a body holds beside the statement. Each is named in the
// error that it causes.
const (
	MaxTimestamps = 8        // tokens
	MaxTimestamp  = 64 << 10 // bytes of one
	MaxEntries    = 8        // entries of other logs
	MaxEntry      = 64 << 10 // bytes of one
)

// A body is what stands beside a leaf. Where there is nothing but the
// statement, it is the statement. Else it is framed: after a magic that no
// JSON begins with come sections, each a byte that says what it is, four
// bytes with its length (big-endian), and itself. The statement is first,
// then tokens, then entries, and there is at least one of these.
//
// The leaf commits to the statement alone. Whoever writes the ledger can
// leave a token out; then the time is not proven, and what needs it proven
// does not count.
const (
	sectionStatement = iota + 1
	sectionTimestamp
	sectionEntry

	sectionHead = 5 // bytes
)

// Body returns what the ledger stores beside the leaf: the payload, and with
// it Timestamps and Entries if there are any. Open reads it back. It refuses
// more of them than the limits allow, one that is there twice, a token that is
// no single DER sequence, and an entry that is no canonical JSON object.
func (s Signed) Body() ([]byte, error) {
	if bytes.HasPrefix(s.Payload, []byte(product.BodyMagic)) {
		return nil, errors.New("write body: the payload begins like a framed body")
	}
	if len(s.Timestamps)+len(s.Entries) == 0 {
		return s.Payload, nil
	}
	if err := s.checkBeside(); err != nil {
		return nil, fmt.Errorf("write body: %w", err)
	}
	for i, e := range s.Entries {
		canonical, err := canon.Transform(e)
		if err != nil {
			return nil, fmt.Errorf("write body: log entry %d: %w", i, err)
		}
		if !bytes.Equal(canonical, e) {
			return nil, fmt.Errorf("write body: log entry %d: not in canonical form (RFC 8785)", i)
		}
	}
	return s.frame(), nil
}

// frame writes the framed form without asking whether it should.
func (s Signed) frame() []byte {
	b := appendSection([]byte(product.BodyMagic), sectionStatement, s.Payload)
	for _, t := range s.Timestamps {
		b = appendSection(b, sectionTimestamp, t)
	}
	for _, e := range s.Entries {
		b = appendSection(b, sectionEntry, e)
	}
	return b
}

func appendSection(b []byte, kind byte, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, kind), uint32(len(data)))
	return append(b, data...)
}

// parseBody reads a body into s. It accepts what Body writes, except that
// what entries say is left to those who ask.
func (s *Signed) parseBody(body []byte) error {
	rest, framed := bytes.CutPrefix(body, []byte(product.BodyMagic))
	if !framed {
		s.Payload = body
		return nil
	}
	last := byte(0)
	for len(rest) > 0 {
		if len(rest) < sectionHead {
			return errors.New("body is cut short")
		}
		kind, size := rest[0], binary.BigEndian.Uint32(rest[1:sectionHead])
		rest = rest[sectionHead:]
		if uint64(size) > uint64(len(rest)) {
			return errors.New("body is cut short")
		}
		data := rest[:size:size]
		rest = rest[size:]
		switch {
		case kind == sectionStatement && last == 0:
			s.Payload = data
		case kind == sectionTimestamp && last != 0 && last <= kind:
			s.Timestamps = append(s.Timestamps, data)
		case kind == sectionEntry && last != 0:
			s.Entries = append(s.Entries, data)
		default:
			return fmt.Errorf("body: a section of kind %d after one of kind %d", kind, last)
		}
		last = kind
		if len(s.Timestamps) > MaxTimestamps || len(s.Entries) > MaxEntries {
			break // checkBeside names the limit
		}
	}
	switch {
	case len(s.Timestamps)+len(s.Entries) == 0:
		return errors.New("body is framed for nothing")
	case bytes.HasPrefix(s.Payload, []byte(product.BodyMagic)):
		return errors.New("body is framed twice")
	}
	return s.checkBeside()
}

// checkBeside holds Timestamps and Entries against their limits and shapes.
func (s Signed) checkBeside() error {
	if err := checkMany("timestamps", s.Timestamps, MaxTimestamps, MaxTimestamp); err != nil {
		return err
	}
	if err := checkMany("log entries", s.Entries, MaxEntries, MaxEntry); err != nil {
		return err
	}
	for i, t := range s.Timestamps {
		var token cryptobyte.String
		in := cryptobyte.String(t)
		if !in.ReadASN1(&token, asn1.SEQUENCE) || !in.Empty() {
			return fmt.Errorf("timestamp %d is no single DER sequence", i)
		}
	}
	for i, e := range s.Entries {
		if e[0] != '{' {
			return fmt.Errorf("log entry %d is no JSON object", i)
		}
	}
	return nil
}

func checkMany(what string, list [][]byte, count, size int) error {
	if len(list) > count {
		return fmt.Errorf("%d %s, over the limit of %d", len(list), what, count)
	}
	for i, data := range list {
		switch {
		case len(data) == 0:
			return fmt.Errorf("%s: number %d is empty", what, i)
		case len(data) > size:
			return fmt.Errorf("%s: number %d has %d bytes, over the limit of %d", what, i, len(data), size)
		}
		for _, other := range list[:i] {
			if bytes.Equal(other, data) {
				return fmt.Errorf("%s: number %d is there twice", what, i)
			}
		}
	}
	return nil
}
