// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/pattern"
)

// A Deny says which findings of a scan a release may not have. The zero Deny
// asks only that somebody looked. Malware is denied by every other one.
type Deny struct {
	KEV      bool    // known to be exploited
	Severity string  // this one and graver; empty: none
	EPSS     float64 // this probability and higher; 0: none
}

// unratedCounts is what a finding that nobody rates counts as.
const unratedCounts = event.SeverityHigh

var (
	deniable    = []string{event.SeverityLow, event.SeverityMedium, event.SeverityHigh, event.SeverityCritical}
	epssPattern = pattern.New(`^(0?\.[0-9]{1,6}|1(\.0{1,6})?)$`)
)

// deny reads what a scan may not hold.
func (d *decoder) deny(n *yaml.Node, path string) Deny {
	var out Deny
	d.object(n, path, "deny", func(key string, v *yaml.Node, path string) {
		switch key {
		case "kev":
			out.KEV = d.onlyTrue(v, path)
		case "severity":
			text, ok := d.text(v, path)
			if ok && !slices.Contains(deniable, text) {
				d.fail(v, path, "unknown severity %q%s", text, have(text, deniable))
			}
			out.Severity = text
		case "epss":
			out.EPSS = d.probability(v, path)
		}
	})
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		d.fail(n, path, "is empty: every scan would meet it; say kev, severity or epss")
	}
	return out
}

// probability reads a decimal number over zero and up to one.
func (d *decoder) probability(n *yaml.Node, path string) float64 {
	tag := n.ShortTag()
	if n.Kind != yaml.ScalarNode || tag != "!!float" && tag != "!!int" || !epssPattern.MatchString(n.Value) {
		d.fail(n, path, "must be a probability such as 0.5, not %s", what(n))
		return 0
	}
	p, err := strconv.ParseFloat(n.Value, 64)
	if err != nil || p == 0 {
		d.fail(n, path, "must be over zero")
		return 0
	}
	return p
}

// words is a Deny as people read it.
func (y Deny) words() string {
	var all []string
	if y.Severity != "" {
		all = append(all, y.Severity+" or graver")
	}
	if y.KEV {
		all = append(all, "known to be exploited")
	}
	if y.EPSS > 0 {
		all = append(all, "of EPSS "+strconv.FormatFloat(y.EPSS, 'f', -1, 64)+" and over")
	}
	if n := len(all); n > 1 {
		all = append(all[:n-2], all[n-2]+" or "+all[n-1])
	}
	return strings.Join(all, ", ")
}

// scanned says what of a scan is denied, naming the gravest; empty: nothing.
// What the scan can't tell counts as denied: nobody looked.
func (y Deny) scanned(st event.Statement) string {
	if y == (Deny{}) {
		return ""
	}
	p, err := decodeScan(st)
	if err != nil {
		return err.Error()
	}
	var named []string
	for _, f := range p.Scanner.Result {
		if why := y.finding(f); why != "" {
			named = append(named, why)
		}
	}
	if n := len(named); n > 3 {
		named = append(named[:3], fmt.Sprintf("and %d more", n-3))
	}
	if len(named) > 0 {
		return "lists " + strings.Join(named, ", ")
	}
	if p.Summary != nil {
		return y.counted(*p.Summary, len(p.Scanner.Result))
	}
	if y.EPSS > 0 && slices.ContainsFunc(p.Scanner.Result, unscored) && y.Severity == "" {
		return "has findings of which nobody has computed the EPSS"
	}
	return y.blind(len(p.Scanner.Result), false, slices.ContainsFunc(p.Scanner.Result, func(f event.ScanFinding) bool { return !unscored(f) }))
}

// finding says why one finding is denied.
func (y Deny) finding(f event.ScanFinding) string {
	severity := severityOf(f)
	var why []string
	counts := severity
	if counts == event.SeverityUnknown {
		counts = unratedCounts
	}
	if y.Severity != "" && rankOf(counts) >= rankOf(y.Severity) {
		why = append(why, severity)
	}
	in := ""
	for _, a := range f.Annotations {
		in = cmp.Or(in, a.Package)
		if y.KEV && a.KEV {
			why = append(why, "known to be exploited")
		}
		if y.EPSS > 0 && a.EPSS != nil && *a.EPSS >= y.EPSS {
			why = append(why, "EPSS "+strconv.FormatFloat(*a.EPSS, 'f', -1, 64))
		}
	}
	if isMalware(f) {
		why = append(why, "malware")
	}
	if len(why) == 0 {
		return ""
	}
	if in != "" {
		in = " in " + in
	}
	return fmt.Sprintf("%.80s%.200s (%s)", f.ID, in, strings.Join(slices.Compact(why), ", "))
}

func isMalware(f event.ScanFinding) bool {
	malware := func(id string) bool { return strings.HasPrefix(id, "MAL-") }
	return malware(f.ID) || slices.ContainsFunc(f.Annotations, func(a event.ScanAnnotation) bool { return slices.ContainsFunc(a.Aliases, malware) })
}

func unscored(f event.ScanFinding) bool {
	return !slices.ContainsFunc(f.Annotations, func(a event.ScanAnnotation) bool { return a.EPSS != nil })
}

// counted says what is denied of the findings that did not fit the list.
func (y Deny) counted(s event.ScanSummary, listed int) string {
	sum := 0
	for severity, count := range s.Severities {
		if sum += count; count < 0 {
			return fmt.Sprintf("counts %d of severity %.20s", count, severity)
		}
	}
	if min(s.Total, s.KEV, s.Malware, s.Unscored) < 0 {
		return "counts less than nothing"
	}
	if s.Malware > 0 {
		return fmt.Sprintf("counts %d of malware", s.Malware)
	}
	if y.Severity != "" {
		n := 0
		for severity, count := range s.Severities {
			if rankOf(severity) == 0 { // nobody rates it, or nobody knows the word
				severity = unratedCounts
			}
			if rankOf(severity) >= rankOf(y.Severity) {
				n += count
			}
		}
		if n > 0 {
			return fmt.Sprintf("counts %d of severity %s or graver", n, y.Severity)
		}
	}
	if y.KEV && s.KEV > 0 {
		return fmt.Sprintf("counts %d known to be exploited", s.KEV)
	}
	if y.EPSS > 0 && s.EPSS != nil && *s.EPSS >= y.EPSS {
		return "has one of EPSS " + strconv.FormatFloat(*s.EPSS, 'f', -1, 64)
	}
	if y.EPSS > 0 && s.Unscored > 0 && s.KnowsEPSS && y.Severity == "" {
		return fmt.Sprintf("has %d findings of which nobody has computed the EPSS", s.Unscored)
	}
	return y.blind(max(s.Total, sum, listed), s.KnowsKEV, s.KnowsEPSS)
}

// leftOut says how many findings a scanner was told to leave out: no rule denies
// them, and whoever approves may ask why.
func leftOut(st event.Statement, kind string) string {
	if kind != "scan" {
		return ""
	}
	p, err := decodeScan(st)
	if err != nil || p.Summary == nil || p.Summary.Suppressed == 0 {
		return ""
	}
	return fmt.Sprintf(" (without %d that the scanner was told to leave out)", p.Summary.Suppressed)
}

// blind says what a scan with findings does not tell and the rule asks.
func (y Deny) blind(findings int, knowsKEV, knowsEPSS bool) string {
	switch {
	case findings == 0:
	case y.KEV && !knowsKEV:
		return "does not say which findings are known to be exploited; record it with --kev"
	case y.EPSS > 0 && !knowsEPSS:
		return "does not say how likely exploitation is; record it with --epss"
	}
	return ""
}

// decodeScan reads a scan. One without a result is no scan.
func decodeScan(st event.Statement) (event.ScanPredicate, error) {
	var p event.ScanPredicate
	if err := canon.DecodeOpen(st.Predicate, &p); err != nil {
		return p, fmt.Errorf("can't be read: %w", err)
	}
	if p.Scanner.Result == nil {
		return p, errors.New("has no result, not even an empty one")
	}
	return p, nil
}

// severityOf is the gravest severity that a finding states: a word, or a CVSS
// score. One that nobody can read could be graver than a mild one beside it.
func severityOf(f event.ScanFinding) string {
	best, unread := event.SeverityUnknown, false
	for _, s := range f.Severity {
		word := strings.ToLower(strings.TrimSpace(s.Score))
		switch word {
		case "moderate":
			word = event.SeverityMedium
		case "important":
			word = event.SeverityHigh
		case "negligible", "minor", "unimportant":
			word = event.SeverityLow
		}
		if score, err := strconv.ParseFloat(word, 64); err == nil {
			word = band(score)
		}
		unread = unread || word != "" && !slices.Contains(event.Severities(), word)
		if rankOf(word) > rankOf(best) {
			best = word
		}
	}
	if unread && rankOf(best) < rankOf(unratedCounts) {
		return event.SeverityUnknown
	}
	return best
}

// band is the severity of a CVSS score (https://www.first.org/cvss/v4.0/specification-document, 6).
func band(score float64) string {
	switch {
	case score >= 9:
		return event.SeverityCritical
	case score >= 7:
		return event.SeverityHigh
	case score >= 4:
		return event.SeverityMedium
	case score > 0:
		return event.SeverityLow
	case score == 0:
		return event.SeverityNone
	}
	return event.SeverityUnknown // NaN, or below zero
}

// rankOf orders severities; a word nobody knows is the mildest.
func rankOf(severity string) int { return max(slices.Index(event.Severities(), severity), 0) }

// scanTime is when a scan says it ended, if that is before made: a report does
// not get younger by being recorded.
func scanTime(st event.Statement, made string) string {
	var p event.ScanPredicate
	if err := canon.DecodeOpen(st.Predicate, &p); err != nil || p.Metadata.Finished == "" {
		return made
	}
	ended, err := time.Parse(time.RFC3339, p.Metadata.Finished)
	if err != nil {
		return p.Metadata.Finished // tooOld says that this is no time
	}
	if at, err := time.Parse(time.RFC3339, made); err == nil && !ended.Before(at) {
		return made
	}
	return p.Metadata.Finished
}
