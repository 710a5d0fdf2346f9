// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
	"github.com/gateledger/gateledger/internal/vote"
)

// A fact is a story and how it ends. The stories' policy asks for one security
// and two leads; alice holds both roles, bob and carol are leads, dave is
// security. They begin with a commit (#0), a build (#1) and a request (#2) at
// 10:00, a minute each; the gate asks at 12:00.
type fact struct {
	rules string // of production; empty is rulesOfTests
	story []step
	want  Verdict
	says  string // in the decision: its line, a rule, a vote or what is missing
}

func check(t *testing.T, facts map[string]fact) {
	t.Helper()
	for name, f := range facts {
		t.Run(name, func(t *testing.T) {
			if f.rules == "" {
				f.rules = rulesOfTests
			}
			d := newWorld(t, f.rules).play(f.story...).evaluate()
			told := tell(d)
			if d.Verdict != f.want || !strings.Contains(told, f.says) {
				t.Errorf("%s, want %s with %q in\n%s", d.Verdict, f.want, f.says, told)
			}
			sound(t, d)
		})
	}
}

// tell is all that a decision says, a line each.
func tell(d Decision) string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, " ") + "\n") }
	line(d.Verdict.String()+":", d.Why)
	for _, r := range d.Rules {
		line(r.State.String()+":", r.Name+":", r.Why)
	}
	for _, v := range d.Votes {
		line("vote", v.Principal, v.Choice+":", v.Why)
	}
	for _, m := range d.Missing {
		line("missing:", m.What, "from", strings.Join(m.Who, ","))
	}
	for _, u := range d.Unknown {
		line("unknown:", u)
	}
	return b.String()
}

// sound holds every decision to what all of them promise.
func sound(t *testing.T, d Decision) {
	t.Helper()
	states := map[State]int{}
	for _, r := range d.Rules {
		states[r.State]++
		if r.Name == "" || r.Why == "" || r.Proof == "" {
			t.Errorf("a rule without name, reason or proof: %+v", r)
		}
	}
	allowed := states[Unmet]+states[Broken]+states[Undecidable] == 0
	switch {
	case d.Why == "":
		t.Error("a decision without a reason")
	case (d.Verdict == Allowed) != allowed:
		t.Errorf("%s with rules %v", d.Verdict, states)
	case (d.Verdict == Denied) != (states[Broken] > 0):
		t.Errorf("%s with %d broken rules", d.Verdict, states[Broken])
	case (len(d.Unknown) > 0) != (states[Undecidable] > 0):
		t.Errorf("unknown %v with %d undecidable rules", d.Unknown, states[Undecidable])
	case d.Verdict != Pending && len(d.Missing) > 0:
		t.Errorf("%s, and missing %v", d.Verdict, d.Missing)
	}
	for i, v := range d.Votes {
		if v.Why == "" || v.Counted == strings.HasPrefix(v.Why, "rejected: ") {
			t.Errorf("vote #%d counted %v: %q", v.Index, v.Counted, v.Why)
		}
		if i > 0 && (d.Votes[i-1].Index > v.Index || d.Votes[i-1].Index == v.Index && v.Source == "") {
			t.Error("votes out of order")
		}
	}
}

func quorum(more ...step) []step {
	return usual(append([]step{approve("dave"), approve("alice"), approve("bob")}, more...)...)
}

func TestQuorum(t *testing.T) {
	check(t, map[string]fact{
		"one security and two leads":                      {"", quorum(), Allowed, "every rule is met"},
		"nobody":                                          {"", usual(), Pending, "missing: 2 approvals by lead from alice,bob,carol"},
		"one security alone":                              {"", usual(approve("dave")), Pending, "2 approvals by lead"},
		"two leads alone":                                 {"", usual(approve("bob"), approve("carol")), Pending, "missing: 1 approval by security from alice,dave"},
		"one is missing, and who can fill it":             {"", usual(approve("dave"), approve("bob")), Pending, "missing: 1 more approval by lead from alice,carol"},
		"two people with three roles are two people":      {"", usual(approve("alice"), approve("bob")), Pending, "1 more approval by lead"},
		"alice as security lets bob and carol be leads":   {"", usual(approve("alice"), approve("bob"), approve("carol")), Allowed, "vote alice approve: counted as security"},
		"whoever votes first":                             {"", usual(approve("bob"), approve("carol"), approve("alice")), Allowed, "counted as security"},
		"alice sits where she is needed":                  {"", usual(approve("alice"), approve("dave"), approve("bob")), Allowed, "vote alice approve: counted as lead"},
		"the helper can be one who lets another move":     {"", usual(approve("alice"), approve("bob")), Pending, "from carol,dave"},
		"more than enough":                                {"", quorum(approve("carol")), Allowed, "vote carol approve: counted, and not needed"},
		"the same person twice":                           {"", usual(approve("dave"), approve("bob"), approve("bob")), Pending, "vote bob approve: rejected: superseded by the same person's vote #5"},
		"the same person with two keys":                   {"", usual(approve("dave"), approve("alice"), approve("alice", withKey("alice2"))), Pending, "superseded by the same person's vote #5"},
		"a stranger's key":                                {"", usual(approve("dave"), approve("bob"), approve("mallory")), Pending, "rejected: the key is nobody's in the policy"},
		"a role that nobody asks for":                     {"", usual(approve("dave"), approve("bob"), approve("guest")), Pending, "rejected: guest has no role that is asked for (security, lead)"},
		"a second role that nobody asks for does no harm": {"", quorum(), Allowed, "vote dave approve: counted as security"},
		"a key that counts from tomorrow":                 {"", usual(approve("dave"), approve("bob"), approve("frank")), Pending, "counts from 2026-03-02T00:00:00Z, when it was signed"},
		"a key that counted until yesterday":              {"", usual(approve("dave"), approve("bob"), approve("gina")), Pending, "it counted until 2026-03-01T00:00:00Z"},
		"a vote from before the key's end, counted after": {"", usual(approve("dave"), approve("bob"), approve("gina", made("2026-02-28T23:59:00Z"))), Pending, "before the request was made"},
		"somebody without a key is nobody to ask":         {"", usual(approve("dave"), approve("bob")), Pending, "from alice,carol\n"},
		"a signature that does not hold":                  {"", usual(approve("dave"), approve("bob"), forged("carol", vote.Approve)), Pending, "vote carol approve: rejected: SSH signature"},
		"a forged vote does not supersede a real one":     {"", quorum(forged("bob", vote.Approve)), Allowed, "vote bob approve: counted as lead"},
		"a forged revoke revokes nothing":                 {"", quorum(forged("bob", vote.Revoke)), Allowed, "vote bob approve: counted as lead"},
		"a forged deny denies nothing":                    {"", quorum(forged("dave", vote.Deny)), Allowed, "vote dave deny: rejected"},
		"a signature for another purpose":                 {"", usual(approve("dave"), approve("bob"), approve("carol", inNamespace("git"))), Pending, "namespace"},
		"a signature for a file":                          {"", usual(approve("dave"), approve("bob"), approve("carol", inNamespace(product.Name))), Pending, "namespace"},
		"who logs a vote does not matter":                 {"", usual(approve("dave", by("ci")), approve("bob", by("gate")), approve("carol", by("stranger"))), Allowed, "every rule"},
		"an envelope whose signature is broken":           {"", quorum(breakLast), Allowed, "vote bob approve: counted as lead"},
		"a vote exactly 24 hours old":                     {"", quorum(at("2026-03-02T10:03:00Z")), Pending, "rejected: expired: signed at 2026-03-01T10:03:00Z, and a vote counts for 24h"},
		"a vote a second less than 24 hours old":          {"", quorum(at("2026-03-02T10:02:59Z")), Allowed, "every rule"},
		"a vote counts as long as the policy says":        {strings.Replace(rulesOfTests, "gate: gate", "gate: gate\n    max-age: 90m", 1), quorum(), Pending, "a vote counts for 90m"},
		"a vote of two minutes to come":                   {"", quorum(at("2026-03-01T10:03:00Z")), Allowed, "every rule"},
		"a vote of more than two minutes to come":         {"", quorum(at("2026-03-01T10:02:59Z")), Pending, "signed at 2026-03-01T10:05:00Z, which is still to come"},
		"a vote signed two minutes before the request":    {"", usual(approve("dave"), approve("bob"), approve("carol", made("2026-03-01T10:00:00Z"))), Allowed, "every rule"},
		"a vote signed long before the request":           {"", usual(approve("dave"), approve("bob"), approve("carol", made("2026-03-01T09:59:59Z"))), Pending, "before the request was made"},
		"a vote without people to fill it, for good":      {"\n    require: [{role: guest, count: 2}]\n    exclude: [author]\n    gate: gate\n", append([]step{commitBy("dave@x.org"), build(), request("r1")}, approve("guest")), Denied, "dave is the author"},
		"nobody is asked":                                 {"\n    auto: true\n    gate: gate\n", usual(approve("bob")), Allowed, "vote bob approve: rejected: nobody's approval is asked for"},
	})
}

func TestVotesAreForOneThing(t *testing.T) {
	other := func(f func(*vote.Predicate)) []step {
		return usual(approve("dave"), approve("bob"), approve("carol", saying(f)))
	}
	check(t, map[string]fact{
		"for another environment":         {"", other(func(p *vote.Predicate) { p.Environment = "staging" }), Pending, `rejected: the vote is for environment "staging"`},
		"for another ledger":              {"", other(func(p *vote.Predicate) { p.Ledger = "other" }), Pending, `rejected: the vote is for ledger "other"`},
		"for another commit":              {"", other(func(p *vote.Predicate) { p.Commit = strings.Repeat("a", 40) }), Pending, `rejected: the vote is for commit`},
		"for other bytes":                 {"", other(func(p *vote.Predicate) { p.Subjects = []event.Subject{artifact("evil")} }), Pending, "rejected: the vote is for other artifacts"},
		"for one artifact of two":         {"", []step{commitBy("otto@x.org"), build(), request("r1", about(artifact("app"), artifact("lib"))), approve("dave"), approve("bob"), approve("carol", saying(func(p *vote.Predicate) { p.Subjects = p.Subjects[:1] }))}, Pending, "rejected: the vote is for other artifacts"},
		"for a request of the same bytes": {"", usual(request("r2", made("2026-03-01T10:05:00Z")), approve("dave"), approve("bob"), approve("carol", of("r2"))), Pending, "rejected: it is for request "},
		"for a request of other bytes":    {"", usual(request("r2", about(artifact("evil"))), approve("dave", of("r2")), approve("bob", of("r2")), approve("carol", of("r2"))), Pending, "2 approvals by lead"},
		"logged before its request":       {"", append([]step{commitBy("otto@x.org"), build(), request("r1"), approve("dave"), approve("bob"), approve("carol")}, requestComesLast), Pending, "rejected: it stands before the request"},
	})
}

// misfiled logs carol's vote on one request in an envelope about another, or
// with its statement changed.
func misfiled(inner, outer string, change func(statement string) string) step {
	return func(w *world) {
		v := w.sign(w.draft("stranger", []editor{withKey("carol"), of(inner)}), vote.Approve)
		subject := []event.Subject{{Name: "request", Digest: map[string]string{"sha256": w.ids[outer]}}}
		w.log("stranger", event.VoteType, subject, event.VotePredicate{Statement: []byte(change(string(v.statement))), SSHSIG: string(v.sshsig)})
	}
}

func TestMalformedVotes(t *testing.T) {
	same := func(s string) string { return s }
	with := func(inner, outer string, change func(string) string) []step {
		return usual(request("r2", made("2026-03-01T10:05:00Z")), approve("dave"), approve("bob"), misfiled(inner, outer, change))
	}
	check(t, map[string]fact{
		"inside for another request than outside": {"", with("r2", "r1", same), Pending, "rejected: open vote at index 6: the envelope is not about the request"},
		"outside for another request than inside": {"", with("r1", "r2", same), Pending, "rejected: open vote at index 6: the envelope is not about the request"},
		"a member twice":      {"", with("r1", "r1", func(s string) string { return strings.Replace(s, `{"_type"`, `{"_type":"x","_type"`, 1) }), Pending, "rejected: open vote at index 6"},
		"trailing data":       {"", with("r1", "r1", func(s string) string { return s + "{}" }), Pending, "rejected: open vote at index 6"},
		"not canonical":       {"", with("r1", "r1", func(s string) string { return s + " " }), Pending, "rejected: open vote at index 6"},
		"no statement at all": {"", with("r1", "r1", func(string) string { return "yes" }), Pending, "rejected: open vote at index 6"},
	})
}

// requestComesLast moves the request behind the votes, as if it had been known
// before it was logged.
func requestComesLast(w *world) {
	e := w.events
	moved := append(append(e[:2:2], e[3:]...), e[2])
	for i := range moved {
		moved[i].Index = uint64(i)
	}
	w.events = moved
}

func TestVeto(t *testing.T) {
	onlySecurity := strings.Replace(rulesOfTests, "gate: gate", "gate: gate\n    veto: {roles: [security]}", 1)
	excluding := strings.Replace(rulesOfTests, "gate: gate", "gate: gate\n    exclude: [author]", 1)
	second := request("r2", made("2026-03-01T10:20:00Z"))
	check(t, map[string]fact{
		"one veto beats a quorum":                  {"", quorum(deny("carol")), Denied, "denied by carol at #6"},
		"a veto before the quorum":                 {"", append(usual(deny("carol")), approve("dave"), approve("alice"), approve("bob")), Denied, "counted: veto as lead"},
		"a veto is told first":                     {"", usual(deny("carol")), Denied, "denied: denied by carol at #3"},
		"a veto by the newest word of an approver": {"", quorum(deny("bob")), Denied, "vote bob approve: rejected: superseded by the same person's vote #6"},
		"a deny by nobody who may":                 {onlySecurity, quorum(deny("carol")), Allowed, "vote carol deny: rejected: carol has no role that may deny (security)"},
		"a deny without a veto takes the approval": {onlySecurity, quorum(deny("bob")), Pending, "1 more approval by lead"},
		"a deny by a stranger":                     {"", quorum(deny("mallory")), Allowed, "rejected: the key is nobody's"},
		"a deny by somebody with an odd role":      {"", quorum(deny("guest")), Allowed, "guest has no role that may deny"},
		"two vetoes":                               {"", quorum(deny("carol"), deny("dave")), Denied, "denied by carol"},
		"lifted by a revoke":                       {"", quorum(deny("carol"), revoke("carol")), Allowed, "vote carol deny: rejected: revoked by its author at #7"},
		"lifted by an approval":                    {"", quorum(deny("carol"), approve("carol")), Allowed, "vote carol deny: rejected: superseded"},
		"not lifted by somebody else":              {"", quorum(deny("carol"), revoke("dave")), Denied, "denied by carol"},
		"lifted and cast again":                    {"", quorum(deny("carol"), revoke("carol"), deny("carol")), Denied, "denied by carol at #8"},
		"a deny does not grow old":                 {"", append(usual(deny("carol", made("2026-02-01T10:00:00Z"))), at("2026-03-03T10:00:00Z")), Denied, "denied by carol"},
		"a deny of tomorrow is a deny":             {"", quorum(deny("carol", made("2026-03-02T10:00:00Z"))), Denied, "denied by carol"},
		"a deny with a key that has ended":         {"", quorum(deny("gina")), Denied, "denied by gina"},
		"a deny logged before its request":         {"", append(quorum(deny("carol")), requestComesLast), Denied, "denied by carol"},
		"the author may deny":                      {excluding, append([]step{commitBy("dave@x.org"), build(), request("r1")}, deny("dave")), Denied, "denied by dave"},
		"a deny by the other key of an approver":   {"", quorum(deny("alice", withKey("alice2"))), Denied, "denied by alice"},

		"a deny of the same bytes on another request":                   {"", usual(second, deny("carol", of("r2")), approve("dave"), approve("alice"), approve("bob")), Denied, "denied by carol at #4, on request "},
		"a deny of the same bytes on an earlier request":                {"", append([]step{commitBy("otto@x.org"), build(), request("r2"), deny("carol", of("r2"))}, request("r1"), approve("dave"), approve("alice"), approve("bob")), Denied, "denied by carol at #3, on request "},
		"such a deny, revoked on its request":                           {"", usual(second, deny("carol", of("r2")), revoke("carol", of("r2")), approve("dave"), approve("alice"), approve("bob")), Allowed, "revoked by its author"},
		"such a deny, and a revoke of something else":                   {"", usual(second, deny("carol", of("r2")), approve("carol"), revoke("carol")), Denied, "denied by carol"},
		"such a deny, and an approval of these bytes later":             {"", usual(second, deny("carol", of("r2")), approve("dave"), approve("alice"), approve("carol")), Allowed, "lifted by its author, who approved at #7"},
		"such a deny, and an approval from before":                      {"", usual(second, approve("carol"), deny("carol", of("r2"))), Denied, "vote carol approve: rejected: carol denied the same artifact"},
		"such a deny, by nobody who may veto, still takes the approval": {onlySecurity, usual(second, approve("dave"), approve("alice"), approve("bob"), deny("bob", of("r2"))), Pending, "vote bob approve: rejected: bob denied the same artifact at #7"},
		"a deny of other bytes":                                         {"", append(usual(request("r2", about(artifact("other"))), deny("carol", of("r2"))), approve("dave"), approve("alice"), approve("bob")), Allowed, "every rule"},
		"a deny in another repository":                                  {"", append(usual(request("r2", asking(func(p *event.RequestPredicate) { p.RepositoryID = "8" })), deny("carol", of("r2"))), approve("dave"), approve("alice"), approve("bob")), Allowed, "every rule"},
		"a deny in another environment":                                 {"", append(usual(request("r2", into("staging")), deny("carol", of("r2"))), approve("dave"), approve("alice"), approve("bob")), Allowed, "every rule"},
		"a deny on a request that nobody of ours made":                  {"", append(usual(request("r2", by("stranger"), made("2026-03-01T10:05:00Z")), deny("carol", of("r2"))), approve("dave"), approve("alice"), approve("bob")), Denied, "denied by carol"},
		"a deny of two artifacts, and approval of one":                  {"", []step{commitBy("otto@x.org"), build(), request("r2", about(artifact("app"), artifact("lib"))), request("r1", about(artifact("app"), artifact("lib")), made("2026-03-01T10:09:00Z")), request("r3", about(artifact("app"))), deny("carol", of("r2")), approve("carol", of("r3"))}, Denied, "denied by carol"},
		"a deny of two artifacts, and approval of both":                 {"", []step{commitBy("otto@x.org"), build(), request("r2", about(artifact("app"), artifact("lib"))), request("r1", about(artifact("app"), artifact("lib")), made("2026-03-01T10:09:00Z")), deny("carol", of("r2")), approve("carol")}, Pending, "lifted by its author"},
	})
}

func TestReplay(t *testing.T) {
	check(t, map[string]fact{
		"revoked":                    {"", quorum(revoke("bob")), Pending, "vote bob approve: rejected: revoked by its author at #6"},
		"a revoke counts":            {"", quorum(revoke("bob")), Pending, "vote bob revoke: counted: takes back #5"},
		"revoked, and approved anew": {"", quorum(revoke("bob"), approve("bob")), Allowed, "every rule"},
		"revoked, and the same vote logged again":    {"", usual(approve("dave"), approve("alice"), approve("bob", label("b")), revoke("bob"), again("b")), Pending, "rejected: the same vote as #5, logged again"},
		"the same vote logged twice":                 {"", usual(approve("dave"), approve("alice"), approve("bob", label("b")), again("b")), Allowed, "rejected: the same vote as #5, logged again"},
		"denied, and an approval kept from before":   {"", usual(approve("dave"), approve("alice"), withheld("bob", vote.Approve, "old"), deny("bob"), again("old")), Denied, "rejected: its author signed it before #5, which says otherwise"},
		"revoked, and an approval kept from before":  {"", usual(approve("dave"), approve("alice"), withheld("bob", vote.Approve, "old"), approve("bob"), revoke("bob"), again("old")), Pending, "signed it before #6, which says otherwise"},
		"denied, and a revoke kept from before":      {"", quorum(withheld("bob", vote.Revoke, "old"), deny("bob"), again("old")), Denied, "rejected: its author signed it before the deny at #6"},
		"denied, lifted, and the deny logged again":  {"", quorum(deny("carol", label("no")), revoke("carol"), again("no")), Allowed, "rejected: the same vote as #6, logged again"},
		"a deny kept back is a deny":                 {"", usual(withheld("bob", vote.Deny, "old"), approve("dave"), approve("alice"), approve("bob"), again("old")), Denied, "denied by bob"},
		"a revoke kept back is a revoke":             {"", usual(withheld("bob", vote.Revoke, "old"), approve("dave"), approve("alice"), approve("bob"), again("old")), Pending, "revoked by its author"},
		"a revoke of nothing":                        {"", append(usual(revoke("carol")), approve("dave"), approve("alice"), approve("bob")), Allowed, "counted: nothing was left to take back"},
		"a forged copy first does not void the vote": {"", usual(approve("dave"), approve("alice"), withheld("bob", vote.Approve, "b"), spoiled("b"), again("b")), Allowed, "vote bob approve: counted as lead"},
	})
}

// spoiled logs a vote that was kept back, with somebody else's signature.
func spoiled(name string) step {
	return func(w *world) {
		real := w.labels[name]
		other := w.sign(w.draft("stranger", []editor{withKey("bob"), inNamespace("other")}), vote.Approve)
		w.logVote("stranger", signedVote{real.statement, other.sshsig})
	}
}

func TestExclusion(t *testing.T) {
	all := strings.Replace(rulesOfTests, "gate: gate", "gate: gate\n    exclude: [author, committer, co-author, triggerer]", 1)
	open := all // and the outsiders of the policy: otto
	begin := func(steps ...step) []step {
		return append(steps, approve("dave"), approve("alice"), approve("bob"))
	}
	coAuthor := commitOf(func(p *event.CommitPredicate) { p.CoAuthors = []event.Identity{{Name: "B", Email: "BOB@X.org"}} })
	committer := commitOf(func(p *event.CommitPredicate) { p.Committer = event.Identity{Email: "bob@x.org"} })
	check(t, map[string]fact{
		"an outsider wrote it":                      {all, quorum(), Allowed, "author is an outsider"},
		"the author approves":                       {all, begin(commitBy("bob@x.org"), build(), request("r1")), Pending, "vote bob approve: rejected: bob is the author"},
		"the author is nobody to ask":               {all, begin(commitBy("bob@x.org"), build(), request("r1")), Pending, "1 more approval by lead from carol"},
		"the committer approves":                    {all, begin(commitBy("otto@x.org", committer), build(), request("r1")), Pending, "bob is the committer"},
		"a co-author approves, in other letters":    {all, begin(commitBy("otto@x.org", coAuthor), build(), request("r1")), Pending, "bob is the co-author"},
		"author and committer at once":              {all, begin(commitBy("bob@x.org", committer), build(), request("r1")), Pending, "bob is the author and the committer"},
		"the triggerer approves, by account":        {all, begin(commitBy("otto@x.org"), build(provider("github"), actor(&event.Identity{ID: "1", Login: "renamed"})), request("r1")), Pending, "alice is the triggerer"},
		"the same number at another host":           {all, begin(commitBy("otto@x.org"), build(provider("gitlab"), actor(&event.Identity{ID: "1", Email: "otto@x.org"})), request("r1")), Allowed, "every rule"},
		"the triggerer approves, at GitLab":         {all, begin(commitBy("otto@x.org"), build(provider("gitlab"), actor(&event.Identity{ID: "2"})), request("r1")), Pending, "bob is the triggerer"},
		"a login alone is no identity":              {all, begin(commitBy("otto@x.org"), build(provider("github"), actor(&event.Identity{Login: "alice"})), request("r1")), Pending, `the triggerer "alice" is no principal's`},
		"the account that GitHub writes as address": {all, begin(commitBy("1+alice@users.noreply.github.com"), build(), request("r1")), Pending, "alice is the author"},
		"an account of a stranger as address":       {all, begin(commitBy("9+alice@users.noreply.github.com"), build(), request("r1")), Pending, "is no principal's"},
		"nobody knows the author":                   {all, begin(commitBy("eve@x.org"), build(), request("r1")), Pending, `missing: the policy to say who "eve@x.org" is: under a principal, or in outsiders`},
		"everybody unknown is an outsider":          {all, append([]step{everyoneElse}, begin(commitBy("eve@x.org"), build(), request("r1"))...), Allowed, "author is an outsider"},
		"an approver is no outsider by that":        {all, append([]step{everyoneElse}, begin(commitBy("bob@x.org"), build(), request("r1"))...), Pending, "bob is the author"},
		"a commit without an address":               {all, begin(commitBy(""), build(), request("r1")), Pending, "is no principal's"},
		"nobody asks who wrote it":                  {"", begin(commitBy("eve@x.org"), build(), request("r1")), Allowed, "the policy excludes nobody"},
		"only the author is asked for":              {strings.Replace(all, ", committer, co-author, triggerer", "", 1), begin(commitBy("otto@x.org", committer), build(), request("r1")), Allowed, "the author are known"},
		"no commit event":                           {all, begin(build(), request("r1")), Pending, "missing: commit c0ffee000000, by ci or gate from ci,gate"},
		"a commit event by a stranger":              {all, begin(commitBy("otto@x.org", by("stranger")), build(), request("r1")), Pending, "signed by a key that the policy does not name"},
		"a commit event that was tampered with":     {all, begin(commitBy("otto@x.org"), breakLast, build(), request("r1")), Pending, "the signature under ci's key does not hold"},
		"a commit event of another commit":          {all, begin(commitBy("otto@x.org", commitOf(func(p *event.CommitPredicate) { p.Commit = strings.Repeat("b", 40) })), build(), request("r1")), Pending, "no commit event is about c0ffee"},
		"two commit events that differ":             {all, begin(commitBy("otto@x.org"), commitBy("bob@x.org", by("gate")), build(), request("r1")), Pending, "bob is the author"},
		"no build event":                            {all, begin(commitBy("otto@x.org"), request("r1")), Pending, "no build event is about it"},
		"a build event by a stranger":               {all, begin(commitBy("otto@x.org"), build(by("stranger")), request("r1")), Pending, "the build event #1 does not count"},
		"a build of another commit":                 {all, begin(commitBy("otto@x.org"), build(ofCommit(strings.Repeat("a", 40))), request("r1")), Pending, "it was made of another commit"},
		"a build of other bytes":                    {all, begin(commitBy("otto@x.org"), build(about(artifact("other"))), request("r1")), Pending, "no build event is about it"},
		"a build with changes that no commit holds": {all, begin(commitBy("otto@x.org"), build(dirty), request("r1")), Pending, "the checkout had changes"},
		"a build that names nobody":                 {all, begin(commitBy("otto@x.org"), build(actor(nil)), request("r1")), Pending, "does not name the triggerer"},
		"two builds, one triggered by an approver":  {open, begin(commitBy("otto@x.org"), build(), build(actor(&event.Identity{Email: "bob@x.org"})), request("r1")), Pending, "bob is the triggerer"},
		"one of two artifacts has no build":         {all, begin(commitBy("otto@x.org"), build(), request("r1", about(artifact("app"), artifact("lib")))), Pending, "lib: no build event"},
		"one build of both artifacts":               {all, begin(commitBy("otto@x.org"), build(about(artifact("app"), artifact("lib"))), request("r1", about(artifact("app"), artifact("lib")))), Allowed, "every rule"},
		"the artifact is the commit":                {all, begin(commitBy("otto@x.org"), request("r1", about(theCommit()))), Allowed, "the artifact is the commit"},
		"a request without a commit":                {all, begin(commitBy("otto@x.org"), build(), request("r1", asking(func(p *event.RequestPredicate) { p.Commit = "" }))), Denied, "the request names no commit"},
		"too few people are left":                   {"\n    require: [{role: security, count: 2}]\n    exclude: [author]\n    gate: gate\n", begin(commitBy("alice@x.org"), build(), request("r1")), Denied, "alice is the author"},
	})
}

func everyoneElse(w *world) { w.p.Outsiders = []string{"*"} }

func TestRequest(t *testing.T) {
	ask := func(f func(*event.RequestPredicate)) []step {
		return append([]step{commitBy("otto@x.org"), build(), request("r1", asking(f))}, approve("dave"), approve("alice"), approve("bob"))
	}
	nextDay := at("2026-03-02T09:00:00Z")
	check(t, map[string]fact{
		"expired exactly then":                           {"", ask(func(p *event.RequestPredicate) { p.Expires = "2026-03-01T12:00:00Z" }), Denied, "expired at 2026-03-01T12:00:00Z"},
		"a second before it expires":                     {"", ask(func(p *event.RequestPredicate) { p.Expires = "2026-03-01T12:00:01Z" }), Allowed, "every rule"},
		"by a machine that is no gate":                   {"", append([]step{commitBy("otto@x.org"), build(), request("r1", by("ci"))}, approve("dave")), Denied, "signed by ci, which is no gate of production"},
		"by a stranger":                                  {"", append([]step{commitBy("otto@x.org"), build(), request("r1", by("stranger"))}, approve("dave")), Denied, "a key that the policy does not name"},
		"tampered with":                                  {"", usual(breakLast), Denied, "the signature under gate's key does not hold"},
		"for another ledger":                             {"", ask(func(p *event.RequestPredicate) { p.Ledger = "other" }), Denied, `the request is for the ledger "other"`},
		"for an environment that there is not":           {"", ask(func(p *event.RequestPredicate) { p.Environment = "prod" }), Denied, `the policy has no environment "prod"`},
		"for another environment's rules":                {"", ask(func(p *event.RequestPredicate) { p.Environment = "staging" }), Denied, "superseded"},
		"with a checkpoint from after it":                {"", ask(func(p *event.RequestPredicate) { p.Checkpoint.Size = 3 }), Denied, "names a checkpoint of 3 entries, which came after it"},
		"the policy has changed":                         {"", append(quorum(), policyBecomes(strings.Replace(rulesOfTests, "count: 2", "count: 1", 1))), Denied, "superseded: the policy for production is now"},
		"the policy was written anew, and says the same": {"", append(quorum(), policyBecomes("\n    # a comment\n    gate: [gate]\n    require:\n      - {count: 2, role: lead}\n      - {role: security, count: 1}\n")), Allowed, "every rule"},
		"not there":                                      {"", []step{commitBy("otto@x.org")}, Pending, "unknown: no request"},
		"two of the same id, one by a stranger":          {"", append(usual(copyOf("r1", "stranger")), approve("dave"), approve("alice"), approve("bob")), Allowed, "every rule"},

		"the clock was set back a day":                 {"", quorum(at("2026-02-28T12:00:00Z")), Pending, "unknown: the clock is behind the ledger by 22h2m0s: entry #2 is of 2026-03-01T10:02:00Z"},
		"the clock was set back, says a decision":      {"", quorum(decide("2026-03-02T12:00:00Z")), Pending, "entry #6 is of 2026-03-02T12:00:00Z"},
		"the clock was set back, says a consumption":   {"", quorum(request("r2", about(artifact("x"))), consume(of("r2"), about(artifact("x")), made("2026-03-02T12:00:00Z"))), Pending, "entry #7 is of 2026-03-02T12:00:00Z"},
		"the clock was set back, says a request":       {"", quorum(request("r2", about(artifact("x")), made("2026-03-01T13:00:00Z"))), Pending, "the clock is behind the ledger by 1h"},
		"a stranger's time stops nobody":               {"", quorum(consume(by("stranger"), made("2027-01-01T00:00:00Z"))), Allowed, "every rule"},
		"a voter's time stops nobody else":             {"", quorum(approve("carol", made("2027-01-01T00:00:00Z"))), Allowed, "which is still to come"},
		"another environment's time stops nobody":      {"", quorum(consume(into("staging"), made("2027-01-01T00:00:00Z"))), Allowed, "every rule"},
		"denied beats what cannot be found out":        {"", quorum(deny("carol"), at("2026-02-28T12:00:00Z")), Denied, "unknown: the clock is behind"},
		"what cannot be found out beats missing votes": {"", usual(at("2026-02-28T12:00:00Z")), Pending, "pending: could not find out"},
		"the body of an entry is missing":              {"", quorum(loseFirst), Pending, "unknown: the body of entry #0 is missing"},
		"the next day":                                 {"", quorum(nextDay), Allowed, "every rule"},
	})
}

func loseFirst(w *world) { w.events[0] = nil }

// copyOf logs a request again, signed by another machine.
func copyOf(name, machine string) step {
	return func(w *world) { w.log(machine, event.RequestType, w.asked[name].Subjects, w.asked[name]) }
}

func TestConsumption(t *testing.T) {
	check(t, map[string]fact{
		"used by this run":                               {"", quorum(consume()), Allowed, "this run used it at #6, and may go on"},
		"used by another run":                            {"", quorum(consume(inRun("run-2"))), Denied, "already used by run run-2"},
		"the first of two runs, asked by it":             {"", quorum(consume(), consume(inRun("run-2"))), Allowed, "this run used it"},
		"the second of two runs, asked by it":            {"", quorum(consume(inRun("run-2")), consume()), Denied, "already used by run run-2"},
		"asked by no run":                                {"", quorum(consume(), asRun("")), Denied, "already used by run run-1"},
		"used by a stranger":                             {"", quorum(consume(by("stranger"), inRun("run-2"))), Allowed, "nobody has"},
		"used by a machine that is no gate":              {"", quorum(consume(by("ci"), inRun("run-2"))), Allowed, "nobody has"},
		"a consumption that was tampered with":           {"", quorum(consume(inRun("run-2")), breakLast), Allowed, "nobody has"},
		"another request was used up":                    {"", quorum(request("r2", made("2026-03-01T10:30:00Z")), consume(of("r2"), inRun("run-2"))), Allowed, "nobody has"},
		"used, and deployed":                             {"", quorum(consume(), deploy()), Denied, "already used by run run-1, which deployed it: entry #7"},
		"used, and deployed without a request named":     {"", quorum(consume(), deploy(of("none"))), Denied, "which deployed it"},
		"used, and the deployment failed":                {"", quorum(consume(), deploy(ended(event.Broken))), Allowed, "may go on"},
		"used, and rolled back":                          {"", quorum(consume(), deploy(ended(event.RolledBack))), Allowed, "may go on"},
		"used, and deployed elsewhere":                   {"", quorum(consume(), deploy(into("staging"))), Allowed, "may go on"},
		"used, and a stranger says deployed":             {"", quorum(consume(), deploy(by("stranger"))), Allowed, "may go on"},
		"used, and other bytes were deployed":            {"", quorum(consume(), deploy(of("none"), about(artifact("x")))), Allowed, "may go on"},
		"used, and then vetoed":                          {"", quorum(consume(), deny("carol")), Denied, "denied by carol"},
		"used, and then expired":                         {"", quorum(consume(), at("2026-03-05T10:00:00Z")), Denied, "expired"},
		"deployed before it was used":                    {"", quorum(deploy(), consume()), Allowed, "may go on"},
		"overtaken by another deployment":                {"", quorum(request("r2", about(artifact("x"))), consume(of("r2"), about(artifact("x"))), deploy(of("r2"), about(artifact("x")))), Denied, "superseded: another request was deployed to production at #8"},
		"overtaken, and the deployment names no request": {"", quorum(request("r2", about(artifact("x"))), consume(of("r2"), about(artifact("x"))), deploy(of("none"), about(artifact("x")))), Denied, "superseded: another request"},
		"a deployment that no gate allowed":              {"", quorum(request("r2", about(artifact("x"))), deploy(of("r2"), about(artifact("x")))), Allowed, "nothing was"},
		"a deployment before the request":                {"", append([]step{commitBy("otto@x.org"), build(), request("r2", about(artifact("x"))), consume(of("r2"), about(artifact("x"))), deploy(of("r2"), about(artifact("x"))), request("r1")}, approve("dave"), approve("alice"), approve("bob")), Allowed, "nothing was"},
	})
}

func TestEvidence(t *testing.T) {
	with := func(rule string) string {
		return "\n    auto: true\n    gate: gate\n    evidence:\n      - {" + rule + "}\n"
	}
	tests, boms := with("event: test, by: ci"), with("event: sbom, by: [ci, gate]")
	fresh, promoted := with("event: test, by: ci, max-age: 90m"), with("event: deployment, environment: staging, by: ci")
	onCommit := about(theCommit())
	check(t, map[string]fact{
		"a test that passed":                                          {tests, usual(test(event.Passed)), Allowed, "test passed, by ci for each artifact: #3"},
		"no test":                                                     {tests, usual(), Pending, "missing: test passed, by ci from ci"},
		"a test that failed":                                          {tests, usual(test(event.Failed)), Pending, `the newest, #3, says "failed"`},
		"a test with warnings":                                        {tests, usual(test(event.Warned)), Pending, `says "warned"`},
		"a test that failed after one passed":                         {tests, usual(test(event.Passed), test(event.Failed)), Pending, `the newest, #4, says "failed"`},
		"a test that passed after one failed":                         {tests, usual(test(event.Failed), test(event.Passed)), Allowed, "#4"},
		"a test by a stranger":                                        {tests, usual(test(event.Passed, by("stranger"))), Pending, "#3 does not count: signed by a key that the policy does not name"},
		"a test by another machine":                                   {tests, usual(test(event.Passed, by("gate"))), Pending, "signed by gate, and ci is asked"},
		"a stranger's failed test stops nobody":                       {tests, usual(test(event.Passed), test(event.Failed, by("stranger"))), Allowed, "#3"},
		"a test that was tampered with":                               {tests, usual(test(event.Passed), breakLast), Pending, "the signature under ci's key does not hold"},
		"a tampered test hides no other":                              {tests, usual(test(event.Passed), test(event.Failed), breakLast), Allowed, "#3"},
		"a test of other bytes":                                       {tests, usual(test(event.Passed, about(artifact("x")))), Pending, "no test event is about it"},
		"a test of the commit":                                        {tests, usual(test(event.Passed, onCommit)), Allowed, "#3 through commit c0ffee000000"},
		"a test of the commit, and no build":                          {tests, []step{request("r1"), test(event.Passed, onCommit)}, Pending, "no build event ties the artifact to it"},
		"a test of the commit, with changes":                          {tests, usual(test(event.Passed, onCommit, dirty)), Pending, "ran on a checkout with changes"},
		"a test of another commit":                                    {tests, usual(test(event.Passed, about(event.Subject{Name: "git", Digest: map[string]string{"gitCommit": strings.Repeat("a", 40)}}))), Pending, "no test event"},
		"a test of the bytes beats an older one of the commit":        {tests, usual(test(event.Passed, onCommit), test(event.Failed)), Pending, `#4, says "failed"`},
		"a failed test of the commit beats an older one of the bytes": {tests, usual(test(event.Passed), test(event.Failed, onCommit)), Pending, `#4, says "failed"`},
		"tests of both artifacts":                                     {tests, []step{request("r1", about(artifact("a"), artifact("b"))), test(event.Passed, about(artifact("a"))), test(event.Passed, about(artifact("b")))}, Allowed, "#1, #2"},
		"a test of one of two artifacts":                              {tests, []step{request("r1", about(artifact("a"), artifact("b"))), test(event.Passed, about(artifact("a")))}, Pending, "b: no test event is about it"},
		"the same name and other bytes":                               {tests, usual(test(event.Passed, about(event.Subject{Name: "app", Digest: artifact("x").Digest}))), Pending, "no test event"},
		"fresh enough":                                                {fresh, usual(test(event.Passed, made("2026-03-01T10:30:01Z"))), Allowed, "every rule"},
		"exactly too old":                                             {fresh, usual(test(event.Passed, made("2026-03-01T10:30:00Z"))), Pending, "is too old: of 2026-03-01T10:30:00Z, and counts for 90m"},
		"without a time":                                              {fresh, usual(test(event.Passed, made(""))), Pending, "does not say when it was made"},
		"without a time, and none is asked":                           {tests, usual(test(event.Passed, made(""))), Allowed, "every rule"},
		"of the future":                                               {tests, usual(test(event.Passed, made("2026-03-01T12:02:01Z"))), Pending, "still to come"},
		"of two minutes ahead":                                        {tests, usual(test(event.Passed, made("2026-03-01T12:02:00Z"))), Allowed, "every rule"},
		"an sbom":                                                     {boms, usual(sbom()), Allowed, "#3"},
		"an sbom by the other machine":                                {boms, usual(sbom(by("gate"))), Allowed, "#3"},
		"an sbom that stands elsewhere":                               {boms, usual(reference("application/vnd.cyclonedx+json")), Allowed, "#3"},
		"a reference to something else":                               {boms, usual(reference("text/plain")), Pending, "it is no sbom event"},
		"an old sbom":                                                 {with("event: sbom, by: ci, max-age: 90m"), usual(sbom(made("2026-03-01T09:00:00Z"))), Pending, "too old"},
		"promoted from staging":                                       {promoted, usual(deploy(into("staging"), of("none"))), Allowed, "deployment healthy in staging, by ci for each artifact: #3"},
		"failed in staging":                                           {promoted, usual(deploy(into("staging"), of("none"), ended(event.Broken))), Pending, `says "failed"`},
		"rolled back after it was healthy":                            {promoted, usual(deploy(into("staging"), of("none")), deploy(into("staging"), of("none"), ended(event.RolledBack))), Pending, `says "rolled-back"`},
		"deployed elsewhere":                                          {promoted, usual(deploy(into("test"), of("none"))), Pending, "no deployment event"},
		"a later failure elsewhere":                                   {promoted, usual(deploy(into("staging"), of("none")), deploy(into("test"), of("none"), ended(event.Broken))), Allowed, "#3"},
		"a commit event is evidence":                                  {with("event: commit, by: ci"), usual(), Allowed, "#0 through commit"},
		"a build event is evidence":                                   {with("event: build, by: ci"), usual(), Allowed, "#1"},
	})
}

func reference(mediaType string) step {
	return func(w *world) {
		d := w.draft("ci", nil)
		w.log(d.by, event.ReferenceType, d.subjects, event.ReferencePredicate{
			Attester:   event.Builder{ID: "x"},
			References: []event.Subject{{Digest: artifact("bom").Digest, MediaType: mediaType}},
			Context:    d.context,
		})
	}
}
