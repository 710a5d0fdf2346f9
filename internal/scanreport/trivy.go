// SPDX-License-Identifier: Apache-2.0

package scanreport

import (
	"errors"
	"fmt"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
)

type trivyReport struct {
	Schema int `json:"SchemaVersion"`
	Trivy  struct {
		Version string `json:"Version"`
	} `json:"Trivy"`
	Created  string `json:"CreatedAt"`
	Metadata struct {
		Images []string `json:"RepoDigests"`
	} `json:"Metadata"`
	Results []struct {
		Target          string               `json:"Target"`
		Class           string               `json:"Class"`
		Modified        []canon.Raw          `json:"ExperimentalModifiedFindings"`
		Vulnerabilities []trivyVulnerability `json:"Vulnerabilities"`
	} `json:"Results"`
}

type trivyVulnerability struct {
	ID         string `json:"VulnerabilityID"`
	Name       string `json:"PkgName"`
	Identifier struct {
		PURL string `json:"PURL"`
	} `json:"PkgIdentifier"`
	Installed string                `json:"InstalledVersion"`
	Fixed     string                `json:"FixedVersion"`
	Severity  string                `json:"Severity"`
	Vendor    []string              `json:"VendorIDs"`
	CVSS      map[string]trivyScore `json:"CVSS"`
}

type trivyScore struct {
	V3  float64 `json:"V3Score"`
	V40 float64 `json:"V40Score"`
}

// readTrivy reads `trivy --format json`. A target without Vulnerabilities has
// none; a report without a target whose packages were looked at says nothing.
func readTrivy(data []byte, r *Report) error {
	var d trivyReport
	if err := canon.DecodeOpen(data, &d); err != nil {
		return err
	}
	if d.Schema != 2 {
		return fmt.Errorf("its SchemaVersion is %d; have 2", d.Schema)
	}
	r.URI, r.Version = "pkg:github/aquasecurity/trivy", d.Trivy.Version
	r.DB = event.ScannerDB{URI: "pkg:github/aquasecurity/trivy-db"}
	r.Started, r.Images = moment(d.Created), d.Metadata.Images
	r.Finished = r.Started
	looked := false
	for _, t := range d.Results {
		packages := t.Class == "os-pkgs" || t.Class == "lang-pkgs"
		looked = looked || packages || len(t.Vulnerabilities) > 0
		r.Suppressed += len(t.Modified)
		for _, v := range t.Vulnerabilities {
			f := Finding{ID: v.ID, Aliases: v.Vendor, Package: v.Identifier.PURL, Fixed: v.Fixed, Severity: audit.ParseSeverity(v.Severity), Method: "trivy"}
			if f.Package == "" {
				f.Package = v.Name + "@" + v.Installed
			}
			if f.Severity == audit.Unrated {
				f.Severity, f.Method = v.gravest()
			}
			r.Findings = append(r.Findings, f)
		}
	}
	if !looked {
		return errors.New("it looked at no packages: no target is of class os-pkgs or lang-pkgs")
	}
	return nil
}

// gravest is the gravest score that any source gives, where Trivy has no word
// of its own.
func (v *trivyVulnerability) gravest() (severity audit.Severity, method string) {
	method = "trivy"
	for source, s := range v.CVSS {
		if g := scored(max(s.V3, s.V40)); g > severity || g == severity && g > audit.Unrated && source < method {
			severity, method = g, source
		}
	}
	return severity, method
}
