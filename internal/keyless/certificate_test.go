// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/event"
)

func TestIdentify(t *testing.T) {
	w := newWorld(t)
	got, err := w.root(t).Identify(w.signed(t))
	check(t, err)
	want := Identity{
		Issuer: issuer, Subject: flow, BuildSignerURI: flow, BuildSignerDigest: commit,
		RunnerEnvironment: "github-hosted", SourceURI: repo, SourceDigest: commit,
		SourceRef: "refs/heads/main", RepositoryID: "1296269", OwnerURI: "https://github.com/acme",
		OwnerID: "42", BuildConfigURI: flow, BuildConfigDigest: commit, Trigger: "push",
		RunURI: repo + "/actions/runs/7/attempts/1", Visibility: "private", Environment: "production",
		NotBefore: base, NotAfter: base.Add(10 * time.Minute), Time: base.Add(time.Minute),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A case is an event that should not be identified, and the root to try.
type refused struct {
	signed event.Signed
	root   *Root
	err    error
	why    string
}

// stamped is what by signed, stamped at that time.
func (w *world) stamped(t testing.TB, by *certKey, at time.Time) event.Signed {
	t.Helper()
	s := signedBy(t, by, "app")
	s.Timestamps = [][]byte{w.stamp(t, s.Signature, at)}
	return s
}

// with is a template after an edit.
func with(c *x509.Certificate, edit func(*x509.Certificate)) *x509.Certificate {
	edit(c)
	return c
}

func TestIdentifyRefusesTimes(t *testing.T) {
	w := newWorld(t)
	good := w.signed(t)
	minute := base.Add(time.Minute)
	at := func(at time.Time) event.Signed { return w.stamped(t, w.leaf(t, true, leafCert(t)), at) }
	short := authorityCert("short-lived intermediate")
	short.NotAfter = base.Add(30 * time.Second)
	ended := *w
	ended.ca = issue(t, w.caRoot, short, keyOf(t, "short"))
	undated := signedBy(t, w.leaf(t, true, leafCert(t)), "app")
	for fact, c := range map[string]refused{
		"no root":                           {good, nil, ErrRoot, ""},
		"no time":                           {undated, w.root(t), ErrUndated, ""},
		"expired":                           {at(base.Add(11 * time.Minute)), w.root(t), ErrExpired, "valid from 2026-03-02T12:00:00Z until 2026-03-02T12:10:00Z, and was used at 2026-03-02T12:11:00Z"},
		"expired by a second":               {at(base.Add(10*time.Minute + time.Second)), w.root(t), ErrExpired, ""},
		"not yet valid":                     {at(base.Add(-time.Second)), w.root(t), ErrExpired, ""},
		"the authority's clock a day late":  {at(minute.Add(-day)), w.root(t), ErrExpired, ""},
		"the authority's clock a day early": {at(minute.Add(day)), w.root(t), ErrExpired, ""},
		"a certificate from the future":     {w.stamped(t, w.leaf(t, true, with(leafCert(t), func(c *x509.Certificate) { c.NotBefore, c.NotAfter = base.Add(day), base.Add(day+time.Hour) })), minute), w.root(t), ErrExpired, ""},
		"the intermediate had expired":      {ended.stamped(t, ended.leaf(t, true, leafCert(t)), minute), ended.root(t), ErrExpired, "fulcio.acme.example"},
		"the root's window had ended":       {good, w.root(t, func(d *rootDoc) { d.Authorities[0].Valid.End = base }), ErrExpired, "not at 2026-03-02T12:01:00Z"},
		"the root's window had not begun":   {good, w.root(t, func(d *rootDoc) { d.Authorities[0].Valid.Start = base.Add(day) }), ErrExpired, "from 2026-03-03"},
	} {
		t.Run(fact, func(t *testing.T) { c.test(t) })
	}
}

func (c refused) test(t *testing.T) {
	t.Helper()
	id, err := c.root.Identify(c.signed)
	if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.why) {
		t.Errorf("%v, want %v: %s", err, c.err, c.why)
	}
	if id != (Identity{}) {
		t.Errorf("said %+v beside the error", id)
	}
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %v", err)
	}
}

func TestIdentifyRefusesCertificates(t *testing.T) {
	w := newWorld(t)
	r := w.root(t)
	leaf := func(edit func(*x509.Certificate)) event.Signed {
		return w.stamped(t, w.leaf(t, true, with(leafCert(t), edit)), base.Add(time.Minute))
	}
	add := func(e ...pkix.Extension) event.Signed {
		return leaf(func(c *x509.Certificate) { c.ExtraExtensions = append(c.ExtraExtensions, e...) })
	}
	good := w.signed(t)
	change := func(edit func(*event.Signed)) event.Signed {
		s := good
		edit(&s)
		return s
	}
	other := *w
	other.caRoot = issue(t, nil, authorityCert("acme root"), keyOf(t, "mallory root"))
	other.ca = issue(t, other.caRoot, authorityCert("acme intermediate"), keyOf(t, "mallory"))
	deep := *w
	deep.ca = issue(t, w.ca, authorityCert("a deeper intermediate"), keyOf(t, "deep"))
	oidX := encasn1.ObjectIdentifier{1, 2, 3, 4}
	for fact, c := range map[string]refused{
		"no certificate":             {change(func(s *event.Signed) { s.Verifier.Certificate = nil }), r, ErrUntrusted, "with a key"},
		"the zero root":              {good, &Root{}, ErrUndated, ""},
		"a root without authorities": {good, w.root(t, func(d *rootDoc) { d.Authorities = nil }), ErrUntrusted, ""},
		"no DER":                     {change(func(s *event.Signed) { s.Verifier.Certificate = []byte("x") }), r, ErrCertificate, ""},
		"data after it": {change(func(s *event.Signed) {
			s.Verifier.Certificate = append(s.Verifier.Certificate[:len(s.Verifier.Certificate):len(s.Verifier.Certificate)], 0)
		}), r, ErrCertificate, "trailing"},
		"of another key":                    {change(func(s *event.Signed) { s.Verifier.PublicKey = spkiOf(t, &w.ct.PublicKey) }), r, ErrCertificate, "another key"},
		"the same authority, forged":        {other.stamped(t, other.leaf(t, true, leafCert(t)), base.Add(time.Minute)), r, ErrUntrusted, ""},
		"an intermediate nobody named":      {deep.stamped(t, deep.leaf(t, true, leafCert(t)), base.Add(time.Minute)), r, ErrUntrusted, ""},
		"signed by the root itself":         {w.rootSigned(t), r, ErrUntrusted, "carries no"},
		"of a certificate authority":        {leaf(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), r, ErrCertificate, "certificate authority"},
		"for servers":                       {leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), r, ErrCertificate, "code signing"},
		"for nothing":                       {leaf(func(c *x509.Certificate) { c.ExtKeyUsage = nil }), r, ErrCertificate, "code signing"},
		"not for signatures":                {leaf(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }), r, ErrCertificate, "code signing"},
		"no subject":                        {leaf(func(c *x509.Certificate) { c.URIs = nil }), r, ErrCertificate, "no subject"},
		"two subjects":                      {leaf(func(c *x509.Certificate) { c.EmailAddresses = []string{"eve@acme.example"} }), r, ErrCertificate, "more than one name"},
		"a host as subject":                 {leaf(func(c *x509.Certificate) { c.URIs, c.DNSNames = nil, []string{"acme.example"} }), r, ErrCertificate, "neither an e-mail"},
		"an issuer twice":                   {add(fulcio(t, 8, "https://evil.example")), r, ErrCertificate, "duplicate"},
		"a text that is not UTF-8":          {add(pkix.Extension{Id: encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 24}, Value: []byte("\x0c\x01\xff")}), r, ErrCertificate, ""},
		"an unknown critical extension":     {add(pkix.Extension{Id: oidX, Critical: true, Value: []byte{5, 0}}), r, ErrUntrusted, "unhandled critical"},
		"no timestamp of a certificate log": {w.stamped(t, w.leaf(t, false, leafCert(t)), base.Add(time.Minute)), r, ErrUntrusted, "carries no signed certificate timestamp"},
		"a certificate log nobody named":    {good, w.root(t, func(d *rootDoc) { d.CertLogs = d.Logs[:1] }), ErrUntrusted, "no certificate transparency log"},
		"a certificate log that had ended":  {good, w.root(t, func(d *rootDoc) { d.CertLogs[0].Key.Valid.End = base.Add(-time.Second) }), ErrUntrusted, "no certificate transparency log"},
		"a certificate log of unknown kind": {good, w.root(t, func(d *rootDoc) { d.CertLogs[0].Key.Kind = "ML_DSA_44" }), ErrUntrusted, "no certificate transparency log"},
		"timestamps that are no list": {w.stamped(t, w.leaf(t, false, with(leafCert(t), func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: oidSCTs, Value: []byte{4, 1, 7}})
		})), base.Add(time.Minute)), r, ErrCertificate, "not a list"},
		"timestamp of another certificate":   {w.borrowedSCT(t), r, ErrUntrusted, "no certificate transparency log"},
		"a key of another curve":             {w.p384(t), r, ErrCertificate, "P-256"},
		"another payload":                    {change(func(s *event.Signed) { s.Payload = payload(t, "other") }), r, event.ErrSignature, ""},
		"another signature":                  {change(func(s *event.Signed) { s.Signature = signedBy(t, w.leaf(t, true, leafCert(t)), "other").Signature }), r, event.ErrSignature, ""},
		"its key's signature, another's key": {change(func(s *event.Signed) { s.Verifier.Certificate = w.leafFor(t, "eve").cert.Raw }), r, ErrCertificate, "another key"},
	} {
		t.Run(fact, func(t *testing.T) { c.test(t) })
	}
}

// rootSigned is signed with a certificate that the anchor issued itself, and
// that no log has.
func (w *world) rootSigned(t *testing.T) event.Signed {
	return w.stamped(t, issue(t, w.caRoot, leafCert(t), keyOf(t, "signer")), base.Add(time.Minute))
}

// leafFor is a good certificate for another key.
func (w *world) leafFor(t *testing.T, name string) *certKey {
	template := leafCert(t)
	bare := issue(t, w.ca, template, keyOf(t, name))
	template.ExtraExtensions = append(template.ExtraExtensions, w.sctsFor(t, bare.cert, base))
	return issue(t, w.ca, template, keyOf(t, name))
}

// borrowedSCT is signed with a certificate that carries the timestamp of
// another one.
func (w *world) borrowedSCT(t *testing.T) event.Signed {
	template := leafCert(t)
	template.ExtraExtensions = append(template.ExtraExtensions, w.sctsFor(t, w.leafFor(t, "eve").cert, base))
	return w.stamped(t, issue(t, w.ca, template, keyOf(t, "signer")), base.Add(time.Minute))
}

// p384 is signed with a key that the leaf has no name for.
func (w *world) p384(t *testing.T) event.Signed {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	check(t, err)
	by := issue(t, w.ca, leafCert(t), key)
	s := event.Signed{Payload: payload(t, "app"), Verifier: event.Verifier{
		KeyDetails: event.KeyDetails, PublicKey: by.cert.RawSubjectPublicKeyInfo, Certificate: by.cert.Raw,
	}}
	sum := sha256.Sum256(event.PAE(event.PayloadType, s.Payload))
	s.Signature, err = ecdsa.SignASN1(rand.Reader, key, sum[:])
	check(t, err)
	s.Timestamps = [][]byte{w.stamp(t, s.Signature, base.Add(time.Minute))}
	return s
}

func TestIdentifyAccepts(t *testing.T) {
	w := newWorld(t)
	minute := base.Add(time.Minute)
	person := func(c *x509.Certificate) {
		c.URIs, c.EmailAddresses = nil, []string{"bob@acme.example"}
		c.ExtraExtensions = []pkix.Extension{fulcio(t, 8, "https://accounts.google.com")}
	}
	otherName := func(c *x509.Certificate) {
		c.URIs = nil
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: oidSubjectAltName, Critical: true, Value: otherNameDER("bob!acme.example")})
	}
	for fact, c := range map[string]struct {
		signed  event.Signed
		root    *Root
		subject string
	}{
		"a person":                          {w.stamped(t, w.leaf(t, true, with(leafCert(t), person)), minute), w.root(t), "bob@acme.example"},
		"a user name":                       {w.stamped(t, w.leaf(t, true, with(leafCert(t), otherName)), minute), w.root(t), "bob!acme.example"},
		"at the first moment":               {w.stamped(t, w.leaf(t, true, leafCert(t)), base), w.root(t), flow},
		"at the last moment":                {w.stamped(t, w.leaf(t, true, leafCert(t)), base.Add(10*time.Minute)), w.root(t), flow},
		"no certificate logs, no timestamp": {w.stamped(t, w.leaf(t, false, leafCert(t)), minute), w.root(t, func(d *rootDoc) { d.CertLogs = nil }), flow},
		"the second authority of the root": {w.signed(t), w.root(t, func(d *rootDoc) {
			d.Authorities = append([]authorityDoc{authorityOf("old", w.tsaRoot)}, d.Authorities...)
		}), flow},
		"an authority listed in two windows": {w.signed(t), w.root(t, func(d *rootDoc) {
			old := d.Authorities[0]
			old.Valid.End = base.Add(-day)
			d.Authorities = append([]authorityDoc{old}, d.Authorities...)
		}), flow},
		"the intermediate as trust anchor": {w.signed(t), w.root(t, func(d *rootDoc) { d.Authorities[0] = authorityOf("x", w.ca) }), flow},
		"windows that end at that very moment": {w.signed(t), w.root(t, func(d *rootDoc) {
			d.Authorities[0].Valid.End, d.Stampers[0].Valid.End, d.CertLogs[0].Key.Valid.End = minute, minute, base
		}), flow},
		"an extension of a later Fulcio": {w.stamped(t, w.leaf(t, true, with(leafCert(t), func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 99}, Value: []byte{5, 0}})
		})), minute), w.root(t), flow},
	} {
		t.Run(fact, func(t *testing.T) {
			id, err := c.root.Identify(c.signed)
			check(t, err)
			if id.Subject != c.subject {
				t.Errorf("subject %q", id.Subject)
			}
		})
	}
}

// otherNameDER is a subject alternative name of Fulcio's kind for user names.
func otherNameDER(text string) []byte {
	n := byte(len(text))
	oid := []byte{6, 10, 0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1, 7}
	value := append([]byte{0xa0, n + 2, 12, n}, text...)
	other := append([]byte{0xa0, byte(len(oid) + len(value))}, append(oid, value...)...)
	return append([]byte{0x30, byte(len(other))}, other...)
}

func TestExtensionsRefused(t *testing.T) {
	email := pkix.Extension{Id: oidSubjectAltName, Value: []byte("\x30\x03\x81\x01b")}
	san := func(value string) []pkix.Extension {
		return []pkix.Extension{{Id: oidSubjectAltName, Value: []byte(value)}}
	}
	text := func(value string) []pkix.Extension {
		return []pkix.Extension{email, {Id: encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: []byte(value)}}
	}
	if id, err := readExtensions([]pkix.Extension{email}); err != nil || id.Subject != "b" {
		t.Fatalf("the good one: %v, %v", id, err)
	}
	for fact, extensions := range map[string][]pkix.Extension{
		"none":                           nil,
		"subject twice":                  {email, email},
		"issuer twice":                   append(text("\x0c\x01a"), text("\x0c\x01a")[1]),
		"no subject":                     text("\x0c\x01a")[1:],
		"raw text as in 1.1":             text("https://accounts.google.com"),
		"printable string":               text("\x13\x01a"),
		"empty text":                     text("\x0c\x00"),
		"data after the text":            text("\x0c\x01a\x00"),
		"cut off":                        text("\x0c\x02a"),
		"length in two bytes":            text("\x0c\x81\x01a"),
		"not UTF-8":                      text("\x0c\x01\xff"),
		"over the limit":                 text("\x0c\x82\x10\x01" + strings.Repeat("a", 4097)),
		"subject without a name":         san("\x30\x00"),
		"subject that is no sequence":    san("\x81\x01b"),
		"data after the subject":         san("\x30\x03\x81\x01b\x00"),
		"two addresses":                  san("\x30\x06\x81\x01a\x81\x01b"),
		"empty address":                  san("\x30\x02\x81\x00"),
		"an IP address":                  san("\x30\x06\x87\x04\x7f\x00\x00\x01"),
		"another other name":             san("\x30\x0c\xa0\x0a\x06\x03\x2a\x03\x04\xa0\x03\x0c\x01a"),
		"other name with data after":     san(strings.Replace(string(otherNameDER("a")), "\x0c\x01a", "\x0c\x00\x00", 1)),
		"deployment environment garbled": {email, {Id: encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 23}, Value: []byte("production")}},
	} {
		if id, err := readExtensions(extensions); !errors.Is(err, ErrCertificate) || id != (Identity{}) {
			t.Errorf("%s: %+v, %v", fact, id, err)
		}
	}
}

// Fulcio's older extensions say the same in raw bytes. They tell us nothing.
func TestLegacyExtensionsAreNotRead(t *testing.T) {
	w := newWorld(t)
	s := w.stamped(t, w.leaf(t, true, with(leafCert(t), func(c *x509.Certificate) {
		u, err := url.Parse(flow)
		check(t, err)
		c.URIs, c.ExtraExtensions = []*url.URL{u}, nil
		for i, text := range []string{issuer, "push", commit, "build", "acme/shop", "refs/heads/main"} {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: append(oidFulcio[:len(oidFulcio):len(oidFulcio)], i+1), Value: []byte(text)})
		}
	})), base.Add(time.Minute))
	id, err := w.root(t).Identify(s)
	check(t, err)
	if id.Issuer != "" || id.Trigger != "" || id.SourceRef != "" {
		t.Errorf("read %+v", id)
	}
	if err := (Rule{Issuer: issuer, Subject: Text{Is: flow}}).Match(id); err == nil {
		t.Error("a rule matched a certificate without issuer")
	}
}

func FuzzExtensions(f *testing.F) {
	f.Add([]byte("\x30\x03\x81\x01b"), 8, []byte("\x0c\x01a"))
	f.Add(otherNameDER("bob!acme"), 23, []byte("\x0c\x01a"))
	f.Add([]byte("\x30\x06\x86\x04http"), 24, []byte("\x0c\x00"))
	f.Fuzz(func(t *testing.T, san []byte, n int, value []byte) {
		id, err := readExtensions([]pkix.Extension{
			{Id: oidSubjectAltName, Value: san},
			{Id: append(oidFulcio[:len(oidFulcio):len(oidFulcio)], n), Value: value},
		})
		if err != nil && (id != (Identity{}) || !errors.Is(err, ErrCertificate)) {
			t.Errorf("%+v, %v", id, err)
		}
		if err == nil && (id.Subject == "" || len(id.Subject) > maxText || n == 8 && id.Issuer == "") {
			t.Errorf("%+v", id)
		}
	})
}
