// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/gateledger/gateledger/internal/event"
)

// maxEventKey is the largest key file that is read, in bytes.
const maxEventKey = 64 << 10

// What can be wrong with a key file, told apart by errors.Is.
var (
	ErrKeyFile  = errors.New("not an event key") // another kind of key, or none
	ErrPassword = errors.New("wrong password, or none given")
)

// GenerateKey makes an ECDSA P-256 key and returns it as PKCS #8 in PEM.
func GenerateKey(rand io.Reader) (pemPKCS8 []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand)
	if err != nil {
		return nil, fmt.Errorf("generate event key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("generate event key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ParseKey reads an ECDSA P-256 private key in PEM: PKCS #8, SEC 1, or
// cosign's encrypted form. It calls password only for the last; nil means
// there is none to give. It fails with ErrKeyFile for anything else, saying
// what that is, and with ErrPassword.
func ParseKey(data []byte, password func() ([]byte, error)) (event.Signer, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, fmt.Errorf("read event key: %w", err)
	}
	key, err := readBlock(block, password)
	if err != nil {
		return nil, fmt.Errorf("read event key: %w", err)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok || ec.Curve != elliptic.P256() {
		return nil, fmt.Errorf("read event key: %w: it is not ECDSA P-256", ErrKeyFile)
	}
	public, err := x509.MarshalPKIXPublicKey(&ec.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("read event key: %w", err)
	}
	return &keySigner{key: ec, verifier: event.Verifier{KeyDetails: event.KeyDetails, PublicKey: public}}, nil
}

// onlyBlock returns the one PEM block of a key file. The curve's parameters,
// which openssl writes before the key, are passed over.
func onlyBlock(data []byte) (*pem.Block, error) {
	if len(data) > maxEventKey {
		return nil, fmt.Errorf("%w: %d bytes, over the limit of %d", ErrKeyFile, len(data), maxEventKey)
	}
	block, rest := pem.Decode(data)
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(rest)
	}
	switch {
	case block == nil:
		return nil, fmt.Errorf("%w: no PEM block", ErrKeyFile)
	case len(bytes.TrimSpace(rest)) != 0:
		return nil, fmt.Errorf("%w: more than one PEM block", ErrKeyFile)
	case strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, fmt.Errorf("%w: encrypted by openssl's old way, which is weak; decrypt it first", ErrKeyFile)
	}
	return block, nil
}

// A form is one way a private key stands in PEM.
type form struct {
	label string
	read  func(der []byte, password func() ([]byte, error)) (any, error)
}

func forms() []form {
	return []form{
		{"PRIVATE KEY", func(der []byte, _ func() ([]byte, error)) (any, error) { return x509.ParsePKCS8PrivateKey(der) }},
		{"EC PRIVATE KEY", func(der []byte, _ func() ([]byte, error)) (any, error) { return x509.ParseECPrivateKey(der) }},
		{"ENCRYPTED SIGSTORE PRIVATE KEY", readEncrypted},
		{"ENCRYPTED COSIGN PRIVATE KEY", readEncrypted},
	}
}

func readBlock(block *pem.Block, password func() ([]byte, error)) (any, error) {
	table := forms()
	i := slices.IndexFunc(table, func(f form) bool { return f.label == block.Type })
	if i < 0 {
		return nil, fmt.Errorf("%w: %s", ErrKeyFile, notKey(block.Type))
	}
	key, err := table[i].read(block.Bytes, password)
	if err != nil && !errors.Is(err, ErrPassword) {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	return key, err
}

// notKey says what a PEM block is instead, for the mistakes people make.
func notKey(label string) string {
	switch label {
	case "PUBLIC KEY":
		return "it is the public half"
	case "OPENSSH PRIVATE KEY":
		return "it is an SSH key, which signs votes and not events"
	case "ENCRYPTED PRIVATE KEY":
		return "it is encrypted PKCS #8; use cosign's encrypted form, or decrypt it"
	}
	return fmt.Sprintf("it is a PEM %.60q", label)
}

// readEncrypted opens cosign's encrypted form: scrypt and secretbox around
// PKCS #8, as go-securesystemslib writes it.
func readEncrypted(sealed []byte, password func() ([]byte, error)) (any, error) {
	if password == nil {
		return nil, fmt.Errorf("%w: the key is encrypted", ErrPassword)
	}
	pass, err := password()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPassword, err)
	}
	der, err := encrypted.Decrypt(sealed, pass)
	clear(pass)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPassword, err)
	}
	return x509.ParsePKCS8PrivateKey(der)
}

// keySigner signs with a key in memory.
type keySigner struct {
	key      *ecdsa.PrivateKey
	verifier event.Verifier
}

var _ event.Signer = (*keySigner)(nil)

// Sign is deterministic (RFC 6979), so that signing the same event again,
// after a crash say, gives the same bytes.
func (s *keySigner) Sign(message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return s.key.Sign(nil, sum[:], crypto.SHA256)
}

func (s *keySigner) Verifier() event.Verifier { return s.verifier }
