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
	"github.com/gateledger/gateledger/internal/vote"
)

func TestUntrustedReportsNeverCount(t *testing.T) {
	w := newWorld(t)
	w.evidence()
	at := w.log("ci", "untrusted-report", code(), event.UntrustedReportPredicate{
		Source: "a fork", Commit: commitSHA, Media: "application/xml", Digest: digestOf(otherSum).String(), Size: 12, Context: w.context(),
	})
	forged := w.log("mallory", "untrusted-report", app(), event.UntrustedReportPredicate{
		Source: "nowhere", Commit: commitSHA, Media: "application/xml", Digest: digestOf(otherSum).String(), Size: 12, Context: w.context(),
	})
	c := w.trace()
	for _, index := range []uint64{at, forged} {
		if s := stepAt(t, c, index); s.State != custody.Rejected || !strings.Contains(s.Why, "nobody vouches for it") {
			t.Errorf("%+v", s)
		}
	}
	for _, s := range c.Steps {
		if slices.Contains(s.Links, at) || slices.Contains(s.Links, forged) {
			t.Errorf("%s #%d rests on a report", s.Kind, s.Index)
		}
	}
	if s := stepAt(t, c, at); s.Summary != "a report (application/xml, 12 bytes) came from a fork" {
		t.Errorf("%q", s.Summary)
	}
	if !strings.Contains(found(c), fmt.Sprintf("untrusted: entry #%d (untrusted-report) is signed by a key no policy names", forged)) {
		t.Errorf("findings:\n%s", found(c))
	}
}

func TestPermissionsEnd(t *testing.T) {
	for fact, c := range map[string]struct {
		age     time.Duration // of the decision
		limit   time.Duration
		verdict custody.Verdict
		why     string
	}{
		"no limit":                       {10_000 * time.Hour, 0, custody.Holds, "allowed by decision #7"},
		"young enough":                   {time.Hour, 2 * time.Hour, custody.Holds, "allowed by decision #7"},
		"as old as it may be":            {2 * time.Hour, 2 * time.Hour, custody.No, "production: the permission has ended: decision #7 is of 2026-03-02T"},
		"older":                          {3 * time.Hour, 2 * time.Hour, custody.No, "and it is good for 2h0m0s"},
		"clocks may differ a little":     {-time.Minute, time.Hour, custody.Holds, "allowed by decision #7"},
		"a decision of the future is no": {-time.Hour, time.Hour, custody.No, "which is still to come"},
	} {
		t.Run(fact, func(t *testing.T) {
			w := newWorld(t)
			w.allowed()
			in := w.input()
			decided, err := time.Parse(time.RFC3339, stepAt(t, w.trace(), 7).Time)
			w.must(err)
			in.MaxAge, in.Now = c.limit, decided.Add(c.age)
			got, err := custody.Decision(in, "production")
			w.must(err)
			if got.Verdict != c.verdict || !strings.Contains(got.Why, c.why) || standing(t, got, "production").Allowed != (c.verdict == custody.Holds) {
				t.Errorf("%s: %q", got.Verdict, got.Why)
			}
			if all, err := custody.Trace(in); err != nil || all.Verdict != custody.Holds {
				t.Errorf("the whole story: %s: %s (%v)", all.Verdict, all.Why, err)
			}
		})
	}
}

func TestAPermissionThatEndsNeedsTheTime(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	in := w.input()
	in.MaxAge = time.Hour
	if _, err := custody.Decision(in, "production"); err == nil {
		t.Error("no time, and no error")
	}
	in.MaxAge, in.Now = -time.Hour, w.clock
	if _, err := custody.Decision(in, "production"); err == nil {
		t.Error("a negative age, and no error")
	}
}

// TestANewDecisionRenewsAPermission: the newest one counts.
func TestANewDecisionRenewsAPermission(t *testing.T) {
	w := newWorld(t)
	w.allowed()
	w.clock = w.clock.Add(30 * time.Hour)
	w.t = t
	id := w.ask("production")
	w.vote("ana", id, vote.Approve)
	w.vote("bob", id, vote.Approve)
	w.gate(id, "8")
	in := w.input()
	in.MaxAge, in.Now = time.Hour, w.clock
	if c, err := custody.Decision(in, "production"); err != nil || c.Verdict != custody.Holds {
		t.Errorf("%s: %s (%v)", c.Verdict, c.Why, err)
	}
}
