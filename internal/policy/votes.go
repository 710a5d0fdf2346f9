// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/vote"
)

// How votes are counted.
//
// A vote's authority is the signature of the person inside it. Anyone can log
// a vote: again after it was revoked, or late, after its author thought better
// of it. So a person's last word on a request is settled by three rules.
//
//  1. In the ledger's order, a later vote of the same person on the same
//     request supersedes an earlier one.
//  2. The same signed statement logged again is the same vote, and stands
//     where it stood first.
//  3. An approval that its author signed before a deny or a revoke of theirs,
//     and a revoke signed before the deny it would take back, come too late.
//
// Doubt never opens a gate: what would reject an approval (its age, its key's
// dates, that its author wrote the commit) does not reject a deny. Otherwise
// naming a person as co-author would silence their veto.
//
// A deny holds for its artifacts in its environment, for every request. Its
// author lifts it by revoking it, or by approving, later in the ledger and by
// the time of signing, a request that covers every artifact the deny shares
// with the request at hand.

// A cast is a vote on the way to being counted.
type cast struct {
	*vote.Ballot
	en       entry
	row      int // of Decision.Votes
	who      string
	key      Key // zero for a vote signed with a certificate
	issued   time.Time
	subjects []event.Subject // of the request it is for
	checked  bool
	bad      error
	supposed bool // nobody cast it
}

// A voter is one person's votes, by request, in the ledger's order.
type voter struct {
	requests []string // in order of the first vote
	casts    map[string][]*cast
	word     *cast   // the last word on the request at hand, if it is an approval or a deny
	denies   []*cast // those that hold, on this request or another for the same artifact
}

// readVotes takes the votes apart and settles each person's last word.
func (e *evaluation) readVotes() {
	related := e.relatedRequests()
	e.related = related
	var entries []entry
	var events []*event.Event
	for _, en := range e.journal.of("vote") {
		for id := range related {
			if bytes.Contains(en.subjects, []byte(id)) {
				entries, events = append(entries, en), append(events, en.Event)
				break
			}
		}
	}
	ballots, errs := vote.OpenAll(events)
	for i, en := range entries {
		e.takeVote(en, ballots[i], errs[i], related)
	}
	e.supposeSigned()
	e.doubtVotes(false)
	e.checkLikely()
	for _, who := range sortedNames(e.ballots) {
		e.settle(e.ballots[who])
	}
}

// relatedRequests are the request at hand and every other for one of its
// artifacts in its environment, by id. Who asked does not matter here: a deny
// counts by who signed it.
func (e *evaluation) relatedRequests() map[string]event.RequestPredicate {
	related := map[string]event.RequestPredicate{e.in.Request: e.request}
	digests := digestsOf(e.request.Subjects)
	for _, en := range e.journal.of("request") {
		mentioned := slices.ContainsFunc(digests, func(d event.Digest) bool { return en.Mentions(d.Hex) })
		if !mentioned {
			continue
		}
		p, id, err := readRequest(en)
		if err != nil || p.Ledger != e.request.Ledger || p.Host != e.request.Host ||
			p.RepositoryID != e.request.RepositoryID || p.Environment != e.request.Environment {
			continue
		}
		if len(sharedSubjects(p.Subjects, e.request.Subjects)) > 0 {
			related[id] = p
		}
	}
	return related
}

// sharedSubjects are those of the first list that are also in the second.
func sharedSubjects(a, b []event.Subject) []event.Subject {
	var both []event.Subject
	for _, s := range a {
		if anyShares(b, s) {
			both = append(both, s)
		}
	}
	return both
}

// takeVote lists a vote, and keeps it if it is by somebody the policy knows.
func (e *evaluation) takeVote(en entry, b *vote.Ballot, err error, related map[string]event.RequestPredicate) {
	row := Vote{Index: en.Index}
	if err != nil {
		row.Why = "rejected: " + err.Error()
		e.d.Votes = append(e.d.Votes, row)
		return
	}
	p := b.Predicate
	row.Choice, row.Reason, row.Issued = string(p.Choice), p.Reason, p.Issued
	request, known := related[p.Request]
	if !known {
		return // its subject only happens to hold the id's digits
	}
	holder, no := e.holderOf(en, b, &row)
	row.Principal = holder.name
	issued, err := time.Parse(time.RFC3339, p.Issued)
	switch {
	case no != nil:
		row.Why = "rejected: " + no.why
	case err != nil:
		row.Why = "rejected: it does not say when it was signed"
	default:
		if err := p.Agrees(p.Request, request); err != nil {
			row.Why = "rejected: " + err.Error()
		}
	}
	e.d.Votes = append(e.d.Votes, row)
	if no != nil && no.doubt {
		e.unread = append(e.unread, &unread{en, no, p.Choice})
	}
	if row.Why != "" {
		return
	}
	v := e.ballots[holder.name]
	if v == nil {
		v = &voter{casts: map[string][]*cast{}}
		e.ballots[holder.name] = v
	}
	if v.casts[p.Request] == nil {
		v.requests = append(v.requests, p.Request)
	}
	v.casts[p.Request] = append(v.casts[p.Request], &cast{
		Ballot: b, en: en, row: len(e.d.Votes) - 1, who: holder.name, key: holder.key, issued: issued, subjects: request.Subjects,
		checked: b.Keyless(), // with the certificate
	})
}

// holderOf says whose vote it is: by the key that signed it, or by the
// certificate, whose signature is checked at once.
func (e *evaluation) holderOf(en entry, b *vote.Ballot, row *Vote) (holder, *refusal) {
	if !b.Keyless() {
		row.Key = b.Fingerprint()
		h, held := e.holders[string(b.Key.Marshal())]
		if !held {
			return h, refuse("the key is nobody's in the policy")
		}
		return h, nil
	}
	if !e.p.hasKeylessPrincipal() {
		return holder{}, refuse("it is signed with a certificate, and nobody in the policy votes by one")
	}
	c := e.certified(en.Event)
	if c.err != nil {
		return holder{}, &refusal{"nobody can tell whose it is: " + c.err.Error(), CouldNotTell(c.err)}
	}
	row.Identity = c.id.Subject + " (" + c.id.Issuer + ")"
	if !c.id.Time.IsZero() {
		row.Proven = utc(c.id.Time)
	}
	name := e.p.personOf(c.id)
	if name == "" {
		return holder{}, refuse("the certificate is nobody's in the policy")
	}
	return holder{name: name}, nil
}

// An unread is a vote whose author nobody can tell.
type unread struct {
	entry
	no     *refusal
	choice vote.Choice
}

// doubtVotes notes the votes that nobody can check and that could have made a
// difference for the worse: a deny, and a revoke of an approval. Approvals are
// noted where they are missed.
func (e *evaluation) doubtVotes(approvals bool) {
	if !slices.ContainsFunc(sortedNames(e.p.Principals), func(who string) bool {
		return e.p.Principals[who].Keyless != nil && (e.asks(who) || e.mayVeto(who) != "")
	}) {
		return
	}
	for _, u := range e.unread {
		if (u.choice == vote.Approve) == approvals {
			e.doubt(u.entry, u.no)
		}
	}
}

// checkLikely checks, on every processor, the signatures that almost always
// decide: the newest of each person on each request.
func (e *evaluation) checkLikely() {
	var casts []*cast
	var ballots []*vote.Ballot
	for _, who := range sortedNames(e.ballots) {
		for _, id := range e.ballots[who].requests {
			list := e.ballots[who].casts[id]
			if c := list[len(list)-1]; !c.checked {
				casts, ballots = append(casts, c), append(ballots, c.Ballot)
			}
		}
	}
	for i, err := range vote.VerifyAll(ballots) {
		casts[i].checked, casts[i].bad = true, err
	}
}

func (c *cast) verify() error {
	if !c.checked {
		c.checked, c.bad = true, c.Ballot.Verify()
	}
	return c.bad
}

func (e *evaluation) reject(c *cast, format string, args ...any) {
	e.d.Votes[c.row].Why = "rejected: " + fmt.Sprintf(format, args...)
}

func (e *evaluation) count(c *cast, format string, args ...any) {
	e.d.Votes[c.row].Counted = true
	e.d.Votes[c.row].Why = fmt.Sprintf(format, args...)
	e.inputs[c.en.Index] = true
}

// settle finds one person's word on the request at hand, and a deny of theirs
// that holds for it.
func (e *evaluation) settle(v *voter) {
	var words []*cast
	for _, id := range v.requests {
		c := e.lastWord(v.casts[id])
		if c == nil {
			continue
		}
		words = append(words, c)
		if id == e.in.Request {
			v.word = c
		}
	}
	for _, c := range words {
		switch lift := e.lifts(words, c); {
		case c.Predicate.Choice == vote.Approve && c != v.word:
			e.reject(c, "it is for request %s, not for this one", short(c.Predicate.Request))
		case c.Predicate.Choice == vote.Approve:
		case lift != nil:
			e.reject(c, "lifted by its author, who approved at #%d", lift.en.Index)
		default:
			v.denies = append(v.denies, c)
		}
	}
}

// lastWord settles what one person says of one request: an approval, a deny,
// or nothing. It walks back from the newest vote and checks no signature that
// cannot matter any more.
func (e *evaluation) lastWord(casts []*cast) *cast {
	for i := len(casts) - 1; i >= 0; i-- {
		c, earlier := casts[i], casts[:i]
		if !e.holdsGood(c, earlier) {
			continue
		}
		if c.Predicate.Choice == vote.Revoke {
			return e.takeBack(c, earlier)
		}
		if late := outrun(c, earlier); late != nil {
			e.reject(c, "its author signed it before #%d, which says otherwise", late.en.Index)
			continue
		}
		for _, o := range earlier {
			e.reject(o, "superseded by the same person's vote #%d", c.en.Index)
		}
		return c
	}
	return nil
}

// outrun returns the deny or revoke that the author of an approval signed
// after it, though it was logged before.
func outrun(c *cast, earlier []*cast) *cast {
	if c.Predicate.Choice != vote.Approve {
		return nil
	}
	return firstValid(earlier, func(o *cast) bool {
		return o.Predicate.Choice != vote.Approve && o.issued.After(c.issued)
	})
}

// holdsGood says whether a vote is its author's, and was not there before.
func (e *evaluation) holdsGood(c *cast, earlier []*cast) bool {
	if err := c.verify(); err != nil {
		e.reject(c, "%v", err)
		return false
	}
	first := firstValid(earlier, func(o *cast) bool { return bytes.Equal(o.Statement, c.Statement) })
	if first != nil {
		e.reject(c, "the same vote as #%d, logged again", first.en.Index)
	}
	return first == nil
}

// takeBack applies a revoke to what its author said before.
func (e *evaluation) takeBack(revoke *cast, earlier []*cast) *cast {
	before := e.lastWord(earlier)
	if before != nil && before.Predicate.Choice == vote.Deny && revoke.issued.Before(before.issued) {
		e.reject(revoke, "its author signed it before the deny at #%d", before.en.Index)
		return before
	}
	if before == nil {
		e.count(revoke, "counted: nothing was left to take back")
		return nil
	}
	e.reject(before, "revoked by its author at #%d", revoke.en.Index)
	e.count(revoke, "counted: takes back #%d", before.en.Index)
	return nil
}

func firstValid(casts []*cast, match func(*cast) bool) *cast {
	for _, c := range casts {
		if match(c) && c.verify() == nil {
			return c
		}
	}
	return nil
}

// lifts returns the approval by which the author of a deny lifted it.
func (e *evaluation) lifts(words []*cast, deny *cast) *cast {
	if deny.Predicate.Choice != vote.Deny {
		return nil
	}
	disputed := sharedSubjects(e.request.Subjects, deny.subjects)
	for _, c := range words {
		if c.Predicate.Choice == vote.Approve && c.en.Index > deny.en.Index && !c.issued.Before(deny.issued) &&
			len(sharedSubjects(disputed, c.subjects)) == len(disputed) {
			return c
		}
	}
	return nil
}
