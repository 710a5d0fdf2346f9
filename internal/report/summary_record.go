// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
)

// A Recording is an event that was recorded, or left for whoever holds the log
// key.
type Recording struct {
	Kind       string
	Event      string // sha256: and the event's id
	Pending    bool   // it is signed and left at the ledger, and not logged yet
	Duplicate  bool   // it was logged before
	Index      uint64 // in the log; of no meaning while it is pending
	Subjects   []event.Subject
	Signer     string // the policy's name for who signed
	Ledger     string // its origin
	Checkpoint event.Checkpoint
	Bundle     string // file it was written to; may be empty
	Notes      []string
	Because    string // why it was taken for this kind, where nobody said; may be empty
}

var _ Report = Recording{}

func (r Recording) document() any {
	return struct {
		Schema string `json:"schema"`
		Recording
	}{schema("recording"), r}
}

func (r Recording) page() page {
	p := page{
		title: r.Kind + " of " + names(r.Subjects),
		mark:  markYes, word: "RECORDED", why: fmt.Sprintf("as #%d, proof verified", r.Index),
		facts: append(subjects(r.Subjects), known([]fact{
			{"signer", r.Signer, false},
			{"event", r.Event, true},
			{"ledger", r.Ledger, false},
			{"bundle", r.Bundle, true},
		})...),
		sections: []section{{title: "Notes", lines: noteLines(r.Notes)}},
	}
	switch {
	case r.Pending:
		p.mark, p.word, p.why = markWait, "NOT YET RECORDED", "it is signed and left at the ledger; whoever holds the log key logs it"
		p.next = []string{product.Name + " integrate"}
	case r.Duplicate:
		p.word, p.why = "RECORDED BEFORE", fmt.Sprintf("as #%d, proof verified", r.Index)
		fallthrough
	default:
		p.facts = append(p.facts, fact{"log", head(r.Checkpoint), false})
	}
	if r.Because != "" {
		p.facts = append(p.facts, fact{"kind", r.Kind + ", because " + r.Because, false})
	}
	return p
}

func (r Recording) say() string {
	if r.Pending {
		return r.Kind + " of " + names(r.Subjects) + " waits at the ledger; the job with the log key logs it"
	}
	return fmt.Sprintf("%s of %s is entry #%d of the log", r.Kind, names(r.Subjects), r.Index)
}

func noteLines(notes []string) []line {
	out := make([]line, len(notes))
	for i, n := range notes {
		out[i] = line{mark: markItem, text: n}
	}
	return out
}

// A Failure is a command that could not answer. Code is its exit code.
type Failure struct {
	Verb string
	Code int
	Word string // what the code means, in a word or two
	Why  string
	Hint string
}

var _ Report = Failure{}

func (f Failure) document() any {
	return struct {
		Schema string `json:"schema"`
		Failure
	}{schema("failure"), f}
}

func (f Failure) page() page {
	p := page{title: product.Name + " " + f.Verb, mark: markUnknown, word: f.Word, why: f.Why}
	p.facts = known([]fact{{"what to do", f.Hint, false}, {"exit code", fmt.Sprint(f.Code), false}})
	if f.Code == 1 || f.Code == 4 {
		p.mark = markNo
	}
	return p
}

func (f Failure) say() string { return join(f.Why, "; ", f.Hint) }

// A LedgerCheck is a ledger that was read whole and found to be what it must
// be.
type LedgerCheck struct {
	Origin                        string
	Entries, Bodies, Blobs, Tiles uint64
	Head                          event.Checkpoint
	Strangers                     int  // entries by keys that the policy does not name
	Trusted                       bool // under a policy that the verifier trusts
}

var _ Report = LedgerCheck{}

func (c LedgerCheck) document() any {
	return struct {
		Schema string `json:"schema"`
		LedgerCheck
	}{schema("ledger-check"), c}
}

func (c LedgerCheck) page() page {
	p := page{
		title: "The ledger " + c.Origin, mark: markYes, word: "WHOLE",
		why:   fmt.Sprintf("%d entries, %d bodies, %d documents and %d tiles match the signed checkpoint", c.Entries, c.Bodies, c.Blobs, c.Tiles),
		facts: []fact{{"log", head(c.Head), false}},
	}
	if c.Strangers > 0 {
		p.facts = append(p.facts, fact{"strangers", fmt.Sprintf("%d entries are signed by keys that the policy does not name; no rule counts them", c.Strangers), false})
	}
	if !c.Trusted {
		p.mark, p.word = markUnknown, "NOT TRUSTED"
	}
	return p
}

// A BundleCheck is a Sigstore bundle that holds.
type BundleCheck struct {
	File    string
	Lines   []string // what is known of it
	Trusted bool     // under a policy that the verifier trusts
}

var _ Report = BundleCheck{}

func (c BundleCheck) document() any {
	return struct {
		Schema string `json:"schema"`
		BundleCheck
	}{schema("bundle-check"), c}
}

func (c BundleCheck) page() page {
	p := page{title: "The bundle " + c.File, mark: markYes, word: "HOLDS", sections: []section{{title: "Found", lines: noteLines(c.Lines)}}}
	if len(c.Lines) > 0 {
		p.why = c.Lines[0]
	}
	if !c.Trusted {
		p.mark, p.word = markUnknown, "NOT TRUSTED"
	}
	return p
}
