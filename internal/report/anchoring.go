// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/event"
)

// How an anchor stands to a checkpoint.
const (
	Taken       = "anchored"    // it took it now
	TakenBefore = "already"     // its receipt is kept already
	Outstanding = "outstanding" // it could not be asked
	Refused     = "refused"     // it said no
	Lied        = "unverified"  // it, or somebody between, lies, or two logs were shown
	NotSetUp    = "not set up"  // here something is missing
)

// An Anchoring is what became of a checkpoint that was shown to anchors.
type Anchoring struct {
	Head    event.Checkpoint
	Anchors []AnchorResult
	Next    []string
}

// An AnchorResult is how one anchor stands to the checkpoint, in the words of
// package anchored.
type AnchorResult struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Status  string  `json:"status"` // one of the constants above
	Proves  string  `json:"proves"` // unique and dated, dated, existence: what its receipt is worth, or would be
	Unique  bool    `json:"unique"`
	Dated   bool    `json:"dated"`
	Hearsay bool    `json:"hearsay,omitzero"` // a verifier asks the anchor again
	Size    uint64  `json:"size,omitzero"`    // entries that its receipt covers
	At      string  `json:"at,omitempty"`     // RFC 3339: when it saw them, if it says
	Age     string  `json:"age,omitempty"`    // how long ago that was
	Seconds *int64  `json:"age_seconds,omitempty"`
	Detail  string  `json:"detail,omitempty"` // where it can be found
	Cost    *Amount `json:"cost,omitempty"`
	Why     string  `json:"why,omitempty"` // why there is no receipt
}

// An Amount is what a chain was paid.
type Amount struct {
	Account      string   `json:"account"`
	Transactions []string `json:"transactions"`
	Gas          uint64   `json:"gas"`
	Wei          string   `json:"wei"`
}

// Proves says what a receipt is worth, in words.
func Proves(unique, dated bool) string {
	switch {
	case unique && dated:
		return "unique and dated"
	case unique:
		return "unique"
	case dated:
		return "dated"
	}
	return "existence"
}

func (a Anchoring) document() any {
	return struct {
		Schema  string           `json:"schema"`
		Summary string           `json:"summary"`
		Head    event.Checkpoint `json:"head"`
		Anchors []AnchorResult   `json:"anchors"`
		Next    []string         `json:"next"`
	}{schema("anchoring"), a.Summary(), a.Head, append([]AnchorResult{}, a.Anchors...), append([]string{}, a.Next...)}
}

// Summary counts, in one line.
func (a Anchoring) Summary() string {
	if len(a.Anchors) == 0 {
		return "the log is empty: there is nothing to anchor"
	}
	counts := map[string]int{}
	for _, r := range a.Anchors {
		counts[r.Status]++
	}
	var parts []string
	for _, c := range []struct{ status, words string }{
		{Taken, "anchored"}, {TakenBefore, "anchored already"}, {Outstanding, "outstanding"}, {Refused, "refused"},
		{Lied, "not verified"}, {NotSetUp, "not set up"},
	} {
		if n := counts[c.status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, c.words))
		}
	}
	return strings.Join(parts, ", ")
}

func (a Anchoring) page() page {
	p := page{
		title: "What anchors have seen of the log", mark: markYes, word: "ANCHORED", why: a.Summary(),
		facts: []fact{{"ledger", head(a.Head), false}}, next: a.Next,
	}
	s := section{title: "Anchors"}
	worst := 0
	for _, r := range a.Anchors {
		l := line{word: r.Status, name: r.Kind + " " + r.Name, text: r.says()}
		rank := 0
		switch r.Status {
		case Taken, TakenBefore:
			l.mark = markYes
		case Outstanding:
			l.mark, rank = markWait, 1
		case NotSetUp:
			l.mark, rank = markUnknown, 2
		default:
			l.mark, rank = markNo, 3
		}
		worst = max(worst, rank)
		s.lines = append(s.lines, l)
	}
	switch worst {
	case 1:
		p.mark, p.word = markWait, "PARTLY ANCHORED"
	case 2:
		p.mark, p.word = markUnknown, "PARTLY ANCHORED"
	case 3:
		p.mark, p.word = markNo, "NOT ANCHORED"
	}
	if len(a.Anchors) == 0 {
		p.word = "NOTHING TO DO"
	}
	p.sections = []section{s}
	return p
}

// says is one line about an anchor: what it proves, of how much, since when.
func (r AnchorResult) says() string {
	if r.Why != "" {
		return fmt.Sprintf("would prove %s: %s", r.Proves, r.Why)
	}
	text := fmt.Sprintf("proves %s of %s", r.Proves, entries(r.Size))
	switch {
	case r.Age != "":
		text += fmt.Sprintf(", %s old", r.Age)
	default:
		text += ", and does not say when"
	}
	if r.Hearsay {
		text += ", by the node's word"
	}
	if r.Detail != "" {
		text += "; " + r.Detail
	}
	if r.Cost != nil {
		text += fmt.Sprintf("; cost %d gas, %s wei", r.Cost.Gas, r.Cost.Wei)
	}
	return text
}

func entries(n uint64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}
