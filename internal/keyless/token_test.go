// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gateledger/gateledger/internal/event"
)

var message = []byte("what was signed")

func TestStamped(t *testing.T) {
	w := newWorld(t)
	minute := base.Add(time.Minute)
	forged := func(f forge) []byte {
		f.message, f.at = message, minute
		if f.by == nil {
			f.by = w.tsa
		}
		return f.answer(t)
	}
	sum512 := func(b *attributes) {
		info := forge{message: message, at: minute}.info()
		b.digest = wrap(asn1.OCTET_STRING, digest(crypto.SHA512, info))
	}
	rsaTSA, rsaKey := rsaStamper(t, w.tsaRoot)
	issuersOnly := func(d *rootDoc) { d.Stampers[0] = authorityOf("issuer", w.tsaRoot) }
	for fact, c := range map[string]struct {
		token []byte
		root  *Root
		want  time.Time
	}{
		"a stock library's":                    {w.stamp(t, message, minute), w.root(t), minute},
		"with its certificate in it":           {stampBy(t, w.tsa, message, minute, true), w.root(t), minute},
		"the root names only the issuer":       {stampBy(t, w.tsa, message, minute, true), w.root(t, issuersOnly), minute},
		"the plainest":                         {forged(forge{}), w.root(t), minute},
		"a fraction of a second":               {forged(forge{genTime: "20260302120100.25Z"}), w.root(t), minute.Add(250 * time.Millisecond)},
		"digests with NULL parameters":         {forged(forge{digestNull: true}), w.root(t), minute},
		"an imprint of SHA-384":                {forged(forge{imprintOID: hashes[1].oid, imprintHash: crypto.SHA384}), w.root(t), minute},
		"an imprint of SHA-512":                {forged(forge{imprintOID: oidSHA512, imprintHash: crypto.SHA512}), w.root(t), minute},
		"content hashed with SHA-512":          {forged(forge{digest: oidSHA512, attributes: sum512}), w.root(t), minute},
		"accuracy of a minute":                 {forged(forge{tail: wrap(asn1.SEQUENCE, intDER(60))}), w.root(t), minute},
		"accuracy of half a millisecond":       {forged(forge{tail: []byte{0x30, 4, 0x81, 2, 1, 0xf4}}), w.root(t), minute},
		"an extension that is not critical":    {forged(forge{tail: wrap(tag1, extensionDER(t, false))}), w.root(t), minute},
		"a certificate of no concern in it":    {forged(forge{certificates: [][]byte{w.ca.cert.Raw}}), w.root(t), minute},
		"signed attributes that we don't know": {forged(forge{attributes: func(a *attributes) { a.extra = wrap(asn1.SEQUENCE, oidDER(oidTestPlain), wrap(asn1.SET)) }}), w.root(t), minute},
		"its certificate named by SHA-1":       {forged(forge{attributes: func(a *attributes) { a.certificateOID, a.certificate = oidSigningCert, wrap(asn1.SEQUENCE) }}), w.root(t), minute},
		"its certificate named by SHA-512":     {forged(forge{attributes: func(a *attributes) { a.certificate = signingCert(oidSHA512, digest(crypto.SHA512, w.tsa.cert.Raw)) }}), w.root(t), minute},
		"signed with RSA":                      {forged(forge{by: rsaTSA, key: rsaKey, algorithm: signatures[3].oid}), w.root(t, func(d *rootDoc) { d.Stampers[0] = authorityOf("rsa", rsaTSA, w.tsaRoot) }), minute},
		"signed with RSA, named the old way":   {forged(forge{by: rsaTSA, key: rsaKey, algorithm: oidRSA}), w.root(t, func(d *rootDoc) { d.Stampers[0] = authorityOf("rsa", rsaTSA, w.tsaRoot) }), minute},
		"an authority listed in two windows": {forged(forge{}), w.root(t, func(d *rootDoc) {
			old := d.Stampers[0]
			old.Valid.End = base
			d.Stampers = append(d.Stampers, old, old)
		}), minute},
		"at the window's last moment": {forged(forge{}), w.root(t, func(d *rootDoc) { d.Stampers[0].Valid.End = minute }), minute},
	} {
		t.Run(fact, func(t *testing.T) {
			got, err := c.root.Stamped(c.token, message)
			check(t, err)
			if !got.Equal(c.want) {
				t.Errorf("at %s, want %s", got, c.want)
			}
		})
	}
}

func extensionDER(t *testing.T, critical bool) []byte {
	der, err := encasn1.Marshal(pkix.Extension{Id: oidTestPlain, Critical: critical, Value: []byte{5, 0}})
	check(t, err)
	return der
}

// signingCert is the value of a SigningCertificateV2.
func signingCert(hash encasn1.ObjectIdentifier, sum []byte) []byte {
	return wrap(asn1.SEQUENCE, wrap(asn1.SEQUENCE, wrap(asn1.SEQUENCE, algorithmDER(hash, nil), wrap(asn1.OCTET_STRING, sum))))
}

// What somebody could have done to an answer.
func TestStampedRefusesTokens(t *testing.T) {
	w := newWorld(t)
	sum := sha256.Sum256(message)
	plain := forge{by: w.tsa, message: message, at: base.Add(time.Minute)}.answer(t)
	for fact, c := range map[string]struct {
		forge forge
		why   string
	}{
		"of another bundle":                 {forge{message: []byte("another signature")}, "of something else"},
		"SHA-1 imprint":                     {forge{imprintOID: oidSHA1, imprintHash: crypto.SHA1}, "none of SHA-256"},
		"SHA-1 digest":                      {forge{digest: oidSHA1}, "none of SHA-256"},
		"imprint of the wrong length":       {forge{imprintOID: oidSHA512}, "of something else"},
		"rejected":                          {forge{status: 2}, "status 2"},
		"granted with changes":              {forge{status: 1}, "status 1"},
		"granted with a text":               {forge{statusText: true}, "simply"},
		"a bare token":                      {forge{bare: true}, "bare token"},
		"data after it":                     {forge{after: []byte{0}}, "DER"},
		"another version of CMS":            {forge{version: 1}, "DER"},
		"another version of TSTInfo":        {forge{infoVersion: 2}, "DER"},
		"two digests":                       {forge{twoDigests: true}, "more than one digest"},
		"digest with parameters":            {forge{digestParams: []byte{4, 0}}, "DER"},
		"NULL that is not empty":            {forge{digestParams: []byte{5, 1, 0}}, "DER"},
		"plain data":                        {forge{contentType: oidCMSData}, "DER"},
		"revocation lists":                  {forge{crls: true}, "DER"},
		"two signers":                       {forge{signers: 2}, "exactly one signer"},
		"signer named by key":               {forge{byKeyID: true}, "issuer and serial number"},
		"signer with another digest":        {forge{signerDigest: oidSHA512}, "different digests"},
		"no signed attributes":              {forge{noAttributes: true}, "no signed attributes"},
		"unsigned attributes":               {forge{unsigned: true}, "unsigned attributes"},
		"ECDSA with SHA-1":                  {forge{algorithm: encasn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}}, "not one we verify"},
		"another hash than was signed":      {forge{algorithm: signatures[1].oid}, "verification failure"},
		"RSA by an ECDSA key":               {forge{algorithm: oidRSA}, "tsa.acme.example"},
		"a flipped signature":               {forge{badSignature: true}, "verification failure"},
		"another's signature":               {forge{key: w.ca.key}, "verification failure"},
		"attributes without content type":   {forge{attributes: func(a *attributes) { a.contentType = nil }}, "is missing"},
		"attributes of another type":        {forge{attributes: func(a *attributes) { a.contentType = oidDER(oidCMSData) }}, "not about a TSTInfo"},
		"attributes without digest":         {forge{attributes: func(a *attributes) { a.digest = nil }}, "is missing"},
		"attributes of another TSTInfo":     {forge{attributes: func(a *attributes) { a.digest = wrap(asn1.OCTET_STRING, sum[:]) }}, "another TSTInfo"},
		"a digest twice":                    {forge{attributes: func(a *attributes) { a.twice = true }}, "comes twice"},
		"two values of one attribute":       {forge{attributes: func(a *attributes) { a.digest = append(a.digest, a.digest...) }}, "another TSTInfo"},
		"attributes that name nobody":       {forge{attributes: func(a *attributes) { a.certificate = nil }}, "do not name"},
		"attributes that name another":      {forge{attributes: func(a *attributes) { a.certificate = signingCert(oidSHA256, sum[:]) }}, "name another certificate"},
		"attributes that name with SHA-1":   {forge{attributes: func(a *attributes) { a.certificate = signingCert(oidSHA1, sum[:20]) }}, "none of SHA-256"},
		"attributes that name with nothing": {forge{attributes: func(a *attributes) { a.certificate = signingCert(oidSHA256, nil) }}, "DER"},
		"garbled attribute":                 {forge{attributes: func(a *attributes) { a.extra = []byte{0x30, 0} }}, "DER"},
		"time without a zone":               {forge{genTime: "20260302120100"}, "time"},
		"time of another zone":              {forge{genTime: "20260302120100+0100"}, "time"},
		"time without seconds":              {forge{genTime: "202603021201Z"}, "time"},
		"time with an empty fraction":       {forge{genTime: "20260302120100.Z"}, "time"},
		"time with a comma":                 {forge{genTime: "20260302120100,5Z"}, "time"},
		"time on no day":                    {forge{genTime: "20260230120100Z"}, "time"},
		"accuracy of an hour":               {forge{tail: wrap(asn1.SEQUENCE, intDER(3600))}, "3600 s off, over the limit"},
		"accuracy below zero":               {forge{tail: wrap(asn1.SEQUENCE, intDER(-1))}, "DER"},
		"accuracy without end":              {forge{tail: wrap(asn1.SEQUENCE, append([]byte{2, 9}, bytes.Repeat([]byte{1}, 9)...))}, "DER"},
		"a critical extension":              {forge{tail: wrap(tag1, extensionDER(t, true))}, "critical extension"},
		"something after the TSTInfo":       {forge{tail: []byte{4, 0}}, "DER"},
	} {
		t.Run(fact, func(t *testing.T) {
			f := c.forge
			f.by, f.at = w.tsa, base.Add(time.Minute)
			if f.message == nil {
				f.message = message
			}
			refuseToken(t, w.root(t), f.answer(t), ErrTimestamp, c.why)
		})
	}
	for fact, token := range map[string][]byte{
		"nothing":        nil,
		"no DER":         []byte("token"),
		"cut off":        plain[:len(plain)-1],
		"over the limit": make([]byte, maxToken+1),
	} {
		t.Run(fact, func(t *testing.T) { refuseToken(t, w.root(t), token, ErrTimestamp, "") })
	}
}

func refuseToken(t *testing.T, r *Root, token []byte, want error, why string) {
	t.Helper()
	at, err := r.Stamped(token, message)
	if !errors.Is(err, want) || !strings.Contains(err.Error(), why) {
		t.Errorf("%v, want %v: %s", err, want, why)
	}
	if err == nil {
		t.Errorf("accepted at %s", at)
	}
}

// Whose answer it is, and when.
func TestStampedRefusesAuthorities(t *testing.T) {
	w := newWorld(t)
	minute := base.Add(time.Minute)
	good := w.stamp(t, message, minute)
	own := func(edit func(*x509.Certificate)) ([]byte, *Root) {
		c := stamperCert(t)
		edit(c)
		by := issue(t, w.tsaRoot, c, keyOf(t, "another stamper"))
		return stampBy(t, by, message, minute, true), w.root(t, func(d *rootDoc) { d.Stampers[0] = authorityOf("issuer", w.tsaRoot) })
	}
	eku := encasn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	code := encasn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}
	type refusal struct {
		token []byte
		root  *Root
		err   error
		why   string
	}
	cases := map[string]refusal{
		"no root":                             {good, nil, ErrRoot, ""},
		"the zero root":                       {good, &Root{}, ErrUndated, ""},
		"an authority nobody named":           {good, w.root(t, func(d *rootDoc) { d.Stampers = nil }), ErrUndated, "no timestamp authority"},
		"the certificate authority's":         {good, w.root(t, func(d *rootDoc) { d.Stampers = d.Authorities }), ErrUndated, ""},
		"another with its certificate":        {stampBy(t, issue(t, nil, stamperCert(t), keyOf(t, "eve")), message, minute, true), w.root(t, func(d *rootDoc) { d.Stampers[0] = authorityOf("x", w.tsaRoot) }), ErrUndated, ""},
		"before the root's window":            {good, w.root(t, func(d *rootDoc) { d.Stampers[0].Valid.Start = base.Add(2 * time.Minute) }), ErrTimestamp, "not at 2026-03-02T12:01:00Z"},
		"after the root's window":             {good, w.root(t, func(d *rootDoc) { d.Stampers[0].Valid.End = base }), ErrTimestamp, "not at 2026-03-02T12:01:00Z"},
		"after the certificate":               {w.stamp(t, message, base.Add(366*day)), w.root(t), ErrTimestamp, "expired"},
		"before the certificate":              {w.stamp(t, message, base.Add(-366*day)), w.root(t, func(d *rootDoc) { d.Stampers[0].Valid.Start = time.Time{} }), ErrTimestamp, "not yet valid"},
		"the wrong chain in the root":         {good, w.root(t, func(d *rootDoc) { d.Stampers[0] = authorityOf("x", w.tsa, w.caRoot) }), ErrTimestamp, "unknown authority"},
		"the chain only in the token":         {forge{by: w.tsa, message: message, at: minute, certificates: [][]byte{w.tsa.cert.Raw, w.tsaRoot.cert.Raw}}.answer(t), w.root(t, func(d *rootDoc) { d.Stampers[0] = authorityOf("x", w.caRoot) }), ErrUndated, ""},
		"no certificate in it":                {good, w.root(t, func(d *rootDoc) { d.Stampers[0] = authorityOf("x", w.tsaRoot) }), ErrUndated, ""},
		"a garbled certificate in it":         {forge{by: w.tsa, message: message, at: minute, certificates: [][]byte{{0x30, 0}}}.answer(t), w.root(t, func(d *rootDoc) { d.Stampers[0] = authorityOf("x", w.tsaRoot) }), ErrTimestamp, "certificate in the token"},
		"an odd thing among the certificates": {forge{by: w.tsa, message: message, at: minute, certificates: [][]byte{{0xa1, 0}}}.answer(t), w.root(t), ErrTimestamp, "DER"},
	}
	for fact, edit := range map[string]func(*x509.Certificate){
		"usage not critical": func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{usage(t, false, eku)} },
		"another usage":      func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{usage(t, true, code)} },
		"two usages":         func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{usage(t, true, eku, code)} },
		"an unknown usage":   func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{usage(t, true, eku, oidTestPlain)} },
		"no usage":           func(c *x509.Certificate) { c.ExtraExtensions = nil },
	} {
		token, root := own(edit)
		cases[fact] = refusal{token, root, ErrTimestamp, "not for time stamping alone"}
	}
	token, root := own(func(c *x509.Certificate) { c.IsCA = true })
	cases["a certificate authority signed"] = refusal{token, root, ErrTimestamp, "certificate authority"}
	for fact, c := range cases {
		t.Run(fact, func(t *testing.T) { refuseToken(t, c.root, c.token, c.err, c.why) })
	}
}

// One bit anywhere in an answer, and it does not hold.
func TestEveryBitOfATokenCounts(t *testing.T) {
	w := newWorld(t)
	r := w.root(t)
	token := w.stamp(t, message, base.Add(time.Minute))
	for i := range token {
		for bit := range 8 {
			changed := bytes.Clone(token)
			changed[i] ^= 1 << bit
			if at, err := r.Stamped(changed, message); err == nil {
				t.Errorf("byte %d, bit %d: accepted at %s", i, bit, at)
			} else if !errors.Is(err, ErrTimestamp) && !errors.Is(err, ErrUndated) {
				t.Errorf("byte %d, bit %d: %v", i, bit, err)
			}
		}
	}
}

func TestTheEarliestTimeCounts(t *testing.T) {
	w := newWorld(t)
	s := w.signed(t)
	s.Timestamps = [][]byte{w.stamp(t, s.Signature, base.Add(9*time.Minute)), s.Timestamps[0], w.stamp(t, s.Signature, base.Add(day))}
	at, err := w.root(t).Time(s)
	check(t, err)
	if !at.Equal(base.Add(time.Minute)) {
		t.Errorf("at %s", at)
	}
}

func TestAnyWrongTokenIsAnError(t *testing.T) {
	w := newWorld(t)
	good := w.signed(t)
	for fact, c := range map[string]struct {
		add []byte
		err error
	}{
		"of another signature": {w.stamp(t, message, base), ErrTimestamp},
		"garbled":              {[]byte("x"), ErrTimestamp},
		"of an unknown one":    {stampBy(t, issue(t, nil, with(stamperCert(t), func(c *x509.Certificate) { c.Subject.CommonName = "eve" }), keyOf(t, "eve")), good.Signature, base, false), ErrUndated},
	} {
		s := good
		s.Timestamps = append(s.Timestamps[:1:1], c.add)
		if at, err := w.root(t).Time(s); !errors.Is(err, c.err) || !at.IsZero() {
			t.Errorf("%s: %s, %v", fact, at, err)
		}
	}
	s := good
	for range maxTokens {
		s.Timestamps = append(s.Timestamps, s.Timestamps[0])
	}
	if _, err := w.root(t).Time(s); !errors.Is(err, ErrTimestamp) || !strings.Contains(err.Error(), "over the limit of 32") {
		t.Errorf("33 tokens: %v", err)
	}
}

// A key needs no certificate to have a time.
func TestTimeOfAKey(t *testing.T) {
	w := newWorld(t)
	s := w.signed(t)
	s.Verifier.Certificate = nil
	at, err := w.root(t).Time(s)
	check(t, err)
	if !at.Equal(base.Add(time.Minute)) {
		t.Errorf("at %s", at)
	}
	if _, err := w.root(t).Time(event.Signed{}); !errors.Is(err, ErrUndated) {
		t.Errorf("of nothing: %v", err)
	}
	if _, err := (*Root)(nil).Time(s); !errors.Is(err, ErrRoot) {
		t.Errorf("without a root: %v", err)
	}
}

func FuzzToken(f *testing.F) {
	w := newWorld(f)
	r := w.root(f)
	f.Add(w.stamp(f, message, base))
	f.Add(stampBy(f, w.tsa, message, base, true))
	f.Add(forge{by: w.tsa, message: message, at: base, tail: wrap(asn1.SEQUENCE, intDER(1))}.answer(f))
	f.Add(forge{by: w.tsa, message: message, at: base, bare: true}.answer(f))
	f.Fuzz(func(t *testing.T, token []byte) {
		at, err := r.Stamped(token, message)
		if err == nil && (at.Before(base.Add(-365*day)) || at.After(base.Add(365*day))) {
			t.Errorf("accepted at %s", at)
		}
		if err != nil && !errors.Is(err, ErrTimestamp) && !errors.Is(err, ErrUndated) {
			t.Error(err)
		}
	})
}
