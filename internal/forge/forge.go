// SPDX-License-Identifier: Apache-2.0

// Package forge reads votes where people leave them outside of the ledger: the
// sources of package vote, one file each. It carries, and judges nothing: what
// it finds may be stale, a stranger's, or there many times.
//
// A source is read whole or not at all. What could hold a veto and was not seen
// is an error, never a shorter list.
package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/typo"
	"github.com/gateledger/gateledger/internal/vote"
)

// What can go wrong, told apart by errors.Is. An error is one of them.
var (
	ErrSetup       = errors.New("it is not said where to look") // a variable is missing or wrong
	ErrRefused     = ask.ErrRefused                             // the token may not see it, or it is not there
	ErrHidden      = errors.New("not all of it is shown")       // the token may see some of it; also ErrRefused
	ErrUnavailable = ask.ErrUnavailable                         // no whole answer
)

// A Query says what to look for, and how to get there.
type Query struct {
	Commit string                   // that is to be deployed, in hex
	Getenv func(name string) string // the source's variables, of vote.Source

	// Of a snapshot. Without a request, none is made.
	Request     string   // the request's id, in hex
	Environment string   // that is deployed to, of a source that speaks of environments
	Accounts    []int64  // whom the policy knows by id at the source's host
	Facts       []string // what is to be found out of who voted, as event.ForgePerson has it; none: the others can't count, and are left out
	Run         string   // the run that looks; empty: the source's variables may say
	Attempt     int      // of the run; 0: it is not known

	Chain *Chain // of the source evm

	Base           http.RoundTripper // the network
	Timeout, Pause time.Duration     // see ask.Transport
	Cache          *ask.Cache        // of earlier answers; nil: of this reading only
}

// Found is everything that a source shows about a commit.
type Found struct {
	Sightings []vote.Sighting
	Read      []string // where it looked, for people: "merge request 7: 14 notes"
	Remarks   []string // what people should know: what looks like a vote and is none

	// Snapshot is what the source shows of unsigned votes, without its Context;
	// nil if it knows none, or no request was named.
	Snapshot *event.ForgeVotesPredicate
}

// A source reads one source of votes. To add one, write its file, its line
// here, and its line in vote.Sources; the suite runs by itself once it knows
// how to set the scene.
type source struct {
	name string
	read func(context.Context, Query) (Found, error)
}

func sources() []source {
	return []source{
		{event.ChainSource, chainVotes},
		{"github-comment", githubComments},
		{"github-environment", githubEnvironment},
		{"github-review", githubReviews},
		{"gitlab-approval", gitlabApprovals},
		{"gitlab-deployment", gitlabDeployments},
		{"gitlab-note", gitlabNotes},
	}
}

// Read reads the source of this name.
func Read(ctx context.Context, name string, q Query) (Found, error) {
	for _, s := range sources() {
		if s.name != name {
			continue
		}
		found, err := s.read(ctx, q)
		if err != nil {
			return Found{}, err
		}
		return found, nil
	}
	names := vote.SourceNames()
	text := fmt.Sprintf("unknown source of votes %.80q; have %s", name, strings.Join(names, ", "))
	if near := typo.Nearest(name, names); near != "" {
		text += "; did you mean " + near + "?"
	}
	return Found{}, fmt.Errorf("%w: %s", ErrSetup, text)
}
