// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/canon"
)

// Purls returns the package URLs of a CycloneDX JSON document's components,
// sorted. It reads no more of the document than that.
func Purls(doc []byte) ([]string, error) {
	var d struct {
		Format     string `json:"bomFormat"`
		Components []struct {
			Purl string `json:"purl"`
		} `json:"components"`
	}
	if err := canon.DecodeOpen(doc, &d); err != nil {
		return nil, fmt.Errorf("read SBOM: %w", err)
	}
	if d.Format != "CycloneDX" {
		return nil, fmt.Errorf("read SBOM: bomFormat is %q, want CycloneDX", d.Format)
	}
	out := make([]string, 0, len(d.Components))
	for _, c := range d.Components {
		if c.Purl != "" {
			out = append(out, c.Purl)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Changes says in one line each what came, went or changed version between
// two sorted lists of package URLs. It is empty, never nil, where nothing did.
func Changes(before, after []string) []string {
	was, is := versions(before), versions(after)
	out := []string{}
	for _, name := range slices.Sorted(slices.Values(append(names(was), names(is)...))) {
		old, now := strings.Join(was[name], ", "), strings.Join(is[name], ", ")
		var line string
		switch {
		case old == now && len(was[name]) == len(is[name]):
			continue
		case len(was[name]) == 0:
			line = fmt.Sprintf("+ %s %s", name, now)
		case len(is[name]) == 0:
			line = fmt.Sprintf("- %s %s", name, old)
		default:
			line = fmt.Sprintf("~ %s %s → %s", name, old, now)
		}
		if len(out) == 0 || out[len(out)-1] != line {
			out = append(out, line)
		}
	}
	return out
}

// versions groups package URLs by what stands before the version.
func versions(purls []string) map[string][]string {
	out := map[string][]string{}
	for _, p := range purls {
		bare, _, _ := strings.Cut(p, "?")
		name, version := bare, ""
		if at := strings.LastIndex(bare, "@"); at > 0 {
			name, version = bare[:at], bare[at+1:]
		}
		out[name] = append(out[name], version)
	}
	return out
}

func names(m map[string][]string) []string {
	out := make([]string, 0, len(m))
	for n := range m {
		out = append(out, n)
	}
	return out
}
