// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
)

// An Advisory is one record in the OSV format
// (https://ossf.github.io/osv-schema/), as far as it is needed to match.
type Advisory struct {
	ID        string
	Aliases   []string // the same vulnerability under other names
	Upstream  []string // what it was made from: a distribution's advisory names CVEs here
	Summary   string
	Modified  time.Time // or published, whichever is later
	Withdrawn bool
	Affected  []Affected
	Ratings   []Rating
	Stated    string // a rating in words, where there is no vector
	Source    string // where the record was read
}

// Affected is what a record says of one package.
type Affected struct {
	Package  Package
	Ranges   []Range
	Versions []string
	Ratings  []Rating
}

// A Range is a list of events along the order of versions.
type Range struct {
	Type   string // SEMVER, ECOSYSTEM or GIT
	Events []Event
}

// An Event is where a range starts, ends or is cut off; one field is set.
type Event struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
	Limit        string `json:"limit"`
}

// version is the version of whichever field is set.
func (e Event) version() string { return e.Introduced + e.Fixed + e.LastAffected + e.Limit }

// A Rating is a severity as a scoring system writes it.
type Rating struct {
	Type  string `json:"type"` // CVSS_V2, CVSS_V3, CVSS_V4, Ubuntu
	Score string `json:"score"`
}

// Malware says whether the record is about code made to harm: whoever uses it
// has no version to go to.
func (a *Advisory) Malware() bool {
	return strings.HasPrefix(a.ID, "MAL-") || slices.ContainsFunc(a.Aliases, func(id string) bool { return strings.HasPrefix(id, "MAL-") })
}

// The limits of a record.
const (
	MaxRecord   = 32 << 20 // bytes
	maxAffected = 50_000
	maxEvents   = 200_000 // of one record
	maxAliases  = 1000
)

// A record is the JSON of an advisory.
type record struct {
	ID        string    `json:"id"`
	Modified  string    `json:"modified"`
	Published string    `json:"published"`
	Withdrawn string    `json:"withdrawn"`
	Aliases   []string  `json:"aliases"`
	Upstream  []string  `json:"upstream"`
	Summary   string    `json:"summary"`
	Severity  []Rating  `json:"severity"`
	Database  canon.Raw `json:"database_specific"`
	Affected  []struct {
		Package struct {
			Ecosystem string `json:"ecosystem"`
			Name      string `json:"name"`
		} `json:"package"`
		Ranges []struct {
			Type   string  `json:"type"`
			Events []Event `json:"events"`
		} `json:"ranges"`
		Versions  []string  `json:"versions"`
		Severity  []Rating  `json:"severity"`
		Database  canon.Raw `json:"database_specific"`
		Ecosystem canon.Raw `json:"ecosystem_specific"`
	} `json:"affected"`
}

// ParseAdvisory reads one record.
func ParseAdvisory(data []byte) (Advisory, error) {
	if len(data) > MaxRecord {
		return Advisory{}, fmt.Errorf("the record has over %d bytes", MaxRecord)
	}
	var r record
	if err := canon.DecodeOpen(data, &r); err != nil {
		return Advisory{}, err
	}
	if err := r.check(); err != nil {
		return Advisory{}, err
	}
	a := Advisory{
		ID: r.ID, Aliases: r.Aliases, Upstream: r.Upstream, Summary: r.Summary, Ratings: r.Severity,
		Withdrawn: r.Withdrawn != "", Stated: word(r.Database), Modified: later(r.Modified, r.Published),
	}
	for _, f := range r.Affected {
		out := Affected{Package: Package{f.Package.Ecosystem, f.Package.Name}, Versions: f.Versions, Ratings: f.Severity}
		for _, g := range f.Ranges {
			out.Ranges = append(out.Ranges, Range(g))
		}
		a.Affected = append(a.Affected, out)
		for _, said := range []canon.Raw{f.Ecosystem, f.Database} {
			if a.Stated == "" {
				a.Stated = word(said)
			}
		}
	}
	return a, nil
}

// check refuses a record that has no name, is over a limit, or has an event
// that is two at once.
func (r *record) check() error {
	if r.ID == "" {
		return errors.New("the record has no id")
	}
	if len(r.Affected) > maxAffected || len(r.Aliases) > maxAliases || len(r.Upstream) > maxAliases {
		return fmt.Errorf("%.40q has over %d packages or over %d aliases", r.ID, maxAffected, maxAliases)
	}
	events := 0
	for _, f := range r.Affected {
		if len(f.Package.Name) > maxName {
			return fmt.Errorf("%.40q names a package of over %d bytes", r.ID, maxName)
		}
		events += len(f.Versions)
		for _, g := range f.Ranges {
			events += len(g.Events)
			for _, e := range g.Events {
				if err := e.check(); err != nil {
					return fmt.Errorf("%.40q: %w", r.ID, err)
				}
			}
		}
	}
	if events > maxEvents {
		return fmt.Errorf("%.40q has over %d events and versions", r.ID, maxEvents)
	}
	return nil
}

func (e Event) check() error {
	set := 0
	for _, v := range []string{e.Introduced, e.Fixed, e.LastAffected, e.Limit} {
		if v != "" {
			set++
		}
		if len(v) > maxVersion {
			return fmt.Errorf("a version of over %d bytes", maxVersion)
		}
	}
	if set > 1 {
		return errors.New("one event of a range is several at once")
	}
	return nil // an event that is none of these is of a later schema, and says nothing here
}

// word is the severity that a database states in words.
func word(raw canon.Raw) string {
	var said struct {
		Severity any `json:"severity"`
	}
	if len(raw) == 0 || canon.DecodeOpen(raw, &said) != nil {
		return ""
	}
	text, _ := said.Severity.(string)
	return text
}

func later(a, b string) time.Time {
	first, _ := time.Parse(time.RFC3339, a)
	second, _ := time.Parse(time.RFC3339, b)
	if second.After(first) {
		return second.UTC()
	}
	return first.UTC()
}
