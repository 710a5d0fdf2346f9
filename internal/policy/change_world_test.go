// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

// changingRules let two leads change the policy.
const changingRules = certifiedRules + "policy-change: {require: [{role: lead, count: 2}]}\n"

// anotherPolicy is the policy of a world with one text in place of another.
func (w *world) anotherPolicy(from, to string) string {
	w.Helper()
	text := strings.Replace(string(w.p.Source), from, to, 1)
	if text == string(w.p.Source) {
		w.Fatalf("%q is not in the policy", from)
	}
	return text
}

func hexOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// A proposal is a text that stands in a world under a name.
type proposal struct{ name, from, to string }

var (
	oneLead   = proposal{"one", "    require: [{role: security, count: 1}, {role: lead, count: 2}]", "    require: [{role: lead, count: 1}]"}
	noChange  = proposal{"frozen", "policy-change: {require: [{role: lead, count: 2}]}\n", ""}
	byGuests  = proposal{"guests", "policy-change: {require: [{role: lead, count: 2}]}", "policy-change: {require: [{role: guest, count: 1}]}"}
	unknowing = proposal{"newer", "version: 1", "version: 2"}
)

// proposes asks for another policy, under the one in force.
func proposes(what proposal, edits ...editor) step {
	return func(w *world) {
		text := w.anotherPolicy(what.from, what.to)
		w.texts[hexOf(text)] = text
		w.proposed[what.name] = hexOf(text)
		digest, err := w.p.EnvironmentDigest(ChangeEnvironment)
		if err != nil {
			w.Fatal(err)
		}
		edits := append([]editor{into(ChangeEnvironment), about(event.PolicySubject(hexOf(text))), asking(func(p *event.RequestPredicate) {
			p.Policy, p.Commit, p.Expires = digest, "", w.clock.Add(14*24*time.Hour).Format(time.RFC3339)
		})}, edits...)
		w.play(request(what.name, edits...))
	}
}

// inputFor is what a gate decides about a request from, at this head.
func (w *world) inputFor(name string, run string) Input {
	in := Input{
		Policy: w.p, Request: w.ids[name], Events: slices.Clone(w.events), Now: w.now, Run: run,
		Head: event.Checkpoint{Size: uint64(len(w.events)), Root: strings.Repeat("0", 64)},
	}
	if w.root != nil {
		in.identify = *w.root
		in.Stamp = token(utc(w.now), NowMessage(in.Request, in.Head))
	}
	return in
}

// rules logs a gate's decision, whatever it is, as allowed.
func rules(name string, edits ...editor) step {
	return func(w *world) {
		in := w.inputFor(name, "run-1")
		d, err := Evaluate(in)
		if err != nil {
			w.Fatal(err)
		}
		w.said = append(w.said, d)
		d.Verdict = Allowed
		s, err := Summary(in, w.asked[name], d)
		if err != nil {
			w.Fatal(err)
		}
		w.clock = w.now
		draft := w.draft("gate", edits)
		w.log(draft.by, event.DecisionType, w.asked[name].Subjects, s)
	}
}

func uses(name string) step {
	return func(w *world) {
		w.play(consume(of(name), into(ChangeEnvironment), about(w.asked[name].Subjects...)))
	}
}

// enacts logs the policy event of a proposal. The world's policy becomes it
// only if somebody says so.
func enacts(name string, edits ...func(*event.PolicyPredicate)) step {
	return enactsBy("gate", name, edits...)
}

func enactsBy(who, name string, edits ...func(*event.PolicyPredicate)) step {
	return func(w *world) {
		d := w.draft(who, nil)
		p := event.PolicyPredicate{Ledger: origin, Previous: w.p.Digest, Policy: w.proposed[name], Request: w.ids[name], Context: d.context}
		apply(&p, edits)
		w.log(d.by, event.PolicyType, []event.Subject{event.PolicySubject(p.Policy)}, p)
	}
}

// nowBy puts a proposal in force for what the world does from here on.
func nowBy(name string) step {
	return func(w *world) {
		p, err := Parse([]byte(w.texts[w.proposed[name]]))
		if err != nil {
			w.Fatal(err)
		}
		w.p = p
	}
}

// withText changes what the store of texts gives.
func withText(name string, text string) step {
	return func(w *world) { w.texts[w.proposed[name]] = text }
}

func withoutText(name string) step {
	return func(w *world) { delete(w.texts, w.proposed[name]) }
}

var errNoBlob = errors.New("the blob is not there")

func (w *world) follow(start *Policy) (Chain, error) {
	return follow(start, 0, w.events, func(p *Policy) identifier {
		if w.root == nil || w.rootless {
			return p.believes(nil)
		}
		return *w.root
	}, func(hex string) ([]byte, error) {
		if text, ok := w.texts[hex]; ok {
			return []byte(text), nil
		}
		return nil, errNoBlob
	})
}

func newChanging(t testing.TB, rules string) *world {
	w := newCertified(t, rules)
	w.texts, w.proposed = map[string]string{}, map[string]string{}
	return w
}

// whole is a change that is done as it should be.
func whole(what proposal) []step {
	return []step{proposes(what), approve("bob", of(what.name)), approve("carol", of(what.name)), rules(what.name), uses(what.name), enacts(what.name)}
}

// enactedBy names another request than the proposal's own.
func enactedBy(name string) func(*event.PolicyPredicate) {
	return func(p *event.PolicyPredicate) { p.Request = hexOf(name) }
}

func alsoFor(name string) editor {
	return func(d *draft) { d.subjects = append(d.subjects, artifact(name)) }
}

// inTurn is a whole change, an hour later, by people whose votes are fresh.
func inTurn(what proposal) step {
	return func(w *world) {
		w.now = w.now.Add(time.Hour)
		w.clock = w.now.Add(-30 * time.Minute)
		w.play(whole(what)...)
	}
}

func begins(w *world) {
	w.proposed["first"] = w.p.Digest
	w.play(enacts("first", func(p *event.PolicyPredicate) { p.Previous, p.Request = event.NoPrevious, "" }))
	delete(w.proposed, "first")
}

// proposesAnyway asks where nobody may be asked.
func proposesAnyway(w *world) {
	text := strings.Replace(string(w.p.Source), oneLead.from, oneLead.to, 1)
	w.texts[hexOf(text)], w.proposed["one"] = text, hexOf(text)
	w.play(request("one", into(ChangeEnvironment), about(event.PolicySubject(hexOf(text)))))
}

// nowBy2 has the world go on by a policy whose text is lost.
func nowBy2(w *world) {
	p, err := Parse([]byte(w.anotherPolicy(oneLead.from, oneLead.to)))
	if err != nil {
		w.Fatal(err)
	}
	w.p = p
}

// rulesUnstamped is a decision whose token was dropped.
func rulesUnstamped(name string) step {
	return func(w *world) {
		in := w.inputFor(name, "run-1")
		d, err := Evaluate(in)
		if err != nil {
			w.Fatal(err)
		}
		in.Stamp = nil
		s, err := Summary(in, w.asked[name], d)
		if err != nil {
			w.Fatal(err)
		}
		w.clock = w.now
		w.log(w.draft("gate", nil).by, event.DecisionType, w.asked[name].Subjects, s)
	}
}
