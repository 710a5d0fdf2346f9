// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/anchor"
	"github.com/gateledger/gateledger/internal/anchor/evm"
	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/event"
)

// A Chain says where on a chain votes are, and whose count.
type Chain struct {
	Spec         anchored.Spec // a DeploymentGate
	Since        time.Time     // when the request was made
	Artifacts    []string      // SHA-256 of what is deployed, hex
	Signers      [][]string    // of each person of the policy, lower-case hex
	Host         string        // of the request, which is no forge's word here
	RepositoryID string
}

// chainVotes reads the votes that a contract has of a request. Without one
// there is nothing to read: a chain carries no votes for others.
func chainVotes(ctx context.Context, q Query) (Found, error) {
	if q.Request == "" {
		return Found{Read: []string{"no contract: there is no request"}}, nil
	}
	if q.Chain == nil {
		return Found{}, fmt.Errorf("%w: no contract is named", ErrSetup)
	}
	votes, err := evm.ReadVotes(ctx, evm.VotesQuestion{
		Spec: q.Chain.Spec, Request: q.Request, Since: q.Chain.Since, Environment: q.Environment, Commit: q.Commit,
		Artifacts: q.Chain.Artifacts, People: q.Chain.Signers,
	}, anchor.World{Base: q.Base, Timeout: q.Timeout, Pause: q.Pause, Getenv: q.Getenv, Now: time.Now})
	switch {
	case errors.Is(err, anchor.ErrSetup):
		return Found{}, fmt.Errorf("%w: %w", ErrSetup, err)
	case err != nil:
		return Found{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	p := &event.ForgeVotesPredicate{
		Request: q.Request, Source: event.ChainSource, Host: q.Chain.Host, RepositoryID: q.Chain.RepositoryID, Commit: q.Commit,
		Read:    event.ForgeRead{Time: rfc3339(votes.Time), Calls: votes.Calls},
		Changes: []event.ForgeChange{}, Votes: []event.ForgeVote{}, People: []event.ForgePerson{}, Parts: []event.ForgePart{},
		Strangers: votes.Strangers,
	}
	for _, c := range votes.Cast {
		p.Votes = append(p.Votes, event.ForgeVote{
			ID: c.ID, Account: event.ForgeAccount{ID: event.ChainAccount(c.Signer), Login: "0x" + c.Signer, Kind: event.AccountUser},
			Decision: c.Decision, Request: q.Request, Time: rfc3339(c.Time), Reject: cut(c.Reject),
		})
	}
	if err := p.Check(); err != nil {
		return Found{}, fmt.Errorf("%w: a snapshot that is none: %w", ErrUnavailable, err)
	}
	return Found{
		Read:     []string{fmt.Sprintf("contract %s on chain %d up to block %d, of which %d is final", q.Chain.Spec.Contract, q.Chain.Spec.Chain, votes.Block, votes.Final)},
		Snapshot: p,
	}, nil
}
