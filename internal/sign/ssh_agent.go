// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/gateledger/gateledger/internal/vote"
)

// agentSigner signs with a key that an ssh-agent holds. It opens a connection
// for each signature, because a person may think for long in between.
type agentSigner struct {
	socket  string
	key     ssh.PublicKey
	comment string
	stderr  io.Writer
}

var _ SSHSigner = (*agentSigner)(nil)

func (s *agentSigner) PublicKey() ssh.PublicKey { return s.key }

func (s *agentSigner) Describe() string {
	return describe(s.key, fmt.Sprintf("agent, %q", s.comment))
}

func (s *agentSigner) SignSSHSIG(ctx context.Context, message []byte) ([]byte, error) {
	a, hangUp, err := dialAgent(ctx, s.socket)
	if err != nil {
		return nil, err
	}
	defer hangUp()
	if isSecurityKey(s.key) && s.stderr != nil {
		fmt.Fprintf(s.stderr, "Touch the security key %s.\n", ssh.FingerprintSHA256(s.key))
	}
	armored, err := seal(s.key, message, func(data []byte) (*ssh.Signature, error) {
		return a.SignWithFlags(s.key, data, agentFlags(s.key))
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.Describe(), err)
	}
	return armored, nil
}

// agentFlags ask for SHA-2: without them an agent signs RSA with SHA-1.
func agentFlags(key ssh.PublicKey) agent.SignatureFlags {
	if vote.SignatureFormat(key) == ssh.KeyAlgoRSASHA512 {
		return agent.SignatureFlagRsaSha512
	}
	return 0
}

// dialAgent connects to the agent. The connection ends with ctx, and with a
// call of hangUp, which must come.
func dialAgent(ctx context.Context, socket string) (a agent.ExtendedAgent, hangUp func(), err error) {
	var d net.Dialer // by DialUnix, as DialContext brings a resolver of names into the program
	conn, err := d.DialUnix(ctx, "unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, nil, fmt.Errorf("ask the ssh agent: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	return agent.NewClient(conn), func() { stop(); conn.Close() }, nil
}

// agentKeys returns a signer for every key the agent holds that may vote, and
// says of each other key why it may not.
func (o SSHOptions) agentKeys(ctx context.Context) (usable []*agentSigner, refused []string, err error) {
	socket := o.getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, nil, fmt.Errorf("%w: no ssh agent runs (SSH_AUTH_SOCK is not set)", ErrNoSSHKey)
	}
	a, hangUp, err := dialAgent(ctx, socket)
	if err != nil {
		return nil, nil, err
	}
	defer hangUp()
	keys, err := a.List()
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("list the ssh agent's keys: %w", err)
	}
	for _, k := range keys {
		key, err := ssh.ParsePublicKey(k.Blob)
		if err == nil {
			err = vote.CheckKey(key)
		}
		if err != nil {
			refused = append(refused, fmt.Sprintf("%q: %v", k.Comment, err))
			continue
		}
		usable = append(usable, &agentSigner{socket: socket, key: key, comment: k.Comment, stderr: o.Stderr})
	}
	return usable, refused, nil
}

// agentKey returns the agent's key that is wanted.
func (o SSHOptions) agentKey(ctx context.Context, wanted func(ssh.PublicKey) bool) (SSHSigner, error) {
	keys, _, err := o.agentKeys(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(keys, func(s *agentSigner) bool { return wanted(s.key) })
	if i < 0 {
		return nil, fmt.Errorf("%w: the ssh agent does not hold it; run: ssh-add", ErrNoSSHKey)
	}
	return keys[i], nil
}

// agentOnly returns the agent's only key, or the only one the caller prefers.
func (o SSHOptions) agentOnly(ctx context.Context) (SSHSigner, error) {
	keys, refused, err := o.agentKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w; name a key with --ssh", err)
	}
	if preferred := o.preferred(keys); len(preferred) > 0 {
		keys = preferred
	}
	switch len(keys) {
	case 1:
		return keys[0], nil
	case 0:
		return nil, fmt.Errorf("%w: the ssh agent holds none that may vote%s; name a key with --ssh, or run: ssh-add", ErrNoSSHKey, list(refused))
	}
	choices := make([]string, 0, len(keys))
	for _, s := range keys {
		choices = append(choices, fmt.Sprintf("--ssh %s (%s %q)", ssh.FingerprintSHA256(s.key), s.key.Type(), s.comment))
	}
	return nil, fmt.Errorf("%w: the ssh agent holds %d; pick one%s", ErrManySSHKeys, len(keys), list(choices))
}

func (o SSHOptions) preferred(keys []*agentSigner) []*agentSigner {
	var preferred []*agentSigner
	for _, s := range keys {
		if o.Prefer != nil && o.Prefer(s.key) {
			preferred = append(preferred, s)
		}
	}
	return preferred
}

// list renders what follows a colon, or nothing.
func list(items []string) string {
	if len(items) == 0 {
		return ""
	}
	return ":\n  " + strings.Join(items, "\n  ")
}
