// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // for what must be refused
	"crypto/sha256"
	encasn1 "encoding/asn1"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidSHA1      = encasn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidSHA256    = hashes[0].oid
	oidSHA512    = hashes[2].oid
	oidECDSA256  = signatures[0].oid
	oidCMSData   = encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidTestPlain = encasn1.ObjectIdentifier{1, 2, 3}
)

// A forge writes answers of a timestamp authority that no stock library
// writes. Its zero parts are those of a good answer.
type forge struct {
	by      *certKey
	message []byte
	at      time.Time

	status       int
	statusText   bool
	bare         bool // no answer around the token
	version      int
	twoDigests   bool
	digest       encasn1.ObjectIdentifier // of the CMS
	digestNull   bool                     // with NULL parameters
	digestParams []byte
	contentType  encasn1.ObjectIdentifier
	crls         bool
	certificates [][]byte
	signers      int
	signerID     *certKey // whom the signer info names
	byKeyID      bool
	signerDigest encasn1.ObjectIdentifier
	attributes   func(b *attributes)
	noAttributes bool
	unsigned     bool // unsigned attributes
	algorithm    encasn1.ObjectIdentifier
	key          crypto.Signer
	badSignature bool

	imprintOID  encasn1.ObjectIdentifier
	imprintHash crypto.Hash
	infoVersion int
	genTime     string
	tail        []byte // after the time
	after       []byte // after the answer
}

// attributes are what a signer signs, before they are written.
type attributes struct {
	contentType, digest, certificate []byte // each the inside of a SET, nil leaves it out
	certificateOID                   encasn1.ObjectIdentifier
	twice                            bool
	extra                            []byte
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func oidOr(oid, otherwise encasn1.ObjectIdentifier) encasn1.ObjectIdentifier {
	if oid == nil {
		return otherwise
	}
	return oid
}

func build(f func(b *cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	f(&b)
	return b.BytesOrPanic()
}

func wrap(tag asn1.Tag, parts ...[]byte) []byte {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(tag, func(b *cryptobyte.Builder) {
			for _, p := range parts {
				b.AddBytes(p)
			}
		})
	})
}

func oidDER(oid encasn1.ObjectIdentifier) []byte {
	return build(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
}

func intDER(n int) []byte { return build(func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(n)) }) }

func algorithmDER(oid encasn1.ObjectIdentifier, params []byte) []byte {
	return wrap(asn1.SEQUENCE, oidDER(oid), params)
}

// info is the TSTInfo.
func (f forge) info() []byte {
	imprint := digest(or(f.imprintHash, crypto.SHA256), f.message)
	when := or(f.genTime, f.at.UTC().Format("20060102150405Z"))
	return wrap(asn1.SEQUENCE, intDER(or(f.infoVersion, 1)), oidDER(oidTestPlain),
		wrap(asn1.SEQUENCE, algorithmDER(oidOr(f.imprintOID, oidSHA256), nil), wrap(asn1.OCTET_STRING, imprint)),
		intDER(7), wrap(asn1.GeneralizedTime, []byte(when)), f.tail)
}

// signerInfo is the one SignerInfo.
func (f forge) signerInfo(t testing.TB, info []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(info)
	certificate := sha256.Sum256(f.by.cert.Raw)
	a := attributes{
		contentType:    oidDER(oidTSTInfo),
		digest:         wrap(asn1.OCTET_STRING, sum[:]),
		certificate:    wrap(asn1.SEQUENCE, wrap(asn1.SEQUENCE, wrap(asn1.SEQUENCE, wrap(asn1.OCTET_STRING, certificate[:])))),
		certificateOID: oidSigningCertV2,
	}
	if f.attributes != nil {
		f.attributes(&a)
	}
	var set [][]byte
	add := func(oid encasn1.ObjectIdentifier, value []byte) {
		if value != nil {
			set = append(set, wrap(asn1.SEQUENCE, oidDER(oid), wrap(asn1.SET, value)))
		}
	}
	add(oidContentType, a.contentType)
	add(oidMessageDigest, a.digest)
	add(a.certificateOID, a.certificate)
	if a.twice {
		add(oidMessageDigest, a.digest)
	}
	set = append(set, a.extra)
	signed := wrap(asn1.SET, set...)
	var key crypto.Signer = f.by.key
	if f.key != nil {
		key = f.key
	}
	sum = sha256.Sum256(signed)
	sig, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	check(t, err)
	if f.badSignature {
		sig = flip(sig, len(sig)-1)
	}
	id := f.signerID
	if id == nil {
		id = f.by
	}
	sid := wrap(asn1.SEQUENCE, id.cert.RawIssuer, build(func(b *cryptobyte.Builder) { b.AddASN1BigInt(id.cert.SerialNumber) }))
	if f.byKeyID {
		sid = wrap(asn1.Tag(0).ContextSpecific(), []byte("key"))
	}
	parts := [][]byte{intDER(1), sid, algorithmDER(oidOr(f.signerDigest, oidOr(f.digest, oidSHA256)), nil)}
	if !f.noAttributes {
		parts = append(parts, wrap(tag0, set...))
	}
	parts = append(parts, algorithmDER(oidOr(f.algorithm, oidECDSA256), nil), wrap(asn1.OCTET_STRING, sig))
	if f.unsigned {
		parts = append(parts, wrap(tag1, wrap(asn1.SEQUENCE, oidDER(oidTestPlain), wrap(asn1.SET))))
	}
	return wrap(asn1.SEQUENCE, parts...)
}

// answer writes the TimeStampResp.
func (f forge) answer(t testing.TB) []byte {
	t.Helper()
	info := f.info()
	params := f.digestParams
	if f.digestNull {
		params = []byte{5, 0}
	}
	digests := [][]byte{algorithmDER(oidOr(f.digest, oidSHA256), params)}
	if f.twoDigests {
		digests = append(digests, algorithmDER(oidSHA512, nil))
	}
	var signers [][]byte
	for range or(f.signers, 1) {
		signers = append(signers, f.signerInfo(t, info))
	}
	parts := [][]byte{intDER(or(f.version, 3)), wrap(asn1.SET, digests...),
		wrap(asn1.SEQUENCE, oidDER(oidOr(f.contentType, oidTSTInfo)), wrap(tag0, wrap(asn1.OCTET_STRING, info)))}
	if f.certificates != nil {
		parts = append(parts, wrap(tag0, f.certificates...))
	}
	if f.crls {
		parts = append(parts, wrap(tag1))
	}
	parts = append(parts, wrap(asn1.SET, signers...))
	token := wrap(asn1.SEQUENCE, oidDER(oidSignedData), wrap(tag0, wrap(asn1.SEQUENCE, parts...)))
	if f.bare {
		return token
	}
	status := intDER(f.status)
	if f.statusText {
		status = append(status, wrap(asn1.SEQUENCE, wrap(asn1.UTF8String, []byte("ok")))...)
	}
	return append(wrap(asn1.SEQUENCE, wrap(asn1.SEQUENCE, status), token), f.after...)
}

// rsaStamper is a timestamp authority with an RSA key. Making one takes a
// while, so few tests do.
func rsaStamper(t testing.TB, by *certKey) (*certKey, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	return issueTo(t, by, stamperCert(t), &key.PublicKey), key
}
