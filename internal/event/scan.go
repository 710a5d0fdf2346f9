// SPDX-License-Identifier: Apache-2.0

package event

// ScanPredicate is in-toto vulns v0.2
// (https://github.com/in-toto/attestation/blob/main/spec/predicates/vulns_02.md).
type ScanPredicate struct {
	Scanner  Scanner      `json:"scanner"`
	Metadata ScanMetadata `json:"metadata"`
	Summary  *ScanSummary `json:"gateledger_summary,omitempty"` // nil: Result is all there is
	Context  Context      `json:"gateledger_context"`
}

// A Scanner is what looked, what it knew, and what it found.
type Scanner struct {
	URI     string        `json:"uri"`
	Version string        `json:"version,omitempty"`
	DB      ScannerDB     `json:"db"`
	Result  []ScanFinding `json:"result"` // the gravest first; nil is no result, empty is nothing found
}

// A ScannerDB is what a scanner knew.
type ScannerDB struct {
	URI        string `json:"uri,omitempty"`
	Version    string `json:"version,omitempty"`
	LastUpdate string `json:"lastUpdate,omitempty"` // RFC 3339; the specification asks for it, and few scanners tell
}

// A ScanFinding is one vulnerability in one package.
type ScanFinding struct {
	ID          string           `json:"id"`
	Severity    []ScanSeverity   `json:"severity"`
	Annotations []ScanAnnotation `json:"annotations,omitempty"`
}

// A ScanSeverity is a severity by some method.
type ScanSeverity struct {
	Method string `json:"method"`
	Score  string `json:"score"` // a word, or the number of a CVSS score
}

// A ScanAnnotation is what we add to a finding.
type ScanAnnotation struct {
	Package string   `json:"package,omitempty"` // package URL, or name and version
	Fixed   string   `json:"fixed,omitempty"`
	Aliases []string `json:"aliases,omitempty"`
	KEV     bool     `json:"kev,omitzero"`   // known to be exploited
	EPSS    *float64 `json:"epss,omitempty"` // nil: unknown
}

// ScanMetadata says when a scan ran.
type ScanMetadata struct {
	Started  string `json:"scanStartedOn"`  // RFC 3339
	Finished string `json:"scanFinishedOn"` // RFC 3339
}

// A ScanSummary counts everything that was found, of which Result holds as
// much as fits a statement.
type ScanSummary struct {
	Total      int            `json:"total"`
	Severities map[string]int `json:"severities"` // by Severities
	KEV        int            `json:"kev"`
	Malware    int            `json:"malware"`
	EPSS       *float64       `json:"epss,omitempty"`    // the highest; nil: none is known
	Unscored   int            `json:"unscored"`          // findings of unknown EPSS
	KnowsKEV   bool           `json:"knows_kev"`         // somebody looked which are known to be exploited
	KnowsEPSS  bool           `json:"knows_epss"`        // somebody looked for EPSS scores
	Suppressed int            `json:"suppressed"`        // findings that the scanner was told to leave out
	Reports    []Subject      `json:"reports,omitempty"` // what was read: name, digest, media type
}

// The severities of a scan, mildest first. Unknown is what nobody says.
const (
	SeverityUnknown  = "unknown"
	SeverityNone     = "none"
	SeverityLow      = "low"
	SeverityMedium   = "medium"
	SeverityHigh     = "high"
	SeverityCritical = "critical"
)

// Severities lists the severities, mildest first; unknown is first.
func Severities() []string {
	return []string{SeverityUnknown, SeverityNone, SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical}
}
