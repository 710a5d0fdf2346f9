// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

// A journal is the ledger sorted by kind of event, without having read it: a
// gate sees ten thousand entries and needs ten of them. An entry is read, and
// its signature checked, when a rule wants it.
//
// Sorting looks for the predicate type in the bytes. In canonical JSON, which
// is all that event.ParseStatement accepts, a statement ends with its
// predicate, its predicate type and its subjects, and the last `,"subject":[`
// is its own: a text cannot hold these bytes unescaped, and what a subject
// names, its digests and annotations, are texts and never lists.
type journal struct {
	entries map[string][]entry // by kind, in the ledger's order
	lost    []uint64           // entries whose body is not there

	byCommit map[string][]entry // commit events, once somebody asks
}

type entry struct {
	*event.Event
	predicate []byte // from the statement's start to the end of its predicate
	subjects  []byte // from where they start to the end of the statement
}

var (
	typeKey     = []byte(`,"predicateType":"`)
	subjectsKey = []byte(`","subject":[`)
)

// cut finds the parts of a statement. What has none of them is no statement.
func cut(payload []byte) (predicate []byte, name string, subjects []byte) {
	end := bytes.LastIndex(payload, subjectsKey)
	if end < 0 {
		return nil, "", nil
	}
	at := bytes.LastIndex(payload[:end], typeKey)
	if at < 0 {
		return nil, "", nil
	}
	return payload[:at], string(payload[at+len(typeKey) : end]), payload[end:]
}

func openJournal(events []*event.Event) (*journal, error) {
	kinds := map[string][]string{}
	for _, k := range event.Kinds() {
		kinds[k.PredicateType] = append(kinds[k.PredicateType], k.Name)
		if k.Reference != "" {
			kinds[event.ReferenceType] = append(kinds[event.ReferenceType], k.Name)
		}
	}
	j := &journal{entries: map[string][]entry{}}
	for i, e := range events {
		if e == nil || len(e.Signed.Payload) == 0 {
			j.lost = append(j.lost, uint64(i))
			continue
		}
		if e.Index != uint64(i) {
			return nil, fmt.Errorf("entry %d stands at index %d: the entries must be all, and in order", e.Index, i)
		}
		predicate, name, subjects := cut(e.Signed.Payload)
		for _, kind := range kinds[name] {
			j.entries[kind] = append(j.entries[kind], entry{e, predicate, subjects})
		}
	}
	return j, nil
}

// of returns the entries that say they are of a kind, in order.
func (j *journal) of(kind string) []entry { return j.entries[kind] }

// about says whether a subject of the entry has one of the digests, going by
// the bytes alone: a sieve.
func (e entry) about(digests []event.Digest) bool {
	return slices.ContainsFunc(digests, func(d event.Digest) bool { return bytes.Contains(e.subjects, []byte(d.Hex)) })
}

// shares says whether two subjects are the same bytes: they have a digest in
// common, and none that contradicts it.
func shares(a, b event.Subject) bool {
	common := false
	for _, d := range a.Digests() {
		switch other, ok := b.Digest[d.Alg]; {
		case !ok:
		case other != d.Hex:
			return false
		default:
			common = true
		}
	}
	return common
}

func anyShares(list []event.Subject, s event.Subject) bool {
	return slices.ContainsFunc(list, func(o event.Subject) bool { return shares(o, s) })
}

func digestsOf(subjects []event.Subject) []event.Digest {
	var all []event.Digest
	for _, s := range subjects {
		all = append(all, s.Digests()...)
	}
	return all
}

// raw reads a member's text out of an entry's predicate without reading the
// entry: a sieve. In canonical JSON the bytes it looks for cannot stand in a
// text.
func (e entry) raw(key string) string {
	find := []byte(`"` + key + `":"`)
	at := bytes.LastIndex(e.predicate, find)
	if at < 0 {
		return ""
	}
	text, _, _ := bytes.Cut(e.predicate[at+len(find):], []byte(`"`))
	return string(text)
}

// rawTime is raw for a time. An entry without one has the zero time.
func (e entry) rawTime(key string) time.Time {
	t, _ := time.Parse(time.RFC3339, e.raw(key))
	return t
}
