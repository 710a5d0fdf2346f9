// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/keyless"
)

// stages is the order of the story. Steps up to test come before every
// request; the rest belongs to one. A change of policy stands between them.
var stages = map[string]int{
	"commit": 0, "build": 1, "sbom": 2, "test": 3, "scan": 4, "pipeline": 5, "untrusted-report": 6, "policy": 7,
	"request": 8, "vote": 9, "forge-votes": 10, "posture": 11, "decision": 12, "consumption": 13, "debt": 14, "deployment": 15,
}

const firstOfRequest = 8 // stages["request"]

// A tracer is a chain that is being made.
type tracer struct {
	in       Input
	maxAge   time.Duration
	chain    Chain
	roots    roots
	periods  []period
	steps    map[uint64]*Step
	requests map[string]request // by id, those that count
	rulings  []ruling           // decisions that follow from the ledger, in order

	doubts     map[string]string        // by environment: why a word of its gate can't be checked
	signatures map[uint64]signature     // by index, those that were looked at
	trusted    map[string]*keyless.Root // by digest, those that were asked for
}

// newTracerFor is newTracer for a question about one environment.
func newTracerFor(in Input, environment string) (*tracer, error) {
	t, err := newTracer(in)
	if err != nil {
		return nil, err
	}
	if _, ok := t.now().Environment(environment); !ok {
		return nil, fmt.Errorf("the policy has no environment %q", environment)
	}
	return t, nil
}

func newTracer(in Input) (*tracer, error) {
	all, err := periods(in)
	if err != nil {
		return nil, err
	}
	if in.Head.Size != uint64(len(in.Events)) {
		return nil, fmt.Errorf("trace %s: the head is at %d entries, but %d were given", in.Digest, in.Head.Size, len(in.Events))
	}
	for i, e := range in.Events {
		if e == nil || e.Index != uint64(i) {
			return nil, fmt.Errorf("trace %s: entry %d is not in its place", in.Digest, i)
		}
	}
	t := &tracer{
		in:         in,
		chain:      Chain{Name: in.Name, Head: in.Head},
		periods:    all,
		steps:      map[uint64]*Step{},
		requests:   map[string]request{},
		doubts:     map[string]string{},
		signatures: map[uint64]signature{},
		trusted:    map[string]*keyless.Root{},
	}
	t.chain.Policy = t.now().Digest
	if !in.Digest.IsZero() {
		t.chain.Digest = in.Digest.String()
	}
	if t.roots, err = hashTree(in.Events); err != nil {
		return nil, fmt.Errorf("trace %s: %w", in.Digest, err)
	}
	if !t.roots.match(in.Head) {
		t.find(SeverityTampered, nil, "the entries do not hash to the ledger's signed root")
	}
	return t, nil
}

// follow gathers every step about in.Digest; environment "" means all.
func (t *tracer) follow(environment string) {
	about := t.about(t.in.Digest)
	if len(about) == 0 {
		t.unknownBytes()
		t.followPolicies()
		return
	}
	for _, e := range about {
		t.evidence(e)
	}
	t.followCommits(about)
	t.linkEvidence()
	t.findRequests(environment, about)
	t.followVotes()
	t.followForgeVotes(about)
	t.followDecisions(about)
	t.followConsumptions(about)
	t.followOwed(about)
	t.followDeployments(environment, about)
	t.followPolicies()
	t.settle(environment)
	t.followDebts()
}

// about returns the events that have d among their subjects. An entry that
// mentions d but can't be read is no evidence, and is found.
func (t *tracer) about(d event.Digest) []*event.Event {
	var out []*event.Event
	for _, e := range t.in.Events {
		if !e.Mentions(d.Hex) {
			continue
		}
		s, err := e.Statement()
		if err != nil {
			t.find(SeverityUntrusted, e, "entry #%d mentions %s, but can't be read: %v", e.Index, d, err)
			continue
		}
		if slices.ContainsFunc(s.Subject, func(s event.Subject) bool { return s.Has(d) }) {
			out = append(out, e)
		}
	}
	return out
}

// step returns the step of e, made at first use: who signed it, and whether
// that holds.
func (t *tracer) step(e *event.Event) *Step {
	if s, ok := t.steps[e.Index]; ok {
		return s
	}
	s := &Step{Kind: e.Kind(), Index: e.Index, Key: keyOf(e)}
	t.steps[e.Index] = s
	if err := e.Verify(); err != nil {
		s.Why = "the signature does not hold"
		t.find(SeverityTampered, e, "entry #%d (%s): the signature does not hold: %v", e.Index, s.Kind, err)
		return s
	}
	if s.Kind == "vote" {
		return s // the envelope proves nothing; the vote inside does
	}
	switch by := t.signer(e); {
	case by.err == nil:
		s.Who, s.State, s.Identity = by.name, Proven, identity(by.id)
	case couldNotTell(by.err):
		t.doubt(s, by.err)
	case e.Signed.Verifier.Keyless():
		s.Why = stranger(e)
		t.find(SeverityUntrusted, e, "entry #%d (%s) is %s: %v", e.Index, s.Kind, s.Why, by.err)
	default:
		s.Why = stranger(e)
		t.find(SeverityUntrusted, e, "entry #%d (%s) is %s: %s", e.Index, s.Kind, s.Why, s.Key)
	}
	return s
}

// doubt takes a step out of the count because nobody could find out who
// signed it.
func (t *tracer) doubt(s *Step, err error) {
	t.reject(s, SeverityMissing, "nobody could find out who signed it: %v", err)
}

// reject takes a step out of the count and says why.
func (t *tracer) reject(s *Step, severity Severity, format string, args ...any) {
	s.State, s.Why = Rejected, fmt.Sprintf(format, args...)
	t.find(severity, t.in.Events[s.Index], "entry #%d (%s): %s", s.Index, s.Kind, s.Why)
}

// gate reports whether e counts as a word of the environment's gate, and
// rejects its step where it does not.
func (t *tracer) gate(e *event.Event, environment string) bool {
	s := t.step(e)
	if couldNotTell(t.signer(e).err) {
		t.doubts[environment] = s.Why
	}
	if s.State == Rejected {
		return false
	}
	err := t.gateOf(e, environment)
	switch {
	case couldNotTell(err):
		t.doubt(s, err)
		t.doubts[environment] = s.Why
	case err != nil:
		t.reject(s, SeverityUntrusted, "%v", err)
	}
	return err == nil
}

func (t *tracer) find(severity Severity, e *event.Event, format string, args ...any) {
	f := Finding{Severity: severity, What: fmt.Sprintf(format, args...)}
	if e != nil {
		f.Index = &e.Index
	}
	if !slices.ContainsFunc(t.chain.Findings, func(o Finding) bool { return o.What == f.What }) {
		t.chain.Findings = append(t.chain.Findings, f)
	}
}

// found returns the first finding of a severity.
func (t *tracer) found(severity Severity) (Finding, bool) {
	i := slices.IndexFunc(t.chain.Findings, func(f Finding) bool { return f.Severity == severity })
	if i < 0 {
		return Finding{}, false
	}
	return t.chain.Findings[i], true
}

// finish puts everything in order and judges it. What was tampered with
// overrides every answer; what is missing overrides only a yes.
func (t *tracer) finish(judge func() (Verdict, string)) Chain {
	c := &t.chain
	for _, s := range t.steps {
		t.date(s)
	}
	c.Steps = t.ordered()
	arrange.Stably(c.Findings, func(a, b Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	c.Verdict, c.Why = judge()
	if f, ok := t.found(SeverityTampered); ok {
		c.Verdict, c.Why = Tampered, f.What
	} else if f, ok := t.found(SeverityMissing); ok && c.Verdict == Holds {
		c.Verdict, c.Why = Incomplete, f.What
	}
	return *c
}

// ordered tells the story: what made the bytes, then each request with what
// came of it and each change of policy, then deployments nobody asked for.
func (t *tracer) ordered() []Step {
	out := make([]Step, 0, len(t.steps))
	for _, s := range t.steps {
		slices.Sort(s.Links)
		s.Links = slices.Compact(s.Links)
		out = append(out, *s)
	}
	arrange.By(out, func(a, b Step) int {
		return cmp.Or(cmp.Compare(t.chapter(a), t.chapter(b)), cmp.Compare(stages[a.Kind], stages[b.Kind]), cmp.Compare(a.Index, b.Index))
	})
	return out
}

// chapter is 0 before all requests, then a request's place, then the end.
func (t *tracer) chapter(s Step) uint64 {
	if s.Kind == "policy" {
		return 1 + s.Index
	}
	if stages[s.Kind] < firstOfRequest {
		return 0
	}
	if r, ok := t.requests[s.request]; ok {
		return 1 + r.event.Index
	}
	return 1 + uint64(len(t.in.Events))
}
