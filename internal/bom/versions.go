// SPDX-License-Identifier: Apache-2.0

package bom

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/gateledger/gateledger/internal/pattern"
)

// A Form is how a document is written. The zero Form is the default: CycloneDX
// 1.6, JSON, compact.
type Form struct {
	Spec   string // one of Specs; empty: SpecVersion
	XML    bool   // instead of JSON
	Pretty bool   // with line breaks: nothing but white space differs
}

// Specs lists the versions of CycloneDX that can be written, oldest first.
func Specs() []string { return []string{"1.4", "1.5", "1.6", "1.7"} }

// Write writes the document in a form. What a version of CycloneDX has no
// place for is left out. Each form has a serial number of its own, and the
// same content in the same form the same one. It fails with ErrCredential
// rather than let a password out.
func (d *Document) Write(f Form) ([]byte, error) {
	if f.Spec == "" {
		f.Spec = SpecVersion
	}
	if f.Spec == SpecVersion && !f.XML {
		out, err := d.Marshal()
		if err != nil || !f.Pretty {
			return out, err
		}
		var pretty bytes.Buffer
		err = json.Indent(&pretty, out, "", "  ")
		return pretty.Bytes(), err
	}
	b, err := d.cyclonedx(f.Spec)
	if err != nil {
		return nil, err
	}
	compact, err := encode(b, f.XML, false)
	if err != nil {
		return nil, err
	}
	b.SerialNumber = "urn:uuid:" + serial(compact)
	out, err := encode(b, f.XML, f.Pretty)
	if err != nil {
		return nil, err
	}
	if what, found := leak(out, d.escapedSecrets(f.XML)); found {
		return nil, fmt.Errorf("%w: %s", ErrCredential, what)
	}
	return out, nil
}

// escapedSecrets are the secrets as they would stand in the output.
func (d *Document) escapedSecrets(isXML bool) []string {
	secrets := d.inventory.Secrets
	if !isXML {
		return secrets
	}
	for _, s := range d.inventory.Secrets {
		var escaped strings.Builder
		if xml.EscapeText(&escaped, []byte(s)) == nil {
			secrets = append(secrets[:len(secrets):len(secrets)], escaped.String())
		}
	}
	return secrets
}

// cyclonedx is the document as cyclonedx-go has it, with a blank serial
// number, in a version that it knows to write.
func (d *Document) cyclonedx(spec string) (*cdx.BOM, error) {
	versions := map[string]cdx.SpecVersion{"1.4": cdx.SpecVersion1_4, "1.5": cdx.SpecVersion1_5, "1.6": cdx.SpecVersion1_6, "1.7": cdx.SpecVersion1_7}
	version, ok := versions[spec]
	if !ok {
		return nil, fmt.Errorf("unknown CycloneDX version %q; have %s", spec, strings.Join(Specs(), ", "))
	}
	b := cdx.NewBOM()
	b.SpecVersion = version
	b.JSONSchema = "http://cyclonedx.org/schema/bom-" + spec + ".schema.json"
	b.XMLNS = "http://cyclonedx.org/schema/bom/" + spec
	b.SerialNumber = "urn:uuid:" + blank
	metadata := d.metadata()
	b.Metadata = &metadata
	components := make([]cdx.Component, len(d.components))
	dependencies := []cdx.Dependency{d.root.dependency()}
	for i := range d.components {
		components[i] = d.components[i].component()
		dependencies = append(dependencies, d.components[i].dependency())
	}
	compositions := make([]cdx.Composition, len(d.sources))
	for i, s := range d.sources {
		compositions[i] = d.composition(s)
	}
	b.Components, b.Dependencies, b.Compositions = &components, &dependencies, &compositions
	reduce(b)
	return b, nil
}

// reduce takes out what the version of a document has no place for.
// cyclonedx-go's own conversion copies the whole document through gob, which
// would be a quarter of a megabyte in the program.
func reduce(b *cdx.BOM) {
	if b.SpecVersion >= cdx.SpecVersion1_6 {
		return
	}
	reduceComponent(b.Metadata.Component, b.SpecVersion)
	for i := range *b.Components {
		reduceComponent(&(*b.Components)[i], b.SpecVersion)
	}
	if b.SpecVersion >= cdx.SpecVersion1_5 {
		return
	}
	b.Metadata.Lifecycles = nil
	//lint:ignore SA1019 1.4 has no other form of it
	var tools []cdx.Tool
	for _, c := range *b.Metadata.Tools.Components {
		//lint:ignore SA1019 1.4 has no other form of it
		tools = append(tools, cdx.Tool{Name: c.Name, Version: c.Version})
	}
	b.Metadata.Tools = &cdx.ToolsChoice{Tools: &tools}
	for i := range *b.Compositions {
		(*b.Compositions)[i].BOMRef = ""
	}
}

// reduceComponent does it for a component: 1.5 has occurrences without lines,
// 1.4 has none, and neither says whether a licence is declared, who the authors
// are, and which file is the source.
func reduceComponent(c *cdx.Component, version cdx.SpecVersion) {
	c.Authors = nil
	if c.ExternalReferences != nil {
		for i := range *c.ExternalReferences {
			if r := &(*c.ExternalReferences)[i]; r.Type == cdx.ERTypeSourceDistribution {
				r.Type = cdx.ERTypeDistribution
			}
		}
	}
	if c.Licenses != nil {
		for _, choice := range *c.Licenses {
			if choice.License != nil {
				choice.License.Acknowledgement = ""
			}
		}
	}
	if c.Evidence == nil {
		return
	}
	if version < cdx.SpecVersion1_5 {
		c.Evidence = nil
		return
	}
	for i := range *c.Evidence.Occurrences {
		(*c.Evidence.Occurrences)[i].Line = nil
	}
}

func encode(b *cdx.BOM, isXML, pretty bool) ([]byte, error) {
	format := cdx.BOMFileFormatJSON
	if isXML {
		format = cdx.BOMFileFormatXML
	}
	var out bytes.Buffer
	e := cdx.NewBOMEncoder(&out, format).SetPretty(pretty).SetEscapeHTML(false)
	if err := e.Encode(b); err != nil {
		return nil, fmt.Errorf("encode the SBOM: %w", err)
	}
	data := out.Bytes()
	if isXML {
		data = occurrence.Regexp().ReplaceAll(data, []byte("<occurrence>${2}<location>${3}</location>${2}<line>${1}</line>"))
	}
	if !bytes.HasSuffix(data, []byte("\n")) {
		data = append(data, '\n')
	}
	return data, nil
}

// occurrence finds where cyclonedx-go v0.12 writes a line as an attribute:
// CycloneDX's XML schema has it as an element.
var occurrence = pattern.New(`<occurrence line="(\d+)">(\s*)<location>([^<]*)</location>`)

// BlankSerial is the UUID that stands in a document while SerialOf is computed.
const BlankSerial = blank

// SerialOf returns the UUID, version 5, of a document whose digest with
// BlankSerial in it this is: the same content has the same one.
func SerialOf(digest [sha256.Size]byte) string { return serialOf(digest) }
