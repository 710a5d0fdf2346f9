// SPDX-License-Identifier: Apache-2.0

package admit_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

// A sigstore is a certificate authority and a timestamp authority whose clocks
// the test sets, and the trusted root that believes both.
type sigstore struct {
	testing.TB
	ca, tsa       *x509.Certificate
	caKey, tsaKey *ecdsa.PrivateKey
	root          *keyless.Root
}

func newSigstore(t testing.TB) *sigstore {
	t.Helper()
	s := &sigstore{TB: t, caKey: newKey(t), tsaKey: newKey(t)}
	s.ca = s.certify(&x509.Certificate{
		Subject: pkix.Name{CommonName: "ca"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: start.AddDate(-1, 0, 0), NotAfter: start.AddDate(9, 0, 0),
	}, nil, s.caKey)
	onlyStamps, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	must(t, err)
	s.tsa = s.certify(&x509.Certificate{
		Subject: pkix.Name{CommonName: "tsa"}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: start.AddDate(-1, 0, 0), NotAfter: start.AddDate(9, 0, 0),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: onlyStamps}},
	}, s.ca, s.tsaKey)
	chain := func(certificates ...*x509.Certificate) string {
		var list []byte
		for i, c := range certificates {
			if i > 0 {
				list = append(list, ',')
			}
			list = fmt.Appendf(list, `{"rawBytes":%q}`, base64.StdEncoding.EncodeToString(c.Raw))
		}
		return fmt.Sprintf(`[{"uri":"https://example.org","certChain":{"certificates":[%s]},"validFor":{"start":"2020-01-01T00:00:00Z"}}]`, list)
	}
	s.root, err = keyless.ParseRoot(fmt.Appendf(nil,
		`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","certificateAuthorities":%s,"timestampAuthorities":%s}`,
		chain(s.ca), chain(s.tsa, s.ca)))
	must(t, err)
	return s
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

// certify issues a certificate for key, by the authority's, or by key itself.
func (s *sigstore) certify(c, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	s.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	must(s, err)
	c.SerialNumber = serial
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, s.caKey)
	must(s, err)
	out, err := x509.ParseCertificate(der)
	must(s, err)
	return out
}

// stamp is a timestamp authority's answer about message.
func (s *sigstore) stamp(message []byte, at time.Time) []byte {
	s.Helper()
	question, err := timestamp.CreateRequest(bytes.NewReader(message), &timestamp.RequestOptions{Hash: crypto.SHA256})
	must(s, err)
	asked, err := timestamp.ParseRequest(question)
	must(s, err)
	answer := timestamp.Timestamp{
		HashAlgorithm: asked.HashAlgorithm, HashedMessage: asked.HashedMessage, Time: at,
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2},
	}
	token, err := answer.CreateResponseWithOpts(s.tsa, s.tsaKey, crypto.SHA256)
	must(s, err)
	return token
}

// A leaf is somebody's certificate for ten minutes.
type leaf struct {
	s           *sigstore
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	at          time.Time
}

// issue certifies an e-mail address, from at on, with the texts of Fulcio's
// extensions by number.
func (s *sigstore) issue(subject string, at time.Time, texts map[int]string) leaf {
	s.Helper()
	c := &x509.Certificate{
		EmailAddresses: []string{subject}, NotBefore: at, NotAfter: at.Add(10 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	for n := range 30 {
		if text, ok := texts[n]; ok {
			value, err := asn1.MarshalWithParams(text, "utf8")
			must(s, err)
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, n}, Value: value})
		}
	}
	key := newKey(s)
	return leaf{s, s.certify(c, s.ca, key), key, at}
}

// sign signs a payload, and has that stamped a minute after the certificate
// began.
func (l leaf) sign(payload []byte) event.Signed {
	l.s.Helper()
	return l.signAt(payload, l.at.Add(time.Minute))
}

func (l leaf) signAt(payload []byte, at ...time.Time) event.Signed {
	l.s.Helper()
	sum := sha256.Sum256(event.PAE(event.PayloadType, payload))
	signature, err := ecdsa.SignASN1(rand.Reader, l.key, sum[:])
	must(l.s, err)
	var tokens [][]byte
	for _, at := range at {
		tokens = append(tokens, l.s.stamp(signature, at))
	}
	signed, err := event.NewKeyless(payload, signature, l.certificate.Raw, tokens, nil)
	must(l.s, err)
	return signed
}
