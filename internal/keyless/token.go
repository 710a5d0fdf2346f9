// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxAccuracy is how far off a token may say its clock is. Sigstore's
// authorities say a second.
const maxAccuracy = time.Minute

// Stamped checks an RFC 3161 answer (a TimeStampResp in DER, as an authority
// gives it and Sigstore bundles carry it) over message, and returns its time.
//
// The imprint must be SHA-256, SHA-384 or SHA-512. The signer must be a
// timestamp authority of the root: its certificate is the one that the root
// names, or, where the root names only issuers, the one in the token; the
// chain comes from the root in both cases, and everything in it must be valid
// at the token's time, and so must the root's window for it.
//
// It fails with ErrTimestamp, with ErrUndated where the root names no
// authority that could have signed the token, and with ErrRoot for a nil Root.
func (r *Root) Stamped(token, message []byte) (time.Time, error) {
	if r == nil {
		return time.Time{}, ErrRoot
	}
	if len(token) > maxToken {
		return time.Time{}, fmt.Errorf("%w: %d bytes, over the limit of %d", ErrTimestamp, len(token), maxToken)
	}
	s, err := parseAnswer(token)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	info, err := parseInfo(s.content)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	if !bytes.Equal(info.imprint, digest(info.hash, message)) {
		return time.Time{}, fmt.Errorf("%w: it is of something else", ErrTimestamp)
	}
	return info.time, r.stampedBy(s, info.time)
}

// stampedBy checks that a timestamp authority of the root signed. The same
// authority may stand in the root more than once, with one window after the
// other.
func (r *Root) stampedBy(s *signedData, at time.Time) error {
	var why error
	for i := range r.stampers {
		a := &r.stampers[i]
		c, err := a.stamper(s)
		if err != nil {
			why = err
			continue
		}
		if c == nil {
			continue
		}
		if err = s.verify(c); err == nil {
			err = a.checkStamper(c, at)
		}
		if err == nil {
			return nil
		}
		if a.signer() != nil || !errors.As(err, new(x509.UnknownAuthorityError)) {
			why = fmt.Errorf("%w: %s: %w", ErrTimestamp, a.name, err)
		}
	}
	if why != nil {
		return why
	}
	return fmt.Errorf("%w: the token is of no timestamp authority that the trusted root names", ErrUndated)
}

// stamper returns the certificate of a that signed the token, or nil if that
// was somebody else.
func (a *authority) stamper(s *signedData) (*x509.Certificate, error) {
	if own := a.signer(); own != nil {
		if !s.by(own) {
			return nil, nil
		}
		return own, nil
	}
	for _, der := range s.certificates {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%w: certificate in the token: %w", ErrTimestamp, err)
		}
		if s.by(c) {
			return c, nil
		}
	}
	return nil, nil
}

// checkStamper checks what RFC 3161 section 2.3 asks of the signer's
// certificate, and its chain.
func (a *authority) checkStamper(c *x509.Certificate, at time.Time) error {
	critical := false
	for _, e := range c.Extensions {
		critical = critical || e.Id.Equal(oidExtKeyUsage) && e.Critical
	}
	switch {
	case c.IsCA:
		return errors.New("the signer's certificate is of a certificate authority")
	case !critical || len(c.ExtKeyUsage) != 1 || len(c.UnknownExtKeyUsage) != 0 || c.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping:
		return errors.New("the signer's certificate is not for time stamping alone")
	}
	_, err := a.verify(c, at, x509.ExtKeyUsageTimeStamping)
	return err
}

var oidExtKeyUsage = encasn1.ObjectIdentifier{2, 5, 29, 37}

// parseAnswer reads a TimeStampResp (RFC 3161 section 2.4.2) that grants a
// token, and nothing else.
func parseAnswer(der []byte) (*signedData, error) {
	in := cryptobyte.String(der)
	var outer, status, token cryptobyte.String
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !in.Empty() {
		return nil, errDER
	}
	if outer.PeekASN1Tag(asn1.OBJECT_IDENTIFIER) {
		return nil, errors.New("it is a bare token, want the authority's whole answer (TimeStampResp)")
	}
	var granted int
	if !outer.ReadASN1(&status, asn1.SEQUENCE) || !status.ReadASN1Integer(&granted) {
		return nil, errDER
	}
	if granted != 0 || !status.Empty() {
		return nil, fmt.Errorf("the authority did not simply grant a token: status %d", granted)
	}
	if !outer.ReadASN1Element(&token, asn1.SEQUENCE) || !outer.Empty() {
		return nil, errDER
	}
	return parseSignedData(token)
}

// An info is what we ask a TSTInfo for.
type info struct {
	hash    crypto.Hash
	imprint []byte
	time    time.Time
}

// parseInfo reads a TSTInfo (RFC 3161 section 2.4.2).
func parseInfo(der []byte) (info, error) {
	in := cryptobyte.String(der)
	var i info
	var tst, imprint, hashed, when cryptobyte.String
	var version int
	var policy encasn1.ObjectIdentifier
	if !in.ReadASN1(&tst, asn1.SEQUENCE) || !in.Empty() ||
		!tst.ReadASN1Integer(&version) || version != 1 ||
		!tst.ReadASN1ObjectIdentifier(&policy) ||
		!tst.ReadASN1(&imprint, asn1.SEQUENCE) {
		return i, errDER
	}
	var err error
	if i.hash, err = readDigest(&imprint); err != nil {
		return i, err
	}
	if !imprint.ReadASN1(&hashed, asn1.OCTET_STRING) || !imprint.Empty() ||
		!tst.SkipASN1(asn1.INTEGER) || // serial number
		!tst.ReadASN1(&when, asn1.GeneralizedTime) {
		return i, errDER
	}
	i.imprint = hashed
	if i.time, err = parseTime(string(when)); err != nil {
		return i, err
	}
	return i, readRest(tst)
}

// parseTime reads a GeneralizedTime as RFC 3161 has it: in UTC, to the second
// or with a fraction.
func parseTime(s string) (time.Time, error) {
	const layout = "20060102150405"
	digits, ok := strings.CutSuffix(s, "Z")
	whole, fraction, dotted := strings.Cut(digits, ".")
	if !ok || len(whole) != len(layout) || dotted && (fraction == "" || len(fraction) > 9) {
		return time.Time{}, fmt.Errorf("time %.40q: %w", s, errDER)
	}
	t, err := time.Parse(layout, digits)
	if err != nil {
		return time.Time{}, fmt.Errorf("time %.40q: %w", s, errDER)
	}
	return t, nil
}

// readRest reads what follows the time in a TSTInfo.
func readRest(tst cryptobyte.String) error {
	var accuracy, extensions cryptobyte.String
	var given bool
	if !tst.ReadOptionalASN1(&accuracy, &given, asn1.SEQUENCE) {
		return errDER
	}
	if given {
		if err := checkAccuracy(accuracy); err != nil {
			return err
		}
	}
	if !tst.SkipOptionalASN1(asn1.BOOLEAN) || // ordering
		!tst.SkipOptionalASN1(asn1.INTEGER) || // nonce
		!tst.SkipOptionalASN1(tag0) || // name of the authority
		!tst.ReadOptionalASN1(&extensions, &given, tag1) || !tst.Empty() {
		return errDER
	}
	for !extensions.Empty() {
		var e cryptobyte.String
		var parsed pkix.Extension
		if !extensions.ReadASN1Element(&e, asn1.SEQUENCE) {
			return errDER
		}
		if rest, err := encasn1.Unmarshal(e, &parsed); err != nil || len(rest) != 0 {
			return errDER
		}
		if parsed.Critical {
			return fmt.Errorf("critical extension %s, which we do not know", parsed.Id)
		}
	}
	return nil
}

// checkAccuracy refuses a clock that may be further off than maxAccuracy.
func checkAccuracy(in cryptobyte.String) error {
	var seconds int64
	if in.PeekASN1Tag(asn1.INTEGER) {
		var n big.Int
		if !in.ReadASN1Integer(&n) || n.Sign() < 0 || !n.IsInt64() {
			return errDER
		}
		seconds = n.Int64()
	}
	// Milliseconds and microseconds add up to less than two seconds.
	if !in.SkipOptionalASN1(asn1.Tag(0).ContextSpecific()) || !in.SkipOptionalASN1(asn1.Tag(1).ContextSpecific()) || !in.Empty() {
		return errDER
	}
	if seconds > int64(maxAccuracy/time.Second) {
		return fmt.Errorf("its clock may be %d s off, over the limit of %s", seconds, maxAccuracy)
	}
	return nil
}
