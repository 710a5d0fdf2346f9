// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/gateledger/gateledger/internal/child"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// A signing says with what a verb signs events.
type signing struct {
	key     string
	keyless bool
	oidc    string
	token   string
	config  string
}

func (s *signing) flags(cmd *cobra.Command) {
	s.keylessFlags(cmd)
	cmd.Flags().StringVar(&s.key, "key", "", "event key `FILE`, instead of the one init made")
	cmd.MarkFlagsMutuallyExclusive("key", "keyless")
}

// keylessFlags is flags, for a verb whose other way to sign is not an event
// key.
func (s *signing) keylessFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.keyless, "keyless", false, "sign with a short-lived certificate for this job's or person's identity, by "+child.Name)
	cmd.Flags().StringVar(&s.oidc, "oidc", "auto", "with --keyless: where the identity token is from: auto, github, gitlab, token or browser")
	cmd.Flags().StringVar(&s.token, "identity-token", "", "with --keyless: `FILE` that holds the identity token")
	cmd.Flags().StringVar(&s.config, "signing-config", "", "with --keyless: Sigstore signing config `FILE`, instead of the public instance")
}

// A maker signs events.
type maker interface {
	make(ctx context.Context, payload []byte) (event.Signed, error)
	made(s event.Signed) bool // s may be one of its own
}

// maker is what the flags ask for. With a key, it must be one that the policy
// names, unless stranger allows any: what any other signs, nobody would
// believe.
func (w *workspace) maker(f signing, stranger bool) (maker, error) {
	if f.keyless {
		return w.keylessMaker(f)
	}
	signer := w.signer
	if stranger {
		signer = w.eventKey
	}
	key, err := signer(f.key)
	return keyMaker{w, key}, err
}

// A keyMaker signs with a key that is here.
type keyMaker struct {
	w   *workspace
	key event.Signer
}

func (m keyMaker) make(ctx context.Context, payload []byte) (event.Signed, error) {
	signed, err := event.Sign(payload, m.key)
	if err != nil {
		return signed, err
	}
	signed.Timestamps, err = m.w.stamp(ctx, signed.Signature)
	return signed, err
}

func (m keyMaker) made(s event.Signed) bool {
	return !s.Verifier.Keyless() && s.KeyID() == event.KeyID(m.key.Verifier())
}

// A keylessMaker has gateledger-remote sign with a certificate.
type keylessMaker struct {
	w      *workspace
	remote child.Remote
	how    child.Signing
}

func (w *workspace) keylessMaker(f signing) (maker, error) {
	remote, err := w.remote()
	if err != nil {
		return nil, err
	}
	file, err := w.rootPath()
	if err != nil {
		return nil, err
	}
	if f.config == "" {
		file = "" // of the public instance the child knows root and services
	}
	return keylessMaker{w, remote, child.Signing{
		Trust: child.Trust{Root: file, Config: f.config},
		OIDC:  f.oidc, TokenFile: f.token, Interactive: cli.IsTerminal(w.env.Stdin),
	}}, nil
}

func (m keylessMaker) make(ctx context.Context, payload []byte) (event.Signed, error) {
	signed, _, err := m.remote.Sign(ctx, payload, m.how)
	if err != nil {
		return signed, remoteError(err)
	}
	if len(signed.Timestamps) == 0 {
		signed.Timestamps, err = m.w.stamp(ctx, signed.Signature)
	}
	return signed, err
}

// made takes any event signed keyless for one of its own: each has a key of
// its own, and only this user's are in the outbox.
func (keylessMaker) made(s event.Signed) bool { return s.Verifier.Keyless() }

// believed checks that what a keyless maker signed is by a signer of the
// policy, before it is logged: else nobody would count it.
func (w *workspace) believed(ctx context.Context, s event.Signed) error {
	if !s.Verifier.Keyless() {
		return nil
	}
	e, err := opened(s)
	if err != nil {
		return err
	}
	_, _, err = w.policy.Signer(e, w.root(ctx))
	if errors.Is(err, policy.ErrStranger) {
		return cli.Fail(cli.Usage, "add this identity under signers, or run in the workflow that the policy names", "the certificate is no signer's of the policy (%s): %w", w.source, err)
	}
	return err
}

// opened is a signed event as whoever reads the ledger sees it.
func opened(s event.Signed) (*event.Event, error) {
	leaf, err := s.Leaf()
	if err != nil {
		return nil, err
	}
	body, err := s.Body()
	if err != nil {
		return nil, err
	}
	return event.Open(0, leaf, body)
}

// stamp gets a timestamp of a signature, where the policy says from whom.
func (w *workspace) stamp(ctx context.Context, message []byte) ([][]byte, error) {
	url := w.policy.Sigstore.Timestamp
	if url == "" {
		return nil, nil
	}
	remote, err := w.remote()
	if err != nil {
		return nil, err
	}
	token, _, err := remote.Timestamp(ctx, url, "", message)
	if err != nil {
		return nil, remoteError(err)
	}
	if root := w.root(ctx); root != nil {
		if _, err := root.Stamped(token, message); err != nil {
			return nil, cli.Fail(cli.Integrity, "the policy's sigstore.timestamp and sigstore.trusted-root do not belong together, or somebody stands between", "timestamp from %s: %w", url, err)
		}
	}
	return [][]byte{token}, nil
}

// remote finds the program that speaks with services. Verbs that judge take
// only the one beside their own binary.
func (w *workspace) remote() (child.Remote, error) {
	path, err := child.Find(os.Executable, !w.judges)
	if err != nil {
		return child.Remote{}, cli.Fail(cli.Usage, child.Hint, "%w", err)
	}
	return child.Remote{Program: path, Getenv: w.env.Getenv, Stderr: w.env.Stderr}, nil
}

func remoteError(err error) error {
	for _, c := range []coded{
		{child.ErrNoRemote, cli.Usage}, {child.ErrUsage, cli.Usage}, {child.ErrRefused, cli.No},
		{child.ErrUnverified, cli.Integrity}, {child.ErrUnavailable, cli.Unknown},
	} {
		if errors.Is(err, c.is) {
			exit := &cli.Exit{Code: c.code, Err: err}
			if said := (*child.Error)(nil); errors.As(err, &said) {
				exit.Hint = said.Hint
			}
			return exit
		}
	}
	return err
}

// rootPath is a file with the trusted root that the policy names, for the
// child to read; empty where the policy names none.
func (w *workspace) rootPath() (string, error) {
	digest := w.policy.Sigstore.TrustedRoot
	if digest == "" {
		return "", cli.Fail(cli.Usage, "name the trusted root in "+product.PolicyFile+": sigstore: {trusted-root: \"sha256:…\"}", "the policy names no trusted root, so nobody would believe a certificate")
	}
	data, err := w.rootBytes(context.Background(), digest)
	if err != nil {
		return "", cli.Fail(cli.Usage, "give it with --trusted-root FILE", "find the trusted root %s: %w", digest, err)
	}
	if _, err := w.ring.KeepRoot(data); err != nil {
		return "", err
	}
	return w.ring.RootFile(digest)
}
