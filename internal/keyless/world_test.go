// SPDX-License-Identifier: Apache-2.0

package keyless

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"encoding/json"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gateledger/gateledger/internal/event"
)

// base is when the certificates of the tests are issued. They live for ten
// minutes, and signatures are stamped after one.
var base = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const (
	day    = 24 * time.Hour
	issuer = "https://token.actions.githubusercontent.com"
	repo   = "https://github.com/acme/shop"
	flow   = repo + "/.github/workflows/build.yml@refs/heads/main"
	commit = "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3"

	rekor1Host = "rekor.acme.example"
	rekor2Host = "log2026.rekor.acme.example"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keyOf is a key that follows from a name.
func keyOf(t testing.TB, name string) *ecdsa.PrivateKey {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	check(t, err)
	return key
}

func spkiOf(t testing.TB, key crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	check(t, err)
	return der
}

// A certKey is somebody with a certificate.
type certKey struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue has by issue a certificate; a nil by is the key's holder.
func issue(t testing.TB, by *certKey, template *x509.Certificate, key *ecdsa.PrivateKey) *certKey {
	t.Helper()
	if by == nil {
		by = &certKey{template, key}
	}
	c := issueTo(t, by, template, &key.PublicKey)
	c.key = key
	return c
}

// issueTo is issue for any kind of key, which the caller keeps.
func issueTo(t testing.TB, by *certKey, template *x509.Certificate, key crypto.PublicKey) *certKey {
	t.Helper()
	if template.SerialNumber == nil {
		template.SerialNumber = big.NewInt(1)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key, by.key)
	check(t, err)
	c, err := x509.ParseCertificate(der)
	if err != nil {
		// Some tests want what nobody can parse.
		c = &x509.Certificate{Raw: der, RawSubjectPublicKeyInfo: spkiOf(t, key)}
	}
	return &certKey{cert: c}
}

// authorityCert is a template for an issuer that lives from a year before
// base until a year after.
func authorityCert(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             base.Add(-365 * day),
		NotAfter:              base.Add(365 * day),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
}

// A world is a private Sigstore: everything a trusted root names, with keys.
type world struct {
	caRoot, ca   *certKey
	tsaRoot, tsa *certKey
	ct, rekor1   *ecdsa.PrivateKey
	rekor2       ed25519.PrivateKey
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{ct: keyOf(t, "ct"), rekor1: keyOf(t, "rekor1")}
	w.caRoot = issue(t, nil, authorityCert("acme root"), keyOf(t, "ca root"))
	w.ca = issue(t, w.caRoot, authorityCert("acme intermediate"), keyOf(t, "ca"))
	w.tsaRoot = issue(t, nil, authorityCert("acme time root"), keyOf(t, "tsa root"))
	w.tsa = issue(t, w.tsaRoot, stamperCert(t), keyOf(t, "tsa"))
	seed := sha256.Sum256([]byte("rekor2"))
	w.rekor2 = ed25519.NewKeyFromSeed(seed[:])
	return w
}

// stamperCert is a template for a certificate as RFC 3161 wants it.
func stamperCert(t testing.TB) *x509.Certificate {
	t.Helper()
	c := authorityCert("acme time")
	c.KeyUsage, c.IsCA = x509.KeyUsageDigitalSignature, false
	c.ExtraExtensions = []pkix.Extension{usage(t, true, encasn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8})}
	return c
}

// usage is an extension of extended key usages.
func usage(t testing.TB, critical bool, oids ...encasn1.ObjectIdentifier) pkix.Extension {
	t.Helper()
	value, err := encasn1.Marshal(oids)
	check(t, err)
	return pkix.Extension{Id: oidExtKeyUsage, Critical: critical, Value: value}
}

// fulcio is Fulcio's extension of that number.
func fulcio(t testing.TB, n int, text string) pkix.Extension {
	t.Helper()
	value, err := encasn1.MarshalWithParams(text, "utf8")
	check(t, err)
	return pkix.Extension{Id: append(oidFulcio[:len(oidFulcio):len(oidFulcio)], n), Value: value}
}

// leafCert is a template for what Fulcio issues to a workflow on a push to
// main.
func leafCert(t testing.TB) *x509.Certificate {
	t.Helper()
	u, err := url.Parse(flow)
	check(t, err)
	return &x509.Certificate{
		NotBefore:   base,
		NotAfter:    base.Add(10 * time.Minute),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		URIs:        []*url.URL{u},
		ExtraExtensions: []pkix.Extension{
			{Id: append(oidFulcio[:len(oidFulcio):len(oidFulcio)], 2), Value: []byte("push")},
			fulcio(t, 8, issuer), fulcio(t, 9, flow), fulcio(t, 10, commit), fulcio(t, 11, "github-hosted"),
			fulcio(t, 12, repo), fulcio(t, 13, commit), fulcio(t, 14, "refs/heads/main"), fulcio(t, 15, "1296269"),
			fulcio(t, 16, "https://github.com/acme"), fulcio(t, 17, "42"), fulcio(t, 18, flow), fulcio(t, 19, commit),
			fulcio(t, 20, "push"), fulcio(t, 21, repo+"/actions/runs/7/attempts/1"), fulcio(t, 22, "private"),
			fulcio(t, 23, "production"), fulcio(t, 24, "repo:acme/shop:ref:refs/heads/main"),
		},
	}
}

// leaf has the certificate authority issue a certificate, with a timestamp of
// the certificate transparency log unless logged is false.
func (w *world) leaf(t testing.TB, logged bool, template *x509.Certificate) *certKey {
	t.Helper()
	key := keyOf(t, "signer")
	if logged {
		bare := issue(t, w.ca, template, key)
		template.ExtraExtensions = append(template.ExtraExtensions, w.sctsFor(t, bare.cert, base))
	}
	return issue(t, w.ca, template, key)
}

// sctsFor is the extension with a timestamp for a certificate without it.
func (w *world) sctsFor(t testing.TB, bare *x509.Certificate, at time.Time) pkix.Extension {
	t.Helper()
	id := sha256.Sum256(spkiOf(t, &w.ct.PublicKey))
	issuer := sha256.Sum256(w.ca.cert.RawSubjectPublicKeyInfo)
	var signed cryptobyte.Builder
	signed.AddUint16(0)
	signed.AddUint64(uint64(at.UnixMilli()))
	signed.AddUint16(1)
	signed.AddBytes(issuer[:])
	signed.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(bare.RawTBSCertificate) })
	signed.AddUint16(0)
	sum := sha256.Sum256(signed.BytesOrPanic())
	sig, err := ecdsa.SignASN1(rand.Reader, w.ct, sum[:])
	check(t, err)
	var list cryptobyte.Builder
	list.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint8(0)
				b.AddBytes(id[:])
				b.AddUint64(uint64(at.UnixMilli()))
				b.AddUint16(0)
				b.AddUint8(tlsSHA256)
				b.AddUint8(tlsECDSA)
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(sig) })
			})
		})
	})
	return pkix.Extension{Id: oidSCTs, Value: list.BytesOrPanic()}
}

// payload is the statement that the tests sign.
func payload(t testing.TB, name string) []byte {
	t.Helper()
	subject := event.Subject{Name: name, Digest: map[string]string{"sha256": strings.Repeat("a1", 32)}}
	p, err := event.NewStatement(event.DeploymentType, []event.Subject{subject},
		event.DeploymentPredicate{Environment: "production", Result: event.Healthy})
	check(t, err)
	return p
}

// signedBy is the statement signed with a certificate, without any proof of
// when.
func signedBy(t testing.TB, by *certKey, name string) event.Signed {
	t.Helper()
	p := payload(t, name)
	sum := sha256.Sum256(event.PAE(event.PayloadType, p))
	sig, err := by.key.Sign(nil, sum[:], crypto.SHA256)
	check(t, err)
	return event.Signed{Payload: p, Signature: sig, Verifier: event.Verifier{
		KeyDetails: event.KeyDetails, PublicKey: by.cert.RawSubjectPublicKeyInfo, Certificate: by.cert.Raw,
	}}
}

// stamp is the timestamp authority's answer, written by a stock library.
func (w *world) stamp(t testing.TB, message []byte, at time.Time) []byte {
	t.Helper()
	return stampBy(t, w.tsa, message, at, false)
}

// stampBy is an answer by anybody, with the certificate in it if embed is true.
func stampBy(t testing.TB, by *certKey, message []byte, at time.Time, embed bool) []byte {
	t.Helper()
	sum := sha256.Sum256(message)
	answer, err := (&timestamp.Timestamp{
		HashAlgorithm:     crypto.SHA256,
		HashedMessage:     sum[:],
		Time:              at,
		Accuracy:          time.Second,
		Nonce:             big.NewInt(7),
		Policy:            encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2},
		AddTSACertificate: embed,
	}).CreateResponseWithOpts(by.cert, by.key, crypto.SHA256)
	check(t, err)
	return answer
}

// signed is the statement as it should be: signed with a logged certificate,
// and stamped a minute after that was issued.
func (w *world) signed(t testing.TB) event.Signed {
	t.Helper()
	s := signedBy(t, w.leaf(t, true, leafCert(t)), "app")
	s.Timestamps = [][]byte{w.stamp(t, s.Signature, base.Add(time.Minute))}
	return s
}

// rootDoc and the others are a trusted root as its JSON has it.
type rootDoc struct {
	MediaType   string         `json:"mediaType"`
	Logs        []logDoc       `json:"tlogs,omitempty"`
	Authorities []authorityDoc `json:"certificateAuthorities,omitempty"`
	CertLogs    []logDoc       `json:"ctlogs,omitempty"`
	Stampers    []authorityDoc `json:"timestampAuthorities,omitempty"`
}

type windowDoc struct {
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
}

type derDoc struct {
	Raw []byte `json:"rawBytes"`
}

type authorityDoc struct {
	URI   string `json:"uri"`
	Chain struct {
		Certificates []derDoc `json:"certificates"`
	} `json:"certChain"`
	Valid windowDoc `json:"validFor,omitzero"`
}

type logDoc struct {
	URL  string `json:"baseUrl"`
	Hash string `json:"hashAlgorithm"`
	Key  struct {
		Raw   []byte    `json:"rawBytes"`
		Kind  string    `json:"keyDetails"`
		Valid windowDoc `json:"validFor,omitzero"`
	} `json:"publicKey"`
	ID struct {
		KeyID []byte `json:"keyId"`
	} `json:"logId"`
}

func authorityOf(uri string, chain ...*certKey) authorityDoc {
	a := authorityDoc{URI: uri, Valid: windowDoc{Start: base.Add(-30 * day)}}
	for _, c := range chain {
		a.Chain.Certificates = append(a.Chain.Certificates, derDoc{c.cert.Raw})
	}
	return a
}

func logOf(t testing.TB, url, kind string, key crypto.PublicKey, id []byte) logDoc {
	t.Helper()
	l := logDoc{URL: url, Hash: "SHA2_256"}
	l.Key.Raw, l.Key.Kind, l.Key.Valid.Start = spkiOf(t, key), kind, base.Add(-30*day)
	if id == nil {
		sum := sha256.Sum256(l.Key.Raw)
		id = sum[:]
	}
	l.ID.KeyID = id
	return l
}

// doc is the trusted root that names the whole world.
func (w *world) doc(t testing.TB) *rootDoc {
	t.Helper()
	return &rootDoc{
		MediaType:   rootTypes[0],
		Authorities: []authorityDoc{authorityOf("https://fulcio.acme.example", w.ca, w.caRoot)},
		Stampers:    []authorityDoc{authorityOf("https://tsa.acme.example", w.tsa, w.tsaRoot)},
		CertLogs:    []logDoc{logOf(t, "https://ct.acme.example", event.KeyDetails, &w.ct.PublicKey, nil)},
		Logs: []logDoc{
			logOf(t, "https://"+rekor1Host, event.KeyDetails, &w.rekor1.PublicKey, nil),
			logOf(t, "https://"+rekor2Host, "PKIX_ED25519", w.rekor2.Public(), w.rekor2ID()),
		},
	}
}

// rekor2ID is the full key id of the Rekor v2 log.
func (w *world) rekor2ID() []byte {
	sum := sha256.Sum256(append([]byte(rekor2Host+"\n\x01"), w.rekor2.Public().(ed25519.PublicKey)...))
	return sum[:]
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	check(t, err)
	return data
}

// root is the trusted root that names the whole world, after edits.
func (w *world) root(t testing.TB, edits ...func(*rootDoc)) *Root {
	t.Helper()
	d := w.doc(t)
	for _, edit := range edits {
		edit(d)
	}
	r, err := ParseRoot(marshal(t, d))
	check(t, err)
	return r
}

// flip is data with one bit changed.
func flip(data []byte, i int) []byte {
	changed := bytes.Clone(data)
	changed[i] ^= 1 << (i % 8)
	return changed
}
