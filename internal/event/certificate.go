// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"crypto/x509"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gateledger/gateledger/internal/canon"
)

// NewKeyless joins what was signed elsewhere with a short-lived certificate
// (X.509 in DER): its key's signature over PAE(PayloadType, payload), RFC 3161
// tokens over the signature, and entries of other transparency logs as JSON.
//
// It refuses a payload that ParseStatement refuses, a certificate that does
// not parse or whose key is not ECDSA P-256, a signature that this key does
// not verify, and tokens and entries that Body refuses. It asks neither who
// issued the certificate nor whether the tokens hold: package keyless does.
func NewKeyless(payload, signature, certificate []byte, timestamps, entries [][]byte) (Signed, error) {
	s, err := newKeyless(payload, signature, certificate, timestamps, entries)
	if err != nil {
		return Signed{}, fmt.Errorf("take over keyless signature: %w", err)
	}
	return s, nil
}

func newKeyless(payload, signature, certificate []byte, timestamps, entries [][]byte) (Signed, error) {
	if _, err := ParseStatement(payload); err != nil {
		return Signed{}, err
	}
	key, err := certificateKey(certificate)
	if err != nil {
		return Signed{}, err
	}
	s := Signed{
		Payload:    payload,
		Signature:  signature,
		Verifier:   Verifier{KeyDetails: KeyDetails, PublicKey: key, Certificate: certificate},
		Timestamps: timestamps,
	}
	for i, e := range entries {
		canonical, err := canon.Transform(e)
		if err != nil {
			return Signed{}, fmt.Errorf("log entry %d: %w", i, err)
		}
		s.Entries = append(s.Entries, canonical)
	}
	if err := s.Verify(); err != nil {
		return Signed{}, err
	}
	if _, err := s.Leaf(); err != nil {
		return Signed{}, err
	}
	_, err = s.Body()
	return s, err
}

// spkiHead is how the PKIX form of every ECDSA P-256 key begins: the names of
// algorithm and curve, and the mark of an uncompressed point. Two coordinates
// of 32 bytes follow.
const (
	spkiHead = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04"
	spkiSize = len(spkiHead) + 64
)

// certificateKey returns the SubjectPublicKeyInfo of a certificate in DER,
// where that is of an ECDSA P-256 key in its one form. It walks there and
// looks at nothing else, because a gate does this for every entry of the log;
// Signed.Verify parses the certificate whole and compares.
func certificateKey(certificate []byte) ([]byte, error) {
	var outer, tbs, key cryptobyte.String
	in := cryptobyte.String(certificate)
	ok := in.ReadASN1(&outer, asn1.SEQUENCE) && in.Empty() &&
		outer.ReadASN1(&tbs, asn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) && // version
		tbs.SkipASN1(asn1.INTEGER) && // serial number
		tbs.SkipASN1(asn1.SEQUENCE) && // signature algorithm
		tbs.SkipASN1(asn1.SEQUENCE) && // issuer
		tbs.SkipASN1(asn1.SEQUENCE) && // validity
		tbs.SkipASN1(asn1.SEQUENCE) && // subject
		tbs.ReadASN1Element(&key, asn1.SEQUENCE)
	if !ok {
		return nil, fmt.Errorf("%w: certificate is no X.509 in DER", ErrMismatch)
	}
	if len(key) != spkiSize || !bytes.HasPrefix(key, []byte(spkiHead)) {
		return nil, fmt.Errorf("%w: certificate's key is not ECDSA P-256", ErrMismatch)
	}
	return key, nil
}

// checkCertificate parses a certificate whole. It must be of this key.
func checkCertificate(certificate, key []byte) error {
	c, err := x509.ParseCertificate(certificate)
	if err != nil {
		return fmt.Errorf("%w: read certificate: %w", ErrMismatch, err)
	}
	if !bytes.Equal(c.RawSubjectPublicKeyInfo, key) {
		return fmt.Errorf("%w: certificate is of another key", ErrMismatch)
	}
	return nil
}
