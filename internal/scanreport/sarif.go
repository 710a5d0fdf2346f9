// SPDX-License-Identifier: Apache-2.0

package scanreport

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/pattern"
)

type sarifReport struct {
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver struct {
			Name            string      `json:"name"`
			Version         string      `json:"version"`
			SemanticVersion string      `json:"semanticVersion"`
			InformationURI  string      `json:"informationUri"`
			Rules           []sarifRule `json:"rules"`
		} `json:"driver"`
	} `json:"tool"`
	Invocations []struct {
		Successful *bool  `json:"executionSuccessful"`
		Start      string `json:"startTimeUtc"`
		End        string `json:"endTimeUtc"`
	} `json:"invocations"`
	Results  []sarifResult `json:"results"`
	External struct {
		Results canon.Raw `json:"results"`
	} `json:"externalPropertyFileReferences"`
}

type sarifRule struct {
	ID         string `json:"id"`
	Properties struct {
		Severity any      `json:"security-severity"`
		PURLs    []string `json:"purls"`
		Tags     []string `json:"tags"`
	} `json:"properties"`
}

type sarifResult struct {
	RuleID    string `json:"ruleId"`
	RuleIndex *int   `json:"ruleIndex"`
	Rule      struct {
		ID        string    `json:"id"`
		Index     *int      `json:"index"`
		Component canon.Raw `json:"toolComponent"` // whose rule it is, if not the driver's
	} `json:"rule"`
	Kind         string `json:"kind"`
	Suppressions []struct {
		Status string `json:"status"`
	} `json:"suppressions"`
	Locations []struct {
		Logical []struct {
			Name string `json:"fullyQualifiedName"`
		} `json:"logicalLocations"`
	} `json:"locations"`
}

// readSARIF reads SARIF 2.1.0. A run without results is one that failed, says
// the specification (3.14.23), and so is one that says so.
func readSARIF(data []byte, r *Report) error {
	var d sarifReport
	if err := canon.DecodeOpen(data, &d); err != nil {
		return err
	}
	if d.Version != "2.1.0" {
		return fmt.Errorf("its version is %.40q; have 2.1.0", d.Version)
	}
	if len(d.Runs) == 0 {
		return errors.New("it has no run")
	}
	r.Nameless = true
	for i := range d.Runs {
		run := &d.Runs[i]
		driver := run.Tool.Driver
		uri, version := driver.InformationURI, driver.Version
		if uri == "" {
			uri = "urn:sarif:" + driver.Name
		}
		if version == "" {
			version = driver.SemanticVersion
		}
		if i > 0 && (uri != r.URI || version != r.Version) {
			return errors.New("its runs are of several scanners; record them one by one")
		}
		r.URI, r.Version = uri, version
		if err := run.read(r); err != nil {
			return fmt.Errorf("run %d: %w", i+1, err)
		}
	}
	return nil
}

func (run *sarifRun) read(r *Report) error {
	if run.Results == nil {
		return errors.New("it has no results, not even an empty list: the scan failed")
	}
	if len(run.External.Results) > 0 {
		return errors.New("its results are in other files; record a report that holds them")
	}
	for _, v := range run.Invocations {
		if v.Successful != nil && !*v.Successful {
			return errors.New("it says that the scan did not succeed")
		}
		r.Started, r.Finished = earlier(r.Started, moment(v.Start)), earlier(r.Finished, moment(v.End))
	}
	rules := map[string]*sarifRule{}
	for i := range run.Tool.Driver.Rules {
		rules[run.Tool.Driver.Rules[i].ID] = &run.Tool.Driver.Rules[i]
	}
	for i := range run.Results {
		s := &run.Results[i]
		if s.Kind != "" && s.Kind != "fail" && s.Kind != "open" && s.Kind != "review" {
			continue // pass, informational, notApplicable
		}
		if s.suppressed() {
			r.Suppressed++
			continue
		}
		r.Findings = append(r.Findings, s.finding(run, rules))
	}
	return nil
}

// suppressed says whether somebody accepted the result (3.35.3).
func (s *sarifResult) suppressed() bool {
	for _, p := range s.Suppressions {
		if p.Status != "" && p.Status != "accepted" {
			return false
		}
	}
	return len(s.Suppressions) > 0
}

var advisoryName = pattern.New(`^(?:CVE-[0-9]{4}-[0-9]{4,}|GHSA(?:-[0-9a-z]{4}){3}|GO-[0-9]{4}-[0-9]{4,}|MAL-[0-9]{4}-[0-9]+|RUSTSEC-[0-9]{4}-[0-9]{4}|PYSEC-[0-9]{4}-[0-9]+)`)

func (s *sarifResult) finding(run *sarifRun, rules map[string]*sarifRule) Finding {
	id := s.RuleID
	if id == "" {
		id = s.Rule.ID
	}
	rule := rules[id]
	for _, index := range []*int{s.RuleIndex, s.Rule.Index} {
		if rule == nil && index != nil && *index >= 0 && *index < len(run.Tool.Driver.Rules) && len(s.Rule.Component) == 0 {
			if at := &run.Tool.Driver.Rules[*index]; at.names(id) {
				rule = at
			}
		}
	}
	f := Finding{ID: id, Method: "sarif"}
	if rule != nil {
		if f.ID == "" {
			f.ID = rule.ID
		}
		f.Severity, f.Method = rule.severity()
		if len(rule.Properties.PURLs) == 1 {
			f.Package = rule.Properties.PURLs[0]
		}
	}
	if name := advisoryName.FindStringSubmatch(f.ID); name != nil { // grype joins the package to it
		f.ID = name[0]
	}
	for _, l := range s.Locations {
		if f.Package == "" && len(l.Logical) > 0 {
			f.Package = l.Logical[0].Name
		}
	}
	return f
}

// names says whether a rule can be the one of a result (3.27.5): a result's name
// may have further parts.
func (r *sarifRule) names(id string) bool {
	return id == "" || r.ID == id || strings.HasPrefix(id, r.ID+"/")
}

// severity is the score that GitHub's code scanning reads, else the word that
// Trivy has among its tags. A level is no severity.
func (r *sarifRule) severity() (audit.Severity, string) {
	score := 0.0
	switch v := r.Properties.Severity.(type) {
	case string:
		score = number(v)
	case float64:
		score = v
	}
	if s := scored(score); s != audit.Unrated {
		return s, "security-severity"
	}
	for _, tag := range slices.Backward(r.Properties.Tags) {
		if s := audit.ParseSeverity(tag); s > audit.None {
			return s, "sarif"
		}
	}
	return audit.Unrated, "sarif"
}
