// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/gateledger/gateledger/internal/anchored"
	"github.com/gateledger/gateledger/internal/custody"
)

// anchors shows how each anchor stands to a consumption, and the newest receipt
// of all.
func anchors(j *anchored.Judgement) []line {
	if j == nil {
		return nil
	}
	var out []line
	for _, a := range j.Anchors {
		l := line{mark: markWait, word: "outstanding", name: a.Name, text: a.Detail, tail: a.Kind}
		if a.Took {
			l.mark, l.word = markYes, proves(a)
			l.text = a.Detail + fmt.Sprintf(", for %d entries", a.Size) + before(", at ", a.At)
			if a.Age != "" {
				l.text += " (" + a.Age + " ago)"
			}
		}
		out = append(out, l)
	}
	if n := j.Newest; n != nil {
		out = append(out, line{mark: markNone, word: "newest", name: n.Name, text: fmt.Sprintf("%d entries at %s (%s ago)", n.Size, n.At, n.Age)})
	}
	return out
}

// proves says what an anchor proves, in words.
func proves(a anchored.Standing) string {
	var what []string
	if a.Unique {
		what = append(what, "unique")
	}
	if a.Dated {
		what = append(what, "dated")
	}
	if len(what) == 0 {
		return "exists"
	}
	return strings.Join(what, ", ")
}

func chainAnchors(in []custody.Standing) []line {
	var out []line
	for _, s := range in {
		for _, l := range anchors(s.Anchors) {
			l.name = s.Environment + ": " + l.name
			out = append(out, l)
		}
	}
	return out
}

// Anchors is Judgement for a terminal: a line for each anchor.
func Anchors(j anchored.Judgement) string {
	var b strings.Builder
	for _, l := range anchors(&j) {
		fmt.Fprintf(&b, "  %s (%s): %s\n", l.name, l.word, l.text)
	}
	return b.String()
}
