// SPDX-License-Identifier: Apache-2.0

package scanreport

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

// Known is what is known about vulnerabilities besides what a scanner says.
// A nil map is that nobody looked.
type Known struct {
	KEV  map[string]audit.Exploited
	EPSS map[string]float64
}

// CVEs are the names in reports that KEV and EPSS go by.
func CVEs(reports ...Report) map[string]bool {
	all := map[string]bool{}
	for _, r := range reports {
		for i := range r.Findings {
			for _, id := range r.Findings[i].names() {
				if strings.HasPrefix(id, "CVE-") {
					all[id] = true
				}
			}
		}
	}
	return all
}

// hidesCVEs says whether a finding has no CVE among its names and may have one
// all the same. KEV and EPSS know vulnerabilities by their CVE only, so that
// nobody can look it up there.
func (r *Report) hidesCVEs() bool {
	return r.Nameless && slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return !slices.ContainsFunc(f.names(), func(id string) bool { return strings.HasPrefix(id, "CVE-") })
	})
}

// maxListed is how many bytes of findings stand in the statement.
const maxListed = 20 << 10

// Predicate puts together what several reports of one scanner found. Its
// time is that of the oldest report; where none states one it is recorded.
func Predicate(known Known, recorded time.Time, reports ...Report) (event.ScanPredicate, error) {
	if len(reports) == 0 {
		return event.ScanPredicate{}, fmt.Errorf("%w: none given", ErrReport)
	}
	all, err := merge(reports)
	if err != nil {
		return event.ScanPredicate{}, err
	}
	s := &event.ScanSummary{
		Severities: map[string]int{}, Suppressed: all.Suppressed,
		KnowsKEV:  !slices.ContainsFunc(reports, func(r Report) bool { return !r.KnowsKEV && (known.KEV == nil || r.hidesCVEs()) }),
		KnowsEPSS: !slices.ContainsFunc(reports, func(r Report) bool { return !r.KnowsEPSS && (known.EPSS == nil || r.hidesCVEs()) }),
	}
	for _, r := range reports {
		s.Reports = append(s.Reports, r.Source)
	}
	for i := range all.Findings {
		f := &all.Findings[i]
		f.learn(known)
		f.countInto(s)
	}
	arrange.Stably(all.Findings, gravest)
	p := event.ScanPredicate{
		Scanner: event.Scanner{URI: all.URI, Version: all.Version, DB: all.DB, Result: []event.ScanFinding{}},
		Metadata: event.ScanMetadata{
			Started:  utc(all.Started, recorded),
			Finished: utc(all.Finished, recorded),
		},
		Summary: s,
	}
	room := maxListed
	for i := range all.Findings {
		listed := all.Findings[i].listed()
		data, err := canon.Marshal(listed)
		if err != nil {
			return event.ScanPredicate{}, fmt.Errorf("write finding %s: %w", all.Findings[i].ID, err)
		}
		if room -= len(data); room < 0 {
			break
		}
		p.Scanner.Result = append(p.Scanner.Result, listed)
	}
	return p, nil
}

func utc(t, otherwise time.Time) string {
	if t.IsZero() {
		t = otherwise
	}
	return t.UTC().Format(time.RFC3339)
}

// merge joins reports of one scanner. A report given twice is refused.
func merge(reports []Report) (Report, error) {
	all := reports[0]
	all.Findings = slices.Clone(all.Findings)
	seen := map[string]bool{all.Source.Digest["sha256"]: true}
	for _, r := range reports[1:] {
		if seen[r.Source.Digest["sha256"]] {
			return Report{}, fmt.Errorf("%w: %s is given twice", ErrReport, r.Source.Name)
		}
		seen[r.Source.Digest["sha256"]] = true
		if r.URI != all.URI || r.Version != all.Version {
			return Report{}, fmt.Errorf("%w: %s is by %s %s, and %s by %s %s: record one scan for each scanner",
				ErrReport, all.Source.Name, all.URI, all.Version, r.Source.Name, r.URI, r.Version)
		}
		all.Findings = append(all.Findings, r.Findings...)
		all.Suppressed += r.Suppressed
		all.Started, all.Finished = earlier(all.Started, r.Started), earlier(all.Finished, r.Finished)
		if r.DB.LastUpdate < all.DB.LastUpdate {
			all.DB = r.DB
		}
	}
	return all, all.tidy()
}

// earlier is the earlier of two times that are stated.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// learn adds what is known besides.
func (f *Finding) learn(known Known) {
	for _, id := range f.names() {
		if _, ok := known.KEV[id]; ok {
			f.KEV = true
		}
		if p, ok := known.EPSS[id]; ok && (f.EPSS == nil || p > *f.EPSS) {
			f.EPSS = &p
		}
	}
}

// countInto adds a finding to a summary.
func (f *Finding) countInto(s *event.ScanSummary) {
	s.Total++
	s.Severities[f.Severity.String()]++
	if f.KEV {
		s.KEV++
	}
	if f.malware() {
		s.Malware++
	}
	if f.EPSS == nil {
		s.Unscored++
	} else if s.EPSS == nil || *f.EPSS > *s.EPSS {
		s.EPSS = f.EPSS
	}
}

// gravest orders findings, what matters most first.
func gravest(a, b Finding) int {
	return cmp.Or(
		-cmp.Compare(a.weight(), b.weight()), -cmp.Compare(a.chance(), b.chance()),
		strings.Compare(a.ID, b.ID), strings.Compare(a.Package, b.Package),
	)
}

func (f *Finding) weight() int {
	weight := int(f.Severity)
	if f.Severity == audit.Unrated {
		weight = int(audit.High) // as a rule takes it
	}
	if f.KEV {
		weight += 10
	}
	if f.malware() {
		weight += 100
	}
	return weight
}

func (f *Finding) chance() float64 {
	if f.EPSS == nil {
		return -1
	}
	return *f.EPSS
}

// listed is a finding as the statement has it.
func (f *Finding) listed() event.ScanFinding {
	aliases := f.Aliases[:min(len(f.Aliases), maxAliases)]
	return event.ScanFinding{
		ID:          f.ID,
		Severity:    []event.ScanSeverity{{Method: cmp.Or(f.Method, "unknown"), Score: f.Severity.String()}},
		Annotations: []event.ScanAnnotation{{Package: f.Package, Fixed: f.Fixed, Aliases: aliases, KEV: f.KEV, EPSS: f.EPSS}},
	}
}
