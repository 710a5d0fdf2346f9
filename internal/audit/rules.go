// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Bar is what stops a release. The zero Bar stops for malware and for what
// is denied by name, which every Bar does.
type Bar struct {
	Severity Severity // this one and graver; Unrated: none does
	KEV      bool
	EPSS     float64 // this probability and higher; 0: none does
}

// Rules are what people decided on before.
type Rules struct {
	FailOn       [3]Bar // by Scope
	UnknownAs    Severity
	DenyLicences []string // patterns of SPDX identifiers and names; "unknown" is having none
	DenyPackages []string // patterns of package URLs, with or without version
	MaxAge       Ages

	// AllowIncomplete makes notes of what the SBOM does not let one find out.
	// A missing or stale feed is no such thing.
	AllowIncomplete bool
}

// Ages are how old the newest word of each feed may be. Zero is any age.
type Ages struct{ OSV, KEV, EPSS time.Duration }

// DefaultAges are a fortnight for what is written when there is something to
// write, and a week for what is computed daily.
func DefaultAges() Ages {
	const day = 24 * time.Hour
	return Ages{OSV: 14 * day, KEV: 14 * day, EPSS: 7 * day}
}

// ParseBar reads a list such as "high,kev,epss>=0.5", or "none".
func ParseBar(text string) (Bar, error) {
	var b Bar
	words := strings.Split(text, ",")
	for _, word := range words {
		word = strings.ToLower(strings.ReplaceAll(word, " ", ""))
		severity := ParseSeverity(word)
		switch {
		case word == "kev":
			b.KEV = true
		case word == "malware": // always
		case word == "none" && len(words) == 1:
		case strings.HasPrefix(word, "epss>="):
			p, err := strconv.ParseFloat(word[len("epss>="):], 64)
			if err != nil || !(p > 0 && p <= 1) {
				return Bar{}, fmt.Errorf("%.40q: a probability is over 0 and at most 1", word)
			}
			b.EPSS = p
		case severity >= Low && b.Severity == Unrated:
			b.Severity = severity
		case severity >= Low:
			return Bar{}, fmt.Errorf("%.40q: one severity is enough, it counts from there upwards", text)
		default:
			return Bar{}, fmt.Errorf("%.40q is none of low, medium, high, critical, kev, epss>=N, none", word)
		}
	}
	return b, nil
}

func (b Bar) String() string {
	words := []string{"malware"}
	if b.Severity != Unrated {
		words = append(words, b.Severity.String()+" and graver")
	}
	if b.KEV {
		words = append(words, "known exploited")
	}
	if b.EPSS > 0 {
		words = append(words, "epss >= "+strconv.FormatFloat(b.EPSS, 'f', -1, 64))
	}
	return strings.Join(words, ", ")
}

// words are the rules as people read them.
func (r Rules) words() []string {
	out := []string{}
	first := r.FailOn[Required]
	if r.FailOn == [3]Bar{first, first, first} {
		out = append(out, "a release is stopped by: "+first.String())
	} else {
		for s := range r.FailOn {
			out = append(out, "a release is stopped, in "+Scope(s).String()+" components, by: "+r.FailOn[s].String())
		}
	}
	out = append(out, "a vulnerability that nobody rates counts as "+r.UnknownAs.String())
	out = append(out, r.MaxAge.words()...)
	if r.AllowIncomplete {
		out = append(out, "what the SBOM does not let one find out stops nothing")
	}
	if len(r.DenyLicences) > 0 {
		out = append(out, "denied licences: "+strings.Join(r.DenyLicences, ", "))
	}
	if len(r.DenyPackages) > 0 {
		out = append(out, "denied packages: "+strings.Join(r.DenyPackages, ", "))
	}
	return out
}

// words are the ages that are not the usual ones.
func (g Ages) words() []string {
	var out []string
	usual := DefaultAges()
	say := func(feed string, age, usual time.Duration) {
		switch {
		case age == 0:
			out = append(out, "feed "+feed+" may be of any age")
		case age != usual:
			out = append(out, fmt.Sprintf("feed %s may be %d hours old", feed, age/time.Hour))
		}
	}
	say("osv", g.OSV, usual.OSV)
	say("kev", g.KEV, usual.KEV)
	say("epss", g.EPSS, usual.EPSS)
	return out
}

// judge decides what becomes of a finding. Nothing lifts malware.
func (a *auditor) judge(f *Finding) {
	if f.Kind == Malware {
		f.Verdict = Blocked
		f.Why = append(f.Why, "malware always blocks")
		return
	}
	if f.Kind == Checksum {
		f.Verdict = Blocked
		return // nobody can answer for bytes that are others
	}
	a.stop(f)
	if a.vex(f) || a.waived(f) {
		return
	}
	if f.Verdict > Undecided {
		return
	}
	if a.in.Baseline.has(f, a.in.Rules) {
		f.Verdict = Known
		f.Why = append(f.Why, "it is in "+a.in.Baseline.Source+" already")
	}
}

// stop says whether a finding is over the bar of its scope.
func (a *auditor) stop(f *Finding) {
	if f.Kind != Vulnerability {
		return // denied by name
	}
	bar := a.in.Rules.FailOn[f.Scope]
	var why []string
	severity := a.in.Rules.counts(f.Grade)
	if bar.Severity != Unrated && severity >= bar.Severity {
		text := "severity " + severity.String()
		if f.Grade.Severity == Unrated {
			text = "severity unknown, which counts as " + severity.String()
		}
		why = append(why, text)
	}
	if bar.KEV && f.KEV != nil {
		why = append(why, "known to be exploited")
	}
	if a.in.Rules.likely(f.Scope, f.EPSS) {
		why = append(why, "exploitation is likely, EPSS "+probability(*f.EPSS))
	}
	switch {
	case len(why) > 0 && f.Verdict == Undecided:
	case len(why) > 0:
		f.Verdict = Blocked
	case bar.EPSS > 0 && f.EPSS == nil && bar.Severity == Unrated:
		f.Verdict = Undecided
		why = append(why, "nobody has computed how likely exploitation is, and nothing else is asked")
	default:
		f.Verdict = Passing
	}
	f.Why = append(f.Why, why...)
}

func probability(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) }

// A Feed is one source of facts: what was read of it, or why it was not.
type Feed struct {
	Name    string    `json:"name"` // osv:npm, kev, epss
	Path    string    `json:"path,omitzero"`
	Date    time.Time `json:"date,omitzero"` // of the newest thing it says
	Records int       `json:"records"`
	Problem string    `json:"problem,omitzero"` // why it can't be gone by

	// Releases are the ecosystems that its records name, with their releases.
	// Nil: nobody looked.
	Releases map[string]bool `json:"-"`
}

// knows says whether a feed has a record of a release of a distribution, or of
// an ecosystem that has none. A release that no record names is one that nobody
// writes advisories for, or whose name is another.
func (f *Feed) knows(ecosystem string) bool {
	if f == nil || f.Releases == nil || Base(ecosystem) == ecosystem {
		return true
	}
	for have := range f.Releases {
		if (Package{Ecosystem: have}).covers(Package{Ecosystem: ecosystem}) {
			return true
		}
	}
	return false
}

// feeds holds what was read against what is needed.
func (a *auditor) feeds() {
	have := map[string]*Feed{}
	a.report.Feeds = slices.Clone(a.in.Feeds)
	for i := range a.report.Feeds {
		f := &a.report.Feeds[i]
		if f.Problem == "" {
			f.Problem = a.in.Rules.MaxAge.Problem(*f, a.in.Now)
		}
		have[f.Name] = f
		if f.Problem != "" {
			a.report.Unknown = append(a.report.Unknown, f.Name+": "+f.Problem)
		}
	}
	needed, told := []string{}, len(a.report.Unknown)
	for ecosystem := range a.needs {
		base := "osv:" + Base(ecosystem)
		needed = append(needed, base)
		if !have[base].knows(ecosystem) {
			a.report.Unknown = append(a.report.Unknown, base+": no record is about "+ecosystem)
		}
	}
	slices.Sort(a.report.Unknown[told:])
	for _, bar := range a.in.Rules.FailOn {
		if bar.KEV {
			needed = append(needed, "kev")
		}
		if bar.EPSS > 0 {
			needed = append(needed, "epss")
		}
	}
	slices.Sort(needed)
	for _, name := range slices.Compact(needed) {
		if have[name] == nil {
			a.report.Unknown = append(a.report.Unknown, name+": nothing was read")
			a.report.Feeds = append(a.report.Feeds, Feed{Name: name, Problem: "nothing was read"})
		}
	}
}

// future is how far ahead of us a feed's clock may be.
const future = 24 * time.Hour

// Problem says why a feed that could be read can't be gone by: it is empty, or
// its newest word is too old. Empty: it can.
func (g Ages) Problem(f Feed, now time.Time) string {
	limit := g.OSV
	switch f.Name {
	case "kev":
		limit = g.KEV
	case "epss":
		limit = g.EPSS
	}
	switch age := now.Sub(f.Date); {
	case f.Records == 0:
		return "it holds no record"
	case limit == 0:
		return ""
	case f.Date.IsZero():
		return "it does not say how old it is"
	case age < -future:
		return "it is dated " + f.Date.Format(time.DateOnly) + ", which is still to come"
	case age > limit:
		return fmt.Sprintf("its newest word is of %s, %d days ago, and may be %d days old", f.Date.Format(time.DateOnly), age/(24*time.Hour), limit/(24*time.Hour))
	}
	return ""
}
