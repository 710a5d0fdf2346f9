// SPDX-License-Identifier: Apache-2.0

package custody_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/custody"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

func (w *world) permission(environment string) custody.Chain {
	w.t.Helper()
	c, err := custody.Decision(w.input(), environment)
	w.must(err)
	return c
}

// TestADenialThatIsUsedUpAllowsNothing lets a gate's key log an honest no, and
// right after it a consumption, as if it had been a yes.
func TestADenialThatIsUsedUpAllowsNothing(t *testing.T) {
	w := newWorld(t)
	w.evidence()
	p := w.requestFor("production")
	p.Policy = strings.Repeat("0", 64) // superseded, so the answer is no
	id := w.askAs("gate", p)
	at := w.gate(id, "7")
	w.consume(id, "7")

	if s := stepAt(t, w.trace(), at); s.State != custody.Proven || !strings.HasPrefix(s.Summary, "denied") {
		t.Fatalf("#%d is %s: %s", at, s.State, s.Summary)
	}
	if c := w.permission("production"); c.Verdict != custody.No || standing(t, c, "production").Allowed {
		t.Errorf("verify decision: %s: %s", c.Verdict, c.Why)
	}
	w.deploy("production", event.Healthy, id)
	if c := w.trace(); c.Verdict != custody.No || standing(t, c, "production").Bypassed == nil {
		t.Errorf("verify artifact: %s: %s", c.Verdict, c.Why)
	}
	if c, err := custody.Current(w.input(), "production"); err != nil || c.Verdict != custody.No {
		t.Errorf("verify environment: %s: %s, %v", c.Verdict, c.Why, err)
	}
}

// TestAnOldRevokeLiftsNoNewerDeny lets somebody who kept a revoke log it after
// its author changed their mind.
func TestAnOldRevokeLiftsNoNewerDeny(t *testing.T) {
	w := newWorld(t)
	id := w.allowed()
	kept := vote.About(id, w.asked(id))
	kept.Choice, kept.Issued = vote.Revoke, w.tick()
	w.vote("bob", id, vote.Deny)
	w.voteAs("bob", kept)
	if c := w.permission("production"); c.Verdict != custody.No {
		t.Errorf("%s: %s", c.Verdict, c.Why)
	}
	w.vote("bob", id, vote.Revoke)
	if c := w.permission("production"); c.Verdict != custody.Holds {
		t.Errorf("after a revoke of now: %s: %s", c.Verdict, c.Why)
	}
}

// TestARevokeLoggedAgainLiftsNothing re-wraps votes in another envelope.
func TestARevokeLoggedAgainLiftsNothing(t *testing.T) {
	w := newWorld(t)
	id := w.allowed()
	w.vote("bob", id, vote.Deny)
	revoke := w.vote("bob", id, vote.Revoke)
	w.vote("bob", id, vote.Deny)
	w.logPayload("ci", slices.Clone(w.events[revoke].Signed.Payload))
	if c := w.permission("production"); c.Verdict != custody.No {
		t.Errorf("%s: %s", c.Verdict, c.Why)
	}
}
