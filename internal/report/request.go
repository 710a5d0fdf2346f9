// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/product"
)

// A Request is what a person is about to approve, deny or take back: what the
// signature will be about, and what that person should know first. Everything
// but ID and Asked was gathered by the caller; lists that are nil are not
// shown, empty ones say that nothing changed.
type Request struct {
	ID         string                 `json:"id"` // hex, all of it
	Asked      event.RequestPredicate `json:"asked"`
	Choice     string                 `json:"choice,omitempty"`     // approve, deny or revoke; empty: nobody signs, it is only shown
	Signer     string                 `json:"signer,omitempty"`     // who signs, with which key
	Repository string                 `json:"repository,omitempty"` // acme/app, for people; the id is what counts
	Commits    []string               `json:"commits,omitzero"`     // since Previous, newest first, one line each
	SBOM       []string               `json:"sbom,omitzero"`        // difference to Previous, one line each
	Now        time.Time              `json:"-"`                    // zero: expiry is shown without how long is left
	Debts      []policy.Debt          `json:"debts,omitempty"`      // of a break-glass that was used up: what it left behind
}

func (r Request) document() any {
	return struct {
		Schema string `json:"schema"`
		Request
	}{schema("request-shown"), r}
}

func (r Request) page() page {
	p := page{
		title: glassTitle(r.Asked.BreakGlass, "Deploy "+names(r.Asked.Subjects)+" to "+r.Asked.Environment),
		mark:  markWait, word: "REQUEST " + short(r.ID),
		facts: append(glassFacts(r.Asked.BreakGlass), r.facts()...),
		sections: []section{
			{title: "Break-glass", lines: debts(r.Debts)},
			{title: "Commits since the last deployment", short: fmt.Sprint(len(r.Commits)), lines: changes(r.Commits), folded: true},
			{title: "Components that differ", short: fmt.Sprint(len(r.SBOM)), lines: changes(r.SBOM), folded: true},
		},
	}
	if r.Choice == "" {
		p.next = []string{product.Name + " approve " + short(r.ID)}
		return p
	}
	p.word = "YOU ARE ABOUT TO " + upper(r.Choice)
	if r.Asked.BreakGlass != nil {
		p.word += " A BREAK-GLASS"
	}
	return p
}

// upper is the choice in capitals; a word we do not know is not shown as one
// of ours.
func upper(choice string) string {
	switch choice {
	case "approve":
		return "APPROVE"
	case "deny":
		return "DENY"
	case "revoke":
		return "TAKE BACK YOUR VOTE ON"
	}
	return said(choice)
}

func (r Request) facts() []fact {
	a := r.Asked
	out := []fact{
		{"repository", join(r.Repository, ", ", join(a.Host, " id ", a.RepositoryID)), false},
		{"environment", a.Environment, false},
	}
	out = append(out, subjects(a.Subjects)...)
	out = append(out,
		fact{"commit", a.Commit, true},
		fact{"replaces", a.Previous, true},
		fact{"expires", r.expiry(), false},
		fact{"policy", "sha256:" + a.Policy, true},
		fact{"ledger", join(a.Ledger, " at ", head(a.Checkpoint)), false})
	for _, d := range a.Documents {
		out = append(out, fact{"document", d, true})
	}
	return known(append(out, fact{"request", r.ID, true}, fact{"signed by", r.Signer, false}))
}

// expiry is when the request ends and, where the caller knows the time, how
// long that is from now.
func (r Request) expiry() string {
	at, err := time.Parse(time.RFC3339, r.Asked.Expires)
	if err != nil || r.Now.IsZero() {
		return r.Asked.Expires
	}
	left := at.Sub(r.Now).Truncate(time.Minute)
	if left <= 0 {
		return r.Asked.Expires + ", it has EXPIRED"
	}
	return fmt.Sprintf("%s, in %dh%02dm", r.Asked.Expires, int(left.Hours()), int(left.Minutes())%60)
}

func changes(in []string) []line {
	if in == nil {
		return nil
	}
	if len(in) == 0 {
		return []line{{mark: markItem, text: "none"}}
	}
	out := make([]line, len(in))
	for i, s := range in {
		out[i] = line{mark: markItem, text: s}
	}
	return out
}
