// SPDX-License-Identifier: Apache-2.0

package admit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/admit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

// A fact is an inbox and what becomes of it.
type fact struct {
	story func(b *inbox)
	want  string
}

func (f fact) check(t *testing.T) {
	b := newInbox(t)
	f.story(b)
	if diff := cmp.Diff(strings.TrimSpace(f.want), b.fates()); diff != "" {
		t.Errorf("(-want +got):\n%s\n%+v", diff, b.sort())
	}
}

func TestWhoMayLog(t *testing.T) {
	for name, f := range map[string]fact{
		"an empty inbox": {func(*inbox) {}, ""},
		"a signer of the policy": {func(b *inbox) {
			b.leave("a", b.test("ci"))
		}, "take a"},
		"a key that no policy names": {func(b *inbox) {
			b.leave("a", b.test("mallory"))
		}, "refuse a: stranger"},
		"a vote, whoever carries it": {func(b *inbox) {
			b.leave("a", b.vote("ana", vote.Approve))
		}, "take a"},
		"a revoke": {func(b *inbox) {
			b.leave("a", b.vote("ana", vote.Revoke))
		}, "take a"},
		"a deny on a request that does not exist": {func(b *inbox) {
			b.leave("a", b.vote("bob", vote.Deny))
		}, "take a"},
		"a stranger's vote": {func(b *inbox) {
			b.leave("a", b.vote("eve", vote.Deny))
		}, "refuse a: stranger"},
		"a stranger's vote in a signer's envelope": {func(b *inbox) {
			b.leave("a", sign(b, machines()["ci"], b.wrapped("eve", b.ballot(vote.Deny))))
		}, "refuse a: stranger"},
		"an approval by a key that ran out": {func(b *inbox) {
			b.leave("a", b.vote("old", vote.Approve))
		}, "refuse a: stranger"},
		"an approval that was signed before the key ran out": {func(b *inbox) {
			p := b.ballot(vote.Approve)
			p.Issued = "2026-02-01T00:00:00Z"
			b.leave("a", sign(b, machines()["ci"], b.wrapped("old", p)))
		}, "refuse a: stranger"},
		"an approval by a key that is still to come": {func(b *inbox) {
			b.leave("a", b.vote("fresh", vote.Approve))
		}, "refuse a: stranger"},
		"a revoke by a key that ran out": {func(b *inbox) {
			b.leave("a", b.vote("old", vote.Revoke))
		}, "refuse a: stranger"},
		"a deny by a key that ran out": {func(b *inbox) {
			b.leave("a", b.vote("old", vote.Deny))
		}, "take a"},
		"a deny by a key that is still to come": {func(b *inbox) {
			b.leave("a", b.vote("fresh", vote.Deny))
		}, "take a"},
		"a vote for another ledger": {func(b *inbox) {
			p := b.ballot(vote.Deny)
			p.Ledger = "other"
			b.leave("a", sign(b, machines()["ci"], b.wrapped("ana", p)))
		}, "refuse a: not a vote here"},
	} {
		t.Run(name, f.check)
	}
}

// TestNothingButEvidenceComesIn goes through every kind there is: those that
// only a holder of the log key writes are refused even from a gate.
func TestNothingButEvidenceComesIn(t *testing.T) {
	for _, k := range event.Kinds() {
		if k.PredicateType == event.VoteType {
			continue
		}
		b := newInbox(t)
		b.leave("a", sign(t, machines()["gate"], statement(t, k.PredicateType, canon.Raw(`{}`))))
		want := "take a"
		if k.Control {
			want = "refuse a: reserved kind"
		}
		if got := b.fates(); got != want {
			t.Errorf("%s: %s, want %s", k.Name, got, want)
		}
	}
	for _, name := range []string{"request", "decision", "consumption", "policy"} {
		if k, err := event.KindNamed(name); err != nil || !k.Control {
			t.Errorf("%s is not a kind that is kept for holders of the log key (%v)", name, err)
		}
	}
	b := newInbox(t)
	b.leave("a", sign(t, machines()["gate"], statement(t, "https://example.org/new/v1", canon.Raw(`{}`))))
	if got := b.fates(); got != "refuse a: unknown kind" {
		t.Errorf("a kind nobody knows: %s", got)
	}
}

func TestGarbage(t *testing.T) {
	for name, f := range map[string]fact{
		"nothing in it": {func(b *inbox) { b.leave("a") }, "refuse a: unreadable"},
		"a hole":        {func(b *inbox) { b.leave("a", b.test("ci"), nil) }, "refuse a: unreadable"},
		"what could not be opened": {func(b *inbox) {
			b.leave("a", b.test("ci"))
			b.parcels[0].Err = errors.New("garbage")
		}, "refuse a: unreadable"},
		"a statement that nobody signed": {func(b *inbox) {
			e := b.test("ci")
			e.Signed.Signature = nil
			b.leave("a", e)
		}, "refuse a: unsigned"},
		"another event's signature": {func(b *inbox) {
			s := b.test("ci").Signed
			s.Signature = b.test("ci").Signed.Signature
			b.leave("a", open(b, s))
		}, "refuse a: forged"},
		"no statement at all": {func(b *inbox) {
			s := b.test("ci").Signed
			s.Payload = []byte("garbage")
			b.leave("a", open(b, s))
		}, "refuse a: unreadable"},
		"a vote in an envelope that does not hold": {func(b *inbox) {
			s := b.vote("ana", vote.Deny).Signed
			s.Signature = b.test("ci").Signed.Signature
			b.leave("a", open(b, s))
		}, "refuse a: forged"},
		"a vote with another vote's inner signature": {func(b *inbox) {
			text, err := vote.NewStatement(b.ballot(vote.Deny))
			must(b, err)
			other := armored(b, "ana", []byte("something else"))
			b.leave("a", sign(b, machines()["ci"], voteOf(b, text, other)))
		}, "refuse a: forged"},
		"a vote whose outside is about another request": {func(b *inbox) {
			text, err := vote.NewStatement(b.ballot(vote.Deny))
			must(b, err)
			payload := statement(b, event.VoteType, event.VotePredicate{Statement: text, SSHSIG: string(armored(b, "ana", text))})
			b.leave("a", sign(b, machines()["ci"], payload))
		}, "refuse a: not a vote here"},
		"good ones beside a bad one": {func(b *inbox) {
			b.leave("a", b.test("ci"), b.vote("ana", vote.Deny), b.test("mallory"), b.test("lab"))
			b.leave("b", b.test("ci"))
		}, "take b\nrefuse a: stranger"},
		"a large one": {func(b *inbox) {
			b.leave("a", b.test("ci"))
			b.parcels[0].Size = 16<<20 + 1
		}, "refuse a: too large"},
		"too many events": {func(b *inbox) {
			e := b.test("ci")
			b.leave("a", slices.Repeat([]*event.Event{e}, 1025)...)
			b.leave("b", slices.Repeat([]*event.Event{e}, 1024)...)
		}, "take b\nrefuse a: too large"},
	} {
		t.Run(name, f.check)
	}
}

// voteOf wraps what vote.Wrap refuses to.
func voteOf(b *inbox, text, sshsig []byte) []byte {
	b.Helper()
	p, err := vote.ParseStatement(text)
	must(b, err)
	payload, err := event.NewStatement(event.VoteType,
		[]event.Subject{{Name: "request", Digest: map[string]string{"sha256": p.Request}}},
		event.VotePredicate{Statement: text, SSHSIG: string(sshsig)})
	must(b, err)
	return payload
}

func TestWhatIsThereAlready(t *testing.T) {
	for name, f := range map[string]fact{
		"all of it": {func(b *inbox) {
			e, v := b.test("ci"), b.vote("ana", vote.Approve)
			b.logged = []*event.Event{e, v}
			b.leave("a", e, v)
		}, "done a"},
		"a part of it": {func(b *inbox) {
			e := b.test("ci")
			b.logged = []*event.Event{e}
			b.leave("a", e, b.test("ci"))
		}, "take a"},
		"the same event in two parcels": {func(b *inbox) {
			e := b.test("ci")
			b.leave("a", e).leave("b", e)
		}, "take a\ndone b"},
		"the same signature twisted into another": {func(b *inbox) {
			e := b.test("ci")
			again, err := event.Sign(e.Signed.Payload, machines()["ci"])
			must(b, err)
			b.logged = []*event.Event{e}
			b.leave("a", open(b, again))
		}, "done a"},
		"a vote in another envelope": {func(b *inbox) {
			v := b.vote("ana", vote.Approve)
			b.logged = []*event.Event{v}
			b.leave("a", sign(b, newMachine(), v.Signed.Payload))
		}, "done a"},
		"a vote in a hundred envelopes": {func(b *inbox) {
			v := b.vote("ana", vote.Approve)
			for i := range 3 {
				b.leave(fmt.Sprint("copy", i), sign(b, newMachine(), v.Signed.Payload))
			}
		}, "take copy0\ndone copy1\ndone copy2"},
		"a stranger's event that somebody logged": {func(b *inbox) {
			e := b.test("mallory")
			b.logged = []*event.Event{e}
			b.leave("a", e)
		}, "done a"},
		"beside what is bad": {func(b *inbox) {
			e := b.test("ci")
			b.logged = []*event.Event{e}
			b.leave("a", e, b.test("mallory"))
		}, "refuse a: stranger"},
		"nobody can say what the log has": {func(b *inbox) {
			e := b.test("ci")
			b.logged = []*event.Event{e}
			b.leave("a", e)
			b.edit = func(in *admit.Input) { in.Known, in.Voted = nil, nil }
		}, "take a"},
	} {
		t.Run(name, f.check)
	}
}

// TestABrokenVoteInTheLogHoldsNothing: a log that holds a vote in an envelope
// whose signature does not hold has not got the vote.
func TestABrokenVoteInTheLogHoldsNothing(t *testing.T) {
	b := newInbox(t)
	v := b.vote("ana", vote.Deny)
	broken := v.Signed
	broken.Signature = b.test("ci").Signed.Signature
	broken.Verifier = machines()["ci"].Verifier()
	b.logged = []*event.Event{nil, open(t, broken), b.test("ci")}
	b.leave("a", v)
	if got := b.fates(); got != "take a" {
		t.Error(got)
	}
}

func TestOrder(t *testing.T) {
	for name, f := range map[string]fact{
		"the oldest by its own time": {func(b *inbox) {
			late, early := b.testAt("ci", "2026-03-02T12:00:00Z"), b.testAt("lab", "2026-03-02T11:00:00Z")
			b.leave("a", late).leave("b", early)
		}, "take b\ntake a"},
		"a parcel is as old as the oldest of it": {func(b *inbox) {
			b.leave("a", b.testAt("ci", "2026-03-02T12:00:00Z"))
			b.leave("b", b.testAt("ci", "2026-03-02T13:00:00Z"), b.testAt("lab", "2026-03-02T11:00:00Z"))
		}, "take b\ntake a"},
		"what the log holds makes no parcel older": {func(b *inbox) {
			old := b.testAt("ci", "2020-01-01T00:00:00Z")
			b.logged = []*event.Event{old}
			b.leave("a", b.testAt("ci", "2026-03-02T12:00:00Z"))
			b.leave("b", old, b.testAt("ci", "2026-03-02T13:00:00Z"))
		}, "take a\ntake b"},
		"ties by name": {func(b *inbox) {
			for _, name := range []string{"c", "a", "b"} {
				b.leave(name, b.testAt("ci", "2026-03-02T12:00:00Z"))
			}
		}, "take a\ntake b\ntake c"},
		"without a time last": {func(b *inbox) {
			b.leave("a", b.testAt("ci", ""))
			b.leave("b", b.testAt("ci", "yesterday"))
			b.leave("c", b.testAt("ci", "2026-03-02T12:00:00Z"))
		}, "take c\ntake a\ntake b"},
		"denies first": {func(b *inbox) {
			b.leave("a", b.testAt("ci", "2020-01-01T00:00:00Z"))
			b.leave("b", b.vote("ana", vote.Approve))
			b.leave("c", b.vote("bob", vote.Deny))
			b.leave("d", b.testAt("lab", "2019-01-01T00:00:00Z"), b.vote("ana", vote.Deny))
		}, "take d\ntake c\ntake a\ntake b"},
		"a document is as old as it says": {func(b *inbox) {
			b.leave("a", b.testAt("ci", "2026-03-02T12:00:00Z"))
			b.leave("b", sign(b, machines()["ci"], statement(b, event.CycloneDXType,
				canon.Raw(`{"bomFormat":"CycloneDX","metadata":{"timestamp":"2026-03-02T11:00:00Z"}}`))))
		}, "take b\ntake a"},
	} {
		t.Run(name, f.check)
	}
}

func TestTheSameInboxHasTheSamePlan(t *testing.T) {
	b := newInbox(t)
	b.limits.PerSigner = 2
	for i := range 5 {
		b.leave(fmt.Sprint(i), b.test("ci"), b.test("lab"), b.vote("ana", vote.Deny))
	}
	if a, c := b.sort(), b.sort(); !reflect.DeepEqual(a, c) {
		t.Error(cmp.Diff(a, c))
	}
}

func TestWithoutAPolicyNothingIsTakenOrRefused(t *testing.T) {
	b := newInbox(t)
	b.leave("a", b.test("ci")).leave("b", b.vote("ana", vote.Deny)).leave("c")
	b.edit = func(in *admit.Input) { in.Policy = nil }
	if got := b.fates(); got != "refuse c: unreadable\ndefer a\ndefer b" {
		t.Error(got)
	}
	if p := admit.Sort(admit.Input{}); len(p.Take)+len(p.Defer)+len(p.Refuse)+len(p.Done) != 0 {
		t.Errorf("%+v", p)
	}
}

func TestSummary(t *testing.T) {
	b := newInbox(t)
	b.limits.PerSigner = 1
	e := b.test("ci")
	b.logged = []*event.Event{e}
	b.leave("a", e).leave("b", b.test("ci")).leave("c", b.test("ci")).leave("d", b.test("mallory")).leave("\x1b[2J")
	p := b.sort()
	want := "1 parcel taken, 1 already there, 1 deferred (ci: 1 over the quota of events), 2 refused (stranger: 1, unreadable: 1)"
	if got := p.Summary(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (admit.Plan{}).Summary(); got != "0 parcels taken" {
		t.Errorf("nothing: %q", got)
	}
	if n := p.Refused(); n[admit.Stranger] != 1 || n[admit.Unreadable] != 1 || len(n) != 2 {
		t.Errorf("%v", n)
	}
}

func TestAPlanHasOneJSONForm(t *testing.T) {
	data, err := json.Marshal(admit.Sort(admit.Input{}))
	must(t, err)
	want := `{"take":[],"done":[],"refuse":[],"defer":[],"unjudged":[],"signers":[]}`
	if string(data) != want {
		t.Errorf("%s, want %s", data, want)
	}
}

// TestRefusalsAreShort: what a stranger writes must not fill the log of
// whoever integrates.
func TestRefusalsAreShort(t *testing.T) {
	b := newInbox(t)
	b.leave("a", sign(t, machines()["mallory"], statement(t, "https://"+strings.Repeat("x", 100_000), canon.Raw(`{}`))))
	p := b.ballot(vote.Deny)
	p.Ledger = strings.Repeat("x", 1000)
	b.leave("b", sign(t, machines()["mallory"], b.wrapped("ana", p)))
	for _, r := range b.sort().Refuse {
		if len(r.Why) > 300 {
			t.Errorf("%d bytes: %.400s", len(r.Why), r.Why)
		}
	}
}

// FuzzSort: whatever bytes are in a parcel, it has one fate, and only what
// somebody of the policy signed is taken.
func FuzzSort(f *testing.F) {
	b := newInbox(f)
	for _, e := range []*event.Event{b.test("ci"), b.test("mallory"), b.vote("ana", vote.Deny), b.vote("eve", vote.Deny)} {
		body, err := e.Signed.Body()
		must(f, err)
		f.Add(e.Leaf, body, 100)
	}
	f.Add([]byte{}, []byte{}, -1)
	f.Fuzz(func(t *testing.T, leaf, body []byte, size int) {
		e, err := event.Open(0, leaf, body)
		in := b.input()
		in.Parcels = []admit.Parcel{{Name: "fuzz", Err: err, Size: size}}
		if err == nil {
			in.Parcels[0].Events = []*event.Event{e}
		}
		p := admit.Sort(in)
		partition(t, in, p)
		if len(p.Take) == 0 {
			return
		}
		if e.Verify() != nil {
			t.Error("taken, and the signature does not hold")
		}
		if v, err := vote.Open(e); err == nil {
			if _, err := in.Policy.PrincipalOf(v.Key, time.Time{}); err != nil && v.Predicate.Choice != vote.Deny {
				t.Error("taken, and nobody of the policy voted")
			}
		} else if _, _, err := in.Policy.Signer(e, nil); err != nil {
			t.Errorf("taken, and nobody of the policy signed: %v", err)
		}
	})
}
