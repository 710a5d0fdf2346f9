// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/cli"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/hosting"
	"github.com/gateledger/gateledger/internal/keyring"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// jobSigner is what the policy calls the key that the host's jobs sign with.
// It is another one than that of the person who ran init: it lies at the host,
// where whoever may push can have a job use it.
const jobSigner = "ci"

// hosted says whether jobs of a host are to work on this ledger.
func (s *setup) hosted() bool {
	return jobFile(s.host.provider) != "" && isGit(s.at)
}

// jobKeyName is the name of the jobs' key in the ring.
func (s *setup) jobKeyName() string { return s.origin + "-" + jobSigner }

// jobKeyFile is where the jobs' key lies, until it is stored at the host.
func (s *setup) jobKeyFile() string { return s.keyPath("event", s.jobKeyName(), ".pem") }

// makeJobKey makes the key that the host's jobs sign with, unless it is there.
func (s *setup) makeJobKey(context.Context) error {
	if !s.hosted() {
		return nil
	}
	signer, err := s.ring.EventSigner(s.jobKeyName())
	switch {
	case err == nil:
		s.jobs = event.KeyID(signer.Verifier())
		return s.did(false, "ci key", s.jobKeyFile())
	case !errors.Is(err, keyring.ErrNoKey):
		return err
	}
	if s.jobs, err = s.ring.NewEventKey(s.jobKeyName(), s.env.Rand); err != nil {
		return err
	}
	return s.did(true, "ci key", s.jobKeyFile())
}

// checkJobKey goes by what the policy says of the jobs: a key, which must be
// here; a certificate, so that there is none; or nothing yet, as in a policy
// from before there was such a key.
func (s *setup) checkJobKey(ctx context.Context, p *policy.Policy) error {
	ci, ok := p.Signers[jobSigner]
	switch {
	case !s.hosted() || ok && ci.Key == "":
		return nil
	case !ok:
		s.unnamed = true
		return s.makeJobKey(ctx)
	}
	signer, err := s.ring.EventSigner(s.jobKeyName())
	if err != nil {
		return err
	}
	if s.jobs = event.KeyID(signer.Verifier()); s.jobs != ci.Key {
		return cli.Fail(cli.Usage, "put back the policy that init wrote, or name the key in it", "%s names another key for %s than yours, %s", s.place.policyFile(), jobSigner, s.jobs)
	}
	return s.did(false, "ci key", s.jobKeyFile())
}

// withJobs is a new policy for a host: what a release shows there must be
// signed by the jobs' key, and nothing by the one of whoever ran init.
func (s *setup) withJobs(text []byte) ([]byte, error) {
	if !s.hosted() || s.jobs == "" || s.unnamed {
		return text, nil
	}
	own := fmt.Sprintf("  %s: {key: %q, tier: fast}\n", jobSigner, s.jobs)
	edits := [][2]string{
		{own, own + fmt.Sprintf("  %s: {key: %q, tier: fast} # whoever ran init; no evidence below counts by it\n", firstSigner, s.event)},
		{"      - {event: test, result: passed, by: " + jobSigner + ", max-age: 24h}\n",
			"      # Once the release records a test report:\n      # - {event: test, result: passed, by: " + jobSigner + ", max-age: 24h}\n"},
	}
	switch s.host.provider {
	case hosting.GitHub:
		edits = append(edits, [2]string{"outsiders: []\n", "outsiders: [noreply@github.com] # who commits what is merged in the browser\n"})
	case hosting.GitLab:
		edits = append(edits, [2]string{"\nenvironments:\n", `
# Votes that people paste as notes of the commit's merge requests. The gate
# allows nothing before it has read them: gateledger approve REQUEST --print
collect: [gitlab-note]

environments:
`})
	}
	out := string(text)
	for _, e := range edits {
		if strings.Count(out, e[0]) != 1 {
			return nil, fmt.Errorf("write a policy for %s: it has no single line %q", s.host.provider, e[0])
		}
		out = strings.Replace(out, e[0], e[1], 1)
	}
	p, err := policy.Parse([]byte(out))
	if err != nil {
		return nil, fmt.Errorf("write a policy for %s: %w", s.host.provider, err)
	}
	if names := sortedKeys(p.Signers); !slices.Equal(names, []string{jobSigner, firstSigner}) {
		return nil, fmt.Errorf("write a policy for %s: its signers came out as %v", s.host.provider, names)
	}
	return []byte(out), nil
}

// eventSecretName is what the jobs' key is called at a host.
func eventSecretName() string { return strings.ToUpper(product.Name) + "_EVENT_KEY" }
