// SPDX-License-Identifier: Apache-2.0

package event_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/proof"
)

// The digests that tests talk about.
var (
	digestA = strings.Repeat("a1", 32)
	digestB = strings.Repeat("b2", 32)
	commitA = strings.Repeat("c3", 20)
)

const origin = "log-of-the-tests"

// subjectA is what most test events are about.
func subjectA() event.Subject {
	return event.Subject{Name: "app", Digest: map[string]string{"sha256": digestA}}
}

// signer signs as sign.ParseKey's does. Its key follows from a name, so that
// fuzz seeds and goldens are the same on every run.
type signer struct {
	key      *ecdsa.PrivateKey
	verifier event.Verifier
}

func newSigner(t testing.TB, name string) *signer {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	check(t, err)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	check(t, err)
	return &signer{key, event.Verifier{KeyDetails: event.KeyDetails, PublicKey: der}}
}

func (s *signer) Sign(message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return s.key.Sign(nil, sum[:], crypto.SHA256)
}

func (s *signer) Verifier() event.Verifier { return s.verifier }

// signed is a deployment of subjectA, signed by the key called name.
func signed(t testing.TB, name string) event.Signed {
	t.Helper()
	return signedAs(t, name, event.DeploymentType, event.DeploymentPredicate{Environment: "staging", Result: event.Healthy})
}

func signedAs(t testing.TB, name, predicateType string, predicate any) event.Signed {
	t.Helper()
	payload, err := event.NewStatement(predicateType, []event.Subject{subjectA()}, predicate)
	check(t, err)
	s, err := event.Sign(payload, newSigner(t, name))
	check(t, err)
	return s
}

// certificateOf is a certificate of the key called name, by that key itself.
// Who may issue one is no matter of this package.
func certificateOf(t testing.TB, name string) []byte {
	t.Helper()
	key := newSigner(t, name).key
	identity, err := url.Parse("https://ci.example.org/acme/app/.workflows/build@refs/heads/main")
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7),
		NotBefore:    time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2026, 3, 1, 9, 10, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		URIs:         []*url.URL{identity},
		ExtraExtensions: []pkix.Extension{
			{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: []byte("\x0c\x16https://ci.example.org")},
		},
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	check(t, err)
	return der
}

// What stands beside a statement in the tests: of the right shape, and not
// more.
var (
	tokens  = [][]byte{[]byte("\x30\x03\x02\x01\x07"), []byte("\x30\x03\x02\x01\x08")}
	entries = [][]byte{[]byte(`{"logIndex":"7"}`)}
)

// keyless is what signed returns, with a certificate beside it and tokens and
// an entry of another log.
func keyless(t testing.TB, name string) event.Signed {
	t.Helper()
	s := signed(t, name)
	k, err := event.NewKeyless(s.Payload, s.Signature, certificateOf(t, name), tokens, entries)
	check(t, err)
	return k
}

func bodyOf(t testing.TB, s event.Signed) []byte {
	t.Helper()
	body, err := s.Body()
	check(t, err)
	return body
}

func leafOf(t testing.TB, s event.Signed) []byte {
	t.Helper()
	leaf, err := s.Leaf()
	check(t, err)
	return leaf
}

// open is the event that s and its leaf make.
func open(t testing.TB, s event.Signed) *event.Event {
	t.Helper()
	e, err := event.Open(7, leafOf(t, s), bodyOf(t, s))
	check(t, err)
	return e
}

// testLog is a log in memory.
type testLog struct {
	signer note.Signer
	keys   proof.Keys
	id     []byte
	hashes []tlog.Hash
	size   int64
}

func newLog(t testing.TB, seed string) *testLog {
	t.Helper()
	private, public, err := note.GenerateKey(strings.NewReader(strings.Repeat(seed, 64)), origin)
	check(t, err)
	l := &testLog{}
	l.signer, err = note.NewSigner(private)
	check(t, err)
	l.keys, err = proof.NewKeys(origin, []string{public})
	check(t, err)
	l.id, err = proof.LogID(public)
	check(t, err)
	return l
}

func (l *testLog) read(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = l.hashes[x]
	}
	return out, nil
}

func (l *testLog) append(t testing.TB, leaves ...[]byte) {
	t.Helper()
	for _, leaf := range leaves {
		h, err := tlog.StoredHashes(l.size, leaf, tlog.HashReaderFunc(l.read))
		check(t, err)
		l.hashes = append(l.hashes, h...)
		l.size++
	}
}

func (l *testLog) receipt(t testing.TB, index int64) proof.Receipt {
	t.Helper()
	root, err := tlog.TreeHash(l.size, tlog.HashReaderFunc(l.read))
	check(t, err)
	c, err := proof.SignCheckpoint(origin, uint64(l.size), root, l.signer)
	check(t, err)
	p, err := tlog.ProveRecord(l.size, index, tlog.HashReaderFunc(l.read))
	check(t, err)
	return proof.Receipt{Index: uint64(index), Proof: proof.Proof(p), Checkpoint: c}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError checks that err is there and says part.
func wantError(t *testing.T, err error, part string) {
	t.Helper()
	switch {
	case err == nil:
		t.Fatalf("accepted; want an error with %q", part)
	case !strings.Contains(err.Error(), part):
		t.Fatalf("error %q; want %q in it", err, part)
	}
}
