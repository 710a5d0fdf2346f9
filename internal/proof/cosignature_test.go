// SPDX-License-Identifier: Apache-2.0

package proof_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/proof"
)

const (
	cosignedText = "example.com/log\n7\nAuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=\n"
	otherText    = "example.com/log\n8\nAuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=\n"
)

var cosignedAt = time.Unix(1679315147, 0).UTC()

// fixedKey is the key whose seed is 32 bytes of one.
func fixedKey(t testing.TB) proof.CosignerKey {
	t.Helper()
	key, err := proof.NewCosignerKey("witness.example/w1", bytes.NewReader(bytes.Repeat([]byte{1}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestCosignature(t *testing.T) {
	key := fixedKey(t)
	line, err := key.Cosign([]byte(cosignedText), cosignedAt.Add(999*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []string{line, line + "\n"} {
		at, err := key.Cosignature([]byte(cosignedText), l)
		if err != nil || !at.Equal(cosignedAt) {
			t.Errorf("made at %s, %v", at, err)
		}
	}
	// It is a signature of a note as anybody reads one.
	n, err := note.Open([]byte(cosignedText+"\n"+line+"\n"), note.VerifierList(key.Cosigner))
	if err != nil || len(n.Sigs) != 1 || n.Sigs[0].Name != key.Name() {
		t.Errorf("as a note: %v, %v", n, err)
	}
}

func TestCosignatureIsOfJustThisTextTimeAndKey(t *testing.T) {
	key := fixedKey(t)
	line, err := key.Cosign([]byte(cosignedText), cosignedAt)
	if err != nil {
		t.Fatal(err)
	}
	other, err := proof.NewCosignerKey("witness.example/w1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := base64.StdEncoding.DecodeString(line[strings.LastIndex(line, " ")+1:])
	if err != nil {
		t.Fatal(err)
	}
	spell := func(sig []byte) string {
		return "— witness.example/w1 " + base64.StdEncoding.EncodeToString(sig)
	}
	for fact, c := range map[string]struct {
		by         proof.Cosigner
		text, line string
	}{
		"another text":         {key.Cosigner, otherText, line},
		"no text":              {key.Cosigner, "", line},
		"another key":          {other.Cosigner, cosignedText, line},
		"no key":               {proof.Cosigner{}, cosignedText, line},
		"another name":         {key.Cosigner, cosignedText, strings.Replace(line, "w1", "w2", 1)},
		"no line":              {key.Cosigner, cosignedText, ""},
		"no dash":              {key.Cosigner, cosignedText, strings.TrimPrefix(line, "— ")},
		"two lines":            {key.Cosigner, cosignedText, line + "\n" + line},
		"spaces":               {key.Cosigner, cosignedText, line + " "},
		"cut":                  {key.Cosigner, cosignedText, spell(sig[:len(sig)-1])},
		"longer":               {key.Cosigner, cosignedText, spell(append(bytes.Clone(sig), 0))},
		"of time zero":         {key.Cosigner, cosignedText, spell(append(append(bytes.Clone(sig[:4]), make([]byte, 8)...), sig[12:]...))},
		"a plain signature":    {key.Cosigner, cosignedText, spell(append(bytes.Clone(sig[:4]), sig[12:]...))},
		"not in strict base64": {key.Cosigner, cosignedText, strings.TrimRight(line, "=")},
	} {
		if _, err := c.by.Cosignature([]byte(c.text), c.line); !errors.Is(err, proof.ErrCosignature) {
			t.Errorf("%s: %v", fact, err)
		}
	}
	for i := range sig {
		flipped := bytes.Clone(sig)
		flipped[i] ^= 1
		if _, err := key.Cosignature([]byte(cosignedText), spell(flipped)); !errors.Is(err, proof.ErrCosignature) {
			t.Errorf("byte %d flipped: %v", i, err)
		}
	}
}

func TestCosignerKeysReadBack(t *testing.T) {
	key := fixedKey(t)
	private, err := proof.ParseCosignerKey(key.Private())
	if err != nil || private.Private() != key.Private() || private.String() != key.String() {
		t.Errorf("private key: %v", err)
	}
	public, err := proof.ParseCosigner(key.String())
	if err != nil || public.String() != key.String() || public.KeyHash() != key.KeyHash() || public.Name() != "witness.example/w1" {
		t.Errorf("public key: %v, %v", public, err)
	}
	if strings.Contains(key.String(), "PRIVATE") {
		t.Error("the public key is the private one")
	}
}

func TestCosignerKeysRefuse(t *testing.T) {
	key := fixedKey(t)
	public, private := key.String(), key.Private()
	name, rest, _ := strings.Cut(public, "+")
	hash, encoded, _ := strings.Cut(rest, "+")
	for fact, vkey := range map[string]string{
		"nothing":           "",
		"a name":            name,
		"no key":            name + "+" + hash,
		"no name":           "+" + hash + "+" + encoded,
		"another name":      "witness.example/w2+" + hash + "+" + encoded,
		"a space":           "witness example+" + hash + "+" + encoded,
		"another hash":      name + "+00000000+" + encoded,
		"a short hash":      name + "+" + hash[1:] + "+" + encoded,
		"a long hash":       name + "+0" + hash + "+" + encoded,
		"not base64":        name + "+" + hash + "+!" + encoded,
		"a log's key":       tesseraKey,
		"a private key":     private,
		"something after":   public + "+x",
		"a key of 31 bytes": name + "+" + hash + "+" + encoded[:len(encoded)-4],
	} {
		if _, err := proof.ParseCosigner(vkey); !errors.Is(err, proof.ErrMalformed) {
			t.Errorf("public, %s: %v", fact, err)
		}
	}
	for fact, skey := range map[string]string{
		"nothing":      "",
		"a public key": public,
		"a log's key":  tesseraSigner,
		"cut":          private[:len(private)-5],
		"another name": strings.Replace(private, "w1", "w2", 1),
	} {
		_, err := proof.ParseCosignerKey(skey)
		if !errors.Is(err, proof.ErrMalformed) || len(skey) > 40 && strings.Contains(err.Error(), skey[len(skey)-20:]) {
			t.Errorf("private, %s: %v", fact, err)
		}
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb", "a\x00b", "\xff"} {
		if _, err := proof.NewCosignerKey(name, rand.Reader); !errors.Is(err, proof.ErrMalformed) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	if _, err := proof.NewCosignerKey("w", bytes.NewReader(nil)); err == nil {
		t.Error("a key without randomness")
	}
	if _, err := (proof.CosignerKey{}).Cosign([]byte(cosignedText), cosignedAt); err == nil {
		t.Error("the zero key signs")
	}
	if _, err := key.Cosign([]byte(cosignedText), time.Time{}); err == nil {
		t.Error("cosigned before 1970")
	}
}

func TestTextOfAnybodysCheckpoint(t *testing.T) {
	c, err := proof.ParseText(cosignedText + "an extension\n")
	if err != nil || c.Origin != "example.com/log" || c.Size != 7 {
		t.Errorf("%+v, %v", c, err)
	}
	for fact, text := range map[string]string{
		"nothing":            "",
		"two lines":          "example.com/log\n7\n",
		"no end":             strings.TrimSuffix(cosignedText, "\n"),
		"no origin":          strings.TrimPrefix(cosignedText, "example.com/log"),
		"an empty extension": cosignedText + "\n",
		"a leading zero":     strings.Replace(cosignedText, "\n7\n", "\n07\n", 1),
		"a size too large":   strings.Replace(cosignedText, "\n7\n", "\n281474976710657\n", 1),
		"half a root":        strings.Replace(cosignedText, "AuIZ5V6s", "", 1),
	} {
		if _, err := proof.ParseText(text); !errors.Is(err, proof.ErrMalformed) {
			t.Errorf("%s: %v", fact, err)
		}
	}
}

func FuzzCosignature(f *testing.F) {
	key := fixedKey(f)
	line, err := key.Cosign([]byte(cosignedText), cosignedAt)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line, key.String())
	f.Add("— a b", "a+00000000+BA==")
	f.Fuzz(func(t *testing.T, line, vkey string) {
		if _, err := key.Cosignature([]byte(cosignedText), line); err == nil {
			if _, err := note.Open([]byte(cosignedText+"\n"+strings.TrimSuffix(line, "\n")+"\n"), note.VerifierList(key.Cosigner)); err != nil {
				t.Errorf("%q: note.Open says %v", line, err)
			}
		}
		if c, err := proof.ParseCosigner(vkey); err == nil {
			if again, err := proof.ParseCosigner(c.String()); err != nil || again.String() != c.String() {
				t.Errorf("%q reads back as %v, %v", vkey, again, err)
			}
		}
	})
}
