// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/event"
)

// unsigned takes the snapshots at the end of the log out of it.
func (w *world) unsigned() (in Input, shown []event.ForgeVotesPredicate) {
	w.Helper()
	events := w.events
	for len(events) > 0 && events[len(events)-1].Is("forge-votes") {
		p, err := event.DecodePredicate[event.ForgeVotesPredicate](events[len(events)-1])
		if err != nil {
			w.Fatal(err)
		}
		shown = append([]event.ForgeVotesPredicate{p}, shown...)
		events = events[:len(events)-1]
	}
	return Input{
		Policy: w.p, Request: w.ids["r1"], Events: events, Now: w.now, Run: w.run,
		Head: event.Checkpoint{Size: uint64(len(events)), Root: strings.Repeat("0", 64)},
	}, shown
}

// What is foreseen says what would be said if a gate had logged it.
func TestForeseeIsWhatWouldBe(t *testing.T) {
	for name, steps := range map[string][]step{
		"nobody has voted":     asked(comments(), reviews()),
		"some have":            asked(comments(yes(4)), reviews(yes(22))),
		"enough have":          asked(comments(yes(4)), reviews(yes(22), yes(3))),
		"a veto":               asked(comments(yes(4)), reviews(yes(22), yes(3), nay(1))),
		"read an hour ago":     asked(comments(yes(4)), snap("github-review", votes(yes(22), yes(3)), readAt("2026-03-01T10:00:00Z"))),
		"one of two was read":  asked(comments(yes(4))),
		"a deny was logged":    asked(reviews(nay(1)), approve("dave"), comments(), reviews(yes(22), yes(3))),
		"it was taken back":    asked(comments(yes(4), back(4)), reviews(yes(22), yes(3))),
		"signatures alone":     asked(approve("dave"), approve("bob"), approve("carol"), comments(), reviews()),
		"of another forge":     asked(comments(yes(4)), snap("github-review", votes(yes(22), yes(3)), func(_ *world, p *event.ForgeVotesPredicate) { p.Host = "ghe.acme.io" })),
		"of another commit":    asked(comments(yes(4)), snap("github-review", votes(yes(22), yes(3)), func(_ *world, p *event.ForgeVotesPredicate) { p.Commit = otherCommit })),
		"of no request at all": asked(comments(yes(4)), snap("github-review", votes(yes(22), yes(3)), func(_ *world, p *event.ForgeVotesPredicate) { p.Request = strings.Repeat("0", 64) })),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, forgeRules).play(steps...)
			want := w.evaluate()
			in, shown := w.unsigned()
			got, err := Foresee(in, shown)
			if err != nil || got.Verdict != want.Verdict || len(got.Unknown) != len(want.Unknown) || len(got.Votes) != len(want.Votes) {
				t.Errorf("%v: %s, %s; want %s, %s", err, got.Verdict, got.Why, want.Verdict, want.Why)
			}
		})
	}
}

// A foreseen snapshot that is not whole is none.
func TestForeseeLeavesOutWhatIsNoSnapshot(t *testing.T) {
	w := newWorld(t, forgeRules).play(asked(comments(yes(4)), reviews(yes(22), yes(3)))...)
	in, shown := w.unsigned()
	shown[1].Source = ""
	d, err := Foresee(in, shown)
	if err != nil || d.Verdict != Pending || len(d.Unknown) == 0 {
		t.Errorf("%v: %+v", err, d)
	}
	in.Now = in.Now.AddDate(0, 0, 400)
	if d, err := Foresee(in, shown[:1]); err != nil || d.Verdict == Allowed {
		t.Errorf("%v: %+v", err, d)
	}
	if _, err := Foresee(Input{}, shown); err == nil {
		t.Error("no policy")
	}
}
