// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/gateledger/gateledger/internal/bom/draft7"
	"github.com/gateledger/gateledger/internal/bom/raw"
)

// schemaFiles are the official schemas without what is written in them for
// people; schema/README.md says where they are from.
//
//go:embed schema/*.gz
var schemaFiles embed.FS

// The schemas of each version of CycloneDX, compiled when they are first asked
// for: most runs need one, and most verbs none.
var (
	schemaOf    = once(compile)
	xmlSchemaOf = once(compileXML)
)

func once[T any](compile func(spec string) (T, error)) map[string]func() (T, error) {
	m := map[string]func() (T, error){}
	for _, spec := range raw.Specs() {
		m[spec] = sync.OnceValues(func() (T, error) { return compile(spec) })
	}
	return m
}

func compile(spec string) (*draft7.Schema, error) {
	s, err := draft7.Compile("bom-"+spec+".schema.json", schemaFile)
	if err != nil {
		return nil, fmt.Errorf("compile the schema of CycloneDX %s: %w", spec, err)
	}
	return s, nil
}

func schemaFile(name string) ([]byte, error) {
	data, err := schemaFiles.ReadFile("schema/" + name + ".gz")
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// maxProblems is how many faults of one document are looked for.
const maxProblems = 10_000

// Schema reports where a JSON document, as draft7.Decode reads it, is not what
// the official schema of its version says, formats included. It fails only for
// a version that has no schema here.
func Schema(spec string, document any) ([]Finding, error) {
	compiled, ok := schemaOf[spec]
	if !ok {
		return nil, fmt.Errorf("no schema of CycloneDX %.20q", spec)
	}
	s, err := compiled()
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, p := range s.Validate(document, maxProblems) {
		out = append(out, Finding{RuleSchema, clip(p.Where), clip(p.Text)})
	}
	return slices.Compact(out), nil
}
