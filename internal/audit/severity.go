// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"slices"
	"strings"
)

// A Severity is how bad a vulnerability can be. The zero Severity is that
// nobody says.
type Severity int

// The severities, as CVSS names them.
const (
	Unrated Severity = iota
	None
	Low
	Medium
	High
	Critical
)

var severities = [...]string{"unknown", "none", "low", "medium", "high", "critical"}

func (s Severity) String() string { return severities[s] }

// MarshalText writes a severity in lower case.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is MarshalText's other way.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severities[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown severity %.40q; have %s", text, strings.Join(severities[:], ", "))
	}
	*s = Severity(i)
	return nil
}

// ParseSeverity reads a severity that a person or a database wrote: GitHub
// says moderate, Red Hat important, Ubuntu negligible. What it does not know
// is Unrated.
func ParseSeverity(text string) Severity {
	switch text = strings.ToLower(strings.TrimSpace(text)); text {
	case "moderate":
		return Medium
	case "important":
		return High
	case "negligible", "minor", "unimportant":
		return Low
	}
	if i := slices.Index(severities[:], text); i >= 0 {
		return Severity(i)
	}
	return Unrated
}

// A Grade is a severity and where it comes from.
type Grade struct {
	Severity Severity `json:"severity"`
	Score    Score    `json:"score,omitzero"`  // of a CVSS vector
	Vector   string   `json:"vector,omitzero"` // the CVSS vector
	Source   string   `json:"source,omitzero"` // the record that says so
}

// A Score is tenths of a CVSS point: 98 is 9.8. In JSON it is the text "9.8".
type Score int

func (s Score) String() string { return fmt.Sprintf("%d.%d", s/10, s%10) }

// MarshalText writes a score as people do.
func (s Score) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is MarshalText's other way.
func (s *Score) UnmarshalText(text []byte) error {
	for tenths := Score(0); tenths <= 100; tenths++ {
		if tenths.String() == string(text) {
			*s = tenths
			return nil
		}
	}
	return fmt.Errorf("%.40q is no CVSS score", text)
}

// severity is the band a score of CVSS 3 and 4 lies in.
func (s Score) severity() Severity {
	switch {
	case s >= 90:
		return Critical
	case s >= 70:
		return High
	case s >= 40:
		return Medium
	case s > 0:
		return Low
	}
	return None
}

// Grade is the gravest thing a record says of a package: a vector where there is one it can
// be computed from, else a word.
func (a *Advisory) Grade(p Package) Grade {
	ratings := slices.Clone(a.Ratings)
	for i := range a.Affected {
		if a.Affected[i].Package.covers(p) {
			ratings = append(ratings, a.Affected[i].Ratings...)
		}
	}
	var best Grade
	for _, r := range ratings {
		if g := r.grade(); g.graver(best) {
			best = g
		}
	}
	if best.Severity == Unrated {
		best = Grade{Severity: ParseSeverity(a.Stated)}
	}
	if best.Severity != Unrated {
		best.Source = a.ID
	}
	return best
}

func (r Rating) grade() Grade {
	if !strings.HasPrefix(r.Type, "CVSS_") {
		return Grade{Severity: ParseSeverity(r.Score)}
	}
	score, severity, err := CVSS(r.Score)
	if err != nil {
		return Grade{}
	}
	return Grade{Severity: severity, Score: score, Vector: r.Score}
}

func (g Grade) graver(o Grade) bool {
	if g.Severity != o.Severity {
		return g.Severity > o.Severity
	}
	return g.Score > o.Score
}
