// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

func (w *world) decide(environment string) custody.Chain {
	w.t.Helper()
	c, err := custody.Decision(w.input(), environment)
	w.must(err)
	return c
}

func TestDecision(t *testing.T) {
	for fact, c := range map[string]struct {
		story       func(w *world)
		environment string
		verdict     custody.Verdict
		why         string
	}{
		"nothing is known":         {func(*world) {}, "production", custody.No, "nothing is known about these bytes"},
		"allowed":                  {func(w *world) { w.allowed() }, "production", custody.Holds, "allowed by decision #7, used up by run 7"},
		"allowed somewhere else":   {func(w *world) { w.allowed() }, "staging", custody.No, "staging: no decision that counts allowed it"},
		"allowed and deployed":     {func(w *world) { w.deploy("production", event.Healthy, w.allowed()) }, "production", custody.Holds, "allowed by decision #7"},
		"deployed and rolled back": {func(w *world) { w.deploy("production", event.RolledBack, w.allowed()) }, "production", custody.No, "rolled back at #9, after decision #7"},
		"rolled back elsewhere":    {func(w *world) { w.deploy("staging", event.RolledBack, w.allowed()) }, "production", custody.Holds, "allowed by decision #7"},
		"a stranger's roll-back": {func(w *world) {
			id := w.allowed()
			w.log("mallory", "deployment", app(), event.DeploymentPredicate{
				Environment: "production", Result: event.RolledBack, Request: id, Context: w.context(),
			})
		}, "production", custody.Holds, "allowed by decision #7"},
		"rolled back, asked again and allowed again": {func(w *world) {
			w.deploy("production", event.Healthy, w.allowed())
			w.deploy("production", event.RolledBack, "")
			id := w.ask("production")
			w.vote("ana", id, vote.Approve)
			w.vote("cy", id, vote.Approve)
			w.gate(id, "8")
		}, "production", custody.Holds, "allowed by decision #14, used up by run 8"},
		"denied since": {func(w *world) { w.vote("bob", w.allowed(), vote.Deny) }, "production", custody.No, "denied by bob at #9"},
		"deployed behind the gate's back, then allowed": {func(w *world) {
			w.deploy("production", event.Healthy, "")
			w.allowed()
		}, "production", custody.Holds, "allowed by decision #8"},
		"an automatic environment": {func(w *world) { w.gate(w.ask("staging"), "7") }, "staging", custody.Holds, "allowed by decision #1"},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newWorld(t)
			c.story(w)
			got := w.decide(c.environment)
			if got.Verdict != c.verdict || !strings.Contains(got.Why, c.why) {
				t.Errorf("%s: %q, want %s: %q\n%s\n%s", got.Verdict, got.Why, c.verdict, c.why, story(got), found(got))
			}
		})
	}
}

func TestDecisionShowsItsEnvironmentOnly(t *testing.T) {
	w := newWorld(t)
	w.gate(w.ask("staging"), "6")
	w.deploy("staging", event.Healthy, "")
	w.allowed()
	c := w.decide("production")
	for _, s := range c.Steps {
		if strings.Contains(s.Summary, "staging") {
			t.Errorf("#%d is about staging: %s", s.Index, s.Summary)
		}
	}
	if len(c.Environments) != 1 || len(c.Findings) != 0 {
		t.Errorf("%v\n%s", c.Environments, found(c))
	}
	if all := w.trace(); len(all.Environments) != 2 || len(all.Steps) <= len(c.Steps) {
		t.Errorf("the whole story has %d steps, this part %d", len(all.Steps), len(c.Steps))
	}
}

func TestADeniedRunOfAUsedRequestFollowsFromTheLedger(t *testing.T) {
	for fact, run := range map[string]string{"another run asks": "8", "the same run asks after a veto": "7"} {
		w := newWorld(t)
		id := w.allowed()
		w.vote("ana", id, vote.Deny)
		at := w.gate(id, run)
		c := w.trace()
		if s := stepAt(t, c, at); s.State != custody.Proven || c.Verdict == custody.Tampered {
			t.Errorf("%s: step is %s: %s\n%s", fact, s.State, s.Why, found(c))
		}
	}
}

func TestUnknownEnvironments(t *testing.T) {
	w := newWorld(t)
	if _, err := custody.Decision(w.input(), "moon"); err == nil {
		t.Error("Decision knows the moon")
	}
	if _, err := custody.Current(w.input(), "moon"); err == nil {
		t.Error("Current knows the moon")
	}
}

func TestCurrent(t *testing.T) {
	other := file("dist/other", otherSum)
	deployOther := func(w *world, result string) {
		w.log("ci", "deployment", other, event.DeploymentPredicate{Environment: "production", Result: result, Context: w.context()})
	}
	for fact, c := range map[string]struct {
		story   func(w *world)
		digest  string
		verdict custody.Verdict
		why     string
		note    string
	}{
		"nothing was deployed": {func(w *world) { w.allowed() }, "", custody.No, "nothing is recorded as deployed to production", ""},
		"what was allowed":     {func(w *world) { w.deploy("production", event.Healthy, w.allowed()) }, digestOf(appSum).String(), custody.Holds, "production runs sha256:", ""},
		"what was not allowed": {func(w *world) { deployOther(w, event.Healthy) }, digestOf(otherSum).String(), custody.No, "deployed at #0 without a decision", ""},
		"the newest wins": {func(w *world) {
			deployOther(w, event.Healthy)
			w.deploy("production", event.Healthy, w.allowed())
		}, digestOf(appSum).String(), custody.Holds, "production runs", ""},
		"rolled back to the one before": {func(w *world) {
			w.deploy("production", event.Healthy, w.allowed())
			deployOther(w, event.Healthy)
			deployOther(w, event.RolledBack)
		}, digestOf(appSum).String(), custody.Holds, "production runs", "note: the newest deployment to production is recorded as rolled-back"},
		"everything rolled back": {func(w *world) {
			w.deploy("production", event.Healthy, w.allowed())
			w.deploy("production", event.RolledBack, "")
		}, "", custody.No, "nothing is recorded as deployed", ""},
		"a failed deployment changes nothing": {func(w *world) {
			w.deploy("production", event.Healthy, w.allowed())
			deployOther(w, event.Broken)
		}, digestOf(appSum).String(), custody.Holds, "production runs", "note: the newest deployment to production is recorded as failed"},
		"a stranger deploys nothing": {func(w *world) {
			w.log("mallory", "deployment", app(), event.DeploymentPredicate{Environment: "production", Result: event.Healthy, Context: w.context()})
		}, "", custody.No, "nothing is recorded as deployed", ""},
		"another environment": {func(w *world) { w.deploy("staging", event.Healthy, "") }, "", custody.No, "nothing is recorded as deployed", ""},
		"two at once": {func(w *world) {
			w.log("ci", "deployment", append(app(), other...), event.DeploymentPredicate{Environment: "production", Result: event.Healthy, Context: w.context()})
		}, digestOf(appSum).String(), custody.No, "without a decision", "note: deployed together with dist/other sha256:"},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newWorld(t)
			c.story(w)
			got, err := custody.Current(w.input(), "production")
			w.must(err)
			if got.Digest != c.digest || got.Verdict != c.verdict || !strings.Contains(got.Why, c.why) || !strings.Contains(found(got), c.note) {
				t.Errorf("%s of %s: %q\n%s\n%s", got.Verdict, got.Digest, got.Why, story(got), found(got))
			}
		})
	}
}

func TestCommit(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	w.test(code())
	w.deploy("production", event.Healthy, "")
	w.build("mallory", file("dist/evil", otherSum))
	c, err := custody.Commit(w.input(), commitSHA)
	w.must(err)
	want := strings.TrimSpace(`
commit #0 observed
build #1 proven
build #11 rejected
sbom #2 proven
test #3 proven
test #9 proven
request #4 proven
deployment #10 proven`)
	for _, line := range strings.Split(want, "\n") {
		if !strings.Contains(story(c), line) {
			t.Errorf("%s is missing in\n%s", line, story(c))
		}
	}
	if c.Verdict != custody.Holds || c.Why != "7 entries are about this commit" || len(c.Steps) != 8 {
		t.Errorf("%s: %s\n%s", c.Verdict, c.Why, story(c))
	}
}

func TestCommitThatNobodyKnows(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	c, err := custody.Commit(w.input(), strings.Repeat("ab", 20))
	if err != nil || c.Verdict != custody.No || len(c.Steps) != 0 {
		t.Errorf("%s: %s (%v)", c.Verdict, c.Why, err)
	}
	for _, bad := range []string{"", "HEAD", "0d1e2f", strings.ToUpper(commitSHA)} {
		if _, err := custody.Commit(w.input(), bad); err == nil {
			t.Errorf("%q passes for a commit id", bad)
		}
	}
}

// TestADigestInAComment: an entry that only mentions the bytes is not about
// them.
func TestADigestInAComment(t *testing.T) {
	w := newWorld(t)
	w.log("ci", "deployment", file("dist/other", otherSum), event.DeploymentPredicate{
		Environment: "production", Result: event.Healthy, URL: "https://example.org/" + digestOf(appSum).Hex, Context: w.context(),
	})
	if c := w.trace(); len(c.Steps) != 0 || c.Verdict != custody.No {
		t.Errorf("%s: %s\n%s", c.Verdict, c.Why, story(c))
	}
}

// BenchmarkTrace follows one artifact among ten thousand entries about others.
func BenchmarkTrace(b *testing.B) {
	w := newWorld(b)
	for range 10_000 {
		w.build("ci", file("dist/other", otherSum))
	}
	w.deploy("production", event.Healthy, w.allowed())
	in := w.input()
	for b.Loop() {
		if c, err := custody.Trace(in); err != nil || c.Verdict != custody.Holds {
			b.Fatal(c.Why, err)
		}
	}
}
