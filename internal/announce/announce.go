// SPDX-License-Identifier: Apache-2.0

// Package announce tells a forge what a gate decided, where people look: by a
// commit status, a check run, and one comment that is kept up to date. It is
// told what to say (report.Notice) and judges nothing; nothing that a forge
// answers changes a decision.
//
// What it writes it writes once. A request that a forge may have heard is never
// sent again, and a comment is changed only if it begins with our marker and is
// by the account of the token that we hold.
package announce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/forge/ask"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/report"
)

// What can go wrong, told apart by errors.Is. An error is one of them.
var (
	ErrSetup       = errors.New("it is not said where or by whom to announce") // a variable is missing or wrong
	ErrRefused     = ask.ErrRefused                                            // the token may not, or it is not there
	ErrUnavailable = ask.ErrUnavailable                                        // it is not known whether it was heard
)

// A Query says what to announce, and how to get there.
type Query struct {
	Notice report.Notice
	Getenv func(name string) string // the announcer's variables

	Base           http.RoundTripper // the network
	Timeout, Pause time.Duration     // of one answer; before a second try. See ask.Transport
}

// Placed says where it was announced.
type Placed struct {
	Place   string   // for people: "comment 301 on pull request 7"
	Address string   // where a browser finds it, as the forge says; may be empty
	Remarks []string // what people should know, not cleaned
}

// An announcer tells one forge in one way. To add one, write its function, its
// line here, and its line in child.Announcers.
type announcer struct {
	name string
	send func(context.Context, Query) (Placed, error)
}

func announcers() []announcer {
	return []announcer{
		{"github-comment", githubComment},
		{"github-status", githubStatus},
		{"github-check", githubCheck},
		{"gitlab-note", gitlabNote},
		{"gitlab-status", gitlabStatus},
	}
}

// Names lists the announcers, in the order in which they are to be asked.
func Names() []string {
	var names []string
	for _, a := range announcers() {
		names = append(names, a.name)
	}
	return names
}

// Send announces by the announcer of this name. Without an error it was
// announced; after ErrUnavailable it may have been.
func Send(ctx context.Context, name string, q Query) (Placed, error) {
	for _, a := range announcers() {
		if a.name != name {
			continue
		}
		if err := check(q.Notice); err != nil {
			return Placed{}, err
		}
		placed, err := a.send(ctx, q)
		if err != nil {
			return Placed{}, err
		}
		return placed, nil
	}
	return Placed{}, fmt.Errorf("%w: unknown announcer %.80q; have %s", ErrSetup, name, strings.Join(Names(), ", "))
}

var (
	commitPattern      = pattern.New(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	requestPattern     = pattern.New(`^[0-9a-f]{64}$`)
	environmentPattern = pattern.New(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	numberPattern      = pattern.New(`^[1-9][0-9]{0,17}$`)
)

// check refuses a notice of which it is not clear what it is about.
func check(n report.Notice) error {
	switch {
	case !commitPattern.MatchString(n.Commit):
		return fmt.Errorf("%w: commit %.80q is not a full object id in lower-case hex", ErrSetup, n.Commit)
	case !requestPattern.MatchString(n.Request):
		return fmt.Errorf("%w: request %.80q is not a request's id", ErrSetup, n.Request)
	case !environmentPattern.MatchString(n.Environment):
		return fmt.Errorf("%w: %.80q is no environment's name", ErrSetup, n.Environment)
	case n.Marker == "" || !strings.HasPrefix(n.Comment, n.Marker+"\n"):
		return fmt.Errorf("%w: the comment does not begin with its marker", ErrSetup)
	}
	return nil
}

// title is what a status or check run of an environment is called. It is what
// a rule of a branch asks for, so it never changes.
func title(n report.Notice) string { return "gateledger/" + n.Environment }

// word is the forge's word for a state. A state that there is not is an error:
// no forge is told a guess.
func word(words map[string]string, state string) (string, error) {
	if w := words[state]; w != "" {
		return w, nil
	}
	return "", fmt.Errorf("%w: there is no state %.40q", ErrSetup, state)
}

// marked reports whether a comment is ours: it begins with the marker, and is
// by the account whose token we hold. Anybody can write the marker.
func marked(body, marker string, author, own int64) bool {
	first, _, _ := strings.Cut(body, "\n")
	return strings.TrimSuffix(first, "\r") == marker && author == own && own > 0
}

// same reports whether a comment says what it should. A forge may change line
// ends, and white space at the end.
func same(is, should string) bool {
	norm := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	return norm(is) == norm(should)
}
