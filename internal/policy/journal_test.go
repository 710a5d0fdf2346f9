// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// The sieve finds every entry that event.Kind would, and none twice.
func TestJournalSortsAsReadingWould(t *testing.T) {
	w := newWorld(t, rulesOfTests).play(quorum(
		test(event.Passed), sbom(), reference(event.CycloneDXMedia), consume(), deploy(), decide("2026-03-01T11:00:00Z"),
		sbom(about(event.Subject{Name: `x","predicateType":"` + event.VoteType + `"`, Digest: artifact("x").Digest})),
	)...)
	j, err := openJournal(w.events)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range w.events {
		for _, k := range event.Kinds() {
			in := slices.ContainsFunc(j.of(k.Name), func(o entry) bool { return o.Index == e.Index })
			if in != (e.Kind() == k.Name) {
				t.Errorf("entry #%d is a %s; among those of kind %s: %v", e.Index, e.Kind(), k.Name, in)
			}
		}
	}
}

func TestJournalPassesOverWhatIsNoStatement(t *testing.T) {
	events := []*event.Event{
		{Index: 0, Signed: event.Signed{Payload: []byte("{}")}},
		{Index: 1, Signed: event.Signed{Payload: []byte(`"predicateType":"`)}},
		{Index: 2, Signed: event.Signed{Payload: []byte(`{"predicateType":"https://example.org/x"}`)}},
		nil,
		{Index: 4},
	}
	j, err := openJournal(events)
	if err != nil || len(j.entries) != 0 || !slices.Equal(j.lost, []uint64{3, 4}) {
		t.Errorf("%v, lost %v, %v", j.entries, j.lost, err)
	}
}

func TestShares(t *testing.T) {
	digests := func(pairs ...string) event.Subject {
		s := event.Subject{Digest: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			s.Digest[pairs[i]] = pairs[i+1]
		}
		return s
	}
	a, b := artifact("a").Digest["sha256"], artifact("b").Digest["sha256"]
	for fact, test := range map[string]struct {
		x, y event.Subject
		want bool
	}{
		"the same digest":             {digests("sha256", a), digests("sha256", a), true},
		"another digest":              {digests("sha256", a), digests("sha256", b), false},
		"the same under another name": {digests("sha256", a), digests("dirHash1", a), false},
		"no digest":                   {digests(), digests(), false},
		"one agrees, one is alone":    {digests("sha256", a, "dirHash1", b), digests("sha256", a), true},
		"one agrees, one does not":    {digests("sha256", a, "dirHash1", a), digests("sha256", a, "dirHash1", b), false},
		"an algorithm of no worth":    {digests("md5", a), digests("md5", a), false},
	} {
		if shares(test.x, test.y) != test.want || shares(test.y, test.x) != test.want {
			t.Errorf("%s: not %v", fact, test.want)
		}
	}
}

// Bytes that somebody put into the log without a key of the policy change no
// answer.
func FuzzStrangersBytes(f *testing.F) {
	rules := "\n    require: [{role: security, count: 1}, {role: lead, count: 2}]\n    gate: gate\n    exclude: [author]\n    evidence: [{event: test, by: ci}]\n"
	w := newWorld(f, rules).play(quorum(test(event.Passed))...)
	if d := w.evaluate(); d.Verdict != Allowed {
		f.Fatal(tell(d))
	}
	seeds := newWorld(f, rules).play(usual(
		deny("mallory"), approve("mallory"), test(event.Failed), sbom(), consume(inRun("run-2")), deploy(), reference(event.CycloneDXMedia),
	)...)
	for _, e := range seeds.events {
		f.Add(e.Signed.Payload)
	}
	stranger := machines()["stranger"].pub
	f.Fuzz(func(t *testing.T, payload []byte) {
		more := *w
		more.TB = t
		more.events = append(slices.Clone(w.events), &event.Event{Index: uint64(len(w.events)), Signed: event.Signed{Payload: payload, Verifier: stranger}})
		d := more.evaluate()
		if want := Allowed; len(payload) > 0 && d.Verdict != want {
			t.Errorf("%s\n%s", payload, tell(d))
		}
	})
}
