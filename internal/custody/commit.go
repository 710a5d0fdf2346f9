// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// followCommit gathers every entry that is about a commit, or says that it
// was made at it.
func (t *tracer) followCommit(sha string) {
	for _, e := range t.in.Events {
		if !e.Mentions(sha) {
			continue
		}
		switch s, err := e.Statement(); {
		case err != nil:
			t.find(SeverityUntrusted, e, "entry #%d mentions commit %s, but can't be read: %v", e.Index, sha, err)
		case e.Kind() == "request":
			t.requestAt(e, sha)
		case slices.ContainsFunc(s.Subject, func(s event.Subject) bool { return s.Has(t.in.Digest) }) || madeAt(e) == sha:
			t.evidence(e)
			t.deploymentAt(e)
		}
	}
	t.linkEvidence()
}

func (t *tracer) requestAt(e *event.Event, sha string) {
	p, err := event.DecodePredicate[event.RequestPredicate](e)
	if err != nil || p.Commit != sha {
		return
	}
	s := t.step(e)
	s.Time, s.Summary = p.Created, "asked to deploy to "+p.Environment
	t.gate(e, p.Environment)
}

func (t *tracer) deploymentAt(e *event.Event) {
	if e.Kind() != "deployment" {
		return
	}
	if p, ok := decode[event.DeploymentPredicate](t, e); ok {
		s := t.step(e)
		s.Time, s.Summary = p.Context.Time, fmt.Sprintf("deployed to %s: %s", p.Environment, p.Result)
	}
}

// madeAt is the commit that was checked out where e was made.
func madeAt(e *event.Event) string {
	s, err := e.Statement()
	if err != nil {
		return ""
	}
	var p struct {
		Context event.Context `json:"gateledger_context"`
	}
	if canon.DecodeOpen(s.Predicate, &p) != nil {
		return ""
	}
	return p.Context.Commit
}
