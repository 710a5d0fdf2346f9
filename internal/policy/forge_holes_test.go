// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// What an account takes back is what it names, and nothing else.
func TestForgeRevokeIsForOneRequest(t *testing.T) {
	other := []step{
		request("r0", asking(onGitHub), asking(func(p *event.RequestPredicate) { p.Expires = "2026-03-05T00:00:00Z" })),
		snapBy("gate", "github-comment", "r0", votes(nay(3, forRequest("r0")))),
	}
	later := when("2026-03-01T11:30:00Z")
	with := func(more ...vote1) []step {
		return asked(append(slices.Clone(other), comments(append([]vote1{yes(4)}, more...)...), reviews(yes(22), yes(1)))...)
	}
	check(t, map[string]fact{
		"a deny on another request holds":             {forgeRules, with(), Denied, "denied by carol on github-comment"},
		"taking back this request does not lift it":   {forgeRules, with(back(3, later)), Denied, "denied by carol on github-comment"},
		"taking back that request does":               {forgeRules, with(back(3, later, forRequest("r0"))), Allowed, "every rule"},
		"an earlier one does not":                     {forgeRules, with(back(3, when("2026-03-01T10:30:00Z"), forRequest("r0"))), Denied, "denied by carol"},
		"nor does another account":                    {forgeRules, with(back(22, later, forRequest("r0"))), Denied, "denied by carol"},
		"approving this request for all of it lifts":  {forgeRules, with(yes(3, later)), Allowed, "every rule"},
		"taking back nothing lifts nothing elsewhere": {forgeRules, with(back(3, later), back(3, when("2026-03-01T11:40:00Z"))), Denied, "denied by carol"},
	})
}

// One role can have a seat for each way of voting.
func TestSeatsOfOneRole(t *testing.T) {
	const apart = `
    require: [{role: lead, count: 1}, {role: lead, count: 1, source: [github-review]}]
    gate: gate
`
	check(t, map[string]fact{
		"one signs, one reviews":        {apart, asked(reviews(yes(22)), approve("alice")), Allowed, "met: 1 person of role lead by github-review approves: 1 of 1: bob"},
		"two sign":                      {apart, asked(reviews(), approve("alice"), approve("bob")), Pending, "missing: 1 approval by lead by github-review"},
		"two review":                    {apart, asked(reviews(yes(22), yes(1))), Pending, "missing: 1 approval by lead by signed"},
		"one does both":                 {apart, asked(reviews(yes(22)), approve("bob")), Pending, "missing: 1 approval by lead by"},
		"nobody":                        {apart, asked(reviews()), Pending, "missing: 1 approval by lead by signed; 1 approval by lead by github-review"},
		"whoever may do either, moves":  {apart, asked(reviews(yes(22), yes(1)), approve("alice")), Allowed, "every rule"},
		"a veto of either":              {apart, asked(reviews(yes(22), nay(3)), approve("alice")), Denied, "denied by carol"},
		"of whom a forge tells, by two": {strings.Replace(teamRules, "count: 2, source: [signed, github-comment]}", "count: 1, source: [github-comment]}, {role: team, count: 1, source: [github-review]}", 1), asked(snap("github-comment", votes(yes(4)), inTeam("team:github:acme/leads", 4)), snap("github-review", votes(yes(22)), inTeam("team:github:acme/leads", 22))), Allowed, "every rule"},
	})
	digest := func(seats string) string {
		d, err := policyOf(t, "\n    require: ["+seats+"]\n    gate: gate\n").EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	one, two := "{role: lead, count: 1}", "{role: lead, count: 1, source: [github-review]}"
	if digest(one+", "+two) != digest(two+", "+one) {
		t.Error("the order of the seats changes the digest")
	}
	seen := map[string]string{}
	for _, seats := range []string{one, one + ", " + two, one + ", {role: lead, count: 2, source: [github-review]}", "{role: lead, count: 2}, " + two, one + ", {role: lead, count: 1, source: [github-review, signed]}"} {
		d := digest(seats)
		if was, taken := seen[d]; taken {
			t.Errorf("%s has the digest of %s", seats, was)
		}
		seen[d] = seats
	}
}

// Two forges can have one host: a number at the one is nobody at the other.
func TestAccountsAreOfOneForge(t *testing.T) {
	p := &Policy{Principals: map[string]Principal{
		"bob":   {GitLab: []Account{{ID: 22, Host: "forge.acme.io"}}},
		"alice": {GitHub: []Account{{ID: 23, Host: "forge.acme.io"}, {ID: 7, Host: "github.com"}}},
	}}
	for source, want := range map[string]map[int64]string{
		"github-review":   {22: "", 23: "alice", 7: "", 0: ""},
		"gitlab-approval": {22: "bob", 23: "", 0: ""},
	} {
		for id, who := range want {
			if got, ok := p.ownerBy(source, "forge.acme.io", id); got != who || ok != (who != "") {
				t.Errorf("%d by %s is %q, want %q", id, source, got, who)
			}
		}
	}
	if got := p.AccountsBy("github-comment", "forge.acme.io"); !slices.Equal(got, []int64{23}) {
		t.Errorf("accounts %v", got)
	}
	if got := p.AccountsBy("gitlab-note", "forge.acme.io"); !slices.Equal(got, []int64{22}) {
		t.Errorf("accounts %v", got)
	}
}

func TestForgeEnvironmentDenies(t *testing.T) {
	history := func(run string, all ...vote1) step { return snap("github-environment", all, lookedIn(run)) }
	untimed := when("")
	check(t, map[string]fact{
		"a rejection beats an approval":       {weakRules, asked(approve("dave"), history("run-1", yes(22, untimed), nay(3, untimed))), Denied, "denied by carol on github-environment"},
		"one of another run too":              {weakRules, asked(approve("dave"), history("run-9", nay(3, untimed)), history("run-1", yes(22, untimed))), Denied, "denied by carol"},
		"one that is not shown any more too":  {weakRules, asked(approve("dave"), history("run-1", nay(3, untimed)), history("run-1", yes(22, untimed))), Denied, "as #4 shows"},
		"an approval without a time lifts it": {weakRules, asked(approve("dave"), history("run-1", nay(22, untimed)), history("run-1", yes(22, untimed))), Denied, "denied by bob"},
		"a stranger's rejection":              {weakRules, asked(approve("dave"), history("run-1", yes(22, untimed), nay(99, untimed))), Allowed, "github.com:99 has no role that may deny"},
		"a rejection by nobody's account":     {weakRules, asked(approve("dave"), history("run-1", yes(22, untimed), nay(3, untimed, ofKind(event.AccountBot)))), Allowed, "only a user is a human's"},
	})
}

func TestRolesOfOwnersAndGroups(t *testing.T) {
	owners := strings.Replace(teamRules, `{teams: ["github:acme/leads"]}`, "{codeowners: true}", 1)
	groups := strings.NewReplacer(`{teams: ["github:acme/leads"]}`, `{groups: ["gitlab:acme/leads"]}`, "github-comment", "gitlab-note").Replace(teamRules)
	notes := func(votes []vote1, edits ...snapEdit) step { return snap("gitlab-note", votes, edits...) }
	check(t, map[string]fact{
		"two owners":                       {owners, asked(snap("github-comment", votes(yes(50), yes(51)), inTeam("codeowner", 50, 51))), Allowed, "every rule"},
		"one owner and a member of a team": {owners, asked(snap("github-comment", votes(yes(50), yes(51)), inTeam("codeowner", 50), inTeam("team:github:acme/leads", 51))), Pending, "github.com:51 has no role"},
		"an owner, and one nobody knows":   {owners, asked(snap("github-comment", votes(yes(50), yes(51)), inTeam("codeowner", 50), hiddenFact("codeowner", 51))), Pending, "unknown: could not find out whether github.com:51 holds role team (codeowner)"},
		"an owner's deny":                  {owners, asked(snap("github-comment", votes(yes(50), yes(51), nay(52)), inTeam("codeowner", 50, 51, 52))), Denied, "denied by github.com:52"},
		"two of a group":                   {groups, asked(notes(votes(yes(50), yes(51)), inTeam("team:gitlab:acme/leads", 50, 51))), Allowed, "every rule"},
		"one of another group":             {groups, asked(notes(votes(yes(50), yes(51)), inTeam("team:gitlab:acme/leads", 50), inTeam("team:gitlab:acme", 51))), Pending, "github.com:51 has no role"},
		"a team of GitHub is no group":     {groups, asked(notes(votes(yes(50), yes(51)), inTeam("team:gitlab:acme/leads", 50), inTeam("team:github:acme/leads", 51))), Pending, "github.com:51 has no role"},
		"who has left may have denied":     {groups, asked(notes(votes(nay(52)), inTeam("team:gitlab:acme/leads", 52)), notes(votes(yes(50), yes(51)), inTeam("team:gitlab:acme/leads", 50, 51))), Denied, "denied by github.com:52"},
	})
}

// snapWith is snap by a gate with a certificate, with what stands beside it.
func snapWith(source string, all []vote1, edits ...editor) step {
	return func(w *world) {
		d := w.draft("cloudgate", edits)
		r := w.asked["r1"]
		p := event.ForgeVotesPredicate{
			Request: w.ids["r1"], Source: source, Host: "github.com", RepositoryID: "7", Commit: r.Commit,
			Read: event.ForgeRead{Time: utc(w.now), Calls: 2}, Changes: []event.ForgeChange{},
			Votes: []event.ForgeVote{}, People: []event.ForgePerson{}, Parts: []event.ForgePart{},
			Context: event.Context{Provider: "github", Host: "github.com", Time: d.context.Time},
		}
		for _, v := range all {
			p.Votes = append(p.Votes, v(w, source))
		}
		w.log(d.by, event.ForgeVotesType, r.Subjects, p)
	}
}

// Gates with certificates, and environments whose times must be proven, read
// forges too.
func TestCertifiedSnapshots(t *testing.T) {
	const certified = `
    require: [{role: security, count: 1}, {role: lead, count: 1, source: [github-comment]}]
    gate: [gate, cloudgate]
`
	dated := certified + "    dated: true\n"
	story := func(snaps ...step) []step {
		return append([]step{commitBy("otto@x.org"), build(), request("r1", asking(onGitHub)), approve("dave")}, snaps...)
	}
	now := stampedAt("2026-03-01T12:00:00Z")
	checkCertified(t, map[string]fact{
		"by a gate with a certificate":               {certified, story(snapWith("github-comment", votes(yes(22)))), Allowed, "every rule"},
		"by a machine that is no gate":               {certified, story(snapWith("github-comment", votes(yes(22)), by("cloud"))), Pending, "no gate has read it for this request"},
		"by one that nobody can check":               {certified, story(snapWith("github-comment", votes(yes(22)), undated)), Pending, "unknown: "},
		"one that nobody can check could hold a no":  {certified, story(snapWith("github-comment", votes(nay(3)), undated), snapWith("github-comment", votes(yes(22)))), Pending, "#4 could matter"},
		"a deny in it":                               {certified, story(snapWith("github-comment", votes(yes(22), nay(3)))), Denied, "denied by carol"},
		"in a dated environment":                     {dated, story(snapWith("github-comment", votes(yes(22)), now)), Allowed, "every rule"},
		"dated by nobody":                            {dated, story(snapWith("github-comment", votes(yes(22)), undated)), Pending, "unknown: "},
		"dated by a token of something else":         {dated, story(snapWith("github-comment", votes(yes(22)), wrongToken)), Pending, "unknown: "},
		"that says it was read before it was signed": {dated, story(snapWith("github-comment", votes(yes(22)), stampedAt("2026-03-01T11:00:00Z"))), Pending, "says it was made at 2026-03-01T11:55:00Z, and was there at 2026-03-01T11:00:00Z already"},
	})
}

// BenchmarkManySnapshots is a request on which a gate has looked often.
func BenchmarkManySnapshots(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var looks []step
			for i := range n {
				looks = append(looks, comments(yes(4), nay(99, when(fmt.Sprintf("2026-03-01T11:%02d:00Z", i%60)))))
			}
			w := newWorld(b, forgeRules).play(asked(append(looks, comments(yes(4)), reviews(yes(22), yes(3)))...)...)
			for b.Loop() {
				if d := w.evaluate(); d.Verdict != Allowed {
					b.Fatal(d.Why)
				}
			}
		})
	}
}
