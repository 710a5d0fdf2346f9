// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// fromXML turns an XML document into JSON, as far as cyclonedx-go knows it.
func fromXML(text []byte) ([]byte, error) {
	var b cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatXML).Decode(&b); err != nil {
		return nil, fmt.Errorf("%w: XML: %w", ErrNotCycloneDX, err)
	}
	if err := once(text); err != nil {
		return nil, fmt.Errorf("%w: XML: %w", ErrNotCycloneDX, err)
	}
	if b.SpecVersion < cdx.SpecVersion1_4 {
		return nil, fmt.Errorf("%w: the XML namespace is %.80q; those of 1.4 to 1.7 are read", ErrNotCycloneDX, b.XMLNS)
	}
	b.BOMFormat = cdx.BOMFormat
	var out bytes.Buffer
	if err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).Encode(&b); err != nil {
		return nil, fmt.Errorf("%w: XML: %w", ErrNotCycloneDX, err)
	}
	return out.Bytes(), nil
}

// repeated are the parts of a component that may stand in it several times.
var repeated = []string{"data", "omniborId", "swhid"}

// once refuses a document that says of itself, or of a component, one thing
// twice: of two package URLs this reader would take the last, and another one
// the first. Names count without their namespace, as cyclonedx-go takes them, but
// what is nobody's may repeat itself.
func once(text []byte) error {
	type element struct {
		name string
		seen map[string]bool // its parts, true for CycloneDX's own; nil: they may stand there several times
	}
	var open []element
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			name := t.Name.Local
			if n := len(open); n > 0 && open[n-1].seen != nil {
				own := strings.HasPrefix(t.Name.Space, "http://cyclonedx.org/")
				before, twice := open[n-1].seen[name]
				if twice && (own || before) && !slices.Contains(repeated, name) {
					return fmt.Errorf("<%.40s> stands twice in one <%s>", name, open[n-1].name)
				}
				open[n-1].seen[name] = before || own
			}
			for i, a := range t.Attr {
				if slices.ContainsFunc(t.Attr[:i], func(b xml.Attr) bool { return a.Name == b.Name }) {
					return fmt.Errorf("attribute %.40s stands twice at one <%.40s>", a.Name.Local, name)
				}
			}
			e := element{name: name}
			if slices.Contains([]string{"bom", "metadata", "component"}, name) {
				e.seen = map[string]bool{}
			}
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}
