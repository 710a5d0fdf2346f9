// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/mod/sumdb/note"
)

// Every kind of key that a trusted root may name for a log signs what its log
// says, and nothing else.
func TestLogKeys(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	check(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	check(t, err)
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	for kind, c := range map[string]struct {
		key  crypto.Signer
		hash crypto.Hash
	}{
		"PKIX_ECDSA_P256_SHA_256":       {keyOf(t, "log"), crypto.SHA256},
		"PKIX_ECDSA_P384_SHA_384":       {p384, crypto.SHA384},
		"PKIX_ECDSA_P521_SHA_512":       {p521, crypto.SHA512},
		"PKIX_RSA_PKCS1V15_2048_SHA256": {rsa2048, crypto.SHA256},
		"PKIX_ED25519":                  {newWorld(t).rekor2, 0},
	} {
		w := newWorld(t)
		r := w.root(t, func(d *rootDoc) { d.Logs[0] = logOf(t, "https://log.example", kind, c.key.Public(), nil) })
		signed := message
		if c.hash != 0 {
			signed = digest(c.hash, message)
		}
		sig, err := c.key.Sign(rand.Reader, signed, c.hash)
		check(t, err)
		l := &r.logs[0]
		if !l.verify(message, sig) {
			t.Errorf("%s: its signature does not verify", kind)
		}
		if l.verify([]byte("other"), sig) || l.verify(message, flip(sig, len(sig)-1)) || l.verify(message, nil) {
			t.Errorf("%s: another signature verifies", kind)
		}
		if key := newNoteKey(l, "log.example"); !key.Verify(message, sig) || key.Name() != "log.example" || key.KeyHash() == 0 {
			t.Errorf("%s: note key %+v", kind, key)
		}
	}
}

// Key ids as stock code computes them.
func TestNoteKeyIDs(t *testing.T) {
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	for _, key := range []crypto.PublicKey{keyOf(t, "log").Public(), newWorld(t).rekor2.Public(), rsa2048.Public()} {
		want, _, err := rekornote.KeyHash("log.example", key)
		check(t, err)
		if got := newNoteKey(&logKey{key: key, spki: spkiOf(t, key)}, "log.example"); got.KeyHash() != want {
			t.Errorf("%T: %08x, want %08x", key, got.KeyHash(), want)
		}
	}
	// The public Rekor v1 signs as c0d23d6a, the start of its log id.
	r, err := ParseRoot(readFile(t, "roots/public-good.json"))
	check(t, err)
	for _, got := range []noteKey{newNoteKey(&r.logs[0], "x"), newNoteKey1(&r.logs[0], "y")} {
		if got.KeyHash() != 0xc0d23d6a {
			t.Errorf("ECDSA: %08x", got.KeyHash())
		}
	}
}

func TestCheckpoint1Refused(t *testing.T) {
	w := newWorld(t)
	l := &w.root(t).logs[0]
	s := w.rekor1Signer(t)
	root := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	sign := func(text string) string {
		signed, err := note.Sign(&note.Note{Text: text}, s)
		check(t, err)
		return string(signed)
	}
	good := sign("rekor.sigstore.dev - 7\n5\n" + root + "\n")
	size, _, err := openCheckpoint1([]byte(good), l)
	if err != nil || size != 5 {
		t.Fatalf("the good one: %d, %v", size, err)
	}
	for fact, raw := range map[string]string{
		"nothing":               "",
		"unsigned":              "rekor.sigstore.dev - 7\n5\n" + root + "\n",
		"two lines":             sign("rekor.sigstore.dev - 7\n5\n"),
		"a size that is none":   sign("rekor.sigstore.dev - 7\nfive\n" + root + "\n"),
		"a size below zero":     sign("rekor.sigstore.dev - 7\n-5\n" + root + "\n"),
		"a root that is none":   sign("rekor.sigstore.dev - 7\n5\nAAAA\n"),
		"no tree":               sign("rekor.sigstore.dev\n5\n" + root + "\n"),
		"a tree that is none":   sign("rekor.sigstore.dev - seven\n5\n" + root + "\n"),
		"another name":          sign("evil.example - 7\n5\n" + root + "\n"),
		"another name signed":   strings.Replace(good, "— rekor.sigstore.dev", "— rekor.sigstore.org", 1),
		"another text":          strings.Replace(good, "\n5\n", "\n6\n", 1),
		"a line more":           good + "x\n",
		"a stray bit in base64": stray(good),
	} {
		if size, _, err := openCheckpoint1([]byte(raw), l); err == nil {
			t.Errorf("%s: accepted, size %d", fact, size)
		}
	}
}

// stray sets a bit of the last base64 letter before padding that encodes
// nothing.
func stray(note string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := strings.IndexByte(note[strings.LastIndex(note, "— "):], '=')
	if i < 0 {
		return "the signature needs no padding"
	}
	i += strings.LastIndex(note, "— ") - 1
	return note[:i] + string(letters[strings.IndexByte(letters, note[i])|1]) + note[i+1:]
}

func TestSCTLists(t *testing.T) {
	list := func(scts ...[]byte) []byte {
		return wrap(asn1.OCTET_STRING, build(func(b *cryptobyte.Builder) {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				for _, s := range scts {
					b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s) })
				}
			})
		}))
	}
	one := func(version, hash uint8, tail ...byte) []byte {
		return build(func(b *cryptobyte.Builder) {
			b.AddUint8(version)
			b.AddBytes(make([]byte, 32))
			b.AddUint64(7)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte("ext")) })
			b.AddUint8(hash)
			b.AddUint8(tlsECDSA)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte("sig")) })
			b.AddBytes(tail)
		})
	}
	good := one(0, tlsSHA256)
	for fact, c := range map[string]struct {
		list []byte
		want int
	}{
		"one":                {list(good), 1},
		"two":                {list(good, good), 2},
		"an unknown version": {list(one(1, tlsSHA256), good), 1},
		"an unknown hash":    {list(one(0, 6), good), 1},
	} {
		got, err := parseSCTs(c.list)
		if err != nil || len(got) != c.want || string(got[0].extensions) != "ext" || string(got[0].signature) != "sig" || !got[0].time().Equal(time.UnixMilli(7)) {
			t.Errorf("%s: %+v, %v", fact, got, err)
		}
	}
	many := make([][]byte, maxSCTs+1)
	for i := range many {
		many[i] = good
	}
	for fact, der := range map[string][]byte{
		"nothing":          nil,
		"no octet string":  {5, 0},
		"empty":            list(),
		"data after it":    append(list(good), 0),
		"an empty one":     list([]byte{}),
		"cut off":          list(good[:len(good)-1]),
		"data after one":   list(one(0, tlsSHA256, 0)),
		"over the limit":   list(many...),
		"a length too big": {4, 3, 0, 9, 0},
	} {
		if got, err := parseSCTs(der); err == nil {
			t.Errorf("%s: %+v", fact, got)
		}
	}
}

// A certificate without the list of timestamps, and with two of them.
func TestCutSCTs(t *testing.T) {
	w := newWorld(t)
	bare := w.leaf(t, false, leafCert(t)).cert.RawTBSCertificate
	list, tbs, err := cutSCTs(bare)
	check(t, err)
	if list != nil || string(tbs) != string(bare) {
		t.Errorf("found %x", list)
	}
	logged := w.leaf(t, true, leafCert(t)).cert.RawTBSCertificate
	if list, tbs, err = cutSCTs(logged); err != nil || list == nil || string(tbs) != string(bare) {
		t.Errorf("cut to %d of %d bytes: %v", len(tbs), len(bare), err)
	}
	ext := wrap(asn1.SEQUENCE, oidDER(oidSCTs), wrap(asn1.OCTET_STRING, nil))
	of := func(extensions ...[]byte) []byte {
		return wrap(asn1.SEQUENCE, wrap(asn1.Tag(3).Constructed().ContextSpecific(), wrap(asn1.SEQUENCE, extensions...)))
	}
	for fact, der := range map[string][]byte{
		"nothing":                     nil,
		"no extensions":               wrap(asn1.SEQUENCE, intDER(1)),
		"data after the extensions":   wrap(asn1.SEQUENCE, wrap(asn1.Tag(3).Constructed().ContextSpecific(), wrap(asn1.SEQUENCE)), intDER(1)),
		"two lists":                   of(ext, ext),
		"a list that is no string":    of(wrap(asn1.SEQUENCE, oidDER(oidSCTs), intDER(1))),
		"an extension that is none":   of(intDER(1)),
		"an extension without a name": of(wrap(asn1.SEQUENCE)),
	} {
		if list, _, err := cutSCTs(der); err == nil {
			t.Errorf("%s: %x", fact, list)
		}
	}
}
