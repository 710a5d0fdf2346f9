// SPDX-License-Identifier: Apache-2.0

// Package scanreport reads what vulnerability scanners write and says, as an
// in-toto vulns predicate, what they found.
//
// It errs to one side: a report that is cut short, that says the scan failed
// or that looked at nothing is never a scan that found nothing. Counts are
// exact; of findings as many are kept as fit a statement, the gravest first.
package scanreport

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/clean"
	"github.com/gateledger/gateledger/internal/event"
)

// The limits of a report, named in the error that one over them gets.
const (
	MaxSize     = 128 << 20 // bytes
	MaxFindings = 500_000
	maxText     = 200 // runes of a name
	maxAliases  = 8   // of a finding that are kept
)

// ErrReport says that a report can't be relied on.
var ErrReport = errors.New("no usable scan report")

// A Report is what one scan found.
type Report struct {
	URI, Version string // of the scanner
	DB           event.ScannerDB
	Started      time.Time // zero: it does not say
	Finished     time.Time
	Findings     []Finding
	Suppressed   int // findings that the scanner was told to leave out
	KnowsKEV     bool
	KnowsEPSS    bool
	Nameless     bool          // it names vulnerabilities by one name, and not by the CVE if it has another
	Images       []string      // what was looked at, NAME@sha256:HEX, if it says so
	Source       event.Subject // the report itself
}

// A Finding is one vulnerability in one package.
type Finding struct {
	ID       string
	Aliases  []string
	Package  string
	Fixed    string
	Severity audit.Severity
	Method   string // whose severity it is
	KEV      bool
	EPSS     *float64 // nil: unknown
}

// A format is one way to write a report, told by a member of its object. To
// add one, write its file and its line.
type format struct {
	name   string
	doc    string
	media  string
	member string
	read   func(data []byte, r *Report) error
}

func formats() []format {
	return []format{
		{"sarif", "SARIF 2.1.0 of any scanner", "application/sarif+json", "runs", readSARIF},
		{"trivy", "trivy --format json", "application/json", "SchemaVersion", readTrivy},
		{"grype", "grype -o json", "application/json", "matches", readGrype},
		{"osv-scanner", "osv-scanner --format json", "application/json", "results", readOSVScanner},
	}
}

// Formats lists the names and meanings of the formats, for help and docs.
func Formats() [][2]string {
	var list [][2]string
	for _, f := range formats() {
		list = append(list, [2]string{f.name, f.doc})
	}
	return list
}

// Read reads one report of at most MaxSize bytes; its format is told by its
// content. One that can't be relied on is ErrReport.
func Read(r io.Reader, name string) (Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return Report{}, fmt.Errorf("read %s: %w", text(name), err)
	}
	report, err := parse(data, name)
	if err != nil {
		return Report{}, fmt.Errorf("read %s: %w: %w", text(name), ErrReport, err)
	}
	return report, nil
}

func parse(data []byte, name string) (Report, error) {
	if len(data) > MaxSize {
		return Report{}, fmt.Errorf("it is over %d bytes", MaxSize)
	}
	sum := sha256.Sum256(data)
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return Report{}, errors.New("it is empty")
	}
	var members map[string]canon.Raw
	if err := canon.DecodeOpen(data, &members); err != nil {
		return Report{}, err
	}
	var known []string
	for _, f := range formats() {
		known = append(known, f.doc)
		if _, ok := members[f.member]; !ok {
			continue
		}
		r := Report{Source: event.Subject{Name: text(name), Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}, MediaType: f.media}}
		r.Source.Annotations = map[string]string{"format": f.name}
		if err := f.read(data, &r); err != nil {
			return Report{}, fmt.Errorf("%s: %w", f.name, err)
		}
		return r, r.tidy()
	}
	return Report{}, fmt.Errorf("it is neither of: %s", strings.Join(known, "; "))
}

// tidy makes text fit to sign, and one finding of those that are told twice.
func (r *Report) tidy() error {
	if len(r.Findings) > MaxFindings {
		return fmt.Errorf("it has over %d findings", MaxFindings)
	}
	r.URI, r.Version = text(r.URI), text(r.Version)
	for i := range r.Images {
		r.Images[i] = text(r.Images[i])
	}
	at := map[[2]string]int{}
	out := r.Findings[:0]
	for _, f := range r.Findings {
		f.ID, f.Package, f.Fixed, f.Method = text(f.ID), text(f.Package), text(f.Fixed), text(f.Method)
		if f.ID == "" {
			return errors.New("a finding has no name")
		}
		for i := range f.Aliases {
			f.Aliases[i] = text(f.Aliases[i])
		}
		key := [2]string{f.ID, f.Package}
		i, twice := at[key]
		if !twice {
			at[key] = len(out)
			out = append(out, f)
			continue
		}
		out[i].absorb(f)
	}
	r.Findings = out
	return nil
}

// absorb adds what the same finding says elsewhere in the report.
func (f *Finding) absorb(o Finding) {
	if o.Severity > f.Severity {
		f.Severity, f.Method = o.Severity, o.Method
	}
	f.KEV = f.KEV || o.KEV
	if f.EPSS == nil || o.EPSS != nil && *o.EPSS > *f.EPSS {
		f.EPSS = o.EPSS
	}
	for _, alias := range o.Aliases {
		if !slices.Contains(f.Aliases, alias) {
			f.Aliases = append(f.Aliases, alias)
		}
	}
}

// text makes a name that somebody else wrote fit to print and to sign.
func text(s string) string {
	s = clean.Field(s)
	if runes := []rune(s); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return s
}

// Elsewhere says that a report names the images it is of, and that none of them
// has one of these digests, hex. It may be the image of one platform of an index
// that has another digest, so that this proves nothing.
func (r *Report) Elsewhere(digests ...string) bool {
	return len(r.Images) > 0 && !slices.ContainsFunc(r.Images, func(image string) bool {
		return slices.Contains(digests, strings.ToLower(image[strings.LastIndexByte(image, ':')+1:]))
	})
}

// names are a finding's own name and its aliases.
func (f *Finding) names() []string { return append([]string{f.ID}, f.Aliases...) }

func (f *Finding) malware() bool {
	return slices.ContainsFunc(f.names(), func(id string) bool { return strings.HasPrefix(id, "MAL-") })
}

// moment reads a time that a report states; what is none is not stated.
func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() < 2000 {
		return time.Time{}
	}
	return t.UTC()
}

// scored is the severity of a CVSS score.
func scored(score float64) audit.Severity {
	switch {
	case score >= 9 && score <= 10:
		return audit.Critical
	case score >= 7 && score < 9:
		return audit.High
	case score >= 4 && score < 7:
		return audit.Medium
	case score > 0 && score < 4:
		return audit.Low
	}
	return audit.Unrated // zero stands for "not computed" as often as for "harmless"
}

// probability is an EPSS score that can be one.
func probability(p float64) *float64 {
	if !(p >= 0 && p <= 1) {
		return nil
	}
	return &p
}

func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return f
}
