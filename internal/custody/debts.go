// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/policy"
)

// followDebts tells what emergencies have left behind in the environments of
// the story: the break-glasses of these bytes, settled or not, and of any other
// bytes those that still hold the next deployment back. By the policy in force
// now, because that is whom a gate would ask. What is owed in an environment that the
// policy has no more holds back all of them.
func (t *tracer) followDebts() {
	p := t.now()
	if t.in.Now.IsZero() || p == nil {
		return // nobody says what is overdue
	}
	all, err := policy.Debts(policy.Input{Policy: p, Events: t.in.Events, Head: t.in.Head, Now: t.in.Now, Root: t.root(p)})
	if err != nil {
		t.find(SeverityMissing, nil, "nobody could find out what break-glass left behind: %v", err)
		return
	}
	for _, d := range all {
		_, mine := t.requests[d.Request]
		here := d.Gone || slices.ContainsFunc(t.chain.Environments, func(s Standing) bool { return s.Environment == d.Environment })
		if !here || d.Settled && !mine {
			continue
		}
		t.chain.Debts = append(t.chain.Debts, d)
		if !d.Settled {
			t.find(SeverityNote, t.in.Events[d.Index], "%s: %s", d.Environment, d.Line())
		}
	}
}

// byGlass says that a decision let the bytes through in an emergency.
func byGlass(d policy.Decision) string {
	if d.BreakGlass == nil {
		return ""
	}
	return fmt.Sprintf(", BY BREAK-GLASS (%q, ticket %q), with %d rules waived", d.BreakGlass.Reason, d.BreakGlass.Ticket, len(d.Waived))
}

// sameDebt compares how two debts stand, and not the words for it.
func sameDebt(a, b policy.Debt) bool {
	return a.Request == b.Request && a.Index == b.Index && a.Settled == b.Settled && a.Overdue == b.Overdue && a.Due == b.Due &&
		slices.Equal(a.By, b.By) && slices.EqualFunc(a.Votes, b.Votes, sameVote)
}
