// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

var voters = map[string][]string{"alice": {"security", "lead"}, "bob": {"lead"}, "carol": {"lead"}, "dave": {"security"}, "guest": {"guest"}}

// No set of voters is allowed unless the reference, which tries every way to
// seat them, can fill every seat; and then it is.
func TestAllowedIsExactlyAQuorum(t *testing.T) {
	names := sortedNames(voters)
	seats := []Seat{{Role: "security", Count: 1}, {Role: "lead", Count: 2}}
	for set := range 1 << len(names) {
		w := newWorld(t, rulesOfTests).play(usual()...)
		var who []string
		for i, name := range names {
			if set>>i&1 == 1 {
				who = append(who, name)
				w.play(approve(name))
			}
		}
		d := w.evaluate()
		if want := bestSeating(seats, voters, who) == 3; (d.Verdict == Allowed) != want {
			t.Errorf("%v: %s, want allowed %v\n%s", who, d.Verdict, want, tell(d))
		}
		if d.Verdict == Pending {
			helps(t, w, d)
		}
	}
}

// helps checks that whoever a decision names does help.
func helps(t *testing.T, w *world, d Decision) {
	t.Helper()
	have := func(d Decision) (n int) {
		for _, r := range d.Rules {
			n += r.Have
		}
		return n
	}
	for _, m := range d.Missing {
		for _, who := range m.Who {
			more := *w
			more.events = slices.Clone(w.events)
			more.play(approve(who))
			if got := have(more.evaluate()); got != have(d)+1 {
				t.Errorf("%s is named for %q, and fills %d more", who, m.What, got-have(d))
			}
		}
	}
}

// Whatever is voted in whatever order, a request is allowed only if the last
// words of the people, by a reference of a few lines, are a quorum without a
// veto.
func TestRandomVotes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	names := sortedNames(voters)
	for range 60 {
		w := newWorld(t, rulesOfTests).play(usual()...)
		last := map[string]vote.Choice{}
		for range r.IntN(12) {
			who := names[r.IntN(len(names))]
			choice := vote.Choices()[r.IntN(3)]
			w.play(castBy(who, choice, nil))
			last[who] = choice
		}
		var approve []string
		veto := false
		for _, who := range names {
			if last[who] == vote.Approve {
				approve = append(approve, who)
			}
			veto = veto || last[who] == vote.Deny && who != "guest"
		}
		want := Pending
		switch {
		case veto:
			want = Denied
		case bestSeating([]Seat{{Role: "security", Count: 1}, {Role: "lead", Count: 2}}, voters, approve) == 3:
			want = Allowed
		}
		d := w.evaluate()
		if d.Verdict != want {
			t.Fatalf("%s, want %s\n%s", d.Verdict, want, tell(d))
		}
		sound(t, d)
	}
}

// A prefix of the ledger is a ledger: evaluating one never fails, and an
// entry that only a stranger signed never makes a difference.
func TestStrangersChangeNothing(t *testing.T) {
	w := newWorld(t, strings.Replace(rulesOfTests, "gate: gate", "gate: gate\n    exclude: [author]\n    evidence: [{event: test, by: ci}]", 1))
	w.play(quorum(test(event.Passed))...)
	before := w.evaluate()
	w.play(
		commitBy("bob@x.org", by("stranger")), build(by("stranger"), actor(nil)), test(event.Failed, by("stranger")),
		consume(by("stranger"), inRun("run-9")), deploy(by("stranger")), request("r9", by("stranger"), about(artifact("x"))),
		deny("mallory"), approve("mallory"), revoke("mallory"),
	)
	after := w.evaluate()
	if before.Verdict != Allowed || after.Verdict != Allowed || !slices.Equal(before.Inputs, after.Inputs) {
		t.Errorf("before: %s after: %s", tell(before), tell(after))
	}
}

func TestEvaluateIsAFunction(t *testing.T) {
	w := newWorld(t, rulesOfTests).play(quorum(deny("carol"), revoke("carol"), approve("mallory"), test(event.Passed))...)
	first, err := canon.Marshal(w.evaluate())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		fresh := make([]*event.Event, len(w.events))
		for i, e := range w.events {
			if fresh[i], err = event.Open(e.Index, e.Leaf, e.Signed.Payload); err != nil {
				t.Fatal(err)
			}
		}
		w.events = fresh
		again, err := canon.Marshal(w.evaluate())
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("another answer: %v\n%s\n%s", err, first, again)
		}
	}
}

func TestDecisionRoundTrips(t *testing.T) {
	for name, story := range map[string][]step{
		"allowed": quorum(), "pending": usual(), "denied": quorum(deny("carol")), "used": quorum(consume(inRun("run-2"))),
		"unknown": quorum(at("2026-01-01T00:00:00Z")),
	} {
		d := newWorld(t, rulesOfTests).play(story...).evaluate()
		data, err := canon.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseDecision(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(d, back); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if !bytes.Contains(data, []byte(`"verdict":"`+d.Verdict.String()+`"`)) {
			t.Errorf("%s: no verdict in %s", name, data)
		}
		var plain Decision // encoding/json too
		if old, err := json.Marshal(d); err != nil || json.Unmarshal(old, &plain) != nil || plain.Verdict != d.Verdict {
			t.Errorf("%s: encoding/json: %v", name, err)
		}
	}
}

func TestDecisionListsWhatCounted(t *testing.T) {
	rules := strings.Replace(rulesOfTests, "gate: gate", "gate: gate\n    exclude: [author]\n    evidence: [{event: test, by: ci}]", 1)
	d := newWorld(t, rules).play(quorum(approve("mallory"), test(event.Failed), test(event.Passed), sbom(), consume())...).evaluate()
	// commit, build, request, three votes, the newest test, the consumption
	if diff := cmp.Diff([]uint64{0, 1, 2, 3, 4, 5, 8, 10}, d.Inputs); diff != "" {
		t.Errorf("%s\n%s", diff, tell(d))
	}
	if d.UsedBy != "run-1" || d.Clock != "self-asserted" || d.Tier != Fast || d.Environment != "production" {
		t.Errorf("%+v", d)
	}
}

func TestWordsOfVerdictsAndStates(t *testing.T) {
	var v Verdict
	var s State
	if v != Pending || s != Skipped {
		t.Error("the zero values are not the safe ones")
	}
	for _, bad := range []string{"", "Allowed", "allow", "unknown (7)"} {
		v, s = Allowed, Met
		if v.UnmarshalText([]byte(bad)) == nil || v != Pending || s.UnmarshalText([]byte(bad)) == nil || s != Skipped {
			t.Errorf("%q was read as %s and %s", bad, v, s)
		}
	}
	if _, err := Verdict(7).MarshalText(); err == nil {
		t.Error("a verdict that there is not was written")
	}
	if _, err := State(-1).MarshalText(); err == nil {
		t.Error("a state that there is not was written")
	}
	if got := Verdict(7).String(); got != "unknown (7)" {
		t.Errorf("it calls itself %q", got)
	}
}

func TestEvaluateRefusesWhatIsNoLedger(t *testing.T) {
	for name, edit := range map[string]func(*Input){
		"no policy":         func(in *Input) { in.Policy = nil },
		"no time":           func(in *Input) { in.Now = time.Time{} },
		"an entry too few":  func(in *Input) { in.Events = in.Events[:2] },
		"a head behind":     func(in *Input) { in.Head.Size-- },
		"an entry left out": func(in *Input) { in.Events = append(in.Events[:1:1], in.Events[2:]...); in.Head.Size-- },
		"entries in a mix": func(in *Input) {
			in.Events = slices.Clone(in.Events)
			in.Events[0], in.Events[1] = in.Events[1], in.Events[0]
		},
		"from the middle on": func(in *Input) { in.Events = in.Events[1:]; in.Head.Size-- },
	} {
		w := newWorld(t, rulesOfTests).play(quorum()...)
		in := Input{Policy: w.p, Request: w.ids["r1"], Events: w.events, Head: event.Checkpoint{Size: uint64(len(w.events))}, Now: w.now}
		edit(&in)
		if d, err := Evaluate(in); err == nil || d.Verdict != Pending {
			t.Errorf("%s: %s, %v", name, d.Verdict, err)
		}
	}
}

func TestNotReadyIsDenied(t *testing.T) {
	w := newWorld(t, rulesOfTests)
	w.p = policyOf(t, "\n    require: [{role: nobody-holds, count: 1}]\n    gate: gate\n")
	d := w.play(usual()...).evaluate()
	if d.Verdict != Denied || !strings.Contains(d.Why, "nobody holds it") {
		t.Error(tell(d))
	}
}

func TestMayGate(t *testing.T) {
	w := newWorld(t, rulesOfTests).play(request("r1"), request("r2", by("ci")), request("r3", by("stranger")), request("r4"), breakLast)
	for i, want := range []bool{true, false, false, false} {
		if got := MayGate(w.p, w.p.Environments["production"], w.events[i]); got != want {
			t.Errorf("entry #%d: %v, want %v", i, got, want)
		}
	}
}

// The digest is of the rules: what could change an answer changes it, and
// nothing else does.
func TestEnvironmentDigest(t *testing.T) {
	rules := strings.Replace(rulesOfTests, "gate: gate", "gate: gate\n    exclude: [author]\n    evidence: [{event: test, by: ci, max-age: 24h}, {event: sbom, by: ci}]", 1)
	base := string(policyOf(t, rules).Source)
	digest := func(text string) string {
		t.Helper()
		p, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for change, edit := range map[string]struct {
		from, to string
		same     bool
	}{
		"nothing":                  {"version: 1", "version: 1", true},
		"a comment":                {"version: 1", "# hello\nversion: 1", true},
		"the ledger's address":     {"ledger: {", `ledger: {url: "dir:", `, true},
		"a login":                  {"login: alice", "login: alicia", true},
		"another environment":      {"  staging: {auto: true, gate: gate}\n", "", true},
		"the order of roles":       {"[security, lead]", "[lead, security]", true},
		"the order of evidence":    {"{event: test, by: ci, max-age: 24h}, {event: sbom, by: ci}", "{event: sbom, by: ci}, {event: test, by: ci, max-age: 24h}", true},
		"the default, said":        {"gate: gate\n    exclude", "gate: gate\n    max-age: 24h\n    exclude", true},
		"another max-age":          {"gate: gate\n    exclude", "gate: gate\n    max-age: 23h\n    exclude", false},
		"another count":            {"count: 2", "count: 1", false},
		"another age of evidence":  {"max-age: 24h}", "max-age: 25h}", false},
		"evidence by another":      {"{event: sbom, by: ci}", "{event: sbom, by: gate}", false},
		"less evidence":            {", {event: sbom, by: ci}", "", false},
		"another exclusion":        {"[author]", "[author, committer]", false},
		"no exclusion":             {"    exclude: [author]\n", "", false},
		"another gate":             {"gate: gate\n    exclude", "gate: ci\n    exclude", false},
		"a veto":                   {"gate: gate\n    exclude", "gate: gate\n    veto: {roles: [lead]}\n    exclude", false},
		"a role of a voter":        {"roles: [lead], emails: [bob@x.org]", "roles: [security], emails: [bob@x.org]", false},
		"an address of a voter":    {"bob@x.org", "bob@y.org", false},
		"an account":               {"gitlab: {id: 2}", "gitlab: {id: 3}", false},
		"when a key ends":          {"until: 2026-03-01", "until: 2026-04-01", false},
		"a source of votes":        {"version: 1", "version: 1\ncollect: [gitlab-note]", false},
		"an outsider":              {"outsiders: [otto@x.org]", "outsiders: [otto@x.org, eve@x.org]", false},
		"somebody who never votes": {"  guest: {", "  robot: {}\n  guest: {", false}, // they could be the author
		"another key":              {sshText(sshSigner("bob").PublicKey()), sshText(sshSigner("new").PublicKey()), false},
	} {
		if !strings.Contains(base, edit.from) {
			t.Errorf("%s: %q is not in the policy", change, edit.from)
		}
		if got := digest(strings.Replace(base, edit.from, edit.to, 1)) == digest(base); got != edit.same {
			t.Errorf("%s: the digest stays %v, want %v", change, got, edit.same)
		}
	}
	if _, err := policyOf(t, rules).EnvironmentDigest("none"); err == nil {
		t.Error("an environment that there is not has a digest")
	}
}

// bigWorld is 10 000 entries, of which 1 000 are votes on one request: 40
// people vote 15 times each, and strangers 400 times.
func bigWorld(t testing.TB) *world {
	people := ""
	for i := range 40 {
		people += fmt.Sprintf("  p%d: {keys: [{ssh: %q}], roles: [lead]}\n", i, sshText(sshSigner(fmt.Sprint("p", i)).PublicKey()))
	}
	w := newWorld(t, "\n    require: [{role: lead, count: 20}]\n    gate: gate\n")
	text := strings.Replace(string(w.p.Source), "outsiders:", "OUT", 1)
	text = strings.Replace(text, "OUT", people+"outsiders:", 1)
	text = strings.Replace(text, "principals:"+peopleOfTests+people, "principals:\n"+people, 1)
	text = strings.Replace(text, "gate: gate\n", "gate: gate\n    exclude: [author, triggerer]\n    evidence: [{event: test, by: ci}, {event: sbom, by: ci}]\n", 1)
	text = strings.Replace(text, "  staging: {auto: true, gate: gate}\n", "", 1)
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	w.p = p
	w.play(usual()...)
	app := w.subject
	for len(w.events) < 9000 {
		i := len(w.events)
		w.subject = artifact(fmt.Sprint("other", i/4))
		w.clock = w.now.Add(-time.Hour)
		w.play([]step{build(), test(event.Passed), sbom(), deploy(of("r1"))}[i%4])
	}
	w.subject = app
	for i := range 1000 {
		w.clock = w.now.Add(-time.Hour).Add(time.Duration(i) * time.Second)
		who := fmt.Sprint("p", i%40)
		if i%5 < 2 {
			who = fmt.Sprint("stranger", i%50)
		}
		w.play(approve(who))
	}
	w.clock = w.now.Add(-time.Minute)
	w.play(test(event.Passed), sbom())
	return w
}

// What a gate costs on 1 000 votes and 10 000 events, without opening them.
func BenchmarkEvaluate(b *testing.B) {
	w := bigWorld(b)
	b.ReportMetric(float64(len(w.events)), "events")
	for b.Loop() {
		b.StopTimer()
		for i, e := range w.events { // nothing read, nothing checked
			w.events[i] = &event.Event{Index: e.Index, Signed: e.Signed, Leaf: e.Leaf}
		}
		b.StartTimer()
		if d := w.evaluate(); d.Verdict != Allowed {
			b.Fatal(tell(d)[:2000])
		}
	}
}
