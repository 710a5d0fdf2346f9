// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gateledger/gateledger/internal/audit"
)

// gitlabSchema is GitLab's published description of the report
// (testdata/gitlab/README.md), and what version 15.0.7 asks for besides.
func gitlabSchema(t *testing.T) func(report []byte) error {
	t.Helper()
	data, err := os.ReadFile("testdata/gitlab/dependency-scanning-report-format.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	object := doc.(map[string]any)
	object["required"] = append(object["required"].([]any), "dependency_files")
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.AssertFormat()
	if err := c.AddResource("report.json", object); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(report []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(report))
		if err != nil {
			return err
		}
		return schema.Validate(v)
	}
}

// TestGitLabTakesEveryReport: with findings of every kind and grade, with
// none, with fields that are empty and such as are over every limit.
func TestGitLabTakesEveryReport(t *testing.T) {
	valid := gitlabSchema(t)
	clean, bare, long, grades := audited(), audited(), audited(), audited()
	clean.Findings, clean.Unknown, clean.Answer = nil, nil, audit.Yes
	for i := range bare.Findings {
		f := &bare.Findings[i]
		*f = audit.Finding{Kind: f.Kind, Verdict: audit.Blocked}
	}
	huge := strings.Repeat("ß\u202e", 5000)
	for i := range long.Findings {
		f := &long.Findings[i]
		f.ID, f.IDs, f.Summary, f.Package, f.Version, f.Why, f.Fixed = huge, []string{huge, ""}, huge, huge, huge, []string{huge}, []string{huge}
	}
	long.Unknown = []string{huge, ""}
	for s := audit.Unrated; s <= audit.Critical; s++ {
		f := grades.Findings[1]
		f.Grade.Severity = s
		grades.Findings = append(grades.Findings, f)
	}
	for name, a := range map[string]Audit{"usual": audited(), "clean": clean, "bare": bare, "long": long, "grades": grades} {
		for _, o := range []Origin{{}, {File: "sbom.cdx.json", Version: "1.2.3"}, {File: huge, Version: huge}} {
			var b bytes.Buffer
			if err := GitLab(&b, a, o); err != nil {
				t.Fatal(err)
			}
			if err := valid(b.Bytes()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// The schema is one that refuses.
func TestGitLabSchemaRefuses(t *testing.T) {
	valid := gitlabSchema(t)
	var b bytes.Buffer
	if err := GitLab(&b, audited(), Origin{}); err != nil {
		t.Fatal(err)
	}
	for _, spoil := range [][2]string{
		{`"dependency_scanning"`, `"dependencies"`}, {`"success"`, `"fine"`}, {`"failure"`, `"odd"`}, {`"High"`, `"Grave"`},
		{`"start_time":"2026-03-02T09:00:00"`, `"start_time":"2026-03-02T09:00:00Z"`}, {`"dependency_files":`, `"files":`},
		{`"identifiers":[`, `"identifier":[`}, {`"fatal"`, `"deadly"`}, {`"15.0.7"`, `"15"`},
	} {
		text := strings.ReplaceAll(strings.ReplaceAll(b.String(), ": ", ":"), spoil[0], spoil[1])
		if text == strings.ReplaceAll(b.String(), ": ", ":") {
			continue // not in this report
		}
		if valid([]byte(text)) == nil {
			t.Errorf("%s is taken", spoil[1])
		}
	}
}
