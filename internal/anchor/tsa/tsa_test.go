// SPDX-License-Identifier: Apache-2.0

package tsa

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/anchortest"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/canon"
)

// A world is a timestamp authority, which may be made to spoil what it says.
type world struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	spoil func(*timestamp.Timestamp)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// RFC 3161 section 2.3: the usage is critical, and the only one.
	usage := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08}}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "tsa"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{usage},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &world{cert: cert, key: key}
}

func (w *world) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil || req.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(rw, "what?", http.StatusBadRequest)
		return
	}
	q, err := timestamp.ParseRequest(body)
	if err != nil || q.Nonce.BitLen() != 64 || !q.Certificates {
		http.Error(rw, "what?", http.StatusBadRequest)
		return
	}
	ts := timestamp.Timestamp{
		HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Nonce: q.Nonce, Time: time.Now(), Policy: []int{1, 2, 3},
		AddTSACertificate: q.Certificates,
	}
	if w.spoil != nil {
		w.spoil(&ts)
	}
	response, err := ts.CreateResponseWithOpts(w.cert, w.key, crypto.SHA256)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = rw.Write(response)
}

// check checks a receipt's token by the other side's library.
func check(r anchored.Receipt) error {
	var p anchored.TSAProof
	if err := canon.Decode(r.Proof, &p); err != nil {
		return err
	}
	ts, err := timestamp.ParseResponse(p.Token)
	if err != nil {
		return err
	}
	end := len("\n")
	for lines := 0; lines < 3; end++ {
		if r.Checkpoint[end-1] == '\n' {
			lines++
		}
	}
	if sum := sha256.Sum256(r.Checkpoint[:end-1]); string(ts.HashedMessage) != string(sum[:]) {
		return fmt.Errorf("over %x, want %x", ts.HashedMessage, sum)
	}
	if len(ts.Certificates) != 1 {
		return fmt.Errorf("%d certificates", len(ts.Certificates))
	}
	return nil
}

func TestSuite(t *testing.T) {
	t.Parallel()
	anchortest.Run(t, func(t *testing.T, _ *anchortest.Log) anchortest.Service {
		return anchortest.Service{Kind: Kind(), Spec: anchored.Spec{Kind: "tsa", Name: "stamp"}, Path: "/api/v1/timestamp", Handler: newWorld(t), Check: check}
	})
}

// A token that does not answer the question is no receipt.
func TestTokensThatAnswerSomethingElse(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*timestamp.Timestamp){
		"of another message": func(ts *timestamp.Timestamp) { ts.HashedMessage = make([]byte, 32) },
		"by another hash":    func(ts *timestamp.Timestamp) { ts.HashAlgorithm, ts.HashedMessage = crypto.SHA512, make([]byte, 64) },
		"without our nonce":  func(ts *timestamp.Timestamp) { ts.Nonce = nil },
		"with another nonce": func(ts *timestamp.Timestamp) { ts.Nonce = big.NewInt(7) },
	} {
		w := newWorld(t)
		w.spoil = spoil
		if _, err := submit(t, w); !errors.Is(err, anchor.ErrUnverified) {
			t.Errorf("%s: %v, want ErrUnverified", name, err)
		}
	}
}

// submit asks a handler to date a checkpoint.
func submit(t *testing.T, h http.Handler) (anchored.Receipt, error) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	a, err := Kind().Open(anchored.Spec{Kind: "tsa", Name: "stamp", URL: server.URL}, anchortest.World(t, anchortest.Service{}))
	if err != nil {
		t.Fatal(err)
	}
	return a.Submit(t.Context(), anchor.Submission{Checkpoint: anchortest.NewLog(t).Grow(t, 3)})
}

// An authority that says no is told from one that can't be asked.
func TestAuthorityThatRefuses(t *testing.T) {
	t.Parallel()
	response, err := timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.BadRequest)
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]http.HandlerFunc{
		"by RFC 3161": func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(response) },
		"by HTTP":     func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "pay first", http.StatusForbidden) },
	} {
		if _, err := submit(t, h); !errors.Is(err, anchor.ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", name, err)
		}
	}
}
