// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"bytes"
	"crypto/sha1" // UUID version 5 is defined with it
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/gateledger/gateledger/internal/product"
)

// SpecVersion is the version of CycloneDX that is written.
const SpecVersion = "1.6"

// MediaType is the media type of what Marshal returns.
const MediaType = "application/vnd.cyclonedx+json"

// ErrCredential says that a credential would have stood in the document.
var ErrCredential = errors.New("a credential would be in the document")

// Marshal merges an inventory and writes it: CycloneDX 1.6, JSON, compact.
func Marshal(inv Inventory) ([]byte, error) {
	d, err := New(inv)
	if err != nil {
		return nil, err
	}
	return d.Marshal()
}

const head = `{"$schema":"http://cyclonedx.org/schema/bom-1.6.schema.json",` +
	`"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:`

// blank is what stands in place of the serial number while it is computed.
const blank = "00000000-0000-0000-0000-000000000000"

// Marshal writes the document. The serial number is a UUID of version 5 over
// the rest of the bytes, so that the same content has the same serial number.
// It fails with ErrCredential rather than let a password out. Stream does the
// same in less memory.
func (d *Document) Marshal() ([]byte, error) {
	var out bytes.Buffer
	out.Grow(d.size())
	if err := d.Stream(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// size is about how long the document will be, a little too much rather than
// too little: growing a large buffer would copy it.
func (d *Document) size() int {
	n := 4096
	for i := range d.components {
		c := &d.components[i]
		// The reference stands four times: component, purl, edges, composition.
		n += 120 + 4*len(c.ref) + len(c.Name) + 80*len(c.Licences)
		for _, h := range c.Hashes {
			n += len(h.Value) + 40
		}
		for _, r := range c.References {
			n += len(r.URL) + len(r.Comment) + 60 + 110*len(r.Hashes)
		}
		for _, p := range c.Properties {
			n += len(p.Name) + len(p.Value) + 30
		}
		for _, o := range c.Occurrences {
			n += len(o.Path) + 40
		}
		for _, r := range c.requires {
			n += len(r) + 3
		}
	}
	return n + n/32
}

// serial returns the UUID of a document whose own place for it is blank.
func serial(document []byte) string { return serialOf(sha256.Sum256(document)) }

// serialOf returns the UUID of a document of that digest: version 5 (RFC 9562),
// namespace URL, over a name with the digest.
func serialOf(digest [sha256.Size]byte) string {
	namespaceURL := []byte("\x6b\xa7\xb8\x11\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8")
	name := product.PredicateBase + "sbom/" + hex.EncodeToString(digest[:])
	sum := sha1.Sum(append(namespaceURL, name...))
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func (d *Document) metadata() cdx.Metadata {
	tool := cdx.Component{Type: cdx.ComponentTypeApplication, Name: d.inventory.Tool.Name, Version: d.inventory.Tool.Version}
	subject := d.root.component()
	subject.Scope = "" // the subject is not part of anything
	properties := []Property{{Name: "cdx:reproducible", Value: "true"}}
	for _, folder := range d.inventory.Excluded {
		properties = append(properties, Property{Name: product.Name + ":scan:excluded", Value: folder})
	}
	for _, s := range d.sources {
		for _, why := range s.Reasons {
			properties = append(properties, Property{Name: product.Name + ":scan:" + s.State.String(), Value: s.Path + ": " + why})
		}
	}
	properties = append(properties, d.inventory.Properties...)
	phase := cdx.LifecyclePhasePreBuild
	if d.inventory.Built {
		phase = cdx.LifecyclePhasePostBuild
	}
	m := cdx.Metadata{
		Lifecycles: &[]cdx.Lifecycle{{Phase: phase}},
		Tools:      &cdx.ToolsChoice{Components: &[]cdx.Component{tool}},
		Component:  &subject,
		Properties: list(properties, cdxProperty),
	}
	if authors := d.inventory.Authors; len(authors) > 0 {
		m.Authors = list(authors, func(a Author) cdx.OrganizationalContact {
			return cdx.OrganizationalContact{Name: a.Name, Email: a.Email}
		})
	}
	if by := d.inventory.Supplier; by != (Author{}) {
		m.Supplier = &cdx.OrganizationalEntity{Name: by.Name}
		if by.URL != "" {
			m.Supplier.URL = &[]string{by.URL}
		}
	}
	if id := d.inventory.Licence; id != "" {
		m.Licenses = &cdx.Licenses{{License: &cdx.License{ID: id}}}
	}
	if !d.inventory.Time.IsZero() {
		m.Timestamp = d.inventory.Time.UTC().Format(time.RFC3339)
	}
	return m
}

func (n *node) dependency() cdx.Dependency {
	if len(n.requires) == 0 {
		return cdx.Dependency{Ref: n.ref}
	}
	return cdx.Dependency{Ref: n.ref, Dependencies: &n.requires}
}

// composition says how much of the truth one source told.
func (d *Document) composition(s source) cdx.Composition {
	c := d.compositionHead(s)
	c.Dependencies = list(s.refs, func(ref string) cdx.BOMReference { return cdx.BOMReference(ref) })
	return c
}

// compositionHead is a composition without its dependencies, which are many. A
// source that could
// not be read leaves the subject itself incomplete.
func (d *Document) compositionHead(s source) cdx.Composition {
	c := cdx.Composition{
		BOMRef:    "composition:" + s.Ecosystem + ":" + s.Path,
		Aggregate: cdx.CompositionAggregate(s.State.String()),
	}
	if s.Lost || len(s.refs) == 0 {
		c.Assemblies = &[]cdx.BOMReference{cdx.BOMReference(d.root.ref)}
	}
	return c
}

func (n *node) component() cdx.Component {
	c := cdx.Component{
		BOMRef: n.ref, Type: cdx.ComponentType(n.Type), PackageURL: n.PURL,
		Group: n.Group, Name: n.Name, Version: n.Version, Scope: cdx.Scope(n.Scope.String()),
		ExternalReferences: list(n.References, cdxReference),
		Licenses:           cdxLicences(n.Licences),
	}
	properties := n.Properties
	var hashes []Hash
	for _, h := range n.Hashes {
		if isFileDigest(h.Alg) {
			hashes = append(hashes, h)
		} else {
			properties = append(properties[:len(properties):len(properties)],
				Property{Name: product.Name + ":hash:" + h.Alg, Value: h.Value})
		}
	}
	for _, l := range n.Licences {
		if l.File != "" {
			properties = append(properties[:len(properties):len(properties)],
				Property{Name: product.Name + ":license:file", Value: l.File})
		}
	}
	c.Hashes = list(hashes, cdxHash)
	c.Properties = list(properties, cdxProperty)
	if n.Supplier != "" {
		c.Supplier = &cdx.OrganizationalEntity{Name: scrubText(n.Supplier)}
	}
	if n.credited {
		c.Authors = list(n.Authors, func(a Author) cdx.OrganizationalContact {
			return cdx.OrganizationalContact{Name: scrubText(a.Name), Email: scrubText(a.Email)}
		})
	}
	if len(n.Occurrences) > 0 {
		c.Evidence = &cdx.Evidence{Occurrences: list(n.Occurrences, cdxOccurrence)}
	}
	return c
}

func isFileDigest(alg string) bool {
	switch alg {
	case "SHA-1", "SHA-256", "SHA-384", "SHA-512":
		return true
	}
	return false
}

func cdxHash(h Hash) cdx.Hash { return cdx.Hash{Algorithm: cdx.HashAlgorithm(h.Alg), Value: h.Value} }

func cdxProperty(p Property) cdx.Property {
	return cdx.Property{Name: p.Name, Value: scrubText(p.Value)}
}

func cdxReference(r Reference) cdx.ExternalReference {
	out := cdx.ExternalReference{Type: cdx.ExternalReferenceType(r.Type), URL: cleanURL(r.URL), Comment: scrubText(r.Comment)}
	out.Hashes = list(slices.DeleteFunc(slices.Clone(r.Hashes), func(h Hash) bool { return !isFileDigest(h.Alg) }), cdxHash)
	return out
}

func cdxOccurrence(o Occurrence) cdx.EvidenceOccurrence {
	out := cdx.EvidenceOccurrence{Location: o.Path}
	if o.Line > 0 {
		out.Line = &o.Line
	}
	return out
}

// cdxLicences writes licences as the package declared them. CycloneDX allows
// one expression or a list without any, so an expression among others becomes
// a name.
func cdxLicences(licences []Licence) *cdx.Licenses {
	var out cdx.Licenses
	seen := map[Licence]bool{{}: true} // one that says nothing is not written
	for _, l := range licences {
		l.File = ""
		if !seen[l] {
			seen[l] = true
			out = append(out, cdxLicence(l))
		}
	}
	if len(out) == 0 {
		return nil
	}
	if len(out) > 1 {
		for i := range out {
			if out[i].Expression != "" {
				out[i] = cdxLicence(Licence{Name: out[i].Expression})
			}
		}
	}
	return &out
}

func cdxLicence(l Licence) cdx.LicenseChoice {
	if l.Expression != "" {
		return cdx.LicenseChoice{Expression: l.Expression}
	}
	return cdx.LicenseChoice{License: &cdx.License{
		ID: l.ID, Name: l.Name, Acknowledgement: cdx.LicenseAcknowledgementDeclared}}
}

// list maps a list to a pointer, nil when the list is empty: CycloneDX has
// optional lists, and an empty one says something else than none.
func list[T, U any](in []T, f func(T) U) *[]U {
	if len(in) == 0 {
		return nil
	}
	out := make([]U, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return &out
}
