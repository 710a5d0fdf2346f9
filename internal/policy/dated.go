// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"cmp"
	"fmt"
	"time"
)

// How times are proven.
//
// In a dated environment nobody's own clock is enough. A token of a timestamp
// authority proves that a signature was there at a time, so what is signed is
// not younger than it says; what it says itself may only be earlier. That is
// why an age counts from the earlier of the two, and why a time that was still
// to come when the token was made is a lie or a wrong clock. That a vote is not
// older than its request, and a test not older than its commit, their hashes
// prove.
//
// Tokens stand beside an entry and not in the log's hashes: whoever keeps the
// ledger can drop one. Then nobody can tell, and nothing is allowed by it.

// clockProof says what the rules about now rest on.
func (e *evaluation) clockProof() string {
	if e.clocked {
		return Proven
	}
	return Observed
}

// requestIsDated asks when the request was there already.
func (e *evaluation) requestIsDated() {
	if !e.env.Dated {
		return
	}
	r := Rule{Name: "the request's time is proven", State: Met}
	m := e.proven(e.asked.Event)
	switch {
	case m.err != nil:
		r.State, r.Why = Undecidable, m.err.Error()
	case e.created.After(m.at.Add(skew)):
		r.State, r.Why = Broken, fmt.Sprintf("it says it was made at %s, and was there at %s already", e.request.Created, utc(m.at))
	default:
		r.Why = "it was there at " + utc(m.at)
	}
	e.rule(r)
}

// nowIsProven compares the clock with a token that was made for this request
// at this head.
func (e *evaluation) nowIsProven() {
	if !e.env.Dated {
		return
	}
	r := Rule{Name: "the time of the decision is proven", State: Undecidable}
	if e.supposition != nil {
		r.State, r.Why = Skipped, "supposed: a gate asks a timestamp authority when it decides"
		e.rule(r)
		return
	}
	message := NowMessage(e.in.Request, e.in.Head)
	if len(e.in.Stamp) == 0 || message == nil {
		r.Why = "no timestamp says what time it is"
		e.rule(r)
		return
	}
	at, err := e.root.Stamped(e.in.Stamp, message)
	switch off := e.now.Sub(at).Abs(); {
	case err != nil:
		r.Why = "the timestamp of now: " + err.Error()
	case off > skew:
		r.Why = fmt.Sprintf("the clock says %s, and the timestamp authority %s", utc(e.now), utc(at))
	default:
		e.clocked, e.d.Clock = true, ClockStamped
		r.State, r.Why = Met, "it is "+utc(at)
	}
	e.rule(r)
}

// noLaterThanProven is what an entry says its time was, unless it was there
// before by proof.
func (e *evaluation) noLaterThanProven(en entry, t time.Time) time.Time {
	if !e.env.Dated {
		return t
	}
	if m := e.proven(en.Event); m.err == nil && m.at.Before(t) {
		return m.at
	}
	return t
}

// madeAt is the time from which an entry ages: what it says itself, and in a
// dated environment no later than it was there by proof.
func (e *evaluation) madeAt(en entry, said time.Time) (time.Time, *refusal) {
	if !e.env.Dated {
		return said, nil
	}
	m := e.proven(en.Event)
	switch {
	case m.err != nil:
		return said, &refusal{"its time is not proven: " + m.err.Error(), CouldNotTell(m.err)}
	case said.After(m.at.Add(skew)):
		return said, refuse("says it was made at %s, and was there at %s already", utc(said), utc(m.at))
	case m.at.Before(said):
		return m.at, nil
	}
	return said, nil
}

// castAt is the time from which a person's word ages, in the way of madeAt.
// The same signed statement can be in the ledger several times: any copy may
// prove when it was there, so that nobody takes a vote's time away by logging
// it first.
func (e *evaluation) castAt(v *voter) (since time.Time, no *refusal) {
	if since = v.word.issued; !e.env.Dated || v.word.supposed {
		return since, nil
	}
	for _, c := range v.casts[e.in.Request] {
		if !bytes.Equal(c.Statement, v.word.Statement) || c.verify() != nil || c.en.Verify() != nil {
			continue
		}
		t, bad := e.madeAt(c.en, c.issued)
		switch row := &e.d.Votes[v.word.row]; {
		case bad != nil && !bad.doubt:
			return since, bad
		case bad != nil:
			no = cmp.Or(no, bad)
		case row.Proven == "" || t.Before(since):
			since, row.Proven = t, utc(e.proven(c.en.Event).at)
		}
	}
	if e.d.Votes[v.word.row].Proven != "" {
		return since, nil
	}
	return since, no
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }
