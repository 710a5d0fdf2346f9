// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// throughCommit says whether an event of this kind can speak about an
// artifact by speaking about the commit it was built from.
func throughCommit(kind string) bool { return kind == "test" || kind == "commit" }

// haveEvidence asks for an event about each artifact. The newest one by
// somebody who is asked decides: a test that failed after one that passed is a
// failed test.
func (e *evaluation) haveEvidence(want Evidence) {
	r := Rule{Name: want.line() + " for each artifact", State: Met}
	var found, notYet []string
	for i := range e.request.Subjects {
		f := e.newestFor(want, i)
		for _, d := range f.doubts {
			e.doubt(d.entry, d.refusal)
		}
		if f.no != "" {
			notYet = append(notYet, nameOf(e.request.Subjects[i])+": "+f.no)
			continue
		}
		e.uses(f.entries...)
		found, r.By = append(found, f.line), append(r.By, f.by)
	}
	slices.Sort(r.By)
	r.By, r.Why = slices.Compact(r.By), strings.Join(slices.Compact(found), ", ")
	if len(notYet) > 0 {
		r.State, r.By, r.Why = Unmet, nil, strings.Join(notYet, "; ")
		e.missing(Missing{What: want.line(), Who: want.By})
	}
	e.rule(r)
}

// line is the rule in words, its kind of event first.
func (w Evidence) line() string {
	line := w.Event
	if w.Result != "" {
		line += " " + w.Result
	}
	if w.Environment != "" {
		line += " in " + w.Environment
	}
	if denied := w.Deny.words(); denied != "" {
		line += " with nothing " + denied
	}
	line += ", by " + strings.Join(w.By, " or ")
	if w.MaxAge > 0 {
		line += ", not older than " + span(w.MaxAge)
	}
	return line
}

// A finding is what there is about one artifact: the events that count, or
// why none does. A doubt is an event whose word could change it.
type finding struct {
	entries  []entry
	by, line string
	no       string
	doubts   []doubtful
}

type doubtful struct {
	entry
	*refusal
}

// newestFor looks from the newest entry back for the first that counts as the
// word of somebody asked, and takes that word. A newer one that nobody can
// check puts the answer in doubt, unless it could say nothing else.
func (e *evaluation) newestFor(want Evidence, subject int) finding {
	return e.newestUnless(want, subject, func(en entry) bool { return saysTheSame(en, want) })
}

// newestUnless is newestFor, where a newer one that nobody can check is no doubt
// if it says the same.
func (e *evaluation) newestUnless(want Evidence, subject int, same func(entry) bool) finding {
	s := e.request.Subjects[subject]
	var ignored []string
	var doubts []doubtful
	for _, en := range slices.Backward(e.journal.of(want.Event)) {
		viaArtifact := en.about(s.Digests())
		viaCommit := throughCommit(want.Event) && e.request.Commit != "" && en.about([]event.Digest{{Hex: e.request.Commit}})
		if e.before > 0 && en.Index >= e.before || !viaArtifact && !viaCommit || want.Environment != "" && !e.isDeploymentTo(en, want.Environment) {
			continue
		}
		by, no := e.evidenceBy(en, want, s)
		if no != nil {
			ignored = append(ignored, fmt.Sprintf("#%d does not count: %s", en.Index, no.why))
			if no.doubt {
				doubts = append(doubts, doubtful{en, no})
			}
			continue
		}
		f := e.judge(en, by, want, subject)
		if f.no == "" {
			doubts = slices.DeleteFunc(doubts, func(d doubtful) bool { return same(d.entry) })
		}
		f.doubts = append(f.doubts, doubts...)
		return f
	}
	no := "no " + want.Event + " event is about it"
	if len(ignored) > 0 {
		no = strings.Join(ignored[:min(len(ignored), 3)], ", ")
	}
	return finding{no: no, doubts: doubts}
}

// saysTheSame says whether an entry, if it counted, would meet the rule as
// well as an older one does.
func saysTheSame(en entry, want Evidence) bool {
	st, err := en.Statement()
	return err == nil && (want.Result == "" || resultOf(st, want.Event) == want.Result) && want.Deny.scanned(st) == ""
}

func (e *evaluation) isDeploymentTo(en entry, environment string) bool {
	p, err := event.DecodePredicate[event.DeploymentPredicate](en.Event)
	return err == nil && p.Environment == environment
}

// evidenceBy says who of those asked signed the event, if it is of the kind
// and about the artifact or its commit.
func (e *evaluation) evidenceBy(en entry, want Evidence, s event.Subject) (by string, no *refusal) {
	by, no = e.signed(en, want.By)
	switch {
	case no != nil:
		return "", no
	case !slices.Contains(want.By, by):
		return "", refuse("signed by %s, and %s is asked", by, strings.Join(want.By, " or "))
	case en.Kind() != want.Event:
		return "", refuse("it is no %s event", want.Event)
	}
	if why := e.elsewhere(en, e.request.Commit); why != "" {
		return "", refuse("%s, and the request is for %s", why, cmp.Or(short(e.request.Commit), "none"))
	}
	st, err := en.Statement()
	if err != nil {
		return "", refuse("%v", err)
	}
	if !anyShares(st.Subject, s) && !(throughCommit(want.Event) && e.aboutCommit(st)) {
		return "", refuse("it is about other bytes")
	}
	return by, nil
}

func (e *evaluation) aboutCommit(st event.Statement) bool {
	return slices.ContainsFunc(st.Subject, func(s event.Subject) bool {
		return e.request.Commit != "" && s.Digest["gitCommit"] == e.request.Commit
	})
}

// judge takes the word of the newest event that counts.
func (e *evaluation) judge(en entry, by string, want Evidence, subject int) finding {
	f := finding{entries: []entry{en}, by: by}
	st, err := en.Statement()
	if err != nil {
		return finding{no: err.Error()}
	}
	context, made := contextOf(st)
	line := fmt.Sprintf("#%d", en.Index)
	if !anyShares(st.Subject, e.request.Subjects[subject]) {
		if why := e.countsThroughCommit(want, context, subject); why != "" {
			f = finding{no: fmt.Sprintf("#%d is about commit %s, and %s", en.Index, short(e.request.Commit), why)}
			if !e.linked[subject] {
				f.doubts = e.unlinked[subject]
			}
			return f
		}
		line += " through commit " + short(e.request.Commit)
		f.entries = append(f.entries, e.linkEntries(subject)...)
	}
	if result := resultOf(st, want.Event); want.Result != "" && result != want.Result {
		return finding{no: fmt.Sprintf("the newest, #%d, says %q", en.Index, result)}
	}
	if denied := want.Deny.scanned(st); denied != "" {
		return finding{no: fmt.Sprintf("the newest, #%d, %s", en.Index, denied)}
	}
	if want.Event == "scan" {
		made = scanTime(st, made)
	}
	if no := e.tooOld(en, made, want.MaxAge); no != nil {
		f = finding{no: fmt.Sprintf("the newest, #%d, %s", en.Index, no.why)}
		if no.doubt {
			f.doubts = []doubtful{{en, no}}
		}
		return f
	}
	f.line = line + leftOut(st, want.Event)
	return f
}

// countsThroughCommit says why an event about the commit says nothing about
// the artifact.
func (e *evaluation) countsThroughCommit(want Evidence, at event.Context, subject int) string {
	switch {
	case !e.linked[subject]:
		return "no build event ties the artifact to it"
	case want.Event == "test" && at.Dirty:
		return "ran on a checkout with changes that the commit does not hold"
	}
	return ""
}

// linkEntries are the build events that tie one artifact to the commit.
func (e *evaluation) linkEntries(subject int) []entry {
	var all []entry
	for _, l := range e.links {
		if st, err := l.Statement(); err == nil && anyShares(st.Subject, e.request.Subjects[subject]) {
			all = append(all, l.entry)
		}
	}
	return all
}

// tooOld compares the maker's own time, or in a dated environment the proven
// one, with the policy.
func (e *evaluation) tooOld(en entry, made string, maxAge time.Duration) *refusal {
	if made == "" && maxAge == 0 {
		_, no := e.madeAt(en, time.Time{})
		return no
	}
	said, err := time.Parse(time.RFC3339, made)
	if err != nil {
		return refuse("does not say when it was made")
	}
	t, no := e.madeAt(en, said)
	switch age := e.now.Sub(t); {
	case no != nil:
		return no
	case age < -skew:
		return refuse("says it was made at %s, which is still to come", made)
	case maxAge > 0 && age >= maxAge:
		if !t.Equal(said) {
			made = utc(t)
		}
		return refuse("is too old: of %s, and counts for %s", made, span(maxAge))
	}
	return nil
}

// contextOf reads where and when an event was made: from the context that our
// own and standard predicates carry, or a CycloneDX document's timestamp.
func contextOf(st event.Statement) (event.Context, string) {
	var p struct {
		Context  event.Context `json:"gateledger_context"`
		Metadata struct {
			Timestamp string `json:"timestamp"`
		} `json:"metadata"`
	}
	if err := canon.DecodeOpen(st.Predicate, &p); err != nil {
		return event.Context{}, ""
	}
	if p.Context.Time == "" && st.PredicateType == event.CycloneDXType {
		return p.Context, p.Metadata.Timestamp
	}
	return p.Context, p.Context.Time
}

// resultOf is how a test or deployment ended, in the policy's words.
func resultOf(st event.Statement, kind string) string {
	var p struct {
		Result string `json:"result"`
	}
	if err := canon.DecodeOpen(st.Predicate, &p); err != nil {
		return ""
	}
	if kind == "test" {
		return strings.ToLower(p.Result)
	}
	return p.Result
}

// span writes a duration as the policy does.
func span(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0 && d > 24*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}
