// SPDX-License-Identifier: Apache-2.0

package merge

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/arrange"
	"github.com/gateledger/gateledger/internal/bom"
	"github.com/gateledger/gateledger/internal/bom/check"
	"github.com/gateledger/gateledger/internal/bom/draft7"
	"github.com/gateledger/gateledger/internal/bom/raw"
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/product"
)

// A document is the merged document.
type document struct {
	spec            string
	metadata        metadata
	components      []*part
	services        []canon.Raw
	dependencies    []dependency
	compositions    []composed
	vulnerabilities []canon.Raw
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

// write makes the document, and checks that it is one and that what it says may
// go out.
func (m *merger) write() error {
	d := &document{spec: m.options.Spec, components: make([]*part, 0, len(m.parts))}
	d.metadata.Component = m.root.json
	for _, p := range m.parts {
		if p != m.root {
			d.components = append(d.components, p)
		}
	}
	d.services, d.vulnerabilities = m.others()
	d.dependencies = m.dependencies()
	d.compositions = m.compositions()
	m.metadata(&d.metadata)
	if err := d.check(); err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	digest := sha256.New()
	if err := d.encode(&inspector{digest, raw.MaxBytes}, bom.BlankSerial); err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	m.result.document, m.result.serial = d, bom.SerialOf([sha256.Size]byte(digest.Sum(nil)))
	return nil
}

// Stream writes the merged document. It is not held in memory as one text.
func (r Result) Stream(w io.Writer) error {
	if r.document == nil {
		return errors.New("write the merged SBOM: nothing was merged")
	}
	if err := r.document.encode(w, r.serial); err != nil {
		return fmt.Errorf("write the merged SBOM: %w", err)
	}
	return nil
}

// An inspector hands on what is written to it, in pieces that each end where a
// value does, and looks for credentials in them: other tools copy them from
// lockfiles.
type inspector struct {
	to   io.Writer
	left int // how many bytes may still come
}

func (o *inspector) Write(piece []byte) (int, error) {
	if o.left -= len(piece); o.left < 0 {
		return 0, fmt.Errorf("%w: the result has more bytes than the limit of %d of a document", ErrTooLarge, raw.MaxBytes)
	}
	if hasUser(piece) {
		return 0, fmt.Errorf("%w: a URL with a user", bom.ErrCredential)
	}
	return o.to.Write(piece)
}

// encode writes the document, one value after the other.
func (d *document) encode(to io.Writer, serial string) error {
	w := writer{to: to}
	w.text(fmt.Sprintf(`{"$schema":"http://cyclonedx.org/schema/bom-%s.schema.json","bomFormat":"CycloneDX","specVersion":%[1]q,"serialNumber":"urn:uuid:%s","version":1,"metadata":`, d.spec, serial))
	w.value(encoded(d.metadata))
	w.text(`,"components":[`)
	for i, p := range d.components {
		w.item(i, p.json)
	}
	w.text("]")
	w.list("services", d.services)
	w.text(`,"dependencies":[`)
	for i, dep := range d.dependencies {
		w.item(i, encoded(dep))
	}
	w.text("]")
	w.list("compositions", all(d.compositions))
	w.list("vulnerabilities", d.vulnerabilities)
	w.text("}\n")
	return w.flush()
}

func all[T any](values []T) (out []canon.Raw) {
	for _, v := range values {
		out = append(out, encoded(v))
	}
	return out
}

// A writer hands on values in pieces, and keeps the first error.
type writer struct {
	to  io.Writer
	out []byte
	err error
}

// pieceSize is how many bytes are handed on at once, about.
const pieceSize = 64 << 10

func (w *writer) text(s string) { w.out = append(w.out, s...) }

func (w *writer) value(v canon.Raw) {
	if w.out = append(w.out, v...); len(w.out) >= pieceSize {
		_ = w.flush()
	}
}

func (w *writer) item(i int, v canon.Raw) {
	if i > 0 {
		w.text(",")
	}
	w.value(v)
}

// list writes a member that is there only if something is in it.
func (w *writer) list(name string, values []canon.Raw) {
	if len(values) == 0 {
		return
	}
	w.text(`,"` + name + `":[`)
	for i, v := range values {
		w.item(i, v)
	}
	w.text("]")
}

func (w *writer) flush() error {
	if w.err == nil {
		_, w.err = w.to.Write(w.out)
	}
	w.out = w.out[:0]
	return w.err
}

// checkedAtOnce is how many components or dependencies are held against the
// schema together: the tree that it is asked about is many times larger than
// its text.
const checkedAtOnce = 100

// check refuses a document that is no CycloneDX. It is looked at in parts: that
// no component and no dependency is there twice follows from their references,
// of which each is there once.
func (d *document) check() error {
	for part := range slices.Chunk(d.components, checkedAtOnce) {
		if err := (&document{spec: d.spec, metadata: d.metadata, components: part}).valid(); err != nil {
			return fmt.Errorf("components from %s on: %w", part[0].ref, err)
		}
	}
	for part := range slices.Chunk(d.dependencies, checkedAtOnce) {
		if err := (&document{spec: d.spec, metadata: d.metadata, dependencies: part}).valid(); err != nil {
			return fmt.Errorf("dependencies from %s on: %w", part[0].Ref, err)
		}
	}
	rest := *d
	rest.components, rest.dependencies = nil, nil
	return rest.valid()
}

func (d *document) valid() error {
	var text bytes.Buffer
	if err := d.encode(&text, bom.BlankSerial); err != nil {
		return err
	}
	tree, err := draft7.Decode(text.Bytes())
	if err != nil {
		return err
	}
	findings, err := check.Schema(d.spec, tree)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		return fmt.Errorf("the result is no CycloneDX %s: %s", d.spec, findings[0])
	}
	return nil
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
	arrange.By(tools, func(a, b tool) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
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
	arrange.By(out, func(a, b dependency) int { return strings.Compare(a.Ref, b.Ref) })
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
