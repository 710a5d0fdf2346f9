// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/event"
)

// How votes on forges are counted.
//
// They are not signed. A gate reads a source as a whole and puts what it saw
// into the ledger, as forge-votes: a snapshot. So everything here is observed,
// by the word of a gate's signer.
//
// An approval counts from the newest snapshot alone, which has to be fresh: an
// approval that was dismissed, edited or deleted is not in it any more. A deny
// counts from every snapshot there is: one that was deleted was said. It stays
// until the same account says something else at a later time.
//
// The account's human is the principal whose account it is, or, for an account
// that is nobody's, a human of its own, who can fill only the seats of roles
// whose holders the forge tells.

// forgeFresh is how far the time of a snapshot may be from now.
const forgeFresh = 5 * time.Minute

// A snapshot is one that a gate signed, of a request for the same bytes.
type snapshot struct {
	entry
	event.ForgeVotesPredicate
	asked event.RequestPredicate
	read  time.Time
	by    string

	unsigned bool // nobody signed it, see Foresee
}

// A sight is a vote as a snapshot shows it.
type sight struct {
	snap *snapshot
	vote event.ForgeVote
	n    int       // its place in the snapshot
	key  string    // the account, as host:id
	who  string    // its human; empty: none
	at   time.Time // zero: the forge does not say
	row  int       // of Decision.Votes, once it has one
}

// readSnapshots takes every snapshot that could hold a deny, and settles which
// are the newest of this request.
func (e *evaluation) readSnapshots() {
	digests := digestsOf(e.request.Subjects)
	for _, en := range e.journal.of("forge-votes") {
		if !en.about(digests) {
			continue
		}
		p, err := event.DecodePredicate[event.ForgeVotesPredicate](en.Event)
		asked, known := e.related[p.Request]
		if err == nil && !known {
			continue
		}
		by, no := e.gateSigned(en)
		if no != nil {
			e.doubt(en, no)
			continue
		}
		if err != nil {
			e.rule(Rule{Name: fmt.Sprintf("the forge votes at #%d can be read", en.Index), State: Undecidable, Proof: Observed, Why: fmt.Sprintf("#%d could hold a deny, and cannot be read: %v", en.Index, err)})
			continue
		}
		if p.Host != asked.Host || p.RepositoryID != asked.RepositoryID {
			continue // of a place that the request is not about
		}
		e.takeSnapshot(&snapshot{entry: en, ForgeVotesPredicate: p, asked: asked, by: by})
	}
	e.foreseeSnapshots()
	e.supposeSeen()
}

// takeSnapshot adds one to those that were taken, which is the newest now.
func (e *evaluation) takeSnapshot(s *snapshot) {
	read, _ := time.Parse(time.RFC3339, s.Read.Time) // Check has read it
	s.read = read.UTC()
	e.snapshots = append(e.snapshots, s)
	if s.Request == e.in.Request && s.Commit == e.request.Commit && s.Index > e.asked.Index {
		e.newest[s.Source] = s
	}
}

// sourcesAreRead asks for a fresh snapshot of each source that a seat takes
// votes from. Without one nothing can be allowed: it could show a deny.
func (e *evaluation) sourcesAreRead() {
	for _, source := range e.sources() {
		s := e.newest[source]
		r := Rule{Name: "what " + source + " says is known", State: Undecidable, Proof: Observed}
		if why := e.notFresh(s); why != "" {
			r.Why = "could not find out what " + source + " says: " + why
			e.rule(r)
			continue
		}
		e.uses(s.entry)
		e.fresh = append(e.fresh, s)
		r.State, r.By = Met, []string{s.by}
		r.Why = fmt.Sprintf("#%d has %s, read at %s", s.Index, plural(len(s.Votes), "vote", "votes"), utc(s.read))
		if s.Strangers > 0 {
			r.Why += fmt.Sprintf("; %s of strangers left out", plural(s.Strangers, "vote", "votes"))
		}
		e.rule(r)
	}
	arrange.By(e.fresh, func(a, b *snapshot) int { return cmp.Compare(a.Index, b.Index) })
}

// notFresh says why a snapshot does not tell what a source says now.
func (e *evaluation) notFresh(s *snapshot) string {
	if s == nil {
		return "no gate has read it for this request"
	}
	if e.supposition != nil {
		return "" // the forge is supposed to show it still
	}
	if off := e.now.Sub(s.read).Abs(); off > forgeFresh {
		return fmt.Sprintf("#%d read it at %s, and it is %s; a reading counts for %s", s.Index, utc(s.read), utc(e.now), span(forgeFresh))
	}
	if s.unsigned {
		return ""
	}
	if _, no := e.madeAt(s.entry, s.read.Add(-forgeFresh)); no != nil {
		return fmt.Sprintf("#%d does not count: %s", s.Index, no.why)
	}
	return ""
}

// sightsOf are the votes of some snapshots, in the ledger's order.
func (e *evaluation) sightsOf(snapshots []*snapshot) []*sight {
	var all []*sight
	for _, s := range snapshots {
		for n, v := range s.Votes {
			at, _ := time.Parse(time.RFC3339, v.Time) // empty, or Check has read it
			key := accountAt(s.Host, v.Account.ID)
			all = append(all, &sight{snap: s, vote: v, n: n, key: key, who: e.humanOf(s.ForgeVotesPredicate, v.Account), at: at, row: -1})
		}
	}
	return all
}

// humanOf names the human whose account it is, at the forge that a snapshot is
// of. Only a user is a human's.
func (e *evaluation) humanOf(s event.ForgeVotesPredicate, a event.ForgeAccount) string {
	if a.Kind != event.AccountUser || a.ID == 0 {
		return ""
	}
	if name, ok := e.p.ownerBy(s.Source, s.Host, a.ID); ok {
		return name
	}
	return accountAt(s.Host, a.ID)
}

// readSights lists the votes of the newest snapshots, and finds the denies
// that stand. A deny without a time that is shown again may have been said again,
// where the source shows how things are; where it shows all that was ever said
// (weak), it is the same one.
func (e *evaluation) readSights() {
	all := e.sightsOf(e.snapshots)
	listed := map[string]*sight{}
	for _, s := range all {
		if e.newest[s.snap.Source] == s.snap {
			e.list(s)
			listed[s.name()] = s
		}
	}
	seen, stands := map[string]bool{}, map[string]bool{}
	for _, s := range all {
		name := s.name()
		said := stands[name] || seen[name] && (!s.at.IsZero() || weak(s.snap.Source))
		if s.vote.Decision != event.ForgeDeny || s.who == "" || said { // nobody's was said already, if it is still there
			continue
		}
		if shown := listed[name]; shown != nil {
			s.row = shown.row
		}
		stands[name] = e.settleDeny(s, all, !seen[name])
		seen[name] = true
	}
	for _, s := range all {
		if s.row >= 0 && e.newest[s.snap.Source] == s.snap {
			e.sights = append(e.sights, s)
		}
	}
}

// name tells a vote from all others, and from the same one after it changed.
func (s *sight) name() string {
	return s.snap.Source + "\x00" + s.vote.ID + "\x00" + s.key + "\x00" + s.vote.Decision + "\x00" + s.vote.Request + "\x00" + s.vote.Time
}

// list gives a vote its row, with what is wrong with it wherever it stands.
func (e *evaluation) list(s *sight) {
	row := Vote{
		Index: e.rowIndex(s), Source: s.snap.Source, Account: s.key, Choice: s.vote.Decision,
		Reason: s.vote.Reason, Issued: s.vote.Time, Why: "rejected: nothing asks for it",
	}
	if _, ok := e.p.Principals[s.who]; ok {
		row.Principal = s.who
	}
	switch {
	case s.who == "" && s.vote.Account.Kind == event.AccountUser:
		row.Why = "rejected: the account has no number"
	case s.who == "":
		row.Why = "rejected: the account is a " + s.vote.Account.Kind + ", and only a user is a human's"
	case s.vote.Request != "" && s.vote.Request != e.in.Request:
		row.Why = "rejected: it is for request " + short(s.vote.Request) + ", not for this one"
	case s.vote.Decision == event.ForgeRevoke && s.vote.Reject == "":
		row.Counted, row.Why = true, "counted: takes back what the account said before"
	case s.vote.Reject != "":
		row.Why = "rejected: " + s.vote.Reject
	}
	s.row = len(e.d.Votes)
	e.d.Votes = append(e.d.Votes, row)
}

// settleDeny keeps a deny that its account has not lifted, and reports whether it
// stands. What would reject an approval does not weaken it. It is listed once,
// unless it was said again.
func (e *evaluation) settleDeny(deny *sight, all []*sight, first bool) (stands bool) {
	if _, about := e.related[deny.vote.Request]; deny.vote.Request != "" && !about {
		return false // of a request that is not about these bytes, or is in no ledger
	}
	lift := e.liftOf(deny, all)
	if lift != nil && !first {
		return false
	}
	if deny.row < 0 {
		e.list(deny)
	}
	if lift != nil {
		e.rejectRow(deny.row, "lifted by the same account at %s, as #%d shows", lift.vote.Time, lift.snap.Index)
		return false
	}
	e.forgeDenies = append(e.forgeDenies, deny)
	return true
}

// liftOf is the word by which the account of a deny took it back.
func (e *evaluation) liftOf(deny *sight, all []*sight) *sight {
	since := deny.at
	if since.IsZero() {
		since = deny.snap.read // it was there by then
	}
	for _, s := range all {
		if s.key == deny.key && s.snap.Index >= deny.snap.Index && s.at.After(since) && e.liftsDeny(s, deny) {
			return s
		}
	}
	return nil
}

// liftsDeny says whether a vote takes a deny of the same account back: a
// revoke of it, or an approval of all that is in dispute.
func (e *evaluation) liftsDeny(s, deny *sight) bool {
	if s.vote.Reject != "" || s.at.After(e.now.Add(skew)) {
		return false
	}
	switch s.vote.Decision {
	case event.ForgeRevoke:
		if s.vote.Request != "" {
			return s.vote.Request == cmp.Or(deny.vote.Request, deny.snap.Request)
		}
		return s.vote.Commit == cmp.Or(deny.vote.Commit, deny.snap.Commit)
	case event.ForgeApprove:
		disputed := sharedSubjects(e.request.Subjects, deny.snap.asked.Subjects)
		return unbound(s) == "" && len(sharedSubjects(disputed, s.snap.asked.Subjects)) == len(disputed)
	}
	return false
}

// unbound says why a vote is not for the request that its snapshot is about.
func unbound(s *sight) string {
	if bindsRequest(s.snap.Source) {
		switch s.vote.Request {
		case s.snap.Request:
			return ""
		case "":
			return "it names no request"
		}
		return "it is for request " + short(s.vote.Request) + ", not for this one"
	}
	was, is := s.snap.Trees[s.vote.Commit], s.snap.Trees[s.snap.Commit]
	switch {
	case s.snap.Commit == "" || s.vote.Commit == "":
		return "it names no commit"
	case s.vote.Request != "" && s.vote.Request != s.snap.Request:
		return "it is for request " + short(s.vote.Request) + ", not for this one"
	case s.vote.Commit == s.snap.Commit || was != "" && was == is:
		return ""
	}
	return "stale: it is for commit " + short(s.vote.Commit) + ", and the request is for " + short(s.snap.Commit)
}

func (e *evaluation) rejectRow(row int, format string, args ...any) {
	e.d.Votes[row].Counted, e.d.Votes[row].Why = false, "rejected: "+fmt.Sprintf(format, args...)
}

func (e *evaluation) countRow(row int, format string, args ...any) {
	e.d.Votes[row].Counted, e.d.Votes[row].Why = true, fmt.Sprintf(format, args...)
	e.inputs[e.d.Votes[row].Index] = true
}

// deniedOnForge applies the vetoes of forges to the rule about denies.
func (e *evaluation) deniedOnForge(r *Rule) {
	if len(e.snapshots) > 0 || len(e.sources()) > 0 {
		r.Proof = Observed
	}
	for _, deny := range e.forgeDenies {
		role, unsure := e.mayVetoOnForge(deny)
		if role == "" && unsure == "" {
			e.rejectRow(deny.row, "%s has no role that may deny%s", deny.who, orNone(e.env.Veto))
			continue
		}
		e.uses(deny.snap.entry)
		if role == "" {
			e.countRow(deny.row, "counted: it could be a veto")
			e.rule(Rule{Name: "who denies may not", State: Undecidable, Proof: Observed,
				Why: fmt.Sprintf("could not find out whether %s may deny: %s", deny.who, unsure)})
			continue
		}
		e.countRow(deny.row, "counted: veto as %s", role)
		if r.State, r.By = Broken, append(r.By, deny.who); r.Why == "" {
			r.Why = fmt.Sprintf("denied by %s on %s, as #%d shows", deny.who, deny.snap.Source, deny.snap.Index)
		}
	}
}

// mayVetoOnForge says as what the account's human may deny. A role that a
// forge tells counts if any snapshot has it: who has left may have said so
// before.
func (e *evaluation) mayVetoOnForge(deny *sight) (role, unsure string) {
	for _, role := range e.env.Veto {
		rule, told := e.p.ForgeRoles[role]
		if !told && e.p.holds(deny.who, role) {
			return role, ""
		}
		for _, s := range e.snapshots {
			switch yes, unknown := e.saidIn(s, deny.who, rule); {
			case told && yes:
				return role, ""
			case told && unknown != "":
				unsure = unknown
			}
		}
	}
	return "", unsure
}

// saidIn says whether a snapshot says that a human holds a role, or which fact
// it could not find out.
func (e *evaluation) saidIn(s *snapshot, who string, rule Role) (yes bool, unknown string) {
	for _, person := range s.People {
		if e.humanOf(s.ForgeVotesPredicate, person.Account) != who {
			continue
		}
		for _, want := range rule.Facts() {
			if !fromProvider(s.Source, providerOf(want)) {
				continue
			}
			if slices.ContainsFunc(person.Facts, func(f string) bool { return implies(f, want) }) {
				return true, ""
			}
			if slices.ContainsFunc(person.Unknown, func(f string) bool { return blurs(f, want) }) {
				unknown = want
			}
		}
	}
	return false, unknown
}

// holdsNow says whether a human holds a role by the policy or by the newest
// snapshot that speaks of them, or which fact nobody could find out.
func (e *evaluation) holdsNow(who, role string) (yes bool, unknown string) {
	rule, told := e.p.ForgeRoles[role]
	if !told {
		return e.p.holds(who, role), ""
	}
	for _, s := range slices.Backward(e.fresh) {
		relevant := slices.ContainsFunc(rule.Facts(), func(f string) bool { return fromProvider(s.Source, providerOf(f)) })
		speaks := slices.ContainsFunc(s.People, func(p event.ForgePerson) bool { return e.humanOf(s.ForgeVotesPredicate, p.Account) == who })
		if relevant && speaks {
			return e.saidIn(s, who, rule)
		}
	}
	return false, ""
}
