// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

func TestTheWholeStory(t *testing.T) {
	w := newWorld(t)
	id := w.allowed()
	w.deploy("production", event.Healthy, id)
	c := w.trace()

	if c.Verdict != custody.Holds || c.Why != "allowed in production and deployed" {
		t.Errorf("verdict is %s: %s\n%s", c.Verdict, c.Why, found(c))
	}
	want := strings.TrimSpace(`
commit #0 observed
build #1 proven
sbom #2 proven
test #3 proven
request #4 proven
vote #5 proven
vote #6 proven
decision #7 proven
consumption #8 proven
deployment #9 proven`)
	if diff := cmp.Diff(want, story(c)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if len(c.Findings) > 0 {
		t.Errorf("findings:\n%s", found(c))
	}
}

func TestStepsSayWhoAndRestOnEachOther(t *testing.T) {
	w := newWorld(t)
	id := w.allowed()
	w.deploy("production", event.Healthy, id)
	c := w.trace()
	for index, want := range map[uint64]struct {
		who   string
		links []uint64
	}{
		0: {"ci", nil}, 1: {"ci", []uint64{0}}, 2: {"ci", []uint64{1}}, 3: {"ci", []uint64{1}},
		4: {"gate", []uint64{2, 3}}, 5: {"ana", []uint64{4}}, 6: {"bob", []uint64{4}},
		8: {"gate", []uint64{7}}, 9: {"ci", []uint64{8}},
	} {
		s := stepAt(t, c, index)
		if s.Who != want.who || !slices.Equal(s.Links, want.links) {
			t.Errorf("#%d is by %q on %v, want %q on %v", index, s.Who, s.Links, want.who, want.links)
		}
	}
	d := stepAt(t, c, 7)
	for _, on := range []uint64{4, 5, 6} {
		if !slices.Contains(d.Links, on) {
			t.Errorf("the decision rests on %v, want #%d among them", d.Links, on)
		}
	}
	if !strings.HasPrefix(stepAt(t, c, 5).Why, "counted as ") {
		t.Errorf("ana's vote: %q", stepAt(t, c, 5).Why)
	}
	s := standing(t, c, "production")
	if *s.Decision != 7 || *s.Consumption != 8 || *s.Deployment != 9 || s.Run != "7" || s.Request != id || s.Deployed != event.Healthy {
		t.Errorf("production stands as %+v", s)
	}
}

// A fact is a story and what it comes to.
type fact struct {
	story   func(w *world)
	verdict custody.Verdict
	why     string // part of
}

func (f fact) check(t *testing.T) {
	w := newWorld(t)
	f.story(w)
	got := w.trace()
	if got.Verdict != f.verdict || !strings.Contains(got.Why, f.why) {
		t.Errorf("%s: %q, want %s: %q\n%s\n%s", got.Verdict, got.Why, f.verdict, f.why, story(got), found(got))
	}
}

func TestVerdicts(t *testing.T) {
	for name, f := range map[string]fact{
		"nothing is logged": {func(*world) {}, custody.No, "nothing is known about these bytes"},
		"only a build":      {func(w *world) { w.build("ci", app()) }, custody.No, "no decision allowed these bytes anywhere"},
		"asked and not answered": {func(w *world) {
			w.evidence()
			w.ask("production")
		}, custody.No, "production: no decision that counts allowed it"},
		"allowed, not deployed": {func(w *world) { w.allowed() }, custody.Holds, "allowed in production, not deployed yet"},
		"deployment failed": {func(w *world) {
			w.deploy("production", event.Broken, w.allowed())
		}, custody.Holds, "deployment failed"},
		"deployed without a decision": {func(w *world) {
			w.evidence()
			w.deploy("production", event.Healthy, "")
		}, custody.No, "deployed at #4 without a decision"},
		"deployed before the decision": {func(w *world) {
			w.deploy("production", event.Healthy, "")
			w.allowed()
		}, custody.No, "deployed at #0 without a decision"},
		"deployed behind the gate's back, then properly": {func(w *world) {
			w.deploy("production", event.Healthy, "")
			w.deploy("production", event.Healthy, w.allowed())
		}, custody.Holds, "allowed in production and deployed"},
		"an environment that asks for nothing needs no decision": {func(w *world) {
			id := w.allowed()
			w.deploy("staging", event.Healthy, "")
			w.deploy("production", event.Healthy, id)
		}, custody.Holds, "allowed in production and deployed"},
		"denied": {func(w *world) {
			id := w.ask("production")
			w.vote("ana", id, vote.Deny)
			w.gate(id, "7")
		}, custody.No, "no decision that counts allowed it"},
		"a decision nobody used up": {func(w *world) {
			w.evidence()
			id := w.ask("production")
			w.vote("ana", id, vote.Approve)
			w.vote("bob", id, vote.Approve)
			p, _ := w.decision(id, "7")
			w.log("gate", "decision", app(), p)
		}, custody.No, "production: no decision that counts allowed it"},
		"a decision used up too late": {func(w *world) {
			w.evidence()
			id := w.ask("production")
			w.vote("ana", id, vote.Approve)
			w.vote("bob", id, vote.Approve)
			p, _ := w.decision(id, "7")
			w.log("gate", "decision", app(), p)
			w.build("ci", app())
			w.consume(id, "7")
		}, custody.No, "production: no decision that counts allowed it"},
		"one request used up twice": {func(w *world) {
			w.consume(w.allowed(), "8")
		}, custody.Holds, "allowed in production"},
	} {
		t.Run(name, f.check)
	}
}

func TestVetoesAfterTheDecision(t *testing.T) {
	for name, f := range map[string]fact{
		"denied after it was allowed": {func(w *world) {
			w.vote("ana", w.allowed(), vote.Deny)
		}, custody.No, "denied by ana at #9"},
		"somebody without a veto changes nothing": {func(w *world) {
			w.vote("eve", w.allowed(), vote.Deny)
		}, custody.Holds, "allowed in production"},
		"a veto that was taken back": {func(w *world) {
			id := w.allowed()
			w.vote("ana", id, vote.Deny)
			w.vote("ana", id, vote.Revoke)
		}, custody.Holds, "allowed in production"},
		"nobody takes back another's veto": {func(w *world) {
			id := w.allowed()
			w.vote("ana", id, vote.Deny)
			w.vote("bob", id, vote.Revoke)
		}, custody.No, "denied by ana"},
		"an old revocation logged again lifts no new veto": {func(w *world) {
			id := w.allowed()
			w.vote("ana", id, vote.Deny)
			revoked := w.vote("ana", id, vote.Revoke)
			w.vote("ana", id, vote.Deny)
			w.logPayload("ci", w.events[revoked].Signed.Payload)
		}, custody.No, "denied by ana at #11"},
		"a veto by another request of the same bytes": {func(w *world) {
			w.allowed()
			w.vote("bob", w.ask("production"), vote.Deny)
		}, custody.No, "denied by bob"},
		"a veto for another environment": {func(w *world) {
			w.allowed()
			w.vote("ana", w.ask("staging"), vote.Deny)
		}, custody.Holds, "allowed in production"},
	} {
		t.Run(name, f.check)
	}
}

func TestOtherBytesUnderTheSameName(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	for fact, c := range map[string]struct {
		name    string
		verdict custody.Verdict
		why     string
	}{
		"the very name":                       {"dist/app", custody.Tampered, "dist/app was recorded as " + digestOf(appSum).String() + " (#8); these bytes are " + digestOf(otherSum).String()},
		"the end of a longer path":            {"/home/ana/dist/app", custody.Tampered, "dist/app was recorded as"},
		"a shorter path":                      {"app", custody.Tampered, "dist/app was recorded as"},
		"an untidy path":                      {"./dist//app", custody.Tampered, "dist/app was recorded as"},
		"half a name":                         {"pp", custody.No, "nothing is known about these bytes"},
		"another folder":                      {"other/app", custody.No, "nothing is known about these bytes"},
		"no name: nothing to compare against": {"", custody.No, "nothing is known about these bytes"},
	} {
		in := w.input()
		in.Digest, in.Name = digestOf(otherSum), c.name
		got, err := custody.Trace(in)
		w.must(err)
		if got.Verdict != c.verdict || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %s: %q", fact, got.Verdict, got.Why)
		}
	}
}

func TestAStrangerNamesNoBytes(t *testing.T) {
	w := newWorld(t)
	w.build("mallory", file("dist/other", appSum))
	in := w.input()
	in.Digest, in.Name = digestOf(otherSum), "dist/other"
	if got, err := custody.Trace(in); err != nil || got.Verdict != custody.No {
		t.Errorf("a stranger's entry made it %s: %s (%v)", got.Verdict, got.Why, err)
	}
}

func TestAStrangersEntryIsShownAndDoesNotCount(t *testing.T) {
	w := newWorld(t)
	w.evidence()
	at := w.build("mallory", app())
	r := w.requestFor("production")
	id := w.askAs("mallory", r)
	w.vote("ana", id, vote.Approve)
	c := w.trace()
	for _, index := range []uint64{at, at + 1} {
		s := stepAt(t, c, index)
		if s.State != custody.Rejected || s.Why != "signed by a key no policy names" || s.Who != "" {
			t.Errorf("#%d is %s by %q: %s", index, s.State, s.Who, s.Why)
		}
	}
	if strings.Contains(story(c), "vote") {
		t.Errorf("votes on a request that does not count are shown:\n%s", story(c))
	}
	if c.Verdict != custody.No || !strings.Contains(found(c), "untrusted: entry #4 (build) is signed by a key no policy names") {
		t.Errorf("%s\n%s", c.Why, found(c))
	}
}

func TestARequestMustKnowItsLog(t *testing.T) {
	for fact, change := range map[string]func(p *event.RequestPredicate){
		"another root": func(p *event.RequestPredicate) { p.Checkpoint.Root = strings.Repeat("00", 32) },
		"a later head": func(p *event.RequestPredicate) { p.Checkpoint.Size += 7 },
	} {
		w := newWorld(t)
		w.evidence()
		p := w.requestFor("production")
		change(&p)
		w.askAs("gate", p)
		if c := w.trace(); c.Verdict != custody.Tampered || !strings.Contains(c.Why, "names a head this log never had") {
			t.Errorf("%s: %s: %s", fact, c.Verdict, c.Why)
		}
	}
}

func TestVotesThatDoNotCount(t *testing.T) {
	w := newWorld(t)
	w.evidence()
	id := w.ask("production")
	stranger := w.vote("eve", id, vote.Approve)
	elsewhere := vote.About(id, w.asked(id))
	elsewhere.Choice, elsewhere.Issued, elsewhere.Environment = vote.Approve, w.tick(), "staging"
	misled := w.voteAs("ana", elsewhere)
	counted := w.vote("bob", id, vote.Approve)
	c := w.trace()
	for index, want := range map[uint64]struct {
		state custody.State
		who   string
		why   string
	}{
		stranger: {custody.Rejected, "", "the key is nobody's in the policy"},
		misled:   {custody.Rejected, "", `the vote is for environment "staging", the request for "production"`},
		counted:  {custody.Proven, "bob", "no decision has looked at it"},
	} {
		s := stepAt(t, c, index)
		if s.State != want.state || s.Who != want.who || !strings.Contains(s.Why, want.why) {
			t.Errorf("#%d is %s by %q: %q", index, s.State, s.Who, s.Why)
		}
	}
}

func TestDocuments(t *testing.T) {
	const document = `{"bomFormat":"CycloneDX"}`
	sum := sha256.Sum256([]byte(document))
	for fact, c := range map[string]struct {
		blob    func(sum [32]byte) ([]byte, error)
		verdict custody.Verdict
		why     string
	}{
		"it is there":        {func([32]byte) ([]byte, error) { return []byte(document), nil }, custody.Holds, ""},
		"it is missing":      {func([32]byte) ([]byte, error) { return nil, fmt.Errorf("no such file") }, custody.Incomplete, "is not there: no such file"},
		"it has other bytes": {func([32]byte) ([]byte, error) { return []byte(document + " "), nil }, custody.Tampered, "has other bytes"},
		"its reader says it was altered": {func([32]byte) ([]byte, error) {
			return nil, fmt.Errorf("read: %w", custody.ErrAltered)
		}, custody.Tampered, "has other bytes"},
		"nobody can read it": {nil, custody.Incomplete, "can't be read here"},
	} {
		w := newWorld(t)
		w.allowed()
		in := w.input()
		in.Blob = c.blob
		got, err := custody.Trace(in)
		w.must(err)
		if got.Verdict != c.verdict || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %s: %s", fact, got.Verdict, got.Why)
		}
		if c.verdict != custody.Holds && !strings.Contains(got.Why, digestOf(sum).String()) {
			t.Errorf("%s: %q does not name the document", fact, got.Why)
		}
	}
}

func TestASignatureThatDoesNotHold(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	signed := w.events[1].Signed
	signed.Signature = w.events[2].Signed.Signature
	at := w.put(signed)
	c := w.trace()
	if c.Verdict != custody.Tampered || !strings.Contains(c.Why, fmt.Sprintf("entry #%d (build): the signature does not hold", at)) {
		t.Errorf("%s: %s", c.Verdict, c.Why)
	}
	if s := stepAt(t, c, at); s.State != custody.Rejected || s.Who != "" {
		t.Errorf("#%d is %s by %q", at, s.State, s.Who)
	}
}

func TestTheHeadMustBeThatOfTheEntries(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	in := w.input()
	in.Head.Root = strings.Repeat("00", 32)
	if c, err := custody.Trace(in); err != nil || c.Verdict != custody.Tampered {
		t.Errorf("%s: %s (%v)", c.Verdict, c.Why, err)
	}
}

func TestInputThatCannotBeTraced(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	for fact, change := range map[string]func(in *custody.Input){
		"no policy":                func(in *custody.Input) { in.Policy = nil },
		"an entry less":            func(in *custody.Input) { in.Events = in.Events[1:] },
		"a hole":                   func(in *custody.Input) { in.Events[3] = nil },
		"entries in another order": func(in *custody.Input) { in.Events[3], in.Events[4] = in.Events[4], in.Events[3] },
	} {
		in := w.input()
		change(&in)
		if _, err := custody.Trace(in); err == nil {
			t.Errorf("%s: no error", fact)
		}
	}
}

func TestEveryEntryLeftOutIsNoticed(t *testing.T) {
	w := newWorld(t)
	id := w.allowed()
	w.deploy("production", event.Healthy, id)
	whole := w.input()
	for i := range whole.Events {
		in := whole
		in.Events = slices.Delete(slices.Clone(whole.Events), i, i+1)
		in.Head.Size--
		if c, err := custody.Trace(in); err == nil && c.Verdict == custody.Holds {
			t.Errorf("without #%d the chain still holds", i)
		}
	}
}

func TestAFoldersDigest(t *testing.T) {
	w := newWorld(t)
	w.build("ci", []event.Subject{{Name: "site", Digest: map[string]string{"dirHash1": strings.Repeat("ab", 32)}}})
	in := w.input()
	in.Digest = event.Digest{Alg: "dirHash1", Hex: strings.Repeat("ab", 32)}
	if c, err := custody.Trace(in); err != nil || story(c) != "build #0 proven" {
		t.Errorf("%s (%v)", story(c), err)
	}
	in.Digest.Alg = "sha256" // the same hex under another algorithm is another thing
	if c, err := custody.Trace(in); err != nil || len(c.Steps) != 0 {
		t.Errorf("%s (%v)", story(c), err)
	}
}

func TestJSONSpeaksInWords(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	data, err := canon.Marshal(w.trace())
	w.must(err)
	var doc struct {
		Verdict string
		Steps   []struct{ State, Kind string }
	}
	w.must(json.Unmarshal(data, &doc))
	if doc.Verdict != "holds" || doc.Steps[0].State != "observed" || doc.Steps[1].State != "proven" {
		t.Errorf("%s", data)
	}
	if custody.Verdict(9).String() != "unknown(9)" {
		t.Error("an unknown verdict has a word")
	}
}
