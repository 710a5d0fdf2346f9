// SPDX-License-Identifier: Apache-2.0

// Package condition is what is asked about the condition of an environment
// (when:), and what can be answered. A condition is an expression in CEL, and
// its reader is too large for the programs that decide. So they ask
// gateledger-remote, and go by the answer as by any other fact: whoever makes a
// decision again asks again.
//
// An answer is to one question only, which has everything in it that the
// expression can see: the time is the decision's, so that it can be asked again
// at any time.
package condition

import (
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
)

// Limits of what is asked.
const (
	MaxExpression = 2048     // bytes of an expression
	MaxFact       = 16 << 10 // bytes of any one text that it sees
	MaxDigests    = 16       // of one artifact
)

// A Question asks whether a condition holds for one artifact of a request.
type Question struct {
	Expression   string  `json:"expression"`
	Subject      Subject `json:"subject"`
	Environment  string  `json:"environment"`
	Commit       string  `json:"commit"`        // full id; empty: the request has none
	Host         string  `json:"host"`          // of the repository; "local" is none
	RepositoryID string  `json:"repository_id"` // at that host
	Previous     string  `json:"previous"`      // digest that was deployed before, or "none"
	BreakGlass   bool    `json:"break_glass"`   // it is an emergency
	Created      string  `json:"created"`       // RFC 3339: when the request was made
	Expires      string  `json:"expires"`       // RFC 3339: when it ends
	Now          string  `json:"now"`           // RFC 3339: the time of the decision
}

// A Subject is the artifact.
type Subject struct {
	Name    string   `json:"name"`
	Digests []string `json:"digests"` // alg:hex, sorted
}

// ID names the question: equal questions, and no others, have the same. It is
// empty for a question that can't be written down.
func (q Question) ID() string {
	id, err := canon.Digest(q)
	if err != nil {
		return ""
	}
	return id
}

// Digest is the artifact's SHA-256, or else its first digest.
func (s Subject) Digest() string {
	for _, d := range s.Digests {
		if len(d) > 7 && d[:7] == "sha256:" {
			return d
		}
	}
	if len(s.Digests) == 0 {
		return ""
	}
	return s.Digests[0]
}

// A Variable is a name that an expression can use.
type Variable struct {
	Name string
	Type Type
	What string // in a few words

	text  func(Question) string
	texts func(Question) []string
	truth func(Question) bool
}

// Type is the CEL type of a variable.
type Type string

// The types.
const (
	String    Type = "string"
	Strings   Type = "list(string)"
	Bool      Type = "bool"
	Timestamp Type = "timestamp"
)

// Variables are all that an expression sees, in the order in which they are
// told. docs/policy.md lists the same, which a test holds.
func Variables() []Variable {
	text := func(name, what string, of func(Question) string) Variable {
		return Variable{Name: name, Type: String, What: what, text: of}
	}
	when := func(name, what string, of func(Question) string) Variable {
		return Variable{Name: name, Type: Timestamp, What: what, text: of}
	}
	return []Variable{
		text("subject.name", "what the artifact is called", func(q Question) string { return q.Subject.Name }),
		text("subject.digest", "its `sha256:…`", func(q Question) string { return q.Subject.Digest() }),
		{Name: "subject.digests", Type: Strings, What: "all of its digests, `alg:hex`, sorted", texts: func(q Question) []string { return q.Subject.Digests }},
		text("environment", "where it is to be deployed", func(q Question) string { return q.Environment }),
		text("commit", "the request's commit; empty if it has none", func(q Question) string { return q.Commit }),
		text("repository.host", "such as `github.com`; `local` without one", func(q Question) string { return q.Host }),
		text("repository.id", "its number at the host, as a text", func(q Question) string { return q.RepositoryID }),
		text("request.previous", "the digest deployed before, or `none`", func(q Question) string { return q.Previous }),
		{Name: "request.break_glass", Type: Bool, What: "it is an emergency", truth: func(q Question) bool { return q.BreakGlass }},
		when("request.created", "when the request was made", func(q Question) string { return q.Created }),
		when("request.expires", "when it ends", func(q Question) string { return q.Expires }),
		when("now", "the time that the decision names", func(q Question) string { return q.Now }),
	}
}

// Value is what the variable is for a question: a string, []string, bool or
// time.Time. It fails for a time that is none.
func (v Variable) Value(q Question) (any, error) {
	switch v.Type {
	case Strings:
		return slices.Clone(v.texts(q)), nil
	case Bool:
		return v.truth(q), nil
	case Timestamp:
		return time.Parse(time.RFC3339, v.text(q))
	}
	return v.text(q), nil
}

// Outcome is what a condition came to. The zero Outcome is no answer.
type Outcome int

// The outcomes. Only Holds lets anything through.
const (
	Unknown Outcome = iota // could not find out
	Holds                  // yes
	Fails                  // no
	Wrong                  // the expression is none: nothing can be allowed by it
)

// words are the outcomes' JSON form.
var words = [...]string{"unknown", "holds", "fails", "wrong"}

// String is the outcome as a lower-case word.
func (o Outcome) String() string {
	if o < 0 || int(o) >= len(words) {
		return words[Unknown]
	}
	return words[o]
}

// MarshalText is String.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what MarshalText writes. Any other word is Unknown.
func (o *Outcome) UnmarshalText(text []byte) error {
	*o = Outcome(max(slices.Index(words[:], string(text)), 0))
	return nil
}

// An Answer is what a question came to.
type Answer struct {
	Outcome Outcome `json:"outcome"`
	Why     string  `json:"why,omitempty"` // one line, unless it holds or fails
	By      string  `json:"by,omitempty"`  // which reader of CEL says so, with its version
}

// Answers are by Question.ID. nil: nobody asked.
type Answers map[string]Answer

// To is the answer to a question. Without one it is the zero Answer, which
// says that nobody knows.
func (a Answers) To(q Question) Answer {
	id := q.ID()
	if id == "" {
		return Answer{}
	}
	return a[id]
}

// A Check is what is known of an expression before anything is asked of it.
type Check struct {
	Problems []Problem `json:"problems,omitempty"` // why it can't be used
	Always   string    `json:"always,omitempty"`   // "true", "false" or "error": whatever is asked, that is the answer
}

// A Problem is something wrong with an expression.
type Problem struct {
	Column int    `json:"column"` // from 0, in characters
	Text   string `json:"text"`
}
