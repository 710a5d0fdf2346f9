// SPDX-License-Identifier: Apache-2.0

package scanreport

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

type osvReport struct {
	Results []struct {
		Packages []osvPackage `json:"packages"`
	} `json:"results"`
}

type osvPackage struct {
	Package struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		Ecosystem string `json:"ecosystem"`
	} `json:"package"`
	Vulnerabilities []canon.Raw `json:"vulnerabilities"`
	Groups          []osvGroup  `json:"groups"`
}

type osvGroup struct {
	IDs         []string `json:"ids"`
	Aliases     []string `json:"aliases"`
	MaxSeverity string   `json:"max_severity"`
}

// readOSVScanner reads `osv-scanner --format json`, whose records are OSV's.
// Records of one group are one finding.
func readOSVScanner(data []byte, r *Report) error {
	var d osvReport
	if err := canon.DecodeOpen(data, &d); err != nil {
		return err
	}
	if d.Results == nil {
		return errors.New("it has no list of results")
	}
	r.URI, r.DB = "pkg:github/google/osv-scanner", event.ScannerDB{URI: "https://osv.dev"}
	for _, result := range d.Results {
		for i := range result.Packages {
			found, err := result.Packages[i].findings()
			if err != nil {
				return err
			}
			r.Findings = append(r.Findings, found...)
		}
	}
	return nil
}

func (p *osvPackage) findings() ([]Finding, error) {
	records := map[string]audit.Advisory{}
	for _, raw := range p.Vulnerabilities {
		a, err := audit.ParseAdvisory(raw)
		if err != nil {
			return nil, fmt.Errorf("a record of %.60q: %w", p.Package.Name, err)
		}
		records[a.ID] = a
	}
	groups, grouped := p.Groups, map[string]bool{}
	for _, g := range groups {
		for _, id := range g.IDs {
			grouped[id] = true
		}
	}
	for id := range records {
		if !grouped[id] {
			groups = append(groups, osvGroup{IDs: []string{id}})
		}
	}
	var all []Finding
	for _, g := range groups {
		if f, ok := p.finding(g, records); ok {
			all = append(all, f)
		}
	}
	arrange.By(all, func(a, b Finding) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// finding is one group of records, of which the gravest severity counts.
func (p *osvPackage) finding(g osvGroup, records map[string]audit.Advisory) (Finding, bool) {
	f := Finding{Package: p.Package.Ecosystem + " " + p.Package.Name + "@" + p.Package.Version, Method: "osv", Severity: scored(number(g.MaxSeverity))}
	names := slices.Concat(g.IDs, g.Aliases)
	for _, id := range g.IDs {
		a := records[id]
		names = slices.Concat(names, a.Aliases, a.Upstream)
		grade := a.Grade(audit.Package{Ecosystem: p.Package.Ecosystem, Name: p.Package.Name})
		f.Severity = max(f.Severity, grade.Severity)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, prefix := range []string{"MAL-", "CVE-", "GHSA-", ""} {
		if i := slices.IndexFunc(names, func(id string) bool { return strings.HasPrefix(id, prefix) }); i >= 0 {
			f.ID, f.Aliases = names[i], slices.Delete(slices.Clone(names), i, i+1)
			return f, true
		}
	}
	return f, false
}
