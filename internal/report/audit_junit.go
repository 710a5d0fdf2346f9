// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/product"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"timestamp,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Failure *junitResult `xml:"failure"`
	Error   *junitResult `xml:"error"`
	Skipped *junitResult `xml:"skipped"`
}

type junitResult struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes an audit as JUnit XML: what stops a release is a failure, what
// could not be found out an error, and what somebody answers for is skipped.
// There is a case for the audit as a whole, so that a clean one has one that
// passed.
func JUnit(w io.Writer, a Audit) error {
	s := junitSuite{Name: clean.Field(a.Subject), Time: strings.TrimSuffix(a.Time, "Z")}
	s.add(junitCase{Class: "audit", Name: "every feed and component could be judged", Error: unknownCase(a.Unknown)})
	for i := range a.Findings {
		f := &a.Findings[i]
		c := junitCase{Class: clean.Field(f.Component), Name: clean.Field(f.ID)}
		text := clean.Field(sentence(f))
		result := &junitResult{Message: text, Type: gravity(f), Text: clean.Field(strings.Join(f.Sources, ", "))}
		switch f.Verdict {
		case audit.Blocked:
			c.Failure = result
		case audit.Undecided:
			c.Error = result
		case audit.Passing:
		default:
			c.Skipped = &junitResult{Message: text}
		}
		s.add(c)
	}
	all := junitSuites{Name: product.Name + " sbom audit", Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Suites: []junitSuite{s}}
	data, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write report as JUnit: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+string(data)+"\n")
	return err
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func unknownCase(unknown []string) *junitResult {
	if len(unknown) == 0 {
		return nil
	}
	return &junitResult{Message: clean.Field("could not find out: " + unknown[0]), Text: clean.Field(strings.Join(unknown, "; "))}
}
