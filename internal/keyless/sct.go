// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	encasn1 "encoding/asn1"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// oidSCTs is the extension that holds a certificate's signed certificate
// timestamps (RFC 6962 section 3.3).
var oidSCTs = encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}

// maxSCTs is how many timestamps of a certificate are looked at.
const maxSCTs = 16

// An sct is a signed certificate timestamp.
type sct struct {
	log        [sha256.Size]byte
	millis     uint64
	extensions []byte
	sigKind    uint8 // TLS SignatureAlgorithm
	signature  []byte
}

// TLS numbers of RFC 5246 section 7.4.1.4.1.
const (
	tlsSHA256 = 4
	tlsRSA    = 1
	tlsECDSA  = 3
)

func (s sct) time() time.Time { return time.UnixMilli(int64(s.millis)) }

// certified checks that a certificate transparency log of the root took c,
// along one of its chains, if the root names any such log.
func (r *Root) certified(c *x509.Certificate, chains [][]*x509.Certificate) error {
	if len(r.certLogs) == 0 {
		return nil
	}
	list, tbs, err := cutSCTs(c.RawTBSCertificate)
	if err != nil {
		return fmt.Errorf("%w: signed certificate timestamps: %w", ErrCertificate, err)
	}
	if list == nil {
		return fmt.Errorf("%w: it carries no signed certificate timestamp, and the trusted root names logs for them", ErrUntrusted)
	}
	scts, err := parseSCTs(list)
	if err != nil {
		return fmt.Errorf("%w: signed certificate timestamps: %w", ErrCertificate, err)
	}
	for _, s := range scts {
		for _, chain := range chains {
			if len(chain) > 1 && r.tookCertificate(s, tbs, chain[1]) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: no certificate transparency log that the trusted root names has timestamped it", ErrUntrusted)
}

// tookCertificate reports whether a log of the root signed s for the
// certificate of this issuer, at a time when the log was believed.
func (r *Root) tookCertificate(s sct, tbs []byte, issuer *x509.Certificate) bool {
	for i := range r.certLogs {
		l := &r.certLogs[i]
		if bytes.Equal(l.id, s.log[:]) && l.valid.holds(s.time()) && s.verify(l.key, tbs, issuer.RawSubjectPublicKeyInfo) {
			return true
		}
	}
	return false
}

// verify checks the signature over a precertificate entry (RFC 6962 section
// 3.2).
func (s sct) verify(key crypto.PublicKey, tbs, issuer []byte) bool {
	if len(tbs) >= 1<<24 {
		return false
	}
	hash := sha256.Sum256(issuer)
	var b cryptobyte.Builder
	b.AddUint8(0) // version 1
	b.AddUint8(0) // certificate_timestamp
	b.AddUint64(s.millis)
	b.AddUint16(1) // precert_entry
	b.AddBytes(hash[:])
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(tbs) })
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s.extensions) })
	message, err := b.Bytes()
	if err != nil {
		return false
	}
	sum := digest(crypto.SHA256, message)
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return s.sigKind == tlsECDSA && ecdsa.VerifyASN1(key, sum, s.signature)
	case *rsa.PublicKey:
		return s.sigKind == tlsRSA && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum, s.signature) == nil
	}
	return false
}

// parseSCTs reads a SignedCertificateTimestampList, in an OCTET STRING as the
// extension has it. Timestamps of a version or hash that we do not know are
// passed over.
func parseSCTs(der []byte) ([]sct, error) {
	outer, inner, list := cryptobyte.String(der), cryptobyte.String(nil), cryptobyte.String(nil)
	if !outer.ReadASN1(&inner, asn1.OCTET_STRING) || !outer.Empty() ||
		!inner.ReadUint16LengthPrefixed(&list) || !inner.Empty() || list.Empty() {
		return nil, errors.New("not a list")
	}
	var all []sct
	for !list.Empty() {
		var one, extensions, signature cryptobyte.String
		var s sct
		var version, hash uint8
		if len(all) == maxSCTs {
			return nil, fmt.Errorf("over the limit of %d", maxSCTs)
		}
		if !list.ReadUint16LengthPrefixed(&one) || !one.ReadUint8(&version) {
			return nil, errors.New("malformed timestamp")
		}
		if version != 0 {
			continue
		}
		if !one.CopyBytes(s.log[:]) || !one.ReadUint64(&s.millis) || !one.ReadUint16LengthPrefixed(&extensions) ||
			!one.ReadUint8(&hash) || !one.ReadUint8(&s.sigKind) || !one.ReadUint16LengthPrefixed(&signature) || !one.Empty() {
			return nil, errors.New("malformed timestamp")
		}
		if hash == tlsSHA256 {
			s.extensions, s.signature = extensions, signature
			all = append(all, s)
		}
	}
	return all, nil
}

// cutSCTs returns the timestamps' extension, nil if there is none, and the
// TBSCertificate without it: what the log signed (RFC 6962 section 3.2).
func cutSCTs(der []byte) (list, tbs []byte, err error) {
	in := cryptobyte.String(der)
	var body, wrapped, extensions cryptobyte.String
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !in.Empty() {
		return nil, nil, errDER
	}
	const marked = asn1.Tag(3)
	var before []byte
	for !body.PeekASN1Tag(marked.Constructed().ContextSpecific()) {
		var element cryptobyte.String
		var tag asn1.Tag
		if !body.ReadAnyASN1Element(&element, &tag) {
			return nil, nil, errors.New("it has no extensions")
		}
		before = append(before, element...)
	}
	if !body.ReadASN1(&wrapped, marked.Constructed().ContextSpecific()) || !body.Empty() ||
		!wrapped.ReadASN1(&extensions, asn1.SEQUENCE) || !wrapped.Empty() {
		return nil, nil, errDER
	}
	kept, list, err := dropSCTs(extensions)
	if err != nil {
		return nil, nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(before)
		b.AddASN1(marked.Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(kept) })
		})
	})
	tbs, err = b.Bytes()
	return list, tbs, err
}

// dropSCTs takes the timestamps' extension out of the others.
func dropSCTs(extensions cryptobyte.String) (kept, list []byte, err error) {
	for !extensions.Empty() {
		var element, value cryptobyte.String
		var oid encasn1.ObjectIdentifier
		if !extensions.ReadASN1Element(&element, asn1.SEQUENCE) {
			return nil, nil, errDER
		}
		in, e := element, cryptobyte.String(nil)
		if !in.ReadASN1(&e, asn1.SEQUENCE) || !e.ReadASN1ObjectIdentifier(&oid) {
			return nil, nil, errDER
		}
		if !oid.Equal(oidSCTs) {
			kept = append(kept, element...)
			continue
		}
		if list != nil || !e.SkipOptionalASN1(asn1.BOOLEAN) || !e.ReadASN1(&value, asn1.OCTET_STRING) || !e.Empty() {
			return nil, nil, errors.New("malformed extension, or two of them")
		}
		list = value
	}
	return kept, list, nil
}
