// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

func TestOpenSSHsAgentSigns(t *testing.T) {
	ed, ec := newKeyFile(t, "", "-t", "ed25519"), newKeyFile(t, "", "-t", "ecdsa", "-b", "384")
	getenv := environment("SSH_AUTH_SOCK", sshAgent(t, ed, ec))
	for _, path := range []string{ed, ec} {
		pub := filepath.Join(t.TempDir(), "key.pub") // the private half is not beside it
		write(t, pub, ssh.MarshalAuthorizedKey(publicKey(t, path)), 0o644)
		s, err := FindSSH(t.Context(), SSHOptions{Key: pub, Getenv: getenv})
		if err != nil {
			t.Fatal(err)
		}
		wantSigns(t, s, publicKey(t, path))
	}
}

func TestAgentThatIsLocked(t *testing.T) {
	held, _ := keyring(t, "ana@laptop")
	getenv := environment("SSH_AUTH_SOCK", serve(t, held))
	s, err := FindSSH(t.Context(), SSHOptions{Getenv: getenv})
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	_, err = s.SignSSHSIG(t.Context(), message)
	wantError(t, err, "agent")
	_, err = FindSSH(t.Context(), SSHOptions{Getenv: getenv})
	if !errors.Is(err, ErrNoSSHKey) {
		t.Error(err)
	}
}

func TestAgentThatSignsOtherBytes(t *testing.T) {
	held, keys := keyring(t, "ana@laptop")
	liar := &stubAgent{key: keys[0], sign: func([]byte, agent.SignatureFlags) (*ssh.Signature, error) {
		return held.Sign(keys[0], []byte("a login somewhere else"))
	}}
	s, err := FindSSH(t.Context(), SSHOptions{Getenv: environment("SSH_AUTH_SOCK", serve(t, liar))})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.SignSSHSIG(t.Context(), message)
	wantError(t, err, "would not count")
}

func TestAgentThatRefuses(t *testing.T) {
	_, keys := keyring(t, "ana@laptop")
	stub := &stubAgent{key: keys[0], sign: func([]byte, agent.SignatureFlags) (*ssh.Signature, error) {
		return nil, errors.New("no")
	}}
	s, err := FindSSH(t.Context(), SSHOptions{Getenv: environment("SSH_AUTH_SOCK", serve(t, stub))})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.SignSSHSIG(t.Context(), message)
	wantError(t, err, ssh.FingerprintSHA256(keys[0]))
}

// An agent may hold keys that this program cannot read: they are no reason to
// fail.
func TestAgentWithAKeyOfTheFuture(t *testing.T) {
	held, keys := keyring(t, "ana@laptop")
	both := &mixedAgent{Agent: held, extra: &agent.Key{
		Format: "ssh-future", Blob: ssh.Marshal(struct{ T, K string }{"ssh-future", "x"}), Comment: "later",
	}}
	s, err := FindSSH(t.Context(), SSHOptions{Getenv: environment("SSH_AUTH_SOCK", serve(t, both))})
	if err != nil {
		t.Fatal(err)
	}
	wantSigns(t, s, keys[0])
}

type mixedAgent struct {
	agent.Agent
	extra *agent.Key
}

func (a *mixedAgent) List() ([]*agent.Key, error) {
	keys, err := a.Agent.List()
	return append([]*agent.Key{a.extra}, keys...), err
}

// An agent that takes the connection and never answers does not hold us up
// for longer than the caller waits.
func TestAgentThatHangs(t *testing.T) {
	socket := socketPath(t)
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.Read(make([]byte, 1)) // it has asked
		cancel()
		<-t.Context().Done()
	}()
	_, err = FindSSH(ctx, SSHOptions{Getenv: environment("SSH_AUTH_SOCK", socket)})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
