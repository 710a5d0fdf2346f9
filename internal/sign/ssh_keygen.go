// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

// keygenSigner signs by running ssh-keygen, which can talk to the security key
// that path describes.
type keygenSigner struct {
	path    string
	key     ssh.PublicKey
	options SSHOptions
}

var _ SSHSigner = (*keygenSigner)(nil)

func (s *keygenSigner) PublicKey() ssh.PublicKey { return s.key }

func (s *keygenSigner) Describe() string {
	return describe(s.key, "security key, file "+s.path+", by ssh-keygen")
}

// SignSSHSIG gives ssh-keygen the message in a file, because a message on
// standard input would leave it no terminal to ask for the PIN on.
func (s *keygenSigner) SignSSHSIG(ctx context.Context, message []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", product.Name+"-vote-")
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.path, err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "statement")
	if err := os.WriteFile(file, message, 0o600); err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.path, err)
	}
	if err := s.run(ctx, file); err != nil {
		return nil, fmt.Errorf("sign with %s by ssh-keygen: %w", s.path, err)
	}
	return s.collect(file+".sig", message)
}

func (s *keygenSigner) run(ctx context.Context, file string) error {
	cmd := exec.CommandContext(ctx, "ssh-keygen", "-Y", "sign", "-n", product.VoteNamespace, "-f", s.path, file)
	cmd.Env = s.environ()
	cmd.Stdin = s.options.Stdin
	cmd.Stdout = s.options.Stderr // it talks there; the signature is a file
	cmd.Stderr = s.options.Stderr
	cmd.WaitDelay = time.Second
	return cmd.Run()
}

// collect reads the signature and proves that it is the one asked for.
func (s *keygenSigner) collect(path string, message []byte) ([]byte, error) {
	armored, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read what ssh-keygen signed: %w", err)
	}
	sig, err := vote.ParseSSHSIG(armored)
	if err != nil {
		return nil, fmt.Errorf("read what ssh-keygen signed: %w", err)
	}
	if !sameKey(s.key)(sig.Key) {
		return nil, fmt.Errorf("ssh-keygen signed with %s, not with %s", ssh.FingerprintSHA256(sig.Key), ssh.FingerprintSHA256(s.key))
	}
	if err := sig.Verify(message); err != nil {
		return nil, fmt.Errorf("ssh-keygen made a signature that would not count: %w", err)
	}
	return vote.ArmorSSHSIG(sig), nil
}

// environ is what ssh-keygen needs to find the key's library and to ask a
// person, and nothing else.
func (s *keygenSigner) environ() []string {
	var env []string
	for _, name := range []string{
		"PATH", "HOME", "TERM", "LANG", "SYSTEMROOT",
		"SSH_SK_PROVIDER", "SSH_SK_HELPER", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE",
		"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
	} {
		if value := s.options.getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
