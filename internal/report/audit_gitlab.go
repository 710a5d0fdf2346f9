// SPDX-License-Identifier: Apache-2.0

package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/gateledger/gateledger/internal/audit"
	"github.com/gateledger/gateledger/internal/product"
)

type gitlabReport struct {
	Version         string                `json:"version"`
	Scan            gitlabScan            `json:"scan"`
	Vulnerabilities []gitlabVulnerability `json:"vulnerabilities"`
	DependencyFiles []gitlabFile          `json:"dependency_files"`
}

type gitlabScan struct {
	Analyzer gitlabTool      `json:"analyzer"`
	Scanner  gitlabTool      `json:"scanner"`
	Type     string          `json:"type"`
	Start    string          `json:"start_time"`
	End      string          `json:"end_time"`
	Status   string          `json:"status"`
	Messages []gitlabMessage `json:"messages,omitempty"`
}

type gitlabTool struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Vendor  map[string]string `json:"vendor"`
	Version string            `json:"version"`
}

type gitlabMessage struct {
	Level string `json:"level"`
	Value string `json:"value"`
}

type gitlabFile struct {
	Path           string             `json:"path"`
	PackageManager string             `json:"package_manager"`
	Dependencies   []gitlabDependency `json:"dependencies"`
}

type gitlabDependency struct {
	Package map[string]string `json:"package"`
	Version string            `json:"version"`
}

type gitlabVulnerability struct {
	ID          string             `json:"id"`
	Name        string             `json:"name"`
	Description string             `json:"description"`
	Severity    string             `json:"severity"`
	Solution    string             `json:"solution,omitempty"`
	Identifiers []gitlabIdentifier `json:"identifiers"`
	Location    gitlabLocation     `json:"location"`
}

type gitlabIdentifier struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
	URL   string `json:"url,omitempty"`
}

type gitlabLocation struct {
	File       string           `json:"file"`
	Dependency gitlabDependency `json:"dependency"`
}

// The limits of GitLab's schema, in characters.
const (
	gitlabName  = 255
	gitlabField = 4000
)

// GitLab writes an audit as a dependency scanning report (schema 15.0.7). It
// has what stops a release and what lies below the bar; what was waived or is
// not affected is left out, because GitLab would open it again. What could not
// be found out makes the scan a failure.
func GitLab(w io.Writer, a Audit, o Origin) error {
	tool := gitlabTool{product.Name, product.Name, map[string]string{"name": product.Name}, orElse(o.Version, "unknown")}
	at := strings.TrimSuffix(a.Time, "Z")
	file := orElse(o.File, "sbom.cdx.json")
	r := gitlabReport{
		Version: "15.0.7", Vulnerabilities: []gitlabVulnerability{}, DependencyFiles: []gitlabFile{},
		Scan: gitlabScan{Analyzer: tool, Scanner: tool, Type: "dependency_scanning", Start: at, End: at, Status: "success"},
	}
	for _, u := range a.Unknown {
		r.Scan.Status = "failure"
		r.Scan.Messages = append(r.Scan.Messages, gitlabMessage{"fatal", clip("could not find out: "+u, gitlabField)})
	}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Verdict <= audit.Passing || f.Verdict == audit.Known {
			r.Vulnerabilities = append(r.Vulnerabilities, gitlabOf(f, file))
		}
	}
	return writeJSON(w, r)
}

func gitlabOf(f *audit.Finding, file string) gitlabVulnerability {
	v := gitlabVulnerability{
		ID: gitlabID(f), Name: clip(orElse(f.Summary, f.ID), gitlabName), Description: clip(sentence(f), gitlabField),
		Severity: gitlabSeverity(f),
		Location: gitlabLocation{file, gitlabDependency{map[string]string{"name": f.Package}, orElse(f.Version, "unknown")}},
	}
	if len(f.Fixed) > 0 {
		v.Solution = clip(fmt.Sprintf("Upgrade %s to %s", f.Package, f.Fixed[len(f.Fixed)-1]), gitlabField)
	}
	for _, id := range append([]string{f.ID}, f.IDs...) {
		if id == "" || len(v.Identifiers) > 0 && id == f.ID {
			continue
		}
		kind, _, _ := strings.Cut(strings.ToLower(id), "-")
		i := gitlabIdentifier{Type: orElse(kind, "other"), Name: id, Value: id}
		if f.Kind == audit.Vulnerability || f.Kind == audit.Malware {
			i.URL = advisoryURL(id)
		}
		v.Identifiers = append(v.Identifiers, i)
	}
	if len(v.Identifiers) == 0 { // GitLab refuses the whole report
		v.Identifiers = []gitlabIdentifier{{Type: "other", Name: "unnamed", Value: "unnamed"}}
	}
	return v
}

// gitlabID is another for each finding of a report: one package can be in it in
// several versions.
func gitlabID(f *audit.Finding) string {
	sum := sha256.Sum256([]byte(fingerprint(f) + "\x00" + f.Component + "\x00" + f.Version))
	return hex.EncodeToString(sum[:16])
}

func gitlabSeverity(f *audit.Finding) string {
	if f.Kind == audit.Malware {
		return "Critical"
	}
	switch f.Grade.Severity {
	case audit.Critical:
		return "Critical"
	case audit.High:
		return "High"
	case audit.Medium:
		return "Medium"
	case audit.Low:
		return "Low"
	case audit.None:
		return "Info"
	}
	return "Unknown"
}
