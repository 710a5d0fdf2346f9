// SPDX-License-Identifier: Apache-2.0

// Package raw reads a CycloneDX document that any tool wrote, of versions 1.4
// to 1.7, and loses nothing: what is not understood stays as it came.
//
// JSON is read by this package itself, because cyclonedx-go drops and rewrites
// fields when it reads. XML goes through cyclonedx-go and says so (XML).
package raw

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gateledger/gateledger/internal/canon"
)

// Limits of a document. Each is named in the error of a document that is over
// it.
const (
	MaxBytes      = 256 << 20 // of a document
	MaxNesting    = 16        // components inside components
	MaxComponents = 2_000_000
)

// ErrNotCycloneDX says that something is no CycloneDX document that can be
// read. The text says why, and what it is instead where that can be seen.
var ErrNotCycloneDX = errors.New("not a CycloneDX document")

// A Document is what a bill of materials says, as its writer wrote it.
type Document struct {
	JSON    []byte // the document; of an XML document what cyclonedx-go made of it
	XML     bool   // it came as XML, and what cyclonedx-go does not know is lost
	Marked  bool   // it began with a byte order mark, which JSON does not allow
	Spec    string // "1.6"
	Serial  string
	Version int
	Signed  bool // it has a signature of its own (JSF)

	Metadata     Metadata
	Root         *Component  // metadata.component; nil: none
	Components   []Component // nested ones after the one they are in; without Root
	Services     []canon.Raw
	Dependencies []Dependency
	Compositions []Composition
	Members      map[string]canon.Raw // what else is in the document, by name
}

// Metadata is what a document says of itself.
type Metadata struct {
	Timestamp    string        `json:"timestamp"`
	Tools        canon.Raw     `json:"tools"`
	Authors      []Contact     `json:"authors"`
	Supplier     *Organization `json:"supplier"`
	Manufacturer *Organization `json:"manufacturer"`
	Manufacture  *Organization `json:"manufacture"` // its name until 1.5
	Component    canon.Raw     `json:"component"`
	Lifecycles   []Lifecycle   `json:"lifecycles"`
	Properties   []Property    `json:"properties"`
}

// A Lifecycle is the phase of a product in which a document was made.
type Lifecycle struct {
	Phase string `json:"phase"`
	Name  string `json:"name"`
}

// A Component is one component, and the bytes that describe it.
type Component struct {
	Ref          string        `json:"bom-ref"`
	Type         string        `json:"type"`
	Group        string        `json:"group"`
	Name         string        `json:"name"`
	Version      string        `json:"version"`
	PURL         string        `json:"purl"`
	CPE          string        `json:"cpe"`
	Scope        string        `json:"scope"`
	Author       string        `json:"author"`
	Publisher    string        `json:"publisher"`
	Supplier     *Organization `json:"supplier"`
	Manufacturer *Organization `json:"manufacturer"`
	Authors      []Contact     `json:"authors"`
	Hashes       []Hash        `json:"hashes"`
	Licences     []Licence     `json:"licenses"`
	References   []Reference   `json:"externalReferences"`
	Properties   []Property    `json:"properties"`

	Raw    canon.Raw `json:"-"` // as it came, with what is nested in it; part of the document
	Parent int       `json:"-"` // index of the component it is nested in; -1: none
}

// An Organization supplies or makes something.
type Organization struct {
	Name    string    `json:"name"`
	URL     []string  `json:"url"`
	Contact []Contact `json:"contact"`
}

// A Contact is a person.
type Contact struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// A Hash is a digest of a file, by CycloneDX's name of the algorithm.
type Hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

// A Licence is a licence or an expression of several.
type Licence struct {
	License struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"license"`
	Expression string `json:"expression"`
}

// Text is how a licence calls itself.
func (l Licence) Text() string {
	switch {
	case l.Expression != "":
		return l.Expression
	case l.License.ID != "":
		return l.License.ID
	default:
		return l.License.Name
	}
}

// A Reference points to something outside.
type Reference struct {
	Type   string `json:"type"`
	URL    string `json:"url"`
	Hashes []Hash `json:"hashes"`
}

// A Property is a name and a value.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Dependency is what one component or service depends on.
type Dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
	Provides  []string `json:"provides"`
}

// A Composition says how complete something is. Assemblies and Dependencies
// are references.
type Composition struct {
	Ref             string   `json:"bom-ref"`
	Aggregate       string   `json:"aggregate"`
	Assemblies      []string `json:"assemblies"`
	Dependencies    []string `json:"dependencies"`
	Vulnerabilities []string `json:"vulnerabilities"`
}

// Read reads a document, JSON or XML. A byte order mark of UTF-8 is passed
// over. It fails with ErrNotCycloneDX for anything else, a name that stands
// twice in one object and a limit included.
func Read(data []byte) (*Document, error) {
	text, marked, err := Text(data)
	if err != nil {
		return nil, err
	}
	d := &Document{JSON: text, Marked: marked}
	if IsXML(text) {
		d.XML = true
		if d.JSON, err = fromXML(text); err != nil {
			return nil, err
		}
	}
	if err := d.decode(); err != nil {
		return nil, err
	}
	return d, nil
}

// Text returns a document's bytes without a byte order mark, and whether there
// was one. It fails for what is empty, over MaxBytes or not UTF-8.
func Text(data []byte) (text []byte, marked bool, err error) {
	if len(data) > MaxBytes {
		return nil, false, fmt.Errorf("%w: %d bytes, over the limit of %d", ErrNotCycloneDX, len(data), MaxBytes)
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, false, fmt.Errorf("%w: UTF-16; JSON is UTF-8", ErrNotCycloneDX)
	}
	text, marked = bytes.CutPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, false, fmt.Errorf("%w: empty", ErrNotCycloneDX)
	}
	return text, marked, nil
}

// IsXML reports whether a document is XML, going by its first character.
func IsXML(text []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")) }

// specs are the versions of CycloneDX that are read.
var specs = []string{"1.4", "1.5", "1.6", "1.7"}

// Specs lists the versions of CycloneDX that are read, oldest first.
func Specs() []string { return slices.Clone(specs) }

// A span is where a value stands in the text that it is decoded from. Most of
// a document is components, and a copy of each would be the document again.
type span struct{ from, to int64 }

// UnmarshalJSONFrom notes where the next value stands.
func (s *span) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	s.to = d.InputOffset()
	s.from = s.to - int64(len(v))
	return err
}

// nested is what may stand in a component.
type nested struct {
	Component
	Components []span `json:"components"`
}

// head is what tells a document from other JSON.
type head struct {
	Format       string        `json:"bomFormat"`
	Spec         string        `json:"specVersion"`
	SPDX         string        `json:"spdxVersion"`
	Serial       string        `json:"serialNumber"`
	Version      int           `json:"version"`
	Metadata     Metadata      `json:"metadata"`
	Components   []span        `json:"components"`
	Services     []canon.Raw   `json:"services"`
	Dependencies []Dependency  `json:"dependencies"`
	Compositions []Composition `json:"compositions"`
	Signature    canon.Raw     `json:"signature"`

	Rest map[string]canon.Raw `json:",embed"`
}

func (d *Document) decode() error {
	var h head
	if err := canon.DecodeOpen(d.JSON, &h); err != nil {
		return fmt.Errorf("%w: %w", ErrNotCycloneDX, err)
	}
	switch {
	case h.Format != "CycloneDX" && h.SPDX != "":
		return fmt.Errorf("%w: SPDX", ErrNotCycloneDX)
	case h.Format != "CycloneDX":
		return fmt.Errorf("%w: bomFormat is %.40q", ErrNotCycloneDX, h.Format)
	case !slices.Contains(specs, h.Spec):
		return fmt.Errorf("%w: specVersion is %.40q; 1.4 to 1.7 are read", ErrNotCycloneDX, h.Spec)
	}
	d.Spec, d.Serial, d.Version, d.Metadata, d.Signed = h.Spec, h.Serial, h.Version, h.Metadata, len(h.Signature) > 0
	d.Services, d.Dependencies, d.Compositions, d.Members = h.Services, h.Dependencies, h.Compositions, h.Rest
	if len(h.Metadata.Component) > 0 {
		root, err := component(h.Metadata.Component)
		if err != nil {
			return err
		}
		d.Root = &root.Component
		if err := d.add(root.Raw, root.Components, -1, 1); err != nil {
			return err
		}
	}
	return d.add(d.JSON, h.Components, -1, 0)
}

// add decodes components that stand in a text, and those nested in them.
func (d *Document) add(text []byte, list []span, parent, depth int) error {
	if depth > MaxNesting {
		return fmt.Errorf("%w: components nest deeper than the limit of %d", ErrNotCycloneDX, MaxNesting)
	}
	d.Components = slices.Grow(d.Components, min(len(list), MaxComponents))
	for _, s := range list {
		c, err := component(text[s.from:s.to:s.to])
		if err != nil {
			return err
		}
		if len(d.Components) >= MaxComponents {
			return fmt.Errorf("%w: over the limit of %d components", ErrNotCycloneDX, MaxComponents)
		}
		c.Parent = parent
		at := len(d.Components)
		d.Components = append(d.Components, c.Component)
		if err := d.add(c.Raw, c.Components, at, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func component(r canon.Raw) (nested, error) {
	var c nested
	if err := canon.DecodeOpen(r, &c); err != nil {
		return c, fmt.Errorf("%w: a component: %w", ErrNotCycloneDX, err)
	}
	c.Raw, c.Parent = r, -1
	return c, nil
}
