// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

func TestKeyless(t *testing.T) {
	s, key := keyless(t, "ci"), signed(t, "ci")
	check(t, s.Verify())
	if !s.Verifier.Keyless() || key.Verifier.Keyless() {
		t.Error("Keyless says the wrong thing")
	}
	if !bytes.Equal(s.Verifier.PublicKey, key.Verifier.PublicKey) || s.KeyID() != key.KeyID() {
		t.Error("the certificate is of another key than the one in it")
	}
	if s.ID() != key.ID() {
		t.Error("the id is not made of the certificate's key")
	}
	e := open(t, s)
	check(t, e.Verify())
	if e.ID() != s.ID() || e.KeyID() != s.KeyID() || !e.Signed.Verifier.Keyless() {
		t.Errorf("opened %+v", e.Signed)
	}
	if !bytes.Equal(e.Signed.Verifier.Certificate, s.Verifier.Certificate) {
		t.Error("opened with another certificate")
	}
	if !bytes.Equal(leafOf(t, e.Signed), e.Leaf) || !bytes.Equal(bodyOf(t, e.Signed), bodyOf(t, s)) {
		t.Error("written again, it differs")
	}
}

// What the leaf says is what a stock Rekor v2 client would send.
func TestKeylessLeafGolden(t *testing.T) {
	s := keyless(t, "ci")
	leaf := string(leafOf(t, s))
	canonical, err := canon.Transform([]byte(leaf))
	check(t, err)
	if string(canonical) != leaf {
		t.Errorf("not canonical:\n%s\n%s", leaf, canonical)
	}
	b64 := base64.StdEncoding.EncodeToString
	same := strings.Replace(string(leafOf(t, signed(t, "ci"))),
		`"publicKey":{"rawBytes":"`+b64(s.Verifier.PublicKey), `"x509Certificate":{"rawBytes":"`+b64(s.Verifier.Certificate), 1)
	if leaf != same {
		t.Errorf("leaf differs in more than the certificate:\n%s\n%s", leaf, same)
	}
}

func TestNewKeylessRefuses(t *testing.T) {
	s := signed(t, "ci")
	own := certificateOf(t, "ci")
	list := func(n int) [][]byte {
		var out [][]byte
		for i := range n {
			out = append(out, []byte{0x30, 3, 2, 1, byte(i)})
		}
		return out
	}
	for fact, c := range map[string]struct {
		payload, signature, certificate string
		timestamps, entries             [][]byte
		err                             string
	}{
		"no statement":                  {"hello", string(s.Signature), string(own), nil, nil, "statement"},
		"another statement":             {good, string(s.Signature), string(own), nil, nil, "does not verify"},
		"no signature":                  {string(s.Payload), "", string(own), nil, nil, "does not verify"},
		"another's signature":           {string(s.Payload), string(signed(t, "eve").Signature), string(own), nil, nil, "does not verify"},
		"another's certificate":         {string(s.Payload), string(s.Signature), string(certificateOf(t, "eve")), nil, nil, "does not verify"},
		"no certificate":                {string(s.Payload), string(s.Signature), "", nil, nil, "no X.509"},
		"a bare key":                    {string(s.Payload), string(s.Signature), string(s.Verifier.PublicKey), nil, nil, "no X.509"},
		"a certificate in PEM":          {string(s.Payload), string(s.Signature), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own})), nil, nil, "no X.509"},
		"two certificates":              {string(s.Payload), string(s.Signature), string(own) + string(own), nil, nil, "no X.509"},
		"a certificate cut short":       {string(s.Payload), string(s.Signature), string(own[:len(own)-1]), nil, nil, "no X.509"},
		"a certificate of nothing else": {string(s.Payload), string(s.Signature), string(hollow(t, s.Verifier.PublicKey)), nil, nil, "read certificate"},
		"a token that is none":          {string(s.Payload), string(s.Signature), string(own), [][]byte{[]byte("now")}, nil, "no single DER"},
		"too many tokens":               {string(s.Payload), string(s.Signature), string(own), list(9), nil, "over the limit of 8"},
		"an entry that is no JSON":      {string(s.Payload), string(s.Signature), string(own), nil, [][]byte{[]byte("entry")}, "log entry 0"},
		"an entry that is a list":       {string(s.Payload), string(s.Signature), string(own), nil, [][]byte{[]byte("[]")}, "no JSON object"},
		"an entry with a member twice":  {string(s.Payload), string(s.Signature), string(own), nil, [][]byte{[]byte(`{"a":1,"a":1}`)}, "duplicate"},
		"an entry over the limit":       {string(s.Payload), string(s.Signature), string(own), nil, [][]byte{[]byte(`{"a":"` + strings.Repeat("x", event.MaxEntry) + `"}`)}, "over the limit of 65536"},
	} {
		t.Run(fact, func(t *testing.T) {
			_, err := event.NewKeyless([]byte(c.payload), []byte(c.signature), []byte(c.certificate), c.timestamps, c.entries)
			wantError(t, err, c.err)
			wantError(t, err, "take over keyless signature")
		})
	}
}

// Other tools write the same entry with other spacing.
func TestNewKeylessMakesEntriesCanonical(t *testing.T) {
	s := signed(t, "ci")
	k, err := event.NewKeyless(s.Payload, s.Signature, certificateOf(t, "ci"), nil, [][]byte{[]byte(`{"logIndex": "7" }`)})
	check(t, err)
	if string(k.Entries[0]) != string(entries[0]) {
		t.Errorf("entry %s", k.Entries[0])
	}
}

// hollow looks like a certificate as far as its key, and is none.
func hollow(t *testing.T, key []byte) []byte {
	t.Helper()
	empty := asn1.RawValue{FullBytes: []byte{0x30, 0}}
	out, err := asn1.Marshal(struct {
		TBS struct {
			Serial                               int
			Algorithm, Issuer, Validity, Subject asn1.RawValue
			Key                                  asn1.RawValue
		}
	}{struct {
		Serial                               int
		Algorithm, Issuer, Validity, Subject asn1.RawValue
		Key                                  asn1.RawValue
	}{1, empty, empty, empty, empty, asn1.RawValue{FullBytes: key}}})
	check(t, err)
	return out
}

// Open walks to the key only. What it passes over, Verify reads.
func TestVerifyReadsTheWholeCertificate(t *testing.T) {
	s := keyless(t, "ci")
	e := open(t, s)
	e.Signed.Verifier.Certificate = hollow(t, s.Verifier.PublicKey)
	err := e.Verify()
	wantError(t, err, "read certificate")
	if !errors.Is(err, event.ErrMismatch) {
		t.Errorf("error %v is not ErrMismatch", err)
	}
	s.Verifier.Certificate = certificateOf(t, "eve")
	wantError(t, s.Verify(), "certificate is of another key")
	if _, err := s.Leaf(); err == nil {
		t.Error("a leaf was written all the same")
	}
	s.Verifier.PublicKey = nil
	wantError(t, s.Verify(), "certificate is of another key")
}

// withCertificate is the leaf of s with another certificate.
func withCertificate(t testing.TB, s event.Signed, certificate []byte) []byte {
	t.Helper()
	b64 := base64.StdEncoding.EncodeToString
	return bytes.Replace(leafOf(t, s), []byte(b64(s.Verifier.Certificate)), []byte(b64(certificate)), 1)
}

func TestOpenRefusesCertificatesOfOtherKeys(t *testing.T) {
	issue := func(public any) []byte {
		issuer := newSigner(t, "issuer").key
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		der, err := x509.CreateCertificate(nil, template, template, public, issuer)
		check(t, err)
		return der
	}
	p384, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), bytes.Repeat([]byte{1}, 48))
	check(t, err)
	ed := ed25519.NewKeyFromSeed(make([]byte, 32)).Public()
	modulus := new(big.Int).Lsh(big.NewInt(1), 2047)
	s := keyless(t, "ci")
	for fact, key := range map[string]crypto.PublicKey{
		"P-384":   &p384.PublicKey,
		"Ed25519": ed,
		"RSA":     &rsa.PublicKey{N: modulus.Add(modulus, big.NewInt(1)), E: 65537},
	} {
		_, err := event.Open(7, withCertificate(t, s, issue(key)), s.Payload)
		if !errors.Is(err, event.ErrMismatch) {
			t.Errorf("%s: error %v", fact, err)
		}
	}
	_, err = event.Open(7, withCertificate(t, s, issue(newSigner(t, "ci").key.Public())), s.Payload)
	check(t, err)
}

// (r, n-s) is as good a signature as (r, s), on a certificate too. It must not
// make another event of the same one.
func TestIDSurvivesRewrittenCertificate(t *testing.T) {
	s := keyless(t, "ci")
	var c struct {
		TBS, Algorithm asn1.RawValue
		Signature      asn1.BitString
	}
	_, err := asn1.Unmarshal(s.Verifier.Certificate, &c)
	check(t, err)
	var sig struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(c.Signature.Bytes, &sig)
	check(t, err)
	sig.S.Sub(elliptic.P256().Params().N, sig.S)
	c.Signature.Bytes, err = asn1.Marshal(sig)
	check(t, err)
	c.Signature.BitLength = 8 * len(c.Signature.Bytes)
	twin := s
	twin.Verifier.Certificate, err = asn1.Marshal(c)
	check(t, err)
	check(t, twin.Verify())
	if bytes.Equal(twin.Verifier.Certificate, s.Verifier.Certificate) || twin.ID() != s.ID() {
		t.Errorf("ids %x and %x", twin.ID(), s.ID())
	}
}

// The key that Open finds in a certificate is the one crypto/x509 finds, and
// Open takes every certificate that it takes, if the key is of our kind.
func FuzzCertificate(f *testing.F) {
	s := keyless(f, "ci")
	f.Add(s.Verifier.Certificate)
	f.Add(certificateOf(f, "eve"))
	f.Fuzz(func(t *testing.T, certificate []byte) {
		if len(certificate) == 0 || len(certificate) > 32<<10 {
			return
		}
		e, err := event.Open(1, withCertificate(t, s, certificate), s.Payload)
		parsed, parseErr := x509.ParseCertificate(certificate)
		if parseErr != nil {
			if err == nil && e.Verify() == nil {
				t.Fatalf("verified, but %v", parseErr)
			}
			return
		}
		key, ok := parsed.PublicKey.(*ecdsa.PublicKey)
		ok = ok && key.Curve == elliptic.P256()
		if ok {
			der, err := x509.MarshalPKIXPublicKey(key)
			check(t, err)
			ok = bytes.Equal(der, parsed.RawSubjectPublicKeyInfo)
		}
		if ok != (err == nil) {
			t.Fatalf("its key is of our kind: %v, but %v", ok, err)
		}
		if ok && !bytes.Equal(e.Signed.Verifier.PublicKey, parsed.RawSubjectPublicKeyInfo) {
			t.Fatal("another key than crypto/x509's")
		}
	})
}
