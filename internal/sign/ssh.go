// SPDX-License-Identifier: Apache-2.0

// Package sign holds what signs: the key files that sign events, and the SSH keys
// of the people who vote, wherever they are kept.
package sign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

// An SSHSigner makes vote signatures with one SSH key.
type SSHSigner interface {
	// PublicKey returns the key that a signature will verify under.
	PublicKey() ssh.PublicKey
	// SignSSHSIG returns the armored SSHSIG of message in the namespace
	// product.VoteNamespace. It may ask a person for a touch or a PIN, and
	// never returns a signature that vote.Signature.Verify refuses.
	SignSSHSIG(ctx context.Context, message []byte) (armored []byte, err error)
	// Describe names the key and where it is kept, for people.
	Describe() string
}

// SSHOptions say where to look for a key, and how to ask for what is missing.
// A nil function means: do not look or ask there.
type SSHOptions struct {
	// Key names the key: a file with either half of it, the public key itself
	// (key::ssh-ed25519 AAAA…, as git has it) or the fingerprint (SHA256:…) of
	// one that the agent holds. Empty means git's signing key, else the
	// agent's.
	Key string

	Getenv     func(string) string                 // SSH_AUTH_SOCK, HOME, and what ssh-keygen reads
	GitConfig  func(key string) string             // a git setting, empty when it is not set
	Passphrase func(prompt string) ([]byte, error) // asks for a key file's passphrase
	Prefer     func(ssh.PublicKey) bool            // which of the agent's keys the policy knows
	Rand       io.Reader                           // nil means crypto/rand
	Stdin      io.Reader                           // where ssh-keygen asks for a PIN
	Stderr     io.Writer                           // where it says to touch the key
}

// What can be wrong, told apart by errors.Is.
var (
	ErrNoSSHKey    = errors.New("no SSH key to sign with")
	ErrManySSHKeys = errors.New("more than one SSH key to sign with")
	ErrExposedKey  = errors.New("the private key can be read by others")
)

// FindSSH returns the signer for the key that o.Key names, else for git's
// user.signingkey where that is an SSH key, else for the only key in the agent
// that can vote. It never chooses between several: that is ErrManySSHKeys,
// which lists them. Keys that vote.CheckKey refuses are refused here, before
// anything is signed.
func FindSSH(ctx context.Context, o SSHOptions) (SSHSigner, error) {
	if o.Key != "" {
		s, err := o.named(ctx, o.Key)
		if err != nil {
			return nil, fmt.Errorf("use SSH key %s: %w", shorten(o.Key), err)
		}
		return s, nil
	}
	if name := o.gitKey(); name != "" {
		s, err := o.named(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("use git's user.signingkey %s (--ssh names another): %w", shorten(name), err)
		}
		return s, nil
	}
	return o.agentOnly(ctx)
}

// gitKey returns user.signingkey where it names an SSH key: gpg.format says
// so, or it cannot be a GPG key id.
func (o SSHOptions) gitKey() string {
	if o.GitConfig == nil {
		return ""
	}
	name := o.GitConfig("user.signingkey")
	if name == "" || o.GitConfig("gpg.format") == "ssh" {
		return name
	}
	if _, ok := literal(name); ok || strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".pub") {
		return name
	}
	return ""
}

// named finds the private half of the key that name stands for.
func (o SSHOptions) named(ctx context.Context, name string) (SSHSigner, error) {
	if strings.HasPrefix(name, "SHA256:") {
		return o.agentKey(ctx, func(key ssh.PublicKey) bool { return ssh.FingerprintSHA256(key) == name })
	}
	if text, ok := literal(name); ok {
		key, err := parsePublic([]byte(text))
		if err != nil {
			return nil, err
		}
		return o.agentKey(ctx, sameKey(key))
	}
	path, err := o.expand(name)
	if err != nil {
		return nil, err
	}
	f, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	if f.private() {
		return o.fromPrivate(ctx, f)
	}
	return o.fromPublic(ctx, f)
}

// literal returns the public key that name itself holds, in git's two
// spellings: after "key::", or bare.
func literal(name string) (text string, ok bool) {
	if text, ok := strings.CutPrefix(name, "key::"); ok {
		return text, true
	}
	for _, prefix := range []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if strings.HasPrefix(name, prefix) && strings.Contains(name, " ") {
			return name, true
		}
	}
	return "", false
}

// parsePublic reads one line of an authorized_keys or .pub file, without
// options.
func parsePublic(data []byte) (ssh.PublicKey, error) {
	key, _, options, rest, err := ssh.ParseAuthorizedKey(data)
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	if len(options) > 0 || len(strings.TrimSpace(string(rest))) > 0 {
		return nil, errors.New("read public key: there is more than one key, or options before it")
	}
	if err := vote.CheckKey(key); err != nil {
		return nil, err
	}
	return key, nil
}

// expand resolves the "~/" that git allows in user.signingkey.
func (o SSHOptions) expand(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path, nil
	}
	home := o.getenv("HOME")
	if home == "" {
		return "", errors.New("HOME is not set")
	}
	return filepath.Join(home, rest), nil
}

func (o SSHOptions) getenv(name string) string {
	if o.Getenv == nil {
		return ""
	}
	return o.Getenv(name)
}

// seal makes an armored SSHSIG out of what sign returns for the bytes an SSH
// key is to sign. It verifies the result: an agent may ignore the hash it was
// asked for, and a security key the touch.
func seal(key ssh.PublicKey, message []byte, sign func(data []byte) (*ssh.Signature, error)) ([]byte, error) {
	data, err := vote.SignedData(product.VoteNamespace, vote.SHA512, message)
	if err != nil {
		return nil, err
	}
	blob, err := sign(data)
	if err != nil {
		return nil, err
	}
	s := &vote.Signature{Key: key, Namespace: product.VoteNamespace, HashAlgorithm: vote.SHA512, Blob: blob}
	if err := s.Verify(message); err != nil {
		return nil, fmt.Errorf("the key made a signature that would not count: %w", err)
	}
	return vote.ArmorSSHSIG(s), nil
}

func describe(key ssh.PublicKey, where string) string {
	return fmt.Sprintf("%s %s (%s)", key.Type(), ssh.FingerprintSHA256(key), where)
}

func sameKey(key ssh.PublicKey) func(ssh.PublicKey) bool {
	want := string(key.Marshal())
	return func(other ssh.PublicKey) bool { return string(other.Marshal()) == want }
}

// shorten keeps a key given in full from filling an error line.
func shorten(name string) string {
	const most = 60
	if len(name) <= most {
		return name
	}
	return name[:most] + "…"
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
