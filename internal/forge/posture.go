// SPDX-License-Identifier: Apache-2.0

package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/jobfile"
	"github.com/gateledger/gateledger/internal/product"
)

// A PostureQuery says whose settings to read, and for what.
type PostureQuery struct {
	Forge        string   // github or gitlab
	Environments []string // at least one
	Policy       string   // hex SHA-256 of the policy that is gone by
	LedgerBranch string   // of this repository; empty: the ledger is elsewhere
	Token        string   // goes before those of the variables; empty: none
	Getenv       func(name string) string

	Base           http.RoundTripper // the network
	Timeout, Pause time.Duration     // see ask.Transport
}

// ReadPosture reads the settings of a forge around each environment, without
// their Context. What the token may not see, and what did not come, is unknown
// fact by fact; that the repository itself can't be read is an error.
func ReadPosture(ctx context.Context, q PostureQuery) ([]event.PosturePredicate, error) {
	if len(q.Environments) == 0 {
		return nil, fmt.Errorf("%w: no environment is named", ErrSetup)
	}
	for _, e := range q.Environments {
		if e == "" || e == "." || e == ".." {
			return nil, fmt.Errorf("%w: %.40q is no name of an environment", ErrSetup, e)
		}
	}
	switch q.Forge {
	case "github":
		return readGitHubPosture(ctx, q)
	case "gitlab":
		return readGitLabPosture(ctx, q)
	}
	return nil, fmt.Errorf("%w: there is no posture of %.40q; have github, gitlab", ErrSetup, q.Forge)
}

// A tri is yes, no or unknown, and why.
type tri struct{ state, why string }

func yes(format string, args ...any) tri { return tri{event.Yes, fmt.Sprintf(format, args...)} }
func no(format string, args ...any) tri  { return tri{event.No, fmt.Sprintf(format, args...)} }

// unknown says why nobody can tell.
func unknown(err error) tri { return tri{event.Unknown, err.Error()} }

// when is yes or no.
func when(is bool, ifYes, ifNo string) tri {
	if is {
		return yes("%s", ifYes)
	}
	return no("%s", ifNo)
}

// shownAs is when for what the forge may leave out.
func shownAs(is *bool, what, ifYes, ifNo string) tri {
	if is == nil {
		return tri{event.Unknown, what + " is not shown to this token"}
	}
	return when(*is, ifYes, ifNo)
}

// either is yes if one is yes, and no if both are no.
func either(a, b tri) tri {
	switch {
	case a.state == event.Yes:
		return a
	case b.state == event.Yes:
		return b
	case a.state == event.Unknown:
		return a
	case b.state == event.Unknown:
		return b
	case a.why == b.why:
		return a
	}
	return tri{event.No, a.why + "; " + b.why}
}

// A factList is what was found out.
type factList struct{ list []event.PostureFact }

// set notes one fact, in one line that fits.
func (l *factList) set(name string, t tri) {
	why := clean.Field(t.why)
	for len(why) > event.MaxPostureWhy-len("…") {
		runes := []rune(why)
		why = string(runes[:len(runes)-1-len(runes)/16]) + "…"
	}
	if why == "" {
		why = t.state
	}
	l.list = append(l.list, event.PostureFact{Name: name, State: t.state, Why: why})
}

// with is a copy of the list with more.
func (l factList) with(more []event.PostureFact) []event.PostureFact {
	return append(slices.Clone(l.list), more...)
}

// policyFacts notes whether the policy that is gone by is the default
// branch's, and whether it has owners there.
func (l *factList) policyFacts(q PostureQuery, sum string, err error, owners *ownerFile) {
	switch {
	case errors.Is(err, errNoFile):
		l.set("policy-on-default-branch", no("there is no %s on the default branch", product.PolicyFile))
	case err != nil:
		l.set("policy-on-default-branch", unknown(err))
	default:
		l.set("policy-on-default-branch", when(sum == q.Policy, product.PolicyFile+" of the default branch is the policy that is gone by", "another policy is on the default branch"))
	}
	l.set("policy-owned", owners.owned(product.PolicyFile))
	l.set("owners-exist", owners.exist())
}

// errNoFile says that a file is not there, by the word of a forge that shows
// others.
var errNoFile = errors.New("there is no such file")

// A scan is what files of jobs say together.
type scan struct {
	unpinned, untrusted []string
	unread              error // the first that could not be read
}

// workflow adds a workflow file.
func (s *scan) workflow(name string, data []byte, err error) {
	var w jobfile.Workflow
	if err == nil {
		w, err = jobfile.GitHubWorkflow(data)
	}
	if err != nil && s.unread == nil {
		s.unread = fmt.Errorf("%s: %w", name, err)
	}
	for _, u := range w.Unpinned {
		s.unpinned = append(s.unpinned, u+" in "+name)
	}
	for _, u := range w.Untrusted {
		s.untrusted = append(s.untrusted, name+": "+u)
	}
}

// few is the number of things, and the first of them.
func few(list []string) string {
	text := fmt.Sprintf("%d: ", len(list)) + list[0]
	if len(list) > 1 {
		text += ", …"
	}
	return text
}
