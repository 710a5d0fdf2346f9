// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"slices"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/ledger"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/proof"
)

// resume goes by the policy that is there. It makes nothing that the policy
// names: what is missing then was lost, or is on another machine.
func (s *setup) resume(ctx context.Context, data []byte) error {
	p, err := policy.Parse(data)
	if err != nil {
		return cli.Fail(cli.Usage, "mend it, see 'gateledger policy lint'; init never overwrites a policy", "there is a policy already: read %s: %w", s.place.policyFile(), err)
	}
	if err := s.goBy(p); err != nil {
		return err
	}
	if err := s.checkKeys(p); err != nil {
		return err
	}
	if err := s.checkJobKey(ctx, p); err != nil {
		return err
	}
	keys, err := proof.NewKeys(s.origin, p.Ledger.Keys)
	if err != nil {
		return err
	}
	where, err := s.gitOptions(ctx)
	if err != nil {
		return err
	}
	if _, err := ledger.Open(ctx, s.at, ledger.Options{Keys: keys, Git: where}); err != nil {
		return s.lost(err)
	}
	if err := s.did(false, "ledger", s.at); err != nil {
		return err
	}
	if err := s.did(false, "policy", s.place.policyFile()); err != nil {
		return err
	}
	fresh, err := s.template()
	if err != nil {
		return err
	}
	return s.pin(data, fresh)
}

// goBy takes the log from the policy. A ledger asked for elsewhere would be
// another log, and a repository has one.
func (s *setup) goBy(p *policy.Policy) (err error) {
	asked, at := s.at, ledgerURL(s.place.root, s.place.common, p.Ledger.URL)
	if s.url != defaultLedger && asked != at {
		return cli.Fail(cli.Usage, "run it without --ledger; to begin another log, take "+product.PolicyFile+" away first",
			"the policy names the ledger %s, and not %s", at, asked)
	}
	s.origin, s.url, s.at = p.Ledger.Origin, p.Ledger.URL, at
	s.host, err = s.host.asIn(p.Ledger.Hosting)
	return err
}

// lost explains a ledger that a policy names and that is not there.
func (s *setup) lost(err error) error {
	if !errors.Is(err, ledger.ErrNotLedger) {
		return ledgerError(s.at, err)
	}
	if inCI(s.env.Getenv) {
		return s.allowFresh()
	}
	return cli.Fail(cli.Usage,
		"use the checkout where init was run, or bring the ledger here; to begin another log, take "+product.PolicyFile+" away first",
		"the policy names the log %s, and it is not at %s", s.origin, s.at)
}

// checkKeys finds the keys of the policy's log in the ring.
func (s *setup) checkKeys(p *policy.Policy) (err error) {
	file := s.place.policyFile()
	if s.logKey, err = s.ring.LogVerifierKey(s.origin); errors.Is(err, keyring.ErrNoKey) {
		return cli.Fail(cli.Usage, "read it, then trust it with 'gateledger trust'; init is for whoever starts a log",
			"%s is of a log that somebody else started: %w", file, err)
	}
	if err != nil {
		return err
	}
	if !slices.Contains(p.Ledger.Keys, s.logKey) {
		return cli.Fail(cli.Usage, "put back the policy that init wrote", "%s does not name your log key %s", file, s.logKey)
	}
	if err := s.did(false, "log key", s.keyFile("log", ".key")); err != nil {
		return err
	}
	signer, err := s.ring.EventSigner(s.origin)
	if err != nil {
		return err
	}
	s.event = event.KeyID(signer.Verifier())
	return s.did(false, "event key", s.keyFile("event", ".pem"))
}
