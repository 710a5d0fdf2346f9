// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/proof"
)

func TestVerifyBundle(t *testing.T) {
	w := newWorld(t)
	s, undated := w.signed(t), w.undated(t)
	minute := base.Add(time.Minute)
	v1, v2 := Logged{"https://" + rekor1Host, 1_000_003}, Logged{"https://" + rekor2Host, 3}
	noLogs := w.root(t, func(d *rootDoc) { d.Logs = nil })
	for fact, c := range map[string]struct {
		bundle *bundleDoc
		root   *Root
		logs   []Logged
	}{
		"Rekor v2 and a token":          {newBundle(s, w.entry2(t, s)), w.root(t), []Logged{v2}},
		"Rekor v1 with promise":         {newBundle(undated, w.entry1(t, "dsse", dsseBody(undated), minute)), w.root(t), []Logged{v1}},
		"Rekor v1 and v2":               {newBundle(s, w.entry1(t, "hashedrekord", hashedBody(s), minute), w.entry2(t, s)), w.root(t), []Logged{v1, v2}},
		"a token, and no logs to be in": {newBundle(s), noLogs, nil},
	} {
		t.Run(fact, func(t *testing.T) {
			v, err := VerifyBundle(marshal(t, c.bundle), c.root)
			check(t, err)
			if v.Identity.Subject != flow || !v.Time.Equal(minute) || !v.Identity.Time.Equal(minute) || !bytes.Equal(v.Signed.Payload, s.Payload) {
				t.Errorf("%+v", v)
			}
			if diff := cmp.Diff(c.logs, v.Logs); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Spacing, order and the older name of the type are as tools write them; and
// so are a keyid and members that are null.
func TestVerifyBundleReformatted(t *testing.T) {
	w := newWorld(t)
	s := w.signed(t)
	data := string(marshal(t, newBundle(s, w.entry2(t, s))))
	for fact, text := range map[string]string{
		"canonical":         string(transformed(t, data)),
		"spaced":            strings.ReplaceAll(data, `":`, "\" :\n "),
		"the older type":    strings.Replace(data, event.BundleType, bundleTypes[1], 1),
		"a keyid":           strings.Replace(data, `"sig":`, `"keyid":"x","sig":`, 1),
		"time zero":         strings.Replace(data, `"kindVersion"`, `"integratedTime":"0","kindVersion"`, 1),
		"a promise of null": strings.Replace(data, `"kindVersion"`, `"inclusionPromise":null,"kindVersion"`, 1),
	} {
		if _, err := VerifyBundle([]byte(text), w.root(t)); err != nil {
			t.Errorf("%s: %v", fact, err)
		}
	}
}

func transformed(t *testing.T, data string) []byte {
	canonical, err := canon.Transform([]byte(data))
	check(t, err)
	return canonical
}

// A bundle of a ledger of ours is one, for a root that names the ledger's log.
func TestVerifyOwnBundle(t *testing.T) {
	w := newWorld(t)
	s := w.signed(t)
	leaf, err := s.Leaf()
	check(t, err)
	p := include(t, leaf, rekor2Host, "", w.rekor2Signer())
	receipt := proof.Receipt{Index: p.Index, Checkpoint: proof.Checkpoint{
		Origin: rekor2Host, Size: p.Size, Root: tlog.Hash(p.Root), Raw: []byte(p.Checkpoint.Envelope),
	}}
	for _, h := range p.Hashes {
		receipt.Proof = append(receipt.Proof, tlog.Hash(h))
	}
	data, err := event.NewBundle(s, leaf, receipt, w.rekor2ID()).Marshal()
	check(t, err)
	v, err := VerifyBundle(data, w.root(t))
	check(t, err)
	if v.Signed.ID() != s.ID() || v.Logs[0].Index != 3 {
		t.Errorf("%+v", v)
	}
}

func TestVerifyBundleRefusesShapes(t *testing.T) {
	w := newWorld(t)
	r := w.root(t)
	s := w.signed(t)
	good := newBundle(s, w.entry2(t, s))
	data := string(marshal(t, good))
	change := func(old, new string) string {
		if !strings.Contains(data, old) {
			t.Fatalf("%q is not in the bundle", old)
		}
		return strings.Replace(data, old, new, 1)
	}
	edited := func(edit func(*bundleDoc)) string {
		b := newBundle(s, w.entry2(t, s))
		edit(b)
		return string(marshal(t, b))
	}
	for fact, c := range map[string]struct{ bundle, why string }{
		"nothing":                {"", ""},
		"no JSON":                {"bundle", ""},
		"null":                   {"null", "mediaType"},
		"cut off":                {data[:len(data)-1], ""},
		"data after it":          {data + "{}", ""},
		"over the limit":         {data + strings.Repeat(" ", maxBundle), "over the limit"},
		"version 0.2":            {change("v0.3", "v0.2"), "mediaType"},
		"a member twice":         {change(`"payload":`, `"payload":"","payload":`), "duplicate"},
		"a member nobody knows":  {change(`"payload":`, `"x":1,"payload":`), "unknown"},
		"a member in other case": {change(`"payload":`, `"Payload":`), "unknown"},
		"another payload type":   {change(event.PayloadType, "text/plain"), "payloadType"},
		"no signature":           {edited(func(b *bundleDoc) { b.Envelope.Signatures = nil }), "0 signatures"},
		"two signatures":         {edited(func(b *bundleDoc) { b.Envelope.Signatures = slices.Repeat(b.Envelope.Signatures, 2) }), "2 signatures"},
		"no envelope":            {change(`"dsseEnvelope"`, `"messageSignature"`), "messageSignature"},
		"neither":                {`{"mediaType":"` + event.BundleType + `"}`, "no dsseEnvelope"},
		"a public key":           {change(`"certificate":{"rawBytes"`, `"publicKey":{"hint"`), "public key"},
		"a chain":                {change(`"certificate":`, `"x509CertificateChain":`), "x509CertificateChain"},
		"no certificate":         {change(`"certificate":{"rawBytes":"`+base64.StdEncoding.EncodeToString(s.Verifier.Certificate)+`"},`, ``), "no certificate"},
		"a garbled certificate":  {edited(func(b *bundleDoc) { b.Material.Certificate.Raw = []byte("x") }), "certificate"},
		"33 entries":             {edited(func(b *bundleDoc) { b.Material.Logs = slices.Repeat(b.Material.Logs, 33) }), "over the limit of 32"},
		"a payload of five MiB":  {edited(func(b *bundleDoc) { b.Envelope.Payload = make([]byte, 5<<20) }), "over the limit"},
		"base64 with a line":     {change(`"sig":"`, `"sig":"\n`), "lines"},
	} {
		t.Run(fact, func(t *testing.T) {
			v, err := VerifyBundle([]byte(c.bundle), r)
			if !errors.Is(err, event.ErrBundle) || !strings.Contains(err.Error(), c.why) || v != nil {
				t.Errorf("%v, %v, want %s", v, err, c.why)
			}
		})
	}
}

func TestVerifyBundleRefuses(t *testing.T) {
	w := newWorld(t)
	s, undated := w.signed(t), w.undated(t)
	late := w.stamped(t, w.leaf(t, true, leafCert(t)), base.Add(day))
	for fact, c := range map[string]struct {
		bundle *bundleDoc
		root   *Root
		err    error
	}{
		"no root":                  {newBundle(s, w.entry2(t, s)), nil, ErrRoot},
		"the zero root":            {newBundle(s, w.entry2(t, s)), &Root{}, ErrUndated},
		"no time":                  {newBundle(undated, w.entry2(t, undated)), w.root(t), ErrUndated},
		"nothing at all":           {newBundle(undated), w.root(t), ErrUndated},
		"no log entry":             {newBundle(s), w.root(t), ErrEntry},
		"the entry of another log": {newBundle(s, w.entry2(t, s)), w.root(t, func(d *rootDoc) { d.Logs = d.Logs[:1] }), ErrUndated},
		"expired":                  {newBundle(late, w.entry2(t, late)), w.root(t), ErrExpired},
		"another authority":        {newBundle(s, w.entry2(t, s)), w.root(t, func(d *rootDoc) { d.Authorities = d.Stampers }), ErrUntrusted},
		"an unlogged certificate":  {newBundle(s, w.entry2(t, s)), w.root(t, func(d *rootDoc) { d.CertLogs = d.Logs }), ErrUntrusted},
		"the token of another": {func() *bundleDoc {
			b := newBundle(s, w.entry2(t, s))
			b.Material.Times.Tokens[0].Signed = w.stamp(t, []byte("another"), base.Add(time.Minute))
			return b
		}(), w.root(t), ErrTimestamp},
		"the signature of another": {func() *bundleDoc { b := newBundle(s, w.entry2(t, s)); b.Envelope.Payload = payload(t, "x"); return b }(), w.root(t), event.ErrSignature},
		"the certificate of another": {func() *bundleDoc {
			b := newBundle(s, w.entry2(t, s))
			b.Material.Certificate.Raw = w.leafFor(t, "eve").cert.Raw
			return b
		}(), w.root(t), event.ErrSignature},
	} {
		t.Run(fact, func(t *testing.T) {
			v, err := VerifyBundle(marshal(t, c.bundle), c.root)
			if !errors.Is(err, c.err) || v != nil {
				t.Errorf("%v, %v, want %v", v, err, c.err)
			}
		})
	}
}

// parts are the decoded parts of a bundle, each of which may be changed in
// place.
func parts(b *bundleDoc) map[string]*[]byte {
	all := map[string]*[]byte{
		"certificate": &b.Material.Certificate.Raw,
		"payload":     &b.Envelope.Payload,
		"sig":         &b.Envelope.Signatures[0].Sig,
	}
	for i := range b.Material.Times.Tokens {
		all[fmt.Sprint("token ", i)] = &b.Material.Times.Tokens[i].Signed
	}
	for i := range b.Material.Logs {
		e := &b.Material.Logs[i]
		name := func(part string) string { return fmt.Sprintf("entry %d: %s", i, part) }
		all[name("logId")], all[name("canonicalizedBody")] = &e.LogID.KeyID, &e.Body
		if e.Promise != nil {
			all[name("signedEntryTimestamp")] = &e.Promise.SET
		}
		all[name("rootHash")] = &e.Proof.Root
		for j := range e.Proof.Hashes {
			all[name(fmt.Sprint("hash ", j))] = &e.Proof.Hashes[j]
		}
	}
	return all
}

// One bit of any byte of what a bundle holds, and of any byte of its JSON: it
// is refused. There is no tolerance.
func TestEveryByteOfABundleCounts(t *testing.T) {
	w := newWorld(t)
	r := w.root(t)
	s, undated := w.signed(t), w.undated(t)
	for fact, b := range map[string]*bundleDoc{
		"Rekor v2": newBundle(s, w.entry2(t, s)),
		"Rekor v1": newBundle(undated, w.entry1(t, "dsse", dsseBody(undated), base.Add(time.Minute))),
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			data := marshal(t, b)
			_, err := VerifyBundle(data, r)
			check(t, err)
			for name, part := range parts(b) {
				good := *part
				for i := range good {
					*part = flip(good, i)
					refuse(t, r, marshal(t, b), fmt.Sprintf("%s, byte %d", name, i))
				}
				*part = good[:len(good)-1]
				refuse(t, r, marshal(t, b), name+" cut off")
				*part = append(good[:len(good):len(good)], 0)
				refuse(t, r, marshal(t, b), name+" longer")
				*part = good
			}
			for i := range b.Material.Logs {
				checkpoint := &b.Material.Logs[i].Proof.Checkpoint.Envelope
				good := *checkpoint
				for j := range good {
					*checkpoint = string(flip([]byte(good), j))
					refuse(t, r, marshal(t, b), fmt.Sprintf("checkpoint %d, byte %d", i, j))
				}
				*checkpoint = good
			}
			for i := range data {
				// Base64 was flipped decoded; as text, one in ten will do.
				if i%10 == 0 || !base64Inside(data, i) {
					refuse(t, r, flip(data, i), fmt.Sprintf("JSON, byte %d of %d: %q", i, len(data), data[max(0, i-20):i]))
				}
			}
		})
	}
}

// base64Inside reports whether data[i] stands far inside a long run of base64.
func base64Inside(data []byte, i int) bool {
	const far = 8
	return i >= far && i+far < len(data) && !bytes.ContainsAny(data[i-far:i+far], "\"{}[],: \\")
}

func refuse(t *testing.T, r *Root, data []byte, what string) {
	t.Helper()
	if v, err := VerifyBundle(data, r); err == nil || v != nil {
		t.Errorf("%s: accepted", what)
	}
}

// What the package's comment says is passed over, is: nothing of it may tell
// who signed, what, or when.
func TestTolerances(t *testing.T) {
	w := newWorld(t)
	s := w.signed(t)
	noPromise := w.entry1(t, "dsse", dsseBody(s), base.Add(time.Hour))
	noPromise.Promise, noPromise.Integrated, noPromise.Index = nil, 7, 9
	cosigned := w.entry2(t, s)
	cosigned.Proof.Checkpoint.Envelope += "— witness.example " + base64.StdEncoding.EncodeToString(make([]byte, 76)) + "\n"
	embedded := s
	embedded.Timestamps = [][]byte{stampBy(t, w.tsa, s.Signature, base.Add(time.Minute), true)}
	at := bytes.LastIndex(embedded.Timestamps[0], w.tsa.cert.Raw)
	embedded.Timestamps[0][at+len(w.tsa.cert.Raw)-1] ^= 1
	for fact, b := range map[string]*bundleDoc{
		"a certificate in a token that the root names":      newBundle(embedded, w.entry2(t, embedded)),
		"an unknown signature on a checkpoint":              newBundle(s, cosigned),
		"time and index of a v1 entry that nobody promised": newBundle(s, noPromise),
	} {
		v, err := VerifyBundle(marshal(t, b), w.root(t))
		if err != nil {
			t.Errorf("%s: %v", fact, err)
		} else if v.Identity.Subject != flow || !v.Time.Equal(base.Add(time.Minute)) {
			t.Errorf("%s: %+v", fact, v)
		}
	}
}

func FuzzVerifyBundle(f *testing.F) {
	w := newWorld(f)
	r := w.root(f)
	s, undated := w.signed(f), w.undated(f)
	f.Add(marshal(f, newBundle(s, w.entry2(f, s))))
	f.Add(marshal(f, newBundle(undated, w.entry1(f, "hashedrekord", hashedBody(undated), base.Add(time.Minute)))))
	f.Add(readFile(f, "conformance/rekor2-dsse-happy-path.json"))
	f.Add(readFile(f, "conformance/happy-path-intoto-in-dsse-v3.json"))
	f.Add([]byte(`{"mediaType":"` + event.BundleType + `","dsseEnvelope":{},"verificationMaterial":{"tlogEntries":[{}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := VerifyBundle(data, r)
		if (v == nil) == (err == nil) {
			t.Fatalf("%v, %v", v, err)
		}
		if v != nil && (!bytes.Equal(v.Signed.Payload, s.Payload) || v.Identity.Subject != flow) {
			t.Errorf("accepted %q of %q", v.Signed.Payload, v.Identity.Subject)
		}
	})
}

// What a process that verifies one bundle does: read the root, verify.
func BenchmarkVerifyBundle(b *testing.B) {
	w := newWorld(b)
	root := marshal(b, w.doc(b))
	s := w.signed(b)
	data := marshal(b, newBundle(s, w.entry2(b, s)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := ParseRoot(root)
		check(b, err)
		_, err = VerifyBundle(data, r)
		check(b, err)
	}
}
