// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"github.com/gateledger/gateledger/internal/event"
)

// Foresee says what Evaluate would if a gate had just logged these snapshots,
// which nobody has signed. It is how a gate that waits finds out whether there
// is anything to log. Its answer opens nothing and is never logged: where it is
// final, the snapshots are signed and logged, and the decision made from the
// log.
//
// A snapshot that is not whole, or of a place that the request is not about, is
// left out, as if nobody had looked.
func Foresee(in Input, shown []event.ForgeVotesPredicate) (Decision, error) {
	e, err := begin(in)
	if err != nil {
		return Decision{}, err
	}
	e.shown = shown
	return e.decide(), nil
}

// foreseeSnapshots takes the snapshots that nobody signed, in the place after
// the ledger's last entry.
func (e *evaluation) foreseeSnapshots() {
	for n, p := range e.shown {
		asked, known := e.related[p.Request]
		if !known || p.Check() != nil || p.Host != asked.Host || p.RepositoryID != asked.RepositoryID {
			continue
		}
		at := &event.Event{Index: uint64(len(e.in.Events) + n)}
		e.takeSnapshot(&snapshot{entry: entry{Event: at}, ForgeVotesPredicate: p, asked: asked, by: "who asks", unsigned: true})
	}
}
