// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestSSHKeygenAcceptsWhatKeyFilesSign(t *testing.T) {
	for name, args := range map[string][]string{
		"ed25519":             {"-t", "ed25519"},
		"ecdsa p256":          {"-t", "ecdsa", "-b", "256"},
		"ecdsa p384":          {"-t", "ecdsa", "-b", "384"},
		"ecdsa p521":          {"-t", "ecdsa", "-b", "521"},
		"ecdsa p256 in PEM":   {"-t", "ecdsa", "-b", "256", "-m", "PEM"},
		"ecdsa p256 in PKCS8": {"-t", "ecdsa", "-b", "256", "-m", "PKCS8"},
	} {
		t.Run(name, func(t *testing.T) {
			path := newKeyFile(t, "", args...)
			s, err := FindSSH(t.Context(), SSHOptions{Key: path})
			if err != nil {
				t.Fatal(err)
			}
			wantSigns(t, s, publicKey(t, path))
		})
	}
}

func TestRSASignsWithSHA512(t *testing.T) {
	path := newKeyFile(t, "", "-t", "rsa", "-b", "3072")
	for name, o := range map[string]SSHOptions{
		"file":  {Key: path},
		"agent": {Getenv: environment("SSH_AUTH_SOCK", sshAgent(t, path))},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := FindSSH(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			wantSigns(t, s, publicKey(t, path))
		})
	}
	t.Run("an agent that signs with SHA-1 all the same", func(t *testing.T) {
		s, err := FindSSH(t.Context(), SSHOptions{Getenv: environment("SSH_AUTH_SOCK", serve(t, sha1Agent(t, path)))})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.SignSSHSIG(t.Context(), message)
		wantError(t, err, "SHA-1")
	})
}

// asked returns a function that gives passphrase, and what it was asked.
func asked(passphrase string) (func(string) ([]byte, error), *[]string) {
	var prompts []string
	return func(prompt string) ([]byte, error) {
		prompts = append(prompts, prompt)
		return []byte(passphrase), nil
	}, &prompts
}

func TestPassphrase(t *testing.T) {
	for name, args := range map[string][]string{
		"OpenSSH format": {"-t", "ed25519"},
		"PEM":            {"-t", "ecdsa", "-m", "PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			path := newKeyFile(t, "hunter2", args...)
			right, prompts := asked("hunter2")
			s, err := FindSSH(t.Context(), SSHOptions{Key: path, Passphrase: right})
			if err != nil {
				t.Fatal(err)
			}
			wantSigns(t, s, publicKey(t, path))
			if len(*prompts) != 1 || !strings.Contains((*prompts)[0], path) {
				t.Errorf("asked %q", *prompts)
			}
			wrong, _ := asked("hunter3")
			_, err = FindSSH(t.Context(), SSHOptions{Key: path, Passphrase: wrong})
			wantError(t, err, "not its passphrase")
			_, err = FindSSH(t.Context(), SSHOptions{Key: path})
			wantError(t, err, "ssh-add "+path)
			gone := errors.New("the terminal is gone")
			_, err = FindSSH(t.Context(), SSHOptions{Key: path, Passphrase: func(string) ([]byte, error) { return nil, gone }})
			if !errors.Is(err, gone) {
				t.Error(err)
			}
		})
	}
}

func TestPassphraseIsNotKept(t *testing.T) {
	path := newKeyFile(t, "hunter2", "-t", "ed25519")
	given := []byte("hunter2")
	if _, err := FindSSH(t.Context(), SSHOptions{Key: path, Passphrase: func(string) ([]byte, error) { return given, nil }}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(given, make([]byte, len(given))) {
		t.Errorf("the passphrase is still %q", given)
	}
}

func TestKeyInTheAgentNeedsNoPassphrase(t *testing.T) {
	path := newKeyFile(t, "", "-t", "ed25519")
	socket := sshAgent(t, path)
	mustRun(t, nil, "ssh-keygen", "-q", "-p", "-P", "", "-N", "hunter2", "-f", path)
	ask, prompts := asked("hunter2")
	for _, key := range []string{path, path + ".pub"} {
		s, err := FindSSH(t.Context(), SSHOptions{Key: key, Passphrase: ask, Getenv: environment("SSH_AUTH_SOCK", socket)})
		if err != nil {
			t.Fatal(err)
		}
		wantSigns(t, s, publicKey(t, path))
	}
	if len(*prompts) != 0 {
		t.Errorf("asked %q", *prompts)
	}
}

func TestPrivateKeyThatOthersCanRead(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o660, 0o620, 0o610} {
		path := newKeyFile(t, "", "-t", "ed25519")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{path, path + ".pub"} {
			_, err := FindSSH(t.Context(), SSHOptions{Key: key})
			wantError(t, err, "chmod 600 "+path)
			if !errors.Is(err, ErrExposedKey) {
				t.Error(err)
			}
		}
	}
	path := newKeyFile(t, "", "-t", "ed25519")
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := FindSSH(t.Context(), SSHOptions{Key: path}); err != nil {
		t.Error(err)
	}
}

func TestFilesThatAreNoKey(t *testing.T) {
	good, err := os.ReadFile(newKeyFile(t, "", "-t", "ed25519"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(good), "\n")
	for name, c := range map[string]struct{ data, want string }{
		"empty":                        {"", "no key found"},
		"text":                         {"hello\n", "no key found"},
		"a private key cut in half":    {strings.Join(lines[:3], ""), "read"},
		"a private key's next version": {strings.Replace(string(good), "b3BlbnNzaC1rZXktdjE", "b3BlbnNzaC1rZXktdjI", 1), "invalid openssh private key"},
		"a PuTTY key":                  {"PuTTY-User-Key-File-3: ssh-ed25519\n", "no key found"},
		"an encrypted PKCS8 key":       {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "unsupported key type"},
		"a key of another trade":       {"-----BEGIN PGP PRIVATE KEY-----\nAAAA\n-----END PGP PRIVATE KEY-----\n", "unsupported key type"},
		"a file over the limit":        {strings.Repeat("x", maxKeyFile+1), "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "id")
			write(t, path, []byte(c.data), 0o600)
			_, err := FindSSH(t.Context(), SSHOptions{Key: path})
			wantError(t, err, c.want)
			wantError(t, err, path)
		})
	}
}

// OpenSSH's format has the public key twice, and only the one inside is bound
// to the private half.
func TestPublicHalfThatLies(t *testing.T) {
	mine, others := newKeyFile(t, "", "-t", "ed25519"), newKeyFile(t, "", "-t", "ed25519")
	data, err := os.ReadFile(mine)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "id")
	write(t, path, swapPublic(t, data, publicKey(t, mine), publicKey(t, others)), 0o600)
	s, err := FindSSH(t.Context(), SSHOptions{Key: path})
	if err != nil {
		t.Fatal(err)
	}
	wantSigns(t, s, publicKey(t, mine))
}

func TestDamagedPrivateHalfSignsNothing(t *testing.T) {
	path := newKeyFile(t, "", "-t", "ed25519")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key := publicKey(t, path).(ssh.CryptoPublicKey).CryptoPublicKey().(ed25519.PublicKey)
	// The seed stands before the last copy of the public key.
	block.Bytes[bytes.LastIndex(block.Bytes, key)-1] ^= 1
	write(t, path, pem.EncodeToMemory(block), 0o600)
	s, err := FindSSH(t.Context(), SSHOptions{Key: path})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.SignSSHSIG(t.Context(), message)
	wantError(t, err, "would not count")
}

// Nothing in a key file makes the reader panic, and what it says is a public
// key is one.
func FuzzPublicHalf(f *testing.F) {
	for _, passphrase := range []string{"", "hunter2"} {
		data, err := os.ReadFile(newKeyFile(f, passphrase, "-t", "ed25519"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		key, _ := (&keyFile{data: data}).publicHalf()
		if key == nil {
			return
		}
		if _, err := ssh.ParsePublicKey(key.Marshal()); err != nil {
			t.Error(err)
		}
	})
}
