// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
)

// section writes one by hand.
func section(kind byte, data string) string {
	return string(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(data)))) + data
}

func TestBodyRoundTrip(t *testing.T) {
	for fact, change := range map[string]func(*event.Signed){
		"nothing beside":    func(s *event.Signed) { s.Timestamps, s.Entries = nil, nil },
		"a token":           func(s *event.Signed) { s.Timestamps, s.Entries = tokens[:1], nil },
		"two tokens":        func(s *event.Signed) { s.Entries = nil },
		"an entry":          func(s *event.Signed) { s.Timestamps = nil },
		"tokens and entry":  func(*event.Signed) {},
		"as many as may be": func(s *event.Signed) { s.Timestamps, s.Entries = manyTokens(8), manyEntries(8) },
	} {
		for kind, s := range map[string]event.Signed{"key": signed(t, "ci"), "keyless": keyless(t, "ci")} {
			s.Timestamps, s.Entries = tokens, entries
			change(&s)
			e := open(t, s)
			if diff := cmp.Diff(s, e.Signed); diff != "" {
				t.Errorf("%s, %s: %s", kind, fact, diff)
			}
			if !bytes.Equal(bodyOf(t, e.Signed), bodyOf(t, s)) {
				t.Errorf("%s, %s: written again, it differs", kind, fact)
			}
			if e.Kind() != "deployment" || e.ID() != s.ID() {
				t.Errorf("%s, %s: kind %q, id %x", kind, fact, e.Kind(), e.ID())
			}
		}
	}
}

func manyTokens(n int) (list [][]byte) {
	for i := range n {
		list = append(list, []byte{0x30, 3, 2, 1, byte(i)})
	}
	return list
}

func manyEntries(n int) (list [][]byte) {
	for i := range n {
		list = append(list, []byte(`{"logIndex":"`+strings.Repeat("7", i+1)+`"}`))
	}
	return list
}

// The form, written out by hand.
func TestBodyGolden(t *testing.T) {
	s := keyless(t, "ci")
	want := "gateledger-body-v1\x00" + section(1, string(s.Payload)) +
		section(2, string(tokens[0])) + section(2, string(tokens[1])) + section(3, string(entries[0]))
	if got := string(bodyOf(t, s)); got != want {
		t.Errorf("body is %q, want %q", got, want)
	}
	s.Timestamps, s.Entries = nil, nil
	if got := bodyOf(t, s); !bytes.Equal(got, s.Payload) {
		t.Errorf("with nothing beside it the body is %q", got)
	}
}

func TestBodyRefuses(t *testing.T) {
	for fact, c := range map[string]struct {
		change func(*event.Signed)
		err    string
	}{
		"nine tokens":                 {func(s *event.Signed) { s.Timestamps = manyTokens(9) }, "9 timestamps, over the limit of 8"},
		"nine entries":                {func(s *event.Signed) { s.Entries = manyEntries(9) }, "9 log entries, over the limit of 8"},
		"a token too large":           {func(s *event.Signed) { s.Timestamps = [][]byte{make([]byte, event.MaxTimestamp+1)} }, "over the limit of 65536"},
		"a token twice":               {func(s *event.Signed) { s.Timestamps = [][]byte{tokens[0], tokens[0]} }, "twice"},
		"a token that is empty":       {func(s *event.Signed) { s.Timestamps = [][]byte{{}} }, "empty"},
		"a token with something left": {func(s *event.Signed) { s.Timestamps = [][]byte{append(bytes.Clone(tokens[0]), 0)} }, "no single DER"},
		"an entry that is empty":      {func(s *event.Signed) { s.Entries = [][]byte{nil} }, "empty"},
		"an entry with a space":       {func(s *event.Signed) { s.Entries = [][]byte{[]byte(`{ }`)} }, "canonical"},
		"an entry cut short":          {func(s *event.Signed) { s.Entries = [][]byte{[]byte(`{`)} }, "log entry 0"},
		"a payload that looks framed": {func(s *event.Signed) { *s = event.Signed{Payload: []byte(product.BodyMagic)} }, "framed"},
	} {
		t.Run(fact, func(t *testing.T) {
			s := keyless(t, "ci")
			c.change(&s)
			_, err := s.Body()
			wantError(t, err, c.err)
			wantError(t, err, "write body")
		})
	}
}

// A framed body has one spelling.
func TestOpenRefusesBodies(t *testing.T) {
	s := keyless(t, "ci")
	leaf, statement, token, entry := leafOf(t, s), section(1, string(s.Payload)), section(2, string(tokens[0])), section(3, string(entries[0]))
	for fact, body := range map[string]string{
		"nothing":                    "",
		"a frame around nothing":     statement,
		"no statement":               token,
		"the statement last":         token + statement,
		"the statement twice":        statement + statement + token,
		"an entry before a token":    statement + entry + token,
		"an unknown section":         statement + token + section(4, "x"),
		"a section of kind zero":     statement + token + section(0, "x"),
		"a token that is empty":      statement + section(2, ""),
		"a token that is none":       statement + section(2, "now"),
		"a token twice":              statement + token + token,
		"an entry that is a text":    statement + token + section(3, `"x"`),
		"another statement":          section(1, good) + token,
		"a frame within":             section(1, product.BodyMagic+string(s.Payload)) + token,
		"nine tokens":                statement + strings.Repeat(token, 9),
		"tokens without end":         statement + strings.Repeat(token, 100_000),
		"cut within a section":       (statement + token)[:len(statement+token)-1],
		"cut within a head":          statement + token + "\x02\x00",
		"a length without end":       statement + "\x02\xff\xff\xff\xff" + string(tokens[0]),
		"something after it":         statement + token + "\n",
		"a token over the limit":     statement + section(2, "\x30\x83\x01\x00\x00"+strings.Repeat("x", 1<<16)),
		"a length in front too long": section(1, string(s.Payload)+token),
	} {
		t.Run(fact, func(t *testing.T) {
			_, err := event.Open(3, leaf, []byte(product.BodyMagic+body))
			wantError(t, err, "open entry 3")
			if !errors.Is(err, event.ErrMismatch) {
				t.Errorf("error %v is not ErrMismatch", err)
			}
		})
	}
}

// Whichever byte of a body is flipped, the event is refused, or what is
// changed is a token or an entry: no word of the signer, and read only by what
// verifies it.
func TestOpenRefusesEveryFlippedBitOfABody(t *testing.T) {
	s := keyless(t, "ci")
	leaf, body := leafOf(t, s), bodyOf(t, s)
	for i := range body {
		for bit := range 8 {
			body[i] ^= 1 << bit
			if e, err := event.Open(0, leaf, body); err == nil {
				beside := len(e.Signed.Timestamps) == len(s.Timestamps) && len(e.Signed.Entries) == len(s.Entries) &&
					!cmp.Equal(e.Signed, s)
				if !beside || !bytes.Equal(e.Signed.Payload, s.Payload) || e.Verify() != nil {
					t.Errorf("bit %d of byte %d flipped, and accepted", bit, i)
				}
			}
			body[i] ^= 1 << bit
		}
	}
}

// A token that is left out is gone, and nothing else.
func TestTokensCanBeLeftOut(t *testing.T) {
	s := keyless(t, "ci")
	e, err := event.Open(7, leafOf(t, s), s.Payload)
	check(t, err)
	check(t, e.Verify())
	if len(e.Signed.Timestamps)+len(e.Signed.Entries) != 0 || e.ID() != s.ID() {
		t.Errorf("opened %+v", e.Signed)
	}
}

// Whatever body is accepted is written again as it was, unless it holds an
// entry that is not canonical, which nobody writes.
func FuzzBody(f *testing.F) {
	s := signed(f, "ci")
	leaf := leafOf(f, s)
	for _, n := range []int{0, 1, 8, 9} {
		head := product.BodyMagic + section(1, string(s.Payload))
		for _, token := range manyTokens(n) {
			head += section(2, string(token))
		}
		f.Add([]byte(head))
		f.Add([]byte(head + section(3, string(entries[0]))))
		f.Add([]byte(head + section(3, "{ }")))
	}
	f.Add(s.Payload)
	f.Add([]byte(product.BodyMagic))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := event.Open(1, leaf, body)
		if err != nil {
			return
		}
		check(t, e.Verify())
		if !bytes.Equal(e.Signed.Payload, s.Payload) {
			t.Fatal("another statement")
		}
		again, err := e.Signed.Body()
		if err != nil && len(e.Signed.Entries) == 0 || err == nil && !bytes.Equal(again, body) {
			t.Fatalf("%v: opened\n%q\nwrote\n%q", err, body, again)
		}
	})
}
