// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/policy"
)

// maxOpen is how many open requests the doctor tells of.
const maxOpen = 3

// open says which requests wait, and where people approve them.
func (d *doctor) open(ctx context.Context) finding {
	const what = "open requests"
	lines, first, err := d.openLines(ctx)
	switch {
	case err != nil:
		return finding{what, noted, "could not find out which are open: " + err.Error(), "gateledger request list"}
	case len(lines) == 0:
		return finding{what, fine, "none", ""}
	}
	text := strings.Join(lines[:min(len(lines), maxOpen)], "; ")
	if n := len(lines) - maxOpen; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return finding{what, noted, text, fmt.Sprintf("gateledger approve %.12s", first)}
}

// openLines are the open requests, the newest first, and the id of the first.
func (d *doctor) openLines(ctx context.Context) (lines []string, first string, err error) {
	w, err := openWorkspace(ctx, d.env, where{}, trustedPolicy, reading)
	if err != nil {
		return nil, "", err
	}
	head, events, err := w.read(ctx)
	if err != nil {
		return nil, "", err
	}
	in := policy.Input{Policy: w.policy, Root: w.believes, Events: events, Head: checkpointOf(head), Now: w.env.Now().UTC()}
	w.weigh(ctx, &in, idsOf(w.requests(events))...)
	for _, r := range slices.Backward(w.requests(events)) {
		in.Request = r.id
		answer, err := policy.Evaluate(in)
		if err != nil {
			return nil, "", err
		}
		if answer.Verdict == policy.Denied || answer.UsedBy != "" {
			continue
		}
		if first == "" {
			first = r.id
		}
		line := fmt.Sprintf("%.12s for %s: %s", r.id, r.predicate.Environment, clean.Field(answer.Why))
		if at := w.shownAt(events, r); at != "" {
			line += ", shown at " + at
		}
		lines = append(lines, line)
	}
	return lines, first, nil
}

// shownAt is where people approve a request: the change that a gate of its
// environment saw last when it looked for votes; empty: none did.
func (w *workspace) shownAt(events []*event.Event, r openRequest) string {
	rules, ok := w.policy.Environment(r.predicate.Environment)
	if !ok {
		return ""
	}
	for _, e := range slices.Backward(events) {
		if !e.Is("forge-votes") || !e.Mentions(r.id) || !w.gates(rules, e) {
			continue
		}
		p, err := event.DecodePredicate[event.ForgeVotesPredicate](e)
		if err != nil || p.Request != r.id {
			continue
		}
		for _, c := range slices.Backward(p.Changes) {
			if u, err := url.Parse(c.URL); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil {
				return clean.Field(c.URL)
			}
		}
	}
	return ""
}
