// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/condition"
	"github.com/gateledger/gateledger/internal/event"
)

// A Replay is a decision that was logged, and what another policy says of the
// same request, at the same entry and time.
type Replay struct {
	Index   uint64   `json:"index"` // of the decision
	Request string   `json:"request"`
	Env     string   `json:"environment"`
	Now     string   `json:"now"` // RFC 3339 UTC
	Was     Verdict  `json:"was"`
	WasWhy  string   `json:"was_why"`
	Would   Verdict  `json:"would"`
	Why     string   `json:"why"`
	Unknown []string `json:"unknown,omitempty"` // what could not be found out

	Asks []condition.Question `json:"-"` // questions about a condition that the input did not answer
}

// Differs says whether the other policy answers another way.
func (r Replay) Differs() bool { return r.Was != r.Would }

// Replayed evaluates again, under in.Policy, the request that the decision
// event e answered: from the entries that stood before it, at the time it
// names. That the request was made under another policy is passed over, so the
// answer opens nothing. Of in, Events are the whole ledger's, and Request,
// Head, Now, Run and Stamp are the decision's.
func Replayed(in Input, e *event.Event) (Replay, error) {
	p, err := event.DecodePredicate[event.DecisionPredicate](e)
	if err != nil {
		return Replay{}, fmt.Errorf("read decision #%d: %w", e.Index, err)
	}
	was, err := ParseDecision(p.Decision)
	if err != nil {
		return Replay{}, fmt.Errorf("read decision #%d: %w", e.Index, err)
	}
	now, err := time.Parse(time.RFC3339, p.TimeVerified)
	if err != nil || was.Head.Size != e.Index || e.Index > uint64(len(in.Events)) {
		return Replay{}, fmt.Errorf("read decision #%d: it was not made from the entries before it", e.Index)
	}
	in.Request, in.Head, in.Now, in.Stamp = was.Request, was.Head, now, p.Stamp
	in.Events, in.Run = in.Events[:e.Index], ""
	if was.Verdict == Allowed {
		in.Run = was.UsedBy // a run that resumed
	}
	again, err := begin(in)
	if err != nil {
		return Replay{}, fmt.Errorf("evaluate decision #%d again: %w", e.Index, err)
	}
	again.supposed = true
	d := again.decide()
	return Replay{
		Index: e.Index, Request: was.Request, Env: was.Environment, Now: d.Now,
		Was: was.Verdict, WasWhy: was.Why, Would: d.Verdict, Why: d.Why, Unknown: d.Unknown, Asks: d.Asks,
	}, nil
}

// supposePolicy passes over that the request was made under another policy,
// where nothing is opened by the answer.
func (e *evaluation) supposePolicy() {
	if !e.supposed {
		return
	}
	if digest, err := e.p.EnvironmentDigest(e.env.Name); err == nil {
		e.request.Policy = digest
	}
}
