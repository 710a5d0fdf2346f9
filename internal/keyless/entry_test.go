// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

// undated is signed, and nothing says when.
func (w *world) undated(t testing.TB) event.Signed {
	t.Helper()
	return signedBy(t, w.leaf(t, true, leafCert(t)), "app")
}

// logged is s with entries of other logs, as a ledger keeps them.
func logged(t testing.TB, s event.Signed, entries ...entryDoc) event.Signed {
	t.Helper()
	s.Entries = nil
	for _, e := range entries {
		s.Entries = append(s.Entries, marshal(t, e))
	}
	return s
}

func TestRekorDates(t *testing.T) {
	w := newWorld(t)
	minute := base.Add(time.Minute)
	s, stamped := w.undated(t), w.signed(t)
	bare := s
	bare.Verifier.Certificate = nil
	promiseOnly := w.entry1(t, "dsse", dsseBody(s), minute)
	promiseOnly.Proof = nil
	proofOnly := w.entry1(t, "dsse", dsseBody(stamped), minute)
	proofOnly.Promise = nil
	later := w.entry1(t, "hashedrekord", hashedBody(s), base.Add(5*time.Minute))
	for fact, c := range map[string]struct {
		signed event.Signed
		want   time.Time
	}{
		"dsse":                                {logged(t, s, w.entry1(t, "dsse", dsseBody(s), minute)), minute},
		"hashedrekord":                        {logged(t, s, w.entry1(t, "hashedrekord", hashedBody(s), minute)), minute},
		"of a key":                            {logged(t, bare, w.entry1(t, "hashedrekord", hashedBody(bare), minute)), minute},
		"a promise without proof":             {logged(t, s, promiseOnly), minute},
		"a proof, dated by a token":           {logged(t, stamped, proofOnly), minute},
		"Rekor v2, dated by a token":          {logged(t, stamped, w.entry2(t, stamped)), minute},
		"Rekor v2, dated by Rekor v1":         {logged(t, s, w.entry2(t, s), later), base.Add(5 * time.Minute)},
		"the earliest of promise and token":   {logged(t, stamped, w.entry1(t, "dsse", dsseBody(stamped), base.Add(time.Second))), base.Add(time.Second)},
		"the earliest of token and promise":   {logged(t, stamped, w.entry1(t, "dsse", dsseBody(stamped), base.Add(time.Hour))), minute},
		"the earliest of promises, any order": {logged(t, s, later, w.another(t, s, minute)), minute},
	} {
		t.Run(fact, func(t *testing.T) {
			at, err := w.root(t).Time(c.signed)
			check(t, err)
			if !at.Equal(c.want) {
				t.Errorf("at %s, want %s", at, c.want)
			}
		})
	}
}

// another is a promise by the same log at another index.
func (w *world) another(t *testing.T, s event.Signed, at time.Time) entryDoc {
	e := w.entry1(t, "dsse", dsseBody(s), at)
	e.Index++
	w.promise(t, &e)
	return e
}

// Entries about which something was changed. None of them may be taken.
func TestRekorRefused(t *testing.T) {
	w := newWorld(t)
	minute := base.Add(time.Minute)
	s := w.signed(t)
	other := signedBy(t, w.leafFor(t, "eve"), "other")
	sameSigner := signedBy(t, w.leaf(t, true, leafCert(t)), "other")
	first := func(edit func(*entryDoc)) entryDoc {
		e := w.entry1(t, "dsse", dsseBody(s), minute)
		edit(&e)
		return e
	}
	again := func(edit func(*entryDoc)) entryDoc {
		e := first(edit)
		w.promise(t, &e)
		return e
	}
	second := func(edit func(*entryDoc)) entryDoc {
		e := w.entry2(t, s)
		edit(&e)
		return e
	}
	body := func(kind string, of func(event.Signed) object, s event.Signed, edit func(spec object)) entryDoc {
		b := of(s)
		edit(b["spec"].(object))
		return w.entry1(t, kind, b, minute)
	}
	none := func(object) {}
	for fact, c := range map[string]struct {
		entry entryDoc
		err   error
		why   string
	}{
		"of a log nobody named":      {first(func(e *entryDoc) { e.LogID.KeyID = make([]byte, 32) }), ErrUndated, "no transparency log"},
		"without a log":              {first(func(e *entryDoc) { e.LogID.KeyID = nil }), ErrUndated, "no transparency log"},
		"of another payload":         {w.entry1(t, "dsse", dsseBody(sameSigner), minute), ErrEntry, "another payload"},
		"of another payload, hashed": {w.entry1(t, "hashedrekord", hashedBody(sameSigner), minute), ErrEntry, "another payload"},
		"of another signature":       {body("dsse", dsseBody, other, func(spec object) { spec["payloadHash"] = sha256Of(s.Payload) }), ErrEntry, "another signature"},
		"of another signer":          {body("dsse", dsseBody, s, func(spec object) { spec["signatures"] = []object{{"signature": s.Signature, "verifier": pemOf(other)}} }), ErrEntry, "another signer"},
		"of the key, not the certificate": {body("dsse", dsseBody, s, func(spec object) {
			bare := s
			bare.Verifier.Certificate = nil
			spec["signatures"] = []object{{"signature": s.Signature, "verifier": pemOf(bare)}}
		}), ErrEntry, "another signer"},
		"of two certificates": {body("dsse", dsseBody, s, func(spec object) {
			spec["signatures"] = []object{{"signature": s.Signature, "verifier": append(pemOf(s), pemOf(other)...)}}
		}), ErrEntry, "another signer"},
		"with two signatures":               {body("dsse", dsseBody, s, func(spec object) { spec["signatures"] = slices.Repeat(spec["signatures"].([]object), 2) }), ErrEntry, "2 signatures"},
		"hashed with SHA-1":                 {body("dsse", dsseBody, s, func(spec object) { spec["payloadHash"].(object)["algorithm"] = "sha1" }), ErrEntry, "another payload"},
		"with a member nobody knows":        {body("dsse", dsseBody, s, func(spec object) { spec["x"] = 1 }), ErrEntry, "canonicalizedBody"},
		"of a body that is no JSON":         {again(func(e *entryDoc) { e.Body = []byte("x") }), ErrEntry, "canonicalizedBody"},
		"of another kind than it says":      {first(func(e *entryDoc) { e.Kind.Kind = "hashedrekord" }), ErrEntry, "canonicalizedBody"},
		"of kind intoto 0.0.2":              {first(func(e *entryDoc) { e.Kind = kindDoc{"intoto", "0.0.2"} }), ErrEntry, `kind "intoto" "0.0.2", which this version does not read`},
		"of kind dsse 0.0.2":                {second(func(e *entryDoc) { e.Kind = kindDoc{"dsse", "0.0.2"} }), ErrEntry, "does not read"},
		"of no kind":                        {first(func(e *entryDoc) { e.Kind = kindDoc{} }), ErrEntry, "does not read"},
		"a hashedrekord called dsse":        {body("dsse", hashedBody, s, none), ErrEntry, "canonicalizedBody"},
		"neither promise nor proof":         {first(func(e *entryDoc) { e.Promise, e.Proof = nil, nil }), ErrEntry, "neither"},
		"another time than promised":        {first(func(e *entryDoc) { e.Integrated-- }), ErrEntry, "does not verify"},
		"another index than promised":       {first(func(e *entryDoc) { e.Index++ }), ErrEntry, "does not verify"},
		"promised by another log":           {first(func(e *entryDoc) { e.Promise.SET = signECDSA(t, w.ct, []byte("x")) }), ErrEntry, "does not verify"},
		"promised by nobody":                {first(func(e *entryDoc) { e.Promise.SET = nil }), ErrEntry, "does not verify"},
		"promised at no time":               {again(func(e *entryDoc) { e.Integrated = 0 }), ErrEntry, "out of range"},
		"promised before 1970":              {again(func(e *entryDoc) { e.Integrated = -1 }), ErrEntry, "out of range"},
		"promised before the log's window":  {again(func(e *entryDoc) { e.Integrated = base.Add(-31 * day).Unix() }), ErrEntry, "not at 2026-01-30"},
		"promised at an index without end":  {first(func(e *entryDoc) { e.Index = 1 << 60 }), ErrEntry, "out of range"},
		"v1 with another root":              {first(func(e *entryDoc) { e.Proof.Root = flip(e.Proof.Root, 0) }), ErrEntry, "not those of the checkpoint"},
		"v1 with another size":              {first(func(e *entryDoc) { e.Proof.Size++ }), ErrEntry, "not those of the checkpoint"},
		"v1 with another index":             {first(func(e *entryDoc) { e.Proof.Index++ }), ErrEntry, "inclusion"},
		"v1 with another hash":              {first(func(e *entryDoc) { e.Proof.Hashes[0] = flip(e.Proof.Hashes[0], 5) }), ErrEntry, "inclusion"},
		"v1 with a hash fewer":              {first(func(e *entryDoc) { e.Proof.Hashes = e.Proof.Hashes[1:] }), ErrEntry, "inclusion"},
		"v1 with a checkpoint by others":    {first(func(e *entryDoc) { e.Proof = w.entry2(t, s).Proof }), ErrEntry, "checkpoint"},
		"v1 with a checkpoint without tree": {first(func(e *entryDoc) { e.Proof = include(t, e.Body, "rekor.sigstore.dev", "", w.rekor1Signer(t)) }), ErrEntry, "name of the log and its tree"},
		"v1 with a checkpoint of others":    {first(func(e *entryDoc) { e.Proof = include(t, e.Body, "evil - 1", "", w.rekor1Signer(t)) }), ErrEntry, "name of the log and its tree"},
		"v2 with a promise":                 {second(func(e *entryDoc) { e.Promise = &promiseDoc{[]byte("x")} }), ErrEntry, "does not sign"},
		"v2 with a time":                    {second(func(e *entryDoc) { e.Integrated = minute.Unix() }), ErrEntry, "does not sign"},
		"v2 without proof":                  {second(func(e *entryDoc) { e.Proof = nil }), ErrEntry, "neither"},
		"v2 of another signature":           {w.entry2(t, other), ErrEntry, "not the entry of this signature"},
		"v2 with a flipped body":            {second(func(e *entryDoc) { e.Body = flip(e.Body, 100) }), ErrEntry, "not the entry of this signature"},
		"v2 called hashedrekord 0.0.1":      {second(func(e *entryDoc) { e.Kind.Version = "0.0.1" }), ErrEntry, "canonicalizedBody"},
		"v2 with another root":              {second(func(e *entryDoc) { e.Proof.Root = flip(e.Proof.Root, 0) }), ErrEntry, "not what was signed"},
		"v2 with a root of three bytes":     {second(func(e *entryDoc) { e.Proof.Root = e.Proof.Root[:3] }), ErrEntry, "rootHash has 3 bytes"},
		"v2 with another size":              {second(func(e *entryDoc) { e.Proof.Size = 99 }), ErrEntry, "not what was signed"},
		"v2 with an index of its own":       {second(func(e *entryDoc) { e.Index = 4 }), ErrEntry, "logIndex is 4 in the entry and 3 in its proof"},
		"v2 at another index":               {second(func(e *entryDoc) { e.Index, e.Proof.Index = 4, 4 }), ErrEntry, "inclusion"},
		"v2 with fifty hashes":              {second(func(e *entryDoc) { e.Proof.Hashes = slices.Repeat(e.Proof.Hashes[:1], 50) }), ErrEntry, "over the limit of 49"},
		"v2 with a short hash":              {second(func(e *entryDoc) { e.Proof.Hashes[0] = []byte("x") }), ErrEntry, "hash 0 has 1 bytes"},
		"v2 with another origin":            {second(func(e *entryDoc) { e.Proof = include(t, e.Body, "evil.example", "", w.rekor2Signer()) }), ErrEntry, ""},
		"v2 with an extension line":         {second(func(e *entryDoc) { e.Proof = include(t, e.Body, rekor2Host, "more\n", w.rekor2Signer()) }), ErrEntry, "checkpoint"},
		"v2 with a checkpoint of megabytes": {second(func(e *entryDoc) { e.Proof.Checkpoint.Envelope = strings.Repeat("x", maxCheckpoint+1) }), ErrEntry, "over the limit"},
	} {
		t.Run(fact, func(t *testing.T) {
			at, err := w.root(t).Time(logged(t, s, c.entry))
			if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.why) || !at.IsZero() {
				t.Errorf("%s, %v, want %v: %s", at, err, c.err, c.why)
			}
			if errors.Is(err, ErrEntry) && !errors.Is(err, ErrTimestamp) {
				t.Errorf("%v is no ErrTimestamp", err)
			}
		})
	}
}

// What the trusted root says of a log decides too.
func TestRekorRefusedByRoot(t *testing.T) {
	w := newWorld(t)
	minute := base.Add(time.Minute)
	s := w.signed(t)
	one, two := w.entry1(t, "dsse", dsseBody(s), minute), w.entry2(t, s)
	for fact, c := range map[string]struct {
		entry entryDoc
		edit  func(*rootDoc)
		err   error
		why   string
	}{
		"v1 after its window":         {one, func(d *rootDoc) { d.Logs[0].Key.Valid.End = base }, ErrEntry, "not at 2026-03-02T12:01:00Z"},
		"v2 after its window":         {two, func(d *rootDoc) { d.Logs[1].Key.Valid.End = base }, ErrEntry, "not at 2026-03-02T12:01:00Z"},
		"v2 that ended in 2020":       {two, func(d *rootDoc) { d.Logs[1].Key.Valid = windowDoc{base.Add(-3000 * day), base.Add(-2000 * day)} }, ErrEntry, "believed from"},
		"v2 before its window":        {two, func(d *rootDoc) { d.Logs[1].Key.Valid.Start = base.Add(day) }, ErrEntry, "not at"},
		"v2 without a base URL":       {two, func(d *rootDoc) { d.Logs[1].URL = "" }, ErrEntry, "no baseUrl"},
		"v2 at another host":          {two, func(d *rootDoc) { d.Logs[1].URL = "https://evil.example" }, ErrEntry, ""},
		"v1 with another's key":       {one, func(d *rootDoc) { d.Logs[0].Key.Raw = spkiOf(t, &w.ct.PublicKey) }, ErrEntry, "does not verify"},
		"a key of a kind to come":     {two, func(d *rootDoc) { d.Logs[1].Key.Kind = "PKIX_ML_DSA_44" }, ErrUndated, `kind "PKIX_ML_DSA_44"`},
		"a root without logs":         {two, func(d *rootDoc) { d.Logs = nil }, ErrUndated, "no transparency log"},
		"certificate logs are others": {one, func(d *rootDoc) { d.CertLogs, d.Logs = d.Logs, d.CertLogs }, ErrUndated, "no transparency log"},
	} {
		t.Run(fact, func(t *testing.T) {
			at, err := w.root(t, c.edit).Time(logged(t, s, c.entry))
			if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.why) || !at.IsZero() {
				t.Errorf("%s, %v, want %v: %s", at, err, c.err, c.why)
			}
		})
	}
	both := w.root(t, func(d *rootDoc) {
		old := d.Logs[1]
		old.Key.Valid.End = base
		d.Logs = append([]logDoc{old}, d.Logs...)
	})
	if _, err := both.Time(logged(t, s, two)); err != nil {
		t.Errorf("a log listed in two windows: %v", err)
	}
}

func TestEntriesRefused(t *testing.T) {
	w := newWorld(t)
	s := w.signed(t)
	e := w.entry2(t, s)
	good := string(marshal(t, e))
	change := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the entry", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for fact, entry := range map[string]string{
		"no JSON":               "x",
		"data after it":         good + "{}",
		"a member twice":        change(`"logIndex"`, `"logIndex":"3","logIndex"`),
		"a member nobody knows": change(`"logIndex"`, `"x":1,"logIndex"`),
		"an index as number":    change(`"logIndex":"3"`, `"logIndex":3`),
		"an index below zero":   change(`"logIndex":"3"`, `"logIndex":"-3"`),
		"base64 for URLs":       change(`"canonicalizedBody":"`, `"canonicalizedBody":"-_-_`),
		"over the limit":        good + strings.Repeat(" ", maxEntry),
	} {
		s.Entries = [][]byte{[]byte(entry)}
		if at, err := w.root(t).Time(s); !errors.Is(err, ErrEntry) || !errors.Is(err, ErrTimestamp) || !at.IsZero() {
			t.Errorf("%s: %s, %v", fact, at, err)
		}
	}
	if _, err := w.root(t).Time(logged(t, s, e, e)); !errors.Is(err, ErrEntry) || !strings.Contains(err.Error(), "twice") {
		t.Errorf("twice the same: %v", err)
	}
	if _, err := w.root(t).Time(logged(t, s, slices.Repeat([]entryDoc{e}, 33)...)); !errors.Is(err, ErrEntry) || !strings.Contains(err.Error(), "over the limit of 32") {
		t.Errorf("33 entries: %v", err)
	}
	undated := w.undated(t)
	if _, err := w.root(t).Time(logged(t, undated, w.entry2(t, undated))); !errors.Is(err, ErrUndated) {
		t.Errorf("Rekor v2 alone: %v", err)
	}
}
