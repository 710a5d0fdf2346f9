// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

// The rules of these stories: dave is security and may comment, leads may
// review; or their holders are a team's.
const (
	forgeRules = `
    require: [{role: security, count: 1, source: [signed, github-comment]}, {role: lead, count: 2, source: [signed, github-review]}]
    gate: gate
`
	apartRules = forgeRules + `    exclude: [author, committer, co-author, pusher, triggerer]
    agents: requester-is-author
`
	teamRules = `
    require: [{role: team, count: 2, source: [signed, github-comment]}]
    gate: gate
roles: {team: {teams: ["github:acme/leads"]}}
`
	writerRules = `
    require: [{role: team, count: 1, source: [signed, github-comment]}]
    exclude: [author, pusher]
    gate: gate
roles: {team: {permission: write}}
`
	mixedRules = `
    require: [{role: security, count: 1}, {role: lead, count: 2, source: [signed, github-comment, github-review]}]
    gate: gate
`
	weakRules = `
    require: [{role: security, count: 1}, {role: lead, count: 1, source: [github-environment]}]
    gate: gate
`
)

const otherCommit = "0ddba11000000000000000000000000000000000"

func onGitHub(p *event.RequestPredicate) { p.Host = "github.com" }

// asked is how these stories begin: as usual, at GitHub.
func asked(more ...step) []step {
	return append([]step{commitBy("otto@x.org"), build(), request("r1", asking(onGitHub))}, more...)
}

// A shown vote is one that a snapshot will have.
type shown func(*world, *event.ForgeVote)

func ofKind(kind string) shown {
	return func(_ *world, v *event.ForgeVote) { v.Account.Kind = kind }
}

func castAs(id string, account int64, decision string, edits ...shown) func(*world, string) event.ForgeVote {
	return func(w *world, source string) event.ForgeVote {
		v := event.ForgeVote{
			ID: id, Account: event.ForgeAccount{ID: account, Login: "x", Kind: event.AccountUser}, Decision: decision,
			Time: "2026-03-01T11:00:00Z",
		}
		if bindsRequest(source) {
			v.Request = w.ids["r1"]
		} else {
			v.Commit = commitID
		}
		for _, edit := range edits {
			edit(w, &v)
		}
		return v
	}
}

type vote1 = func(*world, string) event.ForgeVote

func yes(account int64, edits ...shown) vote1 {
	return castAs("yes "+string(rune('a'+account)), account, event.ForgeApprove, edits...)
}
func nay(account int64, edits ...shown) vote1 {
	return castAs("no "+string(rune('a'+account)), account, event.ForgeDeny, edits...)
}
func back(account int64, edits ...shown) vote1 {
	return castAs("back "+string(rune('a'+account)), account, event.ForgeRevoke, edits...)
}

func when(t string) shown { return func(_ *world, v *event.ForgeVote) { v.Time = t } }
func rejected(why string) shown {
	return func(_ *world, v *event.ForgeVote) { v.Reject = why }
}
func forCommit(id string) shown { return func(_ *world, v *event.ForgeVote) { v.Commit = id } }
func forRequest(name string) shown {
	return func(w *world, v *event.ForgeVote) { v.Request = w.ids[name] }
}

// snap logs a snapshot of a source, read at the time of the decision.
func snap(source string, votes []vote1, edits ...func(*world, *event.ForgeVotesPredicate)) step {
	return snapBy("gate", source, "r1", votes, edits...)
}

func snapBy(machine, source, of string, votes []vote1, edits ...func(*world, *event.ForgeVotesPredicate)) step {
	return func(w *world) {
		r := w.asked[of]
		p := event.ForgeVotesPredicate{
			Request: w.ids[of], Source: source, Host: "github.com", RepositoryID: "7", Commit: r.Commit,
			Read: event.ForgeRead{Time: utc(w.now), Calls: 2}, Changes: []event.ForgeChange{},
			Votes: []event.ForgeVote{}, People: []event.ForgePerson{}, Parts: []event.ForgePart{},
			Context: event.Context{Provider: "github", Host: "github.com", Time: w.stamp()},
		}
		for _, v := range votes {
			p.Votes = append(p.Votes, v(w, source))
		}
		for _, edit := range edits {
			edit(w, &p)
		}
		w.last = nil
		w.log(machine, event.ForgeVotesType, r.Subjects, p)
	}
}

type snapEdit = func(*world, *event.ForgeVotesPredicate)

func readAt(t string) snapEdit {
	return func(_ *world, p *event.ForgeVotesPredicate) { p.Read.Time = t }
}

func trees(pairs ...string) snapEdit {
	return func(_ *world, p *event.ForgeVotesPredicate) {
		p.Trees = map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			p.Trees[pairs[i]] = pairs[i+1]
		}
	}
}

func inTeam(facts string, accounts ...int64) snapEdit {
	return func(_ *world, p *event.ForgeVotesPredicate) {
		for _, a := range accounts {
			p.People = append(p.People, event.ForgePerson{Account: event.ForgeAccount{ID: a, Kind: event.AccountUser}, Facts: []string{facts}})
		}
	}
}

func hiddenFact(fact string, account int64) snapEdit {
	return func(_ *world, p *event.ForgeVotesPredicate) {
		p.People = append(p.People, event.ForgePerson{Account: event.ForgeAccount{ID: account, Kind: event.AccountUser}, Unknown: []string{fact}})
	}
}

func had(what string, account int64) snapEdit {
	return func(_ *world, p *event.ForgeVotesPredicate) {
		part := event.ForgePart{Part: what, Account: event.ForgeAccount{ID: account, Kind: event.AccountUser}}
		if account == 0 {
			part = event.ForgePart{Part: what, Unknown: "hidden"}
		}
		p.Parts = append(p.Parts, part)
	}
}

func lookedIn(run string) snapEdit {
	return func(_ *world, p *event.ForgeVotesPredicate) { p.Run = run }
}

func votes(all ...vote1) []vote1 { return all }

// comments and reviews are an empty source each, so that the other is looked at.
func comments(all ...vote1) step { return snap("github-comment", all) }
func reviews(all ...vote1) step  { return snap("github-review", all) }

func TestForgeQuorum(t *testing.T) {
	check(t, map[string]fact{
		"a comment and two reviews":            {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3))), Allowed, "every rule is met"},
		"a comment, a review and a signature":  {forgeRules, asked(comments(yes(4)), reviews(yes(22)), approve("carol")), Allowed, "every rule is met"},
		"signatures alone, and both were read": {forgeRules, asked(comments(), reviews(), approve("dave"), approve("bob"), approve("carol")), Allowed, "every rule is met"},
		"B1: alice as both, and bob":           {forgeRules, asked(comments(yes(1)), reviews(yes(1), yes(22))), Pending, "missing: 1 more approval by lead"},
		"B2: alice moves to security":          {forgeRules, asked(comments(yes(1)), reviews(yes(1), yes(22), yes(3))), Allowed, "alice counts once, by #3"},
		"B2: a seat takes only its sources":    {forgeRules, asked(comments(), reviews(yes(1), yes(22), yes(3))), Pending, "missing: 1 approval by security"},
		"B7: the thirty-first comment":         {forgeRules, asked(comments(append(strangers(30), yes(4))...), reviews(yes(22), yes(3))), Allowed, "every rule is met"},
		"one human by two sources":             {mixedRules, asked(comments(yes(22)), reviews(yes(22)), approve("dave"), approve("bob")), Pending, "bob counts once, by #3"},
		"A5: two accounts of one human":        {mixedRules, asked(comments(yes(1), yes(11)), reviews(), approve("dave")), Pending, "alice counts once"},
		"A6: a vote twice":                     {mixedRules, asked(comments(yes(22), castAs("again", 22, event.ForgeApprove)), reviews(), approve("dave")), Pending, "bob counts once"},
		"a stranger's review":                  {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(99))), Pending, "github.com:99 has no role that is asked for"},
		"E1: a stranger's comment":             {forgeRules, asked(comments(yes(99)), reviews(yes(22), yes(3))), Pending, "github.com:99 has no role"},
		"the same number at another forge":     {forgeRules, asked(comments(yes(4)), reviews(yes(2), yes(3))), Pending, "github.com:2 has no role"},
		"a review of security is no comment":   {forgeRules, asked(comments(), reviews(yes(4), yes(22), yes(3))), Pending, "no seat of dave takes votes by github-review"},
		"a comment of a lead is no review":     {forgeRules, asked(comments(yes(4), yes(3)), reviews(yes(22))), Pending, "no seat of carol takes votes by github-comment"},
		"somebody without a key":               {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(5))), Allowed, "every rule is met"},
	})
}

func strangers(n int) []vote1 {
	var all []vote1
	for i := range n {
		all = append(all, yes(int64(1000+i)))
	}
	return all
}

func TestForgeIdentity(t *testing.T) {
	facts := map[string]fact{
		"A9: an account without a number": {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(0))), Pending, "the account has no number"},
	}
	for _, kind := range []string{event.AccountBot, event.AccountService, event.AccountGhost} {
		facts["A4: a "+kind+" with a human's number"] = fact{forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3, ofKind(kind)))), Pending, "the account is a " + kind}
		facts["a "+kind+" vetoes nothing"] = fact{forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3), nay(1, ofKind(kind)))), Allowed, "the account is a " + kind}
	}
	whole := func(parts ...snapEdit) []step {
		all := append([]snapEdit{had(event.PartAuthor, 77), had(event.PartPusher, 77)}, parts...)
		return asked(snap("github-comment", votes(yes(4)), all...), reviews(yes(22), yes(3)))
	}
	facts["A1: nobody of them had a hand in it"] = fact{apartRules, whole(), Allowed, "every rule is met"}
	for _, what := range []string{event.PartAuthor, event.PartCommitter, event.PartCoAuthor, event.PartPusher, event.PartTriggerer} {
		facts["A2: the "+what+" reviews"] = fact{apartRules, whole(had(what, 3)), Pending, "carol is the " + what}
		facts["A2: the "+what+" is hidden"] = fact{apartRules, whole(had(what, 0)), Pending, "could not find out who the " + what + " is"}
		facts["A2: the "+what+" by the other account"] = fact{apartRules, asked(
			snap("github-comment", votes(yes(1)), had(event.PartPusher, 77), had(what, 11)), reviews(yes(22), yes(3))), Pending, "alice is the " + what}
		facts["A2: the "+what+" signs"] = fact{apartRules, asked(
			snap("github-comment", votes(yes(4)), had(event.PartPusher, 77), had(what, 3)), reviews(yes(22)), approve("carol")), Pending, "carol is the " + what}
	}
	facts["a pusher whom nobody names"] = fact{apartRules, asked(comments(yes(4)), reviews(yes(22), yes(3))), Pending, "no source says who pushed"}
	facts["A12: an agent wrote it for carol"] = fact{apartRules, whole(had(event.PartAgent, 50), had(event.PartRequester, 3)), Pending, "carol is the author, by an agent"}
	facts["A12: an agent wrote it for nobody knows whom"] = fact{apartRules, whole(had(event.PartAgent, 50)), Pending, "no source says on whose request"}
	facts["A12: whom it was for is hidden"] = fact{apartRules, whole(had(event.PartAgent, 50), had(event.PartRequester, 0)), Pending, "could not find out who the author, by an agent"}
	facts["a plain re-run is noted"] = fact{apartRules, whole(had(event.PartRerunner, 3)), Allowed, "run again by github.com:3"}
	facts["who re-ran it is hidden"] = fact{apartRules, whole(had(event.PartRerunner, 0)), Allowed, "every rule is met"}
	check(t, facts)
}

func TestForgeStaleness(t *testing.T) {
	other := func(p *event.RequestPredicate) { p.Host, p.Commit = "github.com", otherCommit }
	check(t, map[string]fact{
		"C1: a review of the old head":          {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3, forCommit(otherCommit)))), Pending, "stale: it is for commit 0ddba1100000"},
		"C7: squashed, with the same tree":      {forgeRules, asked(comments(yes(4)), snap("github-review", votes(yes(22), yes(3, forCommit(otherCommit))), trees(commitID, commitID, otherCommit, commitID))), Allowed, "every rule is met"},
		"C7: squashed, with another tree":       {forgeRules, asked(comments(yes(4)), snap("github-review", votes(yes(22), yes(3, forCommit(otherCommit))), trees(commitID, commitID, otherCommit, otherCommit))), Pending, "stale"},
		"C7: no tree is known":                  {forgeRules, asked(comments(yes(4)), snap("github-review", votes(yes(22), yes(3, forCommit(otherCommit))), trees(otherCommit, commitID))), Pending, "stale"},
		"C5: the artifact is of another commit": {forgeRules, []step{commitBy("otto@x.org"), build(ofCommit(otherCommit)), request("r1", asking(onGitHub)), comments(yes(4)), reviews(yes(22), yes(3))}, Pending, "no build event says that app was made of it"},
		"C5: nothing ties the artifact":         {forgeRules, []step{request("r1", asking(onGitHub)), comments(yes(4)), reviews(yes(22), yes(3))}, Pending, "no build event says"},
		"C11: just under a day":                 {forgeRules, asked(at("2026-03-02T10:59:59Z"), comments(yes(4)), reviews(yes(22), yes(3))), Allowed, ""},
		"C11: exactly a day":                    {forgeRules, asked(at("2026-03-02T11:00:00Z"), comments(yes(4)), reviews(yes(22), yes(3))), Pending, "expired: cast at 2026-03-01T11:00:00Z"},
		"still to come":                         {forgeRules, asked(comments(yes(4, when("2026-03-01T12:02:01Z"))), reviews(yes(22), yes(3))), Pending, "still to come"},
		"a little ahead":                        {forgeRules, asked(comments(yes(4, when("2026-03-01T12:02:00Z"))), reviews(yes(22), yes(3))), Allowed, ""},
		"E9: a comment before the request":      {forgeRules, asked(comments(yes(4, when("2026-03-01T09:59:00Z"))), reviews(yes(22), yes(3))), Pending, "before the request was made"},
		"a review before the request":           {forgeRules, asked(comments(yes(4)), reviews(yes(22, when("2026-03-01T08:00:00Z")), yes(3))), Allowed, ""},
		"a comment for another request":         {forgeRules, asked(request("r2", asking(other)), comments(yes(4, forRequest("r2"))), reviews(yes(22), yes(3))), Pending, "not for this one"},
		"a comment for no request":              {forgeRules, asked(comments(yes(4, forRequest("none"), forCommit(commitID))), reviews(yes(22), yes(3))), Pending, "it names no request"},
		"a review without a time":               {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3, when("")))), Pending, "github-review does not say when"},
		"E2: edited":                            {forgeRules, asked(comments(yes(4, rejected("edited"))), reviews(yes(22), yes(3))), Pending, "rejected: edited"},
		"B6: dismissed":                         {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3, rejected("dismissed")))), Pending, "rejected: dismissed"},
		"B6: taken back":                        {forgeRules, asked(comments(yes(4), back(4)), reviews(yes(22), yes(3))), Pending, "the same account said revoke after it"},
		"taken back, by time":                   {forgeRules, asked(comments(back(4, when("2026-03-01T11:00:01Z")), yes(4)), reviews(yes(22), yes(3))), Pending, "the same account said revoke after it"},
		"taken back elsewhere":                  {mixedRules, asked(comments(back(22, when("2026-03-01T11:00:01Z"))), reviews(yes(22), yes(3)), approve("dave")), Pending, "the same account said revoke after it"},
		"taken back, and said again":            {forgeRules, asked(comments(back(4), yes(4)), reviews(yes(22), yes(3))), Allowed, ""},
		"E10: a comment that is gone":           {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3)), comments()), Pending, "missing: 1 approval by security"},
	})
}

func TestForgeSources(t *testing.T) {
	check(t, map[string]fact{
		"nobody read the reviews":           {forgeRules, asked(comments(yes(4)), approve("bob"), approve("carol")), Pending, "could not find out: what github-review says: no gate has read it"},
		"nobody read anything":              {forgeRules, asked(approve("dave"), approve("bob"), approve("carol")), Pending, "what github-comment says"},
		"read five minutes ago":             {forgeRules, asked(snap("github-comment", votes(yes(4)), readAt("2026-03-01T11:55:00Z")), reviews(yes(22), yes(3))), Allowed, ""},
		"read over five minutes ago":        {forgeRules, asked(snap("github-comment", votes(yes(4)), readAt("2026-03-01T11:54:59Z")), reviews(yes(22), yes(3))), Pending, "a reading counts for 5m"},
		"read in the future":                {forgeRules, asked(snap("github-comment", votes(yes(4)), readAt("2026-03-01T12:05:01Z")), reviews(yes(22), yes(3))), Pending, "a reading counts for 5m"},
		"a later reading that is stale":     {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3)), snap("github-comment", votes(yes(4)), readAt("2026-03-01T11:00:00Z"))), Pending, "a reading counts for 5m"},
		"read by a stranger":                {forgeRules, asked(snapBy("stranger", "github-comment", "r1", votes(yes(4))), reviews(yes(22), yes(3))), Pending, "no gate has read it"},
		"read by a signer that is no gate":  {forgeRules, asked(snapBy("ci", "github-comment", "r1", votes(yes(4))), reviews(yes(22), yes(3))), Pending, "no gate has read it"},
		"read, and its signature is broken": {forgeRules, asked(reviews(yes(22), yes(3)), comments(yes(4)), breakLast), Pending, "no gate has read it"},
		"read at another host":              {forgeRules, asked(snap("github-comment", votes(yes(4)), func(_ *world, p *event.ForgeVotesPredicate) { p.Host = "git.acme.example" }), reviews(yes(22), yes(3))), Pending, "no gate has read it"},
		"read in another repository":        {forgeRules, asked(snap("github-comment", votes(yes(4)), func(_ *world, p *event.ForgeVotesPredicate) { p.RepositoryID = "8" }), reviews(yes(22), yes(3))), Pending, "no gate has read it"},
		"read for another commit":           {forgeRules, asked(snap("github-comment", votes(yes(4)), func(_ *world, p *event.ForgeVotesPredicate) { p.Commit = otherCommit }), reviews(yes(22), yes(3))), Pending, "no gate has read it"},
		"read for another request":          {forgeRules, asked(request("r2", asking(onGitHub)), snapBy("gate", "github-comment", "r2", votes(yes(4))), reviews(yes(22), yes(3))), Pending, "no gate has read it"},
		"a source that no seat takes":       {"", asked(comments(yes(1), yes(22), yes(3))), Pending, "no seat takes votes by github-comment"},
		"an environment, in its run":        {weakRules, asked(approve("dave"), snap("github-environment", votes(yes(3, when(""))), lookedIn("run-1"))), Allowed, "counted as lead (weak: the forge does not say when)"},
		"an environment, in another run":    {weakRules, asked(approve("dave"), snap("github-environment", votes(yes(3, when(""))), lookedIn("run-9"))), Pending, "it counts only in the run it was cast for"},
		"an environment, in no run":         {weakRules, asked(approve("dave"), asRun(""), snap("github-environment", votes(yes(3, when(""))))), Pending, "it counts only in the run it was cast for"},
	})
}

func TestForgeDenies(t *testing.T) {
	good := []vote1{yes(22), yes(3)}
	r2 := request("r2", asking(onGitHub), asking(func(p *event.RequestPredicate) { p.Expires = "2026-03-05T00:00:00Z" }))
	later := when("2026-03-01T11:30:00Z")
	check(t, map[string]fact{
		"B8: a veto of a member beats a quorum":     {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3), nay(1))), Denied, "denied by alice on github-review"},
		"B8: a veto of a stranger":                  {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3), nay(99))), Allowed, "github.com:99 has no role that may deny"},
		"B6: a deny after an approval":              {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3), nay(3))), Denied, "denied by carol"},
		"a deny that was deleted":                   {forgeRules, asked(comments(nay(1)), comments(yes(4)), reviews(good...)), Denied, "denied by alice on github-comment, as #3 shows"},
		"a deny that was edited":                    {forgeRules, asked(comments(yes(4), nay(1, rejected("edited"))), reviews(good...)), Denied, "denied by alice"},
		"a deny that was edited into a yes":         {forgeRules, asked(comments(nay(1)), comments(yes(4), castAs("no b", 1, event.ForgeApprove, later, rejected("edited"))), reviews(good...)), Denied, "denied by alice"},
		"a deny of an old head":                     {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3), nay(1, forCommit(otherCommit)))), Denied, "denied by alice"},
		"a deny that was shown as a bot's at first": {forgeRules, asked(comments(nay(1, ofKind(event.AccountBot))), comments(yes(4), nay(1)), reviews(good...)), Denied, "denied by alice"},
		"a deny before the request":                 {forgeRules, asked(comments(yes(4), nay(1, when("2026-02-01T00:00:00Z"))), reviews(good...)), Denied, "denied by alice"},
		"a deny without a time":                     {forgeRules, asked(comments(yes(4), nay(1, when(""))), reviews(good...)), Denied, "denied by alice"},
		"a deny in a stale reading":                 {forgeRules, asked(snap("github-comment", votes(nay(1)), readAt("2026-03-01T10:30:00Z")), comments(yes(4)), reviews(good...)), Denied, "denied by alice"},
		"a deny by a source that no seat takes":     {"", asked(comments(nay(1)), approve("dave"), approve("bob"), approve("carol")), Denied, "denied by alice on github-comment"},
		"a deny that a stranger's machine shows":    {forgeRules, asked(snapBy("stranger", "github-comment", "r1", votes(nay(1))), comments(yes(4)), reviews(good...)), Allowed, ""},
		"lifted by a later revoke":                  {forgeRules, asked(comments(yes(4), nay(1), back(1, later)), reviews(good...)), Allowed, "lifted by the same account"},
		"lifted by a later approval":                {forgeRules, asked(comments(nay(1)), comments(yes(4), yes(1, later)), reviews(good...)), Allowed, "lifted by the same account"},
		"lifted elsewhere":                          {forgeRules, asked(comments(nay(1)), comments(yes(4)), reviews(yes(22), yes(3), yes(1, later))), Allowed, "lifted by the same account"},
		"not lifted by a revoke of that moment":     {forgeRules, asked(comments(yes(4), nay(1), back(1)), reviews(good...)), Denied, "denied by alice"},
		"not lifted by an earlier approval":         {forgeRules, asked(comments(nay(1)), comments(yes(4), yes(1, when("2026-03-01T10:59:00Z"))), reviews(good...)), Denied, "denied by alice"},
		"not lifted by an older snapshot":           {forgeRules, asked(comments(yes(1, later)), comments(yes(4), nay(1)), reviews(good...)), Denied, "denied by alice"},
		"not lifted by a word without a time":       {forgeRules, asked(comments(nay(1)), comments(yes(4), back(1, when(""))), reviews(good...)), Denied, "denied by alice"},
		"not lifted by an edited revoke":            {forgeRules, asked(comments(nay(1)), comments(yes(4), back(1, later, rejected("edited"))), reviews(good...)), Denied, "denied by alice"},
		"not lifted from the future":                {forgeRules, asked(comments(nay(1)), comments(yes(4), back(1, when("2026-03-01T12:30:00Z"))), reviews(good...)), Denied, "denied by alice"},
		"not lifted by the other account":           {forgeRules, asked(comments(nay(1)), comments(yes(4), back(11, later)), reviews(good...)), Denied, "denied by alice"},
		"not lifted by a signature":                 {forgeRules, asked(comments(nay(1)), comments(yes(4)), reviews(good...), approve("alice")), Denied, "denied by alice"},
		"a signed deny is not lifted on a forge":    {forgeRules, asked(deny("alice"), comments(yes(4), yes(1, later)), reviews(good...)), Denied, "denied by alice at #3"},
		"a deny on a request for the same bytes":    {forgeRules, asked(r2, snapBy("gate", "github-comment", "r2", votes(nay(1, forRequest("r2")))), comments(yes(4)), reviews(good...)), Denied, "denied by alice"},
		"a deny on a request nobody knows":          {forgeRules, asked(comments(yes(4), nay(1, func(_ *world, v *event.ForgeVote) { v.Request = strings.Repeat("a", 64) })), reviews(good...)), Allowed, "not for this one"},
		"an untimed deny that was said again": {forgeRules, asked(snap("github-comment", votes(nay(1, when(""))), readAt("2026-03-01T11:20:00Z")),
			snap("github-comment", votes(yes(1, later)), readAt("2026-03-01T11:40:00Z")), comments(yes(4), nay(1, when(""))), reviews(good...)), Denied, "denied by alice"},
		"an untimed deny of a history, which shows it for ever": {forgeRules, asked(snap("github-environment", votes(nay(1, when(""))), readAt("2026-03-01T11:20:00Z")),
			comments(yes(4), back(1, later)), reviews(good...), snap("github-environment", votes(nay(1, when(""))))), Allowed, "lifted"},
		"an untimed deny of now, beside an approval from before": {forgeRules, asked(snap("github-comment", votes(nay(1, when(""))), readAt("2026-03-01T11:20:00Z")),
			comments(yes(4), yes(1, later), nay(1, when(""))), reviews(good...)), Denied, "denied by alice"},
		"an untimed deny that was read twice, and lifted": {forgeRules, asked(snap("github-comment", votes(nay(1, when(""))), readAt("2026-03-01T11:10:00Z")),
			snap("github-comment", votes(nay(1, when(""))), readAt("2026-03-01T11:20:00Z")), comments(yes(4), back(1, later)), reviews(good...)), Allowed, "lifted"},
		"said anew in an old comment, after an approval": {forgeRules, asked(comments(nay(1)),
			comments(yes(4), nay(1, when("2026-03-01T11:45:00Z"), rejected("edited")), yes(1, later)), reviews(good...)), Denied, "denied by alice"},
		"an untimed deny is lifted after it was read": {forgeRules, asked(snap("github-comment", votes(nay(1, when(""))), readAt("2026-03-01T11:20:00Z")), comments(yes(4), back(1, later)), reviews(good...)), Allowed, "lifted"},
	})
}

func TestForgeRoles(t *testing.T) {
	const leads = "team:github:acme/leads"
	told := []snapEdit{had(event.PartAuthor, 77), had(event.PartPusher, 77)}
	with := func(more ...snapEdit) []snapEdit { return append(more, told...) }
	check(t, map[string]fact{
		"two of the team, one of them a stranger":  {teamRules, asked(snap("github-comment", votes(yes(3), yes(99)), inTeam(leads, 3, 99))), Allowed, "every rule is met"},
		"two, and one is not of the team":          {teamRules, asked(snap("github-comment", votes(yes(3), yes(99)), inTeam(leads, 3))), Pending, "github.com:99 has no role"},
		"A8: of a team with another name":          {teamRules, asked(snap("github-comment", votes(yes(3), yes(99)), inTeam("team:github:acme/alice", 3, 99))), Pending, "missing: 2 approvals by team"},
		"of the same team at another provider":     {teamRules, asked(snap("github-comment", votes(yes(3), yes(99)), inTeam("team:gitlab:acme/leads", 3, 99))), Pending, "missing: 2 approvals"},
		"one is hidden":                            {teamRules, asked(snap("github-comment", votes(yes(3), yes(99)), inTeam(leads, 3), hiddenFact(leads, 99))), Pending, "could not find out: whether github.com:99 holds role team"},
		"one is hidden, and not needed":            {teamRules, asked(snap("github-comment", votes(yes(3), yes(98), yes(99)), inTeam(leads, 3, 98), hiddenFact(leads, 99))), Allowed, "every rule is met"},
		"F9: who has left the team since":          {teamRules, asked(snap("github-comment", votes(yes(3), yes(99)), inTeam(leads, 3, 99)), snap("github-comment", votes(yes(3), yes(99)), inTeam(leads, 3))), Pending, "missing: 1 more approval by team"},
		"two accounts of one human":                {teamRules, asked(snap("github-comment", votes(yes(1), yes(11)), inTeam(leads, 1, 11))), Pending, "alice counts once"},
		"a signature, and the forge says the role": {teamRules, asked(snap("github-comment", votes(yes(99)), inTeam(leads, 3, 99)), approve("carol")), Allowed, "every rule is met"},
		"a signature, and the forge is silent":     {teamRules, asked(snap("github-comment", votes(yes(99)), inTeam(leads, 99)), approve("carol")), Pending, "carol has no role"},
		"a veto of the team":                       {teamRules, asked(snap("github-comment", votes(yes(3), yes(99), nay(98)), inTeam(leads, 3, 99, 98))), Denied, "denied by github.com:98"},
		"a veto of who is hidden":                  {teamRules, asked(snap("github-comment", votes(yes(3), yes(99), nay(98)), inTeam(leads, 3, 99), hiddenFact(leads, 98))), Pending, "could not find out: whether github.com:98 may deny"},
		"a veto of a stranger":                     {teamRules, asked(snap("github-comment", votes(yes(3), yes(99), nay(98)), inTeam(leads, 3, 99))), Allowed, "has no role that may deny"},
		"the very permission":                      {writerRules, asked(snap("github-comment", votes(yes(99)), with(inTeam("permission:write", 99))...)), Allowed, ""},
		"a higher permission":                      {writerRules, asked(snap("github-comment", votes(yes(99)), with(inTeam("permission:admin", 99))...)), Allowed, ""},
		"a lower permission":                       {writerRules, asked(snap("github-comment", votes(yes(99)), with(inTeam("permission:triage", 99))...)), Pending, "has no role"},
		"a permission of another ladder":           {writerRules, asked(snap("github-comment", votes(yes(99)), with(inTeam("permission:owner", 99))...)), Pending, "has no role"},
		"a permission nobody has heard of":         {writerRules, asked(snap("github-comment", votes(yes(99)), with(inTeam("permission:god", 99))...)), Pending, "has no role"},
		"a hidden permission":                      {writerRules, asked(snap("github-comment", votes(yes(99)), with(hiddenFact("permission:read", 99))...)), Pending, "could not find out"},
		"the author, whom no principal is":         {writerRules, asked(snap("github-comment", votes(yes(99)), inTeam("permission:write", 99), had(event.PartAuthor, 99), had(event.PartPusher, 77))), Pending, "github.com:99 is the author"},
		"a stranger, and nobody tells the author":  {writerRules, asked(snap("github-comment", votes(yes(99)), inTeam("permission:write", 99), had(event.PartPusher, 77))), Pending, "nothing tells whether github.com:99 is the author"},
	})
}

// What rests on a forge's word says so, and names the source and the account.
func TestForgeVotesAreObserved(t *testing.T) {
	d := newWorld(t, forgeRules).play(asked(comments(yes(4)), reviews(yes(22)), approve("carol"))...).evaluate()
	proofs := map[string]string{}
	for _, r := range d.Rules {
		proofs[r.Name] = r.Proof
	}
	for name, want := range map[string]string{
		"what github-comment says is known": Observed, "1 person of role security approves": Observed, "2 people of role lead approve": Observed,
	} {
		if proofs[name] != want {
			t.Errorf("%s: %q, want %q", name, proofs[name], want)
		}
	}
	for _, v := range d.Votes {
		if v.Principal == "dave" && (v.Source != "github-comment" || v.Account != "github.com:4" || !v.Counted || v.Index != 3) {
			t.Errorf("%+v", v)
		}
		if v.Principal == "carol" && (v.Source != "" || v.Account != "" || v.Key == "") {
			t.Errorf("%+v", v)
		}
	}
	if len(d.Inputs) < 4 {
		t.Errorf("inputs %v", d.Inputs)
	}
}

// What a policy says of forges is in the digest, and a policy without forges
// has the digest it had.
func TestForgeDigest(t *testing.T) {
	digest := func(rules string) string {
		d, err := policyOf(t, rules).EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if digest(rulesOfTests) != digest(strings.ReplaceAll(rulesOfTests, "count: 1}", "count: 1, source: [signed]}")) {
		t.Error("to write out the default changes the digest")
	}
	seen := map[string]string{}
	for _, rules := range []string{
		rulesOfTests, forgeRules, apartRules, strings.Replace(apartRules, "    agents: requester-is-author\n", "", 1), teamRules,
		strings.Replace(teamRules, "acme/leads", "acme/all", 1), strings.Replace(teamRules, `teams: ["github:acme/leads"]`, "codeowners: true", 1),
		strings.Replace(forgeRules, "github-review", "github-comment", 1),
	} {
		d := digest(rules)
		if seen[d] != "" {
			t.Errorf("%s and %s have one digest", rules, seen[d])
		}
		seen[d] = rules
	}
}

func TestEnvironmentSources(t *testing.T) {
	p := policyOf(t, teamRules)
	e := p.Environments["production"]
	if got := strings.Join(e.Sources(), " "); got != "github-comment" {
		t.Errorf("sources %s", got)
	}
	if got := strings.Join(p.FactsFor(e, "github-comment"), " "); got != "team:github:acme/leads" {
		t.Errorf("facts %s", got)
	}
	if got := p.FactsFor(e, "gitlab-note"); len(got) != 0 {
		t.Errorf("facts of another forge %v", got)
	}
	if got := len(p.AccountsAt("github.com")); got != 6 {
		t.Errorf("%d accounts", got)
	}
	if name, ok := p.OwnerOf("github.com", 11); name != "alice" || !ok {
		t.Errorf("owner %s", name)
	}
	if _, ok := p.OwnerOf("gitlab.com", 11); ok {
		t.Error("somebody owns an account at another host")
	}
	if forgeFresh > 10*time.Minute {
		t.Error("a reading counts for long")
	}
}

func TestImplies(t *testing.T) {
	for _, c := range []struct {
		told, want string
		yes        bool
	}{
		{"permission:admin", "permission:read", true}, {"permission:read", "permission:admin", false},
		{"permission:owner", "permission:developer", true}, {"permission:owner", "permission:write", false},
		{"permission:", "permission:read", false}, {"permission:x", "permission:x", true}, {"codeowner", "codeowner", true},
		{"team:github:a/b", "team:github:a/bc", false}, {"", "", true}, {"permission:admin", "codeowner", false},
	} {
		if got := implies(c.told, c.want); got != c.yes {
			t.Errorf("%s implies %s: %v", c.told, c.want, got)
		}
	}
}
