// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

// glassWord stands before the title of whatever is about a break-glass, so that
// nobody takes it for a usual request.
const glassWord = "BREAK GLASS: "

// glassTitle is a title, with a warning before it where glass is not nil.
func glassTitle(glass *event.BreakGlass, title string) string {
	if glass == nil {
		return title
	}
	return glassWord + title
}

// glassFacts are why somebody breaks the glass, in their own words.
func glassFacts(glass *event.BreakGlass) []fact {
	if glass == nil {
		return nil
	}
	out := []fact{{"BREAK GLASS", "this asks for fewer people than usual; evidence and freeze windows are waived", false}, {"reason", said(glass.Reason), false}}
	if glass.Ticket != "" {
		out = append(out, fact{"ticket", said(glass.Ticket), false})
	}
	return out
}

// debts shows what emergencies have left behind.
func debts(in []policy.Debt) []line {
	out := make([]line, len(in))
	for i, d := range in {
		out[i] = debtLine(d)
	}
	return out
}

// debtLine is one debt: how it stands, where, by which entry, and why the glass
// was broken.
func debtLine(d policy.Debt) line {
	l := line{mark: markWait, word: "open", name: d.Environment, text: fmt.Sprintf("%s; used up by run %s at #%d, for the reason %s", d.Line(), clean.Field(d.Run), d.Index, said(d.Reason))}
	switch {
	case d.Settled:
		l.mark, l.word = markYes, "settled"
	case len(d.Unknown) > 0:
		l.mark, l.word = markUnknown, "unknown"
	case d.Overdue:
		l.mark, l.word = markNo, "OVERDUE"
	}
	return l
}
