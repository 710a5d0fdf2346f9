// SPDX-License-Identifier: Apache-2.0

package merge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/check"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/pattern"
	"github.com/gateledger/gateledger/internal/product"
)

// result is the merged document, in the order in which it is written.
type result struct {
	Schema          string       `json:"$schema"`
	Format          string       `json:"bomFormat"`
	Spec            string       `json:"specVersion"`
	Serial          string       `json:"serialNumber"`
	Version         int          `json:"version"`
	Metadata        metadata     `json:"metadata"`
	Components      []canon.Raw  `json:"components"`
	Services        []canon.Raw  `json:"services,omitempty"`
	Dependencies    []dependency `json:"dependencies"`
	Compositions    []composed   `json:"compositions,omitempty"`
	Vulnerabilities []canon.Raw  `json:"vulnerabilities,omitempty"`
}

type metadata struct {
	Timestamp string `json:"timestamp,omitempty"`
	Tools     struct {
		Components []tool `json:"components"`
	} `json:"tools"`
	Component  canon.Raw      `json:"component"`
	Properties []raw.Property `json:"properties"`
}

type tool struct {
	Type    string `json:"type"`
	Group   string `json:"group,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
	Provides  []string `json:"provides,omitempty"`
}

type composed struct {
	Aggregate    string   `json:"aggregate"`
	Assemblies   []string `json:"assemblies,omitempty"`
	Dependencies []string `json:"dependencies,omitempty"`
}

// write makes the document and checks that it is one.
func (m *merger) write() error {
	out := result{
		Schema: "http://cyclonedx.org/schema/bom-" + m.options.Spec + ".schema.json", Format: "CycloneDX", Spec: m.options.Spec,
		Serial: "urn:uuid:" + bom.BlankSerial, Version: 1, Components: []canon.Raw{},
	}
	out.Metadata.Component = m.root.json()
	for _, p := range m.parts {
		if p != m.root {
			out.Components = append(out.Components, p.json())
		}
	}
	out.Services, out.Vulnerabilities = m.others()
	out.Dependencies = m.dependencies()
	out.Compositions = m.compositions()
	m.metadata(&out.Metadata)
	data := append(encoded(out), '\n')
	at := bytes.Index(data, []byte(bom.BlankSerial))
	copy(data[at:], bom.Serial(data))
	m.result.JSON = data
	return m.check(data)
}

// check refuses a result that is no CycloneDX, or that would let a credential
// out: other tools copy them from lockfiles.
func (m *merger) check(data []byte) error {
	for _, match := range credential.Regexp().FindAllSubmatch(data, -1) {
		if user := string(match[1]); user != "git" && user != "hg" {
			return fmt.Errorf("merge: %w: a URL with a user", bom.ErrCredential)
		}
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	findings, err := check.Schema(m.options.Spec, tree)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		return fmt.Errorf("merge: the result is no CycloneDX %s: %s", m.options.Spec, findings[0])
	}
	return nil
}

// credential finds the user part of a URL, plain or inside a package URL.
var credential = pattern.New(`(?i)(?::|%3A)(?://|%2F%2F)([^/?#\s"'<>\\@%]*(?:(?::|%3A)[^/?#\s"'<>\\@%]*)?)(?:@|%40)`)

func (p *part) json() canon.Raw {
	members := map[string]json.RawMessage{"bom-ref": json.RawMessage(quoted(p.ref))}
	for name, value := range p.members {
		members[name] = json.RawMessage(value)
	}
	return encoded(members)
}

func (m *merger) metadata(out *metadata) {
	if !m.options.Time.IsZero() {
		out.Timestamp = m.options.Time.UTC().Format(time.RFC3339)
	}
	tools := []tool{{Type: "application", Name: m.options.Tool.Name, Version: m.options.Tool.Version}}
	out.Properties = []raw.Property{{Name: "cdx:reproducible", Value: "true"}}
	for _, s := range m.sources {
		tools = append(tools, toolsOf(s.Metadata.Tools)...)
		said := s.label + " CycloneDX " + s.Spec
		if s.Serial != "" {
			said += " " + s.Serial
		}
		out.Properties = append(out.Properties, raw.Property{Name: product.Name + ":merge:document", Value: said})
	}
	slices.SortFunc(tools, func(a, b tool) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	out.Tools.Components = slices.Compact(tools)
}

// toolsOf reads the tools of a document: a list until 1.4, components after.
func toolsOf(v canon.Raw) []tool {
	type entry struct {
		Vendor  string `json:"vendor"`
		Group   string `json:"group"`
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	var now struct {
		Components []entry `json:"components"`
	}
	var old []entry
	if len(v) > 0 && canon.DecodeOpen(v, &now) != nil {
		_ = canon.DecodeOpen(v, &old) // neither: it names no tool
	}
	var out []tool
	for _, e := range append(old, now.Components...) {
		if e.Group == "" {
			e.Group = e.Vendor
		}
		if e.Name != "" {
			out = append(out, tool{Type: "application", Group: e.Group, Name: e.Name, Version: e.Version})
		}
	}
	return out
}

// dependencies joins the edges of all documents. What leads nowhere is
// dropped, and said.
func (m *merger) dependencies() []dependency {
	edges := map[string]*dependency{m.root.ref: {Ref: m.root.ref, DependsOn: m.root.requires}}
	for _, p := range m.parts {
		if edges[p.ref] == nil {
			edges[p.ref] = &dependency{Ref: p.ref}
		}
	}
	for _, s := range m.sources {
		for _, d := range s.Dependencies {
			from := edges[s.refs[d.Ref]]
			if from == nil {
				m.drop(s, "the dependencies of %q, which is nothing", d.Ref)
				continue
			}
			from.DependsOn = append(from.DependsOn, m.translated(s, d.DependsOn, from.Ref)...)
			from.Provides = append(from.Provides, m.translated(s, d.Provides, from.Ref)...)
		}
	}
	out := []dependency{}
	for _, d := range edges {
		slices.Sort(d.DependsOn)
		slices.Sort(d.Provides)
		d.DependsOn, d.Provides = slices.Compact(d.DependsOn), slices.Compact(d.Provides)
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b dependency) int { return strings.Compare(a.Ref, b.Ref) })
	return out
}

// translated returns the references of a document as the result calls them,
// without those that lead nowhere or to itself.
func (m *merger) translated(s *source, refs []string, self string) []string {
	var out []string
	for _, ref := range refs {
		to, known := s.refs[ref]
		if !known {
			m.drop(s, "a dependency on %q, which is nothing", ref)
		} else if to != self {
			out = append(out, to)
		}
	}
	return out
}
