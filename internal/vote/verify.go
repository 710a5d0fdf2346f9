// SPDX-License-Identifier: Apache-2.0

package vote

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/product"
)

// MinRSA is the shortest RSA modulus that may vote, in bits.
const MinRSA = 3072

// Verify reports whether s is a vote signature over message by s.Key. It
// fails unless the namespace is exactly product.VoteNamespace and the key
// passes CheckKey. RSA must sign with SHA-2, and a security key (sk-) must
// say that somebody touched it. Whose key it is, the policy says.
func (s *Signature) Verify(message []byte) error {
	return s.verify(product.VoteNamespace, message)
}

func (s *Signature) verify(namespace string, message []byte) error {
	if s == nil || s.Key == nil || s.Blob == nil {
		return errors.New("SSH signature: there is none")
	}
	if s.Namespace != namespace {
		return fmt.Errorf("SSH signature: made for namespace %.80q, not %q", s.Namespace, namespace)
	}
	if err := CheckKey(s.Key); err != nil {
		return fmt.Errorf("SSH signature: %w", err)
	}
	if err := checkBlob(s.Key, s.Blob); err != nil {
		return fmt.Errorf("SSH signature: %w", err)
	}
	data, err := SignedData(s.Namespace, s.HashAlgorithm, message)
	if err != nil {
		return fmt.Errorf("SSH signature: %w", err)
	}
	if err := s.Key.Verify(data, s.Blob); err != nil {
		return fmt.Errorf("SSH signature by %s: %w", ssh.FingerprintSHA256(s.Key), err)
	}
	return nil
}

// CheckKey reports whether a key of this type and size may vote: Ed25519,
// ECDSA on the NIST curves, RSA of MinRSA bits and more, and the security-key
// forms of the first two. DSA, certificates and everything else may not. It is
// the one rule for signing, verifying and reading a policy.
func CheckKey(key ssh.PublicKey) error {
	if formatsOf(key.Type()) == nil {
		return refuseType(key.Type())
	}
	if key.Type() != ssh.KeyAlgoRSA {
		return nil
	}
	n, err := modulus(key)
	if err != nil {
		return err
	}
	if n.BitLen() < MinRSA {
		return fmt.Errorf("an RSA key of %d bits is too short, the least is %d", n.BitLen(), MinRSA)
	}
	return nil
}

// SignatureFormat returns how key is to sign a vote: the format's name in
// RFC 8332 and OpenSSH. It is empty for a key that may not vote.
func SignatureFormat(key ssh.PublicKey) string {
	formats := formatsOf(key.Type())
	if formats == nil {
		return ""
	}
	return formats[0]
}

// formatsOf is the table of keys that may vote: a key type, and the signature
// formats it may use, the one we make first.
func formatsOf(keyType string) []string {
	switch keyType {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521:
		return []string{keyType}
	case ssh.KeyAlgoRSA:
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return nil
}

func refuseType(keyType string) error {
	switch {
	case strings.Contains(keyType, "-cert-"):
		return fmt.Errorf("a certificate (%.80s) cannot vote: use the key itself", keyType)
	case keyType == "ssh-dss":
		return errors.New("a DSA key cannot vote: it signs with SHA-1")
	}
	return fmt.Errorf("a key of type %.80q cannot vote", keyType)
}

func isSecurityKey(format string) bool {
	return format == ssh.KeyAlgoSKED25519 || format == ssh.KeyAlgoSKECDSA256
}

// checkBlob refuses a signature format the key may not use, and a signature
// not in its one encoding. That does not make signatures unique (of an ECDSA
// signature r, s there is also r, -s): what tells two votes apart is Ballot.ID.
func checkBlob(key ssh.PublicKey, sig *ssh.Signature) error {
	if key.Type() == ssh.KeyAlgoRSA && sig.Format == ssh.KeyAlgoRSA {
		return errors.New("RSA with SHA-1 (ssh-rsa) is refused: sign with rsa-sha2-512")
	}
	if !slices.Contains(formatsOf(key.Type()), sig.Format) {
		return fmt.Errorf("a %s key cannot make a signature of format %.80q", key.Type(), sig.Format)
	}
	switch key.Type() {
	case ssh.KeyAlgoRSA:
		n, err := modulus(key)
		if err != nil {
			return err
		}
		if len(sig.Blob) != (n.BitLen()+7)/8 {
			return errors.New("the RSA signature is not as long as its key")
		}
	case ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256:
		return checkECDSA(sig.Blob)
	}
	return nil
}

// checkECDSA asks for two positive numbers in the mpint encoding of RFC 4251.
func checkECDSA(blob []byte) error {
	var pair struct{ R, S *big.Int }
	if err := ssh.Unmarshal(blob, &pair); err != nil {
		return fmt.Errorf("ECDSA signature: %w", err)
	}
	if pair.R.Sign() <= 0 || pair.S.Sign() <= 0 || !bytes.Equal(ssh.Marshal(pair), blob) {
		return errors.New("ECDSA signature: not in its one encoding")
	}
	return nil
}

func modulus(key ssh.PublicKey) (*big.Int, error) {
	if k, ok := key.(ssh.CryptoPublicKey); ok {
		if r, ok := k.CryptoPublicKey().(*rsa.PublicKey); ok {
			return r.N, nil
		}
	}
	return nil, errors.New("the RSA key's modulus cannot be read")
}
