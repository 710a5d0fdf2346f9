// SPDX-License-Identifier: Apache-2.0

// Package custody follows exactly these bytes through the ledger: commit,
// build, SBOM, test, request, votes, decision, consumption, deployment. It
// believes no entry for being there: each signature is checked, each signer
// must be one the policy names, and each decision is made again from the
// entries that stood before it. It is pure.
package custody

import (
	"errors"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/policy"
)

// Input is what a chain is made from.
type Input struct {
	Policy *policy.Policy // the verifier's own copy; with a Chain not looked at
	Events []*event.Event // every entry of the ledger, in order
	Head   event.Checkpoint
	Digest event.Digest // of the bytes in question
	Name   string       // the file they were read from, if any

	// Blob reads a document that an event names by SHA-256. An error means
	// that it is missing, one that wraps ErrAltered that other bytes stand
	// in its place.
	Blob func(sum [32]byte) ([]byte, error)

	// Chain is which policies were in force, from one that the verifier
	// trusts on. Each entry is judged by the policy in force when it was
	// logged. nil: Policy always was.
	Chain *policy.Chain

	// Root finds the trusted root of that digest ("sha256:HEX"), which a
	// policy names, or returns nil. What can't be verified without it is
	// missing, and nothing holds by it. nil: there is none.
	Root func(digest string) *keyless.Root

	// Anchors is what the receipts beside the ledger prove. nil: nobody looked
	// at them, and nothing is anchored.
	Anchors *anchored.Evidence

	// Conditions are answers about the conditions of environments, by the
	// reader's own evaluator. A decision that nothing here answers for can't be
	// made again; Chain.Asks has what is missing.
	Conditions condition.Answers

	// MaxAge is how long after its decision a permission ends, by Now; zero:
	// never. Only Decision looks at it.
	MaxAge time.Duration

	// Now says which break-glass is overdue, and how old a receipt is. Zero:
	// none is told of, and nothing is anchored.
	Now time.Time
}

// ErrAltered says that a document's bytes are not those its digest names.
var ErrAltered = errors.New("altered")

// Verdict is what the whole chain comes to. The zero Verdict is no answer.
type Verdict int

// The verdicts.
const (
	Incomplete Verdict = iota // something needed is missing, so nobody can say
	No                        // nothing allows these bytes
	Tampered                  // something is not what it was when it was logged
	Holds
)

var verdictWords = [...]string{"incomplete", "no", "tampered", "holds"}

func (v Verdict) String() string { return word(verdictWords[:], int(v)) }

// MarshalText writes the verdict as a lower-case word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// State is how far a step can be believed. The zero State is not at all.
type State int

// The states.
const (
	Rejected State = iota // it does not count; Why says why
	Observed              // somebody the policy names says so of something they saw
	Proven                // whoever did it signed it, and we checked
)

var stateWords = [...]string{"rejected", "observed", "proven"}

func (s State) String() string { return word(stateWords[:], int(s)) }

// MarshalText writes the state as a lower-case word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Severity is how bad a finding is, worst first.
type Severity int

// The severities.
const (
	SeverityTampered  Severity = iota // something is not what it was
	SeverityUntrusted                 // somebody the policy does not name for it said so
	SeverityMissing                   // something that was named is not there
	SeverityNote                      // worth knowing
)

var severityWords = [...]string{"tampered", "untrusted", "missing", "note"}

func (s Severity) String() string { return word(severityWords[:], int(s)) }

// MarshalText writes the severity as a lower-case word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func word(words []string, i int) string {
	if i < 0 || i >= len(words) {
		return fmt.Sprintf("unknown(%d)", i)
	}
	return words[i]
}

// A Chain is the story of some bytes, and what it comes to.
type Chain struct {
	Verdict      Verdict          `json:"verdict"`
	Why          string           `json:"why"`              // one line
	Digest       string           `json:"digest,omitempty"` // alg:hex; of a commit for Commit
	Name         string           `json:"name,omitempty"`
	Head         event.Checkpoint `json:"head"`
	Policy       string           `json:"policy"`        // hex SHA-256 of the bytes of the policy in force at Head
	PolicySource string           `json:"policy_source"` // where the caller had the policy from
	Trusted      bool             `json:"trusted"`       // the caller had pinned that policy before
	Steps        []Step           `json:"steps"`
	Environments []Standing       `json:"environments,omitempty"` // sorted by name
	Debts        []policy.Debt    `json:"debts,omitempty"`        // break-glasses used up in those environments since the last usual deployment
	Findings     []Finding        `json:"findings,omitempty"`     // worst first

	// Asks are questions about conditions that the input did not answer.
	Asks []condition.Question `json:"-"`
}

// A Step is one entry of the ledger, and what it adds to the story.
type Step struct {
	Kind     string   `json:"kind"` // of event: commit, build, request, policy, …
	Index    uint64   `json:"index"`
	Time     string   `json:"time,omitempty"`     // RFC 3339
	Clock    string   `json:"clock,omitempty"`    // whose word Time is: policy.ClockSelf, the maker's; policy.ClockStamped, proven to be no later
	Who      string   `json:"who,omitempty"`      // signer or principal, as the policy names them; empty: nobody it knows
	Key      string   `json:"key"`                // sha256:… of a signer, SHA256:… of a person, "certificate sha256:…" of either
	Identity string   `json:"identity,omitempty"` // what the certificate says of who signed
	Summary  string   `json:"summary"`
	State    State    `json:"state"`
	Why      string   `json:"why,omitempty"`
	Links    []uint64 `json:"links,omitempty"` // indexes of the steps it rests on, sorted

	request string // id, to keep one request's steps together
}

// A Standing is how the bytes stand in one environment.
type Standing struct {
	Environment string  `json:"environment"`
	Allowed     bool    `json:"allowed"` // by a decision that was made again, used up, and not taken back since
	Why         string  `json:"why"`
	Request     string  `json:"request,omitempty"`
	Run         string  `json:"run,omitempty"`     // that used the request up
	Decided     string  `json:"decided,omitempty"` // RFC 3339, when it was allowed
	Decision    *uint64 `json:"decision,omitempty"`
	Consumption *uint64 `json:"consumption,omitempty"`
	Deployment  *uint64 `json:"deployment,omitempty"` // the newest
	Deployed    string  `json:"deployed,omitempty"`   // its result: healthy, failed or rolled-back
	Bypassed    *uint64 `json:"bypassed,omitempty"`   // the newest that no decision had allowed, though one is needed

	Anchors *anchored.Judgement `json:"anchors,omitempty"` // of the consumption, where the tier is anchored

	unknown bool // a decision that nobody can check may have allowed it
}

// A Finding is something a reader must know. Index is the entry it is about,
// nil where it is about none.
type Finding struct {
	Severity Severity `json:"severity"`
	What     string   `json:"what"`
	Index    *uint64  `json:"index,omitempty"`
}

// Trace returns the chain of custody of in.Digest. It holds when some
// environment of the policy allowed these bytes by a decision that follows
// from the ledger and was used up, and no environment that asks for anything
// got them without one. An error is a mistake in the input; whatever is wrong
// with the ledger is a finding.
func Trace(in Input) (Chain, error) {
	t, err := newTracer(in)
	if err != nil {
		return Chain{}, err
	}
	t.follow("")
	return t.finish(t.overall), nil
}

// Decision returns the part of the chain that allows in.Digest into one
// environment, for a target to ask before it lets the bytes in. It holds only
// if the newest allowed decision follows from the ledger, was used up, is not
// older than in.MaxAge, and the bytes were neither denied nor rolled back
// since.
func Decision(in Input, environment string) (Chain, error) {
	if in.MaxAge < 0 || in.MaxAge > 0 && in.Now.IsZero() {
		return Chain{}, fmt.Errorf("trace %s: a permission ends after %s, and nobody says what time it is", in.Digest, in.MaxAge)
	}
	t, err := newTracerFor(in, environment)
	if err != nil {
		return Chain{}, err
	}
	t.maxAge = in.MaxAge
	t.follow(environment)
	return t.finish(func() (Verdict, string) { return t.permission(environment) }), nil
}

// Current returns the chain of what is deployed in an environment: the newest
// healthy deployment that was not rolled back. in.Digest and in.Name are not
// looked at.
func Current(in Input, environment string) (Chain, error) {
	in.Digest, in.Name = event.Digest{}, ""
	t, err := newTracerFor(in, environment)
	if err != nil {
		return Chain{}, err
	}
	if !t.setCurrent(environment) {
		return t.finish(func() (Verdict, string) { return t.nothingRuns(environment) }), nil
	}
	t.follow(environment)
	return t.finish(func() (Verdict, string) { return t.running(environment) }), nil
}

// Commit returns every entry about a commit, given by its full hex id.
func Commit(in Input, sha string) (Chain, error) {
	d, err := event.ParseDigest("gitCommit:" + sha)
	if err != nil {
		return Chain{}, fmt.Errorf("read commit id: %w", err)
	}
	in.Digest, in.Name = d, ""
	t, err := newTracer(in)
	if err != nil {
		return Chain{}, err
	}
	t.followCommit(sha)
	return t.finish(t.mentioned), nil
}
