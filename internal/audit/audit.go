// SPDX-License-Identifier: Apache-2.0

// Package audit says whether what an SBOM lists may be shipped: which
// advisories it falls under, what makes each of them matter, and what to do
// first.
//
// The package is pure. Audit is a function of the SBOM, of what the feeds say,
// of the statements and waivers of people, and of the time; every finding names
// the records it comes from. What could not be found out is never "clean".
package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/product"
)

// An Input is everything an audit depends on.
type Input struct {
	BOM        *BOM
	Advisories []Advisory // at least those about the SBOM's packages
	Feeds      []Feed     // what was read, and what could not be
	KEV        map[string]Exploited
	EPSS       map[string]float64 // by CVE; what is not there is unknown
	VEX        []Statement
	Waivers    []Waiver
	Baseline   *Baseline // nil: everything is new
	Registry   *Registry // nil: none was asked
	Rules      Rules
	Now        time.Time
}

// An Exploited is one entry of CISA's catalogue of known exploited
// vulnerabilities.
type Exploited struct {
	CVE        string `json:"cve"`
	Added      string `json:"added,omitzero"`
	Due        string `json:"due,omitzero"`
	Ransomware bool   `json:"ransomware,omitzero"`
}

// A Verdict is what becomes of a finding. The zero Verdict stops a release.
type Verdict int

// The verdicts, gravest first.
const (
	Blocked     Verdict = iota // it must not ship like this
	Undecided                  // it would be blocked if it is so, and nobody can tell
	Passing                    // found, and below what stops a release
	Known                      // it was there before (baseline)
	Waived                     // somebody answers for it, for a time
	NotAffected                // a VEX statement says so
)

var verdicts = [...]string{"blocked", "undecided", "passing", "known", "waived", "not-affected"}

func (v Verdict) String() string { return verdicts[v] }

// MarshalText writes a verdict as one word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText is MarshalText's other way.
func (v *Verdict) UnmarshalText(text []byte) error {
	i := slices.Index(verdicts[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown verdict %.40q; have %s", text, strings.Join(verdicts[:], ", "))
	}
	*v = Verdict(i)
	return nil
}

// The kinds of findings.
const (
	Vulnerability = "vulnerability"
	Malware       = "malware"
	DeniedLicence = "licence"
	DeniedPackage = "package"
)

// A Finding is one thing about one component.
type Finding struct {
	Kind      string     `json:"kind"`
	ID        string     `json:"id"`  // the name most people know it by
	IDs       []string   `json:"ids"` // all its names, sorted
	Component string     `json:"component"`
	Ref       string     `json:"ref,omitzero"`
	Package   string     `json:"package"` // in the words of the ecosystem
	Ecosystem string     `json:"ecosystem,omitzero"`
	Version   string     `json:"version,omitzero"`
	Scope     Scope      `json:"scope"`
	Path      []string   `json:"path,omitempty"` // from the subject to the component
	Summary   string     `json:"summary,omitzero"`
	Grade     Grade      `json:"grade,omitzero"`
	KEV       *Exploited `json:"kev,omitempty"`
	EPSS      *float64   `json:"epss,omitempty"`  // nil: unknown
	Fixed     []string   `json:"fixed,omitempty"` // versions that mend it, lowest first
	Affected  string     `json:"affected,omitzero"`
	Verdict   Verdict    `json:"verdict"`
	Why       []string   `json:"why"`
	Sources   []string   `json:"sources"` // records and files
	Notes     []string   `json:"notes,omitempty"`

	component *Component
	licence   string // of a denied one
}

// An Unjudged is a component that no advisory could be about, or that nobody
// can name.
type Unjudged struct {
	Component string `json:"component"`
	Why       string `json:"why"`
	Matters   bool   `json:"matters"` // an advisory could be about it, and would not be seen
}

// A Report is the answer, and everything it was made from.
type Report struct {
	Schema   string     `json:"schema"`
	Subject  string     `json:"subject"`
	Serial   string     `json:"serial,omitzero"`
	Time     string     `json:"time"`
	Answer   Answer     `json:"answer"`
	Unknown  []string   `json:"unknown"` // what could not be found out
	Steps    []Step     `json:"steps"`   // what to do, first things first
	Counts   Counts     `json:"counts"`
	Risk     Risk       `json:"risk"`
	Findings []Finding  `json:"findings"`
	Feeds    []Feed     `json:"feeds"`
	VEX      []Unused   `json:"vex_unused"`
	Waivers  []Unused   `json:"waivers_unused"`
	Unjudged []Unjudged `json:"unjudged"`
	Notes    []string   `json:"notes"`
	Rules    []string   `json:"rules"` // as they were applied, in words
}

// An Answer says whether it may ship. The zero Answer is that nobody knows.
type Answer int

// The answers.
const (
	CouldNotTell Answer = iota
	No
	Yes
)

var answers = [...]string{"could not find out", "no", "yes"}

func (a Answer) String() string { return answers[a] }

// MarshalText writes an answer in words.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is MarshalText's other way.
func (a *Answer) UnmarshalText(text []byte) error {
	i := slices.Index(answers[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown answer %.40q", text)
	}
	*a = Answer(i)
	return nil
}

// Counts are how many of what there are.
type Counts struct {
	Components int            `json:"components"`
	Judged     int            `json:"judged"`
	Findings   int            `json:"findings"`
	Verdicts   map[string]int `json:"verdicts"`
}

// An Unused is a statement or waiver that changed nothing, and why.
type Unused struct {
	Source string `json:"source"`
	What   string `json:"what"`
	Why    string `json:"why"`
}

// ReportSchema names the JSON form of a Report.
const ReportSchema = product.PredicateBase + "audit/v1"

// Audit answers. It is a function of its input and nothing else.
func Audit(in Input) Report {
	a := &auditor{in: in, records: index(in.Advisories), used: map[int]bool{}, waivers: map[int]bool{}}
	a.report = Report{
		Schema: ReportSchema, Subject: in.BOM.Subject.Label(), Serial: in.BOM.Serial, Time: in.Now.UTC().Format(time.RFC3339),
		Unknown: []string{}, Findings: []Finding{}, Unjudged: []Unjudged{}, VEX: []Unused{}, Waivers: []Unused{}, Notes: []string{},
		Rules: in.Rules.words(),
	}
	a.sift()
	a.registered()
	a.feeds()
	for i := range a.report.Findings {
		a.judge(&a.report.Findings[i])
	}
	a.unused()
	a.conclude()
	return a.report
}

// An auditor is one run of Audit.
type auditor struct {
	in      Input
	records map[Package][]*Advisory
	needs   map[string]bool         // ecosystems, with their releases, that advisories are needed of
	used    map[int]bool            // statements that fit a finding
	waivers map[int]bool            // waivers that fit one
	ways    map[string]string       // see BOM.ways
	named   map[string][]*Component // see like
	report  Report
}

// index is records by the packages they are about, without those that were
// taken back.
func index(records []Advisory) map[Package][]*Advisory {
	all := map[Package][]*Advisory{}
	for i := range records {
		r := &records[i]
		if r.Withdrawn {
			continue
		}
		for _, f := range r.Affected {
			key := f.Package.Key()
			if list := all[key]; len(list) == 0 || list[len(list)-1] != r {
				all[key] = append(list, r)
			}
		}
	}
	return all
}

// Wanted are the packages of an SBOM, by Key: what a feed must know about.
func (b *BOM) Wanted() map[Package]bool {
	wanted, ecosystems := map[Package]bool{}, map[string]bool{}
	for i := range b.Components {
		c := &b.Components[i]
		if c.PURL == "" {
			continue
		}
		ids, _ := c.identities() // one that has none is reported as unjudged
		for _, id := range ids {
			wanted[id.Key()] = true
			ecosystems[Base(id.Ecosystem)] = true
		}
	}
	ids, _ := b.Subject.identities()
	for _, id := range ids {
		if ecosystems[Base(id.Ecosystem)] { // else no feed is read for it
			wanted[id.Key()] = true
		}
	}
	return wanted
}

// CVEs are the names that KEV and EPSS know vulnerabilities by.
func CVEs(records []Advisory) map[string]bool {
	all := map[string]bool{}
	for i := range records {
		for _, id := range records[i].names() {
			if strings.HasPrefix(id, "CVE-") {
				all[id] = true
			}
		}
	}
	return all
}

// names are a record's own name, its aliases, and what it was made from.
func (a *Advisory) names() []string {
	return slices.Concat([]string{a.ID}, a.Aliases, a.Upstream)
}

// conclude sorts and counts, and answers.
func (a *auditor) conclude() {
	r := &a.report
	arrange.Stably(r.Findings, compareFindings)
	r.Counts.Components = len(a.in.BOM.Components)
	r.Counts.Findings, r.Counts.Verdicts = len(r.Findings), map[string]int{}
	for _, f := range r.Findings {
		r.Counts.Verdicts[f.Verdict.String()]++
		if f.Verdict == Undecided {
			r.Unknown = append(r.Unknown, f.ID+" in "+f.Component+": "+strings.Join(f.Why, "; "))
		}
	}
	r.Risk = a.risk()
	r.Steps = r.steps()
	switch {
	case r.Counts.Verdicts[Blocked.String()] > 0:
		r.Answer = No
	case len(r.Unknown) == 0:
		r.Answer = Yes
	}
}

// compareFindings puts first what matters most.
func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Verdict, b.Verdict),
		-cmp.Compare(a.weight(), b.weight()),
		-cmp.Compare(a.Grade.Score, b.Grade.Score),
		strings.Compare(a.Component, b.Component),
		strings.Compare(a.ID, b.ID),
	)
}

// weight orders findings of one verdict.
func (f *Finding) weight() int {
	weight := int(f.Grade.Severity)
	if f.Grade.Severity == Unrated && f.Kind == Vulnerability {
		weight = int(Medium)
	}
	if f.KEV != nil {
		weight += 10
	}
	if f.Kind == Malware {
		weight += 100
	}
	return weight
}

// Blocking is a report with what stops a release, and nothing else that is
// long: what a later run compares itself with.
func (r Report) Blocking() Report {
	out := Report{Schema: r.Schema, Subject: r.Subject, Serial: r.Serial, Time: r.Time, Answer: r.Answer}
	for _, f := range r.Findings {
		if f.Verdict == Blocked {
			f.Path, f.Notes, f.Sources, f.Summary = nil, nil, nil, ""
			out.Findings = append(out.Findings, f)
		}
	}
	return out
}
