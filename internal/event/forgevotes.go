// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ForgeVotesPredicate is what one source of votes showed about one request, by
// the word of the gate's signer who looked: a snapshot. Nothing in it is
// proven. It is only written when everything was read, so that what is not in
// it was not there. Its subjects are those of the request, so that a deny is
// found again by the artifact.
//
// Accounts are compared by host and id. Lists are in the forge's order.
type ForgeVotesPredicate struct {
	Request      string            `json:"request"` // hex id
	Source       string            `json:"source"`  // name of the source, such as github-review
	Host         string            `json:"host"`    // of the forge, and of every account below
	RepositoryID string            `json:"repository-id"`
	Commit       string            `json:"commit"`             // the request's, in hex
	Run          string            `json:"run,omitempty"`      // the run that looked, for a source that speaks of runs
	Read         ForgeRead         `json:"read"`               // when, and how much it took
	Changes      []ForgeChange     `json:"changes"`            // pull or merge requests that the commit came in by
	Trees        map[string]string `json:"trees,omitempty"`    // commit to its tree, in hex: of every commit that a vote is bound to, and of Commit
	Votes        []ForgeVote       `json:"votes"`              // all of them, also those that cannot count
	People       []ForgePerson     `json:"people"`             // what the forge says of who voted, sorted by account
	Parts        []ForgePart       `json:"parts"`              // who had a hand in the commit or its run
	Owned        []ForgeOwned      `json:"owned,omitempty"`    // what of the changes has owners, as far as anybody asked
	Strangers    int               `json:"strangers,omitzero"` // votes left out: of accounts that nothing in the policy could count
	Context      Context           `json:"gateledger_context"`
}

// ForgeRead is when a source was read.
type ForgeRead struct {
	Time  string `json:"time"`  // RFC 3339 UTC: the forge's own Date of the first answer
	Calls int    `json:"calls"` // requests it took
}

// A ForgeChange is a pull or merge request.
type ForgeChange struct {
	Number int64  `json:"number"`
	URL    string `json:"url,omitempty"`
	Head   string `json:"head"`             // commit at its tip
	Merged string `json:"merged,omitempty"` // the commit it was merged as
}

// A ForgeAccount is an account at the snapshot's host.
type ForgeAccount struct {
	ID    int64  `json:"id"`
	Login string `json:"login,omitempty"` // shown, never compared
	Kind  string `json:"kind"`            // one of the Account constants
}

// The kinds of account. Only a user can be a human.
const (
	AccountUser    = "user"
	AccountBot     = "bot" // also apps, and the bots of projects and groups
	AccountService = "service"
	AccountGhost   = "ghost" // deleted, or nobody's
)

// The decisions of a ForgeVote.
const (
	ForgeApprove = "approve"
	ForgeDeny    = "deny"
	ForgeRevoke  = "revoke" // takes back what the account said before
)

// A ForgeVote is one vote as its source shows it.
type ForgeVote struct {
	ID       string       `json:"id"` // the forge's own name for it
	Account  ForgeAccount `json:"account"`
	Decision string       `json:"decision"`          // approve, deny or revoke
	Request  string       `json:"request,omitempty"` // of a vote bound to a request: its id
	Commit   string       `json:"commit,omitempty"`  // of a vote bound to a commit
	Time     string       `json:"time,omitempty"`    // RFC 3339 UTC, by the forge's clock; empty: the forge does not say
	URL      string       `json:"url,omitempty"`
	Reason   string       `json:"reason,omitempty"` // the voter's words, cut to 200 characters
	Reject   string       `json:"reject,omitempty"` // why it cannot count as an approval: edited, dismissed, …
}

// A ForgePerson is what the forge says about an account. A fact is one of
//
//	team:HOST-KIND:ORG/SLUG    as a policy's roles write it, such as team:github:acme/leads
//	permission:LEVEL           read, triage, write, maintain, admin; GitLab: guest, reporter, developer, maintainer, owner
//	codeowner                  of every path that the changes touch
//	codeowner:N                of what stands under Owned as the Nth, from 1
//
// What could not be found out stands under Unknown instead.
type ForgePerson struct {
	Account ForgeAccount `json:"account"`
	Facts   []string     `json:"facts,omitempty"`   // sorted
	Unknown []string     `json:"unknown,omitempty"` // sorted
}

// A ForgeOwned is what of the changes one line of a CODEOWNERS file gives to
// its owners.
type ForgeOwned struct {
	File    string   `json:"file"`   // where the CODEOWNERS file lies
	Commit  string   `json:"commit"` // of which it was read: what the change went into, never the change
	Line    int      `json:"line"`
	Section string   `json:"section,omitempty"` // of GitLab's
	Owners  []string `json:"owners"`            // as the file writes them
	Need    int      `json:"need"`              // how many of them have to approve; 0: none has to
	Paths   int      `json:"paths"`             // how many that changed
	Example string   `json:"example"`           // one of them
}

// The parts that somebody can have in a commit.
const (
	PartAuthor    = "author"          // of the commit or of the pull request
	PartCommitter = "committer"       //
	PartCoAuthor  = "co-author"       //
	PartPusher    = "pusher"          // who pushed the commit
	PartTriggerer = "triggerer"       // who triggered attempt 1 of the run
	PartRerunner  = "rerunner"        // who started a later attempt: noted, never excluded
	PartRequester = "agent-requester" // on whose request an agent wrote it
	PartAgent     = "agent"           // the agent
)

// A ForgePart is one part and who had it. With Unknown, the forge did not let
// us see who.
type ForgePart struct {
	Part    string       `json:"part"`
	Account ForgeAccount `json:"account,omitzero"`
	Unknown string       `json:"unknown,omitempty"` // why nobody can tell
}

// MaxForgeVotes is how many votes, people, changes, parts or trees a snapshot
// has at most. A source with more of them cannot be read.
const MaxForgeVotes = 1000

// Check refuses a snapshot whose parts are missing, too many, or have no known
// name.
func (p ForgeVotesPredicate) Check() error {
	switch {
	case !isSHA256(p.Request):
		return fmt.Errorf("request %.80q is not a hex SHA-256", p.Request)
	case p.Source == "":
		return errors.New("no source")
	case p.Host == "":
		return errors.New("no host")
	case p.RepositoryID == "":
		return errors.New("no repository-id")
	case p.Changes == nil || p.Votes == nil || p.People == nil || p.Parts == nil:
		return errors.New("changes, votes, people or parts is null, want a list")
	case p.Read.Calls < 0 || p.Strangers < 0:
		return errors.New("a count is below zero")
	case max(len(p.Changes), len(p.Votes), len(p.People), len(p.Parts), len(p.Trees), len(p.Owned)) > MaxForgeVotes:
		return fmt.Errorf("a list has more than %d entries, and may have at most that", MaxForgeVotes)
	}
	if _, err := time.Parse(time.RFC3339, p.Read.Time); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if err := checkObject(p.Commit); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for commit, tree := range p.Trees {
		if err := errors.Join(checkObject(commit), checkObject(tree)); err != nil {
			return fmt.Errorf("trees: %w", err)
		}
	}
	return p.checkLists()
}

func (p ForgeVotesPredicate) checkLists() error {
	for i, c := range p.Changes {
		if err := c.check(); err != nil {
			return fmt.Errorf("change %d: %w", i, err)
		}
	}
	for i, v := range p.Votes {
		if err := v.check(); err != nil {
			return fmt.Errorf("vote %d: %w", i, err)
		}
	}
	seen := map[int64]bool{}
	for i, who := range p.People {
		if err := who.Account.check(); err != nil {
			return fmt.Errorf("person %d: %w", i, err)
		}
		if seen[who.Account.ID] {
			return fmt.Errorf("person %d: account %d stands twice", i, who.Account.ID)
		}
		seen[who.Account.ID] = true
		if err := who.checkOwned(len(p.Owned)); err != nil {
			return fmt.Errorf("person %d: %w", i, err)
		}
	}
	for i, o := range p.Owned {
		if err := o.check(); err != nil {
			return fmt.Errorf("owned %d: %w", i+1, err)
		}
	}
	for i, part := range p.Parts {
		if err := part.check(); err != nil {
			return fmt.Errorf("part %d: %w", i, err)
		}
	}
	return nil
}

// FactOwned is the fact that somebody owns what stands under Owned as the nth,
// from 1.
func FactOwned(n int) string { return factOwned + strconv.Itoa(n) }

const factOwned = "codeowner:"

// OwnedFact is the n of a FactOwned; ok is false for any other fact.
func OwnedFact(fact string) (n int, ok bool) {
	text, ok := strings.CutPrefix(fact, factOwned)
	n, err := strconv.Atoi(text)
	return n, ok && err == nil && n > 0 && FactOwned(n) == fact
}

// checkOwned refuses facts about what does not stand under Owned.
func (p ForgePerson) checkOwned(owned int) error {
	for _, fact := range slices.Concat(p.Facts, p.Unknown) {
		if n, ok := OwnedFact(fact); strings.HasPrefix(fact, factOwned) && (!ok || n > owned) {
			return fmt.Errorf("fact %.40q, and %d are owned", fact, owned)
		}
	}
	return nil
}

func (o ForgeOwned) check() error {
	switch {
	case o.File == "" || o.Example == "":
		return errors.New("no file, or no example of what changed")
	case o.Line < 1 || o.Paths < 1 || o.Need < 0:
		return errors.New("a number is too low")
	case len(o.Owners) == 0 || slices.Contains(o.Owners, ""):
		return errors.New("no owners")
	}
	return checkObject(o.Commit)
}

func (c ForgeChange) check() error {
	if err := checkObject(c.Head); err != nil {
		return fmt.Errorf("head: %w", err)
	}
	if c.Merged == "" {
		return nil
	}
	return checkObject(c.Merged)
}

func (a ForgeAccount) check() error {
	switch a.Kind {
	case AccountUser, AccountBot, AccountService, AccountGhost:
	default:
		return fmt.Errorf("unknown kind of account %.40q", a.Kind)
	}
	if a.ID < 0 {
		return fmt.Errorf("account %d", a.ID)
	}
	return nil
}

func (p ForgePart) check() error {
	switch p.Part {
	case PartAuthor, PartCommitter, PartCoAuthor, PartPusher, PartTriggerer, PartRerunner, PartRequester, PartAgent:
	default:
		return fmt.Errorf("unknown part %.40q", p.Part)
	}
	nobody := p.Account == (ForgeAccount{})
	switch {
	case nobody && p.Unknown == "":
		return errors.New("names nobody, and does not say why")
	case nobody:
		return nil
	case p.Unknown != "":
		return errors.New("names somebody, and says why it cannot")
	}
	return p.Account.check()
}

func (v ForgeVote) check() error {
	switch {
	case v.ID == "":
		return errors.New("no id")
	case v.Decision != ForgeApprove && v.Decision != ForgeDeny && v.Decision != ForgeRevoke:
		return fmt.Errorf("unknown decision %.40q", v.Decision)
	case v.Request == "" && v.Commit == "":
		return errors.New("bound to neither a request nor a commit")
	case v.Request != "" && !isSHA256(v.Request):
		return fmt.Errorf("request %.80q is not a hex SHA-256", v.Request)
	}
	if err := v.Account.check(); err != nil {
		return err
	}
	if v.Time != "" {
		if _, err := time.Parse(time.RFC3339, v.Time); err != nil {
			return fmt.Errorf("time: %w", err)
		}
	}
	if v.Commit != "" {
		return checkObject(v.Commit)
	}
	return nil
}
