// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	encasn1 "encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

// Identify checks the certificate of s and returns who it says signed.
//
// The certificate is for code signing and no authority's, its key is ECDSA
// P-256, the one in s, and made the signature; its chain leads to a
// certificate authority of the root; and at the time that Time proves it and
// the whole chain are valid, and so is the root's window for that authority.
// Where the root names certificate transparency logs, the certificate must
// carry a timestamp of one of them.
//
// Beside the errors of Time it fails with ErrCertificate, ErrUntrusted and
// ErrExpired, and with event.ErrSignature. An event that a bare key signed is
// ErrUntrusted.
func (r *Root) Identify(s event.Signed) (Identity, error) {
	if r == nil {
		return Identity{}, ErrRoot
	}
	c, id, err := readCertificate(s)
	if err != nil {
		return Identity{}, err
	}
	if id.Time, err = r.Time(s); err != nil {
		return Identity{}, err
	}
	if err := r.issued(c, id.Time); err != nil {
		return Identity{}, err
	}
	return id, nil
}

// readCertificate reads the certificate of s, and checks that its key made
// the signature. Nothing is trusted yet.
func readCertificate(s event.Signed) (*x509.Certificate, Identity, error) {
	if len(s.Verifier.Certificate) == 0 {
		return nil, Identity{}, fmt.Errorf("%w: it is signed with a key, and no certificate", ErrUntrusted)
	}
	c, err := x509.ParseCertificate(s.Verifier.Certificate)
	if err != nil {
		return nil, Identity{}, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	switch {
	case !ok || key.Curve != elliptic.P256():
		return nil, Identity{}, fmt.Errorf("%w: its key is not ECDSA P-256", ErrCertificate)
	case !bytes.Equal(c.RawSubjectPublicKeyInfo, s.Verifier.PublicKey):
		return nil, Identity{}, fmt.Errorf("%w: it is of another key", ErrCertificate)
	case c.IsCA:
		return nil, Identity{}, fmt.Errorf("%w: it is of a certificate authority", ErrCertificate)
	case c.KeyUsage&x509.KeyUsageDigitalSignature == 0 || !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageCodeSigning):
		return nil, Identity{}, fmt.Errorf("%w: it is not for code signing", ErrCertificate)
	}
	id, err := readExtensions(c.Extensions)
	if err != nil {
		return nil, Identity{}, err
	}
	id.NotBefore, id.NotAfter = c.NotBefore, c.NotAfter
	if err := s.Verify(); err != nil {
		return nil, Identity{}, err
	}
	subjectRead(c)
	return c, id, nil
}

// subjectRead tells package x509 that a critical subject alternative name has
// been read: it does not know Fulcio's other name.
func subjectRead(c *x509.Certificate) {
	c.UnhandledCriticalExtensions = slices.DeleteFunc(c.UnhandledCriticalExtensions, func(oid encasn1.ObjectIdentifier) bool {
		return oid.Equal(oidSubjectAltName)
	})
}

// issued checks that a certificate authority of the root issued c, that all
// was valid at that time, and that c was logged where the root asks for it.
func (r *Root) issued(c *x509.Certificate, at time.Time) error {
	if at.Before(c.NotBefore) || at.After(c.NotAfter) {
		return fmt.Errorf("%w: it is valid from %s until %s, and was used at %s", ErrExpired, stamp(c.NotBefore), stamp(c.NotAfter), stamp(at))
	}
	why := ErrUntrusted
	for i := range r.authorities {
		a := &r.authorities[i]
		chains, err := a.verify(c, at, x509.ExtKeyUsageCodeSigning)
		if err == nil {
			return r.certified(c, chains)
		}
		var invalid x509.CertificateInvalidError
		switch {
		case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
			why = fmt.Errorf("%w: authority %s: %w", ErrExpired, a.name, err)
		case errors.Is(err, errWindow) && a.issuedLeaf(c):
			why = fmt.Errorf("%w: %w", ErrExpired, err)
		case !errors.Is(err, errWindow) && !errors.As(err, new(x509.UnknownAuthorityError)):
			why = fmt.Errorf("%w: authority %s: %w", ErrUntrusted, a.name, err)
		}
	}
	return why
}

// issuedLeaf reports whether one of the authority's certificates signed c.
func (a *authority) issuedLeaf(c *x509.Certificate) bool {
	return slices.ContainsFunc(a.chain, func(issuer *x509.Certificate) bool { return c.CheckSignatureFrom(issuer) == nil })
}
