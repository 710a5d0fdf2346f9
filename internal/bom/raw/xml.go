// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"bytes"
	"fmt"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// fromXML turns an XML document into JSON, as far as cyclonedx-go knows it.
func fromXML(text []byte) ([]byte, error) {
	var b cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatXML).Decode(&b); err != nil {
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
