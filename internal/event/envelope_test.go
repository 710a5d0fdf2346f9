// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

func TestPublishedPAE(t *testing.T) {
	data, err := os.ReadFile("../../testdata/vectors/dsse/pae.json")
	check(t, err)
	var vectors []struct {
		PayloadType string `json:"payloadType"`
		Payload     []byte `json:"payload"`
		PAE         string `json:"pae"`
	}
	check(t, canon.Decode(data, &vectors))
	if len(vectors) != 5 {
		t.Fatalf("%d vectors, want 5", len(vectors))
	}
	for _, v := range vectors {
		if got := hex.EncodeToString(event.PAE(v.PayloadType, v.Payload)); got != v.PAE {
			t.Errorf("PAE(%q, %q)\n got %s\nwant %s", v.PayloadType, v.Payload, got, v.PAE)
		}
	}
}

// A payload can't be moved into the type or back.
func TestPAEIsInjective(t *testing.T) {
	seen := map[string]string{}
	for _, c := range [][2]string{{"", ""}, {"a", ""}, {"", "a"}, {"a", "b"}, {"ab", ""}, {"a 1", "b"}, {"a", "1 b"}, {"1 a", "b"}, {"", "1 a 1 b"}} {
		pae := string(event.PAE(c[0], []byte(c[1])))
		if other, ok := seen[pae]; ok {
			t.Errorf("%q and %q have the same encoding", c, other)
		}
		seen[pae] = c[0] + "|" + c[1]
	}
}

func TestSign(t *testing.T) {
	s := signed(t, "ci")
	check(t, s.Verify())
	if s.KeyID() != event.KeyID(newSigner(t, "ci").Verifier()) {
		t.Errorf("KeyID is %s", s.KeyID())
	}
	sum := sha256.Sum256(s.Verifier.PublicKey)
	if want := "sha256:" + hex.EncodeToString(sum[:]); s.KeyID() != want {
		t.Errorf("KeyID is %s, want %s", s.KeyID(), want)
	}
}

// lyingSigner returns what it is told to.
type lyingSigner struct {
	*signer
	signature []byte
	err       error
}

func (l lyingSigner) Sign([]byte) ([]byte, error) { return l.signature, l.err }

func TestSignRefuses(t *testing.T) {
	ci := newSigner(t, "ci")
	for fact, c := range map[string]struct {
		payload string
		signer  event.Signer
		err     string
	}{
		"a payload that is no statement":       {"hello", ci, "sign statement"},
		"a statement in another form":          {good + "\n", ci, "canonical"},
		"a statement about nothing":            {`{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"t","subject":[]}`, ci, "no subject"},
		"a signer that fails":                  {good, lyingSigner{ci, nil, errors.New("token is locked")}, "token is locked"},
		"a signer that returns nothing":        {good, lyingSigner{ci, nil, nil}, "does not verify"},
		"a signer that returns another's word": {good, lyingSigner{ci, signed(t, "ci").Signature, nil}, "does not verify"},
	} {
		t.Run(fact, func(t *testing.T) {
			_, err := event.Sign([]byte(c.payload), c.signer)
			wantError(t, err, c.err)
		})
	}
}

func TestVerifyRefusesEveryFlippedBit(t *testing.T) {
	s := signed(t, "ci")
	for part, bytes := range map[string][]byte{"payload": s.Payload, "signature": s.Signature, "key": s.Verifier.PublicKey} {
		for i := range bytes {
			bytes[i] ^= 1
			if s.Verify() == nil {
				t.Errorf("%s with a flipped bit in byte %d verifies", part, i)
			}
			bytes[i] ^= 1
		}
	}
	check(t, s.Verify())
}

func TestVerifyRefusesKeys(t *testing.T) {
	marshal := func(key any) []byte {
		der, err := x509.MarshalPKIXPublicKey(key)
		check(t, err)
		return der
	}
	p384, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), bytes.Repeat([]byte{1}, 48))
	check(t, err)
	ed := ed25519.NewKeyFromSeed(make([]byte, 32)).Public()
	own := newSigner(t, "ci").verifier.PublicKey
	for fact, c := range map[string]struct {
		v   event.Verifier
		err string
	}{
		"no key at all":            {event.Verifier{}, `key is a ""`},
		"details of another kind":  {event.Verifier{KeyDetails: "PKIX_ED25519", PublicKey: own}, "PKIX_ED25519"},
		"no bytes":                 {event.Verifier{KeyDetails: event.KeyDetails}, "read public key"},
		"Ed25519":                  {event.Verifier{KeyDetails: event.KeyDetails, PublicKey: marshal(ed)}, "not ECDSA P-256"},
		"P-384":                    {event.Verifier{KeyDetails: event.KeyDetails, PublicKey: marshal(&p384.PublicKey)}, "not ECDSA P-256"},
		"trailing data":            {event.Verifier{KeyDetails: event.KeyDetails, PublicKey: append(bytes.Clone(own), 0)}, "read public key"},
		"compressed":               {event.Verifier{KeyDetails: event.KeyDetails, PublicKey: compressed(t, own)}, "public key"},
		"another key of that kind": {newSigner(t, "eve").verifier, "does not verify"},
	} {
		t.Run(fact, func(t *testing.T) {
			s := signed(t, "ci")
			s.Verifier = c.v
			wantError(t, s.Verify(), c.err)
			if _, err := s.Leaf(); c.err != "does not verify" && err == nil {
				t.Error("a leaf was written all the same")
			}
		})
	}
}

// compressed is the same key in the encoding with one coordinate.
func compressed(t *testing.T, der []byte) []byte {
	t.Helper()
	var spki struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	_, err := asn1.Unmarshal(der, &spki)
	check(t, err)
	x, y := spki.Key.Bytes[1:33], spki.Key.Bytes[33:]
	spki.Key.Bytes = append([]byte{2 | y[31]&1}, x...)
	spki.Key.BitLength = len(spki.Key.Bytes) * 8
	out, err := asn1.Marshal(spki)
	check(t, err)
	return out
}

func TestID(t *testing.T) {
	s := signed(t, "ci")
	pae, key := sha256.Sum256(event.PAE(event.PayloadType, s.Payload)), sha256.Sum256(s.Verifier.PublicKey)
	if want := sha256.Sum256(append(pae[:], key[:]...)); s.ID() != want {
		t.Errorf("ID is %x, want %x", s.ID(), want)
	}
	if open(t, s).ID() != s.ID() {
		t.Error("the event has another id than what was signed")
	}
	if signed(t, "eve").ID() == s.ID() {
		t.Error("two signers of one payload share an id")
	}
	other := signedAs(t, "ci", event.DeploymentType, event.DeploymentPredicate{Environment: "production", Result: event.Healthy})
	if other.ID() == s.ID() {
		t.Error("two payloads of one signer share an id")
	}
}

// (r, n-s) is as good a signature as (r, s), so anybody can make a second one
// of the same event. It must not pass for a second event.
func TestIDSurvivesRewrittenSignature(t *testing.T) {
	s := signed(t, "ci")
	var sig struct{ R, S *big.Int }
	_, err := asn1.Unmarshal(s.Signature, &sig)
	check(t, err)
	sig.S.Sub(elliptic.P256().Params().N, sig.S)
	twin := s
	twin.Signature, err = asn1.Marshal(sig)
	check(t, err)
	check(t, twin.Verify())
	if bytes.Equal(twin.Signature, s.Signature) || twin.ID() != s.ID() {
		t.Errorf("ids %x and %x", twin.ID(), s.ID())
	}
}

// What the leaf says is what a stock Rekor v2 client would send.
func TestLeafGolden(t *testing.T) {
	leaf := leafOf(t, signed(t, "ci"))
	canonical, err := canon.Transform(leaf)
	check(t, err)
	if !bytes.Equal(canonical, leaf) {
		t.Errorf("not canonical:\n%s\n%s", leaf, canonical)
	}
	var l struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Spec       struct {
			V002 struct {
				Data struct {
					Algorithm string `json:"algorithm"`
					Digest    []byte `json:"digest"`
				} `json:"data"`
				Signature struct {
					Content  []byte `json:"content"`
					Verifier struct {
						KeyDetails string `json:"keyDetails"`
						PublicKey  struct {
							RawBytes []byte `json:"rawBytes"`
						} `json:"publicKey"`
					} `json:"verifier"`
				} `json:"signature"`
			} `json:"hashedRekordV002"`
		} `json:"spec"`
	}
	check(t, canon.Decode(leaf, &l))
	s := signed(t, "ci")
	sum := sha256.Sum256(event.PAE(event.PayloadType, s.Payload))
	v := l.Spec.V002
	if l.APIVersion != "0.0.2" || l.Kind != "hashedrekord" || v.Data.Algorithm != "SHA2_256" ||
		!bytes.Equal(v.Data.Digest, sum[:]) || !bytes.Equal(v.Signature.Content, s.Signature) ||
		v.Signature.Verifier.KeyDetails != event.KeyDetails ||
		!bytes.Equal(v.Signature.Verifier.PublicKey.RawBytes, s.Verifier.PublicKey) {
		t.Errorf("leaf says %+v", l)
	}
}

func TestLeafTooLarge(t *testing.T) {
	s := signed(t, "ci")
	s.Signature = make([]byte, event.MaxLeaf)
	_, err := s.Leaf()
	wantError(t, err, "over the limit of 65535")
	if !strings.Contains(err.Error(), "write leaf") {
		t.Errorf("error %q does not say what was done", err)
	}
}
