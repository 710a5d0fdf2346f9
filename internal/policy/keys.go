// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/vote"
)

// maxRSABits bounds what one signature can cost a verifier.
const maxRSABits = 8192

// ParseSSHKey reads one public key as it stands in a .pub file, and refuses
// what cannot vote (see vote.CheckKey), several keys, and the options of an
// authorized_keys file.
func ParseSSHKey(text string) (ssh.PublicKey, error) {
	if isPrivate(text) {
		return nil, errPrivate
	}
	key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(text))
	switch {
	case err != nil:
		return nil, fmt.Errorf("not an ssh public key: %w", err)
	case len(options) > 0:
		return nil, fmt.Errorf("the key carries the option %q; give the key alone", options[0])
	case strings.TrimSpace(string(rest)) != "":
		return nil, errors.New("more than one key; give each its own entry")
	}
	return key, usable(key)
}

var errPrivate = errors.New("this is a private key; give the public one, from the file that ends in .pub")

func isPrivate(text string) bool { return strings.Contains(text, "PRIVATE KEY") }

func usable(key ssh.PublicKey) error {
	if err := vote.CheckKey(key); err != nil {
		return err
	}
	if k, ok := key.(ssh.CryptoPublicKey); ok {
		if r, ok := k.CryptoPublicKey().(*rsa.PublicKey); ok && r.N.BitLen() > maxRSABits {
			return fmt.Errorf("an RSA key of %d bits is too long, the most is %d", r.N.BitLen(), maxRSABits)
		}
	}
	return nil
}

// machineKeyID is the id that an ssh key has if a machine signs events with
// it, or "".
func machineKeyID(key ssh.PublicKey) string {
	k, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return ""
	}
	der, err := x509.MarshalPKIXPublicKey(k.CryptoPublicKey())
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (d *decoder) sshKey(n *yaml.Node, path string) ssh.PublicKey {
	if isPrivate(n.Value) {
		d.fail(n, path, "%v", errPrivate)
		return nil
	}
	text, ok := d.text(n, path)
	if !ok {
		return nil
	}
	key, err := ParseSSHKey(text)
	if err != nil {
		d.fail(n, path, "%v", err)
		return nil
	}
	return key
}

func (d *decoder) logKey(n *yaml.Node, path, text string) bool {
	_, err := note.NewVerifier(text)
	if err != nil {
		d.fail(n, path, "not a note verifier key (origin+hash+base64): %v", err)
	}
	return err == nil
}
