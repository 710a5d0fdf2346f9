// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gateledger/gateledger/internal/event"
)

// evidence adds e if it says how the bytes came to be.
func (t *tracer) evidence(e *event.Event) {
	switch e.Kind() {
	case "build":
		t.build(e)
	case "sbom":
		t.sbom(e)
	case "test":
		t.test(e)
	case "scan":
		t.scan(e)
	case "pipeline":
		t.pipeline(e)
	case "commit":
		t.commit(e)
	case "untrusted-report":
		t.untrusted(e)
	case "request", "vote", "forge-votes", "posture", "decision", "consumption", "deployment", "policy", "debt":
		// each has its own pass, in the order the steps rest on each other
	default:
		t.find(SeverityNote, e, "entry #%d is of a kind this version does not know", e.Index)
	}
}

func (t *tracer) build(e *event.Event) {
	s := t.step(e)
	p, ok := decode[event.BuildPredicate](t, e)
	if !ok {
		return
	}
	s.Time = p.Context.Time
	s.Summary = "built from no commit that it names"
	if p.Context.Commit != "" {
		s.Summary = fmt.Sprintf("built from commit %.12s", p.Context.Commit)
	}
	if p.Context.Dirty {
		s.Summary += " and changes it does not hold"
		t.find(SeverityNote, e, "entry #%d: the build's checkout had changes that no commit holds", e.Index)
	}
	if p.Context.Run != "" {
		s.Summary += " in run " + p.Context.Run
	}
}

func (t *tracer) test(e *event.Event) {
	s := t.step(e)
	p, ok := decode[event.TestPredicate](t, e)
	if !ok {
		return
	}
	s.Time = p.Context.Time
	s.Summary = fmt.Sprintf("tests %s: %d passed, %d failed, %d skipped", p.Result, p.Counts.Passed, p.Counts.Failed, p.Counts.Skipped)
}

func (t *tracer) scan(e *event.Event) {
	s := t.step(e)
	p, ok := decode[event.ScanPredicate](t, e)
	if !ok {
		return
	}
	found := len(p.Scanner.Result)
	if p.Summary != nil {
		found = p.Summary.Total
	}
	s.Time = p.Context.Time
	s.Summary = fmt.Sprintf("scanned by %s: %d vulnerabilities found", p.Scanner.URI, found)
}

// pipeline is how a whole run ended. No rule counts it.
func (t *tracer) pipeline(e *event.Event) {
	s := t.step(e)
	p, ok := decode[event.PipelinePredicate](t, e)
	if !ok {
		return
	}
	s.Time = p.Context.Time
	s.Summary = "the run " + p.Result
	if p.Context.Run != "" {
		s.Summary = "run " + p.Context.Run + " " + p.Result
	}
	if p.Seconds > 0 {
		s.Summary += " after " + (time.Duration(p.Seconds) * time.Second).String()
	}
}

// commit is observed: the signer read it in a git repository, where anyone
// writes what they like as the author.
func (t *tracer) commit(e *event.Event) {
	s := t.step(e)
	p, ok := decode[event.CommitPredicate](t, e)
	if !ok {
		return
	}
	s.Time = p.Context.Time
	s.Summary = fmt.Sprintf("commit %s by %s", p.Commit, author(p.Author))
	if p.Subject != "" {
		s.Summary += ": " + p.Subject
	}
	if s.State == Proven {
		s.State, s.Why = Observed, s.Who+" read the author in git, which proves none"
	}
}

// untrusted shows a report that nobody vouches for. It never counts.
func (t *tracer) untrusted(e *event.Event) {
	s := t.step(e)
	p, ok := decode[event.UntrustedReportPredicate](t, e)
	if !ok {
		return
	}
	s.Time = p.Context.Time
	s.Summary = fmt.Sprintf("a report (%s, %d bytes) came from %s", p.Media, p.Size, p.Source)
	s.State, s.Why = Rejected, "nobody vouches for it: it is kept to be read, and no rule counts it"
}

func author(i event.Identity) string {
	switch {
	case i.Name != "":
		return i.Name
	case i.Login != "":
		return i.Login
	case i.Email != "":
		return i.Email
	}
	return "nobody named"
}

// sbom checks the document itself where the statement only names it.
func (t *tracer) sbom(e *event.Event) {
	s := t.step(e)
	d, err := event.Document(e)
	if err != nil {
		t.reject(s, SeverityUntrusted, "can't be read: %v", err)
		return
	}
	s.Summary = "components listed in " + d.String()
	st, err := e.Statement()
	if err != nil || st.PredicateType != event.ReferenceType {
		return
	}
	if p, ok := decode[event.ReferencePredicate](t, e); ok {
		s.Time = p.Context.Time
		t.document(s, d)
	}
}

// document reads what s names by digest and hashes it again.
func (t *tracer) document(s *Step, d event.Digest) {
	raw, err := hex.DecodeString(d.Hex)
	if err != nil || len(raw) != sha256.Size || d.Alg != "sha256" {
		t.reject(s, SeverityUntrusted, "names its document by %s, not by a SHA-256", d)
		return
	}
	if t.in.Blob == nil {
		t.reject(s, SeverityMissing, "the document %s can't be read here", d)
		return
	}
	data, err := t.in.Blob([sha256.Size]byte(raw))
	switch {
	case errors.Is(err, ErrAltered), err == nil && sha256.Sum256(data) != [sha256.Size]byte(raw):
		t.reject(s, SeverityTampered, "the document stored as %s has other bytes", d)
	case err != nil:
		t.reject(s, SeverityMissing, "the document %s is not there: %v", d, err)
	default:
		s.Summary += fmt.Sprintf(", %d bytes", len(data))
	}
}

// followCommits adds the commits that the bytes were built from or asked for
// with, and the tests of those commits.
func (t *tracer) followCommits(about []*event.Event) {
	for _, e := range about {
		if s := t.steps[e.Index]; s != nil && s.State == Rejected {
			continue
		}
		if sha := commitOf(e); sha != "" {
			t.linkCommit(e, sha)
		}
	}
}

// commitOf is the commit that a build or a request says the bytes come from.
func commitOf(e *event.Event) string {
	switch e.Kind() {
	case "build":
		p, err := event.DecodePredicate[event.BuildPredicate](e)
		if err == nil {
			return p.Context.Commit
		}
	case "request":
		p, err := event.DecodePredicate[event.RequestPredicate](e)
		if err == nil {
			return p.Commit
		}
	}
	return ""
}

// linkCommit adds every commit and test entry about sha, and lets e rest on
// the commits.
func (t *tracer) linkCommit(e *event.Event, sha string) {
	d, err := event.ParseDigest("gitCommit:" + sha)
	if err != nil {
		return
	}
	for _, c := range t.about(d) {
		switch c.Kind() {
		case "commit":
			t.commit(c)
			t.link(e, c.Index)
		case "test":
			t.test(c)
		case "untrusted-report":
			t.untrusted(c)
		}
	}
}

// link lets the step of e, if it has one, rest on another entry.
func (t *tracer) link(e *event.Event, on uint64) {
	if s := t.steps[e.Index]; s != nil && on != e.Index {
		s.Links = append(s.Links, on)
	}
}

// linkEvidence lets SBOMs and tests rest on the newest build before them.
func (t *tracer) linkEvidence() {
	for _, s := range t.steps {
		if s.Kind != "sbom" && s.Kind != "test" {
			continue
		}
		if b := t.newestBefore("build", s.Index); b != nil {
			s.Links = append(s.Links, b.Index)
		}
	}
}

func (t *tracer) newestBefore(kind string, index uint64) *Step {
	var best *Step
	for _, s := range t.steps {
		if s.Kind == kind && s.State != Rejected && s.Index < index && (best == nil || s.Index > best.Index) {
			best = s
		}
	}
	return best
}

// ends are the steps of evidence before index that no other one rests on.
func (t *tracer) ends(index uint64) []uint64 {
	under := map[uint64]bool{}
	for _, s := range t.steps {
		if s.Index < index && s.State != Rejected && stages[s.Kind] < firstOfRequest {
			for _, i := range s.Links {
				under[i] = true
			}
		}
	}
	var out []uint64
	for _, s := range t.steps {
		if s.Index < index && s.State != Rejected && stages[s.Kind] < firstOfRequest && !under[s.Index] {
			out = append(out, s.Index)
		}
	}
	return out
}

// decode reads the predicate of e. What can't be read does not count.
func decode[P any](t *tracer, e *event.Event) (P, bool) {
	p, err := event.DecodePredicate[P](e)
	if err != nil {
		t.reject(t.step(e), SeverityUntrusted, "can't be read: %v", err)
		return p, false
	}
	return p, true
}
