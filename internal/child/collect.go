// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

// CollectSchema names the answer to 'collect', so that one of another version
// is not taken for ours.
const CollectSchema = product.PredicateBase + "remote-collect/v1"

// collectTimeout is how long reading one source may take: thousands of notes
// are many pages, and a busy forge may ask us to wait.
const collectTimeout = 5 * time.Minute

// A CollectQuestion is what 'collect' reads.
type CollectQuestion struct {
	Source string   `json:"source"` // of vote.SourceNames
	Commit string   `json:"commit"` // to be deployed, in hex
	Keys   [][]byte `json:"keys"`   // SSH public keys in wire form: votes signed by others are only counted

	// With a request, the source is also asked for what people said there
	// without a signature: a snapshot.
	Request     string   `json:"request,omitempty"`     // hex id
	Environment string   `json:"environment,omitempty"` // to be deployed to
	Accounts    []int64  `json:"accounts,omitempty"`    // ids, at the source's host, of the accounts that the policy knows
	Facts       []string `json:"facts,omitempty"`       // what the policy's roles ask about an account, see event.ForgePerson
	Run         string   `json:"run,omitempty"`         // of the gate
	Attempt     string   `json:"attempt,omitempty"`

	Chain *CollectChain `json:"chain,omitempty"` // of the source evm
}

// A CollectChain says where on a chain to look, and for whom.
type CollectChain struct {
	Spec         anchored.Spec `json:"spec"`    // the contract, a DeploymentGate
	Since        string        `json:"since"`   // RFC 3339: when the request was made
	Artifacts    []string      `json:"digests"` // SHA-256 of what is deployed, hex
	Signers      [][]string    `json:"signers"` // of each person of the policy, lower-case hex
	Host         string        `json:"host"`    // of the request, which the snapshot repeats
	RepositoryID string        `json:"repository_id"`
}

// A CollectAnswer is what 'collect' writes once it has read all of a source.
// Nothing in it is proven; signed votes are to be read and verified anew.
type CollectAnswer struct {
	Schema    string          `json:"schema"`
	Sightings []vote.Sighting `json:"sightings"` // each block once
	Strangers int             `json:"strangers"` // signed votes that were left out
	Read      []string        `json:"read"`      // where it looked, for people
	Remarks   []string        `json:"remarks"`   // what people should know, not cleaned

	Snapshot *event.ForgeVotesPredicate `json:"snapshot,omitempty"` // of a question with a request; without Context
}

// Collect reads one source of votes, whole. The child gets the variables that
// the source needs and no others.
func (r Remote) Collect(ctx context.Context, q CollectQuestion) (CollectAnswer, error) {
	fail := func(err error) (CollectAnswer, error) {
		return CollectAnswer{}, fmt.Errorf("collect votes from %s: %w", q.Source, err)
	}
	source, ok := vote.SourceNamed(q.Source)
	if !ok {
		return fail(fmt.Errorf("%w: there is no such source", ErrUsage))
	}
	if r.Timeout == 0 {
		r.Timeout = collectTimeout
	}
	var answer CollectAnswer
	if err := r.call(ctx, []string{"collect"}, source.Variables, q, &answer); err != nil {
		return fail(err)
	}
	if err := answer.check(q); err != nil {
		return fail(err)
	}
	return answer, nil
}

// check says why an answer is not one to the question.
func (a CollectAnswer) check(q CollectQuestion) error {
	if a.Schema != CollectSchema {
		return fmt.Errorf("%w: schema %.80q, want %s", errOdd, a.Schema, CollectSchema)
	}
	if len(a.Read) == 0 {
		return fmt.Errorf("%w: it does not say where it looked", errOdd)
	}
	if err := fits(a.Snapshot, q); err != nil {
		return fmt.Errorf("%w: %w", errOdd, err)
	}
	for _, s := range a.Sightings {
		if s.Source != q.Source {
			return fmt.Errorf("%w: it tells of %.80q", errOdd, s.Source)
		}
	}
	return nil
}

// fits says why a snapshot is not the one that was asked for.
func fits(p *event.ForgeVotesPredicate, q CollectQuestion) error {
	switch {
	case q.Request == "" && p == nil:
		return nil
	case p == nil:
		return errors.New("it has no snapshot")
	case p.Request != q.Request || p.Source != q.Source || p.Commit != q.Commit || p.Run != "" && p.Run != q.Run:
		return errors.New("its snapshot is of something else")
	}
	return p.Check()
}
