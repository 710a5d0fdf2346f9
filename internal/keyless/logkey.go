// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // SHA-384 and SHA-512
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"

	"golang.org/x/mod/sumdb/note"
)

// A logKey is the key of a transparency log, and when it is believed.
type logKey struct {
	url   string
	host  string // of url: the origin of a Rekor v2 log
	id    []byte // as entries name the log
	kind  string // of key, as sigstore's PublicKeyDetails names it
	key   crypto.PublicKey
	spki  []byte
	valid window
}

// keyKinds are the kinds of log key that this version verifies.
var keyKinds = map[string]func(crypto.PublicKey) bool{
	"PKIX_ECDSA_P256_SHA_256":       onCurve(elliptic.P256()),
	"PKIX_ECDSA_P384_SHA_384":       onCurve(elliptic.P384()),
	"PKIX_ECDSA_P521_SHA_512":       onCurve(elliptic.P521()),
	"PKIX_ED25519":                  isEd25519,
	"PKIX_RSA_PKCS1V15_2048_SHA256": ofBits(2048),
	"PKIX_RSA_PKCS1V15_3072_SHA256": ofBits(3072),
	"PKIX_RSA_PKCS1V15_4096_SHA256": ofBits(4096),
}

func onCurve(c elliptic.Curve) func(crypto.PublicKey) bool {
	return func(k crypto.PublicKey) bool {
		e, ok := k.(*ecdsa.PublicKey)
		return ok && e.Curve == c
	}
}

func ofBits(n int) func(crypto.PublicKey) bool {
	return func(k crypto.PublicKey) bool {
		r, ok := k.(*rsa.PublicKey)
		return ok && r.N.BitLen() == n
	}
}

func isEd25519(k crypto.PublicKey) bool {
	_, ok := k.(ed25519.PublicKey)
	return ok
}

func (f logFile) read() (logKey, error) {
	l := logKey{url: f.BaseURL, id: f.ID.KeyID, kind: f.Key.Details, spki: f.Key.DER}
	if f.Hash != "SHA2_256" {
		return l, fmt.Errorf("hashAlgorithm is %.40q, want SHA2_256", f.Hash)
	}
	if len(l.id) != sha256.Size {
		return l, fmt.Errorf("logId has %d bytes, want %d", len(l.id), sha256.Size)
	}
	u, err := url.Parse(f.BaseURL)
	if err != nil {
		return l, fmt.Errorf("baseUrl: %w", err)
	}
	l.host = u.Hostname()
	if f.Key.Valid.Start.IsZero() {
		return l, errors.New("publicKey has no validFor.start")
	}
	if l.valid, err = f.Key.Valid.read(); err != nil {
		return l, err
	}
	fits, ok := keyKinds[l.kind]
	if !ok {
		return l, nil // proves nothing
	}
	if l.key, err = x509.ParsePKIXPublicKey(f.Key.DER); err != nil {
		return l, fmt.Errorf("publicKey: %w", err)
	}
	if !fits(l.key) {
		return l, fmt.Errorf("publicKey is no %s", l.kind)
	}
	again, err := x509.MarshalPKIXPublicKey(l.key)
	if err != nil || !bytes.Equal(again, l.spki) {
		return l, errors.New("publicKey is not in its one DER form")
	}
	return l, nil
}

// verify reports whether the log signed message. A log whose kind of key this
// version does not know has signed nothing.
func (l *logKey) verify(message, signature []byte) bool {
	switch key := l.key.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, digest(curveHash(key), message), signature)
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest(crypto.SHA256, message), signature) == nil
	}
	return false
}

func curveHash(key *ecdsa.PublicKey) crypto.Hash {
	switch key.Curve {
	case elliptic.P384():
		return crypto.SHA384
	case elliptic.P521():
		return crypto.SHA512
	}
	return crypto.SHA256
}

func digest(h crypto.Hash, message []byte) []byte {
	d := h.New()
	d.Write(message)
	return d.Sum(nil)
}

// A noteKey is a log's key as it signs notes under one name.
type noteKey struct {
	log  *logKey
	name string
	hash uint32
}

var _ note.Verifier = noteKey{}

// newNoteKey returns the key of a Rekor v2 log. Key ids are as C2SP has them
// for Ed25519 and ECDSA, and as rekor-tiles has them for RSA.
func newNoteKey(l *logKey, name string) noteKey {
	h := sha256.New()
	switch key := l.key.(type) {
	case ed25519.PublicKey:
		fmt.Fprintf(h, "%s\n\x01%s", name, []byte(key))
	case *rsa.PublicKey:
		fmt.Fprintf(h, "%s\n\xffPKIX-RSA-PKCS#1v1.5%s", name, l.spki)
	default:
		h.Write(l.spki)
	}
	return noteKey{log: l, name: name, hash: binary.BigEndian.Uint32(h.Sum(nil))}
}

// newNoteKey1 returns the key of a Rekor v1 log, which is known by the hash
// of its key alone.
func newNoteKey1(l *logKey, name string) noteKey {
	sum := sha256.Sum256(l.spki)
	return noteKey{log: l, name: name, hash: binary.BigEndian.Uint32(sum[:])}
}

// Name returns the name that the log signs under.
func (k noteKey) Name() string { return k.name }

// KeyHash returns the first four bytes of the key's id.
func (k noteKey) KeyHash() uint32 { return k.hash }

// Verify reports whether the key signed msg.
func (k noteKey) Verify(msg, sig []byte) bool { return k.log.verify(msg, sig) }
