// SPDX-License-Identifier: Apache-2.0

package remote

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
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
)

// A world is a private Sigstore in one test server, by path:
//
//	/ca  /tsa  /log1  /log2  /github/token  /people
type world struct {
	t      *testing.T
	server *httptest.Server
	dir    string
	env    map[string]string
	logs   []root.Service
	stamps []root.Service
	ctLogs map[string]*root.TransparencyLog

	caRoot, caCert    *x509.Certificate
	caKey             *ecdsa.PrivateKey
	tsaRoot, tsaMid   *x509.Certificate
	tsaCert           *x509.Certificate
	tsaKey            *ecdsa.PrivateKey
	v1                *ecdsa.PrivateKey
	v2                ed25519.PrivateKey
	now               time.Time
	random            bool // nonces are what crypto/rand says, not all zero
	stdin             string
	caOut, tsaOut     func([]byte) []byte // spoils an answer
	logOut, peopleOut func([]byte) []byte

	mu     sync.Mutex
	faults map[string][]http.HandlerFunc // by service: what answers instead, first to last; the last stays
	asked  map[string][]*http.Request
	login  url.Values // the last question to /people/auth
}

const bearer = "the-bearer-of-the-job"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, dir: t.TempDir(), env: map[string]string{}, now: time.Now(), random: true,
		faults: map[string][]http.HandlerFunc{}, asked: map[string][]*http.Request{},
	}
	w.makeAuthorities()
	mux := http.NewServeMux()
	for path, h := range map[string]http.HandlerFunc{
		"POST /ca/api/v2/signingCert": w.certify, "POST /tsa": w.stamp,
		"POST /log1/api/v1/log/entries": w.log1, "POST /log2/api/v2/log/entries": w.log2, "GET /log1/api/v1/log/entries/{id}": w.log1,
		"GET /github/token":                            w.github,
		"GET /people/.well-known/openid-configuration": w.discover, "GET /people/auth": w.authorize, "POST /people/token": w.exchange,
	} {
		mux.HandleFunc(path, h)
	}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.serve(mux, rw, r) }))
	t.Cleanup(w.server.Close)
	w.stamps = service(w.server.URL+"/tsa", 1)
	return w
}

// serve lets a fault answer where one is set.
func (w *world) serve(mux http.Handler, rw http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	w.mu.Lock()
	w.asked[name] = append(w.asked[name], r.Clone(r.Context()))
	var fault http.HandlerFunc
	if queue := w.faults[name]; len(queue) > 0 {
		fault = queue[0]
		if len(queue) > 1 {
			w.faults[name] = queue[1:]
		}
	}
	w.mu.Unlock()
	if fault != nil {
		fault(rw, r)
		return
	}
	mux.ServeHTTP(rw, r)
}

func (w *world) count(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked[name])
}

func service(url string, version uint32) []root.Service {
	return []root.Service{{URL: url, MajorAPIVersion: version, ValidityPeriodStart: time.Now().Add(-time.Hour), Operator: "test"}}
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (w *world) makeAuthorities() {
	var key *ecdsa.PrivateKey
	w.caRoot, key = w.issue(&x509.Certificate{IsCA: true}, nil, nil)
	w.caCert, w.caKey = w.issue(&x509.Certificate{IsCA: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}, w.caRoot, key)
	w.tsaRoot, key = w.issue(&x509.Certificate{IsCA: true}, nil, nil)
	w.tsaMid, key = w.issue(&x509.Certificate{IsCA: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}, w.tsaRoot, key)
	// RFC 3161 section 2.3: the usage is critical, and the only one.
	stamping := pkix.Extension{Id: []int{2, 5, 29, 37}, Critical: true, Value: []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08}}
	w.tsaCert, w.tsaKey = w.issue(&x509.Certificate{ExtraExtensions: []pkix.Extension{stamping}}, w.tsaMid, key)
	w.v1 = newKey(w.t)
	var err error
	_, w.v2, err = ed25519.GenerateKey(rand.Reader)
	w.check(err)
}

// issue makes a certificate like c for a new key, signed by parent, or by
// itself.
func (w *world) issue(c, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	w.t.Helper()
	key := newKey(w.t)
	c.SerialNumber, c.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{Organization: []string{"test"}, CommonName: rand.Text()}
	c.NotBefore, c.NotAfter, c.KeyUsage = time.Now().Add(-time.Hour), time.Now().Add(time.Hour), x509.KeyUsageDigitalSignature
	if c.IsCA {
		c.BasicConstraintsValid, c.KeyUsage = true, x509.KeyUsageCertSign
	}
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	w.check(err)
	cert, err := x509.ParseCertificate(der)
	w.check(err)
	return cert, key
}

// v1ID is the log id of the Rekor v1 log: SHA-256 of its key.
func (w *world) v1ID() []byte {
	der, err := x509.MarshalPKIXPublicKey(w.v1.Public())
	w.check(err)
	id := sha256.Sum256(der)
	return id[:]
}

// files writes the trusted root and signing configuration.
func (w *world) files() (rootFile, configFile string) {
	w.t.Helper()
	begin := time.Now().Add(-time.Hour)
	logs := map[string]*root.TransparencyLog{}
	_, id, err := rekornote.KeyHash("127.0.0.1", w.v2.Public())
	w.check(err)
	logs[hex.EncodeToString(id)] = &root.TransparencyLog{BaseURL: w.server.URL + "/log2", ID: id, ValidityPeriodStart: begin, HashFunc: crypto.SHA256, PublicKey: w.v2.Public(), SignatureHashFunc: crypto.SHA256}
	logs[hex.EncodeToString(w.v1ID())] = &root.TransparencyLog{BaseURL: w.server.URL + "/log1", ID: w.v1ID(), ValidityPeriodStart: begin, HashFunc: crypto.SHA256, PublicKey: w.v1.Public(), SignatureHashFunc: crypto.SHA256}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: w.caRoot, Intermediates: []*x509.Certificate{w.caCert}, ValidityPeriodStart: begin, URI: w.server.URL + "/ca"}}, w.ctLogs,
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{Root: w.tsaRoot, Intermediates: []*x509.Certificate{w.tsaMid}, Leaf: w.tsaCert, ValidityPeriodStart: begin, URI: w.server.URL + "/tsa"}}, logs)
	w.check(err)
	one := root.ServiceConfiguration{Selector: prototrustroot.ServiceSelector_ANY}
	config, err := root.NewSigningConfig(root.SigningConfigMediaType02, service(w.server.URL+"/ca", 1), service(w.server.URL+"/people", 1), w.logs, one, w.stamps, one)
	w.check(err)
	return w.write("trusted_root.json", trusted), w.write("signing_config.json", config)
}

func (w *world) write(name string, v any) string {
	w.t.Helper()
	data, ok := v.([]byte)
	if !ok {
		var err error
		data, err = json.Marshal(v)
		w.check(err)
	}
	file := filepath.Join(w.dir, name)
	w.check(os.WriteFile(file, data, 0o600))
	return file
}

// certify is a certificate authority that believes every token which has not
// ended and is for it.
func (w *world) certify(rw http.ResponseWriter, r *http.Request) {
	raw := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	id, err := readIdentity(raw, "sigstore")
	if err != nil || !id.expires.After(time.Now()) {
		http.Error(rw, `{"code":16,"message":"There was an error processing the identity token `+raw+`"}`, http.StatusUnauthorized)
		return
	}
	var q struct {
		PublicKeyRequest struct {
			PublicKey struct{ Content string }
		}
	}
	w.check(json.NewDecoder(r.Body).Decode(&q))
	block, _ := pem.Decode([]byte(q.PublicKeyRequest.PublicKey.Content))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	w.check(err)
	issuer, err := json.Marshal(id.issuer)
	w.check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Second), NotAfter: time.Now().Add(10 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, EmailAddresses: []string{"bob@acme.example"},
		ExtraExtensions: []pkix.Extension{{Id: []int{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: issuer[1 : len(issuer)-1]}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, w.caCert, key, w.caKey)
	w.check(err)
	if w.caOut != nil {
		der = w.caOut(der)
	}
	chain := []string{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
	reply(rw, http.StatusOK, map[string]any{"signedCertificateEmbeddedSct": map[string]any{"chain": map[string]any{"certificates": chain}}})
}

func reply(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(v) // the client under test notices
}

// token makes an identity token; claims go over the usual ones.
func token(claims map[string]any) string {
	all := map[string]any{"iss": "https://issuer.example", "aud": "sigstore", "sub": "bob", "email": "bob@acme.example", "email_verified": true, "exp": time.Now().Add(time.Hour).Unix()}
	for name, value := range claims {
		all[name] = value
	}
	payload, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256"}`)) + "." + enc(payload) + "." + enc([]byte("a signature nobody here reads"))
}

func (w *world) github(rw http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+bearer {
		http.Error(rw, "no: "+r.Header.Get("Authorization"), http.StatusForbidden)
		return
	}
	reply(rw, http.StatusOK, map[string]any{"count": 1, "value": token(map[string]any{"aud": r.URL.Query().Get("audience")})})
}

func (w *world) onGitHub() {
	w.env[githubURL], w.env[githubToken] = w.server.URL+"/github/token?api-version=2.0", bearer
}

// An outcome is what a run of the program did.
type outcome struct {
	code           int
	stdout, stderr string
}

// run runs gateledger-remote.
func (w *world) run(args ...string) outcome {
	w.t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{
		Args: append([]string{child.Name}, args...), Getenv: func(name string) string { return w.env[name] },
		Stdin: strings.NewReader(w.stdin), Stdout: &stdout, Stderr: &stderr,
		Now: func() time.Time { return w.now }, Rand: rand.Reader,
	}
	if !w.random {
		env.Rand = bytes.NewReader(make([]byte, 64))
	}
	code := cli.Run(w.t.Context(), env, func(env *cli.Env) *cobra.Command { return rootOver(env, wire{network().base, time.Millisecond}) })
	return outcome{code, stdout.String(), stderr.String()}
}

func statement(t *testing.T) []byte {
	t.Helper()
	payload, err := event.NewStatement("https://example.org/x/v1", []event.Subject{{Name: "app", Digest: map[string]string{"sha256": strings.Repeat("a", 64)}}}, map[string]any{"n": 1})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// sign runs the verb sign on a statement, with the world's files.
func (w *world) sign(args ...string) outcome {
	w.t.Helper()
	rootFile, configFile := w.files()
	if w.stdin == "" {
		w.ask(child.SignQuestion{Payload: statement(w.t)})
	}
	return w.run(append([]string{"sign", "--trusted-root", rootFile, "--signing-config", configFile}, args...)...)
}

func (w *world) ask(question any) {
	w.t.Helper()
	data, err := canon.Marshal(question)
	w.check(err)
	w.stdin = string(data)
}

// signed reads the answer of a sign that went well, and checks what it says
// of the signature itself.
func (w *world) signed(o outcome) child.SignAnswer {
	w.t.Helper()
	if o.code != cli.OK {
		w.t.Fatalf("exit %d: %s", o.code, o.stderr)
	}
	var a child.SignAnswer
	w.check(canon.Decode([]byte(o.stdout), &a))
	cert, err := x509.ParseCertificate(a.Certificate)
	w.check(err)
	digest := sha256.Sum256(event.PAE(event.PayloadType, statement(w.t)))
	if key, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || !ecdsa.VerifyASN1(key, digest[:], a.Signature) {
		w.t.Error("the signature is not over the statement")
	}
	return a
}

// failed checks how a run failed: nothing on standard output, one line of why,
// and no secret anywhere.
func (w *world) failed(o outcome, code int, why string) {
	w.t.Helper()
	if o.code != code || o.stdout != "" || !strings.Contains(o.stderr, why) {
		w.t.Errorf("exit %d, want %d with %q\nstdout: %.200s\nstderr: %s", o.code, code, why, o.stdout, o.stderr)
	}
	if n := strings.Count(o.stderr, "\n"); n > 3 {
		w.t.Errorf("%d lines of error:\n%s", n, o.stderr)
	}
	for _, secret := range []string{bearer, "eyJ"} {
		if strings.Contains(o.stderr, secret) {
			w.t.Errorf("a secret is shown: %s", o.stderr)
		}
	}
}
