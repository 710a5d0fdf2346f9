// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/ci"
	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/durable"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/proof"
)

// begin makes everything, or goes on with the ledger that an earlier run left
// without a policy.
func (s *setup) begin(ctx context.Context) error {
	if err := s.adopt(ctx); err != nil {
		return err
	}
	for _, do := range []func(context.Context) error{s.makeLogKey, s.makeEventKey, s.makeJobKey, s.makeLedger} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	text, err := s.template()
	if err != nil {
		return err
	}
	if err := writePolicy(s.place.policyFile(), text); err != nil {
		return err
	}
	if err := s.did(true, "policy", s.place.policyFile()); err != nil {
		return err
	}
	return s.pin(text, text)
}

// adopt goes on with a ledger that stands where ours would. It must be one of
// this user's: whoever signs with another key would not be believed.
func (s *setup) adopt(ctx context.Context) (err error) {
	path, isDir := strings.CutPrefix(s.at, "dir:")
	switch {
	case isDir:
		s.origin, err = originAt(path)
	case isGit(s.at):
		s.origin, err = s.originAtRemote(ctx)
	default:
		return cli.Fail(cli.Usage, "give --ledger dir:PATH or --ledger git:REMOTE", "init makes dir: and git: ledgers only, not %s", s.at)
	}
	if exit := (*cli.Exit)(nil); errors.As(err, &exit) {
		return err
	}
	if err != nil {
		return ledgerError(s.at, err)
	}
	if s.origin == "" {
		s.fresh = true
		return s.allowFresh()
	}
	if s.logKey, err = s.ring.LogVerifierKey(s.origin); err != nil {
		return cli.Fail(cli.Usage, "make yours elsewhere with --ledger URL", "there is a ledger at %s already, and its key is not yours: %w", s.at, err)
	}
	return nil
}

// originAt reads, without believing it, the origin of the ledger in a folder:
// the first line of its checkpoint (C2SP tlog-checkpoint). It is empty where
// there is no checkpoint, and so no ledger yet.
func originAt(folder string) (string, error) {
	f, err := os.Open(filepath.Join(folder, "checkpoint"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	start, err := io.ReadAll(io.LimitReader(f, longestOrigin))
	if err != nil {
		return "", err
	}
	return originOf(start)
}

// longestOrigin is how much of a checkpoint is read to find its origin.
const longestOrigin = 256

// originOf is the first line of a checkpoint.
func originOf(checkpoint []byte) (string, error) {
	line, _, ok := strings.Cut(string(checkpoint[:min(len(checkpoint), longestOrigin)]), "\n")
	if !ok || line == "" {
		return "", fmt.Errorf("its checkpoint names no log: %w", ledger.ErrNotLedger)
	}
	return line, nil
}

// allowFresh refuses to begin a ledger that nobody will find again.
func (s *setup) allowFresh() error {
	if !inCI(s.env.Getenv) {
		return nil
	}
	what := "this log"
	if isGit(s.at) {
		what = "the key of this log"
	}
	return cli.Fail(cli.Usage, "run 'gateledger init' where the ledger can stay, once, and let jobs use that one",
		"%s would end with the job: there is no ledger at %s, and this is a CI job", what, s.at)
}

// inCI says whether this is a job of any CI, including those that have no
// adapter: they all set CI.
func inCI(getenv func(string) string) bool {
	return ci.Detect(getenv) != ci.Local || slices.Contains([]string{"true", "1"}, strings.ToLower(getenv("CI")))
}

func (s *setup) makeLogKey(context.Context) (err error) {
	if s.fresh {
		if s.origin, err = newOrigin(s.env.Rand); err != nil {
			return err
		}
		if s.logKey, err = s.ring.NewLogKey(s.origin, s.env.Rand); err != nil {
			return err
		}
	}
	return s.did(s.fresh, "log key", s.keyFile("log", ".key"))
}

func (s *setup) makeEventKey(context.Context) error {
	signer, err := s.ring.EventSigner(s.origin)
	switch {
	case err == nil:
		s.event = event.KeyID(signer.Verifier())
		return s.did(false, "event key", s.keyFile("event", ".pem"))
	case !errors.Is(err, keyring.ErrNoKey):
		return err
	}
	if s.event, err = s.ring.NewEventKey(s.origin, s.env.Rand); err != nil {
		return err
	}
	return s.did(true, "event key", s.keyFile("event", ".pem"))
}

func (s *setup) makeLedger(ctx context.Context) error {
	keys, err := proof.NewKeys(s.origin, []string{s.logKey})
	if err != nil {
		return err
	}
	signer, err := s.ring.LogSigner(s.origin)
	if err != nil {
		return err
	}
	get, made := ledger.Open, s.fresh
	if made {
		get = ledger.Create
	}
	where, err := s.gitOptions(ctx)
	if err != nil {
		return err
	}
	if _, err := get(ctx, s.at, ledger.Options{Keys: keys, Signer: signer, Git: where}); err != nil {
		return ledgerError(s.at, err)
	}
	return s.did(made, "ledger", s.at)
}

// firstSigner is what the policy calls the event key: a developer's, because
// a key beside project code is good for a start and for nothing more.
const firstSigner = "dev"

// template is the policy as init writes it for this log.
func (s *setup) template() ([]byte, error) {
	start := policy.Start{URL: s.url, Origin: s.origin, LogKeys: []string{s.logKey}, Signer: firstSigner, Key: s.event}
	if s.hosted() && s.jobs != "" && !s.unnamed {
		start.Signer, start.Key = jobSigner, s.jobs
	}
	text, err := policy.Template(start)
	if err != nil {
		return nil, err
	}
	if text, err = s.withJobs(text); err != nil {
		return nil, err
	}
	return s.host.named(text)
}

// pin trusts the policy for this user if it is, to the byte, what init
// writes. Any other may be somebody else's, and is for the user to judge.
func (s *setup) pin(data, fresh []byte) error {
	pinned, ok, err := s.ring.Pinned(s.origin)
	if err != nil {
		return err
	}
	s.result.Next = "gateledger policy add NAME --ssh ~/.ssh/id_ed25519.pub"
	switch {
	case ok && bytes.Equal(pinned, data):
		s.result.Next = "gateledger doctor"
		return s.did(false, "trust", "you trust this policy already")
	case ok || !bytes.Equal(data, fresh):
		s.result.Next = "gateledger trust"
		return s.did(false, "trust", "the policy is not the one you trust: look at it with 'gateledger trust'")
	}
	if err := s.ring.Pin(s.origin, data); err != nil {
		return err
	}
	return s.did(true, "trust", "you trust this policy")
}

func (s *setup) keyFile(kind, suffix string) string { return s.keyPath(kind, s.origin, suffix) }

func (s *setup) keyPath(kind, name, suffix string) string {
	return filepath.Join(s.result.Keyring, kind, name+suffix)
}

// originBytes is how much chance is in an origin: 16 characters of base32.
const originBytes = 10

// newOrigin draws the name of a log. It says nothing about anybody, since it
// stands in every receipt, and it is a DNS label.
func newOrigin(rand io.Reader) (string, error) {
	b := make([]byte, originBytes)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("draw an origin: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)), nil
}

// writePolicy replaces the policy file whole, or not at all.
func writePolicy(file string, data []byte) error {
	dir, err := durable.Dir(filepath.Dir(file))
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return durable.WriteFile(dir, filepath.Base(file), data)
}
