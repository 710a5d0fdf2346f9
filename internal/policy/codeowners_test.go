// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// In these stories one owner has to approve, and two leads.
const ownerRules = `
    require: [{role: security, count: 1}, {role: owner, count: 1, source: [signed, github-review]}]
    gate: gate
roles: {owner: {codeowners: true}}
`

const ownersVeto = `
    require: [{role: security, count: 1, source: [signed, github-review]}, {role: lead, count: 1}]
    veto: {roles: [owner]}
    gate: gate
roles: {owner: {codeowners: true}}
`

// lines are what changed: a line of CODEOWNERS each, with its example and how
// many of its owners have to approve.
func lines(need int, examples ...string) snapEdit {
	return func(_ *world, p *event.ForgeVotesPredicate) {
		for _, example := range examples {
			p.Owned = append(p.Owned, event.ForgeOwned{
				File: "CODEOWNERS", Commit: otherCommit, Line: len(p.Owned) + 1, Owners: []string{"@x"}, Need: need, Paths: 2, Example: example,
			})
		}
	}
}

// owns says which lines an account owns, from 1; a line below zero is one that
// nobody could find out about.
func owns(account int64, which ...int) snapEdit {
	return func(_ *world, p *event.ForgeVotesPredicate) {
		person := event.ForgePerson{Account: event.ForgeAccount{ID: account, Kind: event.AccountUser}}
		for _, n := range which {
			if n < 0 {
				person.Unknown = append(person.Unknown, event.FactOwned(-n))
				continue
			}
			person.Facts = append(person.Facts, event.FactOwned(n))
		}
		p.People = append(p.People, person)
	}
}

func TestOwnersApprove(t *testing.T) {
	of := func(votes []vote1, edits ...snapEdit) []step {
		return asked(approve("dave"), snap("github-review", votes, edits...))
	}
	one, two := lines(1, "src/x"), lines(1, "src/x", "docs/y")
	check(t, map[string]fact{
		"the owner of all that changed":          {ownerRules, of(votes(yes(3)), one, owns(3, 1)), Allowed, "met: the owners of what changed approve, as owner: of 1 line of the CODEOWNERS file"},
		"an owner who is no principal":           {ownerRules, of(votes(yes(99)), one, owns(99, 1)), Allowed, "counted as owner"},
		"somebody who owns nothing of it":        {ownerRules, of(votes(yes(3)), one, owns(3)), Pending, "carol has no role that is asked for"},
		"an owner of one of two":                 {ownerRules, of(votes(yes(3)), two, owns(3, 1)), Pending, "missing: 1 approval by an owner of docs/y and 1 more (@x, CODEOWNERS line 2)"},
		"an owner of each":                       {ownerRules, of(votes(yes(3), yes(22)), two, owns(3, 1), owns(22, 2)), Allowed, "of 2 lines of the CODEOWNERS file"},
		"one who owns both":                      {ownerRules, of(votes(yes(3)), two, owns(3, 1, 2)), Allowed, "of 2 lines"},
		"two of the same one":                    {ownerRules, of(votes(yes(3), yes(22)), two, owns(3, 1), owns(22, 1)), Pending, "by an owner of docs/y"},
		"one by two accounts of theirs":          {ownerRules, of(votes(yes(1), yes(11)), two, owns(1, 1), owns(11, 2)), Allowed, "every rule is met"},
		"nothing that changed has an owner":      {ownerRules, of(votes(yes(3)), owns(3)), Pending, "skipped: the owners of what changed approve, as owner: no path that changed has an owner"},
		"nobody could find out who owns it":      {ownerRules, of(votes(yes(3)), hiddenFact("codeowner", 3)), Pending, "could not find out whether carol holds role owner (codeowner)"},
		"or whether she owns the line":           {ownerRules, of(votes(yes(3)), one, owns(3, -1)), Pending, "could not find out whether carol holds role owner"},
		"or only one of two":                     {ownerRules, of(votes(yes(3)), two, owns(3, 1, -2)), Pending, "unknown: could not find out whether carol owns docs/y"},
		"and another owns that for sure":         {ownerRules, of(votes(yes(3), yes(22)), two, owns(3, 1, -2), owns(22, 2)), Allowed, "every rule is met"},
		"all that changed, in one word":          {ownerRules, of(votes(yes(3)), two, inTeam("codeowner", 3)), Allowed, "every rule is met"},
		"an owner who denies":                    {ownerRules, of(votes(yes(3), nay(22)), two, owns(3, 1, 2), owns(22, 2)), Denied, "denied by bob on github-review"},
		"an owner may deny":                      {ownersVeto, asked(approve("dave"), approve("bob"), snap("github-review", votes(nay(99)), one, owns(99, 1))), Denied, "denied by github.com:99"},
		"who owns none of it may not":            {ownersVeto, asked(approve("dave"), approve("bob"), snap("github-review", votes(nay(99)), one, owns(99))), Allowed, "github.com:99 has no role that may deny"},
		"a section that asks for two":            {ownerRules, of(votes(yes(3)), lines(2, "src/x"), owns(3, 1)), Pending, "missing: 1 approval by an owner of src/x"},
		"and has them":                           {ownerRules, of(votes(yes(3), yes(22)), lines(2, "src/x"), owns(3, 1), owns(22, 1)), Allowed, "every rule is met"},
		"a section that asks for nobody":         {ownerRules, of(votes(yes(3)), one, lines(0, "docs/y"), owns(3, 1)), Allowed, "every rule is met"},
		"an owner's dismissed review":            {ownerRules, of(votes(yes(3, rejected("dismissed"))), one, owns(3, 1)), Pending, "missing: 1 approval by owner"},
		"an owner of what was there before":      {ownerRules, of(votes(yes(3, forCommit(otherCommit))), one, owns(3, 1)), Pending, "stale"},
		"the author owns it":                     {strings.Replace(ownerRules, "gate: gate\nroles", "gate: gate\n    exclude: [author]\nroles", 1), of(votes(yes(3)), one, owns(3, 1), had(event.PartAuthor, 3)), Pending, "carol is the author"},
		"what was read of owners was too old":    {ownerRules, of(votes(yes(3)), one, owns(3, 1), readAt("2026-03-01T11:50:00Z")), Pending, "a reading counts for"},
		"an owner without a source for the vote": {ownerRules, asked(approve("dave"), approve("carol"), snap("github-review", votes(), one)), Pending, "carol has no role that is asked for"},
	})
}

// One person on one seat: who owns the change and has the other role is one
// person still.
func TestOwnersTakeOneSeat(t *testing.T) {
	rules := `
    require: [{role: security, count: 1, source: [signed, github-comment]}, {role: owner, count: 1, source: [github-review]}]
    gate: gate
roles: {owner: {codeowners: true}}
`
	both := asked(comments(yes(4)), snap("github-review", votes(yes(4)), lines(1, "x"), owns(4, 1)))
	check(t, map[string]fact{
		"dave, twice":    {rules, both, Pending, "missing: 1 approval by"},
		"dave and carol": {rules, asked(comments(yes(4)), snap("github-review", votes(yes(3)), lines(1, "x"), owns(3, 1))), Allowed, "every rule is met"},
		"dave sits as security, and covers what he owns": {rules, asked(comments(yes(4)),
			snap("github-review", votes(yes(3), yes(4)), lines(1, "x", "y"), owns(3, 1), owns(4, 2))), Allowed, "dave counts once"},
	})
}

func TestOwnedFact(t *testing.T) {
	for fact, want := range map[string]string{
		"codeowner:1": "1 true", "codeowner:120": "120 true", "codeowner": "0 false", "codeowner:0": "0 false", "codeowner:01": "1 false",
		"codeowner:-1": "-1 false", "codeowner:x": "0 false", "team:github:a/b": "0 false", "": "0 false",
	} {
		n, ok := event.OwnedFact(fact)
		if got := fmt.Sprint(n, " ", ok); got != want {
			t.Errorf("%q: %s, want %s", fact, got, want)
		}
	}
	for _, c := range []struct {
		told, want string
		yes        bool
	}{{"codeowner:3", "codeowner", true}, {"codeowner:", "codeowner", false}, {"codeowner", "codeowner:3", false}, {"codeowner:3", "permission:read", false}} {
		if implies(c.told, c.want) != c.yes || blurs(c.told, c.want) != c.yes {
			t.Errorf("%+v", c)
		}
	}
}
