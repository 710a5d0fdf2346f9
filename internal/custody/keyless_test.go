// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
	"github.com/gateledger/gateledger/internal/policy"
	"github.com/gateledger/gateledger/internal/vote"
)

const (
	github = "https://token.actions.githubusercontent.com"
	google = "https://accounts.google.com"
)

// cloudText has a machine and a person who sign with certificates: forge and
// kim. Staging is dated.
const cloudText = `
version: 1
ledger: {origin: "q7d4", keys: ["LOGKEY"]}
sigstore: {trusted-root: "ROOT"}
signers:
  ci: {key: "CI"}
  gate: {key: "GATE"}
  forge: {issuer: "https://token.actions.githubusercontent.com", repository-id: 7, ref: refs/heads/main}
principals:
  ana: {keys: [{ssh: "ANA"}], roles: [security]}
  bob: {keys: [{ssh: "BOB"}], roles: [lead]}
  kim: {keyless: {identity: kim@example.org, issuer: "https://accounts.google.com"}, roles: [lead]}
environments:
  production:
    gate: [gate, forge]
    require: [{role: security, count: 1}, {role: lead, count: 1}]
    evidence: [{event: test, result: passed, by: forge}]
  staging:
    gate: [gate]
    dated: true
    require: [{role: security, count: 1}]
`

// newCloud is a world in which certificates and proven times count.
func newCloud(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.sigstore = newSigstore(t)
	w.policy = w.parse(strings.Replace(cloudText, "ROOT", w.sigstore.root.Digest, 1))
	return w
}

// forge is a fresh certificate of the machine.
func (w *world) forge() leaf {
	return w.sigstore.issue("bot@example.org", w.clock, map[int]string{
		8: github, 13: commitSHA, 14: "refs/heads/main", 15: "7", 18: "https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main", 20: "push",
	})
}

func (w *world) kim() leaf {
	return w.sigstore.issue("kim@example.org", w.clock, map[int]string{8: google})
}

func (w *world) testPayload() []byte {
	w.t.Helper()
	payload, err := event.NewStatement(event.TestType, app(), event.TestPredicate{
		Result: event.Passed, Configuration: []event.Subject{}, Counts: event.Counts{Passed: 3}, Context: w.context(),
	})
	w.must(err)
	return payload
}

func (w *world) keylessVote(id string, choice vote.Choice) uint64 {
	w.t.Helper()
	return w.put(w.kim().sign(w.keylessVotePayload(id, choice)))
}

func (w *world) keylessVotePayload(id string, choice vote.Choice) []byte {
	w.t.Helper()
	p := vote.About(id, w.asked(id))
	p.Choice, p.Issued = choice, w.tick()
	statement, err := vote.NewStatement(p)
	w.must(err)
	payload, err := vote.WrapKeyless(statement)
	w.must(err)
	return payload
}

// cloudStory is allowed in production by forge's test and kim's vote.
func (w *world) cloudStory() string {
	w.t.Helper()
	w.commit()
	w.build("ci", app())
	w.put(w.forge().sign(w.testPayload()))
	id := w.ask("production")
	w.vote("ana", id, vote.Approve)
	w.keylessVote(id, vote.Approve)
	w.gate(id, "7")
	return id
}

func TestTheWholeStoryWithCertificates(t *testing.T) {
	w := newCloud(t)
	w.cloudStory()
	c := w.trace()
	want := strings.TrimSpace(`
commit #0 observed
build #1 proven
test #2 proven
request #3 proven
vote #4 proven
vote #5 proven
decision #6 proven
consumption #7 proven`)
	if c.Verdict != custody.Holds || story(c) != want || len(c.Findings) > 0 {
		t.Errorf("%s: %s\n%s\n%s", c.Verdict, c.Why, story(c), found(c))
	}
	test := stepAt(t, c, 2)
	for _, part := range []string{"bot@example.org", "issuer " + github, "repository 7", "ref refs/heads/main", "trigger push", "workflow https://github.com/acme/app/"} {
		if !strings.Contains(test.Identity, part) {
			t.Errorf("the identity %q does not say %q", test.Identity, part)
		}
	}
	if test.Who != "forge" || !strings.HasPrefix(test.Key, "certificate sha256:") || test.Clock != policy.ClockStamped {
		t.Errorf("the test is by %q with %q, clock %q", test.Who, test.Key, test.Clock)
	}
	kim := stepAt(t, c, 5)
	if kim.Who != "kim" || kim.Identity != "kim@example.org, issuer "+google || !strings.HasPrefix(kim.Why, "counted as ") || !strings.HasPrefix(kim.Key, "certificate sha256:") {
		t.Errorf("kim's vote: %+v", kim)
	}
	ana := stepAt(t, c, 4)
	if ana.Identity != "" || ana.Clock != policy.ClockSelf || !strings.HasPrefix(ana.Key, "SHA256:") {
		t.Errorf("ana's vote: %+v", ana)
	}
}

// A doubt is what a verifier has less than the gate had.
type doubt struct {
	change  func(w *world, in *custody.Input)
	verdict custody.Verdict
	why     string
}

// TestWithoutTheRootNothingHolds takes away what certificates are checked by.
func TestWithoutTheRootNothingHolds(t *testing.T) {
	for fact, c := range map[string]doubt{
		"all is there": {func(*world, *custody.Input) {}, custody.Holds, ""},
		"nobody looks for the root": {func(_ *world, in *custody.Input) { in.Root = nil },
			custody.Incomplete, keyless.ErrRoot.Error()},
		"the root is not found": {func(_ *world, in *custody.Input) { in.Root = func(string) *keyless.Root { return nil } },
			custody.Incomplete, keyless.ErrRoot.Error()},
		"another root is given": {func(w *world, in *custody.Input) {
			other := newSigstore(w.t).root
			in.Root = func(string) *keyless.Root { return other }
		}, custody.Incomplete, keyless.ErrRoot.Error()},
		"the token beside the test was dropped": {func(w *world, in *custody.Input) { drop(w, in, 2) },
			custody.Incomplete, "it can't be made again: could not find out: "},
		"the token beside the vote was dropped": {func(w *world, in *custody.Input) { drop(w, in, 5) },
			custody.Incomplete, "it can't be made again: could not find out: "},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newCloud(t)
			w.cloudStory()
			in := w.input()
			c.change(w, &in)
			for question, ask := range questions {
				got, err := ask(in)
				w.must(err)
				if got.Verdict != c.verdict || !strings.Contains(found(got), c.why) {
					t.Errorf("%s: %s: %q\n%s\n%s", question, got.Verdict, got.Why, story(got), found(got))
				}
			}
		})
	}
}

var questions = map[string]func(custody.Input) (custody.Chain, error){
	"artifact": custody.Trace,
	"decision": func(in custody.Input) (custody.Chain, error) { return custody.Decision(in, "production") },
}

// drop takes an entry's tokens away, as whoever keeps the ledger can.
func drop(w *world, in *custody.Input, index int) {
	w.t.Helper()
	e, err := event.Open(uint64(index), in.Events[index].Leaf, in.Events[index].Signed.Payload)
	w.must(err)
	in.Events = slices.Clone(in.Events)
	in.Events[index] = e
}

func TestCertificatesThatDoNotCount(t *testing.T) {
	for fact, c := range map[string]struct {
		signed   func(w *world) event.Signed
		severity custody.Severity
		why      string
	}{
		"another branch": {func(w *world) event.Signed {
			return w.sigstore.issue("bot@example.org", w.clock, map[int]string{8: github, 15: "7", 14: "refs/heads/evil"}).sign(w.testPayload())
		}, custody.SeverityUntrusted, "signed with a certificate of nobody a policy names"},
		"a person, for a machine": {func(w *world) event.Signed {
			return w.kim().sign(w.testPayload())
		}, custody.SeverityUntrusted, "signed with a certificate of nobody a policy names"},
		"another authority": {func(w *world) event.Signed {
			l := newSigstore(w.t).issue("bot@example.org", w.clock, map[int]string{8: github, 15: "7", 14: "refs/heads/main"})
			s := l.signAt(w.testPayload())
			s.Timestamps = [][]byte{w.sigstore.stamp(s.Signature, l.at.Add(time.Minute))}
			return s
		}, custody.SeverityUntrusted, "signed with a certificate of nobody a policy names"},
		"no time": {func(w *world) event.Signed {
			return w.forge().signAt(w.testPayload())
		}, custody.SeverityMissing, "nobody could find out who signed it"},
		"too late": {func(w *world) event.Signed {
			return w.forge().signAt(w.testPayload(), w.clock.Add(time.Hour))
		}, custody.SeverityMissing, "nobody could find out who signed it"},
		"a token of something else": {func(w *world) event.Signed {
			s := w.forge().signAt(w.testPayload())
			s.Timestamps = [][]byte{w.sigstore.stamp([]byte("other"), w.clock)}
			return s
		}, custody.SeverityMissing, "nobody could find out who signed it"},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newCloud(t)
			at := w.put(c.signed(w))
			got := w.trace()
			s := stepAt(t, got, at)
			if s.State != custody.Rejected || s.Who != "" || s.Identity != "" || !strings.HasPrefix(s.Why, c.why) {
				t.Errorf("%+v", s)
			}
			if !strings.Contains(found(got), fmt.Sprintf("%s: entry #%d (test)", c.severity, at)) {
				t.Errorf("findings:\n%s", found(got))
			}
			if got.Verdict == custody.Holds {
				t.Errorf("%s: %s", got.Verdict, got.Why)
			}
		})
	}
}

// TestAKeylessVetoAfterTheDecision: it counts, and where nobody can check it
// nothing holds.
func TestAKeylessVetoAfterTheDecision(t *testing.T) {
	for fact, c := range map[string]doubt{
		"it counts": {func(*world, *custody.Input) {}, custody.No, "denied by kim at #8"},
		"it lost its token": {func(w *world, in *custody.Input) { drop(w, in, 8) },
			custody.Incomplete, "entry #8 (vote): nobody could find out who signed it"},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newCloud(t)
			w.keylessVote(w.cloudStory(), vote.Deny)
			in := w.input()
			c.change(w, &in)
			for question, ask := range questions {
				got, err := ask(in)
				w.must(err)
				if got.Verdict != c.verdict || !strings.Contains(got.Why, c.why) {
					t.Errorf("%s: %s: %q\n%s", question, got.Verdict, got.Why, found(got))
				}
			}
		})
	}
}

func TestAKeylessVetoTakenBack(t *testing.T) {
	w := newCloud(t)
	id := w.cloudStory()
	w.keylessVote(id, vote.Deny)
	w.keylessVote(id, vote.Revoke)
	if c := w.trace(); c.Verdict != custody.Holds {
		t.Errorf("%s: %s\n%s", c.Verdict, c.Why, found(c))
	}
}

// TestSomebodyElsesCertificateForTheSameKey: a ballot's name goes by the key
// alone, so a worthless copy must not stand in for the vote.
func TestSomebodyElsesCertificateForTheSameKey(t *testing.T) {
	w := newCloud(t)
	id := w.cloudStory()
	l := w.kim()
	payload := w.keylessVotePayload(id, vote.Deny)
	fake := l.sign(payload)
	fake.Verifier.Certificate = w.sigstore.certify(newSigstore(t).issue("eve@example.org", w.clock, nil).certificate, w.sigstore.ca, l.key).Raw
	w.put(fake)
	at := w.put(l.sign(payload))
	if c := w.trace(); c.Verdict != custody.No || !strings.Contains(c.Why, fmt.Sprintf("denied by kim at #%d", at)) {
		t.Errorf("%s: %s\n%s", c.Verdict, c.Why, found(c))
	}
}

func TestAKeylessGate(t *testing.T) {
	w := newCloud(t)
	w.commit()
	w.build("ci", app())
	w.put(w.forge().sign(w.testPayload()))
	p := w.requestFor("production")
	payload, err := event.NewStatement(event.RequestType, p.Subjects, p)
	w.must(err)
	w.put(w.forge().sign(payload))
	id, err := event.RequestID(p)
	w.must(err)
	w.vote("ana", id, vote.Approve)
	w.vote("bob", id, vote.Approve)
	w.gate(id, "7")
	c := w.trace()
	if s := stepAt(t, c, 3); s.Who != "forge" || s.State != custody.Proven || c.Verdict != custody.Holds {
		t.Errorf("%s: %s\n%+v\n%s", c.Verdict, c.Why, s, found(c))
	}
	w.deploy("production", event.Healthy, id)
	in := w.input()
	in.Root = nil
	for question, ask := range map[string]func(custody.Input) (custody.Chain, error){
		"artifact": custody.Trace, "decision": questions["decision"],
		"environment": func(in custody.Input) (custody.Chain, error) { return custody.Current(in, "production") },
	} {
		if c, err := ask(in); err != nil || c.Verdict != custody.Incomplete || strings.Contains(found(c), "without a decision") {
			t.Errorf("%s: %s: %s, %v\n%s", question, c.Verdict, c.Why, err, found(c))
		}
	}
}

// TestDoubtIsNoYesAndACertainNoStays: what nobody can check keeps nothing that
// is certain from being said.
func TestDoubtIsNoYesAndACertainNoStays(t *testing.T) {
	w := newCloud(t)
	id := w.cloudStory()
	w.vote("bob", id, vote.Deny)
	w.put(w.forge().signAt(w.testPayload()))
	for question, ask := range questions {
		c, err := ask(w.input())
		w.must(err)
		if c.Verdict != custody.No || !strings.Contains(c.Why, "denied by bob at #8") {
			t.Errorf("%s: %s: %s\n%s", question, c.Verdict, c.Why, found(c))
		}
	}
}

func TestCurrentWithCertificates(t *testing.T) {
	w := newCloud(t)
	id := w.cloudStory()
	payload, err := event.NewStatement(event.DeploymentType, app(), event.DeploymentPredicate{
		Environment: "production", Result: event.Healthy, Request: id, Context: w.context(),
	})
	w.must(err)
	w.put(w.forge().sign(payload))
	if c, err := custody.Current(w.input(), "production"); err != nil || c.Verdict != custody.Holds || c.Digest != digestOf(appSum).String() {
		t.Errorf("%s: %s, %v\n%s", c.Verdict, c.Why, err, found(c))
	}
	in := w.input()
	in.Root = nil
	c, err := custody.Current(in, "production")
	if err != nil || c.Verdict != custody.Incomplete || !strings.Contains(found(c), "missing: entry #8 (deployment): nobody could find out who signed it") {
		t.Errorf("%s: %s, %v\n%s", c.Verdict, c.Why, err, found(c))
	}
}

// datedStory is allowed in staging, everything of it stamped.
func (w *world) datedStory() (id string, decision uint64) {
	w.t.Helper()
	w.stamps = true
	w.commit()
	w.build("ci", app())
	id = w.ask("staging")
	w.vote("ana", id, vote.Approve)
	return id, w.gate(id, "7")
}

func TestProvenTimes(t *testing.T) {
	w := newCloud(t)
	_, at := w.datedStory()
	c := w.trace()
	if c.Verdict != custody.Holds || len(c.Findings) > 0 {
		t.Fatalf("%s: %s\n%s", c.Verdict, c.Why, found(c))
	}
	for _, s := range c.Steps {
		if s.Clock != policy.ClockStamped || s.Time == "" {
			t.Errorf("%s #%d: %q by %q", s.Kind, s.Index, s.Time, s.Clock)
		}
	}
	if s := stepAt(t, c, at); !strings.HasPrefix(s.Why, "made again") {
		t.Errorf("%+v", s)
	}
}

func TestTimesThatAreNotProven(t *testing.T) {
	w := newWorld(t)
	w.deploy("production", event.Healthy, w.allowed())
	for _, s := range w.trace().Steps {
		if s.Clock != policy.ClockSelf && s.Time != "" {
			t.Errorf("%s #%d: %q by %q", s.Kind, s.Index, s.Time, s.Clock)
		}
	}
}

func TestStamps(t *testing.T) {
	other := func(w *world) []byte { return w.sigstore.stamp([]byte("other"), w.clock) }
	for fact, c := range map[string]struct {
		stamp   func(w *world, id string, head event.Checkpoint) []byte
		dated   bool
		verdict custody.Verdict
		why     string
	}{
		"of this decision, where it is asked for": {func(w *world, id string, head event.Checkpoint) []byte {
			return w.sigstore.stamp(policy.NowMessage(id, head), w.clock)
		}, true, custody.Holds, ""},
		"of something else": {func(w *world, _ string, _ event.Checkpoint) []byte { return other(w) }, true,
			custody.Tampered, "does not follow from the ledger"},
		"of another head": {func(w *world, id string, head event.Checkpoint) []byte {
			head.Size--
			return w.sigstore.stamp(policy.NowMessage(id, head), w.clock)
		}, true, custody.Tampered, "does not follow from the ledger"},
		"an hour off": {func(w *world, id string, head event.Checkpoint) []byte {
			return w.sigstore.stamp(policy.NowMessage(id, head), w.clock.Add(time.Hour))
		}, true, custody.Tampered, "does not follow from the ledger"},
		"none": {func(*world, string, event.Checkpoint) []byte { return nil }, true,
			custody.Tampered, "does not follow from the ledger"},
		"of something else, where nobody asks": {func(w *world, _ string, _ event.Checkpoint) []byte { return other(w) }, false,
			custody.Tampered, "its timestamp does not hold"},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newCloud(t)
			environment := "production"
			if c.dated {
				environment = "staging"
			}
			w.restamp(environment, c.stamp)
			if got := w.trace(); got.Verdict != c.verdict || !strings.Contains(got.Why, c.why) {
				t.Errorf("%s: %q\n%s\n%s", got.Verdict, got.Why, story(got), found(got))
			}
		})
	}
}

// restamp logs an allowed decision that was honest but for its stamp.
func (w *world) restamp(environment string, stamp func(w *world, id string, head event.Checkpoint) []byte) {
	w.t.Helper()
	w.stamps = true
	w.commit()
	w.build("ci", app())
	w.put(w.forge().sign(w.testPayload()))
	id := w.ask(environment)
	w.vote("ana", id, vote.Approve)
	w.vote("bob", id, vote.Approve)
	p, d := w.decision(id, "7")
	if d.Verdict != policy.Allowed {
		w.t.Fatalf("%s: %s", d.Verdict, d.Why)
	}
	p.Stamp = stamp(w, id, d.Head)
	w.log("gate", "decision", app(), p)
	w.consume(id, "7")
}

// TestATokenThatDoesNotHoldIsNoted: where nothing rests on it, it only makes
// the time self-asserted.
func TestATokenThatDoesNotHoldIsNoted(t *testing.T) {
	w := newCloud(t)
	w.cloudStory()
	in := w.input()
	signed := in.Events[1].Signed
	signed.Timestamps = [][]byte{w.sigstore.stamp([]byte("other"), w.clock)}
	body, err := signed.Body()
	w.must(err)
	in.Events[1], err = event.Open(1, in.Events[1].Leaf, body)
	w.must(err)
	c, err := custody.Trace(in)
	w.must(err)
	if c.Verdict != custody.Holds || stepAt(t, c, 1).Clock != policy.ClockSelf || !strings.Contains(found(c), "note: entry #1 (build): its proof of time does not hold") {
		t.Errorf("%s: %s\n%s", c.Verdict, c.Why, found(c))
	}
}
