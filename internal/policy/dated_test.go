// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/vote"
)

const datedRules = certifiedRules + "    dated: true\n"

func edited(f func(*Input)) step { return func(w *world) { w.edit = f } }

func TestDatedNow(t *testing.T) {
	stampOf := func(f func(*Input)) func(*Input) {
		return func(in *Input) {
			other := *in
			f(&other)
			in.Stamp = token(utc(in.Now), NowMessage(other.Request, other.Head))
		}
	}
	checkCertified(t, map[string]fact{
		"everything proven":                   {datedRules, quorum(), Allowed, "the time of the decision is proven: it is 2026-03-01T12:00:00Z"},
		"two minutes off":                     {datedRules, quorum(nowStamped("2026-03-01T12:02:00Z")), Allowed, "every rule"},
		"more than two minutes ahead":         {datedRules, quorum(nowStamped("2026-03-01T12:02:01Z")), Pending, "unknown: the clock says 2026-03-01T12:00:00Z, and the timestamp authority 2026-03-01T12:02:01Z"},
		"more than two minutes behind":        {datedRules, quorum(nowStamped("2026-03-01T11:57:59Z")), Pending, "unknown: the clock says"},
		"a day ahead":                         {datedRules, quorum(nowStamped("2026-03-02T12:00:00Z")), Pending, "unknown: the clock says"},
		"a day behind":                        {datedRules, quorum(nowStamped("2026-02-28T12:00:00Z")), Pending, "unknown: the clock says"},
		"the clock set back to before expiry": {datedRules, quorum(at("2026-03-02T09:00:00Z"), nowStamped("2026-03-05T09:00:00Z")), Pending, "unknown: the clock says"},
		"no token":                            {datedRules, quorum(edited(func(in *Input) { in.Stamp = nil })), Pending, "unknown: no timestamp says what time it is"},
		"garbage for a token":                 {datedRules, quorum(edited(func(in *Input) { in.Stamp = []byte("x") })), Pending, "unknown: the timestamp of now: timestamp does not hold"},
		"the token of another request":        {datedRules, quorum(edited(stampOf(func(in *Input) { in.Request = strings.Repeat("0", 64) }))), Pending, "unknown: the timestamp of now: timestamp does not hold"},
		"the token of another head":           {datedRules, quorum(edited(stampOf(func(in *Input) { in.Head.Size-- }))), Pending, "unknown: the timestamp of now: timestamp does not hold"},
		"the token of another root hash":      {datedRules, quorum(edited(stampOf(func(in *Input) { in.Head.Root = strings.Repeat("1", 64) }))), Pending, "unknown: the timestamp of now: timestamp does not hold"},
		"a head that is no text":              {datedRules, quorum(edited(func(in *Input) { in.Head.Root = "\xff" })), Pending, "unknown: no timestamp says what time it is"},
		"no root":                             {datedRules, quorum(withoutRoot), Pending, "unknown: no usable trusted root"},
		"a veto beats that":                   {datedRules, quorum(deny("carol"), withoutRoot), Denied, "denied by carol"},
		"nothing is asked of a fast one":      {certifiedRules, quorum(edited(func(in *Input) { in.Stamp = nil })), Allowed, "every rule"},
	})
}

func TestDatedRequestsAndVotes(t *testing.T) {
	asked := func(edits ...editor) []step {
		return []step{commitBy("otto@x.org"), build(), request("r1", edits...), approve("dave"), approve("alice"), approve("bob")}
	}
	votes := func(more ...step) []step {
		return usual(append([]step{approve("dave"), approve("bob")}, more...)...)
	}
	nextDay := func(s string) []step {
		return votes(approve("carol", made("2026-03-01T10:06:00Z"), stampedAt("2026-03-01T10:05:00Z")), at(s))
	}
	checkCertified(t, map[string]fact{
		"a request without a token":                   {datedRules, asked(undated), Pending, "unknown: no proof of when it was signed"},
		"a request with another's token":              {datedRules, asked(wrongToken), Pending, "unknown: timestamp does not hold"},
		"a request of tomorrow":                       {datedRules, asked(stampedAt("2026-02-28T10:02:00Z")), Denied, "it says it was made at 2026-03-01T10:02:00Z, and was there at 2026-02-28T10:02:00Z already"},
		"a request two minutes fast":                  {datedRules, asked(stampedAt("2026-03-01T10:00:00Z")), Allowed, "it was there at 2026-03-01T10:00:00Z"},
		"a request stamped later":                     {datedRules, asked(stampedAt("2026-03-01T11:00:00Z")), Allowed, "it was there at 2026-03-01T11:00:00Z"},
		"a request without a token, and a fast gate":  {certifiedRules, asked(undated), Allowed, "every rule"},
		"a vote without a token":                      {datedRules, votes(approve("carol", undated)), Pending, "unknown: #5 could matter: its time is not proven: no proof"},
		"a vote with another's token":                 {datedRules, votes(approve("carol", wrongToken)), Pending, "unknown: #5 could matter: its time is not proven: timestamp does not hold"},
		"one vote too many, without a token":          {datedRules, votes(approve("alice"), approve("carol", undated)), Allowed, "vote carol approve: rejected: its time is not proven"},
		"a vote of somebody else, without a token":    {datedRules, votes(approve("guest", undated)), Pending, "missing: 1 more approval by lead"},
		"a vote without a token, and a fast gate":     {certifiedRules, votes(approve("carol", undated)), Allowed, "every rule"},
		"a vote that says it is of tomorrow":          {datedRules, votes(approve("carol", stampedAt("2026-02-28T10:05:00Z"))), Pending, "vote carol approve: rejected: says it was made at 2026-03-01T10:05:00Z, and was there at 2026-02-28T10:05:00Z already"},
		"a vote two minutes fast":                     {datedRules, votes(approve("carol", stampedAt("2026-03-01T10:03:00Z"))), Allowed, "every rule"},
		"a vote more than two minutes fast":           {datedRules, votes(approve("carol", stampedAt("2026-03-01T10:02:59Z"))), Pending, "was there at 2026-03-01T10:02:59Z already"},
		"a vote stamped an hour later":                {datedRules, votes(approve("carol", stampedAt("2026-03-01T11:05:00Z"))), Allowed, "every rule"},
		"as old as its token":                         {datedRules, append(nextDay("2026-03-02T10:05:00Z"), as24h), Pending, "rejected: expired: signed at 2026-03-01T10:06:00Z"},
		"as old as it says, if that is earlier":       {datedRules, append(votes(approve("carol", stampedAt("2026-03-01T11:05:00Z")), at("2026-03-02T10:05:00Z")), as24h), Pending, "rejected: expired: signed at 2026-03-01T10:05:00Z"},
		"logged first by somebody without a token":    {datedRules, votes(withheld("carol", vote.Approve, "v"), again("v"), againDated("v")), Allowed, "vote carol approve: counted as lead"},
		"logged again with a later token":             {datedRules, votes(approve("carol", label("v"), stampedAt("2026-02-28T10:05:00Z")), againDated("v")), Pending, "was there at 2026-02-28T10:05:00Z already"},
		"a certificate's vote":                        {datedRules, votes(approve("kim")), Allowed, "vote kim approve: counted as lead"},
		"a deny without a token is a deny":            {datedRules, votes(approve("carol"), deny("alice", undated)), Denied, "denied by alice"},
		"a revoke without a token takes back":         {datedRules, votes(approve("carol"), revoke("carol", undated)), Pending, "missing: 1 more approval by lead"},
		"a lost time of a gate, and it is tomorrow's": {datedRules, quorum(request("r2", about(artifact("x"))), consume(of("r2"), about(artifact("x")), made("2026-03-02T12:00:00Z"), undated)), Pending, "unknown: the clock is behind the ledger"},
		"a gate that says tomorrow, and was stamped":  {datedRules, quorum(request("r2", about(artifact("x"))), consume(of("r2"), about(artifact("x")), made("2026-03-02T12:00:00Z"), stampedAt("2026-03-01T10:07:00Z"))), Allowed, "every rule"},
	})
}

// as24h keeps the other votes young: they are cast again on the next day.
func as24h(w *world) {
	w.clock = w.now.Add(-60e9)
	w.play(approve("dave"), approve("bob"))
}

func TestDatedEvidence(t *testing.T) {
	with := func(rule string) string {
		return "\n    auto: true\n    dated: true\n    gate: [gate, cloudgate]\n    evidence:\n      - {" + rule + "}\n"
	}
	tests, fresh, boms := with("event: test, by: [ci, cloud]"), with("event: test, by: ci, max-age: 90m"), with("event: sbom, by: ci")
	checkCertified(t, map[string]fact{
		"proven":                           {tests, usual(test(event.Passed)), Allowed, "every rule"},
		"by a certificate":                 {tests, usual(test(event.Passed, by("cloud"))), Allowed, "every rule"},
		"without a token":                  {tests, usual(test(event.Passed, undated)), Pending, "unknown: #3 could matter: its time is not proven: no proof"},
		"with another's token":             {tests, usual(test(event.Passed, wrongToken)), Pending, "unknown: #3 could matter: its time is not proven: timestamp does not hold"},
		"of tomorrow":                      {tests, usual(test(event.Passed, stampedAt("2026-02-28T10:03:00Z"))), Pending, "the newest, #3, says it was made at 2026-03-01T10:03:00Z, and was there at 2026-02-28T10:03:00Z already"},
		"as old as its token":              {fresh, usual(test(event.Passed, made("2026-03-01T10:31:00Z"), stampedAt("2026-03-01T10:30:00Z"))), Pending, "is too old: of 2026-03-01T10:30:00Z, and counts for 90m"},
		"as old as it says":                {fresh, usual(test(event.Passed, made("2026-03-01T10:30:00Z"), stampedAt("2026-03-01T11:30:00Z"))), Pending, "is too old: of 2026-03-01T10:30:00Z, and counts for 90m"},
		"an sbom without a token":          {boms, usual(sbom(undated)), Pending, "unknown: #3 could matter"},
		"an sbom of no time":               {boms, usual(sbom(made(""), stampedAt("2026-03-01T10:03:00Z"))), Allowed, "every rule"},
		"an sbom of no time and no token":  {boms, usual(sbom(made(""), undated)), Pending, "unknown: #3 could matter"},
		"a test of no time, and a max-age": {fresh, usual(test(event.Passed, made(""), stampedAt("2026-03-01T11:59:00Z"))), Pending, "does not say when it was made"},
	})
}

// What a rule about time rests on, the decision says.
func TestDatedIsTold(t *testing.T) {
	for rules, want := range map[string]struct{ clock, proof string }{certifiedRules: {"self-asserted", Observed}, datedRules: {"rfc3161", Proven}} {
		d := newCertified(t, rules).play(quorum()...).evaluate()
		if d.Clock != want.clock {
			t.Errorf("clock %q, want %q", d.Clock, want.clock)
		}
		for _, r := range d.Rules {
			if timely := strings.Contains(r.Name, "expired") || strings.Contains(r.Name, "clock"); timely && r.Proof != want.proof {
				t.Errorf("%q is %s, want %s", r.Name, r.Proof, want.proof)
			}
		}
		if v := d.Votes[0]; (v.Proven != "") != (rules == datedRules) {
			t.Errorf("vote proven %q", v.Proven)
		}
	}
	d := newCertified(t, datedRules).play(quorum(edited(func(in *Input) { in.Stamp = nil }))...).evaluate()
	for _, r := range d.Rules {
		if strings.Contains(r.Name, "expired") && r.Proof != Observed || d.Clock != ClockSelf {
			t.Errorf("without a stamp: clock %q, %q is %s", d.Clock, r.Name, r.Proof)
		}
	}
}

func TestCertifiedVoteIsTold(t *testing.T) {
	d := newCertified(t, certifiedRules).play(usual(approve("kim"), approve("bob"))...).evaluate()
	if v := d.Votes[0]; v.Identity != "kim@x.org ("+google+")" || v.Key != "" || v.Proven != "2026-03-01T10:03:00Z" || v.Principal != "kim" {
		t.Errorf("%+v", v)
	}
	if v := d.Votes[1]; v.Identity != "" || v.Key == "" || v.Proven != "" {
		t.Errorf("%+v", v)
	}
}

func TestNowMessage(t *testing.T) {
	head := event.Checkpoint{Size: 7, Root: strings.Repeat("a", 64)}
	got := NowMessage("c0ffee", head)
	want := "gateledger-now-v1\x00" + `{"head":{"root":"` + head.Root + `","size":7},"request":"c0ffee"}`
	if string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	if other := NowMessage("c0ffef", head); bytes.Equal(got, other) {
		t.Error("the same for another request")
	}
	if NowMessage("\xff", head) != nil {
		t.Error("a message for what is no text")
	}
}

func TestSummaryKeepsTheStamp(t *testing.T) {
	w := newCertified(t, datedRules).play(quorum()...)
	d := w.evaluate()
	s, err := Summary(Input{Events: w.events, Stamp: []byte("token")}, w.asked["r1"], d)
	if err != nil || string(s.Stamp) != "token" {
		t.Errorf("%q, %v", s.Stamp, err)
	}
}

// A root that proves nothing proves no time.
func TestNobodyProvesNothing(t *testing.T) {
	n := nobody{keyless.ErrRoot}
	if _, err := n.Time(event.Signed{}); err == nil {
		t.Error("a time")
	}
	if _, err := n.Stamped(nil, nil); err == nil {
		t.Error("a stamp")
	}
	if _, err := n.Identify(event.Signed{}); err == nil {
		t.Error("an identity")
	}
}
