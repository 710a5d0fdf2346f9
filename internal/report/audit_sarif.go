// SPDX-License-Identifier: Apache-2.0

package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/product"
)

// An Origin is what an audit's report for other programs says about itself.
type Origin struct {
	File    string // the SBOM, as a path with slashes
	Version string // of this program; empty: unknown
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string            `json:"id"`
	ShortDescription sarifText         `json:"shortDescription"`
	HelpURI          string            `json:"helpUri,omitempty"`
	Properties       map[string]any    `json:"properties,omitempty"`
	Default          map[string]string `json:"defaultConfiguration"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine int `json:"startLine"`
		} `json:"region"`
	} `json:"physicalLocation"`
	Logical []sarifLogical `json:"logicalLocations"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification"`
}

// SARIF writes an audit as SARIF 2.1.0, as GitHub's code scanning reads it. A
// finding that somebody answers for is there, suppressed, with why. What could
// not be found out makes the run unsuccessful.
func SARIF(w io.Writer, a Audit, o Origin) error {
	run := sarifRun{Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: product.Name, Version: o.Version, InformationURI: product.PredicateBase, Rules: []sarifRule{}}
	rules := map[string]int{}
	for i := range a.Findings {
		f := &a.Findings[i]
		at, ok := rules[f.ID]
		if !ok {
			at = len(run.Tool.Driver.Rules)
			rules[f.ID] = at
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(f))
		}
		run.Results = append(run.Results, sarifResultOf(f, at, o.File))
	}
	ran := sarifInvocation{Successful: len(a.Unknown) == 0}
	for _, u := range a.Unknown {
		ran.Notifications = append(ran.Notifications, sarifNotification{"error", sarifText{"could not find out: " + u}})
	}
	run.Invocations = []sarifInvocation{ran}
	return writeJSON(w, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func sarifRuleOf(f *audit.Finding) sarifRule {
	r := sarifRule{
		ID: f.ID, ShortDescription: sarifText{orElse(f.Summary, f.ID)},
		Default:    map[string]string{"level": "error"},
		Properties: map[string]any{"tags": []string{"security", f.Kind}},
	}
	if f.Grade.Score > 0 {
		r.Properties["security-severity"] = f.Grade.Score.String()
	}
	if f.Kind == audit.Malware {
		r.Properties["security-severity"] = "10.0"
	}
	if f.Kind == audit.Vulnerability || f.Kind == audit.Malware {
		r.HelpURI = advisoryURL(f.ID)
	}
	return r
}

// advisoryURL is where people read about an advisory.
func advisoryURL(id string) string { return "https://osv.dev/vulnerability/" + id }

func sarifResultOf(f *audit.Finding, rule int, file string) sarifResult {
	levels := map[audit.Verdict]string{audit.Blocked: "error", audit.Undecided: "error", audit.Passing: "warning"}
	r := sarifResult{
		RuleID: f.ID, RuleIndex: rule, Level: orElse(levels[f.Verdict], "note"),
		Message:      sarifText{sentence(f)},
		Fingerprints: map[string]string{product.Name + "Audit/v1": fingerprint(f)},
	}
	var at sarifLocation
	at.Physical.Artifact.URI = orElse(file, "sbom.cdx.json")
	at.Physical.Region.StartLine = 1
	at.Logical = []sarifLogical{{f.Component, "package"}}
	r.Locations = []sarifLocation{at}
	if f.Verdict > audit.Passing {
		r.Suppressions = []sarifSuppression{{"external", f.Verdict.String() + ": " + strings.Join(f.Why, "; ")}}
	}
	return r
}

// sentence is a finding in one line.
func sentence(f *audit.Finding) string {
	line := fmt.Sprintf("%s in %s", f.ID, f.Component)
	if f.Summary != "" {
		line += ": " + f.Summary
	}
	line += ". " + f.Verdict.String() + ": " + orElse(strings.Join(f.Why, "; "), "below what stops a release")
	if len(f.Fixed) > 0 {
		line += ". Fixed in " + strings.Join(f.Fixed, ", ")
	}
	if len(f.Path) > 2 {
		line += ". It comes through " + strings.Join(f.Path[1:len(f.Path)-1], " > ")
	}
	return line + "."
}

// fingerprint is the same for a finding in any version of its package.
func fingerprint(f *audit.Finding) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Kind, f.ID, f.Ecosystem, f.Package}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// writeJSON writes one document for another program, with what can't be seen
// as escapes.
func writeJSON(w io.Writer, v any) error {
	data, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("write report as JSON: %w", err)
	}
	_, err = w.Write(append(escapeHidden(data), '\n'))
	return err
}
