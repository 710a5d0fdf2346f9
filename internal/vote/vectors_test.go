// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/product"
)

// vector reads a file of testdata; its README says how each was made.
func vector(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// wantError checks that err is there and says want, or that neither is.
func wantError(t testing.TB, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error %v, want none", err)
	case want != "" && err == nil:
		t.Errorf("no error, want one that says %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error %v, want one that says %q", err, want)
	}
}

// check parses and verifies, which is all that stands between bytes and a
// vote.
func check(namespace string, armored, message []byte) error {
	s, err := ParseSSHSIG(armored)
	if err != nil {
		return err
	}
	return s.verify(namespace, message)
}

func TestWhatSSHKeygenSigned(t *testing.T) {
	statement := vector(t, "statement.json")
	for name, want := range map[string]string{
		"ed25519":                "",
		"ed25519-sha256":         "",
		"ecdsa-p256":             "",
		"ecdsa-p384":             "",
		"ecdsa-p521":             "",
		"rsa-3072":               "",
		"rsa-3072-sha256":        "",
		"sk-ed25519":             "",
		"sk-ecdsa":               "",
		"sk-ed25519-untouched":   "user presence",
		"sk-ecdsa-untouched":     "user presence",
		"rsa-2048":               "2048 bits is too short",
		"rsa-3072-sha1":          "SHA-1",
		"dsa":                    "DSA",
		"ed25519-certificate":    "certificate",
		"ed25519-namespace-git":  `namespace "git"`,
		"ed25519-namespace-file": `namespace "file"`,
	} {
		t.Run(name, func(t *testing.T) {
			armored := vector(t, name+".sig")
			wantError(t, check(product.VoteNamespace, armored, statement), want)
			if want != "" {
				return
			}
			if err := check(product.VoteNamespace, armored, append(statement, '\n')); err == nil {
				t.Error("verifies over other bytes")
			}
		})
	}
}

func TestWhatOpenSSHPublishes(t *testing.T) {
	message := vector(t, "openssh/signed-data")
	for name, want := range map[string]string{
		"rsa":               "",
		"ecdsa":             "",
		"ed25519":           "",
		"ecdsa_sk":          "",
		"ed25519_sk":        "",
		"ecdsa_sk_webauthn": "bytes left over", // signed in a browser: its format is not ours
		"mldsa44-ed25519":   "cannot vote",
	} {
		t.Run(name, func(t *testing.T) {
			armored := vector(t, "openssh/"+name+".sig")
			wantError(t, check("unittest", armored, message), want)
			if check(product.VoteNamespace, armored, message) == nil {
				t.Error("verifies in the vote namespace")
			}
		})
	}
}

func TestSignatureNamesItsKey(t *testing.T) {
	for _, name := range []string{"ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-3072", "sk-ed25519", "sk-ecdsa"} {
		want, _, _, _, err := ssh.ParseAuthorizedKey(vector(t, name+".pub"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseSSHSIG(vector(t, name+".sig"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(s.Key.Marshal(), want.Marshal()) {
			t.Errorf("%s: the signature names %s", name, ssh.FingerprintSHA256(s.Key))
		}
	}
}

func TestArmorIsSSHKeygens(t *testing.T) {
	for _, name := range []string{"ed25519", "ecdsa-p521", "rsa-3072", "sk-ecdsa", "ed25519-namespace-git"} {
		armored := vector(t, name+".sig")
		s, err := ParseSSHSIG(armored)
		if err != nil {
			t.Fatal(err)
		}
		// To standard output, ssh-keygen leaves out the last line feed.
		if got := bytes.TrimSuffix(ArmorSSHSIG(s), []byte("\n")); !bytes.Equal(got, bytes.TrimSuffix(armored, []byte("\n"))) {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

// No bit of a signature is idle.
func TestEveryBitCounts(t *testing.T) {
	statement := vector(t, "statement.json")
	for _, name := range []string{"ed25519", "ecdsa-p256", "sk-ed25519", "sk-ecdsa"} {
		s, err := ParseSSHSIG(vector(t, name+".sig"))
		if err != nil {
			t.Fatal(err)
		}
		blob := s.marshal()
		for bit := range len(blob) * 8 {
			blob[bit/8] ^= 1 << (bit % 8)
			if turned, err := parseBlob(blob); err == nil && turned.Verify(statement) == nil {
				t.Errorf("%s verifies with bit %d turned", name, bit)
			}
			blob[bit/8] ^= 1 << (bit % 8)
		}
	}
}
