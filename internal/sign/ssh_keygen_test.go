// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestSecurityKeyInTheAgent(t *testing.T) {
	touched := securityKey(t, 1)
	path := securityKeyFile(t, touched.key)
	getenv := environment("SSH_AUTH_SOCK", serve(t, touched))
	for name, key := range map[string]string{
		"by its file":        path,
		"by its public half": path + ".pub",
		"by name":            "key::" + literalOf(touched.key),
		"as the only one":    "",
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			s, err := FindSSH(t.Context(), SSHOptions{Key: key, Getenv: getenv, Stderr: &stderr})
			if err != nil {
				t.Fatal(err)
			}
			wantSigns(t, s, touched.key)
			if !strings.Contains(stderr.String(), "Touch") {
				t.Errorf("said %q", &stderr)
			}
		})
	}
}

func TestSecurityKeyThatWasNotTouched(t *testing.T) {
	s, err := FindSSH(t.Context(), SSHOptions{Getenv: environment("SSH_AUTH_SOCK", serve(t, securityKey(t, 0)))})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.SignSSHSIG(t.Context(), message)
	wantError(t, err, "user presence")
}

func TestSecurityKeyFileGoesThroughSSHKeygen(t *testing.T) {
	key := securityKey(t, 1).key
	path := securityKeyFile(t, key)
	for _, name := range []string{path, path + ".pub"} {
		var stderr bytes.Buffer
		s, err := FindSSH(t.Context(), SSHOptions{
			Key: name, Stderr: &stderr,
			// No library of that name: the test must not blink a real key.
			Getenv: environment("PATH", os.Getenv("PATH"), "SSH_SK_PROVIDER", "/no/such/provider.so"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if !sameKey(key)(s.PublicKey()) || !strings.Contains(s.Describe(), "ssh-keygen") {
			t.Errorf("found %s", s.Describe())
		}
		_, err = s.SignSSHSIG(t.Context(), message)
		wantError(t, err, "by ssh-keygen")
		if !strings.Contains(stderr.String(), "provider") {
			t.Errorf("ssh-keygen's own words are lost: %q", &stderr)
		}
	}
}

func TestSecurityKeyFileThatOthersCanRead(t *testing.T) {
	path := securityKeyFile(t, securityKey(t, 1).key)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := FindSSH(t.Context(), SSHOptions{Key: path})
	wantError(t, err, "chmod 600")
}

// ssh-keygen itself, with a key that needs no device.
func viaKeygen(path string, key ssh.PublicKey) *keygenSigner {
	return &keygenSigner{path: path, key: key, options: SSHOptions{Getenv: environment("PATH", os.Getenv("PATH"))}}
}

func TestSSHKeygenSigns(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	path := newKeyFile(t, "", "-t", "ed25519")
	wantSigns(t, viaKeygen(path, publicKey(t, path)), publicKey(t, path))
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); slices.ContainsFunc(left, func(e os.DirEntry) bool {
		return strings.Contains(e.Name(), "vote")
	}) {
		t.Errorf("left behind: %v", left)
	}
}

func TestSSHKeygenSignsWithAnotherKey(t *testing.T) {
	path, other := newKeyFile(t, "", "-t", "ed25519"), newKeyFile(t, "", "-t", "ed25519")
	_, err := viaKeygen(path, publicKey(t, other)).SignSSHSIG(t.Context(), message)
	wantError(t, err, "not with")
}

func TestSSHKeygenMakesWhatWouldNotCount(t *testing.T) {
	path := newKeyFile(t, "", "-t", "rsa", "-b", "2048")
	_, err := viaKeygen(path, publicKey(t, path)).SignSSHSIG(t.Context(), message)
	wantError(t, err, "would not count")
}

func TestSSHKeygenIsCancelled(t *testing.T) {
	path := newKeyFile(t, "", "-t", "ed25519")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := viaKeygen(path, publicKey(t, path)).SignSSHSIG(ctx, message)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestSSHKeygenThatIsNotThere(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s := &keygenSigner{path: filepath.Join(t.TempDir(), "id"), key: securityKey(t, 1).key}
	_, err := s.SignSSHSIG(t.Context(), message)
	wantError(t, err, "ssh-keygen")
}

func TestSSHKeygenSeesNoMoreThanItNeeds(t *testing.T) {
	s := &keygenSigner{options: SSHOptions{Getenv: environment(
		"PATH", "/bin", "SSH_ASKPASS", "/bin/ask", "LD_PRELOAD", "/tmp/x.so", "GATELEDGER_PASSWORD", "secret", "HOME", "")}}
	if got := s.environ(); !slices.Equal(got, []string{"PATH=/bin", "SSH_ASKPASS=/bin/ask"}) {
		t.Error(got)
	}
}
