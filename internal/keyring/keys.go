// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/sign"
)

// maxKey is the largest key file that is read, in bytes.
const maxKey = 64 << 10

// NewLogKey makes the Ed25519 key of the log called origin and returns its
// verifier key, as a policy names it. It fails with ErrExists where there is
// one.
func (r Ring) NewLogKey(origin string, rand io.Reader) (verifierKey string, err error) {
	path, err := r.path("log", origin, ".key")
	if err != nil {
		return "", fmt.Errorf("make log key: %w", err)
	}
	private, verifierKey, err := note.GenerateKey(rand, origin)
	if err != nil {
		return "", fmt.Errorf("make log key of %s: %w", origin, err)
	}
	if err := create(path, []byte(private+"\n")); err != nil {
		return "", fmt.Errorf("make log key of %s: %w", origin, err)
	}
	return verifierKey, nil
}

// LogSigner returns what signs the checkpoints of the log called origin. It
// fails with ErrNoKey, ErrPermissions or ErrWrongKey.
func (r Ring) LogSigner(origin string) (note.Signer, error) {
	private, err := r.logKey(origin)
	if err != nil {
		return nil, fmt.Errorf("read log key of %.80s: %w", origin, err)
	}
	return logSigner(private, origin)
}

// LogVerifierKey returns the public half of the log key, in the form a policy
// names it: origin+hash+key. It fails as LogSigner does.
func (r Ring) LogVerifierKey(origin string) (string, error) {
	if _, err := r.LogSigner(origin); err != nil {
		return "", err
	}
	private, err := r.logKey(origin)
	if err != nil {
		return "", fmt.Errorf("read log key of %s: %w", origin, err)
	}
	// LogSigner has parsed it: PRIVATE+KEY+origin+hash+base64 of a type byte
	// and the seed. Base64 may have a plus of its own.
	parts := strings.SplitN(private, "+", 5)
	key, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(key) != 1+ed25519.SeedSize {
		return "", fmt.Errorf("read log key of %s: %w", origin, ErrWrongKey)
	}
	public, _ := ed25519.NewKeyFromSeed(key[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(origin, public)
}

func (r Ring) logKey(origin string) (string, error) {
	path, err := r.path("log", origin, ".key")
	if err != nil {
		return "", err
	}
	data, err := readPrivate(path)
	return strings.TrimSuffix(string(data), "\n"), err
}

// NewEventKey makes the event key called name and returns its key id, as a
// policy's signers name it. It fails with ErrExists where there is one.
func (r Ring) NewEventKey(name string, rand io.Reader) (keyID string, err error) {
	path, err := r.path("event", name, ".pem")
	if err != nil {
		return "", fmt.Errorf("make event key: %w", err)
	}
	data, err := sign.GenerateKey(rand)
	if err != nil {
		return "", err
	}
	s, err := sign.ParseKey(data, nil)
	if err != nil {
		return "", err
	}
	if err := create(path, data); err != nil {
		return "", fmt.Errorf("make event key %s: %w", name, err)
	}
	return event.KeyID(s.Verifier()), nil
}

// EventSigner returns what signs events with the key called name. It fails
// with ErrNoKey, ErrPermissions or ErrWrongKey.
func (r Ring) EventSigner(name string) (event.Signer, error) {
	path, err := r.path("event", name, ".pem")
	if err != nil {
		return nil, fmt.Errorf("read event key: %w", err)
	}
	data, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("read event key %s: %w", name, err)
	}
	s, err := sign.ParseKey(data, nil)
	if err != nil {
		return nil, fmt.Errorf("event key %s: %w: %w", name, ErrWrongKey, err)
	}
	return s, nil
}
