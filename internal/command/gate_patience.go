// SPDX-License-Identifier: Apache-2.0

package command

import (
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/policy"
)

// A gate that waits for an environment whose time is stamped would ask the
// timestamp authority for each poll, mostly to hear that a minute has passed.
// While log and forges show the same, its last answer stands for a minute.

// waited is the last pending answer, and what it was made from.
type waited struct {
	request string
	size    uint64
	seen    string
	at      time.Time
	d       policy.Decision
}

// stillWaits is the last answer, if nothing moved since it was given.
func (g *gate) stillWaits(in policy.Input, r openRequest, unread error) (policy.Decision, bool) {
	w := g.waited
	if w == nil || unread != nil || !g.rules.Dated || w.request != r.id || w.size != in.Head.Size || time.Since(w.at) > stampRest {
		return policy.Decision{}, false
	}
	seen, err := g.seenDigest()
	return w.d, err == nil && seen == w.seen
}

// noteWaiting keeps an answer for stillWaits.
func (g *gate) noteWaiting(in policy.Input, r openRequest, d policy.Decision) {
	seen, err := g.seenDigest()
	if g.waited = nil; err != nil || !g.patient || d.Verdict != policy.Pending || len(d.Unknown) > 0 {
		return
	}
	g.waited = &waited{r.id, in.Head.Size, seen, time.Now(), d}
}

// seenDigest is the digest of what the forges show.
func (g *gate) seenDigest() (string, error) {
	var all []string
	if g.seen != nil {
		for _, p := range g.seen.shown {
			one, err := lasting(p)
			if err != nil {
				return "", err
			}
			all = append(all, one)
		}
	}
	return canon.Digest(all)
}
