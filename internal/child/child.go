// SPDX-License-Identifier: Apache-2.0

// Package child finds and runs gateledger-remote, the one program that speaks
// with services. Everything else of this product links no network client, so
// that a job which only records or judges trusts less code.
//
// A question goes to the child's standard input and an answer comes from its
// standard output: secrets are never in its arguments. It gets only the part
// of the environment that it needs, so much time, and so much room.
package child

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// What can go wrong, told apart by errors.Is. An *Error is one of them too.
var (
	ErrNoRemote    = errors.New("gateledger-remote is not there")                   // usage: install it
	ErrUsage       = errors.New("gateledger-remote was not called right")           // usage
	ErrRefused     = errors.New("the service said no")                              // no
	ErrUnavailable = errors.New("gateledger-remote could not find out")             // could not find out
	ErrUnverified  = errors.New("what the service answered does not verify")        // tampered
	errOdd         = fmt.Errorf("%w: its answer is not understood", ErrUnavailable) // another version, perhaps
)

// DefaultTimeout is how long a call may take where none is set: a person may
// have to find their browser first.
const DefaultTimeout = 3 * time.Minute

// A Remote is gateledger-remote, ready to be run.
type Remote struct {
	Program string              // where Find found it
	Getenv  func(string) string // the child sees the part of it that it needs; nil: nothing
	Stderr  io.Writer           // gets what the child tells a person, cleaned; nil: nobody
	Timeout time.Duration       // of one call; 0: DefaultTimeout
}

// A Trust says which Sigstore to use. Both files or neither; neither is the
// public-good instance.
type Trust struct {
	Root   string // file: Sigstore TrustedRoot
	Config string // file: Sigstore SigningConfig v0.2
}

// A Signing says how to sign.
type Signing struct {
	Trust
	Log         Log
	OIDC        string // auto, github, gitlab, token, browser; empty: auto
	TokenFile   string // file with an identity token
	Variable    string // that holds GitLab's identity token; empty: SIGSTORE_ID_TOKEN
	Token       string // an identity token
	Interactive bool   // a person is there: auto may open a browser
}

// Log says whether to log in a transparency log.
type Log int

// The answers to whether to log.
const (
	AsConfigured Log = iota // where the signing configuration names one
	Always
	Never
)

// Sign has payload, a canonical statement, signed with a short-lived
// certificate. The signature was checked here again, the certificate and the
// timestamps by the child against its trusted root; whose certificate counts,
// the caller's policy says. The bundle is empty where no log was used.
func (r Remote) Sign(ctx context.Context, payload []byte, s Signing) (signed event.Signed, bundle []byte, err error) {
	var answer SignAnswer
	question := SignQuestion{Payload: payload, Token: s.Token}
	if err := r.call(ctx, s.arguments(), s.variables(), question, &answer); err != nil {
		return event.Signed{}, nil, fmt.Errorf("sign keyless: %w", err)
	}
	if answer.Schema != SignSchema {
		return event.Signed{}, nil, fmt.Errorf("sign keyless: %w: schema %.80q, want %s", errOdd, answer.Schema, SignSchema)
	}
	signed, err = answer.signed(payload)
	if err != nil {
		return event.Signed{}, nil, fmt.Errorf("sign keyless: %w: %w", ErrUnverified, err)
	}
	return signed, answer.Bundle, nil
}

// signed is the answer as an event's envelope, its signature checked.
func (a SignAnswer) signed(payload []byte) (event.Signed, error) {
	cert, err := x509.ParseCertificate(a.Certificate)
	if err != nil {
		return event.Signed{}, fmt.Errorf("read certificate: %w", err)
	}
	key, err := x509.MarshalPKIXPublicKey(cert.PublicKey)
	if err != nil {
		return event.Signed{}, fmt.Errorf("read key of certificate: %w", err)
	}
	s := event.Signed{
		Payload:    payload,
		Signature:  a.Signature,
		Verifier:   event.Verifier{KeyDetails: event.KeyDetails, PublicKey: key, Certificate: a.Certificate},
		Timestamps: a.Timestamps,
	}
	for _, entry := range a.Entries {
		canonical, err := canon.Transform(entry)
		if err != nil {
			return event.Signed{}, fmt.Errorf("read log entry: %w", err)
		}
		s.Entries = append(s.Entries, canonical)
	}
	return s, s.Verify()
}

func (s Signing) arguments() []string {
	args := append([]string{"sign"}, s.Trust.arguments()...)
	switch s.Log {
	case Always:
		args = append(args, "--rekor")
	case Never:
		args = append(args, "--rekor=false")
	}
	if s.OIDC != "" {
		args = append(args, "--oidc="+s.OIDC)
	}
	if s.TokenFile != "" {
		args = append(args, "--token-file="+s.TokenFile)
	}
	if s.Variable != "" {
		args = append(args, "--token-variable="+s.Variable)
	}
	return append(args, fmt.Sprintf("--interactive=%t", s.Interactive))
}

func (t Trust) arguments() []string {
	var args []string
	if t.Root != "" {
		args = append(args, "--trusted-root="+t.Root)
	}
	if t.Config != "" {
		args = append(args, "--signing-config="+t.Config)
	}
	return args
}

// Timestamp gets an RFC 3161 timestamp of message from the authority at url.
// With root, a file that holds a Sigstore TrustedRoot, the child has checked
// it against that; without, the caller has to check it before it means
// anything.
func (r Remote) Timestamp(ctx context.Context, url, root string, message []byte) (token []byte, at time.Time, err error) {
	args := []string{"timestamp", "--url=" + url}
	if root != "" {
		args = append(args, "--trusted-root="+root)
	}
	var answer TimestampAnswer
	if err := r.call(ctx, args, nil, TimestampQuestion{Message: message}, &answer); err != nil {
		return nil, time.Time{}, fmt.Errorf("get timestamp: %w", err)
	}
	switch {
	case answer.Schema != TimestampSchema:
		return nil, time.Time{}, fmt.Errorf("get timestamp: %w: schema %.80q, want %s", errOdd, answer.Schema, TimestampSchema)
	case len(answer.Token) == 0 || answer.Time.IsZero():
		return nil, time.Time{}, fmt.Errorf("get timestamp: %w: it is empty", errOdd)
	case root != "" && !answer.Verified:
		return nil, time.Time{}, fmt.Errorf("get timestamp: %w: it was not checked against %s", ErrUnverified, root)
	}
	return answer.Token, answer.Time, nil
}
