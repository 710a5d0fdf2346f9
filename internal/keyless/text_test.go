// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"errors"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

func TestLoggedText(t *testing.T) {
	w := newWorld(t)
	s := signedBy(t, w.leaf(t, true, leafCert(t)), "app")
	text := event.PAE(event.PayloadType, s.Payload) // what both entries are over
	second, first := w.entry2(t, s), w.entry1(t, "hashedrekord", hashedBody(s), base.Add(time.Minute))
	at, where, err := w.root(t).LoggedText(marshal(t, second), text, base)
	if err != nil || !at.IsZero() || where.Index != second.Index || where.URL != "https://"+rekor2Host {
		t.Errorf("version 2: %s, %+v, %v", at, where, err)
	}
	at, where, err = w.root(t).LoggedText(marshal(t, first), text, base.Add(100*day))
	if err != nil || !at.Equal(base.Add(time.Minute)) || where.URL != "https://"+rekor1Host {
		t.Errorf("version 1: %s, %+v, %v", at, where, err)
	}
}

func TestLoggedTextRefuses(t *testing.T) {
	w := newWorld(t)
	s := signedBy(t, w.leaf(t, true, leafCert(t)), "app")
	text := event.PAE(event.PayloadType, s.Payload)
	two := func(edit func(*entryDoc)) entryDoc { e := w.entry2(t, s); edit(&e); return e }
	one := func(edit func(*entryDoc)) entryDoc {
		e := w.entry1(t, "hashedrekord", hashedBody(s), base.Add(time.Minute))
		edit(&e)
		return e
	}
	for name, c := range map[string]struct {
		e    entryDoc
		text []byte
		seen time.Time
		want error
	}{
		"another text":                  {two(func(*entryDoc) {}), []byte("x"), base, ErrEntry},
		"another text in version 1":     {one(func(*entryDoc) {}), []byte("x"), base, ErrEntry},
		"before the log was believed":   {two(func(*entryDoc) {}), text, base.Add(-100 * day), ErrEntry},
		"an altered body":               {two(func(e *entryDoc) { e.Body = append(e.Body, ' ') }), text, base, ErrEntry},
		"an altered body in version 1":  {one(func(e *entryDoc) { e.Body = append(e.Body, ' ') }), text, base, ErrEntry},
		"an altered root":               {two(func(e *entryDoc) { e.Proof.Root = flip(e.Proof.Root, 3) }), text, base, ErrEntry},
		"an altered tree size":          {two(func(e *entryDoc) { e.Proof.Size++ }), text, base, ErrEntry},
		"an altered root in version 1":  {one(func(e *entryDoc) { e.Proof.Root = flip(e.Proof.Root, 3) }), text, base, ErrEntry},
		"an altered size in version 1":  {one(func(e *entryDoc) { e.Proof.Size++ }), text, base, ErrEntry},
		"an altered time":               {one(func(e *entryDoc) { e.Integrated++ }), text, base, ErrEntry},
		"an altered promise":            {one(func(e *entryDoc) { e.Promise.SET = flip(e.Promise.SET, 9) }), text, base, ErrEntry},
		"no inclusion proof":            {one(func(e *entryDoc) { e.Proof = nil }), text, base, ErrEntry},
		"a time in version 2":           {two(func(e *entryDoc) { e.Integrated = base.Unix() }), text, base, ErrEntry},
		"version 2 that calls itself 1": {two(func(e *entryDoc) { e.Kind.Version = "0.0.1" }), text, base, ErrEntry},
		"version 1 that calls itself 2": {one(func(e *entryDoc) { e.Kind.Version, e.Promise, e.Integrated = "0.0.2", nil, 0 }), text, base, ErrEntry},
		"a kind that is not read":       {two(func(e *entryDoc) { e.Kind.Kind = "dsse" }), text, base, ErrEntry},
		"a log that nobody names":       {two(func(e *entryDoc) { e.LogID.KeyID = flip(e.LogID.KeyID, 0) }), text, base, ErrUndated},
	} {
		if at, _, err := w.root(t).LoggedText(marshal(t, c.e), c.text, c.seen); !errors.Is(err, c.want) || !at.IsZero() && err == nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	var none *Root
	if _, _, err := none.LoggedText(nil, nil, base); !errors.Is(err, ErrRoot) {
		t.Errorf("without a root: %v", err)
	}
	if _, _, err := w.root(t).LoggedText([]byte("{"), nil, base); !errors.Is(err, ErrEntry) {
		t.Errorf("garbage: %v", err)
	}
}
