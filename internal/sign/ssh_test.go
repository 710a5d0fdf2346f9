// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/gateledger/gateledger/internal/vote"
)

func TestWhichKeyIsUsed(t *testing.T) {
	held, keys := keyring(t, "ana@laptop", "ana@work")
	both := serve(t, held)
	single, _ := keyring(t, "ana@laptop")
	one := serve(t, single)
	file := newKeyFile(t, "", "-t", "ed25519")
	prefer := func(key ssh.PublicKey) func(ssh.PublicKey) bool { return sameKey(key) }
	all := func(ssh.PublicKey) bool { return true }

	for name, c := range map[string]struct {
		o    SSHOptions
		want ssh.PublicKey
	}{
		"a private key file": {SSHOptions{Key: file}, publicKey(t, file)},
		"a public key file with the private half beside it": {SSHOptions{Key: file + ".pub"}, publicKey(t, file)},
		"a file under the home folder": {
			SSHOptions{Key: "~/id", Getenv: environment("HOME", filepath.Dir(file))}, publicKey(t, file)},
		"git's way to write a key": {
			SSHOptions{Key: "key::" + literalOf(keys[1]), Getenv: environment("SSH_AUTH_SOCK", both)}, keys[1]},
		"git's way with a comment": {
			SSHOptions{Key: "key::" + literalOf(keys[1]) + " ana@work", Getenv: environment("SSH_AUTH_SOCK", both)}, keys[1]},
		"a bare key": {
			SSHOptions{Key: literalOf(keys[0]), Getenv: environment("SSH_AUTH_SOCK", both)}, keys[0]},
		"a fingerprint": {
			SSHOptions{Key: ssh.FingerprintSHA256(keys[1]), Getenv: environment("SSH_AUTH_SOCK", both)}, keys[1]},
		"--ssh before git's and the agent's": {
			SSHOptions{Key: file, GitConfig: gitConfig("user.signingkey", "/none.pub"), Getenv: environment("SSH_AUTH_SOCK", one)}, publicKey(t, file)},
		"git's before the agent's": {
			SSHOptions{GitConfig: gitConfig("user.signingkey", file, "gpg.format", "ssh"), Getenv: environment("SSH_AUTH_SOCK", one)}, publicKey(t, file)},
		"git's path, though gpg.format is not set": {
			SSHOptions{GitConfig: gitConfig("user.signingkey", file+".pub"), Getenv: environment("SSH_AUTH_SOCK", one)}, publicKey(t, file)},
		"git's literal, though gpg.format is not set": {
			SSHOptions{GitConfig: gitConfig("user.signingkey", "key::"+literalOf(keys[1])), Getenv: environment("SSH_AUTH_SOCK", both)}, keys[1]},
		"the agent's, when git signs with GPG": {
			SSHOptions{GitConfig: gitConfig("user.signingkey", "4AEE18F83AFDEB23"), Getenv: environment("SSH_AUTH_SOCK", one)}, keys[0]},
		"the agent's, when git signs with GPG by address": {
			SSHOptions{GitConfig: gitConfig("user.signingkey", "ana@example.org", "gpg.format", "openpgp"), Getenv: environment("SSH_AUTH_SOCK", one)}, keys[0]},
		"the agent's, when git has no key": {
			SSHOptions{GitConfig: gitConfig("gpg.format", "ssh"), Getenv: environment("SSH_AUTH_SOCK", one)}, keys[0]},
		"the agent's only one": {
			SSHOptions{Getenv: environment("SSH_AUTH_SOCK", one)}, keys[0]},
		"of several the one the policy knows": {
			SSHOptions{Getenv: environment("SSH_AUTH_SOCK", both), Prefer: prefer(keys[1])}, keys[1]},
		"the agent's only one, though the policy does not know it": {
			SSHOptions{Getenv: environment("SSH_AUTH_SOCK", one), Prefer: prefer(keys[1])}, keys[0]},
		"the only one, preferred with all others": {
			SSHOptions{Getenv: environment("SSH_AUTH_SOCK", one), Prefer: all}, keys[0]},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := FindSSH(t.Context(), c.o)
			if err != nil {
				t.Fatal(err)
			}
			if !sameKey(c.want)(s.PublicKey()) {
				t.Fatalf("found %s, want %s", s.Describe(), ssh.FingerprintSHA256(c.want))
			}
			if !strings.Contains(s.Describe(), ssh.FingerprintSHA256(c.want)) {
				t.Errorf("described as %s", s.Describe())
			}
			armored, err := s.SignSSHSIG(t.Context(), message)
			if err != nil {
				t.Fatal(err)
			}
			sig, err := vote.ParseSSHSIG(armored)
			if err != nil {
				t.Fatal(err)
			}
			if err := sig.Verify(message); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNoKeyIsGuessed(t *testing.T) {
	held, keys := keyring(t, "ana@laptop", "ana@work", "ana\x1b[2J")
	several := environment("SSH_AUTH_SOCK", serve(t, held))
	empty, _ := keyring(t)
	none := environment("SSH_AUTH_SOCK", serve(t, empty))
	file := newKeyFile(t, "", "-t", "ed25519")
	elsewhere := filepath.Join(t.TempDir(), "elsewhere.pub")
	write(t, elsewhere, ssh.MarshalAuthorizedKey(publicKey(t, file)), 0o644)
	other := filepath.Join(filepath.Dir(newKeyFile(t, "", "-t", "ed25519")), "id")
	write(t, other+".pub", ssh.MarshalAuthorizedKey(publicKey(t, file)), 0o644)

	for name, c := range map[string]struct {
		o    SSHOptions
		is   error
		want string
	}{
		"nowhere to look":             {SSHOptions{}, ErrNoSSHKey, "SSH_AUTH_SOCK is not set"},
		"an empty agent":              {SSHOptions{Getenv: none}, ErrNoSSHKey, "--ssh"},
		"an agent that is gone":       {SSHOptions{Getenv: environment("SSH_AUTH_SOCK", filepath.Join(t.TempDir(), "s"))}, nil, "ask the ssh agent"},
		"several keys":                {SSHOptions{Getenv: several}, ErrManySSHKeys, "--ssh " + ssh.FingerprintSHA256(keys[1])},
		"several keys, shown safely":  {SSHOptions{Getenv: several}, ErrManySSHKeys, `"ana\x1b[2J"`},
		"several that are preferred":  {SSHOptions{Getenv: several, Prefer: func(k ssh.PublicKey) bool { return !sameKey(keys[0])(k) }}, ErrManySSHKeys, "holds 2"},
		"several and none preferred":  {SSHOptions{Getenv: several, Prefer: func(ssh.PublicKey) bool { return false }}, ErrManySSHKeys, "holds 3"},
		"no such file":                {SSHOptions{Key: "/no/such/key"}, os.ErrNotExist, "/no/such/key"},
		"a folder":                    {SSHOptions{Key: t.TempDir()}, nil, "not a regular file"},
		"git's key is not there":      {SSHOptions{GitConfig: gitConfig("user.signingkey", "/no/such.pub"), Getenv: several}, os.ErrNotExist, "user.signingkey"},
		"a home that is not known":    {SSHOptions{Key: "~/id"}, nil, "HOME is not set"},
		"a key no agent holds":        {SSHOptions{Key: "key::" + literalOf(publicKey(t, file)), Getenv: several}, ErrNoSSHKey, "does not hold it"},
		"a key and no agent":          {SSHOptions{Key: "key::" + literalOf(keys[0])}, ErrNoSSHKey, "SSH_AUTH_SOCK"},
		"a fingerprint nobody has":    {SSHOptions{Key: "SHA256:x", Getenv: several}, ErrNoSSHKey, "does not hold it"},
		"a key cut short":             {SSHOptions{Key: "key::ssh-ed25519 AAAA", Getenv: several}, nil, "read public key"},
		"two keys":                    {SSHOptions{Key: "key::" + literalOf(keys[0]) + "\n" + literalOf(keys[1]), Getenv: several}, nil, "more than one"},
		"a key with options":          {SSHOptions{Key: `key::no-pty ` + literalOf(keys[0]), Getenv: several}, nil, "more than one key, or options"},
		"a public half on its own":    {SSHOptions{Key: elsewhere, Getenv: several}, ErrNoSSHKey, "not beside it"},
		"halves of two keys":          {SSHOptions{Key: other + ".pub"}, nil, "not halves of one key"},
		"git's key is a GPG one only": {SSHOptions{GitConfig: gitConfig("user.signingkey", "4AEE18F83AFDEB23"), Getenv: several}, ErrManySSHKeys, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := FindSSH(t.Context(), c.o)
			if s != nil {
				t.Fatalf("found %s", s.Describe())
			}
			wantError(t, err, c.want)
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v is not %v", err, c.is)
			}
		})
	}
}

func TestErrorLineStaysShort(t *testing.T) {
	_, err := FindSSH(t.Context(), SSHOptions{Key: "key::ssh-rsa " + strings.Repeat("A", 10000)})
	if err == nil || len(err.Error()) > 400 {
		t.Errorf("%v", err)
	}
}

func TestKeysThatMayNotVoteAreRefusedBeforeSigning(t *testing.T) {
	dsa := filepath.Join("..", "vote", "testdata", "dsa.pub")
	short := newKeyFile(t, "", "-t", "rsa", "-b", "2048")
	pemShort := newKeyFile(t, "", "-t", "rsa", "-b", "2048", "-m", "PEM")
	holds := environment("SSH_AUTH_SOCK", sshAgent(t, short))
	signed := newKeyFile(t, "", "-t", "ed25519")
	mustRun(t, nil, "ssh-keygen", "-q", "-s", newKeyFile(t, "", "-t", "ed25519"), "-I", "id", "-n", "ana", signed+".pub")

	for name, c := range map[string]struct {
		o    SSHOptions
		want string
	}{
		"RSA of 2048 bits in a file":            {SSHOptions{Key: short}, "too short"},
		"RSA of 2048 bits in a PEM file":        {SSHOptions{Key: pemShort}, "too short"},
		"RSA of 2048 bits by its public half":   {SSHOptions{Key: short + ".pub", Getenv: holds}, "too short"},
		"RSA of 2048 bits by name":              {SSHOptions{Key: "key::" + literalOf(publicKey(t, short)), Getenv: holds}, "too short"},
		"RSA of 2048 bits, the agent's only":    {SSHOptions{Getenv: holds}, "too short"},
		"RSA of 2048 bits as git's signing key": {SSHOptions{GitConfig: gitConfig("user.signingkey", short)}, "too short"},
		"DSA":                                   {SSHOptions{Key: dsa}, "DSA"},
		"a certificate":                         {SSHOptions{Key: signed + "-cert.pub"}, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := FindSSH(t.Context(), c.o)
			wantError(t, err, c.want)
		})
	}
}

func TestCancelledContextSignsNothing(t *testing.T) {
	file := newKeyFile(t, "", "-t", "ed25519")
	held, _ := keyring(t, "ana@laptop")
	for name, o := range map[string]SSHOptions{
		"file":  {Key: file},
		"agent": {Getenv: environment("SSH_AUTH_SOCK", serve(t, held))},
	} {
		s, err := FindSSH(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.SignSSHSIG(ctx, message); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
