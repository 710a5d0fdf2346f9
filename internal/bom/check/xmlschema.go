// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"

	"github.com/gateledger/gateledger/internal/bom/xsd"
)

func compileXML(spec string) (*xsd.Schema, error) {
	var files [][]byte
	for _, name := range []string{"bom-" + spec + ".xsd", "spdx.xsd"} {
		data, err := schemaFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the XML schema of CycloneDX %s: %w", spec, err)
		}
		files = append(files, data)
	}
	s, err := xsd.Compile(files...)
	if err != nil {
		return nil, fmt.Errorf("compile the XML schema of CycloneDX %s: %w", spec, err)
	}
	return s, nil
}

// SchemaXML reports where an XML document is not what the official schema of
// its version says. It fails for a version that has no schema here, and with
// xsd.ErrXML for what is no XML.
func SchemaXML(spec string, text []byte) ([]Finding, error) {
	compiled, ok := xmlSchemaOf[spec]
	if !ok {
		return nil, fmt.Errorf("no XML schema of CycloneDX %.20q", spec)
	}
	s, err := compiled()
	if err != nil {
		return nil, err
	}
	problems, err := s.Validate(text, maxOfRule+1)
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, p := range problems {
		out = append(out, Finding{RuleSchema, clip(p.Path), clip(fmt.Sprintf("line %d: %s", p.Line, p.Text))})
	}
	return out, nil
}
