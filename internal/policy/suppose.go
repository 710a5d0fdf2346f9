// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

// What if somebody voted.
//
// A supposed vote is put beside those of the ledger, and counted by the same
// rules: it is nobody's signature, so its author's word is taken for it. What a
// gate would find out anew when it decides is supposed as well: that a forge
// still shows what it showed last, and that a timestamp authority says what
// time it is. The answer is talk, and opens nothing.

// A Supposed vote is one that nobody cast.
type Supposed struct {
	Who    string `json:"who"`    // a principal
	Choice string `json:"choice"` // "approve" or "deny"
	Source string `json:"source"` // of SeatSources; empty: signed
}

// A Supposition is what is taken to be true.
type Supposition struct {
	Votes     []Supposed
	AnyPolicy bool // that the request was made under in.Policy
}

// ErrSupposition is the error about a vote that nobody could cast.
var ErrSupposition = errors.New("nobody could cast such a vote")

// Suppose is Evaluate, as if what is supposed were so. A supposed vote has an
// index at or over in.Head.Size. A vote by nobody, by one person twice, or by
// an unknown source is ErrSupposition.
func Suppose(in Input, s Supposition) (Decision, error) {
	if in.Policy == nil {
		return Decision{}, errors.New("evaluate: no policy")
	}
	for i, v := range s.Votes {
		_, known := in.Policy.Principals[v.Who]
		switch {
		case !known:
			return Decision{}, fmt.Errorf("%w: the policy has no principal %q%s", ErrSupposition, v.Who, have(v.Who, sortedNames(in.Policy.Principals)))
		case v.Choice != event.ForgeApprove && v.Choice != event.ForgeDeny:
			return Decision{}, fmt.Errorf("%w: a vote is %s or %s, not %q", ErrSupposition, event.ForgeApprove, event.ForgeDeny, v.Choice)
		case v.Source != "" && !slices.Contains(SeatSources(), v.Source):
			return Decision{}, fmt.Errorf("%w: unknown source %q%s", ErrSupposition, v.Source, have(v.Source, SeatSources()))
		case slices.ContainsFunc(s.Votes[:i], func(o Supposed) bool { return o.Who == v.Who }):
			return Decision{}, fmt.Errorf("%w: %s can be supposed to say one thing only", ErrSupposition, v.Who)
		}
	}
	e, err := begin(in)
	if err != nil {
		return Decision{}, err
	}
	e.supposed, e.supposition = s.AnyPolicy, &s
	d := e.decide()
	d.Inputs = slices.DeleteFunc(d.Inputs, func(i uint64) bool { return i >= in.Head.Size })
	return d, nil
}

// supposedIndex is where the nth supposed vote would stand.
func (e *evaluation) supposedIndex(n int) uint64 { return e.in.Head.Size + uint64(n) }

// supposeSigned adds the supposed votes that are signed to those of the ledger.
func (e *evaluation) supposeSigned() {
	if e.supposition == nil {
		return
	}
	for n, v := range e.supposition.Votes {
		if v.Source != "" && v.Source != SignedSource {
			continue
		}
		row := Vote{Index: e.supposedIndex(n), Principal: v.Who, Choice: v.Choice, Issued: utc(e.now)}
		key, ok := e.signsWith(v.Who)
		if !ok {
			row.Why = "rejected: " + v.Who + " has no key and no certificate to sign with"
			e.d.Votes = append(e.d.Votes, row)
			continue
		}
		p := vote.About(e.in.Request, e.request)
		p.Choice, p.Issued = vote.Choice(v.Choice), row.Issued
		e.d.Votes = append(e.d.Votes, row)
		mine := e.ballots[v.Who]
		if mine == nil {
			mine = &voter{casts: map[string][]*cast{}}
			e.ballots[v.Who] = mine
		}
		if mine.casts[e.in.Request] == nil {
			mine.requests = append(mine.requests, e.in.Request)
		}
		mine.casts[e.in.Request] = append(mine.casts[e.in.Request], &cast{
			Ballot: &vote.Ballot{Predicate: p}, en: entry{Event: &event.Event{Index: row.Index}}, row: len(e.d.Votes) - 1,
			who: v.Who, key: key, issued: e.now, subjects: e.request.Subjects, checked: true, supposed: true,
		})
	}
}

// signsWith is the key that somebody would sign with: one that counts now, or
// else any; the zero key for a certificate.
func (e *evaluation) signsWith(who string) (k Key, ok bool) {
	person := e.p.Principals[who]
	for _, k := range person.Keys {
		if k.counts(e.now) == nil {
			return k, true
		}
	}
	if person.Keyless != nil || len(person.Keys) == 0 {
		return Key{}, person.Keyless != nil
	}
	return person.Keys[0], true
}

// supposeSeen adds the supposed votes on forges to what the newest snapshot of
// their source shows.
func (e *evaluation) supposeSeen() {
	if e.supposition == nil {
		return
	}
	for n, v := range e.supposition.Votes {
		if v.Source == "" || v.Source == SignedSource {
			continue
		}
		if why := e.supposeOn(n, v); why != "" {
			e.d.Votes = append(e.d.Votes, Vote{Index: e.supposedIndex(n), Principal: v.Who, Source: v.Source, Choice: v.Choice, Issued: utc(e.now), Why: "rejected: " + why})
		}
	}
}

// supposeOn adds one vote, or says why it can't be there.
func (e *evaluation) supposeOn(n int, v Supposed) (why string) {
	accounts := slices.DeleteFunc(e.p.Principals[v.Who].accounts(), func(a Account) bool { return a.Host != e.request.Host })
	shown := e.newest[v.Source]
	switch {
	case len(accounts) == 0:
		return fmt.Sprintf("%s has no account at %s", v.Who, e.request.Host)
	case shown == nil:
		return "no gate has read " + v.Source + " for this request"
	}
	who := event.ForgeAccount{ID: accounts[0].ID, Login: accounts[0].Login, Kind: event.AccountUser}
	said := event.ForgeVote{ID: fmt.Sprint(supposedID, n), Account: who, Decision: v.Choice, Time: utc(e.now)}
	if bindsRequest(v.Source) {
		said.Request = e.in.Request
	} else {
		said.Commit = e.request.Commit
	}
	with := *shown
	with.Votes = append(slices.Clone(shown.Votes), said)
	if facts := e.p.FactsFor(e.env, v.Source); len(facts) > 0 && !speaksOf(with.People, who.ID) {
		with.People = append(slices.Clone(shown.People), event.ForgePerson{Account: who, Unknown: facts})
	}
	for i, s := range e.snapshots {
		if s == shown {
			e.snapshots[i] = &with
		}
	}
	e.newest[v.Source] = &with
	return ""
}

// supposedID starts the name of a vote that no forge shows. Forges' own names
// have none of it: "review 80", "note 7".
const supposedID = "supposed "

// rowIndex is the index that a vote on a forge is listed under.
func (e *evaluation) rowIndex(s *sight) uint64 {
	if number, ok := strings.CutPrefix(s.vote.ID, supposedID); ok && e.supposition != nil {
		for n := range e.supposition.Votes {
			if number == fmt.Sprint(n) {
				return e.supposedIndex(n)
			}
		}
	}
	return s.snap.Index
}

func speaksOf(people []event.ForgePerson, id int64) bool {
	return slices.ContainsFunc(people, func(p event.ForgePerson) bool { return p.Account.ID == id })
}
