// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/gateledger/gateledger/internal/event"
)

// A ForgeDeny is a deny on a forge that stands, by somebody who may deny.
type ForgeDeny struct {
	Who    string
	Source string
	Index  uint64 // of the snapshot that showed it first
	Unsure string // which fact nobody could find out, without which nobody knows whether they may
}

// ForgeDenies lists the denies on forges that stand at the end of in.Events
// against the bytes of the request that is the entry at index asked, in its
// environment. It asks what Evaluate asks of them, and nothing else. doubts are
// the entries that could hold one, and cannot be checked. Of in, Request and
// Run are not looked at.
func ForgeDenies(in Input, asked uint64) (denies []ForgeDeny, doubts []string, err error) {
	e, err := begin(in)
	if err != nil {
		return nil, nil, err
	}
	requests := e.journal.of("request")
	i, ok := slices.BinarySearchFunc(requests, asked, func(en entry, index uint64) int { return cmp.Compare(en.Index, index) })
	if !ok {
		return nil, nil, fmt.Errorf("entry %d is no request", asked)
	}
	p, id, err := readRequest(requests[i])
	if err != nil {
		return nil, nil, fmt.Errorf("read the request at %d: %w", asked, err)
	}
	env, ok := e.p.Environment(p.Environment)
	if !ok {
		return nil, nil, nil
	}
	s := e.aside(id, requests[i], p, env)
	s.related = s.relatedRequests()
	s.readSnapshots()
	s.readSights()
	for _, deny := range s.forgeDenies {
		role, unsure := s.mayVetoOnForge(deny)
		if role != "" || unsure != "" {
			d := ForgeDeny{Who: deny.who, Source: deny.snap.Source, Index: deny.snap.Index}
			if role == "" {
				d.Unsure = unsure
			}
			denies = append(denies, d)
		}
	}
	for _, r := range s.d.Rules {
		if r.State == Undecidable {
			doubts = append(doubts, r.Why)
		}
	}
	for _, index := range slices.Sorted(maps.Keys(s.doubts)) {
		doubts = append(doubts, fmt.Sprintf("#%d could hold a deny: %s", index, s.doubts[index]))
	}
	return denies, doubts, nil
}

// RunsThatLooked lists the runs of the snapshots of a request, the newest
// first: those in which votes without a time could have counted.
func RunsThatLooked(events []*event.Event, request string) []string {
	var runs []string
	for _, e := range slices.Backward(events) {
		if !e.Mentions(request) || !e.Is("forge-votes") {
			continue
		}
		p, err := event.DecodePredicate[event.ForgeVotesPredicate](e)
		if err == nil && p.Request == request && p.Run != "" && !slices.Contains(runs, p.Run) {
			runs = append(runs, p.Run)
		}
	}
	return runs
}
