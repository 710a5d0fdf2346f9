// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

func replaced(steps []step, i int, with ...step) []step {
	return slices.Replace(slices.Clone(steps), i, i+1, with...)
}

// What became of the last step of a story.
const inForce, no, lost = "taken", "refused", "unknown"

// A turn is a story about the policy, and how its last step ends.
type turn struct {
	rules string
	story []step
	last  string
	says  string
	force string // the proposal in force at the end; empty is the first policy, "?" is none
}

func then(steps []step, more ...step) []step { return append(slices.Clone(steps), more...) }

func checkTurns(t *testing.T, turns map[string]turn) {
	t.Helper()
	for name, fact := range turns {
		t.Run(name, func(t *testing.T) {
			if fact.rules == "" {
				fact.rules = changingRules
			}
			w := newChanging(t, fact.rules)
			start := w.p
			w.play(fact.story...)
			chain, err := w.follow(start)
			if (err != nil) != (fact.last == lost) || err != nil && !errors.Is(err, ErrUnfollowed) {
				t.Errorf("error %v", err)
			}
			if len(chain.Steps) == 0 {
				t.Fatalf("no step: %v", err)
			}
			last := chain.Steps[len(chain.Steps)-1]
			if got := stateOf(last); got != fact.last || !strings.Contains(last.Why, fact.says) {
				t.Errorf("%s: %s; want %s with %q", got, last.Why, fact.last, fact.says)
			}
			want := map[string]string{"": start.Digest, "?": ""}
			for name, hex := range w.proposed {
				want[name] = hex
			}
			got := ""
			if p := chain.Head(); p != nil {
				got = p.Digest
			}
			if got != want[fact.force] {
				t.Errorf("in force is %q, want %q (%s)", got, want[fact.force], fact.force)
			}
		})
	}
}

func TestFollow(t *testing.T) {
	done := whole(oneLead)
	otherLog := proposal{"other", "ledger: {origin: " + origin + ", keys: [\"" + logKey(t) + "\"]}", "ledger: {origin: other, keys: [\"" + otherLogKey(t) + "\"]}"}
	checkTurns(t, map[string]turn{
		"approved":                                   {"", done, inForce, "approved by request", "one"},
		"approved, and no consumption is logged":     {"", replaced(done, 4), inForce, "approved by request", "one"},
		"approved with certificates":                 {"", replaced(replaced(done, 2, approve("lee", of("one"))), 1, approve("kim", of("one"))), inForce, "approved by request", "one"},
		"by a gate with a certificate":               {"", replaced(replaced(done, 5, enactsBy("cloudgate", "one")), 3, rules("one", by("cloudgate"))), inForce, "approved by request", "one"},
		"approved by one of two":                     {"", replaced(done, 2), no, "does not follow from the ledger: pending: missing: 1 more approval by lead", ""},
		"denied":                                     {"", replaced(done, 2, approve("carol", of("one")), deny("alice", of("one"))), no, "does not follow from the ledger: denied", ""},
		"denied after the decision":                  {"", replaced(done, 4, deny("alice", of("one"))), no, "no decision that allows request", ""},
		"never decided":                              {"", replaced(done, 3), no, "no decision that allows request", ""},
		"decided by a stranger":                      {"", replaced(done, 3, rules("one", by("stranger"))), no, "nobody's in the policy", ""},
		"decided about something else":               {"", []step{proposes(oneLead), proposes(noChange), approve("bob", of("frozen")), approve("carol", of("frozen")), rules("frozen"), enacts("one")}, no, "no decision that allows request", ""},
		"enacted by a stranger":                      {"", replaced(done, 5, enactsBy("stranger", "one")), no, "entry #5 does not count: the key is nobody's", ""},
		"enacted with a broken signature":            {"", then(done, breakLast), no, "does not count", ""},
		"approved under another policy":              {"", []step{proposes(oneLead, asking(func(p *event.RequestPredicate) { p.Policy = strings.Repeat("1", 64) })), approve("bob", of("one")), approve("carol", of("one")), rules("one"), enacts("one")}, no, "superseded", ""},
		"by the rules that it would bring":           {"", []step{proposes(byGuests), approve("guest", of("guests")), rules("guests"), enacts("guests")}, no, "missing: 2 approvals by lead", ""},
		"for another environment":                    {"", []step{proposes(oneLead, into("staging")), approve("bob", of("one")), approve("carol", of("one")), rules("one"), enacts("one")}, no, "asks for something else", ""},
		"a request for another text":                 {"", []step{proposes(noChange), proposes(oneLead), approve("bob", of("one")), approve("carol", of("one")), rules("one"), enacts("frozen", func(p *event.PolicyPredicate) { p.Request = "" }, enactedBy("one"))}, no, "no request", ""},
		"a request for more than the text":           {"", []step{proposes(oneLead, alsoFor("app")), approve("bob", of("one")), approve("carol", of("one")), rules("one"), enacts("one")}, no, "asks for something else", ""},
		"no request":                                 {"", replaced(done, 5, enacts("one", enactedBy("nothing"))), no, "no request", ""},
		"of another ledger":                          {"", replaced(done, 5, enacts("one", func(p *event.PolicyPredicate) { p.Ledger = "other" })), no, `it is of the ledger "other"`, ""},
		"a request of another ledger":                {"", []step{proposes(oneLead, asking(func(p *event.RequestPredicate) { p.Ledger = "other" })), approve("bob", of("one")), approve("carol", of("one")), rules("one"), enacts("one")}, no, `the request is for the ledger "other"`, ""},
		"for another ledger":                         {"", whole(otherLog), no, `it is the policy of the ledger "other"`, ""},
		"after a policy that never was":              {"", replaced(done, 5, enacts("one", func(p *event.PolicyPredicate) { p.Previous = strings.Repeat("1", 64) })), no, "superseded: it follows sha256:111111111111", ""},
		"another beginning":                          {"", replaced(done, 5, enacts("one", func(p *event.PolicyPredicate) { p.Previous, p.Request = event.NoPrevious, "" })), no, "a ledger begins once", ""},
		"it begins with the first":                   {"", []step{begins}, inForce, "the ledger began with it", ""},
		"twice":                                      {"", then(done, enacts("one")), no, "superseded: it follows", "one"},
		"two that compete":                           {"", []step{proposes(oneLead), proposes(byGuests), approve("bob", of("one")), approve("carol", of("one")), approve("bob", of("guests")), approve("carol", of("guests")), rules("one"), uses("one"), enacts("one"), rules("guests"), uses("guests"), enacts("guests")}, no, "superseded: it follows", "one"},
		"two that compete, the second says it knows": {"", []step{proposes(oneLead), proposes(byGuests), approve("bob", of("one")), approve("carol", of("one")), approve("bob", of("guests")), approve("carol", of("guests")), rules("one"), uses("one"), enacts("one"), nowBy("one"), rules("guests"), enacts("guests")}, no, "superseded: the policy for policy-change is now", "one"},
		"one after the other":                        {"", then(done, nowBy("one"), inTurn(byGuests)), inForce, "approved by request", "guests"},
		"back to the first":                          {"", then(done, nowBy("one"), inTurn(proposal{"back", oneLead.to, oneLead.from})), inForce, "approved by request", "back"},
		"nobody may change it any more":              {"", then(whole(noChange), nowBy("frozen"), proposesAnyway, enacts("one")), no, "no policy-change: nobody may change it", "frozen"},
		"nobody may change it":                       {certifiedRules, []step{proposesAnyway, enacts("one")}, no, "no policy-change: nobody may change it", ""},
	})
}

func TestFollowCannotTell(t *testing.T) {
	done := whole(oneLead)
	checkTurns(t, map[string]turn{
		"the text is missing":             {"", then(done, withoutText("one")), lost, "is not at hand: the blob is not there", "?"},
		"the text was altered":            {"", then(done, withText("one", "version: 1\n")), lost, "was altered: what is at hand is sha256:", "?"},
		"the text is of a later version":  {"", whole(unknowing), lost, "no policy that this version can read", "?"},
		"the text of one not approved":    {"", then(replaced(done, 2), withoutText("one")), no, "missing: 1 more approval", ""},
		"and then another":                {"", then(done, withoutText("one"), nowBy2, inTurn(byGuests)), lost, "nobody can tell which policy was in force", "?"},
		"an entry is missing":             {"", then(done, enacts("one"), loseFirst), lost, "could be a change of policy", "?"},
		"no root to check the votes":      {"", then(replaced(replaced(done, 2, approve("lee", of("one"))), 1, approve("kim", of("one"))), withoutRoot), lost, "no usable trusted root", "?"},
		"no root to check who enacted it": {"", then(replaced(done, 5, enactsBy("cloudgate", "one")), withoutRoot), lost, "no usable trusted root", "?"},
		"no root to check who decided":    {"", then(replaced(done, 3, rules("one", by("cloudgate"))), withoutRoot), lost, "no usable trusted root", "?"},

		"dated":                             {datedChange, done, inForce, "approved by request", "one"},
		"dated, and a vote is not":          {datedChange, replaced(done, 2, approve("carol", of("one"), undated)), lost, "its time is not proven", "?"},
		"dated, and the decision's is lost": {datedChange, replaced(done, 3, rulesUnstamped("one")), lost, "no timestamp says what time it is", "?"},
	})
}

func otherLogKey(t *testing.T) string {
	key, err := note.NewEd25519VerifierKey("other", ed25519.PublicKey(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

const datedChange = certifiedRules + "policy-change: {require: [{role: lead, count: 2}], dated: true}\n"

func stateOf(s Step) string {
	switch {
	case s.Taken && s.Unknown:
		return "both"
	case s.Taken:
		return "taken"
	case s.Unknown:
		return "unknown"
	}
	return "refused"
}

// Which policy was in force, the index says.
func TestChainAt(t *testing.T) {
	w := newChanging(t, changingRules)
	start := w.p
	w.play(whole(oneLead)...)
	w.play(nowBy("one"), test(event.Passed), inTurn(byGuests), test(event.Passed))
	chain, err := w.follow(start)
	if err != nil {
		t.Fatal(err)
	}
	first, second := uint64(5), uint64(12)
	for index, want := range map[uint64]string{
		0: start.Digest, first: start.Digest, first + 1: w.proposed["one"], second: w.proposed["one"],
		second + 1: w.proposed["guests"], 99: w.proposed["guests"],
	} {
		if got := chain.At(index); got == nil || got.Digest != want {
			t.Errorf("at %d: %v, want %s", index, got, want)
		}
	}
	if len(chain.Steps) != 2 || chain.Steps[0].Index != first || chain.Steps[1].Index != second || chain.Steps[1].Previous != w.proposed["one"] {
		t.Errorf("%+v", chain.Steps)
	}
	var none Chain
	if none.At(0) != nil || none.Head() != nil {
		t.Error("a chain of nothing has a policy")
	}
}

// After a doubt no policy is in force, and before it the ones that were.
func TestChainInDoubt(t *testing.T) {
	w := newChanging(t, changingRules)
	start := w.p
	w.play(whole(oneLead)...)
	w.play(withoutText("one"))
	chain, err := w.follow(start)
	if !errors.Is(err, ErrUnfollowed) || !errors.Is(err, errNoBlob) {
		t.Error(err)
	}
	if chain.At(5) != start || chain.At(6) != nil || chain.Head() != nil {
		t.Errorf("%v %v %v", chain.At(5), chain.At(6), chain.Head())
	}
	chain, err = Follow(start, 0, w.events, nil, nil)
	if !errors.Is(err, ErrUnfollowed) || chain.Head() != nil {
		t.Errorf("without a store: %v", err)
	}
}

// A verifier starts at the policy they pinned, wherever that stands.
func TestFollowFromTheMiddle(t *testing.T) {
	w := newChanging(t, changingRules)
	w.play(whole(oneLead)...)
	w.play(nowBy("one"), inTurn(byGuests))
	pinned := w.p
	from := map[string]uint64{"where it came into force": 5, "the beginning": 0, "after it": 6}
	for name, from := range from {
		chain, err := follow(pinned, from, w.events, func(*Policy) identifier { return *w.root }, func(hex string) ([]byte, error) { return []byte(w.texts[hex]), nil })
		if err != nil || chain.Head().Digest != w.proposed["guests"] || chain.At(0) != pinned {
			t.Errorf("from %s: %v %+v", name, err, chain.Steps)
		}
	}
}

func TestFollowRefuses(t *testing.T) {
	w := newChanging(t, changingRules).play(whole(oneLead)...)
	if _, err := Follow(nil, 0, w.events, nil, nil); err == nil {
		t.Error("from nothing")
	}
	mixed := append(slices.Clone(w.events[1:]), w.events[0])
	if _, err := Follow(w.p, 0, mixed, nil, nil); err == nil {
		t.Error("entries in a mix")
	}
	plain := newWorld(t, rulesOfTests).play(usual(loseFirst)...)
	if chain, err := Follow(plain.p, 0, plain.events, nil, nil); err != nil || chain.Head() != plain.p || len(chain.Steps) != 0 {
		t.Errorf("a lost entry where nobody may change the policy: %v", err)
	}
	chain, err := Follow(w.p, 0, w.events, func(string) *keyless.Root { return nil }, func(string) ([]byte, error) { return []byte(w.texts[w.proposed["one"]]), nil })
	if err != nil || chain.Head().Digest != w.proposed["one"] {
		t.Errorf("keys alone need no root: %v", err)
	}
}

// What is reordered or copied into another place is not followed.
func TestFollowNeedsTheOrder(t *testing.T) {
	w := newChanging(t, changingRules).play(whole(oneLead)...)
	start := w.p
	for i := range w.events {
		for j := range i {
			w := *w
			w.events = slices.Clone(w.events)
			w.events[i], w.events[j] = w.events[j], w.events[i]
			for k, e := range w.events {
				w.events[k] = &event.Event{Index: uint64(k), Signed: e.Signed, Leaf: e.Leaf}
			}
			chain, err := w.follow(start)
			noMatter := i == 2 && j == 1 || i == 5 && j == 4 // two votes; consumption and policy
			if taken := err == nil && chain.Head() != start; taken != noMatter {
				t.Errorf("#%d and #%d change places, and it is in force: %v", i, j, taken)
			}
		}
		w := *w
		w.events = slices.Delete(slices.Clone(w.events), i, i+1)
		for k, e := range w.events {
			w.events[k] = &event.Event{Index: uint64(k), Signed: e.Signed, Leaf: e.Leaf}
		}
		if chain, err := w.follow(start); i != 4 && err == nil && chain.Head() != start {
			t.Errorf("without #%d it is in force", i)
		}
	}
}

func TestFirstPolicy(t *testing.T) {
	w := newChanging(t, changingRules)
	if _, _, ok := FirstPolicy(append(w.events, nil)); ok {
		t.Error("an empty ledger began with a policy")
	}
	w.play(whole(oneLead)...)
	if _, _, ok := FirstPolicy(w.events); ok {
		t.Error("a change is a beginning")
	}
	w.play(begins, breakLast, test(event.Passed), begins, begins)
	p, index, ok := FirstPolicy(w.events)
	if !ok || index != 8 || p.Policy != w.p.Digest {
		t.Errorf("%+v at #%d, %v", p, index, ok)
	}
}

// A change of policy is a request like others, and its rules are those of
// policy-change.
func TestPolicyChange(t *testing.T) {
	ask := func(rules string, votes ...step) Decision {
		w := newChanging(t, rules).play(append([]step{proposes(oneLead)}, votes...)...)
		d, err := Evaluate(w.inputFor("one", ""))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	bob, carol, alice := approve("bob", of("one")), approve("carol", of("one")), deny("alice", of("one"))
	security := deny("dave", of("one"))
	days := func(n int) step { return func(w *world) { w.now = w.now.Add(time.Duration(n) * 24 * time.Hour) } }
	vetoed := strings.Replace(changingRules, "count: 2}]}\n", "count: 2}], veto: {roles: [security]}, max-age: 90m}\n", 1)
	for name, fact := range map[string]struct {
		d    Decision
		want Verdict
		says string
	}{
		"two leads":                           {ask(changingRules, bob, carol), Allowed, "every rule"},
		"one lead":                            {ask(changingRules, bob), Pending, "1 more approval by lead"},
		"nobody":                              {ask(changingRules), Pending, "2 approvals by lead"},
		"a lead denies":                       {ask(changingRules, bob, carol, alice), Denied, "denied by alice"},
		"somebody else denies":                {ask(changingRules, bob, carol, security), Allowed, "dave has no role that may deny"},
		"who else may deny":                   {ask(vetoed, bob, carol, security), Denied, "denied by dave"},
		"after six days":                      {ask(changingRules, bob, carol, days(6)), Allowed, "every rule"},
		"after seven days":                    {ask(changingRules, bob, carol, days(7)), Pending, "a vote counts for 7d"},
		"for as long as the policy says":      {ask(vetoed, bob, carol), Pending, "a vote counts for 90m"},
		"a vote for production does not do":   {ask(changingRules, usual(approve("bob"), approve("carol"))...), Pending, "2 approvals by lead"},
		"nobody is excluded, no commit named": {ask(changingRules, bob, carol), Allowed, "the policy excludes nobody"},
	} {
		if told := tell(fact.d); fact.d.Verdict != fact.want || !strings.Contains(told, fact.says) {
			t.Errorf("%s: %s, want %s with %q in\n%s", name, fact.d.Verdict, fact.want, fact.says, told)
		}
		sound(t, fact.d)
	}
}

func TestChangeEnvironment(t *testing.T) {
	p := certifiedPolicy(t, changingRules)
	e, ok := p.Environment(ChangeEnvironment)
	if !ok || e.Name != ChangeEnvironment || e.MaxAge != 7*24*time.Hour || !slices.Equal(e.Veto, []string{"lead"}) || len(e.Gate) != len(p.Signers) || e.Auto || len(e.Exclude) != 0 {
		t.Errorf("%+v, %v", e, ok)
	}
	if err := p.Ready(ChangeEnvironment); err != nil {
		t.Error(err)
	}
	if e, ok := p.Environment("production"); !ok || e.Name != "production" {
		t.Errorf("%+v, %v", e, ok)
	}
	none := certifiedPolicy(t, certifiedRules)
	if _, ok := none.Environment(ChangeEnvironment); ok || none.Ready(ChangeEnvironment) == nil {
		t.Error("a policy without policy-change has its rules")
	}
	if _, err := none.EnvironmentDigest(ChangeEnvironment); err == nil {
		t.Error("and a digest")
	}
	if _, ok := none.Environment("prod"); ok {
		t.Error("an environment that there is not")
	}
}

// Any byte of the file makes it another policy to change.
func TestChangeDigest(t *testing.T) {
	p := certifiedPolicy(t, changingRules)
	before, err := p.EnvironmentDigest(ChangeEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	for _, edit := range []string{"# a comment\n", "\n"} {
		q, err := Parse(append([]byte(edit), p.Source...))
		if err != nil {
			t.Fatal(err)
		}
		if after, err := q.EnvironmentDigest(ChangeEnvironment); err != nil || after == before {
			t.Errorf("%q: %s, %v", edit, after, err)
		}
	}
}

// A request or a decision whose body is lost is not a request that was never
// made, wherever the chain starts.
func TestFollowAcrossALostEntry(t *testing.T) {
	for i := range 5 {
		w := newChanging(t, changingRules).play(whole(oneLead)...)
		w.events[i] = nil
		chain, err := follow(w.p, 5, w.events, func(*Policy) identifier { return *w.root }, func(string) ([]byte, error) { return []byte(w.texts[w.proposed["one"]]), nil })
		if !errors.Is(err, ErrUnfollowed) || chain.Head() != nil || chain.At(5) != w.p {
			t.Errorf("without the body of #%d: %v, %+v", i, err, chain.Steps)
		}
	}
}
