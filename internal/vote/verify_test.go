// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/product"
)

// signWith makes a Signature of message out of what sign returns for the
// bytes to sign.
func signWith(t testing.TB, key ssh.PublicKey, message []byte, sign func(data []byte) *ssh.Signature) *Signature {
	t.Helper()
	data, err := SignedData(product.VoteNamespace, SHA512, message)
	if err != nil {
		t.Fatal(err)
	}
	return &Signature{Key: key, Namespace: product.VoteNamespace, HashAlgorithm: SHA512, Blob: sign(data)}
}

// newKey returns a plain key made from a seed, and a function that votes with it.
func newKey(t testing.TB, seed byte) (ssh.PublicKey, func(message []byte) *Signature) {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey(), func(message []byte) *Signature {
		return signWith(t, signer.PublicKey(), message, func(data []byte) *ssh.Signature {
			sig, err := signer.Sign(rand.Reader, data)
			if err != nil {
				t.Fatal(err)
			}
			return sig
		})
	}
}

// touched are the bytes a security key signs for data (PROTOCOL.u2f), and what
// stands after its signature.
func touched(data []byte, application string, flags byte, counter uint32) (signed, rest []byte) {
	app, message := sha256.Sum256([]byte(application)), sha256.Sum256(data)
	rest = ssh.Marshal(struct {
		Flags   byte
		Counter uint32
	}{flags, counter})
	return append(append(app[:], rest...), message[:]...), rest
}

// skEd25519 votes as a security key of this application would with these
// flags.
func skEd25519(t testing.TB, application string, flags byte, message []byte) *Signature {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	key, err := ssh.ParsePublicKey(ssh.Marshal(struct {
		Type        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, private.Public().(ed25519.PublicKey), application}))
	if err != nil {
		t.Fatal(err)
	}
	return signWith(t, key, message, func(data []byte) *ssh.Signature {
		signed, rest := touched(data, application, flags, 9)
		return &ssh.Signature{Format: key.Type(), Blob: ed25519.Sign(private, signed), Rest: rest}
	})
}

// skECDSA is skEd25519 for the other kind of security key.
func skECDSA(t testing.TB, application string, flags byte, message []byte) *Signature {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePublicKey(ssh.Marshal(struct {
		Type, Curve string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKECDSA256, "nistp256", point, application}))
	if err != nil {
		t.Fatal(err)
	}
	return signWith(t, key, message, func(data []byte) *ssh.Signature {
		signed, rest := touched(data, application, flags, 9)
		sum := sha256.Sum256(signed)
		r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return &ssh.Signature{Format: key.Type(), Blob: ssh.Marshal(struct{ R, S *big.Int }{r, s}), Rest: rest}
	})
}

func TestSecurityKeyMustBeTouched(t *testing.T) {
	const present, verified = 0x01, 0x04
	message := []byte("message")
	for name, c := range map[string]struct {
		flags byte
		want  string
	}{
		"touched":                          {present, ""},
		"touched and PIN given":            {present | verified, ""},
		"not touched":                      {0, "user presence"},
		"PIN given without a touch":        {verified, "user presence"},
		"every flag but the one for touch": {^byte(present), "user presence"},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, skEd25519(t, "ssh:", c.flags, message).Verify(message), c.want)
			wantError(t, skECDSA(t, "ssh:", c.flags, message).Verify(message), c.want)
		})
	}
}

func TestSecurityKeySignatureIsBoundToItsFields(t *testing.T) {
	message := []byte("message")
	for name, spoil := range map[string]func(*Signature){
		"flag set afterwards":   func(s *Signature) { s.Blob.Rest[0] |= 0x40 },
		"counter changed":       func(s *Signature) { s.Blob.Rest[4]++ },
		"no flags":              func(s *Signature) { s.Blob.Rest = nil },
		"flags without counter": func(s *Signature) { s.Blob.Rest = s.Blob.Rest[:1] },
		"bytes after counter":   func(s *Signature) { s.Blob.Rest = append(s.Blob.Rest, 0) },
		"another application":   func(s *Signature) { s.Key = skEd25519(t, "ssh:other", 1, message).Key },
		"format of a plain key": func(s *Signature) { s.Blob.Format = ssh.KeyAlgoED25519 },
	} {
		s := skEd25519(t, "ssh:", 1, message)
		spoil(s)
		if s.Verify(message) == nil {
			t.Errorf("%s: verifies", name)
		}
	}
}

func TestSignatureFormatMustBeTheKeys(t *testing.T) {
	statement := vector(t, "statement.json")
	for name, c := range map[string]struct{ file, format, want string }{
		"rsa with SHA-1":         {"rsa-3072", ssh.KeyAlgoRSA, "SHA-1"},
		"rsa as ed25519":         {"rsa-3072", ssh.KeyAlgoED25519, "cannot make"},
		"rsa as its certificate": {"rsa-3072", ssh.CertAlgoRSASHA512v01, "cannot make"},
		"rsa under another hash": {"rsa-3072", ssh.KeyAlgoRSASHA256, "verification error"},
		"p256 as p384":           {"ecdsa-p256", ssh.KeyAlgoECDSA384, "cannot make"},
		"ed25519 as sk":          {"ed25519", ssh.KeyAlgoSKED25519, "cannot make"},
		"no format":              {"ed25519", "", "cannot make"},
		"sk as a webauthn one":   {"sk-ecdsa", "webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "cannot make"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ParseSSHSIG(vector(t, c.file+".sig"))
			if err != nil {
				t.Fatal(err)
			}
			s.Blob.Format = c.format
			wantError(t, s.Verify(statement), c.want)
		})
	}
}

func TestSignatureHasOneEncoding(t *testing.T) {
	statement := vector(t, "statement.json")
	ec := func(spoil func(r, s *big.Int) []byte) func([]byte) []byte {
		return func(blob []byte) []byte {
			var pair struct{ R, S *big.Int }
			if err := ssh.Unmarshal(blob, &pair); err != nil {
				t.Fatal(err)
			}
			return spoil(pair.R, pair.S)
		}
	}
	pair := func(r, s *big.Int) []byte { return ssh.Marshal(struct{ R, S *big.Int }{r, s}) }
	raw := func(r, s []byte) []byte { return ssh.Marshal(struct{ R, S []byte }{r, s}) }
	pad := func(n *big.Int) []byte { return append([]byte{0, 0}, n.Bytes()...) }
	for name, c := range map[string]struct {
		file  string
		spoil func([]byte) []byte
		want  string
	}{
		"rsa one byte short":    {"rsa-3072", func(b []byte) []byte { return b[1:] }, "not as long"},
		"rsa one byte long":     {"rsa-3072", func(b []byte) []byte { return append([]byte{0}, b...) }, "not as long"},
		"rsa empty":             {"rsa-3072", func([]byte) []byte { return nil }, "not as long"},
		"ed25519 one byte long": {"ed25519", func(b []byte) []byte { return append(b, 0) }, "did not verify"},
		"ed25519 empty":         {"ed25519", func([]byte) []byte { return nil }, "did not verify"},
		"ecdsa padded":          {"ecdsa-p256", ec(func(r, s *big.Int) []byte { return raw(pad(r), pad(s)) }), "encoding"},
		"ecdsa negative r":      {"ecdsa-p256", ec(func(r, s *big.Int) []byte { return pair(new(big.Int).Neg(r), s) }), "encoding"},
		"ecdsa zero r":          {"ecdsa-p256", ec(func(_, s *big.Int) []byte { return pair(new(big.Int), s) }), "encoding"},
		"ecdsa zero s":          {"ecdsa-p256", ec(func(r, _ *big.Int) []byte { return pair(r, new(big.Int)) }), "encoding"},
		"ecdsa bytes after":     {"ecdsa-p256", func(b []byte) []byte { return append(b, 0) }, "ECDSA"},
		"ecdsa r and s swapped": {"ecdsa-p256", ec(func(r, s *big.Int) []byte { return pair(s, r) }), "did not verify"},
		"sk ecdsa padded":       {"sk-ecdsa", ec(func(r, s *big.Int) []byte { return raw(pad(r), pad(s)) }), "encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ParseSSHSIG(vector(t, c.file+".sig"))
			if err != nil {
				t.Fatal(err)
			}
			s.Blob.Blob = c.spoil(bytes.Clone(s.Blob.Blob))
			wantError(t, s.Verify(statement), c.want)
		})
	}
}

func TestNamespaceIsExact(t *testing.T) {
	message := []byte("message")
	for _, namespace := range []string{"", "git", "file", "gateledger", "gateledger-votes", "Gateledger-Vote", " gateledger-vote", "gateledger-vote\x00"} {
		_, sign := newKey(t, 1)
		s := sign(message)
		s.Namespace = namespace
		wantError(t, s.Verify(message), "namespace")
	}
}

func TestAnotherKeysSignature(t *testing.T) {
	message := []byte("message")
	_, sign := newKey(t, 1)
	other, _ := newKey(t, 2)
	s := sign(message)
	s.Key = other
	wantError(t, s.Verify(message), "did not verify")
}

func TestZeroSignatureVerifiesNothing(t *testing.T) {
	key, _ := newKey(t, 1)
	for _, s := range []*Signature{nil, {}, {Key: key}, {Key: key, Namespace: product.VoteNamespace}} {
		wantError(t, s.Verify(nil), "there is none")
	}
	wantError(t, (&Signature{
		Key: key, Namespace: product.VoteNamespace, Blob: &ssh.Signature{Format: ssh.KeyAlgoED25519},
	}).Verify(nil), "hash algorithm")
}

func TestKeysThatMayVote(t *testing.T) {
	for file, want := range map[string]string{
		"ed25519.pub": "", "ecdsa-p256.pub": "", "ecdsa-p384.pub": "", "ecdsa-p521.pub": "",
		"rsa-3072.pub": "", "sk-ed25519.pub": "", "sk-ecdsa.pub": "",
		"rsa-2048.pub": "too short",
		"dsa.pub":      "DSA",
	} {
		key, _, _, _, err := ssh.ParseAuthorizedKey(vector(t, file))
		if err != nil {
			t.Fatal(err)
		}
		err = CheckKey(key)
		wantError(t, err, want)
		if (SignatureFormat(key) == "") != (file == "dsa.pub") {
			t.Errorf("%s signs with format %q", file, SignatureFormat(key))
		}
	}
	rsa, _, _, _, _ := ssh.ParseAuthorizedKey(vector(t, "rsa-3072.pub"))
	if got := SignatureFormat(rsa); got != ssh.KeyAlgoRSASHA512 {
		t.Errorf("RSA signs with %s", got)
	}
}

// otherS returns the ECDSA P-256 signature r, n-s.
func otherS(t testing.TB, blob []byte) []byte {
	t.Helper()
	var pair struct{ R, S *big.Int }
	if err := ssh.Unmarshal(blob, &pair); err != nil {
		t.Fatal(err)
	}
	pair.S.Sub(elliptic.P256().Params().N, pair.S)
	return ssh.Marshal(pair)
}
