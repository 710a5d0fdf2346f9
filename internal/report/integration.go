// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/admit"
	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
)

// An Integration is what became of the parcels that others left at a ledger.
// Next replaces the commands proposed by default.
type Integration struct {
	admit.Plan
	Names []string         // of the parcels, by their index in the plan; may be left out
	Head  event.Checkpoint // of the log afterwards
	Next  []string
}

func (g Integration) document() any {
	return struct {
		Schema   string           `json:"schema"`
		Summary  string           `json:"summary"`
		Taken    []string         `json:"taken"`
		Done     []string         `json:"done"`
		Refused  []refusal        `json:"refused"`
		Deferred []string         `json:"deferred"`
		Unjudged []refusal        `json:"unjudged"` // those of deferred that nobody could judge
		Signers  []admit.Count    `json:"signers"`
		Head     event.Checkpoint `json:"head"`
		Next     []string         `json:"next"`
	}{
		schema("integration"), g.Summary(), g.names(g.Take), g.names(g.Done), refusals(g.Refuse), g.names(g.Defer),
		refusals(g.Unjudged), append([]admit.Count{}, g.Signers...), g.Head, g.next(),
	}
}

// A refusal is a parcel that was not taken.
type refusal struct {
	Parcel string       `json:"parcel"`
	Reason admit.Reason `json:"reason"`
	Why    string       `json:"why"`
}

func refusals(in []admit.Refusal) []refusal {
	out := make([]refusal, len(in))
	for i, r := range in {
		out[i] = refusal{r.Name, r.Reason, r.Why}
	}
	return out
}

func (g Integration) names(parcels []int) []string {
	out := make([]string, len(parcels))
	for i, p := range parcels {
		out[i] = fmt.Sprintf("parcel %d", p)
		if p >= 0 && p < len(g.Names) {
			out[i] = g.Names[p]
		}
	}
	return out
}

func (g Integration) page() page {
	p := page{
		title: "What others left at the ledger",
		mark:  markYes, word: "INTEGRATED", why: g.Summary(),
		facts: []fact{{"ledger", head(g.Head), false}},
		sections: []section{
			{title: "By signer", lines: signers(g.Signers)},
			{title: "Refused", lines: refused(g.Refuse, markNo)},
			{title: "Could not be judged", lines: refused(g.Unjudged, markUnknown)},
		},
		next: g.next(),
	}
	switch {
	case len(g.Unjudged) > 0:
		p.mark, p.word = markUnknown, "PARTLY INTEGRATED"
	case len(g.Defer) > 0:
		p.mark, p.word = markWait, "PARTLY INTEGRATED"
	case len(g.Take)+len(g.Done)+len(g.Refuse) == 0:
		p.word, p.why = "NOTHING TO DO", "nobody left anything"
	}
	return p
}

func signers(in []admit.Count) []line {
	out := make([]line, len(in))
	for i, c := range in {
		out[i] = line{mark: markYes, word: fmt.Sprintf("%d taken", c.Taken), name: c.Name}
		if c.Person {
			out[i].name += " (a person)"
		}
		if c.Deferred > 0 {
			out[i].mark, out[i].text = markWait, fmt.Sprintf("%d more wait, over the quota of events", c.Deferred)
		}
	}
	return out
}

// maxRefused keeps a page readable when somebody fills the inbox with garbage.
const maxRefused = 50

// refused lists parcels that were not taken, those with different reasons
// before more of the same.
func refused(in []admit.Refusal, m mark) []line {
	seen := map[admit.Reason]int{}
	rank := make(map[int]int, len(in))
	for i, r := range in {
		rank[i] = seen[r.Reason]
		seen[r.Reason]++
	}
	order := make([]int, len(in))
	for i := range order {
		order[i] = i
	}
	arrange.Stably(order, func(a, b int) int { return rank[a] - rank[b] })
	var out []line
	for n, i := range order {
		if n == maxRefused {
			out = append(out, line{mark: m, word: "and", text: fmt.Sprintf("%d more, which the JSON form lists", len(in)-n)})
			break
		}
		out = append(out, line{mark: m, word: string(in[i].Reason), name: short(in[i].Name), text: in[i].Why})
	}
	return out
}

// next proposes what an integrator does about what is left.
func (g Integration) next() []string {
	if g.Next != nil {
		return g.Next
	}
	out := []string{}
	if len(g.Defer) > len(g.Unjudged) {
		out = append(out, product.Name+" integrate")
	}
	if len(g.Unjudged) > 0 {
		out = append(out, product.Name+" doctor")
	}
	return out
}
