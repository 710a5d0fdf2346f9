// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/canon"
)

// ErrVEX says that a document is no VEX that is known here.
var ErrVEX = errors.New("no usable VEX document")

// The limits of a VEX document.
const (
	MaxVEX        = 64 << 20 // bytes
	maxStatements = 100_000
)

// ParseVEX reads an OpenVEX document (https://github.com/openvex/spec, 0.0.1
// and 0.2.0), or the vulnerabilities of a CycloneDX one. A statement that
// can't count comes back with why; only a document that is neither is an error.
func ParseVEX(data []byte, name string, now time.Time) ([]Statement, error) {
	all, err := parseVEX(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), name)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrVEX, name, err)
	}
	for i := range all {
		all[i].reject(now)
	}
	return all, nil
}

func parseVEX(data []byte, name string) ([]Statement, error) {
	if len(data) > MaxVEX {
		return nil, fmt.Errorf("it is over %d bytes", MaxVEX)
	}
	var head struct {
		Context string `json:"@context"`
		Format  string `json:"bomFormat"`
	}
	if err := canon.DecodeOpen(data, &head); err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(head.Context, "https://openvex.dev/ns"):
		return openVEX(data, name)
	case head.Format == "CycloneDX":
		return cycloneVEX(data, name)
	}
	return nil, errors.New("it is neither OpenVEX (its @context begins with https://openvex.dev/ns) nor CycloneDX")
}

type openDocument struct {
	Timestamp  string `json:"timestamp"`
	Statements []struct {
		Vulnerability   canon.Raw   `json:"vulnerability"`
		Products        []canon.Raw `json:"products"`
		Parts           []canon.Raw `json:"subcomponents"` // of 0.0.1
		Status          string      `json:"status"`
		Justification   string      `json:"justification"`
		ImpactStatement string      `json:"impact_statement"`
		Timestamp       string      `json:"timestamp"`
		LastUpdated     string      `json:"last_updated"`
	} `json:"statements"`
}

func openVEX(data []byte, name string) ([]Statement, error) {
	var d openDocument
	if err := canon.DecodeOpen(data, &d); err != nil {
		return nil, err
	}
	if len(d.Statements) > maxStatements {
		return nil, fmt.Errorf("it has over %d statements", maxStatements)
	}
	var all []Statement
	for i, raw := range d.Statements {
		s := Statement{
			Source: fmt.Sprintf("%s, statement %d", name, i+1), Status: raw.Status,
			Why: cmp.Or(raw.Justification, raw.ImpactStatement),
		}
		var err error
		if s.IDs, err = openNames(raw.Vulnerability); err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
		common, err := openProducts(raw.Parts)
		if err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
		if s.Products, err = openProducts(raw.Products); err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
		for j := range s.Products {
			for _, part := range common {
				s.Products[j].Parts = append(s.Products[j].Parts, part.ID)
			}
		}
		s.time(cmp.Or(raw.LastUpdated, raw.Timestamp, d.Timestamp))
		if s.Time.IsZero() && s.Rejected == "" {
			s.Rejected = "it does not say when it was made"
		}
		all = append(all, s)
	}
	return all, nil
}

func (s *Statement) time(text string) {
	if text == "" {
		return
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		s.Rejected = fmt.Sprintf("its time %.40q is none", text)
		return
	}
	s.Time = at
}

// openNames reads a vulnerability: a name, or since 0.2.0 an object.
func openNames(raw canon.Raw) ([]string, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	if raw[0] == '"' {
		var name string
		err := canon.DecodeOpen(raw, &name)
		return uniqueIDs([]string{name}), err
	}
	var v struct {
		ID      string   `json:"@id"`
		Name    string   `json:"name"`
		Aliases []string `json:"aliases"`
	}
	err := canon.DecodeOpen(raw, &v)
	return uniqueIDs([]string{v.Name, v.ID}, v.Aliases), err
}

// openProducts reads products: names, or since 0.2.0 objects. One that has
// several identifiers is listed once for each.
func openProducts(list []canon.Raw) ([]Product, error) {
	var all []Product
	for _, raw := range list {
		if len(raw) > 0 && raw[0] == '"' {
			var id string
			if err := canon.DecodeOpen(raw, &id); err != nil {
				return nil, err
			}
			all = append(all, Product{ID: id})
			continue
		}
		var p struct {
			ID          string `json:"@id"`
			Identifiers struct {
				PURL string `json:"purl"`
			} `json:"identifiers"`
			Parts []canon.Raw `json:"subcomponents"`
		}
		if err := canon.DecodeOpen(raw, &p); err != nil {
			return nil, err
		}
		parts, err := openProducts(p.Parts)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, part := range parts {
			ids = append(ids, part.ID)
		}
		for _, id := range uniqueIDs([]string{p.ID, p.Identifiers.PURL}) {
			all = append(all, Product{ID: id, Parts: ids})
		}
	}
	return all, nil
}

// A cdxVulnerability is one entry of a CycloneDX document's vulnerabilities.
type cdxVulnerability struct {
	ID         string `json:"id"`
	References []struct {
		ID string `json:"id"`
	} `json:"references"`
	Updated  string `json:"updated"`
	Analysis *struct {
		State         string `json:"state"`
		Justification string `json:"justification"`
		Detail        string `json:"detail"`
		FirstIssued   string `json:"firstIssued"`
		LastUpdated   string `json:"lastUpdated"`
	} `json:"analysis"`
	Affects []cdxAffected `json:"affects"`
}

// A cdxAffected is what an entry is about.
type cdxAffected struct {
	Ref      string `json:"ref"`
	Versions []struct {
		Version string `json:"version"`
		Range   string `json:"range"`
		Status  string `json:"status"` // affected, unaffected or unknown
	} `json:"versions"`
}

// cycloneVEX reads what a CycloneDX document says with an analysis. An entry
// without one says that there is a vulnerability, and no more.
func cycloneVEX(data []byte, name string) ([]Statement, error) {
	d, err := readDocument(data)
	if err != nil {
		return nil, err
	}
	if len(d.Vulnerabilities) > maxStatements {
		return nil, fmt.Errorf("it has over %d vulnerabilities", maxStatements)
	}
	purls := map[string]string{}
	d.purls(purls)
	var all []Statement
	for i := range d.Vulnerabilities {
		v := &d.Vulnerabilities[i]
		s := Statement{Source: fmt.Sprintf("%s, vulnerability %d", name, i+1)}
		s.IDs = []string{v.ID}
		for _, r := range v.References {
			s.IDs = append(s.IDs, r.ID)
		}
		s.IDs = uniqueIDs(s.IDs)
		if v.Analysis == nil || v.Analysis.State == "" {
			s.Rejected = "it has no analysis"
			all = append(all, s)
			continue
		}
		s.Status, s.Why = cycloneStatus(v.Analysis.State), cmp.Or(v.Analysis.Justification, v.Analysis.Detail)
		s.time(cmp.Or(v.Analysis.LastUpdated, v.Analysis.FirstIssued, v.Updated, d.Metadata.Timestamp))
		v.products(&s, d, purls)
		all = append(all, s)
	}
	return all, nil
}

// cycloneStatus is an analysis state in OpenVEX's words.
func cycloneStatus(state string) string {
	switch state {
	case "not_affected", "false_positive":
		return vexNotAffected
	case "resolved", "resolved_with_pedigree":
		return vexFixed
	case "exploitable":
		return vexAffected
	case "in_triage":
		return vexOpen
	}
	return state
}

// purls maps the references of a document to the package URLs they stand for,
// which may be none.
func (d *document) purls(into map[string]string) {
	var walk func([]rawComponent)
	walk = func(list []rawComponent) {
		for i := range list {
			if list[i].Ref != "" {
				into[list[i].Ref] = list[i].PURL
			}
			walk(list[i].Components)
		}
	}
	if c := d.Metadata.Component; c != nil {
		walk([]rawComponent{*c})
	}
	walk(d.Components)
}

// products reads what an entry affects: a reference of its own document, a
// BOM-Link (urn:cdx:serial/version#reference) into another, or a package URL. A
// reference of its own that stands for no package URL is one of the SBOM only if
// both are one document.
func (v *cdxVulnerability) products(s *Statement, d *document, purls map[string]string) {
	for _, at := range v.Affects {
		p := Product{ID: cmp.Or(purls[at.Ref], at.Ref)}
		if link, ok := strings.CutPrefix(at.Ref, "urn:cdx:"); ok {
			serial, ref, _ := strings.Cut(link, "#")
			serial, _, _ = strings.Cut(serial, "/")
			p.Serial, p.ID = "urn:uuid:"+serial, ref
		} else if purl, own := purls[at.Ref]; own && purl == "" {
			p.Serial = cmp.Or(d.Serial, "none")
		}
		if at.versions(s, &p) {
			s.Products = append(s.Products, p)
		}
	}
	if len(v.Affects) > 0 && len(s.Products) == 0 && s.Rejected == "" {
		s.Rejected = "of every version that it names it says that it is affected, or that nobody knows"
	}
}

// versions limits a product to the versions that an entry speaks of. It is
// false if none is left: of a version that the entry itself calls affected, or
// unknown, it can't say that it is not.
func (at *cdxAffected) versions(s *Statement, p *Product) bool {
	for _, v := range at.Versions {
		switch {
		case v.Range != "":
			s.Rejected = "it speaks of a range of versions, which is not read; list the versions"
			p.Versions = nil // whatever it says may be of any
			return true
		case !s.decides() || v.Status == "" || v.Status == "unaffected":
			p.Versions = append(p.Versions, v.Version)
		}
	}
	return len(at.Versions) == 0 || len(p.Versions) > 0
}
