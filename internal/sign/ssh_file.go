// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/vote"
)

// maxKeyFile is far over the largest RSA key, in bytes.
const maxKeyFile = 64 << 10

// fileSigner signs with a private key that was read from a file.
type fileSigner struct {
	path string
	key  ssh.AlgorithmSigner
	rand io.Reader
}

var _ SSHSigner = (*fileSigner)(nil)

func (s *fileSigner) PublicKey() ssh.PublicKey { return s.key.PublicKey() }

func (s *fileSigner) Describe() string { return describe(s.PublicKey(), "file "+s.path) }

func (s *fileSigner) SignSSHSIG(ctx context.Context, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key := s.PublicKey()
	armored, err := seal(key, message, func(data []byte) (*ssh.Signature, error) {
		return s.key.SignWithAlgorithm(s.rand, data, vote.SignatureFormat(key))
	})
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.path, err)
	}
	return armored, nil
}

// A keyFile is one half of a key as it stands on disk.
type keyFile struct {
	path string
	data []byte
	mode fs.FileMode
}

// readKeyFile reads a regular file. The mode is that of the file which was
// read, whatever the path has come to mean since.
func readKeyFile(path string) (*keyFile, error) {
	// Opening a pipe would wait for a writer, so look before.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("read %s: over the limit of %d bytes, not a key", path, maxKeyFile)
	}
	return &keyFile{path: path, data: data, mode: info.Mode()}, nil
}

func (f *keyFile) private() bool {
	return bytes.Contains(f.data, []byte("PRIVATE KEY-----"))
}

// fromPublic finds the private half of a public key file: in the agent, else
// beside it.
func (o SSHOptions) fromPublic(ctx context.Context, f *keyFile) (SSHSigner, error) {
	key, err := parsePublic(f.data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	held, agentErr := o.agentKey(ctx, sameKey(key))
	if agentErr == nil {
		return held, nil
	}
	path, ok := strings.CutSuffix(f.path, ".pub")
	if !ok || !exists(path) {
		return nil, fmt.Errorf("%w: %s is a public key whose private half is not beside it, and: %w", ErrNoSSHKey, f.path, agentErr)
	}
	private, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	s, err := o.fromPrivate(ctx, private)
	if err != nil {
		return nil, err
	}
	if !sameKey(key)(s.PublicKey()) {
		return nil, fmt.Errorf("%s and %s are not halves of one key", path, f.path)
	}
	return s, nil
}

// fromPrivate signs with the key of a private key file.
func (o SSHOptions) fromPrivate(ctx context.Context, f *keyFile) (SSHSigner, error) {
	if err := f.checkMode(); err != nil {
		return nil, err
	}
	public, locked := f.publicHalf()
	if public == nil {
		return o.fromSecret(f)
	}
	if err := vote.CheckKey(public); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	touch := isSecurityKey(public)
	if touch || locked { // the agent may spare the person a question
		if held, err := o.agentKey(ctx, sameKey(public)); err == nil {
			return held, nil
		}
	}
	if touch { // the file holds no secret, only what the device needs to find its own
		return &keygenSigner{path: f.path, key: public, options: o}, nil
	}
	return o.fromSecret(f)
}

// fromSecret reads the private key itself.
func (o SSHOptions) fromSecret(f *keyFile) (SSHSigner, error) {
	key, err := o.unlock(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.path, err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.path, err)
	}
	if err := vote.CheckKey(signer.PublicKey()); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	algorithms, ok := signer.(ssh.AlgorithmSigner)
	if !ok {
		return nil, fmt.Errorf("%s: a %s key cannot choose its hash", f.path, signer.PublicKey().Type())
	}
	s := &fileSigner{path: f.path, key: algorithms, rand: o.Rand}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	return s, nil
}

// checkMode refuses a private key that others can read, as ssh does. Windows
// keeps that in access lists, which the mode does not show.
func (f *keyFile) checkMode() error {
	if runtime.GOOS == "windows" || f.mode.Perm()&0o077 == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s has mode %04o; run: chmod 600 %s", ErrExposedKey, f.path, f.mode.Perm(), f.path)
}

// publicHalf returns what OpenSSH's private key format (PROTOCOL.key) says in
// clear: the public key, and whether the private half is under a passphrase.
// The key is nil for other formats, which say neither.
func (f *keyFile) publicHalf() (key ssh.PublicKey, locked bool) {
	block, _ := pem.Decode(f.data)
	if block == nil || block.Type != "OPENSSH PRIVATE KEY" {
		return nil, false
	}
	rest, ok := bytes.CutPrefix(block.Bytes, []byte("openssh-key-v1\x00"))
	if !ok {
		return nil, false
	}
	var head struct {
		Cipher, KDF, KDFOptions string
		Keys                    uint32
		Public                  []byte
		Rest                    []byte `ssh:"rest"`
	}
	if err := ssh.Unmarshal(rest, &head); err != nil || head.Keys != 1 {
		return nil, false
	}
	key, err := ssh.ParsePublicKey(head.Public)
	if err != nil {
		return nil, false
	}
	return key, head.Cipher != "none"
}

// unlock returns the private key, asking for a passphrase where it has one.
func (o SSHOptions) unlock(f *keyFile) (any, error) {
	key, err := ssh.ParseRawPrivateKey(f.data)
	var missing *ssh.PassphraseMissingError
	if !errors.As(err, &missing) {
		return key, err
	}
	if o.Passphrase == nil {
		return nil, errors.New("it has a passphrase; load it into the agent: ssh-add " + f.path)
	}
	passphrase, err := o.Passphrase("passphrase of " + f.path)
	if err != nil {
		return nil, fmt.Errorf("ask for its passphrase: %w", err)
	}
	defer clear(passphrase)
	key, err = ssh.ParseRawPrivateKeyWithPassphrase(f.data, passphrase)
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, errors.New("that is not its passphrase")
	}
	return key, err
}

func isSecurityKey(key ssh.PublicKey) bool {
	return strings.HasPrefix(key.Type(), "sk-")
}
