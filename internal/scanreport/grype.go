// SPDX-License-Identifier: Apache-2.0

package scanreport

import (
	"errors"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

type grypeReport struct {
	Matches []grypeMatch `json:"matches"`
	Ignored []canon.Raw  `json:"ignoredMatches"`
	Source  struct {
		Target canon.Raw `json:"target"` // a text for a folder
	} `json:"source"`
	Descriptor struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		Timestamp string `json:"timestamp"`
		DB        struct {
			Built  string `json:"built"` // until grype 0.87
			Status struct {
				Built         string `json:"built"`
				SchemaVersion any    `json:"schemaVersion"`
			} `json:"status"`
		} `json:"db"`
	} `json:"descriptor"`
}

type grypeMatch struct {
	Vulnerability grypeVulnerability   `json:"vulnerability"`
	Related       []grypeVulnerability `json:"relatedVulnerabilities"`
	Artifact      struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl"`
	} `json:"artifact"`
}

type grypeVulnerability struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	CVSS     []struct {
		Metrics struct {
			Base float64 `json:"baseScore"`
		} `json:"metrics"`
	} `json:"cvss"`
	EPSS []struct {
		EPSS float64 `json:"epss"`
	} `json:"epss"`
	Exploited []canon.Raw `json:"knownExploited"`
	Fix       struct {
		Versions []string `json:"versions"`
	} `json:"fix"`
}

// readGrype reads `grype -o json`. Since 0.88 it knows KEV and EPSS, which
// shows in its findings.
func readGrype(data []byte, r *Report) error {
	var d grypeReport
	if err := canon.DecodeOpen(data, &d); err != nil {
		return err
	}
	if d.Matches == nil {
		return errors.New("it has no list of matches")
	}
	if d.Descriptor.Name != "grype" {
		return errors.New("its descriptor does not name grype")
	}
	r.URI, r.Version = "pkg:github/anchore/grype", d.Descriptor.Version
	r.Started = moment(d.Descriptor.Timestamp)
	var target struct {
		Images []string `json:"repoDigests"`
	}
	if len(d.Source.Target) > 0 && d.Source.Target.Kind() == '{' {
		if err := canon.DecodeOpen(d.Source.Target, &target); err != nil {
			return err
		}
	}
	r.Images = target.Images
	r.Finished, r.Suppressed = r.Started, len(d.Ignored)
	r.DB = event.ScannerDB{URI: "pkg:github/anchore/grype-db"}
	for _, built := range []string{d.Descriptor.DB.Status.Built, d.Descriptor.DB.Built} {
		if at := moment(built); !at.IsZero() && r.DB.LastUpdate == "" {
			r.DB.LastUpdate = built
		}
	}
	for i := range d.Matches {
		m := &d.Matches[i]
		f := m.finding()
		known := len(m.Vulnerability.Exploited) > 0 || f.EPSS != nil
		r.KnowsKEV, r.KnowsEPSS = r.KnowsKEV || known, r.KnowsEPSS || f.EPSS != nil
		r.Findings = append(r.Findings, f)
	}
	return nil
}

func (m *grypeMatch) finding() Finding {
	v := &m.Vulnerability
	f := Finding{
		ID: v.ID, Package: m.Artifact.PURL, Fixed: strings.Join(v.Fix.Versions, ", "),
		Severity: audit.ParseSeverity(v.Severity), Method: "grype",
	}
	if f.Package == "" {
		f.Package = m.Artifact.Name + "@" + m.Artifact.Version
	}
	for _, o := range append([]grypeVulnerability{*v}, m.Related...) {
		if o.ID != v.ID && o.ID != "" && !slices.Contains(f.Aliases, o.ID) {
			f.Aliases = append(f.Aliases, o.ID)
		}
		f.KEV = f.KEV || len(o.Exploited) > 0
		for _, e := range o.EPSS {
			if p := probability(e.EPSS); p != nil && (f.EPSS == nil || *p > *f.EPSS) {
				f.EPSS = p
			}
		}
		for _, c := range o.CVSS {
			if f.Severity == audit.Unrated || f.Method == "cvss" {
				f.Severity, f.Method = max(f.Severity, scored(c.Metrics.Base)), "cvss"
			}
		}
	}
	return f
}
