// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

// Verdict is the gate's answer. The zero Verdict is the safe one.
type Verdict int

// The verdicts. What could not be found out is Pending with Decision.Unknown
// not empty.
const (
	Pending Verdict = iota
	Denied
	Allowed
)

// verdicts and states are the words of the JSON form.
var (
	verdicts = []string{Pending: "pending", Denied: "denied", Allowed: "allowed"}
	states   = []string{Skipped: "skipped", Met: "met", Unmet: "unmet", Broken: "broken", Undecidable: "undecidable"}
)

// String is the verdict as a lower-case word.
func (v Verdict) String() string { return word(verdicts, int(v)) }

// MarshalText is String, and an error for a verdict there is not.
func (v Verdict) MarshalText() ([]byte, error) { return marshalWord(verdicts, int(v)) }

// UnmarshalText reads what MarshalText writes, and nothing else.
func (v *Verdict) UnmarshalText(text []byte) error {
	i, err := unmarshalWord(verdicts, text)
	*v = Verdict(i)
	return err
}

// Input is everything a decision is made from.
type Input struct {
	Policy  *Policy
	Request string         // hex id of the request
	Events  []*event.Event // every entry of the ledger from 0 to Head, in order
	Head    event.Checkpoint
	Now     time.Time
	Run     string // the run that asks, to be told from the one that used the request up

	// Conditions are answers about the environment's condition, to the questions
	// that Questions lists. What nobody answered is not known.
	Conditions condition.Answers

	Root  *keyless.Root // the trusted root that the policy names, where it names one
	Stamp []byte        // RFC 3161 token over NowMessage, for a dated environment

	identify identifier // in tests, instead of Root
}

// A Decision is the answer and all of why. It is what the log keeps, so its
// JSON form is stable and canonical.
type Decision struct {
	Verdict     Verdict          `json:"verdict"` // "pending", "denied" or "allowed"
	Why         string           `json:"why"`     // one line
	Request     string           `json:"request"`
	Environment string           `json:"environment"`
	Tier        Tier             `json:"tier"`
	Policy      string           `json:"policy"` // digest of the resolved part for Environment
	Head        event.Checkpoint `json:"head"`
	Now         string           `json:"now"`   // RFC 3339 UTC
	Clock       string           `json:"clock"` // ClockSelf, or in a dated environment ClockStamped
	Rules       []Rule           `json:"rules"`
	Votes       []Vote           `json:"votes"`
	Missing     []Missing        `json:"missing,omitempty"`
	Unknown     []string         `json:"unknown,omitempty"` // what could not be found out: exit 3
	Weak        []string         `json:"weak,omitempty"`    // findings by which somebody gets past the gate: exit 2
	UsedBy      string           `json:"used_by,omitempty"` // the run that consumed the request
	Inputs      []uint64         `json:"inputs"`            // indexes of the events that counted, sorted

	// Of a break-glass. Without any the decision reads as it did before there
	// was one.
	BreakGlass *event.BreakGlass `json:"break_glass,omitempty"` // as which the request asks to be let through
	Waived     []string          `json:"waived,omitempty"`      // names of the rules that were not asked for that
	Debts      []Debt            `json:"debts,omitempty"`       // break-glasses here since the last usual deployment

	// Anchors says how the consumption is anchored, where the tier asks for
	// that. What is logged has none: it is anchored after that.
	Anchors *anchored.Judgement `json:"anchors,omitempty"`

	// Asks are questions about the condition that the input did not answer. They
	// are no part of the decision.
	Asks []condition.Question `json:"-"`
}

// Whose word Decision.Now is.
const (
	ClockSelf    = "self-asserted" // of whoever decided
	ClockStamped = "rfc3161"       // of a timestamp authority, for this request at this head
)

// State is how a rule stands. The zero State holds nothing up and allows
// nothing.
type State int

// The states.
const (
	Skipped     State = iota // the rule does not apply
	Met                      // yes
	Unmet                    // not yet
	Broken                   // no, and waiting will not change it
	Undecidable              // could not find out
)

// String is the state as a lower-case word.
func (s State) String() string { return word(states, int(s)) }

// MarshalText is String, and an error for a state there is not.
func (s State) MarshalText() ([]byte, error) { return marshalWord(states, int(s)) }

// UnmarshalText reads what MarshalText writes, and nothing else.
func (s *State) UnmarshalText(text []byte) error {
	i, err := unmarshalWord(states, text)
	*s = State(i)
	return err
}

// What a rule rests on.
const (
	Proven   = "proven"   // signatures, which anyone can check again
	Observed = "observed" // the word of whoever decided: its clock
)

// A Rule is one line of the explanation. Name finishes the sentence "allowed
// if …".
type Rule struct {
	Name  string   `json:"name"`
	State State    `json:"state"` // "skipped", "met", "unmet", "broken" or "undecidable"
	Why   string   `json:"why"`
	Need  int      `json:"need,omitzero"`
	Have  int      `json:"have,omitzero"`
	By    []string `json:"by,omitempty"` // principals or signers that met it, or broke it
	Proof string   `json:"proof"`        // "proven" or "observed"
}

// A Vote is one vote and whether it counted.
type Vote struct {
	Index     uint64 `json:"index"`
	Principal string `json:"principal,omitempty"` // empty: nobody the policy knows
	Key       string `json:"key"`                 // SHA256:… fingerprint; empty if it could not be read, or no key signed
	Source    string `json:"source,omitempty"`    // of a vote that is not signed: where a gate saw it
	Account   string `json:"account,omitempty"`   // of a vote that is not signed: whose it is, as host:id
	Choice    string `json:"choice"`
	Reason    string `json:"reason,omitempty"`
	Issued    string `json:"issued"`
	Identity  string `json:"identity,omitempty"` // as whom a certificate names the voter, and by which issuer
	Proven    string `json:"proven,omitempty"`   // RFC 3339 UTC: when the signature was there already, where that is proven
	Counted   bool   `json:"counted"`
	Why       string `json:"why"` // "counted as lead" or "rejected: …"
}

// Missing is what would let a pending request through, and who can supply it.
type Missing struct {
	What  string   `json:"what"`          // "1 more approval by lead"; an event's starts with its kind: "test passed, by ci"
	Who   []string `json:"who,omitempty"` // principals or signers
	Count int      `json:"count,omitzero"`

	Request string `json:"request,omitempty"` // what has to be approved, where it is not the request at hand
}

func word(words []string, i int) string {
	if i < 0 || i >= len(words) {
		return fmt.Sprintf("unknown (%d)", i)
	}
	return words[i]
}

func marshalWord(words []string, i int) ([]byte, error) {
	if i < 0 || i >= len(words) {
		return nil, fmt.Errorf("there is no %d among %v", i, words)
	}
	return []byte(words[i]), nil
}

// unmarshalWord returns 0, the safe value, with every error.
func unmarshalWord(words []string, text []byte) (int, error) {
	if i := slices.Index(words, string(text)); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("%.40q is none of %v", text, words)
}
