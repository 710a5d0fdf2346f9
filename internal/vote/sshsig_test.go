// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/product"
)

// good returns the parts of a signature that verifies, to spoil one of them.
func good(t testing.TB) (wire, *Signature) {
	t.Helper()
	s, err := ParseSSHSIG(vector(t, "ed25519.sig"))
	if err != nil {
		t.Fatal(err)
	}
	return wire{
		Version:       version,
		Key:           s.Key.Marshal(),
		Namespace:     s.Namespace,
		HashAlgorithm: s.HashAlgorithm,
		Signature:     ssh.Marshal(s.Blob),
	}, s
}

// armorBytes is ArmorSSHSIG for bytes that are no signature.
func armorBytes(blob []byte) []byte {
	return []byte(begin + "\n" + base64.StdEncoding.EncodeToString(blob) + "\n" + end + "\n")
}

func TestFieldsPROTOCOLsshsigFixes(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*wire)
		want  string
	}{
		"as it is":                 {func(*wire) {}, ""},
		"version 0":                {func(w *wire) { w.Version = 0 }, "version 0"},
		"version 2":                {func(w *wire) { w.Version = 2 }, "version 2"},
		"no namespace":             {func(w *wire) { w.Namespace = "" }, "namespace is empty"},
		"reserved in use":          {func(w *wire) { w.Reserved = "x" }, "reserved"},
		"hash sha1":                {func(w *wire) { w.HashAlgorithm = "sha1" }, `hash algorithm "sha1"`},
		"hash in capitals":         {func(w *wire) { w.HashAlgorithm = "SHA512" }, "hash algorithm"},
		"no hash":                  {func(w *wire) { w.HashAlgorithm = "" }, "hash algorithm"},
		"no key":                   {func(w *wire) { w.Key = nil }, "public key"},
		"bytes after the key":      {func(w *wire) { w.Key = append(w.Key, 0) }, "public key"},
		"key cut short":            {func(w *wire) { w.Key = w.Key[:len(w.Key)-1] }, "public key"},
		"unknown key type":         {func(w *wire) { w.Key = ssh.Marshal(struct{ T string }{"ssh-xmss@openssh.com"}) }, "cannot vote"},
		"certificate":              {func(w *wire) { w.Key = ssh.Marshal(struct{ T string }{ssh.CertAlgoED25519v01}) }, "certificate"},
		"no signature":             {func(w *wire) { w.Signature = nil }, "signature"},
		"bytes after signature":    {func(w *wire) { w.Signature = append(w.Signature, 0) }, "left over"},
		"signature cut short":      {func(w *wire) { w.Signature = w.Signature[:20] }, "signature"},
		"signature a longer field": {func(w *wire) { w.Signature = append(w.Signature, 0, 0, 0, 0) }, "left over"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := good(t)
			c.spoil(&w)
			_, err := ParseSSHSIG(armorBytes(append([]byte(magic), ssh.Marshal(w)...)))
			wantError(t, err, c.want)
		})
	}
}

func TestNoBytesAroundTheFields(t *testing.T) {
	w, _ := good(t)
	blob := append([]byte(magic), ssh.Marshal(w)...)
	for name, b := range map[string][]byte{
		"nothing":           nil,
		"magic alone":       []byte(magic),
		"other magic":       append([]byte("SSHSIg"), ssh.Marshal(w)...),
		"no magic":          ssh.Marshal(w),
		"a byte at the end": append(bytes.Clone(blob), 0),
		"twice":             append(bytes.Clone(blob), blob...),
		"one byte short":    blob[:len(blob)-1],
	} {
		if _, err := ParseSSHSIG(armorBytes(b)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

// A number that could be written two ways would give a key two fingerprints.
func TestOneEncodingOnly(t *testing.T) {
	w, _ := good(t)
	rsa, err := ParseSSHSIG(vector(t, "rsa-3072.sig"))
	if err != nil {
		t.Fatal(err)
	}
	key := rsa.Key.Marshal()
	// The exponent 01 00 01 with a zero byte before it is the same number.
	at := len("....ssh-rsa")
	padded := append(bytes.Clone(key[:at]), 0, 0, 0, 4, 0)
	padded = append(padded, key[at+4:]...)
	if binary.BigEndian.Uint32(key[at:]) != 3 {
		t.Fatal("the exponent is not where it is looked for")
	}
	if _, err := ssh.ParsePublicKey(padded); err != nil {
		t.Fatalf("the library reads it no more, which leaves nothing to test: %v", err)
	}
	w.Key = padded
	_, err = ParseSSHSIG(armorBytes(append([]byte(magic), ssh.Marshal(w)...)))
	wantError(t, err, "one encoding")
}

func TestArmor(t *testing.T) {
	_, s := good(t)
	armored := string(ArmorSSHSIG(s))
	lines := strings.Split(armored, "\n")
	oneLine := strings.Join(append([]string{lines[0], strings.Join(lines[1:len(lines)-2], "")}, lines[len(lines)-2:]...), "\n")
	for name, c := range map[string]struct{ text, want string }{
		"as written":               {armored, ""},
		"without a last line feed": {strings.TrimSuffix(armored, "\n"), ""},
		"CRLF":                     {strings.ReplaceAll(armored, "\n", "\r\n"), ""},
		"on one line":              {oneLine, ""},
		"empty":                    {"", "start with"},
		"text before":              {"x" + armored, "start with"},
		"line before":              {"\n" + armored, "start with"},
		"text after":               {armored + "x", "end with"},
		"two line feeds after":     {armored + "\n", "end with"},
		"twice":                    {armored + armored, "base64"},
		"no end":                   {strings.Join(lines[:len(lines)-2], "\n"), "end with"},
		"PGP":                      {strings.ReplaceAll(armored, "SSH", "PGP"), "start with"},
		"a space in a line":        {strings.Replace(armored, "U1NI", "U1 NI", 1), "base64"},
		"a lone carriage return":   {strings.Replace(armored, "U1NI", "U1\rNI", 1), "carriage return"},
		"a header":                 {strings.Replace(armored, "U1NI", "Comment: x\n\nU1NI", 1), "base64"},
		"nothing inside":           {begin + "\n\n" + end + "\n", "magic"},
		"over the limit":           {begin + "\n" + strings.Repeat("A", MaxSSHSIG) + "\n" + end, "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseSSHSIG([]byte(c.text))
			wantError(t, err, c.want)
		})
	}
}

func TestBase64HasOneForm(t *testing.T) {
	s, err := ParseSSHSIG(vector(t, "ecdsa-p256.sig"))
	if err != nil {
		t.Fatal(err)
	}
	for len(s.marshal())%3 != 1 { // so that the last character has bits to spare
		s.Namespace += "x"
	}
	armored := ArmorSSHSIG(s)
	at := bytes.Index(armored, []byte("==")) - 1
	armored[at]++ // the same bytes, written differently
	if _, err := ParseSSHSIG(armored); err == nil {
		t.Error("read with bits set that belong to no byte")
	}
}

func TestSignedData(t *testing.T) {
	for name, c := range map[string]struct {
		hash string
		size int
		want string
	}{
		"sha256": {SHA256, 32, ""},
		"sha512": {SHA512, 64, ""},
		"sha1":   {"sha1", 0, "hash algorithm"},
		"none":   {"", 0, "hash algorithm"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := SignedData(product.VoteNamespace, c.hash, []byte("message"))
			wantError(t, err, c.want)
			fields := 3*4 + len(product.VoteNamespace) + len(c.hash) + 4
			if err == nil && len(data) != len(magic)+fields+c.size {
				t.Errorf("%d bytes", len(data))
			}
		})
	}
}
