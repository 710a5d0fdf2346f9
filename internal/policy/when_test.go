// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/event"
)

const (
	acme      = `subject.name.startsWith("ghcr.io/acme/")`
	acmeRules = rulesOfTests + "    when: '" + acme + "'\n"
)

// answered puts answers into the input of a decision, to each question that it
// has: by the artifact's name, or to all by "*".
func answered(w *world, answers map[string]condition.Answer) *world {
	w.edit = func(in *Input) {
		in.Conditions = condition.Answers{}
		for _, q := range Questions(*in) {
			if a, ok := answers[q.Subject.Name]; ok {
				in.Conditions[q.ID()] = a
			} else if a, ok := answers["*"]; ok {
				in.Conditions[q.ID()] = a
			}
		}
	}
	return w
}

func ruleOfWhen(t *testing.T, d Decision) Rule {
	t.Helper()
	i := slices.IndexFunc(d.Rules, func(r Rule) bool { return r.Name == "the condition of production holds for every artifact" })
	if i < 0 {
		t.Fatalf("no rule about the condition: %+v", d.Rules)
	}
	return d.Rules[i]
}

func TestWhen(t *testing.T) {
	two := func(p *event.RequestPredicate) {
		p.Subjects = append(slices.Clone(p.Subjects), artifact("other"))
		event.SortSubjects(p.Subjects)
	}
	both := []step{build(), test("passed"), request("r1", func(d *draft) { d.onRequest = append(d.onRequest, two) }), approve("dave"), approve("bob"), approve("carol")}
	holds := condition.Answer{Outcome: condition.Holds, By: "a reader 1"}
	fails := condition.Answer{Outcome: condition.Fails, By: "a reader 1"}
	for name, c := range map[string]struct {
		story   []step
		answers map[string]condition.Answer
		want    Verdict
		state   State
		why     string
		asks    int
	}{
		"it holds":                           {quorum(), map[string]condition.Answer{"*": holds}, Allowed, Met, "every rule is met", 0},
		"it does not":                        {quorum(), map[string]condition.Answer{"*": fails}, Denied, Broken, "when: `" + acme + "` does not hold for app (sha256:", 0},
		"it does not, and votes are missing": {usual(), map[string]condition.Answer{"*": fails}, Denied, Broken, "does not hold for app", 0},
		"it holds, and votes are missing":    {usual(approve("dave")), map[string]condition.Answer{"*": holds}, Pending, Met, "missing: 2 approvals by lead", 0},
		"nobody evaluated it":                {quorum(), nil, Pending, Undecidable, "could not find out: whether when: `" + acme + "` holds for app (sha256:", 1},
		"an error":                           {quorum(), map[string]condition.Answer{"*": {Why: "division by zero"}}, Pending, Undecidable, ": division by zero", 1},
		"it is no condition":                 {quorum(), map[string]condition.Answer{"*": {Outcome: condition.Wrong, Why: "character 9: undeclared"}}, Pending, Undecidable, "it is no condition: character 9: undeclared", 1},
		"an outcome that there is not":       {quorum(), map[string]condition.Answer{"*": {Outcome: 77}}, Pending, Undecidable, "nobody has evaluated it", 1},
		"it holds for each of two":           {both, map[string]condition.Answer{"*": holds}, Allowed, Met, "every rule is met", 0},
		"it holds for one of two":            {both, map[string]condition.Answer{"app": holds, "other": fails}, Denied, Broken, "does not hold for other (sha256:", 0},
		"it holds for none of two":           {both, map[string]condition.Answer{"*": fails}, Denied, Broken, "and other (sha256:", 0},
		"one of two was not evaluated":       {both, map[string]condition.Answer{"app": holds}, Pending, Undecidable, "holds for other (sha256:", 1},
		"one does not, and one is unknown":   {both, map[string]condition.Answer{"other": fails}, Denied, Broken, "does not hold for other", 1},
		"denied anyway":                      {quorum(deny("carol")), nil, Denied, Skipped, "denied by carol", 0},
		"denied anyway, and it holds":        {quorum(deny("carol")), map[string]condition.Answer{"*": holds}, Denied, Skipped, "denied by carol", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := answered(newWorld(t, acmeRules).play(c.story...), c.answers)
			d := w.evaluate()
			r := ruleOfWhen(t, d)
			if d.Verdict != c.want || r.State != c.state || !strings.Contains(d.Why, c.why) || len(d.Asks) != c.asks {
				t.Errorf("%s: %s; rule %s: %s; asks %d; want %s: %s", d.Verdict, d.Why, r.State, r.Why, len(d.Asks), c.want, c.why)
			}
			if !strings.Contains(r.Why, acme) {
				t.Errorf("the rule does not say which condition: %s", r.Why)
			}
			sound(t, d)
		})
	}
}

// An answer to anything else than the very question counts for nothing.
func TestAnAnswerToAnotherQuestionIsNone(t *testing.T) {
	w := newWorld(t, acmeRules).play(quorum()...)
	yes := condition.Answer{Outcome: condition.Holds}
	for name, edit := range map[string]func(*condition.Question){
		"another expression":  func(q *condition.Question) { q.Expression = "true" },
		"another time":        func(q *condition.Question) { q.Now = "2026-03-01T12:00:01Z" },
		"another artifact":    func(q *condition.Question) { q.Subject.Name = "app2" },
		"other bytes":         func(q *condition.Question) { q.Subject.Digests = []string{"sha256:" + strings.Repeat("0", 64)} },
		"another environment": func(q *condition.Question) { q.Environment = "staging" },
		"an emergency":        func(q *condition.Question) { q.BreakGlass = true },
	} {
		w.edit = func(in *Input) {
			in.Conditions = condition.Answers{"": yes}
			for _, q := range Questions(*in) {
				edit(&q)
				in.Conditions[q.ID()] = yes
			}
		}
		if d := w.evaluate(); d.Verdict != Pending || len(d.Unknown) == 0 || len(d.Asks) != 1 {
			t.Errorf("%s: %s: %s", name, d.Verdict, d.Why)
		}
	}
}

// The question has what the request says, and the time of the decision.
func TestQuestions(t *testing.T) {
	w := newWorld(t, acmeRules).play(quorum()...)
	in := inputOf(w)
	all := Questions(in)
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	p := w.asked["r1"]
	q := all[0]
	want := condition.Question{
		Expression: acme, Subject: condition.Subject{Name: "app", Digests: []string{"sha256:" + w.subject.Digest["sha256"]}}, Environment: "production",
		Commit: p.Commit, Host: p.Host, RepositoryID: p.RepositoryID, Previous: p.Previous, Created: p.Created, Expires: p.Expires, Now: w.evaluate().Now,
	}
	if q.ID() != want.ID() {
		t.Errorf("%+v, want %+v", q, want)
	}
	in.Request = strings.Repeat("0", 64)
	if all := Questions(in); all != nil {
		t.Errorf("about no request: %+v", all)
	}
	if all := Questions(inputOf(newWorld(t, rulesOfTests).play(quorum()...))); all != nil {
		t.Errorf("without a condition: %+v", all)
	}
	if all := Questions(Input{}); all != nil {
		t.Errorf("without a policy: %+v", all)
	}
}

// What may be deployed here at all is asked in an emergency too.
func TestWhenBindsABreakGlass(t *testing.T) {
	for outcome, want := range map[condition.Outcome]Verdict{condition.Holds: Allowed, condition.Fails: Denied, condition.Unknown: Pending, condition.Wrong: Pending} {
		d := answered(newWorld(t, acmeRules+glassKey).play(urgent(approve("guest"))...), map[string]condition.Answer{"*": {Outcome: outcome}}).evaluate()
		if d.Verdict != want || slices.Contains(d.Waived, ruleOfWhen(t, d).Name) {
			t.Errorf("%s: %s: %s, waived %v", outcome, d.Verdict, d.Why, d.Waived)
		}
	}
}

// A condition is part of what a request is made under.
func TestWhenIsPartOfTheEnvironment(t *testing.T) {
	digest := func(rules string) string {
		d, err := policyOf(t, rules).EnvironmentDigest("production")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	other := strings.Replace(acmeRules, "acme/", "acme2/", 1)
	if digest(rulesOfTests) == digest(acmeRules) || digest(acmeRules) == digest(other) {
		t.Error("a condition does not change the digest")
	}
	w := newWorld(t, acmeRules).play(append(quorum(), policyBecomes(other))...)
	d := answered(w, map[string]condition.Answer{"*": {Outcome: condition.Holds}}).evaluate()
	if d.Verdict != Denied || !strings.Contains(d.Why, "superseded") {
		t.Errorf("%s: %s", d.Verdict, d.Why)
	}
}

// Where the time matters to the expression, the rule rests on the clock.
func TestWhenSaysWhatItRestsOn(t *testing.T) {
	yes := map[string]condition.Answer{"*": {Outcome: condition.Holds}}
	for when, proof := range map[string]string{acme: Proven, "now > request.created": Observed} {
		d := answered(newWorld(t, rulesOfTests+"    when: '"+when+"'\n").play(quorum()...), yes).evaluate()
		if r := ruleOfWhen(t, d); d.Verdict != Allowed || r.Proof != proof {
			t.Errorf("%s: %s, %s", when, d.Why, r.Proof)
		}
	}
}

// What people are told is of bounded length, however long an expression is.
func TestALongConditionIsCut(t *testing.T) {
	long := strings.Repeat("true || ", 200) + "true"
	d := answered(newWorld(t, rulesOfTests+"    when: '"+long+"'\n").play(quorum()...), map[string]condition.Answer{"*": {Outcome: condition.Fails}}).evaluate()
	if d.Verdict != Denied || len(d.Why) > 400 || !strings.Contains(d.Why, "…`") {
		t.Errorf("%s: %s", d.Verdict, d.Why)
	}
}

// Replays and suppositions ask as gates do.
func TestWhenOfWhatIsOnlySupposed(t *testing.T) {
	w := newWorld(t, rulesOfTests).play(quorum()...)
	d := w.evaluate()
	p, err := Summary(Input{Events: w.events, Head: d.Head}, w.asked["r1"], d)
	if err != nil {
		t.Fatal(err)
	}
	w.log("gate", event.DecisionType, w.asked["r1"].Subjects, p)
	in := Input{Policy: policyOf(t, acmeRules), Events: w.events}
	r, err := Replayed(in, w.events[len(w.events)-1])
	if err != nil || r.Would != Pending || len(r.Unknown) == 0 || len(r.Asks) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	in.Conditions = condition.Answers{r.Asks[0].ID(): {Outcome: condition.Fails}}
	if r, err = Replayed(in, w.events[len(w.events)-1]); err != nil || r.Would != Denied || len(r.Asks) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	now := inputOf(newWorld(t, acmeRules).play(usual()...))
	if d, err := Suppose(now, Supposition{}); err != nil || len(d.Asks) != 1 {
		t.Errorf("%s, %v", d.Why, err)
	}
}

// A place in an expression is a place in the file, where it is spelled there.
func TestWhereInText(t *testing.T) {
	for name, c := range map[string]struct {
		line   string
		column int
		text   string
	}{
		"in single quotes": {`when: 'environment == 7'`, 24, "bad"},
		"in double quotes": {`when: "environment == 7"`, 24, "bad"},
		"plain":            {`when: environment == 7`, 23, "bad"},
		"after an escape":  {`when: "environment\u0020== 7"`, 11, "character 13: bad"},
		"after a doubled":  {`when: 'commit=='''' || environment == 7'`, 11, "character 13: bad"},
	} {
		p := policyOf(t, rulesOfTests+"    "+c.line+"\n")
		e := p.WhereInText("environments.production.when", p.Environments["production"].When, 12, "bad")
		line := strings.Split(string(p.Source), "\n")[e.Line-1]
		if !strings.Contains(line, c.line) || e.Column != c.column || e.Text != c.text {
			t.Errorf("%s: %v in %q", name, e, line)
		}
	}
}
