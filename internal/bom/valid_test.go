// SPDX-License-Identifier: Apache-2.0

package bom_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gateledger/gateledger/internal/bom"
)

// schema compiles the official CycloneDX 1.6 schema, formats included.
func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	const base = "http://cyclonedx.org/schema/"
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range []string{"bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json"} {
		data, err := os.ReadFile("../../testdata/vectors/cyclonedx/" + name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(base+name, doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(base + "bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid fails the test unless a document satisfies the schema and every
// reference in it stands for one component.
func valid(t testing.TB, s *jsonschema.Schema, document []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	if err := s.Validate(doc); err != nil {
		t.Fatalf("not CycloneDX 1.6: %v", err)
	}
	if err := bom.CheckReferences(document); err != nil {
		t.Fatalf("references: %v", err)
	}
}
