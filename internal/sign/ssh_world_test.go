// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

// The keys, agents and programs that the tests of SSH signing meet. OpenSSH is
// required: a test that passed without it would prove nothing.

var message = []byte(`{"choice":"approve"}`)

func run(t testing.TB, stdin []byte, env []string, program string, args ...string) ([]byte, error) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("OpenSSH is needed to run this test: %v", err)
	}
	cmd := exec.Command(program, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	return cmd.CombinedOutput()
}

func mustRun(t testing.TB, env []string, program string, args ...string) {
	t.Helper()
	if out, err := run(t, nil, env, program, args...); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

// newKeyFile has ssh-keygen make a key and returns the private half's path.
func newKeyFile(t testing.TB, passphrase string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "id")
	mustRun(t, nil, "ssh-keygen", append([]string{"-q", "-N", passphrase, "-C", "ana@laptop", "-f", path}, args...)...)
	return path
}

func publicKey(t testing.TB, path string) ssh.PublicKey {
	t.Helper()
	data, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(data)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func literalOf(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func gitConfig(pairs ...string) func(string) string { return environment(pairs...) }

// socketPath is short: a Unix socket's name has about a hundred bytes.
func socketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// serve answers on a socket as the agent a does.
func serve(t testing.TB, a agent.Agent) (socket string) {
	t.Helper()
	socket = socketPath(t)
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				agent.ServeAgent(a, conn)
			}()
		}
	}()
	return socket
}

// sshAgent starts OpenSSH's agent with these key files loaded.
func sshAgent(t testing.TB, paths ...string) (socket string) {
	t.Helper()
	socket = socketPath(t)
	cmd := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := cmd.Start(); err != nil {
		t.Fatalf("OpenSSH is needed to run this test: %v", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for { // the socket is there a little before somebody listens
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
			break
		}
		time.Sleep(time.Millisecond)
	}
	for _, path := range paths {
		mustRun(t, []string{"SSH_AUTH_SOCK=" + socket}, "ssh-add", "-q", path)
	}
	return socket
}

// keyring is an agent in this process that holds keys made from seeds.
func keyring(t testing.TB, comments ...string) (agent.Agent, []ssh.PublicKey) {
	t.Helper()
	a := agent.NewKeyring()
	var keys []ssh.PublicKey
	for i, comment := range comments {
		private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i + 1)}, ed25519.SeedSize))
		if err := a.Add(agent.AddedKey{PrivateKey: private, Comment: comment}); err != nil {
			t.Fatal(err)
		}
		key, err := ssh.NewPublicKey(private.Public())
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return a, keys
}

// stubAgent is an agent that holds one key and signs in its own way.
type stubAgent struct {
	agent.ExtendedAgent
	key  ssh.PublicKey
	sign func(data []byte, flags agent.SignatureFlags) (*ssh.Signature, error)
}

func (a *stubAgent) List() ([]*agent.Key, error) {
	return []*agent.Key{{Format: a.key.Type(), Blob: a.key.Marshal(), Comment: "stub"}}, nil
}

func (a *stubAgent) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	return a.SignWithFlags(key, data, 0)
}

func (a *stubAgent) SignWithFlags(_ ssh.PublicKey, data []byte, flags agent.SignatureFlags) (*ssh.Signature, error) {
	return a.sign(data, flags)
}

// securityKey is an agent with a FIDO2 key that sets these flags: 1 is a touch.
func securityKey(t testing.TB, flags byte) *stubAgent {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))
	key, err := ssh.ParsePublicKey(ssh.Marshal(struct {
		Type        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, private.Public().(ed25519.PublicKey), "ssh:"}))
	if err != nil {
		t.Fatal(err)
	}
	return &stubAgent{key: key, sign: func(data []byte, _ agent.SignatureFlags) (*ssh.Signature, error) {
		application, sum := sha256.Sum256([]byte("ssh:")), sha256.Sum256(data)
		rest := []byte{flags, 0, 0, 0, 1}
		signed := slices.Concat(application[:], rest, sum[:])
		return &ssh.Signature{Format: key.Type(), Blob: ed25519.Sign(private, signed), Rest: rest}, nil
	}}
}

// securityKeyFile writes the two halves of key as ssh-keygen -t ed25519-sk
// does. The private one names a key handle that no device has.
func securityKeyFile(t testing.TB, key ssh.PublicKey) (path string) {
	t.Helper()
	var public struct {
		Type        string
		Key         []byte
		Application string
	}
	if err := ssh.Unmarshal(key.Marshal(), &public); err != nil {
		t.Fatal(err)
	}
	private := ssh.Marshal(struct {
		Check1, Check2    uint32
		Type              string
		Key               []byte
		Application       string
		Flags             byte
		Handle            []byte
		Reserved, Comment string
	}{1, 1, public.Type, public.Key, public.Application, 1, []byte("handle"), "", "ana@laptop"})
	for pad := byte(1); len(private)%8 != 0; pad++ {
		private = append(private, pad)
	}
	blob := ssh.Marshal(struct {
		Cipher, KDF, KDFOptions string
		Keys                    uint32
		Public, Private         []byte
	}{"none", "none", "", 1, key.Marshal(), private})
	path = filepath.Join(t.TempDir(), "id_sk")
	block := &pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: append([]byte("openssh-key-v1\x00"), blob...)}
	write(t, path, pem.EncodeToMemory(block), 0o600)
	write(t, path+".pub", ssh.MarshalAuthorizedKey(key), 0o644)
	return path
}

// swapPublic puts another public key in the outer part of a private key file.
func swapPublic(t testing.TB, data []byte, from, to ssh.PublicKey) []byte {
	t.Helper()
	block, _ := pem.Decode(data)
	if block == nil || !bytes.Contains(block.Bytes, from.Marshal()) {
		t.Fatal("the public key is not where it is looked for")
	}
	block.Bytes = bytes.Replace(block.Bytes, from.Marshal(), to.Marshal(), 1)
	return pem.EncodeToMemory(block)
}

func write(t testing.TB, path string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// sha1Agent holds an RSA key and signs with SHA-1 whatever it is asked for, as
// old agents do.
func sha1Agent(t testing.TB, path string) *stubAgent {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		t.Fatal(err)
	}
	return &stubAgent{key: signer.PublicKey(), sign: func(data []byte, flags agent.SignatureFlags) (*ssh.Signature, error) {
		if flags != agent.SignatureFlagRsaSha512 {
			return nil, errors.New("asked for another hash than SHA-512")
		}
		return signer.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, data, ssh.KeyAlgoRSA)
	}}
}

// wantSigns checks that s signs with key, and that both we and ssh-keygen
// accept what it signs, for these bytes and this namespace only.
func wantSigns(t *testing.T, s SSHSigner, key ssh.PublicKey) {
	t.Helper()
	if !sameKey(key)(s.PublicKey()) {
		t.Fatalf("signs with %s", s.Describe())
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
	if err := keygenVerify(t, key, product.VoteNamespace, message, armored); err != nil {
		t.Errorf("ssh-keygen refuses what %s signed: %v", s.Describe(), err)
	}
	if keygenVerify(t, key, "git", message, armored) == nil {
		t.Error("ssh-keygen accepts it in another namespace")
	}
	if keygenVerify(t, key, product.VoteNamespace, append(slices.Clone(message), '\n'), armored) == nil {
		t.Error("ssh-keygen accepts it for other bytes")
	}
}

// keygenVerify asks ssh-keygen -Y verify, with an allowed_signers file that
// lets key sign votes.
func keygenVerify(t testing.TB, key ssh.PublicKey, namespace string, message, armored []byte) error {
	t.Helper()
	dir := t.TempDir()
	allowed, signature := filepath.Join(dir, "allowed_signers"), filepath.Join(dir, "sig")
	write(t, allowed, []byte(`ana namespaces="`+product.VoteNamespace+`" `+literalOf(key)+"\n"), 0o600)
	write(t, signature, armored, 0o600)
	out, err := run(t, message, nil, "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "ana", "-n", namespace, "-s", signature)
	if err != nil {
		return errors.New(string(out))
	}
	return nil
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one that says %q", err, want)
	}
}
