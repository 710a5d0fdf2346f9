// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	encasn1 "encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of CMS (RFC 5652), ESS (RFC 5035) and RFC 3161.
var (
	oidSignedData    = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo       = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert   = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2 = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidRSA           = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
)

// hashes are the digests we accept. SHA-1 is none of them.
var hashes = []struct {
	oid  encasn1.ObjectIdentifier
	hash crypto.Hash
	rsa  x509.SignatureAlgorithm
}{
	{encasn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256, x509.SHA256WithRSA},
	{encasn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384, x509.SHA384WithRSA},
	{encasn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512, x509.SHA512WithRSA},
}

// signatures are the signature algorithms we accept.
var signatures = []struct {
	oid encasn1.ObjectIdentifier
	alg x509.SignatureAlgorithm
}{
	{encasn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, x509.ECDSAWithSHA256},
	{encasn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, x509.ECDSAWithSHA384},
	{encasn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, x509.ECDSAWithSHA512},
	{encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, x509.SHA256WithRSA},
	{encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, x509.SHA384WithRSA},
	{encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, x509.SHA512WithRSA},
	{encasn1.ObjectIdentifier{1, 3, 101, 112}, x509.PureEd25519},
}

var errDER = errors.New("not in the DER form of a timestamp token")

// Tags that cryptobyte has no name for.
var (
	tag0 = asn1.Tag(0).Constructed().ContextSpecific()
	tag1 = asn1.Tag(1).Constructed().ContextSpecific()
)

// A signedData is a CMS SignedData with one signer, who signed attributes.
// Nothing in it is verified.
type signedData struct {
	content      []byte
	certificates []cryptobyte.String // each in DER
	issuer       []byte              // of the signer's certificate, in DER
	serial       []byte              // DER INTEGER
	attributes   []byte              // DER SET
	algorithm    x509.SignatureAlgorithm
	signature    []byte
	signerHash   []byte // SHA-2 of the signer's certificate as the attributes name it, may be empty
	signerDigest crypto.Hash
}

// parseSignedData reads a ContentInfo in DER that holds a SignedData over a
// TSTInfo, as RFC 3161 section 2.4.2 has it. It checks that the signed
// attributes are about this content. Version, digests and parameters have one
// spelling; unsigned attributes and revocation lists are refused, because
// nothing signs them.
func parseSignedData(der cryptobyte.String) (*signedData, error) {
	var outer, explicit, sd cryptobyte.String
	var kind encasn1.ObjectIdentifier
	if !der.ReadASN1(&outer, asn1.SEQUENCE) || !der.Empty() ||
		!outer.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidSignedData) ||
		!outer.ReadASN1(&explicit, tag0) || !outer.Empty() ||
		!explicit.ReadASN1(&sd, asn1.SEQUENCE) || !explicit.Empty() {
		return nil, errDER
	}
	var version int
	var digests, info, inner, content, certificates, signers cryptobyte.String
	if !sd.ReadASN1Integer(&version) || version != 3 ||
		!sd.ReadASN1(&digests, asn1.SET) ||
		!sd.ReadASN1(&info, asn1.SEQUENCE) ||
		!info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidTSTInfo) ||
		!info.ReadASN1(&inner, tag0) || !info.Empty() ||
		!inner.ReadASN1(&content, asn1.OCTET_STRING) || !inner.Empty() ||
		!sd.ReadOptionalASN1(&certificates, nil, tag0) ||
		!sd.ReadASN1(&signers, asn1.SET) || !sd.Empty() {
		return nil, errDER
	}
	s := &signedData{content: content}
	hash, err := readDigest(&digests)
	if err != nil {
		return nil, err
	}
	if !digests.Empty() {
		return nil, errors.New("token names more than one digest")
	}
	for !certificates.Empty() {
		var c cryptobyte.String
		if !certificates.ReadASN1Element(&c, asn1.SEQUENCE) {
			return nil, errDER
		}
		s.certificates = append(s.certificates, c)
	}
	var signer cryptobyte.String
	if !signers.ReadASN1(&signer, asn1.SEQUENCE) || !signers.Empty() {
		return nil, errors.New("token has not exactly one signer")
	}
	return s, s.readSigner(signer, hash)
}

// readDigest reads an AlgorithmIdentifier of a digest we accept.
func readDigest(in *cryptobyte.String) (crypto.Hash, error) {
	oid, err := readAlgorithm(in)
	if err != nil {
		return 0, err
	}
	for _, h := range hashes {
		if oid.Equal(h.oid) {
			return h.hash, nil
		}
	}
	return 0, fmt.Errorf("digest %s is none of SHA-256, SHA-384 and SHA-512", oid)
}

// readAlgorithm reads an AlgorithmIdentifier whose parameters are absent or
// NULL.
func readAlgorithm(in *cryptobyte.String) (encasn1.ObjectIdentifier, error) {
	var id, null cryptobyte.String
	var oid encasn1.ObjectIdentifier
	var given bool
	if !in.ReadASN1(&id, asn1.SEQUENCE) || !id.ReadASN1ObjectIdentifier(&oid) ||
		!id.ReadOptionalASN1(&null, &given, asn1.NULL) || !null.Empty() || !id.Empty() {
		return nil, errDER
	}
	return oid, nil
}

// readSigner reads the one SignerInfo.
func (s *signedData) readSigner(in cryptobyte.String, hash crypto.Hash) error {
	var version int
	var id, issuer, serial cryptobyte.String
	if !in.ReadASN1Integer(&version) || version != 1 ||
		!in.ReadASN1(&id, asn1.SEQUENCE) ||
		!id.ReadASN1Element(&issuer, asn1.SEQUENCE) ||
		!id.ReadASN1Element(&serial, asn1.INTEGER) || !id.Empty() {
		return fmt.Errorf("signer is not named by issuer and serial number: %w", errDER)
	}
	s.issuer, s.serial = issuer, serial
	own, err := readDigest(&in)
	if err != nil {
		return err
	}
	if own != hash {
		return errors.New("token and its signer name different digests")
	}
	var attributes cryptobyte.String
	if !in.ReadASN1Element(&attributes, tag0) {
		return fmt.Errorf("no signed attributes: %w", errDER)
	}
	oid, err := readAlgorithm(&in)
	if err != nil {
		return err
	}
	if s.algorithm, err = signatureAlgorithm(oid, hash); err != nil {
		return err
	}
	var signature cryptobyte.String
	if !in.ReadASN1(&signature, asn1.OCTET_STRING) || !in.Empty() {
		return fmt.Errorf("unsigned attributes, or no signature: %w", errDER)
	}
	s.signature = signature
	// What is signed is the SET that the implicit tag stands for.
	s.attributes = append([]byte{byte(asn1.SET)}, attributes[1:]...)
	return s.readAttributes(digest(hash, s.content))
}

// signatureAlgorithm maps a signature's OID. Plain RSA takes the digest from
// beside it.
func signatureAlgorithm(oid encasn1.ObjectIdentifier, hash crypto.Hash) (x509.SignatureAlgorithm, error) {
	for _, s := range signatures {
		if oid.Equal(s.oid) {
			return s.alg, nil
		}
	}
	for _, h := range hashes {
		if oid.Equal(oidRSA) && h.hash == hash {
			return h.rsa, nil
		}
	}
	return 0, fmt.Errorf("signature algorithm %s is not one we verify", oid)
}

// readAttributes checks that the signed attributes are about a TSTInfo with
// this digest, and finds which certificate they say signed.
func (s *signedData) readAttributes(content []byte) error {
	set, attrs := cryptobyte.String(s.attributes), cryptobyte.String(nil)
	if !set.ReadASN1(&attrs, asn1.SET) || !set.Empty() {
		return errDER
	}
	seen := map[string]bool{}
	for !attrs.Empty() {
		var attr, values cryptobyte.String
		var oid encasn1.ObjectIdentifier
		if !attrs.ReadASN1(&attr, asn1.SEQUENCE) || !attr.ReadASN1ObjectIdentifier(&oid) ||
			!attr.ReadASN1(&values, asn1.SET) || !attr.Empty() {
			return errDER
		}
		if seen[oid.String()] {
			return fmt.Errorf("signed attribute %s comes twice", oid)
		}
		seen[oid.String()] = true
		if err := s.readAttribute(oid, values, content); err != nil {
			return err
		}
	}
	for _, needed := range []encasn1.ObjectIdentifier{oidContentType, oidMessageDigest} {
		if !seen[needed.String()] {
			return fmt.Errorf("signed attribute %s is missing", needed)
		}
	}
	if !seen[oidSigningCert.String()] && !seen[oidSigningCertV2.String()] {
		return errors.New("the signed attributes do not name the signer's certificate")
	}
	return nil
}

// readAttribute reads the values of one signed attribute, where it is one we
// know: the others say nothing that we ask for.
func (s *signedData) readAttribute(oid encasn1.ObjectIdentifier, values cryptobyte.String, content []byte) error {
	switch {
	case oid.Equal(oidContentType):
		var kind encasn1.ObjectIdentifier
		if !values.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidTSTInfo) || !values.Empty() {
			return errors.New("signed attributes are not about a TSTInfo")
		}
	case oid.Equal(oidMessageDigest):
		var sum cryptobyte.String
		if !values.ReadASN1(&sum, asn1.OCTET_STRING) || !values.Empty() || !bytes.Equal(sum, content) {
			return errors.New("signed attributes are about another TSTInfo")
		}
	case oid.Equal(oidSigningCertV2):
		return s.readSigningCert(values)
	}
	return nil
}

// readSigningCert reads a SigningCertificateV2 of RFC 5035 as far as its first
// certificate, which is the signer's.
func (s *signedData) readSigningCert(values cryptobyte.String) error {
	var sc, ids, id, sum cryptobyte.String
	if !values.ReadASN1(&sc, asn1.SEQUENCE) || !values.Empty() ||
		!sc.ReadASN1(&ids, asn1.SEQUENCE) || !ids.ReadASN1(&id, asn1.SEQUENCE) {
		return errDER
	}
	s.signerDigest = crypto.SHA256
	if id.PeekASN1Tag(asn1.SEQUENCE) {
		hash, err := readDigest(&id)
		if err != nil {
			return err
		}
		s.signerDigest = hash
	}
	if !id.ReadASN1(&sum, asn1.OCTET_STRING) || len(sum) < sha256.Size {
		return errDER
	}
	s.signerHash = sum
	return nil
}

// by reports whether the token names c as its signer.
func (s *signedData) by(c *x509.Certificate) bool {
	serial, err := encasn1.Marshal(c.SerialNumber)
	return err == nil && bytes.Equal(c.RawIssuer, s.issuer) && bytes.Equal(serial, s.serial)
}

// verify checks the signature by c, and that the signed attributes name c.
func (s *signedData) verify(c *x509.Certificate) error {
	if len(s.signerHash) > 0 && !bytes.Equal(digest(s.signerDigest, c.Raw), s.signerHash) {
		return errors.New("signed attributes name another certificate")
	}
	return c.CheckSignature(s.algorithm, s.attributes, s.signature)
}
