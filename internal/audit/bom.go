// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/clean"
)

// The limits of an SBOM, named in the error that one over them gets.
const (
	MaxComponents = 500_000
	maxVersion    = 1024 // bytes
	maxName       = 4096 // bytes of a package URL, reference or name
)

// A Scope is when a component is needed. The zero Scope is the strictest,
// and what CycloneDX takes for granted where nothing is stated.
type Scope int

// The scopes, strictest first.
const (
	Required Scope = iota
	Optional
	Excluded // only to develop or build
)

var scopes = [...]string{"required", "optional", "excluded"}

func (s Scope) String() string { return scopes[s] }

// MarshalText writes a scope as CycloneDX does.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is MarshalText's other way.
func (s *Scope) UnmarshalText(text []byte) (err error) {
	*s, err = ParseScope(string(text))
	return err
}

// ParseScope reads a scope as CycloneDX writes it; one that is not stated is
// required.
func ParseScope(text string) (Scope, error) {
	if text == "" {
		return Required, nil
	}
	if i := slices.Index(scopes[:], text); i >= 0 {
		return Scope(i), nil
	}
	return Required, fmt.Errorf("unknown scope %.40q; have %s", text, strings.Join(scopes[:], ", "))
}

// A Component is one thing that an SBOM lists.
type Component struct {
	Ref      string
	PURL     string
	Name     string // as people know it: group and name
	Version  string
	Type     string
	Scope    Scope
	Licences []Licence
	Hashed   bool     // its bytes are pinned by a digest
	SHA256   []string // of its bytes, as the document has it, lower case

	Deprecated    string // what its registry says about it, if anything
	InstallScript bool   // it runs code when it is installed
	Elsewhere     bool   // it comes from a repository or an address, not from its registry
	Assumed       string // what had to be assumed about its version

	source source   // of an operating system's package, as its scanner noted it
	refs   []string // of all components that are this one; empty: Ref
}

// A Licence is an SPDX expression or identifier, or whatever else a document
// calls a licence.
type Licence struct {
	Expression string
	Name       string
}

// Label is how people refer to a component, without credentials.
func (c *Component) Label() string {
	if c.PURL != "" {
		return clean.Users(c.PURL)
	}
	if c.Version != "" {
		return c.Name + "@" + c.Version
	}
	return c.Name
}

// A BOM is what an audit needs of a CycloneDX document.
type BOM struct {
	Serial     string // urn:uuid:…; empty: it has none
	Version    int
	Subject    Component // what it is about; may be empty
	Components []Component
	Gaps       []string // what the document itself says is missing from it
	Claims     int      // statements about vulnerabilities inside; not believed

	edges map[string][]string
}

// A document is the part of CycloneDX 1.4 to 1.7 in JSON that is read.
type document struct {
	Format   string `json:"bomFormat"`
	Spec     string `json:"specVersion"`
	Serial   string `json:"serialNumber"`
	Version  int    `json:"version"`
	Metadata struct {
		Timestamp  string        `json:"timestamp"`
		Component  *rawComponent `json:"component"`
		Properties []property    `json:"properties"`
	} `json:"metadata"`
	Components   []rawComponent `json:"components"`
	Dependencies []struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	} `json:"dependencies"`
	Compositions []struct {
		Aggregate  string   `json:"aggregate"`
		Assemblies []string `json:"assemblies"`
	} `json:"compositions"`
	Vulnerabilities []cdxVulnerability `json:"vulnerabilities"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type rawComponent struct {
	Ref        string         `json:"bom-ref"`
	Type       string         `json:"type"`
	PURL       string         `json:"purl"`
	Group      string         `json:"group"`
	Name       string         `json:"name"`
	Version    string         `json:"version"`
	Scope      string         `json:"scope"`
	Hashes     []canon.Raw    `json:"hashes"`
	Licences   []rawLicence   `json:"licenses"`
	Properties []property     `json:"properties"`
	References []rawReference `json:"externalReferences"`
	Components []rawComponent `json:"components"`
}

type rawLicence struct {
	Licence *struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"license"`
	Expression string `json:"expression"`
}

type rawReference struct {
	Type   string      `json:"type"`
	Hashes []canon.Raw `json:"hashes"`
}

// ErrBOM says that a document can't be audited as it is.
var ErrBOM = errors.New("no usable SBOM")

// ReadBOM reads a CycloneDX document in JSON of version 1.4 to 1.7, made by
// anyone. It is read, never written again. An error is ErrBOM.
func ReadBOM(data []byte) (*BOM, error) {
	d, err := readDocument(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBOM, err)
	}
	b := &BOM{Serial: d.Serial, Version: d.Version, Claims: len(d.Vulnerabilities), edges: map[string][]string{}}
	if d.Metadata.Component != nil {
		if b.Subject, err = d.Metadata.Component.component(); err == nil {
			err = b.add(d.Metadata.Component.Components)
		}
	}
	if err = errors.Join(err, b.add(d.Components)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBOM, err)
	}
	for _, e := range d.Dependencies {
		b.edges[e.Ref] = append(b.edges[e.Ref], e.DependsOn...)
	}
	b.Gaps = d.gaps(b.Subject.Ref)
	return b, nil
}

func readDocument(data []byte) (*document, error) {
	var d document
	if err := canon.DecodeOpen(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &d); err != nil {
		return nil, err
	}
	if d.Format != "CycloneDX" {
		return nil, fmt.Errorf("its bomFormat is %.40q; an audit reads CycloneDX in JSON", d.Format)
	}
	if versions := []string{"1.4", "1.5", "1.6", "1.7"}; !slices.Contains(versions, d.Spec) {
		return nil, fmt.Errorf("its specVersion is %.40q; have %s", d.Spec, strings.Join(versions, ", "))
	}
	return &d, nil
}

// add lists components, and the components inside them.
func (b *BOM) add(list []rawComponent) error {
	for i := range list {
		c, err := list[i].component()
		if err != nil {
			return err
		}
		if len(b.Components) == MaxComponents {
			return fmt.Errorf("more than %d components", MaxComponents)
		}
		b.Components = append(b.Components, c)
		if err := b.add(list[i].Components); err != nil {
			return err
		}
	}
	return nil
}

func (r *rawComponent) component() (Component, error) {
	name := r.Name
	if r.Group != "" {
		name = r.Group + "/" + r.Name
	}
	if len(r.PURL) > maxName || len(r.Ref) > maxName || len(name) > maxName || len(r.Version) > maxVersion {
		return Component{}, fmt.Errorf("component %.60q has a name over %d or a version over %d bytes", name, maxName, maxVersion)
	}
	scope, err := ParseScope(r.Scope)
	if err != nil {
		return Component{}, fmt.Errorf("component %.60q: %w", name, err)
	}
	c := Component{
		Ref: r.Ref, PURL: r.PURL, Name: name, Version: r.Version, Type: r.Type, Scope: scope,
		Hashed:    len(r.Hashes) > 0,
		SHA256:    sha256s(r.Hashes),
		Elsewhere: strings.Contains(r.PURL, "vcs_url=") || strings.Contains(r.PURL, "download_url="),
	}
	for _, l := range r.Licences {
		if l.Expression != "" {
			c.Licences = append(c.Licences, Licence{Expression: l.Expression})
		} else if l.Licence != nil {
			c.Licences = append(c.Licences, Licence{Expression: l.Licence.ID, Name: l.Licence.Name})
		}
	}
	for _, ref := range r.References {
		c.Hashed = c.Hashed || len(ref.Hashes) > 0
	}
	c.read(r.Properties)
	return c, nil
}

// read takes from properties what our own SBOMs say there.
func (c *Component) read(properties []property) {
	for _, p := range properties {
		_, name, _ := strings.Cut(p.Name, ":")
		switch {
		case strings.HasPrefix(name, "hash:"):
			c.Hashed = true
		case name == "trivy:SrcName":
			c.source.name = p.Value
		case name == "trivy:SrcVersion":
			c.source.version = p.Value
		case name == "trivy:SrcRelease":
			c.source.release = p.Value
		case name == "trivy:SrcEpoch":
			c.source.epoch = p.Value
		case name == "npm:deprecated":
			c.Deprecated = cmp.Or(p.Value, "deprecated")
		case name == "npm:install-script":
			c.InstallScript = true
		case name == "go:directive" && p.Value == "go":
			c.Assumed = "the go line names the oldest release it allows; the toolchain that builds may be newer"
		}
	}
}

// gaps are what a document says is missing from it: a composition that holds
// the subject itself and is not complete.
func (d *document) gaps(subject string) []string {
	var all []string
	for _, c := range d.Compositions {
		if strings.HasPrefix(c.Aggregate, "incomplete") && subject != "" && slices.Contains(c.Assemblies, subject) {
			all = append(all, "components of "+subject)
			break
		}
	}
	if len(all) == 0 {
		return nil
	}
	for _, p := range d.Metadata.Properties {
		if _, name, _ := strings.Cut(p.Name, ":"); name == "scan:incomplete" {
			all = append(all, p.Value)
		}
	}
	return all
}

// ways are, by reference, what needs it on the shortest way from what the
// document is about.
func (b *BOM) ways() map[string]string {
	if b.Subject.Ref == "" {
		return nil
	}
	from := map[string]string{b.Subject.Ref: ""}
	for queue := []string{b.Subject.Ref}; len(queue) > 0; queue = queue[1:] {
		for _, next := range b.edges[queue[0]] {
			if _, seen := from[next]; !seen {
				from[next] = queue[0]
				queue = append(queue, next)
			}
		}
	}
	return from
}

// maxPath is how many references of a way are named. A document whose graph is
// one long chain would otherwise cost the square of its length.
const maxPath = 64

// path is the shortest way from what the document is about to a component, as
// references. It is nil where the document does not tell. Of one that is longer
// than maxPath the middle is left out, with "…" in its place.
func (a *auditor) path(ref string) []string {
	if a.ways == nil {
		a.ways = a.in.BOM.ways()
	}
	if _, known := a.ways[ref]; ref == "" || !known {
		return nil
	}
	var path []string
	for at := ref; at != ""; at = a.ways[at] {
		if len(path) == maxPath-2 && a.ways[a.ways[at]] != "" {
			path = append(path, "…", clean.Users(a.in.BOM.Subject.Ref))
			break
		}
		path = append(path, clean.Users(at))
	}
	slices.Reverse(path)
	return path
}

// onlyThrough says whether certain wholes, and nothing else, need some
// references: whatever leads to one is part of a whole.
func (b *BOM) onlyThrough(refs []string, wholes map[string]bool) bool {
	inside := reached(slices.Collect(maps.Keys(wholes)), b.edges, nil)
	back := map[string][]string{}
	for from, list := range b.edges {
		for _, to := range list {
			back[to] = append(back[to], from)
		}
	}
	for ref := range reached(refs, back, wholes) {
		if ref == "" || !inside[ref] {
			return false
		}
	}
	return true
}

// reached is what edges lead to from some references, these included, without
// the way through others.
func reached(queue []string, edges map[string][]string, without map[string]bool) map[string]bool {
	queue = slices.Clone(queue)
	seen := map[string]bool{}
	for len(queue) > 0 {
		ref := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if !seen[ref] && !without[ref] {
			seen[ref] = true
			queue = append(queue, edges[ref]...)
		}
	}
	return seen
}
