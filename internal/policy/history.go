// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/gateledger/gateledger/internal/event"
)

// Which commits a request brings.
//
// Whoever made a change does not approve it, and a change is every commit
// since what runs now, not only the newest. What runs now is what the request
// names as previous: the last deployment that a gate allowed. From the
// request's commit the parents are walked until that deployment's commit, or
// one that came before it; what a merge brings along is walked too.
//
// Only commit events tell parents. A commit on the way that none tells about
// could be anybody's, so nothing is allowed until one does. The commits before
// the deployed one are found in the same way, from its parents; so far as they
// are known, a branch that left before it ends where it left.

// maxRange bounds how many commits are walked, each way.
const maxRange = 10_000

// A told is what the commit events that count say of one commit. If two
// differ, everybody whom either names made it, and it has the parents of both.
type told struct {
	known   bool
	why     string // why it is not known
	makers  []maker
	parents []string
	doubts  []doubtful
}

type maker struct {
	entry
	event.CommitPredicate
}

// tell reads every commit event by a signer of the policy about a commit.
func (e *evaluation) tell(id string) *told {
	if t := e.commits[id]; t != nil {
		return t
	}
	t := &told{why: "no commit event is about " + short(id)}
	e.commits[id] = t
	for _, en := range e.journal.commits()[id] {
		p, err := event.DecodePredicate[event.CommitPredicate](en.Event)
		if err != nil || p.Commit != id {
			continue
		}
		if no := e.mayTell(en, id); no != nil {
			if no.doubt {
				t.doubts = append(t.doubts, doubtful{en, no})
			}
			t.why = fmt.Sprintf("the commit event #%d does not count: %s", en.Index, no.why)
			continue
		}
		t.known, t.makers = true, append(t.makers, maker{en, p})
		for _, parent := range p.Parents {
			if !slices.Contains(t.parents, parent) {
				t.parents = append(t.parents, parent)
			}
		}
	}
	return t
}

// mayTell says why an event does not count as word of a commit. A keyless
// signer speaks of the commit that it ran, and of those that the request
// brings with it; a gate of any.
func (e *evaluation) mayTell(en entry, id string) *refusal {
	if _, no := e.signed(en, nil); no != nil {
		return no
	}
	why := e.elsewhere(en, id, e.request.Commit)
	if why == "" {
		return nil
	}
	if _, no := e.gateSigned(en); no != nil {
		return refuse("%s", why)
	}
	return nil
}

// commits are the commit events by the commit that they are about, going by
// the bytes alone. In canonical JSON a commit's own id is the first member of
// that name: before it stand identities, which have none.
func (j *journal) commits() map[string][]entry {
	if j.byCommit != nil {
		return j.byCommit
	}
	j.byCommit = map[string][]entry{}
	find := []byte(`"commit":"`)
	for _, en := range j.of("commit") {
		_, rest, ok := bytes.Cut(en.predicate, find)
		if id, _, closed := bytes.Cut(rest, []byte(`"`)); ok && closed {
			j.byCommit[string(id)] = append(j.byCommit[string(id)], en)
		}
	}
	return j.byCommit
}

// A span of history is what a request brings.
type history struct {
	since   string   // the commit deployed before; empty: nothing was
	commits []string // that the request brings, its own among them
	lost    string   // why nobody can tell which those are
	over    bool     // lost, because there are too many
}

// brings finds the commits of the request.
func (e *evaluation) brings() history {
	h := history{commits: []string{e.request.Commit}}
	if e.request.Commit == "" || e.request.Previous == event.NoPrevious || e.request.Previous == "" {
		return h
	}
	since, why := e.deployedCommit()
	if why != "" {
		h.lost = why
		return h
	}
	h.since = since
	if since == e.request.Commit {
		return h
	}
	return e.between(since)
}

// A walk goes from a commit to its parents, theirs, and so on.
type walk struct {
	from   string
	seen   map[string]bool
	walked map[string]bool // whose parents are seen
	next   []string        // seen, and not walked
}

func walkFrom(id string) *walk {
	return &walk{from: id, seen: map[string]bool{id: true}, walked: map[string]bool{}, next: []string{id}}
}

// step goes on from one commit to its parents that are not in stop, and
// returns those that are new.
func (w *walk) step(e *evaluation, stop map[string]bool) (found []string) {
	if len(w.next) == 0 || len(w.seen) > maxRange {
		return nil
	}
	id := w.next[0]
	w.next, w.walked[id] = w.next[1:], true
	for _, parent := range e.tell(id).parents {
		if !w.seen[parent] && !stop[parent] {
			w.seen[parent] = true
			found = append(found, parent)
		}
	}
	w.next = append(w.next, found...)
	return found
}

// prune forgets what the walk came to only through commits that turn out to
// be in stop.
func (w *walk) prune(e *evaluation, stop map[string]bool) {
	w.seen, w.next = map[string]bool{w.from: true}, nil
	for list := []string{w.from}; len(list) > 0; list = list[1:] {
		if !w.walked[list[0]] {
			w.next = append(w.next, list[0])
			continue
		}
		for _, parent := range e.tell(list[0]).parents {
			if !w.seen[parent] && !stop[parent] {
				w.seen[parent] = true
				list = append(list, parent)
			}
		}
	}
}

// between finds what is before the request's commit and not before the one
// deployed. It walks from both in turns, so that what is far before both is
// not walked at all. Where branches cross in odd ways it can find too much,
// and never too little.
func (e *evaluation) between(since string) history {
	h := history{since: since, commits: []string{e.request.Commit}}
	ours, theirs := walkFrom(e.request.Commit), walkFrom(since)
	spare, checked, settled := 0, false, false // spare: how long theirs goes on once ours is done
	for !over(ours) && !(finished(ours) && finished(theirs)) {
		if len(ours.next) > 0 {
			ours.step(e, theirs.seen)
		}
		if len(ours.next) == 0 && !checked {
			known, met := e.ends(ours, theirs)
			spare, settled, checked = e.spare(ours, theirs), known && met, true
		}
		if settled && spare == 0 {
			break
		}
		spare--
		if slices.ContainsFunc(theirs.step(e, nil), func(id string) bool { return ours.seen[id] }) {
			ours.prune(e, theirs.seen)
			checked, settled = false, false
		}
		if theirs.seen[e.request.Commit] {
			return h // it was there already: this goes back
		}
	}
	if over(ours) {
		h.over = true
		h.lost = fmt.Sprintf("there are more than %d commits to walk from %s to %s, which was deployed before", maxRange, short(e.request.Commit), short(since))
		return h
	}
	h.commits = slices.Sorted(maps.Keys(ours.seen))
	if known, met := e.ends(ours, theirs); known && !met {
		h.lost = fmt.Sprintf("the history of commit %s, as commit events tell it, does not lead to %s, which was deployed before", short(e.request.Commit), short(since))
	}
	return h
}

func over(w *walk) bool { return len(w.seen) > maxRange }

func finished(w *walk) bool { return len(w.next) == 0 || over(w) }

// spare is how much further to look for where a branch left. Without a merge
// there is one way back only, and no need to.
func (e *evaluation) spare(ours, theirs *walk) int {
	for _, w := range []*walk{ours, theirs} {
		for id := range w.walked {
			if len(e.tell(id).parents) > 1 {
				return 16 + 4*len(ours.seen)
			}
		}
	}
	return 0
}

// ends says whether every commit of a walk is known, and whether it came to
// one of the other.
func (e *evaluation) ends(ours, theirs *walk) (known, met bool) {
	known = true
	for id := range ours.seen {
		t := e.tell(id)
		known = known && t.known
		met = met || slices.ContainsFunc(t.parents, func(parent string) bool { return theirs.seen[parent] })
	}
	return known, met
}

// deployedCommit finds the commit of what the request names as previous: the
// last deployment of it that a gate allowed, before the request.
func (e *evaluation) deployedCommit() (commit, why string) {
	previous, err := event.ParseDigest(e.request.Previous)
	if err != nil {
		return "", err.Error()
	}
	earlier := func(en entry) bool { return en.Index < e.asked.Index && en.about([]event.Digest{previous}) }
	for _, d := range slices.Backward(e.deployments(0, earlier)) {
		if !slices.ContainsFunc(d.subjects, func(s event.Subject) bool { return s.Has(previous) }) || !e.wasAllowed(d) {
			continue
		}
		if _, no := e.signed(d.entry, nil); no != nil {
			e.doubt(d.entry, no)
			continue
		}
		if commit := e.commitOfUse(d); commit != "" {
			return commit, ""
		}
		return e.builtFrom(previous)
	}
	return "", fmt.Sprintf("the request names %s as deployed before, and no deployment of it counts; ask again", shortDigest(previous))
}

// commitOfUse is the commit of the request that a deployment came of.
func (e *evaluation) commitOfUse(d deployed) string {
	uses, _ := e.consumptions(func(en entry) bool {
		return en.Index < d.Index && (en.raw("request") == d.Request || d.Request == "" && en.about(digestsOf(d.subjects)))
	})
	for _, u := range slices.Backward(uses) {
		for _, en := range e.journal.of("request") {
			if p, id, err := readRequest(en); err == nil && id == u.Request {
				return p.Commit
			}
		}
	}
	return ""
}

// builtFrom is the commit of the newest build event that counts about a digest.
func (e *evaluation) builtFrom(d event.Digest) (commit, why string) {
	for _, en := range slices.Backward(e.journal.of("build")) {
		if !en.about([]event.Digest{d}) {
			continue
		}
		if _, no := e.signed(en, nil); no != nil {
			e.doubt(en, no)
			continue
		}
		st, err := en.Statement()
		if err != nil || !slices.ContainsFunc(st.Subject, func(s event.Subject) bool { return s.Has(d) }) {
			continue
		}
		p, err := event.DecodePredicate[event.BuildPredicate](en.Event)
		if err != nil {
			continue
		}
		for _, source := range p.BuildDefinition.ResolvedDependencies {
			if id := source.Digest["gitCommit"]; id != "" {
				return id, ""
			}
		}
	}
	return "", fmt.Sprintf("nothing says from which commit %s, which was deployed before, was built", shortDigest(d))
}

func shortDigest(d event.Digest) string { return d.Alg + ":" + short(d.Hex) }

// Brings says what a request would bring if it were the ledger's next entry:
// the commit that was deployed before, empty if nothing was or nobody can
// tell, and the commits on the way to it of which no commit event that counts
// tells. Without those, rules that exclude whoever made the change are not
// met. Behind a commit that is unknown there can be more.
func Brings(in Input, r event.RequestPredicate) (since string, unknown []string, err error) {
	e, err := begin(in)
	if err != nil {
		return "", nil, err
	}
	env, ok := e.p.Environment(r.Environment)
	if !ok {
		return "", nil, e.p.Ready(r.Environment)
	}
	e.env, e.request = env, r
	e.asked = entry{Event: &event.Event{Index: uint64(len(in.Events))}}
	h := e.brings()
	for _, id := range h.commits {
		if id != "" && !e.tell(id).known {
			unknown = append(unknown, id)
		}
	}
	return h.since, unknown, nil
}
