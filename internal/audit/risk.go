// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/gateledger/gateledger/internal/arrange"
)

// A Risk is a sum of points. It orders products and shows whether one gets
// better; it decides nothing.
type Risk struct {
	Score  int     `json:"score"`
	Points []Point `json:"points"`
}

// A Point is a part of the sum, with the component and the source it is from.
type Point struct {
	Points    int    `json:"points"`
	Component string `json:"component"`
	Why       string `json:"why"`
	Source    string `json:"source"`
}

// A Price is what one thing adds to the score.
type Price struct {
	What   string
	Points int
}

// The things that have a price.
const (
	priceMalware   = "malware"
	priceKEV       = "known to be exploited (KEV)"
	priceRansom    = "used by ransomware (KEV), on top"
	priceCritical  = "critical vulnerability"
	priceHigh      = "high vulnerability"
	priceMedium    = "medium vulnerability"
	priceLow       = "low vulnerability"
	priceUnrated   = "vulnerability of unknown severity"
	priceEPSS      = "EPSS, for each tenth of probability"
	pricePackage   = "denied package"
	priceLicence   = "denied licence"
	priceUnpinned  = "component without a version"
	priceUnhashed  = "component without a hash"
	priceElsewhere = "component from a repository or address, not its registry"
	priceScript    = "component that runs code when it is installed"
	priceOld       = "component its registry calls deprecated"
)

// Prices is the table of the score, for audits and for docs.
func Prices() []Price {
	return []Price{
		{priceMalware, 1000}, {priceKEV, 100}, {priceRansom, 50},
		{priceCritical, 40}, {priceHigh, 20}, {priceMedium, 8}, {priceLow, 2}, {priceUnrated, 10}, {priceEPSS, 5},
		{pricePackage, 50}, {priceLicence, 20},
		{priceUnpinned, 5}, {priceUnhashed, 1}, {priceElsewhere, 3}, {priceScript, 3}, {priceOld, 5},
	}
}

// risk adds up. What a VEX statement says does not affect the product costs
// nothing; what was waived, or was there before, is still there.
func (a *auditor) risk() Risk {
	prices := map[string]int{}
	for _, p := range Prices() {
		prices[p.What] = p.Points
	}
	r := Risk{Points: []Point{}}
	add := func(component, what, source string, times int) {
		if points := prices[what] * times; points > 0 {
			r.Points = append(r.Points, Point{points, component, what, source})
			r.Score += points
		}
	}
	for i := range a.report.Findings {
		f := &a.report.Findings[i]
		if f.Verdict == NotAffected {
			continue
		}
		source := f.ID
		switch f.Kind {
		case Malware:
			add(f.Component, priceMalware, source, 1)
		case DeniedPackage:
			add(f.Component, pricePackage, "deny list", 1)
		case DeniedLicence:
			add(f.Component, priceLicence, "deny list", 1)
		default:
			f.price(add)
		}
	}
	seen := map[string]bool{}
	for i := range a.in.BOM.Components {
		c := &a.in.BOM.Components[i]
		if label := c.Label(); !seen[label] && c.PURL != "" && c.Type != "application" {
			seen[label] = true
			c.price(add)
		}
	}
	arrange.Stably(r.Points, func(a, b Point) int {
		return cmp.Or(-cmp.Compare(a.Points, b.Points), strings.Compare(a.Component, b.Component), strings.Compare(a.Why, b.Why), strings.Compare(a.Source, b.Source))
	})
	return r
}

func (f *Finding) price(add func(component, what, source string, times int)) {
	switch f.Grade.Severity {
	case Critical:
		add(f.Component, priceCritical, f.ID, 1)
	case High:
		add(f.Component, priceHigh, f.ID, 1)
	case Medium:
		add(f.Component, priceMedium, f.ID, 1)
	case Low:
		add(f.Component, priceLow, f.ID, 1)
	case Unrated:
		add(f.Component, priceUnrated, f.ID, 1)
	}
	if f.KEV != nil {
		add(f.Component, priceKEV, "KEV "+f.KEV.CVE, 1)
		if f.KEV.Ransomware {
			add(f.Component, priceRansom, "KEV "+f.KEV.CVE, 1)
		}
	}
	if f.EPSS != nil {
		add(f.Component, priceEPSS, fmt.Sprintf("EPSS %s of %s", probability(*f.EPSS), f.ID), int(math.Floor(*f.EPSS*10)))
	}
}

func (c *Component) price(add func(component, what, source string, times int)) {
	const source = "SBOM"
	for _, p := range []struct {
		what  string
		holds bool
	}{
		{priceUnpinned, c.Version == "" && !strings.Contains(c.PURL, "@")},
		{priceUnhashed, !c.Hashed},
		{priceElsewhere, c.Elsewhere},
		{priceScript, c.InstallScript},
		{priceOld, c.Deprecated != ""},
	} {
		if p.holds {
			add(c.Label(), p.what, source, 1)
		}
	}
}
