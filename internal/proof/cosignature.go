// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// algCosignature is the signature type of Ed25519 cosignatures in verifier keys
// and key hashes, by the signed-note specification.
const algCosignature = 0x04

// cosignatureSize is the time and the Ed25519 signature, without the key hash.
const cosignatureSize = 8 + ed25519.SignatureSize

// ErrCosignature says that a line is not that cosigner's cosignature of a text.
var ErrCosignature = errors.New("cosignature does not verify")

// A Cosigner is the public key of a witness: C2SP tlog-cosignature with
// Ed25519. As a note.Verifier it takes part in note.Open. The zero Cosigner
// verifies nothing.
type Cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

var _ note.Verifier = Cosigner{}

// ParseCosigner reads a verifier key of signature type 0x04, NAME+HASH+BASE64.
// It fails with ErrMalformed.
func ParseCosigner(verifierKey string) (Cosigner, error) {
	name, rest, _ := strings.Cut(verifierKey, "+")
	hash16, key64, _ := strings.Cut(rest, "+")
	hash, key, err := keyParts(name, hash16, key64)
	switch {
	case err != nil:
		return Cosigner{}, fmt.Errorf("key of a witness %.200q: %w: %w", verifierKey, ErrMalformed, err)
	case len(key) != 1+ed25519.PublicKeySize || key[0] != algCosignature:
		return Cosigner{}, fmt.Errorf("key of a witness %.200q: no Ed25519 key for cosignatures, type 4: %w", verifierKey, ErrMalformed)
	}
	c := cosigner(name, key[1:])
	if c.hash != hash {
		return Cosigner{}, fmt.Errorf("key of a witness %.200q: its hash is %08x: %w", verifierKey, c.hash, ErrMalformed)
	}
	return c, nil
}

func cosigner(name string, key ed25519.PublicKey) Cosigner {
	sum := sha256.Sum256(append([]byte(name+"\n"), append([]byte{algCosignature}, key...)...))
	return Cosigner{name: name, hash: binary.BigEndian.Uint32(sum[:]), key: key}
}

// keyParts reads the hash and the bytes of a key in note's form.
func keyParts(name, hash16, key64 string) (uint32, []byte, error) {
	if !keyName(name) {
		return 0, nil, errors.New("no name that a key can have")
	}
	hash, err := strconv.ParseUint(hash16, 16, 32)
	if err != nil || len(hash16) != 8 {
		return 0, nil, errors.New("its hash is not 8 hex digits")
	}
	key, err := base64.StdEncoding.Strict().DecodeString(key64)
	if err != nil {
		return 0, nil, errors.New("not in base64")
	}
	return uint32(hash), key, nil
}

// keyName says whether a key can have this name, by the signed-note
// specification.
func keyName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.Contains(name, "+") &&
		strings.IndexFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r < ' ' }) < 0
}

// Name is the name of the key.
func (c Cosigner) Name() string { return c.name }

// KeyHash is the key id in its signature lines.
func (c Cosigner) KeyHash() uint32 { return c.hash }

// String is the verifier key, as ParseCosigner reads it.
func (c Cosigner) String() string {
	return fmt.Sprintf("%s+%08x+%s", c.name, c.hash, base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, c.key...)))
}

// Verify says whether sig, a time and a signature, is over the text of a note.
func (c Cosigner) Verify(text, sig []byte) bool {
	if len(sig) != cosignatureSize || len(c.key) != ed25519.PublicKeySize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at > 0 && at <= math.MaxInt64 && ed25519.Verify(c.key, cosigned(at, text), sig[8:])
}

// cosigned is the message that a cosignature signs.
func cosigned(at uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
}

// Cosignature checks that line, a signature line of a note with or without its
// line feed, is this cosigner's over the text of a checkpoint, and returns when
// it was made. Whether that is in the future is the caller's to judge. It fails
// with ErrCosignature.
func (c Cosigner) Cosignature(text []byte, line string) (time.Time, error) {
	name, encoded, ok := cutLine(line)
	if !ok {
		return time.Time{}, fmt.Errorf("no signature line: %w", ErrCosignature)
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(sig) != 4+cosignatureSize {
		return time.Time{}, fmt.Errorf("signature line of %.80q: no Ed25519 cosignature: %w", name, ErrCosignature)
	}
	if hash := binary.BigEndian.Uint32(sig); name != c.name || hash != c.hash {
		return time.Time{}, fmt.Errorf("it is of the key %.80s+%08x, not %s+%08x: %w", name, hash, c.name, c.hash, ErrCosignature)
	}
	if !c.Verify(text, sig[4:]) {
		return time.Time{}, fmt.Errorf("of %s over other bytes: %w", c.name, ErrCosignature)
	}
	return time.Unix(int64(binary.BigEndian.Uint64(sig[4:])), 0).UTC(), nil
}

// cutLine is the name and the base64 of a signature line.
func cutLine(line string) (name, encoded string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "— ")
	if !ok || strings.Contains(rest, "\n") {
		return "", "", false
	}
	return strings.Cut(rest, " ")
}

// A CosignerKey is the private key of a witness. The zero key signs nothing.
type CosignerKey struct {
	Cosigner
	private ed25519.PrivateKey
}

// privatePrefix begins a private key in note's form.
const privatePrefix = "PRIVATE+KEY+"

// NewCosignerKey makes the key of a witness called name, which must be without
// spaces and plus signs; an address without its scheme, by the specification.
func NewCosignerKey(name string, random io.Reader) (CosignerKey, error) {
	if !keyName(name) {
		return CosignerKey{}, fmt.Errorf("make key of a witness: %.80q is no name that a key can have: %w", name, ErrMalformed)
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return CosignerKey{}, fmt.Errorf("make key of a witness: %w", err)
	}
	return cosignerKey(name, seed), nil
}

func cosignerKey(name string, seed []byte) CosignerKey {
	private := ed25519.NewKeyFromSeed(seed)
	return CosignerKey{cosigner(name, private.Public().(ed25519.PublicKey)), private}
}

// ParseCosignerKey reads what Private wrote. Its errors repeat nothing of it. It
// fails with ErrMalformed.
func ParseCosignerKey(private string) (CosignerKey, error) {
	rest, ok := strings.CutPrefix(private, privatePrefix)
	name, rest, _ := strings.Cut(rest, "+")
	hash16, key64, _ := strings.Cut(rest, "+")
	hash, key, err := keyParts(name, hash16, key64)
	if !ok || err != nil || len(key) != 1+ed25519.SeedSize || key[0] != algCosignature {
		return CosignerKey{}, fmt.Errorf("private key of a witness: no Ed25519 key for cosignatures, type 4: %w", ErrMalformed)
	}
	k := cosignerKey(name, key[1:])
	if k.hash != hash {
		return CosignerKey{}, fmt.Errorf("private key of a witness: its hash is another: %w", ErrMalformed)
	}
	return k, nil
}

// Private is the key in the form of golang.org/x/mod/sumdb/note, of signature
// type 4. It is a secret.
func (k CosignerKey) Private() string {
	return fmt.Sprintf("%s%s+%08x+%s", privatePrefix, k.name, k.hash, base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, k.private.Seed()...)))
}

// Cosign cosigns the text of a checkpoint as of a time, to the second, and
// returns the signature line without its line feed. That the text follows from
// all that was cosigned before is the caller's to see to.
func (k CosignerKey) Cosign(text []byte, at time.Time) (string, error) {
	if k.private == nil || at.Unix() <= 0 {
		return "", fmt.Errorf("cosign: no key, or a time before 1970: %w", ErrMalformed)
	}
	sig := binary.BigEndian.AppendUint32(nil, k.hash)
	sig = binary.BigEndian.AppendUint64(sig, uint64(at.Unix()))
	sig = append(sig, ed25519.Sign(k.private, cosigned(uint64(at.Unix()), text))...)
	return fmt.Sprintf("— %s %s", k.name, base64.StdEncoding.EncodeToString(sig)), nil
}
