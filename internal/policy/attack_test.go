// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// Rules of the stories about a GitLab, which names accounts of authors and
// pushers, and none of committers.
const gitlabRules = `
    require: [{role: team, count: 1, source: [signed, gitlab-note]}]
    exclude: [author, committer, co-author, pusher]
    gate: gate
roles: {team: {permission: developer}}
`

const gitlabPeopleRules = `
    require: [{role: lead, count: 1, source: [signed, gitlab-note]}, {role: security, count: 1}]
    exclude: [author, committer, co-author, pusher]
    gate: gate
`

func onGitLab(p *event.RequestPredicate) { p.Host = "gitlab.com" }

// gitlabNotes is what a GitLab shows: its author and pusher, and more.
func gitlabNotes(all []vote1, edits ...snapEdit) step {
	host := func(_ *world, p *event.ForgeVotesPredicate) {
		p.Host, p.Context.Host, p.Context.Provider = "gitlab.com", "gitlab.com", "gitlab"
	}
	return snap("gitlab-note", all, append([]snapEdit{host, had(event.PartAuthor, 77), had(event.PartPusher, 77)}, edits...)...)
}

func askedOnGitLab(email string, more ...step) []step {
	return append([]step{commitBy(email), build(), request("r1", asking(onGitLab))}, more...)
}

// A GitLab tells addresses of committers and co-authors, and no accounts. Whom
// the policy knows by address is excluded by that; whom it does not know at all
// could be any of them.
func TestCommittersWithoutAccounts(t *testing.T) {
	developer := inTeam("permission:developer", 99)
	check(t, map[string]fact{
		"a lead, and an outsider committed":   {gitlabPeopleRules, askedOnGitLab("otto@x.org", gitlabNotes(votes(yes(2))), approve("dave")), Allowed, "every rule is met"},
		"a lead who committed":                {gitlabPeopleRules, askedOnGitLab("bob@x.org", gitlabNotes(votes(yes(2))), approve("dave")), Pending, "bob is the author"},
		"nobody knows the committer":          {gitlabPeopleRules, askedOnGitLab("who@x.org", gitlabNotes(votes(yes(2))), approve("dave")), Pending, "is no principal's"},
		"a developer whom nobody knows":       {gitlabRules, askedOnGitLab("otto@x.org", gitlabNotes(votes(yes(99)), developer)), Pending, "nothing tells whether gitlab.com:99 is the committer"},
		"and a source names the committer":    {gitlabRules, askedOnGitLab("otto@x.org", gitlabNotes(votes(yes(99)), developer, had(event.PartCommitter, 77))), Allowed, "every rule is met"},
		"and the committer is that developer": {gitlabRules, askedOnGitLab("otto@x.org", gitlabNotes(votes(yes(99)), developer, had(event.PartCommitter, 99))), Pending, "gitlab.com:99 is the committer"},
	})
}

// TestForgeAttacks has attacks that no single reading shows.
func TestForgeAttacks(t *testing.T) {
	good := []vote1{yes(22), yes(3)}
	later := when("2026-03-01T11:30:00Z")
	dismissed := rejected("dismissed by somebody else, which takes no veto back")
	both := func(p *event.RequestPredicate) {
		p.Host = "github.com"
		p.Subjects = append(p.Subjects, artifact("lib"))
	}
	shown := func(p *event.RequestPredicate) { p.Documents = []string{"sha256:" + strings.Repeat("d", 64)} }
	check(t, map[string]fact{
		"C10: what was shown was something else":          {forgeRules, asked(request("r2", asking(onGitHub), asking(shown)), comments(yes(4, forRequest("r2"))), reviews(good...)), Pending, "not for this one"},
		"read by a clock that is years off":               {forgeRules, asked(snap("github-comment", votes(yes(4)), readAt("1998-03-01T12:00:00Z")), reviews(good...)), Pending, "a reading counts for 5m"},
		"a veto that was dismissed before anybody looked": {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3), nay(1, dismissed))), Denied, "denied by alice"},
		"dismissed, and its author approves later":        {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3), nay(1, dismissed), yes(1, later))), Allowed, "lifted by the same account"},
		"dismissed by who cast it":                        {forgeRules, asked(reviews(nay(1)), comments(yes(4)), reviews(yes(22), yes(3), back(1, later))), Allowed, "lifted by the same account"},
		"lifted by an approval that a push dismissed":     {forgeRules, asked(reviews(nay(1, forCommit(otherCommit))), comments(yes(4)), reviews(yes(22), yes(3), back(1, later, forCommit(otherCommit)))), Allowed, "lifted by the same account"},
		"and said again after that":                       {forgeRules, asked(reviews(nay(1, forCommit(otherCommit))), comments(yes(4)), reviews(yes(22), yes(3), back(1, later, forCommit(otherCommit)), nay(1, when("2026-03-01T11:45:00Z")))), Denied, "denied by alice"},
		"a veto whose account was deleted since":          {forgeRules, asked(comments(nay(1)), comments(yes(4), nay(1, ofKind(event.AccountGhost))), reviews(good...)), Denied, "denied by alice"},
		"a veto of who left the team since": {teamRules, asked(
			snap("github-comment", votes(nay(98)), inTeam("team:github:acme/leads", 98)),
			snap("github-comment", votes(yes(3), yes(99), nay(98)), inTeam("team:github:acme/leads", 3, 99))), Denied, "denied by github.com:98"},
		"an approval from a blocked account is gone":      {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3)), reviews(yes(22))), Pending, "missing: 1 more approval by lead"},
		"an approval that moved to the other account":     {forgeRules, asked(comments(yes(4)), reviews(yes(1), yes(11))), Pending, "alice counts once"},
		"the highest number that is exact in any JSON":    {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(1<<53-1))), Pending, "has no role that is asked for"},
		"a login that looks like a lead's":                {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(99, called("cаrol")))), Pending, "github.com:99 has no role"},
		"a login that is a lead's, backwards":             {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(99, called("\u202elorac")))), Pending, "github.com:99 has no role"},
		"a renamed lead":                                  {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3, called("caroline")))), Allowed, "every rule is met"},
		"a reopened pull request brings nothing back":     {forgeRules, asked(reviews(yes(22), yes(3)), comments(yes(4)), reviews(yes(22, forCommit(otherCommit)), yes(3, forCommit(otherCommit)))), Pending, "stale"},
		"a head that was forced away":                     {forgeRules, asked(comments(yes(4)), snap("github-review", votes(yes(22), yes(3, forCommit(otherCommit))), trees(commitID, commitID))), Pending, "stale"},
		"two artifacts, one of them built of this commit": {forgeRules, []step{commitBy("otto@x.org"), build(), request("r1", asking(both)), comments(yes(4)), reviews(good...)}, Pending, "no build event says that lib was made of it"},
		"two sources that disagree on who pushed": {apartRules, asked(
			snap("github-comment", votes(yes(4)), had(event.PartAuthor, 77), had(event.PartPusher, 77)),
			snap("github-review", good, had(event.PartPusher, 3))), Pending, "carol is the pusher"},
		"a snapshot at a transferred repository": {forgeRules, asked(
			snap("github-review", votes(nay(1)), func(_ *world, p *event.ForgeVotesPredicate) { p.RepositoryID = "9" }),
			comments(yes(4)), reviews(good...)), Allowed, ""},
	})
}

// called gives the account of a vote a login, which nothing compares.
func called(login string) shown {
	return func(_ *world, v *event.ForgeVote) { v.Account.Login = login }
}
