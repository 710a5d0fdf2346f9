// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gateledger/gateledger/internal/canon"
)

// A Baseline is what was found before: in an older SBOM, or by an older audit.
type Baseline struct {
	Source   string
	findings []before
}

// A before is one finding of a baseline.
type before struct {
	Kind     string     `json:"kind"`
	IDs      []string   `json:"ids"`
	Package  string     `json:"package"`
	Eco      string     `json:"ecosystem"`
	Scope    Scope      `json:"scope"`
	Grade    Grade      `json:"grade"`
	KEV      *Exploited `json:"kev"`
	EPSS     *float64   `json:"epss"`
	Summary  string     `json:"summary"`
	Decision string     `json:"verdict"`
}

// NewBaseline is a baseline of what an audit of an older SBOM found.
func NewBaseline(r Report, source string) *Baseline {
	b := &Baseline{Source: source}
	for i := range r.Findings {
		f := &r.Findings[i]
		b.findings = append(b.findings, before{
			Kind: f.Kind, IDs: f.IDs, Package: f.Package, Eco: f.Ecosystem, Scope: f.Scope, Grade: f.Grade, KEV: f.KEV, EPSS: f.EPSS,
			Summary: f.Summary, Decision: f.Verdict.String(),
		})
	}
	return b
}

// ErrBaseline says that a document is no audit.
var ErrBaseline = errors.New("no usable baseline")

// MaxBaseline is the largest audit that is read, in bytes.
const MaxBaseline = 256 << 20

// ReadBaseline reads an older audit in its JSON form.
func ReadBaseline(data []byte, source string) (*Baseline, error) {
	var d struct {
		Schema   string   `json:"schema"`
		Findings []before `json:"findings"`
	}
	if len(data) > MaxBaseline {
		return nil, fmt.Errorf("%w: %s is over %d bytes", ErrBaseline, source, MaxBaseline)
	}
	if err := canon.DecodeOpen(data, &d); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBaseline, source, err)
	}
	if d.Schema != ReportSchema {
		return nil, fmt.Errorf("%w: %s: its schema is %.80q, want %s", ErrBaseline, source, d.Schema, ReportSchema)
	}
	return &Baseline{Source: source, findings: d.Findings}, nil
}

// has says whether a finding was there before, in whatever version, and mattered
// no less than it does now. What was lifted then, by a statement or a waiver, was
// lifted for as long as that counts.
func (b *Baseline) has(f *Finding, rules Rules) bool {
	if b == nil || f.Kind == Malware {
		return false
	}
	return slices.ContainsFunc(b.findings, func(o before) bool {
		switch {
		case o.Kind != f.Kind || o.Package != f.Package || o.Eco != f.Ecosystem || o.Scope > f.Scope:
			return false
		case o.Decision == Waived.String() || o.Decision == NotAffected.String():
			return false
		case !slices.ContainsFunc(o.IDs, func(id string) bool { return slices.Contains(f.IDs, id) }):
			return false
		case f.Kind != Vulnerability:
			return o.Summary == f.Summary
		case f.KEV != nil && o.KEV == nil, o.Decision == Undecided.String() && f.Verdict == Blocked:
			return false
		case rules.likely(f.Scope, f.EPSS) && !rules.likely(f.Scope, o.EPSS):
			return false
		}
		return rules.counts(f.Grade) <= rules.counts(o.Grade)
	})
}

// counts is the severity that a grade counts as.
func (r Rules) counts(g Grade) Severity {
	if g.Severity == Unrated {
		return r.UnknownAs
	}
	return g.Severity
}

// likely says whether an EPSS score stops a release.
func (r Rules) likely(scope Scope, epss *float64) bool {
	bar := r.FailOn[scope].EPSS
	return bar > 0 && epss != nil && *epss >= bar
}
