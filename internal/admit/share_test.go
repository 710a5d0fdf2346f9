// SPDX-License-Identifier: Apache-2.0

package admit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gateledger/gateledger/internal/admit"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

func TestQuotas(t *testing.T) {
	many := func(b *inbox, name, by string, n int) {
		for i := range n {
			b.leave(fmt.Sprintf("%s%d", name, i), b.test(by))
		}
	}
	for name, f := range map[string]fact{
		"by signer, the oldest first": {func(b *inbox) {
			b.limits.PerSigner = 2
			many(b, "ci", "ci", 3)
			many(b, "lab", "lab", 1)
		}, "take ci0\ntake ci1\ntake lab0\ndefer ci2"},
		"in all, fair to everybody": {func(b *inbox) {
			b.limits.Total = 4
			many(b, "ci", "ci", 5)
			many(b, "lab", "lab", 2)
		}, "take ci0\ntake ci1\ntake lab0\ntake lab1\ndefer ci2\ndefer ci3\ndefer ci4"},
		"in bytes": {func(b *inbox) {
			b.limits.Bytes = 5000
			many(b, "ci", "ci", 2)
			many(b, "lab", "lab", 1)
			for i := range b.parcels {
				b.parcels[i].Size = 2400
			}
		}, "take ci0\ntake lab0\ndefer ci1"},
		"a large parcel waits for nobody else's": {func(b *inbox) {
			b.limits.PerSigner = 2
			b.leave("big", b.test("ci"), b.test("ci"), b.test("ci"))
			many(b, "lab", "lab", 1)
		}, "take big\ntake lab0"},
		"a large parcel is the only one of its signer": {func(b *inbox) {
			b.limits.PerSigner = 2
			b.leave("big", b.test("ci"), b.test("ci"), b.test("ci"))
			many(b, "more", "ci", 1)
		}, "take big\ndefer more0"},
		"a smaller one fits where a large one does not": {func(b *inbox) {
			b.limits.PerSigner = 3
			many(b, "first", "ci", 1)
			b.leave("big", b.test("ci"), b.test("ci"), b.test("ci"))
			many(b, "small", "ci", 1)
		}, "take first0\ntake small0\ndefer big"},
		"people have theirs, whoever carries the vote": {func(b *inbox) {
			b.limits.PerSigner = 1
			b.leave("a", sign(b, machines()["ci"], b.wrapped("ana", b.ballot(vote.Approve))))
			b.leave("b", sign(b, machines()["lab"], b.wrapped("ana", b.ballot(vote.Approve))))
			b.leave("c", b.vote("bob", vote.Approve))
			b.leave("d", b.test("ci"))
		}, "take a\ntake c\ntake d\ndefer b"},
		"one full signer of a parcel is enough": {func(b *inbox) {
			b.limits.PerSigner = 1
			b.leave("a", b.test("ci"))
			b.leave("b", b.test("lab"), b.test("ci"))
			b.leave("c", b.test("lab"))
		}, "take a\ntake c\ndefer b"},
		"denies have their own": {func(b *inbox) {
			b.limits = admit.Limits{PerSigner: 1, Total: 1, Denies: 2, Bytes: 1}
			many(b, "ci", "ci", 2)
			for i := range 3 {
				b.leave(fmt.Sprint("deny", i), b.vote("bob", vote.Deny))
			}
			b.leave("other", b.vote("ana", vote.Deny))
		}, "take deny0\ntake deny1\ntake other\ntake ci0\ndefer ci1\ndefer deny2"},
		"a deny lets nothing else through": {func(b *inbox) {
			b.limits.PerSigner = 1
			b.leave("a", b.vote("bob", vote.Deny), b.test("ci"))
			b.leave("b", b.vote("bob", vote.Deny), b.test("ci"))
			b.leave("c", b.vote("bob", vote.Deny))
		}, "take a\ntake c\ndefer b"},
		"what the log holds costs nothing": {func(b *inbox) {
			b.limits.PerSigner = 1
			e := b.test("ci")
			b.logged = []*event.Event{e}
			b.leave("a", e, b.test("ci")).leave("b", e)
		}, "take a\ndone b"},
	} {
		t.Run(name, f.check)
	}
}

// TestOneSignerFloods: ten thousand parcels of one signer, all of them older
// than anybody else's, keep nobody waiting, and none is lost.
func TestOneSignerFloods(t *testing.T) {
	b := newInbox(t)
	b.limits = admit.Limits{PerSigner: 64, Total: 100}
	const flood = 10_000
	for i := range flood {
		b.leave(fmt.Sprintf("flood%05d", i), b.testAt("ci", "2001-01-01T00:00:00Z"))
	}
	for i := range 40 {
		b.leave(fmt.Sprintf("lab%02d", i), b.test("lab"))
	}
	b.leave("veto", b.vote("ana", vote.Deny))
	p := b.sort()
	if len(p.Take) != 101 || len(p.Defer) != flood-60 || len(p.Refuse) != 0 {
		t.Fatalf("%s", p.Summary())
	}
	if got := b.parcels[p.Take[0]].Name; got != "veto" {
		t.Errorf("%s goes first", got)
	}
	want := []admit.Count{{Name: "ana", Person: true, Taken: 1}, {Name: "ci", Taken: 60, Deferred: flood - 60}, {Name: "lab", Taken: 40}}
	if diff := cmp.Diff(want, p.Signers); diff != "" {
		t.Error(diff)
	}
}

// TestNobodyRidesOnAnothersVote: parcels that carry somebody's pending vote
// beside their own events get nothing for it, and the voter loses nothing.
func TestNobodyRidesOnAnothersVote(t *testing.T) {
	b := newInbox(t)
	b.limits = admit.Limits{PerSigner: 3, Total: 8}
	first, second := b.vote("ana", vote.Approve), b.vote("ana", vote.Approve)
	for i := range 20 {
		b.leave(fmt.Sprintf("rider%02d", i), first, b.testAt("ci", "2001-01-01T00:00:00Z"))
	}
	b.leave("second", second)
	b.leave("lab", b.test("lab"))
	p := b.sort()
	want := []admit.Count{{Name: "ana", Person: true, Taken: 2}, {Name: "ci", Taken: 3, Deferred: 17}, {Name: "lab", Taken: 1}}
	if diff := cmp.Diff(want, p.Signers); diff != "" {
		t.Errorf("%s\n%s", diff, b.words(p))
	}
}

// TestEverythingIsTakenInTheEnd repeats until the inbox is empty.
func TestEverythingIsTakenInTheEnd(t *testing.T) {
	b := newInbox(t)
	b.limits = admit.Limits{PerSigner: 3, Total: 5, Denies: 2}
	for i := range 12 {
		b.leave(fmt.Sprintf("a%d", i), b.test("ci"), b.test("lab"), b.vote("bob", vote.Deny))
		b.leave(fmt.Sprintf("b%d", i), b.test("ci"), b.test("ci"), b.test("ci"), b.test("ci"), b.test("ci"), b.test("ci"))
		b.leave(fmt.Sprintf("c%d", i), b.vote("ana", vote.Approve))
	}
	for range 100 {
		p := b.sort()
		if len(p.Take) == 0 && len(p.Defer) > 0 {
			t.Fatalf("stuck: %s", p.Summary())
		}
		for _, i := range p.Take {
			b.logged = append(b.logged, b.parcels[i].Events...)
		}
		var left []admit.Parcel
		for _, i := range p.Defer {
			left = append(left, b.parcels[i])
		}
		if b.parcels = left; len(left) == 0 {
			return
		}
	}
	t.Errorf("%d parcels are left", len(b.parcels))
}

// TestOrderOfTheInboxDoesNotMatter shuffles it.
func TestOrderOfTheInboxDoesNotMatter(t *testing.T) {
	b := newInbox(t)
	b.limits = admit.Limits{PerSigner: 3, Total: 6}
	shared := b.vote("ana", vote.Approve)
	for i := range 6 {
		b.leave(fmt.Sprint("a", i), b.testAt("ci", "2026-03-02T12:00:00Z"))
		b.leave(fmt.Sprint("b", i), b.test("lab"), shared)
		b.leave(fmt.Sprint("c", i), b.test("mallory"))
		b.leave(fmt.Sprint("d", i), b.vote("bob", vote.Deny))
	}
	names := func() map[string][]string {
		p, out := b.sort(), map[string][]string{}
		for word, list := range map[string][]int{"done": p.Done, "defer": p.Defer} {
			for _, i := range list {
				out[word] = append(out[word], b.parcels[i].Name)
			}
			slices.Sort(out[word])
		}
		for _, i := range p.Take {
			out["take"] = append(out["take"], b.parcels[i].Name)
		}
		return out
	}
	want := names()
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		random.Shuffle(len(b.parcels), func(i, j int) { b.parcels[i], b.parcels[j] = b.parcels[j], b.parcels[i] })
		if diff := cmp.Diff(want, names()); diff != "" {
			t.Fatal(diff)
		}
	}
}

// Anybody who can push could put a vote that waits into an envelope of their
// own, without its proof of time, and so have it logged bare for good.
func TestACopyInAnotherEnvelopeDoesNotTakeTheProofAway(t *testing.T) {
	c := newCloud(t)
	payload := c.wrapped("ana", c.ballot(vote.Approve))
	e := sign(c, machines()["ci"], payload) // ana's envelope, with a token
	at := c.tick()
	c.leave("b-anas", c.stamped(e, c.sigstore.stamp(e.Signed.Signature, at)))
	c.leave("a-mallorys", sign(c, machines()["mallory"], payload)) // a name is easily found
	p := c.sort()
	if len(p.Take) == 0 || c.parcels[p.Take[0]].Name != "b-anas" {
		t.Errorf("the proof of time is lost:\n%s", c.words(p))
	}
}
