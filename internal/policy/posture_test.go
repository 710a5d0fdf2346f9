// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/posture"
)

const strictRules = rulesOfTests + "    posture: {strict: true, max-age: 1h}\n"

// goodFacts are facts by which every finding on GitHub is ok.
func goodFacts() []event.PostureFact {
	var all []event.PostureFact
	for _, r := range posture.Rows("github") {
		for _, term := range r.Reads {
			choice, _, _ := strings.Cut(term, "|")
			name, negated := strings.CutPrefix(choice, "!")
			f := event.PostureFact{Name: name, State: event.Yes, Why: "seen " + name}
			if negated {
				f.State = event.No
			}
			if !slices.ContainsFunc(all, func(o event.PostureFact) bool { return o.Name == name }) {
				all = append(all, f)
			}
		}
	}
	return all
}

type postureEdit func(*event.PosturePredicate)

// reads logs a posture that was read two minutes before the gate asks.
func reads(by string, edits ...postureEdit) step {
	return func(w *world) {
		p := event.PosturePredicate{
			Provider: "github", Host: "local", RepositoryID: "7", Environment: "production", Branch: "main",
			Read: event.ForgeRead{Time: "2026-03-01T11:58:00Z", Calls: 9}, Facts: goodFacts(), Context: w.draft(by, nil).context,
		}
		for _, edit := range edits {
			edit(&p)
		}
		about, err := event.PostureSubject(p.Host, p.RepositoryID, p.Environment)
		if err != nil {
			w.Fatal(err)
		}
		w.log(by, event.PostureType, []event.Subject{about}, p)
	}
}

func showing(name, state string) postureEdit {
	return func(p *event.PosturePredicate) {
		i := slices.IndexFunc(p.Facts, func(f event.PostureFact) bool { return f.Name == name })
		p.Facts[i].State = state
	}
}

func looked(at string) postureEdit { return func(p *event.PosturePredicate) { p.Read.Time = at } }

const postureRule = "the settings around production let nobody past the gate"

func TestStrictPosture(t *testing.T) {
	admins, unseen := showing("environment-admins-bypass", event.Yes), showing("environment-admins-bypass", event.Unknown)
	accepting := strings.Replace(strictRules, "max-age: 1h", "max-age: 1h, accept: [environment-admins]", 1)
	for name, c := range map[string]struct {
		rules   string
		story   []step
		want    Verdict
		weak    bool
		unknown bool
		why     string
	}{
		"ok":                        {strictRules, quorum(reads("gate")), Allowed, false, false, "every rule is met"},
		"weak":                      {strictRules, quorum(reads("gate", admins)), Pending, true, false, "missing: posture environment-admins: "},
		"unknown":                   {strictRules, quorum(reads("gate", unseen)), Pending, false, true, "could not find out: the posture"},
		"a fact that is not there":  {strictRules, quorum(reads("gate", func(p *event.PosturePredicate) { p.Facts = p.Facts[:1] })), Pending, false, true, "nobody looked"},
		"of a forge nobody knows":   {strictRules, quorum(reads("gate", func(p *event.PosturePredicate) { p.Provider = "gitea" })), Pending, false, true, "could not find out"},
		"none":                      {strictRules, quorum(), Pending, false, true, "no gate has read it"},
		"stale":                     {strictRules, quorum(reads("gate", looked("2026-03-01T11:00:00Z"))), Pending, false, true, "a reading counts for 1h"},
		"old, and young enough":     {strictRules, quorum(reads("gate", looked("2026-03-01T11:00:01Z"))), Allowed, false, false, "every rule"},
		"of a time to come":         {strictRules, quorum(reads("gate", looked("2026-03-01T12:05:01Z"))), Pending, false, true, "and it is 2026-03-01T12:00:00Z"},
		"by a stranger":             {strictRules, quorum(reads("stranger")), Pending, false, true, "no gate has read it"},
		"by a signer of no gate":    {strictRules, quorum(reads("ci")), Pending, false, true, "no gate has read it"},
		"a stranger hides nothing":  {strictRules, quorum(reads("gate", admins), reads("stranger")), Pending, true, false, "environment-admins"},
		"nor spoils anything":       {strictRules, quorum(reads("gate"), reads("stranger", admins)), Allowed, false, false, "every rule"},
		"forged":                    {strictRules, quorum(reads("gate"), breakLast), Pending, false, true, "no gate has read it"},
		"of another repository":     {strictRules, quorum(reads("gate", func(p *event.PosturePredicate) { p.RepositoryID = "8" })), Pending, false, true, "no gate has read it"},
		"of another host":           {strictRules, quorum(reads("gate", func(p *event.PosturePredicate) { p.Host = "else" })), Pending, false, true, "no gate has read it"},
		"of another environment":    {strictRules, quorum(reads("gate", func(p *event.PosturePredicate) { p.Environment = "staging" })), Pending, false, true, "no gate has read it"},
		"the newest counts":         {strictRules, quorum(reads("gate"), reads("gate", admins)), Pending, true, false, "environment-admins"},
		"also when it was mended":   {strictRules, quorum(reads("gate", admins), reads("gate")), Allowed, false, false, "every rule"},
		"weak beats unknown":        {strictRules, quorum(reads("gate", admins, showing("branch-protected", event.Unknown))), Pending, true, false, "environment-admins"},
		"weak, and accepted":        {accepting, quorum(reads("gate", admins)), Allowed, false, false, "every rule"},
		"another one is accepted":   {accepting, quorum(reads("gate", showing("branch-protected", event.No))), Pending, true, false, "branch-protected"},
		"a veto is denied":          {strictRules, quorum(reads("gate", admins), deny("carol")), Denied, true, false, "denied by carol"},
		"votes are counted too":     {strictRules, usual(reads("gate"), approve("dave")), Pending, false, false, "missing: 2 approvals by lead"},
		"nobody asks for it":        {rulesOfTests, quorum(reads("gate", admins)), Allowed, false, false, "every rule"},
		"break-glass does not help": {glassRules + "    posture: {strict: true, max-age: 1h}\n", urgent(reads("gate", admins), approve("guest")), Pending, true, false, "environment-admins"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newWorld(t, c.rules).play(c.story...).evaluate()
			if d.Verdict != c.want || len(d.Weak) > 0 != c.weak || len(d.Unknown) > 0 != c.unknown || !strings.Contains(d.Why, c.why) {
				t.Errorf("%s, weak %v, unknown %v: %s", d.Verdict, d.Weak, d.Unknown, d.Why)
			}
			i := slices.IndexFunc(d.Rules, func(r Rule) bool { return r.Name == postureRule })
			if asked := strings.Contains(c.rules, "strict"); i >= 0 != asked || asked && (d.Rules[i].Proof != Observed || d.Rules[i].State == Skipped) {
				t.Errorf("%+v", d.Rules)
			}
		})
	}
}

// What the answer rests on is among its inputs.
func TestStrictPostureIsAnInput(t *testing.T) {
	w := newWorld(t, strictRules).play(quorum(reads("gate"))...)
	if d := w.evaluate(); !slices.Contains(d.Inputs, uint64(len(w.events)-1)) {
		t.Errorf("%v", d.Inputs)
	}
}

func TestStrictPostureInTheDigest(t *testing.T) {
	seen := map[string]string{}
	for _, rules := range []string{
		rulesOfTests, strictRules, strings.Replace(strictRules, "1h", "2h", 1),
		strings.Replace(strictRules, "max-age: 1h", "accept: [no-bypass]", 1), strings.Replace(strictRules, ", max-age: 1h", "", 1),
	} {
		p := policyOf(t, rules)
		d, err := p.EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		if was, taken := seen[d]; taken {
			t.Errorf("%s has the digest of %s", rules, was)
		}
		seen[d] = rules
		e, _ := p.Environment("production")
		if r := p.resolve(e); (r.Posture == nil) != (e.Posture == nil) {
			t.Errorf("%s: %+v", rules, r.Posture)
		}
	}
}

// LastPosture is what Evaluate goes by, and SamePosture does not mind when.
func TestLastPosture(t *testing.T) {
	for name, c := range map[string]struct {
		story []step
		there bool
		young bool
	}{
		"there":         {quorum(reads("gate")), true, true},
		"stale":         {quorum(reads("gate", looked("2026-03-01T09:00:00Z"))), true, false},
		"none":          {quorum(), false, false},
		"by a stranger": {quorum(reads("stranger")), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, strictRules).play(c.story...)
			w.edit = func(in *Input) {
				env, _ := w.p.Environment("production")
				p, young := LastPosture(*in, env)
				if p.Provider != "" != c.there || young != c.young {
					t.Errorf("%+v, %v", p, young)
				}
				other := p
				other.Read.Time = "later"
				if c.there && (!SamePosture(p, other) || SamePosture(p, event.PosturePredicate{})) {
					t.Error("not the same, or all are")
				}
			}
			w.evaluate()
		})
	}
}
