// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/gateledger/gateledger/internal/bom/raw"
)

// schemaFiles are the official schemas without what is written in them for
// people; schema/README.md says where they are from.
//
//go:embed schema/*.gz
var schemaFiles embed.FS

const schemaBase = "http://cyclonedx.org/schema/"

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

func compile(spec string) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(embedded{}) // nothing is ever loaded from elsewhere
	s, err := c.Compile(schemaBase + "bom-" + spec + ".schema.json")
	if err != nil {
		return nil, fmt.Errorf("compile the schema of CycloneDX %s: %w", spec, err)
	}
	return s, nil
}

// embedded loads the schemas that a schema refers to.
type embedded struct{}

// Load returns an embedded schema.
func (embedded) Load(url string) (any, error) {
	data, err := schemaFile(strings.TrimPrefix(url, schemaBase))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
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

// Schema reports where a JSON document, decoded, is not what the official
// schema of its version says, formats included. It fails only for a version
// that has no schema here.
func Schema(spec string, document any) ([]Finding, error) {
	compiled, ok := schemaOf[spec]
	if !ok {
		return nil, fmt.Errorf("no schema of CycloneDX %.20q", spec)
	}
	s, err := compiled()
	if err != nil {
		return nil, err
	}
	err = s.Validate(document)
	var invalid *jsonschema.ValidationError
	switch {
	case err == nil:
		return nil, nil
	case !errors.As(err, &invalid):
		return nil, err
	}
	var out []Finding
	for _, unit := range leaves(invalid.DetailedOutput()) {
		where := unit.InstanceLocation
		if where == "" {
			where = "/"
		}
		if extra, ok := unit.Error.Kind.(*kind.AdditionalProperties); ok {
			slices.Sort(extra.Properties) // they come in the order of a map
		}
		out = append(out, Finding{RuleSchema, clip(where), clip(unit.Error.String())})
	}
	if out == nil {
		out = []Finding{{RuleSchema, "/", "not valid"}}
	}
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Where, b.Where), strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(out), nil
}

// leaves are the errors that say something themselves: those that no other
// error is the cause of.
func leaves(u *jsonschema.OutputUnit) []*jsonschema.OutputUnit {
	if len(u.Errors) == 0 && u.Error != nil {
		return []*jsonschema.OutputUnit{u}
	}
	var out []*jsonschema.OutputUnit
	for i := range u.Errors {
		out = append(out, leaves(&u.Errors[i])...)
	}
	return out
}
