// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

const ruleRequest = "the request is in the ledger, made by a gate of the policy"

// findRequest finds the event that the request's id hashes, and settles which
// environment's rules apply. Without it there is nothing to decide.
func (e *evaluation) findRequest() bool {
	if n := len(e.journal.lost); n > 0 {
		e.rule(Rule{Name: "every entry of the ledger can be read", State: Undecidable,
			Why: fmt.Sprintf("the body of entry #%d is missing (%d in all): it could be a veto", e.journal.lost[0], n)})
	}
	why := "no request " + short(e.in.Request) + " stands in the ledger's " + plural(len(e.in.Events), "entry", "entries")
	state, unsure := Undecidable, false
	for _, en := range e.journal.of("request") {
		p, id, err := readRequest(en)
		if err != nil || id != e.in.Request {
			continue
		}
		by, no := e.adopt(en, p)
		if no == nil {
			e.uses(en)
			e.rule(Rule{Name: ruleRequest, State: Met, Why: "entry #" + fmt.Sprint(en.Index), By: []string{by}})
			return true
		}
		switch {
		case no.doubt:
			state, why, unsure = Undecidable, no.why, true
		case state != Broken && !unsure:
			state, why = Broken, no.why
		}
	}
	e.rule(Rule{Name: ruleRequest, State: state, Why: why})
	return false
}

func readRequest(en entry) (p event.RequestPredicate, id string, err error) {
	if p, err = event.DecodePredicate[event.RequestPredicate](en.Event); err != nil {
		return p, "", err
	}
	id, err = event.RequestID(p)
	return p, id, err
}

// adopt takes the request over, and says which gate made it, or why nobody
// has to answer it.
func (e *evaluation) adopt(en entry, p event.RequestPredicate) (by string, no *refusal) {
	env, ok := e.p.Environment(p.Environment)
	e.d.Environment = p.Environment
	switch {
	case p.Ledger != e.p.Ledger.Origin:
		return "", refuse("the request is for the ledger %q, and the policy's is %q", p.Ledger, e.p.Ledger.Origin)
	case !ok:
		return "", refuse("the policy has no environment %q", p.Environment)
	case p.Checkpoint.Size > en.Index:
		return "", refuse("the request at #%d names a checkpoint of %d entries, which came after it", en.Index, p.Checkpoint.Size)
	}
	e.env, e.d.Tier = env, env.Tier
	by, no = e.gateSigned(en)
	if no != nil {
		return "", &refusal{fmt.Sprintf("the request at #%d does not count: %s", en.Index, no.why), no.doubt}
	}
	created, err := time.Parse(time.RFC3339, p.Created)
	if err != nil {
		return "", refuse("the request at #%d does not say when it was made", en.Index)
	}
	e.asked, e.request, e.created = en, p, created
	return by, nil
}

func (e *evaluation) underThisPolicy() {
	r := Rule{Name: "the request was made under the policy of now"}
	current, err := e.p.EnvironmentDigest(e.env.Name)
	e.d.Policy = current
	switch notReady := e.p.Ready(e.env.Name); {
	case err != nil:
		r.State, r.Why = Undecidable, err.Error()
	case current != e.request.Policy:
		r.State, r.Why = Broken, fmt.Sprintf("superseded: the policy for %s is now sha256:%s, and the request was made under sha256:%s; ask again",
			e.env.Name, short(current), short(e.request.Policy))
	case notReady != nil:
		r.State, r.Why = Broken, "the policy cannot be met: "+strings.ReplaceAll(notReady.Error(), "\n", "; ")
	default:
		r.State, r.Why = Met, "sha256:"+short(current)
	}
	e.rule(r)
}

// clockIsRight compares the clock with what gates have logged for this
// environment. Only their times count, so that a voter with a wrong clock
// stops nobody else.
func (e *evaluation) clockIsRight() {
	r := Rule{Name: "the clock is not behind the ledger", State: Met, Why: e.now.Format(time.RFC3339), Proof: e.clockProof()}
	latest, at := e.created, e.asked.Index
	for kind, key := range map[string]string{"request": "created", "decision": "timeVerified", "consumption": "time"} {
		for _, en := range e.journal.of(kind) {
			t := en.rawTime(key)
			if !t.After(e.now.Add(skew)) || t.Before(latest) || t.Equal(latest) && en.Index >= at || !e.ours(en, kind) {
				continue
			}
			if t = e.noLaterThanProven(en, t); !t.After(e.now.Add(skew)) {
				continue
			}
			latest, at = t, en.Index
		}
	}
	if latest.After(e.now.Add(skew)) {
		r.State = Undecidable
		r.Why = fmt.Sprintf("the clock is behind the ledger by %s: entry #%d is of %s", latest.Sub(e.now).Round(time.Second), at, latest.UTC().Format(time.RFC3339))
	}
	e.rule(r)
}

// ours says whether a gate of this environment made the entry for it.
func (e *evaluation) ours(en entry, kind string) bool {
	if _, no := e.gateSigned(en); no != nil {
		e.doubt(en, no)
		return false
	}
	switch kind {
	case "request":
		p, _, err := readRequest(en)
		return err == nil && p.Environment == e.env.Name
	case "consumption":
		p, err := event.DecodePredicate[event.ConsumptionPredicate](en.Event)
		return err == nil && p.Environment == e.env.Name
	}
	p, err := event.DecodePredicate[event.DecisionPredicate](en.Event)
	if err != nil {
		return false
	}
	d, err := ParseDecision(p.Decision)
	return err == nil && d.Environment == e.env.Name
}

func (e *evaluation) notExpired() {
	r := Rule{Name: "the request has not expired", Proof: e.clockProof()}
	expires, err := time.Parse(time.RFC3339, e.request.Expires)
	switch {
	case err != nil:
		r.State, r.Why = Broken, "the request does not say when it expires"
	case !e.now.Before(expires):
		r.State, r.Why = Broken, "expired at "+e.request.Expires
	default:
		r.State, r.Why = Met, "it does at "+e.request.Expires
	}
	e.rule(r)
}

// A use is a consumption that counts.
type use struct {
	entry
	event.ConsumptionPredicate
}

// consumptions are those by a gate of this environment that pass the sieve, in
// order, and those that could be. The first of a request wins.
func (e *evaluation) consumptions(sieve func(entry) bool) (all []use, doubts []doubtful) {
	for _, en := range e.journal.of("consumption") {
		if !sieve(en) {
			continue
		}
		if _, no := e.gateSigned(en); no != nil {
			if no.doubt {
				doubts = append(doubts, doubtful{en, no})
			}
			continue
		}
		if p, err := event.DecodePredicate[event.ConsumptionPredicate](en.Event); err == nil && p.Environment == e.env.Name {
			all = append(all, use{en, p})
		}
	}
	return all, doubts
}

func (e *evaluation) notUsedUp() {
	r := Rule{Name: "no other run has used the request up", State: Met, Why: "nobody has"}
	uses, doubts := e.consumptions(func(en entry) bool { return en.raw("request") == e.in.Request })
	i := slices.IndexFunc(uses, func(u use) bool { return u.Request == e.in.Request })
	for _, d := range doubts {
		if i < 0 || d.Index < uses[i].Index {
			e.doubt(d.entry, d.refusal)
		}
	}
	if i < 0 {
		e.rule(r)
		return
	}
	won := uses[i]
	e.uses(won.entry)
	e.d.UsedBy = won.Run
	done, at := e.deployedSince(won)
	switch {
	case done:
		r.State, r.Why = Broken, fmt.Sprintf("already used by run %s, which deployed it: entry #%d", won.Run, at)
	case e.in.Run == "" || won.Run != e.in.Run:
		r.State, r.Why = Broken, fmt.Sprintf("already used by run %s", won.Run)
	default:
		r.Why = fmt.Sprintf("this run used it at #%d, and may go on until it records a healthy deployment", won.Index)
	}
	e.rule(r)
}

// A deployed is a healthy deployment to this environment, by whomever.
type deployed struct {
	entry
	event.DeploymentPredicate
	subjects []event.Subject
}

// deployments that pass the sieve are read and not checked: few of them matter.
func (e *evaluation) deployments(after uint64, sieve func(entry) bool) []deployed {
	var all []deployed
	for _, en := range e.journal.of("deployment") {
		if en.Index <= after || en.raw("environment") != e.env.Name || en.raw("result") != event.Healthy || !sieve(en) {
			continue
		}
		p, err := event.DecodePredicate[event.DeploymentPredicate](en.Event)
		if err != nil || p.Environment != e.env.Name || p.Result != event.Healthy {
			continue
		}
		if s, err := en.Statement(); err == nil {
			all = append(all, deployed{en, p, s.Subject})
		}
	}
	return all
}

// is says whether the deployment came of a request for these subjects. One
// that names no request is taken to be of every request for its bytes.
func (d deployed) is(request string, subjects []event.Subject) bool {
	if d.Request != "" {
		return d.Request == request
	}
	return slices.ContainsFunc(d.subjects, func(s event.Subject) bool { return anyShares(subjects, s) })
}

// deployedSince says whether the run that won has finished.
func (e *evaluation) deployedSince(won use) (bool, uint64) {
	ours := func(en entry) bool { return slices.Contains([]string{"", e.in.Request}, en.raw("request")) }
	for _, d := range e.deployments(won.Index, ours) {
		if !d.is(e.in.Request, e.request.Subjects) {
			continue
		}
		_, no := e.signed(d.entry, nil)
		if no == nil {
			return true, d.Index
		}
		e.doubt(d.entry, no)
	}
	return false, 0
}

// notOvertaken refuses a request after another one was used up and deployed:
// its voters saw the difference to what ran before, and going on would undo
// the newer deployment.
func (e *evaluation) notOvertaken() {
	r := Rule{Name: "nothing else was deployed since the request", State: Met, Why: "nothing was"}
	others := func(en entry) bool { return en.raw("request") != e.in.Request }
	for _, d := range e.deployments(e.asked.Index, others) {
		if d.is(e.in.Request, e.request.Subjects) || !e.wasAllowed(d) {
			continue
		}
		_, no := e.signed(d.entry, nil)
		if e.doubt(d.entry, no); no == nil {
			r.State, r.Why = Broken, fmt.Sprintf("superseded: another request was deployed to %s at #%d; ask again", e.env.Name, d.Index)
			break
		}
	}
	e.rule(r)
}

// wasAllowed says whether a gate used up another request for the deployment.
func (e *evaluation) wasAllowed(d deployed) bool {
	digests := digestsOf(d.subjects)
	uses, doubts := e.consumptions(func(en entry) bool {
		if d.Request == "" {
			return en.raw("request") != e.in.Request && en.about(digests)
		}
		return en.raw("request") == d.Request
	})
	allowed := slices.ContainsFunc(uses, func(u use) bool {
		s, err := u.Statement()
		return err == nil && u.Request != e.in.Request && d.is(u.Request, s.Subject)
	})
	for _, d := range doubts {
		if !allowed {
			e.doubt(d.entry, d.refusal)
		}
	}
	return allowed
}
