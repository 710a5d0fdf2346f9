// SPDX-License-Identifier: Apache-2.0

package sign_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/sign"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func block(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

// seal is cosign's encrypted form, with the cheapest parameters it allows.
func seal(t testing.TB, label, password string, der []byte) []byte {
	t.Helper()
	return block(label, must[[]byte](t)(encrypted.EncryptWithCustomKDFParameters(der, []byte(password), encrypted.Legacy)))
}

func say(password string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(password), nil }
}

func TestGenerateKey(t *testing.T) {
	a := must[[]byte](t)(sign.GenerateKey(rand.Reader))
	b := must[[]byte](t)(sign.GenerateKey(rand.Reader))
	if bytes.Equal(a, b) {
		t.Error("two keys are the same")
	}
	if !bytes.HasPrefix(a, []byte("-----BEGIN PRIVATE KEY-----\n")) {
		t.Errorf("key starts with %.40s", a)
	}
	s := must[event.Signer](t)(sign.ParseKey(a, nil))
	signature := must[[]byte](t)(s.Sign([]byte("message")))
	again := must[[]byte](t)(s.Sign([]byte("message")))
	if !bytes.Equal(signature, again) {
		t.Error("signing again gives another signature; a retry would not be the same event")
	}
	if s.Verifier().KeyDetails != event.KeyDetails {
		t.Errorf("verifier is %q", s.Verifier().KeyDetails)
	}
}

// The example of the DSSE specification, whose signature is deterministic.
func TestPublishedSignature(t *testing.T) {
	var v struct {
		PayloadType string `json:"payloadType"`
		Payload     []byte `json:"payload"`
		PAE         string `json:"pae"`
		D           string `json:"d"`
		Sig         []byte `json:"sig"`
	}
	data := must[[]byte](t)(os.ReadFile("../../testdata/vectors/dsse/hello-world.json"))
	if err := canon.DecodeOpen(data, &v); err != nil {
		t.Fatal(err)
	}
	d, _ := new(big.Int).SetString(v.D, 10)
	key := must[*ecdsa.PrivateKey](t)(ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32))))
	s := must[event.Signer](t)(sign.ParseKey(block("PRIVATE KEY", must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))), nil))

	pae := event.PAE(v.PayloadType, v.Payload)
	if string(pae) != v.PAE {
		t.Fatalf("PAE is %q, want %q", pae, v.PAE)
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(must[[]byte](t)(s.Sign(pae)), &rs); err != nil {
		t.Fatal(err)
	}
	if got := append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...); !bytes.Equal(got, v.Sig) {
		t.Errorf("signature is %x, want %x", got, v.Sig)
	}
}

func TestParseKeyForms(t *testing.T) {
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	pkcs8 := must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))
	sec1 := must[[]byte](t)(x509.MarshalECPrivateKey(key))
	public := must[[]byte](t)(x509.MarshalPKIXPublicKey(&key.PublicKey))
	for fact, c := range map[string]struct {
		file     []byte
		password func() ([]byte, error)
	}{
		"PKCS #8":                     {block("PRIVATE KEY", pkcs8), nil},
		"SEC 1":                       {block("EC PRIVATE KEY", sec1), nil},
		"SEC 1 behind its parameters": {append(block("EC PARAMETERS", []byte{6, 8}), block("EC PRIVATE KEY", sec1)...), nil},
		"sigstore's encrypted form":   {seal(t, "ENCRYPTED SIGSTORE PRIVATE KEY", "hunter2", pkcs8), say("hunter2")},
		"cosign's encrypted form":     {seal(t, "ENCRYPTED COSIGN PRIVATE KEY", "hunter2", pkcs8), say("hunter2")},
		"encrypted with no password":  {seal(t, "ENCRYPTED SIGSTORE PRIVATE KEY", "", pkcs8), say("")},
		"blank lines after it":        {append(block("PRIVATE KEY", pkcs8), "\n \n"...), nil},
	} {
		t.Run(fact, func(t *testing.T) {
			s := must[event.Signer](t)(sign.ParseKey(c.file, c.password))
			if !bytes.Equal(s.Verifier().PublicKey, public) {
				t.Error("it is another key")
			}
		})
	}
}

func TestParseKeyRefuses(t *testing.T) {
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	pkcs8 := must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))
	p384 := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	sealed := seal(t, "ENCRYPTED SIGSTORE PRIVATE KEY", "hunter2", pkcs8)
	dear := bytes.Replace(must[[]byte](t)(encrypted.EncryptWithCustomKDFParameters(pkcs8, []byte("x"), encrypted.Legacy)),
		[]byte(`"N":32768`), []byte(`"N":1073741824`), 1)
	old := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: pkcs8})
	for fact, c := range map[string]struct {
		file     []byte
		password func() ([]byte, error)
		is       error
		err      string
	}{
		"nothing":                          {nil, nil, sign.ErrKeyFile, "no PEM block"},
		"a password where a key should be": {[]byte("hunter2"), nil, sign.ErrKeyFile, "no PEM block"},
		"DER without PEM":                  {pkcs8, nil, sign.ErrKeyFile, "no PEM block"},
		"two keys":                         {append(block("PRIVATE KEY", pkcs8), block("PRIVATE KEY", pkcs8)...), nil, sign.ErrKeyFile, "more than one"},
		"text after the key":               {append(block("PRIVATE KEY", pkcs8), "x"...), nil, sign.ErrKeyFile, "more than one"},
		"parameters alone":                 {block("EC PARAMETERS", []byte{6, 8}), nil, sign.ErrKeyFile, "no PEM block"},
		"too large":                        {bytes.Repeat([]byte("x"), 64<<10+1), nil, sign.ErrKeyFile, "over the limit of 65536"},
		"cut in half":                      {block("PRIVATE KEY", pkcs8[:40]), nil, sign.ErrKeyFile, "read event key"},
		"SEC 1 under the name of PKCS #8":  {block("PRIVATE KEY", must[[]byte](t)(x509.MarshalECPrivateKey(key))), nil, sign.ErrKeyFile, "read event key"},
		"P-384":                            {block("PRIVATE KEY", must[[]byte](t)(x509.MarshalPKCS8PrivateKey(p384))), nil, sign.ErrKeyFile, "not ECDSA P-256"},
		"Ed25519":                          {block("PRIVATE KEY", must[[]byte](t)(x509.MarshalPKCS8PrivateKey(ed))), nil, sign.ErrKeyFile, "not ECDSA P-256"},
		"RSA":                              {block("PRIVATE KEY", must[[]byte](t)(x509.MarshalPKCS8PrivateKey(rsaKey))), nil, sign.ErrKeyFile, "not ECDSA P-256"},
		"the public half":                  {block("PUBLIC KEY", must[[]byte](t)(x509.MarshalPKIXPublicKey(&key.PublicKey))), nil, sign.ErrKeyFile, "public half"},
		"an SSH key":                       {block("OPENSSH PRIVATE KEY", []byte("x")), nil, sign.ErrKeyFile, "signs votes"},
		"encrypted PKCS #8":                {block("ENCRYPTED PRIVATE KEY", pkcs8), nil, sign.ErrKeyFile, "decrypt it"},
		"openssl's old encryption":         {old, nil, sign.ErrKeyFile, "decrypt it"},
		"a certificate":                    {block("CERTIFICATE", pkcs8), nil, sign.ErrKeyFile, `"CERTIFICATE"`},
		"encrypted, nobody to ask":         {sealed, nil, sign.ErrPassword, "the key is encrypted"},
		"encrypted, wrong password":        {sealed, say("hunter3"), sign.ErrPassword, "decryption failed"},
		"encrypted, no answer":             {sealed, func() ([]byte, error) { return nil, errors.New("no terminal") }, sign.ErrPassword, "no terminal"},
		"encrypted, no longer JSON":        {block("ENCRYPTED SIGSTORE PRIVATE KEY", []byte("x")), say("x"), sign.ErrPassword, "read event key"},
		"encrypted to take for ever":       {block("ENCRYPTED SIGSTORE PRIVATE KEY", dear), say("x"), sign.ErrPassword, "unsupported scrypt"},
		"encrypted nonsense":               {seal(t, "ENCRYPTED SIGSTORE PRIVATE KEY", "x", []byte("x")), say("x"), sign.ErrKeyFile, "read event key"},
	} {
		t.Run(fact, func(t *testing.T) {
			s, err := sign.ParseKey(c.file, c.password)
			if s != nil || !errors.Is(err, c.is) {
				t.Fatalf("signer %v, error %v, want %v", s, err, c.is)
			}
			if !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %q, want %q in it", err, c.err)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("error %q has a password in it", err)
			}
		})
	}
}

func TestPassword(t *testing.T) {
	file := t.TempDir() + "/password"
	for in, want := range map[string]string{
		"":               "",
		"hunter2":        "hunter2",
		"hunter2\n":      "hunter2",
		"hunter2\r\n":    "hunter2",
		" two words \n":  " two words ",
		"first\nsecond":  "first",
		"\n":             "",
		"ключ\n":         "ключ",
		"carriage\rhome": "carriage\rhome",
	} {
		got := must[[]byte](t)(sign.PasswordReader(strings.NewReader(in))())
		if string(got) != want {
			t.Errorf("from %q: %q, want %q", in, got, want)
		}
		if err := os.WriteFile(file, []byte(in), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := must[[]byte](t)(sign.PasswordFile(file)()); string(got) != want {
			t.Errorf("from a file with %q: %q, want %q", in, got, want)
		}
	}
}

func TestPasswordRefuses(t *testing.T) {
	if _, err := sign.PasswordReader(strings.NewReader(strings.Repeat("x", 4097)))(); err == nil || !strings.Contains(err.Error(), "limit of 4096") {
		t.Errorf("an endless password: %v", err)
	}
	if _, err := sign.PasswordFile(t.TempDir() + "/none")(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
	null := must[*os.File](t)(os.Open(os.DevNull))
	defer null.Close()
	var asked bytes.Buffer
	if _, err := sign.PasswordPrompt(null, &asked, "Password: ")(); err == nil || asked.Len() != 0 {
		t.Errorf("asked %q where nobody is: %v", asked.String(), err)
	}
}

// Whatever is read signs, and its signature verifies.
func FuzzParseKey(f *testing.F) {
	key := must[[]byte](f)(sign.GenerateKey(rand.Reader))
	f.Add(key)
	f.Add(bytes.Replace(key, []byte("PRIVATE"), []byte("EC PRIVATE"), 2))
	f.Add(block("OPENSSH PRIVATE KEY", []byte("x")))
	f.Add(seal(f, "ENCRYPTED SIGSTORE PRIVATE KEY", "x", []byte("x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := sign.ParseKey(data, func() ([]byte, error) { return nil, errors.New("no") })
		if err != nil {
			return
		}
		payload := []byte(`{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"t","subject":[{"digest":{"sha256":"` + strings.Repeat("0", 64) + `"}}]}`)
		if _, err := event.Sign(payload, s); err != nil {
			t.Fatal(err)
		}
	})
}
