// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

func say(who, choice, source string) Supposed { return Supposed{who, choice, source} }

func aye(who string) Supposed { return say(who, "approve", "") }

// What a gate would say if somebody voted, by the rules that real votes have.
func TestSuppose(t *testing.T) {
	dated := rulesOfTests + "    exclude: [author]\n"
	for name, c := range map[string]struct {
		rules string
		story []step
		votes []Supposed
		want  Verdict
		says  string
	}{
		"nobody votes":                            {"", usual(approve("alice")), nil, Pending, "missing: 2 approvals by lead"},
		"one of three":                            {"", usual(), []Supposed{aye("alice")}, Pending, "vote alice approve: counted as"},
		"the last one":                            {"", usual(approve("alice"), approve("bob")), []Supposed{aye("carol")}, Allowed, "every rule is met"},
		"all of them":                             {"", usual(), []Supposed{aye("dave"), aye("bob"), aye("carol")}, Allowed, "every rule is met"},
		"one who is not needed":                   {"", quorum(), []Supposed{aye("carol")}, Allowed, "counted, and not needed"},
		"one who denies":                          {"", quorum(), []Supposed{say("carol", "deny", "")}, Denied, "denied by carol"},
		"one who approved already":                {"", usual(approve("bob")), []Supposed{aye("bob")}, Pending, "superseded by the same person's vote"},
		"one who denied lifts it":                 {"", usual(approve("alice"), approve("bob"), deny("carol")), []Supposed{aye("carol")}, Allowed, "superseded by the same person's vote"},
		"one without a veto denies":               {"", quorum(), []Supposed{say("guest", "deny", "")}, Allowed, "guest has no role that may deny"},
		"one without the role":                    {"", usual(), []Supposed{aye("guest")}, Pending, "guest has no role that is asked for"},
		"one without a key":                       {"", usual(), []Supposed{aye("erin")}, Pending, "erin has no key and no certificate to sign with"},
		"one whose key counts later":              {"", usual(), []Supposed{aye("frank")}, Pending, "it counts from 2026-03-02"},
		"the author":                              {dated, []step{commitBy("bob@x.org"), build(), request("r1")}, []Supposed{aye("bob")}, Pending, "bob is the author"},
		"a review":                                {forgeRules, asked(comments(yes(4)), reviews(yes(22))), []Supposed{say("carol", "approve", "github-review")}, Allowed, "every rule is met"},
		"a review by who has no account there":    {forgeRules, asked(comments(), reviews()), []Supposed{say("frank", "approve", "github-review")}, Pending, "frank has no account at github.com"},
		"a review no seat of theirs takes":        {forgeRules, asked(comments(), reviews()), []Supposed{say("dave", "approve", "github-review")}, Pending, "no seat of dave takes votes by github-review"},
		"a review of what was never read":         {forgeRules, asked(comments(yes(4))), []Supposed{say("carol", "approve", "github-review")}, Pending, "no gate has read github-review for this request"},
		"a review that denies":                    {forgeRules, asked(comments(yes(4)), reviews(yes(22), yes(3))), []Supposed{say("bob", "deny", "github-review")}, Denied, "denied by bob on github-review"},
		"a comment by who a team may have":        {teamRules, asked(comments()), []Supposed{say("dave", "approve", "github-comment")}, Pending, "could not find out whether dave holds role team"},
		"a review, and what was read is old":      {forgeRules, asked(comments(yes(4)), reviews(yes(22)), at("2026-03-01T12:40:00Z")), []Supposed{say("carol", "approve", "github-review")}, Allowed, "every rule is met"},
		"a signed vote, and what was read is old": {forgeRules, asked(comments(yes(4)), reviews(yes(22)), at("2026-03-01T12:40:00Z")), []Supposed{aye("carol")}, Allowed, "every rule is met"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.rules == "" {
				c.rules = rulesOfTests
			}
			w := newWorld(t, c.rules).play(c.story...)
			in := inputOf(w)
			d, err := Suppose(in, Supposition{Votes: c.votes})
			if err != nil {
				t.Fatal(err)
			}
			if told := tell(d); d.Verdict != c.want || !strings.Contains(told, c.says) {
				t.Errorf("%s, want %s with %q in\n%s", d.Verdict, c.want, c.says, told)
			}
			sound(t, d)
			if slices.ContainsFunc(d.Inputs, func(i uint64) bool { return i >= in.Head.Size }) {
				t.Errorf("inputs that are not in the ledger: %v", d.Inputs)
			}
			for n, v := range c.votes {
				mine := slices.ContainsFunc(d.Votes, func(o Vote) bool { return o.Index == in.Head.Size+uint64(n) && o.Principal == v.Who })
				if !mine {
					t.Errorf("the vote of %s is not listed: %+v", v.Who, d.Votes)
				}
			}
			if again, _ := Evaluate(in); len(again.Votes) != len(d.Votes)-len(c.votes) {
				t.Errorf("a gate sees what was supposed: %s", again.Why)
			}
		})
	}
}

func inputOf(w *world) Input {
	return Input{Policy: w.p, Request: w.ids["r1"], Events: w.events, Now: w.now, Head: event.Checkpoint{Size: uint64(len(w.events)), Root: strings.Repeat("0", 64)}}
}

// Votes that nobody could cast are refused, and the nearest name is told.
func TestSupposeRefuses(t *testing.T) {
	w := newWorld(t, rulesOfTests).play(usual()...)
	for name, c := range map[string]struct {
		votes []Supposed
		says  string
	}{
		"a stranger":   {[]Supposed{aye("alise")}, `no principal "alise"; did you mean "alice"?`},
		"nobody":       {[]Supposed{aye("")}, "no principal"},
		"a revoke":     {[]Supposed{say("bob", "revoke", "")}, "a vote is approve or deny"},
		"two words":    {[]Supposed{aye("bob"), say("bob", "deny", "")}, "bob can be supposed to say one thing only"},
		"a pigeon":     {[]Supposed{say("bob", "approve", "pigeon")}, `unknown source "pigeon"; have signed`},
		"a later word": {[]Supposed{say("bob", "approve", "github-revue")}, `did you mean "github-review"?`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Suppose(inputOf(w), Supposition{Votes: c.votes})
			if !errors.Is(err, ErrSupposition) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
	if _, err := Suppose(Input{}, Supposition{}); err == nil {
		t.Error("no policy")
	}
	in := inputOf(w)
	in.Head.Size++
	if _, err := Suppose(in, Supposition{}); err == nil {
		t.Error("entries that are not there")
	}
}

// Under another policy a vote is supposed as well, where the request's own
// policy is passed over; else it is superseded.
func TestSupposeUnderAnotherPolicy(t *testing.T) {
	w := newWorld(t, rulesOfTests).play(usual(approve("alice"), approve("bob"))...)
	in := inputOf(w)
	in.Policy = policyOf(t, strings.Replace(rulesOfTests, "count: 2", "count: 1", 1))
	d, err := Suppose(in, Supposition{AnyPolicy: true})
	if err != nil || d.Verdict != Allowed {
		t.Errorf("%v %s", err, tell(d))
	}
	if d, err = Suppose(in, Supposition{}); err != nil || d.Verdict != Denied {
		t.Errorf("%v %s", err, tell(d))
	}
}

// In a dated environment a supposed vote is supposed to be dated, and so is
// now; that no timestamp says so keeps a real gate closed.
func TestSupposeDated(t *testing.T) {
	w := newCertified(t, datedRules).play(usual(approve("alice"), approve("bob"))...)
	in := inputOf(w)
	in.identify = *w.root
	d, err := Suppose(in, Supposition{Votes: []Supposed{aye("carol")}})
	if err != nil || d.Verdict != Allowed || !strings.Contains(tell(d), "skipped: the time of the decision is proven: supposed") {
		t.Errorf("%v %s", err, tell(d))
	}
	if d, err = Evaluate(in); err != nil || len(d.Unknown) == 0 {
		t.Errorf("%v %s", err, tell(d))
	}
	in.Now = in.Now.Add(25 * time.Hour)
	if d, err = Suppose(in, Supposition{Votes: []Supposed{aye("carol")}}); err != nil || d.Verdict != Pending {
		t.Errorf("%v %s", err, tell(d))
	}
}
